"""The settings of a run that nobody has given, in one table; and what a machine without a GPU decides.

    chosen = presets.fill(args)                    # once the command line is read
    presets.keep_or_compute_again(args, config)    # once the model is known
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

# Context, epochs, batch and the whole model's rate are the paper's (section 4.1), the clip is that of its code; LoRA takes ten times
# the rate. On a CPU a small model is trained for hours, not days: a higher rate in fewer and smaller steps, at which a model of 135 million
# parameters learned well. The tiny model starts from nothing: LoRA on random weights teaches nothing, so it is trained whole. So is the
# folder of a model that is as small, at an eighth of the rate. In bf16 they would take twice as long on a CPU.
CASES = ("tiny", "small", "LoRA", "whole", "LoRA on a CPU", "whole on a CPU")
TABLE: dict[str, tuple[Any, ...]] = {
    "context":                  (2048,    2048,    8192,    8192,    2048,    2048),
    "epochs":                   (None,    1.0,     3.0,     3.0,     1.0,     1.0),
    "steps":                    (200,     None,    None,    None,    None,    None),
    "batch_size":               (2,       2,       32,      32,      8,       8),
    "lr":                       (4e-3,    5e-4,    2e-4,    2e-5,    1e-3,    2e-5),
    "clip":                     (1.0,     1.0,     0.3,     0.3,     0.3,     0.3),
    "lora_rank":                (0,       0,       16,      0,       16,      0),
    "lora_dropout":             (0.0,     0.0,     0.0,     0.0,     0.0,     0.0),
    "precision":                ("fp32",  "fp32",  None,    None,    None,    None),     # None: what the machine is fastest in
    "activation_checkpointing": ("none",  "none",  "full",  "full",  None,    None),     # None: none where they fit into memory
    "save_every":               (25,      25,      50,      None,    10,      10),
    "save_minutes":             (None,    None,    None,    15.0,    None,    None),     # a checkpoint of a whole model takes minutes
}  # fmt: skip
BY_MACHINE = {"precision": "bf16 where the machine computes in it",  # the None of the table
              "activation_checkpointing": "none if they fit into memory"}  # fmt: skip
REINFORCED = 0.2  # of the rate, for training on a model's own answers: their rewards tell less than an answer to imitate
REINFORCING = {"prompts": 8, "group": 8, "max_new_tokens": 512, "temperature": 1.0, "grammar": False, "rollouts": None}
DECIDING = tuple(REINFORCING)[:-1]  # of these, what decides the numbers
# Flags of LoRA that are easily forgotten.
ADAPTING = {"rslora": False, "dora": False, "lora_targets": "all-linear", "lora_dropout": 0.0, "lora_alpha": 32.0}
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")  # what configs call the number of a layer's experts
SMALL = 256  # width of the widest model that is small: a pretrained one is wider
ROOM = 0.8  # share of the free memory that a run may count on


def default(name: str) -> str:
    """Return the words of a flag's help on what it is when it is not given, such as "(default: 8192; on a CPU 2048)"."""
    tiny, small, *others = TABLE[name]
    pairs = others[:2], others[2:], (tiny, tiny), (small, small)
    on_gpus, on_a_cpu, alone, folder = (_either(*pair, BY_MACHINE.get(name, "none")) for pair in pairs)
    cases = ("on a CPU", on_a_cpu), ("tiny", alone), *([("the folder of a small model", folder)] if small != tiny else [])
    words = [on_gpus, *(f"{where} {value}" for where, value in cases if value != on_gpus)]
    return f"(default: {'; '.join(words)})"


def _either(lora: Any, whole: Any, none: str) -> str:
    lora, whole = (none if value is None else f"{value:g}" if isinstance(value, float) else str(value) for value in (lora, whole))
    return lora if lora == whole else f"LoRA {lora}, whole {whole}"


