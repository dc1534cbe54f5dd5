// Serves the files of the demo's page to this machine.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";
import { headers } from "./headers.mjs";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** The file that a request is for; undefined if there is none. Names have no folders in them, so none leads out of `folder`. */
function fileFor(folder, url) {
  const [, name] = /^\/([\w.-]*)(?:\?.*)?$/.exec(url) ?? [];
  if (name === undefined || name.startsWith(".")) return undefined;
  const file = join(folder, name || "index.html");
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
}

/** @returns the server, which listens on the loopback address, and its URL */
export async function serveDemo(folder, port = 0) {
  const server = createServer((request, response) => {
    const file = fileFor(folder, request.url);
    if (!["GET", "HEAD"].includes(request.method) || file === undefined) {
      response.writeHead(404, { ...headers, "content-type": "text/plain" }).end("There is no such file.\n");
      return;
    }
    const zipped = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
    const more = zipped ? { "content-encoding": "gzip", vary: "accept-encoding" } : {};
    const type = { "content-type": TYPES[extname(file)] ?? "application/octet-stream" };
    response.writeHead(200, { ...headers, ...type, ...more, "cache-control": "no-cache" });
    if (request.method === "HEAD") response.end();
    else pipeline([createReadStream(file), ...(zipped ? [createGzip()] : []), response], () => {});
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}
