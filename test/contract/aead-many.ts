import { LanelockError } from "lanelock";
import { expect, test } from "vitest";
import type { AeadUnderTest } from "../reference/ciphers.ts";
import { expectBytes, expectUnmodified } from "../reference/expect-bytes.ts";
import { type Seeded, seeded } from "../reference/seeded.ts";
import { expectResultsIndependent } from "./into.ts";
import { refusal } from "./refusal.ts";

// sealMany and openMany: what seal and open give, message by message.

interface Plain {
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly aad: Uint8Array<ArrayBuffer> | undefined;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Mostly small records; now and then a long one, or a nonce that is not of 12 bytes. No nonce comes twice. */
function messages(random: Seeded, count: number): Plain[] {
  const used = new Set<string>();
  const fresh = (length: number): Uint8Array<ArrayBuffer> => {
    const nonce = random.bytes(length);
    if (used.has(String(nonce))) return fresh(length === 1 ? 16 : length);
    used.add(String(nonce));
    return nonce;
  };
  const kinds = [0, 1, 16, 32, random.integer(0, 100), random.integer(0, 100), random.integer(0, 1000)] as const;
  return Array.from({ length: count }, (_, index) => ({
    nonce: fresh(random.integer(0, 12) === 0 ? random.pick([1, 16, 300]) : 12),
    aad: random.pick([undefined, random.bytes(0), random.bytes(random.integer(1, 40))]),
    data: random.bytes(index % 97 === 96 ? random.pick([8192, 9000, 70_000]) : random.pick(kinds)),
  }));
}

function expectOpened(opened: Uint8Array | LanelockError | undefined, data: Uint8Array, label: string): void {
  if (!(opened instanceof Uint8Array)) expect.fail(`${label}: ${String(opened)}`);
  expectBytes(opened, data, label);
}

function equality(aead: AeadUnderTest): void {
  test("sealMany and openMany agree with the reference for all numbers and lengths", () => {
    const random = seeded(`many ${aead.name}`);
    for (const tagLength of [16, 12, 4]) {
      const key = random.bytes(aead.keyLength);
      using cipher = aead.create(key, { tagLength });
      for (const count of [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200, 1000]) {
        const plain = messages(random, tagLength === 16 ? count : Math.min(count, 40));
        const sealed = cipher.sealMany(plain);
        expect(sealed).toHaveLength(plain.length);
        const expected = plain.map(({ nonce, aad, data }) =>
          aead.expected({ key, nonce, aad, plaintext: data, tagLength }),
        );
        for (const [index, bytes] of expected.entries())
          expectBytes(sealed[index]!, bytes, `seal ${index} of ${count}`);
        const opened = cipher.openMany(plain.map((one, index) => ({ ...one, data: expected[index]! })));
        expect(opened).toHaveLength(plain.length);
        for (const [index, { data }] of plain.entries()) expectOpened(opened[index], data, `open ${index} of ${count}`);
      }
    }
  });

  test("sealMany agrees with seal in long lists, of short messages alone or not", () => {
    const random = seeded(`many, long lists ${aead.name}`);
    using cipher = aead.create(random.bytes(aead.keyLength), { tagLength: 12 });
    const [aad, text] = [random.bytes(40), random.bytes(9000)];
    const short = Array.from({ length: 2100 }, (_, index): Plain => {
      const length = index % 300 === 299 ? 8000 : random.integer(0, 70);
      return {
        nonce: random.bytes(12),
        aad: index % 3 === 0 ? undefined : aad.subarray(index % 40),
        data: text.subarray(0, length),
      };
    });
    for (const last of [
      [],
      [{ nonce: random.bytes(16), aad, data: aad }],
      [{ nonce: random.bytes(12), aad, data: text }],
    ]) {
      const list = [...short, ...last];
      const sealed = cipher.sealMany(list);
      expect(sealed).toHaveLength(list.length);
      expect(new Set(sealed.map(({ buffer }) => buffer)).size).toBe(1);
      const wrong = list.filter(
        ({ nonce, aad: more, data }, index) =>
          Buffer.compare(sealed[index]!, cipher.seal(nonce, data, { aad: more })) !== 0,
      );
      expect(wrong).toEqual([]);
    }
  });

  test("sealMany takes every length from 0 to 300 bytes at every place among its neighbours", () => {
    const random = seeded(`many lengths ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    using cipher = aead.create(key);
    const plain = Array.from({ length: 301 }, (_, length) => ({ nonce: random.bytes(12), data: random.bytes(length) }));
    for (const shift of [0, 1, 5]) {
      const turned = [...plain.slice(shift), ...plain.slice(0, shift)];
      for (const [index, sealed] of cipher.sealMany(turned).entries()) {
        const { nonce, data } = turned[index]!;
        expectBytes(sealed, aead.expected({ key, nonce, plaintext: data }), `${data.length} bytes`);
      }
    }
  });
}

function forgeries(aead: AeadUnderTest): void {
  test("openMany tells which messages are forged and opens the others", () => {
    const random = seeded(`many forgeries ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    using cipher = aead.create(key);
    for (let round = 0; round < 12; round++) {
      const plain = messages(random, 120);
      const forged = new Set(plain.map((_, index) => index).filter(() => random.integer(0, 3) === 0));
      const sealed = plain.map(({ nonce, aad, data }, index) => {
        const bytes = aead.expected({ key, nonce, aad, plaintext: data });
        const at = random.integer(0, bytes.length - 1);
        if (forged.has(index)) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7));
        return { nonce, aad, data: bytes };
      });
      for (const [index, opened] of cipher.openMany(sealed).entries()) {
        if (!forged.has(index)) {
          expectOpened(opened, plain[index]!.data, `round ${round}, message ${index}`);
          continue;
        }
        expect(opened).toBeInstanceOf(LanelockError);
        expect(opened).toMatchObject({ code: "ERR_AUTHENTICATION" });
        expect(String(opened)).toContain(`messages[${index}]`);
      }
    }
  });
}

