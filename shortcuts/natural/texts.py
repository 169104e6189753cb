"""Text: f-strings with formats, string methods, regular expressions, encodings."""

from __future__ import annotations

import ast
import re
import string

from shortcuts.natural import dates, kinds, table
from shortcuts.natural.lowering import Lowering, integer, is_reference, shown
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import const, constant, is_none
from shortcuts.syntax.text import pieces

_NUMBER_FORMAT = re.compile(r"[,_]?\.([0-9])([f%])")
_PADDED_NUMBER = re.compile(r"0([1-9][0-9]?)d?")
_GROUP = re.compile(r"\\g<([0-9]+)>|\\([0-9]+)")
_FLAGS = {"re.I": False, "re.IGNORECASE": False, "re.M": None, "re.MULTILINE": None, "re.S": None, "re.DOTALL": None}
_INLINE = {"re.M": "m", "re.MULTILINE": "m", "re.S": "s", "re.DOTALL": "s"}


# ---------------------------------------------------------------------------------------------------------------------------------
# texts with values in them


@table.expression(ast.JoinedStr, examples=("f'{n:.2f}'", "f'{n:.1%}'", "f'{n:02d}'", "f'{t:%Y-%m-%d}'", "f'{s.upper()}!'"))
def _f_string(low: Lowering, node: ast.JoinedStr) -> ast.expr:
    return low.rebuilt(node, values=[_field(low, part) if isinstance(part, ast.FormattedValue) else part for part in node.values])


def _field(low: Lowering, node: ast.FormattedValue) -> ast.expr:
    if node.conversion not in (-1, ord("s")):
        raise DialectError(node.lineno, "!r and = show a value as Python writes it, which the app does not know; write {x}")
    if node.format_spec is None:
        shown_ = piece(low, node.value)
        return shown_ if isinstance(shown_, ast.Constant) else low.rebuilt(node, value=shown_, conversion=-1)
    parts = node.format_spec.values  # type: ignore[attr-defined]
    spec = "".join(part.value for part in parts if isinstance(part, ast.Constant))
    if not all(isinstance(part, ast.Constant) for part in parts):
        raise DialectError(node.lineno, "a format is written out: {x:.2f}")
    made = formatted(low, node.value, spec, node.lineno)
    return made if isinstance(made, ast.JoinedStr | ast.Constant) else ast.FormattedValue(made, -1, None)


def piece(low: Lowering, node: ast.expr) -> ast.expr:
    """Return an expression as it stands inside a text: a variable, or text. Python's dates are shown as Python does."""
    value = low.expr(node)
    number = constant(value, (int, float))
    if isinstance(value, ast.Constant) and (number is not None or isinstance(value.value, bool)):
        return const(str(value.value))
    if constant(value) is not None or (not is_reference(value) and pieces(value) is not None):
        return value
    value = low.ref_of(value, node)
    if low.kind(value) == kinds.FLAG:  # a number in the app
        shown_ = low.fresh("Text")
        low.run("if FLAG == 1:\n    TEXT = 'True'\nelse:\n    TEXT = 'False'", FLAG=value, TEXT=shown_)
        return ast.Name(shown_, ast.Load())
    if low.kind(value) in kinds.DATES and low.is_python(node, value):
        return dates.written(value, "yyyy-MM-dd" if low.kind(value) == kinds.DAY else "yyyy-MM-dd HH:mm:ss")
    return value


def formatted(low: Lowering, node: ast.expr, spec: str, line: int) -> ast.expr:
    """Return a value in one of Python's formats. Raises DialectError for a format that the app has no action for."""
    if "%" in spec[:-1]:
        return dates.written(low.ref(node), dates.pattern(spec, line))
    if spec in ("", "d", "s"):
        return piece(low, node)
    if padded := _PADDED_NUMBER.fullmatch(spec):
        return low.hoist(_filled(low, piece(low, node), "0", int(padded[1])))
    if not (match := _NUMBER_FORMAT.fullmatch(spec)):
        raise DialectError(line, f"{{x:{spec}}}: the app has no such format; it has {{x:.2f}}, {{x:,.0f}}, {{x:.1%}}, {{x:02d}} and "
                                 "{date:%Y-%m-%d}")  # fmt: skip
    value = low.number(node)
    if match[2] == "%":
        value = low.expr_of(low.value(ast.BinOp(value, ast.Mult(), const(100), lineno=line, col_offset=0)), node)
    number = low.hoist(low.action("format_number", WFNumber=value, WFNumberFormatDecimalPlaces=None if match[1] == "2" else int(match[1])))
    return ast.JoinedStr([ast.FormattedValue(number, -1, None), const("%")]) if match[2] == "%" else number


