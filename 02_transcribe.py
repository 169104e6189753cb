"""02 · Transcribe: shortcuts as Python that compiles back, or Python to shortcuts.

Reads    data/shortcuts.jsonl (stage 01)
Writes   data/workflows.jsonl: the record and code (the program), residue (what code does not show), apis (action ids in order of first
         use), stats, roundtrip: the proof that the code compiles back, with its residue (exact: the same property list) and alone
         (canonical: the same program)
         data/workflows.rejected.jsonl: shortcuts that cannot be transcribed, and why

    python 02_transcribe.py
    python 02_transcribe.py --input a.jsonl --output b.jsonl --limit 100 --workers 8

Of files, it writes a shortcut as a program and a program as a shortcut; a folder stands for the files in it, - for stdin:

    python 02_transcribe.py "Split the Bill.shortcut"                            # the program on stdout
    python 02_transcribe.py my_shortcuts/ --output programs/                     # NAME.py, and NAME.residue.json: icon and identities
    python 02_transcribe.py "programs/Split the Bill.py"                         # Split the Bill.shortcut beside it
    python 02_transcribe.py --to-shortcut data/generated.jsonl --output made/    # the program of each record
    python 02_transcribe.py --run "Split the Bill.shortcut" --answer 90          # runs it off the device (docs/machine.md)
"""

from __future__ import annotations

import common  # noqa: F401  # isort: skip  (first: from here on Ctrl-C ends in one line)
import argparse
import shlex
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from common import cli, jsonl
from common.filenames import record_name
from common.jsonl import Record, UserError
from common.workers import ordered_map
from shortcuts import (
    DialectError,
    TooDeep,
    TooLarge,
    Unbalanced,
    apis_of,
    check,
    equivalent,
    files,
    plist,
    rename_residue,
    statistics,
    to_python,  # fmt: skip
    to_shortcut,
    transcription,
)
from shortcuts.files import is_shortcut_file
from shortcuts.machine import command as running

OUTPUT = Path("data/workflows.jsonl")
COUNTS = ("parsed", "exact", "canonical", "fixed_point", "raw_actions", "raw_files", "actions")


def arguments() -> argparse.Namespace:
    """Parse and check the flags of this stage."""
    parser = cli.parser(__doc__, input="data/shortcuts.jsonl", output=str(OUTPUT))
    parser.set_defaults(output=None, convert=files.convert_any)
    parser.files.add_argument("files", nargs="*", metavar="FILE", help="shortcuts and programs to convert instead of reading --input, by "
                              "what they are: files, folders, or - for stdin; --output is then a folder (default: programs to stdout, "
                              "shortcuts beside their programs)")
    parser.task.add_argument("--to-shortcut", type=Path, metavar="FILE", help="compile the code of each record of a .jsonl file; --output "
                             "is then a folder (default: shortcuts)")
    parser.task.add_argument("--force", action="store_true", help="write the shortcut of a program that compiles, whatever else `check` "
                             "finds wrong with it, also in the place of a file from elsewhere, such as a signed one")
    parser.task.add_argument("--show", action="store_true", help="print the canonical form of each FILE that is compiled")
    parser.task.add_argument("--run", action="store_true", help="run each FILE off the device and print what a person would see")
    running.add_arguments(parser.task)
    parser.machine.add_argument("--workers", type=cli.positive_int, default=1, metavar="N", help="processes (default: 1)")
    args = parser.parse_args()
    written = args.output and (args.output.is_file() or args.output.suffix in (".shortcut", ".py"))
    records = next((name for name in args.files if name.endswith(".jsonl")), None)
    parser.refuse(
        (args.run and not args.files or (args.world or args.answer or args.json) and not args.run,
         "--run runs files: name a FILE, --world, --answer and --json belong to it"),
        (not (args.files or args.to_shortcut) and (args.show or args.force), "--show and --force are for files: name a FILE"),
        (args.files and (args.limit or args.shard), "--limit and --shard are for records: all FILEs are converted, by one process"),
        (args.files and args.to_shortcut, "--to-shortcut names the file that is read; name no other beside it"),
        ((args.files or args.to_shortcut) and written, f"--output {args.output}: a file is written there for each program; name a folder"),
        (records, f"{records}: for the shortcuts of its records use --input, for their programs --to-shortcut"),
    )
    if not args.files:
        args.output = args.output or (Path("shortcuts") if args.to_shortcut else OUTPUT)
    if args.to_shortcut and args.to_shortcut.suffix != ".jsonl":  # one program, as named
        args.files, args.convert = [str(args.to_shortcut)], files.to_file
    return args


def main() -> int:
    """Transcribe records, convert files, or compile records; return the exit code."""
    args = arguments()
    if args.run:
        return running.run_files(args.files, args)
    if args.files:
        cli.saves_what_is_done(in_place=True)
        options = files.Options(args.output, force=args.force, show=args.show, overwrite=args.overwrite)
        return files.convert_all(args.files, args.convert, options)
    cli.saves_what_is_done()
    if args.to_shortcut is not None:
        return compile_records(args)
    if is_shortcut_file(args.input):
        raise UserError(f"{args.input}: this is a shortcut, not JSONL; its program: "
                        f"{shlex.join(['python', '02_transcribe.py', str(args.input)])}")
    counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    with cli.Run("transcribe", args) as run:
        for record, result in ordered_map(with_fields, run.records("shortcut"), args.workers):
            if isinstance(result, cli.Reject):
                run.reject(record["id"], result)
                continue
            run.write({**record, **result})
            proof = result["roundtrip"]
            counts.update({key: int(proof[key]) for key in ("parsed", "exact", "canonical", "fixed_point")})
            counts.update(raw_actions=proof["raw"], raw_files=int(proof["raw"] > 0), actions=result["stats"]["actions"])
        return run.finish(**counts)


