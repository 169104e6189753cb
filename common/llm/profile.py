"""The body of a request, and the parts of it that a server does not take.

Servers differ in the fields, roles and sizes that they accept. A ServerProfile learns each difference from the first refusal that names
it, says so, and leaves the part out from then on.
"""

from __future__ import annotations

import re
from typing import Any

from common import cli
from common.llm.budget import estimated_tokens
from common.llm.writer import Messages
from common.prompts import Prompt

FORMATS = "json_schema", "json_object", "text"  # of an object, best first; older servers refuse the first, or the first two
SAMPLING = "temperature", "top_p", "seed", "chat_template_kwargs"  # an answer can be had without them
ONE_OF_BOTH = re.compile(r"\b(both|together|only one|either|simultaneous|same time|mutually)", re.IGNORECASE)  # says a refusal
GRAMMAR = "structured_outputs"  # vLLM's field
SYSTEM_TURN = re.compile(r"\bsystem[ '\"`_-]*(role|message|prompt|instruction|turn)s?\b|\broles?\b.{0,60}\bsystem\b|['\"`]system['\"`]|"
                         r"\b(value|support)s?\W+system\b", re.IGNORECASE)  # fmt: skip
# What a refusal says of the tokens that there are: for prompt and answer together, for an answer, for one in words about max_tokens alone.
CONTEXT = re.compile(r"context (?:length|window)\D{0,30}(\d{3,8})|\binputs\b.{0,60}?<= ?(\d{3,8})")
MOST = re.compile(r"(?:at most|less than or equal to|<=)\D{0,10}(\d{2,8})")
MOST_TOKENS = re.compile(r"max_\w*tokens.*?(?:\[\d+, ?|> ?)(\d{2,8})")
THOUSANDS = re.compile(r"(?<=\d)(?<!\[\d),(?=\d{3}(?!\d))")  # the commas of 8,192
SMALLEST_ROOM = 64  # tokens of an answer: with less room it is not worth a request


