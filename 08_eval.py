"""08 · Judge models: generate a workflow for each test query, score it against the gold one, and print the paper's table and an honest one.

Reads    data/bench/test_id.jsonl, test_ood.jsonl (stage 06), and train.jsonl for the baseline that answers every query alike
Writes   data/eval/samples_<model>.jsonl (one line a sample, as it is made: the same command goes on after a kill) and scores.json

    python 08_eval.py --model runs/tiny
    python 08_eval.py --model paper=runs/Llama-3.1-8B --model base=meta-llama/Llama-3.1-8B-Instruct
    python 08_eval.py --model Qwen/Qwen2.5-7B-Instruct --base-url http://localhost:8000/v1
    python 08_eval.py --predictions other=answers.jsonl --gold        # {"id", "text"} or {"id", "code"} a line, made elsewhere

CodeBLEU is printed because people compare it; an empty answer scores 40 on it. So trivial baselines stand in every table: no answer, one
answer for all, the gold of another query, each given API called once. `above chance` is (score - chance) / (1 - chance), where chance is
the gold of another query. The paper's Pass Rate needs a judge and is left out.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import multiprocessing
import os
import platform
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain, combinations, islice, product
from pathlib import Path
from statistics import fmean, median
from typing import IO, Any

import orjson
from tqdm import tqdm

from common import cli, jsonl, metrics
from common.jsonl import Record, UserError
from common.metrics.codebleu import versions
from common.metrics.systems import (
    CHANCE,
    SPLITS,
    Prediction,
    System,
    baselines,
    digest,
    from_file,
    local_model,
    served_model,
    without_comments,
)

POOL_FROM = 64  # samples from which worker processes pay: they take half a second to start
ROOT = Path(__file__).resolve().parent
# What a score depends on beside the two programs; a sample scored by other code is scored again, not generated again.
SCORER = ("common/metrics/*.py", "common/dialect/*.py", "catalog/*.jsonl")

PAPER_COLUMNS = {"BLEU": "bleu", "wN-gram": "weighted", "AST": "ast", "DF": "dataflow", "CodeBLEU": "codebleu"}
HONEST_COLUMNS = {
    "parse": "parse", "check": "check", "compile": "compile", "API F1": "api_f1", "order F1": "order_f1", "param names": "parameter_names",
    "param values": "parameter_values", "graph F1": "graph_f1", "strict CodeBLEU": "codebleu_strict", "length": "length_ratio",
}  # fmt: skip
CORRECTED_COLUMNS = {"API F1": "api_f1", "order F1": "order_f1", "param values": "parameter_values", "graph F1": "graph_f1",
                     "strict CodeBLEU": "codebleu_strict", "CodeBLEU": "codebleu"}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# arguments


def arguments() -> argparse.Namespace:
    """The flags of this stage."""
    parser = cli.parser(__doc__)
    add = parser.add_argument
    # what is judged
    add("--model", action="append", default=[], metavar="[NAME=]MODEL", help="a folder of stage 07, or a Hugging Face name; repeatable")
    add("--adapter", type=Path, metavar="DIR", help="a LoRA adapter on the one --model")
    add("--predictions", action="append", default=[], metavar="[NAME=]FILE", help="answers made elsewhere, JSONL; repeatable")
    add("--gold", action="store_true", help="judge the gold itself as well: 100 on every honest metric, or something is broken")
    # on what
    add("--bench", type=Path, default=Path("data/bench"), metavar="DIR", help="the dataset (default: data/bench)")
    add("--limit", type=cli.positive_int, metavar="N", help="take the first N samples of each split")
    add("--output", type=Path, default=Path("data/eval"), metavar="DIR", help="where samples and scores go (default: data/eval)")
    add("--overwrite", action="store_true", help="answer and score anew")
    # how answers are made
    add("--base-url", metavar="URL", help="an OpenAI-compatible server that has the models")
    add("--concurrency", type=cli.positive_int, default=32, metavar="N", help="requests in flight at a server (default: 32)")
    add("--max-new-tokens", type=cli.positive_int, default=2048, metavar="N", help="length of an answer (default: 2048)")
    add("--batch-size", type=cli.positive_int, default=8, metavar="N", help="queries at a time on a local model (default: 8)")
    add("--workers", type=cli.positive_int, default=os.cpu_count(), metavar="N", help="processes that score (default: one per core)")
    args = parser.parse_args()
    if args.adapter and (len(args.model) != 1 or args.base_url):
        parser.error("--adapter goes with one --model that runs here")
    return args


def named(text: str) -> tuple[str, str]:
    """(name, value) of `NAME=VALUE`, or of a bare value, which its last part names."""
    name, equals, value = text.partition("=")
    return (name, value) if equals and "/" not in name else (Path(text).stem if text.endswith(".jsonl") else Path(text).name, text)


# ---------------------------------------------------------------------------------------------------------------------------------
# the test set


def load_tests(bench: Path, limit: int | None) -> list[Record]:
    """The test records of both splits, each with `split` and the gold `reference` that is scored against (no comments)."""
    tests = []
    for split in SPLITS:
        for record in islice(jsonl.read(bench / f"test_{split}.jsonl", ("id", "apis", "code", "messages")), limit):
            tests.append({**record, "split": split, "reference": without_comments(record["code"])})
    repeated = [identifier for identifier, count in Counter(record["id"] for record in tests).items() if count > 1]
    if repeated:
        raise UserError(f"{bench}: id {repeated[0]} stands in the tests twice; write them anew with stage 06")
    if not tests:
        raise UserError(f"{bench}: both test splits are empty; make them with stage 06 from more records")
    return tests


# ---------------------------------------------------------------------------------------------------------------------------------
# samples


def judge(system: System, tests: list[Record], args: argparse.Namespace, scorer: str) -> list[Record]:
    """A system's samples in the order of the tests: from its file where they are there, made and appended to it where they are not.

    Memory: all samples of one system.
    """
    path = args.output / f"samples_{re.sub(r'[^A-Za-z0-9._-]+', '_', system.name)}.jsonl"
    keys = {record["id"]: digest(system.identity(record) + record["reference"]) for record in tests}
    with locked(path, args.overwrite) as file:
        lines = list(jsonl.read(path, ("id", "key", "scorer", "prediction", "scores")))
        samples = {sample["id"]: sample for sample in lines if keys.get(sample["id"]) == sample["key"]}  # of two lines the later counts
        answered = ((record, Prediction(**samples[record["id"]]["prediction"])) for record in tests
                    if record["id"] in samples and samples[record["id"]]["scorer"] != scorer)  # fmt: skip
        due = [record for record in tests if record["id"] not in samples]
        answers = chain(list(answered), system.answers(due) if due else ())
        results, written = scored(answers, args.workers if system.is_quick else 1), len(lines)
        for record, prediction, scores in tqdm(results, system.name, len(due), unit="sample", disable=not sys.stderr.isatty()):
            sample = {"id": record["id"], "split": record["split"], "system": system.name, "key": keys[record["id"]], "scorer": scorer,
                      "prediction": asdict(prediction), "scores": scores}  # fmt: skip
            samples[record["id"]] = sample
            file.write(jsonl.encode(sample))
            file.flush()
            written += 1
        done = [samples[record["id"]] for record in tests if record["id"] in samples]
        if written != len(done):  # older lines are in the way
            jsonl.write_atomically(path, b"".join(map(jsonl.encode, done)))
    return done


@contextmanager
def locked(path: Path, overwrite: bool) -> Iterator[IO[bytes]]:
    """A file to append to, its torn last line cut off, that no other run may write meanwhile."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "ab")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if overwrite:
            file.truncate(0)
        jsonl.repair_tail(path)
    except BlockingIOError:
        raise UserError(f"{path}: another run is writing it; wait for it, or name another --output") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None
    with file:
        yield file


