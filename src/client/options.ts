import { LanelockError } from "../errors.ts";
import { checkNames } from "../shared/known-names.ts";
import { type Credentials, type CredentialsSource, credentialsSource } from "./credentials.ts";
import { type Endpoint, readEndpoint } from "./endpoint.ts";

export interface KmsClientOptions {
  /**
   * Where the service is: `https://kms.cn-hangzhou.aliyuncs.com`, `http://127.0.0.1:8765`. Without a scheme it is https. Plain http
   * goes to this machine alone, unless `insecure` says otherwise.
   */
  readonly endpoint: string;
  /** `cn-hangzhou`; sent with every request where it is given. */
  readonly region?: string | undefined;
  /** An access key, or a function that gives one for each request: temporary credentials are replaced so. */
  readonly credentials: Credentials | (() => Credentials | Promise<Credentials>);
  /** Instead of the host's own. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /**
   * How often a request is sent again after 429, 503, a throttling code or a lost connection, if its operation may be repeated: 0 to
   * 10, and 3 unless given. Waits in between are random, at most 0.1, 0.2, 0.4 … 5 seconds.
   */
  readonly retries?: number | undefined;
  /** Milliseconds that one attempt may take, from the credentials to the end of the answer: 10,000 unless given. */
  readonly timeout?: number | undefined;
  /** Allows plain http to other machines. Requests and answers then show plaintexts and data keys to the network. */
  readonly insecure?: boolean | undefined;
  /**
   * What Decrypt returns. `base64`, the default: what this client, or an official SDK, encrypted. `bytes`: the very bytes that are
   * encrypted, which is what was given to a `Kms` in its process; for lanelock servers.
   */
  readonly plaintexts?: "base64" | "bytes" | undefined;
}

export interface ClientSettings {
  readonly endpoint: Endpoint;
  readonly region: string | undefined;
  readonly credentials: CredentialsSource;
  readonly fetch: typeof globalThis.fetch;
  readonly retries: number;
  readonly timeoutMs: number;
  readonly asBytes: boolean;
}

const NAMES = ["endpoint", "region", "credentials", "fetch", "retries", "timeout", "insecure", "plaintexts"];
const MAX_RETRIES = 10;
/** The longest time a timer of JavaScript can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Reads each option once. @throws LanelockError `ERR_ARGUMENT` that names what is wrong, `ERR_UNSUPPORTED` for a host without fetch */
export function checkedClientOptions(options: KmsClientOptions): ClientSettings {
  if (typeof options !== "object" || options === null) throw wrong("options", "{ endpoint, credentials }");
  checkNames(options, NAMES, "kmsClient");
  const {
    endpoint,
    region,
    credentials,
    retries = 3,
    timeout = 10_000,
    insecure = false,
    plaintexts = "base64",
  } = options;
  if (typeof insecure !== "boolean") throw wrong("insecure", "true or false");
  if (region !== undefined && !(typeof region === "string" && /^[a-z0-9-]{1,64}$/.test(region))) {
    throw wrong("region", "like cn-hangzhou");
  }
  if (!isWhole(retries, [0, MAX_RETRIES])) throw wrong("retries", `a whole number from 0 to ${MAX_RETRIES}`);
  if (!isWhole(timeout, [1, MAX_TIMEOUT_MS])) {
    throw wrong("timeout", `a whole number of milliseconds from 1 to ${MAX_TIMEOUT_MS}`);
  }
  if (plaintexts !== "base64" && plaintexts !== "bytes") throw wrong("plaintexts", '"base64" or "bytes"');
  return {
    endpoint: readEndpoint(endpoint, insecure),
    region,
    credentials: credentialsSource(credentials),
    fetch: checkedFetch(options.fetch),
    retries,
    timeoutMs: timeout,
    asBytes: plaintexts === "bytes",
  };
}

function checkedFetch(given: unknown): typeof globalThis.fetch {
  if (typeof given === "function") return given as typeof globalThis.fetch;
  if (given !== undefined) throw wrong("fetch", "a function like the host's own");
  if (typeof globalThis.fetch !== "function") {
    throw new LanelockError("ERR_UNSUPPORTED", "This host has no fetch: give kmsClient one with the option fetch.");
  }
  // Not captured: tracing and test tools replace it. Called bare, as browsers demand.
  return (input, init) => globalThis.fetch(input, init);
}

function isWhole(value: unknown, [least, most]: readonly [least: number, most: number]): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

function wrong(name: string, rule: string): LanelockError {
  return new LanelockError("ERR_ARGUMENT", `The option ${name} of kmsClient must be ${rule}.`);
}
