"""The errors of the language and the findings of `check`."""

from __future__ import annotations

from typing import NamedTuple


class DialectError(ValueError):
    """A program that is no program of the dialect: what is wrong, where, and what to write instead."""

    def __init__(self, line: int, message: str, code: str = "form") -> None:
        super().__init__(f"line {line}: {message}")
        self.line, self.message, self.code = line, message, code


class NestedTooDeep(DialectError):
    """A program with more levels than Python's parser takes."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(line, message, "syntax")


WARNINGS = frozenset({"unknown_keyword", "unreachable"})  # the codes of findings with which a shortcut is written all the same


class Diagnostic(NamedTuple):
    """One finding of `check`."""

    line: int
    code: str
    message: str

    @property
    def severity(self) -> str:
        """"error": no shortcut is written of the program; "warning": it does something, but maybe not what was meant."""
        return "warning" if self.code in WARNINGS else "error"
