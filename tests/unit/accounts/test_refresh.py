"""Refresh tokens: good once, repeatable for a moment by whoever used them first, and the end of the device if an old one is shown."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from global_directory.schemas import Region
from infra.errors import InvalidTokenError, OutcomeUnknownError
from infra.local.keys import make_signing_key
from infra.passwords import Cost, Passwords
from infra.postgres import Pool
from region.accounts.federation import Federation
from region.accounts.ports import Directory, Settled
from region.accounts.registration import Registration
from region.accounts.repository import DeviceRow, UserRow
from region.accounts.reuse import Showing, judge
from region.accounts.sessions import Lifetimes, Sessions
from region.accounts.tokens import RefreshClaims, Signer, Verifier
from replication.accounts import DeviceRefreshed, DeviceRevoked
from replication.records import Body, Outcome

USER = UserRow("u100000000000000000000001-us", "ada", "Ada", "", "", 1, confirmed=True, created_at=0)


class Home:
    """A store with one device, the journal that changes it, and a clock."""

    def __init__(self) -> None:
        self.device = DeviceRow("v1", "laptop", "f", 1, 0, revoked=False)
        self.waiting: list[DeviceRefreshed | DeviceRevoked] = []
        self.now = 1_000_000.0
        self.decides = True
        self.tells = True

    def clock(self) -> float:
        """The time."""
        return self.now

    def project(self) -> str:
        """Judge what waits, as the projector does; return the last code."""
        code = ""
        for body in self.waiting:
            if isinstance(body, DeviceRevoked):
                self.device = replace(self.device, revoked=True, revoked_why=body.why)
                continue
            now, device = int(self.now * 1e6), self.device
            showing = judge(
                body.generation,
                generation=device.generation,
                refreshed_at=device.refreshed_at,
                repeated=device.repeated,
                now=now,
            )
            code = "" if showing in {Showing.USE, Showing.AT_ONCE, Showing.REPEAT} else "refresh-token-reused"
            if showing is Showing.USE:
                self.device = replace(device, generation=device.generation + 1, refreshed_at=now)
            elif showing is Showing.REPEAT:
                self.device = replace(device, repeated=body.generation)
        self.waiting.clear()
        return code

    async def decide(self, author: str, *, home_epoch: int, body: Body, settled: Settled, device: str = "") -> Outcome:
        """A journal whose projector may be away, and whose fan-out may be."""
        assert isinstance(body, DeviceRefreshed | DeviceRevoked)
        assert (author, home_epoch) == (USER.user_id, 1)
        self.waiting.append(body)
        if not self.decides:
            raise OutcomeUnknownError(what="The change")
        code = self.project()
        if self.tells:
            return Outcome(id="", code=code)
        found = await settled()
        assert found is not None
        return found

    async def regions(self) -> tuple[Region, ...]:
        """A directory that knows of no others."""
        return ()


class Known(Sessions):
    """Sessions that read the home's one user and device."""

    home: Home

    async def _user(self, user_id: str) -> UserRow | None:
        return USER if user_id == USER.user_id else None

    async def _device(self, user_id: str, device_id: str) -> DeviceRow | None:
        return self.home.device if (user_id, device_id) == (USER.user_id, "v1") else None


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """The region's key."""
    path = tmp_path_factory.mktemp("key") / "us.pem"
    make_signing_key(path)
    return Signer("us", path.read_bytes())


@pytest.fixture
def home() -> Home:
    """The home."""
    return Home()


@pytest.fixture
def make(signer: Signer, home: Home) -> Callable[[], Known]:
    """How to make a gateway's sessions."""

    def make() -> Known:
        federation = Federation(cast("Directory", home), [signer.public_key()])
        made = Known(
            region="us",
            directory=cast("Directory", home),
            federation=federation,
            journal=home,
            store=cast("Pool", None),
            passwords=Passwords(Cost(memory=8, passes=1)),
            registration=cast("Registration", None),
            signer=signer,
            verifier=Verifier(federation, home.clock),
            lifetimes=Lifetimes(),
            clock=home.clock,
        )
        made.home = home
        return made

    return make


@pytest.fixture
def sessions(make: Callable[[], Known]) -> Known:
    """The sessions of one gateway."""
    return make()


@pytest.fixture
def token(signer: Signer, home: Home) -> str:
    """The device's first refresh token."""
    return signer.refresh(
        RefreshClaims(
            sub=USER.user_id,
            home="us",
            device="v1",
            family="f",
            generation=1,
            iss="us",
            iat=int(home.now),
            exp=int(home.now) + 10_000,
        )
    )


async def test_shown_again_at_once_it_gives_the_same_generation(sessions: Known, home: Home, token: str) -> None:
    """The answer may have been lost."""
    await sessions.refresh(token)
    home.now += 29
    await sessions.refresh(token)

    assert (home.device.generation, home.device.revoked) == (2, False)


