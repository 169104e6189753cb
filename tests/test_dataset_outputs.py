"""Outputs of stage 06 from finished splits: Parquet, the published layout, figure; tests kept, outside test sets.

Run with `python -m pytest tests/test_dataset_outputs.py`.
"""

from __future__ import annotations

import json
import pickle
import random
import re
import shutil
import zipfile
from pathlib import Path

import orjson
import pytest
from test_filter_merge import Bench, bench, lines, program, record  # noqa: F401 (a fixture)

from common.dataset import arrange, dedup, distribution, export, files, published
from common.jsonl import UserError

EXAMPLE = "if_ = is_workflow_actions_ask(WFAskActionPrompt='Whose?')\nif if_ == 'a':\n    is_workflow_actions_showresult(Text=f'Hello {if_}')\n"


def finished(folder: Path, **changes: object) -> Path:
    """A finished dataset of three records, one in each split."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, split in enumerate(("train", "test_id", "test_ood")):
        own = {"id": f"r{number}", "origin": "seed" if number < 2 else "synthetic", "query": f"Ask and greet, number {number}", "plan": "1. Ask.",
               "apis": ["is.workflow.actions.ask"], "category": "Games", "annotated_code": f"# Ask.\n{EXAMPLE}", "code": EXAMPLE,
               "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "residue": {str(number): [number]},
               "stats": {"actions": 2, "ifs": 1, "loops": 0, "menus": 0, "depth": 1}, "split": split, **changes}  # fmt: skip
        for path, fields in zip(files.paths(folder, split), files.divided(own, split), strict=True):
            path.write_bytes(orjson.dumps(fields) + b"\n")
    return folder


# ---------------------------------------------------------------------------------------------------------------------------------
# formats


@pytest.mark.ci
def test_datasets_loads_the_folder_offline_with_every_split_and_column(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    folder = finished(tmp_path / "bench")
    export.write_parquet(folder)
    (folder / "README.md").write_text("---\nconfigs:\n- config_name: default\n  data_files:\n" + "".join(
        f"  - {{split: {split}, path: {split}.parquet}}\n" for split in ("train", "test_id", "test_ood")) + "---\n")
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == {"train", "test_id", "test_ood"}
    first = loaded["train"][0]
    assert first["query"] == "Ask and greet, number 0" and first["messages"][1] == {"role": "assistant", "content": "a"}
    assert json.loads(first["residue"]) == {"0": [0]} and first["shortcut"] == "" and first["apis"] == ["is.workflow.actions.ask"]


def test_an_empty_split_has_no_parquet_file(tmp_path):
    folder = finished(tmp_path)
    for path in files.paths(folder, "test_ood"):
        path.write_bytes(b"")
    export.write_parquet(folder)
    assert {path.name for path in folder.glob("*.parquet")} == {"train.parquet", "test_id.parquet"}


def test_the_published_layout_has_the_keys_and_types_that_its_trainer_reads(tmp_path):
    target = tmp_path / "wb"
    export.write_workflowbench(finished(tmp_path / "bench"), target)
    seeds, synthetic = (json.loads((target / name).read_text()) for name in ("seed_data.json", "synthesized_data.json"))
    ids, ood = (json.loads((target / name).read_text()) for name in ("dataset_split_keys.json", "dataset_split_keys_ood.json"))
    statistics = pickle.loads((target / "statistics.pkl").read_bytes())
    assert [row["key"] for row in seeds] == ["r0", "r1"] and [row["key"] for row in synthetic] == ["synthesized_ood_test_data"]
    for row in (*seeds, *synthetic):
        assert isinstance(row["apis"], list) and all(isinstance(row[name], str) for name in ("query", "task_plan", "workflow_code"))
        assert row["key"] in statistics or row["key"].startswith("synthesized_")
    assert ids == {"train": ["r0"], "dev": ["r1"]} and ood == {"train": ["r0"], "dev": ["synthesized_ood_test_data"]}


def test_what_is_exported_is_imported_again_with_its_splits(tmp_path):
    export.write_workflowbench(finished(tmp_path / "bench"), tmp_path / "wb")
    split = published.split_keys(tmp_path / "wb")
    found = [published.as_ours(row, split, {}) for file in published.files(tmp_path / "wb").values() for row in published.rows(file)]
    assert [item["published_split"] for item in found] == ["train", "test_id", "test_ood"]
    assert [item["annotated_code"] for item in found] == [f"# Ask.\n{EXAMPLE}"] * 3
    assert published.statistics(tmp_path / "wb")["r0"]["ifs"] == 1


@pytest.mark.slow
def test_the_published_samples_are_python_after_import_with_every_call_still_there(tmp_path):
    samples = Path(__file__).parents[1].parent / "shared" / "workflowbench" / "data_samples.json"
    if not samples.exists():
        pytest.skip("the published samples are not here (../shared/workflowbench)")
    called = re.compile(r"\b((?:is_workflow_actions|com|net|org|io)_\w+)\s*\(")
    before = [row["annotated_code"] for row in published.rows(samples)]
    after = lines(published.mend(samples, tmp_path)["seed"])
    assert sum(map(published.is_python, before)) == 7 and sum(published.is_python(item["annotated_code"]) for item in after) >= 40
    for old, item in zip(before, after, strict=True):
        assert sorted(called.findall(item["annotated_code"])) == sorted(called.findall(old)), item["id"]
        assert bool(item["repairs"]) == (item["annotated_code"] != old)
        assert all(repair.keys() == {"line", "kind", "before", "after"} for repair in item["repairs"])


def test_the_published_zip_is_read_as_its_folder_is_and_leaves_nothing_behind(tmp_path):
    export.write_workflowbench(finished(tmp_path / "bench"), tmp_path / "wb" / "data")
    (tmp_path / "wb" / "data" / "notes.txt").write_text("of no use")
    (tmp_path / "wb" / "__MACOSX").mkdir()
    (tmp_path / "wb" / "__MACOSX" / "seed_data.json").write_text("not JSON")
    archive = Path(shutil.make_archive(str(tmp_path / "data"), "zip", tmp_path / "wb"))
    packed, folder = (published.mend(path, tmp_path / name) for path, name in ((archive, "one"), (tmp_path / "wb/data", "two")))
    assert {origin: path.read_bytes() for origin, path in packed.items()} == {origin: path.read_bytes() for origin, path in folder.items()}
    assert {path.name for path in (tmp_path / "one").iterdir()} == {"published-seed.jsonl", "published-synthetic.jsonl"}


def test_a_zip_that_cannot_be_unpacked_is_one_line(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("data/other.json", "[]")
    with pytest.raises(UserError, match="data.zip: it holds neither seed_data.json"):
        published.mend(tmp_path / "data.zip", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("data/seed_data.json", "[]" * 100)
    monkeypatch.setattr(published, "MOST_BYTES", 99)
    with pytest.raises(UserError, match="data.zip: data/seed_data.json has more than"):
        published.mend(tmp_path / "data.zip", tmp_path / "out")
    (tmp_path / "data.zip").write_bytes((tmp_path / "data.zip").read_bytes().replace(b"[]", b"[}", 1))  # its checksum is wrong now
    monkeypatch.setattr(published, "MOST_BYTES", 999)
    with pytest.raises(UserError, match="cannot be unpacked"):
        published.mend(tmp_path / "data.zip", tmp_path / "out")


def test_a_published_record_without_its_texts_has_empty_ones_and_a_file_of_such_is_refused(tmp_path):
    sound = {"query": "Show it", "annotated_code": "is_workflow_actions_showresult(Text='x')", "task_plan": "1. Show it.", "apis": ["is.workflow.actions.showresult"]}
    broken = [{**sound, "query": 7}, {**sound, "annotated_code": None}, {"other": 1}]
    (tmp_path / "wb.json").write_text(json.dumps([*broken, sound]))
    found = lines(published.mend(tmp_path / "wb.json", tmp_path / "out")["seed"])  # stage 06 rejects those: no_query, no_code
    assert [(bool(item["query"]), bool(item["code"])) for item in found] == [(False, True), (True, False), (False, False), (True, True)]
    (tmp_path / "wb.json").write_text(json.dumps(broken))
    with pytest.raises(UserError, match='none of 3 records has "query" and "annotated_code"'):
        published.mend(tmp_path / "wb.json", tmp_path / "out")


def test_a_pickle_that_names_a_class_is_refused_and_runs_nothing(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    (tmp_path / "statistics.pkl").write_bytes(pickle.dumps({"a": Trap()}))
    with pytest.raises(UserError, match="plain data"):
        published.statistics(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_columns_as_pandas_writes_them_are_read_too(tmp_path):
    (tmp_path / "a.json").write_text('{"query": {"0": "q", "1": "r"}, "annotated_code": {"0": "x", "1": "y"}}')
    assert list(published.rows(tmp_path / "a.json")) == [{"query": "q", "annotated_code": "x"}, {"query": "r", "annotated_code": "y"}]


@pytest.mark.ci
def test_the_figure_shows_the_shares_that_stats_json_has(bench, monkeypatch):  # noqa: F811
    folder = bench([record(number) for number in range(40)], [record(number, "synthetic") for number in range(100, 140)])
    told = json.loads((folder / "stats.json").read_text())["distributions"]
    assert set(told) == {"actions", "categories", "apps"}
    assert all(abs(sum(group.values()) - 1) < 1e-3 for kind in told.values() for group in kind.values())
    monkeypatch.undo()
    distribution.draw(folder / "figure.png", distribution.dataset_panels(told))
    assert (folder / "figure.png").read_bytes().startswith(b"\x89PNG")


# ---------------------------------------------------------------------------------------------------------------------------------
# tests kept, outside test sets


@pytest.mark.ci
def test_tests_of_an_earlier_dataset_stay_and_neither_a_near_record_nor_a_held_out_app_gives_them_away(bench):  # noqa: F811
    seed = [record(number) for number in range(80)]
    first = bench(seed, [], output="first")
    tests = {split: [item["id"] for item in lines(first / f"{split}.jsonl")] for split in ("test_id", "test_ood")}
    held = json.loads((first / "stats.json").read_text())["held_out"]
    app = held["apps"][0]
    unknown = next(f"{app}.do{number}" for number in range(4) if f"{app}.do{number}" not in held["apis"])
    built_in = record(300, "synthetic")["apis"][0]
    other = record(301, "synthetic", apis=[unknown, built_in], code=program(random.Random(1), [unknown, built_in]))
    spy = {**lines(first / "test_id.jsonl")[0], "id": "synthetic-spy", "origin": "synthetic", "annotator": {"model": "m"}}
    new = [record(number, "synthetic") for number in range(200, 260)] + [spy, other]
    second = bench(seed, new, "--tests-from", str(first), output="second")
    for split, wanted in tests.items():
        assert [item["id"] for item in lines(second / f"{split}.jsonl")] == wanted
    train = lines(second / "train.jsonl")
    assert len(train) > len(lines(first / "train.jsonl")) and "synthetic-spy" not in {item["id"] for item in train}
    assert not any(set(held["apis"]) & set(item["apis"]) for item in train)
    assert not any(api.startswith(f"{app}.") for item in train for api in item["apis"])  # an API that the first dataset did not know


def test_a_record_near_a_query_of_another_test_set_is_dropped_by_name(bench, tmp_path):  # noqa: F811
    seed = [record(number) for number in range(30)]
    items = {"query_7": {"origin_prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": seed[3]["query"]}]},
             "query_8": {"origin_prompt": [{"role": "user", "content": "Find a hotel near the old harbour of a city by the sea, please."}]}}
    (tmp_path / "teval.json").write_text(json.dumps(items))
    folder = bench(seed, [], "--teval", str(tmp_path / "teval.json"))
    found = [reject for reject in lines(folder / "rejected.jsonl") if reject.get("test") == "teval:query_7"]
    assert [reject["id"] for reject in found] == [seed[3]["id"]] and found[0]["reason"] == "contaminated"
    assert not any(reject.get("test") == "teval:query_8" for reject in lines(folder / "rejected.jsonl"))


def test_words_that_two_outside_queries_share_count_for_each_of_them():
    shared = "every morning when I get up please look at the weather of the town where I live and then"
    first, second = f"{shared} tell me about it", f"{shared} write a long letter about the state of the sky and the wind over the sea to my old aunt"
    own, outside = dedup.query_print(f"{shared} tell me how warm it is"), [dedup.query_print(query) for query in (first, second)]
    assert dedup.near_outside([own], outside[:1], 0.99, 0.5) == {0: 0}
    assert 0 in dedup.near_outside([own], outside, 0.99, 0.5) and 0 in dedup.near_outside([own], outside[::-1], 0.99, 0.5)


def test_a_test_of_an_earlier_dataset_that_is_gone_is_told_and_what_is_near_it_is_not_trained_on(bench):  # noqa: F811
    seed = [record(number) for number in range(60)]
    first = bench(seed, None, "--test-size", "8", output="first")
    gone = lines(first / "test_id.jsonl")[0]["id"]
    anew = [{**item, "id": "scraped-anew"} if item["id"] == gone else item for item in seed]
    second = bench(anew, None, "--tests-from", str(first), output="second")
    assert "every_earlier_test_is_there" in bench.printed.err
    assert json.loads((second / "stats.json").read_text())["assertions"]["every_earlier_test_is_there"] is False
    (reject,) = [item for item in lines(second / "rejected.jsonl") if item["id"] == "scraped-anew"]
    assert (reject["reason"], reject["test"]) == ("contaminated", gone)
    bench(seed, None, "--tests-from", str(first), output="third")
    assert "every_earlier_test_is_there" not in bench.printed.err


def test_a_record_that_is_left_out_of_the_dataset_drops_no_other(bench):  # noqa: F811
    seed = [record(number) for number in range(30)]
    twin = {**seed[5], "id": "z-twin", "query": "Another request altogether for somebody else"}
    seed[5] = {**seed[5], "query": arrange.task_requests()["task:guess-the-number"]}
    folder = bench([*seed, twin], None)
    dropped = {item["id"]: item["reason"] for item in lines(folder / "rejected.jsonl")}
    assert dropped.get(seed[5]["id"]) == "contaminated" and "z-twin" not in dropped


def test_a_record_near_the_request_of_a_task_is_dropped_without_a_flag(bench):  # noqa: F811
    seed = [record(number) for number in range(30)]
    seed[5]["query"] = arrange.task_requests()["task:guess-the-number"]
    found = [reject for reject in lines(bench(seed, []) / "rejected.jsonl") if reject["reason"] == "contaminated"]
    assert [(reject["id"], reject["test"]) for reject in found] == [(seed[5]["id"], "task:guess-the-number")]


def test_half_of_another_querys_ngrams_are_enough_to_be_near_it():
    outside = dedup.query_print("one two three four five six seven eight nine ten eleven twelve")
    own = [dedup.query_print("x y z one two three four five six seven eight nine ten eleven and quite another ending of it all here"),
           dedup.query_print("nothing of the kind is said in this one at all whatever one may think of it")]
    assert dedup.near_outside(own, [outside], 0.8, 0.5) == {0: 0}


def test_files_of_another_kind_are_told_in_one_line(tmp_path):
    (tmp_path / "x.json").write_text('{"a": 1}')
    with pytest.raises(UserError, match="T-Eval"):
        arrange.teval_queries(tmp_path / "x.json")
    with pytest.raises(UserError, match="finished dataset"):
        arrange.earlier_tests(tmp_path)
    with pytest.raises(UserError, match="list of records"):
        list(published.rows(tmp_path / "x.json"))
