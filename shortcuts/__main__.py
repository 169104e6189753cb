"""Shortcuts as Python, from a shell.

    python -m shortcuts read "Split the Bill.shortcut"           # the program on stdout
    python -m shortcuts read folder/ --output programs/          # NAME.py for each; with --residue NAME.residue.json beside it
    python -m shortcuts write my_program.py --output .           # my_program.shortcut, if `check` finds no errors
    python -m shortcuts check my_program.py
    python -m shortcuts search resize image                      # the catalogue: the APIs that fit best
    python -m shortcuts show is.workflow.actions.url             # one API: its stub and its facts
    python -m shortcuts stats
    python -m shortcuts import ~/Library/Shortcuts/ToolKit/Tools-active     # add all APIs of a Mac

Exit codes: 0 done, 1 something failed, 2 wrong arguments. A file named - is stdin.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from shortcuts import check
from shortcuts.catalog import FOLDER, Catalog, CatalogError, importing
from shortcuts.catalog.search import search
from shortcuts.plist.aea import MAGIC as SIGNED
from shortcuts.transcription.files import is_shortcut_file, read_file, shortcut_file, sign_command

SUFFIXES = (".shortcut", ".wflow", ".plist")  # suffixes of the files that `read` takes in a folder


class Failure(Exception):
    """An error that the user can mend; the message is the line that is shown, "" if everything is printed already."""


def main() -> int:
    """Run one command; return its exit code. Raises Failure and CatalogError."""
    args = arguments()
    return args.run(args)


def arguments() -> argparse.Namespace:
    """Parse the command line; `run` is the function of the chosen command. Exits with 2 for wrong arguments."""
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
    reading.add_argument("--residue", action="store_true", help="with --output: write NAME.residue.json, too, for an exact way back")
    writing = command("write", write, "compile programs to shortcut files")
    writing.add_argument("files", nargs="+", metavar="FILE", help=".py files, or - for stdin")
    writing.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="where NAME.shortcut is written (default: here)")
    writing.add_argument("--residue", type=Path, metavar="FILE", help="what `read --residue` wrote: keeps identities, icon and versions")
    writing.add_argument("--force", action="store_true", help="write in spite of errors, if the program compiles; replace a signed file")
    checking = command("check", check_files, "print the errors of programs")
    checking.add_argument("files", nargs="+", metavar="FILE", help=".py files, or - for stdin")
    command("search", find, "find APIs by words").add_argument("text", nargs="+")
    command("show", show, "print the stub and the facts of one API").add_argument("api", help="id or name")
    command("stats", stats, "count the facts of the catalogue")
    adding = command("import", add, "add the facts of files to a catalogue", description=importing.__doc__, formatter_class=as_written)
    adding.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files or folders to read")
    adding.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help="the catalogue's folder (default: catalog/)")
    adding.add_argument("--bundle", metavar="ID", help="bundle id of the app that intents belong to (default: from its Info.plist)")
    adding.add_argument("--overwrite", action="store_true", help="leave out the facts that are there already")
    args = parser.parse_args()
    if args.command == "read" and args.residue and args.output is None:
        reading.error("--residue needs --output DIR")
    if args.command == "write" and args.residue and len(args.files) > 1:
        writing.error("--residue belongs to one program; give that one alone")
    return args


# ---------------------------------------------------------------------------------------------------------------------------------
# programs and shortcut files


def read(args: argparse.Namespace) -> int:
    """Print or write the program of each shortcut file; return 1 if one of them failed."""
    files = list(named_files(args.files))
    if args.output is not None:
        check_names(args.output / f"{name}.py" for name, _ in files)

    def read_one(name: str, source: str) -> None:
        result = checked(source, lambda: read_file(contents(source), Catalog.load(args.catalog)))
        if args.output is None:
            print((f"# {source}\n" if len(files) > 1 else "") + result.code, end="")
            return
        put(args.output / f"{name}.py", result.code.encode())
        if args.residue:
            put(args.output / f"{name}.residue.json", orjson.dumps(result.residue))

    return run_all(read_one, files)


def write(args: argparse.Namespace) -> int:
    """Compile each program to a shortcut file; return 1 if one of them failed."""
    targets = [(source, args.output / f"{stem(source)}.shortcut") for source in args.files]
    check_names(file for _, file in targets)
    residue = checked(str(args.residue), lambda: orjson.loads(contents(str(args.residue)))) if args.residue else None

    def write_one(source: str, file: Path) -> None:
        code = program(source)
        errors = findings(source, code, args)
        if errors and not args.force:
            count = f"{errors} error{'s' * (errors > 1)}"
            raise Failure(f"{source}: no shortcut is written because of {count}; --force writes one that compiles")
        if is_signed(file) and not args.force:
            raise Failure(f"{file}: a signed shortcut of this name is there; --output DIR writes elsewhere, --force replaces it")
        put(file, checked(source, lambda: shortcut_file(code, residue, Catalog.load(args.catalog))))
        say(f"{file}; on a Mac, sign it before a phone takes it: {sign_command(file)}")

    return run_all(write_one, targets)


def check_files(args: argparse.Namespace) -> int:
    """Print the findings in each program; return 1 if one of them has an error, or cannot be read."""

    def check_one(source: str) -> None:
        if findings(source, program(source), args, to=sys.stdout):
            raise Failure

    return run_all(check_one, [(source,) for source in args.files])


def run_all(step: Callable[..., None], items: Sequence[tuple[Any, ...]]) -> int:
    """Run a step for each item, also after a Failure, which is printed; return 1 if there was one, else 0."""
    failed = False
    for item in items:
        try:
            step(*item)
        except Failure as error:
            failed = True
            if str(error):
                say(str(error))
    return int(failed)


def findings(source: str, code: str, args: argparse.Namespace, to: Any = None) -> int:
    """Print a line for each finding of `check`, to stderr by default; return the number of errors."""
    found = check(code, Catalog.load(args.catalog))
    for finding in found:
        print(f"{source}:{finding.line}: {finding.severity}: {finding.message}", file=to or sys.stderr)
    return sum(finding.severity == "error" for finding in found)


def named_files(sources: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (name of the output, source) of each file, and of each shortcut file in a folder. Raises Failure for a folder without one."""
    for source in sources:
        path = Path(source)
        if source == "-" or not path.is_dir():
            yield stem(source), source
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if not found:
            raise Failure(f"{source}: no file in this folder ends in {' or '.join(SUFFIXES)}; name the files themselves")
        for file in found:
            yield "_".join(file.relative_to(path).with_suffix("").parts), str(file)


