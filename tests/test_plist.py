"""Reading shortcuts of every kind, hostile ones included, and their exact way to JSON and back."""

from __future__ import annotations

import hashlib
import json
import plistlib
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortcuts import plist
from shortcuts.plist import PlistError, aea, content_id, from_json, parser, read_shortcut, same, to_json, write_binary
from shortcuts.plist import xml as xml_lists

ROOT = Path(__file__).resolve().parents[1]
ACTION = {"WFWorkflowActionIdentifier": "is.workflow.actions.gettext", "WFWorkflowActionParameters": {"WFTextActionText": "Grüße, 👋"}}
SHORTCUT = {"WFWorkflowActions": [ACTION], "WFWorkflowClientVersion": "900", "WFWorkflowIcon": {"WFWorkflowIconStartColor": 4282601983}}
APPLE_DOCTYPE = '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">'


def code_of(data: bytes) -> str:
    """The code that reading ends in; fails if it does not fail, or takes long."""
    started = time.process_time()
    with pytest.raises(PlistError) as error:
        read_shortcut(data)
    assert time.process_time() - started < 30, "it hangs: 2 s are meant"
    assert error.value.detail and "\n" not in error.value.detail
    return error.value.code


def shortcut_with(value: Any) -> dict[str, Any]:
    return {"WFWorkflowActions": [{**ACTION, "WFWorkflowActionParameters": {"value": value}}]}


# ---------------------------------------------------------------------------------------------------------------------------------
# files made by hand


def xml(body: str, head: str = APPLE_DOCTYPE) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n<plist version="1.0">{body}</plist>'.encode()


def binary(objects: list[bytes], ref_size: int = 4) -> bytes:
    """A binary property list of encoded objects; the first is the top."""
    data, offsets = b"bplist00", []
    for item in objects:
        offsets.append(len(data))
        data += item
    table = len(data)
    return data + b"".join(struct.pack(">I", o) for o in offsets) + struct.pack(">6xBBQQQ", 4, ref_size, len(objects), 0, table)


def binary_array(*references: int) -> bytes:
    return b"\xaf\x12" + struct.pack(">I", len(references)) + struct.pack(f">{len(references)}I", *references)


def signed(inner: bytes, *, segment: bytes | None = None, **false: int) -> bytes:
    """A signed file as Apple lays it out, around a file's bytes; `false` replaces a size by a lie."""
    import liblzfse

    fields = b"TYP1D" + b"PATP" + struct.pack("<H", 0)
    directory = b"AA01" + struct.pack("<H", 6 + len(fields)) + fields
    name = b"Shortcut.wflow"
    fields = b"TYP1F" + b"PATP" + struct.pack("<H", len(name)) + name + b"DATB" + struct.pack("<I", false.get("data", len(inner)))
    raw = directory + b"AA01" + struct.pack("<H", 6 + len(fields)) + fields + inner
    segments = [raw[i:i + (1 << 20)] for i in range(0, len(raw), 1 << 20)]
    packed = [segment if segment is not None else liblzfse.compress(part) for part in segments]
    headers = b"".join(struct.pack("<II", false.get("raw", len(a)), false.get("stored", len(b))) + hashlib.sha256(a).digest()
                       for a, b in zip(segments, packed, strict=True)).ljust(256 * 40, b"\0")
    body = headers + bytes(32 + 256 * 32) + b"".join(packed)
    auth = b"the signer's certificates"
    size = 12 + len(auth) + aea.PROLOGUE_END + len(body)
    root = struct.pack("<QQIIcB", false.get("total", len(raw)), false.get("file", size), 1 << 20, false.get("segments", 256), b"e", 2)
    prologue = b"AEA1" + bytes(4) + struct.pack("<I", false.get("auth", len(auth))) + auth
    return prologue + bytes(aea.ROOT_HEADER) + root.ljust(48, b"\0") + bytes(32) + body


# ---------------------------------------------------------------------------------------------------------------------------------
# what can be read


