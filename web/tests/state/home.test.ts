import { expect, test } from "vitest";
import { ApiError } from "../../src/api/http";
import type { Server } from "../../src/api/server";
import { memoryStore } from "../../src/lib/store";
import { Home, sentence } from "../../src/state/home";
import { readRecents } from "../../src/state/recents";

const CONFIG = {
  dev: true,
  dev_key: "rt_dev",
  processing: true,
  redundancy: false,
  sign_in_required: false,
};

function make(changes: Partial<Server> = {}) {
  const opened: [string, string | null][] = [];
  const store = memoryStore();
  const server = {
    config: async () => CONFIG,
    signedIn: async () => true,
    signIn: async () => undefined,
    signOut: async () => undefined,
    createMeeting: async (title: string) => ({
      id: "01a1f901",
      title: title || "Meeting",
      url: "",
      status: "ACTIVE" as const,
      access: "link" as const,
    }),
    hostToken: async () => ({ token: "t.t.t", url: "" }),
    ...changes,
  } as Server;
  const home = new Home(
    server,
    store,
    () => 42,
    (meeting, token) => opened.push([meeting, token]),
  );
  return { home, opened, store };
}

test("starting makes a meeting, remembers it and opens it as its host", async () => {
  const { home, opened, store } = make();
  await home.start("  Stand-up ");
  expect(opened).toEqual([["01a1f901", "t.t.t"]]);
  expect(readRecents(store)).toEqual([{ id: "01a1f901", title: "Stand-up", at: 42 }]);
  expect(home.busy.value).toBe(false);
});

test("who may join is asked for only when told", async () => {
  const asked: unknown[][] = [];
  const { home } = make({
    createMeeting: async (...given) => {
      asked.push(given);
      throw new ApiError(0, "offline", "", null);
    },
  });
  await home.start("A");
  await home.start("B", "token");
  expect(asked).toEqual([
    ["A", undefined],
    ["B", "token"],
  ]);
});

test("a refusal is told and the form works again", async () => {
  const { home } = make({
    createMeeting: async () => {
      throw new ApiError(429, "rate_limited", "Slow down", "r1");
    },
  });
  await home.start("");
  expect(home.error.value).toBe(
    "Too many attempts. Wait a minute, then try again. (rate_limited · request r1)",
  );
  expect(home.busy.value).toBe(false);
});

test("a link is followed with its token, anything else explained", () => {
  const { home, opened } = make();
  home.join("nonsense here");
  expect(home.linkError.value).toContain("not the link");
  home.join("http://localhost:8080/m/01a1f901-b652#t=abc");
  expect(home.linkError.value).toBeNull();
  expect(opened).toEqual([["01a1f901-b652", "abc"]]);
});

test("outside development mode a sign-in decides", async () => {
  let inside = false;
  const { home } = make({
    config: async () => ({ ...CONFIG, dev: false, dev_key: null, sign_in_required: true }),
    signedIn: async () => inside,
    signIn: async () => {
      inside = true;
    },
    signOut: async () => {
      inside = false;
    },
  });
  await home.load();
  expect(home.account.value).toMatchObject({ access: "signed_out" });
  await home.signIn(" rt_key ");
  expect(home.account.value).toMatchObject({ access: "signed_in" });
  await home.signOut();
  expect(home.account.value).toMatchObject({ access: "signed_out" });
});

test("development mode is open, and a silent server is offline", async () => {
  const open = make();
  await open.home.load();
  expect(open.home.account.value).toMatchObject({ access: "open" });
  const away = make({
    config: async () => {
      throw new ApiError(0, "offline", "", null);
    },
  });
  await away.home.load();
  expect(away.home.account.value).toEqual({ kind: "offline" });
});

test("a recent meeting can be forgotten", async () => {
  const { home, store } = make();
  await home.start("A");
  home.forget("01a1f901");
  expect(home.recents.value).toEqual([]);
  expect(readRecents(store)).toEqual([]);
});

test("an unknown code is told in the server's words", () => {
  expect(sentence(new ApiError(400, "odd", "Odd thing.", null))).toBe("Odd thing. (odd)");
  expect(sentence(new ApiError(0, "offline", "", null))).toContain("does not answer");
  expect(() => sentence(new TypeError("bug"))).toThrow("bug");
});
