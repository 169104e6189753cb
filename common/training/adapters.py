"""LoRA's layers computed in fewer passes than PEFT's: the product with the frozen weight adds the adapter's share as it goes.

For y = x Wᵀ + s (x Aᵀ) Bᵀ, PEFT writes four results of the size of y or x, and the backward pass as many. On a CPU that is an eighth of a
step, and on a GPU as many kernels more. The numbers are the same.
"""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import Tensor, nn

RANDOM = 2**16  # steps in which a CPU draws dropout: four from one draw


def fuse(model: nn.Module) -> None:
    """Have a model's plain LoRA layers computed as here. Others stay as they are: DoRA, quantized weights, experts, several adapters."""
    from peft.tuners.lora import Linear

    for module in model.modules():
        if type(module) is Linear and type(module.base_layer) is nn.Linear:
            module.forward = types.MethodType(_forward, module)


def _forward(self: Any, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    adapters = self.active_adapters
    is_plain = len(adapters) == 1 and adapters[0] in self.lora_A and not (self.lora_variant or self.merged or self.disable_adapters)
    base = self.base_layer
    if not is_plain or base.weight.requires_grad or args or kwargs:
        return type(self).forward(self, x, *args, **kwargs)
    name = adapters[0]
    share = getattr(self.lora_dropout[name], "p", 0.0) if self.training else 0.0
    return _LoRA.apply(x.to(base.weight.dtype), dropped(x, share) if share else None, base.weight, base.bias, self.lora_A[name].weight,
                       self.lora_B[name].weight, self.scaling[name])


def dropped(x: Tensor, share: float) -> Tensor:
    """Dropout. On a CPU, where drawing is what it costs, four elements share a draw of 64 bits."""
    if x.device.type != "cpu":
        return nn.functional.dropout(x, share)
    draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-2**63, None).view(torch.int16)[:x.numel()]
    kept = draws >= round(share * RANDOM) - RANDOM // 2
    return x * kept.view(x.shape).to(x.dtype).mul_(1 / (1 - share))


class _LoRA(torch.autograd.Function):
    """x Wᵀ + b + s (d Aᵀ) Bᵀ with W and b frozen; d is x behind dropout, or None for x itself."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, behind_dropout: Tensor | None, weight: Tensor, bias: Tensor | None, down: Tensor, up: Tensor,
                scale: float) -> Tensor:
        x, shape = x.reshape(-1, x.shape[-1]), x.shape
        entering = x if behind_dropout is None else behind_dropout.reshape(x.shape).to(x.dtype)
        a, b = down.to(x.dtype), up.to(x.dtype)
        middle = entering @ a.T
        share = (middle * scale) @ b.T if bias is None else torch.addmm(bias, middle * scale, b.T)
        ctx.save_for_backward(x, None if behind_dropout is None else entering, weight, a, b, middle)
        ctx.scale, ctx.types = scale, (down.dtype, up.dtype)
        return torch.addmm(share, x, weight.T).view(*shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        x, entering, weight, a, b, middle = ctx.saved_tensors
        shape, grad_output = grad_output.shape[:-1], grad_output.reshape(-1, grad_output.shape[-1])
        grad_middle = (grad_output @ b) * ctx.scale
        grad_up = (grad_output.T @ middle) * ctx.scale
        grad_down = grad_middle.T @ (x if entering is None else entering)
        grad_x = grad_entering = None
        if entering is not None:
            grad_entering = (grad_middle @ a).view(*shape, -1)
        if ctx.needs_input_grad[0]:
            grad_x = (grad_output @ weight if entering is not None else torch.addmm(grad_middle @ a, grad_output, weight)).view(*shape, -1)
        return grad_x, grad_entering, None, None, grad_down.to(ctx.types[0]), grad_up.to(ctx.types[1]), None
