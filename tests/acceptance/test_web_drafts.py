"""Drafts in the web app on two browsers of one person: what is typed on one is gone on with on the other."""

import re

import pytest
from playwright.async_api import expect

from tests.acceptance.browsing import CHROMIUM, LISTED, OpenTab
from tests.acceptance.test_web_settings import log_in

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")


async def test_a_draft_goes_on_in_another_browser(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """It is shown in the list and where one writes; a change goes back, and what was sent is nobody's draft any more."""
    ada, boris, second = await open_tab("Ada"), await open_tab("Boris"), await open_tab("Ada")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await ada.begin_with(boris)
    await ada.send("Hello")
    await ada.sees("Hello", "Received")
    await log_in(second, urls["eu"], ada.handle, f"password of {ada.handle}")
    await expect(second.page.get_by_role("navigation", name=LISTED)).to_be_visible()

    await ada.input.fill("I will be")
    listed = second.page.get_by_role("link", name=re.compile("Boris"))
    await expect(listed).to_contain_text("Draft: I will be")
    await listed.click()
    await expect(second.input).to_have_value("I will be")
    await second.input.fill("I will be there")
    await expect(ada.input).to_have_value("I will be there")

    await second.input.press("Enter")
    await second.sees("I will be there")
    await ada.sees("I will be there")
    await expect(ada.input).to_have_value("")
    await ada.page.reload()
    await ada.sees("I will be there")
    await expect(ada.input).to_have_value("")
