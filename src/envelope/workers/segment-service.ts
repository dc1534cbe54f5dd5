import { engine } from "../../engine/load.ts";
import { LanelockError } from "../../errors.ts";
import { nodeCrypto } from "../../shared/node-crypto.ts";
import { codeOf, messageOf } from "../../shared/thrown.ts";
import { TAG_LENGTH } from "../format/segment-layout.ts";
import { suiteOfId } from "../format/suites.ts";
import type { MessageKeys } from "../keys/message-keys.ts";
import { EngineSegments } from "../segments/engine-segments.ts";
import { NodeSegments } from "../segments/node-segments.ts";
import type { BatchRequest, Failure, KeysRequest, ReadyReply, Reply, Request } from "./messages.ts";

interface Message {
  readonly cipher: EngineSegments | NodeSegments;
  readonly segmentSize: number;
}

/** Seals and opens batches for any number of messages, wherever its thread is. */
export class SegmentService {
  /** If key expansion failed, the failure, which answers every batch of the message. */
  readonly #messages = new Map<number, Message | Failure>();

  /** Post it once, before any other reply. It says whether this thread has an engine: compiling may be forbidden, or memory short. */
  ready(): ReadyReply {
    try {
      engine();
      return { kind: "ready", engineFailure: undefined };
    } catch (error) {
      return { kind: "ready", engineFailure: failureOf(error) };
    }
  }

  /** The answer to a request, if it has one. */
  handle(request: Request): Exclude<Reply, ReadyReply> | undefined {
    if (request.kind === "seal" || request.kind === "open") return this.#answer(request);
    if (request.kind === "keys") this.#takeKeys(request);
    else this.#forget(request.message);
    return undefined;
  }

  #takeKeys(request: KeysRequest): void {
    const { message, suite: id, segmentSize, backend, secret } = request;
    const suite = suiteOfId(id);
    if (suite === undefined) throw new LanelockError("ERR_ARGUMENT", `There is no suite ${id}`);
    const bytes = new Uint8Array(secret);
    const keys: MessageKeys = {
      suite,
      segmentSize,
      segmentKey: bytes.subarray(0, suite.keyLength),
      noncePrefix: bytes.subarray(suite.keyLength),
      commitment: new Uint8Array(0),
    };
    const node = backend === "native" ? nodeCrypto() : undefined;
    try {
      const cipher = node ? new NodeSegments(node, keys) : new EngineSegments(keys);
      this.#messages.set(message, { cipher, segmentSize });
    } catch (error) {
      this.#messages.set(message, failureOf(error));
    } finally {
      bytes.fill(0);
    }
  }

  #forget(message: number): void {
    const known = this.#messages.get(message);
    if (known && "cipher" in known) known.cipher.dispose();
    this.#messages.delete(message);
  }

  #answer(request: BatchRequest): Exclude<Reply, ReadyReply> {
    const { batch, bytes } = request;
    const known = this.#messages.get(request.message);
    if (known === undefined || !("cipher" in known)) {
      const failure = known ?? { code: "ERR_STATE", message: "This thread has no keys for the message" };
      return { kind: "failed", batch, failure };
    }
    try {
      return { kind: "done", batch, bytes, length: processInPlace(known, request) };
    } catch (error) {
      return { kind: "failed", batch, failure: failureOf(error) };
    }
  }
}

function processInPlace({ cipher, segmentSize }: Message, request: BatchRequest): number {
  const { kind, first, final } = request;
  const bytes = new Uint8Array(request.bytes);
  if (kind === "open") return cipher.open({ bytes, first, final }, bytes).length;
  const unit = segmentSize + TAG_LENGTH;
  for (let start = 0, index = first; start < bytes.length; start += unit, index++) {
    const place = bytes.subarray(start, Math.min(start + unit, bytes.length));
    const last = final && start + unit >= bytes.length;
    cipher.seal({ bytes: place.subarray(0, place.length - TAG_LENGTH), first: index, final: last }, place);
  }
  return bytes.length;
}

function failureOf(error: unknown): Failure {
  return { code: codeOf(error), message: messageOf(error) };
}
