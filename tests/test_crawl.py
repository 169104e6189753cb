"""The crawler against stand-ins for RoutineHub and iCloud: sources, states, politeness, kills, scrubbing, opting out."""

from __future__ import annotations

import asyncio
import errno
import importlib.util
import io
import json
import signal
import sqlite3
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from stub_hub import PRIVATE, StubHub, new_listing, new_page, old_listing, old_page

from common import cli
from common.crawl import client, crawler
from common.jsonl import UserError
from shortcuts.plist import write_binary
from tests import stage_runs

ROOT = Path(__file__).resolve().parents[1]
SLACK = 0.15  # seconds that a busy machine may be late to note a request; bench/crawl.py measures the rates to within 5 %
Scrape = Callable[..., tuple[int, dict[str, Any]]]


def shortcut(text: str, **more: Any) -> dict[str, Any]:
    action = {"WFWorkflowActionIdentifier": "is.workflow.actions.gettext", "WFWorkflowActionParameters": {"WFTextActionText": text, **more}}
    return {"WFWorkflowActions": [action]}


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def hub() -> Iterator[StubHub]:
    with StubHub() as hub:
        for number in range(1, 9):
            hub.add(number, write_binary(shortcut(f"number {number}")))
        yield hub


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "data" / "shortcuts.jsonl"


@pytest.fixture
def scrape(load_stage: Callable[[str], ModuleType], hub: StubHub, output: Path, monkeypatch: pytest.MonkeyPatch,
           capsys: pytest.CaptureFixture[str]) -> Scrape:
    """Run the stage in this process with arguments; returns the exit code and the summary, with what it said under "said"."""
    stage = load_stage("01")
    monkeypatch.setattr(client, "BACKOFF", 0.01)
    monkeypatch.setattr(crawler, "TICK", 0.02)

    def run(*arguments: object, rate: object = 10_000) -> tuple[int, dict[str, Any]]:
        words = [*map(str, arguments), "--output", str(output), *hub.arguments(str(rate))]
        monkeypatch.setattr(sys, "argv", ["01_scrape.py", *words])
        code = stage.main()
        shown = capsys.readouterr()
        return code, {**json.loads(shown.out.splitlines()[-1]), "said": shown.err}

    return run


def states(output: Path) -> dict[str, str]:
    """The state of each job by its key."""
    with sqlite3.connect(output.with_suffix(".crawl") / "jobs.sqlite") as table:
        return dict(table.execute("SELECT key, state FROM jobs"))


def share(hub: StubHub, number: int) -> str:
    return f"https://www.icloud.com/shortcuts/{hub.by_number[number].record}"


# ---------------------------------------------------------------------------------------------------------------------------------
# sources


def test_a_range_of_ids_is_fetched_through_the_api(scrape: Scrape, hub: StubHub, output: Path) -> None:
    code, summary = scrape("--routinehub", "1-3,8,99")
    assert (code, summary["written"], summary["rejected"], summary["states"]) == (0, 4, 1, {"gone": 1, "ok": 8})
    assert {record["source"]["page"] for record in records(output)} == {f"https://routinehub.co/shortcut/{n}/" for n in (1, 2, 3, 8)}
    assert {record["source"]["site"] for record in records(output)} == {"routinehub.co"}
    asked = len(hub.asked)
    assert scrape("--routinehub", "1-3,8,99")[1]["skipped"] == 5 and len(hub.asked) == asked  # a day has not passed


def test_a_later_run_asks_only_whether_something_changed(scrape: Scrape, hub: StubHub, output: Path) -> None:
    scrape("--routinehub", "1-4")
    hub.asked.clear()
    scrape("--routinehub", "1-4", "--since", "0s")
    assert sorted((a.host, a.status, a.headers["If-None-Match"]) for a in hub.asked) == [("routinehub.co", 304, f'"v{n}"') for n in (1, 2, 3, 4)]
    new = hub.add(3, write_binary(shortcut("a new version")))
    hub.by_number[3].record, hub.by_number[3].etag = "f" * 32, '"new"'
    hub.by_record["f" * 32] = hub.by_record.pop(new)
    assert scrape("--routinehub", "1-4", "--since", "0s")[1]["written"] == 1
    assert len(records(output)) == 5


