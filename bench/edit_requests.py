"""Twenty edits of real shortcuts, as people would ask for them, through `05 --edit` and a model behind a server. Prints one JSON object.

    python bench/edit_requests.py --model strong --base-url http://127.0.0.1:8000/v1 --output /tmp/edits
    python bench/edit_requests.py … --only 4e859920735a --flags --no-primer          # one of them, with further flags of the stage

The files are the first twenty of ../shared/corpus that have 20 to 200 actions and a program, in an order drawn by seed 23; one request was
written for each by hand, with a check of what must be there afterwards.

    right             the share of requests whose check passes, in per cent;   made: that gave a shortcut at all
    untouched_equal   the share of shortcuts in which every action of a line that the change does not name is equal to the byte

The second figure uses nothing of shortcuts/edit: the actions of both files are compared as binary property lists, and the lines that a
change names are read from its numbers. The start of a menu is left out of it where something happens in that menu: it lists the choices.

OUTPUT holds the new files, and a line for each request in edits.jsonl: what was asked, the change, what was wrong, the counts.
"""

from __future__ import annotations

import argparse
import json
import plistlib
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from common import cli, jsonl  # noqa: E402
from shortcuts import check, control_flow, plist, to_python  # noqa: E402
from shortcuts.transcription import compile_program  # noqa: E402

CORPUS = ROOT.parent / "shared/corpus/plist"
FEWEST, MOST, SEED, COUNT = 20, 200, 23, 20
OWN = "is.workflow.actions."
ID, PARAMETERS = control_flow.ID, control_flow.PARAMETERS
TELLS = {"showresult", "alert", "notification", "speaktext", "previewdocument"}
Row = dict[str, Any]


# ---------------------------------------------------------------------------------------------------------------------------------
# what is asked


class Both(NamedTuple):
    """A shortcut before and after an edit."""

    old: Row
    new: Row

    def more(self, *names: str) -> int:
        """By how many these actions of the app, all together, have become more."""
        counts = [sum(action[ID].removeprefix(OWN) in names for action in each["WFWorkflowActions"]) for each in self]
        return counts[1] - counts[0]

    def texts(self, name: str = "") -> list[str]:
        """The parameters of each action after the edit, or of those of one name, as JSON, in order."""
        return [json.dumps(action.get(PARAMETERS, {}), default=str, ensure_ascii=False) for action in self.new["WFWorkflowActions"]
                if action[ID].removeprefix(OWN) == (name or action[ID].removeprefix(OWN))]  # fmt: skip

    def has(self, *parts: str, name: str = "") -> bool:
        """True if some action after the edit holds each of these texts."""
        return any(all(part in text for part in parts) for text in self.texts(name))

    def items(self, title: str) -> list[Any]:
        """The choices of the menu after the edit that has this one."""
        menus = [action[PARAMETERS].get("WFMenuItems", []) for action in self.new["WFWorkflowActions"] if PARAMETERS in action]
        return next((menu for menu in menus if title in menu), [])

    def block(self, begin: str, end: str) -> str:
        """The lines of the new program from one that matches an expression to the next that matches another."""
        lines = to_python(self.new)[0].splitlines()
        first = next((number for number, line in enumerate(lines) if re.search(begin, line)), len(lines))
        last = next((number for number in range(first + 1, len(lines)) if re.search(end, lines[number])), len(lines))
        return "\n".join(lines[first:last])


class Asked(NamedTuple):
    """A request for a file, what must be true afterwards, and how many old actions may go or change for it."""

    file: str
    request: str
    lost: int
    holds: Callable[[Both], Any]


REQUESTS: list[Asked] = []


def asked(file: str, request: str, lost: int = 0) -> Callable[[Callable[[Both], Any]], Callable[[Both], Any]]:
    """Add a request to the list, with the function below as its check."""
    def add(holds: Callable[[Both], Any]) -> Callable[[Both], Any]:
        REQUESTS.append(Asked(file, request, lost, holds))
        return holds

    return add


def between(code: str, *parts: str) -> bool:
    """True if these expressions are found in a text, in this order."""
    return re.search(".*".join(parts), code, re.DOTALL) is not None


