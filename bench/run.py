"""The share of people's shortcuts that the machine runs: prints one JSON object.

    python bench/run.py ../shared/corpus/plist                           # eight generated worlds a shortcut
    python bench/run.py ../shared/corpus/plist --worlds 2 --limit 50     # a first look
    python bench/run.py ../shared/corpus/plist --mutants 10000     # broken programs: faults of the machine, and the slowest
    python bench/run.py ../shared/corpus/plist --by-action               # each action: instances reached, and those that met an unknown

An instance is an action of a shortcut in a world, reached in a run; one in a repeat counts once, and as known only if it was so each time.
It is *known* if neither what it read nor what it made is unknown, so an unknown counts again in each action that it is carried into.
`worked` leaves out only actions that made an unknown of their own, or could not do their work because of one. A run that was
cancelled before
half of the actions counts for nothing. A shortcut is *whole* if it runs to its end in one of its worlds without an unknown.

The worlds are those of shortcuts/machine/worlds.py: they answer questions, and have the files, JSON, scripts' outputs and
other shortcuts that a shortcut asks for. `speed` is of programs of 20 actions, on one core, compiled before.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from shortcuts import plist
from shortcuts.control_flow import PARAMETERS, START, Unbalanced, kind_of, mode  # noqa: E402
from shortcuts.machine import Outcome, Program, World, compile_shortcut, run  # noqa: E402
from shortcuts.machine.values import Unknown  # noqa: E402
from shortcuts.machine.worlds import needs, world, worlds  # noqa: E402

SUFFIXES = {".plist", ".shortcut", ".wflow"}


def main() -> int:
    """Run each shortcut in its worlds, sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worlds", type=int, default=8, metavar="N", help="a shortcut (default: 8)")
    parser.add_argument("--limit", type=int, metavar="N", help="shortcuts at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mutants", type=int, default=0, metavar="N", help="run N mutated shortcuts instead")
    parser.add_argument("--by-action", action="store_true", help="the figures of each action, too")
    args = parser.parse_args()
    files = sorted(path for path in args.folder.rglob("*") if path.suffix in SUFFIXES)
    if not files:
        sys.exit(f"error: {args.folder} has no file that ends in {', '.join(sorted(SUFFIXES))}")
    if args.mutants:
        originals = {path.name: plist.read_shortcut(path.read_bytes()) for path in files[: args.limit]}
        print(json.dumps(broken(originals, args.mutants, args.seed), indent=1))
        return 0
    tally = Tally()
    for path in files[: args.limit]:
        shortcut = plist.read_shortcut(path.read_bytes())
        try:
            program = compile_shortcut(shortcut)
        except Unbalanced:
            continue
        tally.shortcut(shortcut, program, args.worlds, args.seed)
    print(json.dumps({**tally.figures(args.by_action), "speed": speed()}, indent=1))
    return 0


class Tally:
    """The counts so far."""

    def __init__(self) -> None:
        self.shortcuts = self.whole = self.actions = self.runs = self.left_out = 0
        self.reached: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.distinct = 0
        self.slowest = 0.0
        self.faults: Counter[str] = Counter()

    def shortcut(self, shortcut: dict[str, Any], program: Program, count: int, seed: int) -> None:
        """Run a shortcut in its worlds."""
        self.shortcuts += 1
        self.actions += sum(kind_of(action) is None or mode(action) == START for action in shortcut["WFWorkflowActions"])
        whole, seen = False, set()
        for place in worlds(shortcut, count, seed, program):
            start = time.perf_counter()
            outcome = run(program, place)
            self.slowest = max(self.slowest, time.perf_counter() - start)
            self.runs += 1
            self.ends[outcome.end] += 1
            self.faults.update(fault.partition(" ")[2] for fault in outcome.faults)
            instances = reached(outcome)
            if outcome.end == "cancelled" and len(instances) * 2 < program.size:
                self.left_out += 1
                continue
            whole |= outcome.whole
            seen |= instances.keys()
            for action, known, worked in instances.values():
                self.reached[action] += 1
                self.unknown[action] += not known
                self.failed[action] += not worked
        self.whole += whole
        self.distinct += len(seen)

    def figures(self, by_action: bool) -> dict[str, Any]:
        """Return the figures, shares in percent."""
        reached = self.reached.total()
        made: dict[str, Any] = {
            "shortcuts": self.shortcuts, "runs": self.runs, "left_out": self.left_out, "ends": dict(self.ends.most_common()),
            "actions": self.actions, "distinct_reached": self.distinct, "instances": reached,
            "known": round(100 * (1 - self.unknown.total() / max(1, reached)), 2),
            "worked": round(100 * (1 - self.failed.total() / max(1, reached)), 2),
            "whole": self.whole, "slowest_s": round(self.slowest, 2), "faults": dict(self.faults.most_common(20)),
        }  # fmt: skip
        if by_action:
            made["by_action"] = {action: [count, self.unknown[action], self.failed[action]] for action, count in self.reached.most_common()}
        return made


def reached(outcome: Outcome) -> dict[int, tuple[str, bool, bool]]:
    """Return the actions that a run reached by index: the id, True if known each time, True if it worked each time."""
    found: dict[int, tuple[str, bool, bool]] = {}
    for step in outcome.steps:
        if step.depth == 0:
            _, known, worked = found.get(step.index, ("", True, True))
            carried = step.known or not isinstance(step.output, Unknown) or any(value is step.output for value in step.inputs.values())
            found[step.index] = step.action, known and step.known, worked and carried
    return found


