"""Whoever gives a catalogue of their own is answered from it, not from the repository's. `python -m pytest tests/test_other_catalog.py`"""

from __future__ import annotations

import orjson
import pytest
from llguidance import LLTokenizer, TokenizerWrapper

import shortcuts
from shortcuts.catalog import Catalog
from shortcuts.grammar import grammar
from tests.test_grammar import Bytes, accepts, matcher

ID = "com.foo.do-it_now"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    record = {"id": ID, "app": "com.foo", "app_name": "Foo", "builtin": False, "title": "Do it", "summary": "", "source": ["tk"],
              "parameters": [{"key": "a", "type": "text"}]}  # fmt: skip
    return Catalog({ID: orjson.dumps(record)})


def test_check_knows_its_names(catalog: Catalog) -> None:
    assert shortcuts.check("com_foo_do_it_now(a='x')", catalog) == []
    assert [finding.code for finding in shortcuts.check("com_foo_do_it_now(b='x')", catalog)] == ["unknown_parameter"]
    assert [finding.code for finding in shortcuts.check("com_foo_do_it_now(a='x')")] == ["unknown_api"]
    assert [finding.code for finding in shortcuts.check("is_workflow_actions_url(WFURLActionURL='x')", catalog)] == ["unknown_api"]


def test_the_grammar_writes_its_names(catalog: Catalog) -> None:
    start = matcher(LLTokenizer(TokenizerWrapper(Bytes())), grammar([ID], catalog))
    assert accepts(start, "com_foo_do_it_now(a='x')\n") and not accepts(start, "com_foo_do_it_now(b='x')\n")


def test_a_program_compiles_and_is_written_with_its_names(catalog: Catalog) -> None:
    code = "com_foo_do_it_now(a='x')\n"
    shortcut = shortcuts.to_shortcut(code, catalog=catalog)
    assert shortcut["WFWorkflowActions"][0]["WFWorkflowActionIdentifier"] == ID
    assert shortcuts.to_python(shortcut, catalog)[0] == code and shortcuts.transcribe(shortcut, catalog).code == code
    assert shortcuts.apis_of(code, catalog) == [ID]
    assert shortcuts.to_python(shortcut)[0] == "action('com.foo.do-it_now', a='x')\n"
