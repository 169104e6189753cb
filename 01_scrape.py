"""01 · Scrape: collect shortcuts from a folder of files, from share links, from RoutineHub.

Writes   data/shortcuts.jsonl: id, source, name, description, category, downloads, and the shortcut as tagged JSON
         data/shortcuts.rejected.jsonl: what is no shortcut, a duplicate, gone, or opted out

    python 01_scrape.py --folder examples
    python 01_scrape.py --links links.txt --contact https://example.org/me
    python 01_scrape.py --routinehub 1-22000 --contact me@example.org --dry-run

--folder imports .shortcut, .plist, .wflow, .json and .xml files, signed ones too, those in a .zip, and the field `shortcut` of each record
of a .jsonl file or of an array in a .json file: as JSON, or as a text that holds JSON, XML or a file in base64. --links reads one link or
record id a line (iCloud share links; RoutineHub shortcuts, downloads and listings), or JSON with "url" and, if known, "name",
"description", "category", "downloads", "author", "licence", "site"; it may be a folder of such files, or an archive of RoutineHub.
--routinehub asks its API for ids.

The id of a record is a hash of its shortcut: of equal shortcuts the first is kept, and the others are rejected as duplicates. What was
fetched is kept in <output>.crawl, a table of jobs and the bodies without private data, and is not fetched again, not even with --overwrite;
remove that folder to start anew.

Hosts are asked slowly, within robots.txt, and no longer after five refusals in a row. What cannot be fetched for now is not a reject: the
exit code is 1, and the same command continues.
"""

from __future__ import annotations

import common  # noqa: F401  # isort: skip  (first: from here on Ctrl-C ends in one line)
import argparse
import asyncio
import contextlib
import hashlib
import itertools
import os
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from common import cli, jsonl
from common.crawl import links
from common.crawl.answers import Stored
from common.crawl.jobs import Bodies, Jobs
from common.crawl.links import OptOut, find_link, hub_link, readable
from common.http import without_query
from common.jsonl import Record, UserError
from common.scrub import scrub_shortcut, scrub_text
from shortcuts import plist
from shortcuts.plist import PlistError, archive

if TYPE_CHECKING:
    from common.crawl.crawler import Crawler

SUFFIXES = archive.SUFFIXES | {".zip", ".jsonl"}  # of files to import
FRESH = 86400.0  # seconds after which answers that may change are fetched again, if they have changed
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
PERIODS = {"": 1, "s": 1, "min": 60, "h": 3600, "day": 86400}
CONTACT = re.compile(r"(?:mailto:)?[^\s@()]+@[^\s@()]+\.[^\s@().]+|https?://[^\s()]+")
ABOUT = ("description", "category", "downloads")  # fields that only a gallery knows


def main() -> int:
    """Import and fetch what is due; return the exit code."""
    args = arguments()
    opt_out = OptOut.read(args.opt_out) if args.opt_out else OptOut()
    if args.dry_run:
        return show_plan(args, opt_out)
    dropped = [] if args.overwrite else drop_opted_out(cli.shard_path(args.output, args.shard), opt_out)
    failed = others = 0
    counts: Record = {}
    with cli.Run("scrape", args) as run:
        for path in run.kept:
            run.done.update(keys_written(path))
        for key, detail in dropped:
            opt_out.names.add(key)  # so that its stored body is removed, too
            run.reject(key, cli.Reject("opted_out", detail))
        opt_out.names.update(rejected_before(run, opt_out))
        if args.folder is not None:
            failed, others = import_files(run, args.folder, opt_out)
        if args.links is not None or args.routinehub:
            counts, left = fetch(run, opt_out)
            failed += left + sum(counts["states"].get(state, 0) for state in ("new", "transient"))
        elif opt_out.names and store_of(run).exists():
            with contextlib.closing(Jobs(store_of(run))) as jobs:
                forget_opted_out(jobs, Bodies(store_of(run)), opt_out)
        code = run.finish(failed=failed, other_files=others, **counts)
    if failed and code == cli.EXIT_DONE:
        cli.say(f"error: {failed} could not be read or fetched (see above); run the same command again to try them again")
    return code or (cli.EXIT_FAILED if failed else cli.EXIT_DONE)


