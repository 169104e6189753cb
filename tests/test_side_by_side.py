"""Texts that are written side by side: what a model reads, in what order, and of what kinds. `python -m pytest tests/test_side_by_side.py`"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from common import model as models
from common.decoding import progress, ragged_reading, side_by_side
from common.decoding.generation import Sampler, write
from common.decoding.ragged_reading import RaggedReader, can_read

SIZE = {"vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 256}
FEW = {"num_key_value_heads": 2, "intermediate_size": 48, "head_dim": 8}
PROMPTS = [[5, 6, 7, 8], list(range(3, 33)), [9], [4, 4, 8, 50, 2, 11, 30], list(range(20, 40))]
TOKENIZER: Any = SimpleNamespace(pad_token_id=0, eos_token_id=1)
READ_RAGGED = {
    "Llama": FEW, "Qwen2": FEW | {"tie_word_embeddings": True}, "Qwen3": FEW, "Phi3": FEW, "Olmo2": FEW, "SmolLM3": FEW, "Cohere": FEW,
    "Mistral": FEW | {"sliding_window": 6}, "Mixtral": FEW | {"num_local_experts": 4}, "GPTNeoX": {"intermediate_size": 48},
    "Gemma3": FEW | {"sliding_window": 5, "layer_types": ["sliding_attention", "full_attention"]}, "Granite": FEW,
}  # fmt: skip
IN_ROUNDS = {
    "Gemma2": FEW | {"attn_logit_softcapping": 0.01, "layer_types": ["full_attention"] * 2}, "Mamba": {}, "Bloom": {}, "StableLm": FEW,
    "GptOss": FEW | {"num_local_experts": 4, "sliding_window": 6, "layer_types": ["full_attention"] * 2},
    "Qwen3Next": FEW | {"layer_types": ["linear_attention", "full_attention"], "linear_num_value_heads": 4, "linear_num_key_heads": 2,
                        "linear_key_head_dim": 8, "linear_value_head_dim": 8, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16,
                        "shared_expert_intermediate_size": 16},
}  # fmt: skip


def network(kind: str, seed: int = 0) -> Any:
    """A very small model of a kind, with random weights that are large enough to prefer one token to another."""
    config_of, model_of = ((getattr(transformers, f"{kind}{end}{part}", None) or getattr(transformers, f"{kind}{part}"))
                           for part, end in (("Config", "Text"), ("ForCausalLM", "")))
    more = (READ_RAGGED | IN_ROUNDS)[kind]
    torch.manual_seed(seed)
    config = config_of(**{**SIZE, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2, **more})
    model = model_of(config).eval()
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.fixture(scope="module")
def llama() -> Any:
    return network("Llama")


@pytest.fixture(scope="module")
def mistral() -> Any:
    return network("Mistral")  # its window is of 6 tokens


def likeliest(model: Any, tokens: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.tensor([tokens])).logits[0, -1].float()


def greedy(prompt: list[int], count: int = 8) -> side_by_side.Work[list[int]]:
    tokens = list(prompt)
    for _ in range(count):
        scores = yield tokens
        tokens.append(int(scores.argmax()))
    return tokens[len(prompt) :]


def alone(model: Any, prompt: list[int], count: int = 8) -> list[int]:
    tokens = list(prompt)
    for _ in range(count):
        tokens.append(int(likeliest(model, tokens).argmax()))
    return tokens[len(prompt) :]


# ---------------------------------------------------------------------------------------------------------------------------------
# kinds of models


@pytest.mark.parametrize("kind", READ_RAGGED)
def test_a_kind_that_is_read_without_padding_writes_what_each_text_alone_would_get(kind):
    model = network(kind)
    assert can_read(model)
    found = list(side_by_side.in_order(model, TOKENIZER, map(greedy, PROMPTS), 3))
    assert found == [alone(model, prompt) for prompt in PROMPTS]


@pytest.mark.parametrize("kind", IN_ROUNDS)
def test_a_kind_with_attention_of_its_own_or_a_state_is_run_by_transformers(kind):
    assert not can_read(network(kind))


@pytest.mark.parametrize("kind", ["Gemma2", "Qwen3Next", "Llama"])
def test_in_rounds_a_text_that_goes_back_and_one_that_knows_its_next_tokens_get_their_scores(kind, monkeypatch):
    monkeypatch.setattr(ragged_reading, "can_read", lambda model: False)
    model = network(kind)

    def work(prompt: list[int]) -> side_by_side.Work[list[float]]:
        tokens, seen = list(prompt), []
        for change in ([], [7], [8, 9, 10], "back", [11], [12, 13]):
            tokens = tokens[: len(prompt)] + [3] if change == "back" else tokens + list(change)
            scores = yield tokens
            seen.append((list(tokens), scores.clone()))
        return seen

    for seen in side_by_side.in_order(model, TOKENIZER, map(work, PROMPTS), 2):
        assert all(torch.allclose(scores, likeliest(model, tokens), atol=1e-3) for tokens, scores in seen) and len(seen) == 6


def test_a_model_keeps_its_own_attention_beside_ours(llama):
    before = llama.config._attn_implementation
    list(side_by_side.in_order(llama, TOKENIZER, [greedy([5, 6])], 1))
    assert llama.config._attn_implementation == before != ragged_reading.NAME


# ---------------------------------------------------------------------------------------------------------------------------------
# reading


TEXTS = st.lists(st.integers(2, 59), min_size=1, max_size=24)


@settings(max_examples=12, deadline=None)
@given(steps=st.lists(st.dictionaries(st.integers(0, 3), TEXTS, min_size=1, max_size=4), min_size=1, max_size=5), small=st.booleans())
def test_whatever_was_read_before_a_text_gets_the_scores_that_it_gets_alone(mistral, steps, small):
    with pytest.MonkeyPatch.context() as patch:
        if small:  # so that texts are cut, and buffers grow
            patch.setattr(ragged_reading, "PASS", 5)
            patch.setattr(ragged_reading, "BLOCK", 2)
            patch.setattr(ragged_reading, "SHORT", 2)
            patch.setattr(ragged_reading, "BAND", 2)
        reader = RaggedReader(mistral)
        for texts in steps:
            for place in set(reader.rows) - set(texts):
                reader.drop(place)
            for place, scores in reader.read(texts).items():
                assert torch.allclose(scores, likeliest(mistral, texts[place]), atol=1e-3)


def counted(model: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The tokens of each pass of a model, as they come."""
    passes, forward = [], model.forward
    monkeypatch.setattr(model, "forward", lambda input_ids, **others: passes.append(input_ids.numel()) or forward(input_ids, **others))
    return passes


