/** Typed calls of the public API, as the one who is logged in; what goes wrong is an `ApiError`. */

import type { Client } from "openapi-fetch";
import type { paths } from "../described/api";
import { account } from "./database";
import { count, goElsewhere, here, PATIENCE_MS } from "./places";
import { ApiError, noteRefusal } from "./problem";
import { access } from "./session";

const UNAUTHORIZED = 401;
const NOTHING = 204;
const LEFT = { code: "invalid-token", status: UNAUTHORIZED, definite: false };
const ISLANDED = "islanded";

const OWNER = /\/[gc][0-9a-f]+-(\w+)/;

let onIslanded: (owner: string | null) => void = () => {};

/** Who is told when a region has refused something since its lease has lapsed: the owner of what it was about; null for the home. */
export function whenIslanded(tell: (owner: string | null) => void): void {
  onIslanded = tell;
}

type Fields = Readonly<Record<string, unknown>>;

interface Wanted {
  params?: { path?: Fields; query?: Fields };
  body?: unknown;
}

/** Of openapi-fetch only the types are used: what it would bring is more than these few lines. */
const calling =
  (method: string) =>
  async (path: string, wanted: Wanted = {}) => {
    const asker = account();
    const token = await access();
    const first = await sent(method, path, wanted, token);
    const { response, content } = isExpired(first) ? await sent(method, path, wanted, await access(token)) : first;
    if (account() !== asker) throw new ApiError(LEFT); // what is answered to who has left is nobody's
    return response.ok ? { data: content, response } : { error: content ?? { status: response.status }, response };
  };

interface Answer {
  response: Response;
  /** What was read of it as JSON; nothing, if it had none to have. */
  content: unknown;
}

function isExpired({ response, content }: Answer): boolean {
  return response.status === UNAUTHORIZED && (content as { token_problem?: string })?.token_problem === "expired";
}

async function sent(method: string, path: string, { params, body }: Wanted, token: string): Promise<Answer> {
  const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  for (let attempt = 1; ; attempt++) {
    const place = here();
    let status = 0;
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const request = { method, headers, body: body === undefined ? null : JSON.stringify(body), signal };
      const response = await fetch(place + filled(path, params?.path) + asked(params?.query), request);
      status = response.status;
      return { response, content: status === NOTHING ? undefined : await response.json() };
    } catch {
      // No answer, half of one, or somebody else's than a region's. What only asks is asked of another region; what was to be done may have been done.
      if (navigator.onLine) goElsewhere(place);
      if (method !== "GET" || attempt >= count()) throw new ApiError({ status });
    }
  }
}

function filled(path: string, fields: Fields = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(fields[name])));
}

function asked(fields: Fields = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const each of [value].flat()) if (each !== undefined && each !== null) query.append(name, String(each));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

type Methods = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export const api = Object.fromEntries(
  ["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => [method, calling(method)]),
) as unknown as Pick<Client<paths>, Methods>;

/** Return what a call has answered, or throw its problem. */
export async function got<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (error === undefined) return data as T;
  noteRefusal((error as { message_id?: string }).message_id);
  const problem = new ApiError(error as ConstructorParameters<typeof ApiError>[0]);
  if (problem.code === ISLANDED) onIslanded(OWNER.exec(response.url)?.[1] ?? null);
  throw problem;
}
