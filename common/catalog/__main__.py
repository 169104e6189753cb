"""Look things up in the catalogue of APIs, or import what a Mac knows of them.

    python -m common.catalog show is.workflow.actions.url                               # or by name: is_workflow_actions_url
    python -m common.catalog search resize image
    python -m common.catalog stats
    python -m common.catalog import ~/Library/Shortcuts/ToolKit/Tools-active            # everything that a Mac knows
    python -m common.catalog import /Applications/Bear.app --output my_catalog/
    python -m common.catalog import WFActions.plist tables/*.json shortcuts/ --overwrite
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from common import cli
from common.catalog import FOLDER, Catalog, importing
from common.catalog.search import search
from common.jsonl import UserError


def main() -> int:
    """Show, search, count or import."""
    args = arguments()
    if args.command == "import":
        cli.summary("catalog", **importing.build(args.files, args.output, args.bundle, args.overwrite))
        return cli.EXIT_DONE
    catalog = Catalog.load(args.catalog)
    if args.command == "show":
        show(catalog, args.api)
    elif args.command == "search":
        for api in search(catalog, " ".join(args.text)):
            print(f"{api.id}\t{api.summary}")
    else:
        cli.summary("catalog", **stats(catalog))
    return cli.EXIT_DONE


def arguments() -> argparse.Namespace:
    """The command line."""
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m common.catalog", description=__doc__, formatter_class=as_written)
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="another catalogue than that of this repository")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="the stub and the facts of one API").add_argument("api", help="id or name")
    commands.add_parser("search", help="find APIs by words").add_argument("text", nargs="+")
    commands.add_parser("stats", help="what the catalogue holds")
    adding = commands.add_parser("import", help="add the facts of files", description=importing.__doc__, formatter_class=as_written)
    adding.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files or folders to read")
    adding.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help="the catalogue's folder (default: catalog/)")
    adding.add_argument("--bundle", metavar="ID", help="bundle id of the app that intents belong to (default: from its Info.plist)")
    adding.add_argument("--overwrite", action="store_true", help="leave out the facts that are there already")
    return parser.parse_args()


def show(catalog: Catalog, wanted: str) -> None:
    """Print an API's stub and its facts; raises UserError with what is near if there is no such API."""
    api = catalog.get(wanted) or catalog.by_name(wanted)
    if api is None:
        near = ", ".join(found.id for found in search(catalog, wanted, 3)) or "nothing"
        raise UserError(f"{wanted}: no such API; near it: {near}")
    print(catalog.stub(api.id))
    print(orjson.dumps(api, option=orjson.OPT_INDENT_2).decode())


def stats(catalog: Catalog) -> dict[str, Any]:
    """How much the catalogue holds, by type of parameter and by source."""
    parameters = [parameter for api in catalog for parameter in api.parameters]
    return {
        "apis": len(catalog),
        "builtin": sum(api.builtin for api in catalog),
        "apps": len(catalog.apps()),
        "parameters": len(parameters),
        "enums": sum(bool(parameter.enum) for parameter in parameters),
        "results": sum(api.result is not None for api in catalog),
        "types": dict(Counter(parameter.type for parameter in parameters).most_common()),
        "sources": dict(Counter(code for api in catalog for code in api.source).most_common()),
    }


if __name__ == "__main__":
    cli.start(main)
