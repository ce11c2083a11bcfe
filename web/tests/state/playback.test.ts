import { expect, test } from "vitest";
import { type Part, Playback } from "../../src/state/playback";
import { FakeClock } from "../support/clock";
import { voices } from "../support/voice";

const ANA: Part = {
  id: "a",
  kind: "audio",
  lane: "ana",
  url: "/a",
  offset: 0,
  duration: 20,
  stretch: 1,
};
const BO: Part = {
  id: "b",
  kind: "audio",
  lane: "bo",
  url: "/b",
  offset: 10,
  duration: 10,
  stretch: 1,
};

function make(parts: Part[] = [ANA, BO]) {
  const clock = new FakeClock();
  const sound = voices();
  const lifetime = new AbortController();
  const playback = new Playback(sound.open, clock, lifetime.signal);
  playback.load(parts, 20);
  /** Lets time pass; voices keep to it. */
  const pass = (seconds: number) => {
    for (let left = seconds * 20; left > 0; left -= 1) {
      clock.advance(50);
      for (const voice of sound.opened.values())
        if (voice.playing) voice.position += 0.05 * playback.rate.value;
    }
  };
  return { clock, sound, playback, lifetime, pass };
}

test("time passes only while it plays", () => {
  const { playback, pass } = make();
  pass(1);
  expect(playback.at.value).toBe(0);
  playback.play();
  pass(2);
  expect(playback.at.value).toBeCloseTo(2);
  playback.toggle();
  pass(1);
  expect(playback.at.value).toBeCloseTo(2);
});

test("files are opened shortly before they are heard and closed after", () => {
  const { playback, sound, pass } = make([{ ...ANA, duration: 3 }, BO]);
  playback.play();
  pass(1);
  expect([...sound.opened.keys()]).toEqual(["/a"]);
  pass(5);
  expect(sound.at("/b").playing).toBe(false);
  pass(4.5);
  expect(sound.at("/b").playing).toBe(true);
  expect(sound.at("/a").closed).toBe(true);
});

test("nothing is heard until every voice is ready", () => {
  const { playback, sound, pass } = make();
  playback.seek(12);
  playback.play();
  sound.at("/b").ready = false;
  pass(1);
  expect(playback.waiting.value).toBe(true);
  expect(sound.at("/a").playing).toBe(false);
  const held = playback.at.value;
  expect(held).toBe(12);
  sound.at("/b").ready = true;
  pass(1);
  expect(playback.waiting.value).toBe(false);
  expect(playback.at.value - held).toBeCloseTo(1, 0);
});

test("a voice that is off the clock is drawn near, and jumps when it is far off", () => {
  const { clock, playback, sound } = make([ANA]);
  playback.play();
  clock.advance(50);
  const voice = sound.at("/a");
  voice.position = playback.at.value - 0.1;
  clock.advance(50);
  expect(voice.rate).toBeCloseTo(1.03);
  voice.position = playback.at.value + 0.1;
  clock.advance(50);
  expect(voice.rate).toBeCloseTo(0.97);
  voice.position = playback.at.value;
  clock.advance(50);
  expect(voice.rate).toBe(1);
  voice.position = playback.at.value - 1;
  clock.advance(50);
  expect(Math.abs(voice.position - playback.at.value)).toBeLessThan(0.06);
});

test("seeking moves every voice to its own place and stays within the recording", () => {
  const { playback, sound } = make();
  playback.seek(12);
  playback.play();
  expect([sound.at("/a").position, sound.at("/b").position]).toEqual([12, 2]);
  playback.seek(15);
  expect([sound.at("/a").position, sound.at("/b").position]).toEqual([15, 5]);
  playback.seek(99);
  expect(playback.at.value).toBe(20);
  playback.seek(-1);
  expect(playback.at.value).toBe(0);
});

test("it ends at the end, and plays again from the beginning", () => {
  const { playback, pass } = make();
  playback.seek(19.5);
  playback.play();
  pass(1);
  expect([playback.playing.value, playback.at.value]).toEqual([false, 20]);
  playback.play();
  expect(playback.at.value).toBe(0);
});

test("faster is faster for the clock and the voices", () => {
  const { playback, sound, pass } = make([ANA]);
  playback.setRate(2);
  playback.play();
  pass(2);
  expect(playback.at.value).toBeCloseTo(4);
  expect(sound.at("/a").rate).toBe(2);
});

test("volumes hold for voices that are opened later too", () => {
  const { playback, sound, pass } = make();
  playback.play();
  playback.balance((lane) => (lane === "bo" ? 0.25 : 0));
  expect(sound.at("/a").volume).toBe(0);
  pass(6);
  expect(sound.at("/b").volume).toBe(0.25);
});

test("a file that cannot be played is told and waited for by nobody", () => {
  const { playback, sound, pass } = make();
  playback.play();
  const voice = sound.at("/a");
  Object.assign(voice, { broken: true, ready: false });
  pass(1);
  expect([...playback.broken.value]).toEqual(["ana"]);
  expect(playback.at.value).toBeCloseTo(1);
  playback.load([{ ...ANA, url: "/a?new" }, BO], 20);
  pass(0.1);
  expect(sound.at("/a?new").playing).toBe(true);
  expect(playback.broken.value.size).toBe(0);
});

test("a shorter recording and the end of the page are survived", () => {
  const { playback, sound, lifetime, pass } = make();
  playback.seek(15);
  playback.play();
  playback.load([{ ...ANA, duration: 5 }], 5);
  expect(playback.at.value).toBe(5);
  lifetime.abort();
  pass(1);
  expect(sound.at("/a").closed).toBe(true);
});

const FILM: Part = {
  ...ANA,
  id: "f",
  kind: "video",
  lane: "film",
  url: "/f",
  offset: 4,
  duration: 6,
};

test("pictures of this moment are shown, also while nothing plays", () => {
  const { playback, sound } = make([ANA, FILM]);
  const seen = () => playback.shown.value.map(({ lane, picture }) => [lane, picture.nodeName]);
  expect(seen()).toEqual([]);
  playback.seek(5);
  expect(seen()).toEqual([["film", "/f"]]);
  expect(sound.at("/f").position).toBe(1);
  const before = playback.shown.value;
  playback.seek(6);
  expect(playback.shown.value).toBe(before);
  playback.seek(11);
  expect(seen()).toEqual([]);
});

test("pictures follow the clock, and it waits for them", () => {
  const { playback, sound, pass } = make([ANA, FILM]);
  playback.seek(5);
  playback.play();
  pass(1);
  expect(sound.at("/f").playing).toBe(true);
  expect(sound.at("/f").position).toBeCloseTo(2, 1);
  sound.at("/f").ready = false;
  pass(1);
  expect(playback.at.value).toBeCloseTo(6, 1);
});

test("pictures that cannot be played are told and not shown", () => {
  const { playback, sound } = make([ANA, FILM]);
  playback.seek(5);
  sound.at("/f").broken = true;
  playback.seek(6);
  expect(playback.shown.value).toEqual([]);
  expect(playback.broken.value.has("film")).toBe(true);
});

test("a clock that ran slow is caught up with after an hour", () => {
  const slow: Part = { ...ANA, duration: 3600.72, stretch: 1.0002 };
  const { playback, sound } = make([slow]);
  playback.load([slow], 3601);
  playback.seek(3600);
  playback.play();
  expect(sound.at("/a").position).toBeCloseTo(3600 / 1.0002, 3);
});
