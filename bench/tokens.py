"""How many tokens the thoughts of a workflow take, our way and others: prints one JSON object.

    python bench/tokens.py data/corpus/workflows.jsonl               # what stage 02 wrote
    python bench/tokens.py data/corpus/workflows.jsonl --limit 100

    ours               stage 03 as it is: comments by line and a rename map, in windows; plan; query
    rewrite            the model gives the whole program back with comments and better names; plan and query as ours
    rewrite_shortened  the same with texts cut at 384 characters, which loses what they say (the reference's transcriber cuts so too)
    paper              the paper's prompts (appendix B.3, B.8, B.4, B.5): the program and the table of its lines for the comments, the
                       program again for the names, for the plan, and for the query beside an example; instructions as long as ours

Prompts are the real ones; answers are the offline writer's, the same comments, names, plan and query in each way, so that only the form
differs. Tokens are those of gpt-4o-mini (o200k_base) where the package bpe-openai or tiktoken has them, else bytes / 3.6: `tokenizer` says.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import shortcuts  # noqa: E402
from common import excerpts, jsonl, prompts  # noqa: E402
from common.cli import Reject  # noqa: E402
from common.llm import CompletionResult, open_writer  # noqa: E402
from shortcuts.catalog import Catalog  # noqa: E402

PRICE = 0.15, 0.60  # gpt-4o-mini, US dollars per million tokens of prompt and completion
MOST_OUTPUT = 16_384  # tokens that gpt-4o-mini can answer with: a longer program cannot be rewritten at all
PER_MESSAGE = 4  # tokens that the chat format adds to a message
PAPER = 14_771 * 70.4  # workflows of its seed, and actions of one on average (table 1)
PIECE = 50_000  # characters that are counted at once
SHARE = 10  # workflows are told by tenths, from the shortest to the longest

Cost = Counter[str]
Tokens = Callable[[str], int]


def main() -> int:
    """Count every workflow each way, sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workflows", type=Path)
    parser.add_argument("--limit", type=int)
    args = parser.parse_args()
    name, tokens = tokenizer()
    records = list(jsonl.read(args.workflows, ("code", "residue", "apis", "stats")))[: args.limit]
    ways = {way: list[Cost]() for way in ("ours", "rewrite", "rewrite_shortened", "paper")}
    stage, catalog = load_stage(), Catalog.load()
    for record in records:
        for way, cost in count(stage, record, catalog, tokens).items():
            ways[way].append(cost)
    actions = sum(record["stats"]["actions"] for record in records)
    figures: dict[str, Any] = {"tokenizer": name, "workflows": len(records), "actions": actions, "price": PRICE}
    figures |= {way: summary(costs, actions) for way, costs in ways.items()}
    figures["ours_to_rewrite"] = ratios(ways["ours"], ways["rewrite"])
    figures["ours_to_paper"] = ratios(ways["ours"], ways["paper"])
    print(json.dumps(figures, indent=1))
    return 0


