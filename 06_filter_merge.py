"""06 · Filter, drop duplicates, merge and split: what stages 03 and 05 made becomes a dataset to train and test on.

Reads    data/seed.jsonl (stage 03) and data/generated.jsonl (stage 05; may be absent where --generated does not name it)
Writes   data/bench/: train, test_id and test_ood, each as .jsonl (what one trains and tests on), .extra.jsonl (all other fields, the same
         records in the same order) and .parquet (both); rejected.jsonl (every dropped record and why), clusters.jsonl (duplicates and
         what was kept of them), README.md (the dataset card), stats.json, figure.png, browse.html

    python 06_filter_merge.py
    python 06_filter_merge.py --tokenizer meta-llama/Llama-3.1-8B-Instruct --report 3
    python 06_filter_merge.py --generated none --output data/bench-seed     # the tests, before the annotator is trained ...
    python 06_filter_merge.py --tests-from data/bench-seed                  # ... and kept when its records are added
    python 06_filter_merge.py --workflowbench WorkflowBench/data --output data/published     # the published dataset, mended
    sbatch --array=0-15 --wrap "python 06_filter_merge.py"; python 06_filter_merge.py --merge    # the first pass in 16 parts, then the rest

The rules that a record must pass are in common/dataset/quality.py, what counts as a duplicate in dedup.py there, the splits in splits.py.
The same inputs and flags give the same bytes. All files are written in a folder beside their places and moved there once the last is
complete, so an earlier dataset is whole until then; a run that was killed is simply run again.
Memory: duplicates and splits need the whole dataset, so about 3 KB a record are kept (fingerprints, API names, counts); the records
themselves wait in a temporary file.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import cli, jsonl
from common.jsonl import Record, UserError
from common.workers import cores, ordered_map

# isort: split
import orjson  # after common, which says in one line what is not installed
from tqdm import tqdm

if TYPE_CHECKING:
    from common.dataset.arrange import Dropped, Options
    from common.dataset.quality import Example, Limits, Tools

BYTES_PER_WORKER = 4 << 20  # of input: for less, starting a process takes longer than it saves
SETTINGS = ("max_tokens", "max_unused", "english", "test_size", "ood_share", "common", "seed_number")  # what the result depends on
DEFAULT_GENERATED, NONE = Path("data/generated.jsonl"), Path("none")
STAGING = "new.part"  # the folder in --output where the dataset is made
SPOOL = "examined"  # in it: the records that passed the rules, in input order, until their split is known
DETAIL = 160  # characters of a reject's detail on the terminal

Task = tuple[str, str, bytes]  # origin, file:line, line
Result = tuple["Example | None", bytes]  # what to remember of a record and its line, or None and the line of its reject
_here: tuple[Tools, Limits]  # what this process examines records with; see prepare


# ---------------------------------------------------------------------------------------------------------------------------------
# arguments


def arguments() -> argparse.Namespace:
    """The flags of this stage."""
    parser = cli.parser(__doc__)
    # files
    parser.add_argument("--seed", type=Path, default=Path("data/seed.jsonl"), metavar="FILE",
                        help="records of stage 03 (default: data/seed.jsonl)")
    parser.add_argument("--generated", type=Path, metavar="FILE",
                        help='records of stage 05, or "none" (default: data/generated.jsonl, if it is there)')
    parser.add_argument("--output", type=Path, default=Path("data/bench"), metavar="FOLDER",
                        help="where the dataset goes (default: data/bench)")
    parser.add_argument("--workflowbench", type=Path, metavar="PATH",
                        help="import the published dataset (its folder, or a file of its samples) instead of --seed and --generated")
    parser.add_argument("--export-workflowbench", type=Path, metavar="FOLDER", help="also write the dataset in the published layout")
    parser.add_argument("--browse", type=int, default=1000, metavar="N", help="records in browse.html (default: 1000; 0: no page)")
    # quality
    parser.add_argument("--max-tokens", type=cli.positive_int, default=8192, metavar="N",
                        help="longest sample, prompt and answer together (default: 8192, the paper's)")
    parser.add_argument("--tokenizer", metavar="NAME",
                        help="count tokens with it: a model's name or folder (default: estimate from characters)")
    parser.add_argument("--max-unused", type=share, default=0.25, metavar="SHARE",
                        help="of its given APIs, what a generated program may leave unused (default: 0.25)")
    parser.add_argument("--english", action="store_true", help="drop records whose query is not English")
    # splits
    parser.add_argument("--test-size", type=cli.positive_int, metavar="N",
                        help="records in both tests together (default: 1190 as in the paper, or a tenth if that is less)")
    parser.add_argument("--ood-share", type=share, default=0.5, metavar="SHARE", help="of the tests, those of unseen APIs (default: 0.5)")
    parser.add_argument("--common", type=cli.positive_int, default=50, metavar="N",
                        help="built-in APIs that OOD tests may share with training (default: 50, the paper's)")
    parser.add_argument("--seed-number", type=int, default=0, metavar="N", help="seed of the splits (default: 0)")
    parser.add_argument("--tests-from", type=Path, metavar="FOLDER", help="keep the tests of this earlier dataset, and what it holds out")
    parser.add_argument("--teval", type=Path, metavar="FILE", help="keep what is near a query of T-Eval (its JSON file) out of training")
    # running
    parser.add_argument("--report", type=cli.positive_int, metavar="N", help="show N of the records that each rule dropped")
    parser.add_argument("--workers", type=cli.positive_int, metavar="N", help="processes (default: all cores, fewer for small inputs)")
    parser.add_argument("--shard", type=cli.shard, default=cli.slurm_shard(), metavar="I/N",
                        help="do the first pass over the I-th of N parts alone (default: the SLURM array's index)")
    parser.add_argument("--merge", action="store_true", help="go on from the parts that runs with --shard have written")
    return parser.parse_args()


def share(text: str) -> float:
    """An argparse type: a number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text}: a number from 0 to 1 is needed")
    return value


