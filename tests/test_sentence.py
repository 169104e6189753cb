"""The rules that make a program of a sentence, or say what they do not understand: python -m pytest tests/test_sentence.py"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shortcuts
from common.offline import phrases, sentence, times
from shortcuts.catalog import Catalog
from shortcuts.machine.spoken_dates import text_moment
from shortcuts.machine.world import World
from tests import stage_runs

# Sentences written before these rules were; `right` is what the rules before made of each: right, wrong without a word, null for nothing.
ROWS: list[dict[str, Any]] = [json.loads(line) for line in Path(__file__).with_name("rule_sentences.jsonl").read_text().splitlines()]
# Each differs from a sentence that is understood by words that change what it asks for.
TRAPS = {
    "turn off wifi for 10 minutes": "for 10 minutes",
    "turn off the lights and wifi": "turn off the lights",
    "don't turn off wifi": "don't turn off wifi",
    "delete the last photo I took in Rome": "I took in Rome",
    "delete all photos": "delete all photos",
    "take a screenshot and delete it": "delete it",
    "share the last photo with Anna": "with Anna",
    "send the clipboard as a message to Bob": "to Bob",
    "remind me to call mum when I get home": "when I get home",
    "remind me to buy milk tomorrow": "tomorrow",
    "what's the weather in Paris": "in Paris",
    "show the last photo if I am at home": "if I am at home",
    "say my name": "say my name",
    "copy it": "copy it",
    "let me pick from my photos and share it": "let me pick from my photos",
    "start a timer for 1 hour and 30 minutes": "30 minutes",
    "pick a random number from 1 and 10": "10",
    "take a photo and read it aloud": "read it aloud",
    "flip a coin and save it to my photos": "save it to my photos",
    "count the words in the last photo": "count the words in the last photo",
    "start the music": "start the music",
    "set brightness to 50": "set brightness to 50",
    "if it's after 6 pm turn on dark mode": "if it's after 6 pm turn on dark mode",
    "let me choose between tea and coffee and send it": "send it",
    "tell me that joke": "tell me that joke",
    "if it is raining": "if it is raining",
    "take a photo. If it is raining, share it": "share it",
    "send a message saying I'm late to mum": "mum",
    "open https://example.org in Chrome": "in Chrome",
}

# What the rules set as the time of a reminder, as the app's own text dates say it.
ALERTS = {
    "in an hour": "in 1 hour", "in two hours": "in 2 hours", "in 3 weeks": "in 3 weeks", "in half an hour": "in 30 minutes",
    "in an hour and a half": "in 90 minutes", "in one and a half hours": "in 90 minutes", "in twenty-five minutes": "in 25 minutes",
    "5pm": "5pm", "at 5 p.m.": "5 pm", "at five pm": "5 pm", "at 17:30": "17:30", "17:30": "17:30", "at noon": "noon",
    "tomorrow at 8 am": "tomorrow at 8 am", "at 5pm tomorrow": "tomorrow at 5pm", "tomorrow 5pm": "tomorrow at 5pm",
}  # fmt: skip
# What says when, where, how often or how urgently, and is not set: it is named as a whole.
NAMED = (
    "at five", "at half past four", "at a quarter to nine", "at 5", "tomorrow at 5", "at 25:99", "at 99 pm", "at 13 pm", "at 0 am", "25:99",
    "this evening", "in the morning", "tomorrow morning", "on Friday", "next Monday", "next week", "over the weekend", "next month",
    "at the end of the month", "on the 1st", "on the first of May", "on March 3rd", "March 3", "3 March 2027", "on 3/4", "on 3.4", "at Christmas",
    "in a few minutes", "in a couple of days", "in three days' time", "two hours from now", "later", "as soon as possible",
    "three times a day", "twice per week", "every other week", "monthly", "on weekends", "every morning", "each year",
    "once I'm home", "as soon as we arrive", "when I get home", "at work", "at the office", "on the way home",
    "with high priority", "low priority", "as urgent", "near the office", "on weekdays", "the day after tomorrow", "next week with high priority", "at 5 pm next week",
)  # fmt: skip
TITLES = (
    "read In Search of Lost Time", "look in the mirror", "put the milk in the fridge", "buy a gift for Anna", "log in", "pay for the second book",
    "find my watch", "book a table for two", "water the plants in the kitchen", "read the morning paper", "turn the heating on", "buy version 2.5",
)  # fmt: skip
# Texts in quotes that say what would split or end a sentence, or be taken for a rule's words or code.
QUOTED = (
    "call me if you can", "tea, and then turn on wifi. Take a photo; otherwise wait", "unless it is raining, say so", "call Bob in an hour",
    "about ~5 {last} people", "the clipboard to German", "me to the shopping list", "remind me to go at 5 pm", "a and b, or c", "🐟 if 𠀀",
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row["query"] for row in ROWS])
def test_a_sentence_becomes_its_program_or_the_words_that_are_not_understood(catalog: Catalog, row: dict[str, Any]) -> None:
    program, missing = sentence.understood(row["query"], catalog)
    assert (program and program.replace("is_workflow_actions_", "~")) == row.get("program")
    assert list(missing) == row.get("missing", [])


def test_what_was_right_stays_and_what_was_wrong_is_right_or_refused() -> None:
    assert len(ROWS) == 100 and {"query", "right"} < set().union(*ROWS)
    assert [row["query"] for row in ROWS if row["right"] and "program" not in row] == []
    assert sum("program" in row for row in ROWS) == 53


@pytest.mark.parametrize("request_", TRAPS)
def test_words_that_change_what_is_asked_are_named(catalog: Catalog, request_: str) -> None:
    program, missing = sentence.understood(request_, catalog)
    assert program is None and TRAPS[request_] in missing


@pytest.mark.parametrize("said", ALERTS)
@pytest.mark.parametrize("form", ["remind me to call Bob {}", "remind me {} to call Bob", "add a reminder to call Bob {}"])
def test_the_time_of_a_reminder_is_set(catalog: Catalog, form: str, said: str) -> None:
    program = sentence.understood(form.format(said), catalog).program or ""
    assert f"WFAlertCustomTime={ALERTS[said]!r}, WFAlertEnabled='Alert', WFCalendarItemTitle='Call Bob'" in program


@pytest.mark.parametrize("said", sorted({*ALERTS.values()} - {"noon"}))
def test_a_time_that_is_set_is_one_for_the_machine_too(said: str) -> None:
    assert text_moment(said, World().place) is not None


@pytest.mark.parametrize("said", NAMED)
@pytest.mark.parametrize("form", ["remind me to call Bob", "create a reminder called Dentist", "tell me to call Bob"])
def test_a_time_a_place_or_a_priority_that_is_not_set_is_named_as_a_whole(catalog: Catalog, form: str, said: str) -> None:
    assert sentence.understood(f"{form} {said}", catalog) == (None, (said,))


@pytest.mark.parametrize("text", ["remind me to " + "a, " * 100, "say \"\U000f0061\""])
def test_too_many_clauses_and_characters_that_stand_for_hidden_ones_are_not_understood(catalog: Catalog, text: str) -> None:
    assert sentence.understood(text, catalog).program is None


@pytest.mark.parametrize("title", TITLES)
def test_a_title_may_hold_such_words(catalog: Catalog, title: str) -> None:
    program = sentence.understood(f"remind me to {title}", catalog).program or ""
    assert f"(WFCalendarItemTitle={title[0].upper() + title[1:]!r})" in program


@pytest.mark.parametrize("request_", ["start a timer for ſix minutes", "remind me to go in 5 minuteſ", "remind me to go at ſix pm", "wait ٥ seconds"])
def test_numbers_in_letters_that_only_look_alike_are_not_understood(catalog: Catalog, request_: str) -> None:
    assert sentence.understood(request_, catalog).missing


def test_the_end_of_a_long_text_is_read_at_once() -> None:
    for words in ("in a ", "at half past ", "on the first of ", "when I ", "next week ", "5 "):
        times.SAYS_WHEN.search(words * 100 + "x")


@pytest.mark.parametrize("quotes", ['""', "“”", "''", "‘’", "«»"])
@pytest.mark.parametrize("text", QUOTED)
def test_a_text_in_quotes_is_never_split_or_read(catalog: Catalog, text: str, quotes: str) -> None:
    said = f"{quotes[0]}{text}{quotes[1]}"
    for request_ in (f"show an alert saying {said}", f"say {said} if the clipboard contains {said}", f"remind me to {said}",
                     f"take a photo and then say {said}, then vibrate", f"let me choose between {said} and tea", f"copy {said}",
                     f"take a photo and save it in the album called {said}"):
        program = sentence.understood(request_, catalog).program
        assert program is not None and repr(text) in program, request_


def test_what_is_not_understood_around_quotes_shows_their_text(catalog: Catalog) -> None:
    assert sentence.understood("show an alert saying 'call if you can' in red", catalog).missing == ("in red",)
    assert sentence.understood("paint 'it if you can' red", catalog).missing == ("paint 'it if you can' red",)


@pytest.mark.parametrize("request_", [row["query"] for row in ROWS if "program" in row])
def test_no_sentence_is_understood_with_a_word_more(catalog: Catalog, request_: str) -> None:
    texts = ["in Paris with the purple one"] if not re.search("remind me|tell me to", request_) else []  # of a text it may be a part
    for more in (*texts, "but only on Fridays", "unless my dog is asleep"):
        assert sentence.understood(f"{request_} {more}", catalog).program is None


@pytest.mark.parametrize("request_", [row["query"] for row in ROWS if "program" in row])
def test_a_program_is_clean_and_in_the_canonical_form(catalog: Catalog, request_: str) -> None:
    code = sentence.understood(request_, catalog).program or ""
    findings, shortcut = shortcuts.review(code, catalog)
    assert findings == [] and shortcut is not None and shortcuts.to_python(shortcut)[0] == code


@pytest.mark.parametrize("code", [code for _, code in (*phrases.ACTIONS, *phrases.THINGS, *phrases.CONDITIONS)])
def test_every_rule_calls_actions_that_the_catalogue_knows(catalog: Catalog, code: str) -> None:
    for name in re.findall(r"~(\w+)\(", code):
        assert catalog.by_name("is_workflow_actions_" + name) is not None


def test_what_deletes_or_sends_or_switches_off_names_its_object() -> None:
    grave = [(pattern.pattern, code) for pattern, code in phrases.ACTIONS if re.search("delete|remove|send|False", code) and "ShuffleOff" not in code]
    assert grave and all(re.search(r"delete (?:.*photo|.*screenshot)|message|notification|off|disable|save", said) or "IncludeScreenshots=False" in code
                         for said, code in grave)  # fmt: skip


def test_a_condition_has_its_opposite_branch(catalog: Catalog) -> None:
    program = sentence.understood("if the battery is below 20%, set brightness to 10%, otherwise say 'All is well'", catalog).program
    assert program is not None and "if Battery_State < 20:" in program and "else:\n" in program and "'All is well'" in program
    program = sentence.understood("share the clipboard unless the clipboard contains 'secret'", catalog).program
    assert program is not None and "if 'secret' not in Clipboard:" in program


def test_a_full_stop_ends_what_depends_on_a_condition(catalog: Catalog) -> None:
    program = sentence.understood("If it is raining, say 'Take a coat. Now'. Otherwise open maps. Take a photo.", catalog).program
    assert program is not None
    assert [line for line in program.splitlines() if not line.startswith(" ")] == [
        "Weather_Conditions = is_workflow_actions_weather_currentconditions()", "if 'rain' in Weather_Conditions:", "else:",
        "Photo = is_workflow_actions_takephoto()", "is_workflow_actions_showresult(Text=Photo)",
    ]  # fmt: skip


def test_the_problem_is_one_line_with_the_words_and_advice(catalog: Catalog) -> None:
    problem = sentence.understood("turn off wifi at night", catalog).problem()
    assert problem.startswith("not understood: 'at night'; a shortcut does not start by itself") and "--base-url" in problem and "\n" not in problem
    assert sentence.understood("turn off wifi", catalog).problem() == ""


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(
    ["if", "if it is raining", "unless", "and", "then", ",", ". ", "' '", "turn on wifi", "say it", "remind me to", "the last photo", "take a photo",
     "let me choose between a and b", "otherwise", "5 %", "flip a coin"]), max_size=8).map(" ".join)))
def test_whatever_is_asked_it_is_a_clean_program_or_missing_words(text: str) -> None:
    program, missing = sentence.understood(text, Catalog.load())
    assert (program is None) == bool(missing)
    assert program is None or shortcuts.review(program, Catalog.load())[0] == []


def test_a_long_text_is_refused_at_once(catalog: Catalog) -> None:
    assert sentence.understood("turn on wifi and " * 10_000, catalog).program is None


def test_the_stage_writes_nothing_below_full_coverage(tmp_path: Path) -> None:
    ended = stage_runs.run("05", "--query", "delete last week's screenshots", "--output", tmp_path / "x.shortcut")
    assert ended.returncode == 1 and "'delete last week's screenshots'; " in ended.stderr and "--model" in ended.stderr
    assert not (tmp_path / "x.shortcut").exists() and len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(("text", "tail"), [
    ("send a message saying yes please", "please"), ("send a message saying yes, please!", "please"),
    ("send a message saying I'm leaving now", "now"), ("remind me to say please", "please"), ("remind me to thank Anna for me", "for me"),
    ("remind me to call Bob now", "now"), ("google what should I do now", "now"),
    ("take a photo. Remind me to call Bob for me please.", "for me please"),
])  # fmt: skip
def test_polite_words_after_a_text_without_quotes_are_named_since_they_may_be_part_of_it(text: str, tail: str) -> None:
    assert sentence.understood(text, Catalog.load()) == sentence.Understood(None, (tail,))


@pytest.mark.parametrize(("text", "part"), [
    ("send a message saying 'yes' please", "'yes'"), ("show the weather for me please?", "Weather"), ("remind me to call Bob at 5 pm please!", "'Call Bob'"),
    ("take a screenshot and share it, please", "share"), ("send a message saying are you coming home?", "'are you coming home?'"),
    ("show an alert saying well done!", "'Well done!'"), ("send a message saying well done! Take a photo", "'well done!'"),
    ("could you send a message saying hello?", "'hello'"), ("send a message saying hello.", "'hello'"), ("what's the weather?", "Weather"),
])  # fmt: skip
def test_the_end_of_a_sentence_is_left_out_where_it_is_no_part_of_a_text(text: str, part: str) -> None:
    program = sentence.understood(text, Catalog.load()).program
    assert part in (program or "")


@pytest.mark.parametrize(("text", "prompt"), [
    ("ask for the city and show the weather", "City"), ("ask for my name and say hello", "Name"), ("ask 'How are you?'. If it is raining, vibrate", "How are you?"),
    ("ask for a number, vibrate, and show the weather", "Number"), ('ask "it\'s what?" and vibrate', "it's what?"),
])  # fmt: skip
def test_an_answer_that_no_later_step_uses_is_not_understood(text: str, prompt: str) -> None:
    assert sentence.understood(text, Catalog.load()) == (None, (f"what the answer to {prompt} is for",))


@pytest.mark.parametrize("text", [
    "ask for my name", "ask for a number, vibrate, and double it", "ask for my name and say it", "if it is raining, ask for my name",
])  # fmt: skip
def test_an_answer_is_used_or_shown_at_the_end(text: str) -> None:
    assert "Provided_Input" in (sentence.understood(text, Catalog.load()).program or "").split("ask(")[1]
