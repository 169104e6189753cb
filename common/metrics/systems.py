"""The systems that stage 08 evaluates: models, files of answers, and the baselines that any of them must beat.

A System answers test records (`id`, `split`, `apis`, `messages`, `reference`: the gold code without comments), in order or as answers come.
A record may have `sampling` ({"temperature", "seed"}): its answer is drawn; without it the likeliest one is taken.
A query that gets no answer, because a server refuses it or a file lacks it, gets a cli.Reject with the reason. That is not an empty answer:
nothing is scored, as it is not known what the system would have said.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple, TypeVar

from common import chat, cli, hub, jsonl, llm
from common.cli import Reject
from common.conversation import ANSWER_FORMS, EDIT_TASK, TEVAL_TASK, WHOLE, AnswerForm, in_form, with_primer
from common.conversation import answer as written
from common.decoding.progress import Progress
from common.excerpts import without_comments
from common.jsonl import Record, UserError
from common.metrics.codebleu import codebleu
from common.metrics.embedding import NGRAMS
from common.model import knows_the_language, load_writer, prompt_notes
from common.replies import parse_answer
from shortcuts.catalog import Catalog, call_name
from shortcuts.catalog.search import SYNTAX_APIS
from shortcuts.primer import primer_id

SPLITS = ("id", "ood")
CHANCE = "shuffled gold"  # the baseline that chance correction takes
CANDIDATES, JURY = 20, 20  # training programs tried as the constant answer, and those it is tried on
TRUNCATED = "length"  # the `failure` of an answer that was cut at the token limit
NO_PREDICTION = "no_prediction"  # the reason of a Reject: a file has no answer to this query

Result = TypeVar("Result")


@dataclass(frozen=True)
class Prediction:
    """A system's answer: the code, the raw text it stood in (None where there is only code), a plan and a query.

    `failure`: TRUNCATED, or "" for an answer that ended by itself, be it empty. Earlier versions wrote here why there was no answer.
    `prompt_tokens` are counted where the prompt has examples.
    """

    code: str
    text: str | None = None
    failure: str = ""
    plan: str | None = None
    query: str | None = None
    prompt_tokens: int | None = field(default=None, repr=False)  # an answer at hand is known by its repr

    @property
    def is_answer(self) -> bool:
        """True for something to score; False for what earlier versions kept of a query without an answer."""
        return self.failure in ("", TRUNCATED)

    def fields(self) -> Record:
        """The prediction as a sample keeps it."""
        return {field: value for field, value in asdict(self).items() if field != "prompt_tokens" or value is not None}


Reply = Prediction | Reject  # a Reject says why there is no answer
Replies = Iterator[tuple[Record, Reply]]


@dataclass(frozen=True)
class System:
    """Something that answers queries. `identity` is all that its answer to a record depends on: it marks the answers on disk.

    Without an identity it is a system of an earlier run, and what its file holds are its answers.
    """

    name: str
    identity: Callable[[Record], str] | None
    answers: Callable[[list[Record]], Replies]
    is_quick: bool = False  # the answers are at hand
    primed: bool = False  # the primer of the language stands in its prompts
    estimate: Callable[[list[Record]], Record] | None = None  # requests, tokens and cost of answers, in a dry run; None: nothing is paid
    asked: Record | None = None  # how: under a grammar, to use all APIs, with thinking, and what settings_of() names
    model: str | None = None  # the model or adapter behind it: a folder, a name on the hub with its commit, or a name and its server


class Setting(NamedTuple):
    """A way to ask a model: what its row's name says of it, the examples in its prompts, and True if it is held to the grammar."""

    label: str = ""
    shots: tuple[Record, ...] = ()
    constrained: bool = True


UNDER_GRAMMAR = Setting()


def distinct(systems: list[System]) -> list[System]:
    """The systems. Raises UserError if two have one name; as on the disks of Macs and Windows, upper and lower case are the same."""
    names = [system.name for system in systems]
    counts = Counter(map(str.casefold, names))
    for name in reversed(names):
        if counts[name.casefold()] > 1:
            raise UserError(f'two systems are called "{name}", upper and lower case aside; give one another name: NAME={name}')
    return systems


