"""Whole runs against a faulty server: kills, faults, the budget, Ctrl-C, keys. python -m pytest tests/test_llm_runs.py"""

from __future__ import annotations

import json
import random
import signal
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from common import jsonl
from tests import stage_runs
from tests.stub_openai import FOREVER, Reply, StubOpenAI, error

KEY = "sk-planted/+key"
# A stage as small as can be: two questions a record, the second with the first one's answer in it.
STAGE = """
    import asyncio, os, sys
    from common import cli, llm
    from common.llm import batch, limiter
    limiter.BACK_OFF, batch.QUIET, batch.POLL = (0.01, 0.05), 0.05, 0.02
    async def work(record, writer):
        answer = None
        for step in ("first", "second"):
            messages = [{"role": "user", "content": f"{step} of {record['id']} after {answer}"}]
            answer = (await writer.ask(llm.Prompt("test", messages), max_tokens=5)).text
        return {"id": record["id"], "text": answer}
    def main():
        parser = cli.parser("Ask.", "in.jsonl", "out.jsonl")
        llm.add_arguments(parser)
        args = parser.parse_args()
        writer = llm.from_arguments(args)
        with cli.Run("ask", args) as run:
            for record, outcome in writer.map(lambda record: work(record, writer), run.records("id")):
                run.reject(record["id"], outcome) if isinstance(outcome, cli.Reject) else run.write(outcome)
            return run.finish(**writer.figures())
    cli.start(main)
"""


class Stage:
    """Runs the stage above in a folder."""

    def __init__(self, folder: Path, records: int) -> None:
        stage_runs.import_client()
        self.folder = folder
        (folder / "stage.py").write_text(textwrap.dedent(STAGE))
        (folder / "in.jsonl").write_bytes(b"".join(jsonl.encode({"id": f"r{number}"}) for number in range(records)))

    def start(self, stub: StubOpenAI, *flags: str) -> stage_runs.Started:
        given = ("--writer", "m", "--base-url", stub.base_url, "--cache", "c.sqlite", *flags)
        return stage_runs.start_script(Path("stage.py"), *given, cwd=self.folder, OPENAI_API_KEY=KEY)

    def run(self, stub: StubOpenAI, *flags: str) -> tuple[int, dict[str, Any], str]:
        """(exit code, summary, stderr)."""
        code, output, errors = self.start(stub, *flags).wait()
        return code, json.loads(output.splitlines()[-1]) if output else {}, errors

    def ids(self) -> tuple[set[str], set[str]]:
        """Ids written, and rejected."""
        return set(jsonl.ids(self.folder / "out.jsonl")), set(jsonl.ids(self.folder / "out.rejected.jsonl"))


@pytest.mark.ci
def test_with_every_fault_and_a_kill_each_record_ends_and_no_answer_is_paid_twice(tmp_path: Path) -> None:
    draw, stage, enough = random.Random(1), Stage(tmp_path, 120), threading.Event()

    async def answer(body: dict[str, Any], number: int) -> Reply:
        at = draw.random()
        if stub.answered.total() >= 100:
            enough.set()
        if body["messages"][0]["content"].startswith("first of r7 "):
            return error(400, "this one is too long")
        return (error(500) if at < 0.1 else Reply("x", cut=True) if at < 0.15 else Reply(body='{"choices": [') if at < 0.2
                else Reply(delay=FOREVER) if at < 0.22 else Reply("fine", delay=0.05))

    with StubOpenAI(answer) as stub:
        process = stage.start(stub, "--timeout", "0.5", "--concurrency", "16")
        assert enough.wait(30)
        process.send_signal(signal.SIGKILL)
        process.wait()
        at_kill = dict(stub.answered)
        code, summary, _ = stage.run(stub, "--timeout", "0.5", "--concurrency", "16")
        written, rejected = stage.ids()
        assert code == 0 and written | rejected == {f"r{number}" for number in range(120)} and not written & rejected and "r7" in rejected
        # An answer may have left the server and not have reached the disk when the process was killed: at most those in flight then.
        assert sum(stub.answered[body] - count for body, count in at_kill.items()) <= 16
        assert sum(count - 1 for count in stub.answered.values()) <= 16


