"""Setting up: one line for a Python that is too old and for a missing package; exact versions of what was tested; extras that are true."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from common import environment
from tests import stage_runs
from tests.conftest import ROOT

STAGES = sorted(ROOT.glob("0?_*.py"))
OLD = (3, 8)  # the oldest Python that is told in words
PYENV = Path.home() / ".pyenv" / "versions"


def old_python() -> str:
    """A Python of 3.8 to 3.10, if this machine has one."""
    found = {shutil.which(f"python3.{minor}") for minor in (8, 9, 10)} | {str(path) for path in PYENV.glob("3.[89].*/bin/python")}
    found |= {str(path) for path in PYENV.glob("3.10.*/bin/python")}
    for path in sorted(filter(None, found)):
        if not subprocess.run([path, "-c", ""], capture_output=True).returncode:
            return path
    pytest.skip("no Python 3.8 to 3.10 on this machine")


def as_python(version: tuple[int, int, int], script: Path) -> subprocess.CompletedProcess[str]:
    """Run a stage in a Python that says it is of another version."""
    code = (f"import runpy, sys; sys.version_info, sys.version = {version}, '{'.'.join(map(str, version))} (old)'; "
            f"sys.path.insert(0, {str(ROOT)!r}); runpy.run_path({str(script)!r}, run_name='__main__')")  # fmt: skip
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)


def without(package: str, script: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run a stage where a package cannot be imported."""
    code = (f"import runpy, sys; sys.modules[{package!r}] = None; sys.argv = {[script.name, *flags]}; "
            f"sys.path.insert(0, {str(ROOT)!r}); runpy.run_path({str(script)!r}, run_name='__main__')")  # fmt: skip
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)


def one_line(text: str) -> str:
    """The only line of what was said."""
    (line,) = text.splitlines()
    assert line.startswith("error: ")
    return line


# ---------------------------------------------------------------------------------------------------------------------------------
# Python


@pytest.mark.parametrize("script", STAGES, ids=lambda path: path.stem)
def test_a_stage_can_be_read_by_an_old_python_so_that_it_can_say_so(script: Path) -> None:
    for path in (script, ROOT / "common/__init__.py"):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=OLD)


@pytest.mark.parametrize("script", STAGES, ids=lambda path: path.stem)
def test_a_stage_imports_common_before_any_package_that_has_to_be_installed(script: Path) -> None:
    imported = [name for node in ast.parse(script.read_text(encoding="utf-8")).body
                for name in ([node.module] if isinstance(node, ast.ImportFrom) else
                             [alias.name for alias in node.names] if isinstance(node, ast.Import) else [])]  # fmt: skip
    foreign = [name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names]
    assert foreign[0].startswith("common")


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 10, 13)])
def test_a_stage_says_in_one_line_that_the_python_is_too_old(version: tuple[int, int, int]) -> None:
    ended = as_python(version, STAGES[1])
    assert ended.returncode == 1 and ended.stdout == ""
    assert "Python 3.11 or later is needed" in one_line(ended.stderr) and ".".join(map(str, version)) in ended.stderr


