"""The rules of the dialect's grammar that are the same for every set of APIs: names, text, values, conditions, blocks.

They are Lark as llguidance reads it: words in capitals are terminals, one regular expression each, the others are rules. A rule `x::_` has
a number of 64 bits with it, each of which says that a keyword argument was given. The forms follow what to_python prints; the modules
named in common/dialect/__init__.py say what each of them means.

llguidance's lexer takes the longest match and never goes back: no literal may go on from where another terminal could have ended, and
then fail. That is why `for _ in range(` is spelled in pieces.
"""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from common.dialect import header
from common.dialect.conditions import OPERANDS
from common.dialect.syntax import is_keyword_name
from common.dialect.vocabulary import COERCIONS, GLOBALS, HELPERS, RULE_OPERATORS, SIMPLE_ENVELOPES

MAX_COMMENT = 240  # characters of a comment that a model writes
MAX_BITS = 64  # of the number that a rule carries: so many keywords of a call can be told apart
MAX_FIELDS = 8  # of '… {} …'.format(…), which is written only where an f-string cannot be; real shortcuts have up to 7

# What is no single character to Python or to str.splitlines, to_python escapes.
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_ESCAPE = (r"\\[\\'\x22nrt]|\\x[0-9a-f]{2}|\\u[0-9a-ce-f][0-9a-f]{3}|\\ud[0-7][0-9a-f]{2}|\\U000[1-9a-f][0-9a-f]{4}"
           r"|\\U0010[0-9a-f]{4}")  # fmt: skip
_PIECE = rf"[^'\x22\\{{}}{_CONTROL}]|{_ESCAPE}"  # of a text, whatever its quotes
# A name has 48 characters and a number. The identifiers of Python 3.10, which later ones have, too; Unicode 16 has four marks more.
_ANY_NAME = r"[\p{XID_Start}_&&\p{Age=13.0}][\p{XID_Continue}&&\p{Age=13.0}&&[^\u200c\u200d\u30fb\uff65]]{0,55}"
# For new programs: Latin, Greek, Cyrillic, Hebrew, Arabic, Devanagari, Thai, kana, Chinese, Korean. All of Unicode compiles half as fast.
_LETTERS = (r"A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0391-\u03a1\u03a3-\u03ce\u0400-\u0481\u048a-\u052f\u05d0-\u05ea\u0620-\u064a"
            r"\u0904-\u0939\u0e01-\u0e30\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fef\uac00-\ud7a3")  # fmt: skip
_NEW_NAME = rf"[{_LETTERS}][{_LETTERS}0-9\u0300-\u036f\u064b-\u0669\u0900-\u0963\u0e01-\u0e3a\u0e40-\u0e4e]{{0,55}}"
_DIGITS = "(0|[1-9][0-9]{0,30})"

_DATE_WORDS = ("style", "time", "relative", "pattern", "iso_time")
_RULE_WORDS = ("String", "Number", "Unit", "Bool", "Date", "AnotherDate", "AnotherNumber", "Enumeration", "Values", "Bounded", "Removable",
               "VariableOverrides", "ExtraEditingLine", "TransitionRequired")  # fmt: skip
_FILTER_WORDS = ("WFContentPredicateBoundedDate", "WFContentItemLimitEnabled", "WFContentItemLimitNumber")
_WHEN_WORDS = ("WFCondition", "WFConditionalLegacyComparisonBehavior", *OPERANDS)
_MENU_WORDS = ("WFMenuLegacyCancelBehavior", "WFMenuItems")


class Keyword(NamedTuple):
    """A keyword argument: its key, and the rule of its value. A key that is no identifier stands in `**{…}`."""

    key: str
    value: str
    required: bool = False


def quoted(text: str) -> str:
    """A literal of the grammar."""
    return json.dumps(text, ensure_ascii=False)


def rule(name: str, alternatives: Iterable[str]) -> str:
    """A rule, or a terminal if its name is in capitals."""
    return f"{name}: " + "\n  | ".join(alternatives) + "\n"


