"""The interpreter: runs the compiled actions of a shortcut in a world.

A run always ends. Limits (session.py) bound the steps, the characters and items that it makes, the depth of shortcuts that call shortcuts
and the seconds that patterns take; the outcome names the limit that was met. Errors of the machine itself become unknowns and stand in
`Outcome.faults`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from shortcuts.control_flow import ACTION_OF_KIND
from shortcuts.machine import convert, values
from shortcuts.machine.conditions import test
from shortcuts.machine.outcome import Effect, Outcome, Step
from shortcuts.machine.parameters import Dynamic, resolve
from shortcuts.machine.program import Act, Compound, Parameters, Program, as_program
from shortcuts.machine.registry import Call, Ended, defaults, result_type, short
from shortcuts.machine.session import LIMITS, Limits, Session
from shortcuts.machine.values import Record, TooLarge, Unknown, Untold, items, one_or_many, origin
from shortcuts.machine.world import State, Turns, World


class Run:
    """One shortcut as it runs. It is the scope of its parameters (parameters.Scope), and what a Call sees of the run."""

    def __init__(self, program: Program, session: Session, given: Any, depth: int = 0) -> None:
        self.program, self.session, self.input, self.depth = program, session, given, depth
        self.place, self.state, self.outcome = session.place, session.state, session.outcome
        self.spend, self.timed = session.spend, session.timed
        self.outputs: dict[str, Any] = {}
        self.variables: dict[str, Any] = {}
        self.previous: Any = given
        self.made = False  # True once an action of the current branch made an output

    # -- what parameters and actions ask for ------------------------------------------------------------------------------------

    def base(self, token: dict[str, Any]) -> Any:
        """Return the value of a token, without its steps."""
        kind = token["Type"]
        if kind == "ActionOutput":
            return self.outputs.get(str(token.get("OutputUUID", "")).upper())
        if kind == "Variable":
            return self.variables.get(str(token.get("VariableName", "")))
        return _BASES[kind](self, token)

    def assume(self, reason: str) -> None:
        """Mark the outcome as one that rests on an assumption."""
        self.outcome.assumed[reason] = None

    def met(self, unknown: Unknown, index: int) -> None:
        """Record an unknown's origin, and the action that met it first."""
        self.outcome.unknowns.setdefault(unknown.origin, index)

    def effect(self, verb: str, what: dict[str, Any], index: int) -> None:
        """Record an outward effect."""
        self.outcome.effects.append(Effect(verb, what, index))

    def ask(self, prompt: str, default: Any, draw: Callable[[random.Random], Any] | None = None, choices: Sequence[str] = ()) -> Any:
        """Return the person's answer; where the world has none the default, or by chance what `draw` makes or the number of a choice, from
        1. By chance a choice is drawn by its title, wherever it stands. Raises Ended where they cancel.
        """
        person = self.session.person
        self.outcome.questions.append(prompt)
        question = person.question(prompt)
        found, answer = person.answer(prompt)
        if not found:
            unanswered = self.session.world.unanswered
            if unanswered == "cancel":
                self.assume("a person who cancels ends the shortcut")
                raise Ended("cancelled", f"no answer to {prompt!r}")
            if unanswered == "random":
                if choices:
                    return sorted(range(len(choices)), key=choices.__getitem__)[person.turned(question, len(choices)) - 1] + 1
                return draw(person.dice(question)) if draw else default
            self.assume("a question without an answer in the world got its default, the first choice, or OK")
            return default
        if answer is None:
            self.assume("a person who cancels ends the shortcut")
            raise Ended("cancelled", f"at {prompt!r}" if prompt else "")
        return answer

    def pick(self, what: str, candidates: list[Any], several: bool = False) -> Any:
        """Return what the person picks: the world's next pick (a text is a name or path), else one of the candidates, of which there may be
        none: then None. By chance it is two of them where `several` may be picked. Raises Ended where they cancel.
        """
        found, picked = self.session.person.pick()
        unanswered = self.session.world.unanswered
        if found and picked is not None:
            return picked
        if found or unanswered == "cancel":
            raise Ended("cancelled", f"at the picker of {what}")
        if unanswered == "random":
            dice = self.session.person.dice(what)
            return dice.sample(candidates, 2) if several and len(candidates) > 1 else dice.choice(candidates) if candidates else None
        self.assume("a picker without an answer in the world got the first candidate")
        return candidates[0] if candidates else None

    def call_shortcut(self, name: str, given: Any, index: int) -> Any:
        """Return the output of another shortcut of the world, or of this one by its own name. Raises Ended."""
        program = self.session.programs.get(name) or (self.program if name in ("", self.program.name) else None)
        if program is None:
            if name not in self.session.world.shortcuts:
                unknown = Unknown("any", origin("shortcut", name, "of", ""))
                self.met(unknown, index)
                return unknown
            program = self.session.programs[name] = as_program(self.session.world.shortcuts[name], name)
        if self.depth + 1 > self.session.limits.depth:
            raise Ended("stopped", f"shortcuts call each other more than {self.session.limits.depth} deep")
        inner = Run(program, self.session, given, self.depth + 1)
        try:
            inner.body(program.body)
        except Ended as ended:
            if ended.end not in ("exited", "output"):
                raise
            return ended.output
        return inner.previous

    # -- actions and blocks -----------------------------------------------------------------------------------------------------

    def body(self, body: list[Act | Compound]) -> None:
        """Run nodes in order."""
        for node in body:
            self.session.steps -= 1
            if self.session.steps < 0:
                raise Ended("stopped", f"more than {self.session.limits.steps:,} steps")
            if self.depth == 0:
                self.outcome.at = node.index
            if isinstance(node, Act):
                self.act(node)
            else:
                _BLOCKS[node.kind](self, node)

    def act(self, node: Act) -> None:
        """Run an action."""
        call = Call(self, node.index, node.id, node.parameters)
        before = len(self.outcome.unknowns)
        try:
            output = self.output(call, node)
        except Ended:
            self.log(call, None, True)
            raise
        carried = self.unknowns(output, *call.inputs.values())
        known = len(self.outcome.unknowns) == before and not carried
        if not self.outcome.unknowns:  # one that a property of a value made
            for unknown in carried:
                self.met(unknown, node.index)
        if isinstance(output, str):
            self.spend(len(output))
        self.log(call, output, known)
        if node.id != "is.workflow.actions.comment":
            self.previous, self.made = output, True
            if node.uuid is not None:
                self.outputs[node.uuid] = output

    def output(self, call: Call, node: Act) -> Any:
        """Return what an action makes: by the world's double, its function, or unknown."""
        if node.id in self.session.world.actions:
            return self.double(node.id)
        try:
            if node.definition is None:
                return foreign(call)
            if node.definition.assumed:
                self.assume(f"{short(node.id)}: {node.definition.assumed}")
            return node.definition.function(call)
        except Untold as untold:
            return lost(call, untold.unknown)
        except TooLarge:
            raise Ended("stopped", f"a text or list of more than {values.MAX_TEXT:,} characters") from None
        except Ended:
            raise
        except (ArithmeticError, RecursionError) as error:
            return call.unknown(result_type(node.id) or "any", type(error).__name__)
        except Exception as error:  # the machine's own fault: named in the outcome, and no run ends by it
            self.outcome.faults.append(f"{node.index} {short(node.id)}: {type(error).__name__}: {error}"[:300])
            return call.unknown(result_type(node.id) or "any", "fault")

    def double(self, action_id: str) -> Any:
        """Return the output that the world gives for an action."""
        given = self.session.world.actions[action_id]
        if not isinstance(given, Turns):
            return given
        turn = self.session.doubles.get(action_id, 0)
        self.session.doubles[action_id] = turn + 1
        return given.values[min(turn, len(given.values) - 1)] if given.values else None

    def unknowns(self, *found: Any) -> list[Unknown]:
        """Return the unknowns in some values."""
        return [unknown for value in found if type(value) in values.DEEP for unknown in self.session.looker.unknowns(value)]

    def log(self, call: Call, output: Any, known: bool) -> None:
        """Record a step."""
        self.outcome.steps.append(Step(call.index, call.id, call.inputs, output, known, self.depth))

    def head(self, node: Compound, inputs: Parameters) -> None:
        """Record the head of a block as a step."""
        known = not self.unknowns(*inputs.values())
        self.outcome.steps.append(Step(node.index, ACTION_OF_KIND[node.kind], inputs, None, known, self.depth))

    def close(self, node: Compound, result: Any) -> None:
        """Set the result of a block."""
        self.previous, self.made = result, True
        if node.uuid is not None:
            self.outputs[node.uuid] = result

    def branch(self, node: Compound) -> None:
        """Run an If: the first arm whose test is true. An unknown test is decided by the world."""
        subject = self.previous
        chosen = None
        for parameters, body in node.arms:
            if "WFCondition" not in parameters and "WFConditions" not in parameters and body is not node.arms[0][1]:
                chosen = body
                break
            truth = test(parameters, subject, self)
            shown = resolve(parameters["WFInput"], self) if "WFInput" in parameters else subject
            if isinstance(truth, Unknown):
                self.head(node, {"test": truth})
                truth = next(self.session.branches, True)
                self.outcome.decisions.append((node.index, truth))
            else:
                self.head(node, {"WFInput": shown, "is": truth})
            if truth:
                chosen = body
                break
        self.inside(node, chosen or [], subject)

    def inside(self, node: Compound, body: list[Act | Compound], subject: Any) -> None:
        """Run the branch that was chosen. Its result is the last output in it; an empty branch hands on what came in."""
        if not body and node.uuid is not None:
            self.assume("the result of an empty branch is what came into the block")
        self.previous = subject
        self.body(body)
        self.close(node, self.previous)

    def menu(self, node: Compound) -> None:
        """Run the case of a menu that the person chooses."""
        parameters, _ = node.arms[0]
        subject = self.previous
        prompt = self.said(resolve(parameters.get("WFMenuPrompt", ""), self))
        titles = [
            self.said(resolve(arm.get("WFMenuItemAttributedTitle", arm.get("WFMenuItemTitle", "")), self)) for arm, _ in node.arms[1:]
        ]
        plain = [arm.get("WFMenuItemTitle") for arm, _ in node.arms[1:]]
        if not titles:
            self.close(node, subject)
            return
        chosen = self.chosen(prompt, titles, plain)
        self.head(node, {"prompt": prompt, "choices": titles, "chosen": titles[chosen]})
        self.inside(node, node.arms[chosen + 1][1], subject)

    def chosen(self, prompt: str, titles: list[str], others: list[Any] | None = None) -> int:
        """Return the index of the choice that the person makes: a title, or a number from 1. Raises Ended."""
        answer = self.ask(prompt, 1, choices=titles)
        if isinstance(answer, str) and answer in titles:
            return titles.index(answer)
        if isinstance(answer, str) and others and answer in others:
            return others.index(answer)
        if type(answer) is int and 1 <= answer <= len(titles):
            return answer - 1
        folded = [title.strip().casefold() for title in titles]
        if isinstance(answer, str) and answer.strip().casefold() in folded:
            return folded.index(answer.strip().casefold())
        raise Ended("error", f"the world's answer {answer!r} is none of the choices {titles[:20]}")

    def said(self, value: Any) -> str:
        """Return a value as text; an unknown as its origin."""
        try:
            return convert.text(value, self.place)
        except Untold as untold:
            return f"{{{untold.unknown.origin}}}"

    def each(self, node: Compound) -> None:
        """Run a repeat for each item."""
        parameters, body = node.arms[0]
        given = resolve(parameters["WFInput"], self) if "WFInput" in parameters else self.previous
        self.head(node, {"WFInput": given})
        if isinstance(given, Unknown):  # its items are unknown, and so is their number: one turn stands for all
            given = [Unknown("any", origin("item of", given.origin))]
        self.turns(node, body, items(given))

    def count(self, node: Compound) -> None:
        """Run a repeat a number of times."""
        parameters, body = node.arms[0]
        given = resolve(parameters.get("WFRepeatCount", 1), self)
        self.head(node, {"WFRepeatCount": given})
        number = 1 if isinstance(given, Unknown) else convert.number(given, self.place)
        self.turns(node, body, range(1, max(0, int(min(number or 0, 1e6))) + 1))

    def turns(self, node: Compound, body: list[Act | Compound], turns: Any) -> None:
        """Run the turns of a repeat; its result are the last outputs of the turns."""
        suffix = "" if node.level == 1 else f" {node.level}"
        results: list[Any] = []
        for index, item in enumerate(turns, start=1):
            self.session.steps -= 1
            if self.session.steps < 0:
                raise Ended("stopped", f"more than {self.session.limits.steps:,} steps")
            self.variables[f"Repeat Index{suffix}"] = index
            if node.kind == "each":
                self.variables[f"Repeat Item{suffix}"] = item
            self.previous = item
            self.body(body)
            made = items(self.previous)
            self.spend(len(made))
            results += made
        self.close(node, one_or_many(results))


