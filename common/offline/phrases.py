"""The phrases that sentence.py understands: what is said, as a regular expression, and the actions that say the same.

`{the}`, `{on}` and `{is}` stand for words between; the other names in braces are slots, whose values go into the code at `{name}`. `~` is
`is_workflow_actions_`, and `= ` begins a line that makes a result. `{it}` is a thing: the last result, a text in quotes, or one of THINGS.
The order counts: the first phrase whose slots can hold what is said is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from common.offline import times

QUOTES = re.compile(r"[\"“”«»]([^\"“”«»]+)[\"“”«»]|(?<!\w)['‘’]((?:[^'‘’]|(?<=\w)['’](?=\w))+)['’](?!\w)")
HIDDEN = 0xF0000  # where the characters of texts stand while rules read a sentence: in Unicode's private use, where no rule looks
PLANE = 0x10000  # characters that are hidden; those beyond, such as emoji, are no word of a rule
PRONOUN = re.compile(r"it|them|that|this|these|those|the (?:result|answer|choice)", re.I)
# A text without quotes may hold none of these: they begin what is no longer the text, or stand for something to be looked up.
NO_TEXT = re.compile(
    r"[,;\"“”]|(?<!\w)['‘’]|\b(?:and|or|but|then|if|unless|when(?:ever)?|while|until|before|after|every|each|daily|weekly|today|tomorrow|"
    r"tonight|yesterday|noon|midnight|[ap]m|o['’]clock|\w+day(?:s|['’]s)?|\d+ (?:second|minute|hour|week|month)s?|clipboard|"
    r"the (?:weather|time|date|result|current \w+)|my (?:current )?location)\b|\b(?:at|by|from|in|for) \d", re.I)  # fmt: skip
# Actions that make images, make what may be one, work on images, and work on texts and numbers: an image has no words to be counted.
MAKES_IMAGE, MAKES_ANY = re.compile(r"~(?:take\w+|getlast\w+|selectphoto|image_\w+|generatebarcode)\("), re.compile(r"~getclipboard\(")
TAKES_IMAGE = re.compile(r"~(?:image_\w+|savetocameraroll|extracttextfromimage|deletephotos)\(")
TAKES_TEXT = re.compile(r"~(?:speaktext|count|text_\w+|generatebarcode|searchweb|math|getvalueforkey|openurl|addnewreminder)\(")
OPEN_END = re.compile(r"\b(?:a|an|the|to|for|by|from|of|at|until|before|after|with|around|and|or)$", re.I)  # no title ends so
ITEM_WORDS = 3  # of an item in a list: more say something else
UNITS = {"sec": "sec", "min": "min", "hour": "hr", "hr": "hr"}
LANGUAGES = {"arabic": "ar_AE", "chinese": "zh_CN", "dutch": "nl_NL", "english": "en_US", "french": "fr_FR", "german": "de_DE",
             "indonesian": "id_ID", "italian": "it_IT", "japanese": "ja_JP", "korean": "ko_KR", "polish": "pl_PL", "portuguese": "pt_BR",
             "russian": "ru_RU", "spanish": "es_ES", "thai": "th_TH", "turkish": "tr_TR"}  # fmt: skip
CASES = {"upper": "UPPERCASE", "lower": "lowercase", "capital": "UPPERCASE", "title": "Capitalize with Title Case"}
APPS = {"calculator": "calculator", "calendar": "mobilecal", "camera": "camera", "clock": "mobiletimer", "files": "DocumentsApp",
        "health": "Health", "mail": "mobilemail", "maps": "Maps", "messages": "MobileSMS", "music": "Music", "notes": "mobilenotes",
        "photos": "mobileslideshow", "podcasts": "podcasts", "reminders": "reminders", "safari": "mobilesafari",
        "settings": "Preferences", "shortcuts": "shortcuts", "weather": "weather"}  # fmt: skip
DISTURB = "{'Identifier': 'com.apple.donotdisturb.mode.default', 'DisplayString': 'Do Not Disturb'}"


class Slot(NamedTuple):
    """A slot of phrases: what may stand there, and the Python text of its value; None if it cannot hold what is said."""

    pattern: str
    value: Callable[[str], str | None]


def hide(text: str) -> str:
    """Return a text in characters that no rule knows, as many as before: nothing in it is taken for a word of the sentence or for code."""
    return "".join(chr(HIDDEN + ord(char)) if ord(char) < PLANE else char for char in text)


def reveal(text: str) -> str:
    """Return a text as it was before `hide`, also where only parts are hidden."""
    return "".join(chr(ord(char) - HIDDEN) if HIDDEN <= ord(char) < HIDDEN + PLANE else char for char in text)


def hide_quoted(text: str) -> str:
    """Return a sentence with what is within its quotes hidden."""
    return QUOTES.sub(lambda found: found[0][0] + hide(found[0][1:-1]) + found[0][-1], text)


def quoted(said: str) -> str | None:
    """Return the text within quotes as a literal, None if it is not all in quotes."""
    found = QUOTES.fullmatch(said)
    return repr(hide(found[1] or found[2])) if found else None


def plain(said: str) -> str | None:
    """Return a text, in quotes or not, as a literal."""
    return quoted(said) or (None if NO_TEXT.search(said) or PRONOUN.fullmatch(said) else repr(hide(said)))


def title(said: str) -> str | None:
    """Return a text as `plain` does, with a capital at its head.

    Without quotes it ends neither in what says when or where, which would be dropped, nor in a word that leaves something open.
    """
    if not quoted(said) and (times.SAYS_WHEN.search(said) or OPEN_END.search(said)):
        return None
    return plain(said[:1].upper() + said[1:])


def message(said: str) -> str | None:
    """Return a text as `plain` does; without quotes it may not end in what could be whom it goes to."""
    return quoted(said) or (None if re.search(r"\bto (?:\w+ )?\w+$", said) else plain(said))


def number(said: str) -> str | None:
    """Return digits or a word for a number as a literal."""
    return None if not said.isascii() else said if said[0].isdigit() else str(times.number(said))


def moment(said: str) -> str | None:
    """Return a time as a literal, None for one that no clock shows."""
    time = times.alert_time(said)
    return time and repr(time)


def app(said: str) -> str | None:
    """Return the parameters that name one of Apple's apps, None for another."""
    bundle = "com.apple." + APPS[said.lower()] if said.lower() in APPS else None
    return bundle and f"WFAppIdentifier={bundle!r}, WFSelectedApp={ {'BundleIdentifier': bundle, 'Name': said.capitalize()} }"


