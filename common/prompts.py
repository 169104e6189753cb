"""Every prompt, the chat format of training and evaluation, and what a model is shown of code.

The prompts have the inputs and outputs of the paper's (appendix B); the words are our own. `prompt_id` of a task stands in the records
that were written with it, so that data made with older words can be told apart.

    notes    code                       -> a comment for each statement, better names for variables   (03; paper B.3 and B.8)
    plan     commented code             -> a task plan in numbered steps                                (03; paper B.4)
    query    plan, name, what it needs  -> the request a person would make                             (03; paper B.5)
    expand   APIs, category, examples   -> a request that needs all of these APIs                       (04; paper B.6)
    refine   query, APIs, plan, code    -> plan and code, mended                                        (05; paper B.7)
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from common.catalog import Catalog, call_name
from common.llm.protocol import Prompt

SHOWN_LITERAL = 384  # characters of a literal that a model is shown; the paper's cut
# What the dialect writes as syntax, so that there is no function to offer.
SYNTAX_APIS = frozenset("is.workflow.actions." + name for name in (
    "conditional", "choosefrommenu", "repeat.count", "repeat.each", "setvariable", "appendvariable", "comment"))  # fmt: skip

LOOK = """A shortcut is shown as Python. Each action of the app is a call with keyword arguments, `name = call(...)` keeps its output, \
other assignments set variables, `+=` appends to one; if, for and `match menu(...)` are the app's If, Repeat and Choose from Menu; \
f-strings are text with variables in it; a string that stands alone is the author's own remark. `… [1000 characters] …` stands for text \
left out here."""

NOTES = """Lines of a shortcut{about}:

{code}

For each of these lines write one short sentence on what it does for the person who runs the shortcut, and why if that can be seen: {lines}.
Name the values that matter; do not just read the code aloud.
Then look at these variables: {names}. Where a name says nothing about its content, propose a better one: lower_case, English, legal in
Python, not used yet. Leave good names alone.
Answer with one JSON object:
{{"comments": [{{"line": 3, "text": "..."}}, ...], "renames": [{{"old": "Text_2", "new": "greeting"}}, ...]}}"""

PLAN = """A shortcut{about}, with a comment above each line:

{code}

Describe it as a task plan that someone could build the same shortcut from: a flow chart in words, in numbered steps. Steps inside a
branch, a loop or a menu's choice are numbered below the step that opens it (2, 2.1, 2.1.1). Each of the lines {lines} opens a block: a step
must say what decides there and what happens in each case. Plain language: no code, no function names.
`lines` of a step are the numbers of the lines it is about.
Answer with one JSON object: {{"steps": [{{"number": "2.1", "text": "...", "lines": [4, 5]}}, ...]}}"""

QUERY = """What a shortcut does{about}:

{plan}

Write what a person would say to an assistant to be given this shortcut: a realistic request or question in one to four sentences, in the
person's own words, that covers the main things it does and the values without which it would be another shortcut.
Do not mention Python, code, functions or their names, variables or parameters.{example}
Answer with one JSON object: {{"query": "..."}}"""

EXPAND = """These functions are at hand:

{stubs}

Write one request, in the category "{category}", that a person could make to an assistant that builds shortcuts: a realistic task of
everyday life that can only be solved with every one of these functions, and with the decisions, repetitions or choices that such a task
has. Never name a function or a parameter, and do not mention Python or code. Two to six sentences.
For the manner and the depth, requests that belong to existing shortcuts:

{examples}

Answer with one JSON object: {{"query": "..."}}"""

REFINE = """A person asked: {query}

The functions that may be called:

{stubs}

A first plan and program:

{draft}

What a checker found: {findings}

Mend both: they must do what was asked, agree with each other, use the functions above with parameters they have, and be complete. Above
each line of code stands a comment. Change nothing else. Answer in the same form: `Thought:` and the plan, `Code:` and one Python block."""

ANSWER = """{query}

Write this as a shortcut: first a plan in numbered steps, then the program as Python with a comment above each line, in exactly this form:

Thought:
(the plan)

Code:
```python
(the program)
```

These functions may be called, with keyword arguments only:

