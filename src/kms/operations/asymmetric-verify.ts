import { copyOf } from "../../shared/byte-input.ts";
import { whenReady } from "../../shared/maybe-promise.ts";
import type { Call } from "../core/call.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import type { SignatureAlgorithm } from "../ports/index.ts";
import { bytes } from "../schema/bytes.ts";
import { boolean } from "../schema/scalars.ts";
import { fields } from "../schema/schema.ts";
import { string } from "../schema/text.ts";
import { type AsymmetricAnswer, useAsymmetricKey } from "../use/asymmetric-key.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type SignedFields, signedFields, signedOf } from "./parts/signed.ts";

export interface AsymmetricVerifyRequest extends SignedFields {
  /** The signature. Any bytes: those that are not a signature fail verification. */
  readonly value: Uint8Array;
}

export interface AsymmetricVerifyResponse extends AsymmetricAnswer {
  /** Whether the signature is good. A bad signature is not an error. */
  readonly value: boolean;
}

export const asymmetricVerify = operation({
  name: "AsymmetricVerify",
  plane: "data",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Verifies a signature over a digest, or over a message.",
  errors: ["Rejected.UnsupportedOperation", "UnsupportedOperation"],
  request: fields<AsymmetricVerifyRequest>()({ ...signedFields, value: bytes({ doc: "The signature." }) }),
  response: fields<AsymmetricVerifyResponse>()({
    keyId: string(),
    keyVersionId: string(),
    value: boolean({ doc: "Whether the signature is good. A bad signature is not an error." }),
  }),
});

export function runAsymmetricVerify(call: Call, request: ReadOf<typeof asymmetricVerify>) {
  const { messageType, data } = signedOf(request);
  const signature = copyOf(request.value);
  const { signal } = call;
  const used = useAsymmetricKey<SignatureAlgorithm, boolean>(call, {
    usage: "SIGN/VERIFY",
    fields: request,
    work: (key, algorithm) => key.verify({ algorithm, messageType, data, signature, signal }),
  });
  return whenReady(used, ({ keyId, keyVersionId, result }) => ({ keyId, keyVersionId, value: result }));
}
