"""Stages against a real model server (tests/model_server.py): python -m pytest -m slow tests/test_serving.py

The model writes noise. What is tested is the way there and back: requests go out, tokens are counted, an answer that cannot be used is
asked for once more and then ends as a reject that keeps it, and what was answered is not asked again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import shortcuts
from common import jsonl
from tests.model_server import ModelServer, model_server  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]


def run_stage(script: str, server: ModelServer, folder: Path, *flags: str) -> tuple[dict[str, Any], str]:
    """(summary, stderr) of a stage that writes with the server's model."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OPENAI_")}
    who = "--model" if script.startswith("05") else "--writer"
    command = [sys.executable, str(ROOT / script), who, server.model, "--base-url", server.base_url, "--concurrency", "2",
               "--cache", str(folder / "answers.sqlite"), *flags]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def posts(server: ModelServer) -> int:
    """Chat completions that the server has been asked for."""
    return server.log.read_text().count("POST /v1/chat/completions")


def test_thoughts_of_a_model_that_writes_noise_are_rejects_that_keep_it(
    model_server: ModelServer, tmp_path: Path  # noqa: F811 (the fixture)
) -> None:
    program = "handle = is_workflow_actions_ask(WFAskActionPrompt='Whose account?')\nis_workflow_actions_showresult(Text=f'{handle}')\n"
    code, residue = shortcuts.to_python(shortcuts.to_shortcut(program))
    record = {"name": "Find account", "code": code, "residue": residue, "apis": shortcuts.apis_of(code)}
    (tmp_path / "workflows.jsonl").write_bytes(b"".join(jsonl.encode({"id": f"w{n}", **record, "description": str(n)}) for n in range(3)))
    flags = ("--input", str(tmp_path / "workflows.jsonl"), "--output", str(tmp_path / "seed.jsonl"))

    before = posts(model_server)
    summary, errors = run_stage("03_thoughts.py", model_server, tmp_path, *flags)
    assert (summary["read"], summary["written"], summary["rejected"]) == (3, 0, 3) and "Traceback" not in errors
    assert summary["requests"] == posts(model_server) - before == 6  # one question and one repair question each
    assert summary["prompt_tokens"] > 6 * 200 and summary["completion_tokens"] > 6 * 10
    for reject in jsonl.read(tmp_path / "seed.rejected.jsonl"):
        assert reject["reason"] == "unusable_answer" and reject["detail"].startswith("notes: ")
        assert len(reject["detail"].split("the answer: ")[1]) > 20

    again, _ = run_stage("03_thoughts.py", model_server, tmp_path, *flags)
    assert again["skipped"] == 3 and again["requests"] == 0
    anew, _ = run_stage("03_thoughts.py", model_server, tmp_path, *flags, "--overwrite")
    assert anew["rejected"] == 3 and anew["requests"] == 0 and anew["cached"] == 6
    assert posts(model_server) - before == 6


def test_annotations_of_a_model_that_writes_noise_are_records_with_diagnostics(
    model_server: ModelServer, tmp_path: Path  # noqa: F811 (the fixture)
) -> None:
    apis = ["is.workflow.actions.ask", "is.workflow.actions.showresult"]
    (tmp_path / "queries.jsonl").write_bytes(b"".join(
        jsonl.encode({"id": f"q{n}", "query": f"Ask me for {n} names and show them", "apis": apis}) for n in range(3)))
    flags = ("--input", str(tmp_path / "queries.jsonl"), "--output", str(tmp_path / "generated.jsonl"), "--candidates", "2", "--repair")

    before = posts(model_server)
    summary, errors = run_stage("05_annotate.py", model_server, tmp_path, *flags)
    assert (summary["read"], summary["written"], summary["rejected"], summary["clean"]) == (3, 3, 0, 0) and "Traceback" not in errors
    assert summary["requests"] == posts(model_server) - before == 9  # two candidates and one repair each
    for record in jsonl.read(tmp_path / "generated.jsonl"):
        annotator = record["annotator"]
        assert record["diagnostics"] and annotator["model"] == model_server.model and len(annotator["candidates"]) == 2
        assert annotator["prompt_tokens"] > 3 * 100 and annotator["completion_tokens"] > 3 * 10

    again, _ = run_stage("05_annotate.py", model_server, tmp_path, *flags)
    assert again["skipped"] == 3 and again["requests"] == 0
    anew, _ = run_stage("05_annotate.py", model_server, tmp_path, *flags, "--overwrite")
    assert anew["written"] == 3 and anew["requests"] == 0 and anew["cached"] == 9
