import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";

/** Uses a KMS and comes to its end without closing it, as scripts do. */
const [path = ""] = process.argv.slice(2);
const kms = await Kms.open({ store: sqlStore({ path }), rootKey: new Uint8Array(32).fill(1) });
const { keyId } = (await kms.createKey({})).keyMetadata;
const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array(8) });
await kms.decrypt({ ciphertextBlob });
