/** English, and with it the list of all keys of this part. */

import type { Plural } from "../en";

export const en = {
  "menu.forward": "Forward",
  "menu.pin": "Pin",
  "menu.unpin": "Unpin",
  "menu.details": "Details",
  "menu.report": "Report",
  "menu.hide": "Delete for me",
  "menu.hide.sure": "Delete this message for yourself? Others go on seeing it.",

  "pins.title": "Pinned messages",
  "pins.all": { one: "Show {n} pinned message", other: "Show all {n} pinned messages" },
  "pins.place": "Pinned, {i} of {n}",
  "pins.by": "pinned by {name}",
  "pins.go": "Go to the message: {text}",

  "forward.title": "Forward a message",
  "forward.where": "Conversations",
  "forward.find": "Find a conversation",
  "forward.none": "There is no conversation that you could write in.",
  "forward.send": { one: "Forward to {n} conversation", other: "Forward to {n} conversations" },
  "forward.sent": { one: "Forwarded to {n} conversation.", other: "Forwarded to {n} conversations." },

  "mention.title": "Members who may be meant",
  "mention.found": { one: "{n} member; arrows choose, Enter takes", other: "{n} members; arrows choose, Enter takes" },

  "report.message": "Report a message",
  "report.user": "Report {name}",
  "report.text":
    "Moderators of the region where {name} lives are told. Nobody else is, {name} included. The text of the message goes along.",
  "report.text.user": "Moderators of the region where {name} lives are told. Nobody else is, {name} included.",
  "report.reason": "What is wrong",
  "report.send": "Report",
  "report.sent": "The moderators are told.",

  "details.title": "Details of a message",
  "details.sent": "Sent {date}",
  "details.number": "Number {n} of the conversation",
  "details.read": { one: "Read by {n}", other: "Read by {n}" },
  "details.received": { one: "Received by {n}", other: "Received by {n}" },
  "details.unread": { one: "Not there yet for {n}", other: "Not there yet for {n}" },
  "details.views": { one: "Read by about {n} subscriber", other: "Read by about {n} subscribers" },
  "details.views.incomplete": "These regions did not answer: {regions}. Their subscribers are not counted.",
  "details.way": "Its way",
  "details.way.none": "Only of messages that came while this page was open it is known by which way they came.",
  "details.way.step": "+{n} ms",
  "details.edits": "What it said before",

  "run.title": "Settings",
  "run.name": "Name",
  "run.description": "Description",
  "run.history": "Who joins sees what was written before",
  "run.approval": "Who comes by a link must be let in",
  "run.public": "Anybody may find it and subscribe",
  "run.slow": "Slow mode: seconds between two posts of one poster",
  "run.save": "Save",
  "run.saved": "Saved.",
  "run.queued": "The region {region} decides; it is told as soon as it can be reached.",
  "run.picture": "Picture",
  "run.picture.choose": "Choose a picture",
  "run.picture.remove": "Take the picture away",

  "people.actions": "What may be done with {name}",
  "people.staff": "Owners and posters",
  "people.find": "Subscribers",
  "people.find.hint":
    "Nobody is told who subscribes. Whoever it is can be looked for, and made a poster, removed or banned.",
  "people.sure": "Really?",
  "deed.let-in": "Let in",
  "deed.decline": "Do not let in",
  "deed.owner": "Make owner",
  "deed.admin": "Make admin",
  "deed.poster": "Make poster",
  "deed.member": "Make member",
  "deed.subscriber": "Make subscriber",
  "deed.hand-over": "Hand over the ownership",
  "deed.step-down": "Lay down the ownership",
  "deed.remove": "Remove",
  "deed.ban": "Ban",
  "deed.unban": "Lift the ban",

  "invites.title": "Invitations",
  "invites.made": "made by {name}, good until {date}",
  "invites.left": { one: "{n} may still join by it", other: "{n} may still join by it" },
  "invites.any": "any number may join by it",
  "invites.end": "End",
  "invites.for": "Good for",
  "invites.days": { one: "{n} day", other: "{n} days" },
  "invites.uses": "For how many (empty: any number)",
  "invites.make": "Make a link",
  "invites.link": "The link, shown once",

  "about.unread": "Mark as unread",
  "about.report": "Report",
} satisfies Record<string, string | Plural>;

export type TalkKey = keyof typeof en;
export type TalkWords = Readonly<Record<TalkKey, string | Plural>>;
