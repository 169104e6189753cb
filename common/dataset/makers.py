"""Who made what of a dataset: each model that wrote for it, with which prompts, how much it wrote and what that cost."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

from common.jsonl import Record

USAGE = "prompt_tokens", "completion_tokens", "cost"


class Maker(NamedTuple):
    """A model in its part in one record: `name` says who, in which part, with which prompts."""

    name: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0


def makers(record: Record) -> tuple[Maker, ...]:
    """The models behind a record: of thoughts or query (`writer`), of plan and program (`annotator`), of their refinement."""
    annotator = _object(record.get("annotator"))
    told = [("thoughts and queries", _object(record.get("writer"))), ("plans and programs", annotator),
            ("refinement", _object(annotator.get("refine")))]  # fmt: skip
    return tuple(_maker(part, fields) for part, fields in told if fields.get("model"))


def datasheet(groups: Iterable[tuple[Maker, ...]]) -> dict[str, dict[str, Any]]:
    """Records, tokens and dollars of each maker, the busiest first; a cost of 0 also where no price was known."""
    sheet: dict[str, dict[str, Any]] = {}
    for group in groups:
        for maker in group:
            entry = sheet.setdefault(maker.name, {"records": 0, "prompt_tokens": 0, "completion_tokens": 0, "cost_usd": 0.0})
            entry["records"] += 1
            entry["prompt_tokens"] += maker.prompt_tokens
            entry["completion_tokens"] += maker.completion_tokens
            entry["cost_usd"] = round(entry["cost_usd"] + maker.cost, 6)
    return dict(sorted(sheet.items(), key=lambda item: (-item[1]["records"], item[0])))


def _maker(part: str, fields: Record) -> Maker:
    prompts = _object(fields.get("prompts")) or ({"": fields["prompt"]} if fields.get("prompt") else {})
    shown = ", ".join(f"{task} {digest}".strip() for task, digest in prompts.items())
    adapter = f" with {fields['adapter']}" if fields.get("adapter") else ""
    usage = [value if isinstance(value := fields.get(name), int | float) else 0 for name in USAGE]
    return Maker(sys.intern(f"{part}: {fields['model']}{adapter}" + (f" (prompts {shown})" if shown else "")), *usage)


def _object(value: object) -> Record:
    return value if isinstance(value, dict) else {}
