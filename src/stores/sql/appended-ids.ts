import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { LanelockError } from "../../errors.ts";
import type { RememberedId } from "../../kms/ports/index.ts";
import { ExpiringFingerprints } from "../../shared/expiring-fingerprints.ts";
import { placeOf } from "../../shared/fingerprint-set.ts";
import { randomBytes } from "../../shared/random.ts";
import { codeOf } from "../../shared/thrown.ts";
import { systemTime } from "../../shared/timers.ts";
import { batchAfter, encodeRecord, type IdRecord, MAX_RECORD_IDS, records, WRITER_BYTES } from "./id-records.ts";
import { checkStoreFile } from "./sqlite-file.ts";

const FORGET_EVERY_MILLISECONDS = 60_000;
/** Of all processes together; 256 MiB at most. */
const MAX_IDS = 16_777_216;
const MAX_FILE_BYTES = 67_108_864;
/** No file that processes of lanelock append to has as many: each of them begins the next one before. */
const MOST_BYTES = 4 * MAX_FILE_BYTES;
/** How often files may change under a call before it gives up. Each time another process has begun a file, or one was deleted. */
const MAX_ATTEMPTS = 100;
/** The ids of a file expire together, more or less, so that it can be deleted. */
const FILE_MILLISECONDS = 600_000;

interface OpenFile {
  readonly number: number;
  readonly path: string;
  readonly descriptor: number;
  readonly found: Stats;
  /** How far its ids are known. */
  position: number;
  /** By the clock of the process that wrote its first record. */
  begunAt: number | undefined;
  /** When the last of its ids expires. The file is deleted some time after. */
  lastUntil: number;
}

/**
 * Ids that are remembered for a while by all processes of a machine that use a store, in files beside it: `keys.db.nonces-1`, then
 * `keys.db.nonces-2`, and so on. They are never synced, and may be deleted while no server runs.
 *
 * Every process appends its batch to the newest file, and then reads what the others appended before it. The system puts appended
 * batches into an order that all processes see, so of two processes with the same id the later one finds the other's. That takes three
 * system calls for a batch and waits for no lock; a transaction of a database takes ten times as long.
 *
 * A batch counts if no newer file is there after it was appended. Who begins a newer file, or finds one, reads the older one to its end
 * afterwards, and so misses no batch that counts. A batch that does not count is appended to the newer file again. Two processes
 * that claim one id in the moment in which a file is begun may both find it used. Never may both find it new.
 *
 * A process that was idle for long finds its file deleted, and perhaps the next one too. So numbers are no proof of an order: a file
 * counts as the next one only if the one before it was still in its place after it was opened, because files are deleted in their order.
 */
export class AppendedIds {
  readonly #prefix: string;
  readonly #fileMilliseconds: number;
  readonly #known = new ExpiringFingerprints();
  readonly #writer = randomBytes(WRITER_BYTES);
  #batch = 0;
  #newest: OpenFile | undefined;
  /** In their order. */
  #older: { readonly number: number; readonly lastUntil: number }[] = [];
  #forgottenAt = 0;

  /**
   * @param path what the names of the files begin with: a hyphen and a number follow
   * @param fileMilliseconds how long a file takes ids before the next one is begun
   */
  constructor(path: string, fileMilliseconds = FILE_MILLISECONDS) {
    this.#prefix = `${path}-`;
    this.#fileMilliseconds = fileMilliseconds;
  }

