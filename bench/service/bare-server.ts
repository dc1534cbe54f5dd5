import fastify from "fastify";

// What the server is held against: a route that parses the same query and answers JSON of the same size, and does nothing else.

const answer = JSON.stringify({
  ...{ KeyId: "x".repeat(36), KeyVersionId: "x".repeat(36), CiphertextBlob: "x".repeat(Number(process.argv[2])) },
  RequestId: "x".repeat(36),
});
const app = fastify({ logger: false });
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
app.post("/", (request, reply) => {
  const { Action } = request.query as { readonly Action?: string };
  if (Action !== "Encrypt") return reply.code(400).send();
  return reply.type("application/json; charset=utf-8").send(answer);
});
console.log(`listening on ${await app.listen({ host: "127.0.0.1", port: 0 })}`);
