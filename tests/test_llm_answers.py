"""Bodies are read with bounds, thoughts are left out, and patterns take linear time: python -m pytest tests/test_llm_answers.py"""

import time

import pytest

from common import replies
from common.jsonl import UserError
from common.llm.completion import MOST_TOKENS, count, parse_body, read_completion
from common.llm.connection import check_address, is_secret
from common.llm.writer import find_object
from common.replies import without_thought


def body(content, finish="stop", usage=None, **message):
    return {"choices": [{"finish_reason": finish, "message": {"content": content, **message}}], "usage": usage}


@pytest.mark.parametrize("key, secret", [("none", False), ("lm-studio", False), ("x", False), ("1", False), ("sk-0123456789", True)])
def test_only_what_looks_like_a_secret_is_one(key, secret):
    assert is_secret(key) is secret


def test_parts_of_a_text_are_read_and_thoughts_among_them_are_not():
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "the "}, {"type": "text", "text": "answer"}]
    assert read_completion(body(parts)).text == "the answer"


@pytest.mark.parametrize("message, finish, reason", [
    ({"content": None, "refusal": "No."}, "stop", "refused"), ({"content": None}, "content_filter", "filtered"),
    ({"content": ""}, "length", "answer_too_long"), ({"content": None, "tool_calls": [{}]}, "tool_calls", "no_text"),
])  # fmt: skip
def test_why_there_is_no_answer_is_told(message, finish, reason):
    assert read_completion({"choices": [{"finish_reason": finish, "message": message}]}).refusal[0] == reason


@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS", "max_output_tokens", "model_length", "model_context_window_exceeded"])
def test_an_answer_that_was_cut_is_one_whatever_its_server_calls_that(finish):
    assert read_completion(body("half an", finish)).finish == "length"
    assert read_completion(body("", finish)).refusal[0] == "answer_too_long"


def test_what_a_content_filter_left_of_an_answer_is_none():
    assert read_completion(body("half an", "content_filter")).refusal[0] == "filtered"
    assert read_completion(body("whole", "eos")).finish == "eos"


def test_an_empty_answer_that_ended_by_itself_is_an_answer():
    assert read_completion(body("")).refusal is None


@pytest.mark.parametrize("broken", [None, [], {"choices": []}, {"choices": [{"message": 3}]}, body(5), body("x", finish=["stop"]), body("x", "error")])
def test_what_is_no_completion_is_none(broken):
    assert read_completion(broken) is None


@pytest.mark.parametrize("value, known", [("12", None), ([], None), (-5, 0), (2**63, MOST_TOKENS), (float("nan"), None), (7.0, 7), (True, None)])
def test_counts_are_bounded(value, known):
    assert count(value) == known


@pytest.mark.parametrize("usage, text, tokens", [
    ((10, 5, 15), "x", (10, 5)), ((10, 5, 400), "x", (10, 390)), ((10, None, 400), "x", (10, 390)), ((10, 5, None), "x", (10, 5)),
    ((0, 0, 0), "x", (None, None)), ((10, 0, 10), "x", (10, None)), ((10, 0, 10), "", (10, 0)), ((0, 0, 10), "x", (None, None)),
])  # fmt: skip
def test_thoughts_that_stand_in_the_total_alone_are_counted_and_zeros_beside_a_text_are_no_counts(usage, text, tokens):
    found = read_completion(body(text, usage=dict(zip(("prompt_tokens", "completion_tokens", "total_tokens"), usage))))
    assert (found.prompt_tokens, found.completion_tokens) == tokens


def test_a_lone_surrogate_is_a_question_mark_and_not_a_lost_answer():
    assert parse_body(b'{"a": "cut \\ud83d"}') == {"a": "cut ?"}


