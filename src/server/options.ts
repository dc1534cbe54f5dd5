import { LanelockError } from "../errors.ts";
import type { Kms } from "../kms/kms.ts";
import { checkNames } from "../shared/known-names.ts";
import { isLocalHost } from "../shared/local-host.ts";
import type { LogLine } from "./http/log-line.ts";
import type { RateLimit } from "./http/rate-limit.ts";

export interface ServeOptions {
  readonly kms: Kms;
  /** 127.0.0.1 and a free port unless given; or `{ socket }`, the path of a Unix socket. */
  readonly listen?: { readonly host?: string; readonly port?: number } | { readonly socket: string } | undefined;
  /** PEM files. Without them only local addresses are listened on. */
  readonly tls?: { readonly certificate: string; readonly privateKey: string } | undefined;
  /** Lets the server listen on other than local addresses without TLS. Requests and answers are then sent unencrypted. */
  readonly insecure?: boolean | undefined;
  /** Origins of web pages that may call, like `https://app.example`; none unless given. Others cannot read answers. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** For each access key; none unless given. */
  readonly rateLimit?: RateLimit | undefined;
  /** Called once for every answer. It never gets a secret, a plaintext or a parameter. */
  readonly log?: ((line: LogLine) => void) | undefined;
  /** Answers /metrics in Prometheus' format; true unless given. */
  readonly metrics?: boolean | undefined;
  /** The greatest age of cached access keys, in milliseconds: 250 unless given. */
  readonly checkMilliseconds?: number | undefined;
  /** For a request to arrive in full, in milliseconds: 10,000 unless given. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long an idle connection stays open, in milliseconds: 65,000 unless given. */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** 10,000 unless given. */
  readonly maxConnections?: number | undefined;
  /** Serves a read-only page for browsers on this machine; see `server.console`. Off unless given; the port is a free one unless given. */
  readonly console?: { readonly port?: number | undefined } | undefined;
  /** Nonces remembered at most: 4,000,000 unless given, 16 bytes each. */
  readonly maxNonces?: number | undefined;
}

export interface ServeSettings {
  readonly kms: Kms;
  readonly listen: {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly socket?: string | undefined;
  };
  readonly tls: ServeOptions["tls"];
  readonly allowedOrigins: readonly string[];
  readonly rateLimit: RateLimit | undefined;
  readonly log: (line: LogLine) => void;
  readonly metrics: boolean;
  readonly console: { readonly port: number } | undefined;
  readonly checkMilliseconds: number;
  readonly maxNonces: number;
  readonly limits: {
    readonly requestTimeoutMs: number;
    readonly keepAliveTimeoutMs: number;
    readonly maxConnections: number;
  };
}

const NAMES = [
  ...["kms", "listen", "tls", "insecure", "allowedOrigins", "rateLimit", "log", "metrics", "checkMilliseconds"],
  ...["requestTimeoutMs", "keepAliveTimeoutMs", "maxConnections", "maxNonces", "console"],
];

/** @throws LanelockError `ERR_ARGUMENT` that names what is wrong */
export function checkedServeOptions(options: ServeOptions): ServeSettings {
  if (typeof options !== "object" || options === null) throw wrong("options", "an object with kms");
  checkNames(options, NAMES, "serve");
  const listen = checkedListen(options.listen ?? {});
  const tls = options.tls === undefined ? undefined : checkedTls(options.tls);
  if (
    tls === undefined &&
    listen.socket === undefined &&
    !isLocalHost(listen.host ?? "127.0.0.1") &&
    options.insecure !== true
  ) {
    throw new LanelockError(
      "ERR_ARGUMENT",
      `On ${listen.host} the server listens only with TLS: give tls: { certificate, privateKey }, or insecure: true to send ` +
        "keys and plaintexts unencrypted.",
    );
  }
  return {
    ...{ kms: options.kms, listen, tls },
    allowedOrigins: checkedOrigins(options.allowedOrigins ?? []),
    rateLimit: options.rateLimit === undefined ? undefined : checkedRate(options.rateLimit),
    log: options.log ?? (() => undefined),
    metrics: options.metrics ?? true,
    console: options.console === undefined ? undefined : checkedConsole(options.console),
    checkMilliseconds: whole(options.checkMilliseconds, "checkMilliseconds", { otherwise: 250, least: 0 }),
    maxNonces: whole(options.maxNonces, "maxNonces", { otherwise: 4_000_000, least: 1 }),
    limits: {
      requestTimeoutMs: whole(options.requestTimeoutMs, "requestTimeoutMs", { otherwise: 10_000, least: 1 }),
      keepAliveTimeoutMs: whole(options.keepAliveTimeoutMs, "keepAliveTimeoutMs", { otherwise: 65_000, least: 1 }),
      maxConnections: whole(options.maxConnections, "maxConnections", { otherwise: 10_000, least: 1 }),
    },
  };
}