def keywords(name: str, words: Sequence[Keyword], any_key: str = "") -> str:
    """The rules of keyword arguments in any order, none twice, with those that are required, up to the closing parenthesis.

    `name::0x0` begins after a parenthesis, `name_more::0x0` after an argument. `any_key` is the rule of the value of one keyword more,
    whatever its key: one, since Python does not parse a key that is given twice. The required ones come first in `words`.
    """
    needed = sum(word.required for word in words)
    enough = f" %if is_ones([0:{needed}])" if needed else ""
    plain = {bit: word for bit, word in enumerate(words) if is_keyword_name(word.key)}
    odd = {bit: word for bit, word in enumerate(words) if bit not in plain}
    given = [_given(bit, f"{word.key}=", word.value, f"{name}_more") for bit, word in plain.items()]
    given += [f"ANY_KEY {any_key} {name}_more::set_bit({len(words)}) %if bit_clear({len(words)})"] if any_key else []
    given += [f'"**{{" {name}_odd::_'] if odd else []
    text = rule(f"{name}::_", [f'")"{enough}', *given])
    text += rule(f"{name}_more::_", [f'")"{enough}', *([f'", " {name}_some::_'] if given else [])])
    text += rule(f"{name}_some::_", given) if given else ""
    if odd:
        text += rule(f"{name}_odd::_", [_given(bit, f"{word.key!r}: ", word.value, f"{name}_rest") for bit, word in odd.items()])
        text += rule(f"{name}_rest::_", [f'"}})"{enough}', f'", " {name}_odd::_'])
    return text


def _given(bit: int, key: str, value: str, rest: str) -> str:
    return f"{quoted(key)} {value} {rest}::set_bit({bit}) %if bit_clear({bit})"


def _words(names: Iterable[str], value: str) -> list[Keyword]:
    return [Keyword(name, value) for name in names]


# ---------------------------------------------------------------------------------------------------------------------------------
# names, numbers, text


def terminals(everything: bool) -> str:
    """The terminals. Where not everything can be written, a name does not begin as an API does: that would be an API that is not there."""
    text = rf"(?:{_PIECE}|\{{\{{|\}}\}})*"
    templates = {count: rf"(?:{text}\{{\}}){{{count}}}{text}" for count in range(1, MAX_FIELDS + 1)}
    formats = "".join(rf"FORMAT_{count}: /'{text}'\.format\(|\x22{text}\x22\.format\(/" "\n" for count, text in templates.items())
    years = "[1-9][0-9]{0,3}, "
    dates = [r"([1-9]|1[0-2]), ([1-9]|1[0-9]|2[0-8])", r"([13-9]|1[0-2]), (29|30)", r"([13578]|1[02]), 31"]
    return rf"""
NAME: {rf"/{_ANY_NAME}/ & ~(KEYWORD | HELPER)" if everything else rf"/{_NEW_NAME}/ & ~(KEYWORD | HELPER | /(is_workflow|com)_.*/)"}
ANY_KEY: (/[A-Za-z_][A-Za-z0-9_]{{0,55}}/ & ~KEYWORD) "="
{rule("KEYWORD", map(quoted, sorted({*keyword.kwlist, *keyword.softkwlist})))}
{rule("HELPER", map(quoted, sorted(HELPERS)))}
INTEGER: /-?{_DIGITS}/
NUMBER: /-?{_DIGITS}(\.[0-9]{{1,17}})?|-?[1-9](\.[0-9]{{1,16}})?e(-[0-9]{{2,3}}|\+[12]?[0-9]{{2}}|\+30[0-7])/
STRING: /'(?:{_PIECE}|[\x22{{}}])*'|\x22(?:{_PIECE}|['{{}}])*\x22/
INNER_SINGLE: /'[^'\x22\\#{{}}{_CONTROL}]*'/
INNER_DOUBLE: /\x22[^'\x22\\#{{}}{_CONTROL}]*\x22/
F_SINGLE: /(?:{_PIECE}|\x22)+/
F_DOUBLE: /(?:{_PIECE}|')+/
{formats}COMMENT: /{f"#[^{_CONTROL}]*" if everything else f"# [^# {_CONTROL}][^#{_CONTROL}]{{0,{MAX_COMMENT}}}"}/
PLAN: /Thought:\s*([^\s`]|`{{1,2}}[^`])([^`]|`{{1,2}}[^`])*\n\nCode:\n```python\n/
FENCE: "```"
{rule("GLOBAL", (quoted(f"{helper}()") for helper in GLOBALS))}
{rule("COERCION", (quoted(f"{helper}(") for helper in COERCIONS))}
{rule("SIMPLE", (quoted(f"{helper}(") for helper in SIMPLE_ENVELOPES if helper != "array"))}
BASE64: /'([A-Za-z0-9+\/]{{4}})*([A-Za-z0-9+\/]{{2}}==|[A-Za-z0-9+\/]{{3}}=)?'/
DATE: /{"|".join(years + date for date in dates)}/
TIME: /(, (1?[0-9]|2[0-3])(, [1-5]?[0-9]){{0,2}}(, [1-9][0-9]{{0,5}})?)?/
{rule("OPERATOR", (quoted(repr(word)) for word in RULE_OPERATORS))}
"""


