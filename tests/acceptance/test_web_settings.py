"""What one chooses in the web app for oneself, and what moderators do there."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect

from chaos.federation import Federation
from tests.acceptance.browsing import CHROMIUM, LISTED, PATIENCE, OpenTab, Tab, listed

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")


def section(page: Page, name: str) -> Locator:
    """A part of the settings."""
    return page.get_by_role("region", name=name, exact=True)


async def open_settings(tab: Tab) -> None:
    """By the list's own link."""
    await tab.page.get_by_role("link", name="Settings").click()
    await expect(tab.page.get_by_role("heading", name="Settings")).to_be_visible()


async def is_drawn(image: Locator) -> None:
    """Wait until an image has come, and is none that cannot be read."""
    await image.page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0", arg=await image.element_handle()
    )


async def log_in(tab: Tab, url: str, handle: str, password: str) -> None:
    """Come in with an account that there is."""
    await tab.page.goto(url)
    await tab.page.get_by_role("button", name="I have an account").click()
    await tab.page.get_by_label("Handle").fill(handle)
    await tab.page.get_by_label("Password").fill(password)
    await tab.page.get_by_role("button", name="Log in").click()


async def test_what_one_is_called_and_how_one_looks_is_seen_by_others(
    open_tab: OpenTab, urls: dict[str, str], tmp_path: Path
) -> None:
    """Name, what one says of the moment and a picture, which may be larger than regions take; and none of it is left when it is taken back."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await open_settings(ada)
    profile = section(ada.page, "Profile")
    await profile.get_by_label("Name").fill("Countess Ada")
    await profile.get_by_label("What you say of the moment").fill("By the sea")
    await profile.get_by_role("button", name="Save").click()
    await expect(profile.get_by_text("Saved.")).to_be_visible()
    Image.effect_noise((2_400, 1_800), 90).convert("RGB").save(tmp_path / "large.png")
    async with ada.page.expect_file_chooser() as chooser:
        await profile.get_by_role("button", name="Choose a picture").click()
    await (await chooser.value).set_files(tmp_path / "large.png")
    await is_drawn(profile.get_by_role("img", name="Picture"))

    ada.name = "Countess Ada"
    await boris.begin_with(ada)
    await expect(boris.page.get_by_text("By the sea")).to_be_visible()
    await is_drawn(boris.page.locator(".talk-head .avatar img"))
    await profile.get_by_role("button", name="Take the picture away").click()
    await expect(profile.get_by_role("img", name="Picture")).to_have_count(0)
    await ada.page.reload()
    await expect(profile.get_by_label("Name")).to_have_value("Countess Ada")
    await expect(profile.get_by_role("img", name="Picture")).to_have_count(0)


async def test_who_wants_to_be_left_alone_is(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """Not found by name, not written to by strangers, and a block is lifted where it is listed; a region that can decide nothing now says so."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    ada.name = f"Ada {ada.handle[-6:]}"
    await ada.register(urls["us"])
    await boris.register(urls["us"])
    await open_settings(ada)
    privacy = section(ada.page, "Privacy")
    await privacy.get_by_role("checkbox", name="Others find me").uncheck()
    await expect(privacy.get_by_text("Saved.")).to_be_visible()
    await privacy.get_by_role("radio", name="My friends alone").check()
    await expect(privacy.get_by_text("Saved.")).to_be_visible()
    await ada.page.reload()
    await expect(privacy.get_by_role("radio", name="My friends alone")).to_be_checked()
    await expect(privacy.get_by_role("checkbox", name="Others find me")).not_to_be_checked()

    await boris.page.get_by_role("link", name="New conversation").first.click()
    await boris.page.get_by_label("Name or handle").fill(ada.name)
    await expect(boris.page.get_by_text("Nobody was found.")).to_be_visible()
    await boris.begin_with(ada)
    await boris.send("Hello, stranger")
    await boris.sees("Hello, stranger", "Refused: They take first messages from friends only.")

    await ada.begin_with(boris)
    await ada.page.get_by_role("link", name=re.compile("@" + boris.handle)).click()
    await ada.page.get_by_role("button", name="Block").click()
    await expect(ada.page.get_by_role("button", name="Lift the block")).to_be_visible()
    await open_settings(ada)
    await privacy.get_by_role("button", name="Lift the block of Boris").click()
    await expect(privacy.get_by_text("You have blocked nobody.")).to_be_visible()

    # The answer is put in its mouth: really to be islanded takes a standby and a silent directory.
    problem = '{"type": "urn:causeway:problem:islanded", "title": "islanded", "status": 409, "code": "islanded", "definite": true, "detail": ""}'
    await ada.page.route(
        "**/settings/writers",
        lambda route: route.fulfill(status=409, content_type="application/problem+json", body=problem),
    )
    await ada.page.reload()
    await expect(ada.page.locator(".banner")).to_contain_text("The region us is islanded")
    await expect(ada.page.get_by_text("nothing of that kind can be decided there now")).to_be_visible()


