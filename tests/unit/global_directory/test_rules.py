"""Who may have a handle, and who may speak for a region: pure judgements."""

import string
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from global_directory import rules
from global_directory.errors import (
    AlreadyConfirmedError,
    HandleTakenError,
    IncarnationConflictError,
    KeyConflictError,
    ReservationLostError,
    StaleAnnouncementError,
)
from global_directory.schemas import Announcement, PublicJwk, Region, SigningKey
from infra.errors import InvalidFieldError, NotTheHolderError

HANDLE = rules.read_handle("Ada")
TTL = 10


def holding(number: int, *, key: str, home: str, now: int) -> rules.Holding:
    """Return what the shell would ask for, with the number in its user id and token."""
    return rules.Holding(
        handle=HANDLE,
        user_id=f"user-{number}",
        home=home,
        home_epoch=1,
        confirmed=False,
        token=f"token-{number}",
        idempotency_key=key,
        reserved_until=now + TTL,
    )


class Reservations(RuleBasedStateMachine):
    """Anybody reserves, confirms and releases one handle, with any token ever given, at any time."""

    def __init__(self) -> None:
        """Begin with a free handle."""
        super().__init__()
        self.now = 0
        self.count = 0
        self.known: rules.Holding | None = None
        self.given: list[rules.Holding] = []
        self.owner: str | None = None

    @rule(seconds=st.integers(0, 2 * TTL))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds

    @rule(key=st.sampled_from("abc"), home=st.sampled_from(["us", "eu"]))
    def reserve(self, key: str, home: str) -> None:
        """Reserve; whoever has the handle with time left keeps it."""
        self.count += 1
        before = self.known
        wanted = holding(self.count, key=key, home=home, now=self.now)
        try:
            self.known = rules.judge_reservation(before, wanted, self.now)
        except HandleTakenError:
            assert before is not None
            assert before.confirmed or self.now < before.reserved_until
            assert (before.idempotency_key, before.home) != (key, home)
            return
        self.given.append(self.known)
        if before is not None and (before.idempotency_key, before.home) == (key, home):
            assert (self.known.user_id, self.known.token) == (before.user_id, before.token)
        if before is not None and self.known.token != before.token:
            assert not before.confirmed
            assert before.reserved_until <= self.now

    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        """Confirm with any token that was ever given; only the present one works."""
        if not self.given:
            return
        chosen = data.draw(st.sampled_from(self.given))
        try:
            confirmed = rules.judge_confirmation(self.known, HANDLE, chosen.token)
        except ReservationLostError:
            assert self.known is None or self.known.token != chosen.token
            return
        assert confirmed.user_id == chosen.user_id
        assert rules.judge_confirmation(confirmed, HANDLE, chosen.token) is confirmed
        self.known, self.owner = confirmed, confirmed.user_id

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """Release with any token that was ever given; somebody else's reservation and a confirmed handle stay."""
        if not self.given:
            return
        chosen = data.draw(st.sampled_from(self.given))
        try:
            released = rules.judge_release(self.known, chosen.token)
        except AlreadyConfirmedError:
            assert self.owner == chosen.user_id
            return
        if released:
            assert self.known is not None
            assert self.known.token == chosen.token
            self.known = None

    @invariant()
    def confirmed_is_for_ever(self) -> None:
        """Who was told that a handle is theirs has it."""
        if self.owner is not None:
            assert self.known is not None
            assert self.known.confirmed
            assert self.known.user_id == self.owner


test_reservations = Reservations.TestCase
"""Whatever order things happen in, a handle has one owner, and no promise is broken."""


@given(st.text(alphabet=string.ascii_letters + string.digits, min_size=2, max_size=64))
def test_spellings_that_differ_in_case_or_width_are_one_handle(text: str) -> None:
    """Case and compatibility forms never make another handle."""
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in text)

    read = rules.read_handle(text)

    assert read.spelled == text
    assert {rules.read_handle(form).folded for form in (text.upper(), text.lower(), wide)} == {read.folded}


