"""T-Eval's planning test: what answers are read as, the score with its quirks, our programs as its plans, the figures on its data."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from common.jsonl import UserError
from common.metrics import report, teval, teval_plans
from common.metrics.embedding import Embedder, open_embedder
from common.metrics.systems import Prediction
from common.metrics.teval import Step
from common.replies import without_thought
from shortcuts.catalog import Catalog
from tests import stage_runs

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "teval"
TOOLS = [["Air.search", {"name": "Air.search", "description": "Finds homes.", "optional_parameters": [],
                         "required_parameters": [{"name": "place", "type": "STRING", "description": "Where."}]}],
         ["Mail.send", {"name": "Mail.send", "description": "Sends a mail.", "required_parameters": [],
                        "optional_parameters": [{"name": "count", "type": "NUMBER", "description": "How many."}]}]]  # fmt: skip
GOLD = [{"id": 0, "prev": [], "name": "Air.search", "args": {"place": "Berlin"}}, {"id": 1, "prev": [0], "name": "Mail.send", "args": {}},
        {"id": 2, "prev": [1], "name": "FinishAction", "args": {}}]  # fmt: skip


def data(form: str = "json", number: int = 3) -> dict[str, Any]:
    prompt = [{"role": "system", "content": f"You have these:\n{TOOLS!r}\nMake a plan."}, {"role": "user", "content": "Homes in Berlin, please."}]
    entry = {"meta": {"prompt_type": form, "API_list": ["Air.search", "Mail.send"]}, "ground_truth": GOLD, "origin_prompt": prompt}
    return {f"query_{place}": entry for place in range(number)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plan_json_v1.json"
    path.write_text(json.dumps(data()))
    return path


@pytest.fixture
def embedder() -> Any:
    return open_embedder()


def test_json_plans_are_read_as_the_published_evaluator_reads_them() -> None:
    steps = [{"id": 1, "name": "Mail.send", "args": "{}"}, {"id": 0, "name": "Air.search", "args": {"place": "Rome"}}]
    wanted = [Step("Air.search", "{'place': 'Rome'}"), Step("Mail.send", "{}")]
    assert teval.read_plan(f"Here it is:\n```\n{json.dumps(steps)}\n```", "json", []) == wanted
    assert teval.read_plan(repr([*steps, {"id": 2, "name": "FinishAction", "args": "{}"}]), "json", []) == wanted
    assert teval.read_plan(str(steps).replace("{}", "null"), "json", [])[1] == Step("Mail.send", "null")
    assert teval.read_plan(json.dumps([*steps, {"id": "x", "name": "Mail.send"}]), "json", []) == []  # one bad step spoils the plan


@pytest.mark.parametrize("text", ["", "no plan", "[", "]" + "[" * 100_000, "[" * 5000 + "]" * 5000, "[1, 2]", '[{"id": 1}]', "[None]", "\ud800[]"])
def test_what_is_no_plan_is_an_empty_one(text: str) -> None:
    assert teval.read_plan(text, "json", ["a"]) == []


@pytest.mark.parametrize(("form", "answer"), [("json", '[{"id": 0, "name": "Mail.send", "args": {}}]'), ("str", "Use Mail.send")])
def test_what_a_model_thinks_first_is_no_plan(form: str, answer: str) -> None:
    (step,) = teval.read_plan(answer, form, ["Mail.send", "Air.search"])
    for thought in ("<think>[1], or Air.search?\n</think>\n", "First [Air.search], I think.</think>", "\n<think></think>"):
        assert teval.read_plan(thought + answer, form, ["Mail.send", "Air.search"]) == [step]
    assert teval.read_plan("<think>" + answer, form, ["Mail.send"]) == []  # cut within its thoughts
    assert without_thought("print('<think>')  # </think>") == "print('<think>')  # </think>"


def test_text_plans_take_the_first_api_of_each_sentence() -> None:
    text = "Use Air.search with Rome, not Mail.send. Then Mail.send\nand wait"
    assert teval.read_plan(text, "str", ["Mail.send", "Air.search"]) == [
        Step("Air.search", "Use Air.search with Rome, not Mail.send"), Step("Mail.send", "Then Mail.send")]  # fmt: skip


def test_our_programs_become_plans() -> None:
    code = "homes = Air_search(place='Rome', guests=2)\nif homes:\n    Mail.send(body=f'{homes}', to=Air_search(place=city))\nother(1)\nFinishAction()\n"
    plan = teval.plan_of_code(code, ["Air.search", "Mail.send", "FinishAction"])
    assert plan == [Step("Air.search", "{'place': 'Rome', 'guests': 2}"), Step("Air.search", "{'place': 'city'}"),
                    Step("Mail.send", "{'body': \"f'{homes}'\", 'to': 'Air_search(place=city)'}")]  # fmt: skip
    assert teval.plan_of_code("Air_search(place='Rome'\nMail_send(", ["Air.search", "Mail.send"])[0].name == "Air.search"  # broken code


def test_a_task_can_be_asked_as_our_models_are(file: Path) -> None:
    item = teval.load(file)[0]
    (message,) = teval.as_test(item, True)["messages"]
    assert "Homes in Berlin, please." in message["content"] and "def Air_search(*, place: str)" in message["content"]
    assert "count: float = ..." in message["content"] and "Finds homes." in message["content"]
    assert teval.as_test(item, False)["messages"] == item.prompt
    answer = "Thought:1. Search.\n\nCode:\n```python\nAir_search(place='Berlin')\nMail_send()\n```"
    assert teval.read_answer(answer, item) == item.gold


def test_the_score_matches_by_meaning_and_counts_in_order(embedder: Embedder) -> None:
    gold = [Step("Air.search", "{}"), Step("Mail.send", "{}"), Step("Notes.append", "{}")]
    scores = teval.score(gold, gold, embedder)
    assert set(scores) == set(teval.METRICS) and all(value == 1 for value in scores.values())
    scores = teval.score(gold[::-1], gold, embedder)
    assert scores["f1@0.7"] == scores["order_f1"] == pytest.approx(1 / 3)
    scores = teval.score(gold[:1], gold, embedder)
    assert scores["precision@0.7"] == 1 and scores["recall@0.7"] == pytest.approx(1 / 3)


def test_one_wrong_call_is_right_for_the_published_evaluator_only(embedder: Embedder) -> None:
    gold = [Step("Air.search", "{}"), Step("Mail.send", "{}")]
    scores = teval.score([Step("Foo.bar", "[]")], gold, embedder)
    assert scores["precision@0.7"] == 1 and scores["f1@0.8"] == pytest.approx(2 / 3)
    assert scores["f1_mended@0.7"] == scores["f1_mended@0.8"] == scores["order_f1"] == 0
    assert not any(teval.score([], gold, embedder).values())


def test_a_threshold_is_passed_not_reached() -> None:
    from numpy import array

    class Fixed:
        def similarity(self, one: list[str], other: list[str]) -> Any:
            return array([[0.8]])

    scores = teval.score([Step("a", "")], [Step("b", "")], Fixed())  # type: ignore[arg-type]
    assert scores["f1_mended@0.7"] == 1 and scores["f1_mended@0.8"] == 0


def test_a_text_is_embedded_once() -> None:
    asked: list[list[str]] = []

    def encode(texts: list[str]) -> list[list[float]]:
        asked.append(texts)
        return [[len(text), 1.0] for text in texts]

    embedder = Embedder("one", encode)
    for _ in range(2):
        similarity = embedder.similarity(["a", "bb", "a"], ["bb"])
        assert similarity.shape == (3, 1) and similarity[1, 0] == pytest.approx(1) and similarity[0, 0] < 1
    embedder.prepare(["a", "c"])
    assert asked == [["a", "bb"], ["c"]]


def test_the_embedder_without_weights_knows_likeness(embedder: Embedder) -> None:
    (near, far, same) = embedder.similarity(["Air.search"], ["Air.searches", "Mail.send", "Air.search"])[0]
    assert same == pytest.approx(1) and same > near > 0.7 > 0.3 > far >= 0


def test_a_model_without_its_library_or_weights_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--embedder .*no-model"):
        open_embedder(str(tmp_path / "no-model"))


@pytest.mark.parametrize(("content", "message"), [
    (None, "cannot be read"), ("{", "not JSON"), ("{}", "one form"), ("[]", "not T-Eval"), ('{"a": {}}', "not T-Eval"),
    (json.dumps(data("ReWOO")), "ReWOO"), (json.dumps(data()).replace("'Air.search'", "'Air'"), "does not describe Air.search"),
])  # fmt: skip
def test_other_data_is_refused_in_one_line(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=message):
        teval.load(path)


@pytest.mark.parametrize("prompt", [[], [1], [{"role": "system"}], [{"content": "x"}], [{"role": "system", "content": "[[(\n"}, {"role": "user", "content": ""}],
                                    [{"role": "system", "content": "[[" * 5000}]])
def test_a_prompt_that_lists_no_tools_is_refused_in_one_line(tmp_path: Path, prompt: list[Any]) -> None:
    entry = {**data()["query_0"], "origin_prompt": prompt}
    (tmp_path / "plan.json").write_text(json.dumps({"query_0": entry}))
    with pytest.raises(UserError, match="plan.json: not T-Eval's planning data"):
        teval.load(tmp_path / "plan.json")


@pytest.mark.ci
def test_the_stage_judges_plans_of_files_beside_baselines(file: Path, tmp_path: Path) -> None:
    results = tmp_path / "theirs.json"
    results.write_text(json.dumps({key: {"prediction": [{"id": 0, "name": "Air.search", "args": {"place": "Berlin"}}]} for key in data()}))
    ours = tmp_path / "ours.jsonl"
    ours.write_text("".join(json.dumps({"id": key, "code": "Air_search(place='Berlin')\nMail_send()"}) + "\n" for key in data()))
    run = stage_runs.run("08", "--teval", file, "--predictions", results, "--predictions", ours, "--output", tmp_path / "eval")
    assert run.returncode == 0, run.stderr
    figures = json.loads((tmp_path / "eval/plan_json_v1/scores.json").read_text())["systems"]
    assert figures["ours"]["json"]["f1@0.7"]["mean"] == figures["gold"]["json"]["f1@0.8"]["mean"] == pytest.approx(1)
    assert figures["theirs"]["json"]["recall@0.7"]["mean"] == pytest.approx(0.5) and figures["theirs"]["json"]["n"] == 3
    assert figures["one wrong call"]["json"]["f1@0.7"]["mean"] > 0 == figures["one wrong call"]["json"]["f1_mended@0.7"]["mean"]
    assert "one wrong call" in run.stdout and json.loads(run.stdout.splitlines()[-1])["systems"] == 7
    results.write_text(json.dumps({"query_0": "no plan", "of another test": "?"}))
    run = stage_runs.run("08", "--teval", file, "--predictions", results, "--output", tmp_path / "eval")
    figures = json.loads((tmp_path / "eval/plan_json_v1/scores.json").read_text())["systems"]["theirs"]["json"]
    assert run.returncode == 1 and (figures["n"], figures["unanswered"], figures["parsed"]["mean"]) == (1, 2, 0)
    assert "1 of its 2 ids are not in the tests" in run.stderr


@pytest.mark.ci
def test_the_published_data_gives_the_known_figures_where_no_model_is_needed() -> None:
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is not there")
    items = {item.key: item for item in teval.load(SHARED / "plan_json_v1.json")[:120]}
    embedder = open_embedder()
    for name, order_f1, bug in (("gold", 1.0, 0), ("empty", 0.0, 0), ("one wrong call", 0.0, 1)):
        system = next(system for system in teval.baselines(items.values()) if system.name == name)
        tests = [teval.as_test(item, False) for item in items.values()]
        scores = [teval.score_answer(items, embedder, record, answer) for record, answer in system.answers(tests)]
        assert fmean(score["order_f1"] for score in scores) == order_f1
        assert fmean(score["f1@0.7"] > score["f1_mended@0.7"] for score in scores) == bug
    assert teval.score_answer(items, embedder, tests[0], Prediction("")) == dict.fromkeys(teval.METRICS, 0.0)


# ---------------------------------------------------------------------------------------------------------------------------------
# our data as its plans


RECORD = {"id": "r1", "origin": "seed", "query": "Shrink the picture and show it.", "apis": ["is.workflow.actions.image.resize", "is.workflow.actions.showresult"],
          "code": "small = is_workflow_actions_image_resize(WFImageResizeWidth=640)\nif small:\n    is_workflow_actions_showresult(Text=f'{small} is small')\n"}  # fmt: skip


def test_a_record_becomes_a_conversation_that_the_benchmark_reads_as_its_own(tmp_path: Path, embedder: Any) -> None:
    plan = teval_plans.as_plan(RECORD, Catalog.load())
    assert plan and plan["task"] == "teval_json" and [message["role"] for message in plan["messages"]] == ["system", "user", "assistant"]
    gold = [{"id": 0, "name": "is.workflow.actions.image.resize", "args": {"WFImageResizeWidth": 640}},
            {"id": 1, "name": "is.workflow.actions.showresult", "args": {"Text": "f'{small} is small'"}}]  # fmt: skip
    entry = {"meta": {"prompt_type": "json", "API_list": plan["apis"]}, "ground_truth": gold, "origin_prompt": plan["messages"][:2]}
    (tmp_path / "plan_json_v1.json").write_text(json.dumps({"r1": entry}))
    (item,) = teval.load(tmp_path / "plan_json_v1.json")  # so the tools are listed as the benchmark lists them
    answer = teval.read_answer(plan["messages"][-1]["content"], item)
    assert answer == item.gold and teval.score(answer, item.gold, embedder)["f1@0.7"] == pytest.approx(1)
    (tool, _) = item.tools
    assert {parameter.key: parameter.type for parameter in tool.parameters}["WFImageResizeWidth"] == "number"


def test_a_program_that_calls_none_of_its_apis_has_no_plan() -> None:
    assert teval_plans.as_plan({**RECORD, "code": "x = 1"}, Catalog.load()) is None
    unknown = teval_plans.as_plan({**RECORD, "apis": ["com.x.do"], "code": "com_x_do(a=1)"}, Catalog.load())
    assert unknown and "com.x.do" in unknown["messages"][0]["content"]


def test_the_training_records_of_a_dataset_become_plans_to_train_on(tmp_path: Path) -> None:
    lines = [RECORD, {**RECORD, "id": "r2", "code": "x = 1"}]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert teval_plans.write(tmp_path, tmp_path / "plans.jsonl") == 1
    (made,) = map(json.loads, (tmp_path / "plans.jsonl").read_text().splitlines())
    assert made["id"] == "r1" and {"id", "task", "messages"} <= made.keys()


def test_gold_against_itself_is_below_hundred_where_its_steps_repeat_and_the_table_says_so(tmp_path: Path, embedder: Any) -> None:
    step, other = Step("Air.search", "{'place': 'Berlin'}"), Step("Mail.send", "{}")
    repeated = [step, step, step, other]
    assert teval.score([step, other], [step, other], embedder)["f1@0.7"] == pytest.approx(1)
    assert teval.score(repeated, repeated, embedder)["f1@0.7"] < 1 and teval.score(repeated, repeated, embedder)["order_f1"] == 1
    (tmp_path / "plan_json_v1.json").write_text(json.dumps(data()))
    run = stage_runs.run("08", "--teval", tmp_path / "plan_json_v1.json", "--output", tmp_path / "eval")
    assert report.PLANS_NOTE in " ".join(run.stdout.split()) and report.PLANS_NOTE in (tmp_path / "eval/plan_json_v1/tables.md").read_text()


@pytest.mark.parametrize("number", ["1e999", "Infinity", "-Infinity", "NaN"])
def test_a_step_whose_number_is_none_makes_no_plan(number: str) -> None:
    assert teval.read_plan('[{"id": %s, "name": "a", "args": "x"}]' % number, "json", []) == []  # noqa: UP031
