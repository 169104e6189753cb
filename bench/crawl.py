"""Stage 01 against a stand-in for RoutineHub and iCloud with every fault, killed twice: prints one JSON object.

The exit code is 1 if a promise broke.

    python bench/crawl.py
    python bench/crawl.py --shortcuts 300 --rate 50
"""

from __future__ import annotations

import argparse
import json
import platform
import plistlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from stub_hub import HOSTS, PRIVATE, StubHub  # noqa: E402

from common.crawl.client import JITTER  # noqa: E402

PASSING = ("500 once", "500 2", "503 once", "503 after 0 once", "408 once", "cut once", "slow", "redirect once",
           "file cut once", "file 403 once", "file 410 once", "file 500 once", "file slow",
           "version 500 once", "version 502 once", "version cut once", "version slow", "version redirect once")  # fmt: skip
PAUSING = ("429 once", "429 after 1 once", "version 429 after 1 once", "file 429 once")  # each halts its host for a second
LASTING = {"404": "gone", "410": "gone", "error body": "gone", "version 404": "gone", "500": "transient", "503": "transient",
           "cut": "transient", "malformed": "transient", "wrong size": "transient", "file 410": "transient",
           "400": "transient", "file scheme": "transient", "version malformed": "transient", "version 500": "transient"}  # fmt: skip
REFUSING = {"html": "transient", "403": "transient"}  # one of each, as five refusals in a row close the host
CONTENT = ("not a shortcut", "cut short", "twin", "private")
SECRETS = ("planted.person@mail.planted.org", "sk-planted0123456789abcdef", "+44 20 7946 0958", "51.50142,-0.14189", "hunter2planted9")


