"""What the actions do, a module for each field; importing this package fills the table."""

from shortcuts.machine.actions import (
    apps,
    basics,
    dates,
    device,
    dialogs,
    dictionaries,
    documents,
    files,
    finding,
    lists,
    media,
    numbers,
    people,
    text,
    web,
)
from shortcuts.machine.registry import ACTIONS

MODULES = (apps, basics, dates, device, dialogs, dictionaries, documents, files, finding, lists, media, numbers, people, text, web)
__all__ = ["ACTIONS", "MODULES"]
