"""Excerpts of programs for a model: numbered lines, long texts shortened, secrets masked, comments inserted by line.

Lines are counted as Python's parser counts them, unlike str.splitlines. Only what a writer is shown is masked; data stays as written.
"""

from __future__ import annotations

import ast
import copy
import io
import re
import tokenize
from collections.abc import Callable, Container, Iterator
from functools import lru_cache
from typing import Any

from common.scrub import LOOKS_RANDOM, PLACEHOLDER, SECRET, SECRET_NAME, scrub_text

SHOWN_LITERAL = 384  # characters of a literal that a model is shown, as in the paper
SHOWN_LINE = 2000  # characters of a line: a dictionary may hold hundreds of literals
# Characters of a literal and items of a list, dictionary, text or call in a line that would be too long otherwise, loosest first.
TIGHTER = (SHOWN_LITERAL, None), (SHOWN_LITERAL, 24), (192, 12), (96, 6), (48, 3), (24, 2)
DATA, MIXED = 100, 0.05  # fewest characters of base64 that are masked, and the share of capitals, small letters and digits that it has
_DATA = re.compile(r"(?:[A-Za-z0-9+/_-]{60,}={0,2}\s{0,2})+(?:[A-Za-z0-9+/_-]{8,}={0,2})?")  # lines, the last one shorter
_MARK = re.compile(rf"… \[[0-9]+ [a-z ]+\] …|{re.escape(PLACEHOLDER[SECRET])}")  # of what is left out
LINE_ENDS = "\r\n"
# Control characters but white space, zero-width characters but the joiners of emoji and Indic scripts, and marks of direction.
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_UNSPACED = "\\u3040-\\u30ff\\u3400-\\u9fff\\uac00-\\ud7af"  # written without spaces: each character counts as a word
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")


def shorten(text: str, limit: int = SHOWN_LITERAL) -> str:
    """Return a text; of more than `limit` characters as `head … [N characters] … tail`, where N are left out."""
    head, tail = (limit + 1) // 2, limit // 2
    return text if len(text) <= limit else f"{text[:head]}… [{len(text) - head - tail} characters] …{text[len(text) - tail:]}"


def masked(text: str) -> str:
    """Return a text as a writer is shown it: base64 as `… [N characters of data] …`, keys and tokens as a placeholder."""
    return scrub_text(_DATA.sub(_without_data, text), {SECRET})


def _without_data(found: re.Match[str]) -> str:
    text = found[0]
    shares = [sum(map(kind, text)) / len(text) for kind in (str.isupper, str.islower, str.isdigit)]
    is_hex = min(shares[2], max(shares[:2])) > MIXED and not re.search("[G-Zg-z]", text)
    is_data = len(text) >= DATA and (is_hex or min(shares) > MIXED)
    return f"… [{len(text)} characters of data] …" if is_data else text


# ---------------------------------------------------------------------------------------------------------------------------------
# programs with less in them


def shorten_code(code: str, limit: int = SHOWN_LITERAL) -> str:
    """Return a program with its long text and bytes literals shortened, and statements and comments on the same lines.

    Raises SyntaxError if it is not Python.
    """
    def shortened(node: Any, _: int) -> Any:
        literals = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str | bytes)]
        return _Shorten(limit).visit(node) if any(len(literal) > limit for literal in literals) else None

    return _reprinted(code, shortened)


@lru_cache(maxsize=4)
def shown_code(code: str, width: int = SHOWN_LINE, lines: tuple[int, ...] | None = None) -> str:
    """Return a program as a writer is shown it: secrets and data masked, long literals shortened, statements on the same lines.

    Where a line has more than `width` characters, items of its lists, dictionaries, texts and calls are left out, never parts of the code
    between them. With `lines` only those are changed. Raises SyntaxError if it is not Python.
    """
    def shown(node: Any, others: int) -> Any:
        before, whole = ast.unparse(node), _Mask().visit(node)
        node, text = whole, ast.unparse(whole)
        for literal, items in TIGHTER if len(text) > SHOWN_LITERAL or len(text) + others > width else ():
            node = _Shorten(literal, items).visit(copy.deepcopy(whole))
            text = ast.unparse(node)
            if len(text) + others <= width:
                break
        return node if text != before else None

    return _reprinted(code, shown, lines)


