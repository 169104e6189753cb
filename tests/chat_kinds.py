"""Chat templates of the kinds that today's models have, each a small program of our own, and two tokenizers learned on the spot.

What differs from kind to kind is what a trainer can get wrong: what stands before an answer, what ends it, where thoughts go, what happens
to a system turn, the date of the day. The marks are the models' own; the words are not.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from common.model import CHAT_TEMPLATE

CHATML = ("{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}"
          "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
LLAMA_TURNS = ("{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m.content | trim + '<|eot_id|>' }}"
               "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}")
# The last answer keeps its thoughts, empty ones too; earlier ones lose them.
HYBRID = ("{% set ns = namespace(last=0) %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}"
          "{% endfor %}{% for m in messages %}{% if m.role == 'assistant' %}{% set parts = m.content.split('</think>') %}"
          "{{ '<|im_start|>assistant\\n' }}{% if loop.index0 > ns.last %}"
          "{{ '<think>\\n' + (parts[0].split('<think>')[-1].strip('\\n') if parts | length > 1 else '') + '\\n</think>\\n\\n' }}{% endif %}"
          "{{ parts[-1].lstrip('\\n') + '<|im_end|>\\n' }}{% else %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}"
          "{% endif %}{% endfor %}")
QWEN3 = HYBRID + ("{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% if enable_thinking is defined and enable_thinking is false %}"
                  "{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}{% endif %}")
QWEN35 = HYBRID + ("{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{% if enable_thinking is defined and not "
                   "enable_thinking %}{{ '\\n</think>\\n\\n' }}{% endif %}{% endif %}")
GEMMA_TURNS = ("{% for m in turns %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('turns must alternate') }}{% endif %}"
               "{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\\n' + (first if loop.first else '') + m.content | trim"
               " + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}")
GEMMA2 = ("{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system turns here') }}{% endif %}"
          "{% set turns, first = messages, '' %}" + GEMMA_TURNS)
GEMMA3 = ("{{ bos_token }}{% if messages[0].role == 'system' %}{% set turns, first = messages[1:], messages[0].content + '\\n\\n' %}{% else %}"
          "{% set turns, first = messages, '' %}{% endif %}" + GEMMA_TURNS)
GEMMA4 = ("{{ bos_token }}{% set thinking_on = enable_thinking is defined and enable_thinking %}"
          "{% if thinking_on and messages[0].role != 'system' %}{{ '<|turn>system\\n<|think|><turn|>\\n' }}{% endif %}{% for m in messages %}"
          "{{ '<|turn>' + ('model' if m.role == 'assistant' else m.role) + '\\n' }}"
          "{{ '<|think|>' if thinking_on and m.role == 'system' else '' }}{{ m.content.split('<channel|>')[-1] | trim + '<turn|>\\n' }}"
          "{% endfor %}{% if add_generation_prompt %}{{ '<|turn>model\\n' }}{% if not thinking_on %}"
          "{{ '<|channel>thought\\n<channel|>' }}{% endif %}{% endif %}")
GRANITE = ("{% if messages[0].role != 'system' %}{{ '<|start_of_role|>system<|end_of_role|>Made in a lab. It is ' + strftime_now('%B %d, %Y') + '.'"
           "}}{% if thinking %}{{ ' Close your thoughts with </think>, and open them with <think>.' }}{% endif %}{{ '<|end_of_text|>\\n' }}{% endif %}"
           "{% for m in messages %}{{ '<|start_of_role|>' + m.role + '<|end_of_role|>' + m.content + '<|end_of_text|>\\n' }}{% endfor %}"
           "{% if add_generation_prompt %}{{ '<|start_of_role|>assistant<|end_of_role|>' }}{% endif %}")
SMOLLM2 = "{% if messages[0].role != 'system' %}{{ '<|im_start|>system\\nYou help, and are called Small.<|im_end|>\\n' }}{% endif %}" + CHATML
SMOLLM3 = ("{% set on = enable_thinking is not defined or enable_thinking %}{% set given = messages[0].role == 'system' %}"
           "{{ '<|im_start|>system\\n## Facts\\n\\nToday: ' + strftime_now('%d %B %Y') + '\\nMode: ' + ('/think' if on else '/no_think') + '\\n\\n' }}"
           "{{ (messages[0].content if given else 'You help.') + '<|im_end|>\\n' }}{% for m in (messages[1:] if given else messages) %}"
           "{{ '<|im_start|>' + m.role + '\\n' }}{% if m.role == 'assistant' and not on %}{{ '<think>\\n\\n</think>\\n' }}{% endif %}"
           "{{ m.content.lstrip('\\n') + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
           "{% if not on %}{{ '<think>\\n\\n</think>\\n' }}{% endif %}{% endif %}")
PHI = ("{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + '<|end|>\\n' }}{% endfor %}"
       "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}")
# The system's text goes into the last user turn; a space before each answer.
MISTRAL = ("{{ bos_token }}{% set given = messages[0].role == 'system' %}{% for m in (messages[1:] if given else messages) %}"
           "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('turns must alternate') }}{% endif %}{% if m.role == 'user' %}"
           "{{ '[INST] ' + (messages[0].content + '\\n\\n' if given and loop.last else '') + m.content + ' [/INST]' }}"
           "{% else %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}")
MINISTRAL = ("{{ bos_token }}{% if messages[0].role != 'system' %}{{ '[SYSTEM_PROMPT]You are small. Today is ' + strftime_now('%Y-%m-%d') + "
             "'.[/SYSTEM_PROMPT]' }}{% endif %}{% for m in messages %}{% if m.role == 'system' %}{{ '[SYSTEM_PROMPT]' + m.content + "
             "'[/SYSTEM_PROMPT]' }}{% elif m.role == 'user' %}{{ '[INST]' + m.content + '[/INST]' }}{% else %}{{ m.content + eos_token }}"
             "{% endif %}{% endfor %}")
# An answer that ends the text has another mark than one that is followed.
OLMO3 = ("{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content }}{% if m.role == 'assistant' and loop.last %}{{ eos_token }}"
         "{% else %}{{ '<|im_end|>\\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
GLM4 = ("[gMASK]<sop>{% for m in messages %}{{ '<|' + m.role + '|>\\n' }}{% if m.role == 'assistant' %}{{ '<think></think>\\n' }}{% endif %}"
        "{{ m.content | trim }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}"
        "{% if enable_thinking is defined and not enable_thinking %}{{ '\\n<think></think>' }}{% endif %}{% endif %}")
R1 = ("{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}{{ '<|Assistant|>' + m.content.split('</think>')[-1] + eos_token }}"
      "{% elif m.role == 'user' %}{{ '<|User|>' + m.content }}{% else %}{{ m.content }}{% endif %}{% endfor %}"
      "{% if add_generation_prompt %}{{ '<|Assistant|><think>\\n' }}{% endif %}")
NEMOTRON = ("{% if enable_thinking is not defined or enable_thinking %}{{ raise_exception('thinking is not to be had') }}{% endif %}"
            + CHATML.replace("assistant\\n' }}", "assistant\\n<think></think>' }}")
            .replace("m.role + '\\n' +", "m.role + '\\n' + ('<think></think>' if m.role == 'assistant' else '') +"))


class Kind(NamedTuple):
    """A kind of template, and what is to be seen of it."""

    template: str
    before: str  # what stands right before an answer's text, without thinking
    end: str = "<|im_end|>"
    eos: str = "<|im_end|>"
    empty: str | None = None  # with thinking: empty thoughts as they stand before an answer in training; None: the template knows none
    opens: str = ""  # with thinking: what a prompt ends with
    is_dated: bool = False
    keeps_answers: bool = True
    spaced: bool = False  # on a tokenizer that puts a space before a text and strips it again


KINDS = {
    "ours": Kind(CHAT_TEMPLATE, "### assistant\n", "<|endoftext|>", "<|endoftext|>"),
    "Llama 3.1": Kind("{{ bos_token }}{% if date_string is not defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
                      "{{ '<|start_header_id|>system<|end_header_id|>\\n\\nToday: ' + date_string + '\\n\\n<|eot_id|>' }}" + LLAMA_TURNS,
                      "<|end_header_id|>\n\n", "<|eot_id|>", "<|eot_id|>", is_dated=True),
    "Llama 3.2": Kind("{{ bos_token }}{% if strftime_now is defined %}{% set day = strftime_now('%d %b %Y') %}{% else %}{% set day = 'then' %}"
                      "{% endif %}{{ 'Today: ' + day }}" + LLAMA_TURNS,
                      "<|end_header_id|>\n\n", "<|eot_id|>", "<|endoftext|>", is_dated=True),
    "Qwen3": Kind(QWEN3, "<think>\n\n</think>\n\n", empty="<think>\n\n</think>\n\n", opens="assistant\n<think>", keeps_answers=False),
    "Qwen3 2507": Kind(CHATML, "<|im_start|>assistant\n", eos="<|endoftext|>"),
    "Qwen3.5": Kind(QWEN35, "<think>\n\n</think>\n\n", empty="<think>\n\n</think>\n\n", opens="<think>\n", keeps_answers=False),
    "Gemma 2": Kind(GEMMA2, "<start_of_turn>model\n", "<end_of_turn>", "<|endoftext|>"),
    "Gemma 3": Kind(GEMMA3, "<start_of_turn>model\n", "<end_of_turn>", "<|endoftext|>"),
    "Gemma 4": Kind(GEMMA4, "<|turn>model\n<|channel>thought\n<channel|>", "<turn|>", "<|endoftext|>",
                    "<|channel>thought\n\n<channel|>\n\n", "model\n<|channel>thought", keeps_answers=False),
    "Granite": Kind(GRANITE, "<|end_of_role|>", "<|end_of_text|>", "<|end_of_text|>", "<think>\n\n</think>\n\n", "<|end_of_role|><think>",
                    is_dated=True),
    "SmolLM2": Kind(SMOLLM2, "<|im_start|>assistant\n"),
    "SmolLM3": Kind(SMOLLM3, "<think>\n\n</think>\n", empty="<think>\n\n</think>\n\n", opens="assistant\n<think>", is_dated=True),
    "Phi": Kind(PHI, "<|assistant|>\n", "<|end|>", "<|endoftext|>"),
    "Mistral": Kind(MISTRAL, "[/INST] ", "</s>", "</s>", spaced=True),
    "Ministral": Kind(MINISTRAL, "[/INST]", "</s>", "</s>", is_dated=True),
    "Olmo 3": Kind(OLMO3, "<|im_start|>assistant\n", "<|endoftext|>", "<|endoftext|>", keeps_answers=False),
    "GLM-4": Kind(GLM4, "<think></think>\n", "<|endoftext|>", "<|endoftext|>", "\n<think></think>\n", "<|assistant|>\n<think>",
                  keeps_answers=False),
    "R1": Kind(R1, "<think>\n\n</think>\n\n", "</s>", "</s>", "<think>\n\n</think>\n\n", "<think>\n", keeps_answers=False),
    "Nemotron": Kind(NEMOTRON, "<think></think>", empty="refused"),
}  # fmt: skip

PLAIN = ("<|pad|>", "<s>", "</s>", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
         "<start_of_turn>", "<end_of_turn>", "<|turn>", "<turn|>", "<|channel>", "<channel|>", "<|think|>", "<|start_of_role|>",
         "<|end_of_role|>", "<|end_of_text|>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>", "[INST]", "[/INST]", "[gMASK]", "<sop>",
         "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "<|User|>", "<|Assistant|>")  # fmt: skip
TEXTS = ["Thought:1. Ask for a name. 2. Show it.", "Code:", "```python", "is_workflow_actions_ask(WFAskActionPrompt='Which boats are here?')",
         "if Name == 'Ada':", "    is_workflow_actions_showresult(Text=f'Ahoy {Name}')", "user assistant system model role", "Today is July 2024"] * 4


@cache
def byte_level() -> Any:
    """A tokenizer of bytes and pairs of them, as most models have it; `</think>` is a token, but no special one."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer, bpe.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    bpe.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=500, special_tokens=list(PLAIN), show_progress=False,
                                                       initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    bpe.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in ("<think>", "</think>")])
    return PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="</s>", pad_token="<|pad|>")


