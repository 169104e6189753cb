"""The loss on the answers of a packed row: logits only where there is a target, and only a few of them at once.

The logits of one row of 8,192 tokens over Llama 3's 128,256 tokens are 3.9 GiB in fp32. Here they exist only at supervised positions, a
chunk at a time, and each chunk's gradient is made while it is there.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.checkpoint import checkpoint

from common.jsonl import UserError
from common.packing import Drawn, Row
from common.training import adapters
from common.training.attention import PACKED, SIDE_BY_SIDE, VARLEN, plain

CHUNK = 2**27  # logits that exist at once, on a GPU: 0.5 GiB in fp32, 1,024 positions at Llama 3's vocabulary
CPU_CHUNK = 2**22  # on a CPU: what its cache holds
# Of logits, relative. On 16 random layers in bf16, another order of summation came to 0.01 to 0.07, samples that see each other to 0.24.
TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.15, torch.float16: 0.15}


# ---------------------------------------------------------------------------------------------------------------------------------
# hidden states


class AnswerLoss(nn.Module):
    """Cross-entropy of a causal language model over the targets of a packed row, summed.

    It is a module, the root of what is sharded, because the head is called here and not by the model's own forward: FSDP2 gathers
    weights when the module that owns them is called. `neftune` is the strength of the noise on embeddings in training, 0 for none.
    """

    def __init__(self, model: nn.Module, neftune: float = 0.0) -> None:
        super().__init__()
        self.model, self.neftune = model, neftune
        adapters.fuse(model)

    def forward(self, row: Row) -> Tensor:
        """Sum over the supervised positions, in nats, fp32."""
        base = inner(self.model)
        hidden = decoded(base, row, self.neftune if self.training else 0.0)
        targets = row.targets[0, row.supervised]
        return summed(base.get_output_embeddings(), hidden[0, row.supervised], targets, Squash.of(base.config), row.drawn)


def inner(model: nn.Module) -> Any:
    """The model under PEFT's wrapper, its adapted layers included."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def decoded(base: Any, row: Row, noise: float = 0.0) -> Tensor:
    """Last hidden states of a row, [1, tokens, width]."""
    decoder = base.get_decoder()
    decoder = base.model if decoder is base else decoder  # Llama 4's does not find it
    name, tokens = "input_ids", row.input_ids
    if noise:
        name, tokens = "inputs_embeds", noisy(base.get_input_embeddings()(row.input_ids), row.lengths, noise)
    if base.config._attn_implementation in SIDE_BY_SIDE:
        # behind a sample's end, padding is seen by nothing that is wanted: no mask is needed
        samples = pad_sequence(tokens[0].split(row.lengths), batch_first=True)
        hidden = decoder(**{name: samples}, use_cache=False).last_hidden_state
        return torch.cat([sample[:length] for sample, length in zip(hidden, row.lengths, strict=True)])[None]
    # other back-ends keep the samples apart by their position ids, but only when given neither a mask nor a cache
    return decoder(**{name: tokens}, position_ids=row.position_ids, use_cache=False, **_bounds(base, row)).last_hidden_state


def _bounds(base: Any, row: Row) -> dict[str, Any]:
    """Return where samples begin and end, by the names that transformers' flash attention takes, so that it need not search."""
    attention = base.config._attn_implementation
    if attention not in (PACKED, VARLEN) and not attention.startswith("flash"):
        return {}
    starts = torch.tensor([0, *accumulate(row.lengths)], dtype=torch.int32)
    starts = starts if attention == PACKED else starts.to(row.input_ids.device)
    longest = max(row.lengths)
    return {"cu_seq_lens_q": starts, "cu_seq_lens_k": starts, "max_length_q": longest, "max_length_k": longest}


def noisy(embeddings: Tensor, lengths: tuple[int, ...], strength: float) -> Tensor:
    """NEFTune (arXiv 2310.05914): uniform noise in ±strength / sqrt(length * width), the length being that of each packed sample.

    It is drawn from PyTorch's own source, which training seeds by (seed, step, row): a resumed run draws the same.
    """
    counts = torch.tensor(lengths, device=embeddings.device)
    scale = (strength / (counts * embeddings.shape[-1]).sqrt()).repeat_interleave(counts, output_size=embeddings.shape[1])
    return embeddings + (torch.rand_like(embeddings) * 2 - 1) * scale[:, None].to(embeddings.dtype)


# ---------------------------------------------------------------------------------------------------------------------------------
# logits and loss


class Squash(NamedTuple):
    """A model's own change of its logits behind the head: times `scale`, then bounded to ±`cap` by tanh."""

    scale: float = 1.0
    cap: float | None = None

    @classmethod
    def of(cls, config: Any) -> Squash:
        """By the names that families have for them in their configs: Granite, Cohere, Falcon-H1; Gemma, Recurrent Gemma, xLSTM."""
        text = config.get_text_config()
        scale = 1 / (getattr(text, "logits_scaling", None) or 1)
        scale *= getattr(text, "logit_scale", None) or getattr(text, "lm_head_multiplier", None) or 1
        caps = (getattr(text, name, None) for name in ("final_logit_softcapping", "logits_soft_cap", "output_logit_soft_cap"))
        return cls(float(scale), next(filter(None, caps), None))

    def __call__(self, logits: Tensor) -> Tensor:
        """The logits that the model means, in fp32."""
        logits = logits.float() if self.scale == 1 else logits.float() * self.scale
        return logits if self.cap is None else (logits / self.cap).tanh() * self.cap

    def slope(self, logits: Tensor) -> Tensor | float:
        """The derivative of what came out by what went in, given what came out."""
        return self.scale if self.cap is None else self.scale * (1 - (logits / self.cap) ** 2)


