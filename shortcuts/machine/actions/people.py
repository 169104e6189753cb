"""Contacts, messages, reminders, calendar events, notes, timers and Health."""

from __future__ import annotations

from typing import Any

from shortcuts.machine import values
from shortcuts.machine.actions.dates import moved
from shortcuts.machine.registry import Call, Ended, action
from shortcuts.machine.values import Quantity, Record, Unknown, items, one_or_many


@action("is.workflow.actions.contacts", source="user guide: Contacts")
def contacts(call: Call) -> Any:
    return one_or_many([values.contact(item, call.place) for item in items(call.get("WFContact"))])


@action("is.workflow.actions.selectcontacts", source="user guide: Select Contact")
def select_contact(call: Call) -> Any:
    picked = call.run.pick("contacts", list(call.run.state.read("contacts")))
    return _named(call, picked) if isinstance(picked, str) else picked if picked is not None else call.unknown("contact", "picked")


def _named(call: Call, name: str) -> Any:
    return next((one for one in call.run.state.read("contacts") if call.said(one) == name), values.contact(name, call.place))


def _addressed(call: Call, key: str, *labels: str) -> list[Any]:
    """Return whom a parameter names: for a contact the first of its numbers or addresses, else its name."""
    said = []
    for person in items(call.get(key)):
        address = (
            next((values.first(items(person.get(label))) for label in labels if person.get(label)), None)
            if isinstance(person, Record)
            else None
        )
        said.append(call.as_shown(address if address is not None else person))
    return said


@action("is.workflow.actions.sendmessage", source="user guide: Send Message")
def send_message(call: Call) -> Any:
    value = call.input("WFSendMessageContent")
    call.effect(
        "sent",
        by="Messages",
        to=_addressed(call, "WFSendMessageActionRecipients", "Phone Numbers", "Email Addresses"),
        text=call.as_shown(value),
    )
    return value


@action("is.workflow.actions.sendemail", source="user guide: Send Email")
def send_mail(call: Call) -> Any:
    value = call.input("WFSendEmailActionInputAttachments")
    call.effect("sent", by="Mail", to=_addressed(call, "WFSendEmailActionToRecipients", "Email Addresses"),
                subject=call.shown("WFSendEmailActionSubject"),
                text=call.as_shown(value), asked=call.flag("WFSendEmailActionShowComposeSheet", True))  # fmt: skip
    return value


@action("com.apple.mobilephone.call", "com.apple.facetime.facetime", source="user guide: Call, FaceTime")
def phone(call: Call) -> Any:
    key = next((key for key in ("WFCallContact", "WFFaceTimeContact") if key in call.parameters), "WFCallContact")
    call.effect("called", to=_addressed(call, key, "Phone Numbers"))
    return call.run.previous


# ---------------------------------------------------------------------------------------------------------------------------------
# reminders, events, notes


@action("is.workflow.actions.addnewreminder", source="user guide: Add New Reminder")
def add_reminder(call: Call) -> Any:
    alert = call.get("WFAlertEnabled", "No Alert") in ("Alert", True) or call.flag("WFCalendarItemAlert")
    fields = {"Title": call.shown("WFCalendarItemTitle"), "List": _list_name(call) or "Reminders",
              "Due Date": call.moment("WFAlertCustomTime") if alert and call.has("WFAlertCustomTime") else None,
              "Notes": call.shown("WFCalendarItemNotes") or None, "Is Completed": False, "Is Flagged": call.flag("WFFlag"),
              "Priority": call.choice("WFPriority", "None"), "URL": values.first(call.get("WFURL")) if call.has("WFURL") else None,
              "Creation Date": call.place.now}  # fmt: skip
    return _added(call, "reminders", Record("reminder", fields))


def _list_name(call: Call) -> str:
    descriptor = call.get("WFCalendarDescriptor")
    given = descriptor.get("Title") or descriptor.get("Identifier") if isinstance(descriptor, dict) else call.get("WFCalendarItemCalendar")
    return call.said(given or "")


def _added(call: Call, part: str, record: Record) -> Record:
    call.run.state.write(part).append(record)
    call.effect("created", **{record.kind: {key: value for key, value in record.fields.items() if value not in (None, False, "None", "")}})
    return record


@action("is.workflow.actions.addnewevent", source="user guide: Add New Event", assumed="an event without an end lasts an hour")
def add_event(call: Call) -> Any:
    start = call.moment("WFCalendarItemStartDate")
    end = call.moment("WFCalendarItemEndDate")
    if start is None:
        raise Ended("error", f"the event has no start: {call.said(call.inputs.get('WFCalendarItemStartDate'))!r} is no date")
    return _added(call, "events", Record("event", {
        "Title": call.shown("WFCalendarItemTitle"), "Start Date": start, "End Date": end or moved(start, 1, "hr"),
        "Calendar": _list_name(call) or "Calendar",
        "Location": call.shown("WFCalendarItemLocation") or None, "Notes": call.shown("WFCalendarItemNotes") or None,
        "Is All Day": call.flag("WFCalendarItemAllDay"),
    }))  # fmt: skip


