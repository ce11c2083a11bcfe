import { expect, test } from "vitest";
import { ApiError } from "../../src/api/http";
import type { Lobby } from "../../src/api/types";
import { memoryStore } from "../../src/lib/store";
import { nameOfToken, Prejoin } from "../../src/state/prejoin";
import { FakeClock } from "../support/clock";
import { settle } from "../support/rtc";

const LOBBY: Lobby = {
  id: "m",
  title: "Stand-up",
  record: "manual",
  recording_active: false,
  recording_media: null,
  participants: [],
  full: false,
  status: "ACTIVE",
  waiting_room: "off",
};

/** A token with these claims; nobody checks the signature here. */
function token(claims: object): string {
  const bytes = new TextEncoder().encode(JSON.stringify(claims));
  const text = btoa(String.fromCodePoint(...bytes));
  return `h.${text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}.s`;
}

function make(answer: () => Lobby, given: string | null = null, store = memoryStore()) {
  const clock = new FakeClock();
  const ports = { server: { lobby: async () => answer() }, clock, store };
  const prejoin = new Prejoin("m", given, ports, new AbortController().signal);
  return { clock, prejoin, store };
}

test("looks again every five seconds", async () => {
  let people = ["Bo"];
  const { clock, prejoin } = make(() => ({ ...LOBBY, participants: people }));
  prejoin.start();
  await settle();
  people = ["Bo", "Chi"];
  clock.advance(5_000);
  await settle();
  expect(prejoin.lobby.value).toMatchObject({ lobby: { participants: ["Bo", "Chi"] } });
});

test("a refusal keeps its code and request id; no answer is something else", async () => {
  const refused = make(() => {
    throw new ApiError(404, "meeting_not_found", "No such meeting", "01J9");
  });
  await refused.prejoin.load();
  expect(refused.prejoin.lobby.value).toEqual({
    kind: "refused",
    code: "meeting_not_found",
    detail: "No such meeting",
    requestId: "01J9",
  });
  const offline = make(() => {
    throw new ApiError(0, "offline", "", null);
  });
  await offline.prejoin.load();
  expect(offline.prejoin.lobby.value).toEqual({ kind: "offline" });
});

test("the name is remembered when wished", () => {
  const { prejoin, store } = make(() => LOBBY);
  expect(prejoin.named.value).toBe(false);
  prejoin.rename("  Ana ");
  expect(prejoin.settle()).toBe("Ana");
  expect(store.read("name")).toBe("Ana");
  prejoin.keep(false);
  prejoin.settle();
  expect(store.read("name")).toBeNull();
});

test("the name of an invitation is offered, one's own comes first", () => {
  const invitation = token({ name: "Zoë" });
  expect(make(() => LOBBY, invitation).prejoin.name.value).toBe("Zoë");
  const store = memoryStore();
  store.write("name", "Ana");
  expect(make(() => LOBBY, invitation, store).prejoin.name.value).toBe("Ana");
});

test("a host's token is known, so that a host is not told to ask", () => {
  const host = (given: string | null) => make(() => LOBBY, given).prejoin.host;
  const given = [token({ role: "host" }), token({ role: "participant" }), token({}), null];
  expect(given.map(host)).toEqual([true, false, false, false]);
});

test("what is no token has no name", () => {
  expect([null, "x", "a.%%%.b", token({ name: 3 }), token([])].map(nameOfToken)).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
});
