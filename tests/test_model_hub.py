"""Models by name: fetching them from a hub and putting them there. `python -m pytest tests/test_model_hub.py`"""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import constants
from stub_model_hub import TOKEN

from common import hub
from common.jsonl import UserError

pytest_plugins = ["stub_model_hub"]

MODEL = {"config.json": b'{"a": 1}', "model.safetensors": b"weights", "tokenizer.json": b"{}", "chat_template.jinja": b"x"}


def fetched(name: str) -> dict[str, bytes]:
    """The files of the folder that a name leads to."""
    return contents(hub.local(name, weights=True))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# ---------------------------------------------------------------------------------------------------------------------------------
# names


@pytest.mark.parametrize(("name", "parts"), [("a/b", ("a/b", None)), ("a/b@v1", ("a/b", "v1")), ("b", ("b", None))])
def test_a_revision_stands_behind_the_name(name, parts):
    assert hub.split(name) == parts


def test_a_folder_is_itself_also_with_an_at_sign(tmp_path):
    folder = tmp_path / "me@home"
    folder.mkdir()
    assert hub.split(folder) == (str(folder), None) and hub.local(folder) == folder and hub.pinned(folder) == str(folder)


def test_a_folder_that_is_not_there_is_asked_of_no_hub(stub, tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        hub.local(tmp_path / "runs")
    assert stub.asked == []


# ---------------------------------------------------------------------------------------------------------------------------------
# fetching


def test_a_name_becomes_the_folder_of_its_files_at_that_revision(stub):
    first = stub.add("me/model", MODEL)
    stub.repositories["me/model"].refs["v1"] = first
    second = stub.add("me/model", {"config.json": b'{"a": 2}'})
    assert fetched("me/model")["config.json"] == b'{"a": 2}'
    assert fetched("me/model@v1") == fetched(f"me/model@{first}") == MODEL
    assert (hub.pinned("me/model"), hub.pinned("me/model@v1")) == (f"me/model@{second}", f"me/model@{first}")


def test_what_a_model_is_can_be_seen_without_its_weights(stub):
    stub.add("me/model", MODEL)
    assert contents(hub.local("me/model")).keys() == MODEL.keys() - {"model.safetensors"}
    assert fetched("me/model") == MODEL


def test_no_program_no_pickle_and_no_second_copy_of_the_weights_is_fetched(stub):
    stub.add("me/model", MODEL | {"modeling.py": b"", "pytorch_model.bin": b"", "original/model.safetensors": b"",
                                  "consolidated.safetensors": b""})
    assert fetched("me/model") == MODEL


def test_a_commit_that_is_in_the_cache_is_asked_for_no_more(stub):
    commit = stub.add("me/model", MODEL)
    fetched("me/model")
    before = len(stub.asked)
    assert fetched(f"me/model@{commit}") == MODEL and len(stub.asked) == before


def test_what_is_in_the_cache_is_taken_when_the_hub_is_gone(stub, monkeypatch):
    stub.add("me/model", MODEL)
    fetched("me/model")
    stub.fault["me/model"] = "500"
    assert fetched("me/model") == MODEL


@pytest.mark.parametrize(("fault", "name", "words"), [
    ("", "me/other", "no model of that name, or it is private"),
    ("", "me/model@v9", "no such revision"),
    ("gated", "me/model", "accept its terms"),
    ("403", "me/model", "HF_TOKEN may not read"),
    ("500", "me/model", "status 500"),
    ("", "me/mo del", "no name that a hub could have"),
])
def test_what_cannot_be_fetched_is_said_in_one_line(stub, fault, name, words):
    stub.add("me/model", MODEL)
    if fault:
        stub.fault["me/model"] = fault
    with pytest.raises(UserError, match=words) as caught:
        hub.local(name)
    assert "\n" not in str(caught.value) and TOKEN not in str(caught.value)


def test_a_hub_that_cannot_be_reached_is_said_in_one_line(stub, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="cannot be reached") as caught:
        hub.local("me/model")
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------------------------------------------------------------------------
# putting a model there


@pytest.fixture
def trained(tmp_path) -> Path:
    """A folder as stage 07 leaves it."""
    folder = tmp_path / "run"
    files = MODEL | {"README.md": b"---\nlicense: mit\n---\nA card.", "run.json": b"/home/me", "samples.jsonl": b"{}", "train.log": b""}
    (folder / "checkpoints").mkdir(parents=True)
    for name, data in (files | {"checkpoints/model.safetensors": b"moments"}).items():
        (folder / name).write_bytes(data)
    return folder


def test_what_goes_out_is_the_model_and_its_card_and_nothing_of_the_run(stub, trained):
    address = hub.push(trained, "me/new", public=False)
    assert stub.files("me/new") == MODEL | {"README.md": b"---\nlicense: mit\n---\nA card."}
    assert address == f"{stub.url}/me/new/commit/{stub.repositories['me/new'].refs['main']}"
    assert fetched("me/new") == MODEL


@pytest.mark.parametrize("public", [False, True])
def test_a_new_repository_is_private_unless_it_is_to_be_public(stub, trained, public):
    hub.push(trained, "me/new", public=public)
    assert stub.repositories["me/new"].private is not public


def test_nothing_is_put_into_a_repository_that_all_can_see_unless_it_is_to_be_public(stub, trained):
    stub.add("me/known", {"a.txt": b"mine"})
    with pytest.raises(UserError, match="me/known is public; say --public"):
        hub.push(trained, "me/known", public=False)
    assert stub.files("me/known") == {"a.txt": b"mine"}
    hub.push(trained, "me/known", public=True)
    assert stub.files("me/known").keys() == {"a.txt", "README.md", *MODEL}


def test_a_second_push_is_a_second_commit(stub, trained):
    hub.push(trained, "me/new", public=False)
    first = hub.pinned("me/new")
    (trained / "model.safetensors").write_bytes(b"better")
    hub.push(trained, "me/new", public=False)
    assert fetched("me/new")["model.safetensors"] == b"better" and fetched(first) == MODEL


@pytest.mark.parametrize("token", ["", "hf_of_a_stranger"])
def test_without_the_right_token_nothing_is_made_and_the_token_is_not_shown(stub, trained, monkeypatch, token):
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(UserError, match="refuses HF_TOKEN" if token else "export it as HF_TOKEN") as caught:
        hub.push(trained, "me/new", public=False)
    assert not stub.repositories and "\n" not in str(caught.value) and "stranger" not in str(caught.value)


@pytest.mark.parametrize(("fault", "words"), [("403", "HF_TOKEN may not write"), ("500", "status 500"), ("404", "no model of that name")])
def test_a_hub_that_takes_no_model_is_said_in_one_line(stub, trained, fault, words):
    stub.fault["me/new"] = fault
    with pytest.raises(UserError, match=words) as caught:
        hub.push(trained, "me/new", public=False)
    assert "\n" not in str(caught.value) and TOKEN not in str(caught.value)


def test_a_push_to_a_hub_that_cannot_be_reached_is_said_in_one_line(stub, trained, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="cannot be reached"):
        hub.push(trained, "me/new", public=False)


@pytest.mark.parametrize(("card", "expected"), [(b"---\nlicense: llama3.1\n---\n", "llama3.1"), (b"A page.", None)])
def test_the_licence_is_the_one_that_the_page_states(stub, card, expected):
    stub.add("me/base", {"README.md": card})
    assert hub.licence("me/base") == expected and hub.licence("me/none") is None
