"""What happens around the steps of a run, as Lightning's callbacks: figures, samples, checkpoints, stopping, progress."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from tqdm import tqdm

from common import cli
from common.packing import Plan
from common.training import checkpoint, devices, flops, generations
from common.training.launcher import Stop
from common.training.run_folder import RunFolder

QUIET = 30.0  # seconds between two lines of progress in a log


class AtSteps(Callback):
    """A callback of optimizer steps: a batch of Lightning's is a row here, and several make a step."""

    def on_train_batch_end(self, trainer: Trainer, module: Any, outputs: Any, part: Any, index: int) -> None:
        """Call `on_step_end` behind the last row of a step."""
        if (index + 1) % trainer.accumulate_grad_batches == 0:
            self.on_step_end(trainer, module)

    def on_step_end(self, trainer: Trainer, module: Any) -> None:
        """Do what is due when `module.step` steps are done."""


class Throughput(AtSteps):
    """Logs the figures of each step, with its speed, its MFU, the memory and the time left."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.tokens, self.seconds, self.steps = plan, 0, 0.0, 0

    def on_fit_start(self, trainer: Trainer, module: Any) -> None:
        """Count the work of a token."""
        self.work = flops.Work.of(module.objective.model)

    def on_step_end(self, trainer: Trainer, module: Any) -> None:
        """Measure and log; validation and checkpoints are not counted."""
        tokens, supervised, seconds = module.part.tokens, module.part.supervised, time.perf_counter() - module.clock
        self.tokens, self.seconds, self.steps = self.tokens + tokens, self.seconds + seconds, self.steps + 1
        module.figures |= {
            "epoch": round(module.step / self.plan.steps_per_epoch, 4), "tok_per_s": round(tokens / seconds),
            "supervised_tok_per_s": round(supervised / seconds), "memory_mib": devices.peak_memory(),
            **self.utilisation(trainer, module, seconds),
            "eta_s": round(min((module.total - module.step) * self.seconds / self.steps, max(0.0, module.limit - module.seconds)), 1)}
        for logger in trainer.loggers:
            logger.log_metrics(module.figures, module.step)

    def utilisation(self, trainer: Trainer, module: Any, seconds: float) -> dict[str, float]:
        """MFU of the step in both conventions, where arithmetic is in 16 bits and the GPU's peak is known."""
        if module.device.type != "cuda" or module.args.precision == "fp32":
            return {}
        lengths = [self.plan.lengths[sample] for row in self.plan.step_rows(module.step - 1) for sample in row]
        name = torch.cuda.get_device_name(module.device)
        return flops.utilisation(self.work, lengths, module.part.supervised, seconds, trainer.world_size, name)


class Samples(Callback):
    """Has the model answer a few validation prompts behind each validation, for a person to read."""

    def __init__(self, folder: RunFolder, tokenizer: Any, asked: list[dict[str, Any]]) -> None:
        self.folder, self.tokenizer, self.asked = folder, tokenizer, asked

    def on_validation_end(self, trainer: Trainer, module: Any) -> None:
        """Ask, and write samples.jsonl."""
        written = generations.answers(self.tokenizer, self.asked, module.objective, trainer.global_rank, trainer.world_size)
        if trainer.is_global_zero:
            self.folder.sample(module.step, written)
            cli.say(generations.summed_up(written))


