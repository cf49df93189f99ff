"""The web app wherever one is: without a network, in another language, from right to left, on a home screen, and while one looks at something else."""

import re
from typing import Final

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.browsing import CHROMIUM, LISTED, OpenTab, Tab, listed, two_who_talk
from tests.acceptance.test_web_accessible import DESKTOP, PHONE
from tests.acceptance.test_web_settings import open_settings, section
from tests.acceptance.test_web_talk import make_group

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

LOOK_AWAY: Final = """() => {
    window.told = [];
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
    ServiceWorkerRegistration.prototype.showNotification = async (title, { body, data }) => { window.told.push([title, body, data]); };
}"""
"""Nobody looks at the page any more, and what it would show instead is written down: no test sees what a desktop shows."""
OVERFLOW: Final = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def left_of(one: Locator) -> float:
    """Return where something begins, pixels from the left."""
    box = await one.bounding_box()
    assert box is not None
    return box["x"]


async def can_be_installed(tab: Tab, url: str) -> None:
    """The browser itself finds nothing wrong with how it is described; but that a private window installs nothing."""
    session = await tab.page.context.new_cdp_session(tab.page)
    manifest = await session.send("Page.getAppManifest")
    found = await session.send("Page.getInstallabilityErrors")

    assert manifest["url"] == f"{url}/web/causeway.webmanifest"
    assert manifest["errors"] == []
    assert {one["errorId"] for one in found["installabilityErrors"]} <= {"in-incognito"}


async def test_it_is_there_without_a_network(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """As an installed app is: what was seen is shown, what is written waits and is sent once there is a network; what the browser keeps is told, and what was seen is cleared."""
    ada, boris = await two_who_talk(open_tab, urls)
    await make_group(ada, "Travellers", boris)
    await ada.send("Who is where?")
    await boris.sees("Who is where?")
    await ada.is_kept()
    await can_be_installed(ada, urls["us"])
    await ada.page.context.set_offline(True)
    await expect(ada.page.get_by_text("No network.")).to_be_visible()
    await ada.page.reload()

    await ada.sees("Who is where?")
    await listed(ada, "Boris").click()
    await ada.sees("Hello across the sea")
    await ada.send("Written without a network")
    await ada.sees("Written without a network", "Waiting for a connection")
    await ada.page.reload()
    await ada.sees("Written without a network", "Waiting for a connection")
    await expect(listed(ada, "Travellers")).to_contain_text("Who is where?")

    await open_settings(ada)
    storage = section(ada.page, "Kept in this browser")
    await expect(storage.get_by_text("2 conversations")).to_be_visible()
    await storage.get_by_role("button", name="Clear what was seen").click()
    await expect(storage.get_by_text("Cleared.")).to_be_visible()
    await expect(storage.get_by_text("0 messages")).to_be_visible()
    await expect(storage.get_by_text("1 message that was not sent yet")).to_be_visible()
    await ada.page.context.set_offline(False)
    await ada.page.reload()
    await listed(ada, "Boris").click()
    await ada.sees("Written without a network", "Received")
    await ada.sees("Hello across the sea")
    await listed(boris, "Ada").click()
    await boris.sees("Written without a network")


async def test_it_speaks_russian(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """From the first page on, and after a reload; what is counted is counted as Russian does."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await boris.register(urls["eu"])
    await ada.page.goto(urls["us"])
    await ada.page.get_by_role("button", name="Русский").click()
    await expect(ada.page.get_by_role("heading", name="Разговор через море")).to_be_visible()
    await ada.page.get_by_label("Имя пользователя").fill(ada.handle)
    await ada.page.get_by_label("Ваше имя").fill("Ada")
    await ada.page.get_by_label("Пароль").fill(f"password of {ada.handle}")
    await ada.page.get_by_role("button", name="Создать учётную запись").click()
    await expect(ada.page.get_by_role("navigation", name="Беседы")).to_be_visible()
    assert await ada.page.evaluate("document.documentElement.lang") == "ru"

    await boris.begin_with(ada)
    for text in ("One", "Two"):
        await boris.send(text)
    await expect(ada.page.get_by_label("2 непрочитанных сообщения")).to_be_visible()
    await ada.page.reload()
    await ada.page.get_by_role("link", name=re.compile("Boris")).click()
    await ada.page.get_by_role("textbox", name="Сообщение").fill("Привет")
    await ada.page.get_by_role("button", name="Отправить").click()
    await boris.sees("Привет")


async def reads_from_right_to_left(ada: Tab) -> None:
    """Everything changes sides, nothing stands beyond the edge, on a desktop and on a phone; each text goes its own way."""
    await ada.send("שלום מעבר לים")
    await ada.sees("שלום מעבר לים")
    sidebar, own, other = (
        ada.page.locator(".sidebar"),
        ada.message("Hello across").locator(".bubble"),
        ada.message("And back").locator(".bubble"),
    )
    assert await left_of(sidebar) < await left_of(own)
    assert await left_of(other) < await left_of(own)
    await ada.page.evaluate("document.documentElement.dir = 'rtl'")

    assert await left_of(own) < await left_of(other)
    assert await left_of(own) < await left_of(sidebar)
    for size in (DESKTOP, PHONE):
        await ada.page.set_viewport_size(size)
        assert await ada.page.evaluate(OVERFLOW) == 0
    await ada.page.get_by_role("link", name="Back").click()
    await expect(ada.page.get_by_role("navigation", name=LISTED)).to_be_visible()
    assert await ada.page.evaluate(OVERFLOW) == 0
    await ada.page.set_viewport_size(DESKTOP)
    await ada.page.evaluate("document.documentElement.dir = 'ltr'")


async def test_it_reads_from_right_to_left_and_tells_of_messages_whoever_looks_away(
    open_tab: OpenTab, urls: dict[str, str]
) -> None:
    """Who writes, and what; nothing of what is muted; and nothing of what it says, if one wants that."""
    ada, boris = await two_who_talk(open_tab, urls)
    await boris.send("And back")
    await ada.sees("And back")
    await reads_from_right_to_left(ada)
    await make_group(ada, "Travellers", boris)
    await listed(ada, "Travellers").click()
    await ada.page.locator(".talk-who").click()
    await ada.page.get_by_role("button", name="Mute").click()
    await expect(ada.page.get_by_role("button", name="Unmute")).to_be_visible()
    await ada.page.context.grant_permissions(["notifications"])
    await ada.is_kept()
    await open_settings(ada)
    await ada.page.evaluate(LOOK_AWAY)

    await boris.send("In the muted group")
    await listed(boris, "Ada").click()
    conversation = boris.page.url.rpartition("/")[2]
    await boris.send("Are you there?")
    await ada.page.wait_for_function("() => window.told.length > 0")
    assert await ada.page.evaluate("window.told") == [["Boris", "Are you there?", f"/web/c/{conversation}"]]

    await ada.page.get_by_label("That somebody writes").check()
    await boris.send("A secret")
    await ada.page.wait_for_function("() => window.told.length > 1")
    assert (await ada.page.evaluate("window.told"))[1][:2] == ["Causeway", ""]
