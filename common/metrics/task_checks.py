"""The checks of a task's world: what a run must have done, and what it must not.

    {"told": "9.60"}                                                     the person saw, heard or got a text that contains it
    {"told": {"number": 9.6}}                                            ... a text with this number in it
    {"effect": "sent", "with": {"to": "+44 20", "text": "late"}}         an effect of this kind, whose parts fulfil conditions
    {"effect": ["shown", "notified"], "times": 2}                        of one of these kinds, and how often (default: once or more)
    {"after": ["files", "Log.txt"], "is": {"equals": "a\\nb"}}            a part of the world after the run
    {"after": ["reminders"], "has": {"Title": "milk"}, "times": 1}       records of the world after the run that fulfil all conditions
    {"order": [check, check]}                                            effects, in this order
    {"any": [check, check]}                                              one of them at least
    {"asked": {}}                                                        a question, a menu or a list of choices, with this in it
    {"declined": {"matches": "pulse|heart"}}                             a sentence that says that something cannot be done, and what

A condition is a text that must be contained, a number that must occur, or an object, all of whose keys must hold: `contains`, `lacks`,
`equals`, `matches` (texts or lists of them: all; case does not count, nor white space but in `matches`), `number` with `within` (default
0.005), `date` (the beginning of an ISO date), `digits` (all of a phone number's, but zeros before the first other one), `seconds` (of a
duration), `any` (one condition of several), `gone` (there is no such value). Where more than twenty numbers are said, none counts.

`unwanted` finds what the run did on the outside though no check of `must` speaks of it: texts may be shown that nobody asked for, but
nothing may be sent, deleted, created, saved, set, moved, shared, uploaded, logged, or given to a server by a request. An address gives
a server what it holds of the world, unless the world has an answer for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from shortcuts.machine import Effect, Outcome, World, convert, members
from shortcuts.machine.actions.web import answer
from shortcuts.machine.registry import MISSING
from shortcuts.machine.values import File, Quantity, Record, Unknown, Untold

Check = Mapping[str, Any]
Condition = Any  # a text, a number, or an object of the forms above

TOLD = ("shown", "notified", "spoken")
ASKING = frozenset("is.workflow.actions." + name for name in (
    "ask", "choosefrommenu", "choosefromlist", "dictatetext", "selectcontacts", "file.select", "selectphoto", "alert"))  # fmt: skip
# Effects that a run may only have where `must` or `may` speaks of them.
CONSEQUENCES = frozenset(("sent", "called", "deleted", "created", "saved", "set", "moved", "shared", "uploaded", "logged", "ran"))
HARMLESS = frozenset(("GET", "HEAD"))  # requests that only read; another one tells a server something, or changes it
# The parts of a world that belong to the person, and the letters and digits from which on a text of them is no word by chance.
PERSONAL = "input", "clipboard", "answers", "answers_to", "files", "contacts", "reminders", "events", "notes", "health", "stored", "device"
TELLING = 4
# The effects that change a part of the world, so that a check of that part speaks of them: the verb, what it concerns, and where two parts
# share that, its text. Deleting is always spoken of by itself.
CHANGES = {"files": {"saved path", "created folder", "moved"}, "stored": {"set stored"}, "device": {"set setting"},
           "notes": {"created note", "saved to note"}, "reminders": {"created reminder", "set reminder"},
           "events": {"created event", "set event"}, "contacts": {"created contact", "set contact"}, "health": {"logged sample"},
           "photos": {"saved to Photos"}}  # fmt: skip
# What names the file, the stored value or the setting that an effect changes: a check of one speaks of no other.
NAMED_BY = {"saved": ("path",), "moved": ("file", "to"), "created": ("folder",), "set": ("stored", "setting")}
INSIDE = {"set": "."}  # what stands between a name and one inside it: the keys of a stored value; else folders
# Words for what cannot be done. "Does not" counts with a word for ability alone: "you don't need to" follows what was done.
CANNOT = re.compile(
    r"\b(?:(?:can(?:not|['’]?t)|can not|could(?: not|n['’]t))(?! (?:go wrong|wait|miss|hurt|fail|help|be (?:easier|simpler|better)))"
    r"|unable|impossible|un(?:available|supported)|beyond what"
    r"|(?:is|are) ?n(?:o|['’])t (?:something|(?:an?|any) (?:[\w-]+ ){0,2}(?:actions?|way|means|functions?))|lacks?"
    r"|(?:action|function|way) (?:\w+ ){0,3}is missing"
    r"|(?:do|does|is|are|has) ?n(?:o|['’])t (?:\w+ly )?(?:have(?! to)|come|got|support|allow|offer|provide|expose|give|let|exist|permit"
    r"|able|possible|available|accessible|know|reach|include|work)"
    r"|not (?:possible|supported|available|able|offered|exist|accessible)|none of the (?:actions|functions)"
    r"|no (?:[\w-]+ ){0,2}(?:action|way|means|access|function|such|api|permission)|only the person"
    r"|(?:kann|können|lässt|lassen|geht) (?:\w+ ){0,6}?nicht|nicht (?:möglich|erlaubt|machbar|unterstützt|verfügbar|vorgesehen)|unmöglich"
    r"|keine? (?:\w+ )?(?:aktion|möglichkeit|weg)"
    r"|(?:ne|n['’]) ?(?:peut|peux|peuvent|permet|permettent|existe)|(?:pas|aucune?) (?:possible|moyen|action|d['’]action)"
    r"|no (?:se )?(?:puede|pueden|puedo|es posible)|imposible|non (?:è possibile|si può|può|possono|posso)|impossibile)\b"
    r"|不能|无法|不支持|できません|できない|不可能",
    re.IGNORECASE)  # fmt: skip
# What stands before such a word, in the same clause, where that is but feared: "if it is not available, …".
CONDITION = re.compile(r"\b(?:if|unless|in case|falls|wenn|sobald|s['’]ils?|si|lorsque|quand|cuando|quando)\b|如果|もし"
                       r"|^\W*(?:when(?:ever)?|should)\b|\bwhen(?:ever)?(?=(?:\W+\w+){0,3}\W*$)",  # not of what happened before
                       re.IGNORECASE)  # fmt: skip
CLAUSE_END = re.compile(r"[,;:，；：]")
# Words that claim success, and those that take it back.
CLAIM = re.compile(r"\b(?:done|success\w*|worked|completed|all set|erledigt|geschafft|geklappt|fait|réussi|hecho|listo|fatto)\b|完成|成功",
                   re.IGNORECASE)  # fmt: skip
DENIED = re.compile(r"\b(?:not|\w+n['’]t|nothing|never|nichts?|kein\w*|pas|rien|nada|niente)\b", re.IGNORECASE)
# Where a sentence ends. A line alone ends none: a title belongs to its text.
SENTENCE_END = re.compile(r"(?<=[.!?])[\"'’”»)]*\s+|(?<=[。！？])|\n\s*(?=\n|[-*•#]|\d+[.)])")
NUMBER = re.compile(r"(?<![\w.,])[-−]?\d+(?:[.,]\d+)*")
GROUPED = r"-?(\d+|[1-9]\d{{0,2}}([{0}]\d{{3}})+)([{1}]\d+)?"  # a number whose thousands and fraction have these marks
WITHIN = 0.005  # of a number, where a condition says nothing
MANY = 20  # numbers; who says more of them has not said which


@dataclass(frozen=True)
class Run:
    """A run as the checks read it: the outcome in its world, and the prose around the program with the remarks in it."""

    outcome: Outcome
    world: World
    prose: str = ""

    def texts(self, value: Any) -> list[str]:
        """Return what a value is as text: its own text, its items', its fields'. Nothing for an unknown."""
        return list(dict.fromkeys(_texts(value, self.world.place)))

    def told(self) -> list[str]:
        """Return the texts that the person saw, heard, or got as the output."""
        effects = [effect for effect in self.outcome.effects if effect.verb in TOLD]
        parts = [[text for part in effect.what.values() for text in self.texts(part)[:1] if text] for effect in effects]
        texts = [text for each in parts for text in dict.fromkeys(["\n".join(each), *each])]  # a title and a body: together, and each
        if self.outcome.end in ("output", "exited") and self.outcome.output is not None:
            texts += self.texts(self.outcome.output)[:1]
        return texts

    def after(self, path: Sequence[str]) -> Any:
        """Return a part of the world after the run."""
        head, *rest = path
        before = self.world.whole_device if head == "device" else getattr(self.world, head)
        changed = self.outcome.changes.get(head)
        value = before if changed is None else {**before, **changed} if head == "device" else changed
        for key in rest:
            value = members.at_key(value, key, self.world.place) if key not in value else value[key]
            if value is None:
                return None
        return value

    def says(self) -> Iterator[str]:
        """Yield what the program says to the person: questions, and all that it tells."""
        for step in self.outcome.steps:
            if step.action in ASKING:
                yield from (text for value in step.inputs.values() for text in self.texts(value)[:1])
        yield from self.told()


def _texts(value: Any, place: Any) -> Iterator[str]:
    if isinstance(value, Unknown) or value is None:
        return
    if isinstance(value, datetime):
        yield value.isoformat()
    if isinstance(value, bool):
        yield str(value).lower()
    if isinstance(value, Record):
        yield "\n".join(text for part in value.fields.values() for text in list(_texts(part, place))[:1])
    if isinstance(value, File):
        yield value.name
    try:
        yield convert.text(value, place)
    except Untold:
        pass
    if isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, place)


# ---------------------------------------------------------------------------------------------------------------------------------
# conditions


def fulfils(condition: Condition, texts: Sequence[str]) -> bool:
    """True if one of the texts fulfils a condition. No text fulfils `gone`, and nothing else."""
    if isinstance(condition, str):
        return any(_plain(condition) in _plain(text) for text in texts)
    if isinstance(condition, bool):
        return any(text == str(condition).lower() for text in texts)
    if isinstance(condition, int | float):
        condition = {"number": condition}
    if "number" in condition and any(len(_numbers(text)) > MANY for text in texts):
        return False
    if "gone" in condition:
        return not any(text.strip() for text in texts)
    if "any" in condition:
        return any(fulfils(one, texts) for one in condition["any"])
    return any(all(_FORMS[form](text, wanted, condition) for form, wanted in condition.items() if form != "within") for text in texts)


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").casefold().split())


def _each(wanted: str | Sequence[str]) -> Sequence[str]:
    return [wanted] if isinstance(wanted, str) else wanted


def _has_number(text: str, wanted: float, within: float) -> bool:
    return any(abs(number - wanted) <= within for number in _numbers(text))


def _numbers(text: str) -> set[float]:
    """Return the numbers of a text; its marks group thousands or begin a fraction, so 1,250 is two, one of either language."""
    return {float(found.replace(grouping, "").replace(point, ".")) for found in NUMBER.findall(text.replace("−", "-"))
            for grouping, point in ((",", "."), (".", ",")) if re.fullmatch(GROUPED.format(grouping, point), found)}  # fmt: skip


def _seconds(text: str) -> float | None:
    """Return the seconds of a duration, such as `25 min`."""
    found = re.fullmatch(r"([0-9.]+) (\w+)", text)
    return convert.seconds(Quantity(float(found[1]), found[2])) if found else None


_FORMS = {
    "contains": lambda text, wanted, _: all(_plain(part) in _plain(text) for part in _each(wanted)),
    "lacks": lambda text, wanted, _: not any(_plain(part) in _plain(text) for part in _each(wanted)),
    "equals": lambda text, wanted, _: any(_plain(part) == _plain(text) for part in _each(wanted)),
    "matches": lambda text, wanted, _: all(re.search(part, text, re.IGNORECASE) for part in _each(wanted)),
    "number": lambda text, wanted, whole: all(_has_number(text, one, whole.get("within", WITHIN))
                                              for one in (wanted if isinstance(wanted, list) else [wanted])),
    "seconds": lambda text, wanted, _: _seconds(text) == wanted,
    "date": lambda text, wanted, _: text.startswith(wanted),
    "digits": lambda text, wanted, _: re.sub(r"\D", "", text).lstrip("0") == wanted,
}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# checks


def holds(check: Check, run: Run) -> bool:
    """True if a run fulfils a check."""
    kind = next(kind for kind in _CHECKS if kind in check)
    return _CHECKS[kind](check, run)


def _told(check: Check, run: Run) -> bool:
    texts = run.told()
    return bool(texts) and fulfils(check["told"], [*texts, "\n".join(texts)])


def fits(check: Check, effect: Effect, run: Run) -> bool:
    """True if an effect is of a check's kind and fulfils its conditions."""
    return effect.verb in _each(check["effect"]) and all(
        fulfils(condition, run.texts(_part(effect.what, path))) for path, condition in check.get("with", {}).items())  # fmt: skip


