"""What the person sees, hears and answers."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from shortcuts.machine import convert, values
from shortcuts.machine.registry import Call, Ended, action
from shortcuts.machine.values import items, one_or_many
from shortcuts.machine.world import near

_DEFAULT_KEYS = {"Number": "WFAskActionDefaultAnswerNumber", "Date": "WFAskActionDefaultAnswerDate", "Time": "WFAskActionDefaultAnswerTime",
                 "Date and Time": "WFAskActionDefaultAnswerDateAndTime", "URL": "WFAskActionDefaultAnswerURL"}  # fmt: skip


@action("is.workflow.actions.ask", source="user guide: Ask for Input")
def ask(call: Call) -> Any:
    kind = call.choice("WFInputType", "Text")
    key = _DEFAULT_KEYS.get(kind, "WFAskActionDefaultAnswer")
    default = call.get(key if call.has(key) else "WFAskActionDefaultAnswer")
    prompt = call.said(call.get("WFAskActionPrompt", ""))
    answer = call.run.ask(prompt, default if default is not None else "" if kind == "Text" else None, lambda dice: _drawn(kind, dice, call))
    if kind == "Number":
        number = convert.number(answer, call.place)
        if number is None and answer not in (None, ""):
            raise Ended("error", f"the world's answer {answer!r} to {prompt!r} is no number")
        return 0 if number is None else number
    if kind in ("Date", "Time", "Date and Time"):
        moment = convert.moment(answer, call.place)
        if moment is None and answer not in (None, ""):
            raise Ended("error", f"the world's answer {answer!r} to {prompt!r} is no date")
        return moment or call.place.now
    if kind == "URL" and isinstance(answer, str) and answer:
        return values.Url(answer)
    return convert.text(answer, call.place) if isinstance(answer, int | float | None) else answer


_WORDS = ("apple", "Ada Lovelace", "12", "https://example.org/page", "London", "a note of two lines\nand more", "tomorrow", "3.5")


def _drawn(kind: str, dice: Random, call: Call) -> Any:
    """Return an answer by chance, of the kind that is asked for."""
    world = call.run.session.world
    fitting = [one for one in world.compared if kind == "Text" or (kind == "Number" and not isinstance(one, str))]
    if fitting and dice.random() < 3 / 4:
        said = near(dice.choice(fitting), world.seed)  # worlds that follow each other have all three turns
        return said if kind == "Number" or isinstance(said, str) else convert.text(said, call.place)
    if kind == "Number":
        return dice.randint(1, 20)
    if kind in ("Date", "Time", "Date and Time"):
        return call.place.now + timedelta(hours=dice.randint(-100, 1000))
    return f"https://example.org/{dice.randint(1, 9)}" if kind == "URL" else dice.choice(_WORDS)


@action("is.workflow.actions.choosefromlist", source="user guide: Choose from List")
def choose(call: Call) -> Any:
    """Return the items that the person chooses. Of a dictionary the keys are shown, and the value is returned."""
    found = call.items()
    prompt = call.said(call.get("WFChooseFromListActionPrompt", ""))
    if len(found) == 1 and isinstance(found[0], str) and (parsed := convert.dictionary(found[0], call.place)):
        found = [parsed]
    if len(found) == 1 and isinstance(found[0], dict):
        titles, found = list(found[0]), list(found[0].values())
    else:
        titles = [_title(item, call) for item in found]
    if not found:
        call.assume("choosefromlist: an empty list gives nothing")
        return None
    if call.flag("WFChooseFromListActionSelectMultiple"):
        answer = call.run.ask(
            prompt,
            titles if call.flag("WFChooseFromListActionSelectAll") else titles[:1],
            lambda dice: _some(titles, dice),
        )
        return one_or_many([found[_place(call, prompt, one, titles)] for one in items(answer)])
    answer = call.run.ask(prompt, 1, choices=titles)
    return found[_place(call, prompt, values.first(answer), titles)]


def _some(titles: list[str], dice: Random) -> list[str]:
    """Return some titles by chance, at least one: the same ones in whatever order they stand."""
    drawn = {title for title in sorted(set(titles)) if dice.random() < 0.5} or {min(titles)}
    return [title for title in titles if title in drawn]


def _title(item: Any, call: Call) -> str:
    return item.stem if isinstance(item, values.File) else call.said(item)


def _place(call: Call, prompt: str, answer: Any, titles: list[str]) -> int:
    """Return the index of a choice: a title, or a number from 1. Raises Ended."""
    if isinstance(answer, str):
        for wanted in (answer, answer.strip().casefold()):
            shown = titles if wanted == answer else [title.strip().casefold() for title in titles]
            if wanted in shown:
                return shown.index(wanted)
    elif type(answer) is int and 1 <= answer <= len(titles):
        return answer - 1
    raise Ended("error", f"the world's answer {answer!r} to {prompt!r} is none of the choices {titles[:20]}")


@action("is.workflow.actions.alert", source="user guide: Show Alert")
def alert(call: Call) -> Any:
    title, message = call.shown("WFAlertActionTitle"), call.shown("WFAlertActionMessage")
    call.effect("shown", title=title, text=message)
    world, can_cancel = call.run.session.world, call.flag("WFAlertActionCancelButtonShown", True)
    if can_cancel and world.cancels:
        raise Ended("cancelled", f"at {title or message!r}")
    for prompt in (title, message):
        if isinstance(prompt, str) and prompt in world.answers_to and can_cancel:
            call.run.ask(prompt, None)  # null cancels
            break
    return call.run.previous


@action("is.workflow.actions.showresult", source="user guide: Show Result")
def show_result(call: Call) -> Any:
    value = call.input("Text")
    call.effect("shown", text=call.as_shown(value))
    return value


@action("is.workflow.actions.previewdocument", source="user guide: Quick Look")
def quick_look(call: Call) -> Any:
    value = call.input()
    call.effect("shown", value=value)
    return value


@action("is.workflow.actions.notification", source="user guide: Show Notification")
def notify(call: Call) -> Any:
    call.effect("notified", title=call.shown("WFNotificationActionTitle"), text=call.shown("WFNotificationActionBody"),
                **({"attachment": call.get("WFInput")} if call.has("WFInput") else {}))  # fmt: skip
    return call.run.previous


@action("is.workflow.actions.speaktext", source="user guide: Speak Text")
def speak(call: Call) -> Any:
    value = call.input("WFText" if "WFText" in call.parameters else "WFInput")
    call.effect("spoken", text=call.as_shown(value))
    return value


@action("is.workflow.actions.vibrate", source="user guide: Vibrate Device")
def vibrate(call: Call) -> Any:
    call.effect("vibrated")
    return call.run.previous


@action("is.workflow.actions.dictatetext", source="user guide: Dictate Text")
def dictate(call: Call) -> Any:
    return call.run.ask("Dictate Text", "", lambda dice: _drawn("Text", dice, call))


@action("is.workflow.actions.scanbarcode", source="user guide: Scan QR or Bar Code")
def scan(call: Call) -> Any:
    return call.run.ask("Scan QR or Bar Code", "", lambda dice: _drawn("Text", dice, call))


@action("is.workflow.actions.setclipboard", source="user guide: Copy to Clipboard")
def copy(call: Call) -> Any:
    value = call.input()
    call.run.state.clipboard = value
    call.effect("copied", value=value)
    return value


@action("is.workflow.actions.getclipboard", source="user guide: Get Clipboard")
def paste(call: Call) -> Any:
    return call.run.state.clipboard


@action("is.workflow.actions.share", source="user guide: Share")
def share(call: Call) -> Any:
    value = call.input()
    call.effect("shared", value=value)
    return value


@action("is.workflow.actions.airdropdocument", source="user guide: AirDrop")
def airdrop(call: Call) -> Any:
    value = call.input()
    call.effect("sent", by="AirDrop", value=value)
    return value


@action("is.workflow.actions.playsound", source="user guide: Play Sound")
def play_sound(call: Call) -> Any:
    value = call.input()
    call.effect("played", value=value)
    return value