def _variable_rules(name: str, key: str, everything: bool) -> str:
    """A variable and its parts; `key` is the terminal of texts in it: inside an f-string they must not have its quotes."""
    bases = ["read", f'"ask_each_time(" {key} ")"', "GLOBAL", f'"variable(" {key} ")"']
    bases += ['"later(" NAME ")"', f'"missing(" {key} (", " INTEGER)? ")"'] if everything else []
    steps = [f'"[" {key} "]"', '"." (NAME | HELPER)', f'"." "property(" {key} (", " ({key} | NUMBER | "True" | "False" | "{{}}"))? ")"',
             f'"." "formatted(" ({key} ")" | {name}_format::0x0)', f'"." "in_unit(" {key} ", " {key} ")"']  # fmt: skip
    return (rule(name, [*bases, f'COERCION {name} ")"', f'"as_type(" {name} ", " {key} ")"', *(f"{name} {step}" for step in steps)])
            + keywords(f"{name}_format", _words(_DATE_WORDS, f"{name}_style"))
            + rule(f"{name}_style", [key, '"True"', '"False"', '"None"']))  # fmt: skip


def text_rules(everything: bool) -> str:
    """Variables and text. `read`, the rule of the names that are read, is the caller's."""
    pieces = {"single": "F_SINGLE", "double": "F_DOUBLE"}
    quotes = {"single": "'", "double": '"'}
    text = _variable_rules("variable", "STRING", everything)
    text += _variable_rules("in_single", "INNER_DOUBLE", everything) + _variable_rules("in_double", "INNER_SINGLE", everything)
    for kind, piece in pieces.items():
        quote = quotes[kind]
        plain = f'({piece} | "{{{{" | "}}}}")*'
        text += f'f_{kind}: {quoted("f" + quote)} {plain} ("{{" in_{kind} "}}" {plain})+ {quoted(quote)}\n'
    formats = [f'FORMAT_{count} variable' + ' ", " variable' * (count - 1) + ' ")"' for count in range(1, MAX_FIELDS + 1)]
    return text + rule("filled", ["f_single", "f_double", *formats]) + rule("text", ["STRING", "filled"])


# ---------------------------------------------------------------------------------------------------------------------------------
# values


def value_rules(everything: bool) -> str:
    """Values: literals, variables, envelopes."""
    uuid = ['STRING ": uuid_of(" (NAME | "missing(" STRING (", " INTEGER)? ")") ")"'] if everything else []
    envelopes = [
        'SIMPLE value ")"', '"array(" (value | typed_list) ")"', '"attachment(" variable ")"', '"dictionary(" typed_dict ")"',
        '"quantity(" (value | "None") ", " STRING ")"', '"time_offset(" value ", " value ", " value ")"',
        '("filter_all(" | "filter_any(") (filter_words::0x0 | row (", " row)* filter_words_more::0x0)', '"data(" BASE64 ")"',
        '"datetime(" DATE TIME ")"', '"uid(" INTEGER ")"',
    ]  # fmt: skip
    return f"""
value: text | NUMBER | "True" | "False" | infinite | variable | list | plain_dict | envelope
infinite: "float('" ("inf" | "-inf" | "nan") "')"
list: "[" (value (", " value)*)? "]"
plain_dict: "{{" (entry (", " entry)*)? "}}"
{rule("entry", ['STRING ": " value', *uuid])}
{rule("envelope", envelopes)}
typed_dict: "{{" (typed_entry (", " typed_entry)*)? "}}"
typed_entry: text ": " item
typed_list: "[" (item (", " item)*)? "]"
item: text | NUMBER | "True" | "False" | variable | typed_dict | typed_list | as_is | "number(" (text | variable) ")"
  | ("boolean(" | "file(" | "dictionary_choice(" | "array_choice(") value ")"
as_is: "plain(" (plain_dict | list | STRING | NUMBER) ")"
row: ("rule(" | "legacy_rule(") STRING ", " (OPERATOR | INTEGER) row_words_more::0x0
{keywords("row_words", _words(_RULE_WORDS, "row_value"), "row_value")}
row_value: value | "None"
{keywords("filter_words", _words(_FILTER_WORDS, "row_value"), "row_value")}
"""


# ---------------------------------------------------------------------------------------------------------------------------------
# conditions and blocks

