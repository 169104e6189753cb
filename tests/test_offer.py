"""The two steps by which a model is offered APIs: python -m pytest tests/test_offer.py"""

from __future__ import annotations

import pytest

from shortcuts.catalog import Catalog, offer
from shortcuts.catalog.search import ALWAYS, KIT

BUILTIN = "is.workflow.actions."
SYNTAX = ("conditional", "choosefrommenu", "repeat.count", "repeat.each", "setvariable", "appendvariable", "comment")
MOST_CHARACTERS = 10_000  # of the list: some 2,500 tokens


def choose(catalog: Catalog, *names: str, apps: tuple[str, ...] = ()) -> offer.Choice:
    return offer.chosen({"actions": [*names], "missing": []}, catalog, apps)


# the list


def test_the_list_has_each_usual_action_once_and_is_short(catalog: Catalog) -> None:
    ids = [api.id for apis in offer.usual(catalog).values() for api in apis]
    assert len(ids) == len(set(ids)) == sum(map(len, offer.groups().values())) > 420  # all are in the catalogue
    assert all(catalog[api].builtin for api in ids) and set(KIT) <= set(ids)
    assert not {BUILTIN + name for name in SYNTAX} & set(ids)
    assert len(offer.compact_list(catalog)) < MOST_CHARACTERS


def test_each_title_in_the_list_leads_back_to_its_action(catalog: Catalog) -> None:
    for group, apis in offer.usual(catalog).items():
        for api in apis:
            assert api.id in choose(catalog, api.title).apis and choose(catalog, f"{group}: {api.title}").apis == (api.id,)


def test_actions_of_an_app_are_listed_once_without_the_parts_of_its_widgets(catalog: Catalog) -> None:
    titles = [api.title for api in offer.actions_of("Drafts", catalog)]
    assert "Create Draft" in titles and len(titles) == len(set(titles)) and not [title for title in titles if "Widget" in title]
    assert offer.apps_list(catalog, []) == "" and "\nDrafts: " in offer.apps_list(catalog, ["Drafts"])


def test_a_service_among_apples_own_actions_is_an_app(catalog: Catalog) -> None:
    assert [api.id for api in offer.actions_of("Trello", catalog)][:1] == [BUILTIN + "trello.add.card"]
    assert choose(catalog, "Trello: Add Trello Card", apps=("Trello",)).apis == (BUILTIN + "trello.add.card",)


def test_a_question_has_the_request_the_list_and_the_apps(catalog: Catalog) -> None:
    text = offer.question("Read {this} to me", catalog, ["Bear"])
    assert "Read {this} to me" in text and "Get Clipboard" in text and "\nBear: " in text
    assert "\nBear: " not in offer.question("Read this to me", catalog)


def test_held_out_actions_are_in_no_list_and_no_kit(catalog: Catalog) -> None:
    out = {BUILTIN + "getclipboard", BUILTIN + "previewdocument", "net.shinyfrog.bear-iOS.SFCreateNoteIntent"}
    text = offer.question("x", catalog, ["Bear"], out)
    assert not {"Get Clipboard", "Quick Look"} & set(text.replace("\n", ", ").split(", "))
    choice = choose(catalog, "Get Clipboard", "Share")
    assert not out & set(offer.offered_after(choice, catalog, without=out)) and BUILTIN + "share" in offer.offered_after(choice, catalog, without=out)


# apps


@pytest.mark.parametrize("name, app", [("drafts", "Drafts"), (" Day one", "Day One"), ("TRELLO", "Trello"), ("Safari", "Safari")])
def test_an_app_is_found_by_its_name(catalog: Catalog, name: str, app: str) -> None:
    assert offer.apps_called([name, name], catalog) == [app]


def test_an_unknown_app_is_an_error_with_advice(catalog: Catalog) -> None:
    with pytest.raises(offer.UnknownApp, match=r"no app 'Todoits' in the catalogue; did you mean Todoist\?"):
        offer.apps_called(["Todoits"], catalog)
    with pytest.raises(offer.UnknownApp, match=r"no app 'Zzqx' .*python -m shortcuts import"):
        offer.apps_called(["Zzqx"], catalog)


