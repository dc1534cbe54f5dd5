import { LanelockError } from "lanelock";
import { KmsError } from "lanelock/kms";
import { expect, test } from "vitest";
import { signalOf } from "../../../src/kms/ports/call-options.ts";
import { invalidKeyMaterial, outcomeOf, publicError } from "../../../src/kms/ports/errors.ts";

/** Typed in from the error codes of Alibaba Cloud KMS. */
const STATUSES = {
  InternalFailure: 500,
  "Forbidden.KeyNotFound": 404,
  "Forbidden.AliasNotFound": 404,
  "Forbidden.NoPermission": 403,
  MissingParameter: 400,
  InvalidParameter: 400,
  "Rejected.LimitExceeded": 400,
  AliasAlreadyExists: 400,
  "Rejected.Disabled": 409,
  "Rejected.PendingDeletion": 409,
  "Rejected.PendingImport": 409,
  "Rejected.StateModifiedFailed": 409,
  "InvalidAccessKeyId.NotFound": 404,
  RequestEntityTooLarge: 413,
  "Rejected.Throttling": 429,
} as const;

test.each(Object.entries(STATUSES))("%s has the HTTP status %i", (code, status) => {
  const error = new KmsError(code as keyof typeof STATUSES, "no");
  expect([error.name, error.code, error.httpStatus, error.message]).toEqual(["KmsError", code, status, "no"]);
  expect(error).toBeInstanceOf(LanelockError);
});

test("a refusal that came over HTTP has the id of its request, and others have none", () => {
  const cause = new Error("below");
  const error = new KmsError("InvalidParameter", "no", { requestId: "42", cause });
  expect([error.requestId, error.cause]).toEqual(["42", cause]);
  for (const other of [new KmsError("InvalidParameter", "no"), new KmsError("InvalidParameter", "no", { cause })]) {
    expect("requestId" in other).toBe(false);
  }
});

test("material that cannot be taken has one error, without a cause", () => {
  const error = invalidKeyMaterial();
  expect([error.code, error.httpStatus, error.cause]).toEqual(["InvalidKeyMaterial", 400, undefined]);
});

test("a caller gets our errors, the reason of an abort, and an internal failure for anything else", () => {
  const [reason, other] = [new Error("enough"), new TypeError("oops")];
  const aborted = AbortSignal.abort(reason);
  for (const own of [new LanelockError("ERR_STORE", "no"), new KmsError("InvalidParameter", "no")]) {
    for (const signal of [undefined, aborted]) expect(publicError(own, signal)).toBe(own);
    expect(outcomeOf(own)).toBe(own.code);
  }
  expect(publicError(reason, aborted)).toBe(reason);
  expect(outcomeOf(reason)).toBe("Aborted");
  const failure = { code: "InternalFailure", httpStatus: 500, message: "Internal Failure." };
  for (const [error, signal] of [
    [other, undefined],
    [other, aborted],
    [reason, undefined],
    [reason, new AbortController().signal],
  ] as const) {
    const given = publicError(error, signal);
    expect(given).toMatchObject(failure);
    expect((given as Error).cause).toBe(error);
  }
});

test("the options of a call are an object with a signal, or without one", () => {
  const { signal } = new AbortController();
  expect([signalOf({}), signalOf({ signal: undefined }), signalOf({ signal })]).toEqual([undefined, undefined, signal]);
  const refused = expect.objectContaining({ code: "ERR_ARGUMENT" });
  for (const wrong of [null, undefined, 5, "x", { signal: null }, { signal: {} }, { signal: 5 }, { Signal: signal }]) {
    expect(() => signalOf(wrong as never)).toThrow(refused);
  }
});

test("options that cannot be read are refused, with what they threw", () => {
  const cause = new RangeError("surprise");
  const throwing = {
    get signal(): AbortSignal {
      throw cause;
    },
  };
  const refused = { code: "ERR_ARGUMENT", message: "The option signal cannot be read.", cause };
  expect(() => signalOf(throwing)).toThrow(expect.objectContaining(refused));
  const own = new LanelockError("ERR_STATE", "ours");
  const ours = {
    get signal(): AbortSignal {
      throw own;
    },
  };
  expect(() => signalOf(ours)).toThrow(own);
});
