"""Edits of a program that are right by construction: for training, for tests of `shortcuts.edit`, and for scores.

    for edit in edits(code, "a record's id", seed=0):
        edit.kind, edit.before, edit.after      # 'remove', the program, and the program without one of its actions
        edit.about, edit.given                  # the lines of the statements meant, and what is new: facts for a request in words

Each is verified (proof.py): both programs are sound, they differ, and only the actions differ that were meant. The edits of a program are a
function of its code, the id and the seed, always in the same order, kinds in turn; whoever takes fewer gets the first of them.

program.py shows a program to the operations; actions.py, blocks.py and texts.py have these, tables.py what they put in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from shortcuts.catalog import Catalog
from shortcuts.edit.operations import actions, blocks, proof, texts
from shortcuts.edit.operations.program import Change, Program
from shortcuts.syntax.errors import DialectError

OPERATIONS: dict[str, Callable[[Program, Random], Iterator[Change]]] = {
    "remove": actions.removals, "insert": actions.insertions, "value": actions.values, "ask": actions.questions,
    "sibling": actions.siblings, "condition": blocks.conditions, "choice": blocks.choices, "repeat": blocks.repeats, "each": blocks.eaches,
    "unwrap": blocks.unwrappings, "reorder": blocks.reorders, "split": texts.splits, "merge": texts.merges, "rename": texts.renames,
}  # fmt: skip
TRIES = 200  # changes of a program that fail in a row, after which it is given up


class Edit(NamedTuple):
    """An edit of a program: its kind, the program before and after, and the change, which says what is meant and what is new."""

    before: str
    after: str
    change: Change

    @property
    def kind(self) -> str:
        return self.change.kind

    @property
    def about(self) -> tuple[int, ...]:
        """The lines before of the statements meant."""
        return self.change.about

    @property
    def given(self) -> dict[str, str]:
        """The new parts, as code."""
        return self.change.given


def edits(code: str, identifier: str, seed: int = 0, catalog: Catalog | None = None) -> Iterator[Edit]:
    """Yield the verified edits of a program, kinds in turn; none of a program with findings."""
    catalog = catalog or Catalog.load()
    sound = proof.side(code, catalog)
    if sound is None:
        return
    try:
        program = Program(code, catalog)
    except DialectError:
        return
    sources = {kind: operation(program, Random(f"{seed}:{identifier}:{kind}")) for kind, operation in OPERATIONS.items()}
    order = Random(f"{seed}:{identifier}").sample(list(sources), len(sources))
    seen, failed = {code}, 0
    while sources and failed < TRIES:
        for kind in [kind for kind in order if kind in sources]:
            change = next(sources[kind], None)
            if change is None:
                del sources[kind]
                continue
            after = program.applied(change.hunks)
            if after in seen or not proof.holds(program, sound, change, after):
                failed += 1
                continue
            seen.add(after)
            failed = 0
            yield Edit(code, after, change)
