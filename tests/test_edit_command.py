"""05 --edit: a shortcut is changed as a person asks, and its files are written side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common import edit, edit_prompts, excerpts
from common.jsonl import UserError
from common.llm import CompletionResult
from shortcuts import plist, to_python, to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.edit import apply_change
from tests import stage_runs
from tests.programs import GOLD
from tests.stub_openai import StubOpenAI

SPEAK = "is_workflow_actions_speaktext(WFText=answer)"
CHANGE = f"insert after 1\n{SPEAK}"
LONG = "".join(f"line {number} of a long text\\n" for number in range(200))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.shortcut").write_bytes(plist.write_binary(to_shortcut(GOLD)))
    return tmp_path


def ask(stub: StubOpenAI, *flags: str, file: str = "old.shortcut", query: str = "also say it aloud") -> stage_runs.Ended:
    return stage_runs.run("05", "--edit", file, "--query", query, "--model", "m", "--base-url", stub.base_url, "--no-cache", *flags)


def answers(*texts: str) -> Callable[[dict[str, Any], int], str]:
    return lambda body, number: texts[min(number, len(texts) - 1)]


def said(stub: StubOpenAI, number: int = 0) -> str:
    return stub.requests[number]["messages"][-1]["content"]


def test_the_shortcut_its_program_and_the_history_are_written_and_what_was_kept_is_said(here: Path, catalog: Catalog) -> None:
    with StubOpenAI(answers(f"I let it speak.\n\n```change\n{CHANGE}\n```")) as stub:
        ended = ask(stub, "--output", "new.shortcut")
    old, new = (plist.read_shortcut((here / f"{name}.shortcut").read_bytes()) for name in ("old", "new"))
    assert ended.returncode == 0
    assert plist.same(new, apply_change(old, CHANGE, catalog).shortcut)
    assert ended.stdout == (here / "new.py").read_text() == to_python(new)[0]
    assert "kept 17 actions equal to the byte, changed 0, added 1, removed 0" in ended.stderr
    assert "written: new.shortcut, new.py, new.residue.json, new.edits.json" in ended.stderr
    assert json.loads((here / "new.edits.json").read_bytes())["edits"] == [
        {"query": "also say it aloud", "change": CHANGE + "\n", "kept": 17, "changed": 0, "added": 1, "removed": 0}]  # fmt: skip
    assert len(stub.requests) == 1


def test_the_model_sees_the_numbered_program_the_request_the_primer_and_what_it_may_call(here: Path) -> None:
    with StubOpenAI(answers(f"```\n{CHANGE}\n```")) as stub:
        ask(stub, "--output", "new.shortcut", "--apis", "vibrate")
        ask(stub, "--output", "new.shortcut", "--overwrite", "--no-primer")
    first, second = said(stub), said(stub, 1)
    assert first.endswith(second) or "def is_workflow_actions_vibrate(" in first
    assert "  7 if page:\n  8     is_workflow_actions_showresult(Text=Titles)" in first
    assert "They ask: also say it aloud" in first
    assert all(f"def is_workflow_actions_{name}(" in second for name in ("downloadurl", "speaktext"))
    assert first.startswith("A shortcut of Apple's Shortcuts app") and not second.startswith("A shortcut of Apple's Shortcuts app")


def test_a_difference_is_shown_as_people_read_code(here: Path) -> None:
    with StubOpenAI(answers(f"```change\n{CHANGE}\n```")) as stub:
        ended = ask(stub, "--output", "new.shortcut", "--diff")
    assert ended.stdout.splitlines()[:3] == ["@@ -1,4 +1,5 @@", " answer = is_workflow_actions_ask(WFAskActionPrompt='Which city?')", f"+{SPEAK}"]


def test_what_the_new_shortcut_does_to_the_outside_is_said(here: Path) -> None:
    change = "insert after 1\nis_workflow_actions_deletephotos(photos=is_workflow_actions_getlastphoto())"
    with StubOpenAI(answers(f"```change\n{change}\n```")) as stub:
        ended = ask(stub, "--output", "new.shortcut", "--no-repair")
    assert ended.returncode == 0 and "new: it deletes photos" in ended.stderr and "new: the app will ask to allow" in ended.stderr
    assert "new: it requests" not in ended.stderr and "example.org" not in ended.stderr  # it did so before


def test_what_a_change_newly_does_and_asks_for_is_said(here: Path) -> None:
    with StubOpenAI(answers("```change\ninsert after 1\nis_workflow_actions_getcurrentlocation()\n```")) as stub:
        ended = ask(stub, "--output", "new.shortcut", "--apis", "getcurrentlocation")
    new = [line for line in ended.stderr.splitlines() if line.startswith("new: ")]
    assert new == ["new: it reads your location", "new: the app will ask to allow: Location."]


def test_an_edit_goes_on_from_its_result_and_the_model_is_told_of_it(here: Path) -> None:
    with StubOpenAI(answers(f"```change\n{CHANGE}\n```", "```change\ndelete 2\n```", "```change\ndelete 2\n```")) as stub:
        ask(stub, "--output", "new.shortcut")
        ended = ask(stub, file="new.shortcut", query="no, do not")
        (here / "new.shortcut").write_bytes((here / "old.shortcut").read_bytes())
        other = ask(stub, "--output", "third.shortcut", file="new.shortcut", query="no, do not")
    assert ended.returncode == 0 and (here / "new 2.shortcut").is_file()  # the first name that is free
    assert f"also say it aloud\n```change\n{CHANGE}\n```" in said(stub, 1)
    assert [turn["query"] for turn in json.loads((here / "new 2.edits.json").read_bytes())["edits"]] == ["also say it aloud", "no, do not"]
    assert "new.edits.json is of another version of this shortcut" in other.stderr
    assert "also say it aloud" not in said(stub, 2)


def test_a_faulty_change_is_asked_for_again_once_with_what_is_wrong(here: Path) -> None:
    wrong = "```change\ninsert after 1\nis_workflow_actions_speaktext(WFTxt=answer)\nis_workflow_actions_showresult(Text=nothing)\n```"
    with StubOpenAI(answers(wrong, f"```change\n{CHANGE}\n```")) as stub:
        ended = ask(stub, "--output", "new.shortcut")
        assert ask(stub, "--output", "second.shortcut", "--no-repair").returncode == 0
    assert ended.returncode == 0 and "added 1" in ended.stderr
    assert [message["role"] for message in stub.requests[1]["messages"]] == ["user", "assistant", "user"]
    assert "line 2 of the change, `is_workflow_actions_speaktext(WFTxt=answer)`: is_workflow_actions_speaktext has no parameter WFTxt" in said(stub, 1)
    assert "nothing is not bound to anything above this line" in said(stub, 1)
    assert "def is_workflow_actions_speaktext(" in said(stub, 1)


@pytest.mark.parametrize(("answer", "message"), [
    ("I would rather not.", "the answer holds no change"),
    ("```change\nreplace 99\nx\n```", "line 1 of the change: there are no lines 99; the program has 1 to 15"),
    ("```change\ndelete 1\n```", "line 2 of the program, `page = is_workflow_actions_downloadurl("),
    (f"```change\ninsert after 2\nanswer = {SPEAK}\n```", "the change gives answer another meaning, so give the new value a name of its own"),
    ("```change\nreplace 1\nkeep 1\n```", "the change changes nothing"),
])  # fmt: skip
def test_nothing_is_written_where_the_change_cannot_be_made(here: Path, answer: str, message: str) -> None:
    with StubOpenAI(answers(answer)) as stub:
        ended = ask(stub, "--output", "new.shortcut")
    assert ended.returncode == 1 and len(stub.requests) == 2
    assert message in ended.stderr and "nothing is written; ask again in other words, or another --model" in ended.stderr
    assert sorted(path.name for path in here.iterdir()) == ["old.shortcut"]


def test_half_an_answer_is_no_change(here: Path, catalog: Catalog) -> None:
    shortcut = to_shortcut(GOLD)
    answer = edit.judged(CompletionResult("```change\ndelete 15\ndelete 1", finish="length"), shortcut, to_python(shortcut)[0], catalog)
    assert answer.edited is None and "cut at the token limit" in answer.faults[0]
    with pytest.raises(UserError, match="longer than the model's context"):
        edit.changed(shortcut, "say it", lambda request: CompletionResult("", finish="prompt_too_long"), catalog)


@pytest.mark.parametrize(("new", "fault"), [
    ("x = " + "-" * 5000 + "1", "the change is nested too deep"),
    ("x = " + "[" * 150 + "]" * 150, "the change is nested too deep"),
    ("is_workflow_actions_showresult(Text='\ud800')", "the change holds half a character"),
])  # fmt: skip
def test_whatever_a_model_writes_is_a_change_or_a_fault(new: str, fault: str, catalog: Catalog) -> None:
    shortcut = to_shortcut(GOLD)
    answer = edit.judged(CompletionResult(f"```change\nreplace all\n{new}\n```"), shortcut, to_python(shortcut)[0], catalog)
    assert answer.edited is None and answer.faults[0].startswith(fault)


def test_a_whole_program_is_a_change_too_and_keeps_what_it_repeats(here: Path) -> None:
    lines = to_python(to_shortcut(GOLD))[0].splitlines()
    whole = "\n".join([lines[0], SPEAK, *lines[1:]])
    with StubOpenAI(answers(f"```python\n{whole}\n```")) as stub:
        ended = ask(stub, "--output", "new.shortcut")
    assert ended.returncode == 0 and "kept 17 actions equal to the byte, changed 0, added 1, removed 0" in ended.stderr


def test_a_program_is_edited_with_the_residue_beside_it(here: Path) -> None:
    (here / "mine.py").write_text("x = is_workflow_actions_ask()\nis_workflow_actions_showresult(Text=x)\n")
    with StubOpenAI(answers("```change\ndelete 2\n```", "```change\ninsert after 1\n'A remark.'\n```")) as stub:
        ended = ask(stub, file="mine.py")
        again = ask(stub, file="mine 2.py", query="say why")
    assert ended.returncode == again.returncode == 0 and (here / "mine 2.py").read_text() == "x = is_workflow_actions_ask()\n"
    assert "say it aloud" in said(stub, 1)  # the program is that of the history
    first, second = (plist.read_shortcut((here / name).read_bytes())["WFWorkflowActions"] for name in ("mine 2.shortcut", "mine 2 2.shortcut"))
    assert plist.same(first, second[:1])


def test_the_comments_of_a_program_stand_in_the_new_one(here: Path) -> None:
    (here / "mine.py").write_text("#!/usr/bin/env python\n\nx = is_workflow_actions_ask()  # the city\n# tell it\nprint(x)\n# the end\n")
    with StubOpenAI(answers("```change\ninsert after 1\nis_workflow_actions_vibrate()\n```", "```change\ndelete 2\n```")) as stub:
        ended = ask(stub, "--output", "new.shortcut", "--diff", file="mine.py")
        ask(stub, "--output", "new.shortcut", "--overwrite", file="new.py")
    assert ended.stdout.splitlines()[4:6] == ["+is_workflow_actions_vibrate()", " # tell it"]
    assert (here / "new.py").read_text() == ("#!/usr/bin/env python\n# the city\nx = is_workflow_actions_ask()\n# tell it\n"
                                             "is_workflow_actions_showresult(Text=x)\n# the end\n")


@pytest.mark.parametrize("taken", ["mine 2.shortcut", "mine 2.py", "mine 2.residue.json", "mine 2.edits.json"])
def test_a_result_without_a_name_replaces_no_file(taken: str, tmp_path: Path) -> None:
    (tmp_path / taken).touch()
    assert edit.output_for(tmp_path / "mine.py") == tmp_path / "mine 3.shortcut"


@pytest.mark.parametrize("taken", ["new.shortcut", "new.py", "new.residue.json", "new.edits.json"])
def test_a_file_that_is_there_is_replaced_with_overwrite_alone(here: Path, taken: str) -> None:
    (here / taken).write_bytes(b"AEA1 signed")
    with StubOpenAI(answers(f"```change\n{CHANGE}\n```")) as stub:
        ended = ask(stub, "--output", "new.shortcut", "--force")
        assert ended.returncode == 1 and not stub.requests
        assert ended.stderr == f"error: --output: {taken} is there already; give another name, or --overwrite to replace it\n"
        assert ask(stub, "--output", "new.shortcut", "--overwrite").returncode == 0
    assert (here / taken).read_bytes() != b"AEA1 signed"


def test_a_shortcut_is_not_edited_in_its_place_unless_that_is_said(here: Path) -> None:
    with StubOpenAI(answers(f"```change\n{CHANGE}\n```", "```change\ndelete 2\n```")) as stub:
        assert ask(stub, "--output", "old.shortcut").returncode == 1 and not stub.requests
        assert ask(stub, "--output", "old.shortcut", "--overwrite").returncode == 0
        assert ask(stub, "--output", "old.shortcut", "--overwrite", query="no, do not").returncode == 0
    assert [turn["query"] for turn in json.loads((here / "old.edits.json").read_bytes())["edits"]] == ["also say it aloud", "no, do not"]


@pytest.mark.parametrize(("flags", "message"), [
    (("--edit", "old.shortcut"), "--edit needs --query"),
    (("--edit", "old.shortcut", "--query", "x"), "--edit needs a --model: the rules cannot change a shortcut"),
    (("--edit", "old.shortcut", "--query", "x", "--model", "m", "--base-url", "http://x", "--candidates", "2"), "--edit asks for one change"),
    (("--query", "x", "--diff"), "--diff shows what --edit changed"),
])  # fmt: skip
def test_flags_that_cannot_go_together_are_refused(here: Path, flags: tuple[str, ...], message: str) -> None:
    ended = stage_runs.run("05", *flags)
    assert ended.returncode == 2 and message in ended.stderr


@pytest.mark.parametrize(("name", "data", "message"), [
    ("none.shortcut", None, "there is no such file"),
    ("a.shortcut", b"\x89PNG", "a.shortcut: this is a PNG image, no shortcut"),
    ("a.shortcut", b"", "a.shortcut: empty: no bytes but white space"),
    ("a.py", b"x = is_workflow_actions_ask(", "a.py: line 1: not Python"),
    ("a.edits.json", b"[]", "this is no history of edits; move it away"),
])  # fmt: skip
def test_a_file_that_cannot_be_edited_is_named_in_one_line(here: Path, name: str, data: bytes | None, message: str) -> None:
    if data is not None:
        (here / name).write_bytes(data)
    file = name.replace(".edits.json", ".shortcut")
    if file != name:
        (here / file).write_bytes((here / "old.shortcut").read_bytes())
    with StubOpenAI(answers("")) as stub:
        ended = ask(stub, file=file)
    assert ended.returncode == 1 and message in ended.stderr and "Traceback" not in ended.stderr
    assert not stub.requests


# ---------------------------------------------------------------------------------------------------------------------------------
# what is shown in part


@pytest.fixture
def long(catalog: Catalog) -> dict[str, Any]:
    return to_shortcut(f"a = is_workflow_actions_gettext(WFTextActionText='{LONG}')\nis_workflow_actions_showresult(Text=a)\n", catalog=catalog)


def test_a_long_text_is_shown_in_part_and_put_back_whole(long: dict[str, Any], catalog: Catalog) -> None:
    code = to_python(long)[0]
    shown = excerpts.shown_code(code).splitlines()[0]
    assert "characters] …" in shown and len(shown) < 600
    answer = edit.judged(CompletionResult(f"```change\nreplace 1\n{shown[:-1]}, ShowWhenRun=False)\n```"), long, code, catalog)
    assert answer.faults == () and answer.edited is not None
    parameters = answer.edited.shortcut["WFWorkflowActions"][0]["WFWorkflowActionParameters"]
    assert parameters["WFTextActionText"] == LONG.replace("\\n", "\n") and parameters["ShowWhenRun"] is False


def test_a_part_that_stands_for_nothing_known_is_refused(long: dict[str, Any], catalog: Catalog) -> None:
    answer = edit.judged(CompletionResult("```change\ninsert after 2\nis_workflow_actions_showresult(Text='x… [9 characters] …y')\n```"), long, to_python(long)[0], catalog)
    assert answer.edited is None
    assert answer.faults == ("line 2 of the change: '… [9 characters] …' stands for what is not shown, and it is not clear for what: use `keep` for "
                             "the line, or write it without",)  # fmt: skip


def test_secrets_are_masked_and_put_back(catalog: Catalog) -> None:
    shortcut = to_shortcut("is_workflow_actions_downloadurl(WFURL='https://x.org', WFHTTPHeaders={'Authorization': 'Bearer abc123abc123abc123'})\n")
    code = to_python(shortcut)[0]
    shown = excerpts.shown_code(code)
    assert "abc123" not in edit_prompts.edit_chat("x", code, [], catalog)[0]["content"]
    answer = edit.judged(CompletionResult(f"```change\nreplace 1\n{shown.replace('x.org', 'y.org')}```"), shortcut, code, catalog)
    assert answer.edited is not None and "Bearer abc123abc123abc123" in answer.edited.code and "y.org" in answer.edited.code


def test_texts_that_are_shown_alike_are_not_mixed_up() -> None:
    one, other = ("a" * 300 + middle + "b" * 300 for middle in "xy")
    code = f"first = '{one}'\nsecond = '{other}'\n"
    assert excerpts.restored(excerpts.shown_code(code), excerpts.hidden_texts(code)) == excerpts.shown_code(code)
    assert excerpts.left_out(excerpts.shown_code(code), code).keys() == {1, 2}


@pytest.mark.parametrize("text", [
    "```change\ndelete 2\n```", "Thought: it goes.\n```\ndelete 2\n```\nDone.", "delete 2", "<think>```change\ndelete 3\n```</think>\n```diff\ndelete 2\n```",
    "For example:\n```python\nx = 1\n```\n```change\ndelete 2",
])  # fmt: skip
def test_the_change_is_found_in_an_answer(text: str) -> None:
    assert edit_prompts.parse_change(text).strip() == "delete 2"


def test_lines_without_a_command_do_not_replace_the_whole_shortcut(here: Path) -> None:
    alert = "is_workflow_actions_alert(WFAlertActionMessage='Done')"
    with StubOpenAI(answers(f"Add this at the end:\n```python\n{alert}\n```", f"```change\ninsert after 1\n{alert}\n```")) as stub:
        ended = ask(stub, "--output", "new.shortcut")
    assert (ended.returncode, len(stub.requests)) == (0, 2) and "kept 17 actions equal to the byte, changed 0, added 1" in ended.stderr
    assert "the block holds no command" in said(stub, 1)


def test_the_commands_of_all_blocks_are_one_change() -> None:
    text = "First:\n```change\nreplace 3\na()\n```\nThen:\n```change\ninsert after 9\nb()\n```\nSo it is:\n```python\na()\nb()\n```"
    assert edit_prompts.parse_change(text) == "replace 3\na()\ninsert after 9\nb()\n"
