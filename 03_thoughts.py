"""03 · Think: write for each workflow what its author never wrote down, from the bottom up: comments, better names, a plan, a query.

Reads    data/workflows.jsonl (stage 02)
Writes   data/seed.jsonl: the record and comments, renames, annotated_code, plan, query, writer
         data/seed.rejected.jsonl: workflows whose answers could not be used, with the raw answer

    python 03_thoughts.py                                                     # a model if OPENAI_API_KEY is set, else rules
    python 03_thoughts.py --writer gpt-4o-mini --budget-usd 20
    python 03_thoughts.py --writer gpt-4o-mini --dry-run --limit 100          # what would it cost?
    python 03_thoughts.py --writer Qwen/Qwen3-8B --base-url http://localhost:8000/v1 --concurrency 256

The writer never touches the program: it is asked for comments by line and for a rename map, and both are applied here, so annotated_code
compiles to the very shortcut that code does; this is checked for every record. Long workflows are commented and planned in windows, so
that no question with its answer takes more than some 20,000 tokens of context, however long the workflow is.
Answers are cached by content: after a kill the same command asks nothing twice and writes what an uninterrupted run would have written.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

from common import cli, llm, prompts
from common.cli import Reject
from common.jsonl import Record
from common.llm import Usage, Writer
from shortcuts import DialectError, equivalent, parse, plist, rename, rename_residue, to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.forms.constants import IMPLICIT_VARIABLE
from shortcuts.forms.identifiers import NameAllocator, identifier, label_from_identifier
from shortcuts.syntax.nodes import called

# A window: some 30 tokens of answer for each comment make half of what an answer may have; and at three bytes a token, 8,000 tokens shown.
WINDOW, WINDOW_BYTES = 120, 24_000
CONTEXT, CONTEXT_LINE = 10, 200  # lines shown before and after a window, so that its first and last lines make sense, and their characters
PLAN_SO_FAR = 3_000  # characters of the plan of the windows before: its end, which the next step goes on from
PLAN_IN_QUERY = 12_000  # characters of a plan in the query's prompt: the middle of a longer one adds nothing to a request
COMMENT = 500  # characters of a comment at most: one short sentence is asked for, and this is five
WORDS_OF_A_BLOCK = 2  # in the step that tells of it, at least: fewer can't say what decides there
TASKS = "notes", "plan", "query"


def arguments() -> argparse.Namespace:
    """The flags of this stage."""
    parser = cli.parser(__doc__, "data/workflows.jsonl", "data/seed.jsonl")
    llm.add_arguments(parser)
    return parser.parse_args()


# ---------------------------------------------------------------------------------------------------------------------------------
# a record


async def think(record: Record, writer: Writer, catalog: Catalog) -> Record:
    """The record with all that this stage adds. Raises Reject if an answer can't be used."""
    code, about = readable(record["code"]), prompts.about(record.get("name") or "", record.get("description") or "")
    comments, renames, usage = await comment(code, about, writer, catalog)
    annotated = annotate(code, comments, renames)
    compare(record, annotated, renames)
    plan, plan_usage = await describe(annotated, about, writer, catalog)
    query, query_usage = await request(record, annotated, plan, about, writer, catalog)
    usage = usage.plus(plan_usage).plus(query_usage)
    return {
        **record,
        "comments": {str(line): text for line, text in comments.items()}, "renames": renames, "annotated_code": annotated,
        "plan": plan, "query": query,
        "writer": {"model": writer.name, "prompts": {task: prompts.prompt_id(task) for task in TASKS}, **usage._asdict()},
    }  # fmt: skip


def readable(code: str) -> str:
    """The program, if it is one. Raises Reject."""
    try:
        parse(code)
    except DialectError as error:
        raise Reject("does_not_parse", str(error)) from None
    return code


def annotate(code: str, comments: dict[int, str], renames: dict[str, str]) -> str:
    """The program with its names changed and its comments above the statements they belong to. Raises Reject."""
    try:
        renamed = rename(code, renames)
        place = dict(zip(prompts.statement_lines(code), prompts.statement_lines(renamed), strict=True))  # printed anew, lines may move
    except ValueError as error:  # a program that stage 02 has not written, with two statements on a line
        raise Reject("not_annotated", str(error)) from None
    return prompts.commented(renamed, {place[line]: text for line, text in comments.items()})


def compare(record: Record, annotated: str, renames: dict[str, str]) -> None:
    """Raises Reject unless the annotated program compiles to the very shortcut that the program itself compiles to.

    With the residue to an equal one; without it, where names are all that is known of variables, to the same program.
    """
    try:
        before = to_shortcut(record["code"], record["residue"])
        after = to_shortcut(annotated, rename_residue(record["residue"], renames))
        alone = equivalent(to_shortcut(record["code"]), to_shortcut(annotated))
    except ValueError as error:
        raise Reject("does_not_compile", str(error)) from None
    if not plist.same(before, after) or not alone:
        raise Reject("changed_shortcut", f"the annotated program compiles to another shortcut; renames: {renames}")