# ---------------------------------------------------------------------------------------------------------------------------------
# first pass: each record by itself


def make_tools(tokenizer: str | None) -> Tools:
    """What the rules stand on, as it is in common/."""
    import shortcuts
    from common import prompts
    from common.dataset import quality
    from shortcuts.catalog import Catalog

    return quality.Tools(Catalog.load(), shortcuts.review, prompts.chat, prompts.shorten_code, quality.token_counter(tokenizer))


def prepare(tokenizer: str | None, limits: Limits) -> None:
    """Make this process ready to examine records."""
    global _here
    _here = make_tools(tokenizer), limits


def examine(task: Task) -> Result:
    """Apply the rules to one line."""
    from common.dataset import quality

    origin, where, line = task
    record = jsonl.parse(line, where, ("id",))
    try:
        with cli.one_record():
            example, passed = quality.examine(record, origin, *_here)
            return example, jsonl.encode(passed)
    except cli.Reject as reject:
        return None, rejected(str(record["id"]), origin, reject.reason, reject.detail)


def rejected(identifier: str, origin: str, reason: str, detail: str, **context: Any) -> bytes:
    """The line of a dropped record."""
    return jsonl.encode({"id": identifier, "origin": origin, "reason": reason, "detail": detail, **context})


def tasks(files: dict[str, Path]) -> Iterator[Task]:
    """Yield (origin, file:line, line) of every record of the inputs."""
    for origin, path in files.items():
        for number, line in jsonl.numbered_lines(path):
            yield origin, f"{path}:{number}", line


