"""08 · Evaluate: each system writes a program for each test query; it is scored against the gold program, beside trivial baselines.

Reads    data/bench/test_id.jsonl, test_ood.jsonl (stage 06), and train.jsonl for the baseline that answers every query alike
Writes   data/eval/samples_<system>.jsonl (one line a sample, as it is made: the same command goes on after a kill), scores.json,
         tables.md, tables.tex, breakdown.png, and eval.html: every sample beside its gold, to look at in a browser

    python 08_eval.py --model runs/tiny
    python 08_eval.py --model paper=runs/Llama-3.1-8B --model base=meta-llama/Llama-3.1-8B-Instruct --compare base
    python 08_eval.py --model Qwen/Qwen2.5-7B-Instruct --base-url http://localhost:8000/v1
    python 08_eval.py --predictions other=answers.jsonl --gold   # {"id", "text"} or {"id", "code"} a line, made elsewhere
    python 08_eval.py --model runs/tiny --distractors 16         # wrong APIs among the right ones; or --retrieve 24: those a search finds
    python 08_eval.py --model runs/tiny --judge gpt-4o-mini --votes 3 --budget-usd 5 --human-labels labels.jsonl    # and the Pass Rate
    python 08_eval.py --model runs/tiny --teval plan_json_v1.json --as-program       # T-Eval's planning test instead
    python 08_eval.py --model runs/tiny --tasks --samples 5                          # or tasks: does the program do what was asked?

CodeBLEU is printed because people compare it; an empty answer scores 40 on it. So every table has baselines that need no model: no answer,
one answer for all queries, each given API called once, the gold of another query (chance). Every figure has a 95 % interval.
The paper's Pass Rate needs a judge; without one it is left out.

A query that a server refuses, or a file lacks, is unanswered: it is not scored but counted, and the same command asks it again.
--distractors and --retrieve change the prompts, so their answers stand in folders of their own in --output; so do those to --tasks.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from itertools import combinations, islice, product
from pathlib import Path

from common import chat, cli, jsonl, llm, metrics
from common.cli import Reject
from common.dataset.files import joined
from common.excerpts import one_line
from common.jsonl import Record, UserError
from common.metrics import chance_and_intervals as intervals
from common.metrics import distractors, judge, samples_page, task_runs, teval
from common.metrics import tasks as task_set
from common.metrics.aggregate import Rejects, Samples, compare, counts, notes, summarise
from common.metrics.breakdown import breakdown, draw
from common.metrics.call_graph import without_comments
from common.metrics.code_digest import code_digest
from common.metrics.codebleu import versions
from common.metrics.embedding import NGRAMS, open_embedder
from common.metrics.judge import Verdicts
from common.metrics.sample_store import Score, collect, path_of, samples_for_estimate
from common.metrics.systems import (
    CHANCE,
    SPLITS,
    Prediction,
    System,
    baselines,
    distinct,
    from_file,
    local_model,
    served_model,
)
from common.metrics.tables import SETS, Table, cell, short, show, table
from common.workers import cores
from shortcuts.catalog.search import ALWAYS
from shortcuts.primer import primer_apis, primer_id

# isort: split
import orjson  # after common, which says in one line what is not installed

ROOT = Path(__file__).resolve().parent

LEGEND = "In percent, ± half the width of the 95 % interval (bootstrap)."
SETS_MEANING = "ID: unseen instructions, OOD: unseen APIs."
TABLES = {  # by group of metrics: title, and what the figures mean
    metrics.PAPER: ("The paper's metrics", "CodeBLEU sums up n-grams, syntax tree (AST) and data flow (DF). An empty answer scores 40.0."),
    metrics.VALIDITY: ("Validity", "check: without a diagnostic; compile: to a shortcut; length: median, in percent of gold's words."),
    metrics.CALLS: ("Calls and parameters", "P, R, F1 of the APIs called; order: also in gold's order; param: of calls to the same API."),
    metrics.FLOW: ("Data and control flow", "graph: edges; chain, subgraph: WorFEval's; trace: symbolic; exec: what executed golds do."),
}
ABOVE_CHANCE = "Above chance", f"(score - chance) / (1 - chance), chance being the baseline {CHANCE}: 0 is chance, 100 is gold."
DIFFERENCES = "Differences", "The first less the second, over all queries that both answered. * p < 0.05 (paired bootstrap)."
SAMPLED = 0.8  # the temperature of several answers to a task
CONCLUSIONS = "api_f1", "trace_match"  # the metrics that the last sentences are about
PLANS = {"P": "precision@0.7", "R": "recall@0.7", "F1": "f1@0.7", "F1 mended": "f1_mended@0.7", "F1 at 0.8": "f1@0.8",
         "mended at 0.8": "f1_mended@0.8", "order F1": "order_f1", "parsed": "parsed"}  # fmt: skip
PLANS_MEANING = "Steps alike by 0.7 (or 0.8) and in order. mended: a plan without a match scores 0. order: by name."


# ---------------------------------------------------------------------------------------------------------------------------------
# arguments


def arguments() -> argparse.Namespace:
    """The flags of this stage."""
    parser = cli.parser(__doc__)
    add = parser.add_argument_group("files").add_argument
    add("--bench", type=Path, default=Path("data/bench"), metavar="DIR", help="the dataset (default: data/bench)")
    add("--output", type=Path, default=Path("data/eval"), metavar="DIR", help="where samples and scores go (default: data/eval)")
    add("--overwrite", action="store_true", help="answer and score anew")
    add("--limit", type=cli.positive_int, metavar="N", help="take the first N samples of each split")

    add = parser.add_argument_group("systems").add_argument
    add("--model", action="append", default=[], metavar="[NAME=]MODEL", help="a folder of stage 07, or a Hugging Face name; repeatable")
    add("--adapter", type=Path, metavar="DIR", help="a LoRA adapter on the one --model")
    add("--base-url", metavar="URL", help="an OpenAI-compatible server that has the models")
    add("--predictions", action="append", default=[], metavar="[NAME=]FILE", help="answers made elsewhere, JSONL; repeatable")
    add("--gold", action="store_true", help="score the gold itself as well: 100 on every metric, or something is broken")

    add = parser.add_argument_group("prompts and scores").add_argument
    add("--distractors", type=cli.positive_int, metavar="K", help="put K wrong APIs that look right among those a prompt gives")
    add("--retrieve", type=cli.positive_int, metavar="K", help="give at most K APIs: what the catalogue's search finds for the query alone")
    add("--primer", action=argparse.BooleanOptionalAction, default=None, help="explain the language in each prompt (default: to models "
        "that stage 07 did not train; behind --base-url to all, so give --no-primer for an adapter that is served)")
    add("--compare", metavar="NAME", help="compare every system with this one, sample by sample (default: each two that are no baselines)")
    add("--seed", type=int, default=0, metavar="N", help="of the bootstrap, the wrong APIs and drawn answers (default: 0)")
    add("--teval", type=Path, metavar="FILE", help="plan_json_v1.json or plan_str_v1.json: T-Eval's planning test, not workflows")
    add("--as-program", action="store_true", help="ask for T-Eval's plans as our models are asked, for plan and program")
    add("--tasks", nargs="?", type=Path, const=task_set.FOLDER, metavar="DIR", help="not workflows but tasks (default: those in tasks/): "
        "a program runs in worlds that are data, and must do there what was asked and nothing else")
    add("--samples", type=cli.positive_int, metavar="K", help="answers to each task, for pass@K and pass^K (default: 1)")
    add("--kit", action=argparse.BooleanOptionalAction, default=True, help="give beside the actions that a task needs those that join them "
        "(--no-kit: for a model with a short context)")
    add("--temperature", type=float, metavar="T", help="of the answers to tasks (default: 0 for one answer, 0.8 for several)")
    add("--embedder", default=NGRAMS, metavar="MODEL", help="a model of sentence-transformers, by name or folder; published figures use "
        f"all-mpnet-base-v2 (default: {NGRAMS}, which needs no weights; its figures are comparable with each other only)")

    add = parser.add_argument_group("the judge of the Pass Rate").add_argument
    add("--judge", metavar="MODEL", help="a model that says whether a workflow does what was asked (paper: gpt-4o-mini)")
    add("--judge-url", metavar="URL", help="an OpenAI-compatible server that has the judge (default: OPENAI_BASE_URL, else OpenAI's)")
    add("--votes", type=cli.positive_int, default=1, metavar="K", help="verdicts on each workflow; the majority counts (default: 1)")
    add("--human-labels", type=Path, metavar="FILE", help='verdicts of people, JSONL {"id", "pass", "model"}: how far the judge agrees')
    llm.add_request_arguments(parser.add_argument_group("requests to the judge", "--concurrency and --timeout hold for --base-url too"))

    add = parser.add_argument_group("how models run").add_argument
    add("--constrained", action=argparse.BooleanOptionalAction, default=True, help="hold local models to the grammar (default: yes)")
    add("--thinking", choices=(chat.ON, chat.OFF), help="on: let models think before their answers, which alone are held to the grammar "
        "(default: as stage 07 trained them, else off; a server is told only what is given here)")
    add("--use-all", action="store_true", help="and have a program call each of the APIs it is given")
    add("--max-new-tokens", type=cli.positive_int, default=2048, metavar="N", help="length of an answer (default: 2048)")
    add("--batch-size", type=cli.positive_int, default=8, metavar="N", help="queries at a time on a local model (default: 8)")
    add("--workers", type=cli.positive_int, default=cores(), metavar="N", help="processes that score (default: one per core)")
    args = parser.parse_args()
    if args.adapter and (len(args.model) != 1 or args.base_url):
        parser.error("--adapter goes with one --model that runs here")
    if args.judge == llm.OFFLINE:
        parser.error("--judge: the offline writer cannot judge")
    if args.dry_run and (not args.judge or args.teval) and not (args.tasks and args.base_url):
        parser.error("--dry-run counts what a judge would be asked, or a server's models for --tasks: it goes with --judge, or these")
    if args.tasks and (args.teval or args.judge or args.distractors or args.use_all or args.compare):
        parser.error("--tasks goes with none of --teval, --judge, --distractors, --use-all and --compare")
    if not args.tasks and (args.samples or args.temperature is not None):
        parser.error("--samples and --temperature draw answers to --tasks")
    args.samples = args.samples or 1
    if args.temperature is None:
        args.temperature = SAMPLED if args.samples > 1 else 0.0
    if args.temperature < 0 or (args.samples > 1 and not args.temperature):
        parser.error("--temperature: above 0 where --samples are drawn, else from 0 on")
    if args.use_all and (args.distractors or args.retrieve or args.teval or args.base_url or not args.constrained):
        parser.error("--use-all holds models that run here to APIs that are all needed: it goes with none of --distractors, --retrieve, "
                     "--teval, --base-url and --no-constrained")
    if args.distractors or args.retrieve:
        if args.teval or args.predictions or (args.distractors and args.retrieve):
            parser.error("--distractors or --retrieve, one of them, make other prompts: --predictions and --teval bring their own")
        if args.retrieve and args.retrieve <= len(ALWAYS):
            parser.error(f"--retrieve: more than {len(ALWAYS)}, which are those that serve any request")
        args.output /= f"distractors-{args.distractors}" if args.distractors else f"retrieve-{args.retrieve}"
    return args


def named(text: str) -> tuple[str, str]:
    """(name, value) of `NAME=VALUE`; a bare value is named by the last part of its path."""
    name, equals, value = text.partition("=")
    is_file = text.endswith((".jsonl", ".json"))
    return (name, value) if equals and "/" not in name else (Path(text).stem if is_file else Path(text).name, text)


# ---------------------------------------------------------------------------------------------------------------------------------
# tests, systems, samples


def load_tests(bench: Path, limit: int | None) -> list[Record]:
    """The test records of both splits, each with `split` and the gold `reference` that is scored against (no comments)."""
    tests = []
    for split in SPLITS:
        for record in islice(joined(bench, f"test_{split}", ("query", "apis", "code", "messages")), limit):
            tests.append({**record, "split": split, "reference": without_comments(record["code"])})
    repeated = [identifier for identifier, count in Counter(record["id"] for record in tests).items() if count > 1]
    if repeated:
        raise UserError(f"{bench}: id {repeated[0]} stands in the tests twice; write them anew with stage 06")
    if not tests:
        raise UserError(f"{bench}: both test splits are empty; make them with stage 06 from more records")
    return tests


def named_systems(args: argparse.Namespace, tests: list[Record]) -> list[System]:
    """The systems that the flags name: files of answers, and models."""
    make = served_model if args.base_url else local_model
    return [*((teval.from_results if args.teval and path.endswith(".json") else from_file)(name, Path(path), tests)
              for name, path in map(named, args.predictions)),
            *(make(name, model, args) for name, model in map(named, args.model))]  # fmt: skip


def refuse_shown_tests(systems: list[System], bench: Path) -> None:
    """Raise UserError if the primer shows an API that the OOD test holds out: it would not be unseen. Stage 06 holds none of them out."""
    stats = bench / "stats.json"
    if stats.exists() and any(system.primed for system in systems):
        if shown := primer_apis() & {*jsonl.whole(stats).get("held_out", {}).get("apis", ())}:
            raise UserError(f"{stats}: {min(shown)} is held out, and the primer shows it; give --no-primer, or make the dataset anew")


def score(record: Record, prediction: Prediction) -> Record:
    """Every metric of one answer."""
    return metrics.score(record["reference"], without_comments(prediction.code))


def collect_all(systems: list[System], tests: list[Record], folder: Path, score: Score, scorer: str,
                args: argparse.Namespace) -> tuple[Samples, Rejects, dict[str, str]]:
    """(samples of the systems that have any, what is unanswered, why a system has no answer at all)."""
    samples, unanswered, silent = Samples(), Rejects(), dict[str, str]()
    for system in systems:
        own = collect(system, tests, folder, score, scorer, overwrite=args.overwrite, workers=args.workers)
        unanswered[system.name] = own.unanswered
        if own.samples:
            samples[system.name] = own.samples
        else:
            silent[system.name] = str(next(iter(own.unanswered.values())))
        if own.unanswered:
            nothing = "" if own.samples else ", so it has no row"
            cli.say(f"{system.name}: {len(own.unanswered)} of {len(tests)} queries unanswered{nothing}:\n{reasons(own.unanswered)}")
    return samples, unanswered, silent


def reasons(rejects: Mapping[str, Reject]) -> str:
    """A line for each reason of rejects: the reason, how often it occurs, an example."""
    examples = {reject.reason: f"{identifier}: {reject.detail}" for identifier, reject in reversed(rejects.items())}  # the first of each
    return cli.rejects_by_reason(Counter(reject.reason for reject in rejects.values()), examples)


# ---------------------------------------------------------------------------------------------------------------------------------
# the Pass Rate


def judge_all(samples: Samples, tests: list[Record], models: list[str], args: argparse.Namespace) -> tuple[Verdicts, Rejects, Record]:
    """(verdicts by id and system, the workflows without one, what is known of the judge)."""
    if not args.judge or not (args.judge_url or os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL")):
        cli.say(f"Pass Rate: left out, {'--judge has no OPENAI_API_KEY and no --judge-url' if args.judge else 'no --judge is named'}")
        return {}, {}, {}
    labels = judge.read_labels(args.human_labels, models) if args.human_labels else {}
    writer = llm.open_named(args, args.judge, args.judge_url)
    judged = {name: judge.judge_samples(writer, args.votes, tests, own, path_of(args.output, "verdicts", name), args.retry_rejected)
              for name, own in samples.items()}  # fmt: skip
    verdicts = {(identifier, name): verdict for name, own in judged.items() for identifier, verdict in own.verdicts.items()}
    unjudged = {name: own.unanswered for name, own in judged.items() if own.unanswered}
    for name, rejects in unjudged.items():
        cli.say(f"{name}: {len(rejects)} of {len(samples[name])} workflows have no verdict:\n{reasons(rejects)}")
    about = {**judge.protocol(writer, args.votes), **writer.figures()}
    if unjudged and not any(verdict.votes for verdict in verdicts.values()):
        cli.say("Pass Rate: left out, the judge never answered")
        return {}, unjudged, about
    about["length_bias"] = judge.biases(samples, verdicts, args.seed)
    if labels:
        about["people"] = judge.against_people(verdicts, labels, args.seed)
        seen = about["people"]["all"]
        cli.say(f"the judge and people agree on {seen['both_pass'] + seen['both_fail']} of {seen['n']} workflows; kappa: scores.json")
    return verdicts, unjudged, about


def add_pass_rates(result: Record, samples: Samples, verdicts: Verdicts, seed: int) -> None:
    """Put the share of each system and split that the judge passes beside its other figures."""
    for name, split in product(samples, SPLITS):
        ids = [sample["id"] for sample in samples[name] if sample["split"] == split]
        own = [verdicts[identifier, name] for identifier in ids if (identifier, name) in verdicts]
        result[name][split]["pass_rate"] = judge.summary(own, seed, len(ids) - len(own))


def estimate(args: argparse.Namespace, tests: list[Record], systems: list[System], started: float) -> int:
    """A dry run: count the judge's requests, their tokens and cost. A model that has not answered yet is taken to answer gold."""
    samples = {system.name: samples_for_estimate(system, tests, args.output) for system in systems}
    writer = llm.open_named(args, args.judge, args.judge_url)  # from here on --output is a folder that will be gone
    for name, own in samples.items():
        judge.judge_samples(writer, args.votes, tests, own, path_of(args.output, "verdicts", name))
    cli.summary("eval", dry_run=True, samples=len(tests), systems=len(systems), **writer.figures(),
                seconds=round(time.perf_counter() - started, 3))  # fmt: skip
    return cli.EXIT_DONE


