"""The speed of stage 07 on a CPU, beside what others do with the same model, samples and LoRA: prints one JSON object.

    python bench/train.py
    python bench/train.py --samples 256 --trl /path/to/venv/bin/python     # a venv with trl and peft: TRL is no dependency of ours
    python bench/train.py --against cf83079 --model DIR --input train.jsonl    # how many times as fast as that commit, on a real model

Samples have lognormal lengths (mean 2,000 tokens, sigma 0.8, cut at 4,096: like WorkflowBench), an eighth as long, so that a CPU sees
enough of them. Useful tokens are those of samples, padding is not counted. Each system is a process of its own, one after the other, and
the two steps in which things warm up are not timed:

    packed          stage 07 itself: data, plan, Lightning, loss, logging; about as many samples a step as the others have
    padded          a plain loop over Hugging Face's model: shuffled batches of 8, padded to their longest sample
    length_grouped  the same, with samples of like length in a batch
    trl, trl_packed TRL's SFTTrainer as it comes, and with its packing (which lets samples see each other without flash attention)

Times are given by the clock and by the CPU: on a machine that others use, compare the latter. `same_curve` is the largest relative
difference of the losses between 07 and the plain loop, trained on the same samples step by step.

With --against, this tree and another commit train the same model on the same rows, one step of the one and one of the other in turn: at
each build's own defaults, and then with the flags of EQUAL. `times_as_fast` is the median over the steps, in tokens by CPU second.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHAPE = {"hidden_size": 256, "intermediate_size": 768, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2}
LORA = {"r": 8, "lora_alpha": 16, "lora_dropout": 0.0, "target_modules": "all-linear", "task_type": "CAUSAL_LM"}
MEAN, SIGMA, LONGEST = 2000, 0.8, 4096  # tokens of a sample
BATCH, RATE = 8, 1e-3
ROW_CONTEXTS = 4  # a packed row is as long as four of the longest samples: eight samples, one pass, as in the other systems
WARM_UP = 2  # steps that are not timed
CURVE_STEPS = 8
OWN = ("packed", "padded", "length_grouped", "curve")
# Of a comparison with another commit: the work, and what makes two builds do the same with it.
WORK = ["--context", 1024, "--rows", 1, "--validation-share", 0, "--save-every", 10**6, "--devices", 1]
EQUAL = ["--precision", "fp32", "--activation-checkpointing", "none", "--lora-rank", 16, "--lora-dropout", 0, "--lr", 1e-3, "--clip", 1]
WORDS = "note song photo city price friend event page list timer battery video contact reminder folder letter".split()


def main() -> int:
    """Make model and data, time each system, sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=512)
    parser.add_argument("--scale", type=int, default=8, help="lengths are divided by it (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="rounds through all systems; a system's fastest counts")
    parser.add_argument("--threads", type=int, default=1, help="more than 1 only where nothing else runs (default: %(default)s)")
    parser.add_argument("--trl", metavar="PYTHON", help="the interpreter of an environment that has trl")
    parser.add_argument("--only", metavar="A,B", help="some of the systems")
    parser.add_argument("--against", metavar="COMMIT", help="compare with this commit instead, on --model and --input")
    parser.add_argument("--model", type=Path, metavar="DIR", help="a model with its tokenizer, for --against")
    parser.add_argument("--input", type=Path, metavar="FILE", help="records with `messages`, for --against")
    parser.add_argument("--steps", type=int, default=6, help="steps of each build in a comparison (default: %(default)s)")
    parser.add_argument("--flags", default=" ".join(map(str, EQUAL)), help="equal flags of a comparison (default: %(default)s)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args, rest = parser.parse_known_args()
    if args.worker == "side":
        return side(args.folder, rest)
    if rest:
        parser.error(f"unknown: {' '.join(rest)}")
    if args.against:
        print(json.dumps(compared(args)))
        return 0
    if args.worker:
        print(json.dumps(WORKERS[args.worker](args)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        args.folder = Path(folder)
        make(args)
        systems = [*OWN, *(("trl", "trl_packed") if args.trl else ())]
        chosen = [name for name in systems if not args.only or name in args.only.split(",")]
        rounds = [{name: run(name, args) for name in chosen if name != "curve" or not turn} for turn in range(args.repeat)]
        results = {name: min((turn[name] for turn in rounds if name in turn), key=lambda result: result.get("cpu_seconds", 0))
                   for name in chosen}  # fmt: skip
    print(json.dumps(summed_up(args, results)))
    return 0


def run(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """One system in a process of its own."""
    python = sys.executable if name in OWN else args.trl
    shutil.rmtree(args.folder / "run", ignore_errors=True)
    command = [python, __file__, "--worker", name, "--folder", args.folder, "--samples", args.samples, "--scale", args.scale,
               "--threads", args.threads]  # fmt: skip
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(args.threads), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-3000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    print(name, {key: value for key, value in result.items() if key != "losses"}, file=sys.stderr)
    return result


def clock() -> tuple[float, float]:
    """(seconds, CPU seconds of this process) until now."""
    return time.perf_counter(), time.process_time()


def spent(ends: list[tuple[float, float]]) -> dict[str, Any]:
    """Time from the end of the warm-up to the last step."""
    (first, first_cpu), (last, last_cpu) = ends[WARM_UP - 1], ends[-1]
    return {"seconds": last - first, "cpu_seconds": last_cpu - first_cpu, "steps": len(ends)}


def summed_up(args: argparse.Namespace, results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The figures of all systems, and the ratios of ours to theirs."""
    figures: dict[str, Any] = {}
    for by in ("seconds", "cpu_seconds"):
        speeds = {name: result["tokens"] / result[by] for name, result in results.items() if by in result}
        figures[f"useful_tok_per_{by[:-1]}"] = {name: round(speed) for name, speed in speeds.items()}
        figures[f"times_by_{by}"] = {name: round(speeds["packed"] / speed, 2) for name, speed in speeds.items() if "packed" in speeds}
    return {"samples": args.samples, "scale": args.scale, "threads": args.threads, "tokens": results[next(iter(results))].get("all_tokens"),
            **figures, "last_losses": {name: round(result["losses"][-1], 4) for name, result in results.items() if result.get("losses")},
            "same_curve": results.get("curve", {}).get("difference"), "python": platform.python_version()}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# model and data


def make(args: argparse.Namespace) -> None:
    """Write model, tokenizer and chat records into the folder."""
    sys.path.insert(0, str(ROOT))
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from common import jsonl, model

    source, center = random.Random(0), math.log(MEAN) - SIGMA**2 / 2
    records = []
    for number in range(args.samples):
        length = max(16, min(LONGEST, int(source.lognormvariate(center, SIGMA))) // args.scale - 32)  # the template adds some
        words = source.choices(WORDS, k=length)
        asked = max(1, int(0.4 * length))
        records.append({"id": str(number), "messages": [{"role": "user", "content": " ".join(words[:asked])},
                                                        {"role": "assistant", "content": " ".join(words[asked:])}]})  # fmt: skip
    (args.folder / "data.jsonl").write_bytes(b"".join(map(jsonl.encode, records)))
    _, tokenizer = model.build_tiny((message["content"] for record in records for message in record["messages"]), LONGEST)
    torch.manual_seed(0)
    config = LlamaConfig(**SHAPE, vocab_size=2048, max_position_embeddings=LONGEST, bos_token_id=tokenizer.bos_token_id,
                         eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(args.folder / "model")
    tokenizer.save_pretrained(args.folder / "model")


def stage(root: Path = ROOT) -> ModuleType:
    """07_train.py of a tree as a module."""
    sys.path.insert(0, str(root))
    spec = importlib.util.spec_from_file_location("stage_07", root / "07_train.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["stage_07"] = module
    spec.loader.exec_module(module)
    return module


def arguments(train: ModuleType, args: argparse.Namespace, *more: Any) -> argparse.Namespace:
    """The flags that 07 is started with."""
    given = ["--input", args.folder / "data.jsonl", "--model", args.folder / "model", "--output", args.folder / "run", "--context",
             LONGEST // args.scale, "--row-tokens", ROW_CONTEXTS * LONGEST // args.scale,
             "--epochs", 1, "--batch-size", BATCH, "--lr", RATE, "--warmup", 0, "--clip", 1,
             "--lora-rank", LORA["r"], "--lora-alpha", LORA["lora_alpha"], "--lora-dropout", 0, "--precision", "fp32",
             "--activation-checkpointing", "none", "--validation-share", 0, "--save-every", 10**6, *more]  # fmt: skip
    return train.arguments([str(part) for part in given])


# ---------------------------------------------------------------------------------------------------------------------------------
# stage 07


def packed(args: argparse.Namespace, *more: Any) -> dict[str, Any]:
    """Stage 07 as a person runs it; its log tells when each step ended."""
    train = stage()
    from common import model

    model.one_thread_if_small = lambda config: train.torch.set_num_threads(args.threads)
    ends, losses, log, made = [], [], train.RunFolder.log, []

    def logged(folder: Any, **figures: Any) -> None:
        log(folder, **figures)
        ends.append(clock())
        losses.append(figures["loss"])

    class Plan(train.data.Plan):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            made.append(self)

    train.RunFolder.log, train.data.Plan = logged, Plan
    code = train.main(arguments(train, args, *more))
    assert code == 0
    steps = range(WARM_UP, len(ends))
    return {"tokens": sum(made[0].lengths[sample] for step in steps for row in made[0].step_rows(step) for sample in row),
            **spent(ends), "all_tokens": sum(made[0].lengths), "losses": losses}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# a plain loop


def samples_of(args: argparse.Namespace) -> tuple[Any, Any]:
    """(model with LoRA in training mode, samples)."""
    train = stage()
    train.torch.set_num_threads(args.threads)
    given = arguments(train, args)
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from common import model

    train.devices.quiet()
    samples = train.training_data(given, model.load_tokenizer(args.folder / "model")).train
    train.torch.manual_seed(given.seed)  # the same adapters as 07 makes
    network = get_peft_model(AutoModelForCausalLM.from_pretrained(args.folder / "model", trust_remote_code=False), LoraConfig(**LORA))
    return network.train(), samples


def loop(network: Any, samples: Any, batches: Iterator[list[int]]) -> dict[str, Any]:
    """Forward, backward, clip and update on batches that are padded to their longest sample."""
    import torch

    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.0)
    tokens, losses, ends = [], [], []
    for batch in batches:
        parts = [slice(samples.offsets[number], samples.offsets[number + 1]) for number in batch]
        ids, mask, labels = (torch.zeros(len(batch), max(part.stop - part.start for part in parts), dtype=torch.long) for _ in range(3))
        labels.fill_(-100)
        for row, part in enumerate(parts):
            length = part.stop - part.start
            ids[row, :length] = torch.from_numpy(samples.tokens[part])
            mask[row, :length] = 1
            labels[row, :length] = torch.where(torch.from_numpy(samples.is_answer[part]), ids[row, :length], -100)
        loss = network(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        tokens.append(int(mask.sum()))
        ends.append(clock())
    return {"tokens": sum(tokens[WARM_UP:]), **spent(ends), "all_tokens": sum(tokens), "losses": losses}


def padded(args: argparse.Namespace, grouped: bool = False) -> dict[str, Any]:
    """Shuffled batches of 8; grouped: the samples of 50 batches sorted by length before they are cut into batches, as Transformers does."""
    network, samples = samples_of(args)
    source, order = random.Random(0), list(range(len(samples)))
    source.shuffle(order)
    if grouped:
        lengths, size = samples.lengths, 50 * BATCH
        order = [number for start in range(0, len(order), size) for number in sorted(order[start:start + size], key=lambda n: -lengths[n])]
    batches = [order[start:start + BATCH] for start in range(0, len(order), BATCH)]
    source.shuffle(batches)
    return loop(network, samples, iter(batches))


def curve(args: argparse.Namespace) -> dict[str, Any]:
    """The largest relative difference of losses between 07 and the plain loop on the same samples, step by step."""
    ours = packed(args, "--steps", CURVE_STEPS, "--output", args.folder / "curve")["losses"]
    from common.packing import Plan, rows_for

    network, samples = samples_of(args)
    context = LONGEST // args.scale
    row = ROW_CONTEXTS * context
    plan = Plan(samples, row, rows_for(BATCH, samples, row), 0)
    rates = [RATE * (CURVE_STEPS - step) / CURVE_STEPS for step in range(CURVE_STEPS)]  # 07's schedule without warm-up
    import torch

    step = torch.optim.AdamW.step

    def scheduled(self: Any, *parts: Any) -> Any:
        self.param_groups[0]["lr"] = rates.pop(0)
        return step(self, *parts)

    torch.optim.AdamW.step = scheduled
    theirs = loop(network, samples, ([n for row in plan.step_rows(number) for n in row] for number in range(CURVE_STEPS)))["losses"]
    return {"difference": max(abs(a - b) / b for a, b in zip(ours, theirs, strict=True)), "losses": ours}


# ---------------------------------------------------------------------------------------------------------------------------------
# another commit


def compared(args: argparse.Namespace) -> dict[str, Any]:
    """Speeds and losses of this tree and of another commit, by setting."""
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder, "other")
        other.mkdir()
        archive = subprocess.run(["git", "archive", args.against], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "x", "-C", other], input=archive, check=True)
        settings = {"defaults": [], "equal_flags": args.flags.split()}
        if args.only:
            settings = {name: settings[name] for name in args.only.split(",")}
        results = {name: in_turn([ROOT, other], flags, Path(folder, name), args) for name, flags in settings.items()}
    return {"against": args.against, "work": " ".join(map(str, WORK)), "threads": args.threads, **results,
            "python": platform.python_version()}  # fmt: skip


def in_turn(trees: list[Path], flags: list[str], folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Both builds train; while one takes a step, the other waits. The first step is not timed: both take it at once."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(args.threads), "CUDA_VISIBLE_DEVICES": ""}
    builds = []
    for number, tree in enumerate(trees):
        command = [sys.executable, __file__, "--worker", "side", "--folder", tree, "--input", args.input, "--model", args.model,
                   "--output", folder / str(number), "--token-cache", folder / f"tokens{number}", "--steps", args.steps + 1, *WORK,
                   *flags]  # fmt: skip
        builds.append(subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       env=environment))
    try:
        steps = [[next_step(build) for build in builds]]
        for _ in range(args.steps - 1):
            steps.append([])
            for build in builds:
                build.stdin.write("go\n")
                build.stdin.flush()
                steps[-1].append(next_step(build))
            print([{name: round(value, 4) for name, value in step.items()} for step in steps[-1]], file=sys.stderr)
    finally:
        for build in builds:
            build.kill()
            build.wait()
    here, there = ([step[number] for step in steps] for number in (0, 1))
    speeds = [[step["tokens"] / step["cpu_seconds"] for step in side[1:]] for side in (here, there)]
    differences = [abs(a["loss"] - b["loss"]) / b["loss"] for a, b in zip(here, there)]
    return {"times_as_fast": round(statistics.median(a / b for a, b in zip(*speeds)), 2),
            "tok_per_cpu_second": [round(statistics.median(side), 1) for side in speeds], "steps": len(steps) - 1,
            "peak_megabytes": [side[-1]["megabytes"] for side in (here, there)], "flags": " ".join(flags),
            "losses": [[round(step["loss"], 4) for step in side] for side in (here, there)],
            "largest_difference_of_losses": max(differences)}  # fmt: skip


def next_step(build: subprocess.Popen[str]) -> dict[str, float]:
    """The figures of a build's next step."""
    for line in build.stdout:
        if line.startswith("{\"tokens\""):
            return json.loads(line)
    sys.exit("a build ended before its last step; see above")


def side(tree: Path, flags: list[str]) -> int:
    """One side of a comparison: stage 07 of a tree, which waits behind each step until it is told to go on."""
    # only the bench's own arguments were taken away; 07's are put back
    given = sys.argv[sys.argv.index("--input"):]
    train = stage(tree)
    from common.packing import Plan

    log, begin, plans = train.RunFolder.log, Plan.__init__, []

    def begun(plan: Any, *parts: Any) -> None:
        begin(plan, *parts)
        plans.append(plan)

    def logged(folder: Any, **figures: Any) -> None:
        log(folder, **figures)
        tokens = sum(plans[0].lengths[sample] for row in plans[0].step_rows(figures["step"] - 1) for sample in row)
        print(json.dumps({"tokens": tokens, "cpu_seconds": time.process_time() - clocks.pop(), "loss": figures["loss"],
                          "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}), flush=True)  # fmt: skip
        if not sys.stdin.readline():
            sys.exit("nobody is there to say go")
        clocks.append(time.process_time())

    clocks = [time.process_time()]
    train.RunFolder.log, Plan.__init__ = logged, begun
    return train.main(train.arguments(given))


# ---------------------------------------------------------------------------------------------------------------------------------
# TRL


def trl(args: argparse.Namespace, packing: bool = False) -> dict[str, Any]:
    """SFTTrainer; of its settings only those are not the default that would make it slower, or another task."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    torch.set_num_threads(args.threads)
    ends: list[tuple[float, float]] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            ends.append(clock())

    records = [json.loads(line) for line in (args.folder / "data.jsonl").read_text().splitlines()]
    tokenizer = AutoTokenizer.from_pretrained(args.folder / "model", trust_remote_code=False)
    context = LONGEST // args.scale
    # with packing a row holds two samples or so: as many rows as make the same number of samples a step
    tokens = sum(len(tokenizer.apply_chat_template(record["messages"])["input_ids"]) for record in records)
    rows = max(1, round(BATCH * tokens / len(records) / context)) if packing else BATCH
    config = SFTConfig(
        output_dir=str(args.folder / "trl"), per_device_train_batch_size=rows, num_train_epochs=1, learning_rate=RATE,
        lr_scheduler_type="linear", max_length=context, packing=packing, assistant_only_loss=True, gradient_checkpointing=False, bf16=False,
        use_cpu=True, report_to=[], save_strategy="no", logging_steps=1, disable_tqdm=True)  # fmt: skip
    trainer = SFTTrainer(model=str(args.folder / "model"), args=config, processing_class=tokenizer, callbacks=[Clock()],
                         train_dataset=Dataset.from_list([{"messages": record["messages"]} for record in records]),
                         peft_config=LoraConfig(**LORA))  # fmt: skip
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return {"tokens": tokens * (len(ends) - WARM_UP) / len(ends), **spent(ends), "all_tokens": tokens, "losses": losses}


WORKERS = {"packed": packed, "padded": padded, "length_grouped": lambda args: padded(args, grouped=True), "curve": curve, "trl": trl,
           "trl_packed": lambda args: trl(args, packing=True)}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
