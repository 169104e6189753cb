"""Change a shortcut by its program: what a change does not touch stays equal to the byte.

    edited = apply_change(shortcut, "insert after 3\nis_workflow_actions_speaktext(WFText=Total)", catalog)
    edited.shortcut                        # the new shortcut: identities, icon, names, import questions, order of keys as they were
    edited.kept, edited.changed, edited.added, edited.removed          # actions, markers of blocks included

changes.py has the form of a change, alignment.py finds each old action again, merge.py puts both shortcuts together: an action whose line
is not touched is taken from the old shortcut as it is. If it would mean anything else in the new program, the change is refused.
"""

from __future__ import annotations

from typing import Any

from shortcuts.catalog import Catalog
from shortcuts.edit.changes import Line, applied, apply_text, change_between
from shortcuts.edit.comments import carried
from shortcuts.edit.merge import Edited, merged

__all__ = ["Edited", "Line", "applied", "apply_change", "apply_text", "carried", "change_between", "merged"]


def apply_change(shortcut: dict[str, Any], change: str, catalog: Catalog | None = None) -> Edited:
    """Return a shortcut after a change of the program that `to_python` gives of it.

    Raises DialectError with a line of the change where it is faulty, the new program does not compile, or an action that is not touched
    would become another one; and the errors of `to_python`.
    """
    return merged(shortcut, lambda code: applied(code, change), catalog)
