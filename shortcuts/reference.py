"""The reference of the dialect for people who write programs: docs/dialect.md, made from the signatures.

    python -m shortcuts.reference > docs/dialect.md
"""

from __future__ import annotations

from collections.abc import Iterable

from shortcuts.catalog import Catalog
from shortcuts.forms import constants, signatures, triggers
from shortcuts.forms.literals import WRONG_LITERALS
from shortcuts.forms.signatures import Signature
from shortcuts.natural import differences, examples
from shortcuts.syntax.errors import WARNINGS
from shortcuts.transcription import to_shortcut

HEAD = """# The dialect: Python that is a shortcut

Made from shortcuts/forms/signatures.py by `python -m shortcuts.reference > docs/dialect.md`; a test compares the two.

A program is a list of statements, each of which is an action of a shortcut or a block of actions. It is read, never run. Much of everyday
Python is understood, too: see [below](#natural-python). Any other form is an error: `python -m shortcuts check FILE.py` names the line and
the form to use, `python -m shortcuts write FILE.py` compiles.

    workflow(types=['Watch'], input_types=['WFURLContentItem'])
    answer = is_workflow_actions_ask(WFAskActionPrompt='How many?', WFInputType='Number')
    names = []
    for name in shortcut_input():
        if answer > 3 and 'a' in name.Name:
            names += [name]
        elif is_today(name.property('Creation Date', 'WFFileCreationDate')):
            is_workflow_actions_notification(WFNotificationActionBody=f'{name} is new')
    match menu('What next?'):
        case 'Copy':
            is_workflow_actions_setclipboard(WFInput=names)
        case 'Nothing':
            pass

`python -m shortcuts search WORDS` finds actions, `python -m shortcuts show NAME` prints the parameters of one.
"""
TITLES = {"Workflow": "The shortcut as a whole", "Blocks": "Blocks and conditions", "Variables": "Variables", "Values": "Values"}

DIFFERS = """Each form of the table is run by CPython and in the machine on the same inputs (tests/test_natural_means_python.py); they give
the same, but for what the app cannot say. A program in the calls of actions alone keeps the dialect's meaning.
"""
NATURAL = f"""What Python programmers write becomes actions, too: `python -m shortcuts write --show` prints what a program became. Here
{examples.WORDS}.
A nested call becomes an action of its own on a line before, a function of the program its steps where it is called; `import` is left out.

- An index counts from 0, and a range ends before its end, as in Python. `x[0]` is an item, unless x is known to be a text: `str(x)[0]`.
  `len(x)` of a value that is not known is an error: `len(str(x))`, `len(list(x))`.
- Behind `and` and `or` an action runs only where Python would get to it. A `break` lets the other rounds do nothing.
- `+` is a sum where a side is known to be a number, a text where one is known to be a text; where neither is known, it is an error.
- `if n:` tests a number that Python made against 0; a True is a 1, a False a 0. Of other values it tests whether there is one, so a
  False in a dictionary needs `== True`. A list in a list becomes part of it.
- A request gives what it gets, whatever its status. A path of a file begins in the folder Shortcuts of iCloud Drive.
"""


def page() -> str:
    """Return the page, in Markdown."""
    parts = [HEAD, "## Statements\n", _table("Python", "shortcut", ((f"`{code}`", words) for code, words in signatures.STATEMENTS))]
    for chapter in signatures.CHAPTERS:
        rows = ((f"`{_shown(form)}`", form.words) for form in signatures.stated(chapter).values())
        parts += [f"## {TITLES[chapter.__name__]}\n", _table("call", "what it stands for", rows)]
    methods = ((f"`.{_shown(form)}`", form.words) for form in signatures.METHODS.values())
    parts += ["## Parts of a variable\n", "`x['key']` is a value of a dictionary, `x.Name` a property.\n"]
    parts += [_table("after a variable", "what it stands for", methods)]
    made = ((f"`{name}()`", _spaced(kind)) for name, kind in constants.GLOBALS.items())
    parts += ["## Values that no action makes\n", _table("call", "in the app", made)]
    parts += ["## A variable as another type\n", _listed(f"{name}(x)" for name in constants.COERCIONS)]
    parts += ["## Values in an envelope of their own\n", _listed(f"{name}(x)" for name in constants.SIMPLE_ENVELOPES)]
    parts += ["## Natural Python\n", NATURAL, _table("Python", "actions", _natural())]
    parts += ["### Where it differs from Python\n", DIFFERS, "\n".join(f"- {words}" for words in differences.DIFFERENCES) + "\n"]
    parts += ["## Triggers (OS 27)\n", "They start a shortcut by itself: decorators above `def shortcut():`, whose body is the program.\n"]
    parts += [_listed(f"@{name}" for name in triggers.BY_NAME)]
    parts += ["## Operators of a filter's rules\n", _listed(map(repr, constants.RULE_OPERATORS))]
    parts += ["## Literals that a parameter takes\n", "Its type stands in the catalogue. A variable fits every type.\n"]
    parts += [_table("type", "takes", ((kind, advice) for kind, (_, advice) in WRONG_LITERALS.items()))]
    parts += [f"Warnings are {', '.join(f'`{code}`' for code in sorted(WARNINGS))}; every other finding is an error.\n"]
    return "\n".join(parts)


def _natural() -> Iterable[tuple[str, str]]:
    """Yield each example of natural Python with the titles of the actions that it becomes."""
    catalog = Catalog.load()
    for example in examples.all_examples():
        code = examples.program(example)
        before = sum(line in examples.NAMES.values() for line in code.splitlines())
        actions = to_shortcut(code)["WFWorkflowActions"][before:]
        titles = dict.fromkeys(catalog[action["WFWorkflowActionIdentifier"]].title for action in actions)
        yield f"`{' '.join(example.split())}`".replace("|", r"\|"), ", ".join(titles)


def _spaced(kind: str) -> str:
    return "".join(f" {c}" if c.isupper() else c for c in kind).strip()


def _shown(form: Signature) -> str:
    return str(form).replace(", /", "").replace("(/, ", "(").replace("(*, ", "(").replace("|", r"\|")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) + "\n"


def _table(left: str, right: str, rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join([f"| {left} | {right} |", "|---|---|", *(f"| {one} | {other} |" for one, other in rows)]) + "\n"


if __name__ == "__main__":
    print(page(), end="")
