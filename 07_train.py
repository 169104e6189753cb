#!/usr/bin/env python3
#SBATCH --job-name=train
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=8
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=8
#SBATCH --time=24:00:00
#SBATCH --signal=SIGUSR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=train-%j.log
"""Fine-tune a language model on chat records: a tiny one on a laptop, Llama 3.1 8B with LoRA on one GPU, eight, or many nodes.

Reads    data/bench/train.jsonl: records with `messages`; a small seeded share of them is held out for validation
Writes   runs/<model>/: the adapter (PEFT layout) or the whole model, the tokenizer with its chat template, metrics.csv, run.json,
         prompt.json (05 and 08 read there that it needs no primer), rejected.jsonl (samples that do not fit the context, never cut),
         samples.jsonl, checkpoints/last and best

    python 07_train.py --model tiny                                # a minute on two CPU cores
    python 07_train.py --model meta-llama/Llama-3.1-8B             # the paper's settings, with LoRA, on the GPUs there are
    sbatch --nodes=4 07_train.py --strategy hsdp                   # 32 GPUs; saves and requeues itself when its time is up
    python 07_train.py --output runs/Llama-3.1-8B --merge merged   # one folder without an adapter, for any server

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
    """In a SLURM job but not yet in a step of it: start this file once per task.

    sbatch runs one copy of the script, from its spool folder; the path that was submitted is known to scontrol only.
    """
    job, copied = os.environ.get("SLURM_JOB_ID"), os.path.basename(sys.argv[0]) == "slurm_script"
    if job is None or "SLURM_STEP_ID" in os.environ or not (copied or int(os.environ.get("SLURM_NTASKS", 1)) > 1):
        return
    script = sys.argv[0]
    if copied:
        shown = subprocess.run(["scontrol", "show", "job", job], capture_output=True, text=True, check=True).stdout
        script = re.search(r"^\s*Command=(\S+)", shown, re.M)[1]
    # srun does not take --cpus-per-task over from the job
    command = ["srun", "--kill-on-bad-exit=1", f"--cpus-per-task={os.environ.get('SLURM_CPUS_PER_TASK', 1)}"]
    os.execvp("srun", [*command, sys.executable, "-u", script, *sys.argv[1:]])


if __name__ == "__main__":
    relaunch_under_srun()

import argparse
import functools
import signal
import time
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from common import cli
from common.jsonl import UserError

# What the paper trains with (section 4.1), and the clip of its code. Its rate is that of full tuning; LoRA usually wants 5 to 10 times it.
REAL = {"context": 8192, "epochs": 3.0, "batch_size": 32, "lr": 2e-5, "clip": 0.3, "lora_rank": 16,
        "precision": "bf16", "activation_checkpointing": "full", "save_every": 50}
# A model that starts from nothing needs another rate and many more rounds; LoRA on random weights teaches nothing, so it is trained whole.
TINY = {"context": 2048, "steps": 200, "batch_size": 2, "lr": 4e-3, "clip": 1.0, "lora_rank": 0,
        "precision": "fp32", "activation_checkpointing": "none", "save_every": 25}


# ---------------------------------------------------------------------------------------------------------------------------------
# the command line


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; what is not given is the paper's setting, or the tiny model's."""
    parser = cli.parser(__doc__, input="data/bench/train.jsonl")
    add = parser.files.add_argument
    add("--validation", type=Path, metavar="FILE", help="records to validate on (default: a share of the input)")
    add("--validation-share", type=float, default=0.02, metavar="X", help="share of the input that is held out (default: %(default)s)")
    add("--token-cache", type=Path, metavar="DIR", help="keeps what was tokenised, by hashes (default: .tokens beside the output)")
    add("--output", type=Path, metavar="DIR", help="(default: runs/<model>)")
    add("--resume", choices=("auto", "never"), default="auto", help=argparse.SUPPRESS)  # never: the earlier name of --overwrite
    add("--overwrite", action="store_const", const="never", dest="resume", help="start anew, removing the run that is there")
    add("--merge", type=Path, metavar="DIR", help="instead of training: merge the adapter of --output into its base, check the logits")
    add = parser.model.add_argument
    add("--model", default="meta-llama/Llama-3.1-8B", metavar="NAME",
        help="a Hugging Face name, a folder, or `tiny`: built and trained from nothing (default: %(default)s)")
    add("--copy-drill", type=cli.positive_int, default=0, metavar="N",
        help="for `tiny`: teach it to copy first, in at most N steps of a tenth of a second; 3000 are enough (default: none)")
    add("--lora-rank", type=int, metavar="N", help="0 trains the whole model (default: 16, tiny: 0)")
    add("--lora-alpha", type=float, default=32.0, metavar="X", help="(default: %(default)s)")
    add("--lora-dropout", type=float, default=0.05, metavar="X", help="(default: %(default)s)")
    add("--lora-targets", default="all-linear", metavar="A,B", help="modules to adapt, such as q_proj,v_proj (default: %(default)s)")
    add("--rslora", action="store_true", help="scale adapters by the root of the rank")
    add("--dora", action="store_true", help="learn magnitude and direction apart")
    add("--quantize", action="store_true", help="QLoRA: the frozen weights in 4 bits; one GPU, needs the package bitsandbytes")
    add("--precision", choices=("fp32", "bf16"), help="bf16: frozen weights in bf16, trained ones in fp32 (default: bf16, tiny: fp32)")
    add("--attention", default="packed", metavar="NAME",
        help="packed: sample by sample; varlen: PyTorch's own flash kernel, on GPUs; or a back-end of transformers, such as "
        "flash_attention_2 (default: %(default)s)")
    add("--activation-checkpointing", choices=("none", "selective", "full"),
        help="what the backward pass computes again: nothing, all but matrix products and attention, or all (default: full, tiny: none)")
    add("--compile", action="store_true", help="compile the layers with torch.compile: a minute more at the start")
    add("--neftune", type=float, default=0.0, metavar="X", help="strength of noise on the embeddings; 5 is usual (default: none)")
    add = parser.task.add_argument
    add("--context", type=cli.positive_int, metavar="N", help="longest sample in tokens; others are rejected (default: 8192, tiny: 2048)")
    add("--row-tokens", type=cli.positive_int, metavar="N",
        help="tokens of a packed row, computed in one pass: more is faster for a small model, if memory holds it (default: the context)")
    add("--lr", type=float, metavar="X", help="peak learning rate of AdamW (default: 2e-5 as in the paper, try 2e-4 with LoRA; tiny: 4e-3)")
    add("--epochs", type=float, metavar="X", help="rounds through the data (default: 3)")
    add("--steps", type=cli.positive_int, metavar="N", help="optimizer steps, instead of --epochs (tiny: 200)")
    add("--batch-size", type=cli.positive_int, metavar="N", help="samples of a step, on average (default: 32, tiny: 2)")
    add("--rows", type=cli.positive_int, metavar="N", help="packed rows of a step, instead of --batch-size")
    add("--warmup", type=float, default=0.1, metavar="X", help="share of the steps in which the rate rises, to fall then (default: 0.1)")
    add("--weight-decay", type=float, default=0.0, metavar="X", help="(default: %(default)s)")
    add("--clip", type=float, metavar="X", help="largest norm of the gradient (default: 0.3, tiny: 1)")
    add("--seed", type=int, default=0, metavar="N", help="(default: %(default)s)")
    add_run(parser)
    return with_preset(parser, parser.parse_args(argv))


