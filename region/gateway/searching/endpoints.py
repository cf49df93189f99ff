"""The endpoint of searches in one's own history."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator
from starlette.responses import Response

from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, residents
from region.gateway.callers import Callers
from region.gateway.cursors import LARGEST
from region.gateway.guards import Guards
from region.gateway.openapi import answers, at_most
from region.gateway.schemas import answer
from region.gateway.searching.desk import MOST, Searching
from region.gateway.searching.wanted import Wanted, read_cursor, read_kind, read_sender, read_terms, read_time

Words = Annotated[
    str,
    Query(
        max_length=512,
        description='Words, "words in a row", beginnings as in `harb*`; all must be there. 256 characters at most.',
        examples=["lighthouse", '"north pier" harb*'],
    ),
]
Identifier = Annotated[str | None, Query(max_length=64)]
Time = Annotated[str | None, Query(max_length=40, examples=["2026-11-26T00:00:00Z"])]
Since = Annotated[str | None, Query(alias="from", max_length=40, examples=["2026-11-01T00:00:00Z"])]
Kind = Annotated[
    str | None,
    Query(
        max_length=16, description="`direct`, `group` or `channel`: in such conversations; `image`, `file`: with such."
    ),
]


def searching(*, callers: Callers, desk: Searching, guards: Guards) -> APIRouter:
    """Return the endpoint; it comes before those of single messages, whose path is of the same form."""
    router = APIRouter(dependencies=[Depends(BEARER)])

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type

    @router.get("/messages/search", responses=answers(200, "Hits", 400, 401, 404, 421, 422, 429))
    async def find(
        *,
        caller: Resident,
        query: Words,
        conversation_id: Identifier = None,
        sender_id: Identifier = None,
        since: Since = None,
        until: Time = None,
        kind: Kind = None,
        limit: Annotated[int, Query(ge=1), AfterValidator(at_most(MOST))] = 20,
        cursor: Annotated[str | None, Query(max_length=256)] = None,
    ) -> Response:
        """Find messages of one's own history by their words, as one sees them now; the newest first.

        Case and accents do not count. What was deleted, and whatever is not one's to see, is not found.
        """
        wanted = Wanted(
            terms=read_terms(query),
            conversation_id=conversation_id,
            sender_id=read_sender(sender_id),
            since=read_time(since, field="from", missing=-LARGEST),
            until=read_time(until, field="until", missing=LARGEST),
            kind=read_kind(kind),
            limit=limit,
            after=read_cursor(cursor),
        )
        await guards.search(caller.sub)
        return answer(await desk.find(caller.sub, wanted))

    return router
