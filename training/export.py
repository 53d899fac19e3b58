"""Export what was trained: `python -m training.export reader .training/reader/checkpoint.pt qa/models/reader.onnx.zst`.

The late interaction goes with `late .training/late/checkpoint.pt index/models/late.onnx`; both take `--data DATA`.

A network becomes one of `training.graph`'s, rounded to 8 bits (`training.rounding`); the reader's begins with embedded
tokens, whose table stays in the bundled model's package, the late interaction's with the states of the layers that are
the bundled model's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor
from zstandard import ZstdCompressor, ZstdDecompressor

from index.network import Network
from index.rounding import rounded_layer
from index.trunk import Trunk
from training import graph
from training.network import READER_EPSILON, LateNetwork, ReaderNetwork
from training.rounding import Layers
from training.texts import sentences, windows

NETWORKS: Mapping[str, type[ReaderNetwork] | type[LateNetwork]] = {"reader": ReaderNetwork, "late": LateNetwork}
READER_STEP = 0.45  # of the root mean square of a row: 3.5 bits a number once compressed, all that 50 MB have room for
READER_EVEN = 0.8  # less than for MiniLM: its matrices have fewer steps
NARROW = ("head.weight", "project.weight", "weigh.weight")  # matrices that are not rounded

Inputs = dict[str, NDArray[np.generic]]
Arrays = dict[str, NDArray[np.generic]]


@torch.inference_mode()
def export(network: ReaderNetwork | LateNetwork, inputs: Sequence[Inputs], path: Path) -> None:
    """Write the network's graph and weights to one file, rounded on some inputs."""
    weights = _named(network)
    rounding = _rounding(network, weights)
    own = {name: value.numpy() for name, value in weights.items()}
    arrays: Arrays = {
        name: array.T if name in NARROW else array for name, array in own.items() if ".layer." not in name
    }
    states = _states(network, inputs)
    for number in network.layers:
        states = rounding.fit(f"encoder.layer.{number}", states)
        arrays |= rounded_layer(own, f"encoder.layer.{number}", rounding.how, rounding.step)
    model = graph.late(arrays) if isinstance(network, LateNetwork) else graph.reader(arrays)
    copies = {name: array.tolist() for name, array in rounding.how.items() if name.endswith(".copies")}
    onnx.helper.set_model_props(model, {"copies": json.dumps(copies)})
    data = model.SerializeToString()
    # at its first level: what is rounded holds no repetitions, and looking for them makes it larger
    path.write_bytes(ZstdCompressor(level=1).compress(data) if path.suffix == ".zst" else data)


def _rounding(network: ReaderNetwork | LateNetwork, weights: Mapping[str, Tensor]) -> Layers:
    if isinstance(network, LateNetwork):
        return Layers(weights)
    return Layers(weights, epsilon=READER_EPSILON, step=READER_STEP, even=READER_EVEN, bias=network.bias)


def inputs_of(network: ReaderNetwork | LateNetwork, folder: Path) -> list[Inputs]:
    """Return a network's inputs by name, for texts of the training sets."""
    if isinstance(network, LateNetwork):
        trunk = Trunk()
        return [{"states": trunk.states(ids[None])} for ids in sentences(folder)]
    return [{"embedded": network.words.embed(row.ids), "types": row.types} for row in windows(folder)]


def _states(network: ReaderNetwork | LateNetwork, inputs: Sequence[Inputs]) -> list[Tensor]:
    """Return what the first of the exported layers is given, `(tokens, width)` each."""
    if isinstance(network, LateNetwork):
        return [torch.from_numpy(each["states"][0]) for each in inputs]
    return [network.embeddings(*(torch.from_numpy(array) for array in each.values()))[0] for each in inputs]


def _named(network: ReaderNetwork | LateNetwork) -> dict[str, Tensor]:
    """Return a network's weights as the bundled model names them, but for the word embeddings."""
    own = _names(network)
    return {own[name]: value.float() for name, value in network.state_dict().items() if "word_embeddings" not in name}


def _names(network: ReaderNetwork | LateNetwork) -> dict[str, str]:
    """Return what the bundled model calls a network's weights."""
    if isinstance(network, LateNetwork):
        return {name: name.removeprefix("encoder.") for name in network.state_dict()}
    other = (
        (".attention.attn.q.", ".attention.self.query."),
        (".attention.attn.k.", ".attention.self.key."),
        (".attention.attn.v.", ".attention.self.value."),
        (".attention.attn.o.", ".attention.output.dense."),
        (".attention.LayerNorm.", ".attention.output.LayerNorm."),
    )
    names = {}
    for name in network.state_dict():
        names[name] = name
        for mpnets, bundled in other:
            names[name] = names[name].replace(mpnets, bundled)
    return names


