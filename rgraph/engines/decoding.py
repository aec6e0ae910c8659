"""JSON into values, by several threads.

msgspec works out what a type needs when it first sees it, and shows a half-worked-out type to another
thread that sees it at the same moment: that thread then reads through a null pointer (seen with msgspec
0.22). So here one thread works it out for all; decoding itself is safe.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, Final, TypeVar

import msgspec

_Type = TypeVar("_Type")

_LOCK: Final = Lock()
_DECODERS: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}


def decode(data: bytes | str, type: type[_Type]) -> _Type:
    """The value of a JSON document. Raises what `msgspec.json.decode` does."""
    with _LOCK:
        decoder = _DECODERS.get(type)
        if decoder is None:
            decoder = _DECODERS[type] = msgspec.json.Decoder(type)
    value: _Type = decoder.decode(data)
    return value