@pytest.mark.parametrize(("fault", "code"), [("version 500 once", 0), ("version 403", 1)])
def test_an_answer_that_is_due_again_and_fails_is_not_taken_for_the_old_one(scrape: Scrape, hub: StubHub, output: Path, fault: str, code: int) -> None:
    scrape("--routinehub", "1-3")
    hub.by_number[1].fault, hub.by_number[1].etag = fault, '"new"'
    hub.asked.clear()
    now = datetime.now().isoformat()
    assert scrape("--routinehub", "1-3", "--since", now)[0] == code
    asked = hub.count("/1/")
    assert asked == 2 - code  # again in this run, where that makes sense
    assert scrape("--routinehub", "1-3", "--since", now)[0] == code and hub.count("/1/") == asked + code


def test_answers_that_are_due_again_and_whose_host_wants_a_rest_are_counted(scrape: Scrape, hub: StubHub) -> None:
    scrape("--routinehub", "1-3")
    hub.by_number[1].fault, hub.by_number[1].etag = "version 429 after 3600 once", '"new"'
    now = datetime.now().isoformat()
    code, summary = scrape("--routinehub", "1-3", "--since", now)
    assert code == 1 and 1 <= summary["failed"] <= 3 and "no longer asked" in summary["said"]


def test_what_is_rejected_was_read(scrape: Scrape, hub: StubHub) -> None:
    summary = scrape("--routinehub", "1,90-93")[1]
    assert (summary["read"], summary["written"], summary["rejected"]) == (5, 1, 4)


@pytest.mark.parametrize("page", [old_page, new_page])
def test_a_page_of_either_generation_tells_what_the_api_does_not(scrape: Scrape, hub: StubHub, output: Path, page: Callable[..., str]) -> None:
    hub.pages["/shortcut/7/"] = page(7, "Seven")
    hub.pages["/shortcut/99/"] = '<html><body><h3 class="title is-3">Error: Shortcut not found</h3></body></html>'
    code, summary = scrape("--routinehub", "7,99", "--pages")
    assert (code, summary["states"]) == (0, {"gone": 1, "ok": 3})
    record, = records(output)
    assert record["description"] == "A brief of 7\n\nIt does 7, and more."
    assert (record["category"].split(",")[0], record["downloads"], record["source"]["author"]) == ("Utilities", 1234, "ada")
    assert record["source"]["page"] == "https://routinehub.co/shortcut/7/"
    assert "s3cr3tS1gnature" not in "".join(path.read_text() for path in (output.with_suffix(".crawl") / "blobs").rglob("*") if path.is_file())


@pytest.mark.parametrize("listing", [old_listing, new_listing])
def test_a_listing_of_either_generation_is_followed_through_its_pages(scrape: Scrape, hub: StubHub, output: Path, tmp_path: Path,
                                                                     listing: Callable[..., str]) -> None:
    pages = [[1, 2], [2, 3], [4]]
    for number, shown in enumerate(pages, start=1):
        hub.pages[f"/category/text/?page={number}"] = listing(shown, pages=3)
    (tmp_path / "links.txt").write_text("https://routinehub.co/category/text/?page=1&utm_source=x\nhttps://routinehub.co/shortcut/8/\n")
    code, summary = scrape("--links", tmp_path / "links.txt")
    assert (code, summary["written"], hub.count("/category/")) == (0, 5, 3)
    assert {record["description"] for record in records(output)} == {"Brief 1", "Brief 2", "Brief 3", "Brief 4", None}


@pytest.mark.parametrize("page", ["<html><body>Nothing here</body></html>", '<html><a href="/prompt/3/">x</a></html>'])
def test_a_page_on_which_nothing_is_found_is_an_error(scrape: Scrape, hub: StubHub, tmp_path: Path, page: str) -> None:
    hub.pages |= {"/shortcuts/": page, "/shortcut/7/": page}
    (tmp_path / "links.txt").write_text("routinehub.co/shortcuts/\nroutinehub.co/shortcut/7/\n")
    code, summary = scrape("--links", tmp_path / "links.txt", "--pages")
    assert (code, summary["states"], summary["said"].count("has the site changed?")) == (1, {"transient": 2}, 2)


