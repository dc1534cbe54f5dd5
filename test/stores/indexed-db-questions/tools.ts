import { Kms, type KmsOptions } from "lanelock/kms";
import { browserRoot, indexedDbStore } from "lanelock/stores";

// What the questions to a page share.

/** Rejects if a connection is open, which a store that was closed must not have. */
export function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error(`${name} is still open`));
  });
}

/** A connection that is not lanelock's, and keeps the database until it is closed. */
export function rawDatabase(name: string, version?: number): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
export const bytes = (value: string) => new TextEncoder().encode(value);
export const base64 = (value: Uint8Array) => btoa(String.fromCharCode(...value));
export const fromBase64 = (value: string) => Uint8Array.from(atob(value), (character) => character.charCodeAt(0));

export const parts = (name: string, rest: Partial<KmsOptions> = {}) => ({
  store: indexedDbStore({ name }),
  rootKey: browserRoot({ name }),
  sweepSeconds: false as const,
  ...rest,
});

export const opened = (name: string, rest?: Partial<KmsOptions>) => Kms.open(parts(name, rest));

/** `code: message` of what a call rejects with, or "resolved". */
export async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
    return "resolved";
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    // A DOMException's code is a number.
    const code = Reflect.get(error, "code");
    return `${typeof code === "string" ? code : error.name}: ${error.message}`;
  }
}
