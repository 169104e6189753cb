"""The speed of stage 07 fine-tuning Llama 3.1 8B's shape on one GPU, beside a plain Hugging Face loop: prints one JSON object.

    python bench/gpu_train.py                                  # an H100 or H200, less than 15 minutes
    python bench/gpu_train.py --only default,plain --documents whole
    python bench/gpu_train.py --smoke                          # the same file on a CPU, at a small shape: does everything run?

Weights are random and built here, nothing is downloaded. Stage 07 has its own defaults: LoRA of rank 16 on all projections, bf16, rows of
8,192 tokens; one row a step, every token with loss, clipping included. `--documents lognormal` (packed, about four documents a row, as in
WorkflowBench) or `whole` (one document a row, the setting of most published figures and the dearest for attention).

    default                    stage 07 without a flag: all activations are computed again
    selective, none            07's other two kinds of activation checkpointing
    varlen, compiled           selective with PyTorch's variable-length attention, and with torch.compile besides
    plain                      Hugging Face's model and loss, LoRA by PEFT, sdpa, gradient checkpointing: what people write themselves
    resumed                    default, killed by SIGKILL behind its checkpoint and started again: its losses against those of `default`

tok_per_s is the median of the timed steps; MFU as stage 07 defines it (common/training/flops.py): useful work alone, in both conventions.
A system that runs out of memory says so in its place.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from train import stage  # noqa: E402 (bench/train.py, beside this file)

LLAMA = {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
         "vocab_size": 128256, "rope_theta": 500000.0, "max_position_embeddings": 131072}  # fmt: skip
SMALL = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "vocab_size": 512, "max_position_embeddings": 8192}  # fmt: skip
ROW, SMALL_ROW = 8192, 256
MEAN, SIGMA = 2000, 0.8  # of lognormal documents, in tokens
OURS: dict[str, list[str]] = {
    "default": [],
    "selective": ["--activation-checkpointing", "selective"],
    "none": ["--activation-checkpointing", "none"],
    "varlen": ["--activation-checkpointing", "selective", "--attention", "varlen"],
    "compiled": ["--activation-checkpointing", "selective", "--attention", "varlen", "--compile"],
}
LORA = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0, "target_modules": "all-linear", "task_type": "CAUSAL_LM"}


def main() -> int:
    """Each system in a process of its own, so that none inherits another's memory; then the sum."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", choices=("lognormal", "whole"), default="lognormal")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--warm-up", type=int, default=4, help="steps that are not timed (default: %(default)s)")
    parser.add_argument("--only", metavar="A,B", help="some of the systems")
    parser.add_argument("--smoke", action="store_true", help="a small shape, on a CPU")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    parser.add_argument("--kill-behind", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(json.dumps(plain(args) if args.worker == "plain" else ours(args)))
        return 0
    systems = [name for name in (*OURS, "plain", "resumed") if not args.smoke or "varlen" not in OURS.get(name, ())]
    results: dict[str, dict[str, Any]] = {}
    for name in args.only.split(",") if args.only else systems:
        results[name] = resumed(args, results.get("default", {})) if name == "resumed" else run(name, args)
        print(name, results[name], file=sys.stderr)
    row = SMALL_ROW if args.smoke else ROW
    print(json.dumps({"documents": args.documents, "row": row, "python": platform.python_version(), **results}))
    return 0


def run(name: str, args: argparse.Namespace, *more: str) -> dict[str, Any]:
    """The figures of one system, or why there are none."""
    command = [sys.executable, __file__, "--worker", name, "--documents", args.documents, "--steps", str(args.steps), "--warm-up",
               str(args.warm_up), *(["--smoke"] if args.smoke else []), *more]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    lines = done.stderr.strip().splitlines() or ["it said nothing"]
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {"failed": lines[-1][:300], "code": done.returncode}


def resumed(args: argparse.Namespace, undisturbed: dict[str, Any]) -> dict[str, Any]:
    """A run that is killed one step behind its checkpoint, and goes on: from where, and how far its losses are from the undisturbed."""
    with tempfile.TemporaryDirectory() as folder:
        killed = run("default", args, "--output", folder, "--kill-behind", str(args.steps // 2 + 1))
        if killed.get("code") != -signal.SIGKILL:
            return killed
        result = run("default", args, "--output", folder)
    if "failed" in result or "losses" not in undisturbed:
        return result
    pairs = list(zip(result["losses"], undisturbed["losses"][-len(result["losses"]):], strict=True))
    return {"steps_again": len(pairs), "largest_difference_of_losses": max(abs(a - b) / b for a, b in pairs),
            "seconds_to_first_step": result["seconds_to_first_step"]}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# model and data


def build(args: argparse.Namespace) -> Any:
    """A Llama with random weights, on the GPU if there is one."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    dtype, previous = (torch.float32 if args.smoke else torch.bfloat16), torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = LlamaForCausalLM(LlamaConfig(**(SMALL if args.smoke else LLAMA)))
    torch.set_default_dtype(previous)
    return model


def documents(args: argparse.Namespace) -> Any:
    """Samples for all steps: random tokens, all with loss but a document's first."""
    import numpy as np

    from common.packing import Samples

    row, vocabulary = (SMALL_ROW, SMALL["vocab_size"]) if args.smoke else (ROW, LLAMA["vocab_size"])
    source, drawn = random.Random(0), np.random.default_rng(0)
    center = math.log(MEAN * row / ROW) - SIGMA**2 / 2
    lengths, total = [], args.steps * row
    while sum(lengths) < total:
        lengths.append(row if args.documents == "whole" else max(8, min(row // 2, int(source.lognormvariate(center, SIGMA)))))
    return Samples.of((drawn.integers(0, vocabulary, length), np.ones(length, bool)) for length in lengths)


def figures(speeds: list[float], utilisation: list[dict[str, float]], args: argparse.Namespace) -> dict[str, Any]:
    """The median of the timed steps; a run that goes on late has none to warm up with."""
    import torch

    timed = slice(min(args.warm_up, len(speeds) - 1), None)
    speeds = speeds[timed]
    peak = torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else None
    shares = {name: round(statistics.median(step[name] for step in utilisation[timed]), 4) for name in utilisation[-1]}
    return {"tok_per_s": round(statistics.median(speeds)), **shares, "peak_gib": peak and round(peak, 2), "steps": len(speeds),
            "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu", "torch": torch.__version__}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# the systems


def ours(args: argparse.Namespace) -> dict[str, Any]:
    """Stage 07 under Lightning, with its plan, loss, clipping, logging and checkpoints; only weights and samples are made here.

    With --output, it goes on from the last checkpoint there.
    """
    train = stage()
    from common.packing import Samples

    started, steps, log = time.perf_counter(), [], train.RunFolder.log

    def logged(folder: Any, **row: Any) -> None:
        log(folder, **row)
        steps.append(row | {"at": time.perf_counter()})
        if row["step"] == args.kill_behind:
            os.kill(os.getpid(), signal.SIGKILL)

    train.devices.quiet()
    train.RunFolder.log = logged
    with tempfile.TemporaryDirectory() as folder:
        given = ["--model", "random", "--output", args.output or folder, "--rows", "1", "--steps", str(args.steps), "--devices", "1",
                 "--save-every", str(args.steps // 2), *(["--context", str(SMALL_ROW)] if args.smoke else []), *OURS[args.worker]]
        settings = train.arguments(given)
        train.devices.settle(settings)
        workflows = train.Workflows(settings, lambda: train.data.Data(documents(args), Samples.of([]), [], []))
        workflows.setup()
        run = train.RunFolder(settings.output, {}, anew=False)
        settings.activation_checkpointing = settings.activation_checkpointing or "full"  # a CPU would look how much memory is free
        settings.validate_every = args.steps
        module = train.FineTuning(settings, args.steps, lambda: train.network.adapted(build(args), settings), None, run.step, run.seconds)
        train.fit(module, workflows, run, lambda: run.open([], {}), None)
    shares = [{name: value for name, value in step.items() if name.startswith("mfu")} for step in steps]
    return figures([step["tok_per_s"] for step in steps], shares, args) | {
        "losses": [round(step["loss"], 6) for step in steps], "seconds_to_first_step": round(steps[0]["at"] - started, 1)}


def plain(args: argparse.Namespace) -> dict[str, Any]:
    """The loop that people write: a row as one sequence, labels to the model, gradient checkpointing, AdamW."""
    train = stage()
    train.devices.quiet()
    import torch
    from peft import LoraConfig, get_peft_model

    from common.training import flops

    model = build(args)
    work = flops.Work.of(model)
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model = get_peft_model(model, LoraConfig(**LORA)).train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, fused=parameters[0].is_cuda)
    plan = train.data.Plan(documents(args), SMALL_ROW if args.smoke else ROW, 1, 0)
    name = torch.cuda.get_device_name() if parameters[0].is_cuda else "cpu"
    tokens, seconds, shares = [], [], []
    for step in range(args.steps):
        started = time.perf_counter()
        row = plan.row(step, 0)
        ids = row.input_ids.to(parameters[0].device)
        with torch.autocast(ids.device.type, torch.bfloat16, enabled=not args.smoke):
            loss = model(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()  # waits for the GPU
        tokens.append(ids.numel())
        seconds.append(time.perf_counter() - started)
        shares.append(flops.utilisation(work, row.lengths, ids.numel(), seconds[-1], 1, name))
    return figures([count / time for count, time in zip(tokens, seconds)], shares, args)


if __name__ == "__main__":
    sys.exit(main())
