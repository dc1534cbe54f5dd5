// The areas of `npm run test:mutants`: what to change, and the tests that should notice. Tests of the built package do not see a
// change of src/.

const messages = ["rules", "format", "tamper", "wiping"].map((name) => `test/envelope/${name}.test.ts`);
/** A fault that survives has run all of its list, so these lists leave long tests out. */
const software = ["software-contract", "software-rules", "key-transport"].map(
  (name) => `test/providers/${name}.test.ts`,
);
const external = [
  ...[
    "advice",
    "attacker",
    "circuit",
    "exchange",
    "external-keys",
    "external-parts",
    "external-rules",
    "lying-manager",
    "replay",
    "secrets-wiped",
    "shared-loads",
  ].map((name) => `test/external/${name}.test.ts`),
];
const proxy = [
  ...["advice", "attacker", "connections", "external-keys", "proxy-close", "proxy-rules", "replay", "shared-loads"].map(
    (name) => `test/external/${name}.test.ts`,
  ),
];
const contract = "test/pkcs11/contract.test.ts";
const tokenKeys = [
  contract,
  ...["key-handles", "key-rules", "symmetric"].map((name) => `test/pkcs11/keys/${name}.test.ts`),
];
const tokens = {
  "providers/pkcs11": [
    contract,
    ...[
      "test/pkcs11/kms/provider-rules.test.ts",
      "test/pkcs11/kms/root.test.ts",
      "test/pkcs11/session/opening.test.ts",
    ],
    "test/providers/pkcs7.test.ts",
  ],
  "providers/pkcs11/capabilities": [
    contract,
    "test/pkcs11/capabilities/**",
    "test/pkcs11/keys/sm4-*.test.ts",
    "test/pkcs11/keys/symmetric.test.ts",
  ],
  "providers/pkcs11/keys": [...tokenKeys, "test/pkcs11/keys/sm4-*.test.ts", "test/pkcs11/keys/asymmetric.test.ts"],
  "providers/pkcs11/objects": [...tokenKeys, "test/pkcs11/objects/**", "test/pkcs11/session/sessions.test.ts"],
  "providers/pkcs11/session": [
    ...["finalized", "initialized-elsewhere", "login", "lost-token", "opening", "reinitialize", "rules"].map(
      (name) => `test/pkcs11/session/${name}.test.ts`,
    ),
    ...["session-parts", "session-pool", "sessions", "token-rules"].map(
      (name) => `test/pkcs11/session/${name}.test.ts`,
    ),
  ],
};
/** Of all rooms of the KMS at once. */
const service = [
  ...["test/kms/**", "test/providers/missing-provider.test.ts", "test/shared/private-file.test.ts"],
  ...["test/server/access/**", "test/server/policies.test.ts", "test/server/protocol/**"],
  ...["!test/kms/robustness/fuzz.test.ts", "!test/kms/robustness/asymmetric-fuzz.test.ts"],
  // Every opening under attack takes minutes here.
  ...["!test/kms/state/rows-on-disk.test.ts", "!test/kms/state/rows-in-postgres.test.ts"],
];

/**
 * The folders of test/ that state the rules of each room of the KMS. A fault takes seconds to try there, and minutes if all tests of
 * the KMS have to miss it.
 */
