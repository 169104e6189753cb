"""Edits of real shortcuts whose right answer is known: the command with the gold change as the model's answer; edit data by the thousand.

    python bench/edit.py apply FOLDER --edits 1000 --processes 20     # of shortcuts; by common/edit, some as processes of stage 05
    python bench/edit.py data SEED.jsonl --edits 60 --workers 2       # stage 06 --edits, on records of stage 03

Prints one JSON object. `apply` uses nothing of shortcuts/edit to judge: which actions an edit leaves alone follows from the lines that its
operation does not touch, and these are compared as binary property lists, key order included. `data` counts pairs, CPU seconds of all
processes (the machine may be shared), and what 06 asserts of them.
"""

from __future__ import annotations

import argparse
import json
import os
import plistlib
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from common import edit  # noqa: E402
from common.cli import Reject  # noqa: E402
from common.dataset.edits import change_of  # noqa: E402
from common.edit_prompts import change_answer  # noqa: E402
from common.llm import CompletionResult  # noqa: E402
from common.offline.edit_requests import edit_request  # noqa: E402
from shortcuts import Unbalanced, canonical, plist, to_python, to_shortcut  # noqa: E402
from shortcuts.catalog import Catalog  # noqa: E402
from shortcuts.edit import change_between  # noqa: E402
from shortcuts.edit.operations import Edit, edits, proof  # noqa: E402
from tests.stub_openai import StubOpenAI  # noqa: E402

ACTIONS, QUESTIONS, READS_INPUT = "WFWorkflowActions", "WFWorkflowImportQuestions", "WFWorkflowHasShortcutInputVariables"
Shortcut = dict[str, Any]


# ---------------------------------------------------------------------------------------------------------------------------------
# edits


def chosen(folder: Path, number: int, each: int, seed: int, catalog: Catalog) -> Iterator[tuple[Path, Shortcut, Edit, str]]:
    """Yield edits with their shortcut and a request: at most `each` of a file, files in a drawn order, until there are enough."""
    files, found = sorted(path for path in folder.iterdir() if path.is_file()), 0
    for path in random.Random(seed).sample(files, len(files)):
        try:
            shortcut = plist.read_shortcut(path.read_bytes(), path.name)
            code = to_python(shortcut, catalog)[0]
        except (Unbalanced, ValueError):
            continue
        for made in islice(edits(code, path.stem, seed, catalog), min(each, number - found)):
            found += 1
            yield path, shortcut, made, edit_request(made, catalog, f"{path.stem} {found}") or "Change it"


def as_bytes(value: Any) -> bytes:
    """Return a value as a file has it, keys in their order."""
    return plistlib.dumps({"value": value}, fmt=plistlib.FMT_BINARY, sort_keys=False)


def untouched(made: Edit, catalog: Catalog) -> list[tuple[int, int]]:
    """Return (index before, index after) of the actions that an edit leaves alone, by the lines that its operation does not touch."""
    before, after = (proof.side(code, catalog) for code in (made.before, made.after))
    pairs = proof.kept_pairs(before, after, made.change, made.before.split("\n")) if before and after else None
    assert pairs is not None, "an edit is verified"
    return pairs


def judge(old: Shortcut, new: Shortcut, made: Edit, catalog: Catalog) -> tuple[int, int, list[str]]:
    """Return how many actions had to stay, how many are equal to the byte, and what is wrong."""
    pairs, faults = untouched(made, catalog), []
    equal = sum(as_bytes(old[ACTIONS][i]) == as_bytes(new[ACTIONS][j]) for i, j in pairs)
    if equal < len(pairs):
        faults.append(f"{len(pairs) - equal} untouched actions differ")
    gold = to_shortcut(made.after, catalog=catalog)
    if not plist.same(canonical({ACTIONS: new[ACTIONS]})[ACTIONS], canonical(gold)[ACTIONS]):
        faults.append("the actions are not gold's")
    rest, others = ({key: value for key, value in one.items() if key not in (ACTIONS, QUESTIONS, READS_INPUT)} for one in (old, new))
    if as_bytes(rest) != as_bytes(others):
        faults.append("the rest of the file differs")
    moved = dict(pairs)
    asked = [{**question, "ActionIndex": moved.get(question["ActionIndex"], -1)} for question in old.get(QUESTIONS, [])]
    if as_bytes(asked) != as_bytes(new.get(QUESTIONS, [])):
        faults.append("import questions differ")
    return len(pairs), equal, faults


# ---------------------------------------------------------------------------------------------------------------------------------
# through the command


def change_for(made: Edit, counts: Counter[str]) -> str:
    """Return the gold change as a model can write it; with long texts whole where what its prompt shows of them is not enough."""
    try:
        return change_of(made)[0]
    except Reject:
        counts["with_hidden_texts"] += 1
        return change_between(made.before, made.after)