def scored(answers: Iterable[tuple[Record, Prediction]], workers: int) -> Iterator[tuple[Record, Prediction, Record]]:
    """Each answer with its scores, in order; answers that are at hand are scored in several processes."""
    if workers > 1 and len(answers := list(answers)) >= POOL_FROM:
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, context, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))
        try:
            pairs = [record["reference"] for record, _ in answers], [without_comments(prediction.code) for _, prediction in answers]
            for (record, prediction), scores in zip(answers, pool.map(metrics.score, *pairs, chunksize=4), strict=True):
                yield record, prediction, scores
        finally:
            pool.shutdown(cancel_futures=True)
    else:
        for record, prediction in answers:
            yield record, prediction, metrics.score(record["reference"], without_comments(prediction.code))


# ---------------------------------------------------------------------------------------------------------------------------------
# the report


def summarise(samples: dict[str, list[Record]]) -> Record:
    """{system: {split: figures}}: n, each metric with its interval and above chance, lengths, flags, failures, diagnostics."""
    result: Record = {}
    for name, split in product(samples, SPLITS):
        mine = [sample for sample in samples[name] if sample["split"] == split]
        scores = [sample["scores"] for sample in mine]
        chance = metrics.estimate([sample["scores"] for sample in samples[CHANCE] if sample["split"] == split])
        figures = {
            metric: {**estimate._asdict(), "above_chance": metrics.chance_corrected(estimate.mean, chance[metric].mean)}
            for metric, estimate in metrics.estimate(scores).items()
        }
        result.setdefault(name, {})[split] = {
            "n": len(mine), **figures, "length_ratio": median([score["length_ratio"] for score in scores] or [0.0]),
            "diagnostics": dict(Counter(code for score in scores for code in score["diagnostics"]).most_common()),
            "flagged": sum(bool(score["flag"]) for score in scores),
            "failures": dict(Counter(sample["prediction"]["failure"] for sample in mine if sample["prediction"]["failure"]).most_common()),
        }  # fmt: skip
    return result


