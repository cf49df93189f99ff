/** What somebody who runs a group or a channel may do with who is in it; the owner's region has the last word. Pure. */

import type { Timeline } from "./timeline";

export type Deed =
  | "let-in"
  | "decline"
  | "owner"
  | "admin"
  | "poster"
  | "member"
  | "subscriber"
  | "hand-over"
  | "step-down"
  | "remove"
  | "ban"
  | "unban";

const RANK: Readonly<Record<string, number>> = { owner: 3, admin: 2, poster: 2, member: 1, subscriber: 1 };

/** The roles of a conversation below its owners: who helps to run it, and who is just in it. */
export function rolesOf(id: string): { helper: "admin" | "poster"; plain: "member" | "subscriber" } {
  return id.startsWith("c") ? { helper: "poster", plain: "subscriber" } : { helper: "admin", plain: "member" };
}

/** Whether that role runs a group or a channel: lets people in, removes them, invites, changes what it is called. */
export function runs(id: string, role: string): boolean {
  return role === "owner" || (role === "admin" && id.startsWith("g"));
}

/**
 * Return what one may do with somebody, in the order in which it is offered.
 *
 * @param mine One's own role.
 * @param theirs The other's; `asking` or `banned` for who is none yet or no more.
 * @param self Whether it is oneself.
 */
export function deeds(id: string, mine: string, theirs: string, self: boolean): Deed[] {
  const { helper, plain } = rolesOf(id);
  if (self) return mine === "owner" ? ["step-down"] : [];
  if (!runs(id, mine)) return [];
  if (theirs === "asking") return ["let-in", "decline", "ban"];
  if (theirs === "banned") return ["unban"];
  if ((RANK[theirs] ?? 0) >= (RANK[mine] ?? 0)) return [];
  const given: Deed[] = mine === "owner" ? [theirs === helper ? plain : helper, "owner", "hand-over"] : [];
  return [...given, "remove", "ban"];
}

/** Which of them cannot be taken back by oneself, and are asked about first. */
export const isGrave = (deed: Deed): boolean => ["hand-over", "step-down", "owner", "ban"].includes(deed);

const TURNS = /^(member_|role_|join_)/;
const RUNS = /^(invite_made|invite_ended|group_changed|channel_changed)$/;

const newest = (timeline: Timeline, kinds: RegExp): number =>
  timeline.entries.findLast((entry) => kinds.test(entry.kind))?.seq ?? 0;

/** The number of the last entry here by which somebody came, went or got another role; 0 for none. */
export const turnedAt = (timeline: Timeline): number => newest(timeline, TURNS);

/** Likewise, by which it is called or works otherwise, or a link was made or ended. */
export const changedAt = (timeline: Timeline): number => newest(timeline, RUNS);