def test_an_archive_and_crawled_galleries_are_lists_of_links(scrape: Scrape, hub: StubHub, output: Path, tmp_path: Path) -> None:
    archive, galleries = tmp_path / "archive", tmp_path / "galleries"
    for folder in (archive / "shortcuts", archive / "download", galleries):
        folder.mkdir(parents=True)
    about = {"id": "1", "name": "One", "tagline": "Short.", "latest": "777", "description": "<p>Long &amp; <b>fine</b>.</p>"}
    (archive / "shortcuts" / "1").write_text(json.dumps(about))
    (archive / "shortcuts" / "2").write_text(json.dumps({"id": "2", "name": "Two", "latest": "not-there"}))
    (archive / "download" / "777").write_text(share(hub, 1) + "\n")
    rows = [{"URL": share(hub, 3), "NameINStore": "Three", "CategoryInStore": "Text", "DescriptionInStore": "A third.", "Downloads": 3,
             "Source": "a gallery"}, {"URL": "", "NameINStore": "None"}]
    (galleries / "a.json").write_text(json.dumps(rows))
    assert scrape("--links", archive)[1]["written"] == 2
    assert scrape("--links", galleries)[1]["rejected"] == 1
    found = {record["name"]: record for record in records(output)}
    assert found["Shortcut 1"]["description"] == "Short.\n\nLong &\nfine\n." and found["Shortcut 2"]["source"]["page"].endswith("/shortcut/2/")
    assert (found["Shortcut 3"]["category"], found["Shortcut 3"]["downloads"], found["Shortcut 3"]["source"]["site"]) == ("Text", 3, "a gallery")


# ---------------------------------------------------------------------------------------------------------------------------------
# states


def test_what_is_gone_is_rejected_and_not_asked_for_again(scrape: Scrape, hub: StubHub, output: Path) -> None:
    for number, fault in ((1, "404"), (2, "error body"), (3, "version 410")):
        hub.by_number[number].fault = fault
    code, summary = scrape("--routinehub", "1-4")
    assert (code, summary["states"], summary["rejected"]) == (0, {"gone": 3, "ok": 4}, 3)
    assert {(reject["id"].split("-")[0], reject["reason"]) for reject in records(cli.rejects_path(output))} == {("icloud", "gone"), ("routinehub", "gone")}
    hub.asked.clear()
    assert scrape("--routinehub", "1-4")[1]["skipped"] == 4 and not hub.asked
    assert scrape("--routinehub", "1-4", "--overwrite")[1]["rejected"] == 3 and not hub.asked


def test_what_is_disallowed_by_robots_txt_is_not_asked_for(scrape: Scrape, hub: StubHub, output: Path) -> None:
    hub.robots["routinehub.co"] = "User-agent: *\nDisallow: /api/v1/shortcuts/2/\nDisallow: /*/3/versions\n"
    code, summary = scrape("--routinehub", "1-4")
    assert (code, summary["written"], summary["states"]) == (0, 2, {"disallowed": 2, "ok": 4})
    assert not hub.count("/2/versions") and not hub.count("/3/versions")
    scrape("--routinehub", "1-4", "--since", "0s")
    assert hub.count("/robots.txt", "routinehub.co") == 1  # it holds for a day


def test_without_its_robots_txt_a_host_is_not_asked(scrape: Scrape, hub: StubHub) -> None:
    hub.fault["routinehub.co"] = "robots 500"
    code, summary = scrape("--routinehub", "1-3")
    assert code == 1 and summary["failed"] == 3 and "does not give its robots.txt (status 500)" in summary["said"]
    assert hub.count("/robots.txt") == client.ROBOTS_TRIES and not hub.count("/versions/")


def test_a_crawl_delay_slows_us_down(scrape: Scrape, hub: StubHub) -> None:
    hub.robots["routinehub.co"] = "User-agent: *\nCrawl-delay: 0.2\n"
    scrape("--routinehub", "1-4")
    times = [a.at for a in hub.asked if "versions" in a.path]
    assert times[-1] - times[0] >= (3 - client.JITTER) * 0.2 - SLACK


