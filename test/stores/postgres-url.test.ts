import { sqlStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { parsePostgresUrl } from "../../src/stores/sql/postgres-url.ts";

const none = { host: undefined, port: undefined, user: undefined, password: undefined, database: undefined };

test.each([
  ["postgres://", none],
  ["postgresql:///keys", { database: "keys" }],
  ["postgres://db.example.com", { host: "db.example.com", label: "db.example.com/" }],
  ["postgres://db.example.com:6000/keys", { host: "db.example.com", port: 6000, label: "db.example.com:6000/keys" }],
  ["POSTGRES://u@h/d", { user: "u", password: undefined, host: "h", database: "d" }],
  ["postgres://u:p@h/d", { user: "u", password: "p" }],
  ["postgres://u:@h/d", { user: "u", password: undefined }],
  ["postgres://u:p#w?d@h/d", { user: "u", password: "p#w?d", host: "h", database: "d" }],
  ["postgres://u:p@w@h/d", { password: "p@w", host: "h" }],
  ["postgres://u:a%2Fb%40c%3A@h", { password: "a/b@c:", host: "h" }],
  ["postgres://u:a:b@h", { password: "a:b" }],
  ["postgres://u@/db?host=/run/postgresql", { user: "u", host: "/run/postgresql", database: "db" }],
  ["postgres://@/db?host=/sock", { user: undefined, host: "/sock", database: "db", label: "/sock/db" }],
  ["postgres://%2Frun%2Fpostgresql/db", { host: "/run/postgresql", database: "db" }],
  ["postgres://[::1]:5433/db", { host: "::1", port: 5433, label: "[::1]:5433/db" }],
  [
    "postgres://h/d?user=u&password=p%23&port=6001&dbname=other",
    { ...{ user: "u", password: "p#", port: 6001 }, database: "other" },
  ],
  ["postgres://h/d?sslmode=verify-ca&sslrootcert=%2Fca.pem", { sslMode: "verify-ca" }],
  ["postgres://h?sslmode=disable", { host: "h", sslMode: "disable" }],
  ["postgres://h/d?ssl=true", { sslMode: "verify-full" }],
  ["postgres://h/d?ssl=0", { sslMode: "disable" }],
  ["postgres://h/d%20e?application_name=a+b", { database: "d e", parameters: { application_name: "a+b" } }],
])("%s", (url, expected) => {
  expect(parsePostgresUrl(url)).toMatchObject(expected);
});

test.each([
  ["mysql://h/d", 'must begin with "postgres://"'],
  ["/var/run/postgresql db", 'must begin with "postgres://"'],
  ["postgres://h1,h2/d", "names several hosts"],
  ["postgres://h1:1,h2:2/d", "names several hosts"],
  ["postgres://d?host=a,b", "names several hosts"],
  ["postgres://u:secret/x@h/d", "Write %2F for a /"],
  ["postgres://h:0/d", "1 to 65535"],
  ["postgres://h:65536/d", "1 to 65535"],
  ["postgres://::1/d", "IPv6 address in brackets"],
  ["postgres://u:secret%@h/d", "write %25 for a %"],
  ["postgres://u:%00secret@h/d", "zero character"],
  ["postgres://h/d?sslmod=disable", 'did you mean "sslmode"?'],
  ["postgres://h/d?pgbouncer=true", 'has no option "pgbouncer"'],
  ["postgres://h/d?sslmode=on", "must be one of disable"],
  ["postgres://h/d?ssl=maybe", 'takes ssl "true"'],
  ["postgres://h/d?connect_timeout=soon", "number of seconds"],
  ["postgres://h/d?target_session_attrs=standby", "cannot be written to"],
  ["postgres://h/d?client_encoding=LATIN1", "UTF8"],
])("%s is refused for the true reason, without its password", (url, reason) => {
  const refused = (() => {
    try {
      return sqlStore({ url });
    } catch (error) {
      return error;
    }
  })();
  expect(refused).toMatchObject({ code: "ERR_ARGUMENT", message: expect.stringContaining(reason) });
  expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain("secret");
});

test("the name of a store shows neither user nor password", () => {
  const store = sqlStore({ url: "postgres://someone:secret@db.example.com/keys?password=secret" });
  expect(store.name).toBe("PostgreSQL db.example.com/keys");
});

test("options that are not known, or of a wrong type, are refused", () => {
  const wrong: readonly unknown[] = [
    ...[undefined, null, 7, "keys.db", {}, { path: 7 }, { url: 7 }, { path: "a", url: "postgres://h/d" }],
    ...[
      { path: "a", passwordFile: "b" },
      { url: "postgres://h/d", passwordFile: 7 },
      { path: "a", create: "no" },
    ],
    ...[{ url: "postgres://u:p@h/d", passwordFile: "b" }, { pth: "a" }, { url: "postgres://h/d", passwordfile: "b" }],
  ];
  for (const options of wrong) {
    const refused = expect.objectContaining({ code: "ERR_ARGUMENT" });
    expect(() => sqlStore(options as Parameters<typeof sqlStore>[0]), JSON.stringify(options)).toThrow(refused);
  }
});
