"""Training on a model's own answers: `python -m pytest tests/test_reinforce.py`."""

from __future__ import annotations

import zlib
from typing import Any

import orjson
import pytest
from train_runs import Killed, exact, kill

from common import chat, rewards

pytest_plugins = ["train_fixtures"]

TIMES = ("rollout_tok_per_s", "update_tok_per_s")  # figures that no two runs share
STEPS = ["--reinforce", "--prompts", 2, "--group", 4, "--max-new-tokens", 24, "--steps", 4, "--rows", 3, "--save-every", 1, "--validate-every", 2,
         "--sample-generations", 2, "--lr", 0.01]  # fmt: skip


@pytest.fixture
def drawn_rewards(monkeypatch) -> None:
    """Rewards that differ for a model that knows nothing: a function of the text."""
    def reward(prompt: Any, answer: str, record: Any) -> rewards.Reward:
        return rewards.Reward(answers=zlib.crc32(answer.encode()) % 10 / 10)

    monkeypatch.setattr(rewards, "reward", reward)
    monkeypatch.setattr(chat, "end_ids", lambda model, tokenizer: [*range(0, model.config.vocab_size, 16)])  # its answers end, of many lengths


def lines(folder, name: str = "rollouts.jsonl") -> list[dict[str, Any]]:
    found = [orjson.loads(line) for line in (folder / name).read_bytes().splitlines()]
    return [{key: value for key, value in line.items() if key not in TIMES} for line in found]


@pytest.mark.parametrize("flags", [["--lora-rank", 4], ["--lora-rank", 0]], ids=["adapter", "whole"])
def test_what_was_drawn_has_the_same_log_probability_in_training_after_each_update(run, base, drawn_rewards, tmp_path, flags):
    code, summary, _ = run("on", *STEPS, *flags, base=base)
    found = lines(tmp_path / "on")
    assert (code, summary["steps"], [line["step"] for line in found]) == (0, 4, [1, 2, 3, 4])
    assert 0 < max(line["largest_gap"] for line in found) < 1e-3
    assert any(line["equal_groups"] < 1 for line in found)


def test_a_killed_run_goes_on_with_the_same_rewards_and_weights(run, base, at_step, drawn_rewards, tmp_path):
    flags = [*STEPS, "--lora-rank", 4]
    _, _, whole = run("whole", *flags, base=base)
    at_step(3, kill)
    with pytest.raises(Killed):
        run("killed", *flags, base=base)
    _, _, again = run("killed", *flags, base=base)
    assert exact(again) == exact(whole)
    for name in ("rollouts.jsonl", "passes.jsonl", "samples.jsonl"):
        assert lines(tmp_path / "killed", name) == lines(tmp_path / "whole", name)
    ours, theirs = (tmp_path / name / "adapter_model.safetensors" for name in ("killed", "whole"))
    assert ours.read_bytes() == theirs.read_bytes()