def attempted(work: Callable[..., Result], *given: Any) -> Result | Reject:
    """Return work(*given), or a Reject for an exception that nobody foresaw, so that one bad record does not end the run."""
    try:
        with cli.one_record():
            return work(*given)
    except Reject as reject:
        return Reject(reject.reason, reject.detail)  # without the frames of where it was raised, and all they hold


def prompt_messages(record: Record) -> list[dict[str, str]]:
    """The conversation up to the answer."""
    *before, last = record["messages"]
    return before if last["role"] == "assistant" else record["messages"]


def form_of(record: Record) -> AnswerForm:
    """The form of the answer that a record's prompt asks for."""
    return ANSWER_FORMS.get(record.get("task", WHOLE.task), WHOLE)


def asked(record: Record, primed: bool, form: AnswerForm | None = None, shots: Sequence[Record] = ()) -> list[dict[str, str]]:
    """The conversation up to the answer, with examples before it, and the primer in front for a model that was not trained on the language.

    `form`: the answers that the model was trained to give (default: those of the record). Raises UserError for prompts of another kind.
    """
    own = form_of(record)
    form = None if record.get("task") == EDIT_TASK else form  # a change has one form
    messages = [*(message for shot in shots for message in shot["messages"]), *prompt_messages(record)]
    try:
        messages = in_form(messages, own, form or own)
    except ValueError as error:
        raise UserError(f"{record['id']}: {error}; make the dataset anew with stage 06") from None
    return with_primer(messages) if primed else messages


def sampling_of(record: Record) -> Record:
    """Return the sampling settings of the answer to a record: {"temperature", "seed"}, or nothing."""
    return record.get("sampling", {})


def drawn(record: Record) -> str:
    """Return the part of an answer's identity that tells how it is drawn; an empty text for the likeliest answer."""
    return repr(sorted(sampling_of(record).items())) if sampling_of(record) else ""