def summed(head: nn.Module, hidden: Tensor, targets: Tensor, squash: Squash, drawn: Drawn | None = None) -> Tensor:
    """Summed cross-entropy of hidden states [positions, width] behind a head; of what was `drawn`, weighted."""
    size = max(1, (CPU_CHUNK if hidden.device.type == "cpu" else CHUNK) // head.weight.shape[0])
    if type(head) is nn.Linear and head.bias is None:
        weight = head.weight
        if not torch.is_grad_enabled():
            hidden, weight = hidden.detach(), weight.detach()
        return _LinearCrossEntropy.apply(hidden, weight, targets, squash, size, drawn)
    total = hidden.sum().float() * 0  # a row without targets still takes part in every collective of the backward pass
    for start in range(0, len(hidden), size):
        part = slice(start, start + size)
        losses = checkpoint(_cross_entropy, head, hidden[part], targets[part], squash, drawn, part, use_reentrant=False)
        if drawn is not None:
            drawn.trained[part], losses = -losses.detach(), (losses * drawn.weights[part]).sum()
        total = total + losses
    return total


def _cross_entropy(head: nn.Module, hidden: Tensor, targets: Tensor, squash: Squash, drawn: Drawn | None, part: slice) -> Tensor:
    logits = drawn_from(squash(head(hidden)), drawn, part)
    return nn.functional.cross_entropy(logits, targets, reduction="sum" if drawn is None else "none")


def drawn_from(logits: Tensor, drawn: Drawn | None, part: slice) -> Tensor:
    """Logits as they were when a model drew from them: by its temperature, and what a grammar did not allow without a share."""
    logits = logits if drawn is None or drawn.temperature == 1 else logits / drawn.temperature
    if drawn is None or drawn.legal is None:
        return logits
    bits = drawn.legal[part, :, None].bitwise_right_shift(torch.arange(8, dtype=torch.uint8, device=logits.device)) & 1
    return logits.masked_fill(bits.flatten(1)[:, : logits.shape[-1]] == 0, float("-inf"))


class _LinearCrossEntropy(torch.autograd.Function):
    """Cross-entropy behind a linear head, its gradients made along with it: the logits of a chunk are computed once, and once only.

    With p the softmax and y the one-hot target, the gradient of the sum by the logits is p - y.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, squash: Squash, size: int, drawn: Drawn | None) -> Tensor:
        total = hidden.new_zeros((), dtype=torch.float32)
        grad_hidden = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        grad_weight = torch.zeros_like(weight, dtype=torch.float32) if ctx.needs_input_grad[1] else None
        for start in range(0, len(hidden), size):
            part = slice(start, start + size)
            logits = squash(nn.functional.linear(hidden[part], weight))
            slope = squash.slope(logits)
            logits = drawn_from(logits, drawn, part)
            picked = targets[part, None]
            logits.sub_(logits.amax(-1, keepdim=True))
            chosen = logits.gather(1, picked)
            sums = logits.exp_().sum(-1, keepdim=True)  # they are exponentials now, in the same memory: there is no room for another copy
            logprobs = (chosen - sums.log())[:, 0]
            total -= (logprobs if drawn is None else logprobs * drawn.weights[part]).sum()
            if drawn is not None:
                drawn.trained[part], slope = logprobs, slope * drawn.weights[part, None] / drawn.temperature
            if grad_hidden is not None or grad_weight is not None:
                error = logits.div_(sums)
                error.scatter_add_(1, picked, error.new_full(picked.shape, -1))
                error = error.mul_(slope).to(weight.dtype)
                if grad_hidden is not None:
                    grad_hidden[part] = error @ weight
                if grad_weight is not None:
                    grad_weight += error.T @ hidden[part].to(weight.dtype)
        ctx.save_for_backward(grad_hidden, grad_weight)
        return total

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        # in fp32: a factor that is rounded to bf16 would be off by as much in every gradient of the step
        grad_hidden, grad_weight = (None if part is None else (part.float() * grad_output).to(part.dtype) for part in ctx.saved_tensors)
        return grad_hidden, grad_weight, None, None, None, None


# ---------------------------------------------------------------------------------------------------------------------------------
# does it fit?


@torch.no_grad()
def check_fits(model: nn.Module) -> None:
    """Make sure, on a few tokens, that what is trained is what the model is, and that no sample sees another.

    Raises UserError: training on other logits than the model's own would go unnoticed.
    """
    base = inner(model)
    attention, kind = base.config._attn_implementation, base.config.model_type
    if base.device.type == "cpu" and attention not in (PACKED, *SIDE_BY_SIDE):
        base.set_attn_implementation(PACKED)  # the others need a GPU, where the model is not yet
    ids = torch.arange(8, device=base.device)[None]
    expected = torch.cat([base(input_ids=part).logits for part in (ids[:, :5], ids[:, 5:])], dim=1).float()
    row = Row(ids, torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2]], device=base.device), ids, ids[0], (5, 3))
    found = Squash.of(base.config)(base.get_output_embeddings()(decoded(base, row)))
    base.set_attn_implementation(attention)
    difference = float((found - expected).norm() / expected.norm())
    if difference <= TOLERANCE[base.dtype]:
        return
    if attention in SIDE_BY_SIDE:
        raise UserError(f"models of type {kind} cannot be trained here: they do more behind their head than this loss knows "
                        f"(their logits differ by {difference:.0%}); take another --model")
    raise UserError(f"models of type {kind} do more than --attention {attention} knows (logits differ by {difference:.0%}); "
                    f"give --attention {plain(base)}")
