"""Users and devices of those who are at home here. Pure; no secret of theirs ever stands in an output."""

from typing import TypeAlias

import msgspec

from region.accounts.endings import CROWDED_OUT, MOST_DEVICES, PASSWORD_CHANGED, REUSED, SUSPENDED
from region.accounts.reuse import Showing, judge
from region.holding.errors import DETAIL, ISLANDED
from region.projector.cases import Case, ImpossibleRecordError
from region.projector.docket import Docket
from region.store.rows import Device, User
from replication.accounts import (
    AccountConfirmed,
    AccountCreated,
    DeviceAdded,
    DeviceRefreshed,
    DeviceRevoked,
    PasswordChanged,
    ProfileChanged,
    UserBlocked,
    UserUnblocked,
    WritersChosen,
    proof_of,
)
from replication.pictures import encode_picture
from replication.records import Submission

Body: TypeAlias = (
    AccountCreated
    | AccountConfirmed
    | DeviceAdded
    | DeviceRefreshed
    | DeviceRevoked
    | PasswordChanged
    | ProfileChanged
    | UserBlocked
    | UserUnblocked
    | WritersChosen
)

DETAILS = {
    "reservation-mismatch": "The account was made under another reservation. Register anew.",
    "user-unknown": "There is no such account, or it is not confirmed. Register, or log in elsewhere.",
    "device-revoked": "This device was logged out. Log in again.",
    REUSED: "This refresh token was used before. Log in again.",
    SUSPENDED: "The account is suspended.",
    ISLANDED: DETAIL,
    PASSWORD_CHANGED: "The password was changed meanwhile. Log in with the new one.",
}
"""What the waiting gateway is told, by code."""


def judge_account(docket: Docket, case: Case, submission: Submission, body: Body) -> None:
    """Do what is wanted of an account or a device, and answer.

    Raises:
        ImpossibleRecordError: It was relayed; accounts are their home's alone.
    """
    if case.via is not None:
        raise ImpossibleRecordError(reason="accounts are changed at home only")
    if isinstance(body, AccountCreated):
        code = _create(docket, submission, body)
    elif isinstance(body, AccountConfirmed):
        code = _confirm(docket, submission.author, body)
    elif isinstance(body, DeviceAdded):
        code = _add(docket, case, submission, body)
    elif isinstance(body, DeviceRefreshed):
        code = _refresh(docket, submission.author, body)
    elif isinstance(body, PasswordChanged):
        code = _change_password(docket, case, submission, body)
    elif isinstance(body, ProfileChanged):
        code = _change_profile(docket, submission.author, body)
    elif isinstance(body, UserBlocked | UserUnblocked | WritersChosen):
        code = _restrain(docket, submission.author, body)
    else:
        code = _revoke(docket, case, submission, body)
    if code:
        docket.count("refused", code)
    docket.answer(case, submission, code, DETAILS.get(code, ""))


def _create(docket: Docket, submission: Submission, body: AccountCreated) -> str:
    known = docket.state.users.get(submission.author)
    if known is not None:
        return "" if known.reservation == body.reservation else "reservation-mismatch"
    if not docket.permits():
        return ISLANDED
    user = User(
        user_id=submission.author,
        handle=body.handle,
        display_name=body.display_name,
        password_hash=body.password_hash,
        reservation=body.reservation,
        home_epoch=submission.home_epoch,
        confirmed=False,
        created_at=submission.submitted_at,
    )
    docket.state.users[user.user_id] = docket.writes.users[user.user_id] = user
    return ""


def _confirm(docket: Docket, author: str, body: AccountConfirmed) -> str:
    user = docket.state.users.get(author)
    if user is None:
        return "user-unknown"
    if user.reservation != body.reservation:
        return "reservation-mismatch"
    if not user.confirmed:
        user.confirmed = True
        docket.writes.users[author] = user
        docket.writes.renamed.add(author)
    return ""


def _change_profile(docket: Docket, author: str, body: ProfileChanged) -> str:
    """Change what was named; where searches for the user begin is written anew if they begin elsewhere now, or nowhere."""
    user = docket.state.users.get(author)
    if user is None or not user.confirmed:
        return "user-unknown"
    before = user.display_name, user.findable
    if body.display_name is not None:
        user.display_name = body.display_name
    if body.status_text is not None:
        user.status_text = body.status_text
    if body.findable is not None:
        user.findable = body.findable
    if body.picture is not None:
        user.picture = encode_picture(body.picture)
        docket.writes.pictured[author] = body.picture.blob_id
    docket.writes.users[author] = user
    if before != (user.display_name, user.findable):
        docket.writes.renamed.add(author)
    return ""


