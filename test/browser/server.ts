import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

/** What is given out besides scripts and pages, by the first part of its path. */
const folders = new Map([
  ["vectors", new URL("../vectors/", import.meta.url)],
  ["build", new URL("../../build/", import.meta.url)],
]);

/** A file under one of the folders; undefined if there is none. */
function fileAt(pathname: string): Buffer | undefined {
  const [, first = "", path = ""] = /^\/(\w+)\/(.+)$/.exec(pathname) ?? [];
  const folder = folders.get(first);
  if (folder === undefined) return undefined;
  const file = fileURLToPath(new URL(path, folder));
  return file.startsWith(fileURLToPath(folder)) && existsSync(file) ? readFileSync(file) : undefined;
}

/** Isolated, so that the page has SharedArrayBuffer; the suites pass one in where it must be refused. */
const isolation = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/**
 * Serves `scripts` by their paths, the vectors, the built modules, and a page: `/page` loads the query's `script`, if there is one, and allows what
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
    const file = fileAt(pathname);
    if (file) return answer("text/plain", file);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
