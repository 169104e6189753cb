"""Transcribe a folder of shortcuts, every round trip verified; print speed and quality as one JSON object.

    python bench/transcribe.py ../shared/corpus/plist
    python bench/transcribe.py examples --repeat 3
    python bench/transcribe.py ../shared/corpus/plist --against cf83079      # and how many times as fast as that commit
"""

from __future__ import annotations

import argparse
import ast
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TREE = Path(sys.argv[sys.argv.index("--of") + 1]) if "--of" in sys.argv else ROOT  # one side of a comparison: the code of another tree
sys.path.insert(0, str(TREE))

if (TREE / "shortcuts").is_dir():
    import shortcuts
    from shortcuts import plist
    from shortcuts.forms.constants import PROPERTY_INFO
else:  # a commit from before the language was a package of its own
    from common.dialect.vocabulary import PROPERTY_INFO

    from common import dialect as shortcuts
    from common import plist

SUFFIXES = {".plist", ".shortcut", ".wflow"}


def main() -> int:
    """Read, transcribe, sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeat", type=int, default=1, help="times the whole is done; the fastest counts")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth file")
    parser.add_argument("--against", metavar="COMMIT", help="compare with the code of this commit, five runs of each in turn, CPU seconds")
    parser.add_argument("--of", help=argparse.SUPPRESS)
    args = parser.parse_args()
    # First of all, as a process that is started counts the memory of the one that starts it.
    comparison = compared(args.folder, args.every, args.against) if args.against else {}
    files = sorted(path for path in args.folder.rglob("*") if path.suffix in SUFFIXES)[:: args.every]
    parsed = [plist.read_shortcut(path.read_bytes()) for path in files]
    shortcuts.check("is_workflow_actions_nothing()")  # loads the catalogue
    if args.of:
        seconds, _ = measure(parsed)
        print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024]))
        return 0
    seconds, results = min((measure(parsed) for _ in range(args.repeat)), key=lambda result: result[0])
    done = [result for result in results if result is not None]
    actions = sum(len(shortcut["WFWorkflowActions"]) for shortcut, result in zip(parsed, results) if result is not None)
    per_action = [len(result.code) / len(shortcut["WFWorkflowActions"]) for shortcut, result in zip(parsed, results)
                  if result is not None and shortcut["WFWorkflowActions"]]  # fmt: skip
    figures = {
        "files": len(files), "unbalanced": len(files) - len(done), "actions": actions,
        "exact": sum(result.exact for result in done), "canonical": sum(result.canonical for result in done),
        "fixed_point": sum(result.fixed_point for result in done),
        "raw_fallbacks": sum(result.raw for result in done), "files_with_raw": sum(result.raw > 0 for result in done),
        **literals(parsed, results),
        "median_characters_per_action": round(statistics.median(per_action), 1),
        "cpu_seconds_per_1000_actions": round(1000 * seconds / actions, 3),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "python": platform.python_version(),
    }  # fmt: skip
    print(json.dumps(figures | comparison))
    return 0


def compared(folder: Path, every: int, commit: str, rounds: int = 5) -> dict[str, Any]:
    """This tree's speed in multiples of another commit's, in processes of their own that take turns; the fastest run of each counts."""
    with tempfile.TemporaryDirectory() as other:
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "x", "-C", other], input=archive, check=True)
        runs: dict[str, list[list[float]]] = {str(ROOT): [], other: []}
        for _ in range(rounds):
            for tree, found in runs.items():
                command = [sys.executable, __file__, str(folder), "--every", str(every), "--of", tree]
                found.append(json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout))
    (here, here_memory), (there, there_memory) = ([min(column) for column in zip(*found)] for found in runs.values())
    return {"against": commit, "times_as_fast": round(there / here, 2), "cpu_seconds": [round(here, 2), round(there, 2)],
            "peak_megabytes_of_both": [here_memory, there_memory]}  # fmt: skip


NOT_SHOWN = frozenset({  # names and identities, and the words that the dialect has for types and operators
    "OutputName", "CustomOutputName", "VariableName", "WFVariableName", "Type", "WFSerializationType", "UUID", "OutputUUID", "VariableUUID",
    "GroupingIdentifier", "WFCondition", "CoercionItemClass", "WFDateFormatStyle",
})  # fmt: skip


def literals(parsed: list[dict], results: list[shortcuts.Transcription | None]) -> dict[str, int]:
    """Counts: texts of four characters or more in the shortcuts, those that the code lacks, names that are read and never bound."""
    counts = {"literals": 0, "literals_missing": 0, "unbound_names": 0}
    for shortcut, result in zip(parsed, results):
        if result is None:
            continue
        nodes = list(ast.walk(ast.parse(result.code)))
        shown = "\0".join(str(node.value) for node in nodes if isinstance(node, ast.Constant))
        shown += "\0".join(node.attr.replace("_", " ") for node in nodes if isinstance(node, ast.Attribute))
        wanted = [text for action in shortcut["WFWorkflowActions"] for text in texts(action.get("WFWorkflowActionParameters", {}))]
        counts["literals"] += len(wanted)
        counts["literals_missing"] += sum(text not in shown and text.replace("{", "{{").replace("}", "}}") not in shown for text in wanted)
        names = [node for node in nodes if isinstance(node, ast.Name)]
        bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        functions = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        counts["unbound_names"] += sum(node.id not in bound | shortcuts.HELPERS for node in names if id(node) not in functions)
    return counts


def texts(value: Any, key: str = "") -> Iterator[str]:
    """The texts of a value, cut at their variables."""
    if isinstance(value, dict):
        known = value.get("PropertyName") in PROPERTY_INFO
        for name, inner in value.items():
            label = name == "WFMenuItemTitle" and "WFMenuItemAttributedTitle" in value
            if name not in NOT_SHOWN and not label and not (known and name == "PropertyUserInfo"):
                yield from texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, key)
    elif isinstance(value, str):
        yield from (part for part in value.split("\ufffc") if len(part) >= 4)


def measure(parsed: list[dict]) -> tuple[float, list[shortcuts.Transcription | None]]:
    """(CPU seconds, the transcription of each shortcut or None for one with unbalanced blocks)."""
    started, results = time.process_time(), []
    for shortcut in parsed:
        try:
            results.append(shortcuts.transcribe(shortcut))
        except shortcuts.Unbalanced:
            results.append(None)
    return time.process_time() - started, results


if __name__ == "__main__":
    sys.exit(main())
