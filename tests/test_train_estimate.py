"""What a run would take, before it is begun: `python -m pytest tests/test_train_estimate.py`."""

from __future__ import annotations

import orjson
import pytest
from train_runs import Killed, kill

from common.training import estimate

pytest_plugins = ["train_fixtures"]


@pytest.fixture
def dry(train, very_small, data, tmp_path, capfd, monkeypatch):
    """Run the stage dry: dry("name", "--steps", 12) -> (exit code, the summary, what was said)."""
    from train_fixtures import flags

    monkeypatch.setattr(estimate, "SECONDS", 0.0)

    def go(name, *argv, base="tiny"):
        capfd.readouterr()
        code = train.main(train.arguments([str(part) for part in [*flags(data, base, tmp_path / name), *argv, "--dry-run"]]))
        shown = capfd.readouterr()
        return code, orjson.loads(shown.out.splitlines()[-1]), shown.err

    return go


def test_a_dry_run_says_what_the_run_takes_and_leaves_nothing_behind(dry, tmp_path):
    code, found, said = dry("run")
    assert code == 0 and found["dry_run"] and (found["steps"], found["samples"] + found["validation"], found["rejected"]) == (12, 20, 0)
    assert found["parameters"] == found["trained"] > 0 and found["measured_steps"] == estimate.ENOUGH
    assert "12 steps over" in said and "tokens a second" in said and "memory of the first device" in said
    assert not (tmp_path / "run").exists()


def test_its_counts_are_those_of_the_run(dry, run, tmp_path):
    _, found, _ = dry("run", "--validation-share", 0, "--rows", 5)
    _, _, rows = run("run", "--validation-share", 0, "--rows", 5)
    assert found["steps"] == len(rows) == 12
    checkpoints = tmp_path / "run/checkpoints"
    last = checkpoints / orjson.loads((checkpoints / "last.json").read_bytes())["folder"]
    assert found["checkpoint_bytes"] == pytest.approx(sum(path.stat().st_size for path in last.iterdir()), rel=0.1)


def test_tokens_are_those_of_the_epochs(dry, data, tmp_path):
    _, once, _ = dry("once", "--validation-share", 0, "--steps", 1, "--rows", 99)
    _, thrice, _ = dry("thrice", "--validation-share", 0, "--steps", 3, "--rows", 99)
    assert once["steps"] == 1 and thrice["tokens"] == 3 * once["tokens"]


def test_of_an_adapter_only_its_own_parameters_are_trained(dry, base):
    _, found, _ = dry("lora", "--lora-rank", 4, base=base)
    assert 0 < found["trained"] < found["parameters"] / 2
    assert found["optimizer_bytes"] == 2 * found["gradients_bytes"] == 2 * 4 * found["trained"]
    assert found["checkpoint_bytes"] == 3 * 4 * found["trained"]


def test_what_is_left_of_a_stopped_run_is_measured_and_the_run_goes_on_unchanged(dry, run, at_step, tmp_path):
    at_step(8, kill)
    with pytest.raises(Killed):
        run("killed")
    before = {path: path.read_bytes() for path in (tmp_path / "killed").rglob("*") if path.is_file()}
    _, found, said = dry("killed")
    assert found["steps"] == 12 - 5 and "going on after step 5" in said  # the last checkpoint before the eighth step
    assert {path: path.read_bytes() for path in (tmp_path / "killed").rglob("*") if path.is_file()} == before


def test_of_a_run_that_was_killed_behind_its_last_step_nothing_is_left_to_measure(dry, run, tmp_path):
    run("run", "--steps", 4)
    (tmp_path / "run" / "summary.json").unlink()
    code, found, said = dry("run", "--steps", 4)
    assert (code, found["steps"]) == (0, 0) and "all steps are done" in said


def test_the_time_holds_validation(dry):
    _, without, _ = dry("a", "--validation-share", 0)
    assert without["run_seconds"] == pytest.approx(without["tokens"] / without["tok_per_s"], rel=0.01)
    _, found, _ = dry("b", "--validation-share", 0.5)
    assert found["run_seconds"] > found["tokens"] / found["tok_per_s"]


def test_max_minutes_says_how_many_steps_it_leaves_and_does_not_shorten_what_all_would_take(dry):
    _, short, said = dry("a", "--steps", 5000, "--max-minutes", 0.05)
    assert short["run_seconds"] > 3 and short["steps_in_time"] == pytest.approx(5000 * 3 / short["run_seconds"], abs=2)
    assert f"--max-minutes 0.05 ends it after some {short['steps_in_time']:,} steps" in said
    _, enough, said = dry("b", "--max-minutes", 1000)
    assert enough["steps_in_time"] == enough["steps"] == 12 and "ends it" not in said


def test_a_dry_run_that_is_stopped_says_so_by_its_exit_code(dry, train):
    train.Stop.wanted = True
    try:
        assert dry("run")[0] == 130
    finally:
        train.Stop.wanted = False


def test_bytes_are_told_in_the_unit_that_fits():
    assert (estimate.gigabytes(16e9), estimate.gigabytes(5.8e6)) == ("16.00 GB", "5.8 MB")
