"""Files: a tree in memory. A path is relative to the Shortcuts folder; a folder is an entry {} or the start of another path."""

from __future__ import annotations

from typing import Any

from shortcuts.machine import convert, members, values
from shortcuts.machine.registry import Call, Ended, action
from shortcuts.machine.values import File, Record, Unknown, Untold, items, one_or_many
from shortcuts.machine.world import clean_path

KINDS = {"png": "image", "jpg": "image", "jpeg": "image", "gif": "image", "heic": "image", "webp": "image", "tiff": "image", "mp3": "media",
         "m4a": "media", "mp4": "media", "mov": "media", "wav": "media", "pdf": "pdf"}  # fmt: skip


def tree_of(call: Call) -> dict[str, Any]:
    """Return the world's files by clean path. Looking through them counts against the limit of the run."""
    tree = call.run.state.read("files")
    call.run.spend(3 * len(tree))
    return tree


def at(call: Call, path: str) -> File | None:
    """Return the file or folder at a path, or None."""
    path, tree = clean_path(path), call.run.state.read("files")
    if path in tree:
        return _entry(path, tree[path])
    inside = path == "" or any(other.startswith(path + "/") for other in tree_of(call))
    return File(path.rpartition("/")[2] or "Shortcuts", "folder", None, {"path": path}) if inside else None


def _entry(path: str, entry: Any) -> File:
    name = path.rpartition("/")[2]
    if isinstance(entry, File):
        return File(name, entry.kind, entry.data, {**entry.facts, "path": path})
    if isinstance(entry, dict) and not entry:
        return File(name, "folder", None, {"path": path})
    kind = KINDS.get(name.rpartition(".")[2].lower(), "file")
    if isinstance(entry, str):
        return File(name, kind, entry, {"path": path})
    import orjson

    return File(name, kind, orjson.dumps(entry, default=str).decode(), {"path": path})


def put(call: Call, path: str, file: File) -> File:
    """Write a file into the tree; return it as it stands there."""
    path = clean_path(path)
    call.run.state.write("files")[path] = File(path.rpartition("/")[2], file.kind, file.data, {**file.facts, "path": path})
    return at(call, path) or file


def contents(call: Call, folder: str, recursive: bool = False) -> list[File]:
    """Return what a folder holds, sorted by name."""
    start = f"{clean_path(folder)}/" if clean_path(folder) else ""
    names: dict[str, None] = {}
    for path in sorted(tree_of(call)):
        rest = path.removeprefix(start)
        if path.startswith(start) and rest:
            names[start + (rest if recursive else rest.partition("/")[0])] = None
    return [found for name in names if (found := at(call, name)) is not None]


def _path(call: Call, key: str, folder_key: str = "") -> str:
    """Return the path that a parameter names, in the folder that another one may name. Raises Untold."""
    folder = call.get(folder_key) if folder_key else None
    base = str(folder.facts.get("path", "")) if isinstance(folder, File) else ""
    if isinstance(folder, dict):
        where = folder.get("fileLocation")
        base = str(where.get("relativeSubpath", "")) if isinstance(where, dict) else ""
    if isinstance(folder, Unknown):
        raise Untold(folder)
    return clean_path(f"{base}/{call.text(key)}")


# ---------------------------------------------------------------------------------------------------------------------------------


