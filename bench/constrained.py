"""Measure what it costs to hold a model to the grammar, and what a model that knows nothing writes then; print one JSON object.

    python bench/constrained.py                              # costs: grammar, tokenizer's table, masks in the tiny model's steps
    python bench/constrained.py --programs 1000              # and programs of a tiny model with random weights, judged one by one
    python bench/constrained.py --walks 1000                 # and of dice that prefer calls to names: harder on the grammar than any model

Of a step of a batch: what it takes free and held, what of that the masks take (finding the tokens that may come, barring the others, going
on), and the share of the tokens that the model was asked for: where the grammar leaves one, it is not.
"""

from __future__ import annotations

import argparse
import ast
import json
import platform
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import shortcuts  # noqa: E402
from common import model as models  # noqa: E402
from common.decoding import constrained, generation, token_masks  # noqa: E402
from common.decoding.side_by_side import side_by_side  # noqa: E402
from shortcuts.catalog import Catalog  # noqa: E402
from shortcuts.grammar import grammar  # noqa: E402

APIS = 30  # of one grammar: what a request is offered
BATCH, TOKENS, PROMPT = 8, 160, 256  # of the steps that are timed; prompts of the length that the tiny model gets
LARGE = 128_000  # tokens of a large model's vocabulary
PROGRAM_TOKENS = 240  # a program of a model without preferences is soon long enough


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=0, metavar="N", help="programs to write with random weights (default: none)")
    parser.add_argument("--walks", type=int, default=0, metavar="N", help="programs to write with dice (default: none)")
    parser.add_argument("--temperature", type=float, default=1.0, help="of the random model (default: 1)")
    parser.add_argument("--repeat", type=int, default=15, help="times that steps are timed; the median counts (default: %(default)s)")
    args = parser.parse_args()
    models.quiet_libraries()
    catalog = Catalog.load()
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.py"))]
    model, tokenizer = models.build_tiny([*texts, *(api.name for api in catalog)])
    models.one_thread_if_small(model.config)
    table = token_masks.table(tokenizer, generation.end_ids(model, tokenizer), model.config.vocab_size)
    report: dict[str, Any] = {"python": platform.python_version(), "grammar": grammar_costs(table, catalog), "table": table_costs(),
                              "steps": step_costs(model, tokenizer, table, catalog, args.repeat)}  # fmt: skip
    if args.programs:
        report["programs"] = programs(model, tokenizer, catalog, args.programs, args.temperature)
    if args.walks:
        report["walks"] = walks(tokenizer, table, catalog, args.walks)
    print(json.dumps(report, indent=1))
    return 0