{stubs}"""

TEMPLATES = {"notes": NOTES, "plan": PLAN, "query": QUERY, "expand": EXPAND, "refine": REFINE, "answer": ANSWER}

_TEXT, _LINE = {"type": "string"}, {"type": "integer"}


def _list_of(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "object", "properties": properties}}


SCHEMAS: dict[str, dict[str, Any] | None] = {
    "notes": {"type": "object", "properties": {"comments": _list_of(line=_LINE, text=_TEXT), "renames": _list_of(old=_TEXT, new=_TEXT)}},
    "plan": {"type": "object", "properties": {"steps": _list_of(number=_TEXT, text=_TEXT, lines={"type": "array", "items": _LINE})}},
    "query": {"type": "object", "properties": {"query": _TEXT}},
    "expand": {"type": "object", "properties": {"query": _TEXT}},
    "refine": None,
    "answer": None,
}


def prompt_id(task: str) -> str:
    """The first 16 hex digits of the SHA-256 of all that is the same in each prompt of a task."""
    return hashlib.sha256((LOOK + TEMPLATES[task]).encode()).hexdigest()[:16]


def prompt(task: str, fields: dict[str, str], accept: Callable[[Any], Any] = lambda answer: answer, **facts: Any) -> Prompt:
    """The prompt of a task with its fields filled in; `facts` are what the offline writer works from."""
    messages = [{"role": "system", "content": LOOK}, {"role": "user", "content": TEMPLATES[task].format(**fields)}]
    return Prompt(task, messages, SCHEMAS[task], facts, accept)


def about(name: str, description: str) -> str:
    """What an author says of a shortcut, as a prompt quotes it: it may be false, empty or an advertisement."""
    said = [f" called “{shorten(name, 100)}”"] if name else []
    said += [f" described by its author as “{shorten(description, 600)}”"] if description else []
    return " and".join(said)


# ---------------------------------------------------------------------------------------------------------------------------------
# the chat format of training, annotation and evaluation


class Parts(NamedTuple):
    """An answer, taken apart."""

    plan: str
    code: str


def chat(query: str, apis: Iterable[str], catalog: Catalog, plan: str | None = None, code: str | None = None) -> list[dict[str, str]]:
    """The conversation of one sample: the user's turn, and the assistant's where a plan and code are given.

    `apis` are ids; those that the dialect writes as syntax are left out. The assistant's turn has the form of the paper (facts: section 7).
    """
    messages = [{"role": "user", "content": ANSWER.format(query=query, stubs=stubs(apis, catalog))}]
    if plan is not None and code is not None:
        messages.append({"role": "assistant", "content": answer(plan, code)})
    return messages


def answer(plan: str, code: str) -> str:
    """The assistant's turn."""
    return f"Thought:{plan}\n\nCode:\n```python\n{code.rstrip()}\n```"


def stubs(apis: Iterable[str], catalog: Catalog) -> str:
    """The Python stubs of APIs, as models see them; one that the catalogue does not know is shown by its name alone."""
    shown = [api for api in dict.fromkeys(apis) if api not in SYNTAX_APIS]
    return "\n".join(catalog.stub(api) if api in catalog else f"def {call_name(api)}(**parameters): ...\n" for api in shown)


def parse_answer(text: str) -> Parts:
    """Plan and code of a model's answer, each "" where there is none.

    The code is the first fenced block, marked as Python or not at all; a fence that is never closed (an answer cut at the token limit) ends
    with the text; without a fence it is what follows a line `Code:`. The plan is what stands before, without its `Thought:`.
    """
    text = text.replace("\r\n", "\n")
    if block := re.search(r"^[ \t]*```(?:python|py)?[ \t]*\n(.*?)(?:^[ \t]*```|\Z)", text, re.DOTALL | re.MULTILINE | re.IGNORECASE):
        before, code = text[: block.start()], block[1]
    elif mark := re.search(r"^\W*code\W*\n", text, re.MULTILINE | re.IGNORECASE):
        before, code = text[: mark.start()], text[mark.end():]
    else:
        before, code = text, ""
    before = re.sub(r"^\W*code\W*\Z", "", before, flags=re.MULTILINE | re.IGNORECASE)
    thought = re.search(r"^\W*thought\W*?(?::[*_]*|$)", before, re.MULTILINE | re.IGNORECASE)
    return Parts((before[thought.end():] if thought else before).strip(), code.strip("\n") + "\n" if code.strip() else "")