function memory(aead: AeadUnderTest): void {
  test("sealMany and openMany modify no input, and openMany's results are independent", () => {
    const random = seeded(`many memory ${aead.name}`);
    using cipher = aead.create(random.bytes(aead.keyLength));
    const given = { nonce: random.bytes(12), aad: random.bytes(9), data: Buffer.from(random.bytes(50)) };
    const before = structuredClone(given);
    const [sealed] = cipher.sealMany([given, { ...given, nonce: random.bytes(12) }]);
    expectUnmodified(given, before);
    const closed = { ...given, data: Uint8Array.from(sealed!) };
    const copy = structuredClone(closed);
    const open = () => {
      const [first, second] = cipher.openMany([closed, closed]);
      if (!(first instanceof Uint8Array) || !(second instanceof Uint8Array)) expect.fail("a message did not open");
      return [first, second] as const;
    };
    expectUnmodified(closed, copy);
    expectResultsIndependent(
      () => open()[0],
      () => open()[1],
    );
    const [first, second] = open();
    expect(first.buffer).not.toBe(second.buffer);
    const views = cipher.sealMany(messages(random, 50)).sort((a, b) => a.byteOffset - b.byteOffset);
    for (const [index, view] of views.entries()) {
      const next = views[index + 1];
      if (next) expect(view.byteOffset + view.length).toBeLessThanOrEqual(next.byteOffset);
    }
  });
}

