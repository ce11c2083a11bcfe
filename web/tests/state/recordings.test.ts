import { expect, test } from "vitest";
import { ApiError } from "../../src/api/http";
import type { RecordingFilter } from "../../src/api/recordings";
import type { Page, RecordingInfo, RecordingState } from "../../src/api/types";
import { isTrack, isUnfinished, Recordings } from "../../src/state/recordings";
import { FakeClock } from "../support/clock";
import { file } from "../support/recording";
import { settle } from "../support/rtc";

function recording(id: string, state: RecordingState = "ready"): RecordingInfo {
  return {
    id,
    meeting_id: "m",
    title: `Title ${id}`,
    state,
    started_at: "2026-11-20T12:00:00Z",
    duration_seconds: 1,
    files: [file()],
  };
}

type Answer = (cursor: string | null, filter: RecordingFilter) => Page<RecordingInfo>;

const USE = { recordings: 1, bytes: 2, free_bytes: 3, floor_bytes: 1, retention_days: 30 };

function make(answer: Answer) {
  const clock = new FakeClock();
  let asked = 0;
  const server = {
    answer,
    removed: [] as string[],
    recordings: async (filter: RecordingFilter, cursor: string | null) => {
      asked += 1;
      return server.answer(cursor, filter);
    },
    deleteRecording: async (id: string) => {
      if (id === "busy") throw new ApiError(409, "recording_running", "", null);
      server.removed.push(id);
    },
    storage: async () => USE,
  };
  const list = new Recordings(server, clock, new AbortController().signal);
  return { clock, list, server, asked: () => asked };
}

const one = (items: RecordingInfo[], next: string | null = null) => ({ items, next_cursor: next });
const ids = (list: Recordings) => list.all.value.map((item) => item.id);

function refuse(status: number, code: string): Answer {
  return () => {
    throw new ApiError(status, code, "Words.", null);
  };
}

test("looks again only while something is unfinished", async () => {
  let state: RecordingState = "processing";
  const { clock, list, asked } = make(() => one([recording("a", state)]));
  list.start();
  await settle();
  state = "ready";
  clock.advance(3_000);
  await settle();
  expect(list.all.value[0]?.state).toBe("ready");
  clock.advance(30_000);
  await settle();
  expect(asked()).toBe(2);
});

test("older pages follow, and stay when the first is read again", async () => {
  const { list } = make((cursor) =>
    cursor ? one([recording("c")]) : one([recording("a", "processing"), recording("b")], "next"),
  );
  await list.load();
  expect(list.more.value).toBe("next");
  await list.loadMore();
  expect(ids(list)).toEqual(["a", "b", "c"]);
  expect(list.more.value).toBeNull();
  await list.load();
  expect(ids(list)).toEqual(["a", "b", "c"]);
  await list.loadMore();
  expect(ids(list)).toHaveLength(3);
});

test("the server is searched once nobody types any more", async () => {
  const { clock, list, asked } = make((_, { text, state }) =>
    one(
      [recording("a"), recording("b", "failed")].filter(
        (item) => item.title?.includes(text) && (!state || item.state === state),
      ),
    ),
  );
  await list.load();
  list.find({ text: "Tit" });
  clock.advance(200);
  list.find({ text: "Title a" });
  expect(ids(list)).toEqual(["a", "b"]);
  clock.advance(300);
  await settle();
  expect(ids(list)).toEqual(["a"]);
  expect(asked()).toBe(2);
  list.find({ text: "", state: "failed" });
  clock.advance(300);
  await settle();
  expect(ids(list)).toEqual(["b"]);
  expect(list.filtered.value).toBe(true);
  list.clear();
  expect(list.state.value).toEqual({ kind: "loading" });
  await settle();
  expect(ids(list)).toEqual(["a", "b"]);
  expect(list.filtered.value).toBe(false);
});

test("an answer to an earlier wish is not shown", async () => {
  const answers: (() => void)[] = [];
  const { list, clock, server } = make(() => one([recording("a")]));
  server.recordings = ({ text }) =>
    new Promise((resolve) => {
      answers.push(() => resolve(one([recording(text || "all")])));
    });
  const first = list.load();
  list.find({ text: "late" });
  clock.advance(300);
  answers[1]?.();
  await settle();
  answers[0]?.();
  await first;
  expect(ids(list)).toEqual(["late"]);
});

test("denied, offline and broken are three things", async () => {
  const denied = make(refuse(401, "credential_required"));
  await denied.list.load();
  expect(denied.list.state.value).toEqual({ kind: "denied" });
  const broken = make(refuse(500, "internal"));
  await broken.list.load();
  expect(broken.list.state.value).toMatchObject({ kind: "error", text: "Words. (internal)" });
});

test("an unreachable server leaves what was known and is tried again", async () => {
  const { clock, list, server } = make(() => one([recording("a")]));
  list.start();
  await settle();
  server.answer = refuse(0, "offline");
  await list.load();
  expect(list.state.value).toEqual({ kind: "offline" });
  expect(ids(list)).toEqual(["a"]);
  server.answer = () => one([recording("a"), recording("b")]);
  clock.advance(3_000);
  await settle();
  expect(list.state.value).toEqual({ kind: "ready" });
  expect(ids(list)).toEqual(["a", "b"]);
});

test("those chosen are deleted, and those told that could not be", async () => {
  const { list, server } = make(() =>
    one([recording("a"), recording("busy"), recording("c"), recording("d", "recording")]),
  );
  list.start();
  await settle();
  expect(list.storage.value).toEqual(USE);
  for (const id of ["a", "busy", "c", "d"]) list.mark(id, true);
  list.mark("c", false);
  expect(list.chosen.value.map(({ id }) => id)).toEqual(["a", "busy"]);
  await list.remove(list.chosen.value);
  expect(ids(list)).toEqual(["busy", "c", "d"]);
  expect(list.problem.value).toContain("Title busy: ");
  expect(server.removed).toEqual(["a"]);
  expect([list.isMarked("a"), list.isMarked("busy")]).toEqual([false, true]);
});

test("ready and failed are the ends", () => {
  const states: RecordingState[] = ["starting", "stopping", "ready", "failed"];
  expect(states.map((state) => isUnfinished(recording("x", state)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("a mix is no track of anybody", () => {
  expect(isTrack(file())).toBe(true);
  expect(isTrack(file({ participant_id: null, kind: "mix" }))).toBe(false);
});

test("meetings that were seen stay to be chosen", async () => {
  const { list, clock } = make((_, { meeting }) =>
    one([
      { ...recording("1"), meeting_id: "m1", title: "Stand-up" },
      ...(meeting ? [] : [{ ...recording("2"), meeting_id: "m2", title: "Design" }]),
    ]),
  );
  await list.load();
  list.find({ meeting: "m1" });
  clock.advance(300);
  await settle();
  expect(ids(list)).toEqual(["1"]);
  expect(list.meetings.value).toEqual([
    ["m1", "Stand-up"],
    ["m2", "Design"],
  ]);
});
