#!/usr/bin/env python3
#SBATCH --job-name=train
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=8
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=8
#SBATCH --time=24:00:00
#SBATCH --signal=SIGUSR1@600
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=train-%j.log
"""Fine-tune a language model on chat records: a tiny one on a laptop, Llama 3.1 8B with LoRA on one GPU, eight, or many nodes.

Reads    data/bench/train.jsonl: records with `messages`; a small seeded share of them is held out for validation
Writes   runs/<model>/: the adapter (PEFT layout) or the whole model, the tokenizer with its chat template, metrics.csv, run.json,
         prompt.json (05 and 08 read there that it needs no primer), rejected.jsonl (samples that do not fit the context, never cut),
         checkpoints/ with the last and the best, summary.json; samples.jsonl with --sample-generations

    python 07_train.py --model tiny                                # a minute on two CPU cores
    python 07_train.py --model meta-llama/Llama-3.1-8B             # the paper's settings, with LoRA, on the GPUs there are
    torchrun --nproc-per-node 8 07_train.py                        # the same by hand; several nodes as torchrun has it
    sbatch --nodes=4 07_train.py --strategy hsdp                   # 32 GPUs; saves and requeues itself when its time is up
    python 07_train.py --reinforce --model runs/tiny               # and then from what its own programs do (docs/reinforce.md)
    python 07_train.py --model meta-llama/Llama-3.1-8B --dry-run   # what that would take, by a few measured steps
    python 07_train.py --output runs/Llama-3.1-8B --merge merged   # one folder without an adapter, for any server
    python 07_train.py --output runs/Llama-3.1-8B --push me/mine   # the adapter on a hub, with a card

The loss is on the answers only, packed samples do not see each other, and every step is a function of the seed and its number: the same
command goes on where a killed run stopped, and ends with the same numbers.
"""

# ruff: noqa: E402
# (the command line is read before torch is imported, so that --help answers at once)
from __future__ import annotations

import os
import re
import subprocess
import sys


def relaunch_under_srun() -> None:
    """In a SLURM job but not yet in a step of it, and not by torchrun: start this file once per task.

    sbatch runs one copy of the script, from its spool folder; the path that was submitted is known to scontrol only.
    """
    job, copied = os.environ.get("SLURM_JOB_ID"), os.path.basename(sys.argv[0]) == "slurm_script"
    started = {"SLURM_STEP_ID", "TORCHELASTIC_RUN_ID"} & set(os.environ)
    if job is None or started or not (copied or int(os.environ.get("SLURM_NTASKS", 1)) > 1):
        return
    script = sys.argv[0]
    if copied:
        shown = subprocess.run(["scontrol", "show", "job", job], capture_output=True, text=True, check=True).stdout
        script = re.search(r"^\s*Command=(.+)$", shown, re.M)[1].removesuffix(" " + " ".join(sys.argv[1:])).strip()
    # srun does not take --cpus-per-task over from the job
    command = ["srun", "--kill-on-bad-exit=1", f"--cpus-per-task={os.environ.get('SLURM_CPUS_PER_TASK', 1)}"]
    os.execvp("srun", [*command, sys.executable, "-u", script, *sys.argv[1:]])


if __name__ == "__main__":
    relaunch_under_srun()

import common  # noqa: F401  # isort: skip  (first: from here on Ctrl-C ends in one line)
import argparse
import functools
import time
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from common import chat, cli, hub
from common.jsonl import UserError
from common.training import launcher, presets
from common.training.launcher import Stop

