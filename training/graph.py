"""The graphs of the networks that are shipped: `python -m training.graph index/models --data DATA` for the bundled one.

`trunk.onnx` takes embedded tokens `(texts, length, 384)` of texts of one length, so that there is no padding and no
mask, and gives the states of the third of MiniLM's six layers; `dense.onnx` makes those of the last layer of them. The
weights stay in the bundled package, and `rounding.npz` says how they become whole numbers: `index/weights.py` hands
them over by the names that the graphs have for them. Late interaction and reader, which `training.export` writes, are
made of the same layers and hold theirs.

Attention and products are ONNX Runtime's own operators (https://onnxruntime.ai/docs, "Contrib operators").
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from index.rounding import STEPS, Arrays
from index.trunk import LAYERS
from index.weights import ROUNDING, WORDS, bundled_weights, layers
from training.network import PLACES, READER_EPSILON, ReaderNetwork, distances
from training.rounding import EPSILON, HEADS, Layers
from training.texts import embedded, sentences

OWN = "com.microsoft"  # the domain of ONNX Runtime's operators
FLOAT, WHOLE = TensorProto.FLOAT, TensorProto.INT64


class Graph:
    """The nodes of a graph so far, and the arrays that they name: in the file if `kept`, else handed over."""

    def __init__(self, arrays: Arrays, *, kept: bool, epsilon: float = EPSILON) -> None:
        self.nodes: list[NodeProto] = []
        self.tensors: dict[str, TensorProto] = {}
        self._arrays = arrays
        self._kept = kept
        self.epsilon = epsilon

    def has(self, name: str) -> bool:
        """Tell whether there is such an array."""
        return name in self._arrays

    def array(self, name: str) -> str:
        """Name one of the arrays."""
        array = self._arrays[name]
        if self._kept:
            return self.constant(name, array)
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        tensor = TensorProto(name=name, dims=array.shape, data_type=kind, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="model.safetensors")
        self.tensors[name] = tensor
        return name

    def constant(self, name: str, array: NDArray[np.generic]) -> str:
        """Name an array that is part of the graph."""
        self.tensors[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def op(self, kind: str, *inputs: str, domain: str = "", **settings: int | float | list[int]) -> str:
        """Add a node of one output, and return the output's name."""
        return self.op_of(1, kind, *inputs, domain=domain, **settings)[0]

    def op_of(
        self, count: int, kind: str, *inputs: str, domain: str = "", **settings: int | float | list[int]
    ) -> list[str]:
        """Add a node of some outputs, and return the outputs' names."""
        names = [f"{kind}_{len(self.nodes)}_{number}" for number in range(count)]
        node = helper.make_node(kind, inputs, names, domain=domain)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in settings.items())
        self.nodes.append(node)
        return names

    def model(self, given: Mapping[str, tuple[int, list[str | int]]], made: Mapping[str, str]) -> ModelProto:
        """Return the whole: `given` are the inputs' types and shapes, `made` the outputs and what they are here."""
        for name, inner in made.items():
            self.nodes.append(helper.make_node("Identity", [inner], [name]))
        inputs = [helper.make_tensor_value_info(name, *each) for name, each in given.items()]
        outputs = [helper.make_tensor_value_info(name, FLOAT, None) for name in made]
        whole = helper.make_graph(self.nodes, "MiniLM", inputs, outputs, list(self.tensors.values()))
        operators = [helper.make_opsetid("", 18), helper.make_opsetid(OWN, 1)]
        return helper.make_model(whole, opset_imports=operators, ir_version=9)


def _states(width: int) -> tuple[int, list[str | int]]:
    return FLOAT, ["texts", "length", width]


STATES = _states(384)


def trunk(arrays: Arrays) -> ModelProto:
    """Return the graph of the layers that embedding model and late interaction share."""
    graph = Graph(arrays, kept=False)
    zero, one = (graph.constant(str(n), np.array([n])) for n in (0, 1))
    kind = graph.op("Slice", graph.array("embeddings.token_type_embeddings.weight"), zero, one, zero)  # all are 0
    states = _embedded(graph, "embedded", kind)
    return graph.model({"embedded": STATES}, {"out": _layers(graph, LAYERS, states)})


def dense(arrays: Arrays) -> ModelProto:
    """Return the graph of the other layers."""
    graph = Graph(arrays, kept=False)
    return graph.model({"states": STATES}, {"out": _layers(graph, range(LAYERS.stop, 6), "states")})


def late(arrays: Arrays) -> ModelProto:
    """Return the graph of the late interaction's top: unit vectors of word pieces, and what each is worth."""
    graph = Graph(arrays, kept=True)
    states = _layers(graph, range(LAYERS.stop, 6), "states")
    vectors = graph.op("MatMul", states, graph.array("project.weight"))
    length = graph.op("ReduceL2", vectors, graph.constant("last", np.array([-1])))
    length = graph.op("Max", length, graph.constant("least", np.array(EPSILON, np.float32)))
    weights = graph.op("Add", graph.op("MatMul", states, graph.array("weigh.weight")), graph.array("weigh.bias"))
    weights = graph.op("Softplus", graph.op("Squeeze", weights, "last"))
    return graph.model({"states": STATES}, {"vectors": graph.op("Div", vectors, length), "weights": weights})


