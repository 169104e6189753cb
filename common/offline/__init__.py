"""The offline writer: answers the prompts of common/prompts.py by rules, from a program's structure and the catalogue.

No key, no network, no model; the same prompt always gets the same answer. What it writes is true but plain: it is the stand-in that lets
the whole chain run anywhere, and the baseline that a model has to beat. Records made with it say so in their `writer`.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from common.cli import Reject
from common.conversation import answer
from common.excerpts import block_lines, commented, is_silent, shorten
from common.offline import baseline, sentence
from common.offline.request import GISTS, OPENINGS, asked_for, category_of
from common.offline.values import draw
from common.prompts import plan_text, query_problem, thoughts_of
from shortcuts import apis_of, parse, rename
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS
from shortcuts.explain.sentences import BUILTIN, Prose, arguments_of, listed
from shortcuts.forms.identifiers import identifier

GROUP = 3  # simple statements in one step of a plan: more is no step, fewer makes the plan as long as the code
LONGEST = 400  # characters of a comment: a menu may have forty choices
CHOICES = 6  # of a menu that a query names
FEW = 8  # actions of a query that the rules may understand as a whole
# Actions that serve others: a person would not ask for them.
PLUMBING = frozenset(BUILTIN + name for name in (
    "gettext", "getvariable", "nothing", "dictionary", "getvalueforkey", "setvalueforkey", "list", "number", "url", "getitemfromlist",
    "count", "exit", "output", "setitemname", "delay", "base64encode", "urlencode", "detect.dictionary", "detect.text", "detect.link",
    "text.split", "text.combine", "text.replace", "text.match", "text.match.getgroup", "math", "file")) | SYNTAX_APIS  # fmt: skip

WISHES = "I want", "I need", "I'd like"
STOP_WORDS = frozenset("a an the is are was what whats which who whose how do does did you your i my me to of for in on at and or please "
                       "enter input choose select type want would like would should it this that with be as re s t".split())  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# comments and names


def notes(code: str, lines: list[int], names: list[str], catalog: Catalog, renames: dict[str, str], **_: Any) -> dict[str, Any]:
    """A comment for each of `lines`, and better names for those of `names` that are the app's defaults."""
    tree, prose = ast.parse(code), Prose(catalog)
    taken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | set(renames.values())
    better = {}
    for node in sorted((node for node in ast.walk(tree) if isinstance(node, ast.stmt)), key=lambda node: node.lineno):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in names:
            if new := better_name(node.targets[0].id, node.value, prose):
                better[node.targets[0].id] = new = next(c for n in range(1, 1 << 16) if (c := new if n == 1 else f"{new}_{n}") not in taken)
                taken.add(new)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = {**renames, **better}.get(node.id, node.id)
    wanted, alternatives = set(lines), {id(branch) for node in ast.walk(tree) if (branch := elif_of(node))}
    comments = [{"line": line, "text": shorten(prose.statement(node, id(node) in alternatives), LONGEST) + "."}
                for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.match_case)
                and (line := getattr(node, "pattern", node).lineno) in wanted]  # fmt: skip
    comments.sort(key=lambda comment: comment["line"])
    return {"comments": comments, "renames": [{"old": old, "new": new} for old, new in better.items()]}


def elif_of(node: ast.AST) -> ast.If | None:
    """The If that stands for the `elif` of this one: a lone If in its else part, no deeper on its line."""
    branch = node.orelse[0] if isinstance(node, ast.If) and len(node.orelse) == 1 else None
    return branch if isinstance(branch, ast.If) and branch.col_offset == node.col_offset else None


def better_name(old: str, value: ast.expr, prose: Prose) -> str | None:
    """A name from what the action asks for or looks up, if the old one is the default of its output, numbered or not."""
    api = prose.api(value)
    if not isinstance(value, ast.Call) or api is None or api.result is None or not api.result.name:
        return None
    if re.sub(r"_\d+$", "", old) != identifier(api.result.name):
        return None
    given = arguments_of(value)
    for key, pattern in (("WFAskActionPrompt", "{}"), ("WFChooseFromListActionPrompt", "chosen_{}"), ("WFDictionaryKey", "{}"),
                         ("WFGetFilePath", "{}_file"), ("WFSearchTerm", "{}_results")):  # fmt: skip
        text = given[key].value if isinstance(given.get(key), ast.Constant) else None  # type: ignore[attr-defined]
        if isinstance(text, str) and (words := slug(text.rsplit("/", 1)[-1])) and not (api.id.endswith("setvalueforkey")):
            return safe_name(pattern.format(words))
    return "response" if api.id.endswith("actions.downloadurl") else None


