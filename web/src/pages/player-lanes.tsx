/** Everybody's voice on a lane of its own beneath one playhead. */
import { useState } from "preact/hooks";
import { Button } from "../elements/button";
import { Waveform } from "../elements/waveform";
import { length } from "../lib/format";
import { maybe, t } from "../lib/i18n";
import { bars, type Gap, type Lane, type Turn } from "../lib/lanes";
import { type Player, ZOOMS } from "../state/player";

const COLOURS = ["a", "b", "c"] as const;

export function PlayerLanes({ player }: { player: Player }) {
  const lanes = player.lanes.value;
  return (
    <section class="deck" aria-label={t("player.lanes")}>
      <Overview player={player} />
      <ul class="deck-lanes">
        {lanes.map((lane, index) => (
          <LaneRow
            key={lane.id}
            player={player}
            lane={lane}
            colour={COLOURS[index % COLOURS.length] ?? "a"}
          />
        ))}
      </ul>
    </section>
  );
}

/** The whole recording at once: everybody together, and which part of it the lanes show. */
function Overview({ player }: { player: Player }) {
  const whole = { from: 0, to: Math.max(player.duration.value, 0.001) };
  const lanes = player.lanes.value;
  const together = (count: number) => {
    const all = lanes.map((lane) => bars(lane, 0, whole.to, count, player.perSecond));
    return Array.from({ length: count }, (_, index) =>
      Math.max(0, ...all.map((one) => one[index] ?? 0)),
    );
  };
  const zoomed = player.zoom.value > 1;
  return (
    <div class="deck-row deck-overview">
      <div class="deck-who">
        <strong>{t("player.everybody")}</strong>
        <Zoom player={player} />
      </div>
      <Track player={player} view={whole}>
        <Waveform heights={together} version={player.lanes.value} />
        {zoomed && <Frame view={player.view.value} whole={whole} />}
      </Track>
    </div>
  );
}

function Zoom({ player }: { player: Player }) {
  const place = ZOOMS.indexOf(player.zoom.value);
  const step = (by: number) => player.setZoom(ZOOMS[place + by] ?? 1);
  return (
    <div class="deck-zoom">
      <Button
        kind="quiet"
        icon="zoomOut"
        label={t("player.zoomOut")}
        disabled={place === 0}
        onPress={() => step(-1)}
      />
      <Button
        kind="quiet"
        icon="zoomIn"
        label={t("player.zoomIn")}
        disabled={place === ZOOMS.length - 1}
        onPress={() => step(1)}
      />
    </div>
  );
}

function Frame({ view, whole }: { view: Turn; whole: Turn }) {
  const share = (seconds: number) => `${(100 * seconds) / whole.to}%`;
  return (
    <i class="deck-frame" style={{ left: share(view.from), width: share(view.to - view.from) }} />
  );
}

/** A name that owners may change. */
function Name({ player, lane, name }: { player: Player; lane: Lane; name: string }) {
  const [draft, setDraft] = useState<string | null>(null);
  if (!player.isOwner) return <strong>{name}</strong>;
  if (draft === null)
    return (
      <button
        type="button"
        class="deck-rename"
        title={t("player.rename")}
        aria-label={t("player.renameLabel", { name })}
        onClick={() => setDraft(lane.name)}
      >
        {name}
      </button>
    );
  const done = (wanted: string | null) => {
    setDraft(null);
    if (wanted !== null) void player.rename(lane, wanted);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        done(draft);
      }}
    >
      <input
        class="deck-new-name"
        maxLength={80}
        aria-label={t("player.newName", { name })}
        value={draft}
        ref={(input) => input?.focus()}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onBlur={() => done(draft)}
        onKeyDown={(event) => {
          event.stopPropagation(); // letters are keys of the player elsewhere
          if (event.key === "Escape") done(null);
        }}
      />
    </form>
  );
}

interface LaneProps {
  player: Player;
  lane: Lane;
  colour: (typeof COLOURS)[number];
}

function LaneRow({ player, lane, colour }: LaneProps) {
  const name = lane.name || t("recordings.somebody");
  const view = player.view.value;
  const heard = player.isHeard(lane.id);
  const broken = player.playback.broken.value.has(lane.id);
  const solo = player.solo.value.has(lane.id);
  const muted = player.muted.value.has(lane.id);
  return (
    <li class={`deck-row deck-${colour}`}>
      <div class="deck-who">
        <span class="deck-name">
          <Name player={player} lane={lane} name={name} />
          {lane.source === "screen-audio" && <small>{t("player.screenAudio")}</small>}
          {broken && <small class="problem">{t("player.broken")}</small>}
        </span>
        <button
          type="button"
          class="deck-switch"
          aria-pressed={solo}
          aria-label={t("player.solo", { name })}
          title={t("player.solo", { name })}
          onClick={() => player.toggleSolo(lane.id)}
        >
          S
        </button>
        <button
          type="button"
          class="deck-switch"
          aria-pressed={muted}
          aria-label={t("player.mute", { name })}
          title={t("player.mute", { name })}
          onClick={() => player.toggleMute(lane.id)}
        >
          M
        </button>
        <input
          class="deck-level"
          type="range"
          min="0"
          max="1"
          step="0.05"
          value={player.level(lane.id)}
          aria-label={t("player.level", { name })}
          onInput={(event) => player.setLevel(lane.id, event.currentTarget.valueAsNumber)}
        />
      </div>
      <Track player={player} view={view}>
        <Waveform
          heights={(count) => bars(lane, view.from, view.to, count, player.perSecond)}
          version={`${view.from}-${view.to}-${lane.pieces.length}-${player.measured.value !== null}`}
          muted={!heard}
        />
        {lane.gaps.map((gap) => (
          <Hole key={gap.at} gap={gap} view={view} />
        ))}
      </Track>
    </li>
  );
}

/** Why something is missing there, in words. */
export function gapText(gap: Gap): string {
  const cause = maybe(`player.gap.${gap.cause}`) ?? gap.cause;
  return t("player.gap", { seconds: gap.seconds.toFixed(1), cause });
}

function Hole({ gap, view }: { gap: Gap; view: Turn }) {
  const from = Math.max(gap.at, view.from);
  const to = Math.min(gap.at + gap.seconds, view.to);
  if (to <= from) return null;
  const share = (seconds: number) => `${(100 * seconds) / (view.to - view.from)}%`;
  return (
    <i
      class={`deck-gap deck-gap-${gap.cause}`}
      title={`${length(gap.at)} ${gapText(gap)}`}
      style={{ left: share(from - view.from), width: share(to - from) }}
    />
  );
}

interface TrackProps {
  player: Player;
  view: Turn;
  children: preact.ComponentChildren;
}

/** A stretch of time: a click goes there. Keys have the slider of the controls. */
function Track({ player, view, children }: TrackProps) {
  const go = (event: PointerEvent) => {
    if (!(event.currentTarget instanceof Element)) return;
    if (event.type === "pointermove" && event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    player.playback.seek(view.from + share * (view.to - view.from));
  };
  return (
    <div class="deck-track" onPointerDown={go} onPointerMove={go}>
      {children}
      <Playhead player={player} view={view} />
    </div>
  );
}

function Playhead({ player, view }: { player: Player; view: Turn }) {
  const at = player.playback.at.value;
  const share = (at - view.from) / (view.to - view.from);
  if (share < 0 || share > 1) return null;
  return <i class="deck-head" style={{ left: `${100 * share}%` }} />;
}
