"""The arithmetic of a step, and the share of a GPU's peak that it reaches (MFU), in the two conventions people compare.

    4N   what LoRA must do: forward, and the gradients of activations; frozen weights need none of their own
    6N   what full training must do, and what most published figures assume

Both count useful work alone: nothing that is recomputed, no attention across samples, and the head only where there is a target, because
only there is it computed. So they are below what a count by parameters would say. Attention is counted three times (forward, and backward
by both inputs) in both. Adapters, norms and embeddings are left out: less than 1 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import nn

from common.training.loss import inner

# Dense bf16 FLOP/s by the makers' data sheets, which print twice as much "with sparsity". The first name that a device's name holds counts.
# (Lightning's table has the sparse figure for H200 and H100 NVL, and less than half for RTX 4090, A40 and A6000.)
PEAK = {
    "B200": 2250e12, "H200 NVL": 835e12, "H200": 989e12, "GH200": 989e12, "H100 NVL": 835e12, "H100 PCIe": 756e12, "H100": 989e12,
    "A100": 312e12, "L40S": 362e12, "L40": 181e12, "L4": 121e12, "A40": 150e12, "A10G": 70e12, "A10": 125e12, "RTX A6000": 155e12,
    "RTX 5090": 209.5e12, "RTX 4090": 165e12, "RTX 3090": 71e12,
}  # fmt: skip


class Work(NamedTuple):
    """The cost of a model: elements of its matrices, and the factor from pairs of positions to attention FLOP."""

    body: int  # in the layers, per token
    head: int  # per token with a target
    attention: int  # FLOP of the forward pass per pair of a query and a key, all layers together

    @classmethod
    def of(cls, model: Any) -> Work:
        """Of a causal language model, adapted or not, quantized or not."""
        base = inner(model)
        config = base.config.get_text_config()
        body = sum(module.in_features * module.out_features for name, module in base.get_decoder().named_modules()
                   if isinstance(module, nn.Linear) and "lora_" not in name)
        head = base.get_output_embeddings()
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        return cls(body, head.in_features * head.out_features, 4 * config.num_hidden_layers * config.num_attention_heads * width)

    def flop(self, lengths: Sequence[int], supervised: int, passes: int) -> float:
        """Useful FLOP of a step over samples of these lengths; `passes` is 4 or 6: two for each use of a weight."""
        pairs = sum(length * (length + 1) // 2 for length in lengths)
        return passes * (self.body * sum(lengths) + self.head * supervised) + 3 * self.attention * pairs


def peak_flops(device_name: str) -> float | None:
    """Dense bf16 FLOP/s of a GPU by its name, None if it is not in the table."""
    return next((peak for name, peak in PEAK.items() if name in device_name), None)


def utilisation(work: Work, lengths: Sequence[int], supervised: int, seconds: float, devices: int,
                device_name: str) -> dict[str, float]:
    """{"mfu_4n": ..., "mfu_6n": ...} of a step, empty where the peak is not known."""
    peak = peak_flops(device_name)
    if peak is None:
        return {}
    return {f"mfu_{passes}n": round(work.flop(lengths, supervised, passes) / (seconds * devices * peak), 4) for passes in (4, 6)}
