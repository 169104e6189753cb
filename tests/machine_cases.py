"""Golden cases of the machine: what a program does in a world, each with the source of the expectation.

One line adds a case, under its source:

    ("@text_split(text='a b', WFTextSeparator='Spaces')", ["a", "b"]),

The code comes first, with `@` for `is_workflow_actions_`; then the program's output (that of its last action) as JSON, ANY where it does not
matter. A third value is the world's JSON; a fourth names what else is expected: `shown` (the texts that the person sees), `effects` (a part of
each effect, in order), `changes` (a part of the changed world), `end`, `reason` (a part of it), `unknown` (a part of an unknown's origin).
A case whose outcome is marked `assumed` counts as one whose source leaves it open.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

ANY = object()  # an output that does not matter


class Case(NamedTuple):
    """A case; the module describes its fields."""

    source: str
    code: str
    output: Any
    world: dict[str, Any]
    expected: dict[str, Any]


def of(source: str, *rows: tuple[Any, ...]) -> list[Case]:
    """Return the cases of a source."""
    cases = []
    for code, output, *rest in rows:
        world, expected = [*rest, {}, {}][:2]
        cases.append(Case(source, re.sub(r"@(?=[a-z][a-z0-9_]*\()", "is_workflow_actions_", code), output, world, expected))
    return cases


def date(text: str) -> dict[str, str]:
    """Return the JSON of a date, in London's winter where the text does not say it."""
    return {"$": "date", "date": text if "+" in text else f"{text}+00:00"}


def url(text: str) -> dict[str, str]:
    """Return the JSON of a link."""
    return {"$": "url", "url": text}


NOW = date("2026-03-14T09:30:00")  # the default clock; a Saturday

CONTROL = [
    *of(
        "user guide: Use If actions",
        ("x = 5\nif x > 3:\n    @showresult(Text='big')\nelse:\n    @showresult(Text='small')", "big", {}, {"shown": ["big"]}),
        ("x = 2\nif x > 3:\n    @showresult(Text='big')\nelse:\n    @showresult(Text='small')", "small", {}, {"shown": ["small"]}),
        ("x = 3\nif x >= 3:\n    @showresult(Text='yes')", "yes"),
        ("x = 3\nif x < 3:\n    @showresult(Text='yes')", 3, {}, {"shown": []}),
        ("x = 3\nif x <= 3:\n    @showresult(Text='yes')", "yes"),
        ("x = 3\nif x == 3:\n    @showresult(Text='yes')", "yes"),
        ("x = 3\nif x != 3:\n    @showresult(Text='yes')", ANY, {}, {"shown": []}),
        ("x = 5\nif 1 <= x <= 9:\n    @showresult(Text='between')", "between"),
        ("x = 'apple'\nif x == 'apple':\n    @showresult(Text='yes')", "yes"),
        ("x = 'apple'\nif x == 'pear':\n    @showresult(Text='yes')", ANY, {}, {"shown": []}),
        ("x = 'apple'\nif x != 'pear':\n    @showresult(Text='yes')", "yes"),
        ("x = 'apple pie'\nif 'pie' in x:\n    @showresult(Text='yes')", "yes"),
        ("x = 'apple pie'\nif 'cake' not in x:\n    @showresult(Text='yes')", "yes"),
        ("x = 'apple pie'\nif x.startswith('apple'):\n    @showresult(Text='yes')", "yes"),
        ("x = 'apple pie'\nif x.endswith('pie'):\n    @showresult(Text='yes')", "yes"),
        ("x = ['a', 'b']\nif 'b' in x:\n    @showresult(Text='yes')", "yes"),
        ("if clipboard():\n    @showresult(Text='yes')\nelse:\n    @showresult(Text='no')", "no"),
        ("if clipboard():\n    @showresult(Text='yes')\nelse:\n    @showresult(Text='no')", "yes", {"clipboard": "x"}),
        ("if not clipboard():\n    @showresult(Text='empty')", "empty"),
        ("if shortcut_input():\n    @showresult(Text='yes')\nelse:\n    @showresult(Text='no')", "no", {"input": ""}),
        ("x = 5\ny = 'a'\nif x > 3 and y == 'a':\n    @showresult(Text='both')", "both"),
        ("x = 5\ny = 'b'\nif x > 3 and y == 'a':\n    @showresult(Text='both')\nelse:\n    @showresult(Text='not')", "not"),
        ("x = 1\ny = 'a'\nif x > 3 or y == 'a':\n    @showresult(Text='one')", "one"),
        ("x = 1\nif x == 3:\n    @showresult(Text='3')\nelif x == 1:\n    @showresult(Text='1')\nelse:\n    @showresult(Text='?')", "1"),
        ("x = 7\nif x == 3:\n    @showresult(Text='3')\nelif x == 1:\n    @showresult(Text='1')\nelse:\n    @showresult(Text='?')", "?"),
        ("x = 4\nif x > 3:\n    y = 'many'\nelse:\n    y = 'few'\n@showresult(Text=y)", "many"),
        ("x = 4\nif x > 3:\n    @gettext(WFTextActionText='many')\nr = if_result()\n@showresult(Text=f'{r}!')", "many!"),
        ("d = @date()\nif is_today(d):\n    @showresult(Text='today')", "today"),
        ("d = @date(WFDateActionMode='Specified Date', WFDateActionDate='2026-03-15')\nif is_within_next(d, quantity(3, 'days')):\n    @showresult(Text='soon')",
         "soon"),
        ("d = @date(WFDateActionMode='Specified Date', WFDateActionDate='2026-03-10')\nif is_within_last(d, quantity(1, 'weeks')):\n    @showresult(Text='just')",
         "just"),
        ("if clipboard() == '5':\n    @showresult(Text='five')", "five", {"clipboard": 5}),
        ("x = as_number(clipboard())\nif x > 10:\n    @showresult(Text='big')\nelse:\n    @showresult(Text='small')", "big", {"clipboard": "12 apples"}),
    ),
    *of(
        "user guide: Use Repeat actions",
        ("for _ in range(3):\n    x = 'a'\nr = repeat_results()\n@count(Input=r)", 3),
        ("for item in ['a', 'b']:\n    @showresult(Text=item)", ["a", "b"], {}, {"shown": ["a", "b"]}),
        ("for i in range(1, 4):\n    @showresult(Text=f'{i}')", [1, 2, 3], {}, {"shown": ["1", "2", "3"]}),
        ("for i, item in enumerate(['a', 'b'], 1):\n    @showresult(Text=f'{i} {item}')", ["1 a", "2 b"]),
        ("for a in ['x', 'y']:\n    for b in ['1', '2']:\n        @showresult(Text=f'{a}{b}')", ["x1", "x2", "y1", "y2"]),
        ("for _ in range(0):\n    @showresult(Text='x')", None, {}, {"shown": []}),
        ("for item in clipboard():\n    @showresult(Text=item)", None, {}, {"shown": []}),
        ("for item in clipboard():\n    @showresult(Text=item)", "one", {"clipboard": "one"}),
        ("total = 0\nfor n in [1, 2, 3]:\n    total = @math(WFInput=total, WFMathOperation='+', WFMathOperand=n)\nx = f'{total}'", "6"),
        ("n = 2\nfor _ in range(n):\n    @showresult(Text='x')", ["x", "x"]),
    ),
    *of(
        "user guide: Use the Choose from Menu action",
        ("match menu('Tea?'):\n    case 'Yes':\n        @showresult(Text='tea')\n    case 'No':\n        @showresult(Text='none')", "none", {"answers": ["No"]}),
        ("match menu('Tea?'):\n    case 'Yes':\n        @showresult(Text='tea')\n    case 'No':\n        @showresult(Text='none')", "none", {"answers": [2]}),
        ("match menu('Tea?'):\n    case 'Yes':\n        @showresult(Text='tea')\n    case 'No':\n        @showresult(Text='none')", "none", {"answers_to": {"Tea?": "no"}}),
        ("match menu('Tea?'):\n    case 'Yes':\n        @showresult(Text='tea')", None, {"answers": [None]}, {"end": "cancelled", "shown": []}),
        ("match menu('Tea?'):\n    case 'Yes':\n        @showresult(Text='tea')", None, {"answers": ["Coffee"]}, {"end": "error", "reason": "'Coffee'"}),
        ("match menu('Tea?'):\n    case 'Yes':\n        @showresult(Text='tea')\n    case 'No':\n        x = 'n'", None, {"unanswered": "cancel"}, {"end": "cancelled"}),
        ("match menu('Tea?'):\n    case 'Yes':\n        @showresult(Text='tea')\n    case 'No':\n        x = 'n'", "tea"),
        ("match menu('A'):\n    case 'x':\n        y = 'chose x'\n    case 'z':\n        y = 'chose z'\nr = menu_result()\n@showresult(Text=r)", "chose z", {"answers": ["z"]}),
    ),
    *of(
        "user guide: Stop This Shortcut, Stop and Output, Nothing, Comment",
        ("@exit()\n@showresult(Text='never')", None, {}, {"end": "exited", "shown": []}),
        ("@output(WFOutput='done')\n@showresult(Text='never')", "done", {}, {"end": "output", "shown": []}),
        ("@nothing()", None),
        ("x = 'kept'\n'a comment'", "kept"),
        ("if clipboard():\n    @exit()\n@showresult(Text='x')", "x"),
        ("@delay(WFDelayTime=5)\n@showresult(Text='later')", "later"),
        ("@output(WFOutput='x', WFNoOutputSurfaceBehavior='Copy to Clipboard')", "x", {}, {"end": "output", "changes": {"clipboard": "x"}}),
    ),
    *of(
        "user guide: Set Variable, Add to Variable, Use variables in shortcuts",
        ("x = 'a'\nx = 'b'\n@showresult(Text=x)", "b"),
        ("xs = []\nxs += ['a']\nxs += ['b']\n@count(Input=xs)", 2),
        ("xs = []\nfor i in range(1, 4):\n    xs += [i]\n@text_combine(text=xs, WFTextSeparator='Custom', WFTextCustomSeparator='+')", "1+2+3"),
        ("a = 'Ada'\nb = f'Hello {a}!'\n@showresult(Text=b)", "Hello Ada!"),
        ("x = f'{current_date()}'", "Mar 14, 2026 at 9:30 AM"),
        ("@showresult(Text=f\"{current_date().formatted('yyyy')}\")", "2026"),
        ("@showresult(Text=f'{shortcut_input()}')", "shared", {"input": "shared"}),
        ("d = {'a': {'b': 5}}\nx = f\"{d['a']['b']}\"", "5"),
        ("x = '12 eggs'\n@math(WFInput=as_number(x), WFMathOperation='+', WFMathOperand=1)", 13),
        ("@showresult(Text=f'{ask_each_time()}')", "typed", {"answers": ["typed"]}),
        ("@showresult(Text=f\"{device_details().property('Device Model')}\")", "iPad", {"device": {"model": "iPad"}}),
    ),
    *of(
        "user guide: Run Shortcut",
        ("x = @runworkflow(WFWorkflowName='Other', WFInput='hi')\n@showresult(Text=x)", "HI", {"shortcuts": {
            "Other": "x = is_workflow_actions_text_changecase(text=shortcut_input(), WFCaseType='UPPERCASE')\nis_workflow_actions_output(WFOutput=x)"}}),
        ("x = @runworkflow(WFWorkflowName='Other')\n@showresult(Text=x)", "last", {"shortcuts": {"Other": "x = 'last'"}}),
        ("x = @runworkflow(WFWorkflowName='Missing')\n@showresult(Text=x)", ANY, {}, {"unknown": "Missing"}),
        ("@runworkflow(WFWorkflowName='Loop')", None, {"shortcuts": {"Loop": "is_workflow_actions_runworkflow(WFWorkflowName='Loop')"}},
         {"end": "stopped", "reason": "deep"}),
        ("x = @getmyworkflows()\n@count(Input=x)", 2, {"shortcuts": {"A": "x = 'a'", "B": "x = 'b'"}}),
    ),
]

