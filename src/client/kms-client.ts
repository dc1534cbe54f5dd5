import { LanelockError } from "../errors.ts";
import { type KmsOperations, OperationsFacade } from "../kms/facade/operations-facade.ts";
import type { Operation } from "../kms/operations/operation.ts";
import { type CallOptions, signalOf } from "../kms/ports/call-options.ts";
import { publicError } from "../kms/ports/errors.ts";
import { decodeResponse, encodeRequest } from "../kms/schema/codec.ts";
import { isPromise, type MaybePromise, whenReady } from "../shared/maybe-promise.ts";
import { randomUuid } from "../shared/random.ts";
import { systemTime } from "../shared/timers.ts";
import { Acs3Signer, canonicalQuery, EMPTY_BODY_SHA256 } from "./acs3-signature-hmac-sha256.ts";
import { grantedJson, type HttpAnswer, isTemporary } from "./answer.ts";
import { type Outcome, untilDone } from "./attempts.ts";
import type { Credentials } from "./credentials.ts";
import { ConnectionLost, exchange, type SignedRequest } from "./exchange.ts";
import { type ClientSettings, checkedClientOptions, type KmsClientOptions } from "./options.ts";
import { SecondText } from "./second-text.ts";
import { requireWhole } from "./secret-lengths.ts";

const API_VERSION = "2016-01-20";

/** The service's header of its own for Decrypt: Base64 of the bytes that are encrypted, whatever they are. */
const AS_BYTES = "x-lanelock-plaintext";

/**
 * A KMS on a server, with the methods, fields and errors of `Kms`. Refusals are `KmsError`s; a server that cannot be reached, or gives
 * no proper answer, is `ERR_PROVIDER`.
 *
 * Plaintexts travel as Base64 text, as the official SDKs send them, so each decrypts what the other encrypted.
 */
export class KmsClient extends OperationsFacade implements KmsOperations {
  /** In bytes: version id 36, IV 12, the Base64 of a data key of 32 bytes 44, tag 16. Envelopes make room for it. */
  readonly wrappedKeyLength = 108;
  readonly #settings: ClientSettings;
  readonly #signer = new Acs3Signer();
  readonly #dates = new SecondText();

  /** As {@link kmsClient}. */
  constructor(options: KmsClientOptions) {
    super();
    this.#settings = checkedClientOptions(options);
  }

  protected async run<Request, Read, Response>(
    operation: Operation<Request, Read, Response>,
    request: Request,
    options: CallOptions | undefined,
  ): Promise<Response> {
    const signal = options === undefined ? undefined : signalOf(options);
    try {
      const parameters = encodeRequest(operation, request);
      const response = decodeResponse(operation, await this.#ask(operation, parameters, signal));
      requireWhole(operation.name, parameters, response);
      return response;
    } catch (error) {
      throw publicError(error, signal);
    }
  }

  #ask(
    { name, repeatable }: { readonly name: string; readonly repeatable: boolean },
    parameters: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<object> {
    const { region, timeoutMs, retries } = this.#settings;
    const query = canonicalQuery(region === undefined ? parameters : { ...parameters, RegionId: region });
    const attempts = { operation: name, retries: repeatable ? retries : 0, timeoutMs, signal };
    return untilDone(attempts, (attempt) => this.#attempt(name, query, attempt));
  }

  async #attempt(operation: string, query: string, signal: AbortSignal): Promise<Outcome<object>> {
    const { credentials, fetch } = this.#settings;
    let answer: HttpAnswer;
    try {
      const given = credentials();
      const request = this.#signed(operation, query, isPromise(given) ? await given : given);
      answer = await exchange(fetch, isPromise(request) ? await request : request, signal);
    } catch (error) {
      if (error instanceof ConnectionLost) return { temporary: error };
      throw error;
    }
    try {
      return { result: grantedJson(operation, answer) };
    } catch (error) {
      if (error instanceof LanelockError && isTemporary(answer, error)) return { temporary: error };
      throw error;
    }
  }

  /** Signed again for each attempt: a server takes a nonce once. */
  #signed(operation: string, query: string, credentials: Credentials): MaybePromise<SignedRequest> {
    const { endpoint, asBytes } = this.#settings;
    const { accessKeyId, securityToken } = credentials;
    const headers: Record<string, string> = {
      "x-acs-action": operation,
      "x-acs-content-sha256": EMPTY_BODY_SHA256,
      "x-acs-date": this.#dates.text(systemTime.now()),
      "x-acs-signature-nonce": globalThis.crypto?.randomUUID?.() ?? randomUuid(),
      "x-acs-version": API_VERSION,
    };
    if (securityToken !== undefined) {
      headers["x-acs-accesskey-id"] = accessKeyId;
      headers["x-acs-security-token"] = securityToken;
    }
    if (asBytes && operation === "Decrypt") headers[AS_BYTES] = "base64";
    const url = query === "" ? `${endpoint.origin}/` : `${endpoint.origin}/?${query}`;
    return whenReady(
      this.#signer.authorization({ query, host: endpoint.host, headers }, credentials),
      (authorization) => {
        headers.authorization = authorization;
        return { operation, url, headers };
      },
    );
  }
}

/**
 * A client of a KMS: a lanelock server's, or Alibaba Cloud's. It makes no request before the first call.
 *
 * @throws LanelockError `ERR_ARGUMENT` for an option that is unknown or wrong; `ERR_UNSUPPORTED` for a host without fetch
 * @example
 * const kms = kmsClient({ endpoint: "http://127.0.0.1:8765", credentials: { accessKeyId, accessKeySecret } });
 * const { ciphertextBlob } = await kms.encrypt({ keyId: "alias/orders", plaintext });
 */
export function kmsClient(options: KmsClientOptions): KmsClient {
  return new KmsClient(options);
}
