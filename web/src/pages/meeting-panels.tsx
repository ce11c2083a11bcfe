/** The panel beside the meeting: chat, people or network. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { QualityBadge } from "../elements/badge";
import { Button } from "../elements/button";
import { Question } from "../elements/dialog";
import { Icon } from "../elements/icon";
import { rate } from "../lib/format";
import { t } from "../lib/i18n";
import type { ParticipantInfo } from "../rtc/messages";
import type { NetworkFigures, PictureSize } from "../rtc/report";
import { CHAT_LIMIT } from "../state/chat";
import type { MeetingView } from "../state/meeting";
import { verdictOf } from "../state/network";
import { isMuted } from "../state/roster";
import { DoorList } from "./meeting-door";
import { qualityOf, reasonText } from "./meeting-grid";
import { NetworkCharts } from "./network-charts";

export function MeetingPanel({ view }: { view: MeetingView }) {
  switch (view.panel.value) {
    case null:
      return null;
    case "chat":
      return <ChatPanel view={view} />;
    case "people":
      return <PeoplePanel view={view} />;
    case "network":
      return <NetworkPanel view={view} />;
  }
}

interface SideProps {
  view: MeetingView;
  title: string;
  children: ComponentChildren;
}

/** Focus goes into an opened panel and back to where it came from. */
function Side({ view, title, children }: SideProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    if (!heading.current?.parentElement?.parentElement?.contains(before)) heading.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <aside class="panel" aria-label={title}>
      <div class="panel-head">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <Button
          kind="quiet"
          icon="close"
          label={t("panel.close")}
          onPress={() => view.show(null)}
        />
      </div>
      {children}
    </aside>
  );
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

function ChatPanel({ view }: { view: MeetingView }) {
  const [text, setText] = useState("");
  const end = useRef<HTMLLIElement>(null);
  const lines = view.chat.lines.value;
  const me = view.roster.me.value?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line scrolls into sight
  useEffect(() => end.current?.scrollIntoView({ block: "nearest" }), [lines.length]);
  const send = () => {
    view.say(text);
    setText("");
  };
  return (
    <Side view={view} title={t("chat.title")}>
      {lines.length === 0 ? (
        <p class="panel-empty">{t("chat.empty")}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable
        <div class="chat" role="log" aria-label={t("chat.title")} tabIndex={0}>
          <ol>
            {lines.map((line, index) => (
              <li
                key={line.id}
                class={line.participant === me ? "chat-mine" : ""}
                ref={index === lines.length - 1 ? end : null}
              >
                <div class="chat-who">
                  <strong>{line.participant === me ? t("chat.you") : line.name}</strong>
                  <time dateTime={line.at}>{TIME.format(new Date(line.at))}</time>
                </div>
                <p>{line.text}</p>
              </li>
            ))}
          </ol>
        </div>
      )}
      <form
        class="chat-form"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <textarea
          rows={2}
          maxLength={CHAT_LIMIT}
          aria-label={t("chat.label")}
          placeholder={t("chat.placeholder")}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <Button kind="primary" icon="send" label={t("chat.send")} submit disabled={!text.trim()} />
      </form>
    </Side>
  );
}

function PeoplePanel({ view }: { view: MeetingView }) {
  const [removing, setRemoving] = useState<ParticipantInfo | null>(null);
  const me = view.roster.me.value;
  const others = view.roster.others.value;
  const people = me ? [me, ...others] : others;
  return (
    <Side view={view} title={t("people.title")}>
      <DoorList view={view} />
      <p class="panel-count">{t("people.count", { count: people.length })}</p>
      <ul class="people">
        {people.map((person) => (
          <PersonRow key={person.id} view={view} person={person} onRemove={setRemoving} />
        ))}
      </ul>
      {removing && (
        <Question
          title={t("meeting.removeQuestion", { name: removing.name })}
          text={t("meeting.removeText", { name: removing.name })}
          yes={t("meeting.removeButton")}
          no={t("meeting.cancel")}
          onNo={() => setRemoving(null)}
          onYes={() => {
            view.remove(removing.id);
            setRemoving(null);
          }}
        />
      )}
    </Side>
  );
}

interface RowProps {
  view: MeetingView;
  person: ParticipantInfo;
  onRemove: (person: ParticipantInfo) => void;
}

