// The areas of `npm run test:mutants`: what to change, and the tests that should notice. Tests of the built package do not see a
// change of src/.

const messages = ["test/envelope/rules.test.ts", "test/envelope/format.test.ts", "test/envelope/tamper.test.ts"];
const external = ["test/external/**", "test/providers/**"];
const tokens = [
  ...["test/pkcs11/contract.test.ts", "test/pkcs11/keys/**", "test/pkcs11/objects/**", "test/pkcs11/kms/**"],
  ...["test/pkcs11/session/**", "!test/pkcs11/session/soak.test.ts"],
];
/** The rooms of the KMS share their tests: what one does is seen through another. */
const service = [
  ...["test/kms/**", "test/providers/missing-provider.test.ts", "test/shared/private-file.test.ts"],
  ...["test/server/access/**", "test/server/policies.test.ts", "test/server/protocol/**"],
  ...["!test/kms/robustness/fuzz.test.ts", "!test/kms/robustness/asymmetric-fuzz.test.ts"],
  // Every opening under attack takes minutes here.
  ...["!test/kms/state/rows-on-disk.test.ts", "!test/kms/state/rows-in-postgres.test.ts"],
];

const rooms = [
  ...["audit", "core", "facade", "import", "keys", "life-cycle", "operations", "policy", "root", "rows"],
  ...["schema", "service", "use", "wire"],
];
const kms = Object.fromEntries(rooms.map((room) => [`kms/${room}`, { tests: service }]));

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
  kms: { tests: service },
  ...kms,
  "providers/software": { tests: ["test/providers/**", "test/asymmetric/**", "!test/asymmetric/browser.test.ts"] },
  "providers/external": { tests: external },
  "external-proxy": { tests: external },
  "providers/pkcs11": { mutate: ["src/providers/*.ts", "src/providers/pkcs11/**/*.ts"], tests: tokens },
  "providers/pkcs11/capabilities": { tests: tokens },
  "providers/pkcs11/keys": { tests: tokens },
  "providers/pkcs11/objects": { tests: tokens },
  "providers/pkcs11/session": { tests: tokens },
  envelope: {
    mutate: ["src/envelope/**/*.ts", "!src/envelope/workers/*.generated.ts"],
    tests: [...messages, "test/envelope/*.test.ts", "!test/envelope/fuzz.test.ts"],
  },
  ...envelope,
};
