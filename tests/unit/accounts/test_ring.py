"""Signing keys take over from one another without anybody being logged out, and the file that holds them is read as it was written."""

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from global_directory.schemas import Region
from infra.errors import InvalidTokenError, SettingsError
from infra.local.keys import new_signing_key
from region.accounts.cli import LEAST_LEAD, ShortLeadError, rotate
from region.accounts.federation import Federation
from region.accounts.keyring import Keyring
from region.accounts.ports import Directory
from region.accounts.ring import MOST_KEYS, Ring, TooManyKeysError, read_ring, rotated, write_ring
from region.accounts.tokens import AccessClaims, RefreshClaims, Signer, Verifier

NOW = 1_800_000_000
USER = "u" + "a" * 24 + "-us"
LIFETIME = 90 * 24 * 3600


class Elsewhere:
    """A directory that lists what a region has announced last."""

    def __init__(self) -> None:
        self.listed: tuple[Region, ...] = ()

    async def regions(self) -> tuple[Region, ...]:
        """Return what was announced."""
        return self.listed

    def announce(self, keyring: Keyring) -> None:
        """List a region's keys."""
        self.listed = (Region("us", "us", 1, 1, "", "", 0, keyring.announced()),)


class Clock:
    """A clock that is set."""

    now: float = NOW

    def __call__(self) -> float:
        """The time."""
        return self.now


def access(at: float) -> AccessClaims:
    """Claims of an access token that is issued then."""
    return AccessClaims(sub=USER, home="us", epoch=1, device="v1", iss="us", iat=int(at), exp=int(at) + 900)


def refresh(at: float) -> RefreshClaims:
    """Claims of a refresh token that is issued then."""
    return RefreshClaims(
        sub=USER, home="us", device="v1", family="f", generation=1, iss="us", iat=int(at), exp=int(at) + LIFETIME
    )


@pytest.fixture
def clock() -> Clock:
    """The clock of all regions."""
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with one key, as it was made when the region was."""
    made = tmp_path / "us.pem"
    made.write_bytes(new_signing_key())
    return made


def turn(path: Path, now: float, *, lead: int = 120) -> Ring:
    """Rotate a ring's file, as the command does."""
    fresh = rotated(read_ring("us", path.read_bytes()), new_signing_key(), now=int(now), lead=lead, lifetime=LIFETIME)
    path.write_bytes(write_ring(fresh))
    return fresh


def keyring(path: Path, clock: Clock) -> Keyring:
    """The ring as a gateway reads it."""
    return Keyring("us", path, lifetime=LIFETIME, clock=clock)


def verifier(keys: Iterable[object], directory: Elsewhere, clock: Clock) -> Verifier:
    """A region's verifier, with keys of its own and those that the directory lists."""
    return Verifier(Federation(cast("Directory", directory), keys, clock=clock), clock)  # type: ignore[arg-type]  # none of its own


def test_one_key_in_a_file_is_a_ring(path: Path) -> None:
    """As every region had it before; its secret is the one that it was."""
    ring = read_ring("us", path.read_bytes())

    assert [(key.signs_from, key.signs_until) for key in ring.keys] == [(0, None)]
    assert ring.secret == Signer("us", path.read_bytes()).secret


@given(leads=st.lists(st.integers(0, 10_000), max_size=4))
def test_a_ring_is_read_as_it_was_written(leads: list[int]) -> None:
    """With every key, its time and the secret, which never changes."""
    ring = first = read_ring("us", new_signing_key())
    for number, lead in enumerate(leads):
        ring = rotated(ring, new_signing_key(), now=NOW + number, lead=lead, lifetime=LIFETIME)

    again = read_ring("us", write_ring(ring))

    assert [(k.signer.kid, k.signs_from, k.signs_until) for k in again.keys] == [
        (k.signer.kid, k.signs_from, k.signs_until) for k in ring.keys
    ]
    assert again.secret == first.secret
    assert len(again.keys) == len(leads) + 1


async def test_nobody_is_logged_out_when_a_key_takes_over(path: Path, clock: Clock) -> None:
    """Tokens of before and after are good at home and in other regions, and the new key is listed before it signs."""
    directory = Elsewhere()
    before = keyring(path, clock)
    directory.announce(before)
    old_access, old_refresh = before.access(access(NOW)), before.refresh(refresh(NOW))

    turn(path, NOW)
    after = keyring(path, clock)
    directory.announce(after)
    home, other = verifier(after.public_keys(), directory, clock), verifier((), directory, clock)
    assert len(after.announced()) == 2
    assert after.access(access(NOW)) == old_access, "the new key does not sign yet"
    clock.now = NOW + 121
    fresh = after.access(access(clock.now))
    assert after.ring.signing(clock.now) is after.ring.keys[1]

    for regional in (home, other):
        assert (await regional.access(old_access)).sub == USER
        assert (await regional.access(fresh)).sub == USER
    clock.now = NOW + LIFETIME - 1
    assert (await home.refresh(old_refresh)).generation == 1


async def test_a_key_that_was_given_up_signs_nothing_more(path: Path, clock: Clock) -> None:
    """Whoever has a copy of it can make no token that begins later, nor one that lives long."""
    old = turn(path, NOW).keys[0].signer
    directory = Elsewhere()
    directory.announce(keyring(path, clock))
    clock.now = NOW + 1000
    other = verifier((), directory, clock)

    long = AccessClaims(sub=USER, home="us", epoch=1, device="v1", iss="us", iat=NOW, exp=NOW + LIFETIME)
    for claims in (access(NOW + 121), long):
        with pytest.raises(InvalidTokenError) as caught:
            await other.access(old.access(claims))
        assert caught.value.details["token_problem"] == "forged"


def test_a_key_goes_when_its_last_token_is_over(path: Path, clock: Clock) -> None:
    """And not before; the next rotation takes it out of the file."""
    turn(path, NOW)
    clock.now = NOW + 120 + LIFETIME - 1
    assert len(keyring(path, clock).announced()) == 2
    clock.now += 2

    assert len(keyring(path, clock).announced()) == 1
    assert len(turn(path, clock.now).keys) == 2


def test_only_so_many_keys_are_about(path: Path) -> None:
    """The directory takes no more; who rotates too often is told when there is room."""
    for number in range(MOST_KEYS - 1):
        turn(path, NOW + number * 1000)

    with pytest.raises(TooManyKeysError, match=str(NOW + 120 + LIFETIME)):
        turn(path, NOW + 100_000)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: b"",
        lambda text: text.replace(b"BEGIN PRIVATE KEY", b"BEGIN CERTIFICATE"),
        lambda text: text + text,
        lambda text: text[:-60],
        lambda text: text * 200,
    ],
)
def test_a_damaged_ring_is_named(path: Path, damage: object) -> None:
    """At start; a gateway that runs goes on with what it has."""
    turn(path, NOW)

    with pytest.raises(SettingsError, match="CAUSEWAY_SIGNING_KEY"):
        read_ring("us", damage(path.read_bytes()))  # type: ignore[operator]


def test_a_key_does_not_sign_before_it_can_be_known(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless that is forced; nothing is written then."""
    monkeypatch.delenv("CAUSEWAY_DIRECTORY", raising=False)
    before = path.read_bytes()
    with pytest.raises(ShortLeadError):
        rotate("us", lead=LEAST_LEAD - 1, ring=path)
    assert path.read_bytes() == before

    rotate("us", lead=0, force=True, ring=path)
    rotate("us", lead=LEAST_LEAD, ring=path)
    assert len(read_ring("us", path.read_bytes()).keys) == 3
