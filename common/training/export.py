"""The trained weights in the layouts that others read: PEFT's for an adapter, transformers' for a whole model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save

from common import hub, jsonl
from common.jsonl import UserError


def export(network: Any, weights: dict[str, torch.Tensor], folder: Path, base: str) -> None:
    """Write an adapter or a whole model from weights by parameter name, and which tokens end its answers (generation_config.json).

    `base` is the name under which the adapter will look for its base model, with the revision behind it. UserError if the disk does not
    take it.
    """
    try:
        if hasattr(network, "peft_config"):
            _adapter(network, weights, folder, base)
        else:
            network.save_pretrained(folder, state_dict=weights)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{folder}: the trained weights cannot be written: {error}; the checkpoints are intact, "
                        "and the same command writes them again") from None


def _adapter(network: Any, weights: dict[str, torch.Tensor], folder: Path, base: str) -> None:
    from peft import get_peft_model_state_dict

    config = network.peft_config["default"]
    config.base_model_name_or_path, config.revision = hub.split(base)
    config.inference_mode = True
    config.save_pretrained(folder)
    jsonl.write_atomically(folder / "generation_config.json", jsonl.encode(network.generation_config.to_diff_dict()))
    tensors = get_peft_model_state_dict(network, state_dict=weights, save_embedding_layers=False)
    jsonl.write_atomically(folder / "adapter_model.safetensors", save({name: tensor.contiguous() for name, tensor in tensors.items()},
                                                                     metadata={"format": "pt"}))
