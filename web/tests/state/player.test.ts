import { expect, test } from "vitest";
import { ApiError } from "../../src/api/http";
import type { Owner, PlayerSource } from "../../src/api/recordings";
import type { Peaks, RecordingInfo, Transcript } from "../../src/api/types";
import { Player } from "../../src/state/player";
import { FakeClock } from "../support/clock";
import { file } from "../support/recording";
import { settle } from "../support/rtc";
import { voices } from "../support/voice";

const ANA = file({ id: "a", participant_id: "ana", url: "/a" });
const BO = file({ id: "b", participant_id: "bo", url: "/b" });
const PEAKS = file({ id: "p", participant_id: null, kind: "peaks", format: "json" });
const READY: RecordingInfo = {
  id: "r",
  meeting_id: "m",
  title: "Stand-up",
  state: "ready",
  started_at: "2026-11-20T12:00:00Z",
  duration_seconds: 10,
  files: [ANA, BO, PEAKS],
};
/** Ana speaks in the first second, Bo in the seventh. */
const DRAWN: Peaks = {
  per_second: 1,
  duration_seconds: 10,
  lanes: [
    { participant_id: "ana", source: "microphone", segment: 1, gaps: [], peaks: [-50, 50] },
    {
      ...{ participant_id: "bo", source: "microphone", segment: 1, gaps: [] },
      peaks: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -50, 50],
    },
  ],
};
const SAID: Transcript = {
  recording: { transcript: { state: "completed", progress: 1, reason: null } },
  segments: [],
};

type Answers = { recording: RecordingInfo | ApiError; transcript: Transcript };

function make(options: { from?: number; owner?: boolean; recording?: RecordingInfo } = {}) {
  const answers: Answers = { recording: options.recording ?? READY, transcript: SAID };
  const asked: string[] = [];
  const owner: Owner = {
    async make(kind, format) {
      asked.push(`make ${kind} ${format ?? ""}`.trim());
      return PEAKS;
    },
    transcribe: async () => void asked.push("transcribe"),
    remove: async () => void asked.push("remove"),
    rename: async (who, name) => void asked.push(`rename ${who} ${name}`),
  };
  const source: PlayerSource = {
    download: true,
    async load() {
      asked.push("load");
      if (answers.recording instanceof ApiError) throw answers.recording;
      return answers.recording;
    },
    peaks: async () => DRAWN,
    transcript: async () => answers.transcript,
    transcriptUrl: (format) => `/transcript.${format}`,
    owner: options.owner === false ? null : owner,
  };
  const clock = new FakeClock();
  const sound = voices();
  const end = new AbortController();
  const player = new Player(source, sound.open, clock, end.signal, options.from ?? null);
  return { player, answers, asked, clock, sound, owner };
}

const ids = (player: Player) => player.lanes.value.map(({ id }) => id);
const refuse = (status: number, fields = {}) =>
  new ApiError(status, "code", "Words.", null, fields);

test("shows lanes, waves and words of a finished recording, from the moment of the link", async () => {
  const { player } = make({ from: 4 });
  player.start();
  await settle();
  expect(player.state.value).toEqual({ kind: "ready" });
  expect(ids(player)).toEqual(["ana/microphone", "bo/microphone"]);
  expect(player.measured.value).toBe(DRAWN);
  expect(player.transcript.value).toBe(SAID);
  expect(player.playback.at.value).toBe(4);
  expect([player.isOwner, player.mayDownload]).toEqual([true, true]);
  expect(player.transcriptUrl("srt")).toBe("/transcript.srt");
});

test("waves that were never measured are made once by those who may", async () => {
  const bare = { ...READY, files: [ANA, BO] };
  const { player, asked } = make({ recording: bare });
  await player.load();
  await player.load();
  expect(asked.filter((one) => one.startsWith("make"))).toEqual(["make peaks"]);
  const guest = make({ recording: bare, owner: false });
  await guest.player.load();
  expect(guest.asked).toEqual(["load"]);
  expect(guest.player.turns.value).toEqual([[], []]);
});

test("looks again while something is being made", async () => {
  const making = file({ id: "m", kind: "mix", participant_id: null, state: "running" });
  const { player, answers, asked, clock } = make({
    recording: { ...READY, files: [ANA, PEAKS, making] },
  });
  player.start();
  await settle();
  clock.advance(2_000);
  await settle();
  expect(asked).toHaveLength(2);
  answers.recording = { ...READY, files: [ANA, PEAKS, { ...making, state: "ready" }] };
  clock.advance(2_000);
  await settle();
  clock.advance(20_000);
  await settle();
  expect(asked).toHaveLength(3);
  expect(player.product("mix", "ogg")?.state).toBe("ready");
});

