"""Chat -> tokens -> plan -> rows, and the loss on them: `python -m pytest tests/test_packing.py`."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st

from common.chat import encode, prompt_text, turns
from common.jsonl import UserError
from common.packing import IGNORED, Plan, Row, Samples, best_fit, rows_for

if TYPE_CHECKING:
    from common.training.data import Part

TEMPLATES = {
    "llama3": "{{ bos_token }}{% for m in messages %}{{ '<|start|>' + m['role'] + '<|end|>\n\n' + m['content'] | trim + '<|eot|>' }}{% endfor %}"
              "{% if add_generation_prompt %}{{ '<|start|>assistant<|end|>\n\n' }}{% endif %}",
    "chatml": "{% for m in messages %}{{ '<|start|>' + m['role'] + '\n' + m['content'] + '<|eot|>\n' }}{% endfor %}"
              "{% if add_generation_prompt %}{{ '<|start|>assistant\n' }}{% endif %}",
    "instruct": "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}"
                "{% else %}{{ ' ' + m['content'] + eos_token }}{% endif %}{% endfor %}",
}
CHAT = [{"role": "user", "content": "Was geht? 🙂"}, {"role": "assistant", "content": "Thought:eins\n\nCode:\n```python\na = b()\n```"}]


@pytest.fixture(scope="module")
def tiny():
    from common import model

    records = synthetic.records(24)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "TINY_SHAPE", synthetic.SHAPE)
        return model.build_tiny([message["content"] for record in records for message in record["messages"]], context=512)


@pytest.fixture(scope="module")
def samples(tiny) -> Samples:
    return Samples.of(sample[1:] for sample in encode(synthetic.records(12), tiny[1]))


@pytest.fixture(params=[None, *TEMPLATES])
def tokenizer(tiny, request):
    """The tiny tokenizer, with its own template and with those of other families; like Llama's it begins every text by itself."""
    import copy

    from tokenizers.processors import TemplateProcessing

    tokenizer = copy.deepcopy(tiny[1])
    bos = tokenizer.bos_token
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single=f"{bos} $A", special_tokens=[(bos, tokenizer.bos_token_id)])
    assert tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id
    if request.param:
        tokenizer.add_special_tokens({"additional_special_tokens": ["<|start|>", "<|end|>", "<|eot|>"]})
        tokenizer.chat_template = TEMPLATES[request.param]
    return tokenizer


def plan(samples: Samples, capacity: int = 512, rows: int = 2, seed: int = 0) -> Plan:
    return Plan(samples, capacity, rows, seed)


# ---------------------------------------------------------------------------------------------------------------------------------
# chat -> tokens


def test_a_sample_has_one_beginning_of_text_at_most(tokenizer):
    [(_, ids, _)] = encode([{"id": "a", "messages": [*CHAT, *CHAT]}], tokenizer)
    assert ids.count(tokenizer.bos_token_id) == tokenizer.chat_template.count("bos_token")
    assert tokenizer.bos_token_id not in ids[1:]


def test_a_template_without_system_turns_or_with_strict_ones_is_written_as_it_demands(tokenizer):
    """Mistral's raises unless turns alternate: a conversation is rendered up to each answer, never in another order."""
    tokenizer.chat_template = ("{{ bos_token }}{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
                               "{{ raise_exception('turns must alternate') }}{% endif %}{% if m['role'] == 'user' %}"
                               "{{ '[INST] ' + m['content'] + ' [/INST]' }}{% else %}{{ ' ' + m['content'] | trim + eos_token }}{% endif %}{% endfor %}")
    [(_, ids, is_answer)] = encode([{"id": "a", "messages": [*CHAT, *CHAT]}], tokenizer)
    assert ids.count(tokenizer.eos_token_id) == 2 and is_answer[-1] and ids[-1] == tokenizer.eos_token_id


def test_the_answer_and_its_end_are_learned_and_nothing_else(tokenizer):
    [(_, ids, is_answer)] = encode([{"id": "a", "messages": CHAT}], tokenizer)
    learned = tokenizer.decode([token for token, answer in zip(ids, is_answer, strict=True) if answer])
    end = next(mark for mark in ("<|eot|>", tokenizer.eos_token) if learned.endswith(mark))
    assert learned.removesuffix(end).strip() == CHAT[1]["content"]


