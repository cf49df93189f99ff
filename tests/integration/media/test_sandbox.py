"""A process that makes an image may hang, or die: it is ended, and the image refused."""

import os
from pathlib import Path

import pytest

from region.media.imaging import Refused
from region.media.sandbox import Sandbox

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("does", "seconds"), [("time.sleep(3600)", 5.0), ("os.kill(os.getpid(), 9)", 60.0)], ids=["hangs", "dies"]
)
async def test_what_hangs_or_dies_takes_nothing_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, seconds: float
) -> None:
    """No process is left of it, and the next image has room."""
    note = tmp_path / "pid"
    program = f"import os, pathlib, time\npathlib.Path({str(note)!r}).write_text(str(os.getpid()))\n{does}\n"
    (tmp_path / "ill_imaging.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    sandbox = Sandbox(at_once=1, seconds=seconds, module="ill_imaging")

    for _ in range(2):
        note.unlink(missing_ok=True)
        assert await sandbox.make(b"an image") == Refused("image-too-large")
        with pytest.raises(ProcessLookupError):
            os.kill(int(note.read_text()), 0)
