"""Each kind of chat template, with thinking and without: prompt, answer, end mark. `python -m pytest tests/test_model_kinds.py`"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import synthetic
from chat_kinds import KINDS, PLAIN, Kind, byte_level, spaced, tokenizer_of
from hypothesis import given, settings
from hypothesis import strategies as st

from common import chat
from common.chat import OFF, ON, decode, encode, layout, prompt_text, prompt_tokens, remarks, text_tokens
from common.decoding import constrained, generation, token_masks
from common.jsonl import UserError
from common.packing import Plan, Samples
from shortcuts.catalog import Catalog

ANSWER = "Thought:1. Ask for a name.\n\nCode:\n```python\nif Name == 'Ada':\n    show(Text=f'Ahoy {Name}')\n```"
SYSTEM = {"role": "system", "content": "Answer in the language of boats."}
CHAT = [{"role": "user", "content": "Which boats are here?"}, {"role": "assistant", "content": ANSWER}]
SWITCHED = ["Qwen3", "Qwen3.5", "Gemma 4", "Granite", "SmolLM3", "GLM-4", "Nemotron"]  # the kinds that know the switch
THINKING = [name for name, kind in KINDS.items() if kind.empty not in (None, "refused")]
UNTHINKING = [name for name in KINDS if name not in THINKING]
APIS = ["is.workflow.actions.ask", "is.workflow.actions.showresult"]

every_kind = pytest.mark.parametrize("name", KINDS)


def sample(messages: list[dict[str, str]], tokenizer: Any) -> tuple[list[int], list[int]]:
    """(tokens of the prompt, tokens learned) of a conversation with one answer."""
    [(_, ids, is_answer)] = encode([{"id": "a", "messages": messages}], tokenizer)
    start = is_answer.index(True)
    assert all(is_answer[start:])
    return ids[:start], ids[start:]


def end_of(kind: Kind, tokenizer: Any) -> int:
    return tokenizer.convert_tokens_to_ids(kind.end)


# ---------------------------------------------------------------------------------------------------------------------------------
# each kind


@every_kind
@pytest.mark.parametrize("system", [False, True])
def test_the_answer_and_its_end_are_learned_behind_the_prompt_that_inference_has(name, system):
    kind, tokenizer = KINDS[name], tokenizer_of(KINDS[name])
    messages = [SYSTEM, *CHAT] if system else CHAT
    prompt, learned = sample(messages, tokenizer)
    assert prompt == prompt_tokens(messages[:-1], tokenizer)
    assert tokenizer.decode(prompt).endswith(kind.before) and prompt_text(messages[:-1], tokenizer).endswith(kind.before)
    assert decode(learned[:-1], tokenizer) == ANSWER and learned[-1] == end_of(kind, tokenizer)
    assert (SYSTEM["content"] in prompt_text(messages[:-1], tokenizer)) == system


@pytest.mark.parametrize("name", THINKING)
def test_with_thinking_a_prompt_opens_the_thoughts_and_training_has_empty_ones_that_are_not_learned(name):
    kind, tokenizer = KINDS[name], tokenizer_of(KINDS[name], ON)
    prompt, learned = sample(CHAT, tokenizer)
    assert prompt_text(CHAT[:1], tokenizer).endswith(kind.opens) and tokenizer.decode(prompt).endswith(kind.empty)
    assert tokenizer.decode(prompt).startswith(prompt_text(CHAT[:1], tokenizer))
    assert decode(learned[:-1], tokenizer) == ANSWER and learned[-1] == end_of(kind, tokenizer)
    assert kind.empty.endswith(tokenizer.decode(chat.closing_tokens(tokenizer)))


@pytest.mark.parametrize("name", UNTHINKING)
def test_a_template_that_knows_no_thoughts_refuses_thinking_in_a_sentence(name):
    with pytest.raises(UserError, match="--thinking on: this model's chat template (has no marks|refuses it).*(leave it away|--thinking off)"):
        tokenizer_of(KINDS[name], ON)
    assert sample(CHAT, tokenizer_of(KINDS[name], OFF)) == sample(CHAT, tokenizer_of(KINDS[name]))


@every_kind
def test_no_prompt_has_the_date_of_the_day(name):
    prompt = prompt_text(CHAT[:1], tokenizer_of(KINDS[name]))
    assert ("2024" in prompt) == KINDS[name].is_dated and str(datetime.now().year) not in prompt


@every_kind
def test_special_tokens_in_a_text_are_text(name):
    kind, tokenizer = KINDS[name], tokenizer_of(KINDS[name])
    marks = " ".join(PLAIN) + " <think></think>"
    plain, (asked, learned) = sample(CHAT, tokenizer), sample([{"role": "user", "content": f"Which {marks}?"},
                                                               {"role": "assistant", "content": f"{ANSWER} {marks}."}], tokenizer)
    special = {tokenizer.convert_tokens_to_ids(mark) for mark in PLAIN} - {tokenizer.unk_token_id}
    assert [token for token in asked if token in special] == [token for token in plain[0] if token in special]
    assert [token for token in learned if token in special] == [end_of(kind, tokenizer)]
    assert decode(learned, tokenizer) == f"{ANSWER} {marks}." and f"Which {marks}?" in tokenizer.decode(asked, clean_up_tokenization_spaces=False)


@every_kind
def test_the_end_is_learned_where_padding_is_the_same_token_and_inference_stops_there(name):
    kind, tokenizer = KINDS[name], tokenizer_of(KINDS[name])
    tokenizer.pad_token = kind.end
    [(_, *encoded)] = encode([{"id": "a", "messages": CHAT}], tokenizer)
    row = Plan(Samples.of([encoded]), 4096, 1, seed=0).row(0, 0)
    assert row.targets[0, -2] == end_of(kind, tokenizer) == tokenizer.pad_token_id
    assert end_of(kind, tokenizer) in chat.end_ids(network(tokenizer), tokenizer)
    ended = generation.ended(tokenizer, [*text_tokens("b", tokenizer), tokenizer.pad_token_id], chat.end_ids(network(tokenizer), tokenizer))
    assert (ended.text, ended.finished) == ("b", True)


@every_kind
def test_of_a_conversation_each_answer_is_learned_or_the_last_behind_its_own_prompt(name):
    tokenizer, longer = tokenizer_of(KINDS[name]), [*CHAT, {"role": "user", "content": "And now?"}, {"role": "assistant", "content": "c = d()"}]
    [(_, ids, is_answer)] = encode([{"id": "a", "messages": longer}], tokenizer)
    learned = [token for token, answer in zip(ids, is_answer, strict=True) if answer]
    assert decode(learned, tokenizer) == (ANSWER + "c = d()" if KINDS[name].keeps_answers else "c = d()")
    last = len(is_answer) - is_answer[::-1].index(False)
    assert ids[:last] == prompt_tokens(longer[:-1], tokenizer) or KINDS[name].spaced  # which has a space more behind an end mark


@every_kind
def test_a_settled_template_stays_as_it_is_and_can_be_asked_to_think_later(name):
    kind, tokenizer = KINDS[name], tokenizer_of(KINDS[name])
    before, prompt = tokenizer.chat_template, prompt_tokens(CHAT[:1], tokenizer)
    chat.settle(tokenizer)
    assert tokenizer.chat_template == before
    if name in THINKING:
        chat.settle(tokenizer, ON)
        assert tokenizer.chat_template == tokenizer_of(kind, ON).chat_template
        chat.settle(tokenizer)  # a model that was trained so is asked so
        assert layout(tokenizer).thinks
        chat.settle(tokenizer, OFF)
        assert prompt_tokens(CHAT[:1], tokenizer) == prompt


@every_kind
def test_what_a_person_should_know_is_said_in_a_sentence(name):
    said = " ".join(remarks(tokenizer_of(KINDS[name])))
    assert ("--thinking on" in said) == (name in SWITCHED)
    assert ("no mark behind an answer" in said) == (name == "GLM-4")
    assert ("no system turn" in said) == (name == "Gemma 2")
    assert ("the last one is learned" in said) != KINDS[name].keeps_answers


# ---------------------------------------------------------------------------------------------------------------------------------
# what is refused, and what is not


def test_thoughts_in_the_data_are_learned_where_the_model_is_to_think():
    tokenizer = tokenizer_of(KINDS["Qwen3"], ON)
    thoughtful = [CHAT[0], {"role": "assistant", "content": f"<think>\nTwo, or three?\n</think>\n\n{ANSWER}"}]
    prompt, learned = sample(thoughtful, tokenizer)
    assert tokenizer.decode(prompt).endswith("<|im_start|>assistant\n")
    assert decode(learned, tokenizer) == thoughtful[1]["content"]


def test_thoughts_in_the_data_are_refused_where_the_model_is_not_to_think():
    thoughtful = [CHAT[0], {"role": "assistant", "content": f"<think>\nTwo, or three?\n</think>\n\n{ANSWER}"}]
    with pytest.raises(UserError, match="record r7: this answer begins with thoughts, .* give --thinking on") as error:
        list(encode([{"id": "r7", "messages": thoughtful}], tokenizer_of(KINDS["Qwen3"])))
    assert "\n" not in str(error.value)


def test_an_answer_that_the_template_takes_apart_names_its_record():
    template = KINDS["Gemma 4"].template.replace("m.content.split", "m.content.replace('Forty-one', '').split")
    with pytest.raises(UserError, match="record r7: .*changes this answer.*chat_template.jinja"):
        list(encode([{"id": "r7", "messages": [CHAT[0], {"role": "assistant", "content": "Forty-one boats."}]}],
                    tokenizer_of(KINDS["Gemma 4"]._replace(template=template))))


def test_a_record_that_the_template_refuses_is_named():
    with pytest.raises(UserError, match="record r7: .*turns must alternate"):
        list(encode([{"id": "r7", "messages": [CHAT[0], *CHAT]}], tokenizer_of(KINDS["Gemma 3"])))


def test_a_system_turn_that_the_template_refuses_or_drops_stands_before_the_users():
    for template in (KINDS["Gemma 2"].template, KINDS["Phi"].template.replace("in messages", "in messages if m.role != 'system'")):
        tokenizer = tokenizer_of(KINDS["Gemma 2"]._replace(template=template, end="<|end|>"))
        assert f"{SYSTEM['content']}\n\n{CHAT[0]['content']}" in prompt_text([SYSTEM, CHAT[0]], tokenizer)


def test_a_template_that_writes_no_answer_is_refused_before_training():
    with pytest.raises(UserError, match="does not write an answer as it is"):
        layout(tokenizer_of(KINDS["Phi"]._replace(template="{% for m in messages %}{{ m.role }}{% endfor %}")))


# ---------------------------------------------------------------------------------------------------------------------------------
# tokenizers


@pytest.mark.parametrize("make", [byte_level, spaced])
@settings(max_examples=30)
@given(text=st.text(st.characters(exclude_characters=chat.CUT, exclude_categories=["Cs"]), max_size=12) | st.sampled_from(["    a\n", "▁", " </s>"]))
def test_a_part_of_an_answer_is_the_same_when_it_is_read_again(make, text):
    if make is spaced:
        text = text.replace("▁", "")  # that is how such a tokenizer writes a space
    tokenizer = make()
    if tokenizer.chat_template is None:
        tokenizer.chat_template = KINDS["Mistral"].template
    assert decode(text_tokens(text, tokenizer), tokenizer) == text


def test_a_tokenizer_that_puts_a_space_before_a_text_puts_none_before_an_answer():
    tokenizer = tokenizer_of(KINDS["Mistral"])
    assert tokenizer.decode(tokenizer(" a", add_special_tokens=False)["input_ids"]) == " a" != decode(text_tokens("a", tokenizer), tokenizer)
    assert tokenizer.convert_ids_to_tokens(sample(CHAT, tokenizer)[1][0]) == "T"
    assert layout(tokenizer).adds_space and not layout(tokenizer_of(KINDS["Phi"])).adds_space


# ---------------------------------------------------------------------------------------------------------------------------------
# generation


def network(tokenizer: Any, **shape: int) -> Any:
    """A very small model with random weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    torch.set_num_threads(1)
    return LlamaForCausalLM(LlamaConfig(**{**synthetic.SHAPE, **shape}, vocab_size=len(tokenizer), max_position_embeddings=2048,
                                        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)).eval()


