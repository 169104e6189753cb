"""A system's samples on disk: each answer with its scores, a line as it is made, so that the same command goes on after a kill."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple

from tqdm import tqdm

from common import cli, jsonl
from common.cli import Reject
from common.jsonl import Record, UserError
from common.metrics.systems import NO_PREDICTION, Prediction, Reply, System, attempted, digest, gold
from common.workers import ordered_map

POOL_FROM = 64  # samples from which worker processes pay
RESULTS = "scores.json", "eval.html", "tables.md", "tables.tex", "breakdown.png"  # what stage 08 writes when it has its samples
OPTIONAL_BASELINES = frozenset({"gold", "references"})
LONGEST_NAME = 100  # characters of a system's name in that of a file

Score = Callable[[Record, Prediction], Record]  # test record, answer -> scores; with several workers it must be picklable


class Collected(NamedTuple):
    """A system's samples, in the order of the tests, and why a query has none, by id."""

    samples: list[Record]
    unanswered: dict[str, Reject]


def collect(system: System, tests: list[Record], folder: Path, score: Score, scorer: str, *, overwrite: bool = False,
            workers: int = 1) -> Collected:
    """The samples of a system: read from their file, or made and appended to it.

    `scorer` names what the scores depend on: a sample scored by another is scored again, not answered again. An answer that cannot be
    scored is kept without scores. Memory: all samples of one system. Raises UserError if another run writes the file, or the results
    would replace files of others.
    """
    refuse_foreign(folder)
    path = path_of(folder, "samples", system.name)
    unanswered: dict[str, Reject] = {}
    with locked(path, overwrite) as file:
        samples, others, lines = stored_samples(system, tests, path)
        moved = [record for record in tests if record["id"] in samples and samples[record["id"]].get("split") != record["split"]]
        for record in moved:  # the dataset was split anew; what the answer is worth does not change
            samples[record["id"]]["split"] = record["split"]
        unscored = [(record, Prediction(**samples[record["id"]]["prediction"])) for record in tests
                    if record["id"] in samples and samples[record["id"]]["scorer"] != scorer]  # fmt: skip
        due = [record for record in tests if record["id"] not in samples]
        known = set() if system.is_quick else set(jsonl.ids(path))
        if changed := sum(record["id"] in known for record in due):
            cli.say(f"{path}: {changed} of its answers were given to other prompts or settings, or are none; they are asked for anew")
        answers = chain(unscored, system.answers(due) if due else ())
        results = scored(answers, score, workers if system.is_quick else 1)
        for record, reply, scores in tqdm(results, system.name, len(due), unit="sample", disable=not sys.stderr.isatty()):
            if isinstance(scores, Reject):
                unanswered[record["id"]] = scores
            if isinstance(reply, Reject):
                continue
            sample = {"id": record["id"], "split": record["split"], "system": system.name, "key": key_in(samples, system, record),
                      **({"apis": record["apis"]} if "gold_apis" in record else {}), "prediction": reply.fields(),
                      **({"scorer": None, "scores": {}} if isinstance(scores, Reject) else {"scorer": scorer, "scores": scores})}
            samples[record["id"]] = sample
            file.write(jsonl.encode(sample))
            file.flush()
            lines += 1
        kept = [samples[record["id"]] for record in tests if record["id"] in samples]
        if moved or lines != len(kept) + len(others):  # the file also has older lines of these samples
            jsonl.write_atomically(path, b"".join(map(jsonl.encode, kept + others)))
    return Collected([sample for sample in kept if sample["scorer"] == scorer], unanswered)


def refuse_foreign(folder: Path) -> None:
    """Raise UserError where files would be replaced that are of no earlier run: such a run leaves its samples."""
    taken = [name for name in RESULTS if (folder / name).exists()]
    if taken and not any(folder.glob("samples_*.jsonl")):
        raise UserError(f"--output {folder}: no samples of an earlier run are there, and these files would be replaced: "
                        f"{', '.join(taken)}; name another folder")


def stored_samples(system: System, tests: Iterable[Record], path: Path) -> tuple[dict[str, Record], list[Record], int]:
    """(samples in a file that are still this system's answers to these tests, by id; those of other tests; the number of lines).

    Raises UserError if they are another system's: on some disks "Base" and "base" are one file.
    """
    keys = {record["id"]: sample_key(system, record) if system.identity else None for record in tests}
    lines = list(jsonl.read(path, ("id", "key", "scorer", "prediction", "scores"))) if path.exists() else []
    if strangers := {line.get("system", system.name) for line in lines} - {system.name}:
        raise UserError(f'{path}: holds the answers of "{strangers.pop()}"; give "{system.name}" another name: NAME={system.name}')
    samples = {line["id"]: line for line in lines if line["id"] in keys and keys[line["id"]] in (line["key"], None)
               and Prediction(**line["prediction"]).is_answer}  # fmt: skip
    return samples, [line for line in lines if line["id"] not in keys], len(lines)  # of two lines the later counts


