"""Stand-ins for RoutineHub and iCloud on loopback: they answer as the real ones, misbehave on demand, and keep all requests.

    with StubHub() as hub:
        hub.add(7, plist_bytes)                       # RoutineHub's shortcut 7, whose share link leads to these bytes
        hub.add(8, plist_bytes, fault="500 once")     # see Handler.fault
        run("--routinehub", "7-8", *hub.arguments())
        hub.asked                                     # every request: when, which host, path, headers, status, whether the body was whole

A fault concerns the record of a share link, or what the fault's first word names: `version ...` the API's answer, `file ...` the file.
`... once` goes away after the first time, `... 3` after three times.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOSTS = ("routinehub.co", "www.icloud.com", "content")
SLOW = 0.2  # seconds
PRIVATE = "_account0f91c2"  # stands where iCloud names the maker's account and device, and nowhere else


@dataclass
class Asked:
    """A request: `at` on the monotonic clock, `status` and `whole` as it was answered."""

    at: float
    host: str
    path: str
    headers: dict[str, str]
    status: int = 0
    whole: bool = True


@dataclass
class Shared:
    """A shortcut as the servers have it."""

    number: int
    data: bytes
    fault: str = ""
    record: str = ""
    etag: str = ""
    page: dict[str, Any] = field(default_factory=dict)


class StubHub:
    """Three servers; `robots` holds the robots.txt of a host, `pages` what is answered for a path of RoutineHub as HTML."""

    def __init__(self) -> None:
        self.by_number: dict[int, Shared] = {}
        self.by_record: dict[str, Shared] = {}
        self.asked: list[Asked] = []
        self.counts: Counter[str] = Counter()
        self.robots: dict[str, str | bytes] = {}
        self.pages: dict[str, str] = {}
        self.fault: dict[str, str] = {}  # of a whole host
        self.lock = threading.Lock()
        self.servers = {host: Server(("127.0.0.1", 0), partial(Handler, self, host)) for host in HOSTS}
        self.url = {host: f"http://127.0.0.1:{server.server_port}" for host, server in self.servers.items()}
        for server in self.servers.values():
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def __enter__(self) -> StubHub:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.servers.values():
            server.shutdown()
            server.server_close()

    def add(self, number: int, data: bytes, fault: str = "") -> str:
        """Share a shortcut; returns its record id."""
        record = hashlib.sha256(f"record {number}".encode()).hexdigest()[:32]
        self.by_number[number] = self.by_record[record] = Shared(number, data, fault, record, f'"v{number}"')
        return record

    def arguments(self, rate: float | str = 10_000) -> list[str]:
        """The flags with which stage 01 asks these servers."""
        places = [f"{host}={self.url[host]}" for host in HOSTS[:2]]
        return ["--at", places[0], "--at", places[1], "--rate", str(rate), "--contact", "mailto:me@example.org"]

    def count(self, words: str, host: str = "", status: int | None = None) -> int:
        """The number of requests with these words in their path."""
        return sum(words in a.path and host in a.host and status in (None, a.status) for a in self.asked)

    def is_due(self, what: str, fault: str) -> bool:
        """True while a fault that passes after some times is not over."""
        last = fault.split()[-1]
        times = 1 if last == "once" else int(last) if last.isdecimal() and len(last) < 3 else None
        with self.lock:
            self.counts[what] += 1
            return times is None or self.counts[what] <= times


class Server(ThreadingHTTPServer):
    """Ignores clients that go away, as a killed one does."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report the stub's own faults only."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One request to one of the hosts."""

    protocol_version = "HTTP/1.1"

    def __init__(self, hub: StubHub, host: str, *arguments: Any) -> None:
        self.hub, self.host = hub, host
        super().__init__(*arguments)

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def answer(self, status: int, body: bytes = b"", kind: str = "application/json", cut: bool = False, **headers: str) -> None:
        """Send an answer; `cut`: only a part of what is announced."""
        self.asked.status, self.asked.whole = status, not cut
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body[:len(body) // 2] if cut else body)
        self.close_connection = cut

    def do_GET(self) -> None:
        """Answer a request, with the fault of what it asks for."""
        self.asked = Asked(time.monotonic(), self.host, self.path, dict(self.headers))
        self.hub.asked.append(self.asked)
        path, parts = self.path.split("?")[0], self.path.split("?")[0].strip("/").split("/")
        if path == "/robots.txt" and self.hub.fault.get(self.host, "").startswith("robots "):
            self.misbehave(self.hub.fault[self.host].removeprefix("robots "), b"")
        elif path == "/robots.txt":
            text = self.hub.robots.get(self.host)
            self.answer(200 if text else 404, text if isinstance(text, bytes) else (text or "").encode(), "text/plain")
        elif self.host in self.hub.fault:
            self.misbehave(self.hub.fault[self.host], b"")
        elif self.host == "routinehub.co" and self.path in self.hub.pages:
            self.answer(200, self.hub.pages[self.path].encode(), "text/html; charset=utf-8")
        elif self.host == "routinehub.co":
            self.version(self.hub.by_number.get(int(parts[-3])) if path.endswith("/versions/latest") else None)
        elif self.host == "www.icloud.com":
            self.record(self.hub.by_record.get(parts[-1]))
        else:
            self.file(self.hub.by_record.get(parts[1]))

    def version(self, shared: Shared | None) -> None:
        """The API's answer."""
        if shared is None:
            return self.answer(200, b'{"result": "error", "message": "Shortcut does not exist"}')
        if shared.etag == self.headers["If-None-Match"]:
            return self.answer(304, ETag=shared.etag)
        body = {"result": "success", "id": 50_000 + shared.number, "Version": "1.0", "Notes": "", "Release": "Nov. 1, 2026",
                "URL": f"https://www.icloud.com/shortcuts/{shared.record}"}
        if shared.fault == "version slow":
            time.sleep(SLOW)
        elif shared.fault.startswith("version ") and self.hub.is_due(f"version {shared.number}", shared.fault):
            return self.misbehave(shared.fault.removeprefix("version "), json.dumps(body).encode())
        self.answer(200, json.dumps(body).encode(), ETag=shared.etag)

    def record(self, shared: Shared | None) -> None:
        """The record of a share link; it names account and device, as the real ones do."""
        if shared is None:
            return self.answer(404, b"{}")
        value = {"downloadURL": f"{self.hub.url['content']}/B/{shared.record}/${{f}}?e=1&token=expiring-{PRIVATE}",
                 "size": len(shared.data) + (shared.fault == "wrong size"), "fileChecksum": "AZRG"}
        if shared.fault == "file scheme":
            value["downloadURL"] = "file:///etc/hostname"
        made = {"timestamp": 1711823013767, "userRecordName": PRIVATE, "deviceID": PRIVATE}
        fields = {"name": {"type": "STRING", "value": f"Shortcut {shared.number}"}, "shortcut": {"type": "ASSETID", "value": value}}
        body = json.dumps({"recordName": shared.record, "created": made, "modified": made, "deleted": False, "fields": fields}).encode()
        mine = shared.fault and not shared.fault.startswith(("version ", "file ", "wrong size"))
        if mine and self.hub.is_due(f"record {shared.number}", shared.fault):
            return self.misbehave(shared.fault, body)
        self.answer(200, body)

    def file(self, shared: Shared | None) -> None:
        """The file that a record names."""
        if shared is None:
            return self.answer(404)
        if shared.fault.startswith("file ") and self.hub.is_due(f"file {shared.number}", shared.fault):
            return self.misbehave(shared.fault.removeprefix("file "), shared.data)
        self.answer(200, shared.data, "application/octet-stream")

    def misbehave(self, fault: str, body: bytes) -> None:
        """Answer with a fault: a status (`429`, `429 after 1` with Retry-After), `cut`, `slow`, `html`, `challenge`, `redirect`, ..."""
        words = fault.split()
        if words[0].isdecimal():
            after = {"Retry_After": words[words.index("after") + 1]} if "after" in words else {}
            self.answer(int(words[0]), b'{"error": true}', **after)
        elif words[0] == "cut":
            self.answer(200, body, cut=True)
        elif words[0] == "slow":
            time.sleep(SLOW)
            self.answer(200, body)
        elif words[0] == "html":
            self.answer(200, b"<html><body>Please sign in</body></html>", "text/html")
        elif words[0] == "challenge":
            self.answer(403, b"<html><title>Just a moment...</title></html>", "text/html", cf_mitigated="challenge")
        elif words[0] == "redirect":
            self.answer(301, Location=self.path.split("?")[0] + "?again=1")
        elif words[0] == "to":
            self.answer(301, Location=words[1])
        elif words[0] in ("gzip", "bomb", "endless", "br"):
            packed = {"gzip": body, "bomb": bytes(80 << 20), "endless": b"", "br": body}[words[0]]
            self.answer(200, gzip.compress(packed, 1) + bytes(70 << 20 if words[0] == "endless" else 0), Content_Encoding=words[0] if words[0] == "br" else "gzip")
        elif words[0] == "malformed":
            self.answer(200, body[:len(body) // 2])
        else:  # the words of an error, as iCloud gives them
            self.answer(200, b'{"error": true, "reason": "Not Found"}')


# ---------------------------------------------------------------------------------------------------------------------------------
# pages, written after the two generations of RoutineHub's markup


def old_page(number: int, name: str, author: str = "ada") -> str:
    """A shortcut's page as it was until 2024."""
    return f"""<html><head><title>{name} - RoutineHub</title></head><body><nav><a href="/user/">Log in</a></nav>
      <h3 class="title is-3">{name}</h3><h4 class="subtitle is-4">A brief of {number}</h4>
      <div class="information"><p>Version: 1.2</p><p>iOS: 15</p><p>Downloads: 1,234</p><ul><li>Utilities</li><li>Text</li></ul>
      <p>by <a href="/user/{author}">{author}</a></p></div>
      <div class="description"><div class="content"><p>It does {number}, and more.</p></div></div>
      <div class="actions"><a class="button" href="/download/{50_000 + number}/?t=eyJ2Ijo1OTU2NX0:1abcdE:s3cr3tS1gnature">Get</a></div></body></html>"""


def new_page(number: int, name: str, author: str = "ada") -> str:
    """A shortcut's page as it is since 2025."""
    item = '<div class="rh-info-list__item"><span class="rh-info-list__label">{}</span><span class="rh-info-list__value">{}</span></div>'
    return f"""<html><head><meta property="og:title" content="{name}"></head><body><header class="rh-hero-header">
      <h1 class="rh-hero-header__title">{name}</h1><p class="rh-hero-header__brief">A brief of {number}</p>
      <div class="rh-hero-header__meta"><a href="/user/{author}">{author}</a></div>
      <a class="rh-cta" href="/download/{50_000 + number}/?t=eyJ2Ijo1OTU2NX0:1abcdE:s3cr3tS1gnature">Get</a></header>
      <div class="rh-card"><div class="content"><p>It does {number}, and more.</p></div><a href="/category/utilities/">Utilities</a></div>
      {item.format("Version", "1.2")}{item.format("Downloads", "1,234")}</body></html>"""


def old_listing(numbers: list[int], pages: int = 1) -> str:
    """A list of shortcuts as it was until 2024."""
    cards = "".join(f'<a href="/shortcut/{n}/"><div class="shortcut-card"><strong>Name {n}</strong><small>Brief {n}</small></div></a>' for n in numbers)
    links = "".join(f'<a class="pagination-link" href="?page={page + 1}">{page + 1}</a>' for page in range(pages))
    return f"<html><body>{cards}<nav>{links}</nav></body></html>"


def new_listing(numbers: list[int], pages: int = 1) -> str:
    """A list of shortcuts as it is since 2025, which also lists what are none."""
    cards = "".join(f'<div class="rh-appcard"><a href="/shortcut/{n}/"><img></a><a href="/shortcut/{n}/"><span class="rh-appcard-name">Name {n}</span>'
                    f'<span class="rh-appcard-brief">Brief {n}</span></a></div>' for n in numbers)  # fmt: skip
    links = "".join(f'<a href="?page={page + 1}">{page + 1}</a>' for page in range(pages))
    return f'<html><body>{cards}<a href="/prompt/99/">A prompt</a>{links}</body></html>'
