"""06 · Filter, remove duplicates, merge and split: the records of stages 03 and 05 become a dataset to train and test on.

Reads    data/seed.jsonl (stage 03) and data/generated.jsonl (stage 05; may be missing unless --generated names it)
Writes   data/bench/: train, test_id and test_ood, each as .jsonl (what one trains and tests on), .extra.jsonl (all other fields, the same
         records in the same order) and .parquet (both); rejected.jsonl (every dropped record and why), clusters.jsonl (duplicates and
         what was kept of them), README.md (the dataset card), stats.json, figure.png, browse.html; with --edits also <split>.edits.jsonl

    python 06_filter_merge.py
    python 06_filter_merge.py --tokenizer meta-llama/Llama-3.1-8B-Instruct --report 3
    python 06_filter_merge.py --generated none --output data/bench-seed     # the tests, before the annotator is trained ...
    python 06_filter_merge.py --tests-from data/bench-seed                  # ... and kept when its records are added
    python 06_filter_merge.py --without plan --output data/bench-no-plan    # the same records, for an ablation of the paper's table 4
    python 06_filter_merge.py --workflowbench data.zip --output data/published     # the published dataset, mended

A record is dropped by the first rule that it breaks; the rules, in the order in which they apply, are the functions marked `@rule` below.
Then duplicates, near duplicates and what would give a test away are dropped (common/dataset/dedup.py, arrange.py), and the rest is split
(splits.py). The same inputs and flags give the same bytes. All files are written in a folder beside their places and moved there when the
last one is complete, so an earlier dataset is whole until then; after a kill the same command is simply run again.
Memory: duplicates and splits need the whole dataset, so about 3 KB a record are kept (fingerprints, API names, counts); the records
themselves wait in a temporary file.
"""

from __future__ import annotations

import common  # noqa: F401  # isort: skip  (first: from here on Ctrl-C ends in one line)
import argparse
import ast
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from common import cli, jsonl
from common.cli import Reject
from common.conversation import WHOLE, AnswerForm
from common.dataset import arrange, browse, card, dedup, distribution, edits, example, export, offers, published, staging
from common.dataset.example import ORIGINS, SEED, SYNTHETIC, Context, Example, Limits, Sample
from common.jsonl import Record, UserError
from common.workers import cores, ordered_map
from shortcuts import DialectError
from shortcuts.catalog import Catalog

# isort: split
import orjson  # after common, which says in one line what is not installed
from tqdm import tqdm

BYTES_PER_WORKER = 4 << 20  # of input: for less, starting a process takes longer than it saves
SETTINGS = ("max_tokens", "max_unused", "english", "test_size", "ood_share", "common", "distractors", "distractor_share")  # and --seed
WITHOUT = {"plan": AnswerForm(plan=False), "comments": AnswerForm(comments=False), "both": AnswerForm(False, False)}
DEFAULT_GENERATED, NONE = Path("data/generated.jsonl"), Path("none")

Files = list[tuple[str, Path]]  # what is read: origin, file
Task = tuple[str, str, bytes]  # origin, file:line, line
Result = tuple[Example | None, bytes]  # what is kept of a record, and its line; or None and the line of its reject


