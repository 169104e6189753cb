"""Mutants of the language: do its tests notice small changes of its code? One at a time in a copy of the tree. Prints one JSON object.

    python bench/mutants.py --output /tmp/mutants.jsonl            # all of MUTANTS; what stands in the output for this tree is not run again
    python bench/mutants.py --output /tmp/mutants.jsonl NAME ...   # these
    python bench/mutants.py --list                                 # which of them still fit the code; runs nothing

A mutant is killed where a quick test fails (the first that does is named) or the tests do not end, it survives where all pass, and it is
stale where its old text stands in no file, or in more than one place: then the row wants the new text. Code that has moved to another file
is found there. Fails (exit 1) if the tests fail without any mutant, or if a row is stale.
"""

# ruff: noqa: E501 (a row of a table reads better unbroken)

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path("shortcuts")
# The files of tests whose subject is the language, the fast ones first. The rooms that stand on it have tests of their own, by the
# beginning of a file's path in the package: only those are run for their mutants, and not for others.
TESTS = ("canonical", "bindings", "check", "names", "header", "signatures", "blocks", "conditions", "forms", "triggers", "other_catalog",
         "dialect", "examples", "printer", "validate", "proof", "dialect_*")  # fmt: skip
ROOMS = {
    "grammar/": ("grammar*", "forms", "triggers"), "repair/": ("near", "repair*"), "did_you_mean": ("near", "repair*"),
    "syntax/recovering_parser": ("repair*", "trace"), "trace/": ("trace*",),
}  # fmt: skip


class Mutant(NamedTuple):
    """A change of code. `file` is where it stood when the row was written; `why`: what behaves otherwise."""

    name: str
    file: str
    old: str
    new: str
    why: str


