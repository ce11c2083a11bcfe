/** S6: what was recorded, one track per person, to hear, keep or delete. */
import { useState } from "preact/hooks";
import type { Server } from "../api/server";
import type { RecordingInfo } from "../api/types";
import { Button } from "../elements/button";
import { Question } from "../elements/dialog";
import { Icon } from "../elements/icon";
import { ago, length } from "../lib/format";
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

/** Names that fit on a line. */
const NAMES = 4;

function Row({ recording, onDelete }: { recording: RecordingInfo; onDelete: () => void }) {
  const started = new Date(recording.started_at);
  const title = recording.title || t("recordings.untitled");
  return (
    <li class="recording-row">
      <div class="recording-head">
        <div>
          <h2>
            <a href={`/recordings/${recording.id}`}>{title}</a>
          </h2>
          <p class="quiet">
            <time dateTime={recording.started_at} title={EXACT.format(started)}>
              {DAY.format(started)} · {ago(started.getTime(), Date.now())}
            </time>
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
        {!isUnfinished(recording) && (
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
    <p class="quiet recording-people">
      {shown.join(", ")}
      {more > 0 && ` ${t("recordings.others", { count: more })}`}
    </p>
  );
}
