import { expect, test } from "vitest";
import { arrangeGrid, arrangeSpotlight, type Box, gridCapacity } from "../../src/layout/grid";

const AREAS = [
  { width: 1256, height: 674 },
  { width: 374, height: 700 },
  { width: 900, height: 300 },
  { width: 320, height: 480 },
];

function apart(one: Box, two: Box): boolean {
  return (
    one.x + one.width <= two.x ||
    two.x + two.width <= one.x ||
    one.y + one.height <= two.y ||
    two.y + two.height <= one.y
  );
}

function check(boxes: readonly Box[], area: { width: number; height: number }) {
  for (const box of boxes) {
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.y).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(area.width + 1);
    expect(box.y + box.height).toBeLessThanOrEqual(area.height + 1);
  }
  boxes.forEach((one, index) => {
    for (const two of boxes.slice(index + 1)) expect(apart(one, two)).toBe(true);
  });
}

test("tiles stay inside the area and apart from each other", () => {
  for (const area of AREAS) {
    for (let count = 1; count <= 12; count += 1) {
      const boxes = arrangeGrid(area, count);
      expect(boxes).toHaveLength(count);
      check(boxes, area);
    }
  }
});

test("two people sit side by side on a wide area and one above the other on a tall one", () => {
  const [left, right] = arrangeGrid({ width: 1256, height: 674 }, 2);
  expect(left?.y).toBe(right?.y);
  const [upper, lower] = arrangeGrid({ width: 374, height: 700 }, 2);
  expect(upper?.x).toBe(lower?.x);
});

test("five people on a phone make two columns", () => {
  const boxes = arrangeGrid({ width: 374, height: 700 }, 5);
  expect(new Set(boxes.slice(0, 4).map((box) => box.x)).size).toBe(2);
});

test("three people on a screen are not cut to portraits", () => {
  const [first] = arrangeGrid({ width: 1256, height: 674 }, 3);
  expect((first?.width ?? 0) / (first?.height ?? 1)).toBeGreaterThan(1.2);
});

test("the last row is centred", () => {
  const area = { width: 1256, height: 674 };
  const last = arrangeGrid(area, 5).slice(3);
  const left = last[0]?.x ?? 0;
  const right = (last[1]?.x ?? 0) + (last[1]?.width ?? 0);
  expect(Math.abs(left - (area.width - right))).toBeLessThanOrEqual(1);
});

test("nothing is arranged without people or without space", () => {
  expect(arrangeGrid({ width: 100, height: 100 }, 0)).toEqual([]);
  expect(arrangeGrid({ width: 0, height: 100 }, 3)).toEqual([]);
  expect(arrangeSpotlight({ width: 100, height: 0 }, 3)).toEqual([]);
  expect(arrangeSpotlight({ width: 100, height: 100 }, 0)).toEqual([]);
  expect(arrangeGrid({ width: 10, height: 3 }, 2)).toHaveLength(2);
});

test("the spotlight takes most of the area, the others a strip", () => {
  for (const area of AREAS) {
    for (let count = 1; count <= 8; count += 1) {
      const boxes = arrangeSpotlight(area, count);
      check(boxes, area);
      const [main] = boxes;
      expect((main?.width ?? 0) * (main?.height ?? 0)).toBeGreaterThan(
        0.5 * area.width * area.height,
      );
    }
  }
});

test("a strip holds no more tiles than fit", () => {
  expect(arrangeSpotlight({ width: 1256, height: 674 }, 40).length).toBeLessThan(10);
});

test("capacity grows with the area and never falls below one", () => {
  expect(gridCapacity({ width: 1256, height: 674 })).toBeGreaterThan(20);
  expect(gridCapacity({ width: 374, height: 700 })).toBe(12);
  expect(gridCapacity({ width: 10, height: 10 })).toBe(1);
});