_BLOCKS: dict[str, Callable[[Run, Compound], None]] = {"if": Run.branch, "menu": Run.menu, "each": Run.each, "count": Run.count}
_LABELS = {
    "Device Name": "name", "Device Model": "model", "Device Type": "type", "System Version": "system_version",
    "System Build Number": "system_build",
    "Screen Width": "screen_width", "Screen Height": "screen_height", "Current Volume": "volume", "Current Brightness": "brightness",
    "Current Appearance": "appearance", "Device Hostname": "hostname", "Device Is Watch": "watch", "Orientation": "orientation",
}  # fmt: skip


def device_record(state: State) -> Record:
    """Return the device's details as a record, by the labels of the app."""
    device = state.read("device")
    return Record("device", {"Name": device["name"], **{label: device[key] for label, key in _LABELS.items()}})


_BASES: dict[str, Callable[[Run, dict[str, Any]], Any]] = {
    "ExtensionInput": lambda run, token: run.input,
    "CurrentDate": lambda run, token: run.place.now,
    "Clipboard": lambda run, token: run.state.clipboard,
    "DeviceDetails": lambda run, token: device_record(run.state),
    "CurrentApp": lambda run, token: run.state.read("device")["app"],
    "Input": lambda run, token: run.previous,
    "Ask": lambda run, token: run.ask(str(token.get("Prompt", "")), ""),
}


