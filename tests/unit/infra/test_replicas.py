"""How often Kafka keeps what is written, by what is wanted and how many brokers there are."""

import pytest

from infra.administration import replicas


@pytest.mark.parametrize(
    ("wanted", "brokers", "found"), [(0, 1, 1), (0, 2, 2), (0, 3, 3), (0, 7, 3), (1, 3, 1), (3, 1, 3), (5, 5, 5)]
)
def test_as_many_as_wanted_or_as_there_are_brokers_but_three_at_most(wanted: int, brokers: int, found: int) -> None:
    """What is wanted is never lessened: a broker that is not there yet is waited for."""
    assert replicas(wanted, brokers)[0] == found


@pytest.mark.parametrize(("wanted", "config"), [(1, {}), (2, {}), (3, {"min.insync.replicas": "2"})])
def test_with_three_an_acknowledged_record_is_on_two_at_least(wanted: int, config: dict[str, str]) -> None:
    """One broker may be lost, and nothing is refused; what was acknowledged survives the next one too."""
    assert replicas(wanted, 3)[1] == config
