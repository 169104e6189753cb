"""The language for assistants: an MCP server on stdin and stdout, six tools, each a call into what the commands do.

    python -m shortcuts serve --folder ~/Shortcuts        # docs/assistants.md says how clients start it

The server reads and writes files in its folder alone: a path that leads out of it, also through a link, is refused. It has no network, and
runs shortcuts in a world that is data. What is wrong with a call is a tool error, a few lines for the model. A call that is cancelled ends
at once and writes nothing from then on. The package `mcp` is imported when the server starts: nothing else needs it.
"""

from __future__ import annotations

import difflib
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from shortcuts import files, plist
from shortcuts.catalog import Catalog, CatalogError
from shortcuts.catalog.search import search
from shortcuts.check import check
from shortcuts.collector import collector_paused
from shortcuts.did_you_mean import nearest
from shortcuts.edit import apply_change
from shortcuts.effects.report import report
from shortcuts.files import FileError
from shortcuts.machine import World, WorldError, run
from shortcuts.machine.command import read_program
from shortcuts.machine.report import report as told
from shortcuts.primer import primer
from shortcuts.transcription import to_python, to_shortcut

HOW_TO_INSTALL = "the server needs the Python package mcp, which nothing else here does: pip install 'mcp>=2.3,<3'"
INSTRUCTIONS = """Apple shortcuts as Python: an action is a call, and its result the name it is assigned to. Before the first program \
call describe_actions without names, for the rules of the language. Then search_actions for what is needed, describe_actions for their \
parameters, check_program until it has no errors, and again with a file to write the shortcut. To change a shortcut: read_shortcut with \
numbered, then edit_shortcut. run_shortcut shows what one does, without a device."""
AT_ONCE = 4  # calls; a cancelled one counts until it is through
LONGEST = 200_000  # characters of an answer

Work = Callable[..., list[str]]


class ToolError(ValueError):
    """A call that cannot be done; the message is for the model."""


@dataclass
class Desk:
    """The surroundings of a call: the folder, that of the catalogue, and whether the call was cancelled."""

    folder: Path
    catalog_folder: Path | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def catalog(self) -> Catalog:
        """The catalogue, read by the first call that needs it."""
        return Catalog.load(self.catalog_folder)

    def inside(self, name: str) -> Path:
        """Return a path of the folder, links followed. Raises ToolError for one that leads out of it."""
        try:
            path = (self.folder / name).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise ToolError(f"{name!r:.80}: no path: {error}") from None
        if not path.is_relative_to(self.folder):
            raise ToolError(f"{name}: outside the folder of this server, {self.folder}; give a path inside it")
        return path

    def contents(self, name: str) -> bytes:
        """Return the bytes of a file of the folder. Raises ToolError, FileError."""
        return files.given(str(self.inside(name)))

    def write(self, name: str, shortcut: dict[str, Any], overwrite: bool, before: dict[str, Any] | None = None) -> str:
        """Write a shortcut and return what to say of it, beside the one before a change. Raises ToolError, FileError, PlistError."""
        path = self.inside(name if name.endswith(".shortcut") else f"{name}.shortcut")
        if path.exists() and not overwrite:
            raise ToolError(f"{name}: there is such a file; give another name, or overwrite")
        data = plist.write_binary(shortcut)
        if self.cancelled.is_set():
            raise ToolError("cancelled; nothing is written")
        files.put(path, data)
        since = report(before, self.catalog) if before else None
        return "\n".join([f"written: {path}", *report(shortcut, self.catalog).short(since), files.how_to_sign(path)])


KINDS = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict}  # of arguments


class Tool(NamedTuple):
    """A tool: what it does, its parameters (the kind and what it is for), those that it needs, and the function that does the work."""

    name: str
    words: str
    parameters: dict[str, tuple[str, str]]
    needs: tuple[str, ...]
    work: Work
    writes: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the arguments."""
        properties = {name: {"type": kind, "description": words, **({"items": {"type": "string"}} if kind == "array" else {})}
                      for name, (kind, words) in self.parameters.items()}  # fmt: skip
        return {"type": "object", "properties": properties, "required": list(self.needs), "additionalProperties": False}

    def checked(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call. Raises ToolError for one that is missing, unknown or of another type."""
        given = {name: value for name, value in arguments.items() if value is not None}
        for name in [*self.needs, *given]:
            if name not in self.parameters:
                raise ToolError(f"{self.name} has no argument {name!r:.60}; it has {', '.join(self.parameters)}")
            kind, words = self.parameters[name]
            if name not in given or type(given[name]) is not KINDS[kind]:
                raise ToolError(f"{self.name} {'takes' if name in given else 'needs'} {name}, of type {kind}: {words}")
        return given


BY_NAME: dict[str, Tool] = {}


