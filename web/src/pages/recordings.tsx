/** S6: what was recorded, one track per person, to hear, keep or delete. */
import { useState } from "preact/hooks";
import { recordingFileUrl, type Server } from "../api/server";
import type { RecordingFile, RecordingInfo } from "../api/types";
import { Button } from "../elements/button";
import { Question } from "../elements/dialog";
import { Icon } from "../elements/icon";
import { ago, bytes, length } from "../lib/format";
import { t } from "../lib/i18n";
import { browserClock } from "../platform/clock";
import { isTrack, isUnfinished, Recordings } from "../state/recordings";
import { Frame } from "./frame";
import { Message } from "./message";
import { useLifetime } from "./scope";

export function RecordingsPage({ server }: { server: Server }) {
  const list = useLifetime((signal) => {
    const made = new Recordings(server, browserClock, signal);
    made.start();
    return made;
  });
  const [deleting, setDeleting] = useState<RecordingInfo | null>(null);
  return (
    <Frame title={t("recordings.title")}>
      <div class="list-head">
        <div>
          <h1>{t("recordings.title")}</h1>
          <p class="quiet">{t("recordings.lead")}</p>
        </div>
        {list.all.value.length > 0 && (
          <label class="field search">
            <span>{t("recordings.search")}</span>
            <input
              type="search"
              value={list.search.value}
              onInput={(event) => list.find(event.currentTarget.value)}
            />
          </label>
        )}
      </div>
      {list.state.value.kind === "offline" && (
        <p class="note note-danger" role="alert">
          <Icon name="offline" />
          <span>{t("recordings.offline")}</span>
        </p>
      )}
      {list.problem.value && (
        <p class="note note-danger" role="alert">
          {list.problem.value}
        </p>
      )}
      <Content list={list} onDelete={setDeleting} />
      {deleting && (
        <Question
          title={t("recordings.deleteQuestion")}
          text={t("recordings.deleteText")}
          yes={t("recordings.delete")}
          no={t("meeting.cancel")}
          onNo={() => setDeleting(null)}
          onYes={() => {
            void list.remove(deleting.id);
            setDeleting(null);
          }}
        />
      )}
    </Frame>
  );
}

interface ContentProps {
  list: Recordings;
  onDelete: (recording: RecordingInfo) => void;
}

function Content({ list, onDelete }: ContentProps) {
  const state = list.state.value;
  if (state.kind === "loading") return <Skeleton />;
  if (state.kind === "denied") {
    return (
      <Message title={t("recordings.denied")} text={t("recordings.deniedText")}>
        <a class="button button-primary" href="/">
          {t("home.signIn")}
        </a>
      </Message>
    );
  }
  if (state.kind === "error") {
    return (
      <Message title={t("recordings.error")} text={state.text}>
        <Button onPress={() => void list.load()}>{t("recordings.retry")}</Button>
      </Message>
    );
  }
  if (list.all.value.length === 0) {
    if (state.kind === "offline") return null;
    return (
      <Message title={t("recordings.empty")} text={t("recordings.emptyText")}>
        <a class="button button-primary" href="/">
          {t("recordings.emptyButton")}
        </a>
      </Message>
    );
  }
  if (list.shown.value.length === 0) {
    return (
      <Message title={t("recordings.noMatch", { search: list.search.value })} text="">
        <Button onPress={() => list.find("")}>{t("recordings.clear")}</Button>
      </Message>
    );
  }
  return (
    <>
      <ul class={`recordings${state.kind === "offline" ? " stale" : ""}`}>
        {list.shown.value.map((recording) => (
          <Row key={recording.id} recording={recording} onDelete={() => onDelete(recording)} />
        ))}
      </ul>
      {list.more.value && (
        <Button onPress={() => void list.loadMore()}>{t("recordings.more")}</Button>
      )}
    </>
  );
}

function Skeleton() {
  return (
    <div class="recordings" role="status" aria-label={t("recordings.loading")}>
      {[1, 2, 3].map((row) => (
        <div key={row} class="recording-row skeleton" />
      ))}
    </div>
  );
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

function Row({ recording, onDelete }: { recording: RecordingInfo; onDelete: () => void }) {
  const started = new Date(recording.started_at);
  const title = recording.title || t("recordings.untitled");
  return (
    <li class="recording-row">
      <div class="recording-head">
        <div>
          <h2>{title}</h2>
          <p class="quiet">
            <time dateTime={recording.started_at} title={EXACT.format(started)}>
              {DAY.format(started)} · {ago(started.getTime(), Date.now())}
            </time>
            {recording.duration_seconds !== null && <> · {length(recording.duration_seconds)}</>}
            {recording.files.length > 0 && (
              <> · {t("recordings.files", { count: recording.files.length })}</>
            )}
          </p>
        </div>
        <span class={`state state-${recording.state}`}>
          {t(`recordings.state.${recording.state}`)}
        </span>
        {recording.recovered && (
          <span class="state" title={t("recordings.recoveredText")}>
            {t("recordings.recovered")}
          </span>
        )}
        {!isUnfinished(recording) && (
          <Button
            kind="quiet"
            icon="trash"
            label={t("recordings.deleteLabel", { title })}
            onPress={onDelete}
          />
        )}
      </div>
      <Tracks recording={recording} />
    </li>
  );
}

function Tracks({ recording }: { recording: RecordingInfo }) {
  if (isUnfinished(recording)) return <p class="quiet">{t("recordings.pending")}</p>;
  if (recording.state === "failed" && recording.reason) return <p>{recording.reason}</p>;
  if (recording.files.length === 0) return <p class="quiet">{t("recordings.noFiles")}</p>;
  return (
    <ul class="tracks">
      {recording.files.filter(isTrack).map((file) => (
        <Track key={file.id} recording={recording.id} file={file} />
      ))}
    </ul>
  );
}

function Track({ recording, file }: { recording: string; file: RecordingFile }) {
  const name = file.name || t("recordings.somebody");
  const offset = file.offset_seconds ?? 0;
  return (
    <li>
      <div class="track-who">
        <strong>{name}</strong>
        <small>
          {file.duration_seconds !== null && <>{length(file.duration_seconds)} · </>}
          {bytes(file.bytes)}
          {offset >= 1 && <> · {t("recordings.starts", { offset: length(offset) })}</>}
        </small>
      </div>
      {/* biome-ignore lint/a11y/useMediaCaption: one voice as recorded; transcripts are their own feature */}
      <audio
        controls
        preload="metadata"
        src={recordingFileUrl(recording, file.id)}
        aria-label={t("recordings.player", { name })}
      />
      <a
        class="button button-quiet button-icon"
        href={recordingFileUrl(recording, file.id, true)}
        download=""
        aria-label={t("recordings.downloadLabel", { name })}
        title={t("recordings.downloadLabel", { name })}
      >
        <Icon name="download" />
      </a>
    </li>
  );
}
