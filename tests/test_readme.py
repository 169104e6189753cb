"""README and docs: their commands run and print what is shown, their links lead somewhere, what they name exists.

A new command fails until it is in COMMANDS, with what it needs that a test does not have.
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
import yaml

from tests import stage_runs
from tests.conftest import ROOT

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
GENERATED = ROOT / "docs" / "dialect.md"
DOCUMENTS = [README, ROOT / "CHANGELOG.md", *DOCS, *sorted(ROOT.glob("*/README.md")), *sorted(ROOT.glob("docs/*/README.md"))]
FOLDERS = "common|shortcuts|catalog|docs|examples|bench|tests|tasks|findings|skills"
FILE = re.compile(rf"(?<![\w/-])((?:{FOLDERS})(?:/[\w.-]+)+|0\d_\w+\.py|runs/[\w/]*\.sh)")

IN_CI, NETWORK, KEY, GPU, MAC, SLURM, TRAINED, GIT, BENCH = "is run by .ci/run", "network", "key", "GPU", "Mac", "SLURM", "a model that was trained for long", "a repository", "bench/, which the copy has not"


class Command(NamedTuple):
    """A command of a document and how it is tested: it runs as it is, unless it needs something; then `stand_in` runs, if there is one."""

    text: str
    needs: str = ""
    stand_in: str = ""
    slow: bool = False
    exit_code: int = 0

    @property
    def run(self) -> str:
        return self.stand_in if self.needs else self.text


LLAMA = "meta-llama/Llama-3.1-8B"
COMMANDS = {
    "README.md": [
        Command("make setup", IN_CI),
        Command("source .venv/bin/activate"),
        Command('python 02_transcribe.py "examples/Share My Wi-Fi.shortcut"'),
        Command('python 05_annotate.py --query "start a timer for 10 minutes" --output timer.shortcut'),
        Command("""echo "is_workflow_actions_showresult(Txt='Hello')" > hello.py"""),
        Command("python -m shortcuts write hello.py", exit_code=1),
        Command("make demo", IN_CI),
    ],
    "shortcuts/README.md": [
        Command('python -m shortcuts read "examples/Roll the Dice.shortcut"'),
        Command('python -m shortcuts explain "examples/Roll the Dice.shortcut"'),
        Command('python -m shortcuts run "examples/Roll the Dice.py"'),
        Command('python -m shortcuts check "examples/Roll the Dice.py"'),
        Command('python -m shortcuts write "examples/Roll the Dice.py" --output programs'),
        Command("python -m shortcuts search roll dice"),
        Command("python -m shortcuts show is_workflow_actions_number_random"),
        Command("echo '*.shortcut diff=shortcut' >> .gitattributes"),
        Command("""git config diff.shortcut.textconv "PYTHONPATH='$PWD' '$PWD/.venv/bin/python' -m shortcuts read\"""", GIT),
    ],
    "docs/machine.md": [
        Command('python -m shortcuts run "examples/Split the Bill.shortcut" --answer 90 --answer 4 --answer "10 %"'),
        Command('python -m shortcuts run "examples/Roll the Dice.py" --json'),
    ],
    "docs/assistants.md": [
        Command('pip install -c constraints.txt "mcp>=2.3,<3"', NETWORK),
        Command("python -m shortcuts serve --folder ~/Shortcuts", "a client that keeps stdin open",
                "python -m shortcuts serve --folder . < /dev/null"),
    ],
    "docs/report.md": [
        Command('python -m shortcuts check --report "examples/Heading Home.py"'),
    ],
    "docs/recipe.md": [
        Command("python 01_scrape.py --folder my_shortcuts --links links.txt --contact you@example.org", NETWORK,
                "python 01_scrape.py --folder my_shortcuts"),
        Command("python 02_transcribe.py --workers 8"),
        Command("export OPENAI_API_KEY=…"),
        Command("python 03_thoughts.py --writer gpt-4o-mini --dry-run"),
        Command("python 03_thoughts.py --writer gpt-4o-mini --budget-usd 50", KEY, "python 03_thoughts.py --writer offline"),
        Command("python 04_expand.py --writer gpt-4o-mini --count 92000 --budget-usd 50", KEY,
                "python 04_expand.py --writer offline --count 20"),
        Command("python 06_filter_merge.py --generated none --distractors 0 --output data/bench-seed"),
        Command(f"python 07_train.py --input data/bench-seed/train.jsonl --model {LLAMA} --output runs/annotator", GPU,
                "python 07_train.py --input data/bench-seed/train.jsonl --model tiny --steps 2 --output runs/annotator", slow=True),
        Command("python 05_annotate.py --model runs/annotator --candidates 4 --refine gpt-4o-mini --budget-usd 300", GPU, "python 05_annotate.py"),
        Command(f"python 06_filter_merge.py --tests-from data/bench-seed --tokenizer {LLAMA}", NETWORK,
                "python 06_filter_merge.py --tests-from data/bench-seed"),
        Command(f"python 07_train.py --model {LLAMA} --output runs/workflowllama", GPU,
                "python 07_train.py --model tiny --steps 2 --output runs/workflowllama", slow=True),
        Command(f"python 08_eval.py --model {LLAMA} --shots 0 1 --constrained both", GPU, "python 08_eval.py --limit 1"),
        Command("python 08_eval.py --model runs/workflowllama --constrained both", GPU,
                "python 08_eval.py --model runs/workflowllama --limit 1 --max-new-tokens 40", slow=True),
        Command("export HF_TOKEN=…"),
        Command("python 07_train.py --output runs/workflowllama --push me/workflowllama", NETWORK),
        Command("python 08_eval.py --model me/workflowllama", NETWORK),
        Command('python 05_annotate.py --query "remind me to water the plants if no rain is forecast" --output rain.shortcut'),
        Command("python 05_annotate.py --query … --model runs/annotator --candidates 4 --repair --output mine.shortcut", TRAINED),
        Command("python 05_annotate.py --query … --model gpt-4.1 --base-url https://api.openai.com/v1 --output other.shortcut", KEY),
        Command("python 05_annotate.py --edit rain.shortcut --query … --model gpt-4.1 --base-url https://api.openai.com/v1 --diff", KEY),
    ],
    "docs/reinforce.md": [
        Command("python 07_train.py --reinforce --model runs/workflowllama-merged --steps 200", GPU),
        Command("python 07_train.py --reinforce --model runs/corpus --input new.jsonl --max-minutes 15 "
                "--steps 1000 --warmup 0.05", TRAINED),
    ],
    "docs/cluster.md": [
        Command("bash runs/slurm/single_node.sh --dry-run", SLURM),
        Command("bash runs/slurm/multi_node.sh --batch-size 128", SLURM),
        Command('sbatch --array=0-63 --wrap "python 02_transcribe.py"', SLURM, "python 02_transcribe.py --shard 63/64"),
        Command("cat data/workflows.*-of-64.jsonl > data/workflows.jsonl"),
        Command("bash runs/slurm/data_stages.sh --folder my_shortcuts", SLURM),
        Command("bash runs/slurm/chain.sh", SLURM),
        Command("sbatch --array=0-31 runs/slurm/serve_vllm.sh", SLURM),
    ],
    "docs/edits.md": [
        Command('python 05_annotate.py --edit old.shortcut --query "also say the result aloud" --output new.shortcut --diff --model NAME --base-url URL', KEY),
        Command("python 06_filter_merge.py --edits 5"),
        Command("cat data/bench/train.jsonl data/bench/train.edits.jsonl > data/bench/both.jsonl"),
        Command("python 07_train.py --input data/bench/both.jsonl --output runs/both", TRAINED),
        Command("python 08_eval.py --edits --model runs/both", TRAINED, "python 08_eval.py --edits --limit 1"),
    ],
    "docs/writers.md": [
        Command(f"vllm serve {LLAMA} --enable-lora --max-lora-rank 16 --lora-modules annotator=runs/annotator "
                "--chat-template runs/annotator/chat_template.jinja --max-model-len 8192", GPU),
        Command("python 05_annotate.py --model annotator --base-url http://localhost:8000/v1 --no-primer --concurrency 256 --candidates 4 --repair", GPU),
    ],
    "tasks/README.md": [
        Command("python 08_eval.py --tasks"),
        Command("python 08_eval.py --tasks --model runs/tiny --samples 5", TRAINED),
        Command("python 08_eval.py --tasks --model m --base-url URL --dry-run"),
        Command("python bench/task_mutants.py --survivors", BENCH),
    ],
}  # fmt: skip
SHARED_FLAGS = {"runs/slurm/data_stages.sh": "01_scrape.py"}  # the stage that takes a script's flags, where the script does not show it


