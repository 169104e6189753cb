"""Natural Python and the program that it becomes, one form a row; ADVICE has what is refused, and words that the message must hold.

The names n, m, s, u, x, xs, ys, d, t and t2 stand for the outputs of actions (shortcuts/natural/examples.py), whose lines are left out of
the second program where they stand first.
"""

from __future__ import annotations

import textwrap
from typing import Any, NamedTuple

from shortcuts.natural import differences


class Row(NamedTuple):
    """A form: natural Python, and the canonical program.

    differs: why it gives something else than CPython; empty where it must not. inputs: the values, in turn, of names for which those of
    tests/test_natural_means_python.py do not fit.
    """

    python: str
    canonical: str
    differs: str = ""
    inputs: dict[str, list[Any]] = {}  # noqa: RUF012


def row(python: str, canonical: str, differs: str = "", **inputs: list[Any]) -> Row:
    """A row whose texts are written with the indentation of this file."""
    return Row(textwrap.dedent(python).strip("\n"), textwrap.dedent(canonical).strip("\n") + "\n", differs, inputs)


WHOLE_NUMBERS = [0, 1, 7, 12, 20]
PLACES = [0, 1, -1, 0, 1]
DATES = ["2026-03-14", "2024-02-29", "2000-01-01", "2026-12-31", "1999-09-09"]
NUMERALS = ["42", "-7", "0", "1000", "12"]


