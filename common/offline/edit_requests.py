"""Requests to change a shortcut, by rules: a verified edit (shortcuts/edit/operations) as a person would ask for it.

A step is named by what it does, and by its place among the steps that do just that; neither lines nor functions are mentioned. Each kind of
edit has several phrasings, drawn by a key.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from common.offline.baseline import draw
from common.prompts import query_problem
from shortcuts import apis_of, parse
from shortcuts.catalog import Catalog
from shortcuts.edit.operations import Edit
from shortcuts.explain.sentences import Prose, arguments_of, listed, spoken

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")  # of steps that do the same; more are not told apart
SHOWN = 60  # characters of a text
LONGEST = 600  # characters of a request

# Verbs that begin what an action does, for "the step that shows ...".
VERBS = frozenset("""
    add adjust append archive ask calculate change choose clear combine convert copy count create crop delete detect download encode extract
    fill filter find flip format generate get give hide join let log look make mask move open overlay pass pause pick play print put read
    record remove rename repeat replace reply resize rotate round run save say scan search select send set share show skip sort speak split
    start stop take tell toggle translate transcribe trim turn update upload use vibrate wait work write
""".split())

# {step}: "the step that shows 'Hi'"; {do}: "show 'Hi'"; {new}: what is new, as a clause or a value.
PHRASES: dict[str, tuple[str, ...]] = {
    "remove": ("Remove {step}.", "Leave out {step}.", "Take out {step}, I don't need it.", "Can you drop {step}?"),
    "remove instead": ("Remove {step} and use {instead} as it is.", "Leave out {step}; what comes after works with {instead} directly.",
                       "Skip {step} and go on with {instead} there."),
    "insert start": ("Before anything else, {new}.", "First of all, {new}.", "Let it {new} at the very beginning."),
    "insert end": ("At the very end, {new}.", "When everything else is done, {new}.", "Also {new} at the end."),
    "insert after": ("Right after {step}, {new}.", "Let it {new} directly after {step}.", "After {step}, also {new}."),
    "insert before": ("Before {step}, {new}, and use the result there.", "Let {step} work with another value: first {new}.",
                      "First {new}, and let {step} take that instead."),
    "value": ("Change the {label} of {step} from {old} to {new}.", "In {step}, make the {label} {new} instead of {old}.",
              "Use {new} as the {label} in {step}, not {old}."),
    "value choice": ("Call the choice {old} of {step} {new} instead.", "In {step}, rename the choice {old} to {new}."),
    "value prompt": ("Let {step} ask {new} instead of {old}.", "Change the question of {step} from {old} to {new}."),
    "value condition": ("In {step}, compare with {new} instead of {old}.", "Change the {old} in {step} to {new}."),
    "value count": ("Repeat {new} times instead of {old} in {step}.", "Make {step} do it {new} times, not {old}."),
    "value value": ("In {step}, use {new} instead of {old}.", "Change {old} to {new} in {step}."),
    "ask": ("In {step}, ask me {prompt} instead of always taking {old} as the {label}.",
            "Don't always use {old} as the {label} of {step}: ask me {prompt} right before, and take my answer.",
            "Let me enter the {label} of {step} each time, asking {prompt}; now it is always {old}."),
    "sibling": ("In place of {step}, {new}.", "Don't {do}; {new} instead.", "Replace {step}: {new} instead."),
    "condition": ("Do this only if {test}: {steps}.", "Only if {test}, go through {steps}.", "Go through {steps} only if {test}."),
    "choice": ("Ask me {prompt} before {steps}, with the choices {yes} and {no}, and do it only if I choose {yes}.",
               "Show a menu that asks {prompt} first: with {yes} go on to {steps}, with {no} do nothing there."),
    "repeat": ("Do this {count} times: {steps}.", "Repeat {steps} {count} times.", "Go {count} times through {steps}."),
    "each": ("Do {step} for each item of {value} by itself.", "Go through the items of {value} one by one, and let {step} take just one.",
             "Instead of all of {value} at once, let {step} run for each item of it."),
    "unwrap if": ("Always do what is in {step}, without checking.", "Drop {step}, but keep what is done in it."),
    "unwrap for": ("Do what is in {step} just once.", "Don't repeat any more: what is in {step} happens once."),
    "unwrap match": ("Drop {step} and always do what the choice {choice} does.", "Don't show {step} any more, just do as for {choice}."),
    "reorder": ("Do {then} before {first}.", "Swap {first} and {then}.", "{then}, please, before {first}."),
    "reorder choices": ("In {step}, put the choice {first} before {then}.", "Offer {first} before {then} in {step}."),
    "split": ("Split {step} in two: first with {first}, then with {second}.", "Make two of {step}: one with {first}, one with {second}."),
    "split into": ("Put {first}, the beginning of {step}, into a text of its own, and use that there.",
                   "In {step}, take {first} out into a separate text before it, and begin with that one."),
    "merge": ("Make one step of {first} and {then}, with both texts below one another.", "Combine {first} and {then}: both texts at once, "
              "the second on a new line."),
    "merge into": ("Write the text of {first} directly into {then}, and drop the separate text.",
                   "I don't need {first} apart: put its text where {then} uses it."),
    "rename": ("Call {old} {new} instead.", "Rename {old} to {new} wherever it is used.", "{old} should be called {new}."),
}  # fmt: skip


def edit_request(edit: Edit, catalog: Catalog, key: str) -> str | None:
    """Return the request for an edit, None where words cannot tell what is meant."""
    teller = _Teller(edit, catalog)
    kind, fields = WORDS[edit.kind](teller)
    if any(value is None for value in fields.values()):
        return None
    phrases = PHRASES[kind]
    said = phrases[draw(key, len(phrases))].format(**fields)
    said = said[0].upper() + said[1:]
    apis = {*apis_of(edit.before), *apis_of(edit.after)}
    return said if len(said) <= LONGEST and query_problem(said, apis) is None else None


@lru_cache(maxsize=4)  # a program has many edits
def _statements(code: str, catalog: Catalog) -> tuple[dict[int, ast.stmt], dict[int, str], Counter[str]]:
    """Return the statements of a program by line, what each does, and how many do just that.

    The parameters that stand in brackets behind it are told only where it is not alone without them.
    """
    prose = Prose(catalog, names="“{}”", shown=SHOWN)
    nodes = {node.lineno: node for node in ast.walk(parse(code)) if isinstance(node, ast.stmt)}
    long = {line: clause(node, prose) for line, node in sorted(nodes.items())}
    short = Counter(map(without_details, long.values()))
    told = {line: brief if short[brief := without_details(said)] == 1 else said for line, said in long.items()}
    return nodes, told, Counter(told.values())


def clause(node: ast.stmt, prose: Prose) -> str:
    """Return what a statement does, as "show 'Hi'"."""
    value = getattr(node, "value", None)
    if isinstance(node, ast.Expr) and isinstance(value, ast.Constant | ast.JoinedStr):
        return f"add a comment that says {prose.value(value)}"
    is_action = isinstance(node, ast.Assign) and isinstance(value, ast.Call) and prose.api(value) is not None
    said = tidy(re.sub(r"\bthe person\b", "me", prose.action(value) if is_action else prose.statement(node)))  # type: ignore[arg-type]
    return said[0].lower() + said[1:] if said[1:2].islower() or said[1:2] == " " else said


class _Teller:
    """Says what the statements of an edit's program are."""

    def __init__(self, edit: Edit, catalog: Catalog) -> None:
        self.edit, self.given, self.catalog = edit, edit.given, catalog
        self.prose, self.whole = Prose(catalog, names="“{}”", shown=SHOWN), Prose(catalog, names="“{}”", shown=LONGEST)
        self.nodes, self.told, self.counts = _statements(edit.before, catalog)

    def step(self, line: int) -> str | None:
        """Return a noun for a statement, None for one of many that do the same."""
        said = self.told[line]
        if self.counts[said] == 1:
            return self._noun(line, said, "")
        place = [other for other in self.told if self.told[other] == said].index(line)
        return self._noun(line, said, ORDINALS[place] + " ") if self.counts[said] <= len(ORDINALS) else None

    def _noun(self, line: int, said: str, which: str) -> str:
        node = self.nodes[line]
        if isinstance(node, ast.If):
            return f"the {which}check whether {said.removeprefix('if ')}"
        if isinstance(node, ast.For):
            return f"the {which}{said.partition(', called')[0]}"
        if isinstance(node, ast.Match):
            return f"the {which}{said.removeprefix('show a ')}"
        if said.startswith("add a comment that says "):
            return f"the {which}comment {said.removeprefix('add a comment that says ')}"
        verb, _, rest = said.partition(" ")
        return f"the {which}step that {third(verb)} {rest}".rstrip() if verb in VERBS else f"the {which}action “{said}”"

    def steps(self) -> str | None:
        """Return a noun for the statements that the edit is about."""
        nouns = [self.step(line) for line in self.edit.about]
        return listed([noun for noun in nouns if noun]) if all(nouns) else None

    def new(self) -> str:
        """Return what a new statement does."""
        return clause(parse(self.given["statement"]).body[0], self.prose)

    def value(self, key: str) -> str:
        """Return an expression among what is new in words, texts in quotes and whole."""
        return tidy(self.whole.value(parse(self.given[key]).body[0].value))  # type: ignore[attr-defined]

    def label(self) -> str:
        """Return the app's name of the parameter whose value changes."""
        node = self.nodes[self.edit.about[0]]
        api, key = self.prose.api(getattr(node, "value", node)), self.given["key"]
        parameter = api.parameter(key) if api else None
        return (parameter.label if parameter and parameter.label else spoken(key)).lower().removesuffix(" (optional)").rstrip("?:")


