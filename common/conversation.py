"""The conversations of training, annotation and evaluation: a request with its APIs, and an answer of plan and program, written.

    answer   query, APIs                -> plan and code                                                (05, 07, 08; paper: section 7)
    repair   an answer, its faults      -> the answer again, corrected by the same model                (05; ours)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from common.excerpts import without_comments
from common.prompts import Template
from common.replies import parse_answer
from shortcuts.catalog import Catalog, call_name
from shortcuts.catalog.search import SYNTAX_APIS
from shortcuts.primer import primer

ANSWER = Template("answer",
    turn="""\
{query}

Write this as a shortcut: first a plan in numbered steps, then the program as Python with a comment above each line, in exactly this form:

Thought:
(the plan)

Code:
```python
(the program)
```

These functions may be called, with keyword arguments only:

{stubs}""")
# The words of ANSWER that ask for a plan, show where it stands, and ask for comments: the paper's ablations go without them.
ASKS_FOR_PLAN, SHOWS_PLAN = "first a plan in numbered steps, then ", "Thought:\n(the plan)\n\n"
ASKS_FOR_COMMENTS = " with a comment above each line"

REPAIR = Template("repair",
    turn="""\
A checker read this program and found:

{findings}

Give the whole answer again in the same form, plan and program, with these things mended. Change nothing else.""")


class AnswerForm(NamedTuple):
    """The parts of an answer beside its program: all as in the paper, or fewer as in its ablations (table 4)."""

    plan: bool = True
    comments: bool = True

    @property
    def task(self) -> str:
        """The kind of a conversation, as the dataset's column `task` and the prompt.json of a trained model name it."""
        return next(task for task, form in ANSWER_FORMS.items() if form == self)

    @property
    def template(self) -> str:
        """The user's turn, with fields for the query and the stubs."""
        text = ANSWER.turn
        if not self.plan:
            text = text.replace(ASKS_FOR_PLAN, "").replace(SHOWS_PLAN, "")
        return text if self.comments else text.replace(ASKS_FOR_COMMENTS, "")


WHOLE = AnswerForm()
ANSWER_FORMS = {"generate": WHOLE, "generate_without_plan": AnswerForm(plan=False),
                "generate_without_comments": AnswerForm(comments=False), "generate_without_both": AnswerForm(False, False)}
EDIT_TASK = "edit"  # of conversations that ask for a change of a program, see common/dataset/edits.py
TEVAL_TASK = "teval_json"  # of conversations about plans in T-Eval's form, see common/metrics/teval_plans.py


# ---------------------------------------------------------------------------------------------------------------------------------
# written


def chat(query: str, apis: Iterable[str], catalog: Catalog, plan: str | None = None, code: str | None = None,
         form: AnswerForm = WHOLE) -> list[dict[str, str]]:
    """Return the conversation of one sample: the user's turn, and the assistant's if plan and code are given.

    `apis` are ids; those written as syntax are left out. The assistant's turn has the form of the paper (section 7), or of an ablation.
    """
    messages = [{"role": "user", "content": form.template.format(query=query, stubs=stubs(apis, catalog))}]
    if plan is not None and code is not None:
        messages.append({"role": "assistant", "content": answer(plan, code, form)})
    return messages


def answer(plan: str, code: str, form: AnswerForm = WHOLE) -> str:
    """Return the assistant's turn."""
    thought = f"Thought:\n{plan}\n\n" if form.plan else ""
    return f"{thought}Code:\n```python\n{(code if form.comments else without_comments(code)).rstrip()}\n```"


def stubs(apis: Iterable[str], catalog: Catalog) -> str:
    """Return the Python stubs of APIs as models see them; an API outside the catalogue has a stub without parameters."""
    shown = [api for api in dict.fromkeys(apis) if api not in SYNTAX_APIS]
    return "\n".join(catalog.stub(api) if api in catalog else f"def {call_name(api)}(**parameters): ...\n" for api in shown)


def in_form(messages: Iterable[dict[str, str]], old: AnswerForm, new: AnswerForm) -> list[dict[str, str]]:
    """Return a conversation of one form as it is in another. Raises ValueError for other prompts, or an answer that lacks a part."""
    before, after = (form.template.removeprefix("{query}").removesuffix("{stubs}") for form in (old, new))
    result = []
    for message in messages:
        content = message["content"]
        if message["role"] == "assistant" and old != new:
            if new.plan > old.plan or new.comments > old.comments:
                raise ValueError(f"an answer of the form {old.task} has not all that {new.task} asks for")
            plan, code = parse_answer(content)
            content = answer(plan, code, new)
        elif message["role"] == "user" and old != new:
            if before not in content:
                raise ValueError(f"the prompt is not of the form {old.task}")
            content = content.replace(before, after, 1)
        result.append({**message, "content": content})
    return result


def with_primer(messages: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return a conversation that begins with the primer of the language, for a model that was not trained on it.

    It stands at the start of the user's turn: some chat templates have no system message, and a server keeps what all requests begin with.
    """
    first, *rest = messages
    return [{**first, "content": f"{primer()}\n{first['content']}"}, *rest]


def repair(messages: list[dict[str, str]], text: str, findings: str) -> list[dict[str, str]]:
    """Return the conversation that asks for a corrected answer: the request, the answer, and what is wrong with it."""
    return [*messages, {"role": "assistant", "content": text}, {"role": "user", "content": REPAIR.turn.format(findings=findings)}]
