"""03 · Think: write for each workflow what its author never wrote down, from the bottom up: comments, better names, a plan, a query.

Reads    data/workflows.jsonl (stage 02)
Writes   data/seed.jsonl: the record and comments, renames, annotated_code, plan, query, writer
         data/seed.rejected.jsonl: workflows whose answers could not be used, with the raw answer

    python 03_thoughts.py                                                     # a model if OPENAI_API_KEY is set, else rules
    python 03_thoughts.py --writer gpt-4o-mini --budget-usd 20
    python 03_thoughts.py --writer gpt-4o-mini --dry-run --limit 100          # what would it cost?
    python 03_thoughts.py --writer Qwen/Qwen3-8B --base-url http://localhost:8000/v1 --concurrency 256

The writer never touches the program: it is asked for comments by line and for a rename map, and both are applied here, so annotated_code
compiles to the very shortcut that code does; this is checked for every record. Workflows too long for one answer are commented in windows.
Answers are cached by content: after a kill the same command asks nothing twice and writes what an uninterrupted run would have written.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Callable
from typing import Any

from common import cli, dialect, llm, plist, prompts
from common.catalog import Catalog
from common.cli import Reject
from common.jsonl import Record
from common.llm import Usage, Writer

WINDOW = 120  # statements commented in one answer: some 4,000 tokens, half of what an answer may have
CONTEXT = 20  # lines shown before and after a window, so that its first and last lines make sense
PLAN_CHARACTERS = 120_000  # of commented code in the plan's prompt, some 35,000 tokens; beyond it the comments alone are shown
KEPT_IN_OUTLINE = "#", "if ", "elif ", "else:", "for ", "match ", "case "
PLAN_IN_QUERY = 24_000  # characters of a plan in the query's prompt: the middle of a longer one adds nothing to a request
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
    code, about = record["code"], prompts.about(record.get("name") or "", record.get("description") or "")
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


def annotate(code: str, comments: dict[int, str], renames: dict[str, str]) -> str:
    """The program with its names changed and its comments above the statements they belong to."""
    renamed = dialect.rename(code, renames)
    place = dict(zip(prompts.statement_lines(code), prompts.statement_lines(renamed), strict=True))  # printed anew, lines may have moved
    return prompts.commented(renamed, {place[line]: text for line, text in comments.items()})


def compare(record: Record, annotated: str, renames: dict[str, str]) -> None:
    """Raises Reject unless the annotated program compiles to the very shortcut that the program itself compiles to."""
    try:
        before = dialect.to_shortcut(record["code"], record["residue"])
        after = dialect.to_shortcut(annotated, dialect.rename_residue(record["residue"], renames))
    except ValueError as error:
        raise Reject("does_not_compile", str(error)) from None
    if not plist.same(before, after):
        raise Reject("changed_shortcut", f"the annotated program compiles to another shortcut; renames: {renames}")


# ---------------------------------------------------------------------------------------------------------------------------------
# low level: comments and names


async def comment(code: str, about: str, writer: Writer, catalog: Catalog) -> tuple[dict[int, str], dict[str, str], Usage]:
    """(a comment for each statement by its line, new names by the old ones, usage), a window of statements at a time."""
    shown = prompts.shorten_code(code)
    lines, names = prompts.statement_lines(code), names_by_line(code)
    texts, renames, usage = dict[int, str](), dict[str, str](), Usage()
    for at in range(0, len(lines), WINDOW):
        window = lines[at: at + WINDOW]
        here = [name for line in window for name in names.get(line, [])]
        fields = {"about": about, "code": prompts.numbered(shown, max(1, window[0] - CONTEXT), window[-1] + CONTEXT),
                  "lines": ", ".join(map(str, window)), "names": ", ".join(here) or "(none)"}  # fmt: skip
        prompt = prompts.prompt("notes", fields, accept_notes(window, here, set().union(*names.values()), renames),
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


def accept_notes(lines: list[int], names: list[str], taken: set[str], renames: dict[str, str]) -> Callable[[Any], Any]:
    """Takes an answer to the notes prompt: (comments by line, renames). Every line commented; each new name legal and its own."""

    def accept(answer: Any) -> tuple[dict[int, str], dict[str, str]]:
        comments = {comment["line"]: " ".join(comment["text"].split()) for comment in answer["comments"]}
        if missing := [line for line in lines if not comments.get(line)]:
            raise ValueError(f"lines {', '.join(map(str, missing))} have no comment")
        new = {rename["old"]: rename["new"] for rename in answer["renames"] if rename["old"] != rename["new"]}
        used = taken | set(renames.values())
        for old, name in new.items():
            if old not in names:
                raise ValueError(f"the rename of {old}: it is none of the variables named in the question")
            if not name.isascii() or not name.isidentifier() or dialect.vocabulary.identifier(name) != name:
                raise ValueError(f"the rename of {old}: {name!r} cannot be a variable here")
            if name in used:
                raise ValueError(f"the rename of {old}: {name} is taken")
            used.add(name)
        return {line: comments[line] for line in lines}, new

    return accept


# ---------------------------------------------------------------------------------------------------------------------------------
# median and high level: the plan and the query


async def describe(annotated: str, about: str, writer: Writer, catalog: Catalog) -> tuple[str, Usage]:
    """The task plan of a commented program."""
    code = prompts.numbered(prompts.shorten_code(annotated))
    if len(code) > PLAN_CHARACTERS:
        code = "\n".join(line for line in code.splitlines() if line[4:].lstrip().startswith(KEPT_IN_OUTLINE))
    blocks = block_lines(annotated)
    fields = {"about": about, "code": code, "lines": ", ".join(map(str, blocks)) or "(none)"}
    prompt = prompts.prompt("plan", fields, accept_plan(annotated, blocks), code=annotated, catalog=catalog)
    answer = await writer.ask(prompt)
    return answer.object, answer.usage


def block_lines(code: str) -> list[int]:
    """The lines that open a block or a choice of one."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.If | ast.For | ast.Match | ast.match_case)]
    return sorted(getattr(node, "pattern", node).lineno for node in nodes)


def accept_plan(code: str, blocks: list[int]) -> Callable[[Any], str]:
    """Takes an answer to the plan prompt: the plan as text. Steps there are, numbered, and each block is in one."""

    def accept(answer: Any) -> str:
        steps = answer["steps"]
        if not steps and ast.parse(code).body:
            raise ValueError("there are no steps")
        if wrong := [step["number"] for step in steps if not step["number"].replace(".", "").isdigit() or not step["text"].strip()]:
            raise ValueError(f"a step's number has the form 2 or 2.1 and its text is not empty, unlike {wrong[0]!r}")
        told = {line for step in steps for line in step["lines"]}
        if missing := [line for line in blocks if line not in told]:
            raise ValueError(f"no step has the lines {', '.join(map(str, missing))} in its `lines`; say what decides there")
        return prompts.plan_text(steps)

    return accept


async def request(record: Record, annotated: str, plan: str, about: str, writer: Writer, catalog: Catalog) -> tuple[str, Usage]:
    """The query that a person would get this workflow by."""

    def accept(answer: Any) -> str:
        if problem := prompts.query_problem(answer["query"], record["apis"]):
            raise ValueError(problem)
        return " ".join(answer["query"].split())

    fields = {"about": about, "plan": prompts.shorten(plan, PLAN_IN_QUERY), "example": ""}
    prompt = prompts.prompt("query", fields, accept, code=annotated, catalog=catalog, key=record["id"], apis=record["apis"],
                            name=record.get("name") or "", description=record.get("description") or "")
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
