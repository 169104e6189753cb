"""On what a run trains: devices and nodes, from SLURM or the machine, and Lightning's part in it."""

from __future__ import annotations

import argparse
import logging
import os
import resource
import subprocess
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.plugins.environments import SLURMEnvironment

from common import model
from common.jsonl import UserError

IN_SLURM_STEP = "SLURM_STEP_ID" in os.environ  # started by srun, one process a device
REQUEUED = int(os.environ.get("SLURM_RESTART_COUNT", 0)) > 0  # by the command line of the first start, `--resume never` included


def settle(args: argparse.Namespace) -> None:
    """Fill in devices, nodes and strategy; UserError for what the machine cannot do."""
    gpus = torch.cuda.device_count()
    args.devices = args.devices or int(IN_SLURM_STEP and os.environ.get("SLURM_NTASKS_PER_NODE") or gpus or 1)
    args.nodes = args.nodes or int(IN_SLURM_STEP and os.environ.get("SLURM_NNODES") or 1)
    if gpus and gpus < args.devices:
        raise UserError(f"--devices {args.devices}: this machine has {gpus} GPU{'s' if gpus > 1 else ''}")
    several = args.devices * args.nodes > 1
    if args.quantize and find_spec("bitsandbytes") is None:
        raise UserError("--quantize needs the package bitsandbytes: python -m pip install bitsandbytes")
    if args.quantize and (several or not gpus):
        raise UserError(f"--quantize is for one GPU, {'give --devices 1' if several else 'and there is none here'}")
    if args.attention == "varlen" and not gpus:
        raise UserError("--attention varlen is a kernel for GPUs, and there is none here; leave it away")
    if args.strategy == "auto":
        args.strategy = "fsdp" if several else "single"
    if args.strategy == "single" and several:
        raise UserError(f"--strategy single is for one device, not for {args.devices * args.nodes}; leave it away")


def is_sharded(args: argparse.Namespace) -> bool:
    """True if the model is sharded; on one device `--strategy fsdp` does that, too (for tests)."""
    return args.strategy in ("fsdp", "hsdp")


def trainer(args: argparse.Namespace) -> lightning.Trainer:
    """Lightning's part: devices, processes, sharding. Data order, checkpoints and signals are ours: they must be exact."""
    strategy: Any = "auto"
    if is_sharded(args):
        from common.training.fsdp import FSDP2

        strategy = FSDP2()
    plugins = [SLURMEnvironment(auto_requeue=False)] if IN_SLURM_STEP else None  # Lightning would save inside the signal handler
    return lightning.Trainer(
        accelerator="gpu" if torch.cuda.is_available() else "cpu", devices=args.devices, num_nodes=args.nodes, strategy=strategy,
        precision="32-true", plugins=plugins,  # the model itself computes in another: see precision.py
        max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        use_distributed_sampler=False, default_root_dir=args.output)


def quiet() -> None:
    """Keep the libraries' tips and banners off the terminal."""
    model.quiet_libraries()
    warnings.filterwarnings("ignore", module="lightning|torch.distributed")
    warnings.filterwarnings("ignore", category=FutureWarning)  # what PEFT and transformers tell each other
    for name in ("lightning.pytorch", "lightning.fabric", "pytorch_lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)


def peak_memory() -> float:
    """MiB: of the GPU if there is one, else of the process."""
    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_allocated() / 2**20, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10, 1)


def versions() -> dict[str, str]:
    """Of the libraries that a result depends on, and of this repository if git knows it."""
    import peft
    import transformers

    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True)
    return {"python": sys.version.split()[0], "torch": torch.__version__, "lightning": lightning.__version__,
            "transformers": transformers.__version__, "peft": peft.__version__, "git": git.stdout.strip() if not git.returncode else ""}
