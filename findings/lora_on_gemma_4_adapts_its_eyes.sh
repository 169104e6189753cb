#!/usr/bin/env bash
# transformers 5.24.0, peft 0.21.2: a Gemma 4 for text comes with its vision tower, and LoRA on "all-linear" adapts that, too.
#
# One would expect AutoModelForCausalLM to give the language model alone, as its name says, and a LoRA with task type CAUSAL_LM to adapt
# that. For a Gemma 4 configuration it gives Gemma4ForConditionalGeneration, and PEFT's "all-linear" puts adapters on the vision tower and
# its projection as well. In training on text they never get a gradient: AdamW keeps no state for them, and what goes through a model's
# trainable parameters and takes the last for an example (its count of updates, its moments) finds none, as the projection is the last of
# all. In this small model 18 of 46 trainable tensors are idle; they are saved with the adapter, and its readers look for them.
#
# Source: run here on random weights, Python 3.11, 2026-11-30. The script fails if each of the adapters gets a gradient from text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'torch==2.13.0' 'transformers==5.24.0' 'peft==0.21.2'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import peft
import torch
import transformers
from transformers import AutoModelForCausalLM, Gemma4Config, Gemma4TextConfig, Gemma4VisionConfig

transformers.logging.set_verbosity_error()
torch.manual_seed(0)
text = Gemma4TextConfig(
    vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, head_dim=16,
    global_head_dim=16, max_position_embeddings=64, sliding_window=16, hidden_size_per_layer_input=0, num_kv_shared_layers=0,
    layer_types=["sliding_attention", "full_attention"], bos_token_id=1, eos_token_id=2, pad_token_id=0)
vision = Gemma4VisionConfig(hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2, head_dim=16)
model = AutoModelForCausalLM.from_config(Gemma4Config(
    text_config=text, vision_config=vision, audio_config=None, image_token_id=63, video_token_id=62, audio_token_id=61, boi_token_id=60,
    eoi_token_id=59))
kind = type(model).__name__
adapted = peft.get_peft_model(model, peft.LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM")).train()
ids = torch.arange(3, 19)[None]
adapted(input_ids=ids, labels=ids).loss.backward()
trained = {name: weight for name, weight in adapted.named_parameters() if weight.requires_grad}
idle = [name for name, weight in trained.items() if weight.grad is None]
optimizer = torch.optim.AdamW(trained.values())
optimizer.step()
print(f"transformers {transformers.__version__}, peft {peft.__version__}: AutoModelForCausalLM gives {kind}")
print(f"{len(idle)} of {len(trained)} trainable tensors have no gradient, {len(optimizer.state)} have a state; the last one: {[*trained][-1]}")
assert kind == "Gemma4ForConditionalGeneration" and len(idle) == 18 and len(trained) == 46 and len(optimizer.state) == 28
assert [*trained][-1] in idle and all("vision" in name for name in idle)
PYTHON
