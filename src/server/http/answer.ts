import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { clearTimeout, setTimeout } from "../../shared/timers.ts";
import type { WireError } from "../protocol/service-error.ts";

export const JSON_TYPE = "application/json; charset=utf-8";

const ID_CHARACTERS = 36;
const IDS_AT_ONCE = 64;
let ids = "";
let used = 0;

/** A random UUID (RFC 9562 §5.4) in capitals, as the service writes them: many are made capitals at once, which is the slow part. */
export function newRequestId(): string {
  if (used === ids.length) {
    ids = Array.from({ length: IDS_AT_ONCE }, () => randomUUID())
      .join("")
      .toUpperCase();
    used = 0;
  }
  used += ID_CHARACTERS;
  return ids.slice(used - ID_CHARACTERS, used);
}

/** The JSON of a refusal, as the service spells it. */
export function errorBody({ status, code, message }: WireError, requestId: string, host: string): string {
  return JSON.stringify({ HttpStatus: status, Code: code, Message: message, RequestId: requestId, HostId: host });
}

/** How long a peer may take to read a refusal before its connection is cut, in milliseconds. */
const LINGER_MS = 2_000;

/** Answers on a socket whose request could not be read as HTTP, and closes it. */
export function answerMalformed(socket: Duplex, error: WireError, requestId: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = errorBody(error, requestId, "");
  const reason = STATUS_CODES[error.status] ?? "Error";
  socket.end(
    `HTTP/1.1 ${error.status} ${reason}\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `x-acs-request-id: ${requestId}\r\nConnection: close\r\n\r\n${body}`,
  );
  // Nobody reads what the peer still sends, so its end would go unnoticed, and the connection would stay for ever.
  socket.resume();
  const cut = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(cut));
}
