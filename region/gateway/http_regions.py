"""Endpoints about the region itself: where regions are, and whether this one answers."""

from fastapi import APIRouter
from starlette.responses import Response

from region.accounts.federation import Federation
from region.gateway.openapi import answers
from region.gateway.schemas import Alive, RegionsView, RegionView, answer


def regions(*, region: str, public_url: str, federation: Federation) -> APIRouter:
    """Return the endpoints about regions."""
    router = APIRouter()

    @router.get("/regions", responses=answers(200, "RegionsView"))
    async def list_regions() -> Response:
        """List the regions; any of them serves any user."""
        known = {each.region: each.public_url for each in await federation.whole()}
        known.setdefault(region, public_url)
        return answer(RegionsView([RegionView(name, url) for name, url in sorted(known.items())], region))

    @router.get("/healthz", responses=answers(200, "Alive"))
    async def alive() -> Response:
        """Tell that the region answers."""
        return answer(Alive(ok=True))

    return router
