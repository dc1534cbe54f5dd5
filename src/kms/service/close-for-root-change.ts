import { LanelockError } from "../../errors.ts";
import { utf8 } from "../../shared/encoding.ts";
import { setTimeout, systemTime } from "../../shared/timers.ts";
import { claimOn } from "../audit/chained-file.ts";
import type { KmsContext } from "../core/kms-context.ts";
import type { StoreClaim } from "../ports/index.ts";
import { ROOT_CHANGE } from "../root/metadata.ts";

/** The claim of the process that changes the root key. */
const CLAIM = "root-change";
/** For the change itself, once every audit file is given up. If the process has died by then, the others go on. */
const CHANGE_MILLISECONDS = 60_000;
const LOOK_MILLISECONDS = 100;

/** Holds every audit file of a store, so that nobody writes one. */
export interface ClosedStore {
  /** The other processes go on with the old root key. */
  callOff(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Makes the other processes of a store stop, and waits until none of them writes an audit file any more.
 *
 * @throws LanelockError `ERR_STATE` that names the files which somebody still writes after `waitMilliseconds`; the store is open again then
 */
export async function closeForRootChange(core: KmsContext, waitMilliseconds: number): Promise<ClosedStore> {
  const own = await core.rows.claim(CLAIM);
  if (own === undefined) throw new LanelockError("ERR_STATE", "Another process is changing the root key of the store.");
  const claims = new Map<string, StoreClaim>();
  const release = async () => {
    for (const claim of [...claims.values(), own]) await claim.release().catch(() => undefined);
  };
  const closed: ClosedStore = {
    async callOff() {
      // In this order: who goes on needs its file.
      await release();
      await mark(core, "");
    },
    release,
  };
  const deadline = systemTime.now() + waitMilliseconds;
  try {
    await mark(core, String(deadline + CHANGE_MILLISECONDS));
    for (;;) {
      const written = await claimAll(core, claims);
      if (written.length === 0) return closed;
      if (systemTime.now() > deadline) throw stillWritten(written);
      await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
    }
  } catch (error) {
    await closed.callOff().catch(() => undefined);
    throw error;
  }
}

/** Whether a process is changing the root key of the store, however long that takes. */
export async function isRootChanging({ rows }: KmsContext): Promise<boolean> {
  const claim = await rows.claim(CLAIM);
  await claim?.release();
  return claim === undefined;
}

function mark(core: KmsContext, until: string): Promise<void> {
  return core.rows.write((rows) => rows.putMeta(ROOT_CHANGE, utf8(until)));
}

/** @returns the files that others write */
async function claimAll(core: KmsContext, claims: Map<string, StoreClaim>): Promise<readonly string[]> {
  const anchors = await core.read((rows) => rows.anchors());
  const files = new Set(anchors.map(({ location }) => location).filter((location) => location !== core.audit.path));
  const written: string[] = [];
  for (const file of files) {
    if (claims.has(file)) continue;
    const claim = await core.rows.claim(claimOn(file));
    if (claim === undefined) written.push(file);
    else claims.set(file, claim);
  }
  return written;
}

function stillWritten(files: readonly string[]): LanelockError {
  return new LanelockError(
    "ERR_STATE",
    `The root key was not changed, because processes of the store still write these audit files: ${files.join(", ")}. ` +
      "Stop the processes that do not answer, and try again.",
  );
}
