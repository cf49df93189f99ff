"""Where bodies rest: by short ledgers, of regions that say what their stores have."""

import pytest

from chaos.judge import events as e
from chaos.judge.judgement import judge
from chaos.judge.ledger import numbered
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict

HOMES = {"u1-us": "us", "u2-us": "us", "u3-eu": "eu", "u4-ap": "ap"}
TALKS = {"d1-us": ("u1-us", "u2-us"), "d2-eu": ("u1-us", "u3-eu"), "d3-ap": ("u3-eu", "u4-ap")}
NEEDS = Needs(faults=0, expects=frozenset({"residency"}))
HAS = {"d1-us": {"us", "eu"}, "d2-eu": {"us", "eu"}, "d3-ap": {"eu", "ap"}}
"""In a federation in which eu stands by us; d3 is not for us."""


def ruled(*changed: e.Held, regions: tuple[str, ...] = ("ap", "eu", "us")) -> Verdict:
    """Judge what these regions say; `changed` says otherwise than what is right."""
    said = {
        (name, region): e.Held(50.0, region, name, f"m-{name}", has=region in HAS[name])
        for name in TALKS
        for region in regions
    }
    said |= {(one.conversation, one.region): one for one in changed}
    events: list[e.Event] = [e.Run(0.0, 1, standbys={"us": "eu"})]
    events += [e.Member(0.0, talk, user, HOMES[user]) for talk, users in TALKS.items() for user in users]
    ledger = [*events, e.Settled(40.0), *said.values(), e.Ended(51.0)]
    judgement = judge(numbered(ledger), NEEDS)["residency"]
    return Verdict.FALSE if judgement.found else Verdict.UNKNOWN if len(judgement.doubts) else Verdict.TRUE


def held(region: str, talk: str, *, has: bool) -> e.Held:
    """A region says that it has a message, or not."""
    return e.Held(50.0, region, talk, f"m-{talk}", has=has)


def test_who_may_have_it_is_whose_it_is_and_who_stands_by() -> None:
    """No other region has it; what a standby lacks is no leak."""
    assert ruled() is Verdict.TRUE
    assert ruled(held("eu", "d1-us", has=False)) is Verdict.TRUE


@pytest.mark.parametrize(("region", "talk"), [("ap", "d1-us"), ("ap", "d2-eu"), ("us", "d3-ap")])
def test_a_body_in_a_region_without_members_is_found(region: str, talk: str) -> None:
    """Also in one that stands by nobody of them, whoever is shown it there."""
    assert ruled(held(region, talk, has=True)) is Verdict.FALSE


def test_who_has_nothing_at_all_or_was_not_asked_proves_nothing() -> None:
    """A store that cannot be asked would say the same."""
    assert ruled(*(held("us", talk, has=False) for talk in TALKS)) is Verdict.UNKNOWN
    assert ruled(regions=("eu",)) is Verdict.UNKNOWN, "it may have all of it"
    assert ruled(regions=("eu", "us")) is Verdict.UNKNOWN, "ap says nothing, and may have what it may not"
