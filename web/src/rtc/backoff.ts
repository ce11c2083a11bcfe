/** How long to wait before trying again. */

const FIRST_MS = 300;
const LIMIT_MS = 5_000;

/**
 * The wait before attempt `attempt` (0 is the first retry): doubling from 0.3 s to 5 s, the upper
 * half of it random so that a whole meeting does not return in the same instant.
 */
export function backoff(attempt: number, random: () => number): number {
  const full = Math.min(LIMIT_MS, FIRST_MS * 2 ** attempt);
  return full / 2 + (full / 2) * random();
}
