"""Programs of the dialect in English: a sentence for each statement, from the catalogue's titles and the values in the code.

    prose = Prose(Catalog.load())
    prose.statement(ast.parse("x = is_workflow_actions_ask(WFAskActionPrompt='Whose?')").body[0])
    # "Ask 'Whose?' and keep the answer as x"

It tells what stands in the code and nothing more: what it does not know it names by its title, and values it cannot read "a value".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from shortcuts.catalog import BUILTIN, Api, Catalog
from shortcuts.explain import phrases
from shortcuts.explain.phrases import COMPARISONS, FORMS, GLOBALS, JOINED, KEPT_AS, NOUNS, OPERATORS, PROPER, TRANSPARENT
from shortcuts.forms.api_names import is_action_call

SHOWN = 60  # characters of a quoted value: a comment is one line


def sentence_case(title: str) -> str:
    """A title as the start of a sentence: "Get Contents of URL" is "Get contents of URL"."""
    first, *rest = title.split()
    return " ".join([first, *(word.lower() if word[1:].islower() and word not in PROPER else word for word in rest)])


def listed(items: list[str], last: str = "and") -> str:
    """Items as a person lists them: "a, b and c"."""
    return f"{', '.join(items[:-1])} {last} {items[-1]}" if len(items) > 1 else "".join(items)


def quoted(text: str, limit: int = SHOWN) -> str:
    """Return a text on one line, its beginning if it is long, in single quotes."""
    line = " ".join(text.split())
    return f"'{line if len(line) <= limit else line[: limit - 1].rstrip() + '…'}'"


class Prose:
    """Sentences about code. With `plain` no name of the code appears in them: values that are not written out are "the result".

    names: how a name of the code is shown, its parts then apart, such as "“{}”". shown: characters of a text in a sentence.
    """

    def __init__(self, catalog: Catalog, plain: bool = False, names: str = "", shown: int = SHOWN) -> None:
        self.catalog, self.plain, self.names, self.limit = catalog, plain, names, shown

    # -----------------------------------------------------------------------------------------------------------------------------
    # values

    def value(self, node: ast.AST | None) -> str:
        """A value as a noun phrase."""
        writer = getattr(self, f"_{type(node).__name__}", None)
        return writer(node) if writer else "a value"

    def _Constant(self, node: ast.Constant) -> str:
        if isinstance(node.value, str):
            if self.plain and re.fullmatch(r"[a-z]+(\.[\w-]+){2,}", node.value):
                return app_title(node.value)
            return quoted(node.value, self.limit) if node.value.strip() else "an empty text" if not node.value else "a blank"
        if isinstance(node.value, bytes):
            return "data"
        return {"True": "on", "False": "off", "None": "nothing"}.get(str(node.value), str(node.value))

    def _UnaryOp(self, node: ast.UnaryOp) -> str:
        return ("-" if isinstance(node.op, ast.USub) else "not " if isinstance(node.op, ast.Not) else "") + self.value(node.operand)

    def _Name(self, node: ast.Name) -> str:
        return "the result" if self.plain else self.named(node.id)

    def named(self, identifier: str) -> str:
        """Return a name of the code as it is shown."""
        return self.names.format(identifier.replace("_", " ").strip()) if self.names else identifier

    def _Subscript(self, node: ast.Subscript) -> str:
        return f"the {self.value(node.slice)} of {self.value(node.value)}"

    def _Attribute(self, node: ast.Attribute) -> str:
        return f"the {node.attr.replace('_', ' ').lower()} of {self.value(node.value)}"

    def _JoinedStr(self, node: ast.JoinedStr) -> str:
        if len(node.values) == 1 and isinstance(node.values[0], ast.FormattedValue):
            return self.value(node.values[0].value)
        parts = [str(part.value) if isinstance(part, ast.Constant) else "…" if self.plain else self.within(part.value)
                 for part in node.values]  # fmt: skip
        return quoted("".join(parts), self.limit)

    def within(self, node: ast.expr) -> str:
        """A value within a text."""
        shown = self.value(node)
        return "{" + shown + "}" if not self.names else shown if isinstance(node, ast.Name) else self.names.format(shown)

    def _List(self, node: ast.List) -> str:
        if len(node.elts) > 4:
            return f"a list of {len(node.elts)} items that begins with {self.value(node.elts[0])}"
        return "the list " + listed([self.value(item) for item in node.elts]) if node.elts else "an empty list"

    def _Dict(self, node: ast.Dict) -> str:
        if node.keys and all(isinstance(key, ast.Constant) and str(key.value).startswith("WF") for key in node.keys):
            return listed([self.value(value) for value in node.values])  # a value that the app writes as a dictionary
        parts = {getattr(key, "value", None): value for key, value in zip(node.keys, node.values, strict=True)}
        if "Identifier" in parts and (name := parts.get("DisplayString") or parts.get("Title")):
            return self.value(name)  # something of the device's, such as a Focus or a list of reminders
        shown = [self.value(key) for key in node.keys[:4]] + (["more"] if len(node.keys) > 4 else [])
        return "a dictionary with " + listed(shown) if shown else "an empty dictionary"

    def _BoolOp(self, node: ast.BoolOp) -> str:
        return (" and " if isinstance(node.op, ast.And) else " or ").join(self.condition(part) for part in node.values)

    def _Compare(self, node: ast.Compare) -> str:
        return self.condition(node)

    def _Call(self, node: ast.Call) -> str:
        name, arguments = _name(node), [*node.args, *(keyword.value for keyword in node.keywords)]
        first = self.value(arguments[0]) if arguments else ""
        if name in GLOBALS:
            return GLOBALS[name]
        if name.startswith("as_"):
            return f"{first} as {name[3:].replace('_', ' ')}" if name != "as_type" else first
        if name == "property" and isinstance(node.func, ast.Attribute) and arguments:
            return f"the {getattr(arguments[0], 'value', 'detail')} of {self.value(node.func.value)}"
        if name == "formatted" and isinstance(node.func, ast.Attribute):
            style = [keyword.value.value for keyword in node.keywords if isinstance(keyword.value, ast.Constant)]
            return f"{self.value(node.func.value)} written as {'a time' if style[:1] == ['None'] else first or 'text'}"
        if name == "format" and isinstance(node.func, ast.Attribute):
            return self.value(node.func.value)
        if name == "time_offset" and len(arguments) == 3 and (way := getattr(arguments[0], "value", "")) in ("Add", "Subtract"):
            return f"{self.value(arguments[1])} {getattr(arguments[2], 'value', '').lower()}s {'forward' if way == 'Add' else 'back'}"
        if name in ("quantity", "time_offset"):
            return " ".join(str(a.value) if isinstance(a, ast.Constant) else self.value(a) for a in arguments)
        if name.startswith("filter_"):
            return listed([self.value(argument) for argument in node.args], "or" if name == "filter_any" else "and")
        if name == "rule" and len(node.args) > 1:
            what, operator = (str(getattr(argument, "value", "…")) for argument in node.args[:2])
            return " ".join([what.lower(), OPERATORS.get(operator, operator), *(self.value(k.value) for k in node.keywords[:1])])
        if name in ("data", "file"):
            return "a file"
        if name == "missing" and node.args and getattr(node.args[0], "value", ""):
            return f"what is called {first}"
        return first if name in TRANSPARENT and first else "a value"

    def condition(self, node: ast.expr) -> str:
        """A test as a clause: "x is greater than 100"."""
        if isinstance(node, ast.BoolOp):
            return self._BoolOp(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return f"{self.value(node.operand)} has no value"
        if isinstance(node, ast.Compare) and len(node.ops) == 2:
            return f"{self.value(node.comparators[0])} is between {self.value(node.left)} and {self.value(node.comparators[1])}"
        if isinstance(node, ast.Compare):
            sides = [self.value(node.left), self.value(node.comparators[0])]
            if isinstance(node.comparators[0], ast.Constant) and node.comparators[0].value in (True, None):
                sides[1] = "true" if node.comparators[0].value else "nothing"
            left, right = reversed(sides) if isinstance(node.ops[0], ast.In | ast.NotIn) else sides
            return f"{left} {COMPARISONS.get(type(node.ops[0]), 'compares with')} {right}"
        name = _name(node)
        if isinstance(node, ast.Call) and name in ("startswith", "endswith") and isinstance(node.func, ast.Attribute):
            with_what = self.value(node.args[0]) if node.args else "nothing"
            return f"{self.value(node.func.value)} {'begins' if name == 'startswith' else 'ends'} with {with_what}"
        if isinstance(node, ast.Call) and name in ("is_today", "is_within_next", "is_within_last") and node.args:
            return f"{self.value(node.args[0])} {name.replace('_', ' ').replace('within', 'within the')}" + "".join(
                f" {self.value(argument)}" for argument in node.args[1:])
        if isinstance(node, ast.Call) and name in JOINED:
            return JOINED[name].join(map(self.condition, node.args)) or "a condition holds that has no words here"
        return f"{self.value(node)} has a value"

    # -----------------------------------------------------------------------------------------------------------------------------
    # actions

    def api(self, node: ast.AST) -> Api | None:
        """The API that a call calls, if the catalogue knows it; also one called by its id, `action('…')`."""
        name = _name(node)
        if isinstance(node, ast.Call) and name in ("action", "raw_action") and node.args and isinstance(node.args[0], ast.Constant):
            return self.catalog.get(str(node.args[0].value))
        return self.catalog.by_name(name)

    def action(self, node: ast.Call) -> str:
        """A call as an imperative clause."""
        given = {key: value for key, value in arguments_of(node).items()
                 if not (isinstance(value, ast.Constant) and value.value in ("", None)) and (not self.plain or sayable(value))}  # fmt: skip
        api = self.api(node)
        everything, given = given, {key: value for key, value in given.items() if api is None or in_force(api, key, arguments_of(node))}
        ending = api.id.removeprefix(BUILTIN) if api else ""
        left_out = {} if api is None else {key: ast.Constant(value) for key, value in api.left_out(arguments_of(node)).items()}
        if api and any(isinstance(value, ast.Constant) and value.value in ("toggle", "Toggle") for value in given.values()):
            return "Toggle " + sentence_case(api.title).split(" ", 1)[-1]
        deciding = phrases.CHOICES.get(ending, "")
        choice = getattr(given.get(deciding, left_out.get(deciding)), "value", "")
        for form in FORMS.get(f"{ending} {choice}", FORMS.get(ending, "")).split("|"):
            keys = re.findall(r"\{(\w+)\}", form)
            if form and all(key in given or key in left_out for key in keys) and (not keys or any(key in given for key in keys)):
                values = {key: self.value(given.get(key, left_out.get(key))) for key in keys}
                bare = ("Operation", "HTTPMethod")  # words that stand in the sentence as they are
                text = form.format(**{key: value.strip("'") if key.endswith(bare) else value for key, value in values.items()})
                return text[0].upper() + text[1:] + ("" if self.plain else "".join(self._more(api, everything)))
        title = (self.offer(api) if self.plain or not api.builtin else sentence_case(api.title)) if api else spoken(_name(node))
        details = [f"{_label(api, key)} {self.value(value)}" for key, value in given.items() if not Catalog.is_generic(key)]
        details = sorted(details, key=lambda detail: not re.search(phrases.DECIDES, detail.split(" '")[0]))[:3]
        return title + (f" ({', '.join(details)})" if details and not self.plain else "")

    def _more(self, api: Api | None, given: dict[str, ast.expr]) -> Iterator[str]:
        """Yield what else decides, after the form of an action; what the app does not look at, since another parameter says so, is off."""
        for key, clause in phrases.MORE.get(api.id.removeprefix(BUILTIN), {}).items() if api else ():
            value = given.get(key.removeprefix("not "))
            off = isinstance(value, ast.Constant) and value.value in (False, "None", "No Alert")
            if value is not None and off == key.startswith("not "):
                yield clause.format(self.value(value)) + ("" if in_force(api, key, given) else " (switched off)")

    def offer(self, api: Api) -> str:
        """Say what an action can do, without values: for a request that needs it."""
        title = sentence_case(api.title)
        if not api.builtin:
            return f"{title} in {api.app_name or app_title(api.app)}"
        ending = api.id.removeprefix(BUILTIN)
        return NOUNS.get(ending) or next((form for form in FORMS.get(ending, "").split("|") if form and "{" not in form), title)

    # -----------------------------------------------------------------------------------------------------------------------------
    # statements

    def statement(self, node: ast.AST, alternative: bool = False) -> str:
        """A statement, or the head of a block, as a sentence without its full stop; `alternative`: this If stands for an `elif`."""
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            return self._assignment(node.targets[0].id, node.value)
        if isinstance(node, ast.AugAssign):
            items = node.value.elts if isinstance(node.value, ast.List) else [node.value]
            return f"Add {listed([self.value(item) for item in items])} to {self.value(node.target)}"
        if isinstance(node, ast.If):
            return f"{'Otherwise, if' if alternative else 'If'} {self.condition(node.test)}"
        if isinstance(node, ast.For):
            return self._loop(node)
        if isinstance(node, ast.Match):
            choices = [self.choice(case) for case in node.cases]
            prompt = [argument for argument in getattr(node.subject, "args", []) if isinstance(argument, ast.Constant | ast.JoinedStr)][:1]
            asking = f" that asks {self.value(prompt[0])}" if prompt and getattr(prompt[0], "value", "x") else ""
            return f"Show a menu{asking} with the choices {listed(choices)}"
        if isinstance(node, ast.match_case):
            return f"If {self.choice(node)} is chosen"
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.JoinedStr):
            return f"The author's remark: {self.value(node.value)}" if getattr(node.value, "value", "x") else "An empty remark"
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            return self._called(node.value)
        if isinstance(node, ast.FunctionDef):  # the program, with what starts it
            starts = [name.replace("_", " ") for decorator in node.decorator_list if (name := _name(decorator) or "")[:5] == "when_"]
            return f"Start by itself {listed(starts)}" if starts else "The shortcut"
        return "Do nothing" if isinstance(node, ast.Pass) else "A step without a description"

    def _called(self, node: ast.Call) -> str:
        name = _name(node)
        if name == "workflow":
            return "Set up what the shortcut accepts and where it appears"
        if name in ("ask_on_import", "marker"):
            return "Ask for a value when the shortcut is installed" if name == "ask_on_import" else "A mark the app keeps here"
        return self.action(node)

    def _assignment(self, name: str, node: ast.expr) -> str:
        if isinstance(node, ast.Call) and is_action_call(node):
            ending = api.id.removeprefix(BUILTIN) if (api := self.api(node)) else ""
            return f"{self.action(node)} and keep {KEPT_AS.get(ending, 'it')} as {self.named(name)}"
        if isinstance(node, ast.List) and not node.elts:
            return f"Start {self.named(name)} as an empty list"
        if _name(node) in ("if_result", "menu_result", "repeat_results"):
            return f"Keep what the {_name(node).split('_')[0]} above gives as {self.named(name)}"
        return f"Set {self.named(name)} to {self.value(node)}"

    def _loop(self, node: ast.For) -> str:
        arguments = getattr(node.iter, "args", [])
        if _name(node.iter) == "range" and arguments:
            end = arguments[-1]  # range(n), range(1, n + 1) or range(1, 6)
            if isinstance(end, ast.BinOp):
                end = end.left
            elif len(arguments) > 1 and isinstance(end, ast.Constant) and isinstance(end.value, int):
                end = ast.Constant(end.value - 1)
            return f"Repeat {self.value(end)} times"
        if _name(node.iter) == "repeat_count":
            return f"Repeat {self.value(arguments[0])} times" if arguments else "Repeat what follows"
        source = self.value(arguments[0] if _name(node.iter) in ("enumerate", "repeat_each") and arguments else node.iter)
        target = node.target.elts[-1] if isinstance(node.target, ast.Tuple) and node.target.elts else node.target
        return f"Repeat for each item of {source}" + ("" if self.plain else f", called {self.value(target)}")

    def choice(self, case: ast.match_case) -> str:
        """The title of a menu's choice."""
        values = [part for part in ast.walk(case.pattern) if isinstance(part, ast.Constant)]
        return self.value(values[0]) if values else "anything else" if isinstance(case.pattern, ast.MatchAs) else "a choice"


