"""The environment that the stages run in: what `make setup` installs, and constraints.txt, the exact versions that were tested.

    python -m common.environment install [EXTRA ...]    # requirements.txt, and extras of pyproject.toml, with what pip is at
    python -m common.environment constraints            # write constraints.txt from the packages of this environment
    python -m common.environment check                  # a line for each package where environment and file disagree; exit code 1

PyTorch is not in the file: which build of its one version is right depends on the machine. Nor are hashes, for that reason: pip wants them
for every package or for none.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
OF_THE_MACHINE = re.compile(r"(torch|triton|cuda-.*|nvidia-.*)")  # PyTorch and what only its CUDA build brings
LOWEST = {"aiohttp": "3.14.4"}  # earlier ones have a known hole: PYSEC-2026-4371
BEAT, QUIET_BEAT = 1.0, 15.0  # seconds between two signs of life, on a terminal and in a log
HEAD = """\
# The exact versions of all packages that the tests passed with, for pip -c: `make constraints` writes, `make check-constraints` checks it.
# Not here: PyTorch, whose one version stands in requirements.txt and whose build depends on the machine, and what its CUDA build brings.
"""


# ---------------------------------------------------------------------------------------------------------------------------------
# what is asked for


def requirements(*extras: str) -> list[str]:
    """The lines of requirements.txt without their reasons, and those of the extras."""
    lines = (re.sub(r"(^|\s+)#.*", "", line) for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines())
    optional = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    return [line for line in lines if line] + [line for extra in extras for line in optional[extra]]


def closure(wanted: Iterable[str]) -> tuple[dict[str, str], set[str]]:
    """Return what `wanted` brings with it: name to version of what is installed here, and the names that other systems alone need."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, str] = {}
    elsewhere: set[str] = set()
    seen: set[tuple[str, str]] = set()
    todo = [Requirement(line) for line in wanted]
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras} - {extra for other, extra in seen if other == name}:
            seen.add((name, extra))
            package = importlib.metadata.distribution(name)
            found[name] = package.version
            for needed in map(Requirement, package.requires or []):
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    todo.append(needed)
                else:
                    elsewhere.add(canonicalize_name(needed.name))
    return found, elsewhere


# ---------------------------------------------------------------------------------------------------------------------------------
# constraints


def tested() -> tuple[dict[str, str], set[str]]:
    """As `closure`, of all that the project and its tests need, without what depends on the machine."""
    found, elsewhere = closure(requirements("dev"))
    return {name: version for name, version in sorted(found.items()) if not OF_THE_MACHINE.fullmatch(name)}, elsewhere


def written() -> dict[str, str]:
    """Name to version of constraints.txt."""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==", 1) for line in lines if line and not line.startswith("#"))


def disagreements(here: dict[str, str], elsewhere: set[str], file: dict[str, str]) -> list[str]:
    """A line for each package whose version in the environment is not that of the file, or that one of them lacks."""
    from packaging.version import Version

    lines = [f"{name} {version} is installed, and constraints.txt does not have it" for name, version in here.items() if name not in file]
    lines += [f"{name} {here[name]} is installed, constraints.txt has {version}"
              for name, version in file.items() if here.get(name, version) != version]  # fmt: skip
    lines += [f"{name} is in constraints.txt, and nothing needs it" for name in file if name not in here and name not in elsewhere]
    return lines + [f"{name} {file[name]} is in constraints.txt, and less than {least} will not do"
                    for name, least in LOWEST.items() if name in file and Version(file[name]) < Version(least)]  # fmt: skip


def write() -> int:
    """Write constraints.txt; lines of packages that other systems alone need stay. Returns the exit code."""
    here, elsewhere = tested()
    kept = {name: version for name, version in written().items() if name in elsewhere} if CONSTRAINTS.exists() else {}
    lines = [f"{name}=={version}\n" for name, version in sorted({**kept, **here}.items())]
    CONSTRAINTS.write_text(HEAD + "".join(lines), encoding="utf-8")
    print(f"{CONSTRAINTS.name}: {len(lines)} packages")
    return 0


def check() -> int:
    """Print the disagreements between this environment and constraints.txt; returns the exit code."""
    lines = disagreements(*tested(), written())
    print("\n".join(lines) or "the environment is that of constraints.txt", file=sys.stderr if lines else sys.stdout)
    return 1 if lines else 0


# ---------------------------------------------------------------------------------------------------------------------------------
# installing


def install(*extras: str) -> int:
    """Install what is asked for in the tested versions, and say meanwhile what pip is at; returns the exit code.

    pip's warnings and errors come through as they are.
    """
    print(f"installing what {' and '.join(['the stages', *extras])} need, some 90 packages: 1.9 GB with PyTorch's CPU build, 5.6 GB with "
          "its CUDA build; 2 to 10 minutes, less when most are there", flush=True)  # fmt: skip
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off",
               "-c", str(CONSTRAINTS), *requirements(*extras)]  # fmt: skip
    started, done = time.monotonic(), threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as pip:
        assert pip.stdout is not None
        doing = ["looking for packages"]
        beat = threading.Thread(target=_beat, args=(done, doing, started), daemon=True)
        beat.start()
        for line in pip.stdout:
            if told := re.match(r"\s*(Downloading|Building wheel for|Installing collected packages)\s*:?\s*([^\s,]+)(.*)", line):
                verb, first, rest = told.groups()
                size = re.search(r"\([\d.]+ [kMG]B\)", rest)
                doing[0] = (f"unpacking {rest.count(',') + 1} packages" if verb.startswith("Installing")
                            else f"{verb.lower()} {Path(first).name}{f' {size[0]}' if size else ''}")  # fmt: skip
    done.set()
    beat.join()
    seconds = time.monotonic() - started
    if pip.returncode:
        print(f"error: pip failed after {seconds:.0f} s, see its lines above; mend that and run the same command again", file=sys.stderr)
        return 1
    print(f"installed in {seconds:.0f} s")
    return 0


def _beat(done: threading.Event, doing: list[str], started: float) -> None:
    """Say every few seconds what pip is at: on one line of a terminal, on a line of its own in a log."""
    terminal = sys.stdout.isatty()
    while not done.wait(BEAT if terminal else QUIET_BEAT):
        line = f"  {time.monotonic() - started:.0f} s: {doing[0]}"
        print(f"\r\033[K{line[:100]}" if terminal else line, end="" if terminal else "\n", flush=True)
    if terminal:
        print("\r\033[K", end="", flush=True)


COMMANDS = {"install": install, "constraints": write, "check": check}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(__doc__)
        sys.exit(2)
    try:
        sys.exit(COMMANDS[sys.argv[1]](*sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit(130)
