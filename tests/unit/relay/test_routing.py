"""By what the edge finds the home of a request, and what it does when a region answers 421."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.edge.redirects import (
    MOST_FOLLOWED,
    AskDirectory,
    GiveUp,
    Go,
    Holder,
    Trail,
    after_directory,
    after_refusal,
    read_redirect,
)
from relay.edge.routing import HERE, HandleHome, Home, NoSuchRegion, Way, route
from relay.edge.tokens import Claims, bearer_of, read_claims, token_of_socket

REGIONS = {"us", "eu", "ap"}
USER = "u" + "a" * 24 + "-eu"


def token(**claims: object) -> str:
    """Return an unsigned token; the edge reads no signature."""
    payload = urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2ln"


def way_of(method: str, path: str, *, authorization: str = "", body: object = None) -> Way:
    """Route a request."""
    headers = [(b"authorization", authorization.encode())] if authorization else []
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return route(method, path, headers=headers, body=content, regions=REGIONS)


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (way_of("POST", "/messages", authorization=f"Bearer {token(home='eu', epoch=3)}"), Home("eu")),
        (way_of("GET", "/messages", authorization=f"bearer {token(home='ap', sub='x')}"), Home("ap")),
        (way_of("GET", "/messages", authorization=f"Bearer {token(home='mars', epoch=3)}"), HERE),
        (way_of("GET", "/messages", authorization="Bearer garbage"), HERE),
        (way_of("GET", "/messages", authorization="Basic dTpw"), HERE),
        (way_of("GET", "/messages"), HERE),
        (way_of("POST", "/register", body={"handle": "ada", "password": "p"}), HERE),
        (way_of("POST", "/register", body={"handle": "ada", "home_region": None}), HERE),
        (way_of("POST", "/register", body={"handle": "ada", "home_region": "ap"}), Home("ap")),
        (way_of("POST", "/register", body={"handle": "ada", "home_region": "mars"}), NoSuchRegion("mars")),
        (way_of("POST", "/register", body=b"{garbage"), HERE),
        (way_of("POST", "/register", body=b"\xff"), HERE),
        (way_of("POST", "/token", body=b'{"a":' * 5000), HERE),
        (way_of("GET", "/messages", authorization="Bearer e30." + "eyJhIjp7" * 500 + ".c2ln"), HERE),
        (way_of("POST", "/register", body=["wrong"]), HERE),
        (way_of("POST", "/register", body={"home_region": 5}), HERE),
        (way_of("POST", "/login", body={"handle": "Ada", "password": "p"}), HandleHome("Ada")),
        (way_of("POST", "/login", body={}), HERE),
        (way_of("POST", "/token", body={"refresh_token": token(home="eu")}), Home("eu")),
        (way_of("POST", "/token", body={"refresh_token": "garbage"}), HERE),
        (way_of("GET", f"/users/{USER}", authorization="Bearer x"), HERE),
        (way_of("GET", f"/users/{USER}", authorization=f"Bearer {token(home='ap')}"), HERE),
        (way_of("GET", "/users/nobody", authorization="Bearer x"), HERE),
        (way_of("GET", "/users", authorization=f"Bearer {token(home='ap')}"), HERE),
        (way_of("GET", "/users"), HERE),
        (way_of("PATCH", "/users/me", authorization=f"Bearer {token(home='ap')}"), Home("ap")),
        (way_of("GET", "/openapi.json"), HERE),
    ],
)
def test_each_request_finds_its_way(way: Way, expected: Way) -> None:
    """What the edge does not understand is the local gateway's to explain."""
    assert way == expected


@given(st.text(max_size=200) | st.binary(max_size=150).map(lambda raw: f"e30.{urlsafe_b64encode(raw).decode()}.x"))
@settings(deadline=None)  # the machine may be busy
def test_garbage_tokens_never_break_the_edge(garbage: str) -> None:
    """Whatever stands in a token, reading it gives claims or nothing."""
    assert read_claims(garbage) is None or isinstance(read_claims(garbage), Claims)


