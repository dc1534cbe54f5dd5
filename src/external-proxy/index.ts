import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { Socket } from "node:net";
import { LanelockError } from "../errors.ts";
import { headers, maxMessageLength, type Refusal, refusals } from "../providers/external/protocol.ts";
import { MissingObject } from "../providers/pkcs11/objects/token-object.ts";
import { codeOf, messageOf } from "../shared/thrown.ts";
import { clearTimeout, performance, setTimeout } from "../shared/timers.ts";
import { Clients, type KnownClient } from "./clients.ts";
import { Connections } from "./connections.ts";
import { checkProxyOptions, type ExternalProxyOptions, type ProxyLogEntry } from "./options.ts";
import { answerRequest, Refused } from "./requests.ts";
import { TokenKeys } from "./token-keys.ts";

export type { ExternalProxyOptions, ProxyLogEntry } from "./options.ts";

export interface ExternalProxy {
  /** `https://127.0.0.1:8443` */
  readonly url: string;
  /**
   * Refuses new requests, answers those that are running, and ends the server and the token's sessions. Connections that are still
   * open after the token's `timeoutMs` are cut.
   */
  close(): Promise<void>;
}

/** Longer than every path of the protocol. Strangers must not fill the log. */
const longestPathLogged = 200;

/**
 * A server of the external key protocol (docs/external-keys.md) whose keys are on a PKCS#11 token and never leave it.
 *
 * @throws LanelockError `ERR_ARGUMENT` that names the wrong option, `ERR_PROVIDER` when the token or the port cannot be opened
 */
export async function startExternalProxy(options: ExternalProxyOptions): Promise<ExternalProxy> {
  checkProxyOptions(options);
  const keys = await TokenKeys.open(options.token);
  try {
    const server = serve(options, keys);
    const url = await listen(server, { host: options.host ?? "127.0.0.1", port: options.port ?? 8443 });
    return {
      url,
      close: async () => {
        await end(server, options.token.sessions?.timeoutMs ?? 30_000);
        await keys.close();
      },
    };
  } catch (error) {
    await keys.close();
    throw error;
  }
}

async function end(server: Server, timeoutMs: number): Promise<void> {
  // A closing server does not time out late requests any more, so half a request would keep it open for ever.
  const timer = setTimeout(() => server.closeAllConnections(), timeoutMs);
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
  });
  clearTimeout(timer);
}

function serve(options: ExternalProxyOptions, keys: TokenKeys): Server {
  const { tls, clientCa, clients: secrets = {}, log } = options;
  const { maxConnections: max = 1000, maxConnectionsPerAddress: maxPerAddress = 128 } = options;
  const connections = new Connections({ max, maxPerAddress });
  const clients = new Clients({ secrets, byCertificate: clientCa !== undefined });
  // If there are clients with secrets too, the certificate is optional.
  const certificates = { requestCert: true, rejectUnauthorized: Object.keys(secrets).length === 0, ca: clientCa };
  const server = createServer(
    {
      cert: tls.certificate,
      key: tls.privateKey,
      minVersion: "TLSv1.3",
      requestTimeout: 15_000,
      headersTimeout: 10_000,
      handshakeTimeout: 5_000,
      keepAliveTimeout: 60_000,
      // How often the two time-outs of requests above are checked. Node's default of 30 s would treble them.
      connectionsCheckingInterval: 2_000,
      ...(clientCa === undefined ? {} : certificates),
    },
    (request, response) => {
      handle({ request, response, clients, keys, connections, isLast: () => !server.listening })
        .then(
          (entry) => tell(log, entry),
          () => response.destroy(),
        )
        .catch(() => undefined);
    },
  );
  // Node's own class, of one realm: a server that listens on a port gets nothing else.
  server.on("connection", (socket) => socket instanceof Socket && connections.admit(socket));
  return server;
}

/** If the log fails, only its entry is lost; the answer and the proxy are unaffected. */
async function tell(log: ExternalProxyOptions["log"], entry: ProxyLogEntry): Promise<void> {
  await log?.(entry);
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    // Later errors are those of single connections that could not be accepted (EMFILE): the proxy continues.
    server.on("error", (cause: unknown) => {
      const advice = codeOf(cause) === "EADDRINUSE" ? "Another program listens there." : "Check host and port.";
      const message = `The proxy cannot listen on ${host}:${port}: ${messageOf(cause)}. ${advice}`;
      reject(new LanelockError("ERR_PROVIDER", message, { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      const given = typeof address === "object" && address ? address.port : port;
      resolve(`https://${host.includes(":") ? `[${host}]` : host}:${given}`);
    });
  });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly clients: Clients;
  readonly keys: TokenKeys;
  readonly connections: Connections;
  /** Whether the connection ends with this answer because the proxy is closing. */
  readonly isLast: () => boolean;
}

async function handle({ request, response, clients, keys, connections, isLast }: Exchange): Promise<ProxyLogEntry> {
  const began = performance.now();
  const { method = "", url: path = "" } = request;
  let client: KnownClient | undefined;
  let refused: Refused | undefined;
  let answer: object;
  try {
    const body = await readBody(request);
    client = clients.identify(request, body);
    if (!client)
      throw new Refused(
        "unauthenticated",
        "The client, its secret or its clock is wrong, or the request was received before.",
      );
    connections.trust(request.socket);
    if (client.hasFlooded) throw new Refused("unavailable", "The client sent too many requests in four minutes; wait.");
    answer = await answerRequest(keys, { client: client.name, method, path, body });
  } catch (error) {
    refused = refusalOf(error);
    answer = { error: { code: refused.refusal, message: refused.message } };
  }
  const status = refused ? refusals[refused.refusal] : 200;
  const content = Buffer.from(JSON.stringify(answer));
  const signature = client?.signAnswer ? { [headers.mac]: client.signAnswer(status, content) } : {};
  const plain = { "content-type": "application/json", "content-length": content.length, "cache-control": "no-store" };
  // An unauthenticated client loses its connection, and no request can follow one that was not read to its end.
  const last = isLast() || !client ? { connection: "close" } : {};
  response.writeHead(status, { ...plain, ...signature, ...last }).end(content);
  const milliseconds = Math.round(performance.now() - began);
  const time = new Date().toISOString();
  const shown = path.slice(0, longestPathLogged);
  return { time, client: client?.name, method, path: shown, status, refusal: refused?.refusal, milliseconds };
}

/** Reads at most the longest message. The rest stays unread, so that the refusal can still be sent. */
function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= maxMessageLength) return;
      request.pause();
      reject(new Refused("too_large", `A request has at most ${maxMessageLength} bytes.`));
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
    // After the end this has no effect.
    request.on("close", () => reject(new Error("the request ended too early")));
  });
}

const refusalByCode: Readonly<Record<string, Refusal>> = {
  ERR_AUTHENTICATION: "authentication",
  ERR_PADDING: "padding",
  ERR_LENGTH: "length",
  UnsupportedOperation: "unsupported",
};

function refusalOf(error: unknown): Refused {
  // All three classes are of this copy of the package, as is everything that throws here; drivers throw other things.
  if (error instanceof Refused) return error;
  if (error instanceof MissingObject)
    return new Refused("key_not_found", "The client has no key of this name and mode.");
  if (!(error instanceof LanelockError)) return new Refused("unavailable", "The token cannot be asked now.");
  return new Refused(refusalByCode[error.code] ?? "unavailable", error.message);
}
