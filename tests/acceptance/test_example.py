"""The example of the documents runs as it stands."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "conversation.py"


def test_the_example_does_what_it_says(urls: dict[str, str]) -> None:
    """It registers, makes a group and a channel, writes, edits and finds."""
    done = subprocess.run(
        [sys.executable, "-I", str(EXAMPLE), urls["us"]], capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines.count("POST /register 201") == 2
    assert [line.strip() for line in lines if line.startswith("    ")] == [
        "3 When?",
        "2 To the north pier!",
        "found: To the north pier!",
    ]
