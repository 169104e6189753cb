"""Run `check` on shortcuts that people made, count its findings and the planted faults that it finds, and print one JSON object.

    python bench/check.py ../shared/corpus                                     # if it has a manifest, only what people made
    python bench/check.py ../shared/corpus --catalog old/                      # by another catalogue
    python bench/check.py ../shared/corpus --catalog new/ --planted-by old/    # faults against the old one, looked for by the new one

A finding in a shortcut that the app made is a false alarm, unless its author erred. Of the planted faults, a fourth are keys that nobody
has, a fourth misspelled keys, a fourth literals of a wrong type, a fourth values outside a closed enum; they are drawn by a seed.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import shortcuts
from shortcuts import plist  # noqa: E402
from shortcuts.catalog import Api, Catalog, Parameter  # noqa: E402

SUFFIXES = {".plist", ".shortcut", ".wflow"}
CODES = frozenset({"unknown_parameter", "parameter_type", "enum_value"})
WRONG = {"boolean": "maybe", "number": True, "dictionary": 5}  # a literal that a parameter of this type cannot be


class Planted(NamedTuple):
    """A program with one fault in it and without; `key` is the parameter's as it stands there."""

    code: str
    sound: str
    kind: str
    api: str
    key: str


def main() -> int:
    """Read, check, plant, sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="another catalogue than that of this repository")
    parser.add_argument("--planted-by", type=Path, metavar="DIR", help="the catalogue that says what is wrong (default: --catalog)")
    parser.add_argument("--planted", type=int, default=60, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="every finding and every missed fault, to stderr")
    args = parser.parse_args()
    catalog = Catalog.load(args.catalog)
    programs = list(transcribed(args.folder))
    actions = sum(count for _, _, count in programs)
    findings: Counter[str] = Counter()
    for name, code, _ in programs:
        for line, kind, message in shortcuts.check(code, catalog):
            findings[kind] += 1
            if args.show:
                print(f"{name}:{line}: {kind}: {message}", file=sys.stderr)
    faults = planted([code for _, code, _ in programs], Catalog.load(args.planted_by or args.catalog), args.planted, args.seed)
    missed = [fault for fault in faults if not is_found(fault, catalog)]
    if args.show:
        print("\n".join(f"missed {fault.kind}: {fault.api} {fault.key}" for fault in missed), file=sys.stderr)
    print(json.dumps({
        "programs": len(programs), "actions": actions, "findings": sum(findings.values()), "by_code": dict(findings.most_common()),
        "per_100_actions": round(100 * sum(findings.values()) / max(1, actions), 3),
        "planted": len(faults), "found": len(faults) - len(missed), "missed_by_kind": dict(Counter(fault.kind for fault in missed)),
    }))  # fmt: skip
    return 0


def transcribed(folder: Path) -> Iterator[tuple[str, str, int]]:
    """(name, program, number of actions) of the shortcuts that people made; a model's or a compiler's may have keys that it made up."""
    manifest = folder / "manifest.jsonl"
    if manifest.is_file():
        entries = [json.loads(line) for line in manifest.read_text().splitlines()]
        files = [folder / entry["file"] for entry in entries if entry["origin"] == "user"]
    else:
        files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    for path in files:
        shortcut = plist.read_shortcut(path.read_bytes())
        try:
            yield path.name, shortcuts.to_python(shortcut)[0], len(shortcut["WFWorkflowActions"])
        except (shortcuts.Unbalanced, shortcuts.TooDeep):
            continue


# ---------------------------------------------------------------------------------------------------------------------------------
# planting


def planted(programs: list[str], catalog: Catalog, number: int, seed: int) -> list[Planted]:
    """`number` programs with one fault each, the four kinds in turn, each in a call of its own."""
    rng = random.Random(seed)
    kinds = list(_KINDS)
    places = [(program, index) for program in programs for index in range(len(_calls(ast.parse(program), catalog)))]
    rng.shuffle(places)
    faults: list[Planted] = []
    for program, index in places:
        if len(faults) == number:
            break
        tree = ast.parse(program)
        node, api = _calls(tree, catalog)[index]
        kind = kinds[len(faults) % len(kinds)]
        if (key := _KINDS[kind](node, api, rng)) is not None:
            faults.append(Planted(ast.unparse(tree), ast.unparse(ast.parse(program)), kind, api.id, key))
    return faults


def is_found(fault: Planted, catalog: Catalog) -> bool:
    """True if `check` names the key where it says what is wrong, and says nothing of the kind about the sound program."""
    new = set(shortcuts.check(fault.code, catalog)) - set(shortcuts.check(fault.sound, catalog))
    return any(kind in CODES and fault.key in message for _, kind, message in new)


def _calls(tree: ast.Module, catalog: Catalog) -> list[tuple[ast.Call, Api]]:
    """The calls of APIs whose parameters are known."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
    found = ((node, catalog.by_name(node.func.id)) for node in calls)  # type: ignore[union-attr]
    return [(node, api) for node, api in found if api is not None and api.parameters and "parameters" not in api.unknown]


