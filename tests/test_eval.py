"""Stage 08: baselines, answers from files, servers and models, resume, errors, the tables. Models are fakes, servers on loopback."""

from __future__ import annotations

import argparse
import copy
import fcntl
import functools
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest

from common import jsonl, metrics
from common.decoding.generation import Generation
from common.jsonl import UserError
from common.metrics import report, sample_store, systems, tables
from common.metrics.sample_store import collect
from shortcuts.catalog import call_name
from shortcuts.primer import primer, primer_id
from tests import stage_runs
from tests.stub_openai import Reply, StubOpenAI, error

ROOT = Path(__file__).resolve().parents[1]
APIS = ["is.workflow.actions.gettext", "is.workflow.actions.setclipboard", "is.workflow.actions.url", "is.workflow.actions.downloadurl"]


def program(number: int) -> str:
    """A short valid program, another for each number."""
    return (
        f"Text = is_workflow_actions_gettext(WFTextActionText='Note #{number}')\n"
        f"URL = is_workflow_actions_url(WFURLActionURL='https://example.org/{number}')\n"
        + "is_workflow_actions_showresult(Text=f'{URL}')\n" * (number % 3)
        + f"is_workflow_actions_{'setclipboard' if number % 2 else 'output'}({'WFInput' if number % 2 else 'WFOutput'}=Text)\n"
    )


def record(number: int) -> dict[str, Any]:
    messages = [{"role": "user", "content": f"Write program {number}"}, {"role": "assistant", "content": "Thought: …"}]
    return {"id": f"r{number}", "query": f"query {number}", "apis": APIS[:3], "code": program(number), "messages": messages}


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in records))
    return path


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """Six ID tests, three OOD tests, eight training records."""
    folder = tmp_path / "bench"
    folder.mkdir()
    for name, numbers in (("test_id", range(6)), ("test_ood", range(6, 9)), ("train", range(20, 28))):
        write(folder / f"{name}.jsonl", [record(number) for number in numbers])
    return folder


@functools.cache
def known_score(gold: str, prediction: str, score: Callable[[str, str], dict[str, Any]] = metrics.score) -> dict[str, Any]:
    return score(gold, prediction)


