/** S8: every session that is going on, those in trouble first. */
import type { Server } from "../api/server";
import { QualityBadge } from "../elements/badge";
import { Button } from "../elements/button";
import { Icon } from "../elements/icon";
import { ago } from "../lib/format";
import { t } from "../lib/i18n";
import { browserClock } from "../platform/clock";
import { Live, type LiveRow } from "../state/live";
import type { Worst } from "../state/people";
import { Frame } from "./frame";
import { reasonText } from "./meeting-grid";
import { Message } from "./message";
import { useLifetime } from "./scope";

export function LivePage({ server }: { server: Server }) {
  const live = useLifetime((signal) => {
    const made = new Live(server, browserClock, signal);
    made.start();
    return made;
  });
  const rows = live.rows.value;
  const people = rows.reduce((sum, row) => sum + row.people, 0);
  const trouble = rows.filter(({ worst }) => worst !== null).length;
  return (
    <Frame title={t("live.title")}>
      <div class="list-head">
        <div>
          <h1>{t("live.title")}</h1>
          {live.all.value.length > 0 && (
            <p class="quiet" role="status">
              {t("live.lead", { count: rows.length, people })}{" "}
              {trouble > 0 && <strong>{t("live.attention", { count: trouble })}</strong>}
            </p>
          )}
        </div>
        {live.all.value.length > 0 && (
          <label class="field search">
            <span>{t("live.search")}</span>
            <input
              type="search"
              value={live.search.value}
              onInput={(event) => live.find(event.currentTarget.value)}
            />
          </label>
        )}
      </div>
      <Content live={live} />
    </Frame>
  );
}

function Content({ live }: { live: Live }) {
  const state = live.state.value;
  if (state.kind === "loading")
    return <div class="recording-row skeleton" role="status" aria-label={t("live.loading")} />;
  if (state.kind === "denied")
    return (
      <Message title={t("live.denied")} text={t("live.deniedText")}>
        <a class="button button-primary" href="/">
          {t("home.signIn")}
        </a>
      </Message>
    );
  if (state.kind === "error")
    return (
      <Message title={t("live.error")} text={state.text}>
        <Button onPress={() => void live.load()}>{t("recordings.retry")}</Button>
      </Message>
    );
  const offline = state.kind === "offline";
  return (
    <>
      {offline && (
        <p class="note note-danger" role="alert">
          <Icon name="offline" />
          <span>{t("live.offline")}</span>
        </p>
      )}
      <Rows live={live} stale={offline} />
    </>
  );
}

function Rows({ live, stale }: { live: Live; stale: boolean }) {
  if (live.all.value.length === 0)
    return stale ? null : (
      <Message title={t("live.empty")} text={t("live.emptyText")}>
        <a class="button button-primary" href="/">
          {t("live.emptyButton")}
        </a>
      </Message>
    );
  if (live.rows.value.length === 0)
    return (
      <Message title={t("live.noMatch", { search: live.search.value })} text="">
        <Button onPress={() => live.find("")}>{t("recordings.clear")}</Button>
      </Message>
    );
  return (
    <div class={`live-box${stale ? " stale" : ""}`}>
      <table class="live-table">
        <caption class="quiet">{t("live.caption")}</caption>
        <thead>
          <tr>
            {COLUMNS.map((name) => (
              <th key={name} scope="col">
                {t(`live.column.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {live.rows.value.map((row) => (
            <Row key={row.session.id} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const COLUMNS = ["session", "people", "worst", "roundTrip", "loss", "recording", "age"] as const;

function Row({ row: { session, title, people, worst, figures } }: { row: LiveRow }) {
  const started = session.started_at ?? session.created_at;
  const trip = figures?.round_trip_time_p95 ?? null;
  const loss = figures?.loss_percent_p95 ?? null;
  return (
    <tr>
      <th scope="row">
        <a href={`/live/${encodeURIComponent(session.id)}`}>{title || t("live.untitled")}</a>
      </th>
      <td>{t("live.people", { count: people })}</td>
      <td>
        <WorstMark worst={worst} />
      </td>
      <td data-column={t("live.column.roundTrip")}>
        {trip === null
          ? t("network.none")
          : t("network.milliseconds", { value: String(Math.round(1000 * trip)) })}
      </td>
      <td data-column={t("live.column.loss")}>
        {loss === null ? t("network.none") : t("network.percent", { value: loss.toFixed(1) })}
      </td>
      <td>
        {figures?.recording ? (
          <span class="live-rec">
            <i aria-hidden="true" />
            {t("live.recorded")}
          </span>
        ) : (
          <span class="quiet">{t("live.notRecorded")}</span>
        )}
      </td>
      <td>
        <time dateTime={started}>{ago(Date.parse(started), Date.now())}</time>
      </td>
    </tr>
  );
}

function WorstMark({ worst }: { worst: Worst | null }) {
  if (worst === null) return <span class="quiet">{t("live.fine")}</span>;
  const { label, reason, person } = worst;
  const word = label === "reconnecting" ? t("live.reconnecting") : t(`quality.${label}`);
  const why = reasonText(reason);
  return (
    <span class="live-worst">
      {label !== "reconnecting" && <QualityBadge quality={label} label={word} />}
      <strong>{t("live.worst", { name: person.name, label: word })}</strong>
      {why && <span>{why}</span>}
    </span>
  );
}
