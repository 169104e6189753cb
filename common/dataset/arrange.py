"""The dataset as a whole: which of equal records is kept, which record would give a test away, and which split each goes into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from common import jsonl
from common.dataset import dedup, splits
from common.dataset.example import SEED, Example
from common.dataset.splits import TEST_ID, TEST_OOD, TRAIN, HeldOut
from common.jsonl import Record, UserError
from shortcuts.primer import primer_apis

NEAR_CODE, NEAR_QUERY = 0.8, 0.8  # Jaccard similarity of near duplicates, at least
TASKS = Path(__file__).resolve().parents[2] / "tasks"
OVERLAP_CODE, OVERLAP_NGRAMS = 0.6, 0.5  # similarity, and share of a test query's 8-grams, at which a training record gives it away


class Earlier(NamedTuple):
    """The split of each test of an earlier dataset, by id, what it holds out (None: that follows from the tests), and their queries."""

    tests: dict[str, str]
    held: HeldOut | None
    queries: dict[str, str] = {}


class Options(NamedTuple):
    """The user's choices; `outside` are queries of other test sets, by name, that no record may be near to."""

    test_size: int | None = None
    ood_share: float = 0.5
    common: int = 50
    seed_number: int = 0
    earlier: Earlier | None = None
    outside: dict[str, str] | None = None


class Dropped(NamedTuple):
    """The reason for dropping a record, and the `other` one: the one `kept` in its place, the `test` that it would give away, or one that
    was `dropped` itself.
    """

    reason: str
    detail: str
    other: str | None = None
    relation: str = "kept"


class Arrangement(NamedTuple):
    """The splits by index, what is held out, the properties and whether they hold, and the dropped examples by index."""

    splits: dict[int, str]
    held: HeldOut
    properties: dict[str, bool]
    dropped: dict[int, Dropped]


def arrange(examples: Sequence[Example], app_of: Callable[[str], str | None], options: Options) -> Arrangement:
    """Drop duplicates and split the records that passed the rules; a pure function, in time linear in their number."""
    codes, queries = [example.code for example in examples], [example.query for example in examples]
    near_code = dedup.MinHashIndex([code.signature for code in codes], NEAR_CODE)
    near_query = dedup.MinHashIndex([query.signature for query in queries], NEAR_QUERY)
    overlap = dedup.Overlap(codes, queries, OVERLAP_CODE, OVERLAP_NGRAMS).of
    tests, asked, here = {}, {}, {example.id for example in examples}
    if options.earlier:
        tests, asked = options.earlier.tests, options.earlier.queries
    # what is near a test must not be trained on, also if the test itself is gone
    gone = {name: query for name, query in asked.items() if name not in here}
    elsewhere = {i: drop for i, drop in _known_elsewhere(queries, gone | (options.outside or {})).items() if examples[i].id not in tests}
    # of equal records a test is kept first, then a seed, then the one with fewest findings
    best_first = sorted(set(range(len(examples))) - elsewhere.keys(), key=lambda i: (
        examples[i].id not in tests, examples[i].origin != SEED, examples[i].findings, examples[i].id))
    duplicates = dedup.duplicates(best_first, [("code", [code.exact for code in codes], near_code),
                                               ("query", [query.exact for query in queries], near_query)])
    dropped = {i: Dropped(reason, f"of {examples[kept].id}", examples[kept].id) for i, (kept, reason) in duplicates.items()} | elsewhere
    # what follows looks only at the remaining records, in a seeded order
    apis = [frozenset(example.apis) for example in examples]
    order = [i for i in splits.shuffled([example.id for example in examples], options.seed_number) if i not in dropped]
    size_id, size_ood = splits.sizes(len(order), options.test_size, options.ood_share)
    given = {i: tests[examples[i].id] for i in order if examples[i].id in tests} if options.earlier else None
    if given is None:
        held = splits.choose_held_out(apis, order, app_of, size_ood, options.common, primer_apis())
    else:
        known = options.earlier.held if options.earlier else None
        held = splits.of_whole_apps(known or _implied(apis, order, given, app_of), apis, app_of)
    assigned, lost = splits.assign(apis, order, held, overlap, size_id, size_ood, given)
    for i, (reason, detail, other) in lost.items():
        dropped[i] = Dropped(reason, detail, None if other is None else examples[other].id, "test")
    for i, (kept, _) in duplicates.items():
        if kept in lost and i not in elsewhere:
            dropped[i] = dropped[i]._replace(detail=f"{dropped[i].detail}, which was dropped as {lost[kept][0]}", relation="dropped")
    properties = {"every_earlier_test_is_there": asked.keys() <= {examples[i].id for i in assigned}} if asked else {}
    properties |= splits.properties(apis, app_of, held, assigned, lambda i: [*near_code.neighbours(i), *near_query.neighbours(i)], overlap)
    return Arrangement(assigned, held, properties, dict(sorted(dropped.items())))


