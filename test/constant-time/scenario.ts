import { createHash } from "node:crypto";
import type { Secret } from "./secret.ts";
import type { Callable } from "./trace.ts";

/** Calls of a module's exports in which everything but the secret is fixed. */
export interface Scenario {
  readonly name: string;
  /** How many verdicts there are, if there are any: as many trials for each. */
  readonly verdicts?: number;
  /** Returns what the caller learns from it: nothing, or the verdict on a message. */
  run(engine: EngineCalls, secret: Secret): number | undefined;
}

export interface CipherCase {
  readonly cipher: "aes" | "sm4";
  readonly keyLength: number;
}

const declared = new WeakSet<Uint8Array>();

/** Declares bytes that a scenario writes public. Everything else counts as secret (test/proof/). */
export function declarePublic<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  declared.add(bytes);
  return bytes;
}

export const isPublic = (bytes: Uint8Array): boolean => declared.has(bytes);

/** Bytes that are public and the same in every trial. */
export function publicBytes(length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  return declarePublic(createHash("shake256", { outputLength: length }).update(`public ${length}`).digest());
}

/** An engine seen by its exports, its memory laid out as the host would. */
export class EngineCalls {
  readonly #functions: Callable["functions"];
  readonly memory: Uint8Array;
  readonly io: number;
  readonly nonce: number;
  /** Three slots: of a key, of another, of a run. */
  readonly slot: number;
  readonly otherSlot: number;
  readonly run: number;

  constructor({ functions, memory }: Callable) {
    this.#functions = functions;
    this.memory = memory;
    this.io = this.call("io");
    this.nonce = this.call("nonce");
    this.slot = this.call("slotsStart");
    this.otherSlot = this.slot + 32768;
    this.run = this.slot + 65536;
  }

  call(name: string, ...parameters: number[]): number {
    const exported = this.#functions[name];
    if (!exported) throw new Error(`The module exports no ${name}`);
    return exported(...parameters);
  }

  write(at: number, bytes: Uint8Array): void {
    this.memory.set(bytes, at);
  }

  /** Expands a secret key into the slot; with `gcm`, the hash key too. */
  expand({ cipher, keyLength }: CipherCase, secret: Secret, gcm = false): number {
    this.write(this.io, secret.bytes(keyLength));
    this.call(`${cipher}Expand`, this.slot, this.io, keyLength);
    if (gcm) this.call(`${cipher}GcmExpand`, this.slot);
    this.memory.fill(0, this.io, this.io + keyLength);
    return this.slot;
  }
}