def _part(what: Mapping[str, Any], path: str) -> Any:
    if path == "*":
        return list(what.values())
    head, _, rest = path.partition(".")
    value = what.get(head)
    return value.get(rest) if rest and isinstance(value, Record | dict) else value


def _effect(check: Check, run: Run) -> bool:
    return _often(check, sum(fits(check, effect, run) for effect in run.outcome.effects))


def _often(check: Check, times: int) -> bool:
    return times == check["times"] if "times" in check else times > 0


def _after(check: Check, run: Run) -> bool:
    value = run.after(check["after"])
    if "is" in check:
        return fulfils(check["is"], _state_texts(value, run))
    records = [item for item in value or () if isinstance(item, Record)]
    return _often(check, sum(all(fulfils(condition, run.texts(item.get(label))) for label, condition in check["has"].items())
                             for item in records))  # fmt: skip


def _state_texts(value: Any, run: Run) -> list[str]:
    """Return a part of the world as text; a file is its contents."""
    if isinstance(value, File) and value.data is not None:
        return [convert.text(value, run.world.place)]
    texts = run.texts(value)
    return texts[:1] if isinstance(value, list | tuple) else texts


def _order(check: Check, run: Run) -> bool:
    effects = iter(run.outcome.effects)
    return all(any(_fits_told(one, effect, run) for effect in effects) for one in check["order"])