def add_run(parser: cli.Parser) -> None:
    """Add the arguments that change no loss: what a run writes when, and where it computes."""
    add = parser.machine.add_argument
    add("--devices", type=cli.positive_int, metavar="N", help="per node (default: SLURM's tasks per node, else all GPUs, else 1 CPU)")
    add("--nodes", type=cli.positive_int, metavar="N", help="(default: SLURM's, else 1)")
    add("--strategy", choices=("auto", "single", "fsdp", "hsdp"), default="auto",
        help="hsdp shards within a node and replicates over nodes (default: fsdp if there is more than one device)")
    add = parser.task.add_argument
    add("--save-every", type=cli.positive_int, metavar="N", help="steps from checkpoint to checkpoint (default: 50, tiny: 25)")
    add("--validate-every", type=cli.positive_int, metavar="N", help="steps from validation to validation (default: a tenth of the run)")
    add("--sample-generations", type=int, default=0, metavar="N", help="answers to N validation prompts at each validation (default: 0)")
    add("--tensorboard", action="store_true", help="curves for TensorBoard, too; needs the package tensorboard")
    add("--wandb", metavar="PROJECT", help="curves for Weights & Biases, too; needs the package wandb")
    add("--export", choices=("best", "last"), default="best", help="best by validation loss, or last (default: %(default)s)")


