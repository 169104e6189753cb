"""The models: a Hugging Face one or the tiny one built here, LoRA on top, merging.

    model, tokenizer = load_run(Path("runs/train"))                           # whatever stage 07 wrote: an adapter or a whole model

Heavy imports stand inside the functions, so that a stage that imports this file still answers --help at once.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from logging import ERROR, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from common import chat, jsonl
from common.jsonl import UserError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# The chat format of a tokenizer that has none, such as a base model's. Its marks are plain text and the end of a turn is the end of text:
# the reserved header tokens of Llama 3's base model were never trained, and LoRA leaves the embeddings as they are.
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '### ' + message['role'] + '\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}{{ '\n' }}"
    "{% else %}{{ message['content'] + '\n\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '### assistant\n' }}{% endif %}"
)
TEMPLATE_SECONDS = 10.0  # for a chat template to write one message; the sandbox bounds a single loop, but not loops within loops

# The tiny model: what a CPU core trains in a minute. Of the shapes tried, narrow and shallow learns most in that time: it takes most steps.
TINY_VOCABULARY = 4096
TINY_SHAPE = {"hidden_size": 128, "intermediate_size": 320, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 4}
TINY_SPECIAL = ("<|pad|>", "<|begin_of_text|>", "<|end_of_text|>")
# An API name, an indentation or a run of punctuation may become one token: the programs get half as long as with GPT-2's splitting.
TINY_PIECES = r" ?[\p{L}_][\p{L}\p{N}_]*|\p{N}{1,3}|\r?\n[ \t]*| ?[^\s\p{L}\p{N}_]+|\s+"
MERGE_TOLERANCE = {"float32": 1e-4, "bfloat16": 5e-2, "float16": 1e-2}  # of logits, relative: the sum of weight and adapter is rounded
PROMPT_FILE = "prompt.json"  # beside an adapter or a model of stage 07: how it was asked in training
NO_PRIMER = {"primer": False}
SMALL_WIDTH = 512  # below it, a second thread costs a CPU more than it brings (on a busy machine, ten times more)


# ---------------------------------------------------------------------------------------------------------------------------------
# tokenizer and base model


@contextmanager
def one_line(what: str, remedy: str) -> Iterator[None]:
    """Turn what the libraries raise about a model that cannot be loaded into one line."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError, ImportError, SafetensorError) as error:
        if "trust_remote_code" in str(error):
            raise UserError(f"{what}: it needs code of its own, which is never run here; take a model that transformers knows") from None
        raise UserError(f"{what}: {' '.join(str(error).split())[:300]}; {remedy}") from None


def refuse_missing_folder(name: str | Path) -> None:
    """UserError for a folder that is not there: `runs/name` reads like a model of Hugging Face, which would be asked for a minute."""
    path = Path(name)
    if len(path.parts) > 1 and path.parent.is_dir() and not path.exists():
        raise UserError(f"model {name}: no such folder; has stage 07 finished?")


def refuse_overlap(flag: str, folder: str | Path, other_flag: str, other: str | Path) -> None:
    """UserError for a folder to write that is, holds or lies in the one that is read; `other` may be a Hugging Face name, which is none."""
    if not Path(other).is_dir():
        return
    written, read = Path(folder).resolve(), Path(other).resolve()
    if written == read or written in read.parents or read in written.parents:
        relation = "is" if written == read else "holds" if written in read.parents else "lies in"
        raise UserError(f"{flag} {folder} {relation} the folder of {other_flag} {other}, which would be overwritten; name another {flag}")


def load_tokenizer(name: str | Path, thinking: str | None = None) -> PreTrainedTokenizerBase:
    """The tokenizer of a Hugging Face model or a folder, with a chat template in any case.

    `thinking` (chat.ON, chat.OFF): the model is asked to think before it answers, or not; see chat.settle.
    """
    from transformers import AutoTokenizer

    refuse_missing_folder(name)
    with one_line(f"tokenizer of {name}", "name a model or a folder that has one"):
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    if tokenizer.eos_token_id is None:
        raise UserError(f"tokenizer of {name}: it has no end-of-text token, so a model could not learn to stop; take another")
    with one_line(f"tokenizer of {name}", "put a chat_template.jinja into the model's folder"):
        tokenizer.chat_template = tokenizer.get_chat_template() if tokenizer.chat_template else CHAT_TEMPLATE  # of several the default
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token  # padding is never seen here: masked in generation, a document of its own in training
    with time_limit(TEMPLATE_SECONDS, f"tokenizer of {name}: its chat template does not end"):
        chat.settle(tokenizer, thinking)
        chat.layout(tokenizer)
    return tokenizer


