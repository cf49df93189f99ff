"""The link proxy and the supervisor run on uvloop, whose transports differ: so do their tests."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run this directory's tests on uvloop."""
    return {"uvloop": uvloop.new_event_loop}