# ---------------------------------------------------------------------------------------------------------------------------------
# what a model is shown of code


def shorten(text: str, limit: int = SHOWN_LITERAL) -> str:
    """A text of more than `limit` characters as `head … [N characters] … tail`, where N are left out."""
    head, tail = (limit + 1) // 2, limit // 2
    return text if len(text) <= limit else f"{text[:head]}… [{len(text) - head - tail} characters] …{text[len(text) - tail:]}"


class _Shorten(ast.NodeTransformer):
    def __init__(self, limit: int) -> None:
        self.limit = limit

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str) and len(node.value) > self.limit:
            return ast.copy_location(ast.Constant(shorten(node.value, self.limit)), node)
        if isinstance(node.value, bytes) and len(node.value) > self.limit:
            kept = shorten(node.value.decode("latin-1"), self.limit).replace("…", "...")
            return ast.copy_location(ast.Constant(kept.encode("latin-1")), node)
        return node


def shorten_code(code: str, limit: int = SHOWN_LITERAL) -> str:
    """A program with its long text and bytes literals shortened: still Python, with the same statements and comments on the same lines.

    Raises SyntaxError for what is no Python.
    """
    lines = [line.encode() for line in code.splitlines(keepends=True)]  # columns of syntax trees count bytes
    for node in sorted(_printed_whole(ast.parse(code)), key=lambda node: (node.lineno, node.col_offset), reverse=True):
        literals = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str | bytes)]
        if any(len(literal) > limit for literal in literals):
            start, end = node.lineno - 1, node.end_lineno - 1
            head, tail = lines[start][: node.col_offset], lines[end][node.end_col_offset:]
            lines[start: end + 1] = [head + ast.unparse(_Shorten(limit).visit(node)).encode() + tail, *[b"\n"] * (end - start)]
    return b"".join(lines).decode()


def _printed_whole(tree: ast.Module) -> Iterator[Any]:
    """The nodes that can be printed anew without touching a block: simple statements, and what stands in the heads of the others."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.While)):
            yield node.test
        elif isinstance(node, ast.For):
            yield node.iter
        elif isinstance(node, ast.Match):
            yield node.subject
        elif isinstance(node, ast.match_case):
            yield node.pattern
        elif isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node


def statement_lines(code: str) -> list[int]:
    """The lines, from 1, on which a statement or a `case` begins, in order; a program printed anew has as many."""
    tree = ast.parse(code)
    return sorted({getattr(node, "pattern", node).lineno for node in ast.walk(tree) if isinstance(node, (ast.stmt, ast.match_case))})


def numbered(code: str, first: int = 1, last: int | None = None) -> str:
    """Lines `first` to `last` of a program, each with its number."""
    return "\n".join(f"{number:4}  {line}" for number, line in enumerate(code.splitlines(), start=1) if first <= number <= (last or number))


def commented(code: str, comments: dict[int, str]) -> str:
    """A program with a `#` line above each commented line, indented like it; the rest is untouched."""
    lines = []
    for number, line in enumerate(code.splitlines(), start=1):
        if number in comments:
            lines.append(f"{line[: len(line) - len(line.lstrip())]}# {' '.join(comments[number].split())}")
        lines.append(line)
    return "\n".join(lines) + "\n" if lines else ""


def plan_text(steps: list[dict[str, Any]]) -> str:
    """Steps as a text: one a line, indented by their depth."""
    lines = [(step["number"].strip().rstrip("."), " ".join(step["text"].split())) for step in steps]
    return "\n".join(f"{'   ' * number.count('.')}{number}. {text}" for number, text in lines)


def query_problem(query: str, apis: Iterable[str]) -> str | None:
    """What a query must not have in it: names of APIs or parameters, Python; or what it lacks."""
    said = query.casefold()
    if len(query.split()) < 3:
        return "the query is no sentence"
    for api in apis:
        if api.casefold() in said or call_name(api).casefold() in said:
            return f"the query names the function {call_name(api)}; say what it does instead"
    found = re.search(r"\bis[._]workflow\b|\bWF[A-Z]\w+|\bpython\b|```|\b\w+\(\w*=", query, re.IGNORECASE)
    return f"the query mentions {found[0]!r}; say it as a person would who knows no code" if found else None
