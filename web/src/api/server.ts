/** The routes the pages use, each as one function. */
import { ApiError, type Call, call } from "./http";
import { type LiveServer, liveServer } from "./live";
import { type RecordingsServer, recordingsServer } from "./recordings";
import type { ClientConfig, IssuedToken, Lobby, MeetingInfo } from "./types";

/** The server as the view-models see it. */
export interface Server extends LiveServer, RecordingsServer {
  config(): Promise<ClientConfig>;
  signIn(credential: string): Promise<void>;
  signOut(): Promise<void>;
  /** Whether this browser may start meetings now. */
  signedIn(): Promise<boolean>;
  /** `access` says who may join; without it the server's own rule holds. */
  createMeeting(title: string, access?: "link" | "token"): Promise<MeetingInfo>;
  hostToken(meeting: string, name: string): Promise<IssuedToken>;
  lobby(meeting: string, token: string | null): Promise<Lobby>;
}

/** The server of this page. In development mode it signs in with the printed key by itself. */
export function openServer(): Server {
  let config: Promise<ClientConfig> | null = null;
  const readConfig = () => {
    config ??= call<ClientConfig>("/v1/client-config").catch((error: unknown) => {
      config = null; // Asked again next time: the server may be starting.
      throw error;
    });
    return config;
  };
  const signIn = (credential: string) =>
    call<void>("/v1/sign-in", { method: "POST", body: { credential } });

  let ready: Promise<void> | null = null;
  /** Development mode has no sign-in page: the printed key becomes the cookie by itself. */
  const authorize = () => {
    ready ??= readConfig()
      .then(({ dev_key }) => (dev_key ? signIn(dev_key) : undefined))
      .catch((error: unknown) => {
        ready = null;
        throw error;
      });
    return ready;
  };

  async function authorized<T>(path: string, options: Call = {}): Promise<T> {
    await authorize();
    return call<T>(path, options);
  }

  const at = (id: string) => encodeURIComponent(id);
  return {
    ...liveServer(authorized),
    ...recordingsServer(authorized),
    config: readConfig,
    signIn,
    signOut: () => call("/v1/sign-out", { method: "POST" }),
    async signedIn() {
      try {
        await call("/v1/meetings?limit=1");
        return true;
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return false;
        throw error;
      }
    },
    createMeeting: (title, access) =>
      authorized("/v1/meetings", {
        method: "POST",
        body: { ...(title ? { title } : {}), ...(access ? { access } : {}) },
      }),
    hostToken: (meeting, name) =>
      authorized(`/v1/meetings/${at(meeting)}/tokens`, {
        method: "POST",
        body: { name, role: "host" },
      }),
    lobby: (meeting, token) => call(`/v1/meetings/${at(meeting)}/lobby`, { token }),
  };
}
