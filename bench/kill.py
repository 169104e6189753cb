"""Kill the stages at random moments, run the same command again, compare with a run that nobody disturbed. Prints one JSON object.

    python bench/kill.py --runs 200 --seed 1 --output /tmp/kill       # the same command goes on where it stopped
    python bench/kill.py --runs 20 --scenario 02 --scenario 08        # scenarios by name or its beginning
    python bench/kill.py --only 17 --seed 1 --output /tmp/kill        # repeat one

Number i is a function of --seed and i: a scenario and one to three kills, each with its target (the stage, its process group, one of its
workers) and its moment, a share of the undisturbed run's time. Each number is a line in OUTPUT/kills.jsonl. Inputs are made of examples/,
answers come from a stub server that is a function of the question. A stage whose worker is killed must end itself: one line, exit code 1.
A killed run may leave half a file; what counts is what the next one leaves: no record twice, none lost, no temporary file, no traceback.
Exit code 1 if anything differs, with a line each on stderr; the folder of such a number is kept. What is killed in a repeated number is the
same, the instruction at which it is hit is not. Linux only: processes are found in /proc.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib
import io
import json
import math
import multiprocessing
import os
import platform
import plistlib
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count, zip_longest
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["OMP_NUM_THREADS"] = "1"  # a fork has none of the threads of its parent

from shortcuts.catalog import Catalog  # noqa: E402
from tests import stage_runs  # noqa: E402

GROUP_SHARE, WORKER_SHARE = 0.1, 0.2  # of all kills: those of the whole process group, those of a worker
END_SHARE, END = 0.25, 0.9  # of the kills those that fall behind this share of the run, where files are put in place
AGAIN = 0.25  # how likely a run that goes on is killed, too
BOUND = 30.0  # seconds of its clock in which a stage must end whose worker was killed, besides what a whole run takes
ORPHANS = 5.0  # seconds in which its workers must be gone when a stage was killed
LOOK = 0.005  # seconds between two looks at a stage
TICKS = os.sysconf("SC_CLK_TCK")  # of the CPU clock in /proc, in a second
LIBRARIES = ("lightning", "matplotlib.figure", "peft", "pyarrow.parquet", "torch", "transformers")  # what stages import when they need it
COPIES = 12  # of each example, so that there is work for a second or two
TESTS = 16  # of stage 08


@dataclass(frozen=True)
class Scenario:
    """A command, its output in `out`. `workers`: it has worker processes; `exact`: all bytes count, not only the records by their ids."""

    words: str
    workers: bool = False
    exact: bool = False


STUB = "--base-url STUB --cache answers.sqlite"
SCENARIOS = {
    "01-folder": Scenario("01_scrape.py --folder IN/folder --output out/shortcuts.jsonl", exact=True),
    "02-workers": Scenario("02_transcribe.py --input IN/shortcuts.jsonl --output out/workflows.jsonl --workers 2",
                           workers=True, exact=True),
    "03-offline": Scenario("03_thoughts.py --input IN/workflows.jsonl --output out/seed.jsonl --writer offline"),
    "03-stub": Scenario(f"03_thoughts.py --input IN/workflows.jsonl --output out/seed.jsonl --writer stub {STUB}"),
    "04-offline": Scenario("04_expand.py --input IN/seed.jsonl --output out/queries.jsonl --writer offline --count 100"),
    "04-stub": Scenario(f"04_expand.py --input IN/seed.jsonl --output out/queries.jsonl --writer stub --count 100 {STUB}"),
    "05-offline": Scenario("05_annotate.py --input IN/queries.jsonl --output out/generated.jsonl --model offline"),
    "05-stub": Scenario("05_annotate.py --input IN/queries.jsonl --output out/generated.jsonl --model stub --candidates 2 --repair "
                        f"{STUB}"),
    "06-workers": Scenario("06_filter_merge.py --input IN/seed.jsonl --generated IN/generated.jsonl --output out --browse 40 --workers 2",
                           workers=True, exact=True),
    "07-tiny": Scenario("07_train.py --input IN/bench/train.jsonl --model tiny --steps 12 --context 1024 --save-every 2 --validate-every 3 "
                        "--output out"),
    "08-workers": Scenario("08_eval.py --bench IN/tests --predictions made=IN/predictions.jsonl --workers 2 --output out", workers=True),
    "08-judge": Scenario("08_eval.py --bench IN/tests --predictions made=IN/predictions.jsonl --workers 2 --output out --judge stub "
                         "--judge-url STUB --cache answers.sqlite", workers=True),
}  # fmt: skip


def main() -> int:
    """Kill until --runs kills have hit."""
    args = arguments()
    for key in [key for key in os.environ if key.startswith(("OPENAI_", "SLURM_"))]:
        del os.environ[key]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    with Bench(args.output.resolve()) as bench:
        lines = bench.lines(args)
    failures = [line for line in lines if line["problems"]]
    print(json.dumps(summed_up(lines)))
    for line in failures:
        print(f"{line['number']}: {line['scenario']}: {'; '.join(line['problems'])}; repeat: {line['repeat']}", file=sys.stderr)
    return 1 if failures else 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100, metavar="N",
                        help="kills in all, earlier runs of this seed included (default: 100)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("runs/kill"), metavar="FOLDER",
                        help="another one for other code: what undisturbed runs wrote is kept (default: runs/kill)")
    parser.add_argument("--scenario", "--stage", action="append", default=[], metavar="NAME",
                        help=f"a name or its beginning, such as 02; repeatable (default: all of {', '.join(SCENARIOS)})")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="do this one again, and no other")
    args = parser.parse_args()
    args.names = [name for name in SCENARIOS if not args.scenario or name.startswith(tuple(args.scenario))]
    if not args.names:
        parser.error(f"--scenario: there are {', '.join(SCENARIOS)}")
    return args


# ---------------------------------------------------------------------------------------------------------------------------------
# what is killed when


@dataclass
class Kill:
    """One kill: after `share` of the undisturbed run's time (of the time it had workers, for a worker), and what became of it."""

    target: str
    share: float
    hit: bool = False  # the process was still there
    seconds: float = 0.0  # into the run


