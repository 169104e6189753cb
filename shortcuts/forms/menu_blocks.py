"""Choose from Menu: `match menu('Which?'):` with a case for each choice, to Python and from it.

| menu                                        | Python                                                          |
|---------------------------------------------|-----------------------------------------------------------------|
| a choice                                    | `case 'Title':`                                                 |
| a choice with variables in its title        | `case _ if item(f'{x} and more'):`                              |
| actions before the first choice, never run  | `case _ if before():`, the first case                           |
| items that are not the titles of the cases  | `menu('Which?', items=[…])`, None where there is no list        |
| other words that Siri takes for a choice    | `menu('Which?', synonyms={'Image': ['photo']})`                 |
| a parameter named like an argument of menu  | `marker(prompt=…)` in `case _ if before():`                     |
"""

from __future__ import annotations

import ast
from typing import Any

from shortcuts import control_flow, plist
from shortcuts.control_flow import Block, Branch
from shortcuts.forms import interpolation, signatures, values
from shortcuts.forms.constants import START_KEYS_OF_MENU, TEXT_ITEM
from shortcuts.forms.markers import MarkerReader, MarkerWriter, Parameters
from shortcuts.forms.simplify import simplify, tokenised_title
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, called, const, constant, is_none, keywords

TITLE, TOKENISED_TITLE = "WFMenuItemTitle", "WFMenuItemAttributedTitle"
ARGUMENTS = frozenset({"prompt", "items", "synonyms"})  # of menu(): no parameter of these names can stand there


# ---------------------------------------------------------------------------------------------------------------------------------
# to Python


def write(block: Block, markers: MarkerWriter) -> ast.stmt:
    """Return the statement of a menu; a menu without cases is a call."""
    parameters = markers.parameters(block.start)
    shown = parameters.keys() - ARGUMENTS
    subject = _subject(block, {key: parameters[key] for key in parameters if key in shown}, markers)
    cases = []
    first = block.branches[0]
    if first.body or shown < parameters.keys() or len(markers.actions[block.start]) > 2:
        cases.append(ast.match_case(ast.MatchAs(), call("before"), markers.body(first, shown)))
    for branch in block.branches[1:]:
        own = markers.parameters(branch.marker)
        repeated = {key for key in own if key in parameters and own[key] == parameters[key]}
        titles = {TITLE} if tokenised_title(own) is None else {TITLE, TOKENISED_TITLE}
        pattern, guard = _pattern(own, markers)
        cases.append(ast.match_case(pattern, guard, markers.body(branch, START_KEYS_OF_MENU | titles | repeated)))
    return ast.Match(subject, cases) if cases else ast.Expr(subject)


def _subject(block: Block, parameters: Parameters, markers: MarkerWriter) -> ast.Call:
    if block.start in markers.raw:
        unlisted = {} if "WFMenuItems" in parameters else {"items": const(None)}
        return call("menu", **markers.literals(parameters), **unlisted)
    prompt = [values.to_expr(parameters["WFMenuPrompt"], markers.scope)] if "WFMenuPrompt" in parameters else []
    rest = {key: values.to_expr(parameters[key], markers.scope) for key in sorted(parameters.keys() - START_KEYS_OF_MENU)}
    items = parameters.get("WFMenuItems")
    listed = list(items) if isinstance(items, list) else []
    titles = [_title_text(branch, markers) for branch in block.branches[1:]]
    synonyms = _synonyms(listed, titles)
    if "WFMenuItems" not in parameters:
        rest["items"] = const(None)
    elif synonyms and "synonyms" not in rest:
        rest["synonyms"] = values.literal_expr(synonyms)
    elif list(map(_item_text, listed)) != titles:
        rest["items"] = values.to_expr(items, markers.scope, "WFMenuItems")
    return call("menu", *prompt, **rest)


def _synonyms(listed: list[Any], titles: list[Any]) -> dict[str, list[str]]:
    """Return the synonyms of a menu's items by title; nothing unless the items are otherwise the titles of its cases."""
    known = [_title_and_synonyms(item) for item in listed]
    result = {title: words for title, words in known if words}
    return result if [title for title, _ in known] == titles and all(titles.count(title) == 1 for title in result) else {}


def _title_and_synonyms(item: Any) -> tuple[Any, list[str]]:
    """Return the title of a menu's item, and its synonyms if `synonyms=` can write the item."""
    value = item.get("WFValue") if isinstance(item, dict) else None
    inner, heard = (value.get("Value"), value.get("Synonyms")) if isinstance(value, dict) else (None, None)
    title = inner.get("string") if isinstance(inner, dict) else None
    if isinstance(title, str) and isinstance(heard, list):
        words = [word["string"] for word in heard if isinstance(word, dict) and isinstance(word.get("string"), str)]
        if plist.same(item, _item_with_synonyms(title, words)):
            return title, words
    return _item_text(item), []


def _item_with_synonyms(title: str, words: list[str]) -> Any:
    value = {"Synonyms": [{"string": word} for word in words], **values.wrap(interpolation.TEXT, {"string": title})}
    return {"WFItemType": TEXT_ITEM, "WFValue": value}


def _item_text(item: Any) -> Any:
    """Return the text that a menu item or a case's title shows, in a form that can be compared."""
    item = simplify(item)
    is_text = isinstance(item, dict) and item.keys() == {"WFItemType", "WFValue"} and item["WFItemType"] == TEXT_ITEM
    return item["WFValue"] if is_text else item


