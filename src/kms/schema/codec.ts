import { LanelockError } from "../../errors.ts";
import { invalidParameter, missingParameter } from "../ports/errors.ts";
import type { AnswerOptions, AnyField, Json } from "./field.ts";
import { recordFromJson, recordToJson } from "./list.ts";
import { type Entry, refuseUnknown, type Schema, unknownField } from "./schema.ts";

/** What the codec needs of an operation. */
export interface Coded<Request, Response> {
  readonly name: string;
  readonly request: Schema<Request>;
  readonly response: Schema<Response>;
}

/** Parameters of the protocol itself, which every request may have besides its operation's. */
export const COMMON_PARAMETERS: ReadonlySet<string> = new Set([
  ...["Action", "Version", "Format", "RegionId", "AccessKeyId", "SecurityToken", "Timestamp"],
  ...["Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "SignatureType"],
]);

/**
 * The server's way in: the parameters of an HTTP query or form → the request that a caller in process would make. Values are checked
 * for their type here, and for everything else by the operation.
 *
 * @throws KmsError `InvalidParameter` for a parameter that is unknown, malformed or given twice
 * @example
 * const request = decode(encrypt, new URLSearchParams("KeyId=alias%2Fa&Plaintext=aGk%3D&EncryptionContext.tenant=42"));
 */
export function decode<Request>(
  { request }: Pick<Coded<Request, unknown>, "request">,
  parameters: Iterable<readonly [name: string, text: string]>,
): Request {
  const { entries, places } = sentParameters(request);
  const texts: (string | undefined)[] = [];
  let parts: Map<string, Map<string, string>> | undefined;
  for (const [name, text] of parameters) {
    const place = places.get(name);
    if (place === undefined) {
      parts ??= new Map();
      addPart(parts, entries, [name, text]);
    } else if (place >= 0) {
      if (texts[place] !== undefined) throw givenTwice(name);
      texts[place] = text;
    }
  }
  const value: Record<string, unknown> = {};
  for (const { name, field } of request.entries) if (field.fixed !== undefined) value[name] = field.fixed;
  for (let place = 0; place < entries.length; place++) {
    const { name, parameter, field } = entries[place] as Entry;
    const inParts = parts?.get(parameter);
    const text = texts[place];
    if (text !== undefined && inParts !== undefined) throw givenTwice(parameter);
    if (text !== undefined) value[name] = field.fromText(text, parameter);
    else if (inParts !== undefined) value[name] = field.fromParts?.(inParts, parameter);
  }
  return value as Request;
}

/** The fields of a request that are sent. */
interface SentParameters {
  readonly entries: readonly Entry[];
  /** Where each is in `entries`, by its parameter; {@link OF_PROTOCOL} for the parameters of the protocol. */
  readonly places: ReadonlyMap<string, number>;
}

const OF_PROTOCOL = -1;
const sent = new WeakMap<object, SentParameters>();

function sentParameters(request: Pick<Schema<unknown>, "entries">): SentParameters {
  const found = sent.get(request);
  if (found !== undefined) return found;
  const entries = request.entries.filter(({ field }) => field.fixed === undefined);
  const places = new Map(entries.map(({ parameter }, place) => [parameter, place]));
  for (const name of COMMON_PARAMETERS) places.set(name, OF_PROTOCOL);
  const made = { entries, places };
  sent.set(request, made);
  return made;
}

function addPart(
  parts: Map<string, Map<string, string>>,
  entries: readonly Entry[],
  [name, text]: readonly [string, string],
): void {
  const dot = name.indexOf(".");
  const stem = dot < 0 ? name : name.slice(0, dot);
  const entry = entries.find(({ parameter, field }) => isStem(stem, parameter, field));
  if (dot < 0 || entry === undefined) {
    throw unknownField(
      name,
      entries.map(({ parameter }) => parameter),
    );
  }
  const rest = name.slice(dot + 1);
  const known = parts.get(entry.parameter) ?? new Map<string, string>();
  if (known.has(rest)) throw givenTwice(name);
  parts.set(entry.parameter, known.set(rest, text));
}

function isStem(stem: string, parameter: string, { fromParts, partsName }: AnyField): boolean {
  return fromParts !== undefined && (stem === parameter || stem === partsName);
}

function givenTwice(name: string) {
  return invalidParameter(name, "It is given twice.");
}

/**
 * The server's way out: an operation's response → the JSON object the service answers with, but for its `RequestId`.
 *
 * @throws KmsError `InvalidParameter` for a plaintext that is no text, unless `options` ask for Base64
 * @example
 * encode(describeKey, await kms.describeKey({ keyId })); // { KeyMetadata: { KeyId: "key-…", CreationDate: "2021-05-20T06:34:21Z", … } }
 */
export function encode<Response>(
  { response }: Pick<Coded<unknown, Response>, "response">,
  value: Response,
  options: AnswerOptions = {},
): { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null ? recordToJson(response as Schema<object>, value, options) : {};
}

/**
 * The client's way out: a request → the parameters of an HTTP query or form.
 *
 * @throws KmsError `InvalidParameter`, `MissingParameter`, as the operation in process would
 * @example
 * new URLSearchParams(encodeRequest(encrypt, { keyId: "alias/a", plaintext, encryptionContext: { tenant: "42" } }));
 */
export function encodeRequest<Request>(
  { request }: Pick<Coded<Request, unknown>, "request">,
  value: Request,
): Record<string, string> {
  const given: unknown = value;
  if (typeof given !== "object" || given === null) throw missingParameter("Request");
  refuseUnknown(given, request.entries);
  const parameters: Record<string, string> = {};
  for (const { name, parameter, field } of request.entries) {
    // Once: an accessor could give another value after the check.
    const one: unknown = Reflect.get(given, name);
    if (one === undefined || (one === null && !field.neverNull)) {
      if (field.required) throw missingParameter(parameter);
      continue;
    }
    field.read(one, parameter);
    if (field.fixed === undefined) parameters[parameter] = field.toText(one, parameter);
    else if (one !== field.fixed) throw invalidParameter(parameter, `Over HTTP it is always ${String(field.fixed)}.`);
  }
  return parameters;
}

/**
 * The client's way in: the JSON that a service answered → the operation's response. Members it does not know are left out.
 *
 * @throws LanelockError `ERR_PROVIDER` for anything but an answer to this operation
 * @example
 * const { ciphertextBlob } = decodeResponse(encrypt, await response.json());
 */
export function decodeResponse<Response>(
  { name, response }: Pick<Coded<unknown, Response>, "name" | "response">,
  json: unknown,
): Response {
  if (response.entries.length === 0) return undefined as Response;
  try {
    return recordFromJson(response, json);
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : "something else";
    throw new LanelockError("ERR_PROVIDER", `The KMS gave no proper answer to ${name}: ${what}.`, { cause });
  }
}
