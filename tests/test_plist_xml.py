"""XML property lists: what is written is read back unchanged, whatever the texts hold, and nothing is lost without a word.

The yardstick is what Apple's parser does (the open CoreFoundation, CFPropertyList.c), and plistlib where it is exact.
"""

from __future__ import annotations

import plistlib
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortcuts.plist import PlistError, parse_xml, read_shortcut, same, write_binary, write_xml
from shortcuts.plist import xml as xml_lists

HARD = "\r\n\t\0\x01\x14\x1f\x7f\x85\u2028\ufeff\ufdd0\ufdd1\ufffe\uffff\U000f0041\U000fffff\U0001f600<>&]\"' a;"
TEXT = st.text(max_size=12) | st.text(st.sampled_from(HARD), max_size=12)  # without surrogates
LEAVES = (TEXT | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats() | st.binary(max_size=99)
          | st.datetimes().map(lambda date: date.replace(microsecond=0)) | st.builds(plistlib.UID, st.integers(0, (1 << 32) - 1)))
TREES = st.recursive(LEAVES, lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4), max_leaves=12)


def value_of(element: str, encoding: str = "utf-8") -> Any:
    """Return what an element is read as."""
    return parse_xml(f'<?xml version="1.0" encoding="{encoding}"?>\n<plist version="1.0">{element}</plist>'.encode(encoding))


def code_of(element: str) -> str:
    with pytest.raises(PlistError) as error:
        value_of(element)
    assert error.value.detail and "\n" not in error.value.detail
    return error.value.code


# ---------------------------------------------------------------------------------------------------------------------------------
# both ways


@given(TREES)
def test_what_is_written_is_read_back_unchanged(tree: Any) -> None:
    assert same(parse_xml(write_xml(tree)), tree)


@given(TEXT)
def test_a_text_is_the_same_in_xml_in_binary_and_in_utf_16(text: str) -> None:
    tree = {"WFWorkflowActions": [], text: text}
    data = write_xml(tree)
    assert same(read_shortcut(data), tree) and same(read_shortcut(write_binary(tree)), tree)
    declared = data.decode().replace("UTF-8", "UTF-16", 1)
    for encoding in ("utf-16", "utf-16-le"):
        assert same(read_shortcut(declared.encode(encoding)), tree)


@given(TREES)
def test_what_is_written_is_read_by_plistlib_as_far_as_it_reads_such_texts(tree: Any) -> None:
    data = write_xml(tree)
    if "CF$UID" not in data.decode() and not any(character in data.decode() for character in xml_lists.FORBIDDEN):
        assert same(plistlib.loads(data, fmt=plistlib.FMT_XML), tree)


@given(st.lists(st.sampled_from(["\r", "\n", "\r\n", "\x14", "a", "é", "\U0001f600"]), max_size=8).map("".join))
def test_raw_texts_keep_the_ends_of_their_lines_and_control_characters(text: str) -> None:
    for element in (f"<string>{text}</string>", f"<string><![CDATA[{text}]]></string>"):
        for encoding in ("utf-8", "utf-16"):
            assert value_of(element, encoding) == text
    assert value_of(f"<dict><key>{text}</key><true/></dict>") == {text: True}


@pytest.mark.parametrize("tree, code", [("\ud83d", "not_unicode"), ({"\udc00": 1}, "not_unicode"), (1 << 64, "bad_plist"), (-(1 << 63) - 1, "bad_plist"),
                                        (datetime(2026, 1, 1, microsecond=1), "not_exact"), ({"CF$UID": 1}, "not_exact"), ({1}, "bad_type")])
def test_what_xml_cannot_hold_is_not_written(tree: Any, code: str) -> None:
    with pytest.raises(PlistError) as error:
        write_xml(tree)
    assert error.value.code == code


# ---------------------------------------------------------------------------------------------------------------------------------
# carriage returns and control characters


def test_ranges_fit_a_text_with_carriage_returns() -> None:
    """The variable stands at place 3, which it does not where CR LF becomes LF."""
    text = "<dict><key>string</key><string>a\r\n\ufffc</string><key>attachmentsByRange</key><dict><key>{3, 1}</key><dict/></dict></dict>"
    assert value_of(text)["string"].index("\ufffc") == 3