# ---------------------------------------------------------------------------------------------------------------------------------
# the tables


def kinds_of_tables(is_judged: bool) -> list[tuple[str, dict[str, str], str]]:
    """The tables of a report as (title, {label: metric}, "mean" or "above_chance"): one for each group of the registry, and chance."""
    kinds = []
    for group, (title, _) in TABLES.items():
        columns = {metric.label: metric.key for metric in metrics.METRICS if metric.group == group}
        columns |= {"length": "length_ratio"} if group == metrics.VALIDITY else {}
        columns |= {label: key for key, label in metrics.COVERAGE.items()} if group == metrics.FLOW else {}
        columns |= {"Pass Rate": "pass_rate"} if group == metrics.PAPER and is_judged else {}
        kinds.append((title, columns, "mean"))
    return [*kinds, (ABOVE_CHANCE[0], {label: key for key, label in metrics.HEADLINE.items()}, "above_chance")]


def tables(result: Record, kinds: Iterable[tuple[str, dict[str, str], str]], primed: Collection[str] = ()) -> list[Table]:
    """The tables of a report."""
    meanings = dict([*TABLES.values(), ABOVE_CHANCE])
    return [table(title, meanings[title], columns, result, part, primed) for title, columns, part in kinds]


def difference_table(differences: list[Record]) -> list[Table]:
    """A table of the headline metrics' differences, if anything was compared."""
    pairs: dict[tuple[str, ...], Record] = {}
    for row in differences:
        pairs.setdefault(tuple(map(one_line, row["systems"])), {})[row["metric"]] = row
    rows = [[" - ".join(map(short, names)), f"{max(row['n'] for row in of.values()):,}",
             *(f"{cell(row)}{'*' if row.get('p', 1) < 0.05 else ' '}" for row in (of.get(key, {}) for key in metrics.HEADLINE))]
            for names, of in pairs.items()]  # fmt: skip
    title, meaning = DIFFERENCES
    return [Table(title, ["systems", "n"], [*metrics.HEADLINE.values()], rows, meaning)] if rows else []


