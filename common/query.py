"""One sentence of a person: the actions that a model is offered for it, the files that its shortcut becomes, and what to do with them."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from common import cli, jsonl
from common.cli import Reject
from common.excerpts import one_line, shorten
from common.jsonl import Record, UserError
from common.llm import OFFLINE, Prompt, Writer
from common.offline import sentence
from shortcuts import Diagnostic, effects, plist
from shortcuts.catalog import Catalog, offer
from shortcuts.catalog.search import offered, search, understood
from shortcuts.effects.report import report
from shortcuts.files import sign_command

FILE_NAME_WORDS, FILE_NAME_BYTES = 8, 200  # of a query that become its file's name, of which a disk takes 255 bytes
READ = 0.5  # share of a sentence's clauses in which the search has to find an action
MEANT = 2  # actions offered for a name that no action has
SHORTCUT, PROGRAM, PLAN = ".shortcut", ".py", ".txt"  # the files of one query, by their ends
SIGNING = "docs/writers.md"


def add_arguments(parser: cli.Parser) -> None:
    """Add the flags of a sentence."""
    add = parser.task.add_argument
    add("--query", metavar="TEXT", help="write the shortcut that this sentence asks for, instead of reading --input; --output is then a "
        ".shortcut file, which is replaced with --overwrite alone (default: named by the first words)")
    add("--apis", nargs="+", metavar="API", help="the actions that --query may use (default: those that a model behind a server names, "
        "else what a search of the catalogue finds; and a few of everyday use)")
    add("--apps", nargs="+", default=[], metavar="APP", help="apps of yours whose actions --query may use, such as Things")
    add("--force", action="store_true", help="with --query: write the shortcut although `check` finds errors in the program")


def misused(args: argparse.Namespace) -> list[tuple[Any, str]]:
    """Return pairs: whether flags are given that cannot go together, and what is said then."""
    return [
        (args.query is not None and not args.query.strip(), "--query is empty; say what the shortcut should do"),
        (args.query and args.output and args.output.suffix != ".shortcut", f"--output {args.output}: --query writes a .shortcut file"),
        (args.query and args.apis and args.model == OFFLINE, "--apis: the rules take the actions that the sentence names; give a --model"),
        (args.force and not args.query, "--force goes with --query: programs for the queries of a file are records, not shortcuts"),
        ((args.apis or args.apps) and not args.query, "--apis and --apps go with --query: the queries of a file have their actions"),
    ]


def file_for(query: str) -> Path:
    """Return the .shortcut file of a query, named by its first words, or with a number behind them where that name is taken.

    On a phone the file's name becomes the shortcut's.
    """
    name = " ".join(re.findall(r"[\w'’-]+", query)[:FILE_NAME_WORDS]).capitalize() or "Shortcut"
    name = name.encode()[:FILE_NAME_BYTES].decode(errors="ignore")  # a language without spaces has long words
    path, number = Path(name + SHORTCUT), 1
    while any(path.with_suffix(end).exists() for end in (SHORTCUT, PROGRAM, PLAN)):
        number += 1
        path = Path(f"{name} {number}{SHORTCUT}")
    return path


# ---------------------------------------------------------------------------------------------------------------------------------
# the actions


def api_id(name: str, catalog: Catalog) -> str:
    """Return the id of an API given by id, name in code, or, for one of the app's own, the end of its id. Raises UserError."""
    for api in (catalog.get(name), catalog.by_name(name), catalog.get(f"is.workflow.actions.{name}")):
        if api is not None:
            return api.id
    near = ", ".join(api.id for api in search(catalog, name, 3)) or "python -m shortcuts search WORDS"
    raise UserError(f"--apis: {name} is not in the catalogue; near it: {near}")


def apps_of(names: Iterable[str], query: str, catalog: Catalog) -> list[str]:
    """Return the apps of --apps and those that the sentence names, as the catalogue calls them. Raises UserError."""
    try:
        return list(dict.fromkeys([*offer.apps_called(names, catalog), *offer.apps_in(query, catalog)]))
    except offer.UnknownApp as error:
        raise UserError(f"--apps: {error}") from None


def record_of(args: argparse.Namespace, catalog: Catalog) -> Record:
    """Return the record of --query, whose `apis` may be used and need not; None where a model is to choose them first. Raises UserError."""
    apps = apps_of(args.apps, args.query, catalog)
    if args.model == OFFLINE and (problem := sentence.understood(args.query, catalog).problem()):
        raise UserError(f"--query: {problem}")
    if args.apis:
        apis = [api_id(name, catalog) for name in args.apis]
    else:
        apis = None if args.base_url and args.primer else searched_apis(args.query, catalog)
    return {"id": "query", "query": args.query, "request": args.query, "apis": apis, "apps": apps, "needed": []}


async def chosen_apis(writer: Writer, query: str, apps: list[str], catalog: Catalog) -> list[str]:
    """Let a model name what the sentence needs, from the actions that people use and those of `apps`; return what it is then offered.

    A model that cannot choose, or whose answer is of no use, is offered what a search finds, and a line says so. Raises Reject if the
    server gives no answer at all.
    """
    messages = [{"role": "user", "content": offer.question(query, catalog, apps)}]
    question = Prompt("choose", messages, offer.SCHEMA, accept=lambda answer: offer.chosen(answer, catalog, apps))
    try:
        choice = (await writer.ask(question, temperature=0.0)).object
    except Reject as reject:
        if reject.reason != "unusable_answer":
            raise
        cli.say(f"the model named no actions ({reject.detail[:200]}); it is offered what a search finds")
        return searched_apis(query, catalog)
    for missing in choice.missing:
        cli.say(f"no action does this, says the model: {missing}")
    meant = [api.id for name in choice.unknown for api in search(catalog, name, MEANT)]
    return list(dict.fromkeys([*offer.offered_after(choice, catalog), *meant]))


