/** Running a group or a channel: what it is called and how it works, who has which role, who comes in by which link. */

import { type Deed, rolesOf } from "../core/roles";
import type { Message, Whole } from "../core/types";
import { api, got } from "../io/api";
import { t } from "../words";
import { notify } from "./store";

export interface Change {
  name?: string;
  description?: string;
  picture?: string | null;
  history?: boolean;
  approval?: boolean;
  public?: boolean;
  slow?: number;
  /** Of what a message's being accepted waits for; empty for what is usual in its author's region. */
  acknowledgement?: string;
}

export interface Invite {
  token: string;
  expires_at: string;
}

const isChannel = (id: string) => id.startsWith("c");
const ofGroup = (id: string) => ({ params: { path: { group_id: id } } });
const ofChannel = (id: string) => ({ params: { path: { channel_id: id } } });
const member = (id: string, userId: string) => ({ params: { path: { group_id: id, user_id: userId } } });
const subscriber = (id: string, userId: string) => ({ params: { path: { channel_id: id, user_id: userId } } });

/** All that the region tells of it. */
export function readWhole(id: string): Promise<Whole> {
  if (isChannel(id)) return got(api.GET("/channels/{channel_id}", ofChannel(id)));
  return got(api.GET("/groups/{group_id}", ofGroup(id)));
}

/** Return whether it is done; what another region has to decide is said to be on its way, and what may not stay so, too. */
async function entered(call: Promise<Message>): Promise<boolean> {
  const { queued_for: region, unconfirmed = false } = await call;
  if (region !== null) notify(t("run.queued", { region }));
  else if (unconfirmed) notify(t("run.unconfirmed"));
  return region === null;
}

/** Return whether it is done already. */
export function change(id: string, body: Change): Promise<boolean> {
  if (isChannel(id)) return entered(got(api.PATCH("/channels/{channel_id}", { ...ofChannel(id), body })));
  return entered(got(api.PATCH("/groups/{group_id}", { ...ofGroup(id), body })));
}

/** Do something with somebody who is in it, was, or would like to be. Return whether it is done already. */
export function act(id: string, deed: Deed, userId: string): Promise<boolean> {
  return entered(got(isChannel(id) ? inChannel(id, deed, userId) : inGroup(id, deed, userId)));
}

function roleOf(id: string, deed: Deed): { role: string; hand_over?: boolean } {
  if (deed === "hand-over") return { role: "owner", hand_over: true };
  return { role: deed === "step-down" ? rolesOf(id).helper : deed };
}

function inGroup(id: string, deed: Deed, userId: string) {
  const body = { user_id: userId };
  switch (deed) {
    case "let-in":
      return api.POST("/groups/{group_id}/members", { ...ofGroup(id), body });
    case "decline":
    case "remove":
      return api.DELETE("/groups/{group_id}/members/{user_id}", member(id, userId));
    case "ban":
      return api.POST("/groups/{group_id}/bans", { ...ofGroup(id), body });
    case "unban":
      return api.DELETE("/groups/{group_id}/bans/{user_id}", member(id, userId));
    default:
      return api.PUT("/groups/{group_id}/members/{user_id}/role", { ...member(id, userId), body: roleOf(id, deed) });
  }
}

function inChannel(id: string, deed: Deed, userId: string) {
  switch (deed) {
    case "remove":
      return api.DELETE("/channels/{channel_id}/subscribers/{user_id}", subscriber(id, userId));
    case "ban":
      return api.POST("/channels/{channel_id}/bans", { ...ofChannel(id), body: { user_id: userId } });
    case "unban":
      return api.DELETE("/channels/{channel_id}/bans/{user_id}", subscriber(id, userId));
    default:
      return api.PUT("/channels/{channel_id}/subscribers/{user_id}/role", {
        ...subscriber(id, userId),
        body: roleOf(id, deed),
      });
  }
}

/** Make a link; its secret is told this once. */
export function invite(id: string, body: { expires_in: number; uses: number }): Promise<Invite> {
  if (isChannel(id)) return got(api.POST("/channels/{channel_id}/invites", { ...ofChannel(id), body }));
  return got(api.POST("/groups/{group_id}/invites", { ...ofGroup(id), body }));
}

export function endInvite(id: string, inviteId: string): Promise<boolean> {
  const path = { invite_id: inviteId };
  if (isChannel(id)) {
    const params = { path: { ...path, channel_id: id } };
    return entered(got(api.DELETE("/channels/{channel_id}/invites/{invite_id}", { params })));
  }
  const params = { path: { ...path, group_id: id } };
  return entered(got(api.DELETE("/groups/{group_id}/invites/{invite_id}", { params })));
}
