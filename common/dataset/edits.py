"""Edits of a dataset's programs, a split of their own: a program, a request to change it, the smallest change.

    <split>.edits.jsonl    COLUMNS; `messages` ask as stage 05 --edit does, `code` is the program after, `before` the one before

Each edit is verified (shortcuts/edit/operations), stands in the split of its program, and uses no API that its split may not: what an OOD
test holds out occurs in no edit of training, nor among the functions that its prompts show. An edit of a training program that has become
like a test, or like an edit of one, is dropped, and so is an edit of a test that has become like a program of training. Requests are not
compared: "Remove the step that vibrates" gives nothing away without its program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from common import cli, conversation, edit, edit_prompts, excerpts, jsonl
from common.cli import Reject
from common.dataset import arrange, dedup, example, files
from common.dataset.dedup import CodePrint
from common.dataset.example import Chat, Example
from common.dataset.splits import SPLITS, TEST_OOD, TRAIN, HeldOut
from common.jsonl import Record
from common.offline.baseline import draw
from common.offline.edit_requests import edit_request
from common.workers import ordered_map
from shortcuts import DialectError, Unbalanced, apis_of, parse, to_python, to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS
from shortcuts.edit import applied, change_between
from shortcuts.edit.changes import text_of
from shortcuts.edit.operations import Edit, edits

COLUMNS = ("id", "task", "split", "origin", "query", "code", "apis", "messages", "shortened", "of", "kind", "before", "change")
REJECTS = "edits.rejected.jsonl"
TRIED = 3  # edits that are looked at for each one that is wanted


class Settings(NamedTuple):
    """The number of edits a program, the seed, the longest conversation in tokens, what is held out, and the APIs that training has."""

    number: int
    seed: int
    max_tokens: int
    held: HeldOut
    trained: frozenset[str] = frozenset()


class Made(NamedTuple):
    """An edit: its line in a file, and what it is compared by; without a fingerprint a reject, with its line among the rejects."""

    split: str
    kind: str
    line: bytes
    code: CodePrint | None = None


# ---------------------------------------------------------------------------------------------------------------------------------
# the edits of one record


class Context(NamedTuple):
    """The catalogue, the token counter and the settings with which edits are made."""

    catalog: Catalog
    count_tokens: Callable[[Chat], int]
    settings: Settings


_context: Context  # of this process


def prepare(tokenizer: str | None, settings: Settings) -> None:
    """Make this process ready to make edits."""
    global _context
    _context = Context(Catalog.load(), example.token_counter(tokenizer), settings)


def of_line(task: tuple[str, bytes]) -> list[Made]:
    """Return the edits of the record in a line of a split."""
    split, line = task
    record = orjson.loads(line)
    try:
        with cli.one_record():
            return list(of_record(record, split, _context))
    except Reject as reject:
        return [rejected(split, {"id": record["id"], "of": record["id"], "kind": ""}, reject)]


def rejected(split: str, about: Record, reject: Reject) -> Made:
    """Return what is left of an edit that is dropped."""
    return Made(split, about["kind"], jsonl.encode({**about, "reason": reject.reason, "detail": reject.detail}))


def of_record(record: Record, split: str, context: Context) -> Iterator[Made]:
    """Yield the edits of a record: as many as the settings say, and those that were dropped on the way."""
    program, kept = program_of(record["code"], context.catalog), 0
    most = context.settings.number
    for number, made in enumerate(islice(edits(program, str(record["id"]), context.settings.seed, context.catalog), TRIED * most)):
        if kept == most:
            return
        request = edit_request(made, context.catalog, f"{context.settings.seed}:{record['id']}:{number}")
        if request is None:  # words cannot tell what is meant: the next one is as good
            continue
        identifier = f"{record['id']}-edit-{number + 1}"
        try:
            written = as_record(made, request, {**record, "id": identifier, "of": record["id"]}, split, context)
        except Reject as reject:
            yield rejected(split, {"id": identifier, "of": record["id"], "kind": made.kind}, reject)
            continue
        kept += 1
        yield Made(split, made.kind, jsonl.encode(written), dedup.code_print(parse(made.after)))


def program_of(code: str, catalog: Catalog) -> str:
    """Return a program as the transcriber writes it, "" for one that does not compile."""
    try:
        return to_python(to_shortcut(excerpts.without_comments(code), catalog=catalog), catalog)[0]
    except (DialectError, Unbalanced, ValueError, SyntaxError, RecursionError):
        return ""


def as_record(made: Edit, request: str, record: Record, split: str, context: Context) -> Record:
    """Return the record of an edit. Raises Reject for one that its split may not have, or that is too long."""
    apis, settings = given_apis(made, request, split, context), context.settings
    change, shortened = change_of(made)
    messages = edit_prompts.edit_chat(request, made.before, apis, context.catalog, change)
    if (tokens := context.count_tokens(messages)) > settings.max_tokens:
        raise Reject("too_long", f"{tokens} tokens; at most {settings.max_tokens}")
    return {"id": record["id"], "task": conversation.EDIT_TASK, "split": split, "origin": record["origin"], "query": request,
            "code": made.after, "apis": apis, "messages": messages, "shortened": shortened, "of": record["of"], "kind": made.kind,
            "before": made.before, "change": change}  # fmt: skip


def given_apis(made: Edit, request: str, split: str, context: Context) -> list[str]:
    """Return the ids of the APIs that a prompt gives: those that stage 05 would give, and wherever it falls among them what is new.

    Raises Reject for a new API that the split may not have.
    """
    held, own = context.settings.held, apis_of(made.before)
    new = [api for api in apis_of(made.after) if api not in own and api not in SYNTAX_APIS]
    if strange := next((api for api in new if not may_use(api, split, context)), None):
        raise Reject("held_out", f"{strange} is not for {split}")
    found = [api for api in edit.may_call(made.before, request, (), context.catalog)
             if split == TEST_OOD or api in own or not is_held(api, held, context.catalog)]
    first = sum(api in own for api in found)
    for api in new:
        if api not in found:
            found.insert(first + draw(request + api, len(found) - first + 1), api)
    return found


def may_use(api: str, split: str, context: Context) -> bool:
    """True for an API that a program of this split may have."""
    _, _, _, held, trained = context.settings
    if split == TEST_OOD:
        return api in held.apis | held.common
    return not is_held(api, held, context.catalog) and (split == TRAIN or api in trained)


def is_held(api: str, held: HeldOut, catalog: Catalog) -> bool:
    """True for an API that only the OOD test may show."""
    return api in held.apis or example.app_of(api, catalog) in held.apps


def change_of(made: Edit) -> tuple[str, bool]:
    """Return the change as a model can write it, long texts shortened as it is shown them, and True if any are.

    Raises Reject where that does not give the program after it.
    """
    shown = excerpts.shown_code(made.before)
    if shown == made.before:
        return change_between(made.before, made.after), False
    change = change_between(shown, excerpts.shown_code(made.after))
    try:
        if text_of(line.text for line in edit.written_back(applied(made.before, change), made.before)) == made.after:
            return change, True
    except (DialectError, SyntaxError):
        pass
    raise Reject("not_shown", "the change needs what its prompt leaves out of long texts")


# ---------------------------------------------------------------------------------------------------------------------------------
# the edits of a dataset


def path_of(folder: Path, split: str) -> Path:
    """Return the file of a split's edits."""
    return folder / f"{split}.edits.jsonl"


