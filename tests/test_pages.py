"""The pages of a dataset and of an evaluation: what stands in them, and in a real browser what a person can do with them."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from browser import CRAMPED, FAINT, look, opened, session, texts, until
from test_dataset_outputs import EXAMPLE, finished

from common import metrics, page
from common.dataset import browse, files
from common.metrics import overview_page, samples_page
from common.metrics.judge import Verdict
from common.page import steps as drawing
from common.page.alignment import aligned
from shortcuts import to_shortcut
from shortcuts.catalog import Catalog

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
ENTER, ESCAPE = "\ue007", "\ue00c"  # as WebDriver writes them
GOLD = "Text = is_workflow_actions_gettext(WFTextActionText='Hello')\nis_workflow_actions_showresult(Text=f'{Text}')\n"
CODES = {
    "same": GOLD,
    "other value": GOLD.replace("Hello", "Good day"),
    "unknown parameter": GOLD.replace("WFTextActionText", "WFTextActionTexts"),
    "no Python": GOLD + "and then (",
    "empty": "",
}
PLAN = "1. Make a text.\n2. Show it."
KINDS = [("as the paper", {"CodeBLEU": "codebleu"}, "mean"), ("flow", {"graph F1": "graph_f1", "API F1": "api_f1"}, "mean"),
         ("above chance", {"CodeBLEU": "codebleu"}, "above_chance")]  # fmt: skip
NAMES = {metric: label for _, heads, _ in KINDS for label, metric in heads.items()}


def record(number: int) -> dict[str, Any]:
    return {"id": f"r{number}", "split": "id" if number % 2 else "ood", "query": f"Say hello {number} <img src=x onerror=alert(1)>", "reference": GOLD,
            "apis": ["is.workflow.actions.gettext", "is.workflow.actions.showresult"], "category": ["Fun", "Work"][number % 2],
            "source": {"site": "example.org", "files": [{"name": "a"}]},
            "messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": f"Thought:{PLAN}\n\nCode:\n```python\n{GOLD}```"}]}  # fmt: skip


def sample(number: int, system: str, code: str) -> dict[str, Any]:
    failure, text = ("", None) if code else ("length", "I would rather not.")
    return {"id": f"r{number}", "split": record(number)["split"], "system": system, "scores": metrics.score(GOLD, code),
            "prediction": {"code": code, "text": text, "failure": failure, "plan": PLAN.replace("Show", "Speak"), "query": None}}  # fmt: skip


def report(*systems: str) -> dict[str, Any]:
    """Return scores as stage 08 writes them into scores.json, with figures that are easy to find again."""
    mean = {"mean": 0.5, "low": 0.25, "high": 0.75, "above_chance": 0.1, "above_chance_low": -0.1, "above_chance_high": 0.3}
    split = {"n": 3, "unanswered": 1, "reasons": {"refused": 1}, "truncated": 0} | dict.fromkeys(NAMES, mean)
    shapes = {"0–4": {"n": 2, "systems": {system: {"n": 2, "graph_f1": mean} for system in systems}}}
    difference = {"systems": ["one", "two"], "n": 5, "mean": 0.2, "low": 0.1, "high": 0.3, "p": 0.01}
    return {"systems": {system: {"id": split, "ood": split} for system in systems}, "without_answers": {"three": "down"},
            "differences": [{**difference, "metric": metric} for metric in ("graph_f1", "dataflow")],
            "breakdown": {"actions": shapes, "branches": shapes, "depth": shapes}}  # fmt: skip


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five queries, each kind of answer once, by two models in opposite orders."""
    codes = list(CODES.values())
    samples = {"one": [sample(number, "one", code) for number, code in enumerate(codes)],
               "two": [sample(number, "two", code) for number, code in enumerate(reversed(codes))]}  # fmt: skip
    verdicts = {("r0", "one"): Verdict(True, [], [True, None, True], ["It says hello.", "unusable_answer: …", "Fine."]),
                ("r1", "one"): Verdict(False, ["os"], [], [])}  # fmt: skip
    path = tmp_path_factory.mktemp("eval") / "eval.html"
    samples_page.write(path, [record(number) for number in range(5)], samples, verdicts, 1, report=report("one", "two", "empty"), kinds=KINDS)
    return path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = finished(tmp_path_factory.mktemp("dataset") / "bench", name=HOSTILE)
    browse.write(folder, 100, 1)
    return folder / "browse.html"


