"""Pages hold messages alone, unless the log is asked for: at every endpoint that gives pages."""

from typing import cast

import httpx
import pytest

from region.accounts.tokens import AccessClaims
from region.gateway.callers import Callers
from region.gateway.channels.desk import ChannelDesk
from region.gateway.channels.endpoints import channels
from region.gateway.groups.desk import Desk
from region.gateway.groups.endpoints import groups
from region.gateway.guards import Guards
from region.gateway.http import make_app
from region.gateway.http_messages import messages
from region.gateway.messages import Asked, Messages
from region.gateway.schemas import Page

GROUP, CHANNEL = "g" + "0" * 32 + "-us", "c" + "0" * 32 + "-us"


class Everything:
    """Whatever endpoints call: it notes which page is asked for."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    async def resident(self, *_: object) -> AccessClaims:
        """Everybody is somebody."""
        return AccessClaims(sub="u" + "0" * 24 + "-us", home="us", epoch=1, device="v1", iss="us", iat=0, exp=0)

    async def page(self, _: AccessClaims, asked: Asked) -> Page:
        """An empty one."""
        self.asked.append(asked)
        return Page(asked.conversation_id or "", [], None, None)


@pytest.mark.parametrize(
    "path", [f"/messages?conversation_id={GROUP}", f"/groups/{GROUP}/messages?", f"/channels/{CHANNEL}/messages?"]
)
async def test_the_log_is_asked_for_by_name(path: str) -> None:
    """By default it is not; what is neither true nor false is refused."""
    everything = Everything()
    callers, guards = cast("Callers", everything), cast("Guards", everything)
    paging = cast("Messages", everything)
    routers = {
        "messages": messages(callers=callers, messages=paging, guards=guards),
        "groups": groups(callers=callers, desk=cast("Desk", everything), messages=paging, guards=guards),
        "channels": channels(callers=callers, desk=cast("ChannelDesk", everything), guards=guards),
    }
    transport = httpx.ASGITransport(make_app(routers))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://us", headers={"Authorization": "Bearer t"}
    ) as http:
        for more, wanted in (("", 200), ("&log=true", 200), ("&log=false", 200), ("&log=whole", 422)):
            answer = await http.get(f"{path}{more}")
            assert answer.status_code == wanted, answer.text
    assert [asked.log for asked in everything.asked] == [False, True, False]


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (200, 200), (201, 200), (10**30, 200)])
async def test_no_page_has_more_than_a_page_has(asked: int, given: int) -> None:
    """Who asks for more gets that."""
    everything = Everything()
    routers = {
        "messages": messages(
            callers=cast("Callers", everything),
            messages=cast("Messages", everything),
            guards=cast("Guards", everything),
        )
    }
    transport = httpx.ASGITransport(make_app(routers))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://us", headers={"Authorization": "Bearer t"}
    ) as http:
        answer = await http.get("/messages", params={"conversation_id": GROUP, "limit": asked})
        assert answer.status_code == 200, answer.text
        assert (await http.get("/messages", params={"conversation_id": GROUP, "limit": 0})).status_code == 422
    assert [one.limit for one in everything.asked] == [given]