def digest(text: str) -> str:
    """A short content key."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def fixed(name: str, answers: Mapping[str, Reply]) -> System:
    """A system whose answers are at hand, by record id."""

    def answer(records: list[Record]) -> Replies:
        yield from ((record, answers[record["id"]]) for record in records)

    return System(name, lambda record: repr(answers[record["id"]]), answer, is_quick=True)


def baselines(tests: list[Record], bench: Path, with_gold: bool) -> Iterator[System]:
    """Answers that need no model: any model must beat them. With `with_gold` also gold, which none can beat."""
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
    """Gold as an answer: the code without comments, the plan, and the query."""
    plan = parse_answer(record["messages"][-1]["content"]).plan if record["messages"][-1]["role"] == "assistant" else None
    return Prediction(record["reference"], plan=plan or None, query=record.get("query"))


def shuffled(tests: list[Record]) -> Iterator[tuple[Record, Prediction]]:
    """Each record with the gold of another record of its split, or an empty answer if there is no other."""
    for split in SPLITS:
        records = sorted((record for record in tests if record["split"] == split), key=lambda record: digest(record["id"]))
        answers = [gold(record) for record in records] if len(records) > 1 else [Prediction("")] * len(records)
        yield from zip(records, answers[1:] + answers[:1], strict=True)


def best_constant(train: Path) -> str | None:
    """Of CANDIDATES training programs the one with the best CodeBLEU against JURY others; None without training data."""
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

    def average(code: str) -> float:
        return fmean([codebleu(other, code).codebleu for other in codes[CANDIDATES:] or codes])

    return max(codes[:CANDIDATES], key=average, default=None)


def from_file(name: str, path: Path, tests: list[Record], samples: int = 1) -> System:
    """Answers made elsewhere, one a line: {"id", "code" or "text" that holds it, "plan", "query"}, or a sample of this stage.

    Of several `samples` the second answer to an id is that to id#2. Raises UserError for more answers than these.
    """
    found, times = dict[str, Reply](), Counter[str]()
    for number, line in enumerate(jsonl.read(path, ("id",)), start=1):
        identifier, where = str(line["id"]), f"{path}: record {number}"
        times[identifier] += 1
        key = f"{identifier}#{times[identifier]}" if times[identifier] > 1 else identifier
        if key in found or times[identifier] > samples:
            most = f"{samples} times, as --samples says" if samples > 1 else "once"
            raise UserError(f"{where}: {identifier} was answered before; each query is answered {most}")
        found[key] = _in_line(line, where)
    return found_in_file(name, path, found, tests)


def found_in_file(name: str, path: Path, found: Mapping[str, Reply], tests: list[Record]) -> System:
    """A system that gives the answers of a file, by record id. Raises UserError if none is to a test record."""
    answers = {record["id"]: found.get(record["id"]) or Reject(NO_PREDICTION, f"{path} has none") for record in tests}
    if strangers := len(found.keys() - answers.keys()):
        cli.say(f"{path}: {strangers} of its {len(found)} ids are not in the tests; they are left out")
    if strangers == len(found):
        raise UserError(f"{path}: none of its ids is in the test set; was it made for another one?")
    return fixed(name, answers)


def _in_line(line: Record, where: str) -> Reply:
    """The answer in a line of a file. A sample of stage 08 has it under `prediction`; its text is read before its code."""
    is_sample = isinstance(line.get("prediction"), dict)
    given = {field: value for field, value in (line["prediction"] if is_sample else line).items() if isinstance(value, str)}
    if not given.keys() & {"code", "text"}:
        if is_sample and given.get("failure"):
            return Reject(NO_PREDICTION, given["failure"])
        raise UserError(f'{where} has neither "code" nor "text" (as text)')
    by_text = "text" in given and (is_sample or "code" not in given)
    answer = read_answer(given["text"]) if by_text else Prediction(given["code"])
    answer = replace(answer, **{field: given[field] for field in ("plan", "query", *["failure"] * is_sample) if field in given})
    return answer if answer.is_answer else Reject(NO_PREDICTION, answer.failure)


def read_answer(text: str, failure: str = "", prompt_tokens: int | None = None) -> Prediction:
    """A model's answer as code and plan."""
    parts = parse_answer(text)
    return Prediction(parts.code, text, failure, parts.plan or None, prompt_tokens=prompt_tokens)


def misused(args: argparse.Namespace) -> list[tuple[Any, str]]:
    """Return pairs: whether flags are given that would do nothing, and what is said then."""
    primer = "--no-primer" if args.primer is False else "--primer"
    kit = "--no-kit" if args.kit is False else "--kit"
    asking = {"--base-url": args.base_url, "--reasoning-effort": args.reasoning_effort, "--extra-body": args.extra_body,
              "--thinking": args.thinking, primer: args.primer is not None, "--constrained": args.constrained == "both",
              "--no-constrained": args.constrained == "no", "--use-all": args.use_all, "--shots": any(args.shots)}  # fmt: skip
    idle = ", ".join(flag for flag, value in asking.items() if value)
    served = args.base_url or any(map(address_of, args.model))
    return [
        (idle and not args.model, f"{idle}: how models are asked; it goes with --model"),
        (args.reasoning_effort and not served, "--reasoning-effort is for models of servers: it goes with --base-url or MODEL@URL"),
        (args.any_shot and not any(args.shots), "--any-shot says which --shots are drawn: it goes with these"),
        (args.human_labels and not args.judge, "--human-labels says how far a judge agrees with people: it goes with --judge"),
        (not args.judge and (args.judge_url or args.votes > 1), "--judge-url and --votes go with --judge"),
        (not args.teval and (args.as_program or args.embedder != NGRAMS), "--as-program and --embedder go with --teval"),
        (args.teval and (args.primer is not None or args.constrained == "both" or args.gold),
         f"--teval has tools of its own and no grammar: it goes with none of {primer}, --constrained both and --gold"),
        (not args.tasks and (args.samples or args.temperature is not None), "--samples and --temperature draw answers to --tasks"),
        (args.kit is not None and (not args.tasks or args.retrieve), f"{kit} goes with --tasks, and not with --retrieve"),
    ]  # fmt: skip


