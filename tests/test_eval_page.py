"""The page of an evaluation: what stands in it, and in a real browser that it filters, sorts, opens a sample and shows what differs."""

from __future__ import annotations

import base64
import gzip
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from common import metrics
from common.metrics import samples_page
from common.metrics.judge import Verdict
from tests.browser import opened, texts, until

GOLD = "Text = is_workflow_actions_gettext(WFTextActionText='Hello')\nis_workflow_actions_showresult(Text=f'{Text}')\n"
CODES = {
    "same": GOLD,
    "other value": GOLD.replace("Hello", "Good day"),
    "unknown parameter": GOLD.replace("WFTextActionText", "WFTextActionTexts"),
    "no Python": GOLD + "and then (",
    "empty": "",
}
PLAN = "1. Make a text.\n2. Show it."


def record(number: int) -> dict[str, Any]:
    return {"id": f"r{number}", "split": "id" if number % 2 else "ood", "query": f"Say hello {number} <img src=x onerror=alert(1)>", "reference": GOLD,
            "apis": ["is.workflow.actions.gettext", "is.workflow.actions.showresult"], "category": ["Fun", "Work"][number % 2],
            "messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": f"Thought:{PLAN}\n\nCode:\n```python\n{GOLD}```"}]}  # fmt: skip