def _fits_told(check: Check, effect: Effect, run: Run) -> bool:
    return fits({"effect": TOLD, "with": {"*": check["told"]}} if "told" in check else check, effect, run)


def _asked(check: Check, run: Run) -> bool:
    if not check["asked"] and run.outcome.end == "cancelled":
        return True
    questions = [step.inputs.values() for step in run.outcome.steps if step.action in ASKING]
    said = ([text for value in question for text in run.texts(value)] for question in questions)
    return any(not check["asked"] or fulfils(check["asked"], texts) for texts in said)


def _declined(check: Check, run: Run) -> bool:
    """True for a refusal that names what is refused, in its sentence or one beside it, where nothing that is shown claims success."""
    for sentences in map(SENTENCE_END.split, run.told()):
        if any(map(_claims, sentences)) and not any(map(_says_cannot, sentences)):
            return False
    said = list(run.says())
    for sentences in map(SENTENCE_END.split, (*said, "\n".join(said), run.prose)):
        for place, sentence in enumerate(sentences):
            beside = [other for other in sentences[max(0, place - 1):place + 2] if not _claims(other)]
            if _says_cannot(sentence) and fulfils(check["declined"], [" ".join(beside)]):
                return True
    return False


def _claims(sentence: str) -> bool:
    return bool(CLAIM.search(sentence)) and not _denies(sentence)


