"""One request to an OpenAI-compatible server, and what became of it.

The `openai` client's transport is aiohttp (its default one collapses above some 250 requests in flight), and its own retries are off: they
would hide the 429s from the pace. Bodies are read here, not by the client: half the CPU, and a broken one is an outcome like others.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import orjson

from common.jsonl import UserError
from common.llm.completion import Completion, parse_body, read_completion

LATER = {408, 409, 425, 500, 502, 504, 520, 522, 524}  # statuses that pass when the same request is sent again
BUSY = {503, 529}  # the server has too much to do
ABOUT_THE_REQUEST = {400, 413, 422}  # all other statuses from 400 to 499 are about the account or the server: every request gets them
BROKEN = 500
MOST_BYTES = 16 << 20  # of an answer as it is unpacked: more is none
FORBIDDEN = 403  # of a gateway that moderates it is about the request, too
WRONG_SETTINGS = {401, 402, 403, 404, 405, 407, 410, 423, 426, 451}


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
    """A request's fate; `body` of an answer; `problem` in one line otherwise; `lost`: it may have been answered, and be paid for.

    `closed`: nobody listens there. `status` of an HTTP error.
    """

    fate: Fate
    body: Completion | None = None
    problem: str = ""
    headers: Mapping[str, str] = {}
    lost: bool = False
    closed: bool = False
    status: int | None = None


class Connection:
    """The client of one server, opened inside the running event loop."""

    def __init__(self, base_url: str | None, key: str, timeout: float, most: int) -> None:
        if base_url:
            check_address(base_url)
        self.base_url, self.key, self.timeout, self.most = base_url, key, timeout, most
        self._client: Any = None

    @property
    def client(self) -> Any:
        """The openai client."""
        if self._client is None:
            import httpx2
            import openai

            limits = httpx2.Limits(max_connections=self.most + 10, max_keepalive_connections=self.most + 10)
            class Bounded(type(openai.DefaultAioHttpClient())):
                """The transport, which reads no more of a body than an answer can have."""

                async def send(self, request: Any, *, stream: bool = False, **settings: Any) -> Any:
                    response = await super().send(request, stream=True, **settings)
                    return response if stream else await read_whole(response)

            self._client = openai.AsyncOpenAI(api_key=self.key or "none", base_url=self.base_url, timeout=self.timeout, max_retries=0,
                                              http_client=Bounded(timeout=self.timeout, limits=limits, follow_redirects=False))
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
        except (openai.APITimeoutError, TimeoutError) as error:
            if unsent := self._unsent(error):
                return unsent
            return Outcome(Fate.OVERLOADED, problem=f"no answer in {self.timeout:g} s", lost=True)
        except openai.APIStatusError as error:
            return self._status(error)
        except (openai.APIError, httpx2.HTTPError) as error:
            return self._unsent(error) or Outcome(Fate.FAILED, problem=self.masked(f"{error} {error.__cause__ or ''}"), lost=True)
        except Exception as error:  # what the transport raises of its own, as for an answer that is no HTTP
            return Outcome(Fate.FAILED, problem=self.masked(f"{type(error).__name__}: {error}"), lost=True)
        answer = read_completion(parse_body(response.content))
        if answer is None:
            return Outcome(Fate.FAILED, problem=f"the body is no chat completion: {self.masked(response.text)[:200]}", lost=True)
        return Outcome(Fate.ANSWERED, answer, headers=response.headers)

    def _status(self, error: Any) -> Outcome:
        status, problem, headers = error.status_code, self.masked(f"{error.status_code}: {error.message}"), error.response.headers
        if 300 <= status < 400:
            where = without_query(headers.get("location", "elsewhere"))
            return Outcome(Fate.FATAL, None, self.masked(f"{status}: requests are sent on to {where}, which is not followed"), headers)
        about_all = 400 <= status < 500 and status not in ABOUT_THE_REQUEST | LATER | {429}
        if about_all or error.code == "insufficient_quota":
            return Outcome(Fate.FATAL, None, problem, headers, status=status)
        fates = {429: Fate.THROTTLED, **dict.fromkeys(BUSY, Fate.OVERLOADED), **dict.fromkeys(LATER, Fate.FAILED)}
        return Outcome(fates.get(status, Fate.REFUSED), None, problem, headers, status=status)

    async def identity(self, model: str) -> str:
        """What the server says that it serves under a model's name, such as an adapter's folder, and when its weights were written."""
        import httpx2

        try:
            response = await asyncio.wait_for(self.client.get("/models", cast_to=httpx2.Response), self.timeout)
            rows = parse_body(response.content)["data"]
            root = next(str(row["root"]) for row in rows if row.get("id") == model and row.get("root"))
        except Exception:  # many servers have no such list, and what is wrong with one the first prompt will say
            return ""
        weights = sorted(Path(root).glob("*.safetensors")) if Path(root).is_dir() else []  # the server's folder, where it is ours, too
        return " ".join([root, *(f"{file.name}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in weights)])

    def _unsent(self, error: Exception) -> Outcome | None:
        """The outcome of a request that never left: no connection was made. openai's aiohttp transport calls that a time-out."""
        import httpx2

        cause = error.__cause__
        if not isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
            return None
        return Outcome(Fate.OVERLOADED, problem=self.masked(f"no connection: {cause}"), closed="Cannot connect" in str(cause))

    def masked(self, text: str) -> str:
        """A server's or an error's text on one line, cut, without the key that some repeat in it."""
        return self.hidden(" ".join(text.split()))[:500]

    def hidden(self, text: str) -> str:
        """A text without the key, also as it stands in a URL; a word in the key's place, as local servers want one, is no secret."""
        if not is_secret(self.key):
            return text
        for form in {self.key, quote(self.key, safe="")} - {""}:
            text = text.replace(form, "***")
        return text


async def read_whole(response: Any) -> Any:
    """A response with its body. Raises httpx2.DecodingError for one of more than MOST_BYTES."""
    import httpx2

    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MOST_BYTES:
                raise httpx2.DecodingError(f"the body has more than {MOST_BYTES >> 20} MB", request=response.request)
    finally:
        await response.aclose()
    done = b"content-encoding", b"content-length"  # true of the body as it came
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in done]
    return httpx2.Response(response.status_code, headers=headers, content=bytes(body), request=response.request,
                           extensions=response.extensions)  # fmt: skip


def is_secret(key: str) -> bool:
    """Whether a key is one, and not a word such as `none` or `lm-studio`."""
    return key.startswith("sk-") or (len(key) >= 12 and any(map(str.isdigit, key)))


def without_query(address: str) -> str:
    """An address as it may be shown: queries carry tokens."""
    return address.split("?")[0][:200]


def check_address(base_url: str) -> None:
    """Raises UserError for a --base-url that no request can go to, or that holds a secret."""
    try:
        parts = urlsplit(base_url)
        usable, port = parts.scheme in ("http", "https") and bool(parts.hostname), parts.port  # noqa: F841 (reading the port checks it)
    except ValueError:
        raise UserError("--base-url is no address; such as http://localhost:8000/v1 is expected") from None
    if parts.username or parts.password or parts.fragment or parts.query:
        azure = "; Azure's address without a query ends in /openai/v1" if "api-version" in parts.query else ""
        raise UserError("--base-url holds a name, password, query or fragment; a key is given by OPENAI_API_KEY, which is written nowhere"
                        + azure)
    if not usable:
        raise UserError(f"--base-url {base_url[:100]}: an address such as http://localhost:8000/v1 is expected")
