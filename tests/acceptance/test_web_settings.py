"""What one chooses in the web app for oneself, and what moderators do there."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect

from chaos.federation import Federation
from chaos.people import Person
from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

MakePerson = Callable[..., Awaitable[Person]]
As = Callable[[Person], dict[str, str]]


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
    """Not found by name, not written to by strangers, and a block is lifted where it is listed."""
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
    await boris.sees("Hello, stranger", "They take first messages from friends only.")

    await ada.begin_with(boris)
    await ada.page.get_by_role("link", name=re.compile("@" + boris.handle)).click()
    await ada.page.get_by_role("button", name="Block").click()
    await expect(ada.page.get_by_role("button", name="Lift the block")).to_be_visible()
    await open_settings(ada)
    await privacy.get_by_role("button", name="Lift the block of Boris").click()
    await expect(privacy.get_by_text("You have blocked nobody.")).to_be_visible()


async def test_a_new_password_logs_other_devices_out(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """They are told why; this one goes on; the old password is good for nothing."""
    ada, phone = await open_tab("Ada"), await open_tab("Phone")
    await ada.register(urls["us"])
    await log_in(phone, urls["eu"], ada.handle, f"password of {ada.handle}")
    await expect(phone.page.get_by_role("navigation", name="Conversations")).to_be_visible()
    await open_settings(ada)
    await expect(section(ada.page, "Devices").get_by_role("listitem")).to_have_count(2)
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
    await expect(phone.page.get_by_role("navigation", name="Conversations")).to_be_visible()
    await ada.page.reload()
    await expect(section(ada.page, "Devices").get_by_role("listitem")).to_have_count(2)


async def test_what_the_browser_keeps_is_told_and_cleared(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """What was seen goes; what was not sent stays, and who is logged in stays so."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["us"])
    await ada.begin_with(boris)
    await ada.send("Seen")
    await ada.sees("Seen", "Received")
    await ada.is_kept()
    await ada.page.context.set_offline(True)
    await ada.send("Not sent")
    await ada.sees("Not sent", "Waiting for a connection")
    await open_settings(ada)
    storage = section(ada.page, "Kept in this browser")
    await expect(storage.get_by_text("1 conversation")).to_be_visible()
    await storage.get_by_role("button", name="Clear what was seen").click()

    await expect(storage.get_by_text("Cleared.")).to_be_visible()
    await expect(storage.get_by_text("0 messages")).to_be_visible()
    await expect(storage.get_by_text("1 message that was not sent yet")).to_be_visible()
    await ada.page.context.set_offline(False)
    await ada.page.reload()
    await ada.page.get_by_role("link", name=re.compile("Boris")).click()
    await ada.sees("Not sent", "Received")
    await ada.sees("Seen")


async def test_moderators_see_what_was_reported_and_decide(  # noqa: PLR0917 — fixtures
    open_tab: OpenTab,
    urls: dict[str, str],
    make_person: MakePerson,
    http: httpx.AsyncClient,
    as_: As,
    whole: Federation,
) -> None:
    """Nobody else finds the way; a message is deleted, a report dismissed, an account suspended and let in again."""
    mod, rude = await open_tab("Moderator"), await open_tab("Rude")
    rude.name = f"Rude {rude.handle[-6:]}"
    await mod.register(urls["us"])
    await rude.register(urls["us"])
    victim = await make_person("us")
    await rude.page.get_by_role("link", name="New conversation").first.click()
    await rude.page.get_by_label("Name or handle").fill(f"@{victim.client.tokens.handle}")
    await rude.page.get_by_role("button", name=re.compile(victim.client.tokens.handle)).click()
    await rude.send("Something rude")
    said = await victim.sees("Something rude")
    for wanted in (
        {"reason": "He is rude", "message_id": said.message_id},
        {"reason": "He is always so", "user_id": said.sender_id},
    ):
        answer = await http.post(f"{urls['us']}/reports", json=wanted, headers=as_(victim))
        assert answer.status_code == 204, answer.text
    await open_settings(mod)
    await expect(section(mod.page, "Devices").get_by_role("listitem")).to_have_count(1)
    await expect(section(mod.page, "Moderation")).to_have_count(0)
    mod_id = (await http.get(f"{urls['us']}/users", params={"handle": mod.handle}, headers=as_(victim))).json()
    await whole.act("moderate", "moderator", "us", mod_id["user_id"])
    await mod.page.reload()

    await section(mod.page, "Moderation").get_by_role("link").click()
    reports = mod.page.get_by_role("listitem", name=f"{rude.name} is reported")
    await expect(reports).to_have_count(2)
    mod.page.on("dialog", lambda dialog: dialog.accept())
    first = reports.filter(has_text="Something rude")
    await first.get_by_role("button", name="Delete the message for all").click()
    await expect(mod.page.get_by_text("Deleted for everybody")).to_be_visible()
    await expect(rude.page.get_by_text("This message was deleted.").last).to_be_visible()
    await expect(reports).to_have_count(1)
    await reports.get_by_role("button", name="Suspend the account").click()
    await reports.get_by_label("Why?").fill("You were rude.")
    await reports.get_by_role("button", name="Suspend", exact=True).click()
    await expect(mod.page.get_by_text(f"{rude.name} is suspended")).to_be_visible()
    await expect(reports).to_have_count(0)
    await expect(rude.page.get_by_text("This account is suspended.")).to_be_visible()
    await mod.page.get_by_role("button", name="Lift the suspension").click()
    await expect(mod.page.get_by_text(f"{rude.name} can log in again.")).to_be_visible()
    await log_in(rude, urls["us"], rude.handle, f"password of {rude.handle}")
    await expect(rude.page.get_by_role("navigation", name="Conversations")).to_be_visible()
