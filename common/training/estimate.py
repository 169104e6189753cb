"""What a run would take, from a few of its steps: real rows, forward and backward, the optimizer; nothing is written.

    figures = estimate.measured(tuning, workflows)    # every process of the run calls it
    print(estimate.told(figures))
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer

from common import cli
from common.training import data, devices, launcher
from common.training.callbacks import AtSteps
from common.training.precision import trainable

# The first step also sets up kernels and the optimizer's state, and is not counted. Three more are, or as many as fit into some seconds.
STEPS, ENOUGH, SECONDS = 50, 3, 10.0
LONG = 60.0  # seconds after which one is enough


class Measurement(AtSteps):
    """Times steps and rows of the validation data, and notes what memory they take."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, float]] = []  # tokens and seconds of each
        self.validated: list[tuple[int, float]] = []  # of each row

    def on_fit_start(self, trainer: Trainer, module: Any) -> None:
        """Look at the clock and the memory before the first row."""
        self.begun = time.perf_counter()
        self.before = resident_memory()
        forget_peak()

    def on_validation_batch_start(self, trainer: Trainer, module: Any, part: Any, index: int, dataloader_idx: int = 0) -> None:
        """Start the clock of a row."""
        self.clock = now()

    def on_validation_batch_end(self, trainer: Trainer, module: Any, outputs: Any, part: Any, index: int, dataloader_idx: int = 0) -> None:
        """Stop it."""
        self.validated.append((sum(part.row.lengths), now() - self.clock))

    def on_step_end(self, trainer: Trainer, module: Any) -> None:
        """Note a step; stop behind the last one, without the validation that Lightning would do then."""
        self.steps.append((module.part.tokens, now() - module.clock))
        self.peak = peak_memory()
        counted, spent = len(self.steps) - 1, time.perf_counter() - self.begun
        enough = module.interrupted or (counted >= ENOUGH and spent > SECONDS) or (counted > 0 and spent > LONG)
        trainer.should_stop = trainer.strategy.reduce_boolean_decision(enough, all=False)  # the clocks of several processes differ
        if trainer.should_stop or len(self.steps) == STEPS:
            trainer.limit_val_batches = 0


def dry_run(tuning: Any, workflows: data.Workflows, started: float) -> int:
    """Measure a few steps, and say what the run would take; a run that was killed behind its last step has none left to measure."""
    if tuning.done >= tuning.total:
        if launcher.is_first():
            cli.say("all steps are done; without --dry-run the model is validated and exported")
            cli.summary("train", dry_run=True, steps=0)
        return cli.EXIT_DONE
    figures = measured(tuning, workflows)
    if launcher.is_first():
        cli.say(told(figures))
        cli.summary("train", dry_run=True, samples=len(workflows.data.train), validation=len(workflows.data.validation),
                    rejected=len(workflows.data.rejected), rows=workflows.plan.rows_per_epoch, **figures,
                    seconds=round(time.perf_counter() - started, 1))
    return cli.EXIT_INTERRUPTED if tuning.interrupted else cli.EXIT_DONE


