"""The tiny model, loading, LoRA, merging, generation: `python -m pytest tests/test_model.py`."""

from __future__ import annotations

import ast
import copy
import shutil
import subprocess
import sys

import orjson
import pytest
import synthetic

from common import chat
from common import model as models
from common.chat import end_ids, prompt_text, turns
from common.decoding.generation import Generation, Sampler, generate
from common.decoding.side_by_side import WINDOW
from common.jsonl import UserError
from common.model import attach_lora, build_tiny, load_model, load_run, load_tokenizer, merge

RECORDS = synthetic.records(16)
TEXTS = [message["content"] for record in RECORDS for message in record["messages"]]
PROMPTS = [record["messages"][:1] for record in RECORDS]


@pytest.fixture(scope="module")
def tiny():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "TINY_SHAPE", synthetic.SHAPE)
        return build_tiny(TEXTS, context=512)


@pytest.fixture(scope="module")
def folder(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("tiny")
    for part in tiny:
        part.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def adapter(folder, tmp_path_factory):
    """A LoRA adapter whose matrices are not zero, so that it changes the model."""
    import torch

    path = tmp_path_factory.mktemp("adapter")
    adapted = attach_lora(load_model(folder), seed=0, r=4, lora_alpha=8, target_modules="all-linear")
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    adapted.save_pretrained(path)
    load_tokenizer(folder).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def parrot():
    """A tiny model that knows one answer by heart."""
    import torch

    chat = [{"role": "user", "content": "Say it."}, {"role": "assistant", "content": "Thought:one\n\nCode:\n```python\na = b(c='🙂')\n```"}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "TINY_SHAPE", synthetic.SHAPE | {"hidden_size": 64})
        model, tokenizer = build_tiny([message["content"] for message in chat], context=96)
    ids = torch.tensor([tokenizer.apply_chat_template(chat)["input_ids"][:-1]])  # without the line break behind the end mark
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(60):
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval(), tokenizer, chat


def logits(model, tokenizer):
    import torch

    with torch.no_grad():
        return model(input_ids=torch.tensor([tokenizer(TEXTS[1])["input_ids"]])).logits


# ---------------------------------------------------------------------------------------------------------------------------------
# tokenizer and base model


def test_the_tiny_model_is_a_function_of_texts_and_seed(tiny, monkeypatch):
    monkeypatch.setattr(models, "TINY_SHAPE", synthetic.SHAPE)
    again, tokenizer = build_tiny(TEXTS, context=512)
    assert tokenizer.get_vocab() == tiny[1].get_vocab()
    assert all((a == b).all() for a, b in zip(tiny[0].parameters(), again.parameters(), strict=True))
    other, _ = build_tiny(TEXTS, context=512, seed=1)
    assert not (other.lm_head.weight == again.lm_head.weight).all()


@pytest.mark.parametrize("text", ["a = b(WFInput='x')\n    if True:\n\tç\r\n", "🙂👩‍👩‍👧 ¼ 文字 12345", "  \n\n  ", "<|not special|>"])
def test_the_tiny_tokenizer_gives_every_text_back(tiny, text):
    ids = tiny[1](text, add_special_tokens=False)["input_ids"]
    assert tiny[1].decode(ids, clean_up_tokenization_spaces=False) == text


def test_an_action_name_seen_often_is_one_token(tiny):
    assert len(tiny[1]("is_workflow_actions_ask", add_special_tokens=False)["input_ids"]) == 1


def test_a_tokenizer_without_chat_template_gets_one_and_padding(folder, tmp_path):
    tokenizer = load_tokenizer(folder)
    tokenizer.chat_template = None
    tokenizer.pad_token = None
    tokenizer.save_pretrained(tmp_path)
    loaded = load_tokenizer(tmp_path)
    assert loaded.chat_template == models.CHAT_TEMPLATE
    assert loaded.pad_token_id == loaded.eos_token_id


def test_a_template_that_writes_the_date_writes_always_the_same(folder, tmp_path):
    tokenizer = load_tokenizer(folder)
    tokenizer.chat_template = ("{%- if not date_string is defined %}{%- set date_string = strftime_now('%d %b %Y') %}{%- endif %}"
                               "{{ date_string }}{% for message in messages %}{{ '\n' + message['content'] }}{% endfor %}")
    tokenizer.save_pretrained(tmp_path)
    load_tokenizer(tmp_path).save_pretrained(tmp_path)  # the pinned template is what is saved, and is pinned once
    loaded = load_tokenizer(tmp_path)
    assert loaded.apply_chat_template(PROMPTS[0], tokenize=False) == f"{chat.PINNED_DATE}\n{PROMPTS[0][0]['content']}"
    assert loaded.chat_template.count("set date_string =") == 2


def test_a_folder_without_a_model_is_one_clear_line(tmp_path):
    for load in (load_run, load_model, load_tokenizer):
        with pytest.raises(UserError) as error:
            load(tmp_path)
        assert str(tmp_path) in str(error.value) and "\n" not in str(error.value)


@pytest.fixture
def with_code(folder, tmp_path):
    """A model whose config, tokenizer and weights are to be read by Python files of its own, which leave a trace when they run."""
    path, trace = tmp_path / "with_code", tmp_path / "ran"
    shutil.copytree(folder, path)
    (path / "own.py").write_text(f"open({str(trace)!r}, 'w')\nfrom transformers import *\nOwnConfig, OwnModel, OwnTokenizer = LlamaConfig, LlamaForCausalLM, LlamaTokenizer\n")
    for name, classes in (("config.json", {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnModel"}),
                          ("tokenizer_config.json", {"AutoTokenizer": [None, "own.OwnTokenizer"]})):
        settings = orjson.loads((path / name).read_bytes())
        settings.pop("tokenizer_class", None)
        (path / name).write_bytes(orjson.dumps(settings | {"auto_map": classes, "model_type": "own"}))
    return path, trace


@pytest.mark.parametrize("load", [load_model, load_tokenizer])
def test_a_models_own_code_is_never_run_and_nobody_is_asked(with_code, load, monkeypatch):
    path, trace = with_code
    asked = []
    monkeypatch.setattr("builtins.input", lambda *text: asked.append(text) or "y")
    with pytest.raises(UserError, match="code of its own, which is never run") as error:
        load(path)
    assert "\n" not in str(error.value) and not asked and not trace.exists()


def test_whoever_loads_something_of_hugging_face_says_that_no_code_is_trusted():
    calls = []
    sources = (path.read_text() for path in [*synthetic.ROOT.glob("0*.py"), *(synthetic.ROOT / "common").rglob("*.py"), *(synthetic.ROOT / "bench").glob("*.py")])
    for source in (source for source in sources if "from_pretrained" in source or "from_config" in source):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("from_pretrained", "from_config"):
                calls.append(ast.unparse(node))
    loose = [call for call in calls if "trust_remote_code=False" not in call and "PeftModel" not in call and "**settings" not in call]
    assert len(calls) >= 8 and not loose


@pytest.mark.parametrize(("template", "kind"), [
    ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "SecurityError"), ("{{ raise_exception('no system role') }}", "TemplateError"),
    ("{% for i in range(10**9) %}{% endfor %}", "OverflowError"), ("{% if %}", "TemplateSyntaxError"), ("{{ 1 / 0 }}", "ZeroDivisionError"),
    ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "RecursionError"),
])
def test_a_chat_template_that_fails_is_one_clear_line(tiny, folder, tmp_path, template, kind):
    tokenizer = copy.deepcopy(tiny[1])
    tokenizer.chat_template = template
    tokenizer.save_pretrained(tmp_path)
    for act in (lambda: load_tokenizer(tmp_path), lambda: prompt_text(PROMPTS[0], tokenizer), lambda: list(turns(RECORDS[0]["messages"], tokenizer))):
        with pytest.raises(UserError, match=f"chat template fails .{kind}") as error:
            act()
        assert "\n" not in str(error.value)


def test_a_chat_template_that_does_not_end_is_one_clear_line(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "TEMPLATE_SECONDS", 0.3)
    tokenizer = copy.deepcopy(tiny[1])
    tokenizer.chat_template = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(UserError, match="its chat template does not end"):
        load_tokenizer(tmp_path)


def test_importing_loads_no_heavy_library():
    code = "import sys, common.decoding.generation, common.model, common.packing; print([m for m in ('torch', 'transformers', 'peft') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=synthetic.ROOT).stdout.strip() == "[]"


# ---------------------------------------------------------------------------------------------------------------------------------
# LoRA


def test_a_run_is_loaded_with_one_call_whole_or_as_an_adapter(folder, adapter):
    whole, tokenizer = load_run(folder)
    adapted, _ = load_run(adapter)
    assert tokenizer.chat_template
    assert (logits(load_model(folder, adapter=adapter), tokenizer) == logits(adapted, tokenizer)).all()
    assert not (logits(whole, tokenizer) == logits(adapted, tokenizer)).all()


@pytest.mark.parametrize("load", [load_model, load_tokenizer])
def test_a_folder_that_is_not_there_is_not_looked_for_elsewhere(load, tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="model runs/nowhere: no such folder"):
        load("runs/nowhere")


def test_an_adapter_of_another_base_is_refused(adapter, tmp_path, monkeypatch):
    monkeypatch.setitem(models.TINY_SHAPE, "hidden_size", 96)
    build_tiny(TEXTS, context=512)[0].save_pretrained(tmp_path)
    with pytest.raises(UserError, match="fits only the base model") as error:
        load_model(tmp_path, adapter=adapter)
    assert "\n" not in str(error.value)


def test_no_pickled_adapter_is_read(folder, tmp_path):
    (tmp_path / "adapter_config.json").write_bytes(orjson.dumps({"peft_type": "LORA", "base_model_name_or_path": str(folder)}))
    (tmp_path / "adapter_model.bin").write_bytes(b"pickle")
    with pytest.raises(UserError, match="safetensors"):
        load_run(tmp_path)


def test_the_merged_model_gives_the_adapters_logits(adapter, tmp_path):
    assert merge(adapter, tmp_path) < 1e-5
    (merged, tokenizer), (adapted, _) = load_run(tmp_path), load_run(adapter)
    assert float((logits(merged, tokenizer) - logits(adapted, tokenizer)).abs().max()) < 1e-4
    assert tokenizer.chat_template == load_tokenizer(adapter).chat_template


@pytest.mark.parametrize("targets", [["q_proj"], ["q_proj", "lm_head"], ["embed_tokens"]])
def test_a_writer_says_what_its_adapter_says_where_head_and_embeddings_share_weights(folder, tmp_path, targets):
    import peft

    adapted = peft.get_peft_model(load_model(folder), peft.LoraConfig(task_type="CAUSAL_LM", target_modules=targets, init_lora_weights=False))
    adapted.save_pretrained(tmp_path, save_embedding_layers=False)
    writer, tokenizer = models.load_writer(folder, tmp_path)
    expected = logits(load_run(folder, tmp_path)[0], tokenizer)
    assert float((logits(writer, tokenizer).float() - expected).norm() / expected.norm()) < 0.05
    assert hasattr(writer, "merge_and_unload") is (targets != ["q_proj"])
    assert len(texts(writer, tokenizer)) == 5


def test_merging_refuses_a_whole_model_and_a_result_that_differs(folder, adapter, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="needs no merging"):
        merge(folder, tmp_path)
    monkeypatch.setitem(models.MERGE_TOLERANCE, "float32", -1.0)
    with pytest.raises(UserError, match="was not kept"):
        merge(adapter, tmp_path / "merged")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------------------------------------------------------------------------
# generation


def texts(model, tokenizer, prompts=PROMPTS[:5], **settings) -> list[str]:
    return [answer.text for answer in generate(model, tokenizer, prompts, **({"max_new_tokens": 12} | settings))]


@pytest.mark.ci
def test_an_answer_ends_at_its_end_mark(parrot):
    model, tokenizer, chat = parrot
    [answer] = generate(model, tokenizer, [chat[:1]])
    assert answer == Generation(chat[1]["content"], len(tokenizer(chat[1]["content"], add_special_tokens=False)["input_ids"]) + 1, True, "stop")


def test_an_answer_ends_at_a_stop_string_beside_one_that_goes_on(parrot):
    model, tokenizer, chat = parrot
    stopped, other = generate(model, tokenizer, [chat[:1], PROMPTS[0]], stop=["\n\nCode"], max_new_tokens=16)
    assert (stopped.text, stopped.finished, stopped.reason) == ("Thought:one", True, "stop")
    assert stopped.tokens < 16 and other.tokens <= 16


def test_an_answer_is_cut_at_max_new_tokens_and_says_so(parrot):
    model, tokenizer, chat = parrot
    [answer] = generate(model, tokenizer, [chat[:1]], max_new_tokens=3)
    assert (answer.tokens, answer.finished, answer.reason) == (3, False, "length")
    assert chat[1]["content"].startswith(answer.text)


def test_a_prompt_that_fills_the_context_is_reported_in_its_place(tiny):
    model, tokenizer = tiny
    long = [{"role": "user", "content": "is here " * 600}]
    first, second, third = generate(model, tokenizer, [PROMPTS[0], long, PROMPTS[1]], max_new_tokens=4, batch_size=2)
    assert second == Generation("", 0, False, "prompt_too_long")
    assert [first.text, third.text] == texts(model, tokenizer, PROMPTS[:2], max_new_tokens=4)


def test_prompt_and_answer_share_the_context(tiny):
    model, tokenizer = tiny
    long = [{"role": "user", "content": "is here " * 240}]
    length = len(tokenizer.apply_chat_template(long, add_generation_prompt=True)["input_ids"])
    answer, beside = generate(model, tokenizer, [long, PROMPTS[0]], max_new_tokens=50)
    assert answer.tokens == 512 - length < 50 == beside.tokens


@pytest.mark.ci
@pytest.mark.parametrize("settings", [{}, {"temperature": 0.8}, {"temperature": 1.0, "top_p": 0.9}])
def test_an_answer_does_not_depend_on_its_batch(tiny, settings):
    assert texts(*tiny, batch_size=5, **settings) == texts(*tiny, batch_size=2, **settings)
    assert texts(*tiny, batch_size=5, **settings)[3:] == texts(*tiny, PROMPTS[3:5], **settings)


def test_sampling_follows_seed_temperature_and_top_p(tiny):
    greedy, sampled = texts(*tiny), texts(*tiny, temperature=1.0)
    assert greedy != sampled != texts(*tiny, temperature=1.0, seed=1)
    assert texts(*tiny, temperature=1e-4) == greedy == texts(*tiny, temperature=1.0, top_p=1e-9)


def test_sampling_draws_in_proportion_to_the_probabilities_and_says_them():
    import torch

    scores = torch.tensor([0.5, 0.3, 0.2]).log()
    drawn = [Sampler(str(number), 1.0, 1.0, 0)(scores.clone()) for number in range(4000)]
    counts = torch.bincount(torch.tensor([token for token, _ in drawn]), minlength=3) / 4000
    assert torch.allclose(counts, torch.tensor([0.5, 0.3, 0.2]), atol=0.03)
    assert all(abs(logprob - float(scores[token])) < 1e-6 for token, logprob in drawn)


@pytest.mark.parametrize(("draw", "token"), [(0.0, 1), (0.24, 1), (0.26, 3), (1 - 2**-53, 3), (1.0, 3)])
def test_what_is_barred_is_never_drawn_not_even_at_the_ends(draw, token):
    import torch

    chosen = Sampler("a", 1.0, 1.0, 0)
    chosen._draw = lambda: torch.tensor(draw, dtype=torch.float64)
    assert chosen(torch.tensor([0.0, 1.0, 0.0, 3.0, 0.0]).log())[0] == token


def test_a_token_has_its_own_draw_whatever_was_known_of_those_before_it():
    import torch

    scores = torch.zeros(50)
    chosen, skipped = Sampler("a", 1.0, 1.0, 0), Sampler("a", 1.0, 1.0, 0)
    chosen(scores)
    skipped.skip()
    assert [chosen(scores)[0] for _ in range(5)] == [skipped(scores)[0] for _ in range(5)]


def test_a_models_own_generation_settings_have_no_say(tiny):
    model, tokenizer = tiny
    before = texts(model, tokenizer)
    model.generation_config.update(do_sample=True, temperature=0.6, top_p=0.9, repetition_penalty=1.5)
    try:
        assert texts(model, tokenizer) == before
    finally:
        model.generation_config.update(do_sample=None, temperature=None, top_p=None, repetition_penalty=None)


def test_prompts_are_read_as_a_stream(tiny):
    asked = []

    def stream():
        for number, prompt in enumerate(PROMPTS[:8]):
            asked.append(number)
            yield prompt

    next(generate(*tiny, stream(), max_new_tokens=2, batch_size=1))
    assert asked == list(range(WINDOW))


def test_the_end_marks_are_the_models_the_tokenizers_and_the_templates(tiny):
    tokenizer = copy.deepcopy(tiny[1])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|eot|>"]})
    tokenizer.chat_template = tokenizer.chat_template.replace("eos_token", "'<|eot|>'")
    assert end_ids(tiny[0], tokenizer) == sorted({tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<|eot|>")})


def test_a_model_that_names_no_longest_context_is_refused_in_one_line():
    from transformers import BloomConfig, LlamaConfig, MambaConfig

    assert models.longest_context(LlamaConfig(max_position_embeddings=77)) == 77
    for config in (BloomConfig(), MambaConfig()):
        with pytest.raises(UserError, match=f"type {config.model_type} do not say .* how many tokens they read"):
            models.longest_context(config)
