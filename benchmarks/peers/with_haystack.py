"""Haystack in memory: https://docs.haystack.deepset.ai/docs/inmemoryembeddingretriever."""

from __future__ import annotations

from pathlib import Path

from protocol import Ask, K, model, run

FOLDER = model()

from haystack import Document  # noqa: E402  (after the settings of `model`)
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever  # noqa: E402
from haystack.document_stores.in_memory import InMemoryDocumentStore  # noqa: E402
from haystack.document_stores.types import DuplicatePolicy  # noqa: E402
from haystack_integrations.components.embedders.sentence_transformers import (  # noqa: E402
    SentenceTransformersDocumentEmbedder as DocumentEmbedder,
)
from haystack_integrations.components.embedders.sentence_transformers import (  # noqa: E402
    SentenceTransformersTextEmbedder as TextEmbedder,
)


def build(sentences: list[str], store: Path) -> None:
    """Embed and save."""
    embedder = DocumentEmbedder(model=FOLDER, progress_bar=False, normalize_embeddings=True)
    embedder.warm_up()
    documents = embedder.run([Document(content=sentence) for sentence in sentences])["documents"]
    kept = InMemoryDocumentStore(embedding_similarity_function="cosine")
    kept.write_documents(documents, DuplicatePolicy.SKIP)  # a sentence may come twice
    store.mkdir(parents=True, exist_ok=True)
    kept.save_to_disk(str(store / "documents.json"))


def load(store: Path) -> Ask:
    """Load what `build` saved."""
    kept = InMemoryDocumentStore.load_from_disk(str(store / "documents.json"))
    embedder = TextEmbedder(model=FOLDER, progress_bar=False, normalize_embeddings=True)
    embedder.warm_up()
    retriever = InMemoryEmbeddingRetriever(kept, top_k=K)

    def ask(question: str) -> str:
        embedding = embedder.run(question)["embedding"]
        return str(retriever.run(query_embedding=embedding)["documents"][0].content)

    return ask


run(build, load)
