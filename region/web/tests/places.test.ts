/** Which region is asked, and how one goes on from one that does not answer. */

import { beforeEach, expect, test, vi } from "vitest";

type Places = typeof import("../src/io/places");

const US = "https://us.example.org";
const EU = "https://eu.example.org";
const AP = "https://ap.example.org";
const REGIONS = [
  { region: "ap", public_url: AP },
  { region: "eu", public_url: EU },
  { region: "us", public_url: `${US}/` },
];

const kept = new Map<string, string>();
let places: Places;

async function load(): Promise<void> {
  vi.resetModules();
  places = await import("../src/io/places");
}

beforeEach(async () => {
  kept.clear();
  vi.stubGlobal("location", { origin: US });
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  });
  await load();
});

test("the region of the page is asked first, then the others, and it again", () => {
  places.note(REGIONS);
  const asked = [places.here()];
  for (let turn = 0; turn < 3; turn++) {
    places.goElsewhere();
    asked.push(places.here());
  }

  expect(asked).toEqual([US, AP, EU, US]);
});

test("however many notice that one does not answer, one goes on once", () => {
  places.note(REGIONS);

  expect([US, US, US].map((failed) => places.goElsewhere(failed))).toEqual([true, true, true]);
  expect(places.here()).toBe(AP);
  places.goBack();
  expect(places.here()).toBe(US);
});

test("who is told anew where the regions are stays where it is", () => {
  places.note(REGIONS);
  places.goElsewhere();
  places.note([...REGIONS].reverse());

  expect(places.here()).toBe(AP);
});

test("where they are, and what they are called, is known at the next load, without a network", async () => {
  places.note(REGIONS);
  await load();

  expect(places.count()).toBe(3);
  expect([US, EU, "https://new.example.org"].map(places.nameOf)).toEqual(["us", "eu", "new.example.org"]);
});

test("who is told of no region at all forgets none", async () => {
  places.note(REGIONS);
  places.goElsewhere();
  places.note([]);

  expect([places.count(), places.here()]).toEqual([3, AP]);
  await load();
  expect(places.count()).toBe(3);
});

test("what somebody else wrote there is nothing", async () => {
  for (const strange of ["[1]", "nonsense", '{"x": "y", "https://eu.example.org": 3}', "null"]) {
    kept.set("causeway.places", strange);
    await load();
    expect([places.count(), places.goElsewhere(), places.here()]).toEqual([1, false, US]);
  }
});
