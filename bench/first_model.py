"""A trained model beside what needs none: 08's tables of the tests, and everyday sentences with the actions of a search. One JSON object.

    python bench/first_model.py --bench data/corpus/tests --output data/first --model lora=runs/m135 --model untrained=MODEL
    python bench/first_model.py ... --only sentences            # or: tables, use-all

Goes on where it was stopped: 08 keeps its answers, and each sentence's answer is appended to OUTPUT/sentences.jsonl. Every model is
asked freely and under the grammar, with --use-all in a table of its own, and each sentence with a plan and without. It is right if its
program compiles without an error, calls what is needed and nothing else but what shows a result, and holds the values that were said.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")

from common import conversation, jsonl, replies  # noqa: E402
from common.conversation import AnswerForm  # noqa: E402
from common.excerpts import without_comments  # noqa: E402
from shortcuts import apis_of, review  # noqa: E402
from shortcuts.catalog import Catalog  # noqa: E402
from shortcuts.catalog.search import SYNTAX_APIS, offered  # noqa: E402

PARTS = ("tables", "use-all", "sentences")
OURS = "is.workflow.actions."
HARMLESS = frozenset(OURS + name for name in (
    "showresult", "gettext", "notification", "alert", "speaktext", "number", "getitemfromlist", "getclipboard"))  # fmt: skip
Row = dict[str, Any]


class Sentence(NamedTuple):
    """A sentence of a person, the actions of which one of each group is needed, and patterns of which each must be found in the program."""

    said: str
    needed: tuple[tuple[str, ...], ...]
    holds: tuple[str, ...] = ()


SENTENCES = (
    Sentence("remind me to water the plants in two hours", (("addnewreminder",),), ("(?i)water the plants", "WFAlertCustomTime=.*(2|two)")),
    Sentence("take a photo and save it to the Holidays album", (("takephoto",), ("savetocameraroll",)), ("Holidays",)),
    Sentence("set the brightness to 30 percent and turn on do not disturb", (("setbrightness",), ("dnd.set",)), (r"0\.3\b", "True|1")),
    Sentence("start a timer for 12 minutes and play some music", (("timer.start",), ("playmusic",)), (r"\b12\b.*min",)),
    Sentence("ask for an amount and convert it from euros to dollars", (("ask",), ("measurement.convert",)), ("USD",)),
    Sentence("translate what is on the clipboard into French and read it aloud", (("text.translate",), ("speaktext",)), ("(?i)fr",)),
    Sentence("text Anna that I am running late", (("sendmessage",),), ("(?i)running late",)),
    Sentence("make a QR code of my wifi password, which is sesame-17", (("generatebarcode",),), ("sesame-17",)),
    Sentence("if it is going to rain tomorrow, remind me at 7 am to take an umbrella", (("weather.forecast",), ("addnewreminder",)),
             ("(?i)rain", "(?i)umbrella", "7")),
    Sentence("log 250 ml of water and tell me my battery level", (("health.quantity.log",), ("getbatterylevel",)), (r"\b250\b",)),
)  # fmt: skip


def main() -> int:
    """Make what is missing, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, metavar="FOLDER", help="a dataset of stage 06, of which the tests are taken")
    parser.add_argument("--model", action="append", required=True, metavar="NAME=FOLDER")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--limit", type=int, metavar="N", help="tests of each split")
    parser.add_argument("--max-new-tokens", type=int, default=512)
    parser.add_argument("--batch-size", type=int, default=8)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    result: Row = {}
    if "tables" in args.only:
        result["tables"] = scores(args, args.output / "eval", "--constrained", "both")
    if "use-all" in args.only:
        result["use_all"] = scores(args, args.output / "eval-use-all", "--use-all")
    if "sentences" in args.only:
        result["sentences"] = sentences(args)
    print(json.dumps(result))
    return 0


def scores(args: argparse.Namespace, output: Path, *flags: str) -> Row:
    """Return the figures of each system by split, mean and interval, as 08 writes them."""
    limit = ["--limit", str(args.limit)] if args.limit else []
    models = [part for named in args.model for part in ("--model", named)]
    command = [sys.executable, "08_eval.py", "--bench", str(args.bench), *models, "--output", str(output),
               "--batch-size", str(args.batch_size), "--max-new-tokens", str(args.max_new_tokens), *limit, *flags]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    return jsonl.whole(output / "scores.json")


# ---------------------------------------------------------------------------------------------------------------------------------
# sentences


def sentences(args: argparse.Namespace) -> Row:
    """Return for each model, with a plan and without, how many sentences are right, and which."""
    from common import model as models

    path, catalog = args.output / "sentences.jsonl", Catalog.load()
    done = {(row["model"], row["form"], row["query"]) for row in jsonl.read(path)} if path.exists() else set()
    for named in args.model:
        name, _, folder = named.partition("=")
        due = [(form, each) for form in ("plan", "no plan") for each in SENTENCES if (name, form, each.said) not in done]
        if due:
            models.quiet_libraries()
            model, tokenizer = models.load_run(folder)
            for form, each in due:
                row = {"model": name, "form": form, **answered(model, tokenizer, each, form == "plan", catalog, args.max_new_tokens)}
                with open(path, "ab") as file:
                    file.write(jsonl.encode(row))
    rows = [*jsonl.read(path)]
    asked = {named.partition("=")[0] for named in args.model}
    return {f"{name}, {form}": {"right": sum(row["right"] for row in own), "compiled": sum(row["compiled"] for row in own), "of": len(own),
                                "which": [row["query"] for row in own if row["right"]]}
            for name in sorted(asked) for form in ("plan", "no plan")
            if (own := [row for row in rows if (row["model"], row["form"]) == (name, form)])}  # fmt: skip


def answered(model: Any, tokenizer: Any, each: Sentence, plan: bool, catalog: Catalog, room: int) -> Row:
    """Return the row of a sentence: what is offered, written and found in it."""
    from common.decoding import constrained

    apis, started = [api for api in offered(each.said, catalog) if api not in SYNTAX_APIS], time.process_time()
    chat = conversation.chat(each.said, apis, catalog, form=AnswerForm(plan=plan))
    (answer,) = constrained.generate(model, tokenizer, [chat], [apis], catalog, thought=plan, max_new_tokens=room)
    said, code = replies.parse_answer(answer.text)
    findings, shortcut = review(code, catalog)
    compiled = shortcut is not None and not any(finding.severity == "error" for finding in findings)
    return {"query": each.said, "offered": apis, "plan": said, "code": code,
            "compiled": compiled, "right": compiled and is_right(code, each),
            "missing": [group for group in each.needed if not {OURS + name for name in group} & {*apis}],
            "cpu_seconds": round(time.process_time() - started, 1), "finish": answer.reason}  # fmt: skip


def is_right(code: str, each: Sentence) -> bool:
    """True if a program calls what is needed, nothing else but what shows a result, and holds what was said, comments apart."""
    code = without_comments(code)
    called = {*apis_of(code)} - SYNTAX_APIS
    groups = [{OURS + name for name in group} for group in each.needed]
    others = called - HARMLESS - set().union(*groups)
    return not others and all(called & group for group in groups) and all(re.search(pattern, code) for pattern in each.holds)


if __name__ == "__main__":
    sys.exit(main())
