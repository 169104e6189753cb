"""The models: a Hugging Face one or the tiny one built here, LoRA on top, merging.

    model, tokenizer = load_run(Path("runs/train"))                           # whatever stage 07 wrote: an adapter or a whole model

Heavy imports stand inside the functions, so that a stage that imports this file still answers --help at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from logging import ERROR, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from common import chat, cli, hub, jsonl
from common.jsonl import Record, UserError

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
PIECES, PIECE = 512, 4096  # of a file of weights, and their bytes, by which weights are told from others
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
ATTENDING = frozenset({"full_attention", "sliding_attention", "attention"})  # types of layers
MERGED_FILE = "merged.json"  # beside a merged model: the hash of its adapter
TASK = "generate"  # what a model of stage 07 is asked for unless its PROMPT_FILE names another task of its training data
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

    folder = hub.local(name)
    with one_line(f"tokenizer of {name}", "name a model or a folder that has one"):
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
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

    folder, adapter = hub.local(name, weights=True), adapter and hub.local(adapter, weights=True)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    settings: dict[str, Any] = {"dtype": dtype or "auto", "use_safetensors": True, "trust_remote_code": False}
    if quantize:
        four_bits = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True, "bnb_4bit_compute_dtype": dtype}
        settings |= {"quantization_config": BitsAndBytesConfig(**four_bits), "device_map": {"": device}}
    with one_line(f"model {name}", "name a folder or a model of the hub that has config.json and safetensors"):
        model = AutoModelForCausalLM.from_pretrained(folder, **settings)
    if adapter is not None:
        model = _with_adapter(model, adapter, name)
    one_thread_if_small(model.config)
    return (model if quantize else model.to(device)).eval()


def is_attention_alone(model: Any) -> bool:
    """True if all layers of a model are attention that transformers lets us replace.

    Layers of other types carry a state along, or choose what they attend to, and know nothing of where a text ends.
    """
    types = getattr(model.config.get_text_config(), "layer_types", None) or ()
    return bool(model._supports_attention_backend) and not model._is_stateful and ATTENDING.issuperset(types)


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


def load_run(name: str | Path, adapter: str | Path | None = None, dtype: torch.dtype | None = None, device: str | None = None,
             thinking: str | None = None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """(model, tokenizer) of what stage 07 wrote or a hub has: a whole model, an adapter, or a model and the adapter to put on it."""
    if adapter is None and (hub.local(name) / "adapter_config.json").is_file():
        name, adapter = base_of(hub.local(name)), name
        _check_weights(name, hub.local(adapter))
    elif adapter is None and not (hub.local(name) / "config.json").is_file():
        raise UserError(f"{name}: no model and no adapter there; has stage 07 finished?")
    model = load_model(name, adapter=adapter, dtype=dtype, device=device)
    has_tokenizer = adapter is not None and (hub.local(adapter) / "tokenizer_config.json").is_file()
    return model, load_tokenizer(adapter if has_tokenizer else name, thinking)


def load_writer(name: str | Path, adapter: str | Path | None = None,
                thinking: str | None = None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:  # fmt: skip
    """Return the model of `load_run`, made fast for generation; say what a person should know of how it is asked.

    An adapter is merged where it can be (its own products take an eighth of the time), the numbers are those that the processor is quick
    with, and there are no more threads than cores without work.
    """
    import torch

    quiet_libraries()
    dtype = None if torch.cuda.is_available() else quick_dtype(torch.cpu.get_capabilities())
    model, tokenizer = load_run(name, adapter, dtype=dtype, thinking=thinking)
    for remark in chat.remarks(tokenizer, is_trained=False):
        cli.say(f"{name}: {remark}")
    torch.set_num_threads(min(torch.get_num_threads(), free_threads(os.cpu_count() or 1, os.getloadavg()[0])))
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") and not adapts_tied_weights(model) else model, tokenizer


def adapts_tied_weights(model: Any) -> bool:
    """True if an adapter is on embeddings or a head that share their weights: merged into the one, it would change the other."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    ends = model.get_input_embeddings(), model.get_output_embeddings()
    return ends[1] is not None and ends[0].weight is ends[1].weight and any(isinstance(end, BaseTunerLayer) for end in ends)


def quick_dtype(capabilities: Mapping[str, Any]) -> torch.dtype:
    """The numbers to generate with on a processor: bfloat16 where it has units for that, which others emulate, many times slower.

    `capabilities`: what torch.cpu.get_capabilities says.
    """
    import torch

    return torch.bfloat16 if any(has for name, has in capabilities.items() if name.endswith("bf16")) else torch.float32


def free_threads(cores: int, load: float) -> int:
    """Threads to compute with beside so many running processes: one for each core that is left, and at least one."""
    return max(1, cores - round(load))


def base_of(adapter: Path) -> str:
    """The model that the adapter in a folder was trained on, with the revision if the adapter names one."""
    config = jsonl.whole(adapter / "adapter_config.json")
    revision = config.get("revision")
    return config["base_model_name_or_path"] + (f"@{revision}" if revision else "")


