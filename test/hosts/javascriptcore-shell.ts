// What the suites, @noble/hashes and vitest's expectations ask of a page or of Node, and jsc has not: it is a shell around
// JavaScriptCore, without Web APIs. lanelock's ciphers need none of it. Imported before everything else.

// The suites write `using`, which their bundle spells out with this symbol. A page that does so needs the same line.
if (Symbol.dispose === undefined) Object.defineProperty(Symbol, "dispose", { value: Symbol.for("Symbol.dispose") });

/** As much of URL as paths of vectors need: `..` leads up from the folder of the script. */
class ShellUrl {
  readonly href: string;

  constructor(path: string, base = "") {
    const all = path.startsWith("file:") ? path : `${base.slice(0, base.lastIndexOf("/"))}/${path}`;
    const kept: string[] = [];
    for (const part of all.split("/")) {
      if (part === "..") kept.pop();
      else kept.push(part);
    }
    this.href = kept.join("/");
  }

  get pathname(): string {
    return this.href.replace(/^file:\/\//, "");
  }
}

class ShellTextEncoder {
  /** UTF-8 of text. */
  encode(text: string): Uint8Array {
    const latin1 = unescape(encodeURIComponent(text));
    return Uint8Array.from(latin1, (character) => character.charCodeAt(0));
  }
}

/** Takes events, which nobody here waits for. */
class ShellEventTarget {
  addEventListener(): void {}
  dispatchEvent(): boolean {
    return true;
  }
}

class ShellEvent {
  readonly type: string;

  constructor(type: string) {
    this.type = type;
  }
}

/** A copy of byte arrays and of records of them; a buffer that is to be transferred is detached. */
function shellStructuredClone(value: unknown, { transfer = [] }: { transfer?: readonly ArrayBuffer[] } = {}): unknown {
  const copy = copyOf(value);
  for (const buffer of transfer) Reflect.apply(Reflect.get(ArrayBuffer.prototype, "transfer"), buffer, []);
  return copy;
}

function copyOf(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Uint8Array.from(value as Uint8Array);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, copyOf(field)]));
}

Object.assign(globalThis, {
  URL: ShellUrl,
  TextEncoder: ShellTextEncoder,
  EventTarget: ShellEventTarget,
  Event: ShellEvent,
  structuredClone: shellStructuredClone,
  // fast-check looks for it at its start.
  clearTimeout: () => {},
});