def test_an_overlong_token_is_not_read() -> None:
    """Work for a stranger is bounded."""
    assert read_claims(token(home="eu", padding="x" * 5000)) is None


def test_browsers_may_name_the_token_in_the_query() -> None:
    """They cannot set headers on a WebSocket; a header wins where there is one."""
    assert token_of_socket([], b"a=b&access_token=x.y.z") == "x.y.z"
    assert token_of_socket([(b"authorization", b"Bearer h.h.h")], b"access_token=x.y.z") == "h.h.h"
    assert token_of_socket([], b"") is None
    assert bearer_of([(b"authorization", b"Bearer  a.b.c ")]) == "a.b.c"


def test_a_higher_epoch_is_followed_and_an_older_one_is_not() -> None:
    """Epochs only rise, so an answer that names an older one knows less than the edge."""
    trail = Trail(Holder("us", "us", 4))

    assert after_refusal(trail, Holder("us", "eu", 5)) == Go(Trail(Holder("us", "eu", 5), followed=1))
    assert after_refusal(trail, Holder("us", "eu", 4)) == AskDirectory(
        Trail(Holder("us", "us", 4), asked_directory=True)
    )
    assert after_refusal(trail, None) == AskDirectory(Trail(Holder("us", "us", 4), asked_directory=True))
    assert after_refusal(Trail(Holder("us", "us", 4), asked_directory=True), None) == GiveUp()


def test_epochs_of_different_regions_are_not_compared() -> None:
    """A 421 that speaks of another region says that the home is another; its epoch may be lower."""
    trail = Trail(Holder("us", "us", 4))

    assert after_refusal(trail, Holder("eu", "ap", 2)) == Go(Trail(Holder("eu", "ap", 2), followed=1))
    assert isinstance(after_refusal(replace(trail, followed=MOST_FOLLOWED), Holder("eu", "ap", 2)), AskDirectory)


def test_the_directory_is_asked_once_and_believed_unless_it_names_who_just_refused() -> None:
    """After that the answer is 503."""
    trail = Trail(Holder("us", "us", 4), asked_directory=True)

    assert after_directory(trail, Holder("us", "ap", 6)) == Go(Trail(Holder("us", "ap", 6), asked_directory=True))
    assert after_directory(trail, Holder("us", "us", 4)) == GiveUp()
    assert after_directory(trail, None) == GiveUp()


@given(
    refusals=st.lists(
        st.none()
        | st.builds(Holder, st.sampled_from(sorted(REGIONS)), st.sampled_from(sorted(REGIONS)), st.integers(0, 50)),
        min_size=20,
    ),
    directory=st.none()
    | st.builds(Holder, st.sampled_from(sorted(REGIONS)), st.sampled_from(sorted(REGIONS)), st.integers(0, 50)),
)
@settings(deadline=None)  # the machine may be busy
def test_a_request_never_wanders_for_ever(refusals: list[Holder | None], directory: Holder | None) -> None:
    """Whatever regions and the directory answer: three follows, one question, then an end."""
    trail, asked = Trail(Holder("us", "us", 0)), 0
    for number, refusal in enumerate(refusals, start=1):  # noqa: B007 — read after the loop
        step = after_refusal(trail, refusal)
        if isinstance(step, AskDirectory):
            asked += 1
            step = after_directory(step.trail, directory)
        if isinstance(step, GiveUp):
            break
        assert isinstance(step, Go)
        trail = step.trail

    assert isinstance(step, GiveUp)
    assert number <= MOST_FOLLOWED + 2
    assert asked <= 1


def test_the_problem_of_a_421_is_read() -> None:
    """Other fields do not matter; garbage is no redirect."""
    assert read_redirect(b'{"code":"not-the-holder","region":"us","holder":"eu","epoch":7}') == Holder("us", "eu", 7)
    assert read_redirect(b"<html>") is None
    assert read_redirect(b'{"holder":"eu"}') is None
