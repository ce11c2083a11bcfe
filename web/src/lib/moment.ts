/** Places in a recording as they stand in a link: `?t=12m3s`, `?t=723` or `?t=12:03`. */

const NAMED = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/;
const CLOCK = /^(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/;

/** Seconds of the text; null when it is no such place. */
export function readMoment(text: string | null): number | null {
  const found = text ? (NAMED.exec(text) ?? CLOCK.exec(text)) : null;
  if (!found) return null;
  const [hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0));
  return (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}

/** The same place for a link, in whole seconds. */
export function writeMoment(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  return minutes > 0 ? `${minutes}m${whole % 60}s` : `${whole}s`;
}
