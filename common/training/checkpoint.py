"""Checkpoints of a training run: one safetensors file with what is trained, the optimizer's state and the position.

No pickle. Frozen weights are not in it (a LoRA checkpoint of an 8B model is some 500 MB, not 16 GB), and no random state: every step
seeds its own. Sharded tensors are gathered one by one, so a file does not depend on how many devices wrote it or read it. A file appears
whole or not at all: it is written beside its place and renamed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from common.jsonl import UserError
from common.training.precision import trainable

MOMENTS = ("exp_avg", "exp_avg_sq")  # AdamW's state of a parameter; its step count is the run's


def save(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, position: dict[str, Any], is_writer: bool) -> None:
    """Write a checkpoint. Every rank calls it, because gathering takes them all; the writer alone holds and writes the whole.

    Raises UserError if it cannot be written, the file that was there before intact.
    """
    tensors: dict[str, Tensor] = {}
    for name, parameter in trainable(model).items():
        for kind, tensor in (("model", parameter), *((moment, optimizer.state[parameter][moment]) for moment in MOMENTS)):
            whole = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
            if is_writer:
                tensors[f"{kind}/{name}"] = whole.detach().cpu().contiguous()
    if not is_writer:
        return
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, part, metadata={key: repr(value) for key, value in position.items()})
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except (OSError, SafetensorError) as error:
        part.unlink(missing_ok=True)
        raise UserError(f"{path}: cannot be written: {error}; the one before it is intact, and the same command goes on from it") from None


def position(path: Path) -> dict[str, float]:
    """The numbers that were saved with a checkpoint, such as its step."""
    with _opened(path) as file:
        return {key: float(value) for key, value in file.metadata().items()}


def weights(path: Path) -> dict[str, Tensor]:
    """The whole trained tensors of a checkpoint, by parameter name, on the CPU."""
    with _opened(path) as file:
        return {key.removeprefix("model/"): file.get_tensor(key) for key in file.keys() if key.startswith("model/")}


def restore(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Put a checkpoint's weights and optimizer state into a model that trains the same parameters, sharded or not."""
    parameters = trainable(model)
    with _opened(path) as file:
        step = torch.tensor(float(file.metadata()["step"]))
        for name, parameter in parameters.items():
            parameter.data.copy_(_like(parameter, file.get_tensor(f"model/{name}")))
        names = {parameter: name for name, parameter in parameters.items()}
        ordered = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        state = {number: {moment: _like(parameter, file.get_tensor(f"{moment}/{names[parameter]}")) for moment in MOMENTS}
                 for number, parameter in enumerate(ordered)}
    for moments in state.values():
        moments["step"] = step.clone()
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _like(parameter: Tensor, whole: Tensor) -> Tensor:
    """A whole tensor, on a parameter's device and sharded as it is; every rank has read it, so nothing is sent."""
    whole = whole.to(parameter.device)
    if not isinstance(parameter, DTensor):
        return whole
    return distribute_tensor(whole, parameter.device_mesh, parameter.placements, src_data_rank=None)


def _opened(path: Path) -> Any:
    try:
        return safe_open(path, framework="pt")
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path}: no checkpoint can be read from it: {error}; start anew with --overwrite") from None
