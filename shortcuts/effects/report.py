"""The report on a shortcut: what it may do to the outside, what the app will ask to allow, what is known to go wrong.

    found = report(shortcut)
    print(found.text(), end="")               # for people; `python -m shortcuts check --report FILE`
    found.short()                             # a few lines, as `run` and `write` print them

Nothing is run. An action is named by its line in a program, or by its number in the app, which counts from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shortcuts.catalog import Catalog
from shortcuts.control_flow import ID
from shortcuts.effects import KINDS, Effect, effects
from shortcuts.effects.faults import CRASH, Fault, faults
from shortcuts.effects.permissions import Permission, permissions
from shortcuts.effects.written import printable

PLACES = 5  # that are named in a line of the report


@dataclass(frozen=True)
class Report:
    """Findings on a shortcut. `lines` are the source lines of its actions, empty for one that was not written as a program."""

    effects: list[Effect]
    permissions: list[Permission]
    faults: list[Fault]
    titles: list[str]
    lines: Sequence[int] = ()

    def text(self) -> str:
        """Return the report in paragraphs."""
        said: dict[str, list[int]] = {}
        for effect in sorted(self.effects, key=lambda effect: KINDS.index(effect.kind)):
            said.setdefault(effect.sentence, []).append(effect.index)
        wrong: dict[str, list[int]] = {}
        for fault in self.faults:
            wrong.setdefault(_sentence(fault), []).append(fault.index)
        parts = [
            self._part("It may do this to the outside:", said.items(), "It does nothing to the outside."),
            self._part("The app will ask to allow:", self.permissions, "The app will ask to allow nothing."),
            self._part("Known trouble:", wrong.items(), "Known trouble: none."),
        ]
        return "\n".join(parts)

    def short(self, since: Report | None = None) -> list[str]:
        """Return what a person must know before a run: a line on permissions, if there are any, and one for each rule that is broken.

        since: the report on the shortcut before a change; what it has already is left out.
        """
        known = {one.name for one in since.permissions} if since else set()
        names = [one.name for one in self.permissions if one.name not in known]
        codes = {fault.rule.code for fault in since.faults} if since else set()
        first: dict[str, Fault] = {}
        for fault in self.faults:
            if fault.rule.code not in codes:
                first.setdefault(fault.rule.code, fault)
        asks = [f"The app will ask to allow: {'; '.join(names)}."] if names else []
        return asks + [f"Known trouble: {self._places([fault.index])} ({self.titles[fault.index]}) {fault.rule.words}."
                       for fault in first.values()]  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON; actions by their index from 0."""
        return {
            "effects": [effect._asdict() for effect in self.effects],
            "permissions": [{"name": one.name, "indexes": list(one.indexes)} for one in self.permissions],
            "faults": [{"code": fault.rule.code, "level": fault.rule.level, "words": fault.rule.words, "index": fault.index}
                       for fault in self.faults],
        }  # fmt: skip

    def _part(self, head: str, rows: Iterable[tuple[str, Iterable[int]]], none: str) -> str:
        written = [f"  {words}: {self._places(list(indexes))}\n" for words, indexes in rows]
        return head + "\n" + "".join(written) if written else none + "\n"

    def _places(self, indexes: list[int]) -> str:
        in_code = self.lines and max(indexes) < len(self.lines)
        numbers = list(dict.fromkeys(self.lines[index] if in_code else index + 1 for index in indexes))
        more = f" and {len(numbers) - PLACES} more" if len(numbers) > PLACES else ""
        return f"{'line' if in_code else 'action'}{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers[:PLACES]))}{more}"


def report(shortcut: dict[str, Any], catalog: Catalog | None = None, lines: Sequence[int] = ()) -> Report:
    """Return what there is to know of a shortcut before it is signed, imported or run."""
    catalog = catalog or Catalog.load()
    known = ((action[ID], catalog.get(action[ID])) for action in shortcut["WFWorkflowActions"])
    titles = [api.title if api and api.title else printable(name) for name, api in known]
    return Report(effects(shortcut, catalog), permissions(shortcut), faults(shortcut, catalog), titles, lines)


def _sentence(fault: Fault) -> str:
    return f"{'Crash' if fault.rule.level == CRASH else 'Fault'} ({fault.rule.code}): it {fault.rule.words} [{fault.rule.source}]"
