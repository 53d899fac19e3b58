"""Export what was trained: `python -m training.export reader .training/reader/checkpoint.pt qa/models/reader.onnx`.

The late interaction goes with `late .training/late/checkpoint.pt index/models/late.onnx`.

A network becomes an ONNX graph; the reader's begins with embedded tokens, whose table stays in the bundled model's
package, the late interaction's with the states of the layers that are the bundled model's. Matrices are stored in 8
bits, a scale for each 128 weights of a row, and multiplied with inputs that are rounded the same way.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer
from torch import Tensor, nn

from training.network import LateNetwork, ReaderNetwork

BITS, BLOCK = 8, 128
INT8 = 4  # what MatMulNBits calls products of whole numbers: "accuracy level 4"
WIDE = 64  # columns of a matrix; narrower ones, which make the scores, stay as they are

NETWORKS: Mapping[str, type[ReaderNetwork] | type[LateNetwork]] = {"reader": ReaderNetwork, "late": LateNetwork}


class Unmasked(nn.Module):
    """A network as it is asked: for texts of one length, so that there is no padding."""

    def __init__(self, network: ReaderNetwork | LateNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, given: Tensor, types: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor]:
        """Return what the reader makes of embedded tokens and their types, late interaction of the trunk's states."""
        if isinstance(self.network, LateNetwork):
            return self.network.top(given)
        made: Tensor = self.network(given, types, None)
        return made


def export(network: ReaderNetwork | LateNetwork, path: Path) -> None:
    """Write the network's graph and weights to one file."""
    inputs = _inputs(network)
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length")}
    program = torch.onnx.export(
        Unmasked(network).eval(),
        tuple(torch.from_numpy(value) for value in inputs.values()),
        input_names=list(inputs),
        output_names=["out"] if isinstance(network, ReaderNetwork) else ["vectors", "weights"],
        opset_version=18,
        dynamic_shapes=tuple(axes for _ in inputs),
        dynamo=True,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export returned nothing")
    onnx.save(_in_blocks(program.model_proto), str(path))


def _inputs(network: ReaderNetwork | LateNetwork) -> dict[str, NDArray[np.generic]]:
    """Return random inputs of a network by name."""
    generator = np.random.default_rng(0)
    if isinstance(network, LateNetwork):
        return {"states": 0.3 * generator.standard_normal((5, 90, 384), dtype=np.float32)}
    embedded = 0.05 * generator.standard_normal((5, 90, 384), dtype=np.float32)
    return {"embedded": embedded, "types": generator.integers(0, 3, (5, 90))}


def _in_blocks(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store matrices in blocks of 8 bits (ONNX Runtime's MatMulNBits)."""
    logging.getLogger("onnxruntime.quantization").setLevel(logging.WARNING)
    matrices = {w.name: w.dims for w in model.graph.initializer if len(w.dims) == 2}
    narrow = [
        node.name
        for node in model.graph.node
        if node.op_type == "MatMul" and node.input[1] in matrices and matrices[node.input[1]][1] <= WIDE
    ]
    blocks = DefaultWeightOnlyQuantConfig(block_size=BLOCK, is_symmetric=True, accuracy_level=INT8, bits=BITS)
    quantizer = MatMulNBitsQuantizer(model, algo_config=blocks, nodes_to_exclude=narrow)
    quantizer.process()
    made: onnx.ModelProto = quantizer.model.model
    del made.graph.value_info[:]  # of the weights that changed, among others; not needed
    for node in made.graph.node:
        del node.metadata_props[:]  # where in the code of this machine each came from
    return made


def imported(path: Path, network: ReaderNetwork | LateNetwork) -> dict[str, torch.Tensor]:
    """Return the weights of an exported network by the names that they have in `network`, of its kind.

    The export keeps the names of vectors, but turns and renames matrices: those are told by their order. Raises
    `KeyError` for a network that lacks a weight which is trained.
    """
    graph = onnx.load(path).graph
    arrays: dict[str, NDArray[np.float32]] = {w.name: numpy_helper.to_array(w) for w in graph.initializer}
    own = network.state_dict()
    # named as the module that was exported has them, `Unmasked`
    vectors = {name.removeprefix("network."): torch.from_numpy(array.copy()) for name, array in arrays.items()}
    weights = {name: value for name, value in vectors.items() if name in own and value.shape == own[name].shape}
    matrices = [made for node in graph.node if (made := _matrix(node, arrays)) is not None]
    names = [
        name
        for name, value in own.items()
        if value.ndim == 2 and "embeddings" not in name and not name.startswith(network.shared)
    ]
    weights |= dict(zip(names, map(torch.from_numpy, matrices), strict=True))
    trained = {name for name, value in network.named_parameters() if value.requires_grad}
    if missing := trained - weights.keys():
        raise KeyError(f"{path} lacks {len(missing)} weights, among them {min(missing)}")
    return weights


def _matrix(node: onnx.NodeProto, arrays: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32] | None:
    """Return the matrix `(outputs, inputs)` that a node multiplies with, None where it does not."""
    if node.op_type == "MatMulNBits":
        blocks, scales = arrays[node.input[1]], arrays[node.input[2]]
        rows = (blocks.astype(np.float32) - 128) * scales.reshape(*blocks.shape[:2], 1)
        return np.asarray(rows.reshape(len(rows), -1), dtype=np.float32)
    if node.op_type == "MatMul" and node.input[1] in arrays:
        return np.asarray(arrays[node.input[1]].T, dtype=np.float32).copy()
    return None


def between(network: ReaderNetwork | LateNetwork, before: Path, share: float) -> None:
    """Move a network's weights towards those of an exported one, down to a share of what they are.

    What it was trained on is then done nearly as well, and all else as well as before (Wortsman et al. 2022).
    """
    own = network.state_dict()
    mixed = {name: share * own[name] + (1 - share) * value for name, value in imported(before, network).items()}
    network.load_state_dict(mixed, strict=False)


def differences(network: ReaderNetwork | LateNetwork, path: Path) -> NDArray[np.float32]:
    """Return how far the exported network's outputs are from the network's, on random input."""
    inputs = _inputs(network)
    with torch.inference_mode():
        made = Unmasked(network)(*map(torch.from_numpy, inputs.values()))
    outputs = onnxruntime.InferenceSession(str(path)).run(None, inputs)
    expected = made if isinstance(made, tuple) else (made,)
    return np.concatenate([np.abs(out - one.numpy()).ravel() for out, one in zip(outputs, expected, strict=True)])


def main() -> None:
    """Export, and compare with the network that was trained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=NETWORKS)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("onnx", type=Path)
    parser.add_argument("--between", type=Path, help="mix the weights with those of this exported network")
    parser.add_argument("--share", type=float, default=0.7, help="of the trained weights where they are mixed")
    options = parser.parse_args()
    network = NETWORKS[options.kind]()
    network.load_state_dict(torch.load(options.checkpoint, weights_only=True)["average"], strict=False)
    if options.between:
        between(network, options.between, options.share)
    network.eval()
    options.onnx.parent.mkdir(parents=True, exist_ok=True)
    export(network, options.onnx)
    size = options.onnx.stat().st_size / 1e6
    off = differences(network, options.onnx)
    print(f"{options.onnx}: {size:.1f} MB, outputs differ by {off.mean():.4f} in the mean, {off.max():.3f} at most")


if __name__ == "__main__":
    main()
