import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { Kms } from "../../kms/index.ts";
import { applySeed, ControlledClock, type Seed, type ServeOptions, serve, serveClock } from "../../server/index.ts";
import { onFile } from "../files/file-error.ts";
import { UsageError } from "../report/failures.ts";
import { print, toJson } from "../report/report.ts";
import { ServerLog } from "../report/server-log.ts";
import { kmsOptions } from "../settings/kms-options.ts";
import { configurationOf, settingsOf } from "../settings/read-settings.ts";
import { addServeSettings, type ServeValues, serveSettings } from "../settings/serve-settings.ts";
import { existingStore } from "../settings/with-kms.ts";

const DEFAULT_PORT = 8765;
const DEFAULT_CONSOLE_PORT = 8766;

/** `lanelock serve`: the KMS over HTTP until SIGINT or SIGTERM. The first line of standard output says where. */
export function addServe(program: Command): void {
  addServeSettings(program.command("serve"))
    .description("serve the KMS over HTTP in the protocol of Alibaba Cloud KMS (docs/server.md)")
    .option("--print-config", "print the settings that would be used, as a configuration file has them, and stop")
    .action(async (flags: Readonly<Record<string, unknown>>, command: Command) => {
      const values = serveSettings(flags, configurationOf(command));
      if (flags.printConfig === true) return print(toJson({ ...settingsOf(command), serve: values }));
      check(values);
      await run(command, values);
    });
}

function check(values: ServeValues) {
  const { seed, allowSeeding, allowClockControl, clockSocket, certificate, privateKey, logLevel } = values;
  const { console, consolePort } = values;
  if (seed !== undefined && allowSeeding !== true) {
    throw new UsageError(
      "--seed makes keys of known material, which only a store for tests may have: add --allow-seeding",
    );
  }
  if ((allowClockControl === true) !== (clockSocket !== undefined)) {
    throw new UsageError("--allow-clock-control and --clock-socket FILE go together.");
  }
  if ((certificate === undefined) !== (privateKey === undefined)) {
    throw new UsageError("--certificate and --private-key go together.");
  }
  if (consolePort !== undefined && console !== true) throw new UsageError("--console-port needs --console.");
  if (logLevel !== undefined && !["info", "warn", "silent"].includes(logLevel)) {
    throw new UsageError("--log-level must be info, warn or silent.");
  }
}

async function run(command: Command, values: ServeValues): Promise<void> {
  const settings = existingStore(command, "A server serves a store.");
  if (values.wide === true) await takeWide();
  const seed = values.seed === undefined ? undefined : await readSeed(values.seed);
  const clock = values.allowClockControl === true ? new ControlledClock() : undefined;
  await using log = await ServerLog.open(values.logLevel ?? "info");
  const kms = await Kms.open({
    ...kmsOptions(settings),
    ...{ sweepSeconds: undefined, allowSeeding: values.allowSeeding, clock: clock?.read },
  });
  try {
    await using server = await serve({ kms, log: (line) => log.add(line), ...serveOptions(values) });
    if (seed !== undefined) await applySeed(seed, { kms, accessKeys: server.accessKeys });
    const { clockSocket } = values;
    const control =
      clock === undefined || clockSocket === undefined
        ? undefined
        : await serveClock(clockSocket, clock, () => kms.sweep());
    const printLink = () => {
      if (server.console !== undefined) print(`console ${server.console.link()}`);
    };
    process.on("SIGHUP", () => {
      server.reloadCertificates();
      printLink();
    });
    print(`listening on ${server.url}`);
    printLink();
    await new Promise((resolve) => process.once("SIGINT", resolve).once("SIGTERM", resolve));
    await control?.close();
    await server.close();
  } finally {
    await kms.close();
  }
}

/** Before anything uses the engine. The build is loaded only for those who ask for it. */
async function takeWide(): Promise<void> {
  const { useWide } = await import("../../wide.ts");
  if (await useWide({ setFlag: true })) return;
  process.stderr.write("lanelock: This host does not pack vector operations, so --wide changes nothing.\n");
}

function serveOptions(values: ServeValues): Omit<ServeOptions, "kms"> {
  const { host, port, socket, certificate, privateKey, rateLimit, rateBurst } = values;
  return {
    listen: socket === undefined ? { host: host ?? "127.0.0.1", port: port ?? DEFAULT_PORT } : { socket },
    tls: certificate === undefined || privateKey === undefined ? undefined : { certificate, privateKey },
    insecure: values.insecure,
    allowedOrigins: values.allowedOrigins?.split(",").map((origin) => origin.trim()),
    rateLimit: rateLimit === undefined ? undefined : { perSecond: rateLimit, burst: rateBurst ?? rateLimit },
    metrics: values.metrics ?? false,
    console: values.console === true ? { port: values.consolePort ?? DEFAULT_CONSOLE_PORT } : undefined,
    maxConnections: values.maxConnections,
    requestTimeoutMs: values.requestTimeout,
    maxNonces: values.maxNonces,
  };
}

async function readSeed(path: string): Promise<Seed> {
  const text = await onFile({ verb: "read", name: path }, async () => readFileSync(path, "utf8"));
  try {
    return JSON.parse(text) as Seed;
  } catch (cause) {
    throw new UsageError(`The seed ${path} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
