import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { startExternalProxy } from "../../external-proxy/index.ts";
import { readSecretFile } from "../../providers/external/connection.ts";
import { onFile } from "../files/file-error.ts";
import { pair, wholeNumber } from "../options/option-values.ts";
import { UsageError } from "../report/failures.ts";
import { print } from "../report/report.ts";
import { addTokenOptions, tokenOptionsOf } from "../settings/token-options.ts";

interface ProxyFlags {
  readonly host: string;
  readonly port: number;
  readonly certificate: string;
  readonly privateKey: string;
  readonly clientCa?: string;
  readonly client?: Readonly<Record<string, string>>;
  readonly maxConnections?: number;
  readonly maxConnectionsPerAddress?: number;
}

/** `lanelock external-proxy`: serves external keys from a token until SIGINT or SIGTERM. */
export function addExternalProxy(program: Command): void {
  addTokenOptions(program.command("external-proxy"))
    .description("serve the external key protocol (docs/external-keys.md) from a PKCS#11 token, over TLS")
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--port <number>", "the port, 0 for any", wholeNumber, 8443)
    .requiredOption("--certificate <file>", "the proxy's certificate, PEM")
    .requiredOption("--private-key <file>", "its private key, PEM")
    .option("--client-ca <file>", "clients are known by certificates of this authority, PEM")
    .option(
      "--client <name=file>",
      "a client known by a secret, in base64 in a file of mode 0600; may be repeated",
      pair,
    )
    .option("--max-connections <number>", "connections at most (default: 1000)", wholeNumber)
    .option("--max-connections-per-address <number>", "of these, from one address (default: 128)", wholeNumber)
    .action(async (flags: ProxyFlags, command: Command) => {
      const {
        host,
        port,
        certificate,
        privateKey,
        clientCa,
        client = {},
        maxConnections,
        maxConnectionsPerAddress,
      } = flags;
      if (clientCa === undefined && Object.keys(client).length === 0) {
        throw new UsageError("Say who may use the keys: --client NAME=FILE, or --client-ca FILE");
      }
      // If the log's reader closes the pipe, the proxy continues; that is not a failure.
      process.stdout.removeAllListeners("error").on("error", () => undefined);
      const text = (file: string) => onFile({ verb: "read", name: file }, () => readFile(file, "utf8"));
      const clients: Record<string, Uint8Array> = {};
      for (const [name, file] of Object.entries(client)) clients[name] = await readSecretFile(file);
      const proxy = await startExternalProxy({
        ...{ token: tokenOptionsOf(command), host, port },
        tls: { certificate: await text(certificate), privateKey: await text(privateKey) },
        clientCa: clientCa === undefined ? undefined : await text(clientCa),
        ...{ clients, maxConnections, maxConnectionsPerAddress },
        log: (entry) => print(JSON.stringify(entry)),
      });
      print(JSON.stringify({ time: new Date().toISOString(), listening: proxy.url }));
      await new Promise((resolve) => {
        process.once("SIGINT", resolve);
        process.once("SIGTERM", resolve);
      });
      await proxy.close();
    });
}
