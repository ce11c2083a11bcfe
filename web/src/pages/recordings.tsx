/** S6: what was recorded, one track per person, to hear, keep or delete. */
import { useState } from "preact/hooks";
import { fileUrl } from "../api/recordings";
import type { Server } from "../api/server";
import type { RecordingInfo, RecordingState } from "../api/types";
import { Button } from "../elements/button";
import { Question } from "../elements/dialog";
import { Icon } from "../elements/icon";
import { When } from "../elements/when";
import { bytes, length } from "../lib/format";
import { maybe, t } from "../lib/i18n";
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
  const [deleting, setDeleting] = useState<readonly RecordingInfo[]>([]);
  const chosen = list.chosen.value;
  return (
    <Frame title={t("recordings.title")}>
      <div class="list-head">
        <div>
          <h1>{t("recordings.title")}</h1>
          <StorageLine list={list} />
        </div>
        {chosen.length > 0 && (
          <div class="list-actions">
            <Button icon="download" onPress={() => keepAll(chosen)}>
              {t("recordings.downloadChosen", { count: chosen.length })}
            </Button>
            <Button kind="danger" icon="trash" onPress={() => setDeleting(chosen)}>
              {t("recordings.deleteChosen", { count: chosen.length })}
            </Button>
          </div>
        )}
      </div>
      {(list.all.value.length > 0 || list.filtered.value) && <Filters list={list} />}
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
      <Content list={list} onDelete={(one) => setDeleting([one])} />
      {deleting.length > 0 && (
        <Question
          title={t("recordings.deleteQuestion", { count: deleting.length })}
          text={t("recordings.deleteText")}
          yes={t("recordings.delete")}
          no={t("meeting.cancel")}
          onNo={() => setDeleting([])}
          onYes={() => {
            void list.remove(deleting);
            setDeleting([]);
          }}
        />
      )}
    </Frame>
  );
}

/** How much there is, how much room is left, and when things go. */
function StorageLine({ list }: { list: Recordings }) {
  const use = list.storage.value;
  if (!use) return <p class="quiet">{t("recordings.lead")}</p>;
  const low = use.free_bytes < LOW * use.floor_bytes;
  return (
    <p class="quiet">
      {t("recordings.storage", {
        count: use.recordings,
        bytes: bytes(use.bytes),
        free: bytes(use.free_bytes),
      })}
      {use.retention_days > 0 && ` ${t("recordings.retention", { count: use.retention_days })}`}
      {low && <strong class="problem"> {t("recordings.nearlyFull")}</strong>}
    </p>
  );
}

/** Has the browser keep every track of some recordings. */
function keepAll(chosen: readonly RecordingInfo[]): void {
  for (const file of chosen.flatMap(({ files }) => files.filter(isTrack))) {
    const link = document.createElement("a");
    link.href = fileUrl(file, true);
    link.download = "";
    link.click();
  }
}

const STATES: readonly RecordingState[] = ["ready", "recording", "processing", "failed"];

function Filters({ list }: { list: Recordings }) {
  const { text, state, meeting, from, to } = list.filter.value;
  return (
    <search class="filters">
      <label class="field search">
        <span>{t("recordings.search")}</span>
        <input
          type="search"
          value={text}
          maxLength={100}
          onInput={(event) => list.find({ text: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>{t("recordings.meetingFilter")}</span>
        <select
          value={meeting}
          onInput={(event) => list.find({ meeting: event.currentTarget.value })}
        >
          <option value="">{t("recordings.anyMeeting")}</option>
          {list.meetings.value.map(([id, title]) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{t("recordings.stateFilter")}</span>
        <select
          value={state}
          onInput={(event) =>
            list.find({ state: event.currentTarget.value as RecordingState | "" })
          }
        >
          <option value="">{t("recordings.anyState")}</option>
          {STATES.map((one) => (
            <option key={one} value={one}>
              {t(`recordings.state.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{t("recordings.from")}</span>
        <input
          type="date"
          value={from}
          onInput={(event) => list.find({ from: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>{t("recordings.to")}</span>
        <input
          type="date"
          value={to}
          onInput={(event) => list.find({ to: event.currentTarget.value })}
        />
      </label>
    </search>
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
    if (list.filtered.value)
      return (
        <Message title={t("recordings.noMatch")} text="">
          <Button onPress={() => list.clear()}>{t("recordings.clear")}</Button>
        </Message>
      );
    return (
      <Message title={t("recordings.empty")} text={t("recordings.emptyText")}>
        <a class="button button-primary" href="/">
          {t("recordings.emptyButton")}
        </a>
      </Message>
    );
  }
  return (
    <>
      <ul class={`recordings${state.kind === "offline" ? " stale" : ""}`}>
        {list.all.value.map((recording) => (
          <Row
            key={recording.id}
            list={list}
            recording={recording}
            onDelete={() => onDelete(recording)}
          />
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

/** Times the floor below which no recording starts: less room than that is told. */
const LOW = 3;
/** Names that fit on a line. */
const NAMES = 4;

interface RowProps {
  list: Recordings;
  recording: RecordingInfo;
  onDelete: () => void;
}

function Row({ list, recording, onDelete }: RowProps) {
  const title = recording.title || t("recordings.untitled");
  return (
    <li class="recording-row">
      <div class="recording-head">
        <input
          type="checkbox"
          class="recording-mark"
          aria-label={t("recordings.choose", { title })}
          disabled={isUnfinished(recording)}
          checked={list.isMarked(recording.id)}
          onInput={(event) => list.mark(recording.id, event.currentTarget.checked)}
        />
        <div>
          <h2>
            <a href={`/recordings/${recording.id}`}>{title}</a>
          </h2>
          <p class="quiet">
            <When at={recording.started_at} />
            {recording.duration_seconds !== null && <> · {length(recording.duration_seconds)}</>}
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
        {recording.transcribed && (
          <a class="state" href={`/recordings/${recording.id}#transcript`}>
            {t("recordings.transcribed")}
          </a>
        )}
        {recording.held && (
          <span
            class="state"
            title={t("recordings.heldText", { reason: recording.held.reason ?? "" })}
          >
            {t("recordings.held")}
          </span>
        )}
        {!isUnfinished(recording) && !recording.held && (
          <Button
            kind="quiet"
            icon="trash"
            label={t("recordings.deleteLabel", { title })}
            onPress={onDelete}
          />
        )}
      </div>
      <People recording={recording} />
    </li>
  );
}

/** Who was recorded, or why nobody yet. */
function People({ recording }: { recording: RecordingInfo }) {
  if (isUnfinished(recording)) return <p class="quiet">{t("recordings.pending")}</p>;
  if (recording.state === "failed" && recording.reason)
    return <p>{maybe(`error.${recording.reason}`) ?? recording.reason}</p>;
  const names = [...new Set(recording.files.filter(isTrack).map(({ name }) => name || ""))];
  if (names.length === 0) return <p class="quiet">{t("recordings.noFiles")}</p>;
  const shown = names.slice(0, NAMES).map((name) => name || t("recordings.somebody"));
  const more = names.length - shown.length;
  return (
    <p class="quiet">
      {shown.join(", ")}
      {more > 0 && ` ${t("recordings.others", { count: more })}`}
    </p>
  );
}
