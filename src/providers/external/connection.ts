import { randomBytes } from "node:crypto";
import { Agent, type RequestOptions } from "node:https";
import { LanelockError } from "../../errors.ts";
import { callersBytes } from "../../shared/byte-input.ts";
import { withDeadline } from "../../shared/deadline.ts";
import { readPrivateFile } from "../../shared/private-file.ts";
import { systemTime } from "../../shared/timers.ts";
import { adviceFor, reasonOf } from "./advice.ts";
import { Circuit } from "./circuit.ts";
import { Exchange, type RawAnswer, StaleConnection } from "./exchange.ts";
import { type ExternalOptions, requireSecret } from "./options.ts";
import { answerMac, headers, type Refusal, refusals, requestMac, sameMac } from "./protocol.ts";

export interface ManagerCall {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: object;
  /** Whether the request may reach the key manager twice. Not if it makes a key. Default true. */
  readonly repeatable?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A refusal by the key manager, as opposed to a call that failed. Made in this file alone, so `instanceof` finds it. */
export class ManagerRefusal extends Error {
  override readonly name = "ManagerRefusal";
  readonly refusal: Refusal;

  constructor(refusal: Refusal, message: string) {
    super(message);
    this.refusal = refusal;
  }
}

interface HmacCredentials {
  readonly client: string;
  readonly secret: Uint8Array;
}

/** Calls one key manager: with mutual authentication, limits of time and size, and a circuit breaker. */
export class ManagerConnection {
  readonly name: string;
  readonly #origin: URL;
  readonly #timeoutMs: number;
  readonly #agent: Agent;
  readonly #hmac: HmacCredentials | undefined;
  readonly #circuit: Circuit;
  #closed = false;

  private constructor(options: ExternalOptions, hmac: HmacCredentials | undefined) {
    const { credentials, ca, serverName } = options;
    this.#origin = new URL(options.url);
    this.name = this.#origin.origin;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#hmac = hmac;
    this.#circuit = new Circuit(this.name);
    const own = "certificate" in credentials ? { cert: credentials.certificate, key: credentials.privateKey } : {};
    this.#agent = new Agent({
      ...own,
      ...(ca === undefined ? {} : { ca }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      keepAlive: true,
      maxSockets: options.maxConnections ?? 8,
      minVersion: "TLSv1.3",
      rejectUnauthorized: true,
    });
  }

  static async open(options: ExternalOptions): Promise<ManagerConnection> {
    const { credentials } = options;
    if (!("client" in credentials)) return new ManagerConnection(options, undefined);
    const { client } = credentials;
    const secret =
      "file" in credentials.secret
        ? await readSecretFile(credentials.secret.file)
        : new Uint8Array(callersBytes(credentials.secret, "credentials.secret"));
    requireSecret(secret, `of the client "${client}"`);
    return new ManagerConnection(options, { client, secret });
  }

  /**
   * @returns the answer, a JSON object whose fields the caller checks
   * @throws ManagerRefusal when the key manager refuses; LanelockError `ERR_PROVIDER` when the call fails; the signal's reason
   */
  async call(call: ManagerCall): Promise<Readonly<Record<string, unknown>>> {
    if (this.#closed)
      throw new LanelockError("ERR_STATE", "The connection to the key manager is closed: open the KMS again.");
    // Not throwIfAborted(), which older signals of other realms (jsdom) do not have.
    if (call.signal?.aborted) throw call.signal.reason;
    return this.#circuit.through(
      () => this.#callWithin(call),
      (error) => {
        if (call.signal?.aborted && error === call.signal.reason) return "nothing";
        // A key manager that is unavailable counts as one that is down.
        return error instanceof ManagerRefusal && error.refusal !== "unavailable" ? "answered" : "failed";
      },
    );
  }

  close(): void {
    this.#closed = true;
    this.#agent.destroy();
    this.#hmac?.secret.fill(0);
  }