def _denies(sentence: str) -> bool:
    return bool(DENIED.search(sentence) or CANNOT.search(sentence))


def _says_cannot(sentence: str) -> bool:
    """True if a sentence says that something cannot be done, and not only what happens if it cannot."""
    for clause in CLAUSE_END.split(sentence):
        found = CANNOT.search(clause)
        if found and not CONDITION.search(clause[:found.start()]):
            return True
    return False


_CHECKS = {"told": _told, "effect": _effect, "after": _after, "order": _order, "asked": _asked, "declined": _declined,
           "any": lambda check, run: any(holds(one, run) for one in check["any"])}  # fmt: skip


def unwanted(must: Sequence[Check], may: Sequence[str], run: Run) -> Effect | None:
    """Return an effect on the outside of which no check of `must` and no kind of `may` speaks, or None."""
    checks = list(_flat(must))
    for effect in run.outcome.effects:
        if _is_consequence(effect, run) and _kinds(effect).isdisjoint(may) and not _is_moved_on(effect, run):
            if not any(_covers(check, effect, run) for check in checks):
                return effect
    return None


def _is_consequence(effect: Effect, run: Run) -> bool:
    if effect.verb == "requested":
        return effect.what.get("method") not in HARMLESS or any(_tells(text, run) for text in run.texts(effect.what.get("url")))
    return effect.verb in CONSEQUENCES