def arguments() -> argparse.Namespace:
    """Parse and check the flags of this stage."""
    parser = cli.parser(__doc__, output="data/shortcuts.jsonl")
    add = parser.files.add_argument
    add("--folder", type=Path, metavar="PATH", help="import the files of a folder and its subfolders, or one file")
    add("--links", type=Path, metavar="PATH", help="fetch links: text, JSONL, .json, or a folder of them")
    add("--routinehub", type=ranges, default=[], metavar="IDS", help="ask RoutineHub's API for these ids: 1-22000, or 7,9-12")
    add_crawling(parser)
    args = parser.parse_args()
    fetched = args.links is not None or args.routinehub
    parser.refuse(
        (args.folder is None and not fetched, "name --folder PATH, --links FILE or --routinehub IDS, or more than one of them"),
        (fetched and not args.contact, "--contact must be given with --links and --routinehub, so that a host that minds can tell you"),
    )
    return args


def add_crawling(parser: cli.Parser) -> None:
    """Add the flags of what is fetched: how, and what is kept of it."""
    add = parser.requests.add_argument
    add("--contact", type=contact, help="your URL or e-mail address, for the user agent, so that a host that minds can tell you; required")
    add("--rate", type=rate, action="append", default=[], metavar="[HOST=]N",
        help="requests to one host at most: 2 (a second), 20/min or 300/day; for every host or for one (default: 2, routinehub.co=0.5)")
    add("--since", type=moment, default=time.time() - FRESH, metavar="WHEN",
        help="do not ask RoutineHub again for answers that came since: 2026-01-31, or 7d, 12h ago (default: 1d); a share link never "
        "changes and is never fetched twice")
    add("--dry-run", action="store_true", help="fetch nothing: show what would be, from where, and how long it takes")
    add("--at", type=place, action="append", default=[], metavar="HOST=URL",
        help="send requests to this URL instead of a host (a mirror, a test)")
    add = parser.task.add_argument
    add("--pages", action="store_true", help="read RoutineHub's pages, too: description, category, author")
    add("--scrub", action=argparse.BooleanOptionalAction,
        help="replace e-mail addresses, phone numbers, secrets, places and contacts by placeholders, before anything is stored (default: "
        "for what is fetched, yes; for --folder, no)")
    add("--opt-out", type=Path, metavar="FILE", help="links, ids and authors, one a line: not to be fetched, and dropped if they were")


def contact(text: str) -> str:
    """Parse a URL or an e-mail address (an argparse type)."""
    if not CONTACT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a URL nor an e-mail address")
    return text


def ranges(text: str) -> list[range]:
    """Parse `7,9-12` as ranges of ids (an argparse type)."""
    found = [re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part) for part in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of ids such as 1-22000 or 7,9-12")
    return [range(int(match[1]), int(match[2] or match[1]) + 1) for match in found if match]


def rate(text: str) -> tuple[str, float]:
    """Parse `2`, `20/min` or `routinehub.co=300/day` as (host or "", requests a second) (an argparse type)."""
    host, _, amount = text.rpartition("=")
    number, _, period = amount.partition("/")
    value = float(number) / PERIODS[period] if period in PERIODS else 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: a number above 0 is needed, per s, min, h or day")
    return host, value


def moment(text: str) -> float:
    """Parse an age such as `7d`, or a date, as seconds since 1970 (an argparse type)."""
    age = re.fullmatch(r"(\d+)([smhd])", text)
    return time.time() - int(age[1]) * UNITS[age[2]] if age else datetime.fromisoformat(text).timestamp()


def place(text: str) -> tuple[str, str]:
    """Parse HOST=URL (an argparse type)."""
    host, _, url = text.partition("=")
    if not re.match(r"https?://", url):
        raise argparse.ArgumentTypeError(f"{text}: HOST=URL is needed, such as www.icloud.com=http://127.0.0.1:8000")
    return host, url


# ---------------------------------------------------------------------------------------------------------------------------------
# one shortcut

# Every file and every link has a key: the id of its reject, or computed from its record's `source`. So a rerun knows what is done.


def file_key(name: str, digest: str) -> str:
    """Return the key of a file, by name and content: names occur twice, and a file may change between two runs."""
    return "file-" + hashlib.sha256(f"{digest}/{name}".encode()).hexdigest()[:16]


