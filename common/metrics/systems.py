"""What stage 08 judges: models, files of answers, and the baselines that any of them must beat.

A System answers test records (`id`, `split`, `apis`, `messages`, `reference`: the gold code without comments), in order or as answers come.
"""

from __future__ import annotations

import argparse
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean

from common import cli, jsonl
from common.catalog import Catalog
from common.jsonl import Record, UserError
from common.metrics.codebleu import codebleu
from common.metrics.program import without_comments

SPLITS = ("id", "ood")
CHANCE = "shuffled gold"  # the baseline that chance correction takes
CANDIDATES, JURY = 20, 20  # training programs tried as the constant answer, and those it is tried on


@dataclass(frozen=True)
class Prediction:
    """What a system answered: the code, the raw text it stood in (None where there is only code), why there is none; a plan and a query."""

    code: str
    text: str | None = None
    failure: str = ""
    plan: str | None = None
    query: str | None = None


@dataclass(frozen=True)
class System:
    """Something that answers queries. `identity` is all that its answer to a record depends on: so a kept answer is known to be its own."""

    name: str
    identity: Callable[[Record], str]
    answers: Callable[[list[Record]], Iterator[tuple[Record, Prediction]]]
    is_quick: bool = False  # the answers are at hand


def distinct(systems: list[System]) -> list[System]:
    """The systems, if their names are."""
    if repeated := [name for name, count in Counter(system.name for system in systems).items() if count > 1]:
        raise UserError(f'two systems are called "{repeated[0]}"; name one as NAME={repeated[0]}')
    return systems


# ---------------------------------------------------------------------------------------------------------------------------------
# baselines


def fixed(name: str, answers: dict[str, Prediction]) -> System:
    """A system whose answers are at hand, by record id."""

    def answer(records: list[Record]) -> Iterator[tuple[Record, Prediction]]:
        yield from ((record, answers[record["id"]]) for record in records)

    return System(name, lambda record: repr(answers[record["id"]]), answer, is_quick=True)


def baselines(tests: list[Record], bench: Path, with_gold: bool) -> Iterator[System]:
    """What no model should lose against, and what none can beat."""
    from common.catalog import call_name
    from common.prompts import SYNTAX_APIS

    if with_gold:
        yield fixed("gold", {record["id"]: gold(record) for record in tests})
    yield fixed("empty", {record["id"]: Prediction("") for record in tests})
    if constant := best_constant(bench / "train.jsonl"):
        yield fixed("constant", {record["id"]: Prediction(constant) for record in tests})
    yield fixed("API list", {
        record["id"]: Prediction("\n".join(f"{call_name(api)}()" for api in record["apis"] if api not in SYNTAX_APIS)) for record in tests
    })  # fmt: skip
    yield fixed(CHANCE, {record["id"]: prediction for record, prediction in shuffled(tests)})


def gold(record: Record) -> Prediction:
    """The gold itself as an answer: the code without comments, plan and query."""
    from common.prompts import parse_answer

    plan = parse_answer(record["messages"][-1]["content"]).plan if record["messages"][-1]["role"] == "assistant" else None
    return Prediction(record["reference"], plan=plan or None, query=record.get("query"))


def shuffled(tests: list[Record], seed: str = "") -> Iterator[tuple[Record, Prediction]]:
    """Each record with the gold of another of its split (nothing, if there is no other)."""
    for split in SPLITS:
        records = sorted((record for record in tests if record["split"] == split), key=lambda record: digest(seed + record["id"]))
        answers = [gold(record) for record in records] if len(records) > 1 else [Prediction("")] * len(records)
        yield from zip(records, answers[1:] + answers[:1], strict=True)


def best_constant(train: Path) -> str | None:
    """Of some training programs the one that has the best CodeBLEU against some others: the constant answer that fools it most."""
    if not train.exists():
        cli.say(f"{train}: not there, so the constant baseline is left out")
        return None
    draw, drawn = random.Random(0), []
    for number, line in enumerate(jsonl.numbered_lines(train)):  # a reservoir: every record equally likely, few in memory
        if number < CANDIDATES + JURY:
            drawn.append(line)
        elif (place := draw.randrange(number + 1)) < CANDIDATES + JURY:
            drawn[place] = line
    codes = [without_comments(jsonl.parse_record(line, f"{train}:{number}", ("code",))["code"]) for number, line in drawn]

    def fools(code: str) -> float:
        return fmean([codebleu(other, code).codebleu for other in codes[CANDIDATES:] or codes])

    return max(codes[:CANDIDATES], key=fools, default=None)