async def test_devices_are_known_and_logged_out_alone_or_by_a_new_password(
    open_tab: OpenTab, urls: dict[str, str]
) -> None:
    """Home, the region of the page, the region of the connection; who is logged out is told why, and the old password is good for nothing."""
    ada, phone = await open_tab("Ada"), await open_tab("Phone")
    await ada.register(urls["us"])
    await log_in(phone, urls["eu"], ada.handle, f"password of {ada.handle}")
    await open_settings(phone)
    where = section(phone.page, "Where you are")
    for said in ("Your account lives in us.", "This page came from eu.", "It is connected over eu."):
        await expect(where.get_by_text(said)).to_be_visible()
    await open_settings(ada)
    devices = section(ada.page, "Devices")
    await expect(devices.get_by_role("listitem")).to_have_count(2)
    await devices.get_by_role("button", name=re.compile("^Log out ")).click()
    await expect(devices.get_by_role("listitem")).to_have_count(1)
    await expect(phone.page.get_by_text("This device was logged out from another one.")).to_be_visible()

    await log_in(phone, urls["eu"], ada.handle, f"password of {ada.handle}")
    await expect(phone.page.get_by_role("navigation", name=LISTED)).to_be_visible()
    form = section(ada.page, "Password")
    await form.get_by_label("Present password").fill(f"password of {ada.handle}")
    await form.get_by_label("New password", exact=True).fill("a better one")
    await form.get_by_label("New password once more").fill("a bitter one")
    await form.get_by_role("button", name="Change password").click()
    await expect(form.get_by_text("typed in two ways")).to_be_visible()
    await form.get_by_label("New password once more").fill("a better one")
    await form.get_by_role("button", name="Change password").click()

    await expect(form.get_by_text("Your password is changed")).to_be_visible()
    await expect(phone.page.get_by_text("since the password was changed")).to_be_visible()
    await log_in(phone, urls["eu"], ada.handle, f"password of {ada.handle}")
    await expect(phone.page.get_by_text("Handle or password is wrong.")).to_be_visible()
    await phone.page.get_by_label("Password").fill("a better one")
    await phone.page.get_by_role("button", name="Log in").click()
    await expect(phone.page.get_by_role("navigation", name=LISTED)).to_be_visible()
    await ada.page.reload()
    await expect(devices.get_by_role("listitem")).to_have_count(2)


async def test_what_is_reported_reaches_moderators_and_is_decided(
    open_tab: OpenTab, urls: dict[str, str], http: httpx.AsyncClient, whole: Federation
) -> None:
    """Of a message and of somebody, from another region; who is reported learns nothing; a message is deleted, an account suspended and let in again. Nobody else finds the way."""
    ada, rude, mod = await open_tab("Ada"), await open_tab("Rude"), await open_tab("Moderator")
    rude.name = f"Rude {rude.handle[-6:]}"
    await ada.register(urls["us"])
    await rude.register(urls["eu"])
    await mod.register(urls["eu"])
    told: list[str] = []
    rude.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: told.append(str(frame))))
    await rude.page.reload()
    await rude.begin_with(ada)
    await rude.send("Give me your money")
    await listed(ada, rude.name).click()
    await report(ada, "Give me your money")
    await ada.page.get_by_role("link", name="Back").click()
    await ada.send("I have none")
    await rude.sees("I have none")

    await open_settings(mod)
    await expect(section(mod.page, "Devices").get_by_role("listitem")).to_have_count(1)
    await expect(section(mod.page, "Moderation")).to_have_count(0)
    account = {"handle": mod.handle, "password": f"password of {mod.handle}"}
    mod_id = (await http.post(f"{urls['eu']}/login", json=account)).json()["user_id"]
    await whole.act("moderate", "moderator", "eu", mod_id)
    await mod.page.reload()
    await section(mod.page, "Moderation").get_by_role("link").click()
    reports = mod.page.get_by_role("listitem", name=f"{rude.name} is reported")
    async with asyncio.timeout(PATIENCE / 1_000):
        while await reports.count() < 2:  # reports cross regions by themselves
            async with mod.page.expect_response(re.compile("/moderation/reports")):
                await mod.page.get_by_role("button", name="Look again").click()
    await expect(reports.filter(has_text="He asks everybody")).to_contain_text("Give me your money")
    everything = "".join(told)
    assert "I have none" in everything
    assert [word for word in ("He asks everybody", "And again", "report") if word in everything] == []

    mod.page.on("dialog", lambda asked: asked.accept())
    await reports.filter(has_text="Give me your money").get_by_role("button", name="Delete the message for all").click()
    await expect(mod.page.get_by_text("Deleted for everybody")).to_be_visible()
    for tab in (ada, rude):
        await tab.sees("This message was deleted.")
    await expect(reports).to_have_count(1)
    await reports.get_by_role("button", name="Suspend the account").click()
    await reports.get_by_label("Why?").fill("You were rude.")
    await reports.get_by_role("button", name="Suspend", exact=True).click()
    await expect(mod.page.get_by_text(f"{rude.name} is suspended")).to_be_visible()
    await expect(reports).to_have_count(0)
    await expect(rude.page.get_by_text("This account is suspended.")).to_be_visible()
    await mod.page.get_by_role("button", name="Lift the suspension").click()
    await expect(mod.page.get_by_text(f"{rude.name} can log in again.")).to_be_visible()
    await log_in(rude, urls["eu"], rude.handle, f"password of {rude.handle}")
    await expect(rude.page.get_by_role("navigation", name=LISTED)).to_be_visible()


async def report(ada: Tab, text: str) -> None:
    """Report a message of the open conversation, and then whoever wrote it."""
    await ada.message(text).hover()
    await ada.message(text).get_by_role("button", name="More").click()
    await ada.page.get_by_role("menuitem", name="Report").click()
    asked = ada.page.get_by_role("dialog")
    await asked.get_by_label("What is wrong").fill("He asks everybody\nfor money")
    await asked.get_by_role("button", name="Report").click()
    await expect(ada.page.get_by_text("The moderators are told.")).to_be_visible()
    await ada.page.locator(".talk-who").click()
    await ada.page.get_by_role("button", name="Report").click()
    await asked.get_by_label("What is wrong").fill("And again")
    await asked.get_by_role("button", name="Report").click()
    await expect(asked).to_have_count(0)
