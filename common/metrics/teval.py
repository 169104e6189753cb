"""T-Eval's planning test: the steps of a gold plan that a predicted plan has, in order (Chen et al. 2024, arXiv:2312.14033, section 3).

Plans are calls with arguments. The similarity of two calls is 0.75 cosine of their names + 0.25 cosine of their arguments. Pairs above a
threshold are matched one to one for the greatest sum; of the matched calls the longest run in the order of both counts. Precision is
its share of the predicted calls, recall that of the gold ones. Scores are macro means over the items.

The published evaluator's figures depend on three choices, so all are given:
- the threshold: 0.7 in the first release, by which the published table was made, 0.8 in the code since;
- its embedding model, all-mpnet-base-v2. With another one figures can only be compared with each other;
- a plan without any matched call counts one call as right (`f1`); `f1_mended` counts none. One wrong call scores 41.2 with it, 0 without.
`order_f1` needs no model: calls are equal if their names are, the longest common subsequence counts.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from rapidfuzz.distance import LCSseq

from common import jsonl
from common.conversation import chat
from common.jsonl import Record, UserError
from common.metrics.embedding import Embedder
from common.metrics.systems import Prediction, System, fixed, found_in_file
from common.metrics.worfeval import longest_increasing
from common.replies import parse_answer, without_thought
from shortcuts.catalog import Catalog, call_name
from shortcuts.syntax.nodes import called
from shortcuts.syntax.recovering_parser import read_tree

NAME_WEIGHT, ARGUMENTS_WEIGHT = 0.75, 0.25
THRESHOLDS = 0.7, 0.8
END = "FinishAction"  # the last call of each gold plan; not scored
FIGURES = "precision", "recall", "f1", "f1_mended"  # at each threshold
METRICS = (*(f"{figure}@{threshold}" for threshold in THRESHOLDS for figure in FIGURES), "order_f1", "parsed")
TYPES = {"STRING": "text", "NUMBER": "number", "FLOAT": "number", "BOOLEAN": "boolean"}  # of parameters, as our stubs know them


class Step(NamedTuple):
    """A call and its arguments as a text: the dict as Python prints it; in the text form the whole step."""

    name: str
    arguments: str


Plan = list[Step]


class Item(NamedTuple):
    """A task. `form`: "json" or "str", the form of the plan; `prompt`: the benchmark's own; `tools`: the APIs as a catalogue."""

    key: str
    form: str
    apis: list[str]
    gold: Plan
    prompt: list[dict[str, str]]
    tools: Catalog


# ---------------------------------------------------------------------------------------------------------------------------------
# the data


def load(path: Path) -> list[Item]:
    """The items of a file of the benchmark, plan_json_v1.json or plan_str_v1.json. Raises UserError for anything else."""
    data = jsonl.whole(path)
    try:
        items = [_item(key, entry) for key, entry in data.items()]
        if len({item.form for item in items}) != 1:
            raise ValueError("one form of plan is expected")
        return items
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise UserError(f"--teval {path}: not T-Eval's planning data, plan_json_v1.json or plan_str_v1.json "
                        f"({type(error).__name__}: {error})") from None


def _item(key: str, entry: Record) -> Item:
    form, apis = entry["meta"]["prompt_type"], entry["meta"]["API_list"]
    if form not in ("json", "str"):
        raise ValueError(f"{key}: a plan as {form!r}")
    gold = [Step(str(step["name"]), str(step["args"])) for step in sorted(entry["ground_truth"], key=lambda step: int(step["id"]))]
    if not _without_end(gold):
        raise ValueError(f"{key}: a ground_truth without a step, against which no answer can be scored")
    prompt = [{"role": str(message["role"]), "content": str(message["content"])} for message in entry["origin_prompt"]]
    return Item(key, form, apis, _without_end(gold), prompt, _tools(apis, prompt[0]["content"]))