def without_details(said: str) -> str:
    """Return a clause without the parameters that stand in brackets behind it."""
    return re.sub(r" \(.*\)$", "", said)


def tidy(said: str) -> str:
    """Return words with whole numbers as people write them: 5 for 5.0."""
    return re.sub(r"(?<![\w.'])(\d+)\.0(?![\w.'])", r"\1", said)


def third(verb: str) -> str:
    """Return a verb in the third person: shows, searches, copies."""
    if re.search(r"(s|sh|ch|x|z|o)$", verb):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else f"{verb}s"


# ---------------------------------------------------------------------------------------------------------------------------------
# kinds


Words = tuple[str, dict[str, str | None]]  # a key of PHRASES, and its fields


def _remove(told: _Teller) -> Words:
    step = told.step(told.edit.about[0])
    return ("remove instead", {"step": step, "instead": told.value("instead")}) if "instead" in told.given else ("remove", {"step": step})


def _insert(told: _Teller) -> Words:
    where = told.given["where"]
    return f"insert {where}", {"new": told.new(), "step": told.step(told.edit.about[0]) if where in ("after", "before") else ""}


def _value(told: _Teller) -> Words:
    own = f"value {told.given['key']}" if f"value {told.given['key']}" in PHRASES else "value"
    return own, {"step": told.step(told.edit.about[0]), "old": told.value("old"), "new": told.value("new"), "label": told.label()}


