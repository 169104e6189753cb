"""05 · Annotate: a plan and a program for each query, from the model trained on the seed, any other model, or rules.

Reads    data/queries.jsonl (stage 04)
Writes   data/generated.jsonl: the record and plan, annotated_code, code, annotator, diagnostics (what `check` finds in the code)

    python 05_annotate.py                                                          # rules: the baseline, no model needed
    python 05_annotate.py --model runs/annotator --batch-size 32                   # a folder that stage 07 wrote, adapter or whole model
    python 05_annotate.py --model meta-llama/Llama-3.1-8B-Instruct --adapter runs/annotator
    python 05_annotate.py --model annotator --base-url http://localhost:8000/v1    # vLLM or the like serves the adapter under that name
    python 05_annotate.py --model runs/annotator --candidates 4 --repair           # best of four, and one repair of what is still wrong

For one shortcut of your own, it prints the program, and writes rain.shortcut, rain.py and rain.txt (the plan):

    python 05_annotate.py --query "remind me to water the plants if no rain is forecast" --output rain.shortcut
    python 05_annotate.py --query "…" --model gpt-4.1 --base-url https://api.openai.com/v1 --apps Things    # your key: OPENAI_API_KEY
    python 05_annotate.py --edit rain.shortcut --query "say it aloud, too" --output loud.shortcut --diff --model …    # all else stays equal

A model that stage 07 did not train gets a primer of the language. Behind a server it first names the actions that it needs, from a list of
those that people use, and mends its answer once. Without a model, a sentence is written only if the rules understand each of its words.

Of several answers the best is taken, by what can be judged without running it:

    1. its reach          it compiles to a shortcut; it is Python outside the dialect; it is not Python; it holds no program
    2. its faults         findings of `check`, needed APIs it does not call, a missing plan: the fewer the better
    3. its loose ends     names read on a path that has not set them (`trace`); one real shortcut of twenty has some, too
    4. its place          of equal ones the first: a model's first answer is its likeliest, and a repair must be better to replace it

No answer is dropped, however bad: an answer without code becomes a record with empty code and a diagnostic that says so, and stage 06
filters. A candidate depends only on the query, --seed and its number, not on the rest of its batch, nor on kills and reruns.
"""

from __future__ import annotations

import common  # noqa: F401  # isort: skip  (first: from here on Ctrl-C ends in one line)
import argparse
import re
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import islice, tee
from pathlib import Path
from types import coroutine
from typing import Any, NamedTuple, cast

from common import chat, cli, conversation, edit, excerpts, hub, jsonl, llm, prompts, query, replies
from common.cli import Reject
from common.decoding.progress import Progress
from common.decoding.side_by_side import WINDOW, Work
from common.jsonl import Record, UserError
from common.llm import OFFLINE, CompletionResult, Prompt, Usage, Writer
from common.llm.budget import Messages
from common.model import knows_the_language, prompt_notes
from shortcuts import Diagnostic, apis_of, call_name, in_dialect, rename, review
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS
from shortcuts.primer import primer_id
from shortcuts.trace import trace

OUTPUT = Path("data/generated.jsonl")
MAX_NEW_TOKENS = 4096  # the paper's 8,192 are shared with the prompt
SAMPLED = 0.8  # default temperature of all candidates but the first, which would otherwise all be equal
SEED_STRIDE = 1_000_003  # between the seeds of candidates, so that --seed 1 does not reuse those of --seed 0
OF_MODELS = "base_url repair primer constrained thinking max_new_tokens temperature top_p seed batch_size candidates".split()  # flags
SHOWN_FAULTS, SHOWN_STUBS = 40, 8  # faults that a repair prompt lists; functions of faulty lines whose stubs it shows
NOTHING, TEXT, PYTHON, SHORTCUT = range(4)  # the reach of an answer
REACH = "nothing", "text", "python", "shortcut"  # its names in a record


def arguments() -> argparse.Namespace:
    """Parse and check the flags of this stage."""
    parser = cli.parser(__doc__, "data/queries.jsonl", str(OUTPUT))
    parser.set_defaults(output=None)
    add_task(parser)
    add_model(parser)
    llm.add_request_arguments(parser.requests, timeout=600.0)
    return checked(parser, parser.parse_args())