def arguments() -> argparse.Namespace:
    """Parse the flags of this stage."""
    parser = cli.parser(__doc__, input="data/seed.jsonl")
    add = parser.files.add_argument
    add("--generated", type=Path, nargs="+", metavar="FILE",
        help='records of stage 05, or "none" (default: data/generated.jsonl, if it is there)')
    add("--output", type=Path, default=Path("data/bench"), metavar="FOLDER", help="where the dataset goes (default: data/bench)")
    add("--overwrite", action="store_true", help="accepted as in the other stages: a dataset is always made anew")
    add("--tests-from", type=Path, metavar="FOLDER", help="keep the tests of this earlier dataset, and what it holds out")
    add("--teval", type=Path, metavar="FILE", help="keep what is near a query of T-Eval (its JSON file) out of training, as with tasks/")
    add("--workflowbench", type=Path, metavar="PATH",
        help="import the published dataset (its folder, or a file of its samples) instead of --input and --generated")
    add("--export-workflowbench", type=Path, metavar="FOLDER", help="also write the dataset in the published layout")
    add("--teval-plans", type=Path, metavar="FILE", help="also write the training records as JSON plans in T-Eval's form, for stage 07")
    add("--browse", type=int, default=1000, metavar="N", help="records in browse.html (default: 1000; 0: no page)")
    add = parser.task.add_argument
    add("--max-tokens", type=cli.positive_int, default=8192, metavar="N",
        help="longest sample, prompt and answer together (default: 8192, the paper's)")
    add("--max-unused", type=cli.share, default=0.25, metavar="SHARE",
        help="share of its given APIs that a generated program may leave unused (default: 0.25)")
    add("--english", action="store_true", help="drop records whose query is not English")
    add("--without", choices=tuple(WITHOUT), metavar="PART", help="leave the plan, the comments, or both out of the answers in "
        "`messages`, as in the paper's ablations; the records are the same (plan, comments or both)")
    add("--test-size", type=cli.positive_int, metavar="N",
        help="records in both tests together (default: 1190 as in the paper, or a tenth if that is less)")
    add("--ood-share", type=cli.share, default=0.5, metavar="SHARE", help="share of the tests that use held-out APIs (default: 0.5)")
    add("--common", type=cli.positive_int, default=50, metavar="N",
        help="built-in APIs that OOD tests may share with training (default: 50, the paper's)")
    add("--distractors", type=cli.count, metavar="N", help="most APIs that a training prompt offers beside those that are needed, as "
        f"05 --query does (default: {offers.MOST}; with --workflowbench 0, which is the paper's setting)")
    add("--distractor-share", type=cli.share, default=offers.SHARE, metavar="X", help="share of the training prompts with distractors "
        "(default: %(default)s)")
    add("--edits", type=cli.count, default=0, metavar="N", help="also make up to N edits of each program: <split>.edits.jsonl has requests "
        "to change it, and the changes (default: 0)")
    add("--seed", type=seed_number, default=0, metavar="N", help="random seed of the splits (default: 0)")
    add("--report", type=cli.positive_int, metavar="N", help="show N of the records that each rule dropped")
    parser.model.add_argument("--tokenizer", metavar="NAME",
                              help="count tokens with that of a model, by name or folder (default: estimate from characters)")
    parser.machine.add_argument("--workers", type=cli.positive_int, metavar="N", help="processes (default: cores, fewer for small inputs)")
    args = parser.parse_args()
    drawn = next((name for name in ("test_size", "ood_share", "common") if getattr(args, name) != parser.get_default(name)), "")
    parser.refuse((args.tests_from and drawn, f"--{drawn.replace('_', '-')}: the tests are those of --tests-from; leave one away"))
    args.generated = args.generated or ([DEFAULT_GENERATED] if DEFAULT_GENERATED.exists() else None)
    args.distractors = (0 if args.workflowbench else offers.MOST) if args.distractors is None else args.distractors
    return args


