import { beforeEach, describe, expect, test } from "vitest";
import { MeetingClient } from "../../src/rtc/client";
import type { ServerMessage, SlotInfo } from "../../src/rtc/messages";
import { FakeClock } from "../support/clock";
import { FakePeer, FakeSocket, fakeTrack, settle, welcome } from "../support/rtc";

const SLOT: SlotInfo = {
  mid: "2",
  kind: "audio",
  participant: "bo",
  source: "microphone",
  paused: false,
  reason: null,
};

let clock: FakeClock;
let sockets: FakeSocket[];
let peers: FakePeer[];
let heard: ServerMessage[];

function socket(index = sockets.length - 1): FakeSocket {
  const found = sockets[index];
  if (!found) throw new Error(`no socket ${index}`);
  return found;
}

function peer(index = peers.length - 1): FakePeer {
  const found = peers[index];
  if (!found) throw new Error(`no peer ${index}`);
  return found;
}

function makeClient(resume: string | null = null, codecs: RTCRtpCodec[] = []): MeetingClient {
  return new MeetingClient(
    { meeting: "m", token: "t", name: "Ana", resume, version: "1", codecs },
    {
      clock,
      random: () => 0.5,
      socket: () => {
        const made = new FakeSocket();
        sockets.push(made);
        return made;
      },
      peer: () => {
        const made = new FakePeer();
        peers.push(made);
        return made as unknown as RTCPeerConnection;
      },
    },
    (message) => heard.push(message),
  );
}

function join(client: MeetingClient): void {
  client.join(
    new Map([
      ["microphone", fakeTrack("audio")],
      ["camera", null],
    ]),
    ["camera"],
  );
}

/** A client in a meeting with a working connection. */
async function live(): Promise<MeetingClient> {
  const client = makeClient();
  join(client);
  socket().open();
  socket().say(welcome());
  await settle();
  socket().say({ type: "answer", id: 1, sdp: "answer 1", slots: [SLOT] });
  await settle();
  peer().move("connected");
  return client;
}

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  peers = [];
  heard = [];
});