TEXT = [
    *of("user guide: Text", ("x = 'Hello'", "Hello"), ("x = ''", ""), ("a = 5\nx = f'{a} and {a}'", "5 and 5"), ("@gettext(WFTextActionText='two\\nlines')", "two\nlines")),
    *of(
        "user guide: Split Text",
        ("@text_split(text='a b', WFTextSeparator='Spaces')", ["a", "b"]),
        ("@text_split(text='a\\nb', WFTextSeparator='New Lines')", ["a", "b"]),
        ("@text_split(text='a\\nb')", ["a", "b"]),
        ("@text_split(text='a,b,c', WFTextSeparator='Custom', WFTextCustomSeparator=',')", ["a", "b", "c"]),
        ("@text_split(text='a, b', WFTextSeparator='Custom', WFTextCustomSeparator=', ')", ["a", "b"]),
        ("@text_split(text='abc', WFTextSeparator='Every Character')", ["a", "b", "c"]),
        ("@text_split(text='a👍🏽b', WFTextSeparator='Every Character')", ["a", "👍🏽", "b"]),
        ("@text_split(text='abc', WFTextSeparator='Custom', WFTextCustomSeparator=',')", "abc"),
        ("@text_split(text='a,,b', WFTextSeparator='Custom', WFTextCustomSeparator=',')", ["a", "", "b"]),
    ),
    *of(
        "user guide: Combine Text",
        ("@text_combine(text=['a', 'b'])", "a\nb"),
        ("@text_combine(text=['a', 'b'], WFTextSeparator='Spaces')", "a b"),
        ("@text_combine(text=['a', 'b'], WFTextSeparator='Custom', WFTextCustomSeparator=', ')", "a, b"),
        ("@text_combine(text=['a', 'b'], WFTextSeparator='Custom', WFTextCustomSeparator='')", "ab"),
        ("@text_combine(text=['a'], WFTextSeparator='Spaces')", "a"),
        ("xs = [1, 2]\n@text_combine(text=xs, WFTextSeparator='Custom', WFTextCustomSeparator='-')", "1-2"),
    ),
    *of(
        "user guide: Replace Text",
        ("@text_replace(WFInput='banana', WFReplaceTextFind='a', WFReplaceTextReplace='o')", "bonono"),
        ("@text_replace(WFInput='Banana', WFReplaceTextFind='b', WFReplaceTextReplace='c')", "Banana"),
        ("@text_replace(WFInput='Banana', WFReplaceTextFind='b', WFReplaceTextReplace='c', WFReplaceTextCaseSensitive=False)", "canana"),
        ("@text_replace(WFInput='a.b', WFReplaceTextFind='.', WFReplaceTextReplace='-')", "a-b"),
        ("@text_replace(WFInput='a.b', WFReplaceTextFind='.', WFReplaceTextReplace='-', WFReplaceTextRegularExpression=True)", "---"),
        ("@text_replace(WFInput='2026-03', WFReplaceTextFind='(\\\\d+)-(\\\\d+)', WFReplaceTextReplace='$2/$1', WFReplaceTextRegularExpression=True)", "03/2026"),
        ("@text_replace(WFInput='a  b', WFReplaceTextFind='\\\\s+', WFReplaceTextReplace=' ', WFReplaceTextRegularExpression=True)", "a b"),
        ("@text_replace(WFInput='abc', WFReplaceTextFind='b')", "ac"),
        ("@text_replace(WFInput='abc', WFReplaceTextFind='(', WFReplaceTextRegularExpression=True)", None, {}, {"end": "error", "reason": "pattern"}),
        ("@text_replace(WFInput='ABC', WFReplaceTextFind='b', WFReplaceTextReplace='x', WFReplaceTextRegularExpression=True, WFReplaceTextCaseSensitive=False)", "AxC"),
    ),
    *of(
        "user guide: Match Text, Get Group from Matched Text",
        ("@text_match(text='a1b22', WFMatchTextPattern='[0-9]+')", ["1", "22"]),
        ("@text_match(text='abc', WFMatchTextPattern='[0-9]+')", None),
        ("@text_match(text='ABC', WFMatchTextPattern='b')", None),
        ("@text_match(text='ABC', WFMatchTextPattern='b', WFMatchTextCaseSensitive=False)", "B"),
        ("m = @text_match(text='Ada 36', WFMatchTextPattern='(\\\\w+) (\\\\d+)')\n@text_match_getgroup(matches=m, WFGroupIndex=2)", "36"),
        ("m = @text_match(text='Ada 36', WFMatchTextPattern='(\\\\w+) (\\\\d+)')\n@text_match_getgroup(matches=m)", "Ada"),
        ("m = @text_match(text='Ada 36', WFMatchTextPattern='(\\\\w+) (\\\\d+)')\n@text_match_getgroup(matches=m, WFGetGroupType='All Groups')", ["Ada", "36"]),
        ("m = @text_match(text='a1 b2', WFMatchTextPattern='([a-z])(\\\\d)')\n@text_match_getgroup(matches=m, WFGroupIndex=1)", ["a", "b"]),
        ("m = @text_match(text='a1 b2', WFMatchTextPattern='\\\\d')\n@count(Input=m)", 2),
        ("m = @text_match(text='a1', WFMatchTextPattern='\\\\d')\nif m:\n    @showresult(Text=f'found {m}')", "found 1"),
    ),
    *of(
        "user guide: Change Case",
        ("@text_changecase(text='Ada Moor', WFCaseType='UPPERCASE')", "ADA MOOR"),
        ("@text_changecase(text='Ada Moor', WFCaseType='lowercase')", "ada moor"),
        ("@text_changecase(text='ada moor', WFCaseType='Capitalize Every Word')", "Ada Moor"),
        ("@text_changecase(text='the lord of the rings', WFCaseType='Capitalize with Title Case')", "The Lord of the Rings"),
        ("@text_changecase(text='hello there. how are you', WFCaseType='Capitalize with sentence case')", "Hello there. How are you"),
        ("@text_changecase(text='hello', WFCaseType='cApItAlIzE wItH aLtErNaTiNg cAsE')", "hElLo"),
    ),
    *of(
        "user guide: Count",
        ("@count(Input=['a', 'b', 'c'])", 3),
        ("@count(Input='abc', WFCountType='Characters')", 3),
        ("@count(Input='👩‍👩‍👧a', WFCountType='Characters')", 2),
        ("@count(Input='one two three', WFCountType='Words')", 3),
        ("@count(Input='a\\nb', WFCountType='Lines')", 2),
        ("@count(Input='One. Two! Three?', WFCountType='Sentences')", 3),
        ("@count(Input=clipboard())", 0),
        ("@count(Input='abc')", 1),
        ("@count(Input={'a': 1, 'b': 2})", 1),
    ),
    *of(
        "user guide: Get Text, URLs, Numbers, Email Addresses, Phone Numbers from Input",
        ("@detect_text(WFInput=['a', 'b'])", ["a", "b"]),
        ("x = 5\n@detect_text(WFInput=x)", "5"),
        ("@detect_link(WFInput='see https://a.example/x and https://b.example/y.')", [url("https://a.example/x"), url("https://b.example/y")]),
        ("@detect_link(WFInput='nothing here')", None),
        ("@detect_number(WFInput='3 apples, 4.5 pears')", [3, 4.5]),
        ("@detect_number(WFInput='none')", None),
        ("@detect_emailaddress(WFInput='write to ada@example.org or bob@example.org')", ["ada@example.org", "bob@example.org"]),
        ("@detect_date(WFInput='lunch on 2026-04-01')", date("2026-04-01T00:00:00+01:00")),
        ("@detect_phonenumber(WFInput='call +44 20 7946 0123 now')", "+44 20 7946 0123"),
    ),
    *of(
        "user guide: Base64 Encode; RFC 4648",
        ("@base64encode(WFInput='Hello')", "SGVsbG8="),
        ("@base64encode(WFInput='SGVsbG8=', WFEncodeMode='Decode')", "Hello"),
        ("@base64encode(WFInput='SGVsbG8', WFEncodeMode='Decode')", "Hello"),
        ("@base64encode(WFInput='é', WFBase64LineBreakMode='None')", "w6k="),
        ("@base64encode(WFInput='data:text/plain;base64,SGVsbG8=', WFEncodeMode='Decode')", "Hello"),
        ("@base64encode(WFInput='', WFEncodeMode='Decode')", ""),
        ("x = @base64encode(WFInput='a' , WFBase64LineBreakMode='None')\n@base64encode(WFInput=x, WFEncodeMode='Decode')", "a"),
    ),
    *of(
        "user guide: URL Encode; RFC 3986",
        ("@urlencode(WFInput='a b&c')", "a%20b%26c"),
        ("@urlencode(WFInput='a%20b', WFEncodeMode='Decode')", "a b"),
        ("@urlencode(WFInput='é/ü')", "%C3%A9%2F%C3%BC"),
        ("@urlencode(WFInput='-._~aZ9')", "-._~aZ9"),
    ),
    *of(
        "user guide: Generate Hash; RFC 1321, FIPS 180-4",
        ("@hash(WFInput='abc', WFHashType='MD5')", "900150983cd24fb0d6963f7d28e17f72"),
        ("@hash(WFInput='abc', WFHashType='SHA1')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("@hash(WFInput='abc', WFHashType='SHA256')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("@hash(WFInput='abc')", "900150983cd24fb0d6963f7d28e17f72"),
    ),
]

NUMBERS = [
    *of("user guide: Number", ("x = 5", 5), ("x = 2.5", 2.5), ("@number(WFNumberActionNumber='7')", 7), ("@number(WFNumberActionNumber=-3)", -3)),
    *of(
        "user guide: Calculate",
        ("@math(WFInput=7, WFMathOperation='×', WFMathOperand=6)", 42),
        ("@math(WFInput=7, WFMathOperand=6)", 13),
        ("@math(WFInput=7, WFMathOperation='-', WFMathOperand=6)", 1),
        ("@math(WFInput=7, WFMathOperation='÷', WFMathOperand=2)", 3.5),
        ("@math(WFInput=6, WFMathOperation='÷', WFMathOperand=2)", 3),
        ("@math(WFInput=0.1, WFMathOperation='+', WFMathOperand=0.2)", 0.3),
        ("@math(WFInput=7, WFMathOperation='…', WFScientificMathOperation='Modulus', WFScientificMathOperand=3)", 1),
        ("@math(WFInput=5, WFMathOperation='…', WFScientificMathOperation='x^2')", 25),
        ("@math(WFInput=2, WFMathOperation='…', WFScientificMathOperation='x^y', WFScientificMathOperand=10)", 1024),
        ("@math(WFInput=81, WFMathOperation='…', WFScientificMathOperation='√x')", 9),
        ("@math(WFInput=-5, WFMathOperation='…', WFScientificMathOperation='abs(x)')", 5),
        ("@math(WFInput=5, WFMathOperation='…', WFScientificMathOperation='x!')", 120),
        ("@math(WFInput=1, WFMathOperation='÷', WFMathOperand=0)", None),
    ),
    *of(
        "user guide: Calculate Expression",
        ("@calculateexpression(Input='2 + 3 * 4')", 14),
        ("a = 4\n@calculateexpression(Input=f'({a} + 1) * 2')", 10),
        ("@calculateexpression(Input='10 / 4')", 2.5),
        ("@calculateexpression(Input='hello')", None, {}, {"end": "error", "reason": "hello"}),
    ),
    *of(
        "user guide: Round Number",
        ("@round(WFInput=2.4)", 2),
        ("@round(WFInput=2.6)", 3),
        ("@round(WFInput=2.1, WFRoundMode='Always Round Up')", 3),
        ("@round(WFInput=2.9, WFRoundMode='Always Round Down')", 2),
        ("@round(WFInput=1234, WFRoundTo='Hundreds Place')", 1200),
        ("@round(WFInput=3.14159, WFRoundTo='Hundredths')", 3.14),
        ("@round(WFInput=1.23456789, WFRoundTo='Ten Millionths')", 1.2345679),
        ("@round(WFInput=1234, WFRoundTo='10 ^', TenToThePowerOf=3)", 1000),
        ("@round(WFInput=2.5)", 3),
        ("@round(WFInput=-2.5)", -3),
        ("@round(WFInput=3.14159, WFRoundType='Right of Decimal', WFRoundDecimalPlaces=3)", 3.142),
    ),
    *of(
        "user guide: Format Number; Unicode's number patterns",
        ("@format_number(WFNumber=1234.5)", "1,234.50"),
        ("@format_number(WFNumber=3, WFNumberFormatDecimalPlaces=0)", "3"),
        ("@format_number(WFNumber=0.126, WFNumberFormatDecimalPlaces=2)", "0.13"),
        ("@format_number(WFNumber=1234567, WFNumberFormatDecimalPlaces=0)", "1.234.567", {"locale": "de_DE"}),
    ),
    *of(
        "user guide: Calculate Statistics",
        ("@statistics(WFStatisticsOperation='Sum', Input=[1, 2, 3])", 6),
        ("@statistics(WFStatisticsOperation='Average', Input=[1, 2, 6])", 3),
        ("@statistics(WFStatisticsOperation='Minimum', Input=[4, 2, 6])", 2),
        ("@statistics(WFStatisticsOperation='Maximum', Input=[4, 2, 6])", 6),
        ("@statistics(WFStatisticsOperation='Median', Input=[4, 2, 9])", 4),
        ("@statistics(WFStatisticsOperation='Range', Input=[4, 2, 9])", 7),
        ("@statistics(WFStatisticsOperation='Mode', Input=[4, 2, 4])", 4),
        ("@statistics(WFStatisticsOperation='Sum', Input=clipboard())", None),
    ),
    *of("user guide: Random Number", ("x = @number_random(WFRandomNumberMinimum=3, WFRandomNumberMaximum=3)", 3),
        ("x = @number_random(WFRandomNumberMinimum=1, WFRandomNumberMaximum=6)\nif 1 <= x <= 6:\n    @showresult(Text='in')", "in")),
    *of("user guide: Convert Measurement", ("m = @measurement_create(WFMeasurementUnit=quantity(5, 'km'))\n@measurement_convert(WFInput=m, WFMeasurementUnit='m')",
                                            {"$": "quantity", "amount": 5000, "unit": "m"})),
]

LISTS = [
    *of("user guide: List", ("x = ['a', 'b']", ["a", "b"]), ("x = []\n@count(Input=x)", 0), ("a = 'x'\nx = [a, 'b']", ["x", "b"])),
    *of(
        "user guide: Get Item from List",
        ("@getitemfromlist(WFInput=['a', 'b', 'c'])", "a"),
        ("@getitemfromlist(WFInput=['a', 'b', 'c'], WFItemSpecifier='Last Item')", "c"),
        ("@getitemfromlist(WFInput=['a', 'b', 'c'], WFItemSpecifier='Item At Index', WFItemIndex=2)", "b"),
        ("@getitemfromlist(WFInput=['a', 'b', 'c'], WFItemSpecifier='Items in Range', WFItemRangeStart=2, WFItemRangeEnd=3)", ["b", "c"]),
        ("@getitemfromlist(WFInput=['a', 'b', 'c'], WFItemSpecifier='Items in Range', WFItemRangeStart=2)", ["b", "c"]),
        ("@getitemfromlist(WFInput=['a'], WFItemSpecifier='Random Item')", "a"),
        ("@getitemfromlist(WFInput='only', WFItemSpecifier='Last Item')", "only"),
        ("@getitemfromlist(WFInput=['a'], WFItemSpecifier='Item At Index', WFItemIndex=5)", None),
        ("x = 2\n@getitemfromlist(WFInput=['a', 'b'], WFItemSpecifier='Item At Index', WFItemIndex=x)", "b"),
    ),
    *of(
        "user guide: Choose from List",
        ("@choosefromlist(WFInput=['tea', 'milk'], WFChooseFromListActionPrompt='Which?')", "milk", {"answers": ["milk"]}),
        ("@choosefromlist(WFInput=['tea', 'milk'])", "tea", {"answers": [1]}),
        ("@choosefromlist(WFInput=['tea', 'milk'])", None, {"answers": [None]}, {"end": "cancelled"}),
        ("@choosefromlist(WFInput=['tea', 'milk', 'water'], WFChooseFromListActionSelectMultiple=True)", ["tea", "water"], {"answers": [["tea", "water"]]}),
        ("@choosefromlist(WFInput=['tea', 'milk'], WFChooseFromListActionSelectMultiple=True, WFChooseFromListActionSelectAll=True)", ["tea", "milk"]),
        ("@choosefromlist(WFInput={'a': 1, 'b': 2})", 2, {"answers": ["b"]}),
        ("@choosefromlist(WFInput=['tea'])", None, {"answers": ["wine"]}, {"end": "error", "reason": "wine"}),
    ),
    *of(
        "user guide: Dictionary, Get Dictionary Value, Set Dictionary Value",
        ("d = {'name': 'Ada', 'age': 36}", {"name": "Ada", "age": 36}),
        ("d = {'name': 'Ada'}\n@getvalueforkey(WFInput=d, WFDictionaryKey='name')", "Ada"),
        ("d = {'name': 'Ada'}\n@getvalueforkey(WFInput=d, WFDictionaryKey='age')", None),
        ("d = {'a': 1, 'b': 2}\n@getvalueforkey(WFInput=d, WFGetDictionaryValueType='All Keys')", ["a", "b"]),
        ("d = {'a': 1, 'b': 2}\n@getvalueforkey(WFInput=d, WFGetDictionaryValueType='All Values')", [1, 2]),
        ("d = {'a': {'b': 1}}\n@getvalueforkey(WFInput=d, WFDictionaryKey='a.b')", 1),
        ("d = {'a': 1}\n@setvalueforkey(WFDictionary=d, WFDictionaryKey='b', WFDictionaryValue='2')", {"a": 1, "b": "2"}),
        ("d = {'a': 1}\n@setvalueforkey(WFDictionary=d, WFDictionaryKey='a', WFDictionaryValue='2')", {"a": "2"}),
        ("d = {'a': 1}\ne = @setvalueforkey(WFDictionary=d, WFDictionaryKey='a', WFDictionaryValue='2')\nx = f'{d}'", '{"a":1}'),
        ("d = {'yes': True}\nx = @getvalueforkey(WFInput=d, WFDictionaryKey='yes')", True),
        ("d = {'xs': ['a', 'b']}\nx = @getvalueforkey(WFInput=d, WFDictionaryKey='xs')\n@count(Input=x)", 2),
        ("a = 'Ada'\nd = {'name': a, 'n': {'deep': a}}", {"name": "Ada", "n": {"deep": "Ada"}}),
    ),
    *of(
        "user guide: Get Dictionary from Input; RFC 8259",
        ("@detect_dictionary(WFInput='{\"a\": [1, 2]}')", {"a": [1, 2]}),
        ("@detect_dictionary(WFInput='foo=bar&baz=a%20b')", {"foo": "bar", "baz": "a b"}),
        ("@detect_dictionary(WFInput='no json')", None),
        ("@detect_dictionary(WFInput='[{\"a\": 1}, {\"a\": 2}]')", [{"a": 1}, {"a": 2}]),
        ("d = @detect_dictionary(WFInput=clipboard())\n@showresult(Text=f\"{d['name']}\")", "Ada", {"clipboard": '{"name": "Ada"}'}),
    ),
]

DATES = [
    *of(
        "user guide: Date",
        ("@date()", NOW),
        ("@date(WFDateActionMode='Specified Date', WFDateActionDate='2026-01-05')", date("2026-01-05T00:00:00")),
        ("@date(WFDateActionMode='Specified Date', WFDateActionDate='2026-01-05 18:00')", date("2026-01-05T18:00:00")),
        ("@date(WFDateActionMode='Specified Date', WFDateActionDate='tomorrow')", date("2026-03-15T00:00:00")),
        ("@date()", date("2030-07-01T00:00:00+02:00"), {"now": "2030-07-01T00:00:00", "zone": "Europe/Berlin"}),
    ),
    *of(
        "user guide: Format Date; Unicode's date patterns",
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='Custom', WFDateFormat='yyyy-MM-dd')", "2026-03-14"),
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='Custom', WFDateFormat='EEEE')", "Saturday"),
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='Custom', WFDateFormat='HH:mm')", "09:30"),
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='Long', WFTimeFormatStyle='None')", "March 14, 2026"),
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='Medium', WFTimeFormatStyle='None')", "Mar 14, 2026"),
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='Short', WFTimeFormatStyle='None')", "3/14/26"),
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='None', WFTimeFormatStyle='Short')", "9:30 AM"),
        ("d = @date()\n@format_date(WFDate=d)", "3/14/26, 9:30 AM"),
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='ISO 8601')", "2026-03-14"),
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='ISO 8601', WFISO8601IncludeTime=True)", "2026-03-14T09:30:00Z"),
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='RFC 2822')", "Sat, 14 Mar 2026 09:30:00 +0000"),
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='Custom', WFDateFormat='d. MMMM')", "14. März", {"locale": "de_DE"}),
        ("d = @date()\n@format_date(WFDate=d, WFDateFormatStyle='Custom', WFDateFormat='HH')", "18", {"zone": "Asia/Tokyo", "now": "2026-03-14T09:30:00+00:00"}),
    ),
    *of(
        "user guide: Adjust Date",
        ("@adjustdate(WFDate=current_date(), WFDuration=quantity(3, 'days'))", date("2026-03-17T09:30:00")),
        ("@adjustdate(WFDate=current_date(), WFAdjustOperation='Subtract', WFDuration=quantity(2, 'hr'))", date("2026-03-14T07:30:00")),
        ("@adjustdate(WFDate=current_date(), WFDuration=quantity(1, 'months'))", date("2026-04-14T09:30:00+01:00")),
        ("@adjustdate(WFDate=current_date(), WFDuration=quantity(2, 'weeks'))", date("2026-03-28T09:30:00")),
        ("@adjustdate(WFDate=current_date(), WFDuration=quantity(1.5, 'weeks'))", date("2026-03-21T09:30:00")),
        ("@adjustdate(WFDate=current_date(), WFDuration=quantity(90, 'min'))", date("2026-03-14T11:00:00")),
        ("@adjustdate(WFDate=current_date(), WFDuration=quantity(1, 'years'))", date("2027-03-14T09:30:00")),
        ("@adjustdate(WFDate=current_date(), WFAdjustOperation='Get Start of Day')", date("2026-03-14T00:00:00")),
        ("@adjustdate(WFDate=current_date(), WFAdjustOperation='Get Start of Week')", date("2026-03-08T00:00:00")),
        ("@adjustdate(WFDate=current_date(), WFAdjustOperation='Get Start of Week')", date("2026-03-09T00:00:00"), {"locale": "de_DE"}),
        ("@adjustdate(WFDate=current_date(), WFAdjustOperation='Get Start of Week')", date("2026-03-14T00:00:00"), {"locale": "ar_EG"}),
        ("d = @adjustdate(WFDate=current_date(), WFAdjustOperation='Get Start of Week')\n"
         "@format_date(WFDate=d, WFDateFormat='e', WFDateFormatStyle='Custom')", "1", {"locale": "en_GB"}),
        ("@adjustdate(WFDate=current_date(), WFAdjustOperation='Get Start of Month')", date("2026-03-01T00:00:00")),
        ("@adjustdate(WFDate=current_date(), WFAdjustOperation='Get Start of Year')", date("2026-01-01T00:00:00")),
        ("@adjustdate(WFDate=current_date(), WFAdjustOperation='Get Start of Hour')", date("2026-03-14T09:00:00")),
        ("@adjustdate(WFDate='2026-01-31', WFDuration=quantity(1, 'months'))", date("2026-02-28T00:00:00")),
        ("@adjustdate(WFDate='2026-03-28 12:00', WFDuration=quantity(1, 'days'))", date("2026-03-29T12:00:00+01:00")),
    ),
    *of(
        "user guide: Get Time Between Dates",
        ("@gettimebetweendates(WFTimeUntilFromDate='2026-03-14', WFInput='2026-03-16', WFTimeUntilUnit='Days')", 2),
        ("@gettimebetweendates(WFTimeUntilFromDate='2026-03-14 10:00', WFInput='2026-03-14 11:30', WFTimeUntilUnit='Minutes')", 90),
        ("@gettimebetweendates(WFTimeUntilFromDate='2026-03-14 10:00', WFInput='2026-03-14 11:30')", 90),
        ("@gettimebetweendates(WFTimeUntilFromDate='2026-03-14', WFInput='2026-03-13', WFTimeUntilUnit='Hours')", -24),
        ("@gettimebetweendates(WFTimeUntilFromDate='2026-01-01', WFInput='2026-12-31', WFTimeUntilUnit='Months')", 11),
        ("@gettimebetweendates(WFTimeUntilFromDate='1990-05-17', WFInput='2026-03-14', WFTimeUntilUnit='Years')", 35),
        ("@gettimebetweendates(WFTimeUntilFromDate=current_date(), WFInput='2026-03-21', WFTimeUntilUnit='Days')", 6),
        ("@gettimebetweendates(WFTimeUntilFromDate='no date', WFInput='2026-03-21')", None, {}, {"end": "error", "reason": "no dates"}),
    ),
]