def test_training_sees_the_prompt_tokens_that_inference_sees(tokenizer):
    [(_, ids, is_answer)] = encode([{"id": "a", "messages": CHAT}], tokenizer)
    prompt = tokenizer(prompt_text(CHAT[:1], tokenizer), add_special_tokens=False)["input_ids"]
    assert ids[:is_answer.index(True)] == prompt


def test_every_answer_of_a_longer_conversation_is_learned(tokenizer):
    pieces = list(turns([*CHAT, *CHAT], tokenizer))
    assert [answer for _, answer in pieces] == [False, True, False, True]
    whole = tokenizer.apply_chat_template([*CHAT, *CHAT], tokenize=False)
    assert "".join(text for text, _ in pieces) == whole.rstrip()


def test_the_mask_equals_that_of_the_generation_marks_in_our_template(tiny):
    expected = tiny[1].apply_chat_template(CHAT, return_dict=True, return_assistant_tokens_mask=True)
    [(_, ids, is_answer)] = encode([{"id": "a", "messages": CHAT}], tiny[1])
    assert ids == expected["input_ids"][:len(ids)]
    assert [int(answer) for answer in is_answer] == expected["assistant_masks"][:len(ids)]


def test_behind_a_template_that_rewrites_what_it_wrote_the_prompt_is_that_of_inference(tiny):
    import copy

    tokenizer = copy.deepcopy(tiny[1])
    tokenizer.chat_template = "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
    assert list(turns(CHAT, tokenizer)) == [(prompt_text(CHAT[:1], tokenizer), False), (CHAT[1]["content"] + tokenizer.eos_token, True)]


def test_a_template_that_changes_an_answer_is_refused(tiny):
    import copy

    tokenizer = copy.deepcopy(tiny[1])
    tokenizer.chat_template = "{{ messages | length }}{% for m in messages %}{{ m['content'] | upper }}{% endfor %}"
    with pytest.raises(UserError, match="chat template does not write an answer as it is"):
        list(turns(CHAT, tokenizer))


# ---------------------------------------------------------------------------------------------------------------------------------
# tokens -> plan


@pytest.mark.ci
@given(lengths=st.lists(st.integers(1, 60), max_size=80), seed=st.integers(0, 9))
def test_best_fit_places_every_sample_once_within_capacity(lengths, seed):
    order = list(range(len(lengths)))
    random.Random(seed).shuffle(order)
    rows = best_fit(lengths, 60, order)
    assert sorted(sample for row in rows for sample in row) == list(range(len(lengths)))
    assert all(sum(lengths[sample] for sample in row) <= 60 for row in rows)
    assert len(rows) == len(best_fit(lengths, 60, range(len(lengths))))
    assert len(rows) != 2 or sum(lengths) > 60


def test_best_fit_fills_rows_that_a_first_come_plan_would_not():
    assert sorted(map(sorted, best_fit([6, 5, 5, 4], 10, range(4)))) == [[0, 3], [1, 2]]


def test_an_epoch_holds_every_sample_once_and_epochs_differ(samples):
    epochs = [[row for step in range(e * p.steps_per_epoch, (e + 1) * p.steps_per_epoch) for row in p.step_rows(step)]
              for p in [plan(samples)] for e in range(3)]
    for rows in epochs:
        assert sorted(sample for row in rows for sample in row) == list(range(len(samples)))
    assert epochs[0] != epochs[1] != epochs[2]


def rows_of(plan: Plan, step: int = 0, rank: int = 0, world: int = 1) -> list[Row]:
    """The rows of a step that a process computes."""
    return [part.row for part in parts_of(plan, step, rank, world)]


def parts_of(plan: Plan, step: int, rank: int, world: int) -> list[Part]:
    from common.training.data import Rows

    rows = Rows(plan, range(step, step + 1), rank, world)
    return [rows[number] for number in range(len(rows))]


def test_a_row_depends_on_its_arguments_alone(samples):
    first, second = plan(samples), plan(samples)
    second.row(99, 0)  # whatever was asked before
    assert first.size(5) == second.size(5)
    assert all((a.input_ids == b.input_ids).all() for a, b in zip(rows_of(first, 5, 1, 2), rows_of(second, 5, 1, 2), strict=True))
    assert plan(samples, seed=1).rows(0) != first.rows(0)


