"""Time the start of the server for assistants, and a call of each tool on a shortcut of 300 actions. Prints one JSON object.

    python bench/serve.py
    python bench/serve.py --times 9

The start ends with the answer to `initialize`. Seconds are of the CPU, the least of several. Beside it stands what it cannot go below:
the import of the package `mcp`, and another command of `python -m shortcuts`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from shortcuts.serve import Desk, answer  # noqa: E402

HELLO = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
         "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}}  # fmt: skip


def main() -> int:
    """Start, call, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5, metavar="N", help="how often each is done (default: %(default)s)")
    times = range(parser.parse_args().times)
    with tempfile.TemporaryDirectory() as folder:
        started = {
            "start": min(cpu_seconds("-m", "shortcuts", "serve", "--folder", folder, stdin=json.dumps(HELLO) + "\n") for _ in times),
            "import_mcp": min(cpu_seconds("-c", "import mcp.server.lowlevel") for _ in times),
            "shortcuts_help": min(cpu_seconds("-m", "shortcuts", "--help") for _ in times),
        }
        tools = {name: min(call(Desk(Path(folder).resolve()), name, arguments) for _ in times) for name, arguments in CALLS.items()}
    rounded = {name: round(seconds, 3) for name, seconds in started.items()}
    print(json.dumps({**rounded, "tools": {name: round(seconds, 3) for name, seconds in tools.items()}}))
    return 0


def cpu_seconds(*command: str, stdin: str = "") -> float:
    """Return the seconds of the CPU that a command of this Python takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], input=stdin, capture_output=True, text=True, cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


CODE = "".join(f"t{n} = is_workflow_actions_gettext(WFTextActionText='Text {n}')\nis_workflow_actions_speaktext(WFText=t{n})\n"
               for n in range(150))  # fmt: skip
CALLS: dict[str, dict[str, Any]] = {
    "check_program": {"code": CODE, "file": "long", "overwrite": True},
    "read_shortcut": {"file": "long.shortcut", "numbered": True},
    "run_shortcut": {"file": "long.shortcut"},
    "edit_shortcut": {"file": "long.shortcut", "change": "replace 150\nis_workflow_actions_showresult(Text=t74)", "overwrite": True},
    "search_actions": {"words": "speak a text"},
    "describe_actions": {"names": ["is_workflow_actions_speaktext"]},
}


def call(desk: Desk, name: str, arguments: dict[str, Any]) -> float:
    """Return the seconds of the CPU that a tool takes."""
    started = time.process_time()
    texts, wrong = answer(name, arguments, desk)
    if wrong:
        raise SystemExit(f"{name}: {texts[0]}")
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
