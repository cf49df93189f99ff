"""The web app in a browser, as people use it: two of them, in two regions."""

import pytest
from playwright.async_api import expect

from chaos.federation import Federation
from tests.acceptance.browsing import CHROMIUM, OpenTab, listed

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

NAMES_TOKENS = """() => [...Object.entries(localStorage), ...Object.entries(sessionStorage), ...Object.entries(window)]
    .filter(([_, value]) => typeof value === "string" && value.startsWith("eyJ")).map(([name]) => name)"""


async def test_two_people_of_two_regions_talk_with_and_without_a_cable(
    open_tab: OpenTab, urls: dict[str, str], whole: Federation
) -> None:
    """They register, find each other, see what became of each message, and lose nothing by a reload; without the cable a message says for which region it waits, and arrives later, once, in order."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])

    await ada.begin_with(boris)
    await ada.send("Hello across the sea")
    await expect(boris.page.get_by_label("1 unread message")).to_be_visible()
    await ada.sees("Hello across the sea", "Received")

    await listed(boris, "Ada").click()
    await boris.sees("Hello across the sea")
    await ada.sees("Hello across the sea", "Read")
    await boris.send("And back")
    await ada.sees("And back")

    await ada.input.fill("Typed, and not sent")
    await ada.page.reload()
    await ada.sees("Hello across the sea", "Read")
    await ada.sees("And back")
    await expect(ada.input).to_have_value("Typed, and not sent")
    assert await ada.page.evaluate(NAMES_TOKENS) == []

    owner = ada.page.url.rpartition("-")[2]
    there, here = (ada, boris) if owner == "eu" else (boris, ada)
    await whole.act("local", "cut", "us-eu")
    await there.send("First, without a cable")
    await there.send("Second, without a cable")
    await there.sees("First, without a cable", f"Queued for {owner}")
    await there.page.reload()
    await there.sees("Second, without a cable", f"Queued for {owner}")
    await whole.act("local", "heal")

    await here.sees("Second, without a cable")
    texts = await here.page.get_by_role("article").all_inner_texts()
    assert [text.split("\n")[0] for text in texts if "without a cable" in text] == [
        "First, without a cable",
        "Second, without a cable",
    ]
    await there.sees("First, without a cable", "Read")