async def test_a_device_that_was_offline_when_it_was_answered_goes_on(sessions: Known, home: Home, token: str) -> None:
    """Its token is the only one that it has: minutes later it still gives the successor, whichever clock is ahead."""
    await sessions.refresh(token)
    for step in (-5.0, 36.0, 560.0):
        home.now += step
        again = await sessions.refresh(token)

    await sessions.refresh(again.refresh_token)
    assert (home.device.generation, home.device.revoked) == (3, False)


async def test_any_gateway_knows_when_a_token_was_used(
    sessions: Known, make: Callable[[], Known], home: Home, token: str
) -> None:
    """The one that gave the successor may be dead."""
    await sessions.refresh(token)

    await make().refresh(token)

    assert (home.device.generation, home.device.revoked) == (2, False)


async def test_an_old_token_ends_its_device(sessions: Known, home: Home, token: str) -> None:
    """Whoever shows it: the owner and a thief cannot be told apart. Each is told why, and so is who has the newest one."""
    newest = (await sessions.refresh(token)).refresh_token
    home.now += 3600

    for shown in (token, token, newest):
        with pytest.raises(InvalidTokenError) as caught:
            await sessions.refresh(shown)
        assert caught.value.details["token_problem"] == "reused"
    assert home.device.revoked
    assert "change your password" in str(caught.value)


async def test_a_token_whose_successor_was_used_ends_its_device_at_once(
    sessions: Known, home: Home, token: str
) -> None:
    """Then the answer to its first showing was not lost."""
    await sessions.refresh((await sessions.refresh(token)).refresh_token)

    with pytest.raises(InvalidTokenError):
        await sessions.refresh(token)

    assert home.device.revoked


async def test_a_thief_cannot_follow_the_owner(sessions: Known, home: Home, token: str) -> None:
    """Who has copied a token shows each generation a minute after the owner: once it looks like a lost answer, twice running it does not."""
    owner = (await sessions.refresh(token)).refresh_token
    home.now += 50
    thief = (await sessions.refresh(token)).refresh_token
    home.now += 800
    await sessions.refresh(owner)
    home.now += 50

    with pytest.raises(InvalidTokenError) as caught:
        await sessions.refresh(thief)

    assert caught.value.details["token_problem"] == "reused"
    assert (home.device.generation, home.device.revoked) == (3, True)


@pytest.mark.parametrize("thief_first", [(True, True), (True, False), (False, True)])
async def test_nor_does_it_help_the_thief_to_be_first_now_and_then(
    sessions: Known, home: Home, token: str, thief_first: tuple[bool, bool]
) -> None:
    """Then it is the owner who repeats; both are told with the second generation running."""
    held = {"thief": token, "owner": token}
    showings = [holder for first in thief_first for holder in sorted(held, reverse=first)]
    for holder in showings[:-1]:
        held[holder] = (await sessions.refresh(held[holder])).refresh_token
        home.now += 50

    with pytest.raises(InvalidTokenError):
        await sessions.refresh(held[showings[-1]])

    assert (home.device.generation, home.device.revoked) == (3, True)


async def test_answers_may_be_lost_again_and_again_but_not_twice_running(
    sessions: Known, home: Home, token: str
) -> None:
    """A train has many tunnels: each of these repeats is shown a few times, and the next generation's answer comes."""
    newest = token
    for _ in range(5):
        for _ in range(4):
            again = await sessions.refresh(newest)
            home.now += 30
        newest = (await sessions.refresh(again.refresh_token)).refresh_token
        home.now += 840

    assert (home.device.generation, home.device.revoked) == (11, False)


async def test_where_things_fail_answers_are_lost_twice_running(sessions: Known, home: Home, token: str) -> None:
    """Each request is made again within seconds; a region's services may be killed at any refresh."""
    newest = token
    for _ in range(3):
        await sessions.refresh(newest)
        home.now += 4
        newest = (await sessions.refresh(newest)).refresh_token
        home.now += 720

    assert (home.device.generation, home.device.repeated, home.device.revoked) == (4, 0, False)


async def test_a_repeat_counts_though_fan_out_is_away(sessions: Known, home: Home, token: str) -> None:
    """The store tells when the projector has taken note of it."""
    await sessions.refresh(token)
    home.tells = False
    home.now += 50
    successor = (await sessions.refresh(token)).refresh_token

    assert home.device.repeated == 1
    await sessions.refresh(successor)
    home.now += 50
    with pytest.raises(InvalidTokenError):
        await sessions.refresh(successor)


async def test_an_old_token_is_refused_while_fan_out_is_away_too(sessions: Known, home: Home, token: str) -> None:
    """What the store shows then is not taken for what this showing has done."""
    await sessions.refresh(token)
    home.now += 3600
    home.tells = False

    with pytest.raises(InvalidTokenError):
        await sessions.refresh(token)


async def test_a_token_whose_outcome_was_unknown_may_be_shown_again(sessions: Known, home: Home, token: str) -> None:
    """The projector decides the first showing before the second; the device is not logged out by that."""
    home.decides = False
    with pytest.raises(OutcomeUnknownError):
        await sessions.refresh(token)
    home.decides = True

    await sessions.refresh(token)

    assert home.device.generation == 2
