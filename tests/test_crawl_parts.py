"""The parts of the crawler by themselves: links, arguments, scrubbing, the job table."""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shortcuts
from common import scrub
from common.crawl import answers, links
from common.crawl.client import LONGEST_REST, Client
from common.crawl.jobs import BAD, OK, TRIES, Bodies, Gone, Jobs, Later
from common.crawl.links import OptOut, find_link, hub_link, share_link
from common.http import retry_after
from common.jsonl import UserError
from shortcuts import plist
from shortcuts.control_flow import Unbalanced

HEX = "0123456789abcdef0123456789abcdef"


# ---------------------------------------------------------------------------------------------------------------------------------
# links and arguments


@pytest.mark.parametrize(("text", "kind", "url"), [
    (HEX.upper(), "record", f"https://www.icloud.com/shortcuts/api/records/{HEX}"),
    (f"http://icloud.com/shortcuts/{HEX}/?fbclid=1#x", "record", f"https://www.icloud.com/shortcuts/api/records/{HEX}"),
    (f"rhttps://www.icloud.com/shortcuts/{HEX}", "record", f"https://www.icloud.com/shortcuts/api/records/{HEX}"),
    ("01234567-89ab-cdef-0123-456789abcdef", "record", f"https://www.icloud.com/shortcuts/api/records/{HEX}"),
    ("https://routinehub.co/shortcut/12/changelog", "version", "https://routinehub.co/api/v1/shortcuts/12/versions/latest"),
    ("https://www.routinehub.co/shortcut/0012", "version", "https://routinehub.co/api/v1/shortcuts/12/versions/latest"),
    ("https://routinehub.co/download/59565/?t=eyJ2Ijo1OTU2NX0:a:b", "download", "https://routinehub.co/download/59565/"),
    ("https://routinehub.co/search/?q=to+do&page=2&utm=1", "listing", "https://routinehub.co/search/?q=to+do&page=2"),
    ("https://routinehub.co/user/ada?page=2", "listing", "https://routinehub.co/user/ada?page=2"),
])
def test_links_have_one_spelling(text: str, kind: str, url: str) -> None:
    link = find_link(text)
    assert link is not None and (link.kind, link.url) == (kind, url)


@pytest.mark.parametrize("text", ["", "nonsense", HEX[:-1], HEX + "0", "https://routinehub.co/", "https://routinehub.co/membership", "https://workflow.is/workflows/1",
                                  "https://routinehub.co//[x", "https://routinehub.co/shortcut/" + "9" * 5000])
def test_what_is_no_link_is_none(text: str) -> None:
    assert find_link(text) is None


def test_an_opt_out_list_covers_links_ids_and_authors() -> None:
    out = OptOut(["# a comment", "", f"https://www.icloud.com/shortcuts/{HEX}/", "https://routinehub.co/shortcut/12/", "https://routinehub.co/user/Ada%20L",
                  "@Grace", "00112233445566aa"])
    assert out.covers(share_link(HEX).key) and out.covers(hub_link(12).key) and out.covers("ada l") and out.covers("grace") and out.covers("00112233445566aa")
    assert not out.covers(hub_link(1).key, None, "", "Adam")


def test_rates_moments_and_ranges_are_read(load_stage: Callable[[str], ModuleType]) -> None:
    stage = load_stage("01")
    assert [stage.rate(text) for text in ("2", "routinehub.co=20/min", "a=300/day")] == [("", 2), ("routinehub.co", 1 / 3), ("a", 300 / 86400)]
    assert stage.moment("7d") == pytest.approx(time.time() - 7 * 86400, abs=5) and stage.moment("2026-01-31") > 1.7e9
    assert [list(part) for part in stage.ranges("1-3, 9")] == [[1, 2, 3], [9]]
    for wrong in ("0", "-1", "nan", "2/week", "inf"):
        with pytest.raises((argparse.ArgumentTypeError, ValueError)):
            stage.rate(wrong)


# what servers and pages have, or could have, where a URL, a number or a date is expected
BROKEN = st.lists(st.text(max_size=4) | st.sampled_from([
    "https://routinehub.co", "http://[", "//[x", "https:", "/shortcut/", "/shortcuts/", "/user/", "/download/", "?page=", "٣", "9" * 5000, "\u2100", ":99999999",
    "${f}", "icloud.com/shortcuts/", HEX, "Thu, 01 Jan 99999999999999999999 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -0000", "+9999999999999"]),
    max_size=5).map("".join)  # fmt: skip
PROMISED = Gone, Later  # what is raised for an answer that is not what it should be