def case(model: str, lora_rank: int | None, has_gpu: bool) -> str:
    """Return the column of the table, one of CASES; a `lora_rank` of 0 trains the whole model, None is not given."""
    if model == "tiny":
        return "tiny"
    if not lora_rank and is_small(model):
        return "small"
    return ("whole" if lora_rank == 0 else "LoRA") + ("" if has_gpu else " on a CPU")


def is_small(model: str) -> bool:
    """True for the folder of a model as small as one that was started here from nothing."""
    try:
        return int(orjson.loads((Path(model) / "config.json").read_bytes())["hidden_size"]) <= SMALL
    except (OSError, ValueError, TypeError, KeyError):
        return False


def fill(args: argparse.Namespace) -> dict[str, Any]:
    """Set what was not given, and return what of it counts. On a CPU `activation_checkpointing` stays None until the model is known."""
    args.sample_generations = 16 * args.reinforce if args.sample_generations is None else args.sample_generations
    column = CASES.index(case(args.model, args.lora_rank, args.model == "tiny" or has_gpu()))
    preset = {name: values[column] for name, values in TABLE.items()}
    preset["precision"] = preset["precision"] or fastest()
    if args.epochs is not None and args.steps is None:
        preset["steps"] = None
    chosen = {name: value for name, value in preset.items() if getattr(args, name, None) is None and value is not None}
    for name, value in chosen.items():
        setattr(args, name, value)
    overruled = {name for name, by in (("epochs", args.steps), ("batch_size", getattr(args, "rows", None))) if by}
    return {name: value for name, value in chosen.items() if name not in overruled}


def names(text: str) -> str:
    """Parse names with commas between them, and perhaps spaces (an argparse type)."""
    return ",".join(filter(None, map(str.strip, text.split(","))))


def without_effect(args: argparse.Namespace) -> Iterator[tuple[Any, str]]:
    """Yield flags that were given but would do nothing: (True, what is wrong)."""
    for flag in ("merge", "push", "export_now"):
        given, name = getattr(args, flag), f"--{flag.replace('_', '-')}"
        yield args.dry_run and given, f"--dry-run measures a training, and {name} does none; leave one away"
        yield args.overwrite and given, f"--overwrite starts a run anew, and {name} takes the one that is there; leave one away"
    yield args.public and not args.push, "--public goes with --push"
    for flags, needed in ((REINFORCING, args.reinforce), (ADAPTING, args.lora_rank)):
        given = next((name for name, usual in flags.items() if getattr(args, name) != usual), None)
        what = "goes with --reinforce" if flags is REINFORCING else "is of LoRA, and the whole model is trained; give a --lora-rank"
        yield given and not needed, f"--{(given or '').replace('_', '-')} {what}"


def reinforced(args: argparse.Namespace) -> Iterator[tuple[Any, str]]:
    """Set what was not given otherwise for --reinforce, and yield what does not go with it: (True, what is wrong)."""
    if "lr" in args.chosen:
        args.lr = args.chosen["lr"] = REINFORCED * args.lr
    is_sized, args.rows = args.chosen.pop("batch_size", None) is None, args.prompts  # rows: as many as it takes (reinforcement.Rollouts)
    yield args.model == "tiny", "--reinforce improves a model that writes programs already: train one, and name its folder as --model"
    yield is_sized, "--reinforce takes no --batch-size and no --rows: a step has --prompts, --group answers to each, and the rows for them"
    yield args.group < 2, "--group 1: an answer is compared with others to the same prompt"
    yield args.lora_dropout or args.neftune, "--reinforce takes no --lora-dropout and no --neftune: training must see what was drawn"
    yield args.dry_run, "--dry-run has no answers to measure with --reinforce; give --steps 3 and look at rollouts.jsonl"
    if args.rollouts:
        yield not re.fullmatch(r"https?://([\w.-]+|\[[\da-f:]+\])(:\d+)?(/.*)?", args.rollouts), f"--rollouts {args.rollouts}: give http://HOST:PORT"
        yield not args.lora_rank or args.temperature != 1 or args.grammar, "--rollouts: give a --lora-rank, no --temperature, no --grammar"


