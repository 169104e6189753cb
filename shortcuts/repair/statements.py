"""Mend single statements that Python cannot parse.

Each fix proposes texts. The first that Python can parse and in which `check` finds nothing is taken, else the first that Python can parse.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from shortcuts.catalog import Catalog
from shortcuts.check import check
from shortcuts.syntax.nodes import called
from shortcuts.syntax.statements import HEADS, first_word, is_head, read_statement
from shortcuts.syntax.unclosed import open_marks

MAX_LINES = 400  # lines of one statement, such as a picture in base64
MAX_TRIED = 80  # texts per fix
MAX_DEPTH = 60  # nested dicts and lists; deeper ones become texts. Python's parser allows about 200 brackets
_PLACES = re.compile(r"(?=, )|(?= [\w-]+=)|(?=[)\]}])|(?=:$)|$")  # likely places of a missing character
_ODD_KEY = re.compile(r"(?<=[(,\s])([A-Za-z_]\w*(?:-[\w-]*\w))\s*=(?!=)\s*")
_CALL = re.compile(r"(?:([^\W\d]\w*)\s*(\+?=)\s*\[?)?([^\W\d]\w*)\((.*)", re.DOTALL)
_OPERATORS = {"===": "==", "!==": "!=", "&&": " and ", "||": " or "}
CONSTANTS = {"true": "True", "false": "False", "null": "None", "none": "None", "nil": "None", "undefined": "None"}
# A text, or one escaped character outside of a text: otherwise each of many escaped quotes would begin a text without an end.
_TEXT = re.compile(r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\\.)", re.DOTALL)
_ITEM = re.compile(r"'''.*?'''|'(?:[^'\\\n]|\\.)*'(?=\s*[,:\]}]|$)|\"(?:[^\"\\\n]|\\.)*\"(?=\s*[,:\]}]|$)|\\.|[,(\[{)\]}]", re.DOTALL)
_STARTS = re.compile(r"\s*(?:#|(?:[^\W\d]\w*\s*\+?=\s*)?(?=\w+_)[^\W\d]\w*\(|(?:if|elif|for|match|case)\b.*:\s*$|else:)")
_API = re.compile(r"\b(?=\w+_\w)(\w+)\(")
_COMPARISON = re.compile(r"==|!=|<=|>=|<|>")
_HEAD = re.compile(r"(?:case|match|for \w+ in)\s")
_STRING_PAIR = re.compile(r"\{\s*[\"']string[\"']\s*:(.*?)\}\s*:(.*)", re.DOTALL)  # a text of the reference transcriber
_PAIR = re.compile(r"('''.*?'''\s*|\"(?:[^\"\\]|\\.)*\"\s*|'(?:[^'\\]|\\.)*'\s*|[^:]*):(.*)", re.DOTALL)
_STRING = re.compile(r"\{\s*[\"']string[\"']\s*:(.*)\}", re.DOTALL)


def readable(text: str) -> bool:
    """True if Python can parse a statement, or the head of a block, that stands alone."""
    return read_statement(text) is not None


def logical_lines(code: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of each statement; lines are joined if Python can then parse them and no other statement begins there."""
    lines = code.split("\n")
    number = 0
    while number < len(lines):
        end, text = number + 1, lines[number]
        if not readable(text.strip()) and (marks := open_marks(text)) and not text.lstrip().startswith("#"):
            for last in range(number + 1, min(len(lines), number + MAX_LINES)):
                if _STARTS.match(lines[last]) and not lines[last].lstrip().startswith("#"):
                    break
                if marks[0] in lines[last] and readable("\n".join(lines[number : last + 1]).strip()):
                    end = last + 1
                    break
        yield number + 1, "\n".join(lines[number:end])
        number = end


def mend(text: str, catalog: Catalog) -> tuple[str, str] | None:
    """Return (kind of the fix, mended statement), or None if no fix helps. A fix that would lose the call of an API is not used."""
    best: tuple[str, str] | None = None
    wanted = _apis_in(text, catalog)
    for kind, fix in _FIXES.items():
        for candidate in islice(fix(text), MAX_TRIED):
            tree = read_statement(candidate) if candidate != text else None
            if tree is None or wanted - Counter(map(called, ast.walk(tree))):
                continue
            if _is_sound(candidate, catalog):
                return kind, candidate
            best = best or (kind, candidate)
    return best


def _apis_in(text: str, catalog: Catalog) -> Counter[str | None]:
    return Counter(name for name in _API.findall(text) if catalog.by_name(name))


def _is_sound(text: str, catalog: Catalog) -> bool:
    """True if `check` finds nothing in a statement but unknown names and APIs, which the rest of the program may explain."""
    word = first_word(text)
    if word in ("case", "else"):
        return True
    body = f"{text}\n    pass" if is_head(text) else text
    body = body[2:] if word == "elif" else body
    body = f"{text}\n    case 'a':\n        pass" if word == "match" else body
    return all(finding.code in ("undefined_name", "unknown_api") or "right after" in finding.message for finding in check(body, catalog))


