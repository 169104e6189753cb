"""Read shortcut files as programs, and write programs as shortcut files."""

from __future__ import annotations

import shlex
from pathlib import Path

from shortcuts import plist
from shortcuts.catalog import Catalog
from shortcuts.transcription import Transcription, to_shortcut, transcribe
from shortcuts.transcription.residue import Residue

# The first bytes of a shortcut's file, or of an archive of some; no program begins with them.
_MAGIC = (b"bplist", b"AEA1", b"<?xml", b"<!DOCTYPE", b"<plist", b"PK\x03\x04")


def read_file(data: bytes, catalog: Catalog | None = None) -> Transcription:
    """Transcribe the bytes of a .shortcut, .wflow or .plist file, signed or not.

    Raises PlistError for bytes that are not a shortcut, and the errors of `transcribe`, all of them ValueErrors.
    """
    return transcribe(plist.read_shortcut(data), catalog)


def shortcut_file(code: str, residue: Residue | None = None, catalog: Catalog | None = None) -> bytes:
    """Compile a program to the bytes of a .shortcut file, unsigned.

    Raises ValueError for a program that does not compile, or a residue that does not belong to it.
    """
    return plist.write_binary(to_shortcut(code, residue, catalog))


def is_shortcut_file(path: Path) -> bool:
    """True for a shortcut or an archive, by the file's name or first bytes; False for a file that cannot be read."""
    try:
        with open(path, "rb") as file:
            start = file.read(16).removeprefix(b"\xef\xbb\xbf")
    except OSError:
        return False
    return path.suffix.lower() in (".shortcut", ".wflow") or start.startswith(_MAGIC)


def sign_command(file: Path) -> str:
    """Return the command that signs a file on a Mac, quoted for a shell. A phone opens signed files alone."""
    signed = file.with_suffix(".signed.shortcut")
    return shlex.join(["shortcuts", "sign", "--mode", "anyone", "--input", str(file), "--output", str(signed)])