def _unknown_key(node: ast.Call, api: Api, rng: random.Random) -> str | None:
    key = rng.choice(("WFColour", "verbose", "WFMaximumLength", "on_error", "WFTextEncodingName"))
    node.keywords.append(ast.keyword(key, ast.Constant("x")))
    return None if api.parameter(key) else key


def _misspelled_key(node: ast.Call, api: Api, rng: random.Random) -> str | None:
    known = [keyword for keyword in node.keywords if keyword.arg and len(keyword.arg) > 3 and api.parameter(keyword.arg)]
    if not known:
        return None
    keyword = rng.choice(known)
    place = rng.randrange(1, len(keyword.arg) - 1)
    wrong = rng.choice((
        keyword.arg[:place] + keyword.arg[place + 1 :],
        keyword.arg[:place] + keyword.arg[place] + keyword.arg[place:],
        keyword.arg[:place] + keyword.arg[place + 1] + keyword.arg[place] + keyword.arg[place + 2 :],
    ))  # fmt: skip
    if api.parameter(wrong) or wrong in {keyword.arg for keyword in node.keywords}:
        return None
    keyword.arg = wrong
    return wrong


def _wrong_type(node: ast.Call, api: Api, rng: random.Random) -> str | None:
    fitting = [parameter for parameter in api.parameters if parameter.type in WRONG and _can_stand(parameter, node)]
    if not fitting:
        return None
    parameter = rng.choice(fitting)
    _set(node, parameter, WRONG[parameter.type])
    return parameter.key


def _wrong_value(node: ast.Call, api: Api, rng: random.Random) -> str | None:
    closed = [parameter for parameter in api.parameters if parameter.enum and not parameter.open_enum and parameter.type == "enum"
              and _can_stand(parameter, node)]  # fmt: skip
    if not closed:
        return None
    parameter = rng.choice(closed)
    value = rng.choice(parameter.enum)
    wrong = rng.choice((value[:-1], value + "s", "Whatever", value.swapcase()))
    if wrong in parameter.enum or not wrong or " " in wrong:
        return None
    _set(node, parameter, wrong)
    return parameter.key


_KINDS = {"unknown_key": _unknown_key, "misspelled_key": _misspelled_key, "wrong_type": _wrong_type, "enum_value": _wrong_value}


def _can_stand(parameter: Parameter, node: ast.Call) -> bool:
    """True if the key is the API's own and a keyword of Python, and the call names its keywords one by one."""
    own = not Catalog.is_generic(parameter.key) and parameter.key.isidentifier() and parameter.key.isascii()
    return own and all(keyword.arg for keyword in node.keywords)


def _set(node: ast.Call, parameter: Parameter, value: object) -> None:
    node.keywords = [keyword for keyword in node.keywords if keyword.arg != parameter.key]
    node.keywords.append(ast.keyword(parameter.key, ast.Constant(value)))


if __name__ == "__main__":
    sys.exit(main())