ADDRESS = re.compile(r"@(https?://.+)$")  # behind the name of a model that a server has


def named(text: str) -> tuple[str, str]:
    """(name, value) of `NAME=VALUE`; a bare value is named by the last part of its path, a served model by that of its own name."""
    name, equals, value = text.partition("=")
    if equals and "/" not in name:
        return name, value
    path = Path(ADDRESS.sub("", text))
    path = path if path.name else path.resolve()
    return path.stem if text.endswith((".jsonl", ".json")) else path.name, text


def models(args: argparse.Namespace, settings: Sequence[Setting]) -> list[System]:
    """The models that the flags name, each asked in each of these ways; the grammar makes no difference to a served one."""
    result = []
    for name, value in map(named, args.model):
        model, base_url = ADDRESS.sub("", value), address_of(value) or args.base_url
        for setting in settings:
            if base_url is None:
                result.append(local_model(name + setting.label, model, args, setting))
            elif setting.constrained or not any(other.constrained for other in settings):
                result.append(served_model(name + setting.label, model, args, setting, base_url))
    return result


def settings_of(args: argparse.Namespace, setting: Setting, primed: bool) -> Record:
    """Return what a system's answers depend on beside its model: it is kept of each system, as another run may ask others otherwise."""
    return {"max_new_tokens": args.max_new_tokens, "seed": args.seed, **({"primer": primer_id()} if primed else {}),
            **({"shots": [shot["id"] for shot in setting.shots]} if setting.shots else {})}  # fmt: skip


def address_of(value: str) -> str | None:
    """The address in `MODEL@ADDRESS`, None for a model that is loaded here or has that of --base-url."""
    found = ADDRESS.search(value)
    return found[1] if found else None


def local_model(name: str, model: str, args: argparse.Namespace, setting: Setting = UNDER_GRAMMAR) -> System:
    """A model of this machine; it is loaded when the first answer is due. Raises UserError if it was trained for another task."""
    model, adapter = pinned(model), args.adapter and pinned(args.adapter)
    task = prompt_notes(model, adapter).get("task", WHOLE.task)
    if task == TEVAL_TASK and not args.teval:
        raise UserError(f"{model}: stage 07 trained it on {task}, as its prompt.json says; --teval measures that")
    form = None if args.teval and not args.as_program else ANSWER_FORMS.get(task)
    primed = not args.teval and (not knows_the_language(model, adapter) if args.primer is None else args.primer)
    is_constrained = setting.constrained and not args.teval  # T-Eval's tools are not those of the dialect
    ask = partial(asked, primed=primed, form=form, shots=setting.shots)

    def answer(records: list[Record]) -> Replies:
        from common.decoding import changes, constrained, generation  # they load torch: seconds

        loaded, progress = load_writer(model, adapter, args.thinking), Progress(len(records))

        def count(generated: generation.Generation) -> None:
            progress.ended(generated.tokens)

        def texts(records: list[Record], sampling: Record) -> Iterator[generation.Generation]:
            prompts = map(ask, records)
            settings = {"max_new_tokens": args.max_new_tokens, "batch_size": args.batch_size, "on_end": count, **sampling}
            if not is_constrained:
                return generation.generate(*loaded, prompts, **settings)
            if records[0].get("task") == EDIT_TASK:
                plain = {"max_new_tokens": args.max_new_tokens, "temperature": 0.0, "top_p": 1.0, "seed": 0, "on_end": count}
                return (changes.generate_change(*loaded, ask(record), record["apis"], Catalog.load(), record["before"].count("\n"), **plain)
                        for record in records)  # fmt: skip
            apis = [record["apis"] for record in records]
            return constrained.generate(*loaded, prompts, apis, Catalog.load(), thought=(form or form_of(records[0])).plan,
                                        use_all=args.use_all, **settings)  # fmt: skip

        groups = [(key, [*group]) for key, group in groupby(records, lambda record: (sampling_of(record), form_of(record)))]
        made = chain.from_iterable(zip(group, texts(group, key[0]), strict=True) for key, group in groups)
        for record, generated in made:
            if generated.finished or generated.reason == TRUNCATED:
                tokens = len(chat.prompt_tokens(ask(record), loaded[1])) if setting.shots else None
                yield record, attempted(read_answer, generated.text, "" if generated.finished else TRUNCATED, tokens)
            else:
                yield record, Reject(generated.reason, "the prompt leaves no room for an answer in the model's context")

    weights = [path.stat() for folder in (model, adapter) if folder for path in sorted(Path(folder).glob("*.safetensors"))]
    state = [(stat.st_size, stat.st_mtime_ns) for stat in weights]
    thinking = (args.thinking,) if args.thinking else ()
    identity = repr((model, str(adapter), args.max_new_tokens, is_constrained, args.use_all, state, *thinking))
    return System(name, lambda record: identity + drawn(record) + repr(ask(record)), answer, primed=primed, model=adapter or model,
                  asked={"grammar": is_constrained, "use_all": args.use_all and is_constrained, "thinking": args.thinking,
                         **settings_of(args, setting, primed)})  # fmt: skip