def tool(words: str, /, *needs: str, writes: bool = False, **parameters: tuple[str, str]) -> Callable[[Work], Work]:
    """Register a function as the tool of its name. `parameters`: the kind of each, and what it is for; `needs` names those it needs."""

    def register(work: Work) -> Work:
        BY_NAME[work.__name__] = Tool(work.__name__, words, parameters, needs, work, writes)
        return work

    return register


# ---------------------------------------------------------------------------------------------------------------------------------
# the tools

FILE = "the path of a shortcut file in the server's folder"
CHANGE = """the change, by the numbers that read_shortcut shows. `replace 12-14`, `insert after 20` (0: at the top) and `delete 3-5` stand \
at the left edge, the new lines below them, indented as in the program; among new lines `keep 13-14` stands for old ones. All numbers are \
those before the change. `replace all` and a whole program, only where nearly every line changes."""
OVERWRITE = "replace a file of this name"


@tool("Find actions of the Shortcuts app and of other apps by what they do.", "words",
      words=("string", "what it should do, in plain words"), limit=("integer", "how many, 10 by default"))  # fmt: skip
def search_actions(desk: Desk, words: str, limit: int = 10) -> list[str]:
    """Return the actions that fit some words, a line each."""
    found = search(desk.catalog, words, max(1, min(limit, 50)))
    return ["\n".join(f"{api.name}: {api.summary or api.title}" for api in found) or "no action has one of these words; try others"]


@tool("Describe actions as Python functions with their parameters. Without names: how to write a program.",
      names=("array", "the functions, as search_actions gives them"))  # fmt: skip
def describe_actions(desk: Desk, names: Sequence[str] = ()) -> list[str]:
    """Return the stub of each action; without names the rules of the language."""
    if not names:
        return [primer()]
    stubs = []
    for name in map(str, names):
        api = desk.catalog.by_name(name) or desk.catalog.get(name)
        if api is None:
            near = nearest(name, (api.name for api in desk.catalog), 60, clear=0)
            raise ToolError(f"{name}: no such action; {f'did you mean {near}?' if near else 'search_actions finds some'}")
        stubs.append(desk.catalog.stub(api.id))
    return ["\n".join(stubs)]


@tool("Check a program: its errors, what it may do to the outside, what the app will ask for, known trouble. With a file it is also "
      "compiled to an unsigned shortcut.", "code", writes=True, code=("string", "the program"),
      file=("string", "where the .shortcut is written, in the server's folder"), overwrite=("boolean", OVERWRITE))  # fmt: skip
def check_program(desk: Desk, code: str, file: str = "", overwrite: bool = False) -> list[str]:
    """Return the findings in a program and the report on its shortcut, which is written if a file is named. Raises ToolError for errors."""
    found = check(code, desk.catalog)
    lines = "\n".join(f"line {finding.line}: {finding.severity}: {finding.message}" for finding in found)
    if any(finding.severity == "error" for finding in found):
        raise ToolError(lines)
    said = [lines or "no errors", files.reported("program", code.encode("utf-8", "surrogatepass"), desk.catalog).text()]
    return said + ([desk.write(file, to_shortcut(code, None, desk.catalog), overwrite)] if file else [])


@tool("Read a shortcut file, signed or not, as a program, with what it may do. A folder: the shortcuts in it.",
      file=("string", f"{FILE}, or a folder; the server's own by default"),
      numbered=("boolean", "with the numbers of the lines, for edit_shortcut"))  # fmt: skip
def read_shortcut(desk: Desk, file: str = "", numbered: bool = False) -> list[str]:
    """Return the program of a shortcut and the report on it; of a folder the shortcuts in it."""
    path = desk.inside(file)
    if path.is_dir():
        names = sorted(str(below.relative_to(desk.folder)) for below in path.rglob("*") if below.suffix in files.SUFFIXES)
        return ["\n".join(names) or f"no shortcut in {path}"]
    data = desk.contents(file)
    code = files.code_of(file, data, desk.catalog)
    text = "".join(f"{number}: {line}\n" for number, line in enumerate(code.splitlines(), start=1)) if numbered else code
    return [text, files.reported(file, data, desk.catalog).text()]


@tool("Run a shortcut or a program off the device, in a world that is data, and say step by step what happens.",
      file=("string", FILE), code=("string", "a program, instead of a file"),
      answers=("array", "what the person says to the questions, in turn"),
      world=("object", "clipboard, files, http, reminders, device ... as docs/machine.md has them"))  # fmt: skip
