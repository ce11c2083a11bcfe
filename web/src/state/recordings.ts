/** The recordings a person may hear, kept fresh while some are still being made. */
import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { ApiError } from "../api/http";
import type { RecordingFilter, RecordingsServer } from "../api/recordings";
import type { RecordingFile, RecordingInfo, RecordingState, StorageUse } from "../api/types";
import type { Clock } from "../lib/clock";
import { t } from "../lib/i18n";
import { sentence } from "./home";
import { failure, type ListState } from "./list-state";

const LOOK_MS = 3_000;
const UNFINISHED: ReadonlySet<RecordingState> = new Set([
  "starting",
  "recording",
  "paused",
  "stopping",
  "processing",
]);

export function isUnfinished(recording: RecordingInfo): boolean {
  return UNFINISHED.has(recording.state);
}

/** Whether a file is what one person sent; mixes and the like are of everybody. */
export function isTrack(file: RecordingFile): boolean {
  return file.participant_id !== null;
}

/** How long the typing of a search has to rest. */
const REST_MS = 300;
const ALL: RecordingFilter = { text: "", state: "", meeting: "", from: "", to: "" };
type Wanted = Pick<RecordingsServer, "recordings" | "deleteRecording" | "storage">;

export class Recordings {
  private readonly current = signal<ListState>({ kind: "loading" });
  private readonly known = signal<RecordingInfo[]>([]);
  private readonly cursor = signal<string | null>(null);
  private readonly asked = signal<RecordingFilter>(ALL);
  private readonly marked = signal<ReadonlySet<string>>(new Set());
  private readonly used = signal<StorageUse | null>(null);
  private readonly trouble = signal<string | null>(null);
  private readonly named = signal<ReadonlyMap<string, string>>(new Map());
  private resting: AbortController | null = null;

  readonly filtered: ReadonlySignal<boolean> = computed(() =>
    Object.values(this.asked.value).some((wish) => wish.trim() !== ""),
  );

  /** Meetings that were seen in the list: id and title. */
  readonly meetings: ReadonlySignal<[string, string][]> = computed(() => [...this.named.value]);

  /** Chosen ones that can be deleted: those that are finished. */
  readonly chosen: ReadonlySignal<RecordingInfo[]> = computed(() =>
    this.known.value.filter((one) => this.marked.value.has(one.id) && !isUnfinished(one)),
  );

  constructor(
    private readonly server: Wanted,
    private readonly clock: Clock,
    private readonly lifetime: AbortSignal,
  ) {}

  get state(): ReadonlySignal<ListState> {
    return this.current;
  }

  get all(): ReadonlySignal<RecordingInfo[]> {
    return this.known;
  }

  get more(): ReadonlySignal<string | null> {
    return this.cursor;
  }

  get filter(): ReadonlySignal<RecordingFilter> {
    return this.asked;
  }

  get storage(): ReadonlySignal<StorageUse | null> {
    return this.used;
  }

  /** Why the last action on recordings did not work. */
  get problem(): ReadonlySignal<string | null> {
    return this.trouble;
  }

  start(): void {
    void this.load();
    void this.measure();
    this.clock.every(LOOK_MS, () => this.follow(), this.lifetime);
  }

  /** Shows others; asked of the server once nobody types any more. */
  find(wish: Partial<RecordingFilter>): void {
    this.asked.value = { ...this.asked.value, ...wish };
    this.resting?.abort();
    this.resting = new AbortController();
    const rested = AbortSignal.any([this.resting.signal, this.lifetime]);
    this.clock.after(REST_MS, () => void this.load(true), rested);
  }

  clear(): void {
    this.asked.value = ALL;
    this.current.value = { kind: "loading" };
    void this.load(true);
  }

  async load(anew = false): Promise<void> {
    const wish = this.asked.value;
    await this.guarded(async () => {
      const page = await this.server.recordings(wish, null, this.lifetime);
      if (wish !== this.asked.value) return; // what is wanted now is on its way
      // Pages loaded further down stay; what is new or changed comes from the first page.
      const fresh = new Set(page.items.map((item) => item.id));
      const first = anew || this.known.value.length <= page.items.length;
      const later = first ? [] : this.known.value.filter((item) => !fresh.has(item.id));
      this.known.value = [...page.items, ...later];
      if (first) this.cursor.value = page.next_cursor;
      this.name(page.items);
      this.current.value = { kind: "ready" };
    });
  }

  async loadMore(): Promise<void> {
    const cursor = this.cursor.value;
    if (!cursor) return;
    await this.guarded(async () => {
      const page = await this.server.recordings(this.asked.value, cursor, this.lifetime);
      this.known.value = [...this.known.value, ...page.items];
      this.cursor.value = page.next_cursor;
      this.name(page.items);
    });
  }

  private name(items: readonly RecordingInfo[]): void {
    const named = new Map(this.named.value);
    for (const { meeting_id, title } of items) if (title) named.set(meeting_id, title);
    this.named.value = named;
  }

  isMarked(id: string): boolean {
    return this.marked.value.has(id);
  }

  mark(id: string, wanted: boolean): void {
    const next = new Set(this.marked.value);
    if (wanted) next.add(id);
    else next.delete(id);
    this.marked.value = next;
  }

  /** Deletes some; says which could not be. */
  async remove(wanted: readonly RecordingInfo[]): Promise<void> {
    this.trouble.value = null;
    const failed: string[] = [];
    for (const { id, title } of wanted) {
      try {
        await this.server.deleteRecording(id);
        this.known.value = this.known.value.filter((recording) => recording.id !== id);
        this.mark(id, false);
      } catch (error) {
        failed.push(`${title || t("recordings.untitled")}: ${sentence(error)}`);
      }
    }
    if (failed.length > 0) this.trouble.value = failed.join(" ");
    await this.measure();
  }

  private async measure(): Promise<void> {
    try {
      this.used.value = await this.server.storage(this.lifetime);
    } catch (error) {
      if (!(error instanceof ApiError) && !this.lifetime.aborted) throw error; // the list is enough
    }
  }

  private follow(): void {
    const waiting = this.known.value.some(isUnfinished) || this.current.value.kind === "offline";
    if (waiting) void this.load();
  }

  private async guarded(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (this.lifetime.aborted) return;
      this.current.value = failure(error);
    }
  }
}
