import { encodePem } from "../../shared/pem.ts";
import type { Call } from "../core/call.ts";
import { ONCE_IMPORTED, requireState } from "../policy/state-table.ts";
import { KmsError } from "../ports/errors.ts";
import { fields } from "../schema/schema.ts";
import { keyName, string } from "../schema/text.ts";
import type { AsymmetricAnswer } from "../use/asymmetric-key.ts";
import { operation, type ReadOf } from "./operation.ts";
import { versionOf } from "./parts/key-version.ts";

export interface GetPublicKeyRequest {
  /** Key id, alias or ARN of an asymmetric key. */
  readonly keyId: string;
  readonly keyVersionId: string;
}

export interface GetPublicKeyResponse extends AsymmetricAnswer {
  /** SubjectPublicKeyInfo in PEM, with a line feed at its end. */
  readonly publicKey: string;
}

export const getPublicKey = operation({
  name: "GetPublicKey",
  plane: "data",
  repeatable: true,
  states: ONCE_IMPORTED,
  doc: "Answers with the public key of a version, as PEM.",
  errors: ["Rejected.UnsupportedOperation", "Rejected.PendingImport"],
  request: fields<GetPublicKeyRequest>()({
    keyId: keyName({ alias: true, doc: "An asymmetric key." }),
    keyVersionId: string(),
  }),
  response: fields<GetPublicKeyResponse>()({
    keyId: string(),
    keyVersionId: string(),
    publicKey: string({ form: "PEM", doc: "SubjectPublicKeyInfo, with a line feed at its end." }),
  }),
});

export async function runGetPublicKey(call: Call, { keyId, keyVersionId }: ReadOf<typeof getPublicKey>) {
  const { row } = await call.core.directory.resolve(keyId);
  call.event.keyId = row.keyId;
  requireState(call.operation, row.state);
  await versionOf(call, row.keyId, keyVersionId);
  if (row.mode !== "NONE") {
    throw new KmsError("Rejected.UnsupportedOperation", "Unsupported operation. A symmetric key has no public key.");
  }
  const object = await call.core.read((rows) => rows.keyObject({ versionId: keyVersionId, mode: "NONE" }));
  if (!object?.publicKey) {
    throw new KmsError("Rejected.PendingImport", "The request was rejected because the version has no material.");
  }
  return { keyId: row.keyId, keyVersionId, publicKey: encodePem("PUBLIC KEY", object.publicKey) };
}
