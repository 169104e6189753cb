"""What training prompts offer: beside the APIs that a program needs also some that it does not.

A person's sentence names no API, so `05_annotate.py --query` offers a model twenty or so of which one to three are needed. A model that was
only trained on prompts whose every API is used calls what it is given. So a share of the training prompts gets wrong APIs that look right
(common/distractors.py), never one that the out-of-distribution test holds out, and shows all of them in a random order. Tests stay as they
are: 08 --distractors adds its own.
"""

from __future__ import annotations

import random
from functools import cached_property

from common import conversation
from common.conversation import AnswerForm
from common.dataset.example import CHARS_PER_TOKEN, Example, app_of
from common.dataset.splits import TRAIN, HeldOut
from common.distractors import Distractors, needed
from common.jsonl import Record
from shortcuts.catalog import Catalog

MOST, SHARE = 20, 0.5  # distractors of a prompt, at most, and the share of prompts that have some


class TrainingOffers:
    """Adds up to `most` distractors to a `share` of the training prompts; a function of seed, record and what is held out."""

    def __init__(self, catalog: Catalog, held: HeldOut, most: int, share: float, seed: int, max_tokens: int, form: AnswerForm) -> None:
        self.catalog, self.held, self.most, self.share, self.seed = catalog, held, most, share, seed
        self.max_tokens, self.form = max_tokens, form
        self.added = self.given = 0

    @cached_property
    def distractors(self) -> Distractors:
        """The source of wrong APIs, of which none is held out."""
        return Distractors(self.catalog, frozenset(filter(self.is_held_out, (api.id for api in self.catalog))))

    def is_held_out(self, api: str) -> bool:
        """True for an API of the OOD test, and for all others of its apps, whether a record uses them or not."""
        return api in self.held.apis or app_of(api, self.catalog) in self.held.apps

    def __call__(self, record: Record, split: str, example: Example) -> Record:
        """Return a record of a split as the dataset has it; the tokens of `example` grow by what its prompt gets."""
        source = random.Random(f"{self.seed} {record['id']}: distractors")
        if split != TRAIN or not self.most or source.random() >= self.share:
            return record
        gold, program = needed(example.apis), record.get("annotated_code") or record.get("code") or ""
        count = source.randint(1, self.most)
        wrong = self._fitting(self.distractors.draw_as_a_search(record["id"], gold, program, count, source), example)
        assert not any(map(self.is_held_out, wrong)), "a distractor is held out for the OOD test"
        if not wrong:
            return record
        apis = gold + wrong
        source.shuffle(apis)
        self.given, self.added = self.given + 1, self.added + len(wrong)
        question = conversation.chat(record["query"], apis, self.catalog, form=self.form)
        return {**record, "distractors": wrong, "messages": [*question, *record["messages"][1:]]}

    def _fitting(self, wrong: list[str], example: Example) -> list[str]:
        """Return as many as the longest sample allows; their tokens, estimated, are added to those of the example."""
        for place, api in enumerate(wrong):
            tokens = round(len(self.catalog.stub(api)) / CHARS_PER_TOKEN) + 1
            if example.stats["tokens"] + tokens > self.max_tokens:
                return wrong[:place]
            example.stats["tokens"] += tokens
        return wrong

    def statistics(self) -> Record:
        """Return the figures for stats.json."""
        return {"most": self.most, "share": self.share, "prompts": self.given, "added": self.added}
