import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "../tokens/installed.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";

export interface Certificate {
  readonly certificate: string;
  readonly privateKey: string;
  readonly files: { readonly certificate: string; readonly privateKey: string };
}

/** An authority of OpenSSL's, for this test file. */
export function createAuthority(name: string) {
  const folder = scratchFolder("certificates");
  const ca = certificateFiles(folder, "ca");
  const subject = ["-subj", `/CN=${name}`, "-days", "2"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
  runTool("openssl", ["req", "-x509", ...key, "-keyout", ca.privateKey, "-out", ca.certificate, ...subject]);
  return {
    file: ca.certificate,
    pem: readFileSync(ca.certificate, "utf8"),
    /**
     * @param alternatives for a server: `IP:127.0.0.1,DNS:localhost`
     * @param days how long it is valid; -1 has expired
     */
    issue(commonName: string, alternatives?: string, days = 2): Certificate {
      const files = certificateFiles(folder, commonName);
      const request = join(folder, `${commonName}.csr`);
      const extensions = join(folder, `${commonName}.ext`);
      writeFileSync(extensions, alternatives ? `subjectAltName=${alternatives}\n` : "extendedKeyUsage=clientAuth\n");
      runTool("openssl", [
        "req",
        "-new",
        ...key,
        "-keyout",
        files.privateKey,
        "-out",
        request,
        "-subj",
        `/CN=${commonName}`,
      ]);
      const signing = ["-CA", ca.certificate, "-CAkey", ca.privateKey, "-CAcreateserial", "-days", `${days}`];
      runTool("openssl", [
        "x509",
        "-req",
        "-in",
        request,
        "-out",
        files.certificate,
        "-extfile",
        extensions,
        ...signing,
      ]);
      const [certificate, privateKey] = [files.certificate, files.privateKey].map((file) => readFileSync(file, "utf8"));
      return { certificate: certificate ?? "", privateKey: privateKey ?? "", files };
    },
  };
}

function certificateFiles(folder: string, name: string) {
  return { certificate: join(folder, `${name}.crt`), privateKey: join(folder, `${name}.key`) };
}