def offered(catalog: Catalog, draw: random.Random, count: int = APIS) -> list[str]:
    """APIs as a request may name them: half of them the app's own."""
    own = [api.id for api in catalog if api.id.startswith("is.workflow.") and api.parameters]
    others = [api.id for api in catalog if not api.id.startswith("is.workflow.") and api.parameters]
    return draw.sample(own, count // 2) + draw.sample(others, count - count // 2)


def timed(action: Callable[[], Any]) -> float:
    """Milliseconds that something takes."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


# ---------------------------------------------------------------------------------------------------------------------------------
# costs


def grammar_costs(table: Any, catalog: Catalog) -> dict[str, float]:
    """Milliseconds for a set of APIs: its text, its compilation, and both again for a set that is known."""
    sets = [offered(catalog, random.Random(seed)) for seed in range(20)]
    for apis in sets:
        grammar(apis, catalog, everything=False)  # reads the facts of these APIs
    grammar_module = sys.modules["shortcuts.grammar"]
    grammar_module._rules.cache_clear()
    text = [timed(lambda apis=apis: grammar(apis, catalog, everything=False)) for apis in sets]
    compiled = [timed(token_masks.GrammarSpec(table, frozenset(apis), catalog).matcher) for apis in sets]
    again = [timed(token_masks.GrammarSpec(table, frozenset(apis), catalog).matcher) for apis in sets]
    return {"apis": APIS, "text_ms": round(statistics.median(text), 2), "compile_ms": round(statistics.median(compiled), 1),
            "compile_worst_ms": round(max(compiled), 1), "cached_ms": round(statistics.median(again), 2)}  # fmt: skip


def table_costs() -> dict[str, float]:
    """Seconds to read a vocabulary of the size that large models have, made of random merges."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=large_vocabulary(), eos_token="<eos>")
    milliseconds = timed(lambda: token_masks.table(tokenizer, [tokenizer.eos_token_id], len(tokenizer)))
    return {"vocabulary": len(tokenizer), "seconds": round(milliseconds / 1000, 2)}


def large_vocabulary() -> Any:
    """A byte-level BPE tokenizer with LARGE tokens, each but the bytes a merge of two others, most of them letters."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers import models as parts

    draw, words, pairs = random.Random(0), sorted(pre_tokenizers.ByteLevel.alphabet()), []
    known = set(words)
    letters = [word for word in words if word.isascii() and word.isalpha()] + ["Ġ"]
    while len(words) < LARGE - 1:
        left, right = (draw.choice(letters if draw.random() < 0.8 else words) for _ in range(2))
        if len(left + right) <= 12 and left + right not in known:
            known.add(left + right)
            words.append(left + right)
            pairs.append((left, right))
            letters += [left + right] if (left + right).replace("Ġ", "a").isalpha() else []
    tokenizer = Tokenizer(parts.BPE({word: number for number, word in enumerate([*words, "<eos>"])}, pairs))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    tokenizer.add_special_tokens(["<eos>"])
    return tokenizer


def step_costs(model: Any, tokenizer: Any, table: Any, catalog: Catalog, repeat: int) -> dict[str, Any]:
    """Milliseconds of a step of the tiny model, free and held, and what the masks take of it."""
    draw = random.Random(1)
    form = token_masks.GrammarSpec(table, frozenset(offered(catalog, draw)), catalog, plan=False)
    prompts = [[draw.randrange(300, model.config.vocab_size) for _ in range(PROMPT)] for _ in range(BATCH)]

    class Timed(token_masks.Row):
        """A row that counts what its masks take."""

        milliseconds, asked = 0.0, 0

        def only(self) -> int | None:
            return self._timed(super().only)

        def bar(self, scores: Any) -> Any:
            self.asked += 1
            return self._timed(lambda: super(Timed, self).bar(scores))

        def take(self, token: int) -> None:
            self._timed(lambda: super(Timed, self).take(token))

        def _timed(self, action: Callable[[], Any]) -> Any:
            start = time.perf_counter()
            result = action()
            self.milliseconds += (time.perf_counter() - start) * 1000
            return result

    def steps(rows: list[Any]) -> float:
        works = [generation.write(tokenizer, prompt, TOKENS, generation.Sampler("", 0.0, 1.0, 0), [], row=row)
                 for prompt, row in zip(prompts, rows)]  # fmt: skip
        return timed(lambda: list(side_by_side(model, tokenizer, works, BATCH))) / TOKENS

    steps([None] * BATCH)  # warms up
    free, held, masking, asked = list[float](), list[float](), list[float](), list[float]()
    for _ in range(repeat):
        rows = [Timed(form, 2 * TOKENS) for _ in prompts]
        free.append(steps([None] * BATCH))
        held.append(steps(rows))
        masking.append(sum(row.milliseconds for row in rows) / TOKENS)
        asked.append(sum(row.asked for row in rows) / TOKENS / BATCH)
    medians = [statistics.median(column) for column in (free, held, masking, asked)]
    return {"batch": BATCH, "free_ms": round(medians[0], 3), "held_ms": round(medians[1], 3), "masking_ms": round(medians[2], 3),
            "masking_share": round(medians[2] / medians[1], 3), "asked_share": round(medians[3], 3)}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# programs


def programs(model: Any, tokenizer: Any, catalog: Catalog, count: int, temperature: float) -> dict[str, Any]:
    """Findings of `check` in programs of random weights: in the first writing, and after the tries."""
    draw = random.Random(2)
    asked = [offered(catalog, draw) for _ in range(count)]
    chats = [[{"role": "user", "content": f"Write shortcut number {number}."}] for number in range(count)]
    found, left, compiled, tries = Counter[str](), Counter[str](), Counter[str](), Counter[int]()
    sums = Counter[str]()
    start = time.perf_counter()
    answers = constrained.generate(model, tokenizer, chats, asked, catalog, max_new_tokens=PROGRAM_TOKENS, temperature=temperature,
                                   batch_size=16, plan=False)  # fmt: skip
    for answer, apis in zip(answers, asked, strict=True):
        found.update(set(answer.found))
        left.update({finding.code for finding in answer.left})
        tries[answer.tries] += 1
        sums.update(judged(answer.text, frozenset(apis), catalog, compiled))
        sums["passed_first"] += not answer.found
        sums["passed"] += not answer.left
        sums["tokens"] += answer.tokens
    return {"programs": count, **sums, "found_first": dict(found), "left": dict(left), "tries": dict(sorted(tries.items())),
            "compiled": dict(compiled), "seconds": round(time.perf_counter() - start, 1)}  # fmt: skip


def walks(tokenizer: Any, table: Any, catalog: Catalog, count: int) -> dict[str, Any]:
    """Findings of `check` in programs of tokens drawn under the mask: marks and the beginnings of calls often, letters seldom."""
    import numpy

    words = [table.decode_str([token]) for token in range(len(tokenizer))]
    likely = numpy.array([_likely(word) for word in words])
    codes, compiled, sums, seen = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for number in range(count):
        chance, apis = numpy.random.default_rng(number), offered(catalog, random.Random(number), 12)
        row = token_masks.Row(token_masks.GrammarSpec(table, frozenset(apis), catalog, plan=False), PROGRAM_TOKENS, strict=True)
        while not row.ended:
            open_ = numpy.frombuffer(row.matcher.compute_logit_bias(), numpy.uint8)[: len(words)] > 0
            weights = likely * open_
            row.take(row.forced[-1] if row.forced else int(chance.choice(len(words), p=weights / weights.sum())))
        code = row.said.decode()
        sums.update(judged(code, frozenset(apis), catalog, compiled))
        found = {finding.code for finding in shortcuts.check(code, catalog)}
        codes.update(found)
        sums["passed"] += not found
        seen.update(call.func.id for call in ast.walk(ast.parse(code)) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name))
    return {"programs": count, **sums, "found": dict(codes), "compiled": dict(compiled), "functions": len(seen)}


def _likely(word: str) -> float:
    """The weight of a token for the dice: high for what begins calls and parameters or goes on after a value, low for what fills texts."""
    if word.lstrip(" ").startswith(("is_", "com_", "WF")):
        return 50.0
    return 4.0 if set(word) & set("'\"]}\n") else 1.0 if set(word) & set("(,=:") else 0.2 if ")" in word else 0.005


def judged(code: str, apis: frozenset[str], catalog: Catalog, compiled: Counter[str]) -> dict[str, int]:
    """Return (it parses, the faults that the grammar rules out) of a program."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return {"parsed": 0, "syntax": 1}
    codes = Counter(finding.code for finding in shortcuts.check(code, catalog))
    try:
        shortcuts.to_shortcut(code)
        compiled["yes"] += 1
    except shortcuts.DialectError as error:
        compiled[error.code] += 1
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and catalog.by_name(getattr(node.func, "id", "")) is not None]
    wrong = ("unknown_api", "unknown_parameter", "duplicate_parameter", "enum_value", "parameter_type", "missing_parameter")
    return {"parsed": 1, "syntax": 0, "lines": code.count("\n"), "api_calls": len(calls),
            "parameters": sum(len(call.keywords) for call in calls), "other_apis": len(set(shortcuts.apis_of(code)) - apis),
            **{name: codes[name] for name in wrong}}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