def add_task(parser: cli.Parser) -> None:
    """Add the flags that decide what is asked for."""
    query.add_arguments(parser)
    edit.add_arguments(parser)
    add = parser.task.add_argument
    add("--candidates", type=cli.positive_int, default=1, metavar="K",
        help="answers to choose from; no more are generated once one has no fault (default: 1)")
    add("--repair", action=argparse.BooleanOptionalAction, default=None,
        help="show the model the faults of its answer and let it answer once more (default: a model behind --base-url)")
    add("--primer", action=argparse.BooleanOptionalAction, default=None, help="explain the language in each prompt (default: to models "
        "that stage 07 did not train; behind --base-url to all, so give --no-primer for an adapter that is served)")
    add("--constrained", action=argparse.BooleanOptionalAction, default=None, help="hold answers to the grammar of the APIs they may call "
        "(default: where the model is loaded here; servers such as vLLM take it, too)")
    add("--use-all", action="store_true", help="also hold a program to calling each of its APIs; for a model that is loaded here")


def add_model(parser: cli.Parser) -> None:
    """Add the flags of the model that answers and of the one that revises."""
    add = parser.model.add_argument
    add("--model", default=OFFLINE, metavar="NAME",
        help='a folder of stage 07, a name on the hub (owner/name, owner/name@revision), or "offline" for rules (default: offline)')
    add("--adapter", metavar="NAME", help="a LoRA adapter on --model, run here with transformers")
    add("--base-url", metavar="URL", help="ask an OpenAI-compatible server for --model instead of loading it here")
    add("--thinking", choices=(chat.ON, chat.OFF), help="on: let the model think before its answer, which alone is held to the grammar "
        "(default: as stage 07 trained it, else off; a server is told only what is given here)")
    add("--max-new-tokens", type=cli.positive_int, default=MAX_NEW_TOKENS, metavar="N", help=f"of an answer (default: {MAX_NEW_TOKENS})")
    add("--temperature", type=cli.amount, metavar="T", help=f"0: the likeliest token (default: 0, {SAMPLED} for candidates but the first)")
    add("--top-p", type=cli.share, default=1.0, metavar="P", help="sample from the likeliest tokens of this mass (default: 1)")
    add("--seed", type=cli.seed, default=0, metavar="N", help="random seed of the sampling (default: 0)")
    add("--batch-size", type=cli.positive_int, default=16, metavar="N", help="answers at a time; a kill loses up to 4 x N (default: 16)")
    add("--refine", metavar="MODEL", help="let this model revise plan and code, as the paper's last step (at OpenAI, or --refine-url)")
    add("--refine-url", metavar="URL", help="an OpenAI-compatible server for --refine")


def checked(parser: cli.Parser, args: argparse.Namespace) -> argparse.Namespace:
    """Fill in what was not given, and refuse what does not go together. Raises UserError for a model that learned another task."""
    args.here = args.model != OFFLINE and not args.base_url  # the model is loaded in this process
    idle = next(("no_" * (getattr(args, key) is False) + key for key in OF_MODELS if getattr(args, key) != parser.get_default(key)), "")
    held_to_all = args.here and args.constrained is not False and (args.apis or not args.query)
    parser.refuse(
        *query.misused(args),
        (args.adapter and not args.here, "--adapter needs a --model that is loaded here: a server has its adapters already"),
        (args.refine_url and not args.refine, "--refine-url is the server of --refine; name that model"),
        (args.candidates > 1 and args.temperature == 0, "--candidates at --temperature 0 would all be the same; leave --temperature away"),
        (args.model == OFFLINE and idle, f"--{idle.replace('_', '-')} is for a --model: the rules have one answer"),
        (args.use_all and not held_to_all, "--use-all holds a model that is loaded here to APIs that are known to be needed: "
         "leave --base-url and --no-constrained away, and give --query its --apis"),
        (args.dry_run and (args.here or args.query), "--dry-run counts requests for the queries of a file: give --base-url, no --query"),
        *edit.misused(args),
    )
    args.output = args.output or (edit.output_for(args.edit) if args.edit else query.file_for(args.query) if args.query else OUTPUT)
    args.repair = bool(args.base_url) if args.repair is None else args.repair
    if args.here:
        args.model, args.adapter = hub.pinned(args.model), args.adapter and hub.pinned(args.adapter)
    task = prompt_notes(args.model, args.adapter).get("task") if args.here else None
    if task and task != ("edit" if args.edit else None):
        raise UserError(f"--model {args.model}: it was trained on {task}, as its prompt.json says; this stage asks for plan and program")
    if args.primer is None:
        args.primer = args.model != OFFLINE and not (args.here and knows_the_language(args.model, args.adapter))
    return args


