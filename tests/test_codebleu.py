"""CodeBLEU: equal to the published package, free of the hash seed, and safe on hostile code."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.metrics.codebleu import codebleu, codebleu_strict, overlap_f1, versions
from common.metrics.codebleu_flow import set_order
from common.metrics.codebleu_tree import MAX_CHARACTERS

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ("ngram_match_score", "weighted_ngram_match_score", "syntax_match_score", "dataflow_match_score", "codebleu")
GOLD = "x = is_workflow_actions_url(WFURLActionURL='a')\nfor item in x:\n    y = is_workflow_actions_gettext(WFTextActionText=item)\n"


def nested(head: str, depth: int) -> str:
    """Blocks within blocks, and an assignment in the innermost."""
    return "\n".join(" " * level + head.format(level) for level in range(depth)) + "\n" + " " * depth + "x = x + 1"


def run(program: str, text: str, seed: str) -> str:
    """Return what a program prints under a hash seed."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, input=text, env={"PYTHONHASHSEED": seed}, cwd=ROOT, capture_output=True, text=True, check=True).stdout


HOSTILE = {
    "nested parentheses": "(" * 100_000 + ")" * 100_000,
    "one long line": "x = [" + "1, " * 333_000 + "]",
    "nested loops": nested("for v{} in x:", 20),
    "flat lines": "\n".join(f"v{number} = f(a=v{number - 1})" for number in range(10_000)),
    "long method chain": "a" + ".b()" * 5000,
    "lone surrogate": 'x = "\ud800"\ny = x',
    "NUL": "x = 1\0\0y = x",
    "no Python at all": "I am sorry, I can't. " * 2000,
}


@pytest.fixture(scope="module")
def fixture(shared: Path) -> list[dict]:
    """Pairs with the package's own scores."""
    with open(shared / "codebleu_fixture.jsonl") as file:
        return [json.loads(line) for line in file]


def test_the_pinned_grammar_is_installed() -> None:
    assert versions() == {"tree-sitter": "0.24.0", "tree-sitter-python": "0.21.0"}


@pytest.mark.ci
@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the scores are those of CPython 3.11: since 3.12 sum() rounds, and tokenize reads f-strings, otherwise")
@pytest.mark.parametrize("part", [pytest.param(slice(0, None, 8), id="every eighth"), pytest.param(slice(None), id="all", marks=pytest.mark.slow)])
def test_every_score_of_the_published_package_is_reproduced(fixture: list[dict], part: slice) -> None:
    for pair in fixture[part]:
        assert codebleu(pair["reference"], pair["prediction"])[:5] == tuple(pair[name] for name in PUBLISHED), pair["id"]


@pytest.mark.ci
def test_scores_do_not_depend_on_the_hash_seed(fixture: list[dict]) -> None:
    moving = [pair for pair in fixture if pair["dataflow_min"] < pair["dataflow_max"] and len(pair["reference"]) < 20_000][:5]
    program = ("import json, sys; from common.metrics.codebleu import codebleu, codebleu_strict\n"
               "print(json.dumps([f(r, p) for r, p in json.load(sys.stdin) for f in (codebleu, codebleu_strict)]))")  # fmt: skip
    pairs = json.dumps([(pair["reference"], pair["prediction"]) for pair in moving])
    outputs = {run(program, pairs, seed) for seed in ("1", "77")}
    assert len(moving) == 5 and len(outputs) == 1 and outputs.pop()


def test_merged_parents_stand_in_the_order_of_a_set_under_seed_zero() -> None:
    draw = random.Random(0)
    names = ["".join(draw.choices("ab_ü漢🎈", k=draw.randrange(1, 40))) for _ in range(300)]
    program = "import json, sys; print(json.dumps([list(set(names)) for names in json.load(sys.stdin)]))"
    groups = [names[start : start + size] for size in (2, 9, 40, 300) for start in range(0, 300, size)]
    assert [list(set_order(group)) for group in groups] == json.loads(run(program, json.dumps(groups), seed="0"))


def test_published_quirks_are_kept() -> None:
    assert codebleu(GOLD, "").codebleu == 0.4  # no data-flow counts as all of it
    assert codebleu(GOLD, GOLD + "junk = 1\n" * 100).ast > 0.9  # a recall: only the root differs
    assert codebleu("a.b = 'c'\nx = y", "a.b = 'c'\nx = y").dataflow == 0.0  # three children on either side
    assert codebleu(GOLD, GOLD.replace("is_workflow_actions_", "wrong_")).ast == 1.0  # blind to names


def test_strict_scores_have_none_of_them() -> None:
    assert codebleu_strict(GOLD, "")[:5] == (0.0,) * 5
    assert codebleu_strict(GOLD, GOLD + "junk = 1\n" * 100).ast < 0.5
    assert codebleu_strict(GOLD, "'prose'").codebleu == 0.0


@pytest.mark.parametrize("code", [
    GOLD, "x", "f()", "x = 'é'; y = x", "if a:\n    b = a\nelif c:\n    b = c\nelse:\n    b = 1\n", "# nothing but this",
])  # fmt: skip
def test_gold_scores_one_on_the_strict_measure(code: str) -> None:
    assert codebleu_strict(code, code)[:5] == pytest.approx((1.0,) * 5)


def test_strict_data_flow_reads_non_ascii_names_right() -> None:
    gold, renamed = 'x = "é"; y = x', 'x = "é"; y = z'
    assert codebleu(gold, renamed).dataflow == 1.0 > codebleu_strict(gold, renamed).dataflow


SLOW = {"flat lines", "one long line", "nested loops"}  # a second or two each


@pytest.mark.ci
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in HOSTILE])
def test_hostile_code_is_scored_or_flagged_in_seconds(name: str) -> None:
    started = time.process_time()
    for score in (codebleu(GOLD, HOSTILE[name]), codebleu_strict(GOLD, HOSTILE[name])):
        assert all(0 <= value <= 1 for value in score[:5])
        assert not score.flag or (score.ast == score.dataflow == 0 and score.flag.startswith("prediction: more than"))
    assert time.process_time() - started < 10


def test_code_beyond_a_limit_gets_no_bonus_for_missing_data_flow() -> None:
    score = codebleu(GOLD, "(" * (MAX_CHARACTERS + 1))
    assert score.flag == "prediction: more than 1,000,000 characters" and score.codebleu == 0.0


@pytest.mark.ci
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_two_texts_get_scores_between_zero_and_one(reference: str, prediction: str) -> None:
    for score in (codebleu(reference, prediction), codebleu_strict(reference, prediction)):
        assert all(0 <= value <= 1 + 1e-12 for value in score[:5])


def test_ngrams_agree_with_sacrebleu() -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    gold, guess = GOLD, GOLD.replace("item", "thing")
    settings = {"tokenize": "none", "smooth_method": "floor", "smooth_value": 0.1, "use_effective_order": False}
    theirs = sacrebleu.sentence_bleu(" ".join(guess.split()), [" ".join(gold.split())], **settings)
    assert codebleu(gold, guess).ngram == pytest.approx(theirs.score / 100)


def test_overlap_of_nothing_with_nothing_is_whole() -> None:
    assert overlap_f1(Counter(), Counter()) == 1.0 and overlap_f1(Counter("aab"), Counter("ab")) == pytest.approx(0.8)
