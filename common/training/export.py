"""The trained weights in the layouts that others read: PEFT's for an adapter, transformers' for a whole model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import torch
from safetensors import SafetensorError
from safetensors.torch import save
from torch.distributed.tensor import DTensor

from common import hub, jsonl
from common.jsonl import UserError
from common.training import checkpoint


def export(network: Any, chosen: Path, folder: Path, base: str, dtype: torch.dtype) -> None:
    """Write an adapter, or a whole model in `dtype`, from a checkpoint, and which tokens end its answers (generation_config.json).

    `network` says what was trained; of its weights, which may be sharded or none, only those are looked at that are not trained and belong
    to a whole model. Host memory holds what is written, once. `base` is the name under which the adapter will look for its base model,
    with the revision behind it. UserError if the disk does not take it.
    """
    try:
        if hasattr(network, "peft_config"):
            _adapter(network, checkpoint.weights(chosen), folder, base)
        else:
            _whole(network, checkpoint.weights(chosen, dtype), folder)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{folder}: the trained weights cannot be written: {error}; the checkpoints are intact, "
                        "and the same command writes them again") from None


def _whole(network: Any, weights: dict[str, torch.Tensor], folder: Path) -> None:
    """Save through a model without memory, which names the dtype in its config: readers load a model in that."""
    from transformers import AutoModelForCausalLM

    dtype = next(iter(weights.values())).dtype
    weights |= _untrained(network, weights)
    with torch.device("meta"):
        empty = AutoModelForCausalLM.from_config(network.config, dtype=dtype, trust_remote_code=False)
    empty.generation_config = network.generation_config
    empty.save_pretrained(folder, state_dict=weights)


def _untrained(network: Any, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return what a model has beside what is trained: buffers that are stored, such as a router's biases, and frozen weights."""
    stored = network.state_dict()
    frozen = [name for name, weight in network.named_parameters() if not weight.requires_grad]
    names = [*(name for name, _ in network.named_buffers()), *frozen]
    found = {name.replace("_orig_mod.", ""): stored[name] for name in names if name in stored}
    if any(isinstance(tensor, DTensor) for tensor in found.values()):
        raise UserError("the weights that are not trained lie on several devices; write the model by one process: the same command with "
                        "--export-now")
    return {name: tensor.detach().cpu() for name, tensor in found.items() if name not in weights}


def _adapter(network: Any, weights: dict[str, torch.Tensor], folder: Path, base: str) -> None:
    from peft import get_peft_model_state_dict

    config = network.peft_config["default"]
    config.base_model_name_or_path, config.revision = hub.split(base)
    config.inference_mode = True
    config.save_pretrained(folder)
    _in_order(folder / "adapter_config.json")
    jsonl.write_atomically(folder / "generation_config.json", jsonl.encode(network.generation_config.to_diff_dict()))
    tensors = get_peft_model_state_dict(network, state_dict=weights, save_embedding_layers=False)
    jsonl.write_atomically(folder / "adapter_model.safetensors", save({name: tensor.contiguous() for name, tensor in tensors.items()},
                                                                     metadata={"format": "pt"}))


def _in_order(path: Path) -> None:
    """Sort the names of modules in PEFT's file: it writes a set of them, in another order from run to run."""
    config = orjson.loads(path.read_bytes())
    names = {key: sorted(value) for key, value in config.items() if isinstance(value, list) and {*map(type, value)} == {str}}
    jsonl.write_atomically(path, orjson.dumps(config | names, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
