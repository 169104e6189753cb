"""Similarity of programs and of queries: fingerprints, near duplicates, overlap of a test set with its training set.

A program is compared by what it does, not by how it is written: comments, names of variables, the order of keywords and white space
inside literals do not count. Similarity is Jaccard's over shingles, estimated by MinHash (128 permutations, Broder 1997, by datasketch) to
about 0.04; pairs are found by LSH banding, in time linear in the number of records.
"""

from __future__ import annotations

import ast
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from datasketch import MinHash

PERMUTATIONS = 128
TOKEN_SHINGLE = 5  # tokens of code in a shingle: about one `keyword=value` pair with its neighbours
API_SHINGLE = 3  # calls in a row in a shingle, whatever their parameters
QUERY_NGRAM = 8  # words: two people hardly ever write so many alike by chance
SEQUENCE_CALLS = 8  # at least so many equal calls in equal order mean the same workflow
LONG_LITERAL = 64  # characters; longer ones count as their checksum, so that a base64 image is one token

_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"  # written without spaces: each character counts as a word
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")


class CodePrint(NamedTuple):
    """A program's fingerprint: digests of its normalised tokens and of its calls (empty if there are few), and a MinHash signature."""

    exact: bytes
    sequence: bytes
    signature: bytes


class QueryPrint(NamedTuple):
    """A query's fingerprint: a digest of its words, uint32 hashes of its runs of QUERY_NGRAM words, and a MinHash signature."""

    exact: bytes
    ngrams: bytes
    signature: bytes


# ---------------------------------------------------------------------------------------------------------------------------------
# fingerprints


def code_print(tree: ast.AST) -> CodePrint:
    """Return the fingerprint of a parsed program."""
    tokens, calls = code_tokens(tree)
    # Similarity is of the form first: names lose their numbers, which one more line would shift; values count once each.
    form = ["$" if token[0] == "$" else token.split(":", 1)[0] for token in tokens]
    values = [token for token in tokens if ":" in token]
    shingles = {*_shingles(form, TOKEN_SHINGLE), *_shingles([f"call {name}" for name in calls], API_SHINGLE), *values}
    sequence = _digest(calls) if len(calls) >= SEQUENCE_CALLS else b""
    return CodePrint(_digest(tokens), sequence, _signature(shingles))


