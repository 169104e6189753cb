"""Memory for time: which activations are kept for the backward pass and which are computed again; and compiled layers.

    none        all are kept: the fastest where they fit
    selective   the outputs of matrix products and attention are kept, what lies between them is cheap and computed again
    full        a layer's input alone is kept, the layer is computed again
"""

from __future__ import annotations

import functools
import shutil
from typing import Any

import torch
from torch import nn
from torch.nn.attention import varlen  # noqa: F401 (registers its operator)
from torch.utils.checkpoint import CheckpointPolicy, create_selective_checkpoint_contexts
from transformers import AttentionInterface

from common.jsonl import UserError
from common.training.attention import PACKED, packed_attention
from common.training.loss import inner

MODES = ("none", "selective", "full")
PRODUCTS = {torch.ops.aten.mm.default, torch.ops.aten.addmm.default, torch.ops.aten.bmm.default}
ATTENTION = {  # one operation, under the names of its kernels
    torch.ops.aten._scaled_dot_product_flash_attention.default, torch.ops.aten._scaled_dot_product_efficient_attention.default,
    torch.ops.aten._scaled_dot_product_cudnn_attention.default, torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default,
    torch.ops.torch_attn._varlen_attn.default,
}  # fmt: skip
WIDE = 128  # a product over fewer elements is cheap for the size of its result: above all an adapter's second, over its rank


def keep_activations(model: Any, mode: str) -> None:
    """Set which activations of each layer live until the backward pass: one of MODES."""
    if mode == "none":
        return
    settings: dict[str, Any] = {"use_reentrant": False}
    if mode == "selective":
        settings["context_fn"] = functools.partial(create_selective_checkpoint_contexts, _policy)
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=settings)


def _policy(context: Any, operator: Any, *inputs: Any, **_: Any) -> CheckpointPolicy:
    dear = operator in ATTENTION or (operator in PRODUCTS and inputs[-1].shape[-2] >= WIDE)
    return CheckpointPolicy.MUST_SAVE if dear else CheckpointPolicy.PREFER_RECOMPUTE


def layers(model: Any) -> list[nn.Module]:
    """The repeated blocks of a model, as its family names them."""
    base = inner(model)
    return [module for module in base.modules() if {kind.__name__ for kind in type(module).__mro__} & set(base._no_split_modules or ())]


def compile_layers(model: Any) -> None:
    """Compile each layer by itself, in place: names stay, one graph serves all layers, and sharding hooks stay outside.

    Raises UserError where nothing can be compiled.
    """
    if not torch.cuda.is_available() and not shutil.which("g++"):
        raise UserError("--compile needs a C++ compiler (g++) on a machine without a GPU; install one, or leave the flag away")
    # its graph would be another for every row: it stays outside. --attention varlen and flash attention compile whole
    AttentionInterface.register(PACKED, torch.compiler.disable(packed_attention))
    for layer in layers(model):
        layer.compile()
