import { LanelockError } from "../../errors.ts";
import { toHex, utf8 } from "../../shared/encoding.ts";
import { sha256 } from "../../shared/hash/sha256.ts";
import { nodeModule } from "../../shared/node-modules.ts";
import { messageOf } from "../../shared/thrown.ts";
import type { StoreClaim } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import type { Unsealed } from "../rows/row-mac.ts";
import type { TrustedStore } from "../rows/trusted-store.ts";
import { type ChainEnd, eventLine, headerLine, parseHeader, sealLine } from "./chain-format.ts";
import { CHAIN_START, type ChainPoint, fileLength, firstLine, walkChain } from "./chain-walk.ts";
import { type PendingEvent, pendingEvent } from "./event.ts";
import type { AuditSink } from "./sink.ts";

export interface ChainedFileOptions {
  /** The file of the first process; others that run at the same time take `name.2.jsonl`, `name.3.jsonl`, … */
  readonly path: string;
  readonly store: Pick<TrustedStore, "claim" | "anchor" | "storedAnchor">;
  readonly keys: StoreKeys;
  readonly now: () => number;
}

const MAX_FILES = 1_024;
const FEATURE = "The audit file";

/** The name of the claim that the process which writes an audit file holds. @param path absolute */
export function claimOn(path: string): string {
  return `audit-${toHex(sha256(utf8(path))).slice(0, 16)}`;
}

/**
 * The audit file of one process: JSON lines chained by HMAC, see `chain-format.ts`. When the file is renamed, the log goes on in a new
 * file of the old name, whose first line says which chain it continues. When it is deleted or cut, the log refuses to go on.
 */
export class ChainedFile implements AuditSink {
  readonly #options: ChainedFileOptions;
  readonly #fs = nodeModule("node:fs", FEATURE);
  readonly #crypto = nodeModule("node:crypto", FEATURE);
  #claim: StoreClaim | undefined;
  #path = "";
  #file = -1;
  #chainId = "";
  #point: ChainPoint = CHAIN_START;
  #anchored = -1;
  #memory = Buffer.alloc(0);
  /** Somebody else has written to the file: the claim is lost, whatever it says. */
  #overtaken = false;
  /** Somebody deleted the file, or cut what this process wrote. */
  #lost = false;
  /** What the chain continues, until its header is on disk. Nothing else is written before. */
  #unbegun: { readonly after: ChainEnd | undefined } | undefined;
  /** The ends of the files that were renamed since the last anchor. */
  #renamed: Unsealed<"anchor">[] = [];

  private constructor(options: ChainedFileOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#path;
  }

  static async open(options: ChainedFileOptions): Promise<ChainedFile> {
    const file = new ChainedFile(options);
    try {
      await file.#claimAndContinue();
      return file;
    } catch (cause) {
      await file.close().catch(() => undefined);
      if (cause instanceof LanelockError) throw cause;
      throw new LanelockError("ERR_AUDIT", `The audit file cannot be opened: ${messageOf(cause)}`, { cause });
    }
  }

  /** Takes the first file of the series that no other process writes. */
  async #claimAndContinue(): Promise<void> {
    const { resolve } = nodeModule("node:path", FEATURE);
    const { path, store } = this.#options;
    for (let number = 1; number <= MAX_FILES; number++) {
      const candidate = resolve(number === 1 ? path : path.replace(/(\.[^./\\]*)?$/, (end) => `.${number}${end}`));
      this.#claim = await store.claim(claimOn(candidate));
      if (this.#claim === undefined) continue;
      this.#path = candidate;
      this.#overtaken = false;
      this.#unbegun = undefined;
      await this.#continueOrBegin();
      return;
    }
    throw new LanelockError("ERR_AUDIT", `${MAX_FILES} processes write audit files like ${path} already.`);
  }

