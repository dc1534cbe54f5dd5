import { createConnection, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

export interface Exchange {
  readonly answers: readonly RawAnswer[];
  /** Bytes after the last whole answer. */
  readonly rest: string;
}

/** What is written, in pieces; a number is a pause in milliseconds. */
export type Piece = string | Uint8Array | number;

export interface ExchangeOptions {
  /** `half-close` ends this side after the last piece, `reset` drops the connection then; `wait` leaves it to the server. */
  readonly end?: "half-close" | "reset" | "wait";
}

const TIME_LIMIT_MS = 120_000;

/** Writes bytes to a server on this machine, and reads its answers until it closes the connection. */
export async function exchange(
  port: number,
  pieces: readonly Piece[],
  options: ExchangeOptions = {},
): Promise<Exchange> {
  const { end = "wait" } = options;
  const socket = createConnection({ port, host: "127.0.0.1" });
  const received: Buffer[] = [];
  const closed = new Promise<void>((resolve, reject) => {
    socket.setTimeout(TIME_LIMIT_MS, () => reject(new Error("the server neither answers nor closes")));
    // A server that refuses early closes while more is on its way: the connection is then reset.
    socket.on("error", () => undefined);
    socket.once("close", () => resolve());
  });
  socket.on("data", (chunk) => received.push(chunk));
  await write(socket, pieces);
  if (end === "half-close") socket.end();
  if (end === "reset") socket.destroy();
  try {
    await closed;
  } finally {
    socket.destroy();
  }
  return parse(Buffer.concat(received));
}

async function write(socket: Socket, pieces: readonly Piece[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    if (typeof piece === "number") await new Promise((resolve) => setTimeout(resolve, piece));
    else socket.write(piece);
  }
}

function parse(bytes: Buffer): Exchange {
  const answers: RawAnswer[] = [];
  let at = 0;
  for (;;) {
    const blank = bytes.indexOf("\r\n\r\n", at);
    if (blank < 0) break;
    const headers = bytes.toString("latin1", at, blank);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(headers)?.[1]);
    const length = status < 200 ? 0 : Number(/^content-length: (\d+)$/im.exec(headers)?.[1] ?? 0);
    if (bytes.length < blank + 4 + length) break;
    if (status >= 200 || Number.isNaN(status)) {
      answers.push({ status, headers, body: bytes.toString("utf8", blank + 4, blank + 4 + length) });
    }
    at = blank + 4 + length;
  }
  return { answers, rest: bytes.toString("latin1", at) };
}