def text(low: Lowering, node: ast.expr) -> ast.expr:
    """Return an expression as the value of a field of text."""
    value = piece(low, node)
    return value if constant(value) is not None or is_reference(value) or pieces(value) is not None else low.ref_of(value, node)


def joined(low: Lowering, node: ast.BinOp, left: ast.expr, right: ast.expr) -> ast.expr:
    """Return the text that `+` makes of two texts. Raises DialectError for a number or a list among them."""
    for value, side in ((left, node.left), (right, node.right)):
        if (kind := low.kind(value)) not in (None, kinds.TEXT):
            raise DialectError(node.lineno, f"{shown(side)} is a {kind}, which Python does not add to a text; write f'{{x}} and {{y}}'")
    if left is node.left and right is node.right and pieces(node) is not None:
        return node
    parts = [const(constant(value)) if constant(value) is not None else ast.FormattedValue(value, -1, None) for value in (left, right)]
    return ast.JoinedStr(parts)


def repeated(low: Lowering, node: ast.BinOp, left: ast.expr, right: ast.expr) -> ast.expr:
    """Return a text n times; both are written out."""
    one, count = (left, right) if constant(left) is not None else (right, left)
    if constant(one) is None or integer(count) is None or len(constant(one)) * integer(count) > 10_000:  # type: ignore[operator]
        raise DialectError(node.lineno, "a text is repeated in a loop: for _ in range(n): text += x")
    return const(constant(one) * integer(count))  # type: ignore[operator]


@table.call("str", example="str(n)")
def _str(low: Lowering, object: ast.expr) -> ast.expr:
    value = piece(low, object)
    return value if low.kind(value) == kinds.TEXT else ast.JoinedStr([ast.FormattedValue(value, -1, None)])


@table.call("format", example="format(n, '.2f')")
def _format(low: Lowering, value: ast.expr, format_spec: ast.expr | None = None) -> ast.expr:
    return formatted(low, value, constant(format_spec) or "", value.lineno)


# ---------------------------------------------------------------------------------------------------------------------------------
# methods


def _case(method: str, name: str | None, example: str) -> None:
    @table.method(method, example=example)
    def change(low: Lowering, receiver: ast.expr) -> ast.expr:
        return low.action("text_changecase", WFCaseType=name, text=text(low, receiver))


_case("upper", "UPPERCASE", "s.upper()")
_case("lower", "lowercase", "s.lower()")
_case("casefold", "lowercase", "s.casefold()")
_case("title", "Capitalize Every Word", "s.title()")
_case("capitalize", "Capitalize with sentence case", "s.capitalize()")


def replaced(low: Lowering, value: ast.expr, find: str, replacement: str | None = None) -> ast.Call:
    """Return the action that replaces what a regular expression finds."""
    return low.action("text_replace", WFInput=value, WFReplaceTextFind=find, WFReplaceTextRegularExpression=True,
                      WFReplaceTextReplace=replacement)  # fmt: skip


def _stripped(low: Lowering, receiver: ast.expr, chars: ast.expr | None, sides: tuple[str, ...]) -> ast.expr:
    value, given = text(low, receiver), constant(chars)
    if chars is not None and given is None:
        raise DialectError(receiver.lineno, "strip() takes the letters to strip written out: x.strip('/')")
    letters = r"\s" if given is None else "[" + "".join(f"\\{c}" if not c.isalnum() else c for c in given) + "]"
    return replaced(low, value, "|".join(side.format(letters) for side in sides))


@table.method("strip", example="s.strip()")
def _strip(low: Lowering, receiver: ast.expr, chars: ast.expr | None = None) -> ast.expr:
    return _stripped(low, receiver, chars, (r"\A{}+", r"{}+\z"))