def record_key(output: Path, record: Record) -> str:
    """Return the key of the file or link that a record was made from. What a share link points to never changes, so its id is enough."""
    source = record["source"]
    if not isinstance(source, dict) or not (source.get("record") or {"file", "sha256"} <= source.keys()):
        raise UserError(f"{output}: record {record['id']} does not say where it is from; name another --output")
    return links.share_link(source["record"]).key if source.get("record") else file_key(source["file"], source["sha256"])


def keys_written(output: Path) -> Iterator[str]:
    """Yield the keys of the files and links whose records are in the output."""
    return (record_key(output, record) for record in jsonl.read(output, ("id", "source")))


def keep(run: cli.Run, key: str, data: bytes | PlistError, source: Record, name: str, about: Record, scrub: bool,
         opt_out: OptOut) -> None:
    """Write the record of one shortcut, or reject it: it is no shortcut, a duplicate, or its author has opted out."""
    origin = source["file"] or source["url"]
    try:
        with cli.one_record():
            record = record_of(data, source, name, about, scrub)
    except cli.Reject as reject:
        return run.reject(key, cli.Reject(reject.reason, f"{origin}: {reject.detail}"))
    identifier = record["id"]
    if opt_out.covers_record(record):
        opt_out.names.add(key)
        return run.reject(key, cli.Reject("opted_out", origin))
    if identifier in run.done:
        return run.reject(key, cli.Reject("duplicate", f"{origin}: the same shortcut as {identifier}"))
    run.write(record)


def record_of(data: bytes | PlistError, source: Record, name: str, about: Record, scrub: bool) -> Record:
    """Return the record of a shortcut's file. Raises cli.Reject if it is no shortcut."""
    try:
        if isinstance(data, PlistError):  # it could not be read
            raise data
        shortcut = plist.read_shortcut(data)
        if scrub:
            shortcut, source["scrubbed"] = scrub_shortcut(shortcut)
        identifier, tree = plist.content_id(shortcut), plist.to_json(shortcut)
    except PlistError as error:
        raise cli.Reject(error.code, error.detail) from None
    own_name = shortcut.get("WFWorkflowName")
    facts = {"name": readable(own_name) if own_name and isinstance(own_name, str) else name, **{field: about.get(field) for field in ABOUT}}
    if scrub:
        facts = {field: scrub_text(fact) if isinstance(fact, str) else fact for field, fact in facts.items()}
    return {"id": identifier, "source": source, **facts, "shortcut": tree}


def drop_opted_out(output: Path, opt_out: OptOut) -> list[tuple[str, str]]:
    """Rewrite the output without the records on the opt-out list; return (key, detail) of each."""
    if not (opt_out.names and output.exists()):
        return []
    dropped, part = [], output.with_name(output.name + ".part")
    try:
        with open(output, "ab") as old:
            jsonl.lock(old, output)
            jsonl.repair_tail(output)
            with open(part, "wb") as new:
                for number, line in jsonl.numbered_lines(output):
                    record = jsonl.parse(line, f"{output}:{number}", ("id", "source"))
                    if opt_out.covers_record(record):
                        dropped.append((record_key(output, record), f"{record['id']} was taken out of the output"))
                    else:
                        new.write(line)
            os.replace(part, output) if dropped else part.unlink()
    except OSError as error:
        raise jsonl.unwritable(output, error) from None
    return dropped


# ---------------------------------------------------------------------------------------------------------------------------------
# files: a shortcut each, or several in a zip archive, JSONL, or an array in JSON


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


def import_files(run: cli.Run, folder: Path, opt_out: OptOut) -> tuple[int, int]:
    """Import each shortcut of a folder that is due; return the numbers of unreadable files and of files of other kinds."""
    paths, others = list_files(folder, (run.output, run.rejects))
    unreadable: list[Path] = []
    for found in itertools.islice(shortcuts_in(folder, run.progress(paths), unreadable), run.args.limit):
        if run.interrupted:
            break
        key = file_key(found.name, found.sha256)
        if run.takes(key):
            run.read += 1
            known = {name: found.about.get(name) for name in ("url", "author", "licence")}
            source = {"site": found.about.get("site") or "file", **known, "record": None, "file": found.name, "sha256": found.sha256}
            keep(run, key, found.data, source, found.stem, found.about, bool(run.args.scrub), opt_out)
    return len(unreadable), others


