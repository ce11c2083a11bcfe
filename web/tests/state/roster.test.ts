import { expect, test } from "vitest";
import { isMuted, Roster } from "../../src/state/roster";
import { person, welcome } from "../support/rtc";

const at = (time: number) => ({ joined_at: `2026-11-20T12:00:0${time}Z` });

function delta(sequence: number, changes: object) {
  return { type: "roster" as const, sequence, joined: [], changed: [], left: [], ...changes };
}

test("people stand in the order they came, without oneself", () => {
  const roster = new Roster();
  const me = person("me");
  roster.reset(welcome({ you: me, participants: [person("chi", at(5)), person("bo", at(2)), me] }));
  expect(roster.others.value.map((one) => one.id)).toEqual(["bo", "chi"]);
  expect(roster.me.value).toEqual(me);
});

test("a delta adds, changes and removes, and tells the news", () => {
  const roster = new Roster();
  roster.reset(welcome({ participants: [person("bo", at(1))] }));
  const news = roster.apply(
    delta(11, {
      joined: [person("dee", at(3))],
      changed: [person("me", { name: "New" })],
      left: [
        { id: "bo", reason: "left" },
        { id: "nobody", reason: null },
      ],
    }),
  );
  expect(roster.others.value.map((one) => one.id)).toEqual(["dee"]);
  expect(roster.me.value?.name).toBe("New");
  expect(news.joined.map((one) => one.id)).toEqual(["dee"]);
  expect(news.left.map((one) => [one.person.id, one.reason])).toEqual([["bo", "left"]]);
});

test("a change of somebody known is no news", () => {
  const roster = new Roster();
  roster.reset(welcome({ participants: [person("bo")] }));
  const news = roster.apply(delta(11, { changed: [person("bo", { state: "disconnected" })] }));
  expect(news.joined).toEqual([]);
  expect(roster.others.value[0]?.state).toBe("disconnected");
});

test("what the snapshot contained already is not applied again", () => {
  const roster = new Roster();
  roster.reset(welcome({ sequence: 20, participants: [person("bo")] }));
  roster.apply(delta(20, { left: [{ id: "bo", reason: "left" }] }));
  expect(roster.others.value).toHaveLength(1);
});

test("names are found for everybody present", () => {
  const roster = new Roster();
  roster.reset(welcome({ participants: [person("bo")] }));
  expect([
    roster.nameOf("bo"),
    roster.nameOf("me"),
    roster.nameOf("x"),
    roster.nameOf(null),
  ]).toEqual(["BO", "ME", null, null]);
});

test("a source that is not sent is muted", () => {
  const one = person("bo", { tracks: [{ source: "microphone", muted: false, muted_by: null }] });
  expect(isMuted(one, "microphone")).toBe(false);
  expect(isMuted(one, "camera")).toBe(true);
});
