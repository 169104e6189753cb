"""Stage 06: each rule, duplicates, splits, the files. Run with `python -m pytest tests/test_filter_merge.py`.

The programs come from a seeded generator over an invented catalogue, and the dialect is a stand-in of a few lines: what is tested here is
what 06 does with findings, not how they are found.
"""

from __future__ import annotations

import ast
import functools
import json
import random
import re
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from common import cli, conversation, jsonl
from common.cli import Reject
from common.dataset import dedup, example, splits, staging
from common.jsonl import UserError
from tests import stage_runs

ROOT = Path(__file__).resolve().parents[1]
Records = list[dict[str, Any]]
BUILTIN = [f"is.workflow.actions.act{number}" for number in range(60)]
THIRD_PARTY = [f"com.maker{app}.tool.do{number}" for app in range(12) for number in range(4)]
WORDS = "river stone candle window garden letter market silver copper violin harbor meadow lantern basket mirror pillow carpet".split()


class Finding(NamedTuple):
    line: int
    code: str
    message: str


class FakeApi(NamedTuple):
    id: str
    app: str
    builtin: bool


class FakeCatalog:
    def __init__(self) -> None:
        self.apis = {api: FakeApi(api, api.rsplit(".", 1)[0], api in BUILTIN) for api in [*BUILTIN, *THIRD_PARTY]}

    def get(self, api: str) -> FakeApi | None:
        return self.apis.get(api)

    def by_name(self, name: str) -> FakeApi | None:
        return next((api for api in self.apis.values() if name_of(api.id) == name), None)


def name_of(api: str) -> str:
    return re.sub(r"\W", "_", api)


@functools.cache
def calls(code: str) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and node.func.id not in ("range", "menu")]


def fake_check(code: str, catalog: FakeCatalog) -> list[Finding]:
    findings = [Finding(call.lineno, "unknown_api", call.func.id) for call in calls(code) if catalog.by_name(call.func.id) is None]
    wrong = [(call.lineno, key.arg) for call in calls(code) for key in call.keywords if key.arg == "Wrong"]
    return findings + [Finding(line, "unknown_parameter", key) for line, key in wrong]


def fake_review(code: str, catalog: FakeCatalog, natural_python: bool) -> tuple[list[Finding], dict[str, Any] | None]:
    by_name = {name_of(api): api for api in [*BUILTIN, *THIRD_PARTY]}
    steps = [{"WFWorkflowActionIdentifier": by_name[call.func.id]} for call in calls(code) if call.func.id in by_name]
    return fake_check(code, catalog), None if "while" in code else {"WFWorkflowActions": steps}


def fake_chat(query: str, apis: tuple[str, ...], catalog: object, plan: str, code: str, form: conversation.AnswerForm) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"{query}\n{' '.join(apis)}"}, {"role": "assistant", "content": f"{plan * form.plan}\n{code}"}]


def fake_shorten(code: str) -> str:
    return re.sub(r"'([^'\n]{20})[^'\n]{100,}'", r"'\1…'", code)


CATALOG = FakeCatalog()
QUERY_PRINT = functools.cache(dedup.query_print)  # the requests of tasks/ are the same in each run


