"""Parse any text into a syntax tree, with error recovery: text that Python cannot parse as a whole is parsed statement by statement, and a
statement that it cannot parse is searched for calls.

Answers of models, and most of the published gold programs (43 of 50 samples), are almost Python, with unquoted values, a bracket too many,
or prose. Blocks are taken from the indentation, so control flow survives; names, keys and values are kept where they can be told apart.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import parse
from shortcuts.syntax.statements import first_word, read_source, read_statement

MAX_CHARACTERS = 1_000_000  # five times the longest real workflow
MAX_LINES = 20_000  # statements read one by one: 0.1 ms each
MAX_BLOCKS = 60  # nested blocks; deeper statements are put into the last one. Python itself allows 99
MAX_CALLS = 5_000  # found in one text that is not a statement

_QUOTES = re.compile(r"'''|\"\"\"")
_STATEMENT = re.compile(r"(?:([^\W\d]\w*)\s*(\+?=)(?!=)\s*)?([^\W\d]\w*)\s*\((.*)", re.DOTALL)
_CALL = re.compile(r"(?<![\w.'\"])(?=\w+_)([^\W\d]\w*)\(")  # in prose: APIs have an underscore in their name
_KEY = re.compile(r"(?:^|,)\s*([^\W\d][\w.-]*)\s*=(?!=)")
_HEADS = {"if": ast.If, "while": ast.If, "elif": ast.If, "for": ast.For, "match": ast.Match, "case": ast.match_case, "else": None}


def read_tree(code: str) -> tuple[ast.Module, bool]:
    """Return the tree of a text, and whether Python can parse the text as it is.

    Never fails. Of a longer text only the first MAX_CHARACTERS and MAX_LINES are read.
    """
    if len(code) <= MAX_CHARACTERS:
        try:
            return parse(code), True
        except DialectError:
            pass
    return ast.Module(_TreeBuilder().read(code[:MAX_CHARACTERS]), []), False


class _TreeBuilder:
    """Builds the blocks of a text by its indentation, with a stack instead of recursion. An empty block gets a `pass`."""

    def __init__(self) -> None:
        self.body: list[ast.stmt] = []
        self.stack: list[tuple[int, list[ast.stmt]]] = [(-1, self.body)]  # of each open block: the indentation of its head, its statements
        self.blocks: list[list[ast.stmt]] = []
        self.heads: dict[int, ast.If | ast.Match] = {}  # indentation -> the last `if` or `match` there, for `else` and `case`

    def read(self, code: str) -> list[ast.stmt]:
        for number, (line, text) in enumerate(_logical_lines(code)):
            if number == MAX_LINES:
                break
            stripped = text.strip()
            if not stripped or stripped.startswith("#"):
                continue
            indent = len(text.expandtabs(8)) - len(text.expandtabs(8).lstrip())
            while self.stack[-1][0] >= indent:
                self.stack.pop()
            word = first_word(stripped)
            if word in _HEADS and stripped.endswith(":"):
                self.head(indent, word, stripped, line)
            else:
                self.stack[-1][1].extend(_at(statement, line) for statement in _statements(stripped))
        for block in self.blocks:
            block += [] if block else [_at(ast.Pass(), 1)]
        return self.body

    def head(self, indent: int, word: str, text: str, line: int) -> None:
        before = self.heads.get(indent)
        body: list[ast.stmt] = []
        self.blocks.append(body)
        if word in ("else", "elif") and isinstance(before, ast.If):
            if word == "elif":
                before.orelse = [_at(_head("if", text[2:], body), line)]
                self.heads[indent] = before.orelse[0]  # type: ignore[assignment]
            else:
                before.orelse = body
        elif word == "case":
            outer = next((head for level, head in sorted(self.heads.items(), reverse=True)
                          if level < indent and isinstance(head, ast.Match)), None)  # fmt: skip
            if outer is None:
                return
            outer.cases.append(_case(text, body))
        else:
            statement = _at(_head(word, text, body), line)
            self.stack[-1][1].append(statement)
            self.heads = {level: head for level, head in self.heads.items() if level < indent}
            if isinstance(statement, ast.If | ast.Match):
                self.heads[indent] = statement
        if len(self.stack) < MAX_BLOCKS:
            self.stack.append((indent, body))


def _logical_lines(code: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of each line; the lines of one triple-quoted text come together."""
    lines = code.split("\n")
    last = {mark: index for index, line in enumerate(lines) for mark in _QUOTES.findall(line)}
    number = 0
    while number < len(lines):
        start, mark = number, _open_quote(lines[number])
        if mark is not None and last[mark] > number:
            number = next(index for index in range(number + 1, len(lines)) if mark in lines[index])
        number += 1
        yield start + 1, "\n".join(lines[start:number])


