import { LanelockError } from "../../errors.ts";
import { checkBytes } from "../../shared/byte-input.ts";
import { checkNames } from "../../shared/known-names.ts";
import { isText, optionChecks } from "../../shared/option-checks.ts";
import { requireCertificate, requireKeyPair } from "./tls-options.ts";

const whose = "externalKeys()";
const requireThat = optionChecks(whose);

/** How the client authenticates: by a TLS certificate, or by an HMAC under a shared secret. */
export type ExternalCredentials =
  | {
      /** PEM. */
      readonly certificate: string;
      /** PEM of its private key. */
      readonly privateKey: string;
    }
  | {
      /** The name of the client at the key manager. */
      readonly client: string;
      /** 32 bytes or more, or a file with them in base64 that only its owner can read (mode 0600). */
      readonly secret: Uint8Array | { readonly file: string };
    };

export interface ExternalOptions {
  /** `https://keys.example.com:8443`. */
  readonly url: string;
  /** PEM of the authority that issued the key manager's certificate, or of the certificate itself. Default: Node's authorities. */
  readonly ca?: string | undefined;
  /** The name in the key manager's certificate, where it is not the host of the URL. */
  readonly serverName?: string | undefined;
  readonly credentials: ExternalCredentials;
  /** Whether each new ciphertext is decrypted before it is returned. Default false. */
  readonly verifyEncrypt?: boolean | undefined;
  /** Time limit of a call, in ms. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Connections open at once; further callers wait. Default 8. */
  readonly maxConnections?: number | undefined;
}

const secretLength = 32;
const optionNames = ["url", "ca", "serverName", "credentials", "verifyEncrypt", "timeoutMs", "maxConnections"];

/** @throws LanelockError `ERR_ARGUMENT` that names what is wrong */
export function checkExternalOptions(options: ExternalOptions): void {
  requireThat(typeof options === "object" && options !== null, "options", "an object");
  checkNames(options, optionNames, whose);
  const { url, ca, serverName, credentials, verifyEncrypt = false, timeoutMs = 1, maxConnections = 1 } = options;
  const parsed = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
  requireThat(parsed?.protocol === "https:", "url", "an https: URL, because the protocol requires TLS");
  const isBare = parsed?.pathname === "/" && !parsed.search && !parsed.hash && !parsed.username && !parsed.password;
  requireThat(isBare, "url", "no more than https://host:port");
  requireThat(ca === undefined || isText(ca), "ca", "a certificate in PEM");
  if (ca !== undefined) requireCertificate(`"ca" of ${whose}`, ca);
  requireThat(serverName === undefined || isText(serverName), "serverName", "a host name");
  requireThat(isCredentials(credentials), "credentials", "{ certificate, privateKey } or { client, secret }");
  if ("certificate" in credentials) requireKeyPair(`"credentials" of ${whose}`, credentials);
  requireThat(typeof verifyEncrypt === "boolean", "verifyEncrypt", "true or false");
  const isTime = typeof timeoutMs === "number" && timeoutMs > 0 && timeoutMs < 2 ** 31;
  requireThat(isTime, "timeoutMs", "a time in ms, below 2^31");
  requireThat(Number.isInteger(maxConnections) && maxConnections >= 1, "maxConnections", "a whole number from 1");
}

export function requireSecret(secret: Uint8Array, place: string): void {
  if (secret.length >= secretLength) return;
  throw new LanelockError(
    "ERR_ARGUMENT",
    `The secret ${place} has ${secret.length} bytes; it must have at least ${secretLength}.`,
  );
}

const certificateNames = ["certificate", "privateKey"];
const hmacNames = ["client", "secret"];

function isCredentials(credentials: unknown): boolean {
  if (typeof credentials !== "object" || credentials === null) return false;
  checkNames(credentials, [...certificateNames, ...hmacNames], `The option "credentials" of ${whose}`);
  const names = Object.keys(credentials);
  if ("certificate" in credentials && "privateKey" in credentials) {
    return names.length === 2 && isText(credentials.certificate) && isText(credentials.privateKey);
  }
  if (!("client" in credentials && "secret" in credentials) || names.length !== 2) return false;
  const { client, secret } = credentials;
  if (!isText(client) || !/^[\x21-\x7e]{1,128}$/.test(client)) return false;
  const isFile = typeof secret === "object" && secret !== null && "file" in secret && isText(secret.file);
  return isFile || checkBytes(secret, `The option "credentials.secret" of ${whose}`) >= 0;
}
