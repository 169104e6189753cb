"""Collect shortcuts: from a folder of files, from iCloud share links, or both -> data/shortcuts.jsonl

    python 01_scrape.py --folder examples
    python 01_scrape.py --folder ~/Downloads --output mine.jsonl
    python 01_scrape.py --links links.txt --contact https://example.org/me

--folder imports .shortcut, .plist, .wflow, .json and .xml files, signed ones too. --links reads one share link or record id a line, or
JSONL with "url" and, if known, "name", "description", "category", "downloads", "author", "licence", "site".
Each record holds id, source, name, description, category, downloads and the shortcut as tagged JSON; its id is a hash of the shortcut,
so equal shortcuts have one record, and further ones are rejected as duplicates. What can't be reached for now is no reject: the exit
code is 1, and the same command tries it again.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson

from common import cli, jsonl, plist
from common.jsonl import Record, UserError

if TYPE_CHECKING:
    from requests import Response

SUFFIXES = {".shortcut", ".plist", ".wflow", ".json", ".xml"}
ICLOUD = "https://www.icloud.com"
LINK = re.compile(r"(?:(?:https?://)?(?:www\.)?icloud\.com/shortcuts/(?:api/records/)?)?"
                  r"([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?(?:[?#].*)?", re.IGNORECASE)
ABOUT = ("description", "category", "downloads")  # what only a gallery knows, so only a JSONL line of --links can bring it

TRIES = 5  # with the back-off below: a server has about half a minute to recover
BACKOFF = 1.0  # seconds before the second try; doubled each time
LONGEST_WAIT = 60.0  # seconds; a server that asks for more is left alone until the next run
TIMEOUT = 30.0  # seconds to connect, and without a byte
DEADLINE = 300.0  # seconds for one body: 64 MiB at 0.2 MB/s
RETRIED = {408, 425, 429, 500, 502, 503, 504}
REFUSALS = 5  # in a row; after these we are not wanted, and going on would be rude


class Unreachable(Exception):
    """Something can't be had for now: it is counted, not rejected, so that the next run tries again."""


def main() -> int:
    args = arguments()
    failed = others = 0
    with cli.Run("scrape", args) as run:
        run.done.update(keys_written(run.output))
        if args.folder is not None:
            paths, others = list_files(args.folder)
            failed += import_files(run, args.folder, paths)
        if args.links is not None:
            failed += import_links(run, args.links, Client(args.base_url, args.rate, args.contact))
        code = run.finish(failed=failed, other_files=others)
    if failed and code == cli.EXIT_DONE:
        cli.say(f"error: {failed} could not be read or fetched (see above); run the same command again to try them again")
        return cli.EXIT_FAILED
    return code


def arguments() -> argparse.Namespace:
    parser = cli.parser(__doc__, output="data/shortcuts.jsonl")
    where = parser.add_argument_group("where from (at least one)")
    where.add_argument("--folder", type=Path, metavar="DIR", help="import the files of a folder and its subfolders")
    where.add_argument("--links", type=Path, metavar="FILE", help="fetch iCloud share links: text or JSONL")
    manners = parser.add_argument_group("manners (for --links)")
    manners.add_argument("--rate", type=positive, default=2.0, metavar="N", help="requests a second to one host at most (default: 2)")
    manners.add_argument("--contact", default="", help="a URL or e-mail address for the user agent, so that the host can reach you")
    manners.add_argument("--base-url", default=ICLOUD, metavar="URL", help=f"where the records are (default: {ICLOUD})")
    args = parser.parse_args()
    if args.folder is None and args.links is None:
        parser.error("name --folder DIR, --links FILE or both")
    return args