@pytest.mark.parametrize("world", [1, 2, 3, 5])
def test_ranks_share_a_step_and_have_equally_many_rows(samples, world):
    for step in range(plan(samples, rows=3).steps_per_epoch):
        size = plan(samples, rows=3).size(step)
        shares = [parts_of(plan(samples, rows=3), step, rank, world) for rank in range(world)]
        assert {len(share) for share in shares} == {math.ceil(3 / world)}
        assert {(part.tokens, part.supervised) for share in shares for part in share} == {size}
        assert sum(int((part.row.targets != IGNORED).sum()) for share in shares for part in share) == size[1]


def test_positions_restart_and_targets_stay_within_a_sample(samples):
    for row in rows_of(plan(samples)):
        ids, targets, start = row.input_ids[0].tolist(), row.targets[0].tolist(), 0
        for length in row.lengths:
            assert row.position_ids[0, start:start + length].tolist() == list(range(length))
            assert targets[start + length - 1] == IGNORED
            assert all(target in (IGNORED, ids[place + 1]) for place, target in enumerate(targets[:start + length - 1]) if place >= start)
            start += length
        assert start == len(ids)


def test_rows_for_a_batch_hold_so_many_samples_and_at_least_one():
    samples = Samples.of(([1] * 100, [True] * 100) for _ in range(10))
    assert [rows_for(batch, samples, 400) for batch in (32, 35, 1)] == [8, 9, 1]


# ---------------------------------------------------------------------------------------------------------------------------------
# the loss


def loss_and_gradient(model, rows):
    import torch

    from common.training.loss import AnswerLoss

    model.zero_grad()
    loss = sum(AnswerLoss(model)(row) for row in rows)
    loss.backward()
    return loss.item(), torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


@pytest.mark.parametrize("attention", ["packed", "sdpa"])
def test_packed_loss_and_gradient_equal_those_one_by_one(tiny, samples, attention):
    import common.training.loss  # noqa: F401 (registers the packed attention)

    model = tiny[0]
    model.set_attn_implementation(attention)
    packed = loss_and_gradient(model, rows_of(plan(samples, capacity=2000, rows=9)))
    single = Plan(samples, max(samples.lengths), 99, seed=0)
    single._rows = [[number] for number in range(len(samples))]
    rows = [single.row(0, number) for number in range(len(samples))]
    assert all(len(row.lengths) == 1 for row in rows)
    model.set_attn_implementation("sdpa")
    alone = loss_and_gradient(model, rows)
    assert packed[0] == pytest.approx(alone[0], rel=1e-6)
    assert float((packed[1] - alone[1]).norm() / alone[1].norm()) < 1e-5


def test_the_loss_is_the_models_own(tiny, samples):
    import torch

    tiny[0].set_attn_implementation("sdpa")
    row = next(row for row in rows_of(plan(samples, capacity=max(samples.lengths))) if len(row.lengths) == 1)
    logits = tiny[0](input_ids=row.input_ids).logits[0]
    expected = torch.nn.functional.cross_entropy(logits, row.targets[0], ignore_index=IGNORED, reduction="sum")
    assert loss_and_gradient(tiny[0], [row])[0] == pytest.approx(expected.item(), rel=1e-6)


def test_chunks_of_logits_add_up(tiny, samples, monkeypatch):
    rows = rows_of(plan(samples))
    whole = loss_and_gradient(tiny[0], rows)
    monkeypatch.setattr("common.training.loss.CPU_CHUNK", 7 * tiny[0].config.vocab_size)
    chunked = loss_and_gradient(tiny[0], rows)
    assert chunked[0] == pytest.approx(whole[0], rel=1e-6)
    assert float((chunked[1] - whole[1]).norm() / whole[1].norm()) < 1e-5


def test_a_row_without_loss_still_reaches_the_parameters(tiny, samples):
    empty = rows_of(plan(samples, rows=1), rank=1, world=2)
    loss, gradient = loss_and_gradient(tiny[0], empty)
    assert loss == 0 and not gradient.any()


def test_a_model_that_scales_its_logits_is_refused(tiny):
    from common.training.loss import check_fits

    check_fits(tiny[0])
    def doubled(module, args, output):
        output.logits = output.logits * 2
        return output

    hook = tiny[0].register_forward_hook(doubled)
    with pytest.raises(UserError, match="logits"):
        check_fits(tiny[0])
    hook.remove()
