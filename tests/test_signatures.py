"""Every helper and method takes what its signature says, and nothing else. `python -m pytest tests/test_signatures.py`"""

from __future__ import annotations

import pytest

import shortcuts
from shortcuts import DialectError
from shortcuts.forms import constants, header, signatures

WRONG = """
x.formatted('HH', time='Short')
x.formatted(5)
x.formatted(style=5)
x.formatted(style=x)
x.formatted(nonsense='a')
x.property('A', 1, 2)
x.property('A', foo=1)
x.property('A', x)
x.property('A', None)
x.property(5)
x.in_unit(5, 6)
x.in_unit('kg')
clipboard(5)
current_date('yyyy')
ask_each_time(5)
ask_each_time(prompt=x)
as_text(x, 'en')
as_text()
as_type(x)
as_type(x, y)
variable('a', 'b')
variable(x)
later('x')
missing('a', 'b')
missing('a', -1)
missing(x)
uuid_of(missing(5))
uuid_of('x')
quantity(5)
quantity(5, 'min', 7)
quantity(5, x)
time_offset('Add', 1, 'Day', 5)
time_offset('Add', 1)
data('QQ==', 1)
data('not base64')
data('QQ!==')
datetime(2020, 1)
datetime(2020, 13, 1)
datetime(2020, 1, 1, hour='5')
datetime(2020, 1, 1, era=5)
datetime(10**30, 1, 1)
uid(-1)
uid('1')
uid(1 << 64)
float('inf', 1)
dictionary({'a': 1}, 5)
dictionary(x)
attachment(x, 1)
attachment('a')
string_choice('a', 'b')
filter_all(rule('Name', 'contains', 'x'))
filter_all(rule('Name', 'nonsense', String='x'))
filter_all(rule(x, 'contains'))
filter_all('Name is x')
plain({'a': 1, 'a': 2})
'{²}'.format(x)
'{}'.format(x, x)
'{!r}'.format(x)
'{:>5}'.format(x)
f'{x!r}'
f'{x:>5}'
'{} {0}'.format(x, x)
'{a}'.format(a=x)
{'a': 1, **x}
previous_output(5)
1 << 64
99999999999999999999999
""".strip().splitlines()


@pytest.mark.parametrize("expression", WRONG)
def test_an_argument_that_a_helper_does_not_take_is_refused_by_line(expression: str) -> None:
    code = f"x = is_workflow_actions_nothing()\ny = clipboard()\nis_workflow_actions_getvariable(WFVariable={expression})\n"
    with pytest.raises(DialectError) as caught:
        shortcuts.to_shortcut(code)
    assert caught.value.line == 3 and caught.value.message
    assert [diagnostic.line for diagnostic in shortcuts.check(code)] == [3]


@pytest.mark.parametrize("expression", [expression for expression in WRONG if not expression.startswith(("{", "1 <<", "99", "plain"))])
def test_it_is_refused_inside_text_and_items_too(expression: str) -> None:
    for code in ("is_workflow_actions_dictionary(WFItems={'a': %s})", "names = ['a', %s]", "if %s:\n    pass", "for i in %s:\n    pass"):
        assert shortcuts.check("x = is_workflow_actions_nothing()\ny = clipboard()\n" + code.replace("%s", expression))


WRONG_LINES = """
x = is_workflow_actions_date(UUID=y)
action()
action('a.b', {})
action('a.b', 'c.d')
action(y)
action('is.workflow.actions.conditional')
raw_action('a.b')
raw_action('a.b', y)
raw_action('a.b', {}, foo=5)
raw_action('a.b', {}, extra=5)
raw_action('is.workflow.actions.conditional', {})
is_workflow_actions_gettext(WFTextActionText=ask_on_import('a', 'b'))
is_workflow_actions_gettext(WFTextActionText=ask_on_import('a', foo=1))
quantity(5, 'min')
y.append(x=5)
""".strip().splitlines()


@pytest.mark.parametrize("line", WRONG_LINES)
def test_a_statement_with_wrong_arguments_is_refused_by_line(line: str) -> None:
    code = "y = clipboard()\n" + line + "\n"
    with pytest.raises(DialectError, match="line 2"):
        shortcuts.to_shortcut(code)


BLOCKS = r"""
match menu('p', 'q'):\n    case 'a':\n        pass
match menu('p'):\n    case _ if item('a', 'b'):\n        pass
for z in repeat_each(y, 5):\n    pass
for _ in repeat_count(5, 5):\n    pass
for i, z in enumerate(y, 1, 2):\n    pass
for i, z in enumerate(y, 1, start=1):\n    pass
for z in y:\n    pass\nelse:\n    pass
if y:\n    marker(5)
if y:\n    marker(WFControlFlowMode=2)
if y:\n    marker(GroupingIdentifier='z')
if y:\n    pass\nx = if_result(5)
if y:\n    pass\nx = if_result(WFControlFlowMode=0)
if y:\n    pass\nx = if_result(GroupingIdentifier='a')
if y:\n    pass\nelif otherwise_if():\n    pass
if y:\n    pass\nelif otherwise_if(y, y):\n    pass
""".strip().splitlines()


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_with_wrong_arguments_is_refused_by_line(block: str) -> None:
    with pytest.raises(DialectError):
        shortcuts.to_shortcut("y = clipboard()\n" + block.replace("\\n", "\n") + "\n")


@pytest.mark.parametrize("natural, printed", [
    ("quantity(5, unit='min')", "quantity(5, 'min')"),
    ("quantity(magnitude=5, unit='min')", "quantity(5, 'min')"),
    ("datetime(2020, 1, 1, hour=5)", "datetime(2020, 1, 1, 5)"),
    ("ask_each_time(prompt='Which?')", "ask_each_time('Which?')"),
    ("time_offset(operation='Add', value=1, unit='Day')", "time_offset('Add', 1, 'Day')"),
    ("'{1} and {0}'.format(x, clipboard())", "f'{clipboard()} and {x}'"),
    ("'a' + x + 'b'", "f'a{x}b'"),
    ("+5", "5"),
])
def test_arguments_may_be_given_by_name(natural: str, printed: str) -> None:
    code = "x = is_workflow_actions_nothing()\nis_workflow_actions_getvariable(WFVariable={})\n"
    assert shortcuts.to_shortcut(code.format(natural)) == shortcuts.to_shortcut(code.format(printed))


def test_each_helper_is_stated_once_and_no_other_is() -> None:
    assert signatures.HELPERS.keys() | header.CONSTANTS.keys() == constants.HELPERS
    assert all(signature.words.endswith((".", "`.", ":`.")) for signature in {**signatures.HELPERS, **signatures.METHODS}.values())