def run_shortcut(desk: Desk, file: str = "", code: str = "", answers: Sequence[str] = (),
                 world: dict[str, Any] | None = None) -> list[str]:  # fmt: skip
    """Return what a shortcut or a program does in a world, step by step."""
    if bool(file) == bool(code):
        raise ToolError("run_shortcut needs either a file or a code")
    shortcut, program = read_program(file or "program", desk.contents(file) if file else code.encode("utf-8", "surrogatepass"))
    place = World.from_json(world or {})
    place = replace(place, answers=(*answers, *place.answers))
    found = report(shortcut, desk.catalog, program.lines)
    may = list(dict.fromkeys(effect.sentence for effect in found.effects))
    return [told(run(program, place), program, place.place, may, found.short())]


@tool("Change a shortcut file: what the change does not touch stays equal to the byte. Writes a new file.", "file", "change", writes=True,
      file=("string", FILE), change=("string", CHANGE), output=("string", "the new file; by default NAME edited.shortcut"),
      overwrite=("boolean", OVERWRITE))  # fmt: skip
def edit_shortcut(desk: Desk, file: str, change: str, output: str = "", overwrite: bool = False) -> list[str]:
    """Change a shortcut by its program, write the new one, and return what changed."""
    before = plist.read_shortcut(desk.contents(file))
    edited, old = apply_change(before, change, desk.catalog), to_python(before, desk.catalog)[0]
    known = {error.message for error in check(old, desk.catalog)}  # of actions, say, that the catalogue lacks: they are not of the change
    errors = [error for error in check(edited.code, desk.catalog) if error.severity == "error" and error.message not in known]
    if errors:
        raise ToolError("\n".join(["the new program has errors:", *(f"line {error.line}: {error.message}" for error in errors)]))
    difference = "\n".join(list(difflib.unified_diff(old.splitlines(), edited.code.splitlines(), lineterm="", n=2))[2:])
    written = desk.write(output or f"{Path(file).with_suffix('')} edited", edited.shortcut, overwrite, before)
    counts = f"{edited.kept} actions are kept as they were, {edited.changed} changed, {edited.added} added, {edited.removed} removed"
    return [counts, *edited.diverted, difference, written]


def answer(name: str, arguments: dict[str, Any], desk: Desk) -> tuple[list[str], bool]:
    """Return the texts of a tool's answer, and True where they say what is wrong."""
    try:
        if name not in BY_NAME:
            raise ToolError(f"no tool {name!r:.60}; there are {', '.join(BY_NAME)}")
        found = BY_NAME[name]
        return [_cut(text) for text in found.work(desk, **found.checked(arguments)) if text], False
    except (CatalogError, WorldError, OSError, ValueError, RecursionError) as error:  # FileError and DialectError are ValueErrors
        return [str(error) or type(error).__name__], True
    except Exception as error:  # a fault of ours: the server goes on, and the person finds it in the client's log
        traceback.print_exc(file=sys.stderr)
        return [f"{name} failed: {type(error).__name__}: {error}"], True


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… {len(text) - LONGEST:,} more characters"


# ---------------------------------------------------------------------------------------------------------------------------------
# the server


def server(folder: Path, catalog: Path | None = None) -> Any:
    """Return the server of a folder, an mcp Server. catalog: the folder of another catalogue. Raises FileError without folder or mcp."""
    if not folder.is_dir():
        raise FileError(f"{folder}: no such folder; make it, or give another with --folder")
    try:
        with collector_paused():  # a sixth of the time that the start takes
            import anyio
            from mcp import types
            from mcp.server.lowlevel import Server
    except ModuleNotFoundError as error:
        raise FileError(f"{error}; {HOW_TO_INSTALL}") from None
    limiter = anyio.CapacityLimiter(AT_ONCE)
    root = folder.resolve()

    async def list_tools(_: Any, __: Any) -> Any:
        return types.ListToolsResult(tools=[
            types.Tool(name=name, description=one.words, input_schema=one.schema,
                       annotations=types.ToolAnnotations(read_only_hint=not one.writes, open_world_hint=False))
            for name, one in BY_NAME.items()])  # fmt: skip

    async def call_tool(_: Any, request: Any) -> Any:
        desk = Desk(root, catalog)
        try:
            texts, wrong = await anyio.to_thread.run_sync(
                answer, request.name, request.arguments or {}, desk, abandon_on_cancel=True, limiter=limiter)  # fmt: skip
        finally:
            desk.cancelled.set()
        return types.CallToolResult(content=[types.TextContent(type="text", text=text) for text in texts], is_error=wrong)

    return Server("shortcuts", instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool)


def serve(folder: Path, catalog: Path | None = None) -> int:
    """Serve a folder on stdin and stdout until stdin ends; return the exit code. Raises FileError."""
    made = server(folder, catalog)
    import anyio
    from mcp.server.stdio import stdio_server

    async def until_the_end() -> None:
        async with stdio_server() as (read, write):
            await made.run(read, write, made.create_initialization_options())

    anyio.run(until_the_end)
    return 0
