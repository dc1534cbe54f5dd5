import type { AnswerOptions, Json } from "../kms/schema/field.ts";
import { isPromise, type MaybePromise, whenReady } from "../shared/maybe-promise.ts";
import { authorize, forbidden, type KeyNames } from "./access/authorize.ts";
import type { Parameters } from "./protocol/parameters.ts";
import { ServiceError } from "./protocol/service-error.ts";
import type { SignedRequest } from "./protocol/signed-request.ts";
import { type Caller, type Gatekeeper, verifyRequest } from "./protocol/verify-claim.ts";

/** An operation that can be asked for over HTTP. */
export interface ServedOperation {
  readonly name: string;
  decode(parameters: Parameters): object;
  run(request: object, caller: string): unknown;
  encode(response: unknown, options: AnswerOptions): Answer;
}

/** The JSON of an answer, but for its RequestId. */
export type Answer = { readonly [name: string]: Json };

/** The functions of the KMS that the server needs. */
export interface Backend {
  readonly keys: KeyNames;
  operation(name: string): ServedOperation | undefined;
  /** Writes a refusal into the audit log for a call that never reached the KMS. */
  recordRefusal(refusal: { operation: string; caller: string; keyId: string | undefined; code: string }): void;
}

export interface HttpRequest extends SignedRequest {
  readonly sourceIp: string;
  readonly secureTransport: boolean;
}

/** The fields of a request for the log and the metrics, filled in as they become known. */
export interface Trace {
  operation: string;
  accessKeyId?: string | undefined;
  caller?: string | undefined;
}

export interface Service {
  readonly backend: Backend;
  readonly gatekeeper: Gatekeeper;
}

/**
 * Carries out one request: signature, operation, parameters, policy, the KMS, and the answer's JSON but for its RequestId.
 *
 * @throws ServiceError for a request that the protocol refuses; KmsError for what the KMS or the policy refuses
 */
export async function handleRequest(service: Service, request: HttpRequest, trace: Trace): Promise<Answer> {
  const verified = verifyRequest(request, service.gatekeeper);
  const caller = isPromise(verified) ? await verified : verified;
  const { claim, accessKey } = caller;
  trace.accessKeyId = accessKey.accessKeyId;
  trace.caller = accessKey.name;
  const operation = service.backend.operation(claim.action);
  if (operation === undefined) {
    throw new ServiceError(
      "InvalidAction.NotFound",
      "The specified API does not exist. Check the Action and the Version.",
    );
  }
  trace.operation = operation.name;
  const decoded = operation.decode(claim.parameters);
  const permission = permitted(service, request, { caller, operation, decoded });
  const allowed = isPromise(permission) ? await permission : permission;
  const response = await operation.run(allowed, accessKey.name);
  const plaintext = request.headers["x-lanelock-plaintext"] === "base64" ? "base64" : undefined;
  return operation.encode(response, { plaintext });
}

interface Permission {
  readonly caller: Caller;
  readonly operation: ServedOperation;
  readonly decoded: object;
}

/** Puts ids in place of the request's aliases. A refusal is in the audit log. */
function permitted(
  { backend, gatekeeper }: Service,
  { sourceIp, secureTransport }: HttpRequest,
  { caller: { accessKey }, operation, decoded }: Permission,
): MaybePromise<object> {
  const encryptionContext = contextOf(decoded);
  const facts = { sourceIp, secureTransport, currentTime: gatekeeper.now(), encryptionContext };
  const question = { operation: operation.name, request: decoded, policy: accessKey.rules, facts };
  return whenReady(authorize(question, backend.keys), ({ decision, keyId, bound }) => {
    if (decision.allowed) return Object.assign(decoded, bound);
    const refusal = forbidden();
    backend.recordRefusal({ operation: operation.name, caller: accessKey.name, keyId, code: refusal.code });
    throw refusal;
  });
}

const CONTEXTS = ["encryptionContext", "sourceEncryptionContext", "destinationEncryptionContext"];

/** The contexts of a request; ReEncrypt has one for each key. */
function contextOf(request: object): Readonly<Record<string, string>> {
  let all: Readonly<Record<string, string>> = NO_CONTEXT;
  for (const field of CONTEXTS) {
    const context: unknown = Reflect.get(request, field);
    if (typeof context === "object" && context !== null) all = { ...all, ...context };
  }
  return all;
}

const NO_CONTEXT = {};
