"""05 · Annotate: a plan and a program for each query, from the model trained on the seed, any other, or rules.

Reads    data/queries.jsonl (stage 04)
Writes   data/generated.jsonl: the record and plan, annotated_code, code, annotator, diagnostics (what `check` finds in the code)

    python 05_annotate.py                                                          # rules: the baseline, no model needed
    python 05_annotate.py --model runs/annotator --batch-size 32                   # a folder that stage 07 wrote, adapter or whole model
    python 05_annotate.py --model meta-llama/Llama-3.1-8B-Instruct --adapter runs/annotator
    python 05_annotate.py --model annotator --base-url http://localhost:8000/v1    # vLLM or the like serves the adapter under that name
    python 05_annotate.py --model runs/annotator --candidates 4 --repair           # best of four, and one repair of what is still wrong

or, for a person who wants one shortcut, prints plan and program and writes a .shortcut file:

    python 05_annotate.py --query "remind me to water the plants if no rain is forecast" --output rain.shortcut

No answer is dropped here, however bad: one without code is a record with empty code and a diagnostic that says so, and stage 06 filters.
A candidate depends on the query, --seed and its number alone: not on what else is in its batch, and not on kills and reruns in between.
Which one is taken is said in common/candidates.py and kept in `annotator`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from common import cli, jsonl, llm, prompts
from common.candidates import Draft, Question, Reply, Settings, annotating, read
from common.cli import Reject
from common.jsonl import Record, UserError
from common.llm import OFFLINE, Prompt, Usage, Writer
from shortcuts import plist
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import offered, search

OUTPUT = "data/generated.jsonl"
MAX_NEW_TOKENS = 4096  # of an answer: the paper's 8,192 are shared with the prompt
SAMPLED = 0.8  # temperature of the candidates after the first, unless told otherwise: else they would all be the first again
SEED_STRIDE = 1_000_003  # between the seeds of candidates: those of --seed 0 are not those of --seed 1 in another order
SIGN = 'shortcuts sign --mode anyone --input "{}" --output "{}"'
FILE_NAME_WORDS = 8  # of a query, in the name of its file

Outcome = tuple[Record, Draft]  # the fields that this stage adds to a record, and the draft they came from
Course = Generator[Question, Reply, Outcome]
Answer = tuple[Record, Outcome | Reject]


def arguments() -> argparse.Namespace:
    """The flags of this stage."""
    parser = cli.parser(__doc__, "data/queries.jsonl", OUTPUT)
    one = parser.add_argument_group("one shortcut")
    one.add_argument("--query", metavar="TEXT", help="write the .shortcut that this sentence asks for, instead of reading --input")
    one.add_argument("--apis", nargs="+", metavar="API", help="the actions that --query may use (default: what a search of the catalogue "
                     "finds, and some that are always of use)")  # fmt: skip
    one.add_argument("--force", action="store_true", help="write the shortcut although `check` finds errors in the program")
    annotator = parser.add_argument_group("the annotator")
    annotator.add_argument("--model", default=OFFLINE, metavar="NAME",
                           help='folder or name of a model, or "offline" for rules (default: offline)')
    annotator.add_argument("--adapter", type=Path, metavar="FOLDER", help="a LoRA adapter on --model, run here with transformers")
    annotator.add_argument("--base-url", metavar="URL", help="ask an OpenAI-compatible server for --model instead of loading it here")
    annotator.add_argument("--max-new-tokens", type=cli.positive_int, default=MAX_NEW_TOKENS, metavar="N",
                           help=f"of an answer (default: {MAX_NEW_TOKENS})")
    annotator.add_argument("--temperature", type=float, metavar="T",
                           help=f"0 takes the likeliest token (default: 0, and {SAMPLED} for all candidates but the first)")
    annotator.add_argument("--top-p", type=float, default=1.0, metavar="P",
                           help="sample from the likeliest tokens of this mass (default: 1)")
    annotator.add_argument("--seed", type=int, default=0, metavar="S", help="of the sampling (default: 0)")
    annotator.add_argument("--batch-size", type=cli.positive_int, default=16, metavar="N",
                           help="prompts generated together here (default: 16)")
    better = parser.add_argument_group("better answers")
    better.add_argument("--constrained", action=argparse.BooleanOptionalAction, default=None,
                        help="hold answers to the grammar of the APIs they may call (default: where the model is loaded here; "
                        "servers such as vLLM take it too)")
    better.add_argument("--use-all", action="store_true", help="and have a program call each of its APIs; for a model that is loaded here")
    better.add_argument("--candidates", type=cli.positive_int, default=1, metavar="K",
                        help="answers to choose from; no more are asked for once one has no fault (default: 1)")
    better.add_argument("--repair", action="store_true", help="ask the model once more where its answer has faults, and tell it which")
    better.add_argument("--refine", metavar="MODEL",
                        help="let this model mend plan and code, as the paper's last step (at OpenAI, or --refine-url)")
    better.add_argument("--refine-url", metavar="URL", help="an OpenAI-compatible server for --refine")
    llm.add_request_arguments(parser.add_argument_group("requests to a server", "of --base-url and --refine together"), timeout=600.0)
    args = parser.parse_args()
    here = args.model != OFFLINE and not args.base_url
    if args.adapter and not here:
        parser.error("--adapter needs a --model that is loaded here: a server has its adapters already")
    if args.candidates > 1 and args.temperature == 0:
        parser.error("--candidates at --temperature 0 would all be the same; leave --temperature away, or name one above 0")
    if args.use_all and (not here or args.constrained is False or args.query and not args.apis):
        parser.error("--use-all holds a model that is loaded here to APIs that are known to be needed: leave --base-url and "
                     "--no-constrained away, and give --query its --apis")
    if args.dry_run and (here or args.query):
        parser.error("--dry-run counts the requests for the queries of a file: it needs --base-url, and no --query")
    if args.query is not None and not args.query.strip():
        parser.error("--query is empty; say what the shortcut should do")
    if args.apis and not args.query:
        parser.error("--apis goes with --query: the queries of a file have theirs")
    return args


# ---------------------------------------------------------------------------------------------------------------------------------
# the two ways to an answer: asked of a server (or the rules), or generated here


def ask(writer: Writer, refiner: Writer | None, records: Iterable[Record], args: argparse.Namespace, catalog: Catalog) -> Iterator[Answer]:
    """Yield the answers of a server or the rules, as they come."""
    sampling = (lambda number: {}) if args.model == OFFLINE else sampling_of(args, "max_tokens", args.max_new_tokens)
    settings = Settings(args.candidates, args.repair, args.dry_run)

    async def work(record: Record) -> Outcome:
        course = annotating(record, settings, sampling, catalog)
        facts = {"apis": record["apis"], "catalog": catalog, "key": record["id"], "request": record.get("request")}
        question = next(course)
        while True:
            try:
                prompt = Prompt(question.task, question.messages, facts=facts, grammar=form_of(question, args, catalog))
                answer = await writer.ask(prompt, **question.sampling)
                reply = Reply(answer.text, answer.usage, answer.finish)
            except Reject as reject:
                reply = Reply("", failure=reject)
            try:
                question = course.send(reply)
            except StopIteration as end:
                return await refined(refiner, record, named(end.value, writer.name), catalog)

    return writer.map(work, records, [refiner] if refiner else [])


def generate(batches: Iterable[list[Record]], args: argparse.Namespace, catalog: Catalog) -> Iterator[Answer]:
    """Yield the answers of a model loaded here, batch by batch: the records of one go through their courses in step."""
    from common import model as models
    from common.decoding import generation
    from common.packing import prompt_text

    models.quiet_libraries()
    adapter = args.adapter
    if Path(args.model).is_dir() and adapter is None:
        model, tokenizer = models.load_run(Path(args.model))
    else:
        model, tokenizer = models.load_model(args.model, adapter=adapter), models.load_tokenizer(adapter or args.model)
    room = min(args.max_new_tokens, models.context_length(model) // 2)  # a small model's context is shared, too
    sampling, settings = sampling_of(args, "max_new_tokens", room), Settings(args.candidates, args.repair)

    def answer(questions: list[Question]) -> Iterator[Reply]:
        chats = [question.messages for question in questions]
        asked = [len(tokenizer(prompt_text(chat, tokenizer), add_special_tokens=False)["input_ids"]) for chat in chats]
        settings = {**questions[0].sampling, "batch_size": len(chats)}
        if args.constrained is False:
            answers = generation.generate(model, tokenizer, chats, **settings)
        else:
            from common.decoding import constrained

            answers = constrained.generate(model, tokenizer, chats, [question.apis for question in questions], catalog,
                                           use_all=args.use_all, **settings)
        for tokens, made in zip(asked, answers, strict=True):
            yield Reply(made.text, Usage(tokens, made.tokens), made.reason)

    for batch in batches:
        outcomes = in_step([annotating(record, settings, sampling, catalog) for record in batch], answer)
        for record, outcome in zip(batch, outcomes, strict=True):
            yield record, outcome if isinstance(outcome, Reject) else named(outcome, args.model, adapter)


def form_of(question: Question, args: argparse.Namespace, catalog: Catalog) -> str | None:
    """The grammar that a server is asked to hold an answer to; None if it is not asked."""
    from shortcuts.grammar import grammar

    return grammar(question.apis, catalog, answer=True, everything=False) if args.constrained else None


def in_step(courses: list[Course], answer: Callable[[list[Question]], Iterator[Reply]]) -> list[Outcome | Reject]:
    """What the courses of a batch return; the questions of a round with the same sampling are answered together.

    A course in which something goes wrong that nobody foresaw ends in a Reject, and the others go on.
    """
    waiting, outcomes = dict[int, Question](), dict[int, Outcome | Reject]()

    def advance(place: int, reply: Reply | None) -> None:
        try:
            with cli.one_record():
                try:
                    waiting[place] = courses[place].send(reply)
                except StopIteration as end:
                    outcomes[place] = end.value
        except Reject as reject:
            outcomes[place] = reject

    for place in range(len(courses)):
        advance(place, None)
    while waiting:
        rounds: dict[str, list[int]] = {}
        for place, question in waiting.items():
            rounds.setdefault(str(question.sampling), []).append(place)
        for places in rounds.values():
            asked = [waiting.pop(place) for place in places]
            for place, reply in zip(places, answer(asked), strict=True):
                advance(place, reply)
    return [outcomes[place] for place in sorted(outcomes)]


def sampling_of(args: argparse.Namespace, room_key: str, room: int) -> Callable[[int], dict[str, Any]]:
    """The settings of candidate k; `room_key` is what the library at hand calls the longest answer."""
    def sampling(number: int) -> dict[str, Any]:
        temperature = args.temperature if args.temperature is not None else SAMPLED if number else 0.0
        return {"temperature": temperature, "top_p": args.top_p, room_key: room, "seed": args.seed + number * SEED_STRIDE}

    return sampling


def named(outcome: Outcome, model: str, adapter: Path | None = None) -> Outcome:
    """An outcome whose `annotator` says who it was."""
    fields, draft = outcome
    return {**fields, "annotator": {"model": model, "adapter": adapter and str(adapter), **fields["annotator"]}}, draft


# ---------------------------------------------------------------------------------------------------------------------------------
# refinement by another model


async def refined(writer: Writer | None, record: Record, outcome: Outcome, catalog: Catalog) -> Outcome:
    """An outcome with plan and code mended by another model, if there is one; as it is where that has nothing better."""
    if writer is None:
        return outcome
    fields, draft = outcome
    shown = prompts.answer(draft.plan, draft.code)
    asked = {"query": record["query"], "stubs": prompts.stubs(record["apis"], catalog), "draft": shown, "findings": draft.told()}
    told: Record = {"model": writer.name, "prompt": prompts.prompt_id("refine"), "kept": "draft"}
    try:
        answer = await writer.ask(prompts.prompt("refine", asked, draft=shown))
    except Reject as reject:
        return {**fields, "annotator": {**fields["annotator"], "refine": {**told, "failure": reject.reason}}}, draft
    better = read(answer.text, record.get("needed", record["apis"]), catalog)
    told |= {**better.verdict(), **answer.usage._asdict()}
    if better.rank >= draft.rank:
        fields, draft, told["kept"] = {**fields, **better.fields()}, better, "refined"
    return {**fields, "annotator": {**fields["annotator"], "refine": told}}, draft


def refine_all(writer: Writer | None, drafts: Iterator[Answer], catalog: Catalog) -> Iterator[Answer]:
    """Yield the drafts of a model loaded here, refined in groups: while it generates, no request may wait for this process to hear it."""
    async def work(draft: Answer) -> Outcome:
        record, outcome = draft
        if isinstance(outcome, Reject):
            raise outcome
        return await refined(writer, record, outcome, catalog)

    while group := list(islice(drafts, writer.concurrency if writer else 1)):
        yield from ((record, outcome) for (record, _), outcome in writer.map(work, group)) if writer else group


# ---------------------------------------------------------------------------------------------------------------------------------
# every query of a file


def batches(run: cli.Run, size: int) -> Iterator[list[Record]]:
    """Batches of the shard's records that have one to do, always the same: rounding in a batch depends on what stands in it."""
    assert run.input is not None
    everything = islice(jsonl.records(run.input, ("query", "apis")), run.args.limit)
    records = run.progress(record for record in everything if cli.in_shard(record["id"], run.args.shard))
    while (batch := list(islice(records, size))) and not run.interrupted:
        due = [run.is_due(record["id"]) for record in batch]
        run.read += sum(due)
        if any(due):
            yield batch


