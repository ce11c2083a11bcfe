/** One recording to hear: its voices as lanes, what was said, and what can be made of it. */
import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { ApiError } from "../api/http";
import type { PlayerSource, ProductKind } from "../api/recordings";
import type { Peaks, RecordingFile, RecordingInfo, Transcript } from "../api/types";
import type { Clock } from "../lib/clock";
import {
  type Film,
  filmsOf,
  isSpoken,
  type Lane,
  lanesOf,
  nextTurn,
  type Turn,
  turnsOf,
  windowOf,
} from "../lib/lanes";
import type { OpenVoice } from "../lib/voice";
import { sentence } from "./home";
import { failure, type ListState } from "./list-state";
import { Playback } from "./playback";
import { isUnfinished } from "./recordings";

export type PlayerState =
  | ListState
  | { kind: "missing" }
  | { kind: "gone"; why: "expired" | "revoked" | "removed" | "retention"; at: string | null };

const LOOK_MS = 2_000;
/** Signed addresses of files are good for an hour: asked for anew well before. */
const RENEW_MS = 20 * 60_000;
const SKIP_MS = 250;
/** Silence worth skipping, and how long before the next word to go on, in seconds. */
const SILENCE = 1.5;
const LEAD = 0.3;
const FORWARD = 0.05;
export const ZOOMS: readonly number[] = [1, 2, 4, 8, 16];
const NO_PEAKS = 50;

export class Player {
  readonly playback: Playback;
  private readonly current = signal<PlayerState>({ kind: "loading" });
  private readonly known = signal<RecordingInfo | null>(null);
  private readonly drawn = signal<Peaks | null>(null);
  private readonly said = signal<Transcript | null>(null);
  private readonly alone = signal<ReadonlySet<string>>(new Set());
  private readonly silent = signal<ReadonlySet<string>>(new Set());
  private readonly levels = signal<ReadonlyMap<string, number>>(new Map());
  private readonly scale = signal(1);
  private readonly skipping = signal(false);
  private readonly trouble = signal<string | null>(null);
  private readonly removed = signal(false);
  private asked = false;
  private drawing = false;

  readonly lanes: ReadonlySignal<Lane[]> = computed(() =>
    lanesOf(this.known.value?.files ?? [], this.drawn.value),
  );

  /** Cameras and screens. */
  readonly films: ReadonlySignal<Film[]> = computed(() => filmsOf(this.known.value?.files ?? []));

  /** When each lane speaks. */
  readonly turns: ReadonlySignal<Turn[][]> = computed(() =>
    this.lanes.value.map((lane) => turnsOf(lane, this.perSecond)),
  );

  /** What is drawn, in seconds. */
  readonly view: ReadonlySignal<Turn> = computed(() =>
    windowOf(this.playback.at.value, Math.max(this.duration.value, 0.001), this.scale.value),
  );

  readonly duration: ReadonlySignal<number> = computed(() => {
    const all = [...this.lanes.value, ...this.films.value];
    const ends = all.flatMap(({ pieces }) => pieces.map((p) => p.offset + p.duration));
    return Math.max(this.known.value?.duration_seconds ?? 0, ...ends);
  });

  constructor(
    private readonly source: PlayerSource,
    open: OpenVoice,
    private readonly clock: Clock,
    private readonly lifetime: AbortSignal,
    private from: number | null = null,
  ) {
    this.playback = new Playback(open, clock, lifetime);
  }

  get state(): ReadonlySignal<PlayerState> {
    return this.current;
  }

  get recording(): ReadonlySignal<RecordingInfo | null> {
    return this.known;
  }

  get transcript(): ReadonlySignal<Transcript | null> {
    return this.said;
  }

  get solo(): ReadonlySignal<ReadonlySet<string>> {
    return this.alone;
  }

  get muted(): ReadonlySignal<ReadonlySet<string>> {
    return this.silent;
  }

  get zoom(): ReadonlySignal<number> {
    return this.scale;
  }

  get skipsSilence(): ReadonlySignal<boolean> {
    return this.skipping;
  }

  /** Whether heights of the waves are known; without them lanes are bare. */
  get measured(): ReadonlySignal<Peaks | null> {
    return this.drawn;
  }

  /** Why the last action did not work. */
  get problem(): ReadonlySignal<string | null> {
    return this.trouble;
  }

  get deleted(): ReadonlySignal<boolean> {
    return this.removed;
  }

  get perSecond(): number {
    return this.drawn.value?.per_second ?? NO_PEAKS;
  }

  get isOwner(): boolean {
    return this.source.owner !== null;
  }

  get mayDownload(): boolean {
    return this.source.download;
  }

  transcriptUrl(format: Parameters<PlayerSource["transcriptUrl"]>[0]): string {
    return this.source.transcriptUrl(format);
  }

  start(): void {
    void this.load();
    this.clock.every(LOOK_MS, () => this.follow(), this.lifetime);
    this.clock.every(RENEW_MS, () => void this.load(), this.lifetime);
    this.clock.every(SKIP_MS, () => this.skip(), this.lifetime);
  }

  async load(): Promise<void> {
    try {
      this.known.value = await this.source.load(this.lifetime);
      this.current.value = { kind: "ready" };
      this.arrange();
      this.goToStart();
      if (!isUnfinished(this.known.value)) await Promise.all([this.draw(), this.read()]);
    } catch (error) {
      if (this.lifetime.aborted) return;
      this.current.value = absence(error) ?? failure(error);
    }
  }