def examined(files: dict[str, Path], args: argparse.Namespace) -> Iterator[Result]:
    """Yield the results of the first pass in input order, worked out by as many processes as pay."""
    from common.dataset.quality import Limits

    limits = Limits(args.max_tokens, args.max_unused, args.english)
    prepare(args.tokenizer, limits)  # with workers too: what is wrong with a flag is said once, here
    size = sum(path.stat().st_size for path in files.values())
    workers = args.workers or min(cores(), 1 + size // BYTES_PER_WORKER)
    due = (task for task in tasks(files) if cli.in_shard(jsonl.record_id(task[2], task[1]), args.shard))
    yield from ordered_map(examine, due, workers, prepare, args.tokenizer, limits)


def examine_part(args: argparse.Namespace, files: dict[str, Path]) -> int:
    """The first pass over one part of the records, for a run with --merge to go on from."""
    from common.dataset import shards

    started = time.perf_counter()
    mine = (place for place, (_, where, line) in enumerate(tasks(files)) if cli.in_shard(jsonl.record_id(line, where), args.shard))
    path = shards.path_of(args.output, args.shard)
    rejects: list[bytes] = []
    with jsonl.writing(path):
        passed = shards.write(path, zip(mine, examined(files, args), strict=True), rejects.append)
    counts = rejected_summary(rejects)
    cli.summary("filter_merge", read=passed + len(rejects), written=passed, rejected=len(rejects), skipped=0,
                seconds=round(time.perf_counter() - started, 3), part=str(path))
    return cli.EXIT_FAILED if counts[cli.INTERNAL_ERROR] else cli.EXIT_DONE


def collect(results: Iterable[Result], folder: Path) -> tuple[list[Example], list[bytes]]:
    """Put the records that pass in the temporary file; returns what to remember of them, and the lines of the rejects."""
    examples: list[Example] = []
    rejects: list[bytes] = []
    ids: set[str] = set()
    with open(folder / SPOOL, "wb") as spool:
        for example, line in tqdm(results, desc="examine", unit="rec", file=sys.stderr, disable=not sys.stderr.isatty()):
            if example is None:
                rejects.append(line)
            elif example.id in ids:
                rejects.append(rejected(example.id, example.origin, "duplicate_id", "an earlier record has this id"))
            else:
                ids.add(example.id)
                example.place = spool.tell(), spool.write(line)
                example.apis = tuple(map(sys.intern, example.apis))  # what came from a worker is a copy of its own
                examples.append(example)
    return examples, rejects


# ---------------------------------------------------------------------------------------------------------------------------------
# second pass: the files


def write_splits(folder: Path, examples: list[Example], splits: dict[int, str]) -> None:
    """Copy each record from the temporary file to the two files of its split, in input order."""
    from common.dataset import files
    from common.dataset.splits import SPLITS

    with ExitStack() as stack:
        spool = stack.enter_context(open(folder / SPOOL, "rb"))
        parts = {split: [stack.enter_context(open(path, "wb")) for path in files.paths(folder, split)] for split in SPLITS}
        for index in sorted(splits):
            offset, length = examples[index].place
            spool.seek(offset)
            for part, fields in zip(parts[splits[index]], files.divided(orjson.loads(spool.read(length)), splits[index]), strict=True):
                part.write(jsonl.encode(fields))
    os.unlink(folder / SPOOL)


def put_in_place(staging: Path, folder: Path) -> None:
    """Move the finished files to the folder, over those of an earlier dataset; what this one does not have goes."""
    from common.dataset.splits import SPLITS

    made = sorted(staging.iterdir())
    for path in made:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
    for path in made:
        os.replace(path, folder / path.name)
    for name in {"browse.html", *(f"{split}.parquet" for split in SPLITS)} - {path.name for path in made}:
        (folder / name).unlink(missing_ok=True)


@contextmanager
def staging_in(folder: Path) -> Iterator[Path]:
    """An empty folder to make a dataset in, on the disk where it goes; it is gone in the end, whatever happens."""
    staging = folder / STAGING
    shutil.rmtree(staging, ignore_errors=True)  # of a run that was killed
    staging.mkdir()
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)  # a full disk is to be free again


def rejected_summary(rejects: Iterable[bytes]) -> Counter[str]:
    """Say what was dropped and why, with an example of each reason; returns how many by reason, the most frequent first."""
    examples: dict[str, Record] = {}
    counts: Counter[str] = Counter()
    for reject in map(orjson.loads, rejects):
        counts[reject["reason"]] += 1
        examples.setdefault(reject["reason"], reject)
    for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        detail = textwrap.shorten(examples[reason]["detail"], DETAIL, placeholder=" …")
        cli.say(f"rejected: {count:,} {reason}, such as {examples[reason]['id']}" + (f": {detail}" if detail else ""))
    if counts[cli.INTERNAL_ERROR]:
        cli.say(f"{counts[cli.INTERNAL_ERROR]} records ended in a fault of this program ({cli.INTERNAL_ERROR}); please report it")
    return counts


