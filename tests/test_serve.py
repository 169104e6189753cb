"""The MCP server: tools by themselves, a real client in this process, and one over stdin and stdout."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from shortcuts import plist, serve, to_python, to_shortcut
from shortcuts.files import FileError
from shortcuts.serve import Desk, answer
from tests.conftest import ROOT

PROGRAM = "t = is_workflow_actions_ask(WFAskActionPrompt='What?')\nis_workflow_actions_speaktext(WFText=t)\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = tmp_path / "shortcuts"
    folder.mkdir()
    (folder / "Ask.shortcut").write_bytes(plist.write_binary(to_shortcut(PROGRAM)))
    return Desk(folder.resolve())


def good(desk: Desk, name: str, **arguments: Any) -> str:
    texts, wrong = answer(name, arguments, desk)
    assert not wrong, texts
    return "\n".join(texts)


def bad(desk: Desk, name: str, **arguments: Any) -> str:
    texts, wrong = answer(name, arguments, desk)
    assert wrong, texts
    assert len(texts) == 1 and "Traceback" not in texts[0] and "failed:" not in texts[0]
    return texts[0]


# ---------------------------------------------------------------------------------------------------------------------------------
# the tools


def test_there_are_at_most_six_tools_and_each_says_what_it_takes() -> None:
    assert len(serve.BY_NAME) <= 6
    for tool in serve.BY_NAME.values():
        assert set(tool.schema["required"]) <= set(tool.schema["properties"])
        assert tool.words and all(parameter["description"] for parameter in tool.schema["properties"].values())


def test_actions_are_found_and_described(desk: Desk) -> None:
    assert good(desk, "search_actions", words="speak a text", limit=3).startswith("is_workflow_actions_speaktext: ")
    assert "def is_workflow_actions_speaktext(*," in good(desk, "describe_actions", names=["is_workflow_actions_speaktext"])
    assert "def is_workflow_actions_speaktext(*," in good(desk, "describe_actions", names=["is.workflow.actions.speaktext"])
    assert good(desk, "describe_actions").startswith("A shortcut of Apple's Shortcuts app is written as Python")


def test_an_unknown_action_is_named_with_those_near_it(desk: Desk) -> None:
    assert "is_workflow_actions_speaktext" in bad(desk, "describe_actions", names=["is_workflow_actions_speak_text"])
    assert bad(desk, "describe_actions", names=[5]).startswith("5: no such action")


def test_a_program_is_checked_and_written(desk: Desk) -> None:
    said = good(desk, "check_program", code=PROGRAM, file="new")
    assert "no errors" in said and "Known trouble: none." in said and f"written: {desk.folder / 'new.shortcut'}" in said
    assert to_python(plist.read_shortcut((desk.folder / "new.shortcut").read_bytes()))[0] == PROGRAM


def test_a_program_is_checked_without_writing(desk: Desk) -> None:
    good(desk, "check_program", code=PROGRAM)
    assert [file.name for file in desk.folder.iterdir()] == ["Ask.shortcut"]


def test_errors_of_a_program_are_lines_and_nothing_is_written(desk: Desk) -> None:
    said = bad(desk, "check_program", code="is_workflow_actions_speaktext(Text='a')\nx = y\n", file="new")
    assert said.splitlines()[0].startswith("line 1: error: is_workflow_actions_speaktext has no parameter Text") and "line 2: error" in said
    assert not (desk.folder / "new.shortcut").exists()


def test_a_file_is_replaced_on_request_alone(desk: Desk) -> None:
    before = (desk.folder / "Ask.shortcut").read_bytes()
    assert "overwrite" in bad(desk, "check_program", code="is_workflow_actions_vibrate()", file="Ask.shortcut")
    assert (desk.folder / "Ask.shortcut").read_bytes() == before
    good(desk, "check_program", code="is_workflow_actions_vibrate()", file="Ask.shortcut", overwrite=True)
    assert (desk.folder / "Ask.shortcut").read_bytes() != before


def test_a_shortcut_is_read_with_the_numbers_of_its_lines(desk: Desk) -> None:
    assert good(desk, "read_shortcut", file="Ask.shortcut").startswith(PROGRAM)
    assert good(desk, "read_shortcut", file="Ask.shortcut", numbered=True).splitlines()[1] == "2: " + PROGRAM.splitlines()[1]
    assert "It does nothing to the outside." in good(desk, "read_shortcut", file="Ask.shortcut")


def test_a_folder_is_read_as_the_names_of_its_shortcuts(desk: Desk) -> None:
    (desk.folder / "more").mkdir()
    (desk.folder / "more" / "b.shortcut").write_bytes(b"")
    assert good(desk, "read_shortcut") == "Ask.shortcut\nmore/b.shortcut"
    (desk.folder / "none").mkdir()
    assert good(desk, "read_shortcut", file="none").startswith("no shortcut in ")


def test_a_shortcut_and_a_program_are_run_in_a_world(desk: Desk) -> None:
    assert "spoken 'hello'" in good(desk, "run_shortcut", file="Ask.shortcut", answers=["hello"])
    said = good(desk, "run_shortcut", code="is_workflow_actions_showresult(Text=f'{clipboard()}')", world={"clipboard": "Ada"})
    assert "It may do: Reads the clipboard." in said and "shown 'Ada'" in said
    assert "either" in bad(desk, "run_shortcut") and "either" in bad(desk, "run_shortcut", file="Ask.shortcut", code="x = 1")
    assert "clipbord" in bad(desk, "run_shortcut", file="Ask.shortcut", world={"clipbord": "a"})


def test_an_edit_keeps_what_it_does_not_touch(desk: Desk) -> None:
    before = plist.read_shortcut((desk.folder / "Ask.shortcut").read_bytes())
    said = good(desk, "edit_shortcut", file="Ask.shortcut", change="insert after 2\nis_workflow_actions_vibrate()\n")
    assert said.startswith("2 actions are kept as they were, 0 changed, 1 added, 0 removed\n") and "\n+is_workflow_actions_vibrate()\n" in said
    after = plist.read_shortcut((desk.folder / "Ask edited.shortcut").read_bytes())
    assert plist.same(after["WFWorkflowActions"][:2], before["WFWorkflowActions"]) and len(after["WFWorkflowActions"]) == 3
    assert plist.same(plist.read_shortcut((desk.folder / "Ask.shortcut").read_bytes()), before)


@pytest.mark.parametrize("change", ["insert after 9\nis_workflow_actions_vibrate()", "is_workflow_actions_vibrate()", "replace 1\nx = (", "delete 1",
                                    "insert after 2\nis_workflow_actions_vibrate(Strength=5)"])  # fmt: skip
def test_a_change_that_cannot_be_made_writes_nothing(desk: Desk, change: str) -> None:
    assert "line" in bad(desk, "edit_shortcut", file="Ask.shortcut", change=change)
    assert [file.name for file in desk.folder.iterdir()] == ["Ask.shortcut"]


def test_an_error_that_a_shortcut_had_before_does_not_keep_it_from_being_changed(desk: Desk) -> None:
    code = PROGRAM + "raw_action('is.workflow.actions.notknown', {})\n"
    (desk.folder / "odd.shortcut").write_bytes(plist.write_binary(to_shortcut(code)))
    assert good(desk, "edit_shortcut", file="odd.shortcut", change="insert after 1\nis_workflow_actions_vibrate()").startswith("3 actions are kept")
    assert "alsonot" in bad(desk, "edit_shortcut", file="odd.shortcut", change="insert after 1\nraw_action('is.workflow.actions.alsonot', {})", output="x")


# ---------------------------------------------------------------------------------------------------------------------------------
# what is refused


OUTSIDE = ["../secret.shortcut", "/etc/hosts", "link/secret.shortcut", "file.shortcut", "a/../../secret.shortcut"]


@pytest.fixture
def guarded(desk: Desk) -> Desk:
    """A folder with links that lead out of it."""
    outside = desk.folder.parent
    (outside / "secret.shortcut").write_bytes(plist.write_binary(to_shortcut(PROGRAM)))
    (desk.folder / "link").symlink_to(outside)
    (desk.folder / "file.shortcut").symlink_to(outside / "secret.shortcut")
    return desk


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_out_of_the_folder(guarded: Desk, path: str) -> None:
    secret = guarded.folder.parent / "secret.shortcut"
    before = secret.read_bytes()
    for name, arguments in [("read_shortcut", {"file": path}), ("run_shortcut", {"file": path}),
                            ("check_program", {"code": "is_workflow_actions_vibrate()", "file": path, "overwrite": True}),
                            ("edit_shortcut", {"file": path, "change": "delete 2"}),
                            ("edit_shortcut", {"file": "Ask.shortcut", "change": "delete 2", "output": path, "overwrite": True})]:  # fmt: skip
        assert "outside the folder" in bad(guarded, name, **arguments)
    assert secret.read_bytes() == before


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "no.shortcut", "Ask.shortcut/x"])
def test_a_path_that_is_none_is_one_line(desk: Desk, path: str) -> None:
    assert "\n" not in bad(desk, "read_shortcut", file=path)
    if path != "no.shortcut":
        assert "\n" not in bad(desk, "check_program", code="is_workflow_actions_vibrate()", file=path)


def test_a_loop_of_links_is_one_line(desk: Desk) -> None:
    (desk.folder / "a.shortcut").symlink_to(desk.folder / "a.shortcut")
    assert "\n" not in bad(desk, "read_shortcut", file="a.shortcut")


@pytest.mark.parametrize(("name", "arguments", "said"), [
    ("nothing", {}, "no tool 'nothing'; there are search_actions"),
    ("search_actions", {}, "search_actions needs words, of type string"),
    ("search_actions", {"words": 5}, "search_actions takes words, of type string"),
    ("search_actions", {"words": "a", "limit": True}, "search_actions takes limit, of type integer"),
    ("search_actions", {"words": "a", "more": 1}, "search_actions has no argument 'more'; it has words, limit"),
    ("describe_actions", {"names": "x"}, "describe_actions takes names, of type array"),
    ("read_shortcut", {"file": "Ask.shortcut", "numbered": 1}, "read_shortcut takes numbered, of type boolean"),
    ("run_shortcut", {"code": "x = 1", "world": []}, "run_shortcut takes world, of type object"),
])  # fmt: skip
def test_arguments_are_checked(desk: Desk, name: str, arguments: dict[str, Any], said: str) -> None:
    assert bad(desk, name, **arguments).startswith(said)


@pytest.mark.parametrize("code", ["x = '\ud800'", "(" * 5000, "", "\0", "x = 9" + "9" * 6000])
def test_no_program_is_too_strange(desk: Desk, code: str) -> None:
    bad(desk, "check_program", code=code)
    bad(desk, "run_shortcut", code=code)


def test_a_fault_of_ours_is_an_error_and_its_traceback_goes_to_the_log(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(serve.BY_NAME, "search_actions", serve.BY_NAME["search_actions"]._replace(work=lambda desk, words: 1 / 0))
    assert answer("search_actions", {"words": "a"}, desk) == (["search_actions failed: ZeroDivisionError: division by zero"], True)
    assert "Traceback" in capsys.readouterr().err


def test_a_long_answer_is_cut(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "LONGEST", 20)
    assert good(desk, "read_shortcut", file="Ask.shortcut").split("\n… ")[1].endswith("more characters\nIt does nothing to t")


# ---------------------------------------------------------------------------------------------------------------------------------
# with a client of the package mcp


def in_process(folder: Path, talk: Callable[[Any], Awaitable[None]]) -> None:
    """Run a conversation with a server in this process."""
    mcp, anyio = pytest.importorskip("mcp"), pytest.importorskip("anyio")

    async def whole() -> None:
        async with mcp.Client(serve.server(folder)) as client:
            await talk(client)

    anyio.run(whole)


@pytest.mark.ci
def test_a_client_lists_and_calls_tools(desk: Desk) -> None:
    async def talk(client: Any) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert list(tools) == list(serve.BY_NAME)
        assert tools["search_actions"].input_schema["required"] == ["words"] and tools["search_actions"].annotations.read_only_hint
        assert not tools["edit_shortcut"].annotations.read_only_hint
        done = await client.call_tool("read_shortcut", {"file": "Ask.shortcut"})
        assert not done.is_error and done.content[0].text == PROGRAM

    in_process(desk.folder, talk)


def test_a_shortcut_of_300_actions_is_checked_compiled_read_edited(desk: Desk) -> None:
    code = "".join(f"t{number} = is_workflow_actions_gettext(WFTextActionText='Text {number}')\nis_workflow_actions_speaktext(WFText=t{number})\n"
                   for number in range(150))  # fmt: skip

    async def talk(client: Any) -> None:
        async def call(name: str, **arguments: Any) -> list[str]:
            done = await client.call_tool(name, arguments)
            assert not done.is_error, done.content
            return [content.text for content in done.content]

        await call("check_program", code=code, file="long")
        shown, _ = await call("read_shortcut", file="long.shortcut", numbered=True)
        assert shown.splitlines()[299].startswith("300: is_workflow_actions_speaktext(")
        counts, difference, _ = await call("edit_shortcut", file="long.shortcut", change="replace 150\nis_workflow_actions_showresult(Text=t74)\n", output="other")
        assert counts.startswith("299 actions are kept as they were, ") and "\n+is_workflow_actions_showresult(" in difference
        again, _ = await call("read_shortcut", file="other.shortcut")
        assert "is_workflow_actions_showresult(" in again.splitlines()[149]
        assert (await call("check_program", code=again, file="third"))[0] == "no errors"

    in_process(desk.folder, talk)


def test_an_error_is_one_of_the_tool_and_the_server_goes_on(desk: Desk) -> None:
    async def talk(client: Any) -> None:
        for name, arguments in [("read_shortcut", {"file": "../x"}), ("nothing", {}), ("check_program", {"code": "x ="})]:
            done = await client.call_tool(name, arguments)
            assert done.is_error and "Traceback" not in done.content[0].text
        assert not (await client.call_tool("search_actions", {"words": "speak"})).is_error

    in_process(desk.folder, talk)


def test_a_cancelled_call_ends_at_once_and_writes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    anyio = pytest.importorskip("anyio")
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def slowly(desk: Desk, code: str, file: str) -> list[str]:
        begun.set()
        go_on.wait(20)
        try:
            return [desk.write(file, to_shortcut(code), False)]
        finally:
            ended.set()

    monkeypatch.setitem(serve.BY_NAME, "check_program", serve.BY_NAME["check_program"]._replace(work=slowly))

    async def talk(client: Any) -> None:
        started = time.monotonic()
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "check_program", {"code": PROGRAM, "file": "late"})
            while not begun.is_set():
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()
        assert not (await client.call_tool("search_actions", {"words": "speak"})).is_error  # it goes on while the old call still works
        assert time.monotonic() - started < 10
        go_on.set()

    in_process(desk.folder, talk)
    assert ended.wait(20)
    assert [file.name for file in desk.folder.iterdir()] == ["Ask.shortcut"]


@pytest.mark.ci
def test_a_client_over_stdin_and_stdout(desk: Desk) -> None:
    mcp, anyio = pytest.importorskip("mcp"), pytest.importorskip("anyio")
    command = mcp.StdioServerParameters(command=sys.executable, args=["-m", "shortcuts", "serve", "--folder", str(desk.folder)], cwd=str(ROOT),
                                        env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip

    async def whole() -> None:
        async with mcp.Client(command) as client:
            assert len((await client.list_tools()).tools) == len(serve.BY_NAME)
            done = await client.call_tool("check_program", {"code": PROGRAM, "file": "new"})
            assert not done.is_error and (desk.folder / "new.shortcut").is_file()

    anyio.run(whole)


def test_without_a_folder_there_is_no_server(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such folder; make it"):
        serve.server(tmp_path / "none")


def test_without_the_package_a_line_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(FileError, match=r"pip install 'mcp>=2\.3,<3'"):
        serve.server(tmp_path)


def test_the_package_is_imported_by_the_server_alone() -> None:
    """A user of the other commands does not wait for it."""
    import subprocess

    code = "import sys, shortcuts.__main__, shortcuts.serve; print('mcp' in sys.modules, 'anyio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout == "False False\n"


def test_a_ctrl_c_while_the_package_is_imported_ends_the_server_without_a_word(tmp_path: Path) -> None:
    """A package may swallow the exception: it is a stand-in here that does."""
    import signal
    import subprocess
    import time

    (tmp_path / "mcp").mkdir()
    (tmp_path / "mcp/__init__.py").write_text("import time\nopen('here', 'w').close()\ntry:\n    time.sleep(9)\nexcept KeyboardInterrupt:\n    pass\n")
    serving = subprocess.Popen([sys.executable, "-m", "shortcuts", "serve", "--folder", "."], cwd=tmp_path, text=True, stderr=subprocess.PIPE,
                               stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"})  # fmt: skip
    while not (tmp_path / "here").exists() and serving.poll() is None:
        time.sleep(0.01)
    serving.send_signal(signal.SIGINT)
    assert serving.communicate() == ("", "") and serving.returncode == -signal.SIGINT
