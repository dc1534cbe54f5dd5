import { encodePem } from "../../shared/pem.ts";
import type { Call } from "../core/call.ts";
import { requireState } from "../policy/state-table.ts";
import { KmsError } from "../ports/errors.ts";
import { requiredString } from "../wire/ids.ts";
import type { AsymmetricAnswer } from "./asymmetric-use.ts";
import { versionOf } from "./key-versions.ts";

export interface GetPublicKeyRequest {
  /** Key id, alias or ARN of an asymmetric key. */
  readonly keyId: string;
  readonly keyVersionId: string;
}

export interface GetPublicKeyResponse extends AsymmetricAnswer {
  /** SubjectPublicKeyInfo in PEM, with a line feed at its end. */
  readonly publicKey: string;
}

export async function getPublicKey(call: Call, request: GetPublicKeyRequest): Promise<GetPublicKeyResponse> {
  const versionId = requiredString(request.keyVersionId, "KeyVersionId");
  const { row } = await call.core.directory.resolve(request.keyId);
  call.event.keyId = row.keyId;
  requireState("GetPublicKey", row.state);
  await versionOf(call, row.keyId, versionId);
  if (row.mode !== "NONE") {
    throw new KmsError("Rejected.UnsupportedOperation", "Unsupported operation. A symmetric key has no public key.");
  }
  const object = await call.core.read((rows) => rows.keyObject({ versionId, mode: "NONE" }));
  if (!object?.publicKey) {
    throw new KmsError("Rejected.PendingImport", "The request was rejected because the version has no material.");
  }
  return { keyId: row.keyId, keyVersionId: versionId, publicKey: encodePem("PUBLIC KEY", object.publicKey) };
}
