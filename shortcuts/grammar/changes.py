"""The rules of a change (shortcuts/edit/changes.py) around those of statements, Lark as llguidance reads it (see rules.py).

A line of a change stands for itself: the grammar holds it to a form of the language, but does not know the lines around it. So it takes an
`else:` anywhere, two commands for one line, and a range whose end is before its start.
"""

from __future__ import annotations

from shortcuts.grammar.rules import quoted, rule

INDENT = 4  # spaces of a level


def change_rules(length: int, depth: int) -> str:
    """Return the rule `change`, of a change to a program of `length` lines, and those it needs. depth: levels of indentation."""
    numbers = [quoted(str(number)) for number in range(1, length + 1)] or [quoted("1")]
    heads = ['"if " test', '"elif " (test | "otherwise_if(" test ")")', '"else"', '"for " for_head', '"match " menu', '"case " STRING',
             '"case _ if item(" value? ")"', '"case _ if before()"']  # fmt: skip
    results = ('"if_result("', '"repeat_results("', '"menu_result("')
    return "".join([
        rule("change", ['command ("\\n" command)* "\\n"?']),
        rule("command", ['("replace " (span | "all") | "insert after " ("0" | LINE)) ("\\n" new)*', '"delete " span']),
        rule("span", ['LINE ("-" LINE)?']),
        rule("LINE", numbers),
        rule("new", ["INDENT? written"]),
        rule("written", ["step", '"pass"', "COMMENT", '"keep " span', '"workflow(" header_words::0x0', '"marker(" own', "menu", "decorator",
                         f'(NAME " = ")? ({" | ".join(results)}) own', *(f'{head} ":"' for head in heads)]),
        f"INDENT: /( {{{INDENT}}}){{1,{depth}}}/\n",
    ])  # fmt: skip
