/** Which tiles a meeting shows, and in which order. */
import type { ParticipantInfo, SlotInfo, Tile } from "../rtc/messages";
import { isMuted } from "./roster";

export interface TileInfo {
  key: string;
  participant: ParticipantInfo;
  source: "camera" | "screen";
  me: boolean;
  /** There is, or should be, a picture. */
  video: boolean;
  muted: boolean;
  /** The slot that carries the picture, if the server filled one. */
  mid: string | null;
  /** The server holds the picture back, because our connection does not take it. */
  starved: boolean;
}

export interface TileChoice {
  /** All tiles of this page, the most important first. */
  tiles: TileInfo[];
  /** The first tile is large. */
  spotlight: boolean;
  page: number;
  pages: number;
}

function tileOf(
  person: ParticipantInfo,
  source: "camera" | "screen",
  me: boolean,
  slots: readonly SlotInfo[],
): TileInfo {
  const slot = slots.find((one) => one.participant === person.id && one.source === source);
  return {
    key: `${person.id}/${source}`,
    participant: person,
    source,
    me,
    video: !isMuted(person, source),
    muted: isMuted(person, "microphone"),
    mid: slot && !slot.paused ? slot.mid : null,
    starved: slot?.reason === "bandwidth",
  };
}

/** All tiles: screens first, then people as they came, oneself last. */
export function allTiles(
  others: readonly ParticipantInfo[],
  me: ParticipantInfo | null,
  slots: readonly SlotInfo[],
): TileInfo[] {
  const everybody = me ? [...others, me] : [...others];
  const shown = everybody.filter((person) => person.role !== "observer");
  const screens = shown
    .filter((person) => person.id !== me?.id && !isMuted(person, "screen"))
    .map((person) => tileOf(person, "screen", false, slots));
  return [...screens, ...shown.map((person) => tileOf(person, "camera", person === me, slots))];
}

/** The tiles of one page. A screen or a pinned tile takes the spotlight on every page. */
export function chooseTiles(
  tiles: readonly TileInfo[],
  pinned: string | null,
  capacity: number,
  page: number,
): TileChoice {
  const main =
    tiles.find((tile) => tile.key === pinned) ?? tiles.find((tile) => tile.source === "screen");
  const rest = tiles.filter((tile) => tile !== main);
  const room = Math.max(1, main ? capacity - 1 : capacity);
  const pages = Math.max(1, Math.ceil(rest.length / room));
  const shown = Math.min(Math.max(0, page), pages - 1);
  const own = rest.slice(shown * room, (shown + 1) * room);
  return { tiles: main ? [main, ...own] : own, spotlight: main !== undefined, page: shown, pages };
}

/** What to ask the server for: the pictures of other people that are on screen. */
export function viewOf(
  tiles: readonly TileInfo[],
  sizes: readonly { width: number; height: number }[],
  ratio: number,
): Tile[] {
  return tiles.flatMap((tile, index) => {
    const size = sizes[index];
    if (tile.me || !tile.video || !size) return [];
    return [
      {
        participant: tile.participant.id,
        source: tile.source,
        width: Math.round(size.width * ratio),
        height: Math.round(size.height * ratio),
      },
    ];
  });
}
