"""What stage 07 does when asked: noise, memory for time, adapters of other kinds, samples, logs, cached tokens; and the arithmetic it prints.

`python -m pytest tests/test_train_options.py`
"""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import orjson
import pytest
import synthetic
from train_runs import Killed, exact, kill, metrics

from common.jsonl import UserError

pytest_plugins = ["train_fixtures"]


# ---------------------------------------------------------------------------------------------------------------------------------
# the copying drill


def test_a_drill_says_random_tokens_of_the_vocabulary_twice():
    import torch

    from common.training import copy_drill

    generator = torch.Generator().manual_seed(0)
    for longest in (4, 16, 512):
        for _ in range(20):
            ids, length = copy_drill.repetitions(range(3, 50), longest, generator)
            assert copy_drill.SHORTEST <= length <= longest and 2 * length <= ids.shape[1] <= 3 * length
            assert torch.equal(ids[:, :length], ids[:, -length:]) and 3 <= int(ids.min()) and int(ids.max()) < 50
            assert len(ids) * length <= max(copy_drill.TOKENS, length)


def test_a_drill_goes_on_to_longer_repetitions_and_ends_when_the_longest_are_learned(very_small, monkeypatch):
    from common import model
    from common.training import copy_drill

    tiny, _ = model.build_tiny(["a few words"], context=2048)
    monkeypatch.setattr(copy_drill, "LEARNED", 1e3)
    monkeypatch.setattr(copy_drill, "MEMORY", 0.0)
    assert copy_drill.drill(tiny, range(3, 200), 4, 0)[::2] == (4, 256)  # a step each: 16, 32, 64, 128
    monkeypatch.setattr(copy_drill, "DONE", 1e4)
    ended = copy_drill.drill(tiny, range(3, 200), 99, 0)
    assert ended.steps == 6 and ended.longest == copy_drill.LONGEST


@pytest.mark.slow
def test_after_the_drill_a_model_copies_what_it_never_saw():
    import torch

    from common import model
    from common.training import copy_drill

    tiny, _ = model.build_tiny(["a few words"], context=512)
    model.one_thread_if_small(tiny.config)
    drilled = copy_drill.drill(tiny, range(3, 260), 3000, 0)
    said = torch.randint(3, 260, (8, 40), generator=torch.Generator().manual_seed(1))
    guessed = tiny(torch.cat([said, said], dim=1)).logits[:, 40:-1].argmax(-1)
    assert drilled.loss < copy_drill.LEARNED
    assert float((guessed == said[:, 1:]).float().mean()) > 0.7  # 0.79 to 0.85 by how a processor rounds


@pytest.mark.ci
def test_a_drilled_run_is_killed_and_goes_on_with_the_same_numbers_and_no_second_drill(run, at_step, tmp_path, capfd, monkeypatch):
    from common.training import copy_drill

    _, _, plain = run("plain")
    _, _, expected = run("whole", "--copy-drill", 3)
    assert exact(expected)[0] != exact(plain)[0]
    at_step(8, kill)
    with pytest.raises(Killed):
        run("killed", "--copy-drill", 3)
    monkeypatch.setattr(copy_drill, "drill", None)
    assert exact(run("killed", "--copy-drill", 3)[2]) == exact(expected)
    with pytest.raises(UserError, match="copy_drill 3 there, 4 here"):
        run("killed", "--copy-drill", 4)


def test_only_the_model_from_nothing_is_drilled(train, capsys):
    with pytest.raises(SystemExit):
        train.arguments(["--copy-drill", "9"])
    assert "--copy-drill is for --model tiny" in capsys.readouterr().err


# ---------------------------------------------------------------------------------------------------------------------------------
# NEFTune


def test_noise_has_its_size_by_sample_and_is_a_function_of_the_seed():
    import torch

    from common.training.loss import noisy

    embeddings = torch.zeros(1, 1000, 64)
    torch.manual_seed(1)
    noise = noisy(embeddings, (900, 100), 5.0)[0]
    for part, length in ((noise[:900], 900), (noise[900:], 100)):
        bound = 5 / (length * 64) ** 0.5
        assert 0.98 * bound < float(part.abs().max()) <= bound and abs(float(part.mean())) < bound / 20
    torch.manual_seed(1)
    assert torch.equal(noisy(embeddings, (900, 100), 5.0)[0], noise)


