"""Stage 01 on files that hold several shortcuts: zip archives, JSONL, arrays; and shortcuts that stand as text in a record's field."""

from __future__ import annotations

import base64
import io
import json
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest
import stage_runs

from common import cli, jsonl
from shortcuts import plist
from shortcuts.plist import PlistError, archive, content_id, from_json, read_field, read_shortcut, same, to_json, write_binary, write_xml


def shortcut(text: str, **top: Any) -> dict[str, Any]:
    action = {"WFWorkflowActionIdentifier": "is.workflow.actions.gettext", "WFWorkflowActionParameters": {"WFTextActionText": text, "Data": b"\0\r"}}
    return {"WFWorkflowActions": [action], **top}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as written:
        for name, data in files.items():
            written.writestr(name, data)
    return buffer.getvalue()


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "shortcuts.jsonl"


@pytest.fixture
def scrape(load_stage: Callable[[str], ModuleType], output: Path, monkeypatch: pytest.MonkeyPatch,
           capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    stage = load_stage("01")

    def run(*arguments: object) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr(sys, "argv", ["01_scrape.py", *map(str, arguments), "--output", str(output)])
        code = stage.main()
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


def rejects(output: Path) -> dict[str, str]:
    return {reject["detail"].split(":")[0]: reject["reason"] for reject in records(cli.rejects_path(output))}


# ---------------------------------------------------------------------------------------------------------------------------------
# archives


@pytest.mark.parametrize(("files", "reason"), [({"readme.txt": b"hello"}, "not_a_shortcut"), ({"film.mov": bytes(range(256)) * 8}, "too_large")])
def test_an_archive_that_holds_none_or_is_too_large_is_a_reject(scrape: Any, tmp_path: Path, output: Path, files: dict[str, bytes], reason: str,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plist, "MAX_BYTES", 1000)
    (tmp_path / "all.zip").write_bytes(zipped(files, zipfile.ZIP_STORED))
    assert scrape("--folder", tmp_path / "all.zip")[1]["rejected"] == 1
    assert rejects(output) == {"all.zip": reason}


def test_each_shortcut_of_an_archive_is_a_record_with_its_own_id_and_place(scrape: Any, tmp_path: Path, output: Path) -> None:
    (tmp_path / "in").mkdir()
    files = {"One.shortcut": write_binary(shortcut("1")), "sub/Zwei ü.plist": write_xml(shortcut("2")), "../up.wflow": write_binary(shortcut("3")),
             "__MACOSX/._One.shortcut": b"attributes", "readme.txt": b"hello", "again.plist": write_binary(shortcut("1")), "sub/cut.json": b'{"a'}
    (tmp_path / "in" / "all.zip").write_bytes(zipped(files))
    code, summary = scrape("--folder", tmp_path / "in")
    assert (code, summary["read"], summary["written"], summary["rejected"]) == (0, 5, 3, 2)
    assert [(record["source"]["file"], record["name"]) for record in records(output)] == [
        ("all.zip/One.shortcut", "One"), ("all.zip/sub/Zwei ü.plist", "Zwei ü"), ("all.zip/../up.wflow", "up")]
    assert [record["id"] for record in records(output)] == [content_id(shortcut(text)) for text in "123"]
    assert rejects(output) == {"all.zip/again.plist": "duplicate", "all.zip/sub/cut.json": "truncated"}
    assert not (tmp_path / "up.wflow").exists()
    assert scrape("--folder", tmp_path / "in")[1]["skipped"] == 5
    assert scrape("--folder", tmp_path / "in" / "all.zip", "--overwrite")[1]["written"] == 3


def test_a_limit_counts_shortcuts_and_a_rerun_goes_on(scrape: Any, tmp_path: Path, output: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({f"{number}.plist": write_binary(shortcut(str(number))) for number in range(5)}))
    assert scrape("--folder", tmp_path / "a.zip", "--limit", 2)[1]["written"] == 2
    assert scrape("--folder", tmp_path / "a.zip")[1]["written"] == 3 and len(records(output)) == 5


def encrypted(data: bytes) -> bytes:
    """The archive with the flag of a password set in both headers."""
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(mark) + offset
        data = data[:at] + struct.pack("<H", 1) + data[at + 2:]
    return data


@pytest.mark.parametrize("data, name, reason", [
    (zipped({"a.zip": zipped({"b.plist": write_binary(shortcut("b"))})}), "x.zip/a.zip", "nested_archive"),
    (zipped({"a.plist": zipped({})}), "x.zip/a.plist", "nested_archive"),
    (zipped({"a.plist": bytes(3 << 20)}), "x.zip/a.plist", "too_large"),
    (zipped({"a.plist": b"<plist/>"}, zipfile.ZIP_LZMA), "x.zip/a.plist", "bad_archive"),
    (encrypted(zipped({"a.plist": b"<plist/>"})), "x.zip/a.plist", "encrypted"),
    (zipped({"a.plist": b"<plist/>"}, zipfile.ZIP_STORED).replace(b"<plist/>", b"<plist!>", 1), "x.zip/a.plist", "bad_archive"),
    (zipped({"a.plist": b"<plist/>"})[:40], "x.zip", "bad_archive"),
    (b"PK\x03\x04" + archive.ENTRY * (archive.MAX_MEMBERS + 1), "x.zip", "too_large"),
], ids=["nested", "nested by another name", "ratio", "lzma", "password", "checksum", "cut", "members"])
def test_what_cannot_be_read_of_an_archive_is_rejected_with_its_place(scrape: Any, tmp_path: Path, output: Path, data: bytes, name: str, reason: str) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    scrape("--folder", tmp_path / "x.zip")
    assert rejects(output)[name] == reason


def test_all_members_together_are_bounded(scrape: Any, tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 2000)
    (tmp_path / "x.zip").write_bytes(zipped({f"{number}.plist": write_xml(shortcut(str(number))) for number in range(5)}))
    _, summary = scrape("--folder", tmp_path / "x.zip")
    assert 0 < summary["written"] < 5 and rejects(output) == {"x.zip": "too_large"}


def test_an_archive_of_one_shortcut_is_that_shortcut_and_of_several_none() -> None:
    assert same(read_shortcut(zipped({"a.shortcut": write_binary(shortcut("a")), "b.txt": b""})), shortcut("a"))
    for data in (zipped({}), zipped({"a.shortcut": write_binary(shortcut("a")), "b.plist": b""})):
        with pytest.raises(PlistError, match="not_a_shortcut: an archive of"):
            read_shortcut(data)
    with pytest.raises(PlistError, match="nested_archive"):
        read_shortcut(zipped({"a.plist": zipped({})}))


# ---------------------------------------------------------------------------------------------------------------------------------
# records


def spellings(tree: dict[str, Any]) -> list[Any]:
    """The ways in which a record's field may hold a shortcut."""
    binary, xml = write_binary(tree), write_xml(tree)
    coded = [base64.b64encode(binary), base64.encodebytes(binary), base64.b64encode(xml)]
    return [to_json(tree), json.dumps(to_json(tree)), "\ufeff\n " + json.dumps(to_json(tree), indent=2), xml.decode(), *(data.decode() for data in coded)]


def test_a_field_holds_a_shortcut_as_json_or_as_any_text() -> None:
    tree = shortcut("a\r\nb")
    for number, value in enumerate(spellings(tree)):
        assert same(read_field(value), tree), number
        assert same(read_shortcut(json.dumps({"id": "x", "shortcut": value}).encode()), tree), number


@pytest.mark.parametrize("value, code", [("", "empty"), ("no shortcut", "not_a_shortcut"), ("{", "truncated"), ("[]", "not_a_shortcut"), ("QUJD", "not_a_shortcut"),
                                         ("<html/>", "not_a_shortcut"), ('{"a": 1}', "not_a_shortcut"), ("\ud83d", "not_a_shortcut"), (5, "not_a_shortcut"), (None, "bad_type")])
def test_a_field_that_holds_none_has_a_code(value: Any, code: str) -> None:
    with pytest.raises(PlistError) as error:
        read_field(value)
    assert error.value.code == code


@pytest.mark.parametrize("name", ["gallery.jsonl", "gallery.json"])
def test_each_record_of_a_gallery_is_imported_with_what_it_says(scrape: Any, tmp_path: Path, output: Path, name: str) -> None:
    entries: list[Any] = [{"NameINStore": "First", "DescriptionInStore": "Does it.", "CategoryInStore": ["Fun", "Home"], "Downloads": 7, "URL": "https://example.org/1",
                           "Source": "example.org", "shortcut": json.dumps(shortcut("1") | {"WFWorkflowActions": []})},
                          {"name": 5, "url": {}, "shortcut": write_xml(shortcut("2")).decode()}, {"shortcut": "nothing"}, 7]
    lines = "\n\n".join(map(json.dumps, entries)) + "\n{torn" if name.endswith("l") else json.dumps(entries, indent=1)
    (tmp_path / name).write_text(lines)
    _, summary = scrape("--folder", tmp_path / name)
    first, second = records(output)
    assert (first["name"], first["description"], first["category"], first["downloads"]) == ("First", "Does it.", "Fun, Home", 7)
    assert {key: first["source"][key] for key in ("site", "url", "file")} == {"site": "example.org", "url": "https://example.org/1", "file": f"{name}:1"}
    assert same(from_json(second["shortcut"]), shortcut("2")) and second["source"]["site"] == "file" and second["source"]["url"] is None
    assert summary["rejected"] == (3 if name.endswith("l") else 2)
    assert scrape("--folder", tmp_path / name)[1]["read"] == 0


@pytest.mark.parametrize("broken, reason", [
    (b'"cut emoji \\ud83d"', "not_unicode"), (b'"Latin-1: \xe9"', "bad_json"), (b'"two\nlines"', "bad_json"), (b"[" * 300 + b"]" * 300, "too_deep"),
], ids=["lone surrogate", "not UTF-8", "line break", "too deep"])  # fmt: skip
def test_a_broken_record_of_an_array_is_a_reject_with_its_place_and_spoils_no_other(scrape: Any, tmp_path: Path, output: Path, broken: bytes,
                                                                                    reason: str) -> None:
    good = [json.dumps({"name": text, "shortcut": to_json(shortcut(text))}).encode() for text in "ab"]
    bad = b'{"name": "c", "shortcut": {"WFWorkflowActions": [], "x": %s}}' % broken
    (tmp_path / "all.json").write_bytes(b"[%s ,\n%s, %s]\n" % (good[0], bad, good[1]))
    summary = scrape("--folder", tmp_path / "all.json")[1]
    assert (summary["read"], summary["written"], [*rejects(output).values()]) == (3, 2, [reason])
    assert records(cli.rejects_path(output))[0]["detail"].startswith("all.json:2: ")
    assert [record["source"]["file"] for record in records(output)] == ["all.json:1", "all.json:3"]
    (tmp_path / "all.json").write_bytes(b"[%s, 7, %s]" % (*good,))  # mended, the others are known
    assert scrape("--folder", tmp_path / "all.json")[1]["read"] == 1


@pytest.mark.parametrize("data, reason", [(b'[{"a": 1}, {"b": "\xe9"}', "bad_json"), (b'[{"a": 1} {"b": 2}]', "bad_json"), (b'[{"a": 1}, {"b"', "truncated"),
                                          (b"[" * 3000, "too_deep")])
def test_an_array_that_cannot_be_taken_apart_is_one_reject(scrape: Any, tmp_path: Path, output: Path, data: bytes, reason: str) -> None:
    (tmp_path / "all.json").write_bytes(data)
    assert scrape("--folder", tmp_path / "all.json")[1]["read"] == 1 and rejects(output) == {"all.json": reason}


def test_a_line_that_is_too_large_is_one_reject(scrape: Any, tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shortcuts.plist.MAX_BYTES", 1000)
    (tmp_path / "a.jsonl").write_text(json.dumps({"shortcut": "a" * 5000}) + "\n" + json.dumps({"shortcut": {"WFWorkflowActions": []}}) + "\n")
    scrape("--folder", tmp_path / "a.jsonl")
    assert rejects(output) == {"a.jsonl": "too_large"} and records(output)[0]["source"]["file"] == "a.jsonl:2"


def test_the_next_stage_reads_a_field_that_is_text(load_stage: Callable[[str], ModuleType]) -> None:
    stage = load_stage("02")
    texts = {json.dumps(stage.transcribe({"id": "a", "shortcut": value})["code"]) for value in spellings(shortcut("hello"))}
    assert len(texts) == 1 and "hello" in texts.pop()


def test_a_run_does_not_read_what_it_writes_into_the_folder(scrape: Any, tmp_path: Path, output: Path) -> None:
    (tmp_path / "one.shortcut").write_bytes(write_binary(shortcut("a")))
    for read in (1, 0):
        code, summary = scrape("--folder", tmp_path)
        assert (code, summary["read"], summary["rejected"], len(records(output)), rejects(output)) == (0, read, 0, 1, {})


def test_of_a_file_that_grows_what_was_there_is_read(tmp_path: Path, load_stage: Callable[[str], ModuleType]) -> None:
    path = tmp_path / "growing.jsonl"
    path.write_text('{"a": 1}\n')
    for found in load_stage("01").shortcuts_in(tmp_path, [path], []):
        with path.open("ab") as grown:
            grown.write(found.data + b"\n")
    assert path.read_text() == '{"a": 1}\n{"a": 1}\n\n'


def test_a_record_with_fields_that_no_property_list_has_is_read_by_its_shortcut(tmp_path):
    record = {"name": "x", "description": None, "shortcut": {"WFWorkflowActions": []}}
    assert plist.read_shortcut(orjson.dumps(record)) == {"WFWorkflowActions": []}
    assert plist.read_shortcut(orjson.dumps(record | {"shortcut": '{"WFWorkflowActions": []}'})) == {"WFWorkflowActions": []}


def test_a_file_is_not_imported_into_itself(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"shortcut": {"WFWorkflowActions": []}}\n')
    with pytest.raises(jsonl.UserError, match="read and would be written"):
        stage_runs.load("01").list_files(path, (path,))
