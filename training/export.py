"""Export what was trained: `python -m training.export reader .training/reader/checkpoint.pt qa/models/reader.onnx`.

The late interaction goes with `late .training/late/checkpoint.pt index/models/late.onnx`.

A network becomes an ONNX graph from embedded tokens on; its weights are stored in half precision and computed with in
single precision. The word embeddings stay in the bundled model's package.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from training.network import LateNetwork, ReaderNetwork

SMALL = 4096  # numbers; smaller weights stay in single precision


NETWORKS: Mapping[str, type[ReaderNetwork] | type[LateNetwork]] = {"reader": ReaderNetwork, "late": LateNetwork}


def export(network: ReaderNetwork | LateNetwork, path: Path) -> None:
    """Write the network's graph and weights to one file."""
    inputs = _inputs(network)
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length")}
    program = torch.onnx.export(
        network,
        tuple(torch.from_numpy(value) for value in inputs.values()),
        input_names=list(inputs),
        output_names=["out"] if isinstance(network, ReaderNetwork) else ["vectors", "weights"],
        opset_version=18,
        dynamic_shapes=dict.fromkeys(inputs, axes),
        dynamo=True,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export returned nothing")
    onnx.save(_halved(program.model_proto), str(path))


def _inputs(network: ReaderNetwork | LateNetwork) -> dict[str, NDArray[np.generic]]:
    """Return random inputs of a network by name."""
    generator = np.random.default_rng(0)
    embedded = 0.05 * generator.standard_normal((5, 90, 384), dtype=np.float32)
    mask = (np.arange(90) < np.array([[90], [80], [70], [60], [50]])).astype(np.int64)
    if isinstance(network, LateNetwork):
        return {"embedded": embedded, "mask": mask}
    return {"embedded": embedded, "types": generator.integers(0, 3, (5, 90)), "mask": mask}


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large weights as float16, with a cast to float32 that ONNX Runtime folds away when it loads them."""
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < SMALL:
            continue
        name, half = weight.name, numpy_helper.to_array(weight).astype(np.float16)
        weight.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*casts, *nodes])
    del model.graph.value_info[:]  # of the weights that changed, among others; not needed
    return model


def imported(path: Path) -> dict[str, torch.Tensor]:
    """Return the weights of an exported network by the names that they were trained under.

    The export keeps the names of vectors, but turns and renames matrices: those are told by their order.
    """
    arrays = {w.name: numpy_helper.to_array(w).astype(np.float32) for w in onnx.load(path).graph.initializer}
    weights = {name.removesuffix(".half"): torch.from_numpy(array) for name, array in arrays.items()}
    turned = [torch.from_numpy(a.T.copy()) for n, a in arrays.items() if n.startswith("val_") and a.ndim == 2]
    names = [n for n, value in ReaderNetwork().state_dict().items() if value.ndim == 2 and "embeddings" not in n]
    return weights | dict(zip(names, turned, strict=True))


def largest_difference(network: ReaderNetwork | LateNetwork, path: Path) -> float:
    """Return the largest absolute difference of the exported network's outputs from the network's, on random input."""
    inputs = _inputs(network)
    with torch.inference_mode():
        expected = network(*map(torch.from_numpy, inputs.values()))
    outputs = onnxruntime.InferenceSession(str(path)).run(None, inputs)
    expected = [expected] if isinstance(network, ReaderNetwork) else expected
    inside = np.asarray(inputs["mask"]) == 1
    return max(float(np.abs(out - one.numpy())[inside].max()) for out, one in zip(outputs, expected, strict=True))


def main() -> None:
    """Export, and compare with the network that was trained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=NETWORKS)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("onnx", type=Path)
    options = parser.parse_args()
    network = NETWORKS[options.kind]()
    network.load_state_dict(torch.load(options.checkpoint, weights_only=True)["average"], strict=False)
    network.eval()
    options.onnx.parent.mkdir(parents=True, exist_ok=True)
    export(network, options.onnx)
    size = options.onnx.stat().st_size / 1e6
    print(f"{options.onnx}: {size:.1f} MB, largest difference {largest_difference(network, options.onnx):.1e}")


if __name__ == "__main__":
    main()
