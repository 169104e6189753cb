"""The dialect's promises on random shortcuts, hostile text included. `python -m pytest tests/test_dialect_properties.py`

The same examples each time, so that a red test means a change; `EXPLORE=3000 python -m pytest …` tries that many new ones.
"""

from __future__ import annotations

import ast
import os

from hypothesis import HealthCheck, given, settings
from shortcut_strategies import shortcuts

from common import dialect, plist

EXPLORE = int(os.environ.get("EXPLORE", 0))
EXAMPLES = settings(max_examples=EXPLORE or 80, derandomize=not EXPLORE, deadline=None, database=None, suppress_health_check=list(HealthCheck))


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