# ---------------------------------------------------------------------------------------------------------------------------------
# an answer, judged


@dataclass(frozen=True)
class Draft:
    """An answer, parsed and judged. Two drafts are compared by `rank`, in the order of the module's docstring."""

    plan: str
    code: str  # as written, with its comments
    reach: int
    diagnostics: tuple[Diagnostic, ...]
    unused: tuple[str, ...]  # needed APIs that the program does not call
    loose: tuple[Diagnostic, ...] = ()  # findings of `trace`
    shortcut: Record | None = None  # what it compiles to
    blocks: int = 1  # of Python in the answer, of which the longest is the program

    @property
    def faults(self) -> int:
        return len(self.diagnostics) + len(self.unused) + (not self.plan)

    @property
    def flawless(self) -> bool:
        return not self.faults and not self.loose

    @property
    def rank(self) -> tuple[int, int, int]:
        """The sort key: the greater the better."""
        return self.reach, -self.faults, -len(self.loose)

    def verdict(self) -> Record:
        """Return what a record keeps of every draft, also of those not taken."""
        return {"reach": REACH[self.reach], "diagnostics": len(self.diagnostics), "unused": len(self.unused), "plan": bool(self.plan),
                "loose": len(self.loose)}

    def fault_list(self, catalog: Catalog) -> str:
        """Return the faults for a repair prompt, a line each with the line of code it is about, and the stubs of the functions concerned.

        "nothing" if there are no faults.
        """
        lines = dict(enumerate(self.code.splitlines(), start=1))
        faults = [f"line {finding.line}, `{excerpts.shorten(lines[finding.line].strip(), 120)}`: {finding.message}"
                  if finding.line in lines else finding.message for finding in (*self.diagnostics, *self.loose)]
        faults += [f"{call_name(api)} is not called, and the request needs it" for api in self.unused]
        called = re.findall(r"\b[a-z]\w*_\w+", " ".join(lines.get(finding.line, "") + finding.message for finding in self.diagnostics))
        concerned = list(dict.fromkeys(api.id for name in called if (api := catalog.by_name(name))))[:SHOWN_STUBS]
        stubs = ["\nThe functions concerned:\n", conversation.stubs(concerned, catalog)] if concerned else []
        return "\n".join([*faults[:SHOWN_FAULTS], *([] if self.plan else ["the plan is missing"]), *stubs]) or "nothing"

    def fields(self) -> Record:
        """Return the fields of the record: the program in forms of the dialect, with its comments and reprinted without, or other text."""
        annotated = in_dialect(self.code)
        try:
            plain = rename(annotated, {}) if self.reach >= PYTHON else annotated
        except (ValueError, RecursionError):
            plain = annotated
        return {"plan": self.plan, "annotated_code": annotated, "code": plain,
                "diagnostics": [finding._asdict() for finding in self.diagnostics]}


def judge(answer: CompletionResult, needed: Iterable[str], catalog: Catalog) -> Draft:
    """Parse an answer and judge it; `needed`: the APIs that the request cannot do without."""
    (plan, code), blocks = replies.parse_answer(answer.text), replies.programs(answer.text)
    needed = [api for api in dict.fromkeys(needed) if api not in SYNTAX_APIS]
    if not code.strip():
        return Draft(plan, "", NOTHING, (Diagnostic(1, "no_code", "the answer holds no program"),), tuple(needed))
    findings, shortcut = review(code, catalog)
    if answer.finish == "length" and replies.is_cut(answer.text):
        findings.append(Diagnostic(code.count("\n"), "cut", "the answer ends here, at the token limit; a shorter plan leaves more room"))
    called, reach = [], TEXT
    if shortcut is not None:
        called, reach = [action["WFWorkflowActionIdentifier"] for action in shortcut["WFWorkflowActions"]], SHORTCUT
    elif all(finding.code != "syntax" for finding in findings):
        called, reach = apis_of(code), PYTHON
    loose = trace(in_dialect(code, catalog)).problems if reach == SHORTCUT else ()
    return Draft(plan, code, reach, tuple(findings), tuple(api for api in needed if api not in called), loose, shortcut, len(blocks))


# ---------------------------------------------------------------------------------------------------------------------------------
# the answers to one query