def annotate_file(args: argparse.Namespace, catalog: Catalog) -> int:
    """Answer every query that is due."""
    annotator, refiner = writers(args)
    counts = dict.fromkeys(("with_code", "compiled", "clean"), 0)
    with cli.Run("annotate", args) as run:
        if annotator is None:
            drafts = generate(batches(run, args.batch_size), args, catalog)  # a batch is made whole again, what is done of it included
            answers = refine_all(refiner, (draft for draft in drafts if draft[0]["id"] not in run.done), catalog)
        else:
            answers = ask(annotator, refiner, run.records("query", "apis"), args, catalog)
        for record, outcome in answers:
            if isinstance(outcome, Reject):
                run.reject(record["id"], outcome)
                continue
            fields, draft = outcome
            run.write({**record, **fields})
            counts["with_code"] += bool(draft.code)
            counts["compiled"] += draft.shortcut is not None
            counts["clean"] += not draft.diagnostics
        return run.finish(**counts, **figures(annotator, refiner))


# ---------------------------------------------------------------------------------------------------------------------------------
# one query of a person


def annotate_one(args: argparse.Namespace, catalog: Catalog) -> int:
    """Print plan and program for --query, say what `check` finds, and write the shortcut. Raises UserError if it does not compile."""
    path = file_for(args)
    apis = [known(name, catalog) for name in args.apis] if args.apis else offered(args.query, catalog)
    request = {"id": "query", "query": args.query, "request": args.query, "apis": apis, "needed": []}  # may be used, need not
    annotator, refiner = writers(args)
    if annotator is None:
        answers = refine_all(refiner, generate([[request]], args, catalog), catalog)
    else:
        answers = ask(annotator, refiner, [request], args, catalog)
    (_, outcome), *_ = answers
    if isinstance(outcome, Reject):
        raise UserError(f"--query: {outcome}")
    fields, draft = outcome
    if draft.code:  # with the plan as comments it is a program of the dialect, to pipe into a file
        print("".join(f"# {line}\n" for line in draft.plan.splitlines()), draft.code, sep="\n")
    for finding in draft.diagnostics:
        cli.say(f"line {finding.line}: {finding.severity}: {finding.message}")
    if draft.shortcut is None:
        raise UserError("the program does not compile, so no shortcut is written; --candidates 4 --repair or another --model may help")
    if not args.force and any(finding.severity == "error" for finding in draft.diagnostics):
        raise UserError("the program has errors, so no shortcut is written; --candidates 4 --repair or another --model may help, "
                        "and --force writes it all the same")  # fmt: skip
    try:
        jsonl.write_atomically(path, plist.write_binary(draft.shortcut))
    except plist.PlistError as error:
        raise UserError(f"the program compiles to what no shortcut can hold: {error}") from None
    cli.say(f"on a Mac, sign it before a phone takes it: {SIGN.format(path, path.with_suffix('.signed.shortcut'))}")
    used = [action["WFWorkflowActionIdentifier"] for action in draft.shortcut["WFWorkflowActions"]]
    cli.summary("annotate", query=args.query, apis=apis, used=list(dict.fromkeys(used)), diagnostics=len(draft.diagnostics),
                output=str(path), **figures(annotator, refiner))
    return cli.EXIT_DONE