# ---------------------------------------------------------------------------------------------------------------------------------
# fixes, in the order in which they are tried


def _colons(text: str) -> Iterator[str]:
    """Mend `else if`, and the colon of a head."""
    plain = re.sub(r"^else if\b", "elif", text.rstrip())
    yield plain
    if first_word(plain) in HEADS:
        stem = plain[:-1].rstrip() if plain[-1:] in (":", ";", "{") else plain
        yield re.sub(r"\bthen$", "", stem).rstrip() + ":"


def _operators(text: str) -> Iterator[str]:
    """Replace operators and constants of other languages, outside of texts."""
    def swapped(piece: str) -> str:
        for wrong, right in sorted(_OPERATORS.items(), reverse=True):
            piece = re.sub(rf"(?:(?<!\s)\s+)?{re.escape(wrong)}\s*", f" {right.strip()} ", piece)
        return re.sub(r"\b(?:" + "|".join(CONSTANTS) + r")\b", lambda match: CONSTANTS[match[0]], piece)

    yield outside_texts(text, swapped)
    yield text.rstrip(";")


def _quotes(text: str) -> Iterator[str]:
    """Replace typographic quotes."""
    single, double = "‘’‚′", "“”„″"
    for marks, plain in ((single, "'"), (double, '"')):
        yield re.sub(rf"(?<=[=(\[{{:, f])[{marks}]|[{marks}](?=\s*[)\]}},:.]|$)", plain, text)
    yield re.sub(f"[{single}]", "'", re.sub(f"[{double}]", '"', text))
    yield re.sub(f"[{single}{double}]", "'", text)


def _odd_keys(text: str) -> Iterator[str]:
    """Move `Show-text=True` to the end of the call, as `**{'Show-text': True}`."""
    pairs, rest = [], text
    while match := _ODD_KEY.search(rest):
        value = _value_at(rest, match.end())
        pairs.append(f"{match[1]!r}: {value}")
        before, after = rest[: match.start()], rest[match.end() + len(value) :]
        rest = before + re.sub(r"^,\s*", "", after) if not after.lstrip().startswith(")") else re.sub(r",\s*$", "", before) + after
    if pairs and (close := rest.rfind(")")) >= 0:
        inside = rest[:close].rstrip()
        yield f"{inside}{'' if inside.endswith('(') else ', '}**{{{', '.join(pairs)}}}{rest[close:]}"


def _commas(text: str) -> Iterator[str]:
    """Add a missing comma before a key."""
    for match in re.finditer(r"(?<=['\")\]}\w]) +(?=[A-Za-z_]\w*=[^=])", text):
        yield f"{text[: match.start()]}, {text[match.end() :]}"


def _closings(text: str) -> Iterator[str]:
    """Add a missing quote or bracket at each likely place, or all that are open at the end; remove one too many."""
    colon = ":" if first_word(text) in HEADS and text.endswith(":") else ""
    body = text.removesuffix(":") if colon else text
    for mark in dict.fromkeys([*open_marks(text), *open_marks(body), "'", '"', ")", "]", "}"]):
        for place in dict.fromkeys(match.start() for match in _PLACES.finditer(text)):
            changed = f"{text[:place]}{mark}{text[place:]}"
            yield changed
    yield body + open_marks(body) + colon
    for match in re.finditer(r"[)\]}]", text[::-1]):
        place = len(text) - match.end()
        yield text[:place] + text[place + 1 :]


def _cut_off(text: str) -> Iterator[str]:
    """Cut a call that ends inside of an argument before that argument."""
    for match in reversed(list(re.finditer(r", |\(|\[|\{|= ", text))):
        kept = text[: match.start()] + ("" if match[0] == ", " else match[0])
        yield kept + open_marks(kept)


def _values(text: str) -> Iterator[str]:
    """Rewrite values that Python cannot parse: texts without quotes, also in dicts and lists."""
    colon = ":" if is_head(text) else ""
    call = _CALL.fullmatch(text)
    if call and not colon:
        name, operator, function, inside = call.groups()
        arguments = ", ".join(_arguments(inside))
        start = f"{name} {operator} " if name else ""
        yield f"{start}[{function}({arguments})]" if operator == "+=" else f"{start}{function}({arguments})"
    if (assigned := re.fullmatch(r"([^\W\d]\w*)\s*=\s*(.+)", text, re.DOTALL)) and not colon:
        yield f"{assigned[1]} = {_as_value(assigned[2])}"
    if colon and re.match(r"(?:if|elif)\s", text):
        yield from _tests(first_word(text), text[len(first_word(text)) : -1].strip())
    if colon and (head := _HEAD.match(text)):
        yield f"{head[0].rstrip()} {_as_value(text[head.end() : -1])}:"


