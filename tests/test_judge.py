"""The Pass Rate: what code decides, what the judge is asked, votes, what is kept, agreement with people, length bias."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from common import llm
from common.jsonl import UserError
from common.metrics import judge
from common.metrics.judge import Verdict
from common.metrics.systems import System
from tests import stage_runs
from tests.stub_openai import StubOpenAI, error

ROOT = Path(__file__).resolve().parents[1]
APIS = ["is.workflow.actions.gettext", "is.workflow.actions.showresult"]
GOOD = "Text = is_workflow_actions_gettext(WFTextActionText='Hello')\nis_workflow_actions_showresult(Text=f'{Text}')\n"


def record(number: int, code: str = GOOD) -> dict[str, Any]:
    messages = [{"role": "user", "content": f"Say hello {number}"}, {"role": "assistant", "content": "Thought: …"}]
    return {"id": f"r{number}", "query": f"Say hello {number}", "apis": APIS, "code": code, "messages": messages}


def sample(number: int, code: str) -> dict[str, Any]:
    return {"id": f"r{number}", "prediction": {"code": code}, "scores": {"length_ratio": 1.0}}


def said(verdict: str, reasons: str = "It says hello.") -> str:
    return json.dumps({"reasons": reasons, "verdict": verdict})


@pytest.fixture
def judging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Verdict]]:
    """The verdicts on samples (code by number) with a stub that answers as told; `run.unanswered` of the last."""
    monkeypatch.setenv("OPENAI_API_KEY", "none")

    def run(stub: StubOpenAI, codes: list[str], votes: int = 1, cache: bool = False, retry: bool = False) -> dict[str, Verdict]:
        writer = llm.open_writer("stub", stub.base_url, cache=tmp_path / "cache.sqlite" if cache else None, retry_rejected=retry)
        tests = [record(number) for number in range(len(codes))]
        own = judge.judge_samples(writer, votes, tests, [sample(*pair) for pair in enumerate(codes)], tmp_path / "verdicts.jsonl", retry)
        run.unanswered = own.unanswered  # type: ignore[attr-defined]
        return own.verdicts

    return run


# ---------------------------------------------------------------------------------------------------------------------------------
# what code decides


@pytest.mark.parametrize(("code", "found"), [
    (GOOD, []),
    ("for n in range(3):\n    X += [n]\nmatch menu('?'):\n    case 'a':\n        print(input())\n", []),
    ("x = Text.formatted('yyyy').property('Name')\nif x.startswith('a') and 'b' in x:\n    pass", []),
    ("raw_action('is.workflow.actions.gettext', {})\naction('is.workflow.actions.comment')", []),
    ("raw_action('is.workflow.actions.exit', {})", ["is.workflow.actions.exit"]),
    ("is_workflow_actions_exit()", ["is_workflow_actions_exit"]),
    ("import requests\nfrom os import path\nrequests.get('x')", ["os", "requests", "requests.get"]),
    ("import random\nfrom datetime import datetime\nx = random.randint(1, 6)\nprint(f'{x} {len(str(x).upper())} {datetime.now()}')", []),
    ("x = requests.get('http://a').json()\ny = x.get('b')", ["requests.get"]), ("urllib.request.urlopen('x')\nclipboard.copy('a')", ["clipboard.copy", "urllib.request.urlopen"]),
    ("import urllib.parse\nfrom urllib.parse import quote\nx = quote('a') + urllib.parse.unquote('b')", []), ("import urllib.request", ["urllib.request"]),
    ("import os\nos.system('a')\nopen('b')", ["open", "os", "os.system"]),
    ("from math import ceil\nimport datetime as dt\nfrom re import sub as put\nprint(ceil(2.5), dt.datetime.now(), put('a', 'b', 'c'))", []),
    ("from __future__ import annotations\nimport json as j\nfrom typing import Any\nx: Any = j.loads(j.dumps({'a': 1}))", []),
    ("from requests import get\nimport requests as r\nfrom urllib import request\nget('x')\nr.put('x')\nrequest.urlopen('x')",
     ["requests", "requests.get", "requests.put", "urllib.request.urlopen"]),
    ("from json import dump\nfrom collections import Counter\ndump({}, x)\nCounter(x)", ["collections.Counter", "json.dump"]),
    ("if x:\n    import math as m\nprint(m.sqrt(2))", []),
    ("def helper():\n    return len('x')\nhelper()", []), ("class A:\n    pass\nA()", ["A", "class A"]),
    ("Text = is_workflow_actions_exit(unquoted value\n", ["is_workflow_actions_exit"]),  # no Python
    ("(lambda: 1)()\naction()", ["?"]),
    ("", []),
])  # fmt: skip
def test_only_the_given_apis_and_the_language_may_be_called(code: str, found: list[str]) -> None:
    assert judge.outside(code, APIS) == found


def test_real_workflows_call_nothing_beside_their_apis() -> None:
    from shortcuts import apis_of

    programs = sorted((ROOT / "examples").glob("*.py"))
    assert len(programs) > 30
    for path in programs:
        assert judge.outside(path.read_text(), apis_of(path.read_text())) == [], path


def test_what_code_decides_costs_no_question(judging: Any) -> None:
    with StubOpenAI(lambda body, number: said("pass")) as stub:
        verdicts = judging(stub, ["is_workflow_actions_exit()", "", GOOD])
        assert verdicts["r0"] == Verdict(False, ["is_workflow_actions_exit"], [], [])
        assert verdicts["r1"].passed is False and verdicts["r2"].passed is True
        assert len(stub.requests) == 1


# ---------------------------------------------------------------------------------------------------------------------------------
# the judge


def test_the_judge_sees_query_code_and_apis_and_reasons_before_its_verdict(judging: Any) -> None:
    with StubOpenAI(lambda body, number: said("fail", "Nothing says hello.")) as stub:
        assert judging(stub, [GOOD])["r0"] == Verdict(False, [], [False], ["Nothing says hello."])
        (request,) = stub.requests
    told = request["messages"][-1]["content"]
    assert "Say hello 0" in told and GOOD in told and "def is_workflow_actions_gettext" in told
    assert list(request["response_format"]["json_schema"]["schema"]["properties"]) == ["reasons", "verdict"]
    assert request["temperature"] == 0 and request["seed"] == 0


def test_several_votes_have_seeds_of_their_own_and_the_majority_counts(judging: Any) -> None:
    with StubOpenAI(lambda body, number: said("pass" if body["seed"] != 1 else "fail")) as stub:
        assert judging(stub, [GOOD], votes=3)["r0"].votes == [True, False, True] and judging(stub, [GOOD], votes=3)["r0"].passed is True
        assert sorted(request["seed"] for request in stub.requests) == [0, 1, 2] and stub.requests[0]["temperature"] > 0
        assert judging(stub, [GOOD], votes=2)["r0"].passed is False  # a tie


def test_invalid_votes_are_counted_and_do_not_decide(judging: Any) -> None:
    def answer(body: dict[str, Any], number: int) -> Any:
        return said("pass") if body["seed"] == 2 else "True, because" if body["seed"] else json.dumps({"reasons": "", "verdict": "maybe"})

    with StubOpenAI(answer) as stub:
        verdict = judging(stub, [GOOD], votes=3)["r0"]
        assert verdict.votes == [None, None, True] and verdict.passed is True and "unusable_answer" in verdict.reasons[0]
        assert len(stub.requests) == 5  # one question back for each that could not be read
    assert judge.summary([verdict])["invalid"] == pytest.approx(2 / 3)
    undecided = Verdict(None, [], [None], ["?"])
    figures = judge.summary([verdict, undecided, Verdict(False, ["x"], [], [])])
    assert (figures["mean"], figures["n"], figures["undecided"], figures["votes"]) == (0.5, 2, 1, 4)
    assert figures["outside"] == pytest.approx(1 / 3) and judge.summary([undecided])["n"] == 0 and "mean" not in judge.summary([undecided])


def test_verdicts_are_kept_and_renewed_with_the_code_or_the_protocol(judging: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StubOpenAI(lambda body, number: said("pass")) as stub:
        for codes in ([GOOD, GOOD + "pass\n"], [GOOD, GOOD + "pass\n"], [GOOD, GOOD + "pass\npass\n"]):
            assert all(verdict.passed for verdict in judging(stub, codes).values())
        assert len(stub.requests) == 3
        lines = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()]
        assert lines[0]["protocol"] == {"judge": "stub", "prompt": judge.JUDGE.id, "votes": 1, "temperature": 0.0, "max_tokens": 4096}
        monkeypatch.setattr(judge, "JUDGE", replace(judge.JUDGE, turn=judge.JUDGE.turn + " "))
        judging(stub, [GOOD])
        assert len(stub.requests) == 4


def test_a_server_in_trouble_leaves_its_sample_for_the_next_run(judging: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from common.llm import endpoint

    monkeypatch.setattr(endpoint, "ATTEMPTS", 2)
    monkeypatch.setattr(endpoint, "back_off", lambda attempt: 0.0)
    trouble = [True]
    with StubOpenAI(lambda body, number: error(500) if "hello 1" in str(body) and trouble else said("pass")) as stub:
        assert list(judging(stub, [GOOD, GOOD])) == ["r0"] and judging.unanswered["r1"].reason == "no_answer"
        assert [json.loads(line)["id"] for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()] == ["r0"]
        trouble.clear()
        asked = len(stub.requests)
        assert sorted(judging(stub, [GOOD, GOOD])) == ["r0", "r1"] and len(stub.requests) == asked + 1


def test_a_refused_vote_is_no_verdict_however_the_others_say(judging: Any, tmp_path: Path) -> None:
    with StubOpenAI(lambda body, number: error(400, "not this one") if body.get("seed") == 1 else said("pass")) as stub:
        assert judging(stub, [GOOD, ""], votes=3).keys() == {"r1"}  # what code decides needs no judge
        assert judging.unanswered["r0"].reason == "bad_request" and len(stub.requests) == 3
    assert "r0" not in (tmp_path / "verdicts.jsonl").read_text()


def test_a_program_that_nobody_foresaw_costs_its_own_verdict_alone(judging: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(code: str, apis: Any, outside: Callable[..., list[str]] = judge.outside) -> list[str]:
        if "é" in code:
            raise ValueError("string argument should contain only ASCII characters")
        return outside(code, apis)

    monkeypatch.setattr(judge, "outside", read)
    with StubOpenAI(lambda body, number: said("pass")) as stub:
        assert judging(stub, [GOOD, "data('é')"]).keys() == {"r0"} and judging.unanswered["r1"].reason == "internal_error"


def test_invalid_votes_are_asked_for_again_with_retry_rejected_alone(judging: Any) -> None:
    broken = [True]
    with StubOpenAI(lambda body, number: "I would say so" if broken and body["seed"] == 0 else said("pass")) as stub:
        assert judging(stub, [GOOD], votes=2, cache=True)["r0"].votes == [None, True]
        asked = len(stub.requests)
        broken.clear()
        assert judging(stub, [GOOD], votes=2, cache=True)["r0"].votes == [None, True] and len(stub.requests) == asked
        assert judging(stub, [GOOD], votes=2, cache=True, retry=True)["r0"].votes == [True, True]
        assert len(stub.requests) == asked + 1  # the valid vote comes from the cache
        assert judging(stub, [GOOD], votes=2, cache=True)["r0"].votes == [True, True] and len(stub.requests) == asked + 1


def test_verdicts_of_another_protocol_are_not_mixed_in_silently(judging: Any, capsys: pytest.CaptureFixture[str],
                                                               monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    with StubOpenAI(lambda body, number: said("pass")) as stub:
        judging(stub, [GOOD])
        monkeypatch.setattr(judge, "MAX_TOKENS", 1024)
        judging(stub, [GOOD])
        assert [request["max_tokens"] for request in stub.requests] == [4096, 1024] and "1 verdicts are by another judge" in capsys.readouterr().err


def test_long_texts_are_shortened_for_the_judge_and_broken_code_is_shown_as_it_is() -> None:
    assert len(judge.shown(f"x = '{'a' * 50_000}'\n")) < 10_000
    assert judge.shown("x = (unquoted") == "x = (unquoted"
    assert len(judge.shown("x = (" + "a" * 500_000)) < judge.MAX_CHARACTERS + 100


# ---------------------------------------------------------------------------------------------------------------------------------
# how far it can be trusted


def test_agreement_and_kappa_are_those_of_the_textbook() -> None:
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15  # Cohen's kappa of this table is 0.4
    figures = judge.agreement(pairs)
    assert figures["agreement"]["mean"] == pytest.approx(0.7) and figures["kappa"]["mean"] == pytest.approx(0.4)
    assert figures["kappa"]["low"] < 0.2 < 0.4 < figures["kappa"]["high"] < 0.65
    assert (figures["both_pass"], figures["only_judge"], figures["only_person"], figures["both_fail"]) == (20, 5, 10, 15)
    assert judge.agreement([(True, True)] * 5)["kappa"] is None and judge.agreement([])["n"] == 0


def test_labels_name_their_model_where_there_are_several(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"id": "r0", "pass": true}\n{"id": "r1", "pass": false, "model": "b"}\n')
    assert judge.read_labels(path, ["a"]) == [(("r0", "a"), True), (("r1", "b"), False)]
    with pytest.raises(UserError, match='"model" is missing, and 2 models'):
        judge.read_labels(path, ["a", "b"])
    path.write_text('{"id": "r0", "pass": "yes"}\n')
    with pytest.raises(UserError, match="true or false"):
        judge.read_labels(path, ["a"])


def test_the_judge_is_compared_with_people_for_each_system(capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = {("r0", "a"): Verdict(True, [], [True], [""]), ("r1", "a"): Verdict(None, [], [None], [""]), ("r0", "b"): Verdict(False, ["x"], [], [])}
    figures = judge.against_people(verdicts, [(("r0", "a"), True), (("r1", "a"), True), (("r0", "b"), True), (("r9", "b"), True)])
    assert figures["all"]["n"] == 2 and figures["a"]["both_pass"] == 1 and figures["b"]["only_person"] == 1
    assert "--human-labels: 2 of 4 are of no workflow that has a verdict" in capsys.readouterr().err
    with pytest.raises(UserError, match="none of them"):
        judge.against_people(verdicts, [(("r9", "a"), True)])


def test_each_person_who_judged_a_workflow_counts(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps({"id": "r0", "pass": passed}) + "\n" for passed in (True, False, True)))
    figures = judge.against_people({("r0", "a"): Verdict(True, [], [True], [""])}, judge.read_labels(path, ["a"]))
    assert (figures["all"]["n"], figures["all"]["both_pass"], figures["all"]["only_judge"]) == (3, 2, 1)


def test_a_judge_that_likes_long_programs_is_found_out() -> None:
    lengths = [10 + 7 * number for number in range(60)]
    biased = judge.length_bias([length > 200 for length in lengths], lengths)
    assert biased["low"] > 0.6 and biased["thirds"] == [0.0, pytest.approx(0.6, abs=0.1), 1.0]
    fair = judge.length_bias([number % 2 == 0 for number in range(60)], lengths)
    assert fair["low"] < 0 < fair["high"]
    assert judge.length_bias([True] * 9, range(9)) == {"n": 9} and judge.length_bias([True, False], [1, 2]) == {"n": 2}


# ---------------------------------------------------------------------------------------------------------------------------------
# the stage


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., stage_runs.Ended]:
    """Runs stage 08 on six queries and a file of answers: half of these say hello."""
    for name, numbers in (("test_id", range(4)), ("test_ood", range(4, 6)), ("train", range(6, 9))):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(record(number)) + "\n" for number in numbers))
    answers = [{"id": f"r{number}", "code": GOOD if number % 2 else GOOD.replace("Hello", "Bye")} for number in range(6)]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(answer) + "\n" for answer in answers))

    def run(*flags: str, **environment: str) -> stage_runs.Ended:
        files = ("--bench", tmp_path, "--output", tmp_path / "eval", "--cache", tmp_path / "answers.sqlite", "--predictions", tmp_path / "mine.jsonl")
        with mock.patch("common.metrics.breakdown.draw"):  # a second each; see test_breakdown.py
            return stage_runs.run("08", *files, "--workers", 1, *flags, **environment)

    return run


def test_the_column_is_left_out_without_a_judge_or_a_key(stage: Any) -> None:
    plain, keyless = stage(), stage("--judge", "gpt-4o-mini")
    assert plain.returncode == keyless.returncode == 0
    assert "Pass Rate: left out, no --judge" in plain.stderr and "no OPENAI_API_KEY" in keyless.stderr
    assert "Rate" not in plain.stdout + keyless.stdout
    assert stage("--judge", "offline").returncode == 2


@pytest.mark.ci
def test_the_pass_rate_stands_in_the_table_with_what_it_is_worth(stage: Any, tmp_path: Path) -> None:
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps({"id": f"r{number}", "pass": number != 0}) + "\n" for number in range(6)))
    with StubOpenAI(lambda body, number: said("fail" if "Bye" in str(body["messages"]) else "pass")) as stub:
        run = stage("--judge", "stub", "--judge-url", stub.base_url, "--human-labels", str(tmp_path / "labels.jsonl"), OPENAI_API_KEY="secret-key")
        asked, people = len(stub.requests), json.loads((tmp_path / "eval/scores.json").read_text())["judge"]["people"]
        again = stage("--judge", "stub", "--judge-url", stub.base_url, OPENAI_API_KEY="secret-key")
        assert run.returncode == again.returncode == 0 and len(stub.requests) == asked
    row, *_ = [line.split() for line in (tmp_path / "eval/tables.md").read_text().splitlines() if line.startswith("| mine ")]
    assert row[-3] == "50.0" and "Pass Rate" in (tmp_path / "eval/tables.md").read_text() and "Rate" in run.stdout
    report = json.loads((tmp_path / "eval/scores.json").read_text())
    figures = json.loads(run.stdout.splitlines()[-1])
    assert report["judge"]["judge"] == "stub" and len(report["judge"]["prompt"]) == 16 and figures["samples"] == 6
    assert report["systems"]["empty"]["id"]["pass_rate"]["mean"] == 0 and report["systems"]["mine"]["id"]["pass_rate"]["n"] == 4
    assert report["judge"]["length_bias"]["mine"]["length"]["n"] == 6
    assert all(b"secret-key" not in path.read_bytes() for path in (tmp_path / "eval").iterdir())
    assert people["mine"]["n"] == 6 and people["mine"]["only_person"] == 2 and "people" not in report["judge"]  # the second run had no labels


@pytest.mark.ci
def test_a_judge_that_never_answers_gives_no_pass_rate(stage: Any, tmp_path: Path) -> None:
    refuse = ["all"]

    def answer(body: dict[str, Any], number: int) -> Any:
        return error(400, "Unsupported value: 'temperature'") if refuse and (refuse == ["all"] or "Bye" in str(body)) else said("pass")

    with StubOpenAI(answer) as stub:
        flags = ("--judge", "stub", "--judge-url", stub.base_url, "--retry-rejected")
        run = stage(*flags)
        assert run.returncode == 1 and "the judge never answered" in run.stderr and "Rate" not in run.stdout and "mine" in run.stdout
        assert "6 of 6 workflows have no verdict:\n  bad_request 6, such as r" in run.stderr
        refuse[:] = ["some"]
        run = stage(*flags)
        assert run.returncode == 1 and "mine: 3 of 6 workflows have no verdict:\n  bad_request 3" in run.stderr
        assert "mine: the judge gave no verdict on 3 of 6 workflows" in run.stdout and "not complete" in run.stderr
        figures = json.loads((tmp_path / "eval/scores.json").read_text())["systems"]["mine"]["id"]["pass_rate"]
        assert figures["mean"] == 1 and figures["n"] == 2 and figures["unanswered"] == 2
        asked = len(stub.requests)
        refuse.clear()
        run = stage(*flags)
        assert run.returncode == 0 and len(stub.requests) > asked and "unanswered" not in run.stderr


def test_overwrite_renews_the_verdicts_too_and_takes_none_from_the_cache(stage: Any, tmp_path: Path) -> None:
    with StubOpenAI(lambda body, number: said("pass")) as stub:
        flags = ("--judge", "stub", "--judge-url", stub.base_url)
        asked = [(stage(*flags, *more), len(stub.requests))[1] for more in ((), (), ("--overwrite",))]
    assert asked[0] == asked[1] and asked[2] >= 2 * asked[0]
    lines = [json.loads(line)["id"] for line in (tmp_path / "eval/verdicts_mine.jsonl").read_text().splitlines()]
    assert sorted(lines) == [f"r{number}" for number in range(6)]


def test_rule_one_alone_makes_no_pass_rate_where_the_judge_gave_no_answer() -> None:
    assert judge.summary([Verdict(False, ["os"], [], [])], unanswered=3) == {"n": 0, "unanswered": 3}


def test_a_dry_run_counts_what_the_judge_would_be_asked_and_writes_nothing(stage: Any, tmp_path: Path) -> None:
    run = stage("--judge", "gpt-4o-mini", "--votes", "3", "--dry-run", "--gold")
    figures = json.loads(run.stdout.splitlines()[-1])
    assert run.returncode == 0 and figures["dry_run"] and figures["cost_usd"] > 0 and not (tmp_path / "eval").exists()
    half = json.loads(stage("--judge", "gpt-4o-mini", "--votes", "3", "--dry-run", "--gold", "--batch").stdout.splitlines()[-1])
    assert half["requests"] == figures["requests"] >= 36 and half["cost_usd"] == pytest.approx(figures["cost_usd"] / 2, abs=1e-6)
    assert stage("--dry-run").returncode == 2


def test_a_dry_run_takes_gold_for_what_a_model_has_not_answered_yet(tmp_path: Path) -> None:
    from common.metrics import sample_store

    def answers(records: list[Any]) -> Any:
        raise AssertionError("a dry run asks no model")

    tests = [{**record(number), "reference": GOOD, "split": "id"} for number in range(2)]
    system = System("m", lambda record: "m", answers)
    line = {"id": "r1", "key": sample_store.sample_key(system, tests[1]), "scorer": "", "prediction": {"code": "pass"}, "scores": {}}
    (tmp_path / "samples_m.jsonl").write_text(json.dumps(line) + "\n")
    assert [sample["prediction"]["code"] for sample in sample_store.samples_for_estimate(system, tests, tmp_path)] == [GOOD, "pass"]
