/** The player in every state that a recording can be in, whoever looks at it. */
import type { ComponentChildren } from "preact";
import type { RecordingInfo } from "../api/types";
import { Button } from "../elements/button";
import { Icon } from "../elements/icon";
import { moment, When } from "../elements/when";
import { length } from "../lib/format";
import { maybe, t } from "../lib/i18n";
import { playsOpus } from "../platform/voice";
import type { Player } from "../state/player";
import { isTrack, isUnfinished } from "../state/recordings";
import { Message } from "./message";
import { PlayerControls } from "./player-controls";
import { PlayerDownloads } from "./player-downloads";
import { PlayerFilms } from "./player-films";
import { gapText, PlayerLanes } from "./player-lanes";
import { PlayerTranscript } from "./player-transcript";

/** A list longer than this is read by nobody; all of it stands in the manifest. */
const SHOWN_GAPS = 40;

interface Props {
  player: Player;
  title: string;
  /** What can be done with it, beside the title. */
  children?: ComponentChildren;
}

export function PlayerBody({ player, title, children }: Props) {
  const state = player.state.value;
  const recording = player.recording.value;
  if (state.kind === "missing" || state.kind === "gone" || state.kind === "denied")
    return <Nothing player={player} />;
  if (!recording) {
    if (state.kind === "loading") return <Skeleton />;
    const text = state.kind === "error" ? state.text : t("join.offline");
    return (
      <Message whole title={t("player.error")} text={text}>
        <Button onPress={() => void player.load()}>{t("recordings.retry")}</Button>
      </Message>
    );
  }
  return (
    <>
      <div class="player-head">
        <div>
          <h1>{title}</h1>
          <About recording={recording} />
        </div>
        <div class="player-actions">{children}</div>
      </div>
      {state.kind === "offline" && (
        <p class="note note-danger" role="alert">
          <Icon name="offline" />
          <span>{t("recordings.offline")}</span>
        </p>
      )}
      {player.problem.value && (
        <p class="note note-danger" role="alert">
          {player.problem.value}
        </p>
      )}
      <Content player={player} recording={recording} />
    </>
  );
}

/** It cannot be shown, and why. */
function Nothing({ player }: { player: Player }) {
  const state = player.state.value;
  if (state.kind === "gone") {
    const at = state.at ? moment(state.at) : "";
    return (
      <Message whole title={t(`player.${state.why}`)} text={t(`player.${state.why}Text`, { at })} />
    );
  }
  if (state.kind === "denied")
    return (
      <Message whole title={t("recordings.denied")} text={t("recordings.deniedText")}>
        <a class="button button-primary" href="/">
          {t("home.signIn")}
        </a>
      </Message>
    );
  return <Message whole title={t("player.missing")} text={t("player.missingText")} />;
}

function Skeleton() {
  return (
    <div class="recordings" role="status" aria-label={t("player.loading")}>
      <div class="recording-row skeleton" />
      <div class="recording-row skeleton skeleton-tall" />
    </div>
  );
}

function About({ recording }: { recording: RecordingInfo }) {
  const people = new Set(recording.files.filter(isTrack).map(({ participant_id: id }) => id)).size;
  return (
    <p class="player-about">
      <When at={recording.started_at} />
      {recording.duration_seconds !== null && <span>{length(recording.duration_seconds)}</span>}
      {people > 0 && <span>{t("people.count", { count: people })}</span>}
      <Verified recording={recording} />
      {recording.expires_at && (
        <span>{t("player.linkUntil", { at: moment(recording.expires_at) })}</span>
      )}
    </p>
  );
}

/** Whether every file was decoded and found whole. */
function Verified({ recording }: { recording: RecordingInfo }) {
  if (recording.recovered)
    return (
      <span class="state" title={t("recordings.recoveredText")}>
        {t("recordings.recovered")}
      </span>
    );
  if (recording.state === "ready")
    return (
      <span class="state state-ready" title={t("player.verifiedText")}>
        <Icon name="check" /> {t("player.verified")}
      </span>
    );
  return (
    <span class={`state state-${recording.state}`}>{t(`recordings.state.${recording.state}`)}</span>
  );
}

/** Whether there is still something to record. */
function isRunning({ state }: RecordingInfo): boolean {
  return state === "starting" || state === "recording" || state === "paused";
}

function Content({ player, recording }: { player: Player; recording: RecordingInfo }) {
  if (isUnfinished(recording)) {
    const what = isRunning(recording) ? "player.running" : "player.unfinished";
    return (
      <Message title={t(what)} text={t(`${what}Text`)}>
        <progress aria-label={t(what)} />
      </Message>
    );
  }
  if (player.lanes.value.length === 0 && player.films.value.length === 0) {
    const failed = recording.state === "failed";
    const why = recording.reason ? (maybe(`error.${recording.reason}`) ?? recording.reason) : "";
    return (
      <Message
        title={t(failed ? "player.failed" : "player.silent")}
        text={failed ? why : t("recordings.noFiles")}
      />
    );
  }
  return (
    <>
      {!playsOpus() && <p class="note note-warn">{t("player.notPlayable")}</p>}
      {recording.state === "failed" && (
        <p class="note note-warn">
          {t("player.failedPart", {
            why: maybe(`error.${recording.reason}`) ?? recording.reason ?? "",
          })}
        </p>
      )}
      <PlayerFilms player={player} />
      <div class="player-card">
        <PlayerLanes player={player} />
        <PlayerControls player={player} />
      </div>
      <div class="player-below">
        <PlayerTranscript player={player} />
        <div class="player-side">
          <Gaps player={player} />
          {player.mayDownload && (
            <details class="player-downloads" open={!player.isOwner}>
              <summary>
                <Icon name="download" /> {t("recordings.download")}
              </summary>
              <PlayerDownloads player={player} />
            </details>
          )}
          <p class="quiet player-keys">{t("player.keys")}</p>
        </div>
      </div>
    </>
  );
}

/** What is missing, where, and why. */
function Gaps({ player }: { player: Player }) {
  const all = player.lanes.value
    .flatMap(({ name, gaps }) => gaps.map((gap) => ({ ...gap, name })))
    .sort((one, other) => one.at - other.at);
  const gaps = all.slice(0, SHOWN_GAPS);
  if (gaps.length === 0) return null;
  return (
    <section aria-labelledby="gaps-title">
      <h2 id="gaps-title">{t("player.gaps")}</h2>
      <ul class="gaps">
        {gaps.map((gap) => (
          <li key={`${gap.name}-${gap.at}`}>
            <button type="button" class="script-at" onClick={() => player.playback.seek(gap.at)}>
              {length(gap.at)}
            </button>
            <span>
              <strong>{gap.name || t("recordings.somebody")}</strong> {gapText(gap)}
            </span>
          </li>
        ))}
      </ul>
      {all.length > gaps.length && (
        <p class="quiet">{t("player.moreGaps", { count: all.length - gaps.length })}</p>
      )}
    </section>
  );
}
