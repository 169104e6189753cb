"""The README's commands, read out of it: each is run here, or has a reason why not and flags that exist.

A new command fails until it stands in COMMANDS, with what it needs that a test has not.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import stage_runs
from tests.conftest import ROOT

IN_CI, NETWORK, KEY, GPU, MAC, SLURM, TRAINED = "is run by .ci/run", "network", "key", "GPU", "Mac", "SLURM", "a model that was trained for long"


class Command(NamedTuple):
    """How a command of the README is tested: run as it is, unless it needs something; then `stand_in` is run in its place, if any."""

    text: str
    needs: str = ""
    stand_in: str = ""
    slow: bool = False

    @property
    def run(self) -> str:
        return self.stand_in if self.needs else self.text


LLAMA = "meta-llama/Llama-3.1-8B"
COMMANDS = [
    Command("make setup", IN_CI),
    Command("make demo", IN_CI),
    Command("make test", IN_CI),
    Command("source .venv/bin/activate"),
    Command("python 02_transcribe.py --to-shortcut my_program.py --output ."),
    Command("shortcuts sign --mode anyone --input my_program.shortcut --output signed.shortcut", MAC),
    Command("python 05_annotate.py --query 'remind me to water the plants if no rain is forecast' --output rain.shortcut"),
    Command("python 05_annotate.py --query … --model runs/annotator --candidates 4 --repair --output mine.shortcut", TRAINED),
    Command("shortcuts sign --mode anyone --input rain.shortcut --output signed.shortcut", MAC),
    Command("python 01_scrape.py --folder my_shortcuts --links links.txt --contact you@example.org", NETWORK,
            "python 01_scrape.py --folder my_shortcuts"),
    Command("python 02_transcribe.py --workers 8"),
    Command("export OPENAI_API_KEY=…"),
    Command("python 03_thoughts.py --writer gpt-4o-mini --dry-run"),
    Command("python 03_thoughts.py --writer gpt-4o-mini --budget-usd 50", KEY, "python 03_thoughts.py --writer offline"),
    Command("python 04_expand.py --writer gpt-4o-mini --n 92000 --budget-usd 50", KEY, "python 04_expand.py --writer offline --n 20"),
    Command("python 06_filter_merge.py --generated /dev/null --output data/bench-seed"),
    Command(f"python 07_train.py --input data/bench-seed/train.jsonl --model {LLAMA} --lr 2e-4 --output runs/annotator", GPU,
            "python 07_train.py --input data/bench-seed/train.jsonl --model tiny --lr 2e-4 --steps 2 --output runs/annotator", slow=True),
    Command("python 05_annotate.py --model runs/annotator --candidates 4", GPU, "python 05_annotate.py"),
    Command(f"python 06_filter_merge.py --tests-from data/bench-seed --tokenizer {LLAMA}", NETWORK,
            "python 06_filter_merge.py --tests-from data/bench-seed"),
    Command(f"python 07_train.py --model {LLAMA} --lr 2e-4 --output runs/workflowllama", GPU,
            "python 07_train.py --model tiny --lr 2e-4 --steps 2 --output runs/workflowllama", slow=True),
    Command(f"python 08_eval.py --model {LLAMA} --model runs/workflowllama", GPU,
            "python 08_eval.py --model runs/workflowllama --limit 1 --max-new-tokens 40", slow=True),
    Command(f"vllm serve {LLAMA} --enable-lora --max-lora-rank 16 --lora-modules annotator=runs/annotator "
            "--chat-template runs/annotator/chat_template.jinja --max-model-len 8192", GPU),
    Command("python 05_annotate.py --model annotator --base-url http://localhost:8000/v1 --concurrency 256 --candidates 4 --repair", GPU),
    Command("bash runs/slurm/single_node.sh --lr 2e-4", SLURM),
    Command("bash runs/slurm/data_stages.sh --folder my_shortcuts", SLURM),
    Command("bash runs/slurm/chain.sh", SLURM),
    Command("sbatch --array=0-31 runs/slurm/serve_vllm.sh", SLURM),
]  # fmt: skip
BY_TEXT = {tuple(shlex.split(command.text)): command for command in COMMANDS}
SHARED_FLAGS = {"runs/slurm/data_stages.sh": "01_scrape.py"}  # the stage that takes a script's flags, where the script does not show it


def readme_commands() -> list[list[str]]:
    """The words of each command in a block of the README that is marked as bash."""
    blocks = re.findall(r"^```bash\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def stage_flags(words: list[str]) -> tuple[str, list[str]] | None:
    """The stage that a command starts and the flags that it gets, if it starts one."""
    if words[0] == "python" and re.fullmatch(r"0\d_\w+\.py", words[1]):
        return words[1], words[2:]
    if words[0] == "bash" and len(words) > 2:
        given = re.search(r'(0\d_\w+\.py)[^\n]*"\$@"', (ROOT / words[1]).read_text(encoding="utf-8"))
        return given[1] if given else SHARED_FLAGS[words[1]], words[2:]
    return None


def said_of_flags(stage: str, flags: list[str]) -> str:
    """What the stage's own parser says to these flags and one that surely does not exist."""
    return stage_runs.start_script(ROOT / stage, *flags, "--no-such-flag").wait().stderr.splitlines()[-1]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the tree as a reader has it after `make setup`, with the files that the README leaves to the reader."""
    if not Path(sys.prefix, "bin/activate").exists():
        pytest.skip("not in a virtual environment, which the commands activate")
    tree = tmp_path_factory.mktemp("readme") / "tree"
    skipped = shutil.ignore_patterns(".*", "data", "tests", "bench")  # __pycache__ comes along: to compile takes longer than most commands
    shutil.copytree(ROOT, tree, ignore=lambda folder, names: {*skipped(folder, names), *([n for n in names if "." not in n and n != "slurm"]
                                                                                         if Path(folder) == ROOT / "runs" else [])})
    (tree / ".venv").symlink_to(sys.prefix)
    (tree / "my_shortcuts").mkdir()
    for path in (ROOT / "examples").glob("[A-M]*.shortcut"):
        shutil.copy(path, tree / "my_shortcuts")
    shutil.copy(ROOT / "examples" / "Pomodoro.py", tree / "my_program.py")
    yield tree
    shutil.rmtree(tree, ignore_errors=True)


def run_all(tree: Path, commands: list[Command]) -> None:
    """Run commands in one shell after the other, as a reader would; each must end well and leave no traceback."""
    for command in commands:
        script = f"source .venv/bin/activate && export OPENAI_API_KEY=none HF_HUB_OFFLINE=1 && {command.run}"
        ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tree, timeout=300)
        assert ended.returncode == 0 and "Traceback" not in ended.stderr, f"{command.run}\n{ended.stdout}\n{ended.stderr}"


# ---------------------------------------------------------------------------------------------------------------------------------
# the tests


def test_every_command_of_the_readme_is_classified_and_no_other() -> None:
    shown = list(map(tuple, readme_commands()))
    assert [shlex.join(words) for words in shown if words not in BY_TEXT] == []
    assert [shlex.join(words) for words in BY_TEXT if words not in shown] == []


@pytest.mark.parametrize("words", [words for words in readme_commands() if stage_flags(words)], ids=" ".join)
def test_the_flags_of_a_command_exist(words: list[str]) -> None:
    stage, flags = stage_flags(words) or ("", [])
    assert said_of_flags(stage, flags).endswith("error: unrecognized arguments: --no-such-flag")


@pytest.mark.parametrize(("stage", "flags"), [("01_scrape.py", ["--foldr", "x"]), ("04_expand.py", ["--n", "many"])])
def test_a_flag_that_does_not_exist_or_a_value_that_will_not_do_would_be_seen(stage: str, flags: list[str]) -> None:
    assert not said_of_flags(stage, flags).endswith("error: unrecognized arguments: --no-such-flag")


def test_every_script_that_is_named_exists_and_is_shell() -> None:
    scripts = {word for words in readme_commands() for word in words if word.endswith(".sh")}
    assert scripts
    for script in scripts:
        subprocess.run(["bash", "-n", script], check=True, cwd=ROOT)


def test_what_is_said_to_be_run_by_ci_is() -> None:
    ci = (ROOT / ".ci/run").read_text()
    for command in COMMANDS:
        if command.needs == IN_CI:
            assert re.search(rf"^(\w+=\w+ )?{command.text}$", ci, re.M), command.text


@pytest.mark.ci
def test_the_commands_run_in_the_order_of_the_readme(copy: Path) -> None:
    run_all(copy, [command for command in COMMANDS if command.run and not command.slow])
    assert (copy / "my_program.shortcut").exists() and (copy / "rain.shortcut").exists() and (copy / "data/bench/train.jsonl").exists()


@pytest.mark.slow
def test_the_commands_that_train_and_score_run_too(copy: Path) -> None:
    run_all(copy, [command for command in COMMANDS if command.run])
    assert (copy / "data/eval/eval.html").exists() and (copy / "runs/workflowllama").is_dir()
