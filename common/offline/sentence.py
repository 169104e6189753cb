"""A program for a plain English sentence, by rules: what `05_annotate.py --query` writes where no model is at hand.

    understood("remind me to water the plants if no rain is forecast", Catalog.load()).program

    Weather_Conditions = is_workflow_actions_weather_forecast()
    if 'rain' not in Weather_Conditions:
        New_Reminder = is_workflow_actions_addnewreminder(WFCalendarItemTitle='water the plants')

A rule is a phrase and the actions that say the same. A sentence is understood only if phrases cover every word of it; else there is no
program, and `missing` names the words that no phrase covers: a wrong guess may delete, send or switch off something. The phrases stand in
phrases.py. Others want a model.
"""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from common.offline import phrases, times
from shortcuts import to_python, to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.forms.identifiers import NameAllocator

LONGEST = 400  # characters of a sentence that the rules read
MOST = 30  # clauses of one; each is read with those before it
CUT = re.compile(r"(?:,? (?:and then|then|after that|and)\b|,)\s+", re.I)  # between the clauses of a sentence
POLITE = re.compile(r"((?:please |(?:can|could|would) you (?:please )?|i(?: want|['’]d like|would like) (?:you )?to |"
                    r"(?:i (?:want|need)|make|create|build|write)(?: me)? a shortcut (?:that |to |which )(?:can |will )?)*)"
                    r"(.*?)((?:,? (?:please|for me|(?<!from )now))*)([ .!?]*)", re.I)  # fmt: skip
END = re.compile(r"(?<![ap]\.m)[.;!?]\s+(?!(?:otherwise|else|if not)\b)", re.I)
CONDITION = re.compile(r"(.*?)(?:^| )(if|unless) (.+)", re.I)
OTHERWISE = re.compile(r"(?:[,;.])? (?:otherwise|else|if not),? ", re.I)
ALONE = re.compile(r"\b(?:when|whenever|every|each (?:day|morning|evening|night|week)|at night|as soon as)\b", re.I)
ANY = " lorem"  # a word that no rule knows: it can follow only within a text
SWITCH = re.compile(r"(?:turn|switch) (?:on|off) |(?:en|dis)able |set ", re.I)  # also said of a second thing: "turn off wifi and bluetooth"


class Understood(NamedTuple):
    """The program that a sentence asks for, or None and the words that no rule covers."""

    program: str | None
    missing: tuple[str, ...] = ()

    def problem(self) -> str:
        """Return one line for a person: what is not understood, and what to do; "" if nothing is missing."""
        if not self.missing:
            return ""
        alone = "a shortcut does not start by itself (the app's automations do that); " if any(map(ALONE.search, self.missing)) else ""
        words = ", ".join(f"'{part}'" for part in self.missing)
        return (f"not understood: {words}; {alone}without a model only simple English sentences are: name one with --model or --base-url, "
                "or say it more simply, texts in quotes")


class State(NamedTuple):
    """A program as far as it is written: its lines, the name of the last result, "" if there is none, and the number of results."""

    lines: tuple[str, ...] = ()
    last: str = ""
    unused: bool = False  # nothing has used the last result yet
    results: int = 0

    def used(self) -> State:
        """Return the state after the last result was used."""
        return self._replace(unused=False)

    def shown(self, ends: bool = False) -> State:
        """Return the state with the last result shown, if nothing has used it; an answer only where the program `ends` with asking."""
        asked = next((place for place, line in enumerate(self.lines, 1) if line.startswith(f"{self.last} = ~ask(")), 0)
        if not self.unused or asked and not (ends and asked == len(self.lines)):
            return self
        return self._replace(lines=(*self.lines, f"~showresult(Text={self.last})"), unused=False)

    def write(self, code: str) -> State:
        """Return the state after more lines of code; one that begins with "= " makes a new result, and {last} is the one before."""
        state = self
        for line in code.splitlines():
            state = state.used() if "{last}" in line else state
            line = line.replace("{last}", state.last)
            if line.startswith("= "):
                kind = "image" if phrases.MAKES_IMAGE.search(line) else "any" if phrases.MAKES_ANY.search(line) else "text"
                before, name = state.shown(), f"{kind}_{state.results + 1}"
                state = State((*before.lines, f"{name} {line}"), name, True, state.results + 1)
            else:
                state = state._replace(lines=(*state.lines, line))
        return state


