/** What went wrong, in the reader's language. */

import { ApiError } from "../io/problem";
import { problem, t } from "../words";

/** Say an error by its code if the catalogue has it, else in the region's own words; or that it is a fault of the app's. */
export function why(error: unknown): string {
  if (error instanceof ApiError) return problem(error.code, error.message);
  return t("problem.app", { detail: error instanceof Error ? error.message : String(error) });
}