def put_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-ins in the place of the language, the catalogue and the prompts; and no figure, which takes half a second."""
    monkeypatch.setattr(example, "review", fake_review)
    monkeypatch.setattr("common.conversation.chat", fake_chat)
    monkeypatch.setattr("common.excerpts.shorten_code", fake_shorten)
    monkeypatch.setattr("shortcuts.catalog.Catalog.load", lambda path=None: CATALOG)
    monkeypatch.setattr("common.dataset.distribution.draw", lambda path, panels: None)
    monkeypatch.setattr(dedup, "query_print", QUERY_PRINT)


# ---------------------------------------------------------------------------------------------------------------------------------
# records


def program(rng: random.Random, apis: list[str]) -> str:
    """A program that calls each of the APIs, with blocks here and there."""
    lines, indent = [], ""
    for number, api in enumerate(apis):
        value = " ".join(rng.choices(WORDS, k=3))
        lines.append(f"{indent}x{number} = {name_of(api)}(Text='{value}', Count={rng.randint(0, 999)})")
        indent = rng.choice(("", indent))
        if rng.random() < 0.2:
            lines.append(indent + rng.choice((f"if x{number} > {rng.randint(0, 99)}:", f"for _ in range({rng.randint(2, 99)}):")))
            indent += "    "
    return "\n".join([*lines, f"{indent}{name_of(apis[0])}(Text=x0)"]) + "\n"


def record(number: int, origin: str = "seed", **changes: Any) -> dict[str, Any]:
    """A good record, a function of its number."""
    rng = random.Random(number)
    apis = sorted(rng.sample(BUILTIN[:20], 4) + rng.sample(BUILTIN, 1))
    if rng.random() < 0.4:
        app = rng.randrange(12)
        apis += [f"com.maker{app}.tool.do{rng.randrange(4)}"]
    apis = list(dict.fromkeys(rng.sample(apis, len(apis)) + rng.choices(apis, k=4)))
    code = program(rng, apis)
    own = {"name": f"n{number}", "source": {"site": "example.org", "licence": "MIT"}} if origin == "seed" else {"annotator": {"model": "m"}}
    return {"id": f"{origin}-{number:05}", **own, "query": f"Please {' '.join(rng.choices(WORDS, k=14))} for me", "apis": apis,
            "category": rng.choice(("Games", "Utilities")), "plan": "1. Check each thing, and repeat if needed.", "code": code,
            "annotated_code": f"# a note\n{code}", **changes}  # fmt: skip


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in records))
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Bench:
    """Runs the stage in this process, with the stand-ins."""

    def __init__(self, stage: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.stage, self.folder, self.monkeypatch, self.capsys = stage, folder, monkeypatch, capsys
        put_fakes(monkeypatch)

    def __call__(self, seed: Records, generated: Records | None = None, *flags: str, output: str = "bench") -> Path:
        write(self.folder / "seed.jsonl", seed)
        if generated is not None:
            write(self.folder / "generated.jsonl", generated)
        files = [f"--input={self.folder}/seed.jsonl", f"--generated={'none' if generated is None else self.folder / 'generated.jsonl'}", f"--output={self.folder / output}"]
        self.monkeypatch.setattr(sys, "argv", ["06_filter_merge.py", "--distractors=0", *files, "--workers=1", "--browse=0", *flags])
        assert self.stage.main() == 0
        self.printed = self.capsys.readouterr()
        return self.folder / output


@pytest.fixture
def bench(load_stage, tmp_path, monkeypatch, capsys) -> Bench:
    return Bench(load_stage("06"), tmp_path, monkeypatch, capsys)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# ---------------------------------------------------------------------------------------------------------------------------------
# the rules


LOOP = "".join(f"{name_of(BUILTIN[n % 2])}(Text='a')\n" for n in range(10))
BROKEN = {
    "no_query": {"query": "Do it"},
    "query_names_api": {"query": "Please call is_workflow_actions_act3 for me now"},
    "no_plan": {"plan": "  "},
    "no_code": {"code": "", "annotated_code": "# nothing but a comment\n"},
    "does_not_parse": {"annotated_code": "x = = 1"},
    "check_unknown_api": {"annotated_code": "x = call_me(Text='a')\ny = call_me(Text='b')"},
    "check_unknown_parameter": {"annotated_code": f"x = {name_of(BUILTIN[0])}(Wrong='a')"},
    "does_not_compile": {"annotated_code": f"while x:\n    {name_of(BUILTIN[0])}()"},
    "apis_unused": {"apis": BUILTIN[:8]},
    "degenerate": {"annotated_code": LOOP, "apis": BUILTIN[:2]},
    "plan_disagrees": {"plan": f"1. Call {BUILTIN[59]} and check if it repeats."},
    "too_long": {"plan": "1. Check if each thing repeats. " * 2000},
}


Examine = Callable[..., tuple[example.Example, dict[str, Any]]]


@pytest.fixture
def examine(load_stage: Any, monkeypatch: pytest.MonkeyPatch) -> Examine:
    """Applies the rules to a record of an origin, with the stand-ins and these limits."""
    put_fakes(monkeypatch)
    stage = load_stage("06")
    return lambda item, origin, **limits: stage.examine(item, origin, example.Context(CATALOG, example.estimate_tokens, example.Limits(**limits)))


@pytest.mark.parametrize("reason", BROKEN)
def test_each_rule_drops_the_synthetic_record_that_breaks_it(examine: Examine, reason: str) -> None:
    with pytest.raises(Reject) as caught:
        examine(record(1, "synthetic", **BROKEN[reason]), "synthetic")
    assert caught.value.reason == reason


@pytest.mark.parametrize("reason", ["check_unknown_parameter", "apis_unused", "degenerate", "plan_disagrees"])
def test_rules_for_generated_programs_do_not_judge_real_ones(examine: Examine, reason: str) -> None:
    kept, _ = examine(record(1, "seed", **BROKEN[reason]), "seed")
    assert kept.origin == "seed"


@pytest.mark.parametrize("origin", ["seed", "synthetic"])
def test_good_records_pass(examine: Examine, origin: str) -> None:
    for number in range(50):
        kept, written = examine(record(number, origin), origin)
        assert written["origin"] == origin and written["messages"][1]["role"] == "assistant"
        assert set(record(number)["apis"]) == set(kept.apis)


def test_a_plan_must_speak_of_the_blocks_that_the_code_has(examine: Examine) -> None:
    code = f"for _ in range(3):\n    {name_of(BUILTIN[0])}(Text='a')\n"
    item = record(1, "synthetic", annotated_code=code, apis=BUILTIN[:1], plan="1. Take the text and show it to the user.")
    with pytest.raises(Reject, match="1 loops"):
        examine(item, "synthetic")
    examine({**item, "plan": "1. Three times, take the text and show it to the user."}, "synthetic")


def test_the_language_of_the_query_counts_only_when_asked(examine: Examine) -> None:
    german = record(1, query="Bitte zeige mir jeden Morgen das Wetter an und sende es meiner Mutter")
    examine(german, "seed")
    with pytest.raises(Reject, match="query_language"):
        examine(german, "seed", english=True)
    examine(record(1, query="Please show me the weather each morning and send it to my mother"), "seed", english=True)


def test_a_long_literal_is_shortened_in_the_messages_alone(examine: Examine) -> None:
    code = f"x = {name_of(BUILTIN[0])}(Text='{'base' * 3000}')\n"
    kept, written = examine(record(1, annotated_code=code), "seed", max_tokens=1000)
    assert kept.shortened and written["shortened"] and written["annotated_code"] == code
    assert "…" in written["messages"][1]["content"] and kept.stats["tokens"] <= 1000


def test_shape_counts_blocks_and_an_elif_is_no_deeper() -> None:
    tree = ast.parse("a = f()\nif a:\n    f()\nelif b:\n    for x in a:\n        f()\n"
                     "else:\n    match menu('q'):\n        case 'y':\n            pass\n")
    assert example.shape(tree) == {"actions": 3, "ifs": 2, "loops": 1, "menus": 1, "depth": 2}


# ---------------------------------------------------------------------------------------------------------------------------------
# duplicates


def exact(code: str) -> bytes:
    return dedup.code_print(ast.parse(code)).exact


def test_names_comments_spacing_and_keyword_order_do_not_make_another_program() -> None:
    assert exact("a = f(X='one  two', Y=1)\ng(Z=a)") == exact("# note\n'a remark'\nb = f(Y=1, X='one two')\n\ng(Z=b)")


@pytest.mark.parametrize("other", ["a = f(X=True)\ng(Z=a)", "a = f(X='1')\ng(Z=a)", "a = f(X=1)\ng(Z=b)", "a = h(X=1)\ng(Z=a)",
                                   "g(Z=f(X=1))"])
def test_another_value_type_variable_or_call_is_another_program(other: str) -> None:
    assert exact(other) != exact("a = f(X=1)\ng(Z=a)")


def test_where_a_block_ends_matters() -> None:
    assert exact("if a:\n    f()\n    g()") != exact("if a:\n    f()\ng()")


@pytest.mark.parametrize("depth", [5000, 100_000])
def test_a_hostile_depth_is_a_reason_and_no_crash(examine: Examine, depth: int) -> None:
    item = record(1, "synthetic", annotated_code=f"x = {name_of(BUILTIN[0])}(Text={'+'.join(['1'] * depth)})\n" * 2, apis=BUILTIN[:1])
    parses = depth == 5000 and sys.version_info >= (3, 13)  # its parser goes deeper
    with nullcontext() if parses else pytest.raises(Reject, match="does_not_parse"):
        examine(item, "synthetic")


def test_near_finds_what_an_exact_comparison_of_sets_finds() -> None:
    rng = random.Random(0)
    base = [f"w{n}" for n in range(60)]
    sets = [frozenset(rng.sample(base, 50)) | {f"{group}-{n}" for n in range(40)} for group in range(10) for _ in range(4)]
    near = dedup.MinHashIndex([dedup._signature(items) for items in sets], 0.6)
    for i, j in combinations(range(len(sets)), 2):
        jaccard = len(sets[i] & sets[j]) / len(sets[i] | sets[j])
        if abs(jaccard - 0.6) > 0.15:
            assert (j in near.neighbours(i)) == (jaccard > 0.6), jaccard


def test_every_dropped_twin_is_near_its_kept_one_and_no_kept_two_are_near() -> None:
    """A chain a-b-c, where a and c are unlike: b goes, c stays."""

    class Chain:
        def neighbours(self, index: int) -> list[int]:
            return [other for other in (index - 1, index + 1) if 0 <= other < 5]

    dropped = dedup.duplicates([0, 1, 2, 3, 4], [("code", [b"a", b"a", b"b", b"c", b"d"], Chain())])  # type: ignore[list-item]
    assert dropped == {1: (0, "duplicate_code"), 3: (2, "near_code")}


def test_of_twins_the_seed_stays_then_the_one_with_fewer_findings_then_the_lower_id(bench: Bench) -> None:
    seeds = [record(number) for number in range(8)]
    twins = [{**record(0), "id": "a-twin", "query": "Another request altogether for somebody else"},
             {**record(20, "synthetic"), "id": "b"}, {**record(20, "synthetic"), "id": "a", "code": "ignored"}]  # fmt: skip
    folder = bench(seeds, twins)
    dropped = {item["id"]: (item["reason"], item.get("kept")) for item in lines(folder / "rejected.jsonl")}
    assert dropped["a-twin"] == ("duplicate_code", "seed-00000") and dropped["b"] == ("duplicate_code", "a")


def test_a_second_record_with_the_same_id_is_dropped(bench: Bench) -> None:
    folder = bench([record(0), record(1), {**record(2), "id": "seed-00000"}])
    assert [item["reason"] for item in lines(folder / "rejected.jsonl")].count("duplicate_id") == 1


def test_two_records_of_one_id_that_break_different_rules_are_both_told(bench: Bench) -> None:
    folder = bench([record(number) for number in range(8)], [{**record(20, "synthetic"), "plan": " "}, {**record(20, "synthetic"), "query": "Do it"}], "--report=1")
    assert {item["reason"] for item in lines(folder / "rejected.jsonl")} >= {"no_plan", "no_query"}
    assert bench.printed.err.count(record(20, "synthetic")["id"]) >= 4  # an example of each, and each in the report


def test_the_report_shows_each_of_two_records_of_one_id_that_break_one_rule(bench: Bench) -> None:
    two = [{**record(20, "synthetic"), "query": query} for query in ("Do it", "Go")]
    bench([record(number) for number in range(8)], two, "--report", "2")
    assert all(bench.printed.err.count(f"generated.jsonl:2): '{item['query']}' has fewer") == 1 for item in two)
    assert all(f"\n    {item['query']}\n" in bench.printed.err for item in two)


# ---------------------------------------------------------------------------------------------------------------------------------
# splits


def split_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {split: lines(folder / f"{split}.jsonl") for split in splits.SPLITS}


@pytest.mark.ci
def test_the_properties_of_the_splits_hold_by_a_check_of_its_own(bench: Bench) -> None:
    folder = bench([record(number) for number in range(150)], [record(number, "synthetic") for number in range(1000, 1150)])
    stats = json.loads((folder / "stats.json").read_text())
    parts = split_of(folder)
    used = {split: {api for item in part for api in item["apis"]} for split, part in parts.items()}
    assert all(stats["assertions"].values()) and len(parts["test_id"]) > 5 and len(parts["test_ood"]) > 5
    assert used["test_id"] <= used["train"]
    held = used["test_ood"] - set(stats["held_out"]["common"])
    assert held and not held & (used["train"] | used["test_id"])
    apps = {api.rsplit(".", 1)[0] for api in held if api in THIRD_PARTY}
    assert apps and not any(api.startswith(tuple(apps)) for api in used["train"] | used["test_id"])
    ids = Counter(item["id"] for item in [*sum(parts.values(), []), *lines(folder / "rejected.jsonl")])
    assert len(ids) == 300 and set(ids.values()) == {1}


@pytest.mark.ci
def test_near_duplicates_planted_across_splits_are_gone(bench: Bench) -> None:
    seeds = [record(number) for number in range(120)]
    planted = []
    for number, item in enumerate(seeds):  # the same calls with other values, and another request
        changed = re.sub(r"Count=\d+", f"Count={number + 5000}", item["annotated_code"])
        planted.append({**record(number + 7000, "synthetic"), "apis": item["apis"], "annotated_code": changed, "code": changed})
    parts = split_of(bench(seeds, planted))
    tests = [*parts["test_id"], *parts["test_ood"]]
    assert tests
    for test in tests:
        own = dedup.code_tokens(ast.parse(test["code"]))[1]
        assert all(dedup.code_tokens(ast.parse(item["code"]))[1] != own for item in parts["train"])


def test_three_rules_say_that_a_record_gives_a_test_away() -> None:
    long = "".join(f"act{n}(Text='{WORDS[n]}')\n" for n in range(10))
    codes = [long, re.sub("'.*'", "'other'", long).replace("Text", "Body"), long + "g(A=1)\n", "\n".join(f"f{n}()" for n in range(5))]
    query = "each evening collect the photos of that day and put them into one album"
    queries = [query, "one", "two", f"{query} for my mother and send it"]
    overlap = dedup.Overlap([dedup.code_print(ast.parse(code)) for code in codes], list(map(dedup.query_print, queries)), 0.6, 0.5)
    assert overlap.of(0) == {1: "sequence", 2: "code", 3: "query"}
    assert overlap.of(1).keys() == {0} and not dedup.Overlap([], [], 0.6, 0.5).by_sequence


def test_what_gives_a_test_away_leaves_training_but_never_the_last_user_of_an_api() -> None:
    apis = [frozenset("ab"), frozenset("ab"), frozenset("ac"), frozenset("ac"), frozenset("a")]
    pairs = {0: {1: "code"}, 1: {0: "code"}}
    held = splits.HeldOut(frozenset(), (), frozenset())
    result = splits.assign(apis, range(5), held, lambda index: pairs.get(index, {}), 5, 0)
    assert result.splits == {0: "train", 1: "train", 2: "test_id", 3: "train", 4: "test_id"}  # with 0 all of b would go
    apis[4] = frozenset("ab")
    result = splits.assign(apis, range(5), held, lambda index: pairs.get(index, {}), 1, 0)
    assert result == ({0: "test_id", 2: "train", 3: "train", 4: "train"}, {1: ("contaminated", "code", 0)})


def test_built_in_apis_are_held_out_where_there_is_nothing_else() -> None:
    rng = random.Random(1)
    apis = [frozenset(rng.sample(BUILTIN[:12], 4)) for _ in range(24)]
    held = splits.choose_held_out(apis, range(24), lambda api: None, 1, 50)
    result = splits.assign(apis, range(24), held, lambda index: {}, 1, 1)
    assert Counter(result.splits.values())[splits.TEST_OOD] == 1 and not held.apps
    assert all(splits.properties(apis, lambda api: None, held, result.splits, lambda index: [], lambda index: {}).values())


def test_whole_apps_are_held_out_even_if_a_record_uses_one_api_of_them() -> None:
    apis = [frozenset({"is.workflow.actions.a", f"com.x{n % 5}.app.do{n}"}) for n in range(50)]
    held = splits.choose_held_out(apis, range(50), lambda api: api[:6] if api[0] == "c" else None, 10, 50)
    assert held.apis == {api for used in apis for api in used if api[:6] in held.apps}


def test_the_properties_notice_a_broken_split() -> None:
    apis = [frozenset("ab"), frozenset("ac"), frozenset("ad")]
    held = splits.HeldOut(frozenset("d"), (), frozenset("a"))
    broken = splits.properties(apis, lambda api: None, held, {0: "train", 1: "test_id", 2: "train"}, lambda i: [], lambda i: {})
    assert not broken["id_apis_in_train"] and not broken["held_out_apis_only_in_ood"] and broken["no_test_overlaps_train"]
    crossing = splits.properties(apis, lambda api: None, held, {0: "train", 1: "test_id"}, lambda i: [1 - i], lambda i: {1 - i: "code"})
    assert not crossing["no_near_duplicates_across_splits"] and not crossing["no_test_overlaps_train"]


@pytest.mark.parametrize(("records", "asked", "expected"), [(106_763, None, (595, 595)), (300, None, (15, 15)), (300, 100, (50, 50)),
                                                            (2, None, (0, 1)), (1, None, (0, 0)), (30, 100, (7, 8))])  # fmt: skip
def test_sizes_are_the_papers_or_a_tenth(records: int, asked: int | None, expected: tuple[int, int]) -> None:
    assert splits.sizes(records, asked, 0.5) == expected


def test_a_property_that_fails_fails_the_run(bench: Bench) -> None:
    bench.monkeypatch.setattr(splits, "properties", lambda *_: {"id_apis_in_train": False})
    with pytest.raises(UserError, match="id_apis_in_train"):
        bench([record(number) for number in range(20)])


# ---------------------------------------------------------------------------------------------------------------------------------
# the files


def test_nothing_is_lost_and_the_figures_agree(bench: Bench) -> None:
    generated = [record(1000 + number, "synthetic", **BROKEN[reason]) for number, reason in enumerate(BROKEN)]
    folder = bench([record(number) for number in range(60)], generated, "--report", "1")
    stats = json.loads((folder / "stats.json").read_text())
    rejected = lines(folder / "rejected.jsonl")
    assert set(BROKEN) <= {item["reason"] for item in rejected} and not (folder / "new.part").exists()
    assert stats["rejected"] == Counter(item["reason"] for item in rejected)
    assert stats["read"] == 60 + len(BROKEN) == stats["written"] + len(rejected)
    summary = json.loads(bench.printed.out.splitlines()[-1])
    assert summary["written"] == stats["written"] == sum(summary[split] for split in splits.SPLITS)
    for reason in BROKEN:
        assert f"{reason}: synthetic-" in bench.printed.err


def test_the_card_has_a_yaml_header_the_splits_and_the_licences(bench: Bench) -> None:
    import yaml

    text = (bench([record(number) for number in range(60)]) / "README.md").read_text()
    header = yaml.safe_load(text.split("---")[1])
    assert [entry["split"] for entry in header["configs"][0]["data_files"]] == list(splits.SPLITS)
    assert "| example.org, licence: MIT |" in text and header["size_categories"] == ["n<1K"]


def test_every_rule_says_what_it_means_on_the_card(load_stage: Any) -> None:
    stage = load_stage("06")
    rules = {rule.code for rule in stage.RULES}
    assert {reason for reason in BROKEN if not reason.startswith("check_")} | {"query_language", "check_*"} == rules
    assert all(rule.meaning for rule in stage.RULES) and stage.meaning("check_unknown_api") == "the checker found: unknown api"


@pytest.mark.ci
def test_the_order_of_the_input_does_not_change_who_is_tested(bench: Bench) -> None:
    seeds = [record(number) for number in range(100)]
    first = split_of(bench(seeds))
    second = split_of(bench(seeds[::-1], output="other"))
    assert {item["id"] for item in first["test_ood"]} == {item["id"] for item in second["test_ood"]}


@pytest.mark.ci
def test_the_same_input_gives_the_same_bytes_and_another_seed_other_tests(bench: Bench) -> None:
    seeds = [record(number) for number in range(100)]
    first = contents(bench(seeds))
    assert contents(bench(seeds)) == first
    assert contents(bench(seeds, None, "--seed", "5", output="other"))["test_id.jsonl"] != first["test_id.jsonl"]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_handful_of_records_is_enough(bench: Bench, count: int) -> None:
    folder = bench([record(number) for number in range(count)])
    assert sum(map(len, split_of(folder).values())) + len(lines(folder / "rejected.jsonl")) == count


def test_errors_of_the_user_are_one_line(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "seed.jsonl").write_text('{"id": "a"}\n{"id": \n')
    for path, message in ((tmp_path / "seed.jsonl", "seed.jsonl:2: not JSON"), ("absent.jsonl", "absent.jsonl: no such file")):
        flags = ["--input", str(path)]
        bench.monkeypatch.setattr(sys, "argv", ["06", *flags, "--output", str(tmp_path / "out"), "--generated", "none"])
        with pytest.raises(UserError, match=message):
            bench.stage.main()


@pytest.mark.parametrize("generated", ["none", "/dev/null"])
def test_going_without_synthetic_records_is_said_by_name(bench: Bench, generated: str) -> None:
    folder = bench([record(number) for number in range(9)], None, "--generated", generated)
    assert json.loads((folder / "stats.json").read_text())["origins"]["synthetic"]["instances"] == 0


def run_again(bench: Bench, *flags: str) -> str:
    """Run the stage, which must refuse; the message. The folder stays as it is, byte by byte."""
    before = {path: path.read_bytes() for path in bench.folder.rglob("*") if path.is_file()}
    bench.monkeypatch.setattr(sys, "argv", ["06", f"--input={bench.folder}/seed.jsonl", f"--output={bench.folder}/bench", "--browse=0", *flags])
    with pytest.raises(UserError) as caught:
        bench.stage.main()
    assert before == {path: path.read_bytes() for path in bench.folder.rglob("*") if path.is_file()}
    return str(caught.value)


def test_generated_records_that_are_named_must_be_there_and_unnamed_ones_need_not(bench: Bench) -> None:
    bench([record(number) for number in range(9)])
    assert "generatd.jsonl: no such file" in run_again(bench, "--generated=generatd.jsonl")
    bench.monkeypatch.chdir(bench.folder)
    bench.monkeypatch.setattr(sys, "argv", ["06", "--distractors=0", "--input=seed.jsonl", "--output=other", "--browse=0", "--workers=1"])
    assert bench.stage.main() == 0 and "data/generated.jsonl: no such file, so there are no synthetic" in bench.capsys.readouterr().err


@pytest.mark.parametrize(("flags", "said"), [
    (["--tests-from={0}/bench"], "--tests-from"), (["--tests-from={0}/./bench/../bench"], "--tests-from"),
    (["--input={0}/bench/train.jsonl"], "--input"), (["--generated={0}/bench/train.jsonl"], "--generated"),
    (["--output={0}/seed.jsonl"], "--input"), (["--workflowbench={0}/bench"], "--workflowbench"), (["--teval={0}/bench/stats.json"], "--teval"),
    (["--export-workflowbench={0}/bench"], "--export-workflowbench"),
    (["--workflowbench={0}/wb", "--export-workflowbench={0}/wb"], "--export-workflowbench"),
])  # fmt: skip
def test_a_dataset_is_not_written_over_what_it_is_made_from(bench: Bench, flags: list[str], said: str) -> None:
    bench([record(number) for number in range(9)])
    assert run_again(bench, "--generated=none", *(flag.format(bench.folder) for flag in flags)).startswith(said)


def test_a_second_run_on_one_folder_is_refused(bench: Bench) -> None:
    folder = bench([record(number) for number in range(9)])
    bench.monkeypatch.setattr(jsonl, "PATIENCE", 0.1)
    with jsonl.sole_writer(folder):
        assert "another run is writing it" in run_again(bench, "--generated=none")


def test_an_earlier_dataset_is_whole_until_the_new_one_is_complete(bench: Bench) -> None:
    folder = bench([record(number) for number in range(60)], [])
    (folder / "browse.html").write_text("of the run before")
    before = contents(folder)
    bench.monkeypatch.setattr("common.dataset.export.write_parquet", lambda folder: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bench([record(number) for number in range(30)], [])
    assert contents(folder) == before
    bench.monkeypatch.undo()
    bench.__init__(bench.stage, bench.folder, bench.monkeypatch, bench.capsys)
    assert set(contents(bench([record(0)], []))) == {"README.md", "clusters.jsonl", "rejected.jsonl", "stats.json", "train.parquet", *(
        f"{split}{kind}.jsonl" for split in splits.SPLITS for kind in ("", ".extra"))}  # no page was asked for, and two splits are empty


def test_a_fault_in_one_record_is_a_reject_and_the_run_fails_at_its_end(bench: Bench) -> None:
    def review(code: str, catalog: FakeCatalog, natural_python: bool) -> Any:
        if "(Text='burst')" in code:
            raise ValueError("nobody foresaw it")
        return fake_review(code, catalog, natural_python)

    bench.monkeypatch.setattr(example, "review", review)
    bad = record(5, annotated_code=f"x = {name_of(BUILTIN[0])}(Text='burst')\n")
    write(bench.folder / "seed.jsonl", [*(record(number) for number in range(5)), bad])
    flags = [f"--input={bench.folder}/seed.jsonl", "--generated=none", f"--output={bench.folder}/bench", "--browse=0", "--workers=1"]
    bench.monkeypatch.setattr(sys, "argv", ["06", "--distractors=0", *flags])
    assert bench.stage.main() == 1
    printed = bench.capsys.readouterr()
    assert "internal_error 1, such as seed-00005: ValueError at test_filter_merge.py:" in printed.err and "fault of this program" in printed.err
    assert json.loads(printed.out.splitlines()[-1])["written"] == 5
    assert [item["reason"] for item in lines(bench.folder / "bench/rejected.jsonl")] == ["internal_error"]


def test_a_run_in_which_nothing_comes_through_fails_and_says_why(bench: Bench) -> None:
    write(bench.folder / "seed.jsonl", [record(number, plan="", query="q " * 500) for number in range(3)])
    bench.monkeypatch.setattr(sys, "argv", ["06", "--distractors=0", f"--input={bench.folder}/seed.jsonl", "--generated=none", f"--output={bench.folder}/bench", "--browse=0"])
    assert bench.stage.main() == 1
    told = bench.capsys.readouterr().err
    assert "3 of 3 rejected" in told and "no_plan 3, such as seed-00000" in told and "none of 3 records came through" in told


HOSTILE = "a | b\n# heading\r\n<!-- <script>alert(1)</script> [x](http://e) ![y](z) `c` $m$ \x1b[31m\u2028---\n" + "x" * 999


def test_texts_of_others_are_one_harmless_cell_of_the_card(bench: Bench) -> None:
    source = {"site": HOSTILE, "licence": HOSTILE}
    generated = [record(number, "synthetic", annotator={"model": HOSTILE}) for number in range(100, 120)]
    text = (bench([record(number, source=source) for number in range(20)], generated) / "README.md").read_text()
    clean = (bench([record(number) for number in range(20)], [record(number, "synthetic") for number in range(100, 120)], output="b")
             / "README.md").read_text()  # fmt: skip
    assert len(text.splitlines()) == len(clean.splitlines()) and "<" not in text.replace("<split>", "").replace("n<1K", "") and "\x1b" not in text
    for line, plain in zip(text.splitlines(), clean.splitlines(), strict=True):
        assert len(re.findall(r"(?<!\\)\|", line)) == len(re.findall(r"(?<!\\)\|", plain))
        assert not re.search(r"(?<!\\)[\[`$]", line) or line == plain or "origin" in line


@pytest.mark.parametrize(("model", "said"), [("offline", "written by rules, not a model"), ("llama", "written by llama"), (None, "none that were")])
def test_the_card_says_who_wrote_the_synthetic_records(bench: Bench, model: str | None, said: str) -> None:
    made = [record(number, "synthetic", annotator={"model": model}) for number in range(100, 120)] if model else []
    assert said in (bench([record(number) for number in range(20)], made) / "README.md").read_text()


def test_the_card_of_an_empty_dataset_is_still_yaml(bench: Bench) -> None:
    import yaml

    assert yaml.safe_load((bench([]) / "README.md").read_text().split("---")[1])["configs"] == []


@pytest.mark.parametrize("names", [["README.md"], ["notes.txt", "stats.json", "train.jsonl"], ["figure.png", "README.md"]])
def test_a_folder_with_files_of_these_names_that_is_no_dataset_is_refused_before_anything_is_written(bench: Bench, names: list[str]) -> None:
    (bench.folder / "bench").mkdir()
    write(bench.folder / "seed.jsonl", [record(1)])
    for name in names:
        (bench.folder / "bench" / name).write_text('{"mine": 1}')
    taken = ", ".join(sorted(set(names) - {"notes.txt"}))
    assert run_again(bench, "--generated", "none") == (
        f"--output {bench.folder}/bench: no earlier dataset is there, and these files would be replaced: {taken}; name another folder")


def test_a_folder_with_other_files_and_an_earlier_dataset_are_written_to(bench: Bench) -> None:
    (bench.folder / "bench").mkdir()
    (bench.folder / "bench/notes.txt").write_text("mine")
    bench([record(number) for number in range(9)], None, "--edits", "1")
    first = contents(bench.folder / "bench")
    assert {*first} - {"notes.txt"} <= staging.NAMES
    assert {*contents(bench([record(number) for number in range(9)]))} < {*first} and first["notes.txt"] == b"mine"


def test_the_file_that_a_dataset_is_known_by_is_in_place_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is killed in between is run again."""
    (tmp_path / "new.part").mkdir()
    for name in ("README.md", "stats.json", "train.jsonl"):
        (tmp_path / "new.part" / name).write_bytes(EARLIER["stats.json"])
    moved = list[str]()
    monkeypatch.setattr(staging.os, "replace", lambda source, target: moved.append(target.name))
    staging.put_in_place(tmp_path / "new.part", tmp_path)
    assert moved == ["stats.json", "README.md", "train.jsonl"] and not staging.is_dataset(tmp_path)