def _restrain(docket: Docket, author: str, body: UserBlocked | UserUnblocked | WritersChosen) -> str:
    user = docket.state.users.get(author)
    if user is None or not user.confirmed:
        return "user-unknown"
    if isinstance(body, WritersChosen):
        docket.writes.writers[author] = body.who
    else:
        docket.writes.blocks[author, body.user_id] = isinstance(body, UserBlocked)
    return ""


def _add(docket: Docket, case: Case, submission: Submission, body: DeviceAdded) -> str:
    author = submission.author
    user = docket.state.users.get(author)
    if user is None or not user.confirmed:
        return "user-unknown"
    if author in docket.state.suspended:
        return SUSPENDED
    known = docket.state.devices.get((author, body.device_id))
    if known is not None:
        return "" if known.family == body.family and known.revoked_at is None else "device-revoked"
    if body.proof and body.proof != proof_of(user.password_hash):
        return PASSWORD_CHANGED
    live = sorted(
        _live(docket, author), key=lambda device: (max(device.created_at, device.refreshed_at), device.device_id)
    )
    for device in live[: max(0, len(live) + 1 - MOST_DEVICES)]:
        _log_out(docket, case, submission, device, CROWDED_OUT)
    _keep(docket, Device(author, body.device_id, body.name, body.family, 1, docket.now))
    return ""


def _refresh(docket: Docket, author: str, body: DeviceRefreshed) -> str:
    device = docket.state.devices.get((author, body.device_id))
    if device is None or device.revoked_at is not None or device.family != body.family:
        return "device-revoked"
    showing = judge(
        body.generation,
        generation=device.generation,
        refreshed_at=device.refreshed_at,
        repeated=device.repeated,
        now=docket.now,
    )
    if showing is Showing.USE:
        device.generation += 1
        device.refreshed_at = docket.now
    elif showing is Showing.REPEAT:
        device.repeated = body.generation
    elif showing is not Showing.AT_ONCE:
        return REUSED
    _keep(docket, device)
    return ""


def _change_password(docket: Docket, case: Case, submission: Submission, body: PasswordChanged) -> str:
    """Log the other devices out in the same transaction, and tell each of them as if it had been logged out by itself."""
    user = docket.state.users.get(submission.author)
    if user is None or not user.confirmed:
        return "user-unknown"
    if user.password_hash == body.password_hash:
        return ""
    if body.replaces != proof_of(user.password_hash):
        return PASSWORD_CHANGED
    user.password_hash = body.password_hash
    docket.writes.users[user.user_id] = user
    for device in _live(docket, user.user_id):
        if device.device_id != body.keep_device:
            _log_out(docket, case, submission, device, PASSWORD_CHANGED)
    return ""


def _live(docket: Docket, user_id: str) -> list[Device]:
    return [
        device for device in docket.state.devices.values() if device.user_id == user_id and device.revoked_at is None
    ]


def log_out_all(docket: Docket, case: Case, submission: Submission) -> None:
    """End all devices of an account that is suspended."""
    for device in _live(docket, submission.author):
        _log_out(docket, case, submission, device, SUSPENDED)


def _log_out(docket: Docket, case: Case, submission: Submission, device: Device, why: str) -> None:
    """End a device with what was wanted, and tell it as if it had been logged out by itself."""
    _end(docket, device, why)
    gone = DeviceRevoked(device.device_id, why)
    docket.put(case.partition, msgspec.structs.replace(submission, body=gone), users=(device.user_id,))


def _revoke(docket: Docket, case: Case, submission: Submission, body: DeviceRevoked) -> str:
    device = docket.state.devices.get((submission.author, body.device_id))
    if device is None:
        return "device-revoked"
    if device.revoked_at is None:
        _end(docket, device, body.why)
    docket.put(case.partition, submission, users=(submission.author,))
    return ""


def _end(docket: Docket, device: Device, why: str) -> None:
    device.revoked_at, device.revoked_why = docket.now, why
    _keep(docket, device)


def _keep(docket: Docket, device: Device) -> None:
    key = device.user_id, device.device_id
    docket.state.devices[key] = docket.writes.devices[key] = device