@contextmanager
def time_limit(seconds: float, what: str) -> Iterator[None]:
    """UserError if a block of Python takes longer. In the main thread alone, as signals go; elsewhere there is no limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(number: int, frame: object) -> None:
        raise UserError(f"{what} ({seconds:.0f} s); take another one")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def build_tiny(texts: Iterable[str], context: int = 2048, seed: int = 0) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A small Llama with random weights, and a byte-level BPE tokenizer learned from `texts`: a pure function of its arguments."""
    import torch
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(TINY_PIECES), "isolated"),
                                                 pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=TINY_VOCABULARY, special_tokens=list(TINY_SPECIAL), show_progress=False,
                                                       initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    pad, bos, eos = TINY_SPECIAL
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, pad_token=pad, bos_token=bos, eos_token=eos, model_max_length=context)
    tokenizer.chat_template = CHAT_TEMPLATE
    torch.manual_seed(seed)
    model = LlamaForCausalLM(LlamaConfig(
        **TINY_SHAPE, vocab_size=len(tokenizer), max_position_embeddings=context, tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id))
    return model, tokenizer


def load_model(name: str | Path, adapter: str | Path | None = None, dtype: torch.dtype | None = None,
               device: str | None = None, quantize: bool = False) -> PreTrainedModel:
    """A causal language model from Hugging Face or a folder, with a PEFT adapter on it if one is named, in eval mode.

    `dtype` defaults to the one it was saved in, `device` to the GPU if there is one. `quantize` puts the layers' matrices into 4 bits, as
    QLoRA does (arXiv 2305.14314). Only safetensors are read, and no code of the model's: left unsaid, transformers would ask at a terminal.
    """
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    refuse_missing_folder(name)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    settings: dict[str, Any] = {"dtype": dtype or "auto", "use_safetensors": True, "trust_remote_code": False}
    if quantize:
        four_bits = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True, "bnb_4bit_compute_dtype": dtype}
        settings |= {"quantization_config": BitsAndBytesConfig(**four_bits), "device_map": {"": device}}
    with one_line(f"model {name}", "check the name, and for a gated model the access and HF_TOKEN"):
        model = AutoModelForCausalLM.from_pretrained(name, **settings)
    if adapter is not None:
        model = _with_adapter(model, Path(adapter), name)
    one_thread_if_small(model.config)
    return (model if quantize else model.to(device)).eval()


def one_thread_if_small(config: Any) -> None:
    """Let PyTorch compute a small model on one core: its matrices are done before a second thread has woken up."""
    import torch

    if config.get_text_config().hidden_size < SMALL_WIDTH:
        torch.set_num_threads(1)


def _with_adapter(model: PreTrainedModel, adapter: Path, base: str | Path) -> PreTrainedModel:
    from peft import PeftModel

    if not (adapter / "adapter_model.safetensors").is_file():
        raise UserError(f"{adapter}: no adapter_model.safetensors there; name a folder that stage 07 or PEFT wrote")
    with one_line(f"adapter {adapter} on {base}", "an adapter fits only the base model it was trained on"):
        return PeftModel.from_pretrained(model, adapter)


