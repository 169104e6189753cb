#!/usr/bin/env bash
# torch 2.13.0: the threads of a gloo group live on behind destroy_process_group() for as long as anything holds the group: a DeviceMesh does.
#
# One would expect that a group that is destroyed has no threads: the documentation asks every process to destroy its groups before it
# ends, so that nothing of theirs is left when the interpreter shuts down. With gloo the call drops torch's own references alone. FSDP2
# keeps a DeviceMesh in the model, and a loop that is still in its `main` has the model: the worker threads of the group are then there
# during the interpreter's shutdown, though the group was destroyed as it should be. Such a thread, late with what it has to free, ended
# processes of finished trainings with SIGABRT on a busy machine, and the scheduler called the jobs failed. What helps is to drop all that
# holds the group first, or to leave by os._exit once everything is written.
#
# Source: run here, Python 3.11, 2026-11-30. The script fails if a group's threads end with it while a mesh is there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'torch==2.13.0' numpy
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import gc
import os

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh


def threads() -> int:
    gc.collect()
    return sum(open(f"/proc/self/task/{task}/comm").read().startswith("pt_gloo") for task in os.listdir("/proc/self/task"))


found = {}
for holder in ("nothing", "a DeviceMesh"):
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    mesh = init_device_mesh("cpu", (1,)) if holder != "nothing" else None
    before = threads()
    dist.destroy_process_group()
    destroyed = threads()
    del mesh
    found[holder] = before, destroyed, threads()
for holder, (before, destroyed, dropped) in found.items():
    print(f"torch {torch.__version__.partition('+')[0]}, {holder} holds the group: threads {before}, destroyed {destroyed}, dropped {dropped}")
assert found["nothing"][0] > 0 and found["nothing"][1:] == (0, 0)
assert found["a DeviceMesh"][1] > 0 and found["a DeviceMesh"][2] == 0
PYTHON
