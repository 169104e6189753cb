"""08 · Judge models: generate a workflow for each test query, score it against the gold one, and print the paper's table and honest ones.

Reads    data/bench/test_id.jsonl, test_ood.jsonl (stage 06), and train.jsonl for the baseline that answers every query alike
Writes   data/eval/samples_<model>.jsonl (one line a sample, as it is made: the same command goes on after a kill), scores.json,
         tables.md, tables.tex, breakdown.png, and eval.html: every sample beside its gold, to look at in a browser

    python 08_eval.py --model runs/tiny
    python 08_eval.py --model paper=runs/Llama-3.1-8B --model base=meta-llama/Llama-3.1-8B-Instruct --compare base
    python 08_eval.py --model Qwen/Qwen2.5-7B-Instruct --base-url http://localhost:8000/v1
    python 08_eval.py --predictions other=answers.jsonl --gold        # {"id", "text"} or {"id", "code"} a line, made elsewhere
    python 08_eval.py --model runs/tiny --distractors 16         # wrong APIs among the right ones; or --retrieve 24: those a search finds
    python 08_eval.py --model runs/tiny --judge gpt-4o-mini --votes 3 --budget-usd 5 --human-labels labels.jsonl    # and the Pass Rate
    python 08_eval.py --model runs/tiny --teval plan_json_v1.json --as-program       # T-Eval's planning test instead

CodeBLEU is printed because people compare it; an empty answer scores 40 on it. So trivial baselines stand in every table: no answer, one
answer for all, the gold of another query, each given API called once. `above chance` is (score - chance) / (1 - chance), where chance is
the gold of another query. Every figure has a 95 % interval in scores.json. The paper's Pass Rate needs a judge; without one it is left out.
A query that a server refuses, or a file lacks, is unanswered: not scored, counted in the tables, and asked again by the same command.
Other prompts (--distractors, --retrieve) have a folder of their own in --output, so no answer is lost.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial
from importlib.metadata import version
from itertools import combinations, islice, product
from pathlib import Path

from common import cli, jsonl, llm, metrics
from common.cli import Reject
from common.dataset.files import joined
from common.jsonl import Record, UserError
from common.metrics import judge, offers, samples_page, teval, uncertainty
from common.metrics.breakdown import breakdown, draw
from common.metrics.codebleu import versions
from common.metrics.embedding import NGRAMS, open_embedder
from common.metrics.identity import code_identity
from common.metrics.judge import Verdicts
from common.metrics.program import without_comments
from common.metrics.report import Table, by_reason, notes, show_and_write, table
from common.metrics.samples import Collected, Score, collect, file_of, stand_ins
from common.metrics.systems import (
    CHANCE,
    SPLITS,
    TRUNCATED,
    Prediction,
    System,
    baselines,
    distinct,
    from_file,
    gold,
    local_model,
    served_model,
)
from common.metrics.text import text_scores
from common.workers import cores
from shortcuts.catalog.search import ALWAYS

# isort: split
import orjson  # after common, which says in one line what is not installed

Unanswered = dict[str, Reject]  # why a query has no answer that was scored, or a workflow no verdict, by id

ROOT = Path(__file__).resolve().parent
SEED = 0  # of the bootstrap, and of the wrong APIs

PAPER = {"BLEU": "bleu", "wN-gram": "weighted", "AST": "ast", "DF": "dataflow", "CodeBLEU": "codebleu"}
CALLS = {
    "parse": "parse", "check": "check", "compile": "compile", "nonempty": "nonempty", "API P": "api_precision", "API R": "api_recall",
    "API F1": "api_f1", "order F1": "order_f1", "param names": "parameter_names", "param values": "parameter_values",
    "length": "length_ratio",
}  # fmt: skip
FLOW = {"graph F1": "graph_f1", "chain F1": "chain_f1", "subgraph F1": "subgraph_f1", "trace match": "trace_match",
        "trace equal": "trace_equal", "strict CodeBLEU": "codebleu_strict"}  # fmt: skip
CORRECTED = {"API F1": "api_f1", "order F1": "order_f1", "param values": "parameter_values", **FLOW, "CodeBLEU": "codebleu"}
PLANS = {"P": "precision@0.7", "R": "recall@0.7", "F1": "f1@0.7", "F1 mended": "f1_mended@0.7", "F1 at 0.8": "f1@0.8",
         "mended at 0.8": "f1_mended@0.8", "order F1": "order_f1", "parsed": "parsed"}  # fmt: skip
SHOWN = ("codebleu", "codebleu_strict", "api_f1", "parameter_values", "graph_f1", "trace_match")  # of the comparisons, in the terminal


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
    add("--distractors", type=cli.positive_int, metavar="K", help="put K wrong APIs that look right among those a prompt gives")
    add("--retrieve", type=cli.positive_int, metavar="K", help="give at most K APIs: what the catalogue's search finds for the query alone")
    add("--compare", metavar="NAME", help="compare every system with this one, sample by sample (default: each two that are no baselines)")
    add("--limit", type=cli.positive_int, metavar="N", help="take the first N samples of each split")
    add("--output", type=Path, default=Path("data/eval"), metavar="DIR", help="where samples and scores go (default: data/eval)")
    add("--overwrite", action="store_true", help="answer and score anew")
    # the judge of the Pass Rate
    add("--judge", metavar="MODEL", help="a model that says whether a workflow does what was asked (paper: gpt-4o-mini)")
    add("--judge-url", metavar="URL", help="an OpenAI-compatible server that has the judge (default: OPENAI_BASE_URL, else OpenAI's)")
    add("--votes", type=cli.positive_int, default=1, metavar="K", help="verdicts on each workflow; the majority counts (default: 1)")
    add("--human-labels", type=Path, metavar="FILE", help='verdicts of people, JSONL {"id", "pass", "model"}: how far the judge agrees')
    llm.add_request_arguments(parser.add_argument_group("requests to the judge", "--concurrency and --timeout hold for --base-url too"))
    # T-Eval's planning test
    add("--teval", type=Path, metavar="FILE", help="plan_json_v1.json or plan_str_v1.json: judge plans by T-Eval, not workflows")
    add("--as-program", action="store_true", help="ask for T-Eval's plans as our models are asked, for plan and program")
    add("--embedder", default=NGRAMS, metavar="MODEL", help="a model of sentence-transformers, by name or folder; published figures use "
        f"all-mpnet-base-v2 (default: {NGRAMS}, which needs no weights; its figures are comparable with each other only)")
    # how answers are made
    add("--base-url", metavar="URL", help="an OpenAI-compatible server that has the models")
    add("--constrained", action=argparse.BooleanOptionalAction, default=True, help="hold local models to the grammar (default: yes)")
    add("--use-all", action="store_true", help="and have a program call each of the APIs it is given")
    add("--max-new-tokens", type=cli.positive_int, default=2048, metavar="N", help="length of an answer (default: 2048)")
    add("--batch-size", type=cli.positive_int, default=8, metavar="N", help="queries at a time on a local model (default: 8)")
    add("--workers", type=cli.positive_int, default=cores(), metavar="N", help="processes that score (default: one per core)")
    args = parser.parse_args()
    if args.adapter and (len(args.model) != 1 or args.base_url):
        parser.error("--adapter goes with one --model that runs here")
    if args.judge == llm.OFFLINE:
        parser.error("--judge: the offline writer cannot judge")
    if args.dry_run and (not args.judge or args.teval):
        parser.error("--dry-run counts what a judge would be asked: it goes with --judge")
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
    """(name, value) of `NAME=VALUE`, or of a bare value, which its last part names."""
    name, equals, value = text.partition("=")
    is_file = text.endswith((".jsonl", ".json"))
    return (name, value) if equals and "/" not in name else (Path(text).stem if is_file else Path(text).name, text)


# ---------------------------------------------------------------------------------------------------------------------------------
# the test set


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


# ---------------------------------------------------------------------------------------------------------------------------------
# scores


def score(record: Record, prediction: Prediction) -> Record:
    """Every metric of one answer."""
    return metrics.score(record["reference"], without_comments(prediction.code))


def collect_all(systems: list[System], tests: list[Record], folder: Path, score: Score, scorer: str,
                args: argparse.Namespace) -> dict[str, Collected]:
    """The samples of every system; of what has none, the terminal is told why."""
    result = {}
    for system in systems:
        own = result[system.name] = collect(system, tests, folder, score, scorer, overwrite=args.overwrite, workers=args.workers)
        if not own.samples:
            identifier, reject = next(iter(own.unanswered.items()))
            cli.say(f"{system.name}: no row: there is not one answer to score; the first query, {identifier}: {reject}")
        elif own.unanswered:
            cli.say(f"{system.name}: {len(own.unanswered)} of {len(tests)} queries unanswered: {by_reason(own.unanswered)}")
    return result


def judge_all(samples: dict[str, list[Record]], tests: list[Record], models: list[str],
              args: argparse.Namespace) -> tuple[Verdicts, dict[str, Unanswered], Record]:
    """The judge's verdicts on every system, what has none, by system and id, and what is known of the judge."""
    if not args.judge or not (args.judge_url or os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL")):
        cli.say(f"Pass Rate: left out, {'--judge has no OPENAI_API_KEY and no --judge-url' if args.judge else 'no --judge is named'}")
        return {}, {}, {}
    labels = judge.read_labels(args.human_labels, models) if args.human_labels else {}
    writer = llm.open_as_asked(args, args.judge, args.judge_url)
    judged = {name: judge.judged(writer, args.votes, tests, own, file_of(args.output, "verdicts", name), args.retry_rejected)
              for name, own in samples.items()}  # fmt: skip
    verdicts = {(identifier, name): verdict for name, own in judged.items() for identifier, verdict in own.verdicts.items()}
    unanswered = {name: own.unanswered for name, own in judged.items() if own.unanswered}
    for name, rejects in unanswered.items():
        cli.say(f"{name}: {len(rejects)} of {len(samples[name])} workflows have no verdict: {by_reason(rejects)}")
    if unanswered and not any(verdict.votes for verdict in verdicts.values()):
        cli.say("Pass Rate: left out, the judge never answered")
        return {}, unanswered, {**judge.protocol(writer, args.votes), **writer.figures()}
    about = {**judge.protocol(writer, args.votes), **writer.figures(), "length_bias": judge.biases(samples, verdicts, SEED)}
    if labels:
        about["people"] = judge.against_people(verdicts, labels, SEED)
        seen = about["people"]["all"]
        cli.say(f"the judge and people agree on {seen['both_pass'] + seen['both_fail']} of {seen['n']} workflows; kappa: scores.json")
    return verdicts, unanswered, about


def add_pass_rates(result: Record, samples: dict[str, list[Record]], verdicts: Verdicts) -> None:
    """Put the share of each system and split that the judge passes beside its other figures."""
    for name, split in product(samples, SPLITS):
        ids = [sample["id"] for sample in samples[name] if sample["split"] == split]
        own = [verdicts[identifier, name] for identifier in ids if (identifier, name) in verdicts]
        result[name][split]["pass_rate"] = judge.summary(own, SEED, len(ids) - len(own))


# ---------------------------------------------------------------------------------------------------------------------------------
# the report


def summarise(samples: dict[str, list[Record]], unanswered: dict[str, Unanswered], tests: list[Record]) -> Record:
    """{system: {split: counts and figures}}: each metric, and what it is above chance, with its interval; plan and query; lengths."""
    chance = {sample["id"]: sample["scores"] for sample in samples.get(CHANCE, [])}
    golds = {record["id"]: gold(record) for record in tests}
    ids = {split: {record["id"] for record in tests if record["split"] == split} for split in SPLITS}
    return {name: {split: counts(own := [sample for sample in of_system if sample["split"] == split],
                                 [reject for identifier, reject in unanswered[name].items() if identifier in ids[split]])
                   | figures(own, chance, golds) for split in SPLITS} for name, of_system in samples.items()}  # fmt: skip


def counts(samples: list[Record], unanswered: list[Reject]) -> Record:
    """How many queries were answered, how many were not and why, and how many answers were cut at the token limit."""
    reasons = Counter(reject.reason for reject in unanswered)
    return {"n": len(samples), "unanswered": len(unanswered), "reasons": dict(reasons.most_common()),
            "truncated": sum(sample["prediction"]["failure"] == TRUNCATED for sample in samples)}  # fmt: skip


def figures(samples: list[Record], chance: dict[str, Record], golds: dict[str, Prediction]) -> Record:
    """The figures of some samples of one system."""
    scores = [sample["scores"] for sample in samples]
    means = uncertainty.estimate(scores, metrics.RATES, SEED)
    beside = [(sample["scores"], chance[sample["id"]]) for sample in samples if sample["id"] in chance]
    above = uncertainty.above_chance(*zip(*beside, strict=True), metrics.RATES, SEED) if beside else {}
    codes = sorted({code for score in scores for code in score["diagnostics"]})
    diagnosed = [{code: code in score["diagnostics"] for code in codes} for score in scores]
    texts = {field: [(ours, theirs) for sample in samples
                     if (ours := getattr(golds[sample["id"]], field)) and (theirs := sample["prediction"].get(field))]
             for field in ("plan", "query")}  # fmt: skip
    return {
        **{metric: {**mean._asdict(), **({"above_chance": above[metric].mean, "above_chance_low": above[metric].low,
                                          "above_chance_high": above[metric].high} if above else {})} for metric, mean in means.items()},
        "length_ratio": {**uncertainty.median([score["length_ratio"] for score in scores], SEED)._asdict(), "is": "a median"},
        "diagnostics": {code: share._asdict() for code, share in uncertainty.estimate(diagnosed, codes, SEED).items()} if codes else {},
        **{field: text_scores(*zip(*pairs, strict=True)) for field, pairs in texts.items() if pairs},
        "flags": dict(Counter(flag for score in scores for flag in score["flags"]).most_common()),
    }  # fmt: skip


def compare(samples: dict[str, list[Record]], pairs: Iterable[tuple[str, str]]) -> list[Record]:
    """Pairs of systems on the samples that both have: the mean difference, its interval, and how likely it is none (paired bootstrap)."""
    result = []
    for (one, other), metric in product(pairs, metrics.RATES):
        theirs = {sample["id"]: sample["scores"][metric] for sample in samples.get(other, ())}  # none, if it never answered
        shared = [(sample["scores"][metric], theirs[sample["id"]]) for sample in samples[one] if sample["id"] in theirs]
        if shared:
            difference = uncertainty.paired(*zip(*shared, strict=True), SEED)
            result.append({"systems": [one, other], "metric": metric, "n": len(shared), **difference._asdict()})
    return result


def tables(result: Record, judged: bool, offer: str) -> list[Table]:
    """The tables of a report, systems by metrics; `offer` says in their heads which APIs were given."""
    paper = {**PAPER, "Pass Rate": "pass_rate"} if judged else PAPER
    kinds = (("as the paper", paper, "mean"), ("calls and parameters", CALLS, "mean"), ("flow", FLOW, "mean"),
             ("above chance", CORRECTED, "above_chance"))  # fmt: skip
    return [table(f"ID/OOD, {title}{offer}", columns, result, SPLITS, part) for title, columns, part in kinds]


def provenance(args: argparse.Namespace, scorer: str) -> Record:
    """What the figures depend on, so that two files of results can be told comparable."""
    files = [path for name in ("train", *(f"test_{split}" for split in SPLITS)) if (path := args.bench / f"{name}.jsonl").exists()]
    return {
        "data": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}, "scorer": scorer,
        "catalog": hashlib.sha256((ROOT / "catalog/actions.jsonl").read_bytes()).hexdigest(),
        "versions": {"python": platform.python_version(), **versions(), **{name: version(name) for name in ("numpy", "sacrebleu")}},
        "resamples": uncertainty.RESAMPLES, "seed": SEED,
        "max_new_tokens": args.max_new_tokens, "limit": args.limit,
    }  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------