def test_every_format_reads_as_the_same_tree_with_the_same_id() -> None:
    compact, text = plistlib.dumps(SHORTCUT, fmt=plistlib.FMT_BINARY), plistlib.dumps(SHORTCUT)
    utf16 = text.decode().replace("UTF-8", "UTF-16").encode("utf-16")
    files = [compact, text, b"\xef\xbb\xbf" + text, b"\n  " + text, utf16, signed(compact), signed(text), orjson.dumps(SHORTCUT),
             orjson.dumps({"id": "x", "shortcut": to_json(SHORTCUT)})]
    for data in files:
        assert same(read_shortcut(data), SHORTCUT), data[:40]
    assert len({content_id(read_shortcut(data)) for data in files}) == 1
    assert content_id(dict(reversed(SHORTCUT.items()))) == content_id(SHORTCUT)
    assert content_id(shortcut_with(1)) != content_id(shortcut_with(1.0)) != content_id(shortcut_with(True))


def test_a_signed_file_of_many_segments_and_blocks_is_unpacked() -> None:
    big = shortcut_with(" ".join(hashlib.sha256(bytes([i % 251, i % 241])).hexdigest() for i in range(40_000)))
    assert same(read_shortcut(signed(plistlib.dumps(big, fmt=plistlib.FMT_BINARY))), big)


def test_a_wrong_checksum_rejects_only_what_cannot_be_read() -> None:
    good = plistlib.dumps(SHORTCUT, fmt=plistlib.FMT_BINARY)
    checksum = 12 + len(b"the signer's certificates") + aea.PROLOGUE_END + 8  # the first segment's
    damaged = bytearray(signed(good))
    damaged[checksum] ^= 1
    assert aea.unpack(bytes(damaged), 1 << 20) == (good, False)
    assert same(read_shortcut(bytes(damaged)), SHORTCUT)
    bad = bytearray(signed(b"no property list"))
    bad[checksum] ^= 1
    assert code_of(bytes(bad)) == "bad_hash"


