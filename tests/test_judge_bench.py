"""bench/judge.py: programs whose verdict is known."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from bench import judge as bench
from common.metrics.judge import Verdict
from common.metrics.tasks import load, score


@pytest.fixture(scope="module")
def halves():
    return {half: bench.cases(half, 1) for half in (bench.MEND, bench.UNTOUCHED)}


@pytest.mark.parametrize("half", [bench.MEND, bench.UNTOUCHED])
def test_a_half_has_thirty_programs_for_thirty_tasks_as_many_right_as_wrong(halves, half):
    assert len({case.task.name for case in halves[half]}) == len(halves[half]) == 30
    assert Counter(case.passes for case in halves[half]) == {True: 15, False: 15}
    assert {case.task.held for case in halves[half]} == {half == bench.UNTOUCHED}


@pytest.mark.parametrize("half", [bench.MEND, bench.UNTOUCHED])
def test_the_checks_of_a_task_give_the_verdict_that_is_meant(halves, half):
    assert all(score(case.task, case.code).passed == case.passes for case in halves[half])


def test_equal_seeds_draw_equal_programs(halves):
    assert bench.cases(bench.MEND, 1) == halves[bench.MEND]
    assert bench.cases(bench.MEND, 2) != halves[bench.MEND]


def test_an_empty_branch_and_two_lines_that_change_places_are_one_change_each():
    task = next(task for task in load() if task.name == "even-or-odd")
    lines = task.reference.splitlines()
    orders = [code.splitlines() for code, _ in bench.order(task)]
    assert [lines[1], lines[0], *lines[2:]] in orders and lines not in orders
    empty = [code for code, _ in bench.branch(task)]
    assert len(empty) == 2 and all("pass" in code for code in empty)


def test_the_figures_count_both_kinds_of_error(halves):
    chosen = halves[bench.MEND]
    everything_passes = bench.figures(chosen, {case.task.name: True for case in chosen}, seed=0)
    assert (everything_passes["right"]["mean"], everything_passes["false_pass"], everything_passes["false_fail"]) == (0.5, 1.0, 0.0)
    truth = bench.figures(chosen, {case.task.name: case.passes for case in chosen}, seed=0)
    assert (truth["right"]["mean"], truth["wrong"], truth["undecided"]) == (1.0, [], 0)
    votes = bench.single_votes(chosen, {chosen[0].task.name: Verdict(True, [], [chosen[0].passes, not chosen[0].passes, None], [""] * 3)})
    assert votes == {"votes": 3, "invalid": 1, "single": 0.5, "unanimous": 0.0}


def test_a_judge_that_never_answered_has_no_figures_but_counts(halves):
    chosen = halves[bench.MEND]
    assert bench.single_votes(chosen, {chosen[0].task.name: Verdict(None, [], [None], [""])})["single"] is None
    silent = bench.figures(chosen, {}, seed=0)
    assert (silent["n"], silent["undecided"], silent["right"], silent["false_pass"]) == (0, 30, None, None)
    only_right = [case for case in chosen if case.passes]
    assert bench.figures(only_right, {case.task.name: True for case in only_right}, seed=0)["false_pass"] is None


def test_a_dry_run_prints_what_the_judge_would_cost_and_no_verdicts(halves, monkeypatch, capsys, tmp_path):
    flags = ["--half", bench.MEND, "--judge", "gpt-4o-mini", "--votes", "2", "--dry-run", "--no-cache", "--output", str(tmp_path / "judge")]
    monkeypatch.setattr(bench, "cases", lambda half, seed: halves[half])
    monkeypatch.setattr("sys.argv", ["judge.py", *flags])
    assert bench.main() == 0
    said = json.loads(capsys.readouterr().out)
    assert said["judge"]["requests"] > 0 and said["judge"]["cost_usd"] > 0 and "right" not in said["judge"]
    assert not (tmp_path / "judge").exists()
