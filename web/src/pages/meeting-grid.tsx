/** The tiles of the meeting: measured, arranged, and reported to the server as the view. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button } from "../elements/button";
import { Tile } from "../elements/tile";
import { type Area, arrangeGrid, arrangeSpotlight, type Box, gridCapacity } from "../layout/grid";
import { maybe, t } from "../lib/i18n";
import type { ParticipantInfo } from "../rtc/messages";
import type { MeetingView } from "../state/meeting";
import { chooseTiles, type TileInfo, viewOf } from "../state/tiles";

/** The size of an element, followed while it changes. */
function useArea() {
  const self = useRef<HTMLUListElement>(null);
  const [area, setArea] = useState<Area>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = self.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      setArea({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [self, area] as const;
}

export function Grid({ view }: { view: MeetingView }) {
  const [self, area] = useArea();
  const page = useSignal(0);
  const choice = chooseTiles(
    view.tiles.value,
    view.pinned.value,
    Math.min(12, gridCapacity(area)),
    page.value,
  );
  const count = choice.tiles.length;
  const boxes = choice.spotlight ? arrangeSpotlight(area, count) : arrangeGrid(area, count);
  useEffect(() => {
    view.look(viewOf(choice.tiles, boxes, Math.min(2, devicePixelRatio)));
  });
  return (
    <>
      <ul class="tiles" ref={self} aria-label={t("meeting.tiles")}>
        {choice.tiles.map((tile, index) => {
          const box = boxes[index];
          return box ? <Person key={tile.key} view={view} tile={tile} box={box} /> : null;
        })}
      </ul>
      {choice.pages > 1 && (
        <nav
          class="pager"
          aria-label={t("meeting.page", { page: choice.page + 1, pages: choice.pages })}
        >
          <Button
            icon="chevronLeft"
            label={t("meeting.previous")}
            disabled={choice.page === 0}
            onPress={() => {
              page.value = choice.page - 1;
            }}
          />
          <span>
            {choice.page + 1} / {choice.pages}
          </span>
          <Button
            icon="chevronRight"
            label={t("meeting.next")}
            disabled={choice.page === choice.pages - 1}
            onPress={() => {
              page.value = choice.page + 1;
            }}
          />
        </nav>
      )}
    </>
  );
}

/** The reason of a quality in words; one we do not know is shown as the server said it. */
export function reasonText(reason: string | null): string | null {
  if (!reason) return null;
  return maybe(`reason.${reason}`) ?? reason;
}

/** Somebody's badge, with the reason in its words; null while nothing is wrong. */
export function qualityOf(person: ParticipantInfo) {
  const level = person.quality;
  if (level !== "fair" && level !== "poor") return null;
  const label = t(`quality.${level}`);
  const reason = reasonText(person.quality_reason);
  const text = reason ? t("quality.badgeReason", { label, reason }) : t("quality.badge", { label });
  return { level, label: text };
}

function noticeOf(tile: TileInfo): string | null {
  const { state } = tile.participant;
  if (tile.me) return null;
  if (state === "connecting" || state === "disconnected") return t(`tile.state.${state}`);
  return tile.video && tile.starved ? t("tile.starved") : null;
}

function trackOf(view: MeetingView, tile: TileInfo): MediaStreamTrack | null {
  if (tile.me) return view.media.camera.sendable.value;
  if (!tile.video || tile.mid === null) return null;
  return view.client.tracks.value.get(tile.mid) ?? null;
}

function labelOf(tile: TileInfo): string {
  const { name } = tile.participant;
  if (tile.source === "screen") return t("tile.screen", { name });
  return tile.me ? t("tile.you", { name }) : name;
}

function Person({ view, tile, box }: { view: MeetingView; tile: TileInfo; box: Box }) {
  const label = labelOf(tile);
  const pinned = view.pinned.value === tile.key;
  const speaking =
    tile.source === "camera" && !tile.muted && view.speaking.value.has(tile.participant.id);
  return (
    <Tile
      id={tile.participant.id}
      bot={tile.participant.kind === "bot"}
      name={tile.participant.name}
      label={label}
      track={trackOf(view, tile)}
      mirrored={tile.me}
      screen={tile.source === "screen"}
      muted={tile.muted}
      mutedLabel={t("tile.muted")}
      speaking={speaking}
      speakingLabel={t("tile.speaking")}
      notice={noticeOf(tile)}
      quality={qualityOf(tile.participant)}
      pin={
        view.tiles.value.length > 1
          ? {
              label: pinned ? t("tile.unpin", { name: label }) : t("tile.pin", { name: label }),
              active: pinned,
              onPress: () => view.togglePin(tile.key),
            }
          : null
      }
      box={box}
    />
  );
}
