"""One statement of Python that stands alone: the whole of it, or the head of a block."""

from __future__ import annotations

import ast
import re

from shortcuts.syntax.nodes import python_tree

HEADS = ("if", "elif", "else", "for", "while", "match", "case", "with", "def", "try", "except", "finally")


def first_word(text: str) -> str:
    """Return the word that a statement begins with, "" for none."""
    return re.match(r"\w*", text)[0]  # type: ignore[index]


def is_head(text: str) -> bool:
    """True if a statement opens a block."""
    return text.rstrip().endswith(":") and first_word(text) in HEADS


def read_statement(text: str) -> ast.Module | None:
    """Return the tree of a statement, or of a head with the least around it that Python needs; None if Python cannot parse it."""
    word = first_word(text)
    whole = text + " pass" if is_head(text) else text
    if word == "case":
        whole = f"match x:\n {whole}"
    elif word == "match" and is_head(text):
        whole = f"{text}\n case _: pass"
    elif word in ("elif", "else"):
        whole = f"if x: pass\n{whole}"
    elif word == "try":
        whole = f"{whole}\nfinally: pass"
    elif word in ("except", "finally"):
        whole = f"try: pass\n{whole}"
    elif text.startswith("@"):
        whole = f"{text}\ndef f(): pass"
    return read_source(whole)


def read_source(text: str) -> ast.Module | None:
    """Return a new tree of a text, or None if Python cannot parse it."""
    try:
        return python_tree(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