def test_apps_that_a_request_names_are_found(catalog: Catalog) -> None:
    assert offer.apps_in("add it to Todoist, and a note in bear", catalog) == ["Bear", "Todoist"]
    assert offer.apps_in("clear the things that I see", catalog) == []


# the choice


@pytest.mark.parametrize("name, ending", [
    ("Get Clipboard", "getclipboard"), ("get clipboard ", "getclipboard"), ("getclipboard", "getclipboard"),
    ("is_workflow_actions_getclipboard", "getclipboard"), ("is.workflow.actions.getclipboard", "getclipboard"), ("text.split", "text.split"),
    ("text_split", "text.split"), ("Split Texts", "text.split"), ("Text: Split Text", "text.split"),
    ("Get Value from Dictionary", "getvalueforkey"), ("Clipboard: Copy to Clipboard", "setclipboard"), ("Add Trello Card", "trello.add.card"),
])  # fmt: skip
def test_a_name_is_understood_however_it_is_written(catalog: Catalog, name: str, ending: str) -> None:
    assert choose(catalog, name) == offer.Choice((BUILTIN + ending,))


def test_a_name_of_several_actions_means_all_of_them(catalog: Catalog) -> None:
    apis = choose(catalog, "Create Folder").apis
    assert BUILTIN + "file.createfolder" in apis and "com.apple.Notes.CreateFolderLinkAction" in apis
    assert choose(catalog, "Files: Create Folder").apis == (BUILTIN + "file.createfolder",)


@pytest.mark.parametrize("name", ["Set Clipboard", "Get Current Date", "Set Location", "Get Airplane Mode", "Pause Podcast"])
def test_no_name_means_its_opposite(catalog: Catalog, name: str) -> None:
    assert offer.chosen({"actions": [name], "missing": []}, catalog).unknown == (name,)


@pytest.mark.parametrize("name", ["Get Wi-Fi", "Get Bluetooth", "Get AssistiveTouch"])
def test_no_action_of_an_app_that_is_neither_listed_nor_named_is_taken_by_its_words(catalog: Catalog, name: str) -> None:
    assert offer.chosen({"actions": [name], "missing": []}, catalog).unknown == (name,)


def test_an_action_of_an_app_that_is_named_is_taken_by_its_words(catalog: Catalog) -> None:
    assert offer.chosen({"actions": ["Actions: Wi-Fi Is On"], "missing": []}, catalog).apis == ("com.sindresorhus.Actions.IsWiFiOnIntent",)


def test_what_means_no_action_is_reported(catalog: Catalog) -> None:
    answer = {"actions": ["Make Coffee", "Wait", ""], "missing": ["a coffee machine ", "", 3]}
    assert offer.chosen(answer, catalog) == offer.Choice((BUILTIN + "delay",), ("Make Coffee",), ("a coffee machine",))


@pytest.mark.parametrize("answer", [None, [], "Wait", {}, {"actions": "Wait"}, {"actions": [1]}, {"actions": None}])
def test_an_answer_of_another_form_is_an_error(catalog: Catalog, answer: object) -> None:
    with pytest.raises(ValueError, match='"actions" is a list of names'):
        offer.chosen(answer, catalog)


def test_a_choice_is_bounded_and_the_kit_follows_it(catalog: Catalog) -> None:
    titles = [api.title for apis in offer.usual(catalog).values() for api in apis]
    choice = choose(catalog, *dict.fromkeys(titles))
    assert len(choice.apis) <= offer.MOST + 1  # the list has one title twice
    apis = offer.offered_after(choose(catalog, "Wait", "Show Result"), catalog)
    assert apis[:2] == [BUILTIN + "delay", BUILTIN + "showresult"] and len(apis) == len(set(apis)) and set(ALWAYS) <= set(KIT) <= set(apis)
    assert offer.offered_after(choose(catalog, "Wait"), catalog, kit=()) == [BUILTIN + "delay"]