@cache
def spaced() -> Any:
    """A tokenizer of the sentencepiece kind: a space before each text, dropped again from what is decoded; bytes for what it lacks."""
    from tokenizers import Tokenizer, decoders, models, normalizers, trainers
    from transformers import PreTrainedTokenizerFast

    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    learner.train_from_iterator([word for text in TEXTS for word in text.split()], trainers.BpeTrainer(vocab_size=300, show_progress=False))
    import json

    learned = json.loads(learner.to_str())["model"]
    marks = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    letters = [chr(code) for code in range(33, 127)]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys([*marks, "▁", "▁▁", "▁▁▁▁", *letters, *learned["vocab"]]))}
    merges = [("▁", "▁"), ("▁▁", "▁▁"), *(tuple(pair) for pair in learned["merges"])]
    bpe = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    bpe.normalizer = learner.normalizer
    bpe.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="</s>")


def tokenizer_of(kind: Kind, thinking: str | None = None) -> Any:
    """A tokenizer of its own with the kind's template, settled as stage 07 does it."""
    import copy

    from common import chat

    tokenizer = copy.deepcopy(spaced() if kind.spaced else byte_level())
    tokenizer.chat_template, tokenizer.eos_token = kind.template, kind.eos
    chat.settle(tokenizer, thinking)
    return tokenizer