_CONDITIONS = f"""
test: condition | condition (" and " condition)+ | condition (" or " condition)+ | ("all_of(" | "any_of(") condition (", " condition)* ")"
condition: subject | "not " subject | subject COMPARISON operand | operand " in " subject | operand " not in " subject
  | subject "." ("startswith(" | "endswith(") operand ")" | "is_today(" subject ")"
  | ("is_within_next(" | "is_within_last(") subject ", " operand ")" | operand " <= " subject " <= " operand
  | "when(" (condition when_words_more::0x0 | when_words::0x0)
COMPARISON: " == " | " != " | " < " | " <= " | " > " | " >= "
subject: variable | "previous_output()"
operand: value | "None"
{keywords("when_words", _words(_WHEN_WORDS, "value"), "value")}
"""


_BLOCKS = """
lines@: line@ | lines@ line@
line@: note@ INDENT step "\\n" | if@ result_if@? | for@ result_for@? | match@ result_match@?
note@: (INDENT COMMENT "\\n")*
suite@: note@ INDENT "pass\\n" | lines@
marked@: suite@ | note@ INDENT "marker(" own_words "\\n" lines@?
result_if@: note@ INDENT (NAME " = ")? "if_result(" own_words "\\n"
result_for@: note@ INDENT (NAME " = ")? "repeat_results(" own_words "\\n"
result_match@: note@ INDENT (NAME " = ")? "menu_result(" own_words "\\n"
if@: note@ INDENT "if " test ":\\n" suite> elif@* else@?
elif@: note@ INDENT "elif " (test | "otherwise_if(" test? ")") ":\\n" suite>
else@: note@ INDENT "else:\\n" marked>
for@: note@ INDENT "for " for_head ":\\n" suite>
match@: note@ INDENT "match " menu ":\\n" case>+ | note@ INDENT menu "\\n"
case@: note@ INDENT ("case " STRING | "case _ if item(" value? ")") ":\\n" marked>
"""


def _block_rules(depth: int) -> str:
    """Statements and blocks, the rules of each level of indentation spelled out.

    A level could be the number of one rule, but llguidance keeps an item for each block behind such a rule, and gives up at 2,000.
    """
    levels = [_BLOCKS.replace("@", f"_{level}").replace(">", f"_{level + 1}").replace("INDENT", quoted("    " * level) if level else "")
              for level in range(depth)]  # fmt: skip
    innermost = quoted("    " * depth)
    return "".join(levels) + f"""
suite_{depth}: note_{depth} {innermost} ("pass\\n" | step "\\n")
marked_{depth}: suite_{depth}
note_{depth}: ({innermost} COMMENT "\\n")*
case_{depth}: note_{depth} {innermost} "case " STRING ":\\n" "{'    ' * (depth + 1)}pass\\n"
"""


def program_rules(depth: int) -> str:
    """Statements and blocks, nested up to `depth` levels of indentation."""
    words = [Keyword(word, "header_value") for word in (*header.SHORT_NAMES, "WFWorkflowIsDisabledOnLockScreen", "WFWorkflowVariables")]
    return f"""
program: header? lines_0 | automated
header: (COMMENT "\\n")* "workflow(" header_words::0x0 "\\n"
{keywords("header_words", words, "header_value")}
header_value: value | "None" | "EVERYTHING" | "EVERYTHING_BUT_FOLDERS"
{_block_rules(depth)}
own_words: ")" | ANY_KEY value ")"
for_head: "_" " in " (counted | "range(" value ")" | each) | NAME " in " (counted | "range(1, " (INTEGER | value " + 1") ")" | each)
  | NAME ", " NAME " in " "enumerate(" each ", start=1)"
counted: "repeat_count(" (value (", " own_words | ")") | own_words)
each: value | "previous_output()" | "repeat_each(" (value (", " own_words | ")") | own_words)
menu: "menu(" (menu_words::0x0 | value menu_words_more::0x0)
{keywords("menu_words", [Keyword("items", "menu_items"), *_words(_MENU_WORDS, "value")], "value")}
menu_items: typed_list | variable | as_is | "None"
unknown_words: (ANY_KEY value (", " ANY_KEY value)* (", **{{" entry (", " entry)* "}}")? | "**{{" entry (", " entry)* "}}") ")"
{keywords("ask_words", [Keyword("question", "value"), Keyword("default", "row_value")])}
"""


def fixed_rules(depth: int, everything: bool) -> str:
    """All of the rules above. A model that writes comments gets to write one above a statement: small ones never come to an end of them."""
    program = program_rules(depth) if everything else program_rules(depth).replace('COMMENT "\\n")*', 'COMMENT "\\n")?')
    return "".join([program, _CONDITIONS, value_rules(everything), text_rules(everything), terminals(everything)])