@pytest.mark.parametrize("element, value", [
    ("<string>a&#13;&#10;b\r&#10;</string>", "a\r\nb\r\n"), ("<string>&#13;\r\n&#xD;</string>", "\r\r\n\r"),
    ("<array\r\n>\r\n<true\r/>\r\n</array\r\n>", [True]), ("<!-- \r\n\x01 --><string>a</string>", "a"),
    ("<integer>\r\n5\r\n</integer>", 5), ("<data>\r\nQUJD\r\n\tREVG\r\n</data>", b"ABCDEF"),
    ("<string>&#xFDD0;\U000f0041\x01</string>", "\ufdd0\U000f0041\x01"),
    ("<string>\ufdd0\U000f0041</string>", "\ufdd0\U000f0041"), ("<string>a&#x14;&#20;&#0;&#xFFFE;&#65535;\x14&#65;</string>", "a\x14\x14\0\ufffe\uffff\x14A"),
    ("<string><![CDATA[&#20;\x14]]></string>", "&#20;\x14"), ("<string>&amp;#20;&#x26;#20;</string>", "&#20;&#20;"),
])  # fmt: skip
def test_carriage_returns_count_in_texts_alone(element: str, value: Any) -> None:
    assert same(value_of(element), value)


def test_in_other_encodings_carriage_returns_are_kept_and_control_characters_refused() -> None:
    assert value_of("<string>é\r\nb\r</string>", "iso-8859-1") == "é\r\nb\r"
    with pytest.raises(PlistError, match="bad_xml"):
        value_of("<string>é\x14</string>", "iso-8859-1")


@pytest.mark.parametrize("element", ["<str\x01ing/>", "\x01<true/>", "<array>\x01</array>", "<true>\x01</true>", "<integer>\x01</integer>",
                                     "<real>1\x00</real>", "<data>QQ==\x01</data>", "<date>2026-01-31T23:59:59Z\x01</date>"])
def test_control_characters_count_in_texts_alone(element: str) -> None:
    assert code_of(element) == "bad_xml"


def test_control_characters_are_bounded_like_all_else_that_costs() -> None:
    assert code_of("<string>" + "\x01" * (xml_lists.MAX_XML_TOKENS + 1) + "</string>") == "too_large"


# ---------------------------------------------------------------------------------------------------------------------------------
# numbers, data, and elements out of place


@pytest.mark.parametrize("element, value", [
    ("<integer>0x1F</integer>", 31), ("<integer>-0Xff</integer>", -255), ("<integer>+7</integer>", 7), ("<integer> - 007 </integer>", -7),
    ("<integer>18446744073709551615</integer>", (1 << 64) - 1), ("<real>1</real>", 1.0), ("<real>-0.0</real>", -0.0), ("<real>.5e-3</real>", 0.0005),
    ("<real>nan</real>", float("nan")), ("<real>+infinity</real>", float("inf")), ("<real>-Inf</real>", float("-inf")),
    ("<real>0.10000000000000001</real>", 0.1), ("<real>5e-324</real>", 5e-324), ("<data/>", b""), ("<data> Q Q =\n= </data>", b"A"),
    ("<string/>", ""), ("<dict/>", {}), ("<array></array>", []), ("<dict><key/><string/></dict>", {"": ""}),
    ("<dict><key>a</key><true/><key>a</key><false/></dict>", {"a": False}), ("<dict><key>CF$UID</key><integer>5</integer></dict>", plistlib.UID(5)),
    ("<dict><key>CF$UID</key><string>5</string></dict>", {"CF$UID": "5"}), ("<string>a<!-- b -->c</string>", "ac"),
    ("<string>&lt;&amp;&#x1F600;<![CDATA[<&amp;]]></string>", "<&\U0001f600<&amp;"),
])  # fmt: skip
def test_values_are_read_as_apples_parser_does(element: str, value: Any) -> None:
    assert same(value_of(element), value)


@pytest.mark.parametrize("element", [
    "<integer>1_000</integer>", "<integer>٣</integer>", "<integer/>", "<integer>0x</integer>", "<integer>1.5</integer>", "<real>1_0.5</real>",
    "<real>１</real>", "<real/>", "<real>0x1p3</real>", "<data>QQ</data>", "<data>QQ==QQ==</data>", "<data>QUJ-</data>", "<date/>", "<true>no</true>",
    "<string>a<b>c</b>d</string>", "<string>a<true/></string>", "<array>text<true/></array>", "<array><foo/></array>", "<array><key>a</key></array>",
    "<dict><true/></dict>", "<dict><key>a</key></dict>", "<dict><key/></dict>", "<dict><key/><key>a</key><true/></dict>", "<true/><true/>", "", "<plist/>",
    "<dict><key>a</key>b<true/></dict>", "<string>&#1;<![CDATA[]]></string>", "<string>&#xD83D;</string>", "<string>&#x110000;</string>",
    "<string>&#X14;</string>", "&#1;<true/>",
])  # fmt: skip
def test_what_plistlib_would_lose_or_bend_is_refused(element: str) -> None:
    assert code_of(element) == "bad_xml"


def test_a_page_in_the_place_of_a_property_list_is_called_one() -> None:
    with pytest.raises(PlistError, match="not_a_shortcut: .*<html>"):
        parse_xml(b"<html><body>Not found</body></html>")
