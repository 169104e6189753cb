"""Shortcuts as Python, from a shell.

    python -m shortcuts read "Split the Bill.shortcut"           # the program on stdout
    python -m shortcuts read folder/ --output programs/          # NAME.py for each, and beside it NAME.residue.json: its icon and ids
    python -m shortcuts write my_program.py                      # my_program.shortcut beside it, if `check` finds no errors
    python -m shortcuts explain "Split the Bill.shortcut"        # what it does, in words
    python -m shortcuts run "Split the Bill.shortcut" --answer 90    # runs it off the device: what a person would see, step by step
    python -m shortcuts check my_program.py
    python -m shortcuts check --report "Split the Bill.shortcut"     # what it may do, what the app will ask for, known trouble
    python -m shortcuts search resize image                      # the catalogue: the APIs that fit best
    python -m shortcuts show is.workflow.actions.url             # one API: its stub and its facts
    python -m shortcuts serve --folder ~/Shortcuts               # all this for an assistant, over MCP
    python -m shortcuts stats
    python -m shortcuts import ~/Library/Shortcuts/ToolKit/Tools-active     # add all APIs of a Mac

Exit codes: 0 done, 1 something failed, 2 wrong arguments. A file named - is stdin.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from shortcuts import files
from shortcuts.catalog import FOLDER, Catalog, CatalogError, importing
from shortcuts.catalog.search import search
from shortcuts.explain import explain
from shortcuts.files import FileError, say
from shortcuts.machine import command as machine


def main() -> int:
    """Run one command; return its exit code. Raises FileError and CatalogError."""
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
    reading.add_argument("--output", type=Path, metavar="DIR", help="write NAME.py there, and NAME.residue.json, for an exact way back "
                         "(default: to stdout)")
    reading.add_argument("--overwrite", action="store_true", help="replace a NAME.py that differs")
    writing = command("write", write, "compile programs to shortcut files")
    writing.add_argument("files", nargs="+", metavar="FILE", help=".py files, folders of some, or - for stdin")
    writing.add_argument("--output", type=Path, metavar="DIR", help="where NAME.shortcut is written (default: beside the program)")
    writing.add_argument("--residue", type=Path, metavar="FILE", help="identities, icon and versions, as `read --output` writes them "
                         "(default: NAME.residue.json beside NAME.py, if it fits)")
    writing.add_argument("--force", action="store_true", help="write in spite of errors, if the program compiles; replace a file from "
                         "elsewhere")
    writing.add_argument("--show", action="store_true", help="print the canonical form of each program: what was made of it")
    checking = command("check", check_files, "print the errors of programs")
    checking.add_argument("files", nargs="+", metavar="FILE", help=".py files, with --report shortcut files, too, or - for stdin")
    checking.add_argument("--report", action="store_true", help="also say what it may do to the outside, what the app will ask to allow, "
                          "and what is known to go wrong with such shortcuts (docs/report.md)")
    explaining = command("explain", explain_files, "say in words what shortcuts do")
    explaining.add_argument("files", nargs="+", metavar="FILE", help="shortcut files or .py files, folders of some, or - for stdin")
    running = command("run", run_files, "run shortcuts off the device, in a world that is data (docs/machine.md)")
    running.add_argument("files", nargs="+", metavar="FILE", help="shortcut files or .py files, folders of some, or - for stdin")
    machine.add_arguments(running)
    serving = command("serve", serve, "serve all this to an assistant, as an MCP server on stdin and stdout (docs/assistants.md)")
    serving.add_argument("--folder", type=Path, required=True, metavar="DIR", help="the only folder whose files it reads and writes")
    command("search", find, "find APIs by words").add_argument("text", nargs="+")
    command("show", show, "print the stub and the facts of one API").add_argument("api", help="id or name")
    command("stats", stats, "count the facts of the catalogue")
    adding = command("import", add, "add the facts of files to a catalogue", description=importing.__doc__, formatter_class=as_written)
    adding.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files or folders to read")
    adding.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help="the catalogue's folder (default: catalog/)")
    adding.add_argument("--bundle", metavar="ID", help="bundle id of the app that intents belong to (default: from its Info.plist)")
    adding.add_argument("--overwrite", action="store_true", help="leave out the facts that are there already")
    args = parser.parse_args()
    if args.command == "write" and args.residue and len(args.files) > 1:
        writing.error("--residue belongs to one program; give that one alone")
    return args


# ---------------------------------------------------------------------------------------------------------------------------------
# programs and shortcut files


def read(args: argparse.Namespace) -> int:
    """Print or write the program of each shortcut file; return 1 if one of them failed."""
    return files.convert_all(args.files, files.to_program, files.Options(args.output, Catalog.load(args.catalog), overwrite=args.overwrite))


def write(args: argparse.Namespace) -> int:
    """Compile each program to a shortcut file; return 1 if one of them failed."""
    residue = files.read_residue(args.residue) if args.residue else None
    options = files.Options(args.output, Catalog.load(args.catalog), residue, args.force, args.show)
    return files.convert_all(args.files, files.to_file, options)


def check_files(args: argparse.Namespace) -> int:
    """Print the findings in each program, and a report if asked; return 1 if one of them has an error, or cannot be read."""
    catalog = Catalog.load(args.catalog)

    def check_one(_: str, source: str, data: bytes, options: files.Options) -> Path | None:
        errors = 0
        if not (args.report and files.is_shortcut(data)):
            errors = files.findings(source, files.program_text(source, data), catalog, to=sys.stdout)
        if args.report:
            print((f"{source}\n\n" if options.several else "") + files.reported(source, data, catalog).text(), end="")
        if errors:
            raise files.FileError

    return files.convert_all(args.files, check_one, files.Options(catalog=catalog), programs=not args.report)


def explain_files(args: argparse.Namespace) -> int:
    """Say in words what each shortcut or program does; return 1 if one of them failed."""
    catalog = Catalog.load(args.catalog)

    def explain_one(_: str, source: str, data: bytes, options: files.Options) -> Path | None:
        text = explain(files.code_of(source, data, catalog), catalog)
        print((f"{source}\n\n" if options.several else "") + text + ("\n" if options.several else ""), end="")

    return files.convert_all(args.files, explain_one, files.Options(catalog=catalog))


def run_files(args: argparse.Namespace) -> int:
    """Run each shortcut or program in a world; return 1 if one of them cannot be run, or stops on an error."""
    return machine.run_files(args.files, args)


def serve(args: argparse.Namespace) -> int:
    """Serve the tools until stdin ends, or a Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it is another where Ctrl-C is to be ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # an exception could be lost in an import, or be a traceback
    from shortcuts import serve as tools  # its imports are of use to no other command

    return tools.serve(args.folder, args.catalog)


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
    """Print an API's stub and its facts. Raises FileError, which names similar APIs, for an unknown one."""
    catalog = Catalog.load(args.catalog)
    api = catalog.get(args.api) or catalog.by_name(args.api)
    if api is None:
        near = ", ".join(found.id for found in search(catalog, args.api, 3)) or "nothing"
        raise FileError(f"{args.api}: no such API; near it: {near}")
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
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = main()
    except SystemExit as end:  # of argparse
        code = end.code
    except (FileError, CatalogError, ModuleNotFoundError) as error:  # the last: pyliblzfse, for signed files
        say(f"error: {error}")
        code = 1
    except KeyboardInterrupt:
        code = 130
    except OSError as error:
        code = _stdout_lost(error)
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _stdout_lost(error)
    sys.exit(code)


def _stdout_lost(error: OSError) -> int:
    """Return the exit code where stdout takes no more, and say why, unless its reader is gone, as after `| head`. Raises other errors."""
    if not isinstance(error, BrokenPipeError):
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise error
        say(f"error: stdout: cannot be written: {error.strerror}; free some space and run the same command again")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes the rest when it ends
    return 1


if __name__ == "__main__":
    start()