@pytest.mark.parametrize("delay", ["61", "100000000", "9" * 300])
def test_a_crawl_delay_that_no_run_can_wait_for_closes_the_host_with_a_line(scrape: Scrape, hub: StubHub, delay: str) -> None:
    hub.robots["routinehub.co"] = f"User-agent: *\nCrawl-delay: {delay}\n"
    code, summary = scrape("--routinehub", "1-4")
    assert code == 1 and summary["failed"] == 4 and not hub.count("/versions/")
    (line,) = (line for line in summary["said"].splitlines() if "Crawl-delay" in line)
    assert "routinehub.co wants" in line and "it is not crawled" in line


@pytest.mark.ci
@pytest.mark.parametrize("delay", ["inf", "nan", "-5", "1e999", "soon", "0"])
def test_a_crawl_delay_that_is_none_changes_nothing(scrape: Scrape, hub: StubHub, delay: str) -> None:
    hub.robots["routinehub.co"] = f"User-agent: *\nCrawl-delay: {delay}\n"
    assert scrape("--routinehub", "1-4")[1]["written"] == 4


RULES = "User-agent: *\nDisallow: /api/v1/shortcuts/2/\n"


@pytest.mark.ci
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_the_first_group_of_a_robots_txt_counts_in_every_encoding(scrape: Scrape, hub: StubHub, encoding: str) -> None:
    hub.robots["routinehub.co"] = RULES.encode(encoding)
    assert scrape("--routinehub", "1-4")[1]["states"]["disallowed"] == 1 and not hub.count("/2/versions")


def test_a_robots_txt_of_any_size_is_read_as_far_as_it_must_be(scrape: Scrape, hub: StubHub) -> None:
    hub.robots["routinehub.co"] = RULES + "#" * (3 * client.ROBOTS_BYTES)
    assert scrape("--routinehub", "1-4")[1]["states"]["disallowed"] == 1


# ---------------------------------------------------------------------------------------------------------------------------------
# strangers' answers


def elsewhere(hub: StubHub, name: str) -> str:
    """The content server under another name than the one that --at trusts."""
    return hub.url["content"].replace("127.0.0.1", name)


@pytest.mark.ci
@pytest.mark.parametrize("name", ["localhost", "2130706433", "0x7f000001", "127.1", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "user:pw@127.0.0.2"])
def test_the_file_of_a_record_is_not_fetched_from_a_private_address(scrape: Scrape, hub: StubHub, name: str) -> None:
    hub.url["content"] = elsewhere(hub, name)
    code, summary = scrape("--routinehub", "1")
    assert (code, summary["failed"], summary["written"], hub.count("", "content")) == (1, 1, 0, 0)
    assert "not a public address" in summary["said"] and "--at" in summary["said"]


def test_robots_txt_is_not_followed_to_a_private_address(scrape: Scrape, hub: StubHub) -> None:
    hub.fault["routinehub.co"] = f"robots to {elsewhere(hub, 'localhost')}/internal?delete=1"
    code, summary = scrape("--routinehub", "1-3")
    assert code == 1 and "not a public address" in summary["said"] and not hub.count("internal") and not hub.count("/versions/")


def test_a_host_that_is_named_is_asked_wherever_it_is(scrape: Scrape, hub: StubHub) -> None:
    hub.url["content"] = elsewhere(hub, "localhost")
    assert scrape("--routinehub", "1", "--at", f"content={hub.url['content']}")[1]["written"] == 1


@pytest.mark.ci
@pytest.mark.parametrize("fault, written, reason", [("gzip", 1, None), ("bomb", 0, "too_large"), pytest.param("endless", 0, None, marks=pytest.mark.slow), ("br", 0, None)])
def test_a_packed_answer_is_unpacked_within_bounds(scrape: Scrape, hub: StubHub, output: Path, fault: str, written: int, reason: str | None) -> None:
    hub.by_number[1].fault = f"file {fault}"
    code, summary = scrape("--routinehub", "1", "--limit", "1")
    assert summary["written"] == written and [reject["reason"] for reject in records(cli.rejects_path(output))] == ([reason] if reason else [])
    assert all(asked.headers["Accept-Encoding"] == "gzip" for asked in hub.asked)


