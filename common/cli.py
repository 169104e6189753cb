"""The command line that all stages share: arguments, resume, rejects, shards, Ctrl-C, exit codes, the summary line.

A stage that turns records into records reads like this:

    def main() -> int:
        args = cli.parser(__doc__, "data/in.jsonl", "data/out.jsonl").parse_args()
        with cli.Run("transcribe", args) as run:
            for record in run.records("id", "shortcut"):
                try:
                    run.write(transcribe(record))
                except cli.Reject as reject:
                    run.reject(record["id"], reject)
            return run.finish(exact=...)

    if __name__ == "__main__":
        cli.start(main)

Exit codes: 0 done, 1 failed (one line on stderr), 2 bad arguments, 130 interrupted (a line says whether the same command goes on).
"""

from __future__ import annotations

import argparse
import errno
import io
import math
import os
import re
import shlex
import signal
import sys
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

import orjson
from tqdm import tqdm

import common
from common import jsonl
from common.jsonl import Record, UserError
from shortcuts.catalog import CatalogError

# Read when PyTorch is loaded: a thread that waits for another sleeps, instead of keeping the core from it. On a busy machine that is the
# difference between two threads that are ten times slower than one and two that are faster.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

HARMLESS = {"duplicate", "near_duplicate", "opted_out", "gone"}  # reasons that do not make a run without output a failure
EXAMPLE = 200  # characters of a reject shown on the terminal
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and newline: they could control the terminal
INTERNAL_ERROR = "internal_error"  # the reason of a reject caused by a fault of this program, not of the record
EXIT_DONE, EXIT_FAILED, EXIT_ARGUMENTS, EXIT_INTERRUPTED = 0, 1, 2, 130
_bar: tqdm[Any] | None = None  # the progress bar on the terminal
_anew = False  # --overwrite would remove what is done
_goes_on = False  # this command saves what is done, and the same command goes on from there


class Reject(Exception):
    """A record is dropped: `reason` is a short code, `detail` what a person needs to know."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@contextmanager
def one_record() -> Iterator[None]:
    """Turn an unexpected exception in the work on one record into a Reject, so that the stage goes on with the next.

    Raises Reject `internal_error`, whose detail says what was raised and where.
    """
    try:
        yield
    except (UserError, CatalogError, Reject, ImportError):  # a missing package concerns every record
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        raise Reject(INTERNAL_ERROR, f"{type(error).__name__} at {place}: {error}; please report it") from error


# ---------------------------------------------------------------------------------------------------------------------------------
# arguments


class Parser(argparse.ArgumentParser):
    """An argument parser whose help is the stage's docstring and the same groups of flags in every stage."""

    def __init__(self, doc: str | None) -> None:
        super().__init__(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
        self.files, self.task, self.model, self.requests, self.machine = map(
            self.add_argument_group, ("files", "what to do", "model or writer", "requests to a server", "machine"))

    def refuse(self, *faults: tuple[Any, str]) -> None:
        """End with the message of the first of (is it so, message) that is so."""
        for is_wrong, said in faults:
            if is_wrong:
                self.error(said)


def parser(doc: str | None, input: str | None = None, output: str | None = None) -> Parser:
    """Return the parser of a stage, with the flags that all stages have: --input and those of an output, for the defaults given."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # not every terminal can show every character
    result = Parser(doc)
    if input is not None:
        result.files.add_argument("--input", type=Path, default=Path(input), metavar="FILE", help=f"JSONL to read (default: {input})")
    if output is not None:
        result.files.add_argument("--output", type=Path, default=Path(output), metavar="FILE",
                                  help=f"JSONL to append to (default: {output})")
        result.files.add_argument("--overwrite", action="store_true", help="start anew instead of continuing where the last run stopped")
        result.task.add_argument("--limit", type=positive_int, metavar="N", help="stop after N records of the input")
        result.machine.add_argument("--shard", type=shard, default=slurm_shard(), metavar="I/N",
                                    help="take the I-th of N parts, I from 0 (default: the SLURM array's index, else all)")
    return result


def positive_int(text: str) -> int:
    """Parse an integer of at least 1 (an argparse type)."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1 is needed")
    return value


def seed(text: str) -> int:
    """Parse a random seed, a number that each generator here takes (an argparse type)."""
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"{text}: a number from 0 to {2**32 - 1} is needed")
    return value


