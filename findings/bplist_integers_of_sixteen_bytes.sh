#!/usr/bin/env bash
# Binary property lists: an integer of 16 bytes has as many values as there are readers.
#
# Apple's writer uses 16 bytes for what is above 2**63 - 1, with a zero upper half; others use them for small numbers, too (28 times in 636 real
# shortcuts). Apple's reader (CoreFoundation, CFBinaryPList.c) keeps the lower 64 bits alone, unsigned. The others read on:
#
#     16 bytes of 0xff        plistlib (Python 3.11.7) -1, biplist 1.0.3 and bplist-parser 0.3.2 2**128 - 1; CoreFoundation 2**64 - 1
#     2**64 + 5               plistlib, biplist and bplist-parser 2**64 + 5; CoreFoundation 5
#     a text whose size is    plistlib "" and no error (it takes the width modulo 4, so one byte, a zero); biplist, bplist-parser and
#     1, in 16 bytes          CoreFoundation the text
#
# Source: run of this script, and the text of CFBinaryPList.c in swift-corelibs-foundation, 2026-11-29. Exits 1 if one of them changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "biplist==1.0.3"
cd "$folder"
npm install --silent --no-audit --no-fund "bplist-parser@0.3.2"
cat > read.js <<'JS'
const value = require("bplist-parser").parseBuffer(require("fs").readFileSync(process.argv[2]))[0];
console.log(typeof value === "string" ? JSON.stringify(value) : value.toString());
JS
"$folder/venv/bin/python" - <<'PY'
import plistlib
import struct
import subprocess
from pathlib import Path

import biplist

expected = {
    "all bits": (b"\x14" + b"\xff" * 16, [-1, 2**128 - 1, str(2**128 - 1)]),
    "2**64 + 5": (b"\x14" + (2**64 + 5).to_bytes(16, "big"), [2**64 + 5, 2**64 + 5, str(2**64 + 5)]),
    "a size": (b"\x5f\x14" + bytes(15) + b"\x01a", ["", "a", '"a"']),
}
changed = False
for name, (item, values) in expected.items():
    data = b"bplist00" + item
    data += b"\x08" + struct.pack(">6xBBQQQ", 1, 1, 1, 0, len(data))
    Path("a.plist").write_bytes(data)
    read = [plistlib.loads(data), biplist.readPlistFromString(data)]
    read.append(subprocess.run(["node", "read.js", "a.plist"], capture_output=True, text=True, check=True).stdout.strip())
    print(name, read)
    changed |= read != values
raise SystemExit("changed" if changed else 0)
PY
