"""Did you mean: one answer for `check` and `repair`. `python -m pytest tests/test_near.py`"""

from __future__ import annotations

import pytest

from shortcuts.did_you_mean import nearest


@pytest.mark.parametrize("word, known, meant", [
    ("wfurl", ["WFURL", "WFURLs"], "WFURL"), ("show-text", ["Show_Text", "ShowTexts"], "Show_Text"),  # the same but for case and marks
    ("WFInputt", ["WFInput", "WFOutput"], "WFInput"), ("total", ["Total_Price", "count"], None),
    ("Text_2", ["Text_3", "Text_1"], None), ("aab", ["aaa", "aac"], None),  # another number, and a guess, are no slips
    ("createevent", ["removeevents", "addnewevent"], None), ("setwifi", ["getwifi"], None), ("wifi_get", ["wifi_set"], None),  # the opposite
    ("Values", ["Value", "All Values", "All Keys"], None), ("10 minutes before", ["1 hour before"], None),
    ("WFSendEmailActionBody", ["WFSendEmailActionFrom", "WFSendEmailActionSubject"], None), ("WFTextActionTxet", ["WFTextActionText"], "WFTextActionText"),
    ("fallback_artist_images", ["fetched_artist_images"], None), ("total_pirce_text", ["total_price_text"], "total_price_text"),
    ("HTTPMethod", ["WFHTTPMethod", "WFURL"], "WFHTTPMethod"), ("URL", ["WFURL", "WFHTTPMethod"], None),
    ("x", [], None), ("", ["a"], None), ("\ud800", ["a"], None),
])  # fmt: skip
def test_the_nearest_word_is_the_one_that_is_clearly_meant(word, known, meant):
    assert nearest(word, known, 80) == meant


def test_advice_names_the_first_of_two_that_are_as_near_and_a_repair_neither():
    assert nearest("colar", ["color", "cola"], 60, clear=0) is not None
    assert nearest("names", ["name", "namez"], 60, clear=0) == "name"
    assert nearest("abcx", ["abcd", "abce"], 70, clear=0) == "abcd" and nearest("abcx", ["abcd", "abce"], 70) is None
