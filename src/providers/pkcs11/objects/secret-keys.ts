import { CKA, CKK, CKM, CKO } from "../session/constants.ts";
import type { Attribute, Handle } from "../session/cryptoki.ts";
import type { Session, Token } from "../session/token.ts";
import { calling, callingAsync } from "../session/token-error.ts";
import { createObject } from "./new-objects.ts";
import type { ObjectIdentity } from "./token-object.ts";

export interface NewSecretKey {
  readonly id: Buffer;
  readonly label: string;
  /** The mechanism of the key, and the only one where the token can restrict it. */
  readonly mechanism: number;
  readonly signal?: AbortSignal | undefined;
}

export function aesIdentity({ id, label }: { id?: Buffer | undefined; label: string }): ObjectIdentity {
  return { objectClass: CKO.SECRET_KEY, keyType: CKK.AES, id, label };
}

/** @param length 16, 24 or 32 bytes */
export function generateAesKey(token: Token, wanted: NewSecretKey & { readonly length: number }): Promise<void> {
  const length: Attribute = { type: CKA.VALUE_LEN, value: wanted.length };
  return createSecretKey(token, { ...wanted, keyType: CKK.AES }, generation(token, CKM.AES_KEY_GEN, [length]));
}

/** @param material 16, 24 or 32 bytes; not changed */
export function storeAesKey(token: Token, wanted: NewSecretKey & { readonly material: Uint8Array }): Promise<void> {
  return createSecretKey(token, { ...wanted, keyType: CKK.AES }, storage(token, wanted.material));
}

export interface VendorKey extends NewSecretKey {
  readonly keyType: number;
}

export function generateVendorKey(token: Token, wanted: VendorKey & { readonly generator: number }): Promise<void> {
  return createSecretKey(token, wanted, generation(token, wanted.generator, []));
}

export function storeVendorKey(token: Token, wanted: VendorKey & { readonly material: Uint8Array }): Promise<void> {
  return createSecretKey(token, wanted, storage(token, wanted.material));
}

type Make = (session: Session, template: Attribute[]) => Handle | Promise<Handle>;

function generation({ api, module }: Token, generator: number, more: readonly Attribute[]): Make {
  const mechanism = { mechanism: generator };
  return ({ handle }, template) =>
    callingAsync("C_GenerateKey", () =>
      module.running(api.C_GenerateKeyAsync(handle, mechanism, [...template, ...more])),
    );
}

function storage({ api }: Token, material: Uint8Array): Make {
  // A view: pkcs11js copies it for the call, and the caller wipes its bytes afterwards.
  const value = Buffer.from(material.buffer, material.byteOffset, material.byteLength);
  return ({ handle }, template) =>
    calling("C_CreateObject", () => api.C_CreateObject(handle, [...template, { type: CKA.VALUE, value }]));
}

function createSecretKey(token: Token, wanted: VendorKey, make: Make): Promise<void> {
  const { id, label, keyType, mechanism, signal } = wanted;
  const identity = { objectClass: CKO.SECRET_KEY, keyType, id, label };
  return createObject(token, { identity, usages: ["encrypt", "decrypt"], onlyMechanism: mechanism, signal, make });
}
