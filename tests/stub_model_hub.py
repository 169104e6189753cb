"""A stand-in for a hub of models on loopback: it keeps repositories in memory, answers as the real one, and refuses on demand.

    with StubModelHub() as hub:
        hub.add("owner/name", {"config.json": b"..."})          # a commit on main; returns its id
        hub.fault["owner/name"] = "gated"                       # or 401, 403, 500; see Handler.refused
        hub.asked                                               # (method, path) of every request
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

TOKEN = "hf_of_the_owner"  # the one that may do everything; another is taken for a stranger's


@dataclass
class Repository:
    """Its commits, each all files of its time, by id; branches and tags lead to one."""

    private: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes]) -> str:
        """Put files on main; returns the commit's id."""
        whole = {**self.commits.get(self.refs.get("main", ""), {}), **files}
        digest = hashlib.sha1(repr(sorted(whole.items())).encode()).hexdigest()
        self.commits[digest] = whole
        self.refs["main"] = digest
        return digest

    def resolve(self, revision: str) -> str | None:
        """The commit of a branch, a tag or a commit's id."""
        return revision if revision in self.commits else self.refs.get(revision)


class StubModelHub:
    """`repositories` by name; `fault` by name: how all requests for it end."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.fault: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def __enter__(self) -> StubModelHub:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def add(self, name: str, files: dict[str, bytes], private: bool = False) -> str:
        """Commit files to a repository, which is made if need be; returns the commit's id."""
        return self.repositories.setdefault(name, Repository(private)).commit(files)

    def files(self, name: str) -> dict[str, bytes]:
        """The files on main, without git's own file."""
        repository = self.repositories[name]
        return {path: data for path, data in repository.commits[repository.refs["main"]].items() if path != ".gitattributes"}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def __init__(self, hub: StubModelHub, *arguments: Any) -> None:
        self.hub = hub
        super().__init__(*arguments)

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def json(self, value: Any, status: int = 200) -> None:
        """Send an object."""
        self.answer(status, json.dumps(value).encode(), Content_Type="application/json")

    def refused(self, name: str) -> bool:
        """Answer with the fault of a repository; False if it has none and may be seen."""
        repository, fault = self.hub.repositories.get(name), self.hub.fault.get(name, "")
        is_owner = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if fault == "gated":
            self.answer(403, X_Error_Code="GatedRepo", X_Error_Message="Access is restricted")
        elif fault:
            self.answer(int(fault))
        elif repository is None or repository.private and not is_owner:
            self.answer(404 if is_owner else 401, X_Error_Code="RepoNotFound")
        else:
            return False
        return True

    def do_HEAD(self) -> None:
        """Describe a file."""
        self.do_GET()

    def do_GET(self) -> None:
        """`/api/models/NAME[/revision/REV | /tree/REV]` and `/NAME/resolve/REV/FILE`."""
        self.hub.asked.append((self.command, self.path))
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        is_api = parts[:2] == ["api", "models"]
        parts = parts[2:] if is_api else parts
        name = "/".join(parts[:2])
        if self.refused(name):
            return
        repository = self.hub.repositories[name]
        commit = repository.resolve(parts[3] if len(parts) > 3 else "main")
        if commit is None:
            return self.answer(404, X_Error_Code="RevisionNotFound")
        files = repository.commits[commit]
        if is_api and parts[2:3] == ["tree"]:
            return self.json([{"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                              for path, data in files.items()])  # fmt: skip
        if is_api:
            return self.json({"id": name, "modelId": name, "sha": commit, "private": repository.private, "tags": [], "downloads": 0,
                              "likes": 0, "siblings": [{"rfilename": path} for path in files], "cardData": metadata(files)})  # fmt: skip
        data = files.get("/".join(parts[4:]))
        if data is None:
            return self.answer(404, X_Error_Code="EntryNotFound", X_Repo_Commit=commit)
        self.answer(200, data, ETag=f'"{hashlib.sha1(data).hexdigest()}"', X_Repo_Commit=commit)

    def do_POST(self) -> None:
        """Make a repository, say how a file goes up, take a commit."""
        self.hub.asked.append((self.command, self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if "chunked" not in self.headers.get(
            "Transfer-Encoding", "") else self.chunks()  # fmt: skip
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")][1:]
        if parts == ["validate-yaml"]:
            return self.json({"errors": [], "warnings": []})
        if parts == ["repos", "create"]:
            asked = json.loads(body)
            name = f"{asked.get('organization') or 'owner'}/{asked['name']}"
            if name in self.hub.fault:
                return self.answer(int(self.hub.fault[name]))
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return self.answer(401, X_Error_Message="Invalid credentials in Authorization header")
            known = name in self.hub.repositories
            if not known:  # a new one has a first commit
                self.hub.add(name, {".gitattributes": b""}, asked.get("private") or asked.get("visibility") == "private")
            return self.json({"url": f"{self.hub.url}/{name}", "id": name, "name": name}, 409 if known else 200)
        name = "/".join(parts[1:3])
        if self.refused(name):
            return
        if parts[3] == "preupload":
            return self.json({"files": [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                                        for file in json.loads(body)["files"]]})  # fmt: skip
        lines = [json.loads(line) for line in body.splitlines()]
        files = {line["value"]["path"]: base64.b64decode(line["value"]["content"]) for line in lines if line["key"] == "file"}
        commit = self.hub.repositories[name].commit(files)
        self.json({"success": True, "commitOid": commit, "commitUrl": f"{self.hub.url}/{name}/commit/{commit}", "hookOutput": ""})

    def chunks(self) -> bytes:
        """A body that comes in pieces."""
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


def metadata(files: dict[str, bytes]) -> dict[str, str]:
    """The lines `key: value` between the first two --- of a card."""
    text = files.get("README.md", b"").decode()
    lines = text.split("---\n")[1].splitlines() if text.startswith("---\n") else []
    return dict(line.split(": ", 1) for line in lines if ": " in line)


@pytest.fixture
def stub(monkeypatch, tmp_path):
    """A hub, asked by everything in this process, with an empty cache."""
    from huggingface_hub import constants, hf_api

    with StubModelHub() as server:
        for holder, name in ((constants, "ENDPOINT"), (hf_api.api, "endpoint")):
            monkeypatch.setattr(holder, name, server.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}")
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield server
