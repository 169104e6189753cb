"""A chat-completions server on loopback for tests: it answers as it is told, and keeps what it was sent.

    with StubOpenAI(lambda body, number: "hello") as stub:
        open_writer("stub-model", stub.base_url)

The function gets a request's parsed body and its number from 0, and returns the text of the answer, or a Reply that misbehaves.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """What the server sends: a completion with `text`, or `body` as it is; `cut` promises more bytes than are sent."""

    text: str = ""
    status: int = 200
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    finish: str = "stop"


class StubOpenAI:
    """The server; `requests` holds the bodies it was sent, `authorizations` their Authorization headers."""

    def __init__(self, answer: Callable[[dict[str, Any], int], str | Reply]) -> None:
        self.requests: list[dict[str, Any]] = []
        self.authorizations: list[str] = []
        self.lock = threading.Lock()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with stub.lock:
                    number = len(stub.requests)
                    stub.requests.append(body)
                    stub.authorizations.append(self.headers.get("Authorization", ""))
                reply = answer(body, number)
                reply = Reply(reply) if isinstance(reply, str) else reply
                time.sleep(reply.delay)
                data = (reply.body if reply.body is not None else json.dumps(completion(reply, body["model"]))).encode()
                self.send_response(reply.status)
                length = str(len(data) + 100 * reply.cut)
                for name, value in {"Content-Type": "application/json", "Content-Length": length, **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
                self.close_connection = reply.cut

            def log_message(self, *_: object) -> None:
                """Silence: the test's output is no access log."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def __enter__(self) -> StubOpenAI:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def completion(reply: Reply, model: str) -> dict[str, Any]:
    """The body of a chat completion."""
    return {
        "id": "stub", "object": "chat.completion", "created": 0, "model": model,
        "choices": [{"index": 0, "finish_reason": reply.finish, "message": {"role": "assistant", "content": reply.text}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def error(status: int, message: str = "no", code: str | None = None, **headers: str) -> Reply:
    """An error reply as OpenAI words it; `retry_after="1"` becomes the header."""
    return Reply(status=status, body=json.dumps({"error": {"message": message, "code": code, "type": "stub", "param": None}}),
                 headers={name.replace("_", "-"): value for name, value in headers.items()})
