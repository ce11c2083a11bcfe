import { expect, test } from "vitest";
import { ApiError } from "../../src/api/http";
import type { ConnectionQuality, QualityHistory, SessionInfo } from "../../src/api/types";
import { LOOK_MS } from "../../src/state/live";
import { LiveSession } from "../../src/state/live-session";
import { FakeClock } from "../support/clock";
import { settle } from "../support/rtc";
import { connection, person, session } from "../support/session";

const second = (who: string): ConnectionQuality => ({
  participant_id: who,
  connection_id: "c",
  label: "excellent",
  score: 90,
  since: "2026-11-20T12:00:00Z",
  reason: null,
  state: "active",
  worst: null,
  inputs: { loss_percent: 0, round_trip_time: 0.02, jitter: 0.001 },
  hints: [],
  sent_bitrate: 0,
  received_bitrate: 0,
  streams: [],
});

function history(): QualityHistory {
  const one = {
    connection_id: "c",
    stream: "connection",
    at: [1, 2],
    loss_percent: [null, null],
    jitter: [0, 0],
    round_trip_time: [0.01, 0.02],
    sent_bitrate: [0, 0],
    received_bitrate: [0, 0],
    freezes_duration: [],
    frame_height: [],
    layer: [],
  };
  const series = [
    { ...one, participant_id: "ada" },
    { ...one, participant_id: "bo", at: [5, 6] },
  ];
  return { step: 1, now: [second("ada"), second("bo")], series };
}

function make(people = [person("Ada"), person("Bo")]) {
  const clock = new FakeClock();
  const lifetime = new AbortController();
  let heard: (at: number, now: ConnectionQuality[]) => void = () => undefined;
  const server = {
    now: session(people) as SessionInfo,
    error: null as Error | null,
    done: [] as string[],
    spans: [] as (number | null)[],
    async session() {
      if (server.error) throw server.error;
      return server.now;
    },
    meeting: async (id: string) =>
      ({ id, title: "Stand-up", url: "", status: "ACTIVE", access: "link" }) as const,
    async quality(_: string, seconds: number | null) {
      server.spans.push(seconds);
      return history();
    },
    timeline: async () => ({
      connections: ["ada", "bo"].map((participant_id) => ({
        connection_id: "c",
        participant_id,
        moments: [
          { at: "2026-11-20T12:00:02Z", what: "connected", details: {} },
          { at: "2026-11-20T12:00:01Z", what: "connecting", details: {} },
        ],
      })),
    }),
    async act(what: string) {
      if (what === "mute bo") throw new ApiError(403, "forbidden", "no", null);
      server.done.push(what);
    },
    mute: (who: string) => server.act(`mute ${who}`),
    remove: (who: string) => server.act(`remove ${who}`),
    endMeeting: (which: string) => server.act(`end ${which}`),
  };
  const view = new LiveSession("s", server, clock, lifetime.signal, (_, hear) => {
    heard = hear;
  });
  view.start();
  return {
    view,
    server,
    clock,
    lifetime,
    hear: (at: number, all: string[]) => heard(at, all.map(second)),
  };
}

test("the first person is looked at, with course and timeline in order", async () => {
  const { view, hear } = make();
  await settle();
  expect(view.title.value).toBe("Stand-up");
  expect(view.person.value?.name).toBe("Ada");
  expect(view.course.value.at).toEqual([1, 2]);
  expect(view.events.value.map(({ what }) => what)).toEqual(["connecting", "connected"]);
  hear(3, ["ada", "bo"]);
  expect(view.course.value.at).toEqual([1, 2, 3]);
  expect(view.now.value?.participant_id).toBe("ada");
  hear(4, ["bo"]);
  expect(view.now.value).toBeNull();
});

test("whoever needs attention is looked at unless somebody was chosen", async () => {
  const bad = connection({ quality: "poor", quality_reason: "loss" });
  const { view } = make([person("Ada"), person("Bo", [bad])]);
  await settle();
  expect(view.person.value?.name).toBe("Bo");
  view.pick("ada");
  await settle();
  expect(view.person.value?.name).toBe("Ada");
  expect(view.course.value.at).toEqual([1, 2]);
});

test("another time is read anew", async () => {
  const { view, server } = make();
  await settle();
  await view.show(null);
  expect(view.span.value).toBeNull();
  expect(server.spans).toEqual([300, null]);
});

test("actions are done, and a refusal is said", async () => {
  const { view, server } = make();
  await settle();
  await view.mute("ada");
  await view.remove("ada");
  await view.end();
  expect(server.done).toEqual(["mute ada", "remove ada", "end m-s"]);
  await view.mute("bo");
  expect(view.problem.value).toContain("forbidden");
  await view.mute("ada");
  expect(view.problem.value).toBeNull();
});

test("a lost server leaves what was known", async () => {
  const { view, server, clock, lifetime } = make();
  await settle();
  server.error = new ApiError(0, "offline", "", null);
  clock.advance(LOOK_MS);
  await settle();
  expect(view.state.value).toEqual({ kind: "offline" });
  expect(view.session.value?.participants).toHaveLength(2);
  server.error = null;
  clock.advance(LOOK_MS);
  await settle();
  expect(view.state.value).toEqual({ kind: "ready" });
  lifetime.abort();
  server.error = new ApiError(500, "internal", "", null);
  await view.load();
  expect(view.state.value).toEqual({ kind: "ready" });
});