function checkedListen(listen: object): ServeSettings["listen"] {
  if (typeof listen !== "object" || listen === null) throw wrong("listen", "{ host, port } or { socket }");
  checkNames(listen, ["host", "port", "socket"], "listen of serve");
  const { host, port, socket }: ServeSettings["listen"] = listen;
  if (socket !== undefined) {
    if (typeof socket === "string" && socket !== "" && host === undefined && port === undefined) return { socket };
    throw wrong("listen", "{ host, port }, or { socket } alone");
  }
  if (host !== undefined && (typeof host !== "string" || host === ""))
    throw wrong("listen.host", "a name or an address");
  requirePort(port, "listen.port");
  return { host, port };
}

/** An origin is scheme, host and port. `*` would let in every page, and `null` every file and sandbox. */
function checkedOrigins(origins: readonly string[]): readonly string[] {
  const rule = "a list of origins like https://app.example, each named in full";
  if (!Array.isArray(origins)) throw wrong("allowedOrigins", rule);
  return origins.map((origin: unknown) => {
    if (typeof origin === "string" && isOrigin(origin)) return origin;
    throw wrong("allowedOrigins", `${rule}; ${JSON.stringify(origin)} is none`);
  });
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && !text.includes("*") && URL.canParse(text) && new URL(text).origin === text;
}

function checkedConsole(given: object): { readonly port: number } {
  if (typeof given !== "object" || given === null) throw wrong("console", "{ port }");
  checkNames(given, ["port"], "console of serve");
  const { port }: { port?: number | undefined } = given;
  requirePort(port, "console.port");
  return { port: port ?? 0 };
}

function requirePort(port: number | undefined, name: string): void {
  if (port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535)) return;
  throw wrong(name, "a whole number from 0 to 65535");
}

function checkedTls(tls: object): NonNullable<ServeOptions["tls"]> {
  if (typeof tls !== "object" || tls === null) throw wrong("tls", "{ certificate, privateKey }");
  checkNames(tls, ["certificate", "privateKey"], "tls of serve");
  const { certificate, privateKey }: { certificate?: unknown; privateKey?: unknown } = tls;
  if (typeof certificate === "string" && typeof privateKey === "string") return { certificate, privateKey };
  throw wrong("tls", "{ certificate, privateKey }, the paths of two PEM files");
}

function checkedRate(rate: object): RateLimit {
  if (typeof rate !== "object" || rate === null) throw wrong("rateLimit", "{ perSecond, burst }");
  checkNames(rate, ["perSecond", "burst"], "rateLimit of serve");
  const { perSecond, burst }: { perSecond?: unknown; burst?: unknown } = rate;
  const isCount = (value: unknown): value is number =>
    typeof value === "number" && value >= 1 && Number.isFinite(value);
  if (isCount(perSecond) && isCount(burst)) return { perSecond, burst };
  throw wrong("rateLimit", "{ perSecond, burst }, two numbers from 1");
}

function whole(value: unknown, name: string, { otherwise, least }: { otherwise: number; least: number }): number {
  if (value === undefined) return otherwise;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
  throw wrong(name, `a whole number from ${least}`);
}

function wrong(name: string, rule: string): LanelockError {
  return new LanelockError("ERR_ARGUMENT", `The option ${name} of serve must be ${rule}.`);
}