@action(
    "is.workflow.actions.documentpicker.save",
    source="user guide: Save File",
    assumed="a person who is asked takes the folder that is offered; without `overwrite` a number is added to a name that is taken",
)
def save(call: Call) -> Any:
    """Save each item. A destination that ends in a slash, or is a folder, keeps the item's name."""
    path = _path(call, "WFFileDestinationPath", "WFFolder") if call.has("WFFileDestinationPath") or call.has("WFFolder") else ""
    asks = call.flag("WFAskWhereToSave", True)
    given = call.said(call.inputs.get("WFFileDestinationPath") or "")
    saved: list[Any] = []
    for item in items(call.input()):
        if isinstance(item, Unknown):
            call.effect("saved", path=path, value=item, asked=asks)
            saved.append(item)
            continue
        file = convert.file(item, call.place)
        if file is None:
            continue
        folder = at(call, path)
        keeps_name = not path or given.endswith("/") or (folder is not None and folder.kind == "folder")
        target = (
            f"{path}/{file.name}"
            if keeps_name
            else path
            if "." in path.rpartition("/")[2] or not file.extension
            else f"{path}.{file.extension}"
        )
        if not call.flag("WFSaveFileOverwrite", False):
            target = _free(call, clean_path(target))
        saved.append(put(call, target, file))
        call.effect("saved", path=clean_path(target), value=item, **({"asked": True} if asks else {}))
    return one_or_many(saved)


def _free(call: Call, path: str) -> str:
    """Return a path that is not taken: the name with a number."""
    tree, number = call.run.state.read("files"), 2
    stem, dot, extension = path.rpartition(".") if "." in path.rpartition("/")[2] else (path, "", "")
    while path in tree and number < 1000:
        path, number = f"{stem} {number}{dot}{extension}", number + 1
        call.run.spend(20)
    return path


@action("is.workflow.actions.documentpicker.open", source="user guide: Get File")
def open_file(call: Call) -> Any:
    """Return the file at a path; the one that the person picks where the path is missing or the picker is on."""
    if call.flag("WFShowFilePicker", False) or not call.has("WFGetFilePath"):
        given = call.get("WFFile")
        if not call.has("WFGetFilePath") and given is not None:
            return _stored(call, given)
        if call.flag("WFShowFilePicker", False) or not call.has("WFGetFilePath"):
            return pick(call)
    path = _path(call, "WFGetFilePath", "WFFile")
    found = at(call, path)
    if found is None:
        if call.flag("WFFileErrorIfNotFound", True):
            raise Ended("error", f"there is no file {path!r}")
        return None
    if found.kind == "folder" and call.flag("WFGetFolderContents"):
        return one_or_many(contents(call, path))
    return found


def stored_path(given: dict[str, Any]) -> str:
    """Return the path of the file that a parameter stores; of a mere bookmark "file", since its path is secret."""
    where = given.get("fileLocation")
    path = clean_path(str(where.get("relativeSubpath", ""))) if isinstance(where, dict) else ""
    return path or clean_path(str(given.get("displayName") or given.get("filename") or "file"))


def _stored(call: Call, given: Any) -> Any:
    """Return the file that a parameter stores: a file of the run, or one of the world by its path."""
    if not isinstance(given, dict):
        return given if isinstance(given, Unknown | list | None) else convert.file(given, call.place)
    path = stored_path(given)
    return at(call, path) or call.unknown("file", path)


def pick(call: Call, kind: str = "") -> Any:
    """Return the file or folder that the person picks."""
    if kind == "folder":
        candidates = [file for file in contents(call, "") if file.kind == kind] or [File("Shortcuts", "folder", None, {"path": ""})]
    else:
        candidates = [file for file in contents(call, "", recursive=True) if file.kind != "folder"]
    picked = call.run.pick(kind or "files", candidates, call.flag("SelectMultiple"))
    if isinstance(picked, str):
        return at(call, picked) or File(
            picked.rpartition("/")[2], kind or KINDS.get(picked.rpartition(".")[2].lower(), "file"), None, {"path": picked}
        )
    return picked if picked is not None else call.unknown(kind or "file", "picked")


@action("is.workflow.actions.file.select", source="user guide: Select File")
def select(call: Call) -> Any:
    return pick(call, "folder" if call.choice("WFPickingMode", "Files") == "Folders" else "")


@action("is.workflow.actions.file", source="user guide: File")
def file(call: Call) -> Any:
    return _stored(call, call.get("WFFile"))


