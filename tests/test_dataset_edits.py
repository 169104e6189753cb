"""Edits of a dataset: in the split of their program, with nothing that another split holds out, and none that gives a test away."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from common import edit, edit_prompts, jsonl
from common.dataset import dedup, edits, example, files
from common.dataset.edits import Context, Settings
from common.dataset.splits import TEST_ID, TEST_OOD, TRAIN, HeldOut
from shortcuts import apis_of
from shortcuts.catalog import Catalog
from shortcuts.edit import applied, apply_text
from shortcuts.edit.changes import text_of
from tests import stage_runs
from tests.test_edit_operations import WHOLE

CATALOG = Catalog.load()
NOTHING = HeldOut(frozenset(), (), frozenset())
VIBRATE, SHOW = "is.workflow.actions.vibrate", "is.workflow.actions.showresult"


def made(code: str = WHOLE, split: str = TRAIN, number: int = 8, held: HeldOut = NOTHING, trained: frozenset[str] = frozenset(),
         max_tokens: int = 8192) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:  # fmt: skip
    """The edits of a record, and the rejects."""
    context = Context(CATALOG, example.estimate_tokens, Settings(number, 0, max_tokens, held, trained))
    found = list(edits.of_record({"id": "r1", "origin": "seed", "code": code}, split, context))
    return [jsonl.parse(each.line, "", ()) for each in found if each.code], [jsonl.parse(each.line, "", ()) for each in found if not each.code]


def test_an_edit_asks_as_stage_05_does_and_its_change_gives_the_program_after() -> None:
    kept, rejects = made()
    assert len(kept) == 8 and not rejects and len({record["id"] for record in kept}) == 8
    for record in kept:
        assert tuple(record) == edits.COLUMNS and record["task"] == "edit" and record["of"] == "r1"
        assert record["messages"] == edit_prompts.edit_chat(record["query"], record["before"], record["apis"], CATALOG, record["change"])
        assert apply_text(record["before"], record["change"]) == record["code"]
        assert edit_prompts.parse_change(record["messages"][1]["content"]).rstrip() == record["change"].rstrip()
        assert {*apis_of(record["code"])} <= {*record["apis"], *apis_of(record["before"])}


def test_a_program_with_comments_on_lines_or_in_natural_python_has_edits_as_it_would_be_written() -> None:
    kept, _ = made("# a note\nprint('Hello')\n", number=3)
    assert kept and all(record["before"] == "is_workflow_actions_showresult(Text='Hello')\n" for record in kept)


def test_a_program_that_does_not_compile_has_none() -> None:
    assert made("x = = 5") == ([], [])


def test_training_neither_uses_nor_shows_what_the_tests_hold_out() -> None:
    held = HeldOut(frozenset({VIBRATE}), (), frozenset())
    kept, rejects = made(held=held, number=25)
    assert all(VIBRATE not in record["apis"] and "vibrate" not in record["code"] for record in kept)
    assert "held_out" in {record["reason"] for record in rejects}


def test_a_test_uses_only_what_its_split_may_have() -> None:
    own = frozenset(apis_of(WHOLE))
    for record in made(split=TEST_ID, trained=own | {VIBRATE}, number=15)[0]:
        assert {*apis_of(record["code"])} <= own | {VIBRATE}
    for record in made(split=TEST_OOD, held=HeldOut(frozenset({VIBRATE}), (), frozenset({SHOW})), number=15)[0]:
        assert {*apis_of(record["code"])} <= own | {VIBRATE, SHOW}


def test_what_is_too_long_is_dropped_and_said() -> None:
    kept, rejects = made(max_tokens=50, number=1)
    assert not kept and {record["reason"] for record in rejects} == {"too_long"}


def test_a_long_text_is_shown_in_part_and_the_change_can_be_written_back() -> None:
    code = f"Text = is_workflow_actions_gettext(WFTextActionText={'word ' * 200!r})\nis_workflow_actions_showresult(Text=f'It is {{Text}}')\n"
    kept, _ = made(code, number=6)
    assert kept and all(record["shortened"] for record in kept)
    for record in kept:
        assert len(record["messages"][1]["content"]) < 1200
        lines = edit.written_back(applied(record["before"], record["change"]), record["before"])
        assert text_of(line.text for line in lines) == record["code"]


# ---------------------------------------------------------------------------------------------------------------------------------
# leaks


def print_of(code: str) -> dedup.CodePrint:
    return dedup.code_print(ast.parse(code))


OTHER = "".join(f"is_workflow_actions_delay(WFDelayTime={number})\nis_workflow_actions_openurl(WFInput='https://example.org/{number}')\n"
                for number in range(6))


def test_an_edit_of_training_that_has_become_like_a_test_is_dropped() -> None:
    programs = [(print_of(WHOLE), TRAIN), (print_of(OTHER), TEST_ID)]
    assert edits.contaminated(programs, [(print_of(WHOLE), TRAIN), (print_of(OTHER), TRAIN)]) == {1: "like a test"}


def test_an_edit_of_training_that_is_like_an_edit_of_a_test_is_dropped() -> None:
    assert edits.contaminated([], [(print_of(OTHER), TEST_OOD), (print_of(OTHER), TRAIN)]) == {1: "like a test"}


def test_an_edit_of_a_test_that_has_become_like_a_program_of_training_is_dropped() -> None:
    programs = [(print_of(WHOLE), TRAIN), (print_of(OTHER), TEST_ID)]
    assert edits.contaminated(programs, [(print_of(WHOLE), TEST_ID), (print_of(OTHER), TEST_ID)]) == {0: "like a program of training"}


# ---------------------------------------------------------------------------------------------------------------------------------
# the stage


def seed(number: int) -> dict[str, Any]:
    """A record of a program that is unlike the others."""
    apis = ("vibrate()", "getclipboard()", "getcurrentlocation()", "takescreenshot()", "getbatterylevel()", "getipaddress()", "takephoto()",
            "weather_currentconditions()", "selectphoto()", "getlastphoto()", "dictatetext()", "getwifi()")
    names = [apis[(number * 5 + step * (1 + number % 3)) % len(apis)] for step in range(3 + number % 4)]
    code = "".join(f"is_workflow_actions_{name}\nis_workflow_actions_delay(WFDelayTime={number * 10 + step})\n" for step, name in enumerate(names))
    words = " ".join(f"{word}{number}" for word in ("red", "blue", "green", "grey", "pink", "gold", "teal", "navy"))
    return {"id": f"p{number}", "query": f"Please do {words} for me", "plan": "1. Do each thing, one after the other.", "code": code,
            "annotated_code": f"# note\n{code}", "apis": list(apis_of(code)), "source": {"site": "example.org", "licence": "MIT"}}


def stage(folder: Path, *flags: str) -> stage_runs.Ended:
    (folder / "seed.jsonl").write_bytes(b"".join(jsonl.encode(seed(number)) for number in range(16)))
    return stage_runs.run("06", f"--input={folder / 'seed.jsonl'}", "--generated=none", f"--output={folder / 'bench'}", "--browse=0", "--workers=1",
                          "--distractors=0", *flags)


@pytest.mark.ci
def test_the_stage_writes_edits_beside_each_split_with_their_properties_and_none_unless_asked(tmp_path: Path) -> None:
    ended = stage(tmp_path, "--edits=3", "--test-size=4")
    assert ended.returncode == 0, ended.stderr
    bench = tmp_path / "bench"
    stats = jsonl.whole(bench / "stats.json")
    assert {"no_edit_crosses_splits", "edits_in_the_split_of_their_program", "no_edit_shows_what_is_held_out"} <= stats["assertions"].keys()
    assert all(stats["assertions"].values())
    for split in (TRAIN, TEST_ID, TEST_OOD):
        own, found = set(jsonl.ids(files.paths(bench, split)[0])), list(jsonl.read(edits.path_of(bench, split)))
        assert {record["of"] for record in found} <= own and len(found) == stats["edits"]["splits"][split]["instances"]
    assert sum(1 for _ in jsonl.read(edits.path_of(bench, TRAIN))) > 0 and "edits" in (bench / "README.md").read_text()
    first = {path.name: path.read_bytes() for path in bench.glob("*.edits.jsonl")}
    stage(tmp_path, "--edits=3", "--test-size=4", "--workers=2")
    assert first == {path.name: path.read_bytes() for path in bench.glob("*.edits.jsonl")}
    stage(tmp_path, "--test-size=4")
    assert not list(bench.glob("*edits*"))
