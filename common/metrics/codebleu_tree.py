"""The syntax tree that CodeBLEU scores: tree-sitter's, since it reads what CPython cannot (most published workflows do not parse).

Everything walks iteratively and under a limit: generated code nests as deep as a model likes, and recursion dies of that.
"""

from __future__ import annotations

import io
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import tree_sitter_python
from tree_sitter import Language, Parser

MAX_CHARACTERS = 1_000_000  # five times the longest real workflow; the worst of that length takes 4 s to parse
MAX_NODES = 200_000  # ten times the largest real workflow; the walk takes about a second


class TooMuch(Exception):
    """The code is beyond what can be scored in reasonable time; the text says which limit."""


class Node(NamedTuple):
    """A syntax node: tree-sitter's type, its place in the source, its children, anonymous ones (keywords, signs) included."""

    kind: str
    start: int  # in bytes, as `end`
    end: int
    field: str | None  # the part it plays in its parent
    children: list[Node]

    def part(self, name: str) -> Node | None:
        """The child in a field of the grammar, such as "left"."""
        return next((child for child in self.children if child.field == name), None)


class Tree(NamedTuple):
    """A parsed program: what was parsed is `text` (comments removed), `source` in UTF-8."""

    root: Node
    shapes: Counter[int]  # hashes of the subtrees
    text: str
    source: bytes


_LANGUAGE = Language(tree_sitter_python.language())
_PARSER = Parser(_LANGUAGE)
_KINDS = [_LANGUAGE.node_kind_for_id(number) for number in range(_LANGUAGE.node_kind_count)]
_NAMED = [_LANGUAGE.node_kind_is_named(number) for number in range(_LANGUAGE.node_kind_count)]
_FIELDS = [None, *(_LANGUAGE.field_name_for_id(number) for number in range(1, _LANGUAGE.field_count + 1))]


@lru_cache(2)  # the two sides of one pair, for the strict score beside the published one
def syntax_tree(code: str) -> Tree:
    """Parse code, less its comments and docstrings. Raises TooMuch beyond MAX_CHARACTERS and MAX_NODES."""
    if len(code) > MAX_CHARACTERS:
        raise TooMuch(f"more than {MAX_CHARACTERS:,} characters")
    text = _without_comments(code)
    source = text.encode("utf-8", "surrogatepass")
    tree = _PARSER.parse(source)
    if tree.root_node.descendant_count > MAX_NODES:
        raise TooMuch(f"more than {MAX_NODES:,} syntax nodes")
    return Tree(*_walk(tree.walk()), text, source)


def _without_comments(code: str) -> str:
    """The code less comments, docstrings and blank lines; as it is where `tokenize` cannot read it."""
    parts, before, row, column = [], tokenize.INDENT, -1, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            column = 0 if token.start[0] > row else column
            is_docstring = token.type == tokenize.STRING and (before in (tokenize.INDENT, tokenize.NEWLINE) or token.start[1] == 0)
            parts.append(" " * (token.start[1] - column))
            parts.append("" if is_docstring or token.type == tokenize.COMMENT else token.string)
            before, (row, column) = token.type, token.end
    except (tokenize.TokenError, SyntaxError, ValueError):
        return code
    return "\n".join(line for line in "".join(parts).split("\n") if line.strip())


def _walk(cursor: Any) -> tuple[Node, Counter[int]]:
    """Copy the tree, and count the shapes of its subtrees that have children (and of the root).

    A shape is a hash of what the subtree's s-expression shows: named nodes and their fields. Being one of integers, it does not depend on
    the hash seed. A subtree that stands alone goes by its own type, one within another by its alias: so did tree-sitter 0.21.
    """
    shapes: Counter[int] = Counter()
    make, errors = tuple.__new__, len(_KINDS)  # a third of the time goes into making nodes
    path: list[tuple[Node, list[int], int | None, int]] = []  # node, its shape so far, its field in the parent's shape, its own type
    while True:
        here, field = cursor.node, cursor.field_id or 0
        kind, start, end = here.kind_id, here.start_byte, here.end_byte
        is_error = kind >= errors
        node = make(Node, ("ERROR" if is_error else _KINDS[kind], start, end, _FIELDS[field], []))
        is_missing = start == end and here.is_missing
        shown_as = field if is_error or is_missing or _NAMED[kind] else None
        if cursor.goto_first_child():
            path.append((node, [kind, is_missing], shown_as, here.grammar_id))
            continue
        shape = (kind, is_missing, *str(here).encode("utf-8", "surrogatepass")) if is_error else (kind, is_missing)
        if not path:
            shapes[hash((here.grammar_id, *shape[1:]))] += 1
            return node, shapes
        while True:  # a node is complete: it joins its parent, and where it was the last child, so is that
            parent, around, *_ = path[-1]
            parent.children.append(node)
            if shown_as is not None:
                around += shown_as, hash(shape)
            if cursor.goto_next_sibling():
                break
            cursor.goto_parent()
            node, inner, shown_as, own_kind = path.pop()
            shape = tuple(inner)
            shapes[hash((own_kind, *shape[1:]))] += 1
            if not path:
                return node, shapes


def leaves(root: Node) -> Iterator[Node]:
    """The tokens below a node, in order: a string is one token whatever it holds, a comment is none."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.children and node.kind != "string":
            stack.extend(reversed(node.children))
        elif node.kind != "comment":
            yield node