DIALOGS = [
    *of(
        "user guide: Ask for Input",
        ("@ask(WFAskActionPrompt='Name?')", "Ada", {"answers": ["Ada"]}),
        ("@ask(WFAskActionPrompt='Name?')", "Ada", {"answers_to": {"Name?": "Ada"}}),
        ("a = @ask(WFAskActionPrompt='Name?')\nb = @ask(WFAskActionPrompt='Name?')\n@showresult(Text=f'{a} {b}')", "Ada Bob", {"answers_to": {"Name?": ["Ada", "Bob"]}}),
        ("a = @ask(WFAskActionPrompt='A')\nb = @ask(WFAskActionPrompt='B')\n@showresult(Text=f'{a} {b}')", "1 2", {"answers": ["2"], "answers_to": {"A": "1"}}),
        ("@ask(WFAskActionPrompt='How many?', WFInputType='Number')", 5, {"answers": ["5"]}),
        ("@ask(WFAskActionPrompt='How many?', WFInputType='Number')", 5, {"answers": [5]}),
        ("@ask(WFAskActionPrompt='How many?', WFInputType='Number')", None, {"answers": ["many"]}, {"end": "error", "reason": "no number"}),
        ("@ask(WFAskActionPrompt='When?', WFInputType='Date')", date("2026-05-01T00:00:00+01:00"), {"answers": ["2026-05-01"]}),
        ("@ask(WFAskActionPrompt='Link?', WFInputType='URL')", url("https://example.org"), {"answers": ["https://example.org"]}),
        ("@ask(WFAskActionPrompt='Name?', WFAskActionDefaultAnswer='Bob')", "Bob"),
        ("@ask(WFAskActionPrompt='Name?')", None, {"answers": [None]}, {"end": "cancelled"}),
        ("@ask(WFAskActionPrompt='Name?')", None, {"unanswered": "cancel"}, {"end": "cancelled", "reason": "Name?"}),
    ),
    *of(
        "user guide: Show Result, Show Alert, Show Notification, Quick Look, Speak Text",
        ("@showresult(Text='Hello')", "Hello", {}, {"shown": ["Hello"]}),
        ("@alert(WFAlertActionTitle='T', WFAlertActionMessage='M')", None, {}, {"effects": [{"verb": "shown", "title": "T", "text": "M"}]}),
        ("@alert(WFAlertActionMessage='Go on?')\n@showresult(Text='went on')", None, {"answers_to": {"Go on?": None}}, {"end": "cancelled", "shown": ["Go on?"]}),
        ("@alert(WFAlertActionMessage='Go on?')\n@showresult(Text='went on')", "went on", {"answers_to": {"Go on?": "OK"}}),
        ("@notification(WFNotificationActionTitle='T', WFNotificationActionBody='B')", ANY, {}, {"effects": [{"verb": "notified", "title": "T", "text": "B"}]}),
        ("@previewdocument(WFInput='x')", "x", {}, {"effects": [{"verb": "shown", "value": "x"}]}),
        ("@speaktext(WFText='hi')", "hi", {}, {"effects": [{"verb": "spoken", "text": "hi"}]}),
        ("@vibrate()", ANY, {}, {"effects": [{"verb": "vibrated"}]}),
        ("xs = ['a', 'b']\n@showresult(Text=f'{xs}')", ["a", "b"], {}, {"shown": ["a\nb"]}),
    ),
    *of(
        "user guide: Copy to Clipboard, Get Clipboard, Share",
        ("@setclipboard(WFInput='x')", "x", {}, {"effects": [{"verb": "copied", "value": "x"}], "changes": {"clipboard": "x"}}),
        ("@getclipboard()", "was", {"clipboard": "was"}),
        ("@setclipboard(WFInput='new')\n@getclipboard()", "new", {"clipboard": "old"}),
        ("@getclipboard()", None),
        ("@share(WFInput='x')", "x", {}, {"effects": [{"verb": "shared", "value": "x"}]}),
    ),
]

