"""What the Shortcuts app will ask a person to allow, read from a shortcut's actions alone.

The app asks when the action runs, and remembers the answer (Apple's user guide, "Adjust privacy settings"). What an action needs is what
the app's own list of actions says, `RequiredResources` in WFActions.plist of iOS 17; apps ask for themselves.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from shortcuts.control_flow import ID, PARAMETERS
from shortcuts.effects import BUILTIN, OTHERS, holds, is_elsewhere


class Permission(NamedTuple):
    """Something to allow, and the indexes of the actions that need it (from 0)."""

    name: str
    indexes: tuple[int, ...]


LOCATION, SCRIPTS, DELETING = "Location", "Allow Running Scripts, in the settings of Shortcuts", "Deleting, each time"
# What is asked for -> the ends of the ids.
TABLE = {
    LOCATION: "gettraveltime weather.forecast weather.currentconditions searchlocalbusinesses getcurrentlocation",
    "Photos": "filter.photos getlatestlivephotos getlatestphotoimport getlastscreenshot selectphoto wallpaper.set removefromalbum "
              "photos.createalbum savetocameraroll getonscreencontent getlastvideo getlatestbursts getlastphoto deletephotos",
    "Camera": "scanbarcode takevideo takephoto",
    "Microphone": "dictatetext recordaudio shazamMedia",
    "Speech recognition": "dictatetext",
    "Screen": "takescreenshot",
    "Contacts": "addnewcontact setters.contacts filter.contacts selectcontacts selectphone selectemail sendmessage",
    "Calendars": "removeevents getupcomingevents filter.calendarevents addnewcalendar setters.calendarevents addnewevent",
    "Reminders": "getupcomingreminders filter.reminders removereminders setters.reminders reminders.showlist addnewreminder",
    "Health": "workout.end workout.start health.quantity.log health.workout.log filter.health.quantity properties.health.quantity",
    "Music": "createplaylist playpodcast clearupnext playmusic getpodcastsfromlibrary exportsong addtoplaylist addmusictoupnext "
             "filter.music getepisodesforpodcast get.playlist getcurrentsong",
    "Home": "homeaccessory gethomeaccessorystate",
    "Notifications": "notification",
    "The web": "downloadurl getwebpagecontents getarticle getrichtextfromhtml url.expand url.getheaders rss rss.extract searchitunes "
               "searchappstore searchpodcasts giphy imgur.upload tumblr.post wordpress.post text.translate getipaddress",
    "Accounts of other services": "evernote.append evernote.delete evernote.get evernote.new evernote.getlink dropbox.createfolder "
                                  "dropbox.open dropbox.appendfile dropbox.savefile trello.add.card trello.add.board trello.add.list "
                                  "trello.get pocket.add pocket.get instapaper.add instapaper.get pinboard.add pinboard.get todoist.add "
                                  "slack.send wordpress.post tumblr.post imgur.upload",
    "Other shortcuts": "runworkflow getmyworkflows",
    SCRIPTS: "runapplescript runsshscript runjavascriptforautomation runjavascriptonwebpage runshellscript",
    DELETING: "deletephotos removereminders removeevents file.delete",
}  # fmt: skip
NAMES = tuple(TABLE)
_BY_ACTION: dict[str, list[str]] = {}
for _name, _ends in TABLE.items():
    for _end in _ends.split():
        _BY_ACTION.setdefault(BUILTIN + _end, []).append(_name)
_BY_ACTION |= {action: ["Contacts"] for action, (kind, _) in OTHERS.items() if kind == "sends"}


def permissions(shortcut: dict[str, Any]) -> list[Permission]:
    """Return what the app will ask for, in the order of the table."""
    found: dict[str, list[int]] = {}
    for index, action in enumerate(shortcut["WFWorkflowActions"]):
        parameters = action.get(PARAMETERS, {})
        names = set(_BY_ACTION.get(action[ID], ()))
        if holds(parameters, "isCurrentLocation", True):
            names.add(LOCATION)
        if is_elsewhere(action[ID], parameters):
            names.discard(LOCATION)
        if parameters.get("WFDeleteFileConfirmDeletion") is False:
            names.discard(DELETING)
        for name in names:
            found.setdefault(name, []).append(index)
    return [Permission(name, tuple(found[name])) for name in NAMES if name in found]
