"""What commands print, and where."""

import sys
from collections.abc import Iterator

import pytest
import structlog

from infra import cli


@pytest.fixture(autouse=True)
def logged_as_before() -> Iterator[None]:
    """How logs are written is for the whole process."""
    yield
    structlog.reset_defaults()


def test_what_is_logged_does_not_get_into_what_a_script_reads(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a schema is laid down on the way: `--json` prints one document."""

    def command() -> None:
        structlog.get_logger().info("revision carried out")
        sys.stdout.write("{}\n")

    monkeypatch.setattr(cli, "app", command)
    monkeypatch.setattr(cli, "add_components", lambda *_: None)

    cli.main()

    out, err = capsys.readouterr()
    assert out == "{}\n"
    assert "revision carried out" in err