WEB = [
    *of(
        "user guide: URL, Open URLs, Show Web Page",
        ("@url(WFURLActionURL='https://example.org')", url("https://example.org")),
        ("u = @url(WFURLActionURL='https://example.org')\n@openurl(WFInput=u)", ANY, {}, {"effects": [{"verb": "opened", "url": "https://example.org"}]}),
        ("@openurl(WFInput='tel:123')", ANY, {}, {"effects": [{"verb": "opened", "url": "tel:123"}]}),
        ("q = 'a b'\ne = @urlencode(WFInput=q)\n@openurl(WFInput=f'https://example.org/?q={e}')", ANY, {}, {"effects": [{"url": "https://example.org/?q=a%20b"}]}),
        ("@showwebpage(WFURL='https://example.org')", ANY, {}, {"effects": [{"verb": "opened", "url": "https://example.org", "browser": True}]}),
    ),
    *of(
        "user guide: Get Contents of URL",
        ("@downloadurl(WFURL='https://a.example/x')", "hello", {"http": {"https://a.example/x": "hello"}}, {"effects": [{"verb": "requested", "method": "GET"}]}),
        ("@downloadurl(WFURL='https://a.example/x')", "any", {"http": {"https://a.example/*": "any"}}),
        ("@downloadurl(WFURL='https://a.example/x/y')", "long", {"http": {"https://a.example/*": "any", "https://a.example/x/*": "long"}}),
        ("d = @downloadurl(WFURL='https://a.example/x')\n@showresult(Text=f\"{d['name']}\")", "Ada", {"http": {"https://a.example/x": {"name": "Ada"}}}),
        ("@downloadurl(WFURL='https://a.example/x')", "b", {"http": {"https://a.example/x": {"status": 200, "body": "b"}}}),
        ("@downloadurl(WFURL='https://a.example/x')", ANY, {}, {"unknown": "https://a.example/x"}),
        ("@downloadurl(WFURL='https://a.example/x', WFHTTPMethod='POST', WFHTTPBodyType='JSON', WFJSONValues={'a': 1})", "ok", {"http": {"*": "ok"}},
         {"effects": [{"verb": "requested", "method": "POST", "body": {"a": 1}}]}),
        ("@downloadurl(WFURL='https://a.example/x', ShowHeaders=True, WFHTTPHeaders={'X-Key': 'k'})", "ok", {"http": {"*": "ok"}}, {"effects": [{"headers": {"X-Key": "k"}}]}),
    ),
    *of(
        "user guide: Get Component of URL, Expand URL, Get Contents of Web Page",
        ("@geturlcomponent(WFURL='https://example.org/a/b?c=d', WFURLComponent='Host')", "example.org"),
        ("@geturlcomponent(WFURL='https://example.org/a/b?c=d', WFURLComponent='Path')", "/a/b"),
        ("@geturlcomponent(WFURL='https://example.org/a/b?c=d', WFURLComponent='Query')", "c=d"),
        ("@geturlcomponent(WFURL='https://example.org/a/b?c=d')", "https"),
        ("@geturlcomponent(WFURL='https://example.org/', WFURLComponent='Fragment')", None),
        ("@url_expand(URL='https://s.example/1')", url("https://example.org/long"), {"http": {"https://s.example/1": {"redirect": "https://example.org/long"}}}),
        ("x = @getwebpagecontents(WFInput='https://example.org')\n@detect_text(WFInput=x)", "Hello you", {"http": {"*": "<p>Hello <b>you</b></p>"}}),
        ("@getipaddress()", "203.0.113.7"),
        ("@getipaddress(WFIPAddressSourceOption='Local')", "192.0.2.10"),
    ),
]

