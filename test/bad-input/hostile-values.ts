/** Values that are not byte arrays, as JavaScript callers pass them. A DataView and the wider arrays are none either. */
export const notBytes: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  "a boolean": true,
  "a number": 16,
  "a bigint": 16n,
  "a string": "0123456789abcdef",
  "a symbol": Symbol("bytes"),
  "a function": () => new Uint8Array(16),
  "an object": { length: 16 },
  "an array": Array.from({ length: 16 }, () => 0),
  "an ArrayBuffer": new ArrayBuffer(16),
  "a DataView": new DataView(new ArrayBuffer(16)),
  "an Int8Array": new Int8Array(16),
  "a Uint8ClampedArray": new Uint8ClampedArray(16),
  "a Uint16Array": new Uint16Array(8),
  "a Uint32Array": new Uint32Array(4),
  "a Float64Array": new Float64Array(2),
  "an object with Uint8Array's prototype": Object.create(Uint8Array.prototype),
};

/** A byte array of which another thread may change the bytes at any time. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}

/** A byte array whose buffer has been handed to someone else. */
export function detachedBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** A byte array whose buffer has shrunk so far that the array lies outside it. */
export function shrunkBytes(length: number): Uint8Array {
  const buffer = Reflect.construct(ArrayBuffer, [length + 8, { maxByteLength: length + 8 }]) as ArrayBuffer & {
    resize(length: number): void;
  };
  const bytes = new Uint8Array(buffer, 8, length);
  buffer.resize(4);
  return bytes;
}

/** Byte arrays that cannot be read safely, and what is wrong with them. */
export const unusableBytes: Readonly<Record<string, (length: number) => Uint8Array>> = {
  "a shared buffer": sharedBytes,
  "a detached buffer": detachedBytes,
  "a buffer that shrank": shrunkBytes,
};
