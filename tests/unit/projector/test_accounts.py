"""What the judge makes of records about accounts and devices: each step answers, and secrets stand in no output."""

import pytest

from region.accounts.endings import CROWDED_OUT, MOST_DEVICES
from region.projector.rehearsal import Rehearsal, submission
from replication.accounts import (
    AccountConfirmed,
    AccountCreated,
    DeviceAdded,
    DeviceRefreshed,
    DeviceRevoked,
    PasswordChanged,
    ProfileChanged,
    proof_of,
)
from replication.records import Body, Outcome, Submission


@pytest.fixture
def us() -> Rehearsal:
    """Region us, where nobody lives yet."""
    return Rehearsal("us")


def test_accounts_and_devices_follow_their_rules(us: Rehearsal) -> None:
    """Each step answers; secrets stand in no output; a revocation is told to the user's devices."""
    user = "u800000000000000000000008-us"
    steps: list[tuple[Body, str]] = [
        (AccountConfirmed("secret"), "user-unknown"),
        (AccountCreated("Zoe", "Zoe", "secret", "secret"), ""),
        (AccountCreated("Zoe", "Zoe", "secret", "secret"), ""),
        (AccountCreated("Zoe", "Zoe", "secret", "other"), "reservation-mismatch"),
        (DeviceAdded("v1", "phone", "f"), "user-unknown"),
        (AccountConfirmed("wrong"), "reservation-mismatch"),
        (AccountConfirmed("secret"), ""),
        (DeviceAdded("v1", "phone", "f"), ""),
        (DeviceRefreshed("v1", "f", 1), ""),
        (DeviceRefreshed("v1", "f", 1), ""),  # again: its answer may have been lost
        (DeviceRefreshed("v1", "f", 1), ""),
        (DeviceRefreshed("v1", "f", 2), ""),
        (DeviceRefreshed("v1", "f", 1), "refresh-token-reused"),
        (DeviceRefreshed("v1", "f", 2), ""),  # again within seconds, though its predecessor was as well
        (DeviceRefreshed("v1", "f", 4), "refresh-token-reused"),
        (DeviceRefreshed("v1", "other", 3), "device-revoked"),
        (DeviceRefreshed("v9", "f", 1), "device-revoked"),
        (DeviceRevoked("v1"), ""),
        (DeviceRefreshed("v1", "f", 3), "device-revoked"),
    ]
    for body, _ in steps:
        us.submit(submission(user, body, reply_to="gateway"))
    us.project()

    assert [a.code for a in us.replied("gateway") if isinstance(a, Outcome)] == [code for _, code in steps]
    assert [type(r.body) for r in us.told(user) if isinstance(r, Submission)] == [DeviceRevoked]
    assert not any(b"secret" in bytes(output.record) for _, output in us.outputs)


@pytest.mark.parametrize("kept", ["", "v2"])
def test_another_password_ends_all_sessions_but_the_one_that_is_kept(us: Rehearsal, kept: str) -> None:
    """In one step; and who logs in with the old password at the same moment is too late."""
    user = "u800000000000000000000008-us"
    changed = PasswordChanged("secret-2", proof_of("secret-1"), kept)
    steps: list[tuple[Body, str]] = [
        (PasswordChanged("secret-2", proof_of("secret-1")), "user-unknown"),
        (AccountCreated("Zoe", "Zoe", "secret-1", "secret"), ""),
        (AccountConfirmed("secret"), ""),
        *((DeviceAdded(f"v{number}", "phone", f"f{number}", proof_of("secret-1")), "") for number in range(4)),
        (DeviceRevoked("v3"), ""),
        (PasswordChanged("secret-3", proof_of("guessed"), kept), "password-changed"),
        (changed, ""),
        (changed, ""),
        (DeviceAdded("v4", "thief", "f4", proof_of("secret-1")), "password-changed"),
        (DeviceAdded("v5", "laptop", "f5", proof_of("secret-2")), ""),
        (DeviceRefreshed("v0", "f0", 1), "device-revoked"),
        (DeviceRefreshed("v2", "f2", 1), "" if kept else "device-revoked"),
    ]
    for body, _ in steps:
        us.submit(submission(user, body, reply_to="gateway"))
    us.project()

    assert [a.code for a in us.replied("gateway") if isinstance(a, Outcome)] == [code for _, code in steps]
    ended = [r.body for r in us.told(user) if isinstance(r, Submission)]
    others = [DeviceRevoked(name, "password-changed") for name in ("v0", "v1", "v2") if name != kept]
    assert ended == [DeviceRevoked("v3"), *others]
    assert not any(b"secret" in bytes(output.record) for _, output in us.outputs)


def test_a_profile_changes_in_what_is_named(us: Rehearsal) -> None:
    """The rest stays; where searches begin is written anew only when they begin elsewhere; the account must be confirmed."""
    user = "u800000000000000000000008-us"
    steps: list[tuple[Body, str]] = [
        (ProfileChanged(display_name="Zed"), "user-unknown"),
        (AccountCreated("Zoe", "Zoe", "secret-1", "secret"), ""),
        (ProfileChanged(display_name="Zed"), "user-unknown"),
        (AccountConfirmed("secret"), ""),
        (ProfileChanged(status_text="At sea"), ""),
        (ProfileChanged(display_name="Zed", findable=False), ""),
        (ProfileChanged(), ""),
    ]
    for body, _ in steps:
        us.submit(submission(user, body, reply_to="gateway"))
    us.project()

    assert [a.code for a in us.replied("gateway") if isinstance(a, Outcome)] == [code for _, code in steps]
    kept = us.tables.users[user]
    assert (kept.display_name, kept.status_text, kept.findable) == ("Zed", "At sea", False)


def test_with_too_many_devices_the_one_that_was_not_refreshed_for_longest_is_logged_out(us: Rehearsal) -> None:
    """And told why; so neither what is kept nor what is loaded for an account grows without end."""
    user = "u800000000000000000000008-us"
    names = [f"v{number:03}" for number in range(MOST_DEVICES + 2)]
    for body in (AccountCreated("Zoe", "Zoe", "secret", "secret"), AccountConfirmed("secret")):
        us.submit(submission(user, body))
    for name in names[:MOST_DEVICES]:
        us.submit(submission(user, DeviceAdded(name, "phone", "f")))
    us.project()
    us.submit(submission(user, DeviceRefreshed(names[0], "f", 1)))
    us.project()
    for name in names[MOST_DEVICES:]:
        us.submit(submission(user, DeviceAdded(name, "phone", "f")))
    us.project()

    ended = {name for (_, name), device in us.tables.devices.items() if device.revoked_at is not None}
    assert ended == {names[1], names[2]}
    told = [record.body for record in us.told(user) if isinstance(record, Submission)]
    assert told == [DeviceRevoked(name, CROWDED_OUT) for name in sorted(ended)]