@pytest.fixture(autouse=True)
def scored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Score each pair of programs once, not in every run of the stage: that takes most of the time."""
    monkeypatch.setattr(metrics, "score", lambda gold, prediction: copy.deepcopy(known_score(gold, prediction)))


def command(bench: Path, *flags: str) -> list[str]:
    folders = ["--bench", str(bench), "--output", str(bench.parent / "eval")]
    return [sys.executable, str(ROOT / "08_eval.py"), *folders, "--workers", "1", "--no-cache", *flags]


def evaluate(bench: Path, *flags: str, code: int = 0) -> stage_runs.Ended:
    with mock.patch("common.metrics.breakdown.draw"), mock.patch("common.metrics.bleu.RESAMPLES", 50):  # a second each; see test_breakdown.py
        result = stage_runs.run("08", *command(bench, *flags)[2:], OPENAI_API_KEY="none")
    assert result.returncode == code, result.stderr
    return result


def scores(bench: Path) -> dict[str, Any]:
    return json.loads((bench.parent / "eval/scores.json").read_text())


def samples(bench: Path, name: str) -> list[dict[str, Any]]:
    return stored(bench.parent / "eval", name)


def stored(folder: Path, name: str) -> list[dict[str, Any]]:
    (path,) = folder.glob(f"samples_{name}.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.ci
def test_baselines_stand_in_the_table_and_gold_scores_hundred(bench: Path) -> None:
    result = evaluate(bench, "--gold")
    summary = json.loads(result.stdout.splitlines()[-1])
    figures = scores(bench)["systems"]
    assert summary["samples"] == 9 and list(figures) == ["gold", "empty", "constant", "API list", "shuffled gold"]
    assert figures["gold"]["id"]["n"] == 6 and figures["gold"]["ood"]["n"] == 3
    for metric in ("parse", "check", "compile", "api_f1", "order_f1", "parameter_values", "graph_f1", "subgraph_f1", "trace_match", "execution_match", "execution_equal", "codebleu_strict"):
        assert figures["gold"]["ood"][metric]["mean"] == pytest.approx(1.0), metric
        assert figures["empty"]["id"][metric]["mean"] == 0.0
    assert figures["empty"]["id"]["codebleu"]["mean"] == pytest.approx(0.4)
    assert figures["shuffled gold"]["id"]["api_f1"]["above_chance"] == 0.0
    assert any(line.startswith("gold  ") and "100.0 ±0.0" in line for line in result.stdout.splitlines())
    assert {"data", "catalog", "versions", "scorer"} <= scores(bench).keys()


def test_answers_from_a_file_are_judged_as_text_or_code(bench: Path, tmp_path: Path) -> None:
    answers = [{"id": f"r{number}", "code": program(number)} for number in range(4)]
    answers += [{"id": "r4", "text": f"Thought:do it\n\nCode:\n```python\n# a comment\n{program(4)}```"}, {"id": "unknown", "code": "x"}]
    result = evaluate(bench, "--predictions", f"mine={write(tmp_path / 'answers.jsonl', answers)}", code=1)
    assert "mine: 4 of 9 queries unanswered:\n  no_prediction 4, such as r5" in result.stderr and "1 of its 6 ids are not in the tests" in result.stderr
    figures = scores(bench)["systems"]["mine"]
    assert figures["id"]["api_f1"]["mean"] == pytest.approx(1) and "api_f1" not in figures["ood"]
    assert figures["id"]["n"] == 5 and figures["id"]["reasons"] == {"no_prediction": 1} and figures["ood"]["unanswered"] == 3
    assert "mine: 4 of 9 queries got no answer" in result.stdout
    assert samples(bench, "mine")[4]["scores"]["codebleu"] == pytest.approx(1.0)  # comments do not count


def test_a_second_run_does_nothing_and_a_changed_answer_is_judged_anew(bench: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "mine.jsonl", [{"id": f"r{number}", "code": program(number)} for number in range(9)])
    evaluate(bench, "--predictions", str(file))
    before = (bench.parent / "eval/samples_mine.jsonl").stat().st_mtime_ns
    evaluate(bench, "--predictions", str(file))
    assert (bench.parent / "eval/samples_mine.jsonl").stat().st_mtime_ns == before
    write(file, [{"id": f"r{number}", "code": program(number + (number == 3))} for number in range(9)])
    evaluate(bench, "--predictions", str(file))
    judged = samples(bench, "mine")
    assert [sample["id"] for sample in judged] == [f"r{number}" for number in range(9)]
    assert [sample["scores"]["codebleu_strict"] == pytest.approx(1) for sample in judged] == [number != 3 for number in range(9)]


def test_a_sample_has_the_split_of_its_test_also_after_the_dataset_is_split_anew(bench: Path, tmp_path: Path) -> None:
    flags = "--predictions", str(write(tmp_path / "mine.jsonl", [{"id": f"r{number}", "code": program(number)} for number in range(9)]))
    evaluate(bench, *flags)
    texts = [(bench / f"test_{split}.jsonl").read_text() for split in ("id", "ood")]
    for split, text in zip(("ood", "id"), texts, strict=True):
        (bench / f"test_{split}.jsonl").write_text(text)
    evaluate(bench, *flags)
    own = scores(bench)["systems"]["mine"]
    assert (own["id"]["n"], own["ood"]["n"]) == (3, 6)
    assert {sample["id"] for sample in samples(bench, "mine") if sample["split"] == "id"} == {"r6", "r7", "r8"}


def test_two_models_are_compared_on_the_same_samples(bench: Path, tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", [{"id": f"r{number}", "code": program(number)} for number in range(9)])
    bad = write(tmp_path / "bad.jsonl", [{"id": f"r{number}", "code": "x = 1"} for number in range(9)])
    result = evaluate(bench, "--predictions", str(good), "--predictions", str(bad))
    (row,) = [row for row in scores(bench)["differences"] if row["metric"] == "api_f1"]
    assert row["systems"] == ["good", "bad"] and row["mean"] == row["low"] == 1.0 and row["p"] < 0.01 and row["n"] == 9
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("good - bad ")]
    assert "100.0 ±0.0 " in line and "*" not in line  # of nine queries


def test_every_system_can_be_compared_with_one(bench: Path, tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", [{"id": f"r{number}", "code": program(number)} for number in range(9)])
    evaluate(bench, "--predictions", str(good), "--compare", "API list")
    assert {tuple(row["systems"]) for row in scores(bench)["differences"]} == {
        (name, "API list") for name in ("good", "empty", "constant", "shuffled gold")}  # fmt: skip
    assert "there are" in evaluate(bench, "--compare", "nobody", code=1).stderr


def test_plans_and_queries_are_scored_where_they_are_given(bench: Path, tmp_path: Path) -> None:
    plan = "1. Make a note.\n2. Copy it to the clipboard."
    for split in ("id", "ood"):
        path = bench / f"test_{split}.jsonl"
        records = [json.loads(line) for line in path.read_text().splitlines()]
        for item in records:
            item["messages"][1]["content"] = f"Thought:{plan}\n\nCode:\n```python\n{item['code']}```"
        write(path, records)
    answers = [{"id": f"r{number}", "text": f"Thought:{plan}\n\nCode:\n```python\npass\n```", "query": "another query"} for number in range(9)]
    evaluate(bench, "--gold", "--predictions", f"mine={write(tmp_path / 'mine.jsonl', answers)}")
    figures = scores(bench)["systems"]
    assert figures["mine"]["id"]["plan"]["bleu"]["score"] == pytest.approx(100) and figures["mine"]["id"]["query"]["chrf"]["score"] < 80
    assert figures["gold"]["ood"]["query"]["chrf"]["score"] == pytest.approx(100) and "plan" not in figures["empty"]["id"]
    assert (bench.parent / "eval/tables.md").read_text().count("\n| gold ") == 2 * 5  # splits by tables
    assert r"\toprule" in (bench.parent / "eval/tables.tex").read_text()


@pytest.mark.ci
def test_many_samples_are_scored_in_processes_with_the_same_result(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_store, "POOL_FROM", 10)
    write(bench / "test_id.jsonl", [record(number) for number in range(100, 120)])
    evaluate(bench)
    alone = scores(bench)
    evaluate(bench, "--workers", "2", "--overwrite")
    assert scores(bench)["systems"] == alone["systems"]


@pytest.mark.parametrize(("flags", "message"), [
    (["--bench", "nowhere"], "test_id.jsonl: no such file"),
    (["--predictions", "nowhere.jsonl"], "nowhere.jsonl: no such file"),
    (["--predictions", "empty={bench}/train.jsonl"], "none of its ids is in the test set"),
    pytest.param(["--model", "no/such/folder-here/"], "model no/such/folder-here", marks=pytest.mark.slow),  # it imports torch
])  # fmt: skip
def test_errors_are_one_line(bench: Path, flags: list[str], message: str) -> None:
    result = evaluate(bench, *(flag.format(bench=bench) for flag in flags), code=1)
    assert message in result.stderr and "Traceback" not in result.stderr


def test_two_answers_to_one_query_are_refused(bench: Path) -> None:
    file = write(bench / "mine.jsonl", [{"id": "r1", "code": "x = 1"}, {"id": "r2", "code": "x = 1"}, {"id": "r1", "code": "x = 2"}])
    assert "mine.jsonl: record 3: r1 was answered before; each query is answered once" in evaluate(bench, "--predictions", str(file), code=1).stderr


def test_two_systems_of_one_name_are_refused(bench: Path) -> None:
    assert "two systems" in evaluate(bench, "--predictions", f"empty={write(bench / 'a.jsonl', [{'id': 'r1', 'code': ''}])}", code=1).stderr


@pytest.mark.ci
def test_help_has_examples_and_imports_nothing_that_takes_long() -> None:
    shown = subprocess.run([sys.executable, "-X", "importtime", ROOT / "08_eval.py", "--help"], capture_output=True, text=True, check=True)
    assert not re.search(r"\| +(torch|transformers|sacrebleu|matplotlib|scipy)$", shown.stderr, re.M)
    assert "python 08_eval.py --model runs/tiny" in shown.stdout


def test_names_that_files_cannot_have_keep_their_answers_apart(bench: Path, tmp_path: Path) -> None:
    flags = []
    for number, name in enumerate(("甲", "乙", "a b", "a/b")):
        file = write(tmp_path / f"{number}.jsonl", [{"id": f"r{each}", "code": f"x = {number}"} for each in range(9)])
        flags += ["--predictions", f"{name.replace('/', '_')}={file}"]
    evaluate(bench, *flags)
    folder = bench.parent / "eval"
    assert len({samples_of(folder, name) for name in ("甲", "乙", "a b", "a/b", "a_b")}) == 5
    assert [json.loads(samples_of(folder, name).read_text().splitlines()[0])["prediction"]["code"] for name in ("甲", "乙", "a b")] == ["x = 0", "x = 1", "x = 2"]
    before = {path: path.stat().st_mtime_ns for path in folder.glob("samples_*")}
    evaluate(bench, *flags)
    assert before == {path: path.stat().st_mtime_ns for path in folder.glob("samples_*")}
    assert samples_of(folder, "Llama-3.1_8B.x") == folder / "samples_Llama-3.1_8B.x.jsonl"  # as earlier versions called it
    assert len(samples_of(folder, "长" * 500).name) < 200


def samples_of(folder: Path, name: str) -> Path:
    return sample_store.path_of(folder, "samples", name)


def test_names_that_differ_in_case_alone_are_refused(bench: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [{"id": "r1", "code": ""}])
    for one, other in (("mine", "mine"), ("Mine", "mine")):
        ended = evaluate(bench, "--predictions", f"{one}={file}", "--predictions", f"{other}={file}", code=1)
        assert 'two systems are called "mine"' in ended.stderr
    both = ["--model", "a/m", "--model", "b/m", "--base-url", "http://127.0.0.1:1/v1"]
    assert 'two systems are called "m"' in evaluate(bench, *both, code=1).stderr
    (bench.parent / "eval").mkdir()
    line = {"id": "r1", "system": "Mine", "key": "k", "scorer": "s", "prediction": {"code": ""}, "scores": {}}
    write(bench.parent / "eval/samples_mine.jsonl", [line])  # as a disk would give it that does not tell them apart
    ended = evaluate(bench, "--predictions", f"mine={file}", code=1)
    assert 'holds the answers of "Mine"' in ended.stderr and samples(bench, "mine") == [line]


@pytest.mark.ci
def test_a_look_at_few_samples_keeps_the_answers_to_the_others(bench: Path) -> None:
    with StubOpenAI(lambda body, number: f"```python\n{program(number)}```") as stub:
        flags = ["--model", "m", "--base-url", stub.base_url]
        evaluate(bench, *flags)
        assert scores(bench)["systems"]["m"]["id"]["n"] == 6
        evaluate(bench, *flags, "--limit", "1")
        assert scores(bench)["systems"]["m"]["id"]["n"] == 1
        evaluate(bench, *flags)
        assert len(stub.requests) == 9 and len(samples(bench, "m")) == 9


@pytest.mark.ci
def test_samples_of_this_stage_can_be_given_as_predictions(bench: Path, tmp_path: Path) -> None:
    plan = "Thought:do it\n\nCode:\n"
    answers = [{"id": f"r{number}", "text": f"{plan}```python\n{program(number % 4)}```"} for number in range(9)]
    evaluate(bench, "--predictions", f"mine={write(tmp_path / 'mine.jsonl', answers)}", "--gold")
    (made,) = (bench.parent / "eval").glob("samples_mine.jsonl")
    lines = samples(bench, "mine")
    lines[0]["prediction"]["failure"] = "length"
    lines[1]["prediction"] = {"code": "", "text": None, "failure": "bad_request: 400"}  # as earlier versions kept a refusal
    copied = write(tmp_path / "copied.jsonl", lines)
    ended = evaluate(bench, "--predictions", f"again={made}", "--predictions", f"gold2={bench.parent / 'eval/samples_gold.jsonl'}",
                     "--predictions", str(copied), code=1)  # fmt: skip
    figures = scores(bench)["systems"]
    evaluate(bench, "--predictions", f"mine={tmp_path / 'mine.jsonl'}")
    assert figures["again"] == scores(bench)["systems"]["mine"] and figures["gold2"]["ood"]["api_f1"]["mean"] == 1
    assert [sample["prediction"]["plan"] for sample in samples(bench, "again")] == ["do it"] * 9
    assert figures["copied"]["id"]["truncated"] == 1 and figures["copied"]["id"]["unanswered"] == 1 and "bad_request: 400" in ended.stderr


def test_an_answer_that_cannot_be_scored_is_no_zero_and_no_end(bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def score(gold: str, prediction: str, score: Callable[..., Any] = metrics.score) -> Any:
        if "é" in prediction:
            raise ValueError("string argument should contain only ASCII characters")
        return score(gold, prediction)

    answers = [{"id": f"r{number}", "code": "data('é')" if number == 2 else program(number)} for number in range(9)]
    flags = ("--predictions", str(write(tmp_path / "mine.jsonl", answers)))
    with monkeypatch.context() as patched:
        patched.setattr(metrics, "score", score)
        ended = evaluate(bench, *flags, code=1)
    figures = scores(bench)["systems"]["mine"]["id"]
    assert (figures["n"], figures["unanswered"], figures["reasons"]) == (5, 1, {"internal_error": 1}) and figures["api_f1"]["mean"] == 1
    assert "internal_error 1, such as r2: ValueError" in ended.stderr and "Traceback" not in ended.stderr
    (line,) = [sample for sample in samples(bench, "mine") if sample["id"] == "r2"]
    assert line["scores"] == {} and line["prediction"]["code"] == "data('é')"  # the answer is kept: scored again, not asked again


def test_tables_hold_any_name_and_fit_a_terminal(load_stage: Any) -> None:
    stage = load_stage("08")
    names = ["a|b\\^~_%&#${}<>\nc", "n" * 60]
    figure = {"mean": 0.5, "low": 0.4, "high": 0.62}
    own = {"n": 2, "unanswered": 1, "reasons": {"refused": 1}, "truncated": 0, **dict.fromkeys("abcdefghijkl", figure)}
    made = stage.table("t", "meaning", {f"long label {key}": key for key in "abcdefghijkl"}, {name: {"id": own, "ood": {"n": 0}} for name in names})
    assert [row[:4] for row in made.rows[::2]] == [["a|b\\^~_%&#${}<> c", "ID", "2", "50.0 ±11.0"], ["a|b\\^~_%&#${}<> c", "OOD", "0", "-"]]
    lines = made.text().splitlines()
    assert max(map(len, lines)) <= 100 and made.text().count("50.0 ±11.0") == 24 and sum(line.startswith("nnn") for line in lines) == 6
    assert len([line for line in made.markdown().splitlines() if line.startswith(r"| a\|b")]) == 2
    assert r"\textasciitilde{}\_\%\&\#\$\{\}" in made.latex() and r"\toprule" in made.latex()
    assert "1 of 3 queries got no answer that could be scored (refused 1); its figures are over the other 2" in stage.notes({"m": {"id": own}})[0]


@pytest.mark.ci
def test_all_that_is_printed_fits_and_says_how_a_system_stands_to_the_baselines(bench: Path, tmp_path: Path) -> None:
    good, bad = ([{"id": f"r{number}", "code": code or program(number)} for number in range(9)] for code in ("", "x = 1"))
    files = [f"{name}={write(tmp_path / f'{name}.jsonl', answers)}" for name, answers in (("good", good), ("bad", bad))]
    printed = evaluate(bench, "--predictions", files[0], "--predictions", files[1], "--gold").stdout.splitlines()[:-3]  # paths, summary
    assert max(map(len, printed)) <= 100 and " ".join(printed).count("ID: unseen instructions, OOD: unseen APIs") == 1
    assert "Baselines, which need no model: empty, constant, API list, shuffled gold." in " ".join(printed)
    said = " ".join(printed[-12:])
    assert re.search(r"API F1: on ID good, the best of 2 systems, has 100.0 ±0.0, above the best baseline \(constant, [\d.]+ ±[\d.]+; 6 queries are too few", said)
    assert "trace match: on ID good" in said
    said = " ".join(evaluate(bench, "--predictions", files[1], "--gold", "--overwrite").stdout.split())
    assert re.search(r"on OOD bad has 0.0 ±0.0, below the best baseline \(constant, [^;]*; 3 queries are too few to tell them apart\)\.", said)
    assert "on ID no model was scored on all queries beside the best baseline" in " ".join(evaluate(bench, "--overwrite").stdout.split())


def test_every_metric_of_the_registry_is_scored_and_has_a_column() -> None:
    scored = metrics.score(program(1), program(2))
    figure = {"mean": 0.5, "low": 0.4, "high": 0.6, "above_chance": 0.1, "above_chance_low": 0.0, "above_chance_high": 0.2}
    *made, above = report.tables({"m": {"id": {"n": 1, **dict.fromkeys([*metrics.RATES, *metrics.COVERAGE], figure), "length_ratio": figure}}}, report.kinds_of_tables(False))
    labels = [label for table in made for label in table.columns]
    assert len(set(labels)) == len(labels) and set(labels) == {metric.label for metric in metrics.METRICS} | {"length", *metrics.COVERAGE.values()}
    assert not any("-" in row for table in made for row in table.rows) and list(scored)[: len(metrics.RATES)] == list(metrics.RATES)
    assert list(above.columns) == list(metrics.HEADLINE.values()) and set(report.CONCLUSIONS) <= metrics.HEADLINE.keys()
    assert all(len(table.meaning) <= tables.WIDTH for table in [*made, above]) and len(report.PLANS_MEANING) <= tables.WIDTH


def test_golds_that_cannot_be_judged_by_running_are_counted_and_left_out(bench: Path) -> None:
    file = bench / "test_ood.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    write(file, [{**line, "code": "is_workflow_actions_vibrate()\n"} for line in lines])
    printed = evaluate(bench, "--gold").stdout
    of_id, ood = (scores(bench)["systems"]["gold"][split] for split in ("id", "ood"))
    assert of_id["execution_match"]["mean"] == of_id["executed"]["mean"] == of_id["executed_whole"]["mean"] == 1.0
    assert ood["n"] == 3 and ood["executed"]["mean"] == 0.0 and "execution_match" not in ood and ood["api_f1"]["mean"] == 1.0
    assert re.search(r"gold +OOD +3 .* - +- ", printed)


def test_a_pair_without_a_figure_keeps_the_columns_of_the_differences() -> None:
    row = {"systems": ["a", "b"], "n": 4, "mean": 0.1, "low": 0.0, "high": 0.2, "p": 0.5}
    for left_out in metrics.HEADLINE:
        (made,) = report.difference_table([{**row, "metric": key} for key in metrics.HEADLINE if key != left_out])
        ((_, n, *figures),) = made.rows
        assert n == "4" and [figure.strip() == "-" for figure in figures] == [key == left_out for key in metrics.HEADLINE]


def figures_of(mean: float, n: int, unanswered: int = 0) -> dict[str, Any]:
    return {"id": {"n": n, "unanswered": unanswered, "api_f1": {"mean": mean, "low": mean - 0.01, "high": mean + 0.01}}}


@pytest.mark.parametrize(("n", "said"), [(10, "the intervals do not overlap"), (9, "9 queries are too few to tell them apart")])
def test_of_few_queries_nothing_is_significant(n: int, said: str) -> None:
    row = {"systems": ["a", "b"], "metric": "api_f1", "n": n, "mean": 0.5, "low": 0.4, "high": 0.6, "p": 0.004}
    (made,) = report.difference_table([row])
    assert ("*" in "".join(made.rows[0])) is (n == 10)
    assert said in report.conclusion({"m": figures_of(0.9, n), "empty": figures_of(0.1, n)}, ["m"], "API F1", "api_f1")


def test_the_last_sentences_rank_those_that_answered_all_and_name_the_others() -> None:
    result = {"best": figures_of(0.9, 19, 1), "good": figures_of(0.8, 20), "bad": figures_of(0.2, 20), "empty": figures_of(0.0, 20)}
    said = report.conclusion(result, ["best", "good", "bad"], "API F1", "api_f1")
    assert "good, the best of 2 systems, has 80.0" in said and "best did not answer all queries and has no rank" in said
    del result["bad"]
    assert "on ID good has 80.0" in report.conclusion(result, ["best", "good"], "API F1", "api_f1")


def test_another_seed_moves_intervals_alone(bench: Path) -> None:
    evaluate(bench)
    first = scores(bench)
    evaluate(bench, "--seed", "7")
    one, other = (made["systems"]["API list"]["id"]["api_recall"] for made in (first, scores(bench)))
    assert first["seed"] == 0 and scores(bench)["seed"] == 7 and one["mean"] == other["mean"] and one != other


# ---------------------------------------------------------------------------------------------------------------------------------
# servers and models


def asked_number(body: dict[str, Any]) -> int:
    return int(body["messages"][-1]["content"].split()[-1])


@pytest.mark.ci
def test_a_model_whose_server_refuses_all_has_no_row_until_it_answers(bench: Path) -> None:
    refuses = [True]

    def reply(body: dict[str, Any], number: int) -> Any:
        return error(400, "Your account may not use this model") if refuses else f"```python\n{program(asked_number(body))}```"

    with StubOpenAI(reply) as stub:
        flags = ["--model", "gpt-5", "--base-url", stub.base_url, "--gold", "--compare", "gpt-5"]
        ended = evaluate(bench, *flags, code=1)
        assert "gpt-5: 9 of 9 queries unanswered, so it has no row" in ended.stderr and "may not use this model" in ended.stderr and "not complete" in ended.stderr
        table = [line for line in ended.stdout.splitlines() if line.startswith(("gpt-5", "gold", "empty"))]
        assert table and not any(line.startswith("gpt-5") for line in table)
        assert "gpt-5" not in scores(bench)["systems"] and "bad_request" in scores(bench)["without_answers"]["gpt-5"]
        assert json.loads(ended.stdout.splitlines()[-1])["unanswered"] == 9 and samples(bench, "gpt-5") == []
        refuses.clear()
        ended = evaluate(bench, *flags)
        figures = scores(bench)["systems"]["gpt-5"]
        assert figures["id"]["api_f1"]["mean"] == 1 and figures["ood"]["n"] == 3 and not scores(bench)["without_answers"]


@pytest.mark.ci
def test_what_a_server_refuses_or_kept_as_refused_is_unanswered_and_asked_again_alone(bench: Path) -> None:
    refuses = {"r1", "r7"}

    def reply(body: dict[str, Any], number: int) -> Any:
        asked = asked_number(body)
        return error(400, "flagged") if f"r{asked}" in refuses else Reply(f"```python\n{program(asked)}```", finish="length" if asked == 3 else "stop")

    with StubOpenAI(reply) as stub:
        flags = ["--model", "m", "--base-url", stub.base_url, "--compare", "empty"]
        ended = evaluate(bench, *flags, code=1)
        figures, differences = scores(bench)["systems"]["m"], scores(bench)["differences"]
        assert (figures["id"]["n"], figures["id"]["unanswered"], figures["id"]["truncated"]) == (5, 1, 1)
        assert figures["id"]["api_f1"]["mean"] == figures["ood"]["api_f1"]["mean"] == 1 and figures["ood"]["reasons"] == {"bad_request": 1}
        assert {row["n"] for row in differences if row["systems"] == ["m", "empty"]} == {7}
        (first, second, *_) = [line.split() for line in ended.stdout.splitlines() if line.startswith("m+primer  ")]
        assert first[:3] == ["m+primer", "ID", "5"] and second[:3] == ["m+primer", "OOD", "2"]
        assert "m: 2 of 9 queries unanswered:\n  bad_request 2, such as r1" in ended.stderr
        for path in ("tables.md", "tables.tex"):
            assert "2 of 9 queries got no answer" in (bench.parent / "eval" / path).read_text()
        assert "1 of 7 answers were cut at the token limit" in ended.stdout
        lines = samples(bench, "m")
        lines[0]["prediction"] |= {"code": "", "text": None, "failure": "bad_request: flagged"}  # as earlier versions kept it
        write(bench.parent / "eval/samples_m.jsonl", lines)
        asked = len(stub.requests)
        refuses.clear()
        evaluate(bench, *flags)
        assert {f"r{asked_number(body)}" for body in stub.requests[asked:]} == {"r1", "r7", lines[0]["id"]} and len(stub.requests) == asked + 3
        assert scores(bench)["systems"]["m"]["id"]["unanswered"] == 0


def test_a_row_says_that_its_prompts_have_the_primer_and_the_primer_shows_no_held_out_api(bench: Path) -> None:
    with StubOpenAI(lambda body, number: f"```python\n{program(number)}```") as stub:
        flags = ["--model", "m", "--base-url", stub.base_url]
        table = evaluate(bench, *flags).stdout
        assert all(request["messages"][0]["content"].startswith(primer()) for request in stub.requests)
        assert re.search(r"^m\+primer +ID ", table, re.MULTILINE) and scores(bench)["primer"] == {"m": primer_id()}
        table = evaluate(bench, *flags, "--no-primer").stdout
        assert re.search(r"^m +ID ", table, re.MULTILINE) and scores(bench)["primer"] == {}
        (bench / "stats.json").write_text(json.dumps({"held_out": {"apis": ["is.workflow.actions.ask"]}}))
        assert "is.workflow.actions.ask is held out, and the primer shows it" in evaluate(bench, *flags, code=1).stderr
        evaluate(bench, *flags, "--no-primer")


def test_a_name_that_may_be_a_server_s_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from common import hub
    from common.jsonl import UserError

    def missing(name: str) -> Any:
        raise UserError(f"model {name}: not there")

    monkeypatch.setattr(hub, "pinned", missing)
    for key, said in (("", False), ("sk-1", True)):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
        with pytest.raises(UserError) as error:
            systems.pinned("gpt-4o-mini")
        assert ("--base-url" in str(error.value)) == said


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


@pytest.mark.ci
def test_a_killed_run_goes_on_without_asking_again(bench: Path) -> None:
    def reply(body: dict[str, Any], number: int) -> Reply:
        asked = int(body["messages"][-1]["content"].split()[-1])
        return Reply(f"Thought:do it\n\nCode:\n```python\n{program(asked)}```", delay=0.05)

    with StubOpenAI(reply) as stub:
        flags = ["--model", "paper=some-model", "--base-url", stub.base_url, "--concurrency", "1"]
        process = stage_runs.start("08", *command(bench, *flags)[2:], OPENAI_API_KEY="none")
        path = bench.parent / "eval/samples_paper.jsonl"
        wait_for(lambda: path.exists() and path.read_bytes().count(b"\n") >= 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        done = path.read_bytes().count(b"\n")
        with open(path, "ab") as file:
            file.write(b'{"id":"torn')
        asked = len(stub.requests)
        evaluate(bench, *flags)
        assert 2 <= done < 9 and len(stub.requests) - asked == 9 - done
        assert stub.requests[0]["temperature"] == 0.0 and [message["role"] for message in stub.requests[0]["messages"]] == ["user"]
    assert sorted(sample["id"] for sample in samples(bench, "paper")) == [f"r{number}" for number in range(9)]
    assert scores(bench)["systems"]["paper"]["id"]["api_f1"]["mean"] == 1.0


def test_a_model_here_is_asked_once_a_query_and_cut_answers_are_noted(bench: Path, monkeypatch: pytest.MonkeyPatch, load_stage: Any) -> None:
    from common import model
    from common.decoding import generation

    asked: list[Any] = []

    def generate(loaded: str, tokenizer: str, prompts: Iterator[Any], on_end: Any, **options: Any) -> Iterator[Generation]:
        assert (loaded, tokenizer, options) == ("model", "tokenizer", {"max_new_tokens": 99, "batch_size": 4})
        for number, prompt in enumerate(prompts):
            asked.append(prompt)
            if prompt[0]["content"].endswith("8"):
                yield Generation("", 0, False, "prompt_too_long")
                continue
            yield Generation(f"Thought:x\nCode:\n```python\n{program(number)}", 9, number != 1, "stop" if number != 1 else "length")

    monkeypatch.setattr(model, "load_run", lambda name, adapter, **settings: ("model", "tokenizer"))
    monkeypatch.setattr(systems.chat, "remarks", lambda tokenizer, **settings: [])
    monkeypatch.setattr(generation, "generate", generate)
    monkeypatch.setattr(model, "quiet_libraries", lambda: None)
    stage: ModuleType = load_stage("08")
    tests = stage.load_tests(bench, None)
    args = argparse.Namespace(seed=0, output=bench.parent / "eval", overwrite=False, workers=1, adapter=None, max_new_tokens=99, batch_size=4,
                              use_all=False, teval=None, primer=False, thinking=None)
    system = systems.local_model("tiny", str(bench), args, systems.Setting(constrained=False))
    first, unanswered = collect(system, tests, args.output, stage.score, "scorer")
    assert asked == [[{"role": "user", "content": f"Write program {number}"}] for number in range(9)]
    assert [sample["prediction"]["failure"] for sample in first] == ["", "length", *[""] * 6]
    assert list(unanswered) == ["r8"] and unanswered["r8"].reason == "prompt_too_long"
    again = collect(system, tests, args.output, stage.score, "another scorer").samples  # scored again from the kept answers
    assert len(asked) == 10 and [sample["scorer"] for sample in again] == ["another scorer"] * 8  # r8 alone is asked again
    assert again == samples(bench, "tiny") == [{**sample, "scorer": "another scorer"} for sample in first]


def test_a_server_in_trouble_leaves_its_query_for_the_next_run(bench: Path, monkeypatch: pytest.MonkeyPatch, load_stage: Any) -> None:
    from common import llm
    from common.cli import Reject

    class Troubled(llm.Writer):
        async def reply(self, prompt: llm.Prompt, messages: Any, sampling: Any) -> llm.CompletionResult:
            number = int(messages[-1]["content"].split()[-1])
            asked.append(number)
            if trouble and number in (1, 2):
                raise Reject("no_answer" if number == 1 else "bad_request", "trouble")
            return llm.CompletionResult("" if number == 3 else f"```python\n{program(number)}```", finish="length" if number == 4 else "stop")

    asked, trouble = list[int](), [True]

    monkeypatch.setattr(llm, "open_named", lambda *_, **__: Troubled())
    stage: ModuleType = load_stage("08")
    tests = stage.load_tests(bench, None)
    args = argparse.Namespace(seed=0, output=bench.parent / "eval", overwrite=False, workers=1, base_url=None, max_new_tokens=99, concurrency=1, timeout=180.0,
                              teval=None, primer=None, extra_body={})
    done, unanswered = collect(systems.served_model("served", "m", args), tests, args.output, stage.score, "scorer")
    failures = {sample["id"]: sample["prediction"]["failure"] for sample in done}
    assert {identifier: reject.reason for identifier, reject in unanswered.items()} == {"r1": "no_answer", "r2": "bad_request"}
    assert failures == {f"r{number}": "length" if number == 4 else "" for number in (0, 3, 4, 5, 6, 7, 8)}  # r3 said nothing, by itself
    trouble.clear()
    asked.clear()
    done, unanswered = collect(systems.served_model("served", "m", args), tests, args.output, stage.score, "scorer")
    assert asked == [1, 2] and len(done) == 9 and not unanswered


def test_other_apis_make_other_prompts_whose_answers_are_kept_apart(bench: Path) -> None:
    with StubOpenAI(lambda body, number: "```python\nis_workflow_actions_gettext()\n```") as stub:
        model = ["--model", "m", "--base-url", stub.base_url, "--limit", "1"]
        evaluate(bench, *model)
        for flag, head in (("--distractors", "12 wrong APIs"), ("--retrieve", "12 APIs found by search")):
            before = len(stub.requests)
            assert head in " ".join(evaluate(bench, *model, flag, "12").stdout.split())
            asked = [request["messages"][-1]["content"] for request in stub.requests[before:]]
            folder = bench.parent / f"eval/{flag[2:]}-12"
            made, listed = (stored(folder, name) for name in ("m", "API_list-*"))
            assert len(asked) == len(made) == 2
            for sample, baseline in zip(made, sorted(listed, key=lambda sample: [other["id"] for other in made].index(sample["id"])), strict=True):
                (prompt,) = [text for text in asked if f"query {sample['id'][1:]}" in text]
                names = [call_name(api) for api in sample["apis"]]
                assert [line[4 : line.index("(")] for line in prompt.splitlines() if line.startswith("def ")] == names
                assert baseline["prediction"]["code"].splitlines() == [f"{name}()" for name in names]
            about = json.loads((folder / "scores.json").read_text())["apis"]
            assert (about["recall"]["id"] == 1 and about["given"]["ood"] == 15) if flag == "--distractors" else about["recall"]["id"] < 1
    assert "apis" not in samples(bench, "m")[0] and scores(bench)["apis"] == {"kind": "gold"}


@pytest.mark.parametrize("flags", [("--distractors", "4", "--retrieve", "12"), ("--retrieve", "9"),
                                   ("--distractors", "4", "--predictions", "x.jsonl"), ("--retrieve", "12", "--teval", "x.json"),
                                   ("--use-all", "--retrieve", "12"), ("--use-all", "--no-constrained"), ("--use-all", "--base-url", "http://x")])  # fmt: skip
def test_settings_of_the_prompt_that_mean_nothing_together_are_refused(bench: Path, flags: tuple[str, ...]) -> None:
    assert "--retrieve" in evaluate(bench, *flags, code=2).stderr


def test_use_all_refuses_prompts_that_offer_what_they_do_not_need(load_stage: Callable[[str], ModuleType], bench: Path) -> None:
    stage = load_stage("08")
    path = bench / "test_id.jsonl"
    first, *others = jsonl.read(path)
    path.write_bytes(b"".join(map(jsonl.encode, [first | {"distractors": ["is.workflow.actions.url"]}, *others])))
    assert stage.load_tests(bench, None)
    with pytest.raises(UserError, match=f"--use-all: the prompt of {first['id']} offers"):
        stage.load_tests(bench, None, use_all=True)


def is_free(folder: Path) -> bool:
    """True if no process holds the lock of a file of samples."""
    for path in folder.glob("samples_*.jsonl"):
        with open(path, "ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
    return True


@pytest.mark.slow
def test_a_run_killed_while_it_scores_goes_on(bench: Path, tmp_path: Path) -> None:
    write(bench / "test_id.jsonl", [record(number) for number in range(100, 250)])
    flags = ("--predictions", str(write(tmp_path / "mine.jsonl", [{"id": f"r{number}", "code": program(number + 1)} for number in range(250)])))
    process = subprocess.Popen([*command(bench, *flags), "--workers", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = bench.parent / "eval/samples_empty.jsonl"
    wait_for(lambda: path.exists() and path.read_bytes().count(b"\n") >= 100)
    process.kill()
    process.wait()
    done = path.read_bytes().split(b"\n")[:100]
    wait_for(lambda: is_free(bench.parent / "eval"))  # workers notice within a second that their parent is gone; till then its lock is theirs
    evaluate(bench, *flags, "--workers", "2")
    assert path.read_bytes().split(b"\n")[:100] == done and len(samples(bench, "mine")) == 153
    resumed = scores(bench)["systems"]
    evaluate(bench, *flags, "--overwrite")
    assert scores(bench)["systems"] == resumed


# ---------------------------------------------------------------------------------------------------------------------------------
# parts


def test_comments_go_and_strings_stay() -> None:
    code = "x = '#FFFFFF'  # white\n# alone\nif x:\n    # inside\n    y = '''# of\n# items'''\n"
    assert systems.without_comments(code) == "x = '#FFFFFF'\nif x:\n    y = '''# of\n# items'''\n"
    assert systems.without_comments("# alone\nx = (unquoted # value\n") == "x = (unquoted # value\n"


def test_shuffled_gold_is_never_the_record_s_own() -> None:
    tests = [{**record(number), "split": "id" if number < 7 else "ood", "reference": program(number)} for number in range(8)]
    for item, answer in systems.shuffled(tests):
        assert answer.code != item["reference"] and (answer.code != "") == (item["split"] == "id")  # one record alone gets nothing


def test_models_are_named_after_their_last_part() -> None:
    named = systems.named
    assert named("runs/tiny") == ("tiny", "runs/tiny") and named("a=runs/tiny") == ("a", "runs/tiny")
    assert named("answers/mine.jsonl") == ("mine", "answers/mine.jsonl")
    assert named("meta-llama/Llama-3.1-8B") == ("Llama-3.1-8B", "meta-llama/Llama-3.1-8B")
    assert named(".")[0] == Path.cwd().name


def test_files_of_others_in_the_output_are_not_replaced(bench: Path) -> None:
    folder = bench.parent / "eval"
    folder.mkdir()
    (folder / "tables.md").write_text("mine")
    ended = evaluate(bench, code=1)
    assert re.search(r"error: --output .*eval: no samples of an earlier run are there, .*replaced: tables.md; name another", ended.stderr)
    assert [path.name for path in folder.iterdir()] == ["tables.md"] and (folder / "tables.md").read_text() == "mine"


def test_answers_to_some_of_the_queries_are_ranked_with_none(bench: Path, tmp_path: Path) -> None:
    some = write(tmp_path / "some.jsonl", [{"id": "r0", "code": program(0)}])
    said = " ".join(evaluate(bench, "--predictions", str(some), code=1).stdout.split())
    assert "on ID no model was scored on all queries beside the best baseline" in said and "some has" not in said


def test_a_file_of_samples_that_the_run_would_write_is_not_read_as_predictions(bench: Path, tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.jsonl", [{"id": f"r{number}", "code": program(number)} for number in range(9)])
    evaluate(bench, "--predictions", str(mine))
    made = bench.parent / "eval/samples_mine.jsonl"
    before = made.read_bytes()
    ended = evaluate(bench, "--predictions", f"mine={made}", "--overwrite", "--limit", "1", code=1)
    assert "this run would write that file; copy it, or name another --output" in ended.stderr and made.read_bytes() == before


@pytest.mark.parametrize(("flags", "said"), [
    (["--teval", "plan_json_v1.json", "--compare", "x"], "--teval goes with neither --judge nor --compare"),
    (["--teval", "plan_json_v1.json", "--judge", "x"], "--teval goes with neither --judge nor --compare"),
    (["--human-labels", "labels.jsonl"], "it goes with --judge"),
    *((flags, f"{flags[0]}: how models are asked; it goes with --model") for flags in (
        ["--base-url", "http://x"], ["--reasoning-effort", "low"], ["--thinking", "on"], ["--constrained", "both"], ["--use-all"], ["--shots", "1"])),
    *((flag, f"error: {flag[0]}: how models are asked") for flag in (["--primer"], ["--no-primer"], ["--no-constrained"])),
    (["--model", "runs/tiny", "--reasoning-effort", "low"], "it goes with --base-url or MODEL@URL"), (["--any-shot"], "which --shots are drawn"),
    (["--judge-url", "http://x"], "go with --judge"), (["--votes", "3"], "go with --judge"), (["--as-program"], "go with --teval"),
    (["--tasks", "--embedder", "x"], "go with --teval"), (["--tasks", "--as-program"], "go with --teval"), (["--tasks", "--any-shot"], "which --shots"),
    (["--no-kit"], "--no-kit goes with --tasks"), (["--tasks", "--retrieve", "24", "--no-kit"], "not with --retrieve"),
    (["--kit"], "error: --kit goes with --tasks"), (["--tasks", "--retrieve", "24", "--kit"], "error: --kit goes with --tasks, and not"),
    (["--model", "runs/tiny", "--teval", "plan_json_v1.json", "--no-primer"], "goes with none of --no-primer, "),
    *((["--model", "runs/tiny", "--teval", "plan_json_v1.json", *flags], "--teval has tools of its own")
      for flags in (["--primer"], ["--constrained", "both"], ["--gold"])),
])  # fmt: skip
def test_flags_that_would_do_nothing_are_refused(bench: Path, flags: list[str], said: str) -> None:
    assert said in evaluate(bench, *flags, code=2).stderr