def _ask(told: _Teller) -> Words:
    return "ask", {"step": told.step(told.edit.about[0]), "old": told.value("old"), "label": told.label(),
                   "prompt": repr(told.given["prompt"])}  # fmt: skip


def _sibling(told: _Teller) -> Words:
    line = told.edit.about[0]
    return "sibling", {"step": told.step(line), "new": told.new(), "do": told.told[line] if told.counts[told.told[line]] == 1 else None}


def _condition(told: _Teller) -> Words:
    test = tidy(told.prose.condition(parse(told.given["test"]).body[0].value))  # type: ignore[attr-defined]
    if "getter" in told.given:
        node = parse(told.given["getter"]).body[0]
        asked = arguments_of(node.value).get("WFAskActionPrompt")  # type: ignore[attr-defined]
        api = told.prose.api(node.value)  # type: ignore[attr-defined]
        found = f"the {api.result.name.lower()}" if api and api.result else "the result"
        whose = f"my answer to {told.prose.value(asked)} (ask me right before)" if asked else found
        test = test.replace(told.prose.named(node.targets[0].id), whose, 1)  # type: ignore[attr-defined]
    return "condition", {"test": test, "steps": told.steps()}


def _choice(told: _Teller) -> Words:
    return "choice", {"prompt": repr(told.given["question"]), "yes": repr(told.given["yes"]), "no": repr(told.given["no"]),
                      "steps": told.steps()}  # fmt: skip


def _unwrap(told: _Teller) -> Words:
    line = told.edit.about[0]
    kind = type(told.nodes[line]).__name__.lower()
    return f"unwrap {kind}", {"step": told.step(line), **({"choice": told.value("choice")} if kind == "match" else {})}


def _reorder(told: _Teller) -> Words:
    if "first" in told.given:
        return "reorder choices", {"step": told.step(told.edit.about[0]), "first": told.value("first"), "then": told.value("then")}
    return "reorder", {"first": told.step(told.edit.about[0]), "then": told.step(told.edit.about[1])}


def _split(told: _Teller) -> Words:
    own = "split into" if "into" in told.given else "split"
    return own, {"step": told.step(told.edit.about[0]), "first": told.value("first"), "second": told.value("second")}


def _merge(told: _Teller) -> Words:
    first, then = map(told.step, told.edit.about)
    return "merge into" if "into" in told.given else "merge", {"first": first, "then": then}


WORDS: dict[str, Callable[[_Teller], Words]] = {
    "remove": _remove, "insert": _insert, "value": _value, "ask": _ask, "sibling": _sibling, "condition": _condition, "choice": _choice,
    "repeat": lambda told: ("repeat", {"count": told.given["count"], "steps": told.steps()}),
    "each": lambda told: ("each", {"step": told.step(told.edit.about[0]), "value": told.value("value")}),
    "unwrap": _unwrap, "reorder": _reorder, "split": _split, "merge": _merge,
    "rename": lambda told: ("rename", {"old": told.value("old"), "new": told.value("new")}),
}  # fmt: skip
