"""The reference says what the signatures say, and its sample is a program. `python -m pytest tests/test_reference.py`"""

from __future__ import annotations

import textwrap
from pathlib import Path

import shortcuts
from shortcuts import reference
from shortcuts.forms import signatures

PAGE = Path(__file__).resolve().parents[1] / "docs" / "dialect.md"


def test_the_page_is_made_of_the_signatures() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.page(), "python -m shortcuts.reference > docs/dialect.md"


def test_its_sample_has_no_finding() -> None:
    sample = textwrap.dedent(reference.HEAD.partition("    workflow(")[1] + reference.HEAD.partition("    workflow(")[2].partition("\n\n`python")[0])
    assert sample.startswith("workflow(") and shortcuts.check(sample) == []


def test_every_form_stands_in_it() -> None:
    page = reference.page()
    assert [name for name in (*signatures.HELPERS, *signatures.METHODS) if f"{name}(" not in page] == []
