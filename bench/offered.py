"""Measure how much of what everyday sentences need is offered to a model. Prints one JSON object.

    python bench/offered.py                                                    # by search alone, and the ceiling of the two steps
    python bench/offered.py --model strong --base-url http://127.0.0.1:8000/v1   # and by two steps, with a model that chooses
    python bench/offered.py --sentences mine.jsonl --failures failures.json    # other sentences; what was missed, sentence by sentence

A line of a file of sentences is {"query": …, "needed": [[id, …], …], "language": "en", "split": "dev"}: of each list one action is enough.
Default: tests/sentences.jsonl, and ../shared/sentences/dev.jsonl where that is. The search was tuned on all splits but "fresh", which was
written last: "dev" and "test" (before the search was changed), "later" and "last" (each measured once before its misses were mended).

    search     `offered`: 24 APIs by words alone
    list       the ceiling of the two steps: what the list of usual actions has, and those of the apps that the sentence names
    two_steps  a model chooses from the list; what it chose, and the kit

For each: sentences, `needed` (share of the needed actions, in per cent), `complete` (share of the sentences that have all of theirs), and
means for a sentence: `offered` (APIs), `tokens` (of their stubs, with two steps also of the first step's prompt).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.tokens import Tokens, tokenizer  # noqa: E402
from common import cli, conversation, jsonl, llm, prompts  # noqa: E402
from common.cli import Reject  # noqa: E402
from shortcuts.catalog import Catalog, offer  # noqa: E402
from shortcuts.catalog.search import offered, understood  # noqa: E402
from shortcuts.catalog.spoken import language_of  # noqa: E402

SENTENCES = (ROOT / "tests/sentences.jsonl", ROOT.parent / "shared/sentences/dev.jsonl")
Row = dict[str, Any]
Offers = dict[str, list[str] | Reject]  # query -> ids, or why there are none


def main() -> int:
    """Offer by each way, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=Path, nargs="+", default=[file for file in SENTENCES if file.exists()], metavar="FILE")
    parser.add_argument("--failures", type=Path, metavar="FILE", help="write what each way missed there, as JSON")
    parser.add_argument("--model", metavar="NAME", help="a model that chooses in two steps")
    parser.add_argument("--base-url", metavar="URL", help="its OpenAI-compatible server (default: OPENAI_BASE_URL, else OpenAI's)")
    llm.add_request_arguments(parser, timeout=3600)
    args = parser.parse_args()

    catalog, (name, tokens) = Catalog.load(), tokenizer()
    rows = [row for file in args.sentences for row in jsonl.read(file, ("query", "needed"))]
    questions = {row["query"]: offer.question(row["query"], catalog, offer.apps_in(row["query"], catalog)) for row in rows}
    ways: dict[str, Offers] = {"search": {query: offered(query, catalog) for query in questions},
                               "list": {query: listed(query, catalog) for query in questions}}
    if args.model:
        ways["two_steps"] = two_steps(llm.open_named(args, args.model, args.base_url), questions, catalog)
    figures: Row = {
        "tokenizer": name, "usual": sum(map(len, offer.usual(catalog).values())), "usual_tokens": tokens(offer.compact_list(catalog)),
        "not_understood": [query for query in questions if not understood(query, catalog)],
    }  # fmt: skip
    for way, offers in ways.items():
        first = questions if way == "two_steps" else dict.fromkeys(questions, "")
        figures[way] = by_group(rows, lambda own: summary(own, offers, first, tokens, catalog))  # noqa: B023 (called at once)
    if args.failures:
        args.failures.write_text(json.dumps({way: failures(rows, offers) for way, offers in ways.items()}, indent=1, ensure_ascii=False))
    print(json.dumps(figures, indent=1, ensure_ascii=False))
    return 0


def listed(query: str, catalog: Catalog) -> list[str]:
    """Return the ids of all actions that the first step's prompt lists for a sentence."""
    groups = [*offer.usual(catalog).values(), *(offer.actions_of(app, catalog) for app in offer.apps_in(query, catalog))]
    return [api.id for apis in groups for api in apis]


def two_steps(writer: llm.Writer, questions: dict[str, str], catalog: Catalog) -> Offers:
    """Return what a writer chooses for each sentence, and the kit; a Reject where it gives no usable answer."""
    async def work(query: str) -> list[str]:
        apps = offer.apps_in(query, catalog)
        prompt = prompts.Prompt("choose", [{"role": "user", "content": questions[query]}], offer.SCHEMA,
                                accept=lambda answer: offer.chosen(answer, catalog, apps))
        choice = (await writer.ask(prompt)).object
        if choice.unknown:
            cli.say(f"{query}: no action is called {', '.join(choice.unknown)}")
        return offer.offered_after(choice, catalog)

    return dict(writer.map(work, questions))


def by_group(rows: list[Row], count: Callable[[list[Row]], Row]) -> Row:
    """Return the figures of each split of English and other sentences; those without a language are told apart by their letters."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[f"{'english' if is_english(row) else 'other'} {row.get('split', 'shared')}"].append(row)
        groups["english" if is_english(row) else "other"].append(row)
    return {group: count(own) for group, own in sorted(groups.items())}


def is_english(row: Row) -> bool:
    """True if a sentence is English, by its field or else by its small words."""
    return (row.get("language") or language_of(row["query"])) == "en"


def summary(rows: list[Row], offers: Offers, first: dict[str, str], tokens: Tokens, catalog: Catalog) -> Row:
    """Return the figures of some sentences; one without an answer has nothing offered. first: the prompts of the first step, or ""."""
    given = [[] if isinstance(apis := offers[row["query"]], Reject) else apis for row in rows]
    hits = [[bool(set(group) & set(apis)) for group in row["needed"]] for row, apis in zip(rows, given)]
    spent = [tokens(first[row["query"]]) + tokens(conversation.stubs(apis, catalog)) for row, apis in zip(rows, given)]
    return {"sentences": len(rows), "needed": percent(hit for own in hits for hit in own), "complete": percent(map(all, hits)),
            "offered": round(fmean(map(len, given)), 1), "tokens": round(fmean(spent))}


def percent(hits: Iterable[bool]) -> float:
    """Return the share of hits in per cent."""
    return round(100 * fmean(hits), 1)


def failures(rows: list[Row], offers: Offers) -> list[Row]:
    """Return the sentences that lack an action, with the groups that are missing."""
    found = []
    for row in rows:
        apis = offers[row["query"]]
        missed = [group for group in row["needed"] if isinstance(apis, Reject) or not set(group) & set(apis)]
        if missed:
            found.append({"query": row["query"], "missed": missed, "reason": str(apis) if isinstance(apis, Reject) else ""})
    return found


if __name__ == "__main__":
    cli.start(main)
