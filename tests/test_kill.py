"""The benchmark of kills: what it compares, that its plan depends on seed and number alone, and its clock."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import numpy
import pytest
from safetensors.numpy import save_file

from bench import kill

RECORDS = [{"id": "a", "text": "one", "seconds": 1.0}, {"id": "b", "writer": {"prompt_tokens": 10}}]


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two equal folders."""
    for name in ("wanted", "made"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "records.jsonl").write_text(lines(*RECORDS))
        (tmp_path / name / "scores.json").write_text('{"mean": [0.5, 1], "seconds": 3, "judge": {"requests": 4, "cost_usd": 1, "votes": 1}}')
        (tmp_path / name / "metrics.csv").write_text("step,loss,tok_per_s\n1,2.5,400\n2,2.25,410\n")
        (tmp_path / name / "deep" / "page.html").write_bytes(b"<p>one</p>")
    return tmp_path / "wanted", tmp_path / "made"


def test_equal_folders_do_not_differ(folders: tuple[Path, Path]) -> None:
    assert kill.differences(*folders, exact=True) == kill.differences(*folders) == []


@pytest.mark.parametrize(("file", "text", "told"), [
    ("deep/page.html", "<p>onE</p>", "deep/page.html: byte 5 of 10"),
    ("deep/page.html", "<p>one</p>\n", "deep/page.html: byte 10 of 10"),
    ("records.jsonl", lines(RECORDS[0]), "records.jsonl: record b: missing"),
    ("records.jsonl", lines(*RECORDS, RECORDS[0]), "records.jsonl: record a: there 2 times, not 1"),
    ("records.jsonl", lines(*RECORDS, {"id": "c"}), "records.jsonl: record c: there 1 times, not 0"),
    ("records.jsonl", lines({"id": "a", "text": "two"}, RECORDS[1]), "records.jsonl: record a: text: 'one' became 'two'"),
    ("records.jsonl", lines(RECORDS[0], {"id": "b", "writer": {"prompt_tokens": 20}}), "record b: writer.prompt_tokens: '10' became '20'"),
    ("records.jsonl", lines(*RECORDS)[:-5], "records.jsonl: not JSON"),
    ("scores.json", '{"mean": [0.5, 2], "judge": {"requests": 4, "cost_usd": 1, "votes": 1}}', "scores.json: mean.1: '1' became '2'"),
    ("metrics.csv", "step,loss,tok_per_s\n1,2.5,400\n", "metrics.csv: 1:"),
    ("metrics.csv", "step,loss,tok_per_s\n1,2.5,400\n2,2.125,410\n", "metrics.csv: 1.loss: '2.25' became '2.125'"),
    ("records.jsonl.part", "half", "records.jsonl.part: a leftover"),
    ("more.txt", "", "more.txt: a file too many"),
])  # fmt: skip
def test_what_differs_is_found(folders: tuple[Path, Path], file: str, text: str, told: str) -> None:
    (folders[1] / file).write_text(text)
    (found,) = kill.differences(*folders)
    assert told in found


def test_a_missing_file_is_found(folders: tuple[Path, Path]) -> None:
    (folders[1] / "scores.json").unlink()
    assert kill.differences(*folders) == ["scores.json: missing"]


