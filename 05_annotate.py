"""05 · Annotate: a plan and a program for each query, from the model trained on the seed, any other, or rules.

Reads    data/queries.jsonl (stage 04)
Writes   data/generated.jsonl: the record and plan, annotated_code, code, annotator, diagnostics (what `check` finds in the code)

    python 05_annotate.py                                                          # rules: the baseline, no model needed
    python 05_annotate.py --model runs/annotator --batch-size 32                   # a folder that stage 07 wrote, adapter or whole model
    python 05_annotate.py --model meta-llama/Llama-3.1-8B-Instruct --adapter runs/annotator
    python 05_annotate.py --model annotator --base-url http://localhost:8000/v1    # vLLM or the like serves the adapter under that name

No answer is dropped here, however bad: one without code is a record with empty code and a diagnostic that says so, and stage 06 filters.
An answer depends on the query and --seed alone: not on what else is in its batch, and not on kills and reruns in between.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from common import cli, dialect, jsonl, llm, prompts
from common.catalog import Catalog
from common.cli import Reject
from common.jsonl import Record
from common.llm import OFFLINE, Prompt, Writer

MAX_NEW_TOKENS = 4096  # of an answer: the paper's 8,192 are shared with the prompt
SHOWN_FINDINGS = 20  # diagnostics in a refinement prompt: the first ones cause the rest


def arguments() -> argparse.Namespace:
    """The flags of this stage."""
    parser = cli.parser(__doc__, "data/queries.jsonl", "data/generated.jsonl")
    # the annotator
    parser.add_argument("--model", default=OFFLINE, metavar="NAME",
                        help='folder or name of a model, or "offline" for rules (default: offline)')
    parser.add_argument("--adapter", type=Path, metavar="FOLDER", help="a LoRA adapter on --model, run here with transformers")
    parser.add_argument("--base-url", metavar="URL", help="ask an OpenAI-compatible server for --model instead of loading it here")
    parser.add_argument("--concurrency", type=cli.positive_int, default=32, metavar="N",
                        help="requests in flight at a server (default: 32)")
    parser.add_argument("--timeout", type=float, default=600.0, metavar="S", help="seconds to wait for a server's answer (default: 600)")
    parser.add_argument("--cache", type=Path, default=Path("data/answers.sqlite"), metavar="FILE",
                        help="answers of servers, by content (default: data/answers.sqlite)")
    # sampling
    parser.add_argument("--max-new-tokens", type=cli.positive_int, default=MAX_NEW_TOKENS, metavar="N",
                        help=f"of an answer (default: {MAX_NEW_TOKENS})")
    parser.add_argument("--temperature", type=float, default=0.0, metavar="T", help="0 takes the likeliest token (default: 0)")
    parser.add_argument("--top-p", type=float, default=1.0, metavar="P",
                        help="sample from the likeliest tokens of this mass (default: 1)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the sampling (default: 0)")
    parser.add_argument("--batch-size", type=cli.positive_int, default=16, metavar="N",
                        help="prompts generated together here (default: 16)")
    # afterwards
    parser.add_argument("--refine", metavar="MODEL",
                        help="let this model mend plan and code, as the paper's last step (at OpenAI, or --refine-url)")
    parser.add_argument("--refine-url", metavar="URL", help="an OpenAI-compatible server for --refine")
    args = parser.parse_args()
    if args.adapter and (args.base_url or args.model == OFFLINE):
        parser.error("--adapter needs a --model that is loaded here: a server has its adapters already")
    return args


# ---------------------------------------------------------------------------------------------------------------------------------
# from an answer to a record


def finished(record: Record, text: str, annotator: Record, catalog: Catalog) -> Record:
    """The record with what an answer holds and what `check` says of it; `code` is the program without its comments."""
    plan, annotated = prompts.parse_answer(text)
    return {
        **record, "plan": plan, "annotated_code": annotated, "code": without_comments(annotated), "annotator": annotator,
        "diagnostics": diagnostics(annotated, catalog),
    }  # fmt: skip


def diagnostics(code: str, catalog: Catalog) -> list[Record]:
    """What `check` finds in a program, as plain records."""
    if not code.strip():
        return [{"line": 1, "code": "no_code", "message": "the answer holds no program"}]
    return [finding._asdict() for finding in dialect.check(code, catalog)]


def without_comments(code: str) -> str:
    """A program printed anew, without its `#` lines; as it is where it is no Python."""
    try:
        return dialect.rename(code, {})
    except (ValueError, RecursionError):
        return code


# ---------------------------------------------------------------------------------------------------------------------------------
# the three ways to an answer


def ask_writer(run: cli.Run, args: argparse.Namespace, catalog: Catalog) -> Iterator[tuple[Record, str, Record] | tuple[Record, Reject]]:
    """Yield (record, answer, annotator) of a server or the rules, as they come; (record, reject) where there is no answer."""
    writer = llm.open_writer(args.model, args.base_url, **({} if args.model == OFFLINE else {
        "concurrency": args.concurrency, "timeout": args.timeout, "cache": args.cache}))
    sampling = {} if args.model == OFFLINE else {
        "temperature": args.temperature, "top_p": args.top_p, "max_tokens": args.max_new_tokens, "seed": args.seed}
    annotator = {"model": writer.name, "adapter": None, "sampling": sampling}

    async def work(record: Record) -> str:
        facts = {"apis": record["apis"], "catalog": catalog, "key": record["id"]}
        prompt = Prompt("answer", prompts.chat(record["query"], record["apis"], catalog), facts=facts)
        return (await writer.ask(prompt, **sampling)).text

    for record, outcome in writer.map(work, run.records("query", "apis")):
        yield (record, outcome) if isinstance(outcome, Reject) else (record, outcome, annotator)


def generate_here(run: cli.Run, args: argparse.Namespace, catalog: Catalog) -> Iterator[tuple[Record, str, Record]]:
    """Yield (record, answer, annotator) of a model loaded here, batch by batch."""
    from common import model as models

    models.quiet_libraries()
    adapter = args.adapter
    if Path(args.model).is_dir() and adapter is None:
        model, tokenizer = models.load_run(Path(args.model))
    else:
        model, tokenizer = models.load_model(args.model, adapter=adapter), models.load_tokenizer(adapter or args.model)
    room = min(args.max_new_tokens, models.context_length(model) // 2)  # a small model's context is shared, too
    sampling = {"temperature": args.temperature, "top_p": args.top_p, "max_new_tokens": room, "seed": args.seed}
    annotator = {"model": args.model, "adapter": adapter and str(adapter), "sampling": sampling}
    for batch in batches(run, args.batch_size):
        chats = [prompts.chat(record["query"], record["apis"], catalog) for record in batch]
        for record, answer in zip(batch, models.generate(model, tokenizer, chats, batch_size=len(batch), **sampling), strict=True):
            if record["id"] not in run.done:
                yield record, answer.text, {**annotator, "finish": answer.reason}


def batches(run: cli.Run, size: int) -> Iterator[list[Record]]:
    """Batches of the shard's records that have one to do, always the same: rounding in a batch depends on what stands in it."""
    assert run.input is not None
    everything = islice(jsonl.read(run.input, ("id", "query", "apis")), run.args.limit)
    records = run.progress(record for record in everything if cli.in_shard(record["id"], run.args.shard))
    while (batch := list(islice(records, size))) and not run.interrupted:
        due = [run.is_due(record["id"]) for record in batch]
        run.read += sum(due)
        if any(due):
            yield batch


