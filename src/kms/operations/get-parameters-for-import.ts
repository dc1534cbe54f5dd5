import { utf8 } from "../../shared/encoding.ts";
import { type Call, change } from "../core/call.ts";
import { destroyExpiredTokens, TOKEN_MILLISECONDS, tokenBinding } from "../import/import-tokens.ts";
import { importAlgorithm, type WrappingKeySpec, wrappingKeySpec } from "../import/wrapping.ts";
import { KmsError } from "../ports/errors.ts";
import type { KeyRow, WrappingAlgorithm } from "../ports/index.ts";
import { keyIdOnly, newTokenId } from "../wire/ids.ts";
import { keyForChange } from "./key-for-change.ts";

export interface GetParametersForImportRequest {
  /** Key id or ARN of a key of origin EXTERNAL; no alias. */
  readonly keyId: string;
  readonly wrappingKeySpec: WrappingKeySpec;
  /**
   * For symmetric keys `RSAES_OAEP_SHA_256`, `RSAES_OAEP_SHA_1` or, not in browsers, `RSAES_PKCS1_V1_5`; for asymmetric keys
   * `RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD`.
   */
  readonly wrappingAlgorithm: WrappingAlgorithm;
}

export interface GetParametersForImportResponse {
  readonly keyId: string;
  /** SubjectPublicKeyInfo (DER) of an RSA_2048 key made for this token. */
  readonly publicKey: Uint8Array;
  readonly importToken: Uint8Array;
  /** 24 hours from now. */
  readonly tokenExpireTime: Date;
}

export async function getParametersForImport(
  call: Call,
  request: GetParametersForImportRequest,
): Promise<GetParametersForImportResponse> {
  const { core, event } = call;
  const keyId = keyIdOnly(request.keyId, core.realm);
  const { row } = await core.directory.resolve(keyId);
  event.keyId = keyId;
  requireImported(row);
  const spec = wrappingKeySpec(request.wrappingKeySpec);
  const wrappingAlgorithm = importAlgorithm(request.wrappingAlgorithm, row.keySpec);
  await destroyExpiredTokens(core);
  const tokenId = newTokenId();
  const binding = tokenBinding(keyId, tokenId);
  const { handle, publicKey } = await core.transport.createPair(core.keys, { binding, wrappingAlgorithm });
  const expiresAt = core.now() + TOKEN_MILLISECONDS;
  await change(call, async (rows) => {
    await keyForChange(call, rows, { keyId, operation: "GetParametersForImport" });
    const wrapping = { wrappingKeySpec: spec, wrappingAlgorithm };
    await rows.putImportToken({ tokenId, keyId, ...wrapping, handle, publicKey, expiresAt, failures: 0 });
  });
  return { keyId, publicKey, importToken: utf8(tokenId), tokenExpireTime: new Date(expiresAt) };
}

/** Refuses a key that takes no material from outside. */
export function requireImported({ origin }: KeyRow): void {
  if (origin === "EXTERNAL") return;
  throw new KmsError("Unsupported.Origin", "This key origin is not valid for this api.");
}
