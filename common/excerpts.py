"""Excerpts of programs for a model: numbered lines, long texts shortened, comments inserted by line.

Lines are counted as Python's parser counts them, unlike str.splitlines.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from typing import Any

SHOWN_LITERAL = 384  # characters of a literal that a model is shown, as in the paper
SHOWN_LINE = 2000  # characters of a line: a dictionary may hold hundreds of literals
LINE_ENDS = "\r\n"
# Control characters but white space, zero-width characters but the joiners of emoji and Indic scripts, and marks of direction.
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_UNSPACED = "\\u3040-\\u30ff\\u3400-\\u9fff\\uac00-\\ud7af"  # written without spaces: each character counts as a word
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")


def shorten(text: str, limit: int = SHOWN_LITERAL) -> str:
    """Return a text; of more than `limit` characters as `head … [N characters] … tail`, where N are left out."""
    head, tail = (limit + 1) // 2, limit // 2
    return text if len(text) <= limit else f"{text[:head]}… [{len(text) - head - tail} characters] …{text[len(text) - tail:]}"


class _Shorten(ast.NodeTransformer):
    def __init__(self, limit: int) -> None:
        self.limit = limit

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str) and len(node.value) > self.limit:
            return ast.copy_location(ast.Constant(shorten(node.value, self.limit)), node)
        if isinstance(node.value, bytes) and len(node.value) > self.limit:
            kept = shorten(node.value.decode("latin-1"), self.limit).replace("…", "...")
            return ast.copy_location(ast.Constant(kept.encode("latin-1")), node)
        return node


def shorten_code(code: str, limit: int = SHOWN_LITERAL) -> str:
    """Return a program with its long text and bytes literals shortened, and statements and comments on the same lines.

    Raises SyntaxError if it is not Python.
    """
    lines = [line.encode() for line in source_lines(code)]  # columns of syntax trees count bytes
    for node in sorted(_printed_whole(ast.parse(code)), key=lambda node: (node.lineno, node.col_offset), reverse=True):
        literals = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str | bytes)]
        if any(len(literal) > limit for literal in literals):
            start, end = node.lineno - 1, node.end_lineno - 1
            head, tail = lines[start][: node.col_offset], lines[end][node.end_col_offset:]
            lines[start: end + 1] = [head + ast.unparse(_Shorten(limit).visit(node)).encode() + tail, *[b"\n"] * (end - start)]
    return b"".join(lines).decode()


def _printed_whole(tree: ast.Module) -> Iterator[Any]:
    """Yield the nodes that can be reprinted without touching a block: simple statements, and the expressions in the heads of others."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.While)):
            yield node.test
        elif isinstance(node, ast.For):
            yield node.iter
        elif isinstance(node, ast.Match):
            yield node.subject
        elif isinstance(node, ast.match_case):
            yield node.pattern
        elif isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node


def statement_lines(code: str) -> list[int]:
    """Return the lines, from 1, on which a statement or a `case` begins, in order; reprinting does not change their number."""
    tree = ast.parse(code)
    return sorted({getattr(node, "pattern", node).lineno for node in ast.walk(tree) if isinstance(node, (ast.stmt, ast.match_case))})


def source_lines(code: str) -> list[str]:
    """Return the lines of a program, line ends included; str.splitlines would also cut at form feeds and U+2028."""
    return io.StringIO(code, newline="").readlines()


def numbered(code: str, first: int = 1, last: int | None = None, limit: int = SHOWN_LINE) -> str:
    """Return lines `first` to `last` of a program, each with its number and shortened to `limit` characters."""
    lines = enumerate(source_lines(code), start=1)
    return "\n".join(f"{number:4}  {shorten(line.rstrip(LINE_ENDS), limit)}"
                     for number, line in lines if first <= number <= (last or number))


def commented(code: str, comments: dict[int, str]) -> str:
    """Return a program with a `#` line above each commented line, indented like it."""
    lines = []
    for number, line in enumerate(source_lines(code), start=1):
        if number in comments:
            lines.append(f"{line[: len(line) - len(line.lstrip())]}# {one_line(comments[number])}")
        lines.append(line.rstrip(LINE_ENDS))
    return "\n".join(lines) + "\n" if lines else ""


def one_line(text: str) -> str:
    """Return a text on one line, without control characters, invisible characters and marks of direction."""
    return " ".join(_UNSEEN.sub("", text).split())


def word_count(text: str) -> int:
    """Return the number of words in a text; in scripts without spaces each character counts as one."""
    return len(_WORD.findall(text))
