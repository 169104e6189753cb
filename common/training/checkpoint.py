"""Checkpoints of a training run: what is trained, the optimizer's state and the position, in safetensors files.

    last.json      {"folder": "step-50", "step": 50, ...}: where the run stands, and where its tensors are; best.json likewise
    step-50/       a file or several of each process, by torch's distributed checkpoint

No pickle. Frozen weights are not in it (a LoRA checkpoint of an 8B model is some 500 MB, not 16 GB), and no random state: every step
seeds its own. Each process writes the shards that it holds, so that none holds the whole, and reads those that it needs: what some
number of processes have written, any other number reads. The file of a name is replaced when its folder is complete and on the disk;
killed before, a save leaves nothing that counts.
"""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.distributed.checkpoint import HuggingFaceStorageReader, HuggingFaceStorageWriter
from torch.distributed.checkpoint.api import CheckpointException

from common import jsonl
from common.jsonl import UserError
from common.training.precision import trainable

MOMENTS = ("exp_avg", "exp_avg_sq")  # AdamW's state of a parameter
FILE_BYTES = 1 << 30  # of whole tensors in a file: each process serialises its part of one at a time


def save(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, position: dict[str, float], is_writer: bool) -> None:
    """Write a checkpoint under a name, such as checkpoints/last.json. Every process calls it; the writer alone gives the name.

    Raises UserError, in all of them where one cannot write its tensors; what had the name before is intact.
    """
    tensors, updates, without = dict[str, Tensor](), dict[str, int](), list[str]()
    for name, parameter in trainable(model).items():
        tensors[f"model/{name}"] = parameter.detach()
        if state := optimizer.state.get(parameter):
            updates[name] = int(state["step"])
        else:  # before its first gradient, which a part that the data does not use never gets
            state = {moment: torch.zeros_like(parameter) for moment in MOMENTS}
            without.append(name)
        tensors |= {f"{moment}/{name}": state[moment] for moment in MOMENTS}
    part = path.with_suffix(".part")
    with _told(f"{path}: cannot be written", "the one before it is intact, and the same command goes on from it"):
        if is_writer:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True, exist_ok=True)  # another process may have been faster
        try:
            dcp.save(tensors, storage_writer=HuggingFaceStorageWriter(str(part), _files(tensors), save_distributed=True))
            if is_writer:
                most = max(updates.values(), default=0)
                fewer = {name: count for name, count in updates.items() if count < most}  # a part that some steps do not use
                _name(path, part, {**position, "updates": most, **({"fewer_updates": fewer} if fewer else {}),
                                   **({"without_moments": without} if without else {})})  # fmt: skip
        finally:
            if is_writer:  # alone: the others are through with it earlier
                shutil.rmtree(part, ignore_errors=True)  # it may be what fills the disk


def _files(tensors: dict[str, Tensor]) -> dict[str, int]:
    """Return the number of the file in which each tensor is, from 1."""
    total, files = 0, {}
    for name, tensor in tensors.items():
        files[name] = 1 + total // FILE_BYTES
        total += tensor.numel() * tensor.element_size()
    return files


def _name(path: Path, part: Path, position: dict[str, Any]) -> None:
    """Give a complete folder its place and the name."""
    folder, used = path.with_name(f"step-{position['step']}"), _named(path.parent)
    while folder.name in used:  # the same step was saved before
        folder = path.with_name(f"{folder.name}-again")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(part, folder)
    jsonl.write_atomically(path, jsonl.encode({"folder": folder.name, **position}))
    _clear(path.parent)


def also(path: Path, other: Path) -> None:
    """Give a checkpoint a second name, which another one may have had. UserError if it cannot be written."""
    jsonl.write_atomically(other, path.read_bytes())
    _clear(path.parent)


def _clear(folder: Path) -> None:
    """Remove the tensors that no name leads to."""
    for left in set(folder.glob("step-*")) - {folder / name for name in _named(folder)}:
        shutil.rmtree(left, ignore_errors=True)


def _named(folder: Path) -> set[str]:
    return {_read(path)["folder"] for path in folder.glob("*.json")}


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
        if not (path.parent / found["folder"]).is_dir():
            raise ValueError(f"{found['folder']} is not there")
        return found
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path}: no checkpoint can be read from it: {error}; start anew with --overwrite") from None


def position(path: Path) -> dict[str, Any]:
    """Return what was saved with a checkpoint beside its tensors, such as its step."""
    return {key: value for key, value in _read(path).items() if key != "folder"}


def weights(path: Path, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """The whole trained tensors of a checkpoint in a dtype, by parameter name, on the CPU. One process calls it, and holds them once."""
    with _readable(path) as reader:
        shapes = reader.read_metadata().state_dict_metadata
        tensors = {name: torch.empty(shape.size, dtype=dtype) for name, shape in shapes.items() if name.startswith("model/")}
        dcp.load(tensors, storage_reader=reader, no_dist=True)
    return {name.removeprefix("model/"): tensor for name, tensor in tensors.items()}


def restore(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Put a checkpoint's weights and optimizer state into a model that trains the same parameters, sharded or not, in every process."""
    parameters = trainable(model)
    tensors: dict[str, Tensor] = {}
    for name, parameter in parameters.items():
        tensors |= {f"model/{name}": parameter.detach(), **{f"{moment}/{name}": torch.zeros_like(parameter) for moment in MOMENTS}}
    with _readable(path) as reader:
        dcp.load(tensors, storage_reader=reader)  # into the parameters themselves
    names = {parameter: name for name, parameter in parameters.items()}
    ordered = [names[parameter] for group in optimizer.param_groups for parameter in group["params"]]
    saved = position(path)
    without, fewer = saved.get("without_moments", ()), saved.get("fewer_updates", {})
    state = {number: {"step": torch.tensor(float(fewer.get(name, saved["updates"]))),
                      **{moment: tensors[f"{moment}/{name}"].detach() for moment in MOMENTS}}
             for number, name in enumerate(ordered) if name not in without}  # fmt: skip
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


@contextmanager
def _readable(path: Path) -> Iterator[HuggingFaceStorageReader]:
    reader = HuggingFaceStorageReader(str(path.parent / _read(path)["folder"]))
    with _told(f"{path}: no checkpoint can be read from it", "start anew with --overwrite"):
        yield reader


@contextmanager
def _told(what: str, remedy: str) -> Iterator[None]:
    """Turn what goes wrong with files, here or in another process, into one line."""
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # that a single process is a single process
            yield
    except (OSError, SafetensorError, CheckpointException, ValueError, KeyError, StopIteration) as error:  # an empty folder: the last
        cause = next(iter(error.failures.values()))[0] if isinstance(error, CheckpointException) else error
        raise UserError(f"{what}: {' '.join(str(cause).split())[:300]}; {remedy}") from None
