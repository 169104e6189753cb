"""Several processes, one voice: torch starts one a device, a signal reaches all, and when one fails, all end, with one clear line.

`torchrun` and `srun` may start them as well. What every process meets at the same time (bad input, a loss that is no number) the first one
tells. What a single one meets (its GPU is out of memory) it tells itself, after a moment in which the first would have ended it. That the
others then lose touch is told by nobody.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, NoReturn, TypeVar

from common import cli
from common.jsonl import UserError

GRACE = 3.0  # seconds in which a failure of the first process reaches the others
POLL = 0.1  # seconds between two looks at the other processes

Item = TypeVar("Item")
Made = TypeVar("Made")


class Stop:
    """The wish to stop: a signal sets it, the step boundary reads it. A second Ctrl-C stops at once.

    SIGUSR1 is SLURM's warning before the time limit: the job is to go on. SIGTERM may be a person's scancel: to requeue would undo it.
    """

    wanted = requeue = False
    received: ClassVar[list[int]] = []  # to be passed on to the processes that this one has started

    @classmethod
    def on_signals(cls) -> None:
        """Take SIGINT, SIGTERM and SIGUSR1."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, cls._handle)

    @classmethod
    def _handle(cls, number: int, frame: object) -> None:
        if cls.wanted and number == signal.SIGINT:
            sys.exit(cli.EXIT_INTERRUPTED)
        cls.wanted = True
        cls.requeue = cls.requeue or number == signal.SIGUSR1
        cls.received.append(number)


# ---------------------------------------------------------------------------------------------------------------------------------
# which process this is


def by_torch() -> bool:
    """True in a process that torchrun, or `run_ranks`, has started."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def by_srun() -> bool:
    """True in one of several tasks of a SLURM step. The shell that salloc opens is a step of one task, in a job of several."""
    tasks = os.environ.get("SLURM_STEP_NUM_TASKS") or os.environ.get("SLURM_NTASKS", 1)
    return "SLURM_STEP_ID" in os.environ and int(tasks) > 1 and not by_torch()


def is_first() -> bool:
    """True in the process that reads, writes and speaks for all."""
    return int(os.environ.get("RANK", 0) if by_torch() else os.environ["SLURM_PROCID"] if by_srun() else 0) == 0


def from_first(make: Callable[[], Made]) -> Made:
    """Return what the first process makes, in every process."""
    import torch.distributed as dist

    if not dist.is_initialized():
        return make()
    shared = [make() if is_first() else None]
    dist.broadcast_object_list(shared)
    return shared[0]  # type: ignore[return-value]


def shared_out(items: list[Item], work: Callable[[list[Item]], list[Made]], rank: int, world: int) -> list[Made]:
    """Return what `work` makes of each of some items: every process does as many of them as the others, and gets them all.

    Where they do not come out even, the last processes do the first one again, and nobody looks at that.
    """
    import torch.distributed as dist

    if world == 1:
        return work(items)
    shares: list[Any] = [None] * world
    dist.all_gather_object(shares, work((items + items[:1] * (-len(items) % world))[rank::world]))
    return [shares[number % world][number // world] for number in range(len(items))]


# ---------------------------------------------------------------------------------------------------------------------------------
# starting


def devices_here(args: Namespace) -> int:
    """Devices that a run on this machine is to use: --devices, else all GPUs, else one CPU."""
    if args.devices:
        return args.devices
    import torch

    return torch.cuda.device_count() or 1


def must_start_ranks(args: Namespace) -> bool:
    """True for a run on several devices that neither torchrun nor srun has started."""
    return not (by_torch() or by_srun()) and devices_here(args) > 1


def run_ranks(count: int) -> int:
    """Start this command once a device, as torchrun does, and return the exit code of the run. Signals go to all processes."""
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, start_processes

    logging.getLogger("torch.distributed.elastic.multiprocessing.api").setLevel(logging.CRITICAL + 1)  # the processes tell it themselves
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "GROUP_RANK": 0, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
              "TORCHELASTIC_RUN_ID": "train", "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", max(1, (os.cpu_count() or 1) // count))}
    variables = {rank: {name: str(value) for name, value in {**shared, "RANK": rank, "LOCAL_RANK": rank}.items()} for rank in range(count)}
    commands = dict.fromkeys(range(count), tuple(sys.argv))
    context = start_processes("train", sys.executable, commands, variables, DefaultLogsSpecs(os.devnull))
    Stop.on_signals()  # its own handlers would end all at once
    try:
        while (result := context.wait(POLL, POLL)) is None:
            while Stop.received:
                number = Stop.received.pop(0)
                for pid in context.pids().values():
                    with suppress(ProcessLookupError):
                        os.kill(pid, number)
    finally:
        context.close(signal.SIGKILL)
    if not result.failures:
        return cli.EXIT_DONE
    first = next(iter(result.failures.values()))  # those behind it were ended because of it
    if first.exitcode < 0:  # it could not tell
        cli.say(f"error: process {first.local_rank} was killed by signal {-first.exitcode}; if nobody did, memory ran out")
    return cli.EXIT_INTERRUPTED if first.exitcode == cli.EXIT_INTERRUPTED else cli.EXIT_FAILED


def end_with_parent() -> None:
    """End this process when the one that started it is gone, instead of waiting for the others in a collective."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL)
        os._exit(cli.EXIT_FAILED)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


# ---------------------------------------------------------------------------------------------------------------------------------
# ending


def start(main: Callable[[], int]) -> NoReturn:
    """`cli.start` of a process that may be one of several.

    The threads of a group outlive it. One that frees the tensor of the last exchange while Python takes itself apart ends the process with
    SIGABRT, and a run that is done has failed (torch 2.13: 4 of 28 processes on a busy machine). So one of several leaves without that.
    """
    code = cli.EXIT_FAILED

    def leave() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    if by_torch() or by_srun():
        atexit.register(leave)  # what a run registers later is called before it
    try:
        cli.start(with_one_voice(main))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else cli.EXIT_DONE
        raise


def with_one_voice(main: Callable[[], int]) -> Callable[[], int]:
    """`main` of a process that may be one of several; what it raises is what this process is to tell."""

    def guarded() -> int:
        import torch

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
    if is_first() and not _out_of_touch(error):
        raise error
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    time.sleep(GRACE)  # whoever failed first ends this process meanwhile, through the launcher or srun
    if _out_of_touch(error):
        if is_first() and by_srun():
            raise UserError("another process of this run has ended; if it left no line above, it was killed") from None
        return cli.EXIT_FAILED
    kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
    rank = os.environ.get("RANK") or os.environ.get("SLURM_PROCID")
    raise UserError(f"process {rank}: {kind}{_line(error)}") from None


def _out_of_touch(error: BaseException) -> bool:
    """True if an error says that another process is gone."""
    import torch.distributed as dist

    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and any(
        word in str(error) for word in ("gloo", "Connection closed by peer", "Connection reset", "Broken pipe", "Timed out waiting")))


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