@asked("57adf60fc669", "When I count the items in a list, say the number out loud as well.")
def adds_one(both: Both) -> Any:
    return both.more("speaktext") == 1 and between(both.block("case 'Count items", "case 'Split"), r"speaktext\(.*Count")


@asked("5c0e6a73d407", "It should not look for updates any more. Take all of that out.", lost=19)
def removes_a_part(both: Both) -> Any:
    return not both.has("updatecheck") and both.more("downloadurl") == -2 and both.more("openurl") == -2


@asked("e3f13d1e46a0", "Put a remark at the very top: Changed for Anna in 2026.")
def adds_a_remark(both: Both) -> Any:
    return "Changed for Anna in 2026" in both.texts()[0] and both.more("comment") == 1


@asked("c873b8887961", "If the password is safe I do not want a dialog, a notification with the same words is enough.", lost=1)
def takes_another_action(both: Both) -> Any:
    return both.more("alert") == -1 and both.more("notification") == 1 and both.has("not been found", name="notification")


@asked("a1e18446eda0", "At the end it should say “Birthday wishes went out to” and the names, not “Sent birthday messages to”.", lost=1)
def changes_a_text(both: Both) -> Any:
    return both.has("Birthday wishes went out to") and not both.has("Sent birthday messages to")


@asked("b7da0bb833c1", "Keep the settings in settings.json instead of config.json, in the same folder, for reading and writing.", lost=3)
def changes_a_value_in_two_places(both: Both) -> Any:
    places = "documentpicker.open", "documentpicker.save"
    return all(both.has("tesla/settings.json", name=name) and not both.has("config.json", name=name) for name in places)


@asked("6e2089deed6d", "My note has another name now, it is called yt-dlp settings.", lost=1)
def changes_a_filter(both: Both) -> Any:
    return both.has("yt-dlp settings", name="filter.notes") and not both.has("Youtube-DL Config", name="filter.notes")


@asked("d9224b7493dd", "Ask me for the description first and for the file name after that.")
def changes_the_order(both: Both) -> Any:
    return both.more("ask") == 0 and between("\n".join(both.texts("ask")), r"Description\?", "Set filename")


@asked("4e859920735a", "Add a choice “Show in Maps” to the menu that shows where I am on the map.", lost=1)
def adds_a_choice(both: Both) -> Any:
    actions = both.block("case 'Show in Maps'", "    case ").count("is_workflow_actions_")
    return "Show in Maps" in both.items("Find my friends") and both.more("getcurrentlocation") == 1 and actions > 1


@asked("13b0a26f391b", "For the playback speed I would like 0.75x as well, before 1x.", lost=1)
def adds_a_choice_deep_down(both: Both) -> Any:
    return both.items("1.25x")[:2] == ["0.75x", "1x"] and between(both.block("case '0.75x'", "case '1x'"), r"number\(.*0\.75")


@asked("9070ab84b724", "When it asks for the first number, have 0 filled in already.", lost=1)
def adds_a_parameter(both: Both) -> Any:
    first = next(text for text in both.texts("ask") if "Please enter a number" in text)
    return re.search(r'DefaultAnswer(Number)?": "?0', first)


@asked("18e882d53c22", "I never use the bedtime sounds. Remove that choice and everything below it.", lost=13)
def removes_a_choice(both: Both) -> Any:
    left = both.items("Ringtones")
    return left and "Bedtime" not in left and not both.has("AlarmWakeUpRingtones")


@asked("3dbbc06785f5", "All of it should go to the folder “Shortcut Backups” instead of “Backups”.", lost=4)
def changes_a_value_everywhere(both: Both) -> Any:
    texts = [text for name in ("file.createfolder", "documentpicker.save") for text in both.texts(name)]
    return not any(re.search("(?<!Shortcut )Backups/", text) for text in texts) and sum("Shortcut Backups/" in text for text in texts) == 4


@asked("ec79165d375c", "Add the feed of Six Colors, it is at https://sixcolors.com/feed.json", lost=1)
def adds_an_entry(both: Both) -> Any:
    return both.has("sixcolors.com/feed.json", "Six Colors", "MacStories", name="dictionary")


@asked("4c3ed04d62c4", "Whenever something was saved to an album, tell me “Saved” with a notification.")
def adds_in_two_places(both: Both) -> Any:
    told = re.findall(r"savetocameraroll\(.*\n *(?:\w+ = )?is_workflow_actions_notification\(.*Saved", to_python(both.new)[0])
    return both.more("notification") == 2 and len(told) == 2


