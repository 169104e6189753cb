"""Where the figures of a step go: metrics.csv, and for those who watch them TensorBoard and Weights & Biases, both optional packages.

Trackio has no logger for Lightning.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from typing import Any

from lightning.pytorch.loggers import Logger, TensorBoardLogger, WandbLogger

from common.jsonl import UserError
from common.training.run_folder import RunFolder


class MetricsFile(Logger):
    """metrics.csv of a run. Lightning's CSVLogger cannot cut what a killed run logged behind its last checkpoint."""

    name, version = "metrics", ""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self.folder = folder

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Append the row of a step."""
        self.folder.log(step=step, **metrics)

    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        """Do nothing: run.json holds them."""


def check(tensorboard: bool, wandb: str | None) -> None:
    """Raise UserError at once, not after the model was loaded, if a package is missing."""
    for wanted, package in ((tensorboard, "tensorboard"), (wandb, "wandb")):
        if wanted and find_spec(package) is None:
            raise UserError(f"--{package} needs the package {package}: python -m pip install {package}")


def loggers(folder: RunFolder, tensorboard: bool, wandb: str | None) -> list[Logger]:
    """Return the loggers asked for, metrics.csv first, for the first process. UserError in one line where one cannot start."""
    found: list[Logger] = [MetricsFile(folder)]
    if tensorboard:  # what was drawn behind the last checkpoint is drawn again
        found.append(TensorBoardLogger(folder.path, name="", version="tensorboard", purge_step=folder.step + 1))
    if wandb:
        identifier = hashlib.sha256(str(folder.path.resolve()).encode()).hexdigest()[:16]  # the same folder is the same run
        run = WandbLogger(folder.path.name, folder.path, identifier, project=wandb, config=folder.plan, resume="allow")
        try:
            run.experiment  # noqa: B018 (it is started when it is first read)
        except Exception as error:
            raise UserError(f"--wandb: {' '.join(str(error).split())}; see `wandb login`, WANDB_API_KEY or WANDB_MODE=offline") from None
        found.append(run)
    return found
