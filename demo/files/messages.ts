/** What the page asks of its worker, and what the worker answers. Files and handles are cloned by reference: no bytes are copied. */

export type Cipher = "aes" | "sm4";

export type Phase = "seal" | "compare" | "tamper" | "save";

export interface SealRequest {
  readonly kind: "seal";
  readonly id: number;
  readonly file: File;
  readonly cipher: Cipher;
  /** Where the sealed file goes; without one, into storage that only this page can read. */
  readonly folder?: FileSystemDirectoryHandle | undefined;
}

/** Opens the sealed file with one bit of one byte flipped. Replaces a trial of the same file that is still going on. */
export interface TamperRequest {
  readonly kind: "tamper";
  readonly id: number;
  /** Of the byte, in the sealed file. */
  readonly offset: number;
}

export interface SaveRequest {
  readonly kind: "save";
  readonly id: number;
  readonly handle: FileSystemFileHandle;
}

/** Ends what is going on with the file: sealing, comparing, saving. */
export interface CancelRequest {
  readonly kind: "cancel";
  readonly id: number;
}

/** Cancels, and deletes the sealed file from the page's own storage. */
export interface ForgetRequest {
  readonly kind: "forget";
  readonly id: number;
}

export type Request = SealRequest | TamperRequest | SaveRequest | CancelRequest | ForgetRequest;

export interface Progress {
  readonly kind: "progress";
  readonly id: number;
  readonly phase: Phase;
  readonly bytes: number;
  readonly total: number;
  /** Of late; 0 at first. */
  readonly bytesPerSecond: number;
}

/** How a sealed file is divided: header, then segments of ciphertext and tag. */
export interface Layout {
  readonly headerLength: number;
  /** Plaintext bytes of every segment but the last. */
  readonly segmentSize: number;
  readonly segments: number;
}

export interface Sealed {
  readonly kind: "sealed";
  readonly id: number;
  readonly sealed: File;
  /** Whether it is in a folder of the visitor's already. */
  readonly saved: boolean;
  readonly layout: Layout;
  readonly milliseconds: number;
}

export interface Compared {
  readonly kind: "compared";
  readonly id: number;
  readonly milliseconds: number;
  /** Where the first difference is; `undefined` if every byte is the same. */
  readonly difference: number | undefined;
}

export interface Saved {
  readonly kind: "saved";
  readonly id: number;
}

export interface Failure {
  /** The library's code, or the name of the browser's error. */
  readonly code: string;
  readonly message: string;
}

/** What became of a sealed file with a flipped bit. */
export interface Tampered {
  readonly kind: "tampered";
  readonly id: number;
  readonly offset: number;
  /** Bytes that were verified, and released, before it was refused. */
  readonly released: number;
  /** `undefined` if it opened, which must not be. */
  readonly refusal: Failure | undefined;
}

export interface Failed {
  readonly kind: "failed";
  readonly id: number;
  readonly phase: Phase;
  readonly failure: Failure;
}

export interface Cancelled {
  readonly kind: "cancelled";
  readonly id: number;
  readonly phase: Phase;
}

export type Reply = Progress | Sealed | Compared | Saved | Tampered | Failed | Cancelled;