def show_samples(rejects: list[bytes], files: dict[str, Path], count: int) -> None:
    """Show, for each rule, the first `count` records that it dropped."""
    shown: dict[tuple[str, str], Record] = {}
    by_rule: Counter[str] = Counter()
    for reject in map(orjson.loads, rejects):
        by_rule[reject["reason"]] += 1
        if by_rule[reject["reason"]] <= count:
            shown[reject["origin"], reject["id"]] = reject
    for origin, where, line in tasks(files):
        if reject := shown.get((origin, jsonl.record_id(line, where))):
            reject |= {"query": str(jsonl.parse(line, where).get("query")), "where": where}
    for reject in sorted(shown.values(), key=lambda reject: (reject["reason"], reject["where"])):
        cli.say(f"{reject['reason']}: {reject['id']} ({reject['where']}): {reject['detail'][:200]}\n    {reject['query'][:200]}")


def reject_lines(examples: list[Example], dropped: dict[int, Dropped]) -> list[bytes]:
    """The lines of the records that passed the rules and are not needed or would give a test away."""
    return [rejected(examples[i].id, examples[i].origin, drop.reason, drop.detail, **({drop.relation: drop.other} if drop.other else {}))
            for i, drop in dropped.items()]  # fmt: skip


def cluster_lines(dropped: dict[int, Dropped], examples: list[Example]) -> list[bytes]:
    """A line for each record that was kept in place of others."""
    clusters: dict[str, list[Record]] = {}
    for i, drop in dropped.items():
        if drop.other and drop.relation == "kept":
            clusters.setdefault(drop.other, []).append({"id": examples[i].id, "origin": examples[i].origin, "reason": drop.reason})
    return [jsonl.encode({"id": kept, "dropped": members}) for kept, members in sorted(clusters.items())]


# ---------------------------------------------------------------------------------------------------------------------------------


def main() -> int:
    """The stage."""
    args = arguments()
    started = time.perf_counter()
    refuse_overlaps(args)
    if args.shard and not args.merge:
        return examine_part(args, inputs(args))
    with jsonl.sole_writer(args.output), staging_in(args.output) as staging:
        stats = run(args, inputs(args), staging)
    broken = [name for name, holds in stats["assertions"].items() if not holds]
    if broken and (args.tests_from or args.workflowbench):
        cli.say(f"the tests were given, and with them these properties do not hold: {', '.join(broken)}")
    elif broken:
        raise UserError(f"{args.output / 'stats.json'}: these properties do not hold: {', '.join(broken)}; this is a bug, please report it")
    counts = {split: figures["instances"] for split, figures in stats["splits"].items()}
    cli.summary("filter_merge", read=stats["read"], written=stats["written"], rejected=stats["read"] - stats["written"], skipped=0,
                seconds=round(time.perf_counter() - started, 3), **counts, reasons=stats["rejected"])
    if stats["read"] and not stats["written"]:
        cli.say(f"none of {stats['read']} records came through, so {args.output} holds no record; the reasons stand above")
        return cli.EXIT_FAILED
    return cli.EXIT_FAILED if stats["rejected"].get(cli.INTERNAL_ERROR) else cli.EXIT_DONE


def refuse_overlaps(args: argparse.Namespace) -> None:
    """Raise UserError where the dataset would be written over what it is made from."""
    named = {"--seed": args.seed, "--generated": args.generated or DEFAULT_GENERATED, "--teval": args.teval,
             "--tests-from": args.tests_from, "--workflowbench": args.workflowbench,
             "--export-workflowbench": args.export_workflowbench}  # fmt: skip
    places = {flag: path.resolve() for flag, path in named.items() if path is not None and path != NONE}
    if args.workflowbench:
        places = {flag: path for flag, path in places.items() if flag not in ("--seed", "--generated")}  # they are not read
    output = args.output.resolve()
    for flag, path in places.items():
        if path == output or (output in path.parents and flag not in ("--tests-from", "--export-workflowbench")):
            raise UserError(f"{flag} {named[flag]}: it is, or is in, the folder to write, --output {args.output}; name another --output")
    if args.workflowbench and places.get("--export-workflowbench") == places["--workflowbench"]:
        raise UserError(f"--export-workflowbench {args.export_workflowbench}: it would be written over the import; name another folder")


