"""The rules of the dialect's grammar for a program with triggers: decorators, and the program as the body of `def shortcut():`.

They are Lark as llguidance reads it (see grammar_forms.py), and stand apart: `program` in grammar_forms.py has them as its second choice.
What they do not say: that a place to run is named once, and which parameters make a trigger another one (triggers.py, `kind_of`).
"""

from __future__ import annotations

from shortcuts.forms import triggers
from shortcuts.grammar.rules import Keyword, keywords, quoted, rule


def trigger_rules(everything: bool) -> str:
    """The rule `automated` and those it needs. Where not everything can be written, triggers are those with a name."""
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