@pytest.mark.ci
def test_a_killed_run_with_noise_goes_on_with_the_same_numbers(run, at_step):
    _, _, expected = run("whole", "--neftune", 20)
    _, _, silent = run("silent")
    assert exact(expected)[0] != exact(silent)[0]
    at_step(8, kill)
    with pytest.raises(Killed):
        run("killed", "--neftune", 20)
    _, _, found = run("killed", "--neftune", 20)
    assert exact(found) == exact(expected)


@pytest.mark.ci
def test_noise_is_for_training_alone(run):
    """At a rate of nothing the model stays what it was: a noisy run must validate as a silent one does."""
    silent, noisy = (run(name, "--neftune", strength, "--lr", 1e-30)[2] for name, strength in (("silent", 0), ("noisy", 20)))
    assert [row["validation_loss"] for row in noisy] == [row["validation_loss"] for row in silent]
    assert noisy[0]["loss"] != silent[0]["loss"]


# ---------------------------------------------------------------------------------------------------------------------------------
# memory for time


def kept_bytes(model, row) -> int:
    """Bytes of activations that the forward pass keeps for the backward pass."""
    import torch

    from common.training.loss import AnswerLoss

    held = {}

    def pack(tensor):
        held[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        AnswerLoss(model).train()(row)
    return sum(held.values())


@pytest.mark.ci
def test_selective_checkpointing_keeps_less_than_none_and_computes_less_again_than_full():
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from common.model import build_tiny
    from common.packing import Plan, Samples
    from common.training.activation_checkpointing import keep_activations
    from common.training.loss import AnswerLoss

    row = Plan(Samples.of(([7] * 200, [True] * 200) for _ in range(2)), 400, 1, 0).row(0, 0)
    flop, losses, kept = {}, {}, {}
    for mode in ("none", "selective", "full"):
        model, _ = build_tiny(["some text"], 512)
        model.set_attn_implementation("packed")
        keep_activations(model, mode)
        kept[mode] = kept_bytes(model, row)
        with FlopCounterMode(display=False) as counter:
            loss = AnswerLoss(model).train()(row)
            loss.backward()
        flop[mode] = counter.get_total_flops()
        losses[mode] = torch.cat([loss.detach()[None], *(parameter.grad.flatten() for parameter in model.parameters())])
    assert torch.equal(losses["none"], losses["selective"]) and torch.equal(losses["none"], losses["full"])
    assert flop["none"] == flop["selective"] < flop["full"]
    assert kept["full"] < kept["none"]


def test_an_adapters_product_over_its_rank_is_not_kept():
    import torch
    from torch.utils.checkpoint import CheckpointPolicy

    from common.training.activation_checkpointing import _policy

    wide, rank = ((torch.empty(8, inner), torch.empty(inner, 512)) for inner in (256, 16))
    assert _policy(None, torch.ops.aten.mm.default, *wide) == CheckpointPolicy.MUST_SAVE
    assert _policy(None, torch.ops.aten.mm.default, *rank) == CheckpointPolicy.PREFER_RECOMPUTE
    assert _policy(None, torch.ops.aten.silu.default, wide[0]) == CheckpointPolicy.PREFER_RECOMPUTE


@pytest.mark.ci
@pytest.mark.parametrize("mode", ["selective", pytest.param("full", marks=pytest.mark.ci)])
def test_checkpointing_changes_no_number_of_a_run(run, base, mode):
    lora = ("--lora-rank", 4, "--lora-dropout", 0.3, "--steps", 4)
    assert exact(run("a", *lora, base=base)[2]) == exact(run("b", *lora, "--activation-checkpointing", mode, base=base)[2])


@pytest.mark.slow
def test_compiled_layers_give_the_same_losses_and_names(run, tmp_path, monkeypatch, base):
    import torch
    from safetensors.torch import load_file
    from transformers import AttentionInterface

    from common.training import activation_checkpointing, loss

    compiled = torch.nn.Module.compile
    monkeypatch.setattr(activation_checkpointing, "shutil", types.SimpleNamespace(which=lambda name: "/usr/bin/g++"))
    # traced, not translated to C++: that takes a minute, and is PyTorch's to test
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: compiled(self, backend="eager"))
    lora = ("--lora-rank", 4, "--steps", 4, "--activation-checkpointing", "selective")
    plain, traced = run("a", *lora, base=base)[2], run("b", *lora, "--compile", base=base)[2]
    AttentionInterface.register(loss.PACKED, loss.packed_attention)
    for a, b in zip(plain, traced, strict=True):
        assert float(a["loss"]) == pytest.approx(float(b["loss"]), rel=1e-5)
    names = [load_file(tmp_path / name / "adapter_model.safetensors").keys() for name in ("a", "b")]
    assert names[0] == names[1]


