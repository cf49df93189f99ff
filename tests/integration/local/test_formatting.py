"""A broker's directory is formatted by Kafka's own formatter once, and from then on as that has done it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import kafka, ports, process
from infra.local.kafka import FEATURES, kafka_part
from infra.local.tools import Tools
from tests.integration.conftest import run


def formatted(directory: Path, tools: Tools) -> dict[str, str]:
    """Format a broker, start it, and return what its directory says of it."""
    directory.mkdir()
    port, controller = ports.some_free(2)
    part = kafka_part(
        f"test/{directory.name}",
        java=tools.java,
        directory=directory / "kafka",
        log=directory / "log",
        port=port,
        controller=controller,
        peers={},
        topics={},
    )
    process.prepare(part, tools)
    [meta] = directory.rglob("meta.properties")
    said = dict(re.findall(r"^([\w.]+)=(.*)$", meta.read_text(), re.MULTILINE))
    with run(part, tools):
        return said


def test_a_later_broker_is_formatted_as_the_first(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says the same of itself, but for ids of its own, and serves; the formatter is not asked."""
    jars = tmp_path / "jars"
    jars.mkdir()
    for jar in tools.java.libraries:
        (jars / jar.name).symlink_to(jar)
    java = replace(tools.java, libraries=tuple(jars / jar.name for jar in tools.java.libraries))

    first = formatted(tmp_path / "first", replace(tools, java=java))
    assert (jars / FEATURES).exists()
    monkeypatch.setattr(kafka, "FORMATTER", "there.is.None")
    later = formatted(tmp_path / "later", replace(tools, java=java))

    assert first.keys() == later.keys()
    assert {name for name in first if first[name] != later[name]} == {"cluster.id", "directory.id"}
