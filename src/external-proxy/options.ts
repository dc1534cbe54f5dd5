import { requireCertificate, requireKeyPair } from "../providers/external/tls-options.ts";
import type { TokenOptions } from "../providers/pkcs11/session/connection-options.ts";
import { checkTokenOptions } from "../providers/pkcs11/session/options.ts";
import { checkBytes } from "../shared/byte-input.ts";
import { checkNames } from "../shared/known-names.ts";
import { isText, optionChecks } from "../shared/option-checks.ts";

const whose = "the external proxy";
const requireThat = optionChecks(whose);

export interface ExternalProxyOptions {
  /** The token that makes, keeps and uses the keys. */
  readonly token: TokenOptions;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** 0 for one that is free. Default 8443. */
  readonly port?: number | undefined;
  /** PEM of the proxy's own certificate and private key. */
  readonly tls: { readonly certificate: string; readonly privateKey: string };
  /** PEM of the authority whose certificates make a client; the client is then known by the certificate's common name. */
  readonly clientCa?: string | undefined;
  /** Clients known by an HMAC: their names and secrets of 32 bytes or more. */
  readonly clients?: Readonly<Record<string, Uint8Array>> | undefined;
  /** Connections open at once. Default 1,000. */
  readonly maxConnections?: number | undefined;
  /**
   * Of these, connections from one IPv4 address or one IPv6 network of 64 bits. Each client opens up to 8 by default.
   * When a limit is reached, a newcomer takes the place of the oldest connection whose client has not authenticated. Default 128.
   */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** Called after each request that was answered. What it throws is ignored. */
  readonly log?: ((entry: ProxyLogEntry) => void) | undefined;
}

export interface ProxyLogEntry {
  readonly time: string;
  /** Absent where the client is not known. */
  readonly client?: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Why it was refused, in the protocol's words. */
  readonly refusal?: string | undefined;
  readonly milliseconds: number;
}

const optionNames = [
  ...["token", "host", "port", "tls", "clientCa", "clients"],
  ...["maxConnections", "maxConnectionsPerAddress", "log"],
];

/** @throws LanelockError `ERR_ARGUMENT` that names what is wrong */
export function checkProxyOptions(options: ExternalProxyOptions): void {
  requireThat(typeof options === "object" && options !== null, "options", "an object");
  checkNames(options, optionNames, whose);
  checkTokenOptions(options.token, `${whose}'s token`);
  const { tls, clientCa, clients = {}, host, port = 0, maxConnections = 1, maxConnectionsPerAddress = 1 } = options;
  requireThat(host === undefined || isText(host), "host", "a host name or address");
  requireThat(Number.isInteger(port) && port >= 0 && port < 65_536, "port", "a port number");
  requireThat(isText(tls?.certificate) && isText(tls?.privateKey), "tls", "{ certificate, privateKey } in PEM");
  requireKeyPair(`"tls" of ${whose}`, tls);
  requireThat(clientCa === undefined || isText(clientCa), "clientCa", "a certificate in PEM");
  if (clientCa !== undefined) requireCertificate(`"clientCa" of ${whose}`, clientCa);
  for (const [name, limit] of Object.entries({ maxConnections, maxConnectionsPerAddress })) {
    requireThat(Number.isInteger(limit) && limit >= 1, name, "a whole number from 1");
  }
  for (const [client, secret] of Object.entries(clients)) {
    const option = `clients.${client}`;
    requireThat(checkBytes(secret, option) >= 32, option, "a secret of 32 bytes or more");
  }
  const knowsClients = clientCa !== undefined || Object.keys(clients).length > 0;
  requireThat(knowsClients, "clientCa or clients", "given, because nobody else may use the keys");
}