# ---------------------------------------------------------------------------------------------------------------------------------
# shortcut -> Python


def with_fields(record: Record) -> tuple[Record, Record | cli.Reject]:
    """Return a record with its new fields, or with the Reject if it has none."""
    try:
        with cli.one_record():
            return record, transcribe(record)
    except cli.Reject as reject:
        return record, reject


def transcribe(record: Record) -> Record:
    """Return the fields that this stage adds to a record. Raises cli.Reject for a shortcut that cannot be transcribed."""
    try:
        shortcut = plist.read_field(record["shortcut"])
        result = transcription.transcribe(shortcut)
    except Unbalanced as error:
        raise cli.Reject("unbalanced", str(error)) from None
    except TooDeep as error:
        raise cli.Reject("too_deep", str(error)) from None
    except TooLarge as error:
        raise cli.Reject("too_large", str(error)) from None
    except plist.PlistError as error:
        raise cli.Reject("bad_shortcut", f"the field shortcut holds no shortcut: {error}") from None
    except DialectError as error:
        raise cli.Reject("bad_shortcut", f"the dialect cannot say this shortcut: {error}") from None
    if not result.exact:
        raise cli.Reject("not_exact", "program and residue do not compile to this shortcut")
    try:
        jsonl.encode(result.residue)
    except TypeError:
        raise cli.Reject("not_unicode", "an id or a name in it holds a lone surrogate, which JSON has not") from None
    proof = {"parsed": True, "exact": True, "canonical": result.canonical, "fixed_point": result.fixed_point, "raw": result.raw}
    return {
        "code": result.code,
        "residue": result.residue,
        "apis": apis_of(result.code),
        "stats": statistics(shortcut),
        "roundtrip": proof,
    }


# ---------------------------------------------------------------------------------------------------------------------------------
# Python -> shortcut


def compile_records(args: argparse.Namespace) -> int:
    """Write a .shortcut file for the program of each record, say on stderr what is wrong with others, and return the exit code."""
    source, folder, force = args.to_shortcut, args.output, args.force
    if is_shortcut_file(source):
        raise UserError(f"{source}: this is a shortcut already; name a .jsonl file of records with code")
    written, failed, names = 0, 0, set[str]()
    due = (program for identifier, *program in islice(programs(source), args.limit) if cli.in_shard(identifier, args.shard))
    for name, where, code, residue, renames in due:
        try:
            if name in names:
                raise cli.Reject("duplicate_id", "its shortcut would replace that of another record with this id; give each its own")
            names.add(name)
            data = compiled(code, residue, renames) if residue else checked(code, where, force)
        except cli.Reject as reject:
            cli.say(f"{where}: {reject.detail}")
            failed += 1
            continue
        jsonl.write_atomically(folder / f"{name}.shortcut", data)
        written += 1
        last = name
    if written:
        cli.say(files.how_to_sign(folder / f"{last if written == 1 else 'NAME'}.shortcut"))
    cli.summary("to_shortcut", read=written + failed, written=written, failed=failed, output=str(folder))
    return cli.EXIT_FAILED if failed else cli.EXIT_DONE


def checked(code: str, where: str, force: bool) -> bytes:
    """Compile a program that a person or a model wrote. Raises cli.Reject if `check` finds an error, unless forced."""
    with cli.one_record():
        findings = check(code)
    for finding in findings:
        cli.say(f"{where}: line {finding.line}: {finding.severity}: {finding.message}")
    errors = sum(finding.severity == "error" for finding in findings)
    if errors and not force:
        raise cli.Reject("no_program", f"{errors} error{'s' * (errors > 1)}, so no shortcut is written; --force writes one that compiles")
    return compiled(code, None, {})


def compiled(code: str, residue: dict[str, Any] | None, renames: dict[str, str]) -> bytes:
    """Compile a program to the bytes of a .shortcut file. Raises cli.Reject if it does not compile, or its residue is of another one."""
    with cli.one_record():
        try:
            alone = to_shortcut(code)
            whole = to_shortcut(code, rename_residue(residue, renames)) if residue else alone
            if not equivalent(whole, alone) and to_python(whole)[0] != code:
                raise cli.Reject("no_program", "its residue is of another program; without the field it gets new identities")
            return plist.write_binary(whole)
        except ValueError as error:  # of the dialect, of property lists, or of a residue that does not fit
            raise cli.Reject("no_program", str(error)) from None


def programs(source: Path) -> Iterator[tuple[str, str, str, str, dict[str, Any] | None, dict[str, str]]]:
    """Yield (id, file name, its place for messages, program, residue, renames) of each record of a .jsonl file."""
    for number, record in enumerate(jsonl.records(source), start=1):
        code = record.get("annotated_code") or record.get("code")
        if not isinstance(code, str):
            raise UserError(f'{source}: record {number}: neither "annotated_code" nor "code" is there')
        renames = record.get("renames") if "annotated_code" in record else None
        identifier = str(record["id"])
        yield (identifier, record_name(record.get("name") or "", identifier), f"{source}: {identifier}", code, record.get("residue"),
               renames or {})


if __name__ == "__main__":
    cli.start(main)
