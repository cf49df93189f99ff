"""Messages in the web app, in browsers of two regions: answered, changed, taken back, found again, and read from where one left off."""

import asyncio
import re
from typing import Final

import httpx
import pytest
from playwright.async_api import Dialog, Locator, Route, expect

from tests.acceptance.browsing import CHROMIUM, LISTED, STANDS, OpenTab, Tab, listed, two_who_talk
from tests.acceptance.test_web_settings import log_in
from tests.acceptance.test_web_talk import choose

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

OLDER: Final = re.compile(r"/messages\?.*before=")
STILL: Final = 2
"""Pixels by which what one reads may move when older messages come above it."""


async def accept(asked: Dialog) -> None:
    """Say yes to what the browser asks."""
    await asked.accept()


async def write(http: httpx.AsyncClient, url: str, by: Tab, conversation: str, texts: list[str]) -> None:
    """Have somebody write, by another device than the browser."""
    account = {"handle": by.handle, "password": f"password of {by.handle}"}
    tokens = (await http.post(f"{url}/login", json=account)).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    for text in texts:
        body = {"conversation_id": conversation, "text": text}
        answer = await http.post(f"{url}/messages", json=body, headers=bearer)
        assert answer.status_code == 201, answer.text


async def is_in_view(one: Locator) -> bool:
    """Return whether the top of something is in the window, once that has stopped to move; false if it is not there."""
    if not await one.count():
        return False
    return float(await one.evaluate(STANDS)) > 0


async def test_a_message_is_answered_reacted_to_edited_and_deleted(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """Each is seen in the other region at once, and that the other one types is; what one deletes for oneself others go on to see."""
    ada, boris = await two_who_talk(open_tab, urls)
    await boris.message("across the sea").hover()
    await boris.message("across the sea").get_by_role("button", name="More").click()
    await boris.page.get_by_role("menuitemcheckbox", name="React with 🎉").click()
    reaction = ada.message("across the sea").get_by_role("button", name="React with 🎉")
    await expect(reaction).to_have_text("🎉 1")
    await reaction.click()
    await expect(boris.message("across the sea").get_by_role("button", name="React with 🎉")).to_have_text("🎉 2")

    await choose(ada, "across the sea", "Edit")
    await ada.input.fill("Hello across the north sea")
    await ada.page.get_by_role("button", name="Save").click()
    await boris.sees("Hello across the north sea")
    await expect(boris.message("north sea").get_by_text("edited")).to_be_visible()

    await boris.input.press_sequentially("On my")
    await expect(ada.page.locator(".talk-head").get_by_text("Boris is typing…")).to_be_visible()
    await boris.input.fill("")
    await boris.message("north sea").hover()
    await boris.message("north sea").get_by_role("button", name="Answer").click()
    await boris.send("On my way")
    answer = ada.message("On my way")
    await expect(answer.get_by_role("button", name=re.compile("Ada.*Hello across the north sea"))).to_be_visible()

    boris.page.on("dialog", accept)
    await choose(boris, "On my way", "Delete for all")
    await ada.sees("This message was deleted.")
    await expect(answer).to_have_count(0)
    await expect(boris.message("On my way")).to_have_count(0)  # it quotes what is chosen next
    await choose(boris, "north sea", "Delete for me")
    await expect(boris.message("north sea")).to_have_count(0)
    await ada.send("Still here")
    await boris.sees("Still here")
    await boris.page.reload()
    await boris.sees("Still here")
    await expect(boris.message("north sea")).to_have_count(0)
    await ada.sees("north sea", "Read")


async def test_a_message_is_found_by_its_words_and_shown_among_its_neighbours(
    open_tab: OpenTab, urls: dict[str, str], http: httpx.AsyncClient
) -> None:
    """However long ago it was said, and in whichever region; from there one goes back to the newest. What is unread since long ago is found likewise."""
    ada, boris = await two_who_talk(open_tab, urls)
    conversation = ada.page.url.rpartition("/")[2]
    lines = [f"Line {number:03}" for number in range(120)]
    lines[40] = "Beware of the lighthouse keeper"
    await write(http, urls["us"], ada, conversation, lines)
    await boris.sees("Line 119")
    await ada.sees("Line 119", "Read")  # else the page opens where one had not read yet

    await boris.page.reload()
    await boris.sees("Line 119")
    await boris.page.get_by_role("searchbox", name="Search").fill("lighthouse")
    hits = boris.page.get_by_role("region", name="Messages")
    await hits.get_by_role("link", name=re.compile("lighthouse")).click()
    await expect(boris.page.get_by_text("Around a message that was found")).to_be_visible()
    for text in ("Line 039", "lighthouse keeper", "Line 041"):
        await expect(boris.message(text)).to_be_in_viewport()
    await boris.page.get_by_role("link", name="To the newest").click()
    await expect(boris.message("Line 119")).to_be_in_viewport()

    await ada.sees("Line 119", "Read")
    await boris.page.get_by_role("link", name="Settings").click()
    await boris.page.reload()
    await write(http, urls["us"], ada, conversation, [f"Line {number:03}" for number in range(120, 340)])
    await expect(listed(boris, "Ada").get_by_role("img", name="220 unread messages")).to_be_visible()
    await listed(boris, "Ada").click()
    await expect(boris.message("Line 339")).to_be_in_viewport()
    await boris.page.get_by_role("link", name="To the first unread message").click()
    await expect(boris.message("Line 120")).to_be_in_viewport()


async def test_one_reads_on_where_one_left_off_and_keeps_the_place_when_older_messages_come(
    open_tab: OpenTab, urls: dict[str, str], http: httpx.AsyncClient
) -> None:
    """More is unread than a page holds, and the browser has kept what was read; another browser reads back from the end."""
    ada, boris = await two_who_talk(open_tab, urls)
    conversation = ada.page.url.rpartition("/")[2]
    await write(http, urls["us"], ada, conversation, [f"Line {number:03}" for number in range(10)])
    await boris.sees("Line 009")
    await ada.sees("Line 009", "Read")
    await boris.page.get_by_role("link", name="Settings").click()
    await boris.page.reload()
    await write(http, urls["us"], ada, conversation, [f"Line {number:03}" for number in range(10, 110)])
    await expect(listed(boris, "Ada").get_by_role("img", name="100 unread messages")).to_be_visible()

    await listed(boris, "Ada").click()
    await expect(boris.message("Line 010")).to_be_in_viewport(ratio=1)
    await expect(boris.page.get_by_text("New messages")).to_be_in_viewport()
    await expect(boris.message("Line 109")).not_to_be_in_viewport()
    await boris.page.get_by_role("button", name="To the newest").click()
    await expect(boris.message("Line 109")).to_be_in_viewport()
    await ada.sees("Line 109", "Read")

    second = await open_tab("Boris")
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await second.page.route(OLDER, hold)
    await log_in(second, urls["ap"], boris.handle, f"password of {boris.handle}")
    await expect(second.page.get_by_role("navigation", name=LISTED)).to_be_visible()
    async with second.page.expect_request(OLDER):
        await listed(second, "Ada").click()
        await expect(second.message("Line 109")).to_be_in_viewport()
        await second.page.get_by_role("log").hover()
        while not await is_in_view(second.message("Line 060")):
            await second.page.mouse.wheel(0, -300)
    place = second.message("Line 064")
    before = await place.evaluate(STANDS)
    held.set()
    await expect(second.message("Line 055")).to_be_attached()
    assert abs(await place.evaluate(STANDS) - before) <= STILL