def positive(text: str) -> float:
    """An argparse type: a finite number above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: a number above 0 is needed")
    return value


# ---------------------------------------------------------------------------------------------------------------------------------
# one shortcut

# Every file and every link has a key. It is the id of its reject, or it follows from its record's `source`: so a rerun knows what is done.


def file_key(name: str, digest: str) -> str:
    """By name and content: two folders may hold different files of one name, and a file may change between two runs."""
    return "file-" + hashlib.sha256(f"{digest}/{name}".encode()).hexdigest()[:16]


def link_key(record: str) -> str:
    """A share link never changes what it points to, so the id of its iCloud record is enough."""
    return f"icloud-{record}"


def keys_written(output: Path) -> Iterator[str]:
    """The keys of the files and links whose records stand in the output."""
    for record in jsonl.read(output, ("id", "source")):
        source = record["source"]
        if not isinstance(source, dict) or not (source.get("record") or {"file", "sha256"} <= source.keys()):
            raise UserError(f"{output}: record {record['id']} does not say where it is from; name another --output")
        yield link_key(source["record"]) if source.get("record") else file_key(source["file"], source["sha256"])


def keep(run: cli.Run, key: str, data: bytes, source: Record, name: str, about: Record) -> None:
    """Write the record of one shortcut, or reject it: it is none, or it is one we have."""
    place = source["file"] or source["url"]
    try:
        shortcut = plist.read_shortcut(data)
        identifier, tree = plist.content_id(shortcut), plist.to_json(shortcut)
    except plist.PlistError as error:
        return run.reject(key, cli.Reject(error.code, f"{place}: {error.detail}"))
    if identifier in run.done:
        return run.reject(key, cli.Reject("duplicate", f"{place}: the same shortcut as {identifier}"))
    own_name = shortcut.get("WFWorkflowName")
    run.write({"id": identifier, "source": {**source, "sha256": hashlib.sha256(data).hexdigest()},
               "name": readable(own_name) if own_name and isinstance(own_name, str) else name,
               **{field: about.get(field) for field in ABOUT}, "shortcut": tree})


def readable(text: str) -> str:
    """Text that UTF-8 can hold: lone surrogates, as in a file name that is no UTF-8, become question marks."""
    return text.encode("utf-8", "replace").decode()


# ---------------------------------------------------------------------------------------------------------------------------------
# files


def list_files(folder: Path) -> tuple[list[Path], int]:
    """The files to import, sorted, so that of equal shortcuts the same one is kept in every run; and how many others there are."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; name one with --folder")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    ours = [path for path in files if path.suffix.lower() in SUFFIXES]
    return ours, len(files) - len(ours)


def import_files(run: cli.Run, folder: Path, paths: list[Path]) -> int:
    """Import each file that is due; returns how many could not be read."""
    failed = 0
    for path in run.progress(paths[:run.args.limit]):
        if run.interrupted:
            break
        name = readable(path.relative_to(folder).as_posix())
        try:
            with open(path, "rb") as file:
                data = file.read(plist.MAX_BYTES + 1)  # one more than is allowed: too large a file is rejected without reading it all
        except OSError as error:
            cli.say(f"{path}: cannot be read: {error.strerror}")
            failed += 1
            continue
        key = file_key(name, hashlib.sha256(data).hexdigest())
        if run.is_due(key):
            run.read += 1
            source = {"site": "file", "url": None, "record": None, "author": None, "licence": None, "file": name}
            keep(run, key, data, source, readable(path.stem), {})
    return failed


# ---------------------------------------------------------------------------------------------------------------------------------
# links


def import_links(run: cli.Run, path: Path, client: Client) -> int:
    """Fetch each link that is due; returns how many could not be reached."""
    failed = 0
    for link, about in run.progress(itertools.islice(read_links(path), run.args.limit)):
        if run.interrupted:
            break
        match = LINK.fullmatch(link)
        record = match[1].replace("-", "").lower() if match else ""
        key = link_key(record) if match else "link-" + hashlib.sha256(link.encode()).hexdigest()[:16]
        if not run.is_due(key):
            continue
        run.read += 1
        url = f"{ICLOUD}/shortcuts/{record}"
        try:
            if not match:
                raise cli.Reject("bad_link", f"{link[:200]!r} is no iCloud share link or record id")
            data, name = fetch(client, record)
        except cli.Reject as reject:
            run.reject(key, reject)
        except Unreachable as error:
            cli.say(f"{url}: {error}")
            failed += 1
        else:
            source = {"site": about.get("site") or "icloud", "url": url, "record": record, "author": about.get("author"),
                      "licence": about.get("licence"), "file": None}
            keep(run, key, data, source, name or about.get("name") or "", about)
            run.done.add(key)  # the same link may stand in several categories of a gallery
    return failed


def read_links(path: Path) -> Iterator[tuple[str, Record]]:
    """Yield (link, what is known about it) of each line; lines that start with # are comments."""
    for number, line in jsonl.numbered_lines(path):
        text = readable(line.decode("utf-8-sig", "replace").strip())
        if text.startswith("{"):
            about = jsonl.parse(line, f"{path}:{number}", ("url",))
            yield readable(str(about["url"])).strip(), about
        elif not text.startswith("#"):
            yield text, {}


