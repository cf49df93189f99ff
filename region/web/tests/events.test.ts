/** What happened, in words: of oneself it is said as of oneself, in each language. */

import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Message } from "../src/core/types";

type Events = typeof import("../src/ui/events");

const ADA = "u1-us";
const BORIS = "u2-eu";
const CLEO = "u3-eu";

let events: Events;

async function speak(language: string): Promise<void> {
  vi.resetModules();
  vi.stubGlobal("location", { origin: "https://us.example.org" });
  vi.stubGlobal("localStorage", { getItem: () => language });
  vi.stubGlobal("navigator", { languages: [language] });
  vi.stubGlobal("document", { documentElement: {} });
  await (await import("../src/words")).begin();
  events = await import("../src/ui/events");
}

/** What Ada reads of what somebody did, to somebody. */
function read(kind: string, sender: string, whom?: string, more: object = {}, id = "g1-us"): string {
  const names: Record<string, string> = { [ADA]: "Ada", [BORIS]: "Boris", [CLEO]: "Cleo" };
  const change = { ...more, ...(whom === undefined ? {} : { user_id: whom }) };
  const message = { kind, sender_id: sender, conversation_id: id, change } as unknown as Message;
  return events.eventText(message, ADA, { who: names[sender] ?? "…", whom: names[whom ?? ""] ?? "…" });
}

describe("in English", () => {
  beforeEach(() => speak("en"));

  test.each([
    ["You asked to join", "join_asked", ADA],
    ["Boris asks to join", "join_asked", BORIS],
    ["You joined", "member_joined", ADA],
    ["You banned Boris", "member_banned", ADA, BORIS],
    ["Boris banned you", "member_banned", BORIS, ADA],
    ["Boris lifted your ban", "member_unbanned", BORIS, ADA],
    ["Boris lifted the ban of Cleo", "member_unbanned", BORIS, CLEO],
    ["Boris added you", "member_added", BORIS, ADA],
    ["You would like to be friends", "friend_requested", ADA],
  ])("%s", (sentence, kind, sender, whom?: string) => {
    expect(read(kind, sender, whom)).toBe(sentence);
  });

  test("roles are called as the conversation calls them, and so are those who gave them to themselves", () => {
    expect(read("role_changed", BORIS, ADA, { role: "admin" })).toBe("Boris made you admin");
    expect(read("role_changed", BORIS, ADA, { role: "admin" }, "c1-us")).toBe("Boris made you poster");
    expect(read("role_changed", ADA, ADA, { role: "admin" })).toBe("You became admin");
    expect(read("role_changed", BORIS, BORIS, { role: "admin" })).toBe("Boris became admin");
  });

  test("a new name is said, and what is not known is called by its kind", () => {
    expect(read("group_changed", ADA, undefined, { name: "Sailors" })).toBe("You named it “Sailors”");
    expect(read("group_changed", BORIS)).toBe("Boris changed the group");
    expect(read("something_else", BORIS)).toBe("something else");
  });
});

describe("in Russian", () => {
  beforeEach(() => speak("ru"));

  test.each([
    ["Вы попросили впустить вас в группу", "join_asked", ADA],
    ["Boris просит впустить в группу", "join_asked", BORIS],
    ["Вы предложили дружить", "friend_requested", ADA],
    ["Boris предлагает дружить", "friend_requested", BORIS],
    ["Вы создали группу", "group_created", ADA],
    ["Вы добавили в группу: Boris", "member_added", ADA, BORIS],
    ["Boris: вы теперь в группе", "member_added", BORIS, ADA],
    ["Boris: вы под запретом", "member_banned", BORIS, ADA],
    ["Boris: запрет для Cleo", "member_banned", BORIS, CLEO],
    ["Вы теперь среди участников", "member_joined", ADA],
  ])("%s", (sentence, kind, sender, whom?: string) => {
    expect(read(kind, sender, whom)).toBe(sentence);
  });

  test("roles stand after who has them", () => {
    expect(read("role_changed", BORIS, ADA, { role: "owner" })).toBe("Boris: вы теперь владелец");
    expect(read("role_changed", ADA, BORIS, { role: "owner" })).toBe("Вы изменили роль: Boris — владелец");
    expect(read("role_changed", ADA, ADA, { role: "member" })).toBe("Вы теперь участник");
  });
});
