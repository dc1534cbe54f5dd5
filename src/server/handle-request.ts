import type { AnswerOptions, Json } from "../kms/schema/field.ts";
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
  const caller = await verifyRequest(request, service.gatekeeper);
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
  const allowed = await permitted(service, request, { caller, operation, decoded });
  const response = await operation.run(allowed, accessKey.name);
  const plaintext = request.headers["x-lanelock-plaintext"] === "base64" ? "base64" : undefined;
  return operation.encode(response, { plaintext });
}

interface Permission {
  readonly caller: Caller;
  readonly operation: ServedOperation;
  readonly decoded: object;
}

/** The request with ids in place of aliases. A refusal is in the audit log. */
async function permitted(
  { backend, gatekeeper }: Service,
  { sourceIp, secureTransport }: HttpRequest,
  { caller: { accessKey }, operation, decoded }: Permission,
): Promise<object> {
  const { decision, keyId, bound } = await authorize(
    {
      operation: operation.name,
      request: decoded,
      policy: accessKey.rules,
      facts: {
        ...{ sourceIp, secureTransport, currentTime: gatekeeper.now() },
        encryptionContext: contextOf(decoded),
      },
    },
    backend.keys,
  );
  if (decision.allowed) return { ...decoded, ...bound };
  const refusal = forbidden();
  backend.recordRefusal({ operation: operation.name, caller: accessKey.name, keyId, code: refusal.code });
  throw refusal;
}

/** The contexts of a request; ReEncrypt has one for each key. */
function contextOf(request: object): Record<string, string> {
  const fields = ["encryptionContext", "sourceEncryptionContext", "destinationEncryptionContext"];
  return Object.assign({}, ...fields.map((field) => Reflect.get(request, field) ?? {}));
}
