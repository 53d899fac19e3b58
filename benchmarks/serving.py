"""`pullquote serve` from outside: when its page comes, when its first answer, and what memory it takes."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

PATIENCE = 300.0  # seconds


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds from the start of the process to the first page and to the first answer; bytes of memory in the end."""

    page: float
    answer: float
    memory: float


def serve(python: Path, home: Path, questions: Sequence[str] = ("Who is the head of NATO?",)) -> Started:
    """Start a server, get its page, ask, and stop it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(python), "-m", "ui.cli", "--home", str(home), "serve", "--port", str(port)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        _get(f"{address}/", began)
        page = time.perf_counter() - began
        _ask(address, questions[0])
        answer = time.perf_counter() - began
        for question in questions[1:]:
            _ask(address, question)
        return Started(page, answer, _memory(process.pid))
    finally:
        process.terminate()
        process.wait()


def _get(address: str, began: float) -> bytes:
    while time.perf_counter() - began < PATIENCE:
        with suppress(URLError), urlopen(address, timeout=PATIENCE) as reply:  # not there yet
            return bytes(reply.read())
        time.sleep(0.02)
    raise TimeoutError(f"{address} gives no page after {PATIENCE} seconds")


def _ask(address: str, question: str) -> None:
    """Ask through the endpoint for programs, of all articles."""
    data = json.dumps({"data": [question, "", []]}).encode()
    request = Request(f"{address}/gradio_api/call/ask", data, {"Content-Type": "application/json"})
    with urlopen(request, timeout=PATIENCE) as reply:
        event = json.loads(reply.read())["event_id"]
    with urlopen(f"{address}/gradio_api/call/ask/{event}", timeout=PATIENCE) as reply:
        said = reply.read().decode()
    if "event: complete" not in said:
        raise RuntimeError(f"the server did not answer: {said[:500]}")


def _memory(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return float(line.split()[1]) * 1024
    raise RuntimeError("/proc/PID/status has no VmRSS")
