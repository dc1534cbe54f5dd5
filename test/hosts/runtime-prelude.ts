// What the suites need of jsc's functions, in Bun and Deno. Their modules are not imported, because something stands in for those.

const fs = process.getBuiltinModule("node:fs");

Object.assign(globalThis, {
  readFile: (path: string) => new Uint8Array(fs.readFileSync(path)),
  print: (text: string) => console.log(text),
});
