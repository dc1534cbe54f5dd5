import { withKey } from "../objects/operation.ts";
import { readAttributes, type TokenObject } from "../objects/token-object.ts";
import { CKA, CKD_NULL, CKK, CKM, CKO, PARAMETERS } from "../session/constants.ts";
import type { Attribute, Mechanism } from "../session/cryptoki.ts";
import { calling } from "../session/token-error.ts";

/** The x-coordinate of a 256-bit curve, 32 bytes, as a key that may leave the token and ends with its session. */
const sharedSecret: readonly Attribute[] = [
  { type: CKA.CLASS, value: CKO.SECRET_KEY },
  { type: CKA.KEY_TYPE, value: CKK.GENERIC_SECRET },
  { type: CKA.TOKEN, value: false },
  { type: CKA.SENSITIVE, value: false },
  { type: CKA.EXTRACTABLE, value: true },
  { type: CKA.VALUE_LEN, value: 32 },
];

/**
 * ECDH of a token's private key with a point, without a key derivation.
 *
 * The call is synchronous, because pkcs11js 2.1 leaks the template of every C_DeriveKeyAsync, some hundred bytes. It takes a software
 * token a millisecond.
 *
 * @param point 65 bytes, checked to lie on the key's curve
 * @returns the x-coordinate, 32 bytes; the caller wipes it
 */
export function sharedX(key: TokenObject, point: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
  const { token } = key;
  const parameter = { type: PARAMETERS.EC_DH, kdf: CKD_NULL, publicData: Buffer.from(point) };
  const mechanism: Mechanism = { mechanism: CKM.ECDH1_DERIVE, parameter };
  return withKey(key, signal, (session, privateKey) => {
    const derive = () => token.api.C_DeriveKey(session.handle, mechanism, privateKey, [...sharedSecret]);
    const handle = calling("C_DeriveKey", derive);
    const [value] = readAttributes(token, { session, handle, types: [CKA.VALUE] });
    calling("C_DestroyObject", () => token.api.C_DestroyObject(session.handle, handle));
    return value ?? Buffer.alloc(0);
  });
}