describe("joining", () => {
  test("says hello once the socket is open", () => {
    const client = makeClient();
    join(client);
    expect(socket().sent).toEqual([]);
    socket().open();
    expect(socket().sent).toEqual([
      {
        type: "hello",
        protocol: 1,
        meeting: "m",
        client: { name: "roomtone-web", version: "1" },
        token: "t",
        name: "Ana",
      },
    ]);
    expect(client.phase.value.kind).toBe("joining");
  });

  test("offers its sources and a pool of slots, muted ones by name", async () => {
    await live();
    const [offer] = socket().of("offer");
    expect(offer).toMatchObject({
      id: 1,
      sdp: "offer 1",
      tracks: [
        { mid: "0", source: "microphone" },
        { mid: "1", source: "camera" },
      ],
      muted: ["camera"],
    });
    const directions = peer().transceivers.map((one) => `${one.kind} ${one.direction}`);
    expect(directions).toEqual([
      "audio sendonly",
      "video sendonly",
      ...Array(3).fill("audio recvonly"),
      ...Array(9).fill("video recvonly"),
    ]);
  });

  test("an observer sends nothing and still has slots", async () => {
    const client = makeClient();
    join(client);
    socket().open();
    const you = { ...welcome().you, role: "observer" as const };
    socket().say(welcome({ you }));
    await settle();
    expect(peer().transceivers.every((one) => one.direction === "recvonly")).toBe(true);
    expect(socket().of("offer")[0]?.["tracks"]).toEqual([]);
  });

  test("is live when packets flow, and knows whom each slot carries", async () => {
    const client = await live();
    expect(client.phase.value).toEqual({ kind: "live" });
    expect(client.slots.value).toEqual([SLOT]);
    expect(peer().answers).toEqual(["answer 1"]);
  });

  test("trickles its candidates, the last one empty", async () => {
    await live();
    peer().onicecandidate?.({ candidate: { candidate: "candidate:1 1 udp" } });
    peer().onicecandidate?.({ candidate: null });
    expect(
      socket()
        .of("candidate")
        .map((one) => one["candidate"]),
    ).toEqual(["candidate:1 1 udp", ""]);
  });

  test("received tracks are known by mid", async () => {
    const client = await live();
    const track = fakeTrack("audio");
    peer().ontrack?.({ transceiver: { mid: "2" }, track });
    expect(client.tracks.value.get("2")).toBe(track);
  });

  test("a fatal refusal ends it with the server's code", () => {
    const client = makeClient();
    join(client);
    socket().open();
    socket().say({ type: "error", code: "meeting_full", message: "Full.", fatal: true });
    expect(client.phase.value).toMatchObject({ kind: "ended", reason: "meeting_full" });
    expect(socket().closed).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  test("a resume token of a session that is gone is dropped, and a new person comes", () => {
    const client = makeClient("old");
    join(client);
    socket().open();
    expect(socket().of("hello")[0]).toMatchObject({ resume: "old", transport: "new" });
    socket().say({ type: "error", code: "token_expired", message: "", fatal: true });
    socket().open();
    expect(sockets).toHaveLength(2);
    expect(socket().of("hello")[0]).not.toHaveProperty("resume");
    expect(client.phase.value.kind).toBe("joining");
  });
});

describe("publishing", () => {
  test("muting replaces the track and says so, without an offer", async () => {
    const client = await live();
    await client.publish("microphone", null);
    client.mute("microphone", true);
    expect(peer().transceivers[0]?.sender.track).toBeNull();
    expect(socket().of("publish")).toEqual([
      { type: "publish", source: "microphone", muted: true },
    ]);
    expect(peer().offers).toBe(1);
  });

  test("a screen is added by a new offer and goes inactive when it ends", async () => {
    const client = await live();
    await client.publish("screen", fakeTrack("video"));
    expect(socket().of("offer")[1]).toMatchObject({
      id: 2,
      tracks: [
        { mid: "0", source: "microphone" },
        { mid: "1", source: "camera" },
        { mid: "14", source: "screen" },
      ],
    });
    socket().say({ type: "answer", id: 2, sdp: "answer 2", slots: [] });
    await settle();
    await client.publish("screen", null);
    expect(peer().transceivers[14]?.direction).toBe("inactive");
    expect(socket().of("offer")[2]?.["tracks"]).toHaveLength(2);
  });

  test("only one offer waits for an answer; the next follows it", async () => {
    const client = await live();
    await client.publish("screen", fakeTrack("video"));
    await client.publish("screen-audio", fakeTrack("audio"));
    expect(peer().offers).toBe(2);
    socket().say({ type: "answer", id: 2, sdp: "answer 2", slots: [] });
    await settle();
    expect(peer().offers).toBe(3);
    expect(socket().of("offer")[2]?.["tracks"]).toHaveLength(4);
  });

  test("a refused offer is rolled back", async () => {
    const client = await live();
    await client.publish("screen", fakeTrack("video"));
    socket().say({
      type: "error",
      code: "offer_pending",
      message: "",
      fatal: false,
      in_reply_to: "offer",
    });
    await settle();
    expect(peer().signalingState).toBe("stable");
    expect(heard.at(-1)).toMatchObject({ code: "offer_pending" });
  });

  test("an answer to an older offer is ignored", async () => {
    const client = await live();
    await client.publish("screen", fakeTrack("video"));
    socket().say({ type: "answer", id: 1, sdp: "stale", slots: [] });
    await settle();
    expect(peer().answers).toEqual(["answer 1"]);
  });
});

describe("coming back", () => {
  test("a lost socket keeps a working peer connection", async () => {
    const client = await live();
    socket().lose();
    expect(client.phase.value).toMatchObject({ kind: "reconnecting", attempt: 1 });
    clock.advance(300);
    socket().open();
    expect(socket().of("hello")[0]).toMatchObject({
      resume: "r1",
      transport: "keep",
      connection: "c1",
    });
    socket().say(welcome({ kept: true, resume: "r2" }));
    expect(client.phase.value).toEqual({ kind: "live" });
    expect(client.resumeToken).toBe("r2");
    expect(peers).toHaveLength(1);
    expect(peer().closed).toBe(false);
  });

  test("a failed peer connection is replaced over a new socket, the old one closed last", async () => {
    const client = await live();
    const old = socket();
    peer().move("failed");
    clock.advance(300);
    expect(old.closed).toBe(false);
    expect(peer(0).closed).toBe(false);
    peer(0).move("connected");
    expect(client.phase.value.kind).toBe("reconnecting");
    socket().open();
    expect(socket().of("hello")[0]).toMatchObject({ resume: "r1", transport: "new" });
    socket().say(welcome({ connection: "c2" }));
    await settle();
    expect(old.closed).toBe(true);
    expect(peer(0).closed).toBe(true);
    expect(peers).toHaveLength(2);
    peer().move("connected");
    expect(client.phase.value).toEqual({ kind: "live" });
    old.say({ type: "goodbye", reason: "replaced", message: "", rejoin: false });
    expect(client.phase.value).toEqual({ kind: "live" });
  });

  test("a peer connection without packets for four seconds is replaced", async () => {
    await live();
    peer().move("disconnected");
    clock.advance(3_900);
    expect(sockets).toHaveLength(1);
    clock.advance(500);
    expect(sockets).toHaveLength(2);
  });

  test("one that recovers by itself is left alone", async () => {
    const client = await live();
    peer().move("disconnected");
    expect(client.phase.value.kind).toBe("reconnecting");
    clock.advance(2_000);
    peer().move("connected");
    clock.advance(5_000);
    expect(sockets).toHaveLength(1);
    expect(client.phase.value).toEqual({ kind: "live" });
  });

  test("waits longer each time and keeps the moment of the loss", async () => {
    const client = await live();
    const since = clock.now();
    const waits: number[] = [];
    socket().lose();
    for (let turn = 0; turn < 5; turn += 1) {
      const phase = client.phase.value;
      if (phase.kind !== "reconnecting" || phase.next === null) throw new Error("not waiting");
      expect(phase.since).toBe(since);
      waits.push(phase.next - clock.now());
      clock.advance(phase.next - clock.now());
      socket().lose();
    }
    expect(waits).toEqual([225, 450, 900, 1_800, 3_600]);
  });

  test("the network's return cuts the wait short", async () => {
    const client = await live();
    socket().lose();
    const before = sockets.length;
    client.hurry();
    expect(sockets).toHaveLength(before + 1);
    client.hurry();
    expect(sockets).toHaveLength(before + 1);
  });

  test("gives up when the server cannot be reached any more", async () => {
    const client = await live();
    socket().lose();
    clock.advance(46_000);
    expect(client.phase.value).toMatchObject({
      kind: "ended",
      reason: "transport_lost",
      rejoin: true,
    });
    expect(clock.waiting).toBe(0);
  });

  test("a socket that nobody answers on is lost", async () => {
    const client = await live();
    clock.advance(9_000);
    expect(client.phase.value.kind).toBe("reconnecting");
  });

  test("a server that is stopping is tried again", async () => {
    const client = await live();
    socket().say({ type: "error", code: "server_draining", message: "", fatal: true });
    expect(client.phase.value).toMatchObject({ kind: "reconnecting" });
  });

  test.each(["internal", "media_unavailable"])(
    "a passing refusal is tried again: %s",
    async (code) => {
      const client = await live();
      socket().say({ type: "error", code, message: "", fatal: true });
      expect(client.phase.value).toMatchObject({ kind: "reconnecting" });
    },
  );

  test("media that the server lost is replaced over a new socket", async () => {
    const client = await live();
    socket().say({ type: "error", code: "media_lost", message: "", fatal: false });
    expect(client.phase.value).toMatchObject({ kind: "reconnecting" });
    clock.advance(300);
    expect(sockets).toHaveLength(2);
    socket(1).open();
    expect(socket(1).sent.at(-1)).toMatchObject({ type: "hello", transport: "new" });
  });

  test("two losses at once make one attempt", async () => {
    await live();
    peer().move("failed");
    socket().lose();
    clock.advance(300);
    expect(sockets).toHaveLength(2);
    clock.advance(2_000);
    expect(sockets).toHaveLength(2);
  });

  test("a second loss while the first retry opens leaves no socket behind", async () => {
    await live();
    peer().move("failed");
    clock.advance(300);
    socket(1).lose();
    clock.advance(600);
    socket(2).open();
    socket(2).say(welcome());
    expect(socket(0).closed).toBe(true);
    expect(socket(1).closed).toBe(true);
  });
});

describe("ending", () => {
  test("leaving says goodbye and leaves nothing running", async () => {
    const client = await live();
    client.leave();
    expect(socket().sent.at(-1)).toEqual({ type: "bye" });
    expect(client.phase.value).toMatchObject({ kind: "ended", reason: "left" });
    expect(peer().closed).toBe(true);
    expect(socket().closed).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  test("the server's goodbye carries its reason", async () => {
    const client = await live();
    socket().say({ type: "goodbye", reason: "kicked", message: "x", rejoin: false });
    expect(client.phase.value).toEqual({
      kind: "ended",
      reason: "kicked",
      message: "x",
      rejoin: false,
    });
  });

  test("nothing happens twice", async () => {
    const client = await live();
    client.leave();
    const sent = socket().sent.length;
    client.leave();
    client.send({ type: "ping", id: 9 });
    expect(socket().sent).toHaveLength(sent);
  });
});

describe("at the door", () => {
  const waiting: ServerMessage = {
    type: "waiting",
    meeting: { id: "m", title: "Stand-up", record: "manual", max_participants: 9 },
    name: "Ana",
    seconds: 1800,
  };

  function knock(): MeetingClient {
    const client = makeClient();
    join(client);
    socket().open();
    socket().say(waiting);
    return client;
  }

  test("waits without a peer connection, then joins", async () => {
    const client = knock();
    expect(client.phase.value).toEqual({ kind: "waiting", title: "Stand-up" });
    expect(peers).toEqual([]);
    socket().say(welcome());
    expect(client.phase.value.kind).toBe("joining");
    await settle();
    peer().move("connected");
    expect(client.phase.value.kind).toBe("live");
  });

  test("ends when refused", () => {
    const client = knock();
    const message = "A host did not let you in.";
    socket().say({ type: "error", code: "join_refused", message, fatal: true });
    expect(client.phase.value).toMatchObject({ kind: "ended", reason: "join_refused" });
  });

  test("asks again after a lost socket", () => {
    const client = knock();
    socket().lose();
    clock.advance(1_000);
    expect(sockets).toHaveLength(2);
    socket().open();
    expect(socket().of("hello")).toHaveLength(1);
    socket().say(waiting);
    for (let second = 0; second < 60; second += 1) {
      clock.advance(1_000);
      socket().say({ type: "pong", id: second });
    }
    expect(client.phase.value.kind).toBe("waiting");
  });

  test("says goodbye when the person gives up", () => {
    const client = knock();
    client.leave();
    expect(socket().of("bye")).toHaveLength(1);
  });
});

test("only the microphone has codecs that it would rather send", async () => {
  const red = { mimeType: "audio/red", clockRate: 48_000 };
  join(makeClient(null, [red]));
  socket().open();
  socket().say(welcome());
  await settle();
  const [microphone, ...others] = peer().transceivers;
  expect(microphone?.preferences).toEqual([red]);
  expect(others.flatMap(({ preferences }) => preferences)).toEqual([]);
});