@given(BROKEN)
def test_no_text_is_too_broken_for_links_and_waits(text: str) -> None:
    links.find_link(text)
    OptOut([text]).covers(text)
    for name in ("retry-after", "retry-after-ms"):
        assert 0 <= (retry_after({name: text}, LONGEST_REST) or 0) <= LONGEST_REST


@given(st.lists(BROKEN, max_size=3), BROKEN)
def test_no_page_is_too_broken(hrefs: list[str], text: str) -> None:
    anchors = "".join(f'<a href="{href}">{text}</a>' for href in hrefs)
    page = f'<h3 class="title is-3">x</h3><a href="/user/ada">Ada</a>{anchors}<div class="information"><p>Downloads: {text}</p></div>'.encode("utf-8", "replace")
    assert answers.parse_page(page, "https://routinehub.co/shortcut/7/")["author"]
    with contextlib.suppress(*PROMISED):
        answers.parse_listing(page, "https://routinehub.co/shortcuts/")
    found, _ = answers.parse_listing(page + b'<a href="/shortcut/7">', "https://routinehub.co/shortcuts/")
    assert hub_link(7) in {link for link, _ in found}


@given(BROKEN)
def test_the_file_of_a_record_is_at_a_url_or_the_record_is_none(text: str) -> None:
    answer = {"fields": {"shortcut": {"value": {"downloadURL": text.encode("utf-8", "replace").decode()}}}}
    with contextlib.suppress(*PROMISED):
        assert urlsplit(answers.parse_record(json.dumps(answer).encode())[1].url).netloc
    with contextlib.suppress(*PROMISED):
        links.find_link(answers.parse_version(json.dumps({"result": "success", "URL": text}).encode())[0])


def test_hosts_have_polite_rates_unless_told_otherwise() -> None:
    def interval(host: str, share: int = 1, **rates: float) -> float:
        return Client("me@example.org", Jobs(None), {name.replace("_", "."): rate for name, rate in rates.items()}, {}, share).host(host).interval
    assert (interval("routinehub.co"), interval("www.icloud.com"), interval("cvws.icloud-content.com")) == (2, 0.5, 0.5)
    assert (interval("routinehub.co", routinehub_co=0.1), interval("www.icloud.com", routinehub_co=0.1), interval("www.icloud.com", share=4)) == (10, 0.5, 2)


# ---------------------------------------------------------------------------------------------------------------------------------
# the job table


def test_jobs_that_were_never_asked_for_come_first_and_each_is_visited_once_a_run(tmp_path: Path) -> None:
    table = Jobs(tmp_path)
    for number in (1, 2, 3):
        table.want(hub_link(number))
    first = table.next_due("routinehub.co", set())
    assert first is not None and first.key == "routinehub-1"
    table.done(first, OK, checked_at=time.time())
    table.want(hub_link(1))
    table.close()
    table = Jobs(tmp_path)  # as after a kill: the next run
    for number in (1, 2, 3, 4):
        table.want(hub_link(number))
    order = []
    while (job := table.next_due("routinehub.co", set())) is not None:
        order.append(job.key)
        table.done(job, OK, checked_at=time.time())
    assert order == ["routinehub-2", "routinehub-3", "routinehub-4", "routinehub-1"]


def test_a_job_has_so_many_tries_a_run(tmp_path: Path) -> None:
    table = Jobs(tmp_path)
    for _ in range(2):
        table.want(hub_link(1))
        tries = 0
        while (job := table.next_due("routinehub.co", set())) is not None:
            tries += 1
            table.put_off(job, "status 500", 0)
        assert tries == TRIES and table.states() == {"transient": 1}
        table.close()
        table = Jobs(tmp_path)


def test_a_damaged_table_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(UserError, match="cannot be opened.*move this folder away"):
        Jobs(tmp_path)


def test_forgetting_takes_all_jobs_of_a_key_and_their_bodies(tmp_path: Path) -> None:
    table, bodies = Jobs(tmp_path), Bodies(tmp_path)
    table.want(hub_link(1), {"author": "Ada"})
    table.want(hub_link(1, links.PAGE))
    job = table.next_due("routinehub.co", {hub_link(1).url})
    assert job is not None
    table.done(job, BAD, sha256=bodies.write(b"page"))
    for digest in table.forget(OptOut(["ada"]).covers):
        bodies.remove(digest)
    assert {state for state, in table.db.execute("SELECT state FROM jobs")} == {"opted_out"}
    assert not [path for path in bodies.folder.rglob("*") if path.is_file()]


# ---------------------------------------------------------------------------------------------------------------------------------
# scrubbing