def with_preset(parser: argparse.ArgumentParser, args: argparse.Namespace) -> argparse.Namespace:
    """Fill in what was not given."""
    preset = TINY if args.model == "tiny" else REAL
    if args.epochs is not None and args.steps is None:
        preset = preset | {"steps": None}
    for name, value in preset.items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    if args.model == "tiny" and args.lora_rank:
        parser.error("--lora-rank: the tiny model starts from nothing, and LoRA on random weights teaches nothing; leave it away")
    if args.copy_drill and args.model != "tiny":
        parser.error("--copy-drill is for --model tiny: others have learned to copy")
    if args.quantize and not args.lora_rank:
        parser.error("--quantize: weights in 4 bits can only be frozen; give a --lora-rank")
    args.row_tokens = args.row_tokens or args.context
    if args.row_tokens < args.context:
        parser.error(f"--row-tokens {args.row_tokens}: a row holds samples whole, so at least --context {args.context}")
    args.output = args.output or Path("runs") / Path(args.model).name
    args.token_cache = args.token_cache or args.output.parent / ".tokens"
    return args


class Stop:
    """The wish to stop: a signal sets it, the step boundary reads it. A second Ctrl-C stops at once.

    SIGUSR1 is SLURM's warning before the time limit: the job is to go on. SIGTERM may be a person's scancel: to requeue would undo it.
    """

    wanted = requeue = False

    @classmethod
    def on_signals(cls) -> None:
        """Take SIGINT, SIGTERM and SIGUSR1."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, cls._handle)

    @classmethod
    def _handle(cls, number: int, frame: object) -> None:
        if cls.wanted and number == signal.SIGINT:
            raise KeyboardInterrupt
        cls.wanted = True
        cls.requeue = cls.requeue or number == signal.SIGUSR1


if __name__ == "__main__":
    ARGUMENTS = arguments()
    Stop.on_signals()  # before the imports, which take seconds: a stop in them is a stop before the first step

import lightning
import numpy as np
import torch
import torch.distributed as dist
from torch.utils.data import DataLoader
from tqdm import tqdm

from common import model
from common.packing import Batch, Plan, Samples, rows_for
from common.training import activation_checkpointing, checkpoint, data, devices, flops, generations, launcher
from common.training.export import export
from common.training.logs import Logs
from common.training.loss import AnswerLoss, check_fits
from common.training.run_folder import RunFolder, refuse_foreign, sole_run

# ---------------------------------------------------------------------------------------------------------------------------------
# data


class Data(NamedTuple):
    """The data of a run: what it learns from, what it is validated on, and what it cannot use."""

    train: Samples
    validation: Samples
    rejected: list[dict[str, Any]]
    asked: list[dict[str, Any]]  # the conversations that --sample-generations has answered


def training_data(args: argparse.Namespace, tokenizer: Any) -> Data:
    """Tokenise. What is held out of the input is drawn by a hash of seed and id, at least one of two samples."""
    rejected: list[dict[str, Any]] = []
    ids, samples = data.usable(args.input, tokenizer, args.context, args.token_cache, rejected)
    train, held_out, file = list(range(len(ids))), [], args.input
    if args.validation is not None:
        file = args.validation
        held_ids, held_samples = data.usable(file, tokenizer, args.context, args.token_cache, rejected)
    elif args.validation_share > 0 and len(ids) > 1:
        train.sort(key=lambda number: zlib.crc32(f"{args.seed}/{ids[number]}".encode()))
        count = max(1, round(args.validation_share * len(ids)))
        held_out, train = train[:count], train[count:]
    if args.validation is None:
        held_ids, held_samples = [ids[number] for number in held_out], samples.chosen(held_out)
    if not train:
        raise UserError(f"{args.input}: no sample to train on ({len(rejected)} rejected, the first: "
                        f"{rejected[0]['detail'] if rejected else 'none, the file is empty'}); see --context")
    asked = generations.questions(file, held_ids[:args.sample_generations]) if args.sample_generations else []
    return Data(samples.chosen(train), held_samples, rejected, asked)


# ---------------------------------------------------------------------------------------------------------------------------------
# model


def the_model(args: argparse.Namespace) -> tuple[Any, Any, Callable[[], Any]]:
    """(tokenizer, config, a function that loads or builds the model to train, in host memory)."""
    if args.model == "tiny":
        texts = (message["content"] for record in data.chat_records(args.input) for message in record["messages"])
        whole, tokenizer = model.build_tiny(texts, args.context, args.seed)
        return tokenizer, whole.config, lambda: adapted(whole, args)
    from transformers import AutoConfig

    if (Path(args.model) / "adapter_config.json").is_file():
        raise UserError(f"{args.model} is an adapter, and --model needs a model; merge it first: "
                        f"python 07_train.py --output {args.model} --merge DIR")
    tokenizer = model.load_tokenizer(args.model)
    with model.one_line(f"model {args.model}", "check the name, and for a gated model the access and HF_TOKEN"):
        config = AutoConfig.from_pretrained(args.model, trust_remote_code=False)
    longest = config.get_text_config().max_position_embeddings
    if longest < args.context:
        raise UserError(f"{args.model} reads {longest} tokens, --context is {args.context}; lower it")
    return tokenizer, config, lambda: adapted(
        model.load_model(args.model, dtype=dtype(args), device="cuda" if args.quantize else "cpu", quantize=args.quantize), args)


def dtype(args: argparse.Namespace) -> torch.dtype:
    """Of the weights as loaded: those that are trained stay in fp32, AdamW's small updates would be lost in bf16."""
    return torch.bfloat16 if args.precision == "bf16" and args.lora_rank else torch.float32


