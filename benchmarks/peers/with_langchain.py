"""LangChain with FAISS and HuggingFaceEmbeddings: https://docs.langchain.com/oss/python/integrations/vectorstores/faiss."""

from __future__ import annotations

from pathlib import Path

from protocol import Ask, K, model, run

FOLDER = model()

from langchain_community.vectorstores import FAISS  # noqa: E402  (after the settings of `model`)
from langchain_huggingface import HuggingFaceEmbeddings  # noqa: E402


def embeddings() -> HuggingFaceEmbeddings:
    """Return the model."""
    return HuggingFaceEmbeddings(model_name=FOLDER, encode_kwargs={"normalize_embeddings": True})


def build(sentences: list[str], store: Path) -> None:
    """Embed and save."""
    FAISS.from_texts(sentences, embeddings()).save_local(str(store))


def load(store: Path) -> Ask:
    """Load what `build` saved."""
    index = FAISS.load_local(str(store), embeddings(), allow_dangerous_deserialization=True)
    return lambda question: index.similarity_search(question, k=K)[0].page_content


run(build, load)