def key_in(samples: Mapping[str, Record], system: System, record: Record) -> str:
    """The key of a sample: of a system of an earlier run the one that it has."""
    return sample_key(system, record) if system.identity else samples[record["id"]]["key"]


def sample_key(system: System, record: Record) -> str:
    """A digest of all that a sample depends on but the scorer: the answer's identity, the gold program, and APIs that are not gold's."""
    assert system.identity
    return digest(system.identity(record) + record["reference"] + (repr(record["apis"]) if "gold_apis" in record else ""))


def earlier_systems(folder: Path, present: Iterable[str], facts: Mapping[str, Any]) -> list[System]:
    """The systems that earlier runs left in a folder, but for those present; none if these facts of their scores.json were others.

    A baseline that may be asked for (gold) is not kept. Their answers are read from their files; nothing is asked. A fact that is an object
    may have had more entries.
    """
    report = jsonl.whole(folder / "scores.json") if (folder / "scores.json").exists() else {}
    names = [name for name in report.get("systems", {}) if name not in {*present, *OPTIONAL_BASELINES}]
    before = {fact: report.get(fact) for fact in facts}
    if names and any({**before[fact], **value} != before[fact] if isinstance(value, dict) and isinstance(before[fact], dict)
                     else value != before[fact] for fact, value in facts.items()):  # fmt: skip
        cli.say(f"{folder}: {', '.join(names)} were measured on other tests or settings, and are left out of these tables")
        return []

    primer, asked = report.get("primer", {}), report.get("asked", {})
    models = {name: model for name, model in report.get("models", {}).items() if not is_newer(Path(model), folder / "scores.json")}

    def unasked(records: list[Record]) -> Iterator[tuple[Record, Reply]]:
        yield from ((record, Reject(NO_PREDICTION, "not asked in the run that measured this system")) for record in records)

    return [System(name, None, unasked, is_quick=True, primed=name in primer, model=models.get(name),
                   asked={**asked.get(name, {}), **({"primer": primer[name]} if name in primer else {})})
            for name in names if path_of(folder, "samples", name).exists()]  # fmt: skip


def primers(systems: Iterable[System]) -> dict[str, str]:
    """Return the id of the primer in the prompts of each system that has one."""
    return {system.name: system.asked["primer"] for system in systems if system.primed and system.asked}


def is_newer(model: Path, report: Path) -> bool:
    """True for a folder of a model whose weights are newer than a file of scores, which are of the weights before."""
    return any(file.stat().st_mtime > report.stat().st_mtime for file in model.glob("*.safetensors"))


def unanswered_yet(system: System, tests: Sequence[Record], folder: Path, overwrite: bool = False) -> list[Record]:
    """The tests that a system has no kept answer to."""
    stored = {} if overwrite else stored_samples(system, tests, path_of(folder, "samples", system.name))[0]
    return [record for record in tests if record["id"] not in stored]


def samples_for_estimate(system: System, tests: Sequence[Record], folder: Path, overwrite: bool = False) -> list[Record]:
    """For a dry run: the samples that can be had without a model, and gold in place of the others; nothing is made or written."""
    stored = {} if overwrite else stored_samples(system, tests, path_of(folder, "samples", system.name))[0]
    quick = dict[str, Reply]((record["id"], reply) for record, reply in system.answers(list(tests))) if system.is_quick else {}
    replies = {record["id"]: quick.get(record["id"]) or gold(record) for record in tests}
    return [stored.get(identifier) or {"id": identifier, "prediction": reply.fields()} for identifier, reply in replies.items()
            if not isinstance(reply, Reject)]  # fmt: skip


def path_of(folder: Path, kind: str, system: str) -> Path:
    """The file of a system's lines of one kind; a name that no file can have gets a hash, by which it differs from others like it."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", system)[:LONGEST_NAME]
    return folder / (f"{kind}_{name}.jsonl" if name == system else f"{kind}_{name}-{digest(system)[:8]}.jsonl")


@contextmanager
def locked(path: Path, overwrite: bool = False) -> Iterator[IO[bytes]]:
    """Open a file to append to; its torn last line is cut off. Raises UserError if another run is writing it."""
    with jsonl.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "ab")
        jsonl.lock(file, path)
        if overwrite:
            file.truncate(0)
        jsonl.repair_tail(path)
    with file:
        yield file


def scored(answers: Iterable[tuple[Record, Reply]], score: Score, workers: int) -> Iterator[tuple[Record, Reply, Record | Reject]]:
    """Each answer in order with its scores, or a Reject that says why it has none. Several workers take a list of all answers."""
    if workers > 1:
        answers = list(answers)
    yield from ordered_map(partial(_scored, score), answers, workers if workers > 1 and len(answers) >= POOL_FROM else 1)


def _scored(score: Score, answer: tuple[Record, Reply]) -> tuple[Record, Reply, Record | Reject]:
    record, reply = answer
    return record, reply, reply if isinstance(reply, Reject) else attempted(score, record, reply)
