"""Mixed precision: layers compute in bf16 or fp16, while what is trained, its gradients and the optimizer's moments stay in fp32.

Several devices leave it to FSDP2, whose policy casts what it gathers. On one device there is nothing to gather: FSDP2 on a mesh of one
copies every weight at every pass and sends the optimizer through DTensor, a sixth of the tiny model's speed. There the model holds
copies to compute with, beside its master weights in fp32: the same numbers, to the last bit. Autocast is neither's way: the residual
stream of a whole model and the inputs of adapters would be fp32.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from lightning.pytorch.plugins.precision import MixedPrecision, Precision
from torch import nn
from torch.distributed.fsdp import MixedPrecisionPolicy

from common.training.loss import AnswerLoss

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}  # of --precision


def policy(dtype: torch.dtype) -> MixedPrecisionPolicy:
    """FSDP2's policy: layers compute in `dtype`, gradients are summed over the devices in fp32."""
    return MixedPrecisionPolicy() if dtype == torch.float32 else MixedPrecisionPolicy(param_dtype=dtype, reduce_dtype=torch.float32)


class Scaled(MixedPrecision):
    """Lightning's scaling of the loss for fp16, whose smallest gradients would vanish, without its autocast."""

    def __init__(self, device: str) -> None:
        super().__init__("16-mixed", device, torch.amp.GradScaler(device))

    def forward_context(self) -> AbstractContextManager[None]:
        """Return a context that changes nothing: the model itself computes in fp16."""
        return nullcontext()


def scaling(precision: str, device: str) -> Precision:
    """Lightning's plugin for a --precision on a type of device."""
    return Scaled(device) if precision == "fp16" else Precision()


def skips(plugin: Precision) -> bool:
    """True if a gradient that is no number is an overflow of fp16: the step is left out, and the next loss scaled less.

    Not where it is scaled no more: then training has diverged.
    """
    return isinstance(plugin, Scaled) and plugin.scaler.get_scale() > 1


def cast(objective: AnswerLoss, dtype: torch.dtype) -> AnswerLoss:
    """The same loss, its model computing with copies in `dtype` of what is trained; `trainable` finds the weights behind the copies.

    A copy's gradient goes to its weight at once. The copies are made anew before each row.
    """
    copies: dict[nn.Parameter, nn.Parameter] = {}  # a weight in two places has one copy
    for module in list(objective.modules()):
        for name, weight in module.named_parameters(recurse=False):
            if not weight.requires_grad or weight.dtype == dtype:
                continue
            if weight not in copies:
                copies[weight] = nn.Parameter(weight.detach().to(dtype))
                copies[weight].master = weight
                copies[weight].register_post_accumulate_grad_hook(_hand_over)
            setattr(module, name, copies[weight])
    if copies:
        objective.master = nn.ParameterList(copies)  # so that they move with it from device to device
        objective.register_forward_pre_hook(lambda *_: renew(objective))
    return objective


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that are trained, by name, those behind copies in their stead; the same names whether compiled or not."""
    return {name.replace("_orig_mod.", ""): getattr(parameter, "master", parameter)
            for name, parameter in model.named_parameters() if parameter.requires_grad}


@torch.no_grad()
def renew(objective: AnswerLoss) -> None:
    """Have the copies equal their weights, which an optimizer or a checkpoint has changed."""
    copies = [parameter for parameter in objective.model.parameters() if hasattr(parameter, "master")]
    if copies:
        torch._foreach_copy_(copies, [copy.master for copy in copies])


def _hand_over(copy: nn.Parameter) -> None:
    weight, grad = copy.master, copy.grad.to(copy.master.dtype)
    weight.grad = grad if weight.grad is None else weight.grad.add_(grad)
    copy.grad = None
