import { expect, test } from "vitest";
import type { SlotInfo } from "../../src/rtc/messages";
import { allTiles, chooseTiles, viewOf } from "../../src/state/tiles";
import { person } from "../support/rtc";

const slot = (mid: string, participant: string, changes: Partial<SlotInfo> = {}): SlotInfo => ({
  mid,
  kind: "video",
  participant,
  source: "camera",
  paused: false,
  reason: null,
  ...changes,
});

const screen = { source: "screen" as const, muted: false, muted_by: null };
const me = person("me");
const bo = person("bo");
const chi = person("chi", { tracks: [...person("chi").tracks, screen] });
const keys = (tiles: { key: string }[]) => tiles.map((tile) => tile.key);

test("screens come first, oneself last, observers not at all", () => {
  const tiles = allTiles([bo, chi, person("olga", { role: "observer" })], me, []);
  expect(keys(tiles)).toEqual(["chi/screen", "bo/camera", "chi/camera", "me/camera"]);
  expect(tiles.map((tile) => tile.me)).toEqual([false, false, false, true]);
});

test("a picture is found by its slot unless that is paused", () => {
  const slots = [slot("5", "bo"), slot("6", "chi", { paused: true })];
  const tiles = allTiles([bo, chi], null, slots);
  expect(tiles.map((tile) => tile.mid)).toEqual([null, "5", null]);
});

test("a tile knows that its picture is held back for lack of bandwidth", () => {
  const slots = [
    slot("5", "bo", { paused: true, reason: "bandwidth" }),
    slot("6", "chi", { paused: true, reason: "muted" }),
  ];
  const tiles = allTiles([bo, chi], null, slots);
  expect(tiles.map((tile) => tile.starved)).toEqual([false, true, false]);
});

test("without a screen or a pin there is no spotlight", () => {
  const choice = chooseTiles(allTiles([bo], me, []), null, 9, 0);
  expect(choice).toMatchObject({ spotlight: false, page: 0, pages: 1 });
});

test("a pin beats a screen", () => {
  const tiles = allTiles([bo, chi], me, []);
  expect(chooseTiles(tiles, null, 9, 0).tiles[0]?.key).toBe("chi/screen");
  expect(chooseTiles(tiles, "bo/camera", 9, 0).tiles[0]?.key).toBe("bo/camera");
});

test("pages share the spotlight and stop at the last", () => {
  const people = ["a", "b", "c", "d", "e"].map((id) => person(id));
  const tiles = allTiles(people, me, []);
  expect(keys(chooseTiles(tiles, null, 4, 9).tiles)).toEqual(["e/camera", "me/camera"]);
  const pinned = chooseTiles(tiles, "a/camera", 4, 1);
  expect(keys(pinned.tiles)).toEqual(["a/camera", "e/camera", "me/camera"]);
  expect(pinned.pages).toBe(2);
});

test("only visible pictures of others are asked for, in device pixels", () => {
  const off = person("off", { tracks: [{ source: "camera", muted: true, muted_by: null }] });
  const tiles = allTiles([bo, off], me, []);
  const size = { width: 300.4, height: 200 };
  expect(viewOf(tiles, [size, size, size], 2)).toEqual([
    { participant: "bo", source: "camera", width: 601, height: 400 },
  ]);
  expect(viewOf(tiles, [], 1)).toEqual([]);
});