def test_a_text_that_goes_back_is_read_from_there(llama, monkeypatch):
    can_read(llama)
    reader, passes = RaggedReader(llama), counted(llama, monkeypatch)
    reader.read({0: list(range(2, 42))})
    reader.read({0: [*range(2, 32), 7, 8]})
    reader.read({0: list(range(2, 22))})
    assert passes == [40, 2, 1]


def test_new_texts_that_are_equal_are_read_once_and_go_on_each_by_itself(llama, monkeypatch):
    can_read(llama)
    prompt, reader = list(range(2, 42)), RaggedReader(llama)
    later = {0: [*prompt, 7], 1: [*prompt, 8], 2: [*prompt, 9], 3: [5, 6, 7]}
    expected = {place: likeliest(llama, text) for place, text in {**later, 4: prompt}.items()}
    passes = counted(llama, monkeypatch)
    first = reader.read({0: prompt, 1: prompt, 2: prompt, 3: [5, 6]})
    first[0].fill_(0)  # what a work does to its scores is its own
    assert torch.allclose(first[1], expected[4], atol=1e-3) and torch.equal(first[1], first[2])
    found = reader.read(later)
    assert all(torch.allclose(found[place], expected[place], atol=1e-3) for place in later)
    assert passes == [42, 4]


def test_no_pass_is_larger_than_allowed_and_padding_is_never_read(llama, monkeypatch):
    can_read(llama)
    monkeypatch.setattr(ragged_reading, "PASS", 16)
    passes = counted(llama, monkeypatch)
    RaggedReader(llama).read(dict(enumerate(PROMPTS)))
    assert max(passes) == 16 and sum(passes) == sum(map(len, PROMPTS))


# ---------------------------------------------------------------------------------------------------------------------------------
# order, room, what is known


def test_results_come_in_the_order_of_works_although_long_prompts_begin(llama):
    begun = []

    def work(prompt: list[int]) -> side_by_side.Work[list[int]]:
        yield prompt
        begun.append(len(prompt))
        return prompt

    assert list(side_by_side.in_order(llama, TOKENIZER, map(work, PROMPTS[:4]), 1)) == PROMPTS[:4]
    assert begun == sorted(begun, reverse=True)