def plan(seed: int, number: int) -> tuple[str, list[Kill]]:
    """The scenario and the kills of a number. Scenarios take turns, so that each gets its part."""
    draw, names = random.Random(f"{seed}:{number}"), list(SCENARIOS)
    scenario = names[number % len(names)]
    with_workers = sum(each.workers for each in SCENARIOS.values()) / len(SCENARIOS)
    to_worker = WORKER_SHARE / with_workers if SCENARIOS[scenario].workers else 0.0
    kills = []
    while not kills or (len(kills) < 3 and draw.random() < AGAIN):
        at = draw.random()
        target = "worker" if at < to_worker else "group" if at > 1 - GROUP_SHARE else "stage"
        start = END if draw.random() < END_SHARE else 0.0
        kills.append(Kill(target, round(start + (1 - start) * draw.random(), 4)))
    return scenario, kills


# ---------------------------------------------------------------------------------------------------------------------------------
# a stage that runs


class Running:
    """A stage in a fork of this process, which has imported what stages import; whatever happens, nothing of it is left behind.

    Its clock counts the CPU time of its processes and the time in which all of them wait: what it takes on a machine of its own. So a busy
    machine neither moves a kill nor makes a slow stage look like one that hangs.
    """

    def __init__(self, words: str, folder: Path) -> None:
        script, *flags = shlex.split(words)
        self.process = stage_runs.start_script(ROOT / script, *flags, cwd=folder)
        self.cpu, self.waited, self.looked = {self.process.pid: 0.0}, 0.0, time.monotonic()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def seconds(self) -> float:
        """Its clock at the last look."""
        return sum(self.cpu.values()) + self.waited

    def look(self) -> None:
        """Read its clock; find the processes that it has started since."""
        started, runnable = set[int](), False
        for pid in self.cpu:
            try:
                state = stat(f"/proc/{pid}/stat")
                if int(state[3]) != self.process.pid:  # of another session: it has ended, and its number was given again
                    continue
                self.cpu[pid] = (int(state[11]) + int(state[12])) / TICKS
                for thread in os.listdir(f"/proc/{pid}/task"):
                    runnable |= stat(f"/proc/{pid}/task/{thread}/stat")[0] in "RD"
                    started.update(map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split()))
            except OSError:  # it has ended
                continue
        self.cpu.update(dict.fromkeys(started - self.cpu.keys(), 0.0))
        now = time.monotonic()
        self.waited += 0.0 if runnable else min(now - self.looked, 2 * LOOK)  # a longer time this process was not awake itself
        self.looked = now

    def wait(self, until: float, awaited: Callable[[], object] = lambda: False) -> int | None:
        """Its exit code; None if it still runs when its clock shows `until`, or when what is awaited is there."""
        while (code := self.process.poll()) is None and self.seconds() < until and not awaited():
            time.sleep(LOOK)
            self.look()
        return code

    def others(self) -> list[int]:
        """The other processes of the session: workers, those that outlive the stage included."""
        return [pid for pid in session(self.process.pid) if pid != self.process.pid]

    def last_line(self) -> str:
        """The last line on its stderr; "" if there is none."""
        return (self.process.said()[1].splitlines() or [""])[-1]

    def end(self) -> None:
        """Kill what is left."""
        for pid in session(self.process.pid):
            send(pid)
        self.process.wait()

    def strike(self, kill: Kill, moment: float, draw: random.Random) -> None:
        """Kill when its clock shows `moment`; a worker as soon as there is one. If the stage has ended before, nothing is hit."""
        if self.wait(moment) is None:
            if kill.target == "worker":
                self.wait(math.inf, self.others)
                workers = self.others()
                kill.hit = bool(workers) and send(draw.choice(workers))
            else:
                self.process.send_signal(signal.SIGKILL, group=kill.target == "group")
                kill.hit = self.process.wait().returncode == -signal.SIGKILL
        kill.seconds = round(self.seconds(), 3)


