/** What the API calls things, under short names; all of it is generated from what the gateway says of itself. */

import type { components as Http } from "../described/api";
import type { components as Socket } from "../described/frames";

type Schemas = Http["schemas"];
type Frames = Socket["schemas"];

export type Message = Schemas["Message"];
export type Conversation = Schemas["Conversation"];
export type Profile = Schemas["Profile"];
export type MyProfile = Schemas["OwnProfile"];
export type Attachment = Schemas["Attached"];
export type Blob = Schemas["BlobView"];
export type Uploading = Schemas["UploadView"];
export type Tokens = Schemas["Tokens"];
export type Device = Schemas["Device"];
export type Problem = Schemas["Problem"];
export type RegionView = Schemas["RegionView"];
export type Report = Schemas["ReportView"];
export type MarksFrame = Frames["MarksFrame"];
export type RefusedFrame = Frames["Refused"];
export type PresenceFrame = Frames["PresenceFrame"];
export type ConcealedFrame = Frames["ConcealedFrame"];
export type WithdrawnFrame = Frames["WithdrawnFrame"];
export type Whole = Schemas["GroupView"] | Schemas["ChannelView"];
export type Pin = Schemas["PinView"];
export type Picture = Schemas["PictureView"];
export type ErrorFrame = Frames["ErrorFrame"];

/** What a device says. */
export type DeviceFrame =
  | Frames["Hello"]
  | Frames["Send"]
  | Frames["Received"]
  | Frames["Read"]
  | Frames["Typing"]
  | Frames["Watch"]
  | Frames["Ping"];

/** What a region says. */
export type RegionFrame =
  | Frames["Welcome"]
  | Frames["Changed"]
  | Frames["Accepted"]
  | Frames["Pending"]
  | Frames["EntryFrame"]
  | Frames["ReceiptFrame"]
  | Frames["Refused"]
  | Frames["MarksFrame"]
  | Frames["PreferencesFrame"]
  | Frames["Typist"]
  | Frames["ProfileChanged"]
  | Frames["PresenceFrame"]
  | Frames["ConcealedFrame"]
  | Frames["WithdrawnFrame"]
  | Frames["Resume"]
  | Frames["Pong"]
  | Frames["ErrorFrame"];
