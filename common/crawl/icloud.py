"""The record behind a share link: what is kept of it, and the shortcut in it.

A record names its maker's account and device, and holds signed URLs that expire; none of that is stored. What is stored is one JSON object
with the fields below and the shortcut's file, which the server has apart: so a stored record can be parsed again without asking.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from common.crawl.client import Gone, Later
from common.crawl.links import readable

KEPT = ("recordName", "recordType", "recordChangeTag")
KEPT_FIELDS = ("name", "icon_color", "icon_glyph", "longDescription", "signingStatus")  # all but `shortcut` are optional


@dataclass
class Asset:
    """Where the shortcut's file is for the next hours, and how many bytes it has, if the record says so."""

    url: str
    size: int | None


@dataclass
class Stored:
    """A stored record: the shortcut's file (scrubbed or as it came), its name, the hash of the file as it came, what was scrubbed."""

    data: bytes
    name: str
    sha256: str
    scrubbed: dict[str, int] | None


def parse_record(body: bytes) -> tuple[dict[str, Any], Asset]:
    """What is kept of an answer of /shortcuts/api/records/<id>, and its file. Raises Gone, and Later where it is no record."""
    try:
        answer = orjson.loads(body)
        if answer.get("error") or answer.get("deleted"):
            raise Gone(readable(str(answer.get("reason") or "deleted"))[:100])
        fields = answer["fields"]
        value = fields["shortcut"]["value"]
        asset = Asset(value["downloadURL"].replace("${f}", "shortcut.plist"), value.get("size"))
        if not urlsplit(asset.url).netloc:
            raise ValueError("downloadURL names no host")
        kept = {name: answer[name] for name in KEPT if name in answer}
        for moment in ("created", "modified"):  # their other fields are an account and a device
            kept[moment] = answer.get(moment, {}).get("timestamp")
        kept["fields"] = {name: {"value": fields[name].get("value")} for name in KEPT_FIELDS if name in fields}
        kept["fileChecksum"] = value.get("fileChecksum")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Later(f"the answer is no shortcut record ({type(error).__name__}: {error})") from None
    return kept, asset


def pack(kept: dict[str, Any], raw: bytes, data: bytes, scrubbed: Mapping[str, int] | None) -> bytes:
    """The body to store: `raw` is the file as it came, `data` what is kept of it."""
    file = {"sha256": hashlib.sha256(raw).hexdigest(), "data": base64.b64encode(data).decode(), "scrubbed": scrubbed}
    return orjson.dumps({**kept, "file": file})


def unpack(body: bytes) -> Stored:
    """The inverse of `pack`."""
    stored = orjson.loads(body)
    name, file = stored["fields"].get("name", {}).get("value"), stored["file"]
    return Stored(base64.b64decode(file["data"]), name if isinstance(name, str) else "", file["sha256"], file["scrubbed"])
