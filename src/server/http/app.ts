import type { RequestListener, Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { performance } from "../../shared/timers.ts";
import { validTextOf } from "../../shared/utf8.ts";
import { plainAddress } from "../access/conditions.ts";
import { type HttpRequest, handleRequest, type Service, type Trace } from "../handle-request.ts";
import { readParameters } from "../protocol/parameters.ts";
import { ServiceError, type WireError, wireError } from "../protocol/service-error.ts";
import { errorBody, JSON_TYPE, newRequestId } from "./answer.ts";
import { CrossOrigin } from "./cross-origin.ts";
import { atEndOfTurn } from "./end-of-turn.ts";
import { createHttpServer, type HttpServerParts, unsupportedMethod } from "./http-server.ts";
import type { LogLine } from "./log-line.ts";
import type { Metrics } from "./metrics.ts";
import { optionalPackage } from "./optional-package.ts";

/** An imported RSA_4096 key in Base64 takes some 4 KiB; the rest is space for a large context in a form. */
const MAX_BODY_BYTES = 262_144;
const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();
const NO_BYTES = new Uint8Array(0);
const UNKNOWN: Trace = { operation: "unknown" };
const NO_HOST: WireError = {
  ...{ status: 400, code: "ParseRequestParameterException" },
  message: "A request of HTTP/1.1 must have the header Host.",
};
const BROKEN_OFF: WireError = {
  ...{ status: 400, code: "ParseRequestParameterException" },
  message: "The body of the request broke off.",
};
const NO_EXPECTATION: WireError = {
  ...{ status: 417, code: "ParseRequestParameterException" },
  message: "The header Expect may only be 100-continue.",
};

export interface AppParts {
  readonly service: Service;
  readonly metrics: Metrics | undefined;
  readonly log: (line: LogLine) => void;
  /** Whether the KMS can be used now: its store answers. */
  readonly ready: () => Promise<boolean>;
  readonly tls: HttpServerParts["tls"];
  readonly host: string;
  /** Of pages that may call: `https://app.example`. */
  readonly allowedOrigins: readonly string[];
  readonly limits: HttpServerParts["limits"];
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
    // The signature needs the raw query.
    routerOptions: { querystringParser: () => ({}) },
    serverFactory: (handler) => httpServer(parts, handler),
    // createHttpServer listens to clientError. Fastify would otherwise answer it too, in another form.
    clientErrorHandler: () => undefined,
    frameworkErrors: (error, request, reply) => {
      refuse(parts, { request, reply, startedAt: performance.now() }, error);
    },
  });
  const crossOrigin = new CrossOrigin(parts.allowedOrigins);
  // A hook costs every request, so there is none without need.
  if (parts.allowedOrigins.length > 0) {
    app.addHook("onRequest", (request, reply, done) => {
      crossOrigin.mark(request, reply);
      done();
    });
  }
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
    // Returns nothing: a promise would cost fastify as much as the rest of its work.
    app.route({ method, url: "/", handler: (request, reply) => void answer(parts, request, reply) });
  }
  app.options("/", (request, reply) => {
    const startedAt = performance.now();
    if (!crossOrigin.isPreflight(request)) return refuse(parts, { request, reply, startedAt }, notFound(request));
    observe(parts, { ...source(request), startedAt, trace: UNKNOWN, status: 204, code: "OK" });
    return crossOrigin.permit(reply).send();
  });
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

/** The server under fastify. What it refuses by itself is logged and counted like every answer. */
function httpServer(parts: Running, handler: RequestListener): Server {
  return createHttpServer({
    ...{ tls: parts.tls, limits: parts.limits, handler },
    refuseRequest(request, response) {
      const startedAt = performance.now();
      const requestId = newRequestId();
      const seen = request.headers.host === undefined ? NO_HOST : NO_EXPECTATION;
      observe(parts, { ...{ requestId, startedAt, trace: UNKNOWN }, ...seen, socket: request.socket });
      const body = errorBody(seen, requestId, parts.host);
      const length = Buffer.byteLength(body);
      const own = { "content-type": JSON_TYPE, "content-length": length, "x-acs-request-id": requestId };
      response.writeHead(seen.status, { ...own, connection: "close" }).end(body);
    },
    refused({ status, code }, requestId, socket) {
      observe(parts, { ...{ requestId, startedAt: performance.now(), trace: UNKNOWN }, status, code, socket });
    },
  });
}

/** Never rejects: what fails is answered. */
async function answer(parts: Running, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const startedAt = performance.now();
  const trace: Trace = { operation: "unknown", accessKeyId: undefined, caller: undefined };
  try {
    const json = await handleRequest(parts.service, httpRequest(request), trace);
    const body = withRequestId(JSON.stringify(json), request.id);
    const { socket } = request.raw;
    observe(parts, { requestId: request.id, socket, startedAt, trace, status: 200, code: "OK" });
    atEndOfTurn(() => send(parts, { request, reply, body }));
  } catch (error) {
    refuse(parts, { request, reply, startedAt, trace }, error);
  }
}