EARLIER = {"stats.json": b'{"splits": {}, "held_out": {}}', "train.jsonl": b"old"}  # as much of a dataset as it is known by


@pytest.mark.parametrize("kilobytes", [1, 8, 30, 120])
def test_a_full_disk_is_one_line_and_the_earlier_dataset_stays(tmp_path: Path, kilobytes: int) -> None:
    """A limit on the size of a file stands for it: the same OSError at the same calls."""
    write(tmp_path / "seed.jsonl", [record(number) for number in range(60)])
    (tmp_path / "bench").mkdir()
    for name, content in EARLIER.items():
        (tmp_path / "bench" / name).write_bytes(content)
    ended = child(tmp_path, "--workers", "1", kilobytes=kilobytes).wait()
    assert ended.returncode == 1 and "Traceback" not in ended.stderr, ended.stderr
    assert re.search(f"error: {tmp_path}/bench.*: cannot be written: File too large", ended.stderr.splitlines()[-1])
    assert contents(tmp_path / "bench") == EARLIER


def child(folder: Path, *flags: str, kilobytes: int = 0) -> stage_runs.Started:
    """Start the stage with the stand-ins in a process of its own, which can be killed; its files have at most so many kilobytes."""

    def main() -> None:
        put_fakes(pytest.MonkeyPatch())
        if kilobytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, kilobytes << 10))
        cli.start(stage_runs.load("06").main)

    files = [f"--input={folder}/seed.jsonl", "--generated=none", f"--output={folder}/bench", "--browse=0"]
    stage_runs.load("06")
    return stage_runs.Started(main, ["06_filter_merge.py", "--distractors=0", *files, *flags])


