import { once } from "node:events";
import { createConnection } from "node:net";

const CONNECTIONS = 32;
const END_OF_HEADERS = Buffer.from("\r\n\r\n");

/**
 * Sends requests that are made beforehand, one at a time on each of 32 connections, and reads the answers no further than it must: what the
 * generator does with a processor is not the servers'.
 *
 * @param ports each server gets its share of the connections
 * @returns how long it took, in nanoseconds
 */
export async function sendAll(ports: readonly number[], requests: readonly Buffer[]): Promise<number> {
  let next = 0;
  const sockets = await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, index) => {
      const socket = createConnection({ host: "127.0.0.1", port: ports[index % ports.length] ?? 0, noDelay: true });
      await once(socket, "connect");
      return socket;
    }),
  );
  const start = process.hrtime.bigint();
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          const send = () => {
            const request = requests[next++];
            if (request === undefined) resolve();
            else socket.write(request);
          };
          let held: Buffer | undefined;
          socket.on("data", (chunk: Buffer) => {
            const bytes = held === undefined ? chunk : Buffer.concat([held, chunk]);
            const length = answerLength(bytes);
            held = length === undefined || bytes.length < length ? bytes : undefined;
            if (held !== undefined) return;
            if (bytes.toString("latin1", 9, 12) === "200") send();
            else reject(new Error(bytes.toString()));
          });
          socket.once("error", reject);
          socket.once("close", () => reject(new Error("the server closed a connection")));
          send();
        }),
    ),
  );
  const took = Number(process.hrtime.bigint() - start);
  for (const socket of sockets) socket.removeAllListeners("close").destroy();
  return took;
}

/** Bytes of the first answer with its headers, once those have come. */
function answerLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(END_OF_HEADERS);
  if (end < 0) return undefined;
  const length = /content-length: (\d+)/i.exec(bytes.toString("latin1", 0, end))?.[1];
  return end + END_OF_HEADERS.length + Number(length);
}
