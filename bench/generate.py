"""Measure local generation beside an earlier commit: tokens a CPU second, and whether the answers are the same. Prints one JSON object.

    python bench/generate.py --model MODEL --tests data/bench --against cf83079 --output /tmp/generate     # 64 prompts: some CPU hours
    python bench/generate.py --model MODEL --tests data/bench --against cf83079 --output /tmp/generate --prompts 8 --max-new-tokens 64

Both builds answer the same prompts, the first of the tests in and out of distribution in turn, held to the grammar, at temperature 0, on
one thread, with the batch size that --stage has by default. They take turns after every few answers, so that what else the machine does
meets both, and CPU seconds count, without those of loading. The answers of a build are kept in --output, and not made again.

Where two answers differ, `differing` says what both chose at the first token that differs, by how much the model (read once more, whole)
prefers one, in logits, and whether today's grammar allows what the other build wrote: an earlier build may have an earlier grammar.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TURN = 4  # answers of one build before it is the other's turn
STAGES = {"05": "05_annotate.py", "08": "08_eval.py"}

Answer = dict[str, Any]  # {"text", "tokens" of that text, "tries", "cpu": CPU seconds since the answer before}


def main() -> int:
    """Measure and print, or be the worker of a build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a model's folder, in fp32")
    parser.add_argument("--tests", type=Path, help="a folder of stage 06, with test_id.jsonl and test_ood.jsonl")
    parser.add_argument("--against", default="cf83079", metavar="COMMIT", help="the other build (default: %(default)s)")
    parser.add_argument("--stage", choices=STAGES, default="05", help="the stage whose default batch size is taken (default: 05)")
    parser.add_argument("--prompts", type=int, default=64, metavar="N", help="prompts (default: 64)")
    parser.add_argument("--max-new-tokens", type=int, default=256, metavar="N", help="of an answer (default: 256)")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where prompts and answers are kept")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return work(args)
    if not args.tests or not (args.tests / "test_id.jsonl").is_file():
        parser.error("--tests: name a folder of stage 06 with test_id.jsonl and test_ood.jsonl")
    args.output.mkdir(parents=True, exist_ok=True)
    prompts = write_prompts(args)
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other"
        git("worktree", "add", "--detach", str(other), args.against)
        try:
            answers = take_turns({"this": ROOT, "other": other}, args, len(prompts))
        finally:
            git("worktree", "remove", "--force", str(other))
    report = {"prompts": len(prompts), "sha256": digest(args.output / "prompts.jsonl"), "stage": args.stage, "against": args.against,
              "max_new_tokens": args.max_new_tokens, "python": platform.python_version(), "machine": processor(),
              **{name: figures(own) for name, own in answers.items()}}  # fmt: skip
    ratio = report["this"]["tokens_per_cpu_second"] / report["other"]["tokens_per_cpu_second"]
    same = [this["text"] == other["text"] for this, other in zip(answers["this"], answers["other"], strict=True)]
    report |= {"ratio": round(ratio, 2), "same": sum(same), "differing": list(differing(answers, prompts, args))}
    print(json.dumps(report, indent=1))
    return 0


def git(*arguments: str) -> None:
    """Run a command of git in the repository; an error ends the bench with git's words."""
    subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def digest(path: Path) -> str:
    """The content of a file, short."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def processor() -> str:
    """The name of the processor, where Linux tells it."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", info.read_text()) if info.exists() else None
    return found[1] if found else platform.processor()


