#!/usr/bin/env bash
# transformers 5.24.0: AFMoE (Arcee's Trinity) does not keep packed samples apart; position ids that start anew are no border to it.
#
# Several samples in one row without padding are told apart by position ids that start again at 0: given no mask and no cache, the models
# of transformers derive a block mask from them, under sdpa and eager attention as under flash attention. One would expect the same of each
# model whose layers are attention alone. OLMoE, Mixtral and Qwen3 do so, to rounding. AFMoE hands its position ids to the rotary embedding,
# but not to the two functions that make its masks, so that a second sample attends to the first: its logits here are off by more than their
# own size. Nothing is said, and a trainer that packs by position ids (a "padding-free" collator) learns from mixed samples.
#
# Source: run here on random weights, and read in the package's modeling_afmoe.py; Python 3.11, 2026-11-29. The script fails if AFMoE keeps
# the samples apart, or if one of the others does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'torch==2.13.0' 'transformers==5.24.0'
"$folder/venv/bin/python" - <<'PYTHON'
import torch
from transformers import AutoConfig, AutoModelForCausalLM, logging

logging.set_verbosity_error()
SMALL = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
FIRST, SECOND = torch.arange(3, 8)[None], torch.arange(20, 26)[None]


def difference(kind, attention):
    """The largest change of a logit of the second sample when the first stands before it in the row, by the largest logit."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **SMALL)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation=attention).eval()
    positions = torch.tensor([[*range(FIRST.shape[1]), *range(SECOND.shape[1])]])
    with torch.no_grad():
        alone = model(input_ids=SECOND, use_cache=False).logits
        packed = model(input_ids=torch.cat([FIRST, SECOND], 1), position_ids=positions, use_cache=False).logits
    return float((packed[:, FIRST.shape[1]:] - alone).abs().max() / alone.abs().max())


for attention in ("sdpa", "eager"):
    for kind in ("llama", "mixtral", "olmoe", "afmoe"):
        found = difference(kind, attention)
        print(f"{kind}, {attention}: the second sample's logits differ by {found:.1e} of the largest")
        assert (found > 0.1) if kind == "afmoe" else (found < 1e-4), kind
PYTHON
