"""Actions of other apps whose effect is no secret: stores of values, logs, small tools for text and lists.

What such an app keeps stands in the world under `stored`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

from shortcuts.machine import convert, members, values
from shortcuts.machine.registry import Call, action
from shortcuts.machine.values import Unknown, items, one_or_many

_JAR = "dk.simonbs.DataJar."


@action(_JAR + "GetValueIntent", source="Data Jar's manual: key paths")
def get_stored(call: Call) -> Any:
    return members.at_key(call.run.state.read("stored"), call.text("keyPath"), call.place)


@action(_JAR + "SetValueIntent", source="Data Jar's manual: key paths")
def set_stored(call: Call) -> Any:
    path, value = call.text("keyPath"), call.get("values")
    _store(call, path, value)
    call.effect("set", stored=path, to=value)
    return value


@action(_JAR + "InsertValueInArrayIntent", source="Data Jar's manual: key paths")
def insert_stored(call: Call) -> Any:
    path, value = call.text("keyPath"), call.get("values")
    before = items(members.at_key(call.run.state.read("stored"), path, call.place))
    at_start = call.said(call.get("insertionPoint", "")).lower() in ("start", "beginning", "first")
    _store(call, path, [*items(value), *before] if at_start else [*before, *items(value)])
    call.effect("set", stored=path, to=value)
    return value


@action(_JAR + "DeleteValueIntent", source="Data Jar's manual: key paths")
def delete_stored(call: Call) -> Any:
    path = call.text("keyPath")
    stored = call.run.state.write("stored")
    stored.pop(path, None)
    call.effect("deleted", stored=path)
    return None


@action(_JAR + "CheckIfValueExistsIntent", source="Data Jar's manual: key paths")
def is_stored(call: Call) -> Any:
    return members.at_key(call.run.state.read("stored"), call.text("keyPath"), call.place) is not None


@action(_JAR + "GetKeysIntent", source="Data Jar's manual: key paths")
def stored_keys(call: Call) -> Any:
    path = call.text("keyPath")
    held = members.at_key(call.run.state.read("stored"), path, call.place) if path else call.run.state.read("stored")
    return one_or_many(list(held)) if isinstance(held, dict) else None


def _store(call: Call, path: str, value: Any) -> None:
    stored = call.run.state.write("stored")
    made = members.with_key(stored, path, value)
    head = path if path in made and path not in stored else path.partition(".")[0] if path not in stored else path
    stored[head] = made[head]


@action("com.iconfactory.Tot.GetDotIntent", "com.iconfactory.TotMobile.GetDotIntent", source="Tot's actions: seven texts, called dots")
def get_dot(call: Call) -> Any:
    return call.run.state.read("stored").get(f"Tot {_dot(call)}", "")


@action("com.iconfactory.Tot.SetDotIntent", "com.iconfactory.TotMobile.SetDotIntent", source="Tot's actions: seven texts, called dots")
def set_dot(call: Call) -> Any:
    text = call.shown("text")
    call.run.state.write("stored")[f"Tot {_dot(call)}"] = text
    call.effect("set", stored=f"Tot {_dot(call)}", to=text)
    return text


def _dot(call: Call) -> str:
    dot = call.get("dot", "1")
    return call.said(dot.get("identifier", dot.get("value", "1")) if isinstance(dot, dict) else dot)


@action(
    "com.alexhay.Console.LogMessageIntent",
    "com.alexhay.Console.LogItemsIntent",
    "com.alexhay.ToolboxProForShortcuts.ConsoleIntent",
    source="Console's actions: messages and items are logged",
)
def log(call: Call) -> Any:
    value = call.get("messages" if "messages" in call.parameters else "items")
    call.effect("logged", title=call.shown("title"), value=value)
    return value


@action(
    "com.alexhay.ToolboxProForShortcuts.RemoveDuplicatesIntent",
    "com.sindresorhus.Actions.RemoveDuplicateLinesIntent",
    "com.sindresorhus.Actions.RemoveDuplicatesFromListIntent",
    source="the actions' names: the first of equal items stays",
)
def without_duplicates(call: Call) -> Any:
    if call.id.endswith("LinesIntent"):
        return "\n".join(dict.fromkeys(call.text("text").split("\n")))
    key = "items" if "items" in call.parameters else "list"
    seen: dict[str, Any] = {}
    for item in call.items(key):
        seen.setdefault(item.origin if isinstance(item, Unknown) else convert.text(item, call.place), item)
    return one_or_many(list(seen.values()))


@action("com.sindresorhus.Actions.RandomTextIntent", source="the action's parameters: a length, and the signs to draw from")
def random_text(call: Call) -> Any:
    signs = call.text("customCharacters") if call.flag("useCustomCharacters") else ""
    signs = signs or "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    length = max(0, min(call.whole("length", 10), 10_000))
    return "".join(call.run.session.random.choice(signs) for _ in range(length))


@action("dk.simonbs.Jayson.PrettifyJSONIntent", source="the action's name: JSON, indented by two")
def pretty_json(call: Call) -> Any:
    import orjson

    parsed = convert.parse_json(call.get("json"), call.place)
    return orjson.dumps(parsed, option=orjson.OPT_INDENT_2).decode() if parsed is not None else None


_CASES: dict[str, Callable[[str], str]] = {
    "urlEncoded": lambda text: quote(text, safe="-._~", errors="replace"), "urlDecoded": unquote, "uppercase": str.upper,
    "lowercase": str.lower,
    "snakeCase": lambda text: "_".join(re.findall(r"\w+", text.lower())),
    "kebabCase": lambda text: "-".join(re.findall(r"\w+", text.lower())),
    "clapCase": lambda text: " 👏 ".join(text.split()), "trimWhitespace": str.strip,
}  # fmt: skip


@action("com.Christopher-Hannah.Text-Case.TextCaseIntent", "maccatalyst.com.Christopher-Hannah.Text-Case.TextCaseIntent",
        source="the action's formats, by their names")  # fmt: skip
def text_case(call: Call) -> Any:
    text, case = call.text("text"), call.choice("format")
    return _CASES[case](text) if case in _CASES else call.unknown("text", case, text)


@action("com.sindresorhus.Actions.RandomColorIntent", source="the action's name: a color by chance")
def random_color(call: Call) -> Any:
    return f"#{call.run.session.random.randrange(1 << 24):06x}"


@action("com.sindresorhus.Actions.RemoveEmptyLinesIntent", source="the action's name")
def without_empty_lines(call: Call) -> Any:
    return "\n".join(line for line in call.text("text").split("\n") if line.strip())


@action("com.sindresorhus.Actions.RemoveNonPrintableCharactersIntent", source="the action's name")
def printable(call: Call) -> Any:
    return "".join(sign for sign in call.text("text") if sign.isprintable() or sign == "\n")


@action("com.sindresorhus.Actions.GetFilePathIntent", source="the action's name")
def file_path(call: Call) -> Any:
    found = convert.file(call.get("file"), call.place)
    return found.facts.get("path", found.name) if found else None


@action("ke.bou.GizmoPack.EncodeHexIntent", source="the action's name")
def to_hex(call: Call) -> Any:
    key = next((key for key in call.parameters if key in ("text", "input", "data")), "text")
    return call.text(key).encode("utf-8", "replace").hex()


_PICTURES = tuple(f"com.alexhay.ToolboxProForShortcuts.{name}Intent" for name in ("CreateTextImage", "CreateIcon", "CreateMatte")) + (
    "com.sindresorhus.Actions.SymbolImageIntent", "com.sindresorhus.Actions.CreateColorImageIntent")  # fmt: skip


@action(*_PICTURES, source="the actions' names: a picture of what is given; as all pictures it is opaque")
def picture(call: Call) -> Any:
    given = {key: call.get(key) for key in call.parameters if not key.startswith(("Show-", "ShowWhenRun", "AppIntent"))}
    if lost := call.run.unknowns(*given.values()):
        raise values.Untold(lost[0])
    what = ", ".join(f"{key} {call.said(value)}" for key, value in sorted(given.items()) if value not in (None, ""))
    return values.File("Image.png", "image", None, {"made": values.origin(call.id.rpartition(".")[2], what)})


@action("com.alexhay.ToolboxProForShortcuts.CreateMenuIntent",
        source="the action's parameters: an entry of a list with a second line and an icon",
        assumed="the entry is a contact, as menus with pictures are made")  # fmt: skip
def menu_entry(call: Call) -> Any:
    return values.Record("contact", {"Name": call.shown("title"), "Company": call.shown("subtitle")})


_WRITES = {
    "com.appliedphasor.working-copy.WriteFileIntent": ("saved", "content", ("repo", "path")),
    "com.appliedphasor.working-copy.CommitRepositoryIntent": ("saved", "message", ("repo",)),
    "com.appliedphasor.working-copy.PushRepositoryIntent": ("sent", "repo", ("remote",)),
    "com.agiletortoise.Drafts5.CaptureIntent": ("saved", "content", ("tags", "folder")),
    "com.agiletortoise.Drafts-OSX.CaptureIntent": ("saved", "content", ("tags",)),
    "com.lukilabs.lukiapp.QuickAddIntent": ("saved", "content", ("title", "folder")),
    "app.cyan.taio.SaveClippingIntent": ("saved", "text", ()),
    "com.shi.AviaryApp.PostTweetIntent": ("sent", "text", ("account",)),
    "com.tapbots.Tweetbot6.PTHTweetbotPostTweetIntent": ("sent", "text", ("account",)),
    "net.shinyfrog.bear-IOS.create": ("saved", "BearNoteInput", ("BearTitle", "BearTags")),
    "net.shinyfrog.bear-IOS.add": ("saved", "BearTitle", ("BearIdentifier",)),
    "com.ameba.anybuffer.AddURLIntent": ("saved", "url", ("shelf",)),
    "com.wiheads.paste.AddItemIntent": ("saved", "item", ("pinboard",)),
    "is.workflow.actions.tumblr.post": ("sent", "WFInput", ("WFBlogName", "WFPostTitle")),
    "is.workflow.actions.wordpress.post": ("sent", "WFInput", ("WFPostTitle",)),
    "is.workflow.actions.evernote.new": ("saved", "WFInput", ("WFEvernoteNoteTitle",)),
    "com.tapbots.Tweetbot6.PTHTweetbotOpenTwitterURLIntent": ("opened", "url", ()),
    "com.google.chrome.ios.OpenInChromeIntent": ("opened", "url", ()),
}  # fmt: skip


@action(
    *_WRITES,
    source="the actions' parameters: they write something into their app",
    assumed="an app takes what it is given; what it answers is not read",
)
def write_to_app(call: Call) -> Any:
    """Record what an app is given; an output that is read later is unknown."""
    verb, key, others = _WRITES[call.id]
    value = call.input(key)
    call.effect(
        verb, app=call.id.rpartition(".")[0], value=value, **{other: call.get(other) for other in others if other in call.parameters}
    )
    return value