@action("is.workflow.actions.folder", source="user guide: Folder")
def folder(call: Call) -> Any:
    given = call.get("WFFolder")
    where = given.get("fileLocation") if isinstance(given, dict) else None
    path = clean_path(str(where.get("relativeSubpath", ""))) if isinstance(where, dict) else ""
    name = str(given.get("displayName") or path) if isinstance(given, dict) else ""
    return at(call, path or name) or File(name or "Folder", "folder", None, {"path": path or name})


@action("is.workflow.actions.file.createfolder", source="user guide: Create Folder")
def create_folder(call: Call) -> Any:
    path = _path(call, "WFFilePath", "WFFolder")
    if at(call, path) is None:
        call.run.state.write("files")[path] = {}
        call.effect("created", folder=path)
    return at(call, path)


@action("is.workflow.actions.file.getfoldercontents", source="user guide: Get Contents of Folder")
def folder_contents(call: Call) -> Any:
    given = call.input("WFFolder")
    given = folder(call) if isinstance(given, dict) or given is None else given
    if isinstance(given, Unknown):
        raise Untold(given)
    path = given.facts.get("path", "") if isinstance(given, File) else call.said(given)
    return one_or_many(contents(call, str(path), call.flag("Recursive")))


@action("is.workflow.actions.file.delete", source="user guide: Delete Files")
def delete(call: Call) -> Any:
    immediately = call.flag("WFDeleteImmediatelyDelete")
    for item in items(call.input()):
        path = (
            clean_path(str(item.facts.get("path", item.name)))
            if isinstance(item, File)
            else item
            if isinstance(item, Unknown)
            else call.said(item)
        )
        call.effect("deleted", file=path, **({"for good": True} if immediately else {}))
        if isinstance(path, str):
            tree = call.run.state.write("files")
            for other in [other for other in tree_of(call) if other == path or other.startswith(path + "/")]:
                del tree[other]
    return None


@action("is.workflow.actions.file.append", source="user guide: Append to Text File")
def append(call: Call) -> Any:
    path = _path(call, "WFFilePath", "WFFile")
    if "." not in path.rpartition("/")[2]:
        path += ".txt"
    before = at(call, path)
    text, line = call.input_text(), "\n" if call.flag("WFAppendOnNewLine", True) else ""
    old = convert.text(before, call.place) if before is not None and before.kind != "folder" else ""
    new = text if not old else f"{text}{line}{old}" if call.choice("WFAppendFileWriteMode", "Append") == "Prepend" else f"{old}{line}{text}"
    call.run.spend(len(new))
    call.effect("saved", path=path, value=text, appended=True)
    return put(call, path, File(path.rpartition("/")[2], "file", new))


@action("is.workflow.actions.file.rename", source="user guide: Rename File")
def rename(call: Call) -> Any:
    item = values.first(call.input("WFFile"))
    if not isinstance(item, File):
        return convert.file(item, call.place)
    name = call.text("WFNewFilename")
    name = name if "." in name or not item.extension else f"{name}.{item.extension}"
    return _moved(call, item, f"{str(item.facts.get('path', '')).rpartition('/')[0]}/{name}")


@action("is.workflow.actions.file.move", source="user guide: Move File")
def move(call: Call) -> Any:
    folder = call.get("WFFolder")
    base = (
        str(folder.facts.get("path", folder.name))
        if isinstance(folder, File)
        else call.said(folder.get("displayName", ""))
        if isinstance(folder, dict)
        else ""
    )
    return one_or_many([_moved(call, item, f"{base}/{item.name}") for item in items(call.input("WFFile")) if isinstance(item, File)])


def _moved(call: Call, item: File, target: str) -> File:
    tree_of(call)
    old = clean_path(str(item.facts.get("path", item.name)))
    call.run.state.write("files").pop(old, None)
    call.effect("moved", file=old, to=clean_path(target))
    return put(call, target, item)


