"""Passwords and names."""

import asyncio

import pytest

from infra.errors import BusyError, InvalidFieldError
from infra.passwords import Cost, Passwords
from region.accounts.rules import check_password, clean_name

CHEAP = Cost(memory=8, passes=1, lanes=1)


async def test_a_password_is_verified() -> None:
    """The right one, and no other."""
    passwords = Passwords(CHEAP)
    known = await passwords.hash("correct horse")

    assert known.startswith("$argon2id$")
    assert await passwords.verify("correct horse", known)
    assert not await passwords.verify("wrong horse", known)
    assert not await passwords.verify("correct horse", "garbage")


async def test_nobody_has_no_password() -> None:
    """Verifying without a hash computes one all the same, and never succeeds."""
    assert not await Passwords(CHEAP).verify("nobody's password", None)


async def test_too_many_are_turned_away() -> None:
    """Definitely, and nothing was done."""
    passwords = Passwords(CHEAP, at_once=1, most_waiting=1)

    results = await asyncio.gather(*(passwords.hash("x" * 8) for _ in range(5)), return_exceptions=True)

    assert sum(isinstance(result, BusyError) for result in results) == 3
    assert passwords.waiting == 0


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025])
def test_passwords_have_a_length(password: str) -> None:
    """Nothing else is demanded of them."""
    with pytest.raises(InvalidFieldError):
        check_password(password)


def test_names_are_cleaned() -> None:
    """Composed, trimmed, single spaces; empty ones become something."""
    assert clean_name("  Ada \t Lovelace ", field="x", otherwise="y") == "Ada Lovelace"
    assert clean_name("e\u0301", field="x", otherwise="y") == "é"
    assert clean_name("   ", field="x", otherwise="y") == "y"


@pytest.mark.parametrize("name", ["x" * 65, "a\x00b", "\x07", "a\ud800"])
def test_names_that_cannot_be_shown_are_refused(name: str) -> None:
    """Too long, or with control characters."""
    with pytest.raises(InvalidFieldError):
        clean_name(name, field="display_name", otherwise="y")
