"""What people say for an action, in six languages: which phrases of catalog/spoken.json a text has.

    spoken_for("wie wird das Wetter morgen?")     # {"is.workflow.actions.weather.forecast": 1.4, ...}
    language_of("wie wird das Wetter morgen?")    # "de"

A phrase is said where a text has the stems of all its words, in any order ("turn the volume up" has "volume up"). Chinese and Japanese are
written without spaces, so there a phrase is looked for as it stands. catalog/spoken.json is written by hand: id of an action -> language ->
phrases, with commas between them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain

import orjson

from shortcuts.catalog import FOLDER, CatalogError

FILE = "spoken.json"
WORD = re.compile(r"[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+")  # of a text or a CamelCase name: Get, URLs, From, PDF, 2
STEM = 6  # letters that are compared: "translate" and "translation" share them, "weather" and "weapon" do not
ENDINGS = re.compile(r"(?<=[a-z]{3})(?:ing|ed|es|s|e|y)$")
KANA, HAN = re.compile(r"[\u3040-\u30ff]"), re.compile(r"[\u3400-\u9fff]")
LENGTH = (0.0, 1.0, 1.5, 1.9, 2.2)  # weight of a phrase by the number of its words: a longer one is rarer and says more
OVERLAP = 0.25  # weight of each further phrase that names the same action
SHARED = 0.25  # a phrase that n actions claim weighs n ** -SHARED

# Short words that tell languages apart, and that no action is named by.
FUNCTION_WORDS = {
    "en": "the a an my me is are to of and in on for with it that what how if when i you this at from up them do by let",
    "de": "der die das den dem ein eine einen meine meiner mein mir mich und ist auf zum zur mit im von ich wie wenn nach fur am uhr mal",
    "es": "el los las un una mi mis que y en del al para por con se lo cuando de la me cuanto cuantos como si sin hace hoy",
    "fr": "le les un une mon ma mes des du et est a au aux pour avec sur dans que de la moi me combien quand je en ce si",
}
OF_LANGUAGE = {language: frozenset(words.split()) for language, words in FUNCTION_WORDS.items()}


def fold(text: str) -> str:
    """Return a text without accents, with full-width letters as plain ones; the letters of other scripts stay as they are."""
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("’", "'"))
    return unicodedata.normalize("NFC", "".join(letter for letter in decomposed if not "\u0300" <= letter <= "\u036f"))


def stem(word: str) -> str:
    """Return what is compared of a word."""
    return ENDINGS.sub("", word.lower())[:STEM]


def stems(text: str) -> set[str]:
    """Return the stems of the words of a text or a CamelCase name."""
    return {stem(word) for word in WORD.findall(fold(text))}


def language_of(text: str) -> str:
    """Return the language of a text, "" if that is open: Chinese and Japanese by their letters, others by their function words."""
    if KANA.search(text):
        return "ja"
    if HAN.search(text):
        return "zh"
    words = re.findall(r"[a-z]+", fold(text).lower())
    counts = {language: sum(word in own for word in words) for language, own in OF_LANGUAGE.items()}
    first, second, *_ = sorted(counts, key=lambda language: -counts[language])
    return first if counts[first] > counts[second] or counts["en"] == counts[first] > 0 else ""


def spoken_for(text: str, language: str | None = None) -> dict[str, float]:
    """Return the ids of the actions that a text speaks of, with weights: 1 for a word that only one action claims, more for longer phrases.

    Phrases of the text's language count, and English ones, whose words all languages borrow; where no language is recognised, all count.
    """
    language = language_of(text) if language is None else language
    folded, words = fold(text).lower(), stems(text)
    weights: dict[str, list[float]] = defaultdict(list)
    for phrase in chain(*(_by_word().get(word, ()) for word in ("", *words))):
        if (phrase.language in (language, "en") or not language) and phrase.is_in(folded, words):
            for api, weight in phrase.weights.items():
                weights[api].append(weight)
    return {api: _together(own) for api, own in weights.items()}


def known_words(language: str) -> frozenset[str]:
    """Return the stems of all words of the phrases of a language."""
    return frozenset(word for phrase in _phrases() if phrase.language == language for word in phrase.words)


class _Phrase:
    """A phrase of one language with the actions that claim it."""

    def __init__(self, text: str, language: str, apis: Iterable[str]) -> None:
        self.text, self.language, self.apis = fold(text).lower(), language, tuple(apis)
        self.as_written = bool(HAN.search(text) or KANA.search(text))
        self.words = frozenset() if self.as_written else frozenset(stems(text))
        length = (len(self.text) + 1) // 2 if self.as_written else len(self.words)
        weight = LENGTH[min(length, len(LENGTH) - 1)] * len(self.apis) ** -SHARED
        self.weights = dict.fromkeys(self.apis, weight)

    def is_in(self, folded: str, words: set[str]) -> bool:
        return self.text in folded if self.as_written else self.words <= words


@lru_cache(maxsize=1)
def _phrases() -> tuple[_Phrase, ...]:
    claims: dict[tuple[str, str], list[str]] = defaultdict(list)
    for api, languages in load().items():
        for language, phrases in languages.items():
            for phrase in phrases.split(", "):
                claims[language, phrase].append(api)
    return tuple(_Phrase(phrase, language, apis) for (language, phrase), apis in claims.items())


@lru_cache(maxsize=1)
def _by_word() -> dict[str, list[_Phrase]]:
    """Return the phrases by one of their words, "" for those that are looked for as written."""
    found: dict[str, list[_Phrase]] = defaultdict(list)
    for phrase in _phrases():
        found[max(phrase.words, key=lambda word: (len(word), word), default="")].append(phrase)
    return dict(found)


def load() -> Mapping[str, Mapping[str, str]]:
    """Return the table: id -> language -> phrases. Raises CatalogError if it cannot be read."""
    file = FOLDER / FILE
    try:
        return orjson.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise CatalogError(f"{file}: cannot be read ({error}); restore it") from None


def _together(weights: list[float]) -> float:
    """Return the weight of an action that several phrases name: the best, and a little for each other, since they overlap."""
    return max(weights) + OVERLAP * (math.fsum(weights) - max(weights))  # fsum: the same in any order
