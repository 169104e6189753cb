"""Runs a numbered script as a shell does, but in this process or a fork of it: the libraries it imports are imported once, not once a run."""

from __future__ import annotations

import functools
import gc
import importlib.util
import io
import os
import runpy
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import IO, NamedTuple
from unittest import mock

from common import cli

ROOT = Path(__file__).resolve().parents[1]


class Ended(NamedTuple):
    """The end of a run: its exit code, and what it said."""

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
        if number == "08":
            module.code_digest = functools.cache(module.code_digest)  # it parses a hundred files, half a second a run
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


# ---------------------------------------------------------------------------------------------------------------------------------
# in a process of its own, which can be killed


class Started:
    """A process that was forked from this one, leads a group of its own, and runs `main` to its end; what it says goes to two files."""

    def __init__(self, main: Callable[[], object], argv: list[str], cwd: Path | None = None, environment: dict[str, str] | None = None) -> None:
        self.argv, self.returncode = argv, None
        self.files = [tempfile.TemporaryFile() for _ in range(2)]
        self.pid = os.fork()
        if not self.pid:
            try:
                self._become(argv, cwd, environment)
                code = _exit_code(main)
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(locals().get("code", 1))  # nothing of the parent's is cleaned up here

    def _become(self, argv: list[str], cwd: Path | None, environment: dict[str, str] | None) -> None:
        """Turn the fork into a process as a shell starts it: its own group, no open files but its streams, default signals."""
        os.setsid()
        gc.freeze()  # else the end of one of the parent's files could close one of this process with the same number
        for stream, file in zip((1, 2), self.files):
            os.dup2(file.fileno(), stream)
        os.closerange(3, 4096)
        sys.stdin, sys.stdout, sys.stderr = open(os.devnull), open(1, "w", closefd=False), open(2, "w", buffering=1, closefd=False)
        for number, action in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL), (signal.SIGUSR1, signal.SIG_DFL)):
            signal.signal(number, action)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)  # the threads of the parent are not here
        os.environ["TOKENIZERS_PARALLELISM"] = "false"  # nor those of a tokenizer, which would be waited for
        os.chdir(cwd or ".")
        os.environ.update(environment or {})
        sys.argv = argv

    def poll(self) -> int | None:
        """The exit code, or minus the signal, once it has ended."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def send_signal(self, number: int, group: bool = False) -> None:
        """Send a signal to it, or to all of its group; none to one that is known to have ended."""
        if self.returncode is None:
            (os.killpg if group else os.kill)(self.pid, number)

    def wait(self, seconds: float = 60) -> Ended:
        """Return how it ended; it is killed, and the test fails, where it does not in time."""
        deadline = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > deadline:
                self.send_signal(signal.SIGKILL, group=True)
                os.waitpid(self.pid, 0)
                raise AssertionError(f"{self.argv} did not end in {seconds} s")
            time.sleep(0.002)
        return Ended(self.returncode, *self.said())

    def said(self) -> list[str]:
        """Return its stdout and stderr, once it writes no more: reading moves the place where it would go on."""
        return [_text(file) for file in self.files]


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _exit_code(main: Callable[[], object]) -> int:
    """Run main, and say what the interpreter would leave with."""
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def start_script(path: Path, *flags: object, cwd: Path | None = None, **environment: str) -> Started:
    """Start any script in a fork; the path is taken from `cwd`."""
    return Started(lambda: runpy.run_path(str(path), run_name="__main__"), [str(path), *map(str, flags)], cwd, environment)


def start_module(name: str, *flags: object) -> Started:
    """Start what `python -m name` starts, in a fork."""
    return Started(lambda: runpy.run_module(name, run_name="__main__"), [f"{name}/__main__.py", *map(str, flags)], ROOT)


def import_client() -> None:
    """Import what asks an endpoint and read the certificates, so that the forks to come have them."""
    import openai

    openai.DefaultAioHttpClient()


def start(number: str, *flags: object, **environment: str) -> Started:
    """Start a script in a fork; keys for endpoints are not passed on."""
    stage = load(number)
    no_keys = {key: "" for key in os.environ if key.startswith("OPENAI_")}
    return Started(lambda: cli.start(stage.main), [Path(stage.__file__ or "").name, *map(str, flags)], environment=no_keys | environment)