def listed(said: str) -> str | None:
    """Return the items of "a, b and c" as a literal list, None if they are no such list of texts."""
    found = re.fullmatch(r"(.+?),? (?:and|or) (.+)", said)
    items = [plain(item) if len(item.split()) <= ITEM_WORDS else None for item in (*found[1].split(", "), found[2])] if found else []
    return f"[{', '.join(map(str, items))}]" if items and all(items) else None


TOMORROW = "WFItemIndex=2, WFItemSpecifier='Item At Index'"
PERCENT = r"(?:100|\d?\d) ?(?:%|per ?cent)"
A_NUMBER = r"\d+(?:\.\d+)?|" + times.WORDS
SLOTS = {
    "text": Slot(r".+?", plain),
    "quote": Slot(r".+?", quoted),
    "title": Slot(r".+?", title),
    "message": Slot(r".+?", message),
    "list": Slot(r"shopping|grocery|groceries|to-?do|packing", lambda said: repr(said.capitalize())),
    "asked": Slot("number|date|time|url", lambda said: repr(said.upper() if len(said) == 3 else said.capitalize())),
    "day": Slot("today|tomorrow", lambda said: {"today": "WFItemSpecifier='First Item'", "tomorrow": TOMORROW}[said.lower()]),
    "name": Slot(r"[\"“«'‘’][^\0-\uffff]+[\"”»'’]|[\w'’-]+(?: [\w'’-]+)?", plain),  # in quotes what is hidden
    "items": Slot(r".+?", listed),
    "n": Slot(A_NUMBER, number),
    "m": Slot(A_NUMBER, number),
    "percent": Slot(PERCENT, lambda said: str(int(said.rstrip(" %percnt")) / 100)),
    "charge": Slot(PERCENT, lambda said: said.rstrip(" %percnt")),
    "unit": Slot(r"(?:sec(?:ond)?|min(?:ute)?|hour|hr)s?", lambda said: repr(UNITS[re.sub("(?:ond|ute)?s?$", "", said.lower())])),
    "time": Slot(times.SETTABLE, moment),
    "url": Slot(r"https?://\S*[^\s.,;!?]", lambda said: repr(hide(said))),
    "language": Slot("|".join(LANGUAGES), lambda said: repr(LANGUAGES[said.lower()])),
    "case": Slot("|".join(CASES), lambda said: repr(CASES[said.lower()])),
    "app": Slot("|".join(APPS), app),
    "kind": Slot("characters|words|sentences|lines", lambda said: repr(said.capitalize())),
    "sky": Slot("rain|snow", lambda said: repr(said.lower())),
    "it": Slot(r".+?", repr),  # filled by sentence.thing
}  # fmt: skip
WORDS = {
    "the": r"(?:(?:the|my|an?) )?", "last": r"(?:the|my) (?:last|latest|newest|most recent)", "photo": "photo|picture|image",
    "i pick": r"(?:that )?i (?:select|choose|pick)", "saying": r"(?:saying|that says|reading|with the text)(?: that)?",
    "say": r"say |speak |read (?:out )?", "make": r"(?:make|create|generate) (?:me )?", "expected": "forecast|expected|predicted",
    "below": "below|under|less than|lower than", "above": "above|over|more than|higher than",
}  # fmt: skip

