"""The web app wherever one is: without a network, in another language, from right to left, on a home screen, and while one looks at something else."""

import re
from typing import Final

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.browsing import CHROMIUM, LISTED, OpenTab, Tab
from tests.acceptance.test_web_accessible import DESKTOP, PHONE
from tests.acceptance.test_web_talk import listed, make_group

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


async def two_who_talk(open_tab: OpenTab, urls: dict[str, str]) -> tuple[Tab, Tab]:
    """Ada in us and Boris in eu, who have both said something."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await ada.begin_with(boris)
    await ada.send("Hello across the sea")
    await listed(boris, "Ada").click()
    await boris.send("And back")
    await ada.sees("And back")
    return ada, boris


async def test_what_was_seen_is_there_without_a_network(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """A page that is opened then shows the list and what was read, takes what is written, and sends it once there is a network."""
    ada, boris = await two_who_talk(open_tab, urls)
    await make_group(ada, "Travellers", boris)
    await ada.send("Who is where?")
    await boris.sees("Who is where?")
    await ada.is_kept()
    await ada.page.context.set_offline(True)
    await ada.page.reload()

    await ada.sees("Who is where?")
    await listed(ada, "Boris").click()
    await ada.sees("And back")
    await ada.send("Written without a network")
    await ada.sees("Written without a network", "Waiting for a connection")
    await ada.page.reload()
    await ada.sees("Written without a network", "Waiting for a connection")
    await expect(listed(ada, "Travellers")).to_contain_text("Who is where?")
    await ada.page.context.set_offline(False)
    await ada.sees("Written without a network", "Received")
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


async def test_it_can_be_read_from_right_to_left(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """Everything changes sides, nothing stands beyond the edge, on a desktop and on a phone; each text goes its own way."""
    ada, _ = await two_who_talk(open_tab, urls)
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
        await ada.page.set_viewport_size(size)  # type: ignore[arg-type]  # a plain dict
        assert await ada.page.evaluate(OVERFLOW) == 0
    await ada.page.get_by_role("link", name="Back").click()
    await expect(ada.page.get_by_role("navigation", name=LISTED)).to_be_visible()
    assert await ada.page.evaluate(OVERFLOW) == 0


async def test_a_browser_may_install_it(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """The browser itself finds nothing wrong with how it is described; but that a private window installs nothing."""
    ada = await open_tab("Ada")
    await ada.register(urls["us"])
    await ada.is_kept()
    session = await ada.page.context.new_cdp_session(ada.page)

    manifest = await session.send("Page.getAppManifest")
    found = await session.send("Page.getInstallabilityErrors")

    assert manifest["url"] == f"{urls['us']}/web/causeway.webmanifest"
    assert manifest["errors"] == []
    assert {one["errorId"] for one in found["installabilityErrors"]} <= {"in-incognito"}


async def test_who_looks_at_something_else_is_told_of_messages(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """By whom, and what; not of what is muted; and nothing of what it says, if one wants that."""
    ada, boris = await two_who_talk(open_tab, urls)
    await make_group(ada, "Travellers", boris)
    await listed(ada, "Travellers").click()
    await ada.page.locator(".talk-who").click()
    await ada.page.get_by_role("button", name="Mute").click()
    await expect(ada.page.get_by_role("button", name="Unmute")).to_be_visible()
    await ada.page.context.grant_permissions(["notifications"])
    await ada.is_kept()
    await ada.page.get_by_role("link", name="Settings").click()
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
