import { expect, test } from "vitest";
import { connectionOf, inside, worstOf } from "../../src/state/people";
import { connection, person, session } from "../support/session";

test("the newest open connection stands for somebody, else the last one", () => {
  const old = connection({ id: "old", state: "closed" });
  const now = connection({ id: "now" });
  expect(connectionOf(person("Ada", [old, now]))?.id).toBe("now");
  expect(connectionOf(person("Ada", [old]))?.id).toBe("old");
  expect(connectionOf(person("Ada", []))).toBeNull();
});

test("who left, or whose connections have all ended, is not inside", () => {
  const here = person("Ada");
  const left = person("Bo", [connection()], "2026-11-20T12:10:00Z");
  const gone = person("Chi", [connection({ state: "failed" })]);
  expect(inside(session([here, left, gone]))).toEqual([here]);
});

test("good connections need no attention", () => {
  const people = [person("Ada"), person("Bo", [connection({ quality: "good" })])];
  expect(worstOf(session(people))).toBeNull();
  expect(worstOf(session([person("Chi", [connection({ quality: null })])]))).toBeNull();
});

test("whoever is silent comes before the poorest", () => {
  const fair = person("Ada", [connection({ quality: "fair", quality_reason: "delay" })]);
  const poor = person("Bo", [connection({ quality: "poor", quality_reason: "loss" })]);
  const silent = person("Chi", [connection({ state: "disconnected", reason: "no_packets" })]);
  expect(worstOf(session([fair, poor]))).toEqual({ person: poor, label: "poor", reason: "loss" });
  expect(worstOf(session([fair, poor, silent]))).toEqual({
    person: silent,
    label: "reconnecting",
    reason: "no_packets",
  });
});