# ---------------------------------------------------------------------------------------------------------------------------------
# the command line


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; what is not given is the paper's setting, or the tiny model's."""
    parser = cli.parser(__doc__, input="data/bench/train.jsonl")
    add = parser.files.add_argument
    add("--validation", type=Path, metavar="FILE", help="records to validate on (default: a share of the input)")
    add("--validation-share", type=cli.share, default=0.02, metavar="X", help="share of the input that is held out (default: %(default)s)")
    add("--token-cache", type=Path, metavar="DIR", help="keeps what was tokenised, by hashes (default: .tokens beside the output)")
    add("--output", type=Path, metavar="DIR", help="(default: runs/<model>)")
    add("--overwrite", action="store_true", help="start anew, removing the run that is there")
    add("--merge", type=Path, metavar="DIR", help="instead of training: merge the adapter of --output into its base, check the logits")
    add("--export-now", action="store_true", help="instead of training: export the last or best checkpoint of a run that was stopped")
    add("--push", metavar="OWNER/NAME",
        help="instead of training: put the model of --output on a hub with a card, or with --merge the merged one; by HF_TOKEN, private")
    add("--public", action="store_true", help="let all see what --push puts there")
    add("--scores", type=Path, default=Path("data/eval/scores.json"), metavar="FILE",
        help="what stage 08 found, for the card of --push if it has scored this model (default: %(default)s)")
    add_model(parser)
    add_training(parser)
    add_run(parser)
    return checked(parser, parser.parse_args(argv))


def add_model(parser: cli.Parser) -> None:
    """Add the flags of the model: what of it is trained, and how it computes."""
    add = parser.model.add_argument
    add("--model", default="meta-llama/Llama-3.1-8B", metavar="NAME",
        help="owner/name or owner/name@revision on the hub, a folder, or `tiny`: built and trained from nothing (default: %(default)s)")
    add("--thinking", choices=(chat.ON, chat.OFF), help="on: prompts let the model think first; off: they have it answer at once (default: "
        "off, as the answers hold no thoughts)")
    add("--copy-drill", type=cli.count, default=0, metavar="N",
        help="for `tiny`: teach it to copy first, in at most N steps of a tenth of a second; 3000 are enough (default: none)")
    add("--lora-rank", type=cli.count, metavar="N", help="0 trains the whole model (default: 16, tiny: 0)")
    add("--lora-alpha", type=cli.positive, default=32.0, metavar="X", help="(default: %(default)s)")
    add("--lora-dropout", type=cli.share, default=None, metavar="X", help="(default: 0)")
    add("--lora-targets", type=presets.names, default="all-linear", metavar="A,B", help="modules, as q_proj,v_proj (default: all-linear)")
    add("--rslora", action="store_true", help="scale adapters by the root of the rank")
    add("--dora", action="store_true", help="learn magnitude and direction apart")
    add("--quantize", action="store_true", help="QLoRA: the frozen weights in 4 bits; one GPU, needs the package bitsandbytes")
    add("--precision", choices=("fp32", "bf16", "fp16"), help="of the arithmetic; what is trained stays in fp32, fp16 is for a GPU without "
        "bf16 " + presets.default("precision"))
    add("--attention", metavar="NAME",
        help="packed: sample by sample; varlen: PyTorch's own flash kernel, on GPUs; or a back-end of transformers, such as "
        "flash_attention_2 (default: packed, or what the model needs)")
    add("--activation-checkpointing", choices=("none", "selective", "full"),
        help="what the backward pass computes again: nothing, all but matrix products and attention, or all "
        + presets.default("activation_checkpointing"))
    add("--compile", action="store_true", help="compile the layers with torch.compile: a minute more at the start")
    add("--neftune", type=cli.amount, default=0.0, metavar="X", help="strength of noise on the embeddings; 5 is usual (default: none)")


def add_training(parser: cli.Parser) -> None:
    """Add the flags of the samples and the steps."""
    add = parser.task.add_argument
    add("--context", type=cli.positive_int, metavar="N", help="longest sample in tokens; others are rejected " + presets.default("context"))
    add("--row-tokens", type=cli.positive_int, metavar="N",
        help="tokens of a packed row, computed in one pass: more is faster for a small model, if memory holds it (default: the context)")
    add("--lr", type=cli.positive, metavar="X", help="peak learning rate of AdamW " + presets.default("lr"))
    add("--epochs", type=cli.positive, metavar="X", help="rounds through the data " + presets.default("epochs"))
    add("--steps", type=cli.positive_int, metavar="N", help="optimizer steps, instead of --epochs; fewer may do on going on (tiny: 200)")
    add("--max-minutes", type=cli.positive, metavar="X", help="end by then, with a result: the rate falls to 0 with the time that is left")
    add("--batch-size", type=cli.positive_int, metavar="N", help="samples of a step, on average " + presets.default("batch_size"))
    add("--rows", type=cli.positive_int, metavar="N", help="packed rows of a step, instead of --batch-size")
    add("--warmup", type=cli.share, default=0.1, metavar="X", help="share of the steps in which the rate rises, then falls (default: 0.1)")
    add("--weight-decay", type=cli.amount, default=0.0, metavar="X", help="(default: %(default)s)")
    add("--clip", type=cli.positive, metavar="X", help="largest norm of the gradient " + presets.default("clip"))
    add("--seed", type=cli.seed, default=0, metavar="N", help="(default: %(default)s)")
    parser.set_defaults(**presets.REINFORCING)
    add("--reinforce", action="store_true", help="learn from the model's own answers, by what their programs do; see docs/reinforce.md")
    add("--prompts", type=cli.positive_int, metavar="N", help="of a step of --reinforce (default: %(default)s)")
    add("--group", type=cli.positive_int, metavar="N", help="answers to each, at least 2 (default: %(default)s)")
    add("--max-new-tokens", type=cli.positive_int, metavar="N", help="longest answer in tokens (default: %(default)s)")
    add("--temperature", type=cli.positive, metavar="T", help="at which answers are drawn, and learned from (default: %(default)s)")
    add("--grammar", action="store_true", help="hold the answers to the grammar of the APIs that they are given")
    add("--rollouts", metavar="URL", help="a vLLM server that writes the answers; it is given the adapter anew at each step")


def add_run(parser: cli.Parser) -> None:
    """Add the arguments that change no loss: what a run writes when, and where it computes."""
    add = parser.machine.add_argument
    add("--devices", type=cli.positive_int, metavar="N", help="per node (default: SLURM's tasks per node, else all GPUs, else 1 CPU)")
    add("--nodes", type=cli.positive_int, metavar="N", help="(default: SLURM's, else 1)")
    add("--strategy", choices=("auto", "single", "fsdp", "hsdp"), default="auto",
        help="hsdp shards within a node and replicates over nodes (default: fsdp if there is more than one device)")
    add = parser.task.add_argument
    add("--save-every", type=cli.positive_int, metavar="N", help="steps from checkpoint to checkpoint " + presets.default("save_every"))
    add("--save-minutes", type=cli.positive, metavar="X", help="minutes from checkpoint to checkpoint " + presets.default("save_minutes"))
    add("--validate-every", type=cli.positive_int, metavar="N", help="steps from validation to validation (default: a tenth of the run)")
    add("--sample-generations", type=cli.count, metavar="N", help="answers to N prompts at each validation (default: with --reinforce 16)")
    add("--tensorboard", action="store_true", help="curves for TensorBoard, too; needs the package tensorboard")
    add("--wandb", metavar="PROJECT", help="curves for Weights & Biases, too; needs the package wandb")
    add("--dry-run", action="store_true", help="instead of training: measure a few steps, and say what the run would take")
    add("--export", choices=("best", "last"), help="best by validation loss, or last (default: best; with --reinforce last)")


def checked(parser: cli.Parser, args: argparse.Namespace) -> argparse.Namespace:
    """Fill in what was not given, and refuse what does not go together."""
    args.chosen = presets.fill(args)
    args.row_tokens, args.export = args.row_tokens or args.context, args.export or ("last" if args.reinforce else "best")
    parser.refuse(
        *presets.without_effect(args),
        *(presets.reinforced(args) if args.reinforce else ()),
        (args.model == "tiny" and args.lora_rank,
         "--lora-rank: the tiny model starts from nothing, and LoRA on random weights teaches nothing; leave it away"),
        (args.copy_drill and args.model != "tiny", "--copy-drill is for --model tiny: others have learned to copy"),
        (args.quantize and not args.lora_rank, "--quantize: weights in 4 bits can only be frozen; give a --lora-rank"),
        (args.row_tokens < args.context,
         f"--row-tokens {args.row_tokens}: a row holds samples whole, so at least --context {args.context}"),
    )
    args.output = args.output or Path("runs") / (Path(hub.split(args.model)[0]).name + "-reinforced" * args.reinforce)
    args.token_cache = args.token_cache or args.output.parent / ".tokens"
    return args


if __name__ == "__main__":
    ARGUMENTS = arguments()
    cli.saves_what_is_done()
    Stop.on_signals()  # before the imports, which take seconds: a stop in them is a stop before the first step
    if not (ARGUMENTS.merge or ARGUMENTS.push or ARGUMENTS.export_now) and launcher.must_start_ranks(ARGUMENTS):
        cli.start(functools.partial(launcher.run_ranks, launcher.devices_here(ARGUMENTS)))

import lightning
import numpy as np
import torch
import torch.distributed as dist

from common import model
from common.training import after, callbacks, checkpoint, data, devices, estimate, logs, network, precision, reinforcement
from common.training.data import Part, Workflows, training_data
from common.training.export import export
from common.training.loss import AnswerLoss
from common.training.run_folder import RunFolder, refuse_foreign, sole_run

# ---------------------------------------------------------------------------------------------------------------------------------
# training


def learning_rate(step: int, total: int, warmup: float, peak: float, spent: float = 0.0) -> float:
    """Linear: up to the peak over the first `warmup` share of the steps, then down to 0 behind the last. Steps count from 0.

    `spent` is the share of the time limit that is over; where it is further than the steps are, it counts in their place.
    """
    rising = round(warmup * total)
    risen = max((step + 1) / (rising + 1), spent / warmup if warmup else 1.0)
    return peak * max(0.0, min(1.0, risen, (total - step) / max(1, total - rising), (1 - spent) / (1 - warmup) if warmup < 1 else 1.0))


class FineTuning(lightning.LightningModule):
    """The loss of a row and the update of a step. Lightning accumulates the rows of a step; its epoch ends at each validation.

    So a run goes on from the number of a step alone: `done` steps and `seconds` are what earlier runs of it have done and spent.
    """

    def __init__(self, args: argparse.Namespace, total: int, whole: Callable[[], Any], skeleton: Callable[[], Any],
                 done: int = 0, seconds: float = 0.0) -> None:
        super().__init__()
        self.args, self.total, self.whole, self.skeleton, self.done = args, total, whole, skeleton, done
        self.seconds, self.begun = seconds, time.monotonic() - seconds
        self.limit = 60 * args.max_minutes if args.max_minutes else float("inf")
        self.objective: AnswerLoss | None = None
        self.stretch = range(done, done)
        self.interrupted = self.requeue = False
        self.figures: dict[str, float] = {}
        self.validation_loss = float("nan")

    @property
    def step(self) -> int:
        """Optimizer steps done."""
        return self.done + self.trainer.global_step

    @property
    def is_over(self) -> bool:
        """True behind the last step, or when --max-minutes are spent."""
        return self.step == self.total or self.seconds >= self.limit

    def configure_model(self) -> None:
        """Load the model in the first process, and put it on all devices."""
        if self.objective is None:  # Lightning calls this twice under some strategies
            whole = network.made(self.whole, self.args, is_new=not self.done) if self.trainer.is_global_zero else None
            self.objective = network.placed(whole, self.skeleton, self.args, self.device_mesh, self.trainer.strategy.root_device)

    def configure_optimizers(self) -> dict[str, Any]:
        """AdamW over what is trained, and the rate of each step."""
        parameters = list(checkpoint.trainable(self.objective.model).values())
        fused = parameters[0].is_cuda and self.args.precision != "fp16"  # Lightning does not clip where a fused step undoes the scaling
        optimizer = torch.optim.AdamW(parameters, lr=self.args.lr, weight_decay=self.args.weight_decay, fused=fused)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self.share_of_rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def share_of_rate(self, steps: int) -> float:
        """The rate of a step of this process as a share of its peak; with --max-minutes it rises and falls with what is over first."""
        return learning_rate(self.done + steps, self.total, self.args.warmup, 1.0, self.seconds / self.limit)

    def begin_stretch(self) -> range:
        """The steps until the next validation, or until the end."""
        every = self.args.validate_every if self.trainer.limit_val_batches else self.total
        self.stretch = range(self.step, min(self.total, (self.step // every + 1) * every))
        return self.stretch

    def on_train_epoch_start(self) -> None:
        """Start the clock and the sum of a step's loss."""
        self.clock, self.loss = time.perf_counter(), torch.zeros((), device=self.device)

    def training_step(self, part: Part, index: int) -> torch.Tensor:
        """The loss of a row, scaled so that a step's gradient is that of the mean over its supervised tokens."""
        self.part = part
        # dropout is a function of the row, whichever rank computes it and whatever ran before
        torch.manual_seed(zlib.crc32(f"{self.args.seed}/{part.step}/{part.number}".encode()))
        summed = self.objective(part.row)
        self.loss += summed.detach()
        # FSDP averages over the ranks, and Lightning over the rows
        return summed * (self.trainer.world_size * self.trainer.accumulate_grad_batches / part.supervised)

    def configure_gradient_clipping(self, optimizer: torch.optim.Optimizer, *_: Any, **__: Any) -> None:
        """Clip, and look at the step's figures before it touches a weight; all ranks see the same and take the same turns."""
        parameters = list(checkpoint.trainable(self.objective.model).values())
        norm = torch.nn.utils.clip_grad_norm_(parameters, self.args.clip)
        norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        spent = (time.monotonic() - self.begun) * self.trainer.is_global_zero  # by one clock, for all ranks end at the same step
        loss, norm, stops, requeues, self.seconds = self.over_ranks(
            self.loss, norm / self.trainer.world_size, Stop.wanted, Stop.requeue, spent)
        loss /= self.part.supervised
        if not (np.isfinite(loss) and (np.isfinite(norm) or precision.skips(self.trainer.precision_plugin))):
            raise UserError(f"step {self.step + 1}: the loss is {loss}, the norm of its gradient {norm}; lower --lr "
                            "(weights and last checkpoint are those from before)")
        self.interrupted, self.requeue = stops > 0, requeues > 0
        self.figures = {"loss": loss, "lr": optimizer.param_groups[0]["lr"], "grad_norm": norm}

    def over_ranks(self, *values: Any) -> list[float]:
        """Sums over the ranks."""
        sums = torch.stack([torch.as_tensor(value, dtype=torch.float64, device=self.device) for value in values])
        if self.trainer.world_size > 1:
            dist.all_reduce(sums)
        return sums.tolist()

    def on_train_batch_end(self, outputs: Any, part: Part, index: int) -> None:
        """Begin the next step behind what the callbacks did."""
        if (index + 1) % self.trainer.accumulate_grad_batches == 0:
            self.on_train_epoch_start()

    def on_validation_epoch_start(self) -> None:
        """Begin the sum."""
        self.held_out = torch.zeros((), dtype=torch.float64, device=self.device)

    def validation_step(self, part: Part, index: int) -> None:
        """Add the loss of a row."""
        self.held_out += self.objective(part.row)
        self.supervised = part.supervised

    def on_validation_epoch_end(self) -> None:
        """The mean loss over the supervised tokens of the validation samples."""
        if devices.is_sharded(self.args):
            self.objective.reshard()  # FSDP2 leaves the root gathered for a backward pass, which does not come
        (loss,) = self.over_ranks(self.held_out)
        self.validation_loss = loss / self.supervised
        self.log("validation_loss", self.validation_loss, logger=False)


