"""What the operations put into programs: actions to insert, siblings of actions, other values."""

from __future__ import annotations

import re
from typing import NamedTuple

PREFIX = "is_workflow_actions_"


class Insert(NamedTuple):
    """An action to insert, as code: `~` stands for the beginning of a call's name, {x} for a value at hand, {text} and {n} for drawn ones.

    of: the kinds of values that fit {x}, see KINDS; "" where none is needed. keeps: its output replaces the value in a later statement.
    """

    code: str
    of: str = ""
    keeps: bool = False


INSERTS = tuple(Insert(*entry) for entry in (
    ("~vibrate()",), ("~delay(WFDelayTime={n})",), ("'{note}'",),
    ("~showresult(Text='{text}')",), ("~speaktext(WFText='{text}')",), ("~alert(WFAlertActionMessage='{text}')",),
    ("~notification(WFNotificationActionBody='{text}')",), ("~setvolume(WFVolume=0.{n})",), ("~setbrightness(WFBrightness=0.{n})",),
    ("~addnewreminder(WFCalendarItemTitle='{todo}')",), ("~lowpowermode_set(OnValue=True)",), ("~takescreenshot()",),
    ("~timer_start(WFDuration=quantity({n}, 'min'))",), ("~openurl(WFInput='{url}')",),
    ("~showresult(Text={x})", "any"), ("~speaktext(WFText={x})", "text number"), ("~alert(WFAlertActionMessage={x})", "text number"),
    ("~notification(WFNotificationActionBody={x})", "text number url"), ("~setclipboard(WFInput={x})", "any"),
    ("~previewdocument(WFInput={x})", "any"), ("~share(WFInput={x})", "any"), ("~sendmessage(WFSendMessageContent={x})", "text url"),
    ("~addnewreminder(WFCalendarItemTitle={x})", "text"), ("~openurl(WFInput={x})", "url"), ("~savetocameraroll(WFInput={x})", "image"),
    ("~getitemfromlist(WFInput={x})", "list"), ("~count(Input={x})", "list"), ("~print(WFInput={x})", "file image text"),
    ("~text_changecase(WFCaseType='{case}', text={x})", "text", True), ("~round(WFInput={x})", "number", True),
    ("~text_translate(WFInputText={x})", "text", True), ("~math(WFInput={x}, WFMathOperand={n}, WFMathOperation='×')", "number", True),
    ("~urlencode(WFInput={x})", "text", True), ("~text_combine(text={x})", "list", True),
    ("~image_resize(WFImage={x}, WFImageResizeWidth={n}00)", "image", True), ("~image_flip(WFImageFlipDirection='Horizontal', WFInput={x})",
     "image", True), ("~makepdf(WFInput={x})", "file image", True), ("~url_expand(URL={x})", "url", True),
    ("~adjustdate(WFAdjustOffsetPicker=quantity({n}, 'days'), WFDate={x})", "date", True),
))  # fmt: skip

# Types of results in the catalogue -> kinds of values.
KINDS = {"text": "text", "number": "number", "url": "url", "list": "list", "dictionary": "dictionary", "date": "date", "file": "file"}
IMAGES = re.compile(r"photo|image|screenshot|picture")  # of the name of an action whose result is a file
OF_INPUT_TYPE = {"Number": "number", "URL": "url", "Date": "date", "Date and Time": "date", "Time": "date"}  # of Ask for Input

# Actions that take the same in another way: (end of the id, parameter), "" for none.
SIBLINGS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("showresult", "Text"), ("alert", "WFAlertActionMessage"), ("notification", "WFNotificationActionBody"), ("speaktext", "WFText")),
    (("setclipboard", "WFInput"), ("share", "WFInput"), ("previewdocument", "WFInput")),
    (("openurl", "WFInput"), ("readinglist", "WFURL")),
    (("wifi_set", "OnValue"), ("bluetooth_set", "OnValue"), ("airplanemode_set", "OnValue"), ("lowpowermode_set", "OnValue")),
    (("setvolume", "WFVolume"), ("setbrightness", "WFBrightness")),
    (("getlastphoto", ""), ("getlastscreenshot", ""), ("selectphoto", ""), ("takephoto", "")),
    (("detect_text", "WFInput"), ("detect_link", "WFInput"), ("detect_number", "WFInput"), ("detect_date", "WFInput"),
     ("detect_dictionary", "WFInput"), ("detect_images", "WFInput")),
    (("getmarkdownfromrichtext", "WFInput"), ("gethtmlfromrichtext", "WFInput")),
    (("makepdf", "WFInput"), ("makezip", "WFInput")),
    (("weather_currentconditions", ""), ("weather_forecast", "")),
    (("skipforward", ""), ("skipback", "")),
    (("getwebpagecontents", "WFInput"), ("getarticle", "WFWebPage")),
    (("filter_photos", ""), ("getlastphoto", "")),
)  # fmt: skip

