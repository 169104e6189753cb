"""One request to an OpenAI-compatible server, and what became of it.

The `openai` client's transport is aiohttp (its default one collapses above some 250 requests in flight), and its own retries are off: they
would hide the 429s from the pace. Bodies are read here, not by the client: half the CPU, and a broken one is an outcome like others.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import orjson

from common.jsonl import UserError

LATER = {408, 409, 425, 500, 502, 504, 520, 522, 524}  # statuses that pass when the same request is sent again
BUSY = {503, 529}  # the server has too much to do
WRONG_SETTINGS = {401, 403, 404, 405}  # statuses that every other request would get too


class Fate(enum.Enum):
    """What became of a request."""

    ANSWERED = "answered"
    THROTTLED = "throttled"  # 429: too often
    OVERLOADED = "overloaded"  # 503, 529, no connection, no answer in time: too many at once
    FAILED = "failed"  # an error or a body that another try may not have
    REFUSED = "refused"  # this request will never be answered
    FATAL = "fatal"  # no request will
    UNKNOWN = "unknown"  # it was given up while under way


class Outcome(NamedTuple):
    """A request's fate; `body` of an answer; `problem` in one line otherwise; `lost`: it may have been answered, and be paid for."""

    fate: Fate
    body: dict[str, Any] | None = None
    problem: str = ""
    headers: Mapping[str, str] = {}
    lost: bool = False


class Connection:
    """The client of one server, opened inside the running event loop."""

    def __init__(self, base_url: str | None, key: str, timeout: float, most: int) -> None:
        if base_url and (urlsplit(base_url).username or urlsplit(base_url).query):
            raise UserError("--base-url holds a name, password or query; a key is given by OPENAI_API_KEY, which is written nowhere")
        self.base_url, self.key, self.timeout, self.most = base_url, key, timeout, most
        self._client: Any = None

    @property
    def client(self) -> Any:
        """The openai client."""
        if self._client is None:
            import httpx2
            import openai

            limits = httpx2.Limits(max_connections=self.most + 10, max_keepalive_connections=self.most + 10)
            self._client = openai.AsyncOpenAI(api_key=self.key or "none", base_url=self.base_url, timeout=self.timeout, max_retries=0,
                                              http_client=openai.DefaultAioHttpClient(timeout=self.timeout, limits=limits))
        return self._client

    async def close(self) -> None:
        """Let go of the client; the next request opens another."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def complete(self, body: dict[str, Any]) -> Outcome:
        """Send one chat completion, once."""
        import httpx2
        import openai

        post = self.client.post("/chat/completions", cast_to=httpx2.Response, content=orjson.dumps(body))
        try:
            response = await asyncio.wait_for(post, self.timeout)
        except (openai.APITimeoutError, asyncio.TimeoutError):  # noqa: UP041 (not the same before Python 3.11)
            return Outcome(Fate.OVERLOADED, problem=f"no answer in {self.timeout:g} s", lost=True)
        except openai.APIStatusError as error:
            return self._status(error)
        except (openai.APIError, httpx2.HTTPError) as error:
            unsent = isinstance(error.__cause__, httpx2.ConnectError)
            problem = self.masked(f"{error} {error.__cause__ or ''}")
            return Outcome(Fate.OVERLOADED if unsent else Fate.FAILED, problem=problem, lost=not unsent)
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            answer = None
        if not is_completion(answer):
            return Outcome(Fate.FAILED, problem=f"the body is no chat completion: {self.masked(response.text)[:200]}", lost=True)
        return Outcome(Fate.ANSWERED, answer, headers=response.headers)

    def _status(self, error: Any) -> Outcome:
        status, problem, headers = error.status_code, self.masked(f"{error.status_code}: {error.message}"), error.response.headers
        if status in WRONG_SETTINGS or error.code == "insufficient_quota":
            return Outcome(Fate.FATAL, None, problem, headers)
        fates = {429: Fate.THROTTLED, **dict.fromkeys(BUSY, Fate.OVERLOADED), **dict.fromkeys(LATER, Fate.FAILED)}
        return Outcome(fates.get(status, Fate.REFUSED), None, problem, headers)

    def masked(self, text: str) -> str:
        """A server's or an error's text on one line, cut, without the key that some repeat in it."""
        return self.hidden(" ".join(text.split()))[:500]

    def hidden(self, text: str) -> str:
        """A text without the key, also as it stands in a URL."""
        for form in {self.key, quote(self.key, safe="")} - {""}:
            text = text.replace(form, "***")
        return text


def is_completion(body: Any) -> bool:
    """Whether a parsed body is a chat completion with a text in it, if an empty one."""
    choices = body.get("choices") if isinstance(body, dict) else None
    message = choices[0].get("message") if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
    return isinstance(message, dict) and isinstance(message.get("content") or message.get("refusal") or "", str)