@asked("c5e2a5cb4b5b", "If nothing is on the clipboard, tell me so and stop.")
def adds_a_condition(both: Both) -> Any:
    stops = both.block("if ", "for ")
    return both.more("exit", "output") == 1 and both.more(*TELLS) == 1 and between(stops, "exit|output") and stops.count("\n") < 12


@asked("804d6c2a2474", "Do not use Beta 5 every time, ask me which beta it is.", lost=2)
def asks_instead(both: Both) -> Any:
    return not both.has("Beta 5", name="gettext") and (both.more("ask", "choosefromlist") == 1 or both.has('"Ask"'))


@asked("02c534104378", "When the screenshots were moved to iCloud, do not delete the photos without asking me first.")
def asks_before(both: Both) -> Any:
    return between(both.block("case 'Move screenshots", "case 'Delete"), "for ", r"(alert|menu|ask|choosefromlist)\(", "deletephotos")


@asked("cfdb7f9543ef", "There is a mistake with dots 3 and 4: the text of dot 2 is used instead of their own. Mend that.", lost=2)
def mends(both: Both) -> Any:
    return between(to_python(both.new)[0], r"3\.md", r"dots \+= \[Text_3\]", r"content=Text_4, .*4\.md", r"dots \+= \[Text_4\]")


@asked("c6953154538d", "Call the variable mediaURL media_link, it is not always a URL.", lost=9)
def renames(both: Both) -> Any:
    sets = [text for text in both.texts("setvariable") if re.search(r'"WFVariableName": "media[ _]link"', text)]
    return len(sets) == 3 and not both.has('"mediaURL"')


def drawn() -> list[str]:
    """Return the names of the files that the seed draws, without their suffix."""
    sized = []
    for file in sorted(CORPUS.glob("*.plist")):
        shortcut = plist.read_shortcut(file.read_bytes())
        if FEWEST <= len(shortcut["WFWorkflowActions"]) <= MOST:
            sized.append((file.stem, shortcut))
    random.Random(SEED).shuffle(sized)
    return list(islice((name for name, shortcut in sized if has_program(shortcut)), COUNT))


def has_program(shortcut: Row) -> bool:
    """True unless the blocks of a shortcut do not end, as in a few files."""
    try:
        return bool(to_python(shortcut))
    except ValueError:
        return False


# ---------------------------------------------------------------------------------------------------------------------------------
# what became of it


