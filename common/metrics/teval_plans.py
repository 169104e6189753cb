"""A dataset as JSON plans in T-Eval's form, to train on before its planning test (the paper's table 3).

A training record becomes a conversation: its APIs as T-Eval lists tools, its query, and the calls of its program in their order, each with
its arguments as a text. Branches and loops are lost: a plan of T-Eval is a list. The paper does not say how it converted its data.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from common import cli, jsonl
from common.conversation import TEVAL_TASK
from common.dataset import files
from common.dataset.splits import TRAIN
from common.jsonl import Record
from common.metrics.teval import TYPES, plan_of_code, written
from shortcuts.catalog import Api, Catalog
from shortcuts.catalog.search import SYNTAX_APIS

SYSTEM = """You can call these functions:
{tools}
Write the calls that do what the user asks, in order, as one JSON list. Each call is an object: "id" is its number from 0, "name" the name
of the function, "args" its arguments as a Python dictionary in a text. Answer with the list alone."""
_TYPES = {"text": "STRING", **{ours: theirs for theirs, ours in TYPES.items() if theirs != "FLOAT"}}


def write(bench: Path, target: Path) -> int:
    """Write the training records of a dataset as plans; returns how many. A program that calls none of its APIs has none."""
    catalog, lines, left_out = Catalog.load(), list[bytes](), 0
    for record in files.joined(bench, TRAIN, ("query", "apis", "code")):
        plan = as_plan(record, catalog)
        lines += [jsonl.encode(plan)] if plan else []
        left_out += plan is None
    jsonl.write_atomically(target, b"".join(lines))
    cli.say(f"{target}: {len(lines)} plans; {left_out} records call none of their APIs and are left out")
    return len(lines)


def as_plan(record: Record, catalog: Catalog) -> Record | None:
    """The record as a conversation about a plan, None where its program calls none of its APIs."""
    apis = [api for api in dict.fromkeys(record["apis"]) if api not in SYNTAX_APIS]
    plan = plan_of_code(record["code"], apis)
    if not plan:
        return None
    messages = [{"role": "system", "content": SYSTEM.format(tools=repr(tools(apis, catalog)))},
                {"role": "user", "content": record["query"]}, {"role": "assistant", "content": written(plan, "json")}]  # fmt: skip
    return {"id": record["id"], "task": TEVAL_TASK, "split": TRAIN, "origin": record["origin"], "query": record["query"], "apis": apis,
            "messages": messages}  # fmt: skip


def tools(apis: Iterable[str], catalog: Catalog) -> list[list[object]]:
    """APIs as the benchmark's prompts list them: [name, {name, description, required_parameters, optional_parameters, return_data}]."""
    return [[api, _tool(api, catalog.get(api))] for api in apis]


def _tool(name: str, api: Api | None) -> Record:
    """An API as a tool; nothing is known of one outside the catalogue but its name."""
    given = [({"name": each.key, "type": _TYPES.get(each.type, each.type.upper()), "description": each.label}, each.required)
             for each in (api.parameters if api else ())]  # fmt: skip
    return {"name": name, "description": (api.summary or api.title) if api else "",
            "required_parameters": [each for each, is_required in given if is_required],
            "optional_parameters": [each for each, is_required in given if not is_required],
            "return_data": [{"name": api.result.name, "description": ""}] if api and api.result else []}  # fmt: skip
