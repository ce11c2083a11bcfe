import { expect, test } from "vitest";
import type { NetworkFigures } from "../../src/rtc/report";
import { EMPTY, extended, hasPictures, KEPT } from "../../src/state/trend";

const FIGURES: NetworkFigures = {
  up: 40_000,
  down: 80_000,
  lossDown: 1,
  lossUp: null,
  jitterMs: 5,
  roundTripMs: 40,
  path: null,
  limit: null,
  freezes: 2,
  frozenSeconds: 3,
  frozenLately: 0.5,
  picture: { width: 640, height: 360 },
  ownPicture: null,
};

test("a look is one more row in every column", () => {
  const trend = extended(EMPTY, 10, FIGURES);
  expect(trend).toEqual({
    at: [10],
    roundTripMs: [40],
    jitterMs: [5],
    lossUp: [null],
    lossDown: [1],
    up: [40],
    down: [80],
    linesUp: [null],
    linesDown: [360],
    frozen: [0.5],
  });
  expect([hasPictures(trend), hasPictures(EMPTY)]).toEqual([true, false]);
  expect(EMPTY.at).toEqual([]);
});

test("only the last minutes are kept", () => {
  let trend = EMPTY;
  for (let at = 0; at < KEPT + 3; at += 1) trend = extended(trend, at, FIGURES);
  expect([trend.at.length, trend.at[0], trend.up.length]).toEqual([KEPT, 3, KEPT]);
});
