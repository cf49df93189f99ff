"""The document of the protocol names every call and every frame that a region describes."""

import json
from pathlib import Path

from infra.local.keys import make_signing_key
from region.gateway.describing import describe

LINES = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text().splitlines()
LEAST_CALLS, LEAST_FRAMES = 60, 20


async def test_every_call_stands_in_it(tmp_path: Path) -> None:
    """With its method and its path, in one line."""
    make_signing_key(tmp_path / "key.pem")
    paths = json.loads((await describe(tmp_path / "key.pem"))["openapi.json"])["paths"]
    calls = [(method.upper(), path) for path, some in paths.items() for method in some]

    assert len(calls) >= LEAST_CALLS
    assert [call for call in calls if not any(_names(line, *call) for line in LINES)] == []


async def test_every_frame_stands_in_it_with_an_example(tmp_path: Path) -> None:
    """Of both directions."""
    make_signing_key(tmp_path / "key.pem")
    frames = json.loads((await describe(tmp_path / "key.pem"))["asyncapi.json"])["components"]["messages"]

    assert len(frames) >= LEAST_FRAMES
    assert [name for name in frames if not any(f'{{"type": "{name}"' in line for line in LINES)] == []


def _names(line: str, method: str, path: str) -> bool:
    return method in line and any(f"{path}{end}" in line for end in "`?")
