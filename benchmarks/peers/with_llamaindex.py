"""LlamaIndex with its own vector store: https://developers.llamaindex.ai/python/framework/understanding/rag/storing."""

from __future__ import annotations

from pathlib import Path

from protocol import Ask, K, model, run

FOLDER = model()

from llama_index.core import Settings, StorageContext, VectorStoreIndex, load_index_from_storage  # noqa: E402
from llama_index.core.schema import TextNode  # noqa: E402
from llama_index.embeddings.huggingface import HuggingFaceEmbedding  # noqa: E402

Settings.embed_model = HuggingFaceEmbedding(model_name=FOLDER)


def build(sentences: list[str], store: Path) -> None:
    """Embed and save."""
    VectorStoreIndex([TextNode(text=sentence) for sentence in sentences]).storage_context.persist(str(store))


def load(store: Path) -> Ask:
    """Load what `build` saved."""
    index = load_index_from_storage(StorageContext.from_defaults(persist_dir=str(store)))
    retriever = index.as_retriever(similarity_top_k=K)
    return lambda question: str(retriever.retrieve(question)[0].get_content())


run(build, load)
