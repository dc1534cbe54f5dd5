import { randomBytes } from "node:crypto";
import { Kms } from "../kms/index.ts";
import type { AccessKeys } from "../server/access/access-keys.ts";
import { ControlledClock } from "../server/clock-control.ts";
import { applySeed } from "../server/seed.ts";
import { type RunningServer, serve } from "../server/serve.ts";
import { memoryStore } from "../stores/index.ts";
import { checkedTestOptions, type TestKmsOptions } from "./test-options.ts";

export type { TestKmsOptions } from "./test-options.ts";

/** A running KMS that ends with its test. */
export interface TestKms extends AsyncDisposable {
  /** `http://127.0.0.1:49152` */
  readonly endpoint: string;
  /** `127.0.0.1:49152`: what Alibaba's SDKs take as their endpoint, with `protocol: "http"`. */
  readonly host: string;
  readonly region: string;
  /** The seed's first access key; without one, a new one that may do everything. */
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** More access keys, with policies: they can be used at once. */
  readonly accessKeys: AccessKeys;
  /** The same KMS in process, to prepare keys and to look at them. */
  readonly kms: Kms;
  /**
   * Advances the KMS's clock by an interval such as `30d`, `12h`, `5m` or `1s`, and carries out what is due then: rotations, expiries,
   * deletions. Signatures are checked by the system's time, so that clients need no clock of their own.
   *
   * @returns the KMS's time
   * @throws LanelockError `ERR_ARGUMENT` for anything but an interval
   */
  advance(interval: string): Promise<Date>;
  /** Stops the server and wipes every key. It can be called again. */
  close(): Promise<void>;
}

/**
 * Starts a KMS in memory behind a server on a free port of 127.0.0.1, in the protocol of Alibaba Cloud KMS. Nothing of it is left when
 * it is closed. It works in every test runner; servers of tests that run at the same time do not meet.
 *
 * @throws LanelockError `ERR_ARGUMENT` for an option or a seed that is wrong; `ERR_DEPENDENCY` when fastify is not installed;
 * `ERR_UNSUPPORTED` for a port that is in use; KmsError for what the KMS refuses in a seed
 * @example
 * await using server = await testKms();
 * const { keyId } = (await server.kms.createKey({})).keyMetadata;
 * const { endpoint, accessKeyId, accessKeySecret } = server; // for the client under test
 */
export async function testKms(options: TestKmsOptions = {}): Promise<TestKms> {
  const { seed = {}, port = 0, region = "local" } = checkedTestOptions(options);
  const clock = new ControlledClock();
  const store = memoryStore();
  const rootKey = new Uint8Array(randomBytes(32));
  const realm = { regionId: region };
  const kms = await Kms.open({ store, rootKey, realm, clock: clock.read, allowSeeding: true });
  let server: RunningServer | undefined;
  const close = async () => {
    await server?.close();
    await kms.close();
  };
  try {
    server = await serve({ kms, listen: { port }, metrics: false });
    const { url: endpoint, accessKeys } = server;
    await applySeed(seed, { kms, accessKeys });
    const { accessKeyId, accessKeySecret } = seed.accessKeys?.[0] ?? (await accessKeys.create({ name: "test" }));
    return {
      ...{ endpoint, host: new URL(endpoint).host, region, accessKeyId, accessKeySecret, accessKeys, kms, close },
      async advance(interval) {
        const now = clock.advance(interval);
        await kms.sweep();
        return now;
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  } finally {
    rootKey.fill(0);
  }
}
