import { aesKw, aesKwp } from "lanelock/key-wrap";
import { aesCmac, sm4Cmac } from "lanelock/mac";
import { aesCfb, aesCtr, sm4Ctr, sm4Ofb } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { enter } from "../../src/engine/call.ts";
import { slotsInUse } from "../../src/engine/slots.ts";
import { expectScratchWiped } from "../contract/wiping.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { atEveryDepth, timeOut } from "./interruption.ts";

// As interrupted-calls.test.ts, for MACs, key wrap and the modes of the engine's further modules: wherever a call ends, the next one
// finds nothing of it, and every key gives what it gave before.

const random = seeded("interrupted modes");
const [key, key16, block] = [random.bytes(32), random.bytes(16), random.bytes(16)];
const [text, long] = [random.bytes(100), random.bytes(70_000)];

const cmac = aesCmac(key);
const sm4 = sm4Cmac(key16);
const kw = aesKw(key);
const kwp = aesKwp(key);
const cfb = aesCfb(key);
const ofb = sm4Ofb(key16);
const little = aesCtr(key, { endianness: "little", bits: 64 });
const sm4Little = sm4Ctr(key16, { endianness: "little", bits: 32 });
const [wrapped, wrappedLong] = [kw.wrap(key), kwp.wrap(long)];
const tag = sm4.mac(long);

const calls: Record<string, () => Uint8Array> = {
  "CMAC of a short text": () => cmac.mac(text),
  "CMAC of a long text": () => cmac.mac(long),
  "CMAC verified": () => Uint8Array.of(Number(sm4.verify(long, tag))),
  "CMAC in pieces": () => {
    const stream = cmac.stream();
    stream.update(long.subarray(0, 3000));
    stream.update(long.subarray(3000, 9000));
    return stream.final();
  },
  "a key wrapped": () => kw.wrap(key),
  "a key unwrapped": () => kw.unwrap(wrapped),
  "a long text wrapped": () => kwp.wrap(long.subarray(0, 66_000)),
  "a long text unwrapped": () => kwp.unwrap(wrappedLong),
  "CFB encrypt": () => cfb.encrypt(block, long),
  "CFB decrypt": () => cfb.decrypt(block, long),
  OFB: () => ofb.encrypt(block, long.subarray(0, 9000)),
  "CTR, little-endian": () => little.encrypt(block, long.subarray(0, 9000)),
  "SM4-CTR, little-endian": () => sm4Little.encrypt(block, text),
  "keys made and disposed of": () => {
    const [mac, wrap] = [aesCmac(key), aesKw(key)];
    const results = [mac.mac(text), wrap.wrap(key)];
    mac.dispose();
    wrap.dispose();
    return Buffer.concat(results);
  },
};

const expected = Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, call()]));
const before = slotsInUse().length;

/** What is left once the next call has begun: live keys and nothing else. */
function expectClean(label: string): void {
  const host = enter();
  expectScratchWiped();
  host.busy = false;
  expect(
    slotsInUse().filter(({ state }) => state !== "live"),
    label,
  ).toEqual([]);
}

/** A dropped stream or key stays until it is collected, so there may be more slots than before, but never fewer. */
function expectWitnesses(label: string): void {
  expect(slotsInUse().length, label).toBeGreaterThanOrEqual(before);
  for (const name of ["CMAC of a short text", "a key wrapped", "a key unwrapped", "SM4-CTR, little-endian"]) {
    expectBytes(calls[name]!(), expected[name]!, label);
  }
}

const DEPTHS = 220;
/** The wrapping of a long text takes half a million blocks. */
const FEW = process.env.LANELOCK_LONG === "1" ? DEPTHS : 60;

test.each(Object.entries(calls))("%s, ended by an exhausted stack", { timeout: 120_000 }, (name, call) => {
  let [ended, interrupted] = [0, 0];
  const attempt = () => {
    interrupted += 1;
    const result = call();
    interrupted -= 1;
    ended += 1;
    expectBytes(result, expected[name]!, name);
  };
  // Again where V8 compiled the call in the middle of it: the span of depths that was measured is then another.
  for (let pass = 0; pass < 5 && Math.min(interrupted, ended) <= 3; pass += 1) {
    atEveryDepth(name.startsWith("a long text") ? FEW : DEPTHS, attempt, (index) => {
      expectClean(`${name} at depth ${index}`);
      expectWitnesses(`${name} at depth ${index}`);
    });
  }
  expect(interrupted, "calls that were interrupted").toBeGreaterThan(3);
  expect(ended, "calls that were not").toBeGreaterThan(3);
});

test("calls ended by a time-out of vm, wherever", { timeout: 120_000 }, () => {
  for (let round = 0; round < 3; round += 1) {
    for (const [name, call] of Object.entries(calls)) {
      timeOut(call);
      expectClean(name);
      expectWitnesses(name);
    }
  }
});