Rules = tuple[tuple[re.Pattern[str], str], ...]


def compiled(table: Iterable[tuple[str, str]]) -> Rules:
    """Return phrases as patterns, in which the names in braces are filled in; {it2} is {it} in another place."""

    def part(name: str) -> str:
        return f"(?:{WORDS[name]})" if name in WORDS else f"(?P<{name}>{SLOTS[name.rstrip('2')].pattern})"

    return tuple((re.compile(re.sub(r"\{([\w ]+)\}", lambda found: part(found[1]), phrase), re.I), code) for phrase, code in table)


DAY = "= ~weather_forecast(WFWeatherForecastType='Daily')\n= ~getitemfromlist(WFInput={{last}}, {day})"

# What stands where something is spoken of.
THINGS = compiled({
    r"(?:what(?:['’]s| is) (?:on|in) )?{the}clipboard": "= ~getclipboard()",
    r"{the}(?:current )?location|where i am": "= ~getcurrentlocation()",
    r"{the}(?:current )?weather(?: right)?(?: now| like)?|the weather like(?: now)?": "= ~weather_currentconditions()",
    r"{the}weather (?:today|now)|(?:the )?weather like today|today['’]s weather": "= ~weather_currentconditions()",
    r"{the}(?:weather )?forecast": "= ~weather_forecast()",
    r"(?:the )?(?:weather|forecast)(?: like)?(?: for)? tomorrow|tomorrow['’]s weather": DAY.format(day=TOMORROW),
    r"{the}battery(?: level| charge| percentage)?": "= ~getbatterylevel()",
    r"{the}(?:external |public )?ip address": "= ~getipaddress()",
    r"{the}(?:current )?time(?: is it| it is)?": "current_date().formatted(style='None', time='Short')",
    r"{the}(?:current )?date(?: today)?|today['’]s date": "current_date().formatted(style='Long', time='None')",
    r"{last} {photo}(?: i took)?": "= ~getlastphoto(WFGetLatestPhotosActionIncludeScreenshots=False)",
    r"{last} {n} {photo}s":
        "= ~getlastphoto(WFGetLatestPhotoCount={n}, WFGetLatestPhotosActionIncludeScreenshots=False)",
    r"{last} screenshot": "= ~getlastscreenshot()",
    r"{last} {n} screenshots": "= ~getlastscreenshot(WFGetLatestPhotoCount={n})",
    r"(?:a|the|one) {photo} {i pick}": "= ~selectphoto(WFPhotoPickerTypes='Images')",
    r"(?:some |the )?{photo}s {i pick}": "= ~selectphoto(WFPhotoPickerTypes='Images', WFSelectMultiplePhotos=True)",
    r"(?:the |my )?(?:shortcut['’]s )?input|what i share(?: to it| with it)?": "shortcut_input()",
    r"(?:a|the) (?:text|name|word) (?:that )?i (?:enter|type(?: in)?)":
        "= ~ask(WFAskActionPrompt='Which text?', WFInputType='Text')",
    r"what i (?:say|dictate)": "= ~dictatetext()",
    r"a random number (?:between|from) {n} (?:and|to) {m}":
        "= ~number_random(WFRandomNumberMaximum={m}, WFRandomNumberMinimum={n})",
}.items())  # fmt: skip

