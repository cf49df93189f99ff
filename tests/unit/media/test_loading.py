"""What a service that stands by has done before its turn comes."""

from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from infra.serve import Host
from region.gateway import service as gateway
from region.media import service as media


@pytest.mark.parametrize("module", [gateway, media])
@pytest.mark.parametrize(("place", "done"), [(object(), ["loaded", "in turn"]), (None, ["in turn"])])
async def test_what_talks_to_the_blob_store_is_there_before_a_turn(
    module: ModuleType, place: object, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a second of a processor, and people wait for who begins; where there is no such store it is not needed."""
    found = list[str]()

    async def in_turn(*_: object, **__: object) -> None:
        found.append("in turn")

    monkeypatch.setattr(module, "read", lambda _: SimpleNamespace(place=place, check=lambda: None))
    monkeypatch.setattr(module, "load", lambda: found.append("loaded"))
    monkeypatch.setattr(module, "in_turn", in_turn)

    await cast("Any", module).service(Host(("gateway",)))

    assert found == done
