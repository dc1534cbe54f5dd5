import { pendingEvent } from "../audit/event.ts";
import type { KmsContext } from "../core/kms-context.ts";
import { markScrubPending, scrub } from "../life-cycle/scrubbing.ts";
import { SECONDS_PER_DAY } from "../policy/limits.ts";
import { KmsError } from "../ports/errors.ts";
import type { ImportTokenRow, KeyBinding, KeyRow, WrappingAlgorithm } from "../ports/index.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";
import type { TrustedWriter } from "../rows/trusted-writer.ts";
import { isVersionId } from "../wire/ids.ts";

/** How long a token is valid. */
export const TOKEN_MILLISECONDS = SECONDS_PER_DAY * 1_000;
/** How long the row of a dead token is kept, without its keys, so that it answers `ExpiredImportToken`. */
const REMEMBERED_MILLISECONDS = 30 * SECONDS_PER_DAY * 1_000;
/** The failed RSAES_PKCS1_V1_5 unwrap that ends a token. */
export const LAST_FAILURE = 5;

const NOTHING = new Uint8Array(0);

/** What the wrapping key of a token is bound to. */
export function tokenBinding(keyId: string, tokenId: string): KeyBinding {
  return {
    purpose: "import",
    keyId,
    versionId: tokenId,
    keySpec: "RSA_2048",
    keyUsage: "ENCRYPT/DECRYPT",
    origin: "Aliyun_KMS",
    protectionLevel: "SOFTWARE",
    mode: "NONE",
  };
}

function invalidToken(): KmsError {
  return new KmsError("InvalidImportToken", "The import token is not valid for this key, or was used up.");
}

/** A dead token's row keeps no key. */
function isDead(row: ImportTokenRow): boolean {
  return row.handle.length === 0;
}

/** The token of a key, while it lives. */
export async function liveToken(
  rows: TrustedReader,
  { importToken, key, now }: { importToken: Uint8Array; key: KeyRow; now: number },
): Promise<ImportTokenRow> {
  const tokenId = importToken.length === 36 ? String.fromCharCode(...importToken) : "";
  const row = isVersionId(tokenId) ? await rows.importToken(tokenId) : undefined;
  if (row?.keyId !== key.keyId) throw invalidToken();
  if (row.expiresAt <= now) throw new KmsError("ExpiredImportToken", "The import token has expired. Get a new one.");
  if (isDead(row)) throw invalidToken();
  return row;
}

async function kill(rows: TrustedWriter, row: ImportTokenRow): Promise<void> {
  await rows.putImportToken({ ...row, handle: NOTHING, publicKey: NOTHING });
  await markScrubPending(rows);
}

/**
 * Destroys the wrapping keys of expired tokens, and after a month forgets the tokens.
 *
 * @returns how many keys it destroyed
 */
export async function destroyExpiredTokens(core: KmsContext): Promise<number> {
  const now = core.now();
  const isDue = (row: ImportTokenRow) => !isDead(row) || row.expiresAt + REMEMBERED_MILLISECONDS <= now;
  const due = (await core.read((rows) => rows.importTokens({ expiredAt: now }))).filter(isDue);
  const alive = due.filter((row) => !isDead(row));
  if (due.length === 0) return 0;
  const event = pendingEvent(now, "system", "ExpireImportTokens");
  event.note = `${alive.length} wrapping keys destroyed`;
  await core.runAsSystem(event, async () => {
    await core.change(event, async (rows) => {
      for (const row of due) {
        if (row.expiresAt + REMEMBERED_MILLISECONDS <= now) await rows.deleteImportToken(row.tokenId);
        else await kill(rows, row);
      }
    });
    await scrub(core.rows);
  });
  return alive.length;
}

/**
 * One attempt to unwrap with RSAES_PKCS1_V1_5, whose every answer is an oracle. It is counted before it is made, so that
 * neither a crash nor many attempts at once allow a sixth failure.
 */
export class CountedAttempt {
  readonly #core: KmsContext;
  readonly #tokenId: string;
  readonly #keyId: string;

  constructor(core: KmsContext, { tokenId, keyId }: ImportTokenRow) {
    this.#core = core;
    this.#tokenId = tokenId;
    this.#keyId = keyId;
  }

  static isDue(algorithm: string): boolean {
    const counted: WrappingAlgorithm = "RSAES_PKCS1_V1_5";
    return algorithm === counted;
  }

  /** Counts the attempt as failed. @throws KmsError `InvalidImportToken` when there are no attempts left */
  async begin(): Promise<void> {
    const allowed = await this.#change("CountImportAttempt", async (rows, row) => {
      if (row.failures >= LAST_FAILURE) {
        await kill(rows, row);
        return false;
      }
      await rows.putImportToken({ ...row, failures: row.failures + 1 });
      return true;
    });
    if (allowed) return;
    await scrub(this.#core.rows);
    throw invalidToken();
  }

  /** Ends the token if this was its fifth failed attempt. */
  async fail(): Promise<void> {
    const killed = await this.#change("FailImportAttempt", async (rows, row) => {
      if (row.failures < LAST_FAILURE) return false;
      await kill(rows, row);
      return true;
    });
    if (killed) await scrub(this.#core.rows);
  }

  /** Uncounts an attempt whose padding was right. */
  async takeBack(): Promise<void> {
    await this.#change("UncountImportAttempt", async (rows, row) => {
      await rows.putImportToken({ ...row, failures: Math.max(0, row.failures - 1) });
    });
  }

  #change<T>(
    operation: string,
    work: (rows: TrustedWriter, row: ImportTokenRow) => Promise<T>,
  ): Promise<T | undefined> {
    return this.#core.change(this.#core.systemEvent(operation, this.#keyId), async (rows) => {
      const row = await rows.importToken(this.#tokenId);
      return row === undefined || isDead(row) ? undefined : work(rows, row);
    });
  }
}
