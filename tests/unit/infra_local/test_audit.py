"""What the audit of packages says: a known vulnerability fails, what could not be asked is no pass."""

import json
import stat
from pathlib import Path

import pytest

from infra.local.audit import audit

LOCK = """\
one==1.0 \\
    --hash=sha256:00
two==2.0 ; sys_platform == 'linux' \\
    --hash=sha256:00
"""
CLEAN = [{"name": "one", "version": "1.0", "vulns": []}, {"name": "two", "version": "2.0", "vulns": []}]
BAD = [CLEAN[0], {"name": "two", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}]
UNKNOWN = [{"name": "one", "skip_reason": "Dependency not found on PyPI"}]


def program(directory: Path, *answers: str) -> Path:
    """Make a pip-audit that gives these answers, one after another."""
    for number, answer in enumerate(answers):
        (directory / f"answer-{number}").write_text(answer)
    path = directory / "pip-audit"
    path.write_text(f'#!/bin/sh\ncd {directory}\nnext=$(ls answer-* | head -n 1)\ncat "$next"\nrm "$next"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def told(*packages: object) -> str:
    """Return a report of pip-audit."""
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize(
    ("answers", "result", "words"),
    [
        ((told(CLEAN[0]), told(*CLEAN)), "passed", "2 packages"),
        ((told(CLEAN[0]), told(*BAD)), "failed", "two 2.0: PYSEC-1, mended in 2.1"),
        ((told(*UNKNOWN),), "unknown", "not found on PyPI"),
        ((told(CLEAN[0]), told(CLEAN[0])), "unknown", "1 of 2"),
        (("",), "unknown", "said nothing"),
    ],
    ids=["clean", "vulnerable", "index without advisories", "answer without a package", "no answer"],
)
def test_what_was_not_asked_is_no_pass(tmp_path: Path, answers: tuple[str, ...], result: str, words: str) -> None:
    """One package is asked about first, then all of them."""
    (tmp_path / "lock").write_text(LOCK)

    found = audit(program(tmp_path, *answers), tmp_path / "lock", directory=tmp_path)

    assert found.result == result
    assert words in found.words
    assert not list(tmp_path.glob("answer-*"))


def test_an_index_that_is_silent_is_not_waited_for(tmp_path: Path) -> None:
    """Nor taken for one that knows of nothing."""
    slow = tmp_path / "pip-audit"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    (tmp_path / "lock").write_text(LOCK)

    assert audit(slow, tmp_path / "lock", directory=tmp_path, seconds=0.2).result == "unknown"