def _tools(apis: list[str], prompt: str) -> Catalog:
    """The tools that a prompt lists, as a catalogue: [[name, {description, required_parameters, …}], …] on a line of its own."""
    line = next((line for line in prompt.splitlines() if line.startswith("[[")), "[]")
    lines = {}
    for name, tool in ast.literal_eval(line):
        parameters = [{"key": _text(each["name"]), "type": TYPES.get(each["type"], "any"), "label": each["description"],
                       "required": is_needed}
                      for is_needed in (True, False)
                      for each in tool["required_parameters" if is_needed else "optional_parameters"]]  # fmt: skip
        summary = " ".join([tool["description"], *(f"{each['key']}: {each['label']}" for each in parameters)])
        lines[name] = orjson.dumps({"id": name, "app": name.split(".")[0], "builtin": False, "title": name, "summary": summary,
                                    "parameters": parameters, "result": {"name": name.rsplit(".", 1)[-1], "types": ["any"]}})  # fmt: skip
    if missing := set(apis) - lines.keys():
        raise ValueError(f"the prompt does not describe {sorted(missing)[0]}")
    return Catalog(lines)


def _text(value: Any) -> str:
    """Return a text as it is. Raises ValueError for another value."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no name")
    return value


def as_test(item: Item, as_program: bool) -> Record:
    """A test record for common.metrics.systems; `as_program`: asked as our models are, for plan and program over stubs of the tools."""
    messages = chat(item.prompt[-1]["content"], item.apis, item.tools) if as_program else item.prompt
    return {"id": item.key, "apis": item.apis, "messages": messages, "reference": repr(item.gold), "split": item.form}


# ---------------------------------------------------------------------------------------------------------------------------------
# answers


def read_answer(text: str, item: Item) -> Plan:
    """The plan in an answer: the calls of the program in it, or else what the benchmark's own evaluator would read."""
    return plan_of_code(parse_answer(text).code, item.apis) or read_plan(text, item.form, item.apis)


def read_plan(text: str, form: str, apis: Iterable[str]) -> Plan:
    """A plan in one of the benchmark's forms, read as its evaluator does: one step that can't be read makes a JSON plan empty.

    A reasoning model's thought is left out; the evaluator, older than such models, would take a list in it for the plan.
    """
    text = without_thought(text)
    if form == "json":
        return _without_end(_plan_of_json(text))
    steps = []
    for line in text.replace(". ", "\n").split("\n"):
        if named := [(place, api) for api in apis if (place := line.find(api)) >= 0]:
            steps.append(Step(min(named, key=lambda found: found[0])[1], line))
    return _without_end(steps)


def _plan_of_json(text: str) -> Plan:
    listed = text[text.find("[") : text.rfind("]") + 1]
    for read in (ast.literal_eval, json.loads, lambda text: json.loads(text.replace("'", '"'))):
        try:
            steps = [(int(step["id"]), Step(str(step["name"]), str(step["args"]))) for step in read(listed)]
            return [step for _, step in sorted(steps, key=lambda numbered: numbered[0])]
        except (ValueError, SyntaxError, TypeError, KeyError, OverflowError, RecursionError, MemoryError):  # the last: nested too deep
            continue
    return []


def plan_of_code(code: str, apis: Iterable[str]) -> Plan:
    """A program's calls of these APIs, in the order they are made; literal arguments by value, others as they are written."""
    names = {call_name(api): api for api in apis}
    nodes, stack = list[ast.AST](), [read_tree(code)[0] if code else ast.Module([], [])]
    while stack:
        nodes.append(stack.pop())
        stack.extend(ast.iter_child_nodes(nodes[-1]))  # so that `nodes` backwards has arguments before their call
    calls = [(names[name], node) for node in reversed(nodes) if isinstance(node, ast.Call) and (name := _function(node)) in names]
    return _without_end([Step(name, str({keyword.arg: _value(keyword.value) for keyword in node.keywords if keyword.arg}))
                         for name, node in calls])  # fmt: skip


def _function(node: ast.Call) -> str:
    """The name that is called, `Tool.function` as `Tool_function`."""
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return f"{node.func.value.id}_{node.func.attr}"
    return called(node) or ""


