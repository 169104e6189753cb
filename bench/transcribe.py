"""How fast a folder of shortcuts is transcribed, every round trip verified, and how well: prints one JSON object.

    python bench/transcribe.py ../shared/corpus/plist
    python bench/transcribe.py examples --repeat 3
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import dialect, plist  # noqa: E402

SUFFIXES = {".plist", ".shortcut", ".wflow"}


def main() -> int:
    """Read, transcribe, sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeat", type=int, default=1, help="times the whole is done; the fastest counts")
    args = parser.parse_args()
    files = sorted(path for path in args.folder.rglob("*") if path.suffix in SUFFIXES)
    shortcuts = [plist.read_shortcut(path.read_bytes()) for path in files]
    dialect.check("is_workflow_actions_nothing()")  # loads the catalogue
    seconds, results = min((measure(shortcuts) for _ in range(args.repeat)), key=lambda result: result[0])
    done = [result for result in results if result is not None]
    actions = sum(len(shortcut["WFWorkflowActions"]) for shortcut, result in zip(shortcuts, results) if result is not None)
    per_action = [len(result.code) / len(shortcut["WFWorkflowActions"]) for shortcut, result in zip(shortcuts, results)
                  if result is not None and shortcut["WFWorkflowActions"]]  # fmt: skip
    figures = {
        "files": len(files), "unbalanced": len(files) - len(done), "actions": actions,
        "exact": sum(result.exact for result in done), "canonical": sum(result.canonical for result in done),
        "fixed_point": sum(result.fixed_point for result in done),
        "raw_fallbacks": sum(result.raw for result in done), "files_with_raw": sum(result.raw > 0 for result in done),
        "median_characters_per_action": round(statistics.median(per_action), 1),
        "cpu_seconds_per_1000_actions": round(1000 * seconds / actions, 3),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "python": platform.python_version(),
    }  # fmt: skip
    print(json.dumps(figures))
    return 0


def measure(shortcuts: list[dict]) -> tuple[float, list[dialect.Transcription | None]]:
    """(CPU seconds, the transcription of each shortcut or None for one with unbalanced blocks)."""
    started, results = time.process_time(), []
    for shortcut in shortcuts:
        try:
            results.append(dialect.transcribe(shortcut))
        except dialect.Unbalanced:
            results.append(None)
    return time.process_time() - started, results


if __name__ == "__main__":
    sys.exit(main())
