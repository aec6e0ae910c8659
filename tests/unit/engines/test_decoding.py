"""JSON is decoded by several threads."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from rgraph.engines.decoding import decode

STRESS = """
import sys
from threading import Barrier, Thread
import msgspec
from msgspec import Struct
from rgraph.engines.decoding import decode
sys.setswitchinterval(1e-6)
DATA = b'{"config": {"digest": "x", "notes": {"a": "b"}}, "layers": [{"digest": "x", "urls": ["u"]}]}'
for _ in range(300):
    class Part(Struct, frozen=True):
        digest: str
        urls: "tuple[str, ...]" = ()
        notes: "dict[str, str]" = {}
    class Whole(Struct, frozen=True):
        config: "Part | None" = None
        layers: "tuple[Part, ...]" = ()
    barrier, found = Barrier(8), []
    def work():
        barrier.wait()
        found.append(decode(DATA, Whole))
    threads = [Thread(target=work) for _ in range(8)]
    for each in threads: each.start()
    for each in threads: each.join()
    assert len(found) == 8 and len(set(map(repr, found))) == 1
"""


def test_types_that_many_threads_see_first() -> None:
    """With `msgspec.json.decode` in its place, this ends with SIGSEGV."""
    done = subprocess.run([sys.executable, "-c", STRESS], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_it_gives_and_raises() -> None:
    assert decode(b"[1, 2]", list[int]) == decode("[1, 2]", list[int]) == [1, 2]
    with pytest.raises(msgspec.ValidationError):
        decode(b'["a"]', list[int])
    with pytest.raises(msgspec.DecodeError):
        decode(b"[", list[int])


def test_engines_decode_in_no_other_way(repo_root: Path) -> None:
    """They are asked by several threads."""
    for path in (repo_root / "rgraph/engines").glob("*.py"):
        if path.name != "decoding.py":
            assert not re.search(r"msgspec\.json\.(decode|Decoder)\(", path.read_text()), path.name