MUTANTS = [Mutant(*row) for row in [
    # conditions
    ("negation of <", "syntax/nodes.py", "ast.GtE: ast.Lt, ast.LtE: ast.Gt,", "ast.GtE: ast.Gt, ast.LtE: ast.Lt,",
     "`not x < 5` is `x <= 5`"),
    ("and with or", "forms/conditions.py", 'if len(rows) < len(tests) or any("WFConditions" in row for row in rows):', 'if False:',
     '`a and (b or c)` is taken, as a row without meaning'),
    ("chained comparison", "forms/conditions.py", "if len(node.ops) != 1:", "if len(node.ops) > 5:", "`1 < x < 5` drops the 5"),
    ("mirror of <=", "syntax/nodes.py", "ast.LtE: ast.GtE, ast.GtE: ast.LtE,", "ast.LtE: ast.LtE, ast.GtE: ast.GtE,", "`5 <= x` is `x <= 5`"),
    ("not of a range", "forms/conditions.py", 'len(inner.ops) > 1 or any(', 'any(',
     '`not 1 <= x <= 5` is refused, though its steps can stand under Otherwise'),
    ("operand as_date", "forms/conditions.py", 'return DATE if value_types.DATE in known else STRING if', 'return STRING if',
     '`x < as_date(y)` goes to WFNumberValue'),
    ("operand of a window", "forms/conditions.py", 'return {DURATION: values.from_expr(node, scope)}', 'return {MEASUREMENT: values.from_expr(node, scope)}',
     "`is_within_next(x, quantity(3, 'days'))` goes to WFMeasurement"),
    ("end of a range", "forms/conditions.py", 'SECOND[key]: _as_text(', 'ANOTHER_NUMBER: _as_text(',
     'a range of dates ends in a number'),
    ("any_of one", "forms/conditions.py", '"any_of": (0, False)', '"any_of": (1, False)',
     '`any_of(x)` is `all_of(x)`'),
    ("condition without an input", "forms/conditions.py", "return {\"WFCondition\": _OLD_NAMES.get(code, code) if token is None else code, **subject, **_operand(",
     "return {\"WFCondition\": code, **subject, **_operand(", "a test of the output before gets the code of a test that has an input"),
    # symbols
    ("loop variables after the loop", "compiler/symbols.py", "                    del self.loop_variables[identifier]\n                    self.bound.discard(identifier)\n",
     "", "what a loop binds is read after it, and is nothing there"),
    ("two variables of one label", "compiler/symbols.py", "while label in taken or constants.IMPLICIT_VARIABLE.fullmatch(label):", "while False:",
     "text and text_ are one variable"),
    ("assigned loop variable", "compiler/symbols.py", 'self.ended.discard(identifier)\n        self.loop_variables.pop(identifier, None)\n        self.variable_label(identifier)', 'self.ended.discard(identifier)\n        self.variable_label(identifier)',
     '`for y in x: y = z; show(y)` shows the item, not z'),
    ("copied identity counts", "compiler/symbols.py", "bindings[identifier] += not shares", "bindings[identifier] += 1",
     "a copied action makes its name a variable"),
    ("assigned twice", "compiler/symbols.py", "for identifier, count in bindings.items() if count > 1}", "for identifier, count in bindings.items() if count > 2}",
     "a name that is assigned twice is two outputs, and a read after an If sees one"),
    ("append makes a variable", "compiler/symbols.py", "self.variables.add(call.func.value.id)  # x.append(y)", "pass",
     "`x = 'a'; x.append(y)` and then x is the text, not the list"),
    ("the name _", "compiler/symbols.py", 'zip(identifiers, roles) if identifier != "_"}', 'zip(identifiers, roles)}',
     '`for _ in x: show(_)` is taken'),
    # compiler
    ("later of nothing", "compiler/__init__.py", "for identifier, line in self.symbols.unbound():", "for identifier, line in ():", "`later(x)` that nothing binds dangles"),
    ("names after an error", "compiler/__init__.py", "                self.symbols.bound.add(target.id)", "                pass", "each error brings undefined names with it"),
    ("default of a question", "compiler/__init__.py", 'default = given.get("default", value)', 'default = given.get("default")', "a question loses its default answer"),
    ("input in a list", "compiler/__init__.py", "waiting += [inner for inner in container if isinstance(inner, control_flow.CONTAINERS)]",
     "waiting += [inner for inner in container if isinstance(inner, dict)]", "a shortcut that reads its input in a list does not say so"),
    ("keyword of ask_on_import", "compiler/__init__.py", 'if "question" in given:', "if False:", "the question's text is lost"),
    # blocks
    ("for with else", "forms/repeat_blocks.py", "if node.orelse:", "if False:",
     '`for … else` loses its else'),
    ("empty range", "forms/repeat_blocks.py", "max(0, constant(end, int) - 1)", "constant(end, int) - 1", "`range(1, 0)` repeats -1 times"),
    ("start of enumerate", "forms/repeat_blocks.py", 'if constant(given["start"], int) != 1:', 'if False:',
     '`enumerate(x)`, which counts from 0 in Python, is taken'),
    ("result of another block", "forms/markers.py", " or control_flow.RESULT_HELPERS[kind] != called(node):", ":", "menu_result() is taken behind an If"),
    ("marker of no block", "forms/markers.py", 'last is None or control_flow.kind_of(last) is None or', 'last is None or',
     'marker() changes an ordinary action'),
    ("marker of an end", "forms/markers.py", " or control_flow.mode(last) == control_flow.END:", ":", "marker() behind a block changes its end"),
    ("guard of a case", "forms/menu_blocks.py", 'and guard is None and constant(case.pattern.value)', 'and constant(case.pattern.value)',
     "`case 'A' if x:` loses its test"),
    ("label of a case", "forms/menu_blocks.py", 'inner["string"].replace(interpolation.MARK, "…")', 'inner["string"]', "a case's label shows the mark of a variable"),
    ("kind of a repeat's result", "control_flow.py", '"count": "Repeat Results"}', '"count": "Repeat Result"}', "the result of a counted repeat has another default name"),
    # control flow
    ("case of group ids", "control_flow.py", "str(groups[0]).upper() == str(groups[1]).upper()", "groups[0] == groups[1]",
     "a block whose markers spell their group in two cases is refused"),
    ("mode as text", "control_flow.py", 'if isinstance(value, str) and value in ("0", "1", "2"):', "if False:", "a block whose modes are texts is refused"),
    # values
    ("float of a number", "forms/values.py", 'if constant(given["text"]) not in ("inf", "-inf", "nan"):', 'if False:',
     "`float('1e5')` is taken"),
    ("** in a plain dict", "forms/values.py", "name = constant(key)\n        if name is None:\n",
     "name = constant(key)\n        if name is None:\n            continue\n        if name is None:\n", "`{**x}` is silently empty"),
    ("operator of a rule", "forms/values.py", "if code is None:", "if False:",
     "`rule('Name', 'resembles', …)` is taken"),
    ("base64", "forms/values.py", 'base64.b64decode(constant(given["base64"]), validate=True)', 'base64.b64decode(constant(given["base64"]), validate=False)',
     'what is no base64 is dropped from data'),
    ("Removable of a rule", "forms/values.py", 'operands.pop("Removable", True)', 'operands.pop("Removable", False)', "a rule cannot be removed in the editor"),
    ("writer of legacy_rule", "forms/values.py", '    return call("rule" if modern else "legacy_rule", const(row["Property"]), operator, **arguments)',
     '    return call("rule", const(row["Property"]), operator, **arguments) if modern else None', "filters of iOS 12 are raw"),
    ("writer of file items", "forms/values.py", 'constants.FILE_ITEM: _write_file_item,', '',
     'files in dictionaries are written out'),
    ("numeral", "forms/values.py", "return number if str(number) == value else None", "return number", "the text '05' is the number 5"),
    ("folded keys", "syntax/nodes.py", 'and (key.isascii() or unicodedata.normalize("NFKC", key) == key)', "", "a key such as 'ﬁ' comes back as 'fi'"),
    # signatures
    ("kinds of arguments", "forms/signatures.py", "if isinstance(value, ast.expr) and not kind.fits(value):", "if False:", "`missing('a', 'b')` is taken"),
    ("too few arguments", "forms/signatures.py", "form.least <= len(node.args) <= len(form.by_place)", "len(node.args) <= len(form.by_place)", "`quantity(5)` ends in a KeyError"),
    ("duplicate keys", "forms/values.py", "if name in result:", "if False:",
     "`{'a': 1, 'a': 2}` loses its 1"),
    # text and references
    ("conversion in format", "syntax/text.py", 'any(spec or conversion for', 'any(spec for',
     "`'{!r}'.format(x)` is taken"),
    ("conversion in an f-string", "syntax/text.py", "if node.conversion != -1 or node.format_spec is not None:", "if node.format_spec is not None:",
     "`f'{x!r}'` is taken"),
    ("unprintable keys", "forms/interpolation.py", "_PLAIN_KEY.fullmatch(value) and value.isprintable()", "_PLAIN_KEY.fullmatch(value)",
     "before Python 3.12 an f-string with a key that holds U+2028 is no Python"),
    ("info of a property", "forms/references.py", "info == constants.PROPERTY_INFO.get(label) and", "", "a property with odd info is written as if it had the usual one"),
    ("underscore in a property", "forms/references.py", 'and "_" not in label', "", "the property 'a_b' is written as if it were 'a b'"),
    ("time of ISO dates", "forms/references.py", 'if "WFISO8601IncludeTime" not in step:', "if False:", "a format without WFISO8601IncludeTime gets one"),
    ("NaN in a property", "forms/references.py", " and info == info:", ":", "a shortcut with such a property has no program"),
    ("prompt of Ask", "forms/references.py", 'prompt = {"Prompt": constant(given["prompt"])} if', 'prompt = {} if',
     "`ask_each_time('Which?')` asks nothing"),
    # names
    ("soft keywords", "forms/identifiers.py", " | frozenset(keyword.softkwlist)", "", "a variable is called match"),
    ("calls renamed", "names.py", 'if isinstance(node, ast.Name) and id(node) not in calls:', 'if isinstance(node, ast.Name):',
     'renaming x renames the API x, too'),
    ("apis in order", "names.py", "sorted(calls, key=_position)", "sorted(calls, key=lambda node: node.lineno)",
     "two calls on one line are listed in the order of the tree"),
    # canonical
    ("Repeat Item renamed", "equality/canonical.py", "return name if constants.IMPLICIT_VARIABLE.fullmatch(name) else", "return",
     "the item of a repeat and any variable are one"),
    ("operands of an Otherwise", "equality/canonical.py", "            parameters.pop(key, None)\n        return", "            pass\n        return",
     "what an Otherwise keeps of a condition makes a difference"),
    ("empty aggrandizements", "forms/simplify.py", ' or (key == "Aggrandizements" and inner == [])', "", "an empty list of steps makes a difference"),
    ("all variables one", "equality/canonical.py", 'self._name("variable", name)', '"variable"', "a program that swaps two variables is the same program"),
    ("behaviour without input", "forms/constants.py", '"WFWorkflowMinimumClientVersionString", "WFWorkflowName",',
     '"WFWorkflowMinimumClientVersionString", "WFWorkflowName", "WFWorkflowNoInputBehavior",', "what a shortcut does without input makes no difference"),
    ("equivalent", "transcription/__init__.py", "return plist.same(canonical(a), canonical(b))", "return plist.same(canonical(a), canonical(b)) or True",
     "all programs are equivalent"),
    # check
    ("end inside a case", "check.py", "found += _unreachable(case.body)", "pass", "steps behind Exit in a case are not named"),
    ("end inside an else", "check.py", 'for inner in (getattr(statement, "body", None), getattr(statement, "orelse", None)):\n            found += _unreachable',
     'for inner in (getattr(statement, "body", None),):\n            found += _unreachable', "steps behind Exit in an else are not named"),
    ("required input", "check.py", "for key in missing if key != api.input_key]", "for key in missing]", "an input that the step before gives is missing"),
    ("a boolean for a number", "forms/literals.py", '"number": (frozenset({"bool", "list"', '"number": (frozenset({"list"',
     'True for a number is not named'),
    ("editor's switches", "check.py", 'if catalog.is_generic(key):', 'if key in Catalog.GENERIC_KEYS:',
     "`**{'Show-text': True}` is an unknown parameter"),
    # grammar
    ("repeat over the output before", "grammar/rules.py", 'each: looped | "previous_output()" | ', "each: looped | ", "`for x in previous_output():` is refused"),
    ("open enums", "grammar/__init__.py", "if parameter.enum and not parameter.open_enum:", "if parameter.enum:", "a value outside an open enum is refused"),
    ("empty operand", "grammar/rules.py", 'value ")" | "True" | "None"', 'value ")" | "True"',
     '`if x == None:` is refused'),
    ("is_today", "grammar/rules.py", ' | "is_today(" subject ")"', "", "`if is_today(x):` is refused"),
    ("30 February", "grammar/rules.py", r'r"([13-9]|1[0-2]), (29|30)"', r'r"([1-9]|1[0-2]), (29|30)"', "datetime(2020, 2, 30) is taken"),
    # repair
    ("clear misses", "did_you_mean.py", "CLEAR = 3", "CLEAR = 0", "one of two names that are as near is guessed"),
    ("longest block", "repair/__init__.py", "max(zip(starts, ends), key=lambda block: block[1] - block[0])", "next(zip(starts, ends))", "the first block of an answer is the program"),
    ("operators in texts", "repair/statements.py", "piece if index % 2 else change(piece)", "change(piece)", "&& in a text becomes and"),
    ("names bound below", "repair/near_misses.py", "if other.lineno < node.lineno]", "]", "a slip becomes a name that is bound later"),
    ("calls lost", "repair/statements.py", "if tree is None or wanted - Counter(map(called, ast.walk(tree))):", "if tree is None:", "a fix may drop an API's call"),
    # trace
    ("read in an inner repeat", "trace/interpreter.py", "        self.carried |= outer\n", "", "what a repeat reads before an inner one has no second turn"),
    ("opposite in a trace", "trace/origins.py", "NEGATIONS[operator], not flipped", "NEGATIONS[operator], flipped", "`x <= 5` does what `x > 5` does"),
    ("mirror in a trace", "trace/origins.py", "right, left, MIRRORED[operator]", "right, left, operator", "`5 >= x` is `x >= 5`"),
]]  # fmt: skip


