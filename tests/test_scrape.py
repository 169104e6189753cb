"""Stage 01: folders good and bad, resume, duplicates, a kill at any moment, and links against a server on the loopback."""

from __future__ import annotations

import argparse
import json
import plistlib
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from common import cli
from common.jsonl import UserError
from common.plist import content_id, from_json, same, write_binary

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
    monkeypatch.setattr(stage, "BACKOFF", 0.01)

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


@pytest.mark.slow
def test_the_whole_corpus_is_imported(scrape: Any, shared: Path, output: Path) -> None:
    code, summary = scrape("--folder", shared / "corpus" / "plist")
    assert (code, summary["read"], summary["written"] + summary["rejected"]) == (0, 713, 713)


def command(folder: Path, output: Path) -> list[str]:
    return [sys.executable, str(ROOT / "01_scrape.py"), "--folder", str(folder), "--output", str(output)]


def test_a_killed_run_and_its_rerun_equal_an_uninterrupted_one(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(400):  # every fifth is the twin of another, every seventh is cut short
        data = write_binary(shortcut(f"number {number - number % 5 if number % 5 == 1 else number} " + "x" * 20_000))
        (folder / f"{number:03}.shortcut").write_bytes(data[:-9] if number % 7 == 0 else data)
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    subprocess.run(command(folder, whole), check=True, capture_output=True)
    in_the_middle = 0
    for _ in range(3):
        process = subprocess.Popen(command(folder, killed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        size = killed.stat().st_size if killed.exists() else 0
        goal = size + random.randrange(1, whole.stat().st_size // 4)
        while process.poll() is None and (not killed.exists() or killed.stat().st_size < goal):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        in_the_middle += process.wait() == -signal.SIGKILL
        with open(killed, "ab") as file:
            file.write(b'{"id":"torn')  # as if the kill had hit a write
    assert in_the_middle, "no kill hit a running process: make the folder larger"
    subprocess.run(command(folder, killed), check=True, capture_output=True)
    for a, b in ((whole, killed), (cli.rejects_path(whole), cli.rejects_path(killed))):
        assert a.read_bytes() == b.read_bytes()


@pytest.mark.parametrize(("arguments", "code", "words"), [
    ([], 2, "--folder DIR, --links FILE or both"),
    (["--links", "x", "--rate", "0"], 2, "--rate"),
    (["--folder", "no/such/folder"], 1, "no such folder"),
    (["--links", "no-such-file"], 1, "no such file"),
])
def test_a_wrong_call_ends_in_one_clear_line(arguments: list[str], code: int, words: str, tmp_path: Path) -> None:
    call = [sys.executable, ROOT / "01_scrape.py", *arguments, "--output", tmp_path / "o.jsonl"]
    done = subprocess.run(call, capture_output=True, text=True)
    assert done.returncode == code
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------------------------------------------------------------------------
# links


class Cloud(ThreadingHTTPServer):
    """Answers like iCloud: a record per id, whose file is at /file/<id>/...; `behaviour` says what goes wrong with an id."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CloudHandler)
        self.files: dict[str, bytes] = {}
        self.behaviour: dict[str, str] = {}
        self.requests: list[tuple[float, str]] = []
        self.agents: set[str] = set()
        self.url = f"http://127.0.0.1:{self.server_port}"


class CloudHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Cloud

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: bytes, announced: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(announced or len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = announced is not None

    def do_GET(self) -> None:
        kind, record = self.path.split("/")[1], self.path.split("/")[-1 if "/api/" in self.path else 2]
        how, seen = self.server.behaviour.get(record, ""), sum(self.path == path for _, path in self.server.requests)
        self.server.requests.append((time.monotonic(), self.path))
        self.server.agents.add(self.headers["User-Agent"])
        data = self.server.files.get(record)
        if how in {"429 once", "500 once"} and not seen:
            self.answer(int(how[:3]), b"later", Retry_After="0")
        elif how.isdecimal():
            self.answer(int(how), b"no")
        elif how == "long wait":
            self.answer(429, b"", Retry_After="86400")
        elif how == "html":
            self.answer(200, b"<html>Just a moment...</html>", Content_Type="text/html")
        elif how == "error body":
            self.answer(200, b'{"error": true, "reason": "Not Found"}')
        elif how == "no json":
            self.answer(200, b'{"fields": {')
        elif data is None:
            self.answer(404, b"{}")
        elif kind == "file" and how in {"cut", "cut once"} and not (how == "cut once" and seen):
            self.answer(200, data[:20], announced=len(data))
        elif kind == "file" and how == "expired":
            self.answer(404, b"")
        elif kind == "file":
            self.answer(200, data)
        else:
            asset = {"downloadURL": f"{self.server.url}/file/{record}/${{f}}?e=1", "size": len(data) + (how == "wrong size")}
            if how == "file scheme":
                asset["downloadURL"] = "file:///etc/hostname"
            fields = {"name": {"value": f"Name of {record[:2]}"}, "shortcut": {"value": asset}}
            self.answer(200, json.dumps({"fields": fields, "created": {"userRecordName": "_secret", "deviceID": "_secret"}}).encode())


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def links(scrape: Any, cloud: Cloud, tmp_path: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Scrape a links file of these lines."""

    def run(*lines: str, rate: float = 10_000) -> tuple[int, dict[str, Any]]:
        path = tmp_path / "links.txt"
        path.write_text("\n".join(lines) + "\n")
        return scrape("--links", path, "--base-url", cloud.url, "--rate", rate, "--contact", "mailto:me@example.org")

    return run


def record_id(number: int) -> str:
    return f"{number:032x}"[::-1]


def put(cloud: Cloud, number: int, how: str = "") -> str:
    cloud.files[record_id(number)] = write_binary(shortcut(f"cloud {number}"))
    cloud.behaviour[record_id(number)] = how
    return record_id(number)


def test_links_of_every_shape_are_fetched(links: Any, cloud: Cloud, output: Path) -> None:
    ids = [put(cloud, number) for number in range(1, 6)]
    dashed = "-".join((ids[3][:8], ids[3][8:12], ids[3][12:16], ids[3][16:20], ids[3][20:])).upper()
    about = {"url": f"icloud.com/shortcuts/{ids[4]}", "site": "a gallery", "author": "Ada", "downloads": 7, "description": "Does it."}
    code, summary = links("# a comment", "", f"https://www.icloud.com/shortcuts/{ids[0]}", f"https://icloud.com/shortcuts/{ids[1]}/?fbclid=x",
                          ids[2], dashed, json.dumps(about), ids[0])
    assert (code, summary["read"], summary["written"], summary["skipped"]) == (0, 5, 5, 1)
    written = records(output)
    assert [record["source"]["record"] for record in written] == ids
    assert written[0]["source"]["url"] == f"https://www.icloud.com/shortcuts/{ids[0]}" and written[0]["name"] == f"Name of {ids[0][:2]}"
    assert (written[4]["source"]["site"], written[4]["source"]["author"], written[4]["downloads"]) == ("a gallery", "Ada", 7)
    assert same(from_json(written[4]["shortcut"]), shortcut("cloud 5"))
    assert "_secret" not in output.read_text()
    assert cloud.agents == {"WorkflowLLM-scrape/1.0 (mailto:me@example.org)"}
    assert links(*ids)[1]["skipped"] == 5 and len(cloud.requests) == 10  # nothing is asked for twice


@pytest.mark.parametrize("how", ["429 once", "500 once", "cut once"])
def test_a_passing_trouble_is_overcome(links: Any, cloud: Cloud, how: str) -> None:
    code, summary = links(put(cloud, 1, how))
    assert (code, summary["written"]) == (0, 1)


def slow(*values: Any) -> Any:
    """A case that its neighbours stand for in the quick run."""
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize(("how", "requests"), [("500", 5), slow("429", 5), ("cut", 6), ("400", 1), ("403", 1), slow("html", 1), ("no json", 1),
                                               slow("long wait", 1), ("wrong size", 2), slow("expired", 2), ("file scheme", 1)])
def test_a_lasting_trouble_is_no_reject_but_tried_by_the_next_run(links: Any, cloud: Cloud, output: Path, how: str, requests: int) -> None:
    bad, good = put(cloud, 1, how), put(cloud, 2)
    code, summary = links(bad, good)
    assert (code, summary["failed"], summary["written"], summary["rejected"]) == (1, 1, 1, 0)
    assert sum(bad in path for _, path in cloud.requests) == requests
    cloud.behaviour.clear()
    code, summary = links(bad, good)
    assert (code, summary["failed"], summary["written"], summary["skipped"]) == (0, 0, 1, 1)
    assert len(records(output)) == 2


def test_what_is_gone_or_no_link_is_rejected_for_good(links: Any, cloud: Cloud, output: Path) -> None:
    lines = (record_id(9), put(cloud, 1, "error body"), "https://routinehub.co/shortcut/1/", "nonsense \N{SNOWMAN}", put(cloud, 2))
    cloud.files[record_id(2)] = b"no shortcut"
    code, summary = links(*lines)
    assert (code, summary["rejected"], summary["failed"]) == (0, 5, 0)
    assert Counter(reject["reason"] for reject in records(cli.rejects_path(output))) == {"gone": 2, "bad_link": 2, "not_a_shortcut": 1}
    assert links(*lines)[1]["skipped"] == 5


def test_equal_shortcuts_behind_two_links_are_one_record(links: Any, cloud: Cloud, output: Path) -> None:
    first, second = put(cloud, 1), put(cloud, 2)
    cloud.files[second] = plistlib.dumps(shortcut("cloud 1"))
    assert links(first, second)[1]["rejected"] == 1
    detail = f"https://www.icloud.com/shortcuts/{second}: the same shortcut as {records(output)[0]['id']}"
    assert records(cli.rejects_path(output)) == [{"id": f"icloud-{second}", "reason": "duplicate", "detail": detail}]


def test_after_five_refusals_in_a_row_it_stops(links: Any, cloud: Cloud) -> None:
    ids = [put(cloud, number, "403") for number in range(1, 10)]
    with pytest.raises(UserError, match="refused 5 requests in a row.*stopped"):
        links(*ids)
    assert len(cloud.requests) == 5


def test_a_good_answer_between_refusals_lets_it_go_on(links: Any, cloud: Cloud) -> None:
    code, summary = links(*(put(cloud, number, "" if number % 3 == 0 else "403") for number in range(1, 13)))
    assert (code, summary["failed"], summary["written"]) == (1, 8, 4)


def test_the_rate_is_kept(links: Any, cloud: Cloud) -> None:
    links(*(put(cloud, number) for number in range(1, 4)), rate=50)
    times = [moment for moment, _ in cloud.requests]
    assert len(times) == 6 and times[-1] - times[0] >= 5 / 50 - 0.005


def test_a_links_line_that_is_no_json_names_file_and_line(links: Any) -> None:
    with pytest.raises(UserError, match=r"links.txt:2: not JSON"):
        links("", '{"url": ')
    with pytest.raises(UserError, match=r'links.txt:1: field "url" is missing'):
        links("{}")


def test_retry_after_is_a_number_or_a_date(load_stage: Callable[[str], ModuleType]) -> None:
    stage = load_stage("01")
    for text, low, high in (("7", 7, 7), ("Fri, 01 Jan 2100 00:00:00 GMT", 1e6, 1e10), ("soon", 0, 0), ("", 0, 0)):
        assert low <= stage.retry_after(argparse.Namespace(headers={"Retry-After": text})) <= high