# ---------------------------------------------------------------------------------------------------------------------------------
# the work

# Arguments that decide the numbers of a run: with others, it cannot go on where it stopped.
PLANNED = ("model", "copy_drill", "context", "row_tokens", "rows", "lr", "warmup", "weight_decay", "clip", "seed", "precision", "compile",
           "lora_rank", "lora_alpha", "lora_dropout", "lora_targets", "rslora", "dora", "attention", "neftune", "quantize", "reinforce")


def main(args: argparse.Namespace) -> int:
    """Train, or go on training, or say that it is done."""
    devices.quiet()
    if args.merge or args.push:
        return after.merge_or_push(args)
    started = time.perf_counter()
    devices.settle(args)
    logs.check(args.tensorboard, args.wandb)
    with devices.connected(args):
        launcher.from_first(lambda: refuse_foreign(args.output, args.model))
        args.model = launcher.from_first(lambda: hub.pinned(args.model)) if args.model != "tiny" else args.model
        tokenizer, config, whole = network.load(args)
        model.one_thread_if_small(config)
        presets.keep_or_compute_again(args, config)
        workflows = Workflows(args, functools.partial(training_data, args, tokenizer))
        workflows.setup()
        if args.reinforce:
            workflows.plan = reinforcement.Rollouts(args, tokenizer, workflows)
        with sole_run(args.output) if launcher.is_first() and not args.dry_run else nullcontext():
            return fine_tune(args, tokenizer, workflows, whole, functools.partial(network.skeleton, config, args), started)