def told(chosen: dict[str, Any], args: argparse.Namespace) -> str:
    """Return the sentence that says what was chosen because there is no GPU, or it lacks bf16, or the model is small; else nothing."""
    small = not args.lora_rank and is_small(args.model)
    if args.model == "tiny":
        return ""
    if has_gpu() and not small:
        return "this GPU does not compute in bf16, so --precision is fp16" if chosen.get("precision") == "fp16" else ""
    flags = ", ".join(f"--{name.replace('_', '-')} {value:g}" if isinstance(value, float) else f"--{name.replace('_', '-')} {value}"
                      for name, value in chosen.items())
    why = "a small model, so what was not given is set for one:" if small else "no GPU here, so what was not given is set for a CPU:"
    return f"{why} {flags}" if flags else ""


def has_gpu() -> bool:
    """True if PyTorch can compute on a GPU of this machine."""
    import torch

    return torch.cuda.is_available()


def fastest() -> str:
    """Return the --precision that this machine is fastest in."""
    return "bf16" if computes_bf16() else "fp16" if has_gpu() else "fp32"


def computes_bf16() -> bool:
    """True if the GPU here, or else the CPU, multiplies matrices in bf16 natively; elsewhere that is slower than fp16 or fp32."""
    import torch

    if has_gpu():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    known = torch.cpu.get_capabilities()
    return any(known.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


# ---------------------------------------------------------------------------------------------------------------------------------
# memory


def keep_or_compute_again(args: argparse.Namespace, config: Any) -> None:
    """Set `activation_checkpointing` where nobody has: none if a row's activations fit into free memory beside the model, else full."""
    if args.activation_checkpointing is None:
        fits = needed(config, args.row_tokens, args.precision, whole=not args.lora_rank) < ROOM * free_memory()
        args.activation_checkpointing = "none" if fits else "full"


def needed(config: Any, tokens: int, precision: str, whole: bool) -> float:
    """Return the bytes that training takes without checkpointing, rather too many than too few, from a model's config.

    A layer keeps some 12 tensors of the model's width and 5 of the inner width of its MLP, at most in fp32, and the allocator half as much
    again (measured: 5.9 GB for 2,048 tokens of a model of 135 million parameters). What is trained has its weight, gradient and two moments
    in fp32.
    """
    text = config.get_text_config()
    width, layers = text.hidden_size, text.num_hidden_layers
    inner = getattr(text, "intermediate_size", None) or 4 * width
    inner = max(inner) if isinstance(inner, list) else inner  # Gemma 3n has one for each layer
    experts = max(getattr(text, name, None) or 1 for name in EXPERTS)
    vocabularies = 1 if text.tie_word_embeddings else 2
    parameters = layers * (4 * width * width + 3 * width * inner * experts) + vocabularies * text.vocab_size * width
    weights = parameters * (16 if whole else 4 if precision == "fp32" else 2)
    kept = 1.5 * tokens * layers * (12 * width + 5 * inner * (getattr(text, "num_experts_per_tok", None) or 1)) * 4
    logits = 3 * 1024 * text.vocab_size * 4  # a chunk of the loss
    return weights + kept + logits


def free_memory() -> float:
    """Return the bytes that this process may still take: what the machine has free, and less where its control group allows less."""
    free = float("inf")
    meminfo, cgroup = Path("/proc/meminfo"), Path("/sys/fs/cgroup")
    if meminfo.exists():
        (line,) = (line for line in meminfo.read_text().splitlines() if line.startswith("MemAvailable:"))
        free = int(line.split()[1]) * 1024.0
    if (cgroup / "memory.max").exists() and (limit := (cgroup / "memory.max").read_text().strip()) != "max":
        free = min(free, int(limit) - int((cgroup / "memory.current").read_text()))
    return free
