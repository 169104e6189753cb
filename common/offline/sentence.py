"""A program for a plain sentence, by rules: what `05_annotate.py --query` writes where no model is at hand.

    program("remind me to water the plants if no rain is forecast", apis, Catalog.load())

    Weather_Conditions = is_workflow_actions_weather_forecast()
    if 'rain' not in Weather_Conditions:
        is_workflow_actions_addnewreminder(WFCalendarItemTitle='water the plants')

A sentence is cut into clauses. Each becomes the action whose words fit it best, with what the clause says as values: the text after "to"
or "saying", numbers, on and off, words of an enum. What an action works on is the result before it, or what the clause names. `if` and
`unless` become an If on what can be looked up, or else on the person's word. It reads simple sentences; the others want a model.
"""

from __future__ import annotations

import ast
import re

from common.offline.baseline import INPUT_KEYS
from common.prompts import SYNTAX_APIS
from shortcuts import to_python, to_shortcut
from shortcuts.catalog import Api, Catalog, Parameter
from shortcuts.catalog.search import STOPPED, index_of, stems
from shortcuts.forms.identifiers import NameAllocator
from shortcuts.syntax.nodes import assign, call, const, keywords_of_dict, name
from shortcuts.syntax.printer import unparse

QUOTED = re.compile(r"[\"“”«»]([^\"“”«»]+)[\"“”«»]|(?<!\w)['‘]([^'’]+)['’](?!\w)")
SAYING = re.compile(r"\b(?:saying|says|reading|with the (?:text|message))\s+(?:that\s+)?(.+)$", re.I)
NAMED = re.compile(r"\b(?:called|named|titled)\s+(.+)$", re.I)
ITEM = r"(?!(?:and|or)\b)[\w'’-]+(?: (?!(?:and|or)\b)[\w'’-]+){0,2}"
CHOICE = re.compile(rf"\bbetween\s+({ITEM}(?:, {ITEM})*,? (?:and|or) {ITEM}?)", re.I)
CLAUSE = re.compile(r"[.;!?]\s+|,?\s+(?:and then|then|after that|and)\s+|,\s+", re.I)
CONDITION = re.compile(r"\b(if|when|whenever|unless)\b\s+", re.I)
NEGATED = re.compile(r"\b(?:no|not|without|never|n't)\b|n['’]t\b|^unless\b", re.I)
NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(%|per\s?cent|[a-z]+)?", re.I)
COMPARISONS = {ast.Lt: r"below|under|less than|lower than|fewer than", ast.LtE: r"at most|up to", ast.GtE: r"at least",
               ast.Gt: r"above|over|more than|greater than|higher than|exceeds"}  # fmt: skip
UNITS = {"second": "sec", "minute": "min", "hour": "hr"}
PRONOUN = re.compile(r"\b(?:it|them|that|this|those|these|the result|the answer|the text)\b", re.I)
TEXT_KEYS = re.compile(r"Body|Content$|Message|Prompt|CalendarItemTitle|Title|Name$|^[tT]ext$|Text$|Query|Term|Expression")
WHEN = r"\s+(?:tomorrow|today|tonight|every|at (?:\d|night|noon)|on \w+day)\b.*$"
TAIL = re.compile(WHEN + r"|\s+(?:to|in|on|into|with) (?:my|the|an?) .*$", re.I)
WANTED = re.compile(r"^(?:tell me|show me|give me|let me know|what(?:['’]s| is| are)?|how)\b\s*", re.I)  # of something that is looked up
ENTERED = re.compile(r"(?:\bthe\s+|\ban?\s+)?([\w ]+?)\s+(?:that )?I (?:enter|type|give)\b", re.I)
LINK = re.compile(r"https?://\S+")
COMMON = stems("get find current show tell read take make create generate")  # words of titles and of clauses that tell no API from another
EFFECTS = frozenset("Add Append Copy Create Delete Edit Log Make Move New Open Play Post Remove Rename Run Save Send Set Start".split())
HEAD = 1.0  # what the first words of a clause, its verb, count beside all of it
NAMED_ENOUGH = 0.5  # of a title's words, for a phrase to mean it
SAYABLE = ("speaktext", "showresult", "searchweb", "alert", "notification", "setclipboard", "generatebarcode")  # whose input may be said
CONTEXT = 0.3  # what the whole sentence counts beside a clause: "find photos and delete them"
MARK = "\0"  # stands around the number of a part that is not to be cut
SWITCHES = ("OnValue", "state")  # parameters that are on or off
TAKES_ANYTHING = frozenset({"variable", "file", "any", "text", "number", "url", "list", "date"})
PICKED = frozenset({"location", "contact", "entity", "app"})  # types whose values only the person can pick
UNTOLD = frozenset({"tk"})  # sources: nobody has said what such an API does
RANK_OF_KEYS = "Body Message Content Prompt Title".split()  # of several texts, the one that a person would mean


