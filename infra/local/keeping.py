"""What commands that look from outside keep in a federation's home for later runs: tokens and passwords, for its owner alone to read."""

from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


def load(file: Path, kind: type[dict[str, T]]) -> dict[str, T]:
    """Read what was kept; nothing if there is none, or none that can be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return {}


def save(file: Path, kept: dict[str, T]) -> None:
    """Keep it."""
    file.parent.mkdir(exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode(kept))
