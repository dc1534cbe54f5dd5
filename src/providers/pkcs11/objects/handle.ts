import { LanelockError } from "../../../errors.ts";

// What the store keeps of a token's key:
//
//     form (1) ‖ CKA_ID (20)                                          form 1: the key is the token object
//     form (1) ‖ CKA_ID (20) ‖ IV (12) ‖ sealed SM4 key (16 + 16)     form 2: the object is the AES key that seals it

export const idLength = 20;
const sealedLength = 12 + 16 + 16;

export interface TokenHandle {
  readonly id: Buffer;
  readonly sealed?: Buffer;
}

export function encodeHandle({ id, sealed }: TokenHandle): Uint8Array {
  return new Uint8Array(Buffer.concat([Buffer.of(sealed ? 2 : 1), id, sealed ?? Buffer.alloc(0)]));
}

/** @throws LanelockError `ERR_INTEGRITY` for bytes that {@link encodeHandle} did not write */
export function decodeHandle(handle: Uint8Array): TokenHandle {
  const form = handle[0];
  const bytes = Buffer.from(handle.subarray(1));
  if (form === 1 && bytes.length === idLength) return { id: bytes };
  if (form === 2 && bytes.length === idLength + sealedLength) {
    return { id: bytes.subarray(0, idLength), sealed: bytes.subarray(idLength) };
  }
  throw new LanelockError("ERR_INTEGRITY", "The stored handle of a key on a token is not one that this version wrote.");
}
