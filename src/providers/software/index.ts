export { softwareKeyTransport } from "./key-transport.ts";
export { materialCipher } from "./material-cipher.ts";
export { softwareProvider } from "./software-provider.ts";
