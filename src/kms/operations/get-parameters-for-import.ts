import { utf8 } from "../../shared/encoding.ts";
import { type Call, change } from "../core/call.ts";
import { destroyExpiredTokens, TOKEN_MILLISECONDS, tokenBinding } from "../import/import-tokens.ts";
import { ALWAYS } from "../policy/state-table.ts";
import type { WrappingAlgorithm } from "../ports/index.ts";
import { bytes } from "../schema/bytes.ts";
import { date } from "../schema/scalars.ts";
import { fields } from "../schema/schema.ts";
import { string } from "../schema/text.ts";
import { keyForChange } from "../use/key-for-change.ts";
import { keyIdOnly, newTokenId } from "../wire/ids.ts";
import { operation, type ReadOf } from "./operation.ts";
import { requireImported } from "./parts/imported.ts";
import { keyIdField } from "./parts/key-id.ts";
import { importAlgorithm, requireImportAlgorithm, type WrappingKeySpec, wrappingKeySpec } from "./parts/wrapping.ts";

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

export const getParametersForImport = operation({
  name: "GetParametersForImport",
  plane: "life-cycle",
  repeatable: true,
  states: ALWAYS,
  doc: "Answers with a public key to wrap material with, and a token to import it by, both good for 24 hours.",
  errors: ["Unsupported.Origin", "UnsupportedOperation"],
  request: fields<GetParametersForImportRequest>()({
    ...keyIdField,
    wrappingKeySpec,
    wrappingAlgorithm: importAlgorithm,
  }),
  response: fields<GetParametersForImportResponse>()({
    keyId: string(),
    publicKey: bytes({ doc: "SubjectPublicKeyInfo (DER) of an RSA_2048 key." }),
    importToken: bytes(),
    tokenExpireTime: date(),
  }),
});

export async function runGetParametersForImport(call: Call, request: ReadOf<typeof getParametersForImport>) {
  const { core, event } = call;
  const keyId = keyIdOnly(request.keyId, core.realm);
  const { row } = await core.directory.resolve(keyId);
  event.keyId = keyId;
  requireImported(row);
  const { wrappingKeySpec: spec, wrappingAlgorithm } = request;
  requireImportAlgorithm(wrappingAlgorithm, row.keySpec);
  await destroyExpiredTokens(core);
  const tokenId = newTokenId();
  const binding = tokenBinding(keyId, tokenId);
  const { handle, publicKey } = await core.transport.createPair(core.keys, { binding, wrappingAlgorithm });
  const expiresAt = core.now() + TOKEN_MILLISECONDS;
  await change(call, async (rows) => {
    await keyForChange(call, rows, keyId);
    const wrapping = { wrappingKeySpec: spec, wrappingAlgorithm };
    await rows.putImportToken({ tokenId, keyId, ...wrapping, handle, publicKey, expiresAt, failures: 0 });
  });
  return { keyId, publicKey, importToken: utf8(tokenId), tokenExpireTime: new Date(expiresAt) };
}
