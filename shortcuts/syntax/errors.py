"""The errors of the language and the findings of `check`."""

from __future__ import annotations

from typing import NamedTuple


class DialectError(ValueError):
    """A form outside the dialect: its line, what is wrong with it, and the form to use instead."""

    def __init__(self, line: int, message: str, code: str = "form") -> None:
        super().__init__(f"line {line}: {message}")
        self.line, self.message, self.code = line, message, code


class NestedTooDeep(DialectError):
    """A program nested deeper than Python's parser allows."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(line, message, "syntax")


# The codes of findings that do not keep a shortcut from being written.
WARNINGS = frozenset({"unknown_keyword", "no_effect", "no_result", "unreachable"})


class Diagnostic(NamedTuple):
    """One finding of `check`."""

    line: int
    code: str
    message: str

    @property
    def severity(self) -> str:
        """"error" if no shortcut can be written, "warning" if the shortcut may do something else than was meant."""
        return "warning" if self.code in WARNINGS else "error"