def write_prompts(args: argparse.Namespace) -> list[Answer]:
    """Write the prompts, {"messages", "apis"} a line, and return them."""
    files = [args.tests / f"test_{split}.jsonl" for split in ("id", "ood")]
    splits = [[json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in files if file.is_file()]
    records = islice(chain.from_iterable(zip(*splits)), args.prompts)
    prompts = [{"messages": record["messages"][:-1], "apis": [*record["apis"], *record.get("distractors", [])]} for record in records]
    (args.output / "prompts.jsonl").write_text("".join(json.dumps(prompt) + "\n" for prompt in prompts), encoding="utf-8")
    return prompts


# ---------------------------------------------------------------------------------------------------------------------------------
# two builds, each in a process of its own


def take_turns(builds: dict[str, Path], args: argparse.Namespace, count: int) -> dict[str, list[Answer]]:
    """Return the answers of each build; those that are kept are not made again."""
    settings = f"{args.stage}-{count}-{args.max_new_tokens}-{digest(args.output / 'prompts.jsonl')}"
    marks = {"this": "this", "other": args.against}
    kept = {name: args.output / f"{marks[name]}-{settings}.jsonl" for name in builds}
    workers = {name: start(folder, args) for name, folder in builds.items() if not (kept[name].exists() and len(read(kept[name])) == count)}
    answers: dict[str, list[Answer]] = {name: [] if name in workers else read(kept[name]) for name in builds}
    while any(len(own) < count for own in answers.values()):
        for name, worker in workers.items():
            answers[name] += ask(worker, min(TURN, count - len(answers[name])))
            print(f"{name}: {len(answers[name])} of {count}, {sum(answer['cpu'] for answer in answers[name]):.0f} CPU-s", file=sys.stderr)
            if len(answers[name]) == count:
                kept[name].write_text("".join(json.dumps(answer) + "\n" for answer in answers[name]), encoding="utf-8")
    for worker in workers.values():
        worker.stdin.close()
        worker.wait()
    return answers


def read(path: Path) -> list[Answer]:
    """The answers in a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def start(folder: Path, args: argparse.Namespace) -> Any:
    """A worker of a build: it imports what lies in that folder."""
    command = [sys.executable, __file__, "--worker", folder, "--model", args.model, "--output", args.output, "--stage", args.stage,
               "--max-new-tokens", str(args.max_new_tokens)]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return subprocess.Popen(list(map(str, command)), cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(worker: Any, count: int) -> list[Answer]:
    """The next answers of a worker."""
    if count > 0:
        print(count, file=worker.stdin, flush=True)
    lines = [worker.stdout.readline() for _ in range(count)]
    if not all(lines):
        raise SystemExit("a build ended before its last answer; what it said stands above")
    return [json.loads(line) for line in lines]


def work(args: argparse.Namespace) -> int:
    """Answer as many prompts as each line of stdin asks for, with the build in a folder."""
    answers = answers_of(args)
    for line in sys.stdin:
        for answer in islice(answers, int(line)):
            print(json.dumps(answer), flush=True)
    return 0


def answers_of(args: argparse.Namespace) -> Iterator[Answer]:
    """Yield the answers of the build in a folder, with its own defaults."""
    sys.path[0] = str(args.worker)  # in the place of this script's folder
    try:
        from common.decoding import constrained
        from shortcuts.catalog import Catalog
    except ModuleNotFoundError:  # as it was called at cf83079
        from common.catalog import Catalog  # type: ignore[no-redef]

        from common import constrained  # type: ignore[no-redef]
    from common import model as models

    load = getattr(models, "load_writer", models.load_run)
    script = (args.worker / STAGES[args.stage]).read_text(encoding="utf-8")
    batch = int(re.search(r'"--batch-size".*?default=(\d+)', script, re.DOTALL)[1])  # type: ignore[index]
    models.quiet_libraries()
    model, tokenizer = load(args.model)
    prompts = read(args.output / "prompts.jsonl")
    chats, apis = [prompt["messages"] for prompt in prompts], [prompt["apis"] for prompt in prompts]
    made = constrained.generate(model, tokenizer, chats, apis, Catalog.load(), max_new_tokens=args.max_new_tokens, batch_size=batch)
    before = time.process_time()
    for answer in made:
        now = time.process_time()
        tokens = len(tokenizer(answer.text, add_special_tokens=False)["input_ids"])  # those alone that are kept of several tries
        yield {"text": answer.text, "tokens": tokens, "tries": answer.tries, "cpu": now - before, "batch_size": batch}
        before = time.process_time()


# ---------------------------------------------------------------------------------------------------------------------------------
# figures


def figures(answers: list[Answer]) -> dict[str, Any]:
    """Return the costs of a build."""
    seconds, tokens = sum(answer["cpu"] for answer in answers), sum(answer["tokens"] for answer in answers)
    return {"batch_size": answers[0]["batch_size"], "cpu_seconds": round(seconds, 1), "tokens": tokens,
            "tokens_per_cpu_second": round(tokens / seconds, 2), "written_again": sum(answer["tries"] for answer in answers)}  # fmt: skip


def differing(answers: dict[str, list[Answer]], prompts: list[dict[str, Any]], args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield what differs in answers that are not the same, see the module's docstring."""
    places = [place for place, pair in enumerate(zip(answers["this"], answers["other"])) if pair[0]["text"] != pair[1]["text"]]
    if not places:
        return
    sys.path[0] = str(ROOT)
    import torch

    from common import chat
    from common import model as models
    from common.decoding.token_masks import GrammarSpec, table
    from shortcuts.catalog import Catalog

    model, tokenizer = models.load_run(args.model)
    words = table(tokenizer, chat.end_ids(model, tokenizer), model.config.get_text_config().vocab_size)
    for place in places:
        asked, apis = chat.prompt_tokens(prompts[place]["messages"], tokenizer), frozenset(prompts[place]["apis"])
        ours, theirs = (chat.text_tokens(answers[name][place]["text"], tokenizer) for name in ("this", "other"))
        first = next((number for number, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), min(len(ours), len(theirs)))
        with torch.no_grad():
            scores = model(torch.tensor([asked + ours[:first]])).logits[0, -1]
        chosen = [own[first] if first < len(own) else tokenizer.eos_token_id for own in (ours, theirs)]
        allowed = GrammarSpec(words, apis, Catalog.load()).matcher().validate_tokens(theirs) > first
        yield {"prompt": place, "token": first, "this": tokenizer.decode([chosen[0]]), "other": tokenizer.decode([chosen[1]]),
               "logits_apart": float(scores[chosen[0]] - scores[chosen[1]]), "allowed_today": bool(allowed),
               "tries": [answers[name][place]["tries"] for name in ("this", "other")]}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
