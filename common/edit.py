"""A change of a shortcut that a person asks for: what the model is shown, what its answer makes of the shortcut, and the files.

    python 05_annotate.py --edit "Split the Bill.shortcut" --query "also speak the result" --output "Split and Speak.shortcut"

A model answers with a change (shortcuts/edit). Nothing is written unless all other actions stay equal to the byte. NEW.edits.json beside
the new shortcut keeps what was asked and changed so far; the model is shown it when the edits go on from there.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from common import chat, cli, conversation, edit_prompts, excerpts, jsonl, llm, query
from common.cli import Reject
from common.jsonl import Record, UserError
from common.llm import OFFLINE, CompletionResult, Prompt
from shortcuts import Diagnostic, DialectError, apis_of, files, in_dialect, plist, review, to_python
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS, offered
from shortcuts.edit import Edited, Line, applied, carried, merged
from shortcuts.effects.report import report
from shortcuts.grammar import change_grammar

HISTORY = ".edits.json"
ENDS = query.SHORTCUT, query.PROGRAM, files.RESIDUE, HISTORY  # of the files that an edit writes
FRAGMENT = ("the block holds no command, and hardly an action of the program: begin with insert after, replace or delete and the numbers "
            "of lines, or with `replace all` and the whole program")  # fmt: skip
SHOWN_FAULTS, SHOWN_STUBS = 20, 8  # of an answer: faults that a repair prompt lists, functions whose stubs it shows

class Request(NamedTuple):
    """A conversation that a model is to continue with a change to a program of `length` lines, whose new lines may call `apis` (ids)."""

    task: str  # "edit" or "edit_repair"
    messages: list[dict[str, str]]
    apis: list[str]
    length: int


Ask = Callable[[Request], CompletionResult]  # raises UserError if there is no answer


class Turn(NamedTuple):
    """A request and the change that answered it."""

    query: str
    change: str


class Answer(NamedTuple):
    """A model's answer: the change in it, the edited shortcut or None, what is wrong, and what `check` warns of."""

    text: str
    change: str
    edited: Edited | None
    faults: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    concerned: tuple[str, ...] = ()  # APIs of faulty lines


# ---------------------------------------------------------------------------------------------------------------------------------
# what is edited


def opened(path: Path, catalog: Catalog) -> tuple[Record, str]:
    """Return the shortcut in a .shortcut file, or of a program with the residue beside it; and its program with the comments there.

    Raises UserError.
    """
    try:
        data = files.given(str(path))
        if files.is_shortcut(data):
            shortcut = plist.read_shortcut(data, str(path))
            return shortcut, program_of(shortcut, catalog)
        text = files.program_text(str(path), data)
        shortcut = files.compiled(str(path), text, files.Options(catalog=catalog))
        above = carried(text, excerpts.without_comments(text))  # each comment on a line of its own
        return shortcut, carried(in_dialect(above, catalog), program_of(shortcut, catalog))
    except ValueError as error:  # FileError, PlistError
        raise UserError(f"--edit: {error}") from None


def history(path: Path, shortcut: Record) -> list[Turn]:
    """Return the earlier edits of a shortcut file; none if it was changed otherwise since, which a line says. Raises UserError."""
    file = path.with_suffix(HISTORY)
    if not file.is_file():
        return []
    try:
        kept = orjson.loads(file.read_bytes())
        turns = [Turn(str(turn["query"]), str(turn["change"])) for turn in kept["edits"]]
        belongs = kept["shortcut"] == plist.content_id(shortcut)
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{file}: this is no history of edits; move it away") from None
    if not belongs:
        cli.say(f"{file} is of another version of this shortcut, so the model is not told of earlier edits")
    return turns if belongs else []


def output_for(path: Path) -> Path:
    """Return the .shortcut file of an edit that names none: the old name with the first number behind it that no file here has."""
    number = 2
    while any(path.with_name(f"{path.stem} {number}{end}").exists() for end in ENDS):
        number += 1
    return path.with_name(f"{path.stem} {number}{query.SHORTCUT}")


# ---------------------------------------------------------------------------------------------------------------------------------
# the command


def add_arguments(parser: cli.Parser) -> None:
    """Add the flags of an edit."""
    add = parser.task.add_argument
    add("--edit", type=Path, metavar="FILE", help="change this .shortcut or program (.py) as --query asks; --output is the new .shortcut, "
        "which is replaced with --overwrite alone (default: the same name with a number)")
    add("--diff", action="store_true", help="with --edit: print the lines that differ instead of the new program")


