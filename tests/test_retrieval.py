"""The search for the APIs that a sentence needs: python -m pytest tests/test_retrieval.py"""

from __future__ import annotations

import pytest

from shortcuts.catalog import Catalog
from shortcuts.catalog.search import ALWAYS, KIT, clauses, offered, search, stems

BUILTIN = "is.workflow.actions."

# What people ask for, and the actions without which it cannot be done. The search was tuned on these.
NEEDS = {
    "remind me to water the plants if no rain is forecast": "weather.forecast addnewreminder",
    "send a message to my wife saying I'm on my way": "sendmessage",
    "turn on low power mode when the battery is below 20 percent": "getbatterylevel lowpowermode.set",
    "take a screenshot and copy it to the clipboard": "takescreenshot setclipboard",
    "translate the clipboard to Spanish and read it aloud": "getclipboard text.translate speaktext",
    "what's the weather tomorrow": "weather.forecast",
    "make a QR code from the clipboard": "getclipboard generatebarcode",
    "start a timer for 10 minutes": "timer.start",
    "resize the photos I select to 800 pixels and save them": "selectphoto image.resize",
    "ask me for a city and open it in maps": "ask searchmaps",
    "turn off wifi and bluetooth at night": "wifi.set bluetooth.set",
    "log how much water I drank in Health": "health.quantity.log",
    "create a calendar event called Dentist tomorrow at 3pm": "addnewevent",
    "download the JSON at https://api.example.com/rates and show the value of EUR": "downloadurl getvalueforkey",
    "count the words in the clipboard": "getclipboard count",
    "play my workout playlist and set the volume to 60%": "playmusic setvolume",
    "let me choose between tea and coffee and add it to my shopping list": "choosefromlist addnewreminder",
    "get the text from an image": "extracttextfromimage",
    "dictate a note and read it aloud": "dictatetext speaktext",
    "set the brightness to 30% and turn on dark mode": "setbrightness appearance",
    "find photos taken last week and delete them": "filter.photos deletephotos",
    "tell me how long it takes to drive home": "gettraveltime",
}


@pytest.mark.parametrize("request_", NEEDS)
def test_what_a_request_needs_is_offered(catalog: Catalog, request_: str) -> None:
    assert {BUILTIN + ending for ending in NEEDS[request_].split()} <= set(offered(request_, catalog))


def test_an_offer_is_bounded_distinct_and_has_what_is_always_of_use(catalog: Catalog) -> None:
    apis = offered("do this, do that, and then the weather", catalog, limit=12)
    assert len(apis) == len(set(apis)) == 12 and set(ALWAYS) <= set(apis)
    assert offered("qqq", catalog) == [*(api for api in KIT if api not in ALWAYS)][:24 - len(ALWAYS)] + [*ALWAYS]


def test_an_app_comes_first_where_it_is_named_and_not_where_it_is_not(catalog: Catalog) -> None:
    assert search(catalog, "create a task in Todoist")[0].app_name == "Todoist"
    assert search(catalog, "create a note in Bear")[0].app_name == "Bear"
    assert search(catalog, "set the brightness")[0].id == BUILTIN + "setbrightness"


def test_words_meet_by_their_stems() -> None:
    assert stems("translating") & stems("Translation") and stems("reminders") & stems("Remind")
    assert not stems("weather") & stems("weapon")
    assert stems("GetURLsFromPDF") == stems("get urls from pdf")


def test_a_sentence_is_cut_into_what_it_asks_for() -> None:
    assert clauses("Take a photo, resize it and send it if it is large.") == ["Take a photo", "resize it", "send it", "it is large"]
