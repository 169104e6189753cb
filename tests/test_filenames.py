"""File names of untrusted texts: in their folder, apart from each other, and no device. `python -m pytest tests/test_filenames.py`."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.filenames import record_name, safe_name, words

BAD = ["", ".", "..", "../../evil", "/abs", "x/../../y", "a\0b", "a" * 300, "é" * 300, "CON", "con", "con.txt", "LPT1", "nul.", "-rf", ".hidden", "a\nb", "x ", "x.",
       "C:\\x", "a:b", "$(touch pwned)", '";id;"', "\ud800", "\u202egnp.exe", "~", "~root", "a~b", "aux_"]  # fmt: skip
texts = st.one_of(st.text(), st.text("aA.-_~/é\u0301", max_size=6), st.sampled_from(BAD))


def one_on_some_system(name: str) -> str:
    """Return what a file system makes of a name that ignores case and folds accents together."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold()).upper()


@given(texts, texts)
@example("X", "x")
@example("e\u0301", "é")
@example("x", "x.")
def test_different_texts_have_different_names_in_the_folder(one: str, two: str) -> None:
    for name in (safe_name(one), record_name(two, one)):
        assert Path("folder", name).parent == Path("folder") and Path(name).name == name not in ("", ".", "..")
        assert not name.startswith((".", "-")) and not name.endswith((".", " ")) and name.isprintable() and not set(name) & set('\\/:*?"<>|')
        assert name.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))}
    assert len(safe_name(one).encode()) <= 120 and len(record_name(two, one).encode()) <= 220
    assert (one == two) == (one_on_some_system(safe_name(one)) == one_on_some_system(safe_name(two)))


@given(texts, texts, texts, texts)
@example("a", "b.c", "a.b", "c")
@example("a", "b", "", "a.b")
@example("shortcut", "b", "", "b")
def test_records_of_different_ids_have_different_names_whatever_they_are_called(title: str, one: str, other_title: str, two: str) -> None:
    same = one_on_some_system(record_name(title, one)) == one_on_some_system(record_name(other_title, two))
    assert one == two or not same


@pytest.mark.parametrize("name", ["shortcut-0", "3f2a9c0011223344", "a.b_c-d"])
def test_an_ordinary_id_is_its_own_name(name: str) -> None:
    assert safe_name(name) == name


def test_a_title_stays_readable() -> None:
    assert record_name("Split the Bill (v2)", "3f2a") == "Split_the_Bill_v2.3f2a"
    assert words("größe 📏 数") == "größe_数" and words("CON") == "CON_" and words("☃") == ""


def test_a_request_in_a_language_without_spaces_gives_a_name_that_a_disk_takes():
    from common import query

    assert len(query.file_for("提醒我喝水并且显示今天的天气预报" * 8).name.encode()) <= 255
