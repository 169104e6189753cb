"""The prompts about a change of a program.

    edit         code, query, APIs      -> the smallest change of the code, see shortcuts/edit    (05 --edit, 07, 08 --edits)
    edit_query   code, change           -> the request a person would make for this change        (03 --edits)
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from common.conversation import stubs
from common.excerpts import numbered, shown_code
from common.prompts import LOOK, Prompt, Template, accept_query
from common.replies import PYTHON, TEXTS, code_blocks, without_thought
from shortcuts.catalog import Catalog

CHANGE_FENCE = "```change\n"
_PLACE = re.compile(r"^((?:replace|insert|delete)[ ]+(?:all|after[ ]+(?:line[ ]+)?\d+|(?:lines?[ ]+)?\d+))", re.MULTILINE)
_COMMAND = re.compile(r"^(replace|insert|delete)[ ]+(all|after|lines?|[0-9])", re.MULTILINE)

EDIT = Template("edit",
    turn="""\
A shortcut of somebody's, written as Python, with the numbers of its lines in front:

{code}
{earlier}
They ask: {query}

Write the smallest change of this program that does what they ask. What they did not ask for stays as it is. A change has this form:

```change
replace 12-14
(new lines instead of lines 12 to 14)
insert after 20
(new lines below line 20)
delete 3-5
```

- One line is `replace 12` or `delete 3`. Commands come in any order: all numbers are those above.
- New lines are written whole, without numbers, indented as in the program: their indentation decides in which block they stand. Lines \
that stay are not written. `workflow(…)` in line 1 holds settings and is no action: what comes first is inserted after it.
- Among new lines, `keep 13-14` stands for lines 13 to 14 as they are, indented like `keep`: to put them into a block (`replace 13-14`, \
`if x:`, `    keep 13-14`), to move them (`delete 13-14`, `insert after 20`, `keep 13-14`), and for lines that are too long to write.
- `… [1000 characters] …` in a text stands for what is left out here; in a new line it may be written as it stands.
- A new value has a name of its own, so that other lines mean what they meant; one that takes the place of an old value keeps its name. \
What is read is bound above. What a line has already, parameters and forms that are not explained here too, may stay in it.
- Where the program says client_version and a number below 900, an action without its input takes the output of the action before it.
- Only where nearly every line changes: `replace all`, and the whole program.

Answer with the change in one fenced block. These functions may be called, with keyword arguments only:

{stubs}""")

# What was asked for before, in EDIT.
EARLIER = """
It was changed before. They asked, and the change was, with the numbers of that time:

{turns}
"""

EDIT_REPAIR = """This change cannot be made as it is:

{findings}

Give the whole change again, in the same form and with the numbers of the program above, with these things mended."""

EDIT_QUERY = Template("edit_query",
    instructions=LOOK + """

You see such a shortcut with the numbers of its lines, a change of it, and the request for this change as a machine put it. Write what the
person who uses the shortcut would say to have just that changed, in English and in their own words.
- The request is exact: whoever knows the shortcut would make this change and no other. Values that are new stand in it as they are.
- What is meant is named by what it does or shows, as the person knows it: no line numbers, no functions, no variables, no code.
- One sentence, at most two. No reasons, unless a person would give one.
Answer with one JSON object: {"query": "..."}""",
    turn="""\
The shortcut:

{code}

The change:

{change}

As a machine put it: {request}""",
    schema={"type": "object", "properties": {"query": {"type": "string"}}})


def edit_chat(query: str, code: str, apis: Iterable[str], catalog: Catalog, change: str | None = None,
              earlier: Iterable[tuple[str, str]] = ()) -> list[dict[str, str]]:
    """Return the conversation of one edit of a program: the user's turn, and the assistant's if the change is given.

    code: shown with numbers, long texts shortened and secrets masked. earlier: requests and changes that led to it.
    """
    turns = "\n".join(f"{request}\n{change_answer(made)}\n" for request, made in earlier)
    fields = {"query": query, "code": numbered(shown_code(code)), "stubs": stubs(apis, catalog),
              "earlier": EARLIER.format(turns=turns) if turns else ""}
    messages = [{"role": "user", "content": EDIT.turn.format(**fields)}]
    return messages if change is None else [*messages, {"role": "assistant", "content": change_answer(change)}]


def change_answer(change: str) -> str:
    """Return the assistant's turn for a change."""
    return f"{CHANGE_FENCE}{change.rstrip()}\n```"


def parse_change(text: str) -> str:
    """Return the change in a model's answer, "" if there is none; a whole program becomes the change that writes it."""
    whole = max(_blocks(text), key=len, default="")
    return commands(text) or (f"replace all\n{whole}" if whole.strip() else "")


def commands(text: str) -> str:
    """Return the commands in a model's answer, those of all its blocks as one change; "" if there are none.

    Blocks that are about the same lines are drafts of one change, and the last of them counts.
    """
    for parts in (_blocks(text), [without_thought(text.replace("\r\n", "\n"))]):
        found = [part[begin.start():].rstrip("\n") for part in dict.fromkeys(parts) if (begin := _COMMAND.search(part))]
        places = [set(_PLACE.findall(block)) for block in found]
        if found:
            are_drafts = any(one & other for number, one in enumerate(places) for other in places[:number])
            return (found[-1] if are_drafts else "\n".join(found)) + "\n"
    return ""


def _blocks(text: str) -> list[str]:
    text = without_thought(text.replace("\r\n", "\n"))
    return [block.text for block in code_blocks(text, PYTHON | TEXTS | {"change", "diff"})]


def edit_repair(messages: list[dict[str, str]], text: str, findings: str) -> list[dict[str, str]]:
    """Return the conversation that asks for a corrected change."""
    return [*messages, {"role": "assistant", "content": text}, {"role": "user", "content": EDIT_REPAIR.format(findings=findings)}]


def edit_query(code: str, change: str, request: str, apis: Iterable[str], catalog: Catalog) -> Prompt:
    """Return the prompt for a person's request for a change of a program. request: by rules, which is what the offline writer answers."""
    fields = {"code": numbered(shown_code(code)), "change": change_answer(change), "request": request}
    return EDIT_QUERY.prompt(fields, accept_query(apis, catalog), request=request)