def conclusion(result: Record, models: Sequence[str], label: str, key: str) -> str:
    """A sentence: the system that leads in a metric, by split, and how that compares with the best baseline."""
    parts = []
    for split in next(iter(result.values()), {}):
        known = {name: own[split][key] for name, own in result.items() if own[split]["n"]}
        ranked = sorted(known, key=lambda name: -known[name]["mean"])
        model = next((name for name in ranked if name in models), None)
        baseline = next((name for name in ranked if name in baselines_of(result, models)), None)
        if baseline is None:
            continue
        here, best = f"on {SETS.get(split, split)}", f"the best baseline ({baseline}, {cell(known[baseline])}"
        if model is None:
            parts.append(f"{here} no model was scored beside {best})")
            continue
        ours, theirs = known[model], known[baseline]
        side = "above" if ours["mean"] > theirs["mean"] else "below" if ours["mean"] < theirs["mean"] else "level with"
        overlap = "overlap" if ours["low"] <= theirs["high"] and theirs["low"] <= ours["high"] else "do not overlap"
        rank = f", the best of {len(models)} systems," if len(models) > 1 else ""
        parts.append(f"{here} {one_line(model)}{rank} has {cell(ours)}, {side} {best}; the intervals {overlap})")
    return f"{label}: {'; '.join(parts)}."


