"""Python's syntax tree: nodes, a printer, parsers for whole and for broken text, and the errors of the language."""
