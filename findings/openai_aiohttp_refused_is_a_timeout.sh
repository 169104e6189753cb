#!/usr/bin/env bash
# openai 3.54.0 with its aiohttp extra (openai.DefaultAioHttpClient): a connection that is refused is raised as APITimeoutError.
#
# One would expect APIConnectionError, as from the client's default transport: nobody listens on the port, and the answer of the machine
# comes at once. With DefaultAioHttpClient it is openai.APITimeoutError, "Request timed out.", whatever time-out was asked for, with
# httpx2.ConnectTimeout as its cause; the word "Cannot connect to host" stands in the text of that cause alone.
# So a program that takes a time-out for "sent, perhaps answered, perhaps paid for" books money for requests that never left, and tells
# people of a slow server where there is none. Look at the cause before the time-out is believed.
#
# Source: run here, Python 3.11, 2026-11-29. The script fails if either transport behaves otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'openai[aiohttp]==3.54.0'
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import socket
import time

import httpx2
import openai

with socket.socket() as probe:  # a port that was free a moment ago
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]


async def ask(transport):
    client = openai.AsyncOpenAI(api_key="none", base_url=f"http://127.0.0.1:{port}/v1", max_retries=0, timeout=60, http_client=transport)
    started = time.monotonic()
    try:
        await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    except openai.APIConnectionError as error:
        return error, time.monotonic() - started
    raise SystemExit("a request to a closed port was answered")


default, _ = asyncio.run(ask(None))
aiohttp, seconds = asyncio.run(ask(openai.DefaultAioHttpClient(timeout=60)))
for name, error in (("default transport", default), ("DefaultAioHttpClient", aiohttp)):
    print(f"{name}: {type(error).__name__}: {error}; cause: {type(error.__cause__).__name__}: {error.__cause__}")
print(f"after {seconds:.1f} s of 60")
assert not isinstance(default, openai.APITimeoutError)
assert isinstance(aiohttp, openai.APITimeoutError) and isinstance(aiohttp.__cause__, httpx2.ConnectTimeout) and seconds < 30
assert "Cannot connect to host" in str(aiohttp.__cause__)
PYTHON
