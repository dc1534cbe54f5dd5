import type { CipherMode, CipherRequest } from "../kms/ports/index.ts";
import { fromBase64, type Refusal } from "../providers/external/protocol.ts";
import type { KeyReference, TokenKeys } from "./token-keys.ts";

/** A refusal, with its code of the protocol. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, message: string) {
    super(message);
    this.refusal = refusal;
  }
}

export interface ProxyRequest {
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

const ivLengths: Readonly<Record<CipherMode, number>> = { GCM: 12, CBC: 16, ECB: 0 };
const maxAad = 8192;
const keyPath = /^\/v1\/keys\/([0-9a-f]{40})\/(encrypt|decrypt|destroy)$/;

/** Carries out an authenticated request. @returns the fields of the answer */
export async function answerRequest(keys: TokenKeys, request: ProxyRequest): Promise<object> {
  const { client, method, path, body } = request;
  if (method === "GET" && path === "/v1/info") return { protocol: 1, name: keys.name, modes: keys.modes };
  if (method !== "POST") throw new Refused("bad_request", "There is no such request.");
  const fields = parse(body);
  const mode = modeOf(fields);
  if (path === "/v1/keys") {
    if (fields.keySpec !== "Aliyun_AES_256") throw new Refused("unsupported", "Keys are of Aliyun_AES_256.");
    return { key: await keys.create({ client, mode }) };
  }
  const [, name, action] = keyPath.exec(path) ?? [];
  if (name === undefined) throw new Refused("bad_request", "There is no such request.");
  const key: KeyReference = { client, mode, name };
  if (action === "destroy") {
    await keys.destroy(key);
    return {};
  }
  const kind = action === "encrypt" ? "encrypt" : "decrypt";
  const result = await keys.work(kind, key, cipherRequest(mode, fields));
  return { data: Buffer.from(result).toString("base64") };
}

type Fields = Readonly<Record<string, unknown>>;

function parse(body: Buffer): Fields {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return Object.fromEntries(Object.entries(value));
  } catch {
    // Handled below.
  }
  throw new Refused("bad_request", "The body is not a JSON object.");
}

function modeOf({ mode }: Fields): CipherMode {
  if (mode === "GCM" || mode === "CBC" || mode === "ECB") return mode;
  throw new Refused("bad_request", "The mode must be GCM, CBC or ECB.");
}

function cipherRequest(mode: CipherMode, fields: Fields): CipherRequest {
  const { padding } = fields;
  const data = bytesOf(fields, "data");
  const iv = fields.iv === undefined ? Buffer.alloc(0) : bytesOf(fields, "iv");
  if (iv.length !== ivLengths[mode])
    throw new Refused("bad_request", `The IV of ${mode} has ${ivLengths[mode]} bytes.`);
  if (mode === "GCM") {
    if (padding !== undefined) throw new Refused("bad_request", "GCM takes no padding.");
    const aad = fields.aad === undefined ? undefined : bytesOf(fields, "aad");
    if (aad && aad.length > maxAad) throw new Refused("bad_request", `The AAD has more than ${maxAad} bytes.`);
    return { data, iv, aad };
  }
  if (fields.aad !== undefined) throw new Refused("bad_request", `${mode} takes no AAD.`);
  if (padding === "PKCS7_PADDING" || padding === "NO_PADDING") return { data, iv, padding };
  throw new Refused("bad_request", "The padding must be PKCS7_PADDING or NO_PADDING.");
}

function bytesOf(fields: Fields, name: string): Uint8Array {
  const bytes = fromBase64(fields[name]);
  if (bytes) return bytes;
  throw new Refused("bad_request", `The field "${name}" must be base64.`);
}
