import { expect, test } from "vitest";
import { Toasts } from "../../src/state/toasts";
import { FakeClock } from "../support/clock";

test("a notice goes by itself or when dismissed", () => {
  const clock = new FakeClock();
  const toasts = new Toasts(clock, new AbortController().signal);
  toasts.show("Bo joined");
  toasts.show("Bo muted you", { urgent: true });
  expect(toasts.list.value.map((one) => one.urgent)).toEqual([false, true]);
  toasts.dismiss(toasts.list.value[0]?.id ?? 0);
  expect(toasts.list.value.map((one) => one.text)).toEqual(["Bo muted you"]);
  clock.advance(6_000);
  expect(toasts.list.value).toEqual([]);
});

test("at most four are shown at once", () => {
  const toasts = new Toasts(new FakeClock(), new AbortController().signal);
  for (const name of ["a", "b", "c", "d", "e"]) toasts.show(name);
  expect(toasts.list.value.map((one) => one.text)).toEqual(["b", "c", "d", "e"]);
});

test("notices about one topic go together", () => {
  const toasts = new Toasts(new FakeClock(), new AbortController().signal);
  toasts.show("Bo: hello", { topic: "chat" });
  toasts.show("Bo joined");
  toasts.clear("chat");
  expect(toasts.list.value.map((one) => one.text)).toEqual(["Bo joined"]);
});
