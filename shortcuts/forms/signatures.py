"""The helpers and methods that a program may call besides actions: each once, as a Python function with its meaning.

Every call is bound to its signature here: an argument too many, an unknown keyword, or a variable in the place of a text is an error with
its line. The grammar's word lists and the reference (docs/dialect.md) are made from these signatures. The functions have no bodies and are
never called.

An annotation is the kind of expression that an argument takes: Text is a text in quotes, Integer a whole number, Flag is True or False,
Name a name, Literal a value that is written out, Variable a name or a part of one, Value whatever a parameter may hold.
"""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from shortcuts.forms.constants import COERCIONS, GLOBALS, SIMPLE_ENVELOPES
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import constant, is_none, keywords


@dataclass(frozen=True)
class Kind:
    """The kind of expression that an argument takes, in words and as a test."""

    words: str
    fits: Callable[[ast.expr], bool] = lambda node: True


def _is_empty(node: ast.expr) -> bool:
    return isinstance(node, ast.Dict) and not node.keys


def _literal(*kinds: type) -> Callable[[ast.expr], bool]:
    return lambda node: constant(node, kinds) is not None


def _or_none(fits: Callable[[ast.expr], bool]) -> Callable[[ast.expr], bool]:
    return lambda node: fits(node) or is_none(node)


Text = Annotated[Any, Kind("a text in quotes", _literal(str))]
Integer = Annotated[Any, Kind("a whole number", _literal(int))]
Count = Annotated[Any, Kind("a number that counts from 1", lambda node: (constant(node, int) or 0) > 0)]
Flag = Annotated[Any, Kind("True or False", _literal(bool))]
Style = Annotated[Any, Kind("a text in quotes, or None where its key is missing", _or_none(_literal(str)))]
OptionalFlag = Annotated[Any, Kind("True, False, or None where its key is missing", _or_none(_literal(bool)))]
Operator = Annotated[Any, Kind("an operator in quotes, or its number", _literal(str, int))]
Scalar = Annotated[Any, Kind("a text, a number, True, False, or {}", lambda node: _literal(str, int, float, bool)(node) or _is_empty(node))]
Name = Annotated[Any, Kind("a name", lambda node: isinstance(node, ast.Name))]
Dict = Annotated[Any, Kind("a dictionary", lambda node: isinstance(node, ast.Dict))]
Variable = Annotated[Any, Kind("a variable or a part of one")]
Condition = Annotated[Any, Kind("a condition")]
Literal = Annotated[Any, Kind("a value written out")]
Value = Annotated[Any, Kind("a value")]
Rule = Annotated[Any, Kind("rule('Name', 'contains', String='x')")]


# Forms that are not calls: each statement and expression of Python that has a meaning here, and the step of a shortcut it stands for.
STATEMENTS = (
    ("is_workflow_actions_url(WFURLActionURL='https://example.org')", "an action, by its id; parameters by keys"),
    ("is_workflow_actions_nothing(**{'a-b': 5})", "parameters whose keys are no identifiers"),
    ("answer = is_workflow_actions_ask(…)", "a name for the output of an action"),
    ("text = f'{answer} and more'", "a Text action; a number, a dictionary, a list: the action that makes it"),
    ("name = answer", "Set Variable; so is a name that is assigned more than once"),
    ("names = []", "an empty list, before the first append"),
    ("names += [answer]", "Add to Variable"),
    ("'A note.'", "Comment; `#` lines are no part of a program"),
    ("if x: … elif y: … else: …", "If; an elif is an If inside Otherwise"),
    ("x == 'a', x != 5, x < 5, 1 <= x <= 9, 'a' in x, 'a' not in x, x.startswith('a')", "conditions; a variable is compared as the number "
     "or date that either side is known to be, else as text"),
    ("x, not x, x == True", "has a value, has none, is true"),
    ("x and y, x or y", "several conditions; `and` and `or` are not mixed in one If"),
    ("for item in x: …", "Repeat with Each; the name means nothing after the loop"),
    ("for _ in range(5): …", "Repeat"),
    ("match menu('Which?'): case 'A': …", "Choose from Menu"),
    ("f'{x} of {y}', 'a' + x, '{}'.format(x)", "text with variables"),
    ("{'key': 'text', 'n': 5, 'list': [x]}", "a dictionary, its items typed by their literals"),
)


