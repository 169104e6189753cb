"""Count the tokens that the thoughts of a workflow take, our way and others, and print one JSON object.

    python bench/tokens.py data/corpus/workflows.jsonl                        # what stage 02 wrote
    python bench/tokens.py data/corpus/workflows.jsonl --limit 100
    python bench/tokens.py data/corpus/workflows.jsonl --against 68d2652      # beside those of an earlier commit

    ours               stage 03 as it is: comments by line, a rename map and a plan from one request, in windows; then the query
    rewrite            the model gives the whole program back with comments and better names; then a plan of it; the query as ours
    rewrite_shortened  the same with texts cut at 384 characters, which loses what they say (the reference's transcriber cuts so too)
    paper              the paper's prompts (appendix B.3, B.8, B.4, B.5): the program and the table of its lines for the comments, the
                       program again for the names, for the plan, and for the query beside an example; instructions as long as ours

Prompts are the real ones; answers are the offline writer's, the same comments, names, plan and query in each way, so that only the form
differs. For each task of ours: tokens of the system turn, of the rest of the template, of what is filled in, and of the answer. An earlier
commit answers by its own offline writer. Tokens are those of gpt-4o-mini (o200k_base) where the package bpe-openai or tiktoken has them,
else bytes / 3.6: `tokenizer` says.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(os.environ.get("TOKENS_TREE") or Path(__file__).resolve().parents[1])  # the tree whose stage 03 is counted
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
TURNS = {template.task: template.turn for template in (prompts.THOUGHTS, prompts.QUERY)}
PARTS = "system", "instructions", "material"  # of a prompt; with the completion they are all tokens of a task

Cost = Counter[str]
Tokens = Callable[[str], int]


def main() -> int:
    """Count every workflow each way, sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workflows", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--against", metavar="COMMIT", help="count stage 03 of an earlier commit, too")
    args = parser.parse_args()
    name, tokens = tokenizer()
    records = list(jsonl.read(args.workflows, ("code", "residue", "apis", "stats")))[: args.limit]
    actions = sum(record["stats"]["actions"] for record in records)
    figures: dict[str, Any] = {"tokenizer": name, "workflows": len(records), "actions": actions, "price": PRICE}
    stage, catalog = load_stage(), Catalog.load()
    if "TOKENS_TREE" in os.environ:
        print(json.dumps(figures | {"ours": summary([count(stage, record, catalog, tokens)[0] for record in records], actions)}, indent=1))
        return 0
    ways = {way: list[Cost]() for way in ("ours", "rewrite", "rewrite_shortened", "paper")}
    for record in records:
        ours, made = count(stage, record, catalog, tokens)
        for way, cost in {"ours": ours, **others(record, made, ours, tokens)}.items():
            ways[way].append(cost)
    figures |= {way: summary(costs, actions) for way, costs in ways.items()}
    figures["ours_to_rewrite"] = ratios(ways["ours"], ways["rewrite"])
    figures["ours_to_paper"] = ratios(ways["ours"], ways["paper"])
    if args.against:
        figures["before"] = before = counted_at(args.against, args)
        figures["ours_to_before"] = {key: round(figures["ours"][key] / before[key], 3) for key in ("tokens", "usd_per_1000_workflows")}
    print(json.dumps(figures, indent=1))
    return 0


