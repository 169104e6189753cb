"""Stage 01: good and bad folders, resume, duplicates, kills; lists of links against a server on loopback."""

from __future__ import annotations

import json
import plistlib
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from stub_hub import PRIVATE, StubHub

from common import cli
from common.crawl import client
from common.jsonl import UserError
from common.scrub import scrub_text
from shortcuts import plist
from shortcuts.plist import content_id, from_json, same, write_binary
from tests import stage_runs

ROOT = Path(__file__).resolve().parents[1]


def shortcut(text: str, **top: Any) -> dict[str, Any]:
    action = {"WFWorkflowActionIdentifier": "is.workflow.actions.gettext", "WFWorkflowActionParameters": {"WFTextActionText": text}}
    return {"WFWorkflowActions": [action], **top}


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "data" / "shortcuts.jsonl"


@pytest.fixture
def scrape(load_stage: Callable[[str], ModuleType], output: Path, monkeypatch: pytest.MonkeyPatch,
           capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Run the stage in this process with arguments; returns the exit code and the summary."""
    stage = load_stage("01")
    monkeypatch.setattr(client, "BACKOFF", 0.01)

    def run(*arguments: object) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr(sys, "argv", ["01_scrape.py", *map(str, arguments), "--output", str(output)])
        code = stage.main()
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


# ---------------------------------------------------------------------------------------------------------------------------------
# folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five shortcuts, one of them twice, three files that are none, and one that is none of ours."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    files = {"a.shortcut": write_binary(shortcut("a")), "b.plist": plistlib.dumps(shortcut("b", WFWorkflowName="Named")),
             "c.wflow": write_binary(shortcut("c")), "d.json": json.dumps(shortcut("d")).encode(),
             "sub/e.XML": plistlib.dumps(shortcut("e")), "sub/twin.plist": plistlib.dumps(shortcut("a")),
             "cut.plist": write_binary(shortcut("cut"))[:50], "empty.json": b"",
             "other.plist": plistlib.dumps({"a": 1}), "readme.txt": b"hello"}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_a_folder_is_imported_and_what_is_no_shortcut_is_rejected_with_its_reason(scrape: Any, folder: Path, output: Path) -> None:
    code, summary = scrape("--folder", folder)
    assert code == 0
    assert {key: summary[key] for key in ("read", "written", "rejected", "skipped", "failed", "other_files")} == {
        "read": 9, "written": 5, "rejected": 4, "skipped": 0, "failed": 0, "other_files": 1}
    written = records(output)
    assert [record["name"] for record in written] == ["a", "Named", "c", "d", "e"]
    for record in written:
        assert record["id"] == content_id(from_json(record["shortcut"]))
        assert set(record) == {"id", "source", "name", "description", "category", "downloads", "shortcut"}
    assert written[4]["source"]["file"] == "sub/e.XML"
    assert same(from_json(written[0]["shortcut"]), shortcut("a"))
    rejects = records(cli.rejects_path(output))
    assert [(reject["reason"], reject["detail"].split(":")[0]) for reject in rejects] == [
        ("truncated", "cut.plist"), ("empty", "empty.json"), ("not_a_shortcut", "other.plist"), ("duplicate", "sub/twin.plist")]
    assert written[0]["id"] in rejects[3]["detail"]


def test_a_rerun_writes_nothing_twice(scrape: Any, folder: Path, output: Path) -> None:
    scrape("--folder", folder)
    before = output.read_bytes(), cli.rejects_path(output).read_bytes()
    code, summary = scrape("--folder", folder)
    assert (code, summary["read"], summary["skipped"]) == (0, 0, 9)
    assert (output.read_bytes(), cli.rejects_path(output).read_bytes()) == before
    scrape("--folder", folder, "--overwrite")
    assert (output.read_bytes(), cli.rejects_path(output).read_bytes()) == before


def test_a_changed_file_and_a_file_of_the_same_name_elsewhere_are_read(scrape: Any, folder: Path, tmp_path: Path) -> None:
    scrape("--folder", folder)
    (folder / "a.shortcut").write_bytes(write_binary(shortcut("a, new")))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "c.wflow").write_bytes(write_binary(shortcut("another c")))
    assert scrape("--folder", folder)[1]["written"] == 1
    assert scrape("--folder", tmp_path / "more")[1]["written"] == 1


def test_a_limit_and_then_the_rest_give_the_whole(scrape: Any, folder: Path, output: Path) -> None:
    assert scrape("--folder", folder, "--limit", 2)[1]["read"] == 2
    assert scrape("--folder", folder)[1]["skipped"] == 2
    assert len(records(output)) == 5


def test_shards_share_the_files_out(scrape: Any, folder: Path, output: Path) -> None:
    assert sum(scrape("--folder", folder, "--shard", f"{part}/3")[1]["read"] for part in range(3)) == 9


def test_an_unreadable_file_is_tried_again(scrape: Any, folder: Path) -> None:
    secret = folder / "secret.plist"
    secret.symlink_to("/proc/self/mem")  # a file that opens and cannot be read, also by root
    if not secret.is_file():
        pytest.skip("needs /proc")
    code, summary = scrape("--folder", folder)
    assert (code, summary["failed"], summary["read"]) == (1, 1, 9)


def test_one_file_is_imported_as_that_of_a_folder(scrape: Any, folder: Path, output: Path) -> None:
    code, summary = scrape("--folder", folder / "a.shortcut")
    assert (code, summary["written"], records(output)[0]["source"]["file"]) == (0, 1, "a.shortcut")
    assert scrape("--folder", folder)[1]["skipped"] == 1


@pytest.mark.parametrize("scrub", [True, False])
def test_what_nobody_foresaw_in_a_file_is_one_reject_and_the_exit_code_says_so(scrape: Any, folder: Path, output: Path, monkeypatch: pytest.MonkeyPatch, scrub: bool) -> None:
    def broken(tree: Any) -> str:
        if "WFWorkflowName" in tree:
            raise ZeroDivisionError("planted")
        return content_id(tree)

    monkeypatch.setattr(plist, "content_id", broken)
    code, summary = scrape("--folder", folder, *(["--scrub"] if scrub else []))
    assert (code, summary["written"], summary["rejected"]) == (1, 4, 5)
    (reject,) = (reject for reject in records(cli.rejects_path(output)) if reject["reason"] == "internal_error")
    assert reject["detail"].startswith("b.plist: ZeroDivisionError at test_scrape.py")


@pytest.mark.slow
def test_the_whole_corpus_is_imported(scrape: Any, shared: Path, output: Path) -> None:
    code, summary = scrape("--folder", shared / "corpus" / "plist")
    assert (code, summary["read"], summary["written"] + summary["rejected"]) == (0, 713, 713)


def test_a_killed_run_and_its_rerun_equal_an_uninterrupted_one(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(150):  # every fifth is the twin of another, every seventh is cut short
        data = write_binary(shortcut(f"number {number - number % 5 if number % 5 == 1 else number} " + "x" * 20_000))
        (folder / f"{number:03}.shortcut").write_bytes(data[:-9] if number % 7 == 0 else data)
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    assert stage_runs.run("01", "--folder", folder, "--output", whole).returncode == 0
    in_the_middle = 0
    for _ in range(3):
        process = stage_runs.start("01", "--folder", folder, "--output", killed)
        size = killed.stat().st_size if killed.exists() else 0
        goal = size + random.randrange(1, whole.stat().st_size // 4)
        while process.poll() is None and (not killed.exists() or killed.stat().st_size < goal):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        in_the_middle += process.wait().returncode == -signal.SIGKILL
        with open(killed, "ab") as file:
            file.write(b'{"id":"torn')  # as if the kill had hit a write
    assert in_the_middle, "no kill hit a running process: make the folder larger"
    assert stage_runs.run("01", "--folder", folder, "--output", killed).returncode == 0
    for a, b in ((whole, killed), (cli.rejects_path(whole), cli.rejects_path(killed))):
        assert a.read_bytes() == b.read_bytes()


@pytest.mark.parametrize(("arguments", "code", "words"), [
    ([], 2, "--folder PATH, --links FILE or --routinehub IDS"),
    (["--links", "x", "--rate", "0"], 2, "--rate"),
    (["--links", "x"], 2, "--contact must be given"),
    (["--routinehub", "1-2"], 2, "--contact must be given"),
    (["--links", "x", "--contact", "me"], 2, "neither a URL nor an e-mail address"),
    (["--routinehub", "1-x"], 2, "no list of ids"),
    (["--links", "x", "--since", "lately"], 2, "--since"),
    (["--folder", "no/such/folder"], 1, "no such folder"),
    (["--links", "no-such-file", "--contact", "me@example.org"], 1, "no such file"),
])
def test_a_wrong_call_ends_in_one_clear_line(arguments: list[str], code: int, words: str, tmp_path: Path) -> None:
    done = stage_runs.run("01", *arguments, "--output", tmp_path / "o.jsonl")
    assert done.returncode == code
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------------------------------------------------------------------------
# links


@pytest.fixture
def hub() -> Iterator[StubHub]:
    with StubHub() as hub:
        yield hub


@pytest.fixture
def links(scrape: Any, hub: StubHub, tmp_path: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Scrape a links file of these lines."""

    def run(*lines: str, rate: float = 10_000) -> tuple[int, dict[str, Any]]:
        path = tmp_path / "links.txt"
        path.write_text("\n".join(lines) + "\n")
        return scrape("--links", path, *hub.arguments(rate))

    return run


def put(hub: StubHub, number: int, fault: str = "") -> str:
    return hub.add(number, write_binary(shortcut(f"cloud {number}")), fault)


def test_links_of_every_shape_are_fetched(links: Any, hub: StubHub, output: Path) -> None:
    ids = [put(hub, number) for number in range(1, 7)]
    dashed = "-".join((ids[3][:8], ids[3][8:12], ids[3][12:16], ids[3][16:20], ids[3][20:])).upper()
    about = {"url": f"icloud.com/shortcuts/{ids[4]}", "site": "a gallery", "author": "Ada", "downloads": 7, "description": "Does it."}
    code, summary = links("# a comment", "", f"https://www.icloud.com/shortcuts/{ids[0]}", f"https://icloud.com/shortcuts/{ids[1]}/?fbclid=x",
                          ids[2], dashed, json.dumps(about), ids[0], f"rhttps://www.icloud.com/shortcuts/{ids[5]}")
    assert (code, summary["read"], summary["written"], summary["states"]) == (0, 6, 6, {"ok": 6})
    written = {record["source"]["record"]: record for record in records(output)}
    assert set(written) == set(ids)
    first, fifth = written[ids[0]], written[ids[4]]
    assert first["source"]["url"] == f"https://www.icloud.com/shortcuts/{ids[0]}" and first["name"] == "Shortcut 1"
    assert (fifth["source"]["site"], fifth["source"]["author"], fifth["downloads"]) == ("a gallery", "Ada", 7)
    assert same(from_json(fifth["shortcut"]), shortcut("cloud 5"))
    assert set(first) == {"id", "source", "name", "description", "category", "downloads", "shortcut"}
    assert PRIVATE not in output.read_text()
    assert {asked.headers["User-Agent"] for asked in hub.asked} == {"WorkflowLLM-scrape/1.0 (mailto:me@example.org)"}
    before = len(hub.asked)
    assert links(*ids)[1]["skipped"] == 6 and len(hub.asked) == before  # nothing is asked for twice


def test_what_several_galleries_say_about_a_link_is_kept_once(links: Any, hub: StubHub, output: Path) -> None:
    url = f"https://www.icloud.com/shortcuts/{put(hub, 1)}"
    links(*(json.dumps({"url": url, **more}) for more in ({"description": "One."}, {"description": "Two.", "category": "Text"}, {"description": "One."})))
    assert [(record["description"], record["category"]) for record in records(output)] == [("One.\n\nTwo.", "Text")]


@pytest.mark.ci
@pytest.mark.parametrize("how", ["429 once", "429 after 0 once", "500 once", "503 once", "cut once", "file cut once", "file 403 once", "redirect once"])
def test_a_passing_trouble_is_overcome(links: Any, hub: StubHub, how: str) -> None:
    code, summary = links(put(hub, 1, how))
    assert (code, summary["written"]) == (0, 1)


def slow(*values: Any) -> Any:
    """A case that its neighbours stand for in the quick run."""
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.ci
@pytest.mark.parametrize(("how", "requests"), [("500", 5), slow("503", 5), ("file cut", 10), ("400", 1), ("403", 1), slow("html", 1), ("malformed", 1),
                                               ("wrong size", 2), slow("file 410", 10), ("file scheme", 1), slow("redirect", 5)])
def test_a_lasting_trouble_is_no_reject_but_tried_by_the_next_run(links: Any, hub: StubHub, output: Path, how: str, requests: int) -> None:
    bad, good = put(hub, 1, how), put(hub, 2)
    code, summary = links(bad, good)
    assert (code, summary["failed"], summary["written"], summary["rejected"], summary["states"]) == (1, 1, 1, 0, {"ok": 1, "transient": 1})
    assert hub.count(bad) == requests
    hub.by_record[bad].fault = ""
    code, summary = links(bad, good)
    assert (code, summary["failed"], summary["written"], summary["skipped"]) == (0, 0, 1, 1)
    assert len(records(output)) == 2


def test_what_is_no_link_or_no_shortcut_is_rejected_for_good(links: Any, hub: StubHub, output: Path) -> None:
    lines = ("https://example.org/shortcut/1/?token=planted", "nonsense \N{SNOWMAN}", put(hub, 2))
    hub.by_record[lines[2]].data = b"no shortcut"
    code, summary = links(*lines)
    assert (code, summary["rejected"], summary["failed"]) == (1, 3, 0)  # nothing came through
    assert Counter(reject["reason"] for reject in records(cli.rejects_path(output))) == {"bad_link": 2, "not_a_shortcut": 1}
    assert "planted" not in cli.rejects_path(output).read_text()
    assert links(*lines)[1]["skipped"] == 3


def test_equal_shortcuts_behind_two_links_are_one_record(links: Any, hub: StubHub, output: Path) -> None:
    first, second = put(hub, 1), put(hub, 2)
    hub.by_record[second].data = plistlib.dumps(shortcut("cloud 1"))
    assert links(first)[1]["written"] == 1
    assert links(first, second)[1]["rejected"] == 1
    detail = f"https://www.icloud.com/shortcuts/{second}: the same shortcut as {records(output)[0]['id']}"
    assert records(cli.rejects_path(output)) == [{"id": f"icloud-{second}", "reason": "duplicate", "detail": detail}]


def test_a_links_line_that_is_no_json_names_file_and_line(links: Any) -> None:
    with pytest.raises(UserError, match=r"links.txt:2: not JSON"):
        links("", '{"url": ')
    with pytest.raises(UserError, match=r'links.txt:1: field "url" is missing'):
        links("{}")


def test_an_output_started_anew_is_made_from_what_was_fetched(links: Any, scrape: Any, hub: StubHub, output: Path, tmp_path: Path) -> None:
    ids = [put(hub, number) for number in range(1, 4)]
    hub.by_record[ids[2]].data = b"no shortcut"
    links(*ids)
    before = sorted(output.read_bytes().splitlines()), cli.rejects_path(output).read_bytes(), len(hub.asked)
    assert scrape("--links", tmp_path / "links.txt", *hub.arguments(), "--overwrite")[1]["written"] == 2
    assert (sorted(output.read_bytes().splitlines()), cli.rejects_path(output).read_bytes(), len(hub.asked)) == before


@pytest.mark.parametrize("text", ["call 415 555-0132", "https://x.com/?access_token=1234567890123456", "https://x.com?appid=0123456789012345",
                                  "https://api.x.com/?key=ABCDEFGHIJKLMNOP"])  # fmt: skip
def test_numbers_of_people_and_keys_without_small_letters_are_replaced(text):
    assert scrub_text(text) != text


@pytest.mark.parametrize("text", ["https://x.com/?sort_key=relevance", "https://x.com/?get_token=get_token", "https://y.com/v?t=00h01m20s"])
def test_words_and_times_in_a_query_are_no_keys(text):
    assert scrub_text(text) == text
