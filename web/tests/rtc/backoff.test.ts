import { expect, test } from "vitest";
import { backoff } from "../../src/rtc/backoff";

test("the wait doubles up to five seconds", () => {
  expect([0, 1, 2, 3, 4, 5, 30].map((attempt) => backoff(attempt, () => 1))).toEqual([
    300, 600, 1_200, 2_400, 4_800, 5_000, 5_000,
  ]);
});

test("half of it is chance", () => {
  expect(backoff(2, () => 0)).toBe(600);
  expect(backoff(2, () => 0.5)).toBe(900);
});
