"""Pass Rate (paper 4.1): the share of workflows that do what was asked, with the given APIs alone. Nothing is executed, gold is not used.

1. Only the given APIs and the forms of the language may be called. This file decides that, from the names in the code; no judge is asked
   about a workflow that calls anything else.
2. Each thing that was asked for must be done, at least roughly; one that is missing fails the workflow. More than was asked, and style, do
   not count. A model decides that, reasons first, `votes` times; the majority counts, a tie fails.

A vote that can't be read, after one question back, is invalid; a workflow with invalid votes alone is undecided and not in the rate. If a
vote never comes, the workflow has no verdict: nothing is kept of it, and the next run asks again.

How far the judge can be trusted: `agreement` with people's labels, and `length_bias`, whether it favours long programs.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import sys
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy
from tqdm import tqdm

from common import cli, jsonl, llm
from common.cli import Reject
from common.conversation import stubs
from common.excerpts import shorten, shorten_code
from common.jsonl import Record, UserError
from common.llm import Writer
from common.metrics import chance_and_intervals as intervals
from common.metrics.sample_store import locked
from common.metrics.systems import digest, prompt_messages
from common.prompts import JUDGE
from shortcuts import HELPERS
from shortcuts.catalog import Catalog, call_name
from shortcuts.catalog.search import SYNTAX_APIS
from shortcuts.natural import devices, statements, table
from shortcuts.syntax.nodes import called, constant
from shortcuts.syntax.recovering_parser import read_tree

# The forms of the language: its helpers and methods, and natural Python but for what reaches out of the program, as JSON of a text does
# not; the paper's prompt names print and input.
PURE = {"json.loads", "json.dumps"} | {name for name, row in table.CALLS.items() if row.function.__module__ != devices.__name__}
REACHING = {name.partition(".")[0] for name in table.CALLS.keys() - PURE}
MODULES = {name[:place] for name in PURE for place, sign in enumerate(name) if sign == "."} | statements.MODULES - REACHING
METHODS = {"property", "formatted", "in_unit", "format", "startswith", "endswith", "append", *table.METHODS,
           *(name.removeprefix(".") for name in table.TESTS)}  # fmt: skip
ALLOWED = {*HELPERS, *PURE, *table.TESTS, "print", "input"}
VOTE_TEMPERATURE = 0.7  # where there are several votes: at 0 they would be one vote
MAX_TOKENS = 4096  # a vote: a page of reasons, and room for the thoughts of a model that reasons first
MAX_CHARACTERS = 120_000  # a program as the judge sees it: the longest of 708 real ones has 118,872, its texts shortened
INVALID = "unusable_answer"  # the reason of a Reject that is an invalid vote: the judge did answer

Vote = tuple[bool | None, str]  # pass, fail or invalid, and the reasons


class Verdict(NamedTuple):
    """The verdict on a workflow. `passed`: None if it is undecided; `outside`: calls of what was not given; `votes`: None if invalid."""

    passed: bool | None
    outside: list[str]
    votes: list[bool | None]
    reasons: list[str]


class Judged(NamedTuple):
    """Verdicts by record id, and why a workflow has none."""

    verdicts: dict[str, Verdict]
    unanswered: dict[str, Reject]


Verdicts = Mapping[tuple[str, str], Verdict]  # by (record id, system)
Labels = list[tuple[tuple[str, str], bool]]  # ((record id, system), pass): several people may judge one workflow


# ---------------------------------------------------------------------------------------------------------------------------------
# the verdicts


def outside(code: str, apis: Iterable[str]) -> list[str]:
    """The functions and modules that a program uses beside these APIs and the forms of the language, sorted."""
    ids, nodes = {*apis, *SYNTAX_APIS}, list(ast.walk(read_tree(code)[0]))
    names = {call_name(api) for api in ids} | ALLOWED | {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    meant = {name: path for node in imports for name, path in statements.imported(node).items()}
    found = {module for node in imports for module in statements.modules(node)} - MODULES
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            found.add(f"class {node.name}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            first, _, rest = ast.unparse(node.func).partition(".")
            function = f"{meant.get(first, first)}.{rest}"
            if function in table.CALLS:  # the last name says nothing: requests.get is no method of a dictionary
                found.update({function} - PURE)
            elif function not in ALLOWED:
                found.update({f".{node.func.attr}"} - {f".{method}" for method in METHODS})
        elif isinstance(node, ast.Call):
            name = called(node) or "?"
            name = meant.get(name, name)
            if name in ("action", "raw_action"):  # an API by its id
                name = str(constant(node.args[0]) if node.args else "?")
                found.update({name} - ids)
            else:
                found.update({name} - names)
    return sorted(found)


def open_judge(args: argparse.Namespace, overwrite: bool) -> Writer:
    """The judge that the flags name. With `overwrite` no vote is taken from the cache."""
    return llm.open_named(args, args.judge, args.judge_url, **({"cache": None} if overwrite else {}))


def judge_samples(writer: Writer, votes: int, tests: Iterable[Record], samples: Sequence[Record], path: Path,
                  retry: bool = False, overwrite: bool = False) -> Judged:
    """The verdict on each of a system's samples, by id: read from `path`, or made and appended to it.

    `retry` renews invalid votes, `overwrite` all.
    """
    settings, records = protocol(writer, votes), {record["id"]: record for record in tests}
    codes = {sample["id"]: sample["prediction"]["code"] for sample in samples}
    keys = {identifier: digest(repr((settings, prompt_messages(records[identifier]), code))) for identifier, code in codes.items()}
    with locked(path, overwrite) as file:
        lines = [line for line in jsonl.read(path, ("id", "key", "verdict")) if line["id"] in keys]
        kept = {line["id"]: Verdict(*line["verdict"]) for line in lines if keys[line["id"]] == line["key"]}
        kept = {identifier: verdict for identifier, verdict in kept.items() if not (retry and None in verdict.votes)}
        if others := {line["id"] for line in lines if line.get("protocol") != settings} - kept.keys():
            cli.say(f"{path}: {len(others)} verdicts are by another judge, prompt, number of votes or token limit; they are made anew")
        unanswered = dict[str, Reject]()
        due = [(records[identifier], code) for identifier, code in codes.items() if identifier not in kept]
        for record, verdict in tqdm(ask(writer, due, votes), path.stem, len(due), unit="sample", disable=not sys.stderr.isatty()):
            if isinstance(verdict, Reject):
                unanswered[record["id"]] = verdict
                continue
            kept[record["id"]] = verdict
            file.write(jsonl.encode({"id": record["id"], "key": keys[record["id"]], "protocol": settings, "verdict": list(verdict)}))
            file.flush()
    return Judged(kept, unanswered)


def ask(writer: Writer, answers: Iterable[tuple[Record, str]], votes: int) -> Iterator[tuple[Record, Verdict | Reject]]:
    """The verdict on each (record, code), as they come; a Reject where the server gave no answer."""
    catalog = Catalog.load()

    async def work(answer: tuple[Record, str]) -> Verdict:
        record, code = answer
        with cli.one_record():
            used = outside(code, record["apis"])
            if used or not code.strip():
                return Verdict(False, used, [], [])
            made = await _together([_vote(writer, record, code, number, votes, catalog) for number in range(votes)])
            valid = [passed for passed, _ in made if passed is not None]
            majority = sum(valid) * 2 > len(valid) if valid else None
            return Verdict(majority, [], [passed for passed, _ in made], [reasons for _, reasons in made])

    for (record, _), outcome in writer.map(work, answers):
        yield record, outcome


async def _together(requests: Iterable[Awaitable[Vote]]) -> list[Vote]:
    """All votes, once each has come or failed, since each is paid for; then the first failure is raised."""
    outcomes = await asyncio.gather(*requests, return_exceptions=True)
    if failures := [outcome for outcome in outcomes if isinstance(outcome, BaseException)]:
        raise failures[0]
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]


async def _vote(writer: Writer, record: Record, code: str, number: int, votes: int, catalog: Catalog) -> Vote:
    """One vote with its reasons; (None, what is wrong with it) for an invalid one. Raises Reject where none came."""
    fields = {"query": record["query"], "code": shown(code), "stubs": stubs(record["apis"], catalog)}
    sampling = {"seed": number, "temperature": VOTE_TEMPERATURE if votes > 1 else 0.0, "max_tokens": MAX_TOKENS}
    try:
        answer = await writer.ask(JUDGE.prompt(fields), **sampling)
    except Reject as reject:
        if reject.reason != INVALID:
            raise
        return None, str(reject)
    return answer.object["verdict"] == "pass", answer.object["reasons"]


def shown(code: str) -> str:
    """A program as the judge sees it: long texts in it shortened, and the whole bounded."""
    try:
        code = shorten_code(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # not Python, as answers may be
        pass
    return shorten(code, MAX_CHARACTERS)


def protocol(writer: Writer, votes: int) -> Record:
    """The settings that verdicts depend on: judge, prompt, votes and sampling. Verdicts of different ones are not mixed."""
    temperature = VOTE_TEMPERATURE if votes > 1 else 0.0
    return {"judge": writer.name, "prompt": JUDGE.id, "votes": votes, "temperature": temperature, "max_tokens": MAX_TOKENS}


# ---------------------------------------------------------------------------------------------------------------------------------
# the figures


def summary(verdicts: Sequence[Verdict], seed: int = 0, unanswered: int = 0) -> Record:
    """The share that passes, of the decided ones: {"mean", "low", "high", "n"}, and what went into it.

    `undecided`: workflows with invalid votes alone; `unanswered`: those without a verdict; `outside`: the share that rule 1 fails; `votes`,
    and the share of them that is `invalid`; `unanimous`: the share of the workflows with votes on which all agree. If the judge never
    answered there is no share that passes: rule 1 alone does not fail all that should fail.
    """
    if unanswered and not any(verdict.votes for verdict in verdicts):
        return {"n": 0, "unanswered": unanswered}
    passed = intervals.estimate([{"pass": verdict.passed} for verdict in verdicts if verdict.passed is not None], ["pass"], seed)
    votes = [vote for verdict in verdicts for vote in verdict.votes]
    return {
        **(passed["pass"]._asdict() if passed else {}),
        "n": sum(verdict.passed is not None for verdict in verdicts),
        "undecided": sum(verdict.passed is None for verdict in verdicts),
        "unanswered": unanswered,
        "outside": _share([bool(verdict.outside) for verdict in verdicts]),
        "votes": len(votes),
        "invalid": _share([vote is None for vote in votes]),
        "unanimous": _share([len(set(verdict.votes)) == 1 for verdict in verdicts if verdict.votes]),
    }


def biases(samples: Mapping[str, Sequence[Record]], verdicts: Verdicts, seed: int = 0) -> Record:
    """{system: length_bias over the programs that the judge decided on, by length in words, and by length relative to gold}."""
    result = {}
    for system, own in samples.items():
        decided = [(verdict.passed, sample) for sample in own if (verdict := verdicts.get((sample["id"], system))) and verdict.votes
                   and verdict.passed is not None]  # fmt: skip
        passed = [verdict for verdict, _ in decided]
        result[system] = {"length": length_bias(passed, [len(sample["prediction"]["code"].split()) for _, sample in decided], seed),
                          "relative_to_gold": length_bias(passed, [sample["scores"]["length_ratio"] for _, sample in decided], seed)}
    return result


def length_bias(passed: Sequence[bool], lengths: Sequence[float], seed: int = 0) -> Record:
    """The dependence of passing on length: {"n", "r": point-biserial correlation with its log, "low", "high", "thirds": pass rates}.

    `thirds`: of the short, middle and long third. Hard requests need long programs, so compare r with that of people's labels, or give
    lengths relative to gold. Only n for fewer than three, and where all pass, none passes, or all have one length.
    """
    values, sizes = numpy.array(passed, dtype=float), numpy.log1p(numpy.array(lengths, dtype=float))
    result: Record = {"n": len(values)}
    if len(values) < 3 or not values.std() or not sizes.std():
        return result
    drawn = numpy.random.default_rng(seed).integers(0, len(values), (intervals.RESAMPLES, len(values)))
    centred = [side[drawn] - side[drawn].mean(axis=1, keepdims=True) for side in (values, sizes)]
    spread = numpy.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    resampled = (centred[0] * centred[1]).sum(axis=1) / numpy.where(spread, spread, 1)
    low, high = numpy.quantile(resampled, [0.025, 0.975])
    thirds = numpy.array_split(values[numpy.argsort(sizes, kind="stable")], 3)
    return result | {"r": float(numpy.corrcoef(values, sizes)[0, 1]), "low": float(low), "high": float(high),
                     "thirds": [float(third.mean()) for third in thirds]}  # fmt: skip


def read_labels(path: Path, models: Sequence[str]) -> Labels:
    """Read a file of people's verdicts: JSONL lines {"id", "pass", and "model" where several are judged}."""
    labels = []
    for number, label in enumerate(jsonl.read(path, ("id", "pass")), start=1):
        if not isinstance(label["pass"], bool):
            raise UserError(f'{path}: label {number}: "pass" is true or false, not {label["pass"]!r}')
        if not isinstance(label.get("model", ""), str):
            raise UserError(f'{path}: label {number}: "model" is the name of a system, not {label["model"]!r}')
        if "model" not in label and len(models) != 1:
            raise UserError(f'{path}: label {number}: "model" is missing, and {len(models)} models are judged')
        labels.append(((str(label["id"]), label.get("model", models[0] if models else "")), label["pass"]))
    return labels


