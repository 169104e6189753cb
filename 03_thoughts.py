"""03 · Think: write what the author of a workflow never wrote down, bottom up: comments, better names, a plan, a query.

Reads    data/workflows.jsonl (stage 02)
Writes   data/seed.jsonl: the record and comments, renames, annotated_code, plan, query, writer
         data/seed.rejected.jsonl: workflows whose answers could not be used, with the raw answer

    python 03_thoughts.py                                                     # a model if OPENAI_API_KEY is set, else rules
    python 03_thoughts.py --writer gpt-4o-mini --budget-usd 20
    python 03_thoughts.py --writer gpt-4o-mini --dry-run --limit 100          # what would it cost?
    python 03_thoughts.py --writer Qwen/Qwen3-8B --base-url http://localhost:8000/v1 --concurrency 256
    python 03_thoughts.py --edits --input data/bench/train.edits.jsonl --output data/edits.jsonl --writer gpt-4o-mini   # of stage 06

The writer never rewrites the program: it gives comments by line and a rename map, and both are applied here. So annotated_code compiles to
exactly the shortcut of code, which is checked for every record. Comments, names and plan come from one request, in this order, so that the
code is sent once; the query comes from another one that sees the plan alone (--query-from code: the program, and an example before it).
Long workflows are told in windows, so that no request with its answer takes more than some 20,000 tokens of context. What the writer is
shown has no secrets and no base64.
Answers are cached by content: after a kill the same command asks nothing twice and writes what an uninterrupted run would have written.
"""

from __future__ import annotations

import common  # noqa: F401  # isort: skip  (first: from here on Ctrl-C ends in one line)
import argparse
import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from common import cli, edit_prompts, excerpts, llm, prompts
from common.cli import Reject
from common.jsonl import Record
from common.llm import Usage, Writer
from shortcuts import DialectError, equivalent, parse, plist, rename, rename_residue, to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.forms.constants import IMPLICIT_VARIABLE
from shortcuts.forms.identifiers import NameAllocator, identifier, label_from_identifier
from shortcuts.syntax.nodes import called

# Most statements and bytes of a window: their comments and steps fill an answer of some 5,000 tokens, the code takes 8,000.
WINDOW, WINDOW_BYTES = 100, 24_000
CONTEXT, CONTEXT_LINE = 5, 200  # lines shown before and after a window, and about the most characters of each
PLAN_SO_FAR = 2_000  # last characters of the plan so far that the next window's prompt shows
PLAN_IN_QUERY = 12_000  # characters of a plan in the query's prompt: the middle of a longer one adds nothing to a request
COMMENT = 500  # most characters of a comment, five times the short sentence that the prompt asks for
WORDS_OF_A_BLOCK = 2  # fewest words of a step about a block: fewer can't say what decides there
QUERY_FROM = {"plan": prompts.QUERY, "code": prompts.QUERY_FROM_CODE}  # of --query-from
CODE_IN_QUERY = 24_000  # characters of a program in the query's prompt
# Sentences of a request, by the number of steps of the plan up to which they are enough.
LENGTHS = (5, "one or two sentences"), (20, "two to four sentences"), (60, "three to five sentences")
LONGEST_QUERY = "four to six sentences: the gist and what matters most to the person, not every case"
# A name that is an id or a number, as files are called.
AN_ID = re.compile(r"(?i)(?=.*\d)[0-9a-f-]{8,}(?:\.\w+)?|[\d_. -]+")
PLAIN_DEFAULTS = frozenset((  # parameters whose default is what everybody expects
    "WFGetDictionaryValueType", "WFHTTPMethod", "WFNoOutputSurfaceBehavior", "valueConversionMode", "WFSSHAuthenticationType",
    "WFPickingMode", "WFQRErrorCorrectionLevel", "WFPriority", "InputMode"))  # fmt: skip

# In the prompt for a later window.
SO_FAR = """ The plan of the parts before it ends like this; go on with the number that follows its last step:

{end}
"""


