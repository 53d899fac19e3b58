"""txtai's embeddings: https://neuml.github.io/txtai/embeddings."""

from __future__ import annotations

from pathlib import Path

from protocol import Ask, K, model, run

FOLDER = model()

from txtai import Embeddings  # noqa: E402  (after the settings of `model`)


def build(sentences: list[str], store: Path) -> None:
    """Embed and save."""
    embeddings = Embeddings(path=FOLDER, content=True)
    embeddings.index(sentences)
    embeddings.save(str(store))


def load(store: Path) -> Ask:
    """Load what `build` saved."""
    embeddings = Embeddings()
    embeddings.load(str(store))
    return lambda question: str(embeddings.search(question, K)[0]["text"])


run(build, load)
