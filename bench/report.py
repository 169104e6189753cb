"""Report on shortcuts that people made: how many each rule of faults and each permission speaks of. Prints one JSON object.

    python bench/report.py ../shared/corpus                       # counts, and CPU seconds a thousand shortcuts
    python bench/report.py ../shared/corpus --show web_text       # to stderr: each place that a rule names, to be read by hand
    python bench/report.py ../shared/corpus --table               # the table of docs/report.md, without its last column
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from shortcuts import plist  # noqa: E402
from shortcuts.effects.faults import RULES  # noqa: E402
from shortcuts.effects.report import Report, report  # noqa: E402

SUFFIXES = {".plist", ".shortcut", ".wflow"}


def main() -> int:
    """Read, report, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", metavar="CODE", help="print the places of this rule to stderr")
    parser.add_argument("--table", action="store_true", help="print the table of the rules in Markdown instead")
    args = parser.parse_args()
    started = time.process_time()
    found = {name: report(shortcut) for name, shortcut in shortcuts_in(args.folder)}
    seconds = time.process_time() - started
    counts = figures(list(found.values()))
    if args.show:
        for name, one in found.items():
            for line in (fault for fault in one.faults if fault.rule.code == args.show):
                print(f"{name}: action {line.index + 1} ({one.titles[line.index]})", file=sys.stderr)
    if args.table:
        print(table(counts["faults"]))
    else:
        print(json.dumps({**counts, "cpu_seconds_per_1000": round(1000 * seconds / max(len(found), 1), 2)}))
    return 0


def shortcuts_in(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the shortcut of each file that can be read; signed copies of a corpus are left out."""
    for file in sorted(folder.rglob("*")):
        if file.suffix in SUFFIXES and file.parent.name != "signed":
            try:
                yield file.name, plist.read_shortcut(file.read_bytes())
            except ValueError as error:
                print(f"{file}: {error}", file=sys.stderr)


def figures(reports: list[Report]) -> dict[str, Any]:
    """Return in how many shortcuts each kind of effect, each permission and each rule occurs."""
    faults = Counter(code for one in reports for code in {fault.rule.code for fault in one.faults})
    return {
        "shortcuts": len(reports),
        "effects": dict(Counter(kind for one in reports for kind in {effect.kind for effect in one.effects}).most_common()),
        "permissions": dict(Counter(permission.name for one in reports for permission in one.permissions).most_common()),
        "faults": {row.code: faults[row.code] for row in RULES},
        "flagged": sum(bool(one.faults) for one in reports),
        "with_crash": sum(any(fault.rule.level == "crash" for fault in one.faults) for one in reports),
    }


def table(counts: dict[str, int]) -> str:
    """Return the rules as rows of Markdown, with the number of shortcuts that each flags."""
    rows = [f"| `{row.code}` | {row.level} | it {row.words} | {row.source} | {counts[row.code]} |" for row in RULES]
    return "\n".join(["| rule | level | what it says of an action | reported by | flagged |", "|---|---|---|---|---|", *rows])


if __name__ == "__main__":
    sys.exit(main())
