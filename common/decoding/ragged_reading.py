"""Many texts, each at a place of its own, read by a model in one pass without padding; what it knows of each is kept.

    reader = RaggedReader(model)
    scores = reader.read({0: prompt, 1: another})            # of the token behind each text: {0: tensor, 1: tensor}
    scores = reader.read({0: prompt + [token], 1: another})  # reads one token of text 0, and the last of text 1 again
    reader.drop(1)

The tokens of all texts stand in one row. Matrices see them as they are, and only attention, which is ours here (`_attention`), knows which
belong together. A text that goes on otherwise than it was read is read again from there: its keys and values are a place in a buffer, so
what follows is simply overwritten. That needs layers which attend to what stands before, and keep nothing else: `can_read` tries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.functional import scaled_dot_product_attention, softmax
from transformers import AttentionInterface

from common.model import is_attention_alone

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NAME = "ragged"  # of our attention among those of transformers
PASS = 4096  # tokens that the model reads at most at once
SHORT = 16  # tokens of a text up to which it is attended to together with others
BAND = 8  # rows that are attended to at once, as far as the longest of them reaches: those that begin together are about as long
BLOCK = 256  # positions by which the buffers grow
TOLERANCE = 0.02  # relative, of logits: bfloat16 rounds


def can_read(model: PreTrainedModel) -> bool:
    """True if a model gives the scores of its own forward pass here, too. It is tried once a model, on a few tokens.

    Other models keep a state that cannot be wound back (linear attention), or attend in a way of their own.
    """
    known: bool | None = getattr(model, "_reads_ragged", None)
    if known is None:
        known = bool(is_attention_alone(model) and _agrees(model))
        object.__setattr__(model, "_reads_ragged", known)
    return known


def _agrees(model: PreTrainedModel) -> bool:
    """True if two texts of a few tokens, read in pieces, get the scores that they get alone."""
    texts, reader = {0: [5, 6, 7, 8, 9], 1: [9, 8, 7]}, RaggedReader(model)
    try:
        reader.read({0: [5, 6, 4, 4, 4], 1: texts[1][:2]})
        found = reader.read(texts)
    except (TypeError, ValueError, RuntimeError, AttributeError, KeyError):  # whatever a model does with what it does not know
        return False
    with torch.inference_mode():
        expected = {place: model(torch.tensor([text], device=model.device), use_cache=False).logits[0, -1].float().cpu()
                    for place, text in texts.items()}
    return all((found[place] - scores).norm() <= TOLERANCE * scores.norm() for place, scores in expected.items())


class _Piece(NamedTuple):
    """Some tokens of a text that are read in one pass."""

    row: int
    start: int  # position of the first
    tokens: list[int]
    is_last: bool  # of its text: its last token has the scores that are asked for


class RaggedReader:
    """A model and the texts that it is reading."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model, self.config = model, model.config.get_text_config()
        self.rows: list[int] = []  # the place whose text is in each row of the buffers; no gaps
        self.texts: list[list[int]] = []
        self.buffers: dict[int, list[torch.Tensor]] = {}  # layer: keys, values (row, head, position, dimension)

    def read(self, texts: Mapping[int, list[int]]) -> dict[int, torch.Tensor]:
        """Return the scores (vocabulary, fp32, on the CPU) of the token behind each text. New texts that are equal are read once."""
        first: dict[tuple[int, ...], int] = {}
        twins = {place: first.setdefault(tuple(text), place) for place, text in texts.items() if place not in self.rows}
        rows = {place: self._row(place) for place in texts}
        pieces = [self._unread(rows[place], text) for place, text in texts.items() if twins.get(place, place) == place]
        scores: dict[int, torch.Tensor] = {}
        for part in _passes(pieces):
            last = [self.rows[piece.row] for piece in part if piece.is_last]
            scores |= zip(last, self._forward(part).float().cpu())
        for place, other in twins.items():
            if place != other:
                self._copy(rows[other], rows[place])
                scores[place] = scores[other].clone()
        return scores

    def drop(self, place: int) -> None:
        """Forget a text; the last one takes its row."""
        row, last = self.rows.index(place), len(self.rows) - 1
        if row != last:
            self._copy(last, row)
        self.rows[row] = self.rows[last]
        del self.rows[last], self.texts[last]

    def _copy(self, row: int, other: int) -> None:
        """Have another row hold the text of a row, too."""
        self.texts[other] = list(self.texts[row])
        for buffer in (buffer for pair in self.buffers.values() for buffer in pair):
            buffer[other, :, : len(self.texts[row])] = buffer[row, :, : len(self.texts[row])]

    def _row(self, place: int) -> int:
        if place not in self.rows:
            self.rows.append(place)
            self.texts.append([])
        return self.rows.index(place)

    def _unread(self, row: int, text: list[int]) -> _Piece:
        """The part of a text that is to be read: what is new in it, at least its last token."""
        known = self.texts[row]
        start = len(known) if text[: len(known)] == known else next(
            place for place, (a, b) in enumerate(zip([*known, None], [*text, None])) if a != b)  # fmt: skip
        start = min(start, len(text) - 1)
        self.texts[row] = list(text)
        return _Piece(row, start, text[start:], True)

    def _forward(self, pieces: list[_Piece]) -> torch.Tensor:
        """The model's scores (piece, vocabulary) behind the last pieces of texts."""
        this, device, before = _Pass(self, pieces), self.model.device, self.config._attn_implementation
        self.config._attn_implementation = NAME
        try:
            with torch.no_grad():  # a work may change its scores, as no tensor of the inference mode could be
                return self.model(input_ids=this.tokens[None].to(device), position_ids=this.positions[None].to(device), use_cache=False,
                                  logits_to_keep=this.ends.to(device), ragged=this).logits[0]  # fmt: skip
        finally:
            self.config._attn_implementation = before

    def kept(self, layer: int, like: tuple[torch.Tensor, torch.Tensor], length: int) -> list[torch.Tensor]:
        """The buffers of a layer, large enough for all texts and so many positions. New room is zero: what is masked must be finite."""
        kept, rows = self.buffers.get(layer), len(self.rows)
        if kept is None or kept[0].shape[0] < rows or kept[0].shape[2] < length:
            room = max(-(-length // BLOCK) * BLOCK, kept[0].shape[2] if kept else 0)
            grown = [part.new_zeros(max(rows, kept[0].shape[0] if kept else 0), part.shape[1], room, part.shape[3]) for part in like]
            for new, old in zip(grown, kept or []):
                new[: old.shape[0], :, : old.shape[2]] = old
            self.buffers[layer] = kept = grown
        return kept


def _passes(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """Yield pieces in parts of at most PASS tokens, the short ones first in each; a piece that is too long for a part is cut."""
    part, room = list[_Piece](), PASS
    for row, start, tokens, _ in pieces:
        while len(tokens) > room:
            yield _short_first([*part, _Piece(row, start, tokens[:room], False)])
            start, tokens, part, room = start + room, tokens[room:], [], PASS
        part.append(_Piece(row, start, tokens, True))
        room -= len(tokens)
        if not room:
            yield _short_first(part)
            part, room = [], PASS
    if part:
        yield _short_first(part)


def _short_first(pieces: list[_Piece]) -> list[_Piece]:
    return sorted(pieces, key=lambda piece: len(piece.tokens))


class _Pass:
    """One pass of the model over pieces of texts."""

    def __init__(self, reader: RaggedReader, pieces: list[_Piece]) -> None:
        device = reader.model.device
        counts = [len(piece.tokens) for piece in pieces]
        self.reader, self.count = reader, len(reader.rows)
        self.tokens = torch.tensor([token for piece in pieces for token in piece.tokens])
        self.positions = torch.tensor([piece.start + offset for piece in pieces for offset in range(len(piece.tokens))])
        self.ends = torch.tensor(counts).cumsum(0)[[piece.is_last for piece in pieces]] - 1
        self.rows = torch.tensor([piece.row for piece in pieces for _ in piece.tokens], device=device)
        self.places = self.positions.to(device)
        self.length = max(piece.start + len(piece.tokens) for piece in pieces)
        short = [piece for piece in pieces if len(piece.tokens) <= SHORT]
        self.long = pieces[len(short) :]
        self.short = sum(len(piece.tokens) for piece in short)  # tokens
        if short:
            self.width = max(len(piece.tokens) for piece in short)
            self.bands, self.reach = self._bands(short), max(piece.start + len(piece.tokens) for piece in short)
            self.offsets = torch.tensor([offset for piece in short for offset in range(len(piece.tokens))], device=device)
            self.masks: dict[int | None, torch.Tensor] = {}

    def _bands(self, short: list[_Piece]) -> list[tuple[slice, int]]:
        """The rows of the buffers, some at a time, and how many positions the short pieces among them see."""
        ends = [1] * self.count
        for piece in short:
            ends[piece.row] = piece.start + len(piece.tokens)
        return [(slice(row, min(row + BAND, self.count)), max(ends[row : row + BAND])) for row in range(0, self.count, BAND)]

    def attend(self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float,
               window: int | None) -> torch.Tensor:  # fmt: skip
        """Return the result of attention (1, token, head, dimension); query, key and value are (1, head, token, dimension)."""
        keys, values = self.reader.kept(layer, (key, value), self.length)
        keys[self.rows, :, self.places], values[self.rows, :, self.places] = key[0].transpose(0, 1), value[0].transpose(0, 1)
        parts = [self._together(query[0, :, : self.short], keys, values, scale, window)] if self.short else []
        begun = self.short
        for piece in self.long:
            count, end = len(piece.tokens), piece.start + len(piece.tokens)
            own = slice(piece.row, piece.row + 1), slice(None), slice(end)
            parts.append(_alone(query[:, :, begun : begun + count], keys[own], values[own], scale, window))
            begun += count
        return torch.cat(parts)[None]

    def _together(self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float, window: int | None) -> torch.Tensor:
        """Attention (token, head, dimension) of the short pieces, all rows at once, as two products of matrices.

        On a CPU that is faster than the library's attention, which is made for many queries; in bfloat16 fourteen times.
        """
        heads, size = query.shape[0], query.shape[2]
        groups, rows, mask = keys.shape[1], self.rows[: self.short], self._mask(window, query.dtype)
        asked = query.new_zeros(self.count, self.width, heads, size)
        asked[rows, self.offsets] = query.transpose(0, 1) * scale
        asked = asked.transpose(1, 2).reshape(self.count, groups, -1, size)  # (row, group, head of the group and token, dimension)
        found = query.new_empty(self.count, heads, self.width, values.shape[3])
        for band, reach in self.bands:
            weights = asked[band] @ keys[band, :, :reach].transpose(2, 3)
            weights = weights.view(len(weights), groups, -1, self.width, reach) + mask[band, ..., :reach]
            weights = softmax(weights, dim=-1, dtype=torch.float32).to(values.dtype).view(len(weights), groups, -1, reach)
            found[band] = (weights @ values[band, :, :reach]).view(len(weights), heads, self.width, -1)
        return found.transpose(1, 2)[rows, self.offsets]

    def _mask(self, window: int | None, dtype: torch.dtype) -> torch.Tensor:
        """Return the summand of weights (row, group, head, token, position): minus infinity where a token may not look."""
        if window not in self.masks:
            own = self.rows.new_zeros(self.count, self.width)
            own[self.rows[: self.short], self.offsets] = self.places[: self.short]
            allowed = _visible(own[..., None], torch.arange(self.reach, device=own.device), window)
            mask = torch.zeros(allowed.shape, dtype=dtype, device=own.device).masked_fill_(~allowed, float("-inf"))
            self.masks[window] = mask[:, None, None]
        return self.masks[window]


def _alone(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float, window: int | None) -> torch.Tensor:
    """Attention (token, head, dimension) of a long piece at the end of its text."""
    count, end = query.shape[2], keys.shape[2]
    is_whole = count == end and (window is None or end <= window)
    mask = None if is_whole else _visible(torch.arange(end - count, end, device=query.device)[:, None],
                                          torch.arange(end, device=query.device), window)
    found = scaled_dot_product_attention(query, keys, values, attn_mask=mask, is_causal=is_whole, scale=scale,
                                         enable_gqa=query.shape[1] != keys.shape[1])  # fmt: skip
    return found[0].transpose(0, 1)


def _visible(own: torch.Tensor, others: torch.Tensor, window: int | None) -> torch.Tensor:
    """True where a token at a position may look at another: not ahead, and not further back than its window."""
    allowed = others <= own
    return allowed if window is None else allowed & (others > own - window)


def _attention(module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, *, ragged: _Pass,
               scaling: float | None = None, sliding_window: int | None = None, softcap: float | None = None,
               s_aux: torch.Tensor | None = None, **others: Any) -> tuple[torch.Tensor, None]:
    """The attention of a layer, as transformers calls it."""
    if mask is not None or softcap is not None or s_aux is not None:
        raise TypeError("attention of another kind")
    return ragged.attend(module.layer_idx, query, key, value, scaling or query.shape[-1] ** -0.5, sliding_window), None


AttentionInterface.register(NAME, _attention)