def baselines_of(result: Record, models: Sequence[str]) -> list[str]:
    """The systems that need no model, without gold."""
    return [name for name in result if name not in models and not name.startswith("gold")]


# ---------------------------------------------------------------------------------------------------------------------------------


def main() -> int:
    """Score every system, write scores.json, the tables and the page."""
    args = arguments()
    started = time.perf_counter()
    if args.teval or args.tasks:
        return evaluate_plans(args, started) if args.teval else evaluate_tasks(args, started)
    tests, scorer = load_tests(args.bench, args.limit), code_digest("common.metrics", more=repr(versions()))
    tests, setting = distractors.with_given_apis(tests, args.distractors, args.retrieve, args.seed)
    evaluated = named_systems(args, tests)
    systems = distinct([*evaluated, *baselines(tests, args.bench, args.gold)])
    refuse_shown_tests(systems, args.bench)
    if args.compare and args.compare not in {system.name for system in systems}:
        raise UserError(f'--compare: no system is called "{args.compare}"; there are {", ".join(system.name for system in systems)}')
    if args.dry_run:
        return estimate(args, tests, systems, started)
    samples, unanswered, silent = collect_all(systems, tests, args.output, score, scorer, args)
    models = [system.name for system in evaluated if system.name in samples]
    verdicts, unjudged, about_judge = judge_all(samples, tests, [system.name for system in evaluated], args)

    result = summarise(samples, unanswered, tests, args.seed)
    if verdicts:
        add_pass_rates(result, samples, verdicts, args.seed)
    pairs = [(name, args.compare) for name in samples if name != args.compare] if args.compare else list(combinations(models, 2))
    differences = compare(samples, pairs, args.seed)
    by_shape = breakdown(tests, samples, args.seed)
    primed = {system.name for system in systems if system.primed}
    report = {**provenance(args, scorer), "apis": setting, "judge": about_judge, "primer": {name: primer_id() for name in sorted(primed)},
              "systems": result, "without_answers": silent,
              "differences": differences, "breakdown": by_shape}  # fmt: skip
    jsonl.write_atomically(args.output / "scores.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
    kinds = kinds_of_tables(bool(verdicts))
    legend = f"{LEGEND} Baselines, which need no model: {', '.join(baselines_of(result, models))}. {distractors.sentence(setting)}".strip()
    show([f"{SETS_MEANING} {legend}", *tables(result, kinds, primed), *difference_table(differences),
          *notes(result, unjudged if verdicts else {}),
          *(conclusion(result, models, metrics.HEADLINE[key], key) for key in CONCLUSIONS)], args.output)  # fmt: skip
    draw(args.output / "breakdown.png", by_shape)
    shown = {name: samples[name] for name in models} or samples
    if undrawn := samples_page.write(args.output / "eval.html", tests, shown, verdicts, args.workers, report=report, kinds=kinds):
        cli.say(f"eval.html: {len(undrawn)} samples cannot be drawn:\n{reasons(undrawn)}")

    print(f"Every sample beside its gold: {args.output / 'eval.html'}")
    print(f"All figures with both ends of their intervals: {args.output / 'scores.json'}")
    missing = sum(map(len, unanswered.values())), sum(map(len, unjudged.values())), len(undrawn)
    if any(missing):
        cli.say(f"not complete; what there is is kept, and the same command goes on: {cli.command()}")
    cli.summary("eval", samples=len(tests), systems=len(systems), unanswered=missing[0], unjudged=missing[1],
                seconds=round(time.perf_counter() - started, 3), output=str(args.output / "scores.json"))  # fmt: skip
    return cli.EXIT_FAILED if any(missing) else cli.EXIT_DONE


def provenance(args: argparse.Namespace, scorer: str) -> Record:
    """All that the figures depend on: two files of results with equal entries can be compared."""
    files = [path for name in ("train", *(f"test_{split}" for split in SPLITS)) if (path := args.bench / f"{name}.jsonl").exists()]
    return {
        "data": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}, "scorer": scorer,
        "catalog": hashlib.sha256((ROOT / "catalog/actions.jsonl").read_bytes()).hexdigest(),
        "versions": {"python": platform.python_version(), **versions(), **{name: version(name) for name in ("numpy", "sacrebleu")}},
        "resamples": intervals.RESAMPLES, "seed": args.seed,
        "max_new_tokens": args.max_new_tokens, "limit": args.limit,
    }  # fmt: skip


