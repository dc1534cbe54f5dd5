import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from "@aws-crypto/client-node";

export const AWS = "@aws-crypto/client-node";
export const AWS_TUNED = "@aws-crypto/client-node, unsigned, frames of 64 KiB";

const { encryptStream } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);

const keyring = new RawAesKeyringNode({
  keyName: "bench",
  keyNamespace: "lanelock",
  unencryptedMasterKey: new Uint8Array(randomBytes(32)),
  wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
});

/** As its manual begins: frames of 4 KiB, signed by ECDSA over all of the message. */
export function awsStream(): Duplex {
  return encryptStream(keyring);
}

/** The job of an envelope and no more: committing, not signed, and frames as large as lanelock's segments. */
export function awsTunedStream(): Duplex {
  const suiteId = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
  return encryptStream(keyring, { suiteId, frameLength: 65_536 });
}