FILES = [
    *of(
        "user guide: Get File, Save File",
        ("f = @documentpicker_open(WFGetFilePath='a.txt', WFShowFilePicker=False)\nx = f'{f}'", "hello", {"files": {"a.txt": "hello"}}),
        ("@documentpicker_open(WFGetFilePath='a.txt', WFShowFilePicker=False)", None, {}, {"end": "error", "reason": "a.txt"}),
        ("@documentpicker_open(WFGetFilePath='a.txt', WFShowFilePicker=False, WFFileErrorIfNotFound=False)", None),
        ("f = @documentpicker_open(WFGetFilePath='c.json', WFShowFilePicker=False)\n@showresult(Text=f\"{f['k']}\")", "v", {"files": {"c.json": {"k": "v"}}}),
        ("f = @documentpicker_open(WFGetFilePath='/d/a.txt', WFShowFilePicker=False)\n@showresult(Text=f'{f.Name}')", "a", {"files": {"d/a.txt": "x"}}),
        ("@documentpicker_save(WFInput='hi', WFAskWhereToSave=False, WFFileDestinationPath='n.txt', WFSaveFileOverwrite=True)", ANY, {},
         {"effects": [{"verb": "saved", "path": "n.txt", "value": "hi"}], "changes": {"files": {"n.txt": {"$": "file", "name": "n.txt", "text": "hi"}}}}),
        ("@documentpicker_save(WFInput='hi', WFAskWhereToSave=False, WFFileDestinationPath='n', WFSaveFileOverwrite=True)", ANY, {}, {"effects": [{"path": "n.txt"}]}),
        ("@documentpicker_save(WFInput='hi', WFAskWhereToSave=False, WFFileDestinationPath='n.txt')", ANY, {"files": {"n.txt": "old"}}, {"effects": [{"path": "n 2.txt"}]}),
        ("@documentpicker_save(WFInput='hi', WFAskWhereToSave=False, WFFileDestinationPath='d/', WFSaveFileOverwrite=True)", ANY, {}, {"effects": [{"path": "d/hi.txt"}]}),
        ("@documentpicker_save(WFInput='a', WFAskWhereToSave=False, WFFileDestinationPath='n.txt')\nf = @documentpicker_open(WFGetFilePath='n.txt', WFShowFilePicker=False)\n"
         "x = f'{f}'", "a"),
        ("@file_select()", {"$": "file", "name": "b.txt", "text": "B", "path": "b.txt"}, {"files": {"a.txt": "A", "b.txt": "B"}, "picked": ["b.txt"]}),
        ("@file_select()", None, {"picked": [None]}, {"end": "cancelled"}),
    ),
    *of(
        "user guide: Append to Text File, Create Folder, Delete Files, Get Contents of Folder",
        ("@file_append(WFFilePath='l.txt', WFInput='two')\nf = @documentpicker_open(WFGetFilePath='l.txt', WFShowFilePicker=False)\nx = f'{f}'", "one\ntwo",
         {"files": {"l.txt": "one"}}),
        ("@file_append(WFFilePath='l.txt', WFInput='0', WFAppendFileWriteMode='Prepend')\nf = @documentpicker_open(WFGetFilePath='l.txt', WFShowFilePicker=False)\n"
         "x = f'{f}'", "0\none", {"files": {"l.txt": "one"}}),
        ("@file_append(WFFilePath='l.txt', WFInput='one')\nf = @documentpicker_open(WFGetFilePath='l.txt', WFShowFilePicker=False)\nx = f'{f}'", "one"),
        ("@file_createfolder(WFFilePath='d')", {"$": "folder", "name": "d", "path": "d"}, {}, {"effects": [{"verb": "created", "folder": "d"}]}),
        ("f = @documentpicker_open(WFGetFilePath='a.txt', WFShowFilePicker=False)\n@file_delete(WFInput=f)", None, {"files": {"a.txt": "x"}},
         {"effects": [{"verb": "deleted", "file": "a.txt"}], "changes": {"files": {}}}),
        ("f = @documentpicker_open(WFGetFilePath='d', WFShowFilePicker=False, WFGetFolderContents=True)\n@count(Input=f)", 2, {"files": {"d/a.txt": "", "d/b.txt": ""}}),
    ),
    *of(
        "user guide: Set Name, Get Name, Get Type",
        ("x = 'text'\nf = @setitemname(WFInput=x, WFName='note.md')\n@getitemname(WFInput=f)", "note"),
        ("x = 'text'\nf = @setitemname(WFInput=x, WFName='note')\nx = f'{f}'", "text"),
        ("x = 'Hello'\n@getitemname(WFInput=x)", "Hello"),
        ("x = 'Hello'\n@getitemtype(WFInput=x)", "Text"),
        ("x = 5\n@getitemtype(WFInput=x)", "Number"),
        ("x = {'a': 1}\n@getitemtype(WFInput=x)", "Dictionary"),
        ("@getitemtype(WFInput=current_date())", "Date"),
    ),
    *of(
        "user guide: Make Rich Text from Markdown, Make Markdown from Rich Text, Make HTML from Rich Text; CommonMark",
        ("x = @getrichtextfrommarkdown(WFInput='# Hi')\n@gethtmlfromrichtext(WFInput=x)", "<h1>Hi</h1>"),
        ("x = @getrichtextfrommarkdown(WFInput='**bold** text')\n@detect_text(WFInput=x)", "bold text"),
        ("x = @getrichtextfromhtml(WFHTML='<p>a <b>b</b></p>')\n@getmarkdownfromrichtext(WFInput=x)", "a **b**"),
        ("x = @getrichtextfromhtml(WFHTML='<a href=\"https://example.org\">x</a>')\n@getmarkdownfromrichtext(WFInput=x)", "[x](https://example.org)"),
        ("x = @getrichtextfromhtml(WFHTML='<a href=\"https://example.org\">x</a>')\n@detect_link(WFInput=x)", url("https://example.org")),
        ("x = @getrichtextfromhtml(WFHTML='<ul><li>a</li><li>b</li></ul>')\n@detect_text(WFInput=x)", "a\nb"),
    ),
]