def pinned(model: str) -> str:
    """Return a model's name with the commit that it stands for now; a folder's as it is. Raises UserError if there is none."""
    try:
        return hub.pinned(model)
    except UserError as error:
        if not (os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL")):
            raise
        raise UserError(f"{error}; for a model behind a server, name that with --base-url") from None


def served_model(name: str, model: str, args: argparse.Namespace, setting: Setting = UNDER_GRAMMAR,
                 base_url: str | None = None) -> System:
    """A model behind an OpenAI-compatible server (default: that of --base-url).

    A server does not say what its model was trained on: it gets the primer unless --no-primer. What it refused is asked again; with
    --overwrite nothing is taken from the cache.
    """
    primed, base_url = not args.teval and args.primer is not False, base_url or args.base_url
    ask, fresh = partial(asked, primed=primed, shots=setting.shots), {"cache": None} if args.overwrite else {}

    def open_writer() -> llm.Writer:
        return llm.open_named(args, model, base_url, temperature=0.0, extra=args.extra_body, retry_rejected=True, **fresh)

    def answer(records: list[Record]) -> Replies:
        writer = open_writer()

        async def work(record: Record) -> llm.CompletionResult:
            return await writer.ask(llm.Prompt("answer", ask(record)), max_tokens=args.max_new_tokens, **sampling_of(record))

        for record, outcome in writer.map(work, records):
            if isinstance(outcome, Reject):
                yield record, outcome
            else:
                tokens = outcome.usage.prompt_tokens if setting.shots else None
                yield record, attempted(read_answer, outcome.text, TRUNCATED if outcome.finish == "length" else "", tokens)

    def estimate(records: list[Record]) -> Record:
        writer = open_writer()

        async def work(record: Record) -> llm.CompletionResult:  # a dry run's writer gives a draft back: gold, in place of an answer
            prompt = llm.Prompt("refine", ask(record), facts={"draft": written("", record["reference"])})
            return await writer.ask(prompt, max_tokens=args.max_new_tokens, **sampling_of(record))

        for _ in writer.map(work, records):
            pass
        return writer.figures()

    identity = (model, base_url, args.max_new_tokens, *([args.extra_body] if args.extra_body else []))
    return System(name, lambda record: repr((*identity, ask(record))) + drawn(record), answer, primed=primed, estimate=estimate,
                  model=f"{model}@{base_url}", asked={"grammar": False, **({"extra_body": args.extra_body} if args.extra_body else {}),
                                               **settings_of(args, setting, primed)})  # fmt: skip
