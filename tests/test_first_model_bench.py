"""bench/first_model.py: which answers to everyday sentences count as right. No model is loaded."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from common.offline.sentence import understood
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import offered


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("first_model", Path(__file__).resolve().parents[1] / "bench/first_model.py")
    assert spec and spec.loader
    module = sys.modules["first_model"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_sentence_can_be_answered_with_what_a_search_offers(bench: ModuleType) -> None:
    catalog = Catalog.load()
    for each in bench.SENTENCES:
        given = {*offered(each.said, catalog)}
        assert len(given) >= 20 and all({bench.OURS + name for name in group} & given for group in each.needed), each.said


def test_what_the_rules_write_is_right_where_they_hear_every_word(bench: ModuleType) -> None:
    program = understood("start a timer for 12 minutes and play some music", Catalog.load()).program
    timer = next(each for each in bench.SENTENCES if "timer" in each.said)
    assert bench.is_right(program, timer)
    assert not bench.is_right(program.replace("12", "13"), timer)  # another value
    assert not bench.is_right(program.splitlines()[0] + "\n", timer)  # half of it
    assert not bench.is_right(program + "is_workflow_actions_takephoto()\n", timer)  # more than was asked


def test_a_time_that_stands_in_a_reminders_title_is_not_its_alert(bench: ModuleType) -> None:
    plants = bench.SENTENCES[0]
    call = "is_workflow_actions_addnewreminder(WFCalendarItemTitle='water the plants{}){}"
    assert not bench.is_right(call.format(" in two hours'", "\n"), plants)
    assert bench.is_right(call.format("', WFAlertEnabled='Alert', WFAlertCondition='At Time', WFAlertCustomTime='in 2 hours'", "\n"), plants)


def test_what_is_said_in_a_comment_alone_is_not_done(bench: ModuleType) -> None:
    photo = next(each for each in bench.SENTENCES if "Holidays" in each.said)
    program = "Photo = is_workflow_actions_takephoto()\n{}is_workflow_actions_savetocameraroll(WFInput=Photo{})\n"
    assert not bench.is_right(program.format("# Save it to the Holidays album.\n", ""), photo)
    assert bench.is_right(program.format("", ", WFCameraRollSelectedGroup='Holidays'"), photo)