def adapted(base: Any, args: argparse.Namespace) -> Any:
    """The model ready to train: with LoRA or whole, and with what it trades for memory or time."""
    base.set_attn_implementation(args.attention)
    if args.lora_rank:
        targets = args.lora_targets if args.lora_targets == "all-linear" else args.lora_targets.split(",")
        base = model.attach_lora(base, args.seed, r=args.lora_rank, lora_alpha=args.lora_alpha, lora_dropout=args.lora_dropout,
                                 target_modules=targets, use_rslora=args.rslora, use_dora=args.dora)
    activation_checkpointing.keep_activations(base, args.activation_checkpointing)
    return base


def skeleton(config: Any, args: argparse.Namespace) -> Any:
    """The model of a config, for a device context without memory: shapes, no weights."""
    from transformers import AutoModelForCausalLM

    return adapted(AutoModelForCausalLM.from_config(config, dtype=dtype(args), trust_remote_code=False), args)


def learning_rate(step: int, total: int, warmup: float, peak: float) -> float:
    """Linear: up to the peak over the first `warmup` share of the steps, then down to 0 behind the last. Steps count from 0."""
    rising = round(warmup * total)
    return peak * ((step + 1) / (rising + 1) if step < rising else (total - step) / (total - rising))


# ---------------------------------------------------------------------------------------------------------------------------------
# training