const rooms = {
  audit: ["kms/audit"],
  core: ["kms/core", "kms/operations"],
  facade: ["kms/facade"],
  import: ["kms/import", "kms/operations/secrets-wiped.test.ts"],
  keys: ["kms/keys"],
  "life-cycle": ["kms/life-cycle"],
  operations: ["kms/operations", "kms/policy", "kms/import", "kms/life-cycle"],
  policy: ["kms/policy"],
  ports: ["kms/facade", "kms/ports", "kms/operations", "kms/service", "kms/wire"],
  root: ["kms/root", "kms/keys", "shared/private-file.test.ts"],
  rows: ["kms/rows", "kms/state"],
  schema: [
    ...["kms/schema", "kms/policy/limits.test.ts", "kms/robustness/absent-fields.test.ts"],
    ...["kms/robustness/unknown-fields.test.ts", "kms/robustness/sparse-arrays.test.ts"],
  ],
  service: [
    ...["kms/service", "kms/root", "kms/state", "kms/keys/derived-keys-wiped.test.ts"],
    "providers/missing-provider.test.ts",
  ],
  use: ["kms/use", "kms/operations", "kms/keys"],
  wire: ["kms/wire", "kms/policy/limits.test.ts"],
};
/** Left out: what takes seconds for faults that others notice too. */
const slow = [
  ...["state/rows-*", "state/journal-length", "state/column-types", "state/upgrade", "operations/asymmetric*"],
  ...["audit/audit", "audit/rotation", "audit/rewrapped-chains", "audit/file-faults", "keys/uncached-keys"],
  ...["import/import-on-disk", "life-cycle/deletion", "life-cycle/seeding-on-disk", "root/old-wrapping"],
].map((file) => `!test/kms/${file}.test.ts`);
const pathOf = (place) => (place.endsWith(".ts") ? `test/${place}` : `test/${place}/**`);
const kms = Object.fromEntries(
  Object.entries(rooms).map(([room, places]) => [`kms/${room}`, { tests: [...places.map(pathOf), ...slow] }]),
);
// With the files beside the rooms.
kms["kms/ports"].mutate = ["src/kms/*.ts", "src/kms/ports/*.ts"];

const envelope = {
  "envelope/format": { tests: [...messages, "test/envelope/format-rules.test.ts"] },
  "envelope/keys": {
    tests: [
      ...messages,
      ...["abort", "bad-input", "cache-rules", "data-key-cache", "data-key-rules", "options-once", "stream-rules"].map(
        (name) => `test/envelope/${name}.test.ts`,
      ),
    ],
  },
  "envelope/ranges": {
    tests: [...messages, ...["range-rules", "ranges", "turns"].map((name) => `test/envelope/${name}.test.ts`)],
  },
  "envelope/segments": {
    tests: [
      ...messages,
      "test/contract/segment-cipher.test.ts",
      ...["crossover", "segment-rules", "streams"].map((name) => `test/envelope/${name}.test.ts`),
    ],
  },
  "envelope/streams": {
    tests: [
      ...messages,
      ...["abort", "stream-rules", "streams", "turns"].map((name) => `test/envelope/${name}.test.ts`),
    ],
  },
  "envelope/whole": {
    tests: [
      ...messages,
      ...["abort", "bad-input", "turns", "whole-rules"].map((name) => `test/envelope/${name}.test.ts`),
    ],
  },
  "envelope/workers": {
    mutate: ["src/envelope/workers/*.ts", "!src/envelope/workers/*.generated.ts"],
    tests: [
      ...["host-threads", "pool-rules", "rules", "segment-service", "thread-start", "worker-choice", "worker-pool"],
    ].map((name) => `test/envelope/${name}.test.ts`),
  },
};

export const areas = {
  // Left out is what runs the built package, which no planted fault reaches.
  ciphers: {
    tests: [
      ...["test/contract/**", "!test/contract/native-memory.test.ts", "test/bad-input/**", "test/conformance/**"],
      ...[
        "counter-wrap",
        "ctr-forms",
        "gcm-parameters",
        "macs-and-key-wrap",
        "message-aeads",
        "overlap",
        "streams",
      ].map((name) => `test/differential/${name}.test.ts`),
    ],
  },
  // Counts branches, which the planting of faults adds to.
  asymmetric: {
    tests: ["test/asymmetric/**", "!test/asymmetric/browser.test.ts", "!test/asymmetric/constant-time.test.ts"],
  },
  kms: { tests: service },
  ...kms,
  "providers/software": { tests: software },
  "providers/external": { tests: external },
  "external-proxy": { tests: proxy },
  ...Object.fromEntries(
    Object.entries(tokens).map(([room, tests]) => [
      room,
      // The room above has the files of providers/ too, and not those of the rooms in it.
      { tests, mutate: [`src/${room}/*.ts`, ...(room === "providers/pkcs11" ? ["src/providers/*.ts"] : [])] },
    ]),
  ),
  // Its rooms are areas of their own.
  envelope: {
    mutate: ["src/envelope/*.ts"],
    tests: [
      "test/envelope/*.test.ts",
      ...["fuzz", "streams", "thread-ends", "worker-pool"].map((name) => `!test/envelope/${name}.test.ts`),
    ],
  },
  ...envelope,
};
