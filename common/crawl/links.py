"""Links to fetch, from text, JSONL, archives and RoutineHub ids, with what a gallery says about each; and the opt-out list."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from common import jsonl
from common.jsonl import Record, UserError

ICLOUD, ROUTINEHUB = "https://www.icloud.com", "https://routinehub.co"
RECORD, VERSION, PAGE, LISTING, DOWNLOAD = "record", "version", "page", "listing", "download"  # the kinds of jobs

ID = r"([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
SHARE = re.compile(rf"icloud\.com/shortcuts/(?:api/records/)?{ID}(?![0-9a-f-])|^{ID}$", re.IGNORECASE)  # not anchored: `rhttps:` occurs
HUB = re.compile(r"routinehub\.co(/\S*)?$", re.IGNORECASE)
SHORTCUT = re.compile(r"/(?:api/v1/)?shortcuts?/([0-9]{1,18})(?:/|$)")
LISTED = re.compile(r"/(?:shortcuts|category/[^/]+|search|user/[^/]+)/?$")
QUERY = {"page", "sort", "q"}  # parameters of a listing; the others (tokens, trackers) are dropped

FIELDS = {  # our name -> names in lists; the second ones are those of published crawls of galleries
    "url": ("url", "URL", "link"), "site": ("site", "Source"), "name": ("name", "NameINStore"),
    "description": ("description", "DescriptionInStore", "tagline"), "category": ("category", "CategoryInStore"),
    "downloads": ("downloads", "Downloads"), "author": ("author",), "licence": ("licence", "license"),
}  # fmt: skip


@dataclass(frozen=True)
class Link:
    """A job: its kind, its URL in one spelling, and its key, which is the id of its reject."""

    kind: str
    url: str
    key: str


def share_link(record: str) -> Link:
    """The link of an iCloud record: 32 hex digits, dashes allowed."""
    record = record.replace("-", "").lower()
    return Link(RECORD, f"{ICLOUD}/shortcuts/api/records/{record}", f"icloud-{record}")


def hub_link(number: int | str, kind: str = VERSION) -> Link:
    """The link of a RoutineHub shortcut: its latest version in the API, or its page."""
    path = f"/api/v1/shortcuts/{int(number)}/versions/latest" if kind == VERSION else f"/shortcut/{int(number)}/"
    return Link(kind, ROUTINEHUB + path, f"routinehub-{int(number)}")


def find_link(text: str) -> Link | None:
    """The link in a line of a list: an iCloud share link or record id, a shortcut, download or listing of RoutineHub; None without one."""
    text = text.strip()
    if share := SHARE.search(text):
        return share_link(share[1] or share[2])
    hub = HUB.search(text)
    if not hub:
        return None
    parts = urlsplit(ROUTINEHUB + (hub[1] or "/"))
    if shortcut := SHORTCUT.match(parts.path):
        return hub_link(shortcut[1])
    if download := re.match(r"/download/([0-9]{1,18})(?![0-9])", parts.path):
        return Link(DOWNLOAD, f"{ROUTINEHUB}/download/{download[1]}/", f"routinehub-download-{download[1]}")
    if not LISTED.match(parts.path):
        return None
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name in QUERY])
    url = ROUTINEHUB + parts.path + (f"?{query}" if query else "")
    return Link(LISTING, url, "link-" + hashlib.sha256(url.encode()).hexdigest()[:16])


def absolute(base: str, href: str) -> str:
    """The URL of `href` on the page `base`; "" if it is no URL, such as `http://[`."""
    try:
        return urljoin(base, href)
    except ValueError:
        return ""


def readable(text: str) -> str:
    """A text as UTF-8 can hold it: lone surrogates, as in a file name that is not UTF-8, become question marks."""
    return text.encode("utf-8", "replace").decode()


# ---------------------------------------------------------------------------------------------------------------------------------
# lists


def read_list(path: Path) -> Iterator[tuple[str, Record]]:
    """Yield (link, facts about it) of a file of text or JSONL, of a .json file with an array, or of a folder.

    A folder is either an archive of RoutineHub (shortcuts/<id> holds JSON, download/<version> a link) or any folder of such files.
    Raises UserError naming file and line.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in {".txt", ".json", ".jsonl"})
        if (path / "shortcuts").is_dir():
            yield from _read_archive(path)
        elif not files:
            raise UserError(f"{path}: neither a folder shortcuts/ nor a .txt, .json or .jsonl file in it")
        else:
            for file in files:
                yield from read_list(file)
    elif path.suffix == ".json":
        yield from _read_array(path)
    else:
        for number, line in jsonl.numbered_lines(path):
            text = readable(line.decode("utf-8-sig", "replace").strip())
            if text.startswith("{"):
                yield _entry(jsonl.parse(line.removeprefix(b"\xef\xbb\xbf"), f"{path}:{number}"), f"{path}:{number}")
            elif not text.startswith("#"):
                yield text, {}


