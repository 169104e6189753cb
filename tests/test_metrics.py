"""The honest metrics: what they reward, what they cannot be fooled by, and the statistics over a test set."""

from __future__ import annotations

import itertools
import os
import random
import string
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import metrics
from common.excerpts import without_comments
from common.metrics import chance_and_intervals as intervals
from common.metrics.call_graph import read_call_graph
from common.metrics.worfeval import chain_f1, longest_increasing, match_calls
from shortcuts.syntax import recovering_parser
from tests.programs import GOLD

RENAMED = GOLD.replace("answer", "a").replace("page", "b").replace("Titles", "c").replace("item", "d")
WRONG = "x = wrong_api(a='9')\ny = other_wrong(b=x)\nthird_wrong(c=y)\n"
COUNTS = ("api_precision", "api_recall", "api_f1", "order_f1", "parameter_names", "parameter_values", "graph_f1", "chain_f1", "subgraph_f1")


HONEST = tuple(metric.key for metric in metrics.METRICS if metric.group != metrics.PAPER)


def compare(guess: str, gold: str = GOLD) -> dict[str, float]:
    pair = metrics.Pair(gold, guess)
    return {metric.key: metric.value(pair) for metric in metrics.METRICS if metric.key in COUNTS}


# ---------------------------------------------------------------------------------------------------------------------------------
# reading


def test_calls_are_read_in_order_without_helpers_and_builtins() -> None:
    code = "print(len(x))\nfor i in range(3):\n    is_workflow_actions_url()\naction('com.maker-app.do it', Key=1)\nx = as_text(is_b_c())\n"
    assert [call.name for call in read_call_graph(code).calls] == ["is_workflow_actions_url", "com_maker_app_do_it", "is_b_c"]


def test_edges_follow_variables_branches_loops_and_menus() -> None:
    edges = read_call_graph(GOLD).named_edges()
    download, key = "is_workflow_actions_downloadurl", "is_workflow_actions_getvalueforkey"
    assert edges["data", "is_workflow_actions_ask", download] == 1
    assert edges["data", download, key] == edges["for", download, key] == 1  # the item stems from the page, and the page decides how often
    assert edges["data", key, "is_workflow_actions_showresult"] == edges["if", download, "is_workflow_actions_showresult"] == 1
    assert edges["else", download, "is_workflow_actions_notification"] == 1
    assert edges["menu 1", "", "is_workflow_actions_exit"] == 1


def test_keys_that_are_no_identifiers_are_read() -> None:
    assert read_call_graph("a_b(**{'Show-text': True}, x=1)").calls[0].arguments == {"Show-text": "True", "x": "1"}


@pytest.mark.parametrize("code", [
    "x = a_b(k=unquoted value)\ny = c_d(z=x)\n  e_f(", "a_b(\0)\nc_d()\ne_f()", "a_b()\n```\nc_d()\nThen e_f() is called",
])  # fmt: skip
def test_what_does_not_parse_is_read_line_by_line(code: str) -> None:
    read = read_call_graph(code)
    assert not read.parsed and [call.name for call in read.calls] == ["a_b", "c_d", "e_f"]


def test_broken_code_keeps_the_data_flow_of_its_whole_lines() -> None:
    assert read_call_graph("x = a_b()\nc_d(z=x)\nelse:\n").named_edges()["data", "a_b", "c_d"] == 1


@pytest.mark.parametrize("code", ["(" * 100_000, "a" + ".b()" * 5000, "a_b(" + "x+" * 50_000 + "x)", "\ud800 a_b()",
                                  pytest.param("a_b() " * 300_000, marks=pytest.mark.slow)])
def test_hostile_code_is_read(code: str) -> None:
    read_call_graph(code)


# ---------------------------------------------------------------------------------------------------------------------------------
# scores


def test_gold_scores_one_on_everything() -> None:
    scores = metrics.score(GOLD, GOLD)
    assert {name: scores[name] for name in COUNTS} == dict.fromkeys(COUNTS, 1.0)
    assert scores["codebleu_strict"] == pytest.approx(1.0) and scores["parse"] == scores["length_ratio"] == 1.0
    assert scores["trace_match"] == scores["trace_equal"] == 1.0 and not scores["flags"]


