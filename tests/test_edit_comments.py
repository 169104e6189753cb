"""The comments of a program that is edited: `python -m pytest tests/test_edit_comments.py`."""

from __future__ import annotations

import ast
import io
import tokenize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortcuts.edit import carried

PROGRAM = """# top
a()  # beside a
b(
    # within b
    x=1,
)
if c:  # at the head
    # in the block
    d()
else:
    # in the other
    e()
match f:
    # of the case
    case 'g':
        '''# no comment'''
# end
"""
SAME = "a()\nb(x=1)\nif c:\n    d()\nelse:\n    e()\nmatch f:\n    case 'g':\n        '# no comment'\n"


def comments(code: str) -> list[str]:
    return sorted(token.string for token in tokenize.generate_tokens(io.StringIO(code).readline) if token.type == tokenize.COMMENT)


def test_each_comment_stands_above_its_statement() -> None:
    assert carried(PROGRAM, SAME) == (
        "# top\n# beside a\na()\n# within b\nb(x=1)\n# at the head\nif c:\n    # in the block\n    d()\nelse:\n    # in the other\n    e()\n"
        "match f:\n    # of the case\n    case 'g':\n        '# no comment'\n# end\n")  # fmt: skip


@pytest.mark.parametrize(("after", "expected"), [
    ("b()\na()\n", "b()\n# of a\na()\n"),  # moved
    ("new()\na(x=1)\nb()\n", "# of a\nnew()\na(x=1)\nb()\n"),  # written anew: the first of what stands there
    ("b()\n", "# of a\nb()\n"),  # gone
    ("", "# of a\n"),
    ("for _ in range(3):\n    a()\n    b()\n", "for _ in range(3):\n    # of a\n    a()\n    b()\n"),
])  # fmt: skip
def test_a_comment_goes_with_its_statement_or_stays_at_its_place(after: str, expected: str) -> None:
    assert carried("# of a\na()\nb()\n", after) == expected


def test_a_program_without_comments_is_left_alone() -> None:
    assert carried("a()\r\n", "b()") == "b()"


@given(st.lists(st.sampled_from(PROGRAM.split("\n")[6:9] + ["a()", "b() # same", "# one", "# two", "    # inside", "''''\n# text'''"]), max_size=9),
       st.lists(st.sampled_from(["a()", "b()", "if c:\n    d()", "'''\n# text'''"]), max_size=5))  # fmt: skip
def test_no_comment_is_lost_and_the_program_stays(before: list[str], after: list[str]) -> None:
    old, new = "\n".join(before), "".join(f"{line}\n" for line in after)
    try:
        ast.parse(old)
    except SyntaxError:
        return
    result = carried(old, new)
    assert ast.dump(ast.parse(result)) == ast.dump(ast.parse(new))
    assert comments(result) == comments(old)