def test_compiling_without_a_compiler_is_one_clear_line(run, monkeypatch):
    from common.training import activation_checkpointing

    monkeypatch.setattr(activation_checkpointing, "shutil", types.SimpleNamespace(which=lambda name: None))
    with pytest.raises(UserError, match="--compile needs a C.. compiler"):
        run("a", "--compile")


# ---------------------------------------------------------------------------------------------------------------------------------
# attention and adapters of other kinds


def test_varlen_attention_hands_the_kernel_what_it_takes(monkeypatch):
    """The kernel runs on GPUs alone: here a stand-in with its interface attends sample by sample."""
    import torch
    from torch.nn import functional
    from torch.nn.attention import varlen

    from common.training.attention import packed_attention, varlen_attention

    def kernel(query, key, value, starts, also, longest, too, *, scale, window_size, enable_gqa):
        assert starts.dtype == torch.int32 and starts is also and longest == too == 7 and window_size == (-1, 0) and enable_gqa
        outputs = []
        for begin, end in zip(starts.tolist(), starts.tolist()[1:]):
            parts = [part[begin:end].transpose(0, 1)[None] for part in (query, key, value)]
            outputs.append(functional.scaled_dot_product_attention(*parts, is_causal=True, scale=scale, enable_gqa=True)[0].transpose(0, 1))
        return torch.cat(outputs)

    monkeypatch.setattr(varlen, "varlen_attn", kernel)
    query, key, value = torch.randn(1, 4, 12, 8), torch.randn(1, 2, 12, 8), torch.randn(1, 2, 12, 8)
    starts = torch.tensor([0, 7, 12], dtype=torch.int32)
    found, _ = varlen_attention(None, query, key, value, None, scaling=0.3, cu_seq_lens_q=starts, max_length_q=7)
    expected, _ = packed_attention(None, query, key, value, None, scaling=0.3, cu_seq_lens_q=starts)
    assert found.shape == (1, 12, 4, 8) and torch.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(("flags", "message"), [
    (["--quantize"], "--quantize needs the package bitsandbytes: python -m pip install"),
    (["--attention", "varlen"], "--attention varlen is a kernel for GPUs, and there is none here"),
    (["--tensorboard"], "--tensorboard needs the package tensorboard: python -m pip install"),
    (["--wandb", "project"], "--wandb needs the package wandb: python -m pip install"),
])
def test_what_is_missing_for_a_flag_is_said_in_one_line_before_anything_is_loaded(train, data, monkeypatch, flags, message):
    import importlib.util

    from common.training import devices

    find = importlib.util.find_spec
    absent = lambda name, *rest: None if name in ("bitsandbytes", "tensorboard", "wandb") else find(name, *rest)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", absent)
    monkeypatch.setattr(devices, "find_spec", absent)
    with pytest.raises(UserError, match=message) as error:
        train.main(train.arguments(["--input", str(data), "--model", "no/model", "--devices", "1", *flags]))
    assert "\n" not in str(error.value)


def test_quantized_training_is_refused_without_a_gpu_and_without_lora(train, data, monkeypatch, capsys):
    from common.training import devices

    monkeypatch.setattr(devices, "find_spec", lambda name: object())
    with pytest.raises(UserError, match="--quantize is for one GPU, and there is none here"):
        train.main(train.arguments(["--input", str(data), "--model", "no/model", "--quantize", "--devices", "1"]))
    with pytest.raises(SystemExit):
        train.arguments(["--quantize", "--lora-rank", "0"])
    assert "can only be frozen" in capsys.readouterr().err


