/** The reports of a region, and what its moderators decide about them. */

import type { Report } from "../core/types";
import { api, got } from "../io/api";
import { ApiError } from "../io/problem";

const NO_MODERATOR = "not-a-moderator";

/** Return the open reports, the oldest first; null if one is no moderator. */
export async function openReports(): Promise<readonly Report[] | null> {
  try {
    return (await got(api.GET("/moderation/reports"))).reports;
  } catch (error) {
    if (error instanceof ApiError && error.code === NO_MODERATOR) return null;
    throw error;
  }
}

export async function dismiss(report: Report): Promise<void> {
  const params = { path: { report_id: report.report_id } };
  await got(api.POST("/moderation/reports/{report_id}/dismiss", { params }));
}

/** Take the reported message away from everybody. */
export async function deleteReported(report: Report): Promise<void> {
  const params = { path: { report_id: report.report_id } };
  await got(api.POST("/moderation/reports/{report_id}/delete", { params }));
}

/** Suspend an account, which closes all that is reported of it. */
export async function suspend(userId: string, why: string): Promise<void> {
  const params = { path: { user_id: userId } };
  await got(api.PUT("/moderation/suspensions/{user_id}", { params, body: { why } }));
}

export async function liftSuspension(userId: string): Promise<void> {
  await got(api.DELETE("/moderation/suspensions/{user_id}", { params: { path: { user_id: userId } } }));
}