def list_files(folder: Path, written: Iterable[Path] = ()) -> tuple[list[Path], int]:
    """Return the files to import and the number of others. They are sorted, so that of equal shortcuts every run keeps the same one.

    `written` are the run's own files, which may be in the folder: it would read what it writes, without end.
    """
    own = {path.resolve() for path in written}
    if folder.resolve() in own:
        raise UserError(f"{folder}: it is read and would be written; name another --output")
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
                yield from lines_of(name, path)
                continue
            with open(path, "rb") as file:
                data = file.read(plist.MAX_BYTES + 1)  # one byte too many is enough to reject a file
        except OSError as error:
            cli.say(f"{path}: cannot be read: {error.strerror}")
            unreadable.append(path)
            continue
        yield from parts_of(name, data)


def parts_of(name: str, data: bytes) -> Iterator[Found]:
    """Yield a file, or the members of an archive, or the records of an array."""
    digest = hashlib.sha256(data).hexdigest()
    try:
        if archive.is_archive(data):
            yield from members_of(name, data, digest)
        elif (text := data.lstrip(b"\xef\xbb\xbf \t\r\n")).startswith(b"["):
            for number, entry in enumerate(plist.load_array(text), start=1):
                yield entry_of(f"{name}:{number}", entry)
        else:
            yield Found(name, data, digest)
    except PlistError as error:
        yield Found(name, error, digest)


def members_of(name: str, data: bytes, digest: str) -> Iterator[Found]:
    """Yield the members of an archive. Raises PlistError for one that is too large, or has none."""
    if len(data) > plist.MAX_BYTES:
        raise PlistError("too_large", f"an archive of more than {plist.MAX_BYTES:,} bytes; unpack it and name the folder")
    member = None
    for member, content in archive.members(data):
        own = digest if isinstance(content, PlistError) else hashlib.sha256(content).hexdigest()
        yield Found(f"{name}/{readable(member)}", content, own)
    if member is None:
        raise PlistError("not_a_shortcut", "an archive without a shortcut in it")


def lines_of(name: str, path: Path) -> Iterator[Found]:
    """Yield the records of a JSONL file that it has when it is opened: another run may be writing it."""
    with open(path, "rb") as file:
        number, size = 0, os.fstat(file.fileno()).st_size
        while file.tell() < size and (line := file.readline(plist.MAX_BYTES + 1)):
            number += 1
            if not line.isspace():
                yield entry_of(f"{name}:{number}", line)
            while len(line) > plist.MAX_BYTES and not line.endswith(b"\n"):  # the rest of a line that is too large
                line = file.readline(plist.MAX_BYTES + 1)


def entry_of(name: str, line: bytes) -> Found:
    """Return a record of a gallery: `shortcut` holds the shortcut, other fields hold facts about it."""
    try:
        entry = plist.load_json(line)
    except PlistError:  # the reader of the shortcut will say so
        entry = None
    about = links.facts(entry) if isinstance(entry, dict) else {}
    if not isinstance(about.get("url"), str):
        about["url"] = None
    return Found(name, line, hashlib.sha256(line).hexdigest(), about)


# ---------------------------------------------------------------------------------------------------------------------------------
# links


def fetch(run: cli.Run, opt_out: OptOut) -> tuple[Record, int]:
    """Fetch what --links and --routinehub name, and what that leads to; return counts for the summary line, and how many answers that
    were known were due again and not asked for, as their host wants a rest.
    """
    store = store_of(run)
    jobs, bodies = Jobs(store), Bodies(store)
    try:
        forget_opted_out(jobs, bodies, opt_out)
        crawler = open_crawler(run, jobs, bodies, opt_out)
        want_sources(crawler, run)
        run.progress((), total=sum(row[3] for row in jobs.waiting()))  # the crawler updates the bar
        asyncio.run(crawler.crawl())
        forget_opted_out(jobs, bodies, opt_out)  # some are known only by the author or the id of what was fetched
        left = sum(count for host, _, state, count, due in jobs.waiting(run.args.since)
                   if due and state not in ("new", "transient") and crawler.client.host(host).closed)  # fmt: skip
        return {"states": jobs.states(), "requests": {host.name: host.requests for host in crawler.client.hosts.values()}}, left
    except (sqlite3.Error, OSError) as error:
        raise UserError(f"{store}: cannot be written ({error}); free some space and run the same command again") from None
    finally:
        jobs.close()