# ---------------------------------------------------------------------------------------------------------------------------------
# reading code


def arguments_of(node: ast.Call) -> dict[str, ast.expr]:
    """The parameters of a call by key, those in `**{...}` included."""
    given: dict[str, ast.expr] = {}
    for keyword in node.keywords:
        if keyword.arg is not None:
            given[keyword.arg] = keyword.value
        elif isinstance(keyword.value, ast.Dict):
            given.update({str(key.value): value for key, value in zip(keyword.value.keys, keyword.value.values, strict=True)
                          if isinstance(key, ast.Constant)})
    return given


def in_force(api: Api, key: str, given: dict[str, ast.expr]) -> bool:
    """False for a parameter that the app does not look at: another one, as it is given or by default, says so."""
    parameter = api.parameter(key)
    for other, relation, values in parameter.visible_when if parameter else ():
        decides = given.get(other, ast.Constant(getattr(api.parameter(other), "default", None)))
        if isinstance(decides, ast.Constant) and (decides.value in values) != (relation == "=="):
            return False
    return True


def sayable(node: ast.AST) -> bool:
    """True if a person would say this value: no variable, no regular expression, no page of HTML."""
    if isinstance(node, ast.JoinedStr):
        return sayable(ast.Constant("".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return len(node.value) <= SHOWN and not re.search(r"[<>{}\\|=\n]", node.value) and len(re.findall(r"\w", node.value)) > 1
    return isinstance(node, ast.Constant) or isinstance(node, ast.List) and all(map(sayable, node.elts))


def _name(node: ast.AST | None) -> str:
    """The function or method that a call calls; "" for anything else."""
    function = node.func if isinstance(node, ast.Call) else None
    return function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""


def _label(api: Api | None, key: str) -> str:
    """Return the app's name of a parameter, or its key in words."""
    parameter = api.parameter(key) if api else None
    return (parameter.label if parameter and parameter.label else spoken(key)).lower().removesuffix(" (optional)")


def spoken(name: str) -> str:
    """An identifier in words: `WFImageWidth` is "image width", `com_app_AddNoteIntent` "add note"."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name.rsplit("_", 1)[-1].removesuffix("Intent").removeprefix("WF"))
    return " ".join(words).lower() or "value"


def app_title(bundle: str) -> str:
    """An app's name as far as its bundle id tells: `com.omnigroup.OmniFocus3` is "OmniFocus"."""
    return bundle.rsplit(".", 1)[-1].rstrip("-_.0123456789").replace("-", " ") or bundle
