import { expect, test } from "vitest";
import type { Peaks } from "../../src/api/types";
import {
  bars,
  filmsOf,
  heightsOf,
  isSpoken,
  type Lane,
  lanesOf,
  nextTurn,
  turnsOf,
  windowOf,
} from "../../src/lib/lanes";
import { file } from "../support/recording";

/** Peaks of one lane, ten buckets a second; each number is the height of one. */
function peaks(heights: number[], gaps: Peaks["lanes"][number]["gaps"] = []): Peaks {
  const pairs = heights.flatMap((height) => [-height, Math.max(0, height - 1)]);
  const lane = { participant_id: "p", source: "microphone", segment: 1, gaps, peaks: pairs };
  return { per_second: 10, duration_seconds: 10, lanes: [lane] };
}

function only(lanes: Lane[]): Lane {
  const [lane] = lanes;
  if (!lane) throw new Error("no lane");
  return lane;
}

test("each source of each person has a lane, in order of the first sound", () => {
  const lanes = lanesOf(
    [
      file({ id: "late", participant_id: "b", offset_seconds: 5 }),
      file({ id: "screen", source: "screen-audio", offset_seconds: 1 }),
      file({ id: "first" }),
      file({ id: "picture", kind: "video", source: "camera" }),
      file({ id: "mix", kind: "mix", participant_id: null }),
    ],
    null,
  );
  expect(lanes.map(({ pieces }) => pieces.map(({ id }) => id))).toEqual([
    ["first"],
    ["screen"],
    ["late"],
  ]);
  expect(only(lanes)).toMatchObject({ name: "Zoë", gaps: [] });
});

test("a hole between two files of a lane is a reconnection", () => {
  const files = [
    file({ id: "1", duration_seconds: 4 }),
    file({ id: "2", segment: 2, offset_seconds: 6, duration_seconds: 4 }),
    file({ id: "3", segment: 3, offset_seconds: 10.01 }),
  ];
  expect(only(lanesOf(files, null)).gaps).toEqual([{ at: 4, seconds: 2, cause: "reconnect" }]);
});

test("what was lost is a gap, what was muted is not", () => {
  const listed = [
    { at_ms: 500, dur_ms: 250, cause: "loss" },
    { at_ms: 900, dur_ms: 9000, cause: "pause" },
  ];
  const lane = only(lanesOf([file({ offset_seconds: 2 })], peaks([], listed)));
  expect(lane.gaps).toEqual([{ at: 2.5, seconds: 0.25, cause: "loss" }]);
});

test("a height is the louder of both sides", () => {
  expect([...heightsOf([-128, 3, -2, 127, 0, 0])]).toEqual([128, 127, 0]);
});

test("a bar is the loudest of its stretch, and nothing where nothing was kept", () => {
  const heights = Array.from({ length: 20 }, (_, index) => (index === 15 ? 64 : 32));
  const [lane] = lanesOf([file({ offset_seconds: 1, duration_seconds: 2 })], peaks(heights));
  const drawn = lane ? bars(lane, 0, 4, 4, 10) : [];
  expect(drawn).toEqual([null, 0.25, 0.5, null]);
});

test("bars of unmeasured files are flat", () => {
  expect(bars(only(lanesOf([file()], null)), 0, 10, 2, 10)).toEqual([0, 0]);
});

test("a breath stays within a turn, a longer pause ends it", () => {
  const heights = [0, 9, 9, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
  const [lane] = lanesOf([file({ offset_seconds: 1 })], peaks(heights));
  const turns = lane ? turnsOf(lane, 10) : [];
  expect(turns.map(({ from, to }) => [from.toFixed(1), to.toFixed(1)])).toEqual([
    ["1.1", "1.6"],
    ["2.5", "2.6"],
  ]);
});

test("the next turn is the earliest of anybody", () => {
  const turns = [[{ from: 1, to: 2 }], [{ from: 4, to: 5 }], [{ from: 3, to: 6 }]];
  expect([0, 1, 3.5, 4].map((at) => nextTurn(turns, at))).toEqual([1, 3, 4, null]);
  expect([1.5, 2, 5.5, 6].map((at) => isSpoken(turns, at))).toEqual([true, false, true, false]);
});

test("the window turns like pages and ends with the recording", () => {
  expect(windowOf(0, 60, 1)).toEqual({ from: 0, to: 60 });
  expect(windowOf(20, 60, 4)).toEqual({ from: 15, to: 30 });
  expect(windowOf(60, 60, 4)).toEqual({ from: 45, to: 60 });
});

test("each camera and screen is a film of all its files", () => {
  const camera = { kind: "video", source: "camera" } as const;
  const films = filmsOf([
    file({ ...camera, id: "second", offset_seconds: 9, segment: 2 }),
    file({ ...camera, id: "first", offset_seconds: 1, duration_seconds: 5 }),
    file({ kind: "video", source: "screen", id: "screen", offset_seconds: 2 }),
    file({ id: "sound" }),
    file({ kind: "video", source: "camera", id: "nobody", participant_id: null }),
  ]);
  expect(films.map(({ source }) => source)).toEqual(["camera", "screen"]);
  expect(films[0]?.pieces.map(({ id, offset }) => [id, offset])).toEqual([
    ["first", 1],
    ["second", 9],
  ]);
});

test("a file is as long as the recording's clock says", () => {
  const listed = [{ at_ms: 5000, dur_ms: 1000, cause: "loss" }];
  const slow = file({ offset_seconds: 2, duration_seconds: 10, clock_skew_ppm: 200 });
  const lane = only(lanesOf([slow], peaks([], listed)));
  expect(lane.pieces[0]?.duration).toBeCloseTo(10.002, 6);
  expect(lane.pieces[0]?.stretch).toBeCloseTo(1.0002, 9);
  expect(lane.gaps[0]?.at).toBeCloseTo(7.001, 6);
});