@pytest.mark.ci
@pytest.mark.parametrize("flags", [pytest.param(["--rslora"], marks=pytest.mark.ci), ["--dora", "--lora-targets", "q_proj,v_proj"]])
def test_every_kind_of_adapter_loads_in_peft_as_it_was_trained(run, base, tmp_path, flags):
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from common.training import checkpoint

    run("lora", "--lora-rank", 4, "--lr", 1e-2, "--export", "last", *flags, base=base)
    held = checkpoint.weights(tmp_path / "lora" / "checkpoints" / "last.json")
    adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), tmp_path / "lora")
    loaded = {name: tensor for name, tensor in adapted.named_parameters() if name in held}
    assert loaded.keys() == held.keys() and all(torch.equal(loaded[name], held[name]) for name in held)
    config = orjson.loads((tmp_path / "lora" / "adapter_config.json").read_bytes())
    assert isinstance(config["target_modules"], list)  # by name: not every server knows "all-linear"
    assert run("lora", "--merge", tmp_path / "merged")[1]["difference"] < 1e-5


@pytest.mark.ci
def test_training_on_an_adapter_or_merging_it_into_another_base_is_one_clear_line(run, base, tmp_path, monkeypatch):
    from common import model

    run("lora", "--lora-rank", 4, base=base)
    with pytest.raises(UserError, match="is an adapter, and --model needs a model; merge it first"):
        run("again", "--lora-rank", 4, base=tmp_path / "lora")
    monkeypatch.setitem(model.TINY_SHAPE, "hidden_size", 48)
    run("other", "--steps", 1)
    config = tmp_path / "lora" / "adapter_config.json"
    config.write_bytes(config.read_bytes().replace(str(base).encode(), str(tmp_path / "other").encode()))
    with pytest.raises(UserError, match="has other weights than those that the adapter .* was trained on") as error:
        run("lora", "--merge", tmp_path / "merged")
    assert "\n" not in str(error.value) and not (tmp_path / "merged").exists()


# ---------------------------------------------------------------------------------------------------------------------------------
# samples and logs


@pytest.mark.ci
def test_samples_of_what_the_model_writes_stand_beside_the_run(run, at_step, tmp_path, monkeypatch):
    from common.training import generations

    monkeypatch.setattr(generations, "LONGEST", 12)
    flags = ("--validation-share", 0.2, "--sample-generations", 3)
    _, _, expected = run("whole", *flags)
    samples = [orjson.loads(line) for line in (tmp_path / "whole" / "samples.jsonl").read_bytes().splitlines()]
    assert [sample["step"] for sample in samples] == [4] * 3 + [8] * 3 + [12] * 3
    assert all(next(iter(sample)) == "id" and isinstance(sample["answer"], str) and sample["diagnostics"] == [] for sample in samples)
    at_step(8, kill)
    with pytest.raises(Killed):
        run("killed", *flags)
    _, _, found = run("killed", *flags)
    assert exact(found) == exact(expected) and exact(run("silent", "--validation-share", 0.2)[2]) == exact(expected)
    assert (tmp_path / "killed" / "samples.jsonl").read_bytes() == (tmp_path / "whole" / "samples.jsonl").read_bytes()


def test_a_sample_is_checked_as_a_program():
    from common.decoding.generation import Generation
    from common.training.generations import _checked, summed_up

    program = _checked("a", Generation("Thought:x\n\nCode:\n```python\nis_workflow_actions_gettext(WFTextActionText='a')\n```", 9, True, "stop"))
    wrong = _checked("b", Generation("```python\nx = unknown_name\n```", 9, True, "stop"))
    prose = _checked("c", Generation("I cannot.", 3, False, "length"))
    assert program["has_code"] and not program["diagnostics"]
    assert wrong["diagnostics"][0].startswith("line 1: ") and not prose["has_code"]
    assert summed_up([program, wrong, prose]) == "samples written: 3, 2 end by themselves, 2 hold a program, 1 pass check"


def test_a_question_is_a_conversation_up_to_its_last_answer(data):
    from common.training.data import question, records_of

    first, second = synthetic.records(2)
    asked = records_of(data, [second["id"], "unknown", first["id"]])
    assert asked == [second, first]
    assert [question(record) for record in asked] == [record["messages"][:1] for record in asked]


@pytest.fixture(scope="session")
def curves():
    """A class of loggers that keep how they were made and what they were given."""
    from lightning.pytorch import loggers

    class Curves(loggers.Logger):
        name, version = "curves", ""

        def __init__(self, *parts, **settings):
            super().__init__()
            self.made, self.drawn = (parts, settings), []

        @property
        def experiment(self):
            return self

        def log_metrics(self, metrics, step):
            self.drawn += [(name, step) for name in metrics]

        def log_hyperparams(self, *parts):
            pass

    return Curves


