"""Generation under the grammar, with a tiny model that knows nothing. `python -m pytest tests/test_constrained.py`"""

from __future__ import annotations

import ast
import random
from pathlib import Path
from typing import Any

import pytest
import synthetic

import shortcuts
from common import model as models
from common import replies
from common.decoding import constrained, generation, token_masks
from common.decoding.changes import generate_change
from common.decoding.shortest_ending import CODE, ending, missing_bytes
from common.edit import is_half
from common.jsonl import UserError
from common.llm.completion import follows_grammar
from shortcuts.catalog import Catalog
from shortcuts.grammar import change_grammar

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))
TEXTS = [path.read_text(encoding="utf-8") for path in EXAMPLES]
WRONG = {"unknown_api", "unknown_parameter", "duplicate_parameter", "enum_value", "parameter_type", "missing_parameter", "syntax"}


@pytest.fixture(scope="module")
def tiny():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "TINY_SHAPE", synthetic.SHAPE)
        model, tokenizer = models.build_tiny(TEXTS, context=1024)
    models.one_thread_if_small(model.config)
    return model.eval(), tokenizer


@pytest.fixture(scope="module")
def table(tiny):
    return token_masks.table(tiny[1], generation.end_ids(*tiny), tiny[0].config.vocab_size)


def chats(count: int) -> list[list[dict[str, str]]]:
    return [[{"role": "user", "content": f"Write shortcut number {number}."}] for number in range(count)]


def some_apis(catalog: Catalog, count: int, size: int = 8) -> list[list[str]]:
    draw, known = random.Random(3), [api.id for api in catalog if api.parameters]
    return [draw.sample(known, size) for _ in range(count)]


def allowed(row: token_masks.Row) -> Any:
    """Return the tokens that may come next (a tensor of bool)."""
    import torch

    return row.bar(torch.zeros(row.spec.table.vocab_size)) == 0


# ---------------------------------------------------------------------------------------------------------------------------------
# generation


def faults(code, catalog):
    """Return the findings of check, but for that the program is empty: random weights may write a comment and end."""
    return [finding for finding in shortcuts.check(code, catalog) if finding.code != "empty"]