def arguments() -> argparse.Namespace:
    """Parse the flags of this stage."""
    parser = cli.parser(__doc__, "data/workflows.jsonl", "data/seed.jsonl")
    parser.task.add_argument("--query-from", choices=tuple(QUERY_FROM), default="plan", help="write the query from the plan alone, or from "
                             "the program and one example, as the paper does (default: plan)")
    parser.task.add_argument("--edits", action="store_true", help="the input is edits of stage 06: put each request into a person's words")
    llm.add_arguments(parser)
    return parser.parse_args()


# ---------------------------------------------------------------------------------------------------------------------------------
# a record


async def think(record: Record, writer: Writer, catalog: Catalog, query_from: str = "plan") -> Record:
    """Return the record with the fields of this stage; `query_from`: "plan" or "code". Raises Reject if an answer can't be used."""
    code, place = printed(record["code"])
    about = told_by_author(record.get("name") or "", record.get("description") or "")
    told = await tell(code, about, writer, catalog)
    annotated = excerpts.commented(rename(code, told.renames), told.comments)
    compare(record, annotated, told.renames)
    plan = prompts.plan_text({"steps": told.steps})
    template = QUERY_FROM[query_from]
    query, query_usage = await request(template, record, annotated, plan, about, writer, catalog)
    return {
        **record,
        "comments": {str(place[line]): text for line, text in told.comments.items()}, "renames": told.renames, "annotated_code": annotated,
        "plan": plan, "query": query,
        "writer": {"model": writer.name, "prompts": {each.task: each.id for each in (prompts.THOUGHTS, template)},
                   **told.usage.plus(query_usage)._asdict()},
    }


def told_by_author(name: str, description: str) -> str:
    """Return the author's name and description of a shortcut as a prompt quotes them; they may be false, empty or an advertisement.

    A name that is an id, as files from archives have, says nothing and is left out.
    """
    title, text = excerpts.one_line(excerpts.masked(name)), excerpts.one_line(excerpts.masked(description))
    parts = [f" called “{excerpts.shorten(title, 100)}”"] if title and not AN_ID.fullmatch(title) else []
    parts += [f" described by its author as “{excerpts.shorten(text, 600)}”"] if text else []
    return " and".join(parts)


def printed(code: str) -> tuple[str, dict[int, int]]:
    """Return a program as stage 02 prints it, a statement on each line, and the lines of the given one by those. Raises Reject."""
    try:
        parse(code)
        result = rename(code, {})
        return result, dict(zip(excerpts.statement_lines(result), excerpts.statement_lines(code), strict=True))
    except DialectError as error:
        raise Reject("does_not_parse", str(error)) from None
    except ValueError as error:  # a program that stage 02 has not written, with two statements on a line
        raise Reject("not_annotated", str(error)) from None


def compare(record: Record, annotated: str, renames: dict[str, str]) -> None:
    """Raise Reject unless the annotated program compiles to the same shortcut as the program.

    With the residue, to an equal one; without it, where names are all that is known of variables, to an equivalent one.
    """
    try:
        before = to_shortcut(record["code"], record["residue"])
        after = to_shortcut(annotated, rename_residue(record["residue"], renames))
        alone = equivalent(to_shortcut(record["code"]), to_shortcut(annotated))
    except ValueError as error:
        raise Reject("does_not_compile", str(error)) from None
    if not plist.same(before, after) or not alone:
        raise Reject("changed_shortcut", f"the annotated program compiles to another shortcut; renames: {renames}")


def windows(code: str, most: int = WINDOW) -> Iterator[list[int]]:
    """Yield the lines that need a comment in parts of at most `most` lines, and of WINDOW_BYTES as a model is shown them."""
    lines, sizes = excerpts.told_lines(code), [len(line.encode()) + 5 for line in excerpts.source_lines(code)]
    part, size = list[int](), 0
    for line, after in zip(lines, [*lines[1:], len(sizes) + 1]):
        shown = sum(sizes[line - 1: after - 1])  # with the remarks below it
        if part and (len(part) == most or size + shown > WINDOW_BYTES):
            yield part
            part, size = [], 0
        part.append(line)
        size += shown
    if part:
        yield part


# ---------------------------------------------------------------------------------------------------------------------------------
# low and median level: comments and names, then the plan