@pytest.mark.parametrize("part", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_the_corpus_is_read_exactly(shared: Path, part: int) -> None:
    files = sorted((shared / "corpus" / "plist").iterdir())
    assert len(files) == 713
    for file in files[::part]:
        shortcut = read_shortcut(file.read_bytes())
        assert same(from_json(orjson.loads(orjson.dumps(to_json(shortcut)))), shortcut), file


def test_signed_files_decode_to_their_plists(shared: Path) -> None:
    corpus = shared / "corpus"
    pairs = [json.loads(line) for line in (corpus / "signed_manifest.jsonl").read_text().splitlines()]
    assert len(pairs) == 40
    for pair in pairs:
        expected = read_shortcut((corpus / pair["decodes_to"]).read_bytes())
        assert same(read_shortcut((corpus / pair["file"]).read_bytes()), expected), pair["file"]
        assert same(read_shortcut(write_binary(expected)), expected), pair["file"]


# ---------------------------------------------------------------------------------------------------------------------------------
# what can't


@pytest.mark.parametrize(("data", "code"), [
    (b"", "empty"),
    (b" \n", "empty"),
    (b"MZ\x90\0", "not_a_shortcut"),
    (b"<html><body>Just a moment", "truncated"),
    (b"<html></html>", "not_a_shortcut"),
    (b"<plist><key>a</key></plist>", "bad_xml"),
    (b"<plist><date>yesterday</date></plist>", "bad_xml"),
    (b"<plist><integer>many</integer></plist>", "bad_xml"),
    (b"<plist><integer>0x" + b"f" * 1000 + b"</integer></plist>", "bad_plist"),
    (plistlib.dumps([1]), "not_a_shortcut"),
    (plistlib.dumps({"WFWorkflowActions": {}}), "not_a_shortcut"),
    (plistlib.dumps({"WFWorkflowActions": ["text"]}), "bad_action"),
    (plistlib.dumps({"WFWorkflowActions": [{"WFWorkflowActionParameters": {}}]}), "bad_action"),
    (plistlib.dumps({"WFWorkflowActions": [{"WFWorkflowActionIdentifier": "a", "WFWorkflowActionParameters": []}]}), "bad_action"),
    (b'{"WFWorkflowActions": [}', "bad_json"),
    (b'{"WFWorkflowActions": [', "truncated"),
    (b'{"WFWorkflowActions": [], "a": {"$bytes": 5}}', "bad_tag"),
    (b'{"WFWorkflowActions": [], "a": {"$dict": 5}}', "bad_tag"),
    (b'{"shortcut": []}', "not_a_shortcut"),
    (binary([b"\xd1\0\0\0\1\0\0\0\1", b"\x10\5"]), "bad_type"),  # {5: 5}
    (binary([b"\xa1\0\0\0\1", b"\x61\xd8\0"]), "not_unicode"),
    (binary([b"\xa1\0\0\0\7"]), "bad_plist"),
    (binary([b"\xa1\0\0\0\1", b"\x5f\x14" + bytes(15) + b"\1a"]), "bad_plist"),  # a text whose size has 16 bytes: plistlib reads ""
    (binary([b"\xa1\0\0\0\1", b"\x4f\x20\1a"]), "bad_plist"),  # a size that is a real number
    (binary([b"\xa1\0\0\0\1", b"\x0f"]), "bad_plist"),  # padding: plistlib reads b""
    (binary([b"\xa1\0\0\0\1", b"\x14" + bytes([255]) * 16]), "bad_plist"),  # -1 to plistlib, 2**64 - 1 to Apple
    (binary([b"\xa1\0\0\0\1", b"\x14" + bytes(7) + b"\1" + bytes(8)]), "bad_plist"),  # 2**64 to plistlib, 0 to Apple
    (binary([b"\xa1\0\0\0\1", b"\xc1\0\0\0\2", b"\x51a"]), "bad_plist"),  # a set
    (binary([b"\xa1\0\0\0\1", b"\x33" + struct.pack(">d", float("nan"))]), "bad_plist"),  # a date
    (b"AEA1\1\0\0\0" + bytes(800), "encrypted"),
])
def test_what_is_no_shortcut_has_a_code(data: bytes, code: str) -> None:
    assert code_of(data) == code


@pytest.mark.parametrize(("item", "value"), [
    (b"\x10\xff", 255), (b"\x12" + b"\xff" * 4, (1 << 32) - 1), (b"\x13" + b"\xff" * 8, -1), (b"\x14" + bytes(8) + b"\xff" * 8, (1 << 64) - 1),
    (b"\x22" + struct.pack(">f", 0.1), 0.10000000149011612), (b"\x23" + struct.pack(">d", -0.0), -0.0), (b"\x61\0a", "a"), (b"\x62\xd8\x3d\xde\0", "\U0001f600"),
    (b"\x33" + struct.pack(">d", -0.25), datetime(2000, 12, 31, 23, 59, 59, 750_000)), (b"\x82\0\1\0", plistlib.UID(256)), (b"\x40", b""),
])  # fmt: skip
@pytest.mark.parametrize("ref_size", [1, 3, 8])
def test_values_of_every_kind_and_width_are_read(item: bytes, value: Any, ref_size: int) -> None:
    keys = [b"\xd2" + b"".join(n.to_bytes(ref_size, "big") for n in (1, 2, 3, 4)), b"\x5f\x10\x11WFWorkflowActions", b"\x51v", b"\xa0", item]
    assert same(read_shortcut(binary(keys, ref_size)), {"WFWorkflowActions": [], "v": value})


@given(st.floats(-6e10, 2.5e11))
def test_a_binary_date_is_read_to_the_microsecond_and_then_stays(seconds: float) -> None:
    data = binary([b"\xa1\0\0\0\1", b"\x33" + struct.pack(">d", seconds)])
    (date,) = parser.parse_binary(data)
    assert abs((date - datetime(2001, 1, 1)).total_seconds() - seconds) < 1e-6 + abs(seconds) * 2**-52
    assert same(parser.parse_binary(write_binary([date])), [date])


def test_null_is_refused_wherever_it_stands() -> None:
    assert code_of(b'{"WFWorkflowActions": [], "x": null}') == "bad_type"
    with pytest.raises(PlistError):
        from_json({"x": [None]})


def test_the_name_opens_the_detail() -> None:
    with pytest.raises(PlistError, match="empty: a.plist: no bytes"):
        read_shortcut(b"", "a.plist")


@pytest.mark.parametrize("data", [plistlib.dumps(SHORTCUT, fmt=plistlib.FMT_BINARY), plistlib.dumps(SHORTCUT), orjson.dumps(SHORTCUT),
                                  signed(plistlib.dumps(SHORTCUT, fmt=plistlib.FMT_BINARY))], ids=["binary", "xml", "json", "signed"])
def test_every_truncation_is_found(data: bytes) -> None:
    whole = len(data.rstrip())
    codes = {code_of(data[:size]) for size in range(1, whole, max(1, whole // 200))}
    assert codes <= {"truncated", "not_a_shortcut", "bad_xml", "bad_json"}  # the first bytes alone don't tell the format
    assert "truncated" in codes


@pytest.mark.parametrize("depth", [200, 10_000, pytest.param(50_000, marks=pytest.mark.ci)])
def test_deep_nesting_is_refused(depth: int) -> None:
    arrays = [binary_array(i + 1) for i in range(depth)] + [b"\x09"]
    assert code_of(binary(arrays)) == "too_deep"
    assert code_of(xml("<array>" * depth + "</array>" * depth)) == "too_deep"
    assert code_of(b'{"WFWorkflowActions":' + b"[" * depth + b"]" * depth + b"}") in {"too_deep", "not_a_shortcut"}
    assert code_of(b'{"a":' * depth + b"1" + b"}" * depth) == "too_deep"


def test_as_deep_as_allowed_is_read_and_written() -> None:
    value: Any = "core"
    for level in range(parser.MAX_DEPTH - 4):
        value = [value] if level % 2 else {"": value}
    tree = shortcut_with(value)
    assert same(read_shortcut(write_binary(tree)), tree)
    assert same(read_shortcut(plistlib.dumps(tree)), tree)
    assert same(from_json(orjson.loads(orjson.dumps({"shortcut": to_json(tree)})))["shortcut"], tree)


@pytest.mark.parametrize("objects", [
    [binary_array(0)],
    [binary_array(0, 0, 0)],
    [binary_array(i + 1, i + 1) for i in range(30)] + [b"\x09"],
    [binary_array(*[1] * 10), binary_array(*[2] * 100_000), b"\x5f\x11\x10\0" + b"x" * 4096],
], ids=["cycle", "wide cycle", "30 doublings", "shared text"])
def test_shared_objects_do_not_explode(objects: list[bytes]) -> None:
    assert code_of(binary(objects)) in {"too_deep", "too_large"}


def test_objects_on_top_of_each_other_are_refused() -> None:
    """A thousand arrays that are all the same bytes: plistlib would build each."""
    data = binary([binary_array(*range(1, 1001)), *[b""] * 999, binary_array(*[1001] * 100_000), b"\x09"])
    assert code_of(data) == "bad_sizes"


@pytest.mark.parametrize("declaration", ['<!ENTITY a "b">', '<!ENTITY % a "b">', '<!ATTLIST array x CDATA "long">',
                                         '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'])
def test_a_dtd_with_declarations_is_refused(declaration: str) -> None:
    bomb = xml("<string>&b;</string>", f"<!DOCTYPE plist [{declaration}]>")
    assert code_of(bomb) == "entity"
    assert code_of(bomb.decode().replace("UTF-8", "UTF-16").encode("utf-16")) == "entity"


def test_an_undefined_entity_is_refused_rather_than_dropped() -> None:
    assert code_of(xml("<string>&nbsp;</string>")) == "entity"


@pytest.mark.ci
@pytest.mark.parametrize("data", [
    lambda: bytes(parser.MAX_BYTES + 1),
    lambda: xml("<true/>" * (xml_lists.MAX_XML_TOKENS + 1)),
    lambda: xml("<string>" + "\n" * xml_lists.MAX_XML_TOKENS + "</string>"),
    lambda: xml("<!--" + "x" * (4 << 20) + "-->"),
    lambda: xml(f'<array a="{">" * (4 << 20)}"/>'),
    lambda: xml(f"<array{' ' * (4 << 20)}/>"),
    lambda: b'{"a":[' + b"[]," * parser.MAX_VALUES + b"[],[]" * parser.MAX_VALUES + b"]}",
], ids=["file", "tags", "lines", "comment", "attribute", "blank tag", "json"])
def test_what_is_too_large_is_refused(data: Callable[[], bytes]) -> None:
    assert code_of(data()) == "too_large"


@pytest.mark.parametrize(("false", "code"), [
    ({"auth": 0xFFFFFFFF}, "truncated"), ({"file": 1 << 60}, "truncated"), ({"total": 1 << 40}, "too_large"),
    ({"total": 1 << 20}, "bad_sizes"), ({"segments": 0xFFFFFFFF}, "bad_sizes"), ({"segments": 0}, "bad_sizes"),
    ({"raw": 0xFFFFFFFF}, "bad_sizes"), ({"raw": 0}, "bad_sizes"), ({"stored": 0xFFFFFFFF}, "bad_sizes"), ({"stored": 0}, "bad_container"),
    ({"data": 0xFFFFFFFF}, "bad_sizes"),
])
def test_false_sizes_in_a_signed_file_are_found(false: dict[str, int], code: str) -> None:
    assert code_of(signed(plistlib.dumps(SHORTCUT, fmt=plistlib.FMT_BINARY), **false)) == code


def lying_blocks() -> Iterator[Any]:
    import liblzfse

    bomb = liblzfse.compress(bytes(1 << 20))
    yield pytest.param(bomb[:4] + struct.pack("<I", 300) + bomb[8:], "bad_sizes", id="more than it says")
    yield pytest.param(b"bvx-" + struct.pack("<I", 1 << 31) + b"x$", "bad_container", id="more than there is")
    yield pytest.param(b"bvxn" + struct.pack("<II", 200, 4) + b"\x06\0\0\0bvx$", "bad_sizes", id="ends early")
    yield pytest.param(b"bvx-" + struct.pack("<I", 0) + b"bvx$", "bad_container", id="nothing")
    yield pytest.param(b"bvx9" + bytes(40), "bad_container", id="unknown")
    yield pytest.param((b"bvx-" + struct.pack("<I", 1) + b"x") * 500, "bad_container", id="crumbs without an end")


@pytest.mark.parametrize(("stored", "code"), list(lying_blocks()))
def test_false_lzfse_blocks_are_found(stored: bytes, code: str) -> None:
    assert code_of(signed(bytes(4096), segment=stored)) == code


@pytest.mark.ci
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_hostile_files_take_little_memory(tmp_path: Path) -> None:
    """In a process of its own: the peak of this one is already high."""
    files = {"bomb.plist": binary([binary_array(i + 1, i + 1) for i in range(60)] + [b"\x09"]),
             "deep.xml": xml("<array>" * 100_000 + "</array>" * 100_000),
             **{block.id: signed(bytes(4096), segment=block.values[0]) for block in lying_blocks()}}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    script = ("import sys, pathlib\nfrom shortcuts.plist import *\n"
              "for name in sys.argv[1:]:\n    try: read_shortcut(pathlib.Path(name).read_bytes())\n    except PlistError: pass\n"
              "    else: sys.exit('read')\nstatus = pathlib.Path('/proc/self/status').read_text()\n"
              "for peak in ('VmHWM:', 'VmPeak:'): print(status.split(peak)[1].split()[0])")
    paths = [str(tmp_path / name) for name in files]
    done = subprocess.run([sys.executable, "-c", script, *paths], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    memory, addresses = map(int, done.stdout.split())  # KiB
    assert memory < 400 << 10 and addresses < 1 << 20, done.stdout  # a process with more addresses than there is memory may not fork


# ---------------------------------------------------------------------------------------------------------------------------------
# JSON


TEXT = st.text(st.characters(), max_size=8) | st.text(st.sampled_from("$a\ud83d\ude00\udfff\0\r"), max_size=4)
LEAVES = (st.booleans() | st.integers() | st.integers(-(1 << 70), 1 << 70) | st.floats() | TEXT | st.binary(max_size=16)
          | st.datetimes() | st.builds(plistlib.UID, st.integers(0, (1 << 64) - 1)) | st.sampled_from([0, 0.0, -0.0, 1, 1.0, True, False]))
TREES = st.recursive(LEAVES, lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT | st.sampled_from(["$bytes", "$dict"]), below,
                                                                                        max_size=4), max_leaves=12)


@given(TREES)
def test_json_keeps_every_value_and_type(tree: Any) -> None:
    assert same(from_json(orjson.loads(orjson.dumps(to_json(tree)))), tree)


@given(TREES)
def test_binary_keeps_every_value_and_type_or_says_that_it_cannot(tree: Any) -> None:
    try:
        data = write_binary(shortcut_with(tree))
    except PlistError as error:
        assert error.code in {"not_unicode", "bad_type", "bad_plist", "not_exact"}
    else:
        assert same(read_shortcut(data), shortcut_with(tree))


@given(TREES, TREES)
def test_ids_are_equal_where_trees_are(a: Any, b: Any) -> None:
    assert (content_id(a) == content_id(b)) == same(a, b)


def test_same_tells_types_apart() -> None:
    different = [1, True, 1.0, "1", b"1", [1], {"1": 1}, None, plistlib.UID(1), 0, 0.0, -0.0, datetime(2001, 1, 1), [], {}, ""]
    for i, a in enumerate(different):
        for j, b in enumerate(different):
            assert same(a, b) == (i == j), (a, b)
    assert same([float("nan")], [float("nan")]) and same({"a": 1, "b": 2}, {"b": 2, "a": 1}) and not same([1], [1, 1])


@pytest.mark.parametrize("value", [{1: 2}, {"a": {1}}, (1,), object()])
def test_what_property_lists_lack_is_refused(value: Any) -> None:
    with pytest.raises(PlistError, match="bad_type"):
        to_json(value)
    with pytest.raises(PlistError, match="bad_type"):
        write_binary(value)


def test_a_tree_without_end_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    for function in (to_json, write_binary, content_id):
        with pytest.raises(PlistError, match="too_deep"):
            function(endless)
    with pytest.raises(PlistError, match="too_deep"):
        from_json(orjson.loads(b"[" * 900 + b"]" * 900))
    assert plist.JSON_DEPTH + 2 < 254


# ---------------------------------------------------------------------------------------------------------------------------------
# dates in XML


def read_date(text: str, encoding: str = "utf-8") -> object:
    action = {**ACTION, "WFWorkflowActionParameters": {"Date": datetime(2001, 1, 1)}}
    xml = plistlib.dumps({"WFWorkflowActions": [action]}).decode().replace("2001-01-01T00:00:00Z", text)
    shortcut = read_shortcut(xml.replace("UTF-8", encoding).encode(encoding))
    return shortcut["WFWorkflowActions"][0]["WFWorkflowActionParameters"]["Date"]


@pytest.mark.parametrize("text, date", [
    ("2026-01-31T23:59:59Z", datetime(2026, 1, 31, 23, 59, 59)), ("2026-01-31T23:59:59.5Z", datetime(2026, 1, 31, 23, 59, 59, 500_000)),
    ("2026-01-31T23:59:59.123456000Z", datetime(2026, 1, 31, 23, 59, 59, 123_456)), ("2026-01-31T23:59:59,25Z", datetime(2026, 1, 31, 23, 59, 59, 250_000)),
    ("2026-01-31T23:59:59+02:00", datetime(2026, 1, 31, 21, 59, 59)), ("2026-01-31T23:59:59.5-0930", datetime(2026, 2, 1, 9, 29, 59, 500_000)),
    ("2026-01-31T23:59:59+00", datetime(2026, 1, 31, 23, 59, 59)), (" 2026-01-31T23:59Z\n", datetime(2026, 1, 31, 23, 59)), ("2026-01-31Z", datetime(2026, 1, 31)),
])  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_dates_with_fractions_and_zones_are_read_exactly(text: str, date: datetime, encoding: str) -> None:
    assert read_date(text, encoding) == date and from_json(to_json(date)) == date


@pytest.mark.parametrize("text", ["2026-01-31T23:59:59.1234567Z", "2026-01-31T23:59:59", "2026-02-30T00:00:00Z", "2026-01-31T23:59:60Z", "0001-01-01T00:00:00+02:00",
                                  "2026-01-31T23:59:59+99:00", "2026-01-31T23:59.5Z", "yesterday", "", "２０２６-01-31T00:00:00Z", "2026-01-31T00:00:00.Z"])
def test_a_date_that_is_none_or_cannot_be_kept_exactly_is_named(text: str) -> None:
    with pytest.raises(PlistError, match="the date") as error:
        read_date(text)
    assert error.value.code == "bad_xml" and repr(text.strip()[:60])[1:-1] in error.value.detail and "NoneType" not in error.value.detail


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)), st.integers(-23 * 60, 23 * 60))
def test_a_date_comes_back_from_any_zone(date: datetime, minutes: int) -> None:
    local = date + timedelta(minutes=minutes)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    assert xml_lists.read_date(f"{local.isoformat()}{sign}{hours:02}:{rest:02}") == date


ODD = [1, True, 1.0, 0.0, -0.0, float("nan"), float("inf"), "1", "null", b"x", "2020-01-01T00:00:00", datetime(2020, 1, 1), plistlib.UID(1), 2**70,
       "\ud800", [], {}, [1], {"b": 1, "a": 2}, 1e16, 10**16]  # fmt: skip


def test_same_tells_each_type_and_value_from_every_other():
    for place, one in enumerate(ODD):
        assert [same({"k": [one]}, {"k": [other]}) for other in ODD] == [place == other for other in range(len(ODD))]
    assert same({"b": 1, "a": 2.5}, {"a": 2.5, "b": 1})