def write(folder: Path, settings: Settings, tokenizer: str | None, workers: int, examples: Sequence[Example],
          splits: dict[int, str]) -> tuple[Record, dict[str, bool]]:
    """Write the edits of a dataset's records beside them; return their statistics, and the properties that must hold.

    Memory: a fingerprint an edit, about 0.6 KB; the edits themselves wait in a temporary file.
    """
    if not settings.number:
        return {}, {}
    settings = settings._replace(trained=frozenset(api for i, split in splits.items() if split == TRAIN for api in examples[i].apis))
    prepare(tokenizer, settings)
    spool, places, made = folder / "edits.part", list[tuple[int, int]](), list[Made]()
    reasons = Counter[str]()
    with open(spool, "wb") as file, open(folder / REJECTS, "wb") as rejects:
        for group in ordered_map(of_line, _tasks(folder), workers, prepare, tokenizer, settings):
            for each in group:
                if each.code is None:
                    rejects.write(each.line)
                    reasons[orjson.loads(each.line)["reason"]] += 1
                else:
                    places.append((file.tell(), file.write(each.line)))
                    made.append(each._replace(line=b""))
        programs = [(examples[i].code, split) for i, split in sorted(splits.items())]
        crossing = contaminated(programs, [(each.code, each.split) for each in made if each.code])
        kept = [index for index in range(len(made)) if index not in crossing]
        reasons += Counter({"contaminated": len(crossing)})
        file.flush()
        _divide(spool, folder, [(made[index].split, *places[index]) for index in kept], rejects,
                [(*places[index], other) for index, other in sorted(crossing.items())])
    spool.unlink()
    left = contaminated(programs, [(made[index].code, made[index].split) for index in kept])  # type: ignore[misc]
    figures = {split: {"instances": sum(made[index].split == split for index in kept),
                       "kinds": dict(sorted(Counter(made[index].kind for index in kept if made[index].split == split).items()))}
               for split in SPLITS}  # fmt: skip
    stats = {"number": settings.number, "splits": figures, "rejected": dict(sorted(reasons.items()))}
    return {"edits": stats}, {"no_edit_crosses_splits": not left, **_checked(folder, settings)}