@pytest.mark.parametrize(("text", "kind"), [
    ("mail me: ada.lovelace+x@mail.analytical.co.uk!", "email"), ("call +44 20 7946 0958", "phone"), ("call (212) 664-7665 now", "phone"),
    ("tel:+12126647665", "phone"), ("https://wa.me/4915112345678", "phone"), ("sk-proj-abcdefghijklmnop123", "secret"),
    ("Authorization: Bearer abcdef1234567890", "secret"), ("https://api.example.com/v1?q=x&appid=0a1b2c3d4e5f6a7b&units=metric", "secret"),
    ('{"api_key": "abc123def456"}', "secret"), ("https://user:pa55word@host.example.com/", "secret"),
    ("https://maker.ifttt.com/trigger/door/with/key/dJx7abcdefgh", "secret"), ("ghp_" + "a1" * 18, "secret"), ("37.33182, -122.03118", "place"),
    ("call 555-123-4567", "phone"), ("or 212.664.7665", "phone"), ("https://a.b/?key=LfkMORnYKxTqKgsaFNpFxPYqYvwjHOlZ", "secret"),
    ("https://a.b/?t=a1b2c3d4e5", "secret"), ("https://a.b/?q=1&pwd=correcthorse", "secret"), ("Basic YWRhOmxvdmVsYWNl=", "secret"),
    ("photo2x.png@mail.org", "email"),
    ("https://maps.apple.com/?ll=52.516275,13.377704&z=3", "place"),
])
def test_private_things_are_known_by_their_form(text: str, kind: str) -> None:
    counts: Counter[str] = Counter()
    once = scrub.scrub_text(text, counts=counts)
    assert counts == {kind: 1} and once != text
    again: Counter[str] = Counter()
    assert scrub.scrub_text(once, counts=again) == once and not again


@pytest.mark.parametrize("text", [
    "464562699426", "00000000-0000-0000-0000-000000000000", "2024-01-31 10:20", "1.5, 2.5", "0.123, 0.456, 0.789", "@ada", "name@example.com", "a@b",
    "https://www.icloud.com/shortcuts/" + HEX, "https://apps.apple.com/app/id1462947752", "Basic shapes", "key=value", "token", "?page=12&key=name",
    "Files/AppIcon60x60@2x.png", "icon@3x.jpeg", "git clone git@github.com:me/repo.git", "https://youtube.com/watch?v=abc&t=00h01m20s",
    "https://youtube.com/watch?t=1h02m03s#x", "https://a.b/list?sort_key=relevance&x=1", "https://a.b/v2.php?app_id=shortcuts-dev&get_token=get_token",
    "https://a.b/?t=1700000000", "choose 640 480 1024", "M 100 200 3000", "version 101.202.3030", "100-200.3000", "10:20 UTC +0200 2024",
    "basic information/details", "Bot commands/settings", "bearer of+good+news",
    "Choose a password:", "3.14159", "+1", "192.168.178.21:8080", "v1.2.3-beta+456", "WFWorkflowActionIdentifier",
])
def test_what_only_looks_private_stays(text: str) -> None:
    assert scrub.scrub_text(text) == text


def action(**parameters: Any) -> dict[str, Any]:
    return {"WFWorkflowActions": [{"WFWorkflowActionIdentifier": "is.workflow.actions.x", "WFWorkflowActionParameters": parameters}]}


@pytest.mark.parametrize(("parameters", "counts"), [
    ({"WFSSHPassword": "hunter2"}, {"secret": 1}), ({"WFSSHPassword": ""}, {}), ({"usePassword": True}, {}),
    ({"WFItems": [{"WFKey": "api_key", "WFValue": {"Value": {"string": "abc"}, "WFSerializationType": "WFTextTokenString"}}]}, {"secret": 1}),
    ({"WFItems": [{"WFKey": {"Value": {"string": "Authorization"}}, "WFValue": "Bearer abc"}]}, {"secret": 1}),
    ({"WFItems": [{"WFKey": "Authorization", "WFValue": "Bearer "}]}, {}), ({"WFDictionaryKey": "iPhone.11.Pro.Portrait"}, {}), ({"DictionaryKey": "alert.404.folderNotFound"}, {}),
    ({"WFTextActionText": "K2W5bllnj8", "CustomOutputName": "API Key"}, {"secret": 1}),
    ({"WFDictionaryKey": "api_key", "WFDictionaryValue": {"Value": {"string": "abc"}}}, {"secret": 1}),
    ({"WFDictionaryKey": {"Value": {"string": "token"}}, "WFDictionaryValue": "abc"}, {"secret": 1}),
    ({"WFDictionaryKey": "name", "WFDictionaryValue": "Ada"}, {}),
    ({"WFAskActionPrompt": "What is your API key?", "WFAskActionDefaultAnswer": "abc"}, {"secret": 1}),
    ({"WFAskActionPrompt": "What is your name?", "WFAskActionDefaultAnswer": "Ada"}, {}),
    ({"WFContactData": b"BEGIN:VCARD\r\nFN:Ada\r\nTEL:1\r\nEND:VCARD"}, {"contact": 1}), ({"placemark": b"xyz"}, {"place": 1}),
    ({"Latitude": 51.5, "Longitude": -0.1}, {"place": 2}), ({"link.contentkit.phonenumber": "12345"}, {"phone": 1}),
    ({"IntentData": b"bplist00 ada@lovelace.org"}, {"data": 1}), ({"WFImage": b"\xff\xd8 ada@lovelace.org"}, {}),
])
def test_private_things_are_known_by_their_name(parameters: dict[str, Any], counts: dict[str, int]) -> None:
    scrubbed, found = scrub.scrub_shortcut(action(**parameters))
    assert found == counts
    assert (scrubbed == action(**parameters)) is not bool(counts)
    assert scrub.scrub_shortcut(scrubbed) == (scrubbed, {})


