// As much of Node's Buffer as the suites use. Like Node's, its `slice` is a view: callers have such arrays in pages too, from
// the npm package of that name.

const encoders: Record<string, (bytes: Uint8Array) => string> = {
  hex: (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""),
  latin1: (bytes) => new TextDecoder("latin1").decode(bytes),
};

class PageBuffer extends Uint8Array<ArrayBuffer> {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end);
  }

  override toString(encoding = "utf8"): string {
    const encode = encoders[encoding];
    if (!encode) throw new Error(`This Buffer does not write ${encoding}`);
    return encode(this);
  }
}

const viewOf = (bytes: Uint8Array<ArrayBuffer>) => new PageBuffer(bytes.buffer, bytes.byteOffset, bytes.length);

function from(source: string | ArrayLike<number>, encoding?: string): PageBuffer {
  if (typeof source !== "string") return viewOf(Uint8Array.from(source));
  if (encoding !== "hex") throw new Error(`This Buffer reads hex only, not ${encoding}`);
  return viewOf(Uint8Array.from(source.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
}

function concat(parts: readonly Uint8Array[]): PageBuffer {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return viewOf(all);
}

/** 0 if they are the same; the suites ask for no more. */
function compare(one: Uint8Array, other: Uint8Array): 0 | 1 {
  return one.length === other.length && one.every((byte, index) => byte === other[index]) ? 0 : 1;
}

export const Buffer = { from, concat, compare };
