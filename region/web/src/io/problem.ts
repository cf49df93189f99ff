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

/** Whether nobody has answered. */
export function isOffline(error: unknown): boolean {
  return error instanceof ApiError && error.code === "network";
}
