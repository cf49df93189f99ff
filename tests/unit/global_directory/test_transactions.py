"""What a failed transaction means; and which statements only CockroachDB gets."""

import pytest

from global_directory.localities import statements
from global_directory.repository import is_cockroachdb
from global_directory.transactions import Failure, judge_failure


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "23505"])
@pytest.mark.parametrize("committing", [False, True])
def test_lost_races_are_tried_again(sqlstate: str, committing: bool) -> None:  # noqa: FBT001 — a parameter of the test
    """The server says that it did not happen, at commit too."""
    assert judge_failure(sqlstate, lost_connection=False, changes_at_stake=committing) is Failure.LOST_RACE


@pytest.mark.parametrize("committing", [False, True])
def test_an_ambiguous_result_is_unknown_whenever_it_comes(committing: bool) -> None:  # noqa: FBT001 — a parameter of the test
    """CockroachDB gives 40003 for a statement too, when that committed by itself."""
    assert judge_failure("40003", lost_connection=False, changes_at_stake=committing) is Failure.UNKNOWN


@pytest.mark.parametrize(("sqlstate", "lost"), [(None, True), ("57P01", False), ("08006", False), ("53300", False)])
def test_a_store_that_is_away_did_nothing_unless_asked_to_commit(sqlstate: str | None, lost: bool) -> None:  # noqa: FBT001 — a parameter of the test
    """Only a commit without an answer leaves doubt."""
    assert judge_failure(sqlstate, lost_connection=lost, changes_at_stake=False) is Failure.NOTHING_DONE
    assert judge_failure(sqlstate, lost_connection=lost, changes_at_stake=True) is Failure.UNKNOWN


@pytest.mark.parametrize("sqlstate", ["42601", "22P02", None])
def test_a_defect_of_ours_is_not_hidden(sqlstate: str | None) -> None:
    """Broken SQL is neither tried again nor called an outage."""
    assert judge_failure(sqlstate, lost_connection=False, changes_at_stake=True) is Failure.DEFECT


def test_localities_place_every_table() -> None:
    """Homes and the registry are GLOBAL, keys and duties follow their region, and three regions survive the loss of one."""
    placed = statements("causeway", {"us": "us-east1", "eu": "europe-west1", "ap": "asia-east1"})

    assert placed[:4] == [
        'ALTER DATABASE "causeway" SET PRIMARY REGION "us-east1"',
        'ALTER DATABASE "causeway" ADD REGION IF NOT EXISTS "europe-west1"',
        'ALTER DATABASE "causeway" ADD REGION IF NOT EXISTS "asia-east1"',
        'ALTER DATABASE "causeway" SURVIVE REGION FAILURE',
    ]
    assert "ALTER TABLE handles SET LOCALITY GLOBAL" in placed
    assert "ALTER TABLE regions SET LOCALITY GLOBAL" in placed
    assert "ALTER TABLE duties SET LOCALITY REGIONAL BY ROW AS cluster_region" in placed
    assert placed[-1] == "ALTER TABLE signing_keys SET LOCALITY REGIONAL BY ROW AS cluster_region"


def test_fewer_regions_survive_a_zone_only() -> None:
    """CockroachDB refuses to survive a region's failure with fewer than three; names are quoted."""
    assert not any("SURVIVE" in line for line in statements("d", {"us": "a", "eu": "b"}))
    assert statements('d"', {"us": "a'b"})[0] == 'ALTER DATABASE "d""" SET PRIMARY REGION "a\'b"'
    assert "THEN 'a''b'" in statements("d", {"us": "a'b"})[-2]
    assert statements("d", {}) == []


def test_only_cockroachdb_is_taken_for_one() -> None:
    """PostgreSQL behind the same dialect gets none of it."""
    assert is_cockroachdb("CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu)")
    assert not is_cockroachdb("PostgreSQL 18.4 on x86_64-pc-linux-gnu")
