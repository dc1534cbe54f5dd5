/** The messages between the pool and its threads. Every buffer is transferred, not copied. */

/** Keys of a message, sent before its first batch. */
export interface KeysRequest {
  readonly kind: "keys";
  readonly message: number;
  readonly suite: 1 | 2;
  readonly segmentSize: number;
  readonly backend: "native" | "wasm";
  /** Segment key ‖ nonce prefix. The thread wipes it once it has expanded the key. */
  readonly secret: ArrayBuffer;
}

/**
 * A batch to seal or open in place. To seal, every segment leaves 16 bytes behind it for its tag; to open, the plaintexts move
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

/** The message has ended: the thread wipes its keys. */
export interface ForgetRequest {
  readonly kind: "forget";
  readonly message: number;
}

export type Request = KeysRequest | BatchRequest | ForgetRequest;

/** An error of a thread. Structured cloning would lose its class and code. */
export interface Failure {
  readonly code: string | undefined;
  readonly message: string;
}

/** The thread has started and tried to instantiate its engine. */
export interface ReadyReply {
  readonly kind: "ready";
  /** Why it has no engine. Such a thread can use only the platform's AES. */
  readonly engineFailure: Failure | undefined;
}

export interface DoneReply {
  readonly kind: "done";
  readonly batch: number;
  readonly bytes: ArrayBuffer;
  /** Length of the result, at the front of `bytes`. */
  readonly length: number;
}

export interface FailedReply {
  readonly kind: "failed";
  readonly batch: number;
  readonly failure: Failure;
}

export type Reply = ReadyReply | DoneReply | FailedReply;