def imported(path: Path, network: ReaderNetwork | LateNetwork) -> dict[str, Tensor]:
    """Return the weights of an exported network by the names that they have in `network`, of its kind.

    Raises `KeyError` for a network that lacks a weight which is trained.
    """
    data = path.read_bytes()
    model = onnx.load_from_string(ZstdDecompressor().decompress(data) if path.suffix == ".zst" else data)
    arrays: Arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    copies = {name: np.array(each) for prop in model.metadata_props for name, each in json.loads(prop.value).items()}
    found: Arrays = {name: array.T if name in NARROW else array for name, array in arrays.items()}
    for number in network.layers:
        found |= _unrounded(arrays, f"encoder.layer.{number}", copies[f"encoder.layer.{number}.copies"])
    own = {other: name for name, other in _names(network).items()}
    weights = {own[name]: torch.from_numpy(np.array(array)) for name, array in found.items() if name in own}
    trained = {name for name, value in network.named_parameters() if value.requires_grad}
    if missing := trained - weights.keys():
        raise KeyError(f"{path} lacks {len(missing)} weights, among them {min(missing)}")
    return weights


def _unrounded(arrays: Arrays, layer: str, copies: NDArray[np.int64]) -> Arrays:
    """Return the matrices and biases of a layer that `rounded_layer` made, by the bundled model's names."""
    first = np.unique(copies, return_index=True)[1]
    made: Arrays = {}
    matrix, bias = _product(arrays, f"{layer}.attention")
    for part, rows, shift in zip(("query", "key", "value"), np.split(matrix, 3), np.split(bias, 3), strict=True):
        made |= {f"{layer}.attention.self.{part}.weight": rows, f"{layer}.attention.self.{part}.bias": shift}
    for name in ("attention.output", "intermediate", "output"):
        matrix, bias = _product(arrays, f"{layer}.{name}")
        if name == "intermediate":
            matrix, bias = matrix[first], bias[first]
        if name == "output":
            matrix = np.add.reduceat(matrix, first, axis=1)
        made |= {f"{layer}.{name}.dense.weight": matrix, f"{layer}.{name}.dense.bias": bias}
    return made


def _product(arrays: Arrays, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the matrix `(outputs, inputs)` and the bias of a rounded product."""
    matrix, columns, inverse, zeros, bias = (
        arrays[f"{name}.{part}"].astype(np.float32) for part in ("matrix", "columns", "inverse", "zeros", "bias")
    )
    return (matrix * columns * inverse[:, None]).T, bias + columns * (zeros @ matrix)


def between(network: ReaderNetwork | LateNetwork, before: Path, share: float) -> None:
    """Move a network's weights towards those of an exported one, down to a share of what they are.

    What it was trained on is then done nearly as well, and all else as well as before (Wortsman et al. 2022).
    """
    own = network.state_dict()
    mixed = {name: share * own[name] + (1 - share) * value for name, value in imported(before, network).items()}
    network.load_state_dict(mixed, strict=False)


@torch.inference_mode()
def differences(
    network: ReaderNetwork | LateNetwork, path: Path, inputs: Sequence[Inputs]
) -> list[NDArray[np.float32]]:
    """Return how far the exported network's first output is from the network's, for each of some inputs."""
    session = Network(path)
    found = []
    for each in inputs:
        given = [torch.from_numpy(array) for array in each.values()]
        made = network.top(*given)[0] if isinstance(network, LateNetwork) else network(*given, None)
        found.append(np.abs(session.run(each)[0] - made.numpy()).ravel())
    return found


def main() -> None:
    """Export, and compare with the network that was trained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=NETWORKS)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("onnx", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--between", type=Path, help="mix the weights with those of this exported network")
    parser.add_argument("--share", type=float, default=0.7, help="of the trained weights where they are mixed")
    options = parser.parse_args()
    network = NETWORKS[options.kind]()
    network.load_state_dict(torch.load(options.checkpoint, weights_only=True)["average"], strict=False)
    if options.between:
        between(network, options.between, options.share)
    network.eval()
    options.onnx.parent.mkdir(parents=True, exist_ok=True)
    inputs = inputs_of(network, options.data / "train")
    export(network, inputs, options.onnx)
    size = options.onnx.stat().st_size / 1e6
    off = np.concatenate(differences(network, options.onnx, inputs))
    print(f"{options.onnx}: {size:.1f} MB, outputs differ by {off.mean():.4f} in the mean, {off.max():.3f} at most")


if __name__ == "__main__":
    main()
