"""What the tests share. Run them with `make test`, or one file with `python -m pytest tests/test_jsonl.py`."""

from __future__ import annotations

import functools
import os
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

sys.path.insert(0, str(ROOT))
for _library in ("OMP", "RAYON"):  # PyTorch and tokenizers: on matrices and texts as small as here, more threads only wait for each other
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
ssl.create_default_context = functools.cache(ssl.create_default_context)  # each HTTP client reads the certificates for 40 ms, and none needs them

# Examples of a property. The same ones each time, so that a red test means a change; `EXPLORE=3000 python -m pytest …` tries as many new ones.
EXPLORE = int(os.environ.get("EXPLORE", 0))
for _profile, _examples in (("quick", 40), ("deep", 300), ("explore", EXPLORE or 1)):
    settings.register_profile(_profile, max_examples=_examples, derandomize=_profile != "explore", deadline=None, database=None,
                              suppress_health_check=list(HealthCheck))  # a busy machine is no fault


def pytest_configure(config: pytest.Config) -> None:
    """Few examples where the slow tests are left out."""
    settings.load_profile("explore" if EXPLORE else "quick" if "not slow" in config.option.markexpr else "deep")


# The files that import PyTorch and transformers: one process imports them, and it starts with them, so that what is left fills both.
HEAVY = {"test_annotate", "test_constrained", "test_kill", "test_model", "test_packing"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process, for its fixtures, and those of all files that import PyTorch; the longest come first."""
    groups = {item.path.stem: "torch" if item.path.stem in HEAVY or "train" in item.path.stem else item.path.stem for item in items}
    for item in items:
        item.add_marker(pytest.mark.xdist_group(groups[item.path.stem]))
    items.sort(key=lambda item: groups[item.path.stem] != "torch")


@pytest.fixture(scope="session")
def load_stage() -> Callable[[str], ModuleType]:
    """Load a numbered script (`load_stage("01")`) as a module."""
    from tests import stage_runs

    return stage_runs.load


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real shortcuts and fixtures that stands beside the checkout here and in CI, not at a user's."""
    if not SHARED.is_dir():
        pytest.skip("the shared corpus is not beside this checkout")
    return SHARED