class Block(NamedTuple):
    """A fenced block of a document: its language and its lines."""

    language: str
    lines: list[str]

    def commands(self) -> list[list[str]]:
        """The words of each command of a bash block."""
        lines = "\n".join(self.lines).replace("\\\n", " ").splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]


def blocks(document: Path) -> list[Block]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", document.read_text(encoding="utf-8"), re.M | re.S)
    return [Block(language, body.splitlines()) for language, body in found]


def commands_in(document: Path) -> list[list[str]]:
    return [words for block in blocks(document) if block.language == "bash" for words in block.commands()]


ALL_COMMANDS = [words for name in COMMANDS for words in commands_in(ROOT / name)]


def prose(document: Path) -> str:
    """A document without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)


def spans(document: Path) -> list[str]:
    """The texts in backticks."""
    return re.findall(r"`([^`]+)`", prose(document))


def stage_flags(words: list[str]) -> tuple[str, list[str]] | None:
    """The stage that a command starts and the flags that it gets, if it starts one."""
    if words[0] == "python" and re.fullmatch(r"0\d_\w+\.py", words[1]):
        return words[1], words[2:]
    if words[0] == "bash" and len(words) > 2:
        given = re.search(r'(0\d_\w+\.py)[^\n]*"\$@"', (ROOT / words[1]).read_text(encoding="utf-8"))
        return given[1] if given else SHARED_FLAGS[words[1]], words[2:]
    return None


def said_of_flags(stage: str, flags: list[str]) -> str:
    """The last line of the stage's own parser about these flags and one that surely does not exist."""
    return stage_runs.start_script(ROOT / stage, *flags, "--no-such-flag").wait().stderr.splitlines()[-1]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the tree as a reader has it after `make setup`, with the files that the documents leave to the reader."""
    if not Path(sys.prefix, "bin/activate").exists():
        pytest.skip("not in a virtual environment, which the commands activate")
    tree = tmp_path_factory.mktemp("readme") / "tree"
    skipped = shutil.ignore_patterns(".*", "data", "tests", "bench", "docs", "findings")  # __pycache__ comes along: to compile takes longer than to run
    shutil.copytree(ROOT, tree, ignore=lambda folder, names: {*skipped(folder, names), *([n for n in names if "." not in n and n != "slurm"]
                                                                                         if Path(folder) == ROOT / "runs" else [])})
    (tree / ".venv").symlink_to(sys.prefix)
    put_shortcuts(tree, "A-R")
    yield tree
    shutil.rmtree(tree, ignore_errors=True)


def put_shortcuts(folder: Path, initials: str) -> None:
    """Make the folder of shortcuts that the documents leave to the reader: of the examples with these initials."""
    (folder / "my_shortcuts").mkdir()
    for path in (ROOT / "examples").glob(f"[{initials}]*.shortcut"):
        shutil.copy(path, folder / "my_shortcuts")


def run(tree: Path, command: Command) -> str:
    """Run a command in a shell, as a reader would; it must end as it should and leave no traceback. Returns all that it prints."""
    script = f"source .venv/bin/activate && export OPENAI_API_KEY=none HF_HUB_OFFLINE=1 && {command.run}"
    ended = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tree, timeout=300)
    assert ended.returncode == command.exit_code and "Traceback" not in ended.stdout, f"{command.run}\n{ended.stdout}"
    return ended.stdout


# ---------------------------------------------------------------------------------------------------------------------------------
# commands


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_of_a_document_is_classified_and_no_other(document: Path) -> None:
    known = [shlex.split(command.text) for command in COMMANDS.get(str(document.relative_to(ROOT)), [])]
    assert commands_in(document) == known


@pytest.mark.ci
@pytest.mark.parametrize("words", [words for words in ALL_COMMANDS if stage_flags(words)], ids=" ".join)
def test_the_flags_of_a_command_exist(words: list[str]) -> None:
    stage, flags = stage_flags(words) or ("", [])
    assert said_of_flags(stage, flags).endswith("error: unrecognized arguments: --no-such-flag")


@pytest.mark.parametrize(("stage", "flags"), [("01_scrape.py", ["--foldr", "x"]), ("04_expand.py", ["--count", "many"])])
def test_a_flag_that_does_not_exist_or_a_value_that_will_not_do_would_be_seen(stage: str, flags: list[str]) -> None:
    assert not said_of_flags(stage, flags).endswith("error: unrecognized arguments: --no-such-flag")


def test_every_script_in_a_command_exists_and_is_shell() -> None:
    scripts = {word for words in ALL_COMMANDS for word in words if word.endswith(".sh")}
    assert scripts
    for script in scripts:
        subprocess.run(["bash", "-n", script], check=True, cwd=ROOT)


def test_what_is_said_to_be_run_by_ci_is() -> None:
    ci = (ROOT / ".ci/run").read_text()
    for command in COMMANDS["README.md"]:
        if command.needs == IN_CI:
            assert re.search(rf"^ *(\w+=\w+ )?{command.text}$", ci, re.M), command.text


@pytest.mark.ci
@pytest.mark.parametrize(("document", "written"), [("README.md", "timer.shortcut"), ("shortcuts/README.md", "programs/Roll the Dice.shortcut")])
def test_commands_print_what_is_shown_below_them(copy: Path, document: str, written: str) -> None:
    known = {tuple(shlex.split(command.text)): command for command in COMMANDS[document]}
    printed, shown = list[str](), 0
    for block in blocks(ROOT / document):
        if block.language == "bash":
            commands = [known[tuple(words)] for words in block.commands()]
            printed = "".join(run(copy, command) for command in commands if command.run).splitlines()
        elif block.language and printed:
            assert [line for line in block.lines if line not in printed] == []
            shown += len(block.lines)
            printed = []
    assert shown >= 5 and (copy / written).exists()


@pytest.mark.ci
def test_the_example_of_the_language_runs() -> None:
    (example,) = (block for block in blocks(ROOT / "shortcuts/README.md") if "from pathlib import Path" in block.lines)
    ended = subprocess.run([sys.executable, "-c", "\n".join(example.lines)], capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == 0 and "did you mean is_workflow_actions_getclipboard?" in ended.stdout, ended.stderr


@pytest.mark.ci
def test_the_stages_of_the_docs_run_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_shortcuts(tmp_path, "A-H")
    monkeypatch.chdir(tmp_path)
    for command in (command for name, of_document in COMMANDS.items() if name.startswith("docs/") for command in of_document):
        words = shlex.split(command.run)
        if words and not command.slow and (stage := stage_flags(words)):
            ended = stage_runs.run(stage[0][:2], *stage[1], OPENAI_API_KEY="none")
            assert ended.returncode == 0, f"{command.run}\n{ended.stderr}"
    assert (tmp_path / "rain.shortcut").exists() and (tmp_path / "data/bench/train.jsonl").exists()


@pytest.mark.slow
def test_the_commands_of_the_docs_run_in_a_shell_and_train_and_score(copy: Path) -> None:
    for command in (command for name, of_document in COMMANDS.items() if name.startswith("docs/") for command in of_document):
        if command.run:
            run(copy, command)
    assert (copy / "data/eval/eval.html").exists() and (copy / "runs/workflowllama").is_dir()


# ---------------------------------------------------------------------------------------------------------------------------------
# what documents name


def slugs(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)", prose(document), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            file = (document.parent / path).resolve() if path else document
            assert file.exists(), target
            assert not anchor or anchor in slugs(file), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_exist(document: Path) -> None:
    paths = [path for text in spans(document) for path in FILE.findall(text)]
    assert [path for path in paths if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()] == []


@pytest.mark.parametrize("document", [README, *DOCS], ids=lambda path: path.name)
def test_flags_that_are_named_exist(document: Path) -> None:
    scripts = [*ROOT.glob("0*.py"), *ROOT.glob("common/**/*.py"), *ROOT.glob("shortcuts/**/*.py"), *ROOT.glob("bench/*.py"),
               *ROOT.glob("runs/**/*.sh")]  # fmt: skip
    known = set(re.findall(r"--[a-z][\w-]+", "\n".join(path.read_text(encoding="utf-8") for path in scripts)))
    named = {flag for text in spans(document) for flag in re.findall(r"(?<![\w-])--[a-z][\w-]+", text)}
    assert named - known - {"--structured-outputs-config"} == set()  # vLLM's


def test_the_readme_is_a_page_and_the_docs_are_short() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    assert 80 <= len(lines) <= 110 and max(map(len, lines)) <= 140
    for document in (document for document in DOCS if document != GENERATED):
        lines = document.read_text(encoding="utf-8").splitlines()
        assert len(lines) < 150, document
        assert [line for line in lines if len(line) > 140 and not line.startswith(("|", "    "))] == [], document


def test_the_scores_of_the_readme_are_measured_ones() -> None:
    scores = set(re.findall(r"\b\d+\.\d/\d+\.\d\b", prose(README)))
    results = (ROOT / "bench/RESULTS.md").read_text(encoding="utf-8")
    assert len(scores) > 10 and {score for score in scores if score not in results} == {"39.3/35.1"}  # the paper's own


def test_the_edits_of_the_design_name_what_is_there() -> None:
    section = (ROOT / "docs/design.md").read_text(encoding="utf-8").split("## Six edits")[1]
    for edit in re.split(r"^\*\*", section, flags=re.M)[1:]:
        own = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", edit, flags=re.S))
        texts = [(ROOT / name).read_text(encoding="utf-8") for name in own if name.endswith(".py")]
        names = {found[1] for name in own if (found := re.match(r"@?([A-Za-z_]{4,})\b(?!\.py)", name)) and "/" not in name}
        assert texts and names and [name for name in names if not any(name in text for text in texts)] == []


def test_the_citation_is_of_the_current_form_and_names_the_paper() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0" and citation["title"] and citation["message"] and citation["authors"] and citation["license"]
    (paper,) = citation["references"]
    assert paper["url"].endswith("2411.05451") and len(paper["authors"]) == 10 and paper["year"] == 2025