SWITCHES = {
    r"(?:flashlight|torch)": "~flashlight(operation='set', state={on})",
    r"wi-?fi": "~wifi_set(OnValue={on})",
    r"bluetooth": "~bluetooth_set(OnValue={on})",
    r"(?:air)?plane mode|flight mode": "~airplanemode_set(OnValue={on})",
    r"low power mode": "~lowpowermode_set(OnValue={on})",
    r"dark mode": "~appearance(operation='set', style='dark' if {on} else 'light')",
    r"do not disturb|dnd": "~dnd_set(AssertionType='Turned Off', Enabled={on}, FocusModes=" + DISTURB + ", Operation='Turn')",
}


def switches() -> Iterable[tuple[str, str]]:
    """Yield the phrases that turn something on or off."""
    for thing, code in SWITCHES.items():
        for on, word, verb in ((True, "on", "enable"), (False, "off", "disable")):
            filled = code.replace("'dark' if {on} else 'light'", repr("dark" if on else "light")).replace("{on}", str(on))
            yield rf"(?:(?:turn|switch) {word}|{verb}) {{the}}(?:{thing})|(?:turn|switch) {{the}}(?:{thing}) {word}", filled


# What is to be done. Nothing here deletes, sends or switches off what the sentence does not name exactly.
LIST = "= ~list(WFItems={items})\n"
REMINDER = "~addnewreminder(WFAlertCondition='At Time', WFAlertCustomTime={time}, WFAlertEnabled='Alert', WFCalendarItemTitle={title})"
ACTIONS = compiled([
    *switches(),
    (r"(?:(?:start|set|run) )?(?:a |the )?(?:timer|countdown) (?:for|of) {n} {unit}",
     "~timer_start(WFDuration=quantity({n}, {unit}))"),
    (r"(?:(?:start|set|run) )?(?:a |the )?(?:timer|countdown) (?:for|of) half an hour", "~timer_start(WFDuration=quantity(30, 'min'))"),
    (r"(?:start|set|run) (?:a |the )?{n}[ -]{unit} timer", "~timer_start(WFDuration=quantity({n}, {unit}))"),
    (r"wait (?:for )?{n} seconds?", "~delay(WFDelayTime={n})"),
    (r"take a screenshot", "= ~takescreenshot()"),
    (r"take a (?:photo|picture)", "= ~takephoto()"),
    (r"take a selfie", "= ~takephoto(WFCameraCaptureDevice='Front')"),
    (r"scan (?:a|the) (?:qr|bar)[ -]?code", "= ~scanbarcode()"),
    (r"flip a coin", "= ~list(WFItems=['Heads', 'Tails'])\n= ~getitemfromlist(WFInput={last}, WFItemSpecifier='Random Item')"),
    (r"roll (?:a|one|the) (?:die|dice)", "= ~number_random(WFRandomNumberMaximum=6, WFRandomNumberMinimum=1)"),
    (r"(?:pick|choose) (?:a |one )?random(?: (?!number)\w+)? (?:from|between|out of|of|among) {items}",
     LIST + "= ~getitemfromlist(WFInput={last}, WFItemSpecifier='Random Item')"),
    (r"let me (?:choose|pick|select)(?: one)? (?:between|from|of|out of) {items}", LIST + "= ~choosefromlist(WFInput={last})"),
    (r"ask (?:me )?for (?:a|the|my) {asked}", "= ~ask(WFAskActionPrompt={asked}, WFInputType={asked})"),
    (r"ask (?:me )?for (?:a|the|my) (?P<title>(?:\w+ )?(?:name|text|word|title|city|note|topic))",
     "= ~ask(WFAskActionPrompt={title})"),
    (r"ask (?:me )?{quote}", "= ~ask(WFAskActionPrompt={quote})"),
    (r"double {it}", "= ~math(WFInput={it}, WFMathOperand=2, WFMathOperation='×')"),
    (r"multiply {it} by {n}", "= ~math(WFInput={it}, WFMathOperand={n}, WFMathOperation='×')"),
    (r"divide {it} by {n}", "= ~math(WFInput={it}, WFMathOperand={n}, WFMathOperation='÷')"),
    (r"add {n} to (?P<it>it|the (?:number|answer|result))", "= ~math(WFInput={it}, WFMathOperand={n}, WFMathOperation='+')"),
    (r"subtract {n} from (?P<it>it|the (?:number|answer|result))", "= ~math(WFInput={it}, WFMathOperand={n}, WFMathOperation='-')"),
    (r"count the {kind} (?:in|on|of) {it}", "= ~count(Input={it}, WFCountType={kind})"),
    (r"translate {it} (?:in)?to {language}", "= ~text_translate(WFInputText={it}, WFSelectedLanguage={language})"),
    (r"(?:make|turn|convert|change) {it} (?:(?:in)?to )?{case}[ -]?case", "= ~text_changecase(WFCaseType={case}, text={it})"),
    (r"{make}{the}qr[ -]?code (?:from|of|for|with|out of) {it}", "= ~generatebarcode(WFText={it})"),
    (r"{make}{the}qr[ -]?code (?:from|of|for|with|out of) {url}", "= ~generatebarcode(WFText={url})"),
    (r"(?:download|fetch|get)(?: what is at| the contents of)? {url}", "= ~downloadurl(WFURL={url})"),
    (r"(?:show|get|read)(?: me)? the value (?:of|for|at) {name}", "= ~getvalueforkey(WFDictionaryKey={name}, WFInput={last})"),
    (r"resize {it} to {n} pixels(?: wide)?", "= ~image_resize(WFImage={it}, WFImageResizeHeight='', WFImageResizeWidth={n})"),
    (r"(?:convert|turn) {it} (?:in)?to a pdf", "= ~makepdf(WFInput={it})"),
    (r"{make}a pdf (?:from|of|out of|with) {it}", "= ~makepdf(WFInput={it})"),
    (r"(?:get|extract|read) the text (?:out of|from|in) (?=.*(?:photo|picture|image|screenshot))(?P<it>.+)",
     "= ~extracttextfromimage(WFImage={it})"),
    (r"save {it} (?:to|in) (?:my |the )?(?:photos|photo library|camera roll)", "~savetocameraroll(WFInput={it})"),
    (r"save {it} (?:to|in) (?:an|the|my) album (?:called|named) {name}",
     "~savetocameraroll(WFCameraRollSelectedGroup={name}, WFInput={it})"),
    (r"delete (?P<it>{last} (?:{n} )?(?:photo|picture|screenshot)s?)", "~deletephotos(photos={it})"),
    (r"(?:copy|put) {it}(?: (?:to|on|onto|in|into) the clipboard)", "~setclipboard(WFInput={it})"),
    (r"copy {it}", "~setclipboard(WFInput={it})"),
    (r"share {it}", "~share(WFInput={it})"),
    (r"{say}(?P<text>hello|hi|good (?:morning|afternoon|evening|night)|happy birthday|thank you)", "~speaktext(WFText={text})"),
    (r"{say}{it}(?: aloud| out loud| out| to me)?", "~speaktext(WFText={it})"),
    (r"(?:send|write) (?:a|the) (?:text )?message {saying} {message}", "~sendmessage(WFSendMessageContent={message})"),
    (r"send {it} (?:as|in|by) (?:a |an )?(?:text )?message", "~sendmessage(WFSendMessageContent={it})"),
    (r"remind me to {title}", "~addnewreminder(WFCalendarItemTitle={title})"),
    (r"remind me to {title} {time}", REMINDER),
    (r"remind me {time} to {title}", REMINDER),
    (r"(?:add|create) a reminder (?:to|called|named|saying) {title}", "~addnewreminder(WFCalendarItemTitle={title})"),
    (r"(?:add|create) a reminder (?:to|called|named|saying) {title} {time}", REMINDER),
    (r"(?:add|put) {it} (?:to|on) (?:my|the) {list} list",
     "~addnewreminder(WFCalendarItemCalendar={list}, WFCalendarItemTitle={it})"),
    (r"add {title} to (?:my|the) {list} list", "~addnewreminder(WFCalendarItemCalendar={list}, WFCalendarItemTitle={title})"),
    (r"(?:show|send)(?: me)? a notification {saying} {title}",
     "~notification(WFNotificationActionBody={title})"),
    (r"show(?: me)? an alert {saying} {title}", "~alert(WFAlertActionMessage={title})"),
    (r"tell me to (?!what|which|whom|the |an? ){title}|tell me that (?P<title2>['‘\"“].+)", "~showresult(Text={title})"),
    (r"open {url}", "~openurl(WFInput={url})"),
    (r"open (?P<it>it|that|(?:the|that) (?:link|address|page))", "~openurl(WFInput={it})"),
    (r"(?:open|launch) (?:the )?{app}(?: app)?", "~openapp({app})"),
    (r"(?:search the web for|google) (?P<it>it|what i (?:say|dictate)|{the}clipboard|{the}input)", "~searchweb(WFInputText={it})"),
    (r"(?:search the web for|google) {text}", "~searchweb(WFInputText={text})"),
    (r"play (?:some |my )?music", "~playmusic(WFMediaItems=ask_each_time())"),
    (r"(?:pause|stop) {the}(?:music|playback|song)", "~pausemusic(WFPlayPauseBehavior='Pause')"),
    (r"(?:resume|continue) {the}(?:music|playback|song)", "~pausemusic(WFPlayPauseBehavior='Play')"),
    (r"(?:skip to |play )?the next (?:song|track)|skip (?:this|the) (?:song|track)", "~skipforward()"),
    (r"(?:skip back to|go back to|play) the previous (?:song|track)", "~skipback(WFSkipBackBehavior='Previous Song')"),
    (r"(?:set|turn) {the}volume (?:up |down )?to {percent}", "~setvolume(WFVolume={percent})"),
    (r"(?:set|turn) {the}(?:screen )?brightness (?:up |down )?to {percent}", "~setbrightness(WFBrightness={percent})"),
    (r"(?:log|record) {n} ?(?:ml|millilit(?:er|re)s) of water(?: (?:in|to) (?:apple )?health)?",
     "~health_quantity_log(WFQuantitySampleDate=current_date(), WFQuantitySampleQuantity=quantity({n}, 'mL'), WFQuantitySampleType='Water'"
     ")"),
    (r"vibrate", "~vibrate()"),
    (r"what time is it", "~showresult(Text=current_date().formatted(style='None', time='Short'))"),
    (r"(?:show|tell|give)(?: me)? (?:what )?{it}|what(?: is|['’]s) {it2}", "~showresult(Text={it})"),
])  # fmt: skip

