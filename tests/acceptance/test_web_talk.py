"""What people do inside conversations in the web app, in browsers of two regions: pin, forward, mention, report, look closer."""

import re

import httpx
import pytest
from playwright.async_api import Locator, expect

from chaos.federation import Federation
from tests.acceptance.browsing import CHROMIUM, OpenTab, Tab
from tests.acceptance.test_web_accessible import Inspector
from tests.acceptance.test_web_settings import log_in

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium; CAUSEWAY_CHROMIUM names one")

SOON = 5_000


async def choose(tab: Tab, text: str, item: str) -> None:
    """Choose something from the menu of the message that says so."""
    message = tab.message(text)
    await message.hover()
    await message.get_by_role("button", name="More").click()
    await tab.page.get_by_role("menuitem", name=item, exact=True).click()


async def is_offered(tab: Tab, text: str, offered: str, *, not_offered: tuple[str, ...]) -> None:
    """Look at the menu of a message that can neither be answered nor reacted to."""
    message = tab.message(text)
    await message.hover()
    await message.get_by_role("button", name="More").click()
    await expect(tab.page.get_by_role("menuitem", name=offered, exact=True)).to_be_visible()
    for item in not_offered:
        await expect(tab.page.get_by_role("menuitem", name=item, exact=True)).to_have_count(0)
    await expect(tab.page.get_by_role("menuitemcheckbox")).to_have_count(0)
    await expect(message.get_by_role("button", name="Answer")).to_have_count(0)
    await tab.page.keyboard.press("Escape")


def listed(tab: Tab, name: str) -> Locator:
    """The conversation of that name in the list."""
    return tab.page.get_by_role("navigation", name="Conversations").get_by_role("link", name=re.compile(f"^{name}"))


def dialog(tab: Tab) -> Locator:
    """What is asked above everything else."""
    return tab.page.get_by_role("dialog")


async def make_group(by: Tab, name: str, *others: Tab) -> None:
    """Make a group with others, who all open it."""
    await by.page.get_by_role("link", name="New conversation").first.click()
    await by.page.get_by_role("tab", name="Group").click()
    await by.page.get_by_label("Name of the group").fill(name)
    for other in others:
        await by.page.get_by_label("Name or handle").fill(f"@{other.handle}")
        await by.page.get_by_role("button", name=re.compile(other.handle)).click()
    await by.page.get_by_role("button", name="Create group").click()
    await expect(by.input).to_be_visible()
    for other in others:
        await listed(other, name).click()
        await expect(other.input).to_be_visible()


async def befriend(one: Tab, other: Tab) -> None:
    """Let two be friends who have their conversation open, each on its own page."""
    await one.page.get_by_role("link", name=re.compile(other.handle)).click()
    await one.page.get_by_role("button", name="Ask to be friends").click()
    await other.page.get_by_role("link", name=re.compile(one.handle)).click()
    await other.page.get_by_role("button", name="Accept friendship").click()
    for tab in (one, other):
        await expect(tab.page.get_by_role("button", name="End friendship")).to_be_visible()
        await tab.page.get_by_role("link", name="Back").click()
        await expect(tab.page.get_by_role("button", name="End friendship")).to_have_count(0)


