"""The speed of CodeBLEU beside the published package's, on the same pairs in the same run: prints one JSON object.

    python bench/codebleu.py ../shared/codebleu_fixture.jsonl
    python bench/codebleu.py pairs.jsonl --package venv/bin/python     # a Python that has the package: see below

Input: {"reference", "prediction"} a line, and the package's own scores, if they are to be compared. The package wants an environment of
its own:

    python -m venv venv && venv/bin/pip install codebleu==0.7.0 tree-sitter==0.22.3 tree-sitter-python==0.21.0

Three times, all CPU: nothing reused from pair to pair, as the package has it; a reference or prediction that comes again read once; and
all features at hand, as when gold is scored against another model. The faster of two rounds counts on either side. Without --package the
package's time is what was measured once (PACKAGE_SECONDS a pair, another machine).
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import jsonl  # noqa: E402
from common.metrics.codebleu import codebleu, exact_flow, features_of, versions  # noqa: E402
from common.metrics.codebleu_tree import syntax_tree  # noqa: E402

PACKAGE_SECONDS = 0.092  # a pair of the fixture, codebleu 0.6.1, 2 cores of another machine
NAMES = ("ngram_match_score", "weighted_ngram_match_score", "syntax_match_score", "dataflow_match_score", "codebleu")
THEIRS = """
import json, sys, time
from codebleu import calc_codebleu
pairs = [json.loads(line) for line in sys.stdin]
calc_codebleu(["x = 1"], ["x = 1"], lang="python")
started = time.process_time()
scores = [calc_codebleu([r], [p], lang="python", weights=(0.1, 0.1, 0.4, 0.4)) for r, p in pairs]
print(json.dumps([time.process_time() - started, [[score[name] for name in sys.argv[1:]] for score in scores]]))
"""


def main() -> int:
    """Time the package, then ours in three ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--package", type=Path, metavar="PYTHON", help="an interpreter that has the package")
    args = parser.parse_args()
    records = list(jsonl.read(args.pairs, ("reference", "prediction")))
    pairs = [(record["reference"], record["prediction"]) for record in records]
    codebleu("x = 1", "x = 1")  # loads the grammar

    figures: dict[str, Any] = {"pairs": len(pairs), "python": platform.python_version(), **versions()}
    if args.package:
        (seconds, scores), again = package(args.package, pairs), package(args.package, pairs)
        seconds = min(seconds, again[0])
        figures["package_scores_equal"] = sum(list(codebleu(*pair)[:5]) == score for pair, score in zip(pairs, scores, strict=True))
    else:
        seconds = PACKAGE_SECONDS * len(pairs)
    alone, together, cached = (min(measure(pairs) for _ in range(2)) for measure in (no_reuse, reuse, at_hand))
    figures |= {
        "package": "measured in this run" if args.package else "measured elsewhere",
        "package_ms_a_pair": round(1000 * seconds / len(pairs), 2),
        "ms_a_pair": {"no reuse": round(1000 * alone / len(pairs), 2), "each text read once": round(1000 * together / len(pairs), 2),
                      "features at hand": round(1000 * cached / len(pairs), 3)},
        "times_the_package": {"no reuse": round(seconds / alone, 2), "each text read once": round(seconds / together, 1),
                              "features at hand": round(seconds / cached, 1)},
        "scores_equal_to_recorded": sum(all(record.get(name) == score for name, score in zip(NAMES, codebleu(*pair)[:5]))
                                        for record, pair in zip(records, pairs)),
    }  # fmt: skip
    print(json.dumps(figures))
    return 0


def package(python: Path, pairs: list[tuple[str, str]]) -> tuple[float, list[list[float]]]:
    """(CPU seconds, scores) of the published package, in a process of its own under hash seed 0."""
    text = "".join(json.dumps(pair) + "\n" for pair in pairs)
    result = subprocess.run([python, "-W", "ignore", "-c", THEIRS, *NAMES], input=text, env={"PYTHONHASHSEED": "0"}, text=True, check=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
    seconds, scores = json.loads(result.stdout)
    return seconds, scores


def forget() -> None:
    """Empty the caches of features."""
    for cache in (features_of, exact_flow, syntax_tree):
        cache.cache_clear()


def no_reuse(pairs: list[tuple[str, str]]) -> float:
    """CPU seconds with every text read anew."""
    total = 0.0
    for pair in pairs:
        forget()
        started = time.process_time()
        codebleu(*pair)
        total += time.process_time() - started
    return total


def reuse(pairs: list[tuple[str, str]]) -> float:
    """CPU seconds with a text that comes again read once."""
    forget()
    started = time.process_time()
    for pair in pairs:
        codebleu(*pair)
    return time.process_time() - started


def at_hand(pairs: list[tuple[str, str]]) -> float:
    """CPU seconds of pairs that were scored before."""
    started = time.process_time()
    for pair in pairs:
        codebleu(*pair)
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
