"""Shortcuts as Python, from a shell.

    python -m shortcuts read "Split the Bill.shortcut"           # the program on stdout
    python -m shortcuts read folder/ --output programs/          # NAME.py for each; with --residue NAME.residue.json beside it
    python -m shortcuts write my_program.py --output .           # my_program.shortcut, and what `check` finds
    python -m shortcuts check my_program.py
    python -m shortcuts search resize image                      # the catalogue: the APIs that fit
    python -m shortcuts show is.workflow.actions.url             # one API: its stub and its facts
    python -m shortcuts stats
    python -m shortcuts import ~/Library/Shortcuts/ToolKit/Tools-active     # add to the catalogue everything that a Mac knows

Exit codes: 0 done, 1 something failed, 2 wrong arguments. A file named - is stdin.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from shortcuts import check
from shortcuts.catalog import FOLDER, Catalog, CatalogError, importing
from shortcuts.catalog.search import search
from shortcuts.plist import PlistError
from shortcuts.transcription.files import is_shortcut_file, read_file, shortcut_file, sign_command

SUFFIXES = (".shortcut", ".wflow", ".plist")  # of the files in a folder that are read


class Failure(Exception):
    """Something the user can mend: the message is the line that is shown."""


def main() -> int:
    """Run one command."""
    args = arguments()
    return args.run(args)


def arguments() -> argparse.Namespace:
    """The command line; `run` is the function of the chosen command."""
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m shortcuts", description=__doc__, formatter_class=as_written)
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="another catalogue than that of this repository")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str, **more: Any) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, **more)
        added.set_defaults(run=run)
        return added

    reading = command("read", read, "print shortcut files as Python")
    reading.add_argument("files", nargs="+", metavar="FILE", help="shortcut files, folders of some, or - for stdin")
    reading.add_argument("--output", type=Path, metavar="DIR", help="write NAME.py there (default: to stdout)")
    reading.add_argument("--residue", action="store_true", help="with --output: write what a program does not show beside it, as JSON")
    writing = command("write", write, "compile programs to shortcut files")
    writing.add_argument("files", nargs="+", metavar="FILE", help=".py files, or - for stdin")
    writing.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="where NAME.shortcut is written (default: here)")
    writing.add_argument("--residue", type=Path, metavar="FILE", help="what `read --residue` wrote: identities, icon and versions are kept")
    writing.add_argument("--force", action="store_true", help="write a program that compiles, whatever else `check` finds wrong")
    checking = command("check", check_files, "say what is wrong with programs")
    checking.add_argument("files", nargs="+", metavar="FILE", help=".py files, or - for stdin")
    command("search", find, "find APIs by words").add_argument("text", nargs="+")
    command("show", show, "print the stub and the facts of one API").add_argument("api", help="id or name")
    command("stats", stats, "count what the catalogue holds")
    adding = command("import", add, "add the facts of files to a catalogue", description=importing.__doc__, formatter_class=as_written)
    adding.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files or folders to read")
    adding.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help="the catalogue's folder (default: catalog/)")
    adding.add_argument("--bundle", metavar="ID", help="bundle id of the app that intents belong to (default: from its Info.plist)")
    adding.add_argument("--overwrite", action="store_true", help="leave out the facts that are there already")
    return parser.parse_args()


# ---------------------------------------------------------------------------------------------------------------------------------
# programs and shortcut files


def read(args: argparse.Namespace) -> int:
    """Print or write the program of each shortcut file."""
    failed = 0
    for name, source in named_files(args.files):
        try:
            result = read_file(contents(source))
        except (PlistError, ValueError) as error:  # no shortcut, or one that no program can say
            say(f"{source}: {error}")
            failed += 1
            continue
        if args.output is None:
            print(result.code, end="")
            continue
        put(args.output / f"{name}.py", result.code.encode())
        if args.residue:
            put(args.output / f"{name}.residue.json", orjson.dumps(result.residue))
    return int(failed > 0)


def write(args: argparse.Namespace) -> int:
    """Compile each program to a shortcut file."""
    if args.residue and len(args.files) > 1:
        raise Failure("--residue belongs to one program; name that one alone")
    residue = orjson.loads(contents(str(args.residue))) if args.residue else None
    failed = 0
    for source in args.files:
        code = program(source)
        errors = findings(source, code, args)
        if errors and not args.force:
            say(f"{source}: no shortcut is written because of {errors} error{'s' * (errors > 1)}; --force writes one that compiles")
            failed += 1
            continue
        file = args.output / f"{stem(source)}.shortcut"
        try:
            put(file, shortcut_file(code, residue))
        except ValueError as error:
            say(f"{source}: {error}")
            failed += 1
            continue
        say(f"{file}; on a Mac, sign it before a phone takes it: {sign_command(file)}")
    return int(failed > 0)


def check_files(args: argparse.Namespace) -> int:
    """Print what is wrong with each program; the exit code is 1 if anything is an error."""
    return int(sum(findings(source, program(source), args, to=sys.stdout) for source in args.files) > 0)


def findings(source: str, code: str, args: argparse.Namespace, to: Any = sys.stderr) -> int:
    """Print a line for each finding of `check`; returns the number of errors."""
    found = check(code, Catalog.load(args.catalog))
    for finding in found:
        print(f"{source}:{finding.line}: {finding.severity}: {finding.message}", file=to)
    return sum(finding.severity == "error" for finding in found)


def named_files(sources: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (name for what is written, source) of each file, and of each shortcut file in a folder."""
    for source in sources:
        path = Path(source)
        if source != "-" and path.is_dir():
            for file in sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file()):
                yield "_".join(file.relative_to(path).with_suffix("").parts), str(file)
        else:
            yield stem(source), source


