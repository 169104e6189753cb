"""A chat-completions and batches server on loopback for tests: it answers as a function says, and keeps the requests.

    with StubOpenAI(lambda body, number: "hello") as stub:
        open_writer("stub-model", stub.base_url)

The function gets a request's parsed body and its number from 0, and returns the text of the answer, or a Reply that misbehaves. For a bench
it runs in a process of its own (`python -m tests.stub_openai --latency 1 --rate 50`) and prints its address; its counts are at /stats.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import inspect
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

FOREVER = 1e6  # seconds: the delay of a reply that never comes


@dataclass
class Reply:
    """A reply: a completion with `text`, or `body` as it is; `cut` promises more bytes than are sent."""

    text: str = ""
    status: int = 200
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    packed: bool = False  # by gzip
    finish: str = "stop"


Answer = Callable[[dict[str, Any], int], "str | Reply | Awaitable[Reply]"]


class StubOpenAI:
    """The server; `requests` holds the bodies it was sent, `authorizations` their Authorization headers, `answered` how often each body
    (by hash) got a whole completion. `endings` are the states that batches end in, in turn (default: completed), after `polls` looks."""

    def __init__(self, answer: Answer, keep: bool = True) -> None:
        self.answer, self.keep = answer, keep
        self.requests: list[dict[str, Any]] = []
        self.authorizations: list[str] = []
        self.answered: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.endings: list[str] = []
        self.polls = 1
        self.models: list[dict[str, Any]] = []  # what /models lists
        self.number = self.flying = 0
        self.base_url = ""

    def __enter__(self) -> StubOpenAI:
        self.loop, self.pool, ready = asyncio.new_event_loop(), ThreadPoolExecutor(64), threading.Event()

        def run() -> None:
            self.loop.run_until_complete(self.start())
            ready.set()
            self.loop.run_forever()
            self.loop.run_until_complete(self.runner.cleanup())
            self.loop.close()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.pool.shutdown(wait=False)

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        app = web.Application(client_max_size=1 << 30)
        app.add_routes([
            web.post("/v1/chat/completions", self.complete), web.post("/v1/files", self.upload),
            web.get("/v1/files/{id}/content", self.download), web.post("/v1/batches", self.submit), web.get("/v1/batches", self.list),
            web.get("/v1/batches/{id}", self.look), web.get("/v1/models", self.list_models), web.get("/stats", self.stats),
        ])
        self.runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.01)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0, backlog=2048)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/v1"

    async def list_models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": self.models})

    # -----------------------------------------------------------------------------------------------------------------------------
    # chat completions

    async def complete(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body, number = json.loads(raw), self.number
        self.number += 1
        if self.keep:
            self.requests.append(body)
            self.authorizations.append(request.headers.get("Authorization", ""))
        self.flying += 1
        self.counts["most_in_flight"] = max(self.counts["most_in_flight"], self.flying)
        try:
            reply = await self.reply(body, number)
            await asyncio.sleep(reply.delay)
        finally:
            self.flying -= 1
        data = content(reply, body)
        self.counts[f"status_{reply.status}"] += 1
        if reply.packed:
            data, reply.headers = gzip.compress(data), {**reply.headers, "Content-Encoding": "gzip"}
        if reply.cut:
            response = web.StreamResponse(status=reply.status, headers={"Content-Length": str(len(data) + 100), **reply.headers})
            await response.prepare(request)
            await response.write(data)
            request.transport.close()  # type: ignore[union-attr]
            return response
        response = web.Response(status=reply.status, body=data, headers={"Content-Type": "application/json", **reply.headers})
        await response.prepare(request)
        await response.write_eof()
        if reply.status == 200 and reply.body is None:
            self.answered[hashlib.sha256(raw).hexdigest()] += 1  # counted once it has left
        return response

    async def reply(self, body: dict[str, Any], number: int) -> Reply:
        if inspect.iscoroutinefunction(self.answer):
            return await self.answer(body, number)
        reply = await self.loop.run_in_executor(self.pool, self.answer, body, number)  # it may sleep
        return Reply(reply) if isinstance(reply, str) else reply

    async def stats(self, request: web.Request) -> web.Response:
        """The counts so far."""
        twice = sum(count - 1 for count in self.answered.values())
        return web.json_response({**self.counts, "sends": self.number, "answered": self.answered.total(), "answered_twice": twice})

    # -----------------------------------------------------------------------------------------------------------------------------
    # files and batches

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        return web.json_response(self.store(form["file"].file.read(), form["purpose"]))

    def store(self, data: bytes, purpose: str) -> dict[str, Any]:
        name = f"file-{len(self.files)}"
        self.files[name] = data
        return {"id": name, "object": "file", "bytes": len(data), "created_at": 0, "filename": "batch.jsonl", "purpose": purpose, "status": "processed"}

    async def download(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["id"]])

    async def submit(self, request: web.Request) -> web.Response:
        asked = await request.json()
        batch = {"id": f"batch_{len(self.batches)}", "object": "batch", "endpoint": asked["endpoint"], "input_file_id": asked["input_file_id"],
                 "completion_window": asked["completion_window"], "metadata": asked.get("metadata"), "status": "in_progress", "created_at": 0}
        self.batches[batch["id"]] = {"looks": 0, "ending": self.endings.pop(0) if self.endings else "completed", "batch": batch}
        return web.json_response(batch)

    async def list(self, request: web.Request) -> web.Response:
        data = [entry["batch"] for entry in self.batches.values()]
        return web.json_response({"object": "list", "data": data, "has_more": False})

    async def look(self, request: web.Request) -> web.Response:
        entry = self.batches[request.match_info["id"]]
        entry["looks"] += 1
        if entry["looks"] >= self.polls and "ended" not in entry:
            # A client that is gone may have looked at the same moment: its handler is cancelled, and must not take the end with it.
            entry["ended"] = asyncio.ensure_future(self.end(entry["batch"], entry["ending"]))
        if "ended" in entry:
            await asyncio.shield(entry["ended"])
        return web.json_response(entry["batch"])

    async def end(self, batch: dict[str, Any], ending: str) -> None:
        """Answer the lines of a batch: all of them, or the first half where it expires or is cancelled; none where it fails."""
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        answered = {"completed": len(lines), "failed": 0}.get(ending, (len(lines) + 1) // 2)
        output, errors = [], []
        for line in lines[:answered]:
            self.requests.append(line["body"])
            reply = await self.reply(line["body"], len(self.requests) - 1)
            try:
                body = json.loads(content(reply, line["body"]))
            except ValueError:  # a provider's batch has JSON in it whatever happened
                reply, body = Reply(status=500), {"error": {"message": reply.body}}
            row = {"id": "r", "custom_id": line["custom_id"], "response": {"status_code": reply.status, "request_id": "q", "body": body}, "error": None}
            (output if reply.status == 200 else errors).append(row)
        for line in lines[answered:]:
            errors.append({"id": "r", "custom_id": line["custom_id"], "response": None, "error": {"code": f"batch_{ending}", "message": f"This batch {ending}"}})
        batch["status"] = ending
        if ending == "failed":
            batch["errors"] = {"object": "list", "data": [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached", "line": None}]}
            return
        for name, rows in (("output_file_id", output), ("error_file_id", errors)):
            if rows:
                batch[name] = self.store(b"".join(json.dumps(row).encode() + b"\n" for row in rows), "batch_output")["id"]


def content(reply: Reply, body: dict[str, Any]) -> bytes:
    """The body of a response."""
    return (reply.body if reply.body is not None else json.dumps(completion(reply, body["model"]))).encode()


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


# ---------------------------------------------------------------------------------------------------------------------------------
# weather: a server that is slow, busy and faulty at given rates


class Weather:
    """Answers after `latency`; beyond `rate` requests a second (a bucket of `burst`) 429; shares of the rest fail as `faults` says."""

    def __init__(self, latency: float, rate: float | None, burst: float, retry_after: bool, faults: dict[str, float], size: int, seed: int) -> None:
        self.latency, self.rate, self.burst, self.retry_after = latency, rate, burst, retry_after
        self.faults, self.text, self.draw = faults, "x" * size, random.Random(seed)
        self.tokens, self.at = burst, time.monotonic()

    async def __call__(self, body: dict[str, Any], number: int) -> Reply:
        if self.rate and not self.take():
            return error(429, "slow down", **({"retry_after": "1"} if self.retry_after else {}))
        at = self.draw.random()
        for fault, share in self.faults.items():
            at -= share
            if at < 0:
                return {"500": error(500), "cut": Reply(self.text, cut=True, delay=self.latency),
                        "malformed": Reply(body='{"choices": [', delay=self.latency), "html": Reply(body="<html>busy</html>", delay=self.latency),
                        "silent": Reply(delay=FOREVER)}[fault]
        return Reply(self.text, delay=self.latency)

    def take(self) -> bool:
        now = time.monotonic()
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


async def serve(args: argparse.Namespace) -> None:
    """Run until killed; the address is the first line on stdout."""
    faults = {name: share for name, share in ((part.split("=")[0], float(part.split("=")[1])) for part in args.faults.split(",") if part)}
    weather = Weather(args.latency, args.rate, args.burst, args.retry_after, faults, args.size, args.seed)
    stub = StubOpenAI(lambda body, number: "", keep=False)
    stub.answer = weather.__call__
    stub.loop = asyncio.get_running_loop()
    await stub.start()
    print(stub.base_url, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds")
    parser.add_argument("--rate", type=float, help="requests a second (default: no limit)")
    parser.add_argument("--burst", type=float, default=50, help="the bucket's size")
    parser.add_argument("--retry-after", action="store_true", help="say so in a 429")
    parser.add_argument("--faults", default="", help="shares, such as 500=0.1,cut=0.05,malformed=0.05,silent=0.02")
    parser.add_argument("--size", type=int, default=4000, help="characters of an answer")
    parser.add_argument("--seed", type=int, default=0)
    asyncio.run(serve(parser.parse_args()))
