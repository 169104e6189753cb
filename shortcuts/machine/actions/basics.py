"""Variables, the end of a shortcut, and shortcuts that run others."""

from __future__ import annotations

from typing import Any

from shortcuts.machine import values
from shortcuts.machine.parameters import resolve
from shortcuts.machine.registry import Call, Ended, action
from shortcuts.machine.values import MAX_ITEMS, Record, TooLarge, Unknown, items


@action("is.workflow.actions.comment", source="user guide: Comment")
def comment(call: Call) -> Any:
    return None


@action("is.workflow.actions.nothing", source="user guide: Nothing")
def nothing(call: Call) -> Any:
    return None


@action("is.workflow.actions.setvariable", source="user guide: Set Variable")
def set_variable(call: Call) -> Any:
    value = _given(call)
    call.run.variables[_name(call)] = value
    return value


def _given(call: Call) -> Any:
    """Return what a variable is set to: without an input nothing, but before iOS 13 the output of the action before."""
    return call.input() if "WFInput" in call.parameters or call.run.program.is_old else None


@action("is.workflow.actions.getvariable", source="user guide: Get Variable")
def get_variable(call: Call) -> Any:
    return call.get("WFVariable")


@action("is.workflow.actions.appendvariable", source="user guide: Add to Variable")
def append_variable(call: Call) -> Any:
    value = _given(call)
    added = items(value)
    if isinstance(value, list) and len(value) != 1:
        call.assume("appendvariable: the items of a list are added one by one")
    name = _name(call)
    before = call.run.variables.get(name)
    joined = [*items(before), *added]
    if len(joined) > MAX_ITEMS:
        raise TooLarge
    call.run.variables[name] = joined
    call.run.spend(len(joined) // 10)
    return value


def _name(call: Call) -> str:
    return call.said(resolve(call.parameters.get("WFVariableName", ""), call.run))


@action("is.workflow.actions.exit", source="user guide: Stop This Shortcut")
def leave(call: Call) -> Any:
    raise Ended("exited", output=call.get("WFResult"))


@action("is.workflow.actions.output", source="user guide: Stop and Output")
def output(call: Call) -> Any:
    value = call.input("WFOutput")
    if call.choice("WFNoOutputSurfaceBehavior", "Do Nothing") == "Respond":
        call.effect("shown", text=call.shown("WFResponse"))
    elif call.inputs["WFNoOutputSurfaceBehavior"] == "Copy to Clipboard":
        call.run.state.clipboard = value
        call.effect("copied", value=value)
    raise Ended("output", output=value)


@action("is.workflow.actions.runworkflow", source="user guide: Run Shortcut")
def run_shortcut(call: Call) -> Any:
    target = call.get("WFWorkflow")
    name = call.shown("WFWorkflowName") or (target.get("workflowName", "") if isinstance(target, dict) else "")
    is_self = isinstance(target, dict) and target.get("isSelf") is True
    if isinstance(name, Unknown):
        raise values.Untold(name)
    given = call.input()
    if not is_self and name not in call.run.session.world.shortcuts and name != call.run.program.name:
        call.effect("ran", shortcut=name, input=given)
        return call.unknown("any", name, given)
    return call.run.call_shortcut(call.run.program.name if is_self else name, given, call.index)


@action("is.workflow.actions.getmyworkflows", source="user guide: Get My Shortcuts")
def my_shortcuts(call: Call) -> Any:
    """Return the shortcuts of the world; their folders are `shortcuts_folders`, {folder: [names]}."""
    world = call.run.session.world
    folder = call.get("Folder")
    folder = folder.get("displayString") or folder.get("title") or folder.get("DisplayString") if isinstance(folder, dict) else folder
    homes = {name: home for home, names in world.shortcuts_folders.items() for name in items(names)}
    return [
        Record("shortcut", {"Name": name, "Folder": homes.get(name), "Action Count": 1})
        for name in sorted({*world.shortcuts, *homes})
        if not folder or homes.get(name) == folder
    ]


@action("is.workflow.actions.delay", source="user guide: Wait")
def wait(call: Call) -> Any:
    call.get("WFDelayTime")
    return call.run.previous


@action("is.workflow.actions.waittoreturn", "is.workflow.actions.handoff", source="user guide: Wait to Return, Continue Shortcut in App")
def go_on(call: Call) -> Any:
    return call.run.previous
