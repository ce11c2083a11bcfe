import { beforeEach, describe, expect, test } from "vitest";
import { memoryStore } from "../../src/lib/store";
import { MeetingClient } from "../../src/rtc/client";
import type { Devices, ScreenTracks } from "../../src/rtc/devices";
import type { ParticipantInfo, RecordingNotice } from "../../src/rtc/messages";
import { LocalMedia } from "../../src/state/local-media";
import { MeetingView } from "../../src/state/meeting";
import { FakeClock } from "../support/clock";
import { FakePeer, FakeSocket, fakeTrack, person, settle, welcome } from "../support/rtc";

let clock: FakeClock;
let socket: FakeSocket;
let peer: FakePeer;
let media: LocalMedia;
let end: AbortController;
let loud: (level: number) => void;
let screen: () => Promise<ScreenTracks>;

const devices: Devices = {
  secure: true,
  open: async (kind) => fakeTrack(kind === "camera" ? "video" : "audio"),
  list: async () => [],
  permission: async () => null,
  watch: () => undefined,
  screen: async () => screen(),
};

/** A person in a meeting with these others. */
async function enter(...participants: ParticipantInfo[]): Promise<MeetingView> {
  await media.prepare();
  const view = new MeetingView(
    {
      clock,
      media,
      screen: () => devices.screen(),
      client: (hear) =>
        new MeetingClient(
          { meeting: "m", token: null, name: "Me", resume: null, version: "1", codecs: [] },
          {
            clock,
            random: () => 0,
            socket: () => {
              socket = new FakeSocket();
              return socket;
            },
            peer: () => {
              peer = new FakePeer();
              return peer as unknown as RTCPeerConnection;
            },
          },
          hear,
        ),
    },
    end.signal,
  );
  view.start();
  socket.open();
  socket.say(welcome({ participants }));
  await settle();
  socket.say({ type: "answer", id: 1, sdp: "answer", slots: [] });
  await settle();
  peer.move("connected");
  return view;
}

function notice(state: RecordingNotice["state"]): RecordingNotice {
  return { id: "r", state, started_by: "bo", started_at: "2026-11-20T12:00:00Z", media: "audio" };
}

function record(sequence: number, recording: RecordingNotice | null): void {
  socket.say({ type: "recording", sequence, recording });
}

const texts = (view: MeetingView) => view.toasts.list.value.map((toast) => toast.text);

beforeEach(() => {
  clock = new FakeClock();
  end = new AbortController();
  screen = async () => ({ video: fakeTrack("video"), audio: null });
  media = new LocalMedia(
    {
      devices,
      clock,
      store: memoryStore(),
      watchLevel: (_track, _clock, show) => {
        loud = show;
      },
    },
    end.signal,
  );
});

