"""A hub of models, Hugging Face's or the one that HF_ENDPOINT names: what lies there by name, and putting a trained model there.

    hub.pinned("owner/name")                  # "owner/name@<commit>", which stays what it is
    hub.local("owner/name@v1", weights=True)  # the folder of its files, downloaded once
    hub.push(folder, "owner/name", public=False)

A name may have a revision behind it: a branch, a tag or a commit. What is a folder here is taken as one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common.jsonl import UserError

# No program and no pickle is fetched, and nothing of a run goes out but the model as others read it, its curves and its card.
WEIGHTS, OTHERS = "*.safetensors", ("*.json", "*.jinja", "*.model", "*.txt")
LEFT = ("*/*", "consolidated*")  # the same weights once more, in the layouts of their makers
PUSHED = ("adapter_model.safetensors", "model*.safetensors", "model.safetensors.index.json", "adapter_config.json", "config.json",
          "generation_config.json", "tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab*", "merges.txt",
          "chat_template.jinja", "prompt.json", "metrics.csv", "README.md")  # fmt: skip
Name = str | Path


def split(name: Name) -> tuple[str, str | None]:
    """Return (name, revision or None) of `owner/name@revision`; a folder is no name and has none."""
    if Path(name).is_dir():
        return str(name), None
    repository, _, revision = str(name).partition("@")
    return repository, revision or None


def local(name: Name, weights: bool = False) -> Path:
    """Return the folder of a model: itself if it is one, else what the hub has under that name, in the cache of its library.

    Unless asked for, `weights` are not fetched: they are gigabytes, and what else there is says what the model is.
    Raises UserError in one line for a folder or a name that is not there, and for a hub that lets nobody in or cannot be reached.
    """
    if Path(name).is_dir():
        return Path(name)
    _refuse_missing_folder(name)
    from huggingface_hub import snapshot_download

    repository, revision = split(name)
    with _one_line(str(name), "read"):
        return Path(snapshot_download(repository, revision=revision, allow_patterns=[*OTHERS, *([WEIGHTS] if weights else [])],
                                      ignore_patterns=list(LEFT)))


def pinned(name: Name) -> str:
    """Return a hub's name with the commit that it stands for now; a folder's as it is. Raises as `local`."""
    return str(name) if Path(name).is_dir() else f"{split(name)[0]}@{local(name).name}"


def licence(name: Name) -> str | None:
    """Return the licence that a model's page on the hub states, None if it states none or there is no page."""
    from huggingface_hub import HfApi

    try:
        card = HfApi().model_info(split(name)[0]).card_data
    except Exception:  # the hub's library raises those of its HTTP client, which is another from version to version
        return None
    return card.get("license") if card else None


def token() -> str:
    """Return HF_TOKEN, which a push needs, and no token that lies on this machine: that may be somebody else's. Raises UserError."""
    if not os.environ.get("HF_TOKEN"):
        raise UserError("--push: no token; make one that may write on the hub's page of access tokens, and export it as HF_TOKEN")
    return os.environ["HF_TOKEN"]


def push(folder: Path, repository: str, public: bool) -> str:
    """Put a model's files on the hub in one commit, with the folder's README.md as its card; returns the address of the commit.

    A repository is made private unless it is to be `public`; one that is public already is left alone unless it is to be. Raises UserError.
    """
    from huggingface_hub import HfApi

    api = HfApi(token=token())
    with _one_line(repository, "write"):
        api.create_repo(repository, private=not public, exist_ok=True)
        if not public and not api.model_info(repository).private:
            raise UserError(f"{repository} is public; say --public to put the model there for all to see, or name another repository")
        done = api.upload_folder(repo_id=repository, folder_path=folder, allow_patterns=list(PUSHED), ignore_patterns="*/*",
                                 commit_message="Upload a model of stage 07")
    return str(done.commit_url)


# ---------------------------------------------------------------------------------------------------------------------------------
# what goes wrong


def _refuse_missing_folder(name: Name) -> None:
    """Raise UserError for a folder that is not there: `runs/name` reads like a name on the hub, which would be asked for a minute."""
    path = Path(name)
    if path.is_absolute() or (len(path.parts) > 1 and path.parent.is_dir() and not path.exists()):
        raise UserError(f"model {name}: no such folder; has stage 07 finished?")


@contextmanager
def _one_line(name: str, act: str) -> Iterator[None]:
    """Turn what the hub's library raises into one line; `act` is "read" or "write"."""
    from httpx2 import HTTPError
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        yield
    except LocalEntryNotFoundError as error:  # not in the cache; why the hub gave nothing is its cause
        raise UserError(f"model {name}: {_reason(error.__cause__ or error, act)}") from None
    except HFValidationError:
        raise UserError(f"model {name}: no such folder, and no name that a hub could have, such as owner/name@revision") from None
    except (HTTPError, OSError) as error:
        raise UserError(f"model {name}: {_reason(error, act)}") from None


def _reason(error: Any, act: str) -> str:
    """Say what is wrong and what to do."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, GatedRepoError):
        return "it is gated; accept its terms on its page, and export the HF_TOKEN of that account"
    if isinstance(error, RevisionNotFoundError):
        return "the hub has no such revision of it; name a branch, a tag or a commit behind the @"
    if status == 401 and act == "write":
        return "the hub refuses HF_TOKEN; make another one that may write"
    if status == 403:
        return f"HF_TOKEN may not {act} there; take a token of its owner with the right to {act}"
    if isinstance(error, RepositoryNotFoundError) or status in (401, 404):
        return "the hub has no model of that name, or it is private; check the name, and for a private one export HF_TOKEN"
    if status is not None:
        return f"the hub answered with status {status}; try again later"
    line = " ".join(str(error).split())[:200]
    return f"the hub cannot be reached, and it is not in the cache ({type(error).__name__}: {line}); check the network and HF_ENDPOINT"
