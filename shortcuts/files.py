"""Shortcut files as programs, and programs as shortcut files: what 02_transcribe.py and `python -m shortcuts` do with the files they get.

A file is what its bytes say: a shortcut is written as a program, and a program as a shortcut; one that is named as a shortcut is no
program. Beside a program `NAME.py` lies its residue, `NAME.residue.json`: the icon, the identities and versions that code does not show.
With it the way back is exact: to the same property list. It also holds the program that it is of: after a change of that, the rest of the
shortcut is as it was.
"""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from shortcuts import plist
from shortcuts.catalog import Catalog
from shortcuts.check import check
from shortcuts.did_you_mean import nearest
from shortcuts.edit import applied, change_between, merged
from shortcuts.effects.report import Report, report
from shortcuts.plist import archive
from shortcuts.plist.aea import MAGIC as SIGNED
from shortcuts.transcription import Transcription, compile_program, equivalent, to_python, to_shortcut, transcribe
from shortcuts.transcription.residue import Residue

STDIN = "-"
SUFFIXES = (".shortcut", ".wflow", ".plist")  # of the files in a folder that may be shortcuts
RESIDUE, PROGRAM = ".residue.json", "program"  # the file of a residue, and what the program that it is of is called there
# The first bytes of a shortcut's file, or of an archive of some; no program begins with them.
_MAGIC = (b"bplist", SIGNED, b"<?xml", b"<!DOCTYPE", b"<plist", *archive.MAGIC)
_OTHERS = {b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image", b"%PDF": "a PDF",
           b"\x1f\x8b": "a gzip archive", b"SQLite format 3": "a database"}  # fmt: skip


class FileError(ValueError):
    """A file that cannot be converted; the message is the line for a person, "" if everything is said already."""


def read_file(data: bytes, catalog: Catalog | None = None) -> Transcription:
    """Transcribe the bytes of a .shortcut, .wflow or .plist file, signed or not.

    Raises PlistError for bytes that are not a shortcut, and the errors of `transcribe`, all of them ValueErrors.
    """
    return transcribe(plist.read_shortcut(data), catalog)


def shortcut_file(code: str, residue: Residue | None = None, catalog: Catalog | None = None) -> bytes:
    """Compile a program to the bytes of a .shortcut file, unsigned.

    Raises ValueError for a program that does not compile, or a residue that does not belong to it.
    """
    return plist.write_binary(to_shortcut(code, residue, catalog))


