/** Who is in the meeting, by the server's numbered deltas. */
import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import type { ParticipantInfo, RosterDelta, Source, Welcome } from "../rtc/messages";

/** What a delta changed, for notices. */
export interface RosterNews {
  joined: ParticipantInfo[];
  left: { person: ParticipantInfo; reason: string | null }[];
}

export class Roster {
  private readonly known = signal<ReadonlyMap<string, ParticipantInfo>>(new Map());
  private readonly own = signal<ParticipantInfo | null>(null);
  private sequence = 0;

  /** Everybody else, in the order they came. */
  readonly others: ReadonlySignal<ParticipantInfo[]> = computed(() =>
    [...this.known.value.values()].sort(
      (one, two) => one.joined_at.localeCompare(two.joined_at) || one.id.localeCompare(two.id),
    ),
  );

  get me(): ReadonlySignal<ParticipantInfo | null> {
    return this.own;
  }

  /** The whole truth at one moment, at the beginning and after every return. */
  reset(welcome: Welcome): void {
    this.sequence = welcome.sequence;
    this.own.value = welcome.you;
    const others = welcome.participants.filter((person) => person.id !== welcome.you.id);
    this.known.value = new Map(others.map((person) => [person.id, person]));
  }

  /** Applies a delta; one that the snapshot already contained changes nothing. */
  apply(delta: RosterDelta): RosterNews {
    const news: RosterNews = { joined: [], left: [] };
    if (delta.sequence <= this.sequence) return news;
    this.sequence = delta.sequence;
    const people = new Map(this.known.value);
    for (const person of [...delta.joined, ...delta.changed]) {
      if (person.id === this.own.value?.id) {
        this.own.value = person;
        continue;
      }
      if (!people.has(person.id)) news.joined.push(person);
      people.set(person.id, person);
    }
    for (const { id, reason } of delta.left) {
      const person = people.get(id);
      if (person) news.left.push({ person, reason });
      people.delete(id);
    }
    this.known.value = people;
    return news;
  }

  /** The name of a participant, also of oneself. */
  nameOf(id: string | null): string | null {
    if (id === null) return null;
    if (id === this.own.value?.id) return this.own.value.name;
    return this.known.value.get(id)?.name ?? null;
  }
}

/** Whether `person` sends nothing as `source`. */
export function isMuted(person: ParticipantInfo, source: Source): boolean {
  const track = person.tracks.find((one) => one.source === source);
  return track === undefined || track.muted;
}