def main() -> int:
    """Judge every system, write scores.json and the page, print the tables."""
    args = arguments()
    started = time.perf_counter()
    if args.teval:
        return judge_plans(args, started)
    tests, scorer = load_tests(args.bench, args.limit), code_identity("common.metrics", more=repr(versions()))
    tests, offer = offers.offered_as_asked(tests, args.distractors, args.retrieve, SEED)
    models = models_of(args, tests)
    systems = distinct([*baselines(tests, args.bench, args.gold), *models])
    if args.compare and args.compare not in {system.name for system in systems}:
        raise UserError(f'--compare: no system is called "{args.compare}"; there are {", ".join(system.name for system in systems)}')
    if args.dry_run:
        return estimate(args, tests, systems, started)
    models_first = [*models, *(system for system in systems if system not in models)]
    collected = collect_all(models_first, tests, args.output, score, scorer, args)
    samples, unanswered = answered(collected)
    verdicts, unjudged, about_judge = judge_all(samples, tests, [system.name for system in models], args)

    result = summarise(samples, unanswered, tests)
    if verdicts:
        add_pass_rates(result, samples, verdicts)
    named_models = [system.name for system in models if system.name in samples]
    pairs = [(name, args.compare) for name in samples if name != args.compare] if args.compare else list(combinations(named_models, 2))
    differences = compare(samples, pairs)
    by_shape = breakdown(tests, samples, SEED)
    report = {**provenance(args, scorer), "apis": offer, "judge": about_judge, "systems": result, "without_answers": silent(collected),
              "differences": differences, "breakdown": by_shape}  # fmt: skip
    jsonl.write_atomically(args.output / "scores.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
    below = notes(result, {name: len(rejects) for name, rejects in unjudged.items()} if verdicts else {})
    show_and_write(tables(result, bool(verdicts), offers.head(offer)), args.output, below)
    draw(args.output / "breakdown.png", by_shape)
    shown = {name: samples[name] for name in named_models} or samples
    if undrawn := samples_page.write(args.output / "eval.html", tests, shown, verdicts, args.workers):
        cli.say(f"eval.html: {len(undrawn)} samples cannot be drawn: {by_reason(undrawn)}")

    print_differences(differences)
    print(f"Every sample beside its gold: {args.output / 'eval.html'}. Intervals, the other comparisons, diagnostics, plans: scores.json.")
    missing = sum(map(len, unanswered.values())), sum(map(len, unjudged.values())), len(undrawn)
    if any(missing):
        cli.say(f"not complete; what there is is kept, and the same command goes on: {cli.command()}")
    cli.summary("eval", samples=len(tests), systems=len(systems), unanswered=missing[0], unjudged=missing[1],
                seconds=round(time.perf_counter() - started, 3), output=str(args.output / "scores.json"),
                scores={name: headline(result[name]) for name in samples})  # fmt: skip
    return cli.EXIT_FAILED if any(missing) else cli.EXIT_DONE


def print_differences(differences: list[Record]) -> None:
    """The comparisons by the metrics that are SHOWN."""
    for row in (row for row in differences if row["metric"] in SHOWN):
        print(f"{' - '.join(row['systems'])}, {row['metric']}: {100 * row['mean']:+.1f} "
              f"[{100 * row['low']:+.1f}, {100 * row['high']:+.1f}], p = {row['p']:.3f}, n = {row['n']}")  # fmt: skip


def answered(collected: dict[str, Collected]) -> tuple[dict[str, list[Record]], dict[str, Unanswered]]:
    """By system: the samples, where there are any, and what has none."""
    return ({name: own.samples for name, own in collected.items() if own.samples},
            {name: own.unanswered for name, own in collected.items()})  # fmt: skip


def silent(collected: dict[str, Collected]) -> dict[str, str]:
    """The systems without one answer, and why the first query has none."""
    return {name: str(next(iter(own.unanswered.values()))) for name, own in collected.items() if not own.samples}


def models_of(args: argparse.Namespace, tests: list[Record]) -> list[System]:
    """What was given to be judged: answers made elsewhere, and models."""
    make = served_model if args.base_url else local_model
    return [*((teval.from_results if args.teval and path.endswith(".json") else from_file)(name, Path(path), tests)
              for name, path in map(named, args.predictions)),
            *(make(name, model, args) for name, model in map(named, args.model))]  # fmt: skip


def estimate(args: argparse.Namespace, tests: list[Record], systems: list[System], started: float) -> int:
    """A dry run: what the judge would be asked, and its cost; a model that has not answered yet is taken to answer gold."""
    answers = {system.name: stand_ins(system, tests, args.output) for system in systems}
    writer = llm.open_as_asked(args, args.judge, args.judge_url)  # from here on --output is a folder that will be gone
    for name, given in answers.items():
        judge.judged(writer, args.votes, tests, given, file_of(args.output, "verdicts", name))
    cli.summary("eval", dry_run=True, samples=len(tests), systems=len(systems), **writer.figures(),
                seconds=round(time.perf_counter() - started, 3))  # fmt: skip
    return cli.EXIT_DONE


def judge_plans(args: argparse.Namespace, started: float) -> int:
    """T-Eval's planning test, in a folder of its own: the same systems, other tasks and another score."""
    scorer = code_identity("common.metrics.teval", "common.prompts")
    items = {item.key: item for item in islice(teval.load(args.teval), args.limit)}
    tests, folder = [teval.as_test(item, args.as_program) for item in items.values()], args.output / args.teval.stem
    systems = distinct([*models_of(args, tests), *teval.baselines(items.values())])
    with open_embedder(args.embedder, folder / "embeddings.sqlite") as embedder:
        embedder.prepare(text for item in items.values() for step in item.gold for text in step)
        figure = partial(teval.score_answer, items, embedder)
        args.workers = 1  # the embedder is one database
        collected = collect_all(systems, tests, folder, figure, scorer + embedder.identity, args)
    (form,) = {item.form for item in items.values()}
    samples, unanswered = answered(collected)
    result = {name: {form: {**counts(own, [*unanswered[name].values()]), **{metric: mean._asdict() for metric, mean in uncertainty.estimate(
        [sample["scores"] for sample in own], teval.METRICS, SEED).items()}}} for name, own in samples.items()}
    report = {"data": hashlib.sha256(args.teval.read_bytes()).hexdigest(), "embedder": embedder.identity, "as_program": args.as_program,
              "scorer": scorer, "versions": {name: version(name) for name in ("networkx", "numpy")}, "limit": args.limit,
              "systems": result, "without_answers": silent(collected)}  # fmt: skip
    jsonl.write_atomically(folder / "scores.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
    title = f"T-Eval plan, {form}, {'/'.join(Path(args.embedder).parts[-2:])}"
    show_and_write([table(title, PLANS, result, [form])], folder, notes(result))
    missing = sum(map(len, unanswered.values()))
    cli.summary("eval", samples=len(tests), systems=len(systems), unanswered=missing, seconds=round(time.perf_counter() - started, 3),
                output=str(folder / "scores.json"))  # fmt: skip
    return cli.EXIT_FAILED if missing else cli.EXIT_DONE


def headline(splits: Record) -> Record:
    """The figures of a system for the summary line."""
    names = ("codebleu", "parse", "compile", "api_f1", "graph_f1", "trace_match")
    return {split: {name: round(splits[split][name]["mean"], 4) for name in names} for split in SPLITS if splits[split]["n"]}


if __name__ == "__main__":
    cli.start(main)
