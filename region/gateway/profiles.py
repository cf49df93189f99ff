"""What users may know of each other, told by the home of whoever is asked about."""

import msgspec

from global_directory.patience import in_time
from infra.errors import NotFoundError, UnavailableError
from infra.postgres import Pool
from region.accounts.federation import Federation
from region.accounts.ports import Directory
from region.accounts.repository import UserRow, user_by_id
from region.gateway.pictures import PictureView, shown
from region.gateway.views import rfc3339
from replication.ids import is_user_id, region_of
from replication.pictures import decode_picture


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What one user may know of another.

    Attributes:
        user_id: The user.
        handle: As its owner spells it.
        display_name: What others see.
        home_region: Where the user lives.
        created_at: When the account was made, RFC 3339 in UTC.
        status_text: What the user says of the moment; may be empty.
        picture: What stands for the user; null for nothing.
    """

    user_id: str
    handle: str
    display_name: str
    home_region: str
    created_at: str
    status_text: str
    picture: PictureView | None = None


class OwnProfile(Profile, frozen=True, kw_only=True):
    """What others may know of oneself, and one's settings.

    Attributes:
        findable: Whether searches find one by more than the exact handle.
    """

    findable: bool


class Profiles:
    """Finds profiles of users who live here, and says where others live; for callers whose token is verified alone."""

    def __init__(self, *, region: str, store: Pool, directory: Directory, federation: Federation) -> None:
        """Say who knows users of this and of other regions."""
        self._region = region
        self._store = store
        self._directory = directory
        self._federation = federation

    async def by_id(self, user_id: str) -> Profile:
        """Return a user's profile.

        Raises:
            NotFoundError: There is no such user.
            NotTheHolderError: The user lives elsewhere; or was born there, and the directory is away.
            UnavailableError: The directory is needed to tell, and away.
        """
        if not is_user_id(user_id):
            raise NotFoundError(what="user")
        async with self._store.connection() as connection:
            user = await user_by_id(connection, user_id)
        if user is not None and user.confirmed:
            return self._of(user)
        try:
            found = await in_time(self._directory.find_user(user_id))
        except UnavailableError:
            born = region_of(user_id)
            if born == self._region or born not in {known.region for known in self._federation.regions}:
                raise
            raise self._federation.elsewhere(born) from None  # it knows more
        if found is None or found.home == self._region:
            raise NotFoundError(what="user")
        raise self._federation.elsewhere(found.home)

    async def by_handle(self, handle: str) -> Profile:
        """Return the profile of who has that handle.

        Raises:
            NotFoundError: Nobody has.
            NotTheHolderError: The user lives elsewhere.
            UnavailableError: The directory is away.
        """
        found = await in_time(self._directory.find_handle(handle))
        if found is None:
            raise NotFoundError(what="user")
        return await self.by_id(found.user_id)

    def own(self, user: UserRow) -> OwnProfile:
        """Return what a user who lives here is told of themselves."""
        return OwnProfile(**self._shown(user), picture=_picture(user), findable=user.findable)

    def _of(self, user: UserRow) -> Profile:
        return Profile(**self._shown(user), picture=_picture(user))

    def _shown(self, user: UserRow) -> dict[str, str]:
        return {
            "user_id": user.user_id,
            "handle": user.handle,
            "display_name": user.display_name,
            "home_region": self._region,
            "created_at": rfc3339(user.created_at),
            "status_text": user.status_text,
        }


def _picture(user: UserRow) -> PictureView | None:
    return shown(decode_picture(user.picture))
