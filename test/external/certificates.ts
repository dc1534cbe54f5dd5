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
  const issue = (name: string, { subject, extensions: text, days }: Issued): Certificate => {
    const files = certificateFiles(folder, name);
    const request = join(folder, `${name}.csr`);
    const extensions = join(folder, `${name}.ext`);
    writeFileSync(extensions, text);
    const keyAndRequest = ["-keyout", files.privateKey, "-out", request];
    runTool("openssl", ["req", "-new", ...key, ...keyAndRequest, "-subj", subject]);
    const signing = ["-CA", ca.certificate, "-CAkey", ca.privateKey, "-CAcreateserial", "-days", `${days}`];
    const signed = ["-in", request, "-out", files.certificate, "-extfile", extensions];
    runTool("openssl", ["x509", "-req", ...signed, ...signing]);
    const [certificate, privateKey] = [files.certificate, files.privateKey].map((file) => readFileSync(file, "utf8"));
    return { certificate: certificate ?? "", privateKey: privateKey ?? "", files };
  };
  return {
    file: ca.certificate,
    pem: readFileSync(ca.certificate, "utf8"),
    /**
     * @param alternatives for a server: `IP:127.0.0.1,DNS:localhost`
     * @param days how long it is valid; -1 has expired
     */
    issue(commonName: string, alternatives?: string, days = 2): Certificate {
      const extensions = alternatives ? `subjectAltName=${alternatives}\n` : clientExtensions;
      return issue(commonName, { subject: `/CN=${commonName}`, extensions, days });
    },
    /** A client's certificate that names an organization and no client. */
    issueWithoutName: (): Certificate =>
      issue("nameless", { subject: "/O=lanelock", extensions: clientExtensions, days: 2 }),
  };
}

const clientExtensions = "extendedKeyUsage=clientAuth\n";

interface Issued {
  readonly subject: string;
  readonly extensions: string;
  readonly days: number;
}

function certificateFiles(folder: string, name: string) {
  return { certificate: join(folder, `${name}.crt`), privateKey: join(folder, `${name}.key`) };
}