def load_stage() -> ModuleType:
    """Return stage 03 as a module: its name is no identifier."""
    spec = importlib.util.spec_from_file_location("stage_03", ROOT / "03_thoughts.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def counted_at(commit: str, args: argparse.Namespace) -> dict[str, Any]:
    """Return the summary of ours as this script counts it in the tree of an earlier commit."""
    with tempfile.TemporaryDirectory() as folder:
        tree = subprocess.run(["git", "-C", str(ROOT), "archive", commit], capture_output=True)
        if tree.returncode:
            raise SystemExit(f"--against {commit}: {tree.stderr.decode().strip()}")
        subprocess.run(["tar", "-x", "-C", folder], input=tree.stdout, check=True)
        command = [sys.executable, __file__, str(args.workflows), *(["--limit", str(args.limit)] if args.limit else [])]
        done = subprocess.run(command, env={**os.environ, "TOKENS_TREE": folder}, stdout=subprocess.PIPE)
        if done.returncode:
            raise SystemExit(f"--against {commit}: its stage 03 cannot be counted; its error is above")
        return json.loads(done.stdout)["ours"]


def tokenizer() -> tuple[str, Tokens]:
    """Return (name, counter) of the best tokenizer at hand that needs no network."""
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
    """Return the same for a text of any length: a shortcut may hold megabytes of images, which tokenizers refuse or take minutes for."""
    return lambda text: sum(tokens(text[at: at + PIECE]) for at in range(0, len(text), PIECE))


# ---------------------------------------------------------------------------------------------------------------------------------
# a workflow


def count(stage: ModuleType, record: dict[str, Any], catalog: Catalog, tokens: Tokens) -> tuple[Cost, dict[str, Any]]:
    """Return the tokens of our prompts and completions for a workflow, each part of each task apart, and the record that was made."""
    writer, ours = open_writer("offline"), Cost()
    reply = writer.reply

    async def counted(prompt: Any, messages: Any, sampling: Any) -> CompletionResult:
        answer = await reply(prompt, messages, sampling)
        system, user = (tokens(message["content"]) + PER_MESSAGE for message in messages)
        template = tokens(TURNS[prompt.task])
        ours.update({f"{prompt.task}_system": system, f"{prompt.task}_instructions": template, f"{prompt.task}_material": user - template,
                     f"{prompt.task}_completion": tokens(answer.text), f"{prompt.task}_requests": 1})  # fmt: skip
        return answer

    writer.reply = counted
    ((_, made),) = writer.map(lambda item: stage.think(item, writer, catalog), [record])
    if isinstance(made, Reject):
        raise SystemExit(f"{record['id']}: {made}")
    return ours, made


def others(record: dict[str, Any], made: dict[str, Any], ours: Cost, tokens: Tokens) -> dict[str, Cost]:
    """Return the tokens of the same thoughts asked for in the other ways."""
    query = Cost({key: value for key, value in ours.items() if key.startswith("query")})
    instruction = tokens(prompts.THOUGHTS.instructions) // 2  # of comments and names, and as much of the plan
    code, annotated = record["code"], made["annotated_code"]
    short, short_annotated = excerpts.shorten_code(code), excerpts.shorten_code(annotated)
    table = json.dumps({f"line {number}": line for number, line in enumerate(short.splitlines(), start=1)}, ensure_ascii=False)
    described = json.dumps({f"line {line}": text for line, text in made["comments"].items()}, ensure_ascii=False)
    names = json.dumps(shortcuts.bound_names(code), ensure_ascii=False)
    plan = Cost(plan_instructions=instruction, plan_material=tokens(short_annotated), plan_completion=tokens(made["plan"]))
    paper = plan + Cost(
        notes_instructions=2 * instruction, notes_material=tokens(short) + tokens(table) + tokens(short) + 2 * tokens(names),
        notes_completion=tokens(described) + tokens(json.dumps(made["renames"])),
        query_instructions=tokens(prompts.QUERY.instructions),
        query_material=2 * tokens(short) + tokens(made["query"]),  # the example as long as it
        query_completion=tokens(made["query"]))
    rewrite = plan + query + Cost(notes_instructions=instruction)
    return {
        "rewrite": rewrite + Cost(notes_material=tokens(code), notes_completion=tokens(annotated)),
        "rewrite_shortened": rewrite + Cost(notes_material=tokens(short), notes_completion=tokens(short_annotated)),
        "paper": paper,
    }


# ---------------------------------------------------------------------------------------------------------------------------------
# sums


def side(cost: Cost, *kinds: str) -> int:
    """Return the tokens of these kinds over all tasks."""
    return sum(value for key, value in cost.items() if key.rsplit("_", 1)[-1] in kinds)


def dollars(cost: Cost) -> float:
    """Return what gpt-4o-mini takes for it."""
    return (side(cost, *PARTS) * PRICE[0] + side(cost, "completion") * PRICE[1]) / 1e6


def summary(costs: list[Cost], actions: int) -> dict[str, Any]:
    """Return tokens per workflow and money of one way."""
    total = sum(costs, Cost())
    result: dict[str, Any] = {"tokens": round(side(total, *PARTS, "completion") / len(costs)),
                              "requests": round(side(total, "requests") / len(costs), 2)}  # fmt: skip
    for name, kinds in (("prompt", PARTS), ("completion", ("completion",))):
        each = [side(cost, *kinds) for cost in costs]
        result[name] = {"mean": round(statistics.mean(each)), "median": statistics.median(each), "most": max(each)}
    result |= {"tasks": {key: round(value / len(costs), 2) for key, value in sorted(total.items())},
               "usd_per_1000_workflows": round(1000 * dollars(total) / len(costs), 3),
               "usd_for_the_papers_seed_by_actions": round(dollars(total) / actions * PAPER, 2),
               "comments_beyond_one_answer": sum(cost["notes_completion"] > MOST_OUTPUT for cost in costs)}  # fmt: skip
    return result


def ratios(ours: list[Cost], other: list[Cost]) -> dict[str, Any]:
    """Return ours by the other's: of all workflows together, and of the money by tenths of the workflows, the shortest first."""
    pairs = sorted(zip(ours, other), key=lambda pair: side(pair[1], "completion"))
    parts = [pairs[len(pairs) * at // SHARE: len(pairs) * (at + 1) // SHARE] for at in range(SHARE)]
    mine, theirs = sum(ours, Cost()), sum(other, Cost())
    return {"prompt": round(side(mine, *PARTS) / side(theirs, *PARTS), 3),
            "completion": round(side(mine, "completion") / side(theirs, "completion"), 3),
            "usd": round(dollars(mine) / dollars(theirs), 3),
            "usd_by_tenths": [round(sum(dollars(a) for a, _ in part) / sum(dollars(b) for _, b in part), 2) for part in parts if part]}


if __name__ == "__main__":
    sys.exit(main())
