"""Stage 02 from the shell: resume, kill, workers, bad input, and the way back to .shortcut files. `python -m pytest tests/test_transcribe.py`."""

from __future__ import annotations

import plistlib
import random
import shlex
import signal
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

import shortcuts
from common import jsonl
from shortcuts import plist
from tests import stage_runs

PROGRAM = "answer = is_workflow_actions_ask(WFAskActionPrompt='How many, {0}?')\nis_workflow_actions_showresult(Text=f'{{answer}} it is')\n"


def run(*arguments: object) -> stage_runs.Ended:
    return stage_runs.run("02", *arguments)


@cache
def compiled(times: int) -> Any:
    return plist.to_json(shortcuts.to_shortcut(PROGRAM.format("friend") * times))


def write_shortcuts(path: Path, count: int) -> Path:
    with open(path, "wb") as file:
        for number in range(count):
            file.write(jsonl.encode({"id": f"shortcut-{number}", "name": f"No. {number}", "shortcut": compiled(1 + number % 5)}))
    return path


def summary(result: stage_runs.Ended) -> dict:
    return orjson.loads(result.stdout.splitlines()[-1])


def test_each_record_gets_code_residue_and_the_proof_of_its_round_trip(tmp_path):
    source = write_shortcuts(tmp_path / "in.jsonl", 6)
    result = run("--input", source, "--output", tmp_path / "out.jsonl")
    assert result.returncode == 0, result.stderr
    figures = summary(result)
    assert (figures["written"], figures["parsed"], figures["exact"], figures["canonical"], figures["raw_actions"]) == (6, 6, 6, 6, 0)
    for before, after in zip(jsonl.read(source), jsonl.read(tmp_path / "out.jsonl"), strict=True):
        assert plist.same(shortcuts.to_shortcut(after["code"], after["residue"]), plist.from_json(before["shortcut"]))
        assert after["apis"] == ["is.workflow.actions.ask", "is.workflow.actions.showresult"]
        assert after["stats"]["actions"] == len(before["shortcut"]["WFWorkflowActions"])


def test_several_workers_write_the_same_bytes(tmp_path):
    source = write_shortcuts(tmp_path / "in.jsonl", 60)
    for workers in (1, 2):
        assert run("--input", source, "--output", tmp_path / f"{workers}.jsonl", "--workers", workers).returncode == 0
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()


def test_shards_add_up_to_the_whole(tmp_path):
    source = write_shortcuts(tmp_path / "in.jsonl", 20)
    run("--input", source, "--output", tmp_path / "whole.jsonl")
    for index in range(3):
        assert run("--input", source, "--output", tmp_path / "part.jsonl", "--shard", f"{index}/3").returncode == 0
    parts = [line for path in tmp_path.glob("part.*-of-3.jsonl") for line in path.read_bytes().splitlines()]
    assert sorted(parts) == sorted((tmp_path / "whole.jsonl").read_bytes().splitlines())