def stem(source: str) -> str:
    """Return the name of a file without its suffix, "stdin" for -."""
    return "stdin" if source == "-" else Path(source).stem


def program(source: str) -> str:
    """Return the text of a program. Raises Failure where it cannot be read."""
    if source != "-" and is_shortcut_file(Path(source)):
        raise Failure(f"{source}: this is a shortcut already; `read` prints it as Python")
    try:
        return contents(source).decode()
    except UnicodeDecodeError as error:
        raise Failure(f"{source}: not UTF-8 at byte {error.start}; save it as UTF-8") from None


def contents(source: str) -> bytes:
    """Return the bytes of a file or of stdin. Raises Failure where they cannot be read."""
    try:
        return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise Failure(f"{source}: cannot be read: {error.strerror}") from None


def put(file: Path, data: bytes) -> None:
    """Write a file and the folders above it. Raises Failure where that cannot be done."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        raise Failure(f"{file}: cannot be written: {error.strerror}") from None


def say(message: str) -> None:
    """Print a message to stderr."""
    print(message, file=sys.stderr)


# ---------------------------------------------------------------------------------------------------------------------------------
# the catalogue


def find(args: argparse.Namespace) -> int:
    """Print the APIs that fit some words, the best first."""
    for api in search(Catalog.load(args.catalog), " ".join(args.text)):
        print(f"{api.id}\t{api.summary}")
    return 0


def show(args: argparse.Namespace) -> int:
    """Print an API's stub and its facts. Raises Failure with similar APIs if there is no such one."""
    catalog = Catalog.load(args.catalog)
    api = catalog.get(args.api) or catalog.by_name(args.api)
    if api is None:
        near = ", ".join(found.id for found in search(catalog, args.api, 3)) or "nothing"
        raise Failure(f"{args.api}: no such API; near it: {near}")
    print(catalog.stub(api.id))
    print(orjson.dumps(api, option=orjson.OPT_INDENT_2).decode())
    return 0


def stats(args: argparse.Namespace) -> int:
    """Print how much the catalogue holds, by type of parameter and by source, as JSON."""
    catalog = Catalog.load(args.catalog)
    parameters = [parameter for api in catalog for parameter in api.parameters]
    print_summary({
        "apis": len(catalog),
        "builtin": sum(api.builtin for api in catalog),
        "apps": len(catalog.apps()),
        "parameters": len(parameters),
        "enums": sum(bool(parameter.enum) for parameter in parameters),
        "results": sum(api.result is not None for api in catalog),
        "types": dict(Counter(parameter.type for parameter in parameters).most_common()),
        "sources": dict(Counter(code for api in catalog for code in api.source).most_common()),
    })  # fmt: skip
    return 0


def add(args: argparse.Namespace) -> int:
    """Add the facts of files to a catalogue."""
    print_summary(importing.build(args.files, args.output, args.bundle, args.overwrite))
    return 0


def print_summary(figures: dict[str, Any]) -> None:
    """Print figures as the stages do: one JSON object on the last line."""
    print(orjson.dumps({"stage": "catalog", **figures}).decode())


def start() -> None:
    """Run a command and leave with its exit code; an error the user can mend is one line."""
    try:
        code = main()
        sys.stdout.flush()
    except (Failure, CatalogError) as error:
        say(f"error: {error}")
        code = 1
    except BrokenPipeError:  # the reader of stdout is gone, as after `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    start()
