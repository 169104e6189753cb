"""Code that two or more stages need. Imports run one way: stages import common, never the reverse.

Every stage imports this before any package that has to be installed: a Python that is too old, or a missing package, ends in one line.
So this file alone must run on every Python 3.
"""

import os
import signal
import sys

if sys.version_info < (3, 11):  # noqa: UP036  (who has an older one is to read this, not a traceback)
    sys.exit(f"error: Python 3.11 or later is needed, this is {sys.version.split()[0]} ({sys.executable}); install one, "
             "`rm -rf .venv`, and name it: `make setup PYTHON=python3.12`")  # fmt: skip


def leave(number: int, frame: object) -> None:
    """Leave at a Ctrl-C while a stage is loaded, until cli.start: an exception in an import could be lost there, or be a traceback."""
    os.write(2, b"interrupted; nothing was written, run it again\n")
    os._exit(130)


_script = os.path.basename("".join(sys.argv[:1]))
_is_stage = _script[:1] == "0" and _script[1:2].isdigit() and _script[2:3] == "_"
if _is_stage and signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it is another where Ctrl-C is to be ignored
    signal.signal(signal.SIGINT, leave)

_show = sys.excepthook


def _missing_package(kind: type, error: BaseException, trace: object) -> None:
    """An exception hook: one line for a package that is not installed; anything else is shown as before."""
    package = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if package in ("", "common", "shortcuts", "tests"):
        _show(kind, error, trace)
    else:
        print(f"error: the Python package {package} is not installed for {sys.executable}; "
              "run `make setup`, then `source .venv/bin/activate`, then the same command again", file=sys.stderr)  # fmt: skip


sys.excepthook = _missing_package
