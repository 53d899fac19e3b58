"""Write the graphs of the bundled model: `python -m training.graph index/models`.

`trunk.onnx` takes embedded tokens `(texts, length, 384)` of texts of one length, so that there is no padding and no
mask, and gives the states of the third of MiniLM's six layers; `dense.onnx` makes those of the last layer of them. The
weights stay in the bundled package: the graphs name them as it does, and `index/weights.py` hands them over. Attention,
layer norms and activation are ONNX Runtime's own operators (https://onnxruntime.ai/docs, "Contrib operators"): nothing
is left to be fused.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper

from index.trunk import LAYERS
from index.weights import bundled_weights

OWN = "com.microsoft"  # the domain of ONNX Runtime's operators
HEADS = 12
EPSILON = 1e-12


class _Graph:
    """The nodes of a graph so far, and the weights that they name."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, TensorProto] = {}
        self._shapes = {name: array.shape for name, array in bundled_weights().items()}

    def weight(self, name: str) -> str:
        """Name a weight of the bundled package."""
        tensor = TensorProto(name=name, dims=self._shapes[name], data_type=TensorProto.FLOAT)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="model.safetensors")
        self.weights[name] = tensor
        return name

    def numbers(self, name: str, values: Sequence[int]) -> str:
        """Name whole numbers that are part of the graph."""
        self.weights[name] = helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        return name

    def add(self, node: NodeProto) -> str:
        """Add a node, and return the name of its first output."""
        self.nodes.append(node)
        return str(node.output[0])

    def op(self, kind: str, *inputs: str, domain: str = "", **settings: int | float) -> str:
        """Add a node of one output, and return the output's name."""
        name = f"{kind}_{len(self.nodes)}"
        node = helper.make_node(kind, inputs, [name], domain=domain)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in settings.items())
        return self.add(node)

    def turned(self, name: str) -> str:
        """Name a matrix as products need it: the package has it turned. ONNX Runtime does this once, when it loads."""
        return self.add(helper.make_node("Transpose", [self.weight(name)], [f"{name}.turned"], perm=[1, 0]))


def trunk() -> ModelProto:
    """Return the graph of the layers that embedding model and late interaction share."""
    graph = _Graph()
    return _model(graph, "embedded", _layers(graph, LAYERS, _embedded(graph)))


def dense() -> ModelProto:
    """Return the graph of the other layers."""
    graph = _Graph()
    return _model(graph, "states", _layers(graph, range(LAYERS.stop, 6), "states"))


def _layers(graph: _Graph, numbers: range, states: str) -> str:
    for number in numbers:
        states = _layer(graph, f"encoder.layer.{number}", states)
    return states


def _model(graph: _Graph, given: str, made: str) -> ModelProto:
    shape: list[str | int | None] = ["texts", "length", 384]
    whole = helper.make_graph(
        graph.nodes,
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info(given, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(made, TensorProto.FLOAT, shape)],
        list(graph.weights.values()),
    )
    operators = [helper.make_opsetid("", 18), helper.make_opsetid(OWN, 1)]
    return helper.make_model(whole, opset_imports=operators, ir_version=9)


def _embedded(graph: _Graph) -> str:
    """Add position and type, which is 0, to the embedded tokens."""
    first, rows = graph.numbers("zero", [0]), graph.numbers("rows", [0])
    length = graph.op("Shape", "embedded", start=1, end=2)
    places = graph.op("Slice", graph.weight("embeddings.position_embeddings.weight"), first, length, rows)
    kinds = graph.weight("embeddings.token_type_embeddings.weight")
    kind = graph.op("Slice", kinds, first, graph.numbers("one", [1]), rows)
    summed = graph.op("Add", "embedded", graph.op("Add", places, kind))
    scale, shift = (graph.weight(f"embeddings.LayerNorm.{part}") for part in ("weight", "bias"))
    return graph.op("LayerNormalization", summed, scale, shift, axis=-1, epsilon=EPSILON)


def _layer(graph: _Graph, name: str, states: str) -> str:
    own = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
    weights = graph.op("Concat", *(graph.turned(f"{part}.weight") for part in own), axis=1)
    biases = graph.op("Concat", *(graph.weight(f"{part}.bias") for part in own), axis=0)
    attended = graph.op("Attention", states, weights, biases, domain=OWN, num_heads=HEADS)
    states = _added(graph, f"{name}.attention.output", attended, states)
    inner = graph.op("MatMul", states, graph.turned(f"{name}.intermediate.dense.weight"))
    inner = graph.op("BiasGelu", inner, graph.weight(f"{name}.intermediate.dense.bias"), domain=OWN)
    return _added(graph, f"{name}.output", inner, states)


def _added(graph: _Graph, name: str, inner: str, states: str) -> str:
    """Project what a part of a layer made, add it to the states, and normalise."""
    inner = graph.op("MatMul", inner, graph.turned(f"{name}.dense.weight"))
    rest = [graph.weight(f"{name}.{part}") for part in ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")]
    return graph.op("SkipLayerNormalization", inner, states, *rest, domain=OWN, epsilon=EPSILON)


def main() -> None:
    """Write both graphs into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    onnx.save(trunk(), str(folder / "trunk.onnx"))
    onnx.save(dense(), str(folder / "dense.onnx"))


if __name__ == "__main__":
    main()
