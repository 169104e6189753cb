"""`python -m shortcuts`: read, write and check. `python -m pytest tests/test_shortcuts_command.py`; test_catalog.py has the other commands."""

from __future__ import annotations

import io
import plistlib
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import shortcuts
from shortcuts import __main__ as command
from shortcuts import plist
from shortcuts.plist import aea

EXAMPLE = "Birthday Greeter"
PROGRAM = "x = is_workflow_actions_gettext(WFTextActionText='Hello')\nis_workflow_actions_showresult(Text=f'{x} you')\n"
WITH_ERRORS = "is_workflow_actions_showresult(Texxt='a')\nis_workflow_actions_showresult(Text=y)\n"
UNKNOWN_PARAMETER = "is_workflow_actions_showresult(Texxt='a')\n"  # an error, and yet it compiles


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command in this process; gives its exit code, stdout and stderr."""

    def run(*arguments: object, stdin: bytes = b"") -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["shortcuts", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as end:
            command.start()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return SimpleNamespace(code=end.value.code, out=out, err=err)

    return run


@pytest.fixture(scope="session")
def examples() -> Path:
    return Path(__file__).resolve().parents[1] / "examples"


def shortcut(file: Path) -> dict:
    return plist.read_shortcut(file.read_bytes())


# ---------------------------------------------------------------------------------------------------------------------------------
# read


def test_a_file_is_read_to_stdout(run, examples):
    done = run("read", examples / f"{EXAMPLE}.shortcut")
    assert (done.code, done.err) == (0, "")
    assert done.out == shortcuts.to_python(shortcut(examples / f"{EXAMPLE}.shortcut"))[0]


def test_several_files_on_stdout_are_told_apart_and_stay_a_program(run, examples):
    done = run("read", *sorted(examples.glob("B*.shortcut")))
    assert done.code == 0 and done.out.count("# ") >= 2 and f"# {examples / f'{EXAMPLE}.shortcut'}\n" in done.out


def test_a_folder_is_read_and_written_back_to_equal_files(run, examples, tmp_path):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for number, file in enumerate(sorted(examples.glob("*.shortcut"))[:3]):
        (tmp_path / "in" / ("sub" if number else "") / file.name).write_bytes(file.read_bytes())
    done = run("read", tmp_path / "in", "--output", tmp_path / "programs")
    assert (done.code, done.out, done.err) == (0, "", "")
    programs = sorted((tmp_path / "programs").glob("*.py"))
    assert [file.name.startswith("sub_") for file in programs].count(True) == 2
    for file in programs:
        done = run("write", file, "--residue", file.with_suffix(".residue.json"), "--output", tmp_path / "out")
        assert done.code == 0 and "shortcuts sign" in done.err
    for source in (tmp_path / "in").rglob("*.shortcut"):
        name = "_".join(source.relative_to(tmp_path / "in").parts)
        assert plist.same(shortcut(tmp_path / "out" / name), shortcut(source))


def test_stdin_is_read_and_written(run, examples, tmp_path):
    done = run("read", "-", stdin=(examples / f"{EXAMPLE}.shortcut").read_bytes())
    written = run("write", "-", "--output", tmp_path, stdin=done.out.encode())
    assert (done.code, written.code) == (0, 0)
    assert shortcuts.equivalent(shortcut(tmp_path / "stdin.shortcut"), shortcut(examples / f"{EXAMPLE}.shortcut"))


def test_a_file_that_is_no_shortcut_is_one_line_and_the_others_are_read(run, examples, tmp_path):
    (tmp_path / "note.txt").write_text("only a note")
    done = run("read", tmp_path / "note.txt", tmp_path / "missing.shortcut", examples / f"{EXAMPLE}.shortcut")
    first, second = done.err.splitlines()
    assert done.code == 1 and f"# {examples / f'{EXAMPLE}.shortcut'}" in done.out
    assert first.startswith(f"{tmp_path / 'note.txt'}: not_a_shortcut")
    assert second == f"{tmp_path / 'missing.shortcut'}: there is no such file in {tmp_path}: check the name"


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\xff", b"\x00\x01\xff", PROGRAM.encode()], ids=["empty", "picture", "bytes", "program"])
@pytest.mark.parametrize("suffix", [".shortcut", ".PLIST", ".wflow"])
def test_what_is_no_shortcut_though_its_name_says_so_is_no_program_to_any_command(run, tmp_path, data, suffix):
    file = tmp_path / f"x{suffix}"
    file.write_bytes(data)
    said = vars(run("read", file))
    assert said["code"] == 1 and len(said["err"].splitlines()) == 1
    for command_ in (("explain",), ("run",), ("check",), ("check", "--report"), ("write",)):
        assert vars(run(*command_, file)) == said
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_not_there_is_answered_with_the_one_that_is_meant(run, examples):
    done = run("read", examples / f"{EXAMPLE[:-1]}.shortcut")
    assert done.code == 1 and f"did you mean {examples / EXAMPLE}.shortcut?" in done.err
    done = run("read", examples / "nowhere" / "a.shortcut")
    assert done.code == 1 and f"no folder {examples / 'nowhere'}: check the path" in done.err


def test_a_signed_file_without_the_library_for_it_is_one_line(run, tmp_path, monkeypatch):
    monkeypatch.setattr(aea, "_segments", lambda *_: aea._lzfse(b"", 1))
    monkeypatch.setitem(sys.modules, "liblzfse", None)
    (tmp_path / "signed.shortcut").write_bytes(aea.MAGIC + bytes(400))
    done = run("read", tmp_path / "signed.shortcut")
    assert done.code == 1 and done.err == "error: signed shortcuts need LZFSE: pip install pyliblzfse\n"


def test_two_files_of_one_name_do_not_replace_each_other(run, examples, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.shortcut").write_bytes((examples / f"{EXAMPLE}.shortcut").read_bytes())
    done = run("read", tmp_path / "a" / "x.shortcut", tmp_path / "b" / "x.shortcut", "--output", tmp_path / "out")
    assert done.code == 1 and f"{tmp_path / 'out' / 'x'}: several of the files" in done.err and not (tmp_path / "out").exists()


def test_a_program_that_was_changed_is_not_replaced_unless_asked(run, examples, tmp_path):
    source, program = examples / f"{EXAMPLE}.shortcut", tmp_path / f"{EXAMPLE}.py"
    assert vars(run("read", source, "--output", tmp_path)) == vars(run("read", source, "--output", tmp_path)) == {"code": 0, "out": "", "err": ""}
    transcribed = program.read_text()
    program.write_text(PROGRAM)
    (tmp_path / f"{EXAMPLE}.residue.json").write_text("{}")
    done = run("read", source, "--output", tmp_path)
    assert (done.code, done.err) == (1, f"{program}: differs from the program of {source}; --overwrite replaces it, another --output keeps both\n")
    assert program.read_text() == PROGRAM and (tmp_path / f"{EXAMPLE}.residue.json").read_text() == "{}"
    done = run("read", source, "--output", tmp_path, "--overwrite")
    assert (done.code, done.err, program.read_text()) == (0, f"replaced {program}\n", transcribed)


def test_a_folder_without_a_shortcut_is_an_error(run, tmp_path):
    done = run("read", tmp_path)
    assert done.code == 1 and "no file in this folder ends in .shortcut or .wflow or .plist" in done.err


# ---------------------------------------------------------------------------------------------------------------------------------
# write


def test_a_program_is_written_and_the_way_to_sign_it_named(run, tmp_path):
    (tmp_path / "my_program.py").write_text(PROGRAM)
    done = run("write", tmp_path / "my_program.py", "--output", tmp_path / "new" / "folder")
    file = tmp_path / "new" / "folder" / "my_program.shortcut"
    assert (done.code, done.out) == (0, "") and str(file) in done.err and "shortcuts sign --mode anyone" in done.err
    assert plist.same(plistlib.loads(file.read_bytes()), shortcuts.to_shortcut(PROGRAM))


def test_a_program_with_errors_is_not_written_and_each_is_named_with_file_and_line(run, tmp_path):
    (tmp_path / "bad.py").write_text(WITH_ERRORS)
    (tmp_path / "good.py").write_text(PROGRAM)
    done = run("write", tmp_path / "bad.py", tmp_path / "good.py", "--output", tmp_path)
    first, second, last, written = done.err.splitlines()
    assert done.code == 1 and not (tmp_path / "bad.shortcut").exists() and (tmp_path / "good.shortcut").exists()
    assert first.startswith(f"{tmp_path / 'bad.py'}:1: error: ") and "did you mean Text?" in first
    assert second.startswith(f"{tmp_path / 'bad.py'}:2: error: y is not bound")
    assert "no shortcut is written because of 2 errors; --force" in last and str(tmp_path / "good.shortcut") in written


def test_force_writes_a_program_that_compiles_and_no_other(run, tmp_path):
    (tmp_path / "odd.py").write_text(UNKNOWN_PARAMETER)
    (tmp_path / "bad.py").write_text(WITH_ERRORS)
    done = run("write", tmp_path / "odd.py", "--force", "--output", tmp_path)
    assert done.code == 0 and "odd.py:1: error" in done.err and plist.same(shortcut(tmp_path / "odd.shortcut"), shortcuts.to_shortcut(UNKNOWN_PARAMETER))
    done = run("write", tmp_path / "bad.py", "--force", "--output", tmp_path)
    assert done.code == 1 and f"{tmp_path / 'bad.py'}: line 2: y is not bound" in done.err and not (tmp_path / "bad.shortcut").exists()


def test_a_shortcut_given_to_write_is_sent_to_read(run, examples):
    done = run("write", examples / f"{EXAMPLE}.shortcut")
    assert done.code == 1 and done.err.endswith("this is a shortcut already; `python -m shortcuts read` prints it as Python\n")


def test_a_signed_original_is_not_replaced_unless_asked(run, tmp_path):
    (tmp_path / "x.py").write_text(PROGRAM)
    (tmp_path / "x.shortcut").write_bytes(aea.MAGIC + b"the original")
    done = run("write", tmp_path / "x.py", "--output", tmp_path)
    assert done.code == 1 and "a signed shortcut is there" in done.err
    assert (tmp_path / "x.shortcut").read_bytes() == aea.MAGIC + b"the original"
    assert run("write", tmp_path / "x.py", "--output", tmp_path, "--force").code == 0
    assert plist.same(shortcut(tmp_path / "x.shortcut"), shortcuts.to_shortcut(PROGRAM))


@pytest.mark.parametrize("data", [plistlib.dumps(shortcuts.to_shortcut("print(1)")), b"a note", b"\x89PNG"], ids=["shortcut", "text", "picture"])
def test_a_file_from_elsewhere_is_not_replaced_unless_asked(run, tmp_path, data):
    (tmp_path / "x.py").write_text(PROGRAM)
    file = tmp_path / "x.shortcut"
    file.write_bytes(data)
    done = run("write", tmp_path / "x.py")
    assert done.code == 1 and file.read_bytes() == data
    assert done.err == f"{file}: a file from elsewhere is there; --output DIR writes elsewhere, --force replaces it\n"
    done = run("write", tmp_path / "x.py", "--force")
    assert done.code == 0 and done.err.startswith(f"replaced {file}; what was there first is x.shortcut.bak\n") and plist.same(shortcut(file), shortcuts.to_shortcut(PROGRAM))


def test_a_shortcut_that_was_written_here_is_replaced_by_its_changed_program_and_that_is_said(run, tmp_path):
    program, file = tmp_path / "x.py", tmp_path / "x.shortcut"
    program.write_text(PROGRAM)
    for _ in range(2):
        assert "replaced" not in run("write", program).err
    for word in ("Bye", "Again"):
        program.write_text(PROGRAM.replace("Hello", word))
        done = run("write", program)
        assert done.code == 0 and done.err.startswith(f"replaced {file}; what was there first is x.shortcut.bak\n") and word in str(shortcut(file))
    assert "Hello" in str(shortcut(tmp_path / "x.shortcut.bak"))


@pytest.mark.parametrize("residue", ["not JSON", "[1]", '{"uuids": 5}', '{"patch": [[["WFWorkflowActions", 77, "x"], 1]]}'])
def test_a_residue_that_does_not_fit_is_one_line(run, tmp_path, residue):
    (tmp_path / "x.py").write_text(PROGRAM)
    (tmp_path / "x.residue.json").write_text(residue)
    done = run("write", tmp_path / "x.py", "--residue", tmp_path / "x.residue.json", "--output", tmp_path)
    assert done.code == 1 and len(done.err.splitlines()) == 1 and not (tmp_path / "x.shortcut").exists()


def test_where_nothing_can_be_written_the_folder_is_named(run, tmp_path):
    (tmp_path / "x.py").write_text(PROGRAM)
    (tmp_path / "file").write_text("")
    done = run("write", tmp_path / "x.py", "--output", tmp_path / "file")
    assert done.code == 1 and done.err.startswith(f"{tmp_path / 'file' / 'x.shortcut'}: cannot be written: ")


# ---------------------------------------------------------------------------------------------------------------------------------
# check, arguments, another catalogue


def test_check_prints_findings_to_stdout_and_its_exit_code_says_whether_one_is_an_error(run, tmp_path):
    (tmp_path / "good.py").write_text(PROGRAM)
    (tmp_path / "late.py").write_text("is_workflow_actions_exit()\n" + PROGRAM)
    (tmp_path / "bad.py").write_text(WITH_ERRORS)
    assert vars(run("check", tmp_path / "good.py")) == {"code": 0, "out": "", "err": ""}
    warned = run("check", tmp_path / "late.py")
    assert (warned.code, warned.out) == (0, f"{tmp_path / 'late.py'}:2: warning: the shortcut has ended above this line\n")
    done = run("check", tmp_path / "good.py", tmp_path / "bad.py")
    assert (done.code, done.err) == (1, "") and done.out.count(": error: ") == 2
    assert run("check", "-", stdin=b"nonsense('x')").out.startswith("-:1: error: there is no nonsense()")


@pytest.mark.parametrize("data, why", [(b"\xff\xfe'", "not UTF-8 at byte 0"), (b"bplist00", "this is a shortcut already"), (None, "no such file")])
def test_a_program_that_cannot_be_read_does_not_hide_the_others(run, tmp_path, data, why):
    if data is not None:
        (tmp_path / "odd.py").write_bytes(data)
    (tmp_path / "bad.py").write_text(WITH_ERRORS)
    done = run("check", tmp_path / "odd.py", tmp_path / "bad.py")
    assert done.code == 1 and why in done.err and len(done.err.splitlines()) == 1 and "bad.py:2" in done.out


@pytest.mark.parametrize("arguments", [(), ("read",), ("read", "x", "--residue", "r"), ("write", "a.py", "b.py", "--residue", "r"), ("nonsense",)])
def test_wrong_arguments_exit_with_2(run, arguments):
    assert run(*arguments).code == 2


def test_words_that_no_api_has_are_said_to_be_so(run):
    done = run("search", "qqqqq")
    assert (done.code, done.out) == (0, "") and "no API has one of these words" in done.err


def test_programs_are_read_and_written_with_the_catalogue_that_is_given(run, tmp_path):
    (tmp_path / "catalog").mkdir()
    facts = b'{"id":"com.foo.do-it_now","app":"com.foo","builtin":false,"title":"Do It","summary":"Do it.","source":["tk"]}\n'
    (tmp_path / "catalog" / "actions.jsonl").write_bytes(facts)
    (tmp_path / "x.py").write_text("com_foo_do_it_now()\n")
    assert run("--catalog", tmp_path / "catalog", "write", tmp_path / "x.py", "--output", tmp_path).code == 0
    assert shortcut(tmp_path / "x.shortcut")["WFWorkflowActions"][0]["WFWorkflowActionIdentifier"] == "com.foo.do-it_now"
    assert run("--catalog", tmp_path / "catalog", "read", tmp_path / "x.shortcut").out == "com_foo_do_it_now()\n"
    assert run("read", tmp_path / "x.shortcut").out == "action('com.foo.do-it_now')\n"
    assert "python -m shortcuts import" in run("--catalog", tmp_path / "none", "check", tmp_path / "x.py").err


def test_an_interrupt_exits_with_130(run, monkeypatch):
    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "main", interrupted)
    assert run("stats").code == 130


def test_the_module_runs_and_a_closed_pipe_is_no_traceback(examples):
    done = subprocess.run(f"'{sys.executable}' -m shortcuts read examples | head -n 1", shell=True, cwd=examples.parent, capture_output=True, text=True)
    assert done.stdout.startswith("# examples/") and done.stderr == ""


# ---------------------------------------------------------------------------------------------------------------------------------
# report


def test_a_report_on_a_shortcut_file_and_on_a_program(run, examples, tmp_path):
    of_file = run("check", "--report", examples / f"{EXAMPLE}.shortcut")
    assert of_file.code == 0 and "Known trouble: none." in of_file.out
    program = tmp_path / "a.py"
    program.write_text("'A remark.'\nis_workflow_actions_openurl(WFInput='')\n")
    done = run("check", "--report", program)
    assert done.code == 0 and "Fault (empty_field)" in done.out and done.out.endswith(": line 2\n")


def test_a_report_comes_with_the_findings_of_a_program_that_compiles(run):
    done = run("check", "--report", "-", stdin=UNKNOWN_PARAMETER.encode())
    assert done.code == 1 and "-:1: error:" in done.out and "It does nothing to the outside." in done.out


def test_of_a_program_that_does_not_compile_there_is_no_report(run):
    done = run("check", "--report", "-", stdin=b"showresult(\n")
    assert done.code == 1 and "Known trouble" not in done.out and done.err.startswith("-: line 1:")


def test_a_report_on_blocks_without_an_end(run, tmp_path):
    file = tmp_path / "a.shortcut"
    file.write_bytes(plist.write_binary({"WFWorkflowActions": [
        {"WFWorkflowActionIdentifier": "is.workflow.actions.repeat.count", "WFWorkflowActionParameters": {"WFControlFlowMode": 0}}]}))
    done = run("check", "--report", file)
    assert done.code == 0 and "Fault (unpaired_block)" in done.out and done.out.endswith(": action 1\n")


def test_without_a_report_check_refuses_a_shortcut_file(run, examples):
    done = run("check", examples / f"{EXAMPLE}.shortcut")
    assert done.code == 1 and "this is a shortcut already" in done.err


def test_write_says_what_is_known_to_go_wrong(run, tmp_path):
    program = tmp_path / "a.py"
    program.write_text("is_workflow_actions_openurl(WFInput='')\nis_workflow_actions_getcurrentlocation()\n")
    done = run("write", program)
    assert done.code == 0 and (tmp_path / "a.shortcut").is_file()
    assert "a.shortcut: The app will ask to allow: Location." in done.err and "a.shortcut: Known trouble: action 1 (Open URLs) has nothing" in done.err


def test_run_says_it_before_the_steps(run, tmp_path):
    program = tmp_path / "a.py"
    program.write_text("is_workflow_actions_getcurrentlocation()\n")
    done = run("run", program)
    assert done.out.splitlines()[:3] == ["It may do: Reads your location.", "The app will ask to allow: Location.", ""]
