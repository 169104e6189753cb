"""Stage 04: python -m pytest tests/test_expand.py"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from common import conversation, jsonl, prompts
from common.compatibility import ApiCompatibility
from common.dataset import distribution
from common.dataset.distribution import Distribution, entropy, evenness
from common.jsonl import UserError
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS
from tests import stage_runs
from tests.stub_openai import Reply, StubOpenAI

ROOT = Path(__file__).resolve().parents[1]
ACTIONS = ["is.workflow.actions.selectphoto", "is.workflow.actions.image.resize", "is.workflow.actions.share",
           "is.workflow.actions.savetocameraroll"]  # fmt: skip
BUILTIN = ["is.workflow.actions.showresult", "is.workflow.actions.url", "is.workflow.actions.setclipboard", "is.workflow.actions.alert"]


@pytest.fixture(scope="module")
def stage(load_stage: Any) -> Any:
    return load_stage("04")


@pytest.fixture
def seed(tmp_path: Path, stage: Any) -> Path:
    """Ten workflows of two to four APIs, two of them with a request that a person could have made; the others' are too short."""
    said = {0: "Whenever I copy an address at work, show me the page behind it, so that I need not open the browser.",
            1: "Look up who follows me, put their names into one text, and tell me how many they are, please."}
    records = [{"id": f"s{number}", "apis": [*ACTIONS[: 2 + number % 3], "is.workflow.actions.conditional"],
                "query": said.get(number, f"Do it {number}"), "writer": {"model": "stub"}} for number in range(10)]  # fmt: skip
    path = tmp_path / "seed.jsonl"
    path.write_bytes(b"".join(map(jsonl.encode, records)))
    return path


def command(seed: Path, *flags: str) -> list[str]:
    files = {"--input": seed, "--output": seed.with_name("queries.jsonl"), "--cache": seed.with_name("cache")}
    return [sys.executable, str(ROOT / "04_expand.py"), *(str(part) for pair in files.items() for part in pair), *flags]


def run(seed: Path, *flags: str) -> tuple[int, dict[str, Any], str]:
    """(exit code, summary, stderr) of the stage, run in this process: starting one costs more than the work."""
    script, out, errors = sys.modules["stage_04"], io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        patch.setattr(sys, "argv", command(seed, *flags)[1:])
        for name in [name for name in os.environ if name.startswith("OPENAI_")]:
            patch.delenv(name)
        code = script.main()
    return code, json.loads(out.getvalue().splitlines()[-1]), errors.getvalue()


def queries(seed: Path) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in jsonl.read(seed.with_name("queries.jsonl"))}


def wish(body: dict[str, Any], number: int, different: int = 1 << 30) -> str:
    """An answer that depends on the question alone; there are so many `different` ones, which share few words."""
    digest = hashlib.sha256(str(int(hashlib.sha256(body["messages"][1]["content"].encode()).hexdigest(), 16) % different).encode()).hexdigest()
    return request("Please " + " ".join(f"do{digest[at: at + 4]}" for at in range(0, 40, 4)))


def request(query: str, **changed: Any) -> str:
    """An answer that leaves nothing out."""
    return json.dumps({"purpose": "p", "leave_out": [], "basics": [], "category": "Utilities", "query": query, **changed})


def test_records_are_complete_and_name_no_api(seed: Path) -> None:
    code, summary, err = run(seed, "--count", "60")
    records = queries(seed)
    assert code == 0 and summary["written"] == 60 and "offline" in err
    catalog = Catalog.load()
    for record in records.values():
        assert list(record) == ["id", "query", "apis", "apps", "category", "examples", "writer"]
        assert prompts.query_problem(record["query"], record["apis"]) is None
        assert len(set(record["apis"])) == len(record["apis"]) and all(api in catalog for api in record["apis"])
        assert record["apps"] == sorted({catalog[api].app for api in record["apis"]})
        assert set(record["examples"]) == {"s0", "s1"}
    assert len({record["category"] for record in records.values()}) > 10


