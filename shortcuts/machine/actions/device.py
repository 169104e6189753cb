"""The device: its details and switches, and apps that are opened."""

from __future__ import annotations

from typing import Any

from shortcuts.machine import convert, values
from shortcuts.machine.registry import Call, action
from shortcuts.machine.values import Record, items

_DETAILS = {
    "Device Name": "name", "Device Hostname": "hostname", "Device Model": "model", "Device Is Watch": "watch", "Device Type": "type",
    "System Version": "system_version", "System Build Number": "system_build", "Screen Width": "screen_width",
    "Screen Height": "screen_height",
    "Current Volume": "volume", "Current Brightness": "brightness", "Current Appearance": "appearance", "Orientation": "orientation",
}  # fmt: skip


@action("is.workflow.actions.getdevicedetails", source="user guide: Get Device Details")
def details(call: Call) -> Any:
    return call.run.state.read("device").get(_DETAILS.get(call.choice("WFDeviceDetail", "Device Name"), "name"))


_TOOLBOX = {"model": "model", "hostName": "hostname", "operatingSystemVersion": "system_version"}


@action("com.alexhay.ToolboxProForShortcuts.DeviceDetailsIntent", source="the action's parameter: the name of a detail")
def more_details(call: Call) -> Any:
    detail = call.choice("deviceDetails")
    found = call.run.state.read("device").get(_TOOLBOX.get(detail, detail))
    return call.unknown("text", detail) if found is None else found


@action("is.workflow.actions.getbatterylevel", source="user guide: Get Battery Level")
def battery(call: Call) -> Any:
    device = call.run.state.read("device")
    return device["battery"] if call.choice("Subject", "Battery Level") == "Battery Level" else device["charging"]


@action("is.workflow.actions.getwifi", source="user guide: Get Network Details")
def network(call: Call) -> Any:
    device = call.run.state.read("device")
    kind = call.get("WFNetworkDetailsNetwork", "Wi-Fi")
    if kind == "Cellular":
        detail = call.choice("WFCellularDetail", "Carrier Name")
        return device["carrier"] if detail == "Carrier Name" else call.unknown("text", detail)
    detail = call.choice("WFWiFiDetail", "Network Name")
    if not device["wifi"]:
        return None
    return {"Network Name": device["network"], "BSSID": device["bssid"]}.get(detail) or call.unknown("text", detail)


# ---------------------------------------------------------------------------------------------------------------------------------
# switches

_SWITCHES = {"wifi": "wifi", "bluetooth": "bluetooth", "cellulardata": "cellular", "lowpowermode": "low_power",
             "airplanemode": "airplane_mode",
             "personalhotspot": "hotspot", "orientationlock": "orientation_lock", "nightshift": "night_shift",
             "truetone": "true_tone"}  # fmt: skip


@action(
    *(f"is.workflow.actions.{name}.set" for name in _SWITCHES),
    "is.workflow.actions.flashlight",
    source="user guide: Set Wi-Fi, Set Bluetooth, Set Cellular Data, Set Low Power Mode, Set Airplane Mode and their like",
)
def switch(call: Call) -> Any:
    key = _SWITCHES.get(call.id.split(".")[3], "flashlight")
    if call.choice("operation", "set") == "toggle":
        on: Any = not call.run.state.read("device").get(key, False)
    else:
        on = call.get("OnValue", True)
        on = on if isinstance(on, values.Unknown) else bool(convert.boolean(on, call.place))
    call.run.state.write("device")[key] = on
    call.effect("set", setting=key, to=on)
    return call.run.previous


@action("is.workflow.actions.setvolume", "is.workflow.actions.setbrightness", source="user guide: Set Volume, Set Brightness")
def level(call: Call) -> Any:
    key = call.id.rpartition(".")[2].removeprefix("set")
    to = call.get("WFVolume" if key == "volume" else "WFBrightness", 0.5)
    to = to if isinstance(to, values.Unknown) else convert.number(to, call.place)
    call.run.state.write("device")[key] = to
    call.effect("set", setting=key, to=to)
    return call.run.previous


@action("is.workflow.actions.appearance", source="user guide: Set Appearance")
def appearance(call: Call) -> Any:
    now = call.run.state.read("device")["appearance"]
    to = (
        ("Dark" if now == "Light" else "Light")
        if call.choice("operation", "set") == "toggle"
        else call.choice("style", "Dark").capitalize()
    )
    call.run.state.write("device")["appearance"] = to
    call.effect("set", setting="appearance", to=to)
    return call.run.previous


@action("is.workflow.actions.dnd.set", source="user guide: Set Focus")
def focus(call: Call) -> Any:
    on = call.flag("Enabled", False) if call.choice("Operation", "Turn") != "Toggle" else not call.run.state.read("device")["focus"]
    mode = call.get("FocusModes")
    name = mode.get("DisplayString", "Do Not Disturb") if isinstance(mode, dict) else "Do Not Disturb"
    call.run.state.write("device")["focus"] = name if on else None
    call.effect("set", setting="focus", to=name if on else None)
    return call.run.previous


# ---------------------------------------------------------------------------------------------------------------------------------
# places


