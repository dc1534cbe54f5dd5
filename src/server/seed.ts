import { createHash } from "node:crypto";
import { LanelockError } from "../errors.ts";
import { type Kms, KmsError, type SeedKeyRequest } from "../kms/index.ts";
import { checkNames } from "../shared/known-names.ts";
import type { AccessKeys } from "./access/access-keys.ts";
import { equalTexts } from "./protocol/equal-texts.ts";

/** A key of given material, so that its ciphertexts and signatures are valid wherever the seed is used. */
export interface SeededKey extends Partial<Omit<SeedKeyRequest, "keyId" | "material">> {
  readonly keyId: string;
  /** Base64: raw bytes of a symmetric key, PKCS#8 DER of a private key. */
  readonly material: string;
  readonly aliases?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface SeededAccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly name?: string;
  /** A RAM policy as an object; everything is allowed without one. */
  readonly policy?: object;
}

export interface Seed {
  readonly keys?: readonly SeededKey[];
  readonly accessKeys?: readonly SeededAccessKey[];
}

const KEY_NAMES = [
  ...["keyId", "keyVersionId", "material", "keySpec", "keyUsage", "protectionLevel", "importMode"],
  ...["description", "aliases", "tags"],
];
const VERSION_LENGTH = 36;

/**
 * Makes the contents of a seed: keys with their material, aliases, tags and access keys. Applied again, it changes nothing; it corrects
 * differences from the seed, except material and secrets, which never change.
 *
 * @throws LanelockError `ERR_ARGUMENT` that names what is wrong in the seed; KmsError from the KMS, which must allow seeding
 */
export async function applySeed(seed: Seed, { kms, accessKeys }: { kms: Kms; accessKeys: AccessKeys }): Promise<void> {
  const { keys, users } = checked(seed);
  for (const key of keys) await seedKey(kms, key);
  if (users.length === 0) return;
  const known = new Map((await accessKeys.secrets()).map((one) => [one.accessKeyId, one]));
  for (const { accessKeyId, accessKeySecret, name = accessKeyId, policy } of users) {
    const text = policy && JSON.stringify(policy);
    const old = known.get(accessKeyId);
    if (old === undefined) {
      await accessKeys.create({ accessKeyId, accessKeySecret, name, policy: text });
    } else if (!equalTexts(old.accessKeySecret, accessKeySecret)) {
      throw wrong(`The access key ${accessKeyId} of the seed exists with another secret. Delete it first.`);
    } else if (text !== undefined && text !== old.policy) {
      await accessKeys.setPolicy(accessKeyId, text);
    }
  }
}

async function seedKey(kms: Kms, { material, aliases = [], tags = {}, ...key }: SeededKey): Promise<void> {
  const bytes = new Uint8Array(Buffer.from(material, "base64"));
  try {
    await kms.seedKey({ ...key, keyVersionId: key.keyVersionId ?? versionIdOf(key.keyId), material: bytes });
  } finally {
    bytes.fill(0);
  }
  for (const aliasName of aliases) await nameKey(kms, { aliasName, keyId: key.keyId });
  const wanted = Object.entries(tags).map(([tagKey, tagValue]) => ({ tagKey, tagValue }));
  if (wanted.length > 0) await kms.tagResource({ keyId: key.keyId, tags: wanted });
}

async function nameKey(kms: Kms, alias: { readonly aliasName: string; readonly keyId: string }): Promise<void> {
  try {
    await kms.createAlias(alias);
  } catch (error) {
    if (!(error instanceof KmsError && error.code === "AliasAlreadyExists")) throw error;
    await kms.updateAlias(alias);
  }
}

/** Always the same for a key id: its first 25 characters, a hyphen, and hex digits of its SHA-256, 36 in all. */
function versionIdOf(keyId: string): string {
  const stem = keyId.slice(0, 25);
  const digest = createHash("sha256").update(keyId).digest("hex");
  return `${stem}-${digest.slice(0, VERSION_LENGTH - 1 - stem.length)}`;
}

function checked(seed: Seed): { readonly keys: readonly SeededKey[]; readonly users: readonly SeededAccessKey[] } {
  if (typeof seed !== "object" || seed === null) throw wrong("A seed must be { keys, accessKeys }.");
  checkNames(seed, ["keys", "accessKeys"], "The seed");
  const { keys = [], accessKeys: users = [] } = seed;
  if (!Array.isArray(keys) || !Array.isArray(users)) throw wrong("keys and accessKeys of a seed must be lists.");
  for (const [index, key] of keys.entries()) {
    if (typeof key !== "object" || key === null) throw wrong(`Key ${index + 1} of the seed must be an object.`);
    checkNames(key, KEY_NAMES, `Key ${index + 1} of the seed`);
    if (typeof key.keyId !== "string" || typeof key.material !== "string") {
      throw wrong(`Key ${index + 1} of the seed must have keyId and, in Base64, material.`);
    }
  }
  for (const [index, user] of users.entries()) {
    if (typeof user !== "object" || user === null)
      throw wrong(`Access key ${index + 1} of the seed must be an object.`);
    checkNames(user, ["accessKeyId", "accessKeySecret", "name", "policy"], `Access key ${index + 1} of the seed`);
    if (typeof user.accessKeyId !== "string" || typeof user.accessKeySecret !== "string") {
      throw wrong(`Access key ${index + 1} of the seed must have accessKeyId and accessKeySecret.`);
    }
  }
  return { keys, users };
}

function wrong(message: string): LanelockError {
  return new LanelockError("ERR_ARGUMENT", message);
}