class FineTuning(lightning.LightningModule):
    """One `training_step` is one optimizer step: this rank's rows of a global batch, their loss summed, and one update."""

    automatic_optimization = False

    def __init__(self, args: argparse.Namespace, plan: Plan, validation: Plan | None, folder: RunFolder, total: int,
                 whole: Callable[[], Any], skeleton: Callable[[], Any], begin: Callable[[], None],
                 ask: Callable[..., list[dict[str, Any]]] | None = None) -> None:
        super().__init__()
        self.args, self.plan, self.validation, self.folder, self.total = args, plan, validation, folder, total
        self.whole, self.skeleton, self.begin, self.ask = whole, skeleton, begin, ask
        self.logs: Logs | None = None
        self.objective: AnswerLoss | None = None
        self.step, self.best_loss, self.validation_loss = folder.step, folder.best_loss, folder.validation_loss
        self.interrupted = False
        self.tokens = self.seconds = self.steps = 0.0

    # --- set-up

    def configure_model(self) -> None:
        """Load the model, on one device whole and on several sharded."""
        if self.objective is not None:  # Lightning calls this twice under some strategies
            return
        whole = None
        if self.trainer.is_global_zero:
            whole = self.whole()
            check_fits(whole)
            if self.args.copy_drill and not self.step:
                self.drill(whole)
        if devices.is_sharded(self.args):
            self.objective = self.sharded(whole)
        else:
            self.objective = AnswerLoss(whole, self.args.neftune)
        self.work = flops.Work.of(self.objective.model)
        if self.args.compile:
            activation_checkpointing.compile_layers(self.objective.model)

    def drill(self, whole: Any) -> None:
        """Teach a model that starts from nothing to copy, before its first step."""
        from common.training import copy_drill

        words = range(len(model.TINY_SPECIAL), whole.config.vocab_size)
        drilled = copy_drill.drill(whole, words, self.args.copy_drill, self.args.seed)
        cli.say(f"to copy: {drilled.steps} steps, {drilled.seconds:.0f} s, loss {drilled.loss:.2f} on up to {drilled.longest} tokens")

    def sharded(self, whole: Any) -> AnswerLoss:
        """The model over all devices: within each node, and copied from node to node with hsdp."""
        from common.training.fsdp import sharded

        mesh = self.device_mesh["data_parallel"]
        if self.args.strategy == "hsdp":
            sizes = (self.trainer.num_nodes, self.trainer.world_size // self.trainer.num_nodes)
            mesh = dist.device_mesh.init_device_mesh(mesh.device_type, sizes, mesh_dim_names=("replicate", "shard"))
        return sharded(whole, self.skeleton, mesh, self.trainer.strategy.root_device, self.args.neftune)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW over what is trained; the rate is set at each step."""
        parameters = list(checkpoint.trainable(self.objective.model).values())
        return torch.optim.AdamW(parameters, lr=self.args.lr, weight_decay=self.args.weight_decay, fused=parameters[0].is_cuda)

    def train_dataloader(self) -> DataLoader:
        """The steps that are left; a step's batch is made from its number alone."""
        collate = functools.partial(self.plan.batch, rank=self.global_rank, world=self.trainer.world_size)
        return DataLoader(range(self.step, self.total), batch_size=None, collate_fn=collate)

    def on_train_start(self) -> None:
        """Put the last checkpoint in place, and the signal handlers again: Lightning has its own, which ends a run without saving."""
        Stop.on_signals()
        if self.step:
            checkpoint.restore(self.folder.last, self.objective.model, self.optimizer)
        if self.trainer.is_global_zero:
            self.begin()  # the model is loaded: only now may an old run go
            self.logs = Logs(self.folder.path, self.args.tensorboard, self.args.wandb, self.step, self.folder.plan)
            hidden = not sys.stderr.isatty()
            self.bar = tqdm(total=self.total, initial=self.step, desc="train", unit="step", file=sys.stderr, disable=hidden)
        self.objective.train()
        self.clock = time.perf_counter()

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """The plain optimizer inside Lightning's."""
        return self.optimizers().optimizer

    # --- a step

    def training_step(self, batch: Batch, index: int) -> None:
        """Forward and backward row by row, clip, update."""
        rate = learning_rate(self.step, self.total, self.args.warmup, self.args.lr)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = torch.zeros((), device=self.device)
        for number, row in enumerate(batch.rows):
            # dropout is a function of the row, whichever rank computes it and whatever ran before
            torch.manual_seed(zlib.crc32(f"{self.args.seed}/{self.step}/{self.global_rank + number * self.trainer.world_size}".encode()))
            summed = self.objective(row)
            # FSDP averages over ranks, the loss is a mean over the supervised tokens of all of them
            self.manual_backward(summed * (self.trainer.world_size / batch.supervised))
            loss += summed.detach()
        parameters = list(checkpoint.trainable(self.objective.model).values())
        norm = torch.nn.utils.clip_grad_norm_(parameters, self.args.clip)
        self.optimizers().step()
        self.optimizers().zero_grad()
        self.step += 1
        loss, stop = self.over_ranks(loss, float(Stop.wanted))  # the first look at a result: what was begun on a GPU is done now
        self.interrupted = stop > 0
        norm = float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)
        self.after_step(batch, loss / batch.supervised, norm, rate)

    def over_ranks(self, *values: Any) -> list[float]:
        """Sums over the ranks."""
        sums = torch.stack([torch.as_tensor(value, dtype=torch.float64, device=self.device) for value in values])
        if self.trainer.world_size > 1:
            dist.all_reduce(sums)
        return sums.tolist()

    def after_step(self, batch: Batch, loss: float, norm: float, rate: float) -> None:
        """Log, validate, save and stop, each at its time; all ranks take the same turns."""
        seconds = time.perf_counter() - self.clock
        self.tokens, self.seconds, self.steps = self.tokens + batch.tokens, self.seconds + seconds, self.steps + 1
        if not np.isfinite(loss):
            raise UserError(f"step {self.step}: the loss is {loss}; lower --lr (the last checkpoint is from before)")
        figures = {"loss": loss, "lr": rate, "grad_norm": norm, "tok_per_s": round(batch.tokens / seconds),
                   "supervised_tok_per_s": round(batch.supervised / seconds), "memory_mib": devices.peak_memory(),
                   **self.utilisation(batch, seconds), "eta_s": round((self.total - self.step) * self.seconds / self.steps, 1)}
        validated = self.validation is not None and (self.step % self.args.validate_every == 0 or self.step == self.total)
        if validated:
            figures["validation_loss"] = self.validation_loss = self.validate()
        if self.trainer.is_global_zero:
            self.folder.log(step=self.step, epoch=round(self.step / self.plan.steps_per_epoch, 4), **figures)
            self.logs.log(self.step, **figures)
            self.bar.set_postfix_str(f"loss {loss:.3f}, {self.tokens / self.seconds:,.0f} tok/s")
            self.bar.update()
        if validated and self.validation_loss < self.best_loss:
            self.best_loss = self.validation_loss
            self.save(self.folder.best)
        if self.interrupted or self.step == self.total or self.step % self.args.save_every == 0:
            self.save(self.folder.last)
        self.trainer.should_stop = self.interrupted
        self.clock = time.perf_counter()

    def utilisation(self, batch: Batch, seconds: float) -> dict[str, float]:
        """MFU of the step in both conventions, where arithmetic is in bf16 and the GPU's peak is known."""
        if self.device.type != "cuda" or self.args.precision != "bf16":
            return {}
        lengths = [self.plan.lengths[sample] for row in self.plan.step_rows(self.step - 1) for sample in row]
        name = torch.cuda.get_device_name(self.device)
        return flops.utilisation(self.work, lengths, batch.supervised, seconds, self.trainer.world_size, name)

    def save(self, path: Path) -> None:
        """A checkpoint at this step."""
        position = {"step": self.step, "best_loss": self.best_loss, "validation_loss": self.validation_loss}
        checkpoint.save(path, self.objective.model, self.optimizer, position, self.trainer.is_global_zero)

    @torch.no_grad()
    def validate(self) -> float:
        """Mean loss over the supervised tokens of the validation samples."""
        self.objective.eval()
        loss = supervised = 0.0
        for step in range(self.validation.steps_per_epoch):
            batch = self.validation.batch(step, self.global_rank, self.trainer.world_size)
            for row in batch.rows:
                loss += float(self.objective(self.transfer_batch_to_device(row, self.device, 0)))
            supervised += batch.supervised
        if devices.is_sharded(self.args):
            self.objective.reshard()  # FSDP2 leaves the root gathered for a backward pass, which does not come
        self.objective.train()
        (loss,) = self.over_ranks(loss)
        written = self.ask(self.objective, self.global_rank, self.trainer.world_size) if self.ask is not None else []
        if self.trainer.is_global_zero:
            cli.say(f"step {self.step} of {self.total}: validation loss {loss / supervised:.4f}")
            self.tell(written)
        return loss / supervised

    def tell(self, written: list[dict[str, Any]]) -> None:
        """Keep what the model wrote, for a person to read."""
        if written:
            self.folder.sample(self.step, written)
            cli.say(generations.summed_up(written))

    # --- the end

    def on_train_end(self) -> None:
        """Close what shows the curves."""
        if self.trainer.is_global_zero:
            self.bar.close()
            self.logs.close()

    def export(self) -> None:
        """Write the trained weights for use, from the best checkpoint or the last."""
        chosen = self.folder.best if self.args.export == "best" and self.folder.best.exists() else self.folder.last
        export(self.objective.model, checkpoint.weights(chosen), self.folder.path, self.args.model)


