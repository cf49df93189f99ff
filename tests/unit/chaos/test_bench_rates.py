"""The rates that a benchmark is asked for."""

import pytest

from chaos.bench.cli import UnreadableRatesError, read_rates


def test_rates_are_numbers_above_zero() -> None:
    """Separated by commas."""
    assert read_rates("50, 100.5,400") == (50, 100.5, 400)


@pytest.mark.parametrize("text", ["", "abc", "100,", "0", "-1", "inf", "nan", "100;200"])
def test_anything_else_is_refused_by_name(text: str) -> None:
    """Before anything is started."""
    with pytest.raises(UnreadableRatesError, match="--rates takes numbers above zero"):
        read_rates(text)
