export type Child = Node | string | undefined | false;
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

const SVG = "http://www.w3.org/2000/svg";

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

/** An element; text is text, never markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  return fill(document.createElementNS(SVG, name) as SVGElement, attributes, children);
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no ${id}`);
  return element;
}

/** Replaces what is in a place, and keeps the focus, and what is unfolded, where they are. */
export function replace(place: Element, ...children: readonly Node[]): void {
  const active = document.activeElement;
  const focused = active !== null && place.contains(active) ? markOf(active) : undefined;
  const open = new Set([...place.querySelectorAll("details[open][data-mark]")].map(markOf));
  place.replaceChildren(...children);
  for (const details of place.querySelectorAll("details")) details.open = open.has(markOf(details));
  if (focused === undefined) return;
  const again = [...place.querySelectorAll<HTMLElement>("a, button, input, summary, [tabindex]")];
  again.find((element) => markOf(element) === focused)?.focus();
}

function markOf(element: Element): string {
  const mark = element.getAttribute("data-mark") ?? element.getAttribute("href") ?? element.id;
  return `${element.tagName} ${mark}`;
}
