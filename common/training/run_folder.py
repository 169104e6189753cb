"""The folder of a training run: what it is (run.json), what happened (metrics.csv, samples.jsonl), where it stands (checkpoints/), that it
is done (summary.json). It decides whether a command goes on with a run, has nothing left to do, or is about another run.

Files are deleted or replaced in a folder that holds a run of stage 07, and nowhere else.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from common import cli, jsonl, model
from common.jsonl import UserError
from common.training import checkpoint, data, devices

COLUMNS = ("step", "epoch", "loss", "validation_loss", "lr", "grad_norm", "tok_per_s", "supervised_tok_per_s", "mfu_4n", "mfu_6n",
           "memory_mib", "eta_s")

# What a run that starts from the beginning removes of the run before it.
RESULTS = ("checkpoints/*", "*.safetensors", "*.safetensors.index.json", "adapter_config.json", "config.json", "summary.json",
           "samples.jsonl", "rollouts.jsonl", "passes.jsonl", "rollouts/*")
# In a folder without a run, a file of such a name belongs to somebody else: a model, a dataset.
FOREIGN = (*RESULTS, "*.bin", "tokenizer*", "metrics.csv", "rejected.jsonl")


def refuse_foreign(path: Path, base: str) -> None:
    """Raise UserError for an output folder in which a run would damage what is not its own: `base`, its folder, or other files."""
    if base != "tiny":
        model.refuse_overlap("--output", path, "--model", base)
    if path.exists() and not path.is_dir():
        raise UserError(f"{path}: --output is a folder, and this is a file; name another --output")
    if (path / "run.json").exists():
        if not isinstance(jsonl.read_object(path / "run.json").get("plan"), dict):
            raise UserError(f"{path / 'run.json'} was not written by stage 07; name another --output")
        return
    found = sorted(str(file.relative_to(path)) for pattern in FOREIGN for file in path.glob(pattern))
    if found:
        raise UserError(f"{path} holds {found[0]} and no run of stage 07 (run.json); name another --output, its files would be replaced")


@contextmanager
def sole_run(path: Path) -> Iterator[None]:
    """Make a run's folder and keep other runs out of it. UserError if one is there; a file system without locks keeps nobody out."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        file = open(path / ".lock", "a")
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None
    with file:
        try:
            jsonl.lock(file, path)
        except OSError:
            cli.say(f"{path}: this file system has no locks; start no second run in this folder")
        yield


