"""Take the shortcut out of a signed file: Apple Encrypted Archive (AEA) profile 0, which is signed but not encrypted.

    prologue   "AEA1", profile, auth data (the signer's certificates and Apple ID record), signature, keys, root header
    cluster    one header for each of 256 segments: raw size, stored size, SHA-256 of the raw bytes; then their MACs
    segments   LZFSE, or raw where stored size = raw size; together an Apple Archive ("AA01") that holds Shortcut.wflow

Every size is checked against the bytes at hand before anything is allocated. The auth data, which identifies the signer, is never read.
The signature is not verified: it proves who made a shortcut, which does not matter here.
"""

from __future__ import annotations

import ctypes
import hashlib
import struct
from collections.abc import Iterator

from shortcuts.plist.parser import PlistError

MAGIC = b"AEA1"
PROLOGUE_END = 0x130  # from the end of the auth data: signature 128, key 32, salt 32, MAC 32, root header 48, first cluster's MAC 32
ROOT_HEADER = 0xE0
SEGMENT_HEADER = struct.Struct("<II32s")
WORKFLOW = b"Shortcut.wflow"


def unpack(data: bytes, limit: int) -> tuple[bytes, bool]:
    """Return the property list inside a signed shortcut, and True if the SHA-256 sums of its segments match.

    limit: the most unpacked bytes. Raises PlistError (encrypted, truncated, too_large, bad_sizes, bad_container).
    """
    raw, intact = _segments(data, limit)
    for fields in _archive(raw):
        if fields.get(b"PAT") == WORKFLOW and b"DAT" in fields:
            return fields[b"DAT"], intact
    raise PlistError("bad_container", f"the archive holds no {WORKFLOW.decode()}")


# ---------------------------------------------------------------------------------------------------------------------------------
# the container


def _segments(data: bytes, limit: int) -> tuple[bytes, bool]:
    """Decompress all segments of the first cluster, whose 256 MiB (by Apple's sizes) no shortcut fills; return as unpack() does."""
    profile, auth_size = int.from_bytes(data[4:7], "little"), int.from_bytes(data[8:12], "little")
    if profile:
        raise PlistError("encrypted", f"AEA profile {profile}; only profile 0 (signed, not encrypted) can be read")
    start = 12 + auth_size
    if len(data) < start + PROLOGUE_END:
        raise PlistError("truncated", f"{len(data):,} bytes end inside the prologue")
    raw_total, file_size, _, per_cluster, algorithm, checksum = struct.unpack_from("<QQIIcB", data, start + ROOT_HEADER)
    if algorithm not in b"e-" or checksum != 2:
        raise PlistError("bad_container", f"compression {algorithm!r}, checksum {checksum}: only LZFSE ('e') and SHA-256 (2) are known")
    if raw_total > limit:
        raise PlistError("too_large", f"{raw_total:,} bytes unpacked; the limit is {limit:,}")
    if file_size > len(data):
        raise PlistError("truncated", f"{len(data):,} of {file_size:,} bytes")
    headers, body = start + PROLOGUE_END, start + PROLOGUE_END + 32 + per_cluster * (SEGMENT_HEADER.size + 32)
    if body > len(data):
        raise PlistError("bad_sizes", f"{per_cluster:,} segment headers do not fit into {len(data):,} bytes")
    parts, intact, missing = [], True, raw_total
    for raw_size, stored_size, digest in SEGMENT_HEADER.iter_unpack(data[headers:headers + per_cluster * SEGMENT_HEADER.size]):
        if not missing:
            break
        if not 0 < raw_size <= missing or body + stored_size > len(data):
            raise PlistError("bad_sizes", f"a segment claims {raw_size:,} raw and {stored_size:,} stored bytes")
        stored = data[body:body + stored_size]
        parts.append(stored if stored_size == raw_size else _lzfse(stored, raw_size))
        intact = intact and hashlib.sha256(parts[-1]).digest() == digest
        body, missing = body + stored_size, missing - raw_size
    if missing:
        raise PlistError("bad_sizes", f"the segments lack {missing:,} of {raw_total:,} bytes")
    return b"".join(parts), intact


# ---------------------------------------------------------------------------------------------------------------------------------
# LZFSE


def _lzfse(stored: bytes, raw_size: int) -> bytes:
    """Decompress one segment. Raises PlistError.

    The C function is called by its name, with the size of the output. The module's own decompress doubles its buffer as long as data
    comes or a block ends early, up to all addresses of the process, which then may be unable to fork (pyliblzfse 0.4.1).
    """
    try:
        import liblzfse
    except ImportError:
        raise ModuleNotFoundError("signed shortcuts need LZFSE: pip install pyliblzfse", name="pyliblzfse") from None
    decode = ctypes.CDLL(liblzfse.__file__).lzfse_decode_buffer
    decode.restype, decode.argtypes = ctypes.c_size_t, (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p)
    raw = ctypes.create_string_buffer(raw_size + 1)  # one byte more, in which what is too long shows
    size = decode(raw, len(raw), stored, len(stored), None)
    if not size:
        raise PlistError("bad_container", "a segment is not LZFSE")
    if size != raw_size:
        raise PlistError("bad_sizes", f"a segment of {raw_size:,} bytes unpacks to {'more' if size > raw_size else f'{size:,}'}")
    return ctypes.string_at(raw, size)


# ---------------------------------------------------------------------------------------------------------------------------------
# Apple Archive

# The fourth character of a field is its type: so many plain bytes, or a size of so many bytes and that much data.
PLAIN = {b"*": 0, b"1": 1, b"2": 2, b"4": 4, b"8": 8, b"S": 8, b"T": 12, b"F": 4, b"G": 20, b"H": 32, b"I": 48, b"J": 64}
BLOB = {b"A": 2, b"B": 4, b"C": 8}


def _archive(raw: bytes) -> Iterator[dict[bytes, bytes]]:
    """Yield the fields of each entry by their three-character keys, blobs (contents of files) included."""
    at = 0
    while raw[at:at + 4] == b"AA01":
        end = at + int.from_bytes(raw[at + 4:at + 6], "little")
        at, fields, blobs = at + 6, {}, []
        while at < end:
            key, kind = raw[at:at + 3], raw[at + 3:at + 4]
            at += 4
            if kind in BLOB:
                width = BLOB[kind]
                blobs.append((key, int.from_bytes(raw[at:at + width], "little")))
            elif kind == b"P":
                width = 2 + int.from_bytes(raw[at:at + 2], "little")
                fields[key] = raw[at + 2:at + width]
            elif kind in PLAIN:
                width = PLAIN[kind]
            else:
                raise PlistError("bad_container", f"unknown archive field {key + kind!r}")
            at += width
        for key, size in blobs:
            if at + size > len(raw):
                raise PlistError("bad_sizes", f"archive field {key!r} claims {size:,} bytes")
            fields[key] = raw[at:at + size]
            at += size
        yield fields