def main() -> int:
    """Crawl with two kills, crawl to the end, crawl again; then check what the servers saw and what was stored."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shortcuts", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=40, help="requests a second to each host")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), args.shortcuts, args.rate)
    print(json.dumps(figures))
    return 0 if figures["ok"] else 1


def measure(folder: Path, count: int, rate: float) -> dict[str, Any]:
    """All measurements; `ok` is true if every promise held."""
    with StubHub() as hub:
        faults = fill(hub, count)
        output = folder / "shortcuts.jsonl"
        command = [sys.executable, str(ROOT / "01_scrape.py"), "--routinehub", f"1-{count}", "--output", str(output), *hub.arguments(rate)]
        with open(folder / "log", "ab") as log:
            started = time.monotonic()
            unfinished = [crawl_and_kill(command, hub, log, output, count * part // 100) for part in (30, 65)]
            first = subprocess.run(command, stdout=log, stderr=log).returncode
            seconds, asked = time.monotonic() - started, list(hub.asked)
            again = subprocess.run([*command, "--since", "0s"], stdout=log, stderr=log).returncode
        later = hub.asked[len(asked):]
        states, wrong = compare_states(output, hub, faults)
        good = {hub.by_number[number].record for number, fault in faults.items() if is_good(fault)}
        served = Counter(a.path.split("/")[2] for a in asked if a.host == "content" and a.status == 200 and a.whole)
        written = {json.loads(line)["source"]["record"] for line in output.read_text().splitlines()}
        figures = {
            "shortcuts": count, "requests": len(asked), "seconds": round(seconds, 1), "rate": rate,
            "states": states, "in_a_wrong_state": wrong,
            "good": len(good), "good_written": len(good & written), "fetched_once": sum(served[record] == 1 for record in good),
            "refetched_after_a_kill": sum(served[record] > 1 for record in good),
            "in_flight_at_the_kills": [len(records & good) for records in unfinished],
            "refetched_otherwise": sum(served[record] > 1 for record in good - unfinished[0] - unfinished[1]),
            **rates(asked, rate), **second_run(later, hub, faults), "private_things_found": find_private(folder),
            "exit_codes": [first, again], "python": platform.python_version(),
        }  # fmt: skip
    figures["ok"] = promises_held(figures, len(good))
    return figures


def promises_held(figures: dict[str, Any], good: int) -> bool:
    """True if the crawler kept every promise of the project."""
    return (figures["good_written"] == good and figures["fetched_once"] + figures["refetched_after_a_kill"] == good
            and not figures["refetched_otherwise"] and not figures["in_a_wrong_state"] and figures["worst_rate_in_windows"] <= 1.05
            and not figures["second_run"]["unconditional_of_ok"] and not figures["second_run"]["of_immutable_bodies"]
            and not figures["private_things_found"])  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# the servers


def fill(hub: StubHub, count: int) -> dict[int, str]:
    """Share shortcuts 1 to `count`: six of seven are good, the others have the faults in turn, 13 is disallowed. Returns the faults."""
    rare = {1 + count * (i + 1) // 10: fault for i, fault in enumerate([*PAUSING, *REFUSING])}
    every = [*PASSING, *LASTING, *CONTENT]
    faults = {n: rare.get(n, every[n // 7 % len(every)] if n % 7 == 0 else "") for n in range(1, count + 1)}
    faults[13] = "disallowed"
    hub.robots["routinehub.co"] = "User-agent: *\nDisallow: /api/v1/shortcuts/13/\n"
    for number, fault in faults.items():
        data = plistlib.dumps(shortcut(1 if fault == "twin" else number, fault == "private"), fmt=plistlib.FMT_BINARY)
        data = {"not a shortcut": plistlib.dumps({"a": number}), "cut short": data[:40]}.get(fault, data)
        hub.add(number, data, "" if fault in CONTENT or fault == "disallowed" else fault)
    return faults


def shortcut(number: int, private: bool) -> dict[str, Any]:
    """A small shortcut with a text of its own, and private things if asked for."""
    def action(name: str, **parameters: Any) -> dict[str, Any]:
        return {"WFWorkflowActionIdentifier": f"is.workflow.actions.{name}", "WFWorkflowActionParameters": parameters}
    text = f"Number {number} of the bench, {number * 7919}."
    actions = [action("gettext", WFTextActionText=text), action("showresult", Text="Done")]
    if private:
        actions += [action("gettext", WFTextActionText=f"Write to {SECRETS[0]} or call {SECRETS[2]} with {SECRETS[1]} at {SECRETS[3]}"),
                    action("runsshscript", WFSSHPassword=SECRETS[4])]
    return {"WFWorkflowActions": actions, "WFWorkflowClientVersion": "1050.22"}


def crawl_and_kill(command: list[str], hub: StubHub, log: Any, output: Path, files: int) -> set[str]:
    """Crawl until that many files were served, kill; returns the records whose file was served but is not in the job table."""
    process = subprocess.Popen(command, stdout=log, stderr=log)
    while process.poll() is None and hub.count("/B/", status=200) < files:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.5)  # the server ends its answers
    served = {a.path.split("/")[2] for a in hub.asked if a.host == "content" and a.status == 200 and a.whole}
    known = {key.removeprefix("icloud-") for key, state in jobs(output).values() if state == "ok"}
    return served - known


def is_good(fault: str) -> bool:
    """True if a shortcut with this fault must be fetched in the end."""
    return fault not in {*LASTING, *REFUSING, "not a shortcut", "cut short", "twin", "disallowed"}


# ---------------------------------------------------------------------------------------------------------------------------------
# results


def jobs(output: Path) -> dict[str, tuple[str, str]]:
    """(key, state) by URL."""
    with sqlite3.connect(output.with_suffix(".crawl") / "jobs.sqlite") as table:
        return {url: (key, state) for url, key, state in table.execute("SELECT url, key, state FROM jobs")}


def compare_states(output: Path, hub: StubHub, faults: dict[int, str]) -> tuple[dict[str, int], list[str]]:
    """Counts of all states, and the jobs in a wrong one."""
    state = dict(jobs(output).values())
    wrong = []
    for number, fault in faults.items():
        expected = {**LASTING, **REFUSING, "disallowed": "disallowed", "not a shortcut": "bad", "cut short": "bad"}.get(fault, "ok")
        at_version = fault.startswith("version ") or fault == "disallowed"
        found = (state.get(f"routinehub-{number}"), state.get(f"icloud-{hub.by_number[number].record}"))
        if found != ((expected, "ok" if expected == "ok" else None) if at_version else ("ok", expected)):
            wrong.append(f"{number} ({fault or 'well'}): {found}")
    return dict(Counter(state.values())), wrong


def rates(asked: list[Any], rate: float) -> dict[str, Any]:
    """Requests of a host beyond its bucket (one token and its jitter), by the server's clock.

    In a window of s seconds the bucket allows rate * s + 1 requests, and the jitter a fraction more.
    """
    worst, above, busiest = 0.0, 0.0, {}
    for host in HOSTS:
        times = [a.at for a in asked if a.host == host]
        lowest = float("inf")
        for k, at in enumerate(times):  # k - rate * t rises by what goes beyond the rate
            lowest = min(lowest, k - rate * at)
            above = max(above, k - rate * at - lowest - JITTER)
        seconds_of = Counter(int(at - times[0]) for at in times)
        busiest[host] = round(sorted(seconds_of.values())[len(seconds_of) * 3 // 4] / rate, 2)
        for seconds in (1, 2, 5, 10, 30):
            start = 0
            for end, at in enumerate(times):
                while at - times[start] > seconds:
                    start += 1
                worst = max(worst, (end - start + 1) / (rate * seconds + 1 + JITTER))
    return {"worst_rate_in_windows": round(worst, 3), "requests_above_the_bucket_in_any_window": round(above, 2),
            "share_of_the_rate_used_in_the_upper_quartile_of_seconds": busiest}


def second_run(later: list[Any], hub: StubHub, faults: dict[int, str]) -> dict[str, Any]:
    """The requests of a run after everything was fetched, which may only ask whether something changed."""
    def is_ok(number: int) -> bool:
        return is_good(faults[number]) or faults[number] == "twin"
    versions = [a for a in later if a.path.endswith("/versions/latest") and faults[int(a.path.split("/")[4])] not in LASTING]
    bodies = [a for a in later if a.host != "routinehub.co" and any(part in hub.by_record and is_ok(hub.by_record[part].number)
                                                                  for part in a.path.split("?")[0].split("/"))]  # fmt: skip
    unconditional = sum("If-None-Match" not in a.headers for a in versions)
    return {"second_run": {"requests": len(later), "conditional": sum("If-None-Match" in a.headers for a in later),
                           "not_modified": sum(a.status == 304 for a in later), "unconditional_of_ok": unconditional,
                           "of_immutable_bodies": len(bodies)}}  # fmt: skip


def find_private(folder: Path) -> list[str]:
    """Files with planted private data, which should be in none."""
    planted = [text.encode() for text in (*SECRETS, PRIVATE, "expiring-")]
    return sorted({f"{path.relative_to(folder)}: {text.decode()}" for path in folder.rglob("*") if path.is_file()
                   for text in planted if text in path.read_bytes()})  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