@table.method("lstrip", example="s.lstrip()")
def _lstrip(low: Lowering, receiver: ast.expr, chars: ast.expr | None = None) -> ast.expr:
    return _stripped(low, receiver, chars, (r"\A{}+",))


@table.method("rstrip", example="s.rstrip()")
def _rstrip(low: Lowering, receiver: ast.expr, chars: ast.expr | None = None) -> ast.expr:
    return _stripped(low, receiver, chars, (r"{}+\z",))


@table.method("removeprefix", example="s.removeprefix('a')")
def _removeprefix(low: Lowering, receiver: ast.expr, prefix: ast.expr) -> ast.expr:
    return replaced(low, text(low, receiver), r"\A" + _escaped(prefix))


@table.method("removesuffix", example="s.removesuffix('a')")
def _removesuffix(low: Lowering, receiver: ast.expr, suffix: ast.expr) -> ast.expr:
    return replaced(low, text(low, receiver), _escaped(suffix) + r"\z")


def _escaped(node: ast.expr) -> str:
    value = constant(node)
    if value is None:
        raise DialectError(node.lineno, f"{shown(node)}: this text is written out, in quotes")
    return re.escape(value)


@table.method("split", example="s.split(',')")
def _split(low: Lowering, receiver: ast.expr, sep: ast.expr | None = None, maxsplit: ast.expr | None = None) -> ast.expr:
    if maxsplit is not None:
        raise DialectError(receiver.lineno, "split() cuts at every separator here; take the parts by x[0], x[1:]")
    value = text(low, receiver)
    if sep is None or is_none(sep):
        return low.typed(low.action("text_match", WFMatchTextPattern=r"\S+", text=value), kinds.TEXTS)
    return split(low, value, text(low, sep))


def split(low: Lowering, value: ast.expr, separator: ast.expr) -> ast.Call:
    """Return the action that splits a text."""
    usual = {"\n": {}, " ": {"WFTextSeparator": "Spaces"}}.get(constant(separator) or "")
    if usual is not None:
        return low.action("text_split", text=value, **usual)
    return low.action("text_split", text=value, WFTextSeparator="Custom", WFTextCustomSeparator=separator)


@table.method("splitlines", example="s.splitlines()")
def _splitlines(low: Lowering, receiver: ast.expr) -> ast.expr:
    return low.action("text_split", text=text(low, receiver))


def iterated(low: Lowering, node: ast.expr) -> ast.expr:
    """Return what Python goes through, as a variable: the letters of a text, the keys of a dictionary, the items of others."""
    value = low.expr(node)
    kind = low.kind(value) if low.is_python(node, value) or isinstance(value, ast.JoinedStr) else None
    if kind == kinds.TEXT:
        parts = low.action("text_split", WFTextSeparator="Every Character", text=value)
    elif kind == kinds.DICTIONARY:
        parts = low.action("getvalueforkey", WFGetDictionaryValueType="All Keys", WFInput=low.ref_of(value, node))
    else:
        return low.ref_of(value, node)
    return low.ref_of(low.typed(parts, kinds.TEXTS), node)


@table.method("join", example="', '.join(xs)")
def _join(low: Lowering, receiver: ast.expr, iterable: ast.expr) -> ast.expr:
    separator, items = text(low, receiver), iterated(low, iterable)
    usual: dict[str, ast.expr | str] | None = {"\n": {}, " ": {"WFTextSeparator": "Spaces"}, "": {"WFTextSeparator": "Custom"}}.get(
        constant(separator) if constant(separator) is not None else "-")  # type: ignore[assignment]  # fmt: skip
    if usual is None:
        usual = {"WFTextSeparator": "Custom", "WFTextCustomSeparator": separator}
    return low.action("text_combine", text=items, **usual)


@table.method("replace", example="s.replace('a', 'b')")
def _replace(low: Lowering, receiver: ast.expr, *values: ast.expr, **fields: ast.expr) -> ast.expr:
    if fields:
        return dates.replaced(low, receiver, fields)
    if len(values) != 2:
        raise DialectError(receiver.lineno, "replace() takes two texts and replaces all: x.replace('a', 'b')")
    value, old, new = (text(low, node) for node in (receiver, *values))
    if constant(old) == "":
        raise DialectError(receiver.lineno, "replace(): there is nothing to look for in ''; '-'.join(x) puts a text between letters")
    return low.action("text_replace", WFInput=value, WFReplaceTextFind=old, WFReplaceTextReplace=_unless_empty(new))


