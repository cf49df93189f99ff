"""What is seen to before PostgreSQL starts on data that is there already."""

from pathlib import Path

import pytest

from infra.local.errors import StaleHomeError
from infra.local.parts import Part
from infra.local.postgres import MAJOR, postgres_part, prepare


def part(directory: Path, *, publishes: bool) -> Part:
    """Describe a server whose data directory is there, with a slot of a former standby."""
    (directory / "pg_replslot" / "standby_eu_a1_t1").mkdir(parents=True)
    (directory / "PG_VERSION").write_text(f"{MAJOR}\n")
    return postgres_part(
        "us/postgres",
        bin_directory=Path("/pg/bin"),
        data=directory,
        log=directory / "log",
        port=1,
        publishes=publishes,
    )


@pytest.mark.parametrize("publishes", [True, False])
def test_who_publishes_no_more_keeps_nothing_for_a_standby(tmp_path: Path, publishes: bool) -> None:  # noqa: FBT001  # a case
    """Or it would refuse to start: a slot needs what it does not write any more."""
    directory = tmp_path / "data"
    prepare(part(directory, publishes=publishes), tmp_path / "template", None)

    assert [one.name for one in (directory / "pg_replslot").iterdir()] == (["standby_eu_a1_t1"] if publishes else [])


def test_another_major_version_is_refused(tmp_path: Path) -> None:
    """With its slots untouched."""
    made = part(tmp_path, publishes=False)
    (tmp_path / "PG_VERSION").write_text("17\n")

    with pytest.raises(StaleHomeError, match="17"):
        prepare(made, tmp_path / "template", None)
    assert list((tmp_path / "pg_replslot").iterdir())
