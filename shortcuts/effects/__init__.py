"""Effects that a shortcut may have on the outside, read from its actions alone: nothing is run.

    for effect in effects(shortcut):
        effect.kind, effect.sentence, effect.index      # 'sends', "Sends the message 'On my way'", 4

permissions.py says what the app will ask for, faults.py what is known to go wrong, report.py all of it for people; written.py finds
the server that a request goes to.

The kinds, what can do most harm first: sends, pays, deletes, uploads, runs, reads, asks (other apps), changes, saves, requests, opens. An
action counts wherever it stands, also where no run would reach it. What it is about is told where it is written out, without variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from shortcuts.catalog import Catalog
from shortcuts.control_flow import ID, PARAMETERS
from shortcuts.effects.written import BUILTIN, VARIABLE, Addresses, printable, text_of

KINDS = ("sends", "pays", "deletes", "uploads", "runs", "reads", "asks", "changes", "saves", "requests", "opens")
SHOWN = 60  # characters of a text in a sentence
MAX_DEPTH = 60  # of a property list that is searched


class Effect(NamedTuple):
    """An effect: its kind, a sentence about it, and the index of its action (from 0)."""

    kind: str
    sentence: str
    index: int


# The end of the id -> kind, and sentences as in explain/phrases.py: the first whose parameters are written out is taken.
TABLE = {
    "sendmessage": ("sends", "Sends the message {WFSendMessageContent}|Sends a message"),
    "sendemail": ("sends", "Sends the email {WFSendEmailActionSubject}|Sends an email"),
    "airdropdocument": ("sends", "Sends something by AirDrop"),
    "share": ("sends", "Shares something by the share sheet"),
    "slack.send": ("sends", "Sends a message in Slack"),
    "facebook.messenger.send": ("sends", "Sends something by Messenger"),
    "tweet": ("sends", "Posts to Twitter"),
    "postonfacebook": ("sends", "Posts to Facebook"),
    "ifttt": ("sends", "Triggers an applet of IFTTT"),
    "ride.requestride": ("pays", "Orders a ride"),
    "intercom": ("sends", "Announces the message {WFInput} in your home|Announces a message in your home"),
    "deskconnect.send": ("sends", "Sends something to another device"),
    "venmo.pay": ("pays", "Pays by Venmo"),
    "venmo.request": ("pays", "Asks for money by Venmo"),
    "file.delete": ("deletes", "Deletes files"),
    "deletephotos": ("deletes", "Deletes photos"),
    "removereminders": ("deletes", "Deletes reminders"),
    "removeevents": ("deletes", "Deletes calendar events"),
    "deletestoredcontent": ("deletes", "Deletes what the shortcut has stored"),
    "removefromalbum": ("deletes", "Takes photos out of an album"),
    "clearupnext": ("deletes", "Clears the list of music to play next"),
    "setters.reminders": ("changes", "Changes reminders"),
    "setters.calendarevents": ("changes", "Changes calendar events"),
    "setters.contacts": ("changes", "Changes contacts"),
    "evernote.delete": ("deletes", "Deletes notes in Evernote"),
    "imgur.upload": ("uploads", "Uploads an image to Imgur"),
    "tumblr.post": ("uploads", "Posts to Tumblr"),
    "wordpress.post": ("uploads", "Posts to WordPress"),
    "evernote.new": ("uploads", "Makes a note in Evernote"),
    "evernote.append": ("uploads", "Adds to a note in Evernote"),
    "evernote.getlink": ("uploads", "Makes a public link to a note in Evernote"),
    "dropbox.savefile": ("uploads", "Saves a file to Dropbox"),
    "dropbox.appendfile": ("uploads", "Adds to a file in Dropbox"),
    "dropbox.createfolder": ("uploads", "Makes a folder in Dropbox"),
    "trello.add.board": ("uploads", "Makes a board in Trello"),
    "trello.add.list": ("uploads", "Makes a list in Trello"),
    "todoist.add": ("uploads", "Adds a task to Todoist"),
    "trello.add.card": ("uploads", "Adds a card to Trello"),
    "pocket.add": ("uploads", "Adds to Pocket"),
    "instapaper.add": ("uploads", "Adds to Instapaper"),
    "pinboard.add": ("uploads", "Adds to Pinboard"),
    "cloudapp.upload": ("uploads", "Uploads a file to CloudApp"),
    "file.getlink": ("uploads", "Makes a public link to a file"),
    "runsshscript": ("runs", "Runs a script on {WFSSHHost} over SSH|Runs a script on another computer over SSH"),
    "runshellscript": ("runs", "Runs the shell script {Script}|Runs a shell script"),
    "runapplescript": ("runs", "Runs an AppleScript"),
    "runjavascriptforautomation": ("runs", "Runs JavaScript on this Mac"),
    "runjavascriptonwebpage": ("runs", "Runs JavaScript on the web page that is open"),
    "runworkflow": ("runs", "Runs the shortcut {WFWorkflowName}|Runs another shortcut"),
    "runextension": ("runs", "Runs another app's extension"),
    "getcurrentlocation": ("reads", "Reads your location"),
    "weather.currentconditions": ("reads", "Reads your location, for the weather"),
    "weather.forecast": ("reads", "Reads your location, for the weather"),
    "gettraveltime": ("reads", "Reads your location, for the way"),
    "getdistance": ("reads", "Reads your location, for the way"),
    "gethalfwaypoint": ("reads", "Reads your location, for the way"),
    "sirikit.donation.handle": ("asks", "Has an app do what Siri can ask it for"),
    "print": ("changes", "Prints"),
    "searchlocalbusinesses": ("reads", "Reads your location, to search near it"),
    "getparkedcarlocation": ("reads", "Reads where your car is parked"),
    "filter.health.quantity": ("reads", "Reads your Health data"),
    "health.quantity.log": ("changes", "Adds to your Health data"),
    "health.workout.log": ("changes", "Adds a workout to your Health data"),
    "filter.contacts": ("reads", "Reads your contacts"),
    "selectcontacts": ("reads", "Reads the contacts that you choose"),
    "selectphone": ("reads", "Reads the contact that you choose"),
    "selectemail": ("reads", "Reads the contact that you choose"),
    "filter.calendarevents": ("reads", "Reads your calendar"),
    "getupcomingevents": ("reads", "Reads your calendar"),
    "filter.reminders": ("reads", "Reads your reminders"),
    "getupcomingreminders": ("reads", "Reads your reminders"),
    "filter.notes": ("reads", "Reads your notes"),
    "filter.photos": ("reads", "Reads your photos"),
    "getlastphoto": ("reads", "Reads your latest photos"),
    "getlastvideo": ("reads", "Reads your latest videos"),
    "getlatestbursts": ("reads", "Reads your latest photos"),
    "getlatestlivephotos": ("reads", "Reads your latest photos"),
    "getlatestphotoimport": ("reads", "Reads your latest photos"),
    "getlastscreenshot": ("reads", "Reads your latest screenshots"),
    "selectphoto": ("reads", "Reads the photos that you choose"),
    "takephoto": ("reads", "Uses the camera"),
    "takevideo": ("reads", "Uses the camera"),
    "recordaudio": ("reads", "Uses the microphone"),
    "shazamMedia": ("reads", "Uses the microphone"),
    "scanbarcode": ("reads", "Uses the camera"),
    "dictatetext": ("reads", "Uses the microphone"),
    "takescreenshot": ("reads", "Takes a screenshot"),
    "getonscreencontent": ("reads", "Reads what is on the screen"),
    "getonscreencontext": ("reads", "Reads what is on the screen"),
    "getselectedtext": ("reads", "Reads the text that is selected"),
    "getclipboard": ("reads", "Reads the clipboard"),
    "getwifi": ("reads", "Reads the name of your network"),
    "getipaddress": ("reads", "Reads your IP address"),
    "filter.music": ("reads", "Reads your music library"),
    "get.playlist": ("reads", "Reads your music library"),
    "getcurrentsong": ("reads", "Reads what is playing"),
    "exportsong": ("reads", "Reads the music that you choose"),
    "getpodcastsfromlibrary": ("reads", "Reads your podcasts"),
    "getcurrentapp": ("reads", "Reads which app is open"),
    "filter.windows": ("reads", "Reads which windows are open"),
    "filter.apps": ("reads", "Reads which apps you have"),
    "gethomeaccessorystate": ("reads", "Reads the state of your home"),
    "getmyworkflows": ("reads", "Reads the list of your shortcuts"),
    "personalhotspot.password.get": ("reads", "Reads the password of your hotspot"),
    "file.getfoldercontents": ("reads", "Reads what is in a folder"),
    "finder.getselectedfiles": ("reads", "Reads the files that are selected"),
    "documentpicker.open": ("reads", "Reads the file {WFGetFilePath}|Reads a file"),
    "file.select": ("reads", "Reads the files that you choose"),
    "safari.geturl": ("reads", "Reads the address of the page that is open"),
    "addnewreminder": ("changes", "Adds the reminder {WFCalendarItemTitle}|Adds a reminder"),
    "addnewevent": ("changes", "Adds the event {WFCalendarItemTitle} to your calendar|Adds an event to your calendar"),
    "appendnote": ("changes", "Adds to a note"),
    "addquickreminder": ("changes", "Adds a reminder"),
    "addnewcontact": ("changes", "Adds a contact"),
    "addnewcalendar": ("changes", "Adds a calendar"),
    "photos.createalbum": ("changes", "Makes a photo album"),
    "createplaylist": ("changes", "Makes a playlist"),
    "addtoplaylist": ("changes", "Adds to a playlist"),
    "addmusictoupnext": ("changes", "Adds to the music that plays next"),
    "playmusic": ("changes", "Plays music"),
    "playpodcast": ("changes", "Plays a podcast"),
    "podcasts.subscribe": ("changes", "Follows a podcast"),
    "pausemusic": ("changes", "Pauses what is playing, or goes on with it"),
    "skipforward": ("changes", "Skips in what is playing"),
    "skipback": ("changes", "Skips in what is playing"),
    "seek": ("changes", "Skips in what is playing"),
    "handoffplayback": ("changes", "Moves what is playing to another device"),
    "setplaybackdestination": ("changes", "Moves what is playing to another device"),
    "importaudiofiles": ("changes", "Adds to your music library"),
    "lightroom.import": ("changes", "Adds photos to Lightroom"),
    "file.label": ("changes", "Labels files"),
    "readinglist": ("changes", "Adds to the reading list"),
    "setstoredcontent": ("changes", "Stores a value for later runs"),
    "homeaccessory": ("changes", "Controls your home"),
    "runscene": ("changes", "Controls your home"),
    "alarm.create": ("changes", "Adds an alarm"),
    "alarm.toggle": ("changes", "Turns an alarm on or off"),
    "setparkedcar": ("changes", "Sets where your car is parked"),
    "personalhotspot.password.set": ("changes", "Changes the password of your hotspot"),
    "workout.start": ("changes", "Starts a workout"),
    "workout.end": ("changes", "Ends a workout"),
    "flashlight": ("changes", "Turns the flashlight on or off"),
    "appearance": ("changes", "Changes between light and dark"),
    "quit.app": ("changes", "Quits apps"),
    "hide.app": ("changes", "Hides apps"),
    "lock.app": ("changes", "Locks an app"),
    "splitscreen": ("changes", "Arranges windows"),
    "movewindow": ("changes", "Arranges windows"),
    "resizewindow": ("changes", "Arranges windows"),
    "lockscreen": ("changes", "Locks the screen"),
    "sleep": ("changes", "Puts the device to sleep"),
    "displaysleep": ("changes", "Turns the display off"),
    "startscreensaver": ("changes", "Starts the screen saver"),
    "setairdropreceiving": ("changes", "Changes from whom AirDrop receives"),
    "connecttoservers": ("changes", "Connects to a server"),
    "mountdiskimage": ("changes", "Mounts a disk image"),
    "watchmedo": ("changes", "Repeats what was done with mouse and keys"),
    "logout": ("changes", "Logs out of this Mac"),
    "reboot": ("changes", "Restarts or shuts down the device"),
    "ejectdisk": ("changes", "Ejects a disk"),
    "wallpaper.set": ("changes", "Changes the wallpaper"),
    "posters.switch": ("changes", "Changes the wallpaper"),
    "setvolume": ("changes", "Changes the volume"),
    "setbrightness": ("changes", "Changes the brightness"),
    "dnd.set": ("changes", "Changes the Focus"),
    "setclipboard": ("changes", "Changes the clipboard"),
    "timer.start": ("changes", "Starts a timer"),
    "documentpicker.save": ("saves", "Saves the file {WFFileDestinationPath}|Saves a file"),
    "file.append": ("saves", "Adds to the file {WFFilePath}|Adds to a file"),
    "file.createfolder": ("saves", "Makes a folder"),
    "file.move": ("saves", "Moves a file"),
    "file.rename": ("saves", "Renames a file"),
    "savetocameraroll": ("saves", "Saves to your photo library"),
    "getwebpagecontents": ("requests", "Gets the contents of a web page"),
    "getarticle": ("requests", "Gets an article from a web page"),
    "getrichtextfromhtml": ("requests", "Gets what a piece of HTML refers to"),
    "url.expand": ("requests", "Asks a server where a short link leads"),
    "url.getheaders": ("requests", "Gets the headers of a web page"),
    "dropbox.open": ("requests", "Gets a file from Dropbox"),
    "evernote.get": ("requests", "Gets notes from Evernote"),
    "trello.get": ("requests", "Gets what is in Trello"),
    "pocket.get": ("requests", "Gets what is in Pocket"),
    "instapaper.get": ("requests", "Gets what is in Instapaper"),
    "pinboard.get": ("requests", "Gets what is in Pinboard"),
    "getepisodesforpodcast": ("requests", "Gets the episodes of a podcast"),
    "rss": ("requests", "Gets a feed"),
    "rss.extract": ("requests", "Looks for feeds on a web page"),
    "searchitunes": ("requests", "Searches the iTunes Store"),
    "searchappstore": ("requests", "Searches the App Store"),
    "searchpodcasts": ("requests", "Searches for podcasts"),
    "giphy": ("requests", "Searches Giphy"),
    "text.translate": ("requests", "Has a text translated"),
    "openapp": ("opens", "Opens the app {WFAppIdentifier}|Opens an app"),
    "openworkflow": ("opens", "Opens another shortcut"),
    "searchweb": ("opens", "Searches the web"),
    "searchmaps": ("opens", "Opens Maps"),
    "getdirections": ("opens", "Opens Maps with a way"),
    "goodreader.open": ("opens", "Opens a file in GoodReader"),
    "showinblindsquare": ("opens", "Opens a place in BlindSquare"),
    "showincalendar": ("opens", "Opens the calendar"),
    "reminders.showlist": ("opens", "Opens a list of reminders"),
    "shownote": ("opens", "Opens a note"),
    "showinstore": ("opens", "Opens the iTunes Store"),
    "openpasswords": ("opens", "Opens your passwords"),
    "file.reveal": ("opens", "Shows files in the Finder"),
    "spotlightsearch": ("opens", "Opens Search"),
    "returntohomescreen": ("opens", "Goes to the Home Screen"),
    "useractivity.open": ("opens", "Goes on with a task in an app"),
    "openurl": ("opens", "Opens {WFInput}|Opens an address"),
    "openin": ("opens", "Opens something in another app"),
    "showwebpage": ("opens", "Opens {WFURL}|Opens a web page"),
    "openxcallbackurl": ("opens", "Opens {WFXCallbackURL}|Opens another app by its address"),
}  # fmt: skip
# Actions that read the location of the device where this place is not given.
FROM_HERE = {
    "weather.currentconditions": "WFWeatherCustomLocation", "weather.forecast": "WFWeatherCustomLocation",
    "gettraveltime": "WFGetDirectionsCustomLocation", "getdistance": "WFGetDirectionsCustomLocation",
    "gethalfwaypoint": "WFGetHalfwayPointFirstLocation", "searchlocalbusinesses": "WFInput",
}  # fmt: skip
# Switches that make an effect worse, with the value that does, and what the sentence then ends with.
MORE = {
    "file.delete": {"WFDeleteImmediatelyDelete": (True, ", for good"), "WFDeleteFileConfirmDeletion": (False, ", without asking")},
}
OTHERS = {
    "com.apple.mobilephone.call": ("sends", "Calls somebody"),
    "com.apple.facetime.facetime": ("sends", "Calls somebody by FaceTime"),
    "com.apple.mobilesafari.ClearHistoryIntent": ("deletes", "Clears the history of Safari"),
    "com.apple.mobilenotes.SharingExtension": ("changes", "Makes a note"),
}
# The first word of an app's action that says its kind; others are "asks". Not "Remove" or "Add": such are mostly about a text or a list.
VERBS = {"Send": "sends", "Post": "sends", "Reply": "sends", "Forward": "sends", "Pay": "pays",
         "Delete": "deletes", "Erase": "deletes", "Trash": "deletes", "Upload": "uploads"}  # fmt: skip
SWITCH = re.compile(r"is\.workflow\.actions\.[\w.-]+\.set")


def effects(shortcut: dict[str, Any], catalog: Catalog | None = None) -> list[Effect]:
    """Return what the actions of a shortcut may do, in their order."""
    catalog = catalog or Catalog.load()
    addresses = Addresses(shortcut)
    found: list[Effect] = []
    for index, action in enumerate(shortcut["WFWorkflowActions"]):
        if action[ID] == f"{BUILTIN}downloadurl":
            found.append(_request(action.get(PARAMETERS, {}), index, addresses))
        parameters = action.get(PARAMETERS, {})
        if action[ID] == f"{BUILTIN}openurl" and (address := addresses.of(index, "WFInput")) is not None:
            parameters = {**parameters, "WFInput": address}
        found += [Effect(kind, printable(sentence), index) for kind, sentence in of_action(action[ID], parameters, catalog)]
    return found


def summary(shortcut: dict[str, Any], catalog: Catalog | None = None) -> list[str]:
    """Return the sentences of a shortcut's effects, each once, what can do most harm first."""
    found = sorted(effects(shortcut, catalog), key=lambda effect: KINDS.index(effect.kind))
    return list(dict.fromkeys(effect.sentence for effect in found))


