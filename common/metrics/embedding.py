"""Texts as vectors, for T-Eval's score, which compares by meaning.

    embedder = open_embedder("sentence-transformers/all-mpnet-base-v2")
    embedder.similarity(["get the weather"], ["weather forecast", "send a message"])      # cosines, [1, 2]

The default embedder counts character n-grams and needs no weights. Figures made with different embedders can't be compared.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy

from common.jsonl import UserError

NGRAMS = "ngrams"  # the embedder that needs no weights
SIZES, DIMENSIONS = (2, 3, 4), 1024  # characters of an n-gram; of 1,400 short texts few n-grams share a dimension

Encode = Callable[[list[str]], Any]  # texts -> vectors [texts, dimensions]


class Embedder:
    """Vectors of texts. `identity` names all that they depend on; `encode` makes those that are not known yet."""

    def __init__(self, identity: str, encode: Encode) -> None:
        self.identity, self.encode = identity, encode
        self.vectors: dict[str, Any] = {}

    def prepare(self, texts: Iterable[str]) -> None:
        """Compute the vectors of texts ahead, many at a time: for a model that is many times faster than one by one."""
        if new := [text for text in dict.fromkeys(texts) if text not in self.vectors]:
            made = numpy.asarray(self.encode(new), dtype="<f4")
            self.vectors.update(zip(new, made / numpy.maximum(numpy.linalg.norm(made, axis=1, keepdims=True), 1e-12)))

    def similarity(self, one: Sequence[str], other: Sequence[str]) -> Any:
        """Cosines of each with each, [len(one), len(other)], negative ones as 0."""
        self.prepare([*one, *other])
        left, right = (numpy.stack([self.vectors[text] for text in texts]) for texts in (one, other))
        return numpy.maximum(left @ right.T, 0)


def open_embedder(model: str = NGRAMS) -> Embedder:
    """The embedder of that name: "ngrams", or a model that sentence-transformers finds (its name, or a folder with its weights).

    Raises UserError if the library or the model is not there.
    """
    if model == NGRAMS:
        return Embedder(f"{NGRAMS} {SIZES} {DIMENSIONS}", _ngrams)
    weights = [(path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(Path(model).glob("*.safetensors"))]
    encoder = _sentence_transformer(model)
    return Embedder(f"{model} {weights}" if weights else model, lambda texts: encoder.encode(texts, show_progress_bar=False))


def _sentence_transformer(model: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer  # optional, and it loads torch
    except ImportError as error:
        raise UserError(f"--embedder {model}: needs a library ({error}): pip install sentence-transformers, or take {NGRAMS}") from None
    try:
        return SentenceTransformer(model, model_kwargs={"use_safetensors": True})  # pickled weights can hold code
    except (OSError, ValueError) as error:
        raise UserError(f"--embedder {model}: cannot be loaded: {str(error).splitlines()[0]}") from None


def _ngrams(texts: list[str]) -> Any:
    """Square roots of the counts of hashed character n-grams, with signs, so that clashes cancel out (Weinberger et al. 2009)."""
    result = numpy.zeros((len(texts), DIMENSIONS), dtype="<f4")
    for row, text in zip(result, texts, strict=True):
        padded = f" {text.lower()} "
        grams = Counter(padded[at : at + size] for size in SIZES for at in range(len(padded) - size + 1))
        for gram, count in grams.items():
            place = zlib.crc32(gram.encode("utf-8", "surrogatepass"))
            row[place % DIMENSIONS] += count**0.5 * (1 if place >> 31 else -1)
    return result
