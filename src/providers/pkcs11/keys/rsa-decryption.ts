import { randomBytes } from "node:crypto";
import type { RsaPublicParts } from "../../../asymmetric/key-parts.ts";
import { unpadOaep } from "../../../asymmetric/oaep-unpadding.ts";
import type { PublicKey } from "../../../asymmetric/public-key.ts";
import { undecryptable } from "../../../asymmetric/runtime.ts";
import type { AsymmetricCipherRequest } from "../../../kms/ports/index.ts";
import { oaepMechanisms } from "../capabilities/trials.ts";
import { operate } from "../objects/operation.ts";
import type { TokenObject } from "../objects/token-object.ts";
import { CKM } from "../session/constants.ts";
import type { Mechanism } from "../session/cryptoki.ts";
import { judgeRefusal } from "./refused-ciphertext.ts";

export interface RsaDecryptionKey {
  readonly object: TokenObject;
  readonly parts: RsaPublicParts;
  readonly publicKey: PublicKey;
}

/**
 * RSAES-OAEP decryption (RFC 8017 §7.1.2) with a token's private key.
 *
 * @param onToken whether the token removes the padding; otherwise it does raw RSA, and the padding is removed here
 * @throws LanelockError `ERR_AUTHENTICATION` for every fault of the ciphertext
 */
export function decryptOaep(
  key: RsaDecryptionKey,
  request: AsymmetricCipherRequest,
  onToken: boolean,
): Promise<Uint8Array> {
  const { modulus } = key.parts;
  if (request.data.length !== modulus.length || Buffer.compare(request.data, modulus) >= 0) throw undecryptable();
  return onToken ? decryptOnToken(key, request) : decryptPower(key, request);
}

async function decryptOnToken(key: RsaDecryptionKey, request: AsymmetricCipherRequest): Promise<Uint8Array> {
  const { algorithm, data, signal } = request;
  if (algorithm === "ECIES_DH_SHA_1_XOR_HMAC") throw undecryptable();
  const decrypt = async (ciphertext: Uint8Array) => {
    const output = await run(key, { mechanism: oaepMechanisms[algorithm], data: ciphertext, signal });
    return new Uint8Array(output);
  };
  const probe = async () => {
    const message = randomBytes(16);
    return message.equals(await decrypt(await key.publicKey.encrypt({ algorithm, data: message })));
  };
  try {
    return await decrypt(data);
  } catch (error) {
    return judgeRefusal(error, { probe, again: () => decrypt(data) });
  }
}

async function decryptPower(key: RsaDecryptionKey, request: AsymmetricCipherRequest): Promise<Uint8Array> {
  const { algorithm, data, signal } = request;
  const power = await run(key, { mechanism: { mechanism: CKM.RSA_X_509 }, data, signal });
  // Some tokens drop the leading zeros.
  const encoded = new Uint8Array(key.parts.modulus.length);
  encoded.set(power, encoded.length - power.length);
  power.fill(0);
  try {
    return unpadOaep(algorithm === "RSAES_OAEP_SHA_256" ? "SHA-256" : "SHA-1", encoded);
  } finally {
    encoded.fill(0);
  }
}

function run(
  { object, parts }: RsaDecryptionKey,
  { mechanism, data, signal }: { mechanism: Mechanism; data: Uint8Array; signal: AbortSignal | undefined },
): Promise<Buffer> | Buffer {
  return operate(object, { kind: "decrypt", mechanism, data, room: parts.modulus.length, quick: false, signal });
}