@pytest.mark.ci
@pytest.mark.parametrize("plan", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_random_weights_write_programs_in_which_check_finds_nothing(tiny, catalog, plan):
    apis = some_apis(catalog, 4)
    answers = list(constrained.generate(*tiny, chats(4), apis, catalog, max_new_tokens=100, temperature=1.0, batch_size=2, plan=plan))
    assert len(answers) == 4
    for answer, offered in zip(answers, apis):
        code = replies.parse_answer(answer.text).code if plan else answer.text
        assert {finding.code for finding in answer.left} <= {"empty"} and code.strip()
        assert faults(code, catalog) == [] and set(shortcuts.apis_of(code)) <= set(offered)
        if plan:
            assert answer.text.startswith("Thought:") and answer.text.endswith("\n```")


@pytest.mark.ci
def test_an_answer_without_a_plan_begins_with_its_program_and_so_does_what_the_model_goes_on_with(tiny, catalog, monkeypatch):
    shown, apis, write = [], some_apis(catalog, 3), generation.write

    def noted(tokenizer, prompt, *given, **options):
        shown.append(tokenizer.decode(prompt))
        return write(tokenizer, prompt, *given, **options)

    monkeypatch.setattr(generation, "write", noted)
    answers = list(constrained.generate(*tiny, chats(3), apis, catalog, max_new_tokens=100, temperature=1.0, thought=False))
    for answer, offered in zip(answers, apis, strict=True):
        parts = replies.parse_answer(answer.text)
        assert answer.text.startswith("Code:\n```python\n") and answer.text.endswith("```") and parts.plan == "" and parts.code
        assert faults(parts.code, catalog) == [] and set(shortcuts.apis_of(parts.code)) <= set(offered)
    assert len(shown) >= 3 and all("Code:\n```python\n" in text and "Thought" not in text for text in shown)


@pytest.mark.ci
def test_the_first_writing_has_no_fault_that_the_grammar_rules_out(tiny, catalog):
    answers = constrained.generate(*tiny, chats(6), some_apis(catalog, 6), catalog, max_new_tokens=80, temperature=1.0, plan=False, tries=0)
    for answer in answers:
        ast.parse(answer.text)
        assert answer.tries == 0 and not WRONG & set(answer.found)


@pytest.mark.ci
def test_an_answer_depends_on_its_prompt_and_seed_alone(tiny, catalog):
    apis = some_apis(catalog, 4)
    together, alone = (
        [answer.text for answer in constrained.generate(*tiny, chats(4), apis, catalog, max_new_tokens=50, temperature=1.0, batch_size=size)]
        for size in (4, 1)
    )  # fmt: skip
    assert together == alone
    other = constrained.generate(*tiny, chats(4), apis, catalog, max_new_tokens=50, temperature=1.0, seed=1)
    assert together != [answer.text for answer in other]


def test_one_who_waits_sees_the_text_as_it_is_written(tiny, catalog):
    for module, given in ((constrained, (some_apis(catalog, 1, size=2), catalog)), (generation, ())):
        seen = []
        (answer,) = module.generate(*tiny, chats(1), *given, max_new_tokens=40, watch=seen.append)
        assert answer.text.rstrip() in "".join(seen) and len(seen) > 3


@pytest.mark.ci
@pytest.mark.parametrize("plan", [True, pytest.param(False, marks=pytest.mark.ci)])
def test_a_program_that_has_to_use_all_its_apis_ends_when_it_has_called_each(tiny, catalog, plan):
    apis = some_apis(catalog, 2, size=4)

    def called(use_all: bool) -> list[set[str]]:
        allowed = set() if use_all else {"empty"}  # the plan of random weights may take all the tokens, and nothing is owed then
        answers = list(constrained.generate(*tiny, chats(2), apis, catalog, max_new_tokens=120, temperature=1.0, plan=plan, use_all=use_all))
        assert all({left.code for left in answer.left} <= allowed for answer in answers)
        return [set(shortcuts.apis_of(replies.parse_answer(answer.text).code if plan else answer.text)) for answer in answers]

    assert called(use_all=True) == list(map(set, apis)) != called(use_all=False)


def test_a_program_that_owes_a_call_can_go_on_but_not_end(table, catalog):
    apis = ("is.workflow.actions.exit", "is.workflow.actions.getclipboard")
    form = token_masks.GrammarSpec(table, frozenset(apis), catalog, owed=apis)
    row = token_masks.Row(form, 400, prefix="Thought:1. A plan." + CODE + "is_workflow_actions_exit()\n")
    assert row.owed.calls == ["is_workflow_actions_getclipboard("]
    fence, comment = (table.tokenize_str(text)[0] for text in ("```", "# "))
    assert allowed(row)[[fence, comment]].tolist() == [False, True]
    for token in table.tokenize_str("x = is_workflow_actions_getclipboard()\n"):
        row.take(token)
    assert row.owed.calls == [] and allowed(row)[fence]


def test_a_call_that_the_end_completes_is_not_written_again(table, catalog):
    apis = ("is.workflow.actions.showresult", "is.workflow.actions.getclipboard")
    head = "Thought:1. A plan." + CODE + "is_workflow_actions_showresult(Text='a"
    row = token_masks.Row(token_masks.GrammarSpec(table, frozenset(apis), catalog, owed=apis), 40, prefix=head)
    while not row.ended:
        row.take(row.forced[-1])
    assert row.said.decode() == head + "')\nis_workflow_actions_getclipboard()\n```"


def test_what_looks_like_a_call_or_a_binding_in_the_plan_is_none(table, catalog):
    form = token_masks.GrammarSpec(table, frozenset(), catalog, owed=("is.workflow.actions.exit",))
    line = "is_workflow_actions_exit()\nx = clipboard()\n"
    for prefix in (f"Thought:1. A plan.\n{line}", f"Thought:1. A plan.\n{line}{CODE}"):
        row = token_masks.Row(form, 400, prefix, strict=True)
        assert row.owed.calls == ["is_workflow_actions_exit("] and row.names == set()
    row = token_masks.Row(form, 400, "Thought:1. A plan.\n", strict=True)
    for token in table.tokenize_str(line):
        row.take(token)
    assert row.owed.calls and row.names == set()


def test_where_the_tokens_do_not_hold_all_calls_the_program_is_whole_and_has_the_first(table, catalog):
    apis = tuple(some_apis(catalog, 1, size=20)[0])
    row = token_masks.Row(token_masks.GrammarSpec(table, frozenset(apis), catalog, plan=False, owed=("is.workflow.actions.exit", *apis)), 100)
    while not row.ended:
        row.take(row.forced[-1])
    called = list(shortcuts.apis_of(row.said.decode()))
    assert "''" not in row.said.decode()  # the empty remark that an end needs where there is no call
    assert shortcuts.check(row.said.decode(), catalog) == [] and 3 < len(called) < 20 and called == list(apis[: len(called)])


def test_a_prompt_that_leaves_no_room_is_reported(tiny, catalog):
    long = [[{"role": "user", "content": "word " * 1200}]]
    (answer,) = constrained.generate(*tiny, long, [["is.workflow.actions.exit"]], catalog, max_new_tokens=50)
    assert answer.reason == "prompt_too_long" and not answer.finished and answer.text == ""


def test_a_wrong_line_is_written_again_and_what_stands_above_it_kept(table, catalog):
    job = constrained._Job("", token_masks.GrammarSpec(table, frozenset(), catalog))
    written = "Thought:1. A plan." + CODE + "x = clipboard()\nif x:\n    # say it\n    y = z\ny = x\n```"
    job.judge(generation.Generation(written, 20, True, "stop"))
    assert job.found == ("undefined_name",)
    job.rewind()
    assert job.prefix == "Thought:1. A plan." + CODE + "x = clipboard()\nif x:\n"
    job.judge(generation.Generation("    pass\n```", 4, True, "stop"))
    assert job.left == [] and job.text.endswith("if x:\n    pass\n```") and job.tokens == 24 and job.tries == 1


def test_what_a_cut_answer_read_without_a_binding_goes_too(table, catalog):
    job = constrained._Job("", token_masks.GrammarSpec(table, frozenset(), catalog))
    head = "Thought:1. A plan." + CODE
    job.judge(generation.Generation(head + "x = clipboard()\ny = unbound\nz = x\nv\xc3 = z = '", 40, False, "length"))
    assert [finding.code for finding in job.left] == ["syntax"]  # which hides that line 2 reads what nothing binds
    job.rewind()
    assert job.prefix == head + "x = clipboard()\n" and token_masks.Row(job.spec, 50, job.prefix, strict=True).names == {"x"}


def test_the_beginning_of_a_strict_row_reads_nothing_that_went_with_a_later_line(table, catalog):
    form = token_masks.GrammarSpec(table, frozenset(), catalog, plan=False)
    assert form.accepted("a = clipboard()\nb = c\nif d:\n    c = a\n") == "a = clipboard()\n"
    assert form.accepted("a = b\n") == form.accepted("") == ""


# ---------------------------------------------------------------------------------------------------------------------------------
# masks


def test_after_the_end_of_an_answer_only_the_end_mark_may_come(table, catalog, tiny):
    row = token_masks.Row(token_masks.GrammarSpec(table, frozenset(["is.workflow.actions.exit"]), catalog), 200)
    for token in table.tokenize_str("Thought:A plan." + CODE + "is_workflow_actions_exit()\n```"):
        row.take(token)
    assert allowed(row).nonzero()[:, 0].tolist() == generation.end_ids(*tiny) == [row.only()]


def test_a_strict_row_lets_only_names_be_read_that_are_bound_above(table, catalog):
    def may(row: token_masks.Row, text: str) -> bool:
        tokens = table.tokenize_str(text)
        return row.matcher.validate_tokens(tokens) == len(tokens)

    form = token_masks.GrammarSpec(table, frozenset(["is.workflow.actions.showresult"]), catalog, plan=False)
    free, strict = token_masks.Row(form, 200), token_masks.Row(form, 200, "first = clipboard()\n", strict=True)
    assert may(free, "y = anything\n")
    assert may(strict, "y = first\n") and not may(strict, "y = second\n")
    for token in table.tokenize_str("for i, second in enumerate(first, start=1):\n    third += [first]\n"):
        strict.take(token)
    assert all(may(strict, f"    y = {name}\n") for name in ("first", "second", "third", "i")) and not may(strict, "    y = y\n")


def test_a_row_that_cannot_go_on_where_it_stopped_says_so(table, catalog):
    with pytest.raises(UserError, match="outside its grammar"):
        token_masks.Row(token_masks.GrammarSpec(table, frozenset(), catalog, plan=False), 50, "while True:\n")


# ---------------------------------------------------------------------------------------------------------------------------------
# the length budget


@pytest.mark.ci
@pytest.mark.parametrize("path", EXAMPLES[::6], ids=lambda path: path.stem)
def test_from_any_place_of_a_program_there_is_a_short_legal_end(path, table, catalog):
    code = path.read_text(encoding="utf-8")
    matcher = token_masks.GrammarSpec(table, frozenset(shortcuts.apis_of(code)), catalog, plan=False).matcher()
    said, longest = b"", 0
    for number, token in enumerate(table.tokenize_str(code)):
        matcher.consume_token(token)
        said += table.decode_bytes([token])
        if number % 5 == 0:
            end = ending(matcher, table, said, answer=False)
            assert end is not None, said[-80:]
            ast.parse((said + table.decode_bytes(end)).decode())
            longest = max(longest, len(end))
    assert longest <= 60


@pytest.mark.parametrize("cut", ["Thought:Half a pl", "Thought:A plan." + CODE, "Thought:A plan." + CODE + "x = is_workflow_act", "Thought:A plan." + CODE + "# why",
                                 "Thought:A plan." + CODE + "x = clipboard()\nmatch menu(f'{x} and", "Thought:A plan." + CODE + "for n"])  # fmt: skip
def test_an_answer_ends_legally_from_any_of_its_parts(cut, table, catalog):
    form = token_masks.GrammarSpec(table, frozenset(["is.workflow.actions.date"]), catalog)
    matcher = form.matcher()
    assert matcher.consume_tokens(table.tokenize_str(cut))
    end = ending(matcher, table, cut.encode(), answer=True)
    assert end is not None
    code = replies.parse_answer(cut + table.decode_str(end)).code
    assert code.strip() and faults(code, catalog) == []


@pytest.mark.parametrize("cut", ["Thought:oČ", "Thought:A plan." + CODE + "Ǿоооо", "Thought:A plan." + CODE + "'наш 東京 🤔", "Thought:A plan." + CODE + "東京"])
def test_an_answer_ends_soon_from_inside_a_character(cut, table, catalog):
    form = token_masks.GrammarSpec(table, frozenset(["is.workflow.actions.date"]), catalog)
    for dropped in range(len(cut[-1].encode())):
        matcher, said = form.matcher(), cut.encode()[: len(cut.encode()) - dropped]
        assert matcher.consume_tokens(table.tokenize_bytes(said))
        end = ending(matcher, table, said, answer=True)
        assert end is not None and len(end) <= 20, said[-20:]
        assert faults(replies.parse_answer((said + table.decode_bytes(end)).decode()).code, catalog) == []
        assert missing_bytes(said) == dropped


def test_a_plan_ends_at_its_share_so_that_a_program_has_room(tiny, catalog):
    (answer,) = constrained.generate(*tiny, chats(1), [["is.workflow.actions.exit"]], catalog, max_new_tokens=160, temperature=1.0, tries=0)
    plan, _, code = answer.text.partition(CODE)
    most = 160 * token_masks.PLAN_SHARE + 20  # tokens: what is begun there is ended, in 20 at most
    assert len(tiny[1](plan)["input_ids"]) <= most and len(code) > 40 and code.endswith("\n```")


def test_tokens_are_never_more_than_asked_for(tiny, catalog):
    for room in (50, 75):
        for answer in constrained.generate(*tiny, chats(3), some_apis(catalog, 3), catalog, max_new_tokens=room, temperature=1.0, tries=0, plan=False):
            assert answer.tokens <= room and not {finding.code for finding in answer.left} & WRONG


# ---------------------------------------------------------------------------------------------------------------------------------
# changes


@pytest.mark.ci
@pytest.mark.parametrize("seed", range(3))
def test_a_change_is_whole_however_few_tokens_are_left(tiny, catalog, seed):
    apis = ["is.workflow.actions.speaktext"]
    made = generate_change(*tiny, [{"role": "user", "content": "Say it aloud."}], apis, catalog, 15, max_new_tokens=60, temperature=1.0, top_p=1.0, seed=seed)
    assert made.tokens <= 60
    assert follows_grammar(change_grammar(apis, catalog, 15), made.text, whole=True)


def test_an_answer_or_a_change_whose_end_is_forced_for_want_of_tokens_is_one_that_was_cut(tiny, catalog):
    (answer,) = constrained.generate(*tiny, chats(1), some_apis(catalog, 1), catalog, max_new_tokens=60, tries=0)
    change = generate_change(*tiny, chats(1)[0], ["is.workflow.actions.speaktext"], catalog, 15, max_new_tokens=40, temperature=0.0, top_p=1.0, seed=0)
    assert (answer.finished, answer.reason) == (change.finished, change.reason) == (False, "length")
    assert answer.text.endswith("```") and is_half(change.text, change.reason)


def test_an_answer_that_was_cut_before_its_first_action_is_not_written_again(tiny, catalog):
    answers = list(constrained.generate(*tiny, chats(6), some_apis(catalog, 6), catalog, max_new_tokens=40, temperature=1.0))
    empty = [answer for answer in answers if {finding.code for finding in answer.left} == {"empty"}]
    assert empty and all(answer.tries == 0 for answer in empty)