def _read_array(path: Path) -> Iterator[tuple[str, Record]]:
    entries = jsonl.whole(path)
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries]):
        if not isinstance(entry, dict):
            raise UserError(f"{path}: entry {number}: a JSON object is expected, not {type(entry).__name__}")
        yield _entry(entry, f"{path}: entry {number}")


def _entry(entry: Record, where: str) -> tuple[str, Record]:
    if not entry.keys() & set(FIELDS["url"]):
        raise UserError(f'{where}: field "url" is missing')
    about = facts(entry)
    return readable(str(about.pop("url") or "")).strip(), about  # a row of a gallery without a link is one reject


def facts(entry: Record) -> Record:
    """The facts about a shortcut in a gallery's record, under our names."""
    about = {field: next((entry[name] for name in names if entry.get(name) not in (None, "")), None) for field, names in FIELDS.items()}
    return {field: value if field in ("url", "downloads") else _joined(value) for field, value in about.items()}


def _joined(value: object) -> str | None:
    """A text, or texts with commas between them, such as several categories; None for anything else."""
    texts = value if isinstance(value, list) else [value]
    return ", ".join(texts) if all(isinstance(text, str) for text in texts) else None


def _read_archive(folder: Path) -> Iterator[tuple[str, Record]]:
    for file in sorted(filter(Path.is_file, (folder / "shortcuts").iterdir()), key=lambda file: (len(file.name), file.name)):
        entry = jsonl.read_object(file, ("id",))
        latest = folder / "download" / Path(str(entry.get("latest") or "none")).name
        page = f"{ROUTINEHUB}/shortcut/{entry['id']}/"
        link = latest.read_text(errors="replace").strip() if latest.is_file() else page
        texts = [plain_text(str(entry.get(field) or "")) for field in ("tagline", "description")]
        description = "\n\n".join(filter(None, texts)) or None
        yield link, {"site": "routinehub.co", "page": page, "name": _joined(entry.get("name")), "description": description}


def plain_text(html: str) -> str:
    """The text of a piece of HTML, one line per block."""
    from selectolax.lexbor import LexborHTMLParser  # here, as in answers.py

    root = LexborHTMLParser(html).body
    lines = root.text(separator="\n").splitlines() if root else []
    return "\n".join(filter(None, map(str.strip, lines)))


def merge(first: Record, second: Record) -> Record:
    """The facts of two galleries about one link: a field's first value counts, and different descriptions are joined."""
    merged = {**second, **{field: value for field, value in first.items() if value is not None}}
    one, two = first.get("description"), second.get("description")
    if isinstance(one, str) and isinstance(two, str) and two not in one:
        merged["description"] = f"{one}\n\n{two}"
    return merged


# ---------------------------------------------------------------------------------------------------------------------------------
# opting out


class OptOut:
    """People and shortcuts to leave alone: share links, RoutineHub links and users, record ids, our ids, authors' names."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self.names: set[str] = set()
        for line in map(str.strip, lines):
            user = re.search(r"routinehub\.co/user/([^/?#]+)", line, re.IGNORECASE)
            link = find_link(line)
            if line and not line.startswith("#"):
                self.names.add(unquote(user[1]).casefold() if user else link.key if link else line.lstrip("@").casefold())

    @classmethod
    def read(cls, path: Path) -> OptOut:
        """Read a text file with one of them a line; lines with # are comments."""
        return cls(line.decode("utf-8-sig", "replace") for _, line in jsonl.numbered_lines(path))

    def covers(self, *names: object) -> bool:
        """True if one of these keys, ids or authors is on the list."""
        return any(isinstance(name, str) and (name in self.names or name.lstrip("@").casefold() in self.names) for name in names)

    def covers_record(self, record: Record) -> bool:
        """True if a record of the output is on the list by its id, link, page or author."""
        source = record["source"]
        links = [find_link(str(source.get(field) or "")) for field in ("url", "page")]
        return self.covers(record["id"], source.get("author"), *(link.key for link in links if link))
