"""The rules of the dialect's grammar that are the same for every set of APIs: names, text, values, conditions, blocks.

They are Lark as llguidance reads it: names in capitals are terminals, one regular expression each, the others are rules. A rule `x::_`
carries a number of 64 bits, one per keyword argument that was given. The forms are those that to_python prints; docs/dialect.md describes
each of them.

llguidance's lexer takes the longest match and never backtracks: no literal may run past the end of another terminal and then fail. That is
why `for _ in range(` is spelled in pieces.
"""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

from shortcuts.forms import header
from shortcuts.forms.conditions import LEFTOVERS, OPERANDS
from shortcuts.forms.constants import COERCIONS, GLOBALS, HELPERS, MARKER_KEYS, RULE_OPERATORS, SIMPLE_ENVELOPES
from shortcuts.forms.signatures import HELPERS as SIGNATURES
from shortcuts.forms.signatures import METHODS
from shortcuts.syntax.nodes import is_keyword_name

MAX_COMMENT = 240  # characters of a comment that a model writes
MAX_BITS = 63  # keywords of a call that can be told apart, one bit of a rule's number each
MAX_FIELDS = 8  # fields of '… {} …'.format(…), which replaces f-strings that would not parse; real shortcuts have up to 7

# Characters that to_python escapes: they are not printable, or break a line.
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_ESCAPE = (r"\\[\\'\x22nrt]|\\x[0-9a-f]{2}|\\u[0-9a-ce-f][0-9a-f]{3}|\\ud[0-7][0-9a-f]{2}|\\U000[1-9a-f][0-9a-f]{4}"
           r"|\\U0010[0-9a-f]{4}")  # fmt: skip
_PIECE = rf"[^'\x22\\{{}}{_CONTROL}]|{_ESCAPE}"  # of a text, whatever its quotes
SINGLE, DOUBLE = "'", r"\x22"  # quotes
# A name has 48 characters and a number. The identifiers of Python 3.10, which later versions accept, too; Unicode 16 has four more marks.
_ANY_NAME = r"[\p{XID_Start}_&&\p{Age=13.0}][\p{XID_Continue}&&\p{Age=13.0}&&[^\u200c\u200d\u30fb\uff65]]{0,55}"
# For new programs: Latin, Greek, Cyrillic, Hebrew, Arabic, Devanagari, Thai, kana, Chinese, Korean. All of Unicode compiles half as fast.
_LETTERS = (r"A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0391-\u03a1\u03a3-\u03ce\u0400-\u0481\u048a-\u052f\u05d0-\u05ea\u0620-\u064a"
            r"\u0904-\u0939\u0e01-\u0e30\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fef\uac00-\ud7a3")  # fmt: skip
_NEW_NAME = rf"[{_LETTERS}][{_LETTERS}0-9\u0300-\u036f\u064b-\u0669\u0900-\u0963\u0e01-\u0e3a\u0e40-\u0e4e]{{0,55}}"
# Numbers of property lists: integers from -2**63 to 2**64 (without a few at the ends), floats of Python.
_NATURAL = "0|[1-9][0-9]{0,18}|1[0-7][0-9]{18}"
_NEGATIVE = "-([1-9][0-9]{0,17}|[1-8][0-9]{18})"
_FLOAT = r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}|-?[1-9](\.[0-9]{1,16})?e(-([12]?[0-9]{2}|3[01][0-9]|32[0-3])|\+[12]?[0-9]{2}|\+30[0-7])"
_MINUS_ZERO = r"-0\.0+"  # beside 0.0 no property list can hold it

# The keywords of helpers, and of `formatted`. One unknown keyword a call is accepted besides.
_DATE_WORDS = METHODS["formatted"].by_name
_RULE_WORDS = tuple(dict.fromkeys(word for helper in ("rule", "legacy_rule") for word in SIGNATURES[helper].by_name if word != "leftover"))
_FILTER_WORDS = SIGNATURES["filter_all"].by_name
_WHEN_WORDS = ("WFCondition", "WFConditionalLegacyComparisonBehavior", *OPERANDS)
_MENU_WORDS = tuple(word for word in SIGNATURES["menu"].by_name if word not in ("items", "synonyms"))


class Keyword(NamedTuple):
    """A keyword argument: its key, and the rule of its value. A key that is not an identifier stands in `**{…}`."""

    key: str
    value: str
    required: bool = False


def quoted(text: str) -> str:
    """Return a literal of the grammar."""
    return json.dumps(text, ensure_ascii=False)


