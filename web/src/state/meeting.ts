/** The meeting as a person sees it: everything shown is a signal, everything done an intent. */
import { computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals-core";
import type { Clock } from "../lib/clock";
import { milliseconds } from "../lib/date";
import { maybe, t } from "../lib/i18n";
import type { MeetingClient } from "../rtc/client";
import type { ScreenTracks } from "../rtc/devices";
import type {
  CaptionsNotice,
  RecordedMedia,
  RecordingNotice,
  ServerMessage,
  Source,
  Tile,
  VisitorInfo,
  Welcome,
} from "../rtc/messages";
import { uploadable } from "../rtc/report";
import { Captions } from "./captions";
import { Chat } from "./chat";
import type { LocalDevice, LocalMedia } from "./local-media";
import { Network } from "./network";
import { type ReconnectStage, reconnectStage } from "./reconnect";
import { Roster } from "./roster";
import { allTiles, type TileInfo } from "./tiles";
import { Toasts } from "./toasts";

export type Panel = "chat" | "people" | "network";

export interface MeetingPorts {
  clock: Clock;
  media: LocalMedia;
  screen: () => Promise<ScreenTracks>;
  /** Makes the client; the view-model hears every message through `hear`. */
  client: (hear: (message: ServerMessage) => void) => MeetingClient;
}

const STATS_MS = 5_000;
const VIEW_MS = 250;
/** Above so many people joins are no news. */
const CROWD = 6;
/** A muted microphone this loud for a moment is somebody talking to nobody. */
const TALKING_LEVEL = 0.55;
const TALKING_MS = 1_200;

const MUTED_DEVICES: Partial<Record<Source, "microphone" | "camera">> = {
  microphone: "microphone",
  camera: "camera",
};

export interface MeetingFacts {
  id: string;
  session: string;
  title: string;
  startedAt: number | null;
}

export class MeetingView {
  readonly roster = new Roster();
  readonly chat = new Chat();
  readonly captions = new Captions();
  readonly network = new Network();
  readonly toasts: Toasts;
  readonly client: MeetingClient;
  readonly media: LocalMedia;

  private readonly info = signal<MeetingFacts | null>(null);
  private readonly loud = signal<ReadonlySet<string>>(new Set());
  private readonly tape = signal<RecordingNotice | null>(null);
  private readonly open = signal<Panel | null>(null);
  private readonly pin = signal<string | null>(null);
  private readonly tick = signal(0);
  private readonly sharing = signal<ScreenTracks | null>(null);
  private readonly locked = signal<ReadonlySet<Source>>(new Set());
  private readonly door = signal<readonly VisitorInfo[]>([]);
  private readonly unheard = signal(false);
  private readonly clock: Clock;
  private wantedView = "";
  private viewDue = false;
  private talkingSince: number | null = null;

  readonly tiles: ReadonlySignal<TileInfo[]> = computed(() =>
    allTiles(this.roster.others.value, this.ownTile.value, this.client.slots.value),
  );

  /** Oneself with the truth of this device instead of the server's echo. */
  private readonly ownTile = computed(() => {
    const me = this.roster.me.value;
    if (!me) return null;
    const sends = (device: LocalDevice) => device.sendable.value === null;
    const { microphone, camera } = this.media;
    return {
      ...me,
      tracks: [
        { source: "microphone" as const, muted: sends(microphone), muted_by: null },
        { source: "camera" as const, muted: sends(camera), muted_by: null },
      ],
    };
  });

  constructor(
    private readonly ports: MeetingPorts,
    private readonly lifetime: AbortSignal,
  ) {
    this.clock = ports.clock;
    this.media = ports.media;
    this.toasts = new Toasts(this.clock, lifetime);
    this.client = ports.client((message) => this.hear(message));
  }

  get meeting(): ReadonlySignal<MeetingFacts | null> {
    return this.info;
  }

  get speaking(): ReadonlySignal<ReadonlySet<string>> {
    return this.loud;
  }

  get recording(): ReadonlySignal<RecordingNotice | null> {
    return this.tape;
  }

  get panel(): ReadonlySignal<Panel | null> {
    return this.open;
  }

  get pinned(): ReadonlySignal<string | null> {
    return this.pin;
  }

  /** Who waits at the door, first come first; empty for those who may not admit. */
  get visitors(): ReadonlySignal<readonly VisitorInfo[]> {
    return this.door;
  }

  /** Grows by one each second; what shows a time reads it. */
  get seconds(): ReadonlySignal<number> {
    return this.tick;
  }

  get screen(): ReadonlySignal<ScreenTracks | null> {
    return this.sharing;
  }

  /** Talking while the microphone is off. */
  get talkingMuted(): ReadonlySignal<boolean> {
    return this.unheard;
  }

  readonly isHost: ReadonlySignal<boolean> = computed(() => this.roster.me.value?.role === "host");
  readonly mayPublish: ReadonlySignal<boolean> = computed(
    () => this.roster.me.value?.role !== "observer",
  );

  readonly alone: ReadonlySignal<boolean> = computed(
    () => this.roster.me.value !== null && this.roster.others.value.length === 0,
  );

  readonly stage: ReadonlySignal<ReconnectStage> = computed(() => {
    this.tick.value;
    return reconnectStage(this.client.phase.value, this.clock.now());
  });

  /** Whether somebody's voice or ours is being kept right now. */
  readonly recordingActive: ReadonlySignal<boolean> = computed(() => {
    const state = this.tape.value?.state;
    return state === "starting" || state === "recording" || state === "paused";
  });

  /** Joins and keeps everything moving until the lifetime ends. */
  start(): void {
    const { microphone, camera } = this.media;
    const outgoing = new Map<Source, MediaStreamTrack | null>([
      ["microphone", microphone.sendable.value],
      ["camera", camera.sendable.value],
    ]);
    const muted = [...outgoing].filter(([, track]) => !track).map(([source]) => source);
    this.client.join(outgoing, muted);
    this.followDevice("microphone", microphone);
    this.followDevice("camera", camera);
    for (const device of [microphone, camera]) {
      this.whileAlive(effect(() => this.noticeReplaced(device)));
    }
    this.whileAlive(effect(() => this.noticeTalking(microphone.level.value)));
    this.clock.every(1_000, () => this.second(), this.lifetime);
    this.clock.every(STATS_MS, () => void this.measure(), this.lifetime);
    this.lifetime.addEventListener("abort", () => this.close(), { once: true });
  }

  leave(): void {
    this.client.leave();
  }

  endForAll(): void {
    this.client.send({ type: "end" });
  }

  async toggleMicrophone(): Promise<void> {
    await this.toggle("microphone", this.media.microphone);
  }

  async toggleCamera(): Promise<void> {
    await this.toggle("camera", this.media.camera);
  }

  /** Push to talk: open while a key is held. */
  async talk(held: boolean): Promise<void> {
    if (held && this.locked.value.has("microphone")) return;
    await this.media.microphone.set(held, { remember: false });
  }

  async toggleScreen(): Promise<void> {
    if (this.sharing.value) return this.stopScreen();
    let tracks: ScreenTracks;
    try {
      tracks = await this.ports.screen();
    } catch (error) {
      const name = error instanceof Error ? error.name : "";
      // Closing the browser's chooser is a decision, not a failure.
      if (name !== "NotAllowedError") this.toasts.show(t("screen.failed", { code: name }));
      return;
    }
    this.sharing.value = tracks;
    tracks.video.addEventListener("ended", () => void this.stopScreen(), { once: true });
    await this.client.publish("screen", tracks.video);
    if (tracks.audio) await this.client.publish("screen-audio", tracks.audio);
  }

  show(panel: Panel | null): void {
    this.open.value = this.open.value === panel ? null : panel;
    if (this.open.value !== "chat") return;
    this.chat.read();
    this.toasts.clear("chat");
  }

  togglePin(key: string): void {
    this.pin.value = this.pin.value === key ? null : key;
  }

  say(text: string): void {
    const trimmed = text.trim();
    if (trimmed) this.client.send({ type: "chat", text: trimmed });
  }

  record(action: "start" | "stop" | "pause" | "resume", media?: RecordedMedia): void {
    this.client.send({ type: "record", action, ...(media ? { media } : {}) });
  }

  /** Shows or hides captions here; a host starts them for everybody when there are none. */
  toggleCaptions(): void {
    const { captions } = this;
    if (captions.running.value) return captions.want(!captions.on.value);
    if (!this.isHost.value) return this.toasts.show(t("captions.askHost"));
    captions.want(true);
    this.client.send({ type: "captions", action: "start" });
  }

  stopCaptions(): void {
    this.client.send({ type: "captions", action: "stop" });
  }

  muteOther(participant: string, source: Source, muted: boolean): void {
    this.client.send({ type: "mute", participant, source, muted });
  }

  remove(participant: string): void {
    this.client.send({ type: "kick", participant });
  }

  /** Lets somebody in who waits at the door; everybody without a name. */
  admit(visitor?: string): void {
    this.client.send({ type: "admit", ...(visitor ? { visitor } : {}) });
  }

  refuse(visitor: string): void {
    this.client.send({ type: "refuse", visitor });
  }

  /** The page shows these pictures now; the server hears of it at most four times a second. */
  look(tiles: Tile[]): void {
    const wanted = JSON.stringify(tiles);
    if (wanted === this.wantedView) return;
    this.wantedView = wanted;
    if (this.viewDue) return;
    this.viewDue = true;
    this.clock.after(
      VIEW_MS,
      () => {
        this.viewDue = false;
        this.sendView();
      },
      this.lifetime,
    );
  }

  /** Seconds since the session began, or null before. */
  elapsed(): number | null {
    const started = this.info.value?.startedAt ?? null;
    return started === null ? null : Math.max(0, (this.clock.wall() - started) / 1000);
  }

  /** Seconds since the recording began, or null. */
  recordedFor(): number | null {
    const started = this.tape.value?.started_at ?? null;
    return started === null
      ? null
      : Math.max(0, (this.clock.wall() - milliseconds(started)) / 1000);
  }

  private sendView(): void {
    if (this.wantedView) {
      this.client.send({ type: "view", tiles: JSON.parse(this.wantedView) as Tile[] });
    }
  }

  private async toggle(source: Source, device: LocalDevice): Promise<void> {
    const on = device.sendable.value === null;
    if (on && this.locked.value.has(source)) {
      this.toasts.show(t("muted.locked"), { urgent: true });
      return;
    }
    await device.set(on);
    const state = device.state.value;
    if (on && state.kind === "problem") {
      this.toasts.show(t(`device.${device.kind}.${state.problem}`), { urgent: true });
    }
  }

  private async stopScreen(): Promise<void> {
    const tracks = this.sharing.value;
    if (!tracks) return;
    this.sharing.value = null;
    tracks.video.stop();
    tracks.audio?.stop();
    await this.client.publish("screen", null);
    if (tracks.audio) await this.client.publish("screen-audio", null);
  }

  private followDevice(source: Source, device: LocalDevice): void {
    let sent = device.sendable.value;
    this.whileAlive(
      effect(() => {
        const track = device.sendable.value;
        if (track === sent) return;
        const changed = (track === null) !== (sent === null);
        sent = track;
        void this.client.publish(source, track);
        if (changed) this.client.mute(source, track === null);
      }),
    );
  }

  private noticeReplaced(device: LocalDevice): void {
    const state = device.state.peek();
    if (device.replaced.value === 0 || state.kind !== "on") return;
    const name = state.track.label || t("join.defaultDevice");
    const text = t(`devices.switched.${device.kind}`, { name });
    untracked(() => this.toasts.show(text, { urgent: true }));
  }

  private noticeTalking(level: number): void {
    const { microphone } = this.media;
    const muted = microphone.sendable.peek() === null;
    if (!muted || level < TALKING_LEVEL) {
      this.talkingSince = null;
      if (!muted) this.unheard.value = false;
      return;
    }
    this.talkingSince ??= this.clock.now();
    if (this.clock.now() - this.talkingSince > TALKING_MS) this.unheard.value = true;
  }

  private second(): void {
    this.tick.value += 1;
    this.captions.forget(this.clock.now());
    if (this.tick.value % 8 === 0) this.unheard.value = false;
  }

  private async measure(): Promise<void> {
    const report = await this.client.stats();
    if (!report || this.lifetime.aborted) return;
    this.network.measured(report, this.clock.now(), this.clock.wall());
    const stats = uploadable(report);
    if (stats.length > 0) this.client.send({ type: "stats", stats });
  }

  private hear(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        return this.enter(message);
      case "roster":
        return this.changed(message);
      case "visitors":
        this.door.value = message.visitors;
        return;
      case "speaking":
        this.loud.value = new Set(message.participants);
        return;
      case "recording":
        return this.recorded(message.recording);
      case "captions":
        return this.captionsChanged(message.captions);
      case "caption":
        this.captions.add(message.caption, this.clock.now());
        return;
      case "chat": {
        const seen = this.open.value === "chat";
        const mine = message.message.participant === this.roster.me.value?.id;
        this.chat.add(message.message, seen || mine);
        if (!seen && !mine) {
          this.toasts.show(
            t("chat.toast", { name: message.message.name, text: message.message.text }),
            { topic: "chat" },
          );
        }
        return;
      }
      case "muted":
        return this.mutedBy(message.source, message.muted, message.by);
      case "quality":
        this.network.judged({
          label: message.label,
          reason: message.reason,
          lossPercent: message.loss_percent,
          direction: message.direction,
          source: message.source,
        });
        return;
      case "session":
        if (message.state === "live" && this.info.value && this.info.value.startedAt === null) {
          this.info.value = { ...this.info.value, startedAt: this.clock.wall() };
        }
        return;
      case "error":
        return this.refused(message.code, message.message, message.in_reply_to);
      case "waiting":
      case "answer":
      case "slots":
      case "goodbye":
      case "pong":
        return; // The client's own affairs.
      default:
        message satisfies never;
    }
  }

  private enter(welcome: Welcome): void {
    const again = this.info.value !== null;
    this.roster.reset(welcome);
    this.chat.reset(welcome.chat);
    this.tape.value = welcome.recording;
    this.door.value = welcome.visitors;
    this.captions.changed(welcome.captions);
    const started = welcome.session.started_at;
    this.info.value = {
      id: welcome.meeting.id,
      session: welcome.session.id,
      title: welcome.meeting.title,
      startedAt: started ? milliseconds(started) : null,
    };
    this.locked.value = new Set(
      welcome.you.tracks.filter((track) => track.muted_by !== null).map((track) => track.source),
    );
    if (again) {
      this.toasts.show(t("reconnect.restored"));
      this.sendView();
    }
  }

  private captionsChanged(notice: CaptionsNotice): void {
    const began = notice.state === "running" && !this.captions.running.value;
    const ended = notice.state === "stopped" && this.captions.running.value;
    this.captions.changed(notice);
    if (began) this.toasts.show(t("captions.started"));
    if (ended) this.toasts.show(t("captions.stopped"));
    if (notice.state === "unavailable" || notice.state === "unsupported_language") {
      this.captions.want(false);
      this.toasts.show(t(`captions.${notice.state}`), { urgent: true });
    }
  }

  private changed(delta: ServerMessage & { type: "roster" }): void {
    const news = this.roster.apply(delta);
    if (this.roster.others.value.length > CROWD) return;
    for (const person of news.joined) this.toasts.show(t("toast.joined", { name: person.name }));
    for (const { person, reason } of news.left) {
      const key = reason === "kicked" ? "toast.removed" : "toast.left";
      this.toasts.show(t(key, { name: person.name }));
    }
  }

  private recorded(notice: RecordingNotice | null): void {
    const before = this.tape.value?.state ?? null;
    this.tape.value = notice;
    const after = notice?.state ?? null;
    if (before === after) return;
    const name = this.starter() ?? t("recording.somebody");
    const running = after === "starting" || after === "recording";
    if (running && before === "paused") this.toasts.show(t("recording.resumed"), { urgent: true });
    else if (running && before !== "starting") {
      const films = this.tape.value?.media === "audio_video";
      this.toasts.show(t(films ? "recording.startedVideo" : "recording.started", { name }), {
        urgent: true,
      });
    } else if (after === "paused") this.toasts.show(t("recording.paused"), { urgent: true });
    else if (after === "failed") this.toasts.show(t("recording.failed"), { urgent: true });
    else if (before && after !== "recording" && before !== "stopping" && before !== "processing") {
      this.toasts.show(t("recording.stopped"), { urgent: true });
    }
  }

  /** Who started the recording, by name. */
  starter(): string | null {
    return this.roster.nameOf(this.tape.value?.started_by ?? null);
  }

  private mutedBy(source: Source, muted: boolean, by: string | null): void {
    const locked = new Set(this.locked.value);
    if (muted) locked.add(source);
    else locked.delete(source);
    this.locked.value = locked;
    const kind = MUTED_DEVICES[source];
    const name = this.roster.nameOf(by) ?? t("muted.host");
    if (!muted) return this.toasts.show(t("muted.released", { name }), { urgent: true });
    if (kind) void this.media[kind].set(false, { remember: false });
    else void this.stopScreen();
    const key = source === "microphone" ? "muted.microphone" : "muted.picture";
    this.toasts.show(t(key, { name }), { urgent: true });
  }

  private refused(code: string, message: string, inReplyTo: string | undefined): void {
    if (code === "muted_by_host") {
      this.locked.value = new Set([...this.locked.value, "microphone"]);
      void this.media.microphone.set(false, { remember: false });
    }
    // The page's own slips (a view of somebody who just left) are no news to a person.
    const silent = inReplyTo === "view" || inReplyTo === "stats" || inReplyTo === "candidate";
    if (!silent) this.toasts.show(maybe(`error.${code}`) ?? `${message} (${code})`);
  }

  private whileAlive(dispose: () => void): void {
    this.lifetime.addEventListener("abort", dispose, { once: true });
  }

  private close(): void {
    void this.stopScreen();
    this.client.leave();
  }
}
