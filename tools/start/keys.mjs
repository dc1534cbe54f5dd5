// A KMS in an embedded database: a CMK by its alias, data under an encryption context, a rotation, the old data read again.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";

const text = (bytes) => Buffer.from(bytes).toString();

/** Runs `work` with a KMS in a database in `folder`, and a CMK in it that `alias/orders` names. */
export async function withOrdersKey(folder, work) {
  const rootKey = randomBytes(32);
  const kms = await Kms.open({ store: sqlStore({ path: join(folder, "keys.db") }), rootKey });
  try {
    const { keyMetadata } = await kms.createKey({ keySpec: "Aliyun_AES_256", description: "orders" });
    await kms.createAlias({ keyId: keyMetadata.keyId, aliasName: "alias/orders" });
    console.log(`\nCMK ${keyMetadata.keyId}, alias/orders, in an embedded database`);
    return await work({ kms, keyId: keyMetadata.keyId });
  } finally {
    await kms.close();
    rootKey.fill(0);
  }
}

/**
 * Runs the story and prints it.
 *
 * @returns whether every step came out as it should
 */
export async function showKeys({ kms, keyId }) {
  const encryptionContext = { tenant: "42", table: "orders" };
  const plaintext = Buffer.from("12 tulips, paid");
  const old = await kms.encrypt({ keyId: "alias/orders", plaintext, encryptionContext });
  console.log(
    `encrypted ${plaintext.length} bytes under version ${old.keyVersionId}: ${old.ciphertextBlob.length} bytes`,
  );

  await kms.rotateKey({ keyId });
  const fresh = await kms.encrypt({ keyId: "alias/orders", plaintext, encryptionContext });
  console.log(`rotated: new data is under version ${fresh.keyVersionId}`);

  const opened = await kms.decrypt({ ciphertextBlob: old.ciphertextBlob, encryptionContext });
  console.log(`the old data, under ${opened.keyVersionId}, still reads: ${text(opened.plaintext)}`);

  const refusal = await kms
    .decrypt({ ciphertextBlob: old.ciphertextBlob, encryptionContext: { tenant: "43", table: "orders" } })
    .then(
      () => undefined,
      (error) => error.code,
    );
  console.log(`under another tenant's context it does not: ${refusal}`);
  return (
    text(opened.plaintext) === text(plaintext) &&
    opened.keyVersionId === old.keyVersionId &&
    fresh.keyVersionId !== old.keyVersionId &&
    refusal === "InvalidParameter"
  );
}
