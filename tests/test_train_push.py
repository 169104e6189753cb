"""Stage 07 and a hub: a base by name, the trained model put there with a card, and loaded from there. `pytest tests/test_train_push.py`"""

from __future__ import annotations

import os
import time
from pathlib import Path

import orjson
import pytest

from common import model
from common.jsonl import UserError
from common.metrics import HEADLINE
from common.training import model_card

pytest_plugins = ["train_fixtures", "stub_model_hub"]


@pytest.fixture
def based(stub, trained) -> str:
    """A base model on the hub, with the commit behind its name."""
    files = {path.name: path.read_bytes() for path in trained.iterdir() if path.suffix in (".json", ".safetensors", ".jinja")}
    return "maker/base@" + stub.add("maker/base", files | {"README.md": b"---\nlicense: llama3.1\n---\n"})


def front(card: bytes) -> dict[str, str]:
    """The metadata of a card."""
    return dict(line.split(": ", 1) for line in card.decode().split("---\n")[1].splitlines())


def test_an_adapter_is_trained_on_a_name_and_names_the_commit_it_was_trained_on(run, stub, based, tmp_path):
    code, summary, _ = run("lora", "--lora-rank", 4, "--steps", 2, base="maker/base")
    config = orjson.loads((tmp_path / "lora/adapter_config.json").read_bytes())
    assert code == 0 and summary["steps"] == 2
    assert f"{config['base_model_name_or_path']}@{config['revision']}" == based
    stub.add("maker/base", {"model.safetensors": b"another one"})  # the base moves on
    adapted, _ = model.load_run(tmp_path / "lora")
    assert adapted.peft_config["default"].r == 4


@pytest.mark.ci
def test_a_pushed_adapter_is_loaded_by_its_name_with_our_code_and_with_plain_libraries(train, run, stub, based, tmp_path, capfd, monkeypatch):
    run("lora", "--lora-rank", 4, "--steps", 2, base="maker/base")
    assert train.main(train.arguments(["--output", str(tmp_path / "lora"), "--push", "me/lora"])) == 0
    out = orjson.loads(capfd.readouterr().out.splitlines()[-1])
    assert out == {"stage": "train", "pushed": f"{stub.url}/me/lora/commit/{stub.repositories['me/lora'].refs['main']}"}
    assert stub.repositories["me/lora"].private
    files = stub.files("me/lora")
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "prompt.json", "README.md"} <= files.keys()
    assert not files.keys() & {"run.json", "samples.jsonl", "rejected.jsonl", "summary.json"}
    assert not [name for name, data in files.items() if str(tmp_path).encode() in data or b"snapshots" in data]

    ours, tokenizer = model.load_run("me/lora")
    assert model.knows_the_language("me/lora") and ours.peft_config["default"].base_model_name_or_path == "maker/base"
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoTokenizer

    plain = AutoPeftModelForCausalLM.from_pretrained("me/lora")
    assert AutoTokenizer.from_pretrained("me/lora").chat_template == tokenizer.chat_template
    ids = tokenizer("Thought: the same.", return_tensors="pt")["input_ids"]
    assert (plain(ids).logits == ours(ids).logits).all()


def test_the_card_says_what_the_adapter_is_of_and_how_it_was_trained(train, run, stub, based, tmp_path):
    run("lora", "--lora-rank", 4, "--steps", 2, base="maker/base")
    train.main(train.arguments(["--output", str(tmp_path / "lora"), "--push", "me/lora"]))
    card = stub.files("me/lora")["README.md"]
    assert front(card) == {"library_name": "peft", "pipeline_tag": "text-generation", "language": "en",
                           "tags": "[apple-shortcuts, workflows, code-generation]", "base_model": "maker/base",
                           "base_model_relation": "adapter", "license": "llama3.1"}  # fmt: skip
    words = card.decode()
    plan = orjson.loads((tmp_path / "lora/run.json").read_bytes())["plan"]
    for expected in (based.split("@")[1], plan["train"], "| lora rank", "| best validation loss", "20 with those to validate on",
                     "05_annotate.py --model me/lora", "None were measured", "authors"):
        assert expected in words
    assert str(tmp_path) not in words


def test_an_adapter_of_a_folder_is_refused_and_goes_out_merged(train, run, stub, base, tmp_path, capfd):
    run("lora", "--lora-rank", 4, "--steps", 2, base=base)
    with pytest.raises(UserError, match="a folder that nobody else has; push the merged model: add --merge DIR"):
        train.main(train.arguments(["--output", str(tmp_path / "lora"), "--push", "me/lora"]))
    assert "me/lora" not in stub.repositories
    arguments = ["--output", str(tmp_path / "lora"), "--merge", str(tmp_path / "merged"), "--push", "me/lora", "--public"]
    assert train.main(train.arguments(arguments)) == 0
    merged, _ = model.load_run("me/lora")
    assert not hasattr(merged, "peft_config") and not stub.repositories["me/lora"].private
    card = stub.files("me/lora")["README.md"].decode()
    assert "base_model" not in card and "AutoModelForCausalLM" in card and str(tmp_path) not in card
    assert not [name for name, data in stub.files("me/lora").items() if str(tmp_path).encode() in data]


