"""The files that people load: the two of a split and the Parquet, through `datasets` and through our own reader.

Run with `python -m pytest tests/test_dataset_files.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_filter_merge import Bench, bench, record  # noqa: F401 (a fixture)

from common import jsonl
from common.dataset import files
from common.jsonl import UserError

TRICKY = "772", "null", "[1]", "{}", "true", "1e5", '"a"', "", "NaN", "-0", "a\nb"
VALUES = st.recursive(st.sampled_from(TRICKY) | st.integers(-(2**53), 2**53) | st.booleans(),
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("a", "b", "772")), inner, max_size=3))
FIELDS = st.fixed_dictionaries(
    {"id": st.uuids().map(str), "origin": st.sampled_from(("seed", "synthetic")), "query": st.sampled_from(TRICKY), "code": st.sampled_from(TRICKY[:6]),
     "apis": st.lists(st.sampled_from(TRICKY), min_size=1, max_size=3), "messages": st.lists(st.fixed_dictionaries(
         {"role": st.sampled_from(("user", "assistant")), "content": st.sampled_from(TRICKY)}), min_size=1, max_size=3), "shortened": st.booleans()},
    optional={"plan": st.sampled_from(TRICKY), "name": st.sampled_from(TRICKY), "residue": st.dictionaries(st.sampled_from(TRICKY), VALUES, max_size=3),
              "apps": st.lists(st.sampled_from(TRICKY), max_size=2), "diagnostics": st.lists(st.dictionaries(st.sampled_from("ab"), VALUES), max_size=2),
              "of_its_own": VALUES, "other": VALUES})  # fmt: skip


def write(folder: Path, split: str, records: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    folder.mkdir(parents=True, exist_ok=True)
    made = [files.divided(item, split) for item in records]
    for path, part in zip(files.paths(folder, split), zip(*made, strict=True), strict=True):
        path.write_bytes(b"".join(map(jsonl.encode, part)))
    return made


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """load_dataset, offline and with a cache of its own."""
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    yield lambda *names, **options: datasets.load_dataset(*names, cache_dir=str(tmp_path / "cache"), **options)
    datasets.enable_progress_bars()


@given(st.lists(FIELDS, min_size=1, max_size=4))
def test_every_record_has_the_same_fields_of_the_same_types_and_is_read_back(tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]) -> None:
    folder = tmp_path_factory.mktemp("dataset")
    for first, extra in write(folder, "train", records):
        assert tuple(first) == files.COLUMNS and tuple(extra) == files.EXTRA_COLUMNS and set(map(type, extra.values())) == {str}
        assert [type(first[name]) for name in files.COLUMNS] == [str] * 6 + [list] * 3 + [bool]
    for before, after in zip(records, files.joined(folder, "train"), strict=True):
        assert {name: after[name] for name in before} == before


@pytest.mark.ci
def test_texts_that_look_like_json_stay_texts_in_every_way_of_loading(tmp_path: Path, load: Any) -> None:
    import pyarrow.parquet as parquet

    from common.dataset import export

    records = [{"id": f"r{number}", "origin": "seed", "query": text, "code": text, "apis": [text], "messages": [{"role": "user", "content": text}],
                **dict.fromkeys(files.TEXTS, text), "source": {text: text}, "residue": 772 if number % 2 else text, "comments": {str(number): [number]},
                "apps": [] if number < 9 else [text]} for number, text in enumerate(TRICKY)]  # fmt: skip
    made = {split: write(tmp_path, split, records) for split in ("train", "test_id", "test_ood")}["train"]
    export.write_parquet(tmp_path)
    for place, path in enumerate(files.paths(tmp_path, "train")):
        assert load("json", data_files=str(path), split="train").to_list() == [pair[place] for pair in made]
    whole = [{**first, **extra} for first, extra in made]
    assert parquet.read_table(tmp_path / "train.parquet").to_pylist() == whole
    assert load("parquet", data_files=str(tmp_path / "train.parquet"), split="train").to_list() == whole


@pytest.mark.ci
def test_an_odd_record_behind_the_block_that_decides_the_types_does_not_change_how_a_file_loads(tmp_path: Path, load: Any) -> None:
    plain = {"id": "r", "origin": "seed", "query": "q", "code": "c" * 1000, "residue": "r" * 1000, "apis": ["a"], "messages": [{"role": "user", "content": "m"}]}
    odd = {**plain, "shortened": True, "plan": "1", "apps": ["x"], "residue": {"a": [1, "1", None]}, "diagnostics": [{"line": 1}], "own": 1.5}
    lines = [(jsonl.encode(first), jsonl.encode(extra)) for first, extra in (files.divided(item, "train") for item in (plain, odd))]
    for place, path in enumerate(files.paths(tmp_path, "train")):
        path.write_bytes(lines[0][place] * 11_999 + lines[1][place])
        assert path.stat().st_size > 11 << 20  # a block of the loader has 10 MiB
        found = load("json", data_files=str(path), split="train")
        assert len(found) == 12_000 and found[-1] == orjson.loads(lines[1][place]) and found[0] == orjson.loads(lines[0][place])


@pytest.mark.ci
def test_a_written_folder_loads_with_each_split_by_itself(bench: Bench, load: Any) -> None:  # noqa: F811
    folder = bench([record(number) for number in range(60)], [record(number, "synthetic") for number in range(100, 160)])
    loaded = load(str(folder))
    assert set(loaded) == {"train", "test_id", "test_ood"}
    for split, found in loaded.items():
        assert found.to_list() == [{**first, **extra} for first, extra in files.pairs(folder, split)] != []


@pytest.mark.parametrize(("kept", "said"), [(2, "record 3: id r2 in .*train.jsonl, nothing more in .*train.extra.jsonl"),
                                            ((0, 2, 1), "record 2: id r1 in .*, id r2 in"), ((0, 1, 2, 2), "record 4: nothing more in .*, id r2")])  # fmt: skip
def test_files_that_do_not_match_are_one_clear_error(tmp_path: Path, kept: Any, said: str) -> None:
    write(tmp_path, "train", [{**record(number), "id": f"r{number}", "origin": "seed", "messages": [{"role": "user", "content": "m"}]} for number in range(3)])
    path = files.paths(tmp_path, "train")[1]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[number] for number in (range(kept) if isinstance(kept, int) else kept)))
    with pytest.raises(UserError, match=said):
        list(files.joined(tmp_path, "train"))


def test_json_text_that_is_none_is_named_with_its_field(tmp_path: Path) -> None:
    ((_, extra),) = write(tmp_path, "train", [{**record(1), "origin": "seed", "messages": [{"role": "user", "content": "m"}]}])
    files.paths(tmp_path, "train")[1].write_bytes(jsonl.encode({**extra, "residue": "{"}))
    with pytest.raises(UserError, match='train.extra.jsonl: record 1: field "residue": JSON text is expected'):
        list(files.joined(tmp_path, "train"))