def test_curves_go_to_tensorboard_and_wandb_if_asked(run, at_step, curves, monkeypatch, tmp_path):
    from common.training import logs

    made = []

    def recorded(*parts, **settings):
        made.append(curves(*parts, **settings))
        return made[-1]

    monkeypatch.setattr(logs, "TensorBoardLogger", recorded)
    monkeypatch.setattr(logs, "WandbLogger", recorded)
    monkeypatch.setattr(logs, "check", lambda *flags: None)
    flags = ("--tensorboard", "--wandb", "mine", "--steps", 6, "--save-every", 2)
    at_step(5, kill)
    with pytest.raises(Killed):
        run("a", *flags)
    run("a", *flags)
    board, wandb, resumed_board, resumed_wandb = made
    assert board.made[1]["purge_step"] == 1 and resumed_board.made[1]["purge_step"] == 5
    assert wandb.made[1]["project"] == "mine" and wandb.made[1]["resume"] == "allow" and wandb.made[1]["config"]["lr"] == 0.004
    assert wandb.made[0] == resumed_wandb.made[0]  # the same folder is the same run
    for logger in (resumed_board, resumed_wandb):
        assert {(name, step) for name in ("loss", "lr", "grad_norm", "tok_per_s", "eta_s") for step in (5, 6)} <= set(logger.drawn)
        assert ("validation_loss", 6) in logger.drawn and not any(step < 5 for _, step in logger.drawn)


def test_wandb_that_cannot_start_is_one_clear_line(curves, monkeypatch, tmp_path):
    from common.training import logs
    from common.training.run_folder import RunFolder

    class Refusing(curves):
        @property
        def experiment(self):
            raise RuntimeError("no API key\nconfigured")

    monkeypatch.setattr(logs, "WandbLogger", Refusing)
    with pytest.raises(UserError, match="--wandb: no API key configured; see `wandb login`"):
        logs.loggers(RunFolder(tmp_path, {}, anew=False), False, "mine")


# ---------------------------------------------------------------------------------------------------------------------------------
# arithmetic


def test_work_of_llama_8b_is_that_of_its_matrices_and_attention():
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from common.training.flops import Work

    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(hidden_size=4096, intermediate_size=14336, num_hidden_layers=32, num_attention_heads=32,
                                             num_key_value_heads=8, vocab_size=128256))
    work = Work.of(model)
    assert work.body + work.head == pytest.approx(7.50e9, rel=1e-2)
    assert work.flop([8192], 8192, 4) / 8192 == pytest.approx(36.5e9, rel=1e-2)  # LoRA at 8,192 tokens: 4N and attention three times
    assert work.flop([4096, 4096], 0, 4) < work.flop([8192], 0, 4) < work.flop([8192], 8192, 4) < work.flop([8192], 8192, 6)


def test_adapters_do_not_count_as_work():
    from common.model import attach_lora, build_tiny
    from common.training.flops import Work

    model, _ = build_tiny(["some text"], 64)
    before = Work.of(model)
    assert Work.of(attach_lora(model, 0, r=4, target_modules="all-linear")) == before


@pytest.mark.parametrize(("name", "peak"), [
    ("NVIDIA H100 80GB HBM3", 989e12), ("NVIDIA H100 PCIe", 756e12), ("NVIDIA H100 NVL", 835e12), ("NVIDIA H200", 989e12),
    ("NVIDIA H200 NVL", 835e12), ("NVIDIA GH200 480GB", 989e12), ("NVIDIA A100-SXM4-80GB", 312e12), ("NVIDIA A10G", 70e12), ("NVIDIA A10", 125e12),
    ("NVIDIA L40S", 362e12), ("NVIDIA L4", 121e12), ("NVIDIA GeForce RTX 4090", 165e12), ("NVIDIA RTX A6000", 155e12), ("Some CPU", None),
])
def test_the_peak_is_that_of_dense_bf16(name, peak):
    from common.training.flops import peak_flops

    assert peak_flops(name) == peak