def stat(path: str) -> list[str]:
    """The fields of a process or a thread behind its name (proc(5)): its state, its parent, ..."""
    return Path(path).read_text().rpartition(")")[2].split()


def session(leader: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, its_session = stat(f"{entry}/stat")[:4]
                helper = b"resource_tracker" in (entry / "cmdline").read_bytes()
            except OSError:  # it has ended meanwhile
                continue
            if int(its_session) == leader and state not in "ZX" and not helper:
                found.append(int(entry.name))
    return found


def send(pid: int) -> bool:
    """SIGKILL; whether it was still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


# ---------------------------------------------------------------------------------------------------------------------------------
# the loop: kill, run again, compare


class Bench:
    """The folder: inputs, the undisturbed output of each scenario, kills.jsonl, the cases under way."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "kills.jsonl"

    def __enter__(self) -> Bench:
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.stub = context.Process(target=serve, args=(theirs, self.pipe))  # not a thread, which the stages forked from here would lack
        self.stub.start()
        theirs.close()
        self.address = self.pipe.recv()
        import_libraries()
        make_inputs(self.folder / "inputs")
        return self

    def __exit__(self, *_: object) -> None:
        self.pipe.close()
        self.stub.join()

    def command(self, name: str) -> str:
        """The scenario's command, for a folder beside the others: paths are relative, so that equal runs write equal files."""
        return SCENARIOS[name].words.replace("IN/", "../../inputs/").replace("STUB", self.address)

    def lines(self, args: argparse.Namespace) -> list[dict[str, Any]]:
        """The lines of what was done, by earlier runs and this one."""
        if args.only is not None:
            return [self.case(args.seed, args.only)]
        told = [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []
        lines = [line for line in told if line["seed"] == args.seed and line["scenario"] in args.names]
        done = {line["number"] for line in lines}
        for number in count():
            hit = sum(kill["hit"] for line in lines for kill in line["kills"])
            if hit >= args.runs:
                return lines
            if number not in done and plan(args.seed, number)[0] in args.names:
                lines.append(line := self.case(args.seed, number))
                with open(self.log, "a") as log:
                    log.write(json.dumps(line) + "\n")
                shown = ", ".join(f"{kill['target']} {kill['seconds']} s" + " (too late)" * (not kill["hit"]) for kill in line["kills"])
                verdict = "; ".join(line["problems"]) or "the same"
                print(f"{hit}/{args.runs}, {number}: {line['scenario']}: {shown}: {verdict}", file=sys.stderr)
        return lines

    def case(self, seed: int, number: int) -> dict[str, Any]:
        """Kill, run again until it is done, compare; returns the line."""
        name, kills = plan(seed, number)
        undisturbed, measured = self.undisturbed(name)
        folder, started, problems = fresh(self.folder / "cases" / f"{seed}-{number}"), time.monotonic(), list[str]()
        for run, kill in enumerate([*kills, None]):
            with Running(self.command(name), folder) as stage:
                if kill is None:
                    problems += outcome(stage, measured["seconds"])
                else:
                    with_workers = measured["workers"]
                    share = with_workers[int(kill.share * len(with_workers))] if kill.target == "worker" else kill.share
                    stage.strike(kill, share * measured["seconds"], random.Random(f"{seed}:{number}:{run}"))
                    problems += aftermath(stage, kill, measured["seconds"])
                    if run == 0 and not kill.hit:  # it was faster than when it was measured
                        measured["seconds"] = stage.seconds()
                        (undisturbed.parent / "measured.json").write_text(json.dumps(measured))
                if stage.process.poll() == 0:  # it needs nobody to go on
                    problems += differences(undisturbed, folder / "out", SCENARIOS[name].exact)
            (folder / f"stderr-{run}.txt").write_text(said := stage.process.said()[1])
            problems += [f"run {run}: a traceback"] if "Traceback (" in said else []
        if not problems:
            shutil.rmtree(folder)
        repeat = shlex.join(["python", "bench/kill.py", "--seed", str(seed), "--only", str(number)])
        return {"number": number, "seed": seed, "scenario": name, "kills": [asdict(kill) for kill in kills],
                "problems": list(dict.fromkeys(problems)), "repeat": repeat, "seconds": round(time.monotonic() - started, 1)}

    def undisturbed(self, name: str) -> tuple[Path, dict[str, Any]]:
        """The output of an undisturbed run, and the times of another.

        The first is a process of its own, as a shell starts it, with another seed of hashes; both must write the same.
        """
        first, second = (self.folder / "undisturbed" / f"{name}{part}" for part in ("", "-again"))
        told = first / "measured.json"
        if not told.exists():
            run_apart(self.command(name), fresh(first))
            measured = self.measure(name, fresh(second))
            if found := differences(first / "out", second / "out", SCENARIOS[name].exact):
                raise SystemExit(f"{name}: two undisturbed runs differ: {'; '.join(found)}")
            told.write_text(json.dumps(measured))
            print(f"{name}: {measured['seconds']} s undisturbed", file=sys.stderr)
        return first / "out", json.loads(told.read_text())

    def measure(self, name: str, folder: Path) -> dict[str, Any]:
        """Run a scenario: how many seconds its clock shows at the end, and at which shares of them it was seen to have workers."""
        seen = []
        with Running(self.command(name), folder) as stage:
            while stage.wait(stage.seconds() + LOOK) is None:
                if SCENARIOS[name].workers and stage.others():
                    seen.append(stage.seconds())
            seconds = stage.seconds()
        if stage.process.returncode != 0:
            raise SystemExit(f"{name}: an undisturbed run ends with exit code {stage.process.returncode}: {stage.last_line()}")
        if SCENARIOS[name].workers and not seen:
            raise SystemExit(f"{name}: no worker was seen in an undisturbed run")
        return {"seconds": round(seconds, 3), "workers": [round(at / seconds, 4) for at in seen]}


def outcome(stage: Running, whole: float) -> list[str]:
    """Problems with the end of a run that nobody disturbs."""
    code = stage.wait(BOUND + 5 * whole)
    return [] if code == 0 else [f"run again: {'it hangs' if code is None else f'exit code {code}: {stage.last_line()}'}"]


def aftermath(stage: Running, kill: Kill, whole: float) -> list[str]:
    """Problems with the end of a stage after a kill."""
    if kill.hit and kill.target == "worker":
        code = stage.wait(kill.seconds + whole + BOUND)
        if code is None:
            return [f"hangs: {stage.seconds() - kill.seconds:.0f} s after a worker was killed it still runs"]
        if code not in (0, 1):
            return [f"a worker was killed: exit code {code}: {stage.last_line()}"]
        return [] if code == 0 or stage.last_line().startswith("error: ") else ["a worker was killed: no line says so"]
    if not kill.hit and stage.wait(stage.seconds() + whole + BOUND) != 0:
        return [f"not killed, exit code {stage.process.returncode}: {stage.last_line()}"]
    deadline = stage.seconds() + ORPHANS
    while stage.others():
        if stage.seconds() > deadline:
            return [f"{len(stage.others())} workers outlive the stage"]
        time.sleep(LOOK)
        stage.look()
    return []


def fresh(folder: Path) -> Path:
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def summed_up(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The JSON object of the end."""
    hits = [(line["scenario"], kill["target"]) for line in lines for kill in line["kills"] if kill["hit"]]
    targets, failed = Counter(target for _, target in hits), Counter(line["scenario"] for line in lines if line["problems"])
    scenarios = Counter(name for name, _ in hits)
    return {
        "runs": len(hits), "loops": len(lines), "too_late": sum(not kill["hit"] for line in lines for kill in line["kills"]),
        "by_scenario": {name: {"runs": scenarios[name], "failed_loops": failed[name]} for name in sorted(scenarios | failed)},
        "workers_killed": targets["worker"], "groups_killed": targets["group"],
        "failures": [{key: line[key] for key in ("number", "scenario", "problems", "repeat")} for line in lines if line["problems"]],
        "seconds": round(sum(line["seconds"] for line in lines), 1),
        "machine": f"{platform.system()} {platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}",
    }  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# the comparison

# Fields and columns that tell of the machine or the clock, and what a run that goes on need not ask again; not of the result.
ASKED = frozenset(("requests", "sends", "cached", "prompt_tokens", "completion_tokens", "cost_usd"))  # where `requests` is among them
CLOCK = re.compile(r"(^|_)(seconds|eta_s|per_s|mib|mfu_\dn)$")
LEFTOVERS = re.compile(r"\.(part|tmp)$|-(wal|shm|journal)$")  # the .lock of a run of 07 stays: it is open as long as the run is


def differences(wanted: Path, made: Path, exact: bool = False) -> list[str]:
    """Differences between two folders: a file too many or too few, a leftover, and of each other file the first difference."""
    names, others = ({path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} for folder in (wanted, made))
    found = [f"{name}: {'a leftover' if LEFTOVERS.search(name) else 'a file too many'}" for name in sorted(others - names)]
    found += [f"{name}: a leftover" for name in sorted(names & others) if LEFTOVERS.search(name)]
    found += [f"{name}: missing" for name in sorted(names - others)]
    for name in sorted(names & others):
        one, other = (wanted / name).read_bytes(), (made / name).read_bytes()
        if one != other and (difference := FORMATS.get(Path(name).suffix, first_byte)(one, other) or exact and by_line(one, other)):
            found.append(f"{name}: {difference}")
    return found


def first_byte(one: bytes, other: bytes) -> str:
    """The first byte where two files part."""
    at = next((at for at, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    return f"byte {at} of {len(one)}: {one[at: at + 40]!r} became {other[at: at + 40]!r}"


def by_line(one: bytes, other: bytes) -> str:
    """The first line that differs, fields of the clock aside where it is JSON."""
    for number, pair in enumerate(zip_longest(one.splitlines(), other.splitlines(), fillvalue=b""), start=1):
        try:
            a, b = (timeless(json.loads(line)) for line in pair)
        except ValueError:
            return ""  # a file of another kind, whose own comparison has spoken
        if a != b:
            return f"line {number}: {str(a)[:80]} became {str(b)[:80]}"
    return ""


def records(one: bytes, other: bytes) -> str:
    """The first record that is missing, too many, there more often, or different, by ids; records without an id by their line."""
    try:
        ours, theirs = ([timeless(json.loads(line)) for line in data.splitlines()] for data in (one, other))
    except ValueError as error:
        return f"not JSON: {error}"
    ids, their_ids = (Counter(str(record.get("id", "")) for record in lines) for lines in (ours, theirs))
    if more := their_ids - ids:
        return f"record {min(more)}: there {their_ids[min(more)]} times, not {ids[min(more)]}"
    if fewer := ids - their_ids:
        return f"record {min(fewer)}: missing"
    by_id: dict[str, list[Any]] = {}
    for record in ours:
        by_id.setdefault(str(record.get("id", "")), []).append(record)
    for record in theirs:
        if record not in by_id[identifier := str(record.get("id", ""))]:
            return f"record {identifier}: {first_field(by_id[identifier][0], record)}"
    return ""


def document(one: bytes, other: bytes) -> str:
    """The first place where two JSON texts differ."""
    try:
        return first_field(timeless(json.loads(one)), timeless(json.loads(other)))
    except ValueError as error:
        return f"not JSON: {error}"


def table(one: bytes, other: bytes) -> str:
    """The first row of two CSV files that differs."""
    rows, others = (timeless(list(csv.DictReader(io.StringIO(data.decode())))) for data in (one, other))
    return first_field(rows, others)


def tensors(one: bytes, other: bytes) -> str:
    """The first tensor that differs."""
    from safetensors import deserialize

    ours, theirs = (dict(deserialize(data)) for data in (one, other))
    if ours.keys() != theirs.keys():
        return f"tensors {sorted(ours.keys() ^ theirs.keys())[:5]} are in one alone"
    return next((f"tensor {name} differs" for name in sorted(ours) if ours[name] != theirs[name]), "")


FORMATS = {".jsonl": records, ".json": document, ".csv": table, ".safetensors": tensors}


def timeless(value: Any) -> Any:
    """A value without the fields that tell of the clock, or of what this run asked."""
    if isinstance(value, dict):
        asked = ASKED if "requests" in value else ()
        return {key: timeless(inner) for key, inner in value.items() if key not in asked and not CLOCK.search(key)}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


def first_field(one: Any, other: Any, where: str = "") -> str:
    """The path of the first difference of two values, and both; "" if there is none."""
    if isinstance(one, dict) and isinstance(other, dict):
        pairs: Iterator[tuple[Any, Any, Any]] = ((key, one.get(key), other.get(key)) for key in {**one, **other})
    elif isinstance(one, list) and isinstance(other, list):
        pairs = ((place, *pair) for place, pair in enumerate(zip_longest(one, other)))
    else:
        return "" if one == other else f"{where or 'the value'}: {str(one)[:80]!r} became {str(other)[:80]!r}"
    return next((found for key, a, b in pairs if (found := first_field(a, b, f"{where}.{key}" if where else str(key)))), "")


# ---------------------------------------------------------------------------------------------------------------------------------
# inputs and answers


def make_inputs(folder: Path) -> None:
    """The inputs of all scenarios, made of examples/ by the stages themselves; once."""
    if folder.exists():
        return
    print("making the inputs", file=sys.stderr)
    part = fresh(folder.with_name("inputs.part"))
    copy_examples(part / "folder")
    run_apart("01_scrape.py --folder folder --output all.jsonl", part)
    first_lines(part / "all.jsonl", part / "shortcuts.jsonl", 160)
    run_apart("02_transcribe.py --input shortcuts.jsonl --output transcribed.jsonl --workers 2", part)
    first_lines(part / "transcribed.jsonl", part / "workflows.jsonl", 36)
    run_apart("03_thoughts.py --input workflows.jsonl --output seed.jsonl --writer offline", part)
    run_apart("04_expand.py --input seed.jsonl --output queries.jsonl --writer offline --count 200", part)
    run_apart("05_annotate.py --input queries.jsonl --output generated.jsonl --model offline", part)
    run_apart("06_filter_merge.py --input seed.jsonl --generated generated.jsonl --output bench --browse 0", part)
    make_tests(part)
    part.rename(folder)


def make_tests(folder: Path) -> None:
    """A dataset of a few tests, the shortest records of the training split; and answers to them."""
    lines = [json.loads(line) for line in (folder / "bench" / "train.jsonl").read_text().splitlines()]
    lines.sort(key=lambda record: len(record["code"]))
    splits = {"test_id": lines[:TESTS - 4], "test_ood": lines[TESTS - 4:TESTS], "train": lines[TESTS:]}
    (folder / "tests").mkdir()
    for split, own in splits.items():
        (folder / "tests" / f"{split}.jsonl").write_text("".join(json.dumps({**record, "split": split}) + "\n" for record in own))
    tests = lines[:TESTS]
    answers = [{"id": record["id"], "code": ["", record["code"], tests[place - 1]["code"]][place % 3]}  # none, the right one, another's
               for place, record in enumerate(tests)]  # fmt: skip
    (folder / "predictions.jsonl").write_text("".join(json.dumps(each) + "\n" for each in answers))


def copy_examples(folder: Path) -> None:
    """COPIES of each example that differ in a comment, so that none is a duplicate."""
    for path in sorted((ROOT / "examples").glob("*.shortcut")):
        for number in range(COPIES):
            shortcut = plistlib.loads(path.read_bytes())
            remark = {"WFWorkflowActionIdentifier": "is.workflow.actions.comment",
                      "WFWorkflowActionParameters": {"WFCommentActionText": f"Copy {number}"}}  # fmt: skip
            shortcut["WFWorkflowActions"].insert(0, remark)
            place = folder / f"{number:02}" / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(plistlib.dumps(shortcut, fmt=plistlib.FMT_BINARY))


def run_apart(words: str, folder: Path) -> None:
    """Run a stage in a folder and in an interpreter of its own, as a shell does."""
    script, *rest = shlex.split(words)
    done = subprocess.run([sys.executable, str(ROOT / script), *rest], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words}: exit code {done.returncode}: {done.stderr[-300:]}")


def first_lines(source: Path, target: Path, lines: int) -> None:
    """The first lines of a file."""
    target.write_bytes(b"".join(source.read_bytes().splitlines(keepends=True)[:lines]))


def serve(pipe: Connection, theirs: Connection) -> None:
    """Be the stub server until the other end of the pipe is closed, which also its owner's death does."""
    from tests.stub_openai import StubOpenAI

    theirs.close()
    with StubOpenAI(answer, keep=False) as stub:
        pipe.send(stub.base_url)
        with suppress(EOFError):
            pipe.recv()


def import_libraries() -> None:
    """Import and load what all stages need, so that their forks need not: kills are to hit work, and a run is to take a second or two."""
    for number in sorted({name[:2] for name in SCENARIOS}):
        stage_runs.load(number)
    stage_runs.import_client()
    for library in LIBRARIES:
        importlib.import_module(library)
    Catalog.load()
    importlib.import_module("common.metrics.sample_store").POOL_FROM = 1  # 08 takes workers for a few tests, too


def answer(body: dict[str, Any], number: int) -> Any:
    """The stub server's answer: a function of the request alone. One first answer in ten can't be used, so that it is asked back."""
    from tests.stub_openai import Reply

    messages = body["messages"]
    dice = random.Random(hashlib.sha256(json.dumps([messages, body.get("seed")]).encode()).hexdigest())
    asked = "\n".join(message["content"] for message in messages if message["role"] != "assistant")
    bad = len(messages) < 3 and dice.random() < 0.1
    return Reply("I can't say." if bad else worded(asked, dice), delay=0.05)


def worded(asked: str, dice: random.Random) -> str:
    """An answer in the form that a prompt asks for."""
    form = asked.rpartition("Answer with one JSON object")[2]
    if '"comments"' in form:
        before, _, code = form.rpartition("\nVariables: ")
        lines = re.findall(r"^ *(\d+) (.*)", code, re.MULTILINE)
        last = max((int(number) for number in re.findall(r"^(\d+)\. ", before, re.MULTILINE)), default=0)
        blocks = [f"[{line}]" for line, text in lines if text.endswith(":")] or [""]
        steps = [f"{place} {block} Decide what comes next." for place, block in enumerate(blocks, start=last + 1)]
        return json.dumps({"comments": [f"{line}: Does step {line}." for line, _ in lines], "renames": [], "steps": steps})
    if '"verdict"' in form:
        return json.dumps({"reasons": f"Reason {dice.randrange(1000)}.", "verdict": dice.choice(["pass", "fail"])})
    if '"query"' in form:
        query = "Please " + " ".join(f"word{dice.randrange(10_000)}" for _ in range(10))
        return json.dumps({"purpose": "p", "leave_out": [], "basics": ["show"], "category": "Utilities", "query": query})
    calls = dice.sample(names, min(3, len(names))) if (names := re.findall(r"^def (\w+)\(", asked, re.MULTILINE)) else []
    return "Thought:\n1. Do it.\n\nCode:\n```python\n" + "".join(f"# Calls one.\n{name}()\n" for name in calls) + "```"


if __name__ == "__main__":
    sys.exit(main())