@pytest.mark.parametrize("name", ["Mistral", "Qwen3", "Gemma 4", "GLM-4"])
def test_the_grammar_lets_what_is_learned_be_written(name):
    tokenizer = tokenizer_of(KINDS[name])
    model, answer = network(tokenizer), "Thought:1. Ask.\n\nCode:\n```python\nName = is_workflow_actions_ask()\nif Name:\n    pass\n```"
    table = token_masks.table(tokenizer, chat.end_ids(model, tokenizer), model.config.vocab_size)
    matcher = token_masks.GrammarSpec(table, frozenset(APIS), Catalog.load()).matcher()
    _, learned = sample([CHAT[0], {"role": "assistant", "content": answer}], tokenizer)
    assert matcher.validate_tokens(learned) == len(learned)


@pytest.mark.parametrize("name", ["Mistral", "Qwen3"])
def test_a_second_try_inside_a_block_keeps_its_indentation(name, monkeypatch):
    tokenizer = tokenizer_of(KINDS[name])
    right = "Thought:\n1. Ask.\n\nCode:\n```python\nName = is_workflow_actions_ask()\nif Name:\n    pass\n"
    wrong = "    is_workflow_actions_showresult(Text=Nobody)\n"
    written = iter([text_tokens(right + wrong + "```", tokenizer), text_tokens("    is_workflow_actions_showresult(Text=Name)\n```", tokenizer)])
    asked = []

    def write(tokenizer, prompt, *given, **settings):
        asked.append(prompt)
        return generation.Written([*next(written), tokenizer.eos_token_id], [])
        yield

    monkeypatch.setattr(generation, "write", write)
    [answer] = constrained.generate(network(tokenizer), tokenizer, [CHAT[:1]], [APIS], Catalog.load(), max_new_tokens=400)
    assert answer.tries == 1 and not answer.left and answer.text == right + wrong.replace("Nobody", "Name") + "```"
    assert asked[1] == asked[0] + text_tokens(right, tokenizer)


