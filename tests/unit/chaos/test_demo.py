"""What the demonstration teaches."""

from chaos.demo import first_answer


def test_who_writes_where_another_region_decides_is_told_of_the_first_answer() -> None:
    """It looks like trouble, and is none."""
    assert first_answer("us", "d00-eu") == '; "queued_for":"eu" is the normal first answer, since eu numbers it'
    assert first_answer("eu", "d00-eu") == ""