class _Shorten(ast.NodeTransformer):
    """Cuts literals of more than `limit` characters, and lists, dictionaries, texts and calls of more than `items` parts."""

    def __init__(self, limit: int, items: int | None = None) -> None:
        self.limit, self.items = limit, items

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str) and len(node.value) > self.limit:
            return ast.copy_location(ast.Constant(shorten(node.value, self.limit)), node)
        if isinstance(node.value, bytes) and len(node.value) > self.limit:
            kept = shorten(node.value.decode("latin-1"), self.limit).replace("…", "...")
            return ast.copy_location(ast.Constant(kept.encode("latin-1")), node)
        return node

    def generic_visit(self, node: Any) -> Any:
        if self.items is not None:
            if isinstance(node, ast.List | ast.Tuple | ast.Set):
                node.elts = self._some(node.elts, ast.Constant)
            elif isinstance(node, ast.Dict):
                pairs = self._some(list(zip(node.keys, node.values)), lambda text: (ast.Constant(text), ast.Constant(...)))
                node.keys, node.values = [key for key, _ in pairs], [value for _, value in pairs]
            elif isinstance(node, ast.JoinedStr):
                node.values = self._some(node.values, ast.Constant)
            elif isinstance(node, ast.Call):
                node.args = self._some(node.args, ast.Constant)
                node.keywords = self._some(node.keywords, lambda text: ast.keyword(None, ast.Constant(text)))
        return super().generic_visit(node)

    def _some(self, parts: list[Any], placeholder: Callable[[str], Any]) -> list[Any]:
        """Return the parts, or the first and last of too many with a placeholder between them."""
        items = self.items or 0
        head, tail = (items + 1) // 2, items // 2
        return parts if len(parts) <= items + 1 else [*parts[:head], placeholder(f"… [{len(parts) - items} more] …"), *parts[-tail:]]


