/** Every live session of the server, kept fresh; the last known ones stay while it is away. */
import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import type { LiveServer } from "../api/live";
import type { SessionInfo, SessionQuality } from "../api/types";
import type { Clock } from "../lib/clock";
import { failure, type ListState } from "./list-state";
import { inside, type Worst, worstOf } from "./people";

export const LOOK_MS = 2_000;

export interface LiveRow {
  session: SessionInfo;
  title: string | null;
  people: number;
  worst: Worst | null;
  /** Null until it was measured. */
  figures: SessionQuality | null;
}

type Wanted = Pick<LiveServer, "liveSessions" | "liveQuality" | "meeting">;

export class Live {
  private readonly current = signal<ListState>({ kind: "loading" });
  private readonly known = signal<SessionInfo[]>([]);
  private readonly titles = signal<ReadonlyMap<string, string>>(new Map());
  private readonly figures = signal<ReadonlyMap<string, SessionQuality>>(new Map());
  private readonly asked = signal("");
  private readonly seen = signal<number | null>(null);

  /** Sessions that match the search, those in trouble first. */
  readonly rows: ReadonlySignal<LiveRow[]> = computed(() => {
    const words = this.asked.value.trim().toLowerCase();
    const all = this.known.value.map((session) => ({
      session,
      title: this.titles.value.get(session.meeting_id) ?? null,
      people: inside(session).length,
      worst: worstOf(session),
      figures: this.figures.value.get(session.id) ?? null,
    }));
    const fits = ({ session, title }: LiveRow) =>
      [title ?? "", ...session.participants.map(({ name }) => name)]
        .join(" ")
        .toLowerCase()
        .includes(words);
    return all
      .filter(fits)
      .sort((one, other) => Number(other.worst !== null) - Number(one.worst !== null));
  });

  constructor(
    private readonly server: Wanted,
    private readonly clock: Clock,
    private readonly lifetime: AbortSignal,
  ) {}

  get state(): ReadonlySignal<ListState> {
    return this.current;
  }

  get all(): ReadonlySignal<SessionInfo[]> {
    return this.known;
  }

  get search(): ReadonlySignal<string> {
    return this.asked;
  }

  /** When the list was last true, on the clock that only grows. */
  get freshAt(): ReadonlySignal<number | null> {
    return this.seen;
  }

  start(): void {
    void this.load();
    this.clock.every(LOOK_MS, () => void this.load(), this.lifetime);
  }

  find(text: string): void {
    this.asked.value = text;
  }

  async load(): Promise<void> {
    try {
      const [page, quality] = await Promise.all([
        this.server.liveSessions(this.lifetime),
        this.server.liveQuality(this.lifetime),
      ]);
      this.figures.value = new Map(quality.items.map((one) => [one.session_id, one]));
      this.known.value = page.items;
      this.seen.value = this.clock.now();
      this.current.value = { kind: "ready" };
      await this.name(page.items);
    } catch (error) {
      if (this.lifetime.aborted) return;
      this.current.value = failure(error);
    }
  }

  private async name(sessions: SessionInfo[]): Promise<void> {
    const missing = sessions.filter(({ meeting_id }) => !this.titles.value.has(meeting_id));
    const found = await Promise.all(
      missing.map(({ meeting_id }) => this.server.meeting(meeting_id)),
    );
    if (found.length > 0)
      this.titles.value = new Map([
        ...this.titles.value,
        ...found.map(({ id, title }) => [id, title] as const),
      ]);
  }
}