PICTURE = {"$": "image", "name": "cat.png", "width": 400, "height": 300}

DEVICE = [
    *of(
        "user guide: Get Device Details, Get Battery Level, Get Network Details",
        ("@getdevicedetails()", "iPhone"),
        ("@getdevicedetails(WFDeviceDetail='System Version')", "18.1"),
        ("@getbatterylevel()", 12, {"device": {"battery": 12}}),
        ("b = @getbatterylevel()\nif b < 20:\n    @lowpowermode_set(OnValue=True)", ANY, {"device": {"battery": 12}},
         {"effects": [{"verb": "set", "setting": "low_power", "to": True}], "changes": {"device": {"low_power": True}}}),
        ("@getwifi()", "Home"),
    ),
    *of(
        "user guide: Set Wi-Fi, Set Bluetooth, Set Volume, Set Brightness, Set Appearance, Open App",
        ("@wifi_set(OnValue=False)", ANY, {}, {"effects": [{"verb": "set", "setting": "wifi", "to": False}]}),
        ("@bluetooth_set(OnValue=True)", ANY, {}, {"effects": [{"setting": "bluetooth", "to": True}]}),
        ("@wifi_set(operation='toggle')", ANY, {}, {"effects": [{"setting": "wifi", "to": False}]}),
        ("@setvolume(WFVolume=0.25)", ANY, {}, {"effects": [{"setting": "volume", "to": 0.25}], "changes": {"device": {"volume": 0.25}}}),
        ("@setbrightness(WFBrightness=1)", ANY, {}, {"effects": [{"setting": "brightness", "to": 1}]}),
        ("@openapp(WFAppIdentifier='com.apple.Maps')", ANY, {}, {"effects": [{"verb": "opened", "app": "com.apple.Maps"}]}),
        ("@wifi_set(OnValue=False)\n@getwifi()", None),
    ),
    *of(
        "user guide: Get Current Location, Get Current Weather",
        ("l = @getcurrentlocation()\n@properties_locations(WFInput=l, WFContentItemPropertyName='City')", "London"),
        ("l = @getcurrentlocation()\nx = f'{l}'", "1 Main Street\nLondon England SW1A 1AA\nUnited Kingdom"),
        ("w = @weather_currentconditions()\n@properties_weather_conditions(WFInput=w, WFContentItemPropertyName='Condition')", "Sunny"),
        ("p = 'Paris'\n@weather_currentconditions(WFWeatherCustomLocation=p)", ANY, {}, {"unknown": "Paris"}),
        ("p = 'Paris'\n@weather_forecast(WFWeatherCustomLocation=p)", ANY, {}, {"unknown": "Paris"}),
        ("@weather_currentconditions(WFWeatherCustomLocation={'placemark': {'addressDictionary': {'City': 'Paris'}}})", ANY, {},
         {"unknown": "Paris"}),
        ("l = @getcurrentlocation()\nw = @weather_currentconditions(WFWeatherCustomLocation=l)\n"
         "@properties_weather_conditions(WFInput=w, WFContentItemPropertyName='Condition')", "Sunny"),
        ("w = @weather_currentconditions(WFWeatherCustomLocation={'isCurrentLocation': True})\n"
         "@properties_weather_conditions(WFInput=w, WFContentItemPropertyName='Condition')", "Sunny"),
        ("@weather_forecast(WFWeatherForecastType='Hourly')", ["rain"], {"device": {"weather": {"Forecast": ["rain"]}}}),
    ),
    *of(
        "user guide: Run Script over SSH, Run Shell Script",
        ("@runshellscript(Script='ls')", ANY, {}, {"unknown": "ls", "effects": [{"verb": "ran", "script": "ls"}]}),
        ("@runshellscript(Script='ls')", "a.txt", {"scripts": {"ls": "a.txt"}}),
    ),
    *of(
        "user guide: Resize Image, Crop Image, Convert Image, Select Photos, Save to Photo Album",
        ("i = @image_resize(WFImage=clipboard(), WFImageResizeWidth=200)\n@properties_images(WFInput=i, WFContentItemPropertyName='Height')", 150, {"clipboard": PICTURE}),
        ("i = @image_resize(WFImage=clipboard(), WFImageResizeKey='Percentage', WFImageResizePercentage=50)\n@showresult(Text=f'{i.Width}')", 200, {"clipboard": PICTURE}),
        ("i = @image_resize(WFImage=clipboard(), WFImageResizeKey='Longest Edge', WFImageResizeLength=100)\n@showresult(Text=f'{i.Height}')", 75, {"clipboard": PICTURE}),
        ("i = @image_crop(WFInput=clipboard(), WFImageCropWidth=50, WFImageCropHeight=60)\n@showresult(Text=f'{i.Width} {i.Height}')", "50 60", {"clipboard": PICTURE}),
        ("i = @image_convert(WFInput=clipboard(), WFImageFormat='JPEG')\n@showresult(Text=f'{i.File_Extension}')", "jpg", {"clipboard": PICTURE}),
        ("p = @selectphoto()\n@showresult(Text=f'{p.Name}')", "two", {"photos": [{"name": "one.png"}, {"name": "two.png"}], "picked": ["two.png"]}),
        ("@savetocameraroll(WFInput=clipboard())", ANY, {"clipboard": PICTURE}, {"effects": [{"verb": "saved", "to": "Photos"}]}),
        ("i = @image_resize(WFImage=clipboard())", None),
    ),
]