def query_print(query: str) -> QueryPrint:
    """Return the fingerprint of a query; case, punctuation and spacing do not count."""
    own = words(query)
    ngrams = np.unique(np.array([zlib.crc32(text.encode()) for text in _shingles(own, QUERY_NGRAM)], np.uint32))
    return QueryPrint(_digest(own), ngrams.tobytes(), _signature({*own, *_shingles(own, 2)}))


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation."""
    return _WORD.findall(text.casefold())


# Function words: at least one in seven words of any English sentence, and of hardly any other language.
ENGLISH = frozenset("the to of and my i for is how can want that it from with this you what if be are would when each then".split())
ENGLISH_SHARE = 1 / 7


def is_english(text: str, least: float = ENGLISH_SHARE) -> bool:
    """True if at least that share of the words are English function words."""
    found = words(text)
    return sum(word in ENGLISH for word in found) >= least * len(found)


def code_tokens(tree: ast.AST) -> tuple[list[str], list[str]]:
    """Return a program as normalised tokens, and the names it calls in order.

    Variables are `$0`, `$1`, … by first appearance; Comment actions (bare strings) are left out; keywords are sorted. The walk
    has a stack of its own, because a hostile program may be nested deeper than Python recurses.
    """
    tokens: list[str] = []
    calls: list[str] = []
    names: dict[str, str] = {}
    stack: list[ast.AST | str] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            tokens.append(node)
        elif isinstance(node, ast.Constant):
            tokens.append(_literal(node.value))
        elif isinstance(node, ast.Name):
            tokens.append(names.setdefault(node.id, f"${len(names)}"))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            calls.append(node.func.id)
            stack += reversed([node.func.id, *_closed(node.args), *_closed(sorted(node.keywords, key=lambda item: item.arg or ""))])
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            stack += reversed([type(node).__name__, *_children(node)])
    return tokens, calls


def _children(node: ast.AST) -> Iterable[ast.AST | str]:
    for _, value in ast.iter_fields(node):
        if isinstance(value, list):
            yield from _closed(value)
        elif isinstance(value, str) or (isinstance(value, ast.AST) and not isinstance(value, ast.expr_context)):
            yield value


def _closed(nodes: Sequence[ast.AST | str]) -> list[ast.AST | str]:
    """Return nodes with an end mark, without which two programs that differ only in where a block ends would be equal."""
    return [node for node in nodes if node is not None] + ["]"] if nodes else []


def _literal(value: object) -> str:
    text = " ".join(str(value).split())
    return f"{type(value).__name__}:{text if len(text) <= LONG_LITERAL else zlib.crc32(text.encode('utf-8', 'surrogatepass'))}"


def _shingles(items: Sequence[str], size: int) -> list[str]:
    """Return every run of `size` items; all of them in one, if there are fewer."""
    return [" ".join(items[start : start + size]) for start in range(max(1, len(items) - size + 1))] if items else []


def _digest(items: Iterable[str]) -> bytes:
    return blake2b("\0".join(items).encode("utf-8", "surrogatepass"), digest_size=16).digest()


@cache
def _empty_sketch() -> MinHash:
    """Return an empty MinHash to be copied: drawing its permutations anew would cost more than using them."""
    from datasketch import MinHash  # imports all of scipy, half a second

    return MinHash(num_perm=PERMUTATIONS, hashfunc=zlib.crc32, scheme="affine32")


def _signature(shingles: Iterable[str]) -> bytes:
    sketch = _empty_sketch().copy()
    sketch.update_batch([shingle.encode("utf-8", "surrogatepass") for shingle in shingles])
    return sketch.hashvalues.tobytes()


# ---------------------------------------------------------------------------------------------------------------------------------
# near duplicates


class MinHashIndex:
    """An LSH index over MinHash signatures that are all known beforehand.

    datasketch's own index is a dictionary per band, about 0.6 GB for 100,000 signatures. Sorting each band's keys finds the same
    buckets in 12 bytes a signature and band: 20 MB.
    """

    def __init__(self, signatures: Sequence[bytes], threshold: float) -> None:
        self.signatures = np.frombuffer(b"".join(signatures), np.uint32).reshape(-1, PERMUTATIONS)
        self.threshold = threshold
        self.bands: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []  # (keys, the order that sorts them, sorted keys)
        self.alone = np.ones(len(self.signatures), bool)  # in no bucket with another, as most records are: answered at once
        rows = band_rows(threshold)
        mixers = np.random.default_rng(0).integers(1, 1 << 63, rows, np.uint64) | np.uint64(1)
        for start in range(0, PERMUTATIONS, rows):
            keys = self.signatures[:, start : start + rows].astype(np.uint64) @ mixers
            order = np.argsort(keys, kind="stable").astype(np.int32)
            ordered = keys[order]
            equal = ordered[1:] == ordered[:-1]
            self.alone[order[1:][equal]] = self.alone[order[:-1][equal]] = False
            self.bands.append((keys, order, ordered))

    def neighbours(self, index: int) -> list[int]:
        """Return the records whose estimated similarity to this one reaches the threshold, in ascending order."""
        if self.alone[index]:
            return []
        buckets = []
        for keys, order, ordered in self.bands:
            left, right = np.searchsorted(ordered, keys[index], "left"), np.searchsorted(ordered, keys[index], "right")
            buckets.append(order[left:right])
        candidates = np.unique(np.concatenate(buckets))
        similarity = (self.signatures[candidates] == self.signatures[index]).mean(axis=1)
        return [int(other) for other in candidates[similarity >= self.threshold] if other != index]


class GrowingMinHashIndex:
    """An LSH index to which records are added one by one; about 2.5 KB a record."""

    def __init__(self, threshold: float) -> None:
        self.threshold, self.rows = threshold, band_rows(threshold)
        self.ids: list[str] = []
        self.signatures: list[bytes] = []
        self.buckets: dict[int, int | list[int]] = {}  # nearly all hold one record; a list for each would double the memory

    def near(self, signature: bytes) -> str | None:
        """Return the id of the earliest record whose estimated similarity to this signature reaches the threshold, or None."""
        own = np.frombuffer(signature, np.uint32)
        found = (self.buckets.get(key, []) for key in self._keys(signature))
        for index in sorted({index for bucket in found for index in (bucket if isinstance(bucket, list) else [bucket])}):
            if (np.frombuffer(self.signatures[index], np.uint32) == own).mean() >= self.threshold:
                return self.ids[index]
        return None

    def add(self, identifier: str, signature: bytes) -> None:
        """Add a record."""
        index = len(self.ids)
        for key in self._keys(signature):
            if isinstance(bucket := self.buckets.setdefault(key, index), list):
                bucket.append(index)
            elif bucket != index:
                self.buckets[key] = [bucket, index]
        self.ids.append(identifier)
        self.signatures.append(signature)

    def _keys(self, signature: bytes) -> list[int]:
        width = 4 * self.rows  # bytes: four of each permutation
        return [hash((start, signature[start : start + width])) for start in range(0, len(signature), width)]


def band_rows(threshold: float) -> int:
    """Return the rows of a band: the most that find a pair at the threshold with probability 0.9 (fewer find more, also in vain)."""
    return max((rows for rows in (2, 4, 8, 16) if 1 - (1 - threshold**rows) ** (PERMUTATIONS // rows) >= 0.9), default=1)


def duplicates(order: Sequence[int], kinds: Sequence[tuple[str, Sequence[bytes], MinHashIndex]]) -> dict[int, tuple[int, str]]:
    """Return the records to drop: {dropped: (kept, reason)}.

    `order` lists the records, the one most worth keeping first; each record that is kept drops every later one near to it. So each
    dropped record is near its kept one (no chains), and no two kept records are near each other. `kinds` holds
    (name, exact digests, index), tried in turn; the reason is `duplicate_<name>` or `near_<name>`.
    """
    dropped: dict[int, tuple[int, str]] = {}
    done: set[int] = set()
    for keeper in order:
        if keeper in dropped:
            continue
        done.add(keeper)
        for name, exact, near in kinds:
            for other in near.neighbours(keeper):
                if other not in dropped and other not in done:
                    dropped[other] = (keeper, f"{'duplicate' if exact[other] == exact[keeper] else 'near'}_{name}")
    return dropped


# ---------------------------------------------------------------------------------------------------------------------------------
# contamination


class Overlap:
    """Finds the records that give a test record away: more than duplicates, because a test must not be half known either.

    Three rules, each with its code: `code` (similar programs, at a lower threshold than duplicates), `sequence` (the same
    calls in the same order, at least SEQUENCE_CALLS), `query` (a share of the test query's n-grams stands in the other's).
    """

    def __init__(self, codes: Sequence[CodePrint], queries: Sequence[QueryPrint], threshold: float, share: float) -> None:
        self.near = MinHashIndex([code.signature for code in codes], threshold)
        self.share = share
        self.sequences = [code.sequence for code in codes]
        self.by_sequence: dict[bytes, list[int]] = {}
        for index, sequence in enumerate(self.sequences):
            self.by_sequence.setdefault(sequence, []).append(index)
        self.ngrams = [np.frombuffer(query.ngrams, np.uint32) for query in queries]
        grams = np.concatenate([np.empty(0, np.uint32), *self.ngrams])
        order = np.argsort(grams, kind="stable")
        self.grams = grams[order]
        self.owners = np.repeat(np.arange(len(queries), dtype=np.int32), [len(own) for own in self.ngrams])[order]

    def of(self, test: int) -> dict[int, str]:
        """Return {other record: rule} for every record that overlaps with this one."""
        found = dict.fromkeys(self._by_query(test), "query")
        if self.sequences[test]:
            found.update(dict.fromkeys(self.by_sequence[self.sequences[test]], "sequence"))
        found.update(dict.fromkeys(self.near.neighbours(test), "code"))
        found.pop(test, None)
        return found

    def _by_query(self, test: int) -> list[int]:
        own = self.ngrams[test]
        left, right = np.searchsorted(self.grams, own, "left"), np.searchsorted(self.grams, own, "right")
        hits = [self.owners[start:end] for start, end in zip(left, right, strict=True)]
        others, shared = np.unique(np.concatenate([np.empty(0, np.int32), *hits]), return_counts=True)
        return [int(other) for other in others[shared >= self.share * len(own)]] if len(own) else []


def near_outside(queries: Sequence[QueryPrint], outside: Sequence[QueryPrint], threshold: float, share: float) -> dict[int, int]:
    """Return {record: outside query} for queries near an outside one, or with a `share` of its n-grams."""
    near = MinHashIndex([query.signature for query in (*queries, *outside)], threshold)
    owners = defaultdict[int, list[int]](list)
    for place, query in enumerate(outside):
        for gram in np.frombuffer(query.ngrams, np.uint32).tolist():
            owners[gram].append(place)
    wanted = np.fromiter(owners, np.uint32, len(owners))
    found: dict[int, int] = {}
    for place in range(len(outside)):
        found.update({other: place for other in near.neighbours(len(queries) + place) if other < len(queries)})
    for index, query in enumerate(queries):
        shared = Counter(place for gram in np.intersect1d(np.frombuffer(query.ngrams, np.uint32), wanted) for place in owners[int(gram)])
        for place, count in shared.items():
            if count >= share * (len(outside[place].ngrams) // 4):
                found.setdefault(index, place)
    return found