@action("is.workflow.actions.getcurrentlocation", "is.workflow.actions.location", source="user guide: Get Current Location, Location")
def location(call: Call) -> Any:
    given = call.get("WFLocation") if call.id.endswith(".location") else None
    mark = given.get("placemark") if isinstance(given, dict) else None
    if isinstance(mark, dict):
        address = mark.get("addressDictionary")
        address = address if isinstance(address, dict) else {}
        fields = {label: address.get(key) for label, key in (("Name", "Name"), ("Street", "Street"), ("City", "City"),
                                                             ("State", "State"), ("ZIP Code", "ZIP"),
                                                              ("Region", "Country"))}  # fmt: skip
        return Record("location", {label: value for label, value in fields.items() if value})
    here = call.run.state.read("device")["location"]
    return Record("location", here) if isinstance(here, dict) else here


def elsewhere(call: Call) -> Any:
    """Return the place that the weather is asked of, None where that is the device's, whose weather alone the world knows."""
    given, here = call.get("WFWeatherCustomLocation"), call.run.state.read("device")["location"]
    is_here = given in (None, "", here, Record("location", here)) or isinstance(given, dict) and given.get("isCurrentLocation") is True
    return None if is_here else given


@action("is.workflow.actions.weather.currentconditions", source="user guide: Get Current Weather")
def weather(call: Call) -> Any:
    if (place := elsewhere(call)) is not None:
        return call.unknown("any", place)
    now = call.run.state.read("device")["weather"]
    return Record("weather", now) if isinstance(now, dict) else now


@action("is.workflow.actions.weather.forecast", source="user guide: Get Weather Forecast")
def forecast(call: Call) -> Any:
    """Return the forecast that the world's weather has under `Forecast`."""
    if (place := elsewhere(call)) is not None:
        return call.unknown("list", place)
    if call.choice("WFWeatherForecastType", "Daily") != "Daily":
        call.assume("weather.forecast: the world's forecast is that of the hours, too")
    now = call.run.state.read("device")["weather"]
    days = now.get("Forecast") if isinstance(now, Record | dict) else None
    return [Record("weather", day) if isinstance(day, dict) else day for day in items(days)] or call.unknown("list", "weather")


@action("is.workflow.actions.getdirections", source="user guide: Show Directions")
def directions(call: Call) -> Any:
    value = call.input("WFDestination")
    call.effect("opened", app="Maps", directions=call.as_shown(value))
    return value


@action("is.workflow.actions.searchmaps", source="user guide: Show in Maps")
def show_in_maps(call: Call) -> Any:
    value = call.input()
    call.effect("opened", app="Maps", place=call.as_shown(value))
    return value


# ---------------------------------------------------------------------------------------------------------------------------------
# apps


def app_name(value: Any) -> Any:
    """Return the name of an app that a parameter stores."""
    return value.get("Name") or value.get("BundleIdentifier") or value.get("bundleIdentifier") if isinstance(value, dict) else value


@action("is.workflow.actions.openapp", source="user guide: Open App")
def open_app(call: Call) -> Any:
    call.effect("opened", app=app_name(call.get("WFSelectedApp")) or call.shown("WFAppName") or call.shown("WFAppIdentifier"))
    return call.run.previous


@action("is.workflow.actions.openin", source="user guide: Open File")
def open_in(call: Call) -> Any:
    value = call.input()
    call.effect("opened", app=app_name(call.get("WFSelectedApp")) or call.shown("WFOpenInAppIdentifier"), value=value)
    return value


@action(
    "is.workflow.actions.splitscreen",
    "is.workflow.actions.quit.app",
    "is.workflow.actions.hide.app",
    "is.workflow.actions.lockscreen",
    "is.workflow.actions.reboot",
    source="user guide: Split Screen Apps, Quit App, Hide App, Lock Screen, Shut Down",
)
def screen(call: Call) -> Any:
    app = app_name(call.get("WFApp")) or app_name(call.get("WFPrimaryAppIdentifier"))
    call.effect("set", screen=call.id.removeprefix("is.workflow.actions."), **({"app": app} if app else {}))
    return call.run.previous


@action("is.workflow.actions.useractivity.open", source="property list: an activity of an app, handed to it")
def open_activity(call: Call) -> Any:
    call.effect("opened", app=call.shown("AppBundleIdentifier"), activity=call.shown("UserActivitySubtitle"))
    return call.run.previous


@action(
    "is.workflow.actions.runsshscript",
    "is.workflow.actions.runshellscript",
    "is.workflow.actions.runapplescript",
    "is.workflow.actions.runjavascriptonwebpage",
    "is.workflow.actions.runjavascriptforautomation",
    "dk.simonbs.Scriptable.RunScriptInlineIntent",
    source="user guide: Run Script over SSH, Run Shell Script, Run AppleScript, Run JavaScript on Web Page",
)
def script(call: Call) -> Any:
    """Return what the world says that a script prints, else an unknown: the machine runs no code."""
    key = next((key for key in ("WFSSHScript", "Script", "WFJavaScript", "script") if key in call.parameters), "Script")
    said = call.shown(key)
    given = call.input("Input" if "Input" in call.parameters else "WFInput")
    host = {"host": call.shown("WFSSHHost")} if "WFSSHHost" in call.parameters else {}
    call.effect("ran", script=said, input=given, **host)
    table = call.run.session.world.scripts
    if isinstance(said, str) and (said in table or "*" in table):
        return table.get(said, table.get("*"))
    return call.unknown("text", said if isinstance(said, str) else said.origin, given)