def rule(name: str, alternatives: Iterable[str]) -> str:
    """Return a rule, or a terminal if its name is in capitals."""
    return f"{name}: " + "\n  | ".join(alternatives) + "\n"


def keywords(name: str, words: Sequence[Keyword], any_key: str = "") -> str:
    """Return the rules of keyword arguments in any order, none twice, all required ones given, up to the closing parenthesis.

    `name::0x0` begins after a parenthesis, `name_more::0x0` after an argument. `any_key` is the rule of the value of one more keyword with
    any key; only one, since Python cannot parse a key that is given twice. The required ones come first in `words`. There is no comma after
    the last keyword that is left: a decoder would get stuck behind it.
    """
    needed = sum(word.required for word in words)
    enough = f" %if is_ones([0:{needed}])" if needed else ""
    plain = {bit: word for bit, word in enumerate(words) if is_keyword_name(word.key)}
    odd = {bit: word for bit, word in enumerate(words) if bit not in plain}
    bits = len(words) + bool(any_key)
    given = [_given(bit, f"{word.key}=", word.value, f"{name}_more") for bit, word in plain.items()]
    given += [f"OTHER_{name.upper()} {any_key} {name}_more::set_bit({len(words)}) %if bit_clear({len(words)})"] if any_key else []
    given += [f'"**{{" {name}_odd::_'] if odd else []
    text = rule(f"OTHER_{name.upper()}", [f"ANY_KEY & ~({' | '.join(quoted(word.key + '=') for word in words)})"]) if any_key else ""
    text += rule(f"{name}::_", [f'")"{enough}', *given])
    text += rule(f"{name}_more::_", [f'")"{enough}', *([f'", " {name}_some::_ %if bit_count_lt([0:{bits}], {bits})'] if given else [])])
    text += rule(f"{name}_some::_", given) if given else ""
    if odd:
        text += rule(f"{name}_odd::_", [_given(bit, f"{word.key!r}: ", word.value, f"{name}_rest") for bit, word in odd.items()])
        left = reduce(lambda one, other: f"or({one}, {other})", (f"bit_clear({bit})" for bit in odd))
        text += rule(f"{name}_rest::_", [f'"}})"{enough}', f'", " {name}_odd::_ %if {left}'])
    return text


def _given(bit: int, key: str, value: str, rest: str) -> str:
    return f"{quoted(key)} {value} {rest}::set_bit({bit}) %if bit_clear({bit})"


def _words(names: Iterable[str], value: str) -> list[Keyword]:
    return [Keyword(name, value) for name in names]


# ---------------------------------------------------------------------------------------------------------------------------------
# names, numbers, text


def _template(count: int, quote: str, other: str) -> str:
    """Return the regular expression of '… {} …'.format( up to its arguments; the other quotes may stand in it."""
    text = rf"(?:{_PIECE}|{other}|\{{\{{|\}}\}})*"
    return rf"{quote}(?:{text}\{{\}}){{{count}}}{text}{quote}\.format\("


