import { createHash } from "node:crypto";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asymmetricAlgorithms, isRsa } from "../../src/asymmetric/key-specs.ts";
import { importPrivateKey, loadPrivateKey, type PrivateKey } from "../../src/asymmetric/private-key.ts";
import { importPublicKey, type PublicKey } from "../../src/asymmetric/public-key.ts";
import type { AsymmetricEncryptionAlgorithm, SignatureAlgorithm } from "../../src/shared/algorithms.ts";
import { OpenSsl } from "./openssl.ts";
import { platforms, specs } from "./platforms.ts";

const message = new TextEncoder().encode("signed on the command line");
const digest = new Uint8Array(createHash("sha256").update(message).digest());

const signatureOptions: Record<SignatureAlgorithm, readonly string[]> = {
  RSA_PSS_SHA_256: ["digest:sha256", "rsa_padding_mode:pss", "rsa_pss_saltlen:32", "rsa_mgf1_md:sha256"],
  RSA_PKCS1_SHA_256: ["digest:sha256", "rsa_padding_mode:pkcs1"],
  ECDSA_SHA_256: [],
};
const oaepOptions = (hash: string) => ["rsa_padding_mode:oaep", `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`];
const pkeyopt = (options: readonly string[]) => options.flatMap((option) => ["-pkeyopt", option]);

const cases = platforms.flatMap((one) => specs.map((spec) => ({ ...one, spec })));

describe.each(cases)("a key of OpenSSL, $spec, on $name", ({ name, spec, platform }) => {
  const openssl = new OpenSsl();
  let privateKey: PrivateKey;
  let publicKey: PublicKey;

  beforeAll(async () => {
    const der = openssl.privateKey(spec);
    const pair = await importPrivateKey(der, platform);
    expect(pair.spec).toBe(spec);
    expect(pair.privateKey).toEqual(der);
    privateKey = await loadPrivateKey(pair.privateKey, platform);
    publicKey = await importPublicKey(pair.publicKey, platform);
    openssl.run("pkey", "-inform", "DER", "-in", "generated.der", "-pubout", "-outform", "DER", "-out", "public.der");
    expect(pair.publicKey).toEqual(openssl.read("public.der"));
    openssl.write("public.pem", publicKey.toPem());
    openssl.write("message", message);
    openssl.write("digest", digest);
  });
  afterAll(() => openssl[Symbol.dispose]());

  const digestInPlace = name === "WebCrypto" && isRsa(spec) ? "RAW" : "DIGEST";

  test("the PEM is the one OpenSSL writes", () => {
    openssl.run("pkey", "-pubin", "-in", "public.pem", "-out", "again.pem");
    expect(publicKey.toPem()).toBe(Buffer.from(openssl.read("again.pem")).toString());
  });

  test.each(asymmetricAlgorithms[spec].signing)("%s both ways, over message and digest", async (algorithm) => {
    const options = pkeyopt(signatureOptions[algorithm]);
    for (const messageType of ["RAW", digestInPlace] as const) {
      const input = { algorithm, messageType, data: messageType === "RAW" ? message : digest };
      openssl.write("signature", await privateKey.sign(input));
      const verify = ["pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-in", "digest", "-sigfile", "signature"];
      expect(openssl.run(...verify, ...options)).toContain("Signature Verified Successfully");

      openssl.run(
        "pkeyutl",
        "-sign",
        "-keyform",
        "DER",
        "-inkey",
        "generated.der",
        "-in",
        "digest",
        "-out",
        "theirs",
        ...options,
      );
      expect(await publicKey.verify({ ...input, signature: openssl.read("theirs") })).toBe(true);
    }
  });

  const oaep = asymmetricAlgorithms[spec].encryption.filter(
    (algorithm: AsymmetricEncryptionAlgorithm) => algorithm !== "ECIES_DH_SHA_1_XOR_HMAC",
  );
  test.each(oaep)("%s both ways", async (algorithm) => {
    const options = pkeyopt(oaepOptions(algorithm === "RSAES_OAEP_SHA_256" ? "sha256" : "sha1"));
    openssl.write("ciphertext", await publicKey.encrypt({ algorithm, data: message }));
    openssl.run(
      "pkeyutl",
      "-decrypt",
      "-keyform",
      "DER",
      "-inkey",
      "generated.der",
      "-in",
      "ciphertext",
      "-out",
      "plaintext",
      ...options,
    );
    expect(openssl.read("plaintext")).toEqual(message);

    openssl.run(
      "pkeyutl",
      "-encrypt",
      "-pubin",
      "-inkey",
      "public.pem",
      "-in",
      "message",
      "-out",
      "theirs",
      ...options,
    );
    expect(await privateKey.decrypt({ algorithm, data: openssl.read("theirs") })).toEqual(message);
  });
});

test("ECDSA over a keccak digest verifies where nothing hashes it again", async () => {
  using openssl = new OpenSsl();
  for (const spec of ["EC_P256", "EC_P256K"] as const) {
    const pair = await importPrivateKey(openssl.privateKey(spec));
    const key = await loadPrivateKey(pair.privateKey);
    const publicKey = await importPublicKey(pair.publicKey);
    const input = { algorithm: "ECDSA_SHA_256", messageType: "DIGEST", data: keccak_256(message) } as const;
    const signature = await key.sign(input);
    openssl.write("keccak", input.data);
    openssl.write("signature", signature);
    openssl.write("public.pem", publicKey.toPem());
    const verify = ["pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-in", "keccak", "-sigfile", "signature"];
    expect(openssl.run(...verify)).toContain("Signature Verified Successfully");
    expect(await publicKey.verify({ ...input, signature })).toBe(true);
    expect(await publicKey.verify({ ...input, data: digest, signature })).toBe(false);
    expect(await publicKey.verify({ ...input, messageType: "RAW", signature })).toBe(false);
  }
});