def inputs(args: argparse.Namespace) -> dict[str, Path]:
    """The files to read, by origin. What is missing is said before anything is made."""
    if args.workflowbench:
        from common.dataset import published

        return published.mend(args.workflowbench, args.output, args.workers or cores())
    files = {"seed": args.seed}
    if args.generated is None and not DEFAULT_GENERATED.exists():
        cli.say(f"{DEFAULT_GENERATED}: no such file, so there are no synthetic records; stage 05 writes them")
    elif args.generated != NONE:
        files["synthetic"] = args.generated or DEFAULT_GENERATED
    if not args.seed.exists():
        raise UserError(f"{args.seed}: no such file; run stage 03, which writes it, or name another with --seed")
    if "synthetic" in files and not files["synthetic"].exists():
        raise UserError(f"{args.generated}: no such file; run stage 05, which writes it, or say --generated none to go without")
    for path in files.values():
        next(jsonl.numbered_lines(path), None)
    return files


def options(args: argparse.Namespace, files: dict[str, Path]) -> Options:
    """What the user wants of the splits."""
    from common.dataset import arrange

    earlier = arrange.earlier_tests(args.tests_from) if args.tests_from else None
    if args.workflowbench:
        told = [(record["id"], record["published_split"]) for path in files.values() for record in jsonl.read(path)]
        earlier = arrange.published_tests([pair for pair in told if pair[1]])
    outside = arrange.teval_queries(args.teval) if args.teval else None
    return arrange.Options(args.test_size, args.ood_share, args.common, args.seed_number, earlier, outside)


def run(args: argparse.Namespace, files: dict[str, Path], staging: Path) -> Record:
    """Make the dataset in `staging` and put it in place; returns what stands in stats.json."""
    from common.dataset import card, export, quality, shards
    from common.dataset.arrange import arrange
    from shortcuts.catalog import Catalog

    catalog, wanted = Catalog.load(), options(args, files)

    def app_of(api: str) -> str | None:
        return quality.app_of(api, catalog)

    examples, rejects = collect(shards.read(args.output) if args.merge else examined(files, args), staging)
    splits, held, properties, dropped = arrange(examples, app_of, wanted)
    rejects += reject_lines(examples, dropped)
    write_splits(staging, examples, splits)
    reasons = rejected_summary(rejects)
    read = sum(1 for _ in tasks(files))
    stats = {
        "read": read, "written": len(splits),
        "rejected": dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        **card.statistics(examples, splits, app_of),
        "held_out": {"apps": held.apps, "apis": sorted(held.apis), "common": sorted(held.common)},
        "token_count": f"Tokens are counted with {args.tokenizer}" if args.tokenizer else "Tokens are estimated from characters",
        "settings": {key: getattr(args, key) for key in SETTINGS},
        "assertions": {"every_record_kept_or_rejected": read == len(splits) + len(rejects), **properties},
    }  # fmt: skip
    jsonl.write_atomically(staging / "rejected.jsonl", b"".join(rejects))
    jsonl.write_atomically(staging / "clusters.jsonl", b"".join(cluster_lines(dropped, examples)))
    publish(args, stats, staging)
    put_in_place(staging, args.output)
    if args.export_workflowbench:
        export.write_workflowbench(args.output, args.export_workflowbench)
    if args.report:
        show_samples(rejects, files, args.report)
    cli.say(card.split_table(stats))
    return stats


def publish(args: argparse.Namespace, stats: Record, folder: Path) -> None:
    """Everything that is made from the finished splits: statistics, card, figure, Parquet, the page."""
    from common.dataset import browse, card, distribution, export

    jsonl.write_atomically(folder / "stats.json", orjson.dumps(stats, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    jsonl.write_atomically(folder / "README.md", card.card(stats).encode())
    distribution.draw(folder / "figure.png", distribution.dataset_panels(stats["distributions"]))
    export.write_parquet(folder)
    if args.browse > 0:
        browse.write(folder, args.browse, args.workers or cores(), args.output.name)


if __name__ == "__main__":
    cli.start(main)
