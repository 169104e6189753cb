"""Scores by the shape of gold, and its figure; the APIs that are offered; the identity of the code that scores."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from common import charts, conversation, metrics
from common.metrics import breakdown, distractors
from common.metrics import code_digest as digests
from common.metrics.breakdown import MEASURES
from shortcuts.catalog import Catalog

ROOT = Path(__file__).resolve().parents[1]
FLAT = "is_workflow_actions_url()\n"
DEEP = "for n in range(2):\n    if n == 1:\n        is_workflow_actions_url()\n    else:\n        pass\n" + FLAT * 6
GOLD = ["is.workflow.actions.image.resize", "is.workflow.actions.conditional", "com.agiletortoise.Drafts5.CaptureIntent"]


def sample(identifier: str, score: float) -> dict[str, Any]:
    return {"id": identifier, "scores": dict.fromkeys(metrics.HEADLINE, score)}


TESTS = [{"id": "a", "reference": FLAT}, {"id": "b", "reference": FLAT * 2}, {"id": "c", "reference": DEEP}]


def test_means_stand_by_class_of_gold_with_how_many_they_are_of() -> None:
    figures = breakdown.breakdown(TESTS, {"m": [sample("a", 0.0), sample("b", 1.0), sample("c", 0.25)], "half": [sample("a", 1.0)]})
    assert {name: list(classes) for name, classes in figures.items()} == {
        "actions": ["0–4", "5–9"], "branches": ["0", "2"], "depth": ["0", "2"]}  # fmt: skip
    easy, hard = figures["depth"].values()
    assert easy["n"] == easy["systems"]["m"]["n"] == 2 and easy["systems"]["m"]["api_f1"] == {"mean": 0.5, "low": 0.0, "high": 1.0}
    assert hard["systems"]["m"]["trace_match"]["mean"] == 0.25 and hard["systems"]["half"] == {"n": 0} and hard["n"] == 1


def test_every_program_has_a_class_even_one_that_is_no_python() -> None:
    for measure in MEASURES.values():
        assert measure.bounds[0] == 0 and list(measure.bounds) == sorted(set(measure.bounds))
    figures = breakdown.breakdown([{"id": "a", "reference": "is_workflow_actions_url(a b\n"}, {"id": "b", "reference": FLAT * 200}], {})
    assert list(figures["actions"]) == ["0–4", "≥ 105"]


@pytest.mark.ci
@pytest.mark.pictures
def test_the_breakdown_of_more_systems_than_it_shows_is_drawn(tmp_path: Path) -> None:
    given = {f"system {number}": [sample("a", 0.1 * number), sample("c", 0.5)] for number in range(6)} | {"none": []}
    breakdown.draw(tmp_path / "one.png", breakdown.breakdown(TESTS, given))
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.size == (15 * charts.DOTS_PER_INCH, 12 * charts.DOTS_PER_INCH)
        darkest = picture.convert("L").resize((6, 10)).getextrema()[0]
    assert darkest < 250 and [path.name for path in tmp_path.iterdir()] == ["one.png"]


@pytest.mark.pictures
def test_equal_figures_give_an_equal_picture(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        with charts.page(tmp_path / name, 1, 1, (3, 2)) as (_, ((axis,),)):
            axis.errorbar([0, 1], [1, 2], [[0.5, 0.5], [0.1, 0.2]], label="a system")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes() and b"Software" not in (tmp_path / "one.png").read_bytes()


# ---------------------------------------------------------------------------------------------------------------------------------
# the APIs that are offered


def record(identifier: str) -> dict[str, Any]:
    code = "is_workflow_actions_image_resize()\nis_workflow_actions_image_crop()\n"
    messages = [{"role": "user", "content": "old"}, {"role": "assistant", "content": "Thought: …"}]
    return {"id": identifier, "query": "make my last photo smaller and crop it", "apis": GOLD, "reference": code, "messages": messages, "split": "id"}


@pytest.mark.ci
def test_distractors_are_other_apis_in_an_order_that_tells_nothing_and_the_same_for_a_seed() -> None:
    tests = [record(f"r{number}") for number in range(40)]
    given = distractors.with_distractors(tests, 6, seed=0)
    right, catalog = {GOLD[0], GOLD[2]}, Catalog.load()
    titles = {catalog[api].title.casefold() for api in right}
    for one in given:
        wrong = set(one["apis"]) - right
        assert set(one["gold_apis"]) == right and len(one["apis"]) == len(set(one["apis"])) == 8 and len(wrong) == 6
        assert "is.workflow.actions.image.crop" not in wrong  # the gold program calls it, though the list does not name it
        assert not any(catalog[api].title.casefold() in titles for api in wrong)
        assert any(api.startswith("com.agiletortoise.Drafts5.") for api in wrong)
        assert all(catalog[api].name in one["messages"][0]["content"] for api in one["apis"]) and one["messages"][1] == tests[0]["messages"][1]
    places = [one["apis"].index(GOLD[0]) for one in given]
    assert {0, 7} <= set(places) and 2 < sum(places) / len(places) < 5
    assert distractors.with_distractors(reversed(tests), 6, seed=0)[::-1] == given != distractors.with_distractors(tests, 6, seed=1)


def test_a_prompt_with_other_apis_asks_for_the_same_form_of_answer() -> None:
    task = "generate_without_plan"
    (one,) = distractors.with_given_apis([{**record("r"), "task": task}], None, 3, 0)[0]
    assert one["messages"][0] == conversation.chat(one["query"], one["apis"], Catalog.load(), form=conversation.ANSWER_FORMS[task])[0]


def test_distractors_are_found_for_apis_that_nobody_knows() -> None:
    (one,) = distractors.with_distractors([{**record("r"), "apis": ["com.nobody.knows.Qqq"]}], 20, seed=0)
    assert len(one["apis"]) == 21


def test_a_search_gives_apis_by_the_query_alone() -> None:
    tests = [record("r"), {**record("s"), "apis": ["is.workflow.actions.ask"], "reference": ""}]
    one, other = distractors.with_retrieved(tests, 20)
    assert one["apis"] == other["apis"] and len(one["apis"]) <= 20 and GOLD[0] in one["apis"]
    about = distractors.describe([one, other], None, 20)
    assert about["recall"]["id"] == pytest.approx((0.5 + 1) / 2) and "20 APIs found by search" in distractors.sentence(about)


# ---------------------------------------------------------------------------------------------------------------------------------
# the code that scores


@pytest.mark.ci
def test_the_identity_covers_what_scoring_loads_and_nothing_else() -> None:
    code = f"import sys; from common.metrics import score; score({FLAT!r}, {DEEP!r}); print(*(m for m in sys.modules if m.partition('.')[0] in ('common', 'shortcuts')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in digests.source_files("common.metrics")}
    assert files == set(loaded) and not files & {"common.metrics.judge", "common.metrics.samples_page", "common.metrics.aggregate"}


def test_the_identity_changes_with_the_code_and_the_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "common").mkdir()
    for name, text in (("a", "from common.b import x\n"), ("b", "x = 1\n"), ("c", "y = 1\n")):
        (tmp_path / f"common/{name}.py").write_text(text)
    monkeypatch.setattr(digests, "ROOT", tmp_path)
    first = digests.code_digest("common.a")
    (tmp_path / "common/c.py").write_text("y = 2\n")
    assert digests.code_digest("common.a") == first != digests.code_digest("common.a", more="newer")
    (tmp_path / "common/b.py").write_text("x = 2\n")
    assert digests.code_digest("common.a") != first
