import fc from "fast-check";

/** A value for a request, and whether reading it may throw something of the caller's own. */
export interface Given {
  readonly value: unknown;
  readonly throws: boolean;
}

/** What hostile values throw: a KMS that lets it out has a hole. */
export class Hostility extends Error {}

const hostile = (): never => {
  throw new Hostility("thrown by the caller's own value");
};

/** Every trap throws, whichever it is. */
const traps = new Proxy({}, { get: () => hostile });

function throwingGetter(name: string): object {
  return Object.defineProperty({}, name, { get: hostile, enumerable: true });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

class LyingBytes extends Uint8Array {
  override get length(): number {
    return hostile();
  }
}

/** An object that changes each time it is looked at. */
function changing(): object {
  let looks = 0;
  const values = ["keyId", 5, null, new Uint8Array(3), [], "alias/a"];
  return new Proxy({}, { get: () => values[looks++ % values.length] });
}

const throwing = (): Given[] =>
  [
    ...[{}, [], () => undefined, new Uint8Array(40), new Map()].map((target) => new Proxy(target, traps)),
    ...["keyId", "ciphertextBlob", "length", "key", "tagKey", "values", "0"].map(throwingGetter),
    ...[revoked(), new LyingBytes(40), changing(), Object.create(Uint8Array.prototype)],
  ].map((value) => ({ value, throws: true }));

function sparseArray(length: number, ...values: unknown[]): unknown[] {
  const array = [...values];
  array.length = length;
  return array;
}

/** Shapes that deceive without throwing, unless somebody makes a string or a number of them, which nobody should. */
const deceptive = (): Given[] =>
  [
    { toString: hostile, valueOf: hostile },
    { [Symbol.toPrimitive]: hostile },
    ...[
      sparseArray(3),
      sparseArray(5, "a"),
      sparseArray(2 ** 32 - 1),
      sparseArray(10, { key: "KeyId", values: ["a"] }),
    ],
    ...["x".repeat(2 ** 20), "\ud800", "a\udfffb", "\0", "__proto__", "constructor", "é".normalize("NFD")],
    ...[1n, 2n ** 70n, Symbol("s"), Number.NaN, -0, 2 ** 53, -1, Number.POSITIVE_INFINITY, 1.5, true, null, undefined],
    ...[new Date(Number.NaN), /x/, new Map([["a", "b"]]), new Set(["a"]), new WeakMap(), Promise.resolve("a")],
    ...[new Uint8Array(new SharedArrayBuffer(64)), new Uint16Array(40), new DataView(new ArrayBuffer(64)), detached()],
    ...[
      Object.create(Uint8Array.prototype),
      Object.create(null),
      Object.create({ keyId: "inherited" }),
      new String("a"),
    ],
    ...[
      Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, "v"])),
      Buffer.from("bytes"),
      [[]],
      [null],
    ],
  ].map((value) => ({ value, throws: false }));

function detached(): Uint8Array {
  const bytes = new Uint8Array(40);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** Any UTF-16 code units: surrogates come alone as often as not. */
const anyString = fc
  .array(
    fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe00f }), fc.constantFrom(61, 38)),
    {
      maxLength: 40,
    },
  )
  .map((units) => String.fromCharCode(...units));

const anything = fc.anything({
  ...{ withBigInt: true, withDate: true, withMap: true, withSet: true, withSparseArray: true, withTypedArray: true },
  ...{ withNullPrototype: true, withBoxedValues: true, withObjectString: true, maxDepth: 3 },
});

const harmless = (values: fc.Arbitrary<unknown>) => values.map((value): Given => ({ value, throws: false }));

/** An encryption context, or something near one. */
const contexts = fc.oneof(
  fc.dictionary(anyString, anyString, { maxKeys: 5 }),
  fc.dictionary(anyString, anything, { maxKeys: 3 }),
  fc.constantFrom({}, { a: "b" }, { "a=b": "c&d" }, { a: "x".repeat(8_300) }),
);

