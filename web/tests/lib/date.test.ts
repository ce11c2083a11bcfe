import { expect, test } from "vitest";
import { midnight, milliseconds } from "../../src/lib/date";

test("a day begins at midnight of this place and ends with the next", () => {
  expect(milliseconds(midnight("2026-11-30"))).toBe(new Date(2026, 10, 30).getTime());
  expect(milliseconds(midnight("2026-11-30", 1))).toBe(new Date(2026, 11, 1).getTime());
});