  /** A call within its time limit, with every failure as one of our errors. */
  async #callWithin(call: ManagerCall): Promise<Readonly<Record<string, unknown>>> {
    const exchange = new Exchange();
    const deadline = {
      signal: call.signal,
      timeoutMs: this.#timeoutMs,
      what: `The key manager ${this.name} did not answer`,
    };
    try {
      return await withDeadline(deadline, this.#attempt(call, exchange));
    } catch (cause) {
      if (call.signal?.aborted) throw call.signal.reason;
      // Both are made here alone, by this copy of the package.
      if (cause instanceof LanelockError || cause instanceof ManagerRefusal) throw cause;
      throw this.#failed(reasonOf(cause), cause);
    } finally {
      exchange.cut();
    }
  }

  async #attempt(call: ManagerCall, exchange: Exchange): Promise<Readonly<Record<string, unknown>>> {
    try {
      return await this.#callOnce(call, exchange);
    } catch (error) {
      // StaleConnection is made in this folder alone.
      if (!(error instanceof StaleConnection) || call.repeatable === false) throw error;
      return this.#callOnce(call, exchange);
    }
  }

  async #callOnce(call: ManagerCall, exchange: Exchange): Promise<Readonly<Record<string, unknown>>> {
    const body = Buffer.from(call.body === undefined ? "" : JSON.stringify(call.body));
    const nonce = randomBytes(16).toString("hex");
    const options: RequestOptions = {
      method: call.method,
      host: this.#origin.hostname.replace(/^\[|\]$/g, ""),
      port: this.#origin.port || 443,
      path: call.path,
      agent: this.#agent,
      headers: {
        "content-type": "application/json",
        "content-length": body.length,
        ...this.#sign(call, { body, nonce }),
      },
    };
    const answer = await exchange.run(options, body);
    this.#requireAuthentic(answer, nonce);
    const content = parseObject(answer.body);
    if (answer.status === 200 && content) return content;
    const refusal = content && refusalOf(answer.status, content);
    if (refusal) throw refusal;
    throw this.#failed(`its answer, with status ${answer.status}, is not one of the protocol`);
  }

  #sign({ method, path }: ManagerCall, { body, nonce }: { body: Buffer; nonce: string }): Record<string, string> {
    if (!this.#hmac) return {};
    const time = String(Math.floor(systemTime.now() / 1000));
    const mac = requestMac(this.#hmac.secret, { method, path, body, time, nonce });
    return {
      [headers.client]: this.#hmac.client,
      [headers.time]: time,
      [headers.nonce]: nonce,
      [headers.mac]: mac,
    };
  }

  /** Accepts only the answer to this request: not one to another client, another request or with another body. */
  #requireAuthentic({ status, headers: given, body }: RawAnswer, nonce: string): void {
    if (!this.#hmac) return;
    if (sameMac(given[headers.mac], answerMac(this.#hmac.secret, { nonce, status, body }))) return;
    throw this.#failed(
      status === refusals.unauthenticated
        ? "it does not accept this client, its secret or its clock"
        : "its answer is not authentic: it has another secret, or somebody altered or repeated the answer",
    );
  }

  #failed(reason: string, cause?: unknown): LanelockError {
    const message = `The call of the key manager ${this.name} failed: ${reason}. ${adviceFor(cause)}`;
    return new LanelockError("ERR_PROVIDER", message, { cause });
  }
}

/** A secret in base64, from a file that only its owner can read. */
export async function readSecretFile(path: string): Promise<Uint8Array> {
  const content = readPrivateFile({ path, what: "secret file", unreadable: "ERR_PROVIDER", exposed: "ERR_ARGUMENT" });
  const decoded = Buffer.from(Buffer.from(content.buffer).toString("latin1").trim(), "base64");
  content.fill(0);
  // Node decodes into memory that it shares out among buffers.
  const secret = new Uint8Array(decoded);
  decoded.fill(0);
  return secret;
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(Object.entries(value));
  } catch {
    return undefined;
  }
}

function refusalOf(status: number, { error }: Readonly<Record<string, unknown>>): ManagerRefusal | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  const { code } = error;
  if (!isRefusal(code) || refusals[code] !== status) return undefined;
  // The message comes from another machine, so it is kept short and printable.
  const message = "message" in error && typeof error.message === "string" ? error.message : "";
  return new ManagerRefusal(code, message.slice(0, 300).replace(/[^\x20-\x7e]/g, "?"));
}

function isRefusal(code: unknown): code is Refusal {
  return typeof code === "string" && Object.hasOwn(refusals, code);
}