def misused(args: argparse.Namespace) -> list[tuple[Any, str]]:
    """Return pairs: whether flags are given that cannot go together, and what is said then."""
    return [
        (args.edit and not args.query, "--edit needs --query: what should change"),
        (args.edit and args.model == OFFLINE, "--edit needs a --model: the rules cannot change a shortcut"),
        (args.edit and (args.candidates > 1 or args.refine or args.apps),
         "--edit asks for one change: leave --candidates, --refine and --apps away; --apis names actions for it"),
        (args.diff and not args.edit, "--diff shows what --edit changed: give --edit FILE"),
    ]


def edit_one(args: argparse.Namespace, sampling: dict[str, Any], catalog: Catalog) -> int:
    """Write the shortcut that `--edit FILE --query TEXT` asks for; return the exit code. Raises UserError.

    sampling: temperature, top_p and seed of the model.
    """
    query.refuse_taken(map(args.output.with_suffix, ENDS), args.overwrite)
    shortcut, program = opened(args.edit, catalog)
    earlier = history(args.edit, shortcut)
    ask = local_model(args, sampling, catalog) if args.here else server(args, sampling, catalog)
    apis = tuple(query.api_id(name, catalog) for name in args.apis or ())
    answer = changed(shortcut, args.query, ask, catalog, apis=apis, earlier=earlier, repair=args.repair, primer=args.primer)
    deliver(answer, shortcut, program, args.query, earlier, args.output, catalog, diff=args.diff, force=args.force)
    return cli.EXIT_DONE


def server(args: argparse.Namespace, sampling: dict[str, Any], catalog: Catalog) -> Ask:
    """Return a function that asks the server of --base-url."""
    writer = llm.open_named(args, args.model, args.base_url)
    fields = {**sampling, "max_tokens": args.max_new_tokens, **chat.asked_of_a_server(args.thinking)}

    def ask(request: Request) -> CompletionResult:
        form = change_grammar(request.apis, catalog, request.length) if args.constrained else None
        try:
            return writer.complete(Prompt(request.task, request.messages, grammar=form), **fields)
        except Reject as reject:
            raise UserError(f"--edit: {reject}") from None

    return ask


