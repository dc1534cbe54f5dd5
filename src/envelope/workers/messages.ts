/** What travels between the pool and its threads. Every buffer is transferred, not copied. */

/** Keys of a message, before its first run on a thread. */
export interface KeysRequest {
  readonly kind: "keys";
  readonly message: number;
  readonly suite: 1 | 2;
  readonly segmentSize: number;
  readonly backend: "native" | "wasm";
  /** Segment key ‖ nonce prefix; wiped by the thread once it has expanded the key. */
  readonly secret: ArrayBuffer;
}

/**
 * A run to work in place. To seal, every segment has 16 bytes of room behind it for its tag; to open, the plaintexts move
 * together at the front.
 */
export interface BatchRequest {
  readonly kind: "seal" | "open";
  readonly message: number;
  readonly batch: number;
  readonly first: number;
  readonly final: boolean;
  readonly bytes: ArrayBuffer;
}

/** The message has ended: its keys can go. */
export interface ForgetRequest {
  readonly kind: "forget";
  readonly message: number;
}

export type Request = KeysRequest | BatchRequest | ForgetRequest;

/** The thread has started. */
export interface ReadyReply {
  readonly kind: "ready";
}

export interface DoneReply {
  readonly kind: "done";
  readonly batch: number;
  readonly bytes: ArrayBuffer;
  /** How much of the front of `bytes` is the result. */
  readonly length: number;
}

export interface FailedReply {
  readonly kind: "failed";
  readonly batch: number;
  /** Whether the run was a forgery; otherwise `reason` says what went wrong on the thread. */
  readonly forged: boolean;
  readonly reason: string;
}

export type Reply = ReadyReply | DoneReply | FailedReply;