  async #continueOrBegin(): Promise<void> {
    const after = this.#archiveClosed();
    this.#file = this.#fs.openSync(this.#path, "a", 0o600);
    if (fileLength(this.#path) === 0) this.#begin(after);
    else await this.#continue();
    await this.anchor();
  }

  /** A chain ends when the root key is changed. Its file is kept beside the new one. */
  #archiveClosed(): ChainEnd | undefined {
    if (!this.#fs.existsSync(this.#path)) return undefined;
    const chain = parseHeader(firstLine(this.#path))?.chainId;
    if (chain === undefined || !this.#options.keys.isClosedChain(chain)) return undefined;
    const { keys } = this.#options;
    const { end } = walkChain({ path: this.#path, keys, chainId: chain, from: CHAIN_START });
    this.#fs.renameSync(
      this.#path,
      this.#path.replace(/(\.[^./\\]*)?$/, (last) => `.closed-${chain.slice(0, 8)}${last}`),
    );
    return { chain, seq: end.sequence, mac: toHex(end.mac) };
  }

  #begin(after?: ChainEnd): void {
    this.#chainId = this.#crypto.randomUUID();
    this.#point = CHAIN_START;
    this.#anchored = -1;
    this.#unbegun = { after };
    this.#writeHeader();
  }

  #writeHeader(): void {
    if (this.#unbegun === undefined) return;
    const { keys, now } = this.#options;
    const { after } = this.#unbegun;
    // It is there if only the sync failed.
    if (this.#point.length === 0) {
      this.#append([headerLine({ chainId: this.#chainId, storeId: keys.storeId, after, at: now() })]);
    }
    this.#fs.fdatasyncSync(this.#file);
    this.#unbegun = undefined;
  }

  /** Checks the lines after the last anchor. Cuts lines that a crash left unsealed, and records that in a note. */
  async #continue(): Promise<void> {
    const { keys, store } = this.#options;
    this.#chainId = parseHeader(firstLine(this.#path))?.chainId ?? "";
    const anchor = await store.storedAnchor(this.#chainId);
    const from = anchor ? { sequence: anchor.sequence, mac: anchor.head, length: anchor.length } : CHAIN_START;
    if (fileLength(this.#path) < from.length) throw this.#tampered("its end is missing");
    const walk = walkChain({ path: this.#path, keys, chainId: this.#chainId, from });
    if (walk.broken !== undefined) throw this.#tampered(walk.broken);
    this.#point = walk.end;
    this.#anchored = from.sequence;
    if (walk.unsealed === 0) return;
    this.#fs.ftruncateSync(this.#file, walk.end.length);
    if (walk.end.sequence < 0) this.#begin();
    const event = pendingEvent(this.#options.now(), "system", "AuditTailCut");
    event.note = `${walk.unsealed} bytes without a seal, left by a process that did not close, were cut`;
    this.write([event], true);
  }

  #tampered(problem: string): LanelockError {
    return new LanelockError(
      "ERR_AUDIT",
      `The audit file ${this.#path} does not continue its chain: ${problem}. Look at it with "lanelock audit verify", keep ` +
        "it as evidence, and move it away to begin a new one.",
    );
  }

  write(events: readonly PendingEvent[], durable: boolean): void {
    this.check();
    this.#requireClaim();
    this.#writeHeader();
    let sequence = this.#point.sequence;
    const { keys } = this.#options;
    if (events.length > 0) this.#append(events.map((event) => eventLine(keys, ++sequence, event)));
    if (durable) this.#fs.fdatasyncSync(this.#file);
  }

  /** Follows a rename, and refuses to go on when the file was deleted or cut. */
  check(): void {
    if (this.#file < 0) return;
    const open = this.#fs.fstatSync(this.#file);
    this.#lost ||= open.nlink === 0 || open.size < this.#point.length;
    if (this.#lost) throw this.#wasLost();
    const named = this.#fs.statSync(this.#path, { throwIfNoEntry: false });
    if (named?.ino !== open.ino || named.dev !== open.dev) this.#followRename();
  }

  #wasLost(): LanelockError {
    return new LanelockError(
      "ERR_AUDIT",
      `The audit file ${this.#path} was deleted or cut while it was in use, and events with it. Open the KMS again to begin a new ` +
        "file; to rotate the log, rename it.",
    );
  }

  #followRename(): void {
    const file = this.#fs.openSync(this.#path, "a", 0o600);
    try {
      if (fileLength(this.#path) > 0) throw this.#lostClaim();
      this.#fs.fdatasyncSync(this.#file);
    } catch (error) {
      this.#closeQuietly(file);
      throw error;
    }
    this.#closeQuietly(this.#file);
    this.#file = file;
    // A chain without a header was never begun: the next one continues what it was to continue.
    if (this.#unbegun === undefined) {
      this.#renamed.push(this.#anchorRow());
      this.#begin({ chain: this.#chainId, seq: this.#point.sequence, mac: toHex(this.#point.mac) });
    } else this.#begin(this.#unbegun.after);
  }

  /** What is written is synced before, and a file whose closing failed is closed all the same (close(2)). */
  #closeQuietly(file: number): void {
    try {
      this.#fs.closeSync(file);
    } catch {
      // Nothing depends on it.
    }
  }

  #anchorRow(): Unsealed<"anchor"> {
    const { sequence, mac, length } = this.#point;
    return {
      ...{ chainId: this.#chainId, location: this.#path, sequence, head: mac, length, at: this.#options.now() },
    };
  }

  finalAnchor(): Unsealed<"anchor"> {
    this.#anchored = this.#point.sequence;
    return this.#anchorRow();
  }

  /**
   * When the network breaks, a claim can be lost without notice, and another process may have the file by then. The file must be as long
   * as this process left it, so that no block of the other process is overwritten and no block goes where it does not belong.
   */
  #requireClaim(): void {
    if (this.#claim?.lost === false && this.#fs.fstatSync(this.#file).size === this.#point.length) return;
    throw this.#lostClaim();
  }

  #lostClaim(): LanelockError {
    this.#overtaken = true;
    return new LanelockError("ERR_AUDIT", `The claim on ${this.#path} was lost.`);
  }

  #append(lines: readonly string[]): void {
    const { mac: before, length, sequence } = this.#point;
    const last = sequence + lines.length;
    const text = this.#encoded(lines.join(""), 0);
    const mac = this.#crypto
      .createHmac("sha256", this.#options.keys.auditKey(this.#chainId))
      .update(before)
      .update(text)
      .digest();
    const block = this.#encoded(sealLine(last, mac.toString("hex")), text.length);
    try {
      for (let done = 0; done < block.length; ) done += this.#fs.writeSync(this.#file, block, done);
    } catch (error) {
      // Half a block would make the next one unreadable.
      this.#fs.ftruncateSync(this.#file, length);
      throw error;
    }
    this.#point = { sequence: last, mac: new Uint8Array(mac), length: length + block.length };
  }

  /** Encodes a text into the memory of the last block, from `offset` on. New memory for each block costs more than its MAC. */
  #encoded(text: string, offset: number): Uint8Array {
    const room = offset + 3 * text.length;
    if (this.#memory.length < room) {
      const grown = Buffer.allocUnsafe(2 * room);
      grown.set(this.#memory.subarray(0, offset));
      this.#memory = grown;
    }
    return this.#memory.subarray(0, offset + this.#memory.write(text, offset));
  }

  /** Anchors only what is safely on disk: a file that is shorter than its anchor has been cut. */
  async anchor(): Promise<void> {
    const { store } = this.#options;
    for (const row of [...this.#renamed]) {
      await store.anchor(row);
      this.#renamed = this.#renamed.filter((other) => other !== row);
    }
    if (this.#point.sequence <= this.#anchored) return;
    await this.#claim?.check();
    this.#requireClaim();
    this.#fs.fdatasyncSync(this.#file);
    const row = this.#anchorRow();
    if (!(await store.anchor(row))) throw this.#lostClaim();
    if (row.chainId === this.#chainId) this.#anchored = row.sequence;
  }

  /** Claims the file again if the claim was lost. If that fails, it holds no claim, and the next call tries again. */
  async recover(): Promise<void> {
    if (this.#lost) throw this.#wasLost();
    if (this.#claim?.lost === false && !this.#overtaken) return;
    await this.close().catch(() => undefined);
    try {
      await this.#claimAndContinue();
    } catch (error) {
      await this.close().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    const [file, claim] = [this.#file, this.#claim];
    this.#file = -1;
    this.#claim = undefined;
    if (file >= 0) this.#closeQuietly(file);
    await claim?.release();
  }
}
