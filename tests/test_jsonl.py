"""JSONL files that survive a kill, and errors that name file, line and field. `python -m pytest tests/test_jsonl.py`."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import jsonl
from common.jsonl import UserError

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3), max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), json_values))
def test_a_record_is_one_line_and_comes_back(record):
    line = jsonl.encode(record)
    assert line.count(b"\n") == 1 and jsonl.parse(line, "here") == record


@given(st.lists(st.integers(0, 9), max_size=4), st.binary(max_size=40).filter(lambda tail: b"\n" not in tail), st.integers(1, 50))
def test_a_torn_last_line_is_cut_off_and_nothing_else(tmp_path_factory, whole, tail, block):
    path = tmp_path_factory.mktemp("torn") / "file.jsonl"
    lines = b"".join(jsonl.encode({"id": str(number)}) for number in whole)
    path.write_bytes(lines + tail)
    assert jsonl.repair_tail(path, block) == len(tail)
    assert path.read_bytes() == lines


def test_ids_are_read_whether_they_come_first_or_not(tmp_path):
    path = tmp_path / "file.jsonl"
    path.write_bytes(b'{"id":"a","x":1}\n\n{"x":1,"id":"b"}\n{"id":"\xc3\xa9 \\"c\\""}\n')
    assert list(jsonl.ids(path)) == ["a", "b", 'é "c"']
    assert list(jsonl.ids(tmp_path / "nowhere.jsonl")) == []


@pytest.mark.parametrize("line, complaint", [(b"{", "file.jsonl:1: not JSON"), (b"[1]", "an object|a JSON object"), (b'{"id":"a"}', 'field "code" is missing')])
def test_a_bad_line_is_named(tmp_path, line, complaint):
    path = tmp_path / "file.jsonl"
    path.write_bytes(line + b"\n")
    with pytest.raises(UserError, match=complaint):
        list(jsonl.read(path, ("code",)))


GOOD = {"id": "a", "code": "x()", "apis": ["x"], "residue": {}, "diagnostics": [{}], "messages": [{"role": "user", "content": "hello"}]}


@given(st.sampled_from(sorted(GOOD)), json_values)
def test_a_field_of_the_wrong_kind_is_named_and_null_is_as_good_as_missing(field, value):
    line = jsonl.encode({**GOOD, "description": None, "anything": value, field: value})
    assert jsonl.parse_record(jsonl.encode(GOOD), "here:1", tuple(GOOD)) == GOOD
    try:
        assert jsonl.parse_record(line, "here:1", (field,))[field] == value
        assert type(value) is type(GOOD[field]) and (field != "messages" or value)
    except UserError as error:
        assert str(error).startswith(f'here:1: field "{field}"') and (value is None) == ("is missing" in str(error))
        if value is None and field != "id":
            assert jsonl.parse_record(line, "here:1")[field] is None


@pytest.mark.parametrize(("field", "value"), [("apis", [1]), ("apis", "x"), ("messages", []), ("messages", [{"role": "user"}]), ("messages", [{"role": 1, "content": ""}]),
                                              ("residue", []), ("diagnostics", ["x"]), ("id", 7), ("query", ["x"]), ("code", None)])  # fmt: skip
def test_what_a_record_may_not_hold(field, value):
    with pytest.raises(UserError, match=f'here:1: field "{field}"'):
        jsonl.parse_record(jsonl.encode({**GOOD, field: value}), "here:1", ("code",))


def test_a_missing_file_and_an_unwritable_one_are_the_users_errors(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        list(jsonl.read(tmp_path / "nowhere.jsonl"))
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        jsonl.write_atomically(tmp_path / "file" / "inside", b"")


def test_an_atomic_write_leaves_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "deep" / "file.json"
    jsonl.write_atomically(path, b"old")
    jsonl.write_atomically(path, b"new")
    assert path.read_bytes() == b"new" and [item.name for item in path.parent.iterdir()] == ["file.json"]


# ---------------------------------------------------------------------------------------------------------------------------------
# disks that are full, files that are none


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Short:
    """A file on a disk with room for so many bytes: as a kernel does, it takes a part of a write before it refuses one."""

    def __init__(self, room: int) -> None:
        self.room, self.held = room, b""

    def write(self, data: bytes) -> int:
        if len(self.held) == self.room:
            full_disk()
        taken = data[: min(3, self.room - len(self.held))]
        self.held += taken
        return len(taken)


def test_a_line_is_written_whole_though_the_kernel_takes_it_in_parts():
    file = Short(100)
    jsonl.append(file, Path("o.jsonl"), b"0123456789\n")
    assert file.held == b"0123456789\n"


def test_a_full_disk_is_one_line_with_path_and_advice():
    with pytest.raises(UserError, match="^o.jsonl: cannot be written: No space left on device; free some space"):
        jsonl.append(Short(5), Path("o.jsonl"), b"0123456789\n")


def test_closing_an_output_writes_nothing_more(tmp_path):
    file = jsonl.open_output(tmp_path / "o.jsonl")
    jsonl.append(file, tmp_path / "o.jsonl", b"{}\n")
    assert (tmp_path / "o.jsonl").read_bytes() == b"{}\n"  # before it is closed
    file.close()


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_atomic_write_on_a_full_disk_leaves_the_old_file_and_no_part(tmp_path, monkeypatch, step):
    jsonl.write_atomically(tmp_path / "file", b"old")
    monkeypatch.setattr(os, step, full_disk)
    with pytest.raises(UserError, match="free some space"):
        jsonl.write_atomically(tmp_path / "file", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"old"}


def test_a_link_in_the_place_of_the_part_is_not_followed(tmp_path):
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "file.part").symlink_to(tmp_path / "other")
    jsonl.write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "other").read_bytes() == b"other" and (tmp_path / "file").read_bytes() == b"new"


def test_what_is_no_file_is_no_output(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, what in ((Path("/dev/full"), "a device or pipe"), (Path("/dev/zero"), "a device or pipe"), (tmp_path / "pipe", "a device or pipe"), (tmp_path, "a folder")):
        with pytest.raises(UserError, match=f"{path}: {what}"):
            jsonl.open_output(path)


def test_an_output_that_is_removed_or_replaced_meanwhile_is_noticed(tmp_path):
    path = tmp_path / "o.jsonl"
    with jsonl.open_output(path) as file:
        jsonl.check_still_there(file, path)
        path.unlink()
        with pytest.raises(UserError, match="o.jsonl: was removed or replaced"):
            jsonl.check_still_there(file, path)
        path.touch()
        with pytest.raises(UserError, match="removed or replaced"):
            jsonl.check_still_there(file, path)


def test_a_lock_is_waited_for_while_the_workers_of_a_killed_run_end(tmp_path: Path) -> None:
    with open(tmp_path / "out", "ab") as file:
        jsonl.lock(file, tmp_path / "out")
        if not (worker := os.fork()):  # it inherits the lock
            time.sleep(0.3)
            os._exit(0)
    with open(tmp_path / "out", "ab") as file:
        jsonl.lock(file, tmp_path / "out")
    os.waitpid(worker, 0)


def test_a_lock_that_another_run_keeps_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "PATIENCE", 0.1)
    with open(tmp_path / "out", "ab") as first, open(tmp_path / "out", "ab") as second:
        jsonl.lock(first, tmp_path / "out")
        with pytest.raises(UserError, match="another run is writing it"):
            jsonl.lock(second, tmp_path / "out")
