"""Feed the readers what nobody should: files, property lists, programs and model answers, each broken at random. Prints one JSON object.

    python bench/fuzz.py --kind program --minutes 30 --seed 1 --output /tmp/fuzz [--folder ../shared/corpus/plist]

| kind    | what is broken                                               | what reads it                                                   |
|---------|--------------------------------------------------------------|-----------------------------------------------------------------|
| plist   | the bytes of a file                                          | read_shortcut, transcribe                                       |
| json    | the bytes of a shortcut as JSON                              | the same                                                        |
| source  | the bytes of a program                                       | what reads programs (below)                                     |
| program | tokens, expressions, helper calls and blocks of a program    | check, to_shortcut, back again, repair, trace, names, score     |
| tree    | the values of a property list                                | read_shortcut, transcribe, check                                |
| text    | a model's answer: prose, fences, half a program              | parse_answer, repair, and what reads programs                   |

Nothing but a result or a reader's own error may come out, in time that is linear in the input; what comes out must hold the promises of the
dialect: a program is exact and canonical, `check` is silent only about what compiles and can be written, a repaired program is Python and
stays as it is. What breaks one of these is a failure: its input is made small and saved in --output, once for each place it comes from.

An input depends on kind, seed and number alone. A run that was ended goes on where it was; --minutes are those of all runs together.
Exit code 1 if there is any failure.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import shortcuts  # noqa: E402
from bench import fuzz_inputs  # noqa: E402
from common import replies  # noqa: E402
from common.jsonl import UserError  # noqa: E402
from common.metrics import score  # noqa: E402
from common.metrics.call_graph import read_call_graph  # noqa: E402
from common.metrics.trace_match import traced  # noqa: E402
from shortcuts import plist  # noqa: E402
from shortcuts.catalog import Catalog  # noqa: E402
from shortcuts.plist import PlistError  # noqa: E402
from shortcuts.repair import repair  # noqa: E402
from shortcuts.trace import trace  # noqa: E402

SLOW, RATE = 5.0, 0.4e-3  # CPU seconds for any input, and for each character of it
STUCK = 60.0  # CPU seconds after which an input is given up
SHRINK = 20.0  # CPU seconds for making a failing input small
READERS = (f"{ROOT}/shortcuts/", f"{ROOT}/common/")  # a failure is named by the last line of these that was under way
GOLD = "x = clipboard()\nif x:\n    is_workflow_actions_showresult(Text=f'{x}')\n"


class Kind(NamedTuple):
    """A kind of input: drawn by seed and number, read (which names the outcome), made smaller, and saved as bytes."""

    make: Callable[[int, int], Any]
    read: Callable[[Any], str]
    smaller: Callable[[Any], Iterator[Any]]
    saved: Callable[[Any], bytes]


class Broken(AssertionError):
    """A promise that was not kept."""


class TooSlow(Exception):
    """More time than linear time allows."""


def main() -> int:
    """Break inputs until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=["plist", "json", "source", "program", "tree", "text"], default="program")
    parser.add_argument("--minutes", type=float, default=1, help="CPU minutes, of all runs of this kind and seed together (default: 1)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="real shortcuts to break beside the examples")
    parser.add_argument("--output", type=Path, default=Path(tempfile.gettempdir()) / "fuzz", help="where the state and failing inputs go")
    args = parser.parse_args()
    if args.output.resolve().is_relative_to(ROOT):
        parser.error("--output: failing inputs belong outside of the repository")
    args.output.mkdir(parents=True, exist_ok=True)
    kind = kinds(fuzz_inputs.Seeds(ROOT / "examples", args.folder))[args.kind]
    state_file = args.output / f"{args.kind}-{args.seed}.json"
    state = json.loads(state_file.read_text()) if state_file.exists() else \
        {"next": 0, "seconds": 0.0, "slowest": [0.0, 0], "outcomes": {}, "failures": {}}  # fmt: skip
    outcomes, written = Counter(state["outcomes"]), time.monotonic()
    signal.signal(signal.SIGVTALRM, _give_up)
    while state["seconds"] < 60 * args.minutes:
        number, started = state["next"], time.process_time()
        given = kind.make(args.seed, number)
        place, outcome = failure(kind, given)
        outcomes["a failure" if place else outcome] += 1
        state["slowest"] = max(state["slowest"], [round(time.process_time() - started, 2), number])
        if place and place not in state["failures"]:
            small = shrunk(kind, given, place)
            path = args.output / f"{args.kind}-{args.seed}-{number}.bin"
            path.write_bytes(kind.saved(small))
            state["failures"][place] = {"number": number, "input": str(path), "times": 0, "detail": failure(kind, small)[1][:500]}
            print(f"{place}: {state['failures'][place]['detail']}\n    {path}: {kind.saved(small)[:200]!r}", file=sys.stderr)
        if place:
            state["failures"][place]["times"] += 1
        state.update(next=number + 1, seconds=state["seconds"] + time.process_time() - started, outcomes=outcomes)
        if time.monotonic() - written > 5 or state["seconds"] >= 60 * args.minutes:
            state_file.write_text(json.dumps(state))
            written = time.monotonic()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"kind": args.kind, "inputs": state["next"], "minutes": round(state["seconds"] / 60, 1), "peak_megabytes": memory,
                      "slowest_seconds": state["slowest"][0], "failures": state["failures"],
                      "outcomes": dict(outcomes.most_common(12))}, ensure_ascii=False))  # fmt: skip
    return int(bool(state["failures"]))