def in_process(shortcut: Shortcut, request: str, change: str, output: Path, catalog: Catalog) -> Shortcut:
    """Return the shortcut in the file that an edit writes, with a writer that answers the gold change. Raises UserError."""
    answer = edit.changed(shortcut, request, lambda _: CompletionResult(change_answer(change)), catalog)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        edit.deliver(answer, shortcut, edit.program_of(shortcut, catalog), request, [], output, catalog, diff=True, force=False)
    return plist.read_shortcut(output.read_bytes(), output.name)


def as_process(path: Path, request: str, change: str, output: Path) -> Shortcut:
    """The same by a process of stage 05, against a server that answers the gold change."""
    with StubOpenAI(lambda body, number: change_answer(change)) as stub:
        flags = ["--edit", path, "--query", request, "--model", "stub", "--base-url", stub.base_url, "--output", output,
                 "--overwrite", "--cache", output.with_suffix(".sqlite")]  # fmt: skip
        subprocess.run([sys.executable, "05_annotate.py", *flags], cwd=ROOT, check=True, capture_output=True, text=True)
    return plist.read_shortcut(output.read_bytes(), output.name)


def apply(args: argparse.Namespace) -> Shortcut:
    """Make the edits, apply them and return the figures."""
    catalog, faults, kinds = Catalog.load(), list[str](), Counter[str]()
    counts, started = Counter[str](), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        for path, shortcut, made, request in chosen(args.folder, args.edits, args.each, args.seed, catalog):
            output = Path(folder) / f"{counts['tried']}.shortcut"
            counts["tried"] += 1
            if counts["tried"] % 100 == 0:
                print(dict(counts), file=sys.stderr)
            try:
                change = change_for(made, counts)
                if counts["as_process"] < args.processes and counts["tried"] % 50 == 1:
                    counts["as_process"] += 1
                    new = as_process(path, request, change, output)
                else:
                    new = in_process(shortcut, request, change, output, catalog)
                stayed, equal, wrong = judge(shortcut, new, made, catalog)
                counts.update({"untouched": stayed, "untouched_equal": equal, "right": not wrong})
                kinds[made.kind] += 1
                faults += [f"{path.name} {made.kind} {str(made.given)[:200]}: {fault}" for fault in wrong]
            except (Exception, SystemExit) as error:
                said = getattr(error, "stderr", "") or str(error)
                faults.append(f"{path.name} {made.kind} {str(made.given)[:200]}: {type(error).__name__}: {said[-500:]}")
    return {**counts, "kinds": dict(sorted(kinds.items())), "cpu_seconds": round(time.process_time() - started, 1), "faults": faults}


# ---------------------------------------------------------------------------------------------------------------------------------
# edit data


def data(args: argparse.Namespace) -> Shortcut:
    """Run stage 06 with edits and without, and return the figures."""
    result: Shortcut = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, number in (("without", 0), ("with", args.edits)):
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            output = Path(folder) / name
            flags = ["--input", args.seed_file.resolve(), "--generated", "none", "--browse", "0", "--output", output,
                     "--edits", str(number), "--workers", str(args.workers)]  # fmt: skip
            subprocess.run([sys.executable, "06_filter_merge.py", *flags], cwd=ROOT, check=True, capture_output=True, text=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            result[name] = {"seconds": round(time.perf_counter() - started, 1), "cpu_seconds": round(cpu, 1)}
        stats = json.loads((output / "stats.json").read_bytes())
    pairs = sum(own["instances"] for own in stats["edits"]["splits"].values())
    spent = result["with"]["cpu_seconds"] - result["without"]["cpu_seconds"]
    properties = {name: holds for name, holds in stats["assertions"].items() if "edit" in name}
    return {"programs": stats["written"], "pairs": pairs, "cpu_ms_a_pair": round(1000 * spent / pairs, 1), **result, **stats["edits"],
            "properties": properties}


def main() -> None:
    """Print the figures of one of the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ways = parser.add_subparsers(required=True)
    way = ways.add_parser("apply", help="apply verified edits through the command")
    way.add_argument("folder", type=Path, help="a folder of shortcuts")
    way.add_argument("--edits", type=int, default=1000)
    way.add_argument("--each", type=int, default=3, help="edits of a file, at most (default: 3)")
    way.add_argument("--processes", type=int, default=20, help="of them as processes of stage 05 (default: 20)")
    way.add_argument("--seed", type=int, default=0)
    way.set_defaults(run=apply)
    way = ways.add_parser("data", help="make edit data of records")
    way.add_argument("seed_file", type=Path, help="records of stage 03")
    way.add_argument("--edits", type=int, default=60, help="of a program, at most (default: 60)")
    way.add_argument("--workers", type=int, default=2)
    way.set_defaults(run=data)
    args = parser.parse_args()
    print(json.dumps(args.run(args), indent=1))


if __name__ == "__main__":
    main()
