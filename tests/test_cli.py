"""The command line that all stages share: resume, rejects, shards, Ctrl-C, exit codes. `python -m pytest tests/test_cli.py`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import orjson
import pytest

from common import cli, jsonl
from common.jsonl import UserError
from tests import stage_runs

ROOT = Path(__file__).resolve().parents[1]
STAGES = sorted(ROOT.glob("0[1-8]_*.py"))

# A stage as small as can be: it copies records, drops those that say so, and can be made to wait.
STAGE = """
    import os, sys, time
    from common import cli
    def main():
        args = cli.parser("Copy.", "in.jsonl", "out.jsonl").parse_args()
        with cli.Run("copy", args) as run:
            for record in run.records("n"):
                if record["n"] % 3 == 0:
                    run.reject(record["id"], cli.Reject("third", "every third"))
                else:
                    run.write({"id": record["id"], "twice": 2 * record["n"]})
                if "WAIT" in os.environ:
                    print("at", record["n"], flush=True); time.sleep(float(os.environ["WAIT"]))
            return run.finish(seen=run.read)
    cli.start(main)
"""


@pytest.fixture
def stage(tmp_path):
    """Runs the stage above on ten records; returns a function of its arguments."""
    script = tmp_path / "small_stage.py"
    script.write_text(textwrap.dedent(STAGE))
    (tmp_path / "in.jsonl").write_bytes(b"".join(jsonl.encode({"id": f"r{n}", "n": n}) for n in range(10)))

    def run(*arguments, **environment):
        return stage_runs.start_script(script, *arguments, cwd=tmp_path, **environment).wait()

    return run


@pytest.mark.parametrize(("parse", "taken", "refused"), [
    (cli.positive_int, ["1", "7"], ["0", "-1", "x"]), (cli.count, ["0", "7"], ["-1", "1.5"]),
    (cli.seed, ["0", "4294967295"], ["-1", "4294967296", "x"]),
    (cli.positive, ["1e-9", "3"], ["0", "-1", "inf", "nan", "x"]), (cli.amount, ["0", "5"], ["-1e-9", "inf", "nan"]),
    (cli.share, ["0", "0.5", "1"], ["-0.1", "1.1", "nan"]),
])
def test_a_number_outside_its_range_is_refused(parse, taken, refused):
    assert [parse(text) for text in taken] == [pytest.approx(float(text)) for text in taken]
    for text in refused:
        with pytest.raises((argparse.ArgumentTypeError, ValueError)):
            parse(text)


def figures(result) -> dict:
    return orjson.loads(result.stdout.splitlines()[-1])


def test_a_run_sums_up_and_a_second_one_does_nothing_twice(stage, tmp_path):
    first, second = stage(), stage()
    assert figures(first) | {"seconds": 0} == {"stage": "copy", "read": 10, "written": 6, "rejected": 4, "skipped": 0, "seconds": 0, "seen": 10}
    assert (figures(second)["written"], figures(second)["rejected"], figures(second)["skipped"]) == (0, 0, 10)
    assert [record["id"] for record in jsonl.read(tmp_path / "out.jsonl")] == ["r1", "r2", "r4", "r5", "r7", "r8"]
    assert next(jsonl.read(tmp_path / "out.rejected.jsonl")) == {"id": "r0", "reason": "third", "detail": "every third"}


def test_limit_counts_the_input_and_overwrite_starts_anew(stage):
    assert figures(stage("--limit", "4"))["read"] == 4
    assert figures(stage())["skipped"] == 4
    assert figures(stage("--overwrite"))["written"] == 6


@pytest.mark.parametrize("first", [0, 1])
def test_an_array_job_takes_its_part(stage, tmp_path, first):
    for index in (first, first + 1):
        stage(SLURM_ARRAY_TASK_ID=str(index), SLURM_ARRAY_TASK_COUNT="2", SLURM_ARRAY_TASK_MIN=str(first), SLURM_ARRAY_TASK_MAX=str(first + 1))
    parts = [[record["id"] for record in jsonl.read(tmp_path / f"out.{index}-of-2.jsonl")] for index in range(2)]
    assert sorted(parts[0] + parts[1]) == ["r1", "r2", "r4", "r5", "r7", "r8"] and all(parts)


def test_an_array_with_gaps_must_be_told_its_parts(stage, tmp_path):
    some = {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_ARRAY_TASK_MIN": "3", "SLURM_ARRAY_TASK_MAX": "7"}
    refused = stage(**some)
    assert refused.returncode == 2 and "task 7 of a job array with gaps" in refused.stderr and not (tmp_path / "out.jsonl").exists()
    assert "array" not in stage("--shard", "7/8", **some).stderr and (tmp_path / "out.7-of-8.jsonl").exists()


def test_a_task_that_is_submitted_again_by_itself_must_be_told_its_part(stage, tmp_path):
    alone = {"SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_COUNT": "1", "SLURM_ARRAY_TASK_MIN": "5", "SLURM_ARRAY_TASK_MAX": "5"}
    refused = stage(**alone)
    assert refused.returncode == 2 and "task 5 of a job array that begins at 5" in refused.stderr and not list(tmp_path.glob("out*"))
    assert stage("--shard", "5/8", **alone).returncode == 0 and (tmp_path / "out.5-of-8.jsonl").exists()


@pytest.mark.ci
def test_the_first_interrupt_drains_and_the_same_command_goes_on(tmp_path, stage):
    process = subprocess.Popen([sys.executable, tmp_path / "small_stage.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
                               env={**os.environ, "PYTHONPATH": str(ROOT), "WAIT": "0.05"})
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130 and "goes on" in errors and "Traceback" not in errors
    done = orjson.loads(output.splitlines()[-1])["read"]
    assert 1 <= done < 10
    assert figures(stage())["skipped"] == done


# Runs a script, or the module `shortcuts`, and interrupts it at the first import behind that of `common`, or of the package.
AT_A_TERMINAL = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # else as the tests were started
INTERRUPTED = f"""
    import os, runpy, signal, sys
    class Interrupt:
        @staticmethod
        def find_spec(name, *_):
            if name in ("argparse", "orjson"):
                os.kill(os.getpid(), signal.SIGINT)
    sys.meta_path.insert(0, Interrupt)
    sys.path.insert(0, {str(ROOT)!r})
    what, sys.argv = sys.argv[1], sys.argv[2:]
    runpy.run_path(what, run_name="__main__") if what.endswith(".py") else runpy.run_module(what, run_name="__main__")
