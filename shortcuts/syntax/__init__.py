"""Python's syntax tree: nodes, how they are printed, text that no parser takes, and the errors of the language."""
