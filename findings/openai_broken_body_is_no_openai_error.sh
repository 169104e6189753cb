#!/usr/bin/env bash
# openai 3.57.0: a body that is no JSON, of an answer with status 200, is a json.JSONDecodeError, which no `except openai.OpenAIError` sees.
#
# The package has an error for it, APIResponseValidationError, and one would expect that, or APIConnectionError, and that such an answer is
# asked for again as a 500 is: a proxy that gives up in the midst of an answer, or a server that is killed then, makes such bodies. But:
#   - a body that was cut, or is empty, with the type application/json: json.JSONDecodeError, a ValueError, after one request, whatever
#     max_retries says. With a status of 500 the same body is asked for four times at max_retries=3, and then an InternalServerError.
#   - a page of a proxy, text/html: no error, `create` returns the page as a str, and the program fails at `.choices`.
#   - a JSON body of another shape, such as a list: no error either, `create` returns the list.
# So a loop that goes on for days beside a server must catch ValueError and AttributeError, too, and ask again by itself.
#
# Source: run here, Python 3.11, 2026-12-01. The script fails if one of these behaves otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check openai==3.57.0
"$folder/venv/bin/python" - <<'PYTHON'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai

reply = {}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        reply["requests"] += 1
        self.send_response(reply["status"])
        self.send_header("Content-Type", reply["type"])
        self.send_header("Content-Length", str(len(reply["body"])))
        self.end_headers()
        self.wfile.write(reply["body"])

    def log_message(self, *about):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = openai.OpenAI(api_key="none", base_url=f"http://127.0.0.1:{server.server_port}/v1", max_retries=3)


def asked(status, kind, body):
    reply.update(status=status, type=kind, body=body, requests=0)
    try:
        found = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    except Exception as error:
        found = error
    print(f"{status} {kind} {body[:24]!r}: {type(found).__name__}, {reply['requests']} requests")
    return found, reply["requests"]


cut = b'{"id": "a", "choices": ['
for body in (cut, b""):
    error, requests = asked(200, "application/json", body)
    assert isinstance(error, json.JSONDecodeError) and not isinstance(error, openai.OpenAIError) and requests == 1
error, requests = asked(500, "application/json", cut)
assert isinstance(error, openai.InternalServerError) and requests == 4
for kind, body, found in (("text/html", b"<html>busy</html>", "<html>busy</html>"), ("application/json", b"[]", [])):
    assert asked(200, kind, body) == (found, 1)
PYTHON
