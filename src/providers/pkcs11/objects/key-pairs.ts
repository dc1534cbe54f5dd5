import { malformed } from "../../../asymmetric/der.ts";
import { isRsaParts } from "../../../asymmetric/key-parts.ts";
import { parsePkcs8 } from "../../../asymmetric/pkcs8.ts";
import { encodeSpki } from "../../../asymmetric/spki.ts";
import type { AsymmetricKeySpec, EcKeySpec, KeyUsage } from "../../../kms/ports/index.ts";
import { modulusBits } from "../capabilities/mechanisms.ts";
import { curveParameters } from "../capabilities/trials.ts";
import { CKA, CKK, CKM, CKO } from "../session/constants.ts";
import type { Attribute, Handle } from "../session/cryptoki.ts";
import type { Session, Token } from "../session/token.ts";
import { calling, callingAsync } from "../session/token-error.ts";
import { createObject, type Usage } from "./new-objects.ts";
import { type ObjectIdentity, readAttributes } from "./token-object.ts";

export interface NewKeyPair {
  readonly keySpec: AsymmetricKeySpec;
  readonly keyUsage: KeyUsage;
  readonly id: Buffer;
  readonly label: string;
  readonly signal?: AbortSignal | undefined;
}

export function privateKeyIdentity(key: { keySpec: AsymmetricKeySpec; id: Buffer; label: string }): ObjectIdentity {
  const { id, label } = key;
  return { objectClass: CKO.PRIVATE_KEY, keyType: isEc(key.keySpec) ? CKK.EC : CKK.RSA, id, label };
}

/** Generates a pair in the thread pool: RSA takes seconds. The public key does not stay on the token. @returns the public key, SPKI */
export async function generateKeyPair(token: Token, wanted: NewKeyPair): Promise<Uint8Array> {
  const { keySpec } = wanted;
  let publicKey = new Uint8Array(0);
  await createPrivateKey(token, wanted, async (session, template) => {
    const { api, module } = token;
    const mechanism = { mechanism: isEc(keySpec) ? CKM.EC_KEY_PAIR_GEN : CKM.RSA_PKCS_KEY_PAIR_GEN };
    const pair = await callingAsync("C_GenerateKeyPair", () =>
      module.running(api.C_GenerateKeyPairAsync(session.handle, mechanism, publicTemplate(keySpec), template)),
    );
    publicKey = readPublicKey(token, { session, handle: pair.publicKey, keySpec });
    calling("C_DestroyObject", () => api.C_DestroyObject(session.handle, pair.publicKey));
    return pair.privateKey;
  });
  return publicKey;
}

/** Stores a private key. @param pkcs8 as `importPrivateKey` returns it; not changed */
export async function storePrivateKey(token: Token, wanted: NewKeyPair, pkcs8: Uint8Array): Promise<void> {
  const copy = new Uint8Array(pkcs8);
  const material = privateMaterial(copy);
  try {
    await createPrivateKey(token, wanted, ({ handle }, template) =>
      calling("C_CreateObject", () => token.api.C_CreateObject(handle, [...template, ...material])),
    );
  } finally {
    copy.fill(0);
  }
}

function createPrivateKey(
  token: Token,
  wanted: NewKeyPair,
  make: (session: Session, template: Attribute[]) => Handle | Promise<Handle>,
): Promise<void> {
  const { id, keySpec, keyUsage, signal } = wanted;
  const usage: Usage = keyUsage === "SIGN/VERIFY" ? "sign" : isEc(keySpec) ? "derive" : "decrypt";
  const identity = { ...privateKeyIdentity(wanted), id };
  return createObject(token, { identity, usages: [usage], signal, make });
}

function isEc(keySpec: AsymmetricKeySpec): keySpec is EcKeySpec {
  return keySpec === "EC_P256" || keySpec === "EC_P256K";
}

function publicTemplate(keySpec: AsymmetricKeySpec): Attribute[] {
  const ofSession = { type: CKA.TOKEN, value: false };
  if (isEc(keySpec)) return [ofSession, { type: CKA.EC_PARAMS, value: curveParameters[keySpec] }];
  return [
    ofSession,
    { type: CKA.MODULUS_BITS, value: modulusBits[keySpec] },
    { type: CKA.PUBLIC_EXPONENT, value: Buffer.from([1, 0, 1]) },
  ];
}

function readPublicKey(
  token: Token,
  { session, handle, keySpec: spec }: { session: Session; handle: Handle; keySpec: AsymmetricKeySpec },
): Uint8Array<ArrayBuffer> {
  const types = isEc(spec) ? [CKA.EC_POINT] : [CKA.MODULUS, CKA.PUBLIC_EXPONENT];
  const [first = Buffer.alloc(0), publicExponent = Buffer.alloc(0)] = readAttributes(token, { session, handle, types });
  if (!isEc(spec)) return encodeSpki({ spec, modulus: first, publicExponent });
  // PKCS#11 wraps the point in an OCTET STRING (04 41); some tokens do not.
  const point = first.length === 67 ? first.subarray(2) : first;
  if (point.length !== 65 || point[0] !== 4) throw malformed("the token returned no uncompressed point");
  return encodeSpki({ spec, point });
}

/** The attributes of a private key object that are not in its template: views of `pkcs8`. */
function privateMaterial(pkcs8: Uint8Array): Attribute[] {
  const parts = parsePkcs8(pkcs8);
  const attribute = (type: number, value: Uint8Array): Attribute => {
    return { type, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength) };
  };
  if (!isRsaParts(parts)) {
    return [{ type: CKA.EC_PARAMS, value: curveParameters[parts.spec] }, attribute(CKA.VALUE, parts.scalar)];
  }
  return [
    attribute(CKA.MODULUS, parts.modulus),
    attribute(CKA.PUBLIC_EXPONENT, parts.publicExponent),
    attribute(CKA.PRIVATE_EXPONENT, parts.privateExponent),
    attribute(CKA.PRIME_1, parts.prime1),
    attribute(CKA.PRIME_2, parts.prime2),
    attribute(CKA.EXPONENT_1, parts.exponent1),
    attribute(CKA.EXPONENT_2, parts.exponent2),
    attribute(CKA.COEFFICIENT, parts.coefficient),
  ];
}
