"""What was measured as a table, with the targets."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving import Started

BEGIN, END = "<!-- speed -->", "<!-- /speed -->"


@dataclass(frozen=True, slots=True)
class Own:
    """Pullquote: a cold question in seconds (of processors), the server, and what `benchmarks.own` printed."""

    cold: float
    processor: float
    started: Started
    built: Mapping[str, float]
    asked: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer: a cold question in seconds (of processors), what it printed, and the bytes of its environment."""

    cold: float
    processor: float
    built: Mapping[str, float]
    warm: Mapping[str, float]
    installed: int


def table(own: Own, peers: Mapping[str, Peer], stories: int) -> str:
    """Return the table in Markdown, with the machine and the commit."""
    asked, built = own.asked, own.built

    def beside(title: str, mine: str, of: Callable[[Peer], str], ratio: str, target: str) -> str:
        return f"| {' | '.join([title, mine, *map(of, peers.values()), ratio, target])} |"

    def against(value: float, of: Callable[[Peer], float], *, most: bool = False) -> str:
        best = (max if most else min)(map(of, peers.values()), default=0.0)
        return f"{value / best:.2f}" if best else "-"

    def alone(title: str, mine: str, target: str) -> str:
        return beside(title, mine, lambda _peer: "", "", target)

    rate, embedding = built["sentences"] / built["seconds"], built["embedding"]
    lines = [
        _machine(stories, int(built["sentences"])),
        "",
        f"| {' | '.join(['', 'Pullquote', *peers, 'of the best', 'target'])} |",
        f"|---|--:|{'--:|' * len(peers)}--:|---|",
        beside(
            "cold question, start to answer, s (CPU)",
            f"{own.cold:.2f} ({own.processor:.1f})",
            lambda p: f"{p.cold:.2f} ({p.processor:.1f})",
            against(own.cold, lambda p: p.cold),
            "0.25",
        ),
        alone("`serve` to the first page, s", f"{own.started.page:.2f}", "4"),
        alone("`serve` to the first answer, s", f"{own.started.answer:.2f}", "6"),
        beside(
            "warm search of all stories, p50, ms",
            f"{asked['retrieval p50'] * 1e3:.1f}",
            lambda p: f"{p.warm['p50'] * 1e3:.1f}",
            against(asked["retrieval p50"], lambda p: p.warm["p50"]),
            "0.5",
        ),
        alone("answer from one article, p50 / p95, ms", _pair(asked, "answer"), "250 / 400"),
        alone("answer from all stories, p50 / p95, ms", _pair(asked, "answer from all"), ""),
        alone("share of the arithmetic limit", f"{asked['share']:.2f}", "0.4"),
        beside(
            "sentences embedded a second",
            f"{embedding:.0f}",
            lambda p: f"{_rate(p):.0f}",
            against(embedding, _rate, most=True),
            "2",
        ),
        beside("sentences indexed a second", f"{rate:.0f}", lambda _p: "", against(rate, _rate, most=True), "2"),
        alone(
            "questions a second, one by one / 8 at once", f"{asked['one by one']:.1f} / {asked['at once']:.1f}", "x 2"
        ),
        alone("8 at once, p95, ms", f"{asked['at once p95'] * 1e3:.0f}", ""),
        beside(
            "memory with all stories, MB",
            f"{own.started.memory / 1e6:.0f}",
            lambda p: f"{p.warm['memory'] / 1e6:.0f}",
            against(own.started.memory, lambda p: p.warm["memory"]),
            "0.7",
        ),
        beside("installed, GB", "", lambda p: f"{p.installed / 1e9:.1f}", "", ""),
        "",
        f"The reader does {asked['flops'] / 1e9:.0f} billion operations for a question; a product of large matrices "
        f"reaches {asked['peak'] / 1e9:.0f} billion a second here, on all cores.",
    ]
    return "\n".join(lines)


def _pair(asked: Mapping[str, float], name: str) -> str:
    return f"{asked[f'{name} p50'] * 1e3:.0f} / {asked[f'{name} p95'] * 1e3:.0f}"


def _rate(peer: Peer) -> float:
    return peer.built["sentences"] / peer.built["seconds"]


def _machine(stories: int, sentences: int) -> str:
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    load = os.getloadavg()[1]
    return (
        f"{stories} stories, {sentences:,} sentences; commit {commit.strip()}, {os.cpu_count()} cores of {cpu}, "
        f"Linux, Python {platform.python_version()}; load average {load:.0f}."
    )


def written(path: Path, made: str) -> None:
    """Put the table between the marks in a file."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}", encoding="utf-8")
