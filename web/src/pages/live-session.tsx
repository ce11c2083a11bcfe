/** S9: one session: who is in it, how each is connected and why, and what happened. */
import { useEffect, useState } from "preact/hooks";
import { followQuality } from "../api/follow";
import type { Server } from "../api/server";
import type { SessionParticipant } from "../api/types";
import { QualityBadge } from "../elements/badge";
import { Button } from "../elements/button";
import { Question } from "../elements/dialog";
import { Icon } from "../elements/icon";
import { rate } from "../lib/format";
import { maybe, t } from "../lib/i18n";
import { browserClock } from "../platform/clock";
import { type Event, LiveSession, type Span } from "../state/live-session";
import { connectionOf } from "../state/people";
import { Frame } from "./frame";
import { reasonText } from "./meeting-grid";
import { Message } from "./message";
import { useLifetime } from "./scope";
import { StreamTable } from "./stream-table";
import { TrendCharts } from "./trend-charts";

interface Props {
  session: string;
  /** Who is looked at first. */
  participant: string | null;
  server: Server;
}

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const SPANS: readonly [Span, "live.span.300" | "live.span.3600" | "live.span.all"][] = [
  [300, "live.span.300"],
  [3600, "live.span.3600"],
  [null, "live.span.all"],
];

export function LiveSessionPage({ session, participant, server }: Props) {
  const view = useLifetime((signal) => {
    const made = new LiveSession(session, server, browserClock, signal, followQuality);
    made.start();
    return made;
  });
  useEffect(() => {
    if (participant) view.pick(participant);
  }, [participant, view]);
  const title = view.title.value || t("live.untitled");
  return (
    <Frame title={title}>
      <p>
        <a href="/live">{t("live.back")}</a>
      </p>
      <Content view={view} title={title} />
    </Frame>
  );
}

function Content({ view, title }: { view: LiveSession; title: string }) {
  const state = view.state.value;
  const session = view.session.value;
  if (state.kind === "denied")
    return (
      <Message title={t("live.denied")} text={t("live.deniedText")}>
        <a class="button button-primary" href="/">
          {t("home.signIn")}
        </a>
      </Message>
    );
  if (state.kind === "error" && session === null)
    return <Message title={t("live.missing")} text={state.text} />;
  if (session === null)
    return <div class="recording-row skeleton" role="status" aria-label={t("live.loading")} />;
  return (
    <>
      <div class="list-head">
        <h1>{title}</h1>
        {session.state === "ended" ? <p class="state">{t("live.ended")}</p> : <End view={view} />}
      </div>
      {state.kind === "offline" && (
        <p class="note note-danger" role="alert">
          <Icon name="offline" />
          <span>{t("live.offline")}</span>
        </p>
      )}
      {view.problem.value && (
        <p class="note note-danger" role="alert">
          {view.problem.value}
        </p>
      )}
      <div class="live-session">
        <People view={view} people={session.participants} />
        {view.person.value && <Person view={view} person={view.person.value} />}
      </div>
    </>
  );
}

function End({ view }: { view: LiveSession }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button kind="danger" onPress={() => setAsking(true)}>
        {t("live.end")}
      </Button>
      {asking && (
        <Question
          title={t("live.endQuestion")}
          text={t("live.endText")}
          yes={t("live.end")}
          no={t("meeting.cancel")}
          onNo={() => setAsking(false)}
          onYes={() => {
            setAsking(false);
            void view.end();
          }}
        />
      )}
    </>
  );
}

