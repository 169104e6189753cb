"""What a run says before its first step; and where the figures of a step go: metrics.csv, and for those who watch them TensorBoard and
Weights & Biases, both optional packages.

Trackio has no logger for Lightning.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from typing import Any

from lightning.pytorch.loggers import Logger, TensorBoardLogger, WandbLogger

from common import cli
from common.jsonl import UserError
from common.packing import Plan
from common.training import presets
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


def announce(folder: RunFolder, plan: Plan, tuning: Any, rejected: int, remarks: list[str]) -> None:
    """Say what is going to happen; `tuning` is the FineTuning of stage 07, `rejected` a number of samples."""
    args, world = tuning.args, tuning.args.devices * tuning.args.nodes
    if said := presets.told(args.chosen, args):
        cli.say(said)
    fill = len(plan.samples.tokens) / plan.rows_per_epoch / plan.capacity
    idle = -plan.rows_per_step % world
    advice = f"; {idle} of {world} devices idle at the end of each step, not with --rows {plan.rows_per_step + idle}" if idle else ""
    rows = f"; {args.group} answers each to {args.prompts} a step" if args.reinforce else \
        f" in {plan.rows_per_epoch} rows of {plan.capacity} tokens, {fill:.0%} full"
    cli.say(f"{len(plan.samples)} samples ({rejected} rejected){rows}; {tuning.total} steps of {plan.rows_per_step} rows, "
            f"{plan.steps_per_epoch} an epoch{advice}")
    for remark in remarks:
        cli.say(f"{args.model}: {remark}")
    if args.max_minutes:
        cli.say(f"--max-minutes {args.max_minutes:g}: the rate follows the clock, so a run that is killed goes on, but with other numbers")
    if folder.step:
        cli.say(f"going on after step {folder.step}")
