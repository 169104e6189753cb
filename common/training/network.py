"""The model to train: loaded or built from nothing, with its adapters and with what it trades for memory or time."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import torch
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from common import chat, cli, hub, model
from common.jsonl import UserError
from common.training import activation_checkpointing, attention, copy_drill, data, devices, fsdp, launcher, precision, presets
from common.training.loss import AnswerLoss, check_fits


def load(args: argparse.Namespace) -> tuple[Any, Any, Callable[[], Any]]:
    """(tokenizer, config, a function that loads or builds the model to train, in host memory)."""
    if args.model == "tiny":
        texts = (message["content"] for record in data.chat_records(args.input) for message in record["messages"])
        whole, tokenizer = model.build_tiny(texts, args.context, args.seed)
        chat.settle(tokenizer, args.thinking)
        return tokenizer, whole.config, lambda: adapted(whole, args)
    from transformers import AutoConfig

    folder = hub.local(args.model)
    if (folder / "adapter_config.json").is_file():
        raise UserError(f"{args.model} is an adapter, and --model needs a model; merge it first: "
                        f"python 07_train.py --output {args.model} --merge DIR")
    tokenizer = model.load_tokenizer(args.model, args.thinking)
    with model.one_line(f"model {args.model}", "name a model that has a config.json"):
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    longest = model.longest_context(config)
    if longest < args.context:
        raise UserError(f"{args.model} reads {longest} tokens, --context is {args.context}; lower it")

    def whole() -> Any:
        base = model.load_model(args.model, dtype=dtype(args), device="cuda" if args.quantize else "cpu", quantize=args.quantize)
        model.name_ends(base, tokenizer)
        return adapted(base, args)

    return tokenizer, config, whole


def dtype(args: argparse.Namespace) -> torch.dtype:
    """Of the weights as loaded: those that are trained stay in fp32, AdamW's small updates would be lost in bf16."""
    return precision.DTYPES[args.precision] if args.lora_rank else torch.float32


def adapted(base: Any, args: argparse.Namespace) -> Any:
    """The model ready to train: with LoRA or whole, and with what it trades for memory or time."""
    attention.choose(base, args.attention)
    if args.lora_rank:
        is_all = args.lora_targets == "all-linear"
        targets, excluded = (args.lora_targets, unread(base)) if is_all else (targeted(base, args.lora_targets.split(",")), None)
        base = model.attach_lora(base, args.seed, r=args.lora_rank, lora_alpha=args.lora_alpha, lora_dropout=args.lora_dropout,
                                 target_modules=targets, exclude_modules=excluded, use_rslora=args.rslora, use_dora=args.dora)
    activation_checkpointing.keep_activations(base, args.activation_checkpointing)
    return base


def unread(base: Any) -> str | None:
    """A pattern of the parts that text does not go through, such as those for pictures: an adapter there would learn nothing."""
    if base.config.get_text_config() is base.config:
        return None
    known = {id(module) for part in (base.get_decoder(), base.get_output_embeddings()) if part is not None for module in part.modules()}
    read = [path for path, module in base.named_modules() if id(module) in known]
    parts = set()
    for path, module in base.named_modules():
        if isinstance(module, torch.nn.Linear) and id(module) not in known:
            above = accumulate(path.split("."), "{}.{}".format)
            parts.add(next(part for part in above if not any(f"{one}.".startswith(f"{part}.") for one in read)))
    return "|".join(rf"{re.escape(part)}(\..*)?" for part in sorted(parts)) or None


def targeted(base: Any, names: list[str]) -> list[str]:
    """The names of modules to adapt. UserError for one that no module has, and for weights in two places: merged, both would change."""
    modules, config = dict(base.named_modules()), base.config.get_text_config()
    # PEFT knows their weights by other names than the modules have
    has_experts = any(getattr(config, count, None) for count in presets.EXPERTS)
    both = base.get_input_embeddings(), base.get_output_embeddings()
    for name in names:
        found = [module for path, module in modules.items() if path == name or path.endswith(f".{name}")]
        if not found and not has_experts:
            linear = {path.split(".")[-1] for path, module in modules.items() if isinstance(module, torch.nn.Linear) and module not in both}
            raise UserError(f"--lora-targets: no module is called {name}; there are {', '.join(sorted(linear))}")
        if both[1] is not None and both[0].weight is both[1].weight and any(module in both for module in found):
            raise UserError(f"--lora-targets: the weights of {name} are those of the embeddings, too, in this model; leave it away")
    return names


def skeleton(config: Any, args: argparse.Namespace) -> Any:
    """The model of a config, for a device context without memory: shapes, no weights."""
    from transformers import AutoModelForCausalLM

    return adapted(AutoModelForCausalLM.from_config(config, dtype=dtype(args), trust_remote_code=False), args)


def made(whole: Callable[[], Any], args: argparse.Namespace, is_new: bool) -> Any:
    """The model in host memory, checked; one that starts from nothing is taught to copy before its first step, if asked for."""
    with torch.device("cpu"):  # Lightning has set a GPU, which would draw other adapters than the CPU does
        built = whole()
    check_fits(built)
    if not args.attention and (note := attention.note(built)):
        cli.say(note)
    if args.copy_drill and is_new:
        words = range(len(model.TINY_SPECIAL), built.config.vocab_size)
        drilled = copy_drill.drill(built, words, args.copy_drill, args.seed)
        cli.say(f"to copy: {drilled.steps} steps, {drilled.seconds:.0f} s, loss {drilled.loss:.2f} on up to {drilled.longest} tokens")
    return built


def placed(whole: Any, skeleton: Callable[[], Any], args: argparse.Namespace, mesh: DeviceMesh | None, device: torch.device) -> AnswerLoss:
    """The loss of the model, on one device whole, on several sharded: within each node, and copied from node to node with hsdp."""
    dtype = precision.DTYPES[args.precision]
    if devices.is_sharded(args):
        mesh = mesh["data_parallel"]
        if args.strategy == "hsdp":
            mesh = init_device_mesh(mesh.device_type, (args.nodes, args.devices), mesh_dim_names=("replicate", "shard"))
        objective = fsdp.sharded(whole, skeleton, mesh, device, dtype, args.neftune)
        # a skeleton knows only the end marks of the model's config
        objective.model.generation_config = launcher.from_first(lambda: whole.generation_config)
    else:
        objective = precision.cast(AnswerLoss(whole, args.neftune).to(device), dtype)
    if args.compile:
        activation_checkpointing.compile_layers(objective.model)
    return objective.train()