describe("the microphone and camera", () => {
  test("muting tells the meeting once and changes the own tile at once", async () => {
    const view = await enter(person("bo"));
    expect(socket.of("publish")).toEqual([]);
    const replaced: unknown[] = [];
    const sender = peer.transceivers[0]?.sender;
    if (sender) sender.replaceTrack = async (track) => void replaced.push(track);
    await view.toggleMicrophone();
    await settle();
    expect(replaced).toEqual([null]);
    expect(socket.of("publish")).toEqual([{ type: "publish", source: "microphone", muted: true }]);
    expect(view.tiles.value.find((tile) => tile.me)?.muted).toBe(true);
    await view.toggleMicrophone();
    expect(socket.of("publish")[1]).toMatchObject({ muted: false });
  });

  test("a host's mute locks the microphone until released", async () => {
    const view = await enter(person("bo", { name: "Bo" }));
    socket.say({ type: "muted", source: "microphone", muted: true, by: "bo" });
    expect(media.microphone.sendable.value).toBeNull();
    expect(texts(view)).toEqual(["Bo muted you"]);
    await view.toggleMicrophone();
    await view.talk(true);
    expect(media.microphone.sendable.value).toBeNull();
    socket.say({ type: "muted", source: "microphone", muted: false, by: "bo" });
    await view.toggleMicrophone();
    expect(media.microphone.sendable.value).not.toBeNull();
  });

  test("a mute that happened before a return holds after it", async () => {
    const muted = { source: "microphone" as const, muted: true, muted_by: "bo" };
    const view = await enter(person("bo"));
    socket.say(welcome({ you: person("me", { tracks: [muted] }), kept: true }));
    await media.microphone.set(false, { remember: false });
    await view.toggleMicrophone();
    expect(media.microphone.sendable.value).toBeNull();
  });

  test("an unplugged microphone is replaced, told by name and sent", async () => {
    const view = await enter();
    const before = media.microphone.sendable.value;
    before?.dispatchEvent(new Event("ended"));
    await settle();
    expect(texts(view)).toEqual(["The microphone was unplugged. Now using: Default"]);
    expect(peer.transceivers[0]?.sender.track).toBe(media.microphone.sendable.value);
    expect(media.microphone.sendable.value).not.toBe(before);
  });

  test("push to talk opens only while held", async () => {
    const view = await enter();
    await view.toggleMicrophone();
    await view.talk(true);
    expect(media.microphone.sendable.value).not.toBeNull();
    await view.talk(false);
    expect(media.microphone.sendable.value).toBeNull();
  });

  test("talking while muted is noticed, a short sound is not", async () => {
    const view = await enter();
    await view.toggleMicrophone();
    loud(0.7);
    clock.advance(500);
    loud(0.1);
    clock.advance(1_000);
    loud(0.7);
    expect(view.talkingMuted.value).toBe(false);
    clock.advance(1_300);
    loud(0.75);
    expect(view.talkingMuted.value).toBe(true);
    await view.toggleMicrophone();
    loud(0.72);
    expect(view.talkingMuted.value).toBe(false);
  });
});

describe("the screen", () => {
  test("is sent by a new offer and stops when the browser's bar stops it", async () => {
    const view = await enter();
    const video = fakeTrack("video");
    screen = async () => ({ video, audio: null });
    await view.toggleScreen();
    expect(socket.of("offer")).toHaveLength(2);
    expect(view.screen.value?.video).toBe(video);
    socket.say({ type: "answer", id: 2, sdp: "answer", slots: [] });
    await settle();
    video.dispatchEvent(new Event("ended"));
    await settle();
    expect(view.screen.value).toBeNull();
    expect(socket.of("offer")).toHaveLength(3);
  });

  test("closing the chooser is no failure, a refusal by the system is", async () => {
    const view = await enter();
    const refuse = (name: string) => async () => {
      throw Object.assign(new Error("no"), { name });
    };
    screen = refuse("NotAllowedError");
    await view.toggleScreen();
    expect(texts(view)).toEqual([]);
    screen = refuse("NotReadableError");
    await view.toggleScreen();
    expect(texts(view)[0]).toContain("could not be shared");
  });
});

describe("other people", () => {
  test("coming and going is told while the meeting is small", async () => {
    const view = await enter(person("bo", { name: "Bo" }));
    expect(view.alone.value).toBe(false);
    const chi = person("chi", { name: "Chi" });
    socket.say({ type: "roster", sequence: 11, joined: [chi], changed: [], left: [] });
    const left = [
      { id: "bo", reason: "left" },
      { id: "chi", reason: "kicked" },
    ];
    socket.say({ type: "roster", sequence: 12, joined: [], changed: [], left });
    expect(texts(view)).toEqual(["Chi joined", "Bo left", "Chi was removed"]);
    expect(view.alone.value).toBe(true);
  });

  test("a crowd comes quietly", async () => {
    const crowd = ["a", "b", "c", "d", "e", "f"].map((id) => person(id));
    const view = await enter(...crowd);
    socket.say({ type: "roster", sequence: 11, joined: [person("g")], changed: [], left: [] });
    expect(texts(view)).toEqual([]);
  });

  test("chat is counted and shown until it is read", async () => {
    const view = await enter(person("bo", { name: "Bo" }));
    const message = { id: "1", participant: "bo", name: "Bo", text: "Hello", at: "" };
    socket.say({ type: "chat", sequence: 11, message });
    expect(view.chat.unread.value).toBe(1);
    expect(texts(view)).toEqual(["Bo: Hello"]);
    view.show("chat");
    expect(view.chat.unread.value).toBe(0);
    expect(texts(view)).toEqual([]);
    view.say("  ");
    view.say(" Hi ");
    expect(socket.of("chat")).toEqual([{ type: "chat", text: "Hi" }]);
  });

  test("what the page shows is reported at most four times a second, and only changes", async () => {
    const view = await enter(person("bo"));
    const tile = (width: number) => [
      { participant: "bo", source: "camera" as const, width, height: 90 },
    ];
    view.look(tile(100));
    view.look(tile(160));
    clock.advance(250);
    view.look(tile(160));
    clock.advance(250);
    expect(socket.of("view")).toEqual([{ type: "view", tiles: tile(160) }]);
  });
});

