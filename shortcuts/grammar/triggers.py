"""The rules of the dialect's grammar for a program with triggers: decorators, and the program as the body of `def shortcut():`.

They are Lark as llguidance reads it (see rules.py), and the second choice of `program` in rules.py. They do not express that a place to run
is named once, nor which parameters make a trigger another one (forms/triggers.py, `kind_of`).
"""

from __future__ import annotations

from shortcuts.forms import triggers
from shortcuts.grammar.rules import Keyword, keywords, quoted, rule


def trigger_rules(everything: bool) -> str:
    """Return the rule `automated` and those it needs. Unless `everything` is accepted, only triggers with a name are."""
    named: dict[tuple[Keyword, ...], list[str]] = {}
    for trigger in triggers.TRIGGERS:
        needed = trigger.needs if len(trigger.needs) == 1 else ()
        words = sorted((Keyword(key, "value", key in needed) for key in trigger.keys), key=lambda word: not word.required)
        named.setdefault(tuple(words), []).append(trigger.name)
    text, heads = "", []
    for number, (words, names) in enumerate(named.items()):
        heads.append(f'({" | ".join(quoted(f"@{name}(") for name in names)}) ' + (f"trigger_{number}::0x0" if words else '")"'))
        text += keywords(f"trigger_{number}", words) if words else ""
    for decorator, (keyword, enum, known) in triggers.ENUMS.items():
        heads += [quoted(f"@{decorator}({keyword}={enum}.{word})") for word in known]
    heads += [f'"@{triggers.GENERIC}(" STRING (")" | ", " unknown_words)'] if everything else []
    return text + rule("decorator", heads) + """
automated: (note_0 decorator "\\n")+ note_0 "def shortcut():\\n" automated_header? suite_1
automated_header: note_1 "    workflow(" header_words::0x0 "\\n"
"""