def compare(samples: dict[str, list[Record]], models: list[str]) -> list[Record]:
    """Each two models on the samples that both have: the difference of their means, and how likely it is none (paired bootstrap)."""
    result = []
    for (one, other), metric in product(combinations(models, 2), ("codebleu", "api_f1", "graph_f1")):
        theirs = {sample["id"]: sample["scores"][metric] for sample in samples[other]}
        pairs = [(sample["scores"][metric], theirs[sample["id"]]) for sample in samples[one] if sample["id"] in theirs]
        if pairs:
            left, right = zip(*pairs, strict=True)
            result.append({"models": [one, other], "metric": metric, "n": len(pairs), "difference": fmean(left) - fmean(right),
                           "p": metrics.paired_p(left, right)})  # fmt: skip
    return result


def table(title: str, columns: dict[str, str], figures: Record, read: Callable[[Any], float]) -> str:
    """Systems by metrics as aligned text, `ID/OOD` in hundredths."""
    def cell(splits: Record, metric: str) -> str:
        return "/".join(f"{100 * read(splits[split][metric]):.1f}" if splits[split]["n"] else "-" for split in SPLITS)

    rows = [[title, *columns, "n"]]
    for name, splits in figures.items():
        rows.append([name, *(cell(splits, metric) for metric in columns.values()), "/".join(str(splits[split]["n"]) for split in SPLITS)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *(map(str.rjust, row[1:], widths[1:]))]) for row in rows)


def provenance(args: argparse.Namespace, scorer: str) -> Record:
    """What the figures depend on, so that two files of results can be told comparable."""
    files = [path for name in ("train", *(f"test_{split}" for split in SPLITS)) if (path := args.bench / f"{name}.jsonl").exists()]
    return {
        "data": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}, "scorer": scorer,
        "catalog": hashlib.sha256((ROOT / "catalog/actions.jsonl").read_bytes()).hexdigest(),
        "versions": {"python": platform.python_version(), **versions()}, "resamples": metrics.RESAMPLES, "seed": 0,
        "max_new_tokens": args.max_new_tokens, "limit": args.limit,
    }  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------


def main() -> int:
    """Judge every system, write scores.json, print the tables."""
    args = arguments()
    started = time.perf_counter()
    tests = load_tests(args.bench, args.limit)
    scorer = digest("".join(path.read_text() for pattern in SCORER for path in sorted(ROOT.glob(pattern))))
    make = served_model if args.base_url else local_model
    models = [*(from_file(name, Path(path), tests) for name, path in map(named, args.predictions)),
              *(make(name, model, args) for name, model in map(named, args.model))]  # fmt: skip
    systems = [*baselines(tests, args.bench, args.gold), *models]
    if repeated := [name for name, count in Counter(system.name for system in systems).items() if count > 1]:
        raise UserError(f'two systems are called "{repeated[0]}"; name one as NAME={repeated[0]}')
    samples = {system.name: judge(system, tests, args, scorer) for system in systems}

    order = [system.name for system in models] + [system.name for system in systems if system not in models]
    figures = summarise({name: samples[name] for name in order})
    differences = compare(samples, [system.name for system in models])
    report = {**provenance(args, scorer), "systems": figures, "differences": differences}
    jsonl.write_atomically(args.output / "scores.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))

    print(table("ID/OOD, as the paper", PAPER_COLUMNS, figures, lambda value: value["mean"]), end="\n\n")
    print(table("ID/OOD, honest", HONEST_COLUMNS, figures, lambda value: value if isinstance(value, float) else value["mean"]), end="\n\n")
    print(table("ID/OOD, above chance", CORRECTED_COLUMNS, figures, lambda value: value["above_chance"]), end="\n\n")
    for row in differences:
        print(f"{' - '.join(row['models'])}, {row['metric']}: {100 * row['difference']:+.1f}, p = {row['p']:.3f}, n = {row['n']}")
    print("Pass Rate: left out, since it needs a judge. Intervals and diagnostics: scores.json.")
    unanswered = sum(len(tests) - len(samples[name]) for name in samples)
    cli.summary("eval", samples=len(tests), systems=len(systems), unanswered=unanswered, seconds=round(time.perf_counter() - started, 3),
                output=str(args.output / "scores.json"), scores={name: headline(figures[name]) for name in order})  # fmt: skip
    return cli.EXIT_FAILED if unanswered else cli.EXIT_DONE


def headline(splits: Record) -> Record:
    """The figures of a system for the summary line."""
    names = ("codebleu", "parse", "compile", "api_f1", "graph_f1")
    return {split: {name: round(splits[split][name]["mean"], 4) for name in names} for split in SPLITS if splits[split]["n"]}


if __name__ == "__main__":
    cli.start(main)
