/** S1: start a meeting, join one, find the last ones again. */
import { useState } from "preact/hooks";
import type { Server } from "../api/server";
import { Button } from "../elements/button";
import { Icon } from "../elements/icon";
import { Lanes } from "../elements/lanes";
import { ago } from "../lib/format";
import { t } from "../lib/i18n";
import { meetingPath } from "../lib/link";
import { browserClock } from "../platform/clock";
import { navigate } from "../platform/router";
import { deviceStore, tabStore } from "../platform/store";
import { Home } from "../state/home";
import { Frame } from "./frame";
import { useLifetime } from "./scope";

/** The token goes beside the address, not into it: addresses are copied and shared. */
function openMeeting(meeting: string, token: string | null): void {
  if (token) tabStore.write(`token.${meeting}`, token);
  navigate(meetingPath(meeting));
}

export function HomePage({ server }: { server: Server }) {
  const home = useLifetime(() => {
    const made = new Home(server, deviceStore, browserClock.wall, openMeeting);
    void made.load();
    return made;
  });
  const account = home.account.value;
  const config = account.kind === "ready" ? account.config : null;
  return (
    <Frame title={t("app.name")}>
      <div class="home">
        <div class="home-hero">
          <h1>{t("home.title")}</h1>
          <p class="lead">{t("home.lead")}</p>
          <Lanes />
        </div>
        <div class="home-actions">
          {account.kind === "offline" && (
            <div class="note note-danger" role="alert">
              <Icon name="offline" />
              <p>{t("home.offline")}</p>
              <Button onPress={() => void home.load()}>{t("join.retry")}</Button>
            </div>
          )}
          {account.kind === "ready" && account.access === "signed_out" ? (
            <SignIn home={home} />
          ) : (
            <Start home={home} />
          )}
          {home.error.value && (
            <p class="note note-danger" role="alert">
              {home.error.value}
            </p>
          )}
          <JoinByLink home={home} />
          <Recents home={home} />
          {account.kind === "ready" && account.access === "signed_in" && (
            <p>
              <Button kind="quiet" onPress={() => void home.signOut()}>
                {t("nav.signOut")}
              </Button>
            </p>
          )}
        </div>
      </div>
      {config?.dev && (
        <p class="ribbon">
          {t("home.dev")}{" "}
          {config.dev_key && (
            <>
              {t("home.devKey")} <code>{config.dev_key}</code>
            </>
          )}
        </p>
      )}
    </Frame>
  );
}

function Start({ home }: { home: Home }) {
  const [title, setTitle] = useState("");
  const [open, setOpen] = useState(true);
  const account = home.account.value;
  // In development mode every meeting is open to whoever has its link.
  const asked = account.kind === "ready" && account.access !== "open";
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        void home.start(title, asked ? (open ? "link" : "token") : undefined);
      }}
    >
      <h2>{t("home.start")}</h2>
      <div class="line">
        <label class="field">
          <span>{t("home.startName")}</span>
          <input
            value={title}
            maxLength={120}
            placeholder={t("home.startPlaceholder")}
            onInput={(event) => setTitle(event.currentTarget.value)}
          />
        </label>
        <Button kind="primary" submit disabled={home.busy.value}>
          {home.busy.value ? t("home.starting") : t("home.startButton")}
        </Button>
      </div>
      {asked && (
        <label class="check">
          <input
            type="checkbox"
            checked={open}
            onChange={(event) => setOpen(event.currentTarget.checked)}
          />
          <span>{t("home.openToLink")}</span>
        </label>
      )}
    </form>
  );
}

function SignIn({ home }: { home: Home }) {
  const [credential, setCredential] = useState("");
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        void home.signIn(credential);
      }}
    >
      <h2>{t("home.signIn")}</h2>
      <p>{t("home.signInText")}</p>
      <div class="line">
        <label class="field">
          <span>{t("home.credential")}</span>
          <input
            type="password"
            autocomplete="current-password"
            required
            value={credential}
            onInput={(event) => setCredential(event.currentTarget.value)}
          />
        </label>
        <Button kind="primary" submit disabled={home.busy.value}>
          {t("home.signInButton")}
        </Button>
      </div>
    </form>
  );
}

function JoinByLink({ home }: { home: Home }) {
  const [link, setLink] = useState("");
  const problem = home.linkError.value;
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        home.join(link);
      }}
    >
      <h2>{t("home.join")}</h2>
      <div class="line">
        <label class="field">
          <span>{t("home.joinLabel")}</span>
          <input
            value={link}
            required
            placeholder={t("home.joinPlaceholder")}
            aria-invalid={problem ? "true" : undefined}
            aria-describedby={problem ? "link-problem" : undefined}
            onInput={(event) => setLink(event.currentTarget.value)}
          />
        </label>
        <Button submit>{t("home.joinButton")}</Button>
      </div>
      {problem && (
        <p id="link-problem" class="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

function Recents({ home }: { home: Home }) {
  const recents = home.recents.value ?? [];
  return (
    <section class="recents">
      <h2>{t("home.recents")}</h2>
      {recents.length === 0 ? (
        <p class="quiet">{t("home.noRecents")}</p>
      ) : (
        <ul>
          {recents.map((recent) => (
            <li key={recent.id}>
              <a href={meetingPath(recent.id)}>{recent.title || t("home.untitled")}</a>
              <time
                dateTime={new Date(recent.at).toISOString()}
                title={new Date(recent.at).toString()}
              >
                {ago(recent.at, Date.now())}
              </time>
              <Button
                kind="quiet"
                icon="close"
                label={t("home.forget", { title: recent.title || t("home.untitled") })}
                onPress={() => home.forget(recent.id)}
              />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
