"""Curves beside metrics.csv, for those who watch them: TensorBoard and Weights & Biases, both optional packages."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from common.jsonl import UserError


class Logs:
    """The loggers asked for. UserError in one line where their package is missing or cannot start.

    `steps_done` is where a resumed run goes on: what was drawn behind it is drawn again.
    """

    def __init__(self, folder: Path, tensorboard: bool, wandb: str | None, steps_done: int, settings: dict[str, Any]) -> None:
        self.board = self._tensorboard(folder, steps_done) if tensorboard else None
        self.wandb = self._wandb(folder, wandb, settings) if wandb else None

    @staticmethod
    def check(tensorboard: bool, wandb: str | None) -> None:
        """Raise UserError at once, not after the model was loaded, if a package is missing."""
        from importlib.util import find_spec

        for wanted, package in ((tensorboard, "tensorboard"), (wandb, "wandb")):
            if wanted and find_spec(package) is None:
                raise UserError(f"--{package} needs the package {package}: python -m pip install {package}")

    @staticmethod
    def _tensorboard(folder: Path, steps_done: int) -> Any:
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(str(folder / "tensorboard"), purge_step=steps_done + 1)

    @staticmethod
    def _wandb(folder: Path, project: str, settings: dict[str, Any]) -> Any:
        import wandb

        identifier = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]  # the same folder is the same run
        try:
            return wandb.init(project=project, name=folder.name, id=identifier, resume="allow", dir=str(folder), config=settings)
        except wandb.Error as error:
            raise UserError(f"--wandb: {' '.join(str(error).split())}; see `wandb login`, WANDB_API_KEY or WANDB_MODE=offline") from None

    def log(self, step: int, **figures: float) -> None:
        """Add the figures of a step."""
        if self.board is not None:
            for name, value in figures.items():
                self.board.add_scalar(name, value, step)
        if self.wandb is not None:
            self.wandb.log(figures, step=step)

    def close(self) -> None:
        """Write what is pending."""
        if self.board is not None:
            self.board.close()
        if self.wandb is not None:
            self.wandb.finish()
