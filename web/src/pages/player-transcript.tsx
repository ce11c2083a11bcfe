/** What was said, beside what is heard: the playhead marks the words, a click on one goes there. */
import { type Signal, useComputed, useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { TRANSCRIPT_FORMATS } from "../api/recordings";
import type { TranscriptSegment } from "../api/types";
import { Button } from "../elements/button";
import { length } from "../lib/format";
import { maybe, t } from "../lib/i18n";
import { isDoubtful, matching, segmentAt, wordAt } from "../lib/script";
import type { Player } from "../state/player";

export function PlayerTranscript({ player }: { player: Player }) {
  const transcript = player.transcript.value;
  const search = useSignal("");
  const follow = useSignal(true);
  const all = transcript?.segments ?? [];
  const shown = matching(all, search.value);
  return (
    <section class="script" aria-labelledby="script-title">
      <div class="script-head">
        <h2 id="script-title">{t("player.transcript")}</h2>
        {all.length > 0 && (
          <>
            <label class="script-search">
              <span class="visually-hidden">{t("player.searchTranscript")}</span>
              <input
                type="search"
                placeholder={t("player.searchTranscript")}
                value={search.value}
                onInput={(event) => {
                  search.value = event.currentTarget.value;
                }}
              />
            </label>
            <Button
              pressed={follow.value}
              onPress={() => {
                follow.value = !follow.value;
              }}
            >
              {t("player.follow")}
            </Button>
          </>
        )}
      </div>
      <Note player={player} />
      {all.length > 0 && shown.length === 0 && (
        <p class="quiet">{t("player.noWords", { search: search.value })}</p>
      )}
      {shown.length > 0 && <Segments player={player} shown={shown} follow={follow} />}
      {all.length > 0 && <Exports player={player} />}
    </section>
  );
}

/** How far it is, or why there is none. */
function Note({ player }: { player: Player }) {
  const transcript = player.transcript.value;
  if (!transcript) return null;
  const { state, progress, reason } = transcript.recording.transcript;
  if (state === "processing")
    return (
      <p role="status" class="quiet">
        {t("player.transcribing", { percent: Math.round(100 * progress) })}
      </p>
    );
  const failed = state === "failed";
  if (!failed && transcript.segments.length > 0) return null;
  const why = reason ? (maybe(`error.${reason}`) ?? reason) : "";
  return (
    <div class="script-note">
      <p class="quiet">
        {failed ? t("player.transcriptFailed", { why }) : t("player.noTranscript")}
      </p>
      {player.isOwner && (
        <Button onPress={() => void player.transcribe()}>{t("player.transcribe")}</Button>
      )}
    </div>
  );
}

function Exports({ player }: { player: Player }) {
  if (!player.mayDownload) return null;
  return (
    <p class="script-exports">
      <span class="quiet">{t("player.export")}</span>
      {TRANSCRIPT_FORMATS.map((format) => (
        <a key={format} href={player.transcriptUrl(format)} download="">
          {format}
        </a>
      ))}
    </p>
  );
}

interface SegmentsProps {
  player: Player;
  shown: readonly TranscriptSegment[];
  follow: Signal<boolean>;
}

function Segments({ player, shown, follow }: SegmentsProps) {
  const self = useRef<HTMLOListElement>(null);
  const { playback } = player;
  const list = useSignal(shown);
  list.value = shown;
  const current = useComputed(() => list.value[segmentAt(list.value, playback.at.value)]?.id);
  const here = current.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls when another one is spoken
  useEffect(() => {
    const box = self.current;
    const row = box?.querySelector<HTMLElement>("[aria-current]");
    if (!box || !row || !follow.peek() || !playback.playing.peek()) return;
    box.scrollTo({ top: row.offsetTop - box.clientHeight / 3, behavior: "smooth" });
  }, [here, follow.value]);
  const leave = () => {
    follow.value = false;
  };
  return (
    <ol ref={self} class="script-list" onWheel={leave} onTouchMove={leave}>
      {shown.map((segment) => (
        <Segment key={segment.id} player={player} segment={segment} current={segment.id === here} />
      ))}
    </ol>
  );
}

interface SegmentProps {
  player: Player;
  segment: TranscriptSegment;
  current: boolean;
}

function Segment({ player, segment, current }: SegmentProps) {
  const { playback } = player;
  const at = length(segment.start);
  return (
    <li aria-current={current ? "true" : undefined}>
      <button
        type="button"
        class="script-at"
        aria-label={t("player.goTo", { at })}
        onClick={() => playback.seek(segment.start)}
      >
        {at}
      </button>
      <div>
        <strong>{segment.name}</strong>
        {segment.words.length > 0 ? (
          <Words player={player} segment={segment} current={current} />
        ) : (
          <p>{segment.text}</p>
        )}
      </div>
    </li>
  );
}

function Words({ player, segment, current }: SegmentProps) {
  const spoken = useComputed(() => wordAt(segment.words, player.playback.at.value));
  const here = current ? spoken.value : -1;
  const go = (event: MouseEvent) => {
    const word = event.target instanceof HTMLElement ? event.target.dataset["at"] : undefined;
    if (word) player.playback.seek(Number(word));
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys have the button of the segment
    <p onClick={go}>
      {segment.words.map((word, index) => (
        <Fragment key={word.start}>
          <span
            data-at={word.start}
            class={`word${index === here ? " word-here" : ""}${isDoubtful(word) ? " word-doubt" : ""}`}
          >
            {word.text}
          </span>{" "}
        </Fragment>
      ))}
    </p>
  );
}
