import { expect, test } from "vitest";
import { meetingPath, readMeetingLink, readToken } from "../../src/lib/link";

const ID = "01a1f901-b652-71d9-8f8c-6c49e8eff2d7";

test("a pasted link leads to its meeting, with its token", () => {
  expect(readMeetingLink(` https://meet.example.org/m/${ID}#t=a.b.c `)).toEqual({
    meeting: ID,
    token: "a.b.c",
  });
});

test("a path with a query and a bare id are links too", () => {
  expect(readMeetingLink(`/m/${ID}?processing=off`)?.meeting).toBe(ID);
  expect(readMeetingLink(ID)).toEqual({ meeting: ID, token: null });
});

test("anything else is no link", () => {
  for (const text of ["", "hello there", "https://example.org/", "/m/../etc", "/m/x"]) {
    expect(readMeetingLink(text)).toBeNull();
  }
});

test("the token is read from the fragment only", () => {
  expect(readToken("#t=a.b.c")).toBe("a.b.c");
  expect(readToken("#other=1")).toBeNull();
});

test("a path escapes what an id may hold", () => {
  expect(meetingPath("a/b")).toBe("/m/a%2Fb");
});
