"""Training split, in-distribution test and out-of-distribution test: how they are chosen, and the properties that make the tests honest.

The paper (section 4.3): the in-distribution (ID) test has unseen instructions over the APIs of the training set; the out-of-distribution
(OOD) test has APIs that training never shows, beside about 50 common built-in ones that almost every workflow uses. Here whole apps are
held out, and rare built-in APIs as well where third-party apps are too few.

Records are indices, `apis[i]` are the APIs of record i, and `order` is a seeded shuffle of those that take part. Everything is a pure
function of its arguments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

TRAIN, TEST_ID, TEST_OOD = SPLITS = ("train", "test_id", "test_ood")
WASTE = 0.05  # largest share of records lost to the OOD split: they use a held-out API but do not fit the test
UNIT_SHARE = 0.25  # largest share of the OOD test that a single choice fills if others can fill the rest, so that it has many apps
TRIES = 5000  # candidates for the held-out set: bounds the time where few records fit
NEIGHBOURS = 4  # most training records that an ID test costs by contamination, if there are enough such tests

Apis = Sequence[frozenset[str]]
AppOf = Callable[[str], str | None]  # the third-party app of an API; None for a built-in one
OverlapOf = Callable[[int], dict[int, str]]  # the records that would give a test away, each with the rule that says so


class HeldOut(NamedTuple):
    """The APIs that only the OOD test may use, the apps that are held out whole, and the common APIs it may share with training."""

    apis: frozenset[str]
    apps: tuple[str, ...]
    common: frozenset[str]


class Assignment(NamedTuple):
    """The splits by record, and the dropped records: {record: (reason, detail, the record it was dropped for)}."""

    splits: dict[int, str]
    dropped: dict[int, tuple[str, str, int | None]]


def shuffled(identifiers: Sequence[str], seed: int) -> list[int]:
    """Return the records in an order by a hash of seed and id, so that a new record does not reshuffle the others."""
    return sorted(range(len(identifiers)), key=lambda i: blake2b(f"{seed}:{identifiers[i]}".encode(), digest_size=16).digest())


def sizes(records: int, test_size: int | None, ood_share: float, full: int = 1190, share: float = 0.1) -> tuple[int, int]:
    """Return the sizes of ID and OOD test: `test_size` together, else the paper's 1,190 or a tenth of a small corpus."""
    total = min(test_size or min(full, max(2, round(records * share))), records // 2)
    ood = min(max(round(total * ood_share), 1 if ood_share else 0), total)
    return total - ood, ood


# ---------------------------------------------------------------------------------------------------------------------------------
# what is held out


def choose_held_out(apis: Apis, order: Sequence[int], app_of: AppOf, target: int, common: int,
                    never: frozenset[str] = frozenset()) -> HeldOut:
    """Choose apps and APIs to hold out, such that about `target` records use these and otherwise only common APIs.

    `never` are APIs that a model is shown in any case: those of the primer. A candidate is what one record needs to become an OOD record:
    its whole apps and its rare built-in APIs. Candidates are tried in seeded order, those without built-in APIs first; one is taken if the
    records lost by it stay within WASTE.
    """
    uses = Counter(api for index in order for api in apis[index])
    builtin = sorted((api for api in uses if app_of(api) is None), key=lambda api: (-uses[api], api))
    shared = frozenset(builtin[: min(common, (len(builtin) + 1) // 2)])  # in a small corpus 50 would be all of them
    search = _Search(apis, order, shared, app_of, never)
    if target:
        waste = max(1, round(len(order) * WASTE))
        for largest in (max(1, round(target * UNIT_SHARE)), target, 2 * target):
            search.take(target, largest, waste)
        if not search.fits:
            search.take_cheapest()
    apps = sorted({app for api in search.held if (app := app_of(api)) is not None})
    return HeldOut(frozenset(search.held), tuple(apps), shared)


class _Search:
    """The state of the greedy choice: the APIs held so far, the records that fit the OOD test, and those that use a held API."""

    def __init__(self, apis: Apis, order: Sequence[int], common: frozenset[str], app_of: AppOf, never: frozenset[str]) -> None:
        self.apis, self.order, self.common, self.app_of, self.never = apis, order, common, app_of, never
        self.held: set[str] = set()
        self.fits: set[int] = set()
        self.touched: set[int] = set()
        self.users: dict[str, list[int]] = {}  # records by uncommon API
        self.of_app: dict[str, set[str]] = {}  # APIs by third-party app
        for index in order:
            for api in sorted(apis[index] - common):
                self.users.setdefault(api, []).append(index)
                if (app := app_of(api)) is not None:
                    self.of_app.setdefault(app, set()).add(api)

    def candidates(self) -> Iterator[frozenset[str]]:
        """Yield what further records would need to be held out, each set once; those of third-party apps alone first."""
        rare = {i: sum(self.app_of(api) is None for api in self.apis[i] - self.common) for i in self.order}
        seen: set[frozenset[str]] = set()
        for index in sorted(self.order, key=rare.__getitem__):  # a stable sort: the seeded order stays within each kind
            needed = self.apis[index] - self.common
            apps = {app for api in needed if (app := self.app_of(api)) is not None}
            candidate = frozenset(needed.union(*(self.of_app[app] for app in apps)))
            if candidate and candidate not in seen and not candidate & self.never:
                seen.add(candidate)
                yield candidate

    def touches(self, candidate: frozenset[str]) -> set[int]:
        """Return the further records that use an API of a candidate."""
        return set().union(*(self.users[api] for api in candidate - self.held)) - self.touched

    def fitting(self, candidate: frozenset[str]) -> set[int]:
        """Return the further records that would fit the OOD test."""
        held = self.held | candidate
        users = set().union(*(self.users[api] for api in candidate - self.held))
        return {i for i in users - self.fits if self.apis[i] - self.common <= held}

    def take(self, target: int, largest: int, waste: int) -> None:
        """Hold candidates out until `target` records fit, none that adds more than `largest` or loses more than `waste` records."""
        for tried, candidate in enumerate(self.candidates()):
            if len(self.fits) >= target or tried >= TRIES:
                return
            touched = self.touches(candidate)
            if candidate <= self.held or len(self.touched) + len(touched) > waste + target:  # too many are lost, whatever fits
                continue
            fits = self.fitting(candidate)
            lost = len(self.touched) + len(touched) - min(target, len(self.fits) + len(fits))
            if len(fits) <= largest and lost <= waste:
                self.hold(candidate, fits, touched)

    def take_cheapest(self) -> None:
        """Hold out the candidate that touches fewest records, at most half of them, rather than have no OOD test."""
        tried = list(zip(self.candidates(), range(TRIES), strict=False))
        if tried:
            best = min((candidate for candidate, _ in tried), key=lambda candidate: (len(self.touches(candidate)), sorted(candidate)))
            touched = self.touches(best)
            if 2 * len(touched) <= len(self.order):
                self.hold(best, self.fitting(best), touched)

    def hold(self, candidate: frozenset[str], fits: set[int], touched: set[int]) -> None:
        self.held |= candidate
        self.fits |= fits
        self.touched |= touched


def of_whole_apps(held: HeldOut, apis: Apis, app_of: AppOf) -> HeldOut:
    """Return what is held out with all APIs of its apps: these records may use some that the earlier dataset did not know."""
    apps = set(held.apps)
    return held._replace(apis=held.apis.union(api for used in apis for api in used if app_of(api) in apps))


# ---------------------------------------------------------------------------------------------------------------------------------
# which record goes into which split


def assign(apis: Apis, order: Sequence[int], held: HeldOut, overlap: OverlapOf, size_id: int, size_ood: int,
           given: dict[int, str] | None = None) -> Assignment:
    """Assign each record a split: OOD tests first, then ID tests; the rest is for training.

    A record that overlaps with a test is dropped as `contaminated`, and one that uses a held-out API and does not fit the OOD test as
    `held_out_excess`. An ID test is taken only if every API of what leaves with it stays in training. `given`: the tests of an earlier
    dataset, which stay; no further ones are taken then.
    """
    splits: dict[int, str] = dict(given or {})
    dropped: dict[int, tuple[str, str, int | None]] = {}
    for index in order:
        if index in splits:
            continue
        if apis[index] & held.apis:
            if apis[index] <= held.apis | held.common and len(splits) < size_ood and given is None:
                splits[index] = TEST_OOD
            else:
                dropped[index] = ("held_out_excess", f"uses {min(apis[index] & held.apis)}", None)
    rest = {index for index in order if index not in splits and index not in dropped}
    for test in list(splits):
        for other, rule in sorted(overlap(test).items()):
            if other in rest:
                rest.remove(other)
                dropped[other] = ("contaminated", rule, test)
    pool = [index for index in order if index in rest]
    if given is None:
        _choose_id(apis, pool, overlap, size_id, splits, dropped)
    for index in pool:
        if index not in dropped:
            splits.setdefault(index, TRAIN)
    return Assignment(splits, dropped)


def _choose_id(
    apis: Apis, pool: Sequence[int], overlap: OverlapOf, size: int,
    splits: dict[int, str], dropped: dict[int, tuple[str, str, int | None]],
) -> None:
    """Add the ID tests to `splits`, and the records that would give them away to `dropped`."""
    training = set(pool)
    left = Counter(api for index in pool for api in apis[index])  # records in training, by API
    chosen = 0
    for most in (NEIGHBOURS, max(NEIGHBOURS, len(pool) // 100)):
        for index in pool:
            if chosen == size:
                return
            if index not in training or any(left[api] < 2 for api in apis[index]):
                continue
            near = {other: rule for other, rule in sorted(overlap(index).items()) if other in training}
            leaving = Counter(api for other in (index, *near) for api in apis[other])
            if len(near) > most or any(left[api] <= count for api, count in leaving.items()):
                continue
            chosen += 1
            left -= leaving
            training -= {index, *near}
            splits[index] = TEST_ID
            dropped.update({other: ("contaminated", rule, index) for other, rule in near.items()})


# ---------------------------------------------------------------------------------------------------------------------------------
# properties that must hold


def properties(apis: Apis, app_of: AppOf, held: HeldOut, splits: dict[int, str], near: Callable[[int], list[int]],
               overlap: OverlapOf) -> dict[str, bool]:
    """Return the properties of the finished splits, all of which must be true, computed from the records alone.

    `near(i)` returns the near duplicates of record i.
    """
    groups = {split: [index for index, own in splits.items() if own == split] for split in SPLITS}
    used = {split: frozenset().union(*(apis[index] for index in group)) for split, group in groups.items()}
    seen = used[TRAIN] | used[TEST_ID]
    tests = [*groups[TEST_ID], *groups[TEST_OOD]]
    crossing = [(index, other) for index, own in splits.items() for other in near(index) if splits.get(other, own) != own]
    return {
        "id_apis_in_train": used[TEST_ID] <= used[TRAIN],
        "held_out_apis_only_in_ood": not held.apis & seen,
        "held_out_apps_only_in_ood": not set(held.apps) & {app_of(api) for api in seen},
        "ood_uses_held_out_apis": all(apis[index] & held.apis for index in groups[TEST_OOD]),
        "ood_apis_held_out_or_common": used[TEST_OOD] <= held.apis | held.common,
        "common_apis_are_built_in": all(app_of(api) is None for api in held.common),
        "no_near_duplicates_across_splits": not crossing,
        "no_test_overlaps_train": not any(splits.get(other) == TRAIN for test in tests for other in overlap(test)),
    }
