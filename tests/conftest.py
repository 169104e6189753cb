"""Fixtures and settings that the tests share. Run them with `make test`, or one file with `python -m pytest tests/test_jsonl.py`."""

from __future__ import annotations

import functools
import os
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

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
for _profile, _examples in (("quick", 25), ("deep", 300), ("explore", EXPLORE or 1)):
    settings.register_profile(_profile, max_examples=_examples, derandomize=_profile != "explore", deadline=None, database=None,
                              suppress_health_check=list(HealthCheck))  # a busy machine is no fault


def pytest_configure(config: pytest.Config) -> None:
    """Few examples where the slow tests are left out."""
    settings.load_profile("explore" if EXPLORE else "quick" if "not slow" in config.option.markexpr else "deep")


# ---------------------------------------------------------------------------------------------------------------------------------
# which process runs what

PYTORCH = {"test_annotate", "test_constrained", "test_model", "test_packing"}  # and those of stage 07


def group(path: Path) -> str:
    """A file's tests run in one process, for its fixtures; those of all files that import PyTorch, which takes as long as a file, in one."""
    return "PyTorch" if path.stem in PYTORCH or path.stem.startswith("test_train") else path.stem


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with PyTorch, the largest group."""
    items.sort(key=lambda item: group(item.path) != "PyTorch")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out the groups in their order, whatever --dist says: its loadgroup (xdist 3.8) finds no group with pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(Path(nodeid.partition("::")[0]))

    config.option.loadscopereorder = False
    return ByGroup(config, log)


# ---------------------------------------------------------------------------------------------------------------------------------
# fixtures


@pytest.fixture(scope="session")
def load_stage() -> Callable[[str], ModuleType]:
    """Load a numbered script (`load_stage("01")`) as a module."""
    from tests import stage_runs

    return stage_runs.load


@pytest.fixture(scope="session")
def catalog() -> Any:
    """The catalogue of the repository."""
    from shortcuts.catalog import Catalog

    return Catalog.load()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real shortcuts and fixtures that stands beside the checkout here and in CI, not at a user's."""
    if not SHARED.is_dir():
        pytest.skip("the shared corpus is not beside this checkout")
    return SHARED


@pytest.fixture(autouse=True)
def blank_pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write an empty file for a picture, unless a test has the mark `pictures`: to lay one out takes longer than all else that a stage does."""
    from unittest.mock import MagicMock

    from common import charts
    from common.jsonl import write_atomically

    @contextmanager
    def page(path: Path, rows: int, columns: int, *_: Any, **__: Any) -> Iterator[tuple[Any, Any]]:
        yield MagicMock(), [[MagicMock() for _ in range(columns)] for _ in range(rows)]
        write_atomically(path, b"")

    if not request.node.get_closest_marker("pictures"):
        monkeypatch.setattr(charts, "page", page)
