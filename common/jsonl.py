"""Streaming, resumable, atomic JSONL.

One record a line, `id` first, UTF-8. A kill may leave a torn last line in a file that is appended to; `repair_tail` cuts it off, so the
record is written again. Errors name file, line and field, and say what to do.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import orjson

Record = dict[str, Any]

PATIENCE = 2.0  # seconds for a lock: the workers of a run that was just killed hold it until they notice that, or are cleared away

# orjson keeps insertion order and every stage writes `id` first, so most ids are read without parsing the (often long) rest of the line.
_ID_FIRST = re.compile(rb'\{"id":"([A-Za-z0-9._:/-]+)"')

# The fields that stages pass on, by the type of their value. All but the id may be null or missing.
TEXT, TEXTS, OBJECT, OBJECTS, CHAT = "a text", "a list of texts", "an object", "a list of objects", 'a list of {"role", "content"}'
FIELDS = {
    **dict.fromkeys(("id", "name", "description", "category", "code", "annotated_code", "plan", "query", "origin", "split"), TEXT),
    **dict.fromkeys(("apis", "apps", "examples"), TEXTS),
    **dict.fromkeys(("source", "residue", "stats", "roundtrip", "comments", "renames", "writer", "annotator"), OBJECT),
    "diagnostics": OBJECTS, "messages": CHAT,
}


class UserError(Exception):
    """An error that the user can fix: its text is the one line shown, and the exit code is 1."""


# ---------------------------------------------------------------------------------------------------------------------------------
# reading


def encode(record: Record) -> bytes:
    """Return a record as one line, newline included."""
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def read(path: Path, required: tuple[str, ...] = ()) -> Iterator[Record]:
    """Yield the objects of a JSONL file without blank lines. Raises UserError for a bad line or a missing `required` field."""
    for number, line in numbered_lines(path):
        yield parse(line, f"{path}:{number}", required)


def records(path: Path, required: tuple[str, ...] = ()) -> Iterator[Record]:
    """Yield the records of a file that a stage wrote. Raises UserError as `parse_record` does."""
    for number, line in numbered_lines(path):
        yield parse_record(line, f"{path}:{number}", required)


def parse_record(line: bytes, where: str, required: tuple[str, ...] = ()) -> Record:
    """Return a line as a record of the chain. Raises UserError as `parse` and `checked` do."""
    return checked(parse(line, where), where, ("id", *required))


def checked(parsed: Record, where: str, required: tuple[str, ...] = ()) -> Record:
    """Return the record if its fields have the types of FIELDS. Raises UserError naming the first that does not; null counts as missing."""
    for field in required:
        if field not in parsed or (parsed[field] is None and field in FIELDS):
            raise _missing(field, where)
    for field, value in parsed.items():
        if value is not None and field in FIELDS and not _is(value, FIELDS[field]):
            raise UserError(f'{where}: field "{field}": {FIELDS[field]} is expected; was it edited?')
    return parsed


def _missing(field: str, where: str) -> UserError:
    return UserError(f'{where}: field "{field}" is missing; was this file written by the stage before?')


def _is(value: Any, kind: str) -> bool:
    if kind in (TEXT, OBJECT):
        return isinstance(value, str if kind == TEXT else dict)
    if not isinstance(value, list) or not all(isinstance(item, str if kind == TEXTS else dict) for item in value):
        return False
    return kind != CHAT or (value != [] and all(isinstance(item.get(part), str) for item in value for part in ("role", "content")))


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (line number from 1, line) of every line that is not blank. Raises UserError where the file cannot be read."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.isspace():
                    yield number, line
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run the stage that writes it, or name another file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None


def read_object(file: Path, required: tuple[str, ...] = ()) -> Record:
    """Return the JSON object of a file. Raises UserError as `parse` does."""
    return parse(file.read_bytes(), str(file), required)


def parse(line: bytes, where: str, required: tuple[str, ...] = ()) -> Record:
    """Return a line as a JSON object; `where` (file:line) is for the UserError of a bad line or a missing field."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UserError(f"{where}: not JSON ({error}); mend or remove this line") from None
    if not isinstance(record, dict):
        raise UserError(f"{where}: a JSON object is expected, not {type(record).__name__}")
    for field in required:
        if field not in record:
            raise _missing(field, where)
    return record


def whole(path: Path) -> Any:
    """Return the value of a JSON file. Raises UserError where it cannot be read or is not JSON."""
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise UserError(f"{path}: not JSON ({error})") from None


def record_id(line: bytes, where: str) -> str:
    """Return the `id` of a line, without parsing the rest if `id` comes first."""
    match = _ID_FIRST.match(line)
    return match[1].decode() if match else str(parse(line, where, ("id",))["id"])


def ids(path: Path) -> Iterator[str]:
    """Yield the id of every line of a file; nothing if it does not exist."""
    if path.exists():
        for number, line in numbered_lines(path):
            yield record_id(line, f"{path}:{number}")


# ---------------------------------------------------------------------------------------------------------------------------------
# writing


def repair_tail(path: Path, block: int = 1 << 16) -> int:
    """Cut off a torn last line (one without a newline), looking back `block` bytes at a time; return the number of bytes removed."""
    if not path.exists():
        return 0
    with open(path, "r+b") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - block)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            file.truncate(end)
        return size - end


def unwritable(path: Path, error: OSError) -> UserError:
    """Return the error for a file that cannot be written, with what helps."""
    remedy = "free some space and run the same command again" if is_full(error) else "name another place, or mend this one"
    return UserError(f"{path}: cannot be written: {error.strerror}; {remedy}")


def is_full(error: OSError) -> bool:
    """True where a disk or a quota is full, or a file is as large as may be."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def open_output(path: Path) -> IO[bytes]:
    """Open a file for appending, made if need be with its folder. Raises UserError for a folder, device or pipe.

    The file is unbuffered: on a full disk, closing a buffered one would try to write again after the error was reported.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise UserError(f"{path}: a {'folder' if path.is_dir() else 'device or pipe'}, where a file is to be appended to; name another")
        return open(path, "ab", buffering=0)


def append(file: IO[bytes], path: Path, line: bytes) -> None:
    """Append a line to a file of `open_output`; it is in the file when this returns. Raises UserError, and may leave a torn line."""
    with writing(path):
        while line:
            line = line[file.write(line):]


def check_still_there(file: IO[bytes], path: Path) -> None:
    """Raise UserError if an open file has been removed from its path or replaced: what was written is lost then."""
    try:
        is_same = os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        is_same = False
    if not is_same:
        raise UserError(f"{path}: was removed or replaced while it was written, and what was written with it; run the same command again")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file beside its place and rename it, so that no reader sees half of it. Raises UserError."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # of a run that was killed, or a link to somewhere else
        with open(part, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()  # it may be what fills the disk
        raise unwritable(path, error) from None


def lock(file: IO[Any] | int, path: Path) -> None:
    """Lock an output until its file (or descriptor) is closed. Raises UserError if another run holds the lock for longer than PATIENCE."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise UserError(f"{path}: another run is writing it; wait for it, or name another --output") from None
            time.sleep(0.05)


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Make and lock a folder, for a stage whose output is a folder; an OSError inside is a UserError."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            lock(handle, folder)
            yield
        finally:
            os.close(handle)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError, such as a full disk, in work that writes `path` or files in it into a UserError of one line."""
    try:
        yield
    except BrokenPipeError:
        raise  # the terminal's, not a file's
    except OSError as error:
        raise unwritable(Path(error.filename or path), error) from None
