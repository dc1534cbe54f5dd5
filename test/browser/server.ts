import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const vectors = new URL("../vectors/", import.meta.url);

/** A file under test/vectors, as it was before compression; undefined if there is none. */
function vectorFile(path: string): Buffer | undefined {
  const file = fileURLToPath(new URL(path, vectors));
  if (!file.startsWith(fileURLToPath(vectors)) || !existsSync(file)) return undefined;
  return file.endsWith(".gz") ? gunzipSync(readFileSync(file)) : readFileSync(file);
}

/** Isolated, so that the page has SharedArrayBuffer; the suites pass one in where it must be refused. */
const isolation = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/**
 * Serves `scripts` by their paths, the vectors, and a page: `/page` loads the query's `script`, if there is one, and allows what
 * its `policy` says.
 */
export async function startServer(scripts: ReadonlyMap<string, string>): Promise<{ server: Server; origin: string }> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const answer = (type: string, body: string | Buffer, headers = {}) => {
      response.writeHead(200, { "content-type": type, ...isolation, ...headers }).end(body);
    };
    const script = scripts.get(pathname);
    if (script !== undefined) return answer("text/javascript", script);
    if (pathname === "/page") {
      const policy = { "content-security-policy": `script-src ${searchParams.get("policy")}` };
      return answer(
        "text/html",
        `<!doctype html><script type="module" src="${searchParams.get("script")}"></script>`,
        policy,
      );
    }
    const file = pathname.startsWith("/vectors/") ? vectorFile(pathname.slice("/vectors/".length)) : undefined;
    if (file) return answer("text/plain", file);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