def weights_hash(name: str | Path) -> str | None:
    """Return a digest of the weights in a model's folder; None for `tiny` and for names on the hub, which have a commit.

    It is of pieces from all over the files, as any training changes almost every weight, and to read all of a large model takes minutes.
    """
    if name == "tiny" or not Path(name).is_dir():
        return None
    digest = hashlib.sha256()
    try:
        for path in sorted(Path(name).glob("*.safetensors")):
            size = path.stat().st_size
            digest.update(f"{path.name}\0{size}\0".encode())
            with open(path, "rb") as file:
                for number in range(PIECES):
                    file.seek(size * number // PIECES)
                    digest.update(file.read(PIECE))
    except OSError as error:
        raise UserError(f"{error.filename or name}: cannot be read: {error.strerror}") from None
    return digest.hexdigest()


def _check_weights(base: str | Path, adapter: Path) -> None:
    """Raise UserError if the folder of an adapter's base has been replaced since stage 07 trained the adapter."""
    run = jsonl.whole(adapter / "run.json") if (adapter / "run.json").is_file() else {}
    plan = run.get("plan") if isinstance(run, dict) else None
    known = plan.get("base_weights") if isinstance(plan, dict) else None  # runs of earlier versions lack it
    if known and weights_hash(base) not in (known, None):  # a folder that is gone is told by who loads it
        raise UserError(f"{base} has other weights than those that the adapter {adapter} was trained on; put those back, or train again")


def prompt_notes(model: str | Path, adapter: str | Path | None = None) -> Record:
    """The notes in the PROMPT_FILE of a model, or one with an adapter: {"primer": False, "task": …}; {} for one stage 07 did not train."""
    path = hub.local(adapter or model) / PROMPT_FILE
    notes = jsonl.whole(path) if path.is_file() else {}
    return notes if isinstance(notes, dict) else {}


def knows_the_language(model: str | Path, adapter: str | Path | None = None) -> bool:
    """True for a model, or one with an adapter, that stage 07 trained: a primer would only take its room."""
    return prompt_notes(model, adapter).get("primer") is False


def note_prompt(folder: Path, data: Path | None = None) -> None:
    """Write beside trained weights how the model is to be asked: with the task of its training data, where that is one other than TASK."""
    named = (record.get("task") for record in jsonl.read(data)) if data else ()
    first, *more = {task if isinstance(task, str) else TASK for task in named} or {TASK}
    jsonl.write_atomically(folder / PROMPT_FILE, jsonl.encode(NO_PRIMER | ({} if more or first == TASK else {"task": first})))


def name_ends(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Note in a model's generation config all tokens that end its answers: a server that knows one of them would go on to its limit.

    A config that contradicts itself could not be saved after training; of such a one the tokens alone are kept.
    """
    from transformers import GenerationConfig

    settings, ends = model.generation_config, chat.end_ids(model, tokenizer)
    try:
        settings.validate(strict=True)
    except ValueError:
        settings = GenerationConfig(bos_token_id=settings.bos_token_id, pad_token_id=settings.pad_token_id)
    settings.eos_token_id, settings._from_model_config = ends, False  # it says more than the model's config
    model.generation_config = settings


def context_length(model: PreTrainedModel) -> int:
    """Tokens that prompt and answer share."""
    return longest_context(model.config)


def longest_context(config: Any) -> int:
    """The most tokens that the model of a config reads at once. UserError for the few kinds that name none, such as Bloom and Mamba."""
    longest = getattr(config.get_text_config(), "max_position_embeddings", None)
    if longest is None:
        raise UserError(f"models of type {config.model_type} do not say in config.json how many tokens they read "
                        "(max_position_embeddings); take another --model")
    return int(longest)


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
    with one_line("LoRA", "see --lora-targets; a mixture of experts takes no --lora-dropout"):
        return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings))


def merge(run: Path, output: Path) -> float:
    """Write the merged model of an adapter with its tokenizer; returns the relative difference of its logits to the adapter's.

    Raises UserError if they differ by more than rounding, when there is no adapter, or when `output` is there already: a merged model is
    never written over anything. It is the model as read back that is checked, before it gets its name.
    """
    if (run / "run.json").is_file() and not any((run / name).is_file() for name in ("adapter_config.json", "config.json")):
        raise UserError(f"{run}: this run was stopped before its end; go on with it, or write what it has learned: --export-now")
    if not (run / "adapter_config.json").is_file():
        raise UserError(f"{run}: no adapter there; a model that was trained whole needs no merging, use its folder as it is")
    refuse_overlap("--merge", output, "the adapter", run)
    refuse_overlap("--merge", output, "the adapter's base", base_of(run))
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


def is_merge_of(folder: Path, run: Path) -> bool:
    """True for the merged model of a run's adapter as it is now."""
    note = folder / MERGED_FILE
    return note.is_file() and (run / "adapter_model.safetensors").is_file() and jsonl.whole(note) == _merged_from(run)


def _merged_from(run: Path) -> Record:
    with open(run / "adapter_model.safetensors", "rb") as file:
        return {"adapter": hashlib.file_digest(file, "sha256").hexdigest()}


def _merged(model: Any, tokenizer: Any, run: Path, output: Path) -> float:
    """Merge, write, read back and compare."""
    import torch

    tolerance = MERGE_TOLERANCE[str(model.dtype).removeprefix("torch.")]
    ids = torch.tensor([tokenizer("Thought: merged and adapted must agree.\n\nCode:")["input_ids"]], device=model.device)
    with torch.no_grad():
        expected = model(input_ids=ids).logits.float().cpu()
        merged = model.merge_and_unload()
        name_ends(merged, tokenizer)
        merged.save_pretrained(output)
        save_tokenizer(tokenizer, output)
        if notes := prompt_notes(run):
            jsonl.write_atomically(output / PROMPT_FILE, jsonl.encode(notes))
        jsonl.write_atomically(output / MERGED_FILE, jsonl.encode(_merged_from(run)))
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
