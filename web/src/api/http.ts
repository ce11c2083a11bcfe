/** One fetch wrapper: same-origin JSON, typed errors, the request id always at hand. */

/** What went wrong, in the server's words where it had any. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly requestId: string | null,
    /** What else the server said. */
    readonly fields: Readonly<Record<string, unknown>> = {},
  ) {
    super(`${code}: ${detail}`);
  }

  /** The server was not reached at all. */
  get offline(): boolean {
    return this.status === 0;
  }
}

export interface Call {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: unknown;
  /** A join token that speaks for this call instead of the cookie. */
  token?: string | null;
  signal?: AbortSignal;
}

type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** Calls the server; `T` is what the route answers. */
export async function call<T>(
  path: string,
  options: Call = {},
  fetcher: Fetch = fetch,
): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (options.token) headers["authorization"] = `Bearer ${options.token}`;
  const init: RequestInit = { method: options.method ?? "GET", headers };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal) init.signal = options.signal;
  const response = await reach(path, init, fetcher);
  if (!response.ok) throw await problem(response);
  return (response.status === 204 ? null : await response.json()) as T;
}

async function reach(path: string, init: RequestInit, fetcher: Fetch): Promise<Response> {
  try {
    return await fetcher(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", "", null);
  }
}

async function problem(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("x-request-id");
  const body: unknown = await response.json().catch(() => null);
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const text = (name: string) => (typeof fields[name] === "string" ? fields[name] : null);
  return new ApiError(
    response.status,
    text("code") ?? `http_${response.status}`,
    text("detail") ?? text("title") ?? response.statusText,
    text("request_id") ?? requestId,
    fields,
  );
}
