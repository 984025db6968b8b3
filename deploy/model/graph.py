"""The ONNX graph of a BERT encoder, written node by node from its tensors.

The usual exporters trace the model in PyTorch, an installation of gigabytes for a graph of some hundred nodes. The
equations are those of "BERT: Pre-training of Deep Bidirectional Transformers" (Devlin et al., 2018), each sum followed
by its normalisation; the names are those of the checkpoint's tensors.
"""

import math

import numpy
from onnx import ModelProto, TensorProto, helper, numpy_helper

# 20 is the first opset with Gelu; LayerNormalization is in it since 17.
OPSET = 20
IR_VERSION = 10
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
OUTPUT = "last_hidden_state"


class GraphWriter:
    """Collects nodes and constants; each method returns the name of the value that it added."""

    def __init__(self, tensors: dict[str, numpy.ndarray]) -> None:
        self.tensors = tensors
        self.nodes = []
        self.constants = {}

    def constant(self, name: str, value: numpy.ndarray) -> str:
        self.constants[name] = numpy_helper.from_array(numpy.ascontiguousarray(value), name)
        return name

    def tensor(self, name: str) -> str:
        return self.constant(name, self.tensors[name])

    def node(self, operator: str, inputs: list[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def normalise(self, value: str, layer: str, epsilon: float, output: str) -> str:
        inputs = [value, self.tensor(f"{layer}.weight"), self.tensor(f"{layer}.bias")]
        return self.node("LayerNormalization", inputs, output, axis=-1, epsilon=epsilon)

    def dense(self, value: str, layer: str, scale: float = 1.0) -> str:
        factor = numpy.float32(scale)
        weight = self.constant(f"{layer}.weight", self.tensors[f"{layer}.weight"].T * factor)
        bias = self.constant(f"{layer}.bias", self.tensors[f"{layer}.bias"] * factor)
        product = self.node("MatMul", [value, weight], f"{layer}.product")
        return self.node("Add", [product, bias], f"{layer}.output")


def build(tensors: dict[str, numpy.ndarray], config: dict) -> ModelProto:
    """Builds the encoder with inputs `[batch, sequence]` and the output `[batch, sequence, hidden]`."""
    hidden_size = config["hidden_size"]
    graph = GraphWriter(tensors)
    hidden = write_embeddings(graph, config)
    mask = write_mask(graph)
    for index in range(config["num_hidden_layers"]):
        last = index + 1 == config["num_hidden_layers"]
        hidden = write_layer(graph, config, hidden, mask, index, OUTPUT if last else f"layer.{index}")
    shape = ["batch", "sequence"]
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "bert",
            [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in INPUTS],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [*shape, hidden_size])],
            list(graph.constants.values()),
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )


def write_embeddings(graph: GraphWriter, config: dict) -> str:
    words = graph.node("Gather", [graph.tensor("embeddings.word_embeddings.weight"), "input_ids"], "words")
    types = graph.node("Gather", [graph.tensor("embeddings.token_type_embeddings.weight"), "token_type_ids"], "types")
    # Not Gather(table, Range(0, length)): the runtime rewrites that into a Slice with scalar bounds, which then fails.
    # Shape with a start and an end gives the length as a vector of one, as Slice wants it.
    zero = graph.constant("zero", numpy.array([0], numpy.int64))
    length = graph.node("Shape", ["input_ids"], "length", start=1, end=2)
    table = graph.tensor("embeddings.position_embeddings.weight")
    positions = graph.node("Slice", [table, zero, length, zero], "positions")
    total = graph.node("Add", [graph.node("Add", [words, types], "words_and_types"), positions], "embeddings")
    return graph.normalise(total, "embeddings.LayerNorm", config["layer_norm_eps"], "embeddings.normalised")


def write_mask(graph: GraphWriter) -> str:
    """Turns the mask into a number to add to the scores: 0 where there is a token, the lowest float where not."""
    axes = graph.constant("mask.axes", numpy.array([1, 2], numpy.int64))
    spread = graph.node("Unsqueeze", ["attention_mask", axes], "mask.spread")
    present = graph.node("Cast", [spread], "mask.present", to=TensorProto.FLOAT)
    absent = graph.node("Sub", [graph.constant("one", numpy.float32(1)), present], "mask.absent")
    lowest = graph.constant("lowest", numpy.finfo(numpy.float32).min)
    return graph.node("Mul", [absent, lowest], "mask")


def write_layer(graph: GraphWriter, config: dict, hidden: str, mask: str, index: int, output: str) -> str:
    layer = f"encoder.layer.{index}"
    epsilon = config["layer_norm_eps"]
    context = write_attention(graph, config, hidden, mask, f"{layer}.attention")
    attended = graph.dense(context, f"{layer}.attention.output.dense")
    residual = graph.node("Add", [attended, hidden], f"{layer}.attention.residual")
    hidden = graph.normalise(residual, f"{layer}.attention.output.LayerNorm", epsilon, f"{layer}.attention.normalised")
    wide = graph.node("Gelu", [graph.dense(hidden, f"{layer}.intermediate.dense")], f"{layer}.gelu")
    narrow = graph.dense(wide, f"{layer}.output.dense")
    residual = graph.node("Add", [narrow, hidden], f"{layer}.residual")
    return graph.normalise(residual, f"{layer}.output.LayerNorm", epsilon, output)


def write_attention(graph: GraphWriter, config: dict, hidden: str, mask: str, layer: str) -> str:
    heads = config["num_attention_heads"]
    head_size = config["hidden_size"] // heads
    # A 0 in Reshape keeps that dimension.
    split = graph.constant("split_heads", numpy.array([0, 0, heads, head_size], numpy.int64))
    joined = graph.constant("join_heads", numpy.array([0, 0, config["hidden_size"]], numpy.int64))

    def project(name: str, order: list[int], scale: float = 1.0) -> str:
        flat = graph.dense(hidden, f"{layer}.self.{name}", scale)
        shaped = graph.node("Reshape", [flat, split], f"{flat}.heads")
        return graph.node("Transpose", [shaped], f"{flat}.turned", perm=order)

    # The scale of the scores goes into the query's weights, which saves a pass over the scores in every layer.
    query = project("query", [0, 2, 1, 3], 1 / math.sqrt(head_size))
    key = project("key", [0, 2, 3, 1])
    value = project("value", [0, 2, 1, 3])
    scores = graph.node("Add", [graph.node("MatMul", [query, key], f"{layer}.scores"), mask], f"{layer}.masked_scores")
    shares = graph.node("Softmax", [scores], f"{layer}.shares", axis=-1)
    mixed = graph.node("MatMul", [shares, value], f"{layer}.mixed")
    turned = graph.node("Transpose", [mixed], f"{layer}.mixed.turned", perm=[0, 2, 1, 3])
    return graph.node("Reshape", [turned, joined], f"{layer}.context")