def evaluate_plans(args: argparse.Namespace, started: float) -> int:
    """T-Eval's planning test, in a folder of its own: the same systems, other tasks and another score."""
    scorer = code_digest("common.metrics.teval", "common.prompts")
    items = {item.key: item for item in islice(teval.load(args.teval), args.limit)}
    tests, folder = [teval.as_test(item, args.as_program) for item in items.values()], args.output / args.teval.stem
    evaluated = named_systems(args, tests)
    systems = distinct([*evaluated, *teval.baselines(items.values())])
    embedder = open_embedder(args.embedder)
    embedder.prepare(text for item in items.values() for step in item.gold for text in step)
    args.workers = 1  # a model is loaded once, not in each worker
    samples, unanswered, silent = collect_all(systems, tests, folder, partial(teval.score_answer, items, embedder),
                                              scorer + embedder.identity, args)  # fmt: skip
    (form,) = {item.form for item in items.values()}
    result = {name: {form: {**counts(own, [*unanswered[name].values()]), **{metric: mean._asdict() for metric, mean in intervals.estimate(
        [sample["scores"] for sample in own], teval.METRICS, args.seed).items()}}} for name, own in samples.items()}
    report = {"data": hashlib.sha256(args.teval.read_bytes()).hexdigest(), "embedder": embedder.identity, "as_program": args.as_program,
              "scorer": scorer, "versions": {name: version(name) for name in ("networkx", "numpy")}, "limit": args.limit,
              "systems": result, "without_answers": silent}  # fmt: skip
    jsonl.write_atomically(folder / "scores.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
    models = [system.name for system in evaluated if system.name in samples]
    title = f"T-Eval's plans, embedder {'/'.join(Path(args.embedder).parts[-2:])}"
    show([LEGEND, table(title, PLANS_MEANING, PLANS, result), *notes(result),
          conclusion(result, models, "F1 mended", PLANS["F1 mended"])], folder)  # fmt: skip
    missing = sum(map(len, unanswered.values()))
    cli.summary("eval", samples=len(tests), systems=len(systems), unanswered=missing, seconds=round(time.perf_counter() - started, 3),
                output=str(folder / "scores.json"))  # fmt: skip
    return cli.EXIT_FAILED if missing else cli.EXIT_DONE


def evaluate_tasks(args: argparse.Namespace, started: float) -> int:
    """The tasks, in a folder of its own: programs run in worlds, and what they do there is checked."""
    tasks = {task.name: task for task in islice(task_set.load(args.tasks), args.limit)}
    tests = task_runs.as_tests([*tasks.values()], args.samples, args.temperature, args.seed, args.retrieve, args.kit)
    evaluated, folder, args.workers = named_systems(args, tests), args.output / "tasks", 1
    if args.dry_run:
        return estimate_tasks(args, tests, evaluated, started)
    scorer = code_digest("common.metrics.tasks", more=task_runs.digest_of(args.tasks))
    systems = distinct([*evaluated, *task_runs.baselines(tests, tasks, args.gold)])
    samples, unanswered, silent = collect_all(systems, tests, folder, partial(task_runs.score_answer, tasks), scorer, args)
    result = task_runs.figures(samples, unanswered, tasks, args.samples, args.seed)
    primed = {system.name for system in systems if system.primed}
    report = {"tasks": task_runs.digest_of(args.tasks), "scorer": scorer, "samples": args.samples, "temperature": args.temperature,
              "seed": args.seed, "retrieve": args.retrieve, "kit": args.kit, "limit": args.limit,
              "primer": {name: primer_id() for name in sorted(primed)},
              "systems": result, "without_answers": silent,
              "by_task": {name: task_runs.by_task(own, args.samples) for name, own in samples.items()}}  # fmt: skip
    jsonl.write_atomically(folder / "scores.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
    failures = {failure: failure for failure in task_set.FAILURES}
    show([f"{LEGEND} {task_runs.MEANING}", table("Tasks", task_runs.GROUPS_MEANING, task_runs.columns(args.samples), result, primed=primed),
          table("Failures", "Share of the answers, in percent, by what was wrong first.", failures, result, primed=primed),
          *notes({name: {task_runs.ALL: own[task_runs.ALL]} for name, own in result.items()})], folder)  # fmt: skip
    missing = sum(map(len, unanswered.values()))
    cli.summary("eval", tasks=len(tasks), samples=len(tests), systems=len(systems), unanswered=missing,
                seconds=round(time.perf_counter() - started, 3), output=str(folder / "scores.json"))  # fmt: skip
    return cli.EXIT_FAILED if missing else cli.EXIT_DONE


def estimate_tasks(args: argparse.Namespace, tests: list[Record], systems: list[System], started: float) -> int:
    """A dry run: count the requests to a server's models, their tokens and cost. An answer is taken to be as long as the reference."""
    figures = {}
    for (name, model), system in zip(map(named, args.model), systems[-len(args.model) :], strict=True):
        writer = llm.open_named(args, model, args.base_url)
        prompts = [task_runs.dry_prompt(record, system.primed) for record in tests]
        for _ in writer.map(partial(writer.ask, max_tokens=args.max_new_tokens), prompts):
            pass
        figures[name] = writer.figures()
    cli.summary("eval", dry_run=True, samples=len(tests), models=figures, seconds=round(time.perf_counter() - started, 3))
    return cli.EXIT_DONE


if __name__ == "__main__":
    cli.start(main)