  toggleSolo(lane: string): void {
    this.alone.value = toggled(this.alone.value, lane);
    this.balance();
  }

  toggleMute(lane: string): void {
    this.silent.value = toggled(this.silent.value, lane);
    this.balance();
  }

  setLevel(lane: string, level: number): void {
    this.levels.value = new Map([...this.levels.value, [lane, level]]);
    this.balance();
  }

  level(lane: string): number {
    return this.levels.value.get(lane) ?? 1;
  }

  /** Whether a lane is heard now. */
  isHeard(lane: string): boolean {
    const chosen = this.alone.value.size === 0 || this.alone.value.has(lane);
    return chosen && !this.silent.value.has(lane);
  }

  setZoom(zoom: number): void {
    this.scale.value = zoom;
  }

  skipSilence(wanted: boolean): void {
    this.skipping.value = wanted;
  }

  /** Goes where the next person, or the same one after a pause, begins to speak. */
  nextSpeaker(): void {
    const next = nextTurn(this.turns.value, this.playback.at.value + FORWARD + LEAD);
    if (next !== null) this.playback.seek(Math.max(0, next - LEAD));
  }

  /** The file of a kind and format, whatever its state. */
  product(kind: ProductKind, format: string): RecordingFile | null {
    const files = this.known.value?.files ?? [];
    return files.find((file) => file.kind === kind && file.format === format) ?? null;
  }

  async make(kind: ProductKind, format: string): Promise<void> {
    await this.act(async (owner) => {
      await owner.make(kind, format);
      await this.load();
    });
  }

  async transcribe(): Promise<void> {
    await this.act(async (owner) => {
      await owner.transcribe();
      await this.read();
    });
  }

  /** Calls somebody otherwise, in what was said too. */
  async rename(lane: Lane, name: string): Promise<void> {
    const wanted = name.trim();
    if (!wanted || wanted === lane.name) return;
    await this.act(async (owner) => {
      await owner.rename(lane.participant, wanted);
      await this.load();
    });
  }

  async remove(): Promise<void> {
    await this.act(async (owner) => {
      await owner.remove();
      this.playback.pause();
      this.removed.value = true;
    });
  }

  private arrange(): void {
    const parts = (kind: "audio" | "video", lanes: readonly (Lane | Film)[]) =>
      lanes.flatMap((lane) =>
        lane.pieces.map(({ id, url, offset, duration, stretch }) => ({
          ...{ id, kind, url, offset, duration, stretch },
          lane: lane.id,
        })),
      );
    const all = [...parts("audio", this.lanes.value), ...parts("video", this.films.value)];
    this.playback.load(all, this.duration.value);
  }

  /** Once there is something to hear, to the moment that the link names. */
  private goToStart(): void {
    if (this.from === null || this.duration.value === 0) return;
    this.playback.seek(this.from);
    this.from = null;
  }

  private balance(): void {
    this.playback.balance((lane) => (this.isHeard(lane) ? this.level(lane) : 0));
  }

  /** Reads the heights once they are there; has them made when they are not. */
  private async draw(): Promise<void> {
    if (this.drawn.value || this.drawing) return;
    this.drawing = true;
    try {
      const file = this.product("peaks", "json");
      if (file?.state === "ready") this.drawn.value = await this.source.peaks(file, this.lifetime);
      else if (!file && !this.asked && this.source.owner && this.lanes.value.length > 0) {
        this.asked = true;
        await this.source.owner.make("peaks");
        this.known.value = await this.source.load(this.lifetime);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // lanes without waves play all the same
    } finally {
      this.drawing = false;
    }
  }

  private async read(): Promise<void> {
    try {
      this.said.value = await this.source.transcript(this.lifetime);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // the sound plays all the same
    }
  }

  private follow(): void {
    const recording = this.known.value;
    const kind = this.current.value.kind;
    const making = recording?.files.some(({ state }) => state === "queued" || state === "running");
    const writing = this.said.value?.recording.transcript.state === "processing";
    const unfinished = recording !== null && isUnfinished(recording);
    if (kind === "offline" || making || writing || unfinished) void this.load();
  }

  private skip(): void {
    if (!this.skipping.value || !this.playback.playing.value) return;
    const at = this.playback.at.value;
    const heard = this.turns.value.filter((_, index) =>
      this.isHeard(this.lanes.value[index]?.id ?? ""),
    );
    const next = nextTurn(heard, at);
    if (next !== null && next - at > SILENCE && !isSpoken(heard, at))
      this.playback.seek(next - LEAD);
  }

  private async act(action: (owner: NonNullable<PlayerSource["owner"]>) => Promise<void>) {
    this.trouble.value = null;
    try {
      if (this.source.owner) await action(this.source.owner);
    } catch (error) {
      this.trouble.value = sentence(error);
    }
  }
}

function toggled(set: ReadonlySet<string>, item: string): Set<string> {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
}

/** The recording is not there, or not any more by this link. */
function absence(error: unknown): PlayerState | null {
  if (!(error instanceof ApiError)) return null;
  if (error.status === 404) return { kind: "missing" };
  if (error.status !== 410) return null;
  const told = error.fields["why"];
  const deleted = told === "retention" ? "retention" : "removed";
  const ended = told === "revoked" ? "revoked" : "expired";
  const at = error.fields["deleted_at"] ?? error.fields["ended_at"];
  const why = error.code === "recording_deleted" ? deleted : ended;
  return { kind: "gone", why, at: typeof at === "string" ? at : null };
}