class Request(NamedTuple):
    """A conversation that a model is to continue, and how to sample; `apis` (ids) are those that the answer may call."""

    task: str  # "answer" or "repair"
    messages: Messages
    sampling: dict[str, Any]
    apis: tuple[str, ...]


class Outcome(NamedTuple):
    """The fields that this stage adds to a record, and the draft they came from."""

    fields: Record
    draft: Draft


class Settings(NamedTuple):
    """The number of answers to a query; `everything`: as many even if one has no fault, as a dry run must assume."""

    candidates: int = 1
    repair: bool = False
    primer: bool = False
    everything: bool = False


Ask = Callable[[Request], Awaitable[CompletionResult]]  # raises Reject if there is no answer
Result = tuple[Record, Outcome | Reject]  # a record and what became of it


async def annotate(record: Record, ask: Ask, settings: Settings, sampling: Callable[[int], dict[str, Any]], catalog: Catalog) -> Outcome:
    """Ask for candidates until one is flawless, take the best, and have it repaired once.

    `sampling(k)` are the parameters of candidate k. The record's `needed` are the APIs that the request cannot do without (default: its
    `apis`). Raises the first Reject if no request is answered.
    """
    chat, needed = conversation.chat(record["query"], record["apis"], catalog), record.get("needed", record["apis"])
    chat = conversation.with_primer(chat) if settings.primer else chat
    apis, failures, attempts = tuple(record["apis"]), list[Reject](), list[tuple[Draft, CompletionResult]]()

    async def attempt(request: Request) -> tuple[Draft, CompletionResult]:
        try:
            answer = await ask(request)
        except Reject as reject:
            failures.append(reject)
            answer = CompletionResult("", finish="")
        attempts.append((judge(answer, needed, catalog), answer))
        return attempts[-1]

    for number in range(settings.candidates):
        draft, _ = await attempt(Request("answer", chat, sampling(number), apis))
        if draft.flawless and not settings.everything:
            break
    if len(failures) == len(attempts):
        raise failures[0]
    chosen = max(range(len(attempts)), key=lambda place: (*attempts[place][0].rank, -place))
    draft, answer = attempts[chosen]
    annotator: Record = {"prompt": conversation.ANSWER.id, **({"primer": primer_id()} if settings.primer else {}),
                         "sampling": sampling(chosen)}
    if settings.candidates > 1:
        annotator |= {"candidates": [each.verdict() for each, _ in attempts], "chosen": chosen}
    if settings.repair and (not draft.flawless or settings.everything):
        again = conversation.repair(chat, answer.text, draft.fault_list(catalog))
        repaired, second = await attempt(Request("repair", again, sampling(0), apis))
        better = repaired.rank > draft.rank
        annotator["repair"] = {"prompt": conversation.REPAIR.id, "kept": "repair" if better else "draft", **repaired.verdict()}
        draft, answer = (repaired, second) if better else (draft, answer)
    usage = reduce(Usage.plus, (each.usage for _, each in attempts))
    annotator |= {**({"finish": answer.finish} if answer.finish else {}), **usage._asdict()}
    return Outcome({**draft.fields(), "annotator": annotator}, draft)


def sampling_of(args: argparse.Namespace, others: dict[str, Any]) -> Callable[[int], dict[str, Any]]:
    """Return the sampling parameters of candidate k as a function; `others` are the same for all candidates."""
    def sampling(number: int) -> dict[str, Any]:
        temperature = args.temperature if args.temperature is not None else SAMPLED if number else 0.0
        return {"temperature": temperature, "top_p": args.top_p, "seed": args.seed + number * SEED_STRIDE, **others}

    return sampling


def named(outcome: Outcome, model: str, adapter: str | None = None) -> Outcome:
    """Return the outcome with the model's name in its `annotator`."""
    annotator = {"model": model, "adapter": adapter, **outcome.fields["annotator"]}
    return outcome._replace(fields={**outcome.fields, "annotator": annotator})