def slug(text: str) -> str:
    """The first telling words of a text as an identifier's part; "" where it has none, or they are not English letters."""
    words = [word for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", text) if word.lower() not in STOP_WORDS]
    name = "_".join(words[:3]).lower()
    return name if len(name) > 1 and name[0].isalpha() and text.isascii() else ""


def safe_name(name: str) -> str:
    """A name that is no keyword, builtin or helper of the dialect."""
    return name if identifier(name) == name else name + "_value"


# ---------------------------------------------------------------------------------------------------------------------------------
# plans


def plan(code: str, catalog: Catalog, starts: Sequence[int] = (1,), at: int = 0, **_: Any) -> dict[str, Any]:
    """Numbered steps that follow the blocks of a program: those of part `at`, where the parts begin at the lines `starts`."""
    steps: list[dict[str, Any]] = []
    _plan(parse(code).body, Prose(catalog), "", frozenset(starts), steps)
    last, here = starts[at + 1] if at + 1 < len(starts) else math.inf, list[dict[str, Any]]()
    first = last
    for step in reversed(steps):  # "Otherwise" has no line of its own: it belongs to the step after it
        first = step["lines"][0] if step["lines"] else first
        if (starts[at] <= first or at == 0) and first < last:
            here.insert(0, step)
    return {"steps": here}


def _plan(body: list[ast.stmt], prose: Prose, above: str, starts: frozenset[int], steps: list[dict[str, Any]]) -> None:
    place, simple = 0, list[ast.stmt]()

    def step(text: str, lines: list[int]) -> str:
        nonlocal place
        place += 1
        steps.append({"number": f"{above}{place}", "text": text, "lines": lines})
        return f"{above}{place}."

    def flush() -> None:
        if simple:
            told = [_decapitalized(prose.statement(node), place > 0) for place, node in enumerate(simple)]
            step("; then ".join(told) + ".", [node.lineno for node in simple])
            simple.clear()

    for node in body:
        if node.lineno in starts:
            flush()
        if is_silent(node):
            continue
        if not hasattr(node, "body") and not isinstance(node, ast.Match):
            simple.append(node)
            if len(simple) == GROUP:
                flush()
            continue
        flush()
        inside = step(prose.statement(node) + ":", [node.lineno])
        if isinstance(node, ast.Match):
            for number, case in enumerate(node.cases, start=1):
                steps.append({"number": f"{inside}{number}", "text": prose.statement(case) + ":", "lines": [case.pattern.lineno]})
                _plan(case.body, prose, f"{inside}{number}.", starts, steps)
            continue
        _plan(node.body, prose, inside, starts, steps)
        while (branch := elif_of(node)) is not None:
            _plan(branch.body, prose, step(prose.statement(branch, True) + ":", [branch.lineno]), starts, steps)
            node = branch
        if getattr(node, "orelse", None):
            _plan(node.orelse, prose, step("Otherwise:", []), starts, steps)
    flush()


def _decapitalized(text: str, lower: bool = True) -> str:
    return text[0].lower() + text[1:] if lower and text.split()[0][1:].islower() else text


def thoughts(code: str, lines: list[int], names: list[str], catalog: Catalog, renames: dict[str, str], starts: Sequence[int] = (1,),
             at: int = 0, **_: Any) -> dict[str, Any]:
    """Comments and names for some lines of a program, and the part of the plan that is about them."""
    told = notes(code, lines, names, catalog, renames)
    better, opening = {pair["old"]: pair["new"] for pair in told["renames"]}, block_lines(code)
    steps = [step | {"lines": [line for line in step["lines"] if line in opening]}
             for step in plan(rename(code, renames | better), catalog, starts, at)["steps"]]  # fmt: skip
    return thoughts_of({comment["line"]: comment["text"] for comment in told["comments"]}, better, steps)


# ---------------------------------------------------------------------------------------------------------------------------------
# queries


def query(code: str, catalog: Catalog, key: str, name: str, description: str, apis: list[str], **_: Any) -> dict[str, str]:
    """A request as a person puts it: what the author says that it does, or its main actions; the fullest form that names no API."""
    tree, prose = parse(code), Prose(catalog, plain=True)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and (api := prose.api(node)) and api.id not in SYNTAX_APIS
             and not api.title.startswith("Unknown")]  # fmt: skip
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    telling = [node for node in calls if prose.api(node).id not in PLUMBING] or calls  # type: ignore[union-attr]
    menu = next((node for node in ast.walk(tree) if isinstance(node, ast.Match)), None)
    choices = [choice for case in menu.cases if "'" in (choice := prose.choice(case))][:CHOICES] if menu else []
    remarks = [node.value.value for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    author = wish(description, key) or wish(str(remarks[0]) if remarks else "", key)
    for said, with_values in ((author, True), ("", True), ("", False)):
        gists = list(dict.fromkeys(gist(prose, node, with_values) for node in telling))[:GISTS]
        text = said or OPENINGS[draw(key, len(OPENINGS))].format(listed(gists) or "do a small task that I do often")
        if with_values and len(choices) > 1:
            text += f" Let me choose between {listed(choices)}."
        if query_problem(text, apis) is None:
            return {"query": text}
    return {"query": "I'd like a shortcut for a small task that I do often."}


def gist(prose: Prose, node: ast.Call, with_values: bool) -> str:
    """An action as a part of a request; without values only what it can do."""
    api = prose.api(node)
    text = prose.action(node) if with_values or api is None else ""
    text = prose.offer(api) if api and (not text or "…" in text) else text  # what stands between variables is no wish
    return _decapitalized(re.sub(r"^Ask (?!me)", "ask me ", text).replace("the person", "me"))


def wish(text: str, key: str) -> str:
    """The first sentence of a description as a wish, without markup: "Shows the rates." is "I want a shortcut that shows the rates."."""
    text = " ".join(re.sub(r"<[^>]*>|[*_#`]+", " ", text or "").split())
    sentence = re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0][:200].strip()
    if len(sentence.split()) < 3:
        return ""
    does = re.match(r"[A-Z][a-z]+[^s\W]s\b(?! is| are)", sentence)
    start = WISHES[draw(key + "wish", len(WISHES))]
    return f"{start} a shortcut that {_decapitalized(sentence)}" if does else f"{start} a shortcut for this: {sentence}"


