import { expect, test } from "vitest";
import type { CaptionLine } from "../../src/rtc/messages";
import { Captions } from "../../src/state/captions";

const line = (id: string, text: string, final = true): CaptionLine => ({
  id,
  participant: "p",
  name: "Ada",
  text,
  start: 0,
  end: 1,
  language: "en",
  final,
});

function shown(): Captions {
  const captions = new Captions();
  captions.want(true);
  return captions;
}

const texts = (captions: Captions) => captions.lines.value.map((one) => one.text);

test("nobody sees lines who did not ask for them", () => {
  const captions = new Captions();
  captions.add(line("a", "hello"), 0);
  expect(texts(captions)).toEqual([]);
  captions.want(true);
  expect(texts(captions)).toEqual(["hello"]);
});

test("a final line replaces its partial in its place", () => {
  const captions = shown();
  captions.add(line("a", "please call", false), 0);
  captions.add(line("b", "yes"), 1);
  captions.add(line("a", "please call me"), 2);
  expect(texts(captions)).toEqual(["please call me", "yes"]);
});

test("a final line without text takes its partial back", () => {
  const captions = shown();
  captions.add(line("a", "hm", false), 0);
  captions.add(line("a", ""), 1);
  expect(texts(captions)).toEqual([]);
});

test("old lines make room and go when they were read", () => {
  const captions = shown();
  for (const id of ["a", "b", "c", "d"]) captions.add(line(id, id), 0);
  expect(texts(captions)).toEqual(["b", "c", "d"]);
  captions.add(line("d", "d again"), 5_000);
  captions.forget(8_000);
  expect(texts(captions)).toEqual(["d again"]);
});

test("captions run only while the server says so", () => {
  const captions = new Captions();
  const notice = { language: "en", engine: "null", message: null };
  expect(captions.running.value).toBe(false);
  captions.changed({ ...notice, state: "running" });
  expect(captions.running.value).toBe(true);
  captions.changed({ ...notice, state: "stopped" });
  expect(captions.running.value).toBe(false);
});
