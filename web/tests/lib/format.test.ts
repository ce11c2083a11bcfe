import { expect, test } from "vitest";
import { ago, bucket, bytes, initials, length, rate } from "../../src/lib/format";

test("lengths are minutes and seconds, hours only when needed", () => {
  expect([0, 9.9, 61, 3_600, 7_325, -4].map(length)).toEqual([
    "0:00",
    "0:09",
    "1:01",
    "1:00:00",
    "2:02:05",
    "0:00",
  ]);
});

test("sizes carry a unit and few digits", () => {
  expect([0, 999, 1_500, 12_345, 52_000_000, 3.2e15].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.5 KB",
    "12 KB",
    "52 MB",
    "3200 TB",
  ]);
});

test("rates switch unit at a million", () => {
  expect([44_400, 1_240_000].map(rate)).toEqual(["44 kb/s", "1.2 Mb/s"]);
});

test("times are told relative to now", () => {
  const now = 1_000_000_000;
  expect(ago(now - 5_000, now)).toBe("now");
  expect(ago(now - 130_000, now)).toBe("2 minutes ago");
  expect(ago(now - 7_300_000, now)).toBe("2 hours ago");
  expect(ago(now - 90_000_000, now)).toBe("yesterday");
});

test("initials come from the first and last word, in any script", () => {
  expect(["Ana", "Bo  van Larsen ", "", "éva ödön", "😀 x"].map(initials)).toEqual([
    "A",
    "BL",
    "?",
    "ÉÖ",
    "😀X",
  ]);
});

test("a person keeps their colour", () => {
  expect(bucket("p1", 6)).toBe(bucket("p1", 6));
  expect(new Set(["a", "b", "c", "d", "e", "f"].map((id) => bucket(id, 6))).size).toBe(6);
});
