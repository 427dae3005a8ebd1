#!/usr/bin/env python3
"""The weights of the nnnoiseless crate as a model file for ffmpeg's arnndn, on standard output.

arnndn reads the weights as text, nnnoiseless carries them as bytes: the same layers in the same order.
Reads `cargo metadata --format-version 1` on standard input.
"""

import json
import os
import sys

packages = json.load(sys.stdin)["packages"]
manifest = next(p["manifest_path"] for p in packages if p["name"] == "nnnoiseless")
with open(os.path.join(os.path.dirname(manifest), "src", "weights.rnn"), "rb") as file:
    signed = [b - 256 if b > 127 else b for b in file.read()]
at = 0
print("rnnoise-nu model file version 1")
for is_gru in (False, True, True, True, False, False):
    inputs, neurons, activation = signed[at : at + 3]
    at += 3
    print(inputs, neurons, activation)
    gates = 3 if is_gru else 1
    for length in [gates * inputs * neurons] + [gates * neurons * neurons] * is_gru + [gates * neurons]:
        print(*signed[at : at + length])
        at += length
assert at == len(signed), "the weights have another layout than this script knows"
