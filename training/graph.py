"""Write the graph of the bundled encoder: `python -m training.graph index/models/encoder.onnx`.

It takes embedded tokens `(texts, length, 384)` of texts of one length, so that there is no padding and no mask, and
gives the states of the last of MiniLM's six layers, `(texts, length, 384)`. The weights stay in the bundled package:
the graph names them as it does, and `index/minilm.py` hands them over. Attention, layer norms and activation are ONNX
Runtime's own operators (https://onnxruntime.ai/docs, "Contrib operators"): nothing is left to be fused.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper

from index.weights import bundled_weights

OWN = "com.microsoft"  # the domain of ONNX Runtime's operators
LAYERS, HEADS = 6, 12
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


def encoder() -> ModelProto:
    """Return the graph."""
    graph = _Graph()
    states = _embedded(graph)
    for number in range(LAYERS):
        states = _layer(graph, f"encoder.layer.{number}", states)
    made = helper.make_graph(
        graph.nodes,
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info("embedded", TensorProto.FLOAT, ["texts", "length", 384])],
        [helper.make_tensor_value_info(states, TensorProto.FLOAT, ["texts", "length", 384])],
        list(graph.weights.values()),
    )
    operators = [helper.make_opsetid("", 18), helper.make_opsetid(OWN, 1)]
    return helper.make_model(made, opset_imports=operators, ir_version=9)


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
    """Write the graph."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("onnx", type=Path)
    onnx.save(encoder(), str(parser.parse_args().onnx))


if __name__ == "__main__":
    main()