def terminals(everything: bool) -> str:
    """Return the terminals. Unless `everything` is accepted, no name begins as APIs do: it would look like an unknown API."""
    counts = range(1, MAX_FIELDS + 1)
    formats = "".join(f"FORMAT_{count}: /{_template(count, SINGLE, DOUBLE)}|{_template(count, DOUBLE, SINGLE)}/\n" for count in counts)
    dates = [r"([1-9]|1[0-2]), ([1-9]|1[0-9]|2[0-8])", r"([13-9]|1[0-2]), (29|30)", r"([13578]|1[02]), 31"]
    time = "(, (1?[0-9]|2[0-3]))(, [1-5]?[0-9])"  # a property list counts seconds from 2001: microseconds are exact in centuries near it
    return rf"""
NAME: {rf"/{_ANY_NAME}/ & ~(KEYWORD | HELPER)" if everything else rf"/{_NEW_NAME}/ & ~(KEYWORD | HELPER | /(is_workflow|com)_.*/)"}
ANY_KEY: (/[A-Za-z_][A-Za-z0-9_]{{0,55}}/ & ~(KEYWORD | MARKER_KEY)) "="
{rule("MARKER_KEY", map(quoted, sorted(MARKER_KEYS)))}
{rule("KEYWORD", map(quoted, sorted({*keyword.kwlist, *keyword.softkwlist})))}
{rule("HELPER", map(quoted, sorted(HELPERS)))}
COUNT: /[1-9][0-9]{{0,8}}/
NATURAL: /{_NATURAL}/
INTEGER: /{_NATURAL}|{_NEGATIVE}/
NUMBER: /{_NATURAL}|{_NEGATIVE}|{_FLOAT}{"|-?5e-324/" if everything else f"/ & ~/{_MINUS_ZERO}/"}
NUMERAL: /'([\-+]?([0-9]{{1,30}}[.,]?[0-9]{{0,30}}|[.,][0-9]{{1,30}}))?'/
STRING: /'(?:{_PIECE}|[\x22{{}}])*'|\x22(?:{_PIECE}|['{{}}])*\x22/
INNER_SINGLE: /'[^'\x22\\#{{}}{_CONTROL}]*'/
INNER_DOUBLE: /\x22[^'\x22\\#{{}}{_CONTROL}]*\x22/
F_SINGLE: /(?:{_PIECE}|\x22)+/
F_DOUBLE: /(?:{_PIECE}|')+/
{formats}COMMENT: /{f"#[^{_CONTROL}]*" if everything else f"# [^# {_CONTROL}][^#{_CONTROL}]{{0,{MAX_COMMENT}}}"}/
PLAN: /Thought:\s*([^\s`]|`{{1,2}}[^`])([^`]|`{{1,2}}[^`])*\n\nCode:\n```python\n/
FENCE: "```"
{rule("GLOBAL", (quoted(f"{helper}()") for helper in GLOBALS))}
{rule("COERCION", (quoted(f"{helper}(") for helper in COERCIONS))}
{rule("SIMPLE", (quoted(f"{helper}(") for helper in SIMPLE_ENVELOPES if helper != "array"))}
BASE64: /'([A-Za-z0-9+\/]{{4}})*([A-Za-z0-9+\/]{{2}}==|[A-Za-z0-9+\/]{{3}}=)?'/
DATE: /{"|".join(f"[1-9][0-9]{{0,3}}, {date}({time}{{0,2}})?|(19|20)[0-9]{{2}}, {date}{time}{{2}}, [1-9][0-9]{{0,5}}" for date in dates)}/
{rule("OPERATOR", (quoted(repr(word)) for word in RULE_OPERATORS))}
"""


def _variable_rules(name: str, key: str, everything: bool) -> str:
    """Return the rules of a variable and its parts. `key`: the terminal of texts in it; in an f-string they cannot have its quotes."""
    bases = ["read", f'"ask_each_time(" {key} ")"', "GLOBAL", f'"variable(" {key} ")"']
    bases += ['"later(" NAME ")"', f'"missing(" {key} (", " COUNT)? ")"'] if everything else []
    info = f'{key} | NUMBER | "True" | "False" | "{{}}" | "entity=" {key}'
    steps = [f'"[" {key} "]"', '"." (NAME | HELPER)', f'"." "property(" {key} (", " ({info}))? ")"',
             f'"." "formatted(" ({key} ")" | {name}_format::0x0)', f'"." "in_unit(" {key} ", " {key} ")"']  # fmt: skip
    return (rule(name, [*bases, f'COERCION {name} ")"', f'"as_type(" {name} ", " {key} ")"', *(f"{name} {step}" for step in steps)])
            + keywords(f"{name}_format", [Keyword(word, "flag" if word == "iso_time" else f"{name}_style") for word in _DATE_WORDS])
            + rule(f"{name}_style", [key, '"None"']))  # fmt: skip


def text_rules(everything: bool) -> str:
    """Return the rules of variables and text. The caller adds `read`, the rule of the names that are read."""
    pieces = {"single": "F_SINGLE", "double": "F_DOUBLE"}
    quotes = {"single": "'", "double": '"'}
    text = _variable_rules("variable", "STRING", everything)
    text += _variable_rules("in_single", "INNER_DOUBLE", everything) + _variable_rules("in_double", "INNER_SINGLE", everything)
    for kind, piece in pieces.items():
        quote = quotes[kind]
        plain = f'({piece} | "{{{{" | "}}}}")*'
        text += f'f_{kind}: {quoted("f" + quote)} {plain} ("{{" in_{kind} "}}" {plain})+ {quoted(quote)}\n'
    formats = [f'FORMAT_{count} variable' + ' ", " variable' * (count - 1) + ' ")"' for count in range(1, MAX_FIELDS + 1)]
    return text + rule("filled", ["f_single", "f_double", *formats]) + rule("text", ["STRING", "filled"])


# ---------------------------------------------------------------------------------------------------------------------------------
# values


