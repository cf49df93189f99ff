/** Errors are said in the reader's language, as far as it has words for them. */

import { beforeEach, expect, test, vi } from "vitest";

type Saying = typeof import("../src/state/saying");
type Problems = typeof import("../src/io/problem");

let why: Saying["why"];
let ApiError: Problems["ApiError"];

beforeEach(async () => {
  vi.resetModules();
  vi.stubGlobal("localStorage", { getItem: () => "ru" });
  vi.stubGlobal("navigator", { languages: ["ru"] });
  vi.stubGlobal("document", { documentElement: {} });
  await (await import("../src/words")).begin();
  ({ why } = await import("../src/state/saying"));
  ({ ApiError } = await import("../src/io/problem"));
});

test("by its code, if there are words for it", () => {
  expect(why(new ApiError({ code: "handle-taken", detail: "Somebody has it." }))).toBe(
    "Это имя занято. Попробуйте другое.",
  );
  expect(why(new ApiError({}))).toBe("Регион недоступен. Проверьте сеть и попробуйте снова.");
});

test("else in the region's own words", () => {
  expect(why(new ApiError({ code: "of-tomorrow", detail: "Not today." }))).toBe("Not today.");
});

test("as a fault of the app's, if it is none of a region's", () => {
  expect(why(new TypeError("x is undefined"))).toBe("В приложении произошла ошибка: x is undefined");
  expect(why("odd")).toBe("В приложении произошла ошибка: odd");
});
