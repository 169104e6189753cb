"""The overview of an evaluation, on its page: the systems' figures with their 95 % intervals, how the answers fare, paired differences, and
the breakdown by length and shape. All figures are those of scores.json, in percent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from common import page
from common.jsonl import Record
from common.metrics import HEADLINE
from common.metrics.aggregate import Samples, notes
from common.metrics.breakdown import MEASURES
from common.metrics.systems import CHANCE, SPLITS

BASELINES = {"gold": "gold itself", "empty": "no answer at all", "constant": "one training program for every query",
             "API list": "each given API called once, without parameters", CHANCE: "the gold of another query"}  # fmt: skip
SPLIT_NAMES = {"id": "In distribution (ID)", "ood": "Out of distribution (OOD): apps that training lacks"}
MAIN = "compile", "nonempty", *HEADLINE, "pass_rate"  # metrics of the first table
BOUNDS = 25, 50, 75  # percent: 0 and 100 are classes of their own, since they are what one looks for
STATES = {"checked": "good", "has findings": "warn", "does not compile": "bad", "does not parse": "bad", "no program": "bad"}

Kinds = Sequence[tuple[str, Mapping[str, str], str]]  # printed tables: title, metrics by heads of columns, and "mean" or "above_chance"


def overview(report: Record, kinds: Kinds, samples: Samples) -> list[page.Section]:
    """The overview's sections. `report`: what is written as scores.json; `samples`: those that the page has, to lead to them."""
    systems, heads = report["systems"], {metric: head for _, columns, _ in kinds for head, metric in columns.items()}
    main = {heads[metric]: metric for metric in MAIN if metric in heads}
    tables = {title: [page.beside(*(figures(systems, split, columns, part, samples) for split in SPLITS))]
              for title, columns, part in (("Main", main, "mean"), *kinds)}  # fmt: skip
    tallies = {"by state": [tally("state", samples)], **{f"by {label}": [tally(metric, samples)] for metric, label in HEADLINE.items()}}
    shapes = {label: list(by_shape(report["breakdown"], metric)) for metric, label in HEADLINE.items()}
    return [page.text("", " ".join(remarks(report))), page.choice("Scores", tables), page.choice("Answers", tallies),
            *differences(report["differences"], main), page.choice("Breakdown", shapes)]  # fmt: skip


def remarks(report: Record) -> Iterator[str]:
    """Sentences that a reader of the figures needs."""
    yield "Percent. Below each mean stands its 95 % interval over the queries."
    if known := [f"{name}: {BASELINES[name]}" for name in report["systems"] if name in BASELINES]:
        yield f"Baselines need no model ({'; '.join(known)})."
    yield "An empty answer has a CodeBLEU of 40."
    yield from notes(report["systems"])
    yield from (f"{name}: not one answer ({why})." for name, why in report["without_answers"].items())


def named(system: str, samples: Samples) -> page.Cell:
    """The head of a system's row, which leads to its answers where the page has them."""
    note, kind = ("baseline", "base") if system in BASELINES else ("", "")
    return page.cell(system, note, kind=kind, filter={"system": system} if system in samples else None)


def figure(known: Record | None, part: str = "mean") -> page.Cell:
    """A figure and its interval."""
    if not known or known.get(part) is None:
        return "–"
    low, high = (known[end if part == "mean" else f"{part}_{end}"] for end in ("low", "high"))
    bar = [min(1, max(0, value)) for value in (low, known[part], high)]
    return page.cell(percent(known[part]), f"{percent(low)}–{percent(high)}", bar)


def figures(systems: Record, split: str, heads: Mapping[str, str], part: str, samples: Samples) -> page.Section:
    """The systems' figures on a split."""
    rows = [(named(name, samples), *(figure(of[split].get(metric), part) for metric in heads.values()), str(of[split]["n"]))
            for name, of in systems.items()]  # fmt: skip
    return page.table(SPLIT_NAMES[split], rows, ["system", *heads, "n"])


def tally(key: str, samples: Samples) -> page.Section:
    """Return how many answers each system has of each class; a number leads to them."""
    is_state = key == "state"
    is_partial = not is_state and any(sample["scores"][key] is None for given in samples.values() for sample in given)
    classes = list(STATES) if is_state else [bucket(bound / 100) for bound in (0, 0.1, *BOUNDS, 100)] + [bucket(None)] * is_partial
    rows = []
    for system, given in samples.items():
        counts = Counter(state_of(sample["scores"]) if is_state else bucket(sample["scores"][key]) for sample in given)
        leads = {name: {"system": system, key: name} for name in classes if counts[name]}
        rows.append((named(system, samples), *(page.cell(str(counts[name]), filter=leads.get(name)) for name in classes)))
    return page.table("", rows, ["system", *(name if is_state or name == bucket(None) else f"{name} %" for name in classes)])


def differences(compared: Sequence[Record], main: Mapping[str, str]) -> Iterator[page.Section]:
    """The differences of systems, if there are any."""
    pairs: dict[tuple[str, str], dict[str, Record]] = {}
    for one in compared:
        pairs.setdefault(tuple(one["systems"]), {})[one["metric"]] = one
    heads = {head: metric for head, metric in main.items() if any(metric in of for of in pairs.values())}
    rows = [(page.cell(f"{one} − {other}", f"{max(known['n'] for known in of.values())} queries"),
             *(difference(of.get(metric)) for metric in heads.values())) for (one, other), of in pairs.items()]  # fmt: skip
    if rows:
        yield page.table("Paired differences, in points; in colour if the 95 % interval leaves out 0", rows, ["systems", *heads])


def difference(known: Record | None) -> page.Cell:
    """A difference and its interval."""
    if known is None:
        return "–"
    low, mean, high = known["low"], known["mean"], known["high"]
    kind = "good" if low > 0 else "bad" if high < 0 else ""
    return page.cell(f"{100 * mean:+.1f}", f"{100 * low:+.1f} to {100 * high:+.1f}", [(1 + value) / 2 for value in (low, mean, high)], kind)


def by_shape(found: Record, metric: str) -> Iterator[page.Section]:
    """A metric by the classes of each measure of gold's shape."""
    for measure, classes in found.items():
        systems = dict.fromkeys(system for of_class in classes.values() for system in of_class["systems"])
        rows = [(named(system, {}), *(figure(of_class["systems"].get(system, {}).get(metric)) for of_class in classes.values()))
                for system in systems]  # fmt: skip
        heads = [f"{name} (n {of_class['n']})" for name, of_class in classes.items()]
        yield page.table(f"By {MEASURES[measure].title} of the gold program", rows, ["system", *heads])


def state_of(scores: Record) -> str:
    """Return how far an answer gets: one of STATES."""
    if not scores["parse"]:
        return "does not parse" if scores["diagnostics"] else "no program"
    return "does not compile" if not scores["compile"] else "checked" if scores["check"] else "has findings"


def bucket(score: float | None) -> str:
    """The class of a score in percent."""
    if score is None:
        return "no score"
    low = max((bound for bound in BOUNDS if 100 * score >= bound), default=0.1)
    high = next((bound for bound in BOUNDS if 100 * score < bound), 100)
    return "0" if score == 0 else "100" if score == 1 else f"{low}–{high - 0.1:.1f}"


def percent(score: float | None) -> str:
    """A score in hundredths; a dash for none."""
    return "–" if score is None else f"{100 * score:.1f}"
