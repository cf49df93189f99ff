"""Judge reservations, confirmations, releases and announcements: what may be written, given what is known.

Pure: `directory` brings what the store holds, and carries the judgements out in the same transaction.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from global_directory.errors import (
    AlreadyConfirmedError,
    HandleTakenError,
    IncarnationConflictError,
    KeyConflictError,
    ReservationLostError,
    StaleAnnouncementError,
    UnknownRegionError,
)
from global_directory.schemas import Announcement, PublicJwk, Region, Reservation, SigningKey, User
from infra.errors import InvalidFieldError, NotTheHolderError
from infra.settings import REGION_PATTERN

_HANDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,63}")
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_KID = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")
_URL = re.compile(r"https?://[A-Za-z0-9.:_\[\]-]{1,255}(/[\x21-\x7e]{0,255})?")
_REGION = re.compile(REGION_PATTERN)
_ED25519_X = re.compile(r"[A-Za-z0-9_-]{43}")
MOST_KEYS = 16
MOST_EPOCH = 2**31 - 1
MOST_SECONDS = 2**53


@dataclass(frozen=True, slots=True)
class Handle:
    """A handle that keeps the rules.

    Attributes:
        spelled: As its owner spells it, after compatibility normalisation.
        folded: What makes it unique: no two users differ in case alone.
    """

    spelled: str
    folded: str


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has a handle, or has reserved it.

    Attributes:
        handle: The handle.
        user_id: The user.
        home: The user's home region.
        home_epoch: Rises with each move.
        confirmed: Whether it is permanent.
        token: Of the reservation.
        idempotency_key: Of the reservation.
        reserved_until: Until when nobody else may take an unconfirmed one, microseconds since the epoch.
    """

    handle: Handle
    user_id: str
    home: str
    home_epoch: int
    confirmed: bool
    token: str
    idempotency_key: str
    reserved_until: int

    def as_reservation(self) -> Reservation:
        """Return what the reserving region is told."""
        return Reservation(
            handle=self.handle.spelled,
            user_id=self.user_id,
            home=self.home,
            home_epoch=self.home_epoch,
            token=self.token,
            confirmed=self.confirmed,
            reserved_until=self.reserved_until,
        )

    def as_user(self) -> User:
        """Return what everybody is told."""
        return User(user_id=self.user_id, handle=self.handle.spelled, home=self.home, home_epoch=self.home_epoch)


def read_handle(text: str) -> Handle:
    """Return the handle that a person wrote.

    Handles are 2 to 64 characters of ASCII letters, digits, `_`, `.` and `-`, and begin with a letter or a digit. Wide and
    other compatible forms are normalised (NFKC), then case is folded. ASCII alone keeps out look-alikes of other scripts;
    those within ASCII (l and 1, O and 0) are told apart by display names, not here.

    Raises:
        InvalidFieldError: It does not keep these rules.
    """
    spelled = unicodedata.normalize("NFKC", text)
    if _HANDLE.fullmatch(spelled) is None:
        raise InvalidFieldError(
            field="handle",
            reason="use 2 to 64 letters (a to z), digits, '_', '.' or '-', beginning with a letter or a digit",
        )
    return Handle(spelled=spelled, folded=spelled.casefold())


def check_idempotency_key(key: str) -> None:
    """Refuse a key that cannot be kept.

    Raises:
        InvalidFieldError: It is empty, too long, or not printable ASCII.
    """
    if _IDEMPOTENCY_KEY.fullmatch(key) is None:
        raise InvalidFieldError(
            field="idempotency_key", reason="use 1 to 128 printable ASCII characters without spaces"
        )


def check_region(region: str) -> None:
    """Refuse what cannot be the name of a region.

    Raises:
        UnknownRegionError: No region has such a name.
    """
    if _REGION.fullmatch(region) is None:
        raise UnknownRegionError(region=region)


def judge_reservation(known: Holding | None, wanted: Holding, now: int) -> Holding:
    """Return what the handle's holding becomes: the wanted one, or the known one again for a repeated request.

    A repeated request (same key, same home) gets the same user id and token, and more time if it is not confirmed yet.

    Args:
        known: The handle's present holding.
        wanted: What is asked for, with a fresh user id and token.
        now: Microseconds since the epoch.

    Raises:
        HandleTakenError: Somebody else has it, or has reserved it and has time left.
    """
    if known is None:
        return wanted
    if (known.idempotency_key, known.home) == (wanted.idempotency_key, wanted.home):
        return (
            known
            if known.confirmed
            else replace(known, reserved_until=max(known.reserved_until, wanted.reserved_until))
        )
    if known.confirmed or now < known.reserved_until:
        raise HandleTakenError(handle=wanted.handle.spelled)
    return wanted


