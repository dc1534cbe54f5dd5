import { readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { Server as TlsServer } from "node:tls";
import type { FastifyInstance } from "fastify";
import { LanelockError } from "../errors.ts";
import { clearTimeout, setTimeout, systemTime } from "../shared/timers.ts";
import { AccessKeyCache } from "./access/access-key-cache.ts";
import type { AccessKeys } from "./access/access-keys.ts";
import { accessKeysBehind, requireGateway } from "./access/access-keys-of.ts";
import { kmsBackend } from "./backend.ts";
import type { OpenConsole, RunningConsole } from "./console/console.ts";
import { createApp } from "./http/app.ts";
import { Metrics } from "./http/metrics.ts";
import { RateLimiter } from "./http/rate-limit.ts";
import { checkedServeOptions, type ServeOptions, type ServeSettings } from "./options.ts";
import { NonceWindow } from "./protocol/nonce-window.ts";
import { SharedNonces } from "./protocol/shared-nonces.ts";

/** A running server. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:8765`, or `unix:/run/lanelock.sock`. */
  readonly url: string;
  /** Who may call: an access key that is made here can be used at once. */
  readonly accessKeys: AccessKeys;
  /** The page for browsers on this machine, if the option asked for it. */
  readonly console: RunningConsole | undefined;
  /** Reads certificate and private key again, for new connections. */
  reloadCertificates(): void;
  /** Accepts no more connections, finishes requests in progress, and stops. The KMS stays open; its owner closes it. */
  close(): Promise<void>;
}

/**
 * Serves a KMS over HTTP in the protocol of Alibaba Cloud KMS, so that its SDKs work against it. It listens on 127.0.0.1 or a Unix
 * socket; on other addresses only with TLS, or with `insecure: true`. Callers sign with access keys: see `server.accessKeys`.
 *
 * @throws LanelockError `ERR_ARGUMENT` for an option that is unknown or wrong; `ERR_DEPENDENCY` when fastify or prom-client is not
 * installed; `ERR_UNSUPPORTED` for an address that is in use or not this machine's
 * @example
 * await using server = await serve({ kms, listen: { port: 8765 } });
 * const { accessKeyId, accessKeySecret } = await server.accessKeys.create({ name: "orders-service" });
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const settings = checkedServeOptions(options);
  const gateway = requireGateway(settings.kms);
  const accessKeys = accessKeysBehind(gateway, () => cache.expire());
  const cache = new AccessKeyCache(
    { secrets: () => accessKeys.secrets(), generation: () => gateway.generation() },
    settings.checkMilliseconds,
  );
  const nonces = new NonceWindow(settings.maxNonces);
  const { remember } = gateway;
  const metrics = settings.metrics
    ? await Metrics.create({
        ...gateway.usage,
        nonces: { help: "Nonces remembered against replay.", read: () => nonces.size },
      })
    : undefined;
  let shown: OpenConsole | undefined;
  const app = await createApp({
    service: {
      backend: kmsBackend(gateway),
      gatekeeper: {
        accessKeys: cache,
        nonces: remember ? new SharedNonces(nonces, remember) : nonces,
        rates: new RateLimiter(settings.rateLimit),
        now: () => systemTime.now(),
      },
    },
    metrics,
    log: (line) => {
      settings.log(line);
      shown?.observe(line);
    },
    ready: () =>
      gateway.generation().then(
        () => true,
        () => false,
      ),
    tls: settings.tls && readTls(settings.tls),
    host: settings.listen.host ?? "localhost",
    allowedOrigins: settings.allowedOrigins,
    limits: settings.limits,
  });
  const url = await listen(app, settings);
  const closed = onceClosed(app, settings, async () => {
    cache.close();
    await shown?.close();
  });
  if (settings.console !== undefined) {
    try {
      const { openConsole } = await import("./console/console.ts");
      shown = await openConsole({ gateway, accessKeys, ...settings.console });
    } catch (error) {
      await closed();
      throw error;
    }
  }
  return {
    ...{ url, accessKeys, console: shown },
    reloadCertificates() {
      const { server } = app;
      if (settings.tls && server instanceof TlsServer) server.setSecureContext(readTls(settings.tls));
    },
    close: closed,
    [Symbol.asyncDispose]: closed,
  };
}

function onceClosed(
  app: FastifyInstance,
  { listen: { socket }, limits }: ServeSettings,
  closeParts: () => Promise<void>,
): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => {
    if (closing !== undefined) return closing;
    // A request that has not arrived by then is late by its own time-out.
    const cut = setTimeout(() => app.server.closeAllConnections(), limits.requestTimeoutMs);
    closing = app.close().then(async () => {
      clearTimeout(cut);
      await closeParts();
      if (socket !== undefined) rmSync(socket, { force: true });
    });
    return closing;
  };
}

async function listen(app: FastifyInstance, { listen: { host, port, socket }, tls }: ServeSettings): Promise<string> {
  try {
    if (socket !== undefined) {
      await app.listen({ path: socket });
      return `unix:${socket}`;
    }
    await app.listen({ host: host ?? "127.0.0.1", port: port ?? 0 });
  } catch (cause) {
    await app.close();
    const where = socket ?? `${host}:${port}`;
    const message = `The server cannot listen on ${where}. Is another program listening there, and is it this machine's?`;
    throw new LanelockError("ERR_UNSUPPORTED", message, { cause });
  }
  const { address, family, port: bound } = app.server.address() as AddressInfo;
  const name = family === "IPv6" ? `[${address}]` : address;
  return `${tls ? "https" : "http"}://${name}:${bound}`;
}

function readTls({ certificate, privateKey }: { readonly certificate: string; readonly privateKey: string }) {
  try {
    return { cert: readFileSync(certificate, "utf8"), key: readFileSync(privateKey, "utf8") };
  } catch (cause) {
    const message = `The certificate ${certificate} or its private key ${privateKey} cannot be read.`;
    throw new LanelockError("ERR_ARGUMENT", message, { cause });
  }
}