def lost(call: Call, unknown: Unknown) -> Unknown:
    """Return the output of an action that has an unknown in its way. Its origin says the unknown, and what else the action was given."""
    usual = defaults(call.id)
    given = {key: call.inputs.get(key, value) for key, value in sorted(call.parameters.items()) if value != usual.get(key)}
    others = (f"{key}={call.said(value)}" for key, value in given.items() if not isinstance(value, Dynamic | Unknown))
    return Unknown(result_type(call.id) or "any", origin(short(call.id), "of", unknown.origin, *others))


def foreign(call: Call) -> Any:
    """Return the output of an action that the machine does not know: an unknown of the type that the catalogue says; the app
    did something.
    """
    for key in call.parameters:
        if key not in ("AppIntentDescriptor", "IntentAppDefinition", "IntentAppIdentifier", "ShowWhenRun") and not key.startswith("Show-"):
            call.get(key)
    if not call.inputs:
        call.input()
    call.effect("ran", action=call.id, **{key: value for key, value in call.inputs.items() if key != "action"})
    made = call.unknown(result_type(call.id) or "any", *call.inputs.values())
    return made if result_type(call.id) else None


# ---------------------------------------------------------------------------------------------------------------------------------
# from outside


def run(source: Program | dict[str, Any] | str, world: World | None = None, limits: Limits = LIMITS) -> Outcome:
    """Return the outcome of a shortcut, or of a program's code, in a world. Raises DialectError for code that does not
    compile, Unbalanced for a shortcut whose blocks do not pair; nothing else leaves it.
    """
    program = as_program(source)
    world = world or World()
    session = Session(world, limits)
    runner = Run(program, session, world.input)
    outcome = session.outcome
    try:
        runner.input = runner.previous = _given(program, session, runner)
        runner.body(program.body)
        outcome.output = runner.previous
    except Ended as ended:
        outcome.end, outcome.reason, outcome.output = ended.end, ended.reason, ended.output
    except TooLarge:
        outcome.end, outcome.reason = "stopped", f"a text or list of more than {values.MAX_TEXT:,} characters"
    except Untold as untold:  # a parameter outside of an action: the prompt of a menu, a coercion in a test
        outcome.end, outcome.reason = "stopped", f"it goes on by what is unknown: {untold.unknown.origin}"
        runner.met(untold.unknown, outcome.at)
    except Exception as error:
        outcome.end, outcome.reason = "stopped", "the machine failed"
        outcome.faults.append(f"{outcome.at}: {type(error).__name__}: {error}"[:300])
    outcome.changes, outcome.unasked = session.state.changes(), list(world.answers[session.person.turn :])
    return outcome


def _given(program: Program, session: Session, runner: Run) -> Any:
    """Return the shortcut's input; where there is none, what the shortcut says of that case. Raises Ended."""
    world = session.world
    if world.input is not None or not program.no_input:
        return world.input
    if program.no_input.endswith("GetClipboard"):
        return world.clipboard
    if program.no_input.endswith("AskForInput"):
        return runner.ask("input", None)
    raise Ended("error", "the shortcut needs an input") if program.no_input.endswith("ShowError") else Ended("error", program.no_input)
