import { aesCcm, aesGcm, aesGcmSiv, aesSiv, sm4Ccm, xaes256Gcm } from "lanelock";
import { expect, test } from "vitest";
import { enter } from "../../src/engine/call.ts";
import { slotsInUse } from "../../src/engine/slots.ts";
import { expectScratchWiped } from "../contract/wiping.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { atEveryDepth, timeOut } from "./interruption.ts";

// As interrupted-calls.test.ts, for the AEADs whose messages have a slot of their own while they are sealed or opened.

const random = seeded("interrupted messages");
const [aad, text, long] = [random.bytes(20), random.bytes(100), random.bytes(70_000)];
const [nonce, nonce24] = [random.bytes(12), random.bytes(24)];
const [gcmSiv, xaes, ccm, sm4] = [
  aesGcmSiv(random.bytes(32)),
  xaes256Gcm(random.bytes(32)),
  aesCcm(random.bytes(16)),
  sm4Ccm(random.bytes(16)),
];
const siv = aesSiv(random.bytes(64));
const witness = aesGcm(random.bytes(32));
const witnessed = witness.seal(nonce, text, { aad });
const sealed = {
  gcmSiv: gcmSiv.seal(nonce, long, { aad }),
  xaes: xaes.seal(nonce24, long, { aad }),
  siv: siv.seal(long, { aad: [aad] }),
};

/** Undefined where the message is not authentic. */
function refused(open: () => Uint8Array): Uint8Array | undefined {
  try {
    return open();
  } catch (error) {
    if (Object(error).code === "ERR_AUTHENTICATION") return undefined;
    throw error;
  }
}

const calls: Record<string, () => Uint8Array | undefined> = {
  "AES-GCM-SIV seal": () => gcmSiv.seal(nonce, text, { aad }),
  "AES-GCM-SIV seal a long text": () => gcmSiv.seal(nonce, long, { aad: long }),
  "AES-GCM-SIV open a long text": () => gcmSiv.open(nonce, sealed.gcmSiv, { aad }),
  "AES-GCM-SIV open a forgery": () => refused(() => gcmSiv.open(nonce, sealed.gcmSiv, { aad: text })),
  "XAES-256-GCM seal": () => xaes.seal(nonce24, text, { aad }),
  "XAES-256-GCM open a long text": () => xaes.open(nonce24, sealed.xaes, { aad }),
  "AES-CCM seal": () => ccm.seal(nonce, text, { aad }),
  "SM4-CCM seal a long text": () => sm4.seal(nonce, long, { aad }),
  "AES-SIV seal": () => siv.seal(text, { aad: [aad, text] }),
  "AES-SIV open a long text": () => siv.open(sealed.siv, { aad: [aad] }),
};

/** What the next call finds as soon as it has begun. */
function expectCleanAtNextCall(label: string, slots: number): void {
  const host = enter();
  expectScratchWiped();
  const states = slotsInUse().map(({ state }) => state);
  expect(states, label).toEqual(Array(slots).fill("live"));
  host.busy = false;
  expectBytes(witness.seal(nonce, text, { aad }), witnessed, `${label}: another key`);
}

const DEPTHS = 220;

test.each(Object.entries(calls))(
  "%s, ended by an exhausted stack at every depth",
  { timeout: 120_000 },
  (call, work) => {
    const expected = work();
    const before = slotsInUse().length;
    let [begun, ended] = [0, 0];
    const attempt = () => {
      begun += 1;
      const result = work();
      ended += 1;
      if (Buffer.compare(result ?? text, expected ?? text) !== 0) throw new Error("The call ended with another result");
    };
    atEveryDepth(DEPTHS, attempt, (index) => expectCleanAtNextCall(`${call} at depth ${index}`, before));
    expect(begun - ended, "calls that were interrupted").toBeGreaterThan(3);
    expect(ended, "calls that were not").toBeGreaterThan(3);
  },
);

test("calls ended by a time-out of vm, wherever", { timeout: 120_000 }, () => {
  const before = slotsInUse().length;
  for (let round = 0; round < 5; round += 1) {
    for (const [call, work] of Object.entries(calls)) {
      timeOut(work);
      expectCleanAtNextCall(call, before);
    }
  }
});
