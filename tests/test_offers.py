"""What training prompts offer beside the APIs that a request needs (common/dataset/offers.py)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import stage_runs

from common import jsonl, offline
from common.conversation import WHOLE, chat
from common.dataset.example import Example, app_of
from common.dataset.offers import TrainingOffers
from common.dataset.splits import TEST_ID, TRAIN, HeldOut
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS

CATALOG = Catalog.load()
DRAFTS = "com.agiletortoise.Drafts5"
HELD = HeldOut(frozenset({f"{DRAFTS}.AddTextToDraftIntent"}), (DRAFTS,), frozenset())
GOLD = ["is.workflow.actions.image.resize", "is.workflow.actions.image.crop"]
CODE = "Resized_Image = is_workflow_actions_image_resize()\nis_workflow_actions_image_crop(WFInput=Resized_Image)\n"


def record(identifier: str, apis: list[str] = GOLD) -> dict[str, Any]:
    return {"id": identifier, "query": "make my photo smaller and crop it", "apis": apis, "annotated_code": CODE,
            "messages": chat("make my photo smaller and crop it", apis, CATALOG, "1. Resize.", CODE)}


def example(tokens: int = 100, apis: list[str] = GOLD) -> Example:
    return Example("r", "seed", "none", "", (), tuple(apis), 2, {"tokens": tokens}, 0, False, None, None)  # type: ignore[arg-type]


def offers(most: int = 20, share: float = 1.0, seed: int = 0, max_tokens: int = 8192) -> TrainingOffers:
    return TrainingOffers(CATALOG, HELD, most, share, seed, max_tokens, WHOLE)


def test_a_training_prompt_offers_wrong_apis_among_the_right_ones_and_the_record_names_them() -> None:
    add = offers()
    made = [add(record(f"r{number}"), TRAIN, example()) for number in range(30)]
    for one in made:
        asked = one["messages"][0]["content"]
        assert 1 <= len(one["distractors"]) <= 20 and not {*one["distractors"]} & {*GOLD} and one["apis"] == GOLD
        assert all(f"def {CATALOG[api].name}(" in asked for api in (*GOLD, *one["distractors"]))
        assert asked.count("def ") == 2 + len(one["distractors"])
        assert one["messages"][1] == record("r")["messages"][1]
    assert len({len(one["distractors"]) for one in made}) > 8
    first = [one["messages"][0]["content"].index("image_resize(") < one["messages"][0]["content"].index("image_crop(") for one in made]
    assert {True, False} == {*first}  # the order tells nothing
    assert any("is.workflow.actions.showresult" in one["distractors"] for one in made)  # what 05 --query offers with everything


def test_what_a_program_calls_beyond_what_it_was_given_is_offered_too() -> None:
    given = record("r", GOLD[:1])
    made = offers()(given, TRAIN, example())
    assert all(f"def {CATALOG[api].name}(" in made["messages"][0]["content"] for api in GOLD) and made["apis"] == GOLD[:1]


def test_distractors_are_a_function_of_seed_and_record_and_a_share_gets_them() -> None:
    records = [record(f"r{number}") for number in range(80)]
    first, second = ([each(one, TRAIN, example()) for one in order] for each, order in ((offers(share=0.5), records), (offers(share=0.5), records[::-1])))
    assert first == second[::-1]
    assert 20 < sum("distractors" in one for one in first) < 60
    assert [offers(share=0.5, seed=1)(one, TRAIN, example()) for one in records] != first


def test_tests_and_a_dataset_without_distractors_stay_as_they_are() -> None:
    assert offers()(record("r"), TEST_ID, example()) == record("r")
    assert offers(most=0)(record("r"), TRAIN, example()) == record("r")
    assert offers(share=0.0)(record("r"), TRAIN, example()) == record("r")


def test_nothing_that_the_ood_test_holds_out_is_offered_not_even_an_api_of_its_apps_that_no_record_uses() -> None:
    near = [f"{DRAFTS}.CreateDraftIntent"]  # its own app's APIs would be the nearest
    add = offers()
    made = [add(record(f"r{number}", near), TRAIN, example(apis=near)) for number in range(12)]
    assert not [api for one in made for api in one["distractors"] if api in HELD.apis or app_of(api, CATALOG) == DRAFTS]
    free = TrainingOffers(CATALOG, HeldOut(frozenset(), (), frozenset()), 20, 1.0, 0, 8192, WHOLE)
    assert any(api.startswith(DRAFTS) for number in range(12) for api in free(record(f"r{number}", near), TRAIN, example(apis=near))["distractors"])


@pytest.mark.parametrize("room", [0, 150, 400])
def test_a_prompt_gets_no_more_than_the_longest_sample_has_room_for(room: int) -> None:
    add = offers(max_tokens=1000 + room)
    for number in range(20):
        sample = example(1000)
        made = add(record(f"r{number}"), TRAIN, sample)
        added = (len(made["messages"][0]["content"]) - len(record("r")["messages"][0]["content"])) / 3.2
        assert added <= sample.stats["tokens"] - 1000 + 1 <= room + 1
        assert room or "distractors" not in made


def drawn(count: int) -> list[list[str]]:
    usable = sorted(api.id for api in CATALOG if not {*api.source} <= {"tk"} and api.id not in SYNTAX_APIS)
    return [random.Random(number).sample(usable, 3) for number in range(count)]


@pytest.mark.ci
def test_a_dataset_names_its_distractors_and_none_of_them_is_held_out(tmp_path: Path) -> None:
    records = [{"id": f"q-0-{number}", "query": offline.expand(apis, CATALOG, f"q-0-{number}")["query"], "apis": apis} for number, apis in enumerate(drawn(60))]
    (tmp_path / "seed.jsonl").write_bytes(b"")
    for name, part in (("one", records[:30]), ("other", records[30:])):
        (tmp_path / "queries.jsonl").write_bytes(b"".join(map(jsonl.encode, part)))
        ended = stage_runs.run("05", "--input", tmp_path / "queries.jsonl", "--output", tmp_path / f"{name}.jsonl")
        assert ended.returncode == 0, ended.stderr
    with mock.patch("common.dataset.distribution.draw"):
        ended = stage_runs.run("06", "--input", tmp_path / "seed.jsonl", "--generated", tmp_path / "one.jsonl", tmp_path / "other.jsonl", "--output", tmp_path / "bench",
                               "--browse", 0, "--workers", 1, "--distractor-share", 1, "--test-size", 12)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    train, *tests = ([*jsonl.read(tmp_path / f"bench/{split}.jsonl")] for split in ("train", "test_id", "test_ood"))
    held = json.loads((tmp_path / "bench/stats.json").read_text())["held_out"]
    assert len(train) > 20 and tests[1] and held["apis"]
    assert all(one["distractors"] for one in train) and not any(one["distractors"] for split in tests for one in split)
    assert not [api for one in train for api in one["distractors"] if api in held["apis"] or app_of(api, CATALOG) in held["apps"]]
    assert "training prompts offer" in (tmp_path / "bench/README.md").read_text()
