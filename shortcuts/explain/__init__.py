"""A shortcut in words: `explain(code, catalog)` says what its program does.

First what matters before it is run: where it appears, what it takes, what leaves the device, what it deletes, switches and opens. Then its
steps, a sentence each, those inside a choice or a repeat indented. It tells what stands in the program and nothing more; the data that
leaves the device is found by symbolic execution (shortcuts/trace), so also where it passes through variables.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterable, Iterator

from shortcuts.catalog import BUILTIN, Api, Catalog
from shortcuts.effects import of_action
from shortcuts.explain.phrases import PLACES, PRIVATE, SENDS
from shortcuts.explain.sentences import Prose, listed, sentence_case, spoken
from shortcuts.syntax.nodes import called, keywords, parse
from shortcuts.trace import Trace, trace
from shortcuts.trace.interpreter import Step
from shortcuts.trace.origins import Origin

LEAVING = ("sends", "pays", "uploads", "requests")  # kinds of effects by which data leaves the device
# What to know of a shortcut, and the beginnings of the titles of actions that do it.
KINDS = {"Deletes": "delete |remove (?!from|duplicates|item)", "Sets": "set (?!dictionary|variable|name|value)|toggle ",
         "Opens": "open |show web |search web", "Runs": "run "}  # fmt: skip
INDENT = "   "
SHOWN = 120  # characters of a text
ADDRESS = re.compile(r"https?://([^/'\"\s?#•]+)")


def explain(code: str, catalog: Catalog | None = None) -> str:
    """Return what a program does, in lines of plain English. Raises DialectError for what is not Python."""
    tree, catalog = parse(code), catalog or Catalog.load()
    body, about = tree.body, list[str]()
    for node in tree.body[:2]:  # after the header, what the author says of it
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            about, body = [" ".join(node.value.value.split())], [other for other in body if other is not node]
            break
    steps = list(told(body, Prose(catalog, names="“{}”", shown=SHOWN), 0)) or ["It does nothing."]
    return "\n".join([*about, *summary(tree, code, catalog), "", *steps]) + "\n"


# ---------------------------------------------------------------------------------------------------------------------------------
# before it is run


def summary(tree: ast.Module, code: str, catalog: Catalog) -> list[str]:
    """Return a line for each thing to know before the shortcut is run."""
    traced = trace(code)
    steps = followed(traced, catalog)
    made = [(step, api) for step in steps.values() if (api := catalog.by_name(step.name)) is not None]
    made.sort(key=lambda pair: pair[0].line)
    sent = dict.fromkeys(words for step, api in made for words in leaving(step, api, steps, catalog))
    nothing = "nothing that was found" if traced.cut else "nothing that this program sends itself"
    lines = [*head(tree), f"Leaves the device: {'; '.join(sent) or nothing}."]
    if traced.cut:
        lines.append(f"Too large to be followed whole ({traced.cut}): `check --report` names all that it may do.")
    handed = dict[str, dict[str, None]]()  # app -> what it gets
    for step, api in made:
        if not api.builtin:
            handed.setdefault(api.app_name or api.app, {}).update(private(step, steps))
    if handed:
        apps = [f"{app} (gets {listed(list(data))})" if data else app for app, data in handed.items()]
        lines.append(f"Uses other apps: {'; '.join(apps)}.")
    for label, verbs in KINDS.items():
        titles = [api.title for _, api in made if " " in api.title and re.match(verbs, api.title, re.I)]
        objects = list(dict.fromkeys(sentence_case(title).split(" ", 1)[1] for title in titles))
        lines += [f"{label}: {listed(objects)}."] if objects else []
    return lines


def head(tree: ast.Module) -> Iterator[str]:
    """Yield where the shortcut appears and what it takes, as its header says."""
    header = next((node.value for node in tree.body if isinstance(node, ast.Expr) and called(node.value) == "workflow"), None)
    given = keywords(header) if isinstance(header, ast.Call) else {}
    places = [PLACES[text] for text in texts(given.get("types")) if text in PLACES]
    if places:
        yield f"Appears {listed(list(dict.fromkeys(places)))}."
    if any(called(node) == "shortcut_input" for node in ast.walk(tree)):
        kinds = [spoken(text.removeprefix("WF").removesuffix("ContentItem")) for text in texts(given.get("input_types"))]
        yield f"Takes what is given to it{': ' + listed(kinds, 'or') if kinds else ''}."


def texts(node: ast.AST | None) -> list[str]:
    """Return the texts in a literal list."""
    parts = node.elts if isinstance(node, ast.List | ast.Tuple) else []
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def followed(traced: Trace, catalog: Catalog) -> dict[int, Step]:
    """Return the steps by number, each with the arguments of all paths.

    Where an input is left out, as in old shortcuts, it is the output of the last action that has one.
    """
    steps = dict[int, Step]()
    for path in traced.paths:
        last: Step | None = None
        for step in path:
            given, api = dict.fromkeys(step.arguments), catalog.by_name(step.name)
            if last and api and api.input_key and api.input_key not in dict(given):
                given[api.input_key, Origin("•", (last.number,))] = None
            known = steps[step.number].arguments if step.number in steps else ()
            steps[step.number] = step._replace(arguments=tuple(dict.fromkeys((*known, *given))))
            hands_on = step.name in ("if", "menu") or api and not api.result and not api.input_key
            last = last if hands_on else step
    return steps


def leaving(step: Step, api: Api, steps: dict[int, Step], catalog: Catalog) -> Iterator[str]:
    """Yield what a step gives away and to whom, as far as the program tells; in the words of its effect where there are no others."""
    data = listed(list(private(step, steps)))
    to = SENDS.get(api.id.removeprefix(BUILTIN), "") if api.builtin else ""
    if to:
        host = next((found[1] for _, origin in step.arguments if (found := ADDRESS.search(origin.form))), "")
        yield f"{data or ('a request' if 'server' in to else 'a text')} {to}{f' {host}' if host else ''}"
        return
    for kind, sentence in of_action(api.id, {}, catalog):
        if kind in LEAVING:
            yield f"{data or 'something'} ({sentence[0].lower()}{sentence[1:]})"


def private(step: Step, steps: dict[int, Step]) -> dict[str, None]:
    """Return the data of the person that the arguments of a step are made of, directly or through other steps."""
    found, due, seen = dict[str, None](), deque([step]), {step.number}
    while due:
        for _, origin in due.popleft().arguments:
            found.update(dict.fromkeys(words for name, words in PRIVATE.items() if f"{name}(" in origin.form))
            for number in origin.sources:
                if number in seen or number not in steps:
                    continue
                seen.add(number)
                due.append(steps[number])
                name = steps[number].name.removeprefix("is_workflow_actions_")
                if (words := next((words for start, words in PRIVATE.items() if name.startswith(start)), None)) is not None:
                    found[words] = None
    return found


# ---------------------------------------------------------------------------------------------------------------------------------
# step by step


def told(body: Iterable[ast.stmt], prose: Prose, depth: int) -> Iterator[str]:
    """Yield a line for each statement, those inside blocks indented."""
    place = 0
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield f"{INDENT * depth}{prose.statement(node)}:"
            yield from told(node.body, prose, depth + 1)
            continue
        if isinstance(node, ast.Pass) or isinstance(node, ast.Expr) and called(node.value) in ("workflow", "marker"):
            continue
        place += 1
        yield from block(node, prose, depth, f"{place}. " if depth == 0 else "")


def block(node: ast.stmt, prose: Prose, depth: int, number: str) -> Iterator[str]:
    """Yield the lines of a statement: its sentence, and below it what is inside."""
    indent, inside = INDENT * depth, depth + 1
    sentence = prose.statement(node)
    if not isinstance(node, ast.If | ast.For | ast.Match):
        yield f"{indent}{number}{sentence}{'' if sentence[-1] in '.!?' else '.'}"
        return
    yield f"{indent}{number}{sentence}:"
    if isinstance(node, ast.Match):
        for case in node.cases:
            yield f"{INDENT * inside}{prose.statement(case)}:"
            yield from list(told(case.body, prose, inside + 1)) or [f"{INDENT * (inside + 1)}Nothing happens."]
        return
    yield from list(told(node.body, prose, inside)) or [f"{INDENT * inside}Nothing happens."]
    if isinstance(node, ast.If) and node.orelse:
        branch = node.orelse[0] if len(node.orelse) == 1 else None
        if isinstance(branch, ast.If) and branch.col_offset == node.col_offset:  # an elif
            first, *rest = block(branch, prose, depth, "")
            yield from (first.replace("If ", "Otherwise, if ", 1), *rest)
        elif lines := list(told(node.orelse, prose, inside)):
            yield from (f"{indent}Otherwise:", *lines)
