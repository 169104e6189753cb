"""Phrases that people say for an action, in six languages: finds those of catalog/spoken.json that a text has.

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
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from shortcuts.catalog import FOLDER
from shortcuts.catalog.records import read_table

FILE = "spoken.json"
WORD = re.compile(r"[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+")  # of a text or a CamelCase name: Get, URLs, From, PDF, 2
STEM = 6  # letters that are compared: "translate" and "translation" share them, "weather" and "weapon" do not
ENDINGS = re.compile(r"(?<=[a-z]{3})(?:ing|ed|en|es|s|e|y)$")
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

# Words that say the same in a request; a phrase with the first is said with the others, too.
SYNONYMS = """
    delete remove clear empty wipe erase purge trash discard | show display view present | make create build generate produce compose
    save store keep | get fetch grab pull retrieve obtain | change edit modify update alter adjust | start begin launch kick
    stop end finish quit | send forward deliver | find search locate hunt | pick choose select | convert turn transform translate
    join merge combine unite stitch glue | read recite narrate | smaller shrink reduce downscale | copy duplicate | write type enter
    photo picture image pic pics snapshot snap shot | video clip movie film footage | email mail | song track tune | meeting appointment
    list checklist | file document doc | website webpage site | folder directory | reminder todo task chore | note memo
    message text sms imessage | phone mobile cell | wifi wlan | big large huge
    losche entferne leere loschen entfernen | zeige zeig anzeigen | bild foto aufnahme | sende schicke verschicke senden schicken
    speichere sichere speichern sichern | borra elimina quita borrar eliminar quitar | muestra ensena mostrar | foto imagen fotografia
    envia manda enviar mandar | guarda guardar | supprime efface supprimer effacer | montre affiche montrer afficher
    envoie envoyer | enregistre sauvegarde enregistrer sauvegarder
"""


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


def said_words(text: str, language: str) -> set[str]:
    """Return the stems of the words that a text says, synonyms as one; of a German compound also those of its beginnings and ends."""
    folded = fold(text)
    words = set(WORD.findall(folded)) | set(WORD.findall(folded.lower()))  # HomePod is one word here, and two
    if language == "de":
        words |= {part for word in words if len(word) > 7 for at in range(4, len(word) - 3) for part in (word[:at], word[at:].lower())}
    return {_same().get(word, word) for word in map(stem, words)}


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
    folded, words = fold(text).lower(), said_words(text, language)
    weights: dict[str, list[float]] = defaultdict(list)
    for phrase in chain(*(_by_word().get(word, ()) for word in ("", *words))):
        if (phrase.language in (language, "en") or not language) and phrase.is_in(folded, words):
            for api in phrase.apis:
                weights[api].append(phrase.weight)
    return {api: _together(own) for api, own in weights.items()}


@lru_cache(maxsize=8)
def everyday_words(language: str) -> frozenset[str]:
    """Return the stems of all words of the phrases of a language, as they are written."""
    return frozenset(stems(" ".join(languages.get(language, "") for languages in load().values())))


class _Phrase(NamedTuple):
    """A phrase of one language for some actions: all of `words`, or for a script without spaces all of `parts`."""

    language: str
    words: frozenset[str]
    parts: tuple[str, ...]
    apis: tuple[str, ...]

    @property
    def weight(self) -> float:
        length = len(self.words) or (sum(map(len, self.parts)) + 1) // 2
        return LENGTH[min(length, len(LENGTH) - 1)] * len(self.apis) ** -SHARED

    def is_in(self, folded: str, words: set[str]) -> bool:
        return all(part in folded for part in self.parts) and self.words <= words


def _content(text: str, language: str) -> set[str]:
    """Return the words of a phrase without function words, if two others are left: "text of the pdf", but "how far"."""
    words = WORD.findall(fold(text).lower())
    content = [word for word in words if word not in OF_LANGUAGE.get(language, ())]
    return said_words(" ".join(content if len(content) > 1 else words), "")


@lru_cache(maxsize=1)
def _same() -> dict[str, str]:
    """Return the first word of a line of SYNONYMS by each other one, as stems."""
    groups = [[stem(word) for word in group.split()] for group in re.split(r"[|\n]", SYNONYMS) if group.strip()]
    return {word: words[0] for words in groups for word in words[1:]}


@lru_cache(maxsize=1)
def _phrases() -> tuple[_Phrase, ...]:
    """Return the phrases of the table; those that synonyms make equal are one."""
    claims: dict[tuple[str, frozenset[str], tuple[str, ...]], dict[str, None]] = defaultdict(dict)
    for api, languages in load().items():
        for language, phrases in languages.items():
            for phrase in phrases.split(", "):
                as_written = HAN.search(phrase) or KANA.search(phrase)
                words = frozenset() if as_written else frozenset(_content(phrase, language))
                claims[language, words, tuple(fold(phrase).lower().split()) if as_written else ()][api] = None
    return tuple(_Phrase(*said, tuple(apis)) for said, apis in claims.items())


@lru_cache(maxsize=1)
def _by_word() -> dict[str, list[_Phrase]]:
    """Return the phrases by one of their words, "" for those that are looked for as written."""
    found: dict[str, list[_Phrase]] = defaultdict(list)
    for phrase in _phrases():
        found[max(phrase.words, key=lambda word: (len(word), word), default="")].append(phrase)
    return dict(found)


def load() -> Mapping[str, Mapping[str, str]]:
    """Return the table: id -> language -> phrases. Raises CatalogError if it cannot be read."""
    return read_table(FOLDER / FILE)


def _together(weights: list[float]) -> float:
    """Return the weight of an action that several phrases name: the best, and a little for each other, since they overlap."""
    return max(weights) + OVERLAP * (math.fsum(weights) - max(weights))  # fsum: the same in any order
