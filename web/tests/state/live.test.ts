import { expect, test } from "vitest";
import { ApiError } from "../../src/api/http";
import type { SessionInfo, SessionQuality } from "../../src/api/types";
import { Live, LOOK_MS } from "../../src/state/live";
import { FakeClock } from "../support/clock";
import { settle } from "../support/rtc";
import { connection, person, session } from "../support/session";

function make() {
  const clock = new FakeClock();
  const lifetime = new AbortController();
  const server = {
    sessions: [] as SessionInfo[],
    error: null as Error | null,
    asked: [] as string[],
    quality: [] as SessionQuality[],
    async liveQuality() {
      return { items: server.quality };
    },
    async liveSessions() {
      if (server.error) throw server.error;
      return { items: server.sessions, next_cursor: null };
    },
    async meeting(id: string) {
      server.asked.push(id);
      return { id, title: `Title ${id}`, url: "", status: "ACTIVE", access: "link" } as const;
    },
  };
  const live = new Live(server, clock, lifetime.signal);
  live.start();
  return { live, server, clock, lifetime };
}

const troubled = person("Bo", [connection({ quality: "poor", quality_reason: "loss" })]);

test("sessions in trouble come first, with their title asked once", async () => {
  const { live, server, clock } = make();
  await settle();
  expect(live.rows.value).toEqual([]);
  server.sessions = [session([person("Ada")], "1"), session([troubled], "2")];
  clock.advance(LOOK_MS);
  await settle();
  expect(live.rows.value.map(({ title, people }) => [title, people])).toEqual([
    ["Title m-2", 1],
    ["Title m-1", 1],
  ]);
  clock.advance(LOOK_MS);
  await settle();
  expect(server.asked).toEqual(["m-1", "m-2"]);
  expect(live.freshAt.value).toBe(clock.now());
});

test("each session has the figures of its last minute once they are known", async () => {
  const { live, server, clock } = make();
  server.sessions = [session([person("Ada")], "1"), session([person("Bo")], "2")];
  const known = {
    session_id: "2",
    round_trip_time_p95: 0.31,
    loss_percent_p95: 11.2,
    jitter_p95: 0.02,
    recording: true,
  };
  server.quality = [known];
  clock.advance(LOOK_MS);
  await settle();
  expect(live.rows.value.map(({ figures }) => figures)).toEqual([null, known]);
});

test("titles and names are found", async () => {
  const { live, server, clock } = make();
  server.sessions = [session([person("Ada")], "1"), session([troubled], "2")];
  clock.advance(LOOK_MS);
  await settle();
  live.find(" BO ");
  expect(live.rows.value.map(({ session: one }) => one.id)).toEqual(["2"]);
  live.find("title m-1");
  expect(live.rows.value.map(({ session: one }) => one.id)).toEqual(["1"]);
  expect(live.search.value).toBe("title m-1");
});

test("what was known stays while the server is away", async () => {
  const { live, server, clock } = make();
  server.sessions = [session([person("Ada")])];
  clock.advance(LOOK_MS);
  await settle();
  server.error = new ApiError(0, "offline", "", null);
  clock.advance(LOOK_MS);
  await settle();
  expect(live.state.value).toEqual({ kind: "offline" });
  expect(live.all.value).toHaveLength(1);
  server.error = new ApiError(401, "unauthorized", "", null);
  clock.advance(LOOK_MS);
  await settle();
  expect(live.state.value).toEqual({ kind: "denied" });
  server.error = new ApiError(500, "internal", "broken", "r1");
  clock.advance(LOOK_MS);
  await settle();
  expect(live.state.value).toMatchObject({ kind: "error" });
});

test("after the page is left nothing is said", async () => {
  const { live, server, lifetime } = make();
  server.error = new ApiError(0, "offline", "", null);
  lifetime.abort();
  await live.load();
  expect(live.state.value).toEqual({ kind: "ready" });
});