def is_shortcut(data: bytes) -> bool:
    """True for the bytes of a shortcut, of a property list that may be none, or of an archive; False for a program or anything else."""
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{"):
        return _is_json(start)
    return start.startswith(_MAGIC) or data.startswith(plist.UTF16) and b"<" in data[2:4]


def _is_json(data: bytes) -> bool:
    try:
        return isinstance(plist.load_json(data), dict)
    except plist.PlistError:
        return False


def is_shortcut_file(path: Path) -> bool:
    """True for a shortcut or an archive, by the file's name or first bytes; False for a file that cannot be read."""
    try:
        with open(path, "rb") as file:
            start = file.read(16).removeprefix(b"\xef\xbb\xbf")
    except OSError:
        return False
    return path.suffix.lower() in (".shortcut", ".wflow") or start.startswith(_MAGIC)


def sign_command(file: Path) -> str:
    """Return the command that signs a file on a Mac, quoted for a shell. A phone opens signed files alone."""
    signed = file.with_suffix(".signed.shortcut")
    return shlex.join(["shortcuts", "sign", "--mode", "anyone", "--input", str(file), "--output", str(signed)])


# ---------------------------------------------------------------------------------------------------------------------------------
# the files that are named


class Options(NamedTuple):
    """Options of a conversion of files. `output`: the folder for all of them; None: programs to stdout, shortcuts beside their programs."""

    output: Path | None = None
    catalog: Catalog | None = None
    residue: Residue | None = None  # of the one program that is given, instead of that beside it
    force: bool = False  # write in spite of errors, if the program compiles; replace a file from elsewhere
    show: bool = False  # print the canonical form of each program that is compiled
    overwrite: bool = False  # replace a program that differs from what would be written
    several: bool = False  # of several files; then a line with its source stands above each text on stdout


# Converts (name of the output, source, bytes), returns the shortcut's file if it writes one; raises FileError.
Convert = Callable[[str, str, bytes, Options], Path | None]


def convert_any(name: str, source: str, data: bytes, options: Options) -> Path | None:
    """Write a shortcut as a program, and a program as a shortcut, by what the bytes are. Raises FileError."""
    if not data.strip():
        raise FileError(f"{source}: an empty file")
    return (to_program if is_shortcut(data) else to_file)(name, source, data, options)


def convert_all(sources: Sequence[str], convert: Convert, options: Options, programs: bool = False) -> int:
    """Convert each file that is named, each file in a folder, and stdin for "-", also after one that fails; return the exit code.

    programs: a folder stands for its programs alone.
    """
    programs = programs or convert is to_file
    try:
        files = list(named_files(sources, programs))
        if options.output is not None or convert in (to_file, convert_any):  # beside x.py that is made of x.shortcut lies x.shortcut
            _check_names(str((options.output or Path(source).parent) / name) for name, source in files)
    except FileError as error:
        say(str(error))
        return 1
    failed, written = False, list[Path]()
    for name, source in files:
        try:
            file = convert(name, source, given(source), options._replace(several=len(files) > 1))
        except FileError as error:
            failed = True
            if str(error):
                say(str(error))
            continue
        written += [file] if file else []
    if written:
        what = str(written[0]) if len(written) == 1 else f"{len(written):,} shortcuts"
        say(f"{what} written; {how_to_sign(written[0] if len(written) == 1 else written[0].with_name('NAME.shortcut'))}")
    return int(failed)


def named_files(sources: Sequence[str], programs: bool = False) -> Iterator[tuple[str, str]]:
    """Yield (name of the output, source) of each file. A folder stands for the shortcuts below it; for its programs if it has none."""
    for source in sources:
        path = Path(source)
        if source == STDIN or not path.is_dir():
            yield stem(source), source
            continue
        kinds = ((".py",),) if programs else (SUFFIXES, (".py",))
        below = sorted(file for file in path.rglob("*") if not file.name.startswith("._") and file.is_file())
        found = next((files for kind in kinds if (files := [file for file in below if file.suffix.lower() in kind])), [])
        if not found:
            raise FileError(f"{source}: no file in this folder ends in {' or '.join(sum(kinds, ()))}; name the files themselves")
        for file in found:
            yield "_".join(file.relative_to(path).with_suffix("").parts), str(file)


def _check_names(names: Iterable[str]) -> None:
    counts = Counter(name.casefold() for name in names)
    if (twice := next((name for name, count in counts.items() if count > 1), None)) is not None:
        raise FileError(f"{twice}: several of the files given would be written there; give them one by one, with an --output each")


def stem(source: str) -> str:
    """Return the name of a file without its suffix, "stdin" for -."""
    return "stdin" if source == STDIN else Path(source).stem


def contents(source: str) -> bytes:
    """Return the bytes of a file or of stdin. Raises FileError where they cannot be read."""
    try:
        return sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
    except FileNotFoundError:
        raise FileError(f"{source}: there is no such file{_meant(Path(source))}") from None
    except OSError as error:
        raise FileError(f"{source}: cannot be read: {error.strerror}; see to its permissions, or give another file") from None


def given(source: str) -> bytes:
    """Return the bytes of a file that is named. Raises FileError where it cannot be read, or is no shortcut though its name says so."""
    data = contents(source)
    if Path(source).suffix.lower() in SUFFIXES and not is_shortcut(data):  # no program either: an empty one would do nothing
        try:
            plist.read_shortcut(data)
        except ValueError as error:
            raise FileError(f"{source}: {_explained(data, error)}") from None
    return data


def _meant(path: Path) -> str:
    """Return advice for a file that is not there: one of its folder that has nearly its name, or where to look."""
    folder = path.parent
    if not folder.is_dir():
        return f", and no folder {folder}: check the path"
    near = nearest(path.name, (other.name for other in folder.iterdir()), near=60)
    return f"; did you mean {folder / near}?" if near else f" in {folder.resolve()}: check the name"


def put(file: Path, data: bytes) -> None:
    """Write a file and the folders above it. Raises FileError where that cannot be done."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        raise FileError(f"{file}: cannot be written: {error.strerror}") from None


def replace(file: Path, data: bytes) -> None:
    """Write a file as `put` does, and say so where another one was there. Raises FileError."""
    before = contents(str(file)) if file.is_file() else data
    kept = file.with_name(f"{file.name}.bak")
    is_new = before != data and file.suffix == ".shortcut" and bool(not kept.exists() or _not_written_here(before))
    if is_new:  # the first one may be a person's original, as is any from elsewhere
        kept = next(path for path in _backups(kept) if not path.exists())
        put(kept, before)
    put(file, data)
    if before != data:
        when = " first" if kept.suffix == ".bak" else ""
        say(f"replaced {file}" + (f"; what was there{when} is {kept.name}" if kept.exists() else ""))


def _backups(first: Path) -> Iterator[Path]:
    return (first if number == 1 else first.with_name(f"{first.name}{number}") for number in count(1))


def say(message: str) -> None:
    """Print a message to stderr."""
    print(message, file=sys.stderr)


# ---------------------------------------------------------------------------------------------------------------------------------
# shortcut -> program


def to_program(name: str, source: str, data: bytes, options: Options) -> Path | None:
    """Print the program of a shortcut file, or write it with its residue; each of an archive's files becomes one. Raises FileError.

    A file of an archive that cannot be read is named, and the others are there before that is an error.
    """
    found, failed = _members(name, source, data), 0
    if len({inner.casefold() for inner, _ in found}) < len(found) and options.output is not None:
        raise FileError(f"{source}: two of its shortcuts would be written to one file; unpack it into folders, and read each")
    for inner, content in found:
        try:
            if isinstance(content, ValueError):
                raise content
            result = read_file(content, options.catalog)
        except ValueError as error:
            told = str(error) if isinstance(content, ValueError) else _explained(content, error)
            if len(found) == 1:
                raise FileError(f"{source}: {told}") from None
            say(f"{source}: {inner}: {told}")
            failed += 1
            continue
        if options.output is None:
            print((f"# {source}\n" if options.several else "") + result.code, end="")
            continue
        try:
            _keep(options.output / f"{inner}.py", source, result, options)
        except FileError as error:
            if len(found) == 1:
                raise
            say(str(error))
            failed += 1
    if failed:
        raise FileError(f"{source}: {failed} of its {len(found)} shortcuts were not written; the others are done")
    return None


def _keep(program: Path, source: str, result: Transcription, options: Options) -> None:
    """Write a program and its residue. Raises FileError where another program is there, or JSON cannot hold the residue."""
    code = result.code.encode()
    try:
        residue = orjson.dumps({**result.residue, PROGRAM: result.code}, option=orjson.OPT_INDENT_2)
    except TypeError:
        raise FileError(f"{source}: an id or a name in it holds a lone surrogate, which no file beside a program can hold") from None
    if program.is_file() and contents(str(program)) != code and not options.overwrite:
        raise FileError(f"{program}: differs from the program of {source}; --overwrite replaces it, another --output keeps both")
    replace(program, code)
    put(program.with_suffix(RESIDUE), residue)


def code_of(source: str, data: bytes, catalog: Catalog | None) -> str:
    """Return the program of a shortcut file, or the canonical form of a program. Raises FileError for anything else."""
    try:
        if not is_shortcut(data):
            return to_python(to_shortcut(program_text(source, data), None, catalog), catalog)[0]
        return read_file(data, catalog).code
    except FileError:
        raise
    except ValueError as error:
        raise FileError(f"{source}: {_explained(data, error)}") from None


def reported(source: str, data: bytes, catalog: Catalog | None) -> Report:
    """Return the report on a shortcut file, or on a program, with its lines. Raises FileError."""
    try:
        if is_shortcut(data):
            return report(plist.read_shortcut(data), catalog)
        compiler, shortcut = compile_program(program_text(source, data), {}, catalog)
        return report(shortcut, catalog, compiler.lines)
    except FileError:
        raise
    except ValueError as error:
        raise FileError(f"{source}: {_explained(data, error)}") from None


def _members(name: str, source: str, data: bytes) -> list[tuple[str, bytes | ValueError]]:
    """Return (name of the output, bytes, or what is wrong) of a file, or of each member of an archive. Raises FileError for a bad one."""
    if not archive.is_archive(data):
        return [(name, data)]
    try:
        found = list(archive.members(data))
    except ValueError as error:
        raise FileError(f"{source}: {error}") from None
    if not found:
        raise FileError(f"{source}: an archive without a shortcut in it")
    return [(name if len(found) == 1 else f"{name}_{'_'.join(Path(member).with_suffix('').parts)}", content) for member, content in found]


def _explained(data: bytes, error: ValueError) -> str:
    """Return what is wrong with a file that is no shortcut: what it is instead, where that is known."""
    if other := _other(data):
        return f"this is {other}, no shortcut"
    if data.startswith((b"http://", b"https://")):
        return "this is a link, no shortcut; 01_scrape.py --links fetches those of iCloud"
    return str(error)


def _other(data: bytes) -> str | None:
    """Return what a file of another kind is, by its first bytes; None for an unknown one."""
    return next((kind for start, kind in _OTHERS.items() if data.startswith(start)), None)


# ---------------------------------------------------------------------------------------------------------------------------------
# program -> shortcut


def to_file(name: str, source: str, data: bytes, options: Options) -> Path | None:
    """Write the shortcut of a program, unless `check` finds an error in it. Raises FileError, the findings being printed before."""
    code = program_text(source, data)
    folder = options.output or (Path() if source == STDIN else Path(source).parent)
    file = folder / f"{name}.shortcut"
    errors = findings(source, code, options.catalog)
    if errors and not options.force:
        raise FileError(f"{source}: no shortcut is written because of {errors} error{'s' * (errors > 1)}; --force writes one that compiles")
    if file.is_file() and not options.force and (what := _not_written_here(contents(str(file)))):
        raise FileError(f"{file}: {what} is there; --output DIR writes elsewhere, --force replaces it")
    shortcut = compiled(source, code, options)
    if options.show:
        print(to_python(shortcut, options.catalog)[0], end="")
    try:
        replace(file, plist.write_binary(shortcut))
    except plist.PlistError as error:
        raise FileError(f"{source}: {error}") from None
    for line in report(shortcut, options.catalog).short():
        say(f"{file}: {line}")
    return file


def _not_written_here(data: bytes) -> str:
    """Return what a file is that could not be made again, as it was not compiled here; "" for one that was, or is empty.

    A shortcut that is read and written again gets its old bytes only if they were written here: others order a property list otherwise.
    """
    if data.startswith(SIGNED):
        return "a signed shortcut"
    try:
        return "a file from elsewhere" if data and plist.write_binary(plist.read_shortcut(data)) != data else ""
    except ValueError:  # no shortcut
        return "a file from elsewhere"


def program_text(source: str, data: bytes) -> str:
    """Return the text of a program. Raises FileError for bytes that are none."""
    if is_shortcut(data):
        raise FileError(f"{source}: this is a shortcut already; `python -m shortcuts read` prints it as Python")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        other = _other(data)
        problem = f"this is {other}, no program" if other else f"not UTF-8 at byte {error.start}; save it as UTF-8"
        raise FileError(f"{source}: {problem}") from None


def findings(source: str, code: str, catalog: Catalog | None, to: Any = None) -> int:
    """Print a line for each finding of `check`, to stderr by default; return the number of errors."""
    found = check(code, catalog)
    for finding in found:
        print(f"{source}:{finding.line}: {finding.severity}: {finding.message}", file=to or sys.stderr)
    return sum(finding.severity == "error" for finding in found)


def compiled(source: str, code: str, options: Options) -> dict[str, Any]:
    """Return the shortcut of a program, with the residue that is given or lies beside it.

    Raises FileError if it does not compile, or the residue that is given is of another program.
    """
    try:
        alone = to_shortcut(code, None, options.catalog)
    except ValueError as error:
        raise FileError(f"{source}: {error}") from None
    beside = Path(source).with_suffix(RESIDUE)
    has_one = source != STDIN and beside.is_file()
    residue = options.residue if options.residue is not None else read_residue(beside) if has_one else None
    whole = None if residue is None else _with_residue(code, residue, alone, options.catalog)
    if residue is not None and whole is None:
        if options.residue is not None:
            raise FileError(f"{source}: the residue is of another program; without one the shortcut gets a new icon and new identities")
        say(f"{beside}: does not fit the program any more, so the shortcut gets a new icon and new identities")
    return whole or alone


def _with_residue(code: str, residue: Residue, alone: dict[str, Any], catalog: Catalog | None) -> dict[str, Any] | None:
    """Return the shortcut that a residue is of, with what was changed in its program; None if it is of another program."""
    before = residue.get(PROGRAM) if isinstance(residue, dict) else None
    if isinstance(before, str) and before != code:
        with suppress(ValueError):  # a change by which lines that are left alone would mean something else
            shortcut = to_shortcut(before, residue, catalog)
            return merged(shortcut, lambda written: applied(written, change_between(written, code)), catalog).shortcut
    with suppress(ValueError):
        whole = to_shortcut(code, residue, catalog)
        if equivalent(whole, alone) or to_python(whole, catalog)[0] == code:
            return whole
    return None


def read_residue(file: Path) -> Residue:
    """Return the residue in a file. Raises FileError if it is no JSON."""
    try:
        return orjson.loads(contents(str(file)))
    except orjson.JSONDecodeError as error:
        raise FileError(f"{file}: no JSON ({error}); restore it, or remove it, and the shortcut gets a new icon and identities") from None


def how_to_sign(file: Path) -> str:
    """Return what is left to do before a phone takes a shortcut file, on the system at hand, and who sees it on the way."""
    if sys.platform == "darwin":
        return f"sign it before a phone takes it: {sign_command(file)}"
    return ("a phone takes signed files alone; without a Mac, a macOS runner of GitHub can sign it, or a service such as HubSign, and "
            f"either gets the whole file; on a Mac: {sign_command(file)}")