class Workflow:
    """The shortcut as a whole"""

    def workflow(*, types: Literal = (), input_types: Literal = None, output_types: Literal = (), no_input: Literal = None,
                 surfaces: Literal = (), questions: Literal = (), output_fallback: Flag = False, client_version: Text = None,
                 **others: Literal) -> None:
        "Settings of the shortcut, its first line: places, input (`input_types=[]` takes nothing, None anything), behaviour without input."

    def action(id: Text, /, **parameters: Value) -> None:
        "An action whose id no call's name gives back: `action('com.example.do-it', Text='a')`."

    def raw_action(id: Text, parameters: Dict, /, *, extra: Dict = None, UUID: Name = None) -> None:
        "An action written out as a literal, for those without another form."

    def ask_on_import(value: Value = None, /, *, question: Value = None, default: Value = None) -> None:
        "A parameter that is asked for when the shortcut is added: `WFTextActionText=ask_on_import('key', question='Your key?')`."


class Blocks:
    """Blocks"""

    def menu(prompt: Value = None, *, items: Value = None, synonyms: Dict = None, WFMenuLegacyCancelBehavior: Value = None,
             WFMenuItems: Literal = None, **parameters: Value) -> None:
        "Choose from Menu: `match menu('Which?'):` with a `case 'Title':` for each choice."

    def before() -> None:
        "The actions before a menu's first choice, which never run: `case _ if before():`."

    def item(title: Value = None) -> None:
        "A menu's choice with variables in its title: `case _ if item(f'{n} left'):`."

    def when(test: Condition = None, /, **parameters: Value) -> None:
        "A condition with parameters that no operator expresses, by their keys in the file."

    def otherwise_if(test: Condition, /) -> None:
        "Otherwise If, a branch of the same If: `elif otherwise_if(x == 'a'):`; a plain elif is an If inside Otherwise."

    def legacy(test: Condition, /) -> None:
        "A condition that is compared as before iOS 13; the app marks the ones that it converted."

    def leftover(test: Condition, /, *, text: Value = None, number: Value = None, another_number: Value = None, date: Value = None,
                 another_date: Value = None, measurement: Value = None, another_measurement: Value = None, duration: Value = None,
                 another_duration: Value = None, enumeration: Value = None, numeric_enumeration: Value = None,
                 link_enumeration: Value = None, bounded_number: Value = None, quantity: Value = None) -> None:
        "A condition with operands that its operator does not use; the app keeps them when another operator is chosen."

    def single(*tests: Condition, bounded: OptionalFlag = None) -> None:
        "A table of conditions as compilers write it, of a single one."

    def enumeration(value: Value, /) -> None:
        "In a condition: one of the values of a list, such as a device's type."

    def all_of(*tests: Condition, bounded: OptionalFlag = False) -> None:
        "A table of conditions of which all must hold, with a single one in it; several are joined by `and`."

    def any_of(*tests: Condition, bounded: OptionalFlag = False) -> None:
        "A table of conditions of which one must hold, with a single one in it; several are joined by `or`."

    def is_today(date: Variable, /) -> None:
        "The condition that a date is today."

    def is_within_next(date: Variable, duration: Value, /) -> None:
        "The condition that a date lies in the coming time: `is_within_next(x, quantity(3, 'days'))`."

    def is_within_last(date: Variable, duration: Value, /) -> None:
        "The condition that a date lies in the past time, up to now: `is_within_last(x, quantity(2, 'weeks'))`."

    def range(start: Value, stop: Value = None, /) -> None:
        "Repeat: `for _ in range(5):`, or `for i in range(1, 5 + 1):` where the index is used, which counts from 1."

    def enumerate(items: Value, start: Integer) -> None:
        "Repeat with Each with its index: `for i, item in enumerate(x, start=1):`."

    def repeat_count(count: Value = None, /, **parameters: Literal) -> None:
        "Repeat with parameters of its own, or without a count."

    def repeat_each(items: Value = None, /, **parameters: Literal) -> None:
        "Repeat with Each with parameters of its own, or without items."

    def if_result(extra: Dict = None, /, **parameters: Literal) -> None:
        "The result of the If right above: `y = if_result()`."

    def menu_result(extra: Dict = None, /, **parameters: Literal) -> None:
        "The result of the menu right above."

    def repeat_results(extra: Dict = None, /, **parameters: Literal) -> None:
        "The results of the repeat right above, a list."

    def marker(extra: Dict = None, /, **parameters: Literal) -> None:
        "Parameters of an Otherwise or of a menu's case, first in the branch that they belong to."


