/** Play, go elsewhere, go faster; and the keys for the same. */
import { useEffect } from "preact/hooks";
import { Button } from "../elements/button";
import { length } from "../lib/format";
import { t } from "../lib/i18n";
import { RATES } from "../state/playback";
import type { Player } from "../state/player";

/** Seconds that the arrow keys and buttons go. */
const STEP = 10;
const SMALL = 5;

export function PlayerControls({ player }: { player: Player }) {
  usePlayerKeys(player);
  const { playback } = player;
  const playing = playback.playing.value;
  return (
    <section class="player-controls" aria-label={t("player.controls")}>
      <Button
        kind="primary"
        icon={playing ? "pause" : "play"}
        label={t(playing ? "player.pause" : "player.play")}
        onPress={() => playback.toggle()}
      />
      <Button
        kind="quiet"
        icon="back"
        label={t("player.back", { seconds: STEP })}
        onPress={() => playback.seek(playback.at.value - STEP)}
      />
      <Button
        kind="quiet"
        icon="forward"
        label={t("player.forward", { seconds: STEP })}
        onPress={() => playback.seek(playback.at.value + STEP)}
      />
      <Position player={player} />
      <label class="player-rate">
        <span class="visually-hidden">{t("player.rate")}</span>
        <select
          value={playback.rate.value}
          onInput={(event) => playback.setRate(Number(event.currentTarget.value))}
        >
          {RATES.map((rate) => (
            <option key={rate} value={rate}>
              {t("player.times", { rate })}
            </option>
          ))}
        </select>
      </label>
      <Button icon="next" onPress={() => player.nextSpeaker()}>
        {t("player.nextSpeaker")}
      </Button>
      <label class="check">
        <input
          type="checkbox"
          checked={player.skipsSilence.value}
          onInput={(event) => player.skipSilence(event.currentTarget.checked)}
        />
        {t("player.skipSilence")}
      </label>
    </section>
  );
}

/** Where it is, as a slider that keys move too. */
function Position({ player }: { player: Player }) {
  const { playback } = player;
  const at = playback.at.value;
  const whole = player.duration.value;
  const words = t("player.position", { at: length(at), whole: length(whole) });
  return (
    <div class="player-position">
      <input
        type="range"
        min="0"
        max={Math.max(whole, 0.001)}
        step="0.1"
        value={at}
        aria-label={t("player.seek")}
        aria-valuetext={words}
        onInput={(event) => playback.seek(event.currentTarget.valueAsNumber)}
      />
      <span class="player-time">
        {length(at)} / {length(whole)}
        {playback.waiting.value && <span role="status"> · {t("player.buffering")}</span>}
      </span>
    </div>
  );
}

function usePlayerKeys(player: Player): void {
  useEffect(() => {
    const end = new AbortController();
    const { playback } = player;
    const keys: Record<string, () => void> = {
      " ": () => playback.toggle(),
      k: () => playback.toggle(),
      j: () => playback.seek(playback.at.value - STEP),
      l: () => playback.seek(playback.at.value + STEP),
      ArrowLeft: () => playback.seek(playback.at.value - SMALL),
      ArrowRight: () => playback.seek(playback.at.value + SMALL),
      n: () => player.nextSpeaker(),
    };
    const press = (event: KeyboardEvent) => {
      const action = keys[event.key];
      const target = event.target instanceof Element ? event.target : null;
      const taken = target?.closest("input, textarea, select, dialog, summary");
      const pressed = event.key === " " && target?.closest("button, a");
      if (!action || taken || pressed || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", press, { signal: end.signal });
    return () => end.abort();
  }, [player]);
}