def against_people(verdicts: Verdicts, labels: Labels, seed: int = 0) -> Record:
    """{"all": agreement, and one for each system with labels}, a pair for each label that is of a workflow with a verdict.

    Says how many are of none; raises UserError if all are.
    """
    pairs: dict[str, list[tuple[bool, bool]]] = {"all": []}
    for (identifier, system), label in labels:
        verdict = verdicts.get((identifier, system))
        if verdict and verdict.passed is not None:
            pairs["all"].append((verdict.passed, label))
            pairs.setdefault(system, []).append((verdict.passed, label))
    if not pairs["all"]:
        raise UserError("--human-labels: none of them is of a workflow that has a verdict; are ids and models those of this run?")
    if strangers := len(labels) - len(pairs["all"]):
        cli.say(f"--human-labels: {strangers} of {len(labels)} are of no workflow that has a verdict; they are left out")
    return {name: agreement(own, seed) for name, own in pairs.items()}


def agreement(pairs: Sequence[tuple[bool, bool]], seed: int = 0) -> Record:
    """Over (judge, person) pairs: the share that agree, Cohen's kappa, each with its 95 % interval, and the four counts.

    Kappa (Cohen 1960) is agreement above what the two pass rates give by chance; None where both always say the same.
    """
    counts = [sum(pair == cell for pair in pairs) for cell in ((True, True), (True, False), (False, True), (False, False))]
    result: Record = {"n": len(pairs), "both_pass": counts[0], "only_judge": counts[1], "only_person": counts[2], "both_fail": counts[3]}
    if not pairs:
        return result
    drawn = numpy.random.default_rng(seed).multinomial(len(pairs), numpy.array(counts) / len(pairs), intervals.RESAMPLES)
    agreed, kappas = intervals.estimate([{"agree": one == other} for one, other in pairs], ["agree"], seed)["agree"], kappa(drawn)
    own, known = float(kappa(numpy.array([counts]))[0]), kappas[~numpy.isnan(kappas)]
    low, high = map(float, numpy.quantile(known, [0.025, 0.975])) if len(known) else (None, None)
    return result | {"agreement": agreed._asdict(), "kappa": None if own != own else {"mean": own, "low": low, "high": high}}


def kappa(counts: Any) -> Any:
    """Cohen's kappa of each row of counts (both pass, only the one, only the other, both fail); NaN where it is undefined."""
    shares = numpy.asarray(counts, dtype=float)
    shares = shares / shares.sum(axis=1, keepdims=True)
    one, other = shares[:, 0] + shares[:, 1], shares[:, 0] + shares[:, 2]
    chance = one * other + (1 - one) * (1 - other)
    return numpy.where(chance < 1, (shares[:, 0] + shares[:, 3] - chance) / numpy.where(chance < 1, 1 - chance, 1), numpy.nan)


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
