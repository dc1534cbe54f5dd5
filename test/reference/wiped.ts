import { vi } from "vitest";

/** What each array of bytes held before it was filled with zeros while `work` ran: a copy of it, in order. */
export async function wipedDuring(work: () => unknown): Promise<Uint8Array[]> {
  const wiped: Uint8Array[] = [];
  const watch = (prototype: Uint8Array) => {
    const { fill } = prototype;
    return vi.spyOn(prototype, "fill").mockImplementation(function (this: Uint8Array, ...parameters) {
      const [value, start, end] = parameters;
      if (value === 0) wiped.push(Uint8Array.prototype.slice.call(this, start, end));
      return fill.apply(this, parameters);
    });
  };
  // Node's Buffer has a method of its own.
  const watches = [Uint8Array.prototype, Buffer.prototype].map(watch);
  try {
    await work();
  } finally {
    for (const one of watches) one.mockRestore();
  }
  return wiped;
}

/** How many of the wiped arrays held exactly these bytes. */
export function timesWiped(wiped: readonly Uint8Array[], bytes: Uint8Array): number {
  return wiped.filter((one) => Buffer.compare(one, bytes) === 0).length;
}