def understood(text: str, catalog: Catalog) -> Understood:
    """Return the program of a sentence, in the form in which real shortcuts are written, or the words that no rule covers."""
    said = " ".join(text.split())
    found = POLITE.fullmatch(said) if len(said) <= LONGEST else None
    head, sentence, tail, mark = found.groups() if found else ("", "", "", "")
    if not sentence or len(CUT.split(sentence)) > MOST or phrases.reveal(sentence) != sentence:
        return Understood(None, (said[:60] or "an empty sentence",))
    state, missing = State(), list[str]()
    parts = sentences(phrases.hide_quoted(sentence), "" if "you" in head.lower().split() else mark)
    for place, (part, mark) in enumerate(parts, start=1):
        before, (state, more) = state, request(part, state)
        if not more and is_open(part, before, state):
            more = [tail.strip(" ,")] if tail and place == len(parts) else []
            state = state if more else request(part + mark, before)[0]
        missing += more
    code = "\n".join(state.shown(ends=True).lines)
    missing += [f"what the answer to {prompt} is for" for prompt in unread(code)] if not missing else []
    if missing:
        return Understood(None, tuple(dict.fromkeys(map(phrases.reveal, missing))))
    return Understood(to_python(to_shortcut(named(code, catalog)))[0])


def sentences(text: str, mark: str) -> list[tuple[str, str]]:
    """Return the sentences of a text, each with the ! or ? at its end, the last with that of `mark`; "Otherwise …" is no new one."""
    cuts = [(0, 0), *(found.span() for found in END.finditer(text)), (len(text), len(text))]
    marks = [*(text[start] for start, _ in cuts[1:-1]), mark]
    return [(text[start:end], re.sub("[^!?]", "", at)) for (_, start), (end, _), at in zip(cuts, cuts[1:], marks)]


def is_open(text: str, before: State, after: State) -> bool:
    """True if a sentence ends in a text without quotes, so that more words, or a mark, could be part of it."""
    more, missing = request(text + ANY, before)
    return not missing and "\n".join(more.lines).replace(repr(phrases.hide(ANY))[1:-1], "") == "\n".join(after.lines)


def unread(code: str) -> list[str]:
    """Return the prompts whose answers nothing in a program uses."""
    asked = re.findall(r"(\w+) = ~ask\(WFAskActionPrompt='(.*?)'[,)]", code)
    return [ast.literal_eval(f"'{prompt}'") for name, prompt in asked if len(re.findall(rf"\b{name}\b", code)) == 1]


def request(text: str, state: State) -> tuple[State, list[str]]:
    """Return the state after a sentence, and what is not understood in it."""
    found = CONDITION.fullmatch(text)
    if found is None:
        return clauses(text, state)
    before, word, after = found.groups()
    if before:  # "do this if …"
        (test, *other), body = OTHERWISE.split(after, maxsplit=1), before.rstrip(" ,")
    else:  # "if …, do this"
        test, body, *other = divided(after)
    tested = condition(test, State(results=state.results), negated=word.lower() == "unless")
    missing = [] if tested and body.strip() else [f"{word} {test}"]
    lines, inside = [*state.shown().lines, *(tested.lines if tested else ())], tested or state
    for place, part in enumerate((body, *other)):
        inside, more = clauses(part, State(results=inside.results))
        lines += [*(["else:"] if place else []), *("    " + line for line in inside.shown(ends=True).lines)]
        missing += more
    return State(tuple(lines), results=inside.results), missing


def divided(text: str) -> list[str]:
    """Return the test, what to do, and if it is said what to do otherwise, of the text after "if"."""
    text, *other = OTHERWISE.split(text, maxsplit=1)
    places = [match.span() for match in re.finditer(r",? then |, | ", text)]
    places.sort(key=lambda span: text[span[0] : span[1]] == " ")  # without a comma, where the words before are a test
    commas = [span for span in places if text[span[0]] == ","]
    start, end = next((span for span in places if condition(text[: span[0]], State())), (commas or [(len(text), len(text))])[0])
    return [text[:start], text[end:], *other]