def of_action(action_id: str, parameters: dict[str, Any], catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield the kind and the sentence of each effect of an action; requests by Get Contents of URL want the whole shortcut."""
    if holds(parameters, "Type", "Clipboard"):
        yield "reads", "Reads the clipboard"
    name = action_id.removeprefix(BUILTIN)
    if holds(parameters, "isCurrentLocation", True) and "location" not in TABLE.get(name, ("", ""))[1]:
        yield "reads", "Reads your location"
    if name == "askllm":
        yield _question(text_of(parameters.get("WFLLMModel")) or "")
    elif action_id in OTHERS:
        yield OTHERS[action_id]
    elif action_id.startswith(BUILTIN) and name in TABLE:
        if is_elsewhere(action_id, parameters):
            return
        kind, forms = TABLE[name]
        yield kind, next(sentence for form in forms.split("|") if (sentence := _filled(form, parameters)) is not None) + "".join(
            words for key, (value, words) in MORE.get(name, {}).items() if parameters.get(key) is value)
    elif SWITCH.fullmatch(action_id) and (api := catalog.get(action_id)) is not None:
        yield "changes", f"Changes a setting: {api.title}"
    elif not action_id.startswith(BUILTIN):
        api = catalog.get(action_id)
        app, title = (api.app_name or api.app, api.title) if api else (action_id.rpartition(".")[0], "")
        kind = VERBS.get(title.partition(" ")[0], "asks")
        yield kind, f"Uses the app {app}" + (f": {title}" if kind != "asks" else "")


def is_elsewhere(action_id: str, parameters: dict[str, Any]) -> bool:
    """True for an action that would begin where the device is, had it not been given another place."""
    key = FROM_HERE.get(action_id.removeprefix(BUILTIN))
    return bool(key and parameters.get(key)) and not holds(parameters, "isCurrentLocation", True)


def _request(parameters: dict[str, Any], index: int, addresses: Addresses) -> Effect:
    """Return the effect of Get Contents of URL: an upload where it sends a body or headers."""
    where = printable(addresses.server(index, "WFURL") or "a server")
    if parameters.get("WFHTTPMethod", "GET") != "GET" or _rows(parameters.get("WFHTTPHeaders")):
        return Effect("uploads", f"Sends data to {where}", index)
    asked = " by an address with variables in it" if VARIABLE in (addresses.of(index, "WFURL") or "") else ""
    return Effect("requests", f"Gets data from {where}{asked}", index)


def _question(model: str) -> tuple[str, str]:
    """Return the effect of Use Model, by the name of the model."""
    if "device" in model.lower():
        return "asks", "Asks the language model on the device"
    return "uploads", f"Gives a text to {'ChatGPT' if 'chatgpt' in model.lower() else 'a language model'}"


def _filled(form: str, parameters: dict[str, Any]) -> str | None:
    """Return a sentence with its parameters, or None if one of them is not written out."""
    for key in re.findall(r"\{(\w+)\}", form):
        text = text_of(parameters.get(key))
        if not text:
            return None
        line = " ".join(text.split())
        form = form.replace(f"{{{key}}}", f"'{line if len(line) <= SHOWN else line[: SHOWN - 1] + '…'}'")
    return form


def _rows(value: Any) -> bool:
    """True for a dictionary that has an item, or is a variable."""
    inner = value.get("Value", value) if isinstance(value, dict) else value
    return bool(inner.get("WFDictionaryFieldValueItems", inner) if isinstance(inner, dict) else inner)


def holds(value: Any, key: str, wanted: Any, depth: int = 0) -> bool:
    """True if a value of a property list holds an entry, anywhere in it."""
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, dict):
        return (key in value and value[key] == wanted) or any(holds(inner, key, wanted, depth + 1) for inner in value.values())
    return isinstance(value, list) and any(holds(inner, key, wanted, depth + 1) for inner in value)