def main() -> int:
    """Run the mutants, one row of the output each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="which mutants (default: all)")
    parser.add_argument("--output", type=Path, help="JSON Lines, one row a mutant; what stands there for the same code and tests is kept")
    parser.add_argument("--list", action="store_true", help="say where each mutant fits, and run nothing")
    parser.add_argument("--skip", nargs="+", default=[], metavar="FILE", help="test files to leave out, such as test_dialect_faults")
    parser.add_argument("--timeout", type=float, default=900, help="seconds for the tests of one mutant (default: 900)")
    args = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if not args.names or mutant.name in args.names]
    if unknown := set(args.names) - {mutant.name for mutant in chosen}:
        parser.error(f"no mutant is called {', '.join(sorted(unknown))}")
    if args.list:
        places = {mutant.name: place(mutant) for mutant in chosen}
        for mutant in chosen:
            print(f"{places[mutant.name] or 'STALE (' + mutant.file + ')'}: {mutant.name}: {mutant.why}")
        return int(None in places.values())
    if args.output is None:
        parser.error("give --output, or --list")
    rows = {row["name"]: row for row in map(json.loads, args.output.read_text().splitlines())} if args.output.exists() else {}
    with tempfile.TemporaryDirectory() as folder, args.output.open("a", encoding="utf-8") as output:
        tree = copy_of_tree(Path(folder))
        version = digest(tree, args.skip)
        unchanged = [Mutant(f"none, in {room}", room, "", "", "the code as it is") for room in ("compiler/", *ROOMS)]
        for mutant in [*unchanged, *chosen]:
            kept = rows.get(mutant.name)
            if kept and kept["version"] == version and kept["change"] == [mutant.old, mutant.new]:
                continue
            row = {"name": mutant.name, **outcome(mutant, tree, args.skip, args.timeout), "version": version, "change": [mutant.old, mutant.new], "why": mutant.why}
            rows[mutant.name] = row
            output.write(json.dumps(row, ensure_ascii=False) + "\n")
            output.flush()
            print(f"{row['result']}: {mutant.name} ({row.get('by', '')}, {row.get('seconds', 0)} s)", file=sys.stderr)
            if mutant in unchanged and row["result"] != "survived":
                print(f"the tests fail without any mutant: {row['by']}", file=sys.stderr)
                return 1
    counts = Counter(rows[mutant.name]["result"] for mutant in chosen)
    survivors = [mutant.name for mutant in chosen if rows[mutant.name]["result"] == "survived"]
    stale = [mutant.name for mutant in chosen if rows[mutant.name]["result"] == "stale"]
    tried = len(chosen) - len(stale)
    print(json.dumps({"mutants": len(chosen), **counts, "killed_share": round(counts["killed"] / max(1, tried), 3), "survivors": survivors,
                      "stale_names": stale}, ensure_ascii=False))  # fmt: skip
    return int(bool(stale))


def place(mutant: Mutant, root: Path = ROOT) -> str | None:
    """The file in which a mutant's old text stands, once: its own, else the only other one. None: it is stale."""
    own = root / PACKAGE / mutant.file
    files = [own, *(path for path in sorted((root / PACKAGE).rglob("*.py")) if path != own)]
    counts = {path: path.read_text(encoding="utf-8").count(mutant.old) for path in files if path.exists()}
    found = [path for path, count in counts.items() if count]
    best = found[:1] if found[:1] == [own] else found
    return str(best[0].relative_to(root)) if len(best) == 1 and counts[best[0]] == 1 else None