def condition(text: str, before: State, negated: bool = False) -> State | None:
    """Return the state that ends in the `if` of a test, or None if no rule covers it."""
    for pattern, code in phrases.CONDITIONS:
        if (found := pattern.fullmatch(text.strip(" ,"))) and (state := filled(code, found, before)):
            *lines, test = state.lines
            if negated:
                said = next(words for words in phrases.OPPOSITES if words in test)
                test = test.replace(said, phrases.OPPOSITES[said])
            return State((*lines, f"if {test}:"), results=state.results)
    return None


def clauses(text: str, state: State) -> tuple[State, list[str]]:
    """Return the state after clauses that follow each other, and those that are not understood.

    The longest that is one is taken, if no part of it behind an "and" is one of its own.
    """
    ends = [(match.start(), match.end()) for match in CUT.finditer(text)] + [(len(text), len(text))]
    start, missing, verb = 0, list[str](), ""
    while start < len(text):
        for end, following in reversed([span for span in ends if span[0] > start]):
            said, parts = text[start:end], [text[inner:end] for _, inner in ends if start < inner < end]
            if any(action(part, state._replace(last="it")) for part in parts):
                continue
            if after := action(said, state) or action(verb + said, state):
                state, verb, start = after, found[0] if (found := SWITCH.match(verb + said)) else "", following
                break
        else:
            end, following = next(span for span in ends if span[0] > start)
            missing.append(uncovered(text[start:end], state))
            state, start = state._replace(last="it", unused=False), following  # what follows may be about it
    return state, missing


def action(text: str, state: State) -> State | None:
    """Return the state after the action that a clause says, or None if no rule covers all of it."""
    for pattern, code in phrases.ACTIONS:
        if (found := pattern.fullmatch(text)) and (after := filled(code, found, state)):
            return after
    return None


def uncovered(text: str, state: State) -> str:
    """Return what no rule covers of a clause: the words after the longest beginning that is understood, or all.

    What says when, at its end, is named as a whole: of "in an hour" not the hour alone.
    """
    words, when = text.split(" "), times.SAYS_WHEN.search(text)
    last = len(text[: when.start()].split(" ")) if when else len(words) - 1
    for count in range(last, 0, -1):
        if action(" ".join(words[:count]), state):
            return " ".join(words[count:])
    return text


def filled(code: str, found: re.Match[str], state: State) -> State | None:
    """Return the state after the lines of a rule, its slots filled; None if a slot cannot hold what is said, or a result is missing."""
    values = dict[str, str]()
    for place, said in found.groupdict().items():
        slot = place.rstrip("2")
        if said is None:
            continue
        if slot == "it":
            made = thing(said, state)
            state, value = made if made else (state, None)
        else:
            value = phrases.SLOTS[slot].value(said)
        if value is None or slot == "it" and not fits(value, code):
            return None
        values[slot] = value
    if "{last}" in code.partition("\n")[0] and not state.last:
        return None
    return state.write(re.sub(r"\{(\w+)\}", lambda slot: values.get(slot[1], slot[0]), code))


def fits(value: str, code: str) -> bool:
    """False for an image where an action works on texts, and for a text where one works on images; results' names begin with their kind."""
    kind = value.partition("_")[0]
    return not (kind == "image" and phrases.TAKES_TEXT.search(code) or kind == "text" and phrases.TAKES_IMAGE.search(code))


def thing(said: str, state: State) -> tuple[State, str] | None:
    """Return (the state after what makes the thing that is spoken of, its expression), or None if no rule knows it."""
    if phrases.PRONOUN.fullmatch(said):
        return (state.used(), state.last) if state.last else None
    if (text := phrases.quoted(said)) is not None:
        return state, text
    for pattern, code in phrases.THINGS:
        if (found := pattern.fullmatch(said)) and (after := filled(code, found, state)):
            return (after.used(), after.last) if code.startswith("= ") else (state, code)
    return None


def named(code: str, catalog: Catalog) -> str:
    """Return a program with the full names of its actions, and with the app's names for their results."""
    tree, names, allocator = ast.parse(code.replace("~", "is_workflow_actions_")), dict[str, str](), NameAllocator()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            api, target = catalog.by_name(node.value.func.id), node.targets[0]
            if isinstance(target, ast.Name):
                names[target.id] = allocator.take(api.result.name or api.title if api and api.result else "Result")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = phrases.reveal(node.value)
    return ast.unparse(tree)