def _open_quote(line: str) -> str | None:
    """Return the triple quote that a line leaves open, or None."""
    mark = None
    for match in _QUOTES.finditer(line):
        if mark is None:
            mark = match[0]
        elif mark == match[0]:
            mark = None
    return mark


# ---------------------------------------------------------------------------------------------------------------------------------
# one statement


def _statements(text: str) -> list[ast.stmt]:
    """Return the statements of a line: as Python parses it, else one call with its keys and values, else every call found in it."""
    module = read_source(text)
    if module is not None:
        return module.body
    match = _STATEMENT.match(text)
    if match is None or keyword.iskeyword(match[3]):
        return _calls(text)
    name, operator, function, inside = match.groups()
    keywords = _keywords(inside)
    unread = "" if keywords else inside
    call = ast.Call(ast.Name(function, ast.Load()), [], keywords)
    target = ast.Name(name or "", ast.Store())
    appended = ast.AugAssign(target, ast.Add(), ast.List([call], ast.Load()))
    return [appended if operator == "+=" else ast.Assign([target], call) if name else ast.Expr(call), *_calls(unread)]


def _calls(text: str) -> list[ast.stmt]:
    found = (match[1] for match in _CALL.finditer(re.sub(r"^(async\s+)?def\s+\w+", "", text)))
    return [ast.Expr(ast.Call(ast.Name(function, ast.Load()), [], [])) for function in islice(found, MAX_CALLS)]


def _keywords(inside: str) -> list[ast.keyword]:
    """Return the arguments of `key=value, key=value`; a value that Python cannot parse is taken as text."""
    pieces = _KEY.split(inside.strip().removesuffix(")"))
    return [ast.keyword(key, _expression(value.strip().rstrip(",").strip())) for key, value in zip(pieces[1::2], pieces[2::2])]


def _head(word: str, text: str, body: list[ast.stmt]) -> ast.stmt:
    """Return the statement of a block whose body is filled in later; the test of a head that Python cannot parse is its text."""
    module = read_statement(text) if word not in ("else", "elif") else None
    statement = module.body[0] if module else None
    inner = text[len(word) : -1].strip()
    if word == "match":
        return ast.Match(statement.subject if isinstance(statement, ast.Match) else _expression(inner), [])
    if word == "for":
        target, _, source = inner.partition(" in ")
        if isinstance(statement, ast.For):
            return ast.For(statement.target, statement.iter, body, [])
        return ast.For(ast.Name(target.strip() or "_", ast.Store()), _expression(source), body, [])
    test = statement.test if isinstance(statement, ast.If | ast.While) else _expression(inner)
    return ast.If(test, body, [])


def _case(text: str, body: list[ast.stmt]) -> ast.match_case:
    module = read_statement(text)
    statement = module.body[0] if module else None
    if isinstance(statement, ast.Match):
        return ast.match_case(statement.cases[0].pattern, statement.cases[0].guard, body)
    return ast.match_case(ast.MatchValue(ast.Constant(text[len("case") : -1].strip())), None, body)


def _expression(text: str) -> ast.expr:
    module = read_source(text)
    statement = module.body[0] if module and len(module.body) == 1 else None
    return statement.value if isinstance(statement, ast.Expr) else ast.Constant(text)


def _at(statement: Any, line: int) -> Any:
    """Set the line of a statement and of every expression in it, and return the statement."""
    stack = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.expr | ast.stmt):
            node.lineno = line
        stack.extend(ast.iter_child_nodes(node))
    return statement