@pytest.mark.ci
def test_about_half_of_the_apis_are_built_in_and_their_number_is_at_most_the_seeds(seed: Path) -> None:
    run(seed, "--count", "200")
    catalog = Catalog.load()
    counts, builtin = Counter[int](), 0
    for record in queries(seed).values():
        own = [api for api in record["apis"] if catalog[api].builtin]
        counts[len(record["apis"])] += 1
        builtin += len(own)
        assert len({catalog[api].app for api in record["apis"] if api not in own}) <= 5
        assert not SYNTAX_APIS & set(record["apis"])
    assert set(counts) <= {1, 2, 3, 4, 5, 6} and counts[2] + counts[3] > 140 and counts[5] + counts[6] < 20  # seed: 3 in 70 %, 4 in the rest; a set ends where nothing fits
    assert 0.4 < builtin / sum(size * times for size, times in counts.items()) < 0.65


@pytest.mark.ci
def test_a_larger_count_goes_on_from_a_smaller_one_and_another_seed_differs(seed: Path) -> None:
    run(seed, "--count", "5")
    first = queries(seed)
    assert run(seed, "--count", "8")[1]["skipped"] == 5
    assert {key: record for key, record in queries(seed).items() if key in first} == first and len(queries(seed)) == 8
    run(seed, "--count", "5", "--seed", "1", "--overwrite")
    assert [record["apis"] for record in queries(seed).values()] != [record["apis"] for record in first.values()]


@pytest.mark.slow
def test_shards_make_what_one_run_makes(seed: Path) -> None:
    run(seed, "--count", "12")
    whole = queries(seed)
    parts = {}
    for part in ("0/2", "1/2"):
        run(seed, "--count", "12", "--shard", part)
        parts |= {record["id"]: record for record in jsonl.read(seed.with_name(f"queries.{part[0]}-of-2.jsonl"))}
    assert parts == whole


