"""Running a file from a shell: what 02_transcribe.py --run and `python -m shortcuts run` do."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from shortcuts import effects, files
from shortcuts.effects.report import report as report_of
from shortcuts.files import FileError
from shortcuts.machine.interpreter import run
from shortcuts.machine.outcome import Outcome
from shortcuts.machine.program import Program, compile_shortcut
from shortcuts.machine.report import report
from shortcuts.machine.world import World, WorldError
from shortcuts.transcription import compile_program

FAILED = ("error", "stopped")  # the ends that are an error


def add_arguments(group: Any) -> None:
    """Add the flags of a run to a parser, or to a group of one."""
    group.add_argument("--world", type=Path, metavar="FILE", help="the world it runs in, as JSON: answers, files, clipboard, network ... "
                       "(shortcuts/machine/world.py describes each key)")
    group.add_argument("--answer", action="append", default=[], metavar="TEXT", help="what the person says to the next question or menu; "
                       "may be repeated")
    group.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run_files(sources: list[str], args: argparse.Namespace) -> int:
    """Run each file and print what happens; return the exit code: 1 if a file cannot be run, or stops on an error. Raises FileError."""
    world = read_world(args.world, args.answer)

    def run_one(_: str, source: str, data: bytes, options: files.Options) -> None:
        shortcut, program = read_program(source, data)
        outcome = run(program, world)
        may, notes = effects.summary(shortcut), report_of(shortcut, lines=program.lines).short()
        if args.json:
            print(orjson.dumps({"file": source, "may": may, "notes": notes, **outcome.to_json()}, option=orjson.OPT_INDENT_2).decode())
        else:
            print((f"{source}\n\n" if options.several else "") + report(outcome, program, world.place, may, notes), end="")
        if outcome.end in FAILED:
            raise FileError(f"{source}{_line(outcome, program)}: {outcome.reason}")

    return files.convert_all(sources, run_one, files.Options())


def _line(outcome: Outcome, program: Program) -> str:
    """Return where a run ended, for a message."""
    return f":{program.lines[outcome.at]}" if 0 <= outcome.at < len(program.lines) else ""


def read_program(source: str, data: bytes) -> tuple[dict[str, Any], Program]:
    """Return the shortcut in a file, or of a program, and the program with its lines. Raises FileError."""
    try:
        code = files.read_file(data).code if files.is_shortcut(data) else files.program_text(source, data)
        compiler, shortcut = compile_program(code, {}, None)
        program = compile_shortcut(shortcut)
    except FileError:
        raise
    except ValueError as error:
        raise FileError(f"{source}: {error}") from None
    program.lines = compiler.lines
    return shortcut, program


def read_world(file: Path | None, answers: list[str]) -> World:
    """Return the world of a file, with answers that come before its own. Raises FileError."""
    try:
        world = World.from_json(orjson.loads(files.contents(str(file)))) if file else World()
    except orjson.JSONDecodeError as error:
        raise FileError(f"{file}: no JSON: {error}") from None
    except WorldError as error:
        raise FileError(f"{file}: {error}") from None
    return replace(world, answers=(*answers, *world.answers)) if answers else world
