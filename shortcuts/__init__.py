"""Apple Shortcuts as Python, and back: the language, usable without the rest of this project.

    code, residue = to_python(shortcut)                    # readable Python, and the rest of the shortcut
    to_shortcut(code, residue) == shortcut                 # the same property list, types included
    canonical(to_shortcut(code)) == canonical(shortcut)    # from the code alone: the same program
    to_python(to_shortcut(code))[0] == code                # a fixed point

An action is a keyword-only call of its id (`is_workflow_actions_url(WFURLActionURL='…')`), its output the name it is assigned to. Setting a
variable is an assignment, appending is `X += [value]`, If is if/elif/else, Repeat is for, Choose from Menu is match, text with variables is
an f-string, a dictionary is a dict, a Comment is a string on a line of its own. `#` lines are not part of a program. Triggers, which start
a shortcut by themselves, are decorators above `def shortcut():`, whose body is then the program. docs/dialect.md lists every form;
README.md beside this file describes the modules.

Nothing is ever executed: programs are read with `ast` and interpreted.
"""

import os
import signal
import sys

if sys.argv[:1] == ["-m"]:  # `python -m shortcuts`: what keeps it from starting is one line, as in the stages
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it is another where Ctrl-C is to be ignored
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))  # until the command begins: in an import it would be a traceback
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit(f"error: Python 3.11 or later is needed, this is {sys.version.split()[0]} ({sys.executable})")
    try:
        import orjson  # noqa: F401
        import rapidfuzz  # noqa: F401
    except ModuleNotFoundError as error:
        sys.exit(f"error: the Python package {error.name} is not installed for {sys.executable}; run `make setup`, then "
                 "`source .venv/bin/activate`, then the same command again; or `pip install orjson rapidfuzz pyliblzfse`")

from shortcuts.catalog import call_name
from shortcuts.check import check, is_empty, review
from shortcuts.control_flow import Unbalanced, statistics
from shortcuts.equality.canonical import canonical
from shortcuts.forms.constants import HELPERS
from shortcuts.names import apis_of, bound_names, rename
from shortcuts.syntax.errors import Diagnostic, DialectError
from shortcuts.syntax.nodes import parse
from shortcuts.transcription import (
    TooDeep,
    TooLarge,
    Transcription,
    equivalent,
    in_dialect,
    raw_fallbacks,
    to_python,
    to_shortcut,
    transcribe,
)
from shortcuts.transcription.residue import rename_residue

__all__ = [
    "HELPERS", "Diagnostic", "DialectError", "TooDeep", "TooLarge", "Transcription", "Unbalanced", "apis_of", "bound_names",
    "call_name", "canonical", "check", "equivalent", "in_dialect", "is_empty", "parse", "raw_fallbacks", "rename", "rename_residue",
    "review", "statistics", "to_python", "to_shortcut", "transcribe",
]  # fmt: skip
