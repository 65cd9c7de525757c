"""How a value of the cache is written as bytes.

A stored value is one byte for its kind, 8 bytes for the generation of its family, 8 bytes for
its revision (content and metadata revision plus one, big-endian; zero: none), then the value.
The Lua scripts in `cache_scripts` read the first 17 bytes.
"""

import struct
from typing import Any

import numpy as np
import orjson

JSON = b"J"
VECTOR = b"V"
HEADER_BYTES = 17
NO_REVISION = bytes(8)
_FLOAT32 = np.dtype("<f4")


def encode(value: Any) -> tuple[bytes, bytes]:
    """Give kind and content: vectors (float32, one dimension) as they are, the rest as JSON.

    Raises TypeError for what JSON can't hold.
    """
    if isinstance(value, np.ndarray) and value.dtype == np.float32 and value.ndim == 1:
        return VECTOR, value.astype(_FLOAT32, copy=False).tobytes()
    return JSON, orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def decode(stored: bytes) -> Any | None:
    """Give the value of what the scripts stored; None for what nobody can read."""
    content = memoryview(stored)[HEADER_BYTES:]
    if stored[:1] == VECTOR and len(content) % _FLOAT32.itemsize == 0:
        return np.frombuffer(content, dtype=_FLOAT32).astype(np.float32)
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def revision(value: Any) -> bytes:
    """Give the revision that a dict carries as `revision: (content, metadata)`."""
    found = value.get("revision") if isinstance(value, dict) else None
    if not (isinstance(found, tuple | list) and len(found) == 2):
        return NO_REVISION
    content, metadata = found
    return struct.pack(">II", content + 1, metadata + 1)
