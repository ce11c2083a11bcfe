import { expect, test } from "vitest";
import type { ConnectionQuality, QualitySeries, StreamQuality } from "../../src/api/types";
import { continued, courseOf, MOST } from "../../src/state/course";
import { EMPTY } from "../../src/state/trend";

function series(stream: string, facts: Partial<QualitySeries> = {}): QualitySeries {
  return {
    participant_id: "ada",
    connection_id: "c",
    stream,
    at: [10, 11],
    loss_percent: [null, 2],
    jitter: [0.005, 0.02],
    round_trip_time: [null, null],
    sent_bitrate: [0, 0],
    received_bitrate: [0, 0],
    freezes_duration: [],
    frame_height: [],
    layer: [],
    ...facts,
  };
}

const whole = series("connection", {
  round_trip_time: [0.04, null],
  sent_bitrate: [80_000, 90_000],
  received_bitrate: [40_000, 50_000],
});

const PICTURE = { rid: "high", layer: 3, frame_width: 1280, frame_height: 720, limit: null };

function stream(facts: Partial<StreamQuality>): StreamQuality {
  return {
    direction: "uplink",
    source: "microphone",
    label: "good",
    reason: null,
    packets: 0,
    lost: 0,
    jitter: 0,
    active: true,
    bitrate: 0,
    freeze_count: 0,
    freezes_duration: 0,
    picture: null,
    ...facts,
  };
}

function now(facts: Partial<ConnectionQuality> = {}): ConnectionQuality {
  return {
    participant_id: "ada",
    connection_id: "c",
    label: "good",
    score: 75,
    since: "2026-11-20T12:00:00Z",
    reason: "loss",
    state: "active",
    worst: null,
    inputs: { loss_percent: 4, round_trip_time: 0.1, jitter: 0.01 },
    hints: [],
    sent_bitrate: 100_000,
    received_bitrate: 60_000,
    streams: [
      stream({ packets: 50, lost: 5 }),
      stream({ source: "camera", packets: 100, lost: 1, picture: PICTURE }),
      stream({ direction: "downlink", source: "audio" }),
      stream({
        direction: "downlink",
        source: "video",
        freezes_duration: 0.5,
        picture: { ...PICTURE, layer: 0, frame_height: 0 },
      }),
    ],
    ...facts,
  };
}

test("streams of one person are one course, the worse counts, nobody else's is mixed in", () => {
  const course = courseOf(
    [
      whole,
      series("uplink/microphone"),
      series("uplink/camera", { loss_percent: [1, 1], jitter: [0.03, 0.001] }),
      series("downlink/audio", { at: [11], loss_percent: [7], jitter: [0] }),
      series("downlink/video", {
        loss_percent: [null, 0],
        jitter: [0, 0],
        freezes_duration: [0, 2.5],
        frame_height: [360, 0],
        layer: [2, 0],
      }),
      series("uplink/microphone", { participant_id: "bo", at: [9] }),
    ],
    "ada",
  );
  expect(course).toEqual({
    at: [10, 11],
    roundTripMs: [40, null],
    jitterMs: [30, 20],
    lossUp: [1, 2],
    lossDown: [null, 7],
    up: [40, 50],
    down: [80, 90],
    linesUp: [null, null],
    linesDown: [360, null],
    frozen: [0, 2.5],
  });
});

test("a second is added once, with the loss of the worse stream", () => {
  const more = continued(EMPTY, 12, now());
  expect(more).toMatchObject({
    at: [12],
    roundTripMs: [100],
    jitterMs: [10],
    lossUp: [10],
    lossDown: [null],
    up: [60],
    down: [100],
    linesUp: [720],
    linesDown: [null],
    frozen: [0.5],
  });
  expect(continued(more, 12, now())).toBe(more);
  const unknown = now({ inputs: { loss_percent: 0, round_trip_time: null, jitter: 0 } });
  expect(continued(more, 13, unknown).roundTripMs).toEqual([100, null]);
});

test("old points go", () => {
  let course = EMPTY;
  for (let at = 1; at <= MOST + 5; at += 1) course = continued(course, at, now());
  expect(course.at).toHaveLength(MOST);
  expect(course.at[0]).toBe(6);
});