async def refine(writer: Writer | None, record: Record, outcome: Outcome, catalog: Catalog) -> Outcome:
    """Return the outcome with plan and code revised by another model, if there is one and its revision is no worse."""
    if writer is None:
        return outcome
    fields, draft = outcome
    shown = conversation.answer(draft.plan, draft.code)
    entry: Record = {"model": writer.name, "prompt": prompts.REFINE.id, "kept": "draft"}
    try:
        answer = await writer.ask(prompts.REFINE.prompt({
            "query": record["query"], "stubs": conversation.stubs(record["apis"], catalog), "draft": shown,
            "findings": draft.fault_list(catalog),
        }, draft=shown))
    except Reject as reject:
        entry["failure"] = reject.reason
    else:
        revised = judge(answer, record.get("needed", record["apis"]), catalog)
        entry |= {**revised.verdict(), **answer.usage._asdict()}
        if revised.rank >= draft.rank:
            fields, draft, entry["kept"] = {**fields, **revised.fields()}, revised, "refined"
    return Outcome({**fields, "annotator": {**fields["annotator"], "refine": entry}}, draft)


# ---------------------------------------------------------------------------------------------------------------------------------
# who answers: a server or the rules, request by request, or a model loaded here, in batches


def ask_server(writer: Writer, refiner: Writer | None, records: Iterable[Record], args: argparse.Namespace,
               catalog: Catalog) -> Iterator[Result]:
    """Yield the results of a server or the rules, as they come."""
    from shortcuts.grammar import grammar

    asked = chat.asked_of_a_server(args.thinking)
    sampling = (lambda number: {}) if args.model == OFFLINE else sampling_of(args, {"max_tokens": args.max_new_tokens, **asked})
    settings = Settings(args.candidates, args.repair, args.primer, args.dry_run)

    async def work(record: Record) -> Outcome:
        if record["apis"] is None:  # a person's sentence
            record = {**record, "apis": await query.chosen_apis(writer, record["query"], record["apps"], catalog)}
        facts = {**{name: record.get(name) for name in ("apis", "query", "request")}, "catalog": catalog, "key": record["id"]}

        async def ask(request: Request) -> CompletionResult:
            form = grammar(request.apis, catalog, answer=True, everything=False) if args.constrained else None
            return await writer.ask(Prompt(request.task, request.messages, facts=facts, grammar=form), **request.sampling)

        outcome = await annotate(record, ask, settings, sampling, catalog)
        outcome.fields["annotator"]["sampling"] = writer.taken(outcome.fields["annotator"]["sampling"])
        return await refine(refiner, record, named(outcome, writer.name), catalog)

    return writer.map(work, records, [refiner] if refiner else [])


