/** What went wrong, in the reader's language. */

import { ApiError, troubleOf } from "../io/problem";
import { problem, t } from "../words";

/** Say an error by its code if the catalogue has it, else in the region's own words; or that it is a fault of the app's. */
export function why(error: unknown): string {
  if (error instanceof ApiError) return problem(error.code, error.message);
  if (troubleOf(error) === "network") return t("problem.network");
  return t("problem.app", { detail: error instanceof Error ? error.message : String(error) });
}
