"""Training on several devices: FSDP2 (torch's `fully_shard`) under Lightning, on GPUs and, for tests, on CPUs.

Not Lightning's FSDPStrategy: FSDP1 takes no bf16 base with fp32 adapters in one unit, refuses to clip by norm, and gathers the whole frozen
model for a checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
import torch.distributed as dist
from lightning.pytorch.strategies import ModelParallelStrategy
from torch import nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, fully_shard

from common.packing import IGNORED, Row
from common.training import precision
from common.training.activation_checkpointing import layers
from common.training.loss import AnswerLoss

ROOM = 0.25  # share of a device's memory that gradients may take to be summed once a step, and not at each row


class FSDP2(ModelParallelStrategy):
    """Lightning's strategy for `configure_model` that shards by itself, with all devices in the data-parallel dimension of its mesh."""

    def __init__(self) -> None:
        super().__init__(tensor_parallel_size=1, save_distributed_checkpoint=False)

    def setup_environment(self) -> None:
        """Set the size that "auto" would take to be the number of nodes, then start the process group and the mesh."""
        self._data_parallel_size = self.num_nodes * self.num_processes
        super().setup_environment()

    def _configure_launcher(self) -> None:
        """Start nothing: torch or srun has."""

    @contextmanager
    def block_backward_sync(self) -> Iterator[None]:
        """Within, gradients stay where they are: they are summed over the devices once, behind a step's last row.

        Not where they need too much memory: unlike those that are summed, they are whole on every device, 32 GB for all of an 8B model.
        """
        objective = self.lightning_module.objective
        objective.set_requires_gradient_sync(gradient_bytes(objective.model) > ROOM * memory(self.root_device))
        yield
        objective.set_requires_gradient_sync(True)


def gradient_bytes(model: nn.Module) -> int:
    """The size of the gradients of a model, whole and in fp32."""
    return 4 * sum(weight.numel() for weight in precision.trainable(model).values())


def memory(device: torch.device) -> int:
    """Bytes of a GPU, or of the machine."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def shard(objective: AnswerLoss, mesh: DeviceMesh, dtype: torch.dtype) -> AnswerLoss:
    """The same loss with its weights over a mesh, whose layers compute in `dtype`."""
    policy = precision.policy(dtype)
    for layer in layers(objective.model):
        fully_shard(layer, mesh=mesh, mp_policy=policy)
    fully_shard(objective, mesh=mesh, mp_policy=replace(policy, cast_forward_inputs=False))  # what was drawn stays in fp32
    return objective


def sharded(whole: nn.Module | None, skeleton: Callable[[], nn.Module], mesh: DeviceMesh, device: torch.device, dtype: torch.dtype,
            neftune: float = 0.0) -> AnswerLoss:
    """The loss of a model over a mesh, its layers computing in `dtype`; rank 0 alone passes the `whole` model, the others get their shards.

    `skeleton` builds the same model without weights. So the host holds the weights once and not once a device.
    """
    with torch.device("meta"):
        objective = shard(AnswerLoss(skeleton(), neftune), mesh, dtype)
    model = objective.model
    objective.to_empty(device=device)
    model.tie_weights()
    options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True, strict=True)
    set_model_state_dict(model, whole.state_dict() if whole is not None else {}, options=options)
    # buffers that no state dict holds, such as RoPE's frequencies, came out of to_empty as garbage
    buffers = dict(whole.named_buffers()) if whole is not None else {}
    for name, buffer in model.named_buffers():
        if whole is not None:
            buffer.copy_(buffers[name])
        dist.broadcast(buffer, src=0)
    return objective


@contextmanager
def gathered(objective: AnswerLoss) -> Iterator[None]:
    """Within, every process holds the whole model and can run it by itself, as often as it likes: no collective is left to wait in.

    Takes the memory of the whole model on every device: 16 GB for 8B in bf16.
    """
    precision.renew(objective)
    parts = [module for module in objective.modules() if isinstance(module, FSDPModule)]  # the root first; none on one device
    if parts:  # FSDP2 sets itself up in a first pass through the root: here one token without loss
        token = torch.zeros((1, 1), dtype=torch.long, device=objective.model.device)
        with torch.no_grad():
            objective(Row(token, token, token + IGNORED, token[0, :0], (1,)))
    for part in parts:
        part.set_reshard_after_forward(False, recurse=False)
        part.unshard()
    yield
    for part in parts:
        part.set_reshard_after_forward(part is not parts[0], recurse=False)  # as fully_shard has it
        part.reshard()
