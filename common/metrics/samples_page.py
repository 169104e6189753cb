"""The samples of an evaluation as one page: query, plans, gold and answer side by side, findings, traces, scores, the judge's reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, repeat
from pathlib import Path

from common import metrics, page
from common.cli import Reject
from common.excerpts import one_line, shorten
from common.jsonl import Record
from common.metrics.call_graph import without_comments
from common.metrics.judge import Verdict, Verdicts
from common.metrics.systems import TRUNCATED, attempted, gold
from common.metrics.trace_match import traced
from common.workers import ordered_map
from shortcuts import check
from shortcuts.catalog import Catalog
from shortcuts.trace.interpreter import Step
from shortcuts.trace.origins import Origin

BUCKETED = {"api_f1": "API F1", "graph_f1": "graph F1", "trace_match": "trace match", "codebleu": "CodeBLEU"}  # scores to filter by
BOUNDS = 25, 50, 75  # percent: 0 and 100 are classes of their own, since they are what one looks for
FACETS = [page.Facet("system", "Model"), page.Facet("split", "Split"), page.Facet("state", "State"), page.Facet("finding", "Finding"),
          page.Facet("judge", "Judge"), *(page.Facet(key, label, sort="name") for key, label in BUCKETED.items()),
          page.Facet("category", "Category"), page.Facet("app", "App")]  # fmt: skip
NUMBERS = [(name, name.replace("_", " ")) for name in (*metrics.RATES, "length_ratio")]
LONGEST = 300  # characters of a query in the list; opened, it is whole
MAX_STEPS = 500  # of a trace, as it is shown
FEW_WORKERS = 200  # samples: for fewer, starting processes takes longer than it saves

Entry = tuple[Record, Record, Verdict | None]  # a test record, a sample of it, what the judge says


def write(path: Path, tests: Sequence[Record], samples: Mapping[str, Sequence[Record]], verdicts: Verdicts,
          workers: int) -> dict[str, Reject]:
    """Write the page of some systems; `samples` by system, as stage 08 keeps them. Returns why a sample could not be drawn, by its id."""
    facts = f"{len(tests):,} queries, answered by {', '.join(samples)}"
    entries = list(_entries(tests, samples, verdicts))
    made = ordered_map(partial(attempted, row_of), entries, workers if len(tests) * len(samples) > FEW_WORKERS else 1)
    undrawn = {}
    with page.PageWriter(path, "Evaluation", facts, FACETS, NUMBERS) as writer:
        for entry, drawn in zip(entries, made, strict=True):
            if isinstance(drawn, Reject):
                undrawn[identifier(entry)] = drawn
                drawn = undrawn_row(entry, drawn)
            writer.add(*drawn)
    return undrawn


def _entries(tests: Sequence[Record], samples: Mapping[str, Sequence[Record]], verdicts: Verdicts) -> Iterator[Entry]:
    """Record by record, so that the answers to one query stand together."""
    of = {(sample["id"], system): sample for system, given in samples.items() for sample in given}
    for record in tests:
        for system in samples:
            if sample := of.get((record["id"], system)):
                yield record, sample, verdicts.get((record["id"], system))


def identifier(entry: Entry) -> str:
    """What the page calls a sample."""
    record, sample, _ = entry
    return f"{record['id']}/{sample['system']}"


def row_of(entry: Entry) -> tuple[page.Row, list[page.Section]]:
    """A sample in the list, and opened."""
    record, sample, verdict = entry
    scores, catalog = sample["scores"], Catalog.load()
    code = without_comments(sample["prediction"]["code"])
    state, kind = state_of(code, scores)
    judged = "not judged" if verdict is None else {True: "pass", False: "fail", None: "undecided"}[verdict.passed]
    row = page.Row(
        identifier(entry), shorten(one_line(record["query"]), LONGEST),
        " · ".join(f"{label} {percent(scores[key])}" for key, label in BUCKETED.items()),
        {"system": sample["system"], "split": sample["split"], "state": state, "finding": sorted(scores["diagnostics"]), "judge": judged,
         **{key: bucket(scores[key]) for key in BUCKETED}, "category": record.get("category") or "none",
         "app": sorted({api.app_name or api.app for name in record.get("gold_apis", record["apis"]) if (api := catalog.get(name))})},
        {name: round(scores[name], 4) for name, _ in NUMBERS},
        [(sample["system"], ""), (sample["split"], ""), (state, kind),
         *([] if verdict is None else [(f"judge: {judged}", {"pass": "good", "fail": "bad"}.get(judged, "warn"))])],
    )  # fmt: skip
    return row, list(_sections(record, sample, code, verdict, catalog))


def undrawn_row(entry: Entry, why: Reject) -> tuple[page.Row, list[page.Section]]:
    """A sample that cannot be drawn: its query, its program as it is, and what went wrong."""
    record, sample, _ = entry
    row = page.Row(identifier(entry), shorten(one_line(record["query"]), LONGEST),
                   facets={"system": sample["system"], "split": sample["split"], "state": "cannot be drawn"},
                   badges=[(sample["system"], ""), (sample["split"], ""), ("cannot be drawn", "bad")])  # fmt: skip
    shown = {"Query": record["query"], "Program": sample["prediction"]["code"], "Not drawn": why.detail}
    return row, [page.text(label, content) for label, content in shown.items()]


def _sections(record: Record, sample: Record, code: str, verdict: Verdict | None, catalog: Catalog) -> Iterator[page.Section]:
    answer, scores = sample["prediction"], sample["scores"]
    plan = gold(record).plan or ""
    yield page.text("Query", record["query"])
    if "gold_apis" in record:
        yield page.table("APIs it was given", [(api, "right" if api in record["gold_apis"] else "") for api in record["apis"]])
    if answer["failure"] == TRUNCATED:
        yield page.text("Truncated", "The answer was cut at the token limit.")
    yield page.diff("Program", ("gold", sample["system"]), record["reference"], code)
    if code.strip():
        found = [(f"line {finding.line}", f"{finding.code}: {finding.message}") for finding in check(code, catalog)]
        yield page.table("Findings in the program", found or [("none", "")])
        (wanted, wanted_head), (made, made_head) = trace_lines(record["reference"]), trace_lines(code)
        yield page.diff("What it would do", (f"gold: {wanted_head}", f"{sample['system']}: {made_head}"), wanted, made)
    if plan and answer.get("plan"):
        yield page.diff("Plan", ("gold", sample["system"]), plan, answer["plan"], prose=True)
    elif plan:
        yield page.text("Plan of the gold", plan)
    if verdict is not None:
        yield page.table("Judge", [*(("calls what was not given", name) for name in verdict.outside),
                                   *((said_of(vote), reasons) for vote, reasons in zip(verdict.votes, verdict.reasons, strict=True))])
    shown = [(label, percent(scores[name])) for name, label in NUMBERS]
    yield page.table("Scores", shown + [("flag", flag) for flag in scores["flags"]])
    if answer.get("text") and not code.strip():
        yield page.text("The answer as it came", answer["text"])


def state_of(code: str, scores: Record) -> tuple[str, str]:
    """How far an answer gets, and whether that is good, bad or in between."""
    if not code.strip():
        return "no program", "bad"
    if not scores["parse"]:
        return "does not parse", "bad"
    if not scores["compile"]:
        return "does not compile", "bad"
    return ("checked", "good") if scores["check"] else ("has findings", "warn")


def said_of(vote: bool | None) -> str:
    """A vote in a word."""
    return {True: "pass", False: "fail", None: "invalid"}[vote]


def percent(score: float) -> str:
    """A score in hundredths."""
    return f"{100 * score:.1f}"


def bucket(score: float) -> str:
    """The class of a score in percent."""
    low = max((bound for bound in BOUNDS if 100 * score >= bound), default=0)
    high = next((bound for bound in BOUNDS if 100 * score < bound), 100)
    return "0" if score == 0 else "100" if score == 1 else f"{low}–{high}"


def trace_lines(code: str) -> tuple[str, str]:
    """The steps that a program takes on any path, one a line, each output named by the API that gives it; and how many paths there are."""
    trace = traced(code)
    steps = {step.number: step for path in trace.paths for step in path}
    lines = [f"{step.name}({', '.join(_told(key, value, steps) for key, value in step.arguments)})"
             for _, step in sorted(steps.items())[:MAX_STEPS]]  # fmt: skip
    more = [f"… {len(steps) - MAX_STEPS} more steps"] if len(steps) > MAX_STEPS else []
    return "\n".join(lines + more), f"steps {len(steps)}, paths {len(trace.paths)}"


def _told(key: str, value: Origin, steps: Mapping[int, Step]) -> str:
    """An argument; in the place of each output the API that gave it."""
    first, *rest = value.form.split("•")
    sources = (f"‹{steps[source].name}›" if source in steps else "•" for source in value.sources)
    return f"{key}={first}" + "".join(name + piece for name, piece in zip(chain(sources, repeat("•")), rest))
