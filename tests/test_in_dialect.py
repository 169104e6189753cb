"""Natural Python as a program of the dialect: what is stored, compared and trained on. `python -m pytest tests/test_in_dialect.py`"""

from __future__ import annotations

from pathlib import Path

import pytest

import shortcuts
from common import metrics
from common.excerpts import without_comments
from shortcuts import in_dialect

NATURAL = """# Ask who it is.
name = input('Who?')

for i in range(3):
    # Greet them,
    # each time.
    print(f'{i}: ' + name.upper())  # aloud
"""
EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


def test_natural_python_becomes_the_program_of_its_shortcut_with_the_comments_where_they_were() -> None:
    code = in_dialect(NATURAL)
    assert shortcuts.equivalent(shortcuts.to_shortcut(code), shortcuts.to_shortcut(NATURAL)) and in_dialect(code) == code
    lines = [line.strip() for line in code.splitlines()]
    assert lines[0] == "# Ask who it is." and "_ask(" in lines[1] and lines.count("# each time.") == 1 and "# aloud" not in code
    assert "_changecase(" in lines[lines.index("# each time.") + 1] or "_math(" in lines[lines.index("# each time.") + 1]


@pytest.mark.parametrize("path", EXAMPLES[:4], ids=lambda path: path.stem)
def test_a_program_of_the_dialect_is_returned_as_it_is(path: Path) -> None:
    code = "# A comment.\n" + path.read_text(encoding="utf-8")
    assert in_dialect(code) is code


@pytest.mark.parametrize("code", ["x = (", "while x: pass", "nonsense(3)", "", "\0"])
def test_what_does_not_compile_is_returned_as_it_is(code: str) -> None:
    assert in_dialect(code) is code


def test_a_line_of_a_text_is_no_comment() -> None:
    assert in_dialect("print(len('''a\n# b\n'''))").count("# b") == 1


def test_natural_python_scores_as_what_it_does_and_codebleu_reads_it_as_it_was_written() -> None:
    plain = shortcuts.rename(in_dialect(NATURAL), {})
    scores, same = metrics.score(plain, without_comments(NATURAL)), metrics.score(plain, plain)
    assert all(scores[key] == same[key] == 1 for key in ("api_f1", "order_f1", "graph_f1", "trace_match", "codebleu_strict", "compile"))
    assert scores["codebleu"] < 0.9