@pytest.mark.parametrize("name", ["Qwen3", "Gemma 4", "Qwen3.5"])
@pytest.mark.parametrize("is_held", [True, False])
def test_a_model_may_think_first_and_what_comes_behind_is_its_answer(name, is_held, monkeypatch):
    tokenizer = tokenizer_of(KINDS[name], ON)
    model, asked, write = network(tokenizer), [], generation.write

    def watched(tokenizer, prompt, *given, **settings):
        asked.append(tokenizer.decode(prompt))
        return write(tokenizer, prompt, *given, **settings)

    monkeypatch.setattr(generation, "write", watched)
    options = {"max_new_tokens": 120, "temperature": 1.0}
    if is_held:
        [answer] = constrained.generate(model, tokenizer, [CHAT[:1]], [APIS], Catalog.load(), tries=0, **options)
        assert answer.text.startswith("Thought:") and answer.text.endswith("```")
    else:
        [answer] = generation.generate(model, tokenizer, [CHAT[:1]], **options)
    opened, thought = asked
    assert opened.endswith(KINDS[name].opens) and thought.startswith(opened) and thought.endswith(layout(tokenizer).closing)
    assert 20 < answer.tokens <= 120


def test_thoughts_end_at_their_mark_and_count(monkeypatch):
    tokenizer = tokenizer_of(KINDS["Qwen3"], ON)
    written = iter([tokenizer("Hm, two.</think>", add_special_tokens=False)["input_ids"], [*text_tokens("Forty.", tokenizer), tokenizer.eos_token_id]])
    asked = []

    def write(tokenizer, prompt, *given, **settings):
        asked.append(tokenizer.decode(prompt))
        return generation.Written(next(written), [])
        yield

    monkeypatch.setattr(generation, "write", write)
    [answer] = generation.generate(network(tokenizer), tokenizer, [CHAT[:1]], max_new_tokens=100)
    assert asked[1] == asked[0] + "Hm, two.</think>\n\n" and (answer.text, answer.reason) == ("Forty.", "stop")
    thoughts = len(text_tokens("Hm, two.", tokenizer)) + len(chat.closing_tokens(tokenizer))
    assert answer.tokens == thoughts + len(text_tokens("Forty.", tokenizer)) + 1


