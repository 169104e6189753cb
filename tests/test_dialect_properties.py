"""The dialect's promises on random shortcuts, hostile text included. `python -m pytest tests/test_dialect_properties.py`."""

from __future__ import annotations

import ast

from hypothesis import HealthCheck, given, settings
from shortcut_strategies import shortcuts

from common import dialect, plist

EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@EXAMPLES
@given(shortcuts())
def test_every_shortcut_becomes_python_and_comes_back_equal(shortcut):
    result = dialect.transcribe(shortcut)
    ast.parse(result.code)
    assert result.exact
    assert result.canonical
    assert result.fixed_point


@EXAMPLES
@given(shortcuts())
def test_renaming_every_name_leaves_the_shortcut_equal(shortcut):
    code, residue = dialect.to_python(shortcut)
    renames = {name: f"renamed_{index}" for index, name in enumerate(dialect.bound_names(code))}
    renamed = dialect.rename(code, renames)
    assert plist.same(dialect.to_shortcut(renamed, dialect.rename_residue(residue, renames)), shortcut)