def local_model(args: argparse.Namespace, sampling: dict[str, Any], catalog: Catalog) -> Ask:
    """Return a function that asks the model of --model, loaded here."""
    from common import model as models
    from common.decoding import changes, generation

    model, tokenizer = models.load_writer(args.model, args.adapter, args.thinking)
    options = {**sampling, "max_new_tokens": min(args.max_new_tokens, models.context_length(model) // 2), "watch": query.show_progress}

    def ask(request: Request) -> CompletionResult:
        if args.constrained is False:
            (made,) = generation.generate(model, tokenizer, [request.messages], batch_size=1, **options)
        else:
            made = changes.generate_change(model, tokenizer, request.messages, request.apis, catalog, request.length, **options)
        return CompletionResult(made.text, finish=made.reason)

    return ask


# ---------------------------------------------------------------------------------------------------------------------------------
# the model's answer


def changed(shortcut: Record, request: str, ask: Ask, catalog: Catalog, *, apis: tuple[str, ...] = (), earlier: list[Turn] | None = None,
            repair: bool = False, primer: bool = False) -> Answer:
    """Ask for a change until it can be made, at most twice; return the last answer. Raises UserError.

    apis: ids of actions that it may use, beside those of the program and those that a search finds for the request.
    """
    code = program_of(shortcut, catalog)
    callable_ = may_call(code, request, apis, catalog)
    messages = edit_prompts.edit_chat(request, code, callable_, catalog, earlier=earlier or ())
    messages = conversation.with_primer(messages) if primer else messages
    asked = Request("edit", messages, callable_, code.count("\n"))
    answer = judged(ask(asked), shortcut, code, catalog)
    if answer.faults and repair:
        findings = "\n".join(answer.faults[:SHOWN_FAULTS])
        if answer.concerned:
            findings += f"\n\nThe functions concerned:\n\n{conversation.stubs(answer.concerned[:SHOWN_STUBS], catalog)}"
        again = asked._replace(task="edit_repair", messages=edit_prompts.edit_repair(messages, answer.text, findings))
        answer = judged(ask(again), shortcut, code, catalog)
    return answer


def program_of(shortcut: Record, catalog: Catalog) -> str:
    """Return the program of a shortcut. Raises UserError for one that has none."""
    try:
        return to_python(shortcut, catalog)[0]
    except ValueError as error:
        raise UserError(f"--edit: this shortcut cannot be written as a program: {error}") from None


def may_call(code: str, request: str, apis: tuple[str, ...], catalog: Catalog) -> list[str]:
    """Return the actions that the new lines of a change may call: those of the program, those given, and what a search finds."""
    found = dict.fromkeys([*apis_of(code), *apis, *offered(request, catalog)])
    return [api for api in found if api not in SYNTAX_APIS]


def judged(made: CompletionResult, shortcut: Record, code: str, catalog: Catalog) -> Answer:
    """Return an answer with the shortcut that its change makes, or with all that is wrong with it. Raises UserError if there is none."""
    if made.finish == "prompt_too_long":
        raise UserError("--edit: with this program the prompt is longer than the model's context; give a --model with a longer one")
    text, change = made.text, edit_prompts.parse_change(made.text)
    if is_half(text, made.finish):
        return Answer(text, change, None, ("the answer was cut at the token limit; a smaller change, or a larger --max-new-tokens, ends",))
    if not change:
        missing = "the answer holds no change; it is one fenced block that begins with replace, insert after or delete"
        return Answer(text, "", None, (missing,))
    try:
        return _applied(text, change, shortcut, code, catalog)
    except (RecursionError, UnicodeEncodeError) as error:  # a model may write anything
        what = "is nested too deep" if isinstance(error, RecursionError) else "holds half a character"
        return Answer(text, change, None, (f"the change {what}; write it in another way",))


def is_half(text: str, finish: str) -> bool:
    """True for an answer that was cut within its change; half a change could be applied, too. finish: "length" for one that was cut."""
    return finish == "length" and not text.rstrip().endswith("```")


def is_fragment(text: str, edited: Edited) -> bool:
    """True for an answer without a command that leaves less than half of the program: lines to put somewhere, not the whole of it."""
    stay = edited.kept + edited.changed
    return stay < edited.removed and not edit_prompts.commands(text)


def _applied(text: str, change: str, shortcut: Record, code: str, catalog: Catalog) -> Answer:
    """Return an answer with the shortcut that a change makes, or with all that is wrong with it."""
    try:
        lines = written_back(applied(code, change), code)
    except DialectError as error:
        return Answer(text, change, None, (f"line {error.line} of the change: {error.message}",))
    found = review("".join(f"{line.text}\n" for line in lines), catalog)[0]
    faults, warnings = ([_told(finding, lines) for finding in found if finding.severity == severity and _is_new(finding, lines)]
                        for severity in ("error", "warning"))
    edited, untold = None, not any(finding.severity == "error" for finding in found)
    try:
        edited = merged(shortcut, lambda _: lines, catalog)
    except DialectError as error:
        faults += [f"line {error.line} of the change: {error.message}"] if untold or not faults else []
    except ValueError as error:  # nested too deep, or too large
        faults.append(str(error))
    if edited is not None and is_fragment(text, edited):
        return Answer(text, change, None, (FRAGMENT,))
    if edited is not None and plist.same(edited.shortcut, shortcut):
        faults.append("the change changes nothing")
    warnings += edited.diverted if edited is not None else ()
    called = [api for finding in found if finding.severity == "error" for api in _called(lines, finding.line)]
    return Answer(text, change, edited, tuple(faults), tuple(warnings), tuple(dict.fromkeys(called)))


def written_back(lines: list[Line], code: str) -> list[Line]:
    """Return the lines of a changed program with the texts that the model was shown in part put back whole.

    Raises DialectError, with a line of the change, for a part that cannot be put back.
    """
    text = "".join(f"{line.text}\n" for line in lines)
    try:
        whole = excerpts.restored(text, excerpts.hidden_texts(code))
        left = excerpts.left_out(whole, code)
    except SyntaxError:  # `check` says where
        return lines
    for number, mark in left.items():
        if (place := lines[number - 1].place) is not None:
            raise DialectError(place, f"{mark!r} stands for what is not shown, and it is not clear for what: use `keep` for the line, "
                                      "or write it without", "left_out")  # fmt: skip
    return [line._replace(text=text.rstrip(excerpts.LINE_ENDS)) for line, text in zip(lines, excerpts.source_lines(whole), strict=True)]


def _is_new(finding: Diagnostic, lines: list[Line]) -> bool:
    """True for a finding that the change is answerable for: of a new line, or an error that no transcription has."""
    line = lines[min(finding.line, len(lines)) - 1] if lines else None
    return line is None or line.origin is None or finding.code in ("syntax", "form", "undefined_name", "empty")


def _told(finding: Diagnostic, lines: list[Line]) -> str:
    line = lines[min(finding.line, len(lines)) - 1] if lines else Line("", None, 1)
    where = f"line {line.origin} of the program" if line.origin is not None else f"line {line.place} of the change"
    return f"{where}, `{excerpts.shorten(line.text.strip(), 120)}`: {finding.message}"


def _called(lines: list[Line], number: int) -> Iterator[str]:
    try:
        yield from apis_of(lines[number - 1].text.strip() if 0 < number <= len(lines) else "")
    except ValueError:
        return


# ---------------------------------------------------------------------------------------------------------------------------------
# the files


def deliver(answer: Answer, shortcut: Record, program: str, request: str, earlier: list[Turn], output: Path, catalog: Catalog, *,
            diff: bool, force: bool) -> None:  # fmt: skip
    """Print the new program, or with `diff` what changed; write the shortcut, its program and the history, and say what was kept.

    program: that of the old shortcut, with a person's comments, which the new one takes over.
    Raises UserError if the change cannot be made, or has errors and not `force`; then nothing is written.
    """
    for warning in answer.warnings:
        cli.say(f"warning: {warning}")
    if answer.edited is None or (answer.faults and not force):
        for fault in answer.faults:
            cli.say(fault)
        shown = f". It was:\n{excerpts.shorten(answer.change.strip(), 2000)}" if answer.change else ""
        raise UserError(f"the change cannot be made, so nothing is written; ask again in other words, or another --model{shown}")
    edited = answer.edited._replace(code=carried(program, answer.edited.code))
    print("".join(difference(program, edited.code)) if diff else edited.code, end="")
    turns = [*({"query": turn.query, "change": turn.change} for turn in earlier),
             {"query": request, "change": answer.change, "kept": edited.kept, "changed": edited.changed, "added": edited.added,
              "removed": edited.removed}]  # fmt: skip
    notes = {"shortcut": plist.content_id(edited.shortcut), "edits": turns}
    residue = {**to_python(edited.shortcut, catalog)[1], files.PROGRAM: edited.code}
    written = {output: binary(edited.shortcut), output.with_suffix(query.PROGRAM): edited.code.encode(),
               output.with_suffix(files.RESIDUE): orjson.dumps(residue, option=orjson.OPT_INDENT_2),
               output.with_suffix(HISTORY): orjson.dumps(notes, option=orjson.OPT_INDENT_2)}  # fmt: skip
    for file, data in written.items():
        jsonl.write_atomically(file, data)
    for line in news(shortcut, edited.shortcut, catalog):
        cli.say(line)
    cli.say(f"kept {edited.kept} actions equal to the byte, changed {edited.changed}, added {edited.added}, removed {edited.removed}")
    cli.say(f"written: {', '.join(map(str, written))}")
    for line in query.next_steps(query.files_of(output)):
        cli.say(line)


def news(before: Record, after: Record, catalog: Catalog) -> Iterator[str]:
    """Yield what a shortcut may do to the outside, asks for and may fail at that it did not before the edit, a line each."""
    was, now = report(before, catalog), report(after, catalog)
    known = {effect.sentence for effect in was.effects}
    for sentence in dict.fromkeys(effect.sentence for effect in now.effects if effect.sentence not in known):
        yield f"new: it {sentence[0].lower()}{sentence[1:]}"
    for line in now.short(since=was):
        yield f"new: {line[0].lower()}{line[1:]}"


def binary(shortcut: Record) -> bytes:
    """Return the bytes of a shortcut's file. Raises UserError for one that no file can hold."""
    try:
        return plist.write_binary(shortcut)
    except plist.PlistError as error:
        raise UserError(f"the change makes what no shortcut can hold: {error}") from None


def difference(before: str, after: str) -> Iterator[str]:
    """Yield the lines that differ between two programs, `-` or `+` in front, with three lines around them; long texts are shortened."""
    old, new = (excerpts.shown_code(code).splitlines(keepends=True) for code in (before, after))
    colours = {"-": "\033[31m", "+": "\033[32m", "@": "\033[36m"} if sys.stdout.isatty() else {}
    for line in list(difflib.unified_diff(old, new))[2:]:
        begin = colours.get(line[0], "")
        yield f"{begin}{line.rstrip()}\033[0m\n" if begin else line