def test_a_leftover_is_one_even_if_the_undisturbed_run_leaves_it(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        (folder / "x.part").touch()
    assert kill.differences(*folders) == ["x.part: a leftover"]


def test_the_order_of_records_counts_only_where_all_bytes_do(folders: tuple[Path, Path]) -> None:
    (folders[1] / "records.jsonl").write_text(lines(*reversed(RECORDS)))
    assert kill.differences(*folders) == []
    assert "records.jsonl: line 1" in kill.differences(*folders, exact=True)[0]


def test_times_and_what_a_run_need_not_ask_again_do_not_count(folders: tuple[Path, Path]) -> None:
    (folders[1] / "records.jsonl").write_text(lines({**RECORDS[0], "seconds": 9.0}, RECORDS[1]))
    (folders[1] / "scores.json").write_text('{"mean": [0.5, 1], "seconds": 5, "judge": {"requests": 0, "cost_usd": 0, "votes": 1}}')
    (folders[1] / "metrics.csv").write_text("step,loss,tok_per_s\n1,2.5,9\n2,2.25,9\n")
    assert kill.differences(*folders, exact=True) == []


def test_a_changed_tensor_is_named_and_another_order_of_the_file_is_none(folders: tuple[Path, Path]) -> None:
    tensors = {"bias": numpy.zeros(3), "weight": numpy.ones((2, 2))}
    save_file(tensors, folders[0] / "model.safetensors")
    save_file(tensors, folders[1] / "model.safetensors", metadata={"written": "later"})
    assert kill.differences(*folders) == []
    save_file({**tensors, "weight": numpy.eye(2)}, folders[1] / "model.safetensors")
    assert kill.differences(*folders) == ["model.safetensors: tensor weight differs"]


def test_a_number_is_planned_by_seed_and_number_alone_and_shares_are_kept() -> None:
    plans = [kill.plan(3, number) for number in range(3000)]
    assert plans[:50] == [kill.plan(3, number) for number in range(50)] != [kill.plan(4, number) for number in range(50)]
    assert {name for name, _ in plans} == set(kill.SCENARIOS)
    kills = [(name, each) for name, own in plans for each in own]
    of_workers, of_groups = (sum(each.target == target for _, each in kills) / len(kills) for target in ("worker", "group"))
    assert abs(of_workers - kill.WORKER_SHARE) < 0.03 and abs(of_groups - kill.GROUP_SHARE) < 0.03
    assert all(kill.SCENARIOS[name].workers for name, each in kills if each.target == "worker")


# ---------------------------------------------------------------------------------------------------------------------------------
# the clock of a stage


@pytest.fixture
def busy_then_idle(tmp_path: Path) -> Path:
    """A script that computes for a twentieth of a second, and then waits as long."""
    script = tmp_path / "script.py"
    script.write_text("import time\nend = time.process_time() + 0.05\nwhile time.process_time() < end:\n    pass\ntime.sleep(0.05)\n")
    return script


def test_the_clock_counts_computing_and_waiting(busy_then_idle: Path) -> None:
    with kill.Running(str(busy_then_idle), busy_then_idle.parent) as stage:
        assert stage.wait(30) == 0
        assert 0.02 <= sum(stage.cpu.values()) < 0.5 and 0.02 <= stage.waited < 0.5


def test_a_time_in_which_nobody_looked_is_not_counted(busy_then_idle: Path) -> None:
    """On a busy machine the bench itself sleeps longer than it wants to."""
    with kill.Running(str(busy_then_idle), busy_then_idle.parent) as stage:
        stage.look()
        before, stage.looked = stage.seconds(), stage.looked - 100
        stage.look()
        assert stage.seconds() - before < 1
        assert stage.wait(30) == 0


def test_a_stage_that_waits_for_ever_is_seen_and_ended(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import os, time\nos.fork()\ntime.sleep(1000)\n")
    with kill.Running(str(tmp_path / "script.py"), tmp_path) as stage:
        assert stage.wait(0.05) is None
        stage.wait(30, stage.others)
        assert len(stage.others()) == 1
    end = time.monotonic() + 10  # a process that was killed takes a moment to be gone
    while kill.session(stage.process.pid):
        assert time.monotonic() < end, "a process of the stage lives on"


@pytest.mark.parametrize(("target", "share"), [("stage", 0.0), ("group", 0.5)])
def test_a_kill_hits_what_runs_and_not_what_has_ended(tmp_path: Path, target: str, share: float) -> None:
    (tmp_path / "script.py").write_text("import time\ntime.sleep(1000)\n")
    (tmp_path / "quick.py").write_text("")
    for script, hit in (("script.py", True), ("quick.py", False)):
        each = kill.Kill(target, share)
        with kill.Running(str(tmp_path / script), tmp_path) as stage:
            if not hit:
                stage.wait(30)
            stage.strike(each, share / 10, random.Random(1))
        assert each.hit is hit
