"""The settings that nobody has given: `python -m pytest tests/test_train_presets.py`."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from common.training import presets


@pytest.fixture
def machine(monkeypatch):
    """A machine: machine(gpu=False, bf16=True, free=8e9)."""

    def arrange(gpu: bool = False, bf16: bool = False, free: float = 8e9) -> None:
        for name, value in (("has_gpu", gpu), ("computes_bf16", bf16), ("free_memory", free)):
            monkeypatch.setattr(presets, name, lambda value=value: value)

    return arrange


def given(model: str = "some/model", **values: Any) -> argparse.Namespace:
    """The arguments of a command line: None where nothing was given."""
    return argparse.Namespace(**{"model": model, "sample_generations": None, "reinforce": False, **dict.fromkeys(presets.TABLE), **values})


def filled(**values: Any) -> argparse.Namespace:
    args = given(**values)
    presets.fill(args)
    return args


def test_every_setting_has_a_value_for_every_case():
    assert {len(values) for values in presets.TABLE.values()} == {len(presets.CASES)}


@pytest.mark.parametrize(("name", "words"), [
    ("context", "(default: 8192; on a CPU 2048; tiny 2048)"),
    ("lr", "(default: LoRA 0.0002, whole 2e-05; on a CPU LoRA 0.001, whole 2e-05; tiny 0.004; the folder of a small model 0.0005)"),
    ("precision", "(default: bf16 where the machine computes in it; tiny fp32)"),
    ("lora_dropout", "(default: 0)"),
])
def test_the_help_of_a_flag_says_its_default_in_every_case(name, words):
    assert presets.default(name) == words


def test_on_gpus_the_paper_holds_and_lora_takes_ten_times_the_rate_of_the_whole_model(machine):
    machine(gpu=True, bf16=True)
    lora, whole = filled(), filled(lora_rank=0)
    assert (lora.context, lora.batch_size, lora.epochs, lora.precision, lora.lora_dropout) == (8192, 32, 3.0, "bf16", 0.0)
    assert (lora.lr, whole.lr, lora.lora_rank, whole.lora_rank) == (2e-4, 2e-5, 16, 0)
    assert (lora.activation_checkpointing, lora.steps) == ("full", None)


@pytest.mark.parametrize(("bf16", "precision"), [(True, "bf16"), (False, "fp32")])
def test_a_cpu_gets_a_short_context_and_the_precision_it_computes_in(machine, bf16, precision):
    machine(bf16=bf16)
    args = filled()
    assert (args.context, args.precision, args.activation_checkpointing) == (2048, precision, None)


def test_a_gpu_without_bf16_gets_fp16_and_it_is_said(machine):
    machine(gpu=True)
    args = given()
    assert "--precision is fp16" in presets.told(presets.fill(args), args)
    assert (args.precision, args.context) == ("fp16", 8192)
    asked = given(precision="bf16")
    assert presets.told(presets.fill(asked), asked) == "" and asked.precision == "bf16"


def test_what_is_given_stays_as_it_is(machine):
    machine()
    mine = {"context": 4096, "lr": 0.5, "precision": "bf16", "activation_checkpointing": "selective", "lora_dropout": 0.1, "save_every": 3}
    args = given(**mine)
    assert not mine.keys() & presets.fill(args).keys()
    assert {name: getattr(args, name) for name in mine} == mine


def test_epochs_that_are_given_replace_the_tiny_models_steps(machine):
    machine()
    assert (filled(model="tiny").steps, filled(model="tiny", epochs=2.0).steps) == (200, None)
    assert filled(model="tiny", epochs=2.0, steps=7).steps == 7


def test_the_tiny_model_is_the_same_with_and_without_a_gpu(machine):
    machine(gpu=True)
    with_gpu = filled(model="tiny")
    machine(gpu=False, bf16=True)
    assert filled(model="tiny") == with_gpu and with_gpu.precision == "fp32"


def test_the_folder_of_a_small_model_is_trained_whole_unless_lora_is_asked_for(machine, tmp_path):
    machine(bf16=True)
    for width in (128, 576):
        (tmp_path / f"{width}").mkdir()
        (tmp_path / f"{width}/config.json").write_text(f'{{"hidden_size": {width}}}')
    small, large = filled(model=str(tmp_path / "128")), filled(model=str(tmp_path / "576"))
    assert (small.lora_rank, small.precision, small.lr, small.epochs) == (0, "fp32", 5e-4, 1.0)
    assert (large.lora_rank, large.precision) == (16, "bf16")
    adapted = filled(model=str(tmp_path / "128"), lora_rank=4)
    assert (adapted.precision, adapted.lr) == (large.precision, large.lr)
    args = given(model=str(tmp_path / "128"))
    assert presets.told(presets.fill(args), args).startswith("a small model, so") and args.activation_checkpointing == "none"


def test_what_a_cpu_changes_is_said_in_one_line_and_only_that(machine):
    machine()
    args = given(context=1024)
    line = presets.told(presets.fill(args), args)
    assert line.startswith("no GPU here") and "--batch-size 8" in line and "--lr 0.001" in line and "--precision fp32" in line
    assert "--context" not in line and "\n" not in line
    assert presets.told(presets.fill(args), args) == ""  # nothing was left to choose
    args = given(steps=5, rows=2)
    assert not {"--epochs", "--batch-size"} & set(presets.told(presets.fill(args), args).split())  # they would not count
    machine(gpu=True, bf16=True)
    for other in (given(), given("tiny")):
        assert presets.told(presets.fill(other), other) == ""


# ---------------------------------------------------------------------------------------------------------------------------------
# memory


@pytest.fixture(scope="module")
def small():
    """The shape of a model of 135 million parameters."""
    from transformers import LlamaConfig

    return LlamaConfig(hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9, vocab_size=49152)


@pytest.mark.parametrize(("free", "mode"), [(16e9, "none"), (3e9, "full")])
def test_activations_are_kept_where_they_fit_and_computed_again_where_not(machine, small, free, mode):
    machine(free=free)
    args = filled()
    args.row_tokens = args.context
    presets.keep_or_compute_again(args, small)
    assert args.activation_checkpointing == mode


def test_a_mode_that_is_given_is_not_changed_by_the_memory(machine, small):
    machine(free=1.0)
    args = filled(activation_checkpointing="none", row_tokens=2048)
    presets.keep_or_compute_again(args, small)
    assert args.activation_checkpointing == "none"


def test_memory_grows_with_tokens_precision_and_what_is_trained(small):
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        parameters = AutoModelForCausalLM.from_config(small).num_parameters()
    lora = presets.needed(small, 0, "bf16", whole=False)
    assert presets.needed(small, 0, "bf16", whole=True) - lora == pytest.approx(14 * parameters, rel=0.1)
    assert presets.needed(small, 0, "fp32", whole=False) - lora == pytest.approx(2 * parameters, rel=0.1)
    assert presets.needed(small, 2048, "bf16", whole=False) > presets.needed(small, 1024, "bf16", whole=False) > lora


def test_layers_of_several_sizes_count_as_the_largest_and_experts_by_any_name():
    from transformers import Gemma3nTextConfig, MixtralConfig

    layers = {"num_hidden_layers": 2, "hidden_size": 64, "vocab_size": 100}
    sizes = Gemma3nTextConfig(**layers, intermediate_size=[64, 128], activation_sparsity_pattern=[0.0, 0.0], layer_types=["full_attention"] * 2)
    one, four = (MixtralConfig(**layers, intermediate_size=128, num_local_experts=count) for count in (1, 4))
    assert presets.needed(sizes, 0, "bf16", whole=False) > 0
    assert presets.needed(four, 0, "bf16", whole=False) - presets.needed(one, 0, "bf16", whole=False) == 2 * 2 * 3 * 3 * 64 * 128


def test_free_memory_is_some_of_this_machines():
    assert 0 < presets.free_memory() < float("inf")
