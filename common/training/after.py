"""What is done with a run instead of training: its adapter is merged, its model put on a hub, a stopped one exported as it is."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from common import cli, hub, model
from common.jsonl import UserError
from common.training import checkpoint, launcher, model_card, precision
from common.training.export import export
from common.training.run_folder import RunFolder


def merge_or_push(args: argparse.Namespace) -> int:
    """Merge a trained adapter into its base, put a trained model on a hub, or both. Of several processes the first does it."""
    if not launcher.is_first():
        return cli.EXIT_DONE
    done: dict[str, Any] = {}
    if args.push:
        hub.token()  # missing it is said before minutes of merging
    if args.merge and args.push and model.is_merge_of(args.merge, args.output):
        done = {"merged": str(args.merge)}  # by the same command, whose push went wrong
    elif args.merge:
        done = {"merged": str(args.merge), "difference": model.merge(args.output, args.merge)}
    if args.push:
        from common.metrics import HEADLINE

        target = args.merge or args.output
        model_card.write(args.output, target, args.push, model_card.scores_of(args.scores, args.output), HEADLINE)
        done["pushed"] = hub.push(target, args.push, args.public)
    cli.summary("train", **done)
    return cli.EXIT_DONE


def export_now(folder: RunFolder, args: argparse.Namespace, whole: Callable[[], Any]) -> int:
    """Export a run that was stopped, as it is; it can still go on. Of several processes the first does it."""
    if not launcher.is_first():
        return cli.EXIT_DONE
    if not folder.last.exists():
        raise UserError(f"{args.output}: there is no checkpoint to export; train first")
    chosen = folder.chosen(args.export)
    export(whole(), chosen, folder.path, args.model, precision.DTYPES[args.precision])
    cli.summary("train", exported=str(chosen), step=int(checkpoint.position(chosen)["step"]), output=str(args.output))
    return cli.EXIT_DONE
