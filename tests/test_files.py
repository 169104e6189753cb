"""Files to programs and back, by one command each, in a real shell: python -m pytest tests/test_files.py"""

from __future__ import annotations

import io
import os
import plistlib
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import shortcuts
from shortcuts import files, plist
from shortcuts.plist import aea
from tests import stage_runs

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
STAGE = f"{shlex.quote(sys.executable)} {shlex.quote(str(ROOT / '02_transcribe.py'))}"
MODULE = f"PYTHONPATH={shlex.quote(str(ROOT))} {shlex.quote(sys.executable)} -m shortcuts"
MANY = 700
PROGRAM = "is_workflow_actions_showresult(Text='Hello')\n"
EDITED = PROGRAM.replace("Hello", "Bye")


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a person types it."""
    ended = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in ended.stderr
    return ended


def run(*arguments: object) -> stage_runs.Ended:
    return stage_runs.run("02", *arguments)


def tree(file: Path) -> Any:
    return plist.read_shortcut(file.read_bytes())


def example(folder: Path, name: str = "Split the Bill") -> Path:
    """A copy of an example, with an icon of its own, which code does not show."""
    file = folder / f"{name}.shortcut"
    shortcut = tree(EXAMPLES / f"{name}.shortcut")
    shortcut["WFWorkflowIcon"] = {"WFWorkflowIconStartColor": 4282601983, "WFWorkflowIconGlyphNumber": 61440}
    file.write_bytes(plist.write_binary(shortcut))
    return file


# ---------------------------------------------------------------------------------------------------------------------------------
# one command each


@pytest.mark.ci
def test_one_command_prints_a_program_and_one_writes_the_shortcut(tmp_path: Path) -> None:
    file = example(tmp_path)
    printed = shell(f"{STAGE} 'Split the Bill.shortcut' > 'Split the Bill.py'", tmp_path)
    assert printed.returncode == 0 and printed.stderr == ""
    assert (tmp_path / "Split the Bill.py").read_text() == shortcuts.to_python(tree(file))[0]
    (tmp_path / "other").mkdir()
    written = shell(f"{STAGE} 'Split the Bill.py' --output other", tmp_path)
    assert written.returncode == 0 and shortcuts.equivalent(tree(tmp_path / "other/Split the Bill.shortcut"), tree(file))


@pytest.mark.ci
@pytest.mark.parametrize("read, write", [(STAGE, STAGE), (f"{MODULE} read", f"{MODULE} write")], ids=["02", "module"])
def test_with_an_output_folder_the_way_back_is_exact(tmp_path: Path, read: str, write: str) -> None:
    file = example(tmp_path)
    assert shell(f"{read} 'Split the Bill.shortcut' --output 'my programs'", tmp_path).returncode == 0
    assert sorted(path.name for path in (tmp_path / "my programs").iterdir()) == ["Split the Bill.py", "Split the Bill.residue.json"]
    ended = shell(f"{write} 'my programs/Split the Bill.py'", tmp_path)
    assert ended.returncode == 0 and "shortcuts sign --mode anyone --input 'my programs/Split the Bill.shortcut'" in ended.stderr
    assert plist.same(tree(tmp_path / "my programs/Split the Bill.shortcut"), tree(file))


@pytest.mark.ci
def test_a_folder_of_many_files_goes_both_ways(tmp_path: Path) -> None:
    (tmp_path / "many files").mkdir()
    for number in range(MANY):
        shortcut = shortcuts.to_shortcut(f"is_workflow_actions_showresult(Text='No. {number}')\n")
        shortcut["WFWorkflowIcon"]["WFWorkflowIconGlyphNumber"] = 60000 + number
        (tmp_path / "many files" / f"No. {number}.shortcut").write_bytes(plist.write_binary(shortcut))
    assert shell(f"{STAGE} 'many files' --output programs && {STAGE} programs --output made", tmp_path).returncode == 0
    for number in range(MANY):
        name = f"No. {number}"
        assert plist.same(tree(tmp_path / "made" / f"{name}.shortcut"), tree(tmp_path / "many files" / f"{name}.shortcut"))


@pytest.mark.ci
def test_pipes_lead_from_a_shortcut_to_its_program_and_back(tmp_path: Path) -> None:
    file = example(tmp_path)
    assert shell(f"cat '{file.name}' | {STAGE} - | {STAGE} -", tmp_path).returncode == 0
    assert shortcuts.equivalent(tree(tmp_path / "stdin.shortcut"), tree(file))


def test_several_files_of_both_kinds_are_converted_by_what_they_are(tmp_path: Path) -> None:
    file = example(tmp_path)
    (tmp_path / "hello.txt").write_text(PROGRAM)
    ended = run(file, tmp_path / "hello.txt", "--output", tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["Split the Bill.py", "Split the Bill.residue.json", "hello.shortcut"]


# ---------------------------------------------------------------------------------------------------------------------------------
# the residue beside a program


def test_an_edited_program_keeps_icon_and_identities(tmp_path: Path) -> None:
    run(example(tmp_path, "Heading Home"), "--output", tmp_path)
    program = tmp_path / "Heading Home.py"
    program.write_text(program.read_text().replace("On my way", "Coming"))
    ended = run(program, "--output", tmp_path / "out")
    made = tree(tmp_path / "out/Heading Home.shortcut")
    assert ended.returncode == 0 and made["WFWorkflowIcon"]["WFWorkflowIconGlyphNumber"] == 61440 and "Coming" in str(made)


def test_a_residue_that_does_not_fit_is_said_and_left_out(tmp_path: Path) -> None:
    run(example(tmp_path), "--output", tmp_path)
    program = tmp_path / "Split the Bill.py"
    program.write_text(PROGRAM)
    for content in (None, '{"patch": [[["WFWorkflowActions", 0, "WFWorkflowActionIdentifier"], "is.workflow.actions.exit"]]}'):
        if content:
            (tmp_path / "Split the Bill.residue.json").write_text(content)
        ended = run(program, "--output", tmp_path / "out")
        made = tree(tmp_path / "out/Split the Bill.shortcut")
        assert ended.returncode == 0 and shortcuts.equivalent(made, shortcuts.to_shortcut(PROGRAM)), ended.stderr
        assert content is None or "Split the Bill.residue.json: does not fit the program any more" in ended.stderr


def edited(tmp_path: Path, shortcut: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """The shortcut that `write` makes of a program in which a person replaced a piece."""
    (tmp_path / "s.shortcut").write_bytes(plist.write_binary(shortcut))
    run(tmp_path / "s.shortcut", "--output", tmp_path)
    program = tmp_path / "s.py"
    assert old in program.read_text()
    program.write_text(program.read_text().replace(old, new))
    ended = run(program, "--output", tmp_path / "out")
    assert (ended.returncode, ended.stderr.count("does not fit")) == (0, 0), ended.stderr
    return tree(tmp_path / "out/s.shortcut")


def parameters(shortcut: dict[str, Any]) -> list[dict[str, Any]]:
    return [action["WFWorkflowActionParameters"] for action in shortcut["WFWorkflowActions"]]


def test_an_output_with_a_new_name_has_it_in_the_app_too(tmp_path: Path) -> None:
    before = tree(ROOT / "examples/Roll the Dice.shortcut")
    after = edited(tmp_path, before, "First_Die", "Die_One")
    assert [given.get("CustomOutputName") for given in parameters(after)] == ["Die One", "Second Die", "Total", None]


def test_a_line_before_others_leaves_each_action_what_the_code_does_not_show(tmp_path: Path) -> None:
    code = "is_workflow_actions_alert(WFAlertActionMessage='a')\nx = is_workflow_actions_ask(WFAskActionPrompt='?')\nif x == '1':\n    is_workflow_actions_vibrate()\n"
    before = shortcuts.to_shortcut(code)
    before["WFWorkflowActions"][0]["WFWorkflowActionParameters"] |= {"UUID": "1D2F7D1C-0000-4000-8000-000000000001", "Show-WFAlertActionMessage": True}
    after = edited(tmp_path, before, "is_workflow_actions_alert", "for _ in range(3):\n    is_workflow_actions_vibrate()\nis_workflow_actions_alert")
    assert parameters(after)[3:] == parameters(before)


def test_a_question_of_the_header_goes_with_its_action(tmp_path: Path) -> None:
    before = shortcuts.to_shortcut("for _ in range(5):\n    is_workflow_actions_vibrate()\n")
    before["WFWorkflowImportQuestions"] = [
        {"ActionIndex": 0, "Category": "Parameter", "ParameterKey": "WFRepeatCount", "Text": "How often?", "DefaultValue": "5"}]
    after = edited(tmp_path, before, "for _", "is_workflow_actions_delay(WFDelayTime=1)\nfor _")
    assert [question["ActionIndex"] for question in after["WFWorkflowImportQuestions"]] == [1]


def test_a_new_block_gets_a_group_that_no_other_has(tmp_path: Path) -> None:
    ifs = "".join(f"if x == '{number}':\n    is_workflow_actions_showresult(Text='{number}')\n" for number in range(3))
    before = shortcuts.to_shortcut(f"x = is_workflow_actions_ask(WFAskActionPrompt='?')\n{ifs}")
    del before["WFWorkflowActions"][1:4]  # the first If
    after = edited(tmp_path, before, "    is_workflow_actions_showresult(Text='2')", "    if x == '3':\n        is_workflow_actions_showresult(Text='2')")
    groups = [given["GroupingIdentifier"] for given in parameters(after) if given.get("WFControlFlowMode") == 0]
    assert len(groups) == len({*groups}) == 3


def test_a_residue_that_is_given_is_of_the_program_or_no_shortcut_is_written(tmp_path: Path) -> None:
    before = shortcuts.to_shortcut("is_workflow_actions_alert(WFAlertActionMessage='old')\n")
    before["WFWorkflowActions"][0]["WFWorkflowActionParameters"]["WFAlertActionMessage"] = {
        "Value": {"string": "old", "attachmentsByRange": {}}, "WFSerializationType": "WFTextTokenString"}
    code, residue = shortcuts.to_python(before)
    assert files.compiled("s.py", code, files.Options(residue=residue)) == before
    with pytest.raises(files.FileError, match=r"s\.py: the residue is of another program"):
        files.compiled("s.py", code.replace("old", "new"), files.Options(residue=residue))


def test_a_change_that_cannot_be_merged_keeps_what_still_fits(tmp_path: Path) -> None:
    code = "X = is_workflow_actions_ask(WFAskActionPrompt='?')\nis_workflow_actions_showresult(Text=f'{X}!')\n"
    before = shortcuts.to_shortcut(code)
    before["WFWorkflowIcon"]["WFWorkflowIconGlyphNumber"] = 59791
    after = edited(tmp_path, before, "is_workflow_actions_showresult", "X = is_workflow_actions_text_changecase(text=X)\nis_workflow_actions_showresult")
    assert after["WFWorkflowIcon"]["WFWorkflowIconGlyphNumber"] == 59791


def test_a_file_from_elsewhere_is_kept_also_where_one_was_kept_before(tmp_path: Path) -> None:
    program, file = tmp_path / "x.py", tmp_path / "x.shortcut"
    for number in range(2):  # the second time, the first is kept
        program.write_text(PROGRAM.replace("Hello", f"Hello {number}"))
        assert run(program).returncode == 0
    foreign = plistlib.dumps(shortcuts.to_shortcut(PROGRAM))
    file.write_bytes(foreign)
    ended = run(program, "--force")
    assert ended.returncode == 0 and "what was there is x.shortcut.bak2" in ended.stderr and (tmp_path / "x.shortcut.bak2").read_bytes() == foreign


def test_a_damaged_residue_is_an_error(tmp_path: Path) -> None:
    run(example(tmp_path), "--output", tmp_path)
    (tmp_path / "Split the Bill.residue.json").write_text("not JSON")
    ended = run(tmp_path / "Split the Bill.py", "--output", tmp_path / "out")
    assert ended.returncode == 1 and "Split the Bill.residue.json: no JSON" in ended.stderr and not (tmp_path / "out").exists()


def test_a_program_that_begins_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_bytes(b"\xef\xbb\xbf" + PROGRAM.encode())
    assert run(tmp_path / "hello.py", "--output", tmp_path / "out").returncode == 0


def test_two_files_of_an_archive_never_become_one_program(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        for name in ("a.shortcut", "a.plist"):
            packed.writestr(name, plist.write_binary(shortcuts.to_shortcut(PROGRAM)))
    done = run(tmp_path / "x.zip", "--output", tmp_path / "out")
    assert done.returncode == 1 and "two of its shortcuts would be written to one file" in done.stderr and not (tmp_path / "out").exists()


def test_another_program_in_the_way_of_an_archives_file_does_not_keep_the_others_from_being_written(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        for name in ("a.shortcut", "b.shortcut"):
            packed.writestr(name, plist.write_binary(shortcuts.to_shortcut(PROGRAM)))
    (tmp_path / "out").mkdir()
    (tmp_path / "out/x_a.py").write_text("mine = 1\n")
    done = run(tmp_path / "x.zip", "--output", tmp_path / "out")
    assert done.returncode == 1 and "x_a.py: differs" in done.stderr and (tmp_path / "out/x_b.py").read_text() == PROGRAM


# ---------------------------------------------------------------------------------------------------------------------------------
# what a file is


def signed_or_not(kind: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/One.shortcut", data)
        archive.writestr("Two.plist", data)
    return {"XML": plistlib.dumps(plistlib.loads(data)), "binary": data, "archive": packed.getvalue()}[kind]


def test_a_bad_file_of_an_archive_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    good = plist.write_binary(shortcuts.to_shortcut(PROGRAM))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        for name, data in {"a.shortcut": good, "b.plist": b"<plist><dict>", "c.shortcut": good}.items():
            packed.writestr(name, data)
    done = run(tmp_path / "x.zip", "--output", tmp_path / "out")
    assert done.returncode == 1 and "x_b" in done.stderr and "1 of its 3" in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").glob("*.py")) == ["x_a.py", "x_c.py"]


@pytest.mark.parametrize("kind, programs", [("XML", ["x.py"]), ("binary", ["x.py"]), ("archive", ["x_Two.py", "x_a_One.py"])])
@pytest.mark.parametrize("suffix", [".txt", ".plist", ".py", ""])
def test_a_shortcut_is_known_by_its_bytes(tmp_path: Path, kind: str, programs: list[str], suffix: str) -> None:
    file = tmp_path / f"x{suffix}"
    file.write_bytes(signed_or_not(kind, plist.write_binary(shortcuts.to_shortcut(PROGRAM))))
    assert run(file, "--output", tmp_path / "out").returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.py")) == programs
    assert {path.read_text() for path in (tmp_path / "out").glob("*.py")} == {PROGRAM}


@pytest.mark.parametrize("data, said", [
    (b"\x89PNG\r\n\x1a\n\x00\xff", "this is a PNG image, no shortcut"),
    (b"%PDF-1.7\n\xff", "this is a PDF, no shortcut"),
    (plistlib.dumps({"CFBundleName": "x"}), "not_a_shortcut"),
    (aea.MAGIC + bytes(4), "truncated"),
    (b"PK\x05\x06" + bytes(18), "an archive without a shortcut in it"),
    (b"\x00\xff", "neither a property list, a signed shortcut nor JSON"),
    (PROGRAM.encode(), "neither a property list, a signed shortcut nor JSON"),
    (b" \n", "empty: no bytes but white space"),
])  # fmt: skip
def test_what_is_neither_is_named_in_one_line(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "x.shortcut").write_bytes(data)
    ended = run(tmp_path / "x.shortcut", "--output", tmp_path / "out")
    assert ended.returncode == 1 and said in ended.stderr and str(tmp_path / "x.shortcut") in ended.stderr
    assert ended.stdout == "" and not (tmp_path / "out").exists()


@pytest.mark.parametrize("data, said", [
    (b"\x89PNG\r\n\x1a\n\x00\xff", "this is a PNG image, no program"), (b"\xff\xfe\x00", "not UTF-8 at byte 0"), (b" \n", "an empty file"),
])  # fmt: skip
def test_what_is_no_program_is_named_in_one_line(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "x.py").write_bytes(data)
    ended = run(tmp_path / "x.py", "--output", tmp_path / "out")
    assert ended.returncode == 1 and said in ended.stderr and ended.stdout == "" and not (tmp_path / "out").exists()


@pytest.mark.ci
def test_a_text_to_read_that_is_a_link_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("https://www.icloud.com/shortcuts/0123")
    ended = shell(f"{MODULE} read x.txt", tmp_path)
    assert ended.returncode == 1 and ended.stderr == "x.txt: this is a link, no shortcut; 01_scrape.py --links fetches those of iCloud\n"


# ---------------------------------------------------------------------------------------------------------------------------------
# what is not to happen


def test_a_program_with_errors_writes_nothing_and_the_others_are_written(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("is_workflow_actions_showresult(Txt='a')\n")
    (tmp_path / "good.py").write_text(PROGRAM)
    ended = run(tmp_path)
    assert ended.returncode == 1 and "bad.py:1: error: is_workflow_actions_showresult has no parameter Txt, did you mean Text?" in ended.stderr
    assert (tmp_path / "good.shortcut").exists() and not (tmp_path / "bad.shortcut").exists()


def test_a_program_beside_the_shortcut_of_its_name_does_not_replace_it_in_the_same_command(tmp_path: Path) -> None:
    file = example(tmp_path)
    (tmp_path / "Split the Bill.py").write_text(PROGRAM)
    before = file.read_bytes()
    ended = run(file, tmp_path / "Split the Bill.py")
    assert ended.returncode == 1 and "several of the files given" in ended.stderr and file.read_bytes() == before


@pytest.mark.parametrize("arguments", [("x.py", "--to-shortcut", "y.jsonl"), ("data.jsonl",), ("x.py", "--output", "x.shortcut")])
def test_arguments_that_do_not_fit_together_exit_with_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).returncode == 2


def test_show_prints_what_was_made_of_a_program(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("# greets\nis_workflow_actions_showresult(Text='Hel' + 'lo')\n")
    ended = run(tmp_path / "x.py", "--show")
    assert ended.returncode == 0 and ended.stdout == PROGRAM


@pytest.mark.parametrize("platform, said", [("darwin", "x.shortcut written; sign it"), ("linux", "gets the whole file; on a Mac: shortcuts sign")])
def test_what_is_left_to_do_fits_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, said: str) -> None:
    monkeypatch.setattr(files.sys, "platform", platform)
    (tmp_path / "x.py").write_text(PROGRAM)
    assert said in run(tmp_path / "x.py").stderr


@pytest.mark.ci
def test_a_program_is_explained_by_what_is_made_of_it(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("# greets\nis_workflow_actions_showresult(Text='Hel' + 'lo')\n")
    (tmp_path / "bad.py").write_text("x = (")
    ended = shell(f"{MODULE} explain x.py bad.py", tmp_path)
    assert ended.returncode == 1 and "1. Show 'Hello'." in ended.stdout and ended.stderr.startswith("bad.py: line 1: not Python")


def test_without_its_packages_the_command_is_one_line(tmp_path: Path) -> None:
    ended = shell(f"PYTHONPATH={shlex.quote(str(ROOT))} {shlex.quote(sys.executable)} -S -m shortcuts read x", tmp_path)
    (line,) = ended.stderr.splitlines()
    assert ended.returncode == 1 and "the Python package orjson is not installed" in line and "make setup" in line


def test_a_program_that_was_changed_is_replaced_where_that_is_said(tmp_path: Path) -> None:
    file, program = example(tmp_path), tmp_path / "out/Split the Bill.py"
    run(file, "--output", tmp_path / "out")
    program.write_text(PROGRAM)
    refused = run(file, "--output", tmp_path / "out")
    assert refused.returncode == 1 and "--overwrite replaces it" in refused.stderr and program.read_text() == PROGRAM
    assert run(file, "--output", tmp_path / "out", "--overwrite").returncode == 0 and program.read_text() != PROGRAM


# ---------------------------------------------------------------------------------------------------------------------------------
# git


@pytest.mark.ci
def test_git_shows_diffs_of_shortcuts_as_python(tmp_path: Path) -> None:
    readme = (ROOT / "shortcuts/README.md").read_text()
    (attributes, config) = [line for line in readme.splitlines() if "diff=shortcut" in line or "diff.shortcut.textconv" in line]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, env=environment, check=True)
    (tmp_path / "My Greeting.shortcut").write_bytes(plist.write_binary(shortcuts.to_shortcut(PROGRAM)))
    config = config.replace("$PWD/.venv/bin/python", sys.executable).replace("$PWD", str(ROOT))
    script = f"{attributes}\n{config}\ngit add . && git -c user.name=x -c user.email=x@example.org commit -qm one"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (tmp_path / "My Greeting.shortcut").write_bytes(plist.write_binary(shortcuts.to_shortcut(EDITED)))
    shown = subprocess.run(["git", "diff"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert f"-{PROGRAM}+{EDITED}" in shown.stdout, shown.stderr
