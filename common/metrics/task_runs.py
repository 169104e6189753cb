"""Systems on the tasks: the records that they answer, their scores, the figures of a table, and the baselines that need no model.

A task is asked `samples` times. A record's id is the task's name, with #2, #3 ... for the second answer and on.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from common.conversation import chat
from common.distractors import needed
from common.jsonl import Record
from common.metrics import chance_and_intervals as intervals
from common.metrics.aggregate import Rejects, Samples, counts
from common.metrics.systems import Prediction, System, fixed
from common.metrics.tasks import FAILURES, GROUPS, Task, pass_all, pass_at, score
from common.offline.sentence import understood
from common.replies import without_thought
from shortcuts.catalog import Catalog, call_name
from shortcuts.catalog.search import KIT, offered

SEED_STRIDE = 1_000_003  # between the seeds of a task's answers, so that --seed 1 does not reuse those of --seed 0
ALL, HELD = "all", "held"  # rows of a table beside the groups
GROUPS_MEANING = "trap: easily done wrong; impossible: to be declined, or asked about; held: kept out of everything."
MEANING = "Tasks with worlds: a program passes if it does in each what must be done, and nothing that must not."


def as_tests(tasks: Sequence[Task], samples: int, temperature: float, seed: int, retrieve: int | None = None,
             kit: bool = True) -> list[Record]:
    """Return the test records of tasks: they give what a search finds, or the actions of the reference, with `kit` the usual ones."""
    catalog, records = Catalog.load(), []
    for number in range(samples):
        sampling = {"sampling": {"temperature": temperature, "seed": seed + number * SEED_STRIDE}} if temperature else {}
        for task in tasks:
            apis = needed(offered(task.request, catalog, retrieve) if retrieve else [*task.apis, *(KIT if kit else ())])
            records.append({"id": f"{task.name}#{number + 1}" if number else task.name, "split": task.group, "query": task.request,
                            "apis": apis, "messages": chat(task.request, apis, catalog), "reference": task.reference, **sampling})
    return records


def name_of(identifier: str) -> str:
    """Return the task of a record's id."""
    return identifier.partition("#")[0]


def baselines(tests: Sequence[Record], tasks: Mapping[str, Task], with_gold: bool) -> Iterator[System]:
    """Yield systems that need no model: no answer, the rules of stage 05, each API that the reference needs called once; the references."""
    catalog = Catalog.load()

    def each_once(task: Task) -> Prediction:
        return Prediction("".join(f"{call_name(api)}()\n" for api in needed(task.apis)))

    def by_rules(task: Task) -> Prediction:
        return Prediction(understood(task.request, catalog).program or "")

    systems = {"empty": lambda task: Prediction(""), "rules": by_rules, "API list": each_once}
    systems |= {"references": lambda task: Prediction(task.reference)} if with_gold else {}
    for name, given in systems.items():
        yield fixed(name, {record["id"]: given(tasks[name_of(record["id"])]) for record in tests})


def score_answer(tasks: Mapping[str, Task], record: Record, prediction: Prediction) -> Record:
    """Return the verdict on one answer: `pass`, and where it fails the class, the world (from 1) and what was wrong."""
    text = without_thought(prediction.text or prediction.plan or "")
    verdict = score(tasks[name_of(record["id"])], prediction.code, text.replace(prediction.code.strip() or "\0", ""))
    return {"pass": float(verdict.passed), "failure": verdict.failure, "world": verdict.world, "detail": verdict.detail}


def figures(samples: Samples, unanswered: Rejects, tasks: Mapping[str, Task], repeats: int, seed: int) -> Record:
    """Return {system: {group: counts and figures}}: pass@1, pass@k and pass^k of `repeats`, and the share of each class of failure.

    A task without all its answers has no pass@k and pass^k. The intervals are over tasks.
    """
    return {system: {group: {**counts([sample for sample in own if within(sample["id"], group, tasks)],
                                      [reject for name, reject in unanswered[system].items() if within(name, group, tasks)]),
                             **_estimates([rates for name, rates in by_task(own, repeats).items() if within(name, group, tasks)], seed)}
                     for group in (*GROUPS, ALL, HELD)} for system, own in samples.items()}  # fmt: skip


def within(identifier: str, group: str, tasks: Mapping[str, Task]) -> bool:
    """True for a record of a task in a group; `all` has every task, `held` those that are held."""
    task = tasks[name_of(identifier)]
    return group == ALL or (task.held if group == HELD else task.group == group)


def by_task(samples: Iterable[Record], repeats: int) -> dict[str, dict[str, float]]:
    """Return the figures of each task from its samples."""
    found = defaultdict(list)
    for sample in samples:
        found[name_of(sample["id"])].append(sample["scores"])
    return {name: rates(scores, repeats) for name, scores in found.items()}


def rates(scores: Sequence[Record], repeats: int) -> dict[str, float]:
    """Return the figures of one task: its share of passes, of each class of failure, pass@k and pass^k."""
    n, passed = len(scores), sum(score["pass"] > 0 for score in scores)
    shares = {failure: sum(score["failure"] == failure for score in scores) / n for failure in FAILURES}
    several = {"pass@k": pass_at(n, passed, repeats), "pass^k": pass_all(n, passed, repeats)} if 1 < repeats <= n else {}
    return {"pass@1": passed / n, **several, **shares}


def _estimates(rows: Sequence[Mapping[str, float]], seed: int) -> dict[str, dict[str, float]]:
    metrics = dict.fromkeys(metric for row in rows for metric in row)
    return {metric: intervals.estimate(having, [metric], seed)[metric]._asdict()
            for metric in metrics if (having := [row for row in rows if metric in row])}  # fmt: skip


def columns(repeats: int) -> dict[str, str]:
    """Return the columns of the table of passes: {label: metric}."""
    return {"pass@1": "pass@1", **({f"pass@{repeats}": "pass@k", f"pass^{repeats}": "pass^k"} if repeats > 1 else {})}


def digest_of(folder: Path) -> str:
    """Return a digest of the tasks of a folder."""
    files = sorted(folder.glob("*.json"))
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()
