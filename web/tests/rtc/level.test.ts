import { expect, test } from "vitest";
import { meterHeight } from "../../src/rtc/level";

test("the meter spans sixty decibels", () => {
  expect(meterHeight(0)).toBe(0);
  expect(meterHeight(1)).toBe(1);
  expect(meterHeight(0.0001)).toBe(0);
  expect(meterHeight(Math.SQRT2 / 2)).toBeCloseTo(0.95, 2);
});
