"""Sessions and passes: good for what they say, for as long as they say, and of one key."""

import base64
import json
from pathlib import Path

import pytest

from global_directory.operators.errors import NoKeyError, NoPassError, NotLoggedInError
from global_directory.operators.passes import MOST_SESSION, PASS_SECONDS, Seal
from infra.local.keys import new_signing_key

NOW = 1_000_000.0


@pytest.fixture(scope="module")
def seal() -> Seal:
    """A deployment's key."""
    return Seal(new_signing_key())


def test_a_session_says_who_and_ends(seal: Seal) -> None:
    """Never later than the longest."""
    shown = seal.read_session(seal.session("ada", 7, seconds=60, now=NOW), NOW + 59)
    assert (shown.sub, shown.generation) == ("ada", 7)
    with pytest.raises(NotLoggedInError, match="ended"):
        seal.read_session(seal.session("ada", 7, seconds=60, now=NOW), NOW + 60)
    long = seal.session("ada", 7, seconds=10**9, now=NOW)
    with pytest.raises(NotLoggedInError, match="ended"):
        seal.read_session(long, NOW + MOST_SESSION)


def test_a_pass_says_what_and_ends(seal: Seal) -> None:
    """It is for one verb and one target."""
    token = seal.grant("ada", "o1", "expel", "eu", generation=7, now=NOW)
    shown = seal.read_pass(token, NOW + PASS_SECONDS - 1)
    assert (shown.sub, shown.operation, shown.verb, shown.target) == ("ada", "o1", "expel", "eu")
    with pytest.raises(NoPassError, match="ended"):
        seal.read_pass(token, NOW + PASS_SECONDS)


def test_neither_stands_for_the_other(seal: Seal) -> None:
    """A pass lets nobody begin anything else, and a session nothing be done."""
    with pytest.raises(NotLoggedInError):
        seal.read_session(seal.grant("ada", "o1", "expel", "eu", generation=7, now=NOW), NOW)
    with pytest.raises(NoPassError):
        seal.read_pass(seal.session("ada", 7, seconds=60, now=NOW), NOW)


@pytest.mark.parametrize("damage", ["other key", "payload", "none", "empty", "long", "text"])
def test_what_was_not_signed_so_is_nothing(seal: Seal, damage: str) -> None:
    """By no key, another one, or about something else."""
    good = seal.session("ada", 7, seconds=60, now=NOW)
    head, payload, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "eve"}).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    token = {
        "other key": Seal(new_signing_key()).session("ada", 7, seconds=60, now=NOW),
        "payload": f"{head}.{forged}.{signature}",
        "none": f"{unsigned}.{forged}.",
        "empty": "",
        "long": good + "x" * 5_000,
        "text": "not a token é",
    }[damage]
    with pytest.raises(NotLoggedInError):
        seal.read_session(token, NOW)
    with pytest.raises(NoPassError):
        seal.read_pass(token, NOW)


def test_a_session_from_the_future_is_none(seal: Seal) -> None:
    """Clocks may differ by seconds."""
    seal.read_session(seal.session("ada", 7, seconds=600, now=NOW + 20), NOW)
    with pytest.raises(NotLoggedInError):
        seal.read_session(seal.session("ada", 7, seconds=600, now=NOW + 60), NOW)


def test_a_key_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """With its path, and without what is in it."""
    path = tmp_path / "key.pem"
    with pytest.raises(NoKeyError, match="No such file"):
        Seal.read(path)
    path.write_text("a secret that is no key")
    with pytest.raises(NoKeyError) as caught:
        Seal.read(path)
    assert "a secret" not in str(caught.value)
    path.write_bytes(new_signing_key())
    assert Seal.read(path).read_session(Seal.read(path).session("ada", 1, seconds=60, now=NOW), NOW).sub == "ada"
