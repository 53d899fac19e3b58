"""Products of whole numbers: the numbers themselves, and that they give what products of fractions give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from index import network
from index.minilm import MiniLMEncoder
from index.rounding import STEPS, Arrays, Floats, Rounding, finer, rounded, rounded_layer
from index.weights import bundled_weights
from training.rounding import Layers, fitted


def product(given: Floats, parts: Arrays) -> Floats:
    """What the graphs make of a product's input."""
    whole = np.clip(np.rint(given * parts["inverse"] + parts["zeros"]), 0, 255).astype(np.int64)
    made: Floats = (whole @ parts["matrix"].astype(np.int64)) * parts["columns"] + parts["bias"]
    return made.astype(np.float32)


def test_a_matrix_becomes_whole_numbers() -> None:
    matrix = np.float32([[127.0, -31.75, 2.6], [1.0, 0.0, -1.0]])
    parts = rounded(
        matrix,
        np.float32([10.0, 0.5]),
        Rounding(np.float32([1, 2, 1]), np.float32([128, 0, 10]), np.packbits([0, 1, 0, 0, 0, 1])),
    )
    # times the scales: 127, -63.5, 2.6 and 1, 0, -1; the second row's scale is 1 / 127
    assert parts["matrix"].tolist() == [[127, 127], [-63, 0], [2, -126]]
    assert parts["columns"].tolist() == pytest.approx([1.0, 1 / 127])
    assert parts["inverse"].tolist() == [1.0, 0.5, 1.0]
    assert parts["bias"].tolist() == pytest.approx([10 - (127 * 128 + 2 * 10), 0.5 - (127 * 128 - 126 * 10) / 127])
    assert (parts["matrix"].dtype, parts["matrix"].flags.c_contiguous) == (np.int8, True)


def test_a_step_is_a_share_of_a_row_if_whole_numbers_reach_so_far() -> None:
    # the root mean square is 5 in both rows
    matrix = np.float32([[7.0, 1.0, -7.0, -1.0], [1.0, 7.0, 1.0, 7.0]])
    ones, none = np.ones(4, dtype=np.float32), np.zeros(4, dtype=np.float32)
    parts = rounded(matrix, np.zeros(2, dtype=np.float32), Rounding(ones, none, np.packbits([0] * 8), 0.5))
    assert parts["columns"].tolist() == [2.5, 2.5]
    assert parts["matrix"].T.tolist() == [[2, 0, -3, -1], [0, 2, 0, 2]]
    parts = rounded(matrix, np.zeros(2, dtype=np.float32), Rounding(ones, none, np.packbits([0] * 8), 0.01))
    assert parts["columns"].tolist() == pytest.approx([7 / 127, 7 / 127])


@pytest.mark.parametrize(("step", "off"), [(0.0, 0.02), (0.4, 0.2)])
def test_a_rounded_product_is_nearly_the_product(step: float, off: float) -> None:
    rng = np.random.default_rng(0)
    given = rng.standard_normal((300, 40), dtype=np.float32) * np.float32([30, *[1] * 39])  # one input is far larger
    matrix, bias = rng.standard_normal((20, 40), dtype=np.float32), rng.standard_normal(20, dtype=np.float32)
    how = fitted(torch.from_numpy(matrix), torch.from_numpy(given), step)
    made, exact = product(given, rounded(matrix, bias, how)), given @ matrix.T + bias
    assert np.abs(made - exact).mean() < off * np.abs(exact).mean()


def test_what_the_first_rounding_leaves_is_multiplied_too() -> None:
    rng = np.random.default_rng(0)
    given = rng.standard_normal((300, 40), dtype=np.float32)
    matrix, bias = rng.standard_normal((20, 40), dtype=np.float32), rng.standard_normal(20, dtype=np.float32)
    parts = rounded(matrix, bias, fitted(torch.from_numpy(matrix), torch.from_numpy(given)))
    given[0] *= 2  # beyond what was met, but not beyond the range that is twice as wide
    fine = finer(parts)
    moved = given * fine["inverse"] + fine["zeros"]
    whole = np.clip(np.rint(moved), 0, 255)
    rest = np.clip(np.rint((moved - whole) * STEPS) + STEPS // 2, 0, 255) - STEPS // 2
    made = product(given, fine) + (rest / STEPS) @ fine["matrix"].astype(np.float32) * fine["columns"]
    # all that is lost is lost with the matrix
    whole_matrix = (parts["matrix"] * parts["columns"] * parts["inverse"][:, None]).astype(np.float32)
    np.testing.assert_allclose(made, given @ whole_matrix + bias, atol=2e-3)
    assert np.abs(product(given, parts) - (given @ whole_matrix + bias)).max() > 0.1


def test_errors_make_good_for_each_other() -> None:
    rng = np.random.default_rng(0)
    mixed = rng.standard_normal((8, 64), dtype=np.float32)  # inputs that say much the same
    given = rng.standard_normal((2000, 8), dtype=np.float32) @ mixed
    matrix, bias = rng.standard_normal((16, 64), dtype=np.float32), np.zeros(16, dtype=np.float32)
    how = fitted(torch.from_numpy(matrix), torch.from_numpy(given))
    scaled = matrix * how.scales
    share = scaled / (np.abs(scaled).max(axis=1, keepdims=True) / np.float32(127))
    nearest = replace(how, up=np.packbits(share - np.floor(share) > 0.5))
    exact = given @ matrix.T
    made = [product(given, rounded(matrix, bias, each)) for each in (how, nearest)]
    off, off_nearest = (np.square(each - exact).mean() for each in made)
    assert off < 0.8 * off_nearest


def test_a_large_output_that_is_copied_changes_nothing() -> None:
    weights = {name: torch.from_numpy(np.array(each)) for name, each in bundled_weights().items()}
    layer = "encoder.layer.0"
    layers = Layers(weights)
    rng = np.random.default_rng(0)
    states = layers.fit(layer, [torch.from_numpy(rng.standard_normal((50, 384), dtype=np.float32)) for _ in range(4)])
    copies = layers.how[f"{layer}.copies"]
    first = np.unique(copies, return_index=True)[1]
    assert (len(copies), len(first)) == (1536 + 16, 1536)
    parts = rounded_layer(bundled_weights(), layer, layers.how)
    inner = product(states[0].numpy(), _of(parts, f"{layer}.intermediate"))
    assert np.array_equal(inner, inner[:, first][:, copies])
    inner = torch.nn.functional.gelu(torch.from_numpy(inner)).numpy()
    made = product(inner, _of(parts, f"{layer}.output"))
    matrix, bias = (bundled_weights()[f"{layer}.output.dense.{kind}"] for kind in ("weight", "bias"))
    assert np.corrcoef(made.ravel(), (inner[:, first] @ matrix.T + bias).ravel())[0, 1] > 0.95


def _of(parts: Arrays, name: str) -> dict[str, NDArray[np.generic]]:
    return {part: parts[f"{name}.{part}"] for part in ("inverse", "zeros", "matrix", "columns", "bias")}


@pytest.mark.model
def test_the_slower_way_gives_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Where is NATO's headquarters?", "", "The troops left Germany on Monday."]
    before = MiniLMEncoder().encode_both(texts)
    monkeypatch.setattr(network, "_has_vnni", lambda: False)
    after = MiniLMEncoder().encode_both(texts)
    assert after[0].tobytes() == before[0].tobytes()
    assert [each.tobytes() for each in after[1]] == [each.tobytes() for each in before[1]]
