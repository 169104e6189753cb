"""Phrases that people say for actions, and how many of these are offered: python -m pytest tests/test_spoken.py"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shortcuts.catalog import Catalog
from shortcuts.catalog.search import offered, search, understood
from shortcuts.catalog.spoken import fold, language_of, load, spoken_for, stems

BUILTIN = "is.workflow.actions."
SENTENCES = [json.loads(line) for line in (Path(__file__).parent / "sentences.jsonl").read_text("utf-8").splitlines()]

LANGUAGES = {
    "turn the volume up": "en", "What's the weather?": "en", "Wie wird das Wetter?": "de", "mach das Licht aus": "de",
    "¿Qué tiempo hace en la ciudad?": "es", "lis-moi les titres du jour": "fr", "打开手电筒": "zh", "明日の天気": "ja", "Сделай снимок": "",
    "bluetooth": "", "": "",
}  # fmt: skip
SAID = {
    "turn the volume up": "setvolume", "wake me at seven": "alarm.create", "how far is the station": "getdistance",
    "weck mich um sieben": "alarm.create", "enciende la linterna": "flashlight", "mets le mode avion": "airplanemode.set",
    "把剪贴板里的文字读出来": "getclipboard", "写真を選ぶ": "selectphoto", "qr": "generatebarcode",
}  # fmt: skip


def share(rows: list[dict[str, Any]], catalog: Catalog) -> float:
    """Share of the needed actions that the search offers."""
    hits = [bool(set(group) & set(offered(row["query"], catalog))) for row in rows for group in row["needed"]]
    return sum(hits) / len(hits)


# Split "fresh" was written after the search was tuned on all others, and is not to be tuned on: it was 93.5 and 94.1 % at first.
@pytest.mark.ci
@pytest.mark.parametrize("split, english, other", [("dev", 0.97, 0.88), ("fresh", 0.92, 0.88)])
def test_what_everyday_sentences_need_is_offered(catalog: Catalog, split: str, english: float, other: float) -> None:
    own = [row for row in SENTENCES if row["split"] == split]
    assert share([row for row in own if row["language"] == "en"], catalog) >= english
    assert share([row for row in own if row["language"] != "en"], catalog) >= other


def test_the_sentences_need_actions_that_there_are(catalog: Catalog) -> None:
    assert len(SENTENCES) == len({row["query"] for row in SENTENCES}) >= 60
    assert sum(row["language"] != "en" for row in SENTENCES) >= 10
    assert all(api in catalog for row in SENTENCES for group in row["needed"] for api in group)


@pytest.mark.parametrize("text", LANGUAGES)
def test_a_language_is_known_by_its_letters_or_its_small_words(text: str) -> None:
    assert language_of(text) == LANGUAGES[text]


@pytest.mark.parametrize("text", SAID)
def test_what_people_say_names_the_action(catalog: Catalog, text: str) -> None:
    assert BUILTIN + SAID[text] in spoken_for(text) and BUILTIN + SAID[text] in offered(text, catalog)[:5]


def test_a_phrase_needs_all_of_its_words() -> None:
    assert BUILTIN + "getdistance" not in spoken_for("how are you") and spoken_for("xyzzy") == {}


def test_a_word_of_another_language_does_not_count_in_an_english_sentence() -> None:
    assert BUILTIN + "math" not in spoken_for("rechne this with the clock")  # German: calculate
    assert BUILTIN + "math" in spoken_for("rechne das mit der Uhr")


def test_more_and_longer_phrases_weigh_more() -> None:
    assert spoken_for("set volume")[BUILTIN + "setvolume"] < spoken_for("set volume, mute")[BUILTIN + "setvolume"]
    assert spoken_for("torch")[BUILTIN + "flashlight"] >= 1 > spoken_for("convert")[BUILTIN + "measurement.create"]


def test_accents_and_full_width_letters_are_plain_and_kana_stay() -> None:
    assert fold("ＱＲ café Maße") == "QR cafe Masse" and fold("が") == "が" and stems("Übersetze") == stems("ubersetze")


def test_the_search_says_what_it_cannot_read(catalog: Catalog) -> None:
    assert understood("wake me at seven and play some music", catalog) == understood("weck mich um sieben", catalog) == 1
    assert understood("Сделай снимок экрана", catalog) == understood("", catalog) == understood("오늘 날씨", catalog) == 0
    assert 0 < understood("play music, qwfpgj", catalog) < 1


def test_an_everyday_word_names_an_app_only_with_its_capital(catalog: Catalog) -> None:
    assert search(catalog, "add a to-do in Things")[0].app_name == "Things"
    assert all(api.app_name != "Things" for api in search(catalog, "add the things to do to my reminders"))


@pytest.mark.ci
def test_every_phrase_of_the_table_can_be_said_and_belongs_to_an_action(catalog: Catalog) -> None:
    for api, languages in load().items():
        assert api in catalog and languages.keys() <= {"en", "de", "es", "fr", "zh", "ja"}
        for language, phrases in languages.items():
            assert all(api in spoken_for(phrase, language) for phrase in phrases.split(", ")), (api, phrases)
