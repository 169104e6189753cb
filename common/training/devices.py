"""On what a run trains: devices and nodes, from torchrun, SLURM or the machine, and Lightning's Trainer for them."""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import platform
import resource
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lightning
import torch
import torch.distributed as dist
from lightning.pytorch.plugins.environments import LightningEnvironment, SLURMEnvironment, TorchElasticEnvironment

from common import model
from common.jsonl import UserError
from common.training import launcher, precision

REQUEUED = int(os.environ.get("SLURM_RESTART_COUNT", 0)) > 0  # by the command line of the first start, --overwrite included
# Of glibc's malloc: never map a block by itself, never give memory back. By default each activation of a step is mapped and zeroed anew.
KEPT = {-4: 0, -1: -1}  # M_MMAP_MAX, M_TRIM_THRESHOLD
PATIENCE = timedelta(hours=2)  # for the first process, which tokenises and loads the model while the others wait


def settle(args: argparse.Namespace) -> None:
    """Fill in devices, nodes and strategy; UserError for what the machine cannot do."""
    gpus = torch.cuda.device_count()
    started = _started()
    if started is None:
        args.devices, args.nodes = 1 if args.export_now else launcher.devices_here(args), args.nodes or 1
        if gpus and gpus < args.devices:
            raise UserError(f"--devices {args.devices}: this machine has {gpus} GPU{'s' if gpus > 1 else ''}")
        if args.nodes > 1:
            raise UserError(f"--nodes {args.nodes}: start it on every node: torchrun --nnodes {args.nodes} --nproc-per-node "
                            f"{args.devices} --node-rank … --master-addr … 07_train.py …, or by SLURM")
    else:
        for flag, given, found in (("--devices", args.devices, started[0]), ("--nodes", args.nodes, started[1])):
            if given not in (None, found):
                raise UserError(f"{flag} {given}: {found} of them were started by torchrun or srun; leave it away")
        args.devices, args.nodes = started
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
    if not gpus and platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for parameter, value in KEPT.items():
            libc.mallopt(parameter, value)


def _started() -> tuple[int, int] | None:
    """(processes a node, nodes) that torchrun or srun has started; None without either."""
    if launcher.by_torch():
        return int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"]) // int(os.environ["LOCAL_WORLD_SIZE"])
    if launcher.by_srun():
        nodes = int(os.environ.get("SLURM_NNODES", 1))
        return int(os.environ["SLURM_NTASKS"]) // nodes, nodes
    return None


@contextmanager
def connected(args: argparse.Namespace) -> Iterator[None]:
    """Within, the processes of a run are one group, on GPUs and on the CPU; a run of one process has none."""
    if args.devices * args.nodes == 1:
        yield
        return
    if launcher.by_srun():  # as torchrun would have it
        slurm = {name: os.environ[f"SLURM_{name}"] for name in ("PROCID", "NTASKS", "LOCALID", "NODEID", "JOB_ID", "NODELIST")}
        found = {"RANK": slurm["PROCID"], "WORLD_SIZE": slurm["NTASKS"], "GROUP_RANK": slurm["NODEID"], "LOCAL_WORLD_SIZE": args.devices,
                 "LOCAL_RANK": 0 if torch.cuda.device_count() == 1 else slurm["LOCALID"],  # a cluster may show each task its own GPU alone
                 "MASTER_ADDR": os.environ.get("MASTER_ADDR") or SLURMEnvironment.resolve_root_node_address(slurm["NODELIST"]),
                 "MASTER_PORT": os.environ.get("MASTER_PORT") or 15000 + int(slurm["JOB_ID"]) % 10000}
        os.environ.update({name: str(value) for name, value in found.items()})
    else:
        launcher.end_with_parent()
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    yield
    dist.destroy_process_group()


def is_sharded(args: argparse.Namespace) -> bool:
    """True if the model is sharded; on one device `--strategy fsdp` does that, too (for tests)."""
    return args.strategy in ("fsdp", "hsdp")


def trainer(args: argparse.Namespace, **settings: Any) -> lightning.Trainer:
    """Lightning's Trainer for these devices; `settings` are those of the run.

    Without Lightning's own checkpoints: they are pickled, which this project reads nowhere.
    """
    strategy: Any = "auto"
    if is_sharded(args):
        from common.training.fsdp import FSDP2

        strategy = FSDP2()
    layout = (args.devices, args.nodes)
    if torch.cuda.device_count() == 1:  # each process sees one GPU: for Lightning, each is a node
        layout = (1, args.devices * args.nodes)
    return lightning.Trainer(
        accelerator="gpu" if torch.cuda.is_available() else "cpu", devices=layout[0], num_nodes=layout[1], strategy=strategy,
        plugins=[TorchElasticEnvironment() if args.devices * args.nodes > 1 else LightningEnvironment(),
                 precision.scaling(args.precision, "cuda" if torch.cuda.is_available() else "cpu")],
        max_epochs=-1, reload_dataloaders_every_n_epochs=1, inference_mode=False, use_distributed_sampler=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, default_root_dir=args.output, **settings)


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
