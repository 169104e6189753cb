"""The page of an evaluation: an overview of the systems, and of each query gold and all answers side by side: scores, what differs in
program, trace and plan, the checker's findings, and the judge's reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from statistics import fmean

from common import page
from common.cli import Reject
from common.excerpts import one_line, without_comments
from common.jsonl import Record
from common.metrics import HEADLINE, METRICS
from common.metrics.aggregate import Samples
from common.metrics.judge import Verdict, Verdicts
from common.metrics.overview_page import STATES, Kinds, bucket, overview, percent, state_of
from common.metrics.systems import TRUNCATED, attempted, gold
from common.metrics.trace_match import traced
from common.workers import ordered_map
from shortcuts import check
from shortcuts.catalog import Catalog
from shortcuts.trace.interpreter import Step
from shortcuts.trace.origins import Origin

FACETS = {"split": "Split", "system": "Model", "state": "State", "judge": "Judge", "finding": "Finding",
          **{metric: f"{label}, %" for metric, label in HEADLINE.items()}, "category": "Category", "app": "App"}  # fmt: skip
ORDERS = {"graph_f1": "Worst graph F1 first", "-graph_f1": "Best graph F1 first", "-spread": "Models differ most",
          "-length": "Longest gold first"}  # fmt: skip
VERDICTS = {True: "pass", False: "fail", None: "undecided"}
VOTES = {**VERDICTS, None: "invalid"}
LONGEST = 300  # characters of a query in the list; opened, it is whole
MAX_STEPS = 500  # of a trace, as it is shown
FEW_WORKERS = 200  # queries: for fewer, starting processes takes longer than it saves

Given = list[tuple[Record, Verdict | None]]  # the samples of one query, and the judge's verdicts


@dataclass
class Answer:
    """An answer as it is shown: its code without comments, findings as (line, message), the lines of its trace and their number."""

    system: str
    code: str
    sample: Record
    verdict: Verdict | None
    findings: Sequence[tuple[str, str]]
    trace: tuple[str, str]
    trouble: Reject | None = None  # why it is shown without findings and trace


def write(path: Path, tests: Sequence[Record], samples: Samples, verdicts: Verdicts, workers: int, *,
          report: Record, kinds: Kinds) -> dict[str, Reject]:
    """Write the page of some systems. Returns why an answer could not be drawn, by query and system.

    `report`: what is written as scores.json; `kinds`: the tables that are printed, so that the page has their names.
    """
    of = {(sample["id"], system): sample for system, given in samples.items() for sample in given}
    entries = [(record, [(of[key], verdicts.get(key)) for system in samples if (key := (record["id"], system)) in of]) for record in tests]
    answered = [entry for entry in entries if entry[1]]
    made = ordered_map(row_of, answered, workers if len(tests) > FEW_WORKERS else 1)
    undrawn: dict[str, Reject] = {}

    def records() -> Iterator[tuple[page.Row, list[page.Section]]]:
        for row, sections, troubles in made:
            undrawn.update(troubles)
            yield row, sections

    orders = {key: label for key, label in ORDERS.items() if key != "-spread" or len(samples) > 1}
    facts = f"{len(tests):,} queries, answered by {', '.join(samples)}"
    page.write(path, "Evaluation", facts, FACETS, orders, records(), overview(report, kinds, samples), "queries")
    return undrawn


def row_of(entry: tuple[Record, Given]) -> tuple[page.Row, list[page.Section], dict[str, Reject]]:
    """A query in the list, and opened; and why an answer could not be drawn, by query and system."""
    record, given = entry
    catalog = Catalog.load()
    answers = [answer_of(sample, verdict, catalog) for sample, verdict in given]
    marks = {answer.system: answer.sample["scores"]["graph_f1"] for answer in answers}
    apps = {api.app_name or api.app for name in record.get("gold_apis", record["apis"]) if (api := catalog.get(name))}
    row = page.Row(
        record["id"],
        one_line(record["query"])[:LONGEST],
        "graph F1: " + " · ".join(f"{system} {100 * mark:.0f}" for system, mark in marks.items()),
        facets={"split": record["split"], "category": record.get("category") or "none", "app": sorted(apps)},
        answers=[facets(answer) for answer in answers],
        numbers={"graph_f1": fmean(marks.values()), "spread": max(marks.values()) - min(marks.values()),
                 "length": len(record["reference"].split())},
        badges=[(record["split"].upper(), "")],
    )  # fmt: skip
    troubles = {f"{record['id']}/{answer.system}": answer.trouble for answer in answers if answer.trouble}
    return row, list(_sections(record, answers)), troubles


def answer_of(sample: Record, verdict: Verdict | None, catalog: Catalog) -> Answer:
    """An answer with its findings and its trace, or with the reason why it has neither."""
    code = without_comments(sample["prediction"]["code"])

    def drawn() -> tuple[list[tuple[str, str]], tuple[str, str]]:
        if not code.strip():
            return [], ("", "no steps")
        return [(f"line {found.line}", f"{found.code}: {found.message}") for found in check(code, catalog)], trace_lines(code)

    made = attempted(drawn)
    if isinstance(made, Reject):
        return Answer(sample["system"], code, sample, verdict, [("", f"cannot be drawn: {made.detail}")], ("", "no steps"), made)
    return Answer(sample["system"], code, sample, verdict, *made)


def facets(answer: Answer) -> page.Facets:
    """The values by which an answer is found."""
    scores = answer.sample["scores"]
    judged = VERDICTS[answer.verdict.passed] if answer.verdict else "not judged"
    return {"system": answer.system, "state": state_of(scores), "judge": judged,
            "finding": sorted(scores["diagnostics"]) + ["cannot be drawn"] * (answer.trouble is not None),
            **{metric: bucket(scores[metric]) for metric in HEADLINE}}  # fmt: skip


def _sections(record: Record, answers: list[Answer]) -> Iterator[page.Section]:
    yield page.text("Query", record["query"], "lead")
    yield scores_of(answers)
    yield page.diff("Program", record["reference"], {answer.system: answer.code for answer in answers})
    if found := [(answer.system, *finding) for answer in answers for finding in answer.findings]:
        yield page.table("Findings in the programs", found)
    wanted = attempted(trace_lines, record["reference"])
    traces = {f"{answer.system}: {answer.trace[1]}": answer.trace[0] for answer in answers if answer.code.strip()}
    if traces and not isinstance(wanted, Reject):
        yield page.diff("Steps on any path", wanted[0], traces, f"gold: {wanted[1]}", "steps")
    plan = gold(record).plan or ""
    plans = {answer.system: said for answer in answers if (said := answer.sample["prediction"].get("plan"))}
    yield page.diff("Plan", plan, plans, form="prose") if plans else page.text("Plan of gold", plan or "none")
    for answer in answers:
        if (said := answer.sample["prediction"].get("text")) and not answer.code.strip():
            yield page.text(f"{answer.system}: the answer as it came", said)
        if verdict := answer.verdict:
            votes = [(VOTES[vote], reason) for vote, reason in zip(verdict.votes, verdict.reasons, strict=True)]
            outside = [("calls what was not given", name) for name in verdict.outside]
            yield page.table(f"{answer.system}: the judge says {VERDICTS[verdict.passed]}", outside + votes)
    names = {**{metric.key: metric.label for metric in METRICS}, "length_ratio": "length"}
    every = [(name, *(percent(answer.sample["scores"][key]) for answer in answers)) for key, name in names.items()]
    yield page.table("All scores", every, ["", *(answer.system for answer in answers)])
    flags = {f"{answer.system}: flags": answer.sample["scores"]["flags"] for answer in answers}
    given = {api: "right" if api in record["gold_apis"] else "wrong" for api in record["apis"]} if "gold_apis" in record else record["apis"]
    about = {name: record.get(name) for name in ("id", "category", "source")}
    yield page.metadata("Record", {**about, **flags, "APIs given": given})


def scores_of(answers: Sequence[Answer]) -> page.Section:
    """The state and the headline scores of each answer."""
    rows = []
    for answer in answers:
        scores, state = answer.sample["scores"], state_of(answer.sample["scores"])
        cut = "cut at the token limit" if answer.sample["prediction"]["failure"] == TRUNCATED else ""
        bars = [page.cell(percent(score), bar=(0, score, score) if score is not None else None)
                for score in map(scores.__getitem__, HEADLINE)]  # fmt: skip
        rows.append((answer.system, page.cell(state, cut, kind=STATES[state]), *bars))
    return page.table("Scores", rows, ["system", "state", *HEADLINE.values()])


def trace_lines(code: str) -> tuple[str, str]:
    """The steps that a program takes on any path, one a line, each output named by the API that gives it; and how many paths there are."""
    trace = traced(code)
    steps = {step.number: step for path in trace.paths for step in path}
    lines = [f"{step.name}({', '.join(_told(key, value, steps) for key, value in step.arguments)})"
             for _, step in sorted(steps.items())[:MAX_STEPS]]  # fmt: skip
    more = [f"… {len(steps) - MAX_STEPS} more steps"] if len(steps) > MAX_STEPS else []
    return "\n".join(lines + more), f"{len(steps)} steps, {len(trace.paths)} paths"


def _told(key: str, value: Origin, steps: Mapping[int, Step]) -> str:
    """An argument; in the place of each output the API that gave it."""
    first, *rest = value.form.split("•")
    sources = (f"‹{steps[source].name}›" if source in steps else "•" for source in value.sources)
    return f"{key}={first}" + "".join(name + piece for name, piece in zip(chain(sources, repeat("•")), rest))