PEOPLE = [
    *of(
        "user guide: Send Message, Send Email",
        ("@sendmessage(WFSendMessageContent='hi', WFSendMessageActionRecipients='+44 20 7946 0123')", ANY, {},
         {"effects": [{"verb": "sent", "by": "Messages", "to": ["+44 20 7946 0123"], "text": "hi"}]}),
        ("@sendemail(WFSendEmailActionInputAttachments='body', WFSendEmailActionSubject='S')", ANY, {}, {"effects": [{"verb": "sent", "by": "Mail", "subject": "S", "text": "body"}]}),
    ),
    *of(
        "user guide: Add New Reminder, Find Reminders",
        ("@addnewreminder(WFCalendarItemTitle='Milk')", ANY, {}, {"effects": [{"verb": "created", "reminder": {"Title": "Milk", "List": "Reminders",
                                                                                                             "Creation Date": NOW}}]}),
        ("@addnewreminder(WFCalendarItemTitle='Milk', WFAlertEnabled='Alert', WFAlertCustomTime='tomorrow at 9:00')", ANY, {},
         {"changes": {"reminders": [{"$": "reminder", "Title": "Milk", "List": "Reminders", "Due Date": date("2026-03-15T09:00:00"), "Notes": None, "Is Completed": False,
                                     "Is Flagged": False, "Priority": "None", "URL": None, "Creation Date": NOW}]}}),
        ("r = @filter_reminders(WFContentItemFilter=filter_all(rule('Is Completed', '==', Bool=False)))\n@count(Input=r)", 1,
         {"reminders": [{"Title": "a", "Is Completed": False}, {"Title": "b", "Is Completed": True}]}),
    ),
    *of(
        "user guide: Edit Reminder, Edit Calendar Event, Edit Contact; keys of the catalogue",
        ("r = @filter_reminders()\n@setters_reminders(WFInput=r, WFContentItemPropertyName='Is Completed', Mode='Set', WFReminderContentItemIsCompleted=True)",
         {"$": "reminder", "Title": "a", "Is Completed": True}, {"reminders": [{"Title": "a", "Is Completed": False}]},
         {"effects": [{"verb": "set", "reminder": "a", "property": "Is Completed", "to": True}],
          "changes": {"reminders": [{"$": "reminder", "Title": "a", "Is Completed": True}]}}),
        ("r = @filter_reminders(WFContentItemFilter=filter_all(rule('Title', '==', String='b')))\n"
         "@setters_reminders(WFInput=r, WFContentItemPropertyName='Due Date', Mode='Set', WFReminderContentItemDueDate='tomorrow at 9:00')", ANY,
         {"reminders": [{"Title": "a"}, {"Title": "b"}]},
         {"changes": {"reminders": [{"$": "reminder", "Title": "a"}, {"$": "reminder", "Title": "b", "Due Date": date("2026-03-15T09:00:00")}]}}),
        ("r = @filter_reminders()\n@setters_reminders(WFInput=r, WFContentItemPropertyName='Tags', Mode='Add', WFReminderContentItemTags='home')", ANY,
         {"reminders": [{"Title": "a", "Tags": ["work"]}]}, {"changes": {"reminders": [{"$": "reminder", "Title": "a", "Tags": ["work", "home"]}]}}),
        ("r = @filter_reminders()\n@setters_reminders(WFInput=r, WFContentItemPropertyName='Tags', Mode='Remove', WFReminderContentItemTags='home')", ANY,
         {"reminders": [{"Title": "a", "Tags": ["work", "home"]}]}, {"changes": {"reminders": [{"$": "reminder", "Title": "a", "Tags": "work"}]}}),
        ("e = @filter_calendarevents()\n@setters_calendarevents(WFInput=e, WFContentItemPropertyName='Title', Mode='Set', WFCalendarEventContentItemTitle='Tea')", ANY,
         {"events": [{"Title": "Lunch"}]}, {"changes": {"events": [{"$": "event", "Title": "Tea"}]}}),
        ("c = @filter_contacts()\n@setters_contacts(WFInput=c, WFContentItemPropertyName='Group', Mode='RemoveAll')", ANY,
         {"contacts": [{"Name": "Ada", "Group": ["x", "y"]}]}, {"changes": {"contacts": [{"$": "contact", "Name": "Ada", "Group": None}]}}),
        ("@setters_reminders(WFInput=@filter_reminders(), WFContentItemPropertyName='Title', WFReminderContentItemTitle='x')", None, {}, {"effects": []}),
    ),
    *of(
        "user guide: Add New Event, Find Calendar Events",
        ("@addnewevent(WFCalendarItemTitle='Lunch', WFCalendarItemStartDate='2026-03-20 12:00', WFCalendarItemEndDate='2026-03-20 13:00')", ANY, {},
         {"effects": [{"verb": "created", "event": {"Title": "Lunch", "Calendar": "Calendar", "Start Date": date("2026-03-20T12:00:00"), "End Date": date("2026-03-20T13:00:00")}}]}),
        ("@addnewevent(WFCalendarItemTitle='Lunch', WFCalendarItemStartDate='some day')", ANY, {}, {"end": "error", "reason": "some day"}),
        ("e = @filter_calendarevents(WFContentItemSortProperty='Start Date', WFContentItemSortOrder='Latest First')\nf = @getitemfromlist(WFInput=e)\n"
         "@properties_calendarevents(WFInput=f, WFContentItemPropertyName='Title')", "late",
         {"events": [{"Title": "early", "Start Date": date("2026-03-15T10:00:00")}, {"Title": "late", "Start Date": date("2026-03-16T10:00:00")}]}),
    ),
    *of(
        "user guide: Contacts, Get Details of Contacts, Find Contacts",
        ("c = @selectcontacts()\n@properties_contacts(WFInput=c, WFContentItemPropertyName='Phone Numbers')", "123",
         {"contacts": [{"Name": "Ada", "Phone Numbers": "123"}, {"Name": "Bob"}], "picked": ["Ada"]}),
        ("c = @filter_contacts(WFContentItemFilter=filter_all(rule('First Name', '==', String='Ada')))\n@count(Input=c)", 1,
         {"contacts": [{"First Name": "Ada"}, {"First Name": "Bob"}]}),
    ),
    *of(
        "user guide: Find and filter content in Shortcuts",
        ("f = @filter_files(WFContentItemInputParameter=clipboard(), WFContentItemFilter=filter_all(rule('File Extension', '==', String='txt')))\n@count(Input=f)", 1,
         {"clipboard": [{"$": "file", "name": "a.txt"}, {"$": "file", "name": "b.md"}]}),
        ("f = @filter_files(WFContentItemInputParameter=clipboard(), WFContentItemFilter=filter_any(rule('Name', '==', String='a'), rule('Name', '==', String='b')))\n"
         "@count(Input=f)", 2, {"clipboard": [{"$": "file", "name": "a.txt"}, {"$": "file", "name": "b.md"}, {"$": "file", "name": "c.md"}]}),
        ("f = @filter_files(WFContentItemInputParameter=clipboard(), WFContentItemSortProperty='Name', WFContentItemSortOrder='Z to A')\ng = @getitemfromlist(WFInput=f)\n"
         "@showresult(Text=f'{g.Name}')", "b", {"clipboard": [{"$": "file", "name": "a.txt"}, {"$": "file", "name": "b.md"}]}),
        ("f = @filter_files(WFContentItemInputParameter=clipboard(), WFContentItemLimitEnabled=True, WFContentItemLimitNumber=1)\n@count(Input=f)", 1,
         {"clipboard": [{"$": "file", "name": "a.txt"}, {"$": "file", "name": "b.md"}]}),
        ("f = @filter_photos(WFContentItemFilter=filter_all(rule('Is a Screenshot', '==', Bool=True)))\n@count(Input=f)", 1,
         {"photos": [{"name": "a.png", "is_a_screenshot": True}, {"name": "b.png"}]}),
        ("f = @filter_photos(WFContentItemFilter=filter_all(rule('Width', '>', Number=500)))\n@count(Input=f)", 1,
         {"photos": [{"name": "a.png", "width": 1000}, {"name": "b.png", "width": 100}]}),
    ),
    *of("user guide: Start Timer", ("@timer_start(WFDuration=quantity(10, 'min'))", ANY, {},
                                    {"effects": [{"verb": "set", "timer": {"$": "quantity", "amount": 10, "unit": "min"}}]})),
    *of(
        "Data Jar's manual: key paths",
        ("dk_simonbs_DataJar_GetValueIntent(keyPath='a.b')", 1, {"stored": {"a": {"b": 1}}}),
        ("dk_simonbs_DataJar_SetValueIntent(keyPath='n', values='x')\ndk_simonbs_DataJar_GetValueIntent(keyPath='n')", "x"),
    ),
]