def embedded(path: Path) -> list[Any]:
    """Return the data a page is made of, then its records."""
    (data,) = re.findall(r'<script type="text/plain" id="data">([A-Za-z0-9+/=]*)</script>', path.read_text())
    return json.loads(gzip.decompress(base64.b64decode(data)))


def rows(path: Path) -> dict[str, Any]:
    return {row["id"]: row for row in embedded(path)[1:]}


def sections(path: Path, identifier: str) -> dict[str, Any]:
    return {section["label"]: section for section in rows(path)[identifier]["sections"]}


def told(rows: list[list[Any]]) -> list[list[str]]:
    """The texts of a table's cells."""
    return [[cell["text"] if isinstance(cell, dict) else cell for cell in row] for row in rows]


# ---------------------------------------------------------------------------------------------------------------------------------
# any page


def test_a_page_holds_every_record_and_nothing_of_a_record_is_markup(tmp_path: Path) -> None:
    records = [(page.Row(f"r{number}", HOSTILE, facets={"kind": HOSTILE}), [page.text("T", HOSTILE)]) for number in range(9)]
    page.write(tmp_path / "p.html", HOSTILE, HOSTILE, {"kind": "Kind"}, {}, records)
    assert embedded(tmp_path / "p.html")[0]["title"] == HOSTILE and list(rows(tmp_path / "p.html")) == [f"r{number}" for number in range(9)]
    assert "onerror" not in (tmp_path / "p.html").read_text()


def test_a_page_that_fails_on_the_way_leaves_the_old_one_in_place(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text("old")
    with pytest.raises(ZeroDivisionError):
        page.write(tmp_path / "p.html", "", "", {}, {}, ((page.Row("a", "a"), [1 / 0]) for _ in range(1)))
    assert (tmp_path / "p.html").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_metadata_is_a_flat_table_without_what_is_unknown() -> None:
    values = {"id": 3, "none": None, "source": {"url": "", "parts": [{"a": True}, 2]}, "apis": ["x", "y"]}
    assert page.metadata("M", values)["rows"] == [("id", "3"), ("source · parts · 1 · a", "yes"), ("source · parts · 2", "2"), ("apis", "x, y")]


def test_lines_that_share_words_stand_in_one_row_and_the_others_alone() -> None:
    assert aligned("same\nold word here\nend", ["same\nnew word here\nmore\nend"]) == [
        ["same", "same"], ["old word here", "new word here"], [None, "more"], ["end", "end"]]  # fmt: skip
    assert aligned("a\nb\nc\nd", ["a\nc\nd", "x\na\nb\nc\nd"]) == [
        [None, None, "x"], ["a", "a", "a"], ["b", None, "b"], ["c", "c", "c"], ["d", "d", "d"]]  # fmt: skip


def test_lines_are_not_paired_for_their_brackets_or_keywords() -> None:
    assert aligned("start(1)\nworkflow(types=['A'])\nend(2)", ["start(1)\nchoosefromlist()\nend(2)"]) == [
        ["start(1)", "start(1)"], ["workflow(types=['A'])", None], [None, "choosefromlist()"], ["end(2)", "end(2)"]]  # fmt: skip
    assert aligned("f(\n1,\n)\nend", ["g(\n2,\n3,\n)\nend"])[-1] == ["end", "end"]
    assert ["if a is True:", "if b is True:"] not in aligned("x = 1\nif a is True:", ["x = 1\nif b is True:"])


def test_another_program_stands_beside_gold_as_it_is() -> None:
    gold, other = (["the(same)", *(f"{name}{number}()" for number in range(9))] for name in "ab")
    assert all(None in row for row in aligned("\n".join(gold), ["\n".join(other)]))


# ---------------------------------------------------------------------------------------------------------------------------------
# shortcuts as steps


def drawn(code: str) -> list[dict[str, Any]]:
    return drawing.steps(to_shortcut(code), Catalog.load())


def test_a_shortcut_is_drawn_with_titles_variables_and_depth() -> None:
    found = drawn(EXAMPLE)
    assert [(step["depth"], step["title"]) for step in found] == [(0, "Ask for Input"), (0, "If"), (1, "Show Result"), (0, "End If")]
    assert found[1]["parameters"][0][1] in ([{"variable": "Provided Input"}, " is ", "a"], [{"variable": "if"}, " is ", "a"])
    assert found[2]["parameters"][0][1][0] == "Hello "


def test_filters_dictionaries_and_quantities_are_drawn_in_words() -> None:
    code = ("c = is_workflow_actions_filter_contacts(WFContentItemFilter=filter_all(rule('Birthday', 'is today', Unit=16), rule('Name', '==', String='x')))\n"
            "is_workflow_actions_dictionary(WFItems={'a': {'b': [1, 2]}, 'c': True})\nis_workflow_actions_timer_start(WFDuration=quantity(10, 'min'))\n")
    shown = {label: "".join(pieces) for step in drawn(code) for label, pieces in step["parameters"]}
    assert shown == {"Content Item Filter": "Birthday is today and Name is x", "Items": "{a: {b: 1, 2}, c: on}", "Duration": "10 min"}


def test_the_mark_of_a_shortened_text_is_no_longer_than_what_it_hides() -> None:
    for length in range(drawing.SHOWN - 5, drawing.SHOWN + 60):
        assert len(drawing.plain("x" * length)) <= length
    assert drawing.plain("x" * 9000) == "x" * drawing.SHOWN + "… (9,000 characters)"
    assert drawing.plain([1] * 99).endswith("… (99 in all)") and drawing.plain([1] * 42).count("1") == 42


@pytest.mark.parametrize("value", [None, {}, [], {"Value": None}, {"Value": {"string": 3}}, {"attachmentsByRange": 1, "string": "a"}, b"x",
                                   {"Value": {"WFDictionaryFieldValueItems": [1, None]}}, {"Type": "Variable", "Variable": {"Value": {}}},
                                   {"Operator": [], "Values": {"a": 1}}, {"WFActionParameterFilterTemplates": [None]}])  # fmt: skip
def test_values_of_any_shape_are_drawn(value: Any) -> None:
    assert isinstance(drawing.plain(value), str)


@pytest.mark.parametrize("token", [{"Aggrandizements": 5}, {"Aggrandizements": None}, {"Type": ["x"]}, {"Type": {}}, {"OutputName": {"a": 1}},
                                   {"Aggrandizements": {"a": 1}}, {"Aggrandizements": [5, None, {"PropertyName": ["x"]}]}])  # fmt: skip
def test_a_variable_of_any_shape_is_drawn(token: dict[str, Any]) -> None:
    assert isinstance(drawing.variable({"Type": "Variable", "VariableName": "x", **token}), str)


# ---------------------------------------------------------------------------------------------------------------------------------
# what stands in the pages


def test_a_record_that_cannot_be_drawn_is_shown_without_its_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "steps", lambda shortcut, catalog: 1 / 0)
    row, (_, beside, *_) = browse.row_of(next(files.joined(finished(tmp_path), "train")))
    shortcut, program = beside["sections"]
    assert row.facets["split"] == "train" and program["text"].startswith("# Ask.")
    assert shortcut["label"] == "Shortcut" and "cannot be drawn: ZeroDivisionError" in shortcut["text"]