def _unless_empty(value: ast.expr) -> ast.expr | None:
    """Return a replacement, None for an empty one, which the app does not write."""
    return None if constant(value) == "" else value


@table.method("zfill", example="s.zfill(3)")
def _zfill(low: Lowering, receiver: ast.expr, width: ast.expr) -> ast.expr:
    return _filled(low, text(low, receiver), "0", _width(width))


@table.method("rjust", example="s.rjust(8)")
def _rjust(low: Lowering, receiver: ast.expr, width: ast.expr, fillchar: ast.expr | None = None) -> ast.expr:
    return _filled(low, text(low, receiver), " " if fillchar is None else constant(fillchar) or " ", _width(width))


def _constant(name: str) -> None:
    @table.attribute(f"string.{name}", example=f"string.{name}")
    def read(low: Lowering) -> ast.expr:
        return const(getattr(string, name))


for _name in ("ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "punctuation"):
    _constant(_name)


def _width(node: ast.expr) -> int:
    if not 0 < (integer(node) or 0) < 100:
        raise DialectError(node.lineno, f"{shown(node)}: the width is written out, from 1 to 99")
    return integer(node) or 0


def _filled(low: Lowering, value: ast.expr, letter: str, width: int) -> ast.Call:
    """Return the action that fills a text up from the left: too many letters stand before it, and those that are not needed go."""
    filled = ast.JoinedStr([const(letter * width), value if isinstance(value, ast.Constant) else ast.FormattedValue(value, -1, None)])
    return replaced(low, filled, rf"\A{re.escape(letter)}{{0,{width}}}(?=[\s\S]{{{width}}})")


@table.method("count", example="s.count('a')")
def _count(low: Lowering, receiver: ast.expr, sub: ast.expr) -> ast.expr:
    value = low.expr(receiver)
    if low.kind(value) in kinds.LISTS:
        raise DialectError(receiver.lineno, "count() of a list: add them up in a loop, for y in x: if y == 'a': n += 1")
    return low.action("count", Input=low.hoist(low.action("text_match", WFMatchTextPattern=_escaped(sub), text=text(low, receiver))))


@table.method("encode", "decode", example="s.encode()")
def _encode(low: Lowering, receiver: ast.expr, encoding: ast.expr | None = None, errors: ast.expr | None = None) -> ast.expr:
    return low.expr(receiver)


def sliced(low: Lowering, value: ast.expr, node: ast.Subscript, start: int | None, stop: int | None) -> ast.expr:
    """Return the action that takes a part of a text by a regular expression; the places are known."""
    first = start or 0
    skipped = rf"\A[\s\S]{{0,{first}}}" if first > 0 else r"\A"
    if first >= 0 and stop is None:
        return replaced(low, value, skipped)
    if first >= 0 and stop is not None and stop >= 0:
        return replaced(low, value, rf"{skipped}([\s\S]{{0,{max(0, stop - first)}}})[\s\S]*\z", "$1")
    if first == 0 and stop is not None:
        return replaced(low, value, rf"[\s\S]{{0,{-stop}}}\z")
    if first < 0 and stop is None:
        return replaced(low, value, rf"\A[\s\S]*(?=[\s\S]{{{-first}}}\z)")
    raise DialectError(node.lineno, f"{shown(node)}: cut the text twice, x[1:] and then y[:-1]")


# ---------------------------------------------------------------------------------------------------------------------------------
# regular expressions


def _pattern(low: Lowering, pattern: ast.expr, flags: ast.expr | None) -> tuple[ast.expr, bool | None]:
    """Return a pattern, and False where letters of another case match, else None."""
    named = [] if flags is None else [flags.left, flags.right] if isinstance(flags, ast.BinOp) else [flags]
    paths = [low.path(flag) or "" for flag in named]
    if not set(paths) <= _FLAGS.keys():
        raise DialectError(pattern.lineno, "of the flags there are re.IGNORECASE, re.MULTILINE and re.DOTALL")
    inline = "".join(_INLINE.get(path, "") for path in paths)
    value = text(low, pattern)
    if inline and constant(value) is not None:
        value = const(f"(?{inline}){constant(value)}")
    return value, False if any(_FLAGS[path] is False for path in paths) else None


def matches(low: Lowering, pattern: ast.expr, string: ast.expr, flags: ast.expr | None, before: str = "", after: str = "") -> ast.Call:
    """Return the action that finds the matches of a pattern."""
    found, sensitive = _pattern(low, pattern, flags)
    if (before or after) and constant(found) is None:
        raise DialectError(pattern.lineno, "re.match() and re.fullmatch() take a pattern that is written out; use re.search()")
    if before or after:
        found = const(f"{before}(?:{constant(found)}){after}")
    return low.action("text_match", WFMatchTextPattern=found, text=text(low, string), WFMatchTextCaseSensitive=sensitive)


@table.call("re.findall", example="re.findall('[0-9]+', s)")
def _findall(low: Lowering, pattern: ast.expr, string: ast.expr, flags: ast.expr | None = None) -> ast.expr:
    found = matches(low, pattern, string, flags)
    groups = _groups(pattern)
    if groups == 0:
        return low.typed(found, kinds.TEXTS)
    if groups != 1:
        raise DialectError(pattern.lineno, "findall() with several groups: for m in re.finditer(p, x): and m.group(1), m.group(2)")
    match, groups_ = low.fresh("Match"), low.fresh("Groups")
    low.run("GROUPS = []\nfor MATCH in FOUND:\n    GROUPS.append(MATCH.group(1))", GROUPS=groups_, MATCH=match, FOUND=low.hoist(found))
    low.kinds[groups_] = kinds.TEXTS
    return ast.Name(groups_, ast.Load())


def _groups(pattern: ast.expr) -> int:
    """Return how many groups a pattern captures; 0 for one that is not written out."""
    try:
        return re.compile(constant(pattern) or "").groups
    except re.error as error:
        raise DialectError(pattern.lineno, f"{shown(pattern)} is no regular expression: {error}") from None


@table.call("re.finditer", example="re.finditer('[0-9]+', s)")
def _finditer(low: Lowering, pattern: ast.expr, string: ast.expr, flags: ast.expr | None = None) -> ast.expr:
    return matches(low, pattern, string, flags)


@table.call("re.search", example="re.search('[0-9]+', s)")
def _search(low: Lowering, pattern: ast.expr, string: ast.expr, flags: ast.expr | None = None) -> ast.expr:
    found = low.hoist(matches(low, pattern, string, flags))
    return low.typed(low.action("getitemfromlist", WFInput=found), kinds.MATCH)


@table.call("re.match", example="re.match('[0-9]+', s)")
def _match(low: Lowering, pattern: ast.expr, string: ast.expr, flags: ast.expr | None = None) -> ast.expr:
    return matches(low, pattern, string, flags, r"\A")


@table.call("re.fullmatch", example="re.fullmatch('[0-9]+', s)")
def _fullmatch(low: Lowering, pattern: ast.expr, string: ast.expr, flags: ast.expr | None = None) -> ast.expr:
    return matches(low, pattern, string, flags, r"\A", r"\z")


@table.method("group", example="re.search('id=([0-9]+)', s).group(1)")
def _group(low: Lowering, receiver: ast.expr, number: ast.expr | None = None) -> ast.expr:
    found, index = low.ref(receiver), 0 if number is None else integer(number)
    if index is None:
        raise DialectError(receiver.lineno, "group() takes the number of a group; a group's name is not kept")
    if index == 0:
        return found if low.kind(found) == kinds.MATCH else low.action("getitemfromlist", WFInput=found)
    return low.action("text_match_getgroup", matches=found, WFGroupIndex=None if index == 1 else index)


@table.call("re.sub", example="re.sub('[0-9]+', '#', s)")
def _sub(low: Lowering, pattern: ast.expr, repl: ast.expr, string: ast.expr, count: ast.expr | None = None,
         flags: ast.expr | None = None) -> ast.expr:  # fmt: skip
    if count is not None:
        raise DialectError(pattern.lineno, "re.sub() replaces every match here; leave count out")
    if isinstance(repl, ast.Lambda):
        raise DialectError(repl.lineno, "a replacement is one text, in which \\1 is the first group: "
                                        f"re.sub('([0-9]+)', r'<\\1>', {shown(string)})")  # fmt: skip
    found, sensitive = _pattern(low, pattern, flags)
    replacement = text(low, repl)
    if "\\" in _GROUP.sub("", constant(repl) or ""):
        raise DialectError(repl.lineno, "in a replacement \\1 or \\g<1> is the first group, and nothing else stands behind a \\")
    if constant(replacement):
        replacement = const(_GROUP.sub(lambda found: f"${found[1] or found[2]}", constant(replacement).replace("$", r"\$")))
    return low.action("text_replace", WFInput=text(low, string), WFReplaceTextFind=found, WFReplaceTextRegularExpression=True,
                      WFReplaceTextReplace=_unless_empty(replacement), WFReplaceTextCaseSensitive=sensitive)  # fmt: skip


@table.call("re.split", example="re.split('[,;]', s)")
def _re_split(low: Lowering, pattern: ast.expr, string: ast.expr, flags: ast.expr | None = None) -> ast.expr:
    found, sensitive = _pattern(low, pattern, flags)
    if _groups(pattern):
        raise DialectError(pattern.lineno, "re.split() takes a pattern without groups: write (?:…)")
    mark = "\ue000"  # a letter for private use, which no text has
    cut = low.action("text_replace", WFInput=text(low, string), WFReplaceTextFind=found, WFReplaceTextRegularExpression=True,
                     WFReplaceTextReplace=mark, WFReplaceTextCaseSensitive=sensitive)  # fmt: skip
    return split(low, low.hoist(cut), const(mark))


@table.call("re.compile", example="re.findall('[0-9]+', s)")
def _compile(low: Lowering, pattern: ast.expr, flags: ast.expr | None = None) -> ast.expr:
    raise DialectError(pattern.lineno, "a pattern is not compiled before; write it where it is used: re.findall('[0-9]+', x)")


@table.call("re.escape", example="re.escape('a.b')")
def _re_escape(low: Lowering, pattern: ast.expr) -> ast.expr:
    return const(_escaped(pattern))


# ---------------------------------------------------------------------------------------------------------------------------------
# encodings


@table.call("urllib.parse.quote", "urllib.parse.quote_plus", "quote", example="urllib.parse.quote(s)")
def _quote(low: Lowering, string: ast.expr, safe: ast.expr | None = None) -> ast.expr:
    return low.action("urlencode", WFInput=text(low, string))


@table.call("urllib.parse.unquote", "urllib.parse.unquote_plus", "unquote", example="urllib.parse.unquote(s)")
def _unquote(low: Lowering, string: ast.expr) -> ast.expr:
    return low.action("urlencode", WFEncodeMode="Decode", WFInput=text(low, string))


@table.call("base64.b64encode", example="base64.b64encode(s.encode()).decode()")
def _b64encode(low: Lowering, s: ast.expr) -> ast.expr:
    return low.action("base64encode", WFBase64LineBreakMode="None", WFInput=low.ref(s))


@table.call("base64.b64decode", example="base64.b64decode(s).decode()")
def _b64decode(low: Lowering, s: ast.expr) -> ast.expr:
    return low.action("base64encode", WFEncodeMode="Decode", WFInput=low.ref(s))


def _hash(function: str, kind: str | None) -> None:
    @table.call(f"hashlib.{function}", example=f"hashlib.{function}(s.encode()).hexdigest()")
    def make(low: Lowering, data: ast.expr) -> ast.expr:
        return low.action("hash", WFHashType=kind, WFInput=low.ref(data))


_hash("md5", None)
_hash("sha1", "SHA1")
_hash("sha256", "SHA256")
_hash("sha512", "SHA512")


@table.method("hexdigest", example="hashlib.md5(s.encode()).hexdigest()")
def _hexdigest(low: Lowering, receiver: ast.expr) -> ast.expr:
    return low.value(receiver)