def value_rules(everything: bool) -> str:
    """Return the rules of values: literals, variables, envelopes."""
    uuid = ['STRING ": uuid_of(" (NAME | "missing(" STRING (", " COUNT)? ")") ")"'] if everything else []
    envelopes = [
        'SIMPLE value ")"', '"array(" (single | typed_list) ")"', '"attachment(" variable ")"', '"dictionary(" typed_dict ")"',
        "quantity", '"time_offset(" value ", " value ", " value ")"',
        '("filter_all(" | "filter_any(") (filter_words::0x0 | row (", " row)* filter_words_more::0x0)', '"data(" BASE64 ")"',
        '"datetime(" DATE ")"', '"uid(" NATURAL ")"',
    ]  # fmt: skip
    return f"""
value: single | list
single: text | NUMBER | "True" | "False" | infinite | variable | plain_dict | envelope
flag: "True" | "False" | "None"
infinite: "float('" ("inf" | "-inf" | "nan") "')"
list: "[" (value (", " value)*)? "]"
plain_dict: "{{" (entry (", " entry)*)? "}}"
{rule("entry", ['STRING ": " value', *uuid])}
{rule("envelope", envelopes)}quantity: "quantity(" (value | "None") ", " STRING ")"
typed_dict: "{{" (typed_entry (", " typed_entry)*)? "}}"
typed_entry: text ": " (item | "plain(" plain_dict ")")
typed_list: "[" (listed (", " listed)*)? "]"
listed: item | as_is
item: text | NUMBER | "True" | "False" | variable | typed_dict | typed_list | "number(" (text | variable) ")"
  | ("boolean(" | "file(" | "dictionary_choice(" | "array_choice(") value ")"
as_is: "plain(" (plain_dict | list | STRING | NUMBER) ")"
row: ("rule(" | "legacy_rule(") STRING ", " (OPERATOR | INTEGER) row_words_more::0x0
{keywords("row_words", [Keyword("leftover", "plain_dict"), *_words(_RULE_WORDS, "row_value")], "row_value")}
row_value: value | "None"
{keywords("filter_words", _words(_FILTER_WORDS, "row_value"), "row_value")}
"""


# ---------------------------------------------------------------------------------------------------------------------------------
# conditions and blocks

_CONDITIONS = f"""
test: condition | condition (" and " condition)+ | condition (" or " condition)+ | "legacy(" table ")"
  | "leftover(" (table | "legacy(" table ")") leftover_words_more::0x0 | table
table: ("all_of(" | "any_of(" | "single(") condition (", " condition)* (", bounded=" ("True" | "False" | "None"))? ")"
condition: subject | "not " subject | "(not " subject ")" | subject EQUALITY equal
  | subject COMPARISON (ordered | "None") | (matched | NUMBER | variable | "None") (" in " | " not in ") subject
  | subject "." ("startswith(" | "endswith(") (matched | NUMBER | variable | "None") ")" | "is_today(" subject ")"
  | ("is_within_next(" | "is_within_last(") subject ", " (quantity | "None") ")" | ordered " <= " subject " <= " value
  | "legacy(" condition ")" | "leftover(" condition leftover_words_more::0x0
  | "when(" (condition when_words_more::0x0 | when_words::0x0)
EQUALITY: " == " | " != "
COMPARISON: " < " | " <= " | " > " | " >= "
subject: variable | "previous_output()"
equal: ordered | matched | "enumeration(" value ")" | "True" | "None"
ordered: NUMBER | variable | quantity | "datetime(" DATE ")" | "number(" value ")"
matched: text | "attachment(" variable ")"
{keywords("leftover_words", _words(LEFTOVERS, "value"))}
{keywords("when_words", _words(_WHEN_WORDS, "value"), "value")}
"""


_BLOCKS = """
lines@: line@ | lines@ line@
line@: note@ INDENT step "\\n" | if@ result_if@? | for@ result_for@? | match@ result_match@?
note@: (INDENT COMMENT "\\n")*
suite@: note@ INDENT "pass\\n" | lines@
marked@: suite@ | note@ INDENT "marker(" own "\\n" lines@?
result_if@: note@ INDENT (NAME " = ")? "if_result(" own "\\n"
result_for@: note@ INDENT (NAME " = ")? "repeat_results(" own "\\n"
result_match@: note@ INDENT (NAME " = ")? "menu_result(" own "\\n"
if@: note@ INDENT "if " test ":\\n" marked> elif@* else@?
elif@: note@ INDENT "elif " (test | "otherwise_if(" test ")") ":\\n" marked>
else@: note@ INDENT "else:\\n" marked>
for@: note@ INDENT "for " for_head ":\\n" marked>
match@: note@ INDENT "match " menu ":\\n" (before> case>* | case>+) | note@ INDENT menu "\\n"
before@: note@ INDENT "case _ if before():\\n" marked>
case@: note@ INDENT ("case " STRING | "case _ if item(" value? ")") ":\\n" marked>
"""