test("signed addresses are asked for anew before they end", async () => {
  const { player, asked, clock } = make();
  player.start();
  await settle();
  clock.advance(59 * 60_000);
  await settle();
  expect(asked.length).toBeGreaterThan(1);
});

test("an unfinished recording is waited for", async () => {
  const { player, answers, clock } = make({
    from: 4,
    recording: { ...READY, state: "processing", duration_seconds: null, files: [] },
  });
  player.start();
  await settle();
  expect(player.lanes.value).toEqual([]);
  answers.recording = READY;
  clock.advance(2_000);
  await settle();
  expect(player.lanes.value).toHaveLength(2);
  expect(player.playback.at.value).toBe(4);
  player.playback.seek(6);
  await player.load();
  expect(player.playback.at.value).toBe(6);
});

test("solo and mute decide who is heard", async () => {
  const { player, sound } = make();
  await player.load();
  player.playback.play();
  player.toggleSolo("bo/microphone");
  expect([sound.at("/a").volume, sound.at("/b").volume]).toEqual([0, 1]);
  player.toggleMute("bo/microphone");
  expect(sound.at("/b").volume).toBe(0);
  player.toggleSolo("bo/microphone");
  player.setLevel("ana/microphone", 0.5);
  expect([sound.at("/a").volume, sound.at("/b").volume]).toEqual([0.5, 0]);
});

test("the next speaker is jumped to, a little early", async () => {
  const { player } = make();
  await player.load();
  player.nextSpeaker();
  expect(player.playback.at.value).toBeCloseTo(5.7);
  player.nextSpeaker();
  expect(player.playback.at.value).toBeCloseTo(5.7);
});

test("silence is skipped only when wanted, and only the silence of those who are heard", async () => {
  const { player, clock } = make();
  player.start();
  await settle();
  player.playback.seek(2);
  player.playback.play();
  clock.advance(500);
  expect(player.playback.at.value).toBeCloseTo(2.5);
  player.skipSilence(true);
  clock.advance(250);
  expect(player.playback.at.value).toBeGreaterThanOrEqual(5.7);
  player.toggleMute("bo/microphone");
  player.playback.seek(2);
  clock.advance(500);
  expect(player.playback.at.value).toBeLessThan(3);
});

test("a zoomed view follows the playhead", async () => {
  const { player } = make();
  await player.load();
  player.setZoom(2);
  player.playback.seek(7);
  expect(player.view.value).toEqual({ from: 5, to: 10 });
});

test("every way not to get it is another thing", async () => {
  const { player, answers } = make();
  const told = async (error: ApiError) => {
    answers.recording = error;
    await player.load();
    return player.state.value;
  };
  expect(await told(refuse(401))).toEqual({ kind: "denied" });
  expect(await told(refuse(404))).toEqual({ kind: "missing" });
  expect(await told(refuse(0))).toEqual({ kind: "offline" });
  expect(await told(refuse(410, { why: "revoked", ended_at: "2026" }))).toEqual({
    ...{ kind: "gone", why: "revoked", at: "2026" },
  });
  expect(await told(refuse(410))).toEqual({ kind: "gone", why: "expired", at: null });
  const deleted = (why: string) =>
    new ApiError(410, "recording_deleted", "", null, { why, deleted_at: "2026" });
  expect(await told(deleted("request"))).toEqual({ kind: "gone", why: "removed", at: "2026" });
  expect(await told(deleted("retention"))).toMatchObject({ why: "retention" });
  expect(await told(refuse(500))).toMatchObject({ kind: "error" });
});

test("products, transcripts and deletion are asked for, refusals told", async () => {
  const { player, asked, owner } = make();
  await player.load();
  await player.make("mix", "m4a");
  await player.transcribe();
  await player.remove();
  expect(asked).toEqual(["load", "make mix m4a", "load", "transcribe", "remove"]);
  expect(player.deleted.value).toBe(true);
  owner.remove = async () => {
    throw refuse(409);
  };
  await player.remove();
  expect(player.problem.value).toContain("Words.");
});

test("somebody is called otherwise, unless that is no other name", async () => {
  const { player, asked } = make();
  await player.load();
  const lane = player.lanes.value[0];
  if (!lane) throw new Error("no lane");
  asked.length = 0;
  await player.rename(lane, " ");
  await player.rename(lane, lane.name);
  expect(asked).toEqual([]);
  await player.rename(lane, " Ana L. ");
  expect(asked[0]).toBe(`rename ${lane.participant} Ana L.`);
  expect(asked).toContain("load");
});