@action("is.workflow.actions.setitemname", source="user guide: Set Name", assumed="a text that is named becomes a file of that name")
def set_name(call: Call) -> Any:
    name = call.text("WFName")
    made = [_named(item, name, call) for item in call.items()]
    return one_or_many([item for item in made if item is not None])


def _named(item: Any, name: str, call: Call) -> Any:
    if isinstance(item, Record):
        return Record(item.kind, {**item.fields, "Name": name})
    if isinstance(item, Unknown):
        return item
    found = convert.file(item, call.place)
    if found is None:
        return None
    keeps = found.extension and "." not in name and not call.flag("WFDontIncludeFileExtension")
    return found.named(f"{name}.{found.extension}" if keeps else name)


@action("is.workflow.actions.getitemname", source="user guide: Get Name")
def get_name(call: Call) -> Any:
    return one_or_many([members.name(item, call.place) for item in call.items()])


_TYPES = {"text": "Text", "number": "Number", "boolean": "Boolean", "date": "Date", "dictionary": "Dictionary", "url": "URL",
          "image": "Image",
          "file": "File", "media": "Media", "pdf": "PDF", "folder": "Folder", "rich text": "Rich Text", "contact": "Contact",
          "location": "Location",
          "list": "List", "quantity": "Measurement"}  # fmt: skip


@action("is.workflow.actions.getitemtype", source="user guide: Get Type")
def get_type(call: Call) -> Any:
    return one_or_many([_TYPES.get(values.kind_of(item), values.kind_of(item).capitalize()) for item in call.items()])


_EXTENSIONS = {"public.plain-text": "txt", "public.json": "json", "public.html": "html", "public.rtf": "rtf", "public.png": "png",
               "public.jpeg": "jpg", "public.vcard": "vcf", "com.adobe.pdf": "pdf", "public.url": "webloc", "public.zip-archive": "zip",
               "public.comma-separated-values-text": "csv", "net.daringfireball.markdown": "md", "public.xml": "xml"}  # fmt: skip


@action(
    "is.workflow.actions.gettypeaction",
    source="user guide: Set Uniform Type Identifier (Get File of Type)",
    assumed="the contents stay as they are; only the name says the type",
)
def of_type(call: Call) -> Any:
    """Return the input as a file of a uniform type: the contents stay, the extension follows the type."""
    wanted = call.choice("WFFileType", "public.data")
    made = []
    for item in call.items():
        if wanted == "public.vcard" and isinstance(item, Record):
            made.append(item)
            continue
        found = convert.file(item, call.place)
        extension = _EXTENSIONS.get(wanted, found.extension if found else "")
        if found is not None:
            made.append(
                File(f"{found.stem}.{extension}" if extension else found.name, KINDS.get(extension, "file"), found.data, found.facts)
            )
    return one_or_many(made)


@action("is.workflow.actions.file.getlink", source="user guide: Get Link to File")
def file_link(call: Call) -> Any:
    return call.unknown("url", call.input("WFFile"))


@action("is.workflow.actions.makezip", source="user guide: Make Archive")
def make_archive(call: Call) -> Any:
    """Return an archive that remembers what is in it."""
    inside = [convert.file(item, call.place) for item in call.items()]
    name = call.text("WFZIPName") or (inside[0].stem if inside and inside[0] else "Archive")
    extension = call.choice("WFArchiveFormat", ".zip").lstrip(".")
    return File(
        f"{name}.{extension}",
        "file",
        None,
        {"made": f"archive of {[file.name for file in inside if file]}"[:200], "contents": [file for file in inside if file]},
    )


@action("is.workflow.actions.unzip", source="user guide: Extract Archive")
def extract(call: Call) -> Any:
    found = values.first(call.input("WFArchive"))
    if isinstance(found, Unknown):
        raise Untold(found)
    inside = found.facts.get("contents") if isinstance(found, File) else None
    return call.unknown("list", found) if inside is None else one_or_many(items(inside))
