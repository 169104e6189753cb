"""Read shortcut files as programs, and write programs as shortcut files."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from shortcuts import plist
from shortcuts.transcription import Transcription, to_shortcut, transcribe

# The first bytes of a shortcut's file, or of an archive of some: no text begins with them.
_MAGIC = (b"bplist", b"AEA1", b"<?xml", b"<!DOCTYPE", b"<plist", b"PK\x03\x04")


def read_file(data: bytes) -> Transcription:
    """Transcribe the bytes of a .shortcut, .wflow or .plist file, signed or not.

    Raises PlistError where the bytes are no shortcut, and what `transcribe` does.
    """
    return transcribe(plist.read_shortcut(data))


def shortcut_file(code: str, residue: dict[str, Any] | None = None) -> bytes:
    """Compile a program to the bytes of a .shortcut file, unsigned.

    Raises ValueError for a program that does not compile, or a residue that does not belong to it.
    """
    return plist.write_binary(to_shortcut(code, residue))


def is_shortcut_file(path: Path) -> bool:
    """True for a file of a shortcut, or an archive, by its name or its first bytes; False for a file that cannot be read."""
    try:
        with open(path, "rb") as file:
            start = file.read(16).removeprefix(b"\xef\xbb\xbf")
    except OSError:
        return False
    return path.suffix.lower() in (".shortcut", ".wflow") or start.startswith(_MAGIC)


def sign_command(file: Path) -> str:
    """Return the command that signs a file on a Mac, quoted for a shell: a phone opens no unsigned file."""
    signed = file.with_suffix(".signed.shortcut")
    return shlex.join(["shortcuts", "sign", "--mode", "anyone", "--input", str(file), "--output", str(signed)])
