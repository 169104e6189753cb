"""Compare, byte by byte, the files that this tree's stages make with those that another commit's make: prints one JSON object.

    python bench/same_bytes.py --against 4e15e3c                        # some three minutes of one core; nothing is fetched
    python bench/same_bytes.py --against 4e15e3c --stages 03 06-seed --cache /tmp/cache --output same.json

The input is the commit's examples/ and a corpus: all of it for 01 and 02 (the steps `-corpus`), every tenth file for the whole chain.
Each step runs in a folder of its own with the default paths, on what the *commit* made in the steps before: so a difference belongs to the
step that shows it, and any step can run alone. Flags are spelled as in the commit: one renamed since must stay as an alias. What the commit
makes is made once and stays in --cache; remove that when STEPS change. The exit code is 1 if a file differs; `made` is then the folder with
this tree's files, `base` that with the commit's.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import zip_longest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SEED, QUERIES, GENERATED, BENCH = "03/data/seed.jsonl", "04/data/queries.jsonl", "05/data/generated.jsonl", "06/data/bench"
STEPS: dict[str, tuple[str, ...]] = {  # name, beginning with the stage's number: its flags, and the files of earlier steps that it reads
    "01": ("--folder {inputs}",),
    "01-corpus": ("--folder {corpus}",),
    "02": ("--workers 1", "01/data/shortcuts.jsonl"),
    "02-corpus": ("--workers 1", "01-corpus/data/shortcuts.jsonl"),
    "03": ("--writer offline", "02/data/workflows.jsonl"),
    "04": ("--writer offline --count 300", SEED),
    "05": ("--model offline", QUERIES),
    "05-query": ("--query 'start a timer for 10 minutes and show the weather'",),
    "02-program": ("--to-shortcut '{inputs}/Roll the Dice.py'",),
    "02-programs": ("--to-shortcut {base}/programs.jsonl",),  # those of all examples
    "02-generated": ("--to-shortcut data/generated.jsonl --force", GENERATED),
    "06": ("", SEED, GENERATED),
    "06-seed": ("--generated none", SEED),
    "06-kept": ("--tests-from {base}/06-seed/data/bench --export-workflowbench published", SEED, GENERATED),
    "07": ("--model tiny --steps 4", BENCH),
    "07-adapter": ("--model {base}/07/runs/tiny --lora-rank 4 --steps 2 --rows 1 --context 2048 --precision fp32", "06-seed/data/bench"),
    "05-tiny": ("--model {base}/07/runs/tiny --limit 3 --max-new-tokens 96", QUERIES),
    "08": ("--gold --workers 1", BENCH),
}
IGNORED = frozenset({
    "seconds", "tok_per_s", "supervised_tok_per_s", "eta_s", "memory_mib",  # depend on the machine and the hour
    "git", "scorer",  # depend on the code, not on what it does
    "arguments",  # of 07's run.json: each flag by its name; those that decide the numbers stand in `plan` as well
    "target_modules",  # of an adapter: a set, which PEFT writes in another order each time; the weights name the modules, too
})  # fmt: skip
PRESENTATION = ("*.html", "*.png", "README.md", "tables.*", "*stats.json")  # made to be looked at: reported apart, and no failure
SAID = "said.jsonl"  # in a step's folder: its exit code, and the JSON that it printed; written last
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("OPENAI_", "SLURM_", "PYTHONPATH"))}
ENVIRONMENT |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}  # a sum's last digits depend on the number of threads


def main() -> int:
    """Make what the cache lacks of the commit's files, make this tree's, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", metavar="COMMIT", required=True)
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared/corpus/plist", help="a folder of shortcuts")
    parser.add_argument("--every", type=int, default=10, metavar="N", help="the whole chain reads each Nth of them (default: 10)")
    parser.add_argument("--stages", nargs="+", default=[""], metavar="STEP", help="beginnings of steps, such as 03 06-seed (default: all)")
    parser.add_argument("--cache", type=Path, default=ROOT / "data/same_bytes", help="(default: data/same_bytes)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the JSON there, too")
    args = parser.parse_args()
    git = subprocess.run(["git", "rev-parse", "--verify", f"{args.against}^{{commit}}"], cwd=ROOT, capture_output=True, text=True)
    if git.returncode or not args.corpus.is_dir():
        parser.error(git.stderr.strip() or f"--corpus {args.corpus}: no such folder")
    cache = (args.cache / f"{git.stdout[:12]}-{args.every}").resolve()
    places = {"inputs": cache / "inputs", "base": cache / "base", "corpus": args.corpus.resolve()}
    if missing := [name for name in STEPS if not (places["base"] / name / SAID).exists()]:
        make_baseline(git.stdout.strip(), missing, places, args.every)
    made, steps = Path(tempfile.mkdtemp(prefix="made-", dir=cache)), {}
    for name in (name for name in STEPS if name.startswith(tuple(args.stages))):
        steps[name] = compare(places["base"] / name, run(ROOT, name, made, places))
        print(f"{name}: {steps[name]}", file=sys.stderr)
    equal = not any(step["different"] for step in steps.values())
    if not any(step["different"] or step["presentation"] for step in steps.values()):
        shutil.rmtree(made)
    report = {"against": git.stdout.strip(), "equal": equal, "base": str(places["base"]), "made": str(made), "ignored": sorted(IGNORED)}
    print(text := json.dumps({**report, "steps": steps}, indent=1))
    if args.output:
        args.output.write_text(text)
    return 0 if equal else 1