def _give_up(*_: object) -> None:
    raise TooSlow(f"not done in {STUCK:.0f} s")


def failure(kind: Kind, given: Any) -> tuple[str, str]:
    """("", the outcome) of an input that is read as promised; else (a short text for where it failed, how)."""
    started, size = time.process_time(), len(kind.saved(given))
    signal.setitimer(signal.ITIMER_VIRTUAL, STUCK)
    try:
        outcome = kind.read(given)
    except Exception as error:  # whatever is not foreseen is what this looks for
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(READERS)]
        frame = f"{Path(ours[-1].filename).name}:{ours[-1].lineno} {ours[-1].name}" if ours else "nowhere"
        promise = str(error).split(":")[0] if isinstance(error, Broken) else frame
        return f"{type(error).__name__} {promise}", f"{error!r:.400} from {frame}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    seconds = time.process_time() - started
    if seconds > SLOW + RATE * size:
        return "TooSlow", f"{seconds:.1f} s for {size} bytes"
    return "", outcome


def shrunk(kind: Kind, given: Any, place: str) -> Any:
    """A smaller input that fails at the same place."""
    end, again = time.process_time() + SHRINK, place != "TooSlow" and "TooSlow" not in place
    while again and time.process_time() < end:
        again = False
        for smaller in kind.smaller(given):
            if failure(kind, smaller)[0] == place:
                given, again = smaller, True
                break
            if time.process_time() > end:
                break
    return given


# ---------------------------------------------------------------------------------------------------------------------------------
# what reads


def kinds(seeds: fuzz_inputs.Seeds) -> dict[str, Kind]:
    """The kinds by name."""
    pieces, places = fuzz_inputs.shorter, fuzz_inputs.sparser
    def text(given: str) -> bytes:
        return given.encode("utf-8", "surrogatepass")

    return {
        "plist": Kind(seeds.plist, read_file, pieces, bytes),
        "json": Kind(seeds.json, read_file, pieces, bytes),
        "source": Kind(seeds.source, lambda data: read_code(data.decode("utf-8", "replace")), pieces, bytes),
        "program": Kind(seeds.program, read_code, pieces, text),
        "tree": Kind(seeds.tree, read_shortcut, places, lambda tree: json.dumps(tree, default=repr, indent=1).encode()),
        "text": Kind(seeds.answer, read_answer, pieces, text),
    }