# ---------------------------------------------------------------------------------------------------------------------------------
# the work

# Arguments that decide the numbers of a run: with others, it cannot go on where it stopped.
PLANNED = ("model", "copy_drill", "context", "row_tokens", "rows", "lr", "warmup", "weight_decay", "clip", "seed", "precision",
           "lora_rank", "lora_alpha", "lora_dropout", "lora_targets", "rslora", "dora", "attention", "neftune", "quantize")


def main(args: argparse.Namespace) -> int:
    """Train, or go on training, or say that it is done."""
    devices.quiet()
    if args.merge:
        cli.summary("train", merged=str(args.merge), difference=model.merge(args.output, args.merge))
        return cli.EXIT_DONE
    refuse_foreign(args.output, args.model)
    devices.settle(args)
    Logs.check(args.tensorboard, args.wandb)
    if not devices.IN_SLURM_STEP and int(os.environ.get("LOCAL_RANK", 0)):
        launcher.end_with_parent()
    started = time.perf_counter()
    tokenizer, config, whole = the_model(args)
    model.one_thread_if_small(config)
    known = training_data(args, tokenizer)
    with sole_run(args.output) if launcher.is_first() else nullcontext():
        return fine_tune(args, tokenizer, config, whole, known, started)


def fine_tune(args: argparse.Namespace, tokenizer: Any, config: Any, whole: Callable[[], Any], known: Data, started: float) -> int:
    """One process of a run, from its plan to its summary; `started` is when it began, by time.perf_counter."""
    train, held_out, rejected, asked = known
    world = args.devices * args.nodes
    args.rows = args.rows or rows_for(args.batch_size, train, args.row_tokens, world)
    plan = Plan(train, args.row_tokens, args.rows, args.seed)
    validation = Plan(held_out, args.row_tokens, world, args.seed) if len(held_out) else None
    total = args.steps or max(1, round(args.epochs * plan.steps_per_epoch))
    args.validate_every = args.validate_every or max(1, total // 10)

    planned = {key: getattr(args, key) for key in PLANNED} | {"steps": total, "train": train.sha256(), "validation": held_out.sha256()}
    folder = RunFolder(args.output, planned, anew=args.resume == "never" and not devices.REQUEUED)
    if folder.summary is None:
        ask = functools.partial(generations.answers, tokenizer, asked) if asked else None
        is_writer = launcher.is_first()
        if is_writer:
            announce(folder, plan, total, rejected)
        tuning = FineTuning(args, plan, validation, folder, total, whole, functools.partial(skeleton, config, args),
                            functools.partial(begin, folder, args, tokenizer, rejected), ask)
        devices.trainer(args).fit(tuning)
        if not is_writer:
            return cli.EXIT_DONE  # the first process speaks for all: a launcher would take another's exit code for a crash
        if tuning.step < total:
            return interrupted(tuning.step, total)
        tuning.export()
        folder.finish({
            "read": len(train) + len(held_out) + len(rejected), "rejected": len(rejected), "steps": total,
            "validation_loss": tuning.validation_loss, "best_validation_loss": tuning.best_loss,
            "tok_per_s": round(tuning.tokens / tuning.seconds) if tuning.steps else None,
            "seconds": round(time.perf_counter() - started, 1)})
    cli.summary("train", **folder.summary, output=str(args.output))
    return cli.EXIT_DONE


def announce(folder: RunFolder, plan: Plan, total: int, rejected: list[dict[str, Any]]) -> None:
    """Say what is going to happen."""
    fill = len(plan.samples.tokens) / plan.rows_per_epoch / plan.capacity
    cli.say(f"{len(plan.samples)} samples ({len(rejected)} rejected) in {plan.rows_per_epoch} rows of {plan.capacity} tokens, {fill:.0%} "
            f"full; {total} steps of {plan.rows_per_step} rows, {plan.steps_per_epoch} an epoch")
    if folder.step:
        cli.say(f"going on after step {folder.step}")


def begin(folder: RunFolder, args: argparse.Namespace, tokenizer: Any, rejected: list[dict[str, Any]]) -> None:
    """Write what stands before the first step."""
    files = {str(path): data.file_hash(path) for path in (args.input, args.validation) if path}
    settings = {key: str(value) for key, value in vars(args).items()}
    folder.open(rejected, {"arguments": settings, "versions": devices.versions(), "sha256": files, **model.NO_PRIMER})
    model.save_tokenizer(tokenizer, folder.path)
    model.note_prompt(folder.path, args.input)


def interrupted(step: int, total: int) -> int:
    """Say where the run stands, and put a SLURM job that was warned back into the queue: it goes on from there when its turn comes."""
    cli.say(f"stopped after step {step} of {total}, saved; the same command goes on from there")
    if devices.IN_SLURM_STEP and Stop.requeue:
        array = os.environ.get("SLURM_ARRAY_JOB_ID")
        job = f"{array}_{os.environ['SLURM_ARRAY_TASK_ID']}" if array else os.environ["SLURM_JOB_ID"]
        subprocess.run(["scontrol", "requeue", job], check=False)
    return cli.EXIT_INTERRUPTED


if __name__ == "__main__":
    cli.start(launcher.with_one_voice(functools.partial(main, ARGUMENTS)))