describe("the recording", () => {
  test("each step is told once, with who started it", async () => {
    const view = await enter(person("bo", { name: "Bo" }));
    record(11, notice("starting"));
    record(12, notice("recording"));
    expect(view.recordingActive.value).toBe(true);
    record(13, notice("paused"));
    record(14, notice("recording"));
    record(15, notice("stopping"));
    record(16, null);
    expect(texts(view)).toEqual([
      "Bo started recording",
      "The recording is paused",
      "The recording goes on",
      "The recording has stopped",
    ]);
    expect(view.recordingActive.value).toBe(false);
  });

  test("a failure is told as one", async () => {
    const view = await enter();
    record(11, notice("recording"));
    record(12, notice("failed"));
    expect(texts(view).at(-1)).toBe("The recording failed");
  });

  test("somebody who comes later sees it at once, without a notice", async () => {
    const view = await enter();
    socket.say(welcome({ recording: notice("recording") }));
    expect(view.recordingActive.value).toBe(true);
    expect(texts(view)).not.toContain("somebody started recording");
  });
});

describe("refusals", () => {
  test("are told in words, those to the page's own questions are not", async () => {
    const view = await enter();
    const refuse = (code: string, replied: string) =>
      socket.say({ type: "error", code, message: "x", fatal: false, in_reply_to: replied });
    refuse("not_found", "view");
    refuse("forbidden", "record");
    refuse("brand_new", "kick");
    expect(texts(view)).toEqual(["Only a host can do this.", "x (brand_new)"]);
  });
});

test("time is counted from the server's moments", async () => {
  const view = await enter();
  expect(view.elapsed()).toBeGreaterThan(0);
  expect(view.recordedFor()).toBeNull();
  expect(view.meeting.value?.title).toBe("Stand-up");
});

test("the end of the page ends everything", async () => {
  const view = await enter();
  await view.toggleScreen();
  const shared = view.screen.value?.video as unknown as { stopped: boolean };
  end.abort();
  await settle();
  expect(shared.stopped).toBe(true);
  expect(socket.sent.some((message) => message["type"] === "bye")).toBe(true);
  expect(peer.closed).toBe(true);
  expect(clock.waiting).toBe(0);
});

describe("the door", () => {
  test("shows who waits, and answers them", async () => {
    const view = await enter();
    expect(view.visitors.value).toEqual([]);
    const visitors = [{ id: "v1", name: "Bo", since: "2026-11-20T12:00:00Z" }];
    socket.say({ type: "visitors", visitors });
    expect(view.visitors.value).toEqual(visitors);
    socket.say(welcome({ visitors: [] }));
    expect(view.visitors.value).toEqual([]);
    view.admit("v1");
    view.admit();
    view.refuse("v1");
    expect(socket.of("admit")).toEqual([{ type: "admit", visitor: "v1" }, { type: "admit" }]);
    expect(socket.of("refuse")).toEqual([{ type: "refuse", visitor: "v1" }]);
  });
});
