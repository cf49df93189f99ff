/** What went wrong with a request: the region's own problem, or that it could not be reached. */

import type { Problem } from "../core/types";

export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  /** Whether the request certainly changed nothing. */
  readonly definite: boolean;
  /** Why a token is not good: `expired`, `revoked` and so on. */
  readonly tokenProblem: string | null;

  constructor(problem: Partial<Problem> & { token_problem?: string }) {
    super(problem.detail ?? "");
    this.name = "ApiError";
    this.code = problem.code ?? "network";
    this.status = problem.status ?? 0;
    this.definite = problem.definite ?? false;
    this.tokenProblem = problem.token_problem ?? null;
  }
}

const refusals = new Set<string>();
const MOST_REFUSALS = 100;

/** Note that a request was answered with the refusal of what it was about: nobody need be told of that once more. */
export function noteRefusal(messageId: string | undefined): void {
  if (messageId === undefined) return;
  refusals.add(messageId);
  if (refusals.size > MOST_REFUSALS) for (const oldest of refusals) return void refusals.delete(oldest);
}

/** Whether a request was answered with that refusal. */
export function isAnswered(messageId: string): boolean {
  return refusals.has(messageId);
}

/** Whose fault something is: a region has said no; nobody could be reached; the browser keeps nothing; or it is the app's own. */
export type Trouble = "region" | "network" | "storage" | "app";

/** How browsers say that a part of the app could not be brought; there is no other sign of it. */
const UNBROUGHT =
  /dynamically imported module|importing a module script|failed to fetch|unable to preload|load failed/i;
const UNANSWERED = new Set(["NetworkError", "TimeoutError"]);

export function troubleOf(error: unknown): Trouble {
  if (error instanceof ApiError) return isOffline(error) ? "network" : "region";
  // Of all that the app does, it is only what keeps things that ends so.
  if (error instanceof DOMException) return UNANSWERED.has(error.name) ? "network" : "storage";
  return error instanceof Error && UNBROUGHT.test(error.message) ? "network" : "app";
}

/** Whether nobody has answered. */
export function isOffline(error: unknown): boolean {
  return error instanceof ApiError && error.code === "network";
}