@pytest.mark.ci
def test_a_killed_run_goes_on_to_the_same_output(tmp_path):
    source = write_shortcuts(tmp_path / "in.jsonl", 150)
    run("--input", source, "--output", tmp_path / "whole.jsonl")
    output = tmp_path / "killed.jsonl"
    for seed in (1, 2):
        process = stage_runs.start("02", "--input", source, "--output", output)
        size = output.stat().st_size if output.exists() else 0
        while process.poll() is None and (not output.exists() or output.stat().st_size == size):
            time.sleep(0.001)
        time.sleep(random.Random(seed).uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
    with open(output, "ab") as file:
        file.write(b'{"id":"shortcut-149","code":"torn')
    finished = run("--input", source, "--output", output)
    assert finished.returncode == 0 and summary(finished)["skipped"] > 0
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


@pytest.mark.parametrize("line, complaint", [
    (b"not json", "in.jsonl:2: not JSON"), (b'{"id":"b"}', 'in.jsonl:2: field "shortcut" is missing'), (b'["id"]', "in.jsonl:2"),
])  # fmt: skip
def test_a_bad_line_is_named_and_what_was_done_is_kept(tmp_path, line, complaint):
    source = write_shortcuts(tmp_path / "in.jsonl", 1)
    source.write_bytes(source.read_bytes() + line + b"\n")
    result = run("--input", source, "--output", tmp_path / "out.jsonl")
    assert result.returncode == 1 and complaint in result.stderr and "Traceback" not in result.stderr
    assert len((tmp_path / "out.jsonl").read_bytes().splitlines()) == 1


@pytest.mark.parametrize("value", [None, 5, "text", {}, {"WFWorkflowActions": 5}, {"WFWorkflowActions": [5]}, {"WFWorkflowActions": [{}]}])
def test_a_record_whose_shortcut_is_none_is_rejected(tmp_path, value):
    (tmp_path / "in.jsonl").write_bytes(orjson.dumps({"id": "a", "shortcut": value}) + b"\n")
    result = run("--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl")
    assert result.returncode == 1 and summary(result)["rejected"] == 1  # nothing came through
    assert orjson.loads((tmp_path / "out.rejected.jsonl").read_bytes())["reason"] == "bad_shortcut"


@pytest.mark.parametrize("levels, reason", [(120, None), (210, "too_deep"), (600, "bad_shortcut")], ids=["as files have", "deeper than Python takes", "than JSON"])
def test_deep_nesting_is_transcribed_or_rejected_in_one_line(tmp_path, levels, reason):
    value = b'{"a":' * levels + b"1" + b"}" * levels
    action = b'{"WFWorkflowActionIdentifier":"is.workflow.actions.gettext","WFWorkflowActionParameters":{"Key":' + value + b"}}"
    (tmp_path / "in.jsonl").write_bytes(b'{"id":"a","shortcut":{"WFWorkflowActions":[' + action + b"]}}\n")
    result = run("--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl")
    assert result.returncode == bool(reason) and summary(result)["rejected" if reason else "exact"] == 1
    assert reason is None or orjson.loads((tmp_path / "out.rejected.jsonl").read_bytes())["reason"] == reason


def test_unbalanced_blocks_are_rejected_with_the_actions_index(tmp_path):
    marker = {"WFWorkflowActionIdentifier": "is.workflow.actions.conditional", "WFWorkflowActionParameters": {"WFControlFlowMode": 2}}
    (tmp_path / "in.jsonl").write_bytes(orjson.dumps({"id": "a", "shortcut": {"WFWorkflowActions": [marker]}}) + b"\n")
    run("--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl")
    reject = orjson.loads((tmp_path / "out.rejected.jsonl").read_bytes())
    assert reject["reason"] == "unbalanced" and "action 0" in reject["detail"]


@pytest.mark.parametrize("arguments, code, complaint", [
    (["--input", "nowhere.jsonl"], 1, "no such file"), (["--limit", "0"], 2, "at least 1"), (["--shard", "3/2"], 2, "must be from 0"),
    (["--nonsense"], 2, "unrecognized"), (["--output", "/proc/nowhere/out.jsonl"], 1, "cannot be written"),
])  # fmt: skip
def test_a_wrong_argument_is_one_line(tmp_path, arguments, code, complaint):
    source = write_shortcuts(tmp_path / "in.jsonl", 1)
    result = run("--input", source, "--output", tmp_path / "out.jsonl", *arguments)
    assert result.returncode == code and complaint in result.stderr and "Traceback" not in result.stderr


def test_a_program_becomes_a_shortcut_file(tmp_path):
    (tmp_path / "Ask.py").write_text(PROGRAM)
    result = run(tmp_path / "Ask.py", "--output", tmp_path / "made")
    assert result.returncode == 0 and "shortcuts sign" in result.stderr
    data = (tmp_path / "made" / "Ask.shortcut").read_bytes()
    assert data.startswith(b"bplist") and plist.same(plistlib.loads(data), shortcuts.to_shortcut(PROGRAM))


def test_records_become_the_shortcuts_they_came_from(tmp_path):
    source = write_shortcuts(tmp_path / "in.jsonl", 3)
    run("--input", source, "--output", tmp_path / "out.jsonl")
    assert summary(run("--to-shortcut", tmp_path / "out.jsonl", "--output", tmp_path / "made"))["written"] == 3
    assert summary(run("--to-shortcut", tmp_path / "out.jsonl", "--output", tmp_path / "one", "--limit", 1))["written"] == 1
    parts = [summary(run("--to-shortcut", tmp_path / "out.jsonl", "--output", tmp_path / "parts", "--shard", f"{part}/2"))["written"] for part in (0, 1)]
    assert sum(parts) == 3 == len([*(tmp_path / "parts").iterdir()])
    made = {path.name: plistlib.loads(path.read_bytes()) for path in (tmp_path / "made").iterdir()}
    for record in jsonl.read(source):
        assert plist.same(made[f"{record['name'].replace('. ', '_')}.{record['id']}.shortcut"], plist.from_json(record["shortcut"]))


def test_a_program_that_does_not_compile_is_named_by_file_and_line(tmp_path):
    (tmp_path / "bad.py").write_text("is_workflow_actions_nothing()\nclass X:\n    pass\n")
    result = run(tmp_path / "bad.py", "--output", tmp_path / "made")
    assert result.returncode == 1 and "bad.py:2: error: " in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize("code, finding, by_force", [
    ("is_workflow_actions_showresult(text='a')\n", "bad.py:1: error: is_workflow_actions_showresult has no parameter text, did you mean Text?", True),
    ("is_workflow_actions_urll()\n", "bad.py:1: error: no API is.workflow.actions.urll; did you mean is_workflow_actions_url?", True),
    ("is_workflow_actions_setvolume(WFVolume='loud')\n", "bad.py:1: error: is_workflow_actions_setvolume: WFVolume is a number", True),
    ("# nothing\n", "bad.py:1: error: the program does nothing", True),
    ("x = y\n", "bad.py:1: error: y is not bound", False),
    ("is_workflow_actions_showresult(Text='\\ud800')\n", "bad.py:1: error: no file can hold this", False),
])
def test_a_program_with_an_error_is_written_by_force_alone(tmp_path, code, finding, by_force):
    (tmp_path / "bad.py").write_text(code)
    result = run(tmp_path / "bad.py", "--output", tmp_path / "made")
    assert result.returncode == 1 and finding in result.stderr and "--force" in result.stderr and not (tmp_path / "made").exists()
    forced = run(tmp_path / "bad.py", "--output", tmp_path / "made", "--force")
    assert (forced.returncode == 0) == by_force == (tmp_path / "made/bad.shortcut").exists() and finding in forced.stderr
    assert "Traceback" not in forced.stderr + result.stderr


def test_a_warning_is_said_and_the_shortcut_written(tmp_path):
    (tmp_path / "late.py").write_text("is_workflow_actions_exit()\nis_workflow_actions_nothing()\n")
    result = run(tmp_path / "late.py", "--output", tmp_path / "made")
    assert result.returncode == 0 and "late.py:2: warning: the shortcut has ended above this line" in result.stderr
    assert (tmp_path / "made/late.shortcut").exists()


# ---------------------------------------------------------------------------------------------------------------------------------
# what is no fault of the other records


def shortcut_of(**parameters: Any) -> dict[str, Any]:
    return {"WFWorkflowActions": [{"WFWorkflowActionIdentifier": "is.workflow.actions.gettext", "WFWorkflowActionParameters": parameters}]}


def attachment(**token: Any) -> dict[str, Any]:
    return {"Value": {"Type": "ActionOutput", "OutputName": "x", **token}, "WFSerializationType": "WFTextTokenAttachment"}


@pytest.mark.parametrize("parameters, reason", [
    ({"WFTextActionText": attachment(OutputUUID={"$utf8": "eda080"})}, "not_unicode"),
    ({"WFTextActionText": attachment(OutputUUID="A", Aggrandizements=[{"Type": {}}])}, None),
    ({"WFTextActionText": attachment(OutputUUID="A", Aggrandizements=[{"Type": []}])}, None),
    ({"WFTextActionText": {"$dict": [[5, 6]]}}, "bad_shortcut"),
])  # fmt: skip
def test_an_odd_value_is_transcribed_or_rejected_and_the_next_record_is_written(tmp_path, parameters, reason):
    odd, good = {"id": "odd", "shortcut": shortcut_of(**parameters)}, {"id": "good", "shortcut": shortcut_of()}
    (tmp_path / "in.jsonl").write_bytes(jsonl.encode(odd) + jsonl.encode(good))
    result = run("--input", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl")
    assert result.returncode == 0 and summary(result)["written"] == (1 if reason else 2)
    assert [reject["reason"] for reject in jsonl.read(tmp_path / "out.rejected.jsonl")] == [reason] if reason else True


@pytest.mark.parametrize("workers", [1, 2])
def test_what_nobody_foresaw_is_one_reject_and_the_stage_says_that_it_failed(tmp_path, monkeypatch, workers):
    faithful = shortcuts.transcribe

    def transcribe(shortcut):
        if len(shortcut["WFWorkflowActions"]) == 1:
            raise ZeroDivisionError("planted")
        return faithful(shortcut)

    monkeypatch.setattr("shortcuts.transcription.transcribe", transcribe)
    source = write_shortcuts(tmp_path / "in.jsonl", 4)
    source.write_bytes(source.read_bytes() + jsonl.encode({"id": "odd", "shortcut": shortcut_of()}))
    result = run("--input", source, "--output", tmp_path / "out.jsonl", "--workers", workers)
    assert result.returncode == 1 and (summary(result)["written"], summary(result)["rejected"]) == (4, 1) and "Traceback" not in result.stderr
    (reject,) = jsonl.read(tmp_path / "out.rejected.jsonl")
    assert (reject["id"], reject["reason"]) == ("odd", "internal_error") and "ZeroDivisionError at test_transcribe.py" in reject["detail"]


# ---------------------------------------------------------------------------------------------------------------------------------
# ids are no file names and no shell text

EVIL = ["../../evil", "/tmp/evil-absolute", "x/../../../evil", "nul\0byte", "y" * 300, "CON", "-rf", ".hidden", "two\nlines", '$(touch pwned)";id;"', "A", "a", "..", ""]


def test_ids_are_never_paths(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "in.jsonl").write_bytes(b"".join(jsonl.encode({"id": evil, "code": PROGRAM.format(1), "name": evil[:5]}) for evil in EVIL))
    result = run("--to-shortcut", tmp_path / "in.jsonl", "--output", tmp_path / "deep" / "er" / "made")
    assert result.returncode == 0 and summary(result)["written"] == len(EVIL)
    made = {path.name.casefold() for path in (tmp_path / "deep" / "er" / "made").iterdir()}
    assert len(made) == len(EVIL)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if "made" not in path.parts) == ["deep", "deep/er", "in.jsonl"]


def test_a_record_whose_program_was_changed_is_not_written_as_it_was(tmp_path):
    old = shortcuts.to_shortcut(PROGRAM.format(1))
    code, residue = shortcuts.to_python(old)
    residue["patch"] = [[["WFWorkflowActions", 0, "WFWorkflowActionParameters"], old["WFWorkflowActions"][0]["WFWorkflowActionParameters"]]]
    (tmp_path / "in.jsonl").write_bytes(jsonl.encode({"id": "a", "code": PROGRAM.format(2), "residue": residue}))
    result = run("--to-shortcut", tmp_path / "in.jsonl", "--output", tmp_path / "made")
    assert result.returncode == 1 and "in.jsonl: a: its residue is of another program" in result.stderr


def test_a_second_record_with_one_id_replaces_no_shortcut_of_the_first(tmp_path):
    records = [{"id": "a", "name": "Same", "code": PROGRAM.format(number)} for number in (1, 2)]
    (tmp_path / "in.jsonl").write_bytes(b"".join(map(jsonl.encode, records)))
    result = run("--to-shortcut", tmp_path / "in.jsonl", "--output", tmp_path / "made")
    assert result.returncode == 1 and (summary(result)["written"], summary(result)["failed"]) == (1, 1)
    assert "in.jsonl: a: its shortcut would replace that of another record with this id" in result.stderr
    (made,) = (tmp_path / "made").iterdir()
    assert shortcuts.equivalent(plistlib.loads(made.read_bytes()), shortcuts.to_shortcut(PROGRAM.format(1)))


@pytest.mark.parametrize("folder", ["my shortcuts", "$(touch pwned)", "plain"])
@pytest.mark.parametrize("identifier", ["an-id", '";touch pwned;"'])
def test_the_command_to_sign_names_the_file_and_nothing_in_it_is_run(tmp_path, folder, identifier):
    (tmp_path / "in.jsonl").write_bytes(jsonl.encode({"id": identifier, "code": PROGRAM.format(1)}))
    result = run("--to-shortcut", tmp_path / "in.jsonl", "--output", tmp_path / folder)
    words = shlex.split(result.stderr.split(": ", 1)[1])
    assert words[:5] == ["shortcuts", "sign", "--mode", "anyone", "--input"] and len(words) == 8
    assert Path(words[5]).is_file() and Path(words[7]).parent == tmp_path / folder
    shell = "shortcuts() { :; }; " + result.stderr.split(": ", 1)[1]
    subprocess.run(["sh", "-c", shell], cwd=tmp_path, check=True)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("name, data", [("x.shortcut", b"AEA1junk"), ("x.jsonl", plistlib.dumps({})), ("x.py", plistlib.dumps({}, fmt=plistlib.FMT_BINARY))])
def test_a_shortcuts_file_in_the_place_of_another_is_called_what_it_is(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    result = run("--input", tmp_path / name, "--output", tmp_path / "out.jsonl")
    assert result.returncode == 1 and "this is a shortcut" in result.stderr and f"02_transcribe.py {tmp_path / name}" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_program_that_cannot_be_read_leaves_no_empty_folder(tmp_path):
    assert run(tmp_path / "nowhere.py", "--output", tmp_path / "made").returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder_to_compile_into(tmp_path):
    (tmp_path / "p.py").write_text("is_workflow_actions_showresult(Text='a')\n")
    for output in (tmp_path / "p.py", tmp_path / "new.shortcut"):
        result = run(tmp_path / "p.py", "--output", output)
        assert result.returncode == 2 and result.stderr.splitlines()[-1].endswith("name a folder") and not (tmp_path / "new.shortcut").exists()