def _title_text(branch: Branch, markers: MarkerWriter) -> Any:
    own = markers.parameters(branch.marker)
    title = tokenised_title(own)
    return _item_text(values.wrap(interpolation.TEXT, title) if isinstance(title, dict) else own.get(TITLE) if title is None else title)


def _pattern(own: Parameters, markers: MarkerWriter) -> tuple[ast.pattern, ast.expr | None]:
    """Return a case's pattern and guard: titles with variables are guards, since a pattern takes no f-string."""
    title = tokenised_title(own)
    if title is not None:
        expression = interpolation.to_expr(title, markers.scope) or values.literal_expr(title, markers.scope)
    elif TITLE not in own:
        return ast.MatchAs(), call("item")
    else:
        expression = _odd_title(own[TITLE], markers)
    return (ast.MatchValue(expression), None) if constant(expression) is not None else (ast.MatchAs(), call("item", expression))


def _odd_title(title: Any, markers: MarkerWriter) -> ast.expr:
    """Return a title of another type than the app writes: a variable, a number, a text in an envelope."""
    if not isinstance(title, dict):
        return values.literal_expr(title, markers.scope)
    variable = values.to_expr(title, markers.scope) if values.unwrap(title, values.ATTACHMENT) is not None else None
    is_plain = variable is None or isinstance(variable, ast.Dict)
    return call("plain", values.literal_expr(title, markers.scope)) if is_plain else call("attachment", variable)  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------------------------------------------
# from Python


def read(subject: ast.Call, cases: list[ast.match_case], markers: MarkerReader) -> None:
    """Append the actions of a menu. Raises DialectError."""
    bound, given = signatures.bind(subject), keywords(subject)
    parameters = {"WFMenuPrompt": values.from_expr(bound["prompt"], markers.scope)} if "prompt" in bound else {}
    listed, synonyms, _ = given.pop("items", None), given.pop("synonyms", None), given.pop("prompt", None)
    for key, value in given.items():
        parameters[key] = values.literal(value, markers.scope) if key == "WFMenuItems" else values.from_expr(value, markers.scope)
    if listed is not None and not is_none(listed):
        parameters["WFMenuItems"] = values.from_expr(listed, markers.scope, "WFMenuItems")
    group, start = markers.open("menu", parameters, subject.lineno)
    items, makes_items = [], listed is None and "WFMenuItems" not in given
    for case in cases:
        if isinstance(case.guard, ast.Call) and called(case.guard) == "before":
            signatures.bind(case.guard)
            if case is not cases[0]:
                raise DialectError(case.pattern.lineno, "before() holds the actions before the first choice; it can only be the first case")
        else:
            title = _case_title(case, markers)
            if makes_items:  # a title is compiled a second time: the patch of a residue changes one of the two in place
                items.append(title if isinstance(title, str) else {"WFItemType": TEXT_ITEM, "WFValue": _case_title(case, markers)})
            markers.mark("menu", group, control_flow.MIDDLE, _title_parameters(case, title), case.pattern.lineno)
        markers.body(case.body)
    if makes_items:
        start["WFMenuItems"] = _with_synonyms(items, synonyms, markers)
    markers.mark("menu", group, control_flow.END, {}, subject.lineno)


def _with_synonyms(items: list[Any], node: ast.expr | None, markers: MarkerReader) -> list[Any]:
    if node is None:
        return items
    synonyms = values.literal(node, markers.scope)
    listed = list(synonyms.values()) if isinstance(synonyms, dict) else [None]
    if not all(isinstance(words, list) and all(isinstance(word, str) for word in words) for words in listed):
        raise DialectError(node.lineno, "synonyms are lists of texts by title: synonyms={'Image': ['photo', 'picture']}")
    for title in synonyms:
        if title not in items:
            raise DialectError(node.lineno, f"synonyms: there is no case {title!r}")
    return [_item_with_synonyms(item, synonyms[item]) if isinstance(item, str) and item in synonyms else item for item in items]


def _case_title(case: ast.match_case, markers: MarkerReader) -> Any:
    guard = case.guard
    if isinstance(case.pattern, ast.MatchValue) and guard is None and constant(case.pattern.value) is not None:
        return constant(case.pattern.value)
    is_wildcard = isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
    if is_wildcard and isinstance(guard, ast.Call) and called(guard) == "item":
        argument = signatures.bind(guard).get("title")
        if argument is None:
            return ""
        title = values.from_expr(argument, markers.scope)
        token = values.unwrap(title, values.ATTACHMENT)
        return title if token is None or called(argument) == "attachment" else interpolation.envelope(interpolation.MARK, {"{0, 1}": token})
    raise DialectError(case.pattern.lineno, "a menu's case is a text, `case 'Title':`, or, with variables, `case _ if item(f'…'):`")


def _title_parameters(case: ast.match_case, title: Any) -> Parameters:
    """Return the parameters of a case's title; a title with variables has a plain label beside it."""
    argument = case.guard.args[0] if isinstance(case.guard, ast.Call) and case.guard.args else None
    if case.guard is not None and argument is None:
        return {}
    inner = title.get("Value", title) if isinstance(title, dict) else None
    if not isinstance(inner, dict) or not isinstance(inner.get("string"), str) or called(argument or case.pattern) == "plain":
        return {TITLE: title}
    return {TITLE: inner["string"].replace(interpolation.MARK, "…"), TOKENISED_TITLE: inner}
