"""Transcribe shortcuts to Python that compiles back, and compile Python to shortcuts.

Reads data/shortcuts.jsonl (field `shortcut`, from 01) and appends to data/workflows.jsonl: `code` (the dialect, see common/dialect),
`residue` (what code does not show), `apis` (action ids in order of first use), `stats`, and `roundtrip`: the code is compiled again for
every shortcut, with its residue (exact: the same property list) and alone (canonical: the same program).

    python 02_transcribe.py
    python 02_transcribe.py --input a.jsonl --output b.jsonl --limit 100 --workers 8
    python 02_transcribe.py --to-shortcut my_program.py --output shortcuts/      # Python -> my_program.shortcut
    python 02_transcribe.py --to-shortcut data/generated.jsonl --output shortcuts/
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import cli, jsonl
from common.jsonl import Record, UserError
from common.workers import ordered_map

OUTPUT = "data/workflows.jsonl"
FIGURES = ("parsed", "exact", "canonical", "fixed_point", "raw_actions", "raw_files", "actions")
SIGN = 'shortcuts sign --mode anyone --input "{0}.shortcut" --output "{0}.signed.shortcut"'


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = cli.parser(__doc__, input="data/shortcuts.jsonl", output=OUTPUT)
    parser.add_argument("--workers", type=cli.positive_int, default=1, metavar="N", help="processes (default: 1)")
    parser.add_argument("--to-shortcut", type=Path, metavar="FILE", help="compile a .py file, or the code of each record of a .jsonl file; "
                                                                         "--output is then a folder")  # fmt: skip
    return parser.parse_args()


def main() -> int:
    """Transcribe, or compile with --to-shortcut."""
    args = arguments()
    if args.to_shortcut is not None:
        return compile_file(args.to_shortcut, Path("shortcuts") if args.output == Path(OUTPUT) else args.output)
    figures: Counter[str] = Counter(dict.fromkeys(FIGURES, 0))
    with cli.Run("transcribe", args) as run:
        for record, result in transcriptions(run.records("shortcut"), args.workers):
            if isinstance(result, cli.Reject):
                run.reject(record["id"], result)
                continue
            run.write({**record, **result})
            proof = result["roundtrip"]
            figures.update({key: int(proof[key]) for key in ("parsed", "exact", "canonical", "fixed_point")})
            figures.update(raw_actions=proof["raw"], raw_files=int(proof["raw"] > 0), actions=result["stats"]["actions"])
        return run.finish(**figures)


# ---------------------------------------------------------------------------------------------------------------------------------
# shortcut -> Python


def transcriptions(records: Iterator[Record], workers: int) -> Iterator[tuple[Record, Record | cli.Reject]]:
    """Each record with its new fields or the reason why it has none, in the order of the input."""
    return ordered_map(with_fields, records, workers)


def with_fields(record: Record) -> tuple[Record, Record | cli.Reject]:
    """A record beside what becomes of it."""
    return record, transcribe(record)


def transcribe(record: Record) -> Record | cli.Reject:
    """The fields this stage adds to a record."""
    from common import dialect, plist

    try:
        shortcut = plist.from_json(record["shortcut"])
        result = dialect.transcribe(shortcut)
    except dialect.Unbalanced as error:
        return cli.Reject("unbalanced", str(error))
    except dialect.TooDeep as error:
        return cli.Reject("too_deep", str(error))
    except (plist.PlistError, KeyError, TypeError, AttributeError) as error:
        return cli.Reject("bad_shortcut", f"the field shortcut holds no shortcut: {error!r}")
    if not result.exact:
        return cli.Reject("not_exact", "program and residue do not compile to this shortcut")
    proof = {"parsed": True, "exact": True, "canonical": result.canonical, "fixed_point": result.fixed_point, "raw": result.raw}
    return {
        "code": result.code,
        "residue": result.residue,
        "apis": dialect.apis_of(result.code),
        "stats": dialect.statistics(shortcut),
        "roundtrip": proof,
    }


# ---------------------------------------------------------------------------------------------------------------------------------
# Python -> shortcut


def compile_file(source: Path, folder: Path) -> int:
    """Write a .shortcut file for each program of a file; a program that does not compile is one line on stderr."""
    from common import dialect, plist

    written = failed = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made: {error.strerror}") from None
    for name, where, code, residue, renames in programs(source):
        try:
            data = plist.write_binary(dialect.to_shortcut(code, residue and dialect.rename_residue(residue, renames)))
        except (dialect.DialectError, plist.PlistError, ValueError) as error:
            cli.say(f"{where}: {error}")
            failed += 1
            continue
        jsonl.write_atomically(folder / f"{name}.shortcut", data)
        written += 1
    if written:
        cli.say(f"on a Mac, sign each before a phone takes it: {SIGN.format(name if written == 1 else 'NAME')}")
    cli.summary("to_shortcut", read=written + failed, written=written, failed=failed, output=str(folder))
    return cli.EXIT_FAILED if failed else cli.EXIT_DONE


def programs(source: Path) -> Iterator[tuple[str, str, str, dict[str, Any] | None, dict[str, str]]]:
    """(file name, where it stands, program, residue, the program's renames) of each program of a .py or .jsonl file."""
    if source.suffix != ".jsonl":
        try:
            yield source.stem, str(source), source.read_text(encoding="utf-8"), None, {}
        except OSError as error:
            raise UserError(f"{source}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise UserError(f"{source}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
        return
    for number, record in enumerate(jsonl.records(source), start=1):
        code = record.get("annotated_code") or record.get("code")
        if not isinstance(code, str):
            raise UserError(f'{source}: record {number}: neither "annotated_code" nor "code" is there')
        renames = record.get("renames") if "annotated_code" in record else None
        yield file_name(record), f"{source}: {record['id']}", code, record.get("residue"), renames or {}


def file_name(record: Record) -> str:
    """A file name for a record: its name as far as every system takes it, and its id, so that no two are one."""
    words = re.sub(r"[^\w -]+", " ", str(record.get("name") or "")).split()
    return "_".join([*" ".join(words)[:60].split(), str(record["id"])])


if __name__ == "__main__":
    cli.start(main)