def _known_elsewhere(queries: Sequence[dedup.QueryPrint], outside: dict[str, str]) -> dict[int, Dropped]:
    """Return the records that are near a query of another test set."""
    names = list(outside)
    near = dedup.near_outside(queries, [dedup.query_print(outside[name]) for name in names], NEAR_QUERY, OVERLAP_NGRAMS)
    return {index: Dropped("contaminated", f"near {names[place]}", names[place], "test") for index, place in near.items()}


def _implied(apis: Sequence[frozenset[str]], order: Sequence[int], given: dict[int, str], app_of: Callable[[str], str | None]) -> HeldOut:
    """Return what the given tests hold out: the APIs of the OOD test that no other record uses."""
    used: dict[bool, set[str]] = {True: set(), False: set()}
    for index in order:
        used[given.get(index) == TEST_OOD] |= apis[index]
    held = frozenset(used[True] - used[False])
    shared = frozenset(api for api in used[True] & used[False] if app_of(api) is None)
    apps = {app for api in held if (app := app_of(api)) is not None} - {app_of(api) for api in used[False]}
    return HeldOut(held, tuple(sorted(app for app in apps if app)), shared)


def cluster_lines(dropped: dict[int, Dropped], examples: Sequence[Example]) -> list[bytes]:
    """Return the lines of clusters.jsonl: a record that was kept, and those that were dropped in its favour."""
    clusters: dict[str, list[Record]] = {}
    for i, drop in dropped.items():
        if drop.other and drop.relation == "kept":
            clusters.setdefault(drop.other, []).append({"id": examples[i].id, "origin": examples[i].origin, "reason": drop.reason})
    return [jsonl.encode({"id": kept, "dropped": members}) for kept, members in sorted(clusters.items())]


# ---------------------------------------------------------------------------------------------------------------------------------
# files that the user names


def earlier_tests(folder: Path) -> Earlier:
    """Return the tests of a dataset that this stage made. Raises UserError where the folder holds none."""
    try:
        held = orjson.loads((folder / "stats.json").read_bytes())["held_out"]
        out = HeldOut(frozenset(held["apis"]), tuple(held["apps"]), frozenset(held["common"]))
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise UserError(f"--tests-from {folder}: stats.json of a finished dataset is expected ({type(error).__name__})") from None
    tests = {str(record["id"]): (split, str(record.get("query", ""))) for split in (TEST_ID, TEST_OOD)
             for record in jsonl.read(folder / f"{split}.jsonl")}  # fmt: skip
    return Earlier({name: split for name, (split, _) in tests.items()}, out, {name: query for name, (_, query) in tests.items()})


def published_tests(records: Sequence[tuple[str, str]]) -> Earlier | None:
    """Return the tests among (id, published split); None if there are none."""
    tests = {identifier: split for identifier, split in records if split != TRAIN}
    return Earlier(tests, None) if tests else None


def task_requests(folder: Path = TASKS) -> dict[str, str]:
    """Return the requests of the tasks that stage 08 runs programs on, by name. Raises UserError for a file that is no task."""
    paths = [path for path in sorted(folder.glob("*.json")) if path.name != "schema.json"]
    try:
        return {f"task:{path.stem}": str(jsonl.whole(path)["request"]) for path in paths}
    except (KeyError, TypeError) as error:
        raise UserError(f"{folder}: a task without a request ({type(error).__name__}: {error})") from None


def teval_queries(path: Path) -> dict[str, str]:
    """Return the queries of a T-Eval file by name: the last message of each prompt. Raises UserError for another kind of file."""
    try:
        items: dict[str, Record] = orjson.loads(path.read_bytes())
        return {f"teval:{name}": str(item["origin_prompt"][-1]["content"]) for name, item in items.items()}
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise UserError(f"--teval {path}: a planning file of T-Eval is expected ({type(error).__name__}: {error})") from None