@pytest.mark.parametrize("text, rest", [
    ("<think>draft</think>\n\nanswer", "answer"), ("draft\n</think>answer", "answer"), ("I see.</think>answer", "answer"), ("<think>never ends", ""), ("plain", "plain"),
    ("[THINK]draft[/THINK]answer", "answer"), ("<seed:think>draft</seed:think>answer", "answer"), ("<thought>draft</thought>\nanswer", "answer"),
    ("<|channel|>analysis<|message|>draft<|end|><|start|>assistant<|channel|>final<|message|>answer", "answer"),
    ("<|start|>assistant<|channel|>analysis<|message|>draft<|end|><|start|>assistant<|channel|>final<|message|>answer", "answer"),
    ("<think>a</think>\n<Think>b</Think>answer", "answer"), ("Okay.<think>\ndraft\n</think>\nanswer", "answer"),
    ("Take <think> and </think> out", "Take <think> and </think> out"), ("It says <think>\nand goes on", "It says <think>\nand goes on"),
    ("```python\nx = text.split('</think>')\n```", "```python\nx = text.split('</think>')\n```"),
    ("```python\nx = '''\n</think>'''\n```\n", "```python\nx = '''\n</think>'''\n```\n"),
    ("A draft:\n```python\na()\n</think>\nanswer\n```python\nb()\n```", "answer\n```python\nb()\n```"),
])  # fmt: skip
def test_a_thought_before_an_answer_is_cut(text, rest):
    assert without_thought(text) == rest


@pytest.mark.parametrize("draft", ["", "<|channel|>analysis<|message|>draft<|end|>", "<|channel|>commentary<|message|>I begin.<|end|>"])
@pytest.mark.parametrize("start", ["", "<|start|>assistant"])
@pytest.mark.parametrize("header", ["final", "final <|constrain|>json", "final<|constrain|>python"])
def test_the_final_channel_is_the_answer_whatever_form_it_is_bound_to(draft, start, header):
    assert without_thought(f"{draft}{start}<|channel|>{header}<|message|>{{}}") == "{}"


def test_a_draft_in_a_thought_is_not_the_program():
    text = "<think>\n```python\ndraft()\n```\n</think>\nThought:\n1. Do it.\n\nCode:\n```python\nright()\n```"
    assert replies.parse_answer(text) == ("1. Do it.", "right()\n") and len(replies.programs(text)) == 1


@pytest.mark.parametrize("mark", ["", "text"])
def test_a_plan_in_a_fence_is_the_plan_and_no_program(mark):
    text = f"Thought:\n```{mark}\n1. Do it.\n2. Say so, at length.\n```\n\nCode:\n```python\nright()\n```\n```\n\n```\n"
    assert replies.parse_answer(text) == ("1. Do it.\n2. Say so, at length.", "right()\n") and len(replies.programs(text)) == 1
    assert replies.parse_answer("Code:\n```python\n```\n") == ("", "")


@pytest.mark.parametrize("text", ['{"a": 1}', 'Here it is:\n{"a": 1}', '```json\n{"a": 1}\n```', 'Look:\n```\n{"a": 1}\n```\nDone.'])
def test_an_object_is_found_in_prose_and_fences(text):
    assert find_object(text) == {"a": 1}


@pytest.mark.ci
@pytest.mark.parametrize("unit", ["\n", "#\n", "    \n", "…\n—\n", "code\n", "thought\n"])
@pytest.mark.parametrize("start", ["", "```json\n"])
def test_reading_an_answer_takes_linear_time(unit, start):
    def seconds(count: int) -> float:
        def once() -> float:
            began = time.perf_counter()
            replies.parse_answer(start + unit * count)
            with pytest.raises(ValueError):
                find_object(start + unit * count)
            return time.perf_counter() - began

        return min(once() for _ in range(3))

    assert seconds(40_000) < 12 * seconds(10_000) + 0.05


@pytest.mark.parametrize("address", ["http://:pw@h/v1", "http://h/v1#part", "http://[::1", "file:///etc", "not a url", "https://h/d?api-version=1"])
def test_an_address_that_no_request_can_go_to_is_one_line(address):
    with pytest.raises(UserError, match="--base-url"):
        check_address(address)


