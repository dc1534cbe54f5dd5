import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";

export const AWS = "@aws-crypto/client-node";
export const AWS_TUNED = "@aws-crypto/client-node, unsigned, frames of 64 KiB";

const load = () => import("@aws-crypto/client-node");

type Sdk = Awaited<ReturnType<typeof load>>;
type EncryptStream = ReturnType<Sdk["buildClient"]>["encryptStream"];

interface Client {
  readonly encryptStream: EncryptStream;
  readonly keyring: InstanceType<Sdk["RawAesKeyringNode"]>;
  readonly suiteId: Parameters<EncryptStream>[1];
}

let known: Promise<Client> | undefined;

/** Loaded when it is first used: 20 MiB of heap, which the cases before do without. */
function client(): Promise<Client> {
  known ??= load().then((sdk) => ({
    encryptStream: sdk.buildClient(sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT).encryptStream,
    keyring: new sdk.RawAesKeyringNode({
      keyName: "bench",
      keyNamespace: "lanelock",
      unencryptedMasterKey: new Uint8Array(randomBytes(32)),
      wrappingSuite: sdk.RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
    }),
    suiteId: {
      suiteId: sdk.AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
      frameLength: 65_536,
    },
  }));
  return known;
}

/** As its manual begins: frames of 4 KiB, signed by ECDSA over all of the message. */
export async function awsStream(): Promise<Duplex> {
  const { encryptStream, keyring } = await client();
  return encryptStream(keyring);
}

/** The job of an envelope and no more: committing, not signed, and frames as large as lanelock's segments. */
export async function awsTunedStream(): Promise<Duplex> {
  const { encryptStream, keyring, suiteId } = await client();
  return encryptStream(keyring, suiteId);
}
