// SM4-GCM by the Node that runs this: node sm4-gcm.cjs encrypt|decrypt KEY IV AAD DATA, all in hex.
const { createCipheriv, createDecipheriv } = require("node:crypto");

const [direction, key, iv, aad, data] = process.argv
  .slice(2)
  .map((text, index) => (index === 0 ? text : Buffer.from(text, "hex")));
const make = direction === "encrypt" ? createCipheriv : createDecipheriv;
const cipher = make("sm4-gcm", key, iv, { authTagLength: 16 });
cipher.setAAD(aad);
if (direction === "decrypt") cipher.setAuthTag(data.subarray(-16));
const text = direction === "encrypt" ? data : data.subarray(0, -16);
const out = [cipher.update(text), cipher.final()];
if (direction === "encrypt") out.push(cipher.getAuthTag());
process.stdout.write(Buffer.concat(out).toString("hex"));
