"""The names of a shortcut as identifiers. `python -m pytest tests/test_names.py`"""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortcuts.forms.identifiers import NameAllocator, identifier, label_from_identifier


@pytest.mark.parametrize("name, expected", [
    ("# of Days", "number_of_Days"), ("# of Days ÷ 2", "number_of_Days_by_2"), ("# of Days + 1", "number_of_Days_plus_1"), ("Time&Date", "Time_and_Date"),
    ("Sunrise Hour +1", "Sunrise_Hour_plus_1"), ("Sunrise Hour -1", "Sunrise_Hour_minus_1"), ("Width * 2", "Width_times_2"), ("50%", "n50_percent"),
    ("Part - 2", "Part_2"), ("2019-01", "n2019_01"), ("w/o numbers", "w_o_numbers"), ("#", "number_"), ("¸", "ņ"), ("▶\ufe0f My Life", "My_Life"),
    ("größe 📏", "größe"), ("class", "class_"), ("match", "match_"), ("case", "case_"), ("a_b", "a_b"), ("\u3164", "value"), ("Text 2", "Text_2"),
])  # fmt: skip
def test_a_name_becomes_an_identifier_that_reads_like_it(name, expected):
    assert identifier(name) == expected


@given(st.text(max_size=20) | st.text(alphabet="#+-*/ ab12_\ufe0f", max_size=12))
def test_an_identifier_is_legal_and_comes_back_from_what_it_says(name):
    made = identifier(name)
    assert made.isidentifier() and not keyword.iskeyword(made)
    assert identifier(made) == made and identifier(label_from_identifier(made)) == made


def test_a_name_that_is_used_often_takes_linear_time():
    names = NameAllocator()
    assert [names.take("Text") for _ in range(20_000)][-1] == "Text_20000"
    assert names.propose("Text", free="Text_77") == "Text_77"
    assert names.propose("Text", free="Text") == "Text"
    assert names.propose("Text", free="Text_20001") == names.propose("Text") == "Text_20001"
    assert names.propose("Text", free="Text_077") == "Text_20001"