def expand(apis: list[str], catalog: Catalog, key: str, **_: Any) -> dict[str, Any]:
    """A request that needs each of the APIs and names the values of the program that the rules write for them, and its category."""
    return {"purpose": "a task by rules", "leave_out": [], "basics": [], "category": category_of(apis, catalog, key),
            "query": asked_for(apis, catalog, key)}


# ---------------------------------------------------------------------------------------------------------------------------------
# programs


def program(apis: list[str], catalog: Catalog, key: str, request: str | None = None, query: str = "", **_: Any) -> str:
    """An answer in the chat format: a program with a comment above each statement, and its plan.

    For a person's `request` it is what the sentence says, and Reject is raised for one that is not understood. For the `query` of a record
    it is that, too, where the rules understand all of it and just its APIs are needed; else the baseline, which calls each of the APIs.
    """
    if request:
        said = sentence.understood(request, catalog)
        if said.program is None:
            raise Reject("not_understood", said.problem().removeprefix("not understood: "))
    code = said.program if request else meant(query, apis, catalog) or baseline.program(apis, catalog, key)  # type: ignore[assignment]
    prose = Prose(catalog)
    comments = {getattr(node, "pattern", node).lineno: prose.statement(node) + "."
                for node in ast.walk(ast.parse(code)) if isinstance(node, ast.stmt | ast.match_case)}  # fmt: skip
    return answer(plan_text(plan(code, catalog)), commented(code, comments))


def meant(query: str, apis: list[str], catalog: Catalog) -> str | None:
    """The program that a query says with exactly these APIs, if it does."""
    code = sentence.understood(query, catalog).program if query and len(apis) <= FEW else None
    return code if code and {*apis_of(code)} - SYNTAX_APIS == {*apis} else None


RULES: dict[str, Callable[..., Any]] = {
    "thoughts": thoughts, "query": query, "query_from_code": query, "expand": expand,
    "expand_by_category": lambda apis, catalog, key, **_: {"query": asked_for(apis, catalog, key)}, "answer": program, "repair": program,
    "edit_query": lambda request, **_: {"query": request},  # common/offline/edit_requests.py wrote it
    "refine": lambda draft, **_: draft,  # it knows nothing better
}  # fmt: skip