def _tasks(folder: Path) -> Iterator[tuple[str, bytes]]:
    for split in SPLITS:
        yield from ((split, line) for _, line in jsonl.numbered_lines(files.paths(folder, split)[0]))


def contaminated(programs: Sequence[tuple[CodePrint, str]], made: Sequence[tuple[CodePrint, str]]) -> dict[int, str]:
    """Return the edits, by index, that would give a test away, and why; both arguments are fingerprints with their splits.

    An edit of a test goes where a program of training is like it, an edit of training where a test or an edit of one is.
    """
    both, first, no_query = [*programs, *made], len(programs), dedup.query_print("")
    overlap = dedup.Overlap([code for code, _ in both], [no_query] * len(both), arrange.OVERLAP_CODE, arrange.OVERLAP_NGRAMS)
    found: dict[int, str] = {}
    tests = [index for index, (_, split) in enumerate(both) if split != TRAIN]
    for test in tests:
        others = [other for other in overlap.of(test) if both[other][1] == TRAIN]
        if test >= first and any(other < first for other in others):
            found[test - first] = "like a program of training"
        else:
            found |= {other - first: "like a test" for other in others if other >= first}
    return found


def _divide(spool: Path, folder: Path, kept: list[tuple[str, int, int]], rejects: Any, dropped: list[tuple[int, int, str]]) -> None:
    """Copy the edits from the spool to the files of their splits, and those that were dropped to the rejects."""
    with ExitStack() as stack:
        source = stack.enter_context(open(spool, "rb"))
        parts = {split: stack.enter_context(open(path_of(folder, split), "wb")) for split in SPLITS}
        for split, offset, length in kept:
            source.seek(offset)
            parts[split].write(source.read(length))
        for offset, length, why in dropped:
            source.seek(offset)
            record = orjson.loads(source.read(length))
            rejects.write(jsonl.encode({**{key: record[key] for key in ("id", "of", "kind")}, "reason": "contaminated", "detail": why}))


def _checked(folder: Path, settings: Settings) -> dict[str, bool]:
    """Return the properties that are read off the finished files."""
    catalog, of_split = Catalog.load(), dict[str, str]()
    for split in SPLITS:
        of_split |= dict.fromkeys(map(str, jsonl.ids(files.paths(folder, split)[0])), split)
    at_home = shows_nothing = True
    for split in SPLITS:
        for record in jsonl.read(path_of(folder, split)):
            at_home &= of_split.get(record["of"]) == split == record["split"]
            own = set(apis_of(record["before"]))
            shows_nothing &= split == TEST_OOD or not any(is_held(api, settings.held, catalog) for api in record["apis"] if api not in own)
    return {"edits_in_the_split_of_their_program": at_home, "no_edit_shows_what_is_held_out": shows_nothing}