@pytest.mark.ci
@pytest.mark.parametrize("name", ["Qwen3", "Mistral", "GLM-4"])
def test_a_model_that_has_learned_an_answer_by_heart_writes_it_free_and_under_the_grammar(name):
    import torch

    tokenizer = tokenizer_of(KINDS[name])
    text = "Thought:1. Ask.\n\nCode:\n```python\nName = is_workflow_actions_ask()\nis_workflow_actions_showresult(Text=f'{Name}')\n```"
    prompt, learned = sample([CHAT[0], {"role": "assistant", "content": text}], tokenizer)
    model = network(tokenizer, hidden_size=64, num_hidden_layers=2)
    ids, labels = torch.tensor([prompt + learned]), torch.tensor([[-100] * len(prompt) + learned])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(1000):  # 80 to 90 are enough where this was tried; another processor rounds otherwise
        loss = model(input_ids=ids, labels=labels).loss
        if loss < 0.01:
            break
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    assert loss < 0.01
    [free] = generation.generate(model, tokenizer, [CHAT[:1]], max_new_tokens=400)
    [held] = constrained.generate(model, tokenizer, [CHAT[:1]], [APIS], Catalog.load(), max_new_tokens=400, tries=0)
    assert (free.text, held.text) == (text, text) and free.finished and held.finished
