"""Texts as vectors, for scores that compare by meaning: by a model of sentence-transformers, or by character n-grams, which needs nothing.

    with open_embedder("sentence-transformers/all-mpnet-base-v2", Path("data/embeddings.sqlite")) as embedder:
        embedder.similarity(["get the weather"], ["weather forecast", "send a message"])      # cosines, [1, 2]

A vector is computed once and kept in an SQLite file by model and text. Figures made with different embedders can't be compared.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from common.jsonl import UserError

NGRAMS = "ngrams"  # the embedder that needs no weights
SIZES, DIMENSIONS = (2, 3, 4), 1024  # characters of an n-gram; of 1,400 short texts few n-grams share a dimension

Encode = Callable[[list[str]], Any]  # texts -> vectors [texts, dimensions]


class Embedder:
    """Vectors by text. `identity` names all that they depend on; `encode` makes those that are not known yet."""

    def __init__(self, identity: str, encode: Encode, cache: Path | None = None) -> None:
        self.identity, self.encode = identity, encode
        self.vectors: dict[str, Any] = {}
        try:
            if cache:
                cache.parent.mkdir(parents=True, exist_ok=True)
            self.database = sqlite3.connect(cache or ":memory:", timeout=60)
            self.database.execute("CREATE TABLE IF NOT EXISTS vectors (model TEXT, text TEXT, vector BLOB, PRIMARY KEY (model, text))")
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"{cache}: embeddings cannot be kept there: {error}; remove the file, or name another") from None

    def __enter__(self) -> Embedder:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def prepare(self, texts: Iterable[str]) -> None:
        """Have the vectors of these texts at hand: many at a time is many times faster than one by one."""
        import numpy

        wanted = [text for text in dict.fromkeys(texts) if text not in self.vectors]
        for text in wanted:
            row = self.database.execute("SELECT vector FROM vectors WHERE model = ? AND text = ?", (self.identity, _key(text))).fetchone()
            if row:
                self.vectors[text] = numpy.frombuffer(row[0], dtype="<f4")
        if new := [text for text in wanted if text not in self.vectors]:
            made = numpy.asarray(self.encode(new), dtype="<f4")
            made = made / numpy.maximum(numpy.linalg.norm(made, axis=1, keepdims=True), 1e-12)
            self.vectors.update(zip(new, made, strict=True))
            with self.database:
                self.database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                                          [(self.identity, _key(text), row.tobytes()) for text, row in zip(new, made, strict=True)])

    def similarity(self, one: Sequence[str], other: Sequence[str]) -> Any:
        """Cosines of each with each, [len(one), len(other)], negative ones as 0."""
        import numpy

        self.prepare([*one, *other])
        left, right = (numpy.stack([self.vectors[text] for text in texts]) for texts in (one, other))
        return numpy.maximum(left @ right.T, 0)


def open_embedder(model: str = NGRAMS, cache: Path | None = None) -> Embedder:
    """The embedder of that name: "ngrams", or a model that sentence-transformers finds (its name, or a folder with its weights).

    Raises UserError if the library or the model is not there.
    """
    if model == NGRAMS:
        return Embedder(f"{NGRAMS} {SIZES} {DIMENSIONS}", _ngrams)  # made quicker than read
    weights = [(path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(Path(model).glob("*.safetensors"))]
    loaded: list[Any] = []  # the model, once a text is not known: loading takes seconds

    def encode(texts: list[str]) -> Any:
        loaded[:] = loaded or [_sentence_transformer(model)]
        return loaded[0].encode(texts, show_progress_bar=False)

    return Embedder(f"{model} {weights}" if weights else model, encode, cache)


def _sentence_transformer(model: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise UserError(f"--embedder {model}: needs a library ({error}): pip install sentence-transformers, or take {NGRAMS}") from None
    try:
        return SentenceTransformer(model, model_kwargs={"use_safetensors": True})  # pickled weights can hold code
    except (OSError, ValueError) as error:
        raise UserError(f"--embedder {model}: cannot be loaded: {str(error).splitlines()[0]}") from None


def _ngrams(texts: list[str]) -> Any:
    """Square roots of the counts of hashed character n-grams, with signs, so that clashes cancel out (Weinberger et al. 2009)."""
    import numpy

    result = numpy.zeros((len(texts), DIMENSIONS), dtype="<f4")
    for row, text in zip(result, texts, strict=True):
        padded = f" {text.lower()} "
        grams = Counter(padded[at : at + size] for size in SIZES for at in range(len(padded) - size + 1))
        for gram, count in grams.items():
            place = zlib.crc32(gram.encode("utf-8", "surrogatepass"))
            row[place % DIMENSIONS] += count**0.5 * (1 if place >> 31 else -1)
    return result


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