"""


@pytest.mark.parametrize("script", STAGES, ids=lambda path: path.stem)
def test_an_interrupt_while_a_stage_is_loaded_is_one_line(script):
    ended = subprocess.run([sys.executable, "-c", AT_A_TERMINAL + textwrap.dedent(INTERRUPTED), script, script.name], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (130, "") and ended.stderr == "interrupted; nothing was written, run it again\n"


def test_an_interrupt_while_the_command_of_the_package_is_loaded_says_nothing():
    ended = subprocess.run([sys.executable, "-c", AT_A_TERMINAL + textwrap.dedent(INTERRUPTED), "shortcuts", "-m", "stats"], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_an_interrupt_that_is_to_be_ignored_stays_so_while_a_stage_is_loaded():
    """As in the background of a script."""
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); " + textwrap.dedent(INTERRUPTED).strip()
    ended = subprocess.run([sys.executable, "-c", code, STAGES[1], STAGES[1].name, "--help"], capture_output=True, text=True)
    assert ended.returncode == 0 and ended.stderr == "" and "--help" in ended.stdout


def interrupted() -> int:
    raise KeyboardInterrupt


def test_an_interrupt_says_that_nothing_was_written_unless_results_are_saved(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["06_filter_merge.py", "--overwrite"])
    monkeypatch.setattr(cli, "_goes_on", False)
    for told in ("interrupted; nothing was written, run it again\n",
                 "interrupted; what was done is saved, and the same command goes on: python 06_filter_merge.py\n"):
        with pytest.raises(SystemExit, match="130"):
            cli.start(interrupted)
        assert capsys.readouterr().err == told
        cli.saves_what_is_done()


def test_the_command_to_go_on_with_keeps_overwrite_where_nothing_is_saved(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["05_annotate.py", "--query", "x", "--overwrite"])
    monkeypatch.setattr(cli, "_goes_on", False)
    assert cli.command() == "python 05_annotate.py --query x --overwrite"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", ["02_transcribe.py examples", "-m shortcuts read examples", "-m shortcuts stats"])
def test_a_stdout_that_is_full_is_one_line(command):
    with open("/dev/full", "w") as full:
        ended = subprocess.run([sys.executable, *command.split()], stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    said = "error: stdout: cannot be written: No space left on device; free some space and run the same command again\n"
    assert (ended.returncode, ended.stderr) == (1, said)


@pytest.mark.ci
def test_two_runs_do_not_write_one_file(stage, tmp_path):
    first = stage_runs.start_script(tmp_path / "small_stage.py", cwd=tmp_path, WAIT="1")
    while not (tmp_path / "out.jsonl").exists() or not (tmp_path / "out.jsonl").stat().st_size:
        assert first.poll() is None
        time.sleep(0.002)
    second = stage()
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert second.returncode == 1 and "another run is writing it" in second.stderr


def test_reading_and_writing_one_file_is_refused(stage):
    result = stage("--output", "in.jsonl")
    assert result.returncode == 1 and "same file" in result.stderr


def test_shards_are_a_partition():
    ids = [f"id {number}" for number in range(200)]
    assert all(sum(cli.in_shard(identifier, (index, 7)) for index in range(7)) == 1 for identifier in ids)


@pytest.mark.parametrize("script", STAGES, ids=lambda path: path.stem)
def test_every_stage_explains_itself_with_commands_to_copy(script):
    result = stage_runs.start_script(script, "--help").wait()
    assert result.returncode == 0 and f"python {script.name}" in result.stdout


@pytest.mark.parametrize("script", STAGES, ids=lambda path: path.stem)
def test_every_stage_refuses_a_flag_it_does_not_know(script):
    result = stage_runs.start_script(script, "--no-such-flag").wait()
    assert result.returncode == 2 and "--no-such-flag" in result.stderr


def test_all_eight_stages_are_there():
    assert [path.name[:2] for path in STAGES] == [f"0{number}" for number in range(1, 9)]


# ---------------------------------------------------------------------------------------------------------------------------------
# mistakes of the caller's cost nothing


@pytest.fixture
def old(tmp_path, monkeypatch):
    """A finished output, and how to run over it: (path, function of the input's lines and flags -> run's exit code)."""
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "out.jsonl"
    output.write_bytes(b'{"id":"old"}\n')

    def go(work, *flags, lines=('{"id":"a"}', '{"id":"b"}'), source="in.jsonl"):
        (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
        monkeypatch.setattr(sys, "argv", ["stage.py", "--input", source, "--output", str(output), *flags])
        with cli.Run("small", cli.parser("", "x", "y").parse_args()) as run:
            for record in run.records("id"):
                work(run, record)
            return run.finish()

    return output, go


def keep(run, record):
    run.write(record)


def drop(run, record):
    run.reject(record["id"], cli.Reject("bad", "this \x1b[31mone\nis bad"))


@pytest.mark.parametrize("flags, source, lines", [
    (["--overwrite"], "typo.jsonl", []), (["--overwrite"], "in.jsonl", ["no JSON"]), (["--overwrite"], "out.jsonl", ['{"id":"a"}']),
])  # fmt: skip
def test_a_mistaken_input_leaves_the_output_as_it_was(old, flags, source, lines):
    output, go = old
    with pytest.raises(UserError):
        go(keep, *flags, source=source, lines=lines)
    assert output.read_bytes() == b'{"id":"old"}\n'


def test_overwrite_begins_anew_with_the_first_record(old):
    output, go = old
    assert go(keep, "--overwrite") == 0 and output.read_bytes() == b'{"id":"a"}\n{"id":"b"}\n'


def test_an_input_without_records_does_not_empty_an_output(old, capsys):
    output, go = old
    assert go(keep, "--overwrite", lines=[""]) == 0 and output.read_bytes() == b'{"id":"old"}\n'
    assert "unchanged, as no new record" in capsys.readouterr().err


def test_what_was_rejected_and_why_is_said_and_nothing_through_is_a_failure(old, capsys):
    _, go = old
    assert go(drop) == 1
    told = capsys.readouterr().err
    assert "2 of 2 rejected; nothing else came through" in told and "bad 2, such as a: this ?[31mone is bad" in told
    assert go(keep) == 0 and "2 skipped that earlier runs rejected" in capsys.readouterr().err


def test_a_fault_of_ours_is_one_reject_and_a_failed_run(old, capsys):
    def work(run, record):
        try:
            with cli.one_record():
                if record["id"] == "b":
                    raise IndexError("nobody foresaw this")
                run.write(record)
        except cli.Reject as reject:
            run.reject(record["id"], reject)

    output, go = old
    assert go(work) == 1 and output.read_bytes() == b'{"id":"old"}\n{"id":"a"}\n'
    assert "internal_error 1, such as b: IndexError at test_cli.py" in capsys.readouterr().err


def test_an_output_that_was_removed_meanwhile_is_a_failure(old):
    output, go = old

    def work(run, record):
        run.write(record)
        output.unlink(missing_ok=True)

    with pytest.raises(UserError, match="removed or replaced"):
        go(work)


def test_a_run_that_fails_at_once_leaves_no_empty_output(tmp_path, monkeypatch):
    (tmp_path / "in.jsonl").write_text("no JSON\n")
    monkeypatch.setattr(sys, "argv", ["stage.py", "--input", str(tmp_path / "in.jsonl"), "--output", str(tmp_path / "new.jsonl")])
    with pytest.raises(UserError), cli.Run("small", cli.parser("", "x", "y").parse_args()) as run:
        list(run.records("id"))
    assert not (tmp_path / "new.jsonl").exists()


def test_threads_that_wait_are_told_to_sleep_before_pytorch_is_loaded_unless_the_user_has_said_otherwise():
    told = "import os, sys; from common import cli; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    free = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    for environment, policy in ((free, "PASSIVE"), (free | {"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")):
        assert subprocess.check_output([sys.executable, "-c", told], cwd=ROOT, env=environment, text=True) == f"{policy} False\n"


@pytest.mark.parametrize("number", ["04", "05", "06", "07", "08"])
def test_a_seed_that_a_generator_would_not_take_is_refused_before_anything_is_made(number, monkeypatch, capsys):
    stage = stage_runs.load(number)
    monkeypatch.setattr(sys, "argv", [stage.__file__, "--seed", "-1"])
    with pytest.raises(SystemExit) as left:
        stage.arguments()
    assert left.value.code == 2 and "--seed: -1: a number from 0 to 4294967295" in capsys.readouterr().err


def test_of_two_records_with_one_id_the_first_is_taken_whatever_is_in_hand(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"id": "a", "n": 1}\n{"id": "b", "n": 2}\n{"id": "a", "n": 3}\n')
    args = cli.parser("", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl")).parse_args([])
    with cli.Run("test", args) as run:
        assert [record["n"] for record in list(run.records())] == [1, 2] and run.skipped == 1