def fetch(client: Client, record: str) -> tuple[bytes, str]:
    """The property list behind a share link, and its name. Nothing else of the record is kept: it names its maker's account and device."""
    try:
        answer = orjson.loads(client.get(f"{client.base_url}/shortcuts/api/records/{record}"))
        if answer.get("error") or answer.get("deleted"):
            raise cli.Reject("gone", readable(str(answer.get("reason", "deleted")))[:200])
        fields = answer["fields"]
        asset = fields["shortcut"]["value"]
        url, size, name = asset["downloadURL"].replace("${f}", "shortcut.plist"), asset.get("size"), fields.get("name", {}).get("value", "")
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
        raise Unreachable(f"the answer is no shortcut record ({type(error).__name__}: {error})") from None
    if urlsplit(url).scheme != urlsplit(client.base_url).scheme:
        raise Unreachable(f"the record's file is at {url[:80]!r}: an https URL is expected")
    try:
        data = client.get(url)
    except cli.Reject as reject:
        if reject.reason != "gone":
            raise
        # The record is there, so its file is too: only this URL of it has expired. The next run is given a new one.
        raise Unreachable(f"its file: {reject}") from None
    if isinstance(size, int) and len(data) != size:
        raise Unreachable(f"its file has {len(data):,} bytes; {size:,} were announced")
    return data, name if isinstance(name, str) else ""


class Client:
    """A polite HTTP client: a few requests a second to a host, bounded retries, and an end when a host does not want us."""

    def __init__(self, base_url: str, rate: float, contact: str) -> None:
        import requests  # keeps connections open, honours proxies, tells a cut body; it comes with `evaluate` anyway

        self.base_url, self.interval = base_url.rstrip("/"), 1 / rate
        self.error = requests.RequestException
        self.session = requests.Session()
        self.session.headers["User-Agent"] = f"WorkflowLLM-scrape/1.0 ({contact or 'no contact given'})"
        self.next_request: dict[str, float] = {}
        self.refusals = 0

    def get(self, url: str) -> bytes:
        """The body of a URL. Raises cli.Reject (gone, too_large), Unreachable, or UserError when the host refuses us again and again."""
        for attempt in range(TRIES):
            self._wait_for_turn(url)
            wait = BACKOFF * 2**attempt
            try:
                with self.session.get(url, stream=True, timeout=TIMEOUT) as response:
                    self._count_refusal(response)
                    if response.status_code in {404, 410}:
                        raise cli.Reject("gone", f"{urlsplit(url).netloc} answers {response.status_code}")
                    if response.status_code == 200:
                        return read_body(response)
                    problem = f"status {response.status_code}"
                    if response.status_code not in RETRIED:
                        raise Unreachable(problem)
                    wait = max(wait, retry_after(response))
            except self.error as error:
                problem = f"{type(error).__name__}: {error}"
            if wait > LONGEST_WAIT:
                raise Unreachable(f"{problem}; the server asks to wait {wait:,.0f} s")
            if attempt + 1 < TRIES:
                time.sleep(wait)
        raise Unreachable(f"{problem}, after {TRIES} tries")

    def _wait_for_turn(self, url: str) -> None:
        host, now = urlsplit(url).netloc, time.monotonic()
        turn = max(now, self.next_request.get(host, now))
        self.next_request[host] = turn + self.interval
        time.sleep(turn - now)

    def _count_refusal(self, response: Response) -> None:
        """A 401 or 403, a challenge, or a web page where data is due: someone wants no robots here. Never try to get around it."""
        page = response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html")
        if not (page or response.status_code in {401, 403} or "cf-mitigated" in response.headers):
            self.refusals = 0
            return
        self.refusals += 1
        host = urlsplit(response.url).netloc
        if self.refusals >= REFUSALS:
            raise UserError(f"{host} refused {self.refusals} requests in a row (status {response.status_code}): stopped; "
                            "run the same command later, with a lower --rate and a --contact, or fetch the files by hand for --folder")
        raise Unreachable(f"{host} refuses (status {response.status_code}{', a web page' if page else ''})")


def read_body(response: Response) -> bytes:
    """The body, within the limits of size and time."""
    parts, size, deadline = [], 0, time.monotonic() + DEADLINE
    for part in response.iter_content(1 << 16):
        parts.append(part)
        size += len(part)
        if size > plist.MAX_BYTES:
            raise cli.Reject("too_large", f"more than {plist.MAX_BYTES:,} bytes")
        if time.monotonic() > deadline:
            raise Unreachable(f"{size:,} bytes in {DEADLINE:,.0f} s: too slow")
    return b"".join(parts)


def retry_after(response: Response) -> float:
    """Seconds that the server asks us to wait (RFC 9110, 10.2.3: a number or a date); 0 if it does not."""
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except ValueError:
        return 0.0


if __name__ == "__main__":
    cli.start(main)