def test_classes_of_sizes_and_scores_do_not_overlap() -> None:
    assert [browse.size_class(steps) for steps in (0, 14, 15, 104, 105)] == ["0–14", "0–14", "15–29", "90–104", "105 and more"]
    found = [overview_page.bucket(score) for score in (0, 0.001, 0.25, 0.5, 0.999, 1)]
    assert found == ["0", "0.1–24.9", "25–49.9", "50–74.9", "75–99.9", "100"]


def test_the_overview_has_each_table_with_intervals_and_says_which_systems_are_baselines(evaluation: Path) -> None:
    about, scores, answers, differences, breakdown = embedded(evaluation)[0]["overview"]
    tables = {title: content[0]["sections"][0] for title, content in scores["options"]}
    assert list(tables) == ["Main", "as the paper", "flow", "above chance"] and tables["Main"]["head"] == ["system", "CodeBLEU", "API F1", "graph F1", "n"]
    one, _, empty = tables["Main"]["rows"]
    assert one[0]["text"] == "one" and one[0]["filter"] == {"system": "one"} and one[1]["text"] == "50.0" and one[1]["note"] == "25.0–75.0"
    assert empty[0]["note"] == "baseline" and empty[0]["filter"] is None and "empty: no answer at all" in about["text"]
    assert "one: 2 of 8 queries got no answer" in about["text"] and "three: not one answer (down)" in about["text"]
    assert tables["above chance"]["rows"][0][1]["text"] == "10.0" and tables["above chance"]["rows"][0][1]["note"] == "-10.0–30.0"
    assert told(answers["options"][0][1][0]["rows"]) == [["one", "2", "1", "0", "1", "1"], ["two", "2", "1", "0", "1", "1"]]
    assert differences["head"] == ["systems", "graph F1"] and differences["rows"][0][1]["text"] == "+20.0" and differences["rows"][0][1]["kind"] == "good"
    assert told(dict(breakdown["options"])["graph F1"][0]["rows"])[0] == ["one", "50.0"]


