/** Server times as numbers. */

/** A time of the wire (ISO 8601) in milliseconds since 1970. */
export function milliseconds(time: string): number {
  // biome-ignore lint/style/noRestrictedGlobals: reading a text is not reading a clock
  return Date.parse(time);
}
