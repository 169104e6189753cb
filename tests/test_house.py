"""Imports run one way: from the stages to common/ to shortcuts/, and in no circle. `python bench/house.py` shows the whole picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import house
from bench.house import House


@pytest.fixture(scope="module")
def ours() -> House:
    return house.read()


@pytest.fixture
def small(tmp_path: Path) -> House:
    """A house with one fault of each kind."""
    files = {
        "01_first.py": "from common import cli\nimport importlib\nnext_stage = importlib.import_module('02_second')",
        "02_second.py": "from common.cli import _parser\nfrom common import cli\nfirst = cli._first, cli.__name__",
        "common/__init__.py": "",
        "common/cli.py": "def run():\n    from common import work\n",
        "common/top.py": "from common import cli",
        "common/work/__init__.py": "from common import cli",
        "common/work/tool.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from common.work.user import Tool",
        "common/work/user.py": "from common.work import tool",
        "shortcuts/__init__.py": "try:\n    from common.cli import run\nexcept ImportError:\n    pass",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return house.read(tmp_path)


def test_the_language_imports_nothing_else_of_the_project(ours: House) -> None:
    packages = {house.package_of(name) for name in ours.files}
    theirs = {found.target for found in ours.imports if house.package_of(found.importer) == "shortcuts"}
    assert {target for target in theirs if house.package_of(target) in packages - {"shortcuts"}} == set()


def test_nothing_imports_what_is_built_on_it_and_no_stage_another(ours: House) -> None:
    assert house.upward(ours) == []


@pytest.mark.parametrize("package", house.PACKAGES)
def test_no_modules_import_each_other(ours: House, package: str) -> None:
    assert house.circles(house.graph(ours, package, of_rooms=False)) == []


def test_no_file_uses_a_private_name_of_another(ours: House) -> None:
    assert house.private(ours) == []


def test_upward_imports_are_found_also_in_a_block_and_of_a_stage(small: House) -> None:
    assert house.upward(small) == ["01_first -> 02_second", "shortcuts -> common.cli"]


def test_a_circle_through_a_function_is_found_and_none_through_types(small: House) -> None:
    assert house.circles(house.graph(small, "common", of_rooms=False)) == [["common.cli", "common.work"]]
    assert house.circles(house.graph(small, "common", of_rooms=True)) == [["cli", "work"]]


def test_private_names_are_found_where_they_are_imported_and_as_attributes(small: House) -> None:
    assert house.private(small) == ["02_second: common.cli._first", "02_second: common.cli._parser"]


def test_an_import_runs_the_packages_around_its_target_but_not_those_around_the_importer() -> None:
    found = house.Import("common.llm.cache", "common.offline.prose.words", "", "words", "top")
    assert list(house.loaded(found)) == ["common.offline.prose.words", "common.offline.prose", "common.offline"]


def test_rooms_on_one_chain_are_floors_and_those_in_a_circle_share_one(small: House) -> None:
    figures = house.figures_of(small, "common")
    assert figures["rooms"]["work"] == {"files": 3, "lines": 2}
    assert (figures["floors"], figures["chain"], figures["arrows"]) == (2, ["top", "cli+work"], 3)