@pytest.mark.ci
def test_workers_give_the_same_bytes_and_a_killed_run_is_simply_run_again(tmp_path: Path) -> None:
    write(tmp_path / "seed.jsonl", [record(number) for number in range(250)])
    assert child(tmp_path, "--workers", "1").wait().returncode == 0
    whole = contents(tmp_path / "bench")
    for path in (tmp_path / "bench").iterdir():
        path.unlink()
    killed = child(tmp_path, "--workers", "2")
    deadline = time.monotonic() + 30
    while not (tmp_path / "bench" / "new.part" / "examined").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(random.random() / 3)
    killed.send_signal(signal.SIGKILL, group=True)
    killed.wait()
    again = child(tmp_path, "--workers", "2").wait()
    assert again.returncode == 0, again.stderr
    assert contents(tmp_path / "bench") == whole


def test_the_file_that_seed_once_named_is_told_its_flag(bench: Bench) -> None:
    bench.monkeypatch.setattr(sys, "argv", ["06", "--seed", "seed.jsonl"])
    with pytest.raises(SystemExit) as left:
        bench.stage.main()
    assert left.value.code == 2
    assert bench.capsys.readouterr().err.splitlines()[-1].endswith("'seed.jsonl' is not a number; the file of the records is named by --input")


def test_overwrite_is_accepted_as_in_the_other_stages(bench: Bench) -> None:
    seeds = [record(number) for number in range(40)]
    first = contents(bench(seeds, None, "--seed", "5", output="one"))
    assert contents(bench(seeds, None, "--seed", "5", "--overwrite", output="two")) == first