def _block_rules(depth: int) -> str:
    """Return the rules of statements and blocks, one set for each level of indentation.

    The level could be the number that a rule carries, but llguidance keeps an item for each block of such a rule, and stops at 2,000.
    """
    levels = [_BLOCKS.replace("@", f"_{level}").replace(">", f"_{level + 1}").replace("INDENT", quoted("    " * level) if level else "")
              for level in range(depth)]  # fmt: skip
    innermost = quoted("    " * depth)
    return "".join(levels) + f"""
suite_{depth}: note_{depth} {innermost} ("pass\\n" | step "\\n")
marked_{depth}: suite_{depth}
note_{depth}: ({innermost} COMMENT "\\n")*
before_{depth}: note_{depth} {innermost} "case _ if before():\\n" "{'    ' * (depth + 1)}pass\\n"
case_{depth}: note_{depth} {innermost} "case " STRING ":\\n" "{'    ' * (depth + 1)}pass\\n"
"""


def _header_rules() -> list[str]:
    """Return the rules of the values of a header's short names."""
    rules = []
    for word, known in header.WORDS.items():
        item = f"HEADER_{word.upper()}"
        constants = map(quoted, header.CONSTANTS) if word == "input_types" else ()
        rules += [rule(f"header_{word}", ['"None"', *constants, f'"[" ({item} (", " {item})*)? "]"'])]
        rules += [rule(item, (quoted(repr(text)) for text in known))]
    names = " | ".join(quoted(repr(known)) for known in header.NO_INPUT)
    return [*rules, f"""header_client_version: "None" | VERSION
VERSION: /'[0-9]{{1,9}}(\\.[0-9]{{1,9}}){{0,8}}'/
header_output_fallback: "True" | "False" | "None"
header_questions: list | "None"
header_no_input: "None" | "{{'Name': " ({names}) (", 'Parameters': " value)? "}}" | "{{'Parameters': " value ", 'Name': " ({names}) "}}"
"""]


def program_rules(depth: int, everything: bool) -> str:
    """Return the rules of statements and blocks, nested up to `depth` levels of indentation."""
    words = [Keyword(word, f"header_{word}") for word in header.SHORT_NAMES]
    words += [Keyword("extra", "plain_dict"), *_words(sorted(header.KEYS), "header_value")]
    return f"""
program: header? lines_0 | automated
header: (COMMENT "\\n")* "workflow(" header_words::0x0 "\\n"
{keywords("header_words", words)}
header_value: value | "None" | {" | ".join(map(quoted, header.CONSTANTS))}
{"".join(_header_rules())}{_block_rules(depth)}
own_words: ")" | ANY_KEY value ")"
own: own_words | plain_dict (")" | ", " ANY_KEY value ")")
for_head: "_" " in " (counted | "range(" value ")" | each) | NAME " in " (counted | "range(1, " (INTEGER | value " + 1") ")" | each)
  | NAME ", " NAME " in " "enumerate(" each ", start=1)"
counted: "repeat_count(" (value (", " own_words | ")") | own_words)
each: looped | "previous_output()" | "repeat_each(" (looped (", " own_words | ")") | own_words)
looped: variable | filled | infinite | envelope
menu: "menu(" (menu_words::0x0 | value menu_words_more::0x0)
{keywords("menu_words", [Keyword("items", "menu_items"), Keyword("synonyms", "synonyms"), *_words(_MENU_WORDS, "value")], "value")}
synonyms: "{{" (heard (", " heard)*)? "}}"
heard: STRING ": [" (STRING (", " STRING)*)? "]"
menu_items: typed_list | variable | as_is | "None"
unknown_words: (unknown_key value (", " unknown_key value)* (", **{{" entry (", " entry)* "}}")? | "**{{" entry (", " entry)* "}}") ")"
unknown_key: ANY_KEY{' | MARKER_KEY "="' if everything else ""}
{keywords("ask_words", [Keyword("question", "value"), Keyword("default", "row_value")])}
"""


def fixed_rules(depth: int, everything: bool) -> str:
    """Return all of the rules above. Unless `everything` is accepted, a statement has one comment: small models would never stop."""
    program = program_rules(depth, everything)
    if not everything:
        program = program.replace('COMMENT "\\n")*', 'COMMENT "\\n")?').replace('item(" value? ")"', 'item(" text ")"')
    return "".join([program, _CONDITIONS, value_rules(everything), text_rules(everything), terminals(everything)])
