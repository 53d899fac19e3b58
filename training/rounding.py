"""How the products of trained layers are rounded to whole numbers, so that they give the same: `index.rounding`.

Scales come from the range of each input on texts of the training, and are evened out between it and the matrix
(SmoothQuant, Xiao et al. 2023). The numbers of a matrix are rounded up or down one input after the other, each making
good for the errors of those before it as far as these texts tell (GPTQ, Frantar et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from index.rounding import HIGHEST, Rounding, columns_of, rounded

EVEN = 0.9  # of the range of inputs that their scales take over, the rest is the matrix's
MARGIN = 1.05  # of what was met, for what was not
COPIES = 16  # more rows of the inner matrix, for its largest outputs
TOKENS = 9000  # that errors are made good on
DAMPING = 0.01
HEADS = 12
EPSILON = 1e-12


class Layers:
    """Some layers, rounded one after the other: each is fitted to what those before it make when rounded.

    `weights` go by the bundled model's names; `bias` gives what is added to the attention between so many tokens.
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        *,
        epsilon: float = EPSILON,
        step: float = 0.0,
        even: float = EVEN,
        bias: Callable[[int], Tensor | float] = lambda _: 0.0,
    ) -> None:
        self._weights = weights
        self.step = step
        self._epsilon, self._even, self._bias = epsilon, even, bias
        self.how: dict[str, NDArray[np.generic]] = {}

    def fit(self, layer: str, states: Sequence[Tensor]) -> list[Tensor]:
        """Find how a layer is rounded, and return what it makes of states `(tokens, 384)` of texts."""
        own = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        matrix, bias = (torch.cat([self._weights[f"{name}.{kind}"] for name in own]) for kind in ("weight", "bias"))
        made = self._product(f"{layer}.attention", matrix, bias, states)
        attended = [_attended(each, self._bias(len(each))) for each in made]
        made = self._product(f"{layer}.attention.output", *self._linear(f"{layer}.attention.output.dense"), attended)
        states = self._added(f"{layer}.attention.output", made, states)
        inner = self._product(f"{layer}.intermediate", *self._linear(f"{layer}.intermediate.dense"), states)
        inner = [nn.functional.gelu(each) for each in inner]
        matrix, bias = self._linear(f"{layer}.output.dense")
        copies = _copies(torch.cat(inner), matrix)
        self.how[f"{layer}.copies"] = copies.numpy().astype(np.int16)
        parted = matrix[:, copies] / torch.bincount(copies)[copies]
        made = self._product(f"{layer}.output", parted, bias, [each[:, copies] for each in inner])
        return self._added(f"{layer}.output", made, states)

    def _linear(self, name: str) -> tuple[Tensor, Tensor]:
        return self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]

    def _product(self, name: str, matrix: Tensor, bias: Tensor, given: Sequence[Tensor]) -> list[Tensor]:
        how = fitted(matrix, torch.cat(list(given)), self.step, self._even)
        self.how |= {f"{name}.scales": how.scales, f"{name}.zeros": how.zeros, f"{name}.up": how.up}
        parts = {key: torch.from_numpy(each) for key, each in rounded(matrix.numpy(), bias.numpy(), how).items()}
        turned = parts["matrix"].float()
        return [
            _whole(each * parts["inverse"] + parts["zeros"]) @ turned * parts["columns"] + parts["bias"]
            for each in given
        ]

    def _added(self, name: str, made: Sequence[Tensor], states: Sequence[Tensor]) -> list[Tensor]:
        return [
            normal(self._weights, name, one + other, self._epsilon) for one, other in zip(made, states, strict=True)
        ]


def normal(weights: Mapping[str, Tensor], name: str, states: Tensor, epsilon: float = EPSILON) -> Tensor:
    """Return states after the layer norm of a part."""
    scale, shift = (weights[f"{name}.LayerNorm.{kind}"] for kind in ("weight", "bias"))
    return nn.functional.layer_norm(states, (states.shape[1],), scale, shift, epsilon)


def _whole(given: Tensor) -> Tensor:
    return given.round().clamp(0, 255)


def _attended(made: Tensor, bias: Tensor | float) -> Tensor:
    query, key, value = (part.view(len(made), HEADS, -1).transpose(0, 1) for part in made.chunk(3, dim=1))
    shares = torch.softmax(query @ key.transpose(1, 2) / query.shape[-1] ** 0.5 + bias, -1)
    return (shares @ value).transpose(0, 1).reshape(len(made), -1)


def _copies(inner: Tensor, matrix: Tensor) -> Tensor:
    """Return which outputs of the inner product stand there, those that would need the largest scales several times."""
    largest = ((inner.amax(0) - inner.amin(0)) * matrix.abs().amax(0)).numpy()
    count = np.ones(len(largest), dtype=np.int64)
    for _ in range(COPIES):
        count[(largest / count).argmax()] += 1
    return torch.arange(len(largest)).repeat_interleave(torch.from_numpy(count))


def fitted(matrix: Tensor, given: Tensor, step: float = 0.0, even: float = EVEN) -> Rounding:
    """Return how a product with a matrix `(outputs, inputs)` is rounded, for inputs `(tokens, inputs)`."""
    low, high = given.amin(0).clamp(max=0) * MARGIN, given.amax(0).clamp(min=0) * MARGIN
    needed = ((high - low) / 255).clamp(min=1e-6)
    scales = needed**even / matrix.abs().amax(0).clamp(min=1e-6) ** (1 - even)
    scales *= (needed / scales).max()
    zeros = ((255 - (high - low) / scales) / 2 - low / scales).round().clamp(0, 255)
    drawn = given[torch.randperm(len(given), generator=torch.Generator().manual_seed(0))[:TOKENS]]
    up = _up(matrix * scales, (_whole(drawn / scales + zeros) - zeros).double(), step)
    return Rounding(scales.numpy(), zeros.numpy(), np.packbits(up.numpy()), step)


def _up(matrix: Tensor, given: Tensor, step: float) -> Tensor:
    """Return which numbers of a matrix `(outputs, inputs)` are rounded up, `(outputs, inputs)`."""
    columns = torch.from_numpy(columns_of(matrix.numpy(), step))
    exact = (matrix / columns[:, None]).double()  # in float32, as `rounded` does it
    floor = exact.floor()
    squares = given.T @ given / len(given)
    squares += torch.eye(len(squares), dtype=torch.double) * squares.diag().mean() * DAMPING
    order = squares.diag().argsort(descending=True)  # what errs most while there is most left to make good for it
    spread = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(squares[order][:, order])), upper=True)
    left, up = exact[:, order].clone(), torch.zeros_like(exact, dtype=torch.bool)
    for at, own in enumerate(order.tolist()):
        up[:, own] = (left[:, at] > floor[:, own] + 0.5) & (floor[:, own] < HIGHEST)
        error = (left[:, at] - floor[:, own] - up[:, own].double()) / spread[at, at]
        left[:, at + 1 :] -= error[:, None] * spread[at, at + 1 :]
    return up
