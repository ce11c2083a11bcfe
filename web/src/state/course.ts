/** One person's quality over time as the columns of charts, from the store and from each second. */
import type { ConnectionQuality, QualitySeries } from "../api/types";
import type { Trend } from "./trend";

/** Points beyond this are dropped from the front: an hour of single seconds. */
export const MOST = 3600;

interface Row {
  roundTripMs: number | null;
  jitterMs: number | null;
  lossUp: number | null;
  lossDown: number | null;
  up: number | null;
  down: number | null;
  linesUp: number | null;
  linesDown: number | null;
  frozen: number | null;
}

const NOTHING: Row = {
  roundTripMs: null,
  jitterMs: null,
  lossUp: null,
  lossDown: null,
  up: null,
  down: null,
  linesUp: null,
  linesDown: null,
  frozen: null,
};

const worse = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);

function take(row: Row, series: QualitySeries, index: number): void {
  const loss = series.loss_percent[index] ?? null;
  if (series.stream === "connection") {
    const trip = series.round_trip_time[index] ?? null;
    row.roundTripMs = trip === null ? null : trip * 1000;
    row.up = (series.received_bitrate[index] ?? 0) / 1000;
    row.down = (series.sent_bitrate[index] ?? 0) / 1000;
    return;
  }
  row.jitterMs = worse(row.jitterMs, (series.jitter[index] ?? 0) * 1000);
  // No layer, no picture: a height of 0 is not yet known.
  const lines = series.layer[index] ? (series.frame_height[index] ?? null) : null;
  if (series.stream.startsWith("uplink/")) {
    row.lossUp = worse(row.lossUp, loss);
    row.linesUp = worse(row.linesUp, lines);
  } else {
    row.lossDown = worse(row.lossDown, loss);
    row.linesDown = worse(row.linesDown, lines);
    row.frozen = worse(row.frozen, series.freezes_duration[index] ?? null);
  }
}

/** The columns of one participant; of several streams the worse counts. */
export function courseOf(series: QualitySeries[], participant: string): Trend {
  const rows = new Map<number, Row>();
  for (const one of series.filter(({ participant_id }) => participant_id === participant)) {
    one.at.forEach((at, index) => {
      const row = rows.get(at) ?? { ...NOTHING };
      rows.set(at, row);
      take(row, one, index);
    });
  }
  return columns([...rows].sort(([one], [other]) => one - other));
}

function columns(rows: [number, Row][]): Trend {
  const column = (name: keyof Row) => rows.map(([, row]) => row[name]);
  return {
    at: rows.map(([at]) => at),
    roundTripMs: column("roundTripMs"),
    jitterMs: column("jitterMs"),
    lossUp: column("lossUp"),
    lossDown: column("lossDown"),
    up: column("up"),
    down: column("down"),
    linesUp: column("linesUp"),
    linesDown: column("linesDown"),
    frozen: column("frozen"),
  };
}

function lossOf(now: ConnectionQuality, direction: string): number | null {
  const streams = now.streams.filter((stream) => stream.direction === direction && stream.packets);
  if (streams.length === 0) return null;
  return Math.max(...streams.map(({ lost, packets }) => (100 * lost) / packets));
}

function linesOf(now: ConnectionQuality, direction: string): number | null {
  const shown = now.streams.filter((stream) => stream.direction === direction && stream.picture);
  return shown.reduce<number | null>(
    (most, { picture }) => worse(most, picture?.layer ? picture.frame_height : null),
    null,
  );
}

function frozenOf(now: ConnectionQuality): number | null {
  const seen = now.streams.find(
    ({ direction, source }) => direction === "downlink" && source === "video",
  );
  return seen?.freezes_duration ?? null;
}

/** The course with one more second; `at` is in seconds since 1970 and never goes back. */
export function continued(course: Trend, at: number, now: ConnectionQuality): Trend {
  if (at <= (course.at.at(-1) ?? 0)) return course;
  const trip = now.inputs.round_trip_time;
  const more = <T>(column: T[], value: T): T[] => [...column, value].slice(-MOST);
  return {
    at: more(course.at, at),
    roundTripMs: more(course.roundTripMs, trip === null ? null : trip * 1000),
    jitterMs: more(course.jitterMs, now.inputs.jitter * 1000),
    lossUp: more(course.lossUp, lossOf(now, "uplink")),
    lossDown: more(course.lossDown, lossOf(now, "downlink")),
    up: more(course.up, now.received_bitrate / 1000),
    down: more(course.down, now.sent_bitrate / 1000),
    linesUp: more(course.linesUp, linesOf(now, "uplink")),
    linesDown: more(course.linesDown, linesOf(now, "downlink")),
    frozen: more(course.frozen, frozenOf(now)),
  };
}
