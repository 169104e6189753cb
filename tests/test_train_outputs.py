"""Stage 07 damages nothing that is not its own, and of its own nothing before it has something new: `python -m pytest tests/test_train_outputs.py`."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import orjson
import pytest
import synthetic

from common.jsonl import UserError

pytest_plugins = ["train_fixtures"]


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, but for the lock, which is empty."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.fixture
def refused(run, tmp_path):
    """Run the stage and see that it ends in one line, and that a folder is left as it was."""

    def check(kept: Path, line: str, name: str, *flags, **how) -> None:
        before = contents(kept)
        with pytest.raises(UserError, match=line) as error:
            run(name, *flags, **how)
        assert "\n" not in str(error.value) and contents(kept) == before and before

    return check


# ---------------------------------------------------------------------------------------------------------------------------------
# the folder of a model


@pytest.mark.parametrize("output", ["models/base", "models/base/run", "models", "link", "models/../models/base"])
@pytest.mark.parametrize("flags", [(), ("--overwrite",)])
def test_a_run_into_the_folder_of_its_model_is_refused(refused, base, tmp_path, output, flags):
    (tmp_path / "models").mkdir()
    moved = shutil.move(base, tmp_path / "models" / "base")
    (tmp_path / "link").symlink_to(moved)
    refused(Path(moved), "the folder of --model .*; name another --output", output, "--lora-rank", 4, *flags, base=moved)
    refused(Path(moved), "the folder of --model .*; name another --output", "models/base", *flags, base=tmp_path / "link")


def test_by_default_a_run_does_not_go_into_the_folder_of_its_model(train, base, tmp_path, data, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    shutil.move(base, "runs/merged")
    before = contents(tmp_path / "runs")
    with pytest.raises(UserError, match="--output runs/merged is the folder of --model runs/merged"):
        train.main(train.arguments(["--model", "runs/merged", "--input", str(data), "--context", "512", "--precision", "fp32"]))
    assert contents(tmp_path / "runs") == before


@pytest.mark.parametrize("name", ["config.json", "model-00001-of-00002.safetensors", "tokenizer.json", "rejected.jsonl", "checkpoints/last.json"])
def test_a_folder_with_files_of_others_is_refused(refused, tmp_path, name):
    (tmp_path / "theirs" / name).parent.mkdir(parents=True)
    (tmp_path / "theirs" / name).write_text("theirs")
    refused(tmp_path / "theirs", f"holds {name} and no run of stage 07", "theirs", "--overwrite")


@pytest.mark.parametrize("text", ["{}", '{"plan": 1}', "[]", "no JSON"])
def test_another_programs_run_json_does_not_open_the_folder(refused, tmp_path, text):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "run.json").write_text(text)
    (tmp_path / "theirs" / "model.safetensors").write_text("weights")
    refused(tmp_path / "theirs", "run.json", "theirs", "--overwrite")


def test_a_folder_with_notes_alone_may_be_used(run, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "notes.txt").write_text("mine")
    assert run("a", "--steps", 1)[0] == 0 and (tmp_path / "a" / "notes.txt").read_text() == "mine"


# ---------------------------------------------------------------------------------------------------------------------------------
# an old run


def test_an_old_run_stays_whole_until_the_model_of_the_new_one_is_loaded(refused, base, data, tmp_path, monkeypatch):
    old = tmp_path / "base"
    anew = ("--overwrite", "--lora-rank", 4)
    other = tmp_path / "other"
    shutil.copytree(base, other)
    refused(old, "no such file", "base", *anew, base=other, records=tmp_path / "mistyped.jsonl")
    refused(old, "no such folder", "base", *anew, base=tmp_path / "mistyped")
    (other / "model.safetensors").write_bytes(b"damaged")
    refused(old, "^model ", "base", *anew, base=other)
    (other / "model.safetensors").unlink()
    refused(old, "^model ", "base", *anew, base=other)


def test_what_replaces_an_old_run_leaves_nothing_of_it(run, base, tmp_path):
    shutil.copytree(base, tmp_path / "other")
    run("base", "--overwrite", "--lora-rank", 4, "--steps", 2, base=tmp_path / "other")
    left = contents(tmp_path / "base")
    assert "adapter_model.safetensors" in left and "model.safetensors" not in left and "config.json" not in left


def test_two_runs_do_not_write_one_folder(refused, base, tmp_path):
    with open(tmp_path / "base" / ".lock", "a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        refused(tmp_path / "base", "another run is writing it", "base", "--overwrite")


def test_a_token_cache_leaves_what_others_keep_in_its_folder(run, base):
    before = contents(base)
    run("a", "--steps", 1, "--token-cache", base)
    assert before.items() <= contents(base).items()


# ---------------------------------------------------------------------------------------------------------------------------------
# merging


@pytest.mark.ci
@pytest.mark.parametrize("output", ["lora", "lora/merged", "base", "base/merged", "link", "taken"])
def test_merging_over_a_folder_that_is_there_is_refused(refused, run, base, tmp_path, output):
    run("lora", "--lora-rank", 4, "--steps", 1, base=base)
    (tmp_path / "link").symlink_to(base)
    shutil.copytree(base, tmp_path / "taken")
    refused(tmp_path, "; (name another|remove it)", "lora", "--merge", tmp_path / output)


def test_a_merge_that_the_disk_does_not_take_is_one_line_and_leaves_nothing(refused, run, base, tmp_path, monkeypatch):
    from common import model

    run("lora", "--lora-rank", 4, "--steps", 1, base=base)

    def full(tokenizer, folder):
        (folder / "tokenizer.json").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model, "save_tokenizer", full)
    refused(tmp_path, "merged model cannot be written: .*No space left", "lora", "--merge", tmp_path / "merged")
    assert orjson.loads((tmp_path / "lora" / "summary.json").read_bytes())["steps"] == 1


def test_data_of_another_run_is_data(run, tmp_path):
    """Data that stand in no folder of a model may be read from anywhere."""
    records = synthetic.write(tmp_path / "runs" / "data" / "train.jsonl", synthetic.records(20))
    assert run("runs/a", "--steps", 1, records=records)[0] == 0


# ---------------------------------------------------------------------------------------------------------------------------------
# what is exported


@pytest.mark.ci
def test_a_whole_model_is_exported_in_the_dtype_it_computed_in_and_names_it(run, base, tmp_path):
    import torch
    from transformers import AutoModelForCausalLM

    from common.training import checkpoint

    _, _, rows = run("whole", "--lora-rank", 0, "--lr", 1e-3, "--precision", "bf16", "--steps", 4, "--export", "last", base=base)
    held = checkpoint.weights(tmp_path / "whole" / "checkpoints" / "last.json")
    assert orjson.loads((tmp_path / "whole" / "config.json").read_bytes())["dtype"] == "bfloat16"
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "whole", dtype="auto")
    assert loaded.dtype == torch.bfloat16 and {tensor.dtype for tensor in held.values()} == {torch.float32}
    assert all(torch.equal(weight, held[name].bfloat16()) for name, weight in loaded.named_parameters())
    assert float(rows[-1]["loss"]) > 0


@pytest.mark.ci
def test_an_adapter_is_the_same_files_from_run_to_run(run, base, tmp_path, monkeypatch):
    from peft import LoraConfig

    run("a", "--lora-rank", 4, "--steps", 2, base=base)
    write = LoraConfig.save_pretrained

    def shuffled(self, folder, **rest):
        write(self, folder, **rest)
        path = Path(folder) / "adapter_config.json"
        config = orjson.loads(path.read_bytes())
        path.write_bytes(orjson.dumps(config | {"target_modules": config["target_modules"][::-1]}))

    monkeypatch.setattr(LoraConfig, "save_pretrained", shuffled)
    run("b", "--lora-rank", 4, "--steps", 2, base=base)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_run_that_is_done_stays_done_without_its_checkpoints(run, base, capfd):
    """People remove them to save space. The tensors of the model must not go before there are new ones."""
    shutil.rmtree(base / "checkpoints")
    before = contents(base)
    code, summary, _ = run("base", "--steps", 2)
    assert code == 0 and summary["steps"] == 2 and contents(base) == before


def test_a_whole_model_is_exported_with_what_is_stored_and_not_trained(run, tmp_path):
    """A router's biases are a buffer that a model's files hold; a frozen weight is in no checkpoint."""
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM, Glm4MoeConfig, Glm4MoeForCausalLM

    from common.training.export import export
    from common.training.precision import trainable

    torch.manual_seed(0)
    config = Glm4MoeConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, head_dim=8,
                           vocab_size=32, n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=8, first_k_dense_replace=1)  # fmt: skip
    made = Glm4MoeForCausalLM(config)
    gate = made.model.layers[1].mlp.gate
    gate.e_score_correction_bias.copy_(torch.tensor([3.0, -1, 2, 0]))
    made.model.norm.weight.requires_grad_(False).mul_(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("common.training.checkpoint.weights", lambda *_: {name: weight.detach() for name, weight in trainable(made).items()})
        export(made, tmp_path, tmp_path / "out", "base", torch.float32)
    written, found = load_file(tmp_path / "out/model.safetensors"), AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert "model.norm.weight" in written and (found.model.norm.weight == 2).all()
    assert found.model.layers[1].mlp.gate.e_score_correction_bias.tolist() == [3, -1, 2, 0]
    assert found.state_dict().keys() == made.state_dict().keys()


def test_a_stopped_run_is_not_taken_for_one_that_needs_no_merging(refused, base, run, tmp_path):
    run("lora", "--lora-rank", 4, "--steps", 2, base=base)
    for name in ("adapter_config.json", "adapter_model.safetensors", "summary.json"):
        (tmp_path / "lora" / name).unlink()
    refused(tmp_path / "lora", "was stopped before its end; .* --export-now", "lora", "--merge", tmp_path / "merged")


def test_an_adapter_is_neither_merged_nor_loaded_nor_trained_on_when_its_base_was_replaced(refused, base, run, tmp_path):
    from safetensors.numpy import load_file, save_file

    from common import model

    run("lora", "--lora-rank", 4, "--steps", 2, base=base)
    weights = base / "model.safetensors"
    save_file({name: 2 * tensor for name, tensor in load_file(weights).items()}, weights, {"format": "pt"})
    told = f"{base} has other weights than those that the adapter .*lora was trained on"
    refused(tmp_path / "lora", told, "lora", "--merge", tmp_path / "merged")
    refused(tmp_path / "lora", "another plan .base_weights", "lora", "--lora-rank", 4, "--steps", 2, base=base)
    with pytest.raises(UserError, match=told):
        model.load_run(tmp_path / "lora")
    (tmp_path / "lora/run.json").write_bytes(b'{"plan": {"model": "of a version before"}}')
    model.load_run(tmp_path / "lora")


def test_a_record_may_have_any_task(run, tmp_path, data):
    records = [orjson.loads(line) | {"task": task} for line, task in zip(data.read_bytes().splitlines(), [["a"], None, {}, 3] * 5)]
    odd = tmp_path / "odd.jsonl"
    odd.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    assert run("odd", "--steps", 1, records=odd)[0] == 0
    assert orjson.loads((tmp_path / "odd/prompt.json").read_bytes()) == {"primer": False}


@pytest.mark.parametrize("flag", ["--input", "--validation"])
def test_tests_are_neither_trained_on_nor_do_they_choose_a_model(run, tmp_path, data, flag):
    tests = synthetic.write(tmp_path / "t.jsonl", [record | {"split": "test_ood"} for record in synthetic.records(4)])
    with pytest.raises(UserError, match="t.jsonl:1: s0-0 is of split test_ood: models are neither trained nor chosen by tests"):
        run("none", "--steps", 1, flag, tests)


def test_a_split_that_leaves_nothing_to_train_or_validate_on_is_told(run, tmp_path):
    with pytest.raises(UserError, match="--validation-share 1 holds out all 20 samples"):
        run("none", "--validation-share", 1)
    (tmp_path / "empty.jsonl").write_bytes(b"")
    with pytest.raises(UserError, match="--validation .*empty.jsonl: no sample to validate on"):
        run("none", "--validation", tmp_path / "empty.jsonl")
