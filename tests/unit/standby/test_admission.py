"""Who may begin what at a gate: PostgreSQL's own beginning of a connection, byte by byte."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.standby.admission import (
    NO,
    Beginning,
    NoBeginningError,
    asks_for_tls,
    farewell,
    length,
    read,
    refusal,
)

VERSION = (196608).to_bytes(4, "big")


def beginning(**given: str) -> bytes:
    """Write how a connection begins, behind its length."""
    return VERSION + b"".join(f"{name}\0{value}\0".encode() for name, value in given.items()) + b"\0"


def test_what_a_connection_wants_is_read() -> None:
    """As libpq says it; a database that is not named is the user's own."""
    whole = beginning(user="standby", database="causeway", replication="database", application_name="held")
    assert read(whole) == Beginning("standby", "causeway", "database")
    assert read(beginning(user="causeway")) == Beginning("causeway", "causeway", "")
    assert read(beginning(user="a", database="b", replication="off")) == Beginning("a", "b", "")


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Beginning("standby", "causeway", "database"), ""),
        (Beginning("standby", "causeway", ""), ""),
        (Beginning("causeway", "causeway", ""), "nobody"),
        (Beginning("standby", "postgres", ""), "nothing"),
        (Beginning("standby", "held_ap", "database"), "nothing"),
        (Beginning("standby", "causeway", "true"), "changes of one database"),
        (Beginning("standby", "causeway", "1"), "changes of one database"),
    ],
)
def test_only_one_role_comes_in_and_to_one_database_and_never_for_all_of_the_server(
    wanted: Beginning, why: str
) -> None:
    """The superuser has no password, so nobody but the role may even be tried; a physical copy would have every database."""
    said = refusal(wanted, user="standby", database="causeway")

    assert bool(said) == bool(why)
    assert why in said


def test_a_request_to_cancel_or_to_encrypt_is_no_session() -> None:
    """The one is turned away, the other is told no."""
    cancel = (80877102).to_bytes(4, "big") + bytes(8)
    with pytest.raises(NoBeginningError):
        read(cancel)
    assert asks_for_tls((80877103).to_bytes(4, "big"))
    assert not asks_for_tls(cancel)
    assert not asks_for_tls(beginning(user="a"))
    assert NO == b"N"


@pytest.mark.parametrize("size", [0, 7, 10_001, 2**32 - 1])
def test_no_beginning_is_longer_than_postgresql_takes(size: int) -> None:
    """So nobody makes this process wait for four gigabytes."""
    with pytest.raises(NoBeginningError):
        length(size.to_bytes(4, "big"))
    assert length((8).to_bytes(4, "big")) == 4


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    """And never anything else."""
    for text in (body, VERSION + body):
        with contextlib.suppress(NoBeginningError):
            assert isinstance(read(text), Beginning)


@pytest.mark.parametrize("body", [VERSION, VERSION + b"user\0a\0", VERSION + b"user\0", VERSION + b"user\0\xff\0\0"])
def test_what_is_not_well_formed_is_refused(body: bytes) -> None:
    """Values without names, an end that does not come, and bytes that are no text."""
    with pytest.raises(NoBeginningError):
        read(body)


def test_a_refusal_is_one_that_libpq_understands() -> None:
    """An error, its length, fatal, and the reason."""
    said = farewell("no")
    assert said[:1] == b"E"
    assert int.from_bytes(said[1:5], "big") == len(said) - 1
    assert said[5:] == b"SFATAL\0C28000\0Mno\0\0"
