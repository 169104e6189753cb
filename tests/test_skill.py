"""The skill for assistants: made from the primer, current, and of the form that assistants read."""

from __future__ import annotations

import re

import yaml

from shortcuts import serve, skill
from shortcuts.primer import EXAMPLE, primer
from tests.conftest import ROOT

PAGE = ROOT / "skills" / "apple-shortcuts" / "SKILL.md"


def test_the_committed_skill_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == skill.page(), "python -m shortcuts.skill > skills/apple-shortcuts/SKILL.md"


def test_its_front_matter_has_the_name_of_its_folder_and_a_description() -> None:
    _, head, body = skill.page().split("---\n", 2)
    fields = yaml.safe_load(head)
    assert fields["name"] == PAGE.parent.name and re.fullmatch(r"[a-z0-9-]{1,64}", fields["name"])
    assert list(fields) == ["name", "description"] and 50 < len(fields["description"]) < 1024
    assert body.startswith("\n# ")


def test_it_holds_the_primer_and_says_where_actions_are_found() -> None:
    assert EXAMPLE in skill.page() and "the functions that the search finds, with keyword arguments only" in skill.page()
    assert skill.page().endswith(primer(skill.ACTIONS)) and "the functions listed with the request" not in skill.page()


def test_it_is_about_a_page() -> None:
    assert len(skill.page()) < 8000


def test_the_tools_and_commands_that_it_names_exist() -> None:
    named = set(re.findall(r"`([a-z]+_[a-z]+)`", skill.HEAD))
    assert named == set(serve.BY_NAME)
    assert set(re.findall(r"python -m shortcuts (\w+)", skill.HEAD)) <= set(re.findall(r'command\("(\w+)"', (ROOT / "shortcuts" / "__main__.py").read_text()))