MORE = [
    *of(
        "user guide: Trim Whitespace, Get Name of Emoji, Make QR Code",
        ("@text_trimwhitespace(WFInput='  a b \\n')", "a b"),
        ("@getnameofemoji(WFInput='😀')", "grinning face"),
        ("@generatebarcode(WFText='hi')", {"$": "image", "name": "QR Code.png", "made": "QR code of hi"}),
    ),
    *of(
        "user guide: Use variables in shortcuts",
        ("x = 'a'\ny = x\nx = 'b'\n@showresult(Text=y)", "a"),
        ("d = @date()\nx = f\"{d.formatted('EEEE')} {d.formatted('d')}\"", "Saturday 14"),
        ("d = @date()\nx = f\"{d.formatted(style='Long', time='None')}\"", "March 14, 2026"),
        ("d = @date()\nx = f\"{d.formatted(style='ISO 8601', iso_time=True)}\"", "2026-03-14T09:30:00Z"),
        ("f = @documentpicker_open(WFGetFilePath='a.txt', WFShowFilePicker=False)\nx = f'{f.File_Extension} {f.File_Size}'", "txt 5", {"files": {"a.txt": "hello"}}),
        ("x = f'{as_text(clipboard())}'", "5", {"clipboard": 5}),
        ("u = as_url(clipboard())\n@openurl(WFInput=u)", ANY, {"clipboard": "see https://a.example/x now"}, {"effects": [{"url": "https://a.example/x"}]}),
        ("d = as_dictionary(clipboard())\nx = f\"{d['a']}\"", "1", {"clipboard": '{"a": 1}'}),
        ("d = {'a': 1, 'b': 2}\nx = f'{d.Keys}'", "a\nb"),
    ),
    *of(
        "user guide: Find and filter content in Shortcuts; Get Details of Images",
        ("x = @properties_images(WFInput=clipboard(), WFContentItemPropertyName='Width')", 400, {"clipboard": PICTURE}),
        ("x = @properties_files(WFInput=clipboard(), WFContentItemPropertyName='Name')", ["a", "b"],
         {"clipboard": [{"$": "file", "name": "a.txt"}, {"$": "file", "name": "b.md"}]}),
        ("x = @properties_images(WFInput=clipboard(), WFContentItemPropertyName='Width')", None, {"clipboard": "no image"}),
        ("x = @filter_notes(WFContentItemFilter=filter_all(rule('Name', 'contains', String='idea')))\n@count(Input=x)", 1,
         {"notes": [{"Name": "My ideas", "Body": "x"}, {"Name": "Other", "Body": "y"}]}),
        ("x = @filter_reminders(WFContentItemSortProperty='Title', WFContentItemSortOrder='A to Z')\ny = @getitemfromlist(WFInput=x)\nz = f'{y}'", "a",
         {"reminders": [{"Title": "b"}, {"Title": "a"}]}),
        ("x = @detect_images(WFInput=clipboard())\n@count(Input=x)", 1, {"clipboard": [PICTURE, "text"]}),
    ),
    *of(
        "user guide: Delete Photos, Remove Reminders, Set Playback",
        ("p = @filter_photos(WFContentItemFilter=filter_all(rule('Is a Screenshot', '==', Bool=True)))\n@deletephotos(photos=p)", None,
         {"photos": [{"name": "a.png", "is_a_screenshot": True}, {"name": "b.png"}]}, {"changes": {"photos": [{"$": "image", "name": "b.png"}]}}),
        ("r = @filter_reminders(WFContentItemFilter=filter_all(rule('Title', '==', String='a')))\n@removereminders(WFInputReminders=r)", None,
         {"reminders": [{"Title": "a"}, {"Title": "b"}]}, {"changes": {"reminders": [{"$": "reminder", "Title": "b"}]}}),
        ("@getcurrentsong()", None),
        ("s = @getcurrentsong()\nx = f'{s.Artist}'", "Band", {"device": {"song": {"$": "song", "Title": "First", "Artist": "Band"}}}),
    ),
    *of(
        "user guide: Get Items from RSS Feed, Get Article from Web Page; RSS 2.0",
        ("@rss_extract(WFURLs='https://a.example')", url("https://a.example/f"), {"http": {"*": "<link type='application/rss+xml' href='https://a.example/f'>"}},
         {"effects": [{"verb": "requested", "method": "GET", "url": "https://a.example"}]}),
        ("r = @rss(WFRSSFeedURL='https://a.example/feed', WFRSSItemQuantity=1)\nx = f'{r}'", "First",
         {"http": {"*": "<rss><channel><item><title>First</title><link>https://a.example/1</link></item><item><title>Second</title></item></channel></rss>"}}),
        ("a = @getarticle(WFWebPage='https://a.example/1')\nx = @properties_articles(WFInput=a, WFContentItemPropertyName='Title')", "Tea",
         {"http": {"*": "<html><head><title>Tea</title></head><body><p>Hot.</p></body></html>"}}),
        ("a = @getarticle(WFWebPage='https://a.example/1')\nx = @properties_articles(WFInput=a, WFContentItemPropertyName='Body')", "Hot.",
         {"http": {"*": "<html><head><title>Tea</title></head><body><p>Hot.</p></body></html>"}}),
    ),
    *of(
        "user guide: Make Archive, Extract Archive",
        ("z = @makezip(WFInput=clipboard(), WFZIPName='all')\nx = f'{z.Name}'", "all", {"clipboard": PICTURE}),
        ("z = @makezip(WFInput=clipboard())\nu = @unzip(WFArchive=z)\n@count(Input=u)", 2, {"clipboard": ["a", "b"]}),
    ),
    *of(
        "user guide: Shortcut Input; property list: WFWorkflowNoInputBehavior",
        ("workflow(no_input={'Name': 'WFWorkflowNoInputBehaviorGetClipboard', 'Parameters': {}})\nx = f'{shortcut_input()}'", "copied", {"clipboard": "copied"}),
        ("workflow(no_input={'Name': 'WFWorkflowNoInputBehaviorShowError', 'Parameters': {}})\nx = f'{shortcut_input()}'", None, {}, {"end": "error", "reason": "input"}),
        ("x = f'{shortcut_input()}'", ""),
    ),
]  # fmt: skip

CASES = [*CONTROL, *TEXT, *NUMBERS, *LISTS, *DATES, *DIALOGS, *WEB, *FILES, *DEVICE, *PEOPLE, *MORE]
