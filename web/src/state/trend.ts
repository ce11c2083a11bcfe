/** The figures of the last minutes in columns, as charts want them. */
import type { NetworkFigures } from "../rtc/report";

/** Ten minutes of one look every five seconds. */
export const KEPT = 120;

type Column = (number | null)[];

/** Columns of equal length; `at` is in seconds since 1970. */
export interface Trend {
  at: number[];
  roundTripMs: Column;
  jitterMs: Column;
  lossUp: Column;
  lossDown: Column;
  up: Column;
  down: Column;
  /** Lines of the largest picture each way, and seconds that received ones stood still. */
  linesUp: Column;
  linesDown: Column;
  frozen: Column;
}

/** Whether any picture came or went: without one its charts are not drawn. */
export function hasPictures(trend: Trend): boolean {
  return [trend.linesUp, trend.linesDown].some((column) => column.some((lines) => lines !== null));
}

export const EMPTY: Trend = {
  at: [],
  roundTripMs: [],
  jitterMs: [],
  lossUp: [],
  lossDown: [],
  up: [],
  down: [],
  linesUp: [],
  linesDown: [],
  frozen: [],
};

/** The trend with one more look; the oldest ones go. */
export function extended(trend: Trend, at: number, figures: NetworkFigures): Trend {
  const more = <T>(column: T[], value: T): T[] => [...column, value].slice(-KEPT);
  return {
    at: more(trend.at, at),
    roundTripMs: more(trend.roundTripMs, figures.roundTripMs),
    jitterMs: more(trend.jitterMs, figures.jitterMs),
    lossUp: more(trend.lossUp, figures.lossUp),
    lossDown: more(trend.lossDown, figures.lossDown),
    up: more(trend.up, figures.up / 1000),
    down: more(trend.down, figures.down / 1000),
    linesUp: more(trend.linesUp, figures.ownPicture?.height ?? null),
    linesDown: more(trend.linesDown, figures.picture?.height ?? null),
    frozen: more(trend.frozen, figures.frozenLately),
  };
}
