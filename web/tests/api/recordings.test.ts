import { expect, test } from "vitest";
import { type RecordingFilter, recordingsServer } from "../../src/api/recordings";
import { midnight } from "../../src/lib/date";

async function asked(filter: Partial<RecordingFilter>, cursor: string | null = null) {
  const paths: string[] = [];
  const server = recordingsServer(async (path) => {
    paths.push(path);
    return null as never;
  });
  const all: RecordingFilter = { text: "", state: "", meeting: "", from: "", to: "" };
  await server.recordings({ ...all, ...filter }, cursor, new AbortController().signal);
  return paths[0];
}

test("what is not wanted is not asked for", async () => {
  expect(await asked({})).toBe("/v1/recordings");
  expect(await asked({ text: " " })).toBe("/v1/recordings");
});

test("words, state, days and the page before are asked for, the last day whole", async () => {
  const path = await asked(
    { text: " bo lar ", state: "failed", meeting: "m1", from: "2026-11-01", to: "2026-11-30" },
    "next",
  );
  const query = new URLSearchParams(path?.split("?")[1]);
  expect(Object.fromEntries(query)).toEqual({
    q: "bo lar",
    state: "failed",
    meeting: "m1",
    from: midnight("2026-11-01"),
    to: midnight("2026-12-01"),
    cursor: "next",
  });
});
