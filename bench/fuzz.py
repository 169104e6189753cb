"""Feed the readers what nobody should: property lists, JSON and dialect programs, each broken at random. Prints one JSON object.

Fails (exit 1) on anything but a clean result or the reader's own error, on an input that takes over two seconds, and names seed and input.

    python bench/fuzz.py --seconds 60 --seed 1
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from common import dialect, plist  # noqa: E402
from common.plist import PlistError  # noqa: E402

SLOW = 2.0  # seconds
WORDS = [b"WFSerializationType", b"\xef\xbf\xbc", b"{0, 1}", b"\x00", b"\xff" * 8, b"bplist00", b"AEA1", b"<dict>", b"[[[[", b"f'{",
         b"match menu(", b"later(x)"]  # fmt: skip


def main() -> int:
    """Break inputs until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=ROOT / "examples", help="shortcuts and programs to break (default: examples)")
    args = parser.parse_args()
    draw, counts, slowest, started = random.Random(args.seed), Counter(), 0.0, time.monotonic()
    binaries = [path.read_bytes() for path in sorted(args.folder.rglob("*")) if path.suffix in {".shortcut", ".plist"}]
    programs = [path.read_bytes() for path in sorted((ROOT / "examples").glob("*.py"))]
    lists = [json.dumps(plist.to_json(plist.read_shortcut(data))).encode() for data in binaries[:20]]
    kinds: list[tuple[str, list[bytes], Callable[[bytes], str]]] = [
        ("plist", binaries, read), ("json", lists, read), ("program", programs, compile_program),
    ]  # fmt: skip
    while time.monotonic() - started < args.seconds:
        kind, seeds, reader = draw.choice(kinds)
        data = broken(draw.choice(seeds), draw)
        before = time.monotonic()
        try:
            counts[f"{kind}: {reader(data)}"] += 1
        except Exception as error:
            report = Path(f"fuzz-{kind}-{args.seed}-{sum(counts.values())}.bin")
            report.write_bytes(data)
            print(f"{kind}: {error!r}; the input stands in {report}", file=sys.stderr)
            return 1
        slowest = max(slowest, time.monotonic() - before)
        if slowest > SLOW:
            print(f"{kind}: {slowest:.1f} s for {data[:200]!r}", file=sys.stderr)
            return 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figures = {"inputs": sum(counts.values()), "slowest_seconds": round(slowest, 3), "peak_megabytes": memory}
    print(json.dumps({**figures, **dict(sorted(counts.items()))}))
    return 0


def broken(data: bytes, draw: random.Random) -> bytes:
    """A few random changes: bytes, cuts, copies, words that matter."""
    result = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        start = draw.randrange(len(result) + 1)
        end = min(len(result), start + draw.choice([1, 4, 40, 400]))
        change = draw.randrange(5)
        if change == 0:
            result[start:end] = bytes(draw.randrange(256) for _ in range(end - start))
        elif change == 1:
            del result[start:end]
        elif change == 2:
            result[start:start] = result[start:end] * draw.choice([1, 2, 30])
        elif change == 3:
            result[start:start] = draw.choice(WORDS)
        elif len(result) > 1:
            result = result[: draw.randrange(1, len(result))]
    return bytes(result)


def read(data: bytes) -> str:
    """Read a shortcut; if that works, transcribe it and compile it back."""
    try:
        shortcut = plist.read_shortcut(data)
    except PlistError as error:
        return error.code
    try:
        result = dialect.transcribe(shortcut)
    except dialect.Unbalanced:
        return "unbalanced"
    assert result.exact and result.canonical, "not equal after the round trip"
    return "equal"


def compile_program(data: bytes) -> str:
    """Check a program; one without diagnostics must compile."""
    code = data.decode("utf-8", "replace")
    findings = dialect.check(code)
    try:
        dialect.to_shortcut(code)
    except dialect.DialectError as error:
        assert findings, "check found nothing in a program that does not compile"
        return error.code
    return "compiles"


if __name__ == "__main__":
    sys.exit(main())
