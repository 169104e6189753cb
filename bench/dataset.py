"""Scaling of stage 06: make a dataset of the paper's size from a corpus's own programs, varied, and run 06 on it with every rule on.

    python bench/dataset.py --seed data/corpus/seed.jsonl --sizes 10000 30000 106763
    python bench/dataset.py --seed data/corpus/seed.jsonl --sizes 10000 --kill      # also: killed in the middle, run again, same bytes?

Prints one JSON object: seconds and peak memory of each size, and how time grows. A seventh of the records are seeds (the paper's share).
A program is a few pieces of real programs in a new order, with new words in its texts; one record in twelve is a copy of another with
other words, so that the search for near duplicates has something to find. Nothing of it is kept but in --folder.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import shortcuts  # noqa: E402
from common import jsonl  # noqa: E402
from common.dataset.example import SYNTHETIC, shape  # noqa: E402
from shortcuts.catalog import Catalog  # noqa: E402
from shortcuts.explain.sentences import Prose  # noqa: E402
from tests import stage_runs  # noqa: E402

SEEDS = 14771 / 106763  # of the records (the paper's numbers)
COPIES = 12  # one record in so many is a near copy of the one before
PIECES = 3, 14  # of a program
LINES = 4, 60  # of a piece
FREE_NAMES = re.compile(r"\b(\w+)QQ\b")
SMALL_WORDS = "the to of and my i for is how can want that it from with this you what if when each then".split()
SYLLABLES = "ba ce di fo gu ha ji ko lu ma ne pi ro su ta ve wi xo ya zu bran cle drin fros gla skel tor vint".split()


class Piece(NamedTuple):
    """A part of a program that stands alone: `code` with QQ after each variable and {W} where a word goes; what its plan says."""

    code: str
    plan: str
    apis: tuple[str, ...]


class Template(ast.NodeTransformer):
    """Marks what varies from copy to copy: the variables, and the words of texts."""

    def __init__(self, bound: set[str], catalog: Catalog) -> None:
        self.bound, self.catalog = bound, catalog

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(f"{node.id}QQ", node.ctx) if node.id in self.bound else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        api = self.catalog.by_name(node.func.id) if isinstance(node.func, ast.Name) else None
        for keyword in node.keywords:
            parameter = api and keyword.arg and api.parameter(keyword.arg)
            if parameter and parameter.type == "text" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
                keyword.value = ast.Constant(" ".join(["WORDQ"] * max(1, len(keyword.value.value.split()))))
        return self.generic_visit(node)


def pieces(path: Path, catalog: Catalog) -> list[Piece]:
    """Every run of top-level statements that binds what it uses, is of a handy length and without findings."""
    found: dict[str, Piece] = {}
    rejecting = stage_runs.load("06").REJECTING[SYNTHETIC]
    for record in jsonl.read(path, ("code",)):
        body = ast.parse(record["code"]).body
        start = 0
        for end in range(1, len(body) + 1):
            run = ast.Module(body[start:end], [])
            code = ast.unparse(run)
            if code.count("\n") + 1 < LINES[0] and end < len(body):
                continue
            start = end
            faults = {finding.code for finding in shortcuts.check(code, catalog)}
            if not LINES[0] <= code.count("\n") + 1 <= LINES[1] or faults & rejecting:
                continue
            steps = [node for node in ast.walk(run) if isinstance(node, ast.stmt)]
            marked = ast.unparse(Template(set(shortcuts.bound_names(code)), catalog).visit(ast.parse(code)))
            found.setdefault(marked, Piece(marked, ". ".join(map(Prose(catalog).statement, steps)), tuple(shortcuts.apis_of(code))))
    return [piece for piece in found.values() if piece.apis]


def word(source: random.Random) -> str:
    return "".join(source.choices(SYLLABLES, k=source.randint(2, 3)))


def program(parts: list[Piece], source: random.Random) -> tuple[str, str]:
    """(code, plan) of the parts, each with its own names and words."""
    code = "\n".join(FREE_NAMES.sub(rf"\g<1>_{number}", part.code) for number, part in enumerate(parts))
    code = re.sub("WORDQ", lambda _: word(source), code)
    return code, "\n".join(f"{number}. {part.plan}" for number, part in enumerate(parts, start=1))


def records(count: int, parts: list[Piece], seed: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (origin, record)."""
    source, chosen = random.Random(seed), list[Piece]()
    for number in range(count):
        if number % COPIES or not chosen:
            chosen = source.sample(parts, source.randint(*PIECES))
            query = [source.choice(SMALL_WORDS) if place % 3 else word(source) for place in range(source.randint(20, 50))]
        else:
            query = [*query[:-1], word(source)]
        code, plan = program(chosen, source)
        apis = list(dict.fromkeys(api for part in chosen for api in part.apis))
        origin = "seed" if source.random() < SEEDS else "synthetic"
        common = {"id": f"{origin}-{number}", "query": "Please " + " ".join(query), "apis": apis, "plan": plan, "annotated_code": code}
        extra = {"stats": shape(ast.parse(code)), "source": {"site": "bench", "licence": None}} if origin == "seed" else {
            "code": code, "category": f"c{number % 28}", "annotator": {"model": "bench"}, "diagnostics": []}
        yield origin, {**common, **extra}


