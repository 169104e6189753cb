"""Calls that reach outside the program: dialogs, web requests, JSON, files, the clipboard, waiting, the end."""

from __future__ import annotations

import ast
import re

from shortcuts.forms import constants
from shortcuts.natural import kinds, table, texts
from shortcuts.natural.lowering import Lowering, Symbolic, shown
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, const, constant, is_none
from shortcuts.syntax.text import pieces

_IGNORED = frozenset({"timeout", "verify", "allow_redirects", "stream"})  # of a request: the app decides


# ---------------------------------------------------------------------------------------------------------------------------------
# dialogs


@table.call("print", example="print('a', n)")
def _print(low: Lowering, *values: ast.expr, sep: ast.expr | None = None, end: ast.expr | None = None, file: ast.expr | None = None,
           flush: ast.expr | None = None) -> ast.expr:  # fmt: skip
    if end is not None and not is_none(end) and constant(end) != "\n":
        raise DialectError(low.line, "print(): each print shows a result of its own, whatever its end; put the texts together before")
    if file is not None and low.path(file) not in ("sys.stderr", "sys.stdout"):
        raise DialectError(low.line, "print() shows; a file is written by with open('name.txt', 'w') as f: f.write(x)")
    if not values:
        return low.action("showresult", Text="")
    between = " " if sep is None or is_none(sep) else constant(sep)
    if between is None:
        raise DialectError(low.line, "print(): sep is written out, in quotes")
    return low.action("showresult", Text=_spaced(low, list(values), between))


def _spaced(low: Lowering, values: list[ast.expr], between: str) -> ast.expr:
    shown_ = [texts.text(low, value) for value in values]
    if len(shown_) == 1:
        return shown_[0]
    parts: list[ast.expr] = []
    for index, value in enumerate(shown_):
        parts += [const(between)] if index and between else []
        parts += [value if isinstance(value, ast.Constant) else ast.FormattedValue(value, -1, None)]
    return ast.JoinedStr(parts)


@table.call("input", example="input('Who?')")
def _input(low: Lowering, prompt: ast.expr | None = None) -> ast.expr:
    return low.action("ask", WFAskActionPrompt=None if prompt is None else texts.text(low, prompt))


@table.call("sys.stdin.read", "sys.stdin.readline", example="sys.stdin.read()")
def _stdin(low: Lowering) -> ast.expr:
    return call("shortcut_input")


@table.attribute("sys.stdin", example="sys.stdin.read()")
def _stdin_lines(low: Lowering) -> ast.expr:
    return call("shortcut_input")


@table.call("os.getenv", "os.environ.get", example="input('Who?')")
def _environment(low: Lowering, key: ast.expr, default: ast.expr | None = None) -> ast.expr:
    raise DialectError(low.line, "a secret is asked for when the shortcut is added: x = is_workflow_actions_gettext(WFTextActionText="
                                 "ask_on_import('', question='Your key?'))")  # fmt: skip


@table.call("time.sleep", "sleep", example="time.sleep(5)")
def _sleep(low: Lowering, secs: ast.expr) -> ast.expr:
    return low.action("delay", WFDelayTime=low.number(secs))


@table.call("exit", "quit", "sys.exit", "os._exit", example="sys.exit()")
def _exit(low: Lowering, status: ast.expr | None = None) -> ast.expr:
    if constant(status) is not None:  # Python shows the text and ends
        low.emit(ast.Expr(low.action("showresult", Text=status)))
    return low.action("exit")


@table.call("pyperclip.copy", "clipboard.copy", "clipboard.set", example="pyperclip.copy(s)")
def _copy(low: Lowering, text: ast.expr) -> ast.expr:
    return low.action("setclipboard", WFInput=low.ref(text))


@table.call("pyperclip.paste", "clipboard.paste", "clipboard.get", example="pyperclip.paste()")
def _paste(low: Lowering) -> ast.expr:
    return low.typed(low.action("getclipboard"), kinds.TEXT)


@table.call("webbrowser.open", example="webbrowser.open(u)")
def _open_url(low: Lowering, url: ast.expr) -> ast.expr:
    return low.action("openurl", WFInput=texts.text(low, url))


# ---------------------------------------------------------------------------------------------------------------------------------
# the web