@pytest.mark.parametrize(("text", "code", "closed"), [
    ("```json\n{}\n```\nThen:\n```python\nright()\n```", "right()\n", [True]),  # the end of another block opens none
    ("First:\n```python\na()\n```\nAll of it:\n```python\na()\nb()\n```\n", "a()\nb()\n", [True, True]),
    ("```python\na()\n```python\na()\nb()\n", "a()\nb()\n", [False, False]),
    ("```Python3\na()\n``` That is all.", "a()\n", [True]),
    ("1. Like this:\n\n   ```python\n   if a:\n       b()\n\n   ```\n", "if a:\n    b()\n", [True]),  # below an item of a list
    ("  ```python\nif a:\n    b()\n  ```\n", "if a:\n    b()\n", [True]),
    ("```python title.py\na()\n```\n", "a()\n", [True]), ("~~~python\na()\n~~~\n", "a()\n", [True]),
    ("````markdown\nThought: plan\n\n```python\na()\nb()\n```\n````\n", "a()\nb()\n", [True]),
    ("```markdown\nThought: plan\n\n```python\na()\n```\n```\n", "a()\n", [True]),
    ("Plan\n~~~~\n1. do it\n\n```python\na()\n```\n", "a()\n", [True]),
    ("It prints\n```\n5\n\nCode:\n```python\na()\n```\n", "a()\n", [False, True]),
    ("````python\na('```')\n```\nb()\n````\n", "a('```')\n```\nb()\n", [True]),  # fewer marks close nothing
    ("```python\na()\n```\nIt shows:\n```\nmuch more than that\n```\n", "a()\n", [True, True]), ("```python\na(", "a(\n", [False]), ("a()", "", []), ("```text\na()\n```", "", []),
])  # fmt: skip
def test_the_program_is_the_longest_block_of_python(text: str, code: str, closed: list[bool]) -> None:
    assert replies.parse_answer(text).code == code
    assert [block.closed for block in replies.code_blocks(text)] == closed


DRAFT = "```python\nx = is_workflow_actions_gettext(WFTextActionText='a first try that is longer')\n```"
FINAL = "Thought:\n1. Show it.\n\nCode:\n```python\nis_workflow_actions_showresult(Text='Hi')\n```"


@pytest.mark.parametrize("end", ["Now I write it:</think>", "so be it. </think>", "ok)</think>", "</think>"])
def test_an_end_of_thoughts_at_the_end_of_a_line_is_one_without_its_start_too(end):
    assert replies.parse_answer(f"We need X.\n{DRAFT}\n{end}\n\n{FINAL}") == replies.parse_answer(FINAL)


@pytest.mark.parametrize("behind", ["\n\n<think>\nIs it right? Yes.\n</think>\n", "\n<think>\nok\n</think>\nThis shows Hi."])
def test_thoughts_behind_an_answer_take_nothing_of_it(behind):
    assert replies.parse_answer(FINAL + behind).code == replies.parse_answer(FINAL).code


@pytest.mark.parametrize("thoughts", [
    "<think>hm</think>", "<think>\nhm, `x`\n</think>", "[THINK]hm[/THINK] ", "<think>\nFirst:\n" + DRAFT + "\nno.\n</think>", "<think>a</think>\n\n<think>b</think>"])
def test_thoughts_within_an_answer_are_no_part_of_its_plan_and_no_program(thoughts):
    assert replies.parse_answer(FINAL.replace("\n\nCode:", f"\n\n{thoughts}\n\nCode:")) == replies.parse_answer(FINAL)
    assert replies.parse_answer(FINAL.replace("Thought:\n", f"Thought:\n{thoughts}\n")) == replies.parse_answer(FINAL)


def test_marks_of_thoughts_in_a_program_and_in_a_sentence_of_the_plan_are_left():
    text = "1. Cut what stands from <think> to </think> out.\n\n```python\nx = '''\n<think>\na\n</think>'''\n```\n"
    assert replies.parse_answer(text) == ("1. Cut what stands from <think> to </think> out.", "x = '''\n<think>\na\n</think>'''\n")
    assert replies.parse_answer(FINAL.replace("\n\nCode:", "\n<think>never ends\n\nCode:")).code == replies.parse_answer(FINAL).code


@pytest.mark.parametrize("role", ["assistant\n", "analysis\n\n", "model \n"])
def test_the_role_that_a_template_writes_before_the_thoughts_is_no_part_of_the_plan(role):
    assert replies.parse_answer(f"{role}<think>hm</think>\n\n{FINAL.removeprefix('Thought:')}") == replies.parse_answer(FINAL)


def test_white_space_up_to_the_token_limit_makes_no_answer_cut():
    assert not replies.is_cut(FINAL + "\n" * 300) and replies.is_cut(FINAL) and replies.is_cut(FINAL[:-4])