class _Mask(ast.NodeTransformer):
    """Masks secrets and data in literals; a literal is also a secret by the key or parameter that it belongs to."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str) and (text := masked(node.value)) != node.value:
            return ast.copy_location(ast.Constant(text), node)
        if isinstance(node.value, bytes) and len(node.value) > DATA:
            return ast.copy_location(ast.Constant(f"... [{len(node.value)} bytes of data] ...".encode()), node)
        return node

    def visit_Dict(self, node: ast.Dict) -> Any:
        node.values = [_by_name(key.value, value) if isinstance(key, ast.Constant) else value for key, value in zip(node.keys, node.values)]
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> Any:
        node.value = _by_name(node.arg, node.value)
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> Any:
        if isinstance(node.targets[0], ast.Name) and SECRET_NAME.search(node.targets[0].id) and isinstance(node.value, ast.Call):
            for keyword in node.value.keywords:
                keyword.value = _by_name(node.targets[0].id, keyword.value, LOOKS_RANDOM)
        return self.generic_visit(node)


def _by_name(name: Any, value: ast.expr, form: re.Pattern[str] = re.compile(r"\S{6,}")) -> ast.expr:
    """Return a value, or a placeholder if its name says that it is a secret and it has the form of one."""
    named = isinstance(name, str) and SECRET_NAME.search(name) and isinstance(value, ast.Constant) and isinstance(value.value, str)
    return ast.Constant(PLACEHOLDER[SECRET]) if named and form.fullmatch(value.value) else value  # type: ignore[attr-defined]


def _reprinted(code: str, changed: Callable[[Any, int], Any], wanted: Container[int] | None = None) -> str:
    """Return a program with nodes as `changed(node, characters of its line beside it)` returns them; None leaves one as it is.

    With `wanted` only the nodes that begin on these lines are asked for.
    """
    lines = [line.encode() for line in source_lines(code)]  # columns of syntax trees count bytes
    for node in sorted(_printed_whole(ast.parse(code)), key=lambda node: (node.lineno, node.col_offset), reverse=True):
        if wanted is not None and node.lineno not in wanted:
            continue
        start, end = node.lineno - 1, node.end_lineno - 1
        head, tail = lines[start][: node.col_offset], lines[end][node.end_col_offset:]
        if (new := changed(node, len(head) + len(tail))) is not None:
            lines[start: end + 1] = [head + ast.unparse(new).encode() + tail, *[b"\n"] * (end - start)]
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


# ---------------------------------------------------------------------------------------------------------------------------------
# programs written back


def hidden_texts(code: str) -> dict[str, set[str]]:
    """Return the texts of a program by what `shown_code` shows in their place. Raises SyntaxError if it is not Python."""
    found: dict[str, set[str]] = {}
    for whole, shown in zip(*(_printed_whole(ast.parse(text)) for text in (code, shown_code(code))), strict=True):
        pairs = [[node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)] for tree in (whole, shown)]
        for value, part in zip(*pairs) if len(pairs[0]) == len(pairs[1]) else ():
            if value != part and isinstance(value, str) and isinstance(part, str):
                found.setdefault(part, set()).add(value)
    return found


def restored(code: str, hidden: dict[str, set[str]]) -> str:
    """Return a program with the texts put back that it repeats as they were shown, on the same lines.

    Of a place in a program that stands for several texts none is put back. Raises SyntaxError if it is not Python.
    """
    known = {part: next(iter(texts)) for part, texts in hidden.items() if len(texts) == 1}

    def whole(node: Any, _: int) -> Any:
        texts = [part for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value in known]
        for part in texts:
            part.value = known[part.value]
        return node if texts else None

    return _reprinted(code, whole) if known else code


def left_out(code: str, before: str) -> dict[int, str]:
    """Return the lines of a program with marks of `shown_code` in them that the program before has not, and the mark."""
    known = {node.value for node in ast.walk(ast.parse(before)) if isinstance(node, ast.Constant)}
    constants = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {node.lineno: found[0] for node in constants if node.value not in known and (found := _MARK.search(node.value))}


def statement_lines(code: str) -> list[int]:
    """Return the lines, from 1, on which a statement or a `case` begins, in order; reprinting does not change their number."""
    tree = ast.parse(code)
    return sorted({getattr(node, "pattern", node).lineno for node in ast.walk(tree) if isinstance(node, (ast.stmt, ast.match_case))})


def told_lines(code: str) -> list[int]:
    """Return the lines of statements that do something, in order."""
    silent = {node.lineno for node in ast.walk(ast.parse(code)) if is_silent(node)}
    return [line for line in statement_lines(code) if line not in silent]


def is_silent(node: ast.AST) -> bool:
    """True for a statement that does nothing: a remark of the author's, or `pass`."""
    remark = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return remark or isinstance(node, ast.Pass)


def block_lines(code: str) -> list[int]:
    """Return the lines that open a block or a case of a menu, in order."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.If | ast.For | ast.Match | ast.match_case)]
    return sorted(getattr(node, "pattern", node).lineno for node in nodes)


def source_lines(code: str) -> list[str]:
    """Return the lines of a program, line ends included; str.splitlines would also cut at form feeds and U+2028."""
    return io.StringIO(code, newline="").readlines()


def numbered(code: str, first: int = 1, last: int | None = None, told: Container[int] | None = None) -> str:
    """Return lines `first` to `last` of a program but blank ones, those in `told` (None: all) with their number in front."""
    lines = enumerate(source_lines(code), start=1)
    return "\n".join(f"{number if told is None or number in told else '':>3} {line.rstrip(LINE_ENDS)}"
                     for number, line in lines if first <= number <= (last or number) and line.strip())


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


def without_comments(code: str) -> str:
    """A program without its `#` comments; a `#` in a string stays. Where `tokenize` fails, only lines that begin with `#` go."""
    lines = code.split("\n")
    try:
        tokens = tokenize.generate_tokens(io.StringIO(code).readline)
        starts = {token.start[0] - 1: token.start[1] for token in tokens if token.type == tokenize.COMMENT}
    except (tokenize.TokenError, SyntaxError, ValueError):
        starts = {number: 0 for number, line in enumerate(lines) if line.lstrip().startswith("#")}
    cut = ((number, line[: starts.get(number)].rstrip() if number in starts else line) for number, line in enumerate(lines))
    return "\n".join(line for number, line in cut if line or number not in starts)