def test_a_work_that_ends_makes_room_for_the_next(llama, monkeypatch):
    can_read(llama)
    passes = counted(llama, monkeypatch)
    lengths = [10, 1, 1, 1, 1, 1]
    works = [greedy([number + 3] * (9 - number), count) for number, count in enumerate(lengths)]
    found = list(side_by_side.in_order(llama, TOKENIZER, works, 2))
    assert list(map(len, found)) == lengths and len(passes) == 10  # the others run beside the longest


def test_a_work_that_asks_nothing_has_its_place(llama):
    def silent() -> side_by_side.Work[str]:
        return "nothing"
        yield []

    first, second, third = side_by_side.in_order(llama, TOKENIZER, [greedy([5], 2), silent(), greedy([6], 2)], 2)
    assert (len(first), second, len(third)) == (2, "nothing", 2)


def test_a_token_without_choice_is_not_asked_for_and_has_probability_one(llama):
    class Held:
        """A row of a grammar that wants 20, 21, then any, then 30."""

        spec, taken = SimpleNamespace(table=SimpleNamespace(vocab_size=60)), 0

        def only(self) -> int | None:
            return [20, 21, None, 30][self.taken]

        def bar(self, scores: torch.Tensor) -> torch.Tensor:
            return scores.index_fill_(0, torch.arange(50, 60), float("-inf"))

        def take(self, token: int) -> None:
            self.taken += 1

    asked = []

    def watched() -> Any:
        work, scores = write(TOKENIZER, [5, 6], 4, Sampler("", 0.0, 1.0, 0), [1], row=Held()), None
        try:
            while True:
                asked.append(list(work.send(scores)))
                scores = yield asked[-1]
        except StopIteration as end:
            return end.value

    (written,) = side_by_side.in_order(llama, TOKENIZER, [watched()], 1)
    expected = likeliest(llama, [5, 6, 20, 21])[:50].log_softmax(0)
    assert asked == [[5, 6, 20, 21]] and written.tokens == [20, 21, int(expected.argmax()), 30]
    assert written.logprobs == pytest.approx([0, 0, float(expected.max()), 0], abs=1e-4)


def test_probabilities_are_those_of_the_tokens_that_could_be_drawn():
    scores = torch.tensor([2.0, 1.0, 0.0, -1.0])
    token, logprob = Sampler("a", 0.5, 0.9, 3)(scores.clone())
    kept = (scores / 0.5)[:2].log_softmax(0)  # 0.87 and 0.12: the nucleus
    assert token in (0, 1) and logprob == pytest.approx(float(kept[token]), abs=1e-6)


# ---------------------------------------------------------------------------------------------------------------------------------
# the model, the machine, and who waits


def test_numbers_and_threads_are_those_of_the_machine():
    assert models.quick_dtype({"avx2": True, "avx512_bf16": False, "amx_bf16": False}) is torch.float32
    assert models.quick_dtype({"avx2": True, "avx512_bf16": True}) is models.quick_dtype({"amx_bf16": True}) is torch.bfloat16
    assert [models.free_threads(*given) for given in ((8, 0.2), (8, 3.1), (2, 1.0), (2, 5.0))] == [8, 5, 1, 1]


def test_an_answer_counts_as_soon_as_it_ends_though_one_before_it_goes_on(llama):
    order = []
    works = [greedy([5, 6, 7], count) for count in (9, 1, 3)]
    found = list(side_by_side.in_order(llama, TOKENIZER, works, 3, on_end=lambda tokens: order.append(len(tokens))))
    assert list(map(len, found)) == [9, 1, 3] and order == [1, 3, 9]


def test_who_waits_is_told_number_rate_and_time_left(capsys):
    times = iter([0.0, 10.0, 40.0, 50.0, 80.0])
    told = progress.Progress(8, clock=lambda: next(times))
    for _ in range(4):
        told.ended(600)
    assert capsys.readouterr().err.splitlines() == ["2 of 8 answers, 30 tokens a second, 2 min left", "4 of 8 answers, 30 tokens a second, 80 s left"]
    assert progress.line(3, 30, 60.0) == "3 answers, 0.5 tokens a second"