async def test_what_is_pinned_is_found_again_however_far_up_it_is(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """Whoever runs the group pins; all see it at once, and come to it, within what is loaded and beyond; a keyboard will do."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await make_group(ada, "Travellers", boris)
    await ada.send("We meet at the north pier")
    await boris.sees("We meet at the north pier")

    await ada.message("north pier").get_by_role("button", name="More").press("Enter")
    for _ in range(3):
        await expect(ada.page.get_by_role("menu")).to_be_visible()
        await ada.page.keyboard.press("ArrowUp")
    await expect(ada.page.get_by_role("menuitem", name="Details")).to_be_focused()
    await ada.page.keyboard.press("Escape")
    await expect(ada.message("north pier").get_by_role("button", name="More")).to_be_focused()
    await choose(ada, "north pier", "Pin")
    pinned = boris.page.get_by_role("region", name="Pinned messages")
    await expect(pinned.get_by_text("We meet at the north pier")).to_be_visible()
    await boris.message("north pier").hover()
    await boris.message("north pier").get_by_role("button", name="More").click()
    await expect(boris.page.get_by_role("menuitem", name="Forward")).to_be_visible()
    await expect(boris.page.get_by_role("menuitem", name="Pin", exact=True)).to_have_count(0)
    await boris.page.keyboard.press("Escape")

    for line in range(70):
        await ada.send(f"Line {line:02} of many")
    await boris.sees("Line 69 of many")
    await expect(boris.message("north pier")).not_to_be_in_viewport()
    await pinned.get_by_role("button", name=re.compile("We meet at the north pier")).click()
    await expect(boris.message("north pier")).to_be_in_viewport()
    elsewhere = await open_tab("Boris")
    await log_in(elsewhere, urls["ap"], boris.handle, f"password of {boris.handle}")
    await listed(elsewhere, "Travellers").click()
    await elsewhere.sees("Line 69 of many")
    far = elsewhere.page.get_by_role("region", name="Pinned messages")
    await far.get_by_role("button", name=re.compile("We meet at the north pier")).click()
    await expect(elsewhere.page.get_by_text("Around a message")).to_be_visible()
    await expect(elsewhere.message("north pier")).to_be_in_viewport()
    await is_offered(elsewhere, "north pier", "Details", not_offered=("Answer", "Pin", "Delete for me"))

    mine = ada.page.get_by_role("region", name="Pinned messages")
    await mine.get_by_role("button", name="Show 1 pinned message").click()
    await mine.get_by_role("button", name="Unpin").click()
    await expect(mine).to_have_count(0)
    await expect(pinned).to_have_count(0)


async def test_who_is_no_member_any_more_is_offered_what_they_may_still_do(
    open_tab: OpenTab, urls: dict[str, str]
) -> None:
    """Forwards and the like, and nothing that the group would refuse."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await make_group(ada, "Travellers", boris)
    await ada.send("Farewell")
    await boris.sees("Farewell")
    await boris.message("Farewell").hover()
    await expect(boris.message("Farewell").get_by_role("button", name="Answer")).to_be_visible()
    await ada.page.get_by_role("link", name=re.compile("2 members")).click()
    await ada.page.get_by_role("button", name="What may be done with Boris").click()
    await ada.page.get_by_role("button", name="Remove", exact=True).click()

    await expect(boris.page.get_by_text("You are not a member any more.")).to_be_visible()
    await is_offered(boris, "Farewell", "Forward", not_offered=("Answer", "Pin", "Edit", "Delete for all"))


async def test_a_message_goes_on_to_several_conversations(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """Each has it once, and says whose words they were."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await make_group(ada, "Travellers", boris)
    await ada.send("Anybody there?")
    await boris.begin_with(ada)
    await boris.send("The tide turns at nine")
    await listed(ada, "Boris").click()
    await ada.sees("The tide turns at nine")

    await choose(ada, "The tide turns", "Forward")
    await expect(dialog(ada).get_by_role("button", name="Forward to 0 conversations")).to_be_disabled()
    await dialog(ada).get_by_role("checkbox", name="Boris").check()
    await dialog(ada).get_by_role("searchbox", name="Find a conversation").fill("trav")
    await dialog(ada).get_by_role("checkbox", name="Travellers").check()
    await dialog(ada).get_by_role("button", name="Forward to 2 conversations").click()
    await expect(ada.page.get_by_text("Forwarded to 2 conversations.")).to_be_visible()

    await expect(ada.message("The tide turns")).to_have_count(2)
    forwarded = boris.page.get_by_role("article").filter(has_text="Forwarded from Boris")
    await expect(forwarded).to_have_count(1)
    await expect(forwarded).to_contain_text("The tide turns at nine")
    await listed(boris, "Travellers").click()
    await boris.sees("Anybody there?")
    await expect(forwarded).to_have_count(1)


async def test_who_is_mentioned_sees_it_in_the_list(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """An @ brings up the members; the mention crosses, stands in the list until it was read, and leads to whom it means."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await make_group(ada, "Travellers", boris)
    await boris.page.get_by_role("link", name="Settings").click()

    await ada.input.fill("See you, ")
    await ada.input.press_sequentially("@bo")
    await expect(ada.page.get_by_role("option", name=re.compile("Boris"))).to_be_visible()
    await ada.input.press("Enter")
    await expect(ada.input).to_have_value(f"See you, @{boris.handle} ")
    await ada.input.press_sequentially("at nine")
    await ada.input.press("Enter")
    await ada.sees("at nine")
    await ada.send("And bring bread")

    await expect(listed(boris, "Travellers").get_by_role("img", name="You are mentioned")).to_be_visible()
    await listed(boris, "Travellers").click()
    await expect(boris.message("at nine").locator("mark")).to_have_text(f"@{boris.handle}")
    await expect(listed(boris, "Travellers").get_by_role("img", name="You are mentioned")).to_have_count(0)
    await choose(ada, "at nine", "Edit")
    await ada.page.get_by_role("textbox", name="Message").fill(f"Good night @{boris.handle}")
    await ada.page.get_by_role("button", name="Save").click()
    await expect(boris.message("Good night").locator("mark")).to_have_text(f"@{boris.handle}")
    await ada.message("Good night").get_by_role("link", name=f"@{boris.handle}").click()
    await expect(ada.page.get_by_role("heading", name="Boris")).to_be_visible()


async def test_a_report_reaches_the_moderators_where_somebody_lives(
    open_tab: OpenTab, urls: dict[str, str], whole: Federation
) -> None:
    """Of a message and of somebody, from another region; who is reported learns nothing."""
    ada, boris, mod = await open_tab("Ada"), await open_tab("Boris"), await open_tab("Moderator")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await mod.register(urls["eu"])
    told: list[str] = []
    boris.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: told.append(str(frame))))
    await boris.page.reload()
    async with httpx.AsyncClient(timeout=30) as http:
        account = {"handle": mod.handle, "password": f"password of {mod.handle}"}
        tokens = (await http.post(f"{urls['eu']}/login", json=account)).json()
        await whole.act("moderate", "moderator", "eu", tokens["user_id"])
        await boris.begin_with(ada)
        await boris.send("Give me your money")
        await listed(ada, "Boris").click()
        await ada.sees("Give me your money")

        await choose(ada, "your money", "Report")
        await dialog(ada).get_by_label("What is wrong").fill("He asks everybody\nfor money")
        await dialog(ada).get_by_role("button", name="Report").click()
        await expect(ada.page.get_by_text("The moderators are told.")).to_be_visible()
        await ada.page.get_by_role("link", name=re.compile(boris.handle)).click()
        await ada.page.get_by_role("button", name="Report").click()
        await dialog(ada).get_by_label("What is wrong").fill("And again")
        await dialog(ada).get_by_role("button", name="Report").click()
        await expect(dialog(ada)).to_have_count(0)

        as_moderator = {"Authorization": f"Bearer {tokens['access_token']}"}
        await expect(mod.page.get_by_role("navigation", name="Conversations")).to_be_visible()
        reasons: dict[str, str] = {}
        while len(reasons) < 2:
            answer = await http.get(f"{urls['eu']}/moderation/reports", headers=as_moderator)
            assert answer.status_code == 200, answer.text
            here = [each for each in answer.json()["reports"] if each["user_id"].endswith("-eu")]
            ours = ("He asks everybody\nfor money", "And again")
            reasons = {each["reason"]: each["text"] or "" for each in here if each["reason"] in ours}
            await ada.page.wait_for_timeout(300)
    assert reasons == {"He asks everybody\nfor money": "Give me your money", "And again": ""}
    await listed(ada, "Boris").click()
    await ada.send("I have none")
    await boris.sees("I have none")
    everything = "".join(told)
    assert "I have none" in everything
    assert [word for word in ("He asks everybody", "And again", "report") if word in everything] == []