def _tests(word: str, test: str) -> Iterator[str]:
    """Yield the head of an If with its test as a comparison of two values, and as one value."""
    negated = re.match(r"not\s", test)
    compared = test[len("not") :].strip() if negated else test
    operator = _COMPARISON.search(compared, 1)
    left, right = (compared[: operator.start()], compared[operator.end() :].strip()) if operator else (compared, "")
    tail = f" {operator[0]} {_as_value(right)}" if operator and right else ""
    yield f"{word} {'not ' if negated else ''}{_as_value(left if tail else compared)}{tail}:"
    yield f"{word} {_as_value(test)}:"


_FIXES: dict[str, Callable[[str], Iterator[str]]] = {
    "head": _colons, "operator": _operators, "quotes": _quotes, "odd_key": _odd_keys, "comma": _commas, "closed": _closings,
    "value": _values, "cut_off": _cut_off,
}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# pieces


def outside_texts(text: str, change: Callable[[str], str]) -> str:
    """Return a statement with its parts between texts changed."""
    pieces = _TEXT.split(text)
    return "".join(piece if index % 2 else change(piece) for index, piece in enumerate(pieces))


def _value_at(text: str, start: int) -> str:
    """Return the value that begins at a place, up to the comma or bracket that ends it."""
    for match in re.finditer(r"[,)]", text[start:]):
        if not open_marks(text[start : start + match.start()]):
            return text[start : start + match.start()]
    return text[start:]


def _arguments(inside: str) -> Iterator[str]:
    """Yield the arguments of a call as Python, cut at their keys, since values have commas, too. Odd keys come last, as one `**{…}`."""
    inside = inside.strip()
    places = [match for match in re.finditer(r"(?:^|,)\s*([A-Za-z_][\w-]*)\s*=(?!=)", inside)]
    odd = []
    for match, following in zip(places, [*places[1:], None]):
        value = inside[match.end() : following.start() if following else len(inside)].strip()
        if following is None:
            value = value.removesuffix(")") if not readable(value) or value.endswith("))") or value == ")" else value
        if match[1].isidentifier():
            yield f"{match[1]}={_as_value(value)}"
        else:
            odd.append(f"{match[1]!r}: {_as_value(value)}")
    if odd:
        yield f"**{{{', '.join(odd)}}}"


def _as_value(text: str, depth: int = 0) -> str:
    """Return a text as an expression: as it is if Python can parse it, a dict or list with each item made one, else quoted."""
    text = text.strip().rstrip(",").strip()
    if text and "\n" not in text and _is_expression(text):
        return text
    if text[:1] in ("{", "[") and len(text) < 20_000 and depth < MAX_DEPTH:
        inner = text[1:-1] if text[-1:] in ("}", "]") else text[1:]
        items = _items(inner)
        if text[0] == "[":
            bare = not all(map(_is_expression, items))  # if one item lacks quotes, a lone word does, too
            return f"[{', '.join(repr(item) if bare and item.isidentifier() else _as_value(item, depth + 1) for item in items)}]"
        pairs = [pair for item in items if (pair := _pair(item, depth + 1))]
        if pairs or not items:
            return f"{{{', '.join(pairs)}}}"
    for quote in ("'''", '"""', "'", '"'):
        if text.startswith(quote) or text.endswith(quote):
            return repr(text.removeprefix(quote).removesuffix(quote))
    return repr(text)


def _is_expression(text: str) -> bool:
    tree = read_statement(text)
    return tree is not None and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr) and called(tree.body[0].value) not in HEADS


def _items(inner: str) -> list[str]:
    """Return the items of a list or dict, cut at the commas outside of brackets; only paired quotes count."""
    items, depth, start = [], 0, 0
    for match in _ITEM.finditer(inner):
        character = match[0]
        depth += (character in "([{") - (character in ")]}") if len(character) == 1 else 0
        if character == "," and depth <= 0:
            items.append(inner[start : match.start()].strip())
            start = match.end()
    return [item for item in [*items, inner[start:].strip()] if item]


def _pair(item: str, depth: int) -> str:
    """Return `key: value` of a dict, else "". The reference transcriber writes texts as `{"string": key}: {"string": value}`."""
    match = _STRING_PAIR.fullmatch(item) or _PAIR.fullmatch(item)
    if match is None:
        return ""
    key, value = match[1].strip(), match[2].strip()
    if string := _STRING.fullmatch(value):
        text = string[1].strip()
        value = text if _is_expression(text) else repr(text)
    return f"{key if _is_text(key) else repr(key)}: {_as_value(value, depth)}"


def _is_text(text: str) -> bool:
    tree = read_statement(text)
    return tree is not None and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant)
