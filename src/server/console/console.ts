import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { LanelockError } from "../../errors.ts";
import { performance } from "../../shared/timers.ts";
import type { LogLine } from "../http/log-line.ts";
import { AuditTail } from "./audit-tail.ts";
import { answer } from "./requests.ts";
import { SignIn } from "./sign-in.ts";
import { Traffic } from "./traffic.ts";
import { type ViewParts, views } from "./views.ts";

/** A page that shows keys, access keys, the audit log and metrics, to a browser on the same machine. It changes nothing. */
export interface RunningConsole {
  /** `http://127.0.0.1:8766/console` */
  readonly url: string;
  /** An address that lets one browser in, once, within an hour. */
  link(): string;
}

const LOOPBACK = "127.0.0.1";
const MAX_CONNECTIONS = 64;

/** As the server holds it. */
export interface OpenConsole extends RunningConsole {
  /** Counts an answer of the server. */
  observe(line: LogLine): void;
  close(): Promise<void>;
}

/** @throws LanelockError `ERR_UNSUPPORTED` for a port that is in use */
export async function openConsole(parts: Omit<ViewParts, "traffic"> & { readonly port: number }): Promise<OpenConsole> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 });
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listen(server, parts.port);
  const traffic = new Traffic();
  const tail = new AuditTail(parts.gateway);
  const signIn = new SignIn(() => performance.now());
  const all = { gateway: parts.gateway, views: views({ ...parts, traffic }), tail, signIn, port };
  server.on("request", (request, response) => void answer(all, request, response));
  const url = `http://${LOOPBACK}:${port}/console`;
  return {
    url,
    // What follows # is sent to no server and stands in no log of one.
    link: () => `${url}#${signIn.newToken()}`,
    observe: (line) => traffic.observe(line),
    close() {
      traffic.close();
      tail.close();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, LOOPBACK, resolve));
  } catch (cause) {
    const message = `The console cannot listen on ${LOOPBACK}:${port}. Is another program listening there?`;
    throw new LanelockError("ERR_UNSUPPORTED", message, { cause });
  }
  return (server.address() as AddressInfo).port;
}
