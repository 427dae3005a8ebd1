"""Speaks lines with espeak-ng and says when each word sounds.

usage: espeak_words.py FOLDER < lines of VOICE<TAB>SPEED<TAB>TEXT
Writes FOLDER/0.wav, 1.wav, … (16 bit, mono, the engine's rate) and prints for each a line of JSON:
{"file": "0.wav", "rate": 22050, "words": [["damn", 0.512, 0.861], …]}, times in seconds.
"""

import ctypes
import json
import os
import sys
import wave

RETRIEVAL, EVENT_END, EVENT_WORD, CHARS_UTF8 = 1, 0, 1, 1


class EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", EventId),
    ]


Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))

espeak = ctypes.CDLL("libespeak-ng.so.1")
rate = espeak.espeak_Initialize(RETRIEVAL, 0, None, 0)
if rate <= 0:
    sys.exit("espeak-ng does not start")
samples, events = bytearray(), []


@Callback
def heard(wav, count, event):
    if wav and count > 0:
        samples.extend(ctypes.string_at(wav, count * 2))
    at = 0
    while event[at].type != EVENT_END:
        if event[at].type == EVENT_WORD:
            events.append((event[at].text_position - 1, event[at].length, event[at].sample))
        at += 1
    return 0


espeak.espeak_SetSynthCallback(heard)
for number, line in enumerate(sys.stdin.read().splitlines()):
    voice, speed, text = line.split("\t")
    samples.clear()
    events.clear()
    if espeak.espeak_SetVoiceByName(voice.encode()) != 0:
        sys.exit(f"espeak-ng has no voice {voice}")
    espeak.espeak_SetParameter(1, int(speed), 0)
    spoken = text.encode()
    espeak.espeak_Synth(spoken, len(spoken) + 1, 0, 1, 0, CHARS_UTF8, None, None)
    espeak.espeak_Synchronize()
    name = f"{number}.wav"
    with wave.open(os.path.join(sys.argv[1], name), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(samples))
    total = len(samples) // 2
    ends = [event[2] for event in events[1:]] + [total]
    words = [
        [text[at : at + length], start / rate, end / rate]
        for (at, length, start), end in zip(events, ends)
    ]
    print(json.dumps({"file": name, "rate": rate, "words": words}), flush=True)
