/** Puts the page of the current address on the screen. */
import "@preact/signals";
import { render } from "preact";
import { openServer } from "./api/server";
import { t } from "./lib/i18n";
import { Frame } from "./pages/frame";
import { HomePage } from "./pages/home";
import { LivePage } from "./pages/live";
import { LiveSessionPage } from "./pages/live-session";
import { RecordingPage } from "./pages/recording";
import { RecordingsPage } from "./pages/recordings";
import { RoomPage } from "./pages/room";
import { SharedPage } from "./pages/shared";
import { followLinks, path } from "./platform/router";
import { applyTheme } from "./platform/theme";

const server = openServer();
const LIVE = /^\/live\/?$/;
const SESSION = /^\/live\/([^/]+)(?:\/([^/]+))?\/?$/;
const RECORDING = /^\/recordings\/([^/]+)\/?$/;
const SHARED = /^\/s\/([^/]+)\/?$/;
const MEETING = /^\/m\/([^/]+)\/?$/;

function NotFound() {
  return (
    <Frame title={t("notFound.title")}>
      <section class="message">
        <h1>{t("notFound.title")}</h1>
        <p>{t("notFound.text")}</p>
        <a class="button button-primary" href="/">
          {t("notFound.home")}
        </a>
      </section>
    </Frame>
  );
}

function App() {
  const here = path.value;
  const meeting = MEETING.exec(here)?.[1];
  if (meeting)
    return <RoomPage key={meeting} meeting={decodeURIComponent(meeting)} server={server} />;
  if (here === "/") return <HomePage server={server} />;
  if (here === "/recordings" || here === "/recordings/") return <RecordingsPage server={server} />;
  const recording = RECORDING.exec(here)?.[1];
  if (recording)
    return <RecordingPage key={recording} id={decodeURIComponent(recording)} server={server} />;
  const shared = SHARED.exec(here)?.[1];
  if (shared) return <SharedPage key={shared} token={decodeURIComponent(shared)} />;
  if (LIVE.test(here)) return <LivePage server={server} />;
  const [, session, participant] = SESSION.exec(here) ?? [];
  if (session)
    return (
      <LiveSessionPage
        key={session}
        session={decodeURIComponent(session)}
        participant={participant ? decodeURIComponent(participant) : null}
        server={server}
      />
    );
  return <NotFound />;
}

applyTheme();
const OURS = [/^\/$/, /^\/recordings$/, RECORDING, MEETING, LIVE, SESSION];
followLinks((to) => OURS.some((pattern) => pattern.test(to)));
const root = document.getElementById("app");
if (root) render(<App />, root);