def write_inputs(folder: Path, count: int, parts: list[Piece]) -> None:
    with open(folder / "seed.jsonl", "wb") as seed, open(folder / "generated.jsonl", "wb") as generated:
        for origin, record in records(count, parts):
            (seed if origin == "seed" else generated).write(jsonl.encode(record))


def command(folder: Path, *more: str) -> list[str]:
    return [sys.executable, str(ROOT / "06_filter_merge.py"), "--input", str(folder / "seed.jsonl"),
            "--generated", str(folder / "generated.jsonl"), "--output", str(folder / "bench"), "--english", *more]


def measure(folder: Path, arguments: list[str]) -> dict[str, Any]:
    """Run 06; its seconds, the peak of its memory (all its processes, sampled), what it wrote."""
    started, peak = time.perf_counter(), 0
    process = subprocess.Popen(command(folder, *arguments), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(1)  # looking costs time, too
    summary = json.loads(process.stdout.read().splitlines()[-1]) if process.stdout else {}
    return {"seconds": round(time.perf_counter() - started, 1), "peak_mb": peak >> 20, "exit": process.returncode, "summary": summary}


def memory(leader: int) -> int:
    """Bytes that the processes of a session hold together, pages that several share counted by their shares (PSS)."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) == leader:
                status = process / "smaps_rollup"
                total += int(re.search(r"^Pss:\s+(\d+)", status.read_text(), re.M)[1]) << 10
        except (OSError, TypeError):  # it has just ended
            continue
    return total


def digest(folder: Path) -> str:
    """Of all that 06 wrote."""
    sums = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            sums.update(path.name.encode() + path.read_bytes())
    return sums.hexdigest()


def survives_kill(folder: Path, arguments: list[str], after: float) -> bool:
    """True if a run that is killed and run again writes what it wrote undisturbed."""
    before = digest(folder / "bench")
    shutil.rmtree(folder / "bench")
    process = subprocess.Popen(command(folder, *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(after)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    measure(folder, arguments)
    return digest(folder / "bench") == before


def main() -> int:
    """Make, run, sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=Path, required=True, help="records of stage 03, whose programs are varied")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 106_763])
    parser.add_argument("--folder", type=Path, help="where the data goes and stays (default: a temporary folder)")
    parser.add_argument("--kill", action="store_true", help="also kill a run of the first size in the middle")
    args, more = parser.parse_known_args()
    parts, runs, survived = pieces(args.seed, Catalog.load()), {}, None
    for size in args.sizes:
        with tempfile.TemporaryDirectory() as scratch:
            folder = args.folder or Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            write_inputs(folder, size, parts)
            runs[size] = measure(folder, more)
            if args.kill and size == args.sizes[0]:
                survived = survives_kill(folder, more, runs[size]["seconds"] / 2)
    per_1000 = {size: round(1000 * run["seconds"] / size, 2) for size, run in runs.items()}
    print(json.dumps({"pieces": len(parts), "runs": runs, "seconds_per_1000": per_1000, "same_bytes_after_kill": survived}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