@pytest.mark.parametrize(("header", "value"), [
    ("X-RapidAPI-Key", "a1b2c3d4e5msh1234567890abcdep1f2e3djsn0123"), ("Ocp-Apim-Subscription-Key", "0123456789abcdef0123456789abcdef"),
    ("X-Master-Key", "$2b$10$abcdefghijk.mnopqrstuv"), ("x-functions-key", "a1b2c3d4e5msh1234567890abcdep1f2=="), ("account key", "a1b2c3d4e5f6a7b8")])
def test_what_looks_random_in_any_header_of_a_key_is_a_secret(header: str, value: str) -> None:
    entry = {"WFKey": {"Value": {"string": header}}, "WFValue": {"Value": {"string": value}}}
    assert scrub.scrub_shortcut(entry) == ({**entry, "WFValue": {"Value": {"string": "SECRET_REMOVED"}}}, {"secret": 1})
    assert scrub.scrub_shortcut({**entry, "WFValue": "the second column of 10"})[1] == {}


@pytest.mark.parametrize(("name", "value", "stays"), [
    ("max_tokens", "1000", True), ("max_completion_tokens", "1e3", True), ("tokens", "", True), ("tokens", "hunter2", False), ("pin token", "1234", False)])
def test_a_number_of_tokens_is_no_secret(name: str, value: str, stays: bool) -> None:
    entry = {"WFKey": {"Value": {"string": name}}, "WFItemType": 3, "WFValue": {"Value": {"string": value}}}
    assert (scrub.scrub_shortcut(action(WFItems=[entry]))[0] == action(WFItems=[entry])) is stays


def test_a_question_about_a_secret_hides_its_default_answer() -> None:
    questions = [{"ParameterKey": "WFTextActionText", "Text": "What is your API key?", "DefaultValue": "abc"},
                 {"ParameterKey": "WFTextActionText", "Text": "What is your name?", "DefaultValue": "Ada"}]
    scrubbed, found = scrub.scrub_shortcut({**action(), "WFWorkflowImportQuestions": questions})
    assert [question["DefaultValue"] for question in scrubbed["WFWorkflowImportQuestions"]] == ["SECRET_REMOVED", "Ada"] and found == {"secret": 1}


@pytest.mark.parametrize(("text", "variable", "after"), [
    ("2aed79609amshaa3b5aa9a7c1a1bp178732jsnc049", "ApiKey", "SECRET_REMOVED"), ("700a6c4c-3ecb-40fd-bccf-361b544fd965", "Auth Token", "SECRET_REMOVED"),
    ("Add Wi-Fi password", "Password", "Add Wi-Fi password"), ("700a6c4c-3ecb-40fd-bccf-361b544fd965", "Id", "700a6c4c-3ecb-40fd-bccf-361b544fd965")])
def test_a_text_that_looks_random_has_the_name_of_the_variable_that_is_set_to_it(text: str, variable: str, after: str) -> None:
    def of(text: str) -> dict[str, Any]:
        return {"WFWorkflowActions": [
            {"WFWorkflowActionIdentifier": "is.workflow.actions.gettext", "WFWorkflowActionParameters": {"WFTextActionText": {"Value": {"string": text}}}},
            {"WFWorkflowActionIdentifier": "is.workflow.actions.setvariable", "WFWorkflowActionParameters": {"WFVariableName": variable}}]}

    scrubbed, _ = scrub.scrub_shortcut(of(text))
    assert scrubbed == of(after) and scrub.scrub_shortcut(scrubbed) == (scrubbed, {})


