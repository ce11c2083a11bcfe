import { expect, test } from "vitest";
import { reconnectStage } from "../../src/state/reconnect";

const away = (next: number | null) =>
  ({ kind: "reconnecting", since: 1_000, attempt: 2, next }) as const;

test("nothing is said while connected or joining", () => {
  expect(reconnectStage({ kind: "live" }, 5_000)).toEqual({ kind: "none" });
  expect(reconnectStage({ kind: "joining" }, 5_000)).toEqual({ kind: "none" });
});

test("quiet for five seconds, then plainer", () => {
  expect(reconnectStage(away(2_000), 5_900).kind).toBe("quiet");
  expect(reconnectStage(away(2_000), 6_000).kind).toBe("trying");
  expect(reconnectStage(away(2_000), 16_000).kind).toBe("long");
});

test("counts down to the next attempt, zero while one runs", () => {
  expect(reconnectStage(away(9_400), 7_000)).toEqual({ kind: "trying", seconds: 3 });
  expect(reconnectStage(away(null), 7_000)).toEqual({ kind: "trying", seconds: 0 });
});