def test_an_endpoint_sees_stubs_and_requests_but_no_code_and_a_leaking_query_is_rejected(seed: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        system, text = (message["content"] for message in body["messages"][:2])
        assert "def " in text and "- Whenever I copy an address" in text and "Do it" not in text and "left out" in text
        assert "Utilities" in system and "a shortcut is shown as Python" not in system
        leaks = int(hashlib.sha256(text.encode()).hexdigest(), 16) % 3 == 0
        return request("Run a Python script and call WFURL") if leaks else wish(body, number)

    with StubOpenAI(answer) as stub:
        code, summary, _ = run(seed, "--count", "20", "--writer", "stub", "--base-url", stub.base_url)
    assert code == 0 and summary["written"] + summary["rejected"] == 20 and summary["rejected"] > 0
    reasons = {record["reason"] for record in jsonl.read(seed.with_name("queries.rejected.jsonl"))}
    assert reasons == {"unusable_answer"}


def test_without_good_requests_in_the_seed_the_prompt_shows_those_of_the_project(seed: Path) -> None:
    records = [record | {"writer": {"model": "offline"}} for record in jsonl.read(seed)]
    seed.write_bytes(b"".join(map(jsonl.encode, records)))
    with StubOpenAI(wish) as stub:
        run(seed, "--count", "2", "--writer", "stub", "--base-url", stub.base_url)
        assert prompts.GOOD_REQUESTS[0] in stub.requests[0]["messages"][1]["content"]
    assert [record["examples"] for record in queries(seed).values()] == [[], []]


@pytest.mark.ci
def test_a_set_of_which_no_task_makes_sense_is_a_reject_with_the_reason(seed: Path) -> None:
    seen = dict[str, int]()

    def answer(body: dict[str, Any], number: int) -> str:
        place = seen.setdefault(body["messages"][1]["content"], len(seen))  # a request that is sent again gets the same answer
        return request("", purpose="a VPN has nothing to do with a parked car") if place % 2 else wish(body, number)

    with StubOpenAI(answer) as stub:
        flags = ("--count", "6", "--writer", "stub", "--base-url", stub.base_url, "--concurrency", "1")
        _, summary, err = run(seed, *flags)
        assert summary["written"] == summary["rejected"] == 3 and "no_sensible_task 3" in err
        assert run(seed, *flags)[1]["skipped"] == 6 and len(seen) == 6
    reject = next(jsonl.read(seed.with_name("queries.rejected.jsonl")))
    assert reject["reason"] == "no_sensible_task" and "parked car" in reject["detail"]


def test_a_record_has_the_apis_that_its_query_needs(stage: Any) -> None:
    catalog, apis = Catalog.load(), ACTIONS
    accept = stage.accept_request(apis, 2, catalog)

    def kept(*left_out: str, basics: tuple[str, ...] = ()) -> list[str]:
        return accept(json.loads(request("Make my photos small, please", leave_out=list(left_out), basics=list(basics))))[0]

    assert kept() == apis and kept(apis[2], catalog[apis[3]].name) == apis[:2]
    assert kept(apis[0], basics=("show", "show")) == [*apis[1:], BUILTIN[0]]
    with pytest.raises(ValueError, match="is none of the functions"):
        kept("is.workflow.actions.alert")
    with pytest.raises(ValueError, match="at most 2"):
        kept(*apis[:3])
    with pytest.raises(ValueError, match="names the function"):
        accept(json.loads(request("Call is_workflow_actions_image_resize now")))


@pytest.mark.ci
def test_nearly_equal_queries_are_one_whatever_order_they_come_in(seed: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> Reply:
        return Reply(wish(body, number, different=3), delay=0.02 * (number % 5))

    with StubOpenAI(answer) as stub:
        flags = ("--count", "24", "--writer", "stub", "--base-url", stub.base_url)
        assert run(seed, *flags, "--concurrency", "8")[1]["written"] == 3
        first, rejects = queries(seed), list(jsonl.read(seed.with_name("queries.rejected.jsonl")))
        assert {record["reason"] for record in rejects} == {"near_duplicate"} and len(rejects) == 21
        for record in rejects:
            other = record["detail"].removeprefix("of ").split(":")[0]
            assert other in first and int(other.split("-")[2]) < int(record["id"].split("-")[2])
        run(seed, *flags, "--concurrency", "1", "--overwrite")
    assert queries(seed) == first and list(jsonl.read(seed.with_name("queries.rejected.jsonl"))) == rejects


def test_a_query_copied_from_an_example_is_no_new_one(seed: Path) -> None:
    records = [record | {"query": "Look up who follows me and tell me their names"} for record in jsonl.read(seed)]
    seed.write_bytes(b"".join(map(jsonl.encode, records)))
    with StubOpenAI(lambda body, number: request("Look up who follows me, and tell me their names!")) as stub:
        summary = run(seed, "--count", "3", "--writer", "stub", "--base-url", stub.base_url)[1]
    assert summary["written"] == 0 and summary["rejected"] == 3
    assert next(jsonl.read(seed.with_name("queries.rejected.jsonl")))["detail"].startswith("of s0: ")


@pytest.mark.parametrize("sampling", ["even", "paper"])
def test_the_order_of_the_seed_changes_nothing(seed: Path, stage: Any, monkeypatch: pytest.MonkeyPatch, sampling: str) -> None:
    monkeypatch.setattr(stage, "KEPT_EXAMPLES", 1)
    records, made = list(jsonl.read(shaped(seed))), []
    for order in (records, records[::-1], random.Random(0).sample(records, len(records))):
        seed.write_bytes(b"".join(map(jsonl.encode, order)))
        run(seed, "--count", "12", "--sampling", sampling, "--writer", "offline", "--overwrite")
        made.append((seed.with_name("queries.jsonl").read_bytes(), json.loads(seed.with_name("queries.stats.json").read_bytes())))
    assert made[0] == made[1] == made[2] and {example for record in queries(seed).values() for example in record["examples"]} <= {"s0", "s1"}


@pytest.mark.ci
def test_killed_and_run_again_it_makes_the_same(seed: Path) -> None:
    with StubOpenAI(lambda body, number: Reply(wish(body, number, different=25), delay=0.02)) as stub:
        flags = ("--count", "30", "--writer", "stub", "--base-url", stub.base_url, "--concurrency", "4")
        process = stage_runs.start("04", *command(seed, *flags)[2:])
        output = seed.with_name("queries.jsonl")
        while not output.exists() or not output.stat().st_size:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert run(seed, *flags)[1]["skipped"] > 0
        killed = queries(seed)
        seed.with_name("cache").unlink()
        run(seed, *flags, "--overwrite")
        rejects = list(jsonl.read(seed.with_name("queries.rejected.jsonl")))
    assert killed == queries(seed) and len(killed) + len(rejects) == 30 and rejects


def test_a_seed_without_apis_is_a_clear_error(stage: Any, tmp_path: Path) -> None:
    path = tmp_path / "seed.jsonl"
    path.write_bytes(jsonl.encode({"id": "a", "apis": [], "query": "", "writer": {}}))
    with pytest.raises(UserError, match="records of stage 03"):
        stage.read_seed(path, Catalog.load(), 30)


# ---------------------------------------------------------------------------------------------------------------------------------
# what is drawn


@pytest.fixture(scope="module")
def sampler(stage: Any, catalog: Catalog) -> Any:
    """A sampler by its seed number, over a seed that uses three of Apple's APIs."""
    apis, pairs = Counter({BUILTIN[0]: 500, BUILTIN[1]: 80, BUILTIN[2]: 3}), Counter({(BUILTIN[1], BUILTIN[0]): 30})
    return lambda seed: stage.Sampler(catalog, apis, [2, 3, 5, 8], pairs, seed)


@pytest.mark.ci
def test_a_set_depends_on_its_number_alone(sampler: Any) -> None:
    one, other = sampler(0), sampler(0)
    numbers = [0, 1, 27, 28, 29, 100, 200]
    assert [one.sample(number) for number in numbers] == [other.sample(number) for number in reversed(numbers)][::-1]
    assert sampler(1).sample(100) != one.sample(100)


@pytest.mark.ci
def test_every_api_comes_up_what_the_seed_uses_least_first(stage: Any, sampler: Any, catalog: Catalog,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "DRAWS", 1)  # the first of a set are what is looked at
    usable = {api.id for api in catalog if stage.is_usable(api)}
    third_party = [api for api in usable if not catalog[api].builtin]
    drawn = list(map(sampler(0).sample, range(len(usable))))
    seen = Counter(api for apis in drawn for api in apis)
    free = {api for _, api in prompts.BASICS.values()}  # may be used beside any set, so none has to hold them
    missing = usable - set(seen) - free - {BUILTIN[0], BUILTIN[1]}  # the two that the seed uses 500 and 80 times
    assert len(missing) < 0.01 * len(usable) and set(third_party) <= set(seen)
    first = {api for apis in drawn[: len(third_party) // 2] for api in apis}
    assert len(first & usable) > 0.5 * len(usable) and len(first & set(third_party)) > 0.5 * len(third_party)


def test_what_is_used_least_comes_first(stage: Any) -> None:
    turn = stage.least_used_first("abc", Counter({"a": 3, "b": 1}), random.Random(0))
    order = [next(turn) for _ in range(8)]
    assert order[:2] == ["c", *order[1:2]] and Counter(order[:5]) == {"c": 3, "b": 2} and set(order[5:]) == {"a", "b", "c"}


@pytest.mark.ci
def test_in_every_set_each_input_can_be_given_and_apis_fit(stage: Any, sampler: Any, catalog: Catalog) -> None:
    one = sampler(3)
    compatibility, sets = stage.ApiCompatibility(catalog), list(map(one.sample, range(150)))
    assert not any(compatibility.unmet(apis) for apis in sets)
    source = random.Random(0)
    usable = [api.id for api in catalog if stage.is_usable(api)]
    by_chance = [source.sample(usable, len(apis)) for apis in sets]
    assert sum(bool(compatibility.unmet(apis)) for apis in by_chance) > 15

    def strangers(apis: list[str]) -> int:
        return sum(max(one.fits[one.places[api], one.places[other]] for other in apis if other != api) < 0.3 for api in apis if len(apis) > 1)

    assert sum(map(strangers, sets)) < 0.2 * sum(map(strangers, by_chance))


def test_apis_fit_by_data_flow_by_use_by_app_and_by_words(catalog: Catalog) -> None:
    apis = ["is.workflow.actions.selectphoto", "is.workflow.actions.image.resize", "is.workflow.actions.getbatterylevel",
            "com.lifx.lifx.LFXGetLightsIntent", "com.lifx.lifx.LFXLightPowerIntent", "is.workflow.actions.vpn.set"]  # fmt: skip
    fits = ApiCompatibility(catalog).fits(apis, Counter({("is.workflow.actions.getbatterylevel", "is.workflow.actions.vpn.set"): 50}))
    assert (fits == fits.T).all() and not fits.diagonal().any()
    assert fits[0, 1] >= 1 and fits[3, 4] >= 0.75 and fits[2, 5] > 0.7 and fits[0, 5] == fits[2, 3] == 0


@pytest.mark.parametrize(("apis", "unmet"), [
    (["is.workflow.actions.image.resize"], True), (["is.workflow.actions.image.resize", "is.workflow.actions.selectphoto"], False),
    (["is.workflow.actions.image.resize", "is.workflow.actions.getclipboard"], False), (["is.workflow.actions.showresult"], False),
    (["is.workflow.actions.image.resize", "is.workflow.actions.getcurrentlocation"], True), (["unknown.api"], False),
])  # fmt: skip
def test_an_input_is_unmet_unless_another_api_returns_such_a_thing(stage: Any, catalog: Catalog, apis: list[str], unmet: bool) -> None:
    assert bool(stage.ApiCompatibility(catalog).unmet(apis)) == unmet


def test_what_nobody_would_ask_for_is_not_usable(stage: Any, catalog: Catalog) -> None:
    titles = {api.title for api in catalog if stage.is_usable(api)}
    assert "Show Alert" in titles and "Set Wallpaper Photo" in titles
    assert not [title for title in titles if "Widget" in title or "Deprecated" in title or "UI Element" in title]
    assert not any(set(api.source) <= {"tk"} for api in catalog if stage.is_usable(api))


# ---------------------------------------------------------------------------------------------------------------------------------
# before and after


@pytest.mark.ci
@pytest.mark.pictures
def test_the_statistics_stand_beside_the_output_and_count_earlier_runs(seed: Path) -> None:
    run(seed, "--count", "30")
    run(seed, "--count", "56", "--figure")
    made = len(queries(seed))
    statistics = json.loads(seed.with_name("queries.stats.json").read_bytes())
    assert [statistics[name]["records"] for name in ("seed", "queries", "together")] == [10, made, 10 + made]
    assert statistics["seed"]["third_party_share"] == 0 and 0.35 < statistics["queries"]["third_party_share"] < 0.7
    assert sum(statistics["queries"]["categories"].values()) == statistics["queries"]["records"]
    assert statistics["together"]["usable_apis_covered"] > statistics["seed"]["usable_apis_covered"]
    assert statistics["queries"]["sets_with_all_inputs"] == 1.0
    assert seed.with_name("queries.png").read_bytes().startswith(b"\x89PNG") and seed.with_name("queries.png").stat().st_size > 10_000


def test_figures_of_known_counts(catalog: Catalog) -> None:
    each = Distribution(catalog)
    for apis, category in ((BUILTIN[:2], "Travel"), (BUILTIN[:2], "Kids"), ([*BUILTIN, "unknown"], None)):
        each.add({"apis": apis, "category": category})
    figures = each.plus(each).statistics()
    assert figures["records"] == 6 and figures["api_uses"] == 16 and figures["apps"] == 1 and figures["categories"] == {"Travel": 2, "Kids": 2}
    assert figures["apis_per_record"]["2-3"] == 4 and figures["apis_per_record"]["4-5"] == 2
    assert entropy(Counter(a=1, b=1)) == 1.0 and evenness(Counter(a=3)) == 0.0 and evenness(Counter(a=3, b=3, c=3)) == 1.0
    assert Distribution(catalog).statistics()["third_party_share"] == 0.0


def test_a_figure_that_cannot_be_written_is_a_clear_error(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        distribution.draw(tmp_path / "file" / "queries.png", distribution.panels({"seed": Distribution(catalog)}))


# ---------------------------------------------------------------------------------------------------------------------------------
# the paper's sampling


def shaped(seed: Path) -> Path:
    """The seed with programs: s0 has a branch, s1 a loop, s2 both, s3 one that is too long to show; and one workflow of thirty APIs."""
    branch, loop = "if x:\n    is_workflow_actions_showresult(Text='a')\n", "for item in x:\n    is_workflow_actions_showresult(Text='b')\n"
    codes = {0: branch, 1: loop, 2: branch + loop, 3: branch * 999, 4: "x = = 1"}
    records = [{**record, "annotated_code": codes.get(number, "x = 1\n")} for number, record in enumerate(jsonl.read(seed))]
    records[9]["apis"] = [api.id for api in Catalog.load() if sys.modules["stage_04"].is_usable(api)][:30]
    seed.write_bytes(b"".join(map(jsonl.encode, records)))
    return seed


def test_the_papers_sets_are_half_apples_and_of_one_to_five_apps_in_the_sizes_of_the_seed(seed: Path, stage: Any) -> None:
    catalog = Catalog.load()
    sizes = stage.read_seed(shaped(seed), catalog, sys.maxsize, "paper").sizes
    sampler = stage.ChanceSampler(catalog, sizes, 0)
    assert max(sizes) == 30 and set(stage.read_seed(seed, catalog, 12, "paper").sizes) == {2, 3, 4, 12}
    drawn = [sampler.sample(number) for number in range(400)]
    assert drawn[7] == stage.ChanceSampler(catalog, sizes, 0).sample(7) != stage.ChanceSampler(catalog, sizes, 1).sample(7)
    for apis in drawn:
        own = [api for api in apis if catalog[api].builtin]
        assert len({*apis}) == len(apis) and all(stage.is_usable(catalog[api]) for api in apis)
        assert len({catalog[api].app for api in apis if not catalog[api].builtin}) <= 5
        assert len(own) in {size // 2 for size in sizes} and len(apis) <= len(own) + len(own) + 1
    full = Counter(len(apis) for apis in drawn if len(apis) in sizes)
    assert set(full) == {*sizes} and max(abs(full[size] / 400 - sizes.count(size) / len(sizes)) for size in (2, 3, 4)) < 0.1


def test_the_papers_prompt_has_a_category_and_two_workflows_one_with_a_branch_one_with_a_loop(seed: Path, stage: Any) -> None:
    shown: list[str] = []

    def reply(body: dict[str, Any], number: int) -> str:
        shown.append(body["messages"][1]["content"])
        return json.dumps({"query": wish(body, number)[13:] and json.loads(wish(body, number))["query"]})

    with StubOpenAI(reply) as stub:
        code, summary, _ = run(shaped(seed), "--sampling", "paper", "--count", "20", "--writer", "m", "--base-url", stub.base_url)
    made = queries(seed)
    assert code == 0 and summary["written"] == len(made) == 20 and set(made) == {f"p-0-{number}" for number in range(20)}
    assert {record["category"] for record in made.values()} <= {*prompts.CATEGORIES} and len({record["category"] for record in made.values()}) > 8
    assert all(1 <= len(record["examples"]) <= 2 and {*record["examples"]} <= {"s0", "s1", "s2"} for record in made.values())
    assert {example for record in made.values() for example in record["examples"]} == {"s0", "s1", "s2"}
    assert all(set(record["writer"]["prompts"]) == {"expand_by_category"} for record in made.values())
    for record in made.values():
        (text,) = [text for text in shown if conversation.stubs(record["apis"], Catalog.load()) in text]
        assert f"The category: {record['category']}\n" in text and "if x:" in text and "for item in x:" in text


def test_by_rules_the_papers_sampling_runs_and_goes_on_where_it_stopped(seed: Path, stage: Any) -> None:
    run(shaped(seed), "--sampling", "paper", "--count", "6", "--writer", "offline")
    first = seed.with_name("queries.jsonl").read_bytes()
    run(seed, "--sampling", "paper", "--count", "9", "--writer", "offline")
    assert seed.with_name("queries.jsonl").read_bytes().startswith(first) and len(queries(seed)) > 6
