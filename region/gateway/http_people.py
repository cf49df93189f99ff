"""Endpoints of profiles: one's own, another user's, and finding users in all regions."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator
from starlette.responses import Response

from infra.errors import InvalidFieldError
from region.accounts.appearance import Appearance, Wish
from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, bearer_of, residents
from region.gateway.callers import Callers
from region.gateway.guards import Guards
from region.gateway.openapi import answers, at_most, either, takes
from region.gateway.people.here import MOST
from region.gateway.people.search import Search
from region.gateway.pictures import Choose, wished
from region.gateway.profiles import Profiles
from region.gateway.schemas import ProfileRequest, answer, body_of


def people(
    *,
    appearance: Appearance,
    callers: Callers,
    profiles: Profiles,
    search: Search,
    guards: Guards,
    choose: Choose,
    changed: Callable[[str], None],
) -> APIRouter:
    """Return the endpoints of profiles; `changed` has it told that a user's has changed."""
    router = APIRouter(dependencies=[Depends(BEARER)])

    async def anybody(request: Request) -> AccessClaims:
        return await callers.anybody(bearer_of(request))

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type
    Anybody = Annotated[AccessClaims, Depends(anybody)]  # noqa: N806 — it is a type

    @router.get("/users/me", responses=answers(200, "OwnProfile", 401, 404, 421))
    async def own(caller: Resident) -> Response:
        """Return one's own profile and settings."""
        return answer(profiles.own(await appearance.own(caller)))

    @router.patch(
        "/users/me",
        responses=answers(200, "OwnProfile", 400, 401, 404, 409, 413, 421, 422, 429),
        openapi_extra=takes(
            "ProfileRequest", {"display_name": "Ada Lovelace", "status_text": "At sea", "findable": True}
        ),
    )
    async def change(request: Request, caller: Resident) -> Response:
        """Change what others see of oneself, and whether searches find one. The same again changes nothing more."""
        wanted = await body_of(request, ProfileRequest)
        await guards.profile(caller.sub)
        picture = await wished(choose, caller.sub, wanted.picture)
        wish = Wish(wanted.display_name, wanted.status_text, wanted.findable, picture)
        found = profiles.own(await appearance.change(caller, wish))
        changed(caller.sub)
        return answer(found)

    @router.get("/users/{user_id}", responses=answers(200, "Profile", 401, 404, 421))
    async def user(user_id: str, _: Anybody) -> Response:
        """Return a user of any region."""
        return answer(await profiles.by_id(user_id))

    @router.get("/users", responses=either(answers(200, None, 400, 401, 404, 421, 422, 429), 200, "Profile", "People"))
    async def find(
        caller: Anybody,
        handle: Annotated[str | None, Query(max_length=128)] = None,
        query: Annotated[str | None, Query(max_length=256)] = None,
        limit: Annotated[int, Query(ge=1), AfterValidator(at_most(MOST))] = 20,
        cursor: Annotated[str | None, Query(max_length=1024)] = None,
    ) -> Response:
        """Return the user of exactly that `handle`, whatever its case; or, by `query`, users of all regions.

        A query is the beginning of a handle or of any word of a display name, whatever case and accents. The exact handle comes
        first, then handles, then whole words, then beginnings of words; the shorter before the longer.
        """
        if (handle is None) == (query is None):
            raise InvalidFieldError(field="handle", reason="give either handle or query")
        if handle is not None:
            return answer(await profiles.by_handle(handle))
        await guards.find(caller.sub)
        return answer(await search.find(query or "", limit=limit, cursor=cursor))

    return router
