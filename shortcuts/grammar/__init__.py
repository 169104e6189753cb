"""The grammar of the programs that call given APIs, for decoding under constraints.

    text = grammar(["is.workflow.actions.url", "is.workflow.actions.openurl"], catalog)

accepts every program that to_python prints for a shortcut with these actions, with parameters in any order and `#` lines above statements.
It refuses calls of other APIs, parameters that an API does not have or that are given twice, values outside a closed enum, literals that
`check` calls wrong, and whatever Python cannot parse. The grammar is Lark as llguidance (and vLLM with it) reads it; see rules.py.

No rule per order is needed to refuse a parameter given twice: a rule of llguidance can carry a number, and each parameter sets one of its
bits.

Every accepted program compiles to a file, apart from the conditions that such a grammar cannot express: a name is bound before it is read
(`names` limits the names that are read) and not by a loop that has ended, or later in the program for `later()`; an output comes before
`previous_output()`; an API outside the catalogue gets no parameter twice, and a dictionary no key; the synonyms of a menu are those of its
cases, and what is left over in a test is not what the test compares with; a choice has a title, and a copied action the name of another
(`item()` and `UUID=` are in `everything` alone); every statement can be reached. A helper takes one unknown keyword, not two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from shortcuts import control_flow
from shortcuts.catalog import Catalog, Parameter, call_name
from shortcuts.forms import api_names
from shortcuts.forms.constants import DICTIONARY_FIELDS, LIST_FIELDS, LITERAL_ACTIONS
from shortcuts.forms.literals import wrong_literals
from shortcuts.grammar import changes, rules, triggers
from shortcuts.grammar.rules import MAX_BITS, Keyword, quoted, rule

DEPTH = 16  # levels of indentation; real shortcuts have up to 11
# Keys of every action that code may have; those of copied identities and stray markers are in transcriptions alone.
_SHARED = ("ShowWhenRun", "OpenWhenRun", "IntentAppDefinition", "AppIntentDescriptor", "IntentAppIdentifier")
_TRANSCRIBED = ("CustomOutputName", "GroupingIdentifier", "WFControlFlowMode")
# The kinds of literal of WRONG_LITERALS, with the rule of each.
_FORMS = {"str": "STRING", "text": "filled", "int": '"0" | "1"', "float": "NUMBER | infinite", "bool": '"True" | "False"',
          "list": "list", "dict": "plain_dict", "other": "variable | envelope"}  # fmt: skip
# The actions that make a literal that gets a name, with the rule of the literal.
_MADE_BY = {LITERAL_ACTIONS[kind][0]: form for kind, form in
            {"text": "text", "number": "NUMBER", "dict": "typed_dict", "list": "typed_list"}.items()}  # fmt: skip
_MATCHES_NOTHING = "READ: /a/ & /b/"  # a terminal that matches no text


def grammar(apis: Iterable[str], catalog: Catalog, *, depth: int = DEPTH, answer: bool = False, everything: bool = True,
            names: Iterable[str] | None = None, extra: Mapping[str, Iterable[str]] | None = None) -> str:
    """Return the grammar of the programs that call these APIs (ids), for llguidance.

    answer: a Thought and fences around the program, as a model's answer has them.
    everything: include the forms that only a transcription needs: raw actions, outputs that no action has, names that are bound later; and
        any number of comments instead of one above each statement.
    names: the only names that can be read; None for any.
    extra: parameters of an API (by id) that the catalogue lacks. An API outside the catalogue takes any.
    """
    known = frozenset((api, tuple(sorted((extra or {}).get(api, ())))) for api in apis)
    read = "NAME" if names is None else f"READ\n{rule('READ', map(quoted, sorted(names))) if names else _MATCHES_NOTHING}"
    start = "start: PLAN program FENCE\n" if answer else "start: program\n"
    return f"%llguidance {{}}\n{start}read: {read}\n{_rules(known, catalog, depth, everything)}"


def change_grammar(apis: Iterable[str], catalog: Catalog, length: int) -> str:
    """Return the grammar of the changes (shortcuts/edit) to a program of `length` lines whose new lines call these APIs (ids)."""
    known = frozenset((api, ()) for api in apis)
    return f"%llguidance {{}}\nstart: change\n{changes.change_rules(length, DEPTH)}read: NAME\n{_rules(known, catalog, 1, False)}"


@lru_cache(maxsize=256)
def _rules(known: frozenset[tuple[str, tuple[str, ...]]], catalog: Catalog, depth: int, everything: bool) -> str:
    """Return the rules that do not depend on `answer` and `names`, cached: masks ask for them line by line."""
    callable_ = sorted((api, extra) for api, extra in known if api not in control_flow.KINDS)
    values = _Values(everything)
    names = [f"call_{number}" for number in range(len(callable_))]
    calls = [_call_rules(name, api, extra, catalog, everything, values) for name, (api, extra) in zip(names, callable_)]
    ids = " | ".join(quoted(repr(api)) for api, _ in callable_)
    raw = [f'"raw_action(" ({ids}) ", " plain_dict (", extra=" plain_dict)? ")"'] if everything and ids else []
    called = ["call"] if names else []
    made = [form for api, form in _MADE_BY.items() if api in dict(known)]
    lists = [made.pop(made.index("typed_list"))] if "typed_list" in made else []  # appended to a list, one would become part of it
    return "".join([
        rule("call", [*names, *raw]) if names else "", *calls, values.rules(),
        rule("step", ["text", 'NAME " = " assigned', 'NAME " += [" appended (", " appended)* "]"', *called]),
        rule("assigned", ['"[]"', "appended", *lists, *called]),
        rule("appended", ["variable", '"previous_output()"', '"None"', *made]),
        rules.fixed_rules(depth, everything), triggers.trigger_rules(everything),
    ])  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# APIs


class _Values:
    """The rules of parameters' values, one for all parameters that accept the same forms."""

    def __init__(self, everything: bool) -> None:
        self._everything = everything
        self._names: dict[tuple[str, ...], str] = {}
        self._enums: dict[tuple[str, ...], str] = {}

    def name(self, parameter: Parameter) -> str:
        """Return the name of the rule of a parameter's value."""
        wrong, _ = wrong_literals(parameter)
        forms = {kind: form for kind, form in _FORMS.items() if kind not in wrong}
        if "words" in wrong:
            forms["str"] = "NUMERAL"
        if parameter.enum and not parameter.open_enum:
            forms["str"] = self._enums.setdefault(parameter.enum, f"ENUM_{len(self._enums)}")
            if not self._everything:  # apps choose a case or a variable; where a model may begin a text, it writes past every case
                forms.pop("text", None)
        if parameter.key in DICTIONARY_FIELDS:
            forms["dict"] = "typed_dict | as_is"
        if parameter.key in LIST_FIELDS and "list" in forms:
            forms["list"] = "typed_list"
        return self._names.setdefault(tuple(forms.values()), f"value_{len(self._names)}")

    def rules(self) -> str:
        """Return the rules: a value, or the question that asks for it when the shortcut is imported."""
        text = ""
        for forms, name in self._names.items():
            text += rule(name, [f"{name}_own", f'"ask_on_import(" (ask_words::0x0 | {name}_own ask_words_more::0x0)'])
            text += rule(f"{name}_own", forms)
        return text + "".join(rule(name, (quoted(repr(value)) for value in enum)) for enum, name in self._enums.items())


def _call_rules(name: str, api_id: str, extra: tuple[str, ...], catalog: Catalog, everything: bool, values: _Values) -> str:
    """Return the rules of the calls of one API."""
    is_callable = api_names.is_callable(api_id, catalog)
    written = quoted(call_name(api_id) + "(" if is_callable else f"action({api_id!r}")
    api = catalog.get(api_id)
    if api is None:
        return f"{name}: {written} " + ('(")" | unknown_words)\n' if is_callable else '(")" | ", " unknown_words)\n')
    shared = (*extra, *_SHARED, *(_TRANSCRIBED if everything else ()))
    parameters = [*api.parameters, *(Parameter(key, "any") for key in shared if api.parameter(key) is None)]
    needed = {parameter.key for parameter in api.parameters if parameter.required} - {api.input_key}
    words = [Keyword(parameter.key, values.name(parameter), parameter.key in needed) for parameter in parameters]
    words += [Keyword("UUID", "NAME")] if everything else []
    words.sort(key=lambda word: not word.required)
    text = rules.keywords(f"{name}_words", words[:MAX_BITS])
    return f"{name}: {written} {name}_words{'' if is_callable else '_more'}::0x0\n{text}"
