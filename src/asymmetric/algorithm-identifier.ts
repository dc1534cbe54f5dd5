import type { EcKeySpec, RsaKeySpec } from "../shared/algorithms.ts";
import { type DerElement, type DerReader, element, malformed, sequence, tags } from "./der.ts";
import { curveIdentifier, ecSpec } from "./key-parts.ts";
import { isRsa } from "./key-specs.ts";

const rsaEncryption = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01);
const ecPublicKey = Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01);

/**
 * The family, and for EC the curve, that an AlgorithmIdentifier names: rsaEncryption with NULL parameters (RFC 8017
 * §A.1) or id-ecPublicKey with a named curve (RFC 5480 §2.1.1). Curves given by their parameters are refused.
 */
export function readAlgorithm(reader: DerReader): "RSA" | EcKeySpec {
  const algorithm = reader.sequence();
  const identifier = `${algorithm.read(tags.objectIdentifier)}`;
  if (identifier !== `${rsaEncryption}` && identifier !== `${ecPublicKey}`) {
    throw malformed("it is neither an RSA key (rsaEncryption) nor an EC key (id-ecPublicKey)");
  }
  const isRsaKey = identifier === `${rsaEncryption}`;
  const parameters = algorithm.read(isRsaKey ? tags.null : tags.objectIdentifier);
  algorithm.end();
  if (!isRsaKey) return ecSpec(parameters);
  if (parameters.length !== 0) throw malformed("a NULL in its DER is not empty");
  return "RSA";
}

export function algorithmIdentifier(spec: RsaKeySpec | EcKeySpec): DerElement {
  return isRsa(spec)
    ? sequence(element(tags.objectIdentifier, rsaEncryption), element(tags.null))
    : sequence(element(tags.objectIdentifier, ecPublicKey), element(tags.objectIdentifier, curveIdentifier(spec)));
}
