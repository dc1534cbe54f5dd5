import type { KmsOptions } from "lanelock/kms";
import { type RunningServer, type ServeOptions, serve } from "lanelock/server";
import type { CreatedAccessKey } from "../../src/server/access/access-keys.ts";
import { openKms } from "../kms/open-kms.ts";

export interface TestServer extends AsyncDisposable {
  readonly kms: Awaited<ReturnType<typeof openKms>>;
  readonly server: RunningServer;
  /** May do everything. */
  readonly owner: CreatedAccessKey;
  readonly port: number;
}

/** A KMS in memory behind a server on a free port, and an access key that may do everything. */
export async function startServer(
  options: Partial<Omit<ServeOptions, "kms">> = {},
  kmsOptions: Partial<KmsOptions> = {},
): Promise<TestServer> {
  const kms = await openKms(kmsOptions);
  const server = await serve({ kms, ...options });
  const owner = await server.accessKeys.create({ name: "owner" });
  return {
    ...{ kms, server, owner },
    port: Number(/:(\d+)$/.exec(server.url)?.[1] ?? 0),
    async [Symbol.asyncDispose]() {
      await server.close();
      await kms.close();
    },
  };
}