def generate(records: Iterable[Record], args: argparse.Namespace, catalog: Catalog) -> Iterator[Result]:
    """Yield the results of a model loaded here, in order; records that stand near each other are answered side by side."""
    from common import model as models
    from common.decoding import constrained, generation
    from common.decoding.side_by_side import in_order

    model, tokenizer = models.load_writer(args.model, args.adapter, args.thinking)
    room = min(args.max_new_tokens, models.context_length(model) // 2)  # prompts of a small model need half of its context
    sampling, settings = sampling_of(args, {"max_new_tokens": room}), Settings(args.candidates, args.repair, args.primer)

    def answer(request: Request) -> Work[CompletionResult]:
        options = {**request.sampling, "watch": query.show_progress if args.query else None}
        if args.constrained is False:
            made = yield from generation.answer(model, tokenizer, request.messages, **options)
        else:
            made = yield from constrained.answer(model, tokenizer, request.messages, request.apis, catalog, use_all=args.use_all, **options)
        usage = Usage(len(chat.prompt_tokens(request.messages, tokenizer)), made.tokens)
        return CompletionResult(made.text, usage=usage, finish=made.reason)

    def work(record: Record) -> Work[Outcome | Reject]:
        outcome = yield from driven(annotate(record, suspended, settings, sampling, catalog), answer)
        return outcome if isinstance(outcome, Reject) else named(outcome, args.model, args.adapter)

    def count(outcome: Outcome | Reject) -> None:
        progress.ended(0 if isinstance(outcome, Reject) else outcome.fields["annotator"]["completion_tokens"])

    (records, again), progress = tee(records), Progress()
    yield from zip(records, in_order(model, tokenizer, map(work, again), args.batch_size, on_end=count))


@coroutine
def suspended(request: Request) -> Generator[Request, CompletionResult, CompletionResult]:
    """Pass a request to `driven`, which drives the coroutine that awaits this, and return the answer it sends back."""
    return (yield request)


def driven(annotation: Coroutine[Request, CompletionResult, Outcome],
           answer: Callable[[Request], Generator[Any, Any, CompletionResult]]) -> Generator[Any, Any, Outcome | Reject]:
    """Answer the requests of a coroutine that awaits `suspended`, and return its outcome; an unexpected error makes it a Reject."""
    made = None
    try:
        while True:
            with cli.one_record():
                try:
                    request = annotation.send(made)  # type: ignore[arg-type] (None begins it)
                except StopIteration as end:
                    return cast(Outcome, end.value)
            made = yield from answer(request)
    except Reject as reject:
        return reject


def refine_all(refiner: Writer | None, results: Iterator[Result], catalog: Catalog) -> Iterator[Result]:
    """Yield the results of a model loaded here, refined in groups: generation blocks the process, so requests wait until it pauses."""
    async def work(result: Result) -> Outcome:
        record, outcome = result
        if isinstance(outcome, Reject):
            raise outcome
        return await refine(refiner, record, outcome, catalog)

    while group := list(islice(results, refiner.concurrency if refiner else 1)):
        yield from ((record, outcome) for (record, _), outcome in refiner.map(work, group)) if refiner else group


# ---------------------------------------------------------------------------------------------------------------------------------
# every query of a file, or one of a person


def windows(run: cli.Run, size: int) -> Iterator[Record]:
    """Yield the shard's records, each id once, in groups of a size: those with one to do, whole, as rounding depends on what is beside."""
    assert run.input is not None
    everything, seen = islice(jsonl.records(run.input, ("query", "apis")), run.args.limit), set[str]()
    records = (record for record in everything if cli.in_shard(key := record["id"], run.args.shard) and not (key in seen or seen.add(key)))
    while (window := list(islice(records, size))) and not run.interrupted:
        due = [run.is_due(record["id"]) for record in window]
        run.read += sum(due)
        if any(due):
            yield from window


def annotate_file(args: argparse.Namespace, catalog: Catalog) -> int:
    """Answer every query that is due; return the exit code."""
    annotator, refiner = writers(args)
    counts = dict.fromkeys(("with_code", "compiled", "clean"), 0)
    with cli.Run("annotate", args) as run:
        if annotator is None:
            made = generate(windows(run, args.batch_size * WINDOW), args, catalog)  # made whole again, with what is done of it
            results = refine_all(refiner, (result for result in made if result[0]["id"] not in run.done), catalog)
        else:
            results = ask_server(annotator, refiner, run.records("query", "apis"), args, catalog)
        for record, outcome in results:
            if run.interrupted and annotator is None:
                break
            if isinstance(outcome, Reject):
                run.reject(record["id"], outcome)
                continue
            fields, draft = outcome
            run.write({**record, **fields})
            counts["with_code"] += bool(draft.code)
            counts["compiled"] += draft.shortcut is not None
            counts["clean"] += not draft.diagnostics
        return run.finish(**counts, **usage_of(annotator, refiner))


def annotate_one(args: argparse.Namespace, catalog: Catalog) -> int:
    """Write the shortcut that --query asks for, its program and its plan. Raises UserError if the answer has no sound program."""
    query.refuse_taken(query.files_of(args.output), args.overwrite)
    record = query.record_of(args, catalog)
    annotator, refiner = writers(args)
    if annotator is None:
        results = refine_all(refiner, generate([record], args, catalog), catalog)
    else:
        results = ask_server(annotator, refiner, [record], args, catalog)
    (_, outcome), *_ = results
    if isinstance(outcome, Reject):
        raise UserError(f"--query: {outcome}")
    query.deliver(outcome.draft, query.files_of(args.output), args.force, usage_of(annotator, refiner))
    return cli.EXIT_DONE


def writers(args: argparse.Namespace) -> tuple[Writer | None, Writer | None]:
    """Return (the annotator, None if the model is loaded here; the refiner or None); they share one budget."""
    return (None if args.here else llm.open_named(args, args.model, args.base_url),
            llm.open_named(args, args.refine, args.refine_url) if args.refine else None)


def usage_of(annotator: Writer | None, refiner: Writer | None) -> Record:
    """Return requests, tokens and cost of the writers, for the summary line."""
    return {**(annotator.figures() if annotator else {}), **({"refine": refiner.figures()} if refiner else {})}


def main() -> int:
    """Answer the queries of a file, or the one of a person; return the exit code."""
    args, catalog = arguments(), Catalog.load()
    if args.edit:
        return edit.edit_one(args, sampling_of(args, {})(0), catalog)
    return annotate_one(args, catalog) if args.query else annotate_file(args, catalog)


if __name__ == "__main__":
    cli.start(main)
