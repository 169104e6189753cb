"""Runs a numbered script as a shell does, but in this process: the libraries it imports are imported once, not once a run."""

from __future__ import annotations

import importlib.util
import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from unittest import mock

from common import cli

ROOT = Path(__file__).resolve().parents[1]


class Ended(NamedTuple):
    """How a run ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def load(number: str) -> ModuleType:
    """A numbered script as a module: its name is no identifier, so `import` cannot."""
    (path,) = ROOT.glob(f"{number}_*.py")
    name = f"stage_{number}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses and worker processes look the module up by name
        spec.loader.exec_module(module)
    return sys.modules[name]


def run(number: str, *flags: object, **environment: str) -> Ended:
    """Run a script with these flags, and these variables besides those of the tests; keys for endpoints are not passed on."""
    stage, out, err = load(number), io.StringIO(), io.StringIO()
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OPENAI_")}
    argv = [Path(stage.__file__ or "").name, *map(str, flags)]
    with (redirect_stdout(out), redirect_stderr(err), mock.patch.object(sys, "argv", argv),
          mock.patch.dict(os.environ, clean | environment, clear=True)):  # fmt: skip
        try:
            cli.start(stage.main)
        except SystemExit as end:  # argparse leaves that way, too
            return Ended(int(end.code or 0), out.getvalue(), err.getvalue())
    raise AssertionError("a stage ends with an exit code")