def _tells(address: str, run: Run) -> bool:
    """True for an address that holds a text of the person's; not for a link that is one itself, or that the world has an answer for."""
    own = [_words(text) for part in PERSONAL for leaf in _leaves(getattr(run.world, part)) for text in run.texts(leaf)]
    said = _words(unquote_plus(address))
    return answer(run.world.http, address) is MISSING and not any(said in text for text in own) and any(
        text in said and len(text.replace(" ", "")) >= TELLING for text in own)  # fmt: skip


def _words(text: str) -> str:
    return " ".join(["", *re.findall(r"\w+", text.casefold()), ""])


def _leaves(value: Any) -> Iterator[Any]:
    """Yield what stands in lists, dictionaries and records, at any depth."""
    value = value.fields if isinstance(value, Record) else value
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else None
    if parts is None:
        yield value
    else:
        for part in parts:
            yield from _leaves(part)


def _is_moved_on(effect: Effect, run: Run) -> bool:
    """True for a file that was saved to be moved: it counts where it ends."""
    return effect.verb == "saved" and any(
        other.verb == "moved" and other.what["file"] == effect.what.get("path") for other in run.outcome.effects)  # fmt: skip


def _covers(check: Check, effect: Effect, run: Run) -> bool:
    return _speaks_of(effect, check["after"]) if "after" in check else "effect" in check and fits(check, effect, run)


def _kinds(effect: Effect) -> set[str]:
    said = {f"{effect.verb} {key} {value}" for key, value in effect.what.items() if isinstance(value, str)}
    return {effect.verb, *(f"{effect.verb} {key}" for key in effect.what), *said}


def _speaks_of(effect: Effect, after: Sequence[str]) -> bool:
    """True if an effect changes the part of the world that a check reads, or what is around it or in it."""
    part, *names = after
    changed, mark = _named(effect), INSIDE.get(effect.verb, "/")
    concerns = not names or not changed or any(
        f"{one}{mark}".startswith(f"{other}{mark}") for name in changed for one, other in ((names[0], name), (name, names[0])))  # fmt: skip
    return concerns and not _kinds(effect).isdisjoint(CHANGES.get(part, ()))


def _named(effect: Effect) -> list[str]:
    return [effect.what[key] for key in NAMED_BY.get(effect.verb, ()) if isinstance(effect.what.get(key), str)]


def _flat(checks: Sequence[Check]) -> Iterator[Check]:
    for check in checks:
        yield check
        yield from _flat(check.get("any", ()))
        yield from _flat(check.get("order", ()))
