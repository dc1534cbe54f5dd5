import { LanelockError } from "../../errors.ts";
import { toHex, utf8 } from "../../shared/encoding.ts";
import { sha256 } from "../../shared/hash/sha256.ts";
import { nodeModule } from "../../shared/node-modules.ts";
import type { AuditAnchorRow, KeyStore, StoreClaim } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { checkRow, sealRow } from "../rows/row-mac.ts";
import { eventLine, headerLine, parseHeader, sealLine } from "./chain-format.ts";
import { CHAIN_START, type ChainPoint, fileLength, firstLine, walkChain } from "./chain-walk.ts";
import { type PendingEvent, pendingEvent } from "./event.ts";
import type { AuditSink } from "./sink.ts";

export interface ChainedFileOptions {
  /** The file of the first process; others that run at the same time take `name.2.jsonl`, `name.3.jsonl`, … */
  readonly path: string;
  readonly store: KeyStore;
  readonly keys: StoreKeys;
  readonly now: () => number;
}

const MAX_FILES = 1_024;
const FEATURE = "The audit file";

/** The audit file of one process: JSON lines chained by HMAC, see `chain-format.ts`. */
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
  /** Somebody else has written the file, so the claim was lost whatever it says itself. */
  #overtaken = false;

  private constructor(options: ChainedFileOptions) {
    this.#options = options;
  }

  static async open(options: ChainedFileOptions): Promise<ChainedFile> {
    const file = new ChainedFile(options);
    try {
      await file.#claimAndContinue();
      return file;
    } catch (cause) {
      await file.close().catch(() => undefined);
      if (cause instanceof LanelockError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new LanelockError("ERR_AUDIT", `The audit file cannot be opened: ${reason}`, { cause });
    }
  }

  /** Takes the first file of the series that no other process writes. */
  async #claimAndContinue(): Promise<void> {
    const { resolve } = nodeModule("node:path", FEATURE);
    const { path, store } = this.#options;
    for (let number = 1; number <= MAX_FILES; number++) {
      const candidate = resolve(number === 1 ? path : path.replace(/(\.[^./\\]*)?$/, (end) => `.${number}${end}`));
      this.#claim = await store.claim(`audit-${toHex(sha256(utf8(candidate))).slice(0, 16)}`);
      if (this.#claim === undefined) continue;
      this.#path = candidate;
      this.#overtaken = false;
      await this.#continueOrBegin();
      return;
    }
    throw new LanelockError("ERR_AUDIT", `${MAX_FILES} processes write audit files like ${path} already.`);
  }

  async #continueOrBegin(): Promise<void> {
    this.#file = this.#fs.openSync(this.#path, "a", 0o600);
    if (fileLength(this.#path) === 0) this.#begin();
    else await this.#continue();
    await this.anchor();
  }

  #begin(): void {
    this.#chainId = this.#crypto.randomUUID();
    this.#point = CHAIN_START;
    this.#anchored = -1;
    const { keys, now } = this.#options;
    this.#append([headerLine({ chainId: this.#chainId, storeId: keys.storeId, at: now() })]);
    this.#fs.fdatasyncSync(this.#file);
  }

  /** Checks what follows the last anchor, cuts what a crash left unsealed, and notes that. */
  async #continue(): Promise<void> {
    const { keys } = this.#options;
    this.#chainId = parseHeader(firstLine(this.#path))?.chainId ?? "";
    const anchor = await this.#storedAnchor();
    const from = anchor ? { sequence: anchor.sequence, mac: anchor.head, length: anchor.length } : CHAIN_START;
    if (fileLength(this.#path) < from.length) throw this.#tampered("its end is missing");
    const walk = walkChain({ path: this.#path, keys, from });
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

  async #storedAnchor(): Promise<AuditAnchorRow | undefined> {
    const { store, keys } = this.#options;
    const anchors = await store.read((rows) => rows.anchors());
    const anchor = anchors.find((row) => row.chainId === this.#chainId);
    return anchor && checkRow(keys, "anchor", anchor);
  }

  #tampered(problem: string): LanelockError {
    return new LanelockError(
      "ERR_AUDIT",
      `The audit file ${this.#path} does not continue its chain: ${problem}. Look at it with "lanelock audit verify", keep ` +
        "it as evidence, and move it away to begin a new one.",
    );
  }

  write(events: readonly PendingEvent[], durable: boolean): void {
    this.#requireClaim();
    let sequence = this.#point.sequence;
    const { keys } = this.#options;
    if (events.length > 0) this.#append(events.map((event) => eventLine(keys, ++sequence, event)));
    if (durable) this.#fs.fdatasyncSync(this.#file);
  }

  /**
   * A claim can be lost without a word, when the network breaks, and another process have the file by then. What it wrote is not
   * written over, nor does a block go where it does not belong: the file must be as long as this process left it.
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
      .createHmac("sha256", this.#options.keys.carried("audit"))
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

  /** The memory of the block before, with a text in it from `offset` on. Fresh memory for each block costs more than its MAC. */
  #encoded(text: string, offset: number): Uint8Array {
    const room = offset + 3 * text.length;
    if (this.#memory.length < room) {
      const grown = Buffer.allocUnsafe(2 * room);
      grown.set(this.#memory.subarray(0, offset));
      this.#memory = grown;
    }
    return this.#memory.subarray(0, offset + this.#memory.write(text, offset));
  }

  /** Only what is safely on disk is anchored: a file shorter than its anchor has been cut. */
  async anchor(): Promise<void> {
    const { store, keys, now } = this.#options;
    if (this.#point.sequence <= this.#anchored) return;
    await this.#claim?.check();
    this.#requireClaim();
    const { sequence, mac, length } = this.#point;
    this.#fs.fdatasyncSync(this.#file);
    const row = { chainId: this.#chainId, location: this.#path, sequence, head: mac, length, at: now() };
    if (!(await store.anchor(sealRow(keys, "anchor", row)))) throw this.#lostClaim();
    this.#anchored = sequence;
  }

  /** Without a claim that holds, takes one anew. Where that fails nothing is held, so that the next call tries again. */
  async recover(): Promise<void> {
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
    if (this.#file >= 0) this.#fs.closeSync(this.#file);
    this.#file = -1;
    const claim = this.#claim;
    this.#claim = undefined;
    await claim?.release();
  }
}
