"""Score programs that are known to be right or wrong by execution match, measure its speed, and print one JSON object.

    python bench/execution_match.py ../shared/corpus/plist               # gold are the programs of real shortcuts
    python bench/execution_match.py examples --samples 36

The golds are the programs of the shortcuts in a folder, again with another seed until there are --samples of them. `scores` has for each
kind of prediction the mean over the covered golds, in percent with its 95 % interval, and how many are equal to gold: `n` of them, as a
kind does not fit each gold. `seconds` are those of the pool of processes for one prediction a gold, the shuffled one: this is what stage 08
takes for a system; `cpu_seconds` are what these processes used, which differs where others use the machine; `megabytes` the largest one's.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import shortcuts  # noqa: E402
from common.metrics.chance_and_intervals import estimate  # noqa: E402
from common.metrics.execution_match import LIMITS, WORLDS, bare_list, execution_match, gold_worlds  # noqa: E402
from common.workers import cores, ordered_map  # noqa: E402
from shortcuts import plist  # noqa: E402
from shortcuts.control_flow import ID, PARAMETERS  # noqa: E402
from shortcuts.machine import run  # noqa: E402

SUFFIXES = {".plist", ".shortcut", ".wflow"}
COMMENT = "is.workflow.actions.comment"


def main() -> int:
    """Score the kinds of predictions, sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=1190, metavar="N", help="golds (default: 1190, the paper's test set)")
    parser.add_argument("--workers", type=int, default=cores(), metavar="N", help="processes (default: one per core)")
    args = parser.parse_args()
    codes = programs(args.folder)
    if not codes:
        sys.exit(f"error: {args.folder} has no shortcut that can be read; its files end in {', '.join(sorted(SUFFIXES))}")
    golds = [f"# {number}\n{codes[number % len(codes)]}" for number in range(args.samples)]
    start = time.perf_counter()
    matched = list(ordered_map(scored, [(gold, shuffled(gold, golds)) for gold in golds], args.workers))
    seconds, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    covered = [gold for gold, (match, *_) in zip(golds, matched) if match is not None]
    once = {*golds[: len(codes)]}
    rows = list(ordered_map(partial(row, golds=golds), [gold for gold in covered if gold in once], args.workers))
    figures: dict[str, Any] = {
        "golds": len(golds), "worlds": WORLDS, "seconds": round(seconds, 1), "slowest_s": round(max(took for *_, took in matched), 2),
        "workers": args.workers, "cpu_seconds": round(used.ru_utime + used.ru_stime, 1), "megabytes": used.ru_maxrss // 1024,
        "covered": share(len(covered), len(golds)),
        "whole": share(sum(whole for *_, whole, _ in matched), len(golds)),
        "scores": {kind: figure([found[kind] for found in rows if kind in found]) for kind in KINDS},
    }  # fmt: skip
    print(json.dumps(figures, indent=1))
    return 0


def programs(folder: Path) -> list[str]:
    """Return the programs of a folder's shortcuts."""
    codes = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES):
        try:
            codes.append(shortcuts.to_python(plist.read_shortcut(path.read_bytes()))[0])
        except shortcuts.Unbalanced:
            continue
    return codes


def scored(pair: tuple[str, str]) -> tuple[float | None, bool, bool, float]:
    """Return the match, True if equal, True if gold ran whole, and the seconds that it took."""
    start = time.perf_counter()
    return *execution_match(*pair), time.perf_counter() - start


def share(part: int, whole: int) -> float:
    """Return a share in percent."""
    return round(100 * part / max(1, whole), 1)


def row(gold: str, golds: list[str]) -> dict[str, dict[str, float]]:
    """Return the match of each kind of prediction, and 1 if it is equal to gold."""
    made = {kind: make(gold, golds) for kind, make in KINDS.items()}
    return {kind: {"match": found.match or 0.0, "equal": float(found.equal)} for kind, code in made.items() if code is not None
            for found in [execution_match(gold, code)]}  # fmt: skip


def figure(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Return the mean score of one kind of prediction with its interval, and the share that is equal to gold."""
    mean = {key: [round(100 * value, 2) for value in found] for key, found in estimate(rows, ["match", "equal"]).items()}
    return {"n": len(rows), **mean, "less than gold": share(sum(row["match"] < 1 for row in rows), len(rows))}


# ---------------------------------------------------------------------------------------------------------------------------------
# predictions


def renamed(gold: str, golds: list[str]) -> str:
    """Return gold with all its variables called otherwise."""
    return shortcuts.rename(gold, {name: f"name{number}x" for number, name in enumerate(shortcuts.bound_names(gold))})


def dropped(gold: str, golds: list[str]) -> str | None:
    """Return gold without the action of one effect that it has in one of its worlds."""
    shortcut = shortcuts.to_shortcut(gold)
    actions = shortcut["WFWorkflowActions"]
    acting = sorted({effect.index for world in gold_worlds(gold) for effect in run(shortcut, world, LIMITS).effects})
    if not acting:
        return None
    index = random.Random(gold).choice(acting)
    actions[index] = {ID: COMMENT, PARAMETERS: {"WFCommentActionText": "dropped"}}
    return shortcuts.to_python(shortcut)[0]


def compares_otherwise(gold: str, golds: list[str]) -> str | None:
    """Return gold with another text or number in one comparison."""
    tree = ast.parse(gold)
    compared = [side for node in ast.walk(tree) if isinstance(node, ast.Compare) for side in node.comparators
                if isinstance(side, ast.Constant) and type(side.value) in (str, int, float) and side.value != ""]  # fmt: skip
    if not compared:
        return None
    other = random.Random(gold).choice(compared)
    other.value = f"{other.value}x" if isinstance(other.value, str) else other.value + 1  # type: ignore[operator]
    return ast.unparse(tree)


def shuffled(gold: str, golds: list[str]) -> str:
    """Return another gold."""
    return random.Random(gold).choice([other for other in golds if other.partition("\n")[2] != gold.partition("\n")[2]] or [""])


def shows(what: str) -> Callable[[str, list[str]], str]:
    """Return a kind of prediction that shows the same whatever was asked."""
    return lambda gold, golds: what


EVERYTHING = "".join(f"is_workflow_actions_{name}({key}=x)\n" for name, key in (
    ("showresult", "Text"), ("notification", "WFNotificationActionBody"), ("speaktext", "WFText"), ("setclipboard", "WFInput"),
    ("share", "WFInput"), ("openurl", "WFInput"), ("previewdocument", "WFInput")))  # fmt: skip
KINDS: dict[str, Callable[[str, list[str]], str | None]] = {
    "gold": lambda gold, golds: gold, "renamed": renamed, "dropped effect": dropped,
    "compares otherwise": compares_otherwise, "empty": shows(""),
    "API list": lambda gold, golds: bare_list(gold),
    "shuffled gold": shuffled, "constant text": shows("is_workflow_actions_showresult(Text='Done')\n"),
    "shows its input everywhere": shows(f"x = shortcut_input()\n{EVERYTHING}"),
    "shows an answer everywhere": shows(f"x = is_workflow_actions_ask(WFAskActionPrompt='What?')\n{EVERYTHING}"),
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