# Tests; the last line is the condition.
ON_DAY = DAY.format(day="{day}") + "\n"
CONDITIONS = compiled([
    (r"(?:there (?:is|will be) )?no {sky}(?: is| in)?(?: the)? {expected}", "= ~weather_forecast()\n{sky} not in {last}"),
    (r"{sky} is {expected}|there is {sky2} in the forecast", "= ~weather_forecast()\n{sky} in {last}"),
    (r"(?:there (?:is|will be) )?no {sky}(?: is)?(?: forecast| expected| predicted)?(?: for)? {day}", ON_DAY + "{sky} not in {last}"),
    (r"it (?:will not|won['’]t|is not going to|isn['’]t going to) {sky} {day}", ON_DAY + "{sky} not in {last}"),
    (r"it (?:will|is going to|is supposed to) {sky} {day}|it {sky2}s {day2}", ON_DAY + "{sky} in {last}"),
    (r"{sky} is {expected}(?: for)? {day}", ON_DAY + "{sky} in {last}"),
    (r"it(?: is|['’]s) {sky}ing(?: now| outside)?", "= ~weather_currentconditions()\n{sky} in {last}"),
    (r"(?:the|my) battery(?: level)? (?:is|drops|falls) {below} {charge}", "= ~getbatterylevel()\n{last} < {charge}"),
    (r"(?:the|my) battery(?: level)? is {above} {charge}", "= ~getbatterylevel()\n{last} > {charge}"),
    (r"{it} (?:contains|includes) {quote}", "{quote} in {it}"),
])  # fmt: skip
OPPOSITES = {" not in ": " in ", " in ": " not in ", " < ": " >= ", " > ": " <= "}