def judge_confirmation(known: Holding | None, handle: Handle, token: str) -> Holding:
    """Return the confirmed holding; confirming again changes nothing.

    A reservation whose time is over can still be confirmed as long as nobody has taken it over: the token decides, no clock.

    Raises:
        ReservationLostError: The reservation is gone.
    """
    if known is None or known.token != token:
        raise ReservationLostError(handle=handle.spelled)
    return known if known.confirmed else replace(known, confirmed=True)


def judge_release(known: Holding | None, token: str) -> bool:
    """Return whether there is something to release; a reservation that is gone was released before.

    Raises:
        AlreadyConfirmedError: It is permanent.
    """
    if known is None or known.token != token:
        return False
    if known.confirmed:
        raise AlreadyConfirmedError(handle=known.handle.spelled)
    return True


def check_announcement(region: str, announced: Announcement) -> None:
    """Refuse an announcement that makes no sense whatever is known.

    Raises:
        UnknownRegionError: That is no name of a region.
        InvalidFieldError: A field is out of its range; the error names it.
    """
    check_region(region)
    if not 1 <= announced.epoch <= MOST_EPOCH:
        raise InvalidFieldError(field="epoch", reason="epochs begin at 1")
    if not 1 <= announced.incarnation <= MOST_EPOCH:
        raise InvalidFieldError(field="incarnation", reason="incarnations begin at 1")
    urls = {"public_url": announced.public_url, "gateway_url": announced.gateway_url}
    if announced.blobs_url:
        urls["blobs_url"] = announced.blobs_url
    for field, url in urls.items():
        if _URL.fullmatch(url) is None:
            raise InvalidFieldError(field=field, reason="it is not an http or https URL")
    if len(announced.keys) > MOST_KEYS:
        raise InvalidFieldError(field="keys", reason=f"at most {MOST_KEYS} are announced at once")
    if len({key.kid for key in announced.keys}) < len(announced.keys):
        raise InvalidFieldError(field="keys", reason="each id names one key")
    for key in announced.keys:
        _check_key(key)


def _check_key(key: SigningKey) -> None:
    if _KID.fullmatch(key.kid) is None:
        raise InvalidFieldError(field="kid", reason="use 1 to 128 letters, digits, '_', '.', ':', '/' or '-'")
    if _ED25519_X.fullmatch(key.jwk.x) is None:
        raise InvalidFieldError(field="x", reason="an Ed25519 key has 43 characters of base64url")
    if not 0 <= key.not_before <= MOST_SECONDS or not 0 <= (key.not_after or 0) <= MOST_SECONDS:
        raise InvalidFieldError(field="not_before, not_after", reason="these are seconds since the epoch")


def judge_announcement(
    known: Region | None, region: str, announced: Announcement, same_ids: Mapping[tuple[str, str], PublicJwk]
) -> None:
    """Accept an announcement, or refuse it: epochs only rise, and within an epoch neither holder nor incarnation changes.

    An announcement never changes who holds a region: that takes a lease that has lapsed or was laid down.

    Args:
        known: The region as it is registered.
        region: The region announced.
        announced: What is said of it.
        same_ids: All registered keys with an id that is announced, by region and id.

    Raises:
        StaleAnnouncementError: It is of an older epoch.
        NotTheHolderError: Another region holds it.
        IncarnationConflictError: The epoch belongs to another incarnation, or incarnations would go back.
        KeyConflictError: An id names another key already, or a key of another region.
    """
    if known is None and announced.holder != region:
        raise NotTheHolderError(region=region, holder=region, epoch=0)
    if known is not None:
        _judge_succession(known, announced)
    for key in announced.keys:
        for (owner, kid), jwk in same_ids.items():
            if kid == key.kid and (owner != region or jwk != key.jwk):
                raise KeyConflictError(kid=kid, region=owner)


def _judge_succession(known: Region, announced: Announcement) -> None:
    if announced.epoch < known.epoch:
        raise StaleAnnouncementError(region=known.region, announced=announced.epoch, epoch=known.epoch)
    if announced.holder != known.holder:
        raise NotTheHolderError(region=known.region, holder=known.holder, epoch=known.epoch)
    same_epoch = announced.epoch == known.epoch
    if announced.incarnation < known.incarnation or (same_epoch and announced.incarnation != known.incarnation):
        raise IncarnationConflictError(
            region=known.region, epoch=known.epoch, incarnation=known.incarnation, announced=announced.incarnation
        )
