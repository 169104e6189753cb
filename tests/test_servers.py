"""03, 05, 08 and the judge against servers of many characters: their output, their messages, and the requests of a rerun.

`python -m pytest tests/test_servers.py`; 08 as a whole takes some seconds a run, and meets all of them with `-m slow`.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import shortcuts
from common import jsonl
from common.llm import limiter
from tests import stage_runs
from tests.stage_runs import Ended
from tests.stub_openai import Reply, StubOpenAI, error

pytestmark = pytest.mark.ci

RECORDS = 3
PROGRAM = "Text = is_workflow_actions_gettext(WFTextActionText='Hello {0}')\nis_workflow_actions_showresult(Text=f'{{Text}}')\n"
APIS = ["is.workflow.actions.gettext", "is.workflow.actions.showresult"]
Body = dict[str, Any]


def good(body: Body) -> str:
    """The answer of a model that does as it is told, to any of the prompts."""
    asked = "\n".join(message["content"] for message in body["messages"] if message["role"] != "assistant")
    if '"comments"' in asked:
        comments = [f"{line}: Prepares a greeting." for line in re.findall(r"^ *(\d+) \w+.*\(", asked, re.MULTILINE)]
        return json.dumps({"comments": comments, "renames": [], "steps": ["1 Prepare a greeting and show it."]})
    if '"query"' in asked:
        return json.dumps({"query": "Greet me with a short text each morning."})
    if '"verdict"' in asked:
        return json.dumps({"reasons": "It greets.", "verdict": "pass"})
    return f"Thought:\n1. Greet.\n\nCode:\n```python\n{PROGRAM.format(0)}```"


# ---------------------------------------------------------------------------------------------------------------------------------
# the characters: a request's body and its number -> a reply


def message(**fields: Any) -> Reply:
    """A completion whose message and choice are as given."""
    finish, usage = fields.pop("finish", "stop"), fields.pop("usage", {"prompt_tokens": 9, "completion_tokens": 9})
    return Reply(body=json.dumps({"choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", **fields}}], "usage": usage}))


def reasoning(body: Body, number: int) -> str | Reply:
    for name in ("temperature", "top_p", "seed"):
        if name in body:
            return error(400, f"Unsupported value: '{name}' does not support {body[name]} with this model.")
    return error(400, "'max_tokens' is not supported; use 'max_completion_tokens'") if "max_tokens" in body else good(body)


def of_record_one(reply: Reply) -> Callable[[Body, int], str | Reply]:
    """Minds one record alone, by what its program, query or prompt says."""
    return lambda body, number: reply if "Hello 1" in body["messages"][-1]["content"] else good(body)


def small_context(body: Body, number: int) -> str | Reply:
    said = sum(len(turn["content"]) // 4 for turn in body["messages"])
    most = 4096
    if said + body["max_tokens"] <= most:
        return good(body)
    return error(400, f"This model's maximum context length is {most} tokens. However, you requested {said + body['max_tokens']} tokens")


def no_system(body: Body, number: int) -> str | Reply:
    return error(400, "System role not supported") if body["messages"][0]["role"] == "system" else good(body)


def strict_fields(body: Body, number: int) -> str | Reply:
    known = {"model", "messages", "max_tokens", "stream"}
    return Reply(status=500, text="internal server error") if body.keys() - known else good(body)


def swapped(root: str) -> list[dict[str, Any]]:
    return [{"id": "m", "root": root}]


ANSWERED, ONE_LESS, NOTHING, STOPPED = "each is answered", "one is not", "none is, by its own fault", "the run stops"


@dataclass
class Character:
    """A kind of server; what becomes of the records; the reason of rejects; what the terminal says, where that is fixed."""

    reply: Callable[[Body, int], Any]
    outcome: str
    reason: str = ""
    said: str = ""


CHARACTERS = {
    "reasoning": Character(reasoning, ANSWERED, said="does not take temperature"),
    "moderating": Character(of_record_one(error(403, "the input was flagged")), ONE_LESS, "moderated", "flagged"),
    "of a small context": Character(small_context, ANSWERED, said="fewer tokens"),
    "without a system role": Character(no_system, ANSWERED),
    "answering in parts": Character(lambda body, number: message(content=[{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": good(body)}]), ANSWERED),
    "thinking aloud": Character(lambda body, number: f"<think>\n```json\n{{}}\n```\n```python\ndraft()\n```\n</think>\n\n{good(body)}", ANSWERED),
    "chatting before JSON": Character(lambda body, number: "Here it is:\n" + good(body) if good(body).startswith("{") else good(body), ANSWERED),
    "cut before it begins": Character(lambda body, number: message(content="", finish="length"), NOTHING, "answer_too_long", "token limit"),
    "filtering": Character(lambda body, number: message(content=None, finish="content_filter"), NOTHING, "filtered", "content filter"),
    "refusing": Character(lambda body, number: message(content=None, refusal="I won't."), NOTHING, "refused", "I won't."),
    "calling tools": Character(lambda body, number: message(content=None, tool_calls=[{}], finish="tool_calls"), NOTHING, "no_text", "tool"),
    "unpaid": Character(lambda body, number: error(402, "Insufficient Balance"), STOPPED, said="Insufficient Balance"),
    "without access": Character(lambda body, number: error(403, "no access to this model"), STOPPED, said="no access"),
    "breaking on unknown fields": Character(strict_fields, ANSWERED),
    "odd in its counts": Character(lambda body, number: message(content=good(body), usage={"prompt_tokens": "9", "completion_tokens": -10**20}), ANSWERED),
    "odd in its finish": Character(lambda body, number: message(content=good(body), finish=["stop"]) if number == 0 else good(body), ANSWERED),
    "with odd headers": Character(lambda body, number: Reply(good(body), headers={"x-ratelimit-remaining-requests": "²", "x-ratelimit-reset-requests": "1s"}), ANSWERED),
    "a web page": Character(lambda body, number: Reply(body="<html>Welcome</html>"), STOPPED, said="no chat completion"),
    "sending elsewhere": Character(lambda body, number: Reply(status=307, headers={"Location": "http://127.0.0.1:9/v1?key=1"}), STOPPED, said="not followed"),
    "packing": Character(lambda body, number: Reply(good(body), packed=True), ANSWERED),
    "dripping": Character(lambda body, number: Reply(good(body), delay=30), STOPPED, said="no answer in"),
    "closed": Character(lambda body, number: "never asked", STOPPED, said="no connection"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "BACK_OFF", (0.001, 0.002))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Desk:
    """A stage's records, and how to run it against a server of some character."""

    folder: Path
    character: str
    stub: StubOpenAI

    def run(self, stage: str, *flags: object) -> tuple[Ended, dict[str, Any], int]:
        """(how it ended, its summary, requests that it sent)."""
        url = f"http://127.0.0.1:{free_port()}/v1" if self.character == "closed" else self.stub.base_url
        named = {"03": ["--writer", "m", "--base-url", url], "05": ["--model", "m", "--base-url", url]}[stage]
        quick = ["--timeout", "0.3"] if self.character == "dripping" else []
        before = len(self.stub.requests)
        ended = stage_runs.run(stage, "--input", self.folder / "in.jsonl", "--output", self.folder / f"{stage}.jsonl", "--cache",
                               self.folder / "cache.sqlite", "--concurrency", 1, "--price", "1000/1000", *named, *quick, *flags,
                               OPENAI_API_KEY="none")  # fmt: skip
        return ended, json.loads(ended.stdout.splitlines()[-1]) if ended.stdout else {}, len(self.stub.requests) - before

    def lines(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / name
        return list(jsonl.read(path)) if path.exists() else []


def write_records(path: Path) -> None:
    lines = []
    for number in range(RECORDS):
        code, residue = shortcuts.to_python(shortcuts.to_shortcut(PROGRAM.format(number)))
        lines.append(jsonl.encode({"id": f"r{number}", "name": "", "code": code, "residue": residue, "apis": APIS,
                                   "query": f"Please show the text Hello {number} to me."}))  # fmt: skip
    path.write_bytes(b"".join(lines))


@pytest.fixture(params=CHARACTERS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    write_records(tmp_path / "in.jsonl")
    with StubOpenAI(CHARACTERS[request.param].reply) as stub:
        yield Desk(tmp_path, request.param, stub)


@pytest.mark.parametrize("stage", ["03", "05"])
def test_what_a_stage_makes_of_a_server(desk: Desk, stage: str) -> None:
    character = CHARACTERS[desk.character]
    ended, summary, _ = desk.run(stage)
    rejects = desk.lines(f"{stage}.rejected.jsonl")
    written = len(desk.lines(f"{stage}.jsonl"))
    assert character.said in ended.stderr or (stage == "03" and desk.character == "reasoning"), ended.stderr
    assert "Traceback" not in ended.stderr and {reject["reason"] for reject in rejects} <= {character.reason}
    expected = {ANSWERED: (0, RECORDS, 0), ONE_LESS: (0, RECORDS - 1, 1), NOTHING: (1, 0, RECORDS), STOPPED: (1, 0, 0)}
    assert (ended.returncode, written, len(rejects)) == expected[character.outcome], ended.stderr
    if character.outcome != STOPPED:
        assert summary["cost_usd"] >= 0 and summary["prompt_tokens"] >= 0
    again, summary, asked = desk.run(stage)
    if character.outcome == STOPPED:
        assert again.returncode == 1 and (asked > 0 or desk.character == "closed")
    else:
        assert again.returncode == 0 and asked == 0 and summary["skipped"] == RECORDS
    if character.outcome in (ONE_LESS, NOTHING):
        assert "--retry-rejected" in again.stderr
        desk.stub.answer = lambda body, number: good(body)
        mended, summary, asked = desk.run(stage, "--retry-rejected")
        assert mended.returncode == 0 and asked > 0 and len(desk.lines(f"{stage}.jsonl")) == RECORDS


@pytest.mark.parametrize("character", [name for name, character in CHARACTERS.items() if character.outcome == STOPPED and name != "dripping"])
def test_what_was_never_answered_costs_nothing(tmp_path: Path, character: str) -> None:
    write_records(tmp_path / "in.jsonl")
    with StubOpenAI(CHARACTERS[character].reply) as stub:
        ended, _, _ = Desk(tmp_path, character, stub).run("05", "--budget-usd", 100)
    assert ended.returncode == 1 and "are spent" not in ended.stderr


def test_a_model_trained_anew_under_its_old_name_is_asked_anew(tmp_path: Path) -> None:
    write_records(tmp_path / "in.jsonl")
    with StubOpenAI(lambda body, number: good(body)) as stub:
        desk, asked = Desk(tmp_path, "swapped", stub), []
        for root in ("runs/first", "runs/first", "runs/second"):
            stub.models = swapped(root)
            asked.append(desk.run("05", "--overwrite")[2])
    assert asked == [RECORDS, 0, RECORDS]


def test_answers_of_a_grammar_that_is_ignored_are_not_taken_for_held_ones(tmp_path: Path) -> None:
    write_records(tmp_path / "in.jsonl")
    with StubOpenAI(lambda body, number: "I would rather talk.") as stub:
        desk = Desk(tmp_path, "ignoring", stub)
        ended, _, _ = desk.run("05", "--constrained")
        assert "ignores the grammar" in ended.stderr and ended.stderr.count("ignores") == 1
        stub.answer = lambda body, number: good(body)
        assert desk.run("05", "--constrained", "--overwrite")[2] > 0


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_without_end_is_not_read_to_its_end(tmp_path: Path, packed: bool) -> None:
    write_records(tmp_path / "in.jsonl")
    with StubOpenAI(lambda body, number: Reply(body=" " * (17 << 20), packed=packed)) as stub:
        ended, _, _ = Desk(tmp_path, "endless", stub).run("05")
    assert ended.returncode == 1 and "16 MB" in ended.stderr


# ---------------------------------------------------------------------------------------------------------------------------------
# 08: the model that is judged, and the judge


def write_bench(folder: Path) -> None:
    folder.mkdir()
    for split in ("train", "test_id", "test_ood"):
        lines = []
        for number in range(RECORDS):
            query = f"Please show the text Hello {number} to me ({split})."
            lines.append(jsonl.encode({
                "id": f"{split}-{number}", "task": "generate", "split": split, "origin": "seed", "query": query,
                "code": PROGRAM.format(number), "apis": APIS, "messages": [{"role": "system", "content": "Write shortcuts."},
                {"role": "user", "content": query}, {"role": "assistant", "content": "Thought: …"}], "shortened": False}))  # fmt: skip
        (folder / f"{split}.jsonl").write_bytes(b"".join(lines))


def evaluate(desk: Desk, *flags: object) -> tuple[Ended, int]:
    """(how 08 ended, requests that it sent)."""
    before = len(desk.stub.requests)
    with mock.patch("common.metrics.breakdown.draw"), mock.patch("common.metrics.bleu.RESAMPLES", 50):  # a second each
        ended = stage_runs.run("08", "--bench", desk.folder / "bench", "--output", desk.folder / "eval", "--concurrency", 1, "--workers", 1,
                               "--cache", desk.folder / "cache.sqlite", "--price", "1000/1000", *flags, OPENAI_API_KEY="none")  # fmt: skip
    return ended, len(desk.stub.requests) - before


SOME = "reasoning", "filtering", "unpaid"  # the others take the same ways


@pytest.mark.parametrize("character", [name if name in SOME else pytest.param(name, marks=pytest.mark.slow) for name in CHARACTERS])
@pytest.mark.parametrize("role", ["model", "judge"])
def test_what_08_makes_of_a_server(tmp_path: Path, character: str, role: str) -> None:
    write_bench(tmp_path / "bench")
    (tmp_path / "given.jsonl").write_bytes(b"".join(
        jsonl.encode({"id": f"{split}-{number}", "code": PROGRAM.format(number)}) for split in ("test_id", "test_ood") for number in range(RECORDS)))
    kind = CHARACTERS[character]
    with StubOpenAI(kind.reply) as stub:
        desk = Desk(tmp_path, character, stub)
        url = f"http://127.0.0.1:{free_port()}/v1" if character == "closed" else stub.base_url
        who = ["--model", "m", "--base-url", url] if role == "model" else ["--predictions", f"given={tmp_path}/given.jsonl", "--judge", "m", "--judge-url", url]
        who += ["--timeout", "0.3"] if character == "dripping" else []
        ended, _ = evaluate(desk, *who)
        scores = json.loads(path.read_bytes()) if (path := tmp_path / "eval/scores.json").exists() else {}
        again, asked = evaluate(desk, *who)
    assert "Traceback" not in ended.stderr and ended.returncode == (kind.outcome != ANSWERED), ended.stderr
    assert kind.said in ended.stderr or character in ("reasoning", "of a small context"), ended.stderr  # 08 asks for less of either
    assert again.returncode == ended.returncode
    if kind.outcome == ANSWERED:
        assert asked == 0 and scores
    if role == "model" and kind.outcome in (NOTHING, STOPPED):
        assert "m" not in scores.get("systems", {}) and "40.0" not in "".join(line for line in ended.stdout.splitlines() if line.startswith("m "))
