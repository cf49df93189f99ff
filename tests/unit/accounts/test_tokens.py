"""Tokens are verified offline, and each way in which one can be bad has a name."""

import base64
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from infra.errors import InvalidTokenError, SettingsError
from region.accounts.tokens import AccessClaims, PublicKey, RefreshClaims, Signer, Verifier

NOW = 1_000_000
USER = "u" + "a" * 24 + "-us"


def pem() -> bytes:
    """A fresh private key."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class FewKeys:
    """Knows some keys, and counts how often it was asked."""

    def __init__(self, *keys: PublicKey) -> None:
        self.keys = {key.kid: key for key in keys}
        self.asked = 0

    async def find(self, kid: str) -> PublicKey | None:
        """Return the key of that id."""
        self.asked += 1
        return self.keys.get(kid)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        """The time, seconds since the epoch."""
        return self.now


US, EU = Signer("us", pem()), Signer("eu", pem())
GOOD = AccessClaims(sub=USER, home="us", epoch=1, device="v1", iss="us", iat=NOW, exp=NOW + 900)
REFRESH = RefreshClaims(sub=USER, home="us", device="v1", family="f", generation=1, iss="us", iat=NOW, exp=NOW + 9000)


def verifier(clock: Clock | None = None, **more: int) -> Verifier:
    """A verifier that knows both regions."""
    return Verifier(FewKeys(US.public_key(), EU.public_key()), clock or Clock(), **more)


async def problem_of(token: str, *, refresh: bool = False, clock: Clock | None = None) -> object:
    """What is wrong with a token."""
    checking = verifier(clock)
    with pytest.raises(InvalidTokenError) as caught:
        await (checking.refresh(token) if refresh else checking.access(token))
    assert (caught.value.status, caught.value.code) == (401, "invalid-token")
    return caught.value.details["token_problem"]


async def test_a_good_token_says_who_it_is() -> None:
    """In any region that knows the issuer's public key; the second time from memory."""
    keys = FewKeys(US.public_key())
    checking = Verifier(keys, Clock())
    token = US.access(GOOD)

    assert await checking.access(token) == GOOD
    assert await checking.access(token) == GOOD
    assert keys.asked == 1


async def test_what_is_remembered_expires_all_the_same() -> None:
    """And only so much is remembered."""
    clock = Clock()
    checking = verifier(clock, remembered=2)
    tokens = [US.access(changed(GOOD, device=f"v{number}")) for number in range(4)]
    for token in tokens:
        await checking.access(token)

    clock.now = NOW + 900
    for token in tokens:
        with pytest.raises(InvalidTokenError):
            await checking.access(token)


async def test_an_expired_token_is_expired() -> None:
    """To the second."""
    clock = Clock()
    clock.now = NOW + 900

    assert await problem_of(US.access(GOOD), clock=clock) == "expired"


async def test_a_forged_token_is_forged() -> None:
    """Another's key under our key id, or changed claims under a good signature."""
    stranger = Signer("us", pem())
    stranger.kid = US.kid
    header, _, signature = US.access(GOOD).split(".")
    claims = base64.urlsafe_b64encode(json.dumps({"sub": USER}).encode()).decode().rstrip("=")

    assert await problem_of(stranger.access(GOOD)) == "forged"
    assert await problem_of(f"{header}.{claims}.{signature}") == "forged"


async def test_a_token_of_no_region_has_an_unknown_key() -> None:
    """Nobody of this federation has signed it."""
    assert await problem_of(Signer("us", pem()).access(GOOD)) == "unknown-key"


@pytest.mark.parametrize(
    ("signer", "claims"),
    [
        (EU, GOOD),
        (EU, changed(GOOD, iss="eu")),
        (US, changed(GOOD, home="eu")),
        (US, changed(GOOD, home="eu", iss="eu")),
        (EU, changed(GOOD, home="eu", iss="eu")),
    ],
)
async def test_only_the_home_issues_its_users_tokens(signer: Signer, claims: AccessClaims) -> None:
    """A region cannot speak for users of another."""
    assert await problem_of(signer.access(claims)) == "foreign"


async def test_kinds_of_tokens_are_not_interchangeable() -> None:
    """A refresh token opens nothing, an access token refreshes nothing."""
    assert await problem_of(US.refresh(REFRESH)) == "malformed"
    assert await problem_of(US.access(GOOD), refresh=True) == "malformed"
    assert await verifier().refresh(US.refresh(REFRESH)) == REFRESH


async def test_an_expired_refresh_token_is_expired() -> None:
    """Like an access token."""
    clock = Clock()
    clock.now = NOW + 9000

    assert await problem_of(US.refresh(REFRESH), refresh=True, clock=clock) == "expired"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é", "eyJhbGciOiJub25lIn0.e30.", "x" * 5000, "\ud800"])
async def test_garbage_is_malformed(token: str) -> None:
    """Unsigned tokens among it."""
    assert await problem_of(token) == "malformed"


@given(st.text())
async def test_no_text_breaks_the_verifier(text: str) -> None:
    """Whatever stands in the header, the answer is a 401."""
    await problem_of(text)


async def test_a_user_id_must_be_one() -> None:
    """Even if it is signed."""
    assert await problem_of(US.access(changed(GOOD, sub="root"))) == "malformed"


async def test_a_key_is_good_for_its_time() -> None:
    """Tokens from before, from after, or from the future were not issued by who they claim."""
    key = replace(US.public_key(), not_before=NOW - 100, not_after=NOW + 100)
    for iat in (NOW - 101, NOW + 101, NOW + 31):
        with pytest.raises(InvalidTokenError):
            await Verifier(FewKeys(key), Clock()).access(US.access(changed(GOOD, iat=iat)))


def test_only_an_ed25519_key_signs() -> None:
    """Anything else in the file is named at start."""
    wrong = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for text in (wrong, b"garbage", b""):
        with pytest.raises(SettingsError, match="CAUSEWAY_SIGNING_KEY"):
            Signer("us", text)
