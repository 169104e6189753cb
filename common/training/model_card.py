"""The card (README.md) of a trained model: what it is and from what, its settings, its scores, its licence, how it is used.

It names no file and no folder of the machine that trained it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tabulate import tabulate

from common import cli, hub, jsonl
from common.jsonl import Record, UserError
from common.model import base_of

SETTINGS = ("context", "row_tokens", "rows", "lr", "warmup", "weight_decay", "clip", "lora_rank", "lora_alpha", "lora_dropout",
            "lora_targets", "rslora", "dora", "quantize", "precision", "neftune", "seed",
            "group", "prompts", "max_new_tokens", "temperature", "grammar")  # fmt: skip
LOSSES = {False: "The loss is on the answers only; samples that share a row do not see each other.",
          True: "It learned from its own answers, by reinforcement, rewarded by what their programs are and do."}
RESULTS = ("steps", "validation_loss", "best_validation_loss")
SPLITS = {"id": "unseen requests (ID)", "ood": "APIs that training lacks (OOD)"}

CARD = """---
library_name: {library}
pipeline_tag: text-generation
language: en
tags: [apple-shortcuts, workflows, code-generation]{metadata}
---

# {title}

{kind}. It answers a request in words with a plan and a program, which is an Apple shortcut written as Python. Stage 07 of a rebuild of
WorkflowLLM (arXiv 2411.05451) trained it.

## Use

With the project, which also writes the shortcut file:

```bash
python 05_annotate.py --model {name} --query "start a timer for 10 minutes"
python 08_eval.py --model {name}
```

With the libraries alone:

```python
from {library} import {loader}
from transformers import AutoTokenizer

model = {loader}.from_pretrained("{name}")
tokenizer = AutoTokenizer.from_pretrained("{name}")
```

The conversation holds the request and the stubs of the APIs that may be called, as the field `messages` of the project's data does. The
tokenizer's chat template writes it as in training.

## Training

{loss}

{training}

## Scores

{scores}

## Licence

{of_base}The shortcuts in the training data belong to their authors; where they state no licence, none was granted. A program that the model
writes may do harm when it is run: read it before.
"""


def write(run: Path, target: Path, name: str, scores: Record | None, labels: dict[str, str]) -> None:
    """Write the card of a run's model, as the hub will know it by `name`, into `target`: the run's folder, or that of its merged model.

    `scores` are those of `scores_of`, `labels` the metrics to show. Raises UserError where there is no trained model, or an adapter whose
    base nobody else has: it would be of no use to anybody.
    """
    plan = jsonl.read_object(run / "run.json").get("plan") if (run / "run.json").is_file() else None
    is_adapter = (target / "adapter_config.json").is_file()
    if not isinstance(plan, dict) or not (is_adapter or (target / "config.json").is_file()):
        raise UserError(f"{run}: no trained model of stage 07 there; name the folder of a run that is done, or export one: --export-now")
    base = base_of(target) if is_adapter else plan["model"]
    is_local = Path(base).exists() or Path(base).is_absolute()
    if is_adapter and is_local:
        raise UserError(f"{run}: its adapter is for {base}, a folder that nobody else has; push the merged model: add --merge DIR")
    base, commit = (None, None) if is_local or base == "tiny" else hub.split(base)
    known = f"`{base}`" + (f" at commit `{commit}`" if commit else "") if base else "a model without a name"
    origin = "built from nothing" if plan["model"] == "tiny" else f"fine-tuned from {known}"
    card = CARD.format(
        name=name, title=name.split("/")[-1], library="peft" if is_adapter else "transformers",
        loader="AutoPeftModelForCausalLM" if is_adapter else "AutoModelForCausalLM", metadata=_of_base(base, is_adapter),
        kind=f"A {'LoRA adapter' if is_adapter else 'language model'}, {origin}",
        loss=LOSSES[bool(plan.get("reinforce"))], training=_training(run, plan),
        scores=_table_of(scores, labels) if scores else "None were measured.",
        of_base=f"What holds for `{base}` holds for this model too: its licence, and what that asks of names and notices. " if base else "")
    jsonl.write_atomically(target / "README.md", card.encode())


def scores_of(path: Path, run: Path) -> Record | None:
    """Return what a scores.json of stage 08 has of a run's model, None without any. One that is older than the model is not its."""
    if not path.is_file():
        return None
    report = jsonl.read_object(path)
    names = [name for name, model in report.get("models", {}).items() if Path(model).resolve() == run.resolve()]
    if not names:
        return None
    if path.stat().st_mtime < max((file.stat().st_mtime for file in run.glob("*.safetensors")), default=0):
        cli.say(f"{path} is older than the model, so its scores are left out; run stage 08 again")
        return None
    return {**report, "systems": report["systems"].get(names[0], {})}


def _of_base(base: str | None, is_adapter: bool) -> str:
    """The lines that a hub reads about the base, its licence among them if the base's page states one."""
    if base is None:
        return ""
    licence = hub.licence(base)
    stated = f"\nlicense: {licence}" if licence and re.fullmatch(r"[\w.-]+", licence) else ""
    return f"\nbase_model: {base}\nbase_model_relation: {'adapter' if is_adapter else 'finetune'}{stated}"


def _training(run: Path, plan: Record) -> str:
    """The table of settings, data, results and versions."""
    about = jsonl.read_object(run / "run.json")
    summary = jsonl.read_object(run / "summary.json") if (run / "summary.json").is_file() else {}
    rows = [(name.replace("_", " "), source[name]) for source, names in ((plan, SETTINGS), (summary, RESULTS)) for name in names
            if name in source]  # fmt: skip
    if summary:
        used = summary["read"] - summary["rejected"]
        rows.append(("samples", f"{used:,} with those to validate on; {summary['rejected']:,} did not fit"))
    rows += [(f"{Path(file).name}, sha256", f"`{digest}`") for file, digest in about.get("sha256", {}).items()]
    rows += [(f"tokens of {part}, sha256", f"`{plan[part]}`") for part in ("train", "validation") if part in plan]
    rows += [(f"version of {library}", version) for library, version in about.get("versions", {}).items() if version]
    return _table(("", ""), rows)


def _table_of(scores: Record, labels: dict[str, str]) -> str:
    """The table of scores, with the tests that they were measured on."""
    rows = [(SPLITS.get(split, split), figures["n"], *(f"{100 * figures[key]['mean']:.1f}" if key in figures else "" for key in labels))
            for split, figures in scores["systems"].items() if figures.get("n")]  # fmt: skip
    limit = f" of the first {scores['limit']} samples" if scores.get("limit") else ""
    tests = ", ".join(f"{file} `{digest[:12]}`" for file, digest in scores.get("data", {}).items() if file.startswith("test"))
    return f"In percent{limit}, by stage 08 on {tests}.\n\n{_table(('test', 'n', *labels.values()), rows)}"


def _table(columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> str:
    return tabulate([[str(cell) for cell in row] for row in rows], list(columns), tablefmt="github", disable_numparse=True)