@pytest.mark.ci
def test_every_stage_and_make_setup_say_it_with_an_old_python_that_is_real(tmp_path: Path) -> None:
    python = old_python()
    for script in STAGES:
        ended = subprocess.run([python, script.name], capture_output=True, text=True, cwd=ROOT)
        assert ended.returncode == 1 and "Python 3.11 or later is needed" in one_line(ended.stderr), script.name
    made = subprocess.run(["make", "setup", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}"], capture_output=True, text=True, cwd=ROOT)
    assert made.returncode == 2 and made.stderr.startswith("error: Python 3.11 or later is needed") and "Traceback" not in made.stderr
    assert not (tmp_path / "venv").exists()


def test_the_lowest_python_is_said_alike_everywhere() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"] == ">=3.11"
    assert set(re.findall(r"Python (3\.\d+) or later", (ROOT / "README.md").read_text(encoding="utf-8"))) == {"3.11"}
    assert "sys.version_info < (3, 11)" in (ROOT / "common/__init__.py").read_text()


# ---------------------------------------------------------------------------------------------------------------------------------
# packages that are missing


@pytest.mark.parametrize("script", STAGES, ids=lambda path: path.stem)
def test_without_any_package_a_stage_says_in_one_line_how_to_get_them(script: Path) -> None:
    ended = subprocess.run([sys.executable, "-S", script.name, "--help"], capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == 1 and ended.stdout == ""
    line = one_line(ended.stderr)
    assert "is not installed" in line and "`make setup`" in line and "`source .venv/bin/activate`" in line


@pytest.mark.ci
def test_a_package_that_only_one_step_needs_is_named_in_one_line_too(tmp_path: Path) -> None:
    shortcuts, workflows, seed = (tmp_path / f"{name}.jsonl" for name in ("shortcuts", "workflows", "seed"))
    shutil.copy(ROOT / "examples/Pomodoro.shortcut", tmp_path)
    stage_runs.run("01", "--folder", tmp_path, "--output", shortcuts)
    stage_runs.run("02", "--input", shortcuts, "--output", workflows)
    stage_runs.run("03", "--input", workflows, "--output", seed, "--writer", "offline")
    ended = without("datasketch", STAGES[5], "--input", str(seed), "--generated", "/dev/null", "--output", str(tmp_path / "bench"))
    assert ended.returncode == 1 and "Python package datasketch is not installed" in one_line(ended.stderr)


def test_a_fault_in_the_project_itself_keeps_its_traceback() -> None:
    for statement in ("import common.nothing", "1 / 0"):
        ended = subprocess.run([sys.executable, "-c", f"import common; {statement}"], capture_output=True, text=True, cwd=ROOT)
        assert ended.stderr.startswith("Traceback")


# ---------------------------------------------------------------------------------------------------------------------------------
# versions


@pytest.mark.ci
def test_the_environment_is_that_of_constraints() -> None:
    pytest.importorskip("torch", reason="an environment without PyTorch is not whole")
    assert environment.disagreements(*environment.tested(), environment.written()) == []


def test_constraints_are_exact_public_versions_in_order_and_name_no_place() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(set(names)) and len(names) > 90
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in lines)
    assert not {"torch", "triton"} & environment.written().keys()


def test_every_direct_requirement_is_in_constraints_or_exact_itself() -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    file = environment.written()
    for requirement in map(Requirement, environment.requirements("cpu", "gpu", "dev")):
        version = file.get(canonicalize_name(requirement.name))
        assert requirement.specifier.contains(version) if version else str(requirement.specifier).startswith("=="), requirement


def test_a_package_that_differs_or_is_missing_or_is_known_to_be_bad_is_a_disagreement() -> None:
    def said(here: dict[str, str], file: dict[str, str]) -> str:
        (line,) = environment.disagreements(here, {"colorama"}, file)
        return line

    assert said({"a": "1"}, {}) == "a 1 is installed, and constraints.txt does not have it"
    assert said({"a": "2"}, {"a": "1"}) == "a 2 is installed, constraints.txt has 1"
    assert said({}, {"a": "1"}) == "a is in constraints.txt, and nothing needs it"
    assert "less than 3.14.4" in said({"aiohttp": "3.14.3"}, {"aiohttp": "3.14.3"})
    assert environment.disagreements({"a": "1"}, {"colorama"}, {"a": "1", "colorama": "9"}) == []


def test_every_line_of_requirements_has_its_reason() -> None:
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert lines and all("  # " in line for line in lines)


@pytest.mark.ci
def test_the_extras_bring_what_they_say(tmp_path: Path) -> None:
    pytest.importorskip("setuptools", minversion="77", reason="builds the metadata without a network")
    for name in ("pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    report = tmp_path / "report.json"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps", "--no-build-isolation",
                    "--report", str(report), str(tmp_path)], check=True, capture_output=True, env={**os.environ, "PIP_NO_INDEX": "1"})
    (package,) = json.loads(report.read_text())["install"]
    brought = package["metadata"]["requires_dist"]
    assert sorted(line for line in brought if "extra ==" not in line) == sorted(map(normal, environment.requirements()))
    assert package["metadata"]["provides_extra"] == ["cpu", "gpu", "assistant", "dev"]
    plain = len(environment.requirements())
    for extra in ("cpu", "gpu", "assistant", "dev"):
        assert len([line for line in brought if f'extra == "{extra}"' in line]) == len(environment.requirements(extra)) - plain > 0


def normal(requirement: str) -> str:
    from packaging.requirements import Requirement

    return str(Requirement(requirement))


# ---------------------------------------------------------------------------------------------------------------------------------
# progress


def installing(tmp_path: Path, line: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Install with a pip that says one line, and ends."""
    pip = tmp_path / "python"
    pip.write_text(f"#!/bin/sh\necho '{line}'\nsleep 0.5\nexit {code}\n")
    pip.chmod(0o755)
    run = f"import sys; from common import environment; environment.QUIET_BEAT, sys.executable = 0.1, {str(pip)!r}; sys.exit(environment.install())"
    return subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, cwd=ROOT)


@pytest.mark.ci
@pytest.mark.parametrize(("line", "said"), [
    ("  Downloading torch-2.13.0-cp311-none-linux.whl (530.7 MB)", "downloading torch-2.13.0-cp311-none-linux.whl (530.7 MB)"),
    ("Installing collected packages: a, b, c", "unpacking 3 packages"),
    ("  Building wheel for pyliblzfse (setup.py): started", "building wheel for pyliblzfse"),
    ("Collecting a", "looking for packages"),
])  # fmt: skip
def test_setup_says_what_comes_and_what_pip_is_at(tmp_path: Path, line: str, said: str) -> None:
    ended = installing(tmp_path, line)
    first, *beats, last = ended.stdout.splitlines()
    assert ended.returncode == 0 and "GB" in first and re.fullmatch(r"installed in \d+ s", last)
    assert beats and all(re.fullmatch(r"  \d+ s: .*", beat) for beat in beats) and said in beats[-1]


def test_setup_that_fails_says_so_last_and_leaves_no_mark_of_success(tmp_path: Path) -> None:
    ended = installing(tmp_path, "Collecting a", code=1)
    assert ended.returncode == 1 and ended.stderr.splitlines()[-1].startswith("error: pip failed")
