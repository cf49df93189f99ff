/** Typed calls of the public API, as the one who is logged in; what goes wrong is an `ApiError`. */

import createClient from "openapi-fetch";
import type { paths } from "../described/api";
import { here } from "./places";
import { ApiError } from "./problem";
import { access } from "./session";

const UNAUTHORIZED = 401;

async function carried(request: Request): Promise<Response> {
  const token = await access();
  const first = await sent(request.clone(), token);
  if (first.status !== UNAUTHORIZED) return first;
  const { token_problem: problem } = (await first.clone().json()) as { token_problem?: string };
  return problem === "expired" ? sent(request, await access(token)) : first;
}

async function sent(request: Request, token: string): Promise<Response> {
  const url = new URL(request.url);
  const body = request.method === "GET" || request.method === "HEAD" ? null : await request.arrayBuffer();
  const headers = new Headers(request.headers);
  headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(here() + url.pathname + url.search, { method: request.method, headers, body });
  } catch {
    throw new ApiError({});
  }
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: carried });

/** Return what a call has answered, or throw its problem. */
export async function got<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error } = await call;
  if (error !== undefined) throw new ApiError(error as ConstructorParameters<typeof ApiError>[0]);
  return data as T;
}
