import { createServer as createPlainServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { ServiceError, type WireError, wireError } from "../protocol/service-error.ts";
import { answerMalformed, newRequestId } from "./answer.ts";
import { Connections } from "./connections.ts";

/**
 * 6,144 bytes of plaintext and 8,192 characters of context in a query, each of at most 9 bytes once percent-encoded. Node's own limit of
 * 16 KiB would refuse them.
 */
const MAX_HEADER_BYTES = 131_072;

export interface HttpServerParts {
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly limits: {
    /** For a whole request to arrive, in milliseconds. */
    readonly requestTimeoutMs: number;
    readonly keepAliveTimeoutMs: number;
    readonly maxConnections: number;
  };
  readonly handler: RequestListener;
  /** Answers a request that Node would refuse without a body. */
  readonly refuseRequest: (...exchange: Parameters<RequestListener>) => void;
  /** Called for every refusal of bytes that are not a request. */
  readonly refused: (error: WireError, requestId: string, socket: Duplex) => void;
}

/** Node's server, with the limits that keep strangers from holding it up, and an answer in JSON where Node has none. */
export function createHttpServer({ tls, limits, handler, refuseRequest, refused }: HttpServerParts): Server {
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: limits.requestTimeoutMs,
    headersTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, limits.requestTimeoutMs),
    // Node's own refusal has no body.
    requireHostHeader: false,
  };
  const listener: RequestListener = (request, response) => {
    if (request.headers.host === undefined && request.httpVersion === "1.1") refuseRequest(request, response);
    else handler(request, response);
  };
  const server =
    tls === undefined ? createPlainServer(options) : createTlsServer({ ...options, ...tls, minVersion: "TLSv1.2" });
  server.maxConnections = limits.maxConnections;
  const connections = new Connections(server);
  server.on("request", listener);
  server.on("checkExpectation", refuseRequest);
  const refuse = async (error: WireError, socket: Duplex) => {
    if (connections.isRefused(socket)) return;
    connections.markRefused(socket);
    const requestId = newRequestId();
    refused(error, requestId, socket);
    if (await connections.drained(socket)) answerMalformed(socket, error, requestId);
    else socket.destroy();
  };
  server.on("clientError", (error: Error, socket: Duplex) => void refuse(malformed(error), socket));
  server.on("connect", ({ method }: IncomingMessage, socket: Duplex) => {
    // Node has handed the socket over: its errors are nobody's now.
    socket.on("error", () => socket.destroy());
    void refuse(wireError(unsupportedMethod(method)), socket);
  });
  return server;
}

export function unsupportedMethod(method = ""): ServiceError {
  return new ServiceError(
    "UnsupportedHTTPMethod",
    `This http method is not supported: use POST or GET, not ${method}.`,
  );
}

/** What Node's parser refused. */
function malformed(error: unknown): WireError {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (code === "HPE_HEADER_OVERFLOW") {
    const message = `The request line and headers may have ${MAX_HEADER_BYTES} bytes. Send the parameters in a form body.`;
    return { status: 431, code: "ParseRequestParameterException", message };
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return { status: 408, code: "RequestTimeout", message: "The request did not arrive in time." };
  }
  return { status: 400, code: "ParseRequestParameterException", message: "The request is not valid HTTP/1.1." };
}