@given(st.text(max_size=80))
def test_a_handle_is_ascii_or_refused(text: str) -> None:
    """Nothing of another script gets in, so nothing can look like it; folding is stable."""
    try:
        read = rules.read_handle(text)
    except InvalidFieldError:
        return
    assert read.spelled.isascii()
    assert 2 <= len(read.spelled) <= 64
    assert read.spelled == unicodedata.normalize("NFKC", text)
    assert rules.read_handle(read.folded).folded == read.folded


REGION = Region("us", "us", 3, 2, "http://us", "http://gateway.us", 0)
ANNOUNCED = Announcement("us", 3, 2, "http://us", "http://gateway.us")
KEY = SigningKey("k", PublicJwk("A" * 43))


def test_an_announcement_is_repeatable_and_follows_a_higher_epoch() -> None:
    """The same again, a higher epoch, and a new incarnation with a higher epoch are fine."""
    for announced in (ANNOUNCED, replace(ANNOUNCED, epoch=4), replace(ANNOUNCED, epoch=4, incarnation=3)):
        rules.judge_announcement(REGION, "us", announced, {})
    rules.judge_announcement(None, "us", ANNOUNCED, {})
    rules.judge_announcement(REGION, "us", replace(ANNOUNCED, keys=(KEY,)), {("us", "k"): KEY.jwk})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"epoch": 2}, StaleAnnouncementError),
        ({"epoch": 2, "holder": "eu"}, StaleAnnouncementError),
        ({"holder": "eu"}, NotTheHolderError),
        ({"epoch": 4, "holder": "eu"}, NotTheHolderError),
        ({"incarnation": 3}, IncarnationConflictError),
        ({"incarnation": 1}, IncarnationConflictError),
        ({"epoch": 4, "incarnation": 1}, IncarnationConflictError),
    ],
)
def test_an_announcement_never_takes_anything_back(changes: dict[str, object], error: type[Exception]) -> None:
    """Epochs only rise; within one, holder and incarnation stay."""
    with pytest.raises(error):
        rules.judge_announcement(REGION, "us", replace(ANNOUNCED, **changes), {})  # type: ignore[arg-type]  # fields by name


def test_the_first_announcement_is_the_regions_own() -> None:
    """Nobody announces another region into being."""
    with pytest.raises(NotTheHolderError):
        rules.judge_announcement(None, "us", replace(ANNOUNCED, holder="eu"), {})


@pytest.mark.parametrize("same_ids", [{("eu", "k"): KEY.jwk}, {("us", "k"): PublicJwk("B" * 43)}])
def test_an_id_names_one_key(same_ids: dict[tuple[str, str], PublicJwk]) -> None:
    """A verifier finds one key by an id, for ever."""
    with pytest.raises(KeyConflictError):
        rules.judge_announcement(REGION, "us", replace(ANNOUNCED, keys=(KEY,)), same_ids)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("epoch", {"epoch": 0}),
        ("epoch", {"epoch": 2**31}),
        ("incarnation", {"incarnation": 0}),
        ("public_url", {"public_url": "us.example"}),
        ("gateway_url", {"gateway_url": "http://a\x00"}),
        ("keys", {"keys": (KEY, KEY)}),
        ("keys", {"keys": tuple(replace(KEY, kid=str(n)) for n in range(17))}),
        ("kid", {"keys": (replace(KEY, kid="a b"),)}),
        ("x", {"keys": (replace(KEY, jwk=PublicJwk("short")),)}),
        ("not_before", {"keys": (replace(KEY, not_after=-1),)}),
    ],
)
def test_an_announcement_names_the_field_that_is_wrong(field: str, changes: dict[str, object]) -> None:
    """Whoever announces nonsense learns what of it is."""
    with pytest.raises(InvalidFieldError, match=field):
        rules.check_announcement("us", replace(ANNOUNCED, **changes))  # type: ignore[arg-type]  # fields by name
