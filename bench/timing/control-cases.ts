import { randomFillSync } from "node:crypto";
import { compile } from "../../test/constant-time/compile.ts";
import type { TimingCase } from "./case.ts";
import { onePaddingByte, oneWrongBit } from "./engine-cases.ts";

// The controls of the trace test, compiled by the engine's options: what leaks must be seen to leak.

type Exports = Record<string, (...parameters: number[]) => number>;

export async function controlCases(): Promise<TimingCase[]> {
  const code = await compile({ build: "plain", entry: "test/constant-time/controls/index.ts" });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(code)));
  if (!(exports.memory instanceof WebAssembly.Memory)) throw new Error("The control exports no memory");
  const bytes = new Uint8Array(exports.memory.buffer);
  const { aesExpand, aesEcbEncrypt, paddingLength, sm4GcmVerify, io, slotsStart } = exports as Exports;
  if (!aesExpand || !aesEcbEncrypt || !paddingLength || !sm4GcmVerify || !io || !slotsStart)
    throw new Error("Not the control");
  const [at, slot] = [io(), slotsStart()];
  const place = (secret: Uint8Array) => bytes.set(secret, at);
  aesExpand(slot, at, 16);
  const repeat = (work: () => void) => () => {
    for (let i = 0; i < 64; i++) work();
  };
  return [
    {
      name: "AES-128 by tables, 1 block",
      control: true,
      fixed: new Uint8Array(16),
      random: (secret) => void randomFillSync(secret),
      place,
      work: () => aesEcbEncrypt(slot, at, 16),
    },
    {
      name: "comparison that stops early, 64 times",
      control: true,
      ...oneWrongBit,
      place,
      work: repeat(() => sm4GcmVerify(slot, slot + 1024, at, 16)),
    },
    {
      name: "padding check that stops early, 64 times",
      control: true,
      ...onePaddingByte,
      place,
      work: repeat(() => paddingLength(at)),
    },
  ];
}
