import { el } from "../dom.ts";

/** Copies a text. Where the browser refuses, `place` gets the text in a field, selected, so that the visitor can copy it. */
export async function copy(text: string, place: HTMLElement, label: string): Promise<boolean> {
  place.replaceChildren();
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = el("textarea", { readonly: true, rows: 6, "aria-label": label });
    field.value = text;
    place.replaceChildren(field);
    field.select();
    return false;
  }
}