def seed_number(text: str) -> int:
    """Parse the number of --seed (an argparse type), which once was the file of the records."""
    try:
        return cli.seed(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number; the file of the records is named by --input") from None


# ---------------------------------------------------------------------------------------------------------------------------------
# the rules


Check = Callable[[Sample], str | None]  # returns what is wrong with a sample, None if it passes


class Rule(NamedTuple):
    """A filter rule for records of these origins; `meaning` is for the dataset card."""

    code: str
    meaning: str
    origins: tuple[str, ...]
    check: Check


RULES: list[Rule] = []


def rule(meaning: str, origins: tuple[str, ...] = ORIGINS, code: str | None = None) -> Callable[[Check], Check]:
    """Register a function as a rule; its name is the reason code of the records that it drops.

    Rules for SYNTHETIC alone spare the seed: a workflow that somebody uses may be short, repeat itself, or use an unknown parameter.
    """
    def register(check: Check) -> Check:
        RULES.append(Rule(code or check.__name__, meaning, origins, check))
        return check

    return register


MIN_QUERY_WORDS = 3


@rule("no query, or fewer than three words")
def no_query(sample: Sample) -> str | None:
    return f"{sample.query!r} has fewer than {MIN_QUERY_WORDS} words" if len(dedup.words(sample.query)) < MIN_QUERY_WORDS else None


@rule("the query names an API")
def query_names_api(sample: Sample) -> str | None:  # no person would
    apis = ("is.workflow.actions", *sample.given)
    names = {name for api in apis for name in (api, re.sub(r"\W", "_", api)) if not name.isalnum()}
    return max((name for name in names if name.casefold() in sample.query.casefold()), default=None)


@rule("the query is not English")
def query_language(sample: Sample) -> str | None:
    return sample.query[:100] if sample.context.limits.english and not dedup.is_english(sample.query) else None


@rule("no plan")
def no_plan(sample: Sample) -> str | None:
    return None if sample.plan else ""


@rule("the code is not Python")
def does_not_parse(sample: Sample) -> str | None:
    try:
        _ = sample.tree
    except DialectError as error:
        return f"line {error.line}: {error.message}"
    return None


@rule("no code, or nothing but comments")
def no_code(sample: Sample) -> str | None:
    if any(isinstance(node, (ast.Call, ast.Assign, ast.AugAssign)) for node in ast.walk(sample.tree)):
        return None
    return "no statement beside comments" if sample.code else ""


# Findings of `check` that drop a record: those that make it no program, and unknown APIs (the paper's first filter, section 3.1). A
# generated program must also use parameters as the catalogue says, where they have an effect, and have no line that cannot be reached.
REJECTING_SEED = frozenset({"syntax", "form", "undefined_name", "positional_argument", "duplicate_parameter", "unknown_api"})
REJECTING_SYNTHETIC = {"unknown_parameter", "missing_parameter", "enum_value", "parameter_type", "no_effect", "no_result", "unreachable"}
REJECTING = {SEED: REJECTING_SEED, SYNTHETIC: REJECTING_SEED | REJECTING_SYNTHETIC}


@rule("the checker found: *", code="check_*")  # the star stands for the code of the first finding
def check_findings(sample: Sample) -> None:
    bad = [finding for finding in sample.compiled[0] if finding.code in REJECTING[sample.origin]]
    if bad:
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        raise Reject(f"check_{bad[0].code}", f"line {bad[0].line}: {bad[0].message}{more}")


@rule("the code does not become a shortcut")
def does_not_compile(sample: Sample) -> str | None:
    findings, steps = sample.compiled
    return "; ".join(f"line {finding.line}: {finding.message}" for finding in findings[:1]) if steps is None else None


@rule("too many of the given APIs are not used", (SYNTHETIC,))
def apis_unused(sample: Sample) -> str | None:
    unused = [api for api in dict.fromkeys(sample.given) if api not in sample.steps]
    too_many = len(unused) > sample.context.limits.max_unused * len(sample.given)
    return f"{len(unused)} of {len(sample.given)}: {', '.join(unused)}" if too_many else None


MIN_STATEMENTS, MIN_DISTINCT = 8, 0.5  # of so many statements, this share must be distinct: small models loop


@rule("the same statements again and again", (SYNTHETIC,))
def degenerate(sample: Sample) -> str | None:
    lines, done = sample.code.encode().split(b"\n"), list[bytes]()  # columns count bytes
    for node in ast.walk(sample.tree):
        if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign)):  # the right side alone, whatever it is assigned to
            one_line = node.lineno == node.end_lineno
            done.append(lines[node.lineno - 1][node.value.col_offset:] if one_line else ast.dump(node.value).encode())
    if len(done) >= MIN_STATEMENTS and len(set(done)) < MIN_DISTINCT * len(done):
        return f"{len(set(done))} distinct statements of {len(done)}"
    return None


# A plan needs one of these words if the code has such a block.
BLOCK_WORDS = {
    "ifs": re.compile(r"\b(if|else|otherwise|whether|when|unless|in case|condition|check|depend|compar|verif|decid)", re.I),
    "loops": re.compile(r"\b(repeat|each|every|loop|iterat|times|all\b|through|while)", re.I),
    "menus": re.compile(r"\b(menu|choos|choice|select|option|pick)", re.I),
}
API_LIKE = re.compile(r"\w+(?:[._-]\w+)+")


@rule("the plan and the code do not agree", (SYNTHETIC,))
def plan_disagrees(sample: Sample) -> str | None:
    for name in API_LIKE.findall(sample.plan):
        api = sample.context.catalog.by_name(re.sub(r"\W", "_", name))
        if api and api.id not in sample.steps:
            return f"the plan names {name}, the code does not use it"
    if dedup.is_english(sample.plan, dedup.ENGLISH_SHARE / 2):  # steps are terse
        for kind, pattern in BLOCK_WORDS.items():
            if sample.shape[kind] and not pattern.search(sample.plan):
                return f"the code has {sample.shape[kind]} {kind}, the plan says nothing of any"
    return None