# ---------------------------------------------------------------------------------------------------------------------------------
# answers made elsewhere, and models


def from_file(name: str, path: Path, tests: list[Record]) -> System:
    """Answers made elsewhere: `code`, or `text` that holds it, and `plan` and `query`; a query without an answer counts as empty."""
    answers = dict.fromkeys((record["id"] for record in tests), Prediction("", failure="no prediction in the file"))
    for number, record in enumerate(jsonl.read(path, ("id",)), start=1):
        if not any(isinstance(record.get(field), str) for field in ("code", "text")):
            raise UserError(f'{path}: record {number} has neither "code" nor "text" (as text)')
        if (identifier := str(record["id"])) in answers:
            answer = Prediction(record["code"]) if isinstance(record.get("code"), str) else read_answer(record["text"])
            given = {field: record[field] for field in ("plan", "query") if isinstance(record.get(field), str)}
            answers[identifier] = replace(answer, **given)
    missing = sum(bool(prediction.failure) for prediction in answers.values())
    if missing == len(answers):
        raise UserError(f"{path}: none of its ids is in the test set; was it made for another one?")
    if missing:
        cli.say(f"{path}: {missing} of {len(answers)} queries have no prediction there; they count as empty")
    return fixed(name, answers)


def read_answer(text: str, failure: str = "") -> Prediction:
    """The code in a model's answer."""
    from common.prompts import parse_answer

    parts = parse_answer(text)
    return Prediction(parts.code, text, failure, parts.plan or None)


def local_model(name: str, model: str, args: argparse.Namespace) -> System:
    """A model of this machine; it is loaded when the first answer is due."""

    def answer(records: list[Record]) -> Iterator[tuple[Record, Prediction]]:
        from common import generation
        from common import model as models

        models.quiet_libraries()
        if Path(model).is_dir() and not args.adapter:
            loaded = models.load_run(model)
        else:
            loaded = models.load_model(model, args.adapter), models.load_tokenizer(model)
        settings = {"max_new_tokens": args.max_new_tokens, "batch_size": args.batch_size}
        if held:
            from common import constrained

            given = [record["apis"] for record in records]
            texts = constrained.generate(*loaded, map(question, records), given, Catalog.load(), use_all=args.use_all, **settings)
        else:
            texts = generation.generate(*loaded, map(question, records), **settings)
        for record, generated in zip(records, texts, strict=True):
            yield record, read_answer(generated.text, "" if generated.finished else generated.reason)

    held = args.constrained and not args.teval  # T-Eval's tools are not those of the dialect
    weights = [path.stat() for folder in (model, args.adapter) if folder for path in sorted(Path(folder).glob("*.safetensors"))]
    state = [(stat.st_size, stat.st_mtime_ns) for stat in weights]
    identity = repr((model, str(args.adapter), args.max_new_tokens, held, args.use_all, state))
    return System(name, lambda record: identity + repr(question(record)), answer)


def served_model(name: str, model: str, args: argparse.Namespace) -> System:
    """A model behind an OpenAI-compatible server."""

    def answer(records: list[Record]) -> Iterator[tuple[Record, Prediction]]:
        from common import llm

        writer = llm.open_writer(model, args.base_url, concurrency=args.concurrency, temperature=0.0)
        ask = partial(writer.ask, max_tokens=args.max_new_tokens)
        for record, outcome in writer.map(lambda record: ask(llm.Prompt("answer", question(record))), records):
            if not isinstance(outcome, cli.Reject):
                yield record, read_answer(outcome.text)
            elif outcome.reason == "no_answer":  # the server's trouble, not the model's: asked again by the next run
                cli.say(f"{name}: {record['id']}: {outcome}")
            else:
                yield record, Prediction("", failure=str(outcome))

    return System(name, lambda record: repr((model, args.base_url, args.max_new_tokens, question(record))), answer)


# ---------------------------------------------------------------------------------------------------------------------------------
# texts


def question(record: Record) -> list[dict[str, str]]:
    """The conversation up to the answer."""
    return [message for message in record["messages"] if message["role"] != "assistant"]


def digest(text: str) -> str:
    """A short content key."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
