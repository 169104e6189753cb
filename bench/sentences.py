"""Sentences of people, and the shortcuts that a model writes for them as `05 --query` asks it. Prints one JSON object.

    python bench/sentences.py --model strong --base-url http://127.0.0.1:8000/v1 --count 15 --output /tmp/sentences
    python bench/sentences.py … --no-primer                                        # the same without the primer, for comparison
    python bench/sentences.py … --judge other --judge-url http://127.0.0.1:8001/v1   # and whether each does what was asked

Sentences are those of FILE (default: ../shared/sentences/dev.jsonl, where it is) and --count of tests/sentences.jsonl, drawn by --seed out
of the splits that the search was not tuned on. The judge sees a sentence, the program in forms of the dialect, and what its functions do.

    compiled         the share without an error, after the one repair;   first: before it
    passed           of all sentences, those of which the judge says that the program does what was asked
    prompt_tokens    mean of the requests that write a program, as the server counts them

OUTPUT holds a line for each sentence: query, actions offered, plan, program, findings, verdict and reasons.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import sys
from collections import Counter
from pathlib import Path
from statistics import fmean
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from common import cli, conversation, jsonl, llm, prompts  # noqa: E402
from common.cli import Reject  # noqa: E402
from common.query import apps_of  # noqa: E402
from shortcuts.catalog import Catalog  # noqa: E402

SHARED = ROOT.parent / "shared/sentences/dev.jsonl"
UNTUNED = ("fresh", "last")  # splits of tests/sentences.jsonl that were written after the search was tuned
Row = dict[str, Any]


def main() -> int:
    """Ask for a program for each sentence, then for verdicts; write the lines, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=Path, nargs="*", default=[file for file in [SHARED] if file.exists()], metavar="FILE")
    parser.add_argument("--count", type=int, default=15, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, metavar="N", help="take the first N sentences")
    parser.add_argument("--model", required=True)
    parser.add_argument("--base-url", required=True, metavar="URL")
    parser.add_argument("--no-primer", action="store_true")
    parser.add_argument("--judge", metavar="MODEL")
    parser.add_argument("--judge-url", metavar="URL")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    catalog, stage = Catalog.load(), load_stage()
    drawn = [row for row in jsonl.read(ROOT / "tests/sentences.jsonl", ("query",)) if row["split"] in UNTUNED]
    rows = [row for file in args.sentences for row in jsonl.read(file, ("query",))] + random.Random(args.seed).sample(drawn, args.count)
    rows = written(rows[: args.limit], args, stage, catalog)
    if args.judge:
        judged(rows, args, catalog)
    jsonl.write_atomically(args.output / "sentences.jsonl", b"".join(map(jsonl.encode, rows)))
    print(json.dumps(figures(rows)))
    return 0


def load_stage() -> ModuleType:
    """Return stage 05, whose name is not one that `import` takes."""
    spec = importlib.util.spec_from_file_location("annotate", ROOT / "05_annotate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["annotate"] = module
    spec.loader.exec_module(module)
    return module


def written(rows: list[Row], args: argparse.Namespace, stage: ModuleType, catalog: Catalog) -> list[Row]:
    """Return a row for each sentence with what the model wrote for it, through the stage's own functions and flags."""
    flags = ["--model", args.model, "--base-url", args.base_url, "--timeout", "7200", "--concurrency", "64", "--query", "-",
             "--cache", str(args.output / "answers.sqlite"), *["--no-primer"] * args.no_primer]  # fmt: skip
    sys.argv = ["05_annotate.py", *flags]
    options = stage.arguments()
    records = [{"id": str(number), "query": row["query"], "request": row["query"], "needed": [], "apis": None,
                "apps": apps_of([], row["query"], catalog)} for number, row in enumerate(rows)]  # fmt: skip
    writer, _ = stage.writers(options)
    made = {record["id"]: outcome for record, outcome in stage.ask_server(writer, None, records, options, catalog)}
    return [{"query": record["query"], **row_of(made[record["id"]])} for record in records]


def row_of(outcome: Any) -> Row:
    """Return what is kept of an answer."""
    if isinstance(outcome, Reject):
        return {"compiled": False, "failure": str(outcome)}
    fields, draft = outcome
    errors = [finding.message for finding in draft.diagnostics if finding.severity == "error"]
    repair = fields["annotator"].get("repair")
    return {"compiled": draft.shortcut is not None and not errors, "repaired": bool(repair), "plan": fields["plan"], "code": fields["code"],
            "written": draft.code, "errors": errors, "prompt_tokens": fields["annotator"]["prompt_tokens"], "requests": 1 + bool(repair)}


def judged(rows: list[Row], args: argparse.Namespace, catalog: Catalog) -> None:
    """Put the judge's verdict and reasons into each row with a program."""
    from shortcuts import apis_of

    sys.argv = ["judge", "--timeout", "7200", "--concurrency", "64", "--cache", str(args.output / "verdicts.sqlite")]
    parser = argparse.ArgumentParser()
    llm.add_request_arguments(parser, timeout=7200)
    writer = llm.open_named(parser.parse_args(), args.judge, args.judge_url)

    async def work(row: Row) -> Row:
        fields = {"query": row["query"], "code": row["code"], "stubs": conversation.stubs(apis_of(row["code"]), catalog)}
        return (await writer.ask(prompts.JUDGE.prompt(fields))).object

    for row, verdict in writer.map(work, [row for row in rows if row["compiled"]]):
        row["verdict"] = {"failure": str(verdict)} if isinstance(verdict, Reject) else verdict


def figures(rows: list[Row]) -> Row:
    """Return the shares in per cent, and the means."""
    verdicts = Counter(row["verdict"].get("verdict", "none") for row in rows if "verdict" in row)
    answered = [row for row in rows if "requests" in row]
    return {
        "sentences": len(rows), "compiled": round(100 * fmean(row["compiled"] for row in rows), 1),
        "first": round(100 * fmean(row["compiled"] and not row["repaired"] for row in rows), 1),
        "passed": round(100 * verdicts["pass"] / len(rows), 1) if verdicts else None, "verdicts": dict(verdicts),
        "requests": round(fmean(row["requests"] for row in answered), 2) if answered else None,
        "prompt_tokens": round(fmean(row["prompt_tokens"] / row["requests"] for row in answered)) if answered else None,
    }  # fmt: skip


if __name__ == "__main__":
    cli.start(main)