@pytest.mark.parametrize("answer", ["", " \n"])
def test_an_empty_answer_scores_zero_on_every_honest_metric(answer: str) -> None:
    scores = metrics.score(GOLD, answer)
    assert scores["codebleu"] == 0.4 and not any(scores[name] for name in HONEST)


def test_renaming_variables_changes_nothing() -> None:
    assert compare(RENAMED) == dict.fromkeys(COUNTS, 1.0)


def test_right_structure_with_wrong_names_scores_nothing() -> None:
    gold = "x = a_b(k='1')\ny = c_d(l=x)\ne_f(m=y)\n"
    assert metrics.codebleu(gold, WRONG).ast == 1.0
    assert compare(WRONG, gold) == dict.fromkeys(COUNTS, 0.0)


@pytest.mark.parametrize("line", [line for line in GOLD.splitlines() if "= is_workflow" in line or "+= [is_workflow" in line])
def test_dropping_a_call_lowers_recall_order_and_graph(line: str) -> None:
    indent = line[: len(line) - len(line.lstrip())]
    scores = compare(GOLD.replace(line, indent + "pass"))
    assert scores["api_precision"] == 1.0 and all(scores[name] < 1 for name in ("api_recall", "api_f1", "order_f1", "graph_f1"))


def test_order_counts_for_the_order_and_not_for_the_multiset() -> None:
    scores = compare("c_c()\nb_b()\na_a()\n", "a_a()\nb_b()\nc_c()\n")
    assert scores["api_f1"] == 1.0 and scores["order_f1"] == pytest.approx(1 / 3)


def test_repeated_calls_count_as_often_as_they_stand() -> None:
    assert compare("a_b()\n" * 3, "a_b()\n")["api_precision"] == pytest.approx(1 / 3)


def test_parameters_are_compared_on_matched_calls() -> None:
    scores = compare("a_b(x=1, y=3, z=4)\nw_w(x=1)", "a_b(x=1, y=2)")
    assert scores["parameter_names"] == pytest.approx(2 / 3) and scores["parameter_values"] == pytest.approx(1 / 3)
    assert compare("a_b(x=True)", "a_b(x=1)")["parameter_values"] == 0.0  # equal in Python, not in a shortcut


def test_equal_calls_are_matched_whatever_their_place() -> None:
    assert compare("a_b(x=2)\na_b(x=1)", "a_b(x=1)\na_b(x=2)")["parameter_values"] == 1.0
    asks = "f = a_ask(x='From')\nt = a_ask(x='To')\n"
    assert compare(f"{asks}a_less(x=t, y=f)", f"{asks}a_less(x=f, y=t)")["parameter_values"] == 0.5  # those of the questions
    turned = "t = a_ask(x='To')\nf = a_ask(x='From')\n"
    assert compare(f"{asks}a_less(x=t, y=f)", f"{turned}a_less(x=t, y=f)")["parameter_values"] == 1.0
    shown = "t = a_ask(x='To')\na = a_fmt(x=t)\nb = a_fmt(x=t)\n"
    assert compare(f"a_z()\n{shown}a_show(x=b)", f"{shown}a_show(x=a)\na_z()")["parameter_values"] == 1.0  # the same, formatted twice
    twice = "a = a_date()\nb = a_date()\n"
    assert compare(f"{twice}a_less(x=a, y=b)", "a = a_date()\na_less(x=a, y=a)")["parameter_values"] == 1.0  # a date is a date


def test_a_dropped_edge_is_seen_where_the_calls_are_the_same() -> None:
    scores = compare("x = a_b()\nc_d(k='text')", "x = a_b()\nc_d(k=x)")
    assert scores["api_f1"] == 1.0 and scores["graph_f1"] == pytest.approx(0.5)