def _value(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        pass
    try:
        return ast.unparse(node)
    except RecursionError:
        return "…"


def _without_end(plan: Plan) -> Plan:
    return plan[:-1] if plan and plan[-1].name == END else plan


def written(plan: Iterable[Step], form: str) -> str:
    """A plan as a model would answer it in one of the benchmark's forms."""
    if form == "json":
        return json.dumps([{"id": number, "name": step.name, "args": step.arguments} for number, step in enumerate(plan)])
    return "\n".join(f"Use {step.name}" + ("." if step.arguments == "{}" else f" with {step.arguments}") for step in plan)


def baselines(items: Iterable[Item]) -> list[System]:
    """Answers that need no model: any model must beat them. And gold."""
    items = list(items)
    plans: dict[str, Callable[[Item], Plan]] = {
        "gold": lambda item: item.gold,
        "gold without arguments": lambda item: [Step(step.name, "{}") for step in item.gold],
        "API list": lambda item: [Step(api, "{}") for api in item.apis],
        "one wrong call": lambda item: [Step("Foo.bar", "{}")],
        "empty": lambda item: [],
    }
    return [fixed(name, {item.key: Prediction("", written(plan(item), item.form)) for item in items}) for name, plan in plans.items()]


def from_results(name: str, path: Path, tests: list[Record]) -> System:
    """Answers in one JSON object, as the benchmark's own inference writes it: {key: {"prediction": …}}, or {key: answer}."""
    try:
        found = {key: entry["prediction"] if isinstance(entry, dict) else entry for key, entry in jsonl.whole(path).items()}
    except (AttributeError, KeyError) as error:
        raise UserError(f'{path}: {{key: {{"prediction": …}}}} as one JSON object is expected ({type(error).__name__}: {error})') from None
    answers = {key: Prediction("", answer if isinstance(answer, str) else json.dumps(answer)) for key, answer in found.items()}
    return found_in_file(name, path, answers, tests)


# ---------------------------------------------------------------------------------------------------------------------------------
# scores


def score_answer(items: dict[str, Item], embedder: Embedder, record: Record, answer: Prediction) -> dict[str, float]:
    """METRICS of one answer to as_test's record."""
    item = items[record["id"]]
    return score(plan_of_code(answer.code, item.apis) if answer.text is None else read_answer(answer.text, item), item.gold, embedder)


def score(plan: Plan, gold: Plan, embedder: Embedder) -> dict[str, float]:
    """METRICS of one plan, 0 to 1 each."""
    result = dict.fromkeys(METRICS, 0.0)
    if not plan or not gold:
        return result
    names, arguments = (embedder.similarity([step[part] for step in plan], [step[part] for step in gold]) for part in (0, 1))
    likeness = NAME_WEIGHT * names + ARGUMENTS_WEIGHT * arguments
    for threshold in THRESHOLDS:
        counted = longest_increasing([step for step in _matched(likeness, threshold) if step >= 0])
        published = max(counted, 1)  # the published evaluator gives every step a run of one, matched or not
        precision, recall = published / len(plan), published / len(gold)
        figures = (precision, recall, _f1(published, plan, gold), _f1(counted, plan, gold))
        result |= {f"{name}@{threshold}": value for name, value in zip(FIGURES, figures, strict=True)}
    common = LCSseq.similarity([step.name for step in plan], [step.name for step in gold])
    return result | {"order_f1": _f1(common, plan, gold), "parsed": 1.0}


def _f1(common: int, plan: Plan, gold: Plan) -> float:
    return 2 * common / (len(plan) + len(gold))


def _matched(likeness: Any, threshold: float) -> list[int]:
    """The gold step that each predicted step is matched to, or -1: the matching of greatest weight, ties as networkx breaks them."""
    import networkx  # it loads for a second

    graph = networkx.Graph()
    rows, columns = likeness.shape
    graph.add_weighted_edges_from((row, rows + column, likeness[row][column]) for row in range(rows) for column in range(columns)
                                  if likeness[row][column] > threshold)  # fmt: skip
    result = [-1] * rows
    for pair in networkx.max_weight_matching(graph):
        result[min(pair)] = max(pair) - rows
    return result