def main() -> int:
    """Ask for each edit in a process of its own, judge the files, write the lines, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--base-url", required=True, metavar="URL")
    parser.add_argument("--only", nargs="+", default=[], metavar="FILE", help="these files of the corpus alone")
    parser.add_argument("--jobs", type=int, default=COUNT, metavar="N", help="edits at once; they wait for the model most of the time")
    parser.add_argument("--timeout", type=float, default=7200, metavar="S", help="of one answer")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--flags", nargs=argparse.REMAINDER, default=[], help="further flags of stage 05; the last of this command")
    args = parser.parse_args()
    if not CORPUS.is_dir():
        raise jsonl.UserError(f"{CORPUS}: the real shortcuts are not there, and the requests are about them")
    chosen = [request for request in REQUESTS if not args.only or request.file in args.only]
    if not args.only and [request.file for request in REQUESTS] != drawn():
        raise jsonl.UserError("the files of the requests are not those that the seed draws: the corpus is another one")
    args.output.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(args.jobs) as pool:
        rows = list(pool.map(lambda request: edited(request, args), chosen))
    jsonl.write_atomically(args.output / "edits.jsonl", b"".join(map(jsonl.encode, rows)))
    print(json.dumps(figures(rows)))
    return 0


def edited(request: Asked, args: argparse.Namespace) -> Row:
    """Return what became of one request: the stage is run as a person runs it."""
    before, after = CORPUS / f"{request.file}.plist", args.output / f"{request.file}.shortcut"
    after.unlink(missing_ok=True)
    command = [sys.executable, str(ROOT / "05_annotate.py"), "--edit", str(before), "--query", request.request, "--output", str(after),
               "--overwrite", "--diff", "--model", args.model, "--base-url", args.base_url,
               "--timeout", str(args.timeout), "--no-cache", *args.flags]  # fmt: skip
    started = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True)
    row = {"file": request.file, "request": request.request, "exit": ended.returncode, "seconds": round(time.monotonic() - started, 1),
           "said": ended.stderr, "difference": ended.stdout, "made": after.exists()}  # fmt: skip
    if not row["made"]:
        return {**row, "right": False, "why": "no shortcut was written", "untouched_equal": True}
    both = Both(plist.read_shortcut(before.read_bytes()), plist.read_shortcut(after.read_bytes()))
    turn = json.loads(after.with_suffix(".edits.json").read_bytes())["edits"][-1]
    return {**row, **turn, **judged(request, both, turn["change"])}


def judged(request: Asked, both: Both, change: str) -> Row:
    """Return whether an edit is right, what speaks against it, and whether what the change does not name is equal to the byte."""
    lost, named, places = gone(both), named_lines(change), lines_of_actions(both.old)
    added = {int(line) for line in re.findall(r"^insert[ ]+after[ ]+(?:line[ ]+)?(\d+)", change, re.MULTILINE)}
    stray = [index for index in lost if places[index] not in named and not is_menu_around(both.old, index, named | added, places)]
    faults = Counter(finding.message for finding in check(to_python(both.new)[0]) if finding.severity == "error")
    faults -= Counter(finding.message for finding in check(to_python(both.old)[0]) if finding.severity == "error")
    why = [*(["what was asked for is not there"] if not request.holds(both) else []), *faults,
           *([f"{len(lost)} old actions are gone or another, {request.lost} would do"] if len(lost) > request.lost else [])]  # fmt: skip
    return {"right": not why, "why": "; ".join(why), "lost": len(lost), "untouched_equal": not stray, "stray": stray}


def gone(both: Both) -> list[int]:
    """Return the old actions, by index, that are not in the new shortcut byte for byte."""
    old, new = ([plistlib.dumps(action, fmt=plistlib.FMT_BINARY, sort_keys=False) for action in each["WFWorkflowActions"]] for each in both)
    left, result = Counter(new), []
    for index, data in enumerate(old):
        if left[data]:
            left[data] -= 1
        else:
            result.append(index)
    return result


def named_lines(change: str) -> set[int]:
    """Return the lines of the old program that a change names in its commands."""
    lines: set[int] = set()
    for first, last in re.findall(r"^(?:replace|delete)[ ]+(?:lines?[ ]+)?(all|\d+)(?:\s*[-–]\s*(\d+))?", change, re.MULTILINE):
        lines |= set(range(1, 10**5)) if first == "all" else set(range(int(first), int(last or first) + 1))
    return lines


def lines_of_actions(shortcut: Row) -> list[int]:
    """Return the line of the program that each action is written on."""
    code, residue = to_python(shortcut)
    return compile_program(code, residue, None)[0].lines


def is_menu_around(shortcut: Row, index: int, touched: set[int], places: list[int]) -> bool:
    """True if an action is the start of a menu, and one of these lines is in it."""
    actions, depth, end = shortcut["WFWorkflowActions"], 0, index
    if control_flow.kind_of(actions[index]) != "menu" or control_flow.mode(actions[index]) != control_flow.START:
        return False
    for end in range(index, len(actions)):
        if control_flow.kind_of(actions[end]):
            depth += {control_flow.START: 1, control_flow.END: -1}.get(control_flow.mode(actions[end]), 0)
        if not depth:
            break
    return any(places[index] <= line <= max(places[index : end + 1]) for line in touched)


def figures(rows: list[Row]) -> Row:
    """Return the shares in per cent, the counts, and the files that are not right."""
    made = [row for row in rows if row["made"]]
    return {
        "requests": len(rows), "made": round(100 * len(made) / len(rows), 1), "right": round(100 * fmean(row["right"] for row in rows), 1),
        "untouched_equal": round(100 * fmean(row["untouched_equal"] for row in made), 1) if made else None,
        **{key: sum(row[key] for row in made) for key in ("kept", "changed", "added", "removed")},
        "wrong": {row["file"]: row["why"] for row in rows if not row["right"]},
    }  # fmt: skip


if __name__ == "__main__":
    cli.start(main)
