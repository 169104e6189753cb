"""Fetch shortcuts politely: find links, fetch them, keep what came without private data, and read it.

    files.py        the files of a folder, and the shortcuts in archives and records
    links.py        lists, archives and ids as links; the opt-out list
    client.py       HTTP at the hosts' rates, within robots.txt
    network.py      connections to public addresses only, bodies of bounded size
    jobs.py         a SQLite table of jobs, and the bodies, content-addressed
    crawler.py      visits every job once a run, all hosts side by side
    answers.py      what RoutineHub's API and pages and iCloud's records say
    scrub.py        placeholders for e-mail addresses, phone numbers, secrets, places and contacts

The state of a job:

    new          not fetched yet
    ok           its body is stored; a share link never changes, so its body is never fetched again
    transient    no usable answer for now: the next run tries again
    gone         deleted or unknown
    bad          neither a shortcut nor a link to one
    disallowed   robots.txt does not allow it
    opted_out    its author does not want it fetched or kept
"""

from __future__ import annotations

import argparse
import re
import time
from datetime import datetime
from pathlib import Path

from common import cli

FRESH = 86400.0  # seconds after which answers that may change are fetched again, if they have changed
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
PERIODS = {"": 1, "s": 1, "min": 60, "h": 3600, "day": 86400}
CONTACT = re.compile(r"(?:mailto:)?[^\s@()]+@[^\s@()]+\.[^\s@().]+|https?://[^\s()]+")


def add_arguments(parser: cli.Parser) -> None:
    """Add the arguments of a stage that crawls."""
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
    add("--scrub", action=argparse.BooleanOptionalAction,
        help="replace e-mail addresses, phone numbers, secrets, places and contacts by placeholders, before anything is stored (default: "
        "for what is fetched, yes; for --folder, no)")
    add("--opt-out", type=Path, metavar="FILE", help="links, ids and authors, one a line: not to be fetched, and dropped if they were")


def contact(text: str) -> str:
    """An argparse type: a URL or an e-mail address."""
    if not CONTACT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a URL nor an e-mail address")
    return text


def ranges(text: str) -> list[range]:
    """An argparse type: `7,9-12` as ranges of ids."""
    found = [re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part) for part in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of ids such as 1-22000 or 7,9-12")
    return [range(int(match[1]), int(match[2] or match[1]) + 1) for match in found if match]


def rate(text: str) -> tuple[str, float]:
    """An argparse type: `2`, `20/min` or `routinehub.co=300/day` as (host or "", requests a second)."""
    host, _, amount = text.rpartition("=")
    number, _, period = amount.partition("/")
    value = float(number) / PERIODS[period] if period in PERIODS else 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: a number above 0 is needed, per s, min, h or day")
    return host, value


def moment(text: str) -> float:
    """An argparse type: an age such as `7d`, or a date, in seconds since 1970."""
    age = re.fullmatch(r"(\d+)([smhd])", text)
    return time.time() - int(age[1]) * UNITS[age[2]] if age else datetime.fromisoformat(text).timestamp()


def place(text: str) -> tuple[str, str]:
    """An argparse type: HOST=URL."""
    host, _, url = text.partition("=")
    if not re.match(r"https?://", url):
        raise argparse.ArgumentTypeError(f"{text}: HOST=URL is needed, such as www.icloud.com=http://127.0.0.1:8000")
    return host, url