const filterKeys = [
  "KeyState",
  "KeySpec",
  "KeyId",
  "AliasName",
  "TagKey",
  "TagValue",
  "Creator",
  "CreatorType",
  "nope",
];
/** Filters, tags and lists of strings, or something near them. */
const lists = fc.oneof(
  fc.array(
    fc.record({
      key: fc.oneof(fc.constantFrom(...filterKeys), anyString),
      values: fc.array(fc.oneof(anyString, anything)),
    }),
    { maxLength: 12 },
  ),
  fc.array(fc.record({ tagKey: fc.oneof(anyString, fc.string()), tagValue: fc.oneof(anyString, fc.string()) }), {
    maxLength: 22,
  }),
  fc.array(fc.oneof(anyString, fc.string()), { maxLength: 12 }),
);

const ids = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."abcz019-"), maxLength: 70 }),
  fc.string({ unit: fc.constantFrom(..."aZ_/-"), maxLength: 300 }).map((name) => `alias/${name}`),
  fc.constantFrom(
    "acs:kms:local:0:key/",
    "acs:kms:local:0:key/key-a",
    "acs:kms:local:0:alias/a",
    "alias/",
    "alias/acs/x",
  ),
);

const words = [
  ...[
    "Aliyun_AES_256",
    "Aliyun_SM4",
    "EC_P256",
    "AES_256",
    "AES_128",
    "ENCRYPT/DECRYPT",
    "SIGN/VERIFY",
    "HSM",
    "EXTERNAL",
  ],
  ...[
    "AES_GCM",
    "AES_CBC",
    "PKCS7_PADDING",
    "GCM",
    "7d",
    "730d",
    "731d",
    "0s",
    "9999999999d",
    "base64",
    "RAW",
    "DIGEST",
  ],
];

/** A replacement of a request's field. `known` are values of other fields, which fit somewhere. */
export function anyField(known: readonly unknown[]): fc.Arbitrary<Given> {
  const [throwers, deceivers] = [throwing(), deceptive()];
  return fc.oneof(
    {
      weight: 2,
      arbitrary: fc.nat(throwers.length - 1).map((index) => throwers[index] ?? { value: 0, throws: false }),
    },
    {
      weight: 5,
      arbitrary: fc.nat(deceivers.length - 1).map((index) => deceivers[index] ?? { value: 0, throws: false }),
    },
    { weight: 4, arbitrary: harmless(fc.nat(known.length - 1).map((index) => known[index])) },
    { weight: 3, arbitrary: harmless(fc.uint8Array({ maxLength: 300 })) },
    { weight: 3, arbitrary: harmless(contexts) },
    { weight: 3, arbitrary: harmless(lists) },
    { weight: 3, arbitrary: harmless(ids) },
    { weight: 2, arbitrary: harmless(fc.constantFrom(...words)) },
    { weight: 2, arbitrary: harmless(fc.oneof(fc.integer(), fc.double(), fc.boolean(), anyString)) },
    { weight: 2, arbitrary: harmless(anything) },
  );
}

/** A blob that is nearly one: cut, lengthened, changed, relabelled, or under a header of the other layout. */
export function anyBlob(genuine: readonly Uint8Array[]): fc.Arbitrary<Given> {
  const blob = fc.constantFrom(...genuine);
  const described = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 7 }), blob);
  return harmless(
    fc.oneof(
      fc.tuple(blob, fc.nat(200)).map(([bytes, length]) => bytes.slice(0, length)),
      fc.tuple(blob, fc.uint8Array({ maxLength: 40 })).map(([bytes, more]) => Uint8Array.of(...bytes, ...more)),
      fc.tuple(blob, fc.nat(), fc.nat(7)).map(([bytes, at, bit]) => {
        const changed = bytes.slice();
        changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ (1 << bit);
        return changed;
      }),
      fc.tuple(blob, blob).map(([head, tail]) => Uint8Array.of(...head.subarray(0, 36), ...tail.subarray(36))),
      described.map(([padding, algorithm, bytes]) => Uint8Array.of(0x24, padding, algorithm, ...bytes)),
      fc.uint8Array({ maxLength: 300 }),
    ),
  );
}