@rule("longer than the training length, even with long literals shortened")
def too_long(sample: Sample) -> str | None:
    most, tokens = sample.context.limits.max_tokens, sample.conversation[2]
    return f"{tokens} tokens with long literals shortened; at most {most}" if tokens > most else None


OTHER_REASONS = {  # of records that pass the rules, and of those that cannot be read
    "internal_error": "a fault of the program that made this dataset, not of the record",
    "bad_field": "a field holds what it should not, or the APIs are missing",
    "duplicate_id": "the id was there before",
    "duplicate_code": "the same program as another record's, names and comments aside",
    "near_code": "nearly the same program as another record's",
    "duplicate_query": "the same query as another record's",
    "near_query": "nearly the same query as another record's",
    "held_out_excess": "uses a held-out API without being an OOD test",
    "contaminated": "would give a test record away",
}


def meaning(reason: str) -> str:
    """Return the meaning of a reason code in words."""
    meanings = {each.code: each.meaning for each in RULES} | OTHER_REASONS
    return meanings.get(reason) or meanings["check_*"].replace("*", reason.removeprefix("check_").replace("_", " "))


# ---------------------------------------------------------------------------------------------------------------------------------
# first pass: each record by itself


def examine(record: Record, origin: str, context: Context) -> tuple[Example, Record]:
    """Apply the rules to a record; return what is kept of it in memory, and the record to write. Raises Reject."""
    try:
        sample = Sample(jsonl.checked(record, str(record["id"]), ("apis",)), origin, context)
        for each in RULES:
            if origin in each.origins and (problem := each.check(sample)) is not None:
                raise Reject(each.code, problem)
        messages, shortened, _ = sample.conversation
        return example.as_example(sample), {**record, "origin": origin, "task": context.limits.form.task, "messages": messages,
                                    **({"shortened": True} if shortened else {})}  # fmt: skip
    except UserError as error:
        raise Reject("bad_field", str(error)) from None
    except RecursionError:
        raise Reject("does_not_parse", "nested deeper than Python recurses") from None


def form_of(args: argparse.Namespace) -> AnswerForm:
    """Return the form of the answers."""
    return WITHOUT.get(args.without, WHOLE)


_context: Context  # of this process


def prepare(tokenizer: str | None, limits: Limits) -> None:
    """Make this process ready to examine records."""
    global _context
    _context = Context(Catalog.load(), example.token_counter(tokenizer), limits)


def examine_line(task: Task) -> Result:
    """Apply the rules to one line of the input."""
    origin, where, line = task
    record = jsonl.parse(line, where, ("id",))
    try:
        with cli.one_record():
            kept, written = examine(record, origin, _context)
            return kept, jsonl.encode(written)
    except Reject as reject:
        return None, reject_line(str(record["id"]), origin, reject.reason, reject.detail)


def reject_line(identifier: str, origin: str, reason: str, detail: str, **context: Any) -> bytes:
    """Return the line of a dropped record in rejected.jsonl."""
    return jsonl.encode({"id": identifier, "origin": origin, "reason": reason, "detail": detail, **context})


def tasks(files: Files) -> Iterator[Task]:
    """Yield every record of the inputs."""
    for origin, path in files:
        for number, line in jsonl.numbered_lines(path):
            yield origin, f"{path}:{number}", line