def file_for(args: argparse.Namespace) -> Path:
    """Where the shortcut goes: --output, else a file named by the first words of the query; on a phone it is the shortcut's name."""
    if args.output != Path(OUTPUT):
        return args.output
    words = re.findall(r"[\w'’-]+", args.query)[:FILE_NAME_WORDS]
    return Path((" ".join(words).capitalize() or "Shortcut") + ".shortcut")


def known(name: str, catalog: Catalog) -> str:
    """The id of an API that a person names by its id, by its name in code, or, if it is one of the app's own, by the end of its id."""
    for api in (catalog.get(name), catalog.by_name(name), catalog.get(f"is.workflow.actions.{name}")):
        if api is not None:
            return api.id
    near = ", ".join(api.id for api in search(catalog, name, 3)) or "python -m shortcuts search WORDS"
    raise UserError(f"--apis: {name} is not in the catalogue; near it: {near}")


# ---------------------------------------------------------------------------------------------------------------------------------


def writers(args: argparse.Namespace) -> tuple[Writer | None, Writer | None]:
    """Who is asked, in one budget: (the annotator, or None for a model loaded here; who refines, or None)."""
    here = args.model != OFFLINE and not args.base_url
    return (None if here else llm.open_as_asked(args, args.model, args.base_url),
            llm.open_as_asked(args, args.refine, args.refine_url) if args.refine else None)


def figures(annotator: Writer | None, refiner: Writer | None) -> Record:
    """What was asked and what it took, for the summary line."""
    return {**(annotator.figures() if annotator else {}), **({"refine": refiner.figures()} if refiner else {})}


def main() -> int:
    """Answer the queries of a file, or the one of a person."""
    args, catalog = arguments(), Catalog.load()
    return annotate_one(args, catalog) if args.query else annotate_file(args, catalog)


if __name__ == "__main__":
    cli.start(main)
