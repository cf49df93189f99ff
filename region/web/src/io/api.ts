/** Typed calls of the public API, as the one who is logged in; what goes wrong is an `ApiError`. */

import type { Client } from "openapi-fetch";
import type { paths } from "../described/api";
import { here } from "./places";
import { ApiError } from "./problem";
import { access } from "./session";

const UNAUTHORIZED = 401;

interface Asked {
  params?: { path?: Readonly<Record<string, unknown>>; query?: Readonly<Record<string, unknown>> };
  body?: unknown;
}

/** Return where a call goes: the path with what stands in its braces, and the query; what is undefined or null is left out. */
function addressOf(path: string, { path: names = {}, query = {} }: NonNullable<Asked["params"]> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names[name])));
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each != null) asked.append(name, String(each));
  }
  return asked.size > 0 ? `${filled}?${asked}` : filled;
}

async function sent(method: string, address: string, body: unknown, token: string): Promise<Response> {
  const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(here() + address, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  } catch {
    throw new ApiError({});
  }
}

const calling =
  (method: string) =>
  async (path: string, { params, body }: Asked = {}) => {
    const address = addressOf(path, params);
    const token = await access();
    let response = await sent(method, address, body, token);
    let said = await response.json().catch(() => undefined);
    if (response.status === UNAUTHORIZED && said?.token_problem === "expired") {
      response = await sent(method, address, body, await access(token));
      said = await response.json().catch(() => undefined);
    }
    return response.ok ? { data: said, response } : { error: said ?? { status: response.status }, response };
  };

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Of the library only the types are used: a call is checked against what the gateway says of itself, and is a few lines. */
export const api = Object.fromEntries(methods.map((method) => [method, calling(method)])) as unknown as Client<paths>;

/** Return what a call has answered, or throw its problem. */
export async function got<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error } = await call;
  if (error !== undefined) throw new ApiError(error as ConstructorParameters<typeof ApiError>[0]);
  return data as T;
}