def load_run(folder: str | Path, dtype: torch.dtype | None = None, device: str | None = None,
             thinking: str | None = None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """(model, tokenizer) of a folder that stage 07 wrote, be it an adapter or a whole model."""
    folder = Path(folder)
    if (folder / "adapter_config.json").is_file():
        base = jsonl.whole(folder / "adapter_config.json")["base_model_name_or_path"]
        return load_model(base, adapter=folder, dtype=dtype, device=device), load_tokenizer(folder, thinking)
    if (folder / "config.json").is_file():
        return load_model(folder, dtype=dtype, device=device), load_tokenizer(folder, thinking)
    raise UserError(f"{folder}: no model and no adapter there; has stage 07 finished?")


def tokenizer_home(model: str, adapter: Path | None) -> str | Path:
    """The folder or name to load the tokenizer from: the adapter's if it has one, as stage 07 writes it, else the model's."""
    return adapter if adapter and (adapter / "tokenizer_config.json").is_file() else model


def knows_the_language(model: str | Path, adapter: str | Path | None = None) -> bool:
    """True for a model, or one with an adapter, that stage 07 trained: a primer would only take its room (`primer` in its PROMPT_FILE)."""
    path = Path(adapter or model) / PROMPT_FILE
    return path.is_file() and jsonl.whole(path) == NO_PRIMER


def note_prompt(folder: Path) -> None:
    """Write beside trained weights how the model is to be asked."""
    jsonl.write_atomically(folder / PROMPT_FILE, jsonl.encode(NO_PRIMER))


def note_ends(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Write beside trained weights which tokens end an answer (generation_config.json): a server would go on to its token limit."""
    settings = {**model.generation_config.to_diff_dict(), "eos_token_id": chat.end_ids(model, tokenizer)}
    jsonl.write_atomically(folder / "generation_config.json", jsonl.encode(settings))


def context_length(model: PreTrainedModel) -> int:
    """Tokens that prompt and answer share."""
    return int(model.config.get_text_config().max_position_embeddings)


def quiet_libraries() -> None:
    """Keep progress bars, tips and advice of the libraries off the terminal; warnings of substance are errors by the time they matter."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    getLogger("huggingface_hub").setLevel(ERROR)  # a line for each of its retries
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")


# ---------------------------------------------------------------------------------------------------------------------------------
# LoRA


def attach_lora(model: PreTrainedModel, seed: int, **settings: Any) -> PreTrainedModel:
    """The model with fresh LoRA matrices in fp32 on it, everything else frozen; `settings` are those of peft.LoraConfig."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    with one_line("LoRA", "see --lora-targets"):
        return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings))


def merge(run: Path, output: Path) -> float:
    """Write the merged model of an adapter with its tokenizer; returns the relative difference of its logits to the adapter's.

    Raises UserError if they differ by more than rounding, when there is no adapter, or when `output` is there already: a merged model is
    never written over anything. It is the model as read back that is checked, before it gets its name.
    """
    if not (run / "adapter_config.json").is_file():
        raise UserError(f"{run}: no adapter there; a model that was trained whole needs no merging, use its folder as it is")
    refuse_overlap("--merge", output, "the adapter", run)
    base = jsonl.whole(run / "adapter_config.json")["base_model_name_or_path"]
    refuse_overlap("--merge", output, "the adapter's base", str(base))
    output = output.resolve()
    part = output.with_name(output.name + ".part")  # of a merge that was killed, or anybody's
    for path in (output, part):
        if path.exists() and not (path.is_dir() and not any(path.iterdir())):
            raise UserError(f"{path} is there already; remove it, or name another folder for --merge")
    model, tokenizer = load_run(run)
    try:
        difference = _merged(model, tokenizer, run, part)
        os.replace(part, output)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{output}: the merged model cannot be written: {error}") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return difference


def _merged(model: Any, tokenizer: Any, run: Path, output: Path) -> float:
    """Merge, write, read back and compare."""
    import torch

    tolerance = MERGE_TOLERANCE[str(model.dtype).removeprefix("torch.")]
    ids = torch.tensor([tokenizer("Thought: merged and adapted must agree.\n\nCode:")["input_ids"]], device=model.device)
    with torch.no_grad():
        expected = model(input_ids=ids).logits.float().cpu()
        model.merge_and_unload().save_pretrained(output)
        note_ends(output, model, tokenizer)
        save_tokenizer(tokenizer, output)
        if knows_the_language(run):
            note_prompt(output)
        del model
        found = load_model(output)(input_ids=ids.to("cuda" if torch.cuda.is_available() else "cpu")).logits.float().cpu()
    difference = float((found - expected).norm() / expected.norm())
    if not difference <= tolerance:
        raise UserError(f"the merged model's logits differ from the adapter's by {difference:.1e}, more than {tolerance:.0e}; "
                        "it was not kept")
    return difference


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a tokenizer with its chat template; UserError if the disk does not take it."""
    try:
        tokenizer.save_pretrained(folder)
    except Exception as error:  # the Rust part raises a bare Exception when a disk is full
        raise UserError(f"{folder}: the tokenizer cannot be written: {' '.join(str(error).split())}") from None
