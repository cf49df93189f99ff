/** What one has chosen for oneself, kept by the region for all of one's devices. */

import type { MyProfile, Profile } from "../core/types";
import { api, got } from "../io/api";
import * as pictures from "../io/pictures";
import { get, set } from "./store";

export interface Privacy {
  findable: boolean;
  writers: string;
  /** User ids, whom one blocked last first. */
  blocked: readonly string[];
}

export async function readMine(): Promise<MyProfile> {
  return got(api.GET("/users/me"));
}

/** Change what is named, and show oneself so. */
export async function changeMine(
  wish: Partial<Pick<MyProfile, "display_name" | "status_text" | "findable">> & { picture?: string | null },
): Promise<Profile> {
  const changed = await got(api.PATCH("/users/me", { body: wish }));
  const { me } = get();
  if (me !== null) set({ me: { ...me, display_name: changed.display_name } });
  return changed;
}

/** Bring an image, and let it stand for oneself. */
export async function bringPicture(file: File): Promise<Profile> {
  return changeMine({ picture: await pictures.bringPicture(file) });
}

export async function readPrivacy(): Promise<Privacy> {
  const [{ findable }, { who }, { blocks }] = await Promise.all([
    readMine(),
    got(api.GET("/settings/writers")),
    got(api.GET("/blocks")),
  ]);
  return { findable, writers: who, blocked: blocks.map((each) => each.user_id) };
}

export async function letWrite(who: "everyone" | "friends"): Promise<string> {
  return (await got(api.PUT("/settings/writers", { body: { who } }))).who;
}

/** Lift a block, and return who is blocked still. */
export async function lift(userId: string): Promise<Pick<Privacy, "blocked">> {
  await got(api.DELETE("/blocks/{user_id}", { params: { path: { user_id: userId } } }));
  const { blocks } = await got(api.GET("/blocks"));
  return { blocked: blocks.map((each) => each.user_id) };
}

/** Change the password; all other devices are logged out by it. */
export async function changePassword(old: string, wanted: string): Promise<void> {
  await got(api.POST("/password", { body: { old_password: old, new_password: wanted } }));
}
