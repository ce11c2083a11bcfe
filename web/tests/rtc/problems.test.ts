import { expect, test } from "vitest";
import { problemOf } from "../../src/rtc/problems";

const context = { secure: true, permission: null } as const;
const failure = (name: string, message = "") => Object.assign(new Error(message), { name });

test.each([
  ["NotAllowedError", "Permission denied", "denied"],
  ["NotAllowedError", "Permission denied by system", "denied_system"],
  ["SecurityError", "", "denied"],
  ["NotReadableError", "Could not start video source", "in_use"],
  ["AbortError", "", "in_use"],
  ["NotFoundError", "Requested device not found", "missing"],
  ["OverconstrainedError", "", "missing"],
  ["TypeError", "", "unknown"],
])("%s %s is %s", (name, message, problem) => {
  expect(problemOf(failure(name, message), context)).toBe(problem);
});

test("a page that has permission and is refused was refused by the system", () => {
  const granted = { secure: true, permission: "granted" } as const;
  expect(problemOf(failure("NotAllowedError"), granted)).toBe("denied_system");
});

test("an insecure page explains itself before anything else", () => {
  expect(problemOf(failure("NotAllowedError"), { secure: false, permission: null })).toBe(
    "insecure",
  );
});

test("what is no error is unknown", () => {
  expect(problemOf("boom", context)).toBe("unknown");
});