def _request(method: str) -> None:
    body = ", json=d" if method in ("POST", "PUT", "PATCH") else ""

    @table.call(f"requests.{method.lower()}", example=f"requests.{method.lower()}(u{body})")
    def send(low: Lowering, url: ast.expr, data: ast.expr | None = None, json: ast.expr | None = None, *, headers: ast.expr | None = None,
             params: ast.expr | None = None, **options: ast.expr) -> ast.expr:  # fmt: skip
        if unknown := sorted(set(options) - _IGNORED):
            raise DialectError(low.line, f"requests.{method.lower()}(): there is no {unknown[0]}; it has params, headers, json and data")
        address = texts.text(low, url) if params is None else _address(low, url, params)
        given = {"WFURL": address, "WFHTTPMethod": None if method == "GET" else method, **_body(low, data, json)}
        if headers is not None:
            given["WFHTTPHeaders"] = _fields(low, headers, "headers")
        elif json is not None and "WFJSONValues" not in given:
            given["WFHTTPHeaders"] = ast.Dict([const("Content-Type")], [const("application/json")])
        return low.typed(low.action("downloadurl", **given), kinds.ANSWER)


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    _request(_method)


@table.call("urllib.request.urlopen", example="urllib.request.urlopen(u).read()")
def _urlopen(low: Lowering, url: ast.expr) -> ast.expr:
    return low.typed(low.action("downloadurl", WFURL=texts.text(low, url)), kinds.ANSWER)


def _address(low: Lowering, url: ast.expr, params: ast.expr) -> ast.expr:
    """Return an address with its query; values that are not written out are encoded."""
    query = _fields(low, params, "params")
    parts: list[ast.expr] = []
    value = texts.text(low, url)
    parts.append(value if isinstance(value, ast.Constant) else ast.FormattedValue(value, -1, None))
    for index, (key, given) in enumerate(zip(query.keys, query.values)):
        parts.append(const(f"{'&' if index else '?'}{constant(key)}="))
        if isinstance(given, ast.Constant):
            parts.append(const(_encoded(str(given.value))))
        else:
            encoded = low.hoist(low.action("urlencode", WFInput=texts.text(low, given)))
            parts.append(ast.FormattedValue(encoded, -1, None))
    return ast.JoinedStr(parts)


