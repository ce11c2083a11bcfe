import { expect, test } from "vitest";
import { type Judged, Network, speakerWarning, verdictOf } from "../../src/state/network";

function report(received: number): RTCStatsReport {
  const pair = {
    id: "pair",
    type: "candidate-pair",
    state: "succeeded",
    nominated: true,
    bytesSent: 0,
    bytesReceived: received,
  };
  return new Map([["pair", pair]]) as unknown as RTCStatsReport;
}

test("figures need two moments of one connection", () => {
  const network = new Network();
  network.measured(report(1_000), 0);
  expect(network.figures.value).toBeNull();
  network.measured(report(6_000), 5_000);
  expect(network.figures.value?.down).toBe(8_000);
  network.measured(report(10), 10_000);
  expect(network.figures.value?.down).toBe(8_000);
  network.measured(report(1_260), 15_000);
  expect(network.figures.value?.down).toBe(2_000);
});

test("the verdict is the server's judgement in the panel's words", () => {
  expect(
    [null, "excellent", "good", "fair", "poor"].map((label) => verdictOf(label as never)),
  ).toEqual(["unknown", "good", "good", "fair", "poor"]);
  const network = new Network();
  network.judged({ label: "poor", reason: "loss" });
  expect(network.quality.value).toEqual({ label: "poor", reason: "loss" });
});

test("a speaker is warned when the others hear him badly, and only then", () => {
  const heard: Judged = {
    label: "fair",
    reason: "loss",
    lossPercent: 6.2,
    direction: "uplink",
    source: "microphone",
  };
  expect(speakerWarning(heard)).toEqual({ kind: "breaking", loss: 6 });
  expect(speakerWarning({ ...heard, label: "poor", reason: "jitter" })?.kind).toBe("choppy");
  expect(speakerWarning({ ...heard, label: "good" })).toBeNull();
  expect(speakerWarning({ ...heard, direction: "downlink" })).toBeNull();
  expect(speakerWarning({ ...heard, source: "camera" })).toBeNull();
  expect(speakerWarning({ ...heard, reason: "delay" })).toBeNull();
  expect(speakerWarning(null)).toBeNull();
});

test("every look is one more point of the trend", () => {
  const network = new Network();
  for (const at of [0, 5_000, 10_000]) network.measured(report(1_000 + at), at, 60_000 + at);
  expect(network.trend.value.at).toEqual([65, 70]);
  expect(network.trend.value.down).toEqual([8, 8]);
});