def test_a_score_that_an_answer_lacks_is_a_dash_and_a_class_of_its_own(tmp_path: Path) -> None:
    lacking = sample(0, "one", GOLD)
    lacking["scores"]["execution_match"] = None
    given = {"one": [lacking, sample(1, "one", GOLD)]}
    samples_page.write(tmp_path / "eval.html", [record(0), record(1)], given, {}, 1, report=report("one"), kinds=KINDS)
    path = tmp_path / "eval.html"
    assert [rows(path)[f"r{number}"]["answers"][0]["execution_match"] for number in (0, 1)] == ["no score", "100"]
    assert told(sections(path, "r0")["Scores"]["rows"])[0][-1] == "–" and "100.0" == told(sections(path, "r1")["Scores"]["rows"])[0][-1]
    answers = dict(embedded(path)[0]["overview"][2]["options"])
    assert answers["by exec match"][0]["head"][-1] == "no score" and "no score" not in answers["by API F1"][0]["head"]


def test_answers_to_one_query_are_one_row_with_what_holds_of_each(evaluation: Path) -> None:
    assert list(rows(evaluation)) == [f"r{number}" for number in range(5)]
    states = {code: rows(evaluation)[f"r{number}"]["answers"][0]["state"] for number, code in enumerate(CODES)}
    assert states == {"same": "checked", "other value": "checked", "unknown parameter": "has findings", "no Python": "does not parse",
                      "empty": "no program"}  # fmt: skip
    first, second = rows(evaluation)["r0"]["answers"]
    assert (first["system"], second["system"]) == ("one", "two") and first["judge"] == "pass" and second["judge"] == "not judged"
    assert first["api_f1"] == first["trace_match"] == "100" and second["api_f1"] == "0"
    assert rows(evaluation)["r2"]["answers"][0]["finding"] == ["unknown_parameter"]
    assert rows(evaluation)["r0"]["numbers"]["spread"] == 1 and rows(evaluation)["r2"]["numbers"]["spread"] == 0


def test_an_opened_query_has_all_that_is_known_of_its_answers(evaluation: Path) -> None:
    changed = sections(evaluation, "r1")
    assert list(changed)[:3] == ["Query", "Scores", "Program"]
    assert told(changed["Scores"]["rows"])[1][:2] == ["two", "does not parse"]
    first, second = GOLD.splitlines()
    assert changed["Program"]["heads"] == ["gold", "one", "two"] and changed["Program"]["rows"][:2] == [
        [first, first.replace("Hello", "Good day"), first], [second, second, second]]  # fmt: skip
    assert "Good day" in changed["Steps on any path"]["rows"][0][1] and changed["Plan"]["rows"][1][:2] == ["2. Show it.", "2. Speak it."]
    assert changed["one: the judge says fail"]["rows"] == [["calls what was not given", "os"]]
    assert sections(evaluation, "r0")["one: the judge says pass"]["rows"][1] == ["invalid", "unusable_answer: …"]
    assert "unknown_parameter" in str(sections(evaluation, "r2")["Findings in the programs"]["rows"])
    nothing = sections(evaluation, "r4")
    assert nothing["Scores"]["rows"][0][1]["note"] == "cut at the token limit" and "40.0" in told(nothing["Scores"]["rows"])[0]
    assert nothing["one: the answer as it came"]["text"] == "I would rather not."
    assert ["source · files · 1 · name", "a"] in nothing["Record"]["rows"]


def test_a_sample_that_cannot_be_drawn_is_shown_as_it_is_among_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(code: str, catalog: Any) -> list[Any]:
        if "é" in code:
            raise ValueError("string argument should contain only ASCII characters")
        return []

    given = [sample(0, "one", GOLD), sample(1, "one", GOLD), sample(2, "one", GOLD)]
    given[1]["prediction"]["code"] = "data('é')\n"
    monkeypatch.setattr(samples_page, "check", check)
    path = tmp_path / "eval.html"
    undrawn = samples_page.write(path, [record(number) for number in range(3)], {"one": given}, {}, 1, report=report("one"), kinds=KINDS)
    assert list(undrawn) == ["r1/one"] and "ValueError" in undrawn["r1/one"].detail
    assert "cannot be drawn" in rows(path)["r1"]["answers"][0]["finding"] and "cannot be drawn" not in rows(path)["r0"]["answers"][0]["finding"]
    assert ["data('é')"] in [row[1:] for row in sections(path, "r1")["Program"]["rows"]] and "ValueError" in str(sections(path, "r1")["Findings in the programs"])


