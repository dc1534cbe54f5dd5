import { randomBytes } from "node:crypto";
import { LanelockError } from "../../errors.ts";
import type { CipherKey, CipherMode } from "../../kms/ports/index.ts";
import { fromBase64, keyNamePattern } from "./protocol.ts";

/**
 * The store's record of an external key: its name, and the ciphertext of a random plaintext from when it was new. Later the key
 * manager must produce the same ciphertext, so it cannot replace the key unnoticed.
 */
export interface PinnedKey {
  readonly name: string;
  readonly iv: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly answer: Uint8Array;
}

const plaintextLength = 32;
const ivLengths: Readonly<Record<CipherMode, number>> = { GCM: 12, CBC: 16, ECB: 0 };

/** Encrypts a random plaintext twice and decrypts it. A key that passes works, and can be recognized later. */
export async function pin(key: CipherKey, { name, mode }: { name: string; mode: CipherMode }): Promise<PinnedKey> {
  const iv = new Uint8Array(randomBytes(ivLengths[mode]));
  const plaintext = new Uint8Array(randomBytes(plaintextLength));
  const answer = await key.encrypt(request(iv, plaintext));
  const pinned = { name, iv, plaintext, answer };
  await requirePinned(key, pinned);
  const opened = await key.decrypt(request(iv, answer));
  if (Buffer.compare(opened, plaintext) !== 0) throw unlike("does not decrypt what it encrypts");
  return pinned;
}

/** @throws LanelockError `ERR_PROVIDER` when this is not the pinned key */
export async function requirePinned(key: CipherKey, { iv, plaintext, answer }: PinnedKey): Promise<void> {
  const again = await key.encrypt(request(iv, plaintext));
  if (Buffer.compare(again, answer) !== 0) throw unlike("is not the one that was made");
}

function request(iv: Uint8Array, data: Uint8Array) {
  return { iv, data, padding: iv.length === ivLengths.GCM ? undefined : ("NO_PADDING" as const) };
}

function unlike(what: string): LanelockError {
  return new LanelockError("ERR_PROVIDER", `The key manager's key ${what}; it is not used.`);
}

export function encodePinned({ name, iv, plaintext, answer }: PinnedKey): Uint8Array {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  const fields = { form: 1, name, iv: text(iv), plaintext: text(plaintext), answer: text(answer) };
  return new Uint8Array(Buffer.from(JSON.stringify(fields)));
}

/** @throws LanelockError `ERR_INTEGRITY` for bytes that {@link encodePinned} did not write */
export function decodePinned(handle: Uint8Array): PinnedKey {
  try {
    const fields: unknown = JSON.parse(Buffer.from(handle).toString("utf8"));
    if (typeof fields === "object" && fields !== null && "form" in fields && fields.form === 1) {
      const { name, iv, plaintext, answer } = Object.fromEntries(Object.entries(fields));
      const [ivBytes, plaintextBytes, answerBytes] = [iv, plaintext, answer].map(fromBase64);
      if (typeof name === "string" && keyNamePattern.test(name) && ivBytes && plaintextBytes && answerBytes) {
        return { name, iv: ivBytes, plaintext: plaintextBytes, answer: answerBytes };
      }
    }
  } catch {
    // Handled below.
  }
  throw new LanelockError("ERR_INTEGRITY", "The stored handle of an external key is not one that this version wrote.");
}
