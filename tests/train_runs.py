"""Helpers of the tests of stage 07: its metrics, its command line, a stand-in for SIGKILL."""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path
from typing import Any

import synthetic

STAGE = synthetic.ROOT / "07_train.py"
EXACT = ("step", "loss", "validation_loss", "lr", "grad_norm")  # columns that a resumed run repeats bit by bit


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the stage handles it."""


def kill() -> None:
    """End a run as SIGKILL would."""
    raise Killed


def metrics(folder: Path) -> list[dict[str, str]]:
    """The rows of a run's metrics.csv."""
    with open(folder / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def exact(rows: list[dict[str, str]]) -> list[tuple[str, ...]]:
    """The figures that must be equal to the last bit."""
    return [tuple(row[column] for column in EXACT) for row in rows]


def command(data: Path, output: Path, *argv: Any, stage: Path = STAGE) -> list[str]:
    """The command line of a run of its own."""
    rows = () if "--reinforce" in argv else ("--rows", 4)
    return [sys.executable, str(stage), *map(str, ("--model", "tiny", "--input", data, "--output", output, "--context", 512, *rows,
                                                   "--validate-every", 3, "--save-every", 3, *argv))]


def wait_for_steps(folder: Path, steps: int, process: Any) -> None:
    """Until a process has logged so many steps."""
    while not (folder / "metrics.csv").exists() or len(metrics(folder)) < steps:
        assert process.poll() is None, "it ended before it could be stopped"
        time.sleep(0.02)