def test_a_new_rule_is_one_function(bench: Bench) -> None:
    bench.monkeypatch.setattr(bench.stage, "RULES", list(bench.stage.RULES))

    @bench.stage.rule("more comments than code")
    def chatty(sample: example.Sample) -> str | None:
        comments = sum(line.lstrip().startswith("#") for line in sample.code.splitlines())
        return f"{comments} comments" if comments > 2 * len(sample.steps) else None

    bad = record(5, annotated_code=f"{'# more' * 99}\n" + "# more\n" * 99 + record(5)["code"])
    folder = bench([*(record(number) for number in range(5)), bad])
    assert [(item["id"], item["reason"], item["detail"]) for item in lines(folder / "rejected.jsonl")] == [("seed-00005", "chatty", "100 comments")]
    assert "| chatty " in (folder / "README.md").read_text() and "| more comments than code" in (folder / "README.md").read_text().replace("  ", "")


def test_a_dataset_without_plans_has_the_records_and_splits_of_one_with_them(bench: Bench) -> None:
    seeds = [record(number) for number in range(60)]
    long = record(60, plan="1. Check if each thing repeats. " * 2000)  # too long with its plan: then it is in neither dataset
    whole, without = (bench([*seeds, long], None, *flags, output=name) for name, flags in (("whole", ()), ("less", ("--without", "plan"))))
    assert json.loads((without / "stats.json").read_text())["settings"]["without"] == "plan"
    for name in ("train", "test_id", "test_ood"):
        assert (whole / f"{name}.extra.jsonl").read_bytes() == (without / f"{name}.extra.jsonl").read_bytes()
        for one, other in zip(lines(whole / f"{name}.jsonl"), lines(without / f"{name}.jsonl"), strict=True):
            assert (one.pop("task"), other.pop("task")) == ("generate", "generate_without_plan")
            assert one.pop("messages")[1]["content"] == "1. Check each thing, and repeat if needed." + other.pop("messages")[1]["content"]
            assert one == other
    assert "made without plans" in (without / "README.md").read_text() and "made without" not in (whole / "README.md").read_text()


@pytest.mark.parametrize(("flags", "words"), [
    (("--tests-from", "tests", "--test-size", "60"), "--test-size: the tests are those of --tests-from"),
    (("--tests-from", "tests", "--ood-share", "0"), "--ood-share: the tests are"),
])
def test_flags_that_would_draw_tests_go_with_no_given_ones(bench: Bench, flags: tuple[str, ...], words: str) -> None:
    with pytest.raises(SystemExit):
        bench([record(0)], None, *flags)
    assert words in bench.capsys.readouterr().err


@pytest.mark.parametrize("plans", ["seed.jsonl", "bench/train.jsonl"])
def test_plans_are_written_over_nothing_that_is_read_or_made(bench: Bench, plans: str) -> None:
    seeds = [record(number) for number in range(20)]
    bench(seeds, None, output="bench")
    with pytest.raises(UserError, match="--teval-plans .*name another file"):
        bench(seeds, None, f"--teval-plans={bench.folder / plans}", output="bench")
