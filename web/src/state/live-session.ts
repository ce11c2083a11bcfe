/** One session and the person in it that is looked at: figures, course and timeline. */
import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import type { LiveServer } from "../api/live";
import type {
  ConnectionQuality,
  Moment,
  QualityHistory,
  SessionInfo,
  SessionParticipant,
} from "../api/types";
import type { Clock } from "../lib/clock";
import { continued, courseOf } from "./course";
import { sentence } from "./home";
import { failure, type ListState } from "./list-state";
import { LOOK_MS } from "./live";
import { inside, worstOf } from "./people";
import { EMPTY, type Trend } from "./trend";

/** Seconds that the charts show; null is everything. */
export type Span = 300 | 3600 | null;

/** Follows the seconds of a session until the signal aborts. */
export type Follow = (
  session: string,
  heard: (at: number, now: ConnectionQuality[]) => void,
  signal: AbortSignal,
) => void;

export interface Event extends Moment {
  name: string;
}

export class LiveSession {
  private readonly current = signal<ListState>({ kind: "loading" });
  private readonly known = signal<SessionInfo | null>(null);
  private readonly name = signal("");
  private readonly picked = signal<string | null>(null);
  private readonly past = signal<QualityHistory | null>(null);
  private readonly lines = signal<Trend>(EMPTY);
  private readonly latest = signal<ReadonlyMap<string, ConnectionQuality>>(new Map());
  private readonly moments = signal<Event[]>([]);
  private readonly length = signal<Span>(300);
  private readonly trouble = signal<string | null>(null);

  /** Who is looked at: as chosen, else whoever needs attention, else the first. */
  readonly person: ReadonlySignal<SessionParticipant | null> = computed(() => {
    const session = this.known.value;
    if (session === null) return null;
    const chosen = session.participants.find(({ id }) => id === this.picked.value);
    return (
      chosen ?? worstOf(session)?.person ?? inside(session)[0] ?? session.participants[0] ?? null
    );
  });

  /** What is measured of that person now. */
  readonly now: ReadonlySignal<ConnectionQuality | null> = computed(
    () => this.latest.value.get(this.person.value?.id ?? "") ?? null,
  );

  constructor(
    private readonly id: string,
    private readonly server: Omit<LiveServer, "liveSessions" | "liveQuality">,
    private readonly clock: Clock,
    private readonly lifetime: AbortSignal,
    private readonly follow: Follow,
  ) {}

  get state(): ReadonlySignal<ListState> {
    return this.current;
  }

  get session(): ReadonlySignal<SessionInfo | null> {
    return this.known;
  }

  get title(): ReadonlySignal<string> {
    return this.name;
  }

  get course(): ReadonlySignal<Trend> {
    return this.lines;
  }

  get events(): ReadonlySignal<Event[]> {
    return this.moments;
  }

  get span(): ReadonlySignal<Span> {
    return this.length;
  }

  /** Why the last action did not work. */
  get problem(): ReadonlySignal<string | null> {
    return this.trouble;
  }

  start(): void {
    void this.load();
    this.clock.every(LOOK_MS, () => void this.look(), this.lifetime);
    this.follow(this.id, (at, now) => this.heard(at, now), this.lifetime);
  }

  pick(participant: string): void {
    this.picked.value = participant;
    this.draw();
    void this.tell();
  }

  async show(span: Span): Promise<void> {
    this.length.value = span;
    await this.guarded(() => this.read());
  }

  async load(): Promise<void> {
    await this.look();
    await this.guarded(async () => {
      const session = this.known.value;
      if (session === null) return;
      this.name.value = (await this.server.meeting(session.meeting_id)).title;
      await this.read();
      await this.tell();
    });
  }

  mute(participant: string): Promise<void> {
    return this.act(() => this.server.mute(participant));
  }

  remove(participant: string): Promise<void> {
    return this.act(() => this.server.remove(participant));
  }

  end(): Promise<void> {
    return this.act(() => this.server.endMeeting(this.known.value?.meeting_id ?? ""));
  }

  private async look(): Promise<void> {
    await this.guarded(async () => {
      const before = this.person.value?.id;
      this.known.value = await this.server.session(this.id, this.lifetime);
      this.current.value = { kind: "ready" };
      if (before !== undefined && this.person.value?.id !== before) this.draw();
    });
  }

  private async read(): Promise<void> {
    const history = await this.server.quality(this.id, this.length.value);
    this.past.value = history;
    this.latest.value = new Map(history.now.map((one) => [one.participant_id, one]));
    this.draw();
  }

  private draw(): void {
    const person = this.person.value;
    this.lines.value =
      person && this.past.value ? courseOf(this.past.value.series, person.id) : EMPTY;
  }

  private async tell(): Promise<void> {
    await this.guarded(async () => {
      const person = this.person.value;
      const { connections } = await this.server.timeline(this.id);
      const name = person?.name ?? "";
      this.moments.value = connections
        .filter(({ participant_id }) => participant_id === person?.id)
        .flatMap(({ moments }) => moments.map((moment) => ({ ...moment, name })))
        .sort((one, other) => one.at.localeCompare(other.at));
    });
  }

  private heard(at: number, now: ConnectionQuality[]): void {
    this.latest.value = new Map(now.map((one) => [one.participant_id, one]));
    const mine = this.now.value;
    if (mine) this.lines.value = continued(this.lines.value, at, mine);
  }

  private async act(action: () => Promise<void>): Promise<void> {
    this.trouble.value = null;
    try {
      await action();
      await this.look();
    } catch (error) {
      this.trouble.value = sentence(error);
    }
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
