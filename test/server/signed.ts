import { randomUUID } from "node:crypto";
import { percentEncode } from "../../src/server/protocol/percent-encoding.ts";
import { rpcSignature } from "../../src/server/protocol/rpc-signature-hmac-sha1.ts";

export interface Signer {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** The path and query of a request in the RPC style, signed as the SDKs do (`signatures.test.ts` compares with theirs). */
export function signedPath(
  { accessKeyId, accessKeySecret }: Signer,
  operation: string,
  parameters: Readonly<Record<string, string>> = {},
  { method = "POST", at = Date.now() }: { method?: string; at?: number } = {},
): string {
  const all = new Map(
    Object.entries({
      ...{ Action: operation, Version: "2016-01-20", Format: "JSON", AccessKeyId: accessKeyId },
      ...{ Timestamp: new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z"), SignatureNonce: randomUUID() },
      ...{ SignatureMethod: "HMAC-SHA1", SignatureVersion: "1.0", ...parameters },
    }),
  );
  all.set("Signature", rpcSignature(accessKeySecret, method, all));
  return `/?${[...all].map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`).join("&")}`;
}

export interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

export async function send(url: string, path: string): Promise<Answer> {
  const response = await fetch(`${url}${path}`, { method: "POST" });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}