def rejected_before(run: cli.Run, opt_out: OptOut) -> set[str]:
    """Return the keys of shortcuts that earlier runs took out of the output: a run that was killed may have left their bodies."""
    path = cli.rejects_path(run.output)
    rejects = jsonl.read(path) if opt_out.names and path.exists() else ()
    return {reject["id"] for reject in rejects if reject.get("reason") == "opted_out"}


def forget_opted_out(jobs: Jobs, bodies: Bodies, opt_out: OptOut) -> None:
    """Remove what is stored of those on the opt-out list."""
    for digest in jobs.forget(opt_out.covers) if opt_out.names else ():
        bodies.remove(digest)


def store_of(run: cli.Run) -> Path:
    """Return the folder beside the output with the jobs and the bodies."""
    return run.output.with_suffix(".crawl")


def open_crawler(run: cli.Run, jobs: Jobs, bodies: Bodies, opt_out: OptOut) -> Crawler:
    """Return a crawler for the arguments of a run, which writes to its output."""
    from common.crawl.client import Client  # these are imported here, as httpx takes a third of a second and --folder does without
    from common.crawl.crawler import Crawler, Options

    args = run.args
    scrub = args.scrub is not False

    def keep_stored(key: str, stored: Stored, source: Record, about: Record) -> None:
        source["sha256"] = stored.sha256
        if stored.scrubbed is not None:
            source["scrubbed"] = stored.scrubbed
        name = stored.name or about.get("name") or ""
        keep(run, key, stored.data, source, name, about, scrub and stored.scrubbed is None, opt_out)

    client = Client(args.contact, jobs, dict(args.rate), dict(args.at), share=args.shard[1] if args.shard else 1)
    return Crawler(run, jobs, bodies, client, Options(scrub, args.since, args.pages, opt_out), keep_stored)


def want_sources(crawler: Crawler, run: cli.Run) -> None:
    """Queue every link of the list and every id of the ranges, up to --limit of each."""
    args = run.args
    if args.links is not None:
        for text, about in itertools.islice(links.read_list(args.links), args.limit):
            link = find_link(text)
            if link:
                crawler.want(link, about)
                continue
            key = "link-" + hashlib.sha256(text.encode()).hexdigest()[:16]
            if run.is_due(key):
                run.read += 1
                shown = scrub_text(without_query(text))
                run.reject(key, cli.Reject("bad_link", f"{shown!r} is no iCloud or RoutineHub link and no record id"))
    for number in itertools.islice(itertools.chain.from_iterable(args.routinehub), args.limit):
        crawler.want(hub_link(number), {})
    crawler.jobs.commit()


# ---------------------------------------------------------------------------------------------------------------------------------
# --dry-run


class Plan(cli.Run):
    """A run that is never entered, so that it locks, creates and writes nothing."""

    def reject(self, identifier: str, reject: cli.Reject, **context: object) -> None:
        """Count a record that would be rejected."""
        self.rejected += 1


def show_plan(args: argparse.Namespace, opt_out: OptOut) -> int:
    """Say which requests would be sent, by host and state, and how long they take; what they lead to is not known yet."""
    run = Plan("scrape", args)
    run.done = set()
    if run.output.exists() and not args.overwrite:
        run.done.update(jsonl.ids(run.output), jsonl.ids(run.rejects), keys_written(run.output))
    jobs = Jobs(None)
    jobs.copy_from(store_of(run))
    crawler = open_crawler(run, jobs, Bodies(store_of(run)), opt_out)
    want_sources(crawler, run)
    seconds, plan = dict[str, float](), list[Record]()
    for host, kind, state, count, requests in jobs.waiting(args.since):
        files = requests if kind == links.RECORD else 0  # each has a file, on another host
        seconds[host] = seconds.get(host, 0) + requests * crawler.client.host(host).interval
        plan.append({"host": host, "kind": kind, "state": state, "jobs": count, "requests": requests + files})
        cli.say(f"{host}: {count:,} {kind} jobs that are {state}: {requests + files:,} requests")
    longest = max(seconds.values(), default=0.0)
    cli.say(f"this takes {longest / 3600:,.1f} h at least, and what a listing or a version leads to comes on top")
    cli.summary("scrape", dry_run=True, skipped=run.skipped, rejected=run.rejected, plan=plan, seconds_at_least=round(longest))
    return cli.EXIT_DONE


if __name__ == "__main__":
    cli.start(main)
