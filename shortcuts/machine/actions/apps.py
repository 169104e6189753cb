"""Actions of other apps whose effect is no secret: stores of values, logs, small tools for text and lists.

What such an app keeps stands in the world under `stored`.
"""

from __future__ import annotations

from typing import Any

from shortcuts.machine import values
from shortcuts.machine.registry import Call, action
from shortcuts.machine.values import Unknown, items, one_or_many

_JAR = "dk.simonbs.DataJar."


@action(_JAR + "GetValueIntent", source="Data Jar's manual: key paths", assumed="a key path that is not there gives nothing")
def get_stored(call: Call) -> Any:
    return values.at_key(call.run.state.read("stored"), call.text("keyPath"), call.place)


@action(_JAR + "SetValueIntent", source="Data Jar's manual: key paths")
def set_stored(call: Call) -> Any:
    path, value = call.text("keyPath"), call.get("values")
    _store(call, path, value)
    call.effect("set", stored=path, to=value)
    return value


@action(_JAR + "InsertValueInArrayIntent", source="Data Jar's manual: key paths")
def insert_stored(call: Call) -> Any:
    path, value = call.text("keyPath"), call.get("values")
    before = items(values.at_key(call.run.state.read("stored"), path, call.place))
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
    return values.at_key(call.run.state.read("stored"), call.text("keyPath"), call.place) is not None


@action(_JAR + "GetKeysIntent", source="Data Jar's manual: key paths")
def stored_keys(call: Call) -> Any:
    path = call.text("keyPath")
    held = values.at_key(call.run.state.read("stored"), path, call.place) if path else call.run.state.read("stored")
    return one_or_many(list(held)) if isinstance(held, dict) else None


def _store(call: Call, path: str, value: Any) -> None:
    stored = call.run.state.write("stored")
    made = values.with_key(stored, path, value)
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
        seen.setdefault(item.origin if isinstance(item, Unknown) else values.text(item, call.place), item)
    return one_or_many(list(seen.values()))


@action("com.sindresorhus.Actions.RandomTextIntent", source="the action's parameters: a length, and the signs to draw from")
def random_text(call: Call) -> Any:
    signs = call.text("customCharacters") if call.flag("useCustomCharacters") else ""
    signs = signs or "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    length = max(0, min(int(call.number("length", 10)), 10_000))
    return "".join(call.run.session.random.choice(signs) for _ in range(length))


@action("dk.simonbs.Jayson.PrettifyJSONIntent", source="the action's name: JSON, indented by two")
def pretty_json(call: Call) -> Any:
    import orjson

    parsed = values.parse_json(call.get("json"), call.place)
    return orjson.dumps(parsed, option=orjson.OPT_INDENT_2).decode() if parsed is not None else None


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