# ---------------------------------------------------------------------------------------------------------------------------------
# in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One for all these tests: starting it takes longer than they do."""
    with session() as driver:
        yield driver


SHOWN = "return where.toString() === arguments[0] && (document.body.dataset.view === 'overview' || record.children.length > 0)"


def press(browser: Any, *keys: str) -> None:
    for key in keys:
        browser.switch_to.active_element.send_keys(key)


def choose(browser: Any, **values: str) -> str:
    """Fill in filters; returns how many records they leave."""
    browser.execute_script("for (const [name, value] of Object.entries(arguments[0])) document.forms[0].elements[name].value = value;"
                           "document.forms[0].dispatchEvent(new Event('input')); return null", values)  # fmt: skip
    return texts(browser, "#count")[0]


def chosen(browser: Any) -> str:
    """The id of the record that is open."""
    return "".join(texts(browser, "#record .head > code"))


@pytest.mark.ci
def test_the_dataset_opens_on_its_first_record_and_nothing_of_it_is_markup(dataset: Path, browser: Any) -> None:
    with opened(browser, dataset):
        assert texts(browser, "#count") == ["3 records"] and chosen(browser) == "r2" and browser.title == "Workflows: bench"
        assert "Ask for Input" in texts(browser, ".block strong") and "is_workflow_actions_ask" in texts(browser, ".call")
        assert HOSTILE in texts(browser, "#record td") and texts(browser, "img") == []
        (link,) = browser.find_elements("css selector", ".code a[download]")
        assert link.get_attribute("download") == "r2.py" and unquote(link.get_attribute("href").split(",", 1)[1]) == f"# Ask.\n{EXAMPLE}"


@pytest.mark.ci
def test_search_and_filters_find_parts_of_names_in_any_spelling(dataset: Path, browser: Any) -> None:
    with opened(browser, dataset):
        for name in ("showresult", "is_workflow_actions_showresult", "is.workflow.actions.ShowResult", "Ask and greet", "r1 1. ask"):
            choose(browser, q=name)
            until(lambda name=name: texts(browser, "#count") == ["1 of 3 records" if name.startswith("r1") else "3 of 3 records"])
        assert until(lambda: choose(browser, q="no such thing") == "0 of 3 records") and texts(browser, "#rows .hint") and chosen(browser) == ""
        browser.find_element("id", "reset").click()
        until(lambda: texts(browser, "#count") == ["3 records"] and chosen(browser) == "r2")
        assert not browser.find_element("id", "reset").is_displayed() and browser.find_element("name", "q").get_attribute("value") == ""


@pytest.mark.ci
def test_filters_are_counted_after_the_others_and_stand_in_the_address(evaluation: Path, browser: Any) -> None:
    with opened(browser, evaluation, "#system=one&state=checked"):
        assert texts(browser, "#count") == ["2 of 5 queries"] and chosen(browser) == "r0"
        offered = browser.execute_script("return [...document.forms[0].elements.trace_match.options].map((option) => option.label)")
        assert offered[0] == "any" and "100 (1)" in offered and len(offered) == 3
        assert choose(browser, trace_match="100") == "1 of 5 queries"
        until(lambda: "trace_match=100" in browser.current_url)
        assert choose(browser, trace_match="", system="", state="", order="-spread") == "5 queries"
        assert texts(browser, "#rows a .notes")[-1].endswith("graph F1: one 100 · two 100")


@pytest.mark.ci
def test_keys_move_open_and_lead_back_and_so_does_the_browser(dataset: Path, browser: Any) -> None:
    with opened(browser, dataset):
        press(browser, "j", "j", "k")
        until(lambda: chosen(browser) == "r1" and browser.current_url.endswith("#id=r1"))
        assert browser.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
        press(browser, "/", "number 0")
        until(lambda: texts(browser, "#count") == ["1 of 3 records"])
        press(browser, ENTER)
        until(lambda: chosen(browser) == "r0" and browser.switch_to.active_element.get_attribute("id") == "record")
        press(browser, ESCAPE)
        until(lambda: texts(browser, "#count") == ["3 records"])
        browser.back()
        until(lambda: chosen(browser) == "r0" and texts(browser, "#count") == ["1 of 3 records"])


