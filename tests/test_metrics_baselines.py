"""Promises of honest metrics: on the 50 published samples (most of them no valid Python) and on real programs of the dialect."""

from __future__ import annotations

import ast
import copy
import json
import random
from pathlib import Path
from statistics import fmean

import pytest

import shortcuts
from common import metrics
from common.metrics.call_graph import read_call_graph
from common.metrics.execution_match import bare_list, execution_match
from common.metrics.systems import without_comments
from common.metrics.trace_match import traced
from shortcuts import DialectError, plist
from shortcuts.syntax.recovering_parser import read_tree
from tests.test_trace import HOSTILE

WRONG = "x = wrong_api(a='9')\ny = other_wrong(b=x)\nthird_wrong(c=y)\n"
DROP_SENSITIVE = ("trace_match", "api_f1", "graph_f1")
HONEST = tuple(metric.key for metric in metrics.METRICS if metric.group in (metrics.CALLS, metrics.FLOW))
SHUFFLES = 4  # independent ones on each side: few calls match between two programs, so the accuracy of their parameters varies


@pytest.fixture(scope="module", params=[pytest.param("published samples", marks=pytest.mark.slow), "corpus"])
def programs(request: pytest.FixtureRequest, shared: Path) -> list[str]:
    """Gold programs: the published ones without comments, or transcribed shortcuts."""
    if request.param == "published samples":
        samples = json.loads((shared / "workflowbench/data_samples.json").read_text())
        return [without_comments(sample["annotated_code"]) for sample in samples]
    codes = []
    for file in random.Random(3).sample(sorted((shared / "corpus/plist").iterdir()), 70):
        try:
            codes.append(shortcuts.to_python(plist.read_shortcut(file.read_bytes()))[0])
        except shortcuts.Unbalanced:
            continue
    return [code for code in codes if read_call_graph(code).calls][:30]


def quick(gold: str, guess: str) -> dict[str, float]:
    """The metrics that do not come from CodeBLEU."""
    pair = metrics.Pair(gold, guess)
    names = {"graph_f1", "chain_f1", "subgraph_f1", "trace_match"}
    return {metric.key: metric.value(pair) for metric in metrics.METRICS if metric.group == metrics.CALLS or metric.key in names}


def means(pairs: list[tuple[str, str]]) -> dict[str, float]:
    scores = [quick(*pair) for pair in pairs]
    return {name: fmean(score[name] for score in scores) for name in scores[0]}


@pytest.mark.ci
def test_gold_scores_a_hundred_and_nothing_scores_zero(programs: list[str]) -> None:
    for code in programs[:10]:
        gold = metrics.score(code, code)
        assert all(gold[name] == pytest.approx(1) for name in HONEST if gold[name] is not None) and gold["length_ratio"] == 1
        empty = metrics.score(code, "")
        assert not any(empty[metric.key] for metric in metrics.METRICS if metric.group != metrics.PAPER) and empty["codebleu"] == 0.4


@pytest.mark.ci
def test_what_is_no_python_is_flagged(programs: list[str]) -> None:
    for code in programs[:15]:
        try:
            ast.parse(code)
            is_python = True
        except SyntaxError:
            is_python = False
        assert is_python == ("prediction: not Python, read line by line" not in metrics.score(code, code)["flags"])


def test_right_form_with_everything_wrong_scores_nothing(programs: list[str]) -> None:
    scores = means([(code, WRONG) for code in programs])
    assert scores["trace_match"] == scores["api_f1"] == scores["graph_f1"] == 0.0


def test_another_gold_is_no_better_than_chance(programs: list[str]) -> None:
    def shuffles(seed: int) -> dict[str, float]:
        draw, pairs = random.Random(seed), []
        for _ in range(SHUFFLES):
            order = draw.sample(programs, len(programs))
            pairs += zip(order, order[1:] + order[:1])
        return means(pairs)

    def above(score: float, chance: float) -> float:
        return (score - chance) / (1 - chance)

    found, chance = shuffles(1), shuffles(2)
    for name in found.keys() - {"parameter_names", "parameter_values"}:
        assert above(found[name], chance[name]) <= 0.05, name
    assert above(found["parameter_values"], chance["parameter_values"]) <= 0.1


def renamed(code: str) -> str:
    """A program with all its variables called otherwise; one that is no Python as its tolerant tree is written."""
    try:
        return shortcuts.rename(code, {name: f"name{number}x" for number, name in enumerate(shortcuts.bound_names(code))})
    except (DialectError, ValueError):
        tree = copy.deepcopy(read_tree(code)[0])
    bound = {node.id: f"name{node.id}x" for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in functions:
            node.id = bound.get(node.id, node.id)
    return ast.unparse(ast.fix_missing_locations(tree))


def test_other_names_change_nothing(programs: list[str]) -> None:
    scores = means([(code, renamed(code)) for code in programs])
    assert all(scores[name] >= 0.99 for name in DROP_SENSITIVE)


def test_a_dropped_call_costs_on_each(programs: list[str]) -> None:
    draw, tried = random.Random(9), 0
    for code in programs:
        lines = code.split("\n")
        made = {step.line - 1 for path in traced(code).paths for step in path if "_" in step.name}  # not what stands behind an Exit
        dropped = next((number for number in draw.sample(sorted(made), len(made))
                        if read_tree(lines[number].strip())[1] and read_call_graph(lines[number].strip()).calls), None)  # fmt: skip
        if dropped is None:
            continue
        line = lines[dropped]
        lines[dropped] = line[: len(line) - len(line.lstrip())] + "pass"
        scores = quick(code, "\n".join(lines))
        assert all(scores[name] < 1 for name in DROP_SENSITIVE), line
        tried += 1
    assert tried >= 20


@pytest.mark.ci
def test_what_is_run_gives_nothing_to_cheap_answers_and_all_to_gold(programs: list[str]) -> None:
    covered = [code for code in programs if execution_match(code, code).match is not None]
    kinds = {
        "gold": (covered, 1.0, 1.0), "renamed": ([renamed(code) for code in covered], 1.0, 1.0), "empty": ([""] * len(covered), 0.0, 0.0),
        "each API once": ([bare_list(code) for code in covered], 0.0, 0.05), "shuffled": (covered[1:] + covered[:1], 0.0, 0.05),
        "wrong": ([WRONG] * len(covered), 0.0, 0.0),
    }  # fmt: skip
    for name, (answers, low, high) in kinds.items():
        scores = [execution_match(gold, answer).match or 0.0 for gold, answer in zip(covered, answers)]
        assert not scores or low <= fmean(scores) <= high, name
    assert len(covered) >= 0.7 * sum(metrics.validity(code)["compile"] for code in programs)


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_gets_all_its_scores(name: str) -> None:
    scores = metrics.score("x = a_b()\nc_d(k=x)\n", HOSTILE[name])
    assert all(scores[metric] is None or 0 <= scores[metric] <= 1 + 1e-12 for metric in metrics.RATES)