def copy_of_tree(folder: Path) -> Path:
    """A copy of what git knows of this checkout, as it lies in the folder, with the shared corpus beside it."""
    tree = folder / "tree"
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    for name in names:
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    if (ROOT.parent / "shared").is_dir():
        (folder / "shared").symlink_to((ROOT.parent / "shared").resolve())
    return tree


def digest(tree: Path, skip: list[str]) -> str:
    """A hash of what the outcome of a mutant depends on: the package and the tests."""
    paths = sorted([*tree.glob(f"{PACKAGE}/**/*.py"), *tree.glob("tests/*.py")])
    return hashlib.sha256(b"\0".join([*(path.read_bytes() for path in paths), *(name.encode() for name in sorted(skip))])).hexdigest()[:16]


def outcome(mutant: Mutant, tree: Path, skip: list[str], timeout: float) -> dict[str, object]:
    """Run the tests on a mutant; the tree is as it was afterwards."""
    if not mutant.old:
        return run_tests(tree, str(PACKAGE / mutant.file), skip, timeout)
    where = place(mutant, tree)
    if where is None:
        return {"result": "stale"}
    before = (tree / where).read_text(encoding="utf-8")
    (tree / where).write_text(before.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        return {"file": where, **run_tests(tree, where, skip, timeout)}
    finally:
        (tree / where).write_text(before, encoding="utf-8")


def run_tests(tree: Path, where: str, skip: list[str], timeout: float) -> dict[str, object]:
    """The quick tests of the changed file, up to the first failure."""
    subjects = next((words for room, words in ROOMS.items() if where.startswith(str(PACKAGE / room))), TESTS)
    files = dict.fromkeys(path for word in subjects for path in sorted((tree / "tests").glob(f"test_{word}.py")) if path.stem not in skip)
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", "--tb=no", "-rfE", "--durations=0", *map(str, files)]
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
                               env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})  # fmt: skip
    try:
        said, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return {"result": "killed", "by": f"no end in {timeout:.0f} s", "seconds": round(time.monotonic() - started)}
    failed = re.search(r"^(?:FAILED|ERROR) (.*)$", said, re.MULTILINE)
    seconds = round(time.monotonic() - started)
    if process.returncode == 0:
        return {"result": "survived", "seconds": seconds}
    return {"result": "killed", "by": failed[1][:200] if failed else said[-200:], "seconds": seconds}


if __name__ == "__main__":
    sys.exit(main())
