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
    python 08_eval.py --model runs/tiny --edits      # or edits: does the change do what was asked, and no more?

CodeBLEU is printed because people compare it; an empty answer scores 40 on it. So every table has baselines that need no model: no answer,
one answer for all queries, each given API called once, the gold of another query (chance). Every figure has a 95 % interval.
The paper's Pass Rate needs a judge; without one it is left out.

A query that a server refuses, or a file lacks, is unanswered: it is not scored but counted, and the same command asks it again.
--distractors and --retrieve change the prompts, so their answers stand in folders of their own in --output; so do those to --tasks.
"""

from __future__ import annotations

import common  # noqa: F401  # isort: skip  (first: from here on Ctrl-C ends in one line)
import argparse
import hashlib
import os
import platform
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from itertools import combinations, islice, product
from pathlib import Path
from typing import Any

from common import chat, cli, jsonl, llm, metrics
from common.cli import Reject
from common.dataset.files import joined, located
from common.excerpts import without_comments
from common.jsonl import Record, UserError
from common.metrics import chance_and_intervals as intervals
from common.metrics import distractors, edits, judge, samples_page, shots, task_runs, teval
from common.metrics import tasks as task_set
from common.metrics.aggregate import Rejects, Samples, compare, counts, notes, summarise
from common.metrics.breakdown import breakdown, draw
from common.metrics.code_digest import code_digest
from common.metrics.codebleu import versions
from common.metrics.embedding import NGRAMS, open_embedder
from common.metrics.judge import Verdicts
from common.metrics.report import (
    CONCLUSIONS,
    LEGEND,
    PLANS,
    PLANS_MEANING,
    PLANS_NOTE,
    SETS_MEANING,
    baselines_of,
    conclusion,
    difference_table,
    kinds_of_tables,
    tables,
)
from common.metrics.sample_store import Score, collect, earlier_systems, path_of, primers, samples_for_estimate, unanswered_yet
from common.metrics.systems import SPLITS, Prediction, Setting, System, address_of, baselines, distinct, from_file, misused, models, named
from common.metrics.tables import show, table
from common.workers import cores
from shortcuts.catalog.search import ALWAYS
from shortcuts.primer import primer_apis

# isort: split
import orjson  # after common, which says in one line what is not installed

ROOT = Path(__file__).resolve().parent
BENCH = Path("data/bench")

SAMPLED = 0.8  # the temperature of several answers to a task


# ---------------------------------------------------------------------------------------------------------------------------------
# arguments


def arguments() -> argparse.Namespace:
    """Parse and check the flags of this stage."""
    parser = cli.parser(__doc__)
    add = parser.files.add_argument
    add("--bench", type=Path, default=BENCH, metavar="DIR", help="the dataset: a folder, or owner/name on the "
        "Hugging Face hub (default: data/bench)")
    add("--output", type=Path, default=Path("data/eval"), metavar="DIR", help="where samples and scores go (default: data/eval)")
    add("--overwrite", action="store_true", help="answer and score anew, and leave out what earlier runs measured there")
    add("--limit", type=cli.positive_int, metavar="N", help="take the first N samples of each split")
    add("--predictions", action="append", default=[], metavar="[NAME=]FILE", help="answers made elsewhere, JSONL; repeatable")
    add_task(parser)
    add_models(parser)
    parser.requests.description = "to the judge and to the models of servers, which share the budget"
    llm.add_request_arguments(parser.requests)
    add = parser.machine.add_argument
    add("--batch-size", type=cli.positive_int, default=16, metavar="N", help="queries at a time on a local model (default: 16)")
    add("--workers", type=cli.positive_int, default=cores(), metavar="N", help="processes that score (default: one per core)")
    return checked(parser, parser.parse_args())


def add_task(parser: cli.Parser) -> None:
    """Add the flags that decide what is asked and what is counted."""
    add = parser.task.add_argument
    add("--distractors", type=cli.positive_int, metavar="K", help="put K wrong APIs that look right among those a prompt gives")
    add("--retrieve", type=cli.positive_int, metavar="K", help="give at most K APIs: what the catalogue's search finds for the query alone")
    add("--primer", action=argparse.BooleanOptionalAction, default=None, help="explain the language in each prompt (default: to models "
        "that stage 07 did not train; behind --base-url to all, so give --no-primer for an adapter that is served)")
    add("--shots", type=int, nargs="+", default=[0], metavar="K", help="examples before each query: random ones of the seed that are "
        "in training, the same for all (0 1: a row without and one with an example)")
    add("--any-shot", action="store_true", help="draw them without regard to the APIs that the OOD test holds out, as the paper may have")
    add("--compare", metavar="NAME", help="compare every system with this one, sample by sample (default: each two that are no baselines)")
    add("--seed", type=cli.seed, default=0, metavar="N", help="of the bootstrap, examples, wrong APIs and drawn answers (default: 0)")
    add("--teval", type=Path, metavar="FILE", help="plan_json_v1.json or plan_str_v1.json: T-Eval's planning test, not workflows")
    add("--as-program", action="store_true", help="ask for T-Eval's plans as our models are asked, for plan and program")
    add("--tasks", nargs="?", type=Path, const=task_set.FOLDER, metavar="DIR", help="not workflows but tasks (default: those in tasks/): "
        "a program runs in worlds that are data, and must do there what was asked and nothing else")
    add("--edits", action="store_true", help="not workflows but changes of them: the edits that stage 06 --edits made of the tests")
    add("--samples", type=cli.positive_int, metavar="K", help="answers to each task, for pass@K and pass^K (default: 1)")
    add("--kit", action=argparse.BooleanOptionalAction, default=None, help="give beside the actions that a task needs those that join them "
        "(--no-kit: for a model with a short context)")
    add("--temperature", type=cli.amount, metavar="T", help="of the answers to tasks (default: 0 for one answer, 0.8 for several)")
    add("--embedder", default=NGRAMS, metavar="MODEL", help="a model of sentence-transformers, by name or folder; published figures use "
        f"all-mpnet-base-v2 (default: {NGRAMS}, which needs no weights; its figures are comparable with each other only)")
    add("--gold", action="store_true", help="score the gold itself as well: 100 on every metric, or something is broken")


def add_models(parser: cli.Parser) -> None:
    """Add the flags that name the models, the judge among them, and hold their answers."""
    add = parser.model.add_argument
    add("--model", action="append", default=[], metavar="[NAME=]MODEL[@URL]",
        help="a folder of stage 07, or a name on the hub (owner/name, owner/name@revision); with @http://host/v1 a model of an "
        "OpenAI-compatible server; repeatable")
    add("--adapter", metavar="NAME", help="a LoRA adapter on the one --model")
    add("--base-url", metavar="URL", help="an OpenAI-compatible server that has the models that name none")
    add("--reasoning-effort", metavar="LEVEL", help="of the models of servers: low, medium, high, or what a server calls it")
    add("--extra-body", type=llm.extra_fields, default={}, metavar="JSON", help="further fields of each request to the models of servers")
    add("--constrained", nargs="?", choices=("yes", "both"), const="yes", default="yes", help="hold local models to the grammar, or "
        "both: a row under it and one without (default: yes)")
    add("--no-constrained", dest="constrained", action="store_const", const="no", help="leave them free, as the paper's")
    add("--thinking", choices=(chat.ON, chat.OFF), help="on: let models think before their answers, which alone are held to the grammar "
        "(default: as stage 07 trained them, else off; a server is told only what is given here)")
    add("--use-all", action="store_true", help="and have a program call each of the APIs it is given")
    add("--max-new-tokens", type=cli.positive_int, default=8192, metavar="N", help="longest answer; where the context leaves "
        "less, that (default: 8192, the paper's length of prompt and answer)")
    add("--judge", metavar="MODEL", help="a model that says whether a workflow does what was asked (paper: gpt-4o-mini)")
    add("--judge-url", metavar="URL", help="an OpenAI-compatible server that has the judge (default: OPENAI_BASE_URL, else OpenAI's)")
    add("--votes", type=cli.positive_int, default=1, metavar="K", help="verdicts on each workflow; the majority counts (default: 1)")
    add("--human-labels", type=Path, metavar="FILE", help='verdicts of people, JSONL {"id", "pass", "model"}: how far the judge agrees')


def checked(parser: cli.Parser, args: argparse.Namespace) -> argparse.Namespace:
    """Fill in what was not given, and refuse what does not go together."""
    served = args.base_url or any(map(address_of, args.model))
    several = (args.samples or 1) > 1
    parser.refuse(
        (args.adapter and (len(args.model) != 1 or served), "--adapter goes with one --model that runs here"),
        (min(args.shots) < 0, "--shots: a number from 0 on"),
        (any(args.shots) and (args.teval or args.tasks or args.edits),
         "--shots are examples of the dataset: they go with none of --teval, --tasks and --edits"),
        (args.teval and (args.judge or args.compare), "--teval goes with neither --judge nor --compare"),
        (args.judge == llm.OFFLINE, "--judge: the offline writer cannot judge"),
        (args.dry_run and (not args.judge or args.teval) and not served,
         "--dry-run counts what a judge or the models of a server would be asked: it goes with --judge, or these"),
        (args.tasks and (args.teval or args.judge or args.distractors or args.use_all or args.compare),
         "--tasks goes with none of --teval, --judge, --distractors, --use-all and --compare"),
        (args.edits and (args.teval or args.tasks or args.judge or args.distractors or args.retrieve or args.use_all or args.compare),
         "--edits goes with none of --teval, --tasks, --judge, --distractors, --retrieve, --use-all and --compare"),
        (args.temperature is not None and (args.temperature < 0 or (several and not args.temperature)),
         "--temperature: above 0 where --samples are drawn, else from 0 on"),
        (args.use_all and (args.distractors or args.retrieve or args.teval or served or args.constrained != "yes"),
         "--use-all holds models that run here to APIs that are all needed: it goes with none of --distractors, --retrieve, "
         "--teval, --base-url and --no-constrained"),
        ((args.distractors or args.retrieve) and (args.teval or args.predictions or (args.distractors and args.retrieve)),
         "--distractors or --retrieve, one of them, make other prompts: --predictions and --teval bring their own"),
        (args.retrieve and args.retrieve <= len(ALWAYS), f"--retrieve: more than {len(ALWAYS)}, which are those that serve any request"),
        *misused(args),
    )
    args.extra_body |= {"reasoning_effort": args.reasoning_effort} if args.reasoning_effort else {}
    args.extra_body = chat.asked_of_a_server(args.thinking) | args.extra_body
    args.ways = {"yes": [True], "no": [False], "both": [True, False]}["yes" if args.teval else args.constrained]
    args.samples, args.kit = args.samples or 1, args.kit is not False
    args.temperature = (SAMPLED if several else 0.0) if args.temperature is None else args.temperature
    if args.distractors or args.retrieve:
        args.output /= f"distractors-{args.distractors}" if args.distractors else f"retrieve-{args.retrieve}"
    return args


# ---------------------------------------------------------------------------------------------------------------------------------
# tests, systems, samples


def load_tests(bench: Path, limit: int | None, use_all: bool = False) -> list[Record]:
    """The test records of both splits, each with `split` and the gold `reference` that is scored against (no comments)."""
    tests = []
    for split in SPLITS:
        for record in islice(joined(bench, f"test_{split}", ("query", "apis", "code", "messages")), limit):
            tests.append({**record, "split": split, "reference": without_comments(record["code"])})
    repeated = [identifier for identifier, count in Counter(record["id"] for record in tests).items() if count > 1]
    if repeated:
        raise UserError(f"{bench}: id {repeated[0]} stands in the tests twice; write them anew with stage 06")
    if use_all and (offered := next((record["id"] for record in tests if record.get("distractors")), None)):
        raise UserError(f"--use-all: the prompt of {offered} offers APIs that it does not need, see its distractors; leave --use-all away")
    if not tests:
        raise UserError(f"{bench}: both test splits are empty; make them with stage 06 from more records")
    return tests


def named_systems(args: argparse.Namespace, tests: list[Record], examples: Sequence[Record] = ()) -> list[System]:
    """The systems that the flags name: files of answers, and models, each in all ways that it is to be asked."""
    settings = [Setting(shots.label(count) + ", free" * (len(args.ways) > 1 and not is_held), tuple(examples[:count]), is_held)
                for count in args.shots for is_held in args.ways]  # fmt: skip
    return [*(teval.from_results(name, Path(path), tests) if args.teval and path.endswith(".json")
              else from_file(name, Path(path), tests, args.samples) for name, path in map(named, args.predictions)),
            *models(args, settings)]  # fmt: skip


def with_earlier(asked: list[System], others: Iterable[System], folder: Path, args: argparse.Namespace, **facts: Any) -> list[System]:
    """The systems that the flags name, and those that earlier runs left in the folder whose scores.json has equal facts."""
    present = [system.name for system in (*asked, *others)]
    return asked if args.overwrite else [*asked, *earlier_systems(folder, present, facts)]


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
    for name, path in map(named, args.predictions):
        if Path(path).resolve() == path_of(folder, "samples", name).resolve():
            raise UserError(f"--predictions {path}: this run would write that file; copy it, or name another --output")
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


def count_unanswered(systems: Iterable[System], unanswered: Rejects) -> int:
    """The number of queries that a system of this run has not answered; one of an earlier run is not asked again."""
    return sum(len(unanswered[system.name]) for system in systems if system.identity)


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
    writer = judge.open_judge(args, args.overwrite)
    judged = {name: judge.judge_samples(writer, args.votes, tests, own, path_of(args.output, "verdicts", name), args.retry_rejected,
                                        args.overwrite) for name, own in samples.items()}  # fmt: skip
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


def estimate(args: argparse.Namespace, tests: list[Record], systems: list[System], folder: Path, started: float) -> int:
    """A dry run: count the requests to the models of servers and to the judge, their tokens and cost.

    A model that has not answered yet is taken to answer gold.
    """
    overwrite = args.overwrite  # from the first writer on --output is a folder that will be gone, and nothing is overwritten
    samples = {system.name: samples_for_estimate(system, tests, folder, overwrite) for system in systems}
    due = {system.name: unanswered_yet(system, tests, folder, overwrite) for system in systems}
    asked = {system.name: system.estimate(due[system.name]) for system in systems if system.estimate}
    figures: Record = {"models": asked} if asked else {}
    if args.judge:
        writer = judge.open_judge(args, overwrite)
        for name, own in samples.items():
            judge.judge_samples(writer, args.votes, tests, own, path_of(args.output, "verdicts", name))
        figures |= writer.figures()
    cli.summary("eval", dry_run=True, samples=len(tests), systems=len(systems), **figures, seconds=round(time.perf_counter() - started, 3))
    return cli.EXIT_DONE


# ---------------------------------------------------------------------------------------------------------------------------------


def main() -> int:
    """Score every system, write scores.json, the tables and the page."""
    args = arguments()
    cli.saves_what_is_done()
    started = time.perf_counter()
    if args.teval or args.tasks or args.edits:
        return (evaluate_plans if args.teval else evaluate_tasks if args.tasks else evaluate_edits)(args, started)
    args.bench = args.bench if args.bench == BENCH else located(args.bench)
    tests, scorer = load_tests(args.bench, args.limit, args.use_all), code_digest("common.metrics", more=repr(versions()))
    tests, setting = distractors.with_given_apis(tests, args.distractors, args.retrieve, args.seed)
    data, others = test_hashes(args.bench), [*baselines(tests, args.bench, args.gold)]
    drawn = {"seed": args.seed} if args.distractors else {}
    examples = shots.draw(args.bench, tests, max(args.shots), args.seed, args.any_shot) if any(args.shots) else []
    evaluated = with_earlier(named_systems(args, tests, examples), others, args.output, args, data=data, **drawn)
    systems = distinct([*evaluated, *others])
    refuse_shown_tests(systems, args.bench)
    if args.compare and args.compare not in {system.name for system in systems}:
        raise UserError(f'--compare: no system is called "{args.compare}"; there are {", ".join(system.name for system in systems)}')
    if args.dry_run:
        return estimate(args, tests, systems, args.output, started)
    samples, unanswered, silent = collect_all(systems, tests, args.output, score, scorer, args)
    answered = [system.name for system in evaluated if system.name in samples]
    verdicts, unjudged, about_judge = judge_all(samples, tests, [system.name for system in evaluated], args)

    result = summarise(samples, unanswered, tests, args.seed)
    if verdicts:
        add_pass_rates(result, samples, verdicts, args.seed)
    pairs = [(name, args.compare) for name in samples if name != args.compare] if args.compare else list(combinations(answered, 2))
    differences = compare(samples, pairs, args.seed)
    by_shape = breakdown(tests, samples, args.seed)
    primed = {system.name for system in systems if system.primed}
    report = {**provenance(args, scorer, systems), "apis": setting, "judge": about_judge,
              "primer": primers(systems), "systems": result, "without_answers": silent,
              "differences": differences, "breakdown": by_shape}  # fmt: skip
    jsonl.write_atomically(args.output / "scores.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
    kinds = kinds_of_tables(bool(verdicts))
    needing_none = ", ".join(baselines_of(result, answered))
    legend = f"{LEGEND} Baselines, which need no model: {needing_none}. {distractors.sentence(setting)}".strip()
    show([f"{SETS_MEANING} {legend}", *tables(result, kinds, primed), *difference_table(differences),
          *notes(result, unjudged if verdicts else {}),
          *(conclusion(result, answered, metrics.HEADLINE[key], key) for key in CONCLUSIONS)], args.output)  # fmt: skip
    draw(args.output / "breakdown.png", by_shape)
    shown = {name: samples[name] for name in answered} or samples
    if undrawn := samples_page.write(args.output / "eval.html", tests, shown, verdicts, args.workers, report=report, kinds=kinds):
        cli.say(f"eval.html: {len(undrawn)} samples cannot be drawn:\n{reasons(undrawn)}")

    print(f"Every sample beside its gold: {args.output / 'eval.html'}")
    print(f"All figures with both ends of their intervals: {args.output / 'scores.json'}")
    missing = count_unanswered(systems, unanswered), sum(map(len, unjudged.values())), len(undrawn)
    if any(missing):
        cli.say(f"not complete; what there is is kept, and the same command goes on: {cli.command()}")
    cli.summary("eval", samples=len(tests), systems=len(systems), unanswered=missing[0], unjudged=missing[1],
                seconds=round(time.perf_counter() - started, 3), output=str(args.output / "scores.json"))  # fmt: skip
    return cli.EXIT_FAILED if any(missing) else cli.EXIT_DONE


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_hashes(bench: Path) -> dict[str, str]:
    """The SHA-256 of the tests, by file."""
    return {path.name: sha256(path) for split in SPLITS if (path := bench / f"test_{split}.jsonl").exists()}


def provenance(args: argparse.Namespace, scorer: str, systems: Iterable[System]) -> Record:
    """All that the figures depend on: two files of results with equal entries can be compared."""
    train = args.bench / "train.jsonl"
    return {
        "data": {**({train.name: sha256(train)} if train.exists() else {}), **test_hashes(args.bench)}, "scorer": scorer,
        "catalog": sha256(ROOT / "catalog/actions.jsonl"),
        "versions": {"python": platform.python_version(), **versions(), **{name: version(name) for name in ("numpy", "sacrebleu")}},
        "resamples": intervals.RESAMPLES, "seed": args.seed,
        "limit": args.limit,
        "models": {system.name: system.model for system in systems if system.model},
        "asked": {system.name: system.asked for system in systems if system.asked},
    }  # fmt: skip


def evaluate_plans(args: argparse.Namespace, started: float) -> int:
    """T-Eval's planning test, in a folder of its own: the same systems, other tasks and another score."""
    scorer = code_digest("common.metrics.teval", "common.conversation")
    items = {item.key: item for item in islice(teval.load(args.teval), args.limit)}
    tests, folder = [teval.as_test(item, args.as_program) for item in items.values()], args.output / args.teval.stem
    others, embedder = teval.baselines(items.values()), open_embedder(args.embedder)
    evaluated = with_earlier(named_systems(args, tests), others, folder, args, data=sha256(args.teval), as_program=args.as_program)
    systems = distinct([*evaluated, *others])
    if args.dry_run:
        return estimate(args, tests, systems, folder, started)
    embedder.prepare(text for item in items.values() for step in item.gold for text in step)
    args.workers = 1  # a model is loaded once, not in each worker
    samples, unanswered, silent = collect_all(systems, tests, folder, partial(teval.score_answer, items, embedder),
                                              scorer + embedder.identity, args)  # fmt: skip
    (form,) = {item.form for item in items.values()}
    result = {name: {form: {**counts(own, [*unanswered[name].values()]), **{metric: mean._asdict() for metric, mean in intervals.estimate(
        [sample["scores"] for sample in own], teval.METRICS, args.seed).items()}}} for name, own in samples.items()}
    report = {"data": sha256(args.teval), "embedder": embedder.identity, "as_program": args.as_program,
              "scorer": scorer, "versions": {name: version(name) for name in ("networkx", "numpy")}, "limit": args.limit,
              "systems": result, "without_answers": silent}  # fmt: skip
    jsonl.write_atomically(folder / "scores.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
    answered = [system.name for system in evaluated if system.name in samples]
    title = f"T-Eval's plans, embedder {'/'.join(Path(args.embedder).parts[-2:])}"
    show([LEGEND, table(title, PLANS_MEANING, PLANS, result), PLANS_NOTE, *notes(result),
          conclusion(result, answered, "F1 mended", PLANS["F1 mended"])], folder)  # fmt: skip
    missing = count_unanswered(systems, unanswered)
    cli.summary("eval", samples=len(tests), systems=len(systems), unanswered=missing, seconds=round(time.perf_counter() - started, 3),
                output=str(folder / "scores.json"))  # fmt: skip
    return cli.EXIT_FAILED if missing else cli.EXIT_DONE


def evaluate_tasks(args: argparse.Namespace, started: float) -> int:
    """The tasks, in a folder of its own: programs run in worlds, and what they do there is checked."""
    tasks = {task.name: task for task in islice(task_set.load(args.tasks), args.limit)}
    tests = task_runs.as_tests([*tasks.values()], args.samples, args.temperature, args.seed, args.retrieve, args.kit)
    folder, args.workers, others = args.output / "tasks", 1, [*task_runs.baselines(tests, tasks, args.gold)]
    facts = {"tasks": task_runs.digest_of(args.tasks), "samples": args.samples, "temperature": args.temperature,
             "retrieve": args.retrieve, "kit": args.kit}  # fmt: skip
    systems = distinct([*with_earlier(named_systems(args, tests), others, folder, args, **facts), *others])
    if args.dry_run:
        return estimate(args, tests, systems, folder, started)
    scorer = code_digest("common.metrics.tasks", more=task_runs.digest_of(args.tasks))
    samples, unanswered, silent = collect_all(systems, tests, folder, partial(task_runs.score_answer, tasks), scorer, args)
    result = task_runs.figures(samples, unanswered, tasks, args.samples, args.seed)
    primed = {system.name for system in systems if system.primed}
    report = {**facts, "scorer": scorer, "seed": args.seed, "limit": args.limit,
              "primer": primers(systems), "systems": result, "without_answers": silent,
              "by_task": {name: task_runs.by_task(own, args.samples) for name, own in samples.items()}}  # fmt: skip
    jsonl.write_atomically(folder / "scores.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
    failures = {failure: failure for failure in task_set.FAILURES}
    show([f"{LEGEND} {task_runs.MEANING}", table("Tasks", task_runs.GROUPS_MEANING, task_runs.columns(args.samples), result, primed=primed),
          table("Failures", "Share of the answers, in percent, by what was wrong first.", failures, result, primed=primed),
          *notes({name: {task_runs.ALL: own[task_runs.ALL]} for name, own in result.items()})], folder)  # fmt: skip
    missing = count_unanswered(systems, unanswered)
    cli.summary("eval", tasks=len(tasks), samples=len(tests), systems=len(systems), unanswered=missing,
                seconds=round(time.perf_counter() - started, 3), output=str(folder / "scores.json"))  # fmt: skip
    return cli.EXIT_FAILED if missing else cli.EXIT_DONE


def evaluate_edits(args: argparse.Namespace, started: float) -> int:
    """The edits of the tests, in a folder of its own: changes are applied, and the programs after them compared."""
    args.bench = args.bench if args.bench == BENCH else located(args.bench)
    tests, folder = edits.load(args.bench, args.limit), args.output / "edits"
    data, others = hashlib.sha256(orjson.dumps(tests)).hexdigest(), [*edits.baselines(tests, args.gold)]
    systems = distinct([*with_earlier(named_systems(args, tests), others, folder, args, data=data), *others])
    if args.dry_run:
        return estimate(args, tests, systems, folder, started)
    scorer = code_digest("common.metrics.edits", more=repr(versions()))
    samples, unanswered, silent = collect_all(systems, tests, folder, edits.score_answer, scorer, args)
    result, primed = edits.figures(samples, unanswered, tests, args.seed), {system.name for system in systems if system.primed}
    kinds = edits.by_kind(samples, tests)
    report = {"data": data, "scorer": scorer, "seed": args.seed, "limit": args.limit,
              "primer": primers(systems), "systems": result, "without_answers": silent,
              "right_by_kind": kinds}  # fmt: skip
    jsonl.write_atomically(folder / "scores.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
    show([LEGEND, table("Edits", edits.MEANING, edits.COLUMNS, result, primed=primed), *notes(result),
          *edits.kinds_in_words({name: own for name, own in kinds.items() if name not in edits.BASELINES})], folder)
    missing = count_unanswered(systems, unanswered)
    cli.summary("eval", edits=len(tests), systems=len(systems), unanswered=missing, seconds=round(time.perf_counter() - started, 3),
                output=str(folder / "scores.json"))  # fmt: skip
    return cli.EXIT_FAILED if missing else cli.EXIT_DONE


if __name__ == "__main__":
    cli.start(main)