  /** @throws LanelockError `ERR_LIMIT` for too many ids; the file system's errors */
  remember(entries: readonly RememberedId[]): readonly boolean[] {
    const isNew: boolean[] = [];
    for (let at = 0; at < entries.length; at += MAX_RECORD_IDS) {
      isNew.push(...this.#rememberBatch(entries.slice(at, at + MAX_RECORD_IDS)));
    }
    return isNew;
  }

  #rememberBatch(entries: readonly RememberedId[]): readonly boolean[] {
    this.#forget();
    if (this.#known.size + entries.length > MAX_IDS) {
      throw new LanelockError(
        "ERR_LIMIT",
        `${this.#prefix}* have ${MAX_IDS} ids, as many as they may. Try again later.`,
      );
    }
    const at = systemTime.now();
    this.#batch = batchAfter(this.#batch);
    const record = encodeRecord({ writer: this.#writer, batch: this.#batch, at, entries });
    const file = this.#append(record);
    file.begunAt ??= at;
    return entries.map(({ id, until }) => this.#add(file, wordOf(id, 0), wordOf(id, 4), until));
  }

  close(): void {
    if (this.#newest !== undefined) closeQuietly(this.#newest);
    this.#newest = undefined;
    this.#older = [];
  }

  /** Appends a record, and reads what is before it. @returns the file in which it counts */
  #append(record: Uint8Array): OpenFile {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const file = this.#current();
      if (file === undefined) continue;
      appendTo(file, record);
      const isNewest = !existsSync(this.#pathOf(file.number + 1));
      // Afterwards: a newer file is deleted only after this one.
      const size = sizeInPlace(file);
      if (size === undefined) {
        this.#leave(file);
      } else if (isNewest) {
        this.#learnBefore(file, size, record.length);
        return file;
      } else {
        this.#advance(file);
      }
    }
    const remedy = "Check that nothing deletes or replaces it, and try again.";
    throw new LanelockError("ERR_STORE", `${this.#prefix}* changed ${MAX_ATTEMPTS} times in one call. ${remedy}`);
  }

  /** @returns `undefined` if others changed the files meanwhile */
  #current(): OpenFile | undefined {
    const file = this.#newest ?? this.#openNewest();
    if (file === undefined) return undefined;
    const age = systemTime.now() - (file.begunAt ?? Number.POSITIVE_INFINITY);
    return age > this.#fileMilliseconds || file.position > MAX_FILE_BYTES ? this.#advance(file) : file;
  }

  /** Goes on to the next file, which it begins unless another process has. @returns `undefined` if the file is not there any more */
  #advance(file: OpenFile): OpenFile | undefined {
    const next = openFile(this.#pathOf(file.number + 1), file.number + 1);
    const isNext = orClose(next, () => {
      this.#learnAll(file);
      return sizeInPlace(file) !== undefined;
    });
    if (!isNext) {
      closeQuietly(next);
      this.close();
      return undefined;
    }
    closeQuietly(file);
    this.#older.push(file);
    this.#newest = next;
    return next;
  }

  /** Gives up a file that was deleted, moved or replaced. All who have it open do so, and read it to its end before. */
  #leave(file: OpenFile): void {
    this.#learnAll(file);
    this.close();
  }

  /**
   * The file counts as open only when the older ones are known: otherwise their ids would be new again.
   *
   * @returns `undefined` if another process has begun a newer one meanwhile
   */
  #openNewest(): OpenFile | undefined {
    const numbers = this.#numbers();
    const last = numbers.pop() ?? 1;
    const newest = openFile(this.#pathOf(last), last);
    this.#older = orClose(newest, () => numbers.map((number) => this.#learnOlder(number)));
    // A file of this number may have been deleted since the names were read. Then newer ones are there.
    if (orClose(newest, () => this.#numbers().at(-1)) === last) this.#newest = newest;
    else closeQuietly(newest);
    return this.#newest;
  }

  #learnOlder(number: number): OpenFile {
    const file = openFile(this.#pathOf(number), number);
    orClose(file, () => this.#learnAll(file));
    closeQuietly(file);
    return file;
  }

  /** Of the files that are there. */
  #numbers(): number[] {
    const name = basename(this.#prefix);
    return readdirSync(dirname(this.#prefix))
      .filter((one) => one.startsWith(name) && /^[1-9]\d{0,14}$/.test(one.slice(name.length)))
      .map((one) => Number(one.slice(name.length)))
      .sort((a, b) => a - b);
  }

  #pathOf(number: number): string {
    return `${this.#prefix}${number}`;
  }

  /** Reads what others appended before this process's own record, which is the last one it appended. */
  #learnBefore(file: OpenFile, size: number, ownBytes: number): void {
    if (size === file.position + ownBytes) {
      file.position = size;
      return;
    }
    for (const record of records(bytesOf(file, size))) {
      if (this.#isOwn(record) && record.batch === this.#batch) {
        file.position += record.end;
        return;
      }
      this.#learn(file, record);
    }
    // The next call reads it again from its beginning.
    this.close();
    const message = `${file.path} was changed by a program that is not lanelock. Find out which one, and try again.`;
    throw new LanelockError("ERR_STORE", message);
  }

  /** Reads a file to its end. A record that is not complete yet does not count: its writer finds the newer file. */
  #learnAll(file: OpenFile): void {
    const { size } = fstatSync(file.descriptor);
    for (const record of records(bytesOf(file, size))) if (!this.#isOwn(record)) this.#learn(file, record);
    file.position = size;
  }

  #isOwn({ writer }: IdRecord): boolean {
    return Buffer.compare(this.#writer, writer) === 0;
  }

  #learn(file: OpenFile, record: IdRecord): void {
    file.begunAt ??= record.at;
    record.each((high, low, until) => this.#add(file, high, low, until));
  }

  /** @returns whether the id is new */
  #add(file: OpenFile, high: number, low: number, until: number): boolean {
    file.lastUntil = Math.max(file.lastUntil, until);
    const place = placeOf(high, low);
    if (this.#known.has(high, low, place)) return false;
    this.#known.add(high, low, until, place);
    return true;
  }

  #forget(): void {
    const now = systemTime.now();
    if (now - this.#forgottenAt < FORGET_EVERY_MILLISECONDS) return;
    this.#forgottenAt = now;
    this.#known.forget(now);
    while (this.#older[0] !== undefined && this.#older[0].lastUntil < now) {
      try {
        rmSync(this.#pathOf(this.#older[0].number), { force: true });
      } catch {
        // A file that stays does no harm, and is tried again.
        return;
      }
      this.#older.shift();
    }
  }
}

/** What Windows lacks is 0. A link is not followed, and opening a pipe does not wait for its other end. */
const OPEN_FLAGS =
  constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Opens a file of ids, or begins it. @throws LanelockError `ERR_STORE` for anything that is no file of this store's user */
function openFile(path: string, number: number): OpenFile {
  const descriptor = descriptorOf(path);
  return orClose({ descriptor }, () => {
    const found = fstatSync(descriptor);
    checkStoreFile(found, { name: path, path });
    return { number, path, descriptor, found, position: 0, begunAt: undefined, lastUntil: 0 };
  });
}

function descriptorOf(path: string): number {
  try {
    return openSync(path, OPEN_FLAGS, 0o600);
  } catch (cause) {
    const code = codeOf(cause);
    if (code !== "ELOOP" && code !== "EISDIR") throw cause;
    throw new LanelockError("ERR_STORE", `${path} is not a regular file. Remove it.`, { cause });
  }
}

/** The size of an open file in bytes, or `undefined` if it was deleted, moved or replaced. */
function sizeInPlace({ path, found }: OpenFile): number | undefined {
  const now = statSync(path, { throwIfNoEntry: false });
  return now !== undefined && now.ino === found.ino && now.dev === found.dev ? now.size : undefined;
}

/** Runs `work`. Closes the file if that fails. */
function orClose<T>(file: Pick<OpenFile, "descriptor">, work: () => T): T {
  try {
    return work();
  } catch (error) {
    closeQuietly(file);
    throw error;
  }
}

/** The files are never synced, so a closing that fails loses nothing; and the file is closed all the same (close(2)). */
function closeQuietly({ descriptor }: Pick<OpenFile, "descriptor">): void {
  try {
    closeSync(descriptor);
  } catch {
    // Nothing depends on it.
  }
}

function wordOf(id: Uint8Array, at: number): number {
  return (((id[at] ?? 0) << 24) | ((id[at + 1] ?? 0) << 16) | ((id[at + 2] ?? 0) << 8) | (id[at + 3] ?? 0)) >>> 0;
}

/** Readers pass over a part of a record, which is all that a full disk takes. @throws the file system's error */
function appendTo({ descriptor }: OpenFile, record: Uint8Array): void {
  for (let attempt = 0; attempt < 2; attempt++) if (writeSync(descriptor, record) === record.length) return;
  throw Object.assign(new Error("the disk took a part of it"), { code: "ENOSPC" });
}

/** From where its ids are not known, up to `size`. */
function bytesOf({ path, descriptor, position }: OpenFile, size: number): Buffer {
  if (size > MOST_BYTES) {
    const remedy = "Stop the servers that use the store, delete the file, and start them again.";
    throw new LanelockError("ERR_STORE", `${path} has ${size} bytes, more than lanelock writes. ${remedy}`);
  }
  const bytes = Buffer.alloc(Math.max(0, size - position));
  let done = 0;
  while (done < bytes.length) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}