class Told(NamedTuple):
    """Notes of a writer on a program, or on some windows of it: comments by line, new names by old ones, the steps of the plan."""

    comments: dict[int, str] = {}
    renames: dict[str, str] = {}
    steps: list[dict[str, Any]] = []
    usage: Usage = Usage()

    def plus(self, other: Told) -> Told:
        """Return both together."""
        return Told(self.comments | other.comments, self.renames | other.renames, self.steps + other.steps, self.usage.plus(other.usage))


async def tell(code: str, about: str, writer: Writer, catalog: Catalog) -> Told:
    """Ask for comments, names and plan, a window of statements at a time; each shows the names that the earlier ones gave."""
    told, names, taken, blocks = Told(), names_by_line(code), names_in_use(code), excerpts.block_lines(code)
    parts = list(windows(excerpts.shown_code(code)))
    for at, window in enumerate(parts):
        here = [name for line in window for name in names.get(line, [])]
        start, end = window[0] if at else 1, parts[at + 1][0] - 1 if at + 1 < len(parts) else None
        fields = {"part": part_of(at, len(parts)), "about": about, "so_far": so_far(told.steps),
                  "names": ", ".join(here) or "(none)", "code": lines_shown(rename(code, told.renames), window, start, end, catalog)}
        accept = accept_told(accept_notes(window, here, taken | set(told.renames.values()), catalog),
                             accept_plan([line for line in blocks if line in window], told.steps))
        prompt = prompts.THOUGHTS.prompt(fields, accept, code=code, lines=window, names=here, catalog=catalog, renames=told.renames,
                                starts=[part[0] for part in parts], at=at)
        answer = await writer.ask(prompt)
        told = told.plus(Told(*answer.object, answer.usage))
    return told


def lines_shown(code: str, window: list[int], start: int, end: int | None, catalog: Catalog) -> str:
    """Return lines `start` to `end` (None: the last) with those of the window numbered, between some lines around them."""
    above, below = range(max(1, start - CONTEXT), start), range(end + 1, end + 1 + CONTEXT) if end else range(0)
    around = excerpts.shown_code(code, CONTEXT_LINE, (*above, *below))
    before, after = (excerpts.numbered(around, lines.start, lines.stop - 1, told=()) if lines else "" for lines in (above, below))
    here = excerpts.numbered(with_defaults(excerpts.shown_code(code), catalog), start, end, told=window)
    return "\n".join(filter(None, (before, here, after)))


def with_defaults(code: str, catalog: Catalog) -> str:
    """Return a program with the defaults that it leaves to the app behind its lines: code alone does not say that math adds."""
    lines, found = excerpts.source_lines(code), dict[int, list[str]]()
    for node in ast.walk(ast.parse(code)):
        api = catalog.by_name(node.func.id) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
        if api is not None:
            left = api.left_out({keyword.arg for keyword in node.keywords})  # type: ignore[attr-defined]
            told = [f"{key}={value!r}" for key, value in left.items() if key not in PLAIN_DEFAULTS]
            found.setdefault(node.end_lineno, []).extend(told)  # type: ignore[attr-defined]
    for number, told in found.items():
        lines[number - 1] = f"{lines[number - 1].rstrip()}  # {', '.join(told)}\n" if told else lines[number - 1]
    return "".join(lines)


def part_of(part: int, parts: int) -> str:
    """Return how a prompt names a part of a shortcut, counted from 0."""
    return "A shortcut" if parts == 1 else f"Part {part + 1} of {parts} of a shortcut"


def names_by_line(code: str) -> dict[int, list[str]]:
    """Return the variables that can get a better name, by the line that first binds them.

    Not those that several loops bind, as one name would not fit all of them, nor an output that gets its name from the author at once:
    `Text = call(...)`, then `city = Text`.
    """
    first, loops, outputs, copied = dict[str, int](), Counter[str](), set[str](), set[str]()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.For):
            loops.update(part.id for part in ast.walk(node.target) if isinstance(part, ast.Name))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            copied.add(node.value.id)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            outputs.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "_":
            first[node.id] = min(node.lineno, first.get(node.id, node.lineno))
    result: dict[int, list[str]] = {}
    for name, line in first.items():
        if loops[name] < 2 and name not in outputs & copied:
            result.setdefault(line, []).append(name)
    return result


