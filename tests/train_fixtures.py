"""What the tests of stage 07 share: a very small model, twenty records, and the stage run in this process."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
import synthetic
from train_runs import metrics

from common import model


@pytest.fixture(scope="session")
def train(load_stage):
    """07_train.py as a module."""
    return load_stage("07")


@pytest.fixture
def very_small(monkeypatch) -> None:
    """Two layers of width 32: the tests are about the machinery."""
    monkeypatch.setattr(model, "TINY_SHAPE", dict(synthetic.SHAPE))  # a test may change it


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """Twenty records."""
    return synthetic.write(tmp_path_factory.mktemp("data") / "train.jsonl", synthetic.records(20))


def flags(records: Path, base: str | Path, output: Path, *argv: Any) -> list[str]:
    """The flags that all runs are started with, and those of one."""
    rows = [] if "--reinforce" in argv else ["--rows", 2]  # there a step has as many as its answers take
    return [str(part) for part in ("--input", records, "--model", base, "--output", output, "--context", 512, "--steps", 12, *rows,
                                   "--save-every", 5, "--validate-every", 4, "--precision", "fp32", *argv)]


@pytest.fixture
def run(train, very_small, data, tmp_path, capfd):
    """Run the stage in this process: run("name", "--steps", 12) -> (exit code, summary, rows of metrics.csv)."""

    def go(name: str, *argv: Any, records: Path = data, base: str | Path = "tiny") -> tuple[int, dict[str, Any], list[dict[str, str]]]:
        capfd.readouterr()
        code = train.main(train.arguments(flags(records, base, tmp_path / name, *argv)))
        lines = capfd.readouterr().out.splitlines()
        return code, orjson.loads(lines[-1]) if lines else {}, metrics(tmp_path / name)

    return go


@pytest.fixture(scope="session")
def trained(train, data, tmp_path_factory) -> Path:
    """The folder of a run of two steps."""
    folder = tmp_path_factory.mktemp("trained") / "base"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "TINY_SHAPE", synthetic.SHAPE)
        assert train.main(train.arguments(flags(data, "tiny", folder, "--steps", 2))) == 0
    return folder


@pytest.fixture
def base(trained, tmp_path) -> Path:
    """A model to put LoRA on, which the test may change."""
    return shutil.copytree(trained, tmp_path / "base")


@pytest.fixture
def at_step(train, monkeypatch):
    """Do something when the stage has logged a step, the first time."""

    def arrange(step: int, action) -> None:
        log, pending = train.RunFolder.log, [action]

        def logged(self, **figures):
            log(self, **figures)
            if figures["step"] == step and pending:
                pending.pop()()

        monkeypatch.setattr(train.RunFolder, "log", logged)

    yield arrange
    train.Stop.wanted = False
