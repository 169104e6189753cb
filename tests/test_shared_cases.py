"""Reports of users of other programs, replayed against ours by scripts that stand beside the checkout here and in CI."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import stage_runs

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.ci


@pytest.mark.parametrize(("case", "said"), [
    ("placeholder_key", ['WFTextActionText="test 1: none"'] * 7),
    ("connection_refused", ["no connection: Cannot connect to host 127.0.0.1:9", "spent: 0.0 of it lost: 0.0"]),
    ("http_402", ["402: Error code: 402 - Insufficient Balance", "paid: answer {'query': 'a b c'}"]),
    ("thinking_text", ["answer {'query': 'water the plants'} 1 requests", "answer {'query': 'right'}", "answer {'query': 'water the plants'}",
                       "Parts(plan='1. Do it.', code='right()\\n')", "[Step(name='A', arguments='{}')]"]),
    ("fixed_sampling", ["as 05 asks: answer {'query': 'a b c'}", "as 08 asks: Verdict(passed=None", "{'model': 'gpt-5-mini', 'max_tokens': 4096}"]),
    ("grammar_ignored", ["this server ignores the grammar", "field sent: True"]),
    ("room_8192", ["answers get fewer tokens here", "answer {'query': 'a b c'} | asked for: 8166"]),
])  # fmt: skip
def test_a_reported_case_ends_as_it_should(case: str, said: list[str], shared: Path) -> None:
    ended = stage_runs.start_script(shared / "cases" / f"{case}.py", cwd=ROOT).wait()
    text = ended.stderr + ended.stdout
    assert ended.returncode == 0, text
    for part in said:  # one after the other
        before, found, text = text.partition(part)
        assert found, (part, before)