def test_a_condition_that_is_nearly_right_is_worth_more_than_its_opposite() -> None:
    gold = "level = a_level()\nif level > 20:\n    b_b()\nelse:\n    c_c()\n"
    near, opposite = (metrics.score(gold, gold.replace(">", operator)) for operator in (">=", "<"))
    assert [metric for metric in ("graph_f1", "subgraph_f1", "trace_match") if near[metric] <= opposite[metric]] == []
    assert compare(gold.replace(">", "<="), gold)["graph_f1"] == pytest.approx(1 / 3)
    assert compare("level = a_level()\nif level <= 20:\n    c_c()\nelse:\n    b_b()\n", gold)["graph_f1"] == 1.0


@pytest.mark.parametrize(("one", "other"), [("a_show(k=1)", "a_show(k=2)"), ("a_set(k='x')", "a_get()"), ("p = a_get()\na_save(k=p)", "a_delete()")])
def test_traces_in_another_order_match_and_are_not_equal(one: str, other: str) -> None:
    scores = metrics.score(f"{one}\n{other}\n", f"{other}\n{one}\n")
    assert scores["trace_match"] == 1.0 and scores["trace_equal"] == 0.0
    assert metrics.score(f"{one}\n{other}\n", f"{one.replace('p', 'q')}\n{other}\n")["trace_equal"] == 1.0


def chain_and_subgraph(guess: str, gold: str) -> tuple[float, float]:
    scores = compare(guess, gold)
    return scores["chain_f1"], scores["subgraph_f1"]


def test_a_chain_may_take_any_order_that_the_gold_graph_allows() -> None:
    gold = "x = a_a()\ny = b_b()\nc_c(k=x, l=y)\n"
    assert chain_and_subgraph("y = b_b()\nx = a_a()\nc_c(k=x, l=y)\n", gold) == (1.0, 1.0)
    assert chain_and_subgraph("c_c()\nx = a_a()\ny = b_b()\n", gold)[0] == pytest.approx(2 / 3)  # c_c before what it needs
    assert chain_and_subgraph("z_z()", gold) == chain_and_subgraph("", gold) == (0.0, 0.0)


def test_a_subgraph_is_what_edges_of_both_connect() -> None:
    gold = "x = a_a()\nb_b(k=x)\ny = c_c()\nd_d(k=y)\n"
    assert chain_and_subgraph("x = a_a()\nb_b(k=x)\nc_c(k=x)\nd_d(k=1)\n", gold) == (1.0, pytest.approx(2 / 4))


ADVERSARIAL = " ", "\n", " \n", "\t", "#", "'", "'''", "\\", "[", ". ", "<think>", "</think>", "a.b", "_", "é "