@action("is.workflow.actions.removereminders", "is.workflow.actions.removeevents", source="user guide: Remove Reminders, Remove Events")
def remove(call: Call) -> Any:
    part = call.id.rpartition(".")[2].removeprefix("remove")
    gone = items(call.input("WFInputReminders" if part == "reminders" else "WFInputEvents"))
    for record in gone:
        call.effect("deleted", **{part[:-1]: record})
    call.run.state.write(part)[:] = [record for record in call.run.state.read(part) if record not in gone]
    return None


@action("is.workflow.actions.getupcomingreminders", source="user guide: Get Upcoming Reminders")
def upcoming_reminders(call: Call) -> Any:
    due = [one for one in call.run.state.read("reminders") if not one.get("Is Completed")]
    due.sort(key=lambda one: str(one.get("Due Date") or "9"))
    return one_or_many(due[: max(0, call.whole("WFGetUpcomingItemCount", 1))])


@action("is.workflow.actions.getupcomingevents", source="user guide: Get Upcoming Events")
def upcoming_events(call: Call) -> Any:
    coming = [
        one
        for one in call.run.state.read("events")
        if (start := values.moment(one.get("Start Date"), call.place)) is not None and start >= call.place.now
    ]
    coming.sort(key=lambda one: values.moment(one.get("Start Date"), call.place) or call.place.now)
    return one_or_many(coming[: max(0, call.whole("WFGetUpcomingItemCount", 1))])


@action("com.apple.mobilenotes.SharingExtension", source="user guide: Create Note")
def create_note(call: Call) -> Any:
    value = call.input("WFCreateNoteInput")
    body = call.as_shown(value)
    title = call.shown("WFCreateNoteName") or (body.split("\n")[0] if isinstance(body, str) else body)
    return _added(call, "notes", Record("note", {"Name": title, "Body": body, "Creation Date": call.place.now, "Folder": "Notes"}))


@action("is.workflow.actions.appendnote", source="user guide: Append to Note")
def append_note(call: Call) -> Any:
    text, note = call.as_shown(call.input()), values.first(call.get("WFNote"))
    name = call.said(note)
    notes = call.run.state.write("notes")
    for place, one in enumerate(notes):
        if one == note or call.said(one) == name:
            notes[place] = Record("note", {**one.fields, "Body": f"{one.get('Body') or ''}\n{call.said(text)}"})
    call.effect("saved", to="note", name=name, value=text)
    return note


@action("is.workflow.actions.shownote", source="user guide: Open Note")
def show_note(call: Call) -> Any:
    value = call.input()
    call.effect("opened", note=value)
    return value


# ---------------------------------------------------------------------------------------------------------------------------------
# timers, Health


@action("is.workflow.actions.timer.start", source="user guide: Start Timer")
def start_timer(call: Call) -> Any:
    duration = call.get("WFDuration")
    call.effect("set", timer=duration)
    return duration


@action(
    "com.apple.mobiletimer-framework.MobileTimerIntents.MTCreateAlarmIntent",
    "is.workflow.actions.alarm.create",
    source="user guide: Add Alarm",
)
def add_alarm(call: Call) -> Any:
    time = call.get("dateComponents", call.parameters.get("time"))
    moment = time if isinstance(time, Unknown) else values.moment(time, call.place)
    made = Record("alarm", {"Name": call.shown("name", "Alarm") or "Alarm", "Time": moment})
    call.effect("set", alarm=made)
    return made


@action(
    "is.workflow.actions.health.quantity.log", "is.workflow.actions.health.workout.log", source="user guide: Log Health Sample, Log Workout"
)
def log_health(call: Call) -> Any:
    amount = call.get("WFQuantitySampleQuantity")
    kind = call.shown("WFQuantitySampleType") or call.shown("WFWorkoutReadableActivityType")
    sample = Record("health sample", {"Type": kind, "Value": amount.amount if isinstance(amount, Quantity) else amount,
                                      "Unit": amount.unit if isinstance(amount, Quantity) else None,
                                      "Start Date": call.moment("WFQuantitySampleDate") or call.place.now})  # fmt: skip
    call.run.state.write("health").append(sample)
    call.effect("logged", sample={key: value for key, value in sample.fields.items() if value is not None})
    return sample