def names_in_use(code: str) -> set[str]:
    """Return the names that no variable may get: all names of a program, and those of variables that a text names."""
    nodes = list(ast.walk(ast.parse(code)))
    named = [keyword.value for keyword in nodes if isinstance(keyword, ast.keyword) and keyword.arg == "WFVariableName"]
    named += [node.args[0] for node in nodes if called(node) in ("variable", "missing") and node.args]
    texts = {node.value for node in named if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {node.id for node in nodes if isinstance(node, ast.Name)} | set(map(identifier, texts))


def accept_told(notes: Callable[[Any], Any], plan: Callable[[Any], Any]) -> Callable[[Any], tuple[dict[int, str], dict[str, str], Any]]:
    """Return the `accept` of the thoughts prompt, which returns (comments by line, renames, steps), from those of its halves."""
    return lambda answer: (*notes(answer), plan(answer))


def accept_notes(lines: list[int], names: list[str], taken: set[str], catalog: Catalog) -> Callable[[Any], Any]:
    """Return what reads (comments by line, renames) from an answer; it requires one comment for each line.

    A bad name is no reason to ask for all comments again: one that is reserved or taken gets an underscore or a number (`list_`,
    `city_2`), and a proposal that is not a name, or is for a variable that was not listed, is ignored.
    """

    def accept(answer: Any) -> tuple[dict[int, str], dict[str, str]]:
        comments: dict[int, str] = {}
        for line, text in map(line_and_text, answer["comments"]):
            if comments.setdefault(line, text) != text and line in lines:
                raise ValueError(f"line {line} has two comments")
        if missing := [line for line in lines if not excerpts.word_count(comments.get(line, ""))]:
            raise ValueError(f"lines {', '.join(map(str, missing))} have no comment")
        if long := [line for line in lines if len(comments[line]) > COMMENT]:
            raise ValueError(f"the comment of line {long[0]} is longer than a sentence")
        new, allocator = dict[str, str](), NameAllocator()
        allocator.taken |= taken
        for old, proposal in (map(str.strip, pair.split(":", 1)) for pair in answer["renames"] if ":" in pair):
            name = identifier(proposal)
            if old in names and old not in new and name != old and is_new_name(proposal, catalog):
                free = allocator.take(name)
                new |= {old: free} if identifier(free) == free else {}  # a number may make it longer than names are
        return {line: comments[line] for line in lines}, new

    return accept


def line_and_text(comment: str) -> tuple[int, str]:
    """Return `3: Asks which city.` as (3, "Asks which city."); the line is 0 where there is none."""
    found = re.fullmatch(r"\s*(?:line\s*)?([0-9]{1,9})(?:\s*[:.)–—-]\s|\s*:(?!\d)|\s)\s*(.*)", comment, re.DOTALL | re.IGNORECASE)
    return (int(found[1]), excerpts.one_line(found[2]).lstrip("# ")) if found else (0, "")


def is_new_name(proposal: str, catalog: Catalog) -> bool:
    """True if a proposal can name a variable: it has ASCII letters, and is neither an API's name nor one that loops bind implicitly."""
    name = identifier(proposal)
    magic = IMPLICIT_VARIABLE.match(label_from_identifier(name))
    return proposal.isascii() and any(map(str.isalpha, proposal)) and catalog.by_name(name) is None and not magic


def so_far(steps: list[dict[str, Any]]) -> str:
    """Return the end of the plan so far, in whole lines, for the prompt of a later window."""
    if not steps:
        return ""
    text = prompts.plan_text({"steps": steps})
    return SO_FAR.format(end=text[-PLAN_SO_FAR:].partition("\n")[2] if len(text) > PLAN_SO_FAR else text)


def accept_plan(blocks: list[int], before: list[dict[str, Any]]) -> Callable[[Any], list[dict[str, Any]]]:
    """Return what reads the steps from an answer: at least one, in order, and one about each block."""

    def accept(answer: Any) -> list[dict[str, Any]]:
        steps, place = [], place_of(before[-1]["number"]) if before else ()
        for step in map(prompts.read_step, answer["steps"]):
            number, words = place_of(step["number"]), excerpts.word_count(step["text"])
            if not follows(number, place):
                wanted = ".".join(map(str, (*place[:-1], place[-1] + 1))) if place else "1"
                raise ValueError(f"step {step['number']!r} cannot follow step {'.'.join(map(str, place)) or '0'}; {wanted} could")
            if words < max(1, WORDS_OF_A_BLOCK * len(set(step["lines"]) & set(blocks))):
                raise ValueError(f"step {step['number']} says too little about its lines; say what decides there")
            steps.append({**step, "number": ".".join(map(str, number))})
            place = number
        if not steps:
            raise ValueError("there are no steps")
        described = {line for step in steps for line in step["lines"]}
        if missing := [line for line in blocks if line not in described]:
            raise ValueError(f"no step has the lines {', '.join(map(str, missing))} in brackets; say what decides there")
        return steps

    return accept


def place_of(number: str) -> tuple[int, ...]:
    """Return `2.1` or `Step 2.1:` as (2, 1); () for a text without a number."""
    found = re.fullmatch(r"\D*(\d{1,6}(?:\.\d{1,6})*)\D*", number, re.ASCII)
    return tuple(map(int, found[1].split("."))) if found else ()


def follows(number: tuple[int, ...], last: tuple[int, ...]) -> bool:
    """True if a step's number can follow the last one: 2.1 is followed by 2.1.1, 2.2 or 3."""
    return number == (*last, 1) or any(number == (*last[:depth], last[depth] + 1) for depth in range(len(last)))


# ---------------------------------------------------------------------------------------------------------------------------------
# high level: the query


async def request(template: prompts.Template, record: Record, annotated: str, plan: str, about: str, writer: Writer,
                  catalog: Catalog) -> tuple[str, Usage]:
    """Return the query that a person would get this workflow by, and the usage; `template` is one of QUERY_FROM."""
    fields = {"about": about, "length": length_of(plan)}
    if template is prompts.QUERY:
        fields["plan"] = excerpts.shorten(excerpts.masked(plan), PLAN_IN_QUERY)
    else:
        fields["code"] = excerpts.shorten(excerpts.shown_code(annotated), CODE_IN_QUERY)
    prompt = template.prompt(fields, prompts.accept_query(record["apis"], catalog), code=annotated, catalog=catalog,
                            key=record["id"], apis=record["apis"], name=record.get("name") or "",
                            description=record.get("description") or "")
    answer = await writer.ask(prompt)
    return answer.object, answer.usage


def length_of(plan: str) -> str:
    """Return how long the request for a plan is asked to be."""
    steps = plan.count("\n") + 1
    return next((told for most, told in LENGTHS if steps <= most), LONGEST_QUERY)


async def reword(edit: Record, writer: Writer, catalog: Catalog) -> Record:
    """Return an edit of stage 06 with its request in a person's words, and the rules' as `request`. Raises Reject."""
    before, change, request, apis = (edit[key] for key in ("before", "change", "query", "apis"))
    answer = await writer.ask(edit_prompts.edit_query(before, change, request, apis, catalog))
    return {**edit, "query": answer.object, "request": request,
            "messages": edit_prompts.edit_chat(answer.object, before, apis, catalog, change),
            "writer": {"model": writer.name, "prompts": {"edit_query": edit_prompts.EDIT_QUERY.id}, **answer.usage._asdict()}}


# ---------------------------------------------------------------------------------------------------------------------------------


def main() -> int:
    """Annotate every workflow, or reword every edit, that is due, as many at once as the writer takes; return the exit code."""
    args = arguments()
    writer, catalog = llm.from_arguments(args), Catalog.load()
    work = (lambda edit: reword(edit, writer, catalog)) if args.edits else lambda record: think(record, writer, catalog, args.query_from)
    with cli.Run("thoughts", args) as run:
        records = run.records(*(("before", "change", "query", "apis") if args.edits else ("code", "residue", "apis")))
        for record, outcome in writer.map(work, records):
            if isinstance(outcome, Reject):
                run.reject(record["id"], outcome)
            else:
                run.write(outcome)
        return run.finish(**writer.figures())


if __name__ == "__main__":
    cli.start(main)
