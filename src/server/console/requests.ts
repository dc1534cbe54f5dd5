import type { IncomingMessage, ServerResponse } from "node:http";
import { LanelockError } from "../../errors.ts";
import { KmsError } from "../../kms/index.ts";
import type { Gateway } from "../../kms/service/gateway.ts";
import type { AuditTail } from "./audit-tail.ts";
import { page } from "./page.generated.ts";
import type { ErrorAnswer } from "./page-data.ts";
import type { SignIn, Visit } from "./sign-in.ts";
import type { Views } from "./views.ts";

const MAX_BODY = 1_024;

/** Every file of the page is the console's own; nothing inline, no frames, no forms, and no text that becomes markup. */
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

export interface ConsoleParts {
  readonly gateway: Gateway;
  readonly views: Views;
  readonly tail: AuditTail;
  readonly signIn: SignIn;
  /** Where it listens: names the cookie and the hosts that are answered. */
  readonly port: number;
}

/** What a request is refused with. */
class Refusal {
  readonly status: number;
  readonly answer: ErrorAnswer;

  constructor(status: number, code: string, message: string) {
    this.status = status;
    this.answer = { code, message };
  }
}

const SIGNED_OUT = new Refusal(
  401,
  "SignedOut",
  "This page is opened by a link that works once. Send SIGHUP to the server: it prints a new one.",
);

const TOO_MANY_LINKS = new Refusal(
  429,
  "TooManyAttempts",
  "Too many wrong links. Wait a few seconds, or open a new link: send SIGHUP to the server, and it prints one.",
);

/** Answers one request of the console. */
export async function answer(parts: ConsoleParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  try {
    await route(parts, request, response);
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    const { status, answer } = refusalOf(error);
    if (!request.complete) response.setHeader("connection", "close");
    sendJson(response, status, answer);
  }
}

async function route(parts: ConsoleParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  requireOwnHost(parts, request);
  const mark = (request.url ?? "/").indexOf("?");
  const url = request.url ?? "/";
  const path = mark < 0 ? url : url.slice(0, mark);
  if (path === "/" || path === "/console/") return void response.writeHead(308, { location: "/console" }).end();
  const name = path === "/console" ? "index.html" : path.slice("/console/".length);
  const file = path.startsWith("/console") && Object.hasOwn(page, name) ? page[name] : undefined;
  if (file !== undefined) {
    requireMethod(request, "GET");
    return void response.writeHead(200, { "content-type": file.type }).end(file.text);
  }
  if (!path.startsWith("/console/api/")) throw new Refusal(404, "NotFound", "There is only /console.");
  await routeData(
    parts,
    { name: path.slice("/console/api/".length), query: url.slice(path.length) },
    request,
    response,
  );
}

interface Asked {
  readonly name: string;
  readonly query: string;
}

async function routeData(
  parts: ConsoleParts,
  { name, query }: Asked,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  requireOwnPage(parts, request);
  if (name === "enter") {
    requireMethod(request, "POST");
    return enter(parts, request, response);
  }
  const visit = visitOf(parts, request);
  if (!parts.signIn.isIn(visit)) throw SIGNED_OUT;
  if (name === "leave") {
    requireMethod(request, "POST");
    parts.signIn.leave(visit);
    return void response.writeHead(204, { "set-cookie": `${cookieName(parts)}=; Path=/console; Max-Age=0` }).end();
  }
  requireMethod(request, "GET");
  const parameters = new URLSearchParams(query);
  if (name === "events") {
    const reader = { response, isIn: () => parts.signIn.isIn(visit) };
    if (parts.tail.attach(reader, Number(parameters.get("after") ?? 0) || 0)) return;
    throw new Refusal(503, "TooManyPages", "Too many pages look at the audit log. Close some.");
  }
  if (!Object.hasOwn(parts.views, name)) throw new Refusal(404, "NotFound", "The console has no such data.");
  sendJson(response, 200, await parts.views[name as keyof Views](parameters));
}

async function enter(parts: ConsoleParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const visit = parts.signIn.enter(await tokenIn(request));
  if (visit === undefined && !parts.signIn.admitsWrongLink()) throw TOO_MANY_LINKS;
  const outcome = visit === undefined ? SIGNED_OUT.answer.code : "OK";
  await parts.gateway.recordVisit({ operation: "OpenConsole", caller: "console", outcome });
  if (visit === undefined) throw SIGNED_OUT;
  const { cookie, key } = visit;
  response.setHeader("set-cookie", `${cookieName(parts)}=${cookie}; Path=/console; HttpOnly; SameSite=Strict`);
  sendJson(response, 200, { key });
}

/** Cookies are sent to every port of a host: the name keeps those of two consoles apart. */
function cookieName({ port }: ConsoleParts): string {
  return `lanelock-console-${port}`;
}

function visitOf(parts: ConsoleParts, { headers }: IncomingMessage): Visit {
  const name = `${cookieName(parts)}=`;
  const cookies = (headers.cookie ?? "").split(";").map((one) => one.trim());
  const cookie = cookies.find((one) => one.startsWith(name))?.slice(name.length) ?? "";
  return { cookie, key: String(headers["x-lanelock-console"] ?? "") };
}

/** A page of another site whose name was made to lead here (DNS rebinding) sends that name. */
function requireOwnHost({ port }: ConsoleParts, { headers }: IncomingMessage): void {
  // Browsers leave out the port of http itself.
  const hosts = ["127.0.0.1", "localhost"].map((name) => (port === 80 ? name : `${name}:${port}`));
  if (headers.host !== undefined && hosts.includes(headers.host)) return;
  throw new Refusal(421, "WrongHost", `The console answers to http://127.0.0.1:${port}/console only.`);
}

/** Data is for the console's own page, whatever cookies another page's requests carry. */
function requireOwnPage(_parts: ConsoleParts, { headers }: IncomingMessage): void {
  const { origin, host } = headers;
  const site = headers["sec-fetch-site"];
  const isOwn = (site === undefined || site === "same-origin") && (origin === undefined || origin === `http://${host}`);
  if (!isOwn) throw new Refusal(403, "WrongOrigin", "The console's data is for its own page.");
}

function requireMethod({ method }: IncomingMessage, allowed: "GET" | "POST"): void {
  if (method !== allowed) throw new Refusal(405, "MethodNotAllowed", `Use ${allowed}. The console changes nothing.`);
}

async function tokenIn(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > MAX_BODY) throw new Refusal(413, "RequestEntityTooLarge", `Send at most ${MAX_BODY} characters.`);
  }
  return text;
}

function sendJson(response: ServerResponse, status: number, json: object): void {
  const body = JSON.stringify(json);
  const own = { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(body) };
  response.writeHead(status, own).end(body);
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof KmsError) return new Refusal(error.httpStatus, error.code, error.message);
  if (error instanceof LanelockError) return new Refusal(503, error.code, error.message);
  return new Refusal(500, "InternalFailure", "The console failed. Load the page again.");
}