async def test_it_is_told_who_has_a_message_and_by_which_way_it_came(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """In a group by whom it was received and read; the way of what came while one looked; what it said before."""
    ada, boris, cleo = await open_tab("Ada"), await open_tab("Boris"), await open_tab("Cleo")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await cleo.register(urls["us"])
    await make_group(ada, "Travellers", boris, cleo)
    await cleo.page.get_by_role("link", name="Settings").click()
    await ada.send("Who reads this?")
    await boris.sees("Who reads this?")

    async def look_until(part: str) -> None:
        for _ in range(20):
            await choose(ada, "Who reads this?", "Details")
            try:
                await expect(dialog(ada).get_by_text(part)).to_be_visible(timeout=SOON)
            except AssertionError:
                await ada.page.keyboard.press("Escape")
            else:
                return
        pytest.fail(f"it is never said: {part}")

    await look_until("Read by 1")
    await expect(dialog(ada).get_by_text("Received by 1")).to_be_visible()
    await expect(dialog(ada).get_by_text("Boris")).to_be_visible()
    await expect(dialog(ada).get_by_text("Cleo")).to_be_visible()
    await expect(dialog(ada).get_by_text("us · gateway")).to_be_visible()
    await dialog(ada).get_by_role("button", name="Close").click()
    await choose(boris, "Who reads this?", "Details")
    await expect(dialog(boris).get_by_text("eu · ingester")).to_be_visible()
    await boris.page.keyboard.press("Escape")
    await choose(ada, "Who reads this?", "Edit")
    await ada.page.get_by_role("textbox", name="Message").fill("Who has read this?")
    await ada.page.get_by_role("button", name="Save").click()
    await boris.sees("Who has read this?")
    await choose(boris, "Who has read this?", "Details")
    await expect(dialog(boris).get_by_role("listitem").filter(has_text="Who reads this?")).to_be_visible()


async def test_what_one_deletes_for_oneself_others_go_on_to_see(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """It is gone on the screen and after a reload."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await ada.begin_with(boris)
    await ada.send("Regretted")
    await ada.sees("Regretted", "Received")
    await listed(boris, "Ada").click()
    await boris.sees("Regretted")

    boris.page.on("dialog", lambda asked: asked.accept())
    await choose(boris, "Regretted", "Delete for me")
    await expect(boris.message("Regretted")).to_have_count(0)
    await ada.send("Still here")
    await boris.sees("Still here")
    await boris.page.reload()
    await boris.sees("Still here")
    await expect(boris.message("Regretted")).to_have_count(0)
    await ada.sees("Regretted", "Read")


async def test_friends_are_seen_to_be_there_and_not_guessed(
    open_tab: OpenTab, urls: dict[str, str], whole: Federation
) -> None:
    """In the list and in the head of the conversation: online, away, and unknown while their region cannot be reached; of strangers nothing."""
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await ada.begin_with(boris)
    await ada.send("Hello")
    await listed(boris, "Ada").click()
    await boris.sees("Hello")
    head = ada.page.locator(".talk-head")
    await expect(head.get_by_text("lives in eu")).to_be_visible()
    await expect(head.get_by_text("online")).to_have_count(0)

    await befriend(ada, boris)
    await expect(head.get_by_text(re.compile("· online"))).to_be_visible()
    await expect(listed(ada, "Boris")).to_contain_text("online")
    whole.run("local", "cut", "us-eu")
    await expect(head.get_by_text("not known whether they are online")).to_be_visible()
    whole.run("local", "heal")
    await expect(head.get_by_text(re.compile("· online"))).to_be_visible()
    await boris.page.goto("about:blank")
    await expect(head.get_by_text("last online")).to_be_visible()
    await expect(listed(ada, "Boris")).not_to_contain_text("online")


async def test_nothing_of_it_breaks_a_rule_of_accessibility(open_tab: OpenTab, urls: dict[str, str]) -> None:
    """Pins, the menu, mentions, and each dialog: light and dark, on a desktop and on a phone."""
    inspector = Inspector()
    ada, boris = await open_tab("Ada"), await open_tab("Boris")
    await ada.register(urls["us"])
    await boris.register(urls["eu"])
    await make_group(ada, "Travellers", boris)
    await boris.send("Where is everybody?")
    await ada.sees("Where is everybody?")
    await choose(ada, "Where is", "Pin")
    pinned = ada.page.get_by_role("region", name="Pinned messages")
    await pinned.get_by_role("button", name="Show 1 pinned message").click()
    await inspector.look(ada.page, "pins")
    await ada.input.fill("@")
    await expect(ada.page.get_by_role("option", name=re.compile("Boris"))).to_be_visible()
    await inspector.look(ada.page, "mentions")
    await ada.input.fill("")
    message = ada.message("Where is")
    await message.hover()
    await message.get_by_role("button", name="More").click()
    await expect(ada.page.get_by_role("menu")).to_be_visible()
    await inspector.look(ada.page, "a message's menu")
    await ada.page.keyboard.press("Escape")
    for item in ("Forward", "Details", "Report"):
        await choose(ada, "Where is", item)
        await expect(dialog(ada)).to_be_visible()
        await inspector.look(ada.page, item)
        await dialog(ada).get_by_role("button", name="Close").click()
    await ada.page.get_by_role("link", name=re.compile("2 members")).click()
    await ada.page.get_by_role("button", name="What may be done with Boris").click()
    await expect(ada.page.get_by_role("button", name="Hand over the ownership")).to_be_visible()
    await expect(ada.page.get_by_role("button", name="Save")).to_be_visible()
    await inspector.look(ada.page, "running a group")

    assert inspector.views == 7
    assert inspector.found == [], "\n".join(inspector.found)