class ServerProfile:
    """The known abilities of the server of a model."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.limit_name = "max_tokens"  # newer models of OpenAI's call it max_completion_tokens
        self.left_out: set[str] = set()  # fields
        self.grammar_is_known = False  # True once an answer to a request with one has come
        self.takes_system = True
        self.context: int | None = None  # tokens that prompt and answer share
        self.longest: int | None = None  # tokens of an answer
        self.format, self.format_is_known = FORMATS[0], False

    @property
    def takes_grammar(self) -> bool:
        """False once the server has refused a grammar, or ignored one."""
        return GRAMMAR not in self.left_out

    def body(self, prompt: Prompt, messages: Messages, request: dict[str, Any]) -> dict[str, Any]:
        """The body of a request that holds `max_tokens` and the sampling parameters."""
        if messages[0]["role"] == "system" and not self.takes_system and len(messages) > 1:
            first = {**messages[1], "content": f"{messages[0]['content']}\n\n{messages[1]['content']}"}
            messages = [first, *messages[2:]]
        fields = {**request, **self._shape(prompt)}
        limit = self.room(messages, fields.pop("max_tokens"))
        return {"model": self.model, "messages": messages, **{name: value for name, value in fields.items() if name not in self.left_out},
                self.limit_name: limit}

    def _shape(self, prompt: Prompt) -> dict[str, Any]:
        """The field that asks for an object, or for a text of a grammar."""
        if prompt.schema is None:
            return {GRAMMAR: {"grammar": prompt.grammar}} if prompt.grammar else {}
        if self.format == "json_schema":
            schema = {"name": prompt.task, "schema": closed(prompt.schema), "strict": True}
            return {"response_format": {"type": self.format, "json_schema": schema}}
        return {"response_format": {"type": self.format}} if self.format == "json_object" else {}

    def room(self, messages: Messages, wanted: int) -> int:
        """Tokens that an answer can have, at most `wanted`."""
        room = min(wanted, self.longest or wanted)
        if self.context:
            tokens = estimated_tokens(messages)  # rather too many: where they leave no room, the server may have some
            free = self.context - tokens
            room = min(room, free if free >= SMALLEST_ROOM else max(SMALLEST_ROOM, self.context - tokens * 3 // 4))
        return max(1, room)

    def confirm(self, prompt: Prompt, sent: dict[str, Any]) -> None:
        """Learn from an answer that its format, and its grammar, are taken."""
        self.grammar_is_known |= GRAMMAR in sent
        if prompt.schema is not None and not self.format_is_known:
            self.format, self.format_is_known = sent.get("response_format", {"type": "text"})["type"], True

    def learn(self, sent: dict[str, Any], problem: str) -> bool:
        """Learn from a refusal; True if the next body will differ in what was refused.

        It may have been learned from another request meanwhile, so it is the body sent that counts. A format is changed last, as any bad
        request might be the format's fault; it goes back to the first if none helps.
        """
        if self._learn_fields(sent, problem):
            return True
        if (is_smaller := self._learn_room(sent, problem)) is not None:
            return is_smaller
        if GRAMMAR in sent and not (self.grammar_is_known and self.takes_grammar):  # else it is this request that is bad
            if self.takes_grammar:
                self.say(f"takes no grammar ({problem[:120]}); its answers may have any form")
            self.left_out.add(GRAMMAR)
            return True
        if self.format_is_known:
            return False
        refused = sent.get("response_format", {}).get("type")
        self.format = FORMATS[FORMATS.index(refused) + 1] if refused else FORMATS[0]
        return refused is not None

    def _learn_fields(self, sent: dict[str, Any], problem: str) -> bool:
        if "max_tokens" in sent and "max_completion_tokens" in problem:
            self.limit_name = "max_completion_tokens"
            return True
        if refused := [name for name in SAMPLING if name in sent and re.search(rf"\b{name}\b", problem)]:
            if ONE_OF_BOTH.search(problem) and {"temperature", "top_p"} <= {*refused}:
                refused = ["top_p"]
            if new := [name for name in refused if name not in self.left_out]:
                self.say(f"does not take {', '.join(new)}; left out from now on")
            self.left_out.update(refused)
            return True
        if sent["messages"][0]["role"] == "system" and SYSTEM_TURN.search(problem):
            if self.takes_system:
                self.say("takes no system turn; its text goes before the user's")
            self.takes_system = False
            return True
        return False

    def _learn_room(self, sent: dict[str, Any], problem: str) -> bool | None:
        """Learn how many tokens there is room for; True if the next request will be smaller, None if that was not the problem."""
        wanted = sent.get(self.limit_name, 0)
        numbers = THOUSANDS.sub("", problem)
        if context := CONTEXT.search(numbers):
            self.context = int(context[1] or context[2])
        elif (most := MOST.search(numbers)) or ((most := MOST_TOKENS.search(numbers)) and SMALLEST_ROOM <= int(most[1]) < wanted):
            self.longest = int(most[1])
        else:
            return None
        if smaller := SMALLEST_ROOM <= self.room(sent["messages"], wanted) < wanted:
            cli.say(f"{self.model}: answers get fewer tokens here; the server says: {problem[:160]}")
        return smaller

    def without_extras(self, sent: dict[str, Any]) -> dict[str, Any] | None:
        """The body without the fields that an answer can be had without; None if it has none."""
        extras = {*SAMPLING, GRAMMAR, "response_format"}
        return {name: value for name, value in sent.items() if name not in extras} if extras & sent.keys() else None

    def leave_out(self, fields: set[str]) -> None:
        """Leave out fields on which the server breaks."""
        self.say(f"breaks on {', '.join(sorted(fields))}; left out from now on")
        self.left_out |= fields

    def say(self, fact: str) -> None:
        """Tell the user a fact about the server."""
        cli.say(f"{self.model}: this server {fact}")


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema as strict mode wants it: in each object all properties are required, and no others allowed."""
    if schema["type"] == "array":
        return schema | {"items": closed(schema["items"])}
    if schema["type"] == "object":
        parts = {name: closed(part) for name, part in schema["properties"].items()}
        return schema | {"properties": parts, "required": list(parts), "additionalProperties": False}
    return schema