# Other values for texts, by the parameter: the first pattern that its key has.
TEXTS = tuple((re.compile(pattern), tuple(values.split("|"))) for pattern, values in (
    (r"Title|Subject", "Done|Please note|Just a moment|All set|Question|Result"),
    (r"Prompt", "Which one?|What would you like?|Please choose|Go on?|What is it called?|How many?"),
    (r"Key$", "name|title|id|url|date|value|items|count"),
    (r"(?<!key)Path$", "Notes/log.txt|Archive/latest.txt|Shortcuts/data.json|Backup/list.txt|Inbox/today.txt"),
    (r"URL|Url", "https://example.org|https://example.com/news|https://example.net/today|https://example.org/api/items"),
    (r"Separator", ", |; | - |/|, and "),
    (r"^WFName$", "report|photo|notes|summary|draft|backup"),
    (r"Format$", "yyyy-MM-dd|d MMM yyyy|HH:mm|EEEE|MMMM yyyy|dd.MM.yyyy"),
    (r"Default", "none|unknown|later|my list|test"),
    (r"Text|Message|Body|Content|Comment|Query|Term|Replace|Find|Album|Group",
     "All done|That is finished|Hello there|See you later|No result|Ready when you are|Thank you|Nothing to do|Saved|Have a nice day"),
))  # fmt: skip
NOTES = "Change this part to your liking|Everything from here on is optional|Checked, works|Ask first|This takes a while|Keep this in mind"
TODOS = "Buy milk|Call back|Water the plants|Check the result|Tidy up the folder|Charge the watch"
CASES = "UPPERCASE", "lowercase", "Capitalize Every Word"

# Conditions that any statements may be put under: (the action that gives the value, the test).
CONDITIONS = (
    ("~getbatterylevel()", "{x} < {n}0"), ("~getbatterylevel()", "{x} > {n}0"), ("", "clipboard()"), ("", "shortcut_input()"),
    ("~ask(WFAskActionPrompt='How many?', WFInputType='Number')", "{x} > {n}"),
    ("~getwifi()", "{x}"), ("~getcurrentsong()", "{x}"),
)  # fmt: skip
QUESTIONS = "Go ahead?|Really?|Shall I?|Do it now?|Are you sure?|Continue?"
ANSWERS = ("Yes", "No"), ("OK", "Not now"), ("Go on", "Skip it")

# Names of a person for a value, by its kind.
NAMES = {
    "": "Result Outcome Current Chosen Latest Given Found Thing",
    "text": "Message Label Caption Wording Line", "number": "Amount Total Size",
    "url": "Address Site Source", "list": "Items Entries Options", "dictionary": "Settings Data Record", "date": "Day Moment",
    "file": "Document Attachment", "image": "Picture Snapshot",
}  # fmt: skip

# Parameters that a person is not asked for, and those that others hang on.
INNER = re.compile(r"Prompt|Title|Key$|keyPath|Pattern|Identifier|Type$|Separator|Format|Language|Script|Regular|Find$")

# Words of ids that name what an action reads or changes: two actions on the same are not exchanged.
RESOURCES = re.compile(r"clipboard|document|file|folder|photo|cameraroll|album|reminder|event|note|volume|brightness|song|music|playlist|"
                       r"contact|url|location|runworkflow|shell|script|delay|exit|output|random|datajar|insert|date")  # fmt: skip

TEXTS_BY_NAME = {
    "text": TEXTS[-1][1], "note": tuple(NOTES.split("|")), "todo": tuple(TODOS.split("|")),
    "url": next(values for pattern, values in TEXTS if pattern.search("URL")),
}  # fmt: skip