def _encoded(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-._~/,") else "".join(f"%{byte:02X}" for byte in c.encode()) for c in text)


def _fields(low: Lowering, node: ast.expr, word: str) -> ast.Dict:
    """Return a dictionary that is written out, there or where its name is set. Raises DialectError for another."""
    value = low.written.get(node.id) if isinstance(node, ast.Name) else low.value(node)
    if not isinstance(value, ast.Dict):
        raise DialectError(node.lineno, f"{word} is a dictionary that is written out, such as {word}={{'key': value}}")
    return value


def _body(low: Lowering, data: ast.expr | None, json: ast.expr | None) -> dict[str, ast.expr | str | None]:
    """Return the parameters of a request's body."""
    if json is not None:
        written = low.written.get(json.id) if isinstance(json, ast.Name) else low.value(json) if isinstance(json, ast.Dict) else None
        if written is None:
            return {"WFHTTPBodyType": "File", "WFRequestVariable": low.ref(json)}
        return {"WFHTTPBodyType": "JSON", "WFJSONValues": written}
    if data is None:
        return {}
    written = low.written.get(data.id) if isinstance(data, ast.Name) else low.value(data) if isinstance(data, ast.Dict) else None
    if written is None:
        return {"WFHTTPBodyType": "File", "WFRequestVariable": low.ref(data)}
    return {"WFHTTPBodyType": "Form", "WFFormValues": written}


@table.method("json", example="requests.get(u).json()")
def _json(low: Lowering, receiver: ast.expr) -> ast.expr:
    return low.action("detect_dictionary", WFInput=low.ref(receiver))


@table.method("raise_for_status", example="requests.get(u)")
def _raise_for_status(low: Lowering, receiver: ast.expr) -> ast.expr:
    raise DialectError(receiver.lineno, "raise_for_status(): the app does not tell an answer's status; leave it out, or test the answer")


def _of_answer(attribute: str) -> None:
    @table.attribute(f".{attribute}", example=f"requests.get(u).{attribute}")
    def read(low: Lowering, receiver: ast.expr) -> ast.expr | None:
        if not _is_answer(low, receiver):
            return None
        answer = low.ref(receiver)
        return low.action("detect_text", WFInput=answer) if attribute == "text" else answer


for _attribute in ("text", "content"):
    _of_answer(_attribute)


@table.attribute(".status_code", ".ok", example="requests.get(u)")
def _status(low: Lowering, receiver: ast.expr) -> ast.expr | None:
    if not _is_answer(low, receiver):
        return None
    raise DialectError(receiver.lineno, "status_code: the app does not tell an answer's status; test what it holds: if data['key']:")


def _is_answer(low: Lowering, node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return (low.path(node.func) or "").startswith("requests.")
    return isinstance(node, ast.Name) and low.kind(node) == kinds.ANSWER


@table.call("json.loads", example="json.loads(s)")
def _loads(low: Lowering, s: ast.expr) -> ast.expr:
    return low.action("detect_dictionary", WFInput=low.ref(s))


@table.call("json.dumps", example="json.dumps(d)")
def _dumps(low: Lowering, obj: ast.expr, **options: ast.expr) -> ast.expr:
    return call("as_text", low.ref(obj))


# ---------------------------------------------------------------------------------------------------------------------------------
# files


class File(Symbolic):
    """A file by its path: open(path, mode), or Path(path)."""

    noun = "a file"
    advice = "a file is read by .read(), and written by .write(text)"

    def __init__(self, path: ast.expr, mode: str, depth: int = 0) -> None:
        super().__init__(path)
        (self.path,), self.mode, self.depth = self.made_of, mode, depth  # in how many loops it was opened
        self.is_written = False
        self.text: str | None = None  # the name of what is written, which is saved when its `with` ends


@table.call("open", example="open('a.txt').read()")
def _open(low: Lowering, file: ast.expr, mode: ast.expr | None = None, encoding: ast.expr | None = None,
          newline: ast.expr | None = None) -> ast.expr:  # fmt: skip
    value = low.value(file)
    path = value.path if isinstance(value, File) else texts.text(low, low.expr_of(value, file))
    if mode is not None and constant(mode) is None:
        raise DialectError(low.line, f"open(): {shown(mode)} is no mode that is written out, such as 'r', 'w' or 'a'")
    return File(path, "r" if mode is None else re.sub("[bt+]", "", constant(mode) or "r"), len(low.looping))


@table.call("pathlib.Path", "Path", example="Path('a.txt').read_text()")
def _path(low: Lowering, *parts: ast.expr) -> ast.expr:
    return File(_spaced(low, list(parts), "/"), "r")


def under(low: Lowering, folder: File, name: ast.expr, node: ast.BinOp) -> File:
    """Return the file of a name in a folder: `Path('a') / 'b.txt'`."""
    return File(_spaced(low, [folder.path, low.expr_of(name, node.right)], "/"), "r")


def _file(low: Lowering, node: ast.expr, method: str) -> File:
    value = low.value(node)
    if not isinstance(value, File):
        raise DialectError(node.lineno, f"{shown(node)} is no file: {method}() follows open('name.txt') or Path('name.txt')")
    return value


@table.method("read", "read_text", "read_bytes", example="Path('a.txt').read_text()")
def _read(low: Lowering, receiver: ast.expr, *options: ast.expr, **named: ast.expr) -> ast.expr:
    if isinstance(receiver, ast.Call) and low.path(receiver.func) == "urllib.request.urlopen":
        return low.value(receiver)
    return low.action("detect_text", WFInput=low.hoist(opened(low, _file(low, receiver, "read"))))


@table.method("readlines", example="open('a.txt').readlines()")
def _readlines(low: Lowering, receiver: ast.expr) -> ast.expr:
    return low.action("text_split", text=low.hoist(_read(low, receiver)))


def opened(low: Lowering, file: File, must_exist: bool = True) -> ast.Call:
    """Return the action that opens a file by its path."""
    missing = None if must_exist else False
    return low.action("documentpicker_open", WFGetFilePath=file.path, WFShowFilePicker=False, WFFileErrorIfNotFound=missing)


@table.method("write", "write_text", "write_bytes", example="Path('a.txt').write_text(s)")
def _write(low: Lowering, receiver: ast.expr, data: ast.expr, **named: ast.expr) -> ast.expr:
    file = _file(low, receiver, "write")
    if file.text is not None:
        low.run("TEXT += DATA", TEXT=file.text, DATA=data)
        return Written()
    value = texts.text(low, data)
    if file.mode == "a":
        line = _without_newline(value)
        return low.action("file_append", WFFilePath=file.path, WFInput=line or value, WFAppendOnNewLine=None if line else False)
    return saved(low, file, low.ref_of(value, data))


class Written(Symbolic):
    """The value of write() within a `with`, where it adds to a text: there is none."""

    noun, advice = "what write() gives", "write() gives nothing here; write it on a line of its own"


def saved(low: Lowering, file: File, value: ast.expr) -> ast.Call:
    """Return the action that makes a value the whole of a file. Raises DialectError where that would replace what was written before."""
    if file.mode in ("w", "x") and (file.is_written or len(low.looping) > file.depth):
        raise DialectError(low.line, "each write would replace the file here; write within `with open('name.txt', 'w') as f:`")
    file.is_written = not low.trial
    return low.action("documentpicker_save", WFInput=value, WFAskWhereToSave=False, WFFileDestinationPath=file.path,
                      WFSaveFileOverwrite=True)  # fmt: skip


def writes_several(file: File, identifier: str, body: list[ast.stmt]) -> bool:
    """True if the body of a `with` writes to a file that it begins anew, and not just once in a line of its own."""
    def is_write(node: ast.AST) -> bool:
        function = node.func if isinstance(node, ast.Call) else None
        if not isinstance(function, ast.Attribute) or function.attr not in ("write", "dump"):
            return False
        written = function.value if function.attr == "write" else next(iter(node.args[1:2]), None)  # type: ignore[attr-defined]
        return getattr(written, "id", "") == identifier

    written = [inner for node in body for inner in ast.walk(node) if is_write(inner)]
    is_alone = len(written) == 1 and any(isinstance(node, ast.Expr) and node.value is written[0] for node in body)
    return file.mode in ("w", "x") and bool(written) and not is_alone


def _without_newline(value: ast.expr) -> ast.expr | None:
    """Return a text without the newline at its end, None if it has none: Append to Text File begins a line of its own."""
    parts = pieces(value) or []
    if not parts or not isinstance(parts[-1], str) or not parts[-1].endswith("\n"):
        return None
    return ast.JoinedStr([const(part) if isinstance(part, str) else ast.FormattedValue(part, -1, None)
                          for part in (*parts[:-1], parts[-1][:-1]) if part])  # fmt: skip


@table.call("json.load", example="json.load(open('a.json'))")
def _load(low: Lowering, fp: ast.expr) -> ast.expr:
    return low.action("detect_dictionary", WFInput=low.hoist(opened(low, _file(low, fp, "json.load"))))


@table.call("json.dump", example="json.dump(d, open('a.json', 'w'))")
def _dump(low: Lowering, obj: ast.expr, fp: ast.expr, **options: ast.expr) -> ast.expr:
    file = _file(low, fp, "json.dump")
    if file.text is None:
        return saved(low, file, low.ref(obj))
    low.run("TEXT += DATA", TEXT=file.text, DATA=call("as_text", low.ref(obj)))
    return Written()


@table.test("os.path.exists", "os.path.isfile", example="os.path.exists('a.txt')")
def _exists(low: Lowering, path: ast.expr) -> ast.expr:
    return low.hoist(opened(low, File(texts.text(low, path), "r"), must_exist=False))


@table.test(".exists", ".is_file", example="Path('a.txt').exists()")
def _path_exists(low: Lowering, receiver: ast.expr) -> ast.expr:
    return low.hoist(opened(low, _file(low, receiver, "exists"), must_exist=False))


@table.call("os.makedirs", "os.mkdir", example="os.makedirs('a')")
def _makedirs(low: Lowering, name: ast.expr, **options: ast.expr) -> ast.expr:
    return low.action("file_createfolder", WFFilePath=texts.text(low, name))


@table.call("os.path.join", example="os.path.join('a', s)")
def _join(low: Lowering, *parts: ast.expr) -> ast.expr:
    return _spaced(low, list(parts), "/")


@table.call("os.path.basename", example="os.path.basename(s)")
def _basename(low: Lowering, p: ast.expr) -> ast.expr:
    return texts.replaced(low, texts.text(low, p), ".*/")


@table.call("os.listdir", "glob.glob", "os.walk", example="open('a.txt').read()")
def _listdir(low: Lowering, *arguments: ast.expr, **options: ast.expr) -> ast.expr:
    raise DialectError(low.line, "the files of a folder are is_workflow_actions_file_getfoldercontents(WFFolder=folder)")


@table.call("os.remove", "os.unlink", "shutil.rmtree", example="open('a.txt').read()")
def _remove(low: Lowering, *arguments: ast.expr, **options: ast.expr) -> ast.expr:
    raise DialectError(low.line, "a file is deleted by is_workflow_actions_file_delete(WFInput=file)")


@table.call("os.system", "subprocess.run", "subprocess.check_output", "os.popen", "subprocess.Popen", example="webbrowser.open(u)")
def _system(low: Lowering, *arguments: ast.expr, **options: ast.expr) -> ast.expr:
    raise DialectError(low.line, "a shell command runs only on a Mac, is_workflow_actions_runshellscript(Script='…'), or by "
                                 "is_workflow_actions_runsshscript(…)")  # fmt: skip


# Names of code that the paper's authors published.


@table.call("coerce_variable", example="coerce_variable(value=s, coercion_class='WFNumberContentItem')")
def _coerce_variable(low: Lowering, value: ast.expr, coercion_class: ast.expr) -> ast.expr:
    helper = constants.COERCION_OF_CLASS.get(constant(coercion_class) or "")
    inner = low.ref(value)
    return call(helper, inner) if helper else call("as_type", inner, coercion_class)

