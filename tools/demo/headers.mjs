// What the demo's page may do. Its server, its service worker and a <meta> element all say it, so that it holds on any static host.
const directives = {
  "default-src": "'none'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  // The envelope's threads start from a blob.
  "worker-src": "'self' blob:",
  "style-src": "'self'",
  "img-src": "'self'",
  "connect-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
};

/** For the <meta> element, which takes no frame-ancestors. */
export const policy = Object.entries(directives)
  .map(([name, value]) => `${name} ${value}`)
  .join("; ");

export const headers = {
  "content-security-policy": `${policy}; frame-ancestors 'none'`,
  // Isolated: the race needs clocks of full resolution.
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};
