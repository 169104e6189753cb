"""The files of a folder, and the shortcuts of a file that holds several: a zip archive, JSONL, an array in JSON."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from common import cli
from common.crawl import links
from common.crawl.links import readable
from common.jsonl import Record, UserError
from shortcuts import plist
from shortcuts.plist import PlistError, archive

SUFFIXES = archive.SUFFIXES | {".zip", ".jsonl"}


@dataclass
class Found:
    """A possible shortcut: its place, its bytes or the error, their SHA-256, and the facts that a record has beside it."""

    name: str
    data: bytes | PlistError
    sha256: str
    about: Record = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The shortcut's name if the shortcut itself has none."""
        return self.about.get("name") or Path(self.name).stem


def list_files(folder: Path, written: Iterable[Path] = ()) -> tuple[list[Path], int]:
    """The files to import and the number of others. They are sorted, so that of equal shortcuts every run keeps the same one.

    `written` are the run's own files, which may be in the folder: it would read what it writes, without end.
    """
    own = {path.resolve() for path in written}
    if folder.is_file():
        return [folder], 0
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder and no file; name one with --folder")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.resolve() not in own)
    ours = [path for path in files if path.suffix.lower() in SUFFIXES]
    return ours, len(files) - len(ours)


def shortcuts_in(folder: Path, paths: Iterable[Path], unreadable: list[Path]) -> Iterator[Found]:
    """Yield what is in these files of a folder; a file that cannot be read is reported and added to `unreadable`."""
    for path in paths:
        name = readable(path.name if path == folder else path.relative_to(folder).as_posix())
        try:
            if path.suffix.lower() == ".jsonl":
                yield from _lines(name, path)
                continue
            with open(path, "rb") as file:
                data = file.read(plist.MAX_BYTES + 1)  # one byte too many is enough to reject a file
        except OSError as error:
            cli.say(f"{path}: cannot be read: {error.strerror}")
            unreadable.append(path)
            continue
        yield from _parts(name, data)


def _parts(name: str, data: bytes) -> Iterator[Found]:
    """Yield a file, or the members of an archive, or the records of an array."""
    digest = hashlib.sha256(data).hexdigest()
    try:
        if archive.is_archive(data) and len(data) <= plist.MAX_BYTES:
            for member, content in archive.members(data):
                own = digest if isinstance(content, PlistError) else hashlib.sha256(content).hexdigest()
                yield Found(f"{name}/{readable(member)}", content, own)
        elif (text := data.lstrip(b"\xef\xbb\xbf \t\r\n")).startswith(b"["):
            for number, entry in enumerate(plist.load_json(text), start=1):
                yield _record(f"{name}:{number}", orjson.dumps(entry))
        else:
            yield Found(name, data, digest)
    except PlistError as error:
        yield Found(name, error, digest)


def _lines(name: str, path: Path) -> Iterator[Found]:
    """Yield the records of a JSONL file that it has when it is opened: another run may be writing it."""
    with open(path, "rb") as file:
        number, size = 0, os.fstat(file.fileno()).st_size
        while file.tell() < size and (line := file.readline(plist.MAX_BYTES + 1)):
            number += 1
            if not line.isspace():
                yield _record(f"{name}:{number}", line)
            while len(line) > plist.MAX_BYTES and not line.endswith(b"\n"):  # the rest of a line that is too large
                line = file.readline(plist.MAX_BYTES + 1)


def _record(name: str, line: bytes) -> Found:
    """A record of a gallery: `shortcut` holds the shortcut, other fields hold facts about it."""
    try:
        entry = plist.load_json(line)
    except PlistError:  # the reader of the shortcut will say so
        entry = None
    about = links.facts(entry) if isinstance(entry, dict) else {}
    if not isinstance(about.get("url"), str):
        about["url"] = None
    return Found(name, line, hashlib.sha256(line).hexdigest(), about)
