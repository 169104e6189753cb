"""Which of several answers is taken, and what a model is told of its faults.

What can be told of an answer without running it decides, in this order:

    1. how far it gets   it compiles to a shortcut; it is Python, but no program of the dialect; it is no Python; it holds no program
    2. its faults        findings of `check`, needed APIs that it does not call, a plan that is missing: the fewer the better
    3. its loose ends    names that are read on a path which has not set them (`trace`); one real shortcut of twenty has some, too
    4. its place         of equals the earlier one: a model's first answer is its likeliest, and a repair has to be better to replace it

`annotating` is the course of one record: up to k candidates, then one repair of the best. It asks nobody itself, so that it is the same for
a model loaded here, whose questions are put in batches, and for a server, whose questions are put as they come:

    course = annotating(request, Settings(candidates=4, repair=True), sampling, catalog)
    question = next(course)
    question = course.send(Reply("Thought: ..."))     # and so on, until StopIteration, whose value is the finished fields
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import shortcuts
from common import prompts
from common.cli import Reject
from common.jsonl import Record
from common.llm import Usage
from common.llm.writer import Messages
from shortcuts.catalog import Catalog, call_name
from shortcuts.trace import trace

NOTHING, TEXT, PYTHON, SHORTCUT = range(4)  # how far an answer gets
REACH = "nothing", "text", "python", "shortcut"  # their names in a record
SHOWN_FAULTS = 20  # in a prompt: the first ones cause the rest


# ---------------------------------------------------------------------------------------------------------------------------------
# a judged answer


@dataclass(frozen=True)
class Draft:
    """An answer, taken apart and judged.

    `unused` are needed APIs that the program does not call, `loose` what `trace` finds, `shortcut` what it compiles to, if it does.
    """

    plan: str
    code: str  # as written, with its comments
    reach: int
    diagnostics: tuple[shortcuts.Diagnostic, ...]
    unused: tuple[str, ...]
    loose: tuple[shortcuts.Diagnostic, ...] = ()
    shortcut: Record | None = None

    @property
    def faults(self) -> int:
        """How many things are wrong with it."""
        return len(self.diagnostics) + len(self.unused) + (not self.plan)

    @property
    def flawless(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults and not self.loose

    @property
    def rank(self) -> tuple[int, int, int]:
        """What answers are compared by: more is better."""
        return self.reach, -self.faults, -len(self.loose)

    def verdict(self) -> Record:
        """What a record keeps of an answer that was not taken, too."""
        return {"reach": REACH[self.reach], "diagnostics": len(self.diagnostics), "unused": len(self.unused), "plan": bool(self.plan),
                "loose": len(self.loose)}  # fmt: skip

    def told(self) -> str:
        """Its faults as a model is told of them, each finding with the line it stands on; "nothing" where there are none."""
        lines = dict(enumerate(self.code.splitlines(), start=1))
        told = [f"line {finding.line}, `{prompts.shorten(lines[finding.line].strip(), 120)}`: {finding.message}"
                if finding.line in lines else finding.message for finding in (*self.diagnostics, *self.loose)]  # fmt: skip
        told += [f"{call_name(api)} is not called, and the request needs it" for api in self.unused]
        return "\n".join(told[:SHOWN_FAULTS] + ([] if self.plan else ["the plan is missing"])) or "nothing"

    def fields(self) -> Record:
        """What a record gets of it; `code` is the program printed anew without its comments, or as it is where it is no Python."""
        try:
            plain = shortcuts.rename(self.code, {}) if self.reach >= PYTHON else self.code
        except (ValueError, RecursionError):
            plain = self.code
        return {"plan": self.plan, "annotated_code": self.code, "code": plain,
                "diagnostics": [finding._asdict() for finding in self.diagnostics]}  # fmt: skip


def read(text: str, needed: Iterable[str], catalog: Catalog) -> Draft:
    """Take an answer apart and judge it."""
    return judged(*prompts.parse_answer(text), needed, catalog)


def judged(plan: str, code: str, needed: Iterable[str], catalog: Catalog) -> Draft:
    """Judge a plan and a program; `needed`: the APIs that the request cannot do without."""
    needed = [api for api in dict.fromkeys(needed) if api not in prompts.SYNTAX_APIS]
    if not code.strip():
        return Draft(plan, "", NOTHING, (shortcuts.Diagnostic(1, "no_code", "the answer holds no program"),), tuple(needed))
    findings, shortcut = shortcuts.review(code, catalog)
    called, reach = [], TEXT
    if shortcut is not None:
        called, reach = [action["WFWorkflowActionIdentifier"] for action in shortcut["WFWorkflowActions"]], SHORTCUT
    elif all(finding.code != "syntax" for finding in findings):
        called, reach = shortcuts.apis_of(code), PYTHON
    loose = trace(code).problems if reach == SHORTCUT else ()
    return Draft(plan, code, reach, tuple(findings), tuple(api for api in needed if api not in called), loose, shortcut)


def best(drafts: list[Draft]) -> int:
    """The place of the draft that is taken, by the order above."""
    return max(range(len(drafts)), key=lambda place: (*drafts[place].rank, -place))


# ---------------------------------------------------------------------------------------------------------------------------------
# the course of a record


class Settings(NamedTuple):
    """How much is asked for a record. `everything`: even where an answer has no fault, as a dry run must assume."""

    candidates: int = 1
    repair: bool = False
    everything: bool = False


class Question(NamedTuple):
    """What a model is asked: the conversation so far, how to sample, and the APIs (ids) that its answer may call."""

    task: str
    messages: Messages
    sampling: dict[str, Any]
    apis: tuple[str, ...]


class Reply(NamedTuple):
    """What it answered. `finish`: why it ended, where that is known; `failure`: there is no answer, and why."""

    text: str
    usage: Usage = Usage()
    finish: str | None = None
    failure: Reject | None = None


def annotating(record: Record, settings: Settings, sampling: Callable[[int], dict[str, Any]],
               catalog: Catalog) -> Generator[Question, Reply, tuple[Record, Draft]]:
    """Yields what to ask for a record and is sent the replies; returns (`plan`, `code` ... and `annotator`, the draft that was taken).

    `sampling(k)` are the settings of candidate k. No more candidates are asked for once one is flawless. `needed` in the record are APIs
    that the request cannot do without; without that field all of its `apis`. Raises the first failure if there is no answer at all.
    """
    chat, needed = prompts.chat(record["query"], record["apis"], catalog), record.get("needed", record["apis"])
    apis = tuple(record["apis"])
    drafts, replies = list[Draft](), list[Reply]()
    for number in range(settings.candidates):
        replies.append((yield Question("answer", chat, sampling(number), apis)))
        drafts.append(read(replies[-1].text, needed, catalog))
        if drafts[-1].flawless and not settings.everything:
            break
    if all(reply.failure for reply in replies):
        raise replies[0].failure or AssertionError("no candidate was asked for")
    chosen = best(drafts)
    draft, reply, usage = drafts[chosen], replies[chosen], sum_of(reply.usage for reply in replies)
    annotator: Record = {"prompt": prompts.prompt_id("answer"), "sampling": sampling(chosen)}
    if settings.candidates > 1:
        annotator |= {"candidates": [one.verdict() for one in drafts], "chosen": chosen}
    if settings.repair and (not draft.flawless or settings.everything):
        second = yield Question("repair", prompts.repair(chat, reply.text, draft.told()), sampling(0), apis)
        mended = read(second.text, needed, catalog)
        taken = mended.rank > draft.rank
        annotator["repair"] = {"prompt": prompts.prompt_id("repair"), "kept": "repair" if taken else "draft", **mended.verdict()}
        draft, reply, usage = mended if taken else draft, second if taken else reply, usage.plus(second.usage)
    annotator |= {**({"finish": reply.finish} if reply.finish else {}), **usage._asdict()}
    return {**draft.fields(), "annotator": annotator}, draft


def sum_of(usages: Iterable[Usage]) -> Usage:
    """What several answers took together."""
    total = Usage()
    for usage in usages:
        total = total.plus(usage)
    return total
