import type { Command } from "commander";
import type { GetParametersForImportRequest, KmsOperations } from "../../kms/index.ts";
import { encodePem } from "../../shared/pem.ts";
import { readInput, writeOutput } from "../files/data.ts";
import { ANY_KEY, keyIdOf } from "../options/key-id.ts";
import { secondsOf } from "../options/option-values.ts";
import { print, toJson } from "../report/report.ts";
import { withKms } from "../settings/with-kms.ts";

type WrappingAlgorithm = GetParametersForImportRequest["wrappingAlgorithm"];

interface ParametersOptions {
  readonly publicKeyOut: string;
  readonly tokenOut: string;
  readonly algorithm?: WrappingAlgorithm;
}

interface ImportOptions {
  readonly token: string;
  readonly in?: string;
  readonly expires?: number;
}

const EXAMPLE = `
  lanelock keys create --origin EXTERNAL
  lanelock keys import-parameters KEY --public-key-out wrapping.pem --token-out token
  openssl pkeyutl -encrypt -pubin -inkey wrapping.pem -in material -out wrapped \\
    -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256
  lanelock keys import KEY --token token --in wrapped`;

/** The commands that import a key's material and delete it. */
export function addKeysImport(keys: Command): void {
  keys
    .command("import-parameters")
    .description("get a public key to wrap a key's material with, and an import token; both expire after 24 hours")
    .argument("<key>", `${ANY_KEY} of a key created with --origin EXTERNAL`)
    .requiredOption("--public-key-out <file>", "the public key, RSA_2048, in PEM")
    .requiredOption("--token-out <file>", "the import token")
    .option(
      "--algorithm <name>",
      "RSAES_OAEP_SHA_256 (default), RSAES_OAEP_SHA_1, RSAES_PKCS1_V1_5; asymmetric keys: RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD",
    )
    .addHelpText("after", EXAMPLE)
    .action(getParameters);
  keys
    .command("import")
    .description("import a key's material, wrapped with the public key that import-parameters gave")
    .argument("<key>", ANY_KEY)
    .requiredOption("--token <file>", "the import token")
    .option("--in <file>", "the wrapped material (default: standard input)")
    .option("--expires <date>", "when the material is destroyed, like 2027-01-31T12:00:00Z (default: never)", secondsOf)
    .addHelpText("after", EXAMPLE)
    .action(importMaterial);
  keys
    .command("delete-material")
    .description("destroy a key's imported material; the key then waits for the same material")
    .argument("<key>", ANY_KEY)
    .action((key: string, _options: object, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const keyId = await keyIdOf(kms, key);
        await kms.deleteKeyMaterial({ keyId });
        const { keyMetadata } = await kms.describeKey({ keyId });
        print(json ? toJson(keyMetadata) : keyMetadata.keyState);
      }),
    );
}

function getParameters(key: string, options: ParametersOptions, command: Command): Promise<void> {
  return withKms(command, async (kms, { json }) => {
    const keyId = await keyIdOf(kms, key);
    const { publicKey, importToken, ...rest } = await kms.getParametersForImport({
      keyId,
      wrappingKeySpec: "RSA_2048",
      wrappingAlgorithm: options.algorithm ?? (await defaultAlgorithm(kms, keyId)),
    });
    await writeOutput(options.publicKeyOut, Buffer.from(encodePem("PUBLIC KEY", publicKey)));
    await writeOutput(options.tokenOut, importToken);
    print(json ? toJson(rest) : `until ${rest.tokenExpireTime.toISOString()}`);
  });
}

/** A private key is longer than RSA takes, so it is wrapped in two parts. */
async function defaultAlgorithm(kms: KmsOperations, keyId: string): Promise<WrappingAlgorithm> {
  const { keyMetadata } = await kms.describeKey({ keyId });
  const symmetric = keyMetadata.keySpec.startsWith("Aliyun_");
  return symmetric ? "RSAES_OAEP_SHA_256" : "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD";
}

function importMaterial(key: string, options: ImportOptions, command: Command): Promise<void> {
  return withKms(command, async (kms, { json }) => {
    const keyId = await keyIdOf(kms, key);
    await kms.importKeyMaterial({
      keyId,
      importToken: await readInput(options.token),
      encryptedKeyMaterial: await readInput(options.in),
      keyMaterialExpireUnix: options.expires,
    });
    const { keyMetadata } = await kms.describeKey({ keyId });
    const until = keyMetadata.materialExpireTime ? ` until ${keyMetadata.materialExpireTime.toISOString()}` : "";
    print(json ? toJson(keyMetadata) : `${keyMetadata.keyState}${until}`);
  });
}