@pytest.mark.ci
@pytest.mark.parametrize("unit", ADVERSARIAL)
def test_four_times_the_text_takes_about_four_times_as_long_to_read(unit: str) -> None:
    """Answers are untrusted: none may cost time by the square of its length."""
    from common.metrics.sample_store import path_of
    from common.metrics.teval import read_plan
    from common.replies import without_thought

    readers = (without_comments, without_thought, lambda text: read_plan(text, "json", []), lambda text: read_plan(text, "str", ["a.b", "x"]),
               lambda text: path_of(Path(), "samples", text))  # fmt: skip
    for read in readers:
        short, long = (min(timed(read, unit * (size // len(unit)) + "x") for _ in range(2)) for size in (10_000, 40_000))
        assert long < 8 * max(short, 0.01), (read, short, long)


def timed(read: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    read(text)
    return time.process_time() - started


@given(st.lists(st.sampled_from(["x = a_a(k=x)", "y = b_b(k=y)", "c_c(k=x, l=y)", "x = d_d()", "y = a_a()"]), max_size=6), st.randoms())
def test_the_longest_chain_is_found(lines: list[str], draw: random.Random) -> None:
    """Against every subset of matched calls: is the largest whose order no path of edges contradicts as large as what is found?"""
    gold, guess = read_call_graph("\n".join(lines)), read_call_graph("\n".join(draw.sample(lines, len(lines))))
    pairs = match_calls(gold.calls, guess.calls)
    before = {(source, target) for _, source, target in gold.edges}
    for middle, left, right in itertools.product(range(len(gold.calls)), repeat=3):
        if {(left, middle), (middle, right)} <= before:
            before.add((left, right))
    largest = max(size for size in range(len(pairs) + 1) for chosen in itertools.combinations(pairs, size)
                  if not any((one[0], other[0]) in before and one[1] > other[1] for one in chosen for other in chosen))  # fmt: skip
    assert chain_f1(gold, guess, pairs) == pytest.approx(2 * largest / len(gold.calls + guess.calls) if lines else 1.0)


@given(st.lists(st.integers(0, 9), max_size=8))
def test_the_longest_increasing_subsequence_is_found(places: list[int]) -> None:
    chosen = (some for size in range(len(places), -1, -1) for some in itertools.combinations(places, size))
    assert longest_increasing(places) == next(len(some) for some in chosen if list(some) == sorted(set(some)))


def test_validity_names_what_is_wrong() -> None:
    good = metrics.validity("is_workflow_actions_setclipboard(WFInput=clipboard())\n")
    assert good == {"parse": 1.0, "check": 1.0, "compile": 1.0, "nonempty": 1.0, "diagnostics": {}}
    assert metrics.validity("is_workflow_actions_no_such_thing()\n")["diagnostics"] == {"unknown_api": 1}
    assert metrics.validity("def f(: pass") == {"parse": 0.0, "check": 0.0, "compile": 0.0, "nonempty": 0.0, "diagnostics": {"syntax": 1}}
    assert metrics.validity("with x: pass")["compile"] == 0.0


# ---------------------------------------------------------------------------------------------------------------------------------
# statistics


def sample(value: float) -> dict[str, float]:
    return {"api_f1": value}


def test_intervals_hold_the_mean_and_shrink_with_the_number_of_samples() -> None:
    draw = random.Random(1)
    few, many = ([sample(draw.random()) for _ in range(count)] for count in (20, 2000))
    narrow, wide = (intervals.estimate(scores, ["api_f1"])["api_f1"] for scores in (many, few))
    assert wide.low < wide.mean < wide.high and narrow.high - narrow.low < (wide.high - wide.low) / 4
    assert narrow.high - narrow.low == pytest.approx(2 * 1.96 * (1 / 12 / 2000) ** 0.5, rel=0.1)  # of a uniform draw
    assert intervals.estimate(few, ["api_f1"])["api_f1"] == wide and intervals.estimate([], ["api_f1"]) == {}
    assert intervals.estimate(few, ["api_f1"], seed=1)["api_f1"] != wide


def test_what_a_sample_lacks_is_left_out_of_means_intervals_and_chance() -> None:
    draw = random.Random(5)
    scores = [{"api_f1": draw.random(), "exec": draw.random() if place % 3 else None, "none": None} for place in range(90)]
    some = [score for score in scores if score["exec"] is not None]
    found, alone = intervals.estimate(scores, ["api_f1", "exec", "none"]), intervals.estimate(some, ["exec"])["exec"]
    assert list(found) == ["api_f1", "exec"] and found["exec"].mean == pytest.approx(alone.mean)
    assert found["exec"].high - found["exec"].low == pytest.approx(alone.high - alone.low, rel=0.2)
    assert found["api_f1"] == pytest.approx(intervals.estimate(scores, ["api_f1"])["api_f1"])
    assert intervals.above_chance(scores, scores, ["exec", "none"]) == {"exec": (0.0, 0.0, 0.0)}
    lone = intervals.estimate([{"exec": 0.5}, *[{"exec": None}] * 50], ["exec"])  # half of the resamples know nothing
    assert lone["exec"] == (0.5, 0.5, 0.5)


def test_paired_test_sees_a_small_steady_difference_and_no_difference() -> None:
    draw = random.Random(2)
    base = [draw.random() for _ in range(100)]
    better = intervals.paired([value + 0.01 + 0.01 * draw.random() for value in base], base)
    assert better.p < 0.01 and 0.01 < better.low < better.mean < better.high < 0.02
    assert intervals.paired(base, base) == (0.0, 0.0, 0.0, 1.0)
    assert intervals.paired(base, random.Random(3).sample(base, 100)).p > 0.05


def test_no_difference_of_a_few_samples_is_surer_than_turning_its_signs_round_allows() -> None:
    assert intervals.paired([1.0], [0.9]).p == 1 and intervals.paired([1.0, 1.0], [0.9, 0.8]).p == 0.5
    assert intervals.paired([1.0] * 5, [0.9] * 5).p == 2 / 32 and intervals.paired([1.0] * 20, [0.9, *[1.0] * 19]).p == 1
    assert intervals.paired([1.0] * 20, [0.9] * 20).p < 0.01


def test_a_score_above_chance_has_an_interval_too() -> None:
    draw = random.Random(4)
    chance = [sample(0.4 * draw.random()) for _ in range(200)]
    for scores, mean in ((chance, 0.0), ([sample(1.0)] * 200, 1.0)):  # chance is 0, gold is 1
        assert intervals.above_chance(scores, chance, ["api_f1"])["api_f1"] == pytest.approx((mean,) * 3)  # whatever the resample
    assert intervals.above_chance([sample(0.0)] * 200, chance, ["api_f1"])["api_f1"].high < 0
    assert intervals.above_chance([sample(1.0)], [sample(1.0)], ["api_f1"])["api_f1"] == (0.0, 0.0, 0.0)  # nothing is above that
    above = intervals.above_chance([sample(0.5)] * 200, chance, ["api_f1"])["api_f1"]
    assert above.low < above.mean < above.high and above.mean == pytest.approx(3 / 8, abs=0.03)


def test_a_median_has_an_interval() -> None:
    assert intervals.median([]) == (0.0, 0.0, 0.0) and intervals.median([1.0, 1.0, 1.0]) == (1.0, 1.0, 1.0)
    middle = intervals.median([float(number) for number in range(101)])
    assert middle.mean == 50 and 30 < middle.low < 50 < middle.high < 70


def test_plans_are_scored_as_sacrebleu_scores_them() -> None:
    import sacrebleu

    from common.metrics.bleu import text_scores

    gold, guess = ["1. Ask for a city.\n2. Show its weather."] * 3, ["1. Ask for a city.\n2. Show the time there."] * 3
    scores = text_scores(gold, guess)
    assert scores["n"] == 3 and scores["bleu"]["score"] == pytest.approx(sacrebleu.corpus_bleu(guess, [gold]).score)
    assert "version:2" in scores["chrf"]["signature"] and "bs:1000" in scores["chrf"]["signature"] and text_scores([], []) == {"n": 0}
    assert text_scores(gold, gold)["bleu"]["score"] == pytest.approx(100) and text_scores(gold, gold)["chrf"]["low"] == pytest.approx(100)


def test_texts_of_which_some_resamples_share_nothing_are_scored_too() -> None:
    from common.metrics.bleu import text_scores

    scores = text_scores(["x", "hello there my friend how are you"], ["y", "hello there my friend how are we"])
    assert 0 < scores["bleu"]["score"] < 100 and 0 < scores["chrf"]["score"] < 100


@given(st.text(string.printable, max_size=60))
def test_any_answer_gets_its_scores(answer: str) -> None:
    scores = metrics.score("x = a_b(k=1)\n", answer)
    assert all(0 <= scores[name] <= 1 + 1e-12 for name in metrics.RATES)


@pytest.mark.slow
def test_of_code_beyond_the_limit_the_beginning_is_read() -> None:
    read = read_call_graph("a_b()\n" * (recovering_parser.MAX_CHARACTERS // 6 + 1))
    assert not read.parsed and len(read.calls) == recovering_parser.MAX_LINES


@pytest.mark.slow
def test_the_metrics_load_as_a_module_of_evaluate(tmp_path: Path) -> None:
    program = ("import evaluate; metric = evaluate.load('common/metrics/workflow_metrics')\n"
               "pairs = {'predictions': ['a_b(k=1)', ''], 'references': ['a_b(k=1)'] * 2}\n"
               "print(metric.compute(**pairs)['trace_match'], metric.compute(**pairs, intervals=True)['api_f1']['high'])")  # fmt: skip
    offline = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    result = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[1], env=offline, capture_output=True, text=True)
    assert result.stdout.strip() == "0.5 1.0", result.stderr