class Variables:
    """Variables"""

    def ask_each_time(prompt: Text = None) -> None:
        "Ask Each Time: the user gives the value when the action runs."

    def variable(name: Text, /) -> None:
        "A variable by its name in the shortcut, where no assignment sets it."

    def later(name: Name, /) -> None:
        "An output that is bound further below."

    def missing(label: Text, number: Count = 1, /) -> None:
        "An output of an action that is not in the shortcut any more; it is empty in a run."

    def previous_output() -> None:
        "The output of the action before."

    def as_type(value: Variable, item_class: Text, /) -> None:
        "A variable as another type, by the class of the content item; the usual ones have names: `as_number(x)`."

    def attachment(value: Variable, /) -> None:
        "A lone variable in a field of text that holds it as an attachment."

    def uuid_of(output: Variable, /) -> None:
        "The identity of an output, in a value that is written out."


class Values:
    """Values"""

    def quantity(magnitude: Value, unit: Text) -> None:
        "A number with its unit: `quantity(5, 'min')`."

    def time_offset(operation: Value, value: Value, unit: Value) -> None:
        "A shift of a date: `time_offset('Add', 1, 'Day')`."

    def datetime(year: Integer, month: Integer, day: Integer, hour: Integer = 0, minute: Integer = 0, second: Integer = 0,
                 microsecond: Integer = 0) -> None:
        "A date, in UTC: `datetime(2026, 2, 20, 21, 55)`."

    def data(base64: Text, /) -> None:
        "Bytes, in base64."

    def uid(number: Integer, /) -> None:
        "A reference inside an archive."

    def float(text: Text, /) -> None:
        "A number that Python has no literal for: 'inf', '-inf', 'nan'."

    def dictionary(items: Dict, /) -> None:
        "A dictionary with typed items, in a parameter whose dict is otherwise a plain one."

    def plain(value: Literal, /) -> None:
        "A value as it is, in a parameter whose dict or list otherwise has typed items."

    def number(value: Value, /) -> None:
        "An item of type Number that is a variable: `{'n': number(x)}`."

    def boolean(value: Value, /) -> None:
        "An item of type Boolean that is a variable."

    def file(value: Value, /) -> None:
        "An item of type File."

    def filter_all(*rules: Rule, WFContentItemLimitEnabled: Value = None, WFContentItemLimitNumber: Value = None,
                   WFContentPredicateBoundedDate: Value = False, **parameters: Value) -> None:
        "A filter whose rules must all hold: `WFContentItemFilter=filter_all(rule('Name', 'contains', String='x'))`."

    def filter_any(*rules: Rule, WFContentItemLimitEnabled: Value = None, WFContentItemLimitNumber: Value = None,
                   WFContentPredicateBoundedDate: Value = False, **parameters: Value) -> None:
        "A filter with rules of which one must hold."

    def rule(property: Text, operator: Operator, /, *, String: Value = None, Number: Value = None, AnotherNumber: Value = None,
             Unit: Value = None, Bool: Value = None, Date: Value = None, AnotherDate: Value = None, Enumeration: Value = None,
             Bounded: Value = None, Removable: Value = True, leftover: Dict = None, **operands: Value) -> None:
        "A rule of a filter: a property, an operator such as 'contains', and its operands by key."

    def legacy_rule(property: Text, operator: Operator, /, *, String: Value = None, Number: Value = None, AnotherNumber: Value = None,
                    Unit: Value = None, Bool: Value = None, Date: Value = None, AnotherDate: Value = None, Enumeration: Value = None,
                    Bounded: Value = None, Removable: Value = None, VariableOverrides: Value = None, ExtraEditingLine: Value = None,
                    TransitionRequired: Value = None, leftover: Dict = None, **operands: Value) -> None:
        "A rule as iOS 12 wrote it, with its operands beside the rest."