def make_baseline(commit: str, names: list[str], places: dict[str, Path], every: int) -> None:
    """Make the inputs and, by the commit's code, its files of these steps. Ends the script where a step fails."""
    with tempfile.TemporaryDirectory() as tree:
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "x", "-C", tree], input=archive, check=True)
        shutil.copytree(Path(tree, "examples"), places["inputs"], dirs_exist_ok=True)
        for path in sorted(places["corpus"].iterdir())[::every]:
            shutil.copy(path, places["inputs"])
        programs = ({"id": path.stem, "code": path.read_text()} for path in sorted(places["inputs"].glob("*.py")))
        places["base"].mkdir(exist_ok=True)
        (places["base"] / "programs.jsonl").write_text("\n".join(map(json.dumps, programs)))
        for name in names:
            said = run(Path(tree), name, places["base"], places) / SAID
            if not said.read_text().startswith('{"exit": 0'):
                sys.exit(f"error: {commit}, step {name}: {said.rename(said.with_name('failed')).read_text()}")


def run(tree: Path, name: str, where: Path, places: dict[str, Path]) -> Path:
    """Run a step with the code of a tree in a new folder, where links lead to what it reads; returns the folder."""
    flags, *needs = STEPS[name]
    folder = where / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for need in needs:
        link = folder / need.partition("/")[2]
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(places["base"] / need)
    (script,) = tree.glob(f"{name[:2]}_*.py")
    command = [sys.executable, str(script), *shlex.split(flags.format(**places))]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    ended = {"exit": done.returncode} | ({"error": done.stderr.strip().rpartition("\n")[2]} if done.returncode else {})
    said = [json.dumps(ended), *(line for line in done.stdout.splitlines() if line.startswith("{"))]
    (folder / SAID).write_text("\n".join(said))
    return folder


def compare(theirs: Path, ours: Path) -> dict[str, Any]:
    """Count the files that a step made, and name those that differ: the first place, and the fields."""
    old, new = ({str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}
                for folder in (theirs, ours))  # fmt: skip
    report: dict[str, Any] = {"files": len(old | new), "equal": 0, "different": [], "presentation": []}
    for name in sorted(old | new):
        found = difference(old[name], new[name]) if old.keys() & new.keys() >= {name} else [f"only in {'base' if name in old else 'made'}"]
        kind = "presentation" if any(fnmatch(Path(name).name, pattern) for pattern in PRESENTATION) else "different"
        if found:
            report[kind].append([name, *found])
        else:
            report["equal"] += 1
    return report


def difference(old: Path, new: Path) -> list[str]:
    """The first place where two files differ, such as `12.writer.model` (line 12, two keys), and all fields; [] if only ignored ones do."""
    if old.read_bytes() == new.read_bytes():
        return []
    before, after = (list(leaves(value_of(path), IGNORED)) for path in (old, new))
    if before == after:
        strict = [list(leaves(value_of(path), frozenset())) for path in (old, new)]
        return ["layout"] if strict[0] == strict[1] and old.suffix != ".safetensors" else []  # other spaces or digits
    first = next((x or y)[0] for x, y in zip_longest(before, after) if x != y)
    return [first, *sorted({re.sub(r"\b\d+\.?", "", place) for place, _ in set(before) ^ set(after)} - {""})[:20]]


def value_of(path: Path) -> Any:
    """The value of a JSON, JSONL, CSV or safetensors file, the lines of any other."""
    data = path.read_bytes()
    if path.suffix == ".json":
        return json.loads(data)
    if path.suffix == ".csv":
        return list(csv.DictReader(data.decode().splitlines()))
    if path.suffix == ".safetensors":  # the library writes its header's metadata in another order each time
        start = 8 + int.from_bytes(data[:8], "little")
        return [json.loads(data[8:start], object_pairs_hook=lambda pairs: dict(sorted(pairs))), data[start:]]
    lines = data.split(b"\n")
    return [json.loads(line) for line in lines if line] if path.suffix == ".jsonl" else lines


def leaves(value: Any, ignored: frozenset[str], place: str = "") -> Iterator[tuple[str, str]]:
    """Yield (place, text) of each number, text and empty list in a value, in order; numbers in a place count from 1."""
    if isinstance(value, (dict, list)) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value, 1):
            if key not in ignored:
                yield from leaves(inner, ignored, f"{place}.{key}".lstrip("."))
    else:
        yield place, repr(value)


if __name__ == "__main__":
    sys.exit(main())