function People({ view, people }: { view: LiveSession; people: SessionParticipant[] }) {
  return (
    <nav aria-label={t("live.who")} class="live-people">
      <h2>{t("live.who")}</h2>
      <ul>
        {people.map((person) => {
          const connection = connectionOf(person);
          const here = person.left_at === null;
          return (
            <li key={person.id}>
              <Button
                kind="quiet"
                pressed={view.person.value?.id === person.id}
                onPress={() => view.pick(person.id)}
              >
                {person.name}
              </Button>
              {here && connection?.quality ? (
                <QualityBadge
                  quality={connection.quality}
                  label={t(`quality.${connection.quality}`)}
                />
              ) : (
                <small class="quiet">{here ? connection?.state : t("live.left")}</small>
              )}
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

function Person({ view, person }: { view: LiveSession; person: SessionParticipant }) {
  return (
    <section class="live-person" aria-label={person.name}>
      <div class="recording-head">
        <div>
          <h2>{person.name}</h2>
          <Sentence view={view} person={person} />
        </div>
        {person.left_at === null && <Actions view={view} person={person} />}
      </div>
      <div class="recording-head">
        <h3>{t("live.charts")}</h3>
        {SPANS.map(([span, text]) => (
          <Button
            key={text}
            kind="quiet"
            pressed={view.span.value === span}
            onPress={() => void view.show(span)}
          >
            {t(text)}
          </Button>
        ))}
      </div>
      {view.course.value.at.length < 2 && <p class="quiet">{t("live.measuring")}</p>}
      <TrendCharts trend={view.course.value} table />
      {view.now.value && person.left_at === null && <StreamTable now={view.now.value} />}
      <h3>{t("live.timeline")}</h3>
      <Timeline events={view.events.value} />
    </section>
  );
}

/** What is the matter with somebody's connection, in one sentence with its figures. */
function Sentence({ view, person }: { view: LiveSession; person: SessionParticipant }) {
  const now = view.now.value;
  if (person.left_at !== null) return <p class="quiet">{t("live.gone")}</p>;
  if (now === null) return <p class="quiet">{t("live.measuring")}</p>;
  const since = t("live.since", {
    label: t(`quality.${now.label}`),
    time: TIME.format(new Date(now.since)),
  });
  const why = reasonText(now.reason);
  const trip = now.inputs.round_trip_time;
  const figures = [
    trip === null ? null : `${Math.round(trip * 1000)} ms`,
    `${now.inputs.loss_percent.toFixed(1)} %`,
    `↑ ${rate(now.received_bitrate)}`,
    `↓ ${rate(now.sent_bitrate)}`,
    ...now.hints,
  ].filter((figure) => figure !== null);
  return (
    <p>
      {since}
      {why && <>, {t("live.because", { reason: why })}</>}. {figures.join(" · ")}
    </p>
  );
}

function Actions({ view, person }: { view: LiveSession; person: SessionParticipant }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button icon="micOff" onPress={() => void view.mute(person.id)}>
        {t("live.mute")}
      </Button>
      <Button onPress={() => setAsking(true)}>{t("live.remove")}</Button>
      {asking && (
        <Question
          title={t("meeting.removeQuestion", { name: person.name })}
          text={t("live.removeText", { name: person.name })}
          yes={t("meeting.removeButton")}
          no={t("meeting.cancel")}
          onNo={() => setAsking(false)}
          onYes={() => {
            setAsking(false);
            void view.remove(person.id);
          }}
        />
      )}
    </>
  );
}

/** Which sentence tells of a moment. */
function momentName({ what, details }: Event): string {
  if (what !== "picture") return what;
  const limited = details["limit"] === "bandwidth";
  if (!details["layer"]) return limited ? "pictureRefused" : "pictureNone";
  return limited ? "pictureLimited" : "picture";
}

function momentText(event: Event): string {
  const { what, details } = event;
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(details)) values[name] = String(value);
  const why = typeof details["reason"] === "string" ? reasonText(details["reason"]) : null;
  const text = maybe(`live.moment.${momentName(event)}`, values) ?? what;
  return why ? `${text} (${why})` : text;
}

function Timeline({ events }: { events: Event[] }) {
  if (events.length === 0) return <p class="quiet">{t("live.nothing")}</p>;
  return (
    <ol class="live-timeline">
      {events.map((event) => (
        <li key={`${event.at} ${event.what} ${JSON.stringify(event.details)}`}>
          <time dateTime={event.at}>{TIME.format(new Date(event.at))}</time>
          <span>{momentText(event)}</span>
        </li>
      ))}
    </ol>
  );
}
