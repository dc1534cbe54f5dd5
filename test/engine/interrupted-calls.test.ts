import { type Aead, aesCcm, aesGcm, aesGcmSiv, aesSiv, type SealStream, sm4Ccm, sm4Gcm, xaes256Gcm } from "lanelock";
import { aesKw, aesKwp } from "lanelock/key-wrap";
import { aesCmac, sm4Cmac } from "lanelock/mac";
import {
  aesCbc,
  aesCfb,
  aesCtr,
  aesEcb,
  openStreamUnverified,
  sm4Cbc,
  sm4Ctr,
  sm4Ecb,
  sm4Ofb,
} from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { enter } from "../../src/engine/call.ts";
import { slotsInUse } from "../../src/engine/slots.ts";
import { refusal } from "../contract/refusal.ts";
import { expectScratchWiped } from "../contract/wiping.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { atEveryDepth, timeOut } from "./interruption.ts";

// Any call may be interrupted anywhere: no other key's result changes, and once the next call has begun, the engine's memory holds
// nothing of the interrupted one outside the slots of objects that are still in use.

const random = seeded("interrupted calls");
const nonce = random.bytes(12);
const [aad, text, long] = [random.bytes(20), random.bytes(100), random.bytes(70_000)];
const block = random.bytes(16);
const list = Array.from({ length: 40 }, (_, index) => ({ nonce: random.bytes(12), data: random.bytes(index), aad }));
const longList = Array.from({ length: 2000 }, (_, index) => ({
  nonce: random.bytes(12),
  data: text.subarray(0, index % 9),
}));

/** Other keys, and what they give. */
class Witnesses {
  readonly #aes = aesGcm(seeded("witness").bytes(32), { backend: "wasm" });
  readonly #sm4 = sm4Gcm(seeded("witness").bytes(16));
  readonly #cbc = aesCbc(seeded("witness").bytes(24), { backend: "wasm" });
  readonly #expected = this.#results();

