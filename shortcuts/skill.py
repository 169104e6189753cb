"""The skill: how an assistant works with shortcuts, in the form in which assistants read it, made from the primer.

    python -m shortcuts.skill > skills/apple-shortcuts/SKILL.md

A test compares the two. docs/assistants.md says where clients look for it.
"""

from __future__ import annotations

from shortcuts.primer import primer

HEAD = """---
name: apple-shortcuts
description: Write, check, run, change and explain shortcuts of Apple's Shortcuts app (iPhone, iPad, Mac, Watch) as Python programs. Use \
it when somebody asks for a shortcut or an automation on an Apple device, gives a .shortcut file, or asks what one does or whether it is \
safe.
---

# Apple shortcuts as Python

A shortcut is written as a Python program, checked, run in a world that is data, and compiled to a `.shortcut` file. The commands run in \
the checkout of this project; where its server is connected, the tools in brackets do the same.

1. `python -m shortcuts search WORDS` finds actions by what they do (`search_actions`). Search for each step of the request.
2. `python -m shortcuts show NAME` prints the parameters of one (`describe_actions`). Use no action and no parameter that is not shown.
3. Write the program to a file and check it: `python -m shortcuts check --report FILE.py` (`check_program`). It names the line of each \
error and the form to use. Go on until there is none, and tell the person what the report says: what the shortcut sends, deletes or \
reads, what the app will ask to allow, known trouble.
4. `python -m shortcuts run FILE.py --answer TEXT --world WORLD.json` shows step by step what it does (`run_shortcut`): try a usual case \
and an empty one.
5. `python -m shortcuts write FILE.py` compiles it (`check_program` with a file). The file is unsigned: a phone takes it after \
`shortcuts sign --mode anyone --input A.shortcut --output B.shortcut` on a Mac. Say so.

To read a shortcut: `python -m shortcuts read FILE.shortcut` (`read_shortcut`); `explain` says it in words. To change one: \
`edit_shortcut`, which keeps what is not touched equal to the byte. Without the server: `read --output DIR`, change the lines that the \
request is about and no other, `write`: the rest, icon and identities included, stays as it was.

## The language

"""
ACTIONS = "the functions that the search finds"


def page() -> str:
    """Return the skill, in Markdown with front matter."""
    return HEAD + primer(ACTIONS)


if __name__ == "__main__":
    print(page(), end="")