def check_names(files: Iterable[Path]) -> None:
    """Raise Failure if two outputs have the same name."""
    names = Counter(str(file) for file in files)
    if (twice := next((name for name, count in names.items() if count > 1), None)) is not None:
        raise Failure(f"{twice}: several of the files given would be written there; give them one by one, with an --output each")


def stem(source: str) -> str:
    """Return the name of a file without its suffix, "stdin" for -."""
    return "stdin" if source == "-" else Path(source).stem


def program(source: str) -> str:
    """Return the text of a program. Raises Failure if it cannot be read, or is a shortcut."""
    if source != "-" and is_shortcut_file(Path(source)):
        raise Failure(f"{source}: this is a shortcut already; `read` prints it as Python")
    try:
        return contents(source).decode()
    except UnicodeDecodeError as error:
        raise Failure(f"{source}: not UTF-8 at byte {error.start}; save it as UTF-8") from None


def checked(source: str, read: Callable[[], Any]) -> Any:
    """Return the result of `read`. Raises Failure, with the name of the source, for its ValueErrors."""
    try:
        return read()
    except ValueError as error:
        raise Failure(f"{source}: {error}") from None


def is_signed(file: Path) -> bool:
    """True for a signed shortcut: no command here writes one, so replacing it would lose the original."""
    return file.is_file() and contents(str(file)).startswith(SIGNED)


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
    text = " ".join(args.text)
    found = search(Catalog.load(args.catalog), text)
    for api in found:
        print(f"{api.id}\t{api.summary}")
    if not found:
        say(f"{text}: no API has one of these words; try others")
    return 0


def show(args: argparse.Namespace) -> int:
    """Print an API's stub and its facts. Raises Failure, which names similar APIs, for an unknown one."""
    catalog = Catalog.load(args.catalog)
    api = catalog.get(args.api) or catalog.by_name(args.api)
    if api is None:
        near = ", ".join(found.id for found in search(catalog, args.api, 3)) or "nothing"
        raise Failure(f"{args.api}: no such API; near it: {near}")
    print(catalog.stub(api.id))
    print(orjson.dumps(api, option=orjson.OPT_INDENT_2).decode())
    return 0


def stats(args: argparse.Namespace) -> int:
    """Print the counts of a catalogue, also by type of parameter and by source, as JSON."""
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
    """Print figures as one JSON object on one line, as the stages do."""
    print(orjson.dumps({"stage": "catalog", **figures}).decode())


def start() -> None:
    """Run a command and leave with its exit code. An error that the user can mend is one line on stderr."""
    try:
        code = main()
        sys.stdout.flush()
    except (Failure, CatalogError, ModuleNotFoundError) as error:  # the last: pyliblzfse, for signed files
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