class RunFolder:
    """One run's folder. The first process reads and writes it.

    `plan` holds what decides the numbers of the run. UserError if the folder holds a run of another plan, unless it is begun `anew`.
    """

    def __init__(self, path: Path, plan: dict[str, Any], anew: bool) -> None:
        self.path, self.plan = path, plan
        self.last, self.best = (path / "checkpoints" / f"{name}.json" for name in ("last", "best"))
        self.step, self.seconds = 0, 0.0  # where the last checkpoint stands, and what was spent until then
        self.best_loss, self.validation_loss, self.is_validated = float("inf"), float("nan"), False  # until there, and there
        self.summary: dict[str, Any] | None = None
        if anew or not (path / "run.json").exists():
            return
        if self.last.exists():
            position = checkpoint.position(self.last)
            self.step, self.seconds = int(position["step"]), position.get("seconds", 0.0)
            self._read_losses()
        if (path / "summary.json").exists():
            self.summary = jsonl.read_object(path / "summary.json")
            if not self.last.exists():  # removed to save space: what is done stays done
                self.step, self.seconds = int(self.summary["steps"]), float("inf")
                cli.say(f"{path}: this run is done and its checkpoints are gone, so it cannot go on; --overwrite starts anew")
        self._check_plan()

    def _read_losses(self) -> None:
        """Take over the validation losses up to the last checkpoint. UserError if metrics.csv is gone or damaged."""
        try:
            losses = [row["validation_loss"] for row in self._rows()]
            known = [float(loss) for loss in losses if loss]
            if not losses:
                raise ValueError("it has no step")
        except (OSError, ValueError, KeyError, csv.Error) as error:
            raise UserError(f"{self.path / 'metrics.csv'}: gone or damaged ({error}), and the losses of the run are nowhere else; "
                            "put it back, take another --output, or start anew with --overwrite") from None
        self.best_loss, self.validation_loss = min(known, default=self.best_loss), (known or [self.validation_loss])[-1]
        self.is_validated = bool(losses[-1])

    def _check_plan(self) -> None:
        """Raise UserError for another plan; fewer steps are none, while they are not done: the rate falls to 0 sooner."""
        theirs = {"base_weights": self.plan.get("base_weights")}  # runs of earlier versions lack it
        theirs |= jsonl.read_object(self.path / "run.json").get("plan", {})
        if self.summary is None and self.step <= self.plan.get("steps", 0) < theirs.get("steps", 0):
            theirs["steps"] = self.plan["steps"]
        differing = [f"{key} {_short(theirs.get(key))} there, {_short(ours)} here"
                     for key, ours in self.plan.items() if theirs.get(key) != ours]
        if differing:
            raise UserError(f"{self.path} holds a run of another plan ({'; '.join(differing)}); take another --output, or --overwrite")

    def begin(self, args: argparse.Namespace, tokenizer: Any, rejected: list[dict[str, Any]]) -> None:
        """Write what stands before the first step."""
        files = {str(path): data.file_hash(path) for path in (args.input, args.validation) if path}
        settings = {key: str(value) for key, value in vars(args).items()}
        self.open(rejected, {"arguments": settings, "versions": devices.versions(), "sha256": files, **model.NO_PRIMER})
        model.save_tokenizer(tokenizer, self.path)
        model.note_prompt(self.path, args.input)

    def open(self, rejected: list[dict[str, Any]], about: dict[str, Any]) -> None:
        """Write what stands before the first step, and cut what a killed run logged beyond its last checkpoint."""
        rows = self._rows() if self.step else []
        (self.path / "summary.json").unlink(missing_ok=True)
        if not self.step:  # nothing of another run may survive where this one starts from the beginning
            for path in (path for pattern in RESULTS for path in self.path.glob(pattern)):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        jsonl.write_atomically(self.path / "run.json", orjson.dumps({"plan": self.plan, **about}, option=orjson.OPT_INDENT_2))
        jsonl.write_atomically(self.path / "rejected.jsonl", b"".join(map(jsonl.encode, rejected)))
        self._write(rows)
        validated = self.step if self.is_validated else self.step - 1
        for name, done in (("samples.jsonl", validated), ("passes.jsonl", validated), ("rollouts.jsonl", self.step)):
            if (self.path / name).exists():
                jsonl.repair_tail(self.path / name)
                kept = [line for line in jsonl.read(self.path / name, ("step",)) if line["step"] <= done]
                jsonl.write_atomically(self.path / name, b"".join(map(jsonl.encode, kept)))

    def _rows(self) -> list[dict[str, str]]:
        """Return the rows of metrics.csv up to the last checkpoint, without one that a killed run left half written."""
        with open(self.path / "metrics.csv", newline="") as file:
            return [row for row in csv.DictReader(file) if None not in row.values() and int(row["step"]) <= self.step]

    def _write(self, rows: list[dict[str, str]]) -> None:
        lines = [COLUMNS, *([row[column] for column in COLUMNS] for row in rows)]
        jsonl.write_atomically(self.path / "metrics.csv", "".join(",".join(line) + "\n" for line in lines).encode())

    def log(self, **figures: Any) -> None:
        """Append a row to metrics.csv; what is not given stays empty. Floats are written so that they read back equal."""
        self._append("metrics.csv", (",".join(str(figures.get(column, "")) for column in COLUMNS) + "\n").encode())

    def validated(self, step: int, loss: float) -> None:
        """Complete the row of the step behind which the last checkpoint was saved, and keep that as the best if it is."""
        if loss < self.best_loss:
            self.best_loss = loss
            checkpoint.also(self.last, self.best)
        self.step, self.validation_loss = step, loss
        rows = self._rows()
        rows[-1]["validation_loss"] = str(loss)
        self._write(rows)

    def sample(self, step: int, samples: list[dict[str, Any]]) -> None:
        """Append what the model wrote behind a step to samples.jsonl."""
        self.note("samples.jsonl", [{"id": sample["id"], "step": step, **sample} for sample in samples])

    def note(self, name: str, lines: list[dict[str, Any]]) -> None:
        """Append lines with their `step` to a file of the run."""
        self._append(name, b"".join(map(jsonl.encode, lines)))

    def _append(self, name: str, data: bytes) -> None:
        try:
            with open(self.path / name, "ab") as file:
                file.write(data)
        except OSError as error:
            raise UserError(f"{self.path / name}: cannot be written: {error.strerror}; the last checkpoint is intact, "
                            "and the same command goes on from it") from None

    def chosen(self, which: str) -> Path:
        """The checkpoint to export, "best" or "last"; without validation there is no best one."""
        return self.best if which == "best" and self.best.exists() else self.last

    def finish(self, summary: dict[str, Any]) -> None:
        """Mark the run as done: the same command then has nothing left to do."""
        self.summary = summary
        jsonl.write_atomically(self.path / "summary.json", orjson.dumps(summary, option=orjson.OPT_INDENT_2))


def _short(value: Any) -> Any:
    return f"{value[:8]}…" if isinstance(value, str) and len(value) == 64 else value  # a hash
