/** Browser statistics: what is sent to the server, and the few figures a person may want to see. */
import members from "./stats-members.json";

/** By type of entry the members that are sent: W3C names and units, checked against the standard. */
const UPLOADED = new Map<string, ReadonlySet<string>>(
  Object.entries(members).map(([type, names]) => [type, new Set(names)]),
);

/** The server's limit. */
const MOST = 200;

type Values = Record<string, string | number | boolean>;

function plain(entry: object): Values {
  const values: Values = {};
  for (const [name, value] of Object.entries(entry)) {
    const kind = typeof value;
    if (kind === "number" || kind === "boolean" || kind === "string") values[name] = value;
  }
  return values;
}

/** The entries of `report` that the server reads; what a browser adds of its own stays here. */
export function uploadable(report: RTCStatsReport): Values[] {
  const entries: Values[] = [];
  const used = new Set<unknown>();
  report.forEach((entry: RTCStats) => {
    const pair = plain(entry);
    if (pair["nominated"] === true && pair["state"] === "succeeded")
      used.add(pair["localCandidateId"]);
  });
  report.forEach((entry: RTCStats) => {
    const wanted = UPLOADED.get(entry.type);
    if (!wanted) return;
    const values = plain(entry);
    const idle = entry.type === "inbound-rtp" && values["packetsReceived"] === 0;
    const spare = entry.type === "candidate-pair" && values["state"] !== "succeeded";
    const unused = entry.type === "local-candidate" && !used.has(entry.id);
    if (idle || spare || unused) return;
    entries.push(Object.fromEntries(Object.entries(values).filter(([name]) => wanted.has(name))));
  });
  return entries.slice(0, MOST);
}

/** Running totals of one moment; the network panel shows differences of two. */
export interface Totals {
  at: number;
  sent: number;
  received: number;
  packets: number;
  lost: number;
  jitter: number | null;
  roundTrip: number | null;
  farLoss: number | null;
  path: string | null;
  limit: string | null;
  /** Pictures that come and go: null while there is none. */
  freezes: number | null;
  frozenSeconds: number | null;
  picture: PictureSize | null;
  ownPicture: PictureSize | null;
}

/** In pixels. */
export interface PictureSize {
  width: number;
  height: number;
}

/** What the panel shows; null is "not known yet". */
export interface NetworkFigures {
  up: number;
  down: number;
  lossDown: number | null;
  lossUp: number | null;
  jitterMs: number | null;
  roundTripMs: number | null;
  path: string | null;
  limit: string | null;
  /** How often received pictures stood still since the connection came up, and how long. */
  freezes: number | null;
  frozenSeconds: number | null;
  /** Seconds that they stood still since the look before. */
  frozenLately: number | null;
  /** The largest picture received, and the largest sent. */
  picture: PictureSize | null;
  ownPicture: PictureSize | null;
}

const number = (values: Values, name: string): number => {
  const value = values[name];
  return typeof value === "number" ? value : 0;
};

/** Sums a report; `at` is in milliseconds. */
export function totalsOf(report: RTCStatsReport, at: number): Totals {
  const totals: Totals = {
    at,
    sent: 0,
    received: 0,
    packets: 0,
    lost: 0,
    jitter: null,
    roundTrip: null,
    farLoss: null,
    path: null,
    limit: null,
    freezes: null,
    frozenSeconds: null,
    picture: null,
    ownPicture: null,
  };
  const locals = new Map<string, Values>();
  report.forEach((entry: RTCStats) => {
    if (entry.type === "local-candidate") locals.set(entry.id, plain(entry));
  });
  report.forEach((entry: RTCStats) => {
    count(totals, plain(entry), locals);
  });
  return totals;
}

function count(totals: Totals, entry: Values, locals: ReadonlyMap<string, Values>): void {
  switch (entry["type"]) {
    case "inbound-rtp":
      totals.packets += number(entry, "packetsReceived");
      totals.lost += number(entry, "packetsLost");
      if (number(entry, "packetsReceived") > 0) {
        totals.jitter = Math.max(totals.jitter ?? 0, number(entry, "jitter"));
        if (entry["kind"] === "video") see(totals, entry);
      }
      break;
    case "outbound-rtp":
      if (entry["qualityLimitationReason"] && entry["qualityLimitationReason"] !== "none") {
        totals.limit = String(entry["qualityLimitationReason"]);
      }
      totals.ownPicture = larger(totals.ownPicture, entry);
      break;
    case "remote-inbound-rtp":
      totals.farLoss = Math.max(totals.farLoss ?? 0, number(entry, "fractionLost"));
      break;
    case "candidate-pair": {
      if (entry["nominated"] !== true || entry["state"] !== "succeeded") break;
      totals.sent += number(entry, "bytesSent");
      totals.received += number(entry, "bytesReceived");
      totals.roundTrip = number(entry, "currentRoundTripTime");
      const local = locals.get(String(entry["localCandidateId"]));
      if (local) totals.path = `${local["candidateType"]} ${local["protocol"]}`;
      break;
    }
  }
}

function see(totals: Totals, entry: Values): void {
  totals.freezes = (totals.freezes ?? 0) + number(entry, "freezeCount");
  totals.frozenSeconds = (totals.frozenSeconds ?? 0) + number(entry, "totalFreezesDuration");
  totals.picture = larger(totals.picture, entry);
}

function larger(known: PictureSize | null, entry: Values): PictureSize | null {
  const [width, height] = [number(entry, "frameWidth"), number(entry, "frameHeight")];
  return height > (known?.height ?? 0) ? { width, height } : known;
}

/** The figures between two moments of one connection. */
export function figuresBetween(before: Totals, after: Totals): NetworkFigures {
  const seconds = Math.max(0.001, (after.at - before.at) / 1000);
  const packets = Math.max(0, after.packets - before.packets);
  const lost = Math.max(0, after.lost - before.lost);
  const milliseconds = (value: number | null) => (value === null ? null : value * 1000);
  return {
    up: Math.max(0, ((after.sent - before.sent) * 8) / seconds),
    down: Math.max(0, ((after.received - before.received) * 8) / seconds),
    lossDown: packets + lost > 0 ? (100 * lost) / (packets + lost) : null,
    lossUp: after.farLoss === null ? null : 100 * after.farLoss,
    jitterMs: milliseconds(after.jitter),
    roundTripMs: milliseconds(after.roundTrip),
    path: after.path,
    limit: after.limit,
    freezes: after.freezes,
    frozenSeconds: after.frozenSeconds,
    frozenLately:
      after.frozenSeconds === null
        ? null
        : Math.max(0, after.frozenSeconds - (before.frozenSeconds ?? 0)),
    picture: after.picture,
    ownPicture: after.ownPicture,
  };
}
