"""A real model server for tests: `transformers serve` with a tiny Llama built on the spot, on loopback, without any download.

    from tests.model_server import ModelServer, model_server  # noqa: F401 (a fixture)

    def test_something(model_server: ModelServer) -> None:
        run("--writer", model_server.model, "--base-url", model_server.base_url)

What such a model writes is noise, and it ends within a hundred tokens or so. The server ignores `response_format`, counts tokens, answers
one request after another, and knows the model by the path of its folder. First answer: some ten seconds after the start.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from common import conversation, edit_prompts, prompts
from shortcuts.catalog import Catalog

NEEDED = "fastapi", "uvicorn"
CONTEXT = 16_384  # tokens: the prompts of all stages fit
# A random model hardly ever draws the end mark, one token of thousands. After 24 tokens its score rises until it is drawn.
ENDING = 24, 1.2
START = 120.0  # seconds; on an idle machine it takes eight


class ModelServer(NamedTuple):
    """A running server: where it listens, the name that it knows its model by, and the file it logs to."""

    base_url: str
    model: str
    log: Path


@pytest.fixture(scope="session")
def model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """The server, started once for all tests of a session; skips where its packages are not installed."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        pytest.skip(f"{' and '.join(missing)} not installed: pip install 'transformers[serving]'")
    folder = tmp_path_factory.mktemp("server")
    model = save_model(folder / "model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "log.txt"
    process = start(model, port, folder, log)
    try:
        wait(f"http://127.0.0.1:{port}/health", process, log)
        yield ModelServer(f"http://127.0.0.1:{port}/v1", str(model), log)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def save_model(folder: Path) -> Path:
    """A random tiny Llama whose tokenizer has learned from our own prompts, with a generation config that lets it end."""
    from common.model import build_tiny

    catalog = Catalog.load()
    templates = (prompts.THOUGHTS, prompts.QUERY, prompts.QUERY_FROM_CODE, prompts.EXPAND, prompts.EXPAND_BY_CATEGORY, prompts.REFINE,
                 conversation.REPAIR, prompts.JUDGE, conversation.ANSWER, edit_prompts.EDIT, edit_prompts.EDIT_QUERY)
    texts = [prompts.LOOK, *(template.turn for template in templates), *(catalog.stub(api.id) for api in catalog if api.builtin)]
    model, tokenizer = build_tiny(texts, context=CONTEXT)
    model.generation_config.exponential_decay_length_penalty = ENDING
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def start(model: Path, port: int, folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """The server's process: offline, one thread, and with a cache folder of its own, which it lists models from."""
    (folder / "home" / "hub").mkdir(parents=True)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    program = Path(sys.executable).with_name("transformers")
    command = [str(program) if program.exists() else shutil.which("transformers") or "transformers", "serve", str(model)]
    with open(log, "wb") as file:
        return subprocess.Popen([*command, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
                                env=environment, stdout=file, stderr=subprocess.STDOUT)


def wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers; fail with its log if it has ended or takes too long."""
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"the model server did not start; its log ends with: {log.read_text(errors='replace')[-2000:]}")
