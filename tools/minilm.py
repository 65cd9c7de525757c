"""MiniLM in numpy: its weights, its answers in float64, and what eases its quantisation."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Wide = NDArray[np.float64]

LAYERS, HEADS, HIDDEN, EPSILON = 6, 12, 384, 1e-12
SMOOTHING = 0.65
"""0 leaves all the difficulty with the activations, 1 puts it all into the weights."""


@dataclass(frozen=True)
class Linear:
    """y = (x / smoothing) @ weight + bias."""

    weight: Array
    bias: Array
    smoothing: Array | None = None

    def __call__(self, x: Wide) -> Wide:
        return x @ self.weight.astype(np.float64) + self.bias

    def smoothed(self, largest: Wide) -> "Linear":
        """Move large activations into the weights; `largest` is the greatest one per channel."""
        scale = _factors(largest, np.abs(self.weight).max(axis=1))
        return Linear(self.weight * scale[:, None], self.bias, scale)


@dataclass(frozen=True)
class Norm:
    gain: Array
    bias: Array

    def __call__(self, x: Wide) -> Wide:
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        normed: Wide = centred / np.sqrt(variance + EPSILON) * self.gain + self.bias
        return normed


@dataclass(frozen=True)
class Layer:
    attention: Linear
    """Query, key and value side by side."""
    output: Linear
    output_norm: Norm
    up: Linear
    down: Linear
    down_norm: Norm


@dataclass(frozen=True)
class Bert:
    words: Array
    positions: Array
    """With the vector of token type 0 added: there is no other type in a single text."""
    norm: Norm
    layers: tuple[Layer, ...]


def read_bert(weights: dict[str, Array]) -> Bert:
    def linear(name: str) -> Linear:
        weight = np.ascontiguousarray(weights[f"{name}.weight"].T)
        return Linear(weight, weights[f"{name}.bias"])

    def norm(name: str) -> Norm:
        return Norm(weights[f"{name}.LayerNorm.weight"], weights[f"{name}.LayerNorm.bias"])

    def layer(name: str) -> Layer:
        parts = [linear(f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
        return Layer(
            attention=Linear(
                np.concatenate([part.weight for part in parts], axis=1),
                np.concatenate([part.bias for part in parts]),
            ),
            output=linear(f"{name}.attention.output.dense"),
            output_norm=norm(f"{name}.attention.output"),
            up=linear(f"{name}.intermediate.dense"),
            down=linear(f"{name}.output.dense"),
            down_norm=norm(f"{name}.output"),
        )

    types = weights["embeddings.token_type_embeddings.weight"]
    return Bert(
        words=weights["embeddings.word_embeddings.weight"],
        positions=weights["embeddings.position_embeddings.weight"] + types[0],
        norm=norm("embeddings"),
        layers=tuple(layer(f"encoder.layer.{i}") for i in range(LAYERS)),
    )


_erf = np.vectorize(math.erf, otypes=[np.float64])


def _attend(mixed: Wide) -> Wide:
    query, key, value = (
        part.reshape(len(mixed), HEADS, -1).transpose(1, 0, 2) for part in np.split(mixed, 3, 1)
    )
    weights = np.exp(query @ key.transpose(0, 2, 1) / math.sqrt(HIDDEN / HEADS))
    weights /= weights.sum(axis=-1, keepdims=True)
    heads: Wide = (weights @ value).transpose(1, 0, 2)
    return heads.reshape(len(mixed), HIDDEN)


def run_bert(bert: Bert, ids: list[int]) -> tuple[list[tuple[Wide, ...]], Wide]:
    """Give what goes into the four matrices of each layer, and the sentence's vector."""
    x = bert.norm(bert.words[ids].astype(np.float64) + bert.positions[: len(ids)])
    inputs: list[tuple[Wide, ...]] = []
    for layer in bert.layers:
        attended = _attend(layer.attention(x))
        middle = layer.output_norm(layer.output(attended) + x)
        raised = layer.up(middle)
        raised *= 0.5 * (1 + _erf(raised / math.sqrt(2)))
        inputs.append((x, attended, middle, raised))
        x = layer.down_norm(layer.down(raised) + middle)
    vector = x.sum(axis=0)
    return inputs, vector / np.linalg.norm(vector)


def _factors(activations: Wide, weights: Array) -> Array:
    """Give factors whose geometric mean is 1."""
    exponents = SMOOTHING * np.log2(np.maximum(activations, 1e-5))
    exponents -= (1 - SMOOTHING) * np.log2(np.maximum(weights, 1e-5).astype(np.float64))
    factors: Array = np.exp2(exponents - exponents.mean()).astype(np.float16).astype(np.float32)
    return factors


def greatest(runs: list[list[tuple[Wide, ...]]]) -> list[tuple[Wide, ...]]:
    """Give for each layer and matrix the greatest absolute input of each channel."""
    return [
        tuple(np.abs(np.concatenate(inputs)).max(axis=0) for inputs in zip(*layer, strict=True))
        for layer in zip(*runs, strict=True)
    ]


def smooth(bert: Bert, largest: list[tuple[Wide, ...]]) -> Bert:
    layers = [
        Layer(
            attention=layer.attention.smoothed(attention),
            output=layer.output.smoothed(output),
            output_norm=layer.output_norm,
            up=layer.up.smoothed(up),
            down=layer.down.smoothed(down),
            down_norm=layer.down_norm,
        )
        for layer, (attention, output, up, down) in zip(bert.layers, largest, strict=True)
    ]
    return Bert(bert.words, bert.positions, bert.norm, tuple(layers))