def examined(files: Files, args: argparse.Namespace) -> Iterator[Result]:
    """Yield the results of the first pass in input order, computed by as many processes as pay off."""
    limits = Limits(args.max_tokens, args.max_unused, args.english, form_of(args))
    prepare(args.tokenizer, limits)  # with workers, too: what is wrong with a flag is said once, here
    size = sum(path.stat().st_size for _, path in files)
    workers = args.workers or min(cores(), 1 + size // BYTES_PER_WORKER)
    results = ordered_map(examine_line, tasks(files), workers, prepare, args.tokenizer, limits)
    yield from tqdm(results, desc="examine", unit="rec", file=sys.stderr, disable=not sys.stderr.isatty())


def collect(results: Iterable[Result], spool: Path) -> tuple[list[Example], list[bytes]]:
    """Write the records that pass to the spool; return what is kept of them, and the lines of the rejects."""
    examples, rejects, ids = list[Example](), list[bytes](), set[str]()
    with open(spool, "wb") as file:
        for kept, line in results:
            if kept is None:
                rejects.append(line)
            elif kept.id in ids:
                rejects.append(reject_line(kept.id, kept.origin, "duplicate_id", "an earlier record has this id"))
            else:
                ids.add(kept.id)
                kept.place = file.tell(), file.write(line)
                kept.apis = tuple(map(sys.intern, kept.apis))  # what comes from a worker is a copy
                examples.append(kept)
    return examples, rejects


# ---------------------------------------------------------------------------------------------------------------------------------
# second pass: the dataset


def make_dataset(args: argparse.Namespace, files: Files, folder: Path) -> Record:
    """Make the dataset in a folder; return its statistics, as in stats.json."""
    catalog, choices = Catalog.load(), options(args, files)
    app_of = partial(example.app_of, catalog=catalog)
    examples, rejects = collect(examined(files, args), folder / staging.SPOOL)
    splits, held, properties, dropped = arrange.arrange(examples, app_of, choices)
    for i, drop in dropped.items():
        other = {drop.relation: drop.other} if drop.other else {}
        rejects.append(reject_line(examples[i].id, examples[i].origin, drop.reason, drop.detail, **other))
    prompted = offers.TrainingOffers(catalog, held, args.distractors, args.distractor_share, args.seed, args.max_tokens, form_of(args))
    staging.write_splits(folder, examples, splits, prompted)
    edited, their_properties = edits.write(folder, edits.Settings(args.edits, args.seed, args.max_tokens, held), args.tokenizer,
                                           args.workers or cores(), examples, splits)
    read, reasons = sum(1 for _ in tasks(files)), Counter(orjson.loads(reject)["reason"] for reject in rejects)
    stats = {
        "read": read, "written": len(splits),
        "rejected": dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        **card.statistics(examples, splits, app_of),
        "held_out": {"apps": held.apps, "apis": sorted(held.apis), "common": sorted(held.common)},
        "distractors": prompted.statistics(), **edited,
        "token_count": f"Tokens are counted with {args.tokenizer}" if args.tokenizer else "Tokens are estimated from characters",
        "settings": {**{key: getattr(args, key) for key in SETTINGS}, "seed_number": args.seed,
                     **({"without": args.without} if args.without else {})},
        "assertions": {"every_record_kept_or_rejected": read == len(splits) + len(rejects), **properties, **their_properties},
    }
    jsonl.write_atomically(folder / "rejected.jsonl", b"".join(rejects))
    jsonl.write_atomically(folder / "clusters.jsonl", b"".join(arrange.cluster_lines(dropped, examples)))
    jsonl.write_atomically(folder / "stats.json", orjson.dumps(stats, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    jsonl.write_atomically(folder / "README.md", card.card(stats, meaning).encode())
    distribution.draw(folder / "figure.png", distribution.dataset_panels(stats["distributions"]))
    export.write_parquet(folder)
    if args.browse > 0:
        browse.write(folder, args.browse, args.workers or cores(), args.output.name)
    return stats


def options(args: argparse.Namespace, files: Files) -> arrange.Options:
    """Return the user's choices for the splits."""
    earlier = arrange.earlier_tests(args.tests_from) if args.tests_from else None
    if args.workflowbench:
        given = [(record["id"], record["published_split"]) for _, path in files for record in jsonl.read(path)]
        earlier = arrange.published_tests([pair for pair in given if pair[1]])
    outside = arrange.task_requests() | (arrange.teval_queries(args.teval) if args.teval else {})
    return arrange.Options(args.test_size, args.ood_share, args.common, args.seed, earlier, outside)


def inputs(args: argparse.Namespace) -> Files:
    """Return the files to read. Raises UserError for one that is missing."""
    if args.workflowbench:
        return [*published.mend(args.workflowbench, args.output, args.workers or cores()).items()]
    files = [(SEED, args.input), *((SYNTHETIC, path) for path in args.generated or () if path != NONE)]
    for origin, path in files:
        if not path.exists():
            remedy = "run stage 03, which writes it, or name another with --input" if origin == SEED else (
                "run stage 05, which writes it, or say --generated none to go without")
            raise UserError(f"{path}: no such file; {remedy}")
        next(jsonl.numbered_lines(path), None)
    if args.generated is None:
        cli.say(f"{DEFAULT_GENERATED}: no such file, so there are no synthetic records; stage 05 writes them")
    return files


def refuse_overlaps(args: argparse.Namespace) -> None:
    """Raise UserError where the dataset would be written over what it is made from, or over what is no dataset."""
    read = [("--teval", args.teval), ("--tests-from", args.tests_from), ("--workflowbench", args.workflowbench),
            ("--export-workflowbench", args.export_workflowbench), ("--teval-plans", args.teval_plans)]
    if not args.workflowbench:
        read += [("--input", args.input), *(("--generated", path) for path in args.generated or () if path != NONE)]
    staging.refuse_overlaps(read, args.output)
    staging.refuse_plans(args.teval_plans, [path for flag, path in read if path and flag != "--teval-plans"], args.output)
    staging.refuse_foreign(args.output)
    if args.workflowbench and args.export_workflowbench and args.workflowbench.resolve() == args.export_workflowbench.resolve():
        raise UserError(f"--export-workflowbench {args.export_workflowbench}: it would be written over the import; name another folder")


# ---------------------------------------------------------------------------------------------------------------------------------
# the report


def report(args: argparse.Namespace, files: Files, stats: Record) -> None:
    """Say what was dropped and why, with an example of each reason, and show the splits; with --report, more examples."""
    shown, counts = list[Record](), Counter[str]()  # of each reason the first ones
    for reject in jsonl.read(args.output / "rejected.jsonl"):
        counts[reject["reason"]] += 1
        if counts[reject["reason"]] <= (args.report or 1):
            shown.append(reject)
    if shown:
        examples = {reject["reason"]: f"{reject['id']}: {reject['detail']}" for reject in reversed(shown)}
        cli.say(f"{counts.total()} of {stats['read']} rejected:\n{cli.rejects_by_reason(counts, examples)}")
    if args.report:
        queries = {(reject["origin"], reject["id"]): dict[str, str]() for reject in shown}  # by place: several records may have one id
        for origin, where, line in tasks(files):
            if (here := queries.get((origin, jsonl.record_id(line, where)))) is not None:
                here[where] = str(jsonl.parse(line, where).get("query"))[:200]
        told = [(reject["reason"], queries[reject["origin"], reject["id"]], reject) for reject in shown]
        for reason, here, reject in sorted(told, key=lambda item: (item[0], *item[1])):
            cli.say("\n    ".join([f"{reason}: {reject['id']} ({', '.join(here)}): {reject['detail'][:200]}", *here.values()]))
    cli.say(card.overview(stats))


def main() -> int:
    """Make the dataset and report; return the exit code."""
    args = arguments()
    started = time.perf_counter()
    refuse_overlaps(args)
    with jsonl.sole_writer(args.output), staging.staging_in(args.output) as folder:
        files = inputs(args)
        stats = make_dataset(args, files, folder)
        staging.put_in_place(folder, args.output)
        cli.saves_what_is_done()
        if args.export_workflowbench:
            export.write_workflowbench(args.output, args.export_workflowbench)
        if args.teval_plans:
            from common.metrics import teval_plans  # it loads the metrics

            teval_plans.write(args.output, args.teval_plans)
        report(args, files, stats)
    broken = ", ".join(name for name, holds in stats["assertions"].items() if not holds)
    if broken and not (args.tests_from or args.workflowbench):
        raise UserError(f"{args.output / 'stats.json'}: these properties do not hold: {broken}; this is a bug, please report it")
    if broken:
        cli.say(f"the tests were given, and with them these properties do not hold: {broken}")
    counts = {split: group["instances"] for split, group in stats["splits"].items()}
    cli.summary("filter_merge", read=stats["read"], written=stats["written"], rejected=stats["read"] - stats["written"], skipped=0,
                seconds=round(time.perf_counter() - started, 3), **counts, reasons=stats["rejected"])
    if faults := stats["rejected"].get(cli.INTERNAL_ERROR):
        cli.say(f"{faults} records ended in a fault of this program ({cli.INTERNAL_ERROR}); please report it")
    if stats["read"] and not stats["written"]:
        cli.say(f"none of {stats['read']} records came through, so {args.output} holds no record; the reasons stand above")
    return cli.EXIT_FAILED if faults or (stats["read"] and not stats["written"]) else cli.EXIT_DONE


if __name__ == "__main__":
    cli.start(main)
