/** Times of the wire. */

/** A time of the wire (ISO 8601) in milliseconds since 1970. */
export function milliseconds(time: string): number {
  // biome-ignore lint/style/noRestrictedGlobals: reading a text is not reading a clock
  return Date.parse(time);
}

/** Midnight of this place at the beginning of a day, `YYYY-MM-DD`, so many days later. */
export function midnight(day: string, later = 0): string {
  // biome-ignore lint/style/noRestrictedGlobals: a calendar is no clock
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + later);
  return at.toISOString();
}