def searched_apis(query: str, catalog: Catalog) -> list[str]:
    """Return the actions that a search of the catalogue finds for a sentence; a line says so where it hardly reads the sentence."""
    if understood(query, catalog) < READ:
        cli.say("the search of the catalogue reads little of this sentence; name actions with --apis, or a model with --base-url")
    return offered(query, catalog)


def show_progress(text: str) -> None:
    """Show on a terminal what a model is writing; stdout gets the program once it is known to be the answer."""
    if sys.stderr.isatty():
        print(cli.CONTROLS.sub("?", text), end="", file=sys.stderr, flush=True)


# ---------------------------------------------------------------------------------------------------------------------------------
# the files


class Program(Protocol):
    """A model's answer as far as it is delivered: see Draft of stage 05."""

    plan: str
    code: str
    diagnostics: tuple[Diagnostic, ...]
    shortcut: Record | None
    blocks: int


class Files(NamedTuple):
    """The files of one query."""

    shortcut: Path
    program: Path
    plan: Path


def files_of(output: Path) -> Files:
    """Return the files that stand side by side, by the name of the .shortcut."""
    return Files(output, output.with_suffix(PROGRAM), output.with_suffix(PLAN))


def refuse_taken(paths: Iterable[Path], overwrite: bool) -> None:
    """Raise UserError where a file to be written is there already, unless it may be replaced: a person may have changed it."""
    taken = [str(path) for path in paths if path.exists()]
    if taken and not overwrite:
        are, them = ("is", "it") if len(taken) == 1 else ("are", "them")
        raise UserError(f"--output: {', '.join(taken)} {are} there already; give another name, or --overwrite to replace {them}")


def save_text(files: Files, plan: str, code: str) -> None:
    """Write the program and its plan: they are kept even if no shortcut can be made of them yet. An old plan belongs to another program."""
    jsonl.write_atomically(files.program, code.encode())
    if plan:
        jsonl.write_atomically(files.plan, (plan.rstrip() + "\n").encode())
    else:
        with jsonl.writing(files.plan):
            files.plan.unlink(missing_ok=True)


def deliver(draft: Program, files: Files, force: bool, usage: Record) -> None:
    """Print a program, write it, its plan and, if it has no error or by `force`, its shortcut, and say what a person does next.

    usage: the figures of the writers. Raises UserError if no shortcut can be written; what was written is kept.
    """
    if not draft.code:
        raise UserError(f"the answer holds no program; ask again, or another --model. It says: {shorten(one_line(draft.plan), 400)}")
    print("".join(f"# {line}\n" for line in draft.plan.splitlines()), draft.code, sep="\n", end="")  # one program, to pipe into a file
    save_text(files, draft.plan, draft.code)
    if draft.blocks > 1:
        cli.say(f"the answer holds {draft.blocks} programs; the longest is taken")
    for finding in draft.diagnostics:
        cli.say(f"line {finding.line}: {finding.severity}: {finding.message}")
    remedy = (f"the program is kept in {files.program}, to be mended by hand; --candidates 4 --repair or another --model may help, "
              "with --overwrite")
    if draft.shortcut is None:
        raise UserError(f"the program does not compile, so no shortcut is written; {remedy}")
    if not force and any(finding.severity == "error" for finding in draft.diagnostics):
        raise UserError(f"the program has errors, so no shortcut is written; {remedy}, and --force writes it all the same")
    try:
        jsonl.write_atomically(files.shortcut, plist.write_binary(draft.shortcut))
    except plist.PlistError as error:
        raise UserError(f"the program compiles to what no shortcut can hold: {error}") from None
    if usage.get("prompt_tokens"):
        cli.say(f"{usage['requests']} requests, {usage['prompt_tokens']:,} tokens in and {usage['completion_tokens']:,} out")
    for effect in effects.summary(draft.shortcut):
        cli.say(f"it {effect[0].lower()}{effect[1:]}")
    for line in report(draft.shortcut).short():
        cli.say(line)
    cli.say(f"written: {', '.join(str(file) for file in files if file.exists())}")
    for line in next_steps(files):
        cli.say(line)


def next_steps(files: Files, platform: str = sys.platform) -> list[str]:
    """Return what a person does next, a line each: change the program, sign the shortcut, install it. platform: that of sys.platform."""
    change = f"to change it: edit {shlex.quote(str(files.program))}, then python 02_transcribe.py {shlex.quote(str(files.program))}"
    if platform == "darwin":
        signed = files.shortcut.with_suffix(".signed.shortcut")
        return [change, f"to sign it, which sends it to Apple: {sign_command(files.shortcut)}",
                f"to install it here: open {shlex.quote(str(signed))}; on a phone: send that file there, by AirDrop or mail, and open it"]
    return [change, f"to use it, sign it on a Mac (it is sent to Apple): {sign_command(files.shortcut)}",
            f"without a Mac: {SIGNING} says what ways there are, and to whom each sends the shortcut"]

