"""Shortcuts in a zip archive, read in memory and within bounds. Nothing is written, so the names of members are mere labels."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from shortcuts.plist.parser import MAX_BYTES, PlistError

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # with members, and without
ENTRY = b"PK\x01\x02"  # one per member, in the directory at the end
SUFFIXES = {".shortcut", ".plist", ".wflow", ".json", ".xml"}
MAX_MEMBERS = 20_000
MAX_UNPACKED = 4 * MAX_BYTES  # of all members together
MAX_RATIO = 200  # of a member's bytes to its packed ones; XML shortcuts take a twentieth
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # others may ask for gigabytes before they yield a byte


def is_archive(data: bytes) -> bool:
    """True if a file is a zip archive, by its first bytes."""
    return data.startswith(MAGIC)


def members(data: bytes) -> Iterator[tuple[str, bytes | PlistError]]:
    """Yield (name, content) of each member that may be a shortcut; instead of the content the error of a member that cannot be read.

    Raises PlistError (bad_archive, too_large) if the archive as a whole cannot be read.
    """
    if data.count(ENTRY) > MAX_MEMBERS:
        raise PlistError("too_large", f"an archive of more than {MAX_MEMBERS:,} members; unpack it and name the folder")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise PlistError("bad_archive", f"no zip archive can be read: {error}") from None
    unpacked = 0
    for member in archive.infolist():
        path = PurePosixPath(member.filename)
        if member.is_dir() or path.suffix.lower() not in SUFFIXES | {".zip"} or "__MACOSX" in path.parts or path.name.startswith("._"):
            continue  # the last two are how macOS keeps a file's attributes
        unpacked += member.file_size
        if unpacked > MAX_UNPACKED:
            raise PlistError("too_large", f"an archive of more than {MAX_UNPACKED:,} bytes; unpack it and name the folder")
        try:
            yield member.filename, _content(archive, member)
        except PlistError as error:
            yield member.filename, error


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a member. Raises PlistError, before unpacking, for one beyond the bounds."""
    if member.flag_bits & 1:
        raise PlistError("encrypted", "a member with a password")
    if member.compress_type not in METHODS:
        raise PlistError("bad_archive", f"compression method {member.compress_type}; only 0 (stored) and 8 (deflated) are known")
    if member.file_size > min(MAX_BYTES, MAX_RATIO * member.compress_size + (1 << 20)):
        raise PlistError("too_large", f"a member of {member.compress_size:,} bytes that announces {member.file_size:,}")
    try:
        content = archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise PlistError("bad_archive", f"a member that cannot be unpacked: {error or type(error).__name__}") from None
    if is_archive(content):
        raise PlistError("nested_archive", "an archive in an archive; unpack it and name the folder")
    return content


def unpacked(data: bytes) -> bytes:
    """Return a file as it is, or the one shortcut in an archive. Raises PlistError for an archive with none, or with several."""
    if not is_archive(data):
        return data
    found = list(members(data))
    if len(found) != 1:
        raise PlistError("not_a_shortcut", f"an archive of {len(found):,} shortcuts; import it with 01_scrape.py --folder")
    (_, content), = found
    if isinstance(content, PlistError):
        raise content
    return content