def test_utilisation_is_useful_work_over_time_devices_and_peak():
    from common.training.flops import Work, utilisation

    work = Work(body=1_000_000, head=500_000, attention=10)
    found = utilisation(work, [100, 50], 30, seconds=1e-6, devices=2, device_name="NVIDIA A100")
    useful = 4 * (1_000_000 * 150 + 500_000 * 30) + 3 * 10 * (100 * 101 // 2 + 50 * 51 // 2)
    assert found["mfu_4n"] == pytest.approx(useful / (1e-6 * 2 * 312e12), abs=1e-4) and found["mfu_6n"] > found["mfu_4n"]
    assert utilisation(work, [100], 30, 1.0, 1, "a CPU") == {}


# ---------------------------------------------------------------------------------------------------------------------------------
# cached tokens


@pytest.fixture
def tokenizer():
    from common.model import build_tiny

    return build_tiny([message["content"] for record in synthetic.records(20) for message in record["messages"]], 512)[1]


def test_tokens_are_made_once_and_again_when_data_or_template_change(data, tokenizer, tmp_path, monkeypatch):
    from common.training import data as stage_data

    made = []
    encode = stage_data.encode
    monkeypatch.setattr(stage_data, "encode", lambda *parts: made.append(1) or encode(*parts))
    first, again = (stage_data.tokenised(data, tokenizer, tmp_path / "cache") for _ in range(2))
    assert made == [1] and again.ids == first.ids and again.samples.sha256() == first.samples.sha256()
    other = synthetic.write(tmp_path / "other.jsonl", synthetic.records(3, seed=9))
    assert len(stage_data.tokenised(other, tokenizer, tmp_path / "cache").ids) == 3 and len(made) == 2
    tokenizer.chat_template = tokenizer.chat_template.replace("### ", "## ")
    assert stage_data.tokenised(data, tokenizer, tmp_path / "cache").samples.sha256() != first.samples.sha256()


def test_a_damaged_cache_is_made_anew_and_one_that_cannot_be_written_is_named(data, tokenizer, tmp_path, capsys):
    from common.training.data import tokenised

    expected = tokenised(data, tokenizer, None).samples.sha256()
    tokenised(data, tokenizer, tmp_path / "cache")
    [stored] = (tmp_path / "cache").glob("*.safetensors")
    stored.write_bytes(stored.read_bytes()[:-100])
    assert tokenised(data, tokenizer, tmp_path / "cache").samples.sha256() == expected
    assert "damaged, and made anew" in capsys.readouterr().err
    (tmp_path / "file").write_text("not a folder")
    assert tokenised(data, tokenizer, tmp_path / "file").samples.sha256() == expected
    assert "tokens cannot be kept there" in capsys.readouterr().err


@pytest.mark.slow
def test_many_processes_may_ask_for_the_same_tokens(data, tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    code = ("import sys; from pathlib import Path; from transformers import AutoTokenizer; from common.training.data import tokenised;"
            f"print(tokenised(Path({str(data)!r}), AutoTokenizer.from_pretrained({str(tmp_path / 'tokenizer')!r}), Path({str(tmp_path / 'cache')!r})).samples.sha256())")
    environment = os.environ | {"PYTHONPATH": str(synthetic.ROOT)}
    asking = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) for _ in range(3)]
    hashes = {process.communicate()[0] for process in asking}
    assert len(hashes) == 1 and len(next(iter(hashes))) == 65
    assert len(list((tmp_path / "cache").glob("*.safetensors"))) == 1 and not list((tmp_path / "cache").glob("*.part"))


# ---------------------------------------------------------------------------------------------------------------------------------
# a full disk