def measured(tuning: Any, workflows: Any) -> dict[str, Any]:
    """Return what the rest of a run takes: its steps and tokens, parameters, bytes of memory and of a checkpoint, and seconds.

    Memory is that of the first process's device. `tuning` and `workflows` are stage 07's modules. Not in the seconds: loading, the copying
    drill, sampled answers, checkpoints.
    """
    args, plan, validation = tuning.args, workflows.plan, workflows.validation
    measurement, world = Measurement(), args.devices * args.nodes
    left, validations = tuning.total - tuning.done, (tuning.total - tuning.done) // args.validate_every if validation else 0
    limit = tuning.limit - tuning.seconds
    args.validate_every = tuning.total  # none in between
    trainer = devices.trainer(
        args, max_steps=min(STEPS, left), accumulate_grad_batches=data.rounds(plan, world), callbacks=[measurement], logger=False,
        limit_val_batches=1.0 if validation else 0, num_sanity_val_steps=2)
    trainer.fit(tuning, datamodule=workflows)

    parameters = list(tuning.objective.model.parameters())
    trained = list(trainable(tuning.objective.model).values())
    moments = [value for state in trainer.optimizers[0].state.values() for value in state.values() if value.dim()]
    counted = measurement.steps[1:] or measurement.steps
    tokens, seconds = (sum(values) for values in zip(*counted, strict=True))
    run_tokens = round(len(plan.samples.tokens) * left / plan.steps_per_epoch)
    memory = {"weights": held(list({*parameters, *trained})), "gradients": held(trained), "optimizer": held(moments)}
    figures = {
        "steps": left, "tokens": run_tokens, "parameters": sum(map(torch.Tensor.numel, parameters)),
        "trained": sum(map(torch.Tensor.numel, trained)), **{f"{name}_bytes": size for name, size in memory.items()},
        "activation_bytes": max(0, measurement.peak - measurement.before - memory["gradients"] - memory["optimizer"]),
        "peak_bytes": measurement.peak, "checkpoint_bytes": 3 * sum(each.numel() * each.element_size() for each in trained),
        "measured_steps": len(counted), "step_seconds": seconds / len(counted), "tok_per_s": tokens / seconds,
        "run_seconds": run_tokens * seconds / tokens}
    if measurement.validated:
        validated, spent = measurement.validated[-1]
        figures["run_seconds"] += validations * len(validation.samples.tokens) / world * spent / validated
    if args.max_minutes:
        figures |= {"max_minutes": args.max_minutes, "steps_in_time": int(left * min(1.0, max(0.0, limit) / figures["run_seconds"]))}
    return {name: value if isinstance(value, int) else round(value, 3) for name, value in figures.items()}


def told(figures: dict[str, Any]) -> str:
    """Return the figures as lines for a person."""
    steps, in_time = figures["steps"], figures.get("steps_in_time", figures["steps"])
    size = {name.removesuffix("_bytes"): gigabytes(value) for name, value in figures.items() if name.endswith("_bytes")}
    return "\n".join([
        f"{figures['parameters']:,} parameters, {figures['trained']:,} of them trained; a checkpoint takes {size['checkpoint']}",
        f"memory of the first device: {size['peak']} at most; weights {size['weights']}, gradients {size['gradients']}, optimizer "
        f"{size['optimizer']}, activations {size['activation']}",
        f"{figures['step_seconds']:.3g} s a step and {figures['tok_per_s']:,.0f} tokens a second, by {figures['measured_steps']} steps",
        f"{steps:,} steps over {figures['tokens']:,} tokens would take {timedelta(seconds=round(figures['run_seconds']))}",
        *([f"--max-minutes {figures['max_minutes']:g} ends it after some {in_time:,} steps"] if in_time < steps else [])])


def gigabytes(count: float) -> str:
    """Bytes in GB, or in MB below a tenth of one."""
    return f"{count / 1e9:.2f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


# ---------------------------------------------------------------------------------------------------------------------------------
# time and memory of a device


def now() -> float:
    """Seconds, when all that was begun on a GPU is done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def held(tensors: list[torch.Tensor]) -> int:
    """Bytes of tensors on this device: of a sharded one, its part."""
    parts = [tensor.to_local() if hasattr(tensor, "to_local") else tensor for tensor in tensors]
    return sum(part.numel() * part.element_size() for part in parts)


def resident_memory() -> int:
    """Bytes that are taken now: of the GPU if there is one, else by this process."""
    return torch.cuda.memory_allocated() if torch.cuda.is_available() else _status("VmRSS")


def peak_memory() -> int:
    """The most bytes that were taken since `forget_peak`."""
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else _status("VmHWM")


def forget_peak() -> None:
    """Begin to watch the peak from here; where Linux does not let a process do that, it stays that of the whole process."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    else:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")


def _status(name: str) -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024
