import { whenReady } from "../../shared/maybe-promise.ts";
import type { Call } from "../core/call.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import type { SignatureAlgorithm } from "../ports/index.ts";
import { bytes } from "../schema/bytes.ts";
import { fields } from "../schema/schema.ts";
import { string } from "../schema/text.ts";
import { type AsymmetricAnswer, useAsymmetricKey } from "../use/asymmetric-key.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type SignedFields, signedFields, signedOf } from "./parts/signed.ts";

export type { MessageType, SignedFields } from "./parts/signed.ts";

export interface AsymmetricSignRequest extends SignedFields {}

export interface AsymmetricSignResponse extends AsymmetricAnswer {
  /** As long as the modulus (RSA), or DER of at most 72 bytes (ECDSA). */
  readonly value: Uint8Array;
}

export const asymmetricSign = operation({
  name: "AsymmetricSign",
  plane: "data",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Signs a digest, or a message.",
  errors: ["Rejected.UnsupportedOperation", "UnsupportedOperation"],
  request: fields<AsymmetricSignRequest>()(signedFields),
  response: fields<AsymmetricSignResponse>()({
    keyId: string(),
    keyVersionId: string(),
    value: bytes({ lengths: "as long as the modulus (RSA), or DER of at most 72 bytes (ECDSA)" }),
  }),
});

export function runAsymmetricSign(call: Call, request: ReadOf<typeof asymmetricSign>) {
  const { messageType, data } = signedOf(request);
  const { signal } = call;
  const used = useAsymmetricKey<SignatureAlgorithm, Uint8Array>(call, {
    usage: "SIGN/VERIFY",
    fields: request,
    work: (key, algorithm) => key.sign({ algorithm, messageType, data, signal }),
  });
  return whenReady(used, ({ keyId, keyVersionId, result }) => ({ keyId, keyVersionId, value: result }));
}