def windows(code: str, most: int | None = None) -> Iterator[list[int]]:
    """The lines of a program's statements, in parts of at most `most` lines and WINDOW_BYTES as a model is shown them."""
    lines, sizes = prompts.statement_lines(code), [len(line.encode()) for line in prompts.numbered(code).split("\n")]
    part, size = list[int](), 0
    for line, after in zip(lines, [*lines[1:], None]):
        shown = sum(sizes[line - 1: after and after - 1])  # with the comment of the statement after it
        if part and (len(part) == most or size + shown > WINDOW_BYTES):
            yield part
            part, size = [], 0
        part.append(line)
        size += shown
    if part:
        yield part


# ---------------------------------------------------------------------------------------------------------------------------------
# low level: comments and names


async def comment(code: str, about: str, writer: Writer, catalog: Catalog) -> tuple[dict[int, str], dict[str, str], Usage]:
    """(a comment for each statement by its line, new names by the old ones, usage), a window of statements at a time."""
    shown, names, taken = prompts.shorten_code(code), names_by_line(code), names_in_use(code)
    texts, renames, usage = dict[int, str](), dict[str, str](), Usage()
    for window in windows(shown, WINDOW):
        first, last, here = window[0], window[-1], [name for line in window for name in names.get(line, [])]
        parts = (prompts.numbered(shown, max(1, first - CONTEXT), first - 1, CONTEXT_LINE) if first > 1 else "",
                 prompts.numbered(shown, first, last), prompts.numbered(shown, last + 1, last + CONTEXT, CONTEXT_LINE))
        fields = {"about": about, "code": "\n".join(filter(None, parts)), "lines": ", ".join(map(str, window)),
                  "names": ", ".join(here) or "(none)", "defaults": prompts.defaults_left_out(code, window, catalog)}  # fmt: skip
        prompt = prompts.prompt("notes", fields, accept_notes(window, here, taken | set(renames.values()), catalog),
                                code=code, lines=window, names=here, catalog=catalog, renames=renames)
        answer = await writer.ask(prompt)
        window_texts, window_renames = answer.object
        texts, renames, usage = texts | window_texts, renames | window_renames, usage.plus(answer.usage)
    return texts, renames, usage


def names_by_line(code: str) -> dict[int, list[str]]:
    """The variables of a program, each on the line that first binds it."""
    first: dict[str, int] = {}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "_":
            first[node.id] = min(node.lineno, first.get(node.id, node.lineno))
    result: dict[int, list[str]] = {}
    for name, line in first.items():
        result.setdefault(line, []).append(name)
    return result


