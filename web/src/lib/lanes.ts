/** The voices of a recording as lanes on one time line: heights, turns of speech, gaps; pure. */
import type { Peaks, PeaksLane, RecordingFile } from "../api/types";

export interface Gap {
  /** Seconds from the recording's start. */
  at: number;
  seconds: number;
  cause: string;
}

/** One file on its lane. */
export interface Piece {
  id: string;
  url: string;
  /** Seconds from the recording's start. */
  offset: number;
  /** By the recording's clock, as all times here; the file's own seconds are `stretch` long. */
  duration: number;
  stretch: number;
  /** How loud each bucket is, 0 to 128; null when that was not measured. */
  heights: Uint8Array | null;
}

/** A camera or a screen. */
export interface Film {
  id: string;
  name: string;
  source: string;
  pieces: Omit<Piece, "heights">[];
}

export interface Lane {
  id: string;
  participant: string;
  name: string;
  source: string;
  pieces: Piece[];
  gaps: Gap[];
}

export interface Turn {
  from: number;
  to: number;
}

/** Louder than -30 dB of full scale is speech: below it lie breath and the noise of rooms. */
const SPEECH = 4;
/** Pauses shorter than this, in seconds, are within a turn. */
const BREATH = 0.7;
/** Holes between two pieces of one lane that are worth telling, in seconds. */
const HOLE = 0.1;
/** What a hole within a piece may come from; silence of a muted person is none. */
const TOLD: ReadonlySet<string> = new Set(["loss", "break", "paused"]);

/** One lane for each source of each participant, in order of their first sound. */
export function lanesOf(files: readonly RecordingFile[], peaks: Peaks | null): Lane[] {
  const lanes = new Map<string, Lane>();
  const sounds = files.filter((file) => file.kind === "audio" && file.participant_id !== null);
  for (const file of sounds.sort((one, other) => one.offset_seconds - other.offset_seconds)) {
    const id = `${file.participant_id}/${file.source}`;
    const lane = lanes.get(id) ?? made(id, file);
    lanes.set(id, lane);
    const drawn = peaks?.lanes.find((one) => isOf(one, file));
    const end = endOf(lane);
    if (end !== null && file.offset_seconds - end > HOLE)
      lane.gaps.push({ at: end, seconds: file.offset_seconds - end, cause: "reconnect" });
    for (const gap of drawn?.gaps.filter(({ cause }) => TOLD.has(cause)) ?? [])
      lane.gaps.push({
        at: file.offset_seconds + (gap.at_ms / 1000) * stretchOf(file),
        seconds: gap.dur_ms / 1000,
        cause: gap.cause,
      });
    lane.pieces.push({
      id: file.id,
      url: file.url,
      offset: file.offset_seconds,
      duration: file.duration_seconds * stretchOf(file),
      stretch: stretchOf(file),
      heights: drawn ? heightsOf(drawn.peaks) : null,
    });
  }
  return [...lanes.values()];
}

/** Each participant's camera and screen, in order of their first picture. */
export function filmsOf(files: readonly RecordingFile[]): Film[] {
  const films = new Map<string, Film>();
  const pictures = files.filter((file) => file.kind === "video" && file.participant_id !== null);
  for (const file of pictures.sort((one, other) => one.offset_seconds - other.offset_seconds)) {
    const id = `${file.participant_id}/${file.source}`;
    const film = films.get(id) ?? {
      id,
      name: file.name ?? "",
      source: file.source ?? "",
      pieces: [],
    };
    films.set(id, film);
    film.pieces.push({
      id: file.id,
      url: file.url,
      offset: file.offset_seconds,
      duration: file.duration_seconds * stretchOf(file),
      stretch: stretchOf(file),
    });
  }
  return [...films.values()];
}

/** How long a second of the file is by the recording's clock. */
function stretchOf(file: RecordingFile): number {
  return 1 + file.clock_skew_ppm / 1e6;
}

function made(id: string, file: RecordingFile): Lane {
  const participant = file.participant_id ?? "";
  return {
    id,
    participant,
    name: file.name ?? "",
    source: file.source ?? "",
    pieces: [],
    gaps: [],
  };
}

function isOf(drawn: PeaksLane, file: RecordingFile): boolean {
  return (
    drawn.participant_id === file.participant_id &&
    drawn.source === file.source &&
    drawn.segment === file.segment
  );
}

function endOf(lane: Lane): number | null {
  const last = lane.pieces.at(-1);
  return last ? last.offset + last.duration : null;
}

/** The louder one of each lowest and highest sample. */
export function heightsOf(pairs: readonly number[]): Uint8Array {
  const heights = new Uint8Array(pairs.length >> 1);
  for (let index = 0; index < heights.length; index += 1)
    heights[index] = Math.max(-(pairs[2 * index] ?? 0), pairs[2 * index + 1] ?? 0);
  return heights;
}

/** The loudest bucket of each of `count` equal parts of a window, 0 to 1; null is no sound kept. */
export function bars(
  lane: Lane,
  from: number,
  to: number,
  count: number,
  perSecond: number,
): (number | null)[] {
  const width = (to - from) / count;
  return Array.from({ length: count }, (_, index) => {
    const start = from + index * width;
    return loudest(lane, start, start + width, perSecond);
  });
}

function loudest(lane: Lane, start: number, end: number, perSecond: number): number | null {
  let found: number | null = null;
  for (const piece of lane.pieces) {
    if (end <= piece.offset || start >= piece.offset + piece.duration) continue;
    found ??= 0;
    if (!piece.heights) continue;
    const first = Math.max(0, Math.floor((start - piece.offset) * perSecond));
    const last = Math.max(first + 1, Math.ceil((end - piece.offset) * perSecond));
    for (const height of piece.heights.subarray(first, last)) found = Math.max(found, height / 128);
  }
  return found;
}

/** When somebody speaks, oldest first; a breath does not end a turn. */
export function turnsOf(lane: Lane, perSecond: number): Turn[] {
  const turns: Turn[] = [];
  for (const piece of lane.pieces) {
    for (const [index, height] of piece.heights?.entries() ?? []) {
      if (height < SPEECH) continue;
      const from = piece.offset + index / perSecond;
      const last = turns.at(-1);
      if (last && from - last.to < BREATH) last.to = from + 1 / perSecond;
      else turns.push({ from, to: from + 1 / perSecond });
    }
  }
  return turns;
}

/** When the next turn of anybody begins; null when nobody speaks any more. */
export function nextTurn(turns: readonly (readonly Turn[])[], at: number): number | null {
  let found: number | null = null;
  for (const lane of turns) {
    const next = lane.find(({ from }) => from > at)?.from;
    if (next !== undefined && (found === null || next < found)) found = next;
  }
  return found;
}

/** Whether anybody speaks then. */
export function isSpoken(turns: readonly (readonly Turn[])[], at: number): boolean {
  return turns.some((lane) => lane.some(({ from, to }) => from <= at && at < to));
}

/** The part of the recording that is drawn: as wide as the zoom says, turned like pages. */
export function windowOf(at: number, duration: number, zoom: number): Turn {
  const width = duration / zoom;
  const page = Math.min(Math.floor(at / width), Math.ceil(zoom) - 1);
  const from = Math.max(0, Math.min(page * width, duration - width));
  return { from, to: from + width };
}