def load_stage() -> ModuleType:
    """Stage 03 as a module: its name is no identifier."""
    spec = importlib.util.spec_from_file_location("stage_03", ROOT / "03_thoughts.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tokenizer() -> tuple[str, Tokens]:
    """(name, counter) of the best tokenizer at hand that needs no network."""
    try:
        import bpe_openai

        encoding = bpe_openai.get_encoding("o200k_base")
        return "o200k_base", in_pieces(lambda text: len(encoding.encode(text)))
    except ImportError:
        pass
    try:
        import tiktoken

        encoding = tiktoken.get_encoding("o200k_base")  # from its cache folder, or from the network if there is one
        return "o200k_base", in_pieces(lambda text: len(encoding.encode(text, disallowed_special=())))
    except (ImportError, OSError):
        return "bytes / 3.6", lambda text: round(len(text.encode()) / 3.6)


def in_pieces(tokens: Tokens) -> Tokens:
    """The same for a text of any length: a shortcut may hold megabytes of images, which tokenizers refuse or take minutes for."""
    return lambda text: sum(tokens(text[at: at + PIECE]) for at in range(0, len(text), PIECE))


# ---------------------------------------------------------------------------------------------------------------------------------
# a workflow


def count(stage: ModuleType, record: dict[str, Any], catalog: Catalog, tokens: Tokens) -> dict[str, Cost]:
    """Tokens of prompts and completions of a workflow, by the way it is asked for, each task apart (`notes_prompt`, …)."""
    writer, ours = open_writer("offline"), Cost()
    reply = writer.reply

    async def counted(prompt: Any, messages: Any, sampling: Any) -> CompletionResult:
        answer = await reply(prompt, messages, sampling)
        ours[f"{prompt.task}_prompt"] += sum(tokens(message["content"]) + PER_MESSAGE for message in messages)
        ours[f"{prompt.task}_completion"] += tokens(answer.text)
        return answer

    writer.reply = counted
    ((_, made),) = writer.map(lambda item: stage.think(item, writer, catalog), [record])
    if isinstance(made, Reject):
        raise SystemExit(f"{record['id']}: {made}")
    return {"ours": ours, **others(record, made, ours, tokens)}


def others(record: dict[str, Any], made: dict[str, Any], ours: Cost, tokens: Tokens) -> dict[str, Cost]:
    """The same thoughts asked for in the other ways."""
    after = {key: value for key, value in ours.items() if not key.startswith("notes")}
    instruction = tokens(prompts.LOOK + prompts.NOTES) + 2 * PER_MESSAGE
    code, annotated = record["code"], made["annotated_code"]
    short, short_annotated = excerpts.shorten_code(code), excerpts.shorten_code(annotated)
    table = json.dumps({f"line {number}": line for number, line in enumerate(short.splitlines(), start=1)}, ensure_ascii=False)
    described = json.dumps({f"line {line}": text for line, text in made["comments"].items()}, ensure_ascii=False)
    names = json.dumps(shortcuts.bound_names(code), ensure_ascii=False)
    plan, query = tokens(made["plan"]), tokens(made["query"])
    paper = Cost(
        notes_prompt=2 * instruction + tokens(short) + tokens(table) + tokens(short) + 2 * tokens(names),
        notes_completion=tokens(described) + tokens(json.dumps(made["renames"])),
        plan_prompt=tokens(prompts.LOOK + prompts.PLAN) + tokens(short_annotated), plan_completion=plan,
        query_prompt=tokens(prompts.LOOK + prompts.QUERY) + 2 * tokens(short) + query, query_completion=query)  # the example as long as it
    return {
        "rewrite": Cost(after | {"notes_prompt": instruction + tokens(code), "notes_completion": tokens(annotated)}),
        "rewrite_shortened": Cost(after | {"notes_prompt": instruction + tokens(short), "notes_completion": tokens(short_annotated)}),
        "paper": paper,
    }


# ---------------------------------------------------------------------------------------------------------------------------------
# sums


def side(cost: Cost, kind: str) -> int:
    """All prompt or all completion tokens."""
    return sum(value for key, value in cost.items() if key.endswith(kind))


def dollars(cost: Cost) -> float:
    """What gpt-4o-mini takes for it."""
    return (side(cost, "prompt") * PRICE[0] + side(cost, "completion") * PRICE[1]) / 1e6


def summary(costs: list[Cost], actions: int) -> dict[str, Any]:
    """Tokens per workflow and money of one way."""
    total = sum(costs, Cost())
    result: dict[str, Any] = {}
    for kind in ("prompt", "completion"):
        each = [side(cost, kind) for cost in costs]
        result[kind] = {"mean": round(statistics.mean(each)), "median": statistics.median(each), "most": max(each)}
    result |= {"tasks": {key: round(value / len(costs)) for key, value in sorted(total.items())},
               "usd_per_1000_workflows": round(1000 * dollars(total) / len(costs), 3),
               "usd_for_the_papers_seed_by_actions": round(dollars(total) / actions * PAPER, 2),
               "comments_beyond_one_answer": sum(c["notes_completion"] > MOST_OUTPUT for c in costs)}  # fmt: skip
    return result


def ratios(ours: list[Cost], other: list[Cost]) -> dict[str, Any]:
    """Ours by the other's: of all workflows together, and of comments and names alone by tenths of the workflows, the shortest first."""
    pairs = sorted(zip(ours, other), key=lambda pair: side(pair[1], "completion"))
    parts = [pairs[len(pairs) * at // SHARE: len(pairs) * (at + 1) // SHARE] for at in range(SHARE)]
    mine, theirs = sum(ours, Cost()), sum(other, Cost())
    return {"prompt": round(side(mine, "prompt") / side(theirs, "prompt"), 3),
            "completion": round(side(mine, "completion") / side(theirs, "completion"), 3),
            "usd": round(dollars(mine) / dollars(theirs), 3),
            "comments_and_names_completion": round(mine["notes_completion"] / theirs["notes_completion"], 3),
            "usd_by_tenths": [round(sum(dollars(a) for a, _ in part) / sum(dollars(b) for _, b in part), 2) for part in parts if part]}


if __name__ == "__main__":
    sys.exit(main())
