"""Streaming, resumable, atomic JSONL.

One record a line, `id` first, UTF-8. A file that is being appended to may end in a torn line after a kill: `repair_tail` cuts it
off, so the record is simply written again. Errors name file, line and field, and say what to do.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson

Record = dict[str, Any]

# orjson keeps insertion order, and every stage writes `id` first: most ids are read without parsing the (often long) rest of the line.
_ID_FIRST = re.compile(rb'\{"id":"([A-Za-z0-9._:/-]+)"')


# The fields of the record that the stages pass on, by what they hold. All but the id may be null, or not there.
TEXT, TEXTS, OBJECT, OBJECTS, CHAT = "a text", "a list of texts", "an object", "a list of objects", 'a list of {"role", "content"}'
FIELDS = {
    **dict.fromkeys(("id", "name", "description", "category", "code", "annotated_code", "plan", "query", "origin", "split"), TEXT),
    **dict.fromkeys(("apis", "apps", "examples"), TEXTS),
    **dict.fromkeys(("source", "residue", "stats", "roundtrip", "comments", "renames", "writer", "annotator"), OBJECT),
    "diagnostics": OBJECTS, "messages": CHAT,
}  # fmt: skip


class UserError(Exception):
    """An error the user can mend: its text is the one line that is shown, and the exit code is 1."""


def encode(record: Record) -> bytes:
    """One record as one line, newline included."""
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def read(path: Path, required: tuple[str, ...] = ()) -> Iterator[Record]:
    """Yield the records of a JSONL file; blank lines are skipped.

    Raises UserError naming file, line and field for a line that is no JSON object or lacks a `required` field.
    """
    for number, line in numbered_lines(path):
        yield parse(line, f"{path}:{number}", required)


def records(path: Path, required: tuple[str, ...] = ()) -> Iterator[Record]:
    """Yield the records of a file that a stage wrote; raises UserError as `parse_record` does."""
    for number, line in numbered_lines(path):
        yield parse_record(line, f"{path}:{number}", required)


def parse_record(line: bytes, where: str, required: tuple[str, ...] = ()) -> Record:
    """A line as a record of the chain. Raises UserError as `parse` and `checked` do."""
    return checked(parse(line, where), where, ("id", *required))


def checked(parsed: Record, where: str, required: tuple[str, ...] = ()) -> Record:
    """The record, if its fields hold what FIELDS says. Raises UserError naming the first that does not; null is as good as missing."""
    for field in required:
        if field not in parsed or (parsed[field] is None and field in FIELDS):
            raise UserError(f'{where}: field "{field}" is missing; was this file written by the stage before?')
    for field, value in parsed.items():
        if value is not None and field in FIELDS and not _is(value, FIELDS[field]):
            raise UserError(f'{where}: field "{field}": {FIELDS[field]} is expected; was it edited?')
    return parsed


def _is(value: Any, kind: str) -> bool:
    if kind in (TEXT, OBJECT):
        return isinstance(value, str if kind == TEXT else dict)
    if not isinstance(value, list) or not all(isinstance(item, str if kind == TEXTS else dict) for item in value):
        return False
    return kind != CHAT or (value != [] and all(isinstance(item.get(part), str) for item in value for part in ("role", "content")))


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (line number from 1, line) of every line that is not blank."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.isspace():
                    yield number, line
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run the stage that writes it, or name another file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None


def parse(line: bytes, where: str, required: tuple[str, ...] = ()) -> Record:
    """Parse one line; `where` (file:line) stands in the error."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UserError(f"{where}: not JSON ({error}); mend or remove this line") from None
    if not isinstance(record, dict):
        raise UserError(f"{where}: a JSON object is expected, not {type(record).__name__}")
    for field in required:
        if field not in record:
            raise UserError(f'{where}: field "{field}" is missing; was this file written by the stage before?')
    return record


def whole(path: Path) -> Any:
    """The value of a file that is one JSON text. Raises UserError where it cannot be read or is none."""
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise UserError(f"{path}: not JSON ({error})") from None


def record_id(line: bytes, where: str) -> str:
    """The `id` of a line, without parsing the rest where `id` comes first."""
    match = _ID_FIRST.match(line)
    return match[1].decode() if match else str(parse(line, where, ("id",))["id"])


def ids(path: Path) -> Iterator[str]:
    """Yield the id of every line of a file; nothing if it does not exist."""
    if path.exists():
        for number, line in numbered_lines(path):
            yield record_id(line, f"{path}:{number}")


def repair_tail(path: Path, block: int = 1 << 16) -> int:
    """Cut a torn last line (one without its newline) off; returns the number of bytes removed."""
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


# ---------------------------------------------------------------------------------------------------------------------------------
# writing


def unwritable(path: Path, error: OSError) -> UserError:
    """What is said of a file that cannot be written, and what helps."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return UserError(f"{path}: cannot be written: {error.strerror}; "
                     f"{'free some space and run the same command again' if full else 'name another place, or mend this one'}")


def open_output(path: Path) -> IO[bytes]:
    """Open a file to append to, made if need be with its folder. Raises UserError for what is no file, such as a device or a pipe.

    It has no buffer, which closing would write once more: into a full disk, after that was said.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise UserError(f"{path}: a {'folder' if path.is_dir() else 'device or pipe'}, where a file is to be appended to; name another")
        return open(path, "ab", buffering=0)
    except OSError as error:
        raise unwritable(path, error) from None


def append(file: IO[bytes], path: Path, line: bytes) -> None:
    """Append a line to a file of `open_output`; it is in the file when this returns. Raises UserError, and may leave a torn line."""
    try:
        while line:
            line = line[file.write(line):]
    except OSError as error:
        raise unwritable(path, error) from None


def check_still_there(file: IO[bytes], path: Path) -> None:
    """Raise UserError if what was written to an open file is not at its path any more: someone has removed or replaced it."""
    try:
        is_same = os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        is_same = False
    if not is_same:
        raise UserError(f"{path}: was removed or replaced while it was written, and what was written with it; run the same command again")


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file beside its place and rename it there, so that a reader never sees half of it."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.unlink(missing_ok=True)  # of a run that was killed, or a link that leads elsewhere
            with open(part, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except OSError:
            part.unlink(missing_ok=True)  # what there is of it may be what fills the disk
            raise
    except OSError as error:
        raise unwritable(path, error) from None


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Make a folder and lock it, for a stage that writes a folder and not a file; what goes wrong with files in it is one line."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise UserError(f"{folder}: another run is writing it; wait for it, or name another --output") from None
        finally:
            os.close(handle)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Around work that writes `path` or files in it: an OSError, such as a full disk, is a UserError of one line."""
    try:
        yield
    except BrokenPipeError:
        raise  # that is the terminal's, not a file's
    except OSError as error:
        raise unwritable(Path(error.filename or path), error) from None
