import { randomBytes } from "../../shared/random.ts";
import { MAX_ALIAS_CHARACTERS } from "../policy/limits.ts";
import { invalidParameter, KmsError, keyNotFound, missingParameter } from "../ports/errors.ts";

/** The region and account that this store uses in every ARN. */
export interface Realm {
  readonly regionId: string;
  readonly accountId: string;
}

/** A key as a caller names it; there may be no such key. */
export type KeyReference = { readonly keyId: string } | { readonly aliasName: string };

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
const REGION_CODE = "llk";
const KEY_ID = /^[0-9a-z][0-9a-z-]{0,63}$/;
const VERSION_ID = /^[0-9a-z][0-9a-z-]{35}$/;
const ALIAS_NAME = /^alias\/[A-Za-z0-9_/-]+$/;
const ALIAS_PREFIX = "alias/";
const KEY_PREFIX = "key/";

/** Uniform characters of `[0-9a-z]`: bytes past the last multiple of 36 are drawn again. */
function randomCharacters(count: number): string {
  let result = "";
  while (result.length < count) {
    for (const byte of randomBytes(count * 2)) {
      if (byte < 252 && result.length < count) result += ALPHABET[byte % 36];
    }
  }
  return result;
}

/** `key-` ‖ region code of 3 ‖ 18 random characters: 25 in all, as the service forms them. */
export function newKeyId(): string {
  return `key-${REGION_CODE}${randomCharacters(18)}`;
}

/** Key id ‖ `-` ‖ random characters: 36 in all for a key id of any length. */
export function newVersionId(keyId: string): string {
  const stem = keyId.length <= 25 ? keyId : keyId.slice(0, 25);
  return `${stem}-${randomCharacters(35 - stem.length)}`;
}

/** 36 random characters, 186 bits: an import token's id gives access to its wrapping key. */
export function newTokenId(): string {
  return randomCharacters(36);
}

export function keyArn(realm: Realm, keyId: string): string {
  return `acs:kms:${realm.regionId}:${realm.accountId}:key/${keyId}`;
}

export function aliasArn(realm: Realm, aliasName: string): string {
  return `acs:kms:${realm.regionId}:${realm.accountId}:${aliasName}`;
}

export function isKeyId(text: string): boolean {
  return KEY_ID.test(text);
}

export function isVersionId(text: string): boolean {
  return VERSION_ID.test(text);
}

/** The string a request gives for a parameter that must be there. */
export function requiredString(value: unknown, parameter: string): string {
  if (value === undefined || value === null) throw missingParameter(parameter);
  if (typeof value !== "string") throw invalidParameter(parameter, "It must be a string.");
  return value;
}

/**
 * Reads a KeyId: a key id, an alias, or the ARN of either in this realm.
 *
 * @throws KmsError `Forbidden.KeyNotFound` for what can name no key
 */
export function keyReference(value: unknown, realm: Realm, parameter = "KeyId"): KeyReference {
  const text = requiredString(value, parameter);
  const stem = aliasArn(realm, "");
  const resource = text.startsWith(stem) ? text.slice(stem.length) : undefined;
  const name = resource ?? text;
  if (name.startsWith(ALIAS_PREFIX)) {
    if (!ALIAS_NAME.test(name) || name.length > ALIAS_PREFIX.length + MAX_ALIAS_CHARACTERS) throw keyNotFound();
    return { aliasName: name };
  }
  const keyId = resource?.startsWith(KEY_PREFIX) ? resource.slice(KEY_PREFIX.length) : text;
  if (!isKeyId(keyId)) throw keyNotFound();
  return { keyId };
}

/**
 * Reads a KeyId where the service takes no alias: a key id or the ARN of a key.
 *
 * @throws KmsError `Unsupported.Alias`, `Forbidden.KeyNotFound`
 */
export function keyIdOnly(value: unknown, realm: Realm, parameter = "KeyId"): string {
  const text = requiredString(value, parameter);
  if (text.startsWith(ALIAS_PREFIX) || text.startsWith(aliasArn(realm, ALIAS_PREFIX))) {
    throw new KmsError("Unsupported.Alias", "Alias is not valid for this api.");
  }
  const reference = keyReference(text, realm, parameter);
  if (!("keyId" in reference)) throw keyNotFound();
  return reference.keyId;
}

/** Reads the AliasName of a new alias: `alias/` and 1 to 255 of `[A-Za-z0-9_/-]`, `alias/acs…` being the service's own. */
export function newAliasName(value: unknown): string {
  const text = requiredString(value, "AliasName");
  if (!ALIAS_NAME.test(text) || text.length > ALIAS_PREFIX.length + MAX_ALIAS_CHARACTERS) {
    throw invalidParameter("AliasName", 'It must be "alias/" and 1 to 255 letters, digits, "_", "/" and "-".');
  }
  if (text.startsWith("alias/acs")) throw invalidParameter("AliasName", '"alias/acs" is reserved.');
  return text;
}
