import type { Call } from "../core/call.ts";
import type { Refusals } from "../policy/state-table.ts";
import type { KmsErrorCode } from "../ports/errors.ts";
import type { MaybePromise } from "../ports/index.ts";
import type { Schema } from "../schema/schema.ts";

/** Life-cycle operations are in the audit log before they return; others may lag by 100 ms. */
export type Plane = "life-cycle" | "data";

/**
 * Everything about one operation of the service, in one place, except how it is carried out: `run…` in the same file does that, so
 * that a client gets the record alone. Reading a request, the state table, the JSON of the protocol and of the command line, the
 * client's retries and `docs/operations.md` come from it.
 */
export interface Operation<Request, Read, Response> {
  /** In the service: `Encrypt`. */
  readonly name: string;
  readonly plane: Plane;
  /** Whether doing it twice has the effect of once, so that a client may send it again when it got no answer. */
  readonly repeatable: boolean;
  /** The key states it is refused in; absent for operations on no key. */
  readonly states?: Refusals;
  /** One sentence for the documentation. */
  readonly doc: string;
  /** Codes it fails with besides those of its fields, its key states and every operation. */
  readonly errors: readonly KmsErrorCode[];
  readonly request: Schema<Request, Read>;
  readonly response: Schema<Response>;
}

/** Carries out an operation. */
export type Handler<Read, Response> = (call: Call, request: Read) => MaybePromise<Response>;

/** An operation that can be carried out. */
export interface Runnable<Request, Read, Response> extends Operation<Request, Read, Response> {
  readonly run: Handler<NoInfer<Read>, NoInfer<Response>>;
}

/** What the handler of an operation gets to work with. */
export type ReadOf<Record> = Record extends { readonly request: { readonly read: (given: never) => infer Read } }
  ? Read
  : never;

/** Any operation, for code that looks at all of them. */
export type AnyOperation = Operation<never, never, unknown>;

/** Lets the compiler infer the types of a record from its fields. */
export function operation<Request, Read, Response>(
  record: Operation<Request, Read, Response>,
): Operation<Request, Read, Response> {
  return record;
}
