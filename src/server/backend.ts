import { methodOf, OPERATIONS } from "../kms/operations/operation-table.ts";
import { decode, encode } from "../kms/schema/codec.ts";
import type { Gateway } from "../kms/service/gateway.ts";
import { accountOperation } from "./account-operations.ts";
import type { Backend, ServedOperation } from "./handle-request.ts";

/** Ours, and nothing for a network: it makes keys of material that the caller knows. */
const IN_PROCESS_ONLY = new Set(["SeedKey"]);

/** An open KMS as the server needs it. */
export function kmsBackend(gateway: Gateway): Backend {
  const served = new Map<string, ServedOperation>();
  return {
    keys: {
      prefix: gateway.arnPrefix,
      keyId: (name) => gateway.keyId(name),
      keyIdOfVersion: (versionId) => gateway.keyIdOfVersion(versionId),
      tags: (keyId) => gateway.tags(keyId),
    },
    operation(name) {
      const known = served.get(name);
      if (known !== undefined) return known;
      const operation = servedOperation(gateway, name);
      if (operation !== undefined) served.set(name, operation);
      return operation;
    },
    recordRefusal: (refusal) => gateway.recordRefusal(refusal),
  };
}

function servedOperation(gateway: Gateway, name: string): ServedOperation | undefined {
  const method = IN_PROCESS_ONLY.has(name) ? undefined : methodOf(name);
  if (method === undefined) return accountOperation(name, gateway.regionId);
  const record = OPERATIONS[method];
  return {
    name: record.name,
    // The compiler cannot pair each operation with its own types; the record does.
    decode: (parameters) => decode<object>(record as never, parameters),
    run: (request, caller) => gateway.run(method, { request, caller }),
    encode: (response, options) => encode(record as never, response as never, options),
  };
}
