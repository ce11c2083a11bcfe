import { expect, test } from "vitest";
import type { ServerMessage } from "../../src/rtc/messages";
import { SignalSocket } from "../../src/rtc/socket";
import { FakeClock } from "../support/clock";
import { FakeSocket } from "../support/rtc";

function make() {
  const clock = new FakeClock();
  const raw = new FakeSocket();
  const seen: string[] = [];
  const socket = new SignalSocket(raw, clock, {
    opened: () => seen.push("opened"),
    received: (message: ServerMessage) => seen.push(message.type),
    lost: (code) => seen.push(`lost ${code}`),
  });
  return { clock, raw, seen, socket };
}

test("pings every two seconds while answered", () => {
  const { clock, raw, seen } = make();
  raw.open();
  for (let turn = 1; turn <= 5; turn += 1) {
    clock.advance(2_000);
    raw.say({ type: "pong", id: turn });
  }
  expect(raw.of("ping").map((ping) => ping["id"])).toEqual([1, 2, 3, 4, 5]);
  expect(seen).toEqual(["opened"]);
});

test("silence is a loss, told once", () => {
  const { clock, raw, seen } = make();
  raw.open();
  clock.advance(20_000);
  raw.lose();
  expect(seen).toEqual(["opened", "lost 1006"]);
  expect(raw.closed).toBe(true);
});

test("a handshake that does not end is a loss", () => {
  const { clock, raw, seen } = make();
  clock.advance(8_000);
  raw.open();
  expect(seen).toEqual(["lost 1006"]);
});

test("nothing is sent before it is open", () => {
  const { raw, socket } = make();
  socket.send({ type: "bye" });
  raw.open();
  socket.send({ type: "bye" });
  expect(raw.of("bye")).toHaveLength(1);
});

test("a dropped socket says nothing any more", () => {
  const { raw, seen, socket } = make();
  raw.open();
  socket.drop();
  raw.say({ type: "session", sequence: 1, state: "live" });
  raw.lose(1000);
  expect(seen).toEqual(["opened"]);
});

test("messages of a later server are passed over", () => {
  const { raw, seen } = make();
  raw.open();
  raw.onmessage?.({ data: '{"type":"fireworks"}' });
  raw.onmessage?.({ data: "[1]" });
  raw.onmessage?.({ data: new ArrayBuffer(2) });
  raw.say({ type: "speaking", participants: [] });
  expect(seen).toEqual(["opened", "speaking"]);
});