def fine_tune(args: argparse.Namespace, tokenizer: Any, workflows: Workflows, whole: Callable[[], Any], skeleton: Callable[[], Any],
              started: float) -> int:
    """One process of a run, from its plan to its summary; `started` is when it began, by time.perf_counter."""
    plan, (train, held_out, rejected, *_) = workflows.plan, workflows.data
    total = args.steps or max(1, round(args.epochs * plan.steps_per_epoch))
    args.validate_every = args.validate_every or max(1, total // 10)
    planned = {key: getattr(args, key) for key in (*PLANNED, *presets.DECIDING * args.reinforce)} | {"steps": total}
    folder = launcher.from_first(lambda: RunFolder(
        args.output, planned | {"train": train.sha256(), "validation": held_out.sha256(), "base_weights": model.weights_hash(args.model)},
        args.overwrite and not devices.REQUEUED))
    if args.export_now:
        return after.export_now(folder, args, whole)
    tuning = FineTuning(args, total, whole, skeleton, folder.step, folder.seconds)
    if folder.summary is None or (folder.step < total and folder.seconds < tuning.limit):
        if launcher.is_first():
            logs.announce(folder, plan, tuning, len(rejected), chat.remarks(tokenizer))
        if args.dry_run:
            return estimate.dry_run(tuning, workflows, started)
        begin = functools.partial(folder.begin, args, tokenizer, rejected)
        throughput = fit(tuning, workflows, folder, begin, tokenizer)
        if not launcher.is_first():
            return cli.EXIT_DONE  # the first process speaks for all: a launcher would take another's exit code for a crash
        if not tuning.is_over:
            return cli.EXIT_INTERRUPTED
        export(tuning.objective.model, folder.chosen(args.export), folder.path, args.model, precision.DTYPES[args.precision])
        folder.finish({
            "read": len(train) + len(held_out) + len(rejected), "rejected": len(rejected), "steps": tuning.step,
            "validation_loss": folder.validation_loss, "best_validation_loss": folder.best_loss,
            "tok_per_s": round(throughput.tokens / throughput.seconds) if throughput.steps else None,
            "seconds": round(time.perf_counter() - started, 1)})
    if launcher.is_first():
        cli.summary("train", **folder.summary, output=str(args.output))
    return cli.EXIT_DONE


def fit(tuning: FineTuning, workflows: Workflows, folder: RunFolder, begin: Callable[[], None], tokenizer: Any) -> callbacks.Throughput:
    """Train with Lightning, `begin` once the model is loaded; returns what was measured."""
    args, world = tuning.args, tuning.args.devices * tuning.args.nodes
    throughput = callbacks.Throughput(workflows.plan)
    around = [throughput, callbacks.Checkpoints(folder, args, begin), callbacks.StopAndRequeue(), callbacks.Progress()]
    if args.reinforce:
        around.insert(0, reinforcement.Watch(folder, workflows))
    elif workflows.data.asked:
        around.insert(0, callbacks.Samples(folder, tokenizer, workflows.data.asked))
    is_late = folder.seconds >= tuning.limit
    # a run that was killed between its last checkpoint and the validation behind it begins with that
    is_due = folder.step and (is_late or folder.step % args.validate_every == 0 or folder.step == tuning.total) and not folder.is_validated
    trainer = devices.trainer(
        args, max_steps=0 if is_late else tuning.total - folder.step, accumulate_grad_batches=data.rounds(workflows.plan, world),
        callbacks=around, logger=logs.loggers(folder, args.tensorboard, args.wandb) if launcher.is_first() else False,
        limit_val_batches=1.0 if workflows.validation else 0,
        num_sanity_val_steps=-1 if is_due else 0)
    trainer.fit(tuning, datamodule=workflows)
    return throughput


if __name__ == "__main__":
    launcher.start(functools.partial(main, ARGUMENTS))
