/** S2: look and sound before anybody sees or hears. */
import { Button } from "../elements/button";
import { Icon } from "../elements/icon";
import { Video } from "../elements/media";
import { Meter } from "../elements/meter";
import { initials } from "../lib/format";
import { maybe, t } from "../lib/i18n";
import type { LocalDevice, LocalMedia } from "../state/local-media";
import { type LobbyState, NAME_LIMIT, type Prejoin } from "../state/prejoin";
import { DevicePicker } from "./device-picker";
import { Frame } from "./frame";

export interface JoinProps {
  prejoin: Prejoin;
  media: LocalMedia;
  onJoin: () => void;
}

export function JoinPage({ prejoin, media, onJoin }: JoinProps) {
  const state = prejoin.lobby.value;
  if (state.kind === "refused") return <Refused state={state} />;
  const lobby = state.kind === "ready" ? state.lobby : null;
  const title = lobby ? lobby.title || t("home.untitled") : null;
  const films = lobby?.recording_media === "audio_video";
  const asks = lobby?.waiting_room === "on" && !prejoin.host;
  const closed = lobby !== null && (lobby.full || lobby.status === "INACTIVE");
  return (
    <Frame title={title ? t("join.title", { title }) : t("join.loading")}>
      <form
        class="join"
        onSubmit={(event) => {
          event.preventDefault();
          if (prejoin.named.value && lobby && !closed) onJoin();
        }}
      >
        <Preview media={media} name={prejoin.name.value ?? ""} />
        <div class="join-side">
          <h1>{title ? t("join.title", { title }) : t("join.loading")}</h1>
          <Inside state={state} />
          <label class="field">
            <span>{t("join.name")}</span>
            <input
              required
              maxLength={NAME_LIMIT}
              autocomplete="name"
              placeholder={t("join.namePlaceholder")}
              value={prejoin.name.value}
              onInput={(event) => prejoin.rename(event.currentTarget.value)}
            />
          </label>
          <label class="check">
            <input
              type="checkbox"
              checked={prejoin.remember.value ?? true}
              onChange={(event) => prejoin.keep(event.currentTarget.checked)}
            />
            <span>{t("join.remember")}</span>
          </label>
          <DevicePicker device={media.microphone} media={media} />
          <DevicePicker device={media.camera} media={media} />
          {lobby?.recording_active && (
            <p class="note note-record" role="status">
              <Icon name="record" />
              <span>{t(films ? "join.recordingVideo" : "join.recording")}</span>
            </p>
          )}
          {lobby && !lobby.recording_active && lobby.record === "always" && (
            <p class="note note-record">
              <Icon name="record" />
              <span>{t(films ? "join.willRecordVideo" : "join.willRecord")}</span>
            </p>
          )}
          {asks && !closed && <p class="quiet">{t("join.waitingRoom")}</p>}
          {closed && (
            <p class="note note-danger" role="alert">
              {lobby.full ? t("join.full") : t("join.inactive")}
            </p>
          )}
          <div class="join-buttons">
            <Button kind="primary" submit disabled={!lobby || closed || !prejoin.named.value}>
              {lobby && asks ? t("join.ask") : t("join.button")}
            </Button>
            {anyProblem(media) && (
              <Button
                disabled={!lobby || closed || !prejoin.named.value}
                onPress={() => {
                  void Promise.all([
                    media.microphone.set(false, { remember: false }),
                    media.camera.set(false, { remember: false }),
                  ]).then(onJoin);
                }}
              >
                {t("join.withoutDevices")}
              </Button>
            )}
          </div>
        </div>
      </form>
    </Frame>
  );
}

function anyProblem(media: LocalMedia): boolean {
  return [media.microphone, media.camera].some((device) => device.state.value.kind !== "on");
}

function Refused({ state }: { state: LobbyState & { kind: "refused" } }) {
  return (
    <Frame title={t("join.refused")}>
      <section class="message" data-reason={state.code}>
        <h1>{t("join.refused")}</h1>
        <p>{maybe(`error.${state.code}`) ?? state.detail}</p>
        <a class="button button-primary" href="/">
          {t("join.home")}
        </a>
        <p class="quiet">
          <code>{state.code}</code>
          {state.requestId && <> · {t("join.request", { id: state.requestId })}</>}
        </p>
      </section>
    </Frame>
  );
}

function Inside({ state }: { state: LobbyState }) {
  if (state.kind === "offline") {
    return (
      <p class="note note-danger" role="alert">
        <Icon name="offline" />
        <span>{t("join.offline")}</span>
      </p>
    );
  }
  if (state.kind !== "ready") return <p class="quiet skeleton">{t("join.loading")}</p>;
  const names = state.lobby.participants;
  const shown = names.slice(0, 3).join(", ");
  const count = names.length - 3;
  if (names.length === 0) return <p class="quiet">{t("join.nobody")}</p>;
  return (
    <p class="quiet" role="status">
      {count > 0
        ? t("join.insideMore", { names: shown, count })
        : t("join.inside", { names: shown })}
    </p>
  );
}

export function Preview({ media, name }: { media: LocalMedia; name: string }) {
  const track = media.camera.sendable.value;
  const { microphone, camera } = media;
  const asking = microphone.state.value.kind === "asking" || camera.state.value.kind === "asking";
  return (
    <div class="preview">
      {track ? (
        <Video track={track} mirrored label={t("join.preview")} />
      ) : (
        <div class="preview-off">
          <div class="tile-initials" aria-hidden="true">
            <span>{name.trim() ? initials(name) : <Icon name="person" />}</span>
          </div>
          <p>{asking ? t("join.previewAsking") : t("join.previewOff")}</p>
        </div>
      )}
      <div class="preview-bar">
        <Switch device={microphone} />
        <Switch device={camera} />
        <Meter level={microphone.level} label={t("join.level")} />
      </div>
    </div>
  );
}

function Switch({ device }: { device: LocalDevice }) {
  const on = device.sendable.value !== null;
  const icons =
    device.kind === "microphone" ? (["mic", "micOff"] as const) : (["video", "videoOff"] as const);
  return (
    <button
      type="button"
      class={`control${on ? "" : " control-off"}`}
      aria-pressed={on}
      aria-label={t(`control.${device.kind}`)}
      title={t(`control.${device.kind}`)}
      onClick={() => void device.toggle()}
    >
      <Icon name={on ? icons[0] : icons[1]} />
    </button>
  );
}
