// `npm run demo`: builds lanelock and the demo's page into dist-demo/, and serves it to this machine until it is interrupted.
import { prepare, root } from "./setup.mjs";

const PORT = 8_417;

prepare();
// Imported now: what it imports was perhaps not installed before.
const { buildDemo } = await import("./demo/build.mjs");
const { serveDemo } = await import("./demo/serve.mjs");

const folder = `${root}dist-demo`;
await buildDemo(folder);
const { url } = await serveDemo(folder, PORT).catch((error) => {
  if (error.code !== "EADDRINUSE") throw error;
  return serveDemo(folder);
});
console.log(`The demo is in dist-demo/, for any host of static files, and at ${url}`);
