"""Twenty-eight kinds of bad record among good ones, through the whole of stage 06 with the real dialect and catalogue: each goes for the
right reason, and no good one goes. Run with `python -m pytest tests/test_dataset_faults.py`.
"""

from __future__ import annotations

import json
import random
import sys

import pytest

from shortcuts import check
from shortcuts.catalog import Catalog

WORDS = "river stone candle window garden letter market silver copper violin harbor meadow lantern basket mirror pillow carpet".split()
SMALL = "the to of and my i for is how can want that it from with this you what if when each then".split()
SHOW = "is.workflow.actions.showresult"


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, str, str]]:
    """(id, name, key) of built-in actions that take a text and give something."""
    found = []
    for api in Catalog.load():
        keys = [parameter.key for parameter in api.parameters if parameter.type == "text" and parameter.key.isidentifier()]
        if keys and api.result and api.id.startswith("is.workflow.actions.") and not check(f"x = {api.name}({keys[0]}='a b')"):
            found.append((api.id, api.name, keys[0]))
    assert len(found) >= 40
    return found


def good(number: int, texts: list[tuple[str, str, str]]) -> dict:
    """A record without a fault, a function of its number."""
    source = random.Random(number)
    chosen = source.sample(texts, 9)
    said = [" ".join(source.choices(WORDS, k=5)) for _ in chosen]
    lines = [f"Value_{place} = {name}({key}={text!r})" for place, ((_, name, key), text) in enumerate(zip(chosen, said))]
    code = "\n".join([*lines, "if Value_1 == 'yes':", "    is_workflow_actions_showresult(Text=f'{Value_0} {Value_2}')"]) + "\n"
    query = "I want you to " + " ".join(source.choice(SMALL if place % 3 else WORDS) for place in range(25))
    return {"id": f"good-{number}", "query": query, "apis": [*(identifier for identifier, _, _ in chosen), SHOW], "apps": [],
            "category": "Games", "plan": "1. Gather the texts.\n2. If the second is yes, show two of them.", "annotated_code": code, "code": code,
            "annotator": {"model": "m"}}  # fmt: skip


def call(text: str) -> str:
    return f"is_workflow_actions_showresult(Text={text!r})\n"


def faults(texts: list[tuple[str, str, str]]) -> dict[str, tuple[str, dict]]:
    """Kind of fault -> (the reason it must be dropped for, what is changed in a good record)."""

    def code(text: str, **more: object) -> dict:
        return {"annotated_code": text, "code": text, "apis": [SHOW], **more}

    two = call("a b") + call("c d")
    return {
        "a text for APIs": ("bad_field", {"apis": "is.workflow.actions.url"}),
        "no APIs": ("bad_field", {"apis": None}),
        "a number for a query": ("bad_field", {"query": 7}),
        "no query": ("no_query", {"query": ""}),
        "query of two words": ("no_query", {"query": "do it"}),
        "query names an id": ("query_names_api", {"query": f"Please use {SHOW} for this and that for me"}),
        "query names a function": ("query_names_api", {"query": "I want is_workflow_actions_url to be called for me, please"}),
        "query in Italian": ("query_language", {"query": "Vorrei sapere che tempo fa domani e poi mandare tutto quanto a mia madre"}),
        "no plan": ("no_plan", {"plan": "\n "}),
        "no code": ("no_code", code("")),
        "comments alone": ("no_code", code("# show it\n'a remark'\n")),
        "broken Python": ("does_not_parse", code("x = is_workflow_actions_url(WFURLActionURL='a'\n")),
        "a form outside the dialect": ("check_form", code(f"while True:\n    {call('a')}")),
        "an import": ("check_form", code(f"import os\n{two}")),
        "a name nothing binds": ("check_undefined_name", code("is_workflow_actions_showresult(Text=f'{Nothing}')\n" + two)),
        "a positional argument": ("check_positional_argument", code("is_workflow_actions_showresult('a')\n" + two)),
        "a parameter twice": ("check_duplicate_parameter", code("is_workflow_actions_showresult(Text='a', **{'Text': 'b'})\n" + two)),
        "an invented API": ("check_unknown_api", code("x = is_workflow_actions_solve_everything()\n" + two)),
        "an invented parameter": ("check_unknown_parameter", code("is_workflow_actions_showresult(Loudness='a')\n" + two)),
        "a value outside the list": ("check_enum_value", code("d = is_workflow_actions_getwifi(WFWiFiDetail='Colour')\n" + two)),
        "a text where a boolean is due": ("check_parameter_type", code("x = is_workflow_actions_notification(WFNotificationActionSound='loud')\n"
                                                                      + two)),  # fmt: skip
        "lines after the end": ("check_unreachable", code(f"{call('a')}is_workflow_actions_exit()\n{call('b')}")),
        "APIs unused": ("apis_unused", {"apis": [identifier for identifier, _, _ in texts[:30]]}),
        "a loop of the model": ("degenerate", code(call("again") * 12)),
        "a plan of another program": ("plan_disagrees", {"plan": "1. If needed, call is.workflow.actions.geturlcomponent and stop."}),
        "a plan without its branch": ("plan_disagrees", {"plan": "1. Gather the texts and show two of them to the user."}),
        "far too long": ("too_long", {"plan": "1. If the second is yes, show it and go on. " * 3000}),
    }  # fmt: skip


@pytest.mark.ci
def test_every_fault_goes_for_its_reason_and_no_good_record_is_lost(load_stage, tmp_path, monkeypatch, capsys, texts):
    kinds, sound = faults(texts), [good(number, texts) for number in range(60)]
    bad = [{**good(1000 + number, texts), **changes, "id": kind} for number, (kind, (_, changes)) in enumerate(kinds.items())]
    sound.append({**good(61, texts), "annotated_code": call("a"), "code": call("a"), "apis": [SHOW]})  # one call, and no other is asked for
    twin = {**sound[7], "id": "twin", "query": good(2000, texts)["query"]}
    asked_again = {**good(2001, texts), "id": "the same query again", "query": sound[8]["query"].upper() + "!"}
    records = [item for pair in zip(sound, bad) for item in pair] + sound[len(bad):] + [twin, asked_again, {**good(2002, texts), "id": "good-3"}]
    (tmp_path / "seed.jsonl").write_text("")
    (tmp_path / "generated.jsonl").write_text("".join(json.dumps(item) + "\n" for item in records))
    stage = load_stage("06")
    monkeypatch.setattr(sys, "argv", ["06", f"--input={tmp_path}/seed.jsonl", f"--generated={tmp_path}/generated.jsonl", "--english",
                                      f"--output={tmp_path}/bench", "--browse=0", "--workers=1", "--ood-share=0"])  # fmt: skip
    assert stage.main() == 0
    rejects = {item["id"]: item["reason"] for item in map(json.loads, (tmp_path / "bench/rejected.jsonl").read_text().splitlines())}
    expected = {kind: reason for kind, (reason, _) in kinds.items()} | {"twin": "duplicate_code", "the same query again": "duplicate_query",
                                                                        "good-3": "duplicate_id"}  # fmt: skip
    assert rejects == expected
    kept = [item["id"] for split in ("train", "test_id", "test_ood")
            for item in map(json.loads, (tmp_path / f"bench/{split}.jsonl").read_text().splitlines())]  # fmt: skip
    assert sorted(kept) == sorted(item["id"] for item in sound)