@pytest.mark.ci
def test_the_evaluation_opens_on_its_overview_and_leads_to_the_answers(evaluation: Path, browser: Any) -> None:
    with opened(browser, evaluation):
        assert browser.find_element("id", "overview").is_displayed() and not browser.find_element("id", "list").is_displayed()
        assert texts(browser, "#overview .figures")[0].startswith("systemCodeBLEUAPI F1graph F1n")
        browser.find_element("css selector", "#overview a[href*='state=checked']").click()
        until(lambda: texts(browser, "#count") == ["2 of 5 queries"] and chosen(browser) == "r0")
        browser.find_element("css selector", "#rows li:nth-child(2) a").click()
        until(lambda: chosen(browser) == "r1")
        buttons = browser.find_elements("css selector", "#record .diff")[0].find_elements("css selector", "[aria-pressed]")
        assert [button.text for button in buttons] == ["side by side", "one", "two"]
        buttons[1].click()
        assert (texts(browser, ".gone mark")[:1], texts(browser, ".new mark")[:2]) == (["Hello"], ["Good", "day"])
        assert texts(browser, ".diff .same .call")[0] == "is_workflow_actions_showresult" and "<img" in texts(browser, "#record .lead")[0]
        assert [link.get_attribute("download") for link in browser.find_elements("css selector", ".diff a")] == ["r1-gold.py", "r1-one.py"]
        assert texts(browser, "img") == []
        browser.back()
        browser.back()
        until(lambda: browser.find_element("id", "overview").is_displayed())


@pytest.mark.ci
def test_every_text_is_readable_and_every_control_fits_a_finger_in_both_schemes_and_widths(evaluation: Path, dataset: Path, browser: Any) -> None:
    for path, views in ((evaluation, ("", "list=", "id=r1", "q=nothing")), (dataset, ("list=", "id=r0"))):
        with opened(browser, path):
            for width in (1440, 390):
                for view in views:
                    look(browser, width)
                    browser.execute_script("location.hash = arguments[0]", view)
                    until(lambda view=view: browser.execute_script(SHOWN, view))
                    for scheme in ("light", "dark"):
                        look(browser, width, scheme)
                        assert browser.execute_script(FAINT) == [], (path.name, width, view, scheme)
                    if width == 390:
                        assert browser.execute_script(CRAMPED) == [], (path.name, view)


@pytest.mark.ci
def test_on_a_phone_the_page_scrolls_as_one_and_shows_the_list_or_a_record(dataset: Path, browser: Any) -> None:
    with opened(browser, dataset, width=390):
        assert browser.find_element("id", "list").is_displayed() and not browser.find_element("id", "record").is_displayed()
        assert not browser.find_element("name", "split").is_displayed()
        browser.find_element("id", "more").click()
        assert browser.find_element("name", "split").is_displayed()
        browser.find_element("css selector", "#rows li:nth-child(2) a").click()
        until(lambda: chosen(browser) == "r1" and not browser.find_element("id", "list").is_displayed())
        boxes = "return [...document.querySelectorAll('main, main > *')].filter((node) => /auto|scroll/.test(getComputedStyle(node).overflowY)).length"
        assert browser.execute_script(boxes) == 0
        browser.find_element("css selector", ".back").click()
        until(lambda: browser.find_element("id", "list").is_displayed() and texts(browser, "[aria-current=true] .title") == ["Ask and greet, number 1"])


@pytest.mark.slow
def test_a_page_of_1190_queries_is_quick_and_small(tmp_path: Path, browser: Any) -> None:
    codes, tests = list(CODES.values()), [record(number) for number in range(1190)]
    made = [sample(number, "one", code * 12) for number, code in enumerate(codes)]
    samples = {"one": [{**made[number % 5], "id": f"r{number}", "split": tests[number]["split"]} for number in range(1190)]}
    samples_page.write(tmp_path / "eval.html", tests, samples, {}, 2, report=report("one"), kinds=KINDS)
    assert (tmp_path / "eval.html").stat().st_size < 30e6
    with opened(browser, tmp_path / "eval.html", "#list="):
        mark = browser.execute_script("return performance.getEntriesByName('ready')[0].startTime")
        assert texts(browser, "#count") == ["1,190 queries"] and mark < 10_000  # 2,000 on a machine that is not loaded
        choose(browser, q="gettext WFTextActionTexts")
        until(lambda: texts(browser, "#count") == ["238 of 1,190 queries"])
