// The areas of `npm run test:mutants`: what to change, and the tests that should notice. Tests of the built package do not see a
// change of src/.

const messages = ["test/envelope/rules.test.ts", "test/envelope/format.test.ts", "test/envelope/tamper.test.ts"];
const external = ["test/external/**", "test/providers/**"];
const tokens = [
  ...["test/pkcs11/contract.test.ts", "test/pkcs11/keys/**", "test/pkcs11/objects/**", "test/pkcs11/kms/**"],
  ...["test/pkcs11/session/**", "!test/pkcs11/session/soak.test.ts"],
];
/** Whole stores in whole programs. */
const stores = ["test/kms/state/**", "test/kms/service/**", "test/kms/audit/**"];

const kms = {
  "kms/operations": { tests: ["test/kms/operations/**", "test/kms/policy/**", "test/kms/import/**"] },
  "kms/import": { tests: ["test/kms/import/**"] },
  "kms/audit": { tests: ["test/kms/audit/**"] },
  "kms/core": { tests: ["test/kms/audit/**", "test/kms/policy/**", "test/kms/service/**", "test/kms/life-cycle/**"] },
  "kms/keys": { tests: ["test/kms/keys/**", "test/kms/policy/limits.test.ts"] },
  "kms/life-cycle": { tests: ["test/kms/life-cycle/**", "test/kms/keys/**", "test/kms/import/**"] },
  "kms/policy": { tests: ["test/kms/policy/**", "test/kms/operations/**", "test/kms/life-cycle/**"] },
  "kms/root": { tests: ["test/kms/keys/**", "test/shared/private-file.test.ts", ...stores] },
  "kms/rows": { tests: ["test/kms/rows/**", ...stores] },
  "kms/schema": { tests: ["test/kms/schema/**", "test/kms/robustness/unknown-fields.test.ts"] },
  "kms/service": { tests: stores },
  "kms/use": { tests: ["test/kms/operations/**", "test/kms/keys/**", "test/kms/policy/**"] },
  "kms/wire": { tests: ["test/kms/wire/**", "test/kms/operations/**"] },
};

const envelope = {
  "envelope/format": { tests: messages },
  "envelope/keys": {
    tests: [...messages, "test/envelope/data-key-cache.test.ts", "test/envelope/options-once.test.ts"],
  },
  "envelope/ranges": { tests: [...messages, "test/envelope/ranges.test.ts"] },
  "envelope/segments": {
    tests: [...messages, "test/contract/segment-cipher.test.ts", "test/envelope/streams.test.ts"],
  },
  "envelope/streams": { tests: [...messages, "test/envelope/streams.test.ts", "test/envelope/abort.test.ts"] },
  "envelope/whole": { tests: [...messages, "test/envelope/bad-input.test.ts", "test/envelope/abort.test.ts"] },
  "envelope/workers": {
    mutate: ["src/envelope/workers/*.ts", "!src/envelope/workers/*.generated.ts"],
    tests: ["test/envelope/rules.test.ts", "test/envelope/worker-pool.test.ts", "test/envelope/thread-start.test.ts"],
  },
};

export const areas = {
  ciphers: { tests: ["test/contract/**", "test/bad-input/**", "test/conformance/**"] },
  asymmetric: { tests: ["test/asymmetric/**", "!test/asymmetric/browser.test.ts"] },
  kms: { mutate: ["src/kms/*.ts"], tests: ["test/kms/operations/**", "test/kms/service/**"] },
  ...kms,
  "providers/software": { tests: ["test/providers/**", "test/asymmetric/**", "!test/asymmetric/browser.test.ts"] },
  "providers/external": { tests: external },
  "external-proxy": { tests: external },
  "providers/pkcs11": { mutate: ["src/providers/*.ts", "src/providers/pkcs11/*.ts"], tests: tokens },
  "providers/pkcs11/capabilities": { tests: tokens },
  "providers/pkcs11/keys": { tests: tokens },
  "providers/pkcs11/objects": { tests: tokens },
  "providers/pkcs11/session": { tests: tokens },
  envelope: {
    mutate: ["src/envelope/*.ts"],
    tests: [...messages, "test/envelope/*.test.ts", "!test/envelope/fuzz.test.ts"],
  },
  ...envelope,
};
