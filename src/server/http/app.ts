import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { performance } from "../../shared/timers.ts";
import { plainAddress } from "../access/conditions.ts";
import { type HttpRequest, handleRequest, type Service, type Trace } from "../handle-request.ts";
import { readParameters } from "../protocol/parameters.ts";
import { ServiceError, type WireError, wireError } from "../protocol/service-error.ts";
import { answerMalformed, errorBody, JSON_TYPE, newRequestId } from "./answer.ts";
import type { LogLine } from "./log-line.ts";
import type { Metrics } from "./metrics.ts";
import { optionalPackage } from "./optional-package.ts";

/**
 * 6,144 bytes of plaintext and 8,192 characters of context in a query, each of at most 9 bytes once percent-encoded. Node's own limit of
 * 16 KiB would refuse them.
 */
const MAX_HEADER_BYTES = 131_072;
/** An imported RSA_4096 key in Base64 takes some 4 KiB; the rest is room for a large context in a form. */
const MAX_BODY_BYTES = 262_144;
const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();
const NO_BYTES = new Uint8Array(0);

export interface AppParts {
  readonly service: Service;
  readonly metrics: Metrics | undefined;
  readonly log: (line: LogLine) => void;
  /** Whether the KMS can be used now: its store answers. */
  readonly ready: () => Promise<boolean>;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly host: string;
  readonly limits: {
    /** For a whole request to arrive, in milliseconds. */
    readonly requestTimeoutMs: number;
    readonly keepAliveTimeoutMs: number;
    readonly maxConnections: number;
  };
}

interface Running extends AppParts {
  /** From then on an answer ends its connection, which would otherwise keep the server up while it is idle. */
  closing: boolean;
}

/** The HTTP server, not listening yet. Everything it answers is JSON with a RequestId, but for the metrics. */
export async function createApp(given: AppParts): Promise<FastifyInstance> {
  const parts: Running = { ...given, closing: false };
  const { fastify } = await optionalPackage("fastify", () => import("fastify"));
  const app = fastify({
    logger: false,
    genReqId: newRequestId,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    exposeHeadRoutes: false,
    // The signature needs the query as it came.
    routerOptions: { querystringParser: () => ({}) },
    serverFactory: (handler) => httpServer(parts, handler),
    frameworkErrors: (error, request, reply) => {
      refuse(parts, { request, reply, startedAt: performance.now() }, error);
    },
  });
  app.addHook("preClose", async () => {
    parts.closing = true;
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) =>
    refuse(parts, { request, reply, startedAt: performance.now() }, error),
  );
  app.setNotFoundHandler((request, reply) => {
    refuse(parts, { request, reply, startedAt: performance.now() }, notFound(request));
  });
  for (const method of ["GET", "POST"] as const) {
    app.route({ method, url: "/", handler: (request, reply) => answer(parts, request, reply) });
  }
  app.get("/healthz", (_request, reply) => reply.type(JSON_TYPE).send('{"status":"ok"}'));
  app.get("/readyz", async (_request, reply) => {
    const ready = await parts.ready();
    return reply
      .code(ready ? 200 : 503)
      .type(JSON_TYPE)
      .send(`{"status":"${ready ? "ready" : "unavailable"}"}`);
  });
  const { metrics } = parts;
  if (metrics !== undefined) {
    app.get("/metrics", async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  }
  return app;
}

/** Node's server, with the limits that keep strangers from holding it up. */
function httpServer({ tls, limits }: AppParts, handler: RequestListener): Server {
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: limits.requestTimeoutMs,
    headersTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, limits.requestTimeoutMs),
  };
  const server =
    tls === undefined
      ? createHttpServer(options, handler)
      : createHttpsServer({ ...options, ...tls, minVersion: "TLSv1.2" }, handler);
  server.maxConnections = limits.maxConnections;
  server.on("clientError", (error: Error, socket: Duplex) => answerMalformed(socket, malformed(error)));
  return server;
}

async function answer(parts: Running, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const startedAt = performance.now();
  const trace: Trace = { operation: "unknown" };
  try {
    const json = await handleRequest(parts.service, httpRequest(request), trace);
    const body = JSON.stringify({ ...json, RequestId: request.id });
    reply.type(JSON_TYPE).header("x-acs-request-id", request.id);
    if (parts.closing) reply.header("connection", "close");
    observe(parts, { request, startedAt, trace, status: 200, code: "OK" });
    return reply.send(body);
  } catch (error) {
    return refuse(parts, { request, reply, startedAt, trace }, error);
  }
}

function httpRequest(request: FastifyRequest): HttpRequest {
  const { raw, headers } = request;
  const url = raw.url ?? "/";
  const mark = url.indexOf("?");
  const query = new Map<string, string>();
  if (mark >= 0) readParameters(url.slice(mark + 1), query);
  const body = request.body instanceof Uint8Array ? request.body : NO_BYTES;
  const isForm = body.length > 0 && /^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "");
  return {
    ...{ method: request.method, path: mark < 0 ? url : url.slice(0, mark), query, headers, body },
    form: isForm ? formOf(body) : NO_PARAMETERS,
    sourceIp: plainAddress(raw.socket.remoteAddress ?? ""),
    secureTransport: request.protocol === "https",
  };
}

function formOf(body: Uint8Array): ReadonlyMap<string, string> {
  const form = new Map<string, string>();
  readParameters(textOf(body), form);
  return form;
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new ServiceError("ParseRequestParameterException", "The body is not UTF-8.", { cause });
  }
}

interface Refused {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly startedAt: number;
  readonly trace?: Trace;
}

function refuse(parts: Running, { request, reply, startedAt, trace }: Refused, error: unknown): FastifyReply {
  const seen = wireError(ofFramework(error));
  const { status, code } = seen;
  observe(parts, { request, startedAt, trace: trace ?? { operation: "unknown" }, status, code, cause: error });
  reply.code(status).type(JSON_TYPE).header("x-acs-request-id", request.id);
  if (status === 413 || status === 408 || parts.closing) reply.header("connection", "close");
  return reply.send(errorBody(seen, request.id, parts.host));
}

interface Observed {
  readonly request: FastifyRequest;
  readonly startedAt: number;
  readonly trace: Trace;
  readonly status: number;
  readonly code: string;
  readonly cause?: unknown;
}

function observe(parts: AppParts, { request, startedAt, trace, status, code, cause }: Observed): void {
  const milliseconds = performance.now() - startedAt;
  const { operation, accessKeyId, caller } = trace;
  parts.metrics?.observe({ operation, code, seconds: milliseconds / 1_000 });
  parts.log({
    ...{ requestId: request.id, operation, status, code, milliseconds, accessKeyId, caller },
    sourceIp: plainAddress(request.raw.socket.remoteAddress ?? ""),
    ...(status >= 500 ? { cause } : {}),
  });
}

/** Fastify's own refusals in the service's terms. */
function ofFramework(error: unknown): unknown {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new ServiceError("RequestEntityTooLarge", `The body may have ${MAX_BODY_BYTES} bytes.`);
  }
  if (typeof code === "string" && (code.startsWith("FST_ERR_CTP") || code === "FST_ERR_BAD_URL")) {
    return new ServiceError("ParseRequestParameterException", "The request cannot be read.");
  }
  return error;
}

function notFound({ raw, method }: FastifyRequest): ServiceError {
  const path = (raw.url ?? "").split("?", 1)[0];
  if (path === "/") {
    return new ServiceError(
      "UnsupportedHTTPMethod",
      `This http method is not supported: use POST or GET, not ${method}.`,
    );
  }
  return new ServiceError("NotFound", "There is nothing at this path. Send operations to /.");
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