def test_the_budget_ends_the_run_with_the_command_that_goes_on(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 30)
    with StubOpenAI(lambda body, number: "fine") as stub:
        code, _, errors = stage.run(stub, "--price", f"0/{1e6 / 5:g}", "--budget-usd", "11")  # 1 dollar an answer
        assert code == 1 and len(stub.requests) == 11 and "Traceback" not in errors
        assert f"python stage.py --writer m --base-url {stub.base_url} --cache c.sqlite --price 0/200000 --budget-usd 22" in errors
        code, summary, _ = stage.run(stub, "--price", f"0/{1e6 / 5:g}", "--budget-usd", "60")
        assert code == 0 and len(stub.requests) == 60 and len(stage.ids()[0]) == 30


@pytest.mark.slow
def test_the_first_interrupt_drains_and_says_how_to_go_on(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 100)
    with StubOpenAI(lambda body, number: Reply("fine", delay=0.1)) as stub:
        process = stage.start(stub, "--concurrency", "4")
        while len(stub.requests) < 6:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, output, errors = process.wait(20)
        assert process.returncode == 130 and "goes on from here: python stage.py --writer m" in errors and "Traceback" not in errors
        assert len(stage.ids()[0]) == json.loads(output)["written"] and len(stub.requests) == 2 * json.loads(output)["written"]
        code, _, _ = stage.run(stub, "--concurrency", "50")
        assert code == 0 and len(stub.requests) == 200


@pytest.mark.slow
def test_the_second_interrupt_stops_at_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 10)
    with StubOpenAI(lambda body, number: Reply("fine") if number < 2 else Reply(delay=FOREVER)) as stub:
        process = stage.start(stub, "--concurrency", "2")
        while len(stub.requests) < 4:
            time.sleep(0.01)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        _, _, errors = process.wait(20)
        assert process.returncode == 130 and "the same command goes on: python stage.py" in errors and "Traceback" not in errors


@pytest.mark.slow
def test_rejected_records_are_asked_again_when_told_to(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 5)
    well = threading.Event()
    with StubOpenAI(lambda body, number: "fine" if well.is_set() or "r3" not in body["messages"][0]["content"] else error(400, "no")) as stub:
        assert stage.run(stub)[1]["rejected"] == 1
        well.set()
        assert stage.run(stub)[1]["skipped"] == 5
        _, summary, _ = stage.run(stub, "--retry-rejected")
        assert summary["written"] == 1 and summary["skipped"] == 4 and stage.ids() == ({f"r{number}" for number in range(5)}, set())


@pytest.mark.parametrize("flags", [(), pytest.param(("--batch",), marks=pytest.mark.slow)], ids=["direct", "batch"])
def test_a_key_stands_in_no_output_file_or_error(tmp_path: Path, flags: tuple[str, ...]) -> None:
    def answer(body: dict[str, Any], number: int) -> Reply:  # a server that repeats the key wherever it can
        content = body["messages"][0]["content"]
        if "r0" in content:
            return error(400, f"bad request with {KEY} in https://example.org/?key=sk-planted%2F%2Bkey, headers: Authorization: Bearer {KEY}", x_echo=KEY)
        if "r1" in content:
            return Reply(body=f"<html>{KEY}</html>")
        return error(401, f"wrong key {KEY}") if "r9" in content else Reply("an answer")

    stage = Stage(tmp_path, 9)
    with StubOpenAI(answer) as stub:
        code, _, errors = stage.run(stub, *flags)
        assert code == 0 and stage.ids()[1] >= {"r0"} and (flags or set(stub.authorizations) == {f"Bearer {KEY}"})
        (tmp_path / "in.jsonl").write_bytes(jsonl.encode({"id": "r9"}))
        code, _, more = stage.run(stub, *flags)
        assert flags or (code == 1 and "wrong key ***" in more)
    for text in (errors, more, *(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())):
        assert "planted" not in text
