"""The primer: short enough, right in all that it shows, and given to models that were not trained on the language alone."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import pytest

import shortcuts
from common import conversation, model, prompts
from common.metrics import systems
from shortcuts import primer
from shortcuts.catalog import Catalog
from shortcuts.forms import signatures

RECORD = {"id": "a", "messages": [{"role": "user", "content": "Write one."}, {"role": "assistant", "content": "Thought: …"}]}


def test_the_primer_takes_at_most_1500_tokens() -> None:
    assert len(primer.primer()) < 5000  # 3.3 characters a token for a tokenizer of 49,152 tokens, more for larger ones
    assert len(re.findall(r"\w+|[^\w\s]", primer.primer())) < 1500


def test_its_program_has_no_fault_and_its_actions_are_of_everyday_use() -> None:
    catalog = Catalog.load()
    assert shortcuts.check(primer.EXAMPLE, catalog) == []
    assert len(primer.primer_apis()) == 7 and all(catalog[api].builtin and "seen" in catalog[api].source for api in primer.primer_apis())


@pytest.mark.parametrize("value", re.findall(r"`((?:contacts|quantity|filter_all|filter_any)\([^…`]*\))`", primer.primer()))
def test_values_that_it_shows_are_values_of_the_language(value: str) -> None:
    signatures.bind(shortcuts.parse(value).body[0].value)  # type: ignore[attr-defined]


def test_a_date_may_be_a_text_and_a_place_is_a_variable_as_it_says() -> None:
    assert "a date may be a text ('tomorrow 9:00'), a place is a variable (`place = 'Paris'` on a line before)" in primer.primer()
    catalog = Catalog.load()
    places = [(api.name, parameter.key) for api in catalog if api.builtin for parameter in api.parameters if parameter.type == "location"]
    for name, key in places:
        assert not any("is a place" in finding.message for finding in shortcuts.check(f"place = 'Paris'\n{name}({key}=place)", catalog)), name
        assert any("is a place" in finding.message for finding in shortcuts.check(f"{name}({key}='Paris')", catalog)), name
    assert not shortcuts.check("is_workflow_actions_addnewevent(WFCalendarItemTitle='a', WFCalendarItemStartDate='tomorrow 9:00')", catalog)


def test_it_names_no_helper_that_is_not_stated() -> None:
    named = set(re.findall(r"`(\w+)\(", primer.primer())) | set(re.findall(r"\b(as_\w+)", primer.primer()))
    python = {"range", "len", "sum", "min", "max", "round", "abs", "int", "float", "str", "print", "input", "menu"}
    assert named - python <= set(signatures.HELPERS)


def test_it_stands_in_front_of_the_users_turn() -> None:
    primed = conversation.with_primer([*RECORD["messages"][:1], {"role": "assistant", "content": "a"}, {"role": "user", "content": "again"}])
    assert [message["role"] for message in primed] == ["user", "assistant", "user"]
    assert primed[0]["content"] == primer.primer() + "\nWrite one." and primed[2]["content"] == "again"


def test_who_judges_or_revises_a_program_reads_the_primer() -> None:
    assert prompts.JUDGE.prompt({"query": "", "code": "", "stubs": ""}).messages[0]["content"] == primer.primer()
    assert prompts.QUERY.prompt({"plan": "", "about": "", "length": ""}).messages[0]["content"] != primer.primer()


def asked(model_name: str, served: bool, flag: bool | None, teval: bool = False) -> bool:
    """True if a system of stage 08 gives the primer."""
    args: Any = argparse.Namespace(seed=0, primer=flag, teval=teval, adapter=None, as_program=False, use_all=False, max_new_tokens=9, thinking=None, base_url="http://x",
                                   extra_body={}, overwrite=False)
    return (systems.served_model if served else systems.local_model)("m", model_name, args).primed


@pytest.mark.parametrize("served", [True, False])
def test_a_model_of_unknown_training_gets_it_unless_told_otherwise(served: bool, tmp_path: Path) -> None:
    name = "some/model" if served else str(tmp_path)
    assert asked(name, served, None) and asked(name, served, True) and not asked(name, served, False)
    assert not asked(name, served, None, teval=True)  # its tools are not those of the language


def test_a_folder_of_stage_07_says_that_it_needs_none(tmp_path: Path) -> None:
    assert not model.knows_the_language(tmp_path) and asked(str(tmp_path), False, None)
    model.note_prompt(tmp_path)
    assert model.knows_the_language(tmp_path) and model.knows_the_language("some/model", adapter=tmp_path)
    assert not asked(str(tmp_path), False, None) and asked(str(tmp_path), False, True)


def test_another_file_of_that_name_says_nothing(tmp_path: Path) -> None:
    (tmp_path / model.PROMPT_FILE).write_text("[]")
    assert not model.knows_the_language(tmp_path)


def test_the_answer_is_known_by_the_prompt_with_the_primer() -> None:
    args: Any = argparse.Namespace(seed=0, primer=None, teval=False, max_new_tokens=9, base_url="http://x", extra_body={}, overwrite=False)
    with_it = systems.served_model("m", "some/model", args).identity(RECORD)
    args.primer = False
    assert with_it != systems.served_model("m", "some/model", args).identity(RECORD)
