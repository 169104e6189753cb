"""Reinforcement beside TRL's GRPOTrainer: CPU seconds a sample, of rollout and update, on the same tiny model. Prints one JSON object.

    python bench/reinforce.py data/bench/train.jsonl --trl trl/bin/python       # a venv as bench/trl_reward.py has it

Both start from the same random weights, take the same prompts at each step, draw as many answers to each, all of --tokens tokens (nothing
ends them), and give them the same reward, a hash of the text: what is measured is generating and learning, whole model, fp32, one thread.
The first step of each is not counted. They run in turn, --rounds times, as processes of their own; `times_as_fast` is the ratio of the
medians over all steps. `reward_ms` is what common/rewards.py takes for an answer, gold itself and its calls without values.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main() -> int:
    """Make the model and the prompts, run both, sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, help="records of stage 06")
    parser.add_argument("--trl", metavar="PYTHON", help="of a venv that has TRL; without it only this project is measured")
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--group", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=256, help="of each answer")
    parser.add_argument("--steps", type=int, default=3, help="that are counted, of each process")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--worker", choices=WORKERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(json.dumps(WORKERS[args.worker](args)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        args.folder = Path(folder)
        report = prepared(args)
        found: dict[str, list[dict[str, float]]] = {}
        for _ in range(args.rounds):
            for name in WORKERS if args.trl else ["ours"]:
                found[name] = found.get(name, []) + worked(name, args)
    for name, steps in found.items():
        report[name] = {key: round(statistics.median(step[key] for step in steps), 3) for key in steps[0]}
    if args.trl:
        report["times_as_fast"] = round(report["trl"]["cpu_s"] / report["ours"]["cpu_s"], 2)
    print(json.dumps(report))
    return 0


def prepared(args: argparse.Namespace) -> dict[str, Any]:
    """Write model and prompts, and say what they are."""
    from common import conversation, model, rewards
    from common.metrics.execution_match import bare_list

    records = [json.loads(line) for line in args.input.read_text(encoding="utf-8").splitlines()]
    whole, tokenizer = model.build_tiny((message["content"] for record in records for message in record["messages"]), 2048)
    fitting = [record for record in records if sum(len(tokenizer(one["content"])["input_ids"]) for one in record["messages"]) < 1500]
    chosen = fitting[: args.prompts]
    whole.save_pretrained(args.folder / "model")
    tokenizer.save_pretrained(args.folder / "model")
    (args.folder / "train.jsonl").write_text("".join(json.dumps(record) + "\n" for record in chosen), encoding="utf-8")
    texts = [(record, answer) for record in chosen for gold in [rewards.gold_of(record)]
             for answer in (conversation.answer("", gold), conversation.answer("", bare_list(gold)))]  # fmt: skip
    for record, answer in texts:  # gold's worlds are made once
        rewards.reward(answer, record)
    begun = time.process_time()
    for record, answer in texts:
        rewards.reward(answer, record)
    return {"prompts": len(chosen), "group": args.group, "tokens": args.tokens, "parameters": whole.num_parameters(),
            "prompt_tokens": round(statistics.fmean(len(tokenizer(record["messages"][0]["content"])["input_ids"]) for record in chosen)),
            "reward_ms": round(1e3 * (time.process_time() - begun) / len(texts), 1)}  # fmt: skip


def worked(name: str, args: argparse.Namespace) -> list[dict[str, float]]:
    """Run one of the two in a process of its own: the steps that count."""
    python = args.trl if name == "trl" else sys.executable
    flags = [str(args.input), "--worker", name, "--folder", str(args.folder), "--prompts", str(args.prompts), "--group", str(args.group),
             "--tokens", str(args.tokens), "--steps", str(args.steps)]  # fmt: skip
    done = subprocess.run([python, __file__, *flags], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])[1:]


class Clock:
    """CPU and wall seconds a sample, from step to step."""

    def __init__(self, samples: int) -> None:
        self.samples, self.steps, self.last = samples, list[dict[str, float]](), (time.process_time(), time.perf_counter())

    def tick(self, **more: float) -> None:
        """Note a step."""
        now = time.process_time(), time.perf_counter()
        cpu, wall = ((new - old) / self.samples for new, old in zip(now, self.last, strict=True))
        self.steps.append({"cpu_s": cpu, "wall_s": wall, **more})
        self.last = now


def of_text(text: str) -> float:
    """A reward that costs nothing."""
    return zlib.crc32(text.encode("utf-8", "replace")) % 1000 / 1000


def ours(args: argparse.Namespace) -> list[dict[str, float]]:
    """Stage 07 itself."""
    import torch

    from common import chat, rewards
    from common.training import reinforcement, rollouts

    spec = importlib.util.spec_from_file_location("stage07", ROOT / "07_train.py")
    stage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stage)
    clock, answer, noted = Clock(args.prompts * args.group), rollouts.Answer, stage.RunFolder.note
    torch.set_num_threads(1)
    chat.end_ids = lambda model, tokenizer: []
    rollouts.Answer = lambda prompt, tokens, logprobs, text, finished, legal: answer(prompt, tokens, logprobs, text, True, legal)
    rewards.reward = lambda text, record: rewards.Reward(answers=of_text(text) / rewards.SHARES["answers"])

    def note(self: Any, name: str, lines: list[dict[str, Any]]) -> None:
        noted(self, name, lines)
        clock.tick(**{key: lines[0][key] for key in ("rollout_tok_per_s", "update_tok_per_s", "gap")})

    stage.RunFolder.note = note
    assert reinforcement.rewards is rewards
    output = Path(tempfile.mkdtemp(dir=args.folder))
    flags = ["--input", args.folder / "train.jsonl", "--model", args.folder / "model", "--output", output / "run", "--reinforce",
             "--lora-rank", 0, "--prompts", args.prompts, "--group", args.group, "--max-new-tokens", args.tokens, "--steps", args.steps + 1,
             "--lr", 1e-4, "--precision", "fp32", "--validation-share", 0, "--save-every", 10**6, "--row-tokens", 8192,
             "--activation-checkpointing", "none"]  # fmt: skip
    stage.main(stage.arguments(list(map(str, flags))))
    return clock.steps


def trl(args: argparse.Namespace) -> list[dict[str, float]]:
    """TRL's GRPOTrainer with the same recipe: no penalty, no deviation, a constant for the length, one update for each batch of answers."""
    import torch
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    torch.set_num_threads(1)
    clock = Clock(args.prompts * args.group)

    class Ticks(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            clock.tick()

    lines = (args.folder / "train.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [{"prompt": json.loads(line)["messages"][:-1]} for line in lines]
    settings = GRPOConfig(
        str(args.folder / "trl"), max_steps=args.steps + 1, per_device_train_batch_size=args.prompts * args.group,
        num_generations=args.group, max_completion_length=args.tokens, generation_kwargs={"min_new_tokens": args.tokens},
        learning_rate=1e-4, use_cpu=True, bf16=False, gradient_checkpointing=False, scale_rewards="none", loss_type="dr_grpo", beta=0.0,
        shuffle_dataset=False, save_strategy="no", report_to="none", disable_tqdm=True, logging_strategy="no")  # fmt: skip
    GRPOTrainer(str(args.folder / "model"), lambda completions, **_: [of_text(one[-1]["content"]) for one in completions], args=settings,
                train_dataset=Dataset.from_list(rows), callbacks=[Ticks()]).train()
    return clock.steps


WORKERS = {"ours": ours, "trl": trl}

if __name__ == "__main__":
    sys.exit(main())
