"""Leaving the web app in a browser of several tabs: what one was just writing is nobody else's who logs in there, not even in a tab that had slept."""

import asyncio

import pytest
from playwright.async_api import CDPSession, Page, expect

from tests.acceptance.browsing import CHROMIUM, LISTED, PATIENCE, OpenTab, Tab, listed, two_who_talk
from tests.acceptance.test_web_settings import log_in, open_settings

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

KEPT = """async () => {
    const kept = Object.entries(localStorage).map(([name, value]) => `${name} ${value}`);
    for (const { name, version } of await indexedDB.databases()) {
        const database = await new Promise((resolve, reject) => {
            const opening = indexedDB.open(name, version);
            opening.onsuccess = () => resolve(opening.result);
            opening.onerror = () => reject(opening.error);
            opening.onblocked = () => reject(new Error(`${name} is held up by another tab`));
        });
        for (const store of database.objectStoreNames) {
            const all = await new Promise((resolve, reject) => {
                const reading = database.transaction(store).objectStore(store).getAll();
                reading.onsuccess = () => resolve(reading.result);
                reading.onerror = () => reject(reading.error);
            });
            kept.push(...all.map((each) => `${name} ${store} ${JSON.stringify(each)}`));
        }
        database.close();
    }
    return kept;
}"""
"""All that a browser keeps of this origin."""
TYPES = """text => setTimeout(async () => {
    debugger; // here it is stopped; nothing else of the page comes between this and what follows
    const field = document.querySelector(".composer textarea");
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await null;
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    sessionStorage.setItem("woken", "and typed");
})"""
"""Stops where a debugger listens; woken, types and sends something at once, and notes in the tab that it has."""
OURS = "Only Ada is to know"


async def another(tab: Tab, url: str) -> Tab:
    """One more tab of the same browser: the same device, if somebody is logged in."""
    opened = Tab(await tab.page.context.new_page(), tab.name, tab.handle, tab.wrong)
    opened.page.on("console", opened.note)
    opened.page.on("pageerror", lambda error: opened.wrong.append(str(error)))
    await opened.page.goto(url)
    return opened


async def log_out(tab: Tab) -> None:
    """By the settings; whatever is asked about what was not sent is agreed to."""
    tab.page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await open_settings(tab)
    await tab.page.get_by_role("button", name="Log out", exact=True).click()
    await is_out(tab)


async def is_out(tab: Tab) -> None:
    """Wait for the first page, as who is new sees it."""
    await expect(tab.page.get_by_role("button", name="Create account")).to_be_visible()


async def finds_nothing_of_hers(boris: Tab, seen_by: Tab, said: str) -> None:
    """Boris, in her browser, has nothing where he writes and in the outbox; what he sends is all that comes of it; and the browser keeps no word of hers."""
    await listed(boris, "Ada").click()
    await expect(boris.input).to_have_value("")
    await boris.send(said)
    await boris.sees(said, "Read")
    await seen_by.sees(said)
    for tab in (boris, seen_by):
        await expect(tab.message(OURS)).to_have_count(0)
    kept: list[str] = await boris.page.evaluate(KEPT)
    assert any(said in one for one in kept), "the browser is to keep what he has seen"
    assert [one for one in kept if OURS in one] == []


async def test_what_one_was_writing_is_nobody_elses_who_logs_in_there(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """She has a draft in one tab, and a message without a network in another, and leaves in a third; Boris logs in: to him nothing of it is shown, and none is sent in his name."""
    ada, boris = await two_who_talk(open_tab, urls)
    other = await open_tab("Ada")
    await log_in(other, urls["us"], ada.handle, f"password of {ada.handle}")
    await listed(other, "Boris").click()
    second = await another(ada, ada.page.url)
    await second.sees("Hello across the sea")
    third = await another(ada, urls["us"])
    await expect(third.page.get_by_role("navigation", name=LISTED)).to_be_visible()
    await third.is_kept()
    await ada.page.context.set_offline(True)
    await expect(second.page.get_by_text("No network.")).to_be_visible()
    await second.send(f"{OURS}, sent")
    await second.sees(OURS, "Waiting for a connection")
    await ada.input.fill(f"{OURS}, a draft")
    await open_settings(third)
    third.page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await third.page.get_by_role("button", name="Log out", exact=True).click()
    for tab in (
        ada,
        second,
    ):  # at once, though no region could be told yet; how the page comes anew is the app's own business
        await is_out(tab)
    await is_out(third)
    await ada.page.context.set_offline(False)

    await log_in(second, urls["us"], boris.handle, f"password of {boris.handle}")
    await finds_nothing_of_hers(second, other, "Hello from Boris")
    await ada.page.reload()
    await expect(listed(ada, "Ada")).to_be_visible()  # a tab of the same browser is the same device
    await log_out(second)
    await is_out(ada)


async def test_a_tab_that_sleeps_meanwhile_writes_nothing_when_it_wakes(
    open_tab: OpenTab, urls: dict[str, str]
) -> None:
    """Stopped with a draft of hers, while another tab logs out and in as Boris; woken, it goes on typing at once, and is Boris's."""
    ada, boris = await two_who_talk(open_tab, urls)
    other = await open_tab("Ada")
    await log_in(other, urls["us"], ada.handle, f"password of {ada.handle}")
    await listed(other, "Boris").click()
    second = await another(ada, urls["us"])
    await ada.input.fill(OURS)
    control = await stop(ada.page, TYPES, f"{OURS} too")
    await log_out(second)
    await log_in(second, urls["us"], boris.handle, f"password of {boris.handle}")
    await expect(listed(second, "Ada")).to_be_visible()
    await wake(control)

    await expect(listed(ada, "Ada")).to_be_visible()  # the page was loaded anew under the typing
    assert await ada.page.evaluate("sessionStorage.getItem('woken')") == "and typed"
    await finds_nothing_of_hers(second, other, "Hello from Boris")
    await finds_nothing_of_hers(ada, other, "Once more")


async def stop(page: Page, script: str, given: str) -> CDPSession:
    """Stop a page in its tracks, as browsers do with tabs that sleep, where the script says so: nothing of it runs, whatever happens, until it is woken."""
    control = await page.context.new_cdp_session(page)
    paused = asyncio.Event()
    control.on("Debugger.paused", lambda _: paused.set())
    await control.send("Debugger.enable")
    running = asyncio.ensure_future(page.evaluate(script, given))
    running.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    async with asyncio.timeout(PATIENCE / 1_000):
        await paused.wait()
    return control


async def wake(control: CDPSession) -> None:
    """Let it go on."""
    await control.send("Debugger.resume")
    await control.send("Debugger.disable")