def count(text: str) -> int:
    """Parse an integer of at least 0 (an argparse type)."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text}: at least 0 is needed")
    return value


def positive(text: str) -> float:
    """Parse a number above 0 (an argparse type)."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: a number above 0 is needed")
    return value


def amount(text: str) -> float:
    """Parse a number of at least 0 (an argparse type)."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: a number of at least 0 is needed")
    return value


def share(text: str) -> float:
    """Parse a number from 0 to 1 (an argparse type)."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text}: a number from 0 to 1 is needed")
    return value


def shard(text: str) -> tuple[int, int]:
    """Parse `I/N` with 0 <= I < N (an argparse type)."""
    try:
        index, count = map(int, text.split("/"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not I/N, such as 0/8") from None
    if not 0 <= index < count:
        raise argparse.ArgumentTypeError(f"{text}: I must be from 0 to N-1")
    return index, count


def slurm_shard() -> str | None:
    """Return the part of this process in a SLURM job array, as --shard takes it; None outside of one.

    The parts of an array with gaps, such as 3,7 or 0-6:2, or of one that begins at 5, perhaps a task that is submitted again, are unknown:
    what is returned then is refused by --shard, unless one is given.
    """
    task, count, first, last = (os.environ.get(f"SLURM_ARRAY_TASK_{name}") for name in ("ID", "COUNT", "MIN", "MAX"))
    if not (task and count and first and last):
        return None
    if int(last) - int(first) + 1 != int(count):
        return f"task {task} of a job array with gaps"
    if int(first) > 1 or (int(first) == 1 and int(count) == 1):
        return f"task {task} of a job array that begins at {first}"
    return f"{int(task) - int(first)}/{count}"


def shard_path(path: Path, part: tuple[int, int] | None) -> Path:
    """Return the output of a shard: of `workflows.jsonl`, shard 3 of 64 is `workflows.03-of-64.jsonl`."""
    if part is None:
        return path
    index, count = part
    return path.with_name(f"{path.stem}.{index:0{len(str(count))}d}-of-{count}{path.suffix}")


def in_shard(identifier: str, part: tuple[int, int] | None) -> bool:
    """True if a record belongs to this shard; by a hash of its id, so that all stages agree."""
    return part is None or zlib.crc32(identifier.encode()) % part[1] == part[0]


def rejects_path(output: Path) -> Path:
    """Return the file of the records that a stage drops."""
    return output.with_name(f"{output.stem}.rejected.jsonl")


# ---------------------------------------------------------------------------------------------------------------------------------
# a run


class Run:
    """One run of a stage: reads the records that are due, appends results, and sums up. Memory: the ids of what is done."""

    def __init__(self, stage: str, args: argparse.Namespace) -> None:
        self.stage, self.args = stage, args
        self.input: Path | None = getattr(args, "input", None)
        self.output = shard_path(args.output, args.shard)
        self.rejects = rejects_path(self.output)
        self.read = self.written = self.rejected = self.skipped = 0
        self.begun = set[str]()  # ids that are in hand
        self.reasons, self.examples = Counter[str](), dict[str, str]()  # of the rejects: how many, and the first of each
        self.skipped_rejects = 0  # skipped because an earlier run has rejected them
        self.stale: list[Path] = []  # files that are emptied before the first new record is written
        self.interrupted = False
        self.started = time.perf_counter()
        self.bar: tqdm[Any] | None = None
        self._files: dict[Path, IO[bytes]] = {}

    def __enter__(self) -> Run:
        saves_what_is_done()
        self._check_input()
        self.is_new = not self.output.exists()
        for path in (self.output, self.rejects):
            self._files[path] = jsonl.open_output(path)
        with jsonl.writing(self.output):
            jsonl.lock(self._files[self.output], self.output)
            for path in (self.output, self.rejects):
                jsonl.repair_tail(path)
        retries = getattr(self.args, "retry_rejected", False)
        self.stale = [self.output, self.rejects] if self.args.overwrite else [self.rejects] if retries else []
        self.dropped = set() if self.stale else set(jsonl.ids(self.rejects))
        self.done = self.dropped.union(*(jsonl.ids(path) for path in self.kept))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._interrupt)
        return self

    def _check_input(self) -> None:
        """Raise UserError if the input cannot be read or is an output, before anything is changed."""
        if self.input is None:
            return
        next(jsonl.numbered_lines(self.input), None)
        for path in (self.output, self.rejects):
            if path.exists() and self.input.samefile(path):
                raise UserError(f"{path}: --input and --output are the same file; name another --output")

    @property
    def kept(self) -> list[Path]:
        """The output that this run continues, in a list; empty with --overwrite."""
        return [] if self.output in self.stale else [self.output]

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for file in self._files.values():
            file.close()
        if kind is not None and self.is_new and self.output.exists() and not self.output.stat().st_size:
            self.output.unlink()  # a run that failed before its first record leaves nothing behind
        if self.bar is not None:
            self.bar.close()
        if self.rejects.exists() and not self.rejects.stat().st_size:
            self.rejects.unlink()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def _interrupt(self, number: int, frame: object) -> None:
        if self.interrupted:  # the second time: at once
            raise KeyboardInterrupt
        self.interrupted = True
        say(f"stopping after what is in hand (again: at once); the same command goes on from here: {command()}")

    def is_due(self, identifier: str) -> bool:
        """True if a record is of this shard and not done yet; one that is done counts as skipped."""
        if not in_shard(identifier, self.args.shard):
            return False
        if identifier in self.done:
            self.skipped += 1
            self.skipped_rejects += identifier in self.dropped
            return False
        return True

    def takes(self, identifier: str) -> bool:
        """True if a record is due, and no other with its id was before it; it is in hand from now on."""
        if not self.is_due(identifier):
            return False
        is_first = identifier not in self.begun
        self.begun.add(identifier)
        self.skipped += not is_first
        return is_first

    def records(self, *required: str) -> Iterator[Record]:
        """Yield the records of the input that are due; `required` fields must be there."""
        assert self.input is not None
        seen = 0
        for number, line in self.progress(jsonl.numbered_lines(self.input), self._expected()):
            where = f"{self.input}:{number}"
            identifier = jsonl.record_id(line, where)
            if self.interrupted or (self.args.limit is not None and seen >= self.args.limit):
                break
            seen += 1
            if self.takes(identifier):
                self.read += 1
                yield jsonl.parse_record(line, where, required)

    def _expected(self) -> int | None:
        """Return the number of records in the input, counted only if a terminal shows the time left."""
        if self.input is None or not (sys.stderr.isatty() and self.input.is_file()):
            return None
        return min(sum(1 for _ in jsonl.numbered_lines(self.input)), self.args.limit or sys.maxsize)

    def progress(self, items: Any, total: int | None = None) -> Iterator[Any]:
        """Iterate over items with a progress bar on stderr, if that is a terminal."""
        global _bar
        self.bar = _bar = tqdm(items, total=total, desc=self.stage, unit="rec", file=sys.stderr, disable=not sys.stderr.isatty())
        return iter(self.bar)

    def write(self, record: Record) -> None:
        """Append a record to the output; it is in the file when this returns."""
        self._append(self.output, record)
        self.written += 1

    def reject(self, identifier: str, reject: Reject, **context: Any) -> None:
        """Append the id, reason and detail of a dropped record to the rejects."""
        self._append(self.rejects, {"id": identifier, "reason": reject.reason, "detail": reject.detail, **context})
        self.rejected += 1
        self.reasons[reject.reason] += 1
        self.examples.setdefault(reject.reason, f"{identifier}: {reject.detail}")

    def _append(self, path: Path, record: Record) -> None:
        self.done.add(record["id"])
        self.begun.discard(record["id"])
        try:
            line = jsonl.encode(record)
        except TypeError as error:
            raise UserError(f"{path}: record {record['id']} cannot be written as JSON: {error}") from None
        while self.stale:  # old records are removed only when there is one to replace them
            os.truncate(self.stale.pop(), 0)
        jsonl.append(self._files[path], path, line)

    def finish(self, **counts: Any) -> int:
        """Report the rejects, print the summary line, the last on stdout, and return the exit code."""
        if self.bar is not None:
            self.bar.close()
        jsonl.check_still_there(self._files[self.output], self.output)
        self._report_rejects()
        summary(self.stage, read=self.read, written=self.written, rejected=self.rejected, skipped=self.skipped,
                seconds=round(time.perf_counter() - self.started, 3), **counts)
        failed = self.reasons[INTERNAL_ERROR] or (not self.written and any(reason not in HARMLESS for reason in self.reasons))
        return EXIT_INTERRUPTED if self.interrupted else EXIT_FAILED if failed else EXIT_DONE

    def _report_rejects(self) -> None:
        """Say on the terminal what this run and earlier ones dropped, and why."""
        if self.reasons:
            nothing = "" if self.written else "; nothing else came through"
            say(f"{self.rejected} of {self.read} rejected{nothing} ({self.rejects}):\n{rejects_by_reason(self.reasons, self.examples)}")
        if self.skipped_rejects:
            again = "--retry-rejected asks for them again" if hasattr(self.args, "retry_rejected") else "--overwrite starts anew"
            say(f"{self.skipped_rejects} skipped that earlier runs rejected ({self.rejects}); {again}")
        if self.output in self.stale and self.output.stat().st_size:
            say(f"{self.output}: unchanged, as no new record replaces what is there")


def rejects_by_reason(reasons: Mapping[str, int], examples: Mapping[str, str]) -> str:
    """Return a line for each reason, the most frequent first, with an example cut to one line."""
    most_first = sorted(reasons, key=lambda reason: (-reasons[reason], reason))
    return "\n".join(f"  {reason} {reasons[reason]}, such as {' '.join(examples[reason].split())[:EXAMPLE]}" for reason in most_first)


# ---------------------------------------------------------------------------------------------------------------------------------
# start and end


def say(message: str) -> None:
    """Write a message to stderr, so that stdout stays data; control characters are shown as ?."""
    tqdm.write(CONTROLS.sub("?", message), file=sys.stderr)


def saves_what_is_done(in_place: bool = False) -> None:
    """Let a Ctrl-C say that what was done is saved, for a command that writes each result once it is there.

    in_place: a file for each, which --overwrite replaces one by one, so the command that goes on has it, too.
    """
    global _goes_on, _anew
    _goes_on, _anew = True, not in_place


def command(**changed: str) -> str:
    """Return the command that continues this run: its own, with `changed` options (`budget_usd="2"`).

    It is without --overwrite where results are saved, as that would remove them.
    """
    words = [word for word in sys.argv if not (_goes_on and _anew and word == "--overwrite")]
    for name, value in changed.items():
        flag = f"--{name.replace('_', '-')}"
        if flag in words:
            del words[words.index(flag): words.index(flag) + 2]
        words = [word for word in words if not word.startswith(f"{flag}=")] + [flag, value]
    return shlex.join(["python", *words])


def show(status: Callable[[], str]) -> None:
    """Put a status beside the progress bar; it is computed only if there is one."""
    if _bar is not None and not _bar.disable:
        _bar.set_postfix_str(status())


def summary(stage: str, **counts: Any) -> None:
    """Print the last line on stdout: one JSON object that says what a stage did."""
    print(orjson.dumps({"stage": stage, **counts}).decode(), flush=True)


def start(main: Callable[[], int]) -> NoReturn:
    """Run a stage's main and exit with its code; an error the user can fix is one line."""
    if signal.getsignal(signal.SIGINT) is common.leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = main()
    except SystemExit as end:  # of argparse
        code = end.code
    except (UserError, CatalogError) as error:
        say(f"error: {error}")
        code = EXIT_FAILED
    except KeyboardInterrupt:
        left = f"what was done is saved, and the same command goes on: {command()}" if _goes_on else "nothing was written, run it again"
        say(f"interrupted; {left}")
        code = EXIT_INTERRUPTED
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            say(f"error: {str(error.filename)[:EXAMPLE]}…: this name is longer than a file's can be; give a shorter one")
            code = EXIT_FAILED
        else:
            code = _stdout_lost(error)
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _stdout_lost(error)
    sys.exit(code)


def _stdout_lost(error: OSError) -> int:
    """Return the exit code where stdout takes no more, and say why, unless its reader is gone, as with `| head`. Raises other errors."""
    if not isinstance(error, BrokenPipeError):
        if not jsonl.is_full(error):
            raise error
        say(f"error: {jsonl.unwritable(Path(error.filename or 'stdout'), error)}")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes the rest when it ends
    return EXIT_FAILED
