/**
 * Envelope encryption: files, streams and values of any size under data keys that a KMS wraps. The format is described in
 * `docs/formats.md`.
 *
 * @example
 * import { envelope } from "lanelock/envelope";
 * const files = envelope(kms, { keyId: "alias/orders", encryptionContext: { table: "orders" } });
 * const message = await files.seal(bytes);
 * const same = await files.open(message);
 *
 * @module
 */

export { LanelockError, type LanelockErrorCode } from "../errors.ts";
export type { Bytes } from "../shared/byte-input.ts";
export { type Envelope, envelope } from "./envelope.ts";
export { type EnvelopeHeader, inspectHeader, type MessageLayout, messageLayout } from "./inspect.ts";
export type { CacheLimits } from "./keys/cache-limits.ts";
export type { EnvelopeKms } from "./keys/kms-port.ts";
export type { MessageOptions, Progress } from "./message-options.ts";
export type { EnvelopeOptions } from "./options.ts";
export type { RangeSource } from "./ranges/range-source.ts";
export type { RewrapOptions } from "./rewrap.ts";
export type { Backend } from "./segments/choose-backend.ts";
export type { SealStreamOptions } from "./streams/seal-stream-options.ts";
export type { Workers } from "./workers/worker-choice.ts";