function badInput(aead: AeadUnderTest): void {
  test("a bad message is refused by its index before anything is sealed", () => {
    const random = seeded(`many bad input ${aead.name}`);
    using cipher = aead.create(random.bytes(aead.keyLength));
    const good = { nonce: random.bytes(12), data: random.bytes(40) };
    const bad: [string, unknown][] = [
      ["ERR_ARGUMENT", null],
      ["ERR_ARGUMENT", "text"],
      ["ERR_ARGUMENT", random.bytes(4)],
      ["ERR_ARGUMENT", { nonce: good.nonce }],
      ["ERR_ARGUMENT", { ...good, nonce: "text" }],
      ["ERR_ARGUMENT", { ...good, aad: null }],
      ["ERR_ARGUMENT", { ...good, data: new Uint16Array(8) }],
      ["ERR_NONCE", { ...good, nonce: random.bytes(0) }],
      ["ERR_BUFFER", { ...good, data: new Uint8Array(new SharedArrayBuffer(16)) }],
    ];
    for (const [code, message] of bad) {
      const list = [good, good, good, message] as (typeof good)[];
      for (const call of [() => cipher.sealMany(list), () => cipher.openMany(list)]) {
        expect(refusal(code as "ERR_ARGUMENT", call).message).toContain("messages[3]");
      }
      const longList = Array.from({ length: 2500 }, (_, index) => (index === 2400 ? message : good)) as (typeof good)[];
      expect(refusal(code as "ERR_ARGUMENT", () => cipher.sealMany(longList)).message).toContain("messages[2400]");
    }
    const short = [good, { ...good, data: random.bytes(15) }];
    expect(refusal("ERR_LENGTH", () => cipher.openMany(short)).message).toMatch(/messages\[1\].*\b16\b/);
    const notLists: unknown[] = [undefined, null, 5, "text", good, new Uint8Array(3)];
    for (const list of notLists) {
      refusal("ERR_ARGUMENT", () => cipher.sealMany(list as (typeof good)[]), String(list));
      refusal("ERR_ARGUMENT", () => cipher.openMany(list as (typeof good)[]), String(list));
    }
    expect(cipher.sealMany([good])[0]).toHaveLength(56);
  });

  test("sealMany refuses a nonce that comes twice, wherever in the list, and seals nothing", () => {
    const random = seeded(`many nonces ${aead.name}`);
    using cipher = aead.create(random.bytes(aead.keyLength));
    const data = random.bytes(20);
    for (const nonceLengths of [[12], [12, 12, 16], [1], [300, 12]]) {
      for (const count of [2, 3, 8, 9, 10, 100, 2000]) {
        const used = new Set<string>();
        const list = Array.from({ length: count }, (_, index) => {
          const length = nonceLengths[index % nonceLengths.length] ?? 12;
          const nonce = new Uint8Array(length === 1 && index > 255 ? 13 : length);
          for (let i = 0, rest = index; i < nonce.length && rest > 0; i += 1, rest >>>= 8) nonce[i] = rest & 255;
          used.add(`${nonce}`);
          return { nonce, data };
        });
        expect(used.size).toBe(count);
        expect(cipher.sealMany(list)).toHaveLength(count);
        const [first, second] = [random.integer(0, count - 2), count - 1];
        const twice = list.with(second, { nonce: Buffer.from(list[first]!.nonce), data: random.bytes(9000) });
        const error = refusal("ERR_NONCE", () => cipher.sealMany(twice), `${count} nonces of ${nonceLengths} bytes`);
        expect(error.message).toContain(`messages[${second}] has the nonce of messages[${first}]`);
      }
    }
    const one = { nonce: random.bytes(12), data };
    const sealed = { nonce: one.nonce, data: cipher.seal(one.nonce, data) };
    expect(cipher.openMany([sealed, sealed])).toEqual([data, data]);
  });

  test("nonces that differ in one bit count as different", () => {
    const random = seeded(`many close nonces ${aead.name}`);
    using cipher = aead.create(random.bytes(aead.keyLength));
    for (const length of [12, 13]) {
      const base = random.bytes(length);
      const flipped = Array.from({ length: 8 * length }, (_, bit) => {
        const nonce = Uint8Array.from(base);
        nonce[bit >> 3] = (nonce[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return nonce;
      });
      for (const list of [
        [base, ...flipped.slice(0, 5)],
        [base, ...flipped],
      ]) {
        expect(cipher.sealMany(list.map((nonce) => ({ nonce, data: base })))).toHaveLength(list.length);
      }
    }
  });

  test("a list with code in it changes no result and leaves nothing behind", () => {
    const random = seeded(`many hostile ${aead.name}`);
    const key = random.bytes(aead.keyLength);
    using cipher = aead.create(key);
    const [nonce, other12, data, doomed] = [random.bytes(12), random.bytes(12), random.bytes(30), random.bytes(30)];
    function* reentrant() {
      yield { nonce, data };
      cipher.seal(nonce, data);
      cipher.sealMany([{ nonce, data: random.bytes(5) }]);
      yield { nonce: other12, data };
    }
    for (const [index, sealed] of cipher.sealMany(reentrant()).entries()) {
      const expected = aead.expected({ key, nonce: index === 0 ? nonce : other12, plaintext: data });
      expectBytes(sealed, expected, "reentrant");
    }
    function* detaching() {
      yield { nonce, data: doomed };
      structuredClone(doomed, { transfer: [doomed.buffer] });
      yield { nonce: other12, data };
    }
    expect(() => cipher.sealMany(detaching())).toThrow(LanelockError);
    using other = aead.create(key);
    function* disposing() {
      yield { nonce, data };
      other.dispose();
    }
    refusal("ERR_STATE", () => other.sealMany(disposing()));
    expectBytes(cipher.seal(nonce, data), aead.expected({ key, nonce, plaintext: data }), "afterwards");
  });
}

export function aeadManyContract(aead: AeadUnderTest): void {
  equality(aead);
  forgeries(aead);
  memory(aead);
  badInput(aead);
}
