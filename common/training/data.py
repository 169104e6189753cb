"""Chat records -> tokenised samples, once: a cache under a hash of data and tokenizer, safe for many processes at the same time."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from common import cli, jsonl
from common.chat import encode
from common.jsonl import UserError
from common.packing import Samples

VERSION = 2  # of what is stored: another one is another hash


def chat_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSONL file with `messages` in the shape of a chat; UserError names file, line and field."""
    for number, line in jsonl.numbered_lines(path):
        record = jsonl.parse(line, f"{path}:{number}", ("id",))
        jsonl.checked({"messages": record.get("messages")}, f"{path}:{number}", ("messages",))  # its other fields are anybody's
        yield record


class Tokenised(NamedTuple):
    """The samples of a file, whatever their length."""

    ids: list[str]
    samples: Samples


def tokenised(path: Path, tokenizer: Any, cache: Path | None) -> Tokenised:
    """Tokens of every record of a file, read from the cache folder if they are there, else made and put there.

    Several processes may ask at once: one works, the others wait for it. Without a writable cache each works for itself, and says so.
    """
    if cache is None:
        return _tokenise(path, tokenizer)
    stored = cache / f"{content_hash(path, tokenizer)}.safetensors"
    with _locked(stored.with_suffix(".lock")):
        if stored.exists():
            try:
                return _read(stored)
            except (SafetensorError, KeyError, ValueError, OSError):
                cli.say(f"{stored}: damaged, and made anew")
        result = _tokenise(path, tokenizer)
        _store(stored, result)
        return result


def usable(path: Path, tokenizer: Any, context: int, cache: Path | None, rejected: list[dict[str, Any]]) -> Tokenised:
    """The samples of a file that fit the context and hold an answer; the others join `rejected`, none is cut."""
    ids, samples = tokenised(path, tokenizer, cache)
    kept = []
    for number, length in enumerate(samples.lengths):
        if length > context:
            rejected.append({"id": ids[number], "reason": "too_long", "detail": f"{length} tokens, the context holds {context}"})
        elif not samples.is_answer[samples.offsets[number]:samples.offsets[number + 1]].any():
            rejected.append({"id": ids[number], "reason": "no_answer", "detail": "no message of the assistant"})
        else:
            kept.append(number)
    return Tokenised([ids[number] for number in kept], samples.chosen(kept))


def content_hash(path: Path, tokenizer: Any) -> str:
    """Return a digest of all that the tokens of a file depend on: its bytes, the tokenizer and its chat template."""
    digest = hashlib.sha256(f"{VERSION}\0{tokenizer.chat_template}\0{tokenizer.special_tokens_map}\0".encode())
    backend = getattr(tokenizer, "backend_tokenizer", None)  # the slow ones have none
    digest.update(backend.to_str().encode() if backend is not None else repr(sorted(tokenizer.get_vocab().items())).encode())
    digest.update(file_hash(path).encode())
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes; UserError if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run the stage that writes it, or name another with --input") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    return digest.hexdigest()


def _tokenise(path: Path, tokenizer: Any) -> Tokenised:
    ids: list[str] = []

    def pairs() -> Iterator[tuple[list[int], list[bool]]]:
        for identifier, tokens, is_answer in encode(chat_records(path), tokenizer):
            ids.append(str(identifier))
            yield tokens, is_answer

    return Tokenised(ids, Samples.of(pairs()))


def _read(path: Path) -> Tokenised:
    arrays = load_file(path)
    ids = bytes(arrays["ids"]).decode().split("\0") if len(arrays["ids"]) else []
    samples = Samples(arrays["tokens"], arrays["is_answer"], arrays["offsets"])
    if len(ids) != len(samples):
        raise ValueError("ids and samples differ in number")
    return Tokenised(ids, samples)


def _store(path: Path, what: Tokenised) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    ids = np.frombuffer("\0".join(what.ids).encode(), np.uint8)
    try:
        save_file({"ids": ids, "tokens": what.samples.tokens, "is_answer": what.samples.is_answer, "offsets": what.samples.offsets}, part)
        os.replace(part, path)
    except (OSError, SafetensorError) as error:
        cli.say(f"{path.parent}: tokens cannot be kept there ({error}); going on without")
    finally:
        with suppress(OSError):
            part.unlink()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock file. Where there can be none, several processes do the same work, and the last rename wins."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "w")
    except OSError:  # what matters, whether tokens can be kept there, is said when they are
        yield
        return
    with file:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