@pytest.mark.parametrize("scrub", [True, False])
def test_a_download_may_be_an_archive_of_one_shortcut(scrape: Scrape, hub: StubHub, output: Path, monkeypatch: pytest.MonkeyPatch, scrub: bool) -> None:
    for number, names in ((1, ["a.shortcut", "read me.txt"]), (2, ["a.shortcut", "b.shortcut"]), (3, ["big.shortcut"])):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, write_binary(shortcut(f"{name} of {number}", Filler="x" * (20_000 if number == 3 else 0))))
        hub.by_number[number].data = buffer.getvalue()
    monkeypatch.setattr(crawler, "MAX_SCRUBBED", 10_000)  # of what is unpacked
    _, summary = scrape("--routinehub", "1-3", *([] if scrub else ["--no-scrub"]))
    assert summary["written"] == (1 if scrub else 2) and "a.shortcut of 1" in output.read_text()
    reasons = {reject["id"]: reject["reason"] for reject in records(cli.rejects_path(output))}
    assert sorted(reasons.values()) == ["not_a_shortcut", "too_large"][:1 + scrub]


def test_what_nobody_foresaw_is_one_reject_and_the_crawl_goes_on(scrape: Scrape, hub: StubHub, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(body: bytes) -> Any:
        if b"/shortcuts/" + hub.by_number[2].record.encode() in body:
            raise ZeroDivisionError("planted")
        return faithful(body)

    faithful = crawler.answers.parse_version
    monkeypatch.setattr(crawler.answers, "parse_version", broken)
    code, summary = scrape("--routinehub", "1-4")
    assert (code, summary["written"], summary["rejected"], summary["states"]["transient"]) == (1, 3, 1, 1)
    assert records(cli.rejects_path(output))[0]["reason"] == "internal_error"


def test_a_full_disk_ends_the_crawl_in_one_line_and_the_next_run_goes_on(scrape: Scrape, hub: StubHub, monkeypatch: pytest.MonkeyPatch) -> None:
    faithful = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.suffix == ".part" and len(data) > 400:
            raise OSError(errno.ENOSPC, "No space left on device")
        return faithful(path, data)

    with monkeypatch.context() as patch, pytest.raises(UserError, match="free some space"):
        patch.setattr(Path, "write_bytes", full)
        scrape("--routinehub", "1-4")
    code, summary = scrape("--routinehub", "1-4")
    assert code == 0 and summary["written"] + summary["skipped"] >= 4


def test_a_host_that_refuses_is_left_alone_and_the_others_go_on(scrape: Scrape, hub: StubHub, tmp_path: Path) -> None:
    hub.fault["routinehub.co"] = "403"
    (tmp_path / "links.txt").write_text("\n".join(share(hub, number) for number in (6, 7, 8)))
    code, summary = scrape("--routinehub", "1-20", "--links", tmp_path / "links.txt")
    assert (code, summary["failed"], summary["written"]) == (1, 20, 3)
    line, = (line for line in summary["said"].splitlines() if "in a row" in line)
    assert "routinehub.co refused 5 requests in a row (status 403): it is no longer asked" in line and "--links" in line


@pytest.mark.ci
@pytest.mark.parametrize("fault", ["403", "401", "html", "challenge"])
def test_after_five_refusals_in_a_row_it_stops(scrape: Scrape, hub: StubHub, fault: str) -> None:
    hub.fault["www.icloud.com"] = fault
    code, summary = scrape("--routinehub", "1-8")
    assert code == 1 and "refused 5 requests in a row" in summary["said"]
    assert hub.count("/records/") <= client.FAILURES + crawler.CONCURRENCY - 1


def test_a_good_answer_between_refusals_lets_it_go_on(scrape: Scrape, hub: StubHub) -> None:
    for number in (1, 2, 4, 5, 7, 8):
        hub.by_number[number].fault = "403"
    code, summary = scrape("--routinehub", "1-8")
    assert (code, summary["failed"], summary["written"]) == (1, 6, 2)


def test_a_host_that_asks_for_a_long_wait_is_left_alone_by_the_next_run_too(scrape: Scrape, hub: StubHub, output: Path) -> None:
    hub.by_number[1].fault = "version 429 after 86400 once"
    code, summary = scrape("--routinehub", "1-4")
    assert code == 1 and "asks us to wait 86,400 s (status 429)" in summary["said"]
    hub.asked.clear()
    code, summary = scrape("--routinehub", "1-4")
    assert code == 1 and "asked us to wait until" in summary["said"] and not hub.count("/versions/")


def test_who_asks_for_a_turn_of_a_host_that_is_closed_does_not_wait_until_it_may_be_asked_again() -> None:
    async def turn() -> None:
        host = client.Host("h", rate=1)
        host.paused = time.monotonic() + 86400
        host.close("asks us to wait")
        with pytest.raises(client.Closed, match="asks us to wait"):
            await asyncio.wait_for(host.turn(asyncio.Event()), 1)

    asyncio.run(turn())


@pytest.mark.parametrize("robots_known", [False, True])
def test_a_host_that_does_not_answer_is_given_up(scrape: Scrape, hub: StubHub, robots_known: bool) -> None:
    if robots_known:
        scrape("--routinehub", "8")
    server = hub.servers["www.icloud.com"]
    server.shutdown()
    server.server_close()
    code, summary = scrape("--routinehub", "1-4")
    given_up = "has not answered 5 requests in a row" if robots_known else "does not give its robots.txt"
    assert code == 1 and summary["written"] == 0 and f"www.icloud.com {given_up}" in summary["said"]


# ---------------------------------------------------------------------------------------------------------------------------------
# manners


@pytest.mark.ci
def test_the_rate_is_kept_and_a_slow_host_does_not_hold_up_another(scrape: Scrape, hub: StubHub, tmp_path: Path) -> None:
    (tmp_path / "links.txt").write_text("\n".join(share(hub, number) for number in range(3, 9)))
    scrape("--routinehub", "1-2", "--links", tmp_path / "links.txt", "--rate", "routinehub.co=2", rate=20)
    hub_times, cloud_times = ([a.at for a in hub.asked if words in a.path] for words in ("/versions/", "/records/"))
    assert len(hub_times) == 2 and hub_times[1] - hub_times[0] >= 0.5 * (1 - client.JITTER) - SLACK
    assert sum(at < hub_times[1] for at in cloud_times) >= 5
    for first, later in zip(cloud_times, cloud_times[5:]):
        assert later - first >= (5 - client.JITTER) / 20 - SLACK


def test_shards_share_the_work_and_the_rate(scrape: Scrape, hub: StubHub, output: Path) -> None:
    parts = [scrape("--routinehub", "1-8", "--shard", f"{part}/2")[1]["written"] for part in range(2)]
    assert sum(parts) == 8 and all(parts)
    assert hub.count("/versions/latest") == hub.count("/records/") == 8


@pytest.mark.ci
def test_a_dry_run_says_what_it_would_do_and_does_nothing(scrape: Scrape, hub: StubHub, output: Path) -> None:
    code, summary = scrape("--routinehub", "1-21600", "--dry-run", "--rate", "routinehub.co=0.5", rate=2)
    assert (code, summary["seconds_at_least"], hub.asked, output.parent.exists()) == (0, 43_200, [], False)
    assert "21,600 version jobs that are new" in summary["said"] and "12.0 h" in summary["said"]
    scrape("--routinehub", "1-4", "--limit", "3")
    hub.asked.clear()
    plan = scrape("--routinehub", "1-4", "--dry-run")[1]["plan"]
    assert [(row["kind"], row["state"], row["jobs"], row["requests"]) for row in plan] == [("version", "new", 1, 1), ("version", "ok", 3, 0)]
    assert not hub.asked


# ---------------------------------------------------------------------------------------------------------------------------------
# kills


def flags(hub: StubHub, output: Path, *arguments: str, rate: float = 60) -> list[str]:
    return [*arguments, "--output", str(output), *hub.arguments(rate)]


def test_an_interrupted_run_finishes_what_is_in_flight_and_the_next_goes_on(hub: StubHub, output: Path) -> None:
    process = stage_runs.start("01", *flags(hub, output, "--routinehub", "1-8", rate=8))
    while hub.count("/B/") < 2:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    code, out, err = process.wait(20)
    assert code == 130 and "the same command goes on" in err and "Traceback" not in err
    assert json.loads(out.splitlines()[-1])["written"] == len(records(output)) == hub.count("/B/") < 8
    assert stage_runs.run("01", *flags(hub, output, "--routinehub", "1-8", rate=1000)).returncode == 0
    assert len(records(output)) == hub.count("/B/") == hub.count("/records/") == 8


def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_crawl", ROOT / "bench" / "crawl.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.ci
def test_killed_twice_it_fetches_everything_once_but_what_was_in_flight(hub: StubHub, output: Path, tmp_path: Path) -> None:
    for number in range(9, 41):
        hub.add(number, write_binary(shortcut(f"number {number}")))
    with open(tmp_path / "log", "ab") as log:
        in_flight = set().union(*(bench().crawl_and_kill([sys.executable, str(ROOT / "01_scrape.py"), *flags(hub, output, "--routinehub", "1-40")], hub, log, output, files) for files in (10, 25)))
    assert stage_runs.run("01", *flags(hub, output, "--routinehub", "1-40", rate=1000)).returncode == 0
    files = [a.path.split("/")[2] for a in hub.asked if a.host == "content" and a.status == 200]
    assert {record["source"]["record"] for record in records(output)} == set(files) and len(records(output)) == 40
    assert {record for record in files if files.count(record) > 1} <= in_flight and len(in_flight) <= 2 * crawler.CONCURRENCY


@pytest.mark.slow
def test_the_bench_at_a_small_size_holds_every_promise(tmp_path: Path) -> None:
    figures = bench().measure(tmp_path, 280, 60)
    assert figures["ok"], figures


# ---------------------------------------------------------------------------------------------------------------------------------
# private things


def planted(hub: StubHub) -> tuple[str, ...]:
    """Private things in the shortcut, its name, and what a gallery says; returns them."""
    secrets = ("planted.person@mail.planted.org", "sk-planted0123456789abcdef", "+44 20 7946 0958", "51.50142,-0.14189", "hunter2planted9")
    text = f"Write to {secrets[0]} or call {secrets[2]} with {secrets[1]} at {secrets[3]}"
    hub.by_number[1].data = write_binary(shortcut(text, WFSSHPassword=secrets[4]))
    hub.by_number[2].data = text.encode()  # no shortcut: its error must not quote it
    hub.pages["/shortcut/1/"] = new_page(1, f"Mail {secrets[0]}")
    hub.pages["/shortcut/2/"] = old_page(2, f"{secrets[1]}")
    return (*secrets, PRIVATE, "expiring-", "s3cr3tS1gnature")


def found_in(folder: Path, words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(path.name, word) for path in folder.rglob("*") if path.is_file() for word in words if word.encode() in path.read_bytes()]


def test_nothing_private_is_in_any_output_table_body_or_message(scrape: Scrape, hub: StubHub, output: Path, tmp_path: Path) -> None:
    secrets = planted(hub)
    hub.by_number[3].fault = "malformed"
    hub.by_number[4].fault = "file 410"
    lines = [json.dumps({"url": share(hub, 5), "description": f"Ask {secrets[0]} for {secrets[1]}"}), f"{share(hub, 6)}?token={secrets[1]}",
             f"https://routinehub.co/download/12/?t={secrets[1]}", f"https://example.org/{secrets[0]}?key={secrets[1]}"]
    (tmp_path / "links.txt").write_text("\n".join(lines))
    code, summary = scrape("--routinehub", "1-4", "--pages", "--links", tmp_path / "links.txt")
    assert summary["written"] >= 3
    (tmp_path / "links.txt").unlink()
    assert found_in(tmp_path, secrets) == []
    assert not [word for word in secrets if word in json.dumps(summary)]
    counts = next(record["source"]["scrubbed"] for record in records(output) if "example.com" in json.dumps(record["shortcut"]))
    assert counts == {"email": 1, "phone": 1, "place": 1, "secret": 2}


def test_unscrubbed_it_stores_what_came_but_never_who_made_it(scrape: Scrape, hub: StubHub, output: Path, tmp_path: Path) -> None:
    secrets = planted(hub)
    scrape("--routinehub", "1-2", "--no-scrub")
    assert secrets[0] in output.read_text() and "scrubbed" not in records(output)[0]["source"]
    assert found_in(tmp_path, (PRIVATE, "expiring-")) == []


def test_a_folder_is_scrubbed_only_when_asked(scrape: Scrape, hub: StubHub, output: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.shortcut").write_bytes(write_binary(shortcut("Write to planted.person@mail.planted.org")))
    scrape("--folder", tmp_path / "in")
    assert "planted.person" in output.read_text()
    scrape("--folder", tmp_path / "in", "--scrub", "--overwrite")
    assert "planted.person" not in output.read_text() and records(output)[0]["source"]["scrubbed"] == {"email": 1}


def test_scrubbing_a_folder_takes_private_things_out_of_names_and_descriptions_too(scrape: Scrape, output: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Mail planted.person@mail.planted.org.shortcut").write_bytes(write_binary(shortcut("1")))
    row = {"name": "Call +49 170 1234567", "description": "Questions to planted.person@mail.planted.org", "author": "Ada", "shortcut": shortcut("2")}
    (tmp_path / "in" / "all.jsonl").write_text(json.dumps(row) + "\n")
    scrape("--folder", tmp_path / "in", "--scrub")
    first, second = records(output)
    assert (first["name"], second["name"], second["source"]["author"]) == ("Mail someone@example.com", "Call +1 555 0100", "Ada")
    assert second["description"] == "Questions to someone@example.com" and second["category"] is None


def test_who_opted_out_is_not_fetched_and_dropped_if_there(scrape: Scrape, hub: StubHub, output: Path, tmp_path: Path) -> None:
    rows = [{"url": share(hub, number), "author": "Grace" if number == 3 else "Ada"} for number in range(1, 6)]
    (tmp_path / "links.jsonl").write_text("\n".join(map(json.dumps, rows)))
    scrape("--links", tmp_path / "links.jsonl")
    own_id = next(record["id"] for record in records(output) if record["source"]["record"] == hub.by_number[4].record)
    (tmp_path / "opt-out.txt").write_text(f"# asked by mail\n{share(hub, 1)}/\nhttps://routinehub.co/shortcut/7/\n@grace\n{own_id}\n{share(hub, 6)}\n")
    (tmp_path / "more.txt").write_text(f"{share(hub, 6)}\n{share(hub, 8)}\n")
    hub.asked.clear()
    code, summary = scrape("--links", tmp_path / "more.txt", "--routinehub", "7", "--opt-out", tmp_path / "opt-out.txt")
    assert (code, summary["written"], summary["rejected"]) == (0, 1, 5)
    assert {record["source"]["record"] for record in records(output)} == {hub.by_number[n].record for n in (2, 5, 8)}
    assert {reject["reason"] for reject in records(cli.rejects_path(output))} == {"opted_out"}
    assert not hub.count(hub.by_number[6].record) and not hub.count("/7/")
    stored = b"".join(path.read_bytes() for path in (output.with_suffix(".crawl") / "blobs").rglob("*") if path.is_file())
    assert [n for n in range(1, 9) if hub.by_number[n].record.encode() in stored] == [2, 5, 8]
    again = scrape("--links", tmp_path / "links.jsonl", "--opt-out", tmp_path / "opt-out.txt")[1]
    assert (again["written"], again["rejected"]) == (0, 0)


def test_who_opts_out_is_gone_from_the_disk_also_where_that_run_fetches_nothing(scrape: Scrape, hub: StubHub, output: Path, tmp_path: Path) -> None:
    (tmp_path / "links.txt").write_text(f"{share(hub, 1)}\n{share(hub, 2)}\n")
    scrape("--links", tmp_path / "links.txt")
    (tmp_path / "opt-out.txt").write_text(next(record["id"] for record in records(output) if record["source"]["record"] == hub.by_number[1].record))
    (tmp_path / "empty").mkdir()
    scrape("--folder", tmp_path / "empty", "--opt-out", tmp_path / "opt-out.txt")
    stored = b"".join(path.read_bytes() for path in (output.with_suffix(".crawl") / "blobs").rglob("*") if path.is_file())
    assert hub.by_number[1].record.encode() not in stored and hub.by_number[2].record.encode() in stored