def test_what_a_question_about_a_secret_fills_in_is_scrubbed_in_its_action() -> None:
    parameters = {"WFTextActionText": "ON87RBBVBQAD", "CustomOutputName": "Text"}
    questions = [{"ActionIndex": 0, "Category": "Parameter", "ParameterKey": "WFTextActionText", "Text": "Enter your API Flash access key."}]
    scrubbed, found = scrub.scrub_shortcut({**action(**parameters), "WFWorkflowImportQuestions": questions})
    assert scrubbed == {**action(**{**parameters, "WFTextActionText": "SECRET_REMOVED"}), "WFWorkflowImportQuestions": questions}
    assert found == {"secret": 1} and scrub.scrub_shortcut(scrubbed) == (scrubbed, {})


@pytest.mark.parametrize("questions", [
    [{"ActionIndex": 7, "ParameterKey": "x", "Text": "API key"}, {"ActionIndex": -1, "ParameterKey": "x", "Text": "API key"}, "API key"],
    [{"ActionIndex": True, "ParameterKey": "x", "Text": "API key"}, {"ActionIndex": 0, "ParameterKey": ["x"], "Text": "API key"}],
    [{"ActionIndex": 0, "ParameterKey": "y", "Text": "API key"}, {"ParameterKey": "x", "Text": "API key"}], {"Text": "API key"}, "API key"])
def test_a_question_about_nothing_that_is_there_changes_nothing(questions: Any) -> None:
    tree = {**action(x="abc"), "WFWorkflowImportQuestions": questions}
    assert scrub.scrub_shortcut(tree) == (tree, {})


PIECES = st.sampled_from(["ada@lovelace.org", "+44 20 7946 0958", "?token=abcdefgh12&", "plain", "\N{SNOWMAN}", "\N{GRINNING FACE}", " ", "\ufffc", "51.50142,-0.14189"])


@given(st.lists(PIECES, max_size=12))
def test_variables_keep_their_place_in_a_scrubbed_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    units = text.encode("utf-16-le")
    places = [i // 2 for i in range(0, len(units), 2) if units[i:i + 2] == b"\xfc\xff"]
    value = {"string": text, "attachmentsByRange": {f"{{{place}, 1}}": {"Type": "Variable", "VariableName": f"v{n}"} for n, place in enumerate(places)}}
    scrubbed, _ = scrub.scrub_shortcut(action(WFText={"Value": value, "WFSerializationType": "WFTextTokenString"}))
    new = scrubbed["WFWorkflowActions"][0]["WFWorkflowActionParameters"]["WFText"]["Value"]
    units = new["string"].encode("utf-16-le")
    found = [f"{{{i // 2}, 1}}" for i in range(0, len(units), 2) if units[i:i + 2] == b"\xfc\xff"]
    assert list(new["attachmentsByRange"]) == found
    assert [token["VariableName"] for token in new["attachmentsByRange"].values()] == [f"v{n}" for n in range(len(places))]
    assert scrub.scrub_shortcut(scrubbed) == (scrubbed, {})


@pytest.mark.parametrize("key", ["{%s, 1}" % ("9" * 5000), "{\u0663, 1}", "somewhere"])
def test_a_range_that_is_none_stays(key: str) -> None:
    value = {"string": "ask ada@lovelace.org", "attachmentsByRange": {key: {"Type": "Clipboard"}}}
    assert scrub.scrub_shortcut(value)[0] == {**value, "string": "ask someone@example.com"}


@pytest.mark.ci
@pytest.mark.parametrize("piece", ["a-", "eyJ-", "token=", "bearer ", "1.2345,", "a@", "+1 ", "://a:", "sk-", "key/", "maker.ifttt.com/", "AAAA"])
def test_hostile_texts_take_linear_time(piece: str) -> None:
    started = time.process_time()
    scrub.scrub_text(piece * (200_000 // len(piece)))
    assert time.process_time() - started < 3


@pytest.mark.slow
def test_real_shortcuts_stay_shortcuts(shared: Path) -> None:
    touched = 0
    for path in sorted((shared / "corpus" / "plist").iterdir()):
        try:
            shortcut = plist.read_shortcut(path.read_bytes())
        except plist.PlistError:
            continue
        scrubbed, counts = scrub.scrub_shortcut(shortcut)
        assert plist.same(scrubbed, shortcut) is not bool(counts), path
        assert scrub.scrub_shortcut(scrubbed)[1] == {}, path
        if counts:
            touched += 1
            try:
                assert shortcuts.transcribe(scrubbed).exact, path
            except Unbalanced:
                continue
    assert 20 < touched < 100
