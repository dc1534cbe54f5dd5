import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";

/** Uses a KMS whose audit file it holds the claim of, says so, and comes to its end without closing it. */
const [url = "", audit = ""] = process.argv.slice(2);
const kms = await Kms.open({ store: sqlStore({ url }), rootKey: new Uint8Array(32).fill(1), audit });
const { keyId } = (await kms.createKey({})).keyMetadata;
const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array(8) });
await kms.decrypt({ ciphertextBlob });
console.log("done");
