"""Products of whole numbers, of which a processor makes some three times as many as of fractions.

What is multiplied with a matrix is divided by a scale for each input and moved by its zero, and becomes 0 to 255. The
matrix, times these scales, becomes -127 to 127, with a scale for each output. `training.rounding` finds scales and
zeros, and which numbers of a matrix are rounded up so that the errors of a product cancel out.

Most of what a product loses so is lost with its inputs. In the embedding model, whose vectors are those of others, too,
three of a layer's four products are made twice: once more with what the first rounding of the inputs has left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.generic]]
Floats = NDArray[np.float32]

HIGHEST = 127  # of a rounded matrix

_PARTS = ("inverse", "zeros", "matrix", "columns", "bias")  # of a product

# The products that the embedding model makes twice, and into how many parts a step of the first rounding is parted.
FINE: Final = ("attention", "attention.output", "output")
STEPS: Final = 254


@dataclass(frozen=True, slots=True)
class Rounding:
    """How a product is rounded: `scales` and `zeros` `(inputs,)`, the latter whole numbers from 0 to 255.

    `up` says which numbers of the matrix `(outputs, inputs)` are rounded up, a bit each, packed. `step` is that of a
    row, as a share of its root mean square; wider where the largest number would pass `HIGHEST`, as at 0.
    """

    scales: Floats
    zeros: Floats
    up: NDArray[np.uint8]
    step: float = 0.0


def rounded(matrix: Floats, bias: Floats, how: Rounding) -> dict[str, NDArray[np.generic]]:
    """Return a product with `matrix` `(outputs, inputs)` as the graphs name its parts."""
    scaled = matrix * how.scales
    columns = columns_of(scaled, how.step)
    scaled /= columns[:, None]
    whole = np.floor(scaled, out=scaled).astype(np.int8)
    whole += np.unpackbits(how.up, count=whole.size).reshape(whole.shape).view(np.int8)
    return {
        "inverse": 1 / how.scales,
        "zeros": how.zeros,
        "matrix": np.ascontiguousarray(whole.T),
        "columns": columns,
        "bias": bias - columns * (whole @ how.zeros),
    }


def columns_of(scaled: Floats, step: float) -> Floats:
    """Return the steps `(outputs,)` of the rows of a matrix `(outputs, inputs)` that is times its inputs' scales."""
    finest: Floats = np.abs(scaled).max(axis=1) / np.float32(HIGHEST)
    if not step:  # when the embedding model is loaded, each time
        return finest
    columns: Floats = np.maximum(finest, np.float32(step) * np.sqrt(np.square(scaled).mean(axis=1)))
    return columns


def finer(parts: Arrays) -> dict[str, NDArray[np.generic]]:
    """Return a product that is made twice: its inputs have twice the range, since their steps need not be small."""
    inverse, zeros, matrix, columns, bias = (parts[name].astype(np.float32) for name in _PARTS)
    return {
        **parts,
        "inverse": inverse / 2,
        "zeros": zeros / 2 + 64,
        # by a second name: where ONNX Runtime has to turn whole matrices into others, it does it once for each product
        "again": parts["matrix"],
        "columns": 2 * columns,
        "bias": bias - 128 * columns * matrix.sum(axis=0),
    }


def finer_layer(layer: str, parts: Arrays) -> dict[str, NDArray[np.generic]]:
    """Return a layer of which the products of `FINE` are made twice."""
    made = dict(parts)
    for product in FINE:
        own = {part: parts[f"{layer}.{product}.{part}"] for part in _PARTS}
        made |= _named(f"{layer}.{product}", finer(own))
    return made


def rounded_layer(
    weights: Mapping[str, Floats], layer: str, how: Arrays, step: float = 0.0
) -> dict[str, NDArray[np.generic]]:
    """Return the parts of a layer as the graphs name them; `weights` and `how` go by names, too.

    A few outputs of its inner product are far larger than the others. Such a one stands there several times, and its
    row of the outer matrix is parted among them, so that one scale fits all: `copies` says which stand there.
    """
    own = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
    copies = how[f"{layer}.copies"].astype(np.intp)
    inner = _rounded(weights, how, f"{layer}.intermediate", [f"{layer}.intermediate.dense"], step)
    for part in ("matrix", "columns", "bias"):
        inner[f"{layer}.intermediate.{part}"] = np.take(inner[f"{layer}.intermediate.{part}"], copies, axis=-1)
    shares = np.bincount(copies).astype(np.float32)[copies]
    outer = weights[f"{layer}.output.dense.weight"][:, copies] / shares
    bias = weights[f"{layer}.output.dense.bias"]
    norms = [
        f"{layer}.{part}.LayerNorm.{kind}" for part in ("attention.output", "output") for kind in ("weight", "bias")
    ]
    return {
        **_rounded(weights, how, f"{layer}.attention", own, step),
        **_rounded(weights, how, f"{layer}.attention.output", [f"{layer}.attention.output.dense"], step),
        **inner,
        **_named(f"{layer}.output", rounded(outer, bias, _of(how, f"{layer}.output", step))),
        **{name: weights[name] for name in norms},
    }


def _rounded(
    weights: Mapping[str, Floats], how: Arrays, product: str, own: list[str], step: float
) -> dict[str, NDArray[np.generic]]:
    """Return a product with the matrices of some linear layers together."""
    matrix, bias = (np.concatenate([weights[f"{name}.{kind}"] for name in own]) for kind in ("weight", "bias"))
    return _named(product, rounded(matrix, bias, _of(how, product, step)))


def _of(how: Arrays, product: str, step: float) -> Rounding:
    scales, zeros = (how[f"{product}.{part}"].astype(np.float32) for part in ("scales", "zeros"))
    return Rounding(scales, zeros, how[f"{product}.up"].astype(np.uint8), step)


def _named(product: str, parts: Arrays) -> dict[str, NDArray[np.generic]]:
    return {f"{product}.{part}": array for part, array in parts.items()}
