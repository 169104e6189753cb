#!/usr/bin/env bash
# torch 2.13.0: what torch.distributed.checkpoint raises when a save fails is no Exception; `except Exception` lets it through.
#
# CheckpointException, which wraps what went wrong on each rank, derives from BaseException directly. One would expect an Exception, as of
# every other failed write: a training loop that guards its saves by `except Exception` ("the checkpoint failed, go on") ends at the first
# full disk, as if somebody had pressed Ctrl-C, and a handler for OSError sees nothing of the OSError inside, which stands in `failures` by
# rank. With one process and no process group it is the same.
#
# Source: run here, Python 3.11, 2026-11-29. The script fails if a failed save raises an Exception.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'torch==2.13.0' numpy
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import sys

import torch
import torch.distributed.checkpoint as dcp

FILE = f"{sys.argv[1]}/file"
open(FILE, "w").close()
try:
    dcp.save({"weight": torch.zeros(4)}, checkpoint_id=f"{FILE}/checkpoint")  # a folder below a file cannot be made
except BaseException as error:
    caught = error
print(f"torch {torch.__version__.partition('+')[0]}: {type(caught).__name__}, bases {[base.__name__ for base in type(caught).__mro__[1:-1]]}")
inside = [type(failure[0] if isinstance(failure, tuple) else failure).__name__ for failure in getattr(caught, "failures", {}).values()]
print(f"an Exception: {isinstance(caught, Exception)}; an OSError: {isinstance(caught, OSError)}; inside it: {inside}")
assert type(caught).__name__ == "CheckpointException" and not isinstance(caught, Exception)
assert inside == ["NotADirectoryError"]
PYTHON
