import { expect, test } from "vitest";
import { readMoment, writeMoment } from "../../src/lib/moment";

test.each([
  ["12m3s", 723],
  ["1h2m3s", 3723],
  ["723", 723],
  ["0.5s", 0.5],
  ["12:03", 723],
  ["1:02:03", 3723],
  ["", null],
  [null, null],
  ["soon", null],
  ["-5", null],
])("%s is a place", (text, seconds) => {
  expect(readMoment(text)).toBe(seconds);
});

test("a place is written so that it is read again", () => {
  expect([0, 59.9, 723.4].map(writeMoment)).toEqual(["0s", "59s", "12m3s"]);
  expect(readMoment(writeMoment(3725))).toBe(3725);
});