def promise(kept: Any, what: str) -> None:
    """Raises Broken unless it is kept."""
    if not kept:
        raise Broken(what)


def read_file(data: bytes) -> str:
    """Read a shortcut; if that works, transcribe it and compile it back."""
    try:
        shortcut = plist.read_shortcut(data)
    except PlistError as error:
        return error.code
    return read_shortcut(shortcut)


def read_shortcut(shortcut: Any) -> str:
    """Transcribe a shortcut, and ask of its program what is asked of a stranger's."""
    try:
        plist.check_shortcut(shortcut)
        plist.check_bounds(shortcut)
    except PlistError as error:
        return error.code
    try:
        result = shortcuts.transcribe(shortcut)
    except shortcuts.Unbalanced:
        return "unbalanced"
    except shortcuts.TooDeep:
        return "too deep"
    proven(result, shortcut)
    promise(plist.same(shortcuts.to_shortcut(result.code, result.residue), shortcut), "program and residue compile to the shortcut")
    shortcuts.statistics(shortcut)
    shortcuts.check(result.code, Catalog.load())
    shortcuts.apis_of(result.code)
    trace(result.code)
    return "exact, raw" if result.raw else "exact" if result.fixed_point else "exact, no fixed point"


def proven(result: shortcuts.Transcription, shortcut: dict[str, Any]) -> None:
    """The equalities of a transcription; what is not canonical is named by where it differs."""
    promise(result.exact, "exact")
    if not result.canonical:
        one, other = shortcuts.canonical(shortcuts.to_shortcut(result.code)), shortcuts.canonical(shortcut)
        keys = [key for key in sorted({*one, *other}) if key not in one or key not in other or not plist.same(one[key], other[key])]
        raise Broken(f"canonical but for {', '.join(keys)}")


def read_code(code: str) -> str:
    """Everything that is asked of a program that a stranger wrote."""
    catalog = Catalog.load()
    found = shortcuts.check(code, catalog)
    try:
        outcome = compiled(shortcuts.to_shortcut(code), found)
    except shortcuts.DialectError as error:
        promise(found, "check is silent about a program that does not compile")
        outcome = error.code
    traced(code)  # `score` reads it again
    read_call_graph(code)
    try:
        names = shortcuts.bound_names(code)
        shortcuts.apis_of(code)
        shortcuts.rename(code, {name: f"renamed_{number}" for number, name in enumerate(names)})
    except (shortcuts.DialectError, ValueError) as error:
        promise(found or "deep" in str(error), "check is silent about a program whose names cannot be read")
    mended, _ = repair(code, catalog)
    try:
        shortcuts.parse(mended)
    except shortcuts.DialectError as error:
        raise Broken(f"a repaired program is Python: {error}") from None
    promise(repair(mended, catalog)[0] == mended, "a repaired program stays as it is")
    score(GOLD, code)
    return outcome


def compiled(shortcut: dict[str, Any], found: list[shortcuts.Diagnostic]) -> str:
    """Write a compiled program as a file, and transcribe it again; return the outcome's name."""
    try:
        plist.write_binary(shortcut)
        result = shortcuts.transcribe(shortcut)
    except (PlistError, shortcuts.Unbalanced, shortcuts.TooDeep) as error:
        promise(found or "deep" in str(error), f"check is silent about a program that makes no file: {error}")
        return "no file"
    proven(result, shortcut)
    return "compiles, clean" if not found else "compiles"


def read_answer(text: str) -> str:
    """Read a model's answer and the program in it; return the outcome's name."""
    try:
        code = replies.parse_answer(text).code
    except UserError:
        return "no answer"
    trace(text)
    repair(text, Catalog.load())
    return read_code(code) if code.strip() else "no code"


if __name__ == "__main__":
    sys.exit(main())
