"""Export the trained reader: `python -m training.export .training/reader/checkpoint.pt qa/models/reader.onnx`.

The network becomes an ONNX graph from embedded tokens on; its weights are stored in half precision and computed with in
single precision. The word embeddings stay in the bundled model's package.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from training.network import ReaderNetwork, load

SMALL = 4096  # numbers; smaller weights stay in single precision


def export(network: ReaderNetwork, path: Path) -> None:
    """Write the network's graph and weights to one file."""
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    example = (torch.zeros(2, 8, 384), torch.ones(2, 8, dtype=torch.long), torch.ones(2, 8, dtype=torch.long))
    axes = {0: batch, 1: length}
    program = torch.onnx.export(
        network,
        example,
        input_names=["embedded", "types", "mask"],
        output_names=["out"],
        opset_version=18,
        dynamic_shapes={"embedded": axes, "types": axes, "mask": axes},
        dynamo=True,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export returned nothing")
    model = _halved(program.model_proto)
    onnx.save(model, str(path))


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


def largest_difference(network: ReaderNetwork, path: Path) -> float:
    """Return the largest absolute difference of the exported network's outputs from the network's, on random input."""
    generator = np.random.default_rng(0)
    embedded = 0.05 * generator.standard_normal((5, 90, 384), dtype=np.float32)
    types = generator.integers(0, 3, (5, 90))
    mask = (np.arange(90) < np.array([[90], [80], [70], [60], [50]])).astype(np.int64)
    session = onnxruntime.InferenceSession(str(path))
    out = session.run(["out"], {"embedded": embedded, "types": types, "mask": mask})[0]
    with torch.inference_mode():
        expected = network(*map(torch.from_numpy, (embedded, types, mask))).numpy()
    return float(np.abs(out - expected)[mask > 0].max())


def main() -> None:
    """Export, and compare with the network that was trained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("onnx", type=Path)
    options = parser.parse_args()
    network = load(options.checkpoint)
    options.onnx.parent.mkdir(parents=True, exist_ok=True)
    export(network, options.onnx)
    size = options.onnx.stat().st_size / 1e6
    print(f"{options.onnx}: {size:.1f} MB, largest difference {largest_difference(network, options.onnx):.1e}")


if __name__ == "__main__":
    main()
