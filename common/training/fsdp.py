"""Training on several devices: FSDP2 (torch's `fully_shard`) under Lightning, on GPUs and, for tests, on CPUs.

Not Lightning's FSDPStrategy: FSDP1 takes no bf16 base with fp32 adapters in one unit, refuses to clip by norm, and gathers the whole frozen
model for a checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.distributed as dist
from lightning.pytorch.strategies import ModelParallelStrategy
from torch import nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard

from common.training.loss import AnswerLoss


class FSDP2(ModelParallelStrategy):
    """Lightning's strategy for `configure_model` that shards by itself, with all devices in the data-parallel dimension of its mesh."""

    def __init__(self) -> None:
        super().__init__(tensor_parallel_size=1, save_distributed_checkpoint=False)

    def setup_environment(self) -> None:
        """Set the size that "auto" would take to be the number of nodes, then start the process group and the mesh."""
        self._data_parallel_size = self.num_nodes * self.num_processes
        super().setup_environment()


def sharded(whole: nn.Module | None, skeleton: Callable[[], nn.Module], mesh: DeviceMesh, device: torch.device) -> AnswerLoss:
    """The loss of a model over a mesh; rank 0 alone passes the `whole` model, the others receive their shards of it.

    `skeleton` builds the same model without weights. So the host holds the weights once and not once a device.
    """
    with torch.device("meta"):
        objective = AnswerLoss(skeleton())
    model = objective.model
    for layer in model.modules():
        if layer.__class__.__name__ in (model._no_split_modules or ()):
            fully_shard(layer, mesh=mesh)
    fully_shard(objective, mesh=mesh)
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