# ---------------------------------------------------------------------------------------------------------------------------------
# broken programs


def broken(shortcuts: dict[str, dict[str, Any]], count: int, seed: int) -> dict[str, Any]:
    """Run mutated shortcuts in generated worlds; return the ends, the faults and the slowest, in seconds of the CPU.

    What is loaded once (units, patterns, dates) is loaded before, and stands beside.
    """
    start = time.process_time()
    run(_LOADED, World())
    loading = round(time.process_time() - start, 2)
    ends, faults, times = Counter[str](), Counter[str](), []
    for number in range(count):
        name, shortcut, place = mutant(shortcuts, number, seed)
        start = time.process_time()
        try:
            outcome = run(shortcut, place)
        except Unbalanced:
            ends["unbalanced"] += 1
            continue
        times.append((round(time.process_time() - start, 2), number, name, len(outcome.steps), outcome.end))
        times = sorted(times, reverse=True)[:5]
        ends[outcome.end] += 1
        faults.update(fault.partition(" ")[2] for fault in outcome.faults)
    slowest = [dict(zip(("s", "number", "file", "steps", "end"), one, strict=True)) for one in times]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"mutants": count, "ends": dict(ends.most_common()), "faults": dict(faults.most_common(30)), "loading_s": loading,
            "slowest": slowest, "peak_mb": peak}  # fmt: skip


_LOADED = """\
is_workflow_actions_measurement_convert(WFInput=quantity(5, 'km'), WFMeasurementUnit='mi')
is_workflow_actions_text_match(text='a', WFMatchTextPattern='a')
is_workflow_actions_detect_date(WFInput='March 3, 2024')
is_workflow_actions_format_date(WFDate=current_date())
is_workflow_actions_getrichtextfrommarkdown(WFInput='a')
"""


def mutant(shortcuts: dict[str, dict[str, Any]], number: int, seed: int) -> tuple[str, dict[str, Any], World]:
    """Return a mutant by its number: the name of its original, the shortcut, and the world that it runs in."""
    dice = random.Random(f"{seed} {number}")
    name = dice.choice(list(shortcuts))
    listed = list(shortcuts[name]["WFWorkflowActions"])
    for _ in range(dice.randint(1, 6)):
        mutate(listed, dice)
    return name, {**shortcuts[name], "WFWorkflowActions": listed}, world(needs(shortcuts[name]), number % 4, seed)


def mutate(listed: list[dict[str, Any]], dice: random.Random) -> None:
    """Change one ordinary action of a list: give it another's parameters, lose or double it."""
    places = [place for place, action in enumerate(listed) if kind_of(action) is None]
    if not places:
        return
    place, other = dice.choice(places), listed[dice.choice(places)]
    kind = dice.randrange(3)
    if kind == 0:
        listed[place] = {**listed[place], PARAMETERS: other.get(PARAMETERS, {})}
    elif kind == 1:
        del listed[place]
    else:
        listed.insert(place, other)


# ---------------------------------------------------------------------------------------------------------------------------------
# speed

_TWENTY = """\
Names = ['Ada', 'Grace', 'Alan']
Count = is_workflow_actions_count(Input=Names)
Doubled = is_workflow_actions_math(WFInput=Count, WFMathOperation='×', WFMathOperand=2)
Parts = is_workflow_actions_text_split(text='a,b,c', WFTextSeparator='Custom', WFTextCustomSeparator=',')
Joined = is_workflow_actions_text_combine(text=Parts, WFTextSeparator='Custom', WFTextCustomSeparator='+')
Settings = {'name': 'Ada', 'age': 36}
Name = is_workflow_actions_getvalueforkey(WFInput=Settings, WFDictionaryKey='name')
Upper = is_workflow_actions_text_changecase(text=Name, WFCaseType='UPPERCASE')
if Doubled > 3:
    Big = f'{Upper} has {Doubled}'
    is_workflow_actions_showresult(Text=Big)
else:
    is_workflow_actions_showresult(Text='small')
First = is_workflow_actions_getitemfromlist(WFInput=Parts)
Coded = is_workflow_actions_urlencode(WFInput=Joined)
Changed = is_workflow_actions_text_replace(WFInput=Coded, WFReplaceTextFind='a', WFReplaceTextReplace='x')
Later = is_workflow_actions_adjustdate(WFDate=current_date(), WFDuration=quantity(2, 'days'))
Rounded = is_workflow_actions_round(WFInput=Doubled)
is_workflow_actions_setclipboard(WFInput=Changed)
is_workflow_actions_notification(WFNotificationActionBody=f'{First} {Rounded}')
"""


def speed(seconds: float = 2.0) -> dict[str, float]:
    """Return how many programs of 20 actions run in a second of one core's time."""
    from shortcuts import to_shortcut

    program, empty = compile_shortcut(to_shortcut(_TWENTY)), World()
    steps, count, start = len(run(program, empty).steps), 0, time.process_time()
    while time.process_time() - start < seconds:
        run(program, empty)
        count += 1
    return {"steps": steps, "programs_per_s": round(count / (time.process_time() - start))}


if __name__ == "__main__":
    sys.exit(main())
