"""Contacts, messages, reminders, calendar events, notes, timers and Health."""

from __future__ import annotations

from typing import Any

from shortcuts.machine import convert, values
from shortcuts.machine.actions.dates import moved
from shortcuts.machine.registry import Call, Ended, action
from shortcuts.machine.values import Quantity, Record, Unknown, items, one_or_many


@action("is.workflow.actions.contacts", source="user guide: Contacts")
def contacts(call: Call) -> Any:
    return one_or_many([convert.contact(item, call.place) for item in items(call.get("WFContact"))])


@action("is.workflow.actions.selectcontacts", source="user guide: Select Contact")
def select_contact(call: Call) -> Any:
    picked = call.run.pick("contacts", call.records("contacts"), call.flag("WFSelectMultiple"))
    return _named(call, picked) if isinstance(picked, str) else picked if picked is not None else call.unknown("contact", "picked")


def _named(call: Call, name: str) -> Any:
    return next((one for one in call.records("contacts") if call.said(one) == name), convert.contact(name, call.place))


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
    call.remove(part, gone)
    return None


_EDITED = {"reminders": ("reminders", "WFReminderContentItem"), "calendarevents": ("events", "WFCalendarEventContentItem"),
           "contacts": ("contacts", "WFContactContentItem")}  # fmt: skip
_LABELS = {"Completed": "Is Completed", "Flagged": "Is Flagged", "All-Day": "Is All Day", "Note": "Notes", "Phone Number": "Phone Numbers",
           "Email Address": "Email Addresses"}  # fmt: skip


@action(
    *(f"is.workflow.actions.setters.{kind}" for kind in _EDITED),
    source="user guide: Edit Reminder, Edit Calendar Event, Edit Contact",
)
def edit(call: Call) -> Any:
    """Set a property of each item, or add to it, or remove from it; return the items as they are then."""
    part, prefix = _EDITED[call.id.rpartition(".")[2]]
    label, mode = call.choice("WFContentItemPropertyName"), call.choice("Mode", "Set")
    label = _LABELS.get(label, label)
    if mode in ("Add", "Remove"):
        call.assume("setters: Add and Remove change a list of values")
    given = _given(call, prefix + label.replace(" ", ""), label)
    made = []
    for record in call.items():
        if isinstance(record, Unknown):
            raise values.Untold(record)
        if isinstance(record, Record):
            before = items(record.get(label))
            value = {"Add": [*before, *items(given)], "Remove": [one for one in before if one not in items(given)], "RemoveAll": None}.get(
                mode, given)  # fmt: skip
            changed = Record(record.kind, {**record.fields, label: one_or_many(value) if isinstance(value, list) else value})
            call.run.state.write(part)[:] = [changed if one == record else one for one in call.records(part)]
            call.effect("set", **{record.kind: record.get("Title") or record.get("Name"), "property": label, "to": changed.fields[label]})
            record = changed
        made.append(record)
    return one_or_many(made)


def _given(call: Call, key: str, label: str) -> Any:
    """Return the new value of a property: a date, a switch, the name of a list, or what it is."""
    value = call.get(key)
    if isinstance(value, Unknown) or value is None:
        return value
    if label.endswith("Date"):
        return convert.moment(value, call.place)
    if label.startswith("Is "):
        return convert.boolean(value, call.place)
    return value.get("Title") or value.get("Identifier") if isinstance(value, dict) else value


@action("is.workflow.actions.getupcomingreminders", source="user guide: Get Upcoming Reminders")
def upcoming_reminders(call: Call) -> Any:
    due = [one for one in call.records("reminders") if not one.get("Is Completed")]
    due.sort(key=lambda one: str(one.get("Due Date") or "9"))
    return one_or_many(due[: max(0, call.whole("WFGetUpcomingItemCount", 1))])


@action("is.workflow.actions.getupcomingevents", source="user guide: Get Upcoming Events")
def upcoming_events(call: Call) -> Any:
    coming = [
        one
        for one in call.records("events")
        if (start := convert.moment(one.get("Start Date"), call.place)) is not None and start >= call.place.now
    ]
    coming.sort(key=lambda one: convert.moment(one.get("Start Date"), call.place) or call.place.now)
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
    moment = time if isinstance(time, Unknown) else convert.moment(time, call.place)
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
