"""Answers of a local model: plain, and held to the grammar of the APIs it was given."""
