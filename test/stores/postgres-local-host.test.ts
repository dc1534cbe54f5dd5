import { expect, test } from "vitest";
import { isLocal, transportTo } from "../../src/stores/sql/postgres-tls.ts";

const nothingSaid = {
  ...{ label: "", host: undefined, port: undefined, user: undefined, password: undefined, database: undefined },
  ...{ sslMode: undefined, parameters: {} },
};

test.each(["localhost", "LOCALHOST", "127.0.0.1", "::1", "/run/postgresql", "@socket"])(
  "%s is this machine",
  (host) => {
    expect(isLocal(host)).toBe(true);
  },
);

test.each([...["localhost.example.com", "127.0.0.1.example.com", "::10", "my-localhost", "127.0.0.2", "1::1", ""]])(
  '"%s" may be another machine, so TLS is verified unless something else is said',
  (host) => {
    expect(isLocal(host)).toBe(false);
    expect(transportTo(host, nothingSaid, {}).ssl).toMatchObject({ rejectUnauthorized: true });
  },
);