function PersonRow({ view, person, onRemove }: RowProps) {
  const me = view.roster.me.value?.id === person.id;
  const own = me ? view.media.microphone.sendable.value === null : null;
  const muted = own ?? isMuted(person, "microphone");
  const track = person.tracks.find((one) => one.source === "microphone");
  const quality = person.state === "connected" ? qualityOf(person) : null;
  const notes = [
    me && t("people.you"),
    person.role === "host" && t("people.host"),
    person.role === "observer" && t("people.observer"),
    person.kind === "bot" && t("people.bot"),
    (person.state === "connecting" || person.state === "disconnected") &&
      t(`tile.state.${person.state}`),
    quality?.label ?? false,
  ].filter((note) => note !== false);
  return (
    <li data-person={person.id} data-kind={person.kind} data-me={me || undefined}>
      {person.role !== "observer" && (
        <span
          class="people-state"
          role="img"
          aria-label={muted ? t("people.muted") : t("people.open")}
        >
          <Icon name={muted ? "micOff" : "mic"} />
        </span>
      )}
      <span class="people-name">
        <strong>{person.name}</strong>
        {notes.length > 0 && <small>{notes.join(" · ")}</small>}
      </span>
      {quality && <QualityBadge quality={quality.level} label={quality.label} />}
      {view.isHost.value && !me && (
        <>
          {track && !track.muted && (
            <Button
              kind="quiet"
              label={t("people.mute", { name: person.name })}
              onPress={() => view.muteOther(person.id, "microphone", true)}
            >
              {t("people.muteShort")}
            </Button>
          )}
          {track?.muted_by && (
            <Button
              kind="quiet"
              label={t("people.release", { name: person.name })}
              onPress={() => view.muteOther(person.id, "microphone", false)}
            >
              {t("people.releaseShort")}
            </Button>
          )}
          <Button
            kind="quiet"
            icon="remove"
            label={t("people.remove", { name: person.name })}
            onPress={() => onRemove(person)}
          />
        </>
      )}
    </li>
  );
}

/** At most two significant figures; null is a dash. */
function figure(value: number | null, form: (value: string) => string): string {
  if (value === null) return t("network.none");
  return form(String(value >= 10 ? Math.round(value) : Number(value.toPrecision(2))));
}

/** What is known of pictures; nothing without any. */
function pictureRows(figures: NetworkFigures): [string, string][] {
  const size = (picture: PictureSize) =>
    t("network.pictureSize", { width: picture.width, height: picture.height });
  const rows: [string, string][] = [];
  if (figures.ownPicture) rows.push([t("network.ownPicture"), size(figures.ownPicture)]);
  if (figures.picture) rows.push([t("network.picture"), size(figures.picture)]);
  if (figures.freezes !== null) {
    const seconds = (figures.frozenSeconds ?? 0).toFixed(1);
    const told = t("network.frozenFor", { count: figures.freezes, seconds });
    rows.push([t("network.frozen"), figures.freezes > 0 ? told : t("network.notFrozen")]);
  }
  return rows;
}

function NetworkPanel({ view }: { view: MeetingView }) {
  const figures = view.network.figures.value;
  const quality = view.network.quality.value;
  const verdict = verdictOf(quality?.label ?? view.roster.me.value?.quality ?? null);
  const reason = reasonText(quality?.reason ?? null);
  const milliseconds = (value: string) => t("network.milliseconds", { value });
  const percent = (value: string) => t("network.percent", { value });
  const rows: [string, string][] = figures
    ? [
        [t("network.up"), rate(figures.up)],
        [t("network.down"), rate(figures.down)],
        [t("network.lossUp"), figure(figures.lossUp, percent)],
        [t("network.lossDown"), figure(figures.lossDown, percent)],
        [t("network.roundTrip"), figure(figures.roundTripMs, milliseconds)],
        [t("network.jitter"), figure(figures.jitterMs, milliseconds)],
        [t("network.path"), figures.path ?? t("network.none")],
        [t("network.limit"), figures.limit ?? t("network.none")],
        ...pictureRows(figures),
      ]
    : [];
  return (
    <Side view={view} title={t("network.title")}>
      <p class={`verdict verdict-${verdict}`} role="status">
        {t(`network.${verdict}`)} {reason && verdict !== "good" && t("network.because", { reason })}
      </p>
      <dl class="figures">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <NetworkCharts view={view} />
      {view.isHost.value && view.meeting.value && (
        <p class="panel-link">
          <a
            href={`/live/${encodeURIComponent(view.meeting.value.session)}`}
            target="_blank"
            rel="noopener"
          >
            {t("network.everybody")}
          </a>
        </p>
      )}
    </Side>
  );
}
