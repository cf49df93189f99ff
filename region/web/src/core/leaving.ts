/** Leaving the page that is open for the list: by which key, and from what. Pure. */

/** A key that was pressed, as the browser tells of it. */
export type Pressed = Pick<KeyboardEvent, "key" | "isComposing" | "keyCode" | "defaultPrevented">;

export interface Place {
  /** Whether the focus is in a field or a form whose text is kept nowhere else; an empty field of the page has none. */
  field: boolean;
  /** Whether something was typed or chosen in such a form of this page. */
  filled: boolean;
}

/** What some browsers say of a key that an input method takes, also of the one that ends its composition. */
const TAKEN_BY_INPUT_METHOD = 229;

/** Whether an input method takes the key. */
export function isComposed({ isComposing, keyCode }: Pick<Pressed, "isComposing" | "keyCode">): boolean {
  return isComposing || keyCode === TAKEN_BY_INPUT_METHOD;
}

/** A form's control, as the browser tells of it. */
export interface Field {
  tagName: string;
  type?: string;
  value?: string;
}

const OTHERS = new Set(["checkbox", "radio", "file", "range", "color", "submit", "button"]);

/** Whether it is a field to type into, and nothing stands in it. */
export function isEmpty({ tagName, type = "", value }: Field): boolean {
  const isTyped = tagName === "TEXTAREA" || (tagName === "INPUT" && !OTHERS.has(type));
  return isTyped && value === "";
}

/** Whether it closes what is open above the page. */
export function closes(pressed: Omit<Pressed, "defaultPrevented">): boolean {
  return pressed.key === "Escape" && !isComposed(pressed);
}

export function leaves(pressed: Pressed, { field, filled }: Place): boolean {
  return closes(pressed) && !pressed.defaultPrevented && !field && !filled;
}

/** Return the id of the conversation that a page is about; null if it is about none. */
export function conversationOf(path: string): string | null {
  return /^\/c\/([^/]+)/.exec(path)?.[1] ?? null;
}
