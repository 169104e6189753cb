"""A SLURM cluster on one machine, for tests: munged, slurmctld and two slurmd from a folder of their own, as whoever starts them.

    python tests/slurm_cluster.py install          # Debian's packages; needs root
    python tests/slurm_cluster.py up /tmp/cluster  # says what to export; then sbatch, squeue, scancel work
    python tests/slurm_cluster.py down /tmp/cluster

Each of its two nodes claims eight processors and eight GPUs, whatever the machine has: the GPUs are empty files, a job on them sees none.
Nothing of the machine's own SLURM or munge is used or changed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "scancel", "munged")
NODES = ("n1", "n2")
DAEMONS = (*NODES, "slurmctld", "munged")  # named as their process files are, in the order in which they are stopped
START_SECONDS, STOP_SECONDS = 60, 15  # a start takes a second on a machine that has nothing else to do
INSTALL_SECONDS = 180  # for each call of apt-get; both together take eleven seconds where the mirror is near
CPUS = GPUS = 8  # of a node
# A requeued job waits for the life of a job credential, in seconds: two minutes by default, as if a test had nothing better to do.
REQUEUE_SECONDS = 5

# No accounting, no cgroups, no limits on memory; a node that says it has more processors than it has is believed.
CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire={requeue}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
TaskProlog={folder}/task_prolog
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
GresTypes=gpu
NodeName=DEFAULT CPUs={cpus} RealMemory=1000 Gres=gpu:{gpus} State=UNKNOWN
{nodes}
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class NoCluster(Exception):
    """A cluster can't be had here; the text says why."""


def missing() -> list[str]:
    """The programs that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program, path=search_path()) is None]


def search_path() -> str:
    """PATH and the folders of daemons, which a user's PATH often lacks."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def install() -> None:
    """Install what is missing with apt. Raises NoCluster where that can't be done."""
    if not missing():
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoCluster(f"{', '.join(missing())}: not installed, and apt-get as root is not at hand")
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        try:
            done = subprocess.run(["apt-get", "--quiet", *command], env=quietly, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        except subprocess.TimeoutExpired:
            raise NoCluster(f"apt-get {command[0]}: not done within {INSTALL_SECONDS} s") from None
        if done.returncode:
            raise NoCluster(f"apt-get {command[0]}: {' '.join((done.stderr or done.stdout).split())[-300:]}")


def start(folder: Path) -> dict[str, str]:
    """Start a cluster in a new folder with a short path (a socket's may have 107 characters); returns the environment for its commands.

    Raises NoCluster with the reason, the daemons stopped again.
    """
    if missing():
        raise NoCluster(f"{', '.join(missing())}: not installed; as root: python tests/slurm_cluster.py install")
    folder = folder.resolve()
    write_files(folder)
    # the machine may be a node of a cluster, or this process a job of one: nothing of that may reach the commands
    clean = {key: value for key, value in os.environ.items() if not re.match("SLURM|SBATCH|SRUN", key)}
    environment = clean | variables(folder) | {"PATH": search_path()}
    try:
        run(environment, "munged", f"--socket={folder}/munge.socket", f"--key-file={folder}/munge.key", f"--pid-file={folder}/munged.pid",
            f"--log-file={folder}/munged.log", f"--seed-file={folder}/munge.seed", "--force")
        run(environment, "slurmctld", "-c")
        for node in NODES:
            run(environment, "slurmd", "-N", node)
        wait_until_idle(environment, folder)
    except NoCluster:
        stop(folder)
        raise
    return environment


def variables(folder: Path) -> dict[str, str]:
    """The environment of a command on the cluster; the address, because no name server knows the nodes by their names."""
    return {"SLURM_CONF": str(folder / "slurm.conf"), "MASTER_ADDR": "127.0.0.1"}


def write_files(folder: Path) -> None:
    """The key, the configuration, and the files that stand for GPUs."""
    for path in (folder, folder / "state", *(folder / f"spool-{node}" for node in NODES)):
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder.chmod(0o755)  # munged wants to be reached by everybody
    (folder / "munge.key").touch(mode=0o600)
    (folder / "munge.key").write_bytes(os.urandom(64))
    host = socket.gethostname().split(".")[0]
    port, *node_ports = free_ports(1 + len(NODES))
    (folder / "slurm.conf").write_text(CONFIG.format(
        host=host, user=subprocess.check_output(["id", "--user", "--name"], text=True).strip(), folder=folder, cpus=CPUS, gpus=GPUS,
        port=port, requeue=REQUEUE_SECONDS, nodes="\n".join(f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={at}" for node, at in zip(NODES, node_ports))))
    (folder / "gres.conf").write_text(f"NodeName={','.join(NODES)} Name=gpu File={folder}/gpu[0-{GPUS - 1}]\n")
    for number in range(GPUS):
        (folder / f"gpu{number}").touch()
    (folder / "task_prolog").write_text("#!/bin/sh\necho export CUDA_VISIBLE_DEVICES=\n")
    (folder / "task_prolog").chmod(0o755)


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for item in sockets:
        item.bind(("127.0.0.1", 0))
    ports = [item.getsockname()[1] for item in sockets]
    for item in sockets:
        item.close()
    return ports


def run(environment: dict[str, str], *command: str) -> str:
    """Run a command of the cluster and return what it says; NoCluster if it fails."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_SECONDS)
    if done.returncode:
        raise NoCluster(f"{command[0]}: {(done.stderr or done.stdout).strip() or f'exit code {done.returncode}'}")
    return done.stdout


def wait_until_idle(environment: dict[str, str], folder: Path) -> None:
    """Wait for the nodes to report for work."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        done = subprocess.run(["sinfo", "--noheader", "--format=%T"], env=environment, capture_output=True, text=True)
        if done.stdout.split() == ["idle"]:
            return
        time.sleep(0.1)
    tails = [path.read_text().splitlines()[-1:] for path in sorted(folder.glob("*.log"))]
    raise NoCluster(f"the nodes are {' and '.join(done.stdout.split()) or 'unknown'} after {START_SECONDS} s: {' | '.join(sum(tails, []))}")


def stop(folder: Path) -> None:
    """End the cluster's daemons, by the process ids they wrote, and its jobs with them."""
    if (folder / "slurm.conf").exists() and (folder / "slurmctld.pid").exists():
        environment = {**os.environ, **variables(folder), "PATH": search_path()}
        subprocess.run(["scancel", "--full", "--signal=KILL", "--partition=test"], env=environment, capture_output=True, timeout=START_SECONDS)
    for daemon in DAEMONS:
        try:
            process = int((folder / f"{daemon}.pid").read_text())
            os.kill(process, signal.SIGTERM)
        except (FileNotFoundError, ProcessLookupError, ValueError):
            continue
        deadline = time.monotonic() + STOP_SECONDS
        while (folder / f"{daemon}.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.05)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("install", "up", "down"))
    parser.add_argument("folder", type=Path, nargs="?", default=Path("/tmp/slurm-cluster"))
    args = parser.parse_args()
    try:
        {"install": lambda _: install(), "up": start, "down": stop}[args.command](args.folder)
    except NoCluster as error:
        sys.exit(f"no cluster: {error}")
    if args.command == "up":
        print("export", *(f"{name}={value}" for name, value in variables(args.folder.resolve()).items()))


if __name__ == "__main__":
    main()