def sample(number: int, system: str, code: str) -> dict[str, Any]:
    failure, text = ("", None) if code else ("length", "I would rather not.")
    return {"id": f"r{number}", "split": record(number)["split"], "system": system, "scores": metrics.score(GOLD, code),
            "prediction": {"code": code, "text": text, "failure": failure, "plan": PLAN.replace("Show", "Speak"), "query": None}}  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five queries, each kind of answer once, by two models in opposite orders."""
    codes = list(CODES.values())
    samples = {"one": [sample(number, "one", code) for number, code in enumerate(codes)],
               "two": [sample(number, "two", code) for number, code in enumerate(reversed(codes))]}  # fmt: skip
    verdicts = {("r0", "one"): Verdict(True, [], [True, None, True], ["It says hello.", "unusable_answer: …", "Fine."]),
                ("r1", "one"): Verdict(False, ["os"], [], [])}  # fmt: skip
    path = tmp_path_factory.mktemp("eval") / "eval.html"
    samples_page.write(path, [record(number) for number in range(5)], samples, verdicts, 1)
    return path


def unpacked(page: Path, name: str) -> Any:
    found = re.search(rf'<script type="text/plain" id="{name}">([^<]*)</script>', page.read_text())
    assert found
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def rows(page: Path) -> dict[str, Any]:
    return {row["id"]: row for row in unpacked(page, "index")["rows"]}


def sections(page: Path, identifier: str) -> dict[str, Any]:
    place = list(rows(page)).index(identifier)
    return {section["label"]: section for section in unpacked(page, "chunk-0")[place]}


def test_answers_to_one_query_stand_together_with_their_states(page: Path) -> None:
    assert list(rows(page))[:3] == ["r0/one", "r0/two", "r1/one"]
    states = {code: rows(page)[f"r{number}/one"]["facets"]["state"] for number, code in enumerate(CODES)}
    assert states == {"same": "checked", "other value": "checked", "unknown parameter": "has findings", "no Python": "does not parse",
                      "empty": "no program"}  # fmt: skip
    facets = rows(page)["r0/one"]["facets"]
    assert facets["judge"] == "pass" and facets["api_f1"] == facets["trace_match"] == "100"
    assert rows(page)["r4/one"]["facets"]["api_f1"] == "0" and rows(page)["r2/one"]["facets"]["finding"] == ["unknown_parameter"]
    assert rows(page)["r1/one"]["facets"]["judge"] == "fail" and rows(page)["r1/two"]["facets"]["judge"] == "not judged"
    assert set(metrics.RATES) < rows(page)["r1/one"]["numbers"].keys()


def test_an_opened_sample_has_all_that_is_known_of_it(page: Path) -> None:
    changed = sections(page, "r1/one")
    first, second = GOLD.splitlines()
    assert changed["Program"]["lines"] == [[first, first.replace("Hello", "Good day")], [second, second]]
    assert "Good day" in changed["What it would do"]["lines"][0][1]
    assert changed["Plan"]["lines"][1] == ["2. Show it.", "2. Speak it."] and changed["Plan"]["prose"] is True
    assert changed["Judge"]["rows"] == [["calls what was not given", "os"]]
    assert sections(page, "r0/one")["Judge"]["rows"][1] == ["invalid", "unusable_answer: …"]
    assert "unknown_parameter" in str(sections(page, "r2/one")["Findings in the program"]["rows"])
    nothing = sections(page, "r4/one")
    assert "token limit" in nothing["Truncated"]["text"] and nothing["The answer as it came"]["text"] == "I would rather not."
    assert "What it would do" not in nothing and ["codebleu", "40.0"] in nothing["Scores"]["rows"]


def test_a_sample_that_cannot_be_drawn_is_shown_as_it_is_among_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(code: str, catalog: Any) -> list[Any]:
        if "é" in code:
            raise ValueError("string argument should contain only ASCII characters")
        return []

    given = [sample(0, "one", GOLD), sample(1, "one", GOLD), sample(2, "one", GOLD)]
    given[1]["prediction"]["code"] = "data('é')\n"
    monkeypatch.setattr(samples_page, "check", check)
    path = tmp_path / "eval.html"
    undrawn = samples_page.write(path, [record(number) for number in range(3)], {"one": given}, {}, 1)
    assert list(undrawn) == ["r1/one"] and "ValueError" in undrawn["r1/one"].detail
    assert list(rows(path)) == ["r0/one", "r1/one", "r2/one"] and rows(path)["r1/one"]["facets"]["state"] == "cannot be drawn"
    assert sections(path, "r1/one")["Program"]["text"] == "data('é')\n" and "ValueError" in sections(path, "r1/one")["Not drawn"]["text"]


def test_buckets_keep_nothing_and_everything_apart() -> None:
    assert [samples_page.bucket(score) for score in (0, 0.001, 0.25, 0.5, 0.999, 1)] == ["0", "0–25", "25–50", "50–75", "75–100", "100"]


def test_in_a_browser_it_filters_sorts_and_shows_what_differs(page: Path) -> None:
    with opened(page) as browser:
        assert browser.find_element("id", "count").text == "10 of 10" and "answered by one, two" in browser.find_element("id", "facts").text

        def choose(name: str, value: str) -> str:
            browser.execute_script("const f = document.getElementById('filters'), e = f.elements[arguments[0]]; e.value = arguments[1];"
                                   "f.dispatchEvent(new Event('input'))", name, value)  # fmt: skip
            return browser.find_element("id", "count").text

        assert choose("system", "one") == "5 of 10" and choose("state", "checked") == "2 of 10"
        assert choose("trace_match", "100") == "1 of 10" and choose("trace_match", "") == "2 of 10"
        assert choose("split", "id") == "1 of 10"
        browser.find_element("css selector", ".row").click()
        until(lambda: browser.find_elements("css selector", ".diff"))
        assert texts(browser, ".gone mark")[0] == "Hello" and texts(browser, ".new mark")[0] == "Good day"
        assert "Say hello 1 <img" in browser.find_element("id", "record").text and not browser.find_elements("tag name", "img")
        assert [choose(name, "") for name in ("system", "state", "split")][-1] == "10 of 10"
        for order, best in (("-codebleu_strict", "same"), ("codebleu_strict", "empty")):
            choose("order", order)
            browser.find_element("css selector", ".row").click()
            until(lambda best=best: (best == "empty") == bool("I would rather not" in browser.find_element("id", "record").text))


@pytest.mark.slow
def test_a_page_of_1190_samples_is_quick_and_small(tmp_path: Path) -> None:
    codes, tests = list(CODES.values()), [record(number) for number in range(1190)]
    made = [sample(number, "one", code * 12) for number, code in enumerate(codes)]
    samples = {"one": [{**made[number % 5], "id": f"r{number}", "split": tests[number]["split"]} for number in range(1190)]}
    samples_page.write(tmp_path / "eval.html", tests, samples, {}, 2)
    assert (tmp_path / "eval.html").stat().st_size < 30e6
    started = time.perf_counter()
    with opened(tmp_path / "eval.html") as browser:
        mark = browser.execute_script("return performance.getEntriesByName('ready')[0].startTime")
        assert browser.find_element("id", "count").text == "1,190 of 1,190" and mark < 10_000  # 2,000 on a machine that is not loaded
    assert time.perf_counter() - started < 60