class Checkpoints(AtSteps):
    """Saves what a run goes on from, first of all at a step's end, and then names the best one behind each validation."""

    def __init__(self, folder: RunFolder, args: argparse.Namespace, begin: Callable[[], None]) -> None:
        self.folder, self.args, self.begin, self.saved = folder, args, begin, folder.seconds

    def on_fit_start(self, trainer: Trainer, module: Any) -> None:
        """Put the last checkpoint in place; the model is loaded: only now may an old run go."""
        if trainer.is_global_zero:
            self.begin()
        if self.folder.step:
            checkpoint.restore(self.folder.last, module.objective.model, trainer.optimizers[0])
            trainer.precision_plugin.load_state_dict(checkpoint.position(self.folder.last))

    def on_step_end(self, trainer: Trainer, module: Any) -> None:
        """Save where it is due, and before each validation."""
        every, minutes = self.args.save_every, self.args.save_minutes
        due = (every and module.step % every == 0) or (minutes and module.seconds - self.saved >= 60 * minutes)
        if due or module.interrupted or module.is_over or module.step == module.stretch.stop:
            self.saved = module.seconds
            position = {"step": module.step, "seconds": round(module.seconds, 3), **trainer.precision_plugin.state_dict()}
            checkpoint.save(self.folder.last, module.objective.model, trainer.optimizers[0], position, trainer.is_global_zero)

    def on_validation_end(self, trainer: Trainer, module: Any) -> None:
        """Note the loss, after which this step is done."""
        if trainer.is_global_zero:
            self.folder.validated(module.step, module.validation_loss)
            for logger in trainer.loggers[1:]:  # behind metrics.csv, which has it
                logger.log_metrics({"validation_loss": module.validation_loss}, module.step)


class StopAndRequeue(AtSteps):
    """Ends a run that was asked to stop, and puts a SLURM job that was warned back into the queue: it goes on when its turn comes."""

    def on_sanity_check_start(self, trainer: Trainer, module: Any) -> None:
        """Take the signals again: Lightning has handlers of its own, which end a run without saving."""
        Stop.on_signals()

    def on_train_start(self, trainer: Trainer, module: Any) -> None:
        """Take the signals again."""
        Stop.on_signals()

    def on_step_end(self, trainer: Trainer, module: Any) -> None:
        """Stop behind this step. Out of time, it is validated first; otherwise that is left to the run that goes on."""
        trainer.should_stop = module.interrupted or module.is_over
        if module.interrupted and not module.is_over:
            trainer.limit_val_batches = 0

    def on_train_end(self, trainer: Trainer, module: Any) -> None:
        """Say where the run stands."""
        if not trainer.is_global_zero or module.step == module.total:
            return
        if module.is_over:
            cli.say(f"ended after step {module.step} of {module.total} by --max-minutes, with what was learned until then")
            return
        cli.say(f"stopped after step {module.step} of {module.total}, saved; the same command goes on from there")
        if module.requeue and "SLURM_STEP_ID" in os.environ:
            array = os.environ.get("SLURM_ARRAY_JOB_ID")
            job = f"{array}_{os.environ['SLURM_ARRAY_TASK_ID']}" if array else os.environ["SLURM_JOB_ID"]
            subprocess.run(["scontrol", "requeue", job], check=False)


class Progress(AtSteps):
    """A bar on a terminal; in a log, a line at the first step and twice a minute."""

    def on_fit_start(self, trainer: Trainer, module: Any) -> None:
        """Begin where the run goes on."""
        hidden = not (trainer.is_global_zero and sys.stderr.isatty())
        self.bar = tqdm(total=module.total, initial=module.step, desc="train", unit="step", file=sys.stderr, disable=hidden)
        self.said = -QUIET

    def on_step_end(self, trainer: Trainer, module: Any) -> None:
        """Show the step."""
        loss, speed, left = (module.figures[name] for name in ("loss", "tok_per_s", "eta_s"))
        self.bar.set_postfix_str(f"loss {loss:.3f}, {speed:,} tok/s")
        self.bar.update()
        if self.bar.disable and trainer.is_global_zero and time.monotonic() - self.said >= QUIET:
            self.said = time.monotonic()
            cli.say(f"step {module.step} of {module.total}: loss {loss:.3f}, {speed:,} tok/s, {tqdm.format_interval(left)} left")

    def on_validation_end(self, trainer: Trainer, module: Any) -> None:
        """Say the loss."""
        if trainer.is_global_zero:
            cli.say(f"step {module.step} of {module.total}: validation loss {module.validation_loss:.4f}")

    def on_train_end(self, trainer: Trainer, module: Any) -> None:
        """Leave the terminal's last line."""
        self.bar.close()

    def on_exception(self, trainer: Trainer, module: Any, exception: BaseException) -> None:
        """Leave the terminal's last line, if it came so far."""
        if hasattr(self, "bar"):
            self.bar.close()