@pytest.fixture
def small_disk(tmp_path) -> Path:
    """A file system of 600 KiB: room for one checkpoint, not for a second one beside it."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("a small file system can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.ci
def test_a_disk_that_is_full_ends_in_one_line_and_leaves_the_last_checkpoint(run, small_disk, tmp_path, train):
    flags = ("--validation-share", 0, "--token-cache", tmp_path / "cache")
    with pytest.raises(UserError, match="cannot be written.*the same command goes on from it") as error:
        run("small/run", *flags)
    assert "\n" not in str(error.value) and not list(small_disk.rglob("*.part"))
    last = small_disk / "run" / "checkpoints" / "last.json"
    assert metrics(small_disk / "run")[-1]["step"] == "10" and train.checkpoint.position(last)["step"] == 5
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    _, _, found = run("small/run", *flags)
    assert exact(found) == exact(run("whole", *flags)[2])


@pytest.mark.ci
@pytest.mark.parametrize("base_flags", [(), ("--lora-rank", 4)])
def test_wherever_a_disk_becomes_full_one_line_is_said_and_the_same_command_goes_on(run, base, small_disk, tmp_path, base_flags, monkeypatch):
    """Sizes at which other files fail: those before the first step, a checkpoint, the logs, what is exported."""
    from common.training import generations

    monkeypatch.setattr(generations, "LONGEST", 4)
    start = base if base_flags else "tiny"
    flags = (*base_flags, "--steps", 6, "--save-every", 2, "--validation-share", 0.2, "--validate-every", 3, "--sample-generations", 2,
             "--token-cache", tmp_path / "cache")
    said = set()
    for size in (8, 16, 40, 100, 250, 400, 550, 700, 800, 900, 1000, 1100):
        subprocess.run(["mount", "-o", f"remount,size={size}k", str(small_disk)], check=True)
        try:
            run("small/run", *flags, base=start)
            break
        except UserError as error:
            assert "\n" not in str(error) and "cannot be written" in str(error)
            said.add(str(error).split(" cannot be written")[0])
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    found = run("small/run", *flags, base=start)[2]
    assert exact(found) == exact(run("whole", *flags, base=start)[2]) and len(said) >= 2, said
    name = "adapter_model.safetensors" if base_flags else "model.safetensors"
    assert (small_disk / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.ci
@pytest.mark.parametrize("base_flags", [(), ("--lora-rank", 4)])
def test_an_export_that_the_disk_does_not_take_is_one_line_and_is_made_good(run, train, base, small_disk, tmp_path, base_flags, monkeypatch):
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    export = train.export

    def full(*parts):
        with pytest.raises(OSError), open(small_disk / "filler", "wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 12))
        export(*parts)

    flags, start = (*base_flags, "--steps", 2, "--token-cache", tmp_path / "cache"), base if base_flags else "tiny"
    monkeypatch.setattr(train, "export", full)
    with pytest.raises(UserError, match="cannot be written.*the same command writes them again|adapter_model.*cannot be written") as error:
        run("small/run", *flags, base=start)
    assert "\n" not in str(error.value) and not (small_disk / "run" / "summary.json").exists()
    monkeypatch.setattr(train, "export", export)
    (small_disk / "filler").unlink()
    assert run("small/run", *flags, base=start)[0] == 0
    train.model.load_run(small_disk / "run")


@pytest.mark.parametrize("name", ["metrics.csv", "samples.jsonl"])
def test_a_log_that_cannot_be_written_is_one_clear_line(tmp_path, name):
    from common.training.run_folder import RunFolder

    folder = RunFolder(tmp_path, {}, anew=False)
    (tmp_path / name).mkdir()
    with pytest.raises(UserError, match="cannot be written.*last checkpoint is intact"):
        folder.log(step=1) if name == "metrics.csv" else folder.sample(1, [{"id": "a"}])


@pytest.mark.ci
def test_weights_that_cannot_be_exported_are_exported_by_the_same_command(run, train, monkeypatch, tmp_path):
    def full(*parts):
        raise UserError("no space")

    kept = train.export
    monkeypatch.setattr(train, "export", full)
    with pytest.raises(UserError, match="no space"):
        run("a")
    assert not (tmp_path / "a" / "summary.json").exists()
    monkeypatch.setattr(train, "export", kept)
    code, summary, _ = run("a")
    assert code == 0 and summary["steps"] == 12 and (tmp_path / "a" / "model.safetensors").exists()


@pytest.mark.parametrize(("flags", "said"), [
    (["--dry-run", "--merge", "x"], "--dry-run measures a training, and --merge does none"),
    (["--dry-run", "--push", "a/b"], "--dry-run measures a training, and --push does none"),
    (["--dry-run", "--export-now"], "--dry-run measures a training, and --export-now does none"),
    (["--overwrite", "--export-now"], "--overwrite starts a run anew, and --export-now takes the one that is there"),
    (["--overwrite", "--merge", "x"], "--overwrite starts a run anew, and --merge takes the one that is there"),
    (["--model", "tiny", "--dora"], "--dora is of LoRA, and the whole model is trained"),
    (["--lora-rank", "0", "--lora-dropout", "0.5"], "--lora-dropout is of LoRA"),
    (["--lora-rank", "0", "--lora-targets", "q_proj"], "--lora-targets is of LoRA"),
    (["--grammar"], "--grammar goes with --reinforce"), (["--rollouts", "http://x"], "--rollouts goes with --reinforce"),
    (["--group", "4"], "--group goes with --reinforce"), (["--max-new-tokens", "9"], "--max-new-tokens goes with --reinforce"),
])  # fmt: skip
def test_a_flag_that_would_do_nothing_is_refused(train, flags, said, capsys):
    with pytest.raises(SystemExit) as left:
        train.arguments(flags)
    assert left.value.code == 2 and said in capsys.readouterr().err


def test_as_many_prompts_are_answered_as_were_asked_for(train):
    given = ["--model", "some", "--reinforce"]
    assert [train.arguments([*given, *more]).sample_generations for more in ([], ["--sample-generations", "0"], ["--sample-generations", "3"])] \
        == [16, 0, 3]
    assert train.arguments(["--model", "tiny"]).sample_generations == 0


@pytest.mark.parametrize(("names", "said"), [
    ("q_proj, v_porj", "no module is called v_porj; there are down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj"),
    ("lm_head", "the weights of lm_head are those of the embeddings"), ("embed_tokens", "the weights of embed_tokens are those"),
])  # fmt: skip
def test_targets_of_lora_that_cannot_be_adapted_are_refused(run, base, names, said):
    with pytest.raises(UserError, match=said):
        run("lora", "--lora-rank", 4, "--lora-targets", names, base=base)


def test_the_experts_of_a_mixture_go_by_the_names_that_peft_knows(train):
    from transformers import MixtralConfig, MixtralForCausalLM

    from common.training import network

    made = MixtralForCausalLM(MixtralConfig(vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                                            num_key_value_heads=1, num_local_experts=2))  # fmt: skip
    given = ["--model", "some", "--lora-rank", "2", "--precision", "fp32", "--lora-targets", "q_proj,w1,w2,w3"]
    adapted = network.adapted(made, train.arguments(given))
    assert any("experts" in name for name, weight in adapted.named_parameters() if weight.requires_grad)


def test_the_layers_around_the_head_of_a_model_for_text_are_adapted(train):
    from transformers import RobertaConfig, RobertaForCausalLM

    from common.training import network

    made = RobertaForCausalLM(RobertaConfig(vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                                            is_decoder=True))  # fmt: skip
    assert network.unread(made) is None


def test_targets_of_lora_may_have_spaces_between_them(run, base, tmp_path):
    run("lora", "--lora-rank", 4, "--steps", 1, "--lora-targets", "q_proj, v_proj", base=base)
    assert orjson.loads((tmp_path / "lora/adapter_config.json").read_bytes())["target_modules"] == ["q_proj", "v_proj"]


def test_a_step_of_more_samples_than_were_asked_for_says_so(train, data, tmp_path, very_small, capfd):
    given = ["--input", data, "--model", "tiny", "--output", tmp_path / "run", "--context", 2048, "--steps", 1, "--batch-size", 2]
    assert train.main(train.arguments([*map(str, given)])) == 0
    assert "samples, so a step has as many, not --batch-size 2; a lower --context or --row-tokens" in capfd.readouterr().err


def test_parts_that_text_does_not_go_through_get_no_adapter(train):
    """Gemma 4 comes with its eyes: AutoModelForCausalLM gives all of it."""
    import torch
    from transformers import AutoModelForCausalLM, Gemma4Config, Gemma4TextConfig, Gemma4VisionConfig

    from common.training import network

    text = Gemma4TextConfig(
        vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, head_dim=16,
        global_head_dim=16, max_position_embeddings=64, sliding_window=16, hidden_size_per_layer_input=0, num_kv_shared_layers=0,
        layer_types=["sliding_attention", "full_attention"], bos_token_id=1, eos_token_id=2, pad_token_id=0)  # fmt: skip
    vision = Gemma4VisionConfig(hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2, head_dim=16)
    made = AutoModelForCausalLM.from_config(Gemma4Config(
        text_config=text, vision_config=vision, audio_config=None, image_token_id=63, video_token_id=62, audio_token_id=61, boi_token_id=60,
        eoi_token_id=59))  # fmt: skip
    assert network.unread(made) == r"model\.embed_vision(\..*)?|model\.vision_tower(\..*)?"
    adapted = network.adapted(made, train.arguments(["--model", "some", "--lora-rank", "4", "--precision", "fp32"]))
    ids = torch.arange(3, 19)[None]
    adapted(input_ids=ids, labels=ids).loss.backward()
    trained = {name: weight for name, weight in adapted.named_parameters() if weight.requires_grad}
    assert len(trained) == 28 and all(weight.grad is not None for weight in trained.values())