def test_a_whole_model_goes_out_as_one(train, run, stub, trained, tmp_path):
    folder = trained.parent / trained.name
    train.main(train.arguments(["--model", "tiny", "--output", str(folder), "--push", "me/tiny"]))
    whole, _ = model.load_run("me/tiny")
    assert whole.config.hidden_size == 32 and "built from nothing" in stub.files("me/tiny")["README.md"].decode()


def test_without_a_token_nothing_is_merged_and_without_a_model_nothing_pushed(train, stub, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="no trained model of stage 07"):
        train.main(train.arguments(["--output", str(tmp_path), "--push", "me/x"]))
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(UserError, match="no token"):
        train.main(train.arguments(["--output", str(tmp_path), "--merge", str(tmp_path / "m"), "--push", "me/x"]))
    assert stub.asked == []


def test_an_adapter_is_no_model_to_train(train, run, stub, based):
    stub.add("me/lora", {"adapter_config.json": b"{}"})
    with pytest.raises(UserError, match="me/lora@.* is an adapter"):
        run("x", base="me/lora")


# ---------------------------------------------------------------------------------------------------------------------------------
# scores


@pytest.fixture
def scored(tmp_path) -> tuple[Path, Path]:
    """(the folder of a run, a scores.json of stage 08 that has it)."""
    folder, file = tmp_path / "lora", tmp_path / "scores.json"
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(b"")
    figures = {split: {"n": 9, **{key: {"mean": 0.5} for key in HEADLINE}} for split in ("id", "ood")}
    file.write_bytes(orjson.dumps({"models": {"ours": str(folder), "base": "maker/base@1"}, "limit": None, "data": {"test_id.jsonl": "ab" * 32},
                                   "systems": {"ours": figures, "empty": {}}}))  # fmt: skip
    return folder, file


def test_scores_of_a_run_are_those_of_the_system_that_is_its_folder(scored, tmp_path):
    folder, file = scored
    assert model_card.scores_of(file, folder)["systems"]["id"]["n"] == 9
    assert model_card.scores_of(file, tmp_path) is None and model_card.scores_of(tmp_path / "none.json", folder) is None


def test_scores_that_are_older_than_the_model_are_left_out_and_that_is_said(scored, capsys):
    folder, file = scored
    os.utime(folder / "adapter_model.safetensors", (time.time() + 60,) * 2)
    assert model_card.scores_of(file, folder) is None and "run stage 08 again" in capsys.readouterr().err


def test_a_card_has_the_scores_in_percent(train, run, stub, based, scored, tmp_path):
    run("trained", "--lora-rank", 4, "--steps", 2, base="maker/base")
    folder, file = scored
    file.write_bytes(file.read_bytes().replace(str(folder).encode(), str(tmp_path / "trained").encode()))
    train.main(train.arguments(["--output", str(tmp_path / "trained"), "--push", "me/lora", "--scores", str(file)]))
    card = stub.files("me/lora")["README.md"].decode()
    assert "test_id.jsonl `abababababab`" in card and "CodeBLEU" in card and "| unseen requests (ID)" in card and "50.0" in card


def test_a_push_that_went_wrong_after_a_merge_goes_on_from_it(train, run, stub, base, tmp_path, monkeypatch):
    run("lora", "--lora-rank", 4, "--steps", 2, base=base)
    command = ["--output", str(tmp_path / "lora"), "--merge", str(tmp_path / "merged"), "--push", "me/merged"]

    def lost(*_):
        raise UserError("the hub is gone")

    with monkeypatch.context() as patch, pytest.raises(UserError, match="the hub is gone"):
        patch.setattr("common.hub.push", lost)
        train.main(train.arguments(command))
    assert train.main(train.arguments(command)) == 0 and "model.safetensors" in stub.files("me/merged")
    run("lora", "--lora-rank", 4, "--steps", 3, "--overwrite", base=base)
    with pytest.raises(UserError, match="merged is there already"):  # it is of another adapter
        train.main(train.arguments(command))


def test_the_card_of_a_reinforced_model_says_what_it_learned_from(trained, tmp_path):
    import shutil

    run = shutil.copytree(trained, tmp_path / "run")
    about = orjson.loads((run / "run.json").read_bytes())
    about["plan"] |= {"reinforce": True, "group": 8, "temperature": 0.6}
    (run / "run.json").write_bytes(orjson.dumps(about))
    model_card.write(run, run, "me/model", None, HEADLINE)
    card = (run / "README.md").read_text()
    assert "by reinforcement" in card and "| group" in card and "on the answers only" not in card
