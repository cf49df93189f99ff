"""Whatever is brought here has a checksum that the repository names: jars, packages with the programs in them, and promtool's source."""

import re
import stat
from pathlib import Path

import pytest

from infra.local import promtool
from infra.local.jars import LOCK, UnpinnedError, read_lock

ROOT = Path(__file__).parents[3]
REQUIREMENT = re.compile(r"^[A-Za-z0-9][^\n=]*==", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def test_every_jar_is_pinned() -> None:
    """Its coordinate once, its checksum whole; what is fetched is held against it (`infra.local.maven`)."""
    jars = read_lock(LOCK.read_text())

    assert len(jars) > 50
    assert len({jar.filename for jar in jars}) == len(jars)


@pytest.mark.parametrize(
    "line", ["a:b:1", "a:b:1 sha256:", "a:b:1 sha256:00", "a:b sha256:" + "0" * 64, "a:b:1 md5:" + "0" * 64]
)
def test_a_jar_without_a_checksum_is_refused(line: str) -> None:
    """Before anything is fetched, with what to do."""
    good = "c:d:2 sha256:" + "0" * 64

    with pytest.raises(UnpinnedError, match=r"python -m infra\.local\.maven"):
        read_lock(f"# a comment\n{good}  # another\n{line}\n")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_is_pinned(name: str) -> None:
    """PostgreSQL, Valkey, SeaweedFS, Java and Go come in packages; pip and uv are told to require hashes."""
    text = (ROOT / name).read_text()
    starts = [found.start() for found in REQUIREMENT.finditer(text)]
    entries = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]

    assert len(entries) > 50
    assert [entry.split("==")[0] for entry in entries if not HASH.search(entry)] == []
    assert (ROOT / "infra/local/bootstrap.py").read_text().count('"--require-hashes"') == 2


def go(directory: Path, answer: str) -> Path:
    """Make a Go that fetches something else, and notes what it was asked for."""
    program = directory / "go"
    program.write_text(f"#!/bin/sh\necho \"$1\" >> {directory}/asked\necho '{answer}'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.mark.parametrize("answer", ['{"Sum": "h1:AAAA"}', '{"Error": "it is gone"}', "{}", "nonsense"])
def test_another_source_than_the_pinned_one_is_not_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Nothing of it is run."""
    program = go(tmp_path, answer)
    monkeypatch.setattr(promtool, "_go", lambda: program)
    monkeypatch.setattr(promtool, "kept", lambda: tmp_path / "kept")

    with pytest.raises(promtool.PromtoolError):
        promtool.ensure(lambda _: None)

    assert (tmp_path / "asked").read_text().split() == ["mod"]
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["promtool.lock"]
