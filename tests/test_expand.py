"""Stage 04: python -m pytest tests/test_expand.py"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from common import jsonl, prompts
from common.catalog import Catalog
from common.jsonl import UserError
from tests.stub_openai import Reply, StubOpenAI

pytestmark = pytest.mark.xdist_group("openai")  # one process imports it, not each

ROOT = Path(__file__).resolve().parents[1]
BUILTIN = ["is.workflow.actions.showresult", "is.workflow.actions.url", "is.workflow.actions.setclipboard", "is.workflow.actions.alert"]


@pytest.fixture(scope="module")
def stage(load_stage: Any) -> Any:
    return load_stage("04")


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """Ten workflows of two to four APIs, one with a branch, one with a loop."""
    structures = {0: "x = f()\nif x:\n    g()\n", 1: "x = f()\nfor i in x:\n    g()\n"}
    records = [{"id": f"s{number}", "apis": [*BUILTIN[: 2 + number % 3], "is.workflow.actions.conditional"], "query": f"Do it {number}",
                "plan": "1. Do", "annotated_code": structures.get(number, "f()\n")} for number in range(10)]  # fmt: skip
    path = tmp_path / "seed.jsonl"
    path.write_bytes(b"".join(map(jsonl.encode, records)))
    return path


def command(seed: Path, *flags: str) -> list[str]:
    files = {"--input": seed, "--output": seed.with_name("queries.jsonl"), "--cache": seed.with_name("cache")}
    return [sys.executable, str(ROOT / "04_expand.py"), *(str(part) for pair in files.items() for part in pair), *flags]


def run(seed: Path, *flags: str) -> tuple[int, dict[str, Any], str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OPENAI_")}
    done = subprocess.run(command(seed, *flags), capture_output=True, text=True, env=environment, timeout=60)
    return done.returncode, json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}, done.stderr


def queries(seed: Path) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in jsonl.read(seed.with_name("queries.jsonl"))}


def test_records_are_complete_and_name_no_api(seed: Path) -> None:
    code, summary, err = run(seed, "--count", "60")
    records = queries(seed)
    assert code == 0 and summary["written"] == 60 and "offline" in err
    catalog = Catalog.load()
    for record in records.values():
        assert list(record) == ["id", "query", "apis", "apps", "category", "examples", "writer"]
        assert prompts.query_problem(record["query"], record["apis"]) is None
        assert len(set(record["apis"])) == len(record["apis"]) and all(api in catalog for api in record["apis"])
        assert record["apps"] == sorted({catalog[api].app for api in record["apis"]})
        assert set(record["examples"]) == {"s0", "s1"}
    assert len({record["category"] for record in records.values()}) > 15


def test_half_of_the_apis_are_built_in_and_their_number_is_the_seeds(seed: Path) -> None:
    run(seed, "--count", "200")
    catalog = Catalog.load()
    counts: Counter[int] = Counter()
    for record in queries(seed).values():
        builtin = [api for api in record["apis"] if catalog[api].builtin]
        counts[len(record["apis"])] += 1
        assert len(builtin) == len(record["apis"]) // 2
        assert len({catalog[api].app for api in record["apis"] if api not in builtin}) <= 5
        assert not prompts.SYNTAX_APIS & set(record["apis"])
    assert set(counts) == {2, 3, 4} and counts[2] > counts[4] * 0.7  # 40, 30 and 30 % in the seed


def test_common_built_in_apis_come_up_more_often(stage: Any, seed: Path) -> None:
    catalog = Catalog.load()
    weights = stage.builtin_weights(stage.survey(seed, catalog, 30), catalog)
    common = sum(weights[api] for api in BUILTIN)
    assert common / sum(weights.values()) == pytest.approx(0.8, abs=0.01)
    assert "is.workflow.actions.conditional" not in weights and min(weights.values()) > 0


def test_a_larger_count_goes_on_from_a_smaller_one_and_another_seed_differs(seed: Path) -> None:
    run(seed, "--count", "5")
    first = queries(seed)
    assert run(seed, "--count", "8")[1]["skipped"] == 5
    assert {key: record for key, record in queries(seed).items() if key in first} == first and len(queries(seed)) == 8
    run(seed, "--count", "5", "--seed", "1", "--overwrite")
    assert [record["apis"] for record in queries(seed).values()] != [record["apis"] for record in first.values()]


@pytest.mark.slow
def test_shards_make_what_one_run_makes(seed: Path) -> None:
    run(seed, "--count", "12")
    whole = queries(seed)
    parts = {}
    for part in ("0/2", "1/2"):
        run(seed, "--count", "12", "--shard", part)
        parts |= {record["id"]: record for record in jsonl.read(seed.with_name(f"queries.{part[0]}-of-2.jsonl"))}
    assert parts == whole


def test_an_endpoint_sees_stubs_category_and_examples_and_a_leaking_query_is_rejected(seed: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        text = body["messages"][1]["content"]
        assert "def " in text and "Request: Do it 0" in text and "in the category" in text
        leaks = "def is_workflow_actions_alert" in text
        return '{"query": "Run a Python script and call WFURL"}' if leaks else '{"query": "Please do this for me"}'

    with StubOpenAI(answer) as stub:
        code, summary, _ = run(seed, "--count", "20", "--writer", "stub", "--base-url", stub.base_url)
    assert code == 0 and summary["written"] + summary["rejected"] == 20 and summary["rejected"] > 0
    reasons = {record["reason"] for record in jsonl.read(seed.with_name("queries.rejected.jsonl"))}
    assert reasons == {"unusable_answer"}


def test_killed_and_run_again_it_makes_the_same(seed: Path) -> None:
    with StubOpenAI(lambda body, number: Reply('{"query": "Please do this for me"}', delay=0.05)) as stub:
        flags = ("--count", "30", "--writer", "stub", "--base-url", stub.base_url, "--concurrency", "4")
        process = subprocess.Popen(command(seed, *flags), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        output = seed.with_name("queries.jsonl")
        while not output.exists() or not output.stat().st_size:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert run(seed, *flags)[1]["skipped"] > 0
        killed = queries(seed)
        seed.with_name("cache").unlink()
        run(seed, *flags, "--overwrite")
    assert killed == queries(seed) and len(killed) == 30


def test_a_seed_without_apis_is_a_clear_error(stage: Any, tmp_path: Path) -> None:
    path = tmp_path / "seed.jsonl"
    path.write_bytes(jsonl.encode({"id": "a", "apis": [], "query": "", "plan": "", "annotated_code": ""}))
    with pytest.raises(UserError, match="records of stage 03"):
        stage.survey(path, Catalog.load(), 30)