interface Outgoing {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly body: string;
}

const NOT_ASCII = /[^ -~]/;

/**
 * Sends an answer. One in ASCII, without headers for pages, goes past what fastify does with every answer: Node then need not count its bytes
 * and encode it as UTF-8.
 */
function send({ closing, allowedOrigins }: Running, { request, reply, body }: Outgoing): void {
  if (closing || allowedOrigins.length > 0 || NOT_ASCII.test(body)) {
    reply.type(JSON_TYPE).header("x-acs-request-id", request.id);
    if (closing) reply.header("connection", "close");
    reply.send(body);
    return;
  }
  reply.hijack();
  const headers = { "content-type": JSON_TYPE, "content-length": body.length, "x-acs-request-id": request.id };
  reply.raw.writeHead(200, headers).end(body, "latin1");
}

/** The JSON of an object with one member more. */
function withRequestId(json: string, id: string): string {
  return `${json.slice(0, -1)}${json === "{}" ? "" : ","}"RequestId":"${id}"}`;
}

// Every request passes here and by `observe`: objects that are spread into others take ten times as long to make as plain ones.
function httpRequest(request: FastifyRequest): HttpRequest {
  const { raw, headers } = request;
  const url = raw.url ?? "/";
  const mark = url.indexOf("?");
  const query = new Map<string, string>();
  const encoded = mark < 0 ? "" : url.slice(mark + 1);
  const isInOrder = readParameters(encoded, query);
  const body = ArrayBuffer.isView(request.body) ? (request.body as Uint8Array) : NO_BYTES;
  const isForm = body.length > 0 && /^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "");
  return {
    method: request.method,
    path: mark < 0 ? url : url.slice(0, mark),
    query,
    orderedQuery: isInOrder ? encoded : undefined,
    headers,
    body,
    form: isForm ? formOf(body) : NO_PARAMETERS,
    sourceIp: addressOf(raw.socket),
    secureTransport: request.protocol === "https",
  };
}

function formOf(body: Uint8Array): ReadonlyMap<string, string> {
  const form = new Map<string, string>();
  const text = validTextOf(body);
  if (text === undefined) throw new ServiceError("ParseRequestParameterException", "The body is not UTF-8.");
  readParameters(text, form);
  return form;
}

interface Refused {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly startedAt: number;
  readonly trace?: Trace;
}

function refuse(parts: Running, { request, reply, startedAt, trace }: Refused, error: unknown): FastifyReply {
  const { raw } = request;
  // The body broke off. Whether its bytes were malformed or its sender left, no answer can follow on this connection.
  const seen = raw.destroyed && !raw.complete ? BROKEN_OFF : wireError(ofFramework(error));
  const { status, code } = seen;
  observe(parts, { ...source(request), startedAt, trace: trace ?? UNKNOWN, status, code, cause: error });
  reply.code(status).type(JSON_TYPE).header("x-acs-request-id", request.id);
  if (status === 413 || status === 408 || parts.closing) reply.header("connection", "close");
  return reply.send(errorBody(seen, request.id, parts.host));
}

const addresses = new WeakMap<Duplex, string>();

/** The address of the other end. It is asked for twice a request, and stays the same for a connection. */
function addressOf(socket: Duplex): string {
  const known = addresses.get(socket);
  if (known !== undefined) return known;
  const address = plainAddress(socket instanceof Socket ? (socket.remoteAddress ?? "") : "");
  addresses.set(socket, address);
  return address;
}

function source({ id, raw }: FastifyRequest): { requestId: string; socket: Duplex } {
  return { requestId: id, socket: raw.socket };
}

interface Observed {
  readonly requestId: string;
  readonly socket: Duplex;
  readonly startedAt: number;
  readonly trace: Trace;
  readonly status: number;
  readonly code: string;
  readonly cause?: unknown;
}

function observe(parts: AppParts, { requestId, socket, startedAt, trace, status, code, cause }: Observed): void {
  const milliseconds = performance.now() - startedAt;
  const { operation, accessKeyId, caller } = trace;
  parts.metrics?.observe({ operation, code, seconds: milliseconds / 1_000 });
  const sourceIp = addressOf(socket);
  const shown = status >= 500 ? cause : undefined;
  parts.log({ requestId, operation, status, code, milliseconds, sourceIp, accessKeyId, caller, cause: shown });
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
    return unsupportedMethod(method);
  }
  return new ServiceError("NotFound", "There is nothing at this path. Send operations to /.");
}
