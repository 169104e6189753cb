"""One request to an OpenAI-compatible server, and its outcome.

The `openai` client runs on its aiohttp transport, as the default one collapses above some 250 requests in flight. Its own retries are off:
they would hide the 429s from the limiter. Bodies are read here and not by the client: that takes half the CPU, and a broken one is an
outcome like others. openai is imported in functions, as it takes half a second and the offline writer does without.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import orjson

from common.http import without_query
from common.jsonl import UserError
from common.llm.completion import Completion, parse_body, read_completion

TEMPORARY = {408, 409, 425, 500, 502, 504, 520, 522, 524}  # HTTP statuses that may be gone when the same request is sent again
BUSY = {503, 529}  # the server has too much to do
ABOUT_THE_REQUEST = {400, 413, 422}  # all other statuses from 400 to 499 are about the account or the server: every request gets them
INTERNAL_ERROR, FORBIDDEN = 500, 403  # a gateway that moderates says 403 about one request
WRONG_SETTINGS = {401, 402, 403, 404, 405, 407, 410, 423, 426, 451}
MOST_BYTES = 16 << 20  # of an answer as it is unpacked: more is no answer


class RequestStatus(enum.Enum):
    """The result of sending a request once."""

    ANSWERED = "answered"
    THROTTLED = "throttled"  # 429: too often
    OVERLOADED = "overloaded"  # 503, 529, no connection, no answer in time: too many at once
    FAILED = "failed"  # an error or a body that another try may not have
    REFUSED = "refused"  # this request will never be answered
    FATAL = "fatal"  # no request will be
    UNKNOWN = "unknown"  # it was given up while under way


class Outcome(NamedTuple):
    """A request's status, and the completion or, in one line, the problem.

    `lost`: it may have been answered, and be paid for. `closed`: nobody listens at the address. `http_status` of an HTTP error.
    """

    status: RequestStatus
    completion: Completion | None = None
    problem: str = ""
    headers: Mapping[str, str] = {}
    lost: bool = False
    closed: bool = False
    http_status: int | None = None


class Connection:
    """The client of one server, opened inside the running event loop. `timeout` in seconds; at most `most` connections."""

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

            class BoundedClient(type(openai.DefaultAioHttpClient())):
                """The transport, which reads no more of a body than an answer can have."""

                async def send(self, request: Any, *, stream: bool = False, **settings: Any) -> Any:
                    response = await super().send(request, stream=True, **settings)
                    return response if stream else await read_bounded(response)

            limits = httpx2.Limits(max_connections=self.most + 10, max_keepalive_connections=self.most + 10)
            transport = BoundedClient(timeout=self.timeout, limits=limits, follow_redirects=False)
            self._client = openai.AsyncOpenAI(api_key=self.key or "none", base_url=self.base_url, timeout=self.timeout, max_retries=0,
                                              http_client=transport)
        return self._client

    async def close(self) -> None:
        """Close the client; the next request opens another."""
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
        except openai.APIStatusError as error:
            return self._http_error(error)
        except Exception as error:  # some, as for an answer that is no HTTP, are the transport's own
            return self._no_response(error)
        completion = read_completion(parse_body(response.content))
        if completion is None:
            problem = f"the body is no chat completion: {self.masked(response.text)[:200]}"
            return Outcome(RequestStatus.FAILED, problem=problem, lost=True)
        return Outcome(RequestStatus.ANSWERED, completion, headers=response.headers)

    def _http_error(self, error: Any) -> Outcome:
        status, problem, headers = error.status_code, self.masked(f"{error.status_code}: {error.message}"), error.response.headers
        if 300 <= status < 400:
            where = without_query(headers.get("location", "elsewhere"))
            problem = self.masked(f"{status}: requests are redirected to {where}, which is not followed")
            return Outcome(RequestStatus.FATAL, None, problem, headers)
        about_all = 400 <= status < 500 and status not in ABOUT_THE_REQUEST | TEMPORARY | {429}
        if about_all or error.code == "insufficient_quota":
            kind = RequestStatus.FATAL
        elif status == 429:
            kind = RequestStatus.THROTTLED
        elif status in BUSY:
            kind = RequestStatus.OVERLOADED
        else:
            kind = RequestStatus.FAILED if status in TEMPORARY else RequestStatus.REFUSED
        return Outcome(kind, None, problem, headers, http_status=status)

    def _no_response(self, error: Exception) -> Outcome:
        """The outcome of a request without a response. openai's aiohttp transport calls a failed connection a time-out, too."""
        import httpx2
        import openai

        cause = error.__cause__
        if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
            problem = self.masked(f"no connection: {cause}")
            return Outcome(RequestStatus.OVERLOADED, problem=problem, closed="Cannot connect" in str(cause))
        if isinstance(error, openai.APITimeoutError | TimeoutError):
            return Outcome(RequestStatus.OVERLOADED, problem=f"no answer in {self.timeout:g} s", lost=True)
        known = isinstance(error, openai.APIError | httpx2.HTTPError)
        problem = f"{error} {cause or ''}" if known else f"{type(error).__name__}: {error}"
        return Outcome(RequestStatus.FAILED, problem=self.masked(problem), lost=True)

    async def identity(self, model: str) -> str:
        """What the server says that it serves for a model, and when the weights were written if they lie here; "" if it says nothing.

        It is the `root` in the list of models, such as an adapter's folder, or as llama.cpp has it the file and its size; a server of one
        model may answer under any name.
        """
        import httpx2

        try:
            response = await asyncio.wait_for(self.client.get("/models", cast_to=httpx2.Response), self.timeout)
            rows = parse_body(response.content)["data"]
            row = next((row for row in rows if row.get("id") == model), rows[0] if len(rows) == 1 else {})
            root, meta = str(row.get("root") or ""), row.get("meta") or {}
            about = [str(part) for part in (row.get("id"), meta.get("n_params"), meta.get("size")) if part not in (None, model)]
        except Exception:  # many servers have no such list; if the server is broken, the first prompt will tell
            return ""
        if not root:
            return " ".join(about)
        weights = sorted(Path(root).glob("*.safetensors")) if Path(root).is_dir() else []  # the server may share our disk
        return " ".join([root, *(f"{file.name}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in weights)])

    def masked(self, text: str) -> str:
        """An error's text on one line, at most 500 characters, without the key, which some servers repeat in it.

        The key is masked as it stands in a URL, too; a word in its place, as local servers want one, is no secret and stays.
        """
        text = " ".join(text.split())
        for form in {self.key, quote(self.key, safe="")} if is_secret(self.key) else ():
            text = text.replace(form, "***")
        return text[:500]


async def read_bounded(response: Any) -> Any:
    """A response with its body. Raises httpx2.DecodingError if the body has more than MOST_BYTES."""
    import httpx2

    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MOST_BYTES:
                raise httpx2.DecodingError(f"the body has more than {MOST_BYTES >> 20} MB", request=response.request)
    finally:
        await response.aclose()
    of_the_packed_body = b"content-encoding", b"content-length"
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in of_the_packed_body]
    return httpx2.Response(response.status_code, headers=headers, content=bytes(body), request=response.request,
                           extensions=response.extensions)


def is_secret(key: str) -> bool:
    """True for an API key, False for a word in its place such as `none` or `lm-studio`."""
    return key.startswith("sk-") or (len(key) >= 12 and any(map(str.isdigit, key)))


def check_address(base_url: str) -> None:
    """Raise UserError for a --base-url that no request can go to, or that holds a secret."""
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