  #results(): Uint8Array[] {
    const stream = this.#aes.sealStream(block);
    const pieces = [stream.update(long.subarray(0, 5000)), stream.final()];
    return [
      ...[this.#aes, this.#sm4].flatMap((aead) => [
        aead.seal(nonce, text, { aad }),
        ...aead.sealMany(list.slice(0, 9)),
      ]),
      this.#cbc.encrypt(block, text),
      ...pieces,
    ];
  }

  check(label: string): void {
    for (const [index, result] of this.#results().entries()) expectBytes(result, this.#expected[index]!, label);
  }

  dispose(): void {
    for (const key of [this.#aes, this.#sm4, this.#cbc]) key.dispose();
  }
}

/** What the next call finds as soon as it has begun. */
function expectCleanAtNextCall(label: string): void {
  const host = enter();
  expectScratchWiped();
  expect(
    slotsInUse().filter(({ state }) => state !== "live"),
    label,
  ).toEqual([]);
  host.busy = false;
}

interface Keys {
  readonly aead: Aead;
  readonly tag4: Aead;
  readonly cbc: ReturnType<typeof aesCbc>;
  readonly ecb: ReturnType<typeof aesEcb>;
  readonly ctr: ReturnType<typeof aesCtr>;
}

const ciphers = {
  aes: () => {
    const key = seeded("interrupted").bytes(32);
    return {
      aead: aesGcm(key, { backend: "wasm" }),
      tag4: aesGcm(key, { tagLength: 4, backend: "wasm" }),
      cbc: aesCbc(key, { backend: "wasm" }),
      ecb: aesEcb(key, { backend: "wasm" }),
      ctr: aesCtr(key, { backend: "wasm" }),
    };
  },
  sm4: () => {
    const key = seeded("interrupted").bytes(16);
    return {
      aead: sm4Gcm(key),
      tag4: sm4Gcm(key, { tagLength: 4 }),
      cbc: sm4Cbc(key),
      ecb: sm4Ecb(key),
      ctr: sm4Ctr(key),
    };
  },
};

/** Calls that return bytes. */
function calls({ aead, tag4, cbc, ecb, ctr }: Keys): Record<string, () => Uint8Array | undefined> {
  const sealed = aead.seal(nonce, text, { aad });
  const sealedLong = aead.seal(nonce, long, { aad: text });
  const forged = Uint8Array.from(sealedLong).fill(1, 0, 1);
  const sealedList = list.map((one) => ({ ...one, data: aead.seal(one.nonce, one.data, { aad }) }));
  const [padded, blocks] = [cbc.encrypt(block, long), long.subarray(0, 69_984)];
  return {
    seal: () => aead.seal(nonce, text, { aad }),
    "seal with a long nonce": () => tag4.seal(long.subarray(0, 300), text, { aad }),
    "seal a long text": () => aead.seal(block, long, { aad: long }),
    "seal over itself": () => {
      const both = new Uint8Array(40_016);
      both.set(long.subarray(0, 40_000), 0);
      return aead.seal(nonce, both.subarray(0, 39_000), { into: both.subarray(7) });
    },
    open: () => aead.open(nonce, sealed, { aad }),
    "open a long text": () => aead.open(nonce, sealedLong, { aad: text }),
    "open a forgery": () => {
      try {
        return aead.open(nonce, forged, { aad: text });
      } catch (error) {
        if (Object(error).code === "ERR_AUTHENTICATION") return undefined;
        throw error;
      }
    },
    sealMany: () => aead.sealMany(list).at(-1),
    "sealMany a long list": () => aead.sealMany(longList).at(-1),
    openMany: () => {
      const last = aead.openMany(sealedList).at(-1);
      return last instanceof Uint8Array ? last : undefined;
    },
    "CBC encrypt": () => cbc.encrypt(block, text),
    "CBC encrypt a long text": () => cbc.encrypt(block, long),
    "CBC decrypt": () => cbc.decrypt(block, padded),
    "ECB encrypt": () => ecb.encrypt(text),
    "ECB decrypt": () => ecb.decrypt(ecb.encrypt(blocks)),
    CTR: () => ctr.encrypt(block, long),
  };
}

/** Messages of middle length under keys that the engine and node:crypto have both. */
function callsOfBoth(): Record<string, () => Uint8Array> {
  const aead = aesGcm(seeded("interrupted").bytes(32));
  const middle = long.subarray(0, 1000);
  const sealed = aead.seal(nonce, middle, { aad });
  return {
    "seal with keystream of node:crypto": () => aead.seal(nonce, middle, { aad }),
    "open with keystream of node:crypto": () => aead.open(nonce, sealed, { aad }),
  };
}

const DEPTHS = 220;

for (const [name, create] of Object.entries(ciphers)) {
  const keys = create();
  const all = { ...calls(keys), ...(name === "aes" ? callsOfBoth() : {}) };
  for (const [call, work] of Object.entries(all)) {
    test(`${name}: ${call}, ended by an exhausted stack at ${DEPTHS} depths`, { timeout: 120_000 }, () => {
      const expected = work();
      const witnesses = new Witnesses();
      const before = slotsInUse().length;
      let [ended, interrupted] = [0, 0];
      const attempt = () => {
        interrupted += 1;
        const result = work();
        interrupted -= 1;
        ended += 1;
        if (result !== undefined && expected !== undefined && Buffer.compare(result, expected) !== 0) {
          throw new Error("The call ended with another result");
        }
      };
      atEveryDepth(DEPTHS, attempt, (index) => {
        const label = `${call} at depth ${index}`;
        expectCleanAtNextCall(label);
        expect(slotsInUse(), label).toHaveLength(before);
        witnesses.check(label);
      });
      expect(interrupted, "calls that were interrupted").toBeGreaterThan(3);
      expect(ended, "calls that were not").toBeGreaterThan(3);
      witnesses.dispose();
    });
  }

  test(`${name}: calls ended by a time-out of vm, wherever`, { timeout: 120_000 }, () => {
    const witnesses = new Witnesses();
    const before = slotsInUse().length;
    for (let round = 0; round < 10; round += 1) {
      for (const [call, work] of Object.entries(all)) {
        timeOut(work);
        expectCleanAtNextCall(call);
        expect(slotsInUse(), call).toHaveLength(before);
        witnesses.check(call);
      }
    }
    witnesses.dispose();
  });
}

type Create = (key: Uint8Array) => { dispose(): void };
const keysOf64: Record<string, Create> = { aesSiv };
const keysOf32: Record<string, Create> = {
  ...{ aesGcm, aesCbc, aesCtr, aesCfb, aesCcm, aesGcmSiv, xaes256Gcm, aesCmac, aesKw, aesKwp },
};
const keysOf16: Record<string, Create> = { sm4Gcm, sm4Ecb, sm4Ctr, sm4Ofb, sm4Ccm, sm4Cmac };

test.each([
  ...Object.entries(keysOf64).map(([name, create]) => ({ name, create, length: 64 })),
  ...Object.entries(keysOf32).map(([name, create]) => ({ name, create, length: 32 })),
  ...Object.entries(keysOf16).map(([name, create]) => ({ name, create, length: 16 })),
])("$name() and dispose(), ended by an exhausted stack, lose no slot", { timeout: 120_000 }, ({ create, length }) => {
  const witnesses = new Witnesses();
  const before = slotsInUse().length;
  const key = random.bytes(length);
  const trial = create(key);
  const slots = slotsInUse().length - before;
  trial.dispose();
  expect(slots).toBeGreaterThan(0);
  let made: { dispose(): void } | undefined;
  let [count, dropped] = [0, 0];
  const make = () => {
    made = create(key);
    count += 1;
  };
  atEveryDepth(DEPTHS, make, (index) => {
    expectCleanAtNextCall(`making, depth ${index}`);
    // A key whose maker ended after its slot was filled and before the caller had it is dropped: the collector finds that.
    if (made === undefined && slotsInUse().length > before + dropped) dropped += slots;
    expect(slotsInUse(), `made, depth ${index}`).toHaveLength(before + dropped + (made === undefined ? 0 : slots));
    witnesses.check(`made, depth ${index}`);
    made?.dispose();
    made = undefined;
  });
  expect(count).toBeGreaterThan(3);
  expect(count).toBeLessThan(DEPTHS - 3);
  expect(dropped).toBeLessThanOrEqual(3 * slots);
  let disposable = create(key);
  atEveryDepth(
    DEPTHS,
    () => disposable.dispose(),
    (index) => {
      expectCleanAtNextCall(`disposing, depth ${index}`);
      disposable.dispose();
      expect(slotsInUse(), `disposed of, depth ${index}`).toHaveLength(before + dropped);
      disposable = create(key);
    },
  );
  disposable.dispose();
  witnesses.check("at the end");
  witnesses.dispose();
});

test("keys made until a time-out of vm lose no slot for ever, and those made afterwards are right", () => {
  const witnesses = new Witnesses();
  const before = slotsInUse().length;
  for (let round = 0; round < 60; round += 1) {
    timeOut(() => aesGcm(block).dispose());
    expectCleanAtNextCall("keys");
    // At most the one whose maker was ended between its last step and the caller's first: the collector finds that.
    expect(slotsInUse().length).toBeLessThanOrEqual(before + round + 1);
    witnesses.check("keys");
  }
  witnesses.dispose();
});

/** A stream and what it must give. */
const streams = {
  sealing: {
    begin: (aead: Aead): Pick<SealStream, "update" | "dispose"> & { end(): Uint8Array } => {
      const stream = aead.sealStream(nonce, { aad });
      return Object.assign(stream, { end: () => stream.final() });
    },
    input: (_: Aead) => long,
    output: (aead: Aead) => aead.seal(nonce, long, { aad }),
  },
  opening: {
    begin: (aead: Aead): Pick<SealStream, "update" | "dispose"> & { end(): Uint8Array } => {
      const tag = aead.seal(nonce, long, { aad }).subarray(-16);
      const stream = openStreamUnverified(aead, nonce, { aad });
      return Object.assign(stream, { end: () => stream.final(tag) });
    },
    input: (aead: Aead) => aead.seal(nonce, long, { aad }).subarray(0, -16),
    output: () => long,
  },
};

for (const [name, { begin, input, output }] of Object.entries(streams)) {
  test(`an interrupted stream (${name}) has ended, or continues unaffected`, {
    timeout: 120_000,
  }, () => {
    const witnesses = new Witnesses();
    const aead = aesGcm(random.bytes(32), { backend: "wasm" });
    const [data, expected] = [input(aead), output(aead)];
    const before = slotsInUse().length;
    let [ended, wentOn] = [0, 0];
    for (const step of ["update", "end"] as const) {
      let stream = begin(aead);
      stream.dispose();
      let pieces: Uint8Array[] = [];
      let done = false;
      const restart = () => {
        stream = begin(aead);
        pieces = [stream.update(data.subarray(0, 3000))];
        if (step === "end") pieces.push(stream.update(data.subarray(3000)));
        done = false;
      };
      restart();
      const work = () => {
        const piece = step === "update" ? stream.update(data.subarray(3000)) : stream.end();
        pieces.push(piece);
        done = true;
      };
      atEveryDepth(DEPTHS, work, (index) => {
        expectCleanAtNextCall(`${step}, depth ${index}`);
        witnesses.check(`${step}, depth ${index}`);
        try {
          if (!done) work();
          if (step === "update") pieces.push(stream.end());
          expectBytes(Buffer.concat(pieces), expected, `${step}, depth ${index}`);
          wentOn += 1;
        } catch (error) {
          expect(error).toMatchObject({ code: "ERR_STATE" });
          refusal("ERR_STATE", () => stream.end());
          ended += 1;
        }
        stream.dispose();
        expect(slotsInUse(), `${step}, depth ${index}`).toHaveLength(before);
        restart();
      });
      stream.dispose();
    }
    expect(wentOn).toBeGreaterThan(3);
    expect(ended).toBeGreaterThan(3);
    let made: { dispose(): void } | undefined;
    let dropped = 0;
    atEveryDepth(
      DEPTHS,
      () => {
        made = begin(aead);
      },
      (index) => {
        expectCleanAtNextCall(`beginning, depth ${index}`);
        made?.dispose();
        made = undefined;
        // Ended between the stream's last step and its caller's first, the stream is dropped: the collector finds that.
        if (slotsInUse().length > before + dropped) dropped += 1;
        expect(slotsInUse(), `beginning, depth ${index}`).toHaveLength(before + dropped);
      },
    );
    expect(dropped).toBeLessThanOrEqual(3);
    aead.dispose();
    witnesses.dispose();
  });
}