def reader(arrays: Arrays) -> ModelProto:
    """Return the graph of the reader: embedded tokens and their types to `(windows, length, 4)`."""
    graph = Graph(arrays, kept=True, epsilon=READER_EPSILON)
    types = graph.array("embeddings.token_type_embeddings.weight")
    states = _embedded(graph, "embedded", graph.op("Gather", types, "types"))
    states = _layers(graph, ReaderNetwork.layers, states, _bias(graph))
    out = graph.op("Add", graph.op("MatMul", states, graph.array("head.weight")), graph.array("head.bias"))
    width = arrays["embeddings.token_type_embeddings.weight"].shape[1]
    return graph.model({"embedded": _states(width), "types": (WHOLE, ["texts", "length"])}, {"out": out})


def _bias(graph: Graph) -> str:
    """Return what MPNet adds to the attention between two tokens, by how far they are apart."""
    zero, one, most = (graph.constant(f"number {n}", np.array(n)) for n in (0, 1, PLACES - 1))
    length = graph.op("Squeeze", graph.op("Shape", "types", start=1, end=2))
    places = graph.op("Range", zero, length, one)
    away = graph.op("Sub", places, graph.op("Unsqueeze", places, graph.constant("column", np.array([1]))))
    kinds = graph.constant("kinds of distances", distances().numpy())
    kind = graph.op("Gather", kinds, graph.op("Add", away, most))
    found = graph.op("Gather", graph.array("encoder.relative_attention_bias.weight"), kind)
    turned = graph.op("Transpose", found, perm=[2, 0, 1])
    return graph.op("Unsqueeze", turned, graph.constant("first axis", np.array([0])))


def _embedded(graph: Graph, words: str, kind: str) -> str:
    """Add place and type to embedded words."""
    length = graph.op("Shape", words, start=1, end=2)
    first = graph.constant("0", np.array([0]))
    places = graph.op("Slice", graph.array("embeddings.position_embeddings.weight"), first, length, first)
    return _normal(graph, "embeddings", graph.op("Add", words, graph.op("Add", places, kind)))


def _layers(graph: Graph, numbers: range, states: str, bias: str = "") -> str:
    for number in numbers:
        states = _layer(graph, f"encoder.layer.{number}", states, bias)
    return states


def _layer(graph: Graph, name: str, states: str, bias: str) -> str:
    parts = graph.op_of(3, "Split", _product(graph, f"{name}.attention", states), axis=-1, num_outputs=3)
    added = ["", "", bias] if bias else []
    attended = graph.op("MultiHeadAttention", *parts, *added, domain=OWN, num_heads=HEADS)
    states = _added(graph, f"{name}.attention.output", attended, states)
    inner = graph.op("Gelu", _product(graph, f"{name}.intermediate", states), domain=OWN)
    return _added(graph, f"{name}.output", inner, states)


def _added(graph: Graph, name: str, inner: str, states: str) -> str:
    """Project what a part of a layer made, add it to the states, and normalise."""
    # Not ONNX Runtime's SkipLayerNormalization, which takes four times as long.
    return _normal(graph, name, graph.op("Add", _product(graph, name, inner), states))


def _normal(graph: Graph, name: str, states: str) -> str:
    norm = [graph.array(f"{name}.LayerNorm.{kind}") for kind in ("weight", "bias")]
    return graph.op("LayerNormalization", states, *norm, axis=-1, epsilon=graph.epsilon)


def _product(graph: Graph, name: str, given: str) -> str:
    """Multiply with a matrix, both rounded: see `index.rounding`."""
    one, zero = graph.constant("unit", np.array(1, np.float32)), graph.constant("none", np.array(0, np.uint8))
    moved = graph.op("Add", graph.op("Mul", given, graph.array(f"{name}.inverse")), graph.array(f"{name}.zeros"))
    whole = graph.op("QuantizeLinear", moved, one, zero)
    matrix, columns, bias = (graph.array(f"{name}.{part}") for part in ("matrix", "columns", "bias"))
    made = graph.op("MatMulIntegerToFloat", whole, matrix, one, columns, zero, "", bias, domain=OWN)
    if not graph.has(f"{name}.again"):
        return made
    step = graph.constant("step", np.array(1 / STEPS, np.float32))
    middle = graph.constant("middle", np.array(STEPS // 2, np.uint8))
    rest = graph.op("Sub", moved, graph.op("Cast", whole, to=FLOAT))
    whole = graph.op("QuantizeLinear", rest, step, middle)
    again = graph.array(f"{name}.again")
    rest = graph.op("MatMulIntegerToFloat", whole, again, step, columns, middle, domain=OWN)
    return graph.op("Add", made, rest)


def main() -> None:
    """Write both graphs, and how the bundled model is rounded, into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    weights = {name: torch.from_numpy(np.array(each)) for name, each in bundled_weights().items()}
    rounding = Layers(weights)
    states = [embedded(weights, weights[WORDS][ids]) for ids in sentences(options.data / "train")]
    for number in range(6):
        states = rounding.fit(f"encoder.layer.{number}", states)
        print(f"layer {number} of 6", flush=True)
    np.savez(options.folder / ROUNDING.name, allow_pickle=False, **rounding.how)
    onnx.save(trunk(layers(LAYERS, embeddings=True)), str(options.folder / "trunk.onnx"))
    onnx.save(dense(layers(range(LAYERS.stop, 6))), str(options.folder / "dense.onnx"))


if __name__ == "__main__":
    main()
