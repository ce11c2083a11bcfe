/** Which key does what, and when a key is left alone. */

export type Shortcut =
  | "microphone"
  | "camera"
  | "screen"
  | "chat"
  | "people"
  | "network"
  | "captions"
  | "help"
  | "talk"
  | "close";

/** What of a keyboard event matters. */
export interface KeyPress {
  key: string;
  modified: boolean;
  /** The focus is where text is written. */
  typing: boolean;
  /** The focus is on something that Space presses. */
  pressable: boolean;
}

const LETTERS: Record<string, Shortcut> = {
  m: "microphone",
  v: "camera",
  s: "screen",
  c: "chat",
  p: "people",
  n: "network",
  t: "captions",
  "?": "help",
};

/** The shortcut of a key press, or null. `single` is the switch for single keys (WCAG 2.1.4). */
export function shortcutOf(press: KeyPress, single: boolean): Shortcut | null {
  if (press.key === "Escape") return "close";
  if (press.modified || press.typing || !single) return null;
  if (press.key === " ") return press.pressable ? null : "talk";
  return LETTERS[press.key.toLowerCase()] ?? null;
}