ROWS = [
    row("f'{n:.2f}'", r"""
        Formatted_Number = is_workflow_actions_format_number(WFNumber=n)
        y = is_workflow_actions_gettext(WFTextActionText=Formatted_Number)
    """, differs=differences.GROUPED),
    row("f'{n:.1%}'", r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=100, WFMathOperation='×')
        Formatted_Number = is_workflow_actions_format_number(WFNumber=Calculation_Result, WFNumberFormatDecimalPlaces=1)
        y = is_workflow_actions_gettext(WFTextActionText=f'{Formatted_Number}%')
    """, differs=differences.GROUPED),
    row("f'{n:02d}'", r"""
        Updated_Text = is_workflow_actions_text_replace(WFInput=f'00{n}', WFReplaceTextFind='\\A0{0,2}(?=[\\s\\S]{2})', WFReplaceTextRegularExpression=True)
        y = is_workflow_actions_gettext(WFTextActionText=Updated_Text)
    """, n=WHOLE_NUMBERS),
    row("f'{t:%Y-%m-%d}'", "y = is_workflow_actions_gettext(WFTextActionText=t.formatted('yyyy-MM-dd'))"),
    row("f'{s.upper()}!'", r"""
        Updated_Text = is_workflow_actions_text_changecase(WFCaseType='UPPERCASE', text=s)
        y = is_workflow_actions_gettext(WFTextActionText=f'{Updated_Text}!')
    """),
    row('n > 5', r"""
        if n > 5:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            y = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            y = Number_2
    """),
    row("s or 'nobody'", r"""
        y = s
        if not s:
            Text = is_workflow_actions_gettext(WFTextActionText='nobody')
            y = Text
    """),
    row("'a' if n > 5 else 'b'", r"""
        if n > 5:
            Text = is_workflow_actions_gettext(WFTextActionText='a')
            y = Text
        else:
            Text_2 = is_workflow_actions_gettext(WFTextActionText='b')
            y = Text_2
    """),
    row('[x.upper() for x in xs if x]', r"""
        y = []
        for Repeat_Item in xs:
            if Repeat_Item:
                Updated_Text = is_workflow_actions_text_changecase(WFCaseType='UPPERCASE', text=Repeat_Item)
                y += [Updated_Text]
    """),
    row('{x: len(x) for x in xs}', r"""
        Dictionary = is_workflow_actions_dictionary(WFItems={})
        Dictionary_variable = Dictionary
        for Repeat_Item in xs:
            Count = is_workflow_actions_count(Input=Repeat_Item, WFCountType='Characters')
            Dictionary_2 = is_workflow_actions_setvalueforkey(WFDictionary=Dictionary_variable, WFDictionaryKey=Repeat_Item, WFDictionaryValue=Count)
            Dictionary_variable = Dictionary_2
        y = Dictionary_variable
    """),
    row('n + m', 'y = is_workflow_actions_math(WFInput=n, WFMathOperand=m)'),
    row('n - m', "y = is_workflow_actions_math(WFInput=n, WFMathOperand=m, WFMathOperation='-')"),
    row('n * m', "y = is_workflow_actions_math(WFInput=n, WFMathOperand=m, WFMathOperation='×')"),
    row('n / m', "y = is_workflow_actions_math(WFInput=n, WFMathOperand=m, WFMathOperation='÷')"),
    row('n // m', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=m, WFMathOperation='÷')
        y = is_workflow_actions_round(WFInput=Calculation_Result, WFRoundMode='Always Round Down')
    """),
    row('n % m', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperand=m, WFScientificMathOperation='Modulus')
        Calculation_Result_2 = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperand=m)
        y = is_workflow_actions_math(WFInput=Calculation_Result_2, WFMathOperation='…', WFScientificMathOperand=m, WFScientificMathOperation='Modulus')
    """),
    row('n ** 2', "y = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperation='x^2')"),
    row('n ** m', "y = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperand=m, WFScientificMathOperation='x^y')"),
    row('-n', "y = is_workflow_actions_math(WFInput=n, WFMathOperand=-1, WFMathOperation='×')"),
    row("d['a'] = n", r"""
        n = is_workflow_actions_number(WFNumberActionNumber=7)
        Dictionary = is_workflow_actions_detect_dictionary(WFInput=clipboard())
        d = Dictionary
        Dictionary_2 = is_workflow_actions_setvalueforkey(WFDictionary=d, WFDictionaryKey='a', WFDictionaryValue=n)
        d = Dictionary_2
    """),
    row('n = m = 5', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=7)
        n = Number
        Number_2 = is_workflow_actions_number(WFNumberActionNumber=2)
        m = Number_2
        Number_3 = is_workflow_actions_number(WFNumberActionNumber=5)
        m = Number_3
        Number_4 = is_workflow_actions_number(WFNumberActionNumber=5)
        n = Number_4
    """),
    row('n, m = m, n', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=7)
        n = Number
        Number_2 = is_workflow_actions_number(WFNumberActionNumber=2)
        m = Number_2
        Old = n
        n = m
        m = Old
    """),
    row('n += 1', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=7)
        n = Number
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=1)
        n = Calculation_Result
    """),
    row("s += 'a'", r"""
        Dictated_Text = is_workflow_actions_dictatetext()
        s = Dictated_Text
        Text = is_workflow_actions_gettext(WFTextActionText=f'{s}a')
        s = Text
    """),
    row('xs += ys', r"""
        List = is_workflow_actions_list(WFItems=['one', 'two'])
        xs = List
        ys = is_workflow_actions_list(WFItems=['three'])
        xs += [ys]
    """),
    row('xs[0]', 'y = is_workflow_actions_getitemfromlist(WFInput=xs)'),
    row('xs[-1]', "y = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemSpecifier='Last Item')"),
    row('xs[n]', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=1)
        y = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemIndex=Calculation_Result, WFItemSpecifier='Item At Index')
    """, n=[0, 1, 2, 0, 3], xs=[['a', 'b'], ['a', 'b', 'c'], ['x', 'y', 'z'], ['', 'b'], ['a', 'b', 'c', 'd']]),
    row('xs[1:3]', "y = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemRangeEnd=3, WFItemRangeStart=2, WFItemSpecifier='Items in Range')"),
    row('s[:5]', r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='\\A([\\s\\S]{0,5})[\\s\\S]*\\z', WFReplaceTextRegularExpression=True, WFReplaceTextReplace='$1')"),
    row('s[-4:]', r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='\\A[\\s\\S]*(?=[\\s\\S]{4}\\z)', WFReplaceTextRegularExpression=True)"),
    row('d[s]', 'y = is_workflow_actions_getvalueforkey(WFDictionaryKey=s, WFInput=d)', s=['a', 'b', 'Hello', 'one', 'c']),
    row('for i in range(3): print(i)', r"""
        for Repeat_Index in range(1, 4):
            i = is_workflow_actions_math(WFInput=Repeat_Index, WFMathOperand=1, WFMathOperation='-')
            is_workflow_actions_showresult(Text=i)
    """),
    row('for i, x in enumerate(xs): print(i, x)', r"""
        for Repeat_Index, Repeat_Item in enumerate(xs, start=1):
            i = is_workflow_actions_math(WFInput=Repeat_Index, WFMathOperand=1, WFMathOperation='-')
            is_workflow_actions_showresult(Text=f'{i} {Repeat_Item}')
    """),
    row('for k, v in d.items(): print(k, v)', r"""
        Dictionary_Value = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=d)
        for Repeat_Item in Dictionary_Value:
            v = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item, WFInput=d)
            is_workflow_actions_showresult(Text=f'{Repeat_Item} {v}')
    """, differs=differences.SHOWN),
    row('for x, y in zip(xs, ys): print(x, y)', r"""
        Count = is_workflow_actions_count(Input=ys)
        for Repeat_Index, Repeat_Item in enumerate(xs, start=1):
            if Repeat_Index <= Count:
                y = is_workflow_actions_getitemfromlist(WFInput=ys, WFItemIndex=Repeat_Index, WFItemSpecifier='Item At Index')
                is_workflow_actions_showresult(Text=f'{Repeat_Item} {y}')
    """),
    row('while n < 10: n += 1', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=7)
        n = Number
        Calculation_Result = is_workflow_actions_math(WFInput=10, WFMathOperand=n, WFMathOperation='-')
        Rounded_Number = is_workflow_actions_round(WFInput=Calculation_Result, WFRoundMode='Always Round Up')
        for _ in range(Rounded_Number):
            Calculation_Result_2 = is_workflow_actions_math(WFInput=n, WFMathOperand=1)
            n = Calculation_Result_2
    """),
    row('return s', 'is_workflow_actions_output(WFOutput=s)'),
    row("with open('a.txt') as f: s = f.read()", r"""
        Dictated_Text = is_workflow_actions_dictatetext()
        s = Dictated_Text
        File = is_workflow_actions_documentpicker_open(WFGetFilePath='a.txt', WFShowFilePicker=False)
        Text = is_workflow_actions_detect_text(WFInput=File)
        s = Text
    """),
    row('if len(s) > 3 and (n > 5 or not s): print(s)', r"""
        Count = is_workflow_actions_count(Input=s, WFCountType='Characters')
        if Count > 3:
            if n > 5 or not s:
                is_workflow_actions_showresult(Text=s)
    """),
    row(r"""
        match s:
            case 'a': print(1)
    """, r"""
        if s == 'a':
            is_workflow_actions_showresult(Text='1')
    """),
    row('t + timedelta(days=1)', "y = is_workflow_actions_adjustdate(WFDate=t, WFDuration=quantity(1, 'days'))"),
    row('datetime.now()', 'y = current_date()'),
    row('date.today()', "y = is_workflow_actions_adjustdate(WFAdjustOperation='Get Start of Day', WFDate=current_date())"),
    row('date(2026, 12, 24)', "y = is_workflow_actions_date(WFDateActionDate='2026-12-24', WFDateActionMode='Specified Date')"),
    row('datetime.fromisoformat(s)', 'y = is_workflow_actions_detect_date(WFInput=s)', s=DATES),
    row("datetime.strptime(s, '%Y-%m-%d')", 'y = is_workflow_actions_detect_date(WFInput=s)', s=DATES),
    row("time.strftime('%H:%M')", "y = current_date().formatted('HH:mm')"),
    row('str(n)', 'y = is_workflow_actions_gettext(WFTextActionText=n)'),
    row("format(n, '.2f')", 'y = is_workflow_actions_format_number(WFNumber=n)', differs=differences.GROUPED),
    row("re.findall('[0-9]+', s)", "y = is_workflow_actions_text_match(WFMatchTextPattern='[0-9]+', text=s)"),
    row("re.finditer('[0-9]+', s)", "y = is_workflow_actions_text_match(WFMatchTextPattern='[0-9]+', text=s)"),
    row("re.search('[0-9]+', s)", r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='[0-9]+', text=s)
        y = is_workflow_actions_getitemfromlist(WFInput=Matches)
    """),
    row("re.match('[0-9]+', s)", r"y = is_workflow_actions_text_match(WFMatchTextPattern='\\A(?:[0-9]+)', text=s)"),
    row("re.fullmatch('[0-9]+', s)", r"y = is_workflow_actions_text_match(WFMatchTextPattern='\\A(?:[0-9]+)\\z', text=s)"),
    row("re.sub('[0-9]+', '#', s)", "y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='[0-9]+', WFReplaceTextRegularExpression=True, WFReplaceTextReplace='#')"),
    row("re.split('[,;]', s)", r"""
        Updated_Text = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='[,;]', WFReplaceTextRegularExpression=True, WFReplaceTextReplace='\ue000')
        y = is_workflow_actions_text_split(WFTextCustomSeparator='\ue000', WFTextSeparator='Custom', text=Updated_Text)
    """),
    row("re.escape('a.b')", r"y = is_workflow_actions_gettext(WFTextActionText='a\\.b')"),
    row('urllib.parse.quote(s)', 'y = is_workflow_actions_urlencode(WFInput=s)'),
    row('urllib.parse.unquote(s)', "y = is_workflow_actions_urlencode(WFEncodeMode='Decode', WFInput=s)"),
    row('base64.b64encode(s.encode()).decode()', "y = is_workflow_actions_base64encode(WFBase64LineBreakMode='None', WFInput=s)"),
    row('base64.b64decode(s).decode()', "y = is_workflow_actions_base64encode(WFEncodeMode='Decode', WFInput=s)", s=['YQ==', 'SGVsbG8=', 'w6k=', 'YSBi', 'eA==']),
    row('hashlib.md5(s.encode()).hexdigest()', 'y = is_workflow_actions_hash(WFInput=s)'),
    row('hashlib.sha1(s.encode()).hexdigest()', "y = is_workflow_actions_hash(WFHashType='SHA1', WFInput=s)"),
    row('hashlib.sha256(s.encode()).hexdigest()', "y = is_workflow_actions_hash(WFHashType='SHA256', WFInput=s)"),
    row('hashlib.sha512(s.encode()).hexdigest()', "y = is_workflow_actions_hash(WFHashType='SHA512', WFInput=s)"),
    row("print('a', n)", "is_workflow_actions_showresult(Text=f'a {n}')"),
    row("input('Who?')", "y = is_workflow_actions_ask(WFAskActionPrompt='Who?')"),
    row('sys.stdin.read()', 'y = shortcut_input()'),
    row('time.sleep(5)', 'y = is_workflow_actions_delay(WFDelayTime=5)'),
    row('sys.exit()', 'is_workflow_actions_exit()'),
    row('pyperclip.copy(s)', 'y = is_workflow_actions_setclipboard(WFInput=s)'),
    row('pyperclip.paste()', 'y = is_workflow_actions_getclipboard()'),
    row('webbrowser.open(u)', 'y = is_workflow_actions_openurl(WFInput=u)'),
    row('requests.get(u)', 'y = is_workflow_actions_downloadurl(WFURL=u)'),
    row('requests.post(u, json=d)', "y = is_workflow_actions_downloadurl(WFHTTPBodyType='File', WFHTTPHeaders={'Content-Type': 'application/json'}, WFHTTPMethod='POST', WFRequestVariable=d, WFURL=u)"),
    row('requests.put(u, json=d)', "y = is_workflow_actions_downloadurl(WFHTTPBodyType='File', WFHTTPHeaders={'Content-Type': 'application/json'}, WFHTTPMethod='PUT', WFRequestVariable=d, WFURL=u)"),
    row('requests.patch(u, json=d)', "y = is_workflow_actions_downloadurl(WFHTTPBodyType='File', WFHTTPHeaders={'Content-Type': 'application/json'}, WFHTTPMethod='PATCH', WFRequestVariable=d, WFURL=u)"),
    row('requests.delete(u)', "y = is_workflow_actions_downloadurl(WFHTTPMethod='DELETE', WFURL=u)"),
    row('urllib.request.urlopen(u).read()', 'y = is_workflow_actions_downloadurl(WFURL=u)'),
    row('json.loads(s)', 'y = is_workflow_actions_detect_dictionary(WFInput=s)', s=['{"a": 1}', '{"a": {"b": [1, 2]}}', '[{"a": 1}, {"a": 2}]', '{"é": "x", "n": 2.5}', '{}']),
    row('json.dumps(d)', 'y = as_text(d)', differs=differences.COMPACT),
    row("open('a.txt').read()", r"""
        File = is_workflow_actions_documentpicker_open(WFGetFilePath='a.txt', WFShowFilePicker=False)
        y = is_workflow_actions_detect_text(WFInput=File)
    """),
    row("Path('a.txt').read_text()", r"""
        File = is_workflow_actions_documentpicker_open(WFGetFilePath='a.txt', WFShowFilePicker=False)
        y = is_workflow_actions_detect_text(WFInput=File)
    """),
    row("json.load(open('a.json'))", r"""
        File = is_workflow_actions_documentpicker_open(WFGetFilePath='a.json', WFShowFilePicker=False)
        y = is_workflow_actions_detect_dictionary(WFInput=File)
    """),
    row("json.dump(d, open('a.json', 'w'))", "y = is_workflow_actions_documentpicker_save(WFAskWhereToSave=False, WFFileDestinationPath='a.json', WFInput=d, WFSaveFileOverwrite=True)"),
    row("os.makedirs('a')", "y = is_workflow_actions_file_createfolder(WFFilePath='a')"),
    row("os.path.join('a', s)", "y = is_workflow_actions_gettext(WFTextActionText=f'a/{s}')"),
    row('os.path.basename(s)', "y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='.*/', WFReplaceTextRegularExpression=True)"),
    row("coerce_variable(value=s, coercion_class='WFNumberContentItem')", 'y = as_number(s)'),
    row('list(reversed(xs))', r"""
        Count = is_workflow_actions_count(Input=xs)
        Calculation_Result = is_workflow_actions_math(WFInput=Count, WFMathOperand=1)
        Reversed = []
        for Repeat_Index in range(1, Count + 1):
            Place = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperand=Repeat_Index, WFMathOperation='-')
            Item_from_List = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemIndex=Place, WFItemSpecifier='Item At Index')
            Reversed += [Item_from_List]
        y = Reversed
    """),
    row('len(xs)', 'y = is_workflow_actions_count(Input=xs)'),
    row('sum(ns)', "y = is_workflow_actions_statistics(Input=ns, WFStatisticsOperation='Sum')", differs=differences.EMPTY),
    row('min(ns)', "y = is_workflow_actions_statistics(Input=ns, WFStatisticsOperation='Minimum')"),
    row('max(n, m)', r"""
        List = is_workflow_actions_list(WFItems=[n, m])
        y = is_workflow_actions_statistics(Input=List, WFStatisticsOperation='Maximum')
    """),
    row('statistics.mean(ns)', "y = is_workflow_actions_statistics(Input=ns)"),
    row('statistics.median(ns)', "y = is_workflow_actions_statistics(Input=ns, WFStatisticsOperation='Median')"),
    row('statistics.mode(ns)', "y = is_workflow_actions_statistics(Input=ns, WFStatisticsOperation='Mode')"),
    row('sorted(xs)', "y = is_workflow_actions_filter_files(WFContentItemInputParameter=xs, WFContentItemSortOrder='A to Z', WFContentItemSortProperty='Name')", differs=differences.ORDER),
    row('random.sample(xs, 3)', r"""
        Files = is_workflow_actions_filter_files(WFContentItemInputParameter=xs, WFContentItemSortProperty='Random')
        y = is_workflow_actions_getitemfromlist(WFInput=Files, WFItemRangeEnd=3, WFItemRangeStart=1, WFItemSpecifier='Items in Range')
    """),
    row('random.choices(xs, k=3)', r"""
        List = []
        for _ in range(3):
            Item_from_List = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemSpecifier='Random Item')
            List += [Item_from_List]
        y = List
    """),
    row("d.get('a', 'b')", r"""
        Value = d['a']
        if not d['a']:
            Text = is_workflow_actions_gettext(WFTextActionText='b')
            Value = Text
        y = Value
    """),
    row('random.choice(xs)', "y = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemSpecifier='Random Item')"),
    row('list(range(3))', 'y = is_workflow_actions_list(WFItems=[0, 1, 2])'),
    row('dict(zip(xs, ys))', r"""
        Dictionary = is_workflow_actions_dictionary(WFItems={})
        Dictionary_variable = Dictionary
        Count = is_workflow_actions_count(Input=ys)
        for Repeat_Index, Repeat_Item in enumerate(xs, start=1):
            if Repeat_Index <= Count:
                value = is_workflow_actions_getitemfromlist(WFInput=ys, WFItemIndex=Repeat_Index, WFItemSpecifier='Item At Index')
                Dictionary_2 = is_workflow_actions_setvalueforkey(WFDictionary=Dictionary_variable, WFDictionaryKey=Repeat_Item, WFDictionaryValue=value)
                Dictionary_variable = Dictionary_2
        y = Dictionary_variable
    """),
    row('list(map(str, xs))', r"""
        List = []
        for Repeat_Item in xs:
            List += [Repeat_Item]
        y = List
    """),
    row('list(filter(None, xs))', r"""
        List = []
        for Repeat_Item in xs:
            if Repeat_Item:
                List += [Repeat_Item]
        y = List
    """),
    row('dict(a=n)', "y = is_workflow_actions_dictionary(WFItems={'a': number(n)})"),
    row('round(n, 2)', "y = is_workflow_actions_round(WFInput=n, WFRoundTo='Hundredths')"),
    row('math.floor(n)', "y = is_workflow_actions_round(WFInput=n, WFRoundMode='Always Round Down')"),
    row('math.ceil(n)', "y = is_workflow_actions_round(WFInput=n, WFRoundMode='Always Round Up')"),
    row('abs(n)', "y = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperation='abs(x)')"),
    row('math.sqrt(n)', "y = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperation='√x')", n=[0, 1, 2, 9, 0.25]),
    row('math.exp(n)', "y = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperation='e^x')"),
    row('math.log(n)', "y = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperation='ln(x)')", n=[1, 2, 10, 0.5, 100]),
    row('math.log10(n)', "y = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperation='log(x)')", n=[1, 2, 10, 0.5, 100]),
    row('math.factorial(n)', "y = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperation='x!')", n=[0, 1, 3, 5, 10]),
    row('pow(n, m)', "y = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperand=m, WFScientificMathOperation='x^y')"),
    row('int(s)', 'y = as_number(s)', s=NUMERALS),
    row('float(s)', 'y = as_number(s)', s=[*NUMERALS, '2.5', '-0.25']),
    row('random.randint(1, 6)', 'y = is_workflow_actions_number_random(WFRandomNumberMaximum=6, WFRandomNumberMinimum=1)'),
    row('random.randrange(1, 7)', 'y = is_workflow_actions_number_random(WFRandomNumberMaximum=6, WFRandomNumberMinimum=1)'),
    row('t.date()', "y = is_workflow_actions_adjustdate(WFAdjustOperation='Get Start of Day', WFDate=t)"),
    row("t.strftime('%A, %d %B %Y')", "y = t.formatted('EEEE, dd MMMM yyyy')"),
    row('t.isoformat()', 'y = t.formatted("yyyy-MM-dd\'T\'HH:mm:ss")'),
    row("t.strftime('%A')", "y = t.formatted('EEEE')"),
    row('(t - t2).total_seconds()', "y = is_workflow_actions_gettimebetweendates(WFInput=t, WFTimeUntilFromDate=t2, WFTimeUntilUnit='Seconds')"),
    row('s.upper()', "y = is_workflow_actions_text_changecase(WFCaseType='UPPERCASE', text=s)"),
    row('s.lower()', "y = is_workflow_actions_text_changecase(WFCaseType='lowercase', text=s)"),
    row('s.casefold()', "y = is_workflow_actions_text_changecase(WFCaseType='lowercase', text=s)"),
    row('s.title()', "y = is_workflow_actions_text_changecase(WFCaseType='Capitalize Every Word', text=s)", differs=differences.SPACES),
    row('s.capitalize()', "y = is_workflow_actions_text_changecase(WFCaseType='Capitalize with sentence case', text=s)"),
    row('s.strip()', r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='\\A\\s+|\\s+\\z', WFReplaceTextRegularExpression=True)"),
    row('s.lstrip()', r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='\\A\\s+', WFReplaceTextRegularExpression=True)"),
    row('s.rstrip()', r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='\\s+\\z', WFReplaceTextRegularExpression=True)"),
    row("s.removeprefix('a')", r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='\\Aa', WFReplaceTextRegularExpression=True)"),
    row("s.removesuffix('a')", r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='a\\z', WFReplaceTextRegularExpression=True)"),
    row("s.split(',')", "y = is_workflow_actions_text_split(WFTextCustomSeparator=',', WFTextSeparator='Custom', text=s)"),
    row('s.splitlines()', 'y = is_workflow_actions_text_split(text=s)'),
    row("', '.join(xs)", "y = is_workflow_actions_text_combine(WFTextCustomSeparator=', ', WFTextSeparator='Custom', text=xs)"),
    row("s.replace('a', 'b')", "y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='a', WFReplaceTextReplace='b')"),
    row('s.zfill(3)', r"y = is_workflow_actions_text_replace(WFInput=f'000{s}', WFReplaceTextFind='\\A0{0,3}(?=[\\s\\S]{3})', WFReplaceTextRegularExpression=True)"),
    row('s.rjust(8)', r"y = is_workflow_actions_text_replace(WFInput=f'        {s}', WFReplaceTextFind='\\A\\ {0,8}(?=[\\s\\S]{8})', WFReplaceTextRegularExpression=True)"),
    row("s.count('a')", r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='a', text=s)
        y = is_workflow_actions_count(Input=Matches)
    """),
    row('s.encode()', 'y = s'),
    row("re.search('id=([0-9]+)', s).group(1)", r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='id=([0-9]+)', text=s)
        Item_from_List = is_workflow_actions_getitemfromlist(WFInput=Matches)
        y = is_workflow_actions_text_match_getgroup(matches=Item_from_List)
    """, s=['id=1', 'id=42 and id=7', 'a id=3', 'x\nid=5', 'id=00']),
    row('requests.get(u).json()', r"""
        Contents_of_URL = is_workflow_actions_downloadurl(WFURL=u)
        y = is_workflow_actions_detect_dictionary(WFInput=Contents_of_URL)
    """),
    row("open('a.txt').readlines()", r"""
        File = is_workflow_actions_documentpicker_open(WFGetFilePath='a.txt', WFShowFilePicker=False)
        Text = is_workflow_actions_detect_text(WFInput=File)
        y = is_workflow_actions_text_split(text=Text)
    """),
    row("Path('a.txt').write_text(s)", "y = is_workflow_actions_documentpicker_save(WFAskWhereToSave=False, WFFileDestinationPath='a.txt', WFInput=s, WFSaveFileOverwrite=True)"),
    row('xs.copy()', 'y = xs'),
    row('d.keys()', "y = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=d)"),
    row('d.values()', "y = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Values', WFInput=d)"),
    row('bool(s)', r"""
        if s:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        y = Flag
    """),
    row('s.isdigit()', r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='\\A[0-9]+\\z', text=s)
        if Matches:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        y = Flag
    """),
    row('s.isnumeric()', r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='\\A\\p{N}+\\z', text=s)
        if Matches:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        y = Flag
    """),
    row('s.isalpha()', r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='\\A\\p{L}+\\z', text=s)
        if Matches:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        y = Flag
    """),
    row('s.isalnum()', r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='\\A[\\p{L}\\p{N}]+\\z', text=s)
        if Matches:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        y = Flag
    """),
    row('s.isspace()', r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='\\A\\s+\\z', text=s)
        if Matches:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        y = Flag
    """),
    row('s.isupper()', r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='\\A[^\\p{Ll}]*\\p{Lu}[^\\p{Ll}]*\\z', text=s)
        if Matches:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        y = Flag
    """),
    row('s.islower()', r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='\\A[^\\p{Lu}]*\\p{Ll}[^\\p{Lu}]*\\z', text=s)
        if Matches:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        y = Flag
    """),
    row("os.path.exists('a.txt')", r"""
        File = is_workflow_actions_documentpicker_open(WFFileErrorIfNotFound=False, WFGetFilePath='a.txt', WFShowFilePicker=False)
        if File:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        y = Flag
    """),
    row("Path('a.txt').exists()", r"""
        File = is_workflow_actions_documentpicker_open(WFFileErrorIfNotFound=False, WFGetFilePath='a.txt', WFShowFilePicker=False)
        if File:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        y = Flag
    """),
    row("any(x == 'a' for x in xs)", r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        Found = Number
        for Repeat_Item in xs:
            if Repeat_Item == 'a':
                Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
                Found = Number_2
        if Found == 1:
            Number_3 = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number_3
        else:
            Number_4 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_4
        y = Flag
    """),
    row('all(len(x) > 3 for x in xs)', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=1)
        All = Number
        for Repeat_Item in xs:
            Count = is_workflow_actions_count(Input=Repeat_Item, WFCountType='Characters')
            if Count <= 3:
                Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
                All = Number_2
        if All == 1:
            Number_3 = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number_3
        else:
            Number_4 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_4
        y = Flag
    """),
    row('t.year', "y = as_number(t.formatted('yyyy'))"),
    row('t.month', "y = as_number(t.formatted('M'))"),
    row('t.day', "y = as_number(t.formatted('d'))"),
    row('t.hour', "y = as_number(t.formatted('H'))"),
    row('t.minute', "y = as_number(t.formatted('m'))"),
    row('t.second', "y = as_number(t.formatted('s'))"),
    row('(t - t2).days', "y = is_workflow_actions_gettimebetweendates(WFInput=t, WFTimeUntilFromDate=t2, WFTimeUntilUnit='Days')", differs=differences.DAYS),
    row('string.ascii_letters', "y = is_workflow_actions_gettext(WFTextActionText='abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')"),
    row('string.ascii_lowercase', "y = is_workflow_actions_gettext(WFTextActionText='abcdefghijklmnopqrstuvwxyz')"),
    row('string.ascii_uppercase', "y = is_workflow_actions_gettext(WFTextActionText='ABCDEFGHIJKLMNOPQRSTUVWXYZ')"),
    row('string.digits', "y = is_workflow_actions_gettext(WFTextActionText='0123456789')"),
    row('string.punctuation', r"""y = is_workflow_actions_gettext(WFTextActionText='!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~')"""),
    row('requests.get(u).text', r"""
        Contents_of_URL = is_workflow_actions_downloadurl(WFURL=u)
        y = is_workflow_actions_detect_text(WFInput=Contents_of_URL)
    """),
    row('requests.get(u).content', 'y = is_workflow_actions_downloadurl(WFURL=u)'),
    row('math.pi', 'y = is_workflow_actions_number(WFNumberActionNumber=3.141592653589793)'),
    row('math.e', 'y = is_workflow_actions_number(WFNumberActionNumber=2.718281828459045)'),
    row('y = 2 * 3 + 1', 'y = is_workflow_actions_number(WFNumberActionNumber=7)'),
    row('y = (n + m) * 2 - n / m', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=m)
        Calculation_Result_2 = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperand=2, WFMathOperation='×')
        Calculation_Result_3 = is_workflow_actions_math(WFInput=n, WFMathOperand=m, WFMathOperation='÷')
        y = is_workflow_actions_math(WFInput=Calculation_Result_2, WFMathOperand=Calculation_Result_3, WFMathOperation='-')
    """),
    row('y = n % 7', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperand=7, WFScientificMathOperation='Modulus')
        Calculation_Result_2 = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperand=7)
        y = is_workflow_actions_math(WFInput=Calculation_Result_2, WFMathOperation='…', WFScientificMathOperand=7, WFScientificMathOperation='Modulus')
    """),
    row('y = (n - m) % 7', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=m, WFMathOperation='-')
        Calculation_Result_2 = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperation='…', WFScientificMathOperand=7, WFScientificMathOperation='Modulus')
        Calculation_Result_3 = is_workflow_actions_math(WFInput=Calculation_Result_2, WFMathOperand=7)
        y = is_workflow_actions_math(WFInput=Calculation_Result_3, WFMathOperation='…', WFScientificMathOperand=7, WFScientificMathOperation='Modulus')
    """),
    row('y = n + 0.5', 'y = is_workflow_actions_math(WFInput=n, WFMathOperand=0.5)'),
    row('y = n ** 0.5', "y = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperation='√x')"),
    row('y = 60 * 60 * 24', 'y = is_workflow_actions_number(WFNumberActionNumber=86400)'),
    row('y = +n', 'y = n'),
    row('y = round(n)', 'y = is_workflow_actions_round(WFInput=n)', differs=differences.HALF),
    row('y = round(n, -2)', "y = is_workflow_actions_round(WFInput=n, WFRoundTo='Hundreds Place')"),
    row('y = int(n / m)', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=m, WFMathOperation='÷')
        Calculation_Result_2 = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperation='…', WFScientificMathOperand=1, WFScientificMathOperation='Modulus')
        Calculation_Result_3 = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperand=Calculation_Result_2, WFMathOperation='-')
        y = is_workflow_actions_round(WFInput=Calculation_Result_3)
    """),
    row("y = int('42')", 'y = is_workflow_actions_number(WFNumberActionNumber=42)'),
    row("y = float(input('How much?'))", "y = is_workflow_actions_ask(WFAskActionPrompt='How much?', WFInputType='Number')"),
    row("y = int(input('How many?'))", "y = is_workflow_actions_ask(WFAskActionAllowsDecimalNumbers=False, WFAskActionPrompt='How many?', WFInputType='Number')"),
    row('y = x * 2', "y = is_workflow_actions_math(WFInput=x, WFMathOperand=2, WFMathOperation='×')", differs=differences.UNKNOWN),
    row("y = d['price'] * 2", "y = is_workflow_actions_math(WFInput=d['price'], WFMathOperand=2, WFMathOperation='×')", d=[{'price': 1}, {'price': 2.5}, {'price': 0}, {'price': -3}, {'price': 100}]),
    row("y = d['a']['b'] + 1", "y = is_workflow_actions_math(WFInput=d['a']['b'], WFMathOperand=1)", d=[{'a': {'b': 1}}, {'a': {'b': 2.5}}, {'a': {'b': 0}}, {'a': {'b': -3}}, {'a': {'b': 100, 'c': 1}}]),
    row('n -= 1', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=7)
        n = Number
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=1, WFMathOperation='-')
        n = Calculation_Result
    """),
    row('n *= 2', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=7)
        n = Number
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=2, WFMathOperation='×')
        n = Calculation_Result
    """),
    row('n //= 2', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=7)
        n = Number
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=2, WFMathOperation='÷')
        Rounded_Number = is_workflow_actions_round(WFInput=Calculation_Result, WFRoundMode='Always Round Down')
        n = Rounded_Number
    """),
    row("y = 'Hello ' + s", "y = is_workflow_actions_gettext(WFTextActionText=f'Hello {s}')"),
    row("y = s + '!' + s.upper()", r"""
        Updated_Text = is_workflow_actions_text_changecase(WFCaseType='UPPERCASE', text=s)
        y = is_workflow_actions_gettext(WFTextActionText=f'{s}!{Updated_Text}')
    """),
    row("y = '=' * 20", "y = is_workflow_actions_gettext(WFTextActionText='====================')"),
    row("y = f'{n + 1} of {len(xs)}'", r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=1)
        Count = is_workflow_actions_count(Input=xs)
        y = is_workflow_actions_gettext(WFTextActionText=f'{Calculation_Result} of {Count}')
    """),
    row("y = f'{n:,.2f} and {n:.0f}'", r"""
        Formatted_Number = is_workflow_actions_format_number(WFNumber=n)
        Formatted_Number_2 = is_workflow_actions_format_number(WFNumber=n, WFNumberFormatDecimalPlaces=0)
        y = is_workflow_actions_gettext(WFTextActionText=f'{Formatted_Number} and {Formatted_Number_2}')
    """, differs=differences.GROUPED),
    row('y = f"{d[\'a\'][\'b\']!s}"', "y = is_workflow_actions_gettext(WFTextActionText=d['a']['b'])", d=[{'a': {'b': 1}}, {'a': {'b': 2.5}}, {'a': {'b': 'x'}}, {'a': {'b': -3}}, {'a': {'b': 'é', 'c': 1}}]),
    row("y = f'{datetime.now():%H:%M}'", "y = is_workflow_actions_gettext(WFTextActionText=current_date().formatted('HH:mm'))"),
    row("y = f'{date.today()}.txt'", r"""
        Adjusted_Date = is_workflow_actions_adjustdate(WFAdjustOperation='Get Start of Day', WFDate=current_date())
        y = is_workflow_actions_gettext(WFTextActionText=f"{Adjusted_Date.formatted('yyyy-MM-dd')}.txt")
    """),
    row('print(s)', 'is_workflow_actions_showresult(Text=s)'),
    row(r"print(n, s, sep='\n')", r"is_workflow_actions_showresult(Text=f'{n}\n{s}')"),
    row("print(f'{n}')", 'is_workflow_actions_showresult(Text=n)'),
    row('print()', "is_workflow_actions_showresult(Text='')"),
    row('print(5)', "is_workflow_actions_showresult(Text='5')"),
    row('y = len(s)', "y = is_workflow_actions_count(Input=s, WFCountType='Characters')"),
    row("y = len('abc' + s)", r"""
        Text = is_workflow_actions_gettext(WFTextActionText=f'abc{s}')
        y = is_workflow_actions_count(Input=Text, WFCountType='Characters')
    """),
    row('y = s[0]', r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='\\A([\\s\\S]{0,1})[\\s\\S]*\\z', WFReplaceTextRegularExpression=True, WFReplaceTextReplace='$1')"),
    row('y = s[-1]', r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='\\A[\\s\\S]*(?=[\\s\\S]{1}\\z)', WFReplaceTextRegularExpression=True)"),
    row('y = s[2:5]', r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='\\A[\\s\\S]{0,2}([\\s\\S]{0,3})[\\s\\S]*\\z', WFReplaceTextRegularExpression=True, WFReplaceTextReplace='$1')"),
    row('y = s[:-3]', r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='[\\s\\S]{0,3}\\z', WFReplaceTextRegularExpression=True)"),
    row('y = s[2:]', r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='\\A[\\s\\S]{0,2}', WFReplaceTextRegularExpression=True)"),
    row('y = s[::-1]', r"""
        Split_Text = is_workflow_actions_text_split(WFTextSeparator='Every Character', text=s)
        Count = is_workflow_actions_count(Input=Split_Text)
        Calculation_Result = is_workflow_actions_math(WFInput=Count, WFMathOperand=1)
        Reversed = []
        for Repeat_Index in range(1, Count + 1):
            Place = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperand=Repeat_Index, WFMathOperation='-')
            Item_from_List = is_workflow_actions_getitemfromlist(WFInput=Split_Text, WFItemIndex=Place, WFItemSpecifier='Item At Index')
            Reversed += [Item_from_List]
        y = is_workflow_actions_text_combine(WFTextSeparator='Custom', text=Reversed)
    """),
    row('y = xs[1]', "y = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemIndex=2, WFItemSpecifier='Item At Index')"),
    row('y = xs[-2]', r"""
        Count = is_workflow_actions_count(Input=xs)
        Calculation_Result = is_workflow_actions_math(WFInput=Count, WFMathOperand=1, WFMathOperation='-')
        y = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemIndex=Calculation_Result, WFItemSpecifier='Item At Index')
    """),
    row('y = xs[2:]', "y = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemRangeEnd='', WFItemRangeStart=3, WFItemSpecifier='Items in Range')"),
    row('y = xs[:2]', "y = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemRangeEnd=2, WFItemRangeStart='', WFItemSpecifier='Items in Range')"),
    row('y = xs[-3:]', r"""
        Count = is_workflow_actions_count(Input=xs)
        Calculation_Result = is_workflow_actions_math(WFInput=Count, WFMathOperand=2, WFMathOperation='-')
        y = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemRangeEnd='', WFItemRangeStart=Calculation_Result, WFItemSpecifier='Items in Range')
    """),
    row('y = xs[n:]', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=1)
        y = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemRangeEnd='', WFItemRangeStart=Calculation_Result, WFItemSpecifier='Items in Range')
    """),
    row('y = xs[n - 1]', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=1, WFMathOperation='-')
        Calculation_Result_2 = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperand=1)
        y = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemIndex=Calculation_Result_2, WFItemSpecifier='Item At Index')
    """, n=[1, 2, 3, 2, 1], xs=[['a', 'b'], ['a', 'b', 'c'], ['x', 'y', 'z'], ['', 'b'], ['a', 'b', 'c', 'd']]),
    row('y = s.split()', r"y = is_workflow_actions_text_match(WFMatchTextPattern='\\S+', text=s)"),
    row(r"y = s.split('\n')", 'y = is_workflow_actions_text_split(text=s)'),
    row("y = s.split(' ')", "y = is_workflow_actions_text_split(WFTextSeparator='Spaces', text=s)"),
    row("y = s.split(',')[0].strip()", r"""
        Split_Text = is_workflow_actions_text_split(WFTextCustomSeparator=',', WFTextSeparator='Custom', text=s)
        Item_from_List = is_workflow_actions_getitemfromlist(WFInput=Split_Text)
        y = is_workflow_actions_text_replace(WFInput=Item_from_List, WFReplaceTextFind='\\A\\s+|\\s+\\z', WFReplaceTextRegularExpression=True)
    """),
    row('y = list(s)', "y = is_workflow_actions_text_split(WFTextSeparator='Every Character', text=s)"),
    row(r"y = '\n'.join(xs)", 'y = is_workflow_actions_text_combine(text=xs)'),
    row("y = ''.join(xs)", "y = is_workflow_actions_text_combine(WFTextSeparator='Custom', text=xs)"),
    row("y = ' '.join(s.split())", r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='\\S+', text=s)
        y = is_workflow_actions_text_combine(WFTextSeparator='Spaces', text=Matches)
    """),
    row("y = s.strip('/')", r"y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='\\A[\\/]+|[\\/]+\\z', WFReplaceTextRegularExpression=True)"),
    row("y = s.replace(' ', '')", "y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind=' ')"),
    row("y = s.lower().replace('a', 'b')", r"""
        Updated_Text = is_workflow_actions_text_changecase(WFCaseType='lowercase', text=s)
        y = is_workflow_actions_text_replace(WFInput=Updated_Text, WFReplaceTextFind='a', WFReplaceTextReplace='b')
    """),
    row('y = sorted(xs, reverse=True)', "y = is_workflow_actions_filter_files(WFContentItemInputParameter=xs, WFContentItemSortOrder='Z to A', WFContentItemSortProperty='Name')", differs=differences.ORDER),
    row('y = max(ns)', "y = is_workflow_actions_statistics(Input=ns, WFStatisticsOperation='Maximum')"),
    row('y = sum(ns) / len(ns)', r"""
        Statistics = is_workflow_actions_statistics(Input=ns, WFStatisticsOperation='Sum')
        Count = is_workflow_actions_count(Input=ns)
        y = is_workflow_actions_math(WFInput=Statistics, WFMathOperand=Count, WFMathOperation='÷')
    """),
    row('y = [n, s.upper()]', r"""
        Updated_Text = is_workflow_actions_text_changecase(WFCaseType='UPPERCASE', text=s)
        y = is_workflow_actions_list(WFItems=[n, Updated_Text])
    """, differs=differences.ITEMS),
    row("y = {'n': n + 1, 's': s.lower(), 'x': [s]}", r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=1)
        Updated_Text = is_workflow_actions_text_changecase(WFCaseType='lowercase', text=s)
        y = is_workflow_actions_dictionary(WFItems={'n': number(Calculation_Result), 's': Updated_Text, 'x': [s]})
    """),
    row('y = [x * 2 for x in ns]', r"""
        y = []
        for Repeat_Item in ns:
            Calculation_Result = is_workflow_actions_math(WFInput=Repeat_Item, WFMathOperand=2, WFMathOperation='×')
            y += [Calculation_Result]
    """),
    row("y = [x for x in xs if len(x) > 3 and x != 'a']", r"""
        y = []
        for Repeat_Item in xs:
            Count = is_workflow_actions_count(Input=Repeat_Item, WFCountType='Characters')
            if Count > 3 and Repeat_Item != 'a':
                y += [Repeat_Item]
    """),
    row("y = ', '.join(str(x) for x in xs)", r"""
        List = []
        for Repeat_Item in xs:
            List += [Repeat_Item]
        y = is_workflow_actions_text_combine(WFTextCustomSeparator=', ', WFTextSeparator='Custom', text=List)
    """),
    row('y = sum(len(x) for x in xs)', r"""
        List = []
        for Repeat_Item in xs:
            Count = is_workflow_actions_count(Input=Repeat_Item, WFCountType='Characters')
            List += [Count]
        y = is_workflow_actions_statistics(Input=List, WFStatisticsOperation='Sum')
    """, differs=differences.EMPTY),
    row("y = [a + b for a in 'xy'.split() for b in s.split()]", r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='\\S+', text='xy')
        y = []
        for Repeat_Item in Matches:
            Matches_2 = is_workflow_actions_text_match(WFMatchTextPattern='\\S+', text=s)
            for Repeat_Item_2 in Matches_2:
                Text = is_workflow_actions_gettext(WFTextActionText=f'{Repeat_Item}{Repeat_Item_2}')
                y += [Text]
    """),
    row('y = xs + ys', r"""
        List = []
        List += [xs]
        List += [ys]
        y = List
    """),
    row("y = xs + ['four']", r"""
        List = []
        List += [xs]
        Text = is_workflow_actions_gettext(WFTextActionText='four')
        List += [Text]
        y = List
    """),
    row('xs.append(s.upper())', r"""
        s = is_workflow_actions_dictatetext()
        List = is_workflow_actions_list(WFItems=['one', 'two'])
        xs = List
        Updated_Text = is_workflow_actions_text_changecase(WFCaseType='UPPERCASE', text=s)
        xs += [Updated_Text]
    """),
    row('xs.extend(ys)', r"""
        List = is_workflow_actions_list(WFItems=['one', 'two'])
        xs = List
        ys = is_workflow_actions_list(WFItems=['three'])
        xs += [ys]
    """),
    row('xs.insert(0, s)', r"""
        s = is_workflow_actions_dictatetext()
        List = is_workflow_actions_list(WFItems=['one', 'two'])
        xs = List
        List_variable = []
        List_variable += [s]
        List_variable += [xs]
        xs = List_variable
    """),
    row('xs.sort()', r"""
        List = is_workflow_actions_list(WFItems=['one', 'two'])
        xs = List
        Files = is_workflow_actions_filter_files(WFContentItemInputParameter=xs, WFContentItemSortOrder='A to Z', WFContentItemSortProperty='Name')
        xs = Files
    """, differs=differences.ORDER),
    row('xs.reverse()', r"""
        List = is_workflow_actions_list(WFItems=['one', 'two'])
        xs = List
        Count = is_workflow_actions_count(Input=xs)
        Calculation_Result = is_workflow_actions_math(WFInput=Count, WFMathOperand=1)
        Reversed = []
        for Repeat_Index in range(1, Count + 1):
            Place = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperand=Repeat_Index, WFMathOperation='-')
            Item_from_List = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemIndex=Place, WFItemSpecifier='Item At Index')
            Reversed += [Item_from_List]
        xs = Reversed
    """),
    row('random.shuffle(xs)', r"""
        List = is_workflow_actions_list(WFItems=['one', 'two'])
        xs = List
        Files = is_workflow_actions_filter_files(WFContentItemInputParameter=xs, WFContentItemSortProperty='Random')
        xs = Files
    """),
    row(r"""
        found = []
        for x in xs:
            found.append(x.upper())
    """, r"""
        found = []
        for Repeat_Item in xs:
            Updated_Text = is_workflow_actions_text_changecase(WFCaseType='UPPERCASE', text=Repeat_Item)
            found += [Updated_Text]
    """),
    row("d['a'] = {'b': 1}", r"""
        Dictionary = is_workflow_actions_detect_dictionary(WFInput=clipboard())
        d = Dictionary
        Dictionary_2 = is_workflow_actions_dictionary(WFItems={'b': 1})
        Dictionary_3 = is_workflow_actions_setvalueforkey(WFDictionary=d, WFDictionaryKey='a', WFDictionaryValue=Dictionary_2)
        d = Dictionary_3
    """),
    row("d['a']['b'] = n", r"""
        n = is_workflow_actions_number(WFNumberActionNumber=7)
        Dictionary = is_workflow_actions_detect_dictionary(WFInput=clipboard())
        d = Dictionary
        Dictionary_2 = is_workflow_actions_setvalueforkey(WFDictionary=d['a'], WFDictionaryKey='b', WFDictionaryValue=n)
        Dictionary_3 = is_workflow_actions_setvalueforkey(WFDictionary=d, WFDictionaryKey='a', WFDictionaryValue=Dictionary_2)
        d = Dictionary_3
    """, d=[{'a': {'b': 1}}, {'a': {}}, {'a': {'c': 'x'}, 'b': 1}, {'a': {'b': 1, 'c': 2}}, {'z': 1, 'a': {'b': ''}}]),
    row('d[s] = n + 1', r"""
        n = is_workflow_actions_number(WFNumberActionNumber=7)
        s = is_workflow_actions_dictatetext()
        Dictionary = is_workflow_actions_detect_dictionary(WFInput=clipboard())
        d = Dictionary
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=1)
        Dictionary_2 = is_workflow_actions_setvalueforkey(WFDictionary=d, WFDictionaryKey=s, WFDictionaryValue=Calculation_Result)
        d = Dictionary_2
    """),
    row("d.update({'a': 1, 'b': s})", r"""
        s = is_workflow_actions_dictatetext()
        Dictionary = is_workflow_actions_detect_dictionary(WFInput=clipboard())
        d = Dictionary
        Number = is_workflow_actions_number(WFNumberActionNumber=1)
        Dictionary_2 = is_workflow_actions_setvalueforkey(WFDictionary=d, WFDictionaryKey='a', WFDictionaryValue=Number)
        d = Dictionary_2
        Dictionary_3 = is_workflow_actions_setvalueforkey(WFDictionary=d, WFDictionaryKey='b', WFDictionaryValue=s)
        d = Dictionary_3
    """),
    row("y = d.get('a')", "y = d['a']"),
    row("y = d.get('a', 0) + 1", r"""
        Value = d['a']
        if not d['a']:
            Number = is_workflow_actions_number(WFNumberActionNumber=0)
            Value = Number
        y = is_workflow_actions_math(WFInput=Value, WFMathOperand=1)
    """),
    row('y = list(d.keys())', "y = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=d)"),
    row('y = len(d.keys())', r"""
        Dictionary_Value = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=d)
        y = is_workflow_actions_count(Input=Dictionary_Value)
    """),
    row(r"""
        for k in d:
            print(k, d[k])
    """, r"""
        Dictionary_Value = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=d)
        for Repeat_Item in Dictionary_Value:
            Dictionary_Value_2 = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item, WFInput=d)
            is_workflow_actions_showresult(Text=f'{Repeat_Item} {Dictionary_Value_2}')
    """, differs=differences.SHOWN),
    row(r"""
        for k in d.keys():
            print(k)
    """, r"""
        Dictionary_Value = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=d)
        for Repeat_Item in Dictionary_Value:
            is_workflow_actions_showresult(Text=Repeat_Item)
    """),
    row(r"""
        for v in d.values():
            print(v)
    """, r"""
        Dictionary_Value = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Values', WFInput=d)
        for Repeat_Item in Dictionary_Value:
            is_workflow_actions_showresult(Text=Repeat_Item)
    """, differs=differences.SHOWN),
    row(r"""
        if s in d:
            print(d[s])
    """, r"""
        Dictionary_Value = is_workflow_actions_getvalueforkey(WFDictionaryKey=s, WFInput=d)
        if Dictionary_Value:
            Dictionary_Value_2 = is_workflow_actions_getvalueforkey(WFDictionaryKey=s, WFInput=d)
            is_workflow_actions_showresult(Text=Dictionary_Value_2)
    """, differs=differences.SHOWN),
    row(r"""
        if 'a' not in d:
            print('none')
    """, r"""
        if not d['a']:
            is_workflow_actions_showresult(Text='none')
    """),
    row(r"""
        if len(xs) > 3:
            print('many')
    """, r"""
        Count = is_workflow_actions_count(Input=xs)
        if Count > 3:
            is_workflow_actions_showresult(Text='many')
    """),
    row(r"""
        if not xs:
            print('none')
    """, r"""
        if not xs:
            is_workflow_actions_showresult(Text='none')
    """),
    row(r"""
        if n % 2 == 0:
            print('even')
    """, r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperand=2, WFScientificMathOperation='Modulus')
        if Calculation_Result == 0:
            is_workflow_actions_showresult(Text='even')
    """),
    row(r"""
        if s == 'a' or s == 'b' and n > 5:
            print(1)
    """, r"""
        if s == 'b' and n > 5:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        if s == 'a' or Flag == 1:
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if s == 'a' and (n > 5 or n < 2):
            print(1)
        else:
            print(2)
    """, r"""
        if n > 5 or n < 2:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        if s == 'a' and Flag == 1:
            is_workflow_actions_showresult(Text='1')
        else:
            is_workflow_actions_showresult(Text='2')
    """),
    row(r"""
        if not (s == 'a' or len(s) > 5):
            print(1)
    """, r"""
        Count = is_workflow_actions_count(Input=s, WFCountType='Characters')
        if s != 'a' and Count <= 5:
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if 0 < n < 10:
            print(1)
    """, r"""
        if n > 0 and n < 10:
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if 1 <= n <= 10:
            print(1)
    """, r"""
        if 1 <= n <= 10:
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if s in ['a', 'b']:
            print(1)
    """, r"""
        if s == 'a' or s == 'b':
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if s not in ('a', 'b'):
            print(1)
    """, r"""
        if s != 'a' and s != 'b':
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if s.lower().startswith('a'):
            print(1)
    """, r"""
        Updated_Text = is_workflow_actions_text_changecase(WFCaseType='lowercase', text=s)
        if Updated_Text.startswith('a'):
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if s.startswith(('http://', 'https://')):
            print(1)
    """, r"""
        if s.startswith('http://') or s.startswith('https://'):
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if s.isdigit() and n > 5:
            print(1)
    """, r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='\\A[0-9]+\\z', text=s)
        if Matches and n > 5:
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if x is None:
            print(1)
    """, r"""
        if not x:
            is_workflow_actions_showresult(Text='1')
    """, differs=differences.ONE_ITEM),
    row(r"""
        if x is not None and s:
            print(1)
    """, r"""
        if x and s:
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if re.search('[0-9]+', s):
            print(1)
    """, r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='[0-9]+', text=s)
        if Matches:
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if any(x == 'a' for x in xs):
            print(1)
    """, r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        Found = Number
        for Repeat_Item in xs:
            if Repeat_Item == 'a':
                Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
                Found = Number_2
        if Found == 1:
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if os.path.exists('a.txt'):
            print(open('a.txt').read())
    """, r"""
        File = is_workflow_actions_documentpicker_open(WFFileErrorIfNotFound=False, WFGetFilePath='a.txt', WFShowFilePicker=False)
        if File:
            File_2 = is_workflow_actions_documentpicker_open(WFGetFilePath='a.txt', WFShowFilePicker=False)
            Text = is_workflow_actions_detect_text(WFInput=File_2)
            is_workflow_actions_showresult(Text=Text)
    """),
    row(r"""
        if n > 5:
            print(1)
        elif len(s) > 2:
            print(2)
        else:
            print(3)
    """, r"""
        if n > 5:
            is_workflow_actions_showresult(Text='1')
        else:
            Count = is_workflow_actions_count(Input=s, WFCountType='Characters')
            if Count > 2:
                is_workflow_actions_showresult(Text='2')
            else:
                is_workflow_actions_showresult(Text='3')
    """),
    row(r"""
        if (k := len(s)) > 3:
            print(k)
    """, r"""
        k = is_workflow_actions_count(Input=s, WFCountType='Characters')
        if k > 3:
            is_workflow_actions_showresult(Text=k)
    """),
    row(r"""
        done = False
        if n > 5:
            done = True
        if not done:
            print(1)
    """, r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        done = Number
        if n > 5:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
            done = Number_2
        if done != 1:
            is_workflow_actions_showresult(Text='1')
    """),
    row("y = n > 5 and s == 'a'", r"""
        if n > 5 and s == 'a':
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            y = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            y = Number_2
    """),
    row('y = not s', r"""
        if not s:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            y = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            y = Number_2
    """),
    row("y = s or 'nobody'", r"""
        y = s
        if not s:
            Text = is_workflow_actions_gettext(WFTextActionText='nobody')
            y = Text
    """),
    row("print('yes' if n > 5 else 'no')", r"""
        if n > 5:
            Text = is_workflow_actions_gettext(WFTextActionText='yes')
            Value = Text
        else:
            Text_2 = is_workflow_actions_gettext(WFTextActionText='no')
            Value = Text_2
        is_workflow_actions_showresult(Text=Value)
    """),
    row('a = b = 0', r"""
        b = is_workflow_actions_number(WFNumberActionNumber=0)
        a = is_workflow_actions_number(WFNumberActionNumber=0)
    """),
    row('a, b = n, s', r"""
        a = n
        b = s
    """),
    row(r"""
        a, b = 1, 2
        a, b = b, a
    """, r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=1)
        a = Number
        Number_2 = is_workflow_actions_number(WFNumberActionNumber=2)
        b = Number_2
        Old = a
        a = b
        b = Old
    """),
    row("first, second = s.split(',')", r"""
        Split_Text = is_workflow_actions_text_split(WFTextCustomSeparator=',', WFTextSeparator='Custom', text=s)
        first = is_workflow_actions_getitemfromlist(WFInput=Split_Text)
        second = is_workflow_actions_getitemfromlist(WFInput=Split_Text, WFItemIndex=2, WFItemSpecifier='Item At Index')
    """, s=['a,b', ',b', 'a,', ' x , y ', 'é,1']),
    row('y: int = n + 1', 'y = is_workflow_actions_math(WFInput=n, WFMathOperand=1)'),
    row(r"""
        for i in range(5):
            print(i)
    """, r"""
        for Repeat_Index in range(1, 6):
            i = is_workflow_actions_math(WFInput=Repeat_Index, WFMathOperand=1, WFMathOperation='-')
            is_workflow_actions_showresult(Text=i)
    """),
    row(r"""
        for i in range(1, 4):
            print(i)
    """, r"""
        for Repeat_Index in range(1, 4):
            is_workflow_actions_showresult(Text=Repeat_Index)
    """),
    row(r"""
        for i in range(n):
            print(i + 1)
    """, r"""
        for Repeat_Index in range(1, n + 1):
            is_workflow_actions_showresult(Text=Repeat_Index)
    """),
    row(r"""
        for i in range(len(xs)):
            print(xs[i])
    """, r"""
        Count = is_workflow_actions_count(Input=xs)
        for Repeat_Index in range(1, Count + 1):
            Item_from_List = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemIndex=Repeat_Index, WFItemSpecifier='Item At Index')
            is_workflow_actions_showresult(Text=Item_from_List)
    """),
    row(r"""
        for i in range(n, m):
            print(i)
    """, r"""
        Calculation_Result = is_workflow_actions_math(WFInput=m, WFMathOperand=n, WFMathOperation='-')
        Calculation_Result_2 = is_workflow_actions_math(WFInput=n, WFMathOperand=1, WFMathOperation='-')
        for Repeat_Index in range(1, Calculation_Result + 1):
            i = is_workflow_actions_math(WFInput=Repeat_Index, WFMathOperand=Calculation_Result_2)
            is_workflow_actions_showresult(Text=i)
    """),
    row(r"""
        for i in range(10, 0, -1):
            print(i)
    """, r"""
        for Repeat_Index in range(1, 11):
            i = is_workflow_actions_math(WFInput=11, WFMathOperand=Repeat_Index, WFMathOperation='-')
            is_workflow_actions_showresult(Text=i)
    """),
    row(r"""
        for i in range(0, n, 2):
            print(i)
    """, r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=2, WFMathOperation='÷')
        Rounded_Number = is_workflow_actions_round(WFInput=Calculation_Result, WFRoundMode='Always Round Up')
        for Repeat_Index in range(1, Rounded_Number + 1):
            Calculation_Result_2 = is_workflow_actions_math(WFInput=Repeat_Index, WFMathOperand=2, WFMathOperation='×')
            i = is_workflow_actions_math(WFInput=Calculation_Result_2, WFMathOperand=-2)
            is_workflow_actions_showresult(Text=i)
    """),
    row(r"""
        for _ in range(n + 1):
            print(s)
    """, r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=1)
        for _ in range(Calculation_Result):
            is_workflow_actions_showresult(Text=s)
    """),
    row(r"""
        for i, x in enumerate(xs):
            print(f'{i + 1}. {x}')
    """, r"""
        for Repeat_Index, Repeat_Item in enumerate(xs, start=1):
            is_workflow_actions_showresult(Text=f'{Repeat_Index}. {Repeat_Item}')
    """),
    row(r"""
        for i, x in enumerate(xs):
            print(i, x)
    """, r"""
        for Repeat_Index, Repeat_Item in enumerate(xs, start=1):
            i = is_workflow_actions_math(WFInput=Repeat_Index, WFMathOperand=1, WFMathOperation='-')
            is_workflow_actions_showresult(Text=f'{i} {Repeat_Item}')
    """),
    row(r"""
        for i, x in enumerate(xs, 1):
            print(i, x)
    """, r"""
        for Repeat_Index, Repeat_Item in enumerate(xs, start=1):
            is_workflow_actions_showresult(Text=f'{Repeat_Index} {Repeat_Item}')
    """),
    row(r"""
        for x in ['a', 'b']:
            print(x)
    """, r"""
        List = is_workflow_actions_list(WFItems=['a', 'b'])
        for Repeat_Item in List:
            is_workflow_actions_showresult(Text=Repeat_Item)
    """),
    row(r"""
        for c in s.upper():
            print(c)
    """, r"""
        Updated_Text = is_workflow_actions_text_changecase(WFCaseType='UPPERCASE', text=s)
        Split_Text = is_workflow_actions_text_split(WFTextSeparator='Every Character', text=Updated_Text)
        for Repeat_Item in Split_Text:
            is_workflow_actions_showresult(Text=Repeat_Item)
    """),
    row(r"""
        for line in s.splitlines():
            if not line:
                continue
            print(line)
    """, r"""
        Split_Text = is_workflow_actions_text_split(text=s)
        for Repeat_Item in Split_Text:
            if Repeat_Item:
                is_workflow_actions_showresult(Text=Repeat_Item)
    """),
    row(r"""
        for x in xs:
            if x == 'a':
                break
            print(x)
    """, r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        Done = Number
        for Repeat_Item in xs:
            if Done != 1:
                if Repeat_Item == 'a':
                    Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
                    Done = Number_2
                else:
                    is_workflow_actions_showresult(Text=Repeat_Item)
    """),
    row(r"""
        for x in reversed(xs):
            print(x)
    """, r"""
        Count = is_workflow_actions_count(Input=xs)
        Calculation_Result = is_workflow_actions_math(WFInput=Count, WFMathOperand=1)
        Reversed = []
        for Repeat_Index in range(1, Count + 1):
            Place = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperand=Repeat_Index, WFMathOperation='-')
            Item_from_List = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemIndex=Place, WFItemSpecifier='Item At Index')
            Reversed += [Item_from_List]
        for Repeat_Item in Reversed:
            is_workflow_actions_showresult(Text=Repeat_Item)
    """),
    row(r"""
        for x in sorted(xs):
            print(x)
    """, r"""
        Files = is_workflow_actions_filter_files(WFContentItemInputParameter=xs, WFContentItemSortOrder='A to Z', WFContentItemSortProperty='Name')
        for Repeat_Item in Files:
            is_workflow_actions_showresult(Text=Repeat_Item)
    """, differs=differences.ORDER),
    row(r"""
        i = 0
        while i < 3:
            print(i)
            i += 1
    """, r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        i = Number
        Calculation_Result = is_workflow_actions_math(WFInput=3, WFMathOperand=i, WFMathOperation='-')
        for _ in range(Calculation_Result):
            is_workflow_actions_showresult(Text=i)
            Calculation_Result_2 = is_workflow_actions_math(WFInput=i, WFMathOperand=1)
            i = Calculation_Result_2
    """),
    row(r"""
        while n > 0:
            n -= 2
    """, r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=7)
        n = Number
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=2, WFMathOperation='÷')
        Rounded_Number = is_workflow_actions_round(WFInput=Calculation_Result, WFRoundMode='Always Round Up')
        for _ in range(Rounded_Number):
            Calculation_Result_2 = is_workflow_actions_math(WFInput=n, WFMathOperand=2, WFMathOperation='-')
            n = Calculation_Result_2
    """),
    row('y = t + timedelta(days=1, hours=2)', r"""
        Adjusted_Date = is_workflow_actions_adjustdate(WFDate=t, WFDuration=quantity(1, 'days'))
        y = is_workflow_actions_adjustdate(WFDate=Adjusted_Date, WFDuration=quantity(2, 'hr'))
    """),
    row('y = t - timedelta(weeks=2)', "y = is_workflow_actions_adjustdate(WFAdjustOperation='Subtract', WFDate=t, WFDuration=quantity(2, 'weeks'))"),
    row('y = t - timedelta(weeks=n)', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=7, WFMathOperation='×')
        y = is_workflow_actions_adjustdate(WFAdjustOperation='Subtract', WFDate=t, WFDuration=quantity(Calculation_Result, 'days'))
    """),
    row(r"""
        week = timedelta(days=7)
        y = t + week
    """, "y = is_workflow_actions_adjustdate(WFDate=t, WFDuration=quantity(7, 'days'))"),
    row('y = date.today() + timedelta(days=1)', r"""
        Adjusted_Date = is_workflow_actions_adjustdate(WFAdjustOperation='Get Start of Day', WFDate=current_date())
        y = is_workflow_actions_adjustdate(WFDate=Adjusted_Date, WFDuration=quantity(1, 'days'))
    """),
    row('y = (date(2026, 12, 24) - date.today()).days', r"""
        Adjusted_Date = is_workflow_actions_adjustdate(WFAdjustOperation='Get Start of Day', WFDate=current_date())
        Date = is_workflow_actions_date(WFDateActionDate='2026-12-24', WFDateActionMode='Specified Date')
        y = is_workflow_actions_gettimebetweendates(WFInput=Date, WFTimeUntilFromDate=Adjusted_Date, WFTimeUntilUnit='Days')
    """),
    row(r"""
        left = t - t2
        print(left.days)
    """, r"""
        Time_Between_Dates = is_workflow_actions_gettimebetweendates(WFInput=t, WFTimeUntilFromDate=t2, WFTimeUntilUnit='Days')
        is_workflow_actions_showresult(Text=Time_Between_Dates)
    """, differs=differences.DAYS),
    row('y = datetime(2026, 12, 24, 18, 30)', "y = is_workflow_actions_date(WFDateActionDate='2026-12-24 18:30', WFDateActionMode='Specified Date')"),
    row('y = datetime.now().replace(hour=0, minute=0, second=0)', "y = is_workflow_actions_adjustdate(WFAdjustOperation='Get Start of Day', WFDate=current_date())"),
    row('y = t.year + 1', "y = is_workflow_actions_math(WFInput=as_number(t.formatted('yyyy')), WFMathOperand=1)"),
    row(r"""
        if datetime.now().hour < 12:
            print('morning')
    """, r"""
        if as_number(current_date().formatted('H')) < 12:
            is_workflow_actions_showresult(Text='morning')
    """),
    row(r"""
        if t < datetime.now():
            print('past')
    """, r"""
        if t < current_date():
            is_workflow_actions_showresult(Text='past')
    """),
    row("y = requests.get(u).json()['name']", r"""
        Contents_of_URL = is_workflow_actions_downloadurl(WFURL=u)
        Dictionary = is_workflow_actions_detect_dictionary(WFInput=Contents_of_URL)
        y = Dictionary['name']
    """),
    row("y = requests.get('https://example.org', params={'q': s, 'n': 5}, headers={'A': 'b'}, timeout=10).text", r"""
        URL_Encoded_Text = is_workflow_actions_urlencode(WFInput=s)
        Contents_of_URL = is_workflow_actions_downloadurl(WFHTTPHeaders={'A': 'b'}, WFURL=f'https://example.org?q={URL_Encoded_Text}&n=5')
        y = is_workflow_actions_detect_text(WFInput=Contents_of_URL)
    """),
    row("y = requests.post(u, json={'a': s, 'n': n + 1}).json()", r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=1)
        Contents_of_URL = is_workflow_actions_downloadurl(WFHTTPBodyType='JSON', WFHTTPMethod='POST', WFJSONValues={'a': s, 'n': number(Calculation_Result)}, WFURL=u)
        y = is_workflow_actions_detect_dictionary(WFInput=Contents_of_URL)
    """),
    row("y = requests.post(u, data={'a': s})", "y = is_workflow_actions_downloadurl(WFFormValues={'a': s}, WFHTTPBodyType='Form', WFHTTPMethod='POST', WFURL=u)"),
    row("y = re.findall('id=([0-9]+)', s)", r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='id=([0-9]+)', text=s)
        Groups = []
        for Repeat_Item in Matches:
            Text = is_workflow_actions_text_match_getgroup(matches=Repeat_Item)
            Groups += [Text]
        y = Groups
    """),
    row("y = re.findall('[a-z]+', s, re.IGNORECASE)", "y = is_workflow_actions_text_match(WFMatchTextCaseSensitive=False, WFMatchTextPattern='[a-z]+', text=s)"),
    row(r"y = re.sub('([0-9]+)', r'<\1>', s)", "y = is_workflow_actions_text_replace(WFInput=s, WFReplaceTextFind='([0-9]+)', WFReplaceTextRegularExpression=True, WFReplaceTextReplace='<$1>')"),
    row("y = random.choice(['a', 'b'])", r"""
        List = is_workflow_actions_list(WFItems=['a', 'b'])
        y = is_workflow_actions_getitemfromlist(WFInput=List, WFItemSpecifier='Random Item')
    """),
    row("y = json.loads(s)['a']", r"""
        Dictionary = is_workflow_actions_detect_dictionary(WFInput=s)
        y = Dictionary['a']
    """, s=['{"a": 1}', '{"a": "x", "b": 2}', '{"a": {"b": 1}}', '{"a": [1, 2]}', '{"a": ""}']),
    row(r"""
        with open('a.txt') as f:
            for line in f:
                print(line)
    """, r"""
        File = is_workflow_actions_documentpicker_open(WFGetFilePath='a.txt', WFShowFilePicker=False)
        Text = is_workflow_actions_detect_text(WFInput=File)
        Split_Text = is_workflow_actions_text_split(text=Text)
        for Repeat_Item in Split_Text:
            is_workflow_actions_showresult(Text=Repeat_Item)
    """),
    row(r"""
        with open('a.txt', 'a') as f:
            f.write(s + '\n')
    """, "is_workflow_actions_file_append(WFFilePath='a.txt', WFInput=s)"),
    row(r"""
        with open('a.txt', 'w') as f:
            f.write(s)
    """, "is_workflow_actions_documentpicker_save(WFAskWhereToSave=False, WFFileDestinationPath='a.txt', WFInput=s, WFSaveFileOverwrite=True)"),
    row(r"""
        import json
        with open('a.json', 'w') as f:
            json.dump(d, f)
    """, "is_workflow_actions_documentpicker_save(WFAskWhereToSave=False, WFFileDestinationPath='a.json', WFInput=d, WFSaveFileOverwrite=True)"),
    row('y = shortcut_input', 'y = shortcut_input()'),
    row('print(clipboard)', 'is_workflow_actions_showresult(Text=clipboard())'),
    row("is_workflow_actions_setclipboard(WFInput=f'{n} and {s}')", r"""
        Text = is_workflow_actions_gettext(WFTextActionText=f'{n} and {s}')
        y = is_workflow_actions_setclipboard(WFInput=Text)
    """),
    row("is_workflow_actions_choosefromlist(WFInput=['a', 'b'])", r"""
        List = is_workflow_actions_list(WFItems=['a', 'b'])
        y = is_workflow_actions_choosefromlist(WFInput=List)
    """),
    row('is_workflow_actions_notification(WFNotificationActionBody=s.upper())', r"""
        Updated_Text = is_workflow_actions_text_changecase(WFCaseType='UPPERCASE', text=s)
        y = is_workflow_actions_notification(WFNotificationActionBody=Updated_Text)
    """),
    row(r"""
        def twice(k):
            return k * 2

        print(twice(n))
    """, r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=2, WFMathOperation='×')
        is_workflow_actions_showresult(Text=Calculation_Result)
    """, differs=differences.WHOLE),
    row(r"""
        def greet(who):
            if not who:
                return 'Nobody'
            return f'Hello {who}'

        print(greet(s))
    """, r"""
        if not s:
            Text = is_workflow_actions_gettext(WFTextActionText='Nobody')
            Result = Text
        else:
            Text_2 = is_workflow_actions_gettext(WFTextActionText=f'Hello {s}')
            Result = Text_2
        is_workflow_actions_showresult(Text=Result)
    """),
    row(r"""
        def main():
            print(1)

        if __name__ == '__main__':
            main()
    """, "is_workflow_actions_showresult(Text='1')"),
    row('exit()', 'is_workflow_actions_exit()'),
    row('return n + 1', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=1)
        is_workflow_actions_output(WFOutput=Calculation_Result)
    """),
    row(r"""
        match s:
            case 'a' | 'b':
                print(1)
            case _:
                print(2)
    """, r"""
        if s == 'a' or s == 'b':
            is_workflow_actions_showresult(Text='1')
        else:
            is_workflow_actions_showresult(Text='2')
    """),
    row(r"""
        match input(prompt='Which?'):
            case 'a':
                print(1)
    """, r"""
        match menu('Which?'):
            case 'a':
                is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        from random import randint as dice
        y = dice(1, 6)
    """, 'y = is_workflow_actions_number_random(WFRandomNumberMaximum=6, WFRandomNumberMinimum=1)'),
    row('com.sindresorhus.Actions.GetRandomNumberFromSeed()', 'y = com_sindresorhus_Actions_GetRandomNumberFromSeed()'),
    row('h, k = divmod(n, 60)', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperand=60, WFMathOperation='÷')
        h = is_workflow_actions_round(WFInput=Calculation_Result, WFRoundMode='Always Round Down')
        Calculation_Result_2 = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperand=60, WFScientificMathOperation='Modulus')
        Calculation_Result_3 = is_workflow_actions_math(WFInput=Calculation_Result_2, WFMathOperand=60)
        k = is_workflow_actions_math(WFInput=Calculation_Result_3, WFMathOperation='…', WFScientificMathOperand=60, WFScientificMathOperation='Modulus')
    """),
    row("y = (Path('a') / 'b.txt').read_text()", r"""
        File = is_workflow_actions_documentpicker_open(WFGetFilePath='a/b.txt', WFShowFilePicker=False)
        y = is_workflow_actions_detect_text(WFInput=File)
    """),
    row('y = [0] * 3', 'y = is_workflow_actions_list(WFItems=[0, 0, 0])'),
    row(r"""
        for k in sorted({'b': 1, 'a': 2}):
            print(k)
    """, r"""
        Dictionary = is_workflow_actions_dictionary(WFItems={'b': 1, 'a': 2})
        Dictionary_Value = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=Dictionary)
        Files = is_workflow_actions_filter_files(WFContentItemInputParameter=Dictionary_Value, WFContentItemSortOrder='A to Z', WFContentItemSortProperty='Name')
        for Repeat_Item in Files:
            is_workflow_actions_showresult(Text=Repeat_Item)
    """),
    row('is_workflow_actions_showresult(Text=s, WFOdd=None)', 'y = is_workflow_actions_showresult(Text=s)'),
    row("y = input('a') + str(len(input('b')))", r"""
        Provided_Input = is_workflow_actions_ask(WFAskActionPrompt='a')
        Provided_Input_2 = is_workflow_actions_ask(WFAskActionPrompt='b')
        Count = is_workflow_actions_count(Input=Provided_Input_2, WFCountType='Characters')
        y = is_workflow_actions_gettext(WFTextActionText=f'{Provided_Input}{Count}')
    """),
    row(r"""
        for i in range(3):
            if s == 'a':
                print(i)
                break
            elif s == 'b':
                print(n)
            print(s)
    """, r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        Done = Number
        for Repeat_Index in range(1, 4):
            i = is_workflow_actions_math(WFInput=Repeat_Index, WFMathOperand=1, WFMathOperation='-')
            if Done != 1:
                if s == 'a':
                    is_workflow_actions_showresult(Text=i)
                    Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
                    Done = Number_2
                else:
                    if s == 'b':
                        is_workflow_actions_showresult(Text=n)
                    is_workflow_actions_showresult(Text=s)
    """),
    row(r"""
        for x in xs:
            if x == 'a':
                if n > 5:
                    break
                print(x)
            print(n)
    """, r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        Done = Number
        for Repeat_Item in xs:
            if Done != 1:
                if Repeat_Item == 'a':
                    if n > 5:
                        Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
                        Done = Number_2
                    else:
                        is_workflow_actions_showresult(Text=Repeat_Item)
                if Done != 1:
                    is_workflow_actions_showresult(Text=n)
    """),
    row(r"""
        if n > 1 and input('?') == 'a':
            print(1)
    """, r"""
        if n > 1:
            Provided_Input = is_workflow_actions_ask(WFAskActionPrompt='?')
            if Provided_Input == 'a':
                is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if n > 1 and input('?') == 'a':
            print(1)
        else:
            print(2)
    """, r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        Flag = Number
        if n > 1:
            Provided_Input = is_workflow_actions_ask(WFAskActionPrompt='?')
            if Provided_Input == 'a':
                Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
                Flag = Number_2
        if Flag == 1:
            is_workflow_actions_showresult(Text='1')
        else:
            is_workflow_actions_showresult(Text='2')
    """),
    row(r"""
        if n > 1 or xs[2] == 'a':
            print(1)
    """, r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        Flag = Number
        if n > 1:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number_2
        else:
            Item_from_List = is_workflow_actions_getitemfromlist(WFInput=xs, WFItemIndex=3, WFItemSpecifier='Item At Index')
            if Item_from_List == 'a':
                Number_3 = is_workflow_actions_number(WFNumberActionNumber=1)
                Flag = Number_3
        if Flag == 1:
            is_workflow_actions_showresult(Text='1')
    """),
    row('print(n > 5)', r"""
        if n > 5:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            Flag = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            Flag = Number_2
        if Flag == 1:
            Text = is_workflow_actions_gettext(WFTextActionText='True')
            Text_variable = Text
        else:
            Text_2 = is_workflow_actions_gettext(WFTextActionText='False')
            Text_variable = Text_2
        is_workflow_actions_showresult(Text=Text_variable)
    """),
    row(r"""
        if 'a' in s.split():
            print(1)
    """, r"""
        Matches = is_workflow_actions_text_match(WFMatchTextPattern='\\S+', text=s)
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        Found = Number
        for Repeat_Item in Matches:
            if Repeat_Item == 'a':
                Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
                Found = Number_2
        if Found == 1:
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        if s not in s.split(','):
            print(1)
    """, r"""
        Split_Text = is_workflow_actions_text_split(WFTextCustomSeparator=',', WFTextSeparator='Custom', text=s)
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        Found = Number
        for Repeat_Item in Split_Text:
            if Repeat_Item == f'{s}':
                Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
                Found = Number_2
        if Found != 1:
            is_workflow_actions_showresult(Text='1')
    """),
    row(r"""
        t3 = t
        gap = t3 - t2
        t3 = t2
        print(gap.days)
    """, r"""
        t3 = t
        Old = t3
        t3 = t2
        Time_Between_Dates = is_workflow_actions_gettimebetweendates(WFInput=Old, WFTimeUntilFromDate=t2, WFTimeUntilUnit='Days')
        is_workflow_actions_showresult(Text=Time_Between_Dates)
    """, differs=differences.DAYS),
    row('y = {k: len(k) for k in xs}', r"""
        Dictionary = is_workflow_actions_dictionary(WFItems={})
        Dictionary_variable = Dictionary
        for Repeat_Item in xs:
            Count = is_workflow_actions_count(Input=Repeat_Item, WFCountType='Characters')
            Dictionary_2 = is_workflow_actions_setvalueforkey(WFDictionary=Dictionary_variable, WFDictionaryKey=Repeat_Item, WFDictionaryValue=Count)
            Dictionary_variable = Dictionary_2
        y = Dictionary_variable
    """),
    row(r"""
        names = []
        for _ in range(3):
            names.append(input('Who?'))
        print(sum(len(k) for k in names))
    """, r"""
        names = []
        for _ in range(3):
            Provided_Input = is_workflow_actions_ask(WFAskActionPrompt='Who?')
            names += [Provided_Input]
        List = []
        for Repeat_Item in names:
            Count = is_workflow_actions_count(Input=Repeat_Item, WFCountType='Characters')
            List += [Count]
        Statistics = is_workflow_actions_statistics(Input=List, WFStatisticsOperation='Sum')
        is_workflow_actions_showresult(Text=Statistics)
    """),
    row(r"""
        squares = {k: k * k for k in range(1, 4)}
        print(squares[2])
    """, r"""
        Dictionary = is_workflow_actions_dictionary(WFItems={})
        Dictionary_variable = Dictionary
        for Repeat_Index in range(1, 4):
            Calculation_Result = is_workflow_actions_math(WFInput=Repeat_Index, WFMathOperand=Repeat_Index, WFMathOperation='×')
            Dictionary_2 = is_workflow_actions_setvalueforkey(WFDictionary=Dictionary_variable, WFDictionaryKey=Repeat_Index, WFDictionaryValue=Calculation_Result)
            Dictionary_variable = Dictionary_2
        squares = Dictionary_variable
        Dictionary_Value = is_workflow_actions_getvalueforkey(WFDictionaryKey='2', WFInput=squares)
        is_workflow_actions_showresult(Text=Dictionary_Value)
    """),
    row('t.weekday()', r"""
        Adjusted_Date = is_workflow_actions_adjustdate(WFAdjustOperation='Get Start of Day', WFDate=t)
        Number = Adjusted_Date
        Time_Between_Dates = is_workflow_actions_gettimebetweendates(WFInput=Number, WFTimeUntilFromDate='1900-01-01', WFTimeUntilUnit='Days')
        y = is_workflow_actions_math(WFInput=Time_Between_Dates, WFMathOperation='…', WFScientificMathOperand=7, WFScientificMathOperation='Modulus')
    """),
    row('t.isoweekday()', r"""
        Adjusted_Date = is_workflow_actions_adjustdate(WFAdjustOperation='Get Start of Day', WFDate=t)
        Number = Adjusted_Date
        Time_Between_Dates = is_workflow_actions_gettimebetweendates(WFInput=Number, WFTimeUntilFromDate='1900-01-01', WFTimeUntilUnit='Days')
        Calculation_Result = is_workflow_actions_math(WFInput=Time_Between_Dates, WFMathOperation='…', WFScientificMathOperand=7, WFScientificMathOperation='Modulus')
        y = is_workflow_actions_math(WFInput=Calculation_Result, WFMathOperand=1)
    """),
    row('y = t.replace(year=2027, month=1)', r"""
        Text = is_workflow_actions_gettext(WFTextActionText=t.formatted('2027-01-dd HH:mm:ss'))
        y = is_workflow_actions_detect_date(WFInput=Text)
    """),
    row('y = t.replace(day=15, hour=18)', r"""
        Text = is_workflow_actions_gettext(WFTextActionText=t.formatted('yyyy-MM-15 18:mm:ss'))
        y = is_workflow_actions_detect_date(WFInput=Text)
    """),
    row('y = t.replace(day=1)', r"""
        Text = is_workflow_actions_gettext(WFTextActionText=t.formatted('yyyy-MM-01 HH:mm:ss'))
        y = is_workflow_actions_detect_date(WFInput=Text)
    """),
    row("y = f'{t:%V}'", "y = is_workflow_actions_gettext(WFTextActionText=t.formatted('ww'))", differs=differences.WEEKS),
    row('y = sorted(xs, key=str.lower)', "y = is_workflow_actions_filter_files(WFContentItemInputParameter=xs, WFContentItemSortOrder='A to Z', WFContentItemSortProperty='Name')"),
    row('for i, (a, b) in enumerate(zip(xs, ys), 1):\n    print(i, a, b)', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        i = Number
        Count = is_workflow_actions_count(Input=ys)
        for Repeat_Index, Repeat_Item in enumerate(xs, start=1):
            if Repeat_Index <= Count:
                b = is_workflow_actions_getitemfromlist(WFInput=ys, WFItemIndex=Repeat_Index, WFItemSpecifier='Item At Index')
                Calculation_Result = is_workflow_actions_math(WFInput=i, WFMathOperand=1)
                i = Calculation_Result
                is_workflow_actions_showresult(Text=f'{i} {Repeat_Item} {b}')
    """),
    row('for i, (k, v) in enumerate(d.items()):\n    print(i, k)', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=-1)
        i = Number
        Dictionary_Value = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=d)
        for Repeat_Item in Dictionary_Value:
            Calculation_Result = is_workflow_actions_math(WFInput=i, WFMathOperand=1)
            i = Calculation_Result
            is_workflow_actions_showresult(Text=f'{i} {Repeat_Item}')
    """),
    row("seen = []\nfor x in xs:\n    if x not in seen:\n        seen.append(x)\nprint(', '.join(seen))", r"""
        seen = []
        for Repeat_Item in xs:
            Number = is_workflow_actions_number(WFNumberActionNumber=0)
            Found = Number
            for Repeat_Item_2 in seen:
                if Repeat_Item_2 == f'{Repeat_Item}':
                    Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
                    Found = Number_2
            if Found != 1:
                seen += [Repeat_Item]
        Combined_Text = is_workflow_actions_text_combine(WFTextCustomSeparator=', ', WFTextSeparator='Custom', text=seen)
        is_workflow_actions_showresult(Text=Combined_Text)
    """),
    row('y = [x for x in xs if x not in ys]', r"""
        y = []
        for Repeat_Item in xs:
            Number = is_workflow_actions_number(WFNumberActionNumber=0)
            Found = Number
            for Repeat_Item_2 in ys:
                if Repeat_Item_2 == f'{Repeat_Item}':
                    Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
                    Found = Number_2
            if Found != 1:
                y += [Repeat_Item]
    """),
    row('if s in xs:\n    print(len(xs))', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        Found = Number
        for Repeat_Item in xs:
            if Repeat_Item == f'{s}':
                Number_2 = is_workflow_actions_number(WFNumberActionNumber=1)
                Found = Number_2
        if Found == 1:
            Count = is_workflow_actions_count(Input=xs)
            is_workflow_actions_showresult(Text=Count)
    """),
    row('y = n % m == 0', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperand=m, WFScientificMathOperation='Modulus')
        if Calculation_Result == 0:
            Number = is_workflow_actions_number(WFNumberActionNumber=1)
            y = Number
        else:
            Number_2 = is_workflow_actions_number(WFNumberActionNumber=0)
            y = Number_2
    """),
    row('if n % m:\n    print(1)', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperand=m, WFScientificMathOperation='Modulus')
        if Calculation_Result != 0:
            is_workflow_actions_showresult(Text='1')
    """),
    row('y = int(n)', r"""
        Calculation_Result = is_workflow_actions_math(WFInput=n, WFMathOperation='…', WFScientificMathOperand=1, WFScientificMathOperation='Modulus')
        Calculation_Result_2 = is_workflow_actions_math(WFInput=n, WFMathOperand=Calculation_Result, WFMathOperation='-')
        y = is_workflow_actions_round(WFInput=Calculation_Result_2)
    """),
    row('y = len([x for x in xs if len(x) > 1])', r"""
        List = []
        for Repeat_Item in xs:
            Count = is_workflow_actions_count(Input=Repeat_Item, WFCountType='Characters')
            if Count > 1:
                List += [Repeat_Item]
        y = is_workflow_actions_count(Input=List)
    """),
    row('counts = {}\nfor x in xs:\n    counts[x] = counts.get(x, 0) + 1\nprint(len(counts))', r"""
        Dictionary = is_workflow_actions_dictionary(WFItems={})
        counts = Dictionary
        for Repeat_Item in xs:
            Dictionary_Value = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item, WFInput=counts)
            Value = Dictionary_Value
            if not Dictionary_Value:
                Number = is_workflow_actions_number(WFNumberActionNumber=0)
                Value = Number
            Calculation_Result = is_workflow_actions_math(WFInput=Value, WFMathOperand=1)
            Dictionary_2 = is_workflow_actions_setvalueforkey(WFDictionary=counts, WFDictionaryKey=Repeat_Item, WFDictionaryValue=Calculation_Result)
            counts = Dictionary_2
        Dictionary_Value_2 = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=counts)
        Count = is_workflow_actions_count(Input=Dictionary_Value_2)
        is_workflow_actions_showresult(Text=Count)
    """),
    row('best = 0\nfor x in xs:\n    if len(x) > best:\n        best = len(x)\nprint(best)', r"""
        Number = is_workflow_actions_number(WFNumberActionNumber=0)
        best = Number
        for Repeat_Item in xs:
            Count = is_workflow_actions_count(Input=Repeat_Item, WFCountType='Characters')
            if Count > best:
                Count_2 = is_workflow_actions_count(Input=Repeat_Item, WFCountType='Characters')
                best = Count_2
        is_workflow_actions_showresult(Text=best)
    """),
    row("lines = []\nfor x in xs:\n    lines.append(f'{len(x):03d} {x}')\nprint(len(sorted(lines)))", r"""
        lines = []
        for Repeat_Item in xs:
            Count = is_workflow_actions_count(Input=Repeat_Item, WFCountType='Characters')
            Updated_Text = is_workflow_actions_text_replace(WFInput=f'000{Count}', WFReplaceTextFind='\\A0{0,3}(?=[\\s\\S]{3})', WFReplaceTextRegularExpression=True)
            Text = is_workflow_actions_gettext(WFTextActionText=f'{Updated_Text} {Repeat_Item}')
            lines += [Text]
        Files = is_workflow_actions_filter_files(WFContentItemInputParameter=lines, WFContentItemSortOrder='A to Z', WFContentItemSortProperty='Name')
        Count_2 = is_workflow_actions_count(Input=Files)
        is_workflow_actions_showresult(Text=Count_2)
    """),
]  # fmt: skip

# What is refused: the program, and words of the message.
ADVICE = [
    ("a = [1]\nb = a\nb.append(2)", "make the second with .copy()"), ("a = {}\nb = a\na['k'] = 2", "a and b are one"), ("a = b = []\na.append(1)", "two in a shortcut"),
    ("a = [1]\nb = a\nb += [2]", "b and a are one"), ("a = [1]\nb = a if n > 3 else []\nb.append(2)", "b and a are one"), ("a = [1]\nb = a or [5]\nb.append(2)", "b and a are one"),
    ("a = [1]\nb = a\nif n < 3:\n    b = [3]\nb.append(4)", "b and a are one"), ("a = [1]\nb = a\nc = b\nb = [9]\nc.append(5)", "c and a are one"),
    ("d = timedelta(days=1)\nif n > 5:\n    d = timedelta(weeks=1)\nt2 = t + d", "d is a timedelta, and set twice"),
    ("if n > 5:\n    p = Path('a')\nelse:\n    p = Path('b')\np.write_text(s)", "p is a file, and set twice"),
    ("f = open('a', 'w')\nf.write(s)\nf.write(s)", "with open"), ("f = open('a', 'w')\nfor x in xs:\n    f.write(x)", "with open"),
    ("print(s, end='')", "a result of its own"), ("print(s, file=s)", "with open"), ("def f():\n    nonlocal n\n    n = 5\nf()", "nonlocal"),
    ("def f():\n    global n\n    n = 5\n    return 1\ny = n + f()", "n is read before"), ("print(n, (n := 5), n)", "n is read before"),
    ("def f():\n    global n\n    n = 5\n    return 1\nn += f()", "n is read before"),
    ("def f(x=[]):\n    return x\ny = f()", "default"), ("def f():\n    return 1\ndef f():\n    return 2\ny = f()", "two functions"),
    ("for i in range(3):\n    print(xs[i - 1:])", "max(0, i - 1)"), ("y = re.sub('a', r'\\n', s)", "replacement"),
    ("y = re.sub('a', r'\\g<x>', s)", "replacement"), ("for i in range(2):\n    for i in range(3):\n        print(i)", "another name"),
    ("for x in xs:\n    for x in xs:\n        print(x)", "another name"), ("for x in xs:\n    xs.append(x)\n    print(x)", "while it is gone through"),
    ("y = s.replace('', '-')", "nothing to look for"), ("def f(x):\n    return list(map(lambda y: y + x, [1]))[0]\ny = 3\nz = f(y)", "another name"),
    ("n = 1\ndef f():\n    global n\n    n += 1\nwhile n < 4:\n    f()\n    n += 1", "rounds of a while"),
    ("for w in xs:\n    step = timedelta(days=7) if w == 'week' else timedelta(days=1)\n    t = t + step", "step is a timedelta, and one of two"),
    ("d = {'n': 1}\ndef f():\n    d['n'] = 5\n    return 2\nprint(d['n'], f())", "d is read before"),
    ("with open('a', 'w') as f:\n    for x in xs:\n        k = f.write(x)\n        print(k)", "a line of its own"),
    ("f = open('a', 'w')\nfor x in xs:\n    json.dump(d, f)", "with open"), ("f = open('a', 'w+')\nf.write(s)\nf.write(s)", "with open"),
    ("f = open('a', 5)\nprint(f.read())", "no mode that is written out"), ("def f(x=-n):\n    return x\nn = 5\ny = f()", "default"),
    ("seen = []\nseen.add(x)", "there are no sets"), ("y = max('hello')", "sorted('hello')[-1]"),
    ("y = x + x", "as_number(x) + y"), ("y = s + n", "f'{x} and {y}'"), ("y = s * n", "in a loop"), ("y = n - s", "int(x) or float(x)"),
    ("y = s / 2", "s is a text"), ("y = '%s' % s", "f-string"), ("y = n & m", "bits"), ("y = ~n", "bits"), ("y = round(n, m)", "a number from"),
    ("y = divmod(n, m)", "x // y"), ("y = random.random()", "random.randint(0, 100) / 100"), ("y = int('a')", "text of no number"),
    ("y = foo(5)", "no foo()"), ("y = lenn(xs)", "did you mean len"), ("y = showresult(Text='a')", "did you mean is_workflow_actions_showresult"),
    ("open_url('a')", "did you mean is_workflow_actions_openurl"), ("y = s.uper()", "did you mean .upper()"), ("y = s.frobnicate()", "search frobnicate"),
    ("y = requests.fetch(u)", "there is requests.get()"), ("y = requests.get(u, auth=s)", "there is no auth"), ("y = requests.get(u, params=s)", "written out"),
    ("y = requests.get(u).status_code", "status"), ("requests.get(u).raise_for_status()", "status"), ("y = round()", "round(n, 2)"),
    ("y = len(xs, ys)", "too many"), ("y = sorted(xs, key=len)", "f'{len(x):06d} {x}'"), ("y = sorted([3, 1, 2])", "10 before 9"), ("y = set(xs)", "seen"),
    ("y = {x for x in xs}", "seen"), ("y = any(xs)", "any(x == 'a' for x in xs)"), ("y = sum(s.split())", "float(x)"),
    ("y = max(xs, key=len)", "loop with an if"), ("y = xs[x]", "int(x)"), ("y = xs[::2]", "no step"), ("y = s[n:]", "written out"),
    ("y = s.split(',', 1)", "x[1:]"), ("y = s.find('a')", "'a' in s"), ("y = f'{n:>10}'", "no such format"), ("y = f'{x!r}'", "!r"),
    ("y = f'{t:%U}'", "no letter"), ("y = f'{n:{m}}'", "written out"), ("y = t + n", "date"), ("y = timedelta(months=1)", "adjustdate"),
    ("left = t - t2\nprint(left)", "(a - b).days"), ("y = t.replace(hour=n)", "written out"),
    ("y = datetime.strptime(s, '%d/%m/%y')", "%Y-%m-%d"), ("y = datetime(2026, 13, 1)", "month"), ("xs[0] = n", "no item of a list"),
    ("xs.remove('a')", "append what is to stay"), ("xs.pop()", "append what is to stay"), ("xs.append([len(xs)])", "becomes part of it"),
    ("x.Name = 'a'", "one name"), ("a, b, c = s", "is a text"), ("a, *b = xs", "on the left"), ("del d['a']", "nothing is deleted"),
    ("while True:\n    print(1)", "for _ in range(100)"), ("while n < 5:\n    print(n)", "n += 1"), ("while n < m:\n    m += 1\n    n += 1", "known before"),
    ("try:\n    print(1)\nexcept ValueError:\n    print(2)", "test a value"), ("with x as y:\n    print(y)", "open("),
    ("class A:\n    pass", "dictionary"), ("y = lambda a: a", "no functions"), ("raise ValueError('a')", "no exceptions"), ("assert n", "if not x"),
    ("def f(k):\n    return f(k - 1)\nprint(f(3))", "calls itself"), ("def f(k):\n    return k\nprint(f())", "takes k"),
    ("def f(k):\n    for x in xs:\n        return x\nprint(f(1))", "end of a function"), ("import numpy", "statistics.mean"), ("import foo", "search"),
    ("from subprocess import run", "runshellscript"), ("os.system('ls')", "Mac"), ("os.listdir('a')", "getfoldercontents"),
    ("y = os.environ.get('KEY')", "ask_on_import"), ("y = re.findall('(a)(b)', s)", "finditer"), ("y = re.findall('(', s)", "no regular expression"),
    ("y = re.sub('a', 'b', s, 1)", "every match"), ("y = open('a.txt')\nprint(y)", ".read()"), ("y = s.read()", "no file"),
    ("if s < 'b':\n    print(1)", "no order"), ("if s.lower() > s:\n    print(1)", "no order"),
    ("if 1 == 1:\n    print(1)", "always the same"), ("if True:\n    print(1)", "always the same"), ("if isinstance(x, str):\n    print(1)", "getitemtype"),
    ("for a, b in xs:\n    print(a)", "row['name']"), ("for x in xs:\n    print(x)\nelse:\n    print(1)", "after the loop"),
    ("for x in xs:\n    match x:\n        case 'a':\n            break", "under an if"), ("for i in range(0, 9, n):\n    print(i)", "step"),
    ("y = [1 for a, b in xs]", "row['name']"), ("y = d.items()", "for key, value in d.items()"), ("y = {**d}", "one by one"), ("print(*xs)", "one by one"),
    ("break", "stands in a for"), ("match s:\n    case [a, b]:\n        print(a)", "if and elif"), ("y = zip(xs, ys)", "head of a loop"),
    ("y = xs.index('a')", "enumerate"), ("yield n", "generators"), ("await x", "waits"), ("y = len", "call it"),
    ("y = list(dict.fromkeys(xs))", "for x in xs: if x not in seen"), ("y = collections.Counter(xs)", "for x in xs: counts[x] = counts.get(x, 0) + 1"),
    ("from collections import Counter\ny = Counter(xs)\nprint(y.most_common(3))", "for key, value in y.items()"),
    ("import csv\ny = csv.reader(s)", "line.split(',')"), ("y = t.isocalendar()", "t.strftime('%V')"),
    ("y = re.sub('[0-9]', lambda m: '#', s)", "a replacement is one text"), ("while True:\n    if s == 'a':\n        break", "if x: break"),
    ("for i, (a, b) in enumerate(x):\n    print(a)", "row['name']"), ("y = sorted(d.items(), key=lambda k: k[1])", "for key, value in d.items(): lines.append"),
    ("y = sorted(xs, key=lambda r: r['n'])", "for r in xs: lines.append"), ("y = float('inf')", "y = 10 ** 9"), ("y = float('abc')", "text of no number"),
    ("try:\n    y = float(s)\nexcept ValueError:\n    y = 0", "nothing"), ("y = len(x)", "len(str(x))"), ("y = len(d)", "len(d.keys())"),
    ("y = min(xs)", "sorted(xs)[0]"), ("y = max(d, key=d.get)", "if value > most"), ("y = next(k for k in xs)", "found[0]"), ("y = s.expandtabs()", "s.replace("),
    ("y = x.year", "fromisoformat(x).year"),
]  # fmt: skip