# ---------------------------------------------------------------------------------------------------------------------------------
# refinement


async def refine(record: Record, writer: Writer, catalog: Catalog) -> Record:
    """The record with plan and code mended by another model; what it was before stays where the answer has no code or more errors."""
    shown = record["diagnostics"][:SHOWN_FINDINGS]
    fields = {
        "query": record["query"], "stubs": prompts.stubs(record["apis"], catalog),
        "draft": prompts.answer(record["plan"], record["annotated_code"]),
        "findings": "\n".join(f"line {finding['line']}: {finding['message']}" for finding in shown) or "nothing",
    }  # fmt: skip
    answer = await writer.ask(prompts.prompt("refine", fields))
    annotator = {**record["annotator"], "refined_by": writer.name, "prompt": prompts.prompt_id("refine"), **answer.usage._asdict()}
    better = finished(record, answer.text, annotator, catalog)
    worse = not better["code"] or len(better["diagnostics"]) > len(record["diagnostics"])
    return {**record, "annotator": {**annotator, "kept": "draft"}} if worse else better


def refined(answers: Iterable[tuple[Any, ...]], args: argparse.Namespace, catalog: Catalog) -> Iterator[tuple[Record, Record | Reject]]:
    """Yield (record, what is written of it): finished, and mended where a model for it is named."""
    drafts = ((item[0], item[1] if isinstance(item[1], Reject) else finished(*item, catalog)) for item in answers)
    if not args.refine:
        yield from drafts
        return
    writer = llm.open_writer(args.refine, args.refine_url, concurrency=args.concurrency, timeout=args.timeout, cache=args.cache)

    async def work(draft: tuple[Record, Record | Reject]) -> Record:
        if isinstance(draft[1], Reject):
            raise draft[1]
        return await refine(draft[1], writer, catalog)

    for (record, _), outcome in writer.map(work, drafts):
        yield record, outcome


# ---------------------------------------------------------------------------------------------------------------------------------


def main() -> int:
    """Answer every query that is due."""
    args, catalog = arguments(), Catalog.load()
    here = args.model != OFFLINE and not args.base_url
    clean, coded = 0, 0
    with cli.Run("annotate", args) as run:
        answers = generate_here(run, args, catalog) if here else ask_writer(run, args, catalog)
        for record, outcome in refined(answers, args, catalog):
            if isinstance(outcome, Reject):
                run.reject(record["id"], outcome)
            else:
                run.write(outcome)
                coded, clean = coded + bool(outcome["code"]), clean + (not outcome["diagnostics"])
        return run.finish(with_code=coded, clean=clean)


if __name__ == "__main__":
    cli.start(main)
