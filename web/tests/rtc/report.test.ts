import { expect, test } from "vitest";
import { figuresBetween, totalsOf, uploadable } from "../../src/rtc/report";

function report(...entries: Record<string, unknown>[]): RTCStatsReport {
  return new Map(entries.map((entry) => [String(entry["id"]), entry])) as unknown as RTCStatsReport;
}

const PAIR = {
  id: "pair",
  type: "candidate-pair",
  state: "succeeded",
  nominated: true,
  localCandidateId: "local",
  bytesSent: 1_000,
  bytesReceived: 2_000,
  currentRoundTripTime: 0.04,
};
const LOCAL = { id: "local", type: "local-candidate", candidateType: "host", protocol: "udp" };

test("idle slots, spare paths, nested values and a browser's own names stay at home", () => {
  const sent = uploadable(
    report(
      PAIR,
      LOCAL,
      { ...LOCAL, id: "other", protocol: "tcp" },
      { id: "certificate", type: "certificate" },
      { id: "spare", type: "candidate-pair", state: "frozen" },
      { id: "idle", type: "inbound-rtp", packetsReceived: 0 },
      { id: "busy", type: "inbound-rtp", packetsReceived: 3, nested: { a: 1 }, googFast: 1 },
    ),
  );
  expect(sent.map((entry) => entry["id"])).toEqual(["pair", "local", "busy"]);
  expect(sent[2]).toEqual({ id: "busy", type: "inbound-rtp", packetsReceived: 3 });
});

test("no more than the server takes", () => {
  const many = Array.from({ length: 300 }, (_, index) => ({ id: `c${index}`, type: "codec" }));
  expect(uploadable(report(...many))).toHaveLength(200);
});

test("figures are differences over time", () => {
  const before = totalsOf(
    report(PAIR, LOCAL, { id: "in", type: "inbound-rtp", packetsReceived: 100, packetsLost: 0 }),
    0,
  );
  const after = totalsOf(
    report(
      { ...PAIR, bytesSent: 6_000, bytesReceived: 27_000 },
      LOCAL,
      { id: "in", type: "inbound-rtp", packetsReceived: 190, packetsLost: 10, jitter: 0.02 },
      { id: "far", type: "remote-inbound-rtp", fractionLost: 0.05 },
      { id: "out", type: "outbound-rtp", qualityLimitationReason: "cpu" },
    ),
    5_000,
  );
  expect(figuresBetween(before, after)).toEqual({
    up: 8_000,
    down: 40_000,
    lossDown: 10,
    lossUp: 5,
    jitterMs: 20,
    roundTripMs: 40,
    path: "host udp",
    limit: "cpu",
    freezes: null,
    frozenSeconds: null,
    frozenLately: null,
    picture: null,
    ownPicture: null,
  });
});

test("what was not measured is null", () => {
  const empty = totalsOf(report(), 0);
  expect(figuresBetween(empty, { ...empty, at: 1_000 })).toEqual({
    up: 0,
    down: 0,
    lossDown: null,
    lossUp: null,
    jitterMs: null,
    roundTripMs: null,
    path: null,
    limit: null,
    freezes: null,
    frozenSeconds: null,
    frozenLately: null,
    picture: null,
    ownPicture: null,
  });
});

test("pictures: the largest of each way, and all that stood still", () => {
  const video = (id: string, height: number, freezes: number, seconds: number) => ({
    id,
    type: "inbound-rtp",
    kind: "video",
    packetsReceived: 9,
    frameWidth: (height * 16) / 9,
    frameHeight: height,
    freezeCount: freezes,
    totalFreezesDuration: seconds,
  });
  const before = totalsOf(report(video("a", 180, 1, 0.5)), 0);
  const after = totalsOf(
    report(video("a", 180, 1, 0.5), video("b", 360, 2, 1.5), {
      id: "out",
      type: "outbound-rtp",
      frameWidth: 1280,
      frameHeight: 720,
    }),
    5_000,
  );
  expect(figuresBetween(before, after)).toMatchObject({
    freezes: 3,
    frozenSeconds: 2,
    frozenLately: 1.5,
    picture: { width: 640, height: 360 },
    ownPicture: { width: 1280, height: 720 },
  });
  expect(figuresBetween(after, before).frozenLately).toBe(0);
});
