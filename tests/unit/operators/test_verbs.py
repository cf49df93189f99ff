"""Who may do what, and what it takes."""

import pytest

from global_directory.operators.errors import (
    NoReasonError,
    NotConfirmedError,
    NotEnoughError,
    UnknownRoleError,
    UnknownVerbError,
)
from global_directory.operators.tries import FREE, PAUSE, must_wait
from global_directory.operators.verbs import (
    AT_WORK,
    HANDS_OVER,
    MOST_WORDS,
    VERBS,
    Role,
    check_name,
    check_password,
    check_target,
    clean,
    judge,
    read_role,
)
from infra.errors import InvalidFieldError


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_each_verb_needs_its_role(verb: str) -> None:
    """Whoever has less is refused, whatever they say; whoever has as much, or more, may."""
    for role in Role:
        if role < VERBS[verb].least:
            with pytest.raises(NotEnoughError, match=VERBS[verb].least.word):
                judge(role, verb, "us", why="because", confirmed="us")
        else:
            judge(role, verb, "us", why="because", confirmed="us")


def test_nobody_does_anything_as_a_viewer() -> None:
    """A viewer looks."""
    assert min(one.least for one in VERBS.values()) > Role.VIEWER


@pytest.mark.parametrize("verb", sorted(name for name, one in VERBS.items() if one.destructive))
def test_what_destroys_needs_a_reason_and_the_name_once_more(verb: str) -> None:
    """Neither blanks nor another name count."""
    for why in ("", "  \n"):
        with pytest.raises(NoReasonError):
            judge(Role.ADMIN, verb, "us", why=why, confirmed="us")
    for confirmed in ("", "eu", "US", "us "):
        with pytest.raises(NotConfirmedError, match="--confirm us"):
            judge(Role.ADMIN, verb, "us", why="because", confirmed=confirmed)


def test_the_verbs_that_take_something_away_are_destructive() -> None:
    """Evacuations, expulsions, failing over, restoring, and forgetting."""
    destructive = {name for name, one in VERBS.items() if one.destructive}
    assert {"evacuate", "fail", "expel", "restore-backup", "forget-copy", "move"} <= destructive
    assert set(VERBS) >= AT_WORK
    assert all(VERBS[verb].destructive for verb in HANDS_OVER), "whoever lets an epoch begin has confirmed it"


def test_what_is_not_known_is_refused() -> None:
    """By an admin, too."""
    with pytest.raises(UnknownVerbError):
        judge(Role.ADMIN, "dance", "us", why="because", confirmed="us")
    with pytest.raises(UnknownRoleError, match="viewer, operator, admin"):
        read_role("king")
    assert read_role("admin") is Role.ADMIN


@pytest.mark.parametrize("name", ["", "a", "Ada", "ada!", "1ada", "a" * 33, "deployment", "ada\n"])
def test_names_keep_rules(name: str) -> None:
    """They stand in paths and in the trace."""
    check_name("ada.lovelace-2")
    with pytest.raises(InvalidFieldError):
        check_name(name)


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 257, "twelve chars\0"])
def test_passwords_have_a_length(password: str) -> None:
    """Longer than users', since they open more."""
    check_password("twelve chars")
    with pytest.raises(InvalidFieldError):
        check_password(password)


def test_targets_and_words_are_bounded_and_on_one_line() -> None:
    """So that a trace can be read."""
    check_target("us/20261126T150000Z-abc")
    for target in ("", "-us", "us\n", "x" * 129):
        with pytest.raises(InvalidFieldError):
            check_target(target)
    assert clean(" new\ndisks\x1b[1m ") == "new disks [1m"
    assert len(clean("x" * 9_999)) == MOST_WORDS


def test_after_some_wrong_passwords_each_try_waits() -> None:
    """And no clock that went back makes it wait for long."""
    second = 1_000_000
    assert must_wait(FREE - 1, 0, 0) == 0
    assert must_wait(FREE, 0, 0) == PAUSE
    assert must_wait(FREE, 0, second // 2) == PAUSE
    assert must_wait(FREE + 9, 0, (PAUSE - 1) * second) == 1
    assert must_wait(FREE, 0, PAUSE * second) == 0
    assert must_wait(FREE, 10**15, 0) == PAUSE
