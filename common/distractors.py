"""Wrong APIs that look right: what training prompts (06) and tests (08 --distractors) give beside those that a program needs."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice, zip_longest

from shortcuts.catalog import Catalog, call_name
from shortcuts.catalog.search import KIT, SYNTAX_APIS, like

NEIGHBOURS = 30  # APIs that a search for a gold API's title gives: enough for 24 distractors where all have the same neighbours
SPARE = 2  # distractors are drawn from the nearest candidates, SPARE times as many, so that another seed gives others


def needed(apis: Iterable[str]) -> list[str]:
    """Return the APIs that a prompt shows, each once: those that the dialect writes as syntax are no functions."""
    return [api for api in dict.fromkeys(apis) if api not in SYNTAX_APIS]


class Distractors:
    """Draws wrong APIs. None is of `barred`; the neighbours of each API are looked for once."""

    def __init__(self, catalog: Catalog, barred: frozenset[str] = frozenset()) -> None:
        self.catalog, self.barred = catalog, barred
        self.near: dict[str, list[str]] = {}

    @cached_property
    def _of_app(self) -> dict[str, list[str]]:
        of_app = defaultdict(list)
        for api in self.catalog:
            of_app[api.app].append(api.id)
        return of_app

    @cached_property
    def _ids(self) -> list[str]:
        return sorted(api.id for api in self.catalog)

    def draw(self, identifier: str, apis: Sequence[str], program: str, count: int, source: random.Random) -> list[str]:
        """Return up to `count` of the most plausible wrong APIs for a record."""
        near = list(islice(self.candidates(identifier, apis, program), SPARE * count))
        return source.sample(near, min(count, len(near)))

    def draw_as_a_search(self, identifier: str, apis: Sequence[str], program: str, count: int, source: random.Random) -> list[str]:
        """Return as `draw` does, about half of them actions of everyday use, which a search offers with any request."""
        everyday = source.sample(KIT, len(KIT))
        fitting = self._wrong(everyday, apis, program)
        chosen = list(islice(fitting, sum(source.random() < 0.5 for _ in range(count))))
        other = (api for api in self.candidates(identifier, apis, program) if api not in chosen)
        near = list(islice(other, SPARE * (count - len(chosen))))
        return chosen + source.sample(near, min(count - len(chosen), len(near)))

    def candidates(self, identifier: str, apis: Sequence[str], program: str) -> Iterator[str]:
        """Yield wrong APIs that look right, the most plausible first: in turn for each right one those like it, then all others.

        An API that the program calls, or that has a right one's title, may be right; it is left out.
        """
        near = (api for turn in zip_longest(*map(self.neighbours, apis)) for api in turn if api)
        return self._wrong(chain(near, self._anything(identifier)), apis, program)

    def _anything(self, identifier: str) -> Iterator[str]:
        yield from random.Random(identifier).sample(self._ids, len(self._ids))

    def _wrong(self, candidates: Iterable[str], apis: Sequence[str], program: str) -> Iterator[str]:
        """Yield those of the candidates that are surely wrong, each once."""
        titles, seen = {self.catalog[api].title.casefold() for api in apis if api in self.catalog}, {*apis, *SYNTAX_APIS, *self.barred}
        for api in candidates:
            if api not in seen and api in self.catalog:
                seen.add(api)
                called = f"{call_name(api)}(" in program or f"'{api}'" in program
                if not called and self.catalog[api].title.casefold() not in titles:
                    yield api

    def neighbours(self, api_id: str) -> list[str]:
        """Return the APIs most like one: those with words like its title's, in turn with the others of its app, if that is not Apple's."""
        if api_id not in self.near:
            api = self.catalog.get(api_id)
            found = [near.id for near in like(self.catalog, api.title if api else api_id.rsplit(".", 1)[-1], NEIGHBOURS)]
            siblings = self._of_app[api.app] if api and not api.builtin else []
            titled = sorted(siblings, key=lambda sibling: (sibling not in found, sibling))[:NEIGHBOURS]
            self.near[api_id] = [near for pair in zip_longest(titled, found) for near in pair if near]
        return self.near[api_id]
