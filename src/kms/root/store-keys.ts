import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { LanelockError } from "../../errors.ts";
import { concatBytes, type Field, lengthPrefixed } from "../../shared/encoding.ts";
import { HmacSha256 } from "../../shared/hash/sha256.ts";
import { randomBytes } from "../../shared/random.ts";
import type { KeyBinding, MaterialCipher, MaterialWrapper } from "../ports/index.ts";

const FORMAT = 1;
const NONCE_LENGTH = 12;
const KEY_LENGTH = 32;

/** Keys that outlive a change of the root key: what they made must stay verifiable. */
const CARRIED = ["audit", "fingerprint", "context-digest"] as const;
export type CarriedPurpose = (typeof CARRIED)[number];

/**
 * Everything derived from the root secret of one store. Each key is HKDF-SHA-256 with
 * `info = lengthPrefixed(store id, key id, version id, purpose)`, so no two things are ever protected by one key.
 *
 * Wrapped material: `format 1 ‖ nonce 12 ‖ AES-256-GCM ciphertext ‖ tag 16`, under the key of its key id, version id and
 * purpose, with the format and the whole policy (KeySpec, usage, origin, protection level, mode) as AAD.
 */
export class StoreKeys implements MaterialWrapper {
  readonly storeId: string;
  readonly #cipher: MaterialCipher;
  readonly #pseudorandom: Uint8Array;
  readonly #rowMac: HmacSha256;
  readonly #macs = new Map<CarriedPurpose, HmacSha256>();
  readonly #carried: Map<CarriedPurpose, Uint8Array>;

  constructor(storeId: string, secret: Uint8Array, cipher: MaterialCipher) {
    this.storeId = storeId;
    this.#cipher = cipher;
    this.#pseudorandom = extract(sha256, secret, lengthPrefixed(["lanelock store", storeId]));
    const rowKey = this.#derive(["", "", "row"]);
    this.#rowMac = new HmacSha256(rowKey);
    rowKey.fill(0);
    this.#carried = new Map(CARRIED.map((purpose) => [purpose, this.#derive(["", "", purpose])]));
  }

  #derive(names: readonly [keyId: string, versionId: string, purpose: string]): Uint8Array {
    return expand(sha256, this.#pseudorandom, lengthPrefixed([this.storeId, ...names]), KEY_LENGTH);
  }

  /** 32 bytes that tell a wrong root key from the right one without helping to find it. */
  rootCheck(): Uint8Array {
    return this.#derive(["", "", "root-check"]);
  }

  /** The MAC of a row: 32 bytes over the table's name and every column. An audit anchor belongs to its chain, and its key. */
  mac(table: string, fields: readonly Field[]): Uint8Array {
    if (table === "anchor") return this.keyedDigest("audit", lengthPrefixed([table, ...fields]));
    return this.#rowMac.digest(lengthPrefixed([table, ...fields]));
  }

  /** HMAC-SHA-256 under one of the carried keys. */
  keyedDigest(purpose: CarriedPurpose, data: Uint8Array): Uint8Array {
    const mac = this.#macs.get(purpose) ?? new HmacSha256(this.carried(purpose));
    this.#macs.set(purpose, mac);
    return mac.digest(data);
  }

  carried(purpose: CarriedPurpose): Uint8Array {
    const key = this.#carried.get(purpose);
    if (!key) throw new LanelockError("ERR_STATE", "The KMS is closed.");
    return key;
  }

  wrap(binding: KeyBinding, material: Uint8Array): Uint8Array {
    const key = this.#derive([binding.keyId, binding.versionId, binding.purpose]);
    const nonce = randomBytes(NONCE_LENGTH);
    try {
      const sealed = this.#cipher.seal({ key, nonce, data: material, aad: bindingAad(binding) });
      return concatBytes(Uint8Array.of(FORMAT), nonce, sealed);
    } finally {
      key.fill(0);
    }
  }

  unwrap(binding: KeyBinding, wrapped: Uint8Array): Uint8Array {
    if (wrapped[0] !== FORMAT) throw damaged(binding.keyId);
    const key = this.#derive([binding.keyId, binding.versionId, binding.purpose]);
    try {
      const nonce = wrapped.subarray(1, 1 + NONCE_LENGTH);
      return this.#cipher.open({ key, nonce, data: wrapped.subarray(1 + NONCE_LENGTH), aad: bindingAad(binding) });
    } catch (cause) {
      throw damaged(binding.keyId, cause);
    } finally {
      key.fill(0);
    }
  }

  /** The carried keys of this store, wrapped under `next`: what a change of the root key writes down. */
  carryTo(next: StoreKeys): Uint8Array {
    const keys = concatBytes(...CARRIED.map((purpose) => this.carried(purpose)));
    try {
      return next.wrap(CARRIED_BINDING, keys);
    } finally {
      keys.fill(0);
    }
  }

  /** Takes over carried keys written by {@link carryTo}. */
  adoptCarried(wrapped: Uint8Array): void {
    const keys = this.unwrap(CARRIED_BINDING, wrapped);
    CARRIED.forEach((purpose, index) => {
      this.carried(purpose).set(keys.subarray(index * KEY_LENGTH, (index + 1) * KEY_LENGTH));
    });
    keys.fill(0);
  }

  dispose(): void {
    this.#pseudorandom.fill(0);
    this.#rowMac.dispose();
    for (const mac of this.#macs.values()) mac.dispose();
    this.#macs.clear();
    for (const key of this.#carried.values()) key.fill(0);
    this.#carried.clear();
  }
}

const CARRIED_BINDING: KeyBinding = {
  purpose: "carried",
  keyId: "",
  versionId: "",
  keySpec: "Aliyun_AES_256",
  keyUsage: "ENCRYPT/DECRYPT",
  origin: "Aliyun_KMS",
  protectionLevel: "SOFTWARE",
  mode: "NONE",
};

function bindingAad(binding: KeyBinding): Uint8Array {
  const { keySpec, keyUsage, origin, protectionLevel, mode } = binding;
  return lengthPrefixed([FORMAT, keySpec, keyUsage, origin, protectionLevel, mode]);
}

function damaged(keyId: string, cause?: unknown): LanelockError {
  const what = keyId === "" ? "the store's own keys" : `key ${keyId}`;
  return new LanelockError(
    "ERR_INTEGRITY",
    `The stored material of ${what} is not what was written there. Restore the store from a backup.`,
    { cause },
  );
}
