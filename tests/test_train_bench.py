"""The benchmarks of training run, at their smallest: `python -m pytest tests/test_train_bench.py`. What they measure here means nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import synthetic

pytestmark = pytest.mark.slow


def bench(*command: str) -> dict:
    done = subprocess.run([sys.executable, *command], cwd=synthetic.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_cpu_benchmark_times_each_system_on_the_same_curve():
    figures = bench("bench/train.py", "--samples", "24", "--scale", "32", "--threads", "1", "--only", "packed,padded,curve")
    assert set(figures["useful_tok_per_second"]) == {"packed", "padded"} and figures["same_curve"] < 1e-5
    assert figures["times_by_cpu_seconds"]["packed"] == 1.0


def test_the_gpu_benchmark_runs_on_a_cpu_at_a_small_shape():
    figures = bench("bench/gpu_train.py", "--smoke", "--steps", "4", "--warm-up", "1", "--only", "default,plain,resumed")
    assert figures["default"]["tok_per_s"] > 0 and figures["plain"]["steps"] == 3
    assert figures["resumed"]["steps_again"] == 2 and figures["resumed"]["largest_difference_of_losses"] == 0