class Methods:
    """Methods of a variable."""

    def property(label: Text, info: Scalar = None, /, *, entity: Text = None) -> None:
        "A property by its label and the value that the app stores beside it: `x.property('Title', 'title')`; with a label alone, `x.Name`."

    def formatted(custom: Text = None, /, *, style: Style = None, time: Style = None, relative: Style = None, pattern: Style = None,
                  iso_time: OptionalFlag = False) -> None:
        "A date as text: `x.formatted('yyyy-MM-dd')`, `x.formatted(style='Short', time='None')`."

    def in_unit(symbol: Text, unit_type: Text, /) -> None:
        "A measurement in another unit: `x.in_unit('kg', 'Mass')`."

    def startswith(text: Value, /) -> None:
        "In a condition: begins with."

    def endswith(text: Value, /) -> None:
        "In a condition: ends with."

    def append(*values: Value) -> None:
        "Add to Variable: `names.append(x)`, the same as `names += [x]`."


@dataclass(frozen=True)
class Signature:
    """The signature of a helper or a method, made from its function."""

    name: str
    bound: inspect.Signature
    words: str
    kinds: dict[str, Kind]
    by_place: tuple[str, ...]  # arguments that may be given by place
    least: int  # the number of these that are required
    by_name: tuple[str, ...]  # arguments that are given by name only
    rest: str  # the argument that takes all other keywords; "" if none does

    def is_placed(self, argument: str) -> bool:
        """True if an argument is given by place only."""
        return self.bound.parameters[argument].kind is inspect.Parameter.POSITIONAL_ONLY

    def __str__(self) -> str:
        shown = [parameter.replace(annotation=parameter.empty) for parameter in self.bound.parameters.values()]
        return f"{self.name}{self.bound.replace(parameters=shown)}"


def _signature(name: str, function: Callable[..., Any], words: str = "") -> Signature:
    bound = inspect.signature(function).replace(return_annotation=inspect.Signature.empty)
    parameters = list(bound.parameters.values())
    by_place = [parameter for parameter in parameters if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)]
    return Signature(
        name, bound, words or function.__doc__ or "", {parameter.name: get_args(parameter.annotation)[1] for parameter in parameters},
        tuple(parameter.name for parameter in by_place), sum(parameter.default is parameter.empty for parameter in by_place),
        tuple(parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY),
        next((parameter.name for parameter in parameters if parameter.kind is parameter.VAR_KEYWORD), ""),
    )  # fmt: skip


def stated(chapter: type) -> dict[str, Signature]:
    """Return the signatures of the functions of a chapter, by name."""
    return {name: _signature(name, function) for name, function in vars(chapter).items() if inspect.isfunction(function)}


def _global() -> None: ...
def _coercion(value: Variable, /) -> None: ...
def _envelope(value: Value, /) -> None: ...


CHAPTERS = (Workflow, Blocks, Variables, Values)
METHODS = stated(Methods)
HELPERS: dict[str, Signature] = {
    **{name: _signature(name, _global, f"Magic variable {kind}.") for name, kind in GLOBALS.items()},
    **{name: _signature(name, _coercion, f"A variable as {item_class}.") for name, item_class in COERCIONS.items()},
    **{name: _signature(name, _envelope, f"A value in the envelope {envelope}.") for name, envelope in SIMPLE_ENVELOPES.items()},
    **{name: signature for chapter in CHAPTERS for name, signature in stated(chapter).items()},
}


def bind(node: ast.Call, method: bool = False) -> dict[str, Any]:
    """Return the arguments of a helper's or a method's call by name: of `*tests` a tuple, of `**parameters` a dictionary.

    They are in the order of the signature; nodes.keywords() returns keywords in the order of the call. Raises DialectError for arguments
    that do not fit the signature, or have another kind.
    """
    name = node.func.attr if method else node.func.id  # type: ignore[attr-defined]
    form = (METHODS if method else HELPERS)[name]
    if not node.keywords and form.least <= len(node.args) <= len(form.by_place):  # the usual call, without the slower bind()
        given: dict[str, Any] = dict(zip(form.by_place, node.args))
    else:
        try:
            words = keywords(node)
            # a parameter may have the name of an argument that is given by place only; inspect knows that since Python 3.13
            same = {key: words.pop(key) for key in form.by_place if form.rest and key in words and form.is_placed(key)}
            given = form.bound.bind(*node.args, **words).arguments
            if same:
                given[form.rest] = {**given.get(form.rest, {}), **same}
        except TypeError as error:
            raise DialectError(node.lineno, f"{name}(): {error}; write {form}") from None
    for argument, value in given.items():
        kind = form.kinds[argument]
        if isinstance(value, ast.expr) and not kind.fits(value):
            raise DialectError(value.lineno, f"{name}(): {argument} takes {kind.words}, as in {form}")
    return given