def names_in_use(code: str) -> set[str]:
    """What no variable may be called anew: every name of a program, and what variables are called where a text names them."""
    nodes = list(ast.walk(ast.parse(code)))
    named = [keyword.value for keyword in nodes if isinstance(keyword, ast.keyword) and keyword.arg == "WFVariableName"]
    named += [node.args[0] for node in nodes if called(node) in ("variable", "missing") and node.args]
    texts = {node.value for node in named if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {node.id for node in nodes if isinstance(node, ast.Name)} | set(map(identifier, texts))


def accept_notes(lines: list[int], names: list[str], taken: set[str], catalog: Catalog) -> Callable[[Any], Any]:
    """Takes an answer to the notes prompt: (comments by line, renames). Every line commented once; each new name legal and its own.

    A name is no reason to have all the comments written again: one that is reserved or taken gets what Python's own style gives it, an
    underscore or a number (`list_`, `city_2`), and a proposal that is no name, or renames what was not asked about, is passed over.
    """

    def accept(answer: Any) -> tuple[dict[int, str], dict[str, str]]:
        comments: dict[int, str] = {}
        for line, text in ((comment["line"], prompts.one_line(comment["text"]).lstrip("# ")) for comment in answer["comments"]):
            if comments.setdefault(line, text) != text and line in lines:
                raise ValueError(f"line {line} has two comments")
        if missing := [line for line in lines if not prompts.word_count(comments.get(line, ""))]:
            raise ValueError(f"lines {', '.join(map(str, missing))} have no comment")
        if long := [line for line in lines if len(comments[line]) > COMMENT]:
            raise ValueError(f"the comment of line {long[0]} is longer than a sentence")
        new, allocator = dict[str, str](), NameAllocator()
        allocator.taken |= taken
        for pair in answer["renames"]:
            old, name = pair["old"], identifier(pair["new"])
            if old in names and old not in new and name != old and is_new_name(pair["new"], catalog):
                free = allocator.take(name)
                new |= {old: free} if identifier(free) == free else {}  # a number may make it longer than names are
        return {line: comments[line] for line in lines}, new

    return accept


def is_new_name(proposal: str, catalog: Catalog) -> bool:
    """Whether a proposal can become a variable's name: English letters in it, no API's name, none that loops give by themselves."""
    name = identifier(proposal)
    magic = IMPLICIT_VARIABLE.match(label_from_identifier(name))
    return proposal.isascii() and any(map(str.isalpha, proposal)) and catalog.by_name(name) is None and not magic


# ---------------------------------------------------------------------------------------------------------------------------------
# median and high level: the plan and the query


async def describe(annotated: str, about: str, writer: Writer, catalog: Catalog) -> tuple[str, Usage]:
    """The task plan of a commented program, a window at a time: each goes on from the last step of the one before."""
    shown, blocks, usage = prompts.shorten_code(annotated), block_lines(annotated), Usage()
    steps, parts = list[dict[str, Any]](), list(windows(shown))
    for at, window in enumerate(parts):
        last = parts[at + 1][0] - 2 if at + 1 < len(parts) else None  # above the next window's first statement stands its comment
        here = [line for line in blocks if window[0] <= line <= window[-1]]
        fields = {"about": about, "part": "A shortcut" if len(parts) == 1 else f"Part {at + 1} of {len(parts)}",
                  "code": prompts.numbered(shown, max(1, window[0] - 1), last), "lines": ", ".join(map(str, here)) or "(none)",
                  "so_far": so_far(steps)}  # fmt: skip
        prompt = prompts.prompt("plan", fields, accept_plan(here, steps), code=annotated, catalog=catalog,
                                starts=[part[0] for part in parts], at=at)
        answer = await writer.ask(prompt)
        steps, usage = steps + answer.object, usage.plus(answer.usage)
    return prompts.plan_text(steps), usage


def so_far(steps: list[dict[str, Any]]) -> str:
    """What a later part's question says of the plan so far: its end."""
    end = prompts.plan_text(steps)[-PLAN_SO_FAR:]
    return f"\nThe plan so far ends like this; go on with the number that follows its last step:\n\n{end}\n" if steps else ""


def block_lines(code: str) -> list[int]:
    """The lines that open a block or a choice of one."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.If | ast.For | ast.Match | ast.match_case)]
    return sorted(getattr(node, "pattern", node).lineno for node in nodes)


def accept_plan(blocks: list[int], before: list[dict[str, Any]]) -> Callable[[Any], list[dict[str, Any]]]:
    """Takes an answer to the plan prompt: its steps. There are some, in order, and each block is told of in one."""

    def accept(answer: Any) -> list[dict[str, Any]]:
        steps, place = [], place_of(before[-1]["number"]) if before else ()
        for step in answer["steps"]:
            number, words = place_of(step["number"]), prompts.word_count(step["text"])
            if not follows(number, place):
                wanted = ".".join(map(str, (*place[:-1], place[-1] + 1))) if place else "1"
                raise ValueError(f"step {step['number']!r} cannot follow step {'.'.join(map(str, place)) or '0'}; {wanted} could")
            if words < max(1, WORDS_OF_A_BLOCK * len(set(step["lines"]) & set(blocks))):
                raise ValueError(f"step {step['number']} says too little about its lines; say what decides there")
            steps.append({**step, "number": ".".join(map(str, number))})
            place = number
        if not steps:
            raise ValueError("there are no steps")
        told = {line for step in steps for line in step["lines"]}
        if missing := [line for line in blocks if line not in told]:
            raise ValueError(f"no step has the lines {', '.join(map(str, missing))} in its `lines`; say what decides there")
        return steps

    return accept


def place_of(number: str) -> tuple[int, ...]:
    """`2.1` as (2, 1), also where `Step 2.1:` is written; () for what has no number."""
    found = re.fullmatch(r"\D*(\d{1,6}(?:\.\d{1,6})*)\D*", number, re.ASCII)
    return tuple(map(int, found[1].split("."))) if found else ()


def follows(number: tuple[int, ...], last: tuple[int, ...]) -> bool:
    """Whether a step's number can come after the last one's: 2.1 is followed by 2.1.1, 2.2 or 3."""
    return number == (*last, 1) or any(number == (*last[:depth], last[depth] + 1) for depth in range(len(last)))


async def request(record: Record, annotated: str, plan: str, about: str, writer: Writer, catalog: Catalog) -> tuple[str, Usage]:
    """Return the query that a person would get this workflow by, and the usage."""
    fields = {"about": about, "plan": prompts.shorten(plan, PLAN_IN_QUERY)}
    prompt = prompts.prompt("query", fields, prompts.accept_query(record["apis"], catalog), code=annotated, catalog=catalog,
                            key=record["id"], apis=record["apis"], name=record.get("name") or "",
                            description=record.get("description") or "")
    answer = await writer.ask(prompt)
    return answer.object, answer.usage


# ---------------------------------------------------------------------------------------------------------------------------------


def main() -> int:
    """Think about every workflow that is due, as many at once as the writer takes."""
    args = arguments()
    writer, catalog = llm.from_arguments(args), Catalog.load()
    with cli.Run("thoughts", args) as run:
        records = run.records("code", "residue", "apis")
        for record, outcome in writer.map(lambda record: think(record, writer, catalog), records):
            if isinstance(outcome, Reject):
                run.reject(record["id"], outcome)
            else:
                run.write(outcome)
        return run.finish(**writer.figures())


if __name__ == "__main__":
    cli.start(main)
