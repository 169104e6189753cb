"""Chat records of small programs in the dialect's look, from a seed: what the tests of packing, model and training learn from."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from common import jsonl

ROOT = Path(__file__).resolve().parents[1]
SHAPE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}  # very small

ACTIONS = {
    "is_workflow_actions_ask": ("WFAskActionPrompt",), "is_workflow_actions_url": ("WFURLActionURL",),
    "is_workflow_actions_downloadurl": ("WFURL",), "is_workflow_actions_showresult": ("Text",),
    "is_workflow_actions_notification": ("WFNotificationActionBody", "WFNotificationActionTitle"),
    "is_workflow_actions_setclipboard": ("WFInput",), "is_workflow_actions_getweather": ("WFWeatherLocation",),
    "is_workflow_actions_addnewevent": ("WFCalendarItemTitle", "WFCalendarItemNotes"),
}
WORDS = "note song photo city price friend event page list timer battery video contact reminder folder letter".split()


def program(source: random.Random) -> tuple[str, str, list[str]]:
    """(what it does, its code, the actions used)."""
    steps, names, code = [], list(ACTIONS), []
    used: list[str] = []
    bound: list[str] = []
    indent = ""
    for number in range(source.randint(2, 8)):
        name = source.choice(names)
        used.append(name)
        word = source.choice(WORDS)
        values = {key: bound[-1] if bound and source.random() < 0.4 else repr(f"the {word} {source.randint(1, 99)}")
                  for key in ACTIONS[name]}
        call = f"{name}({', '.join(f'{key}={value}' for key, value in values.items())})"
        if source.random() < 0.5:
            bound.append(f"{word}_{number}")
            call = f"{bound[-1]} = {call}"
        code.append(indent + call)
        steps.append(f"{number + 1}. use {name.removeprefix('is_workflow_actions_')} for the {word}")
        if bound and not indent and source.random() < 0.2:
            code.append(f"if {bound[-1]} == '{word}':")
            indent = "    "
            code.append(f"{indent}is_workflow_actions_showresult(Text=f'{{{bound[-1]}}} is here')")
    return "\n".join(steps), "\n".join(code), sorted(set(used))


def records(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Records as stage 06 writes them."""
    source = random.Random(seed)
    result = []
    for number in range(count):
        plan, code, used = program(source)
        stubs = "\n".join(f"def {name}({', '.join(f'{key}: str' for key in ACTIONS[name])}): ..." for name in used)
        query = f"Please help me with a {source.choice(WORDS)} and a {source.choice(WORDS)}.\n\nUseful functions:\n{stubs}"
        answer = f"Thought:{plan}\n\nCode:\n```python\n{code}\n```"
        messages = [{"role": "user", "content": query}, {"role": "assistant", "content": answer}]
        result.append({"id": f"s{seed}-{number}", "messages": messages})
    return result


def write(path: Path, items: list[dict[str, Any]]) -> Path:
    """The records as a JSONL file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(map(jsonl.encode, items)))
    return path