def program(request: str, apis: list[str], catalog: Catalog) -> str:
    """The code for a request with these APIs, without comments; "" where no clause fits any of them."""
    usable = [catalog[api] for api in apis if api in catalog and api not in SYNTAX_APIS and not set(catalog[api].source) <= UNTOLD]
    body = _Reader(usable, catalog).request(" ".join(request.replace(MARK, " ").split()))
    if not body:
        return ""
    return to_python(to_shortcut(unparse(body)))[0]  # in the form in which real shortcuts are written


class _Reader:
    """Reads a sentence from left to right; `last` is the name of the last result."""

    def __init__(self, apis: list[Api], catalog: Catalog) -> None:
        self.apis, self.catalog, self.index = {api.id: api for api in apis}, catalog, index_of(catalog)
        self.names, self.last, self.on, self.whole = NameAllocator(), "", True, dict[str, float]()

    def request(self, text: str) -> list[ast.stmt]:
        """Statements for the whole, an If around what depends on one."""
        self.whole = self.index.scores(text)
        condition = CONDITION.search(text)
        if not condition:
            return self.shown(self.clauses(text))
        before, after = text[: condition.start()].strip(" ,"), text[condition.end():]
        if before:
            test_text, rest = after, before
        else:  # "if it rains, ...": without a comma there is no telling where the test ends
            test_text, _, rest = after.partition(",") if "," in after else after.partition(" then ")
        looked_up, test = self.test(test_text, bool(NEGATED.search(f"{condition[1]} {test_text}")))
        body = self.clauses(rest)
        return [*looked_up, ast.If(test, body, [])] if body else []

    def shown(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The statements, the result shown where the last of them only makes one."""
        last = body[-1] if body else None
        if isinstance(last, ast.Assign) and isinstance(last.value, ast.Call) and self.last:
            show = self.catalog.by_name("is_workflow_actions_showresult")
            made = self.catalog.by_name(last.value.func.id)  # type: ignore[attr-defined]
            if show and made and not _changes_something(made):
                body.append(ast.Expr(self.called(show, {"Text": name(self.last)})))
        return body

    def clauses(self, text: str) -> list[ast.stmt]:
        """Statements for clauses that follow each other; "between a and b" and what is quoted are not cut."""
        kept: list[str] = []

        def keep(match: re.Match[str]) -> str:
            kept.append(match[0])
            return f"{MARK}{len(kept) - 1}{MARK}"

        masked = CHOICE.sub(keep, QUOTED.sub(keep, text))
        body: list[ast.stmt] = []
        for part in CLAUSE.split(masked):
            while MARK in part:  # what is kept may hold what was kept before
                part = re.sub(f"{MARK}(\\d+){MARK}", lambda match: kept[int(match[1])], part)
            body += self.clause(part.strip(" ,.!?")) if part.strip(" ,.!?") else []
        return body

    def clause(self, text: str) -> list[ast.stmt]:
        """The action of a clause, and before it what makes its input."""
        if switch := re.search(r"\b(?:(on|enable)|off|disable)\b", text, re.I):
            self.on = bool(switch[1])
        wanted = WANTED.match(text)
        plain = NAMED.sub("", SAYING.sub("", QUOTED.sub("", text)))
        api = (self.best(plain[wanted.end():], makes=True) if wanted else None) or self.best(plain, head=True)
        if api is None:
            return []
        given, before = self.values(api, text), list[ast.stmt]()
        key = "Text" if api.id.endswith("showresult") else api.input_key
        if api.id.endswith("choosefromlist") and (choice := CHOICE.search(text)):
            items = [const(item.strip()) for item in re.split(r",|\b(?:and|or)\b", choice[1]) if item.strip()]
            before.append(self.kept(self.catalog["is.workflow.actions.list"], {"WFItems": ast.List(items, ast.Load())}))
        if key and key not in given and not said(text):
            before += [] if before else self.source(plain, api)
            given[key] = self.input(plain, api, key)
        return [*before, self.kept(api, given)]

    def source(self, text: str, api: Api) -> list[ast.stmt]:
        """What makes the input of a clause's action where the clause names it; nothing where it is the last result."""
        if entered := ENTERED.search(text):
            prompt = _capital(_object(entered[1], api) or entered[1])
            return [self.kept(self.catalog["is.workflow.actions.ask"], {"WFAskActionPrompt": const(f"{prompt}?")})]
        phrase = _object(text, api)
        found = None if self.last and PRONOUN.search(text) else self.best(phrase, getter=True, but=api.id)
        telling = stems(found.title) - COMMON if found else set()
        if found is None or len(telling & stems(phrase)) < (1 if self.last else NAMED_ENOUGH) * len(telling):
            return []
        return [self.kept(found, self.values(found, text, sourced=True))]

    def input(self, text: str, api: Api, key: str) -> ast.expr:
        """The last result; else what the clause says; else what the shortcut is given, or for a thing to be picked the person's choice."""
        parameter = api.parameter(key)
        if self.last:
            return name(self.last)
        phrase = TAIL.sub("", _object(text, api)).strip()
        if phrase and parameter and parameter.type == "text" and not PRONOUN.search(text) and api.id.endswith(SAYABLE):
            return const(_capital(phrase))
        return call("ask_each_time" if parameter is not None and parameter.type in PICKED else "shortcut_input")

    def best(self, text: str, getter: bool = False, makes: bool = False, head: bool = False, but: str = "") -> Api | None:
        """The API whose words fit a text best. It `makes` something; a `getter` makes it of nothing; its `head` says what to do."""
        scores = self.index.scores(text) if re.search(r"\w", text) else {}
        verb = self.index.scores(" ".join(text.split()[:2])) if head else {}
        fitting = [api for api in scores if api in self.apis and api != but and (not getter or _is_getter(self.apis[api]))
                   and (not makes or (self.apis[api].result and not _changes_something(self.apis[api])))]  # fmt: skip
        fit = {api: scores[api] + HEAD * verb.get(api, 0.0) + CONTEXT * self.whole.get(api, 0.0) for api in fitting}
        return self.apis[max(fit, key=lambda api: (fit[api], api))] if fit else None

    def test(self, text: str, negated: bool) -> tuple[list[ast.stmt], ast.expr]:
        """(what looks the condition up, the condition); the person is asked where nothing can be looked up."""
        source = self.best(text, getter=True)
        if source is None:
            prompt = const(f"{_capital(text.strip(' .'))}: yes or no?")
            asked = self.kept(self.catalog["is.workflow.actions.ask"], {"WFAskActionPrompt": prompt})
            return [asked], ast.Compare(name(self.last), [ast.NotEq() if negated else ast.Eq()], [const("yes")])
        before = [self.kept(source, self.values(source, "", sourced=True))]
        number = NUMBER.search(text)
        for operator, words in COMPARISONS.items():
            if number and re.search(words, text, re.I):
                return before, ast.Compare(name(self.last), [operator()], [_number(number[1])])
        plain = [word for word in re.findall(r"[^\W\d_]+", text) if not stems(word) <= STOPPED | stems(source.title)]
        if not plain:
            return before, ast.UnaryOp(ast.Not(), name(self.last)) if negated else name(self.last)
        return before, ast.Compare(const(plain[0]), [ast.NotIn() if negated else ast.In()], [name(self.last)])

    # -----------------------------------------------------------------------------------------------------------------------------
    # values

    def values(self, api: Api, text: str, sourced: bool = False) -> dict[str, ast.expr]:
        """The parameters that a clause gives. `sourced`: the clause is another action's, so that its texts are not meant."""
        given: dict[str, ast.expr] = {}
        words, numbers, link = stems(text) - {"set"}, list(NUMBER.finditer(LINK.sub("", text))), LINK.search(text)
        visible = [p for p in api.parameters if not Catalog.is_generic(p.key) and _is_shown(p, api)]
        for parameter in visible:
            if parameter.enum and parameter.type == "enum":
                fitting = [value for value in parameter.enum if stems(value) and stems(value) <= words and value != parameter.default]
                given |= {parameter.key: const(fitting[0])} if fitting else {}
            elif parameter.key in SWITCHES and parameter.type == "boolean":
                given[parameter.key] = const(self.on)
            elif link and "URL" in parameter.key and parameter.type in ("text", "url"):
                given[parameter.key] = const(link[0])
            elif parameter.type == "number" and numbers and not sourced and parameter.key != api.input_key:
                if UNITS.get((numbers[0][2] or "").lower().rstrip("s")) and not re.search("Time|Duration", parameter.key):
                    continue
                number = numbers.pop(0)
                share = number[2] and number[2][0] in "%pP" and isinstance(parameter.default, float) and parameter.default <= 1
                given[parameter.key] = const(float(number[1]) / 100) if share else _number(number[1])
        if api.id.endswith(".timer.start") and numbers and (unit := UNITS.get((numbers[0][2] or "").lower().rstrip("s"))):
            given["WFDuration"] = call("quantity", _number(numbers[0][1]), const(unit))
        key = _text_key(visible)
        if key and key != api.input_key and self.last and PRONOUN.search(text) and not said(text) and not api.input_key:
            given[key] = name(self.last)
        elif key and not sourced and key not in given and (value := said(text) or ("" if key == api.input_key else self.phrase(text, api))):
            given[key] = const(_capital(value))
        return given

    def phrase(self, text: str, api: Api) -> str:
        """What a clause says beside its verb, where that is a text and not something to look up."""
        if api.id.endswith(("showresult", "alert", "notification", "speaktext", "choosefromlist")):
            return ""
        phrase = TAIL.sub("", _object(text, api)).strip()
        return "" if PRONOUN.fullmatch(phrase) else phrase

    def called(self, api: Api, given: dict[str, ast.expr]) -> ast.Call:
        """A call, its required parameters given."""
        missing = {p.key: call("ask_each_time") for p in api.parameters if p.required and p.key not in given and p.key != api.input_key}
        return ast.Call(name(api.name), [], keywords_of_dict({**given, **missing}))

    def kept(self, api: Api, given: dict[str, ast.expr]) -> ast.stmt:
        """`name = api(…)`, the new last result."""
        expression = self.called(api, given)
        if api.result is None:
            return ast.Expr(expression)
        self.last = self.names.take(api.result.name or api.title)
        return assign(name(self.last, store=True), expression)


# ---------------------------------------------------------------------------------------------------------------------------------
# words


def _object(text: str, api: Api) -> str:
    """A clause without the words at its head that say what to do: "remind me to water the plants" is "water the plants"."""
    words, verbs = text.split(), stems(api.title) | stems(api.id.rsplit(".", 1)[-1]) | STOPPED | COMMON
    while words and (stems(words[0]) or {""}) <= verbs | {""}:
        words.pop(0)
    return " ".join(words)


def said(text: str) -> str:
    """What a clause quotes, or has after "saying" or "called"; "" where it does neither."""
    if quoted := QUOTED.search(text):
        return next(part for part in quoted.groups() if part)
    if saying := SAYING.search(text):
        return re.sub(WHEN, "", saying[1], flags=re.I).strip()
    named = NAMED.search(text)
    return TAIL.sub("", named[1]).strip() if named else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _text_key(parameters: list[Parameter]) -> str:
    """The parameter for the text that a clause says."""
    keys = [p.key for p in parameters if p.type in ("text", "url") and not p.enum and TEXT_KEYS.search(p.key)]
    rank = {key: next((place for place, word in enumerate(RANK_OF_KEYS) if word in key), len(RANK_OF_KEYS)) for key in keys}
    return min(keys, key=lambda key: (rank[key], keys.index(key)), default="")


def _is_shown(parameter: Parameter, api: Api) -> bool:
    """Whether the app shows a parameter while all the others have their defaults."""
    return all((next((p.default for p in api.parameters if p.key == key), None) in values) == (relation == "==")
               for key, relation, values in parameter.visible_when)  # fmt: skip


def _is_getter(api: Api) -> bool:
    """Whether an API gives something out of nothing."""
    needs = api.input_key or api.title.startswith("Get Details of") or any(p.required or p.key in INPUT_KEYS for p in api.parameters)
    return api.result is not None and not needs and not _changes_something(api)


def _changes_something(api: Api) -> bool:
    return api.title.split()[0] in EFFECTS if api.title else False


def _number(text: str) -> ast.expr:
    return const(float(text) if "." in text else int(text))
