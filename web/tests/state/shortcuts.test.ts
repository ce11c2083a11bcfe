import { expect, test } from "vitest";
import { type KeyPress, shortcutOf } from "../../src/state/shortcuts";

const press = (key: string, changes: Partial<KeyPress> = {}): KeyPress => ({
  key,
  modified: false,
  typing: false,
  pressable: false,
  ...changes,
});

test("single letters act, in either case", () => {
  expect(shortcutOf(press("m"), true)).toBe("microphone");
  expect(shortcutOf(press("V"), true)).toBe("camera");
  expect(shortcutOf(press("?"), true)).toBe("help");
  expect(shortcutOf(press("x"), true)).toBeNull();
});

test("letters are left alone while typing, with modifiers and when switched off", () => {
  expect(shortcutOf(press("m", { typing: true }), true)).toBeNull();
  expect(shortcutOf(press("m", { modified: true }), true)).toBeNull();
  expect(shortcutOf(press("m"), false)).toBeNull();
});

test("Space talks unless it would press a button", () => {
  expect(shortcutOf(press(" "), true)).toBe("talk");
  expect(shortcutOf(press(" ", { pressable: true }), true)).toBeNull();
});

test("Escape closes even while typing", () => {
  expect(shortcutOf(press("Escape", { typing: true }), false)).toBe("close");
});
