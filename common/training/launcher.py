"""Several processes, one voice: when one of them fails, all end, one clear line is printed, and the exit code is 1.

What every process meets at the same time (bad input, a loss that is no number) the first one tells. What a single one meets (its GPU is
out of memory) it tells itself, after a moment in which the first would have ended it. That the others then lose touch is told by nobody.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from lightning.pytorch.strategies.launchers.subprocess_script import _SubprocessScriptLauncher
from lightning.pytorch.utilities import rank_zero_only

from common import cli
from common.jsonl import UserError

GRACE = 3.0  # seconds in which a failure of the first process reaches the others
POLL = 0.2  # seconds between two looks at the other processes


def with_one_voice(main: Callable[[], int]) -> Callable[[], int]:
    """`main` of a process that may be one of several; what it raises is what this process is to tell."""

    def guarded() -> int:
        try:
            return main()
        except torch.OutOfMemoryError as error:
            return _told(UserError(f"out of GPU memory ({_line(error)}); lower --context, or take --activation-checkpointing full, "
                                   "more devices or --quantize"))
        except (Exception, KeyboardInterrupt) as error:
            return _told(error)

    return guarded


def _told(error: BaseException) -> int:
    """Raise what this process has to say of an error, or return its exit code where others say it."""
    rank = rank_zero_only.rank or 0
    if rank == 0 and not _out_of_touch(error):
        raise error
    time.sleep(GRACE)  # whoever failed first ends this process meanwhile, here or through srun
    if rank == 0:
        raise UserError("another process of this run has ended; if it left no line above, it was killed") from None
    if _out_of_touch(error):
        return cli.EXIT_FAILED
    kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
    raise UserError(f"process {rank}: {kind}{_line(error)}") from None


def _out_of_touch(error: BaseException) -> bool:
    """True if an error says that another process is gone."""
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and any(
        word in str(error) for word in ("gloo", "Connection closed by peer", "Connection reset", "Broken pipe", "Timed out waiting")))


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def is_first() -> bool:
    """True in the process that writes. Until there is a trainer, Lightning takes the first process of every node for it."""
    return not rank_zero_only.rank and int(os.environ.get("NODE_RANK") or os.environ.get("GROUP_RANK") or 0) == 0


class Launcher(_SubprocessScriptLauncher):
    """Lightning's launcher of a process a device, with a watch that keeps exit code and silence: its own kills the first one, too."""

    def launch(self, function: Callable[..., Any], *args: Any, trainer: Any = None, **kwargs: Any) -> Any:
        """Start the others, then call the function; however it ends, none of them stays behind."""
        self._call_children_scripts()
        watch = threading.Thread(target=self._watch, name="watch", daemon=True)
        watch.start()
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            if not _out_of_touch(error):
                self._end(self.procs)
            raise

    def _watch(self) -> None:
        """End this process too when another has failed: the collective it waits in would never return."""
        while any(process.poll() is None for process in self.procs):
            time.sleep(POLL)
            if any(process.poll() for process in self.procs):
                for number, process in enumerate(self.procs, start=1):
                    if (process.poll() or 0) < 0:  # it could not tell
                        cli.say(f"error: process {number} was killed by signal {-process.returncode}; if nobody did, memory ran out")
                self._end(self.procs)
                os._exit(cli.EXIT_FAILED)

    @staticmethod
    def _end(processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            if process.poll() is None:
                process.kill()


def end_with_parent() -> None:
    """In a process that another one started: end when that one is gone, instead of waiting for it in a collective."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL)
        os._exit(cli.EXIT_FAILED)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
