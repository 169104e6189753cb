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
import io
import json
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
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count, zip_longest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

GROUP_SHARE, WORKER_SHARE = 0.1, 0.2  # of all kills: those of the whole process group, those of a worker
END_SHARE, END = 0.25, 0.9  # of the kills those that fall behind this share of the run, where files are put in place
AGAIN = 0.25  # how likely a run that goes on is killed, too
BOUND = 30.0  # seconds in which a stage must end whose worker was killed, besides what a whole run takes
ORPHANS = 5.0  # seconds in which its workers must be gone when a stage was killed
COPIES = 20  # of each example, so that there is work for some seconds


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
    "04-offline": Scenario("04_expand.py --input IN/seed.jsonl --output out/queries.jsonl --writer offline --count 160"),
    "04-stub": Scenario(f"04_expand.py --input IN/seed.jsonl --output out/queries.jsonl --writer stub --count 160 {STUB}"),
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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` ends what was started
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
    """A stage in a session of its own, its stderr in a file; whatever happens, nothing of it is left behind."""

    def __init__(self, command: list[str], folder: Path, run: int) -> None:
        env = {key: value for key, value in os.environ.items() if not key.startswith(("OPENAI_", "SLURM_", "PYTHONDONTWRITE"))}
        env["PYTHONPYCACHEPREFIX"] = str(folder.parents[1] / "bytecode")  # else each start compiles what it imports
        self.stderr = folder / f"stderr-{run}.txt"
        with open(self.stderr, "wb") as err, open(folder / f"stdout-{run}.txt", "wb") as out:
            self.started = time.monotonic()
            self.process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            start_new_session=True)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    def wait(self, until: float) -> int | None:
        """The exit code; None if it still runs `until` seconds after its start."""
        try:
            return self.process.wait(max(0.0, until - self.seconds()))
        except subprocess.TimeoutExpired:
            return None

    def others(self) -> list[int]:
        """The other processes of the session: workers, those that outlive the stage included."""
        return [pid for pid in session(self.process.pid) if pid != self.process.pid]

    def end(self) -> None:
        """Kill what is left."""
        for pid in session(self.process.pid):
            send(pid)
        self.process.wait()

    def strike(self, kill: Kill, moment: float, draw: random.Random) -> None:
        """Kill at `moment` seconds; a worker as soon as there is one. If the stage has ended before, nothing is hit."""
        if self.wait(moment) is None:
            if kill.target == "worker":
                while not (workers := self.others()) and self.process.poll() is None:
                    time.sleep(0.002)
                kill.hit = bool(workers) and send(draw.choice(workers))
            elif kill.target == "group":
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
            if kill.target != "worker":
                kill.hit = self.process.wait() == -signal.SIGKILL
        kill.seconds = round(self.seconds(), 3)


def session(leader: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, its_session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
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
        from tests.stub_openai import StubOpenAI

        self.folder, self.log, self.stub = folder, folder / "kills.jsonl", StubOpenAI(answer, keep=False)

    def __enter__(self) -> Bench:
        self.stub.__enter__()
        make_inputs(self.folder / "inputs")
        return self

    def __exit__(self, *_: object) -> None:
        self.stub.__exit__()

    def command(self, name: str) -> list[str]:
        """The scenario's command, for a folder beside the others: paths are relative, so that equal runs write equal files."""
        script, *words = shlex.split(SCENARIOS[name].words)
        words = [word.replace("IN/", "../../inputs/").replace("STUB", self.stub.base_url) for word in words]
        return [sys.executable, str(ROOT / script), *words]

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
        for run, kill in enumerate(kills):
            with Running(self.command(name), folder, run) as stage:
                with_workers = measured["workers"]
                share = with_workers[int(kill.share * len(with_workers))] if kill.target == "worker" else kill.share
                stage.strike(kill, share * measured["seconds"], random.Random(f"{seed}:{number}:{run}"))
                problems += aftermath(stage, kill, measured["seconds"])
                if run == 0 and not kill.hit:  # it ran undisturbed, on a machine that is less busy than before
                    measured["seconds"] = stage.seconds()
                    (undisturbed.parent / "measured.json").write_text(json.dumps(measured))
                if stage.process.poll() == 0:  # it needs nobody to go on
                    problems += differences(undisturbed, folder / "out", SCENARIOS[name].exact)
        with Running(self.command(name), folder, len(kills)) as stage:
            code = stage.wait(BOUND + 5 * measured["seconds"])
        if code != 0:
            problems.append(f"run again: {'it hangs' if code is None else f'exit code {code}: {last_line(stage.stderr)}'}")
        problems += differences(undisturbed, folder / "out", SCENARIOS[name].exact)
        problems += [f"{path.name}: a traceback" for path in sorted(folder.glob("stderr-*")) if b"Traceback (" in path.read_bytes()]
        if not problems:
            shutil.rmtree(folder)
        repeat = shlex.join(["python", "bench/kill.py", "--seed", str(seed), "--only", str(number)])
        return {"number": number, "seed": seed, "scenario": name, "kills": [asdict(kill) for kill in kills],
                "problems": list(dict.fromkeys(problems)), "repeat": repeat, "seconds": round(time.monotonic() - started, 1)}

    def undisturbed(self, name: str) -> tuple[Path, dict[str, Any]]:
        """The output of an undisturbed run, and its times; it is made twice, as only what is the same each time can be compared."""
        first, second = (self.folder / "undisturbed" / f"{name}{part}" for part in ("", "-again"))
        told = first / "measured.json"
        if not told.exists():
            measured = [self.measure(name, fresh(folder)) for folder in (first, second)]
            if found := differences(first / "out", second / "out", SCENARIOS[name].exact):
                raise SystemExit(f"{name}: two undisturbed runs differ: {'; '.join(found)}")
            told.write_text(json.dumps(measured[-1]))
            print(f"{name}: {measured[-1]['seconds']} s undisturbed", file=sys.stderr)
        return first / "out", json.loads(told.read_text())

    def measure(self, name: str, folder: Path) -> dict[str, Any]:
        """Run a scenario: how many seconds it took, and at which shares of them it was seen to have workers."""
        seen = []
        with Running(self.command(name), folder, 0) as stage:
            while stage.wait(stage.seconds() + 0.01) is None:
                if SCENARIOS[name].workers and stage.others():
                    seen.append(stage.seconds())
            seconds = stage.seconds()
        if stage.process.returncode != 0:
            raise SystemExit(f"{name}: an undisturbed run ends with exit code {stage.process.returncode}: {last_line(stage.stderr)}")
        if SCENARIOS[name].workers and not seen:
            raise SystemExit(f"{name}: no worker was seen in an undisturbed run")
        return {"seconds": round(seconds, 3), "workers": [round(at / seconds, 4) for at in seen]}


def aftermath(stage: Running, kill: Kill, whole: float) -> list[str]:
    """What is wrong with how a stage ends after a kill."""
    if kill.hit and kill.target == "worker":
        code = stage.wait(kill.seconds + whole + BOUND)
        if code is None:
            return [f"hangs: {stage.seconds() - kill.seconds:.0f} s after a worker was killed it still runs"]
        if code not in (0, 1):
            return [f"a worker was killed: exit code {code}: {last_line(stage.stderr)}"]
        return [] if code == 0 or last_line(stage.stderr).startswith("error: ") else ["a worker was killed: no line says so"]
    if not kill.hit and stage.wait(stage.seconds() + whole + BOUND) != 0:
        return [f"not killed, exit code {stage.process.returncode}: {last_line(stage.stderr)}"]
    deadline = time.monotonic() + ORPHANS
    while stage.others():
        if time.monotonic() > deadline:
            return [f"{len(stage.others())} workers outlive the stage"]
        time.sleep(0.02)
    return []


def last_line(path: Path) -> str:
    """Of a file; "" if it has none."""
    return (path.read_text(errors="replace").splitlines() or [""])[-1]


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
    """How a folder differs from another: a file too many or too few, a leftover, and of each other file the first difference."""
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
    """Where two files part."""
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
    stage(part, "01_scrape.py --folder folder --output all.jsonl")
    first_lines(part / "all.jsonl", part / "shortcuts.jsonl", 216)
    stage(part, "02_transcribe.py --input shortcuts.jsonl --output transcribed.jsonl --workers 2")
    first_lines(part / "transcribed.jsonl", part / "workflows.jsonl", 72)
    stage(part, "03_thoughts.py --input workflows.jsonl --output seed.jsonl --writer offline")
    stage(part, "04_expand.py --input seed.jsonl --output queries.jsonl --writer offline --count 200")
    stage(part, "05_annotate.py --input queries.jsonl --output generated.jsonl --model offline")
    stage(part, "06_filter_merge.py --input seed.jsonl --generated generated.jsonl --output bench --browse 0")
    make_tests(part)
    part.rename(folder)


def make_tests(folder: Path) -> None:
    """A dataset with tests enough for 08 to take workers, of the first records of the training split; and answers to them."""
    lines = [json.loads(line) for line in (folder / "bench" / "train.jsonl").read_text().splitlines()]
    splits = {"test_id": lines[:40], "test_ood": lines[40:70], "train": lines[70:]}
    (folder / "tests").mkdir()
    for split, own in splits.items():
        (folder / "tests" / f"{split}.jsonl").write_text("".join(json.dumps({**record, "split": split}) + "\n" for record in own))
    tests = lines[:70]
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


def stage(folder: Path, words: str) -> None:
    """Run a stage in a folder."""
    script, *rest = shlex.split(words)
    done = subprocess.run([sys.executable, str(ROOT / script), *rest], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words}: exit code {done.returncode}: {done.stderr[-300:]}")


def first_lines(source: Path, target: Path, lines: int) -> None:
    """The first lines of a file."""
    target.write_bytes(b"".join(source.read_bytes().splitlines(keepends=True)[:lines]))


def answer(body: dict[str, Any], number: int) -> Any:
    """What the stub server says: a function of the request alone. One first answer in ten can't be used, so that it is asked back."""
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
